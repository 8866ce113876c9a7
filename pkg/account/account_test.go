package account_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"uniview-bridge/pkg/account"
	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/connectwise"
	"uniview-bridge/pkg/demo"
	"uniview-bridge/pkg/itglue"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/plan"
	"uniview-bridge/pkg/platform/local"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/state/statetest"
	"uniview-bridge/pkg/uniview"
	univiewbox "uniview-bridge/pkg/uniview/sandbox"
	"uniview-bridge/pkg/vendorhttp"
)

// pageSize makes lists of this small world have several pages.
const pageSize = 20

var epoch = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// rig is a sync over a small world.
type rig struct {
	t     *testing.T
	clock time.Time
	world *demo.World
	table *statetest.Counting
	sent  *outbox
	s     *account.Service
	ids   int
}

// outbox keeps what is sent.
type outbox struct {
	mu       sync.Mutex
	messages map[string][]state.Outgoing
}

func (o *outbox) Send(_ context.Context, queue string, messages ...state.Outgoing) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.messages == nil {
		o.messages = map[string][]state.Outgoing{}
	}
	o.messages[queue] = append(o.messages[queue], messages...)
	return nil
}

func (o *outbox) take(queue string) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := len(o.messages[queue])
	delete(o.messages, queue)
	return n
}

// well is a health that nobody asks.
type well struct{}

