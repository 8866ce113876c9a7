package ticketing

import (
	"context"
	"errors"
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"
	"time"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/connectwise/sandbox"
	"uniview-bridge/pkg/state"
)

// openOf are the ids of the tickets that are open.
func (w *world) openOf() []int {
	var ids []int
	for _, t := range w.tickets() {
		if !w.closed(t) {
			ids = append(ids, t.ID)
		}
	}
	return ids
}

func TestAPersonWhoClosesAStormsTicketIsNotAnsweredWithItsTroubles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.settings.Storm = alert.Storm{Groups: 3, Within: 10}
	for i := range 6 {
		name := fmt.Sprintf("VM%d", i)
		w.assets = append(w.assets, w.asset(name))
		w.raise(name)
	}
	w.turn()
	parent := w.only()
	// Four end, two go on: fewer than a storm. A person closes the parent.
	for i := range 4 {
		w.alerts[i].Dismissed = true
	}
	w.pass(time.Hour)
	w.turn()
	w.cw.Edit(func(st *sandbox.State) { st.CloseTicket(parent.ID, "tech1") })
	w.pass(time.Hour)
	w.turn()
	w.turn()
	if n := len(w.tickets()); n != 1 {
		t.Fatalf("%d tickets: the person is fought\n%s", n, w.describe())
	}
	for key, g := range w.desk().Groups {
		if alert.IsStorm(key) && !strings.HasPrefix(g.Reason, "closed by a person, still failing: quiet") {
			t.Errorf("reason %q", g.Reason)
		}
	}
	// What comes back after its end is a trouble of its own.
	w.dismissAll()
	w.pass(time.Hour)
	w.turn()
	w.alerts = nil
	w.raise("VM5")
	w.turn()
	if open := w.openOf(); len(w.tickets()) != 2 || len(open) != 1 || open[0] == parent.ID {
		t.Errorf("after the storm: %s", w.describe())
	}
	w.check()
}

func TestAChangedGroupingLeavesTicketsAloneAndCountsForWhatComesLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.raise("SRV1")
	w.raise("SRV2")
	w.turn()
	before := w.openOf()
	if len(before) != 2 {
		t.Fatal(w.describe())
	}
	w.settings.Grouping = alert.PerCustomer
	w.pass(5 * time.Hour)
	w.raise("SRV1")
	w.turn()
	if open := w.openOf(); !slices.Equal(open, before) || len(notesOf(w.tickets()[0])) != 1 {
		t.Fatalf("open tickets do not go on as they were: %s", w.describe())
	}
	w.raise("SRV3")
	w.turn()
	if open := w.openOf(); len(open) != 3 {
		t.Fatalf("a trouble that has no ticket follows the new grouping: %s", w.describe())
	}
	w.dismissAll()
	w.pass(time.Hour)
	w.turn()
	if open := w.openOf(); len(open) != 0 {
		t.Fatalf("all three end: %s", w.describe())
	}
	// Within the reopen window the last ticket of a trouble is reopened.
	w.alerts = nil
	w.raise("SRV1")
	w.turn()
	if open := w.openOf(); !slices.Equal(open, before[:1]) {
		t.Fatalf("open %v, want %v reopened: %s", open, before[:1], w.describe())
	}
	w.dismissAll()
	w.turn()
	w.pass(5 * time.Hour) // it came back before: closed when it stays over
	w.turn()
	// Behind it everything is grouped as set: one ticket.
	w.alerts = nil
	w.pass(25 * time.Hour)
	w.raise("SRV1")
	w.raise("SRV2")
	w.turn()
	if open := w.openOf(); len(open) != 1 || slices.Contains(before, open[0]) {
		t.Errorf("open %v, want one new ticket for the customer: %s", open, w.describe())
	}
	// It names the tickets that its troubles were on: of its own group, and the last
	// that it came from.
	for _, ticket := range w.tickets() {
		if want := fmt.Sprintf("Earlier tickets on the same troubles: #%d and #%d.", before[1]+1, before[1]); ticket.ID == w.openOf()[0] && !strings.Contains(ticket.Notes[1].Text, want) {
			t.Errorf("the new ticket says %q, want %q", ticket.Notes[1].Text, want)
		}
	}
	w.check()
}

