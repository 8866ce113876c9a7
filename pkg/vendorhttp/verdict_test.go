package vendorhttp

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"
)

func TestVerdictOverEveryStatus(t *testing.T) {
	t.Parallel()
	want := func(status int) (bool, string) {
		switch {
		case status < 300:
			return false, "success"
		case status < 400:
			return false, "redirects are not followed"
		case status == 408:
			return true, "the server timed out"
		case status == 429:
			return true, "rate limited"
		case status < 500:
			return false, "the request is refused"
		}
		return true, "server error"
	}
	for status := 200; status <= 599; status++ {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			retry, reason := verdict(method, status, nil)
			if r, why := want(status); retry != r || reason != why {
				t.Errorf("%s %d: got %v %q, want %v %q", method, status, retry, reason, r, why)
			}
		}
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
			if retry, reason := verdict(method, status, nil); retry || reason != "a write is never retried" {
				t.Errorf("%s %d: got %v %q, want never", method, status, retry, reason)
			}
		}
	}
}

func TestVerdictWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		status int
		err    error
		retry  bool
		reason string
	}{
		"a reset connection is tried again":        {0, io.EOF, true, "no answer"},
		"a cut answer is read again":               {200, io.ErrUnexpectedEOF, true, "the answer was cut"},
		"an attempt's own timeout is tried again":  {0, errAttemptTimeout, true, "no answer"},
		"the end of the context is final":          {0, context.Canceled, false, "the context ended"},
		"the deadline of the context is final":     {0, fmt.Errorf("x: %w", context.DeadlineExceeded), false, "the context ended"},
		"a certificate does not get better":        {0, errCertificate, false, "the certificate is not trusted"},
		"an answer above the cap does not shrink":  {200, errTooLarge, false, "the answer is too large"},
		"a refused address stays refused":          {0, errRefused, false, "the address is refused"},
		"an informational status is not an answer": {100, nil, false, "unexpected status 100"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			retry, reason := verdict(http.MethodGet, tt.status, tt.err)
			if retry != tt.retry || reason != tt.reason {
				t.Errorf("got %v %q, want %v %q", retry, reason, tt.retry, tt.reason)
			}
			if retry, _ := verdict(http.MethodPost, tt.status, tt.err); retry {
				t.Error("a write was to be repeated")
			}
		})
	}
}

func TestRetryAfterHeader(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]time.Duration{
		"":                              0,
		"7":                             7 * time.Second,
		" 7 ":                           7 * time.Second,
		"0":                             0,
		"-5":                            0,
		"soon":                          0,
		"1.5":                           0,
		"99999999999999":                24 * time.Hour,
		"Fri, 02 Jan 2026 03:04:35 GMT": 30 * time.Second,
		"Fri, 02 Jan 2026 03:04:00 GMT": 0,
		"Fri, 02 Jan 2099 03:04:00 GMT": 24 * time.Hour,
	} {
		if got := parseRetryAfter(value, epoch); got != want {
			t.Errorf("%q: got %v, want %v", value, got, want)
		}
	}
}

func TestBackoffGrowsAndIsCapped(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		attempt, status int
		after           time.Duration
		rnd             float64
		want            time.Duration
	}{
		{0, 503, 0, 0, 0},
		{0, 503, 0, 0.5, 150 * time.Millisecond},
		{3, 503, 0, 0.5, 1200 * time.Millisecond},
		{40, 503, 0, 0.5, 15 * time.Second},
		{0, 429, 0, 0.5, time.Second},
		{2, 429, 0, 0.5, 4 * time.Second},
		{0, 429, 10 * time.Second, 0.5, 11 * time.Second},
		{5, 503, 10 * time.Second, 0, 10 * time.Second},
	} {
		if got := backoff(tt.attempt, tt.status, tt.after, tt.rnd); got != tt.want {
			t.Errorf("attempt %d, status %d, after %v: got %v, want %v", tt.attempt, tt.status, tt.after, got, tt.want)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"7", "", "-1", "Fri, 02 Jan 2026 03:04:35 GMT", "9e9", "99999999999999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if d := parseRetryAfter(s, epoch); d < 0 || d > 24*time.Hour {
			t.Errorf("%q gives %v", s, d)
		}
	})
}
