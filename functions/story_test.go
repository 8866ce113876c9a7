package functions_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"uniview-bridge/pkg/alert"
	connectwise "uniview-bridge/pkg/connectwise/sandbox"
	itglue "uniview-bridge/pkg/itglue/sandbox"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/plan"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/state/statetest"
	uniview "uniview-bridge/pkg/uniview/sandbox"
)

// The chapters of the scenario, in the order in which they are told.

func (s *story) preview() {
	t := s.t
	for _, scope := range []state.Scope{state.ScopeDocumentation, state.ScopeAlerts} {
		run := s.sync(scope)
		if run.State != state.Succeeded || run.Messages == 0 || len(run.Preview) == 0 {
			t.Errorf("%s sync in preview: %+v", scope, run)
		}
		p, err := state.LoadPlan(t.Context(), s.table, run.ID)
		if err != nil {
			t.Fatal(err)
		}
		kind := plan.FlexibleAsset
		if scope == state.ScopeAlerts {
			kind = plan.Ticket
		}
		if p.N(kind, plan.Create) == 0 {
			t.Errorf("the plan of the %s sync creates no %s: %v", scope, kind, p.Counts())
		}
		for _, c := range p.Changes {
			if c.Reason == "" {
				t.Errorf("planned without a reason: %+v", c)
			}
		}
	}
	if s.chapter.Customers["matched"] == 0 || s.chapter.Machines["matched"] == 0 || s.chapter.Statuses["success"] == 0 {
		t.Errorf("nothing is visible in preview: %+v", s.chapter)
	}
	if w := writesIn(s.world); len(w) > 0 {
		t.Errorf("preview wrote to vendors: %v", w)
	}
}

func (s *story) live() {
	s.goLive()
	documentation := s.sync(state.ScopeDocumentation)
	alerts := s.sync(state.ScopeAlerts)
	for _, run := range []state.Run{documentation, alerts} {
		if run.State != state.Succeeded || len(run.Excess) > 0 {
			s.t.Errorf("the first live %s sync ended %s: %s", run.Scope, run.State, run.Reason)
		}
	}
	if n, planned := len(shownIn(s.world)), s.told[0].planned(plan.FlexibleAsset); n != planned {
		s.t.Errorf("%d flexible assets were made, preview had planned %d", n, planned)
	}
	// Meanwhile more alerts may have been found to be about one machine, so the
	// plan of tickets is the live run's own.
	if n, planned := len(ticketsIn(s.world)), s.chapter.planned(plan.Ticket); n != planned {
		s.t.Errorf("%d tickets were opened, %d were planned", n, planned)
	}
}

// planned is how many creates of a kind the chapter's runs planned.
func (o outcome) planned(kind plan.Kind) (n int) {
	for _, r := range o.Runs {
		for _, c := range r.Counts {
			if c.Kind == kind && c.Action == plan.Create {
				n += c.N
			}
		}
	}
	return n
}

func (s *story) steady() {
	s.settle()
	forgetRequests(s.world)
	s.sender.count()
	s.clock.Advance(5 * time.Minute)
	for _, scope := range []state.Scope{state.ScopeAlerts, state.ScopeDocumentation} {
		if run := s.sync(scope); run.State != state.Succeeded || run.Messages != 0 {
			s.t.Errorf("a steady %s sync ended %s with %d messages", scope, run.State, run.Messages)
		}
	}
	if w, sent := writesIn(s.world), s.sender.count(); len(w)+len(sent) > 0 {
		s.t.Errorf("a steady account wrote %v to vendors and sent %v", w, sent)
	}
}

