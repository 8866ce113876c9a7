package sandbox

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"uniview-bridge/pkg/vendorhttp/simulator"
)

// Options configure a Server. Empty credentials get the values that Defaults
// names.
type Options struct {
	Now func() time.Time // default time.Now
	// Sleep waits for latency faults; default a real wait that ends with the
	// request.
	Sleep func(context.Context, time.Duration) error

	// Callbacks carries registered callbacks to their receivers, see
	// [Server.DeliverCallbacks]. Default nil: none are kept for sending.
	Callbacks http.RoundTripper

	CompanyID, PublicKey, PrivateKey string // default Defaults
	ClientID                         string // default: any is accepted
	Unlimited                        bool   // do not count the request window
}

// Defaults are the credentials of a Server that was given none.
var Defaults = Options{CompanyID: "demo", PublicKey: "sandboxPublic01", PrivateKey: "sandboxPrivate01", ClientID: "11111111-2222-4333-8444-555555555555"}

// The documented request window (connectwise.md §5).
const (
	windowRequests = 1000
	window         = time.Minute
)

// Server is the simulated ConnectWise. The Front gives it ServeHTTP, an
// in-process Transport, the request log and the faults. It is safe for
// concurrent use.
type Server struct {
	*simulator.Front

	o      Options
	routes []apiRoute
	window simulator.Window

	mu       sync.Mutex
	st       *State
	answered int
}

// New makes a Server with an empty State that has the native page's role. See
// State.AddStandardSetup for boards, statuses and priorities.
func New(o Options) *Server {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.CompanyID == "" {
		o.CompanyID, o.PublicKey, o.PrivateKey = Defaults.CompanyID, Defaults.PublicKey, Defaults.PrivateKey
	}
	s := &Server{
		o: o, routes: apiRoutes(), window: simulator.Window{Limit: windowRequests, Per: window},
		st: &State{
			CompanyID: o.CompanyID, CompanyName: "Demo MSP", Codebase: "v2025_1", Version: "v2025.1.91234", Cloud: true,
			Role: NativeRole(), APIMember: "UniBridge", CallbackSite: "https://na.myconnectwise.net",
			CallbackKeyID: "5f0c6a30-0000-4000-8000-00000000c0de", CallbackKey: "sandbox signing key",
			now: o.Now, delivers: o.Callbacks != nil,
		},
	}
	s.Front = simulator.New(simulator.Config{
		Now: o.Now, Sleep: o.Sleep, Route: s.route, Refusal: statusReply,
		Before: func(f simulator.Fault, _ *simulator.Exchange) (simulator.Reply, bool) {
			if f.Kind == Revoke {
				s.Edit(func(st *State) { st.Revoked = true })
			}
			return simulator.Reply{}, false
		},
	})
	return s
}

// Edit changes the State, as a world's life or a test's seed.
func (s *Server) Edit(f func(*State)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s.st)
	s.st.settle()
}

// View reads the State. Nothing of it may be kept or changed.
func (s *Server) View(f func(*State)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s.st)
}

// route names a request's operation and gives what carries it out.
func (s *Server) route(x *simulator.Exchange) func() simulator.Reply {
	q := &request{Exchange: x, http: x.HTTP, query: x.HTTP.URL.Query()}
	q.locate(s.routes)
	x.Op = q.op
	if _, below, ok := strings.Cut(x.HTTP.URL.Path, "/apis/3.0/"); ok {
		x.Path = below
	}
	return func() simulator.Reply {
		s.mu.Lock()
		defer s.mu.Unlock()
		q.st = s.st
		a := s.answer(q)
		s.answered++
		a.header.Set("x-cw-request-id", fmt.Sprintf("00000000-0000-4000-8000-%012d", s.answered))
		a.header.Set("api-current-version", "2025.1")
		a.header.Set("x-server-name", "SANDBOX-1")
		if f, hit := x.Hit(PageShift); hit && a.status == http.StatusOK {
			shift(f, s.st)
			s.st.settle()
		}
		return simulator.Reply{Status: a.status, Header: a.header, Body: a.body, Rows: a.rows}
	}
}

// admit counts the request window; 0 means admitted, else the seconds to wait.
func (s *Server) admit() int {
	if s.o.Unlimited {
		return 0
	}
	return int((s.window.Admit(s.st.now()) + time.Second - 1) / time.Second)
}

// request is one request on its way through the simulator.
type request struct {
	*simulator.Exchange

	http  *http.Request
	query url.Values
	st    *State

	op       string // the operation's name, also for unknown routes ("")
	route    *apiRoute
	ids      []int // numbers in the path
	codebase string
	other    string // "companyinfo", "callbackkey" or ""
	word     string // the login company in a companyinfo path
}

func (q *request) fault(k FaultKind) bool {
	_, hit := q.Hit(k)
	return hit
}
