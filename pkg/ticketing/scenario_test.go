package ticketing

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/connectwise"
	"uniview-bridge/pkg/connectwise/sandbox"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/state"
)

// office is what people do around tickets in a world.
func (w *world) office() Office {
	return Office{Table: w.table, Now: w.time, Random: func() string { w.randoms++; return fmt.Sprint(w.randoms) }}
}

// snooze holds a condition of this customer back.
func (w *world) snooze(condition string, until time.Time, reason string) (alert.Silence, error) {
	return w.office().Silence(context.Background(), "ada", alert.Silence{
		Kind: alert.Snooze, CustomerID: w.customer, Scope: alert.OnCondition, Target: condition, Until: until, Reason: reason,
	})
}

func (w *world) rules(rules ...alert.Rule) {
	w.t.Helper()
	if _, err := w.office().SaveRules(context.Background(), "ada", rules, state.Any); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) silence(s alert.Silence) alert.Silence {
	w.t.Helper()
	s.CustomerID, s.Reason = testCustomer, "a good reason"
	made, err := w.office().Silence(context.Background(), "ada", s)
	if err != nil {
		w.t.Fatal(err)
	}
	return made
}

// clockTurn hands in a message without a new read: only what is due by the clock, or
// by a decision, is done.
func (w *world) clockTurn() { w.t.Helper(); w.handle(w.message()) }

func (w *world) nextAt() time.Time {
	w.t.Helper()
	due, _, err := state.LoadOr(context.Background(), w.table, state.DueKey(state.ConnectWise, testCustomer), state.Due{})
	if err != nil {
		w.t.Fatal(err)
	}
	return due.NextAt
}

func disk(a *alert.Alert) { a.Message = "Disk failure on " + a.Message }

func TestRulesSendTroublesToTheirBoards(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var other int
	w.cw.Edit(func(st *sandbox.State) { other = st.AddCompany("Hardware service") })
	w.rules(
		alert.Rule{Name: "disks", If: alert.When{Classes: []alert.Class{alert.ClassHardware}}, Then: alert.Effect{BoardID: w.board + 1, CompanyID: other, PriorityID: 1}},
		alert.Rule{Name: "quiet", If: alert.When{Contains: "SRV2"}, Then: alert.Effect{NoTicket: true}},
	)
	w.raise("SRV1")
	w.raise("SRV1", disk)
	w.raise("SRV2")
	w.turn()
	places := map[string]bool{}
	for _, ticket := range w.tickets() {
		places[fmt.Sprintf("board %d company %d priority %d", ticket.BoardID, ticket.CompanyID, ticket.PriorityID)] = true
	}
	if len(places) != 2 || !places[fmt.Sprintf("board %d company %d priority 1", w.board+1, other)] {
		t.Fatalf("places %v\n%s", places, w.describe())
	}
	for _, c := range w.desk().Conditions {
		if quiet := c.AssetName == "SRV2"; quiet != (c.Held != nil) || quiet && (c.Held.Reason != `rule 2 "quiet" makes no ticket of it` || c.Held.By != "rule") {
			t.Errorf("%s is held: %+v", c.Message, c.Held)
		}
		if c.Class == alert.ClassHardware && c.Rule != `rule 1 "disks"` {
			t.Errorf("routed by %q", c.Rule)
		}
	}
	// The rule goes: the customer is due, and what it held gets its ticket.
	w.rules()
	w.clockTurn()
	if len(w.tickets()) != 3 {
		t.Errorf("after the rule went:\n%s", w.describe())
	}
	// A rule that comes later leaves the tickets, and lets them end.
	w.rules(alert.Rule{Name: "none at all", Then: alert.Effect{NoTicket: true}})
	w.pass(5 * time.Hour)
	w.raise("SRV1")
	w.turn()
	for _, ticket := range w.tickets() {
		if n := len(notesOf(ticket)); n != 0 {
			t.Errorf("%d notes on ticket %d though a rule says no ticket", n, ticket.ID)
		}
	}
	w.dismissAll()
	w.pass(time.Minute)
	w.turn()
	for _, ticket := range w.tickets() {
		if !w.closed(ticket) {
			t.Errorf("ticket %d did not end\n%s", ticket.ID, w.describe())
		}
	}
	w.check()
}

