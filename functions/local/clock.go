package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// clockAge is how long a reading of the other clock is extrapolated from.
const clockAge = 200 * time.Millisecond

// clock is another clock than the machine's, read over HTTP: a simulator's time
// is then the bridge's time. Between readings it runs with the machine's.
type clock struct {
	url  string
	http *http.Client

	mu   sync.Mutex
	read time.Time // machine time of the last reading
	at   time.Time // what it said
}

// newClock reads the clock once; a clock that does not answer is an error.
func newClock(ctx context.Context, url string) (*clock, error) {
	c := &clock{url: url, http: &http.Client{Timeout: 2 * time.Second}}
	if err := c.fetch(ctx); err != nil {
		return nil, fmt.Errorf("BRIDGE_CLOCK_URL: %w", err)
	}
	return c, nil
}

// Now is the other clock's time. While it does not answer, time goes on from its
// last answer.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.read) > clockAge {
		if err := c.fetch(context.Background()); err != nil {
			return c.at.Add(time.Since(c.read))
		}
	}
	return c.at.Add(time.Since(c.read))
}

func (c *clock) fetch(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url, nil)
	if err != nil {
		return err
	}
	res, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	var body struct {
		Now time.Time `json:"now"`
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, 1<<10)).Decode(&body); err != nil || body.Now.IsZero() {
		return fmt.Errorf(`%s does not answer {"now":"2026-01-02T03:04:05Z"}`, c.url)
	}
	c.at, c.read = body.Now, time.Now()
	return nil
}

// serveClock answers what newClock reads.
func serveClock(now func() time.Time) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, "{\"now\":%q}\n", now().UTC().Format(time.RFC3339Nano))
	}
}
