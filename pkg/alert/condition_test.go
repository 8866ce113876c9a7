package alert

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"uniview-bridge/pkg/backup"
)

func failedBackup(machine string, minute int, change func(*Alert)) Alert {
	a := Alert{
		Type: TypeAlert, CustomerID: "c1", CustomerName: "Ada Ltd", ApplianceID: "ap1", ApplianceName: "Box",
		Message: fmt.Sprintf("Backup of %s failed %d times.", machine, minute+500), Severity: SeverityWarning, Created: at(minute),
	}
	if change != nil {
		change(&a)
	}
	return a
}

func machine(name string, goodAt time.Time) backup.Asset {
	m := backup.Asset{Family: backup.FamilyAppliance, ID: "id-" + name, CustomerID: "c1", ApplianceID: "ap1", Name: name}
	if !goodAt.IsZero() {
		m.Last = &backup.Backup{Complete: goodAt, Result: backup.Successful}
	}
	return m
}

// one folds readings in turn and returns the only condition.
func one(t *testing.T, readings ...Reading) Condition {
	t.Helper()
	var all map[string]Condition
	for _, r := range readings {
		all, _ = Fold(all, r)
	}
	if len(all) != 1 {
		t.Fatalf("%d conditions, want 1: %v", len(all), slices.Collect(maps.Keys(all)))
	}
	for _, c := range all {
		return c
	}
	return Condition{}
}

func TestFold(t *testing.T) {
	t.Parallel()
	dismissed := func(a *Alert) { a.Dismissed = true }
	muted := func(a *Alert) { a.Muted = true }
	srv := []backup.Asset{machine("SRV1", time.Time{}), machine("SRV2", time.Time{})}
	read := func(minute int, alerts ...Alert) Reading {
		return Reading{AsOf: at(minute), Alerts: alerts, Assets: srv}
	}
	good := func(r Reading, minute int) Reading {
		r.Assets = []backup.Asset{machine("SRV1", at(minute)), machine("SRV2", time.Time{})}
		return r
	}
	first, second := failedBackup("SRV1", -60, nil), failedBackup("SRV1", -30, nil)
	hardware := failedBackup("SRV1", -60, func(a *Alert) { a.Message = "Disk failure on SRV1, backup stopped" })
	for _, tt := range []struct {
		name     string
		readings []Reading
		state    ConditionState
		why      string
		count    int
		total    int
	}{
		{"a new alert opens", []Reading{read(0, first)}, ConditionOpen, "", 1, 1},
		{"the same alert read again is one occurrence", []Reading{read(0, first), read(5, first)}, ConditionOpen, "", 1, 1},
		{"a later alert repeats it", []Reading{read(0, first), read(5, first, second)}, ConditionOpen, "", 2, 2},
		{"a muted new alert is quiet", []Reading{read(0, failedBackup("SRV1", -60, muted))}, ConditionMuted, "", 0, 0},
		{"a muted one that is unmuted opens", []Reading{read(0, failedBackup("SRV1", -60, muted)), read(5, first)}, ConditionOpen, "", 1, 1},
		{"a known one that is muted stays open", []Reading{read(0, first), read(5, failedBackup("SRV1", -60, muted))}, ConditionOpen, "", 1, 1},
		{"a muted repeat is not counted", []Reading{read(0, first), read(5, first, failedBackup("SRV1", -30, muted))}, ConditionOpen, "", 1, 1},
		{"a muted repeat keeps it open when the rest is dismissed", []Reading{read(0, first, failedBackup("SRV1", -30, muted)), read(5, failedBackup("SRV1", -60, dismissed), failedBackup("SRV1", -30, muted))}, ConditionOpen, "", 1, 1},
		{"all dismissed is over", []Reading{read(0, first, second), read(5, failedBackup("SRV1", -60, dismissed), failedBackup("SRV1", -30, dismissed))}, ConditionOver, Dismissed, 2, 2},
		{"one of two dismissed is open", []Reading{read(0, first, second), read(5, failedBackup("SRV1", -60, dismissed), second)}, ConditionOpen, "", 2, 2},
		{"undismissed again is open again", []Reading{read(0, first), read(5, failedBackup("SRV1", -60, dismissed)), read(10, first)}, ConditionOpen, "", 1, 2},
		{"absent once is open", []Reading{read(0, first), read(5)}, ConditionOpen, "", 1, 1},
		{"absent twice in one read is open", []Reading{read(0, first), read(5), read(5)}, ConditionOpen, "", 1, 1},
		{"absent twice within a minute is open", []Reading{read(0, first), read(5), {AsOf: at(5).Add(59 * time.Second), Assets: srv}}, ConditionOpen, "", 1, 1},
		{"absent twice a minute apart is over", []Reading{read(0, first), read(5), read(6)}, ConditionOver, Vanished, 1, 1},
		{"absent, back, absent is open", []Reading{read(0, first), read(5), read(6, first), read(7)}, ConditionOpen, "", 1, 1},
		{"vanished and back is a new episode", []Reading{read(0, first), read(5), read(6), read(10, first)}, ConditionOpen, "", 1, 2},
		{"a good backup after the last occurrence is the end", []Reading{read(0, first, second), good(read(5, first, second), -10)}, ConditionOver, Recovered, 2, 2},
		{"a good backup before the last occurrence is not", []Reading{read(0, first, second), good(read(5, first, second), -40)}, ConditionOpen, "", 2, 2},
		{"nor one before a later occurrence that was dismissed", []Reading{read(0, first, second), good(read(5, first, failedBackup("SRV1", -30, dismissed)), -40)}, ConditionOpen, "", 2, 2},
		{"but one after both is", []Reading{read(0, first, second), good(read(5, first, failedBackup("SRV1", -30, dismissed)), -10)}, ConditionOver, Recovered, 2, 2},
		{"recovered stays over while listed, whatever backups follow", []Reading{read(0, first), good(read(5, first), -10), read(10, first)}, ConditionOver, Recovered, 1, 1},
		{"a new occurrence after recovery opens", []Reading{read(0, first), good(read(5, first), -40), good(read(10, first, second), -40)}, ConditionOpen, "", 1, 2},
		{"recovered before it was first seen makes no trouble", []Reading{good(read(0, first), -10)}, ConditionOver, Recovered, 1, 1},
		{"a good backup never ends a hardware trouble", []Reading{read(0, hardware), good(read(5, hardware), -10)}, ConditionOpen, "", 1, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := one(t, tt.readings...)
			if c.State != tt.state || c.Count != tt.count || c.Total != tt.total {
				t.Errorf("state %s count %d total %d, want %s %d %d (%s)", c.State, c.Count, c.Total, tt.state, tt.count, tt.total, c.Reason)
			}
			why := ""
			if c.Evidence != nil {
				why = c.Evidence.Why
			}
			if why != tt.why {
				t.Errorf("evidence %q, want %q", why, tt.why)
			}
			if c.Reason == "" {
				t.Error("no reason")
			}
		})
	}
	t.Run("an alert dismissed before it was first seen is nothing", func(t *testing.T) {
		t.Parallel()
		if all, _ := Fold(nil, read(0, failedBackup("SRV1", -60, dismissed))); len(all) != 0 {
			t.Errorf("conditions %v", all)
		}
	})
	t.Run("a first absence asks for a second look", func(t *testing.T) {
		t.Parallel()
		all, _ := Fold(nil, read(0, first))
		if _, again := Fold(all, read(5)); !again.Equal(at(6)) {
			t.Errorf("second look at %v, want a minute later", again)
		}
	})
}

