package ticketing

import (
	"context"
	"strings"
	"testing"
	"time"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/connectwise/sandbox"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/state"
)

func TestLifeOfATicket(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.raise("SRV1")
	p := w.turn()
	ticket := w.only()
	if p.Changed["create ticket"] != 1 || p.Failed != 0 || p.Open != 0 {
		t.Errorf("progress %+v", p)
	}
	if ticket.Summary != "SRV1: Backup of SRV1 failed (since 2026-03-10 12:00 UTC)" || ticket.CompanyID != w.own || ticket.BoardID != w.board || !ticket.QuietCreate {
		t.Errorf("ticket %+v", ticket)
	}

	// Nothing new: nothing is asked and nothing written.
	w.pass(5 * time.Minute)
	w.sync()
	w.cw.ResetRequests()
	before := w.table.writes
	if p = w.handle(w.message()); p.Open != 0 || len(w.cw.Requests()) != 0 {
		t.Errorf("a quiet turn made %d requests: %+v", len(w.cw.Requests()), p)
	}
	if wrote := w.table.writes - before; wrote > 6 { // the sixth is the row of its desk in the index
		t.Errorf("a quiet turn wrote %d items", wrote)
	}

	// A repeat is noted when the pace allows, once.
	w.raise("SRV1")
	w.turn()
	if n := len(notesOf(w.only())); n != 0 {
		t.Errorf("%d notes within the pace", n)
	}
	w.pass(4 * time.Hour)
	w.turn()
	w.turn()
	notes := notesOf(w.only())
	if len(notes) != 1 || !strings.Contains(notes[0], "2 times, first 2026-03-10 12:00 UTC, last 2026-03-10 12:05 UTC") {
		t.Fatalf("notes %q", notes)
	}
	for _, n := range w.only().Notes[1:] {
		if n.Discussion {
			t.Errorf("a customer can read: %q", n.Text)
		}
	}

	// Dismissed: closed with the evidence.
	w.pass(time.Hour)
	w.dismissAll()
	p = w.turn()
	ticket = w.only()
	notes = notesOf(ticket)
	if !w.closed(ticket) || len(notes) != 2 || !strings.Contains(notes[1], "dismissed in UniView (read 2026-03-10 17:05 UTC)") {
		t.Fatalf("after dismissal: %s", w.describe())
	}
	if p.Changed["close ticket"] != 1 {
		t.Errorf("progress %+v", p)
	}

	// Back within the window: the same ticket again, and closed only when it stays over.
	w.pass(time.Hour)
	w.alerts = nil
	w.raise("SRV1")
	w.turn()
	if ticket = w.only(); w.closed(ticket) {
		t.Fatalf("not reopened: %s", w.describe())
	}
	w.pass(time.Minute)
	w.dismissAll()
	w.turn()
	if w.closed(w.only()) {
		t.Error("a flapping ticket was closed at once")
	}
	w.pass(4 * time.Hour)
	w.turn()
	if !w.closed(w.only()) {
		t.Errorf("not closed though it stayed over: %s", w.describe())
	}

	// Back after the window: a new ticket that refers to the old.
	w.pass(48 * time.Hour)
	w.alerts = nil
	w.raise("SRV1")
	w.turn()
	all := w.tickets()
	if len(all) != 2 || !strings.HasSuffix(all[1].ExternalXRef, ":2") || !strings.Contains(all[1].Notes[1].Text, "Earlier ticket on the same trouble: #") {
		t.Errorf("after the window: %s", w.describe())
	}
	w.check()
}

func TestATicketEndsWhenItsAlertVanishesFromTwoReads(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.raise("SRV1")
	w.turn()
	w.alerts = nil
	w.pass(5 * time.Minute)
	w.turn()
	if w.closed(w.only()) {
		t.Fatal("closed after one absence")
	}
	due, _, err := state.LoadOr(context.Background(), w.table, state.DueKey(state.ConnectWise, testCustomer), state.Due{})
	if err != nil || !due.NextAt.Equal(w.time().Add(time.Minute)) {
		t.Errorf("second look at %v (%v), want a minute later", due.NextAt, err)
	}
	w.pass(5 * time.Minute)
	w.turn()
	if ticket := w.only(); !w.closed(ticket) || !strings.Contains(notesOf(ticket)[0], "no longer listed by UniView in two complete reads") {
		t.Errorf("not closed with evidence: %s", w.describe())
	}
}

