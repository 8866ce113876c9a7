package sandbox

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"uniview-bridge/pkg/vendorhttp/simulator"
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
	*simulator.Front

	o      Options
	mu     sync.Mutex
	state  *State
	tokens map[string]grant
	issued int
}

type grant struct {
	client string
	ends   time.Time
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
	if o.TokenLifetime <= 0 {
		o.TokenLifetime = time.Hour
	}
	s := &Server{
		o: o, tokens: map[string]grant{},
		state: &State{seed: o.Seed, serial: map[string]int{}, Credentials: []*Credential{{ClientID: o.ClientID, Secret: o.ClientSecret}}},
	}
	s.Front = simulator.New(simulator.Config{
		Now: o.Now, Sleep: o.Sleep, Route: s.route, Applies: applies, Before: s.before,
		Refusal: func(f Fault) reply { return problem(f.Status, "", "") },
	})
	return s
}

// Edit changes the portal's data; no request is answered meanwhile.
func (s *Server) Edit(f func(*State)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s.state)
}

// View looks at the portal's data. It must not change it.
func (s *Server) View(f func(*State)) { s.Edit(f) }

// reply is an answer before it travels.
type reply = simulator.Reply

func jsonReply(status int, v any) reply {
	body, err := json.Marshal(v)
	if err != nil {
		return reply{Status: http.StatusInternalServerError}
	}
	return reply{Status: status, Header: http.Header{"Content-Type": {"application/json; charset=utf-8"}}, Body: body}
}

// problem is ASP.NET's answer to a request it cannot use [inferred].
func problem(status int, field, text string) reply {
	doc := map[string]any{"type": "https://tools.ietf.org/html/rfc9110", "title": http.StatusText(status), "status": status}
	if field != "" {
		doc["title"] = "One or more validation errors occurred."
		doc["errors"] = map[string][]string{field: {text}}
	}
	r := jsonReply(status, doc)
	r.Header.Set("Content-Type", "application/problem+json; charset=utf-8")
	return r
}

// route names a request's operation and says what carries it out.
func (s *Server) route(x *simulator.Exchange) func() reply {
	rt, known := routes[x.HTTP.URL.Path]
	if !known {
		return func() reply { return problem(http.StatusNotFound, "", "") }
	}
	x.Op = rt.method + " " + x.HTTP.URL.Path
	switch {
	case x.HTTP.Method != rt.method:
		return func() reply {
			rep := problem(http.StatusMethodNotAllowed, "", "")
			rep.Header.Set("Allow", rt.method)
			return rep
		}
	case rt.list == nil:
		return func() reply { return s.token(x) }
	}
	return func() reply { return s.list(x, rt) }
}

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
	return reply{Status: http.StatusUnauthorized, Header: http.Header{"Www-Authenticate": {`Bearer error="invalid_token"`}}}
}

// token is POST /connect/token (uniview.md §2).
func (s *Server) token(x *simulator.Exchange) reply {
	refuse := func(code string) reply { return jsonReply(http.StatusBadRequest, map[string]string{"error": code}) }
	if ct, _, _ := strings.Cut(x.HTTP.Header.Get("Content-Type"), ";"); strings.TrimSpace(strings.ToLower(ct)) != "application/x-www-form-urlencoded" {
		return refuse("invalid_request")
	}
	form, err := url.ParseQuery(string(x.Body))
	if err != nil {
		return refuse("invalid_request")
	}
	id, secret := form.Get("client_id"), form.Get("client_secret")
	if user, pass, ok := x.HTTP.BasicAuth(); ok {
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
	rep.Header.Set("Cache-Control", "no-store")
	return rep
}