func TestNotToldKeepsItsKeyWhenTheMachineBecomesKnown(t *testing.T) {
	t.Parallel()
	untold := func(minute int, id string) Alert {
		return failedBackup("", minute, func(a *Alert) { a.Message, a.AssetID = "The asset backup was not created for the last 1 hour(s).", id })
	}
	assets := []backup.Asset{machine("SRV1", time.Time{}), machine("SRV2", time.Time{})}
	all, _ := Fold(nil, Reading{AsOf: at(0), Alerts: []Alert{untold(-60, "")}, Assets: assets})
	all, _ = Fold(all, Reading{AsOf: at(5), Alerts: []Alert{untold(-60, "id-SRV1")}, Assets: assets})
	if len(all) != 1 {
		t.Fatalf("%d conditions after attribution, want the one it was", len(all))
	}
	for _, c := range all {
		if c.MachineTold() || c.AssetKey != "appliance:id-SRV1" || c.AssetName != "SRV1" {
			t.Errorf("condition %q is on %q (%s), want the old key on SRV1", c.Key, c.AssetKey, c.AssetName)
		}
	}
	// A repeat on the same machine joins; one on another machine is another condition.
	all, _ = Fold(all, Reading{AsOf: at(10), Alerts: []Alert{untold(-60, "id-SRV1"), untold(-5, "id-SRV1"), untold(-4, "id-SRV2")}, Assets: assets})
	if len(all) != 2 {
		t.Fatalf("%d conditions, want 2", len(all))
	}
	for _, c := range all {
		if !c.MachineTold() && c.Count != 2 || c.MachineTold() && (c.Count != 1 || c.AssetName != "SRV2") {
			t.Errorf("condition on %s has %d occurrences", c.AssetName, c.Count)
		}
	}
	// The answer stops telling: what was told stays told, and recovery counts.
	assets[0] = machine("SRV1", at(11))
	all, _ = Fold(all, Reading{AsOf: at(15), Alerts: []Alert{untold(-60, ""), untold(-5, ""), untold(-4, "id-SRV2")}, Assets: assets})
	for _, c := range all {
		if over := c.State == ConditionOver; over != !c.MachineTold() {
			t.Errorf("condition on %s is %s", c.AssetName, c.State)
		}
	}
}

