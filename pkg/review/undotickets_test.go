package review_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/review"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/ticketing"
)

func (w *world) office() ticketing.Office {
	return ticketing.Office{Table: w.store, Now: w.service.Now, Random: w.service.Random}
}

// newestEntry is the id of the newest audit entry.
func (w *world) newestEntry() string {
	w.t.Helper()
	list, err := state.Audits(w.t.Context(), w.store, "", 1)
	if err != nil || len(list) == 0 {
		w.t.Fatalf("the trail: %v, %v", list, err)
	}
	return list[0].ID
}

// changed writes an entry as the API does for settings.
func (w *world) changed(action, subject string, before, after any) string {
	w.t.Helper()
	fields := func(v any) map[string]string {
		raw, err := json.Marshal(v)
		if err != nil {
			w.t.Fatal(err)
		}
		if string(raw) == "null" {
			return nil
		}
		return map[string]string{"settings": string(raw)}
	}
	w.now = w.now.Add(time.Minute)
	if err := state.AddAudit(w.t.Context(), w.store, state.Audit{
		At: w.now, By: anna, Action: action, Subject: subject, Before: fields(before), After: fields(after),
	}, w.service.Random()); err != nil {
		w.t.Fatal(err)
	}
	return w.newestEntry()
}

func (w *world) undo(id string) string {
	w.t.Helper()
	w.now = w.now.Add(time.Minute)
	out, err := w.service.Undo(w.t.Context(), "ben", id)
	if err != nil || !out.Changed || out.AuditID != w.newestEntry() {
		w.t.Fatalf("undo: %+v, %v", out, err)
	}
	return out.AuditID
}

func (w *world) refused(id, says string) {
	w.t.Helper()
	w.now = w.now.Add(time.Minute)
	_, err := w.service.Undo(w.t.Context(), "ben", id)
	var refusal *review.Refusal
	if !errors.As(err, &refusal) || refusal.Why != review.Clash || !strings.Contains(refusal.Message, says) {
		w.t.Errorf("refused with %v, want words on %q", err, says)
	}
}

func TestUndoOfTicketSettingsRestoresThemAndIsUndone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	set := func(s alert.Settings) string {
		before, err := state.LoadTicketSettings(t.Context(), w.store)
		if err != nil {
			t.Fatal(err)
		}
		if err := state.SaveTicketDefaults(t.Context(), w.store, s); err != nil {
			t.Fatal(err)
		}
		return w.changed("change ticket settings", "ticketing", before.Defaults, s)
	}
	is := func(note alert.Minutes) {
		t.Helper()
		now, err := state.LoadTicketSettings(t.Context(), w.store)
		if err != nil || now.Defaults.NoteEvery != note {
			t.Errorf("notes every %d, %v; want %d", now.Defaults.NoteEvery, err, note)
		}
	}
	one, two := alert.Defaults(), alert.Defaults()
	one.NoteEvery, two.NoteEvery = 11, 22
	first := set(one)
	second := set(two)
	w.refused(first, "anna@msp.example decided this again")
	taken := w.undo(second)
	is(11)
	w.refused(second, "undone already")
	w.undo(taken) // done again
	is(22)
	w.undo(w.newestEntry())
	is(11)
	w.undo(first)
	is(alert.Defaults().NoteEvery)

	third := set(two)
	if err := state.SaveTicketDefaults(t.Context(), w.store, one); err != nil { // past the trail
		t.Fatal(err)
	}
	w.refused(third, "changed again since")
	is(11)
}

func TestUndoOfACustomersTicketSettingsLeavesOthersAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	own := func(c string) string {
		s, err := state.LoadTicketSettingsOf(t.Context(), w.store, c)
		if err != nil {
			t.Fatal(err)
		}
		return string(s.Overrides[c]["noteEvery"])
	}
	set := func(c string, o alert.Overrides) string {
		before, err := state.LoadTicketSettingsOf(t.Context(), w.store, c)
		if err != nil {
			t.Fatal(err)
		}
		if err := state.SaveTicketOverrides(t.Context(), w.store, c, o); err != nil {
			t.Fatal(err)
		}
		return w.changed("change ticket settings of a customer", "ticketing "+c, before.Overrides[c], o)
	}
	note := func(n string) alert.Overrides { return alert.Overrides{"noteEvery": json.RawMessage(n)} }
	first := set("c1", note("11"))
	other := set("c2", note("22"))
	w.undo(first) // what was decided for c2 since does not stand on it
	if own("c1") != "" || own("c2") != "22" {
		t.Errorf("c1 has %q, c2 has %q", own("c1"), own("c2"))
	}
	set("c1", note("12"))

	all, err := state.LoadTicketSettings(t.Context(), w.store)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := state.ResetTicketOverrides(t.Context(), w.store); err != nil {
		t.Fatal(err)
	}
	reset := w.changed("reset ticket settings of all customers", "ticketing", all.Overrides, nil)
	w.refused(other, "(reset ticket settings of all customers): undo that first")
	back := w.undo(reset)
	if own("c1") != "12" || own("c2") != "22" {
		t.Errorf("after the reset was undone c1 has %q, c2 has %q", own("c1"), own("c2"))
	}
	w.undo(back) // reset again
	if own("c1")+own("c2") != "" {
		t.Errorf("reset again, and c1 has %q, c2 has %q", own("c1"), own("c2"))
	}
	set("c2", note("23"))
	w.refused(reset, "decided this again")
	if own("c1") != "" || own("c2") != "23" {
		t.Errorf("a refused undo changed something: c1 has %q, c2 has %q", own("c1"), own("c2"))
	}
}

