package sandbox

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	defaultPage = 25
	maxPage     = 1000
)

// listParams are the parameters of list and record reads; nothing else is known.
var listParams = []string{
	"conditions", "childConditions", "customFieldConditions", "orderBy", "fields", "page", "pageSize", "pageId",
}

// serveList answers a list: conditions, order, page, fields, Link header.
func serveList[T record](q *request, t *table[T], rows []T) *answer {
	sel, bad := selectRows(q, t, rows)
	if bad != nil {
		return bad
	}
	chosen, bad := fieldsOf(q, t)
	if bad != nil {
		return bad
	}
	size, bad := intParam(q, "pageSize", defaultPage, 1, maxPage)
	if bad != nil {
		return bad
	}
	if q.fault(EmptyList) {
		sel = nil
	}
	var link string
	if strings.EqualFold(q.http.Header.Get("pagination-type"), "forward-only") {
		sel, link, bad = forwardPage(q, t, sel, size)
	} else {
		sel, link, bad = numberedPage(q, t, sel, size)
	}
	if bad != nil {
		return bad
	}
	out := make([]object, len(sel))
	for i, r := range sel {
		out[i] = t.render(q.st, r, chosen)
	}
	a := jsonAnswer(http.StatusOK, out)
	a.header.Set("Link", link)
	a.rows = len(out)
	return a
}

// serveCount answers .../count.
func serveCount[T record](q *request, t *table[T], rows []T) *answer {
	sel, bad := selectRows(q, t, rows)
	if bad != nil {
		return bad
	}
	n := len(sel)
	if q.fault(WrongTotal) {
		n++
	}
	return jsonAnswer(http.StatusOK, object{"count": n})
}

// serveOne answers one record.
func serveOne[T record](q *request, t *table[T], r *T) *answer {
	chosen, bad := fieldsOf(q, t)
	if bad != nil {
		return bad
	}
	return jsonAnswer(http.StatusOK, t.render(q.st, r, chosen))
}

func selectRows[T record](q *request, t *table[T], rows []T) ([]*T, *answer) {
	own, bad := parseParam(q, "conditions", t.schema, true)
	if bad != nil {
		return nil, bad
	}
	child, bad := parseParam(q, "childConditions", t.childSchema, false)
	if bad != nil {
		return nil, bad
	}
	if q.query.Get("customFieldConditions") != "" {
		return nil, notSimulated("customFieldConditions")
	}
	sel := make([]*T, 0, min(len(rows), 64))
	read := t.reader(q.st)
	for i := range rows {
		r := &rows[i]
		if own.match(func(path string) any { return read(r, path) }) && childMatch(q.st, t, r, child) {
			sel = append(sel, r)
		}
	}
	return sel, nil
}

// childMatch holds when one element of the lists inside a record matches.
func childMatch[T record](st *State, t *table[T], r *T, c *condition) bool {
	if c == nil {
		return true
	}
	for i := range t.columns {
		list, ok := t.columns[i].get(st, r).([]object)
		if !ok {
			continue
		}
		prefix := t.columns[i].name + "/"
		if slices.ContainsFunc(list, func(o object) bool {
			return c.match(func(path string) any {
				if len(path) < len(prefix) || !strings.EqualFold(path[:len(prefix)], prefix) {
					return nil
				}
				return o[path[len(prefix):]]
			})
		}) {
			return true
		}
	}
	return false
}

func parseParam(q *request, name string, sch schema, lists bool) (*condition, *answer) {
	expr := q.query.Get(name)
	if strings.TrimSpace(expr) == "" {
		return nil, nil
	}
	c, err := parseConditions(expr, sch, lists)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "ApiFindCondition", err.Error())
	}
	return c, nil
}

// fieldsOf reads the fields parameter; unknown names are refused, which is
// stricter than what is documented.
func fieldsOf[T record](q *request, t *table[T]) ([]string, *answer) {
	list := q.query.Get("fields")
	if list == "" {
		return nil, nil
	}
	names := strings.Split(list, ",")
	for _, path := range names {
		name, sub, nested := strings.Cut(path, "/")
		c := t.column(name)
		known := c != nil && !c.hidden && c.name == name
		if known && nested {
			_, known = c.sub[sub]
			known = known || c.name == "_info"
		}
		if !known {
			return nil, refuse(http.StatusBadRequest, "ApiFindCondition", path+" is not a recognized name.")
		}
	}
	return names, nil
}

