package state_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/state"
)

func TestOfTwoPeopleWhoEditTheRulesOneIsToldToReadAgain(t *testing.T) {
	t.Parallel()
	kept := table(t)
	rules, version, err := state.LoadTicketRules(t.Context(), kept)
	if err != nil || len(rules) != 0 || version != state.New {
		t.Fatalf("rules %v at %d, %v", rules, version, err)
	}
	one := []alert.Rule{{Name: "one", Then: alert.Effect{NoTicket: true}}}
	next, err := state.SaveTicketRules(t.Context(), kept, one, version)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := state.SaveTicketRules(t.Context(), kept, nil, version); !errors.Is(err, state.ErrConflict) {
		t.Errorf("the second writer: %v", err)
	}
	if _, err := state.SaveTicketRules(t.Context(), kept, []alert.Rule{{Name: "wrong"}}, next); err == nil || !strings.Contains(err.Error(), "changes nothing") {
		t.Errorf("a wrong rule: %v", err)
	}
	all, err := state.LoadTicketSettings(t.Context(), kept)
	if err != nil || len(all.Rules) != 1 {
		t.Errorf("settings with rules %+v, %v", all.Rules, err)
	}
	plain := state.TicketSettings{Defaults: all.Defaults}
	if all.Digest("c1") == plain.Digest("c1") {
		t.Error("a rule makes nobody due")
	}
}

func TestSilencesConcernTheirCustomerOnly(t *testing.T) {
	t.Parallel()
	kept := table(t)
	until := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	for _, s := range []alert.Silence{{ID: "2", CustomerID: "c1", Until: until}, {ID: "1", CustomerID: "c1"}, {ID: "1", CustomerID: "c10", Until: until}} {
		if err := state.SaveSilence(t.Context(), kept, s, state.New); err != nil {
			t.Fatal(err)
		}
	}
	if err := state.SaveSilence(t.Context(), kept, alert.Silence{ID: "a#b", CustomerID: "c1"}, state.New); err == nil {
		t.Error("an id that could be another customer's is kept")
	}
	own, err := state.LoadTicketSettingsOf(t.Context(), kept, "c1")
	if err != nil || len(own.Silences) != 1 || len(own.Silences["c1"]) != 2 || own.Silences["c1"][0].ID != "1" {
		t.Errorf("silences %+v, %v", own.Silences, err)
	}
	all, err := state.LoadTicketSettings(t.Context(), kept)
	if err != nil || len(all.Silences) != 2 {
		t.Errorf("silences %+v, %v", all.Silences, err)
	}
	if own.Digest("c1") != all.Digest("c1") || all.Digest("c1") == all.Digest("c10") {
		t.Error("a customer's silences do not make it, and only it, due")
	}
	if err := state.DropSilence(t.Context(), kept, "c1", "2", state.Any); err != nil {
		t.Fatal(err)
	}
	if _, _, err := state.LoadSilence(t.Context(), kept, "c1", "2"); !errors.Is(err, state.ErrNotFound) {
		t.Errorf("a dropped one: %v", err)
	}
}

func TestWhatWaitsIsWrittenOnlyWhenItIsNews(t *testing.T) {
	t.Parallel()
	kept := table(t)
	at := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	for _, w := range []state.Waiting{{}, {Alerts: 2, Groups: 1, Since: at}, {Alerts: 2, Groups: 1, Since: at}, {}} {
		if err := state.SaveWaiting(t.Context(), kept, w); err != nil {
			t.Fatal(err)
		}
		if got, err := state.LoadWaiting(t.Context(), kept); err != nil || got != w {
			t.Errorf("%+v, %v, want %+v", got, err, w)
		}
	}
	if _, err := state.LoadTicketOwner(t.Context(), kept, 7); !errors.Is(err, state.ErrNotFound) {
		t.Errorf("an unknown ticket: %v", err)
	}
	if err := state.SaveTicketOwner(t.Context(), kept, 7, state.TicketOwner{Customer: "c1", Group: "g"}, at); err != nil {
		t.Fatal(err)
	}
}
