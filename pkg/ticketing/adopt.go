package ticketing

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"uniview-bridge/pkg/alert"
)

// adoptListed takes up tickets that the list has under the group's reference.
// open are the group's open tickets of any generation: a second one is a
// person's doing, and for a person to solve.
func adoptListed(g alert.Group, found, open []alert.Ticket, now time.Time) alert.Group {
	g.Attention = ""
	for _, t := range open {
		if t.Reference != g.Reference && g.State == alert.GroupOpen {
			g.Attention = fmt.Sprintf("ticket #%d of the same trouble was opened again by a person: close or merge it or #%d", t.ID, g.TicketID)
		}
	}
	kept := keptOf(found)
	if len(found) > 1 {
		g.Attention = severalTickets(kept, found)
	}
	switch {
	case g.Pending != nil:
	case g.TicketID == 0 && (g.State == alert.GroupWaiting || g.State == alert.GroupUncertain):
		g = adopt(g, kept, now)
	case g.State == alert.GroupOpen && g.MergedInto == 0 && g.TicketID != kept.ID && !kept.Closed && len(found) > 1:
		g.TicketID, g.BoardID, g.TicketUpdated = kept.ID, kept.BoardID, kept.UpdatedAt
	}
	return g
}

// adopt makes a ticket that carries the group's reference the group's ticket. It
// tells what the claim said it would; of a ticket that no claim is known of
// nothing is taken for told.
func adopt(g alert.Group, t alert.Ticket, now time.Time) alert.Group {
	g.Told, g.Severity = nil, ""
	switch {
	case g.Pending != nil:
		g.Told, g.Severity = g.Pending.Tells, g.Pending.Severity
	case g.Doubt != nil:
		g.Told, g.Severity = g.Doubt.Tells, g.Doubt.Severity
	}
	g.State, g.TicketID, g.Pending, g.Doubt, g.Moved = alert.GroupOpen, t.ID, nil, nil, 0
	g.CompanyID, g.BoardID, g.PriorityID = t.CompanyID, t.BoardID, t.PriorityID
	g.TicketUpdated, g.OpenedAt, g.Touched = t.UpdatedAt, now, t.Touched
	g.Failures, g.Failure, g.RetryAt = 0, "", time.Time{}
	if t.Closed {
		g.State, g.ClosedBy, g.ClosedAt = alert.GroupClosed, alert.ByPerson, t.ClosedAt
		if g.ClosedAt.IsZero() {
			g.ClosedAt = now
		}
	}
	return g
}

// keptOf picks ours of several tickets with one reference: the lowest id among
// the open ones, else the lowest. found is in order of the ids.
func keptOf(found []alert.Ticket) alert.Ticket {
	if i := slices.IndexFunc(found, func(t alert.Ticket) bool { return !t.Closed }); i >= 0 {
		return found[i]
	}
	return found[0]
}

// severalTickets is the attention text for several tickets with one reference.
func severalTickets(kept alert.Ticket, found []alert.Ticket) string {
	var rest strings.Builder
	for _, t := range found {
		if t.ID != kept.ID {
			fmt.Fprintf(&rest, " #%d", t.ID)
		}
	}
	return fmt.Sprintf("several tickets carry one reference: #%d is kept, close or merge%s", kept.ID, rest.String())
}
