package docsync_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/docsync"
	"uniview-bridge/pkg/itglue/sandbox"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/plan"
	"uniview-bridge/pkg/state"
)

func TestAPersonSyncsOneMachineNowInEitherMode(t *testing.T) {
	t.Parallel()
	for _, mode := range []state.Mode{state.Preview, state.Live} {
		w := newWorld(t, 3)
		w.must(state.SaveModes(t.Context(), w.table, state.Modes{Documentation: mode, Ticketing: mode}))
		w.only = "appliance:a001"
		w.prepareSlice()
		if p := w.plan(); len(p) != 1 || p[0].Action != plan.Create || p[0].Title != "SRV001" {
			t.Errorf("%s: planned: %+v", mode, p)
		}
		r, err := w.handle()
		if p := w.published(); err != nil || !r.Done || len(p) != 1 || p[0].fields[docsync.FieldMachine] != "SRV001" {
			t.Fatalf("%s: %+v, %v: %+v", mode, r, err, p)
		}
		// Times alone do not wait for their pace.
		w.now = w.now.Add(time.Minute)
		w.slice.Assets[1].Last = &backup.Backup{Start: w.now, Complete: w.now, SizeMB: 9, Result: backup.Successful}
		w.slice.Assets[2].Last = &backup.Backup{Start: w.now, Complete: w.now, Result: backup.Failed}
		if r := w.mustSync(); r.Changed["update flexible asset"] != 1 || len(w.published()) != 1 || w.published()[0].fields[docsync.FieldStorage] != "9 MB (last backup size)" {
			t.Errorf("%s, again: %+v", mode, r)
		}
		// The customer is as due as it was before: the others are made by its own sync.
		w.only = ""
		want := map[state.Mode]int{state.Preview: 0, state.Live: 2}[mode]
		if r := w.mustSync(); r.Changed["create flexible asset"] != want {
			t.Errorf("%s, then all: %+v", mode, r)
		}
	}
}

// restricted says of each of our live flexible assets whether it is.
func (w *world) restricted() (out []bool) {
	ids := map[string]bool{}
	for _, p := range w.live() {
		ids[p.id] = true
	}
	w.glue.View(func(s *sandbox.State) {
		for _, a := range s.FlexibleAssets {
			if ids[fmt.Sprint(a.ID)] {
				out = append(out, a.Restricted)
			}
		}
	})
	return out
}

func TestRestrictedReachesWhatStandsAlreadyAndLeavesPeoplesRestrictions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2)
	w.mustSync()
	w.set(func(s *docsync.Settings) { s.Restricted = true })
	w.now = w.now.Add(time.Hour)
	if r := w.mustSync(); r.Changed["update flexible asset"] != 2 || slices.Contains(w.restricted(), false) {
		t.Fatalf("switched on: %+v", r)
	}
	w.set(func(s *docsync.Settings) { s.Restricted = false })
	if r := w.mustSync(); r.Changed["update flexible asset"] != 2 || slices.Contains(w.restricted(), true) {
		t.Fatalf("switched off: %+v", r)
	}
	w.glue.Edit(func(s *sandbox.State) {
		for _, a := range s.FlexibleAssets {
			a.Restricted = true
		}
	})
	w.fail(0, 1)
	if r := w.mustSync(); r.Changed["update flexible asset"] != 2 || slices.Contains(w.restricted(), false) {
		t.Errorf("restricted by people: %+v", r)
	}
}

func TestAMachineOfBothFamiliesIsShownOnceWithTheWorseStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.slice.Assets = append(w.slice.Assets, backup.Asset{
		Family: backup.FamilyEndpoint, ID: "EP1", CustomerID: customer, Name: host(0), MAC: mac(0), LastGood: w.now.Add(-72 * time.Hour), StorageBytes: 5e9,
	})
	w.mustSync()
	p := w.published()
	if len(p) != 1 {
		t.Fatalf("%d published", len(p))
	}
	f := p[0].fields
	for field, want := range map[string]string{
		docsync.FieldStatus: "Overdue", docsync.FieldIDs: "appliance:a000, endpoint:EP1", docsync.FieldLastGood: "2026-03-10 11:00 UTC",
		docsync.FieldStorage: "8,060 MB (last backup size); 5.0 GB", docsync.FieldOverdue: "2026-03-09",
	} {
		if f[field] != want {
			t.Errorf("%s: %q, want %q", field, f[field], want)
		}
	}
	for _, part := range []string{"no good backup within its limit", "the last backup was successful"} {
		if !strings.Contains(f[docsync.FieldDetails], part) {
			t.Errorf("the details do not tell %q: %s", part, f[docsync.FieldDetails])
		}
	}
}

