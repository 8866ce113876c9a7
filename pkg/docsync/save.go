package docsync

import (
	"context"
	"fmt"
	"maps"
	"time"

	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/state"
)

// Save stores the own state of a decision: the machines with their links and
// statuses, and the customer's counts with the time of the read they stand on. A
// person's decision made meanwhile is kept. Equal state is not written.
func Save(ctx context.Context, t state.Table, customer string, d Decision, asOf time.Time) error {
	_, err := state.UpdateDocumentation(ctx, t, customer, func(doc *state.Documentation) error {
		before := state.Digest(*doc)
		doc.Organization = d.Organization
		machines := make(map[string]state.Machine, len(d.Machines))
		for key, m := range d.Machines {
			if now, ok := doc.Machines[key]; ok && decidedSince(d.before[key], now.Link) {
				m.Link = now.Link
			}
			machines[key] = m
		}
		for key, m := range doc.Machines {
			if _, ok := machines[key]; !ok && (decidedSince(d.before[key], m.Link) || doc.Publications[m.Link.TargetID].State != "") {
				machines[key] = m
			}
		}
		doc.Machines = machines
		if state.Digest(*doc) == before {
			return state.Unchanged()
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("save the documentation of %s: %w", customer, err)
	}
	_, err = state.Update(ctx, t, state.CustomerKey(customer), func(c *state.Customer) error {
		if c.ID == "" || maps.Equal(c.Machines, d.Links) && maps.Equal(c.Statuses, d.Statuses) {
			return state.Unchanged()
		}
		c.Machines, c.Statuses, c.AsOf = d.Links, d.Statuses, asOf
		c.Days = c.Days.Set(d.now, d.Statuses)
		return nil
	})
	if err != nil {
		return fmt.Errorf("save the counts of %s: %w", customer, err)
	}
	return nil
}

// decidedSince says whether a person decided a link after it was read as old.
func decidedSince(old, now match.Link) bool {
	if !old.Decided() && !now.Decided() && (old.State == match.Ignored) == (now.State == match.Ignored) {
		return false
	}
	same := old.By == now.By && old.TargetID == now.TargetID && old.At.Equal(now.At) && (old.State == match.Ignored) == (now.State == match.Ignored)
	return !same
}
