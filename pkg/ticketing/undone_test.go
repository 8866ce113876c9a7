package ticketing

import (
	"context"
	"errors"
	"testing"
	"time"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/state"
)

// What was decided while ConnectWise was stopped, or before a crash, is not
// forgotten when UniView says again what it said before: the digest is then the one
// that was completed last, and what was begun is still to be ended.
func TestWhatWasBegunAndNotDoneStaysDue(t *testing.T) {
	t.Parallel()
	for name, interrupt := range map[string]func(w *world) (mend func()){
		"the connection is stopped": func(w *world) func() {
			w.stopped = true
			return func() { w.stopped = false }
		},
		"a crash before it is completed": func(w *world) func() {
			w.table.before = func(k state.Key) error {
				if k == state.DueKey(state.ConnectWise, w.customer) {
					return errCrash
				}
				return nil
			}
			return func() { w.table.before = nil }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.settings.Grace = alert.Grace{After: 60}
			if name == "the connection is stopped" {
				w.settings.Grace = alert.Grace{}
			}
			w.turn() // nothing is wrong
			w.raise("SRV1")
			w.sync()
			mend := interrupt(w)
			if err := w.service.Handle(context.Background(), w.message()); err != nil && !errors.Is(err, errCrash) {
				t.Fatal(err)
			}
			mend()
			for _, c := range w.desk().Conditions {
				if c.State != alert.ConditionOpen {
					t.Fatalf("this proves nothing:\n%s", w.describe())
				}
			}
			w.pass(time.Minute)
			w.alerts = nil // as before
			for range 3 {
				w.turn()
				w.pass(2 * time.Minute)
			}
			for key, c := range w.desk().Conditions {
				if c.State != alert.ConditionOver {
					t.Errorf("condition %s is still %s\n%s", key, c.State, w.describe())
				}
			}
			w.cw.ResetRequests()
			writes := w.table.writes
			w.handle(w.message())
			if n := w.table.writes - writes; len(w.cw.Requests()) > 0 || n > 4 {
				t.Errorf("%d requests and %d writes though all is done", len(w.cw.Requests()), n)
			}
		})
	}
}

// A slow worker with an older slice completes after a newer one: what the newer one
// saw missing once is still looked for again.
func TestAnOlderSliceDoesNotForgetTheSecondLook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.raise("SRV1")
	w.turn()
	w.pass(10 * time.Minute)
	w.alerts = nil
	w.turn() // missing once
	in := Input{
		Slice: Slice{Customer: backup.Customer{ID: w.customer}, Company: w.company}, AsOf: w.time().Add(-5 * time.Minute),
		Desk: w.desk(), Settings: w.settings, Installation: testInstallation, Now: w.time(),
	}
	if got, want := Decide(in).NextAt, w.time().Add(alert.SecondLook); !got.Equal(want) {
		t.Errorf("comes back at %v, want %v\n%s", got, want, w.describe())
	}
}
