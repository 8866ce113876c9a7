package sandbox

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// FaultKind says what goes wrong.
type FaultKind string

// The kinds of faults.
const (
	Latency     FaultKind = "latency"      // the answer comes late
	StatusFault FaultKind = "status"       // another status and body; nothing is committed
	ResetBefore FaultKind = "reset before" // the connection is cut; nothing is committed
	ResetAfter  FaultKind = "reset after"  // committed, but the answer is lost
	Truncate    FaultKind = "truncate"     // committed, but the answer is cut half-way
	PageShift   FaultKind = "page shift"   // the State changes after a page was answered
	EmptyList   FaultKind = "empty list"   // a list answers no rows
	WrongTotal  FaultKind = "wrong total"  // count, or the last-page link, is wrong
	Revoke      FaultKind = "revoke"       // the keys stop working, for good
)

// Fault is one thing that goes wrong with matching requests.
type Fault struct {
	Op         string // matches the operation's name; empty = any
	Method     string // empty = any
	PathPrefix string // of the path below /apis/3.0/; empty = any
	Kind       FaultKind

	Latency    time.Duration // also together with another kind
	Status     int           // StatusFault: default 503
	Code       string        // StatusFault: error code of a JSON body
	Message    string
	Body       string // StatusFault: this body instead of JSON
	HTML       bool   // StatusFault: an HTML page, as gateways send
	RetryAfter int    // StatusFault: seconds, 0 = no header
	Shift      func(*State)

	Times int // matching requests that are hit; 0 = until cleared
	Skip  int // matching requests that are let through first
}

type activeFault struct {
	Fault
	seen, hits int
}

// Inject adds a fault.
func (s *Server) Inject(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &activeFault{Fault: f})
}

// ClearFaults removes all faults; keys that were revoked stay so, see
// State.Revoked.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// take picks the faults that hit a request and counts them.
func (s *Server) take(q *request) []*activeFault {
	var hit []*activeFault
	for _, f := range s.faults {
		if !f.matches(q) {
			continue
		}
		f.seen++
		if f.seen <= f.Skip || f.Times > 0 && f.hits >= f.Times {
			continue
		}
		f.hits++
		hit = append(hit, f)
	}
	return hit
}

func (f *activeFault) matches(q *request) bool {
	_, below, _ := strings.Cut(q.http.URL.Path, "/apis/3.0/")
	return (f.Op == "" || f.Op == q.op) &&
		(f.Method == "" || f.Method == q.http.Method) &&
		(f.PathPrefix == "" || strings.HasPrefix(below, strings.TrimPrefix(f.PathPrefix, "/")))
}

func (q *request) faultOf(k FaultKind) *activeFault {
	for _, f := range q.faults {
		if f.Kind == k {
			return f
		}
	}
	return nil
}

func (q *request) fault(k FaultKind) bool { return q.faultOf(k) != nil }

func (f *activeFault) answer() *answer {
	status := f.Status
	if status == 0 {
		status = http.StatusServiceUnavailable
	}
	var a *answer
	switch {
	case f.HTML:
		a = textAnswer(status, "text/html", "<html><head><title>"+strconv.Itoa(status)+" "+http.StatusText(status)+
			"</title></head><body><center><h1>"+http.StatusText(status)+"</h1></center></body></html>")
	case f.Body != "":
		a = textAnswer(status, "text/plain", f.Body)
	case status == http.StatusTooManyRequests && f.RetryAfter > 0:
		a = tooMany(f.RetryAfter)
	default:
		a = refuse(status, f.Code, f.Message)
	}
	if f.RetryAfter > 0 {
		a.header.Set("Retry-After", strconv.Itoa(f.RetryAfter))
	}
	return a
}

// shift changes the State between two pages: by default a ticket goes away and
// a company appears.
func (f *activeFault) shift(st *State) {
	if f.Shift != nil {
		f.Shift(st)
		return
	}
	if len(st.Tickets) > 0 {
		st.DeleteTicket(st.Tickets[0].ID)
	}
	st.AddCompany("Appeared " + strconv.Itoa(len(st.Companies)))
}