// healthy are appliance assets without trouble whose machine and customer are
// linked and whose name tells them from the customer's others, of as many customers as possible, in an order that all platforms share.
func (s *story) healthy() (assets []*uniview.Asset) {
	s.t.Helper()
	customers, err := state.Customers(s.t.Context(), s.table)
	if err != nil {
		s.t.Fatal(err)
	}
	docs, err := state.Documentations(s.t.Context(), s.table)
	if err != nil {
		s.t.Fatal(err)
	}
	s.world.UniView.View(func(st *uniview.State) {
		troubled, last, named := map[string]bool{}, map[string]string{}, map[string]int{}
		for _, a := range st.Assets {
			named[a.CustomerID+a.Name]++
		}
		for _, e := range st.Endpoints {
			named[e.CustomerID+e.Name]++
		}
		for _, a := range st.Alerts {
			troubled[a.AssetKey] = true
		}
		for _, b := range st.Backups {
			last[b.AssetKey] = b.Status
		}
		taken := map[string]int{}
		for _, a := range st.Assets {
			m := docs[a.CustomerID].Machines["appliance:"+a.Key]
			_, company := customers[a.CustomerID].Links.Company.Linked()
			if m.Link.State == match.Matched && m.SupersededBy == "" && company && named[a.CustomerID+a.Name] == 1 && !troubled[a.Key] && last[a.Key] == "Successful" && taken[a.CustomerID] < 2 {
				taken[a.CustomerID]++
				assets = append(assets, a)
			}
		}
	})
	if len(assets) < 8 {
		s.t.Fatalf("%d healthy machines: too few for the story", len(assets))
	}
	return assets
}

// fails has a machine's nightly job fail now.
func (s *story) fails(a *uniview.Asset) (raised *uniview.Alert) {
	s.world.UniView.Edit(func(st *uniview.State) {
		raised = st.AddAlert(uniview.Alert{
			Type: "job", Severity: "critical", AssetKey: a.Key, Created: s.clock.Now(), JobName: "Nightly scenario", JobType: "Backup",
			Message: "Backup of " + a.Name + " failed: the volume is full.",
		})
	})
	return raised
}

// dismiss dismisses every alert of a machine.
func (s *story) dismiss(a *uniview.Asset) {
	s.world.UniView.Edit(func(st *uniview.State) {
		for _, x := range st.Alerts {
			if x.AssetKey == a.Key && !x.Dismissed {
				st.Dismiss(s.clock.Now(), x)
			}
		}
	})
}

// ticketOf is the one ticket of the machine's group; ok is false when there is none.
func (s *story) ticketOf(a *uniview.Asset) (k ticket, ok bool) {
	s.t.Helper()
	desk, _, err := state.LoadOr(s.t.Context(), s.table, state.DeskKey(a.CustomerID), state.Desk{})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, c := range desk.Conditions {
		if c.AssetKey != "appliance:"+a.Key {
			continue
		}
		for _, k := range ticketsIn(s.world) {
			if k.xref == desk.Groups[c.Group].Reference {
				return k, true
			}
		}
	}
	return k, false
}

func (s *story) newAlert() {
	a := s.healthy()[0]
	before := len(ticketsIn(s.world))
	s.clock.Advance(5 * time.Minute)
	s.fails(a)
	if run := s.sync(state.ScopeAlerts); run.Messages != 1 {
		s.t.Errorf("one alert made %d customers due", run.Messages)
	}
	if k, ok := s.ticketOf(a); !ok || k.closed || len(ticketsIn(s.world)) != before+1 {
		s.t.Errorf("the alert's ticket: %+v, %v; %d tickets after %d", k, ok, len(ticketsIn(s.world)), before)
	}
	s.subject = a
}

func (s *story) repeat() {
	a, before := s.subject, len(ticketsIn(s.world))
	was, _ := s.ticketOf(a)
	s.clock.Advance(5 * time.Hour) // past the pace of notes
	s.fails(a)
	s.sync(state.ScopeAlerts)
	if is, _ := s.ticketOf(a); len(ticketsIn(s.world)) != before || is.id != was.id || len(is.notes) != len(was.notes)+1 {
		s.t.Errorf("a repeat: %d tickets after %d, ticket %d after %d with notes %q after %q", len(ticketsIn(s.world)), before, is.id, was.id, is.notes, was.notes)
	}
}

func (s *story) resolve() {
	a := s.subject
	was, _ := s.ticketOf(a)
	s.clock.Advance(5 * time.Minute)
	s.dismiss(a)
	s.sync(state.ScopeAlerts)
	is, _ := s.ticketOf(a)
	if !is.closed || is.id != was.id || len(is.notes) != len(was.notes)+1 || !strings.Contains(is.notes[len(is.notes)-1], alert.Dismissed) {
		s.t.Errorf("after the dismissal: closed %v, notes %q", is.closed, is.notes)
	}
}

