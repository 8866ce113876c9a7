package ticketing

import (
	"context"
	"errors"
	"slices"
	"time"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/state"
)

// remember writes down what reports and trials of rules are made of, and whose
// each new ticket is. It stands on the desk as recorded, so that whatever is lost
// here is made good the next time.
func (j *job) remember(ctx context.Context) error {
	if j.mode != state.Live {
		return nil // nothing happened
	}
	key := state.HistoryKey(j.customer.ID)
	before, version, err := state.LoadOr(ctx, j.Table, key, alert.History{})
	if err != nil {
		return err
	}
	after := before.Record(j.desk.Conditions, j.desk.Groups, j.Now())
	if state.Digest(before) == state.Digest(after) {
		return nil
	}
	for _, g := range j.desk.Groups {
		known := slices.ContainsFunc(before.Tickets, func(t alert.TicketLife) bool { return t.Reference == g.Reference && t.ID == g.TicketID })
		if g.TicketID == 0 || known {
			continue
		}
		if err := state.SaveTicketOwner(ctx, j.Table, g.TicketID, state.TicketOwner{Customer: j.customer.ID, Group: g.Key}, j.Now()); err != nil {
			return err
		}
	}
	for {
		_, err := state.Save(ctx, j.Table, key, after, version, time.Time{})
		shorter, ok := after.Shorter()
		switch {
		case err == nil, errors.Is(err, state.ErrConflict): // another worker knows as much
			return nil
		case !errors.Is(err, state.ErrTooLarge) || !ok:
			return err
		}
		after = shorter
	}
}

// nobodyWaits clears, in place, since when writes are wanted.
func nobodyWaits(desk state.Desk) {
	for key, g := range desk.Groups {
		if !g.WantedAt.IsZero() {
			g.WantedAt = time.Time{}
			desk.Groups[key] = g
		}
	}
}

// Waiting sums up what waits for ConnectWise over all desks: groups of customers
// that are live whose write is wanted and not done.
func Waiting(desks map[string]state.Desk, live func(customer string) bool) state.Waiting {
	var w state.Waiting
	var first alert.Group
	for customer, desk := range desks {
		if !live(customer) {
			continue
		}
		for _, g := range desk.Groups {
			if g.WantedAt.IsZero() {
				continue
			}
			w.Groups++
			if w.Since.IsZero() || g.WantedAt.Before(w.Since) || g.WantedAt.Equal(w.Since) && g.Key < first.Key {
				w.Since, first = g.WantedAt, g
			}
			for _, c := range conditionsOf(desk, g.Key) {
				if c.Active() {
					w.Alerts++
					w.Oldest = earlier(w.Oldest, c.First)
				}
			}
		}
	}
	w.Reason = first.Reason
	if first.Failure != "" {
		w.Reason = first.Failure
	}
	return w
}