func (well) Healthy(context.Context, state.Vendor) error       { return nil }
func (well) Ailing(context.Context, state.Vendor, error) error { return nil }

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, clock: epoch, sent: &outbox{}}
	now := func() time.Time { return r.clock }
	r.world = demo.New(demo.Options{Customers: 8, Assets: 60, Alerts: 40, Now: now, Epoch: epoch, Unlimited: true, Calm: true})
	store, err := local.Open(t.TempDir(), local.Options{NoSync: true, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	r.table = statetest.Count(store)
	o := func(rt http.RoundTripper) vendorhttp.Options {
		return vendorhttp.Options{
			HTTP: &http.Client{Transport: rt}, Now: now, Retries: -1,
			Limit: vendorhttp.NewLimiter(vendorhttp.LimiterOptions{PerWindow: 5000, Window: time.Second}),
		}
	}
	uv, err := uniview.New(uniview.Config{
		APIURL: "https://uniview.example", TokenURL: "https://uniview.example/connect/token", ClientID: demo.UniViewClientID,
		ClientSecret: demo.UniViewClientSecret, HTTP: o(r.world.UniView.Transport()), PageSize: pageSize,
	})
	if err != nil {
		t.Fatal(err)
	}
	ig, err := itglue.New(itglue.Config{APIURL: "https://itglue.example", APIKey: demo.ITGlueKey, HTTP: o(r.world.ITGlue.Transport())})
	if err != nil {
		t.Fatal(err)
	}
	cw, err := connectwise.New(connectwise.Config{
		InstanceURL: "https://psa.example", CompanyID: demo.ConnectWiseCompany, PublicKey: demo.ConnectWisePublic,
		PrivateKey: demo.ConnectWisePrivate, ClientID: demo.ConnectWiseClientID, HTTP: &http.Client{Transport: r.world.ConnectWise.Transport()}, Retries: -1,
	})
	if err != nil {
		t.Fatal(err)
	}
	r.s = &account.Service{
		Table: r.table, Sender: r.sent, Health: well{}, Now: now, Log: slog.New(slog.DiscardHandler), Installation: "test", Brake: plan.DefaultBrake,
		Random:  func() string { r.ids++; return fmt.Sprintf("%06d", r.ids) },
		UniView: opener(uv), ITGlue: opener(ig), ConnectWise: opener(cw),
	}
	return r
}

func opener[C any](client C) state.Opener[C] {
	return func(context.Context) (state.Session[C], error) {
		return state.Session[C]{Client: client, Fail: func(_ context.Context, err error) error { return err }}, nil
	}
}

func (r *rig) schedule(scope state.Scope) state.Run {
	r.t.Helper()
	r.clock = r.clock.Add(time.Minute)
	if err := r.s.Schedule(r.t.Context(), scope); err != nil {
		r.t.Fatal(err)
	}
	return r.last()
}

func (r *rig) last() state.Run {
	r.t.Helper()
	runs, err := state.Runs(r.t.Context(), r.table, "", 1)
	if err != nil || len(runs) == 0 {
		r.t.Fatalf("no run: %v", err)
	}
	return runs[0]
}

func stage(run state.Run, name string) state.Stage {
	for _, s := range run.Stages {
		if s.Name == name {
			return s
		}
	}
	return state.Stage{}
}

func TestAFirstDocumentationSyncLinksSlicesPlansAndSendsOneMessagePerCustomer(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	run := r.schedule(state.ScopeDocumentation)
	if run.State != state.Working || run.Messages == 0 || run.Messages != r.sent.take(state.CustomersQueue) {
		t.Fatalf("run %s with %d messages: %s", run.State, run.Messages, run.Reason)
	}
	if r.sent.take(state.AlertsQueue) != 0 {
		t.Error("a documentation sync sent work to the alerts queue")
	}
	customers, err := state.Customers(t.Context(), r.table)
	if err != nil {
		t.Fatal(err)
	}
	matched := 0
	for _, c := range customers {
		if c.Links.Organization.State == match.Matched {
			matched++
		}
		if c.Links.Organization.Reason == "" {
			t.Errorf("%s: a link without a reason: %+v", c.Name, c.Links.Organization)
		}
	}
	if matched == 0 || run.Customers["matched"] != matched {
		t.Errorf("%d customers matched, the run says %v", matched, run.Customers)
	}
	p, err := r.s.Plan(t.Context(), run.ID)
	if err != nil || len(p) == 0 {
		t.Errorf("%d planned changes, %v", len(p), err)
	}
	for _, c := range p {
		if c.Reason == "" {
			t.Errorf("change %s has no reason", c.ID())
		}
	}
}

func TestTheSameListsGiveTheSamePlan(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	first := r.schedule(state.ScopeDocumentation)
	second := r.schedule(state.ScopeDocumentation)
	if first.Digest == "" || first.Digest != second.Digest {
		t.Errorf("digests %q and %q of two plans from equal lists", first.Digest, second.Digest)
	}
}

func TestAListThatFailsLosesItsOwnVendorOnlyAndKeepsTheOlderSnapshot(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.schedule(state.ScopeDocumentation)
	before, err := state.LoadPointer(t.Context(), r.table, state.ListAssets)
	if err != nil {
		t.Fatal(err)
	}
	r.world.UniView.Inject(univiewbox.Fault{PathPrefix: "/v1/assets", Kind: univiewbox.Status, Status: 503})
	run := r.schedule(state.ScopeDocumentation)
	if s := stage(run, state.ListAssets); s.Failed != 1 || s.Detail == "" {
		t.Errorf("stage of the failing list: %+v", s)
	}
	if s := stage(run, state.ListConfigurations); s.Failed != 0 || s.Read == 0 {
		t.Errorf("IT Glue's list suffered from UniView's failure: %+v", s)
	}
	after, err := state.LoadPointer(t.Context(), r.table, state.ListAssets)
	if err != nil || !after.ReadAt.Equal(before.ReadAt) || after.Digest != before.Digest {
		t.Errorf("the snapshot moved from %v to %v (%v)", before.ReadAt, after.ReadAt, err)
	}
}

func TestAnEmptyListWhereThereWereManyIsSuspectAndChangesNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.schedule(state.ScopeDocumentation)
	r.world.UniView.Inject(univiewbox.Fault{PathPrefix: "/v1/assets", Kind: univiewbox.EmptyList})
	for range 3 { // however often
		run := r.schedule(state.ScopeDocumentation)
		if s := stage(run, state.ListAssets); s.Failed != 1 || !strings.Contains(s.Detail, "came back empty where there were") {
			t.Fatalf("stage of the empty list: %+v", s)
		}
	}
	assets, _, err := state.LoadSnapshot[backup.Asset](t.Context(), r.table, state.ListAssets)
	if err != nil || len(assets) == 0 {
		t.Errorf("%d assets left (%v)", len(assets), err)
	}
}

func TestAlertsMayAllBeGoneButOnlyASecondReadIsBelieved(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.schedule(state.ScopeAlerts)
	r.world.UniView.Edit(func(st *univiewbox.State) { st.Alerts = nil })
	if s := stage(r.schedule(state.ScopeAlerts), state.ListAlerts); s.Failed != 1 {
		t.Errorf("a first empty list of alerts was believed: %+v", s)
	}
	r.clock = r.clock.Add(time.Minute)
	if s := stage(r.schedule(state.ScopeAlerts), state.ListAlerts); s.Failed != 0 {
		t.Errorf("a second empty list of alerts was not believed: %+v", s)
	}
}

