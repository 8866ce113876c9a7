package sandbox

import (
	"net/http"

	"uniview-bridge/pkg/vendorhttp/simulator"
)

// Fault makes matching requests go wrong; an operation is named as [Logged] does
// it: "GET /v1/customers". List faults match lists only, PageShift pages after the
// first only.
type Fault = simulator.Fault

// FaultKind says what goes wrong.
type FaultKind = simulator.FaultKind

// Logged is one request that the portal received.
type Logged = simulator.Logged

// The kinds of fault.
const (
	Latency     = simulator.Latency
	Status      = simulator.Status
	ResetBefore = simulator.ResetBefore
	ResetAfter  = simulator.ResetAfter
	Truncate    = simulator.Truncate
	PageShift   = simulator.PageShift
	EmptyList   = simulator.EmptyList
	WrongTotal  = simulator.WrongTotal

	// Revoke ends all credentials, from this request on; see [State].Credentials.
	Revoke = simulator.Revoke
	// EndTokens ends all tokens given out so far; new ones can be had.
	EndTokens FaultKind = "end-tokens"
)

// applies narrows which requests a fault matches.
func applies(f Fault, x *simulator.Exchange) bool {
	switch f.Kind {
	case PageShift:
		return isList(x) && atoi(x.HTTP.URL.Query().Get("page_number"), 1) > 1
	case EmptyList, WrongTotal:
		return isList(x)
	}
	return true
}

func isList(x *simulator.Exchange) bool {
	return x.HTTP.Method == http.MethodGet && routes[x.HTTP.URL.Path].list != nil
}

// before is what a fault changes in the portal before a request is carried out.
func (s *Server) before(f Fault, _ *simulator.Exchange) (reply, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch f.Kind {
	case Revoke:
		for _, c := range s.state.Credentials {
			c.Revoked = true
		}
	case EndTokens:
		s.tokens = map[string]grant{}
	}
	return reply{}, false
}
