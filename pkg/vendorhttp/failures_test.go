package vendorhttp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"

	"uniview-bridge/pkg/vendorhttp/simulator"
)

// outcome is what must follow from one answer, or from none.
type outcome struct {
	answer    answer
	kind      Kind // "" for success
	again     bool // a read is tried again
	uncertain bool // a write may have succeeded
}

// outcomes are all: every status with a body of changing shape, and every way
// not to answer.
func outcomes() map[string]outcome {
	kinds := map[int]Kind{401: Auth, 403: Forbidden, 404: NotFound, 410: NotFound, 409: Conflict, 412: Conflict, 423: Conflict, 408: Unavailable, 429: RateLimited}
	shapes := []answer{
		{body: `{"message":"no"}`},
		{body: "<html><title>Gateway</title></html>", header: http.Header{"Content-Type": {"text/html"}}},
		{body: `{"mess`, cut: io.ErrUnexpectedEOF},
		{},
	}
	all := map[string]outcome{}
	for status := 200; status <= 599; status++ {
		if testing.Short() && status%100 > 31 && status%100 < 98 {
			continue // every single one in the long part; no rule has a border there
		}
		o := outcome{answer: shapes[status%len(shapes)], kind: kinds[status]}
		o.answer.status = status
		switch {
		case status < 300 && o.answer.cut != nil:
			o.kind, o.again, o.uncertain = Network, true, true
		case status < 300:
		case status >= 500:
			o.kind, o.again, o.uncertain = Unavailable, true, true
		case o.kind == "":
			o.kind = Invalid // other 4xx, and redirects
		}
		switch status {
		case 408:
			o.again, o.uncertain = true, true
		case 429:
			o.again = true // and nothing was done
		}
		all[fmt.Sprint(status)] = o
	}
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	all["reset"] = outcome{answer{err: &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}}, Network, true, true}
	all["reset while writing"] = outcome{answer{err: &net.OpError{Op: "write", Net: "tcp", Err: syscall.EPIPE}}, Network, true, true}
	all["closed"] = outcome{answer{err: io.EOF}, Network, true, true}
	all["nonsense instead of HTTP"] = outcome{answer{err: errors.New("malformed HTTP response")}, Network, true, true}
	all["no answer in time"] = outcome{answer{err: context.DeadlineExceeded}, Network, true, true}
	all["a success above the cap"] = outcome{answer{status: 200, body: strings.Repeat("x", 200)}, TooLarge, false, true}
	all["a refusal above the cap"] = outcome{answer{status: 400, body: strings.Repeat("x", 200)}, Invalid, false, false}
	// A connection that was never made carried nothing.
	all["connection refused"] = outcome{answer{err: dial(syscall.ECONNREFUSED)}, Network, true, false}
	all["dialling took too long"] = outcome{answer{err: dial(errors.New("i/o timeout"))}, Network, true, false}
	all["no such name"] = outcome{answer{err: &net.DNSError{Err: "no such host", Name: "x", IsNotFound: true}}, Network, true, false}
	all["an address that is not public"] = outcome{answer{err: dial(errRefused)}, Invalid, false, false}
	all["a certificate that is not trusted"] = outcome{answer{err: errors.Join(errCertificate, errSelfSigned)}, Certificate, false, false}
	return all
}

func TestEveryFailureByEveryMethod(t *testing.T) {
	t.Parallel()
	for _, m := range []struct {
		method     string
		idempotent bool
		read       bool
	}{
		{http.MethodGet, false, true},
		{http.MethodHead, false, true},
		{http.MethodPost, true, true}, // a token request
		{http.MethodPost, false, false},
		{http.MethodPut, false, false},
		{http.MethodPatch, false, false},
		{http.MethodDelete, false, false},
		{http.MethodOptions, false, false}, // whatever is not known to be a read
		{"MERGE", false, false},
	} {
		for name, o := range outcomes() {
			name = fmt.Sprintf("%s (read %v), %s", m.method, m.read, name)
			c, s, sl := scripted(t, Options{Retries: 2, MaxBody: 100}, o.answer)
			asked := false
			resp, err := c.Do(t.Context(), Request{
				Op: "probe", Method: m.method, Idempotent: m.idempotent, URL: &urlX, Body: []byte("{}"),
				OnUnauthorized: func(context.Context) (http.Header, bool) { asked = true; return nil, false },
			})
			sent := 1
			if m.read && o.again {
				sent = 3
			}
			if len(s.seen) != sent || len(sl.slept) != sent-1 {
				t.Errorf("%s: %d requests and %d waits, want %d and %d", name, len(s.seen), len(sl.slept), sent, sent-1)
			}
			if asked != (m.read && o.answer.status == 401) {
				t.Errorf("%s: asked for new headers: %v", name, asked)
			}
			if o.kind == "" {
				if err != nil || string(resp.Body) != o.answer.body {
					t.Errorf("%s: %v, %v", name, resp, err)
				}
				continue
			}
			e := asError(t, err)
			if e.Vendor != "acme" || e.Op != "probe" || e.Kind != o.kind || e.Status != o.answer.status || e.Attempts != sent {
				t.Errorf("%s: got %+v, want kind %s after %d attempts", name, e, o.kind, sent)
			}
			if want := !m.read && o.uncertain; e.Uncertain != want || IsUncertain(err) != want {
				t.Errorf("%s: uncertain %v, want %v", name, e.Uncertain, want)
			}
		}
	}
}

