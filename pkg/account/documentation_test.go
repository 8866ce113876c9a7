package account_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"uniview-bridge/pkg/docsync"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/plan"
	"uniview-bridge/pkg/state"
	univiewbox "uniview-bridge/pkg/uniview/sandbox"
)

// historyQuestions counts the looks at backup histories since the log was emptied.
func (r *rig) historyQuestions() (n int) {
	for _, l := range r.world.UniView.Requests() {
		if l.Path == "/v1/backups" {
			n++
		}
	}
	r.world.UniView.ResetRequests()
	return n
}

// failing makes the last backup of n machines a failed one, and gives the first a good
// one a day before it. It returns their ids.
func (r *rig) failing(n int) (ids []string) {
	r.world.UniView.Edit(func(st *univiewbox.State) {
		for _, a := range st.Assets {
			if len(ids) == n {
				break
			}
			ids = append(ids, a.Key)
			st.Backups = slices.DeleteFunc(st.Backups, func(b *univiewbox.Backup) bool { return b.AssetKey == a.Key })
			a.LastBackup = nil
			at := r.clock.Add(-2 * time.Hour)
			st.AddBackup(univiewbox.Backup{AssetKey: a.Key, StartTime: at, CompleteTime: at.Add(time.Hour), Status: "Failed"})
			if len(ids) == 1 {
				at = at.Add(-24 * time.Hour)
				st.AddBackup(univiewbox.Backup{AssetKey: a.Key, StartTime: at, CompleteTime: at.Add(time.Hour), Status: "Warning"})
			}
		}
	})
	return ids
}

func TestMachinesWithoutAKnownGoodBackupAreLookedUpOnceAndBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("the long part runs this")
	}
	t.Parallel()
	r := newRig(t)
	ids := r.failing(5)
	settings, err := docsync.LoadSettings(t.Context(), r.table)
	if err != nil {
		t.Fatal(err)
	}
	settings.LookUps = 3
	if err := docsync.SaveSettings(t.Context(), r.table, settings); err != nil {
		t.Fatal(err)
	}
	r.world.UniView.ResetRequests()
	asked := 0
	for i := 0; ; i++ {
		run := r.schedule(state.ScopeDocumentation)
		n := r.historyQuestions()
		if n > 3 {
			t.Fatalf("%d looks in one run", n)
		}
		st := stage(run, "last good backups")
		if st.Read != n || st.Failed > 0 {
			t.Errorf("%d looks, the run says %+v", n, st)
		}
		if asked += n; n == 0 {
			break
		}
		if i == 0 && (st.Skipped == 0 || !strings.Contains(st.Detail, "are looked up with the next syncs")) {
			t.Errorf("the first run: %+v", st)
		}
		if i > 30 {
			t.Fatal("it never ends")
		}
	}
	if asked < 5 {
		t.Errorf("%d looks", asked)
	}
	docs, err := state.Documentations(t.Context(), r.table)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, d := range docs {
		for i, id := range ids {
			m, ok := d.Machines["appliance:"+id]
			if !ok {
				continue
			}
			found++
			if want := epoch.Add(-25 * time.Hour); i == 0 && !m.Known.LastGood.Equal(want) {
				t.Errorf("last good %v, want %v", m.Known.LastGood, want)
			}
			if i > 0 && (!m.Known.LastGood.IsZero() || m.Known.SeenFrom.IsZero()) {
				t.Errorf("%s: %+v", id, m.Known)
			}
		}
	}
	if found != len(ids) {
		t.Errorf("%d of %d machines", found, len(ids))
	}
	r.table.Reset()
	if run := r.schedule(state.ScopeDocumentation); stage(run, "last good backups").Name != "" || r.historyQuestions() != 0 || r.table.Writes("chunk#"+state.ListHistory)+r.table.Writes("snapshot") > 20 {
		t.Errorf("a steady run: %+v", run.Stages)
	}
}

func TestALookThatFailsChangesNothingAndIsMadeAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ids := r.failing(1)
	r.world.UniView.Inject(univiewbox.Fault{PathPrefix: "/v1/backups", Kind: univiewbox.Status, Status: 503})
	run := r.schedule(state.ScopeDocumentation)
	if st := stage(run, "last good backups"); st.Read != 0 || st.Failed != 0 || st.Detail == "" || run.Messages == 0 {
		t.Errorf("%+v, %d messages", st, run.Messages)
	}
	r.world.UniView.ClearFaults()
	r.schedule(state.ScopeDocumentation)
	docs, err := state.Documentations(t.Context(), r.table)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range docs {
		if m, ok := d.Machines["appliance:"+ids[0]]; ok && m.Known.LastGood.IsZero() {
			t.Errorf("%+v", m.Known)
		}
	}
}