// forwardPage answers rows with a higher id than pageId, in order of id.
func forwardPage[T record](q *request, t *table[T], rows []*T, size int) ([]*T, string, *answer) {
	if q.query.Get("orderBy") != "" {
		return nil, "", refuse(http.StatusBadRequest, "InvalidObject", "orderBy cannot be used with forward-only pagination.")
	}
	after, bad := intParam(q, "pageId", 0, 0, 1<<31-1)
	if bad != nil {
		return nil, "", bad
	}
	start := slices.IndexFunc(rows, func(r *T) bool { return (*r).recID() > after })
	if start < 0 {
		return nil, "", nil
	}
	rows = rows[start:]
	if len(rows) < size {
		return rows, "", nil // an empty value: no more
	}
	rows = rows[:size]
	return rows, q.link("next", "pageId", (*rows[size-1]).recID()), nil
}

// numberedPage answers one page by number, with next, prev, first and last links.
func numberedPage[T record](q *request, t *table[T], rows []*T, size int) ([]*T, string, *answer) {
	page, bad := intParam(q, "page", 1, 1, 1<<31-1)
	if bad != nil {
		return nil, "", bad
	}
	if bad := sortRows(q, t, rows); bad != nil {
		return nil, "", bad
	}
	last := max(1, (len(rows)+size-1)/size)
	if q.fault(WrongTotal) {
		last++
	}
	var links []string
	if page < last {
		links = append(links, q.link("next", "page", page+1), q.link("last", "page", last))
	}
	if page > 1 {
		links = append(links, q.link("first", "page", 1), q.link("prev", "page", page-1))
	}
	if page > (len(rows)+size-1)/size {
		return nil, strings.Join(links, ", "), nil
	}
	start := (page - 1) * size
	return rows[start:min(start+size, len(rows))], strings.Join(links, ", "), nil
}

func sortRows[T record](q *request, t *table[T], rows []*T) *answer {
	expr := strings.TrimSpace(q.query.Get("orderBy"))
	if expr == "" {
		return nil
	}
	path, dir, _ := strings.Cut(expr, " ")
	dir = strings.ToLower(strings.TrimSpace(dir))
	k, known := t.schema(path)
	if !known || dir != "" && dir != "asc" && dir != "desc" {
		return refuse(http.StatusBadRequest, "ApiFindCondition", path+" is not a recognized name.")
	}
	read := t.reader(q.st)
	slices.SortStableFunc(rows, func(a, b *T) int {
		c := compareValues(k, read(a, path), read(b, path))
		if dir == "desc" {
			return -c
		}
		return c
	})
	return nil
}

// compareValues compares two values of a kind; nothing comes first.
func compareValues(k kind, a, b any) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	}
	switch k {
	case number:
		return cmpFloat(asFloat(a), asFloat(b))
	case date:
		at, _ := a.(time.Time)
		bt, _ := b.(time.Time)
		return at.Compare(bt)
	}
	return strings.Compare(strings.ToLower(fmt.Sprint(a)), strings.ToLower(fmt.Sprint(b)))
}

func asFloat(v any) float64 {
	switch v := v.(type) {
	case int:
		return float64(v)
	case float64:
		return v
	}
	return 0
}

func intParam(q *request, name string, def, low, high int) (int, *answer) {
	s := q.query.Get(name)
	if s == "" {
		return def, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < low || n > high {
		return 0, refuse(http.StatusBadRequest, "InvalidObject", fmt.Sprintf("The parameter %s must be a number from %d to %d.", name, low, high))
	}
	return n, nil
}

// link makes one entry of a Link header: the same request with another page.
func (q *request) link(rel, param string, value int) string {
	u := *q.http.URL
	v := url.Values{}
	for k, vs := range q.query {
		if k != "page" && k != "pageId" {
			v[k] = vs
		}
	}
	v.Set(param, strconv.Itoa(value))
	u.RawQuery = v.Encode()
	u.Scheme, u.Host = q.Scheme, q.Host
	if q.st.LinkHost != "" {
		u.Host = q.st.LinkHost
	}
	return fmt.Sprintf(`<%s>; rel="%s"`, u.String(), rel)
}
