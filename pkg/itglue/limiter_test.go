package itglue_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"uniview-bridge/pkg/itglue"
	"uniview-bridge/pkg/vendorhttp"
	"uniview-bridge/pkg/vendorhttp/simulator"
)

// A turnstile counts requests as the vendor does and turns away those above the limit.
type turnstile struct {
	simulator.Window
	mu           sync.Mutex
	passed, over int
}

func (s *turnstile) RoundTrip(r *http.Request) (*http.Response, error) {
	wait := s.Admit(time.Now())
	s.mu.Lock()
	defer s.mu.Unlock()
	status, body := http.StatusOK, `{"data":[]}`
	if wait > 0 {
		s.over++
		status, body = http.StatusTooManyRequests, `{"message":"Too Many Requests"}`
	}
	s.passed++
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

// TestManyWorkersStayInsideTheWindow: 20 workers of one limiter, in virtual time, never go above 3,000 requests in any
// five minutes, nor above their share of it.
func TestManyWorkersStayInsideTheWindow(t *testing.T) {
	t.Parallel()
	for name, share := range map[string]float64{"the whole allowance": 1, "four fifths": 0.8, "a tenth": 0.1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				limit := int(float64(itglue.RateLimit) * share)
				door := &turnstile{Window: simulator.Window{Limit: limit, Per: itglue.RateWindow}}
				limiter := itglue.NewLimiter(share, nil, nil)
				start := time.Now()
				var wg sync.WaitGroup
				for range 20 {
					// Each worker has a client of its own; they share the account's limiter.
					c, err := itglue.New(itglue.Config{Region: "us", APIKey: testKey, HTTP: vendorhttp.Options{HTTP: &http.Client{Transport: door}, Limit: limiter}})
					if err != nil {
						t.Fatal(err)
					}
					wg.Go(func() {
						for range limit / 15 {
							if err := c.Test(context.Background()); err != nil {
								t.Error(err)
							}
						}
					})
				}
				wg.Wait()
				if door.over > 0 || door.passed != 20*(limit/15) {
					t.Errorf("%d of %d requests were above the limit", door.over, door.passed)
				}
				if took := time.Since(start); took < itglue.RateWindow || took > 2*itglue.RateWindow {
					t.Errorf("4/3 of the allowance took %v: the limiter is of no use, or too strict", took)
				}
			})
		})
	}
}
