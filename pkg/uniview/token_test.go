package uniview

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"uniview-bridge/pkg/uniview/sandbox"
	"uniview-bridge/pkg/vendorhttp"
)

func tokenRequests(sb *sandbox.Server) int { return len(sb.Requests()) - listRequests(sb) }

func TestCredentialsTravelAsAsked(t *testing.T) {
	t.Parallel()
	for name, inBody := range map[string]bool{"HTTP Basic by default": false, "in the body when asked": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var seen *http.Request
			var form url.Values
			cfg := Config{ClientID: testID, ClientSecret: testSecret, TokenInBody: inBody}
			cfg.HTTP.HTTP = &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
				if r.Method == http.MethodPost {
					seen = r
					b, _ := io.ReadAll(r.Body)
					form, _ = url.ParseQuery(string(b))
					return answer(r, 200, nil, `{"access_token":"t0ken-abcdef","expires_in":"3600","token_type":"bearer"}`), nil
				}
				return answer(r, 200, paged(0), "[]"), nil
			})}
			if err := client(t, cfg).Test(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := seen.URL.String(); got != "https://login.backup.net/connect/token" || seen.Header.Get("Content-Type") != "application/x-www-form-urlencoded" || form.Get("grant_type") != "client_credentials" || form.Has("scope") {
				t.Errorf("got %s %v %v", got, seen.Header, form)
			}
			want := "Basic " + base64.StdEncoding.EncodeToString([]byte(testID+":"+url.QueryEscape(testSecret)))
			if inBody {
				want = ""
			}
			if got := seen.Header.Get("Authorization"); got != want {
				t.Errorf("authorization %q, want %q", got, want)
			}
			if got := form.Get("client_id") == testID && form.Get("client_secret") == testSecret; got != inBody {
				t.Errorf("credentials in the body: %v, want %v", got, inBody)
			}
		})
	}
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestBothWaysOfCredentialsWorkWithThePortal(t *testing.T) {
	t.Parallel()
	for _, inBody := range []bool{false, true} {
		c, _, _ := portal(t, Config{TokenInBody: inBody}, sandbox.Options{})
		if err := c.Test(t.Context()); err != nil {
			t.Errorf("in body %v: %v", inBody, err)
		}
	}
}

func TestATokenIsKeptUntilShortlyBeforeItsEnd(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ lifetime, usable time.Duration }{
		"an hour: a minute early":          {time.Hour, 59 * time.Minute},
		"five minutes: ten per cent early": {5 * time.Minute, 270 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, sb, clk := portal(t, Config{}, sandbox.Options{TokenLifetime: tt.lifetime})
			test := func(want int) {
				t.Helper()
				if err := c.Test(t.Context()); err != nil {
					t.Fatal(err)
				}
				if got := tokenRequests(sb); got != want {
					t.Errorf("%d token requests, want %d", got, want)
				}
			}
			test(1)
			clk.Advance(tt.usable - time.Second)
			test(1)
			clk.Advance(time.Second)
			test(2)
		})
	}
}

func TestManyCallersShareOneTokenRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sb := sandbox.New(sandbox.Options{})
		sb.Inject(sandbox.Fault{Kind: sandbox.Latency, Op: "POST /connect/token", Delay: 2 * time.Second})
		c := client(t, Config{ClientID: "sandbox", ClientSecret: "sandbox-secret", HTTP: vendorhttp.Options{HTTP: &http.Client{Transport: sb.Transport()}}})
		run := func() {
			var wg sync.WaitGroup
			for range 20 {
				wg.Go(func() {
					if _, err := c.ListCustomers(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
		}
		run()
		if got := tokenRequests(sb); got != 1 {
			t.Errorf("%d token requests for 20 callers, want 1", got)
		}
		sb.Inject(sandbox.Fault{Kind: sandbox.EndTokens, Op: "GET /v1/customers", Times: 1})
		run()
		if got := tokenRequests(sb); got != 2 {
			t.Errorf("%d token requests after all tokens ended, want 2", got)
		}
	})
}

func TestOneCallersEndDoesNotEndTheTokenRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sb := sandbox.New(sandbox.Options{})
		sb.Inject(sandbox.Fault{Kind: sandbox.Latency, Op: "POST /connect/token", Delay: 2 * time.Second})
		c := client(t, Config{ClientID: "sandbox", ClientSecret: "sandbox-secret", HTTP: vendorhttp.Options{HTTP: &http.Client{Transport: sb.Transport()}}})
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		first := make(chan error)
		go func() { first <- c.Test(short) }()
		synctest.Wait()
		second := make(chan error)
		go func() { second <- c.Test(t.Context()) }()
		if err := <-first; !errors.Is(err, context.DeadlineExceeded) || vendorhttp.KindOf(err) != vendorhttp.Network {
			t.Errorf("the caller whose time was up got %v", err)
		}
		if err := <-second; err != nil || tokenRequests(sb) != 1 {
			t.Errorf("the other caller got %v after %d token requests", err, tokenRequests(sb))
		}
	})
}