func TestATicketEndsWithALaterGoodBackup(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.raise("SRV1")
	w.raise("SRV2", func(a *alert.Alert) { a.Message = "Disk failure on SRV2" })
	w.turn()
	w.pass(time.Hour)
	for i := range w.assets {
		w.assets[i].Last = &backup.Backup{Complete: w.time().Add(-time.Minute), Result: backup.Warning}
	}
	w.turn()
	for _, ticket := range w.tickets() {
		if healed := strings.HasPrefix(ticket.Summary, "SRV1"); healed != w.closed(ticket) {
			t.Errorf("%q closed: %v", ticket.Summary, w.closed(ticket))
		}
	}
	w.check()
}

func TestPreviewWritesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mode(state.Preview)
	w.raise("SRV1")
	w.cw.ResetRequests()
	w.turn()
	if len(w.tickets()) != 0 || w.writes() != 0 {
		t.Fatal("preview wrote to ConnectWise")
	}
	for _, g := range w.desk().Groups {
		if g.Planned != alert.Open || g.State != alert.GroupWaiting || g.Pending != nil {
			t.Errorf("group in preview: %+v", g)
		}
	}
	// Going live makes the same facts due again.
	w.mode(state.Live)
	w.turn()
	w.only()
}

func TestAStoppedConnectionLeavesTheCustomerDue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.raise("SRV1")
	w.stopped = true
	p := w.turn()
	if p.Open != 1 || len(p.Entries) != 1 || !strings.Contains(strings.Join(p.Entries[0].Reasons, " "), "the keys are refused") {
		t.Errorf("progress %+v", p)
	}
	w.stopped = false
	w.turn()
	w.only()
}

func TestAFailedSearchNeverCreates(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.raise("SRV1")
	w.sync()
	w.cw.Inject(sandbox.Fault{Op: "list tickets", Kind: sandbox.StatusFault})
	p := w.handle(w.message())
	if w.writes() != 0 || p.Failed != 1 {
		t.Fatalf("%d writes, progress %+v", w.writes(), p)
	}
	w.cw.ClearFaults()
	w.pass(2 * time.Minute)
	w.turn()
	w.only()
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		link    match.Link
		own     match.Link
		change  func(*alert.Settings)
		company func(*world) int // 0: no ticket
		says    string
	}{
		{name: "a matched customer goes to its company", link: match.Link{State: match.Matched, TargetID: "own"}, company: func(w *world) int { return w.own }},
		{name: "an unmapped one to the default company, and says so", link: match.Link{State: match.Unmatched, Reason: "no company found"}, company: func(w *world) int { return w.fallback }, says: "no company of its own"},
		{name: "a suggestion never acts", link: match.Link{State: match.Suggested, TargetID: "own", Reason: "similar name"}, company: func(w *world) int { return w.fallback }, says: "only suggested"},
		{name: "a deleted company stops tickets to it visibly", link: match.Link{State: match.Attention, Cause: match.Missing, TargetID: "own", Reason: "deleted"}, company: func(w *world) int { return w.fallback }, says: "needs attention (missing)"},
		{name: "a person's decision goes first", link: match.Link{State: match.Unmatched}, own: match.Link{State: match.Matched, TargetID: "own", By: "ada"}, company: func(w *world) int { return w.own }},
		{name: "an ignored customer gets none", link: match.Link{State: match.Ignored}, company: func(*world) int { return 0 }, says: "the customer is ignored for tickets"},
		{name: "do not sync gets none", link: match.Link{State: match.Matched, TargetID: "own"}, change: func(s *alert.Settings) { s.DoNotSync = true }, company: func(*world) int { return 0 }, says: "do not sync is set"},
		{name: "without a default company there is none", link: match.Link{State: match.Unmatched}, change: func(s *alert.Settings) { s.CompanyID = 0 }, company: func(*world) int { return 0 }},
		{name: "without a board there is none", link: match.Link{State: match.Matched, TargetID: "own"}, change: func(s *alert.Settings) { s.BoardID = 0 }, company: func(*world) int { return 0 }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			set := func(l match.Link) match.Link {
				if l.TargetID == "own" {
					l.TargetID = w.company.TargetID
				}
				return l
			}
			w.company, tt.own = set(tt.link), set(tt.own)
			if tt.change != nil {
				tt.change(&w.settings)
			}
			if _, err := state.Save(context.Background(), w.table, state.CustomerKey(testCustomer), state.Customer{ID: testCustomer, Links: match.CustomerLinks{Company: tt.own}}, state.Any, time.Time{}); err != nil {
				t.Fatal(err)
			}
			w.raise("SRV1")
			w.turn()
			want := tt.company(w)
			if want == 0 {
				if len(w.tickets()) != 0 {
					t.Fatalf("tickets: %s", w.describe())
				}
				for _, g := range w.desk().Groups {
					if g.Planned != alert.Hold || g.Reason == "" || !strings.Contains(g.Reason, tt.says) {
						t.Errorf("no visible reason: %+v", g)
					}
				}
				return
			}
			ticket := w.only()
			if ticket.CompanyID != want {
				t.Errorf("company %d, want %d", ticket.CompanyID, want)
			}
			if says := tt.says != ""; says != strings.Contains(ticket.Notes[1].Text, "default company") || says && !strings.Contains(ticket.Notes[1].Text, tt.says) {
				t.Errorf("internal note: %q", ticket.Notes[1].Text)
			}
		})
	}
}

