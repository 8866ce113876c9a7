package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Options describe a portal. The zero value is usable.
type Options struct {
	ClientID, ClientSecret string // default "sandbox" and "sandbox-secret"

	Now           func() time.Time                           // default time.Now
	Sleep         func(context.Context, time.Duration) error // for Latency faults; default real time
	TokenLifetime time.Duration                              // default 1 hour
	Seed          string                                     // ids depend on it

	// What is not known of UniView (uniview.md §7), the other way round.
	MaxPageSize int  // larger pages are silently made this small; 0 = no cap
	RichAlerts  bool // alerts carry id, asset_key and asset_name
}

// Server is one portal. It is safe for concurrent use.
type Server struct {
	o      Options
	mu     sync.Mutex
	state  *State
	tokens map[string]grant
	issued int
	faults []*Fault
	log    []Logged
}

type grant struct {
	client string
	ends   time.Time
}

// Logged is one request that the portal received.
type Logged struct {
	Time        time.Time
	Method      string
	Path, Query string
	Status      int    // 0 when the connection broke
	Op          string // the route: "GET /v1/customers"; empty for an unknown one
	Rows        int    // in the answer's list
}

// New makes an empty portal with one credential.
func New(o Options) *Server {
	if o.ClientID == "" {
		o.ClientID = "sandbox"
	}
	if o.ClientSecret == "" {
		o.ClientSecret = "sandbox-secret"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Sleep == nil {
		o.Sleep = realSleep
	}
	if o.TokenLifetime <= 0 {
		o.TokenLifetime = time.Hour
	}
	return &Server{
		o: o, tokens: map[string]grant{},
		state: &State{seed: o.Seed, serial: map[string]int{}, Credentials: []*Credential{{ClientID: o.ClientID, Secret: o.ClientSecret}}},
	}
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

// Edit changes the portal's data; no request is answered meanwhile.
func (s *Server) Edit(f func(*State)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s.state)
}

// View looks at the portal's data. It must not change it.
func (s *Server) View(f func(*State)) { s.Edit(f) }

// Requests returns what was asked so far, oldest first.
func (s *Server) Requests() []Logged {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.log)
}

// ResetRequests forgets what was asked.
func (s *Server) ResetRequests() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = nil
}

const maxLog = 100_000

// reply is an answer before it travels.
type reply struct {
	status int
	header http.Header
	body   []byte
	rows   int
	reset  bool // no answer
	cut    bool // half of the body
}

func jsonReply(status int, v any) reply {
	body, err := json.Marshal(v)
	if err != nil {
		return reply{status: 500}
	}
	return reply{status: status, header: http.Header{"Content-Type": {"application/json; charset=utf-8"}}, body: body}
}

// problem is ASP.NET's answer to a request it cannot use [inferred].
func problem(status int, field, text string) reply {
	doc := map[string]any{"type": "https://tools.ietf.org/html/rfc9110", "title": http.StatusText(status), "status": status}
	if field != "" {
		doc["title"] = "One or more validation errors occurred."
		doc["errors"] = map[string][]string{field: {text}}
	}
	r := jsonReply(status, doc)
	r.header.Set("Content-Type", "application/problem+json; charset=utf-8")
	return r
}

// answer handles one request, whatever way it came.
func (s *Server) answer(r *http.Request) reply {
	rt, known := routes[r.URL.Path]
	op := ""
	if known {
		op = rt.method + " " + r.URL.Path
	}
	s.mu.Lock()
	hit := s.faultsFor(r, op)
	s.mu.Unlock()
	for _, f := range hit {
		if f.Kind == Latency && s.o.Sleep(r.Context(), f.Delay) != nil {
			return s.record(r, op, reply{reset: true})
		}
	}
	var rep reply
	for _, f := range hit {
		switch f.Kind {
		case ResetBefore:
			return s.record(r, op, reply{reset: true})
		case Status:
			return s.record(r, op, f.reply())
		case Revoke:
			s.Edit(func(st *State) {
				for _, c := range st.Credentials {
					c.Revoked = true
				}
			})
		case EndTokens:
			s.Edit(func(*State) { s.tokens = map[string]grant{} })
		}
	}
	switch {
	case !known:
		rep = problem(http.StatusNotFound, "", "")
	case r.Method != rt.method:
		rep = problem(http.StatusMethodNotAllowed, "", "")
		rep.header.Set("Allow", rt.method)
	case rt.list == nil:
		rep = s.token(r)
	default:
		rep = s.list(r, rt, hit)
	}
	for _, f := range hit {
		switch f.Kind {
		case ResetAfter:
			rep = reply{reset: true}
		case Truncate:
			rep.cut = true
		}
	}
	return s.record(r, op, rep)
}