func TestASnoozeHoldsUntilItsEndAndLetsEndingsPass(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := state.Save(context.Background(), w.table, state.CustomerKey(testCustomer), state.Customer{ID: testCustomer, Name: "Ada Ltd"}, state.Any, time.Time{}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		scope  alert.SilenceScope
		target string
	}{{alert.OnMachine, "appliance:id-SRV1"}, {alert.OnAppliance, "ap1"}, {alert.OnCustomer, ""}} {
		w.alerts = nil
		before := len(w.tickets())
		made := w.silence(alert.Silence{Kind: alert.Snooze, Scope: tt.scope, Target: tt.target, Until: w.time().Add(2 * time.Hour)})
		w.raise("SRV1")
		w.turn()
		if len(w.tickets()) != before {
			t.Fatalf("%s: a ticket within the snooze\n%s", tt.scope, w.describe())
		}
		for _, g := range w.desk().Groups {
			if g.State == alert.GroupWaiting && !strings.Contains(g.Reason, "snoozed by ada until") {
				t.Errorf("%s: reason %q", tt.scope, g.Reason)
			}
		}
		if at := w.nextAt(); !at.Equal(made.Until) {
			t.Errorf("%s: looked at again at %v, the snooze ends %v", tt.scope, at, made.Until)
		}
		w.pass(2 * time.Hour)
		w.clockTurn()
		if len(w.tickets()) != before+1 {
			t.Fatalf("%s: no ticket at the end of the snooze\n%s", tt.scope, w.describe())
		}
		w.dismissAll()
		w.pass(time.Minute)
		w.turn()
		w.pass(48 * time.Hour) // beyond the reopen window
	}
	// On the trouble itself, with an open ticket: no notes, but its end passes.
	w.alerts = nil
	w.raise("SRV2")
	w.turn()
	open := w.tickets()[len(w.tickets())-1]
	key := ""
	for k, c := range w.desk().Conditions {
		if c.AssetName == "SRV2" {
			key = k
		}
	}
	if _, err := w.snooze(key, w.time().Add(31*24*time.Hour), "too long"); err == nil || !strings.Contains(err.Error(), "at most 30 days") {
		t.Errorf("a snooze of 31 days: %v", err)
	}
	if _, err := w.snooze(key, w.time().Add(24*time.Hour), "new disks come"); err != nil {
		t.Fatal(err)
	}
	w.pass(6 * time.Hour)
	w.raise("SRV2")
	w.turn()
	w.cw.View(func(st *sandbox.State) { open = *st.Ticket(open.ID) })
	if len(notesOf(open)) != 0 {
		t.Errorf("notes within the snooze:\n%s", w.describe())
	}
	w.dismissAll()
	w.pass(time.Minute)
	w.turn()
	w.cw.View(func(st *sandbox.State) { open = *st.Ticket(open.ID) })
	if !w.closed(open) {
		t.Errorf("an ending did not pass:\n%s", w.describe())
	}
	w.check()
}

func TestEndingASnoozeEarlyOpensTheTicket(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := state.Save(context.Background(), w.table, state.CustomerKey(testCustomer), state.Customer{ID: testCustomer}, state.Any, time.Time{}); err != nil {
		t.Fatal(err)
	}
	made := w.silence(alert.Silence{Kind: alert.Snooze, Scope: alert.OnCustomer, Until: w.time().Add(24 * time.Hour)})
	w.raise("SRV1")
	w.turn()
	w.pass(time.Hour)
	if err := w.office().EndSilence(context.Background(), "ada", testCustomer, made.ID); err != nil {
		t.Fatal(err)
	}
	w.clockTurn()
	w.only()
	if list, err := w.office().Silences(context.Background(), ""); err != nil || len(list) != 1 || !list[0].Ended(w.time()) {
		t.Errorf("silences %+v, %v", list, err)
	}
	if err := w.office().EndSilence(context.Background(), "ada", testCustomer, "other"); !errors.Is(err, state.ErrNotFound) {
		t.Errorf("an unknown one: %v", err)
	}
	audits, err := state.Audits(context.Background(), w.table, "", 10)
	if err != nil || len(audits) != 2 || audits[0].Action != "end snooze" || audits[1].By != "ada" {
		t.Errorf("audit %+v, %v", audits, err)
	}
}

