package alert

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var noon = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

func at(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }

// ready are settings with which tickets can be made.
func ready(change func(*Settings)) Settings {
	s := Defaults()
	s.CompanyID, s.BoardID = 7, 3
	if change != nil {
		change(&s)
	}
	return s
}

func openCondition(key string, change func(*Condition)) Condition {
	c := Condition{
		Key: key, Base: key, State: ConditionOpen, Class: ClassBackup, Severity: SeverityWarning, Message: "Backup failed",
		Episode: 1, First: at(-60), Last: at(-60), Count: 1, Total: 1,
	}
	if change != nil {
		change(&c)
	}
	return c
}

func overCondition(key string, since time.Time) Condition {
	return openCondition(key, func(c *Condition) {
		c.State, c.Evidence = ConditionOver, &Evidence{Why: Dismissed, AsOf: since, Last: c.Last}
	})
}

// openGroup has a ticket that tells all of the given conditions as open.
func openGroup(told ...Condition) Group {
	g := Group{
		Key: "c/machine/m", Generation: 1, Reference: "uvb1:x", State: GroupOpen, TicketID: 100, BoardID: 3,
		Severity: SeverityWarning, OpenedAt: at(-300), TicketUpdated: at(-300), Told: map[string]Told{},
	}
	for _, c := range told {
		g.Told[c.Key] = Told{Total: c.Total, Episode: c.Episode, Open: true, Asset: c.AssetKey}
	}
	return g
}

func closedGroup(by string, since time.Time, told ...Condition) Group {
	g := openGroup(told...)
	g.State, g.ClosedBy, g.ClosedAt = GroupClosed, by, since
	return g
}

func with(g Group, change func(*Group)) Group {
	change(&g)
	return g
}

func altered(c Condition, change func(*Condition)) Condition {
	change(&c)
	return c
}

// decisionCase is one row of the table in Decide's doc comment.
type decisionCase struct {
	name       string
	group      Group
	conditions []Condition
	live       *Ticket
	settings   Settings
	action     Action
	reason     string // begins so
	next       time.Time
	state      GroupState // afterwards; empty: as before
}