func TestADismissedAlertIsFoundAmongTheDismissedOnes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.schedule(state.ScopeAlerts)
	var want univiewbox.Alert
	r.world.UniView.Edit(func(st *univiewbox.State) {
		for _, a := range st.Alerts {
			if !a.Dismissed && !a.Muted {
				st.Dismiss(r.clock, a)
				want = *a
				return
			}
		}
	})
	r.schedule(state.ScopeAlerts)
	alerts, _, err := state.LoadSnapshot[alert.Alert](t.Context(), r.table, state.ListAlerts)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range alerts {
		if a.Message == want.Message && a.Created.Equal(want.Created) && a.CustomerID == want.CustomerID {
			if !a.Dismissed {
				t.Error("the dismissed alert is listed as open")
			}
			return
		}
	}
	t.Error("the dismissed alert is not in the snapshot: its ticket would wait for two more reads")
}

func TestTheMachineOfAnAlertThatNamesNoneIsAskedForOnce(t *testing.T) {
	if testing.Short() {
		t.Skip("the long part runs this")
	}
	t.Parallel()
	r := newRig(t)
	found := func() (keys, asked int) {
		alerts, _, err := state.LoadSnapshot[alert.Alert](t.Context(), r.table, state.ListAlerts)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range alerts {
			if a.AssetKey != "" {
				keys++
			}
			if a.Asked {
				asked++
			}
		}
		return keys, asked
	}
	for range 6 { // the budget spreads the questions over runs
		r.schedule(state.ScopeAlerts)
	}
	keys, asked := found()
	if keys == 0 || asked == 0 {
		t.Fatalf("%d machines found for %d alerts asked about", keys, asked)
	}
	r.world.UniView.ResetRequests()
	run := r.schedule(state.ScopeAlerts)
	for _, q := range r.world.UniView.Requests() {
		if strings.Contains(q.Query, "asset_key=") {
			t.Fatalf("asked again: %s", q.Query)
		}
	}
	if s := stage(run, state.ListAlerts); s.Detail != "" {
		t.Errorf("questions in a quiet run: %s", s.Detail)
	}
}

func TestARunThatRunsOutOfTimeGoesOnFromTheLastCompletePage(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	// A deadline nearer than the reserve: every call reads nothing and puts aside.
	short, stop := context.WithDeadline(t.Context(), time.Now().Add(30*time.Second))
	defer stop()
	if err := r.s.Schedule(short, state.ScopeDocumentation); err != nil {
		t.Fatal(err)
	}
	run := r.last()
	if run.State != state.Reading || r.sent.take(state.RunsQueue) != 1 {
		t.Fatalf("run is %s, want it to go on with a message to itself", run.State)
	}
	// Somebody else cannot begin meanwhile.
	_, err := r.s.Request(t.Context(), state.ScopeDocumentation, "", "me")
	var held *state.HeldError
	if !errors.As(err, &held) || held.Lease.Owner != run.ID {
		t.Errorf("a second sync: %v, want to hear of run %s", err, run.ID)
	}
	if err := r.s.Continue(t.Context(), state.RunMessage{Version: 1, Run: run.ID}); err != nil {
		t.Fatal(err)
	}
	if run = r.last(); run.State != state.Working || stage(run, state.ListAssets).Read == 0 {
		t.Errorf("continued run is %s: %+v", run.State, run.Stages)
	}
	// A redelivered message does nothing more.
	sent := r.sent.take(state.CustomersQueue)
	if err := r.s.Continue(t.Context(), state.RunMessage{Version: 1, Run: run.ID}); err != nil || sent == 0 || r.sent.take(state.CustomersQueue) != 0 {
		t.Errorf("a redelivered message sent work again (%v)", err)
	}
}

func TestThePagesReadBeforeTheTimeRanOutAreNotReadAgain(t *testing.T) {
	if testing.Short() {
		t.Skip("the long part runs this")
	}
	t.Parallel()
	r := newRig(t)
	ctx, stop := context.WithDeadline(t.Context(), time.Now().Add(46*time.Second))
	defer stop()
	// The deadline comes within the reserve while the first list is on its way.
	r.world.UniView.Inject(univiewbox.Fault{PathPrefix: "/v1/assets", Kind: univiewbox.Latency, Delay: 1500 * time.Millisecond, Times: 1})
	if err := r.s.Schedule(ctx, state.ScopeDocumentation); err != nil {
		t.Fatal(err)
	}
	run := r.last()
	if run.State != state.Reading {
		t.Fatalf("the run is %s with little time left", run.State)
	}
	r.world.UniView.ResetRequests()
	if err := r.s.Continue(t.Context(), state.RunMessage{Version: 1, Run: run.ID}); err != nil {
		t.Fatal(err)
	}
	for _, q := range r.world.UniView.Requests() {
		if strings.HasPrefix(q.Path, "/v1/customers") {
			t.Errorf("a complete list was read again: %s?%s", q.Path, q.Query)
		}
		if q.Path == "/v1/assets" && strings.Contains(q.Query, "page_number=1&") {
			t.Errorf("a page that was read was read again: %s", q.Query)
		}
	}
}

