package vendorhttp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestRetriesWaitAsAsked(t *testing.T) {
	t.Parallel()
	after := func(v string) http.Header { return http.Header{"Retry-After": {v}} }
	c, s, sl := scripted(t, Options{},
		answer{status: 429, header: after("3")},
		answer{status: 503, header: after("Fri, 02 Jan 2026 03:04:35 GMT")},
		answer{status: 429},
		answer{err: syscall.ECONNRESET},
		answer{status: 200, body: "fine"})
	resp, err := c.Do(t.Context(), Request{Op: "probe", URL: mustURL(t, "https://api.example.com/x")})
	if err != nil || string(resp.Body) != "fine" {
		t.Fatalf("got %v, %v", resp, err)
	}
	want := []time.Duration{3*time.Second + time.Second, 30*time.Second + 150*time.Millisecond, 4 * time.Second, 1200 * time.Millisecond}
	if d := cmp.Diff(want, sl.slept); d != "" {
		t.Error(d)
	}
	if len(s.seen) != 5 {
		t.Errorf("%d requests, want 5", len(s.seen))
	}
}

func TestAWaitThatPassesTheDeadlineIsNotBegun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []answer{{status: 429, header: http.Header{"Retry-After": {"60"}}, body: "slow down"}}}
		c := New(Options{Vendor: "acme", HTTP: &http.Client{Transport: s}})
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		start := time.Now()
		_, err := c.Do(ctx, Request{Op: "probe", URL: mustURL(t, "https://api.example.com/x")})
		e := asError(t, err)
		if e.Kind != RateLimited || e.RetryAfter != time.Minute || !IsRateLimited(err) {
			t.Errorf("got %+v", e)
		}
		if d := time.Since(start); d != 0 {
			t.Errorf("waited %v, want the error at once", d)
		}
	})
}

func TestADayLongRetryAfterIsTheCallersToWait(t *testing.T) {
	t.Parallel()
	c, s, sl := scripted(t, Options{}, answer{status: 503, header: http.Header{"Retry-After": {"86400"}}})
	_, err := c.Do(t.Context(), Request{Op: "probe", URL: mustURL(t, "https://api.example.com/x")})
	if e := asError(t, err); e.RetryAfter != 24*time.Hour || len(s.seen) != 1 || len(sl.slept) != 0 {
		t.Errorf("got %+v after %d requests", e, len(s.seen))
	}
}

func TestASlowAttemptIsTriedAgainWhileTheContextLives(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		hc := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			if calls++; calls == 1 {
				<-r.Context().Done()
				return nil, r.Context().Err()
			}
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("late"))}, nil
		})}
		c := New(Options{Vendor: "acme", HTTP: hc, Timeout: 5 * time.Second})
		resp, err := c.Do(t.Context(), Request{Op: "probe", URL: mustURL(t, "https://api.example.com/x")})
		if err != nil || string(resp.Body) != "late" || calls != 2 {
			t.Fatalf("got %v, %v after %d calls", resp, err, calls)
		}
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestACancelledContextEndsEverything(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c, _, _ := scripted(t, Options{}, answer{status: 200})
	_, err := c.Do(ctx, Request{Op: "probe", URL: mustURL(t, "https://api.example.com/x")})
	if !errors.Is(err, context.Canceled) || Retryable(err) || asError(t, err).Kind != Network {
		t.Errorf("got %v", err)
	}
}

func TestAnIdempotentPostIsARead(t *testing.T) {
	t.Parallel()
	c, s, _ := scripted(t, Options{}, answer{status: 502}, answer{status: 200, body: "ok"})
	_, err := c.Do(t.Context(), Request{Op: "token", Method: http.MethodPost, URL: mustURL(t, "https://login.example.com/t"), Body: []byte("a=b"), ContentType: "application/x-www-form-urlencoded", Idempotent: true})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"a=b", "a=b"}, s.bodies); d != "" {
		t.Error(d)
	}
	if ct := s.seen[1].Header.Get("Content-Type"); ct != "application/x-www-form-urlencoded" {
		t.Errorf("content type %q", ct)
	}
}