func decisionCases() []decisionCase {
	a := openCondition("v1:a", nil)
	b := openCondition("v1:b", nil)
	waiting := Group{Key: "c/machine/m", Generation: 1, State: GroupWaiting}
	muted := openCondition("v1:a", func(c *Condition) { c.State = ConditionMuted })
	repeated := openCondition("v1:a", func(c *Condition) { c.Count, c.Total, c.Last = 3, 3, at(-1) })
	returned := openCondition("v1:a", func(c *Condition) { c.Episode, c.Total, c.First, c.Last = 2, 2, at(-1), at(-1) })
	aOver := overCondition("v1:a", at(-1))
	snoozed := openCondition("v1:a", func(c *Condition) { c.Held = &Held{By: "snooze", Reason: "snoozed by ada until x", Until: at(30)} })
	ruled := openCondition("v1:r", func(c *Condition) { c.Held = &Held{By: "rule", Reason: `rule 2 "quiet" makes no ticket of it`} })
	silent := with(openGroup(a), func(g *Group) { g.Told["v1:a"] = Told{Total: 1, Episode: 1} })
	live := &Ticket{ID: 100, BoardID: 3, UpdatedAt: at(-300)}
	fresh := func(change func(*Ticket)) *Ticket {
		t := &Ticket{ID: 100, BoardID: 3, UpdatedAt: at(-10), Fresh: true}
		change(t)
		return t
	}
	pend := func(g Group, a Action, lease int) Group {
		return with(g, func(g *Group) { g.Pending = &Pending{Action: a, Lease: at(lease)} })
	}
	creating := pend(with(waiting, func(g *Group) { g.State = GroupCreating }), Open, 3)
	return []decisionCase{
		{name: "a write under way is waited for", group: pend(openGroup(a), Note, 2), conditions: []Condition{a}, action: Wait, reason: "note is under way", next: at(2)},
		{name: "a write past its lease is settled", group: pend(openGroup(a), Close, 0), conditions: []Condition{a}, action: Settle, reason: "close was begun and not recorded"},
		{name: "a claim that runs is waited for", group: creating, conditions: []Condition{a}, action: Wait, reason: "open is under way", next: at(3)},
		{
			name: "an expired claim is uncertain, never free", group: pend(with(waiting, func(g *Group) { g.State = GroupCreating }), Open, 0), conditions: []Condition{a},
			action: Wait, reason: "a create may have succeeded: the next search", next: at(1), state: GroupUncertain,
		},
		{name: "a long expired claim is searched for", group: pend(with(waiting, func(g *Group) { g.State = GroupCreating }), Open, -2), conditions: []Condition{a}, action: Search, reason: "a create may have succeeded: searching", state: GroupUncertain},
		{name: "an uncertain create is searched for when due", group: waiting.Doubtful(at(-1), Settings{}), conditions: []Condition{a}, action: Search, reason: "a create may have succeeded: searching"},
		{name: "an uncertain create waits for its search", group: waiting.Doubtful(at(0), Settings{}), conditions: []Condition{a}, action: Wait, reason: "a create may have succeeded: the next search", next: at(1)},

		{name: "over before a ticket was due", group: waiting, conditions: []Condition{aOver}, action: Nothing, reason: "over before a ticket was due"},
		{name: "muted is no trouble", group: waiting, conditions: []Condition{muted}, action: Nothing, reason: "muted in UniView"},
		{name: "do not sync holds", group: waiting, conditions: []Condition{a}, settings: ready(func(s *Settings) { s.DoNotSync = true }), action: Hold, reason: "do not sync is set"},
		{name: "no board holds", group: waiting, conditions: []Condition{a}, settings: ready(func(s *Settings) { s.BoardID = 0 }), action: Hold, reason: "no service board is chosen"},
		{name: "no company holds", group: waiting, conditions: []Condition{a}, settings: ready(func(s *Settings) { s.CompanyID = 0 }), action: Hold, reason: "the customer has no company"},
		{name: "grace in minutes holds", group: waiting, conditions: []Condition{a}, settings: ready(func(s *Settings) { s.Grace.After = 90 }), action: Hold, reason: "held: backup alerts wait 90 minutes", next: at(30)},
		{name: "grace in occurrences holds until its cap", group: waiting, conditions: []Condition{a}, settings: ready(func(s *Settings) { s.Grace = Grace{Occurrences: 2, Cap: 120} }), action: Hold, reason: "held: 1 of 2 occurrences", next: at(60)},
		{name: "grace is ended by enough occurrences", group: waiting, conditions: []Condition{repeated}, settings: ready(func(s *Settings) { s.Grace = Grace{Occurrences: 2, Cap: 120} }), action: Open, reason: "1 trouble without a ticket"},
		{name: "grace of a class goes before the general one", group: waiting, conditions: []Condition{a}, settings: ready(func(s *Settings) {
			s.Grace.After, s.GraceByClass = 90, map[Class]Grace{ClassBackup: {}}
		}), action: Open, reason: "1 trouble without a ticket"},
		{name: "the first grace to end opens the ticket", group: waiting, conditions: []Condition{openCondition("v1:b", func(c *Condition) { c.First = at(-1) }), a}, settings: ready(func(s *Settings) { s.Grace.After = 30 }), action: Open, reason: "2 troubles without a ticket"},
		{name: "an open condition gets a ticket", group: waiting, conditions: []Condition{a}, action: Open, reason: "1 trouble without a ticket"},
		{name: "a refused attempt pauses", group: with(waiting, func(g *Group) { g.RetryAt, g.Failure = at(4), "no" }), conditions: []Condition{a}, action: Wait, reason: "open: the last attempt failed: no", next: at(4)},

		{name: "closed by a person and over", group: openGroup(a), conditions: []Condition{aOver}, live: fresh(func(t *Ticket) { t.Closed = true }), action: Nothing, reason: "closed and over", state: GroupClosed},
		{name: "closed by a person and open is left", group: openGroup(a), conditions: []Condition{a}, live: fresh(func(t *Ticket) { t.Closed, t.ClosedAt = true, at(-5) }), action: Leave, reason: "closed by a person, still failing: quiet until a new occurrence", state: GroupClosed},
		{name: "an old list does not close a ticket", group: openGroup(a), conditions: []Condition{a}, live: &Ticket{ID: 100, Closed: true, UpdatedAt: at(-300)}, action: Nothing, reason: "the ticket tells all there is"},
		{name: "a merged ticket's end is noted on the parent", group: openGroup(a), conditions: []Condition{aOver}, live: fresh(func(t *Ticket) { t.MergedInto, t.Closed = 555, true }), action: Note, reason: "the trouble is over; its ticket was merged into #555"},
		{name: "and then followed to the end", group: with(silent, func(g *Group) { g.MergedInto = 555 }), conditions: []Condition{aOver}, action: Nothing, reason: "followed to the end on ticket #555", state: GroupClosed},
		{name: "not closed automatically: a note", group: openGroup(a), conditions: []Condition{aOver}, settings: ready(func(s *Settings) { s.AutoClose = false }), action: Note, reason: "the trouble is over; the ticket stays open: do not close automatically"},
		{name: "not closed automatically: once", group: silent, conditions: []Condition{aOver}, settings: ready(func(s *Settings) { s.AutoClose = false }), action: Leave, reason: "over, left open: do not close automatically"},
		{name: "touched by a technician: a note", group: openGroup(a), conditions: []Condition{aOver}, live: fresh(func(t *Ticket) { t.Touched = true }), action: Note, reason: "the trouble is over; the ticket stays open: a technician worked on it"},
		{name: "touched by a technician: once", group: silent, conditions: []Condition{aOver}, live: fresh(func(t *Ticket) { t.Touched = true }), action: Leave, reason: "over, left open: a technician worked on it"},
		{name: "moved to another board is touched", group: openGroup(a), conditions: []Condition{aOver}, live: fresh(func(t *Ticket) { t.BoardID = 9 }), action: Note, reason: "the trouble is over; the ticket stays open: a technician"},
		{name: "touched does not matter when so set", group: openGroup(a), conditions: []Condition{aOver}, live: fresh(func(t *Ticket) { t.Touched = true }), settings: ready(func(s *Settings) { s.LeaveTouched = false }), action: Close, reason: "all its troubles are over"},
		{name: "reopened by a person is not closed again", group: closedGroup(ByBridge, at(-60), a), conditions: []Condition{aOver}, live: fresh(func(*Ticket) {}), action: Note, reason: "the trouble is over; the ticket stays open: a person reopened it", state: GroupOpen},
		{name: "a flapping trouble is closed only when it stays over", group: with(openGroup(a), func(g *Group) { g.Reopens = 1 }), conditions: []Condition{aOver}, action: Wait, reason: "over, but it came back before", next: at(239)},
		{name: "all over closes", group: openGroup(a), conditions: []Condition{aOver}, live: live, action: Close, reason: "all its troubles are over"},
		{name: "over without evidence is never closed", group: openGroup(a), conditions: []Condition{openCondition("v1:a", func(c *Condition) { c.State = ConditionOver })}, action: Leave, reason: "no evidence that v1:a is over"},
		{name: "nothing known is never closed", group: openGroup(), action: Leave, reason: "nothing is known of this ticket's trouble any more"},
		{name: "over and muted is not over", group: openGroup(a), conditions: []Condition{aOver, muted}, action: Nothing, reason: "muted in UniView: neither new nor over"},
		{name: "do not sync stops notes", group: openGroup(), conditions: []Condition{a}, settings: ready(func(s *Settings) { s.DoNotSync = true }), action: Leave, reason: "do not sync is set"},
		{name: "do not sync still closes", group: openGroup(a), conditions: []Condition{aOver}, settings: ready(func(s *Settings) { s.DoNotSync = true }), action: Close, reason: "all its troubles are over"},
		{name: "a higher severity escalates at once", group: openGroup(a), conditions: []Condition{openCondition("v1:a", func(c *Condition) { c.Severity = SeverityAlarm })}, action: Escalate, reason: "severity grew to alarm"},
		{name: "a new condition is noted", group: openGroup(a), conditions: []Condition{a, b}, action: Note, reason: "1 trouble more on this ticket"},
		{name: "but not within half an hour of the last note", group: with(openGroup(a), func(g *Group) { g.NotedAt = at(-10) }), conditions: []Condition{a, b}, action: Wait, reason: "1 trouble more on this ticket: the next note", next: at(20)},
		{name: "repeats are noted at the pace", group: openGroup(a), conditions: []Condition{repeated}, action: Note, reason: "the trouble goes on"},
		{name: "and wait for it", group: with(openGroup(a), func(g *Group) { g.NotedAt = at(-60) }), conditions: []Condition{repeated}, action: Wait, reason: "the trouble goes on: the next note", next: at(180)},
		{name: "a machine that becomes known is noted", group: openGroup(a), conditions: []Condition{openCondition("v1:a", func(c *Condition) { c.AssetKey = "appliance:x" })}, action: Note, reason: "the trouble goes on"},
		{name: "one of two over is noted", group: openGroup(a, b), conditions: []Condition{aOver, b}, action: Note, reason: "the trouble goes on"},
		{name: "nothing new", group: openGroup(a), conditions: []Condition{a}, live: live, action: Nothing, reason: "the ticket tells all there is"},
		{name: "not listed proves nothing", group: openGroup(a), conditions: []Condition{a}, action: Nothing, reason: "the ticket tells all there is"},

		{name: "only held conditions hold", group: waiting, conditions: []Condition{snoozed, overCondition("v1:b", at(-1))}, action: Hold, reason: "held: snoozed by ada", next: at(30)},
		{name: "a rule without a ticket holds for good", group: waiting, conditions: []Condition{ruled}, action: Hold, reason: `held: rule 2 "quiet" makes no ticket`},
		{name: "of several the first end counts", group: waiting, conditions: []Condition{ruled, snoozed}, action: Hold, reason: "2 troubles held, one snoozed by ada", next: at(30)},
		{name: "what is not held opens, and the held one is looked at", group: waiting, conditions: []Condition{snoozed, b}, action: Open, reason: "1 trouble without a ticket", next: at(30)},
		{name: "held is not told, its end is looked at", group: openGroup(b), conditions: []Condition{snoozed, b}, action: Nothing, reason: "the ticket tells all there is", next: at(30)},
		{name: "a ticket whose trouble is held waits", group: openGroup(a), conditions: []Condition{snoozed}, action: Hold, reason: "held: snoozed by ada until x (its ticket gets no notes meanwhile)", next: at(30)},
		{name: "repeats within a snooze are not noted", group: openGroup(a), conditions: []Condition{altered(snoozed, func(c *Condition) { c.Count, c.Total = 9, 9 })}, action: Hold, reason: "held: snoozed by ada", next: at(30)},
		{name: "severity within a snooze does not escalate", group: openGroup(a), conditions: []Condition{altered(snoozed, func(c *Condition) { c.Severity = SeverityAlarm })}, action: Hold, reason: "held: snoozed by ada", next: at(30)},
		{name: "an ending beside a held one passes", group: openGroup(a, b), conditions: []Condition{snoozed, overCondition("v1:b", at(-1))}, action: Note, reason: "the trouble goes on", next: at(30)},
		{name: "over closes inside a snooze", group: openGroup(a), conditions: []Condition{aOver}, action: Close, reason: "all its troubles are over"},
		{name: "what is held and not told does not keep a ticket open", group: openGroup(b), conditions: []Condition{snoozed, overCondition("v1:b", at(-1))}, action: Close, reason: "all its troubles are over", next: at(30)},
		{name: "held and closed stays closed", group: closedGroup(ByBridge, at(-60), a), conditions: []Condition{altered(snoozed, func(c *Condition) { c.Episode = 2 })}, action: Hold, reason: "held: snoozed by ada", next: at(30)},
		{name: "a lost company stops tickets", group: waiting, conditions: []Condition{a}, settings: ready(func(s *Settings) { s.Blocked = "no tickets until the customer is mapped anew" }), action: Hold, reason: "no tickets until the customer is mapped"},
		{name: "a callback asks for a look", group: with(openGroup(a), func(g *Group) { g.Look = true }), conditions: []Condition{a}, action: Look, reason: "ConnectWise called back"},
		{name: "but not over a write under way", group: pend(with(openGroup(a), func(g *Group) { g.Look = true }), Note, 2), conditions: []Condition{a}, action: Wait, reason: "note is under way", next: at(2)},

		{name: "closed and over", group: closedGroup(ByBridge, at(-60), a), conditions: []Condition{aOver}, action: Nothing, reason: "closed and over"},
		{name: "closed and do not sync", group: closedGroup(ByBridge, at(-60), a), conditions: []Condition{returned}, settings: ready(func(s *Settings) { s.DoNotSync = true }), action: Hold, reason: "do not sync is set"},
		{name: "closed by a person: quiet", group: closedGroup(ByPerson, at(-60), a), conditions: []Condition{a}, action: Leave, reason: "closed by a person, still failing: quiet"},
		{name: "closed by a person: left until X", group: closedGroup(ByPerson, at(-60), a), conditions: []Condition{a}, settings: ready(func(s *Settings) { s.StillFailing = AddNote }), action: Leave, reason: "closed by a person, still failing: left until", next: at(1380)},
		{name: "closed by a person: note after X", group: closedGroup(ByPerson, at(-60), a), conditions: []Condition{a}, settings: ready(func(s *Settings) { s.StillFailing, s.StillFailingAfter = AddNote, 30 }), action: Note, reason: "closed by a person and still failing"},
		{name: "closed by a person: one note", group: with(closedGroup(ByPerson, at(-60), a), func(g *Group) { g.StillTold = true }), conditions: []Condition{a}, settings: ready(func(s *Settings) { s.StillFailing, s.StillFailingAfter = AddNote, 30 }), action: Leave, reason: "closed by a person, still failing: quiet"},
		{name: "closed by a person: reopen after X", group: closedGroup(ByPerson, at(-60), a), conditions: []Condition{a}, settings: ready(func(s *Settings) { s.StillFailing, s.StillFailingAfter = ReopenThen, 30 }), action: Reopen, reason: "closed by a person and still failing"},
		{name: "deleted by a person: a new ticket after X", group: with(closedGroup(ByPerson, at(-60), a), func(g *Group) { g.State = GroupGone }), conditions: []Condition{a}, settings: ready(func(s *Settings) { s.StillFailing, s.StillFailingAfter = ReopenThen, 30 }), action: Open, reason: "deleted by a person and still failing"},
		{name: "deleted by a person: quiet", group: with(closedGroup(ByPerson, at(-60), a), func(g *Group) { g.State = GroupGone }), conditions: []Condition{a}, action: Leave, reason: "deleted by a person, still failing: quiet"},
		{name: "a new occurrence after a person closed it reopens", group: closedGroup(ByPerson, at(-60), a), conditions: []Condition{repeated}, action: Reopen, reason: "back within the reopen window"},
		{name: "another trouble after a person closed it reopens", group: closedGroup(ByPerson, at(-60), a), conditions: []Condition{a, b}, action: Reopen, reason: "back within the reopen window"},
		{name: "back, but in grace", group: closedGroup(ByBridge, at(-60), a), conditions: []Condition{returned}, settings: ready(func(s *Settings) { s.Grace.After = 10 }), action: Hold, reason: "held: backup alerts wait 10 minutes", next: at(9)},
		{name: "back within the window reopens", group: closedGroup(ByBridge, at(-60), a), conditions: []Condition{returned}, action: Reopen, reason: "back within the reopen window"},
		{name: "back after the window is a new ticket", group: closedGroup(ByBridge, at(-1500), a), conditions: []Condition{returned}, action: Open, reason: "back after its ticket #100 was closed"},
		{name: "no window: always a new ticket", group: closedGroup(ByBridge, at(-60), a), conditions: []Condition{returned}, settings: ready(func(s *Settings) { s.ReopenWithin = 0 }), action: Open, reason: "back after its ticket #100 was closed"},
		{name: "back after deletion is a new ticket", group: with(closedGroup(ByPerson, at(-60), a), func(g *Group) { g.State = GroupGone }), conditions: []Condition{returned}, action: Open, reason: "back after its ticket #100 was deleted"},
		{name: "back after a merge is a new ticket", group: closedGroup(ByMerge, at(-60), a), conditions: []Condition{returned}, action: Open, reason: "back after its ticket #100 was merged"},
		{name: "a merged parent that a person closed ends the group", group: with(openGroup(a), func(g *Group) { g.MergedInto = 555 }), conditions: []Condition{aOver}, live: &Ticket{ID: 555, Closed: true, Fresh: true}, action: Nothing, reason: "closed and over", state: GroupClosed},
		{name: "a merged parent that a person closed while the trouble goes on is not answered with a ticket", group: with(openGroup(a), func(g *Group) { g.MergedInto = 555 }), conditions: []Condition{a}, live: &Ticket{ID: 555, Closed: true, ClosedAt: at(-5), Fresh: true}, action: Leave, reason: "closed by a person, still failing: quiet", state: GroupClosed},
		{name: "a merged ticket cannot be reopened: a new one after X", group: with(closedGroup(ByMerge, at(-60), a), func(g *Group) { g.MergedInto = 555 }), conditions: []Condition{a}, settings: ready(func(s *Settings) { s.StillFailing, s.StillFailingAfter = ReopenThen, 30 }), action: Open, reason: "closed by a person and still failing"},
		{name: "a muted trouble that the ticket never told of does not keep it open", group: openGroup(a), conditions: []Condition{aOver, altered(muted, func(c *Condition) { c.Key = "v1:m" })}, action: Close, reason: "all its troubles are over"},
		{name: "touched is remembered while the ticket is not listed", group: with(openGroup(a), func(g *Group) { g.Touched = true }), conditions: []Condition{aOver}, action: Note, reason: "the trouble is over; the ticket stays open: a technician worked on it"},
		{name: "a note of ours does not take it back", group: with(openGroup(a), func(g *Group) { g.Touched = true }), conditions: []Condition{aOver}, live: fresh(func(t *Ticket) { t.Ours = true }), action: Note, reason: "the trouble is over; the ticket stays open: a technician worked on it"},
		{name: "and a newer read takes it back", group: with(openGroup(a), func(g *Group) { g.Touched = true }), conditions: []Condition{aOver}, live: fresh(func(*Ticket) {}), action: Close, reason: "all its troubles are over"},
		{name: "a lost create is searched for at the times that are set", group: waiting.Doubtful(at(-6), Settings{SearchAfter: []Minutes{7, 90}}), conditions: []Condition{a}, action: Wait, reason: "a create may have succeeded: the next search", next: at(1)},
	}
}

