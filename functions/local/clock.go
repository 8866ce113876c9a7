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

// clockPause is how long a clock that did not answer is left alone.
const clockPause = 5 * time.Second

// clock is another clock than the machine's, read over HTTP: a simulator's time
// is then the bridge's time. Between readings it runs with the machine's.
type clock struct {
	url  string
	http *http.Client

	mu      sync.Mutex // never held while the clock is asked
	read    time.Time  // machine time of the last reading
	at      time.Time  // what it said
	failed  time.Time  // machine time of the last attempt in vain
	reading bool       // somebody is asking it now
}

// newClock reads the clock once; a clock that does not answer is an error.
func newClock(ctx context.Context, url string) (*clock, error) {
	c := &clock{url: url, http: &http.Client{Timeout: 2 * time.Second}}
	if err := c.fetch(ctx); err != nil {
		return nil, fmt.Errorf("BRIDGE_CLOCK_URL: %w: start the simulator first, or unset the variable to go by this machine's clock", err)
	}
	return c, nil
}

// Now is the other clock's time. While it does not answer, or somebody else asks
// it, time goes on from its last answer.
func (c *clock) Now() time.Time {
	if c.due() {
		_ = c.fetch(context.Background()) // noted as failed; time goes on without it
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at.Add(time.Since(c.read))
}

// due says whether the caller is to ask the clock.
func (c *clock) due() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reading || time.Since(c.read) <= clockAge || time.Since(c.failed) <= clockPause {
		return false
	}
	c.reading = true
	return true
}

// fetch asks the clock and notes what came of it.
func (c *clock) fetch(ctx context.Context) error {
	at, err := c.ask(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reading = false
	if err != nil {
		c.failed = time.Now()
		return err
	}
	c.at, c.read = at, time.Now()
	return nil
}

func (c *clock) ask(ctx context.Context) (time.Time, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url, nil)
	if err != nil {
		return time.Time{}, err
	}
	res, err := c.http.Do(req)
	if err != nil {
		return time.Time{}, err
	}
	defer res.Body.Close()
	var body struct {
		Now time.Time `json:"now"`
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, 1<<10)).Decode(&body); err != nil || body.Now.IsZero() {
		return time.Time{}, fmt.Errorf(`%s does not answer {"now":"2026-01-02T03:04:05Z"}`, c.url)
	}
	return body.Now, nil
}

// serveClock answers what newClock reads.
func serveClock(now func() time.Time) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, "{\"now\":%q}\n", now().UTC().Format(time.RFC3339Nano))
	}
}
