package access_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"uniview-bridge/pkg/httpapi/access"
)

const token = "correct horse"

type fixture struct {
	t       *testing.T
	now     time.Time
	local   *access.Local
	printed []string
	handler http.Handler
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{t: t, now: time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)}
	f.local = access.NewLocal(access.LocalOptions{
		Token: token, Hosts: []string{"bridge.example"}, Base: "http://127.0.0.1:8080", Now: func() time.Time { return f.now },
		Print: func(link string) { f.printed = append(f.printed, link) },
	})
	gate := access.Gate{Policy: f.local, Refuse: func(w http.ResponseWriter, _ *http.Request, why access.Refusal) { http.Error(w, why.Title, why.Status) }}
	whoami := func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte(access.From(r.Context()).Name)) }
	f.handler = gate.Handler(
		access.Route{Method: "GET", Path: "/open", Role: access.Anyone, Handler: whoami},
		access.Route{Method: "GET", Path: "/read", Role: access.Viewer, Handler: whoami},
		access.Route{Method: "POST", Path: "/write", Role: access.Administrator, Handler: whoami},
		access.Route{Method: "GET", Path: "/login", Role: access.Anyone, Handler: func(w http.ResponseWriter, r *http.Request) {
			if !f.local.SignIn(w, r, r.URL.Query().Get("once")) {
				http.Error(w, "no", http.StatusForbidden)
			}
		}},
		access.Route{Method: "POST", Path: "/logout", Role: access.Anyone, Handler: f.local.SignOut},
	)
	return f
}

func (f *fixture) send(method, target string, change func(*http.Request)) *http.Response {
	f.t.Helper()
	if strings.HasPrefix(target, "/") {
		target = "http://127.0.0.1:8080" + target
	}
	r := httptest.NewRequestWithContext(f.t.Context(), method, target, nil)
	if change != nil {
		change(r)
	}
	rec := httptest.NewRecorder()
	f.handler.ServeHTTP(rec, r)
	return rec.Result()
}

func (f *fixture) status(want int, method, target string, change func(*http.Request)) *http.Response {
	f.t.Helper()
	res := f.send(method, target, change)
	if res.StatusCode != want {
		f.t.Errorf("%s %s: got %d, want %d", method, target, res.StatusCode, want)
	}
	return res
}

func bearer(v string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", v) }
}

// signIn uses a link and returns the session's cookie.
func (f *fixture) signIn() *http.Cookie {
	f.t.Helper()
	res := f.status(200, "GET", f.local.Link("http://127.0.0.1:8080"), nil)
	cookies := res.Cookies()
	if len(cookies) != 1 {
		f.t.Fatalf("a sign-in sets one cookie, got %v", cookies)
	}
	return cookies[0]
}

func with(c *http.Cookie) func(*http.Request) {
	return func(r *http.Request) {
		r.AddCookie(c)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
}

func TestBearerTokens(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.status(401, "GET", "/read", nil)
	f.status(200, "GET", "/read", bearer("Bearer "+token))
	f.status(200, "POST", "/write", bearer("bearer "+token))
	f.status(401, "POST", "/write", bearer("Bearer "+token+"x"))
	f.status(401, "GET", "/read", bearer("Bearer "))
	f.status(401, "GET", "/read", bearer("Basic "+token))
	f.status(200, "GET", "/open", bearer("Bearer wrong"))

	none := access.NewLocal(access.LocalOptions{})
	r := httptest.NewRequestWithContext(t.Context(), "GET", "http://localhost/read", nil)
	r.Header.Set("Authorization", "Bearer ")
	if _, why := none.Identify(httptest.NewRecorder(), r); why == nil {
		t.Error("an empty token opens a bridge that has none")
	}
}

func TestHostNamesThatAreNotThisMachineAreRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for host, want := range map[string]int{
		"127.0.0.1:8080": 200, "localhost": 200, "LOCALHOST:1": 200, "[::1]:8080": 200, "[::1]": 200, "127.8.8.8": 200, "bridge.example:80": 200,
		"[::ffff:127.0.0.1]:80": 200,
		"evil.example":          403, "127.0.0.1.evil.example": 403, "localhost.evil.example": 403, "10.0.0.1": 403, "0.0.0.0": 403, "": 403,
		"[fe80::1%25lo]": 403,
	} {
		f.status(want, "GET", "/read", func(r *http.Request) {
			r.Host = host
			bearer("Bearer " + token)(r)
		})
	}
}

