package sandbox

import (
	"bytes"
	"context"
	"crypto/subtle"
	"encoding/json"
	"io"
	"maps"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	contentType = "application/vnd.api+json"
	rateLimit   = 3000
	rateWindow  = 5 * time.Minute
	maxBody     = 10 << 20 // the gateway's (itglue.md §1.1)
	maxLog      = 100_000  // requests kept
)

// Options say how the simulator behaves. The zero value is the strictest, with the key "ITG.sandbox".
type Options struct {
	APIKey  string
	Now     func() time.Time                           // default time.Now
	Sleep   func(context.Context, time.Duration) error // for Latency faults; default real time
	NoLimit bool                                       // do not count requests against 3,000 in 5 minutes

	// What is not known of IT Glue (itglue.md §11), the other way round.
	PartialBulk    bool // a refused bulk write keeps its good elements
	NestedIncluded bool // a show request has included inside data (itglue.md §1.3)
	LooseSelect    bool // a Select takes values that are not among its options
}

// Server is one IT Glue account. It is safe for concurrent use.
type Server struct {
	o      Options
	mu     sync.Mutex
	st     *State
	faults []*Fault
	log    []Logged
	recent []time.Time // requests of the last window, oldest first
}

// Logged is one request.
type Logged struct {
	Time        time.Time
	Method      string
	Path, Query string
	Status      int    // 0 when the connection broke
	Op          string // the route: "GET /organizations/:id"; empty for an unknown one
	Records     int    // in the answer's data
}

