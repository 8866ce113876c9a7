package sandbox

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"
)

// Options configure a Server. Empty credentials get the values that Defaults
// names.
type Options struct {
	Now func() time.Time // default time.Now
	// Sleep waits for latency faults; default a real wait that ends with the
	// request.
	Sleep func(context.Context, time.Duration) error

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

// Server is the simulated ConnectWise. It is safe for concurrent use.
type Server struct {
	o      Options
	routes []apiRoute

	mu     sync.Mutex
	st     *State
	faults []*activeFault
	log    []Logged
	recent []time.Time // admitted requests of the last minute
}

// Logged is one request as it was answered.
type Logged struct {
	Time                time.Time
	Method, Path, Query string
	Status              int    // 0 when the connection was cut
	Op                  string // "list tickets", "create ticket", ...
	Fault               FaultKind
}

// New makes a Server with an empty State that has the native page's role. See
// State.AddStandardSetup for boards, statuses and priorities.
func New(o Options) *Server {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Sleep == nil {
		o.Sleep = realSleep
	}
	if o.CompanyID == "" {
		o.CompanyID, o.PublicKey, o.PrivateKey = Defaults.CompanyID, Defaults.PublicKey, Defaults.PrivateKey
	}
	return &Server{o: o, routes: apiRoutes(), st: &State{
		CompanyID: o.CompanyID, CompanyName: "Demo MSP", Codebase: "v2025_1", Version: "v2025.1.91234", Cloud: true,
		Role: NativeRole(), APIMember: "UniBridge", CallbackKeyID: "5f0c6a30-0000-4000-8000-00000000c0de",
		CallbackKey: "sandbox signing key", now: o.Now,
	}}
}

func realSleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
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

// Requests is a copy of the request log.
func (s *Server) Requests() []Logged {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Logged(nil), s.log...)
}

// ResetRequests empties the request log.
func (s *Server) ResetRequests() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = nil
}

// outcome is how an exchange ends.
type outcome struct {
	*answer
	reset    bool // the connection is cut without an answer
	truncate bool // the answer is cut half-way
}

const maxBody = 4 << 20

// exchange runs one request against the State.
func (s *Server) exchange(r *http.Request, scheme, host string) outcome {
	body, err := io.ReadAll(io.LimitReader(bodyOf(r), maxBody))
	if err != nil {
		return outcome{reset: true}
	}
	q := &request{http: r, query: r.URL.Query(), body: body, scheme: scheme, host: host}
	q.locate(s.routes)

	s.mu.Lock()
	q.st = s.st
	q.faults = s.take(q)
	s.mu.Unlock()
	for _, f := range q.faults {
		if f.Latency > 0 && s.o.Sleep(r.Context(), f.Latency) != nil {
			s.record(q, 0)
			return outcome{reset: true}
		}
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.run(q)
	status := 0
	if !out.reset {
		status = out.status
	}
	s.recordLocked(q, status)
	return out
}

// run decides under the lock: faults that come before the commit, the handler,
// faults that come after it.
func (s *Server) run(q *request) outcome {
	if q.fault(Revoke) {
		s.st.Revoked = true
	}
	if q.fault(ResetBefore) {
		return outcome{reset: true}
	}
	if f := q.faultOf(StatusFault); f != nil {
		return outcome{answer: f.answer()}
	}
	a := s.answer(q)
	if f := q.faultOf(PageShift); f != nil && a.status == http.StatusOK {
		f.shift(s.st)
		s.st.settle()
	}
	return outcome{answer: a, reset: q.fault(ResetAfter), truncate: q.fault(Truncate)}
}

func (s *Server) record(q *request, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.recordLocked(q, status)
}

func (s *Server) recordLocked(q *request, status int) {
	l := Logged{Time: s.st.now(), Method: q.http.Method, Path: q.http.URL.Path, Query: q.http.URL.RawQuery, Status: status, Op: q.op}
	if len(q.faults) > 0 {
		l.Fault = q.faults[0].Kind
	}
	s.log = append(s.log, l)
}

// admit counts the request window; 0 means admitted, else the seconds to wait.
func (s *Server) admit() int {
	if s.o.Unlimited {
		return 0
	}
	now := s.st.now()
	kept := s.recent[:0]
	for _, t := range s.recent {
		if now.Sub(t) < window {
			kept = append(kept, t)
		}
	}
	s.recent = kept
	if len(s.recent) >= windowRequests {
		return max(1, int((window-now.Sub(s.recent[0])+time.Second-1)/time.Second))
	}
	s.recent = append(s.recent, now)
	return 0
}

// ServeHTTP answers one request over a connection.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	out := s.exchange(r, scheme, r.Host)
	if out.reset {
		panic(http.ErrAbortHandler)
	}
	maps.Copy(w.Header(), out.header)
	w.Header().Set("Content-Length", strconv.Itoa(len(out.body)))
	w.WriteHeader(out.status)
	if out.truncate {
		_, _ = w.Write(out.body[:len(out.body)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(out.body)
}

// Transport answers in process, without sockets, for any host. Requests for
// cloud host names are held to the vendor's host rules.
func (s *Server) Transport() http.RoundTripper { return transport{s} }

type transport struct{ s *Server }

var errReset = errors.New("connection reset by peer")

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	defer bodyOf(r).Close()
	out := t.s.exchange(r, r.URL.Scheme, r.URL.Host)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if out.reset {
		return nil, errReset
	}
	resp := &http.Response{
		Status: strconv.Itoa(out.status) + " " + http.StatusText(out.status), StatusCode: out.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: out.header.Clone(), Request: r, ContentLength: int64(len(out.body)),
	}
	if r.URL.Scheme == "https" {
		resp.TLS = &tls.ConnectionState{}
	}
	if out.truncate {
		resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(out.body[:len(out.body)/2]), cut{}))
	} else {
		resp.Body = io.NopCloser(bytes.NewReader(out.body))
	}
	return resp, nil
}

type cut struct{}

func (cut) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func bodyOf(r *http.Request) io.ReadCloser {
	if r.Body == nil {
		return http.NoBody
	}
	return r.Body
}

// request is one request on its way through the simulator.
type request struct {
	http         *http.Request
	query        url.Values
	body         []byte
	scheme, host string
	st           *State
	faults       []*activeFault

	op       string // the operation's name, also for unknown routes ("")
	route    *apiRoute
	ids      []int // numbers in the path
	codebase string
	other    string // "companyinfo", "callbackkey" or ""
	word     string // the login company in a companyinfo path
}
