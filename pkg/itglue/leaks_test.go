package itglue_test

import (
	"context"
	"encoding/base64"
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

	"uniview-bridge/pkg/itglue"
	"uniview-bridge/pkg/vendorhttp"
)

// secretForms are the shapes in which the key must not show.
var secretForms = []string{testKey, url.QueryEscape(testKey), base64.StdEncoding.EncodeToString([]byte(testKey)), "0123456789abcdef"}

// noSecret checks an error, everything it wraps and the log records it makes.
func noSecret(t *testing.T, what string, err error) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error", what)
		return
	}
	var b strings.Builder
	for _, h := range []slog.Handler{slog.NewTextHandler(&b, nil), slog.NewJSONHandler(&b, nil)} {
		slog.New(h).Error("failed", slog.Any("error", err))
	}
	for queue := []error{err}; len(queue) > 0; queue = queue[1:] {
		fmt.Fprintf(&b, "%v %+v %#v %s\n", queue[0], queue[0], queue[0], queue[0])
		switch u := queue[0].(type) { //nolint:errorlint // each wrapped error is looked at on its own
		case interface{ Unwrap() error }:
			if inner := u.Unwrap(); inner != nil {
				queue = append(queue, inner)
			}
		case interface{ Unwrap() []error }:
			queue = append(queue, u.Unwrap()...)
		}
	}
	for _, s := range secretForms {
		if strings.Contains(b.String(), s) {
			t.Errorf("%s shows the key as %q: %.300s", what, s, b.String())
		}
	}
}

// failures makes each kind of request and returns the errors.
func failures(t *testing.T, c *itglue.Client) map[string]error {
	t.Helper()
	ctx := t.Context()
	out := map[string]error{}
	out["probe"] = c.Test(ctx)
	_, out["show"] = c.GetConfiguration(ctx, "1")
	_, out["list"] = c.ListOrganizations(ctx)
	_, out["write"] = c.UpdateOrganizationAlert(ctx, "1", "x")
	_, out["ensure"] = c.EnsureFlexibleAssetType(ctx, backupSpec())
	results, err := c.CreateFlexibleAssets(ctx, "1", []itglue.FlexibleAssetWrite{
		{TypeID: "1", KeyTrait: "k", Traits: map[string]any{"k": "a"}}, {TypeID: "1", KeyTrait: "k", Traits: map[string]any{"k": "b"}},
	})
	for i, r := range results {
		err = errors.Join(err, r.Err)
		out[fmt.Sprint("bulk item ", i)] = r.Err
	}
	out["bulk"] = err
	return out
}

// TestNoFailureShowsTheKey goes through every way a request can fail, with a server that tries to give the key back.
func TestNoFailureShowsTheKey(t *testing.T) {
	t.Parallel()
	echo := "x-api-key: " + testKey + " " + strings.Join(secretForms[1:3], " ")
	hdr := http.Header{
		"X-Request-Id": {echo}, "X-Amzn-Requestid": {echo}, "Location": {"https://evil.example/?key=" + url.QueryEscape(testKey)}, "Retry-After": {echo},
	}
	bodies := map[string]string{
		"a JSON:API error":    `{"errors":[{"status":422,"code":"` + echo + `","title":"` + echo + `","detail":"` + echo + `","source":{"pointer":"/` + echo + `"}}]}`,
		"a gateway's message": `{"message":"` + echo + `"}`,
		"a firewall's page":   "<html><head><title>" + echo + "</title></head><body>" + echo + "</body></html>",
		"plain text":          echo,
		"a cut body":          `{"errors":[{"title":"` + echo,
		"an empty body":       "",
	}
	statuses := []int{300, 302, 307, 400, 401, 402, 403, 404, 408, 409, 410, 413, 415, 418, 422, 423, 429, 451, 499, 500, 501, 502, 503, 504, 511, 599}
	for name, body := range bodies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, status := range statuses {
				for what, err := range failures(t, cannedClient(t, &canned{status: status, header: hdr, body: body})) {
					noSecret(t, fmt.Sprint(status, " ", what), err)
				}
			}
		})
	}
	for name, transport := range map[string]*canned{
		"success that is malformed":        {status: 200, header: hdr, body: "[" + echo},
		"success that is of another kind":  {status: 200, header: hdr, body: `{"data":"` + echo + `"}`},
		"success with errors inside":       {status: 200, header: hdr, body: `{"data":[],"errors":[{"title":"` + echo + `"}]}`},
		"success about other records":      {status: 200, header: hdr, body: `{"data":[{"id":"` + echo + `","type":"` + echo + `","attributes":{}}],"meta":{"total-count":7}}`},
		"success with ids that are texts":  {status: 200, header: hdr, body: `{"data":{"id":"7","attributes":{"id":"` + echo + `"},"relationships":7}}`},
		"success that is too large":        {status: 200, header: hdr, body: strings.Repeat(echo, 100)},
		"a transport's own words":          {err: errors.New("bad header " + echo)},
		"an error that carries an address": {err: &url.Error{Op: "Get", URL: "https://x/?k=" + testKey, Err: errors.New(echo)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := cannedClient(t, transport, func(cfg *itglue.Config) { cfg.HTTP.MaxBody = 1 << 12 })
			for what, err := range failures(t, c) {
				if err != nil || !strings.Contains(name, "success") {
					noSecret(t, what, err)
				}
			}
		})
	}
	t.Run("a context that ended", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := cannedClient(t, &canned{status: 200}).ListOrganizations(ctx)
		noSecret(t, "list", err)
	})
}

func TestACertificateThatIsNotTrustedIsRefusedWithoutTheKey(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request reached the server") }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	c, err := itglue.New(itglue.Config{APIURL: server.URL, APIKey: testKey})
	if err != nil {
		t.Fatal(err)
	}
	for what, err := range failures(t, c) {
		noSecret(t, what, err)
		if kindOf(err) != vendorhttp.Certificate && !errors.Is(err, itglue.ErrNotSent) || vendorhttp.IsUncertain(err) {
			t.Errorf("%s: got %v", what, err)
		}
	}
}

func TestARedirectIsNotFollowedWithTheKey(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("the redirect was followed, with the key %q", r.Header.Get("X-Api-Key"))
	}))
	defer elsewhere.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL+"/?key="+r.Header.Get("X-Api-Key"), http.StatusTemporaryRedirect)
	}))
	defer server.Close()
	c, err := itglue.New(itglue.Config{APIURL: server.URL, APIKey: testKey, HTTP: vendorhttp.Options{AllowInsecure: true}})
	if err != nil {
		t.Fatal(err)
	}
	for what, err := range failures(t, c) {
		noSecret(t, what, err)
	}
}

func TestNothingThatHoldsTheKeyShowsIt(t *testing.T) {
	t.Parallel()
	cfg := itglue.Config{Region: "us", APIKey: testKey, HTTP: vendorhttp.Options{Secrets: []string{testKey}}}
	c, err := itglue.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, h := range []slog.Handler{slog.NewTextHandler(&b, nil), slog.NewJSONHandler(&b, nil)} {
		slog.New(h).Info("x", slog.Any("cfg", cfg), slog.Any("pointer", &cfg), slog.Any("client", c))
	}
	for _, v := range []any{cfg, &cfg, c} {
		fmt.Fprintf(&b, "%v %+v %#v %s\n", v, v, v, v)
	}
	for _, s := range secretForms {
		if strings.Contains(b.String(), s) {
			t.Errorf("the key shows: %s", b.String())
		}
	}
}