func TestARecurringWindowHoldsEveryTimeAndIsLookedAtAfterwards(t *testing.T) {
	t.Parallel()
	w := newWorld(t) // a Tuesday, 12:00 UTC
	if _, err := state.Save(context.Background(), w.table, state.CustomerKey(testCustomer), state.Customer{ID: testCustomer}, state.Any, time.Time{}); err != nil {
		t.Fatal(err)
	}
	w.silence(alert.Silence{
		Kind: alert.Window, Name: "patches", Scope: alert.OnCustomer,
		Repeat: &alert.Repeat{Days: []string{"tue", "wed"}, Start: "22:00", Minutes: 120, Zone: "Europe/Berlin"},
	})
	for night := range 2 {
		w.pass(9*time.Hour + 30*time.Minute) // 22:30 in Berlin
		w.alerts = nil
		w.raise("SRV1") // goes by itself
		w.raise("SRV2") // lasts
		w.turn()
		if n := len(w.tickets()); n != night*1 {
			t.Fatalf("night %d: %d tickets\n%s", night, n, w.describe())
		}
		w.pass(30 * time.Minute)
		w.alerts[0].Dismissed = true
		w.turn()
		w.pass(time.Hour) // 00:00 in Berlin
		w.clockTurn()
		if n := len(w.tickets()); n != night+1 {
			t.Fatalf("after night %d: %d tickets\n%s", night, n, w.describe())
		}
		w.dismissAll()
		w.pass(time.Minute)
		w.settings.ReopenWithin = 0
		w.turn()
		w.pass(13*time.Hour - time.Minute)
	}
	w.check()
}

func TestTooManyTroublesWithinMinutesAreOneParentTicket(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.settings.Storm = alert.Storm{Groups: 3, Within: 10}
	for i := range 9 {
		w.assets = append(w.assets, w.asset(fmt.Sprintf("VM%d", i)))
	}
	raise := func(n int) { w.pass(time.Minute); w.raise(fmt.Sprintf("VM%d", n)); w.turn() }
	for i := range 3 {
		raise(i)
	}
	if n := len(w.tickets()); n != 3 {
		t.Fatalf("%d tickets for as many as are allowed", n)
	}
	for i := 3; i < 6; i++ {
		raise(i) // the fourth within ten minutes, and more
	}
	w.pass(31 * time.Minute)
	w.turn() // the note on what joined
	all := w.tickets()
	if len(all) != 4 {
		t.Fatalf("%d tickets, want three and their parent\n%s", len(all), w.describe())
	}
	parent := all[3]
	text := parent.Notes[0].Text + strings.Join(notesOf(parent), "\n")
	for i := 3; i < 6; i++ {
		if !strings.Contains(text, fmt.Sprintf("VM%d", i)) {
			t.Errorf("the parent does not list VM%d:\n%s", i, text)
		}
	}
	// It ends when they all end, and what comes alone later is alone.
	w.pass(time.Minute)
	for i := range w.alerts[:5] {
		w.alerts[i].Dismissed = true
	}
	w.turn()
	if w.closed(w.tickets()[3]) {
		t.Error("closed before all were over")
	}
	w.dismissAll()
	w.pass(time.Minute)
	w.turn()
	for _, ticket := range w.tickets() {
		if !w.closed(ticket) {
			t.Errorf("ticket %d is open\n%s", ticket.ID, w.describe())
		}
	}
	w.alerts = nil
	w.pass(time.Hour)
	w.raise("VM8")
	w.turn()
	if n := len(w.tickets()); n != 5 {
		t.Errorf("%d tickets\n%s", n, w.describe())
	}
	w.check()
}

func TestALostCompanyStopsTicketsWhenSoSet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.settings.LostCompany = alert.LostStops
	w.company = match.Link{State: match.Attention, Cause: match.Missing, TargetID: fmt.Sprint(w.own), Reason: "deleted in ConnectWise"}
	w.raise("SRV1")
	w.turn()
	for _, g := range w.desk().Groups {
		if g.Planned != alert.Hold || !strings.Contains(g.Reason, "no tickets until the customer is mapped anew") || len(w.tickets()) != 0 {
			t.Error(w.describe())
		}
	}
	w.company = match.Link{State: match.Matched, TargetID: fmt.Sprint(w.own), By: "ada"}
	w.pass(time.Minute)
	w.turn()
	w.only()
}

