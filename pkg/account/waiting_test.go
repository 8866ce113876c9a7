package account_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/state"
)

func TestAlertsThatWaitForConnectWiseAreShownAndToldOnce(t *testing.T) {
	if testing.Short() {
		t.Skip("the long part runs this")
	}
	t.Parallel()
	r := newRig(t)
	r.modes(state.Preview, state.Live)
	var told []string
	r.s.Notice = func(_ context.Context, metric, _, message string) {
		if strings.HasPrefix(metric, "Notices") && strings.Contains(message, "for ConnectWise") {
			told = append(told, metric+": "+message)
		}
	}
	waiting := func() state.Waiting {
		w, err := state.LoadWaiting(t.Context(), r.table)
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	r.schedule(state.ScopeAlerts)
	if w := waiting(); w.Alerts != 0 {
		t.Fatalf("waiting: %+v", w)
	}
	since := r.clock
	desk := state.Desk{
		Conditions: map[string]alert.Condition{"v1:a": {Key: "v1:a", Group: "x/g", State: alert.ConditionOpen, First: since.Add(-time.Hour)}},
		Groups:     map[string]alert.Group{"x/g": {Key: "x/g", State: alert.GroupWaiting, WantedAt: since, Reason: "1 trouble without a ticket", Failure: "the keys are refused"}},
	}
	put := func(d state.Desk) {
		t.Helper()
		if _, err := state.Save(t.Context(), r.table, state.DeskKey("somebody"), d, state.Any, time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	put(desk)
	r.schedule(state.ScopeAlerts)
	if w := waiting(); w.Alerts != 1 || !w.Oldest.Equal(since.Add(-time.Hour)) || !w.Since.Equal(since) || w.Reason != "the keys are refused" || len(told) != 0 {
		t.Fatalf("waiting %+v, told %q", w, told)
	}
	r.clock = since.Add(time.Hour)
	for range 3 {
		r.schedule(state.ScopeAlerts)
	}
	if len(told) != 1 || !strings.Contains(told[0], "Notices: 1 alerts wait for ConnectWise since") || !strings.Contains(told[0], "the keys are refused") {
		t.Fatalf("told %q", told)
	}
	put(state.Desk{})
	for range 3 {
		r.schedule(state.ScopeAlerts)
	}
	if w := waiting(); w != (state.Waiting{}) || len(told) != 2 || !strings.HasPrefix(told[1], "NoticesEnded: ") {
		t.Errorf("waiting %+v, told %q", w, told)
	}
	// In preview nothing waits for ConnectWise.
	put(desk)
	r.modes(state.Preview, state.Preview)
	r.schedule(state.ScopeAlerts)
	if w := waiting(); w.Alerts != 0 || len(told) != 2 {
		t.Errorf("waiting in preview %+v, told %q", w, told)
	}
}

// A budget smaller than an appliance has machines gets through all of them, run
// by run, and comes to the same answers as a large one.
func TestTheBudgetOfQuestionsIsKeptAndEveryMachineIsAskedFor(t *testing.T) {
	if testing.Short() {
		t.Skip("a hundred runs are part of the long run")
	}
	t.Parallel()
	machines := func(budget, runs int) (found map[string]string, most int, quiet bool) {
		r := newRig(t)
		d := alert.Defaults()
		d.AttributionBudget = budget
		if err := state.SaveTicketDefaults(t.Context(), r.table, d); err != nil {
			t.Fatal(err)
		}
		for range runs {
			r.world.UniView.ResetRequests()
			r.schedule(state.ScopeAlerts)
			n := 0
			for _, q := range r.world.UniView.Requests() {
				if strings.Contains(q.Query, "asset_key=") {
					n++
				}
			}
			most, quiet = max(most, n), n == 0
			if quiet {
				break
			}
		}
		alerts, _, err := state.LoadSnapshot[alert.Alert](t.Context(), r.table, state.ListAlerts)
		if err != nil {
			t.Fatal(err)
		}
		found = map[string]string{}
		for _, a := range alerts {
			found[alert.Fingerprint(a)] = a.AssetKey
		}
		return found, most, quiet
	}
	wide, _, quiet := machines(2000, 3)
	if !quiet {
		t.Fatal("a large budget does not come to an end")
	}
	narrow, most, quiet := machines(2, 200)
	if !quiet || most != 2 {
		t.Fatalf("quiet %v, at most %d questions in a run", quiet, most)
	}
	for fp, key := range wide {
		if narrow[fp] != key {
			t.Errorf("alert %s is about %q, with a small budget %q", fp, key, narrow[fp])
		}
	}
}
