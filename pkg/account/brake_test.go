package account_test

import (
	"strings"
	"testing"
	"time"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/plan"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/ticketing"
	univiewbox "uniview-bridge/pkg/uniview/sandbox"
)

func (r *rig) modes(documentation, tickets state.Mode) {
	r.t.Helper()
	if err := state.SaveModes(r.t.Context(), r.table, state.Modes{Documentation: documentation, Ticketing: tickets}); err != nil {
		r.t.Fatal(err)
	}
	d := alert.Defaults()
	d.CompanyID, d.BoardID, d.CloseStatusID, d.PriorityID, d.SourceID = r.world.Desk()
	if err := state.SaveTicketDefaults(r.t.Context(), r.table, d); err != nil {
		r.t.Fatal(err)
	}
}

func TestABrakeOnTheDocumentationDoesNotSilenceTickets(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.modes(state.Live, state.Live)
	r.s.Brake = plan.Brake{AtLeast: 25}
	run := r.schedule(state.ScopeDocumentation)
	if run.State != state.Stopped || r.sent.take(state.CustomersQueue) != 0 {
		t.Fatalf("documentation run is %s: %s", run.State, run.Reason)
	}
	if digests, err := state.SliceDigests(t.Context(), r.table, state.ITGlue); err != nil || len(digests) != 0 {
		t.Errorf("%d slices of a stopped plan are there for workers to act on (%v)", len(digests), err)
	}
	for range 2 {
		if run = r.schedule(state.ScopeAlerts); run.State != state.Working || r.sent.take(state.AlertsQueue) == 0 {
			t.Fatalf("alerts run is %s: %s", run.State, run.Reason)
		}
	}
}

// decideTickets does what the tickets function would, as far as the desk goes.
func (r *rig) ticketed() {
	r.t.Helper()
	ctx := r.t.Context()
	digests, err := state.SliceDigests(ctx, r.table, state.ConnectWise)
	if err != nil {
		r.t.Fatal(err)
	}
	settings, err := state.LoadTicketSettings(ctx, r.table)
	if err != nil {
		r.t.Fatal(err)
	}
	ticket := 0
	for id := range digests {
		slice, meta, err := state.LoadSlice[ticketing.Slice](ctx, r.table, state.ConnectWise, id)
		if err != nil {
			r.t.Fatal(err)
		}
		d := ticketing.Decide(ticketing.Input{Slice: slice, AsOf: meta.AsOf, Settings: settings.Defaults, Installation: "test", Now: r.clock})
		for key, g := range d.Desk.Groups {
			if g.Planned == alert.Open {
				ticket++
				g.State, g.TicketID, g.OpenedAt = alert.GroupOpen, 5000+ticket, r.clock
				d.Desk.Groups[key] = g
			}
		}
		if _, err := state.Save(ctx, r.table, state.DeskKey(id), d.Desk, state.Any, time.Time{}); err != nil {
			r.t.Fatal(err)
		}
	}
	if ticket < 5 {
		r.t.Fatalf("only %d tickets to work with", ticket)
	}
}

