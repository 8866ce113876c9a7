package sandbox

import (
	"net/http"
	"strconv"
	"time"

	"uniview-bridge/pkg/vendorhttp/simulator"
)

// FaultKind says what goes wrong.
type FaultKind = simulator.FaultKind

// Logged is one request in the log.
type Logged = simulator.Logged

// The kinds of faults.
const (
	Latency     = simulator.Latency     // the answer comes late
	StatusFault = simulator.Status      // another status and body; nothing is committed
	ResetBefore = simulator.ResetBefore // the connection is cut; nothing is committed
	ResetAfter  = simulator.ResetAfter  // committed, but the answer is lost
	Truncate    = simulator.Truncate    // committed, but the answer is cut half-way
	PageShift   = simulator.PageShift   // the State changes after a page was answered
	EmptyList   = simulator.EmptyList   // a list answers no rows
	WrongTotal  = simulator.WrongTotal  // count, or the last-page link, is wrong
	Revoke      = simulator.Revoke      // the keys stop working, for good
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

// Inject adds a fault. Keys that a Revoke took away stay so when the faults are
// cleared, see State.Revoked.
func (s *Server) Inject(f Fault) {
	s.Front.Inject(simulator.Fault{
		Kind: f.Kind, Op: f.Op, Method: f.Method, PathPrefix: f.PathPrefix, Skip: f.Skip, Times: f.Times,
		Delay: f.Latency, Status: f.Status, Body: f.Body, HTML: f.HTML, RetryAfter: f.RetryAfter, Extra: f,
	})
}

// statusReply is the vendor's shape of an error of some status.
func statusReply(f simulator.Fault) simulator.Reply {
	own, _ := f.Extra.(Fault)
	a := refuse(f.Status, own.Code, own.Message)
	if f.Status == http.StatusTooManyRequests && f.RetryAfter > 0 {
		a = tooMany(f.RetryAfter)
	}
	return simulator.Reply{Status: a.status, Header: a.header, Body: a.body}
}

// shift changes the State between two pages: by default a ticket goes away and
// a company appears.
func shift(f simulator.Fault, st *State) {
	if own, _ := f.Extra.(Fault); own.Shift != nil {
		own.Shift(st)
		return
	}
	if len(st.Tickets) > 0 {
		st.DeleteTicket(st.Tickets[0].ID)
	}
	st.AddCompany("Appeared " + strconv.Itoa(len(st.Companies)))
}