func TestTechnicians(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		acts func(*sandbox.State, int)
		then func(*world) // before the next turn; default: all dismissed
		want func(*testing.T, *world, sandbox.Ticket)
	}{
		{
			name: "logged time leaves the ticket open with a note",
			acts: func(st *sandbox.State, id int) { st.LogTime(id, 0.5, "looked at it", "tech1") },
			want: func(t *testing.T, w *world, ticket sandbox.Ticket) {
				notes := notesOf(ticket)
				if w.closed(ticket) || len(notes) != 1 || !strings.Contains(notes[0], "the ticket stays open: a technician worked on it") {
					t.Error(w.describe())
				}
			},
		},
		{
			name: "an owner leaves the ticket open",
			acts: func(st *sandbox.State, id int) { st.AssignTicket(id, st.Members[0].ID, "dispatch") },
			want: func(t *testing.T, w *world, ticket sandbox.Ticket) {
				if w.closed(ticket) {
					t.Error(w.describe())
				}
			},
		},
		{
			name: "moved to another board, and touched does not matter: a closing status of that board",
			acts: func(st *sandbox.State, id int) { st.MoveTicket(id, st.DefaultBoardID+1, "tech1") },
			then: func(w *world) {
				w.settings.LeaveTouched, w.settings.CloseStatusID = false, 503
				w.dismissAll()
			},
			want: func(t *testing.T, w *world, ticket sandbox.Ticket) {
				if !w.closed(ticket) || ticket.BoardID != w.board+1 {
					t.Error(w.describe())
				}
			},
		},
		{
			name: "a board without a closing status leaves the ticket open with the reason",
			acts: func(st *sandbox.State, id int) { st.MoveTicket(id, st.AddBoard("Odd", []string{"New"}, nil), "tech1") },
			then: func(w *world) {
				w.settings.LeaveTouched = false
				w.dismissAll()
			},
			want: func(t *testing.T, w *world, ticket sandbox.Ticket) {
				for _, g := range w.desk().Groups {
					if w.closed(ticket) || !strings.Contains(g.Failure, "no active closing status") {
						t.Error(w.describe())
					}
				}
			},
		},
		{
			name: "closed by a technician and still failing: followed, not fought",
			acts: func(st *sandbox.State, id int) { st.CloseTicket(id, "tech1") },
			then: func(*world) {},
			want: func(t *testing.T, w *world, ticket sandbox.Ticket) {
				for _, g := range w.desk().Groups {
					if !w.closed(ticket) || g.ClosedBy != alert.ByPerson || !strings.HasPrefix(g.Reason, "closed by a person, still failing") {
						t.Error(w.describe())
					}
				}
			},
		},
		{
			name: "closed by a technician and a new occurrence: reopened",
			acts: func(st *sandbox.State, id int) { st.CloseTicket(id, "tech1") },
			then: func(w *world) {
				w.pass(time.Minute)
				w.raise("SRV1")
			},
			want: func(t *testing.T, w *world, ticket sandbox.Ticket) {
				if w.closed(ticket) || len(notesOf(ticket)) != 1 || !strings.HasPrefix(notesOf(ticket)[0], "The trouble is back.") {
					t.Error(w.describe())
				}
			},
		},
		{
			name: "merged: the parent gets the note and stays open",
			acts: func(st *sandbox.State, id int) {
				parent := st.AddTicket(st.Companies[0].ID, "Everything is on fire", "tech1")
				st.MergeTickets(parent, "tech1", id)
			},
			want: func(t *testing.T, w *world, ticket sandbox.Ticket) {
				var parent sandbox.Ticket
				w.cw.View(func(st *sandbox.State) { parent = *st.Ticket(ticket.MergedInto) })
				if notes := notesOf(parent); len(notes) != 1 || !strings.Contains(notes[0], "was merged into #") {
					t.Errorf("the parent does not tell of the end: %q", notes)
				}
				if w.closed(parent) {
					t.Error("the parent was closed")
				}
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.raise("SRV1")
			w.turn()
			w.pass(10 * time.Minute)
			id := w.only().ID
			w.cw.Edit(func(st *sandbox.State) { tt.acts(st, id) })
			if tt.then == nil {
				w.dismissAll()
			} else {
				tt.then(w)
			}
			w.turn()
			w.pass(time.Minute)
			w.turn()
			tt.want(t, w, w.only())
			w.check()
		})
	}
}

func TestADeletedTicketIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.raise("SRV1")
	w.turn()
	id := w.only().ID
	w.cw.Edit(func(st *sandbox.State) { st.DeleteTicket(id) })
	// Missing from the list proves nothing; the next write finds out.
	w.pass(5 * time.Hour)
	w.raise("SRV1")
	w.turn()
	for _, g := range w.desk().Groups {
		if g.State != alert.GroupGone || len(w.tickets()) != 0 {
			t.Errorf("after deletion: %s", w.describe())
		}
	}
	// A person ended it; a new occurrence is a new ticket.
	w.pass(time.Minute)
	w.raise("SRV1")
	w.turn()
	if ticket := w.only(); !strings.HasSuffix(ticket.ExternalXRef, ":2") {
		t.Errorf("reference %s", ticket.ExternalXRef)
	}
}

func TestAPersonWhoReopensIsNotFought(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.raise("SRV1")
	w.turn()
	w.pass(time.Minute)
	w.dismissAll()
	w.turn()
	id := w.only().ID
	w.pass(time.Minute)
	w.cw.Edit(func(st *sandbox.State) { st.ReopenTicket(id, "tech1") })
	for range 3 {
		w.pass(5 * time.Hour)
		w.turn()
	}
	if ticket := w.only(); w.closed(ticket) || len(notesOf(ticket)) != 1 {
		t.Error(w.describe())
	}
}

func TestSeverityRaisesThePriority(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.settings.Priorities = map[alert.Severity]int{alert.SeverityWarning: 3, alert.SeverityAlarm: 1}
	w.raise("SRV1")
	w.turn()
	w.pass(time.Minute)
	w.each(func(a *alert.Alert) { a.Severity = alert.SeverityAlarm })
	w.turn()
	if ticket := w.only(); ticket.PriorityID != 1 || len(notesOf(ticket)) != 1 || !strings.HasPrefix(notesOf(ticket)[0], "The trouble got worse: severity alarm.") {
		t.Error(w.describe())
	}
}

func TestTwoTicketsWithOneReferenceNeedAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.raise("SRV1")
	w.turn()
	w.cw.Edit(func(st *sandbox.State) {
		twin := *st.Ticket(st.Tickets[len(st.Tickets)-1].ID)
		twin.ID += 10
		st.Tickets = append(st.Tickets, twin)
	})
	w.pass(time.Minute)
	w.turn()
	for _, g := range w.desk().Groups {
		if !strings.Contains(g.Attention, "several tickets carry one reference") || g.TicketID != w.tickets()[0].ID {
			t.Errorf("group %+v", g)
		}
	}
}

func TestAnOldTicketOpenedAgainNeedsAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.settings.ReopenWithin = 0
	w.raise("SRV1")
	w.turn()
	first := w.only().ID
	w.pass(time.Minute)
	w.dismissAll()
	w.turn()
	w.alerts = nil
	w.pass(time.Minute)
	w.raise("SRV1")
	w.turn()
	w.cw.Edit(func(st *sandbox.State) { st.ReopenTicket(first, "tech1") })
	w.pass(time.Minute)
	w.turn()
	for _, g := range w.desk().Groups {
		if !strings.Contains(g.Attention, "was opened again by a person") {
			t.Errorf("attention %q", g.Attention)
		}
	}
	// Opened again while the new one was not made yet: then it is the group's ticket.
	w = newWorld(t)
	w.settings.ReopenWithin = 0
	w.raise("SRV1")
	w.turn()
	w.pass(time.Minute)
	w.dismissAll()
	w.turn()
	w.alerts = nil
	w.pass(time.Minute)
	w.raise("SRV1")
	w.cw.Inject(sandbox.Fault{Op: "create ticket", Kind: sandbox.StatusFault, Status: 400, Message: "no"})
	w.turn()
	w.cw.ClearFaults()
	w.cw.Edit(func(st *sandbox.State) { st.ReopenTicket(st.Tickets[0].ID, "tech1") })
	w.calm(20)
	if ticket := w.only(); w.closed(ticket) {
		t.Error(w.describe())
	}
}

func TestALostDeskFindsItsTicketsAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.raise("SRV1")
	w.turn()
	if err := w.table.Delete(context.Background(), state.DeskKey(testCustomer), state.Any); err != nil {
		t.Fatal(err)
	}
	if err := w.table.Delete(context.Background(), state.DueKey(state.ConnectWise, testCustomer), state.Any); err != nil {
		t.Fatal(err)
	}
	w.pass(time.Hour)
	w.turn()
	w.only()
	w.dismissAll()
	w.turn()
	if !w.closed(w.only()) {
		t.Error(w.describe())
	}
}

func TestDocumentationIsToldOfTicketNumbers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	news := func() int64 {
		c, _, err := state.LoadOr(context.Background(), w.table, state.CustomerKey(testCustomer), state.Customer{})
		if err != nil {
			t.Fatal(err)
		}
		return c.TicketNews
	}
	w.raise("SRV1")
	w.turn()
	if got := TicketsByMachine(w.desk())["appliance:id-SRV1"]; news() != 1 || !strings.HasPrefix(got, "#") {
		t.Errorf("news %d, tickets %q", news(), got)
	}
	w.pass(time.Minute)
	w.turn()
	if news() != 1 {
		t.Errorf("news %d though nothing changed", news())
	}
	w.dismissAll()
	w.turn()
	if len(TicketsByMachine(w.desk())) != 0 || news() != 2 {
		t.Errorf("news %d after the close, tickets %v", news(), TicketsByMachine(w.desk()))
	}
}

func TestDevicesAreAttached(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cw.Edit(func(st *sandbox.State) {
		w.devices = map[string]Device{"appliance:id-SRV1": {Name: "SRV1", URL: "https://glue.example/1", CompanyConfigurationID: st.AddConfiguration(w.own, "SRV1")}}
	})
	w.raise("SRV1")
	p := w.turn()
	ticket := w.only()
	if !strings.Contains(ticket.Notes[1].Text, "SRV1 in IT Glue: https://glue.example/1") {
		t.Errorf("internal note %q", ticket.Notes[1].Text)
	}
	if len(ticket.Configurations) == 0 && (len(p.Entries) == 0 || !strings.Contains(p.Entries[0].Reasons[0], "stands without its configuration")) {
		t.Errorf("neither attached nor explained: %+v", p)
	}
}

func TestAStormFoldsIntoOneParent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, name := range []string{"SRV1", "SRV2", "SRV3"} {
		w.raise(name)
	}
	w.fold = true
	w.sync()
	w.handle(w.message())
	w.fold = false
	ticket := w.only()
	for _, name := range []string{"SRV1", "SRV2", "SRV3"} {
		if !strings.Contains(ticket.Notes[0].Text, "Backup of "+name+" failed.") {
			t.Errorf("the parent does not list %s: %q", name, ticket.Notes[0].Text)
		}
	}
	// Later runs without the brake leave it so, and it ends when they all end.
	w.pass(time.Minute)
	w.turn()
	w.only()
	w.alerts[0].Dismissed = true
	w.turn()
	if w.closed(w.only()) {
		t.Error("closed before all were over")
	}
	w.pass(time.Hour)
	w.dismissAll()
	w.turn()
	if !w.closed(w.only()) {
		t.Error(w.describe())
	}
	// What comes back alone has its own ticket.
	w.pass(time.Hour)
	w.alerts = nil
	w.raise("SRV1")
	w.turn()
	if all := w.tickets(); len(all) != 2 {
		t.Error(w.describe())
	}
	w.check()
}

func TestAMessageOfACancelledRunWritesNothingAndLeavesTheCustomerDue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.raise("SRV1")
	w.sync()
	w.cw.ResetRequests()
	w.handle(w.message(func(r *state.Run) { r.State = state.Cancelled }))
	if n := len(w.cw.Requests()); n != 0 || len(w.tickets()) != 0 {
		t.Errorf("%d requests, %d tickets for a cancelled run", n, len(w.tickets()))
	}
	w.handle(w.message())
	w.only()
}

func TestTooManyClosingsAreHeldWithTheirReason(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.raise("SRV1")
	w.turn()
	ticket := w.only()
	w.pass(time.Hour)
	w.dismissAll()
	w.hold = true
	w.turn()
	if w.closed(w.only()) {
		t.Fatal("closed though closing waits for approval")
	}
	desk, _, err := state.Load[state.Desk](context.Background(), w.table, state.DeskKey(testCustomer))
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range desk.Groups {
		if g.TicketID == ticket.ID && !strings.Contains(g.Reason, "waits for approval") {
			t.Errorf("reason %q", g.Reason)
		}
	}
	w.hold = false
	w.turn()
	if !w.closed(w.only()) {
		t.Error(w.describe())
	}
}
