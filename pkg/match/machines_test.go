package match_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/match"
)

const (
	macA = "00:1A:2B:00:00:0A"
	macB = "00:1A:2B:00:00:0B"
	macV = "52:54:00:00:00:01" // KVM
)

func machine(family backup.Family, key, name, mac string, active time.Time) backup.Asset {
	a := backup.Asset{Family: family, ID: key, CustomerID: "c", Name: name, MAC: mac}
	if family == backup.FamilyEndpoint {
		a.LastGood = active
	} else {
		a.Last = &backup.Backup{Start: active, Complete: active, Result: backup.Successful}
	}
	return a
}

func box(name, mac string) backup.Asset { return machine(backup.FamilyAppliance, "1", name, mac, now) }

func conf(n int, name string, macs ...string) match.Configuration {
	return match.Configuration{ID: id("k", n), OrganizationID: o0, Name: name, OtherMACs: macs}
}

var k0 = id("k", 0)

func TestConfigurationOfAMachine(t *testing.T) {
	t.Parallel()
	archived := conf(0, "SRV1", macA)
	archived.Archived = true
	auto := func(target, name string) map[string]match.Link {
		return map[string]match.Link{"appliance:1": {State: match.Matched, TargetID: target, TargetName: name, By: match.Auto, At: now.Add(-time.Hour), Reason: match.ReasonMAC}}
	}
	person := func(target, name string) map[string]match.Link {
		return map[string]match.Link{"appliance:1": {State: match.Matched, TargetID: target, TargetName: name, By: "anna"}}
	}
	since := func(links map[string]match.Link, at time.Time) map[string]match.Link {
		l := links["appliance:1"]
		l.At = at
		return map[string]match.Link{"appliance:1": l}
	}
	tests := []struct {
		name   string
		in     match.MachinesInput
		state  match.State
		cause  match.Cause
		target string
		reason string
	}{
		{"address and name agree", match.MachinesInput{Assets: []backup.Asset{box("SRV1.local", macA)}, Configurations: []match.Configuration{conf(0, "srv1", "001a.2b00.000a")}}, match.Matched, "", k0, match.ReasonMACAndHost},
		{"a card's own address links whatever the names", match.MachinesInput{Assets: []backup.Asset{box("X9", macA)}, Configurations: []match.Configuration{conf(0, "FILES", macA)}}, match.Matched, "", k0, match.ReasonMAC},
		{"a virtual address needs a name that agrees", match.MachinesInput{Assets: []backup.Asset{box("X9", macV)}, Configurations: []match.Configuration{conf(0, "FILES", macV)}}, match.Suggested, "", "", match.ReasonMACWeak},
		{"a virtual address with its name links", match.MachinesInput{Assets: []backup.Asset{box("files (VM)", macV)}, Configurations: []match.Configuration{conf(0, "FILES", macV)}}, match.Matched, "", k0, match.ReasonMACAndHost},
		{"the same address twice on one configuration is one", match.MachinesInput{Assets: []backup.Asset{box("S", macA)}, Configurations: []match.Configuration{conf(0, "S", macA, macA)}}, match.Matched, "", k0, match.ReasonMACAndHost},
		{"an address on two configurations", match.MachinesInput{Assets: []backup.Asset{box("S", macA)}, Configurations: []match.Configuration{conf(0, "S", macA), conf(1, "T", macA)}}, match.Attention, match.Ambiguous, "", match.ReasonMACTwice},
		{"two addresses on two configurations", match.MachinesInput{Assets: []backup.Asset{box("S", macA+", "+macB)}, Configurations: []match.Configuration{conf(0, "S", macA), conf(1, "T", macB)}}, match.Attention, match.Ambiguous, "", match.ReasonMACsSplit},
		{"an address of two machines", match.MachinesInput{Assets: []backup.Asset{box("S", macA), machine(backup.FamilyAppliance, "2", "T", macA, now)}, Configurations: []match.Configuration{conf(0, "S", macA)}}, match.Attention, match.Ambiguous, "", match.ReasonMACOtherNames},
		{"an address that other customers have", match.MachinesInput{Assets: []backup.Asset{box("S", macA)}, Configurations: []match.Configuration{conf(0, "S", macA)}, Facts: match.MACFacts{Shared: map[match.MAC]string{"001a2b00000a": "also on 2 machines of other customers"}}}, match.Suggested, "", "", "also on 2 machines"},
		{"no address, the name is suggested", match.MachinesInput{Assets: []backup.Asset{box("srv-1", "")}, Configurations: []match.Configuration{conf(0, "SRV1", macA)}}, match.Suggested, "", "", match.ReasonNoMAC},
		{"a zero address is none", match.MachinesInput{Assets: []backup.Asset{box("SRV1", "00:00:00:00:00:00")}, Configurations: []match.Configuration{conf(0, "SRV1", macA)}}, match.Suggested, "", "", match.ReasonNoMAC},
		{"no address, two of the name", match.MachinesInput{Assets: []backup.Asset{box("SRV1", "")}, Configurations: []match.Configuration{conf(0, "SRV1"), conf(1, "srv1")}}, match.Attention, match.Ambiguous, "", match.ReasonNoMACTwice},
		{"no address, two machines of the name", match.MachinesInput{Assets: []backup.Asset{box("SRV1", ""), machine(backup.FamilyAppliance, "2", "srv1", "", now)}, Configurations: []match.Configuration{conf(0, "SRV1")}}, match.Attention, match.Ambiguous, "", match.ReasonNoMACSame},
		{"siblings are not confused", match.MachinesInput{Assets: []backup.Asset{box("SRV01", "")}, Configurations: []match.Configuration{conf(0, "SRV02")}}, match.Unmatched, "", "", match.ReasonNoMACNothing},
		{"the address is not there but the name is", match.MachinesInput{Assets: []backup.Asset{box("SRV1", macB)}, Configurations: []match.Configuration{conf(0, "SRV1", macA)}}, match.Suggested, "", "", match.ReasonMACNotHost},
		{"only an archived configuration has the address", match.MachinesInput{Assets: []backup.Asset{box("SRV1", macA)}, Configurations: []match.Configuration{archived}}, match.Unmatched, "", "", match.ReasonMACArchived},
		{"the address is in another organization", match.MachinesInput{Assets: []backup.Asset{box("SRV1", macA)}, Facts: match.MACFacts{Elsewhere: map[match.MAC][]match.Elsewhere{"001a2b00000a": {{ConfigurationID: "9"}}}}}, match.Unmatched, "", "", match.ReasonMACElsewhere},
		{"a link stands by id when its address vanishes", match.MachinesInput{Assets: []backup.Asset{box("SRV1", macB)}, Configurations: []match.Configuration{conf(0, "SRV1")}, Previous: auto(k0, "SRV1")}, match.Matched, "", k0, ""},
		{"a link whose address moved needs a person", match.MachinesInput{Assets: []backup.Asset{box("SRV1", macA)}, Configurations: []match.Configuration{conf(0, "SRV1"), conf(1, "SRV1", macA)}, Previous: auto(k0, "SRV1")}, match.Attention, match.Conflict, k0, match.ReasonMACMoved},
		{"a person's link stands against the address", match.MachinesInput{Assets: []backup.Asset{box("SRV1", macA)}, Configurations: []match.Configuration{conf(0, "SRV1"), conf(1, "SRV1", macA)}, Previous: person(k0, "SRV1")}, match.Matched, "", k0, ""},
		{"a link to what was deleted", match.MachinesInput{Assets: []backup.Asset{box("SRV1", macA)}, Configurations: []match.Configuration{conf(1, "SRV1", macA)}, Previous: person(k0, "SRV1")}, match.Attention, match.Missing, k0, match.ReasonConfigMissing},
		{"a link to what was archived", match.MachinesInput{Assets: []backup.Asset{box("SRV1", macA)}, Configurations: []match.Configuration{archived}, Previous: auto(k0, "SRV1")}, match.Attention, match.Missing, k0, match.ReasonConfigArchived},
		{"a link that a person made after the list was read", match.MachinesInput{Assets: []backup.Asset{box("SRV1", macA)}, Configurations: []match.Configuration{conf(1, "SRV2")}, ReadFrom: now, Previous: since(person(k0, "SRV1"), now)}, match.Matched, "", k0, ""},
		{"a link to what is named as too new", match.MachinesInput{Assets: []backup.Asset{box("SRV1", macA)}, Configurations: []match.Configuration{conf(1, "SRV2")}, ReadFrom: now, TooNew: []string{k0}, Previous: person(k0, "SRV1")}, match.Matched, "", k0, ""},
		{"a link that a person made before the list was read", match.MachinesInput{Assets: []backup.Asset{box("SRV1", macA)}, Configurations: []match.Configuration{conf(1, "SRV2")}, ReadFrom: now, Previous: since(person(k0, "SRV1"), now.Add(-1))}, match.Attention, match.Missing, k0, match.ReasonConfigMissing},
		{"a renamed configuration that nothing confirms", match.MachinesInput{Assets: []backup.Asset{box("SRV1", "")}, Configurations: []match.Configuration{conf(0, "PRINTER")}, Previous: person(k0, "SRV1")}, match.Attention, match.Renamed, k0, `was "SRV1"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.in.Now = now
			l := match.Machines(tt.in)["appliance:1"].Link
			if l.State != tt.state || l.Cause != tt.cause || l.TargetID != tt.target || !strings.Contains(l.Reason, tt.reason) {
				t.Errorf("got %+v\nwant %s %s %s %q", l, tt.state, tt.cause, tt.target, tt.reason)
			}
			if l.Cause == match.Ambiguous && len(l.Suggestions) == 0 {
				t.Error("ambiguous, and no candidates shown")
			}
		})
	}
}

func TestRegistrationsOfOneMachine(t *testing.T) {
	t.Parallel()
	out := match.Machines(match.MachinesInput{
		Assets: []backup.Asset{
			machine(backup.FamilyEndpoint, "OLD", "SRV1", macA, now.Add(-90*24*time.Hour)),
			machine(backup.FamilyEndpoint, "NEW", "srv1.local", macA, now),
			machine(backup.FamilyAppliance, "A", "SRV1", macA, now),
		},
		Configurations: []match.Configuration{conf(0, "SRV1", macA)}, Now: now,
	})
	for _, key := range []string{"endpoint:OLD", "endpoint:NEW", "appliance:A"} {
		if got, ok := out[key].Link.Linked(); !ok || got != k0 {
			t.Errorf("%s: %+v", key, out[key])
		}
	}
	if out["endpoint:OLD"].SupersededBy != "endpoint:NEW" || out["endpoint:NEW"].SupersededBy != "" {
		t.Errorf("old %+v, new %+v", out["endpoint:OLD"], out["endpoint:NEW"])
	}
	if out["endpoint:NEW"].SameAs != "appliance:A" || out["appliance:A"].SameAs != "endpoint:NEW" {
		t.Errorf("the families do not know of each other: %+v, %+v", out["endpoint:NEW"], out["appliance:A"])
	}
}

func TestMACIndexTellsTheAccountsFacts(t *testing.T) {
	t.Parallel()
	mine := []backup.Asset{box("S", macA), machine(backup.FamilyAppliance, "2", "T", macB, now)}
	theirs := backup.Asset{Family: backup.FamilyAppliance, ID: "3", CustomerID: "other", Name: "U", MAC: macB}
	there := match.Configuration{ID: "99", OrganizationID: o1, Name: "S elsewhere", MAC: macA}
	x := match.NewMACIndex(append(slices.Clone(mine), theirs), []match.Configuration{there, conf(0, "T", macB)}, organizations("Here", "There"))
	want := match.MACFacts{
		Shared:    map[match.MAC]string{"001a2b00000b": "also on 1 machine of other customers"},
		Elsewhere: map[match.MAC][]match.Elsewhere{"001a2b00000a": {{MAC: "001a2b00000a", ConfigurationID: "99", ConfigurationName: "S elsewhere", OrganizationID: o1, OrganizationName: "There"}}},
	}
	if diff := cmp.Diff(want, x.Facts(mine, o0)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]int{o1: 1}, x.Found(mine)); diff != "" {
		t.Error(diff)
	}
}

func TestMachinesDoNotDependOnOrderAndSettleAtOnce(t *testing.T) {
	t.Parallel()
	macs := []string{"", macA, macB, macV, macA + "," + macB, "00:00:00:00:00:00"}
	names := []string{"SRV1", "srv-1", "SRV2", "srv1.local", "files", "verylonghostname1", "verylonghostnam"}
	rapid.Check(t, func(t *rapid.T) {
		in := match.MachinesInput{Now: now}
		for i := range rapid.IntRange(1, 7).Draw(t, "assets") {
			family := rapid.SampledFrom([]backup.Family{backup.FamilyAppliance, backup.FamilyEndpoint}).Draw(t, "family")
			in.Assets = append(in.Assets, machine(family, id("a", i), rapid.SampledFrom(names).Draw(t, "name"), rapid.SampledFrom(macs).Draw(t, "mac"), now.Add(-time.Duration(rapid.IntRange(0, 3).Draw(t, "age"))*time.Hour)))
		}
		for i := range rapid.IntRange(0, 6).Draw(t, "configurations") {
			c := conf(i, rapid.SampledFrom(names).Draw(t, "configuration"), rapid.SampledFrom(macs).Draw(t, "address"))
			c.Archived = rapid.IntRange(0, 4).Draw(t, "archived") == 0
			in.Configurations = append(in.Configurations, c)
		}
		first := match.Machines(in)
		r := rand.New(rand.NewPCG(2, uint64(rapid.Uint32().Draw(t, "seed"))))
		shuffled := in
		shuffled.Assets, shuffled.Configurations = slices.Clone(in.Assets), slices.Clone(in.Configurations)
		r.Shuffle(len(shuffled.Assets), func(i, j int) { shuffled.Assets[i], shuffled.Assets[j] = shuffled.Assets[j], shuffled.Assets[i] })
		r.Shuffle(len(shuffled.Configurations), func(i, j int) {
			shuffled.Configurations[i], shuffled.Configurations[j] = shuffled.Configurations[j], shuffled.Configurations[i]
		})
		if diff := cmp.Diff(first, match.Machines(shuffled)); diff != "" {
			t.Fatalf("order changed the result:\n%s", diff)
		}
		if len(first) != len(in.Assets) {
			t.Fatalf("%d verdicts for %d assets", len(first), len(in.Assets))
		}
		previous := map[string]match.Link{}
		owners := map[string]map[string]bool{} // configuration → host names linked by rule
		for _, a := range in.Assets {
			m := first[a.Key()]
			previous[a.Key()] = m.Link
			if target, ok := m.Link.Linked(); ok {
				if owners[target] == nil {
					owners[target] = map[string]bool{}
				}
				owners[target][match.NormalizeHost(a.Name).Bare] = true
			}
		}
		for target, hosts := range owners {
			if len(hosts) > 1 && len(match.ParseMACs(strings.Join(addresses(in.Configurations, target), ","))) < 2 {
				t.Fatalf("%s with one address was linked to machines of names %v", target, hosts)
			}
		}
		in.Previous = previous
		again := match.Machines(in)
		for key, m := range first {
			if diff := cmp.Diff(m, again[key]); diff != "" {
				t.Fatalf("the same input again changed %s:\n%s", key, diff)
			}
		}
	})
}

func addresses(configurations []match.Configuration, target string) []string {
	for _, c := range configurations {
		if c.ID == target {
			return append(slices.Clone(c.OtherMACs), c.MAC)
		}
	}
	return nil
}
