package vendorhttp

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// script is a transport that gives one answer after the other and remembers
// what it was asked. The last answer repeats.
type script struct {
	mu      sync.Mutex
	answers []answer
	seen    []*http.Request
	bodies  []string
}

type answer struct {
	status int
	header http.Header
	body   string
	err    error // no answer at all
	cut    error // the body ends with this error
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	var body string
	if r.Body != nil {
		b, _ := io.ReadAll(r.Body)
		body = string(b)
	}
	s.seen, s.bodies = append(s.seen, r), append(s.bodies, body)
	a := s.answers[min(len(s.seen), len(s.answers))-1]
	if a.err != nil {
		return nil, a.err
	}
	h := a.header
	if h == nil {
		h = http.Header{}
	}
	var rd io.Reader = strings.NewReader(a.body)
	if a.cut != nil {
		rd = io.MultiReader(rd, failing{a.cut})
	}
	return &http.Response{StatusCode: a.status, Header: h, Body: io.NopCloser(rd), Request: r}, nil
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// sleeper records waits instead of waiting.
type sleeper struct {
	mu    sync.Mutex
	slept []time.Duration
}

func (s *sleeper) sleep(ctx context.Context, d time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.slept = append(s.slept, d)
	return ctx.Err()
}

// errSelfSigned is what a server with a certificate of its own gives.
var errSelfSigned = x509.UnknownAuthorityError{Cert: &x509.Certificate{RawIssuer: []byte("x"), RawSubject: []byte("x")}}

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// scripted makes a client over a script; jitter is always one half.
func scripted(t *testing.T, o Options, answers ...answer) (*Client, *script, *sleeper) {
	t.Helper()
	s, sl := &script{answers: answers}, &sleeper{}
	o.Vendor = "acme"
	o.HTTP = &http.Client{Transport: s}
	o.Sleep = sl.sleep
	o.Rand = func() float64 { return 0.5 }
	o.Now = func() time.Time { return epoch }
	return New(o), s, sl
}

func mustURL(t testing.TB, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func asError(t *testing.T, err error) *Error {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v (%T), want a *vendorhttp.Error", err, err)
	}
	return e
}
