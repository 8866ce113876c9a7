package connectwise

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"uniview-bridge/pkg/vendorhttp"
)

// TestNoFailureShowsASecret makes everything fail in every way, with a vendor that
// gives our secrets back wherever it can, and looks at all that is said about it.
func TestNoFailureShowsASecret(t *testing.T) {
	t.Parallel()
	cfg := config(nil)
	const signing = "the-signing-key-of-a-callback"
	login := cfg.CompanyID + "+" + cfg.PublicKey + ":" + cfg.PrivateKey
	basic := base64.StdEncoding.EncodeToString([]byte(login))
	secrets := []string{cfg.PrivateKey, cfg.PublicKey, cfg.ClientID, basic, url.QueryEscape(login)}
	echo := strings.Join(append(secrets, "Basic "+basic), " ")
	secrets = append(secrets, signing) // not told to us but as an answer

	var shown bytes.Buffer
	logs := slog.New(slog.NewJSONHandler(&shown, &slog.HandlerOptions{Level: slog.LevelDebug}))
	say := func(err error) {
		if err == nil {
			return
		}
		logs.Error("failed", slog.Any("error", err))
		fmt.Fprintf(&shown, "%s %v %+v %#v\n", err, err, err, err)
		for ; err != nil; err = errors.Unwrap(err) {
			fmt.Fprintln(&shown, err)
		}
	}
	// Everything the client can do; each call is told the callback that names this
	// vendor's key.
	everything := func(c *Client) {
		ctx := t.Context()
		say(c.Test(ctx))
		_, err := c.ListCompanies(ctx, CompanyQuery{})
		say(err)
		_, err = c.FindTickets(ctx, "uv-1")
		say(err)
		_, err = c.CreateTicket(ctx, TicketWrite{Summary: "s", CompanyID: 1, ExternalXRef: "uv-1"})
		say(err)
		_, err = c.SetTicketStatus(ctx, 1, 2)
		say(err)
		_, err = c.AddNote(ctx, 1, Note{Text: "n"})
		say(err)
		_, err = c.EnsureCallback(ctx, Registration{URL: "https://x/?recordId=", Type: "ticket", Level: "owner"})
		say(err)
		say(c.DeleteCallback(ctx, Registration{ID: 1}))
		body := []byte(`{"CompanyId":"demo","Metadata":{"key_url":"https://na.myconnectwise.net/v/system/callbackkey/index.rails?companyName=demo&id=` + signing + `"}}`)
		_, err = c.VerifyCallback(ctx, body, base64.StdEncoding.EncodeToString([]byte(echo)))
		say(err)
		if !testing.Short() {
			for _, r := range c.CheckPermissions(ctx) {
				fmt.Fprintf(&shown, "%+v\n", r)
			}
		}
		logs.Info("client", slog.Any("client", c), slog.Any("config", c.cfg))
		fmt.Fprintf(&shown, "%s %v %+v %#v %s %v %+v %#v\n", c, c, c, c, c.cfg, c.cfg, c.cfg, c.cfg)
	}
	via := func(rt http.RoundTripper, change ...func(*Config)) {
		own := config(rt)
		own.Retries = -1
		for _, f := range change {
			f(&own)
		}
		c, err := New(own)
		if err != nil {
			say(err)
			return
		}
		everything(c)
	}
	jsonText := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	bodies := map[string]string{
		"nothing":          "",
		"text":             echo,
		"HTML":             "<html><head><title>" + echo + "</title></head><body>" + echo + "</body></html>",
		"an error":         jsonText(map[string]any{"code": echo, "message": echo, "errors": []any{map[string]any{"code": echo, "message": echo, "field": echo}}}),
		"the 429":          jsonText(map[string]any{"error": echo, "message": echo}),
		"half an error":    jsonText(map[string]any{"code": echo, "message": echo})[:200],
		"a list":           jsonText([]any{echo}),
		"another record":   jsonText(map[string]any{"id": 7, "summary": echo, "signing_key": signing, "Codebase": echo + "/"}),
		"malformed fields": jsonText(map[string]any{"id": echo, "signing_key": []string{echo}, "Codebase": map[string]string{"x": echo}}),
		"the gateway":      "Cannot route. Codebase/company is invalid. " + echo,
	}
	statuses := []int{200, 201, 204, 301, 302, 307, 400, 401, 403, 404, 408, 409, 415, 429, 500, 502, 503, 504}
	if testing.Short() {
		statuses = []int{200, 302, 400, 401, 404, 429, 500}
	}
	for _, status := range statuses {
		for _, body := range bodies {
			via(roundTrip(func(*http.Request) (*http.Response, error) {
				return reply(status, "application/json", body, "Location", "http://evil.example/"+url.PathEscape(echo), "X-Cw-Request-Id", echo, "Link", "<https://x/?pageId="+cfg.PrivateKey+`>; rel="next"`), nil
			}))
		}
	}
	// No answer, or only a part of one, or too much of it.
	for _, fail := range []func(*http.Request) (*http.Response, error){
		func(*http.Request) (*http.Response, error) { return nil, errors.New("dial " + echo) },
		func(r *http.Request) (*http.Response, error) {
			return nil, &url.Error{Op: "Get", URL: r.URL.String() + "?" + cfg.PrivateKey, Err: errors.New(echo)}
		},
		func(*http.Request) (*http.Response, error) { return nil, context.DeadlineExceeded },
		func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(io.MultiReader(strings.NewReader(echo), failing{echo}))}, nil
		},
	} {
		via(roundTrip(fail))
	}
	via(roundTrip(func(*http.Request) (*http.Response, error) {
		return reply(200, "text/plain", strings.Repeat(echo, 10)), nil
	}), func(c *Config) { c.MaxBody = 20 })
	// A certificate that nobody trusts, over a real connection.
	web := httptest.NewUnstartedServer(http.NotFoundHandler())
	web.Config.ErrorLog = log.New(io.Discard, "", 0)
	web.StartTLS()
	defer web.Close()
	via(nil, func(c *Config) { c.HTTP, c.InstanceURL, c.AllowInsecure = nil, web.URL, true })
	if !strings.Contains(shown.String(), string(vendorhttp.Certificate)) {
		t.Error("the untrusted certificate was not told of")
	}
	// Settings that New refuses.
	for _, change := range []func(*Config){
		func(c *Config) {
			c.InstanceURL = "https://" + cfg.PublicKey + ":" + cfg.PrivateKey + "@na.myconnectwise.net"
		},
		func(c *Config) { c.PrivateKey += "\n" + cfg.PrivateKey },
		func(c *Config) { c.PublicKey += ":" },
		func(c *Config) { c.ClientID = cfg.ClientID + "\x00" },
		func(c *Config) { c.APIVersion = cfg.PrivateKey },
	} {
		via(nil, change)
	}

	if shown.Len() < 100_000 {
		t.Errorf("only %d bytes were looked at", shown.Len())
	}
	for line := range strings.Lines(shown.String()) {
		for _, secret := range secrets {
			if strings.Contains(line, secret) {
				t.Fatalf("a secret is shown: %q", line)
			}
		}
	}
}

// failing is a body that breaks off with an error.
type failing struct{ text string }

func (f failing) Read([]byte) (int, error) { return 0, errors.New(f.text) }
