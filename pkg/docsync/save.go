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
	_, err := state.Update(ctx, t, state.DocumentationKey(customer), func(doc *state.Documentation) error {
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
		if err := fit(doc, state.MaxItemBytes); err != nil {
			return err
		}
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

// fit keeps the record within a limit of bytes, with some room for people's decisions:
// what is found again from the slice gives way, then the machines' rhythms (they are
// judged by the account's limits then). It is the same for the same record.
func fit(doc *state.Documentation, limit int) error {
	size := 0
	for _, step := range steps {
		for key, m := range doc.Machines {
			step(&m)
			doc.Machines[key] = m
		}
		data, err := state.Encode(*doc)
		if err != nil {
			return err
		}
		if size = len(data); size <= limit-room {
			return nil
		}
	}
	if size <= limit {
		return nil
	}
	return fmt.Errorf("%w: the documentation of one customer with %d machines", state.ErrTooLarge, len(doc.Machines))
}

// room is what fit leaves for people's decisions, where it can.
const room = 8 << 10

// steps are what gives way in a record that is too large, in this order.
var steps = []func(*state.Machine){
	func(*state.Machine) {},
	func(m *state.Machine) { m.Elsewhere = nil },
	func(m *state.Machine) { m.Link.Suggestions = m.Link.Suggestions[:min(1, len(m.Link.Suggestions))] },
	func(m *state.Machine) { m.Link.Suggestions = nil },
	func(m *state.Machine) { // the words beside a link of the rules, and of a status
		if m.Link.State == match.Matched && !m.Link.Decided() {
			m.Link.Reason, m.Link.TargetName = "", ""
		}
		if !m.Gone {
			m.Reason = ""
		}
	},
	func(m *state.Machine) { // the shortest rhythm that is one
		m.Known.Ends = m.Known.Ends[max(0, len(m.Known.Ends)-4):]
	},
	func(m *state.Machine) { m.Known.Ends = nil },
}