func TestUndoOfRulesRestoresTheWholeList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rules := func(name string) []alert.Rule {
		return []alert.Rule{{Name: name, Then: alert.Effect{NoTicket: true}}}
	}
	save := func(list []alert.Rule) string {
		t.Helper()
		w.now = w.now.Add(time.Minute)
		_, version, err := w.office().Rules(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.office().SaveRules(t.Context(), anna, list, version); err != nil {
			t.Fatal(err)
		}
		return w.newestEntry()
	}
	are := func(names ...string) {
		t.Helper()
		list, _, err := w.office().Rules(t.Context())
		if err != nil || len(list) != len(names) || len(list) > 0 && list[0].Name != names[0] {
			t.Errorf("rules %+v, %v; want %v", list, err, names)
		}
	}
	first, second := save(rules("one")), save(rules("two"))
	w.refused(first, "(change ticket rules): undo that first")
	w.undo(second)
	are("one")
	w.undo(first)
	are()
	w.undo(w.newestEntry())
	are("one")
}

func TestUndoOfSnoozesAndWindows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := func(until time.Duration) alert.Silence {
		t.Helper()
		w.now = w.now.Add(time.Minute)
		s, err := w.office().Silence(t.Context(), anna, alert.Silence{
			Kind: alert.Window, CustomerID: "c1", Scope: alert.OnCustomer, Reason: "works", Until: w.now.Add(until),
		})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	until := func(s alert.Silence) time.Time {
		t.Helper()
		now, _, err := state.LoadSilence(t.Context(), w.store, "c1", s.ID)
		if errors.Is(err, state.ErrNotFound) {
			return time.Time{}
		}
		if err != nil {
			t.Fatal(err)
		}
		return now.Until
	}
	s := made(8 * time.Hour)
	making := w.newestEntry()
	w.now = w.now.Add(time.Minute)
	longer := s
	longer.Until = s.Until.Add(time.Hour)
	if _, err := w.office().ChangeSilence(t.Context(), anna, longer); err != nil {
		t.Fatal(err)
	}
	w.refused(making, "(change window): undo that first")
	w.undo(w.newestEntry())
	if !until(s).Equal(s.Until) {
		t.Errorf("changed back it holds until %s", until(s))
	}
	w.now = w.now.Add(time.Minute)
	if err := w.office().EndSilence(t.Context(), anna, "c1", s.ID); err != nil {
		t.Fatal(err)
	}
	w.undo(w.newestEntry())
	if !until(s).Equal(s.Until) {
		t.Errorf("its end undone it holds until %s", until(s))
	}
	gone := w.undo(making)
	if !until(s).IsZero() {
		t.Errorf("its making undone it holds until %s", until(s))
	}
	w.undo(gone)
	if !until(s).Equal(s.Until) {
		t.Errorf("made again it holds until %s", until(s))
	}

	short := made(10 * time.Minute)
	making = w.newestEntry()
	w.now = w.now.Add(time.Minute)
	if err := w.office().EndSilence(t.Context(), anna, "c1", short.ID); err != nil {
		t.Fatal(err)
	}
	ending := w.newestEntry()
	w.now = w.now.Add(time.Hour)
	w.refused(ending, "it would have ended by now")
	w.refused(making, "(end window): undo that first")
	made(time.Minute)
	making = w.newestEntry()
	w.now = w.now.Add(time.Hour)
	w.refused(making, "by itself: there is nothing to undo")

	later := alert.Silence{Kind: alert.Window, CustomerID: "c1", Scope: alert.OnCustomer, Reason: "works", From: w.now.Add(3 * time.Hour), Until: w.now.Add(4 * time.Hour)}
	later, err := w.office().Silence(t.Context(), anna, later)
	if err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(time.Minute)
	if err := w.office().EndSilence(t.Context(), anna, "c1", later.ID); err != nil { // not begun: it is removed
		t.Fatal(err)
	}
	w.undo(w.newestEntry())
	if !until(later).Equal(later.Until) {
		t.Errorf("removed and back it holds until %s", until(later))
	}
}

func TestWhoMayUndoIsToldWhatAnEntryIsAbout(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for subject, want := range map[string]review.About{
		"ticketing":          {Defaults: true, Places: true},
		"ticketing c1":       {Customer: "c1", Places: true},
		"ticketing rules":    {Places: true},
		"silence c1 s1":      {Customer: "c1"},
		"organization c1":    {Customer: "c1"},
		"mode c1":            {Customer: "c1", Defaults: true},
		"configuration c1 a": {Customer: "c1"},
	} {
		id := w.changed("change", subject, nil, map[string]string{"a": "b"})
		if got, err := w.service.About(t.Context(), id); err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", subject, got, err, want)
		}
	}
	id := w.changed("reset ticket settings of all customers", "ticketing", map[string]alert.Overrides{"c1": {}}, nil)
	if got, err := w.service.About(t.Context(), id); err != nil || got.Customer != "" || !got.Defaults {
		t.Errorf("of all: %+v, %v", got, err)
	}
	w.refused(w.changed("change settings", "documentation", map[string]string{"a": "b"}, map[string]string{"a": "c"}), "cannot be undone")
}