func TestALinkWorksOnceAndNotForLong(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	link := f.local.Link("http://127.0.0.1:8080")
	if u, err := url.Parse(link); err != nil || u.Path != "/login" || len(u.Query().Get("once")) < 20 {
		t.Fatalf("link is %q", link)
	}
	f.status(200, "GET", link, nil)
	f.status(403, "GET", link, nil)
	late := f.local.Link("http://127.0.0.1:8080")
	f.now = f.now.Add(access.LinkLife)
	f.status(403, "GET", late, nil)
	f.status(403, "GET", "/login?once=", nil)
}

func TestSessions(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.signIn()
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Secure || strings.HasPrefix(c.Name, "__Host-") {
		t.Errorf("the cookie over http is %v", c)
	}
	f.status(200, "GET", "/read", with(c))
	f.status(401, "GET", "/read", with(&http.Cookie{Name: c.Name, Value: c.Value + "x"}))

	t.Log("the cookie changes while it is used, and the old one ends")
	f.now = f.now.Add(20 * time.Minute)
	res := f.status(200, "GET", "/read", with(c))
	if len(res.Cookies()) != 1 || res.Cookies()[0].Value == c.Value {
		t.Fatalf("no new cookie after 20 minutes: %v", res.Cookies())
	}
	next := res.Cookies()[0]
	f.status(200, "GET", "/read", with(c)) // a request that was on its way
	f.now = f.now.Add(2 * time.Minute)
	f.status(401, "GET", "/read", with(c))
	f.status(200, "GET", "/read", with(next))

	t.Log("signing out ends it")
	f.status(200, "POST", "/logout", with(next))
	f.status(401, "GET", "/read", with(next))
}

func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	idle := f.signIn()
	f.now = f.now.Add(access.IdleLimit)
	f.status(401, "GET", "/read", with(idle))

	busy := f.signIn()
	for end := f.now.Add(access.AbsoluteLimit); f.now.Before(end); f.now = f.now.Add(10 * time.Minute) {
		res := f.status(200, "GET", "/read", with(busy))
		for _, c := range res.Cookies() {
			busy = c
		}
	}
	f.status(401, "GET", "/read", with(busy))
}

func TestOverHTTPSTheCookieIsSecure(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	res := f.status(200, "GET", strings.Replace(f.local.Link("http://127.0.0.1:8080"), "http:", "https:", 1), nil)
	c := res.Cookies()[0]
	if !c.Secure || c.Name != "__Host-bridge_session" {
		t.Errorf("the cookie over https is %v", c)
	}
	if res.Header.Get("Strict-Transport-Security") == "" {
		t.Error("no HSTS over https")
	}
}

func TestWritesFromOtherSitesAreRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.signIn()
	for name, test := range map[string]struct {
		site, origin string
		want         int
	}{
		"our own page":                {"same-origin", "http://127.0.0.1:8080", 200},
		"another site":                {"cross-site", "http://evil.example", 403},
		"another port of this host":   {"same-site", "http://127.0.0.1:9999", 403},
		"an old browser, our page":    {"", "http://127.0.0.1:8080", 200},
		"an old browser, other page":  {"", "http://evil.example", 403},
		"an old browser, null origin": {"", "null", 403},
	} {
		t.Run(name, func(t *testing.T) {
			res := f.send("POST", "/write", func(r *http.Request) {
				r.AddCookie(c)
				if test.site != "" {
					r.Header.Set("Sec-Fetch-Site", test.site)
				}
				r.Header.Set("Origin", test.origin)
			})
			if res.StatusCode != test.want {
				t.Errorf("got %d, want %d", res.StatusCode, test.want)
			}
		})
	}
	f.status(200, "POST", "/write", func(r *http.Request) {
		bearer("Bearer " + token)(r)
		r.Header.Set("Origin", "http://evil.example") // scripts send no cookie: nothing to forge
	})
}

