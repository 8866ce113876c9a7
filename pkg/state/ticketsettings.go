package state

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"uniview-bridge/pkg/alert"
)

const ticketOverrides = "ticketing#" // + customer id

var ticketingKey = SettingsKey("ticketing")

// TicketSettings are the account's ticket settings and all overrides.
type TicketSettings struct {
	Defaults  alert.Settings             `json:"defaults"`
	Overrides map[string]alert.Overrides `json:"overrides,omitempty"` // by customer id
	// Rules are the ordered rules, Silences the snoozes and maintenance windows of
	// the customers that were asked for, by customer id.
	Rules    []alert.Rule               `json:"rules,omitempty"`
	Silences map[string][]alert.Silence `json:"silences,omitempty"`
}

// For is what counts for one customer. Overrides that no longer make sense are
// an error that names the customer; the settings returned with it are the
// defaults with tickets switched off, so that nothing goes to a wrong place.
func (s TicketSettings) For(customer string) (alert.Settings, error) {
	out, err := s.Defaults.With(s.Overrides[customer])
	if err != nil {
		off := s.Defaults
		off.DoNotSync = true
		return off, fmt.Errorf("ticket settings of customer %s: %w: correct or reset them", customer, err)
	}
	return out, nil
}

// Digest names what counts for one customer.
func (s TicketSettings) Digest(customer string) string {
	out, err := s.For(customer)
	return Digest(struct {
		alert.Settings
		Bad      bool
		Rules    []alert.Rule
		Silences []alert.Silence
	}{out, err != nil, s.Rules, s.Silences[customer]})
}

// LoadTicketSettings reads the defaults, the rules and all overrides and silences. What was never
// stored is alert.Defaults.
func LoadTicketSettings(ctx context.Context, t Table) (TicketSettings, error) {
	var s TicketSettings
	var err error
	if s.Defaults, _, err = LoadOr(ctx, t, ticketingKey, alert.Defaults()); err != nil {
		return s, fmt.Errorf("ticket settings: %w", err)
	}
	items, err := t.Query(ctx, Query{PK: pkSettings, Prefix: ticketOverrides})
	if err != nil {
		return s, fmt.Errorf("ticket settings: %w", err)
	}
	s.Overrides = make(map[string]alert.Overrides, len(items))
	for _, item := range items {
		var o alert.Overrides
		if err := Decode(item.Data, &o); err != nil {
			return s, fmt.Errorf("ticket settings: %s: %w", item.SK, err)
		}
		s.Overrides[strings.TrimPrefix(item.SK, ticketOverrides)] = o
	}
	if s.Rules, _, err = LoadTicketRules(ctx, t); err != nil {
		return s, err
	}
	s.Silences, err = Silences(ctx, t, "")
	return s, err
}

// LoadTicketSettingsOf reads the defaults, the rules and one customer's overrides
// and silences.
func LoadTicketSettingsOf(ctx context.Context, t Table, customer string) (TicketSettings, error) {
	var s TicketSettings
	var err error
	if s.Defaults, _, err = LoadOr(ctx, t, ticketingKey, alert.Defaults()); err != nil {
		return s, fmt.Errorf("ticket settings: %w", err)
	}
	o, _, err := Load[alert.Overrides](ctx, t, SettingsKey(ticketOverrides+customer))
	switch {
	case errors.Is(err, ErrNotFound):
	case err != nil:
		return s, fmt.Errorf("ticket settings of customer %s: %w", customer, err)
	default:
		s.Overrides = map[string]alert.Overrides{customer: o}
	}
	if s.Rules, _, err = LoadTicketRules(ctx, t); err != nil {
		return s, err
	}
	s.Silences, err = Silences(ctx, t, customer)
	return s, err
}

// SaveTicketDefaults validates and stores the account's settings.
func SaveTicketDefaults(ctx context.Context, t Table, s alert.Settings) error {
	if err := s.Validate(); err != nil {
		return err
	}
	_, err := Save(ctx, t, ticketingKey, s, Any, time.Time{})
	return err
}

// RestoreTicketDefaults stores settings that were in force before, unless other ones
// than was are in force now (ErrConflict).
func RestoreTicketDefaults(ctx context.Context, t Table, was, s alert.Settings) error {
	now, version, err := LoadOr(ctx, t, ticketingKey, alert.Defaults())
	switch {
	case err != nil:
		return fmt.Errorf("ticket settings: %w", err)
	case Digest(now) != Digest(was):
		return ErrConflict
	}
	if err := s.Validate(); err != nil {
		return err
	}
	_, err = Save(ctx, t, ticketingKey, s, version, time.Time{})
	return err
}

// SaveTicketOverrides validates and stores one customer's overrides; none
// removes them.
func SaveTicketOverrides(ctx context.Context, t Table, customer string, o alert.Overrides) error {
	return saveTicketOverrides(ctx, t, customer, o, Any)
}

// RestoreTicketOverrides stores one customer's overrides that were in force before,
// unless other ones than was are in force now (ErrConflict).
func RestoreTicketOverrides(ctx context.Context, t Table, customer string, was, o alert.Overrides) error {
	now, version, err := LoadOr(ctx, t, SettingsKey(ticketOverrides+customer), alert.Overrides{})
	switch {
	case err != nil:
		return fmt.Errorf("ticket settings of customer %s: %w", customer, err)
	case len(now) != len(was) || len(was) > 0 && Digest(now) != Digest(was):
		return ErrConflict
	case len(now) == 0 && len(o) == 0:
		return nil
	}
	return saveTicketOverrides(ctx, t, customer, o, version)
}

func saveTicketOverrides(ctx context.Context, t Table, customer string, o alert.Overrides, version int64) error {
	key := SettingsKey(ticketOverrides + customer)
	if len(o) == 0 {
		return t.Delete(ctx, key, version)
	}
	defaults, _, err := LoadOr(ctx, t, ticketingKey, alert.Defaults())
	if err != nil {
		return fmt.Errorf("ticket settings: %w", err)
	}
	if _, err := defaults.With(o); err != nil {
		return err
	}
	_, err = Save(ctx, t, key, o, version, time.Time{})
	return err
}

// ResetTicketOverrides removes the overrides of all customers and returns whose.
func ResetTicketOverrides(ctx context.Context, t Table) ([]string, error) {
	items, err := t.Query(ctx, Query{PK: pkSettings, Prefix: ticketOverrides})
	if err != nil {
		return nil, fmt.Errorf("ticket settings: %w", err)
	}
	var customers []string
	for _, item := range items {
		if err := t.Delete(ctx, item.Key, Any); err != nil {
			return customers, fmt.Errorf("ticket settings: %w", err)
		}
		customers = append(customers, strings.TrimPrefix(item.SK, ticketOverrides))
	}
	return customers, nil
}