// finish lets a machine's next backup end now.
func (s *story) finish(a *uniview.Asset, status string) {
	s.world.UniView.Edit(func(st *uniview.State) {
		now := s.clock.Now()
		b := st.AddBackup(uniview.Backup{AssetKey: a.Key, StartTime: now.Add(-10 * time.Minute), Status: "InProgress", ReplicationStatus: "Successful"})
		st.FinishBackup(b, status, 700, now)
	})
}

// statusShown is what IT Glue shows of a machine.
func (s *story) statusShown(a *uniview.Asset) string {
	s.t.Helper()
	doc, err := state.LoadDocumentation(s.t.Context(), s.table, a.CustomerID)
	if err != nil {
		s.t.Fatal(err)
	}
	target, _ := doc.Machines["appliance:"+a.Key].Link.Linked()
	for _, x := range shownIn(s.world) {
		if len(x.configurations) == 1 && fmt.Sprint(x.configurations[0]) == target {
			return x.status
		}
	}
	return ""
}

func (s *story) wantShown(a *uniview.Asset, status string) {
	s.t.Helper()
	if got := s.statusShown(a); got != status {
		s.t.Errorf("IT Glue shows %q for %s, want %q", got, a.Name, status)
	}
}

func (s *story) backups() {
	a := s.healthy()[1]
	s.wantShown(a, "Success")
	s.clock.Advance(5 * time.Minute)
	s.finish(a, "Failed")
	s.sync(state.ScopeDocumentation)
	s.wantShown(a, "Failed")
	s.clock.Advance(time.Hour)
	s.finish(a, "Successful")
	s.sync(state.ScopeDocumentation)
	s.wantShown(a, "Success")
}

