package match_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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
		{"an address that other customers have", match.MachinesInput{Assets: []backup.Asset{box("S", macA)}, Configurations: []match.Configuration{conf(0, "S", macA)}, Facts: match.MACFacts{Shared: map[match.MAC]string{0x001a2b00000a: "also on 2 machines of other customers"}}}, match.Suggested, "", "", "also on 2 machines"},
		{"no address, the name is suggested", match.MachinesInput{Assets: []backup.Asset{box("srv-1", "")}, Configurations: []match.Configuration{conf(0, "SRV1", macA)}}, match.Suggested, "", "", match.ReasonNoMAC},
		{"a zero address is none", match.MachinesInput{Assets: []backup.Asset{box("SRV1", "00:00:00:00:00:00")}, Configurations: []match.Configuration{conf(0, "SRV1", macA)}}, match.Suggested, "", "", match.ReasonNoMAC},
		{"no address, two of the name", match.MachinesInput{Assets: []backup.Asset{box("SRV1", "")}, Configurations: []match.Configuration{conf(0, "SRV1"), conf(1, "srv1")}}, match.Attention, match.Ambiguous, "", match.ReasonNoMACTwice},
		{"no address, two machines of the name", match.MachinesInput{Assets: []backup.Asset{box("SRV1", ""), machine(backup.FamilyAppliance, "2", "srv1", "", now)}, Configurations: []match.Configuration{conf(0, "SRV1")}}, match.Attention, match.Ambiguous, "", match.ReasonNoMACSame},
		{"siblings are not confused", match.MachinesInput{Assets: []backup.Asset{box("SRV01", "")}, Configurations: []match.Configuration{conf(0, "SRV02")}}, match.Unmatched, "", "", match.ReasonNoMACNothing},
		{"the address is not there but the name is", match.MachinesInput{Assets: []backup.Asset{box("SRV1", macB)}, Configurations: []match.Configuration{conf(0, "SRV1", macA)}}, match.Suggested, "", "", match.ReasonMACNotHost},
		{"only an archived configuration has the address", match.MachinesInput{Assets: []backup.Asset{box("SRV1", macA)}, Configurations: []match.Configuration{archived}}, match.Unmatched, "", "", match.ReasonMACArchived},
		{"the address is in another organization", match.MachinesInput{Assets: []backup.Asset{box("SRV1", macA)}, Facts: match.MACFacts{Elsewhere: map[match.MAC][]match.Elsewhere{0x001a2b00000a: {{ConfigurationID: "9"}}}}}, match.Unmatched, "", "", match.ReasonMACElsewhere},
		{"an address on the MSP's own list counts as none", match.MachinesInput{Assets: []backup.Asset{box("SRV1", macA)}, Configurations: []match.Configuration{conf(0, "SRV1", macA)}, Facts: match.MACFacts{Ignored: map[match.MAC]string{0x001a2b00000a: "on your own list of shared addresses (dock in the board room)"}}}, match.Suggested, "", "", "(00:1A:2B:00:00:0A is on your own list of shared addresses (dock in the board room))"},
		{"why an address is unusable is said", match.MachinesInput{Assets: []backup.Asset{box("SRV1", "00:05:9A:3C:7A:00")}, Configurations: []match.Configuration{conf(0, "SRV1")}}, match.Suggested, "", "", "the adapter of Cisco AnyConnect"},
		{"why an address is weak is said", match.MachinesInput{Assets: []backup.Asset{box("X9", macV)}, Configurations: []match.Configuration{conf(0, "FILES", macV)}}, match.Suggested, "", "", "a KVM machine"},
		{"a virtual address with a name within the other", match.MachinesInput{Assets: []backup.Asset{box("ACME-FILES", macV)}, Configurations: []match.Configuration{conf(0, "FILES", macV)}}, match.Matched, "", k0, match.ReasonMAC},
		{"a word that all machines of a customer have in common says nothing", match.MachinesInput{Assets: []backup.Asset{box("ACME-SQL", macV)}, Configurations: []match.Configuration{conf(0, "ACME-FILES", macV)}}, match.Suggested, "", "", "a KVM machine"},
		{"a sibling's address does not link", match.MachinesInput{Assets: []backup.Asset{box("PC12", macA)}, Configurations: []match.Configuration{conf(0, "PC07", macA)}}, match.Suggested, "", "", match.ReasonMACSibling},
		{"the address is on one configuration, the name on another", match.MachinesInput{Assets: []backup.Asset{box("LT02", macA)}, Configurations: []match.Configuration{conf(0, "LT01", macA), conf(1, "LT02", macB)}}, match.Attention, match.Ambiguous, "", match.ReasonMACOrName},
		{"the configuration has the name of another machine", match.MachinesInput{Assets: []backup.Asset{box("GUEST", macA), machine(backup.FamilyAppliance, "2", "HV1", "", now)}, Configurations: []match.Configuration{conf(0, "HV1", macA)}}, match.Attention, match.Ambiguous, "", match.ReasonMACContested},
		{"a host's configuration lists its guest, and the host is backed up too", match.MachinesInput{Assets: []backup.Asset{box("GUEST", macB), machine(backup.FamilyAppliance, "2", "HV1", macA, now)}, Configurations: []match.Configuration{conf(0, "HV1", macA, macB)}}, match.Attention, match.Ambiguous, "", match.ReasonMACContested},
		{"a host goes before its guests by its name", match.MachinesInput{Assets: []backup.Asset{box("HV1", macA), machine(backup.FamilyAppliance, "2", "GUEST", macB, now)}, Configurations: []match.Configuration{conf(0, "HV1", macA, macB)}}, match.Matched, "", k0, match.ReasonMACAndHost},
		{"a replica and its original are not told apart by their address", match.MachinesInput{Assets: []backup.Asset{box("SQL1", macA), machine(backup.FamilyAppliance, "2", "SQL1_replica", macA, now)}, Configurations: []match.Configuration{conf(0, "SQL1", macA)}}, match.Attention, match.Ambiguous, "", match.ReasonMACOtherNames},
		{"a person gave the configuration to another machine", match.MachinesInput{Assets: []backup.Asset{box("NEW", macA), machine(backup.FamilyAppliance, "2", "OLD", "", now)}, Configurations: []match.Configuration{conf(0, "SRV1", macA)}, Previous: map[string]match.Link{"appliance:2": {State: match.Matched, TargetID: k0, TargetName: "SRV1", By: "anna"}}}, match.Attention, match.Conflict, "", match.ReasonMACTaken},
		{"a person accepts an address that two machines have", match.MachinesInput{Assets: []backup.Asset{box("S", macA), machine(backup.FamilyAppliance, "2", "T", macA, now)}, Configurations: []match.Configuration{conf(0, "S", macA)}, Previous: person(k0, "S")}, match.Matched, "", k0, ""},
		{"the address is in an organization below that is not searched", match.MachinesInput{Assets: []backup.Asset{box("SRV1", macA)}, Facts: match.MACFacts{Elsewhere: map[match.MAC][]match.Elsewhere{0x001a2b00000a: {{ConfigurationID: "9", Below: true}}}}}, match.Unmatched, "", "", match.ReasonMACBelow},
		{"a near name that is another machine's is a sibling's", match.MachinesInput{Assets: []backup.Asset{box("WORKSHOPP-09", ""), machine(backup.FamilyAppliance, "2", "WORKSHOP-09", macB, now)}, Configurations: []match.Configuration{conf(0, "WORKSHOP-09")}}, match.Unmatched, "", "", match.ReasonNoMACNothing},
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
		Shared:    map[match.MAC]string{0x001a2b00000b: "on 2 machines of 2 customers"},
		Elsewhere: map[match.MAC][]match.Elsewhere{0x001a2b00000a: {{MAC: "001a2b00000a", ConfigurationID: "99", ConfigurationName: "S elsewhere", OrganizationID: o1, OrganizationName: "There"}}},
	}
	if diff := cmp.Diff(want, x.Facts(mine, o0)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]int{o1: 1}, x.Found(mine)); diff != "" {
		t.Error(diff)
	}
}

