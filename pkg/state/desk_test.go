package state

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"uniview-bridge/pkg/alert"
)

func TestDeskPrunesWhatEndedLongAgo(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	old, lately := now.Add(-40*24*time.Hour), now.Add(-10*24*time.Hour)
	over := func(group string, at time.Time) alert.Condition {
		return alert.Condition{Group: group, State: alert.ConditionOver, Evidence: &alert.Evidence{Why: alert.Dismissed, AsOf: at}}
	}
	listed := over("", old)
	listed.Occurrences = map[string]alert.Occurrence{"fp": {Over: alert.Recovered}}
	d := Desk{
		Conditions: map[string]alert.Condition{
			"old": over("c/old", old), "lately": over("c/lately", lately), "listed": listed,
			"open": {Group: "c/open", State: alert.ConditionOpen}, "back": {Group: "c/back", State: alert.ConditionOpen},
		},
		Groups: map[string]alert.Group{
			"c/old":    {State: alert.GroupClosed, ClosedAt: old, Generation: 3, TicketID: 1},
			"c/lately": {State: alert.GroupClosed, ClosedAt: lately, Generation: 1, TicketID: 2},
			"c/open":   {State: alert.GroupOpen, TicketID: 3},
			"c/back":   {State: alert.GroupClosed, ClosedAt: old, TicketID: 4},
			"c/doubt":  {State: alert.GroupUncertain},
			"c/held":   {State: alert.GroupWaiting, Generation: 1},
		},
	}.Clone()
	d.Prune(now, 24*time.Hour)
	if diff := cmp.Diff([]string{"back", "lately", "listed", "open"}, sortedKeys(d.Conditions)); diff != "" {
		t.Errorf("conditions (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"c/back", "c/doubt", "c/lately", "c/open"}, sortedKeys(d.Groups)); diff != "" {
		t.Errorf("groups (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int{alert.GroupHash("c/old"): 3}, d.Retired); diff != "" {
		t.Errorf("a reference could be used twice (-want +got):\n%s", diff)
	}
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func TestDeskCloneIsIndependent(t *testing.T) {
	t.Parallel()
	d := Desk{Groups: map[string]alert.Group{"g": {}}}
	c := d.Clone()
	c.Groups["h"], c.Conditions["k"], c.Retired["x"] = alert.Group{}, alert.Condition{}, 1
	if len(d.Groups) != 1 || len(d.Conditions) != 0 || len(d.Retired) != 0 {
		t.Errorf("changing the clone changed %+v", d)
	}
}

func TestTicketSettingsAreKeptWithOverrides(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	table := &settingsTable{items: map[Key]Item{}}
	s, err := LoadTicketSettings(ctx, table)
	if err != nil || !cmp.Equal(s.Defaults, alert.Defaults()) || len(s.Overrides) != 0 {
		t.Fatalf("settings of a new installation: %+v, %v", s, err)
	}
	defaults := alert.Defaults()
	defaults.BoardID, defaults.CompanyID = 3, 7
	if err := SaveTicketDefaults(ctx, table, defaults); err != nil {
		t.Fatal(err)
	}
	if err := SaveTicketDefaults(ctx, table, alert.Settings{}); err == nil {
		t.Error("settings that make no sense were stored")
	}
	if err := SaveTicketOverrides(ctx, table, "c1", alert.Overrides{"boardId": json.RawMessage("9")}); err != nil {
		t.Fatal(err)
	}
	if err := SaveTicketOverrides(ctx, table, "c2", alert.Overrides{"boardId": json.RawMessage(`"x"`)}); err == nil {
		t.Error("overrides that make no sense were stored")
	}
	all, err := LoadTicketSettings(ctx, table)
	if err != nil {
		t.Fatal(err)
	}
	one, err := LoadTicketSettingsOf(ctx, table, "c1")
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]TicketSettings{"all": all, "one": one} {
		own, err := s.For("c1")
		if err != nil || own.BoardID != 9 || own.CompanyID != 7 {
			t.Errorf("%s: settings of c1: %+v, %v", name, own, err)
		}
		if other, err := s.For("c2"); err != nil || other.BoardID != 3 {
			t.Errorf("%s: settings of c2: %+v, %v", name, other, err)
		}
	}
	if all.Digest("c1") != one.Digest("c1") || all.Digest("c1") == all.Digest("c2") {
		t.Error("digests do not tell settings apart")
	}
	reset, err := ResetTicketOverrides(ctx, table)
	if err != nil || !slices.Equal(reset, []string{"c1"}) {
		t.Errorf("reset %v, %v", reset, err)
	}
	if s, _ = LoadTicketSettings(ctx, table); len(s.Overrides) != 0 {
		t.Errorf("overrides after reset: %v", s.Overrides)
	}
}

func TestBadOverridesSwitchTicketsOffVisibly(t *testing.T) {
	t.Parallel()
	s := TicketSettings{Defaults: alert.Defaults(), Overrides: map[string]alert.Overrides{"c1": {"gone": json.RawMessage("1")}}}
	got, err := s.For("c1")
	if err == nil || !got.DoNotSync || !strings.Contains(err.Error(), "c1") {
		t.Errorf("got %+v, %v", got.DoNotSync, err)
	}
}

// settingsTable is a Table for settings.
type settingsTable struct {
	mu    sync.Mutex
	items map[Key]Item
}

func (m *settingsTable) Get(_ context.Context, key Key) (Item, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if item, ok := m.items[key]; ok {
		return item, nil
	}
	return Item{}, ErrNotFound
}

func (m *settingsTable) GetMany(context.Context, []Key) (map[Key]Item, error) { return nil, nil }

func (m *settingsTable) Put(_ context.Context, item Item) (Item, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	item.Version = m.items[item.Key].Version + 1
	m.items[item.Key] = item
	return item, nil
}

func (m *settingsTable) Delete(_ context.Context, key Key, _ int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.items, key)
	return nil
}

func (m *settingsTable) Query(_ context.Context, q Query) ([]Item, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []Item
	for k, item := range m.items {
		if k.PK == q.PK && strings.HasPrefix(k.SK, q.Prefix) {
			out = append(out, item)
		}
	}
	slices.SortFunc(out, func(a, b Item) int { return strings.Compare(a.SK, b.SK) })
	return out, nil
}
