package vendorhttp

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// worst is the largest number of times within any span of the given length.
func worst(times []time.Time, span time.Duration) int {
	most, from := 0, 0
	for i := range times {
		for times[i].Sub(times[from]) >= span {
			from++
		}
		most = max(most, i-from+1)
	}
	return most
}

func TestConcurrentWorkersStayInsideTheWindow(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		o      LimiterOptions
		budget int
		least  int // requests that must get through in two and a half windows, so that the limit is not just zero
	}{
		"IT Glue: 3,000 per 5 minutes":                  {LimiterOptions{PerWindow: 3000, Window: 5 * time.Minute, Share: 1}, 3000, 6500},
		"IT Glue, a share of 80 %":                      {LimiterOptions{PerWindow: 3000, Window: 5 * time.Minute}, 2400, 5200},
		"ConnectWise: 1,000 per minute":                 {LimiterOptions{PerWindow: 1000, Window: time.Minute, Share: 1, Burst: 50}, 1000, 2300},
		"everything at once, then nothing till it ends": {LimiterOptions{PerWindow: 1000, Window: time.Minute, Share: 1, Burst: 1000}, 1000, 2900},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var mu sync.Mutex
				var sent []time.Time
				hc := &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
					mu.Lock()
					defer mu.Unlock()
					sent = append(sent, time.Now())
					status := 200
					if len(sent)%50 == 0 {
						status = 503 // retries count as well
					}
					return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(""))}, nil
				})}
				l := NewLimiter(tt.o)
				if l.Budget() != tt.budget {
					t.Fatalf("budget %d, want %d", l.Budget(), tt.budget)
				}
				c := New(Options{Vendor: "acme", HTTP: hc, Limit: l})
				ctx, cancel := context.WithTimeout(t.Context(), 5*tt.o.Window/2)
				defer cancel()
				var wg sync.WaitGroup
				for range 8 {
					wg.Go(func() {
						for ctx.Err() == nil {
							if _, err := c.Do(ctx, Request{Op: "probe", URL: &urlX}); err != nil && ctx.Err() == nil && !errors.Is(err, ErrDeadline) && KindOf(err) != Unavailable {
								t.Errorf("unexpected: %v", err)
							} else if errors.Is(err, ErrDeadline) {
								return
							}
						}
					})
				}
				wg.Wait()
				if most := worst(sent, tt.o.Window); most > tt.budget {
					t.Errorf("%d requests in one window, allowed are %d", most, tt.budget)
				}
				if len(sent) < tt.least {
					t.Errorf("only %d requests got through, want at least %d", len(sent), tt.least)
				}
			})
		})
	}
}

var urlX = *mustURL(nopTB{}, "https://api.example.com/x")

type nopTB struct{ testing.TB }

func (nopTB) Helper() {}

func TestLimiterRefusesAWaitBeyondTheDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := NewLimiter(LimiterOptions{PerWindow: 2, Window: time.Minute, Share: 1, Burst: 2})
		for range 2 {
			if err := l.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		start := time.Now()
		if err := l.Wait(ctx); !errors.Is(err, ErrDeadline) || time.Since(start) != 0 {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
		c := New(Options{Vendor: "acme", HTTP: &http.Client{Transport: &script{answers: []answer{{status: 200}}}}, Limit: l})
		if _, err := c.Do(ctx, Request{Op: "probe", URL: &urlX}); !IsRateLimited(err) || !errors.Is(err, ErrDeadline) {
			t.Errorf("got %v", err)
		}
		if err := l.Wait(t.Context()); err != nil || time.Since(start) != time.Minute {
			t.Errorf("the third request went out after %v (%v), want a minute", time.Since(start), err)
		}
	})
}

func TestAVendorsRetryAfterHoldsEverybody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := NewLimiter(LimiterOptions{PerWindow: 1000, Window: time.Minute})
		s := &script{answers: []answer{{status: 429, header: http.Header{"Retry-After": {"40"}}}, {status: 200}}}
		c := New(Options{Vendor: "acme", HTTP: &http.Client{Transport: s}, Limit: l, Retries: -1})
		start := time.Now()
		if _, err := c.Do(t.Context(), Request{Op: "a", URL: &urlX}); !IsRateLimited(err) {
			t.Fatalf("got %v", err)
		}
		if _, err := c.Do(t.Context(), Request{Op: "b", URL: &urlX}); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(start); d != 40*time.Second {
			t.Errorf("the next request went out after %v, want 40s", d)
		}
	})
}

// The wait is what the vendor asked for, and not once more: neither after a
// retry has waited for it already, nor when nobody asked for anything meanwhile.
func TestAPauseBeginsWhenItIsAskedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := NewLimiter(LimiterOptions{PerWindow: 1000, Window: time.Minute})
		s := &script{answers: []answer{{status: 429, header: http.Header{"Retry-After": {"40"}}}, {status: 200}}}
		c := New(Options{Vendor: "acme", HTTP: &http.Client{Transport: s}, Limit: l, Rand: func() float64 { return 0 }})
		start := time.Now()
		if _, err := c.Do(t.Context(), Request{Op: "read", URL: &urlX}); err != nil || time.Since(start) != 40*time.Second {
			t.Errorf("%v, the retry went out after %v, want 40s", err, time.Since(start))
		}
		l.Pause(30 * time.Second)
		l.Pause(10 * time.Second)
		time.Sleep(20 * time.Second)
		start = time.Now()
		if err := l.Wait(t.Context()); err != nil || time.Since(start) != 10*time.Second {
			t.Errorf("%v, waited %v for the rest of the longer pause, want 10s", err, time.Since(start))
		}
		l.Pause(30 * time.Second)
		time.Sleep(time.Hour)
		start = time.Now()
		if err := l.Wait(t.Context()); err != nil || time.Since(start) != 0 {
			t.Errorf("%v, waited %v for a pause that is long over", err, time.Since(start))
		}
	})
}

func TestLimiterSurvivesAClockSetBack(t *testing.T) {
	t.Parallel()
	now := epoch
	var slept time.Duration
	l := NewLimiter(LimiterOptions{
		PerWindow: 2, Window: time.Minute, Share: 1, Burst: 1,
		Now:   func() time.Time { return now },
		Sleep: func(_ context.Context, d time.Duration) error { now = now.Add(d); slept += d; return nil },
	})
	for range 3 {
		if err := l.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	now, slept = now.Add(-24*time.Hour), 0
	if err := l.Wait(t.Context()); err != nil || slept > time.Minute+time.Second {
		t.Errorf("%v, slept %v, want at most one window", err, slept)
	}
}

func TestNoLimiterNeverWaits(t *testing.T) {
	t.Parallel()
	var l *Limiter
	if err := l.Wait(t.Context()); err != nil {
		t.Error(err)
	}
	l.Pause(time.Hour)
	if l.Budget() != 0 || NewLimiter(LimiterOptions{}) != nil {
		t.Error("an empty limiter has a budget")
	}
}