func TestOneMachineIsPlannedAndSentAloneAndAudited(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.schedule(state.ScopeDocumentation)
	r.sent.take(state.CustomersQueue)
	docs, err := state.Documentations(t.Context(), r.table)
	if err != nil {
		t.Fatal(err)
	}
	var target, name string
	for _, d := range docs {
		for key, m := range d.Machines {
			if m.Link.State == match.Matched && m.SupersededBy == "" && (target == "" || key < target) {
				target, name = key, m.Name
			}
		}
	}
	id, err := r.s.Request(t.Context(), state.ScopeAsset, target, "anna")
	if err != nil {
		t.Fatal(err)
	}
	if err := r.s.Continue(t.Context(), state.RunMessage{Version: 1, Run: id}); err != nil {
		t.Fatal(err)
	}
	run, _, err := state.LoadRun(t.Context(), r.table, id)
	if err != nil || slices.Contains(run.Preview, state.ITGlue) {
		t.Errorf("it acts in preview too: %+v, %v", run, err)
	}
	changes, err := r.s.Plan(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	changes = slices.DeleteFunc(changes, func(c plan.Change) bool { return c.Vendor != string(state.ITGlue) })
	if len(changes) != 1 || changes[0].Title != name || changes[0].Action != plan.Create {
		t.Errorf("planned: %+v", changes)
	}
	if n := r.sent.take(state.CustomersQueue); n != 1 {
		t.Errorf("%d messages", n)
	}
	trail, err := state.Audits(t.Context(), r.table, "", 1)
	if err != nil || len(trail) != 1 || trail[0].Action != "sync now" || trail[0].By != "anna" || trail[0].Subject != target {
		t.Errorf("%+v, %v", trail, err)
	}
}

func TestSpellingsThatPeopleAcceptedAreRemembered(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.schedule(state.ScopeDocumentation)
	customers, err := state.Customers(t.Context(), r.table)
	if err != nil {
		t.Fatal(err)
	}
	var gone state.Customer
	var organization string
	for _, c := range customers {
		if l := c.Links.Organization; l.State == match.Matched && (gone.ID == "" || c.ID < gone.ID) {
			gone, organization = c, l.TargetID
		}
	}
	// Anna linked it under a name that nothing else would lead from, and it was renamed since.
	if _, err := state.Update(t.Context(), r.table, state.CustomerKey(gone.ID), func(c *state.Customer) error {
		c.Links.Organization.By, c.Name = "anna", "QXZ Wvumb"
		c.Decisions++
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	r.schedule(state.ScopeDocumentation)
	c, _, err := state.Load[state.Customer](t.Context(), r.table, state.CustomerKey(gone.ID))
	if err != nil || len(c.FormerNames) != 1 || c.FormerNames[0] != "QXZ Wvumb" || c.Name != gone.Name {
		t.Fatalf("%q, formerly %q, %v", c.Name, c.FormerNames, err)
	}
	// A customer of that name comes, under an id of its own.
	r.world.UniView.Edit(func(st *univiewbox.State) { st.AddCustomer("QXZ Wvumb") })
	r.schedule(state.ScopeDocumentation)
	customers, err = state.Customers(t.Context(), r.table)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range customers {
		if c.Name != "QXZ Wvumb" {
			continue
		}
		l := c.Links.Organization
		if l.State == match.Matched || !slices.ContainsFunc(l.Suggestions, func(s match.Suggestion) bool { return s.TargetID == organization }) {
			t.Errorf("an accepted spelling is a suggestion, never a link: %+v", l)
		}
		return
	}
	t.Error("the new customer is not there")
}

// matched is a customer with an organization, after the first sync.
func (r *rig) matched() string {
	r.t.Helper()
	r.schedule(state.ScopeDocumentation)
	r.sent.take(state.CustomersQueue)
	customers, err := state.Customers(r.t.Context(), r.table)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, id := range slices.Sorted(maps.Keys(customers)) {
		if _, ok := customers[id].Links.Organization.Linked(); ok {
			return id
		}
	}
	r.t.Fatal("no customer is matched")
	return ""
}

// syncCustomer runs the sync of one customer.
func (r *rig) syncCustomer(id string) state.Run {
	r.t.Helper()
	r.clock = r.clock.Add(time.Minute)
	run, err := r.s.Request(r.t.Context(), state.ScopeCustomer, id, "anna")
	if err == nil {
		err = r.s.Continue(r.t.Context(), state.RunMessage{Version: 1, Run: run})
	}
	if err != nil {
		r.t.Fatal(err)
	}
	return r.last()
}

func TestStandingBlocksCountForTheBrake(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.matched()
	r.modes(state.Live, state.Preview)
	_, err := state.UpdateDocumentation(t.Context(), r.table, id, func(d *state.Documentation) error {
		d.Notes = map[string]state.Note{"refused": {Refused: "marks"}}
		for i := range 250 {
			d.Notes[fmt.Sprint("n", i)] = state.Note{Text: "ours"}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	run := r.syncCustomer(id)
	want := plan.Excess{Kind: plan.NotesBlock, Action: plan.Unlink, N: 250, Limit: 25} // a tenth of what stands
	if run.State != state.Stopped || !slices.Contains(run.Excess, want) {
		t.Errorf("%s: %+v", run.State, run.Excess)
	}
}

func TestThePlanShowsWhatStandsInTheWrongOrganization(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.matched()
	_, err := state.UpdateDocumentation(t.Context(), r.table, id, func(d *state.Documentation) error {
		d.Publications = map[string]state.Publication{"c": {Organization: "elsewhere", Asset: "77", State: state.PublicationCreated, Published: r.clock}}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	published := []docsync.Published{{ID: "77", OrganizationID: "elsewhere", Fields: map[string]string{docsync.FieldMachine: "SRV1", docsync.FieldStatus: "Success"}}}
	if _, err := state.SaveSnapshot(t.Context(), r.table, state.ListPublished, r.clock, r.clock, published, func(p docsync.Published) string { return p.ID }); err != nil {
		t.Fatal(err)
	}
	changes, err := r.s.Plan(t.Context(), r.syncCustomer(id).ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range changes {
		if c.Action == plan.Unlink && c.TargetID == "77" {
			want := []plan.Field{{Name: docsync.FieldMachine, Before: "SRV1", After: "(removed)"}, {Name: docsync.FieldStatus, Before: "Success"}}
			if !slices.Equal(c.Fields, want) {
				t.Errorf("%+v", c.Fields)
			}
			return
		}
	}
	t.Errorf("nothing is withdrawn: %+v", changes)
}
