package sandbox

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	defaultPageSize = 50
	maxPageSize     = 1000
)

// A listing says how one kind of record is listed.
type listing[T any] struct {
	filters  map[string]func(T, string) bool // by the filter's name, as the vendor writes it
	enums    map[string][]string             // the values that a filter takes
	unkept   []string                        // documented filters about what the sandbox does not keep: refused, not ignored
	sorts    map[string]func(a, b T) int
	includes []string
	wire     func(*request, T, []string) (wireRecord, []wireRecord) // a record and what is included with it
}

// A wireRecord is one resource object.
type wireRecord struct {
	ID            string         `json:"id"`
	Type          string         `json:"type"`
	Attributes    any            `json:"attributes"`
	Relationships map[string]any `json:"relationships,omitempty"`
	Included      []wireRecord   `json:"included,omitempty"`
}

type wireLists struct {
	Data     []wireRecord      `json:"data"`
	Included []wireRecord      `json:"included,omitempty"`
	Meta     map[string]any    `json:"meta"`
	Links    map[string]string `json:"links"`
}

type wireShow struct {
	Data     wireRecord   `json:"data"`
	Included []wireRecord `json:"included,omitempty"`
}

// A ref is a relationship's resource identifier.
type ref struct {
	ID   string `json:"id"`
	Type string `json:"type"`
}

func refs(records []wireRecord) map[string]any {
	list := make([]ref, 0, len(records))
	for _, r := range records {
		list = append(list, ref{r.ID, r.Type})
	}
	return map[string]any{"data": list}
}

// list answers a list request: filter, sort, page, encode.
func (l listing[T]) list(rq *request, rows []T) (answer, error) {
	includes, err := rq.includes(l.includes)
	if err != nil {
		return answer{}, err
	}
	if err := l.checkFilters(rq); err != nil {
		return answer{}, err
	}
	number, size := rq.pageNumber(), rq.pageSize()
	if number < 1 || size < 1 {
		return answer{}, badRequest("page[number] and page[size] must be positive numbers", "")
	}
	echoed := map[string]any{}
	if !rq.nested { // filters do not work on nested routes (itglue.md §3.4)
		for name, test := range l.filters {
			value := rq.query.Get("filter[" + name + "]")
			if value == "" {
				continue
			}
			echoed[name] = value
			wanted := splitList(value)
			if name == "created_at" || name == "updated_at" { // a range, not a list
				wanted = []string{value}
			}
			rows = slices.DeleteFunc(slices.Clone(rows), func(row T) bool {
				return !slices.ContainsFunc(wanted, func(v string) bool { return test(row, v) })
			})
		}
	}
	if rows, err = l.sort(rq, rows); err != nil {
		return answer{}, err
	}
	if rq.empty {
		rows = nil
	}
	total := max(len(rows)+rq.total, 0)
	pages := (total + size - 1) / size
	from := min(max((number-1)*size+rq.shift, 0), len(rows))
	window := rows[from:min(from+size, len(rows))]

	out := wireLists{Data: make([]wireRecord, 0, len(window))}
	for _, row := range window {
		record, included := l.wire(rq, row, includes)
		out.Data = append(out.Data, record)
		out.Included = append(out.Included, included...)
	}
	out.Meta = map[string]any{
		"current-page": number, "next-page": pageOrNull(number+1, pages), "prev-page": pageOrNull(number-1, pages),
		"total-pages": pages, "total-count": total, "filters": echoed,
	}
	out.Links = rq.links(number, pages)
	a, err := encode(http.StatusOK, out)
	a.Rows = len(window)
	return a, err
}

// checkFilters refuses values that a filter does not take, and filters that the sandbox cannot honour. Unknown ones are
// ignored, as the real service does (itglue.md §3.4).
func (l listing[T]) checkFilters(rq *request) error {
	if rq.nested {
		return nil
	}
	for _, name := range l.unkept {
		if rq.query.Has("filter[" + name + "]") {
			return badRequest("the sandbox keeps nothing to filter by "+name, "")
		}
	}
	for name, values := range l.enums {
		value := rq.query.Get("filter[" + name + "]")
		for _, v := range splitList(value) {
			if value != "" && !slices.Contains(values, v) {
				return badRequest("filter["+name+"] does not take "+v, "")
			}
		}
	}
	return nil
}

func (l listing[T]) sort(rq *request, rows []T) ([]T, error) {
	key := rq.query.Get("sort")
	if key == "" {
		key = "name"
		if l.sorts["name"] == nil {
			return rows, nil
		}
	}
	name, descending := strings.CutPrefix(key, "-")
	compare := l.sorts[name]
	if compare == nil {
		return nil, badRequest("sort criteria not allowed: "+name, "")
	}
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b T) int {
		if descending {
			return compare(b, a)
		}
		return compare(a, b)
	})
	return rows, nil
}

// show answers a request for one record.
func (l listing[T]) show(rq *request, row T, alsoIncludes ...string) (answer, error) {
	includes, err := rq.includes(append(slices.Clone(l.includes), alsoIncludes...))
	if err != nil {
		return answer{}, err
	}
	for name := range rq.query {
		if name != "include" { // "they will 400" (itglue.md §1.2)
			return answer{}, badRequest("parameter not allowed here: "+name, "")
		}
	}
	return l.one(rq, http.StatusOK, row, includes)
}

