package model_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"uniview-bridge/pkg/alert"
	psa "uniview-bridge/pkg/connectwise/sandbox"
	"uniview-bridge/pkg/state"
	portal "uniview-bridge/pkg/uniview/sandbox"
)

// history is what a seed comes to. keep names the steps to take (nil: all), so that
// a failing one can be made shorter without changing what the others do.
type history struct {
	seed uint64
	keep []int
}

// outcome is how a history went.
type outcome struct {
	broken   string // what is wrong; "" nothing
	steps    int    // how many the seed has
	trace    []string
	world    string // as it was at the end, when something is wrong
	coverage map[string]map[string]int
}

// run lives a history in a bubble with a time of its own.
func (h history) run(t *testing.T) (o outcome) {
	synctest.Test(t, func(*testing.T) {
		defer func() {
			if p := recover(); p != nil {
				panic(fmt.Sprintf("history %s: %v\n%s", h, p, debug.Stack()))
			}
		}()
		luck := rand.New(rand.NewPCG(h.seed, 0))
		w := newWorld(luck)
		defer w.gate.close()
		for range luck.IntN(5) {
			w.set(luck)
		}
		w.must(state.SaveTicketDefaults(context.Background(), w.table, w.settings))
		o.steps = 12 + luck.IntN(13)
		w.tick(luck, nil)
		w.begin(luck)
		for i := 0; i < o.steps && w.broken == ""; i++ {
			if h.keep != nil && !slices.Contains(h.keep, i) {
				continue
			}
			own := rand.New(rand.NewPCG(h.seed, uint64(i)+1))
			w.note("step %d", i)
			if own.IntN(100) < 46 {
				w.event(own)
			} else {
				var f *fault
				if own.IntN(100) < 60 {
					f = w.draw(own)
				}
				w.tick(own, f)
			}
			time.Sleep(2 * time.Second)
		}
		if w.broken == "" {
			w.calm()
		}
		o.broken, o.trace, o.coverage = w.broken, w.trace, w.coverage
		if w.broken != "" {
			var b strings.Builder
			w.describe(&b)
			o.world = b.String()
		}
	})
	return o
}

// begin steers some histories towards what seldom comes by chance.
func (w *world) begin(luck *rand.Rand) {
	s, story := &w.settings, luck.IntN(14)
	plain := func() {
		time.Sleep(2 * time.Second)
		w.tick(luck, nil)
		time.Sleep(2 * time.Second)
	}
	again := func(muted bool) func(*world, *rand.Rand) string {
		return onAlert(func(w *world, st *portal.State, a *portal.Alert) bool {
			next := *a
			next.Dismissed, next.Muted = false, muted
			w.later = append(w.later, next)
			return true
		})
	}
	do := func(happen func(*world, *rand.Rand) string) {
		w.note("first: %s", happen(w, luck))
		w.uv.Edit(func(st *portal.State) {
			for _, a := range w.later {
				w.add(st, a)
			}
			w.later = nil
		})
		plain()
	}
	keep := func() { w.must(state.SaveTicketDefaults(context.Background(), w.table, *s)) }
	switch story {
	case 0: // muted before a ticket was due
		s.Grace, s.GraceByClass = alert.Grace{After: 60}, nil
		keep()
		do(raise)
		do(allOver)
		do(again(true))
	case 1, 2: // a flapping trouble
		s.NoteEvery, s.ReopenWithin, s.AutoClose, s.Grace, s.GraceByClass = 60, 1440, true, alert.Grace{}, nil
		keep()
		do(raise)
		do(allOver)
		do(again(false))
		do(allOver)
	case 3: // back in its grace, or when the window is over
		s.ReopenWithin, s.AutoClose, s.Grace, s.GraceByClass = 0, true, alert.Grace{}, nil
		keep()
		do(raise)
		do(allOver)
		if luck.IntN(2) == 0 {
			s.Grace = alert.Grace{After: 10}
			keep()
		}
		do(again(false))
	case 4: // a person opens again what was closed
		s.AutoClose = true
		keep()
		do(raise)
		do(allOver)
		do(technicianReopens)
	case 5: // a closed ticket's trouble is back while it is held
		s.AutoClose = true
		keep()
		do(raise)
		do(allOver)
		do(silence)
		do(again(false))
	}
}