func TestATicketWhoseMachineBecomesKnownLaterGetsANoteAndNoSecondTicket(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	untold := func(a *alert.Alert) { a.Message = "The asset backup was not created for the last 24 hour(s)." }
	w.raise("SRV1", untold)
	w.turn()
	if text := w.only().Notes[1].Text; !strings.Contains(text, "UniView does not tell which machine") {
		t.Errorf("internal note %q", text)
	}
	w.pass(5 * time.Hour)
	w.alerts[0].AssetKey = "appliance:id-SRV1" // asked for by filter
	w.turn()
	notes := notesOf(w.only())
	if len(notes) != 1 || !strings.Contains(notes[0], "This is about SRV1.") {
		t.Fatalf("notes %q", notes)
	}
	// A further occurrence, told at once, joins it.
	w.pass(5 * time.Hour)
	w.raise("SRV1", untold, func(a *alert.Alert) { a.AssetKey = "appliance:id-SRV1" })
	w.turn()
	if n := len(notesOf(w.only())); n != 2 {
		t.Errorf("%d notes\n%s", n, w.describe())
	}
	w.dismissAll()
	w.pass(time.Minute)
	w.turn()
	if !w.closed(w.only()) {
		t.Error(w.describe())
	}
	w.check()
}

func TestADeviceThatMayNotBeAttachedIsTriedAgainADayLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cw.Edit(func(st *sandbox.State) {
		st.Role = sandbox.NativeRole()
		w.devices = map[string]Device{"appliance:id-SRV1": {Name: "SRV1", URL: "https://glue.example/1", CompanyConfigurationID: st.AddConfiguration(w.own, "SRV1")}}
	})
	w.service.Console = func(context.Context) (string, error) { return "https://bridge.example", nil }
	w.assets[0].PortalURL = "https://uniview.example/links/asset/1"
	w.raise("SRV1")
	w.turn()
	ticket := w.only()
	for _, link := range []string{"SRV1 in UniView: https://uniview.example/links/asset/1", "SRV1 in IT Glue: https://glue.example/1", "SRV1 in UniView Bridge: https://bridge.example/assets/appliance:id-SRV1"} {
		if !strings.Contains(ticket.Notes[1].Text, link) {
			t.Errorf("no link %q in %q", link, ticket.Notes[1].Text)
		}
	}
	attempts := func() int {
		n := 0
		for _, r := range w.cw.Requests() {
			if strings.HasSuffix(r.Path, "/configurations") {
				n++
			}
		}
		return n
	}
	if len(ticket.Configurations) != 0 || attempts() != 1 {
		t.Fatalf("%d attempts, attached %v", attempts(), ticket.Configurations)
	}
	for _, g := range w.desk().Groups {
		if !strings.Contains(g.AttachFailure, "stands without its configuration") || !g.AttachAt.Equal(w.time().Add(24*time.Hour)) {
			t.Errorf("failure %q, again at %v", g.AttachFailure, g.AttachAt)
		}
	}
	w.pass(time.Hour)
	w.turn()
	if attempts() != 1 {
		t.Errorf("%d attempts within a day", attempts())
	}
	// A test of the connection that went well has it tried at once.
	w.pass(time.Hour)
	if err := w.office().AttachAgain(context.Background()); err != nil {
		t.Fatal(err)
	}
	w.clockTurn()
	if attempts() != 2 {
		t.Errorf("%d attempts after the connection was tested", attempts())
	}
	w.cw.Edit(func(st *sandbox.State) { st.Role.GrantExtras() })
	w.pass(24 * time.Hour)
	w.clockTurn()
	if got := w.only().Configurations; len(got) != 1 {
		t.Fatalf("attached %v\n%s", got, w.describe())
	}
	for _, g := range w.desk().Groups {
		if g.AttachFailure != "" || len(g.Attached) != 1 {
			t.Errorf("group %+v", g)
		}
	}
	w.pass(48 * time.Hour)
	w.clockTurn()
	if attempts() != 3 {
		t.Errorf("%d attempts though it is attached", attempts())
	}
}

func TestACallbackIsFollowedAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.raise("SRV1")
	w.turn()
	id := w.only().ID
	w.pass(time.Minute)
	w.cw.Edit(func(st *sandbox.State) { st.CloseTicket(id, "tech1") })
	var queued []string
	c := Callbacks{Table: w.table, Now: w.time, Installation: testInstallation, Queue: func(_ context.Context, customer string) error {
		queued = append(queued, customer)
		return nil
	}}
	w.cw.ResetRequests()
	for _, tt := range []struct {
		name string
		cb   connectwise.Callback
		want string
	}{
		{"a company", connectwise.Callback{Type: "company", RecordID: id}, "ignored: not about a ticket"},
		{"a ticket of somebody else", connectwise.Callback{Type: "ticket", RecordID: 99999}, "ignored: not a ticket of this bridge"},
		{"another bridge's", connectwise.Callback{Type: "ticket", RecordID: id, Entity: []byte(`{"externalXRef":"uvb1:other:x"}`)}, "ignored: not a ticket of this bridge"},
		{"hostile", connectwise.Callback{Type: "ticket", RecordID: -1, Entity: []byte(`[[[`)}, "ignored: not about a ticket"},
		{"ours", connectwise.Callback{Type: "ticket", RecordID: id, Action: "updated"}, "queued"},
		{"ours again", connectwise.Callback{Type: "ticket", RecordID: id, Action: "updated"}, "queued already, or a ticket that ended"},
	} {
		if got, err := c.Accept(context.Background(), tt.cb); err != nil || got != tt.want {
			t.Errorf("%s: %q, %v, want %q", tt.name, got, err, tt.want)
		}
	}
	if !slices.Equal(queued, []string{testCustomer}) || len(w.cw.Requests()) != 0 {
		t.Errorf("queued %v with %d requests", queued, len(w.cw.Requests()))
	}
	w.clockTurn() // no new list
	for _, g := range w.desk().Groups {
		if g.State != alert.GroupClosed || g.ClosedBy != alert.ByPerson || g.Look {
			t.Errorf("the close was not followed: %s", w.describe())
		}
	}
	if w.writes() != 0 {
		t.Errorf("%d writes for a look", w.writes())
	}
	w.check()
}

func TestTheBridgeRaisesAlertsForOverdueMachinesWhenAskedTo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.overdue = []Overdue{{AssetKey: "appliance:id-SRV1", Since: w.time().Add(-time.Hour)}}
	w.turn()
	if len(w.tickets()) != 0 {
		t.Fatal("raised though it is off")
	}
	w.settings.RaiseOverdue = true
	w.pass(time.Minute)
	w.turn()
	w.turn()
	if ticket := w.only(); !strings.HasPrefix(ticket.Summary, "SRV1: No good backup within the limit of this machine") {
		t.Errorf("summary %q", ticket.Summary)
	}
	// A good backup is evidence.
	w.pass(time.Hour)
	w.assets[0].Last = &backup.Backup{Complete: w.time(), Result: backup.Successful}
	w.turn()
	if ticket := w.only(); !w.closed(ticket) || !strings.Contains(notesOf(ticket)[0], "a good backup completed") {
		t.Errorf("not closed on evidence: %s", w.describe())
	}
	// Overdue again is another trouble; told to stop, it is withdrawn with those words.
	w.pass(50 * time.Hour)
	w.assets[0].Last = nil
	w.overdue[0].Since = w.time()
	w.turn()
	w.pass(time.Hour)
	w.settings.RaiseOverdue = false
	w.overdue = nil
	w.turn()
	all := w.tickets()
	last := all[len(all)-1]
	if len(all) != 2 || !w.closed(last) || !strings.Contains(strings.Join(notesOf(last), ""), alert.Withdrawn) {
		t.Errorf("after it was switched off: %s", w.describe())
	}
	w.check()
}