func TestUnauthorizedReadsAskOnceForNewHeaders(t *testing.T) {
	t.Parallel()
	c, s, sl := scripted(t, Options{}, answer{status: 401}, answer{status: 401})
	asked := 0
	_, err := c.Do(t.Context(), Request{
		Op: "probe", URL: mustURL(t, "https://api.example.com/x"), Header: http.Header{"Authorization": {"Bearer old-token"}},
		OnUnauthorized: func(context.Context) (http.Header, bool) {
			asked++
			return http.Header{"Authorization": {"Bearer new-token"}}, true
		},
	})
	if !IsAuth(err) || asked != 1 || len(s.seen) != 2 || len(sl.slept) != 0 {
		t.Fatalf("%v; asked %d times, %d requests", err, asked, len(s.seen))
	}
	if got := s.seen[1].Header.Get("Authorization"); got != "Bearer new-token" {
		t.Errorf("second request sent %q", got)
	}
}

func TestReadsSurviveCutAnswers(t *testing.T) {
	t.Parallel()
	cut := answer{status: 200, body: `[{"id"`, cut: io.ErrUnexpectedEOF}
	c, _, _ := scripted(t, Options{}, cut, cut, answer{status: 200, body: "[]"})
	if resp, err := c.Do(t.Context(), Request{Op: "list", URL: mustURL(t, "https://api.example.com/x")}); err != nil || string(resp.Body) != "[]" {
		t.Errorf("got %v, %v", resp, err)
	}
	c, s, _ := scripted(t, Options{Retries: 1}, cut)
	_, err := c.Do(t.Context(), Request{Op: "list", URL: mustURL(t, "https://api.example.com/x")})
	if e := asError(t, err); e.Kind != Network || !errors.Is(err, io.ErrUnexpectedEOF) || len(s.seen) != 2 || e.Uncertain {
		t.Errorf("got %+v", e)
	}
}

func TestAnswersAreCapped(t *testing.T) {
	t.Parallel()
	c, s, _ := scripted(t, Options{MaxBody: 10}, answer{status: 200, body: "01234567890"})
	if _, err := c.Do(t.Context(), Request{Op: "list", URL: mustURL(t, "https://api.example.com/x")}); asError(t, err).Kind != TooLarge || len(s.seen) != 1 {
		t.Errorf("got %v after %d requests", err, len(s.seen))
	}
	c, _, _ = scripted(t, Options{MaxBody: 10}, answer{status: 200, body: "0123456789"})
	if _, err := c.Do(t.Context(), Request{Op: "list", URL: mustURL(t, "https://api.example.com/x")}); err != nil {
		t.Errorf("exactly the cap was refused: %v", err)
	}
}