// event lets one or a few things happen.
func (w *world) event(luck *rand.Rand) {
	total := 0
	for _, e := range events {
		total += e.weight
	}
	for range 1 + luck.IntN(3) {
		n := luck.IntN(total)
		for _, e := range events {
			if n -= e.weight; n < 0 {
				what := e.happen(w, luck)
				if what != "" {
					w.cover("event", e.name)
					w.note("%s: %s", e.name, what)
				}
				break
			}
		}
		time.Sleep(2 * time.Second)
	}
}

// draw picks a fault.
func (w *world) draw(luck *rand.Rand) *fault {
	total := 0
	for _, f := range faults {
		total += f.weight
	}
	n := luck.IntN(total)
	for i := range faults {
		if n -= faults[i].weight; n < 0 {
			if w.muddled && strings.HasPrefix(faults[i].name, "a list is empty") || w.muddled && strings.Contains(faults[i].name, "unseen") {
				return nil
			}
			return &faults[i]
		}
	}
	return nil
}

// tick is a sync and the work that follows from it, or work alone, with a fault.
func (w *world) tick(luck *rand.Rand, f *fault) {
	if luck.IntN(3) == 0 {
		w.listDown, w.downs = false, map[string]bool{}
	}
	if luck.IntN(4) == 0 {
		w.enter()
	}
	if luck.IntN(3) == 0 {
		w.cw.Edit(func(st *psa.State) { st.SearchDelay = 0 })
	}
	if f != nil && f.when != reading && luck.IntN(4) > 0 { // something for it to strike
		w.note("first: %s", pick(luck, raise, raise, worse, allOver)(w, luck))
		time.Sleep(2 * time.Second)
	}
	began := time.Now()
	clean := f == nil && !w.listDown && len(w.downs) == 0 && len(w.stopped) == 0
	inSync := f != nil && (f.when == reading || f.when == always && luck.IntN(2) == 0)
	if luck.IntN(7) > 0 || inSync || clean {
		p, done, name := &process{side: true}, func() {}, "no fault"
		if inSync {
			done, name = w.arm(p, *f, luck), f.name
		}
		was := w.look()
		w.sync(p)
		done()
		w.note("sync, %s, struck %v", name, p.struck)
		w.check(was)
	} else {
		c := pick(luck, w.customers...)
		w.queue = append(w.queue, w.work(c))
		w.note("a message that nobody sent now")
	}
	struck := false
	if f != nil && !inSync {
		w.postal(f.name, luck)
	}
	for rounds := 0; rounds < 30 && w.broken == ""; rounds++ {
		i := slices.IndexFunc(w.queue, func(l letter) bool { return !l.visible.After(time.Now()) })
		if i < 0 {
			break
		}
		l := w.queue[i]
		w.queue = slices.Delete(w.queue, i, i+1)
		p, done := &process{}, func() {}
		name := "no fault"
		if f != nil && !inSync && !struck && l.queue == state.AlertsQueue {
			done, name = w.arm(p, *f, luck), f.name
		}
		was := w.look()
		err := w.handle(p, l)
		done()
		struck = struck || p.struck
		w.note("handled %s of %s, %s, struck %v, %v", l.body, l.queue, name, p.struck, err)
		w.check(was)
		if err != nil {
			l.visible = time.Now().Add(minutes(luck, 1, 2, 7))
			w.queue = append(w.queue, l)
		} else if name == "an acknowledgement is lost" && !struck {
			struck = true
			w.cover("fault", name)
			l.visible = time.Now().Add(minutes(luck, 0, 2, 7, 40))
			w.queue = append(w.queue, l)
		}
	}
	modes, err := state.LoadModes(context.Background(), w.table)
	w.must(err)
	if clean && len(w.queue) == 0 && modes.Ticketing == state.Live && w.ranSince(began) {
		w.muddled, w.truth.clean = false, began
		for _, c := range w.customers {
			w.truth.handled[c] = w.truth.events[c]
		}
	}
}

