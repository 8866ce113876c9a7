package sandbox

import (
	"net/http"
	"strings"
	"time"
)

// FaultKind says what goes wrong.
type FaultKind string

// The kinds of fault.
const (
	Latency      FaultKind = "latency"        // the answer takes Delay
	Status       FaultKind = "status"         // an answer of this Status instead of the true one
	ResetBefore  FaultKind = "reset-before"   // the connection breaks, nothing was done
	ResetAfter   FaultKind = "reset-after"    // the connection breaks, the request was carried out
	Truncate     FaultKind = "truncate"       // the answer breaks off in the middle
	PageShift    FaultKind = "page-shift"     // on pages after the first the list has moved by Rows
	EmptyList    FaultKind = "empty-list"     // a list comes with no records, and says that there are none
	WrongTotal   FaultKind = "wrong-total"    // a list's total is off by Rows
	Revoke       FaultKind = "revoke"         // the key stops working, from this request on
	PageTooLarge FaultKind = "page-too-large" // pages of more than MaxSize records end in 504 (itglue.md §9.14)
)

// Fault makes matching requests go wrong. Op, Method and PathPrefix narrow what matches; the zero value matches all.
type Fault struct {
	Kind       FaultKind
	Op         string // a route as [Logged] names it: "GET /configurations"
	Method     string
	PathPrefix string
	Skip       int // matching requests to let pass first
	Times      int // how often; 0 = until [Server.ClearFaults]

	Delay   time.Duration // Latency
	Status  int           // Status
	Body    string        // Status; empty = one that fits the status
	HTML    bool          // Status: the body is a page
	Header  http.Header   // Status
	Rows    int           // PageShift: +1 = a row before went away, -1 = one came; WrongTotal
	Hidden  bool          // PageShift: the total does not show it
	MaxSize int           // PageTooLarge
}

// Inject adds a fault.
func (s *Server) Inject(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
}

// ClearFaults removes all faults. A revoked key stays revoked: see [State].Revoked.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// strike returns the faults that hit this request and counts them. Of those that replace the answer only the first hits,
// so that several of them follow one another.
func (s *Server) strike(rq *request) []Fault {
	var hit []Fault
	replaced := false
	kept := s.faults[:0]
	for _, f := range s.faults {
		replaces := f.Kind == Status || f.Kind == ResetBefore || f.Kind == PageTooLarge
		if f.matches(rq) && (!replaces || !replaced) {
			replaced = replaced || replaces && f.Skip == 0
			if f.Skip > 0 {
				f.Skip--
			} else {
				hit = append(hit, *f)
				if f.Times--; f.Times == 0 {
					continue
				}
				f.Times = max(f.Times, 0)
			}
		}
		kept = append(kept, f)
	}
	s.faults = kept
	return hit
}

func (f *Fault) matches(rq *request) bool {
	if (f.Op != "" && f.Op != rq.op) || (f.Method != "" && f.Method != rq.method) || !strings.HasPrefix(rq.path, f.PathPrefix) {
		return false
	}
	switch f.Kind {
	case PageShift:
		return rq.method == http.MethodGet && rq.pageNumber() > 1
	case PageTooLarge:
		return rq.method == http.MethodGet && rq.pageSize() > f.MaxSize
	case EmptyList, WrongTotal:
		return rq.method == http.MethodGet
	}
	return true
}