func TestADecisionOnTheNewerRegistrationIsNoneOnTheOlder(t *testing.T) {
	t.Parallel()
	in := match.MachinesInput{
		Assets: []backup.Asset{
			machine(backup.FamilyEndpoint, "OLD", "SRV1", macA, now.Add(-time.Hour)), machine(backup.FamilyEndpoint, "NEW", "SRV1", macA, now),
		},
		Configurations: []match.Configuration{conf(0, "SRV1", macA), conf(1, "SRV2")}, Now: now,
		Previous: map[string]match.Link{"endpoint:NEW": {State: match.Matched, TargetID: id("k", 1), TargetName: "SRV2", By: "anna"}},
	}
	old := match.Machines(in)["endpoint:OLD"].Link
	if old.TargetID != id("k", 1) || old.Decided() {
		t.Errorf("the older registration: %+v", old)
	}
	in.Previous["endpoint:OLD"] = match.Link{State: match.Matched, TargetID: k0, TargetName: "SRV1", By: "bob"}
	if own := match.Machines(in)["endpoint:OLD"].Link; own.TargetID != k0 || own.By != "bob" {
		t.Errorf("decided for itself: %+v", own)
	}
}

func ofCustomer(a backup.Asset, customer, key string) backup.Asset {
	a.CustomerID, a.ID = customer, key
	return a
}

