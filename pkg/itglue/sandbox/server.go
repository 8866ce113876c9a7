package sandbox

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"uniview-bridge/pkg/vendorhttp/simulator"
)

const (
	contentType = "application/vnd.api+json"
	maxBody     = 10 << 20 // the gateway's (itglue.md §1.1)

	// RateLimit is how many requests are answered in any span of [RateWindow] (itglue.md §1.1).
	RateLimit = 3000
	// RateWindow is the span that [RateLimit] counts in.
	RateWindow = 5 * time.Minute
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
	*simulator.Front

	o      Options
	window simulator.Window
	mu     sync.Mutex
	st     *State
}

// New makes an empty account.
func New(o Options) *Server {
	if o.APIKey == "" {
		o.APIKey = "ITG.sandbox"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Server{o: o, st: newState(o.Now), window: simulator.Window{Limit: RateLimit, Per: RateWindow}}
	s.Front = simulator.New(simulator.Config{
		Now: o.Now, Sleep: o.Sleep, Route: s.route, Applies: applies, Before: s.before, Replaces: []FaultKind{PageTooLarge},
		Refusal: func(f Fault) answer { return gateway(f.Status, http.StatusText(f.Status)) },
	})
	return s
}

// Edit changes the account; no request is served meanwhile.
func (s *Server) Edit(f func(*State)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s.st)
}

// View looks at the account; it must not change it.
func (s *Server) View(f func(*State)) { s.Edit(f) }

// An answer is what goes back.
type answer = simulator.Reply

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

// route names a request's operation and says what carries it out.
func (s *Server) route(x *simulator.Exchange) func() answer {
	query, err := url.ParseQuery(x.HTTP.URL.RawQuery)
	rq := &request{s: s, method: x.HTTP.Method, path: x.HTTP.URL.Path, query: query, body: x.Body}
	handle := rq.route()
	x.Op = rq.op
	return func() answer {
		for _, f := range x.Hits {
			rq.bend(f)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		rq.st, rq.now = s.st, s.o.Now().UTC()
		if err != nil {
			return badRequest("the query cannot be read", "").answer()
		}
		return s.judge(rq, x.HTTP.Header, handle)
	}
}

// judge applies the rules that hold for all routes, in the order in which the layers of the real service would.
func (s *Server) judge(rq *request, header http.Header, handle func(*request) (answer, error)) answer {
	if !s.o.NoLimit && s.window.Admit(rq.now) > 0 {
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
			return badRequest("the sandbox takes no parameters on a write: a filter would stand in for the ids", "").answer()
		}
	} else if err := rq.parameters(); err != nil {
		return asRefusal(err).answer()
	}
	a, err := handle(rq)
	if err != nil {
		return asRefusal(err).answer()
	}
	return a
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
