package ticketing

import (
	"slices"
	"strconv"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/state"
)

// Counts sums a desk up for people.
type Counts struct {
	// Alerts counts conditions: open, ticketed (open with an open ticket), held
	// (open without), muted, recovered (over, still listed by UniView), attention
	// (groups that need a person).
	Alerts      map[string]int
	OpenTickets int
}

// Count sums a desk up.
func Count(desk state.Desk) Counts {
	c := Counts{Alerts: map[string]int{}}
	for _, g := range desk.Groups {
		if g.HasTicket() {
			c.OpenTickets++
		}
		if g.Attention != "" {
			c.Alerts["attention"]++
		}
	}
	for _, k := range desk.Conditions {
		switch {
		case k.State == alert.ConditionMuted:
			c.Alerts["muted"]++
		case k.State == alert.ConditionOver && len(k.Occurrences) > 0:
			c.Alerts["recovered"]++
		case k.State == alert.ConditionOpen:
			c.Alerts["open"]++
			if desk.Groups[k.Group].HasTicket() {
				c.Alerts["ticketed"]++
			} else {
				c.Alerts["held"]++
			}
		}
	}
	return c
}

// TicketsByMachine names the open tickets of each machine by asset key, for its
// documentation: "#123, #124".
func TicketsByMachine(desk state.Desk) map[string]string {
	ids := map[string][]int{}
	for _, c := range desk.Conditions {
		g := desk.Groups[c.Group]
		if c.AssetKey == "" || c.State != alert.ConditionOpen || !g.HasTicket() || slices.Contains(ids[c.AssetKey], g.Target()) {
			continue
		}
		ids[c.AssetKey] = append(ids[c.AssetKey], g.Target())
	}
	out := make(map[string]string, len(ids))
	for key, list := range ids {
		slices.Sort(list)
		for i, id := range list {
			if i > 0 {
				out[key] += ", "
			}
			out[key] += "#" + strconv.Itoa(id)
		}
	}
	return out
}
