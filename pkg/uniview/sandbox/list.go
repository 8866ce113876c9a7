package sandbox

import (
	"cmp"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"uniview-bridge/pkg/vendorhttp/simulator"
)

// A route is one operation. list is nil for the token endpoint.
type route struct {
	method string
	params map[string]check
	list   func(s *Server, q url.Values) []entry
}

// check says why a parameter's value is refused, or "".
type check func(value string) string

// entry is one row of an answer, written out only when its page is asked for.
type entry func() row

var routes = map[string]route{
	"/connect/token": {method: http.MethodPost},
	"/v1/customers": {http.MethodGet, paged(map[string]check{
		"id": uuid, "name": anything, "order_by": oneOf("id", "name"),
	}), (*Server).customers},
	"/v1/appliances": {http.MethodGet, paged(map[string]check{
		"customer_id": uuid, "asset_tag": anything, "name": anything, "is_online": boolean,
		"total_mb_size_from": whole, "total_mb_size_to": whole, "total_mb_free_from": whole, "total_mb_free_to": whole,
		"version": anything, "helix_status": oneOf("None", "Agent", "AutoUpdate", "Unknown"),
		"order_by": oneOf("asset_tag", "customer_id", "is_online", "name", "total_mb_free", "total_mb_size", "version"),
	}), (*Server).appliances},
	"/v1/assets": {http.MethodGet, paged(map[string]check{
		"customer_id": uuid, "asset_tag": anything, "name": anything, "type": anything, "ip": anything, "mac": anything, "key": uuid,
		"order_by":         oneOf("customer_id", "asset_tag", "name", "type", "ip", "mac", "key"),
		"include[backups]": oneOf("last"), "include[links]": oneOf("all"),
	}), (*Server).assets},
	"/v1/backups": {http.MethodGet, paged(map[string]check{
		"customer_id": uuid, "asset_tag": anything, "asset_key": uuid, "type": anything,
		"start_time_from": moment, "start_time_to": moment, "complete_time_from": moment, "complete_time_to": moment,
		"size_from": whole, "size_to": whole,
		"status":             oneOf("Successful", "Warning", "Failed", "InProgress", "Unknown"),
		"replication_status": oneOf("Successful", "Failed", "Unknown"),
		"order_by":           oneOf("asset_tag", "customer_id", "start_time", "complete_time", "size", "type", "status", "replication_status", "asset_key"),
	}), (*Server).backups},
	"/v1/backupiq/alerts": {http.MethodGet, paged(map[string]check{
		"type": oneOf("alert", "job", "conditional", "helix"), "severity": oneOf("alarm", "critical", "warning"),
		"is_muted": oneOf("false", "true", "all"), "is_dismissed": boolean,
		"customer_id": uuid, "customer_name": anything, "asset_tag": anything, "appliance_name": anything,
		"asset_name": anything, "asset_key": uuid, "job_name": anything, "job_type": anything,
		"order_by": oneOf("type", "severity", "customer_id", "customer_name", "asset_tag", "appliance_name", "asset_name", "asset_key",
			"job_name", "job_type", "is_dismissed"),
		"created_time_direction": oneOf("asc", "desc"),
	}), (*Server).alerts},
	"/api/epb/v1/assets": {http.MethodGet, paged(map[string]check{
		"id": anything, "name": anything, "customer_id": uuid,
		"order_by": oneOf("name", "licenseType", "storageUsedBytes", "status", "customerName", "oS", "id"),
	}), (*Server).endpoints},
}

// Routes returns the operations that the portal knows, sorted, as [Logged] names
// them.
func Routes() []string {
	out := make([]string, 0, len(routes))
	for path, rt := range routes {
		out = append(out, rt.method+" "+path)
	}
	slices.Sort(out)
	return out
}

// paged adds the parameters that every list has.
func paged(m map[string]check) map[string]check {
	m["order_direction"] = oneOf("asc", "desc")
	m["page_number"], m["page_size"] = positive, positive
	return m
}

func anything(string) string { return "" }

func oneOf(values ...string) check {
	return func(v string) string {
		if slices.Contains(values, v) {
			return ""
		}
		return "The value is not valid."
	}
}

var boolean = oneOf("true", "false")

func uuid(v string) string {
	ok := len(v) == 36
	for i := 0; ok && i < len(v); i++ {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			ok = v[i] == '-'
		} else {
			ok = strings.IndexByte("0123456789abcdefABCDEF", v[i]) >= 0
		}
	}
	if ok {
		return ""
	}
	return "The value is not a UUID."
}

func whole(v string) string {
	if _, err := strconv.ParseInt(v, 10, 64); err != nil {
		return "The value is not a number."
	}
	return ""
}

func positive(v string) string {
	if n, err := strconv.ParseInt(v, 10, 32); err != nil || n < 1 {
		return "The field must be between 1 and 2147483647."
	}
	return ""
}

func moment(v string) string {
	if _, err := time.Parse(time.RFC3339Nano, v); err != nil {
		return "The value is not a date and time."
	}
	return ""
}