func (l listing[T]) one(rq *request, status int, row T, includes []string) (answer, error) {
	record, included := l.wire(rq, row, includes)
	out := wireShow{Data: record, Included: included}
	if rq.s.o.NestedIncluded {
		out.Data.Included, out.Included = included, nil
	}
	a, err := encode(status, out)
	a.Rows = 1
	return a, err
}

// many answers a bulk write.
func (l listing[T]) many(rq *request, status int, rows []T) (answer, error) {
	out := make([]wireRecord, 0, len(rows))
	for _, row := range rows {
		record, _ := l.wire(rq, row, nil)
		out = append(out, record)
	}
	a, err := encode(status, map[string]any{"data": out})
	a.Rows = len(out)
	return a, err
}

func encode(status int, v any) (answer, error) {
	body, err := json.Marshal(v)
	return reply(status, contentType, body), err
}

// parameters refuses what no list takes. Filters are looked at later.
func (rq *request) parameters() error {
	for name := range rq.query {
		switch {
		case name == "sort", name == "include", name == "page[number]", name == "page[size]", strings.HasPrefix(name, "filter["):
		default:
			return badRequest("unknown parameter "+name, "")
		}
	}
	return nil
}

// includes checks the include parameter.
func (rq *request) includes(allowed []string) ([]string, error) {
	value := rq.query.Get("include")
	if value == "" {
		return nil, nil
	}
	list := strings.Split(value, ",")
	for _, name := range list {
		if !slices.Contains(allowed, name) {
			return nil, badRequest("include not allowed here: "+name, "")
		}
	}
	return list, nil
}

func (rq *request) pageNumber() int { return rq.pageParameter("page[number]", 1) }

// pageSize clamps at 1,000, as the real service does (itglue.md §1.2).
func (rq *request) pageSize() int {
	return min(rq.pageParameter("page[size]", defaultPageSize), maxPageSize)
}

// pageParameter is -1 when it is not a number.
func (rq *request) pageParameter(name string, fallback int) int {
	value := rq.query.Get(name)
	if value == "" {
		return fallback
	}
	n, err := strconv.Atoi(value)
	if err != nil {
		return -1
	}
	return n
}

func pageOrNull(n, pages int) any {
	if n < 1 || n > pages {
		return nil
	}
	return n
}

func (rq *request) links(number, pages int) map[string]string {
	at := func(n int) string {
		q := url.Values{}
		maps.Copy(q, rq.query)
		q.Set("page[number]", strconv.Itoa(n))
		return "https://api.itglue.com" + rq.path + "?" + q.Encode()
	}
	links := map[string]string{"self": at(number), "first": at(1), "last": at(max(pages, 1))}
	if number < pages {
		links["next"] = at(number + 1)
	}
	if number > 1 {
		links["prev"] = at(number - 1)
	}
	return links
}

// splitList splits a filter value at its commas; "\," is a comma (itglue.md §3.4).
func splitList(value string) []string {
	var out []string
	var b strings.Builder
	for i := 0; i < len(value); i++ {
		switch {
		case value[i] == '\\' && i+1 < len(value) && value[i+1] == ',':
			b.WriteByte(',')
			i++
		case value[i] == ',':
			out = append(out, b.String())
			b.Reset()
		default:
			b.WriteByte(value[i])
		}
	}
	return append(out, b.String())
}

func id(n int64) string { return strconv.FormatInt(n, 10) }

func idIs(n int64, value string) bool { return id(n) == strings.TrimSpace(value) }

var flags = []string{"true", "false", "1", "0"}

// within reports whether a time lies in a range: "start,end", a date or a time each, "*" for open (itglue.md §3.1).
func within(t time.Time, value string) bool {
	from, to, _ := strings.Cut(value, ",")
	at := func(s string) (time.Time, bool) {
		for _, layout := range []string{time.RFC3339, "2006-01-02"} {
			if t, err := time.Parse(layout, strings.TrimSpace(s)); err == nil {
				return t, true
			}
		}
		return time.Time{}, false
	}
	if start, ok := at(from); ok && t.Before(start) {
		return false
	}
	end, ok := at(to)
	return !ok || !t.After(end)
}

func flagIs(b bool, value string) bool { return b == (value == "true" || value == "1") }

// stamp is a time as IT Glue writes it: UTC with milliseconds (itglue.md §1).
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// textOrNull and idOrNull write empty values as null (itglue.md §1).
func textOrNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func idOrNull(n int64) *int64 {
	if n == 0 {
		return nil
	}
	return &n
}

func byText[T any](text func(T) string) func(a, b T) int {
	return func(a, b T) int { return cmp.Compare(text(a), text(b)) }
}

func byNumber[T any](number func(T) int64) func(a, b T) int {
	return func(a, b T) int { return cmp.Compare(number(a), number(b)) }
}

func byTime[T any](at func(T) time.Time) func(a, b T) int {
	return func(a, b T) int { return at(a).Compare(at(b)) }
}