// stopped wants one connection stopped, with reason and fix, and the others well.
func (s *story) stopped(kind state.Vendor) {
	s.t.Helper()
	list, err := s.b.Connections.List(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, c := range list {
		if c.Kind != kind && c.Status != state.ConnectionOK {
			s.t.Errorf("%s is %s (%s), though it was %s that refused", c.Kind, c.Status, c.Reason, kind)
		}
		if c.Kind == kind && (c.Status != state.ConnectionStopped || c.Reason == "" || c.Fix == "" || c.StoppedVersion != c.Version) {
			s.t.Errorf("the refused connection: %+v", c)
		}
	}
}

// revoked syncs with dead credentials; a later sync must not ask again.
func (s *story) revoked(kind state.Vendor, requests func() int, scopes ...state.Scope) {
	s.t.Helper()
	for _, scope := range scopes {
		s.sync(scope)
	}
	s.stopped(kind)
	s.clock.Advance(5 * time.Minute)
	before := requests()
	s.sync(scopes[len(scopes)-1])
	if n := requests() - before; n > 0 {
		s.t.Errorf("a stopped %s was asked %d times", kind, n)
	}
	s.enter(kind) // as a person does; what the vendor thinks of it is set before
	s.clock.Advance(5 * time.Minute)
}

func (s *story) revokeITGlue() {
	machines := s.healthy()
	a, b := machines[1], machines[2]
	revoke := func(yes bool) { s.world.ITGlue.Edit(func(st *itglue.State) { st.Revoked = yes }) }
	revoke(true)
	s.clock.Advance(5 * time.Minute)
	s.finish(a, "Failed")
	s.fails(b)
	s.revoked(state.ITGlue, func() int { return len(s.world.ITGlue.Requests()) }, state.ScopeAlerts, state.ScopeDocumentation)
	s.wantTicket(b, true)
	s.wantShown(a, "Success")
	revoke(false)
	s.sync(state.ScopeDocumentation)
	s.wantShown(a, "Failed")
}

func (s *story) revokeConnectWise() {
	machines := s.healthy()
	a, b := machines[1], machines[3]
	revoke := func(yes bool) { s.world.ConnectWise.Edit(func(st *connectwise.State) { st.Revoked = yes }) }
	revoke(true)
	s.clock.Advance(time.Hour)
	s.finish(a, "Failed")
	s.fails(b)
	s.revoked(state.ConnectWise, func() int { return len(s.world.ConnectWise.Requests()) }, state.ScopeDocumentation, state.ScopeAlerts)
	s.wantTicket(b, false)
	s.wantShown(a, "Failed")
	revoke(false)
	s.sync(state.ScopeAlerts)
	s.wantTicket(b, true)
}

func (s *story) revokeUniView() {
	revoke := func(yes bool) {
		s.world.UniView.Edit(func(st *uniview.State) { st.Credentials[0].Revoked = yes })
	}
	b := s.healthy()[4]
	s.sync(state.ScopeAlerts) // what the last chapter left to do is done
	forgetRequests(s.world)
	revoke(true)
	s.clock.Advance(5 * time.Minute)
	s.fails(b)
	s.revoked(state.UniView, func() int { return len(s.world.UniView.Requests()) }, state.ScopeAlerts)
	if w := writesIn(s.world); len(w) > 0 {
		s.t.Errorf("nothing new was read, and yet: %v", w)
	}
	revoke(false)
	s.sync(state.ScopeAlerts)
	s.wantTicket(b, true)
}

// wantTicket wants an open ticket for a machine, or none at all.
func (s *story) wantTicket(a *uniview.Asset, want bool) {
	s.t.Helper()
	if k, ok := s.ticketOf(a); ok != want || k.closed {
		s.t.Errorf("a ticket for %s: %v (#%d, closed %v), want %v", a.Name, ok, k.id, k.closed, want)
	}
}

// trouble makes work for many customers: alerts on some machines, failed backups
// on others.
func (s *story) trouble() (alerts, backups []*uniview.Asset) {
	s.clock.Advance(time.Hour)
	machines := s.healthy()
	machines = machines[:min(len(machines)/2, 36)]
	for i, a := range machines {
		if i%2 == 0 {
			s.fails(a)
			alerts = append(alerts, a)
		} else {
			s.finish(a, "Failed")
			backups = append(backups, a)
		}
	}
	return alerts, backups
}

func (s *story) handled(alerts, backups []*uniview.Asset) {
	s.t.Helper()
	for _, a := range alerts {
		s.wantTicket(a, true)
	}
	for _, a := range backups {
		s.wantShown(a, "Failed")
	}
}

func (s *story) duplicates() {
	s.sender.spoil(&statetest.Unreliable{Rand: rand.New(rand.NewPCG(1, 2)), Duplicate: 0.7, Reorder: 1})
	defer s.sender.spoil(nil)
	handle, lost := loseAcknowledgements(s.rig.handle, 3)
	s.through = handle
	defer func() { s.through = nil }()
	alerts, backups := s.trouble()
	before := len(ticketsIn(s.world))
	s.sync(state.ScopeDocumentation)
	s.sync(state.ScopeAlerts)
	s.handled(alerts, backups)
	if n := len(ticketsIn(s.world)); n != before+len(alerts) {
		s.t.Errorf("%d tickets were opened for %d machines", n-before, len(alerts))
	}
	if lost() == 0 {
		s.t.Error("no acknowledgement was lost: this proves nothing")
	}
}

func (s *story) lostSends() {
	bad := &statetest.Unreliable{Rand: rand.New(rand.NewPCG(3, 4)), Duplicate: 0.3, Fail: 1}
	s.sender.spoil(bad)
	defer s.sender.spoil(nil)
	alerts, backups := s.trouble()
	for _, scope := range []state.Scope{state.ScopeDocumentation, state.ScopeAlerts} {
		if run := s.sync(scope); run.State != state.Failed || run.Reason == "" {
			s.t.Errorf("a %s sync whose messages were lost ended %s: %s", scope, run.State, run.Reason)
		}
	}
	s.sender.spoil(&statetest.Unreliable{Rand: rand.New(rand.NewPCG(5, 6)), LoseAnswer: 1})
	s.clock.Advance(5 * time.Minute)
	s.sync(state.ScopeDocumentation)
	s.sync(state.ScopeAlerts)
	s.sender.spoil(nil)
	s.settle()
	s.handled(alerts, backups)
}
