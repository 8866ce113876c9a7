package vendorhttp

import (
	"context"
	"errors"
	"time"
)

// ErrDeadline is wrapped by errors for a wait that would pass the context's
// deadline; it is returned at once, before the deadline.
var ErrDeadline = errors.New("the wait would pass the deadline")

// LimiterOptions describe a vendor's request window.
type LimiterOptions struct {
	PerWindow int           // requests the vendor allows per Window, for example 3000
	Window    time.Duration // for example 5 minutes
	Burst     int           // requests that may go out at once; default a tenth of the budget, at least 1
	Share     float64       // the part of PerWindow that is ours, in (0,1]; default 0.8

	Now   func() time.Time                           // default time.Now
	Sleep func(context.Context, time.Duration) error // default a timer that ends with the context
}

// Limiter keeps all concurrent users of one vendor account inside the vendor's
// window. It is a token bucket whose burst plus refill over one window equals
// the budget (PerWindow × Share), with a sliding-window cap on top, so that no
// window, however it is laid, holds more than the budget. Waiters are served in
// the order they came. The zero value is not usable; see [NewLimiter].
type Limiter struct {
	budget int
	burst  float64
	rate   float64 // tokens per second
	window time.Duration
	now    func() time.Time
	sleep  func(context.Context, time.Duration) error

	turn   chan struct{} // holds one value: whoever has it may look at the fields below
	tokens float64
	last   time.Time
	grants []time.Time // ring of the latest budget grants
	head   int
	pause  chan time.Time // the end of a pause asked for while someone else has the turn
	until  time.Time
}

// NewLimiter makes a limiter. A PerWindow or Window that is not positive gives
// nil, which never waits.
func NewLimiter(o LimiterOptions) *Limiter {
	if o.PerWindow <= 0 || o.Window <= 0 {
		return nil
	}
	if o.Share <= 0 || o.Share > 1 {
		o.Share = 0.8
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	budget := max(int(float64(o.PerWindow)*o.Share), 1)
	burst := o.Burst
	if burst <= 0 {
		burst = budget / 10
	}
	burst = min(max(burst, 1), budget)
	l := &Limiter{
		budget: budget,
		burst:  float64(burst),
		rate:   float64(budget-burst) / o.Window.Seconds(),
		window: o.Window,
		now:    o.Now,
		sleep:  o.Sleep,
		turn:   make(chan struct{}, 1),
		tokens: float64(burst),
		last:   o.Now(),
		grants: make([]time.Time, budget),
		pause:  make(chan time.Time, 1),
	}
	l.turn <- struct{}{}
	return l
}

// Budget is the most requests that go out in any one window.
func (l *Limiter) Budget() int {
	if l == nil {
		return 0
	}
	return l.budget
}

// Wait blocks until one more request may be sent. It fails with the context's
// error, or at once with [ErrDeadline] when its turn would come too late.
func (l *Limiter) Wait(ctx context.Context) error {
	if l == nil {
		return ctx.Err()
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-l.turn:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { l.turn <- struct{}{} }()
	for {
		d := l.take()
		if d <= 0 {
			return nil
		}
		if err := fits(ctx, d); err != nil {
			return err
		}
		if err := l.sleep(ctx, d); err != nil {
			return err
		}
	}
}

// Pause lets nobody through for d from now, because the vendor said so. Of
// several pauses the one that ends last wins.
func (l *Limiter) Pause(d time.Duration) {
	if l == nil || d <= 0 {
		return
	}
	until := l.now().Add(d)
	for {
		select {
		case l.pause <- until:
			return
		case old := <-l.pause:
			if old.After(until) {
				until = old
			}
		}
	}
}

// take grants one request and returns 0, or returns how long to wait before
// asking again. The caller has the turn.
func (l *Limiter) take() time.Duration {
	now := l.now()
	if now.Before(l.last) { // the clock was set back: what was granted counts as just now
		l.last = now
		for i, g := range l.grants {
			if g.After(now) {
				l.grants[i] = now
			}
		}
	}
	l.tokens = min(l.burst, l.tokens+now.Sub(l.last).Seconds()*l.rate)
	l.last = now

	select {
	case until := <-l.pause:
		if until.After(l.until) {
			l.until = until
		}
	default:
	}
	wait := min(l.until.Sub(now), 24*time.Hour)
	if oldest := l.grants[l.head]; !oldest.IsZero() {
		wait = max(wait, oldest.Add(l.window).Sub(now))
	}
	if l.tokens < 1 && l.rate > 0 {
		wait = max(wait, time.Duration((1-l.tokens)/l.rate*float64(time.Second))+time.Nanosecond)
	}
	if wait > 0 {
		return wait
	}
	if l.rate > 0 { // with no refill (burst = budget) the window alone decides
		l.tokens--
	}
	l.grants[l.head] = now
	l.head = (l.head + 1) % len(l.grants)
	return 0
}

// fits reports ErrDeadline when a wait of d would pass the context's deadline.
func fits(ctx context.Context, d time.Duration) error {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= d {
		return ErrDeadline
	}
	return nil
}

// sleep waits for d or for the context, whichever ends first.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