func TestATroubleThatSettingsMoveNamesTheTicketItWasOn(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(w *world){
		"another grouping": func(w *world) { w.settings.Grouping = alert.PerCustomer },
		"a rule that sends it elsewhere": func(w *world) {
			w.rules(alert.Rule{Name: "b", If: alert.When{Contains: "failed"}, Then: alert.Effect{BoardID: w.board + 1}})
		},
		"a rule, and a grace before it": func(w *world) {
			w.rules(alert.Rule{Name: "b", If: alert.When{Contains: "failed"}, Then: alert.Effect{BoardID: w.board + 1}})
			w.settings.Grace = alert.Grace{After: 10}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.raise("SRV1")
			w.turn()
			old := w.only()
			w.dismissAll()
			w.pass(time.Hour)
			w.turn()
			change(w)
			w.pass(25 * time.Hour)
			w.alerts = nil
			w.raise("SRV1")
			for range 3 {
				w.turn()
				w.pass(11 * time.Minute)
			}
			open := w.openOf()
			if len(open) != 1 || open[0] == old.ID {
				t.Fatalf("open %v: %s", open, w.describe())
			}
			if said := w.tickets()[1].Notes[1].Text; !strings.Contains(said, fmt.Sprintf("Earlier ticket on the same trouble: #%d.", old.ID)) {
				t.Errorf("the new ticket says %q", said)
			}
			w.check()
		})
	}
}

func TestARuleThatIsChangedNeitherMovesNorDoublesAnOpenTicket(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.raise("SRV1", disk)
	w.turn()
	ticket := w.only()
	w.rules(alert.Rule{Name: "disks", If: alert.When{Contains: "disk failure"}, Then: alert.Effect{BoardID: w.board + 1}})
	w.pass(5 * time.Hour)
	w.raise("SRV1", disk)
	w.turn()
	if again := w.only(); again.BoardID != ticket.BoardID || len(notesOf(again)) != 1 {
		t.Fatalf("not followed where it is: %s", w.describe())
	}
	// The rule goes again, and with it what it would have named: nothing is orphaned.
	w.rules(alert.Rule{Name: "disks", If: alert.When{Contains: "disk failure"}, Then: alert.Effect{NoTicket: true}})
	w.pass(5 * time.Hour)
	w.turn()
	for _, g := range w.desk().Groups {
		if !strings.HasPrefix(g.Reason, `held: rule 1 "disks" makes no ticket of it`) {
			t.Errorf("reason %q", g.Reason)
		}
	}
	w.dismissAll()
	w.turn()
	if !w.closed(w.only()) {
		t.Fatalf("not closed under a rule that makes no ticket: %s", w.describe())
	}
	w.rules(alert.Rule{Name: "disks", If: alert.When{Contains: "disk failure"}, Then: alert.Effect{BoardID: w.board + 1}})
	w.alerts = nil
	w.pass(25 * time.Hour)
	w.raise("SRV1", disk)
	w.turn()
	if all := w.tickets(); len(all) != 2 || all[1].BoardID != w.board+1 {
		t.Errorf("the next ticket is where the rule says: %s", w.describe())
	}
	w.check()
}

func TestNotToKnowIsNoEvidenceThatAMachineIsNoLongerOverdue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.settings.RaiseOverdue = true
	since := w.time().Add(-time.Hour)
	w.overdue = []Overdue{{AssetKey: "appliance:id-SRV1", Since: since}, {AssetKey: "appliance:id-SRV2", Unknown: true}}
	w.turn()
	w.only() // of SRV1: what is not known raises nothing new
	w.overdue = []Overdue{{AssetKey: "appliance:id-SRV1", Unknown: true}}
	for range 3 {
		w.pass(time.Hour)
		w.turn()
	}
	if w.closed(w.only()) {
		t.Fatalf("closed though nobody could read the backups: %s", w.describe())
	}
	// The machine gets another name meanwhile: it is the same trouble.
	w.assets[0].Name = "SRV1-NEW"
	w.overdue = []Overdue{{AssetKey: "appliance:id-SRV1", Since: since}}
	w.pass(time.Hour)
	w.turn()
	w.pass(5 * time.Hour)
	w.turn()
	if notes := notesOf(w.only()); len(notes) != 0 {
		t.Errorf("a new name is told as a trouble: %q", notes)
	}
	w.overdue = nil
	for range 3 {
		w.pass(time.Minute)
		w.turn()
	}
	if ticket := w.only(); !w.closed(ticket) || !strings.Contains(notesOf(ticket)[0], alert.CaughtUp) {
		t.Errorf("not closed once it is known: %s", w.describe())
	}
	w.check()
}

