package state

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"uniview-bridge/pkg/alert"
)

var rulesKey = SettingsKey("ticketing.rules")

// ticketRules is the stored record: the list as a whole, since order counts.
type ticketRules struct {
	Rules []alert.Rule `json:"rules"`
}

// LoadTicketRules reads the ordered rules and the version to save them at.
func LoadTicketRules(ctx context.Context, t Table) ([]alert.Rule, int64, error) {
	r, version, err := LoadOr(ctx, t, rulesKey, ticketRules{})
	if err != nil {
		return nil, 0, fmt.Errorf("ticket rules: %w", err)
	}
	return r.Rules, version, nil
}

// SaveTicketRules validates and stores the rules at the version they were read
// with: of two people who edit them one is told to read again (ErrConflict).
func SaveTicketRules(ctx context.Context, t Table, rules []alert.Rule, version int64) (int64, error) {
	if _, err := alert.NewRules(rules); err != nil {
		return 0, err
	}
	version, err := Save(ctx, t, rulesKey, ticketRules{rules}, version, time.Time{})
	if err != nil {
		return 0, fmt.Errorf("ticket rules: %w", err)
	}
	return version, nil
}

// silenceKept is how long a silence is shown after its end.
const silenceKept = 30 * 24 * time.Hour

func silenceKey(customer, id string) Key { return Key{pkSilence, customer + "#" + id} }

// Silences reads the snoozes and maintenance windows of one customer, or of all
// (empty), by customer id and in order of their ids. Ended ones are among them
// for 30 days.
func Silences(ctx context.Context, t Table, customer string) (map[string][]alert.Silence, error) {
	q := Query{PK: pkSilence}
	if customer != "" {
		q.Prefix = customer + "#"
	}
	items, err := t.Query(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("snoozes and windows: %w", err)
	}
	out := map[string][]alert.Silence{}
	for _, item := range items {
		var s alert.Silence
		if err := Decode(item.Data, &s); err != nil {
			return nil, fmt.Errorf("snoozes and windows: %s: %w", item.SK, err)
		}
		out[s.CustomerID] = append(out[s.CustomerID], s)
	}
	for _, list := range out {
		slices.SortFunc(list, func(a, b alert.Silence) int { return cmp.Compare(a.ID, b.ID) })
	}
	return out, nil
}

// LoadSilence reads one silence; one that is not there is ErrNotFound.
func LoadSilence(ctx context.Context, t Table, customer, id string) (alert.Silence, int64, error) {
	return Load[alert.Silence](ctx, t, silenceKey(customer, id))
}

// SaveSilence stores a checked silence at a version (New for a new one).
func SaveSilence(ctx context.Context, t Table, s alert.Silence, version int64) error {
	if strings.Contains(s.ID, "#") || s.ID == "" || s.CustomerID == "" {
		return fmt.Errorf("a snooze or window needs an id and a customer")
	}
	var expires time.Time
	if !s.Until.IsZero() {
		expires = s.Until.Add(silenceKept).Truncate(time.Second)
	}
	if _, err := Save(ctx, t, silenceKey(s.CustomerID, s.ID), s, version, expires); err != nil {
		return fmt.Errorf("snooze or window %s: %w", s.ID, err)
	}
	return nil
}

// DropSilence removes one silence at the version it was read with (Any: whatever it
// is; one that is gone is no error then).
func DropSilence(ctx context.Context, t Table, customer, id string, version int64) error {
	return t.Delete(ctx, silenceKey(customer, id), version)
}
