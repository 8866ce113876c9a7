package access

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxBody is the most a request's body may hold, in bytes, where a route does not
// say otherwise.
const MaxBody = 1 << 20

// Route is one thing that can be asked for, with the role it needs.
type Route struct {
	Method  string
	Path    string // pattern of net/http.ServeMux, without method and host
	Role    Role
	Reach   Reach
	MaxBody int64 // in bytes; 0: MaxBody
	Handler http.HandlerFunc
}

// Refusal is why a request is not served, in words that are safe to send.
type Refusal struct {
	Status int
	Title  string
	Detail string
	Allow  string // for 405: the methods there are
}

// Policy says who is asking.
type Policy interface {
	// Check refuses a request before anything else is looked at. nil lets it pass.
	Check(r *http.Request) *Refusal
	// Identify says who sends the request. It may renew a cookie on w. An unknown
	// sender is Anyone; wrong credentials are a refusal.
	Identify(w http.ResponseWriter, r *http.Request) (Identity, *Refusal)
}

// Gate is the way to all routes.
type Gate struct {
	Policy Policy
	// Refuse writes a refusal in the form the sender understands: a problem
	// document or a page.
	Refuse func(w http.ResponseWriter, r *http.Request, why Refusal)
	// Secure says that the request came by https, for HSTS. nil: look at r.TLS.
	Secure func(r *http.Request) bool
}

// Handler builds the handler of all routes. It panics on a route without a role
// or handler and on two routes with one pattern: both are mistakes in a table.
func (g *Gate) Handler(routes ...Route) http.Handler {
	mux := http.NewServeMux()
	for _, route := range routes {
		if route.Role == undeclared || route.Handler == nil || route.Method == "" {
			panic(fmt.Sprintf("route %s %s declares no role, method or handler", route.Method, route.Path))
		}
		mux.Handle(route.Method+" "+route.Path, g.guard(route))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.headers(w, r)
		if why := g.Policy.Check(r); why != nil {
			g.Refuse(w, r, *why)
			return
		}
		handler, pattern := mux.Handler(r)
		if !plain(r.URL.Path) {
			g.Refuse(w, r, nothing)
			return
		}
		if pattern == "" {
			g.Refuse(w, r, unrouted(handler, r))
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// guard lets only those with the route's role pass, and only their own pages write.
func (g *Gate) guard(route Route) http.Handler {
	var origin http.CrossOriginProtection
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, why := g.Policy.Identify(w, r)
		if why != nil {
			if route.Role != Anyone {
				g.Refuse(w, r, *why)
				return
			}
			id = Identity{Role: Anyone}
		}
		if id.Session || id.Role <= Anyone {
			if err := origin.Check(r); err != nil {
				g.Refuse(w, r, Refusal{
					Status: http.StatusForbidden, Title: "Sent from another site",
					Detail: "This change was not sent by the bridge's own pages, so it was refused. Open the console and do it there.",
				})
				return
			}
		}
		r.Body = http.MaxBytesReader(w, r.Body, cmp.Or(route.MaxBody, MaxBody))
		switch {
		case id.May(route.Role) && id.Limited() && route.Reach == Account && route.Role != Anyone:
			g.Refuse(w, r, Refusal{
				Status: http.StatusForbidden, Title: "Not allowed",
				Detail: "This is about all customers, and you may see only some of them.",
			})
		case id.May(route.Role) && id.Limited() && route.Reach == OneCustomer && !id.Sees(r.PathValue("id")):
			g.Refuse(w, r, nothing) // whether there is such a customer is not told either
		case id.May(route.Role):
			route.Handler(w, r.WithContext(With(r.Context(), id)))
		case id.Role <= Anyone:
			g.Refuse(w, r, Refusal{
				Status: http.StatusUnauthorized, Title: "Sign in first",
				Detail: "This needs a sign-in. Scripts send an API token as a bearer token; people open the one-time link that the bridge printed.",
			})
		default:
			g.Refuse(w, r, Refusal{
				Status: http.StatusForbidden, Title: "Not allowed",
				Detail: fmt.Sprintf("This needs the role %s; you have %s.", route.Role, id.Role),
			})
		}
	})
}

// unrouted finds out why the mux has no route: no such path, or not with this method.
func unrouted(handler http.Handler, r *http.Request) Refusal {
	probe := probeWriter{header: http.Header{}}
	handler.ServeHTTP(&probe, r)
	if probe.status == http.StatusMethodNotAllowed {
		allow := probe.header.Get("Allow")
		return Refusal{
			Status: http.StatusMethodNotAllowed, Title: "Method not allowed", Allow: allow,
			Detail: "This address does not take " + methodName(r.Method) + "; it takes " + allow + ".",
		}
	}
	return nothing
}

var nothing = Refusal{Status: http.StatusNotFound, Title: "Not found", Detail: "There is nothing at this address."}

// maxPath bounds addresses, in bytes: ids in them become keys.
const maxPath = 500

// plain says whether an address can be one of ours at all.
func plain(path string) bool {
	return len(path) <= maxPath && utf8.ValidString(path) && !strings.ContainsFunc(path, unicode.IsControl)
}

// methodName keeps a hostile method out of the answer.
func methodName(m string) string {
	if slices.Contains([]string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"}, m) {
		return m
	}
	return "this method"
}

type probeWriter struct {
	header http.Header
	status int
}

func (p *probeWriter) Header() http.Header { return p.header }

func (p *probeWriter) Write(b []byte) (int, error) { return len(b), nil }

func (p *probeWriter) WriteHeader(status int) { p.status = status }

// contentSecurity allows our own files and nothing else: no inline script or
// style, no other site, no frame.
var contentSecurity = strings.Join([]string{
	"default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "font-src 'self'",
	"connect-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'",
}, "; ")

func (g *Gate) headers(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", contentSecurity)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
	h.Set("Cache-Control", "no-store")
	if g.secure(r) {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

func (g *Gate) secure(r *http.Request) bool {
	if g.Secure != nil {
		return g.Secure(r)
	}
	return r.TLS != nil
}
