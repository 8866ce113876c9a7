package ticketing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/state"
)

// Office is what people do around tickets: rules with their trial, snoozes and
// maintenance windows, reports. It asks no vendor. Every change is audited, and
// the customers it concerns are due with the next run.
type Office struct {
	Table  state.Table
	Now    func() time.Time
	Random func() string // short random text for ids
}

// RefusedError is what people entered and cannot be kept, in words.
type RefusedError struct{ Reason string }

func (e *RefusedError) Error() string { return e.Reason }

// Rules returns the ordered rules and the version to save them at.
func (o Office) Rules(ctx context.Context) ([]alert.Rule, int64, error) {
	return state.LoadTicketRules(ctx, o.Table)
}

// SaveRules replaces the rules at the version they were read with. Wrong ones are
// a *RefusedError; rules that somebody changed meanwhile are state.ErrConflict.
func (o Office) SaveRules(ctx context.Context, by string, rules []alert.Rule, version int64) (int64, error) {
	if _, err := alert.NewRules(rules); err != nil {
		return 0, &RefusedError{err.Error()}
	}
	before, _, err := state.LoadTicketRules(ctx, o.Table)
	if err != nil {
		return 0, err
	}
	next, err := state.SaveTicketRules(ctx, o.Table, rules, version)
	if err != nil {
		return 0, err
	}
	return next, o.audit(ctx, by, "change ticket rules", "ticketing rules", "", before, rules)
}

// TrialDays is how far back rules can be tried.
const TrialDays = 30

// TryRules says what rules would have done in the last days (at most TrialDays; 0:
// all of them) with every customer's settings as they are. Nothing is changed.
func (o Office) TryRules(ctx context.Context, rules []alert.Rule, days int) (alert.Trial, error) {
	ready, err := alert.NewRules(rules)
	if err != nil {
		return alert.Trial{}, &RefusedError{err.Error()}
	}
	if days <= 0 || days > TrialDays {
		days = TrialDays
	}
	settings, err := state.LoadTicketSettings(ctx, o.Table)
	if err != nil {
		return alert.Trial{}, err
	}
	customers, err := state.Customers(ctx, o.Table)
	if err != nil {
		return alert.Trial{}, err
	}
	histories, err := state.Histories(ctx, o.Table)
	if err != nil {
		return alert.Trial{}, err
	}
	now := o.Now().UTC()
	return alert.Replay(histories, func(id string) (alert.Settings, []alert.Silence) {
		own, err := settings.For(id)
		if err != nil {
			return own, nil // tickets are off
		}
		s, _ := Input{Settings: own, Customer: customers[id], Slice: Slice{Company: customers[id].Links.Company}}.company()
		return s, settings.Silences[id]
	}, ready, now.AddDate(0, 0, -days), now), nil
}

// Silences returns the snoozes and windows of one customer, or of all (empty):
// those that hold or will hold first, then ended ones.
func (o Office) Silences(ctx context.Context, customer string) ([]alert.Silence, error) {
	by, err := state.Silences(ctx, o.Table, customer)
	if err != nil {
		return nil, err
	}
	out := []alert.Silence{}
	for _, id := range slices.Sorted(maps.Keys(by)) {
		out = append(out, by[id]...)
	}
	now := o.Now()
	slices.SortStableFunc(out, func(a, b alert.Silence) int {
		switch ended := a.Ended(now); {
		case ended == b.Ended(now):
			return b.Created.Compare(a.Created)
		case ended:
			return 1
		}
		return -1
	})
	return out, nil
}

// Silence makes a snooze or maintenance window. Id and time of making are given
// here; From defaults to now, the owner to who asks, a snooze's end must be
// given. What is wrong is a *RefusedError; an unknown customer state.ErrNotFound.
func (o Office) Silence(ctx context.Context, by string, s alert.Silence) (alert.Silence, error) {
	now := o.Now().UTC()
	if _, _, err := state.Load[state.Customer](ctx, o.Table, state.CustomerKey(s.CustomerID)); err != nil {
		return s, fmt.Errorf("customer %s: %w", s.CustomerID, err)
	}
	settings, err := state.LoadTicketSettings(ctx, o.Table)
	if err != nil {
		return s, err
	}
	s.ID, s.Created = state.NewRunID(now, o.Random()), now
	if s.From.IsZero() {
		s.From = now
	}
	if s.Owner == "" {
		s.Owner = by
	}
	if err := s.Validate(now, settings.Defaults.LongestSnooze()); err != nil {
		return s, &RefusedError{err.Error()}
	}
	if err := state.SaveSilence(ctx, o.Table, s, state.New); err != nil {
		return s, err
	}
	return s, o.audit(ctx, by, "make "+string(s.Kind), "silence "+s.CustomerID+" "+s.ID, s.Reason, nil, s)
}

// EndSilence ends a silence now: what it held is looked at with the next run. One
// that has not begun, or has ended, is removed.
func (o Office) EndSilence(ctx context.Context, by, customer, id string) error {
	s, version, err := state.LoadSilence(ctx, o.Table, customer, id)
	if err != nil {
		return fmt.Errorf("snooze or window %s: %w", id, err)
	}
	now := o.Now().UTC()
	var after any
	if s.Ended(now) || !now.After(s.From) {
		err = state.DropSilence(ctx, o.Table, customer, id, version)
	} else {
		ended := s
		ended.Until, after = now, &ended
		err = state.SaveSilence(ctx, o.Table, ended, version)
	}
	if err != nil {
		return err
	}
	return o.audit(ctx, by, "end "+string(s.Kind), "silence "+customer+" "+id, s.Reason, s, after)
}

// Reports.

// Avoided reports tickets avoided by day and customer.
func (o Office) Avoided(ctx context.Context, customer string, span alert.Span) ([]alert.AvoidedRow, error) {
	h, err := o.histories(ctx, customer)
	return alert.TicketsAvoided(h, span), err
}

// Noisy reports the machines with the most alerts.
func (o Office) Noisy(ctx context.Context, customer string, span alert.Span) ([]alert.NoisyRow, error) {
	h, err := o.histories(ctx, customer)
	return alert.NoisyMachines(h, span), err
}

// TimeOpen reports how long tickets were open.
func (o Office) TimeOpen(ctx context.Context, customer string, span alert.Span) ([]alert.OpenRow, error) {
	h, err := o.histories(ctx, customer)
	return alert.TimeOpen(h, span, o.Now()), err
}

// histories reads one customer's history, or all (empty).
func (o Office) histories(ctx context.Context, customer string) (map[string]alert.History, error) {
	if customer == "" {
		return state.Histories(ctx, o.Table)
	}
	h, _, err := state.Load[alert.History](ctx, o.Table, state.HistoryKey(customer))
	if errors.Is(err, state.ErrNotFound) {
		return map[string]alert.History{}, nil
	}
	return map[string]alert.History{customer: h}, err
}

// audit records a change with what was before and after.
func (o Office) audit(ctx context.Context, by, action, subject, reason string, before, after any) error {
	b, err := asFields(before)
	if err != nil {
		return err
	}
	a, err := asFields(after)
	if err != nil {
		return err
	}
	return state.AddAudit(ctx, o.Table, state.Audit{
		At: o.Now().UTC(), By: by, Action: action, Subject: subject, Reason: reason, Before: b, After: a,
	}, o.Random())
}

func asFields(v any) (map[string]string, error) {
	if v == nil {
		return nil, nil //nolint:nilnil // nothing was there
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	return map[string]string{"settings": string(raw)}, nil
}
