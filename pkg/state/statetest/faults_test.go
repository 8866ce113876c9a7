package statetest_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"uniview-bridge/pkg/platform/local"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/state/statetest"
)

func table(t *testing.T, now func() time.Time) state.Table {
	t.Helper()
	s, err := local.Open(t.TempDir(), local.Options{NoSync: true, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestACountingTableKeepsTheContract(t *testing.T) {
	t.Parallel()
	statetest.Table(t, func(t *testing.T, now func() time.Time) state.Table { return statetest.Count(table(t, now)) })
}

func TestCounts(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := statetest.Count(table(t, time.Now))
	a, b := state.Key{PK: "run#1", SK: "x"}, state.Key{PK: "link#1", SK: "y"}
	item, err := c.Put(ctx, state.Item{Key: a})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Put(ctx, state.Item{Key: a}); !errors.Is(err, state.ErrConflict) {
		t.Errorf("got error %v, want ErrConflict", err)
	}
	if _, err := c.GetMany(ctx, []state.Key{a, b, a}); err != nil {
		t.Error(err)
	}
	if _, err := c.Query(ctx, state.Query{PK: "run#1", Prefix: "x"}); err != nil {
		t.Error(err)
	}
	if err := c.Delete(ctx, a, item.Version); err != nil {
		t.Error(err)
	}
	want := []statetest.Op{{statetest.OpPut, a}, {statetest.OpPut, a}, {statetest.OpGet, a}, {statetest.OpGet, b}, {statetest.OpQuery, a}, {statetest.OpDelete, a}}
	if diff := cmp.Diff(want, c.Ops()); diff != "" {
		t.Errorf("operations (-want +got):\n%s", diff)
	}
	got := []int{c.Reads(""), c.Reads("run#"), c.Writes(""), c.Writes("run#"), c.Writes("link#")}
	if diff := cmp.Diff([]int{3, 2, 3, 3, 0}, got); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	if c.Reset(); c.Reads("")+c.Writes("") != 0 {
		t.Error("counts are left after a reset")
	}
}

func TestInjectedFaults(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	key := state.Key{PK: "p", SK: "s"}
	for name, test := range map[string]struct {
		fault statetest.Fault
		done  bool
	}{
		"before it is done": {statetest.FailBefore, false},
		"after it is done":  {statetest.FailAfter, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := statetest.Count(table(t, time.Now))
			c.Inject(statetest.Nth(2, test.fault, statetest.Op.Write))
			if _, err := c.Put(ctx, state.Item{Key: state.Key{PK: "other", SK: "s"}}); err != nil {
				t.Errorf("the first write failed: %v", err)
			}
			if _, err := c.Put(ctx, state.Item{Key: key}); !errors.Is(err, statetest.ErrInjected) {
				t.Errorf("the second write: got error %v, want ErrInjected", err)
			}
			_, err := c.Get(ctx, key)
			if done := err == nil; done != test.done {
				t.Errorf("done: %v (%v), want %v", done, err, test.done)
			}
		})
	}
}

// recorder is a sender that keeps what it gets.
type recorder struct{ sent []state.Outgoing }

func (r *recorder) Send(_ context.Context, _ string, messages ...state.Outgoing) error {
	r.sent = append(r.sent, messages...)
	return nil
}

func TestUnreliableSender(t *testing.T) {
	t.Parallel()
	var out []state.Outgoing
	for _, id := range []string{"a", "b", "c", "d", "e"} {
		out = append(out, state.Outgoing{Body: []byte(id), Group: "g", DedupID: id})
	}
	try := func(u *statetest.Unreliable) (bodies string, ids map[string]bool, err error) {
		r := &recorder{}
		u.Inner, u.Rand, ids = r, rand.New(rand.NewPCG(1, 2)), map[string]bool{}
		err = u.Send(t.Context(), "q", out...)
		for _, m := range r.sent {
			bodies += string(m.Body)
			ids[m.DedupID] = true
		}
		return bodies, ids, err
	}
	sorted := func(s string) string {
		b := []byte(s)
		slices.Sort(b)
		return string(b)
	}
	if got, _, err := try(&statetest.Unreliable{}); got != "abcde" || err != nil {
		t.Errorf("without faults: sent %q with error %v", got, err)
	}
	if got, ids, err := try(&statetest.Unreliable{Duplicate: 1}); got != "aabbccddee" || len(ids) != 10 || err != nil {
		t.Errorf("duplicates: sent %q under %d ids with error %v", got, len(ids), err)
	}
	if got, _, err := try(&statetest.Unreliable{Reorder: 1}); got == "abcde" || sorted(got) != "abcde" || err != nil {
		t.Errorf("another order: sent %q with error %v", got, err)
	}
	if got, _, err := try(&statetest.Unreliable{LoseAnswer: 1}); got != "abcde" || !errors.Is(err, statetest.ErrInjected) {
		t.Errorf("a lost answer: sent %q with error %v", got, err)
	}
	if got, _, err := try(&statetest.Unreliable{Fail: 1}); len(got) > 5 || !errors.Is(err, statetest.ErrInjected) {
		t.Errorf("a failure: sent %q with error %v", got, err)
	}
}
