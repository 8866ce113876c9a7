package state_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"uniview-bridge/pkg/plan"
	"uniview-bridge/pkg/platform/local"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/state/statetest"
)

var t0 = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func table(t *testing.T) *statetest.Counting {
	t.Helper()
	s, err := local.Open(t.TempDir(), local.Options{NoSync: true, Now: func() time.Time { return t0 }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return statetest.Count(s)
}

type rec struct {
	ID   string `json:"id"`
	Text string `json:"text"`
}

func recID(r rec) string { return r.ID }

func TestARecordComesBackAsItWasSmallOrLarge(t *testing.T) {
	t.Parallel()
	tb := table(t)
	for _, want := range []rec{{"small", "x"}, {"large", strings.Repeat("many words ", 5000)}} {
		key := state.Key{PK: "p", SK: want.ID}
		if _, err := state.Save(t.Context(), tb, key, want, state.New, time.Time{}); err != nil {
			t.Fatal(err)
		}
		got, version, err := state.Load[rec](t.Context(), tb, key)
		if err != nil || version != 1 {
			t.Fatalf("version %d, error %v", version, err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	}
}

func TestARecordOfANewerBridgeIsRefusedWithWords(t *testing.T) {
	t.Parallel()
	tb := table(t)
	key := state.Key{PK: "p", SK: "s"}
	if _, err := tb.Put(t.Context(), state.Item{Key: key, Data: []byte(`{"schema":99,"data":{}}`)}); err != nil {
		t.Fatal(err)
	}
	_, _, err := state.Load[rec](t.Context(), tb, key)
	if err == nil || !strings.Contains(err.Error(), "upgrade first") {
		t.Errorf("error %v does not say what to do", err)
	}
}

func TestManyUpdatersLoseNothing(t *testing.T) {
	t.Parallel()
	tb := table(t)
	key := state.Key{PK: "p", SK: "counter"}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := state.Update(t.Context(), tb, key, func(n *int) error { *n++; return nil }); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	n, _, err := state.Load[int](t.Context(), tb, key)
	if err != nil || n != 8 {
		t.Errorf("counter is %d (%v), want 8", n, err)
	}
}

func records(n int, change map[int]string) []rec {
	out := make([]rec, n)
	for i := range out {
		out[i] = rec{fmt.Sprintf("id-%06d", i), fmt.Sprintf("%s%d", strings.Repeat("padding ", 20), i)}
		if text, ok := change[i]; ok {
			out[i].Text = text
		}
	}
	return out
}

func TestAnUnchangedListWritesItsPointerOnly(t *testing.T) {
	t.Parallel()
	tb := table(t)
	save := func(at time.Time, rs []rec) bool {
		changed, err := state.SaveSnapshot(t.Context(), tb, "l", at, at, rs, recID)
		if err != nil {
			t.Fatal(err)
		}
		return changed
	}
	if !save(t0, records(6000, nil)) {
		t.Error("the first snapshot says it changed nothing")
	}
	tb.Reset()
	shuffled := records(6000, nil)
	shuffled[0], shuffled[5999] = shuffled[5999], shuffled[0]
	if save(t0.Add(time.Hour), shuffled) {
		t.Error("another order of the same records counts as a change")
	}
	if w := tb.Writes(""); w != 1 {
		t.Errorf("%d writes for an unchanged list, want 1: %v", w, tb.Ops())
	}
	tb.Reset()
	if !save(t0.Add(2*time.Hour), records(6000, map[int]string{17: "new"})) {
		t.Error("a changed record does not count as a change")
	}
	if w := tb.Writes(""); w > 3 {
		t.Errorf("%d writes for one changed record of 6,000, want the chunk, the pointer and the old chunk's expiry", w)
	}
	got, pointer, err := state.LoadSnapshot[rec](t.Context(), tb, "l")
	if err != nil || len(got) != 6000 || !pointer.ReadAt.Equal(t0.Add(2*time.Hour)) {
		t.Fatalf("%d records read at %v: %v", len(got), pointer.ReadAt, err)
	}
}

func TestAnOlderReadNeverReplacesANewer(t *testing.T) {
	t.Parallel()
	tb := table(t)
	if _, err := state.SaveSnapshot(t.Context(), tb, "l", t0.Add(time.Minute), t0.Add(2*time.Minute), records(3, nil), recID); err != nil {
		t.Fatal(err)
	}
	_, err := state.SaveSnapshot(t.Context(), tb, "l", t0, t0.Add(3*time.Minute), records(2, nil), recID)
	if !errors.Is(err, state.ErrOlder) {
		t.Errorf("error %v, want ErrOlder", err)
	}
}

func TestASnapshotIsWholeWhicheverWriteFails(t *testing.T) {
	t.Parallel()
	step, size := 1, 4000
	if testing.Short() {
		step, size = 4, 1500
	}
	for n := 1; n <= 12; n += step {
		for _, fault := range []statetest.Fault{statetest.FailBefore, statetest.FailAfter} {
			tb := table(t)
			if _, err := state.SaveSnapshot(t.Context(), tb, "l", t0, t0, records(size, nil), recID); err != nil {
				t.Fatal(err)
			}
			tb.Inject(statetest.Nth(n, fault, statetest.Op.Write))
			next := records(size+200, map[int]string{5: "changed"})
			_, err := state.SaveSnapshot(t.Context(), tb, "l", t0.Add(time.Hour), t0.Add(time.Hour), next, recID)
			tb.Inject(nil)
			got, _, lerr := state.LoadSnapshot[rec](t.Context(), tb, "l")
			if lerr != nil {
				t.Fatalf("write %d: %v", n, lerr)
			}
			if len(got) != size && len(got) != size+200 {
				t.Errorf("write %d failed (%v): %d records, neither the old list nor the new", n, err, len(got))
			}
		}
	}
}

func TestSlicesAreStoredWhenTheyChangeAndDatedTogether(t *testing.T) {
	t.Parallel()
	tb := table(t)
	set := map[string]rec{"a": {"a", "1"}, "b": {"b", strings.Repeat("x", 10)}, "big": {"big", random(1 << 20)}}
	first, err := state.SaveSlices(t.Context(), tb, state.ITGlue, t0, set, true)
	if err != nil {
		t.Fatal(err)
	}
	tb.Reset()
	again, err := state.SaveSlices(t.Context(), tb, state.ITGlue, t0.Add(time.Hour), set, true)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(first, again); d != "" {
		t.Error(d)
	}
	if w := tb.Writes(""); w != 1 {
		t.Errorf("%d writes for unchanged slices, want the date alone", w)
	}
	for id, want := range set {
		got, meta, err := state.LoadSlice[rec](t.Context(), tb, state.ITGlue, id)
		if err != nil {
			t.Fatal(err)
		}
		if got != want || meta.Digest != first[id] || !meta.AsOf.Equal(t0.Add(time.Hour)) {
			t.Errorf("slice %s: digest %s as of %v", id, meta.Digest, meta.AsOf)
		}
	}
	// One customer alone keeps the date of the whole set.
	index, err := state.SaveSlices(t.Context(), tb, state.ITGlue, t0.Add(9*time.Hour), map[string]rec{"a": {"a", "2"}}, false)
	if err != nil {
		t.Fatal(err)
	}
	if index["b"] != first["b"] || index["a"] == first["a"] {
		t.Errorf("index after one slice: %v, before: %v", index, first)
	}
	_, meta, err := state.LoadSlice[rec](t.Context(), tb, state.ITGlue, "a")
	if err != nil || !meta.AsOf.Equal(t0.Add(time.Hour)) {
		t.Errorf("as of %v (%v), want the date of the whole set", meta.AsOf, err)
	}
}

// random is text that does not compress well, the same every time.
func random(n int) string {
	var b strings.Builder
	x := uint64(88172645463325252)
	for b.Len() < n {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		fmt.Fprintf(&b, "%x", x)
	}
	return b.String()[:n]
}

func newRun(t *testing.T, tb state.Table, messages int) state.Run {
	t.Helper()
	r := state.Run{ID: state.NewRunID(t0, "r"), Scope: state.ScopeAll, State: state.Working, Created: t0, Messages: messages}
	if _, err := state.SaveRun(t.Context(), tb, r, state.New); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestProgressIsExactUnderRedeliveryAndTheLastReportClosesTheRun(t *testing.T) {
	t.Parallel()
	tb := table(t)
	r := newRun(t, tb, 70)
	var wg sync.WaitGroup
	for i := range 70 {
		for range 2 { // every message comes twice
			wg.Go(func() {
				w := state.Work{Version: 1, Run: r.ID, Customer: fmt.Sprint("c", i), Index: i}
				err := retryConflict(func() error {
					return state.ReportWork(context.WithoutCancel(t.Context()), tb, w, state.Result{Changed: map[string]int{"create": 2}, Done: true}, t0)
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	p, err := state.LoadProgress(t.Context(), tb, r.ID)
	if err != nil {
		t.Fatal(err)
	}
	if p.Reported != 70 || p.Changed["create"] != 140 || p.Open != 0 {
		t.Errorf("progress %+v, want 70 reported and 140 created", p)
	}
	got, _, err := state.LoadRun(t.Context(), tb, r.ID)
	if err != nil || got.State != state.Succeeded {
		t.Errorf("run is %s (%v), want succeeded", got.State, err)
	}
}

// retryConflict stands for the queue: a handler whose store is contended is called again.
func retryConflict(f func() error) error {
	var err error
	for range 50 {
		if err = f(); !errors.Is(err, state.ErrConflict) {
			return err
		}
	}
	return err
}

func TestACustomerThatStaysDueMakesTheRunPartial(t *testing.T) {
	t.Parallel()
	tb := table(t)
	r := newRun(t, tb, 2)
	for i, done := range []bool{true, false} {
		w := state.Work{Version: 1, Run: r.ID, Customer: fmt.Sprint(i), Index: i}
		if err := state.ReportWork(t.Context(), tb, w, state.Result{Done: done, Reasons: []string{strings.Repeat("é", 900)}}, t0); err != nil {
			t.Fatal(err)
		}
	}
	got, _, err := state.LoadRun(t.Context(), tb, r.ID)
	if err != nil || got.State != state.Partial || !strings.Contains(got.Reason, "1 of 2 customers stay due") {
		t.Errorf("run is %s, %q (%v)", got.State, got.Reason, err)
	}
	p, err := state.LoadProgress(t.Context(), tb, r.ID)
	if err != nil || len(p.Entries) != 2 || len([]rune(p.Entries[0].Reasons[0])) != 300 {
		t.Errorf("entries %d (%v): want both, with reasons cut to 300 runes", len(p.Entries), err)
	}
}

func TestAMessageThatIsNotTheRunsDoesNotCountTowardsItsEnd(t *testing.T) {
	t.Parallel()
	tb := table(t)
	r := newRun(t, tb, 2)
	for _, i := range []int{0, 7, 99} {
		w := state.Work{Version: 1, Run: r.ID, Customer: "c", Index: i}
		if err := state.ReportWork(t.Context(), tb, w, state.Result{Done: true}, t0); err != nil {
			t.Fatal(err)
		}
	}
	if got, _, err := state.LoadRun(t.Context(), tb, r.ID); err != nil || got.State != state.Working {
		t.Errorf("run is %s (%v) though one of its two messages is missing", got.State, err)
	}
}

func TestAGoingLiveApprovalIsUsedUpByTheFirstPlanOfTheAccount(t *testing.T) {
	t.Parallel()
	tb := table(t)
	if err := state.Approve(t.Context(), tb, state.Approval{Vendor: state.ITGlue, By: "me", At: t0, GoingLive: true}); err != nil {
		t.Fatal(err)
	}
	var later plan.Plan
	for i := range 50 {
		later.Changes = append(later.Changes, plan.Change{Key: fmt.Sprint(i), Vendor: "itglue", Kind: plan.FlexibleAsset, Action: plan.Create})
	}
	// One customer's plan leaves it for the account's; that one uses it up, even empty.
	if ids, err := state.Approved(t.Context(), tb, state.ITGlue, later, false); err != nil || len(ids) != 50 {
		t.Errorf("%d changes of one customer's plan pass while going live (%v)", len(ids), err)
	}
	if _, err := state.Approved(t.Context(), tb, state.ITGlue, plan.Plan{}, true); err != nil {
		t.Fatal(err)
	}
	if ids, err := state.Approved(t.Context(), tb, state.ITGlue, later, true); err != nil || len(ids) != 0 {
		t.Errorf("%d changes of a later plan pass the brake (%v)", len(ids), err)
	}
}

func TestALeaseHasOneHolderUntilItEnds(t *testing.T) {
	t.Parallel()
	tb := table(t)
	ctx := t.Context()
	if err := state.Acquire(ctx, tb, "alerts", "run1", t0, t0.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	err := state.Acquire(ctx, tb, "alerts", "run2", t0.Add(time.Second), t0.Add(time.Hour))
	var held *state.HeldError
	if !errors.As(err, &held) || held.Lease.Owner != "run1" {
		t.Fatalf("second holder got %v, want to hear of run1", err)
	}
	if err := state.Release(ctx, tb, "alerts", "run2"); err != nil {
		t.Fatal(err)
	}
	if owner, err := state.HolderOf(ctx, tb, "alerts", t0.Add(2*time.Second)); err != nil || owner != "run1" {
		t.Errorf("holder %q (%v) after a stranger's release, want run1", owner, err)
	}
	if err := state.Acquire(ctx, tb, "alerts", "run2", t0.Add(2*time.Minute), t0.Add(time.Hour)); err != nil {
		t.Errorf("an ended lease cannot be taken: %v", err)
	}
}

func TestWhoWaitsFirstGetsTheNextTurn(t *testing.T) {
	t.Parallel()
	tb := table(t)
	ctx := t.Context()
	turn := func(owner string, at time.Duration) error {
		return state.AcquireTurn(ctx, tb, "account", owner, t0.Add(at), t0.Add(at+time.Hour))
	}
	steps := []struct {
		owner   string
		at      time.Duration
		release bool
		got     bool
	}{
		{"a", 0, false, true},
		{"b", 1, false, false},
		{"c", 2, false, false}, // b waits first
		{"a", 3, true, true},
		{"c", 4, false, false},
		{"b", 5, false, true}, // b's turn is kept for it
		{"b", 6, true, true},
		{"c", 7, false, true},
		{"c", 8, true, true},
		{"d", 9, false, true},
		{"e", 10, false, false}, // e waits, and never asks again
		{"d", 11, true, true},
		{"f", 12, false, false},
		{"f", 10 + 60, false, true},
	}
	for _, s := range steps {
		err := turn(s.owner, s.at*time.Second)
		var held *state.HeldError
		if (err == nil) != s.got || err != nil && !errors.As(err, &held) {
			t.Fatalf("%s at %v: %v, want success %v", s.owner, s.at*time.Second, err, s.got)
		}
		if s.release {
			if err := state.Release(ctx, tb, "account", s.owner); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestMessagesAreReadStrictly(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`not json`: "not a work message", `{"version":2,"run":"r","customer":"c","index":0}`: "version 2 is unknown",
		`{"version":1,"run":"","customer":"c","index":0}`: "names no run", `{"version":1,"run":"r","customer":"c","index":-1}`: "negative",
		`{"version":1,"run":"r","customer":"c","index":0,"extra":1}`: "not a work message", `{"version":1,"run":"r","customer":"c","index":0}{}`: "stands behind",
		`{"version":"1","run":"r","customer":"c","index":0}`: "not a work message",
	} {
		_, err := state.ParseWork([]byte(body))
		var permanent *state.PermanentError
		if !errors.As(err, &permanent) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want a permanent one with %q", body, err, want)
		}
	}
	w, err := state.ParseWork([]byte(`{"version":1,"run":"r","customer":"c","index":3}`))
	if err != nil || w.Index != 3 {
		t.Errorf("a good message: %+v, %v", w, err)
	}
}

func FuzzParseWork(f *testing.F) {
	f.Add([]byte(`{"version":1,"run":"r","customer":"c","index":3}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		w, err := state.ParseWork(body)
		var permanent *state.PermanentError
		if err != nil && !errors.As(err, &permanent) {
			t.Errorf("error %v is not permanent", err)
		}
		if err == nil && (w.Run == "" || w.Customer == "" || w.Index < 0 || w.Version != state.MessageVersion) {
			t.Errorf("accepted %+v", w)
		}
	})
}

func TestAGoingLiveApprovalCoversTheFirstPlanAndNoLaterAddition(t *testing.T) {
	t.Parallel()
	tb := table(t)
	var p plan.Plan
	for i := range 50 {
		p.Changes = append(p.Changes, plan.Change{Key: fmt.Sprint(i), Vendor: "itglue", Kind: plan.FlexibleAsset, Action: plan.Create})
	}
	if err := state.Approve(t.Context(), tb, state.Approval{Vendor: state.ITGlue, By: "me", At: t0, GoingLive: true}); err != nil {
		t.Fatal(err)
	}
	check := func(p plan.Plan) []plan.Excess {
		approved, err := state.Approved(t.Context(), tb, state.ITGlue, p, true)
		if err != nil {
			t.Fatal(err)
		}
		return plan.DefaultBrake.Check(p, nil, approved)
	}
	if e := check(p); len(e) != 0 {
		t.Errorf("the approved plan is braked: %v", e)
	}
	if e := check(plan.Plan{Changes: p.Changes[20:]}); len(e) != 0 {
		t.Errorf("the rest of the approved plan is braked: %v", e)
	}
	for i := range 30 {
		p.Changes = append(p.Changes, plan.Change{Key: fmt.Sprint("new", i), Vendor: "itglue", Kind: plan.FlexibleAsset, Action: plan.Create})
	}
	if e := check(p); len(e) != 1 || e[0].N != 30 || e[0].Limit != 20 {
		t.Errorf("30 unapproved creates: %v, want them over the limit of 20", e)
	}
}

func TestDueSaysWhy(t *testing.T) {
	t.Parallel()
	done := state.Due{Digest: "d", Completed: t0, NextAt: t0.Add(time.Hour)}
	for _, c := range []struct {
		due    state.Due
		digest string
		now    time.Time
		want   bool
		reason string
	}{
		{state.Due{}, "d", t0, true, "never completed"},
		{done, "d", t0, false, "nothing changed"},
		{done, "e", t0, true, "something changed"},
		{done, "d", t0.Add(time.Hour), true, "its time has come"},
	} {
		got, reason := c.due.IsDue(c.digest, c.now)
		if got != c.want || reason != c.reason {
			t.Errorf("%+v at %v: %v, %q; want %v, %q", c.due, c.now, got, reason, c.want, c.reason)
		}
	}
}
