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
	Latency     FaultKind = "latency"      // the answer takes Delay
	Status      FaultKind = "status"       // an answer of this Status instead of the true one
	ResetBefore FaultKind = "reset-before" // the connection breaks before anything was done
	ResetAfter  FaultKind = "reset-after"  // the connection breaks after the request was carried out
	Truncate    FaultKind = "truncate"     // the answer breaks off in the middle
	PageShift   FaultKind = "page-shift"   // on pages after the first the list has moved by Rows
	EmptyList   FaultKind = "empty-list"   // a list comes with no rows, and says that there are none
	WrongTotal  FaultKind = "wrong-total"  // a list's total is off by Rows
	Revoke      FaultKind = "revoke"       // all credentials stop working, from this request on
	EndTokens   FaultKind = "end-tokens"   // all tokens given out so far end; new ones can be had
)

// Fault makes matching requests go wrong. Op, Method and PathPrefix narrow what
// matches; the zero value matches all.
type Fault struct {
	Kind       FaultKind
	Op         string // a route as [Logged] names it: "GET /v1/customers"
	Method     string
	PathPrefix string
	Skip       int // matching requests to let pass first
	Times      int // how often; 0 = until [Server.ClearFaults]

	Delay  time.Duration // Latency
	Status int           // Status
	Body   string        // Status; empty = one that fits the status
	HTML   bool          // Status: the body is a page
	Header http.Header   // Status
	Rows   int           // PageShift: +1 = a row before went away, -1 = one came; WrongTotal
	Hidden bool          // PageShift: the total does not show it
}

// Inject adds a fault.
func (s *Server) Inject(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
}

// ClearFaults removes all faults. Revoked credentials stay revoked: see
// [State].Credentials.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// faultsFor counts a request against the faults and returns those that strike.
// The caller holds s.mu.
func (s *Server) faultsFor(r *http.Request, op string) []Fault {
	var hit []Fault
	kept := s.faults[:0]
	for _, f := range s.faults {
		match := (f.Op == "" || f.Op == op) && (f.Method == "" || f.Method == r.Method) && strings.HasPrefix(r.URL.Path, f.PathPrefix)
		switch {
		case !match:
		case f.Skip > 0:
			f.Skip--
		default:
			hit = append(hit, *f)
			if f.Times == 1 {
				continue // used up
			}
			f.Times = max(f.Times-1, 0)
		}
		kept = append(kept, f)
	}
	s.faults = kept
	return hit
}