func (f Fault) reply() reply {
	h := f.Header.Clone()
	if h == nil {
		h = http.Header{}
	}
	switch {
	case f.HTML && f.Body == "":
		f.Body = fmt.Sprintf("<html><head><title>%d %s</title></head><body>%s</body></html>", f.Status, http.StatusText(f.Status), http.StatusText(f.Status))
	case f.Body == "":
		rep := problem(f.Status, "", "")
		maps.Copy(rep.header, h)
		return rep
	}
	ct := "application/json; charset=utf-8"
	if f.HTML {
		ct = "text/html; charset=utf-8"
	}
	if h.Get("Content-Type") == "" {
		h.Set("Content-Type", ct)
	}
	return reply{status: f.Status, header: h, body: []byte(f.Body)}
}

func (s *Server) record(r *http.Request, op string, rep reply) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.log) >= maxLog {
		s.log = slices.Delete(s.log, 0, maxLog/2)
	}
	status := rep.status
	if rep.reset {
		status = 0
	}
	s.log = append(s.log, Logged{Time: s.o.Now(), Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, Status: status, Op: op, Rows: rep.rows})
	return rep
}

// ServeHTTP serves the portal and its login on one address.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rep := s.answer(r)
	if rep.reset {
		panic(http.ErrAbortHandler)
	}
	maps.Copy(w.Header(), rep.header)
	w.Header().Set("Content-Length", strconv.Itoa(len(rep.body)))
	w.WriteHeader(rep.status)
	if rep.cut {
		_, _ = w.Write(rep.body[:len(rep.body)/2])
		if f, ok := w.(http.Flusher); ok {
			f.Flush()
		}
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(rep.body)
}

// Transport answers in-process for any host, without sockets.
func (s *Server) Transport() http.RoundTripper { return transport{s} }

type transport struct{ s *Server }

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer r.Body.Close()
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	rep := t.s.answer(r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if rep.reset {
		return nil, syscall.ECONNRESET
	}
	var body io.Reader = bytes.NewReader(rep.body)
	if rep.cut {
		body = io.MultiReader(bytes.NewReader(rep.body[:len(rep.body)/2]), cutOff{})
	}
	h := rep.header
	if h == nil {
		h = http.Header{}
	}
	return &http.Response{
		Status: fmt.Sprintf("%d %s", rep.status, http.StatusText(rep.status)), StatusCode: rep.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: h, Body: io.NopCloser(body), ContentLength: int64(len(rep.body)), Request: r,
	}, nil
}

type cutOff struct{}

func (cutOff) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// authorized says whether a request carries a living token.
func (s *Server) authorized(r *http.Request) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	g, ok := s.tokens[token]
	if !strings.EqualFold(scheme, "bearer") || !ok || !s.o.Now().Before(g.ends) {
		return false
	}
	c := s.credential(g.client)
	return c != nil && !c.Revoked
}

func (s *Server) credential(id string) *Credential {
	for _, c := range s.state.Credentials {
		if c.ClientID == id {
			return c
		}
	}
	return nil
}

func unauthorized() reply {
	return reply{status: http.StatusUnauthorized, header: http.Header{"Www-Authenticate": {`Bearer error="invalid_token"`}}}
}

// token is POST /connect/token (uniview.md §2).
func (s *Server) token(r *http.Request) reply {
	refuse := func(code string) reply { return jsonReply(http.StatusBadRequest, map[string]string{"error": code}) }
	if ct, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); strings.TrimSpace(strings.ToLower(ct)) != "application/x-www-form-urlencoded" {
		return refuse("invalid_request")
	}
	raw, err := io.ReadAll(io.LimitReader(r.Body, 64<<10))
	if err != nil {
		return refuse("invalid_request")
	}
	form, err := url.ParseQuery(string(raw))
	if err != nil {
		return refuse("invalid_request")
	}
	id, secret := form.Get("client_id"), form.Get("client_secret")
	if user, pass, ok := r.BasicAuth(); ok {
		if id, err = url.QueryUnescape(user); err != nil {
			return refuse("invalid_client")
		}
		if secret, err = url.QueryUnescape(pass); err != nil {
			return refuse("invalid_client")
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.credential(id)
	switch {
	case c == nil || c.Secret != secret || c.Revoked:
		return refuse("invalid_client")
	case form.Get("grant_type") == "":
		return refuse("unsupported_grant_type")
	case form.Get("grant_type") != "client_credentials":
		return refuse("unauthorized_client")
	case form.Get("scope") != "":
		return refuse("invalid_scope")
	}
	s.issued++
	token := fmt.Sprintf("uv-token-%06d", s.issued)
	for old, g := range s.tokens {
		if !s.o.Now().Before(g.ends) {
			delete(s.tokens, old)
		}
	}
	s.tokens[token] = grant{client: id, ends: s.o.Now().Add(s.o.TokenLifetime)}
	rep := jsonReply(http.StatusOK, map[string]any{"access_token": token, "expires_in": int(s.o.TokenLifetime.Seconds()), "token_type": "Bearer"})
	rep.header.Set("Cache-Control", "no-store")
	return rep
}