func TestAnEndedTokenIsReplacedOnce(t *testing.T) {
	t.Parallel()
	c, sb, _ := portal(t, Config{}, sandbox.Options{})
	if err := c.Test(t.Context()); err != nil {
		t.Fatal(err)
	}
	sb.Inject(sandbox.Fault{Kind: sandbox.EndTokens, Op: "GET /v1/customers", Times: 1})
	if err := c.Test(t.Context()); err != nil || tokenRequests(sb) != 2 {
		t.Errorf("%v after %d token requests", err, tokenRequests(sb))
	}
	sb.ResetRequests()
	sb.Inject(sandbox.Fault{Kind: sandbox.EndTokens, Op: "GET /v1/customers"})
	if err := c.Test(t.Context()); !vendorhttp.IsAuth(err) || listRequests(sb) != 2 || tokenRequests(sb) != 1 {
		t.Errorf("%v after %d list and %d token requests", err, listRequests(sb), tokenRequests(sb))
	}
}

func TestRevokedCredentialsSayWhatToDo(t *testing.T) {
	t.Parallel()
	c, sb, _ := portal(t, Config{}, sandbox.Options{})
	if err := c.Test(t.Context()); err != nil {
		t.Fatal(err)
	}
	sb.Inject(sandbox.Fault{Kind: sandbox.Revoke, Times: 1})
	err := c.Test(t.Context())
	if !vendorhttp.IsAuth(err) || !strings.Contains(err.Error(), "enter them again") {
		t.Errorf("got %v", err)
	}
	sb.Edit(func(st *sandbox.State) { st.Credentials[0].Revoked = false })
	if err := c.Test(t.Context()); err != nil {
		t.Errorf("after the credentials came back: %v", err)
	}
}

// A login that is down while a token ends must not look like bad credentials:
// that would stop the connection.
func TestALoginThatIsDownIsNotABadCredential(t *testing.T) {
	t.Parallel()
	c, sb, _ := portal(t, Config{}, sandbox.Options{})
	if err := c.Test(t.Context()); err != nil {
		t.Fatal(err)
	}
	sb.Inject(sandbox.Fault{Kind: sandbox.EndTokens, Op: "GET /v1/customers", Times: 1})
	sb.Inject(sandbox.Fault{Kind: sandbox.Status, Op: "POST /connect/token", Status: 503, HTML: true})
	if err := c.Test(t.Context()); vendorhttp.KindOf(err) != vendorhttp.Unavailable || !vendorhttp.Retryable(err) {
		t.Errorf("got %v", err)
	}
}