// Go's own transport repeats some requests on a connection that was used before
// and turns out to be closed. None of them may be a write.
func TestNoWriteIsRepeatedBelowUs(t *testing.T) {
	t.Parallel()
	done := map[string]int{}
	front := simulator.New(simulator.Config{Route: func(x *simulator.Exchange) func() simulator.Reply {
		return func() simulator.Reply { done[x.HTTP.Method]++; return simulator.Reply{Status: 200} }
	}})
	srv := httptest.NewServer(front)
	defer srv.Close()
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		for _, body := range [][]byte{nil, []byte("{}")} {
			for _, kind := range []simulator.FaultKind{simulator.ResetBefore, simulator.ResetAfter, simulator.Truncate} {
				c := New(Options{Vendor: "acme", AllowInsecure: true})
				r := Request{Op: "probe", Method: method, URL: mustURL(t, srv.URL), Body: body}
				if _, err := c.Do(t.Context(), r); err != nil { // the connection is there now
					t.Fatal(err)
				}
				before := len(front.Requests())
				front.Inject(simulator.Fault{Kind: kind})
				_, err := c.Do(t.Context(), r)
				front.ClearFaults()
				if n := len(front.Requests()) - before; n != 1 || kind != simulator.Truncate && !IsUncertain(err) {
					t.Errorf("%s with body %q, %s: %d requests, %v", method, body, kind, n, err)
				}
			}
		}
	}
}

// Whatever ends an attempt, a write that never had a connection has not
// happened, and one that had may have.
func TestOnlyWhatMayHaveBeenSentIsUncertain(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0") // connects, and never speaks TLS
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	post := func(o Options, url string, began <-chan struct{}) *Error {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() {
			<-began
			cancel()
		}()
		o.Vendor = "acme"
		_, err := New(o).Do(ctx, Request{Op: "probe", Method: http.MethodPost, URL: mustURL(t, url), Body: []byte("{}")})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want the end of the context", url, err)
		}
		return asError(t, err)
	}
	began := make(chan struct{})
	go func() {
		if c, err := silent.Accept(); err == nil {
			close(began)
			_, _ = io.Copy(io.Discard, c)
			c.Close()
		}
	}()
	if e := post(Options{}, "https://"+silent.Addr().String(), began); e.Uncertain {
		t.Errorf("the context ended during the handshake: %v", e)
	}
	for name, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2": true} {
		got := make(chan struct{})
		srv := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if (r.ProtoMajor == 2) != http2 {
				t.Errorf("%s: spoke %s", name, r.Proto)
			}
			_, _ = io.Copy(io.Discard, r.Body)
			close(got)
			<-r.Context().Done()
		}))
		srv.EnableHTTP2 = http2
		srv.StartTLS()
		if e := post(Options{HTTP: srv.Client()}, srv.URL, got); !e.Uncertain {
			t.Errorf("%s: the context ended while the server worked: %v", name, e)
		}
		srv.Close()
	}
	// A dial that times out says so in an error that is also a passed deadline.
	c, _, _ := scripted(t, Options{Retries: 1}, answer{err: &net.OpError{Op: "dial", Net: "tcp", Err: context.DeadlineExceeded}})
	if _, err := c.Do(t.Context(), Request{Op: "probe", Method: http.MethodPost, URL: &urlX}); IsUncertain(err) {
		t.Errorf("a dial that timed out: %v", err)
	}
}
