package alert

import (
	"cmp"
	"fmt"
	"time"
)

// Action is what a decision about a group's ticket comes to.
type Action string

// The actions. Open, Note, Escalate, Reopen and Close write to ConnectWise;
// Search, Settle and Look read it; Attach links a device; the others do nothing there.
const (
	Hold     Action = "hold"     // no ticket yet, on purpose
	Open     Action = "open"     // create a ticket
	Note     Action = "note"     // add a note
	Escalate Action = "escalate" // raise the priority, with a note
	Reopen   Action = "reopen"   // reopen the last ticket, with a note
	Close    Action = "close"    // close the ticket, with a note of the evidence
	Leave    Action = "leave"    // the ticket is the technician's
	Nothing  Action = "nothing"
	Wait     Action = "wait"   // a worker is at it, or a failed attempt waits
	Search   Action = "search" // a create may have succeeded: search by reference
	Settle   Action = "settle" // a write was begun and not recorded: look what came of it
	Look     Action = "look"   // ConnectWise called back: read the ticket
	Attach   Action = "attach" // put a machine's configuration on the ticket
)

// Writes says whether the action writes to ConnectWise.
func (a Action) Writes() bool {
	switch a {
	case Open, Note, Escalate, Reopen, Close:
		return true
	}
	return false
}

// Acts says whether the action needs ConnectWise at all.
func (a Action) Acts() bool {
	return a.Writes() || a == Search || a == Settle || a == Look || a == Attach
}

// Decision is an action with its reason, when to look again (zero: when
// something changes), and the group as observation and clock alone make it.
type Decision struct {
	Action Action
	Reason string
	NextAt time.Time
	Group  Group
}

// Decide is the whole rule about one group's ticket. g is what we recorded,
// conditions are all that belong to the group, live is the ticket as ConnectWise
// has it (nil: not listed, which proves nothing), s the settings with the
// customer's company resolved. First match in this order:
//
//	recorded     true now                                        action
//	-----------  ----------------------------------------------  -------------------------------------
//	any          a write was begun, its lease runs               wait
//	any          a write was begun, its lease is over            settle; a create: search
//	uncertain    a search is due                                 search
//	uncertain    none is due                                     wait until it is
//	waiting      nothing open, nothing muted                     nothing: over before a ticket was due
//	waiting      only muted conditions                           nothing: muted in UniView
//	waiting      only held ones: by a rule, snooze or window     hold until the first ends
//	waiting      open, do not sync, or stopped by a lost company hold
//	waiting      open, no board or no company chosen             hold
//	waiting      open, grace of every condition runs             hold until the first ends
//	waiting      open                                            open
//	open         a person closed it, nothing open                nothing; recorded as closed
//	open         a person closed it, or the ticket it was merged as closed by a person, below
//	             into, open
//	open         all over, merged into another ticket            note on the parent, once; then nothing
//	open         all over, do not close automatically            note with the evidence, once; then leave
//	open         all over, touched by a technician (setting)     note with the evidence, once; then leave
//	open         all over, a person reopened it                  note with the evidence, once; then leave
//	open         all over, reopened before, over for less than   wait: a flapping trouble does not
//	             the note pace                                   open and close at every read
//	open         all over                                        close
//	open         open, do not sync                               leave, no notes
//	open         only held ones are open that the ticket tells   hold: it waits for their end
//	             of, and it tells of every ending
//	open         severity is higher than told                    escalate
//	open         a condition the ticket does not tell of         note, half an hour or the pace after the last
//	open         repeats, endings, returns, machine now known    note at the set pace, else wait
//	open         nothing new                                     nothing
//	open, any    ConnectWise called back                         look: read it, then decide
//	closed, gone nothing open                                    nothing
//	closed, gone only held ones                                  hold until the first ends
//	closed, gone open, do not sync                               hold
//	closed, gone open, ended by a person, no newer occurrence    leave: quiet, or after X note or reopen (setting)
//	closed, gone open again, grace runs                          hold
//	closed       open again within the reopen window             reopen
//	closed, gone open again later, or gone, or ended by a merge  open: a new ticket that refers to the old
//	any          the action writes, a failed attempt's pause     wait
//	             runs
//
// A condition that is held (Condition.Held) opens, reopens, escalates and notes
// nothing. Its end passes as any other. A ticket that tells of it, or of a muted
// one, is not closed before that is over; one that does not takes no notice of it.
// Touched by a technician is what the newest list or direct read said; a note of
// ours does not take it back. Of a merged
// ticket the parent counts: who closes it ended the ticket, and "reopen" is a new
// one there.
func Decide(g Group, conditions []Condition, live *Ticket, s Settings, now time.Time) Decision {
	d := decider{Group: observe(g, live, now), conditions: conditions, live: live, s: s, now: now}
	if live != nil && !live.news(g) {
		d.live = nil
	}
	if d.live != nil {
		d.Touched = d.live.Touched || d.BoardID > 0 && d.live.BoardID > 0 && d.live.BoardID != d.BoardID || d.Touched && d.live.Ours
	}
	action, reason, next := d.decide()
	d.wanted(action)
	if action.Writes() && now.Before(d.RetryAt) {
		action, reason, next = Wait, fmt.Sprintf("%s: the last attempt failed: %s", action, d.Failure), d.RetryAt
	}
	d.Reason, d.Planned = reason, action
	for _, c := range conditions {
		// What is held is looked at when that ends.
		if c.State == ConditionOpen && c.Held != nil && c.Held.Until.After(now) {
			next = earlier(next, c.Held.Until)
		}
	}
	return Decision{Action: action, Reason: reason, NextAt: next, Group: d.Group}
}