func in(organization string, c match.Configuration) match.Configuration {
	c.OrganizationID = organization
	return c
}

func TestAddressesAreLearned(t *testing.T) {
	t.Parallel()
	assets := []backup.Asset{
		box("S", macA), ofCustomer(box("T", macA), "d", "2"), // different machines
		box("MOVED", macB), ofCustomer(box("moved", macB), "d", "4"), // one that moved
		ofCustomer(box("X", "00:1A:2B:00:00:0C"), "c", "5"), ofCustomer(box("Y", "00:1A:2B:00:00:0C"), "c", "6"), // one customer's own trouble
	}
	configurations := []match.Configuration{
		conf(0, "A", macV), in(o1, conf(1, "B", macV)), // different machines
		conf(2, "C", "00:1A:2B:00:00:0D"), in(o1, conf(3, "c.local", "00:1A:2B:00:00:0D")), // a copy
		conf(4, "E", macA),
	}
	x := match.NewMACIndex(assets, configurations, nil)
	want := []match.LearnedMAC{
		{MAC: "001a2b00000a", Reason: "on 2 machines of 2 customers", Machines: 2, Customers: 2, Configurations: 1, Organizations: 1},
		{MAC: "525400000001", Reason: "on 2 configurations of different names in 2 organizations", Configurations: 2, Organizations: 2},
	}
	if diff := cmp.Diff(want, x.Learned()); diff != "" {
		t.Error(diff)
	}
	f := x.Facts(assets, o0)
	for mac, reason := range map[match.MAC]string{
		0x001a2b00000a: "on 2 machines of 2 customers", 0x001a2b00000b: "also on a machine of the same name of another customer: it may have moved", 0x001a2b00000c: "",
	} {
		if f.Shared[mac] != reason {
			t.Errorf("%s: %q, want %q", mac, f.Shared[mac], reason)
		}
	}
	own := match.MACSettings{Shared: []match.SharedMAC{{Pattern: macA, Note: "cluster"}}}.NewIndex(assets, configurations, nil)
	if learned := own.Learned(); len(learned) != 1 || learned[0].MAC != "525400000001" {
		t.Errorf("what is on the MSP's own list need not be learned: %+v", learned)
	}
	if f := own.Facts(assets, o0); f.Ignored[0x001a2b00000a] != "on your own list of shared addresses (cluster)" || f.Shared[0x001a2b00000a] != "" {
		t.Errorf("facts under the MSP's own list: %+v", f)
	}
}