// ranSince says whether a sync began since and came to a good end. One that was killed
// may hold the account's lease against all that follow.
func (w *world) ranSince(began time.Time) bool {
	runs, err := state.Runs(context.Background(), w.table, "", 1)
	w.must(err)
	return len(runs) > 0 && runs[0].State == state.Succeeded && !runs[0].Created.Before(began)
}

// postal does what queues do to messages.
func (w *world) postal(name string, luck *rand.Rand) {
	n := len(w.queue)
	if n == 0 {
		return
	}
	switch name {
	case "a message comes twice":
		l := w.queue[luck.IntN(n)]
		l.visible = l.visible.Add(minutes(luck, 0, 0, 3, 60))
		w.queue = append(w.queue, l)
	case "a message comes late":
		w.queue[luck.IntN(n)].visible = time.Now().Add(minutes(luck, 1, 9, 45, 300))
	case "messages change places":
		if n < 2 {
			return
		}
		luck.Shuffle(n, func(i, j int) { w.queue[i], w.queue[j] = w.queue[j], w.queue[i] })
	default:
		return
	}
	w.cover("fault", name)
}

// calm lets everything that waits have its time, without faults, until nothing is
// due any more; then all must be as it should be, and nothing more be written.
func (w *world) calm() {
	w.note("all is calm")
	w.enter()
	w.listDown, w.downs = false, map[string]bool{}
	w.cw.Edit(func(st *psa.State) {
		st.SearchDelay = 0
		for i := range st.Tickets {
			st.Tickets[i].InUse, st.Tickets[i].OpenTasks = false, false
		}
	})
	w.must(state.SaveModes(context.Background(), w.table, state.Modes{Documentation: state.Preview, Ticketing: state.Live}))
	round := func(d time.Duration) {
		time.Sleep(d)
		was := w.look()
		w.sync(&process{})
		w.deliver(plainly)
		w.check(was)
	}
	round(17 * time.Minute) // whatever was claimed or leased is free
	for range 14 {
		if next := w.nextDue(); next.IsZero() || time.Until(next) > 6*time.Hour {
			break
		} else {
			round(max(0, time.Until(next)) + time.Minute)
		}
	}
	if w.broken != "" {
		return
	}
	w.settled()
	round(2 * time.Minute) // the bridge reads what it wrote itself
	if next := w.nextDue(); !next.IsZero() && time.Until(next) < 3*time.Minute {
		return
	}
	w.truth.wrote, w.truth.vendor = nil, 0
	round(2 * time.Minute)
	if w.truth.vendor > 0 {
		w.fail("nothing changed and ConnectWise was written to")
	}
	for _, pk := range w.truth.wrote {
		if pk != "run" && pk != "lease" && pk != "snapshot" && pk != "settings" && !strings.HasPrefix(pk, "run#") {
			w.fail("nothing changed and %s was written", pk)
		}
	}
}

// nextDue is when the clock makes a customer due; zero: never.
func (w *world) nextDue() (next time.Time) {
	dues, err := state.Dues(context.Background(), w.table, state.ConnectWise)
	w.must(err)
	for _, d := range dues {
		if !d.NextAt.IsZero() && (next.IsZero() || d.NextAt.Before(next)) {
			next = d.NextAt
		}
	}
	return next
}

// shorten leaves out what a failure does not need.
func (h history) shorten(t *testing.T, o outcome) (history, outcome) {
	if h.keep == nil {
		for i := range o.steps {
			h.keep = append(h.keep, i)
		}
	}
	for size := (len(h.keep) + 1) / 2; size >= 1; size /= 2 {
		for from := 0; from < len(h.keep); {
			less := history{h.seed, slices.Delete(slices.Clone(h.keep), from, min(from+size, len(h.keep)))}
			if got := less.run(t); got.broken != "" {
				h, o = less, got
				continue
			}
			from += size
		}
	}
	return h, o
}

func (h history) String() string {
	s := fmt.Sprintf("-seed %d", h.seed)
	if h.keep != nil {
		s += " -keep " + strings.Trim(strings.Join(strings.Fields(fmt.Sprint(h.keep)), ","), "[]")
	}
	return s
}
