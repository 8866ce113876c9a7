package review

import (
	"context"

	"uniview-bridge/pkg/state"
)

// modes is the side of an audit entry about a customer's own modes.
const modes Side = "mode"

// CustomerModes are a customer's own modes; empty: the account's.
type CustomerModes struct {
	Documentation state.Mode `json:"documentation"`
	Ticketing     state.Mode `json:"ticketing"`
}

// SetCustomerModes gives a customer modes of its own, or takes them away.
func (s *Service) SetCustomerModes(ctx context.Context, by, customer string, next CustomerModes) (Outcome, error) {
	return s.setModes(ctx, by, customer, "set mode", "", next)
}

func (s *Service) setModes(ctx context.Context, by, customer, action, undoes string, next CustomerModes) (Outcome, error) {
	if err := checkBy(by); err != nil {
		return Outcome{}, err
	}
	for field, m := range map[string]state.Mode{"documentation": next.Documentation, "ticketing": next.Ticketing} {
		if m != "" && m != state.Preview && m != state.Live {
			return Outcome{}, refuse(Invalid, field, "%s is preview, live, or empty for the account's mode", field)
		}
	}
	if !plain(customer) {
		return Outcome{}, refuse(Unknown, "id", "there is no such customer")
	}
	var before CustomerModes
	var name string
	_, err := state.Update(ctx, s.Table, state.CustomerKey(customer), func(c *state.Customer) error {
		if c.ID == "" {
			return refuse(Unknown, "id", "there is no such customer")
		}
		before, name = CustomerModes{c.Documentation, c.Ticketing}, c.Name
		if before == next {
			return state.Unchanged()
		}
		c.Documentation, c.Ticketing = next.Documentation, next.Ticketing
		c.Decisions++
		return nil
	})
	if err != nil {
		return Outcome{}, err
	}
	out := Outcome{Changed: before != next, customer: customer}
	if !out.Changed {
		return out, nil
	}
	out.AuditID, err = s.audit(ctx, state.Audit{
		By: by, Action: action, Subject: subject{Side: modes, Customer: customer}.String(),
		Before: modeFields(name, before), After: modeFields(name, next), Undoes: undoes,
	})
	if err != nil {
		return out, err
	}
	s.sync(ctx, by, []*Outcome{&out})
	return out, nil
}

func modeFields(name string, m CustomerModes) map[string]string {
	return map[string]string{"name": name, "documentation": string(m.Documentation), "ticketing": string(m.Ticketing)}
}