func TestEveryAnswerHasTheSecurityHeaders(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, target := range []string{"/open", "/read", "/nowhere", "http://evil.example/open"} {
		h := f.send("GET", target, nil).Header
		csp := h.Get("Content-Security-Policy")
		if csp == "" || strings.Contains(csp, "unsafe") || !strings.Contains(csp, "frame-ancestors 'none'") || !strings.Contains(csp, "default-src 'none'") {
			t.Errorf("%s: content security policy is %q", target, csp)
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("X-Frame-Options") != "DENY" || h.Get("Cache-Control") != "no-store" || h.Get("Referrer-Policy") == "" {
			t.Errorf("%s: headers are %v", target, h)
		}
	}
}

func TestNewLinksArePrintedNowAndThen(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	if !f.local.PrintLink() || f.local.PrintLink() || len(f.printed) != 1 {
		t.Errorf("two requests at once printed %d links", len(f.printed))
	}
	f.now = f.now.Add(time.Minute)
	if !f.local.PrintLink() || len(f.printed) != 2 {
		t.Error("a minute later nothing was printed")
	}
	for _, link := range f.printed {
		if !strings.HasPrefix(link, "http://127.0.0.1:8080/login?once=") {
			t.Errorf("the link %q does not lead to the bridge's own address", link)
		}
	}
	f.status(200, "GET", f.printed[1], nil)
	if access.NewLocal(access.LocalOptions{Print: func(string) {}}).CanPrint() {
		t.Error("links can be printed without an address for them")
	}
}

func TestUntilSignInIsConfiguredOnlyHealthIsAnswered(t *testing.T) {
	t.Parallel()
	gate := access.Gate{Policy: access.Refuse{}, Refuse: func(w http.ResponseWriter, _ *http.Request, why access.Refusal) {
		http.Error(w, why.Detail, why.Status)
	}}
	ok := func(http.ResponseWriter, *http.Request) {}
	handler := gate.Handler(
		access.Route{Method: "GET", Path: "/healthz", Role: access.Anyone, Handler: ok},
		access.Route{Method: "GET", Path: "/api/v1/healthz", Role: access.Anyone, Handler: ok},
		access.Route{Method: "GET", Path: "/login", Role: access.Anyone, Handler: ok},
		access.Route{Method: "GET", Path: "/", Role: access.Viewer, Handler: ok},
	)
	for path, want := range map[string]int{"/healthz": 200, "/api/v1/healthz": 200, "/login": 403, "/": 403, "/nowhere": 403, "/healthz/": 403, "//healthz": 403} {
		rec := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), "GET", "https://x.example"+path, nil)
		r.Header.Set("Authorization", "Bearer anything")
		handler.ServeHTTP(rec, r)
		if rec.Code != want {
			t.Errorf("%s: got %d, want %d", path, rec.Code, want)
		}
		if want == 403 && !strings.Contains(rec.Body.String(), "no sign-in on AWS yet") {
			t.Errorf("%s: says %q", path, rec.Body)
		}
	}
}

func TestARouteWithoutARoleCannotBeBuilt(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("it was built")
		}
	}()
	gate := access.Gate{Policy: access.Refuse{}}
	gate.Handler(access.Route{Method: "GET", Path: "/x", Handler: func(http.ResponseWriter, *http.Request) {}})
}