func TestTooManyClosingsWaitForApprovalWhileNewTicketsGoOn(t *testing.T) {
	if testing.Short() {
		t.Skip("the long part runs this")
	}
	t.Parallel()
	r := newRig(t)
	r.modes(state.Preview, state.Live)
	r.s.Brake = plan.Brake{AtLeast: 100}
	r.schedule(state.ScopeAlerts)
	r.ticketed()
	r.sent.take(state.AlertsQueue)
	// Everything is dismissed at once, but for one new alert.
	r.world.UniView.Edit(func(st *univiewbox.State) {
		st.Dismiss(r.clock, st.Alerts...)
		st.AddAlert(univiewbox.Alert{Type: "alert", Severity: "critical", AssetTag: st.Appliances[0].AssetTag, Created: r.clock, Message: "Drive 9 has failed."})
	})
	r.s.Brake = plan.Brake{AtLeast: 3}
	run := r.schedule(state.ScopeAlerts)
	if len(run.Excess) == 0 || run.State != state.Working || r.sent.take(state.AlertsQueue) == 0 {
		t.Fatalf("run is %s with excess %v: %s", run.State, run.Excess, run.Reason)
	}
	held, closing := 0, 0
	digests, err := state.SliceDigests(t.Context(), r.table, state.ConnectWise)
	if err != nil {
		t.Fatal(err)
	}
	settings, err := state.LoadTicketSettings(t.Context(), r.table)
	if err != nil {
		t.Fatal(err)
	}
	opening := 0
	for id := range digests {
		slice, meta, err := state.LoadSlice[ticketing.Slice](t.Context(), r.table, state.ConnectWise, id)
		if err != nil {
			t.Fatal(err)
		}
		if slice.HoldClose {
			held++
		}
		desk, _, err := state.Load[state.Desk](t.Context(), r.table, state.DeskKey(id))
		if err != nil {
			t.Fatal(err)
		}
		d := ticketing.Decide(ticketing.Input{Slice: slice, AsOf: meta.AsOf, Desk: desk, Settings: settings.Defaults, Installation: "test", Now: r.clock})
		closing += plan.Plan{Changes: d.Changes}.N(plan.Ticket, plan.Close)
		opening += plan.Plan{Changes: d.Changes}.N(plan.Ticket, plan.Create)
	}
	if held == 0 || closing != 0 || opening != 1 {
		t.Errorf("%d customers held, %d closings would be made, %d tickets opened; want some, none, 1", held, closing, opening)
	}
	p, err := r.s.Plan(t.Context(), run.ID)
	if err != nil || (plan.Plan{Changes: p}).N(plan.Ticket, plan.Close) <= 3 {
		t.Errorf("the plan to approve shows %d closings (%v)", plan.Plan{Changes: p}.N(plan.Ticket, plan.Close), err)
	}
	if err := r.s.Approve(t.Context(), run.ID, run.Digest, "me"); err != nil {
		t.Fatal(err)
	}
	if err := r.s.Continue(t.Context(), state.RunMessage{Version: 1, Run: r.last().ID}); err != nil {
		t.Fatal(err)
	}
	if run = r.last(); len(run.Excess) != 0 {
		t.Errorf("after approval the run still waits: %v", run.Excess)
	}
	for id := range digests {
		if slice, _, err := state.LoadSlice[ticketing.Slice](t.Context(), r.table, state.ConnectWise, id); err != nil || slice.HoldClose {
			t.Fatalf("closing is still held (%v)", err)
		}
	}
}

