package alert

import (
	"fmt"
	"slices"
	"time"
)

// urgentPace is the least time between a note and one on a trouble that the
// ticket does not tell of at all, where the set pace is longer.
const urgentPace = 30 * time.Minute

func (d *decider) opened() (Action, string, time.Time) {
	open, held := d.open(), d.held(true)
	if len(open) == 0 && held == "" {
		return d.over()
	}
	if d.s.DoNotSync {
		return Leave, d.off() + ": the ticket gets no notes", time.Time{}
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