func TestTheExpiryDateMovesWithGoodBackupsNotWithTheClock(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.mustSync()
	expiry := func() string { return w.published()[0].fields[docsync.FieldOverdue] }
	if expiry() != "2026-03-12" {
		t.Fatalf("%q", expiry())
	}
	for _, f := range docsync.Spec.Fields {
		if f.Name == docsync.FieldOverdue && (f.Kind != "Date" || !f.Expiration) {
			t.Errorf("no field that a workflow on expirations watches: %+v", f)
		}
	}
	w.now = w.now.Add(5 * time.Hour)
	w.fail(0)
	if w.mustSync(); expiry() != "2026-03-12" {
		t.Errorf("after a failed backup: %q", expiry())
	}
	w.now = w.now.Add(19 * time.Hour)
	w.slice.Assets[0].Last = &backup.Backup{Start: w.now, Complete: w.now, Result: backup.Successful}
	if w.mustSync(); expiry() != "2026-03-13" {
		t.Errorf("after a good backup: %q", expiry())
	}
}

func TestTheDetailsLinkToTheConsole(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.set(func(s *docsync.Settings) { s.ConsoleURL = "https://bridge.example/" })
	w.mustSync()
	if d := w.published()[0].fields[docsync.FieldDetails]; !strings.Contains(d, `<a href="https://bridge.example/assets/appliance:a000">Compare data or sync now</a>`) {
		t.Error(d)
	}
}

func TestLastGoodComesFromUniViewsHistoryOrSaysSinceWhenNoneWasSeen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 3)
	w.fail(0, 1, 2)
	from := w.now.Add(-35 * 24 * time.Hour).Truncate(24 * time.Hour)
	w.slice.History = map[string]backup.History{
		"appliance:a000": {From: from, End: w.now, Result: backup.Failed, Good: w.now.Add(-30 * time.Hour)},
		"appliance:a001": {From: from, End: w.now, Result: backup.Failed},
	}
	w.mustSync()
	for i, want := range []string{"2026-03-09 06:00 UTC", "none seen since 2026-02-03", "none seen since 2026-03-10"} {
		if f := w.published()[i].fields; f[docsync.FieldLastGood] != want || f[docsync.FieldStatus] != "Failed" {
			t.Errorf("%d: %q, %q, want %q", i, f[docsync.FieldLastGood], f[docsync.FieldStatus], want)
		}
	}
	w.slice.Assets[1].Last = &backup.Backup{Start: w.now, Result: backup.UnknownRes}
	w.now = w.now.Add(time.Hour)
	w.mustSync()
	if f := w.published()[1].fields; f[docsync.FieldStatus] != "None seen" || f[docsync.FieldSince] != "2026-02-03 00:00 UTC" {
		t.Errorf("%q since %q", f[docsync.FieldStatus], f[docsync.FieldSince])
	}
}