// list answers a list operation.
func (s *Server) list(x *simulator.Exchange, rt route) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.authorized(x.HTTP) {
		return unauthorized()
	}
	q, err := url.ParseQuery(x.HTTP.URL.RawQuery)
	if err != nil {
		return problem(http.StatusBadRequest, "query", "The query is not valid.")
	}
	for name, values := range q {
		allowed, known := rt.params[name]
		switch {
		case !known:
			return problem(http.StatusBadRequest, name, "The parameter is not known.")
		case len(values) > 1:
			return problem(http.StatusBadRequest, name, "The parameter is repeated.")
		}
		if why := allowed(values[0]); why != "" {
			return problem(http.StatusBadRequest, name, why)
		}
	}
	if _, needs := rt.params["created_time_direction"]; needs && !q.Has("type") {
		return problem(http.StatusBadRequest, "type", "The type field is required.")
	}
	rows := rt.list(s, q)
	page, size := atoi(q.Get("page_number"), 1), atoi(q.Get("page_size"), 50)
	if s.o.MaxPageSize > 0 {
		size = min(size, s.o.MaxPageSize)
	}
	shift, total := 0, len(rows)
	for _, f := range x.Hits {
		switch f.Kind {
		case PageShift:
			shift = f.Rows
			if !f.Hidden {
				total -= f.Rows
			}
		case EmptyList:
			rows, total = nil, 0
		case WrongTotal:
			total = max(total+f.Rows, 0)
		}
	}
	from := min(max((page-1)*size+shift, 0), len(rows))
	to := min(from+size, len(rows))
	out := make([]row, 0, to-from)
	for _, write := range rows[from:to] {
		out = append(out, write())
	}
	rep := jsonReply(http.StatusOK, out)
	rep.Rows = len(out)
	for name, n := range map[string]int{
		"Paging-Page-Size": size, "Paging-Page-Number": page,
		"Paging-Total-Records": total, "Paging-Total-Pages": (total + size - 1) / size,
	} {
		rep.Header.Set(name, strconv.Itoa(n))
	}
	return rep
}

func atoi(s string, fallback int) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return fallback
	}
	return n
}

// keep returns the rows that satisfy every test.
func keep[T any](rows []*T, tests ...func(*T) bool) []*T {
	out := make([]*T, 0, len(rows))
next:
	for _, row := range rows {
		for _, test := range tests {
			if !test(row) {
				continue next
			}
		}
		out = append(out, row)
	}
	return out
}

// Each of the following turns one parameter into a test; without the parameter
// every row passes.

func equal[T any](q url.Values, name string, of func(*T) string) func(*T) bool {
	want, given := q.Get(name), q.Has(name)
	return func(v *T) bool { return !given || strings.EqualFold(of(v), want) }
}

func contains[T any](q url.Values, name string, of func(*T) string) func(*T) bool {
	want, given := strings.ToLower(q.Get(name)), q.Has(name)
	return func(v *T) bool { return !given || strings.Contains(strings.ToLower(of(v)), want) }
}

func is[T any](q url.Values, name string, of func(*T) bool) func(*T) bool {
	want, given := q.Get(name) == "true", q.Has(name)
	return func(v *T) bool { return !given || of(v) == want }
}

func within[T any](q url.Values, name string, of func(*T) int64) func(*T) bool {
	least, most := int64(math.MinInt64), int64(math.MaxInt64)
	if n, err := strconv.ParseInt(q.Get(name+"_from"), 10, 64); err == nil {
		least = n
	}
	if n, err := strconv.ParseInt(q.Get(name+"_to"), 10, 64); err == nil {
		most = n
	}
	return func(v *T) bool { n := of(v); return n >= least && n <= most }
}

// during passes rows without a time only when no bound is given.
func during[T any](q url.Values, name string, of func(*T) time.Time) func(*T) bool {
	from, errFrom := time.Parse(time.RFC3339Nano, q.Get(name+"_from"))
	to, errTo := time.Parse(time.RFC3339Nano, q.Get(name+"_to"))
	return func(v *T) bool {
		if errFrom != nil && errTo != nil {
			return true
		}
		at := of(v)
		return !at.IsZero() && (errFrom != nil || !at.Before(from)) && (errTo != nil || !at.After(to))
	}
}

// order sorts by the named column; rows of equal rank keep their order. less
// gives the comparison of a column, second that of the second ordering key.
func order[T any](rows []*T, q url.Values, columns map[string]func(a, b *T) int, second func(a, b *T) int) {
	first := columns[q.Get("order_by")]
	if first == nil && second == nil {
		return
	}
	down := q.Get("order_direction") == "desc"
	slices.SortStableFunc(rows, func(a, b *T) int {
		n := 0
		if first != nil {
			if n = first(a, b); down {
				n = -n
			}
		}
		if n == 0 && second != nil {
			n = second(a, b)
		}
		return n
	})
}

func byText[T any](of func(*T) string) func(a, b *T) int {
	return func(a, b *T) int { return strings.Compare(strings.ToLower(of(a)), strings.ToLower(of(b))) }
}

func byNumber[T any](of func(*T) int64) func(a, b *T) int {
	return func(a, b *T) int { return cmp.Compare(of(a), of(b)) }
}

func byTime[T any](of func(*T) time.Time) func(a, b *T) int {
	return func(a, b *T) int { return of(a).Compare(of(b)) }
}

func asNumber[T any](of func(*T) bool) func(*T) int64 {
	return func(v *T) int64 {
		if of(v) {
			return 1
		}
		return 0
	}
}
