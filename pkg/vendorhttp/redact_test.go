package vendorhttp

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"
)

func quiet(t *testing.T) *log.Logger {
	t.Helper()
	return log.New(io.Discard, "", 0)
}

// selfSigned gives the error of a request to a server whose certificate is its
// own issuer.
func selfSigned(t *testing.T) error {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "psa.local"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewUnstartedServer(http.NotFoundHandler())
	srv.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	srv.Config.ErrorLog = quiet(t)
	srv.StartTLS()
	t.Cleanup(srv.Close)
	u := mustURL(t, srv.URL)
	u.Host = "localhost:" + u.Port()
	_, err = New(Options{Vendor: "acme"}).Do(t.Context(), Request{Op: "probe", URL: u})
	return err
}

// Every way a request can fail, each with a server that tries to give our
// secrets back.
func TestNoFailureLeaksASecret(t *testing.T) {
	t.Parallel()
	const (
		token  = "tok-5up3r/s3cret+value=="
		public = "pub-KEY-0123456789"
		pair   = "company+pub:priv key/%?"
		query  = "q-secret-in-the-query"
		body   = "b0dy-s3cret"
		known  = "vault-known-secret"
	)
	basic := base64.StdEncoding.EncodeToString([]byte(pair))
	echo := strings.Join([]string{token, public, basic, pair, "priv key/%?", url.QueryEscape(token), body, known, base64.StdEncoding.EncodeToString([]byte(known)), "Bearer " + token}, " ")
	secrets := []string{token, url.QueryEscape(token), public, basic, "priv key", query, body, known, base64.StdEncoding.EncodeToString([]byte(known))}

	request := func(method string) Request {
		return Request{
			Op: "probe", Method: method, URL: mustURL(t, "https://api.example.com/v1/x?secret="+query),
			Header:  http.Header{"Authorization": {"Bearer " + token}, "X-Api-Key": {public}, "Proxy-Authorization": {"Basic " + basic}},
			Body:    []byte(`{"k":"` + body + `"}`),
			Secrets: []string{body},
			OnUnauthorized: func(context.Context) (http.Header, bool) {
				return http.Header{"Authorization": {"Bearer " + token}}, true
			},
		}
	}
	check := func(name string, err error) {
		if err == nil {
			t.Errorf("%s: no error", name)
			return
		}
		var text strings.Builder
		for e := err; e != nil; e = errors.Unwrap(e) {
			fmt.Fprintf(&text, "%v %+v %#v ", e, e, e)
		}
		for _, h := range []slog.Handler{slog.NewJSONHandler(&text, nil), slog.NewTextHandler(&text, nil)} {
			slog.New(h).Error("it failed", slog.Any("error", err), slog.Any("wrapped", fmt.Errorf("layer: %w", err)))
		}
		for _, s := range secrets {
			if strings.Contains(text.String(), s) {
				t.Errorf("%s leaks %q: %s", name, s, text.String())
			}
		}
	}
	hdr := http.Header{"X-Request-Id": {echo}, "Location": {"https://x.example/?" + echo}, "Retry-After": {echo}, "Www-Authenticate": {echo}}
	quoted := strings.ReplaceAll(echo, `"`, `'`)
	bodies := []answer{
		{body: echo},
		{body: "<html><title>" + echo + "</title>"},
		{body: `{"error":"` + quoted + `","error_description":"` + quoted + `"`},
		{body: `{"error":"` + quoted + `","error_description":"` + quoted + `","errors":["` + quoted + `",{"message":"` + quoted + `"}]}`},
		{body: `{"code":"` + quoted + `","message":"` + quoted + `","errors":{"` + quoted + `":["` + quoted + `"]}}`},
		{body: `{"title":"` + quoted + `","detail":"` + strings.Repeat(quoted, 9) + `"}`}, // shortened: no half of a secret may stay
		{body: `{"message":"` + quoted, cut: errors.New("unexpected end after " + echo)},
	}
	o := Options{Retries: 1, Secrets: []string{known}, MaxBody: 1 << 13}
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		for status := 300; status <= 599; status++ {
			for i, a := range bodies {
				if testing.Short() && status%len(bodies) != i {
					continue // every shape with every status in the long part
				}
				a.status, a.header = status, hdr
				c, _, _ := scripted(t, o, a)
				_, err := c.Do(t.Context(), request(method))
				check(fmt.Sprintf("%s %d body %d", method, status, i), err)
			}
		}
		for name, a := range map[string]answer{
			"malformed answer":  {err: errors.New("malformed HTTP status code " + echo)},
			"cut answer":        {status: 200, body: echo, cut: errors.New("bad chunk " + echo)},
			"large answer":      {status: 200, body: strings.Repeat(echo, 99)},
			"url error":         {err: &url.Error{Op: "Get", URL: "https://api.example.com/?" + query, Err: errors.New(echo)}},
			"url error, nested": {err: fmt.Errorf("%s: %w", echo, &url.Error{Op: "Get", URL: "https://api.example.com/?" + query, Err: syscall.ECONNRESET})},
			"network error":     {err: &net.OpError{Op: "read", Net: "tcp", Err: errors.New(echo)}},
			"no such name":      {err: &net.DNSError{Err: echo, Name: "api.example.com"}},
			"proxy":             {err: errors.New("proxyconnect tcp: https://user:" + known + "@proxy.example:3128")},
			"bad certificate":   {err: &tls.CertificateVerificationError{Err: errors.New(echo)}},
			"self-signed":       {err: fmt.Errorf("%s: %w", echo, errSelfSigned)},
			"another name":      {err: x509.HostnameError{Certificate: &x509.Certificate{DNSNames: []string{known}}, Host: known}},
			"TLS alert":         {err: fmt.Errorf("remote error: tls: %s", echo)},
		} {
			c, _, _ := scripted(t, o, a)
			_, err := c.Do(t.Context(), request(method))
			check(method+" "+name, err)
		}
	}
	check("a vendor client's own error", NewError("acme", "probe", Malformed, 200, "row 1 is odd").Because(errors.New(echo)))
	c, _, _ := scripted(t, o, answer{status: 200})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.Do(ctx, request(http.MethodGet))
	check("cancelled", err)
	r := request(http.MethodGet)
	r.URL = mustURL(t, "http://api.example.com/?x="+query)
	_, err = c.Do(t.Context(), r)
	check("refused address", err)
	r.Method = "G E T"
	r.URL = mustURL(t, "https://api.example.com/?x="+query)
	_, err = c.Do(t.Context(), r)
	check("refused method", err)
}