func TestCatchingUpAfterARecordedOutageIsExempt(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.modes(state.Live, state.Preview)
	r.s.Brake = plan.Brake{AtLeast: 3}
	if _, err := state.UpdateConnection(t.Context(), r.table, state.ITGlue, func(c *state.Connection) error {
		c.Status, c.Since = state.ConnectionStopped, r.clock.Add(-2*time.Hour)
		c.Back(r.clock)
		c.Status = state.ConnectionOK
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if run := r.schedule(state.ScopeDocumentation); run.State != state.Working {
		t.Errorf("run after an outage is %s: %s", run.State, run.Reason)
	}
}

func TestOneFailingListDoesNotKeepAlertsFromBeingRead(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.world.UniView.Inject(univiewbox.Fault{PathPrefix: "/v1/appliances", Kind: univiewbox.Status, Status: 500})
	run := r.schedule(state.ScopeAlerts)
	if s := stage(run, state.ListAlerts); s.Failed != 0 || s.Read == 0 {
		t.Errorf("alerts: %+v", s)
	}
}

func TestAnAccountWithoutEndpointBackupHasNoEndpoints(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.world.UniView.Inject(univiewbox.Fault{PathPrefix: "/api/epb", Kind: univiewbox.Status, Status: 404})
	run := r.schedule(state.ScopeDocumentation)
	if s := stage(run, state.ListEndpoints); s.Failed != 0 || s.Read != 0 || !strings.Contains(s.Detail, "taken for none") {
		t.Errorf("endpoints: %+v", s)
	}
	if run.State != state.Working || run.Messages == 0 {
		t.Errorf("run is %s: %s", run.State, run.Reason)
	}
	// Where there were some, a refusal is a failure.
	r = newRig(t)
	r.schedule(state.ScopeDocumentation)
	r.world.UniView.Inject(univiewbox.Fault{PathPrefix: "/api/epb", Kind: univiewbox.Status, Status: 404})
	if s := stage(r.schedule(state.ScopeDocumentation), state.ListEndpoints); s.Failed != 1 {
		t.Errorf("endpoints: %+v", s)
	}
}

func TestAQuestionThatFailsIsNotConfirmedAndBlocksNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.schedule(state.ScopeAlerts)
	r.world.UniView.Edit(func(st *univiewbox.State) { st.Dismiss(r.clock, st.Alerts[0], st.Alerts[1], st.Alerts[2]) })
	// The lists come first, then the questions.
	pages := map[string]int{"alert": 0, "job": 0, "conditional": 0, "helix": 0}
	r.world.UniView.View(func(st *univiewbox.State) {
		for _, a := range st.Alerts {
			if !a.Dismissed {
				pages[a.Type]++
			}
		}
	})
	lists := 0
	for _, n := range pages {
		lists += max(1, (n+pageSize-1)/pageSize)
	}
	r.world.UniView.Inject(univiewbox.Fault{PathPrefix: "/v1/backupiq/alerts", Kind: univiewbox.Status, Status: 400, Skip: lists})
	run := r.schedule(state.ScopeAlerts)
	if s := stage(run, state.ListAlerts); s.Failed != 0 || s.Read == 0 {
		t.Errorf("alerts: %+v", s)
	}
}

func TestSlicesAreDatedAnewOnlyByARunThatReadAllTheirEvidence(t *testing.T) {
	if testing.Short() {
		t.Skip("the long part runs this")
	}
	t.Parallel()
	r := newRig(t)
	r.schedule(state.ScopeDocumentation)
	asOf := func() time.Time {
		at, err := state.SlicesAsOf(t.Context(), r.table, state.ITGlue)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	first := asOf()
	r.world.UniView.Inject(univiewbox.Fault{PathPrefix: "/api/epb", Kind: univiewbox.Status, Status: 503})
	r.schedule(state.ScopeDocumentation)
	if got := asOf(); !got.Equal(first) {
		t.Errorf("dated %v by a run that read half of it, want %v", got, first)
	}
	r.world.UniView.ClearFaults()
	r.schedule(state.ScopeDocumentation)
	if got := asOf(); !got.After(first) {
		t.Errorf("dated %v by a complete run, want later than %v", got, first)
	}
}

func TestARunWaitsItsTurnWhileAnotherDecides(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if err := state.Acquire(t.Context(), r.table, "account", "somebody", r.clock, r.clock.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	run := r.schedule(state.ScopeAlerts)
	if run.State != state.Queued || r.sent.take(state.RunsQueue) != 1 {
		t.Fatalf("run is %s", run.State)
	}
	if err := state.Release(t.Context(), r.table, "account", "somebody"); err != nil {
		t.Fatal(err)
	}
	if err := r.s.Continue(t.Context(), state.RunMessage{Version: 1, Run: run.ID}); err != nil {
		t.Fatal(err)
	}
	if run = r.last(); run.State != state.Working {
		t.Errorf("run is %s when its turn came", run.State)
	}
	if holder, err := state.HolderOf(t.Context(), r.table, "account", r.clock); err != nil || holder != "" {
		t.Errorf("%q holds the account after the run (%v)", holder, err)
	}
}

func TestAClockThatWasAheadOnceDoesNotKeepLaterReadsOut(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.clock = r.clock.Add(30 * 24 * time.Hour)
	r.schedule(state.ScopeDocumentation)
	r.clock = r.clock.Add(-30 * 24 * time.Hour)
	r.schedule(state.ScopeDocumentation)
	pointer, err := state.LoadPointer(t.Context(), r.table, state.ListAssets)
	if err != nil || pointer.ReadFrom.After(r.clock) {
		t.Errorf("the list is still dated %v (%v)", pointer.ReadFrom, err)
	}
}