func TestErrorBodiesOfEveryShape(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		body, code, message string
		details             []string
	}{
		"oauth":             {`{"error":"invalid_client","error_description":"no such client"}`, "invalid_client", "no such client", nil},
		"problem json":      {`{"title":"Bad Request","status":400,"detail":"no","errors":{"page_size":["too small","odd"]}}`, "", "no", []string{"page_size: too small", "page_size: odd"}},
		"code and message":  {`{"code":"InvalidObject","message":"ticket object is invalid","errors":[{"code":"x","message":"summary is required"}]}`, "InvalidObject", "ticket object is invalid", []string{"summary is required"}},
		"an HTML page":      {"<html><head><title>502\n Bad Gateway</title></head>", "", "an HTML page: 502 Bad Gateway", nil},
		"HTML with no name": {"<div>oops", "", "an HTML page", nil},
		"plain text":        {"slow\x00\x1b[31m down\u202e", "", "slow [31m down", nil},
		"cut JSON":          {`{"error":"inv`, "", "Bad Request: the answer is cut or is not JSON", nil},
		"nothing":           {"", "", "Bad Request", nil},
		"a number":          {"17", "", "17", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _, _ := scripted(t, Options{}, answer{status: 400, body: tt.body})
			_, err := c.Do(t.Context(), Request{Op: "probe", URL: mustURL(t, "https://api.example.com/x")})
			e := asError(t, err)
			got := struct {
				Code, Message string
				Details       []string
			}{e.Code, e.Message, e.Details}
			want := got
			want.Code, want.Message, want.Details = tt.code, tt.message, tt.details
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestAVendorMayReadItsErrorsItself(t *testing.T) {
	t.Parallel()
	c, _, _ := scripted(t, Options{
		RequestIDHeaders: []string{"X-Acme-Id", "X-Request-Id"},
		ParseError: func(status int, _ http.Header, body []byte) (string, string, []string) {
			return "E" + fmt.Sprint(status), string(body), nil
		},
		Classify: func(status int, _ http.Header, body []byte) Kind {
			if strings.Contains(string(body), "key") {
				return Auth
			}
			return ""
		},
	}, answer{status: 403, body: "unknown key", header: http.Header{"X-Acme-Id": {"r-1"}, "X-Request-Id": {"not this one"}}}, answer{status: 403, body: "no right"})
	_, err := c.Do(t.Context(), Request{Op: "probe", URL: mustURL(t, "https://api.example.com/x/7?q=1")})
	const want = "acme: probe: 403 auth: unknown key (code E403, request r-1, at api.example.com/x/7)"
	if err.Error() != want || !IsAuth(err) {
		t.Errorf("got  %s\nwant %s", err, want)
	}
	if _, err = c.Do(t.Context(), Request{Op: "probe", URL: mustURL(t, "https://api.example.com/x/7")}); !IsForbidden(err) {
		t.Errorf("got %v", err)
	}
}

func TestPredicates(t *testing.T) {
	t.Parallel()
	plain := errors.New("x")
	for kind, is := range map[Kind]func(error) bool{
		Auth: IsAuth, Forbidden: IsForbidden, NotFound: IsNotFound, Invalid: IsInvalid,
		Conflict: IsConflict, RateLimited: IsRateLimited, Incomplete: IsIncomplete,
	} {
		if err := fmt.Errorf("layer: %w", NewError("acme", "op", kind, 0, "m")); !is(err) || is(plain) || is(nil) {
			t.Errorf("%s is not told apart", kind)
		}
	}
	for kind, want := range map[Kind]bool{
		RateLimited: true, Unavailable: true, Network: true, Incomplete: true,
		Auth: false, Forbidden: false, NotFound: false, Invalid: false, Conflict: false, TooLarge: false, Certificate: false, Malformed: false,
	} {
		if got := Retryable(NewError("acme", "op", kind, 0, "")); got != want {
			t.Errorf("Retryable(%s) = %v", kind, got)
		}
	}
}

func TestAllYieldsEveryItemThenAnErrorOnceAndStops(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	type page struct {
		items []int
		err   error
	}
	for name, tt := range map[string]struct {
		pages []page // the last one is the end unless it is an error
		take  int    // items after which the consumer has enough
		want  []string
		read  int // pages
	}{
		"a list without pages of its own":       {[]page{{}}, 9, nil, 1},
		"pages, an empty one among them":        {[]page{{items: []int{1, 2}}, {}, {items: []int{3}}}, 9, []string{"1 <nil>", "2 <nil>", "3 <nil>"}, 3},
		"an error after a page":                 {[]page{{items: []int{1, 2}}, {err: broken}, {items: []int{3}}}, 9, []string{"1 <nil>", "2 <nil>", "0 broken"}, 2},
		"an error at once":                      {[]page{{err: broken}, {items: []int{3}}}, 9, []string{"0 broken"}, 1},
		"items that come with an error":         {[]page{{items: []int{1}, err: broken}}, 9, []string{"0 broken"}, 1},
		"enough in the middle of a page":        {[]page{{items: []int{1, 2}}, {err: broken}}, 1, []string{"1 <nil>"}, 1},
		"enough at the end of a page":           {[]page{{items: []int{1, 2}}, {err: broken}}, 2, []string{"1 <nil>", "2 <nil>"}, 1},
		"enough at the beginning of the second": {[]page{{items: []int{1, 2}}, {items: []int{3, 4}}, {err: broken}}, 3, []string{"1 <nil>", "2 <nil>", "3 <nil>"}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			read := 0
			next := func(context.Context) ([]int, bool, error) {
				p := tt.pages[read]
				read++
				return p.items, read == len(tt.pages), p.err
			}
			var got []string
			for v, err := range All(t.Context(), next) {
				if got = append(got, fmt.Sprint(v, " ", err)); len(got) == tt.take {
					break
				}
			}
			if d := cmp.Diff(tt.want, got); d != "" || read != tt.read {
				t.Errorf("%d pages read, want %d; %s", read, tt.read, d)
			}
		})
	}
}
