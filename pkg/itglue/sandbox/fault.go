package sandbox

import (
	"net/http"
	"strconv"
	"strings"

	"uniview-bridge/pkg/vendorhttp/simulator"
)

// Fault makes matching requests go wrong; an operation is named as [Logged] does it: "GET /organizations/:id". EmptyList
// and WrongTotal match lists only, PageShift pages after the first only.
type Fault = simulator.Fault

// FaultKind says what goes wrong.
type FaultKind = simulator.FaultKind

// Logged is one request that the account received; its Op is the route in the vendor's notation.
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

	// Revoke ends the key, from this request on; see [State].Revoked.
	Revoke = simulator.Revoke
	// PageTooLarge lets pages of more than Rows records end in 504 (itglue.md §9.14).
	PageTooLarge FaultKind = "page-too-large"
)

// applies narrows which requests a fault matches.
func applies(f Fault, x *simulator.Exchange) bool {
	switch f.Kind {
	case PageShift:
		return isList(x) && pageOf(x, "page[number]", 1) > 1
	case PageTooLarge:
		return isList(x) && pageOf(x, "page[size]", defaultPageSize) > f.Rows
	case EmptyList, WrongTotal:
		return isList(x)
	}
	return true
}

func isList(x *simulator.Exchange) bool {
	return strings.HasPrefix(x.Op, http.MethodGet+" ") && !strings.HasSuffix(x.Op, "/:id")
}

func pageOf(x *simulator.Exchange, name string, fallback int) int {
	n, err := strconv.Atoi(x.HTTP.URL.Query().Get(name))
	if err != nil {
		return fallback
	}
	return n
}

// before is what a fault does before a request is carried out.
func (s *Server) before(f Fault, _ *simulator.Exchange) (answer, bool) {
	switch f.Kind {
	case Revoke:
		s.Edit(func(st *State) { st.Revoked = true })
	case PageTooLarge:
		return gateway(http.StatusGatewayTimeout, "Endpoint request timed out"), true
	}
	return answer{}, false
}

// bend prepares a request for a fault that changes what a list shows.
func (rq *request) bend(f Fault) {
	switch f.Kind {
	case PageShift:
		rq.shift += f.Rows
		if !f.Hidden {
			rq.total -= f.Rows
		}
	case WrongTotal:
		rq.total += f.Rows
	case EmptyList:
		rq.empty = true
	}
}