func TestDecideEveryRow(t *testing.T) {
	t.Parallel()
	for _, tt := range decisionCases() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := tt.settings
			if s.Grouping == "" {
				s = ready(nil)
			}
			d := Decide(tt.group, tt.conditions, tt.live, s, noon)
			if d.Action != tt.action || !strings.HasPrefix(d.Reason, tt.reason) {
				t.Errorf("got %s: %q\nwant %s: %q", d.Action, d.Reason, tt.action, tt.reason)
			}
			if !d.NextAt.Equal(tt.next) {
				t.Errorf("next look at %v, want %v", d.NextAt, tt.next)
			}
			want := tt.state
			if want == "" {
				want = tt.group.State
			}
			if d.Group.State != want {
				t.Errorf("state %s, want %s", d.Group.State, want)
			}
			if d.Group.Reason != d.Reason || d.Group.Planned != d.Action {
				t.Errorf("the group does not keep the decision: %s %q", d.Group.Planned, d.Group.Reason)
			}
		})
	}
}

func TestUncertainCreateIsRepeatedOnlyAfterTheLastSearch(t *testing.T) {
	t.Parallel()
	g := Group{State: GroupCreating, Reference: "r", Pending: &Pending{Action: Open, Tells: map[string]Told{"k": {Total: 1}}}}.Doubtful(noon, Settings{})
	if g.Doubt.Tells["k"].Total != 1 {
		t.Error("the doubt forgot what the ticket tells")
	}
	for _, step := range []struct {
		at, next int
		again    bool
	}{{1, 5, false}, {5, 15, false}, {16, 30, false}, {30, 0, true}} {
		var again bool
		g, again = g.Searched(at(step.at), Settings{})
		if again != step.again {
			t.Fatalf("after the search at %d minutes: again is %v", step.at, again)
		}
		if !again && !g.Doubt.NextAt.Equal(at(step.next)) {
			t.Fatalf("after the search at %d minutes the next is at %v, want minute %d", step.at, g.Doubt.NextAt, step.next)
		}
	}
	if g.State != GroupWaiting || g.Doubt != nil || g.Reference != "r" {
		t.Errorf("after the last search: %+v", g)
	}
	late := Group{State: GroupCreating}.Doubtful(noon, Settings{})
	if _, again := late.Searched(at(31), Settings{}); !again {
		t.Error("one search after the whole time is as good as the last")
	}
	set := Settings{SearchAfter: []Minutes{2, 45}}
	slow, again := Group{State: GroupCreating}.Doubtful(noon, set).Searched(at(31), set)
	if again || !slow.Doubt.NextAt.Equal(at(45)) {
		t.Errorf("the next search is at %v, again %v: want minute 45 as set", slow.Doubt.NextAt, again)
	}
}

