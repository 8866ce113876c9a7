package model_test

import (
	"fmt"
	"strings"

	"uniview-bridge/pkg/alert"
)

// row is one row of the table in the doc comment of alert.Decide, and how a recorded
// decision shows that it was taken. The comment's words are its name, see
// TestEveryRowOfTheTableIsKnown.
type row struct {
	recorded, now string
	is            func(g alert.Group) bool
}

func (r row) String() string { return fmt.Sprintf("%-12s %s", r.recorded, r.now) }

func says(g alert.Group, words ...string) bool {
	for _, w := range words {
		if strings.Contains(g.Reason, w) {
			return true
		}
	}
	return false
}

func heldBack(g alert.Group) bool {
	return g.Planned == alert.Hold && says(g, "snoozed by", "in a maintenance window", "in the maintenance window", "makes no ticket of it")
}

func inGrace(g alert.Group) bool {
	return g.Planned == alert.Hold && says(g, "alerts wait", "occurrences, at most until")
}

func ended(g alert.Group) bool { return g.State == alert.GroupClosed || g.State == alert.GroupGone }

var rows = []row{
	{"any", "a write was begun, its lease runs", func(g alert.Group) bool { return g.Planned == alert.Wait && says(g, "is under way") }},
	{"any", "a write was begun, its lease is over", func(g alert.Group) bool { return g.Planned == alert.Settle }},
	{"uncertain", "a search is due", func(g alert.Group) bool { return g.Planned == alert.Search }},
	{"uncertain", "none is due", func(g alert.Group) bool { return g.Planned == alert.Wait && says(g, "next search by reference is due") }},
	{"waiting", "nothing open, nothing muted", func(g alert.Group) bool { return says(g, "over before a ticket was due") }},
	{"waiting", "only muted conditions", func(g alert.Group) bool { return g.State == alert.GroupWaiting && g.Reason == "muted in UniView" }},
	{"waiting", "only held ones: by a rule, snooze or window", func(g alert.Group) bool { return g.State == alert.GroupWaiting && heldBack(g) }},
	{"waiting", "open, do not sync, or stopped by a lost company", func(g alert.Group) bool {
		return g.State == alert.GroupWaiting && g.Planned == alert.Hold && says(g, "do not sync is set", "is ignored for tickets", "until the customer is mapped anew")
	}},
	{"waiting", "open, no board or no company chosen", func(g alert.Group) bool {
		return g.State == alert.GroupWaiting && says(g, "no service board is chosen", "no default company is chosen")
	}},
	{"waiting", "open, grace of every condition runs", func(g alert.Group) bool { return g.State == alert.GroupWaiting && inGrace(g) }},
	{"waiting", "open", func(g alert.Group) bool { return g.State == alert.GroupWaiting && g.Planned == alert.Open }},
	{"open", "a person closed it, nothing open", func(g alert.Group) bool {
		return g.State == alert.GroupClosed && g.ClosedBy == alert.ByPerson && g.Planned == alert.Nothing
	}},
	{"open", "a person closed it, or the ticket it was merged into, open", func(g alert.Group) bool { return g.State == alert.GroupClosed && says(g, "closed by a person") }},
	{"open", "all over, merged into another ticket", func(g alert.Group) bool { return g.Planned == alert.Note && says(g, "its ticket was merged into") }},
	{"open", "all over, do not close automatically", func(g alert.Group) bool { return says(g, "left open: do not close automatically is set") }},
	{"open", "all over, touched by a technician (setting)", func(g alert.Group) bool { return says(g, "left open: a technician worked on it") }},
	{"open", "all over, a person reopened it", func(g alert.Group) bool { return says(g, "left open: a person reopened it") }},
	{"open", "all over, reopened before, over for less than the note pace", func(g alert.Group) bool { return g.Planned == alert.Wait && says(g, "it came back before") }},
	{"open", "all over", func(g alert.Group) bool { return g.Planned == alert.Close }},
	{"open", "open, do not sync", func(g alert.Group) bool { return g.Planned == alert.Leave && says(g, "the ticket gets no notes") }},
	{"open", "only held ones are open that the ticket tells of, and it tells of every ending", func(g alert.Group) bool {
		return g.Planned == alert.Hold && says(g, "its ticket gets no notes meanwhile")
	}},
	{"open", "severity is higher than told", func(g alert.Group) bool { return g.Planned == alert.Escalate }},
	{"open", "a condition the ticket does not tell of", func(g alert.Group) bool { return says(g, "more on this ticket") }},
	{"open", "repeats, endings, returns, machine now known", func(g alert.Group) bool { return says(g, "the trouble goes on") }},
	{"open", "nothing new", func(g alert.Group) bool { return says(g, "the ticket tells all there is") }},
	{"open, any", "ConnectWise called back", func(g alert.Group) bool { return g.Planned == alert.Look }},
	{"closed, gone", "nothing open", func(g alert.Group) bool { return ended(g) && says(g, "closed and over") }},
	{"closed, gone", "only held ones", func(g alert.Group) bool { return ended(g) && heldBack(g) }},
	{"closed, gone", "open, do not sync", func(g alert.Group) bool {
		return ended(g) && g.Planned == alert.Hold && says(g, "do not sync is set", "is ignored for tickets")
	}},
	{"closed, gone", "open, ended by a person, no newer occurrence", func(g alert.Group) bool { return says(g, "still failing") }},
	{"closed, gone", "open again, grace runs", func(g alert.Group) bool { return ended(g) && inGrace(g) }},
	{"closed", "open again within the reopen window", func(g alert.Group) bool { return g.Planned == alert.Reopen && says(g, "within the reopen window") }},
	{"closed, gone", "open again later, or gone, or ended by a merge", func(g alert.Group) bool { return g.Planned == alert.Open && says(g, "back after its ticket") }},
	{"any", "the action writes, a failed attempt's pause runs", func(g alert.Group) bool { return g.Planned == alert.Wait && says(g, "the last attempt failed") }},
}

// rowsOf are the rows that a recorded decision shows.
func rowsOf(g alert.Group) []string {
	var out []string
	for _, r := range rows {
		if r.is(g) {
			out = append(out, r.String())
		}
	}
	return out
}
