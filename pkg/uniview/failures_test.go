package uniview

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"uniview-bridge/pkg/uniview/sandbox"
	"uniview-bridge/pkg/vendorhttp"
)

// The verdict over every status, of a list and of the login.
func TestEveryStatus(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		from, to int
		kind     vendorhttp.Kind
		requests int
		later    bool // worth another try later
	}{
		{200, 299, vendorhttp.Malformed, 1, false}, // not the body that is documented
		{300, 399, vendorhttp.Invalid, 1, false},   // redirects are not followed
		{400, 400, vendorhttp.Invalid, 1, false},
		{401, 401, vendorhttp.Auth, 1, false}, // a list asks once more with a new token
		{402, 402, vendorhttp.Invalid, 1, false},
		{403, 403, vendorhttp.Forbidden, 1, false},
		{404, 404, vendorhttp.NotFound, 1, false},
		{405, 407, vendorhttp.Invalid, 1, false},
		{408, 408, vendorhttp.Unavailable, 5, true},
		{409, 409, vendorhttp.Conflict, 1, false},
		{410, 410, vendorhttp.NotFound, 1, false},
		{411, 411, vendorhttp.Invalid, 1, false},
		{412, 412, vendorhttp.Conflict, 1, false},
		{413, 422, vendorhttp.Invalid, 1, false},
		{423, 423, vendorhttp.Conflict, 1, false},
		{424, 428, vendorhttp.Invalid, 1, false},
		{429, 429, vendorhttp.RateLimited, 5, true},
		{430, 499, vendorhttp.Invalid, 1, false},
		{500, 599, vendorhttp.Unavailable, 5, true},
	} {
		for status := tt.from; status <= tt.to; status++ {
			if testing.Short() && status > tt.from+1 && status < tt.to-1 {
				continue // all of them in the long part
			}
			for _, at := range []string{"GET /v1/customers", "POST /connect/token"} {
				c, sb, _ := portal(t, Config{}, sandbox.Options{})
				sb.Inject(sandbox.Fault{Kind: sandbox.Status, Op: at, Status: status, HTML: status%2 == 0})
				_, err := c.ListCustomers(t.Context())
				if vendorhttp.KindOf(err) != tt.kind || vendorhttp.Retryable(err) != tt.later || vendorhttp.IsUncertain(err) {
					t.Errorf("%s %d: got %v (later %v), want %s", at, status, err, vendorhttp.Retryable(err), tt.kind)
				}
				lists, tokens := tt.requests, 1
				switch {
				case at != "GET /v1/customers":
					lists, tokens = 0, tt.requests
				case status == 401:
					lists, tokens = 2, 2
				}
				if listRequests(sb) != lists || tokenRequests(sb) != tokens {
					t.Errorf("%s %d: %d list and %d token requests, want %d and %d", at, status, listRequests(sb), tokenRequests(sb), lists, tokens)
				}
			}
		}
	}
}