func TestAReopenedTicketGetsTheStatusChosenForItsBoard(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var open []int
	w.cw.View(func(st *sandbox.State) {
		for _, s := range st.Statuses {
			if s.BoardID == w.board && !s.Closed && !s.Inactive && !s.Default {
				open = append(open, s.ID)
			}
		}
	})
	w.settings.ReopenStatuses = map[int]int{w.board: open[len(open)-1]}
	w.raise("SRV1")
	w.turn()
	w.pass(time.Minute)
	w.dismissAll()
	w.turn()
	w.pass(time.Minute)
	w.alerts = nil
	w.raise("SRV1")
	w.turn()
	if got := w.only().StatusID; got != open[len(open)-1] {
		t.Errorf("reopened into %d, want %d", got, open[len(open)-1])
	}
}

func TestSettingsAreCheckedAgainstConnectWiseAsItIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if problems, err := CheckSettings(context.Background(), w.client, w.settings, nil); err != nil || slices.ContainsFunc(problems, func(p alert.Problem) bool { return !p.Warning }) {
		t.Fatalf("good settings have the problems %+v, %v", problems, err)
	}
	foreign := 0
	w.cw.View(func(st *sandbox.State) {
		for _, s := range st.Statuses {
			if s.BoardID != w.board && s.Closed {
				foreign = s.ID
			}
		}
	})
	w.settings.CloseStatusID = foreign
	problems, err := CheckSettings(context.Background(), w.client, w.settings, []alert.Rule{{Name: "x", Then: alert.Effect{BoardID: 4711}}})
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for _, p := range problems {
		if !p.Warning {
			words = append(words, p.Field+": "+p.Text)
		}
	}
	if len(words) != 2 || !strings.Contains(words[0], "is not on the board") || !strings.Contains(words[1], "no service board with the id 4711") {
		t.Errorf("problems %q", words)
	}
	w.cw.Inject(sandbox.Fault{Kind: sandbox.StatusFault})
	if _, err := CheckSettings(context.Background(), w.client, w.settings, nil); err == nil {
		t.Error("a failing ConnectWise checked settings")
	}
}

func TestReportsAndTrialsStandOnWhatHappened(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.settings.Grace.After = 10
	w.raise("SRV1")
	w.raise("SRV2")
	w.turn()
	w.pass(5 * time.Minute)
	w.alerts[1].Dismissed = true // within its grace
	w.turn()
	w.pass(10 * time.Minute)
	w.turn()
	w.pass(5 * time.Hour)
	w.raise("SRV1")
	w.raise("SRV1", disk)
	w.turn()
	w.pass(time.Hour)
	w.dismissAll()
	w.turn()
	ctx, span := context.Background(), alert.Span{From: start, To: w.time()}
	avoided, err := w.office().Avoided(ctx, "", span)
	if err != nil || len(avoided) != 1 || avoided[0].Alerts != 4 || avoided[0].Opened != 1 || avoided[0].Repeats != 1 || avoided[0].Held != 1 || avoided[0].Grouped+avoided[0].Held+avoided[0].Opened != 3 {
		t.Errorf("avoided %+v, %v", avoided, err)
	}
	noisy, err := w.office().Noisy(ctx, testCustomer, span)
	if err != nil || len(noisy) != 2 || noisy[0].Name != "SRV1" {
		t.Errorf("noisy %+v, %v", noisy, err)
	}
	open, err := w.office().TimeOpen(ctx, testCustomer, span)
	if err != nil || len(open) != 1 || open[0].Minutes != 6*60 || open[0].ClosedBy != alert.ByBridge {
		t.Errorf("time open %+v, %v", open, err)
	}
	trial, err := w.office().TryRules(ctx, []alert.Rule{{Name: "none", If: alert.When{Contains: "SRV1"}, Then: alert.Effect{NoTicket: true}}}, 30)
	if err != nil || trial.Totals[alert.DidOpen] != 0 || trial.Totals[alert.DidNoTicket] != 2 || trial.Totals[alert.DidHold] != 1 {
		t.Errorf("trial %+v, %v", trial, err)
	}
	var refused *RefusedError
	if _, err := w.office().TryRules(ctx, []alert.Rule{{}}, 30); !errors.As(err, &refused) {
		t.Errorf("a wrong rule: %v", err)
	}
	if len(w.tickets()) != 1 {
		t.Error(w.describe())
	}
}
