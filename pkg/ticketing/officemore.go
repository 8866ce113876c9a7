package ticketing

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/state"
)

// FindSilence finds a snooze or maintenance window by its id, whoever's it is. One
// that is not there is state.ErrNotFound.
func (o Office) FindSilence(ctx context.Context, id string) (alert.Silence, error) {
	all, err := state.Silences(ctx, o.Table, "")
	if err != nil {
		return alert.Silence{}, err
	}
	for _, list := range all {
		for _, s := range list {
			if s.ID == id {
				return s, nil
			}
		}
	}
	return alert.Silence{}, fmt.Errorf("snooze or window %s: %w", id, state.ErrNotFound)
}

// ChangeSilence replaces a snooze or maintenance window under its id; kind,
// customer and time of making stay. One that ended is not changed any more. What
// cannot be kept is a *RefusedError.
func (o Office) ChangeSilence(ctx context.Context, by string, s alert.Silence) (alert.Silence, error) {
	before, version, err := state.LoadSilence(ctx, o.Table, s.CustomerID, s.ID)
	if err != nil {
		return s, fmt.Errorf("snooze or window %s: %w", s.ID, err)
	}
	now := o.Now().UTC()
	if before.Ended(now) {
		return before, &RefusedError{"it ended already: make a new one"}
	}
	settings, err := state.LoadTicketSettings(ctx, o.Table)
	if err != nil {
		return s, err
	}
	s.Kind, s.Created = before.Kind, before.Created
	if s.From.IsZero() {
		s.From = before.From
	}
	if s.Owner == "" {
		s.Owner = by
	}
	if err := s.Validate(now, settings.Defaults.LongestSnooze()); err != nil {
		return s, &RefusedError{err.Error()}
	}
	if state.Digest(s) == state.Digest(before) {
		return s, nil
	}
	if err := state.SaveSilence(ctx, o.Table, s, version); err != nil {
		return s, err
	}
	return s, o.audit(ctx, by, "change "+string(s.Kind), "silence "+s.CustomerID+" "+s.ID, s.Reason, before, s)
}

// FindCondition finds a condition by its key and says whose it is: customer is
// where to look, empty: everywhere. One that is not there is state.ErrNotFound.
func (o Office) FindCondition(ctx context.Context, customer, key string) (string, alert.Condition, state.Desk, error) {
	desks := map[string]state.Desk{}
	var err error
	if customer != "" {
		desks[customer], _, err = state.LoadOr(ctx, o.Table, state.DeskKey(customer), state.Desk{})
	} else {
		desks, err = state.Desks(ctx, o.Table)
	}
	if err != nil {
		return "", alert.Condition{}, state.Desk{}, err
	}
	for id, desk := range desks {
		if c, ok := desk.Conditions[key]; ok { // the key holds the customer's id
			return id, c, desk, nil
		}
	}
	return "", alert.Condition{}, state.Desk{}, fmt.Errorf("alert %s: %w", key, state.ErrNotFound)
}

// Preview renders the texts of a ticket with settings on a made-up trouble, or on
// the ticket group of a real condition where one is given. Templates that are wrong
// are a *RefusedError.
func (o Office) Preview(ctx context.Context, s alert.Settings, customer, condition string) (alert.Texts, error) {
	var record state.Customer
	if customer != "" {
		var err error
		if record, _, err = state.LoadOr(ctx, o.Table, state.CustomerKey(customer), state.Customer{}); err != nil {
			return alert.Texts{}, err
		}
	}
	now := o.Now().UTC()
	name := record.Name
	if name == "" {
		name = "Sample customer"
	}
	texts, err := alert.Preview(s, name, now)
	if err != nil {
		return texts, &RefusedError{err.Error()}
	}
	if condition == "" {
		return texts, nil
	}
	_, c, desk, err := o.FindCondition(ctx, customer, condition)
	if err != nil {
		return texts, err
	}
	group := desk.Groups[c.Group]
	conditions := conditionsOf(desk, c.Group)
	if group.Key == "" || len(conditions) == 0 {
		conditions = []alert.Condition{c}
	}
	if group.Name == "" {
		group.Name = cmp.Or(c.AssetName, c.ApplianceName, name)
	}
	f := alert.Facts{Customer: name, Group: group, Conditions: conditions, Settings: s, AsOf: desk.AsOf}
	texts.Summary, texts.Description = alert.SummaryText(f), alert.DescriptionText(f)
	texts.Internal, texts.Note = alert.InternalText(f), alert.NoteText(f, alert.Note, "the trouble goes on", group.Notes+1)
	return texts, nil
}

// AttachAgain makes due what could not be put on tickets: the connection was tested
// and works, so a right that was missing may have been granted.
func (o Office) AttachAgain(ctx context.Context) error {
	desks, err := state.Desks(ctx, o.Table)
	if err != nil {
		return err
	}
	now := o.Now().UTC()
	waits := func(g alert.Group) bool { return g.AttachFailure != "" && g.AttachAt.After(now) }
	for _, customer := range slices.Sorted(maps.Keys(desks)) {
		if !slices.ContainsFunc(slices.Collect(maps.Values(desks[customer].Groups)), waits) {
			continue
		}
		if _, err := state.Update(ctx, o.Table, state.DeskKey(customer), func(d *state.Desk) error {
			*d = d.Clone()
			for key, g := range d.Groups {
				if waits(g) {
					g.AttachAt = now
					d.Groups[key] = g
				}
			}
			return nil
		}); err != nil {
			return err
		}
		if _, err := state.Update(ctx, o.Table, state.DueKey(state.ConnectWise, customer), func(d *state.Due) error {
			d.NextAt = now
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}