func TestMachinesOfOrganizationsBelowAreShownThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2)
	// The second machine's configuration is in the organization below only.
	w.glue.Edit(func(s *sandbox.State) {
		for id, c := range s.Configurations {
			if fmt.Sprint(c.ID) == w.confs[1] || fmt.Sprint(c.OrganizationID) == w.org[1] && c.Name == host(0) {
				delete(s.Configurations, id)
			}
		}
	})
	w.slice.Below = []string{w.org[1]}
	if r := w.mustSync(); r.Changed["create flexible asset"] != 2 {
		t.Fatalf("%+v", r)
	}
	w.once()
	for i, p := range w.published() {
		if p.organization != w.org[i] {
			t.Errorf("%s is shown in %s", p.fields[docsync.FieldMachine], p.organization)
		}
	}
	w.now = w.now.Add(time.Hour)
	if r := w.mustSync(); len(r.Changed) != 0 || len(w.glue.Requests()) != 0 {
		t.Errorf("a steady sync: %+v, %v", r, w.glue.Requests())
	}
	// The configuration is moved up: what is below goes first.
	w.glue.Edit(func(s *sandbox.State) {
		for _, c := range s.Configurations {
			if c.Name == host(1) {
				_, err := fmt.Sscan(w.org[0], &c.OrganizationID)
				w.must(err)
			}
		}
	})
	w.now = w.now.Add(time.Hour)
	w.prepareSlice()
	if p := w.plan(); len(p) != 1 || p[0].Action != plan.Unlink || p[0].Reason != "its configuration was moved to another organization" {
		t.Errorf("planned: %+v", p)
	}
	if r, err := w.handle(); err != nil || r.Changed["unlink flexible asset"] != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	w.now = w.now.Add(time.Minute)
	w.mustSync()
	live := w.live()
	if len(live) != 2 || live[0].organization != w.org[0] || live[1].organization != w.org[0] {
		t.Errorf("%+v", live)
	}
	w.once()
}

func TestAPersonsDecisionSurvivesListsOfAnotherAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2)
	w.mustSync()
	_, err := state.UpdateDocumentation(t.Context(), w.table, customer, func(d *state.Documentation) error {
		m := d.Machines["appliance:a000"]
		m.Link = match.Link{State: match.Matched, TargetID: w.confs[0], TargetName: host(0), By: "anna", At: w.now, Reason: "chosen"}
		d.Machines["appliance:a000"] = m
		return nil
	})
	w.must(err)
	was := w.slice
	// Other credentials show another account's lists: nothing of this customer is there.
	w.slice.Assets = nil
	for range 3 {
		w.now = w.now.Add(time.Hour)
		w.mustSync()
	}
	w.slice = was
	w.now = w.now.Add(time.Hour)
	w.mustSync()
	doc, err := state.LoadDocumentation(t.Context(), w.table, customer)
	w.must(err)
	if l := doc.Machines["appliance:a000"].Link; l.By != "anna" || l.TargetID != w.confs[0] || l.State != match.Matched {
		t.Errorf("%+v", l)
	}
	for _, p := range w.live() {
		if p.fields[docsync.FieldStatus] != "Success" {
			t.Errorf("%+v", p.fields)
		}
	}
	w.once()
}

func TestSettingsSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	if wrong := docsync.DefaultSettings.Validate(); wrong != nil {
		t.Errorf("the defaults: %v", wrong)
	}
	if wrong := (docsync.Settings{}).Validate(); wrong != nil {
		t.Errorf("nothing set: %v", wrong)
	}
	for _, tt := range []struct {
		field, words string
		s            docsync.Settings
	}{
		{"timesEvery", "between 1 minute and 7 days", docsync.Settings{TimesEvery: time.Second}},
		{"status.unknownAfter", "between 1 hour and 7 days", docsync.Settings{Status: backup.Settings{UnknownAfter: 30 * 24 * time.Hour}}},
		{"status.overdueFactor", "between 1 and 20", docsync.Settings{Status: backup.Settings{OverdueFactor: 0.5}}},
		{"status.overdueAtMost", "at least status.overdueAtLeast, which is 26 hours", docsync.Settings{Status: backup.Settings{OverdueAtMost: 2 * time.Hour}}},
		{"searchAfter", "growing times", docsync.Settings{SearchAfter: []time.Duration{5 * time.Minute, time.Minute}}},
		{"lookUps", "at most 1000", docsync.Settings{LookUps: 5000}},
		{"consoleUrl", "https address", docsync.Settings{ConsoleURL: "javascript:alert(1)"}},
		{"consoleUrl", "https address", docsync.Settings{ConsoleURL: "https://anna:secret@bridge.example"}},
		{"macs", "no address and no pattern", docsync.Settings{MACs: match.MACSettings{Shared: []match.SharedMAC{{Pattern: "nonsense"}}}}},
		{"coverageTypes", "1 to 200 characters", docsync.Settings{CoverageTypes: []string{" "}}},
	} {
		wrong := tt.s.Validate()
		if len(wrong) != 1 || !strings.Contains(wrong[tt.field], tt.words) {
			t.Errorf("%s: %v, want %q", tt.field, wrong, tt.words)
		}
	}
}