// Every way to fail, at the login and at the API, with servers and networks that
// give back what they were sent.
func TestNoFailureLeaksASecret(t *testing.T) {
	t.Parallel()
	const token = "tok-live-0123456789abcdef"
	pair := testID + ":" + url.QueryEscape(testSecret)
	secrets := []string{testSecret, url.QueryEscape(testSecret), token, base64.StdEncoding.EncodeToString([]byte(pair)), base64.StdEncoding.EncodeToString([]byte(testSecret))}
	failures := map[string]func(r *http.Request, echo string) (*http.Response, error){
		"a network error with the address": func(r *http.Request, echo string) (*http.Response, error) {
			return nil, &url.Error{Op: r.Method, URL: r.URL.String(), Err: errors.New(echo)}
		},
		"a dial error": func(_ *http.Request, echo string) (*http.Response, error) {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New(echo)}
		},
		"a TLS error": func(_ *http.Request, echo string) (*http.Response, error) {
			return nil, fmt.Errorf("remote error: tls: %s", echo)
		},
		"a redirect": func(r *http.Request, echo string) (*http.Response, error) {
			return answer(r, 307, http.Header{"Location": {"https://elsewhere.example/?" + url.QueryEscape(echo)}}, ""), nil
		},
		"a cut answer": func(r *http.Request, echo string) (*http.Response, error) {
			res := answer(r, 200, paged(1), "")
			res.Body = io.NopCloser(io.MultiReader(strings.NewReader("["), failing{errors.New(echo)}))
			return res, nil
		},
		"an answer above the cap": func(r *http.Request, echo string) (*http.Response, error) {
			return answer(r, 200, paged(1), strings.Repeat(echo, 100)), nil
		},
		"malformed JSON": func(r *http.Request, echo string) (*http.Response, error) {
			return answer(r, 200, paged(1), `[{"id":"`+echo), nil
		},
		"a row of another shape": func(r *http.Request, echo string) (*http.Response, error) {
			return answer(r, 200, paged(1), `[{"id":["`+echo+`"]}]`), nil
		},
		"a time that is none": func(r *http.Request, echo string) (*http.Response, error) {
			return answer(r, 200, paged(1), `[{"id":"x","createdTimestamp":"`+echo+`"}]`), nil
		},
		"a token that is none": func(r *http.Request, echo string) (*http.Response, error) {
			return answer(r, 200, nil, `{"access_token":"`+echo+`","token_type":"`+echo+`","expires_in":"`+echo+`"}`), nil
		},
		"page headers that are none": func(r *http.Request, echo string) (*http.Response, error) {
			return answer(r, 200, http.Header{"Paging-Total-Records": {echo}}, "[]"), nil
		},
	}
	for name, body := range map[string]string{
		"OAuth": `{"error":"%s","error_description":"%[1]s"}`, "cut": `{"error":"%s`, "HTML": "<html><title>%s</title>", "text": "%s",
		"problem": `{"title":"%s","detail":"%[1]s","errors":{"%[1]s":["%[1]s"]}}`, "refused": `{"error":"invalid_client","error_description":"%s"}`,
	} {
		for status := 300; status <= 599; status++ {
			if testing.Short() && (status%100 > 31 || status%2 > 0 && status%100 > 5) {
				continue // all of them in the long part
			}
			failures[fmt.Sprint(status, " ", name)] = func(r *http.Request, echo string) (*http.Response, error) {
				return answer(r, status, http.Header{"X-Request-Id": {echo}, "Retry-After": {echo}, "Www-Authenticate": {echo}}, fmt.Sprintf(body, echo)), nil
			}
		}
	}
	for name, fail := range failures {
		for _, inBody := range []bool{false, true} {
			for _, login := range []bool{true, false} {
				cfg := Config{ClientID: testID, ClientSecret: testSecret, TokenInBody: inBody}
				cfg.HTTP.Sleep = func(context.Context, time.Duration) error { return nil }
				cfg.HTTP.Retries, cfg.HTTP.MaxBody = -1, 1<<12
				cfg.HTTP.HTTP = &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
					echo := r.Header.Get("Authorization") + " " + testSecret
					if r.Method == http.MethodGet {
						echo += " " + token
					}
					if r.Body != nil {
						b, _ := io.ReadAll(r.Body)
						echo += " " + string(b)
					}
					if r.Method == http.MethodPost && !login {
						return answer(r, 200, nil, `{"access_token":"`+token+`"}`), nil
					}
					return fail(r, echo)
				})}
				c := client(t, cfg)
				_, err := c.ListEndpoints(t.Context())
				if err == nil && login == (name != "page headers that are none") {
					t.Fatalf("%s: passed", name)
				}
				var text strings.Builder
				for e := err; e != nil; e = errors.Unwrap(e) {
					fmt.Fprintf(&text, "%v %+v %#v ", e, e, e)
				}
				fmt.Fprintf(&text, "%v %+v %#v ", c, c, cfg)
				slog.New(slog.NewJSONHandler(&text, nil)).Error("failed", slog.Any("error", err), slog.Any("config", cfg))
				slog.New(slog.NewTextHandler(&text, nil)).Error("failed", slog.Any("error", err), slog.Any("config", cfg), slog.Any("client", c))
				for _, s := range secrets {
					if strings.Contains(text.String(), s) {
						t.Errorf("%s (login %v, in body %v) leaks %q: %s", name, login, inBody, s, text.String())
					}
				}
			}
		}
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
