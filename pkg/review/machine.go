package review

import (
	"context"
	"errors"

	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/state"
)

// machine decides the configuration of one machine.
func (s *Service) machine(ctx context.Context, by, asset string, d Decision) (Outcome, error) {
	if err := checkBy(by); err != nil {
		return Outcome{}, err
	}
	if err := d.check(); err != nil {
		return Outcome{}, err
	}
	a, ok, err := s.Directory.Asset(ctx, asset)
	if err != nil {
		return Outcome{}, err
	}
	if !ok {
		return Outcome{}, refuse(Unknown, "id", "there is no such machine")
	}
	c, _, err := state.Load[state.Customer](ctx, s.Table, state.CustomerKey(a.CustomerID))
	if err != nil && !errors.Is(err, state.ErrNotFound) {
		return Outcome{}, err
	}
	organization, linked := c.Links.Organization.Linked()
	if !linked && (d.Action == Accept || d.Action == Match || d.Action == Create) {
		return Outcome{}, refuse(Clash, "action", "match the customer to an organization first")
	}
	if d.Action == Create {
		return s.createConfiguration(ctx, by, a, organization, d)
	}
	doc, err := state.LoadDocumentation(ctx, s.Table, a.CustomerID)
	if err != nil {
		return Outcome{}, err
	}
	found := map[string]Target{}
	for _, id := range candidates(d, doc.Machines[asset].Link) {
		conf, ok, err := s.Directory.Configuration(ctx, id)
		if err != nil {
			return Outcome{}, err
		}
		if !ok {
			continue
		}
		within, err := s.Directory.searched(ctx, a.CustomerID, organization, conf.OrganizationID)
		if err != nil {
			return Outcome{}, err
		}
		if !within {
			return Outcome{}, refuse(Clash, "targetId", "this configuration belongs to another organization than the customer's")
		}
		found[id] = Target{conf.ID, conf.Name}
	}
	return s.writeMachine(ctx, by, a.CustomerID, asset, string(d.Action), "", func(link match.Link) (match.Link, error) {
		return apply(link, d, by, s.Now().UTC(), func(id string) (Target, bool) { t, ok := found[id]; return t, ok })
	})
}

// writeMachine changes the link of a machine, then makes its customer due. A
// crash between the two leaves the decision standing; it acts with the next
// change or sync of the customer.
func (s *Service) writeMachine(ctx context.Context, by, customer, asset, action, undoes string, change func(match.Link) (match.Link, error)) (Outcome, error) {
	var before, after match.Link
	var name, warning string
	_, err := state.UpdateDocumentation(ctx, s.Table, customer, func(doc *state.Documentation) error {
		m, ok := doc.Machines[asset]
		if !ok {
			return refuse(Clash, "id", "this machine was not decided on yet: wait for the next sync")
		}
		next, err := change(m.Link)
		if err != nil {
			return err
		}
		before, after, name, warning = m.Link, next, m.Name, ""
		if equal(before, after) {
			return state.Unchanged()
		}
		m.Link = next
		doc.Machines[asset] = m
		for key, other := range doc.Machines {
			if id, ok := other.Link.Linked(); ok && id == next.TargetID && key != asset {
				warning = "another machine of this customer is matched to this configuration, too"
			}
		}
		return nil
	})
	if err != nil {
		return Outcome{}, err
	}
	out := Outcome{Link: after, customer: customer, Changed: !equal(before, after), Warning: warning}
	if !out.Changed {
		return out, nil
	}
	if err := s.bump(ctx, customer); err != nil {
		return out, err
	}
	out.AuditID, err = s.auditLink(ctx, by, action, undoes, subject{Side: Configuration, Customer: customer, Asset: asset}, name, before, after)
	return out, err
}
