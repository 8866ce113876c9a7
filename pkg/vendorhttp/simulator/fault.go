package simulator

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// FaultKind says what goes wrong. A sandbox may have kinds of its own beside
// these; what they do is said by [Config].Before.
type FaultKind string

// The kinds that every sandbox knows. The first five are done here, the others
// by the sandbox, which finds them with [Exchange.Hit] or in [Config].Before.
const (
	Latency     FaultKind = "latency"      // the answer takes Delay
	Status      FaultKind = "status"       // an answer of this Status instead of the true one: 429, 5xx, a page
	ResetBefore FaultKind = "reset-before" // the connection breaks, nothing was done
	ResetAfter  FaultKind = "reset-after"  // the connection breaks, the request was carried out
	Truncate    FaultKind = "truncate"     // the answer breaks off in the middle, the request was carried out

	PageShift  FaultKind = "page-shift"  // on pages after the first the list has moved by Rows
	EmptyList  FaultKind = "empty-list"  // a list comes with no rows, and says that there are none
	WrongTotal FaultKind = "wrong-total" // a list's total is off by Rows
	Revoke     FaultKind = "revoke"      // the credentials stop working, from this request on
)

// Fault makes matching requests go wrong. Op, Method and PathPrefix narrow what
// matches; the zero value of each matches all.
type Fault struct {
	Kind       FaultKind
	Op         string // an operation as [Logged] names it
	Method     string
	PathPrefix string
	Skip       int // matching requests to let pass first
	Times      int // how often; 0 = until [Front.ClearFaults]

	Delay      time.Duration // Latency; with every other kind too: the answer takes so long besides
	Status     int           // Status; 0 = 503
	Body       string        // Status; empty = one that fits the status
	HTML       bool          // Status: the body is a page, as gateways send
	Header     http.Header   // Status: more headers, or others
	RetryAfter int           // Status: seconds in a Retry-After header; 0 = none
	Rows       int           // PageShift: +1 = a row before went away, -1 = one came; WrongTotal
	Hidden     bool          // PageShift: the total does not show it
	Clean      bool          // Truncate: the cut looks like the answer's end

	Extra any // for a sandbox's own kinds
}

// strike returns the faults that hit a request and counts them. Of those that
// stand in for the answer only the first hits, so that several of them follow one
// another. The caller holds f.mu.
func (f *Front) strike(x *Exchange) []Fault {
	var hit []Fault
	replaced := false
	kept := f.faults[:0]
	for _, fault := range f.faults {
		replaces := fault.Kind == Status || fault.Kind == ResetBefore || slices.Contains(f.c.Replaces, fault.Kind)
		switch {
		case !f.matches(fault, x), replaces && replaced:
		case fault.Skip > 0:
			fault.Skip--
		default:
			replaced = replaced || replaces
			hit = append(hit, *fault)
			if fault.Times == 1 {
				continue // used up
			}
			fault.Times = max(fault.Times-1, 0)
		}
		kept = append(kept, fault)
	}
	clear(f.faults[len(kept):])
	f.faults = kept
	return hit
}

func (f *Front) matches(fault *Fault, x *Exchange) bool {
	return (fault.Op == "" || fault.Op == x.Op) &&
		(fault.Method == "" || fault.Method == x.HTTP.Method) &&
		strings.HasPrefix(x.Path, fault.PathPrefix) &&
		(f.c.Applies == nil || f.c.Applies(*fault, x))
}

// reply is the answer of a Status fault.
func (f *Front) reply(fault Fault) Reply {
	if fault.Status == 0 {
		fault.Status = http.StatusServiceUnavailable
	}
	var r Reply
	switch {
	case fault.HTML && fault.Body == "":
		title := fmt.Sprintf("%d %s", fault.Status, http.StatusText(fault.Status))
		r = text(fault.Status, "text/html; charset=utf-8", "<html>\n<head><title>"+title+"</title></head>\n<body><center><h1>"+title+"</h1></center></body>\n</html>\n")
	case fault.HTML:
		r = text(fault.Status, "text/html; charset=utf-8", fault.Body)
	case strings.HasPrefix(fault.Body, "{") || strings.HasPrefix(fault.Body, "["):
		r = text(fault.Status, "application/json; charset=utf-8", fault.Body)
	case fault.Body != "":
		r = text(fault.Status, "text/plain; charset=utf-8", fault.Body)
	case f.c.Refusal != nil:
		r = f.c.Refusal(fault)
	default:
		r = text(fault.Status, "text/plain; charset=utf-8", http.StatusText(fault.Status))
	}
	if r.Header == nil {
		r.Header = http.Header{}
	}
	if fault.RetryAfter > 0 {
		r.Header.Set("Retry-After", strconv.Itoa(fault.RetryAfter))
	}
	for name, values := range fault.Header {
		r.Header[http.CanonicalHeaderKey(name)] = slices.Clone(values)
	}
	return r
}

func text(status int, contentType, body string) Reply {
	return Reply{Status: status, Header: http.Header{"Content-Type": {contentType}}, Body: []byte(body)}
}