// New makes an empty account.
func New(o Options) *Server {
	if o.APIKey == "" {
		o.APIKey = "ITG.sandbox"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Sleep == nil {
		o.Sleep = func(ctx context.Context, d time.Duration) error {
			select {
			case <-time.After(d):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	return &Server{o: o, st: newState(o.Now)}
}

// Edit changes the account; no request is served meanwhile.
func (s *Server) Edit(f func(*State)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s.st)
}

// View looks at the account; it must not change it.
func (s *Server) View(f func(*State)) { s.Edit(f) }

// Requests returns the requests since the last reset, oldest first; of very many only the latest.
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

// An answer is what goes back: a body to write, or a broken connection.
type answer struct {
	status      int
	contentType string
	header      http.Header
	body        []byte
	records     int
	cut, broken bool
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a := s.answer(r)
	if a.broken {
		panic(http.ErrAbortHandler)
	}
	maps.Copy(w.Header(), a.header)
	w.Header().Set("Content-Type", a.contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(a.status)
	if a.cut {
		_, _ = w.Write(a.body[:len(a.body)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(a.body)
}

// Transport reaches the server without a network, whatever host a request names.
func (s *Server) Transport() http.RoundTripper { return transport{s} }

type transport struct{ s *Server }

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if r.Body != nil {
		defer r.Body.Close()
	}
	a := t.s.answer(r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if a.broken {
		return nil, &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	}
	header := http.Header{"Content-Type": {a.contentType}}
	maps.Copy(header, a.header)
	var body io.Reader = bytes.NewReader(a.body)
	if a.cut {
		body = io.MultiReader(bytes.NewReader(a.body[:len(a.body)/2]), brokenReader{})
	}
	return &http.Response{
		Status: strconv.Itoa(a.status) + " " + http.StatusText(a.status), StatusCode: a.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(body), ContentLength: int64(len(a.body)), Request: r,
	}, nil
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// A request is one request on its way through the rules.
type request struct {
	s      *Server
	st     *State
	now    time.Time
	op     string
	method string
	path   string
	query  url.Values
	ids    map[string]int64 // path members by name
	nested bool             // the route goes through an organization: filters do not work (itglue.md §3.4)
	body   []byte

	shift, total int // faults: rows the list has moved by, and records its total is off by
	empty        bool
}

func (s *Server) answer(r *http.Request) answer {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	rq := &request{s: s, method: r.Method, path: r.URL.Path, query: query, body: body}
	handle := rq.route()

	s.mu.Lock()
	hits := s.strike(rq)
	s.mu.Unlock()
	for _, f := range hits {
		if f.Kind == Latency {
			_ = s.o.Sleep(r.Context(), f.Delay)
		}
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	rq.st, rq.now = s.st, s.o.Now().UTC()
	a := answer{}
	switch faulty, hit := s.early(rq, hits); {
	case hit:
		a = faulty
	case err != nil:
		a = refuse(http.StatusBadRequest, "Bad Request", "the query cannot be read", "").answer()
	default:
		a = s.judge(rq, r.Header, handle)
	}
	for _, f := range hits {
		a.broken = a.broken || f.Kind == ResetAfter
		a.cut = a.cut || f.Kind == Truncate
	}
	logged := Logged{Time: rq.now, Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, Status: a.status, Op: rq.op, Records: a.records}
	if a.broken {
		logged.Status = 0
	}
	if len(s.log) >= maxLog {
		s.log = append(s.log[:0:0], s.log[maxLog/2:]...)
	}
	s.log = append(s.log, logged)
	return a
}

// early applies the faults that stand before the rules, and prepares those that bend them.
func (s *Server) early(rq *request, hits []Fault) (answer, bool) {
	for _, f := range hits {
		switch f.Kind {
		case ResetBefore:
			return answer{broken: true}, true
		case Status:
			return f.answer(), true
		case PageTooLarge:
			return gateway(http.StatusGatewayTimeout, "Endpoint request timed out"), true
		case Revoke:
			s.st.Revoked = true
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
	return answer{}, false
}

func (f Fault) answer() answer {
	a := gateway(f.Status, http.StatusText(f.Status))
	switch {
	case f.HTML && f.Body == "":
		a = page(f.Status, http.StatusText(f.Status))
	case f.HTML:
		a.contentType, a.body = "text/html", []byte(f.Body)
	case f.Body != "":
		a.body = []byte(f.Body)
	}
	a.header = f.Header.Clone()
	return a
}

// judge applies the rules that hold for all routes, in the order in which the layers of the real service would.
func (s *Server) judge(rq *request, header http.Header, handle func(*request) (answer, error)) answer {
	if !s.o.NoLimit && s.overLimit(rq.now) {
		return gateway(http.StatusTooManyRequests, "Too Many Requests")
	}
	if subtle.ConstantTimeCompare([]byte(header.Get("X-Api-Key")), []byte(s.o.APIKey)) != 1 || s.st.Revoked {
		return gateway(http.StatusForbidden, "Forbidden") // itglue.md §1: 403, not 401
	}
	if len(rq.body) > maxBody {
		return gateway(http.StatusRequestEntityTooLarge, "Request Too Long")
	}
	if firewalled(rq.body) {
		return page(http.StatusForbidden, "403 Forbidden")
	}
	if handle == nil {
		return refuse(http.StatusNotFound, "Not Found", "no such route", "").answer()
	}
	if rq.method != http.MethodGet {
		if mt, _, err := mime.ParseMediaType(header.Get("Content-Type")); err != nil || mt != contentType {
			return refuse(http.StatusUnsupportedMediaType, "Unsupported Media Type", "use "+contentType, "").answer()
		}
		if len(rq.query) > 0 {
			return refuse(http.StatusBadRequest, "Bad Request", "the sandbox takes no parameters on a write: a filter would stand in for the ids", "").answer()
		}
	}
	a, err := handle(rq)
	if err != nil {
		return asRefusal(err).answer()
	}
	return a
}

// overLimit counts a request and reports whether it is beyond the allowance (itglue.md §1.1).
func (s *Server) overLimit(now time.Time) bool {
	old := 0
	for old < len(s.recent) && now.Sub(s.recent[old]) >= rateWindow {
		old++
	}
	s.recent = s.recent[old:]
	if len(s.recent) >= rateLimit {
		return true
	}
	s.recent = append(s.recent, now)
	return false
}

// firewalled reports whether the web firewall dislikes the content (itglue.md §1.3).
func firewalled(body []byte) bool {
	if len(body) == 0 {
		return false
	}
	var v any
	if json.Unmarshal(body, &v) != nil {
		v = string(body)
	}
	return holdsScript(v)
}

func holdsScript(v any) bool {
	switch v := v.(type) {
	case string:
		return strings.Contains(strings.ToLower(v), "<script")
	case []any:
		return slices.ContainsFunc(v, holdsScript)
	case map[string]any:
		for k, e := range v {
			if holdsScript(k) || holdsScript(e) {
				return true
			}
		}
	}
	return false
}