func TestAPriorityThatAPersonSetIsHis(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.settings.Priorities = map[alert.Severity]int{alert.SeverityWarning: 4, alert.SeverityCritical: 3, alert.SeverityAlarm: 1}
	w.raise("SRV1")
	w.turn()
	for i, step := range []struct {
		severity alert.Severity
		person   int // sets this priority first
		want     int
	}{{alert.SeverityCritical, 0, 3}, {alert.SeverityAlarm, 2, 2}} {
		w.pass(time.Minute)
		w.cw.Edit(func(st *sandbox.State) {
			if step.person > 0 {
				st.Ticket(w.tickets0(st)).PriorityID = step.person
				st.AddTechnicianNote(w.tickets0(st), "not so urgent", "tech1")
			}
		})
		w.each(func(a *alert.Alert) { a.Severity = step.severity })
		w.turn()
		ticket := w.only()
		if ticket.PriorityID != step.want || len(notesOf(ticket)) != i+1 {
			t.Errorf("%s: priority %d, want %d with a note: %s", step.severity, ticket.PriorityID, step.want, w.describe())
		}
	}
}

// tickets0 is the id of the first ticket of ours.
func (*world) tickets0(st *sandbox.State) int {
	for _, t := range st.Tickets {
		if strings.HasPrefix(t.ExternalXRef, alert.ReferencePrefix(testInstallation)) {
			return t.ID
		}
	}
	return 0
}

func TestANoteThatAClosedTicketRefusesIsNotTriedForEver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.settings.StillFailing, w.settings.StillFailingAfter = alert.AddNote, 30
	w.raise("SRV1")
	w.turn()
	id := w.only().ID
	w.pass(time.Minute)
	w.cw.Edit(func(st *sandbox.State) { st.ClosedSilent = true; st.CloseTicket(id, "tech1") })
	w.pass(time.Hour)
	w.turn()
	p := w.turn()
	for key, g := range w.desk().Groups {
		if g.Failures > 0 || !g.StillTold || !strings.HasPrefix(g.Reason, "closed by a person, still failing: quiet") {
			t.Errorf("%s: %d failures, %q", key, g.Failures, g.Reason)
		}
	}
	if p.Failed > 0 {
		t.Errorf("tried again: %v", p.Entries)
	}
}

// capped is a table that takes no larger items than a real one.
type capped struct{ state.Table }

func (c capped) Put(ctx context.Context, item state.Item) (state.Item, error) {
	if len(item.Data) > state.MaxItemBytes {
		return item, state.ErrTooLarge
	}
	return c.Table.Put(ctx, item)
}

func TestRecordsThatGrowTooLargeStopNobody(t *testing.T) {
	if testing.Short() {
		t.Skip("compresses megabytes")
	}
	t.Parallel()
	noise := rand.New(rand.NewSource(1))
	text := func(n int) string {
		r := make([]rune, n)
		for i := range r {
			r[i] = rune(0x4e00 + noise.Intn(20000))
		}
		return string(r)
	}
	t.Run("a history is shortened", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.service.Table = capped{w.table}
		var h alert.History
		for i := range 2900 {
			begun := w.time().Add(time.Duration(i-3000) * time.Minute)
			h.Episodes = append(h.Episodes, alert.Episode{Key: fmt.Sprint("v1:", i), Number: 1, Message: text(150), First: begun, Over: begun})
		}
		if _, err := state.Save(context.Background(), w.table, state.HistoryKey(w.customer), h, state.Any, time.Time{}); err != nil {
			t.Fatal(err)
		}
		w.raise("SRV1")
		if p := w.turn(); p.Failed > 0 {
			t.Errorf("reasons %v", p.Entries)
		}
		w.only()
		kept, _, err := state.Load[alert.History](context.Background(), w.table, state.HistoryKey(w.customer))
		if n := len(kept.Episodes); err != nil || n == 0 || n >= len(h.Episodes) || kept.Episodes[n-1].How != alert.HowOpened {
			t.Errorf("%d episodes are kept, %v", n, err)
		}
	})
	t.Run("a desk is left as it was, with the reason", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.service.Table = capped{w.table}
		w.raise("SRV1")
		w.turn()
		w.only()
		for range 3000 {
			w.raise("SRV2", func(a *alert.Alert) { a.Message = text(290) })
		}
		w.pass(time.Minute)
		w.sync()
		work := w.message()
		if err := w.service.Handle(context.Background(), work); err != nil {
			t.Fatalf("a dead letter: %v", err)
		}
		p, err := state.LoadProgress(context.Background(), w.table, work.Run)
		if err != nil || p.Failed == 0 || !strings.Contains(fmt.Sprint(p.Entries), "3001 alerts of this customer are listed, more than can be kept: dismiss old ones in UniView") {
			t.Errorf("reasons %v, %v", p.Entries, err)
		}
		due, _, err := state.Load[state.Due](context.Background(), w.table, state.DueKey(state.ConnectWise, w.customer))
		if err != nil && !errors.Is(err, state.ErrNotFound) || due.Completed.Equal(w.time()) {
			t.Errorf("taken for done: %+v, %v", due, err)
		}
	})
}
