package alert

import (
	"fmt"
	"slices"
	"time"
)

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