func TestStrangeTokenAnswers(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		body   string
		status int
		kind   vendorhttp.Kind
	}{
		"no JSON":                      {"<html>", 200, vendorhttp.Malformed},
		"no token":                     {`{"expires_in":3600}`, 200, vendorhttp.Malformed},
		"a token with a line break":    {`{"access_token":"a\r\nX-Evil: 1"}`, 200, vendorhttp.Malformed},
		"a token of another kind":      {`{"access_token":"abc","token_type":"mac"}`, 200, vendorhttp.Malformed},
		"a lifetime that is no number": {`{"access_token":"abc","expires_in":"soon"}`, 200, vendorhttp.Malformed},
		"a lifetime below zero":        {`{"access_token":"abc","expires_in":-1}`, 200, vendorhttp.Malformed},
		"no lifetime is an hour":       {`{"access_token":"abc"}`, 200, ""},
		"a huge lifetime is a day":     {`{"access_token":"abc","expires_in":1e300}`, 200, ""},
		"refused with 400":             {`{"error":"invalid_client"}`, 400, vendorhttp.Auth},
		"refused with 401":             {`{"error":"invalid_client"}`, 401, vendorhttp.Auth},
		"refused as unauthorized":      {`{"error":"unauthorized_client"}`, 400, vendorhttp.Auth},
		"a request we built wrongly":   {`{"error":"invalid_request"}`, 400, vendorhttp.Invalid},
		"a firewall in between":        {`<html>`, 403, vendorhttp.Forbidden},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := Config{ClientID: testID, ClientSecret: testSecret}
			cfg.HTTP.HTTP = &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
				if r.Method == http.MethodPost {
					return answer(r, tt.status, nil, tt.body), nil
				}
				return answer(r, 200, paged(0), "[]"), nil
			})}
			if err := client(t, cfg).Test(t.Context()); vendorhttp.KindOf(err) != tt.kind {
				t.Errorf("got %v, want kind %q", err, tt.kind)
			}
		})
	}
}

func FuzzTokenAnswers(f *testing.F) {
	for _, s := range []string{`{"access_token":"abc","expires_in":3600,"token_type":"Bearer"}`, `{"access_token":"a b"}`, `{"access_token":"a","expires_in":1e308}`, `{"access_token":"a","expires_in":"1e-400"}`, `[]`, `{"access_token":null}`, "<html>"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		value, lifetime, odd := decodeToken(body)
		if (odd == "") == (value == "") || lifetime < 0 || lifetime > maxLifetime {
			t.Errorf("%q gives %q for %v, odd %q", body, value, lifetime, odd)
		}
		if strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r > '~' }) {
			t.Errorf("a token that cannot travel in a header: %q", value)
		}
	})
}

func FuzzErrorBodies(f *testing.F) {
	for _, s := range []string{`{"error":"invalid_client"}`, `{"error":{"code":1}}`, `<html>`, ``, `{"error":"unauthorized_client"`} {
		f.Add(400, []byte(s))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		kind := classify(status, nil, body)
		if kind != "" && (kind != vendorhttp.Auth || status != 400 && status != 401) {
			t.Errorf("%d %q is %s", status, body, kind)
		}
	})
}

func TestConfigNeverPrintsTheSecret(t *testing.T) {
	t.Parallel()
	cfg := Config{ClientID: testID, ClientSecret: testSecret}
	var b strings.Builder
	slog.New(slog.NewJSONHandler(&b, nil)).Info("x", slog.Any("config", cfg))
	text := fmt.Sprintf("%v %+v %#v %s", cfg, cfg, cfg, b.String())
	if strings.Contains(text, testSecret) || !strings.Contains(text, testID) {
		t.Error(text)
	}
}

func TestNewSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		cfg  Config
		want string
	}{
		"no id":               {Config{ClientSecret: "x"}, "client id"},
		"no secret":           {Config{ClientID: "x", ClientSecret: "  "}, "secret"},
		"an API of no scheme": {Config{ClientID: "x", ClientSecret: "y", APIURL: "public-api.backup.net"}, "API address"},
		"a token query":       {Config{ClientID: "x", ClientSecret: "y", TokenURL: "https://a.example/t?x=1"}, "token address"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := New(tt.cfg); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want words about the %s", err, tt.want)
			}
		})
	}
}

func TestPlainHTTPToTheVendorIsRefused(t *testing.T) {
	t.Parallel()
	var sent atomic.Int32
	c := against(t, Config{TokenURL: "http://login.example.com/t"}, func(*http.Request) (int, http.Header, string) { sent.Add(1); return 200, paged(0), "[]" })
	if err := c.Test(t.Context()); !vendorhttp.IsInvalid(err) || sent.Load() != 0 {
		t.Errorf("got %v, %d requests", err, sent.Load())
	}
}