func TestSecretShapesAreRedactedUnasked(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"header Bearer abcdefgh12345 refused":       "header [redacted] refused",
		"client_secret=hunter22&x=1":                "[redacted]&x=1",
		`{"access_token": "abc.def"}`:               `{"[redacted]"}`,
		"token eyJhbGciOiJIUzI1NiJ9.e30.sig is bad": "token [redacted] is bad",
		"the asset api is slow":                     "the asset api is slow",
	} {
		if got := (redactor{}).text(in, 300); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestLongTextsAreShortened(t *testing.T) {
	t.Parallel()
	c, _, _ := scripted(t, Options{}, answer{status: 400, body: strings.Repeat("ö", 5000)})
	_, err := c.Do(t.Context(), Request{Op: "probe", URL: &urlX})
	if n := utf8.RuneCountInString(asError(t, err).Message); n != 300 {
		t.Errorf("message of %d runes, want 300", n)
	}
}

// Whatever an answer does with a secret it was sent, as it is or written another
// way, the text about it does not hold it.
func FuzzRedaction(f *testing.F) {
	f.Add("s3cret/8c11+value==", "before ", " after")
	f.Add("Bearer abcdefgh", "<title>", "")
	f.Add("a\"b\\c\n", "{\"x\":\"", "\"}")
	f.Fuzz(func(t *testing.T, secret, before, after string) {
		if len(secret) < 4 || len(secret) > 200 || len(before)+len(after) > 1000 {
			return // shorter texts are no secrets: everything would be one
		}
		r := newRedactor([]string{secret})
		for _, written := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret), base64.StdEncoding.EncodeToString([]byte(secret))} {
			if strings.Contains(before+redacted+after, written) || strings.Contains(redacted, written) {
				continue
			}
			got := r.text(before+" "+written+" "+after, 5000)
			if clean(written, 5000) == written && strings.Contains(got, written) && !strings.Contains(clean(before+" "+redacted+" "+after, 5000), written) {
				t.Errorf("%q holds %q", got, written)
			}
			if !utf8.ValidString(got) || strings.ContainsAny(got, "\x00\x1b\n\r\u202e") {
				t.Errorf("unsafe text %q", got)
			}
		}
	})
}

func FuzzDefaultParseError(f *testing.F) {
	for _, s := range []string{``, `{}`, `{"error":{"a":1},"errors":[[["x"]],{"b":["c"]}]}`, `<title>x`, "\xff\xfe", `{"errors":{"a":{"b":{"c":"d"}}}}`, `[1`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		code, message, details := DefaultParseError(400, nil, body)
		if len(details) > maxDetails {
			t.Errorf("%d details", len(details))
		}
		for _, s := range append(details, code, message) {
			if s = (redactor{}).text(s, maxMessage); utf8.RuneCountInString(s) > maxMessage || !utf8.ValidString(s) || strings.ContainsAny(s, "\x00\x1b\n\r") {
				t.Errorf("unsafe text %q", s)
			}
		}
	})
}