func TestTwoMachinesUnderOneUntoldKeyAreNotRecoveredByOne(t *testing.T) {
	t.Parallel()
	untold := func(minute int, id string) Alert {
		return failedBackup("", minute, func(a *Alert) { a.Message, a.AssetID = "The asset backup was not created for the last 1 hour(s).", id })
	}
	assets := []backup.Asset{machine("SRV1", at(-1)), machine("SRV2", time.Time{})}
	all, _ := Fold(nil, Reading{AsOf: at(0), Alerts: []Alert{untold(-60, ""), untold(-50, "")}})
	all, _ = Fold(all, Reading{AsOf: at(5), Alerts: []Alert{untold(-60, "id-SRV1"), untold(-50, "id-SRV2")}, Assets: assets})
	for _, c := range all {
		if c.State != ConditionOpen || c.AssetKey != "" {
			t.Errorf("condition is %s on %q, want open and not told", c.State, c.AssetKey)
		}
	}
}

// Folding is idempotent on one read, independent of the order of alerts, never
// drops an active alert, and ends nothing without evidence.
func TestFoldProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		type fact struct{ listed, muted, dismissed bool }
		names := []string{"SRV1", "SRV2", "NAS"}
		kinds := []string{"Backup of %s failed.", "Disk failure on %s.", "The asset backup was not created for the last 1 hour(s)."}
		var all map[string]Condition
		asOf := noon
		for range rapid.IntRange(1, 8).Draw(t, "reads") {
			asOf = asOf.Add(time.Duration(rapid.IntRange(1, 400).Draw(t, "seconds")) * time.Second)
			var alerts []Alert
			active := map[string]bool{}
			for i, name := range names {
				for k, kind := range kinds {
					for n := range 2 {
						f := fact{rapid.Bool().Draw(t, "listed"), rapid.Bool().Draw(t, "muted"), rapid.Bool().Draw(t, "dismissed")}
						if !f.listed {
							continue
						}
						message := kind
						if k < 2 {
							message = fmt.Sprintf(kind, name)
						}
						a := Alert{
							Type: TypeAlert, CustomerID: "c1", ApplianceID: "ap1", Message: message, Created: at(-100*i - 10*k - n),
							Severity: SeverityWarning, Muted: f.muted, Dismissed: f.dismissed,
						}
						alerts = append(alerts, a)
						if !f.dismissed {
							active[Fingerprint(a)] = true
						}
					}
				}
			}
			var assets []backup.Asset
			for _, name := range names {
				assets = append(assets, machine(name, at(rapid.IntRange(-400, 10).Draw(t, "good"))))
			}
			r := Reading{AsOf: asOf, Alerts: alerts, Assets: assets}
			before := all
			all, _ = Fold(before, r)
			again, _ := Fold(all, r)
			if diff := cmp.Diff(all, again); diff != "" {
				t.Fatalf("folding the same read twice differs:\n%s", diff)
			}
			r.Alerts = slices.Clone(alerts)
			slices.Reverse(r.Alerts)
			if shuffled, _ := Fold(before, r); !cmp.Equal(all, shuffled) {
				t.Fatalf("order matters:\n%s", cmp.Diff(all, shuffled))
			}
			for fp := range active {
				found := false
				for _, c := range all {
					o, has := c.Occurrences[fp]
					found = found || has && (o.Over == "" || o.Over == Recovered)
				}
				if !found {
					t.Fatalf("active alert %s is in no condition", fp)
				}
			}
			for _, c := range all {
				over := !slices.ContainsFunc(slices.Collect(maps.Values(c.Occurrences)), func(o Occurrence) bool { return o.Over == "" })
				if over != (c.State == ConditionOver) {
					t.Fatalf("%s is %s with occurrences %v", c.Key, c.State, c.Occurrences)
				}
				if c.State == ConditionOver && (c.Evidence == nil || c.Evidence.Why == "" || c.Evidence.AsOf.IsZero()) {
					t.Fatalf("%s is over without evidence", c.Key)
				}
				if c.State == ConditionOver && c.Evidence.Why == Recovered && !c.Class.Heals() {
					t.Fatalf("a backup ended a condition of class %s", c.Class)
				}
			}
		}
	})
}
