package alert

import (
	"fmt"
	"maps"
	"slices"
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

// urgentPace is the least time between a note and one on a trouble that the
// ticket does not tell of at all, where the set pace is longer.
const urgentPace = 30 * time.Minute

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
// Touched by a technician is what the newest list or direct read said.
func Decide(g Group, conditions []Condition, live *Ticket, s Settings, now time.Time) Decision {
	d := decider{Group: observe(g, live, now), conditions: conditions, live: live, s: s, now: now}
	if live != nil && !live.news(g) {
		d.live = nil
	}
	if d.live != nil {
		d.Touched = d.live.Touched || d.BoardID > 0 && d.live.BoardID > 0 && d.live.BoardID != d.BoardID
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
	if live == nil || live.ID != g.Target() || !live.news(g) || g.Pending != nil {
		return g
	}
	if live.MergedInto > 0 && g.MergedInto == 0 {
		g.MergedInto = live.MergedInto
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

// Doubtful is the group after a create whose outcome is not known. since is the
// last moment at which it may have been sent: from then on it is searched for at
// the times of Settings.SearchAfter. Only after the last complete, error-free,
// empty search is the create repeated, with the same reference (design §3.5).
func (g Group) Doubtful(since time.Time, s Settings) Group {
	doubt := Doubt{Since: since, NextAt: since.Add(s.searches()[0].Duration())}
	if g.Pending != nil {
		doubt.Tells, doubt.Severity = g.Pending.Tells, g.Pending.Severity
	}
	g.State, g.Pending, g.Doubt = GroupUncertain, nil, &doubt
	return g
}

// Searched is the group after a complete, error-free search that found nothing.
// again says that it was the last one: the create may be repeated.
func (g Group) Searched(at time.Time, s Settings) (next Group, again bool) {
	if g.Doubt == nil {
		return g, false
	}
	doubt := *g.Doubt
	doubt.Searches++
	for _, after := range s.searches() {
		if due := doubt.Since.Add(after.Duration()); due.After(at) {
			doubt.NextAt = due
			g.Doubt = &doubt
			return g, false
		}
	}
	g.State, g.Doubt = GroupWaiting, nil
	return g, true
}

func (d *decider) uncertain() (Action, string, time.Time) {
	if d.now.Before(d.Doubt.NextAt) {
		return Wait, "a create may have succeeded: the next search by reference is due " + stamp(d.Doubt.NextAt), d.Doubt.NextAt
	}
	return Search, "a create may have succeeded: searching by reference", time.Time{}
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
		return "do not sync is set"
	case d.s.Blocked != "":
		return d.s.Blocked
	case d.s.BoardID == 0:
		return "no service board is chosen in the ticket settings"
	case d.s.CompanyID == 0:
		return "the customer has no company and no default company is chosen"
	}
	return ""
}

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

func (d *decider) opened() (Action, string, time.Time) {
	open, held := d.open(), d.held(true)
	if len(open) == 0 && held == "" {
		return d.over()
	}
	if d.s.DoNotSync {
		return Leave, "do not sync is set: the ticket gets no notes", time.Time{}
	}
	if len(open) > 0 && d.severityGrew(open) {
		return Escalate, fmt.Sprintf("severity grew to %s", highest(open)), time.Time{}
	}
	fresh, changed := d.untold()
	if fresh == 0 && changed == 0 && len(open) == 0 {
		return Hold, held + " (its ticket gets no notes meanwhile)", time.Time{}
	}
	if fresh == 0 && changed == 0 {
		return Nothing, "the ticket tells all there is", time.Time{}
	}
	pace, reason := d.s.pace(), "the trouble goes on"
	if fresh > 0 {
		pace, reason = min(pace, urgentPace), troubles(fresh)+" more on this ticket"
	}
	if at := d.lastSpoken().Add(pace); at.After(d.now) {
		return Wait, reason + ": the next note is due " + stamp(at), at
	}
	return Note, reason, time.Time{}
}

// over decides about an open ticket whose conditions are all over.
func (d *decider) over() (Action, string, time.Time) {
	// What is held or muted and not told of has no part in this ticket.
	d.conditions = slices.DeleteFunc(slices.Clone(d.conditions), func(c Condition) bool {
		return c.State == ConditionOpen || c.State == ConditionMuted && !d.Told[c.Key].Open
	})
	if len(d.conditions) == 0 {
		return Leave, "nothing is known of this ticket's trouble any more: left to a person", time.Time{}
	}
	for _, c := range d.conditions {
		if c.State == ConditionMuted {
			return Nothing, "muted in UniView: neither new nor over", time.Time{}
		}
	}
	leave := ""
	switch {
	case d.MergedInto > 0:
		if !d.toldOver() {
			return Note, fmt.Sprintf("the trouble is over; its ticket was merged into #%d, which is not closed automatically", d.MergedInto), time.Time{}
		}
		d.State, d.ClosedBy, d.ClosedAt = GroupClosed, ByMerge, d.now
		return Nothing, fmt.Sprintf("followed to the end on ticket #%d", d.MergedInto), time.Time{}
	case !d.s.AutoClose:
		leave = "do not close automatically is set"
	case d.KeptOpen:
		leave = "a person reopened it"
	case d.s.LeaveTouched && d.Touched:
		leave = "a technician worked on it"
	}
	if leave != "" {
		if !d.toldOver() {
			return Note, "the trouble is over; the ticket stays open: " + leave, time.Time{}
		}
		return Leave, "over, left open: " + leave, time.Time{}
	}
	var since time.Time
	for _, c := range d.conditions {
		if c.Evidence == nil {
			return Leave, "no evidence that " + c.Key + " is over: left to a person", time.Time{}
		}
		if c.Evidence.AsOf.After(since) {
			since = c.Evidence.AsOf
		}
	}
	if at := since.Add(d.s.pace()); d.Reopens > 0 && at.After(d.now) {
		return Wait, "over, but it came back before: closed when it stays over until " + stamp(at), at
	}
	return Close, "all its troubles are over", time.Time{}
}

func (d *decider) ended() (Action, string, time.Time) {
	open := d.open()
	if len(open) == 0 {
		if reason := d.held(false); reason != "" {
			return Hold, reason, time.Time{}
		}
		return Nothing, "closed and over", time.Time{}
	}
	if reason := d.blocked(); reason != "" {
		return Hold, reason, time.Time{}
	}
	if d.ClosedBy != ByBridge && !d.cameBack(open) {
		return d.stillFailing()
	}
	if at, reason := d.grace(open); at.After(d.now) {
		return Hold, reason, at
	}
	window := d.s.ReopenWithin.Duration()
	switch {
	case d.State == GroupGone:
		return Open, fmt.Sprintf("back after its ticket #%d was deleted", d.TicketID), time.Time{}
	case d.ClosedBy == ByMerge || d.MergedInto > 0:
		return Open, fmt.Sprintf("back after its ticket #%d was merged", d.TicketID), time.Time{}
	case window > 0 && d.now.Before(d.ClosedAt.Add(window)):
		return Reopen, "back within the reopen window", time.Time{}
	}
	return Open, fmt.Sprintf("back after its ticket #%d was closed", d.TicketID), time.Time{}
}

// stillFailing decides about a trouble that goes on unchanged after a person
// closed or deleted its ticket.
func (d *decider) stillFailing() (Action, string, time.Time) {
	at := d.ClosedAt.Add(d.s.StillFailingAfter.Duration())
	what := "closed by a person"
	if d.State == GroupGone {
		what = "deleted by a person"
	}
	if d.s.StillFailing == StayQuiet || d.StillTold || d.s.StillFailing == AddNote && d.State == GroupGone {
		return Leave, what + ", still failing: quiet until a new occurrence", time.Time{}
	}
	if at.After(d.now) {
		return Leave, what + ", still failing: left until " + stamp(at), at
	}
	switch {
	case d.s.StillFailing == AddNote:
		return Note, what + " and still failing", time.Time{}
	case d.State == GroupGone || d.MergedInto > 0: // a merged ticket cannot be opened again
		return Open, what + " and still failing", time.Time{}
	}
	return Reopen, what + " and still failing", time.Time{}
}

// cameBack says whether something happened after the ticket was ended.
func (d *decider) cameBack(open []Condition) bool {
	return slices.ContainsFunc(open, func(c Condition) bool {
		told, known := d.Told[c.Key]
		return !known || c.Episode > told.Episode || c.Last.After(d.ClosedAt)
	})
}

// open are the open conditions that nothing holds back.
func (d *decider) open() []Condition {
	return slices.DeleteFunc(slices.Clone(d.conditions), func(c Condition) bool { return !c.Active() })
}

// held is why open conditions are held back: of several, what ends first. told
// asks only for those that the ticket tells of as going on. Empty: none is held.
func (d *decider) held(told bool) string {
	var first *Held
	n := 0
	for _, c := range d.conditions {
		if c.State != ConditionOpen || c.Held == nil || told && !d.Told[c.Key].Open {
			continue
		}
		n++
		if first == nil || first.Until.IsZero() && !c.Held.Until.IsZero() || !c.Held.Until.IsZero() && c.Held.Until.Before(first.Until) {
			first = c.Held
		}
	}
	switch n {
	case 0:
		return ""
	case 1:
		return "held: " + first.Reason
	}
	return fmt.Sprintf("%s held, one %s", troubles(n), first.Reason)
}

// untold counts the open conditions the ticket does not tell of, and those that changed since.
func (d *decider) untold() (fresh, changed int) {
	for _, c := range d.conditions {
		told, known := d.Told[c.Key]
		switch {
		case c.State == ConditionOpen && c.Held != nil:
		case c.State == ConditionOpen && !known:
			fresh++
		case !known:
		case c.State == ConditionOpen && (!told.Open || c.Total > told.Total || c.AssetKey != told.Asset && c.AssetKey != ""),
			c.State == ConditionOver && told.Open:
			changed++
		}
	}
	return fresh, changed
}

// toldOver says whether the ticket tells that all conditions it told of are over.
func (d *decider) toldOver() bool {
	for _, c := range d.conditions {
		if told, known := d.Told[c.Key]; known && told.Open {
			return false
		}
	}
	return true
}

func (d *decider) severityGrew(open []Condition) bool {
	return highest(open).rank() > d.Severity.rank()
}

// lastSpoken is when the ticket last told something.
func (d *decider) lastSpoken() time.Time {
	if d.NotedAt.After(d.OpenedAt) {
		return d.NotedAt
	}
	return d.OpenedAt
}

// Tells is what the ticket says of the conditions once it is told all.
func Tells(conditions []Condition, before map[string]Told) map[string]Told {
	told := maps.Clone(before)
	if told == nil {
		told = map[string]Told{}
	}
	for _, c := range conditions {
		if c.State == ConditionOpen && c.Held != nil {
			continue // nothing is told of it now
		}
		if _, known := told[c.Key]; known || c.State == ConditionOpen {
			told[c.Key] = Told{Total: c.Total, Episode: c.Episode, Open: c.State == ConditionOpen, Asset: c.AssetKey}
		}
	}
	return told
}

// HighestOpen is the highest severity among the open conditions that nothing
// holds back.
func HighestOpen(conditions []Condition) Severity {
	return highest(slices.DeleteFunc(slices.Clone(conditions), func(c Condition) bool { return !c.Active() }))
}

func highest(conditions []Condition) Severity {
	var s Severity
	for _, c := range conditions {
		if s == "" || c.Severity.rank() > s.rank() {
			s = c.Severity
		}
	}
	return s
}

func troubles(n int) string {
	if n == 1 {
		return "1 trouble"
	}
	return fmt.Sprintf("%d troubles", n)
}
