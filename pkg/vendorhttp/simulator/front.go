package simulator

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"
)

const (
	maxLog  = 100_000  // requests kept
	maxBody = 16 << 20 // of a request; more than any vendor takes
)

// Config is what a sandbox brings.
type Config struct {
	Now   func() time.Time                           // default time.Now
	Sleep func(context.Context, time.Duration) error // for latency; default real time

	// Route looks at a request before anything is done: it sets [Exchange].Op (""
	// for what is not known) and may change [Exchange].Path, and returns what carries
	// the request out. It must not look at the sandbox's state.
	Route func(*Exchange) func() Reply
	// Refusal is the vendor's usual answer of a status, for a Status fault without
	// a body of its own. Default plain text.
	Refusal func(Fault) Reply
	// Applies narrows what a fault matches: list faults to lists, for example.
	// Default all.
	Applies func(Fault, *Exchange) bool
	// Before does what a fault of a kind that this package does not do itself does
	// before the request is carried out, Revoke for example. With true the reply
	// stands in for the answer.
	Before func(Fault, *Exchange) (Reply, bool)
	// Replaces are the sandbox's own kinds for which Before gives the answer: of
	// those, of Status and of ResetBefore one at a time strikes.
	Replaces []FaultKind
}

// Exchange is one request on its way through a simulator.
type Exchange struct {
	HTTP         *http.Request // its body is already in Body
	Scheme, Host string
	Body         []byte
	Op           string  // the operation's name, "" for an unknown one
	Path         string  // what PathPrefix is compared with; default the URL's path
	Hits         []Fault // the faults that strike, filled after Route
}

// Hit finds the first fault of a kind that strikes this request.
func (x *Exchange) Hit(kind FaultKind) (Fault, bool) {
	for _, f := range x.Hits {
		if f.Kind == kind {
			return f, true
		}
	}
	return Fault{}, false
}

// Reply is an answer before it travels.
type Reply struct {
	Status int
	Header http.Header
	Body   []byte
	Rows   int // rows in the answer's list, for the log

	lost, cut, clean bool
}

// Logged is one request that a simulator received.
type Logged struct {
	Time        time.Time
	Method      string
	Path, Query string
	Status      int       // 0 when the connection broke
	Op          string    // the operation's name; empty for an unknown one
	Rows        int       // in the answer's list
	Fault       FaultKind // the first fault that struck; empty for none
}

// Front receives requests. A sandbox embeds it. It is safe for concurrent use.
type Front struct {
	c      Config
	mu     sync.Mutex
	faults []*Fault
	log    []Logged
}

// New makes a front.
func New(c Config) *Front {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Sleep == nil {
		c.Sleep = realSleep
	}
	return &Front{c: c}
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

// Inject adds a fault.
func (f *Front) Inject(fault Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = append(f.faults, &fault)
}

// ClearFaults removes all faults. What they did to the sandbox's state, such as
// revoked credentials, stays.
func (f *Front) ClearFaults() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = nil
}

// Requests returns the requests since the last reset, oldest first; of very many
// only the latest.
func (f *Front) Requests() []Logged {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.log)
}

// ResetRequests empties the request log.
func (f *Front) ResetRequests() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.log = nil
}

// exchange handles one request, whatever way it came.
func (f *Front) exchange(r *http.Request, scheme, host string) Reply {
	x := &Exchange{HTTP: r, Scheme: scheme, Host: host, Path: r.URL.Path}
	var unread error
	if r.Body != nil {
		x.Body, unread = io.ReadAll(io.LimitReader(r.Body, maxBody))
	}
	carryOut := f.c.Route(x)
	f.mu.Lock()
	x.Hits = f.strike(x)
	f.mu.Unlock()
	reply, done := f.before(x)
	switch {
	case unread != nil:
		reply = Reply{lost: true}
	case !done:
		reply = carryOut()
	}
	for _, hit := range x.Hits {
		switch hit.Kind {
		case ResetAfter:
			reply.lost = true
		case Truncate:
			reply.cut, reply.clean = true, hit.Clean
		}
	}
	f.record(x, reply)
	return reply
}

// before applies the faults that stand before a request and says whether one of
// them stands in for its answer.
func (f *Front) before(x *Exchange) (Reply, bool) {
	for _, hit := range x.Hits {
		if hit.Delay > 0 && f.c.Sleep(x.HTTP.Context(), hit.Delay) != nil {
			return Reply{lost: true}, true
		}
	}
	var reply Reply
	done := false
	for _, hit := range x.Hits {
		switch hit.Kind {
		case Latency, ResetAfter, Truncate:
		case ResetBefore:
			reply, done = Reply{lost: true}, true
		case Status:
			reply, done = f.reply(hit), true
		default:
			if f.c.Before != nil {
				if r, instead := f.c.Before(hit, x); instead {
					reply, done = r, true
				}
			}
		}
	}
	return reply, done
}

func (f *Front) record(x *Exchange, reply Reply) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.log) >= maxLog {
		f.log = slices.Delete(f.log, 0, maxLog/2)
	}
	l := Logged{Time: f.c.Now(), Method: x.HTTP.Method, Path: x.HTTP.URL.Path, Query: x.HTTP.URL.RawQuery, Status: reply.Status, Op: x.Op, Rows: reply.Rows}
	if reply.lost {
		l.Status, l.Rows = 0, 0
	}
	if len(x.Hits) > 0 {
		l.Fault = x.Hits[0].Kind
	}
	f.log = append(f.log, l)
}

// ServeHTTP answers one request over a connection.
func (f *Front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	reply := f.exchange(r, scheme, r.Host)
	if reply.lost {
		panic(http.ErrAbortHandler)
	}
	maps.Copy(w.Header(), reply.Header)
	body := reply.sent()
	if !reply.cut || reply.clean {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.WriteHeader(reply.Status)
		_, _ = w.Write(body) //nolint:gosec // a simulator sends what it was told to
		return
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(reply.Body)))
	w.WriteHeader(reply.Status)
	_, _ = w.Write(body) //nolint:gosec // as above
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// sent is the part of the body that travels.
func (r *Reply) sent() []byte {
	if r.cut {
		return r.Body[:len(r.Body)/2]
	}
	return r.Body
}

// Transport answers in process, without sockets, whatever host a request names.
func (f *Front) Transport() http.RoundTripper { return transport{f} }

type transport struct{ f *Front }

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer r.Body.Close()
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	reply := t.f.exchange(r, r.URL.Scheme, r.URL.Host)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if reply.lost {
		return nil, &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	}
	var body io.Reader = bytes.NewReader(reply.sent())
	length := len(reply.sent())
	if reply.cut && !reply.clean {
		body, length = io.MultiReader(body, cutOff{}), len(reply.Body)
	}
	res := &http.Response{
		Status: strconv.Itoa(reply.Status) + " " + http.StatusText(reply.Status), StatusCode: reply.Status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: reply.Header.Clone(), Body: io.NopCloser(body), ContentLength: int64(length), Request: r,
	}
	if res.Header == nil {
		res.Header = http.Header{}
	}
	if r.URL.Scheme == "https" {
		res.TLS = &tls.ConnectionState{}
	}
	return res, nil
}

type cutOff struct{}

func (cutOff) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