// A decision may never write to ConnectWise while a write of the same group is
// pending or uncertain, and never close without evidence for every condition.
func TestDecideNeverActsOnDoubt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		minute := rapid.IntRange(-3000, 3000)
		var conditions []Condition
		for i := range rapid.IntRange(0, 3).Draw(t, "n") {
			key := "v1:" + string(rune('a'+i))
			c := openCondition(key, func(c *Condition) {
				c.First = at(minute.Draw(t, "first"))
				c.Last, c.Episode, c.Total = c.First, rapid.IntRange(1, 3).Draw(t, "episode"), rapid.IntRange(1, 9).Draw(t, "total")
				c.Severity = rapid.SampledFrom([]Severity{SeverityWarning, SeverityCritical, SeverityAlarm, "new"}).Draw(t, "severity")
				c.State = rapid.SampledFrom([]ConditionState{ConditionOpen, ConditionMuted, ConditionOver}).Draw(t, "state")
				if c.State == ConditionOpen && rapid.IntRange(0, 3).Draw(t, "held") == 0 {
					c.Held = &Held{By: "snooze", Reason: "x", Until: at(minute.Draw(t, "until"))}
				}
				if c.State == ConditionOver && rapid.Bool().Draw(t, "evidence") {
					c.Evidence = &Evidence{Why: Dismissed, AsOf: at(minute.Draw(t, "asOf"))}
				}
			})
			conditions = append(conditions, c)
		}
		g := openGroup(conditions...)
		g.State = rapid.SampledFrom([]GroupState{GroupWaiting, GroupCreating, GroupUncertain, GroupOpen, GroupClosed, GroupGone}).Draw(t, "group")
		g.ClosedBy = rapid.SampledFrom([]string{ByBridge, ByPerson, ByMerge}).Draw(t, "by")
		g.ClosedAt = at(minute.Draw(t, "closed"))
		if g.State == GroupUncertain {
			g = g.Doubtful(at(minute.Draw(t, "since")), Settings{})
		} else if rapid.Bool().Draw(t, "pending") {
			g.Pending = &Pending{Action: Note, Lease: at(minute.Draw(t, "lease"))}
		}
		var live *Ticket
		if rapid.Bool().Draw(t, "listed") {
			live = &Ticket{ID: 100, Closed: rapid.Bool().Draw(t, "liveClosed"), Touched: rapid.Bool().Draw(t, "touched"), Fresh: rapid.Bool().Draw(t, "fresh")}
		}
		d := Decide(g, conditions, live, ready(nil), noon)
		if d.Action.Writes() && (g.Pending != nil || g.State == GroupUncertain || g.State == GroupCreating) {
			t.Fatalf("%s over a pending or uncertain write", d.Action)
		}
		if d.Action == Close {
			for _, c := range conditions {
				aside := (c.State == ConditionOpen && c.Held != nil || c.State == ConditionMuted) && !g.Told[c.Key].Open // has no part in this ticket
				if !aside && (c.State != ConditionOver || c.Evidence == nil) {
					t.Fatalf("closed though %s is %s", c.Key, c.State)
				}
			}
		}
		if d.Action == Open && (d.Group.State == GroupOpen || HighestOpen(conditions) == "") {
			t.Fatalf("opened with an open ticket or without an open condition")
		}
		if d.Reason == "" {
			t.Fatal("no reason")
		}
		if d.Action == Wait && !d.NextAt.After(noon) {
			t.Fatalf("waits until %v, which is not ahead", d.NextAt)
		}
	})
}

func TestAWriteIsWantedSinceItWasFirstDueAndNotDone(t *testing.T) {
	t.Parallel()
	a := openCondition("v1:a", nil)
	g := Decide(Group{Key: "c/machine/m", State: GroupWaiting}, []Condition{a}, nil, ready(nil), at(0)).Group
	if !g.WantedAt.Equal(at(0)) {
		t.Fatalf("wanted since %v", g.WantedAt)
	}
	g.RetryAt, g.Failure = at(20), "no"
	if g = Decide(g, []Condition{a}, nil, ready(nil), at(10)).Group; !g.WantedAt.Equal(at(0)) {
		t.Errorf("a failed attempt is wanted since %v", g.WantedAt)
	}
	if g = Decide(g, []Condition{overCondition("v1:a", at(5))}, nil, ready(nil), at(10)).Group; !g.WantedAt.IsZero() {
		t.Errorf("nothing is wanted, but since %v", g.WantedAt)
	}
}