func TestALivePlanOverTheBrakeStopsAndItsApprovalLetsExactlyItPass(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if err := state.SaveModes(t.Context(), r.table, state.Modes{Documentation: state.Live, Ticketing: state.Preview}); err != nil {
		t.Fatal(err)
	}
	run := r.schedule(state.ScopeDocumentation)
	if run.State != state.Stopped || len(run.Excess) == 0 || !strings.Contains(run.Reason, "approve") {
		t.Fatalf("run is %s: %s", run.State, run.Reason)
	}
	if r.sent.take(state.CustomersQueue) != 0 {
		t.Error("a stopped run sent work")
	}
	var stale *account.StaleError
	if err := r.s.Approve(t.Context(), run.ID, "other", "me"); !errors.As(err, &stale) {
		t.Errorf("another digest was approved: %v", err)
	}
	r.clock = r.clock.Add(time.Minute)
	if err := r.s.Approve(t.Context(), run.ID, run.Digest, "me"); err != nil {
		t.Fatal(err)
	}
	if err := r.s.Continue(t.Context(), state.RunMessage{Version: 1, Run: r.last().ID}); err != nil {
		t.Fatal(err)
	}
	if run = r.last(); run.State != state.Working || r.sent.take(state.CustomersQueue) != run.Messages {
		t.Errorf("after approval the run is %s: %s", run.State, run.Reason)
	}
}

func TestTooManyNewTicketsFoldIntoOnePerAppliance(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if err := state.SaveModes(t.Context(), r.table, state.Modes{Documentation: state.Preview, Ticketing: state.Live}); err != nil {
		t.Fatal(err)
	}
	d := alert.Defaults()
	d.CompanyID, d.BoardID, d.CloseStatusID, d.PriorityID, d.SourceID = r.world.Desk()
	if err := state.SaveTicketDefaults(t.Context(), r.table, d); err != nil {
		t.Fatal(err)
	}
	r.s.Brake = plan.Brake{AtLeast: 3}
	run := r.schedule(state.ScopeAlerts)
	if run.State != state.Working || !run.Fold {
		t.Fatalf("run is %s, fold %v: tickets are never braked to silence; %s", run.State, run.Fold, run.Reason)
	}
	p, err := r.s.Plan(t.Context(), run.ID)
	if err != nil {
		t.Fatal(err)
	}
	folded := plan.Plan{Changes: p}.N(plan.Ticket, plan.Create)
	single := newRig(t)
	if err := state.SaveTicketDefaults(t.Context(), single.table, d); err != nil {
		t.Fatal(err)
	}
	all := plan.Plan{}
	if all.Changes, err = single.s.Plan(t.Context(), single.schedule(state.ScopeAlerts).ID); err != nil {
		t.Fatal(err)
	}
	if n := all.N(plan.Ticket, plan.Create); folded == 0 || folded >= n {
		t.Errorf("%d tickets folded from %d", folded, n)
	}
}

func TestACancelledRunEndsAndSendsNothingMore(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id, err := r.s.Request(t.Context(), state.ScopeAll, "", "me")
	if err != nil {
		t.Fatal(err)
	}
	if err := r.s.Cancel(t.Context(), id, "me"); err != nil {
		t.Fatal(err)
	}
	if err := r.s.Continue(t.Context(), state.RunMessage{Version: 1, Run: id}); err != nil {
		t.Fatal(err)
	}
	if run := r.last(); run.State != state.Cancelled || r.sent.take(state.CustomersQueue)+r.sent.take(state.AlertsQueue) != 0 {
		t.Errorf("run is %s", run.State)
	}
}

func TestAnUnknownRunIsAPermanentError(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var permanent *state.PermanentError
	if err := r.s.Continue(t.Context(), state.RunMessage{Version: 1, Run: "nobody"}); !errors.As(err, &permanent) {
		t.Errorf("error %v", err)
	}
	if err := r.s.Schedule(t.Context(), "weekly"); !errors.As(err, &permanent) {
		t.Errorf("error %v", err)
	}
}