// wanted keeps since when a write is wanted and not done.
func (d *decider) wanted(a Action) {
	switch {
	case !a.Writes() && a != Search && a != Settle && d.Pending == nil:
		d.WantedAt = time.Time{}
	case d.WantedAt.IsZero():
		d.WantedAt = d.now
	}
}

// news says whether a ticket as listed is newer than what we wrote last.
func (t *Ticket) news(g Group) bool { return t.Fresh || t.UpdatedAt.After(g.TicketUpdated) }

// observe records what people did to the ticket.
func observe(g Group, live *Ticket, now time.Time) Group {
	if live == nil || live.ID != g.Target() || g.Pending != nil {
		return g
	}
	// A merge is not taken back: one that our own last write hides counts, too.
	if live.MergedInto > 0 && g.MergedInto == 0 {
		g.MergedInto = live.MergedInto
		return g
	}
	if !live.news(g) {
		return g
	}
	switch {
	case g.State == GroupOpen && live.Closed:
		g.State, g.ClosedBy, g.ClosedAt, g.StillTold = GroupClosed, ByPerson, live.ClosedAt, false
		if g.MergedInto > 0 {
			g.ClosedBy = ByMerge
		}
		if g.ClosedAt.IsZero() {
			g.ClosedAt = now
		}
	case (g.State == GroupClosed || g.State == GroupGone) && !live.Closed && g.MergedInto == 0:
		g.State, g.ClosedBy, g.ClosedAt, g.KeptOpen = GroupOpen, "", time.Time{}, true
	}
	return g
}

type decider struct {
	Group
	conditions []Condition
	live       *Ticket
	s          Settings
	now        time.Time
}

func (d *decider) decide() (Action, string, time.Time) {
	if p := d.Pending; p != nil {
		if d.now.Before(p.Lease) {
			return Wait, fmt.Sprintf("%s is under way", p.Action), p.Lease
		}
		if d.State != GroupCreating {
			return Settle, fmt.Sprintf("%s was begun and not recorded: looking what came of it", p.Action), time.Time{}
		}
	}
	if d.Look && d.Target() > 0 && (d.State == GroupOpen || d.State == GroupClosed) {
		return Look, "ConnectWise called back: reading the ticket", time.Time{}
	}
	switch d.State {
	case GroupCreating:
		since := d.now
		if d.Pending != nil {
			since = d.Pending.Lease
		}
		d.Group = d.Doubtful(since, d.s)
		return d.uncertain()
	case GroupUncertain:
		return d.uncertain()
	case GroupOpen:
		return d.opened()
	case GroupClosed, GroupGone:
		return d.ended()
	}
	return d.waiting()
}

func (d *decider) waiting() (Action, string, time.Time) {
	open := d.open()
	if len(open) == 0 {
		if reason := d.held(false); reason != "" {
			return Hold, reason, time.Time{}
		}
		for _, c := range d.conditions {
			if c.State == ConditionMuted {
				return Nothing, "muted in UniView", time.Time{}
			}
		}
		return Nothing, "over before a ticket was due", time.Time{}
	}
	if reason := d.blocked(); reason != "" {
		return Hold, reason, time.Time{}
	}
	if at, reason := d.grace(open); at.After(d.now) {
		return Hold, reason, at
	}
	return Open, troubles(len(open)) + " without a ticket", time.Time{}
}

// blocked says why no ticket may be made at all.
func (d *decider) blocked() string {
	switch {
	case d.s.DoNotSync:
		return d.off()
	case d.s.Blocked != "":
		return d.s.Blocked
	case d.s.BoardID == 0:
		return "no service board is chosen in the ticket settings"
	case d.s.CompanyID == 0:
		return "the customer has no company and no default company is chosen"
	}
	return ""
}

// off says why a customer is not synced.
func (d *decider) off() string { return cmp.Or(d.s.Blocked, "do not sync is set") }

// grace is when the first condition's grace ends.
func (d *decider) grace(open []Condition) (at time.Time, reason string) {
	for i, c := range open {
		g := d.s.GraceOf(c.Class)
		ready := c.First.Add(g.After.Duration())
		why := fmt.Sprintf("held: %s alerts wait %d minutes", c.Class, g.After)
		if g.Occurrences > c.Count {
			limit := g.Cap
			if limit == 0 {
				limit = DefaultGraceCap
			}
			if end := c.First.Add(limit.Duration()); end.After(ready) {
				ready = end
				why = fmt.Sprintf("held: %d of %d occurrences, at most until %s", c.Count, g.Occurrences, stamp(end))
			}
		}
		if i == 0 || ready.Before(at) {
			at, reason = ready, why
		}
	}
	return at, reason
}
