package itglue_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"uniview-bridge/pkg/itglue"
	"uniview-bridge/pkg/vendorhttp"
	"uniview-bridge/pkg/vendorhttp/simulator"
)

// A canned transport gives the same answer to everything, and counts.
type canned struct {
	status int
	header http.Header
	body   string
	err    error
	count  atomic.Int32
}

func (c *canned) RoundTrip(r *http.Request) (*http.Response, error) {
	c.count.Add(1)
	if r.Body != nil {
		r.Body.Close()
	}
	if c.err != nil {
		return nil, c.err
	}
	header := c.header.Clone()
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{StatusCode: c.status, Header: header, Body: io.NopCloser(strings.NewReader(c.body)), Request: r}, nil
}

// cannedClient is a client of a canned transport, in virtual time.
func cannedClient(t testing.TB, c *canned, change ...func(*itglue.Config)) *itglue.Client {
	t.Helper()
	clock := simulator.NewClock(epoch)
	cfg := itglue.Config{Region: "us", APIKey: testKey, HTTP: vendorhttp.Options{
		HTTP: &http.Client{Transport: c}, Now: clock.Now, Sleep: clock.Sleep, Rand: func() float64 { return 0.5 },
	}}
	for _, f := range change {
		f(&cfg)
	}
	client, err := itglue.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// TestEveryStatus is the client's table of all status codes: what kind of failure each is, how many requests a read of
// one record and of a list make of it (1 = not repeated), and whether a write, which is always one request, may have
// happened.
func TestEveryStatus(t *testing.T) {
	t.Parallel()
	const (
		inv, auth, forb, gone = vendorhttp.Invalid, vendorhttp.Auth, vendorhttp.Forbidden, vendorhttp.NotFound
		conf, rate, unav      = vendorhttp.Conflict, vendorhttp.RateLimited, vendorhttp.Unavailable
	)
	const refusal = `{"errors":[{"status":0,"title":"no"}]}`
	table := []struct {
		from, to  int
		why       string
		body      string
		kind      vendorhttp.Kind // "" = success
		show      int             // requests that a read of one record makes
		list      int             // requests that a list makes
		write     int             // requests that a write makes, probes and looks included
		uncertain bool            // the write may have happened
	}{
		{200, 299, "success", `{"data":{"id":"1","type":"organizations","attributes":{}}}`, "", 1, 1, 1, false},
		{300, 399, "redirects are not followed", "", inv, 1, 1, 1, false},
		{400, 400, "the request is wrong", refusal, inv, 1, 1, 1, false},
		{401, 401, "the key, as the vendor's tables say", refusal, auth, 1, 1, 1, false},
		{402, 402, "refused", refusal, inv, 1, 1, 1, false},
		{403, 403, "a missing right; bodies decide, see the next test", refusal, forb, 1, 1, 1, false},
		{404, 404, "not there", refusal, gone, 1, 1, 1, false},
		{405, 407, "refused", refusal, inv, 1, 1, 1, false},
		{408, 408, "the server timed out", refusal, unav, 5, 6, 1, true},
		{409, 409, "conflict", refusal, conf, 1, 1, 1, false},
		{410, 410, "gone", refusal, gone, 1, 1, 1, false},
		{411, 411, "refused", refusal, inv, 1, 1, 1, false},
		{412, 412, "conflict", refusal, conf, 1, 1, 1, false},
		{413, 421, "refused", refusal, inv, 1, 1, 1, false},
		{422, 422, "refused; the record is looked at, to tell a PSA's", refusal, inv, 1, 1, 2, false},
		{423, 423, "locked", refusal, conf, 1, 1, 1, false},
		{424, 428, "refused", refusal, inv, 1, 1, 1, false},
		{429, 429, "the rate limit", `{"message":"Too Many Requests"}`, rate, 5, 6, 1, false},
		{430, 499, "refused", refusal, inv, 1, 1, 1, false},
		{500, 503, "the server failed", "<html>", unav, 5, 6, 1, true},
		{504, 504, "the gateway gave up: a list is asked for in pages of 1000, 500, 250, 125, 25, and then again", `{"message":"x"}`, unav, 5, 5 + 5, 1, true},
		{505, 599, "the server failed", "<html>", unav, 5, 6, 1, true},
	}
	next := 200
	for _, tt := range table {
		if tt.from != next {
			t.Errorf("the table misses %d to %d", next, tt.from-1)
		}
		next = tt.to + 1
		t.Run(fmt.Sprintf("%d to %d: %s", tt.from, tt.to, tt.why), func(t *testing.T) {
			t.Parallel()
			for status := tt.from; status <= tt.to; status++ {
				transport := &canned{status: status, body: tt.body}
				c := cannedClient(t, transport)
				check := func(what string, requests int, uncertain bool, err error) {
					t.Helper()
					if kindOf(err) != tt.kind || (err == nil) != (tt.kind == "") || vendorhttp.IsUncertain(err) != uncertain {
						t.Errorf("%d %s: got %v, want kind %q, uncertain %v", status, what, err, tt.kind, uncertain)
					}
					if n := int(transport.count.Swap(0)); n != requests {
						t.Errorf("%d %s: %d requests, want %d", status, what, n, requests)
					}
				}
				_, err := c.GetOrganization(t.Context(), "1")
				check("show", tt.show, false, err)
				_, err = c.ListOrganizations(t.Context())
				check("list", tt.list, false, err)
				_, err = c.UpdateOrganizationAlert(t.Context(), "1", "x")
				check("write", tt.write, tt.uncertain, err)
			}
		})
	}
	if next != 600 {
		t.Errorf("the table ends at %d", next-1)
	}
}

// TestBodiesThatDecide has the answers whose status alone says too little.
func TestBodiesThatDecide(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		status    int
		body      string
		read      vendorhttp.Kind
		write     vendorhttp.Kind
		requests  int // of the write
		uncertain bool
	}{
		{"the gateway's 403 is the key; a write asks again whether it is", 403, `{"message":"Forbidden"}`, vendorhttp.Auth, vendorhttp.Auth, 2, false},
		{"the firewall's 403 is not the key", 403, "<html><title>403 Forbidden</title></html>", vendorhttp.Forbidden, vendorhttp.Forbidden, 1, false},
		{"the application's 403 is not the key", 403, `{"errors":[{"status":403,"title":"Forbidden"}]}`, vendorhttp.Forbidden, vendorhttp.Forbidden, 1, false},
		{"a 403 without a body is not the key", 403, "", vendorhttp.Forbidden, vendorhttp.Forbidden, 1, false},
		{"success without a body", 204, "", vendorhttp.Malformed, vendorhttp.Malformed, 1, true},
		{"success that is a page", 200, "<html>", vendorhttp.Malformed, vendorhttp.Malformed, 1, true},
		{"success without data", 200, `{"meta":{}}`, vendorhttp.Malformed, vendorhttp.Malformed, 1, true},
		{"success about nothing", 200, `{"data":null}`, vendorhttp.Malformed, vendorhttp.Malformed, 1, true},
		{"success with errors inside", 200, `{"errors":[{"title":"no"}]}`, vendorhttp.Malformed, vendorhttp.Malformed, 1, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			transport := &canned{status: tt.status, body: tt.body}
			c := cannedClient(t, transport)
			if _, err := c.GetOrganization(t.Context(), "1"); kindOf(err) != tt.read || transport.count.Swap(0) != 1 {
				t.Errorf("read: got %v", err)
			}
			_, err := c.UpdateOrganizationAlert(t.Context(), "1", "x")
			if kindOf(err) != tt.write || vendorhttp.IsUncertain(err) != tt.uncertain {
				t.Errorf("write: got %v", err)
			}
			if n := int(transport.count.Load()); n != tt.requests {
				t.Errorf("write: %d requests, want %d", n, tt.requests)
			}
		})
	}
}

// TestLostAnswers: reads are asked for again, writes are uncertain.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	transport := &canned{err: errors.New("connection reset by peer")}
	c := cannedClient(t, transport)
	if _, err := c.GetOrganization(t.Context(), "1"); kindOf(err) != vendorhttp.Network || transport.count.Swap(0) != 5 {
		t.Errorf("read: got %v", err)
	}
	if _, err := c.ListOrganizations(t.Context()); kindOf(err) != vendorhttp.Network || transport.count.Swap(0) != 6 {
		t.Errorf("list: got %v", err)
	}
	if _, err := c.UpdateOrganizationAlert(t.Context(), "1", "x"); kindOf(err) != vendorhttp.Network || !vendorhttp.IsUncertain(err) || transport.count.Load() != 1 {
		t.Errorf("write: got %v", err)
	}
}