func TestOrganizationsBelowAreSearchedIfSet(t *testing.T) {
	t.Parallel()
	tree := []match.Organization{{ID: "1"}, {ID: "2", ParentID: "1"}, {ID: "3", ParentID: "2"}, {ID: "4", ParentID: "1"}, {ID: "5", ParentID: "6"}, {ID: "6", ParentID: "5"}}
	assets := []backup.Asset{box("SRV1", macA)}
	there := in("3", conf(0, "SRV1", macA))
	off, on := match.MACSettings{}.NewIndex(assets, []match.Configuration{there}, tree), match.MACSettings{Descendants: true}.NewIndex(assets, []match.Configuration{there}, tree)
	for _, tt := range []struct {
		name   string
		got    []string
		expect []string
	}{
		{"not set", off.Scope("1", nil), []string{"1"}},
		{"set", on.Scope("1", nil), []string{"1", "2", "4", "3"}},
		{"another customer's and what is below it is left out", on.Scope("1", map[string]bool{"2": true}), []string{"1", "4"}},
		{"a circle ends", on.Scope("5", nil), []string{"5", "6"}},
		{"no organization", on.Scope("", nil), nil},
	} {
		if diff := cmp.Diff(tt.expect, tt.got); diff != "" {
			t.Errorf("%s:\n%s", tt.name, diff)
		}
	}
	if e := off.Facts(assets, "1").Elsewhere[0x001a2b00000a]; len(e) != 1 || !e[0].Below {
		t.Errorf("not set: %+v", e)
	}
	if e := off.Facts(assets, "4").Elsewhere[0x001a2b00000a]; len(e) != 1 || e[0].Below {
		t.Errorf("a sibling is not below: %+v", e)
	}
	if f := on.Facts(assets, on.Scope("1", nil)...); len(f.Elsewhere) != 0 {
		t.Errorf("set: %+v", f)
	}
	if diff := cmp.Diff(map[string]int{"1": 1, "2": 1, "3": 1}, on.Found(assets)); diff != "" {
		t.Errorf("what is found below counts above:\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int{"3": 1}, off.Found(assets)); diff != "" {
		t.Errorf("not set, it counts where it is:\n%s", diff)
	}
}

func TestSharedAddressesAreNoEvidence(t *testing.T) {
	t.Parallel()
	there := func(name string, macs ...string) []match.Configuration {
		return []match.Configuration{in(o1, conf(0, name, macs...))}
	}
	for _, tt := range []struct {
		name           string
		assets         []backup.Asset
		configurations []match.Configuration
		own            []match.SharedMAC
		want           int
	}{
		{"a card's own address", []backup.Asset{box("A", macA)}, there("B", macA), nil, 1},
		{"a virtual address and a name", []backup.Asset{box("SRV1", macV)}, there("srv-1", macV), nil, 1},
		{"a virtual address without a name", []backup.Asset{box("A", macV)}, there("B", macV), nil, 0},
		{"a VPN client's", []backup.Asset{box("A", "00:05:9A:3C:7A:00")}, there("A", "00:05:9A:3C:7A:00"), nil, 0},
		{"one on the MSP's own list", []backup.Asset{box("A", macA)}, there("A", macA), []match.SharedMAC{{Pattern: "00-1a-2b-*"}}, 0},
		{"one of two machines", []backup.Asset{box("A", macA), ofCustomer(box("B", macA), "c", "2")}, there("A", macA), nil, 0},
		{"one of another customer's machine too", []backup.Asset{box("A", macA), ofCustomer(box("A", macA), "d", "2")}, there("A", macA), nil, 0},
		{"one on two configurations", []backup.Asset{box("A", macA)}, append(there("A", macA), conf(9, "A", macA)), nil, 0},
		{"two addresses of one configuration are one machine", []backup.Asset{box("A", macA+" "+macB)}, there("A", macA, macB), nil, 1},
		{"one configuration listed twice is one", []backup.Asset{box("A", macA)}, append(there("A", macA), there("A", macA)...), nil, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			x := match.MACSettings{Shared: tt.own}.NewIndex(tt.assets, tt.configurations, nil)
			if got := x.Found(tt.assets[:1])[o1]; got != tt.want {
				t.Errorf("found %d, want %d", got, tt.want)
			}
		})
	}
}
