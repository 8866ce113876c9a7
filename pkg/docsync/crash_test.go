package docsync_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/docsync"
	"uniview-bridge/pkg/itglue"
	"uniview-bridge/pkg/itglue/sandbox"
	"uniview-bridge/pkg/plan"
	"uniview-bridge/pkg/state"
)

// dieAt makes the process die at its nth write to the store: before it (nothing
// stored) or behind it (stored, nobody hears of it). Nothing is written afterwards
// until revive. It returns whether the point was reached.
func (w *world) dieAt(n int, behind bool) (reached func() bool, revive func()) {
	w.table.mu.Lock()
	defer w.table.mu.Unlock()
	writes, dead := 0, false
	w.table.before = func(state.Item) error {
		if dead {
			return errCrash
		}
		if writes++; writes == n && !behind {
			dead = true
			return errCrash
		}
		return nil
	}
	w.table.after = func(state.Item) error {
		if writes == n && behind {
			dead = true
			return errCrash
		}
		return nil
	}
	return func() bool { return dead }, func() {
		w.table.mu.Lock()
		defer w.table.mu.Unlock()
		w.table.before, w.table.after = nil, nil
	}
}

// slow is an IT Glue whose lists show a new flexible asset only after a while.
type slow struct {
	docsync.ITGlue
	now   func() time.Time
	delay time.Duration
}

func (s slow) ListFlexibleAssets(ctx context.Context, q itglue.FlexibleAssetQuery) ([]itglue.FlexibleAsset, error) {
	found, err := s.ITGlue.ListFlexibleAssets(ctx, q)
	return slices.DeleteFunc(found, func(f itglue.FlexibleAsset) bool { return s.now().Before(f.CreatedAt.Add(s.delay)) }), err
}

// showsAfter makes the lists of IT Glue slow for the service.
func (w *world) showsAfter(delay time.Duration) {
	open := w.service.Open
	w.service.Open = func(ctx context.Context) (state.Session[docsync.ITGlue], error) {
		session, err := open(ctx)
		session.Client = slow{session.Client, w.service.Now, delay}
		return session, err
	}
}

// settle lets time pass until everything must be mended: in small steps, or with a
// step over the whole search window first.
func (w *world) settle(first time.Duration) {
	w.t.Helper()
	for step := range 8 {
		w.now = w.now.Add(11 * time.Minute)
		if step == 0 {
			w.now = w.now.Add(first)
		}
		w.mustSync()
		w.once()
	}
}

// scenarios are the works in which the process dies.
var scenarios = map[string]struct {
	prepare func(*world) // brings the world to where the work begins
	organ   int          // where everything must stand in the end
	status  string
}{
	"first publishing": {prepare: func(*world) {}, status: "Success"},
	"a change of status": {status: "Failed", prepare: func(w *world) {
		w.mustSync()
		w.now = w.now.Add(time.Hour)
		for i := range w.slice.Assets {
			w.slice.Assets[i].Last = &backup.Backup{Start: w.now, Complete: w.now, Result: backup.Failed}
		}
	}},
	"a correction of the organization": {organ: 1, status: "Success", prepare: func(w *world) {
		w.mustSync()
		w.now = w.now.Add(time.Hour)
		w.matchTo(1)
	}},
}

func TestACrashAtAnyStepLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	const machines = 2
	first := 1
	for _, name := range slices.Sorted(maps.Keys(scenarios)) {
		scenario := scenarios[name]
		for _, behind := range []bool{false, true} {
			for _, fault := range []sandbox.FaultKind{"", sandbox.ResetAfter, sandbox.ResetBefore, sandbox.Truncate} {
				n := first
				if testing.Short() {
					first = first%7 + 1 // one death in every work, each time at the next write
				}
				t.Run(fmt.Sprintf("%s, behind the write %t, fault %q", name, behind, fault), func(t *testing.T) {
					t.Parallel()
					for ; ; n++ {
						w := newWorld(t, machines)
						scenario.prepare(w)
						if n%4 < 2 {
							w.showsAfter(25 * time.Minute)
						}
						if fault != "" {
							for _, method := range []string{"POST", "PATCH"} {
								w.glue.Inject(sandbox.Fault{Kind: fault, Method: method, Skip: (n - 1) % 3, Times: 1})
							}
						}
						reached, err := w.syncDying(n, behind)
						if err != nil && !errors.Is(err, errCrash) {
							t.Fatalf("write %d: %v", n, err)
						}
						w.glue.ClearFaults()
						w.once()
						w.settle(time.Duration(n%2) * time.Hour)
						live := w.live()
						if len(live) != machines {
							t.Fatalf("write %d: %d flexible assets in the end: %+v", n, len(live), live)
						}
						for _, p := range live {
							if p.organization != w.org[scenario.organ] || p.fields[docsync.FieldStatus] != scenario.status {
								t.Fatalf("write %d: in the end %+v", n, p)
							}
						}
						if r := w.mustSync(); !r.Done || len(w.glue.Requests()) != 0 {
							t.Fatalf("write %d: not at rest: %+v", n, r)
						}
						if testing.Short() {
							return
						}
						if !reached {
							if n < 4 {
								t.Errorf("the work has only %d writes to die at", n-1)
							}
							return
						}
					}
				})
			}
		}
	}
}

// syncDying is sync with a death at the nth write of the service itself.
func (w *world) syncDying(n int, behind bool) (reached bool, err error) {
	w.t.Helper()
	w.prepareSlice() // the account has done its work before
	run := w.newRun()
	dead, revive := w.dieAt(n, behind)
	err = w.service.Handle(w.t.Context(), state.Work{Version: 1, Run: run, Customer: customer})
	revive()
	return dead(), err
}

func TestTheSameMessageTwiceAtOnceMakesNothingTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 5)
	w.prepareSlice()
	run := w.newRun()
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			if err := w.service.Handle(t.Context(), state.Work{Version: 1, Run: run, Customer: customer}); err != nil {
				t.Errorf("handle: %v", err)
			}
		})
	}
	wg.Wait()
	w.once()
	w.settle(0)
	if n := len(w.live()); n != 5 {
		t.Errorf("%d flexible assets", n)
	}
}

func TestASecondFlexibleAssetWithAKeyIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.mustSync()
	w.glue.Edit(func(s *sandbox.State) {
		for _, a := range s.FlexibleAssets {
			twin := *a
			twin.ID = 0
			s.AddFlexibleAsset(twin)
			break
		}
	})
	first := w.published()[0].id
	w.now = w.now.Add(time.Hour)
	w.slice.Assets[0].Last = &backup.Backup{Start: w.now, Complete: w.now, Result: backup.Failed}
	w.prepareSlice()
	told := 0
	for _, c := range w.plan() {
		if c.Action == plan.Skip && c.TargetID != first && strings.HasPrefix(c.Reason, "it carries the same key as flexible asset "+first) {
			told++
		}
	}
	if told != 1 {
		t.Errorf("the second one is told %d times", told)
	}
	r, err := w.handle()
	if err != nil || r.Changed["update flexible asset"] != 1 || len(r.Reasons) != 1 {
		t.Fatalf("%+v", r)
	}
	for _, p := range w.published() {
		if (p.id == first) != (p.fields[docsync.FieldStatus] == "Failed") {
			t.Errorf("%+v", p)
		}
	}
}
