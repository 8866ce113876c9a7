package simulator

import (
	"context"
	"sync"
	"time"
)

// Clock is a time that only a test moves. Its Now and Sleep fit a sandbox's
// options and a client's. It is safe for concurrent use.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock makes a clock that stands at a time.
func NewClock(at time.Time) *Clock { return &Clock{now: at} }

// Now reads the clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Set puts the clock to a time, forward or back.
func (c *Clock) Set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = at
}

// Advance moves the clock; a negative duration moves it back.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Sleep passes d at once: it moves the clock, unless the context has ended.
func (c *Clock) Sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.Advance(max(d, 0))
	return nil
}

// Window counts requests against a limit, the way vendors do: no more than Limit
// in any span of Per. It is safe for concurrent use.
type Window struct {
	Limit int
	Per   time.Duration

	mu       sync.Mutex
	admitted []time.Time // of the last span, oldest first
}

// Admit counts a request and returns 0, or, when the limit is reached, says how
// long the next one has to wait; requests that are turned away do not count.
func (w *Window) Admit(now time.Time) (wait time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	old := 0
	for old < len(w.admitted) && now.Sub(w.admitted[old]) >= w.Per {
		old++
	}
	w.admitted = w.admitted[old:]
	if len(w.admitted) >= w.Limit {
		return max(w.Per-now.Sub(w.admitted[0]), 1)
	}
	w.admitted = append(w.admitted, now)
	return 0
}
