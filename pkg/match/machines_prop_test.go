package match_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/match"
)

// world is a small account in which everything collides.
type world struct {
	assets         []backup.Asset
	configurations []match.Configuration
	organizations  []match.Organization
	settings       match.MACSettings
	previous       map[string]match.Link
}

func (w world) decide(customer, organization string) map[string]match.Machine {
	x := w.settings.NewIndex(w.assets, w.configurations, w.organizations)
	in := match.MachinesInput{Previous: w.previous, Now: now}
	for _, a := range w.assets {
		if a.CustomerID == customer {
			in.Assets = append(in.Assets, a)
		}
	}
	scope := x.Scope(organization, nil)
	for _, c := range w.configurations {
		if slices.Contains(scope, c.OrganizationID) {
			in.Configurations = append(in.Configurations, c)
		}
	}
	in.Facts = x.Facts(in.Assets, scope...)
	return match.Machines(in)
}

func (w world) shuffled(seed uint64) world {
	r := rand.New(rand.NewPCG(7, seed))
	w.assets, w.configurations, w.organizations = slices.Clone(w.assets), slices.Clone(w.configurations), slices.Clone(w.organizations)
	r.Shuffle(len(w.assets), func(i, j int) { w.assets[i], w.assets[j] = w.assets[j], w.assets[i] })
	r.Shuffle(len(w.configurations), func(i, j int) {
		w.configurations[i], w.configurations[j] = w.configurations[j], w.configurations[i]
	})
	r.Shuffle(len(w.organizations), func(i, j int) {
		w.organizations[i], w.organizations[j] = w.organizations[j], w.organizations[i]
	})
	return w
}

func drawWorld(t *rapid.T) world {
	macs := []string{"", macA, macA, macB, macV, macA + "," + macB, "00:00:00:00:00:00", "00:1A:2B:00:00:0C", "3C:18:A0:00:00:01"}
	names := []string{"SRV1", "srv-1", "SRV2", "srv1.local", "files", "SRV1_replica", "verylonghostname1", "verylonghostnam", ""}
	customers := []string{"c", "c", "c", "d", "e"}
	orgs := []string{o0, o0, o0, o1, "x000002"}
	w := world{previous: map[string]match.Link{}}
	w.settings.Descendants = rapid.Bool().Draw(t, "descendants")
	if rapid.IntRange(0, 3).Draw(t, "own") == 0 {
		w.settings.Shared = []match.SharedMAC{{Pattern: "00:1A:2B:00:00:0C"}}
	}
	w.organizations = []match.Organization{
		{ID: o0, Name: "Here", ParentID: rapid.SampledFrom([]string{"", o1, o0}).Draw(t, "above")},
		{ID: o1, Name: "There", ParentID: rapid.SampledFrom([]string{"", o0}).Draw(t, "parent")},
		{ID: "x000002", Name: "Beyond", ParentID: rapid.SampledFrom([]string{"", o1}).Draw(t, "grandparent")},
	}
	for i := range rapid.IntRange(1, 8).Draw(t, "assets") {
		family := rapid.SampledFrom([]backup.Family{backup.FamilyAppliance, backup.FamilyEndpoint}).Draw(t, "family")
		a := machine(family, id("a", i), rapid.SampledFrom(names).Draw(t, "name"), rapid.SampledFrom(macs).Draw(t, "mac"), now.Add(-time.Duration(rapid.IntRange(0, 3).Draw(t, "age"))*time.Hour))
		a.CustomerID = rapid.SampledFrom(customers).Draw(t, "customer")
		w.assets = append(w.assets, a)
	}
	for i := range rapid.IntRange(0, 7).Draw(t, "configurations") {
		c := conf(i, rapid.SampledFrom(names).Draw(t, "configuration"), rapid.SampledFrom(macs).Draw(t, "address"), rapid.SampledFrom(macs).Draw(t, "address"))
		c.OrganizationID = rapid.SampledFrom(orgs).Draw(t, "organization")
		c.Archived = rapid.IntRange(0, 5).Draw(t, "archived") == 0
		w.configurations = append(w.configurations, c)
	}
	for i, a := range w.assets {
		if len(w.configurations) == 0 || rapid.IntRange(0, 3).Draw(t, "decided") != 0 {
			continue
		}
		c := rapid.SampledFrom(w.configurations).Draw(t, "target")
		w.previous[a.Key()] = rapid.SampledFrom([]match.Link{
			{State: match.Matched, TargetID: c.ID, TargetName: c.Name, By: "anna", At: now},
			{State: match.Matched, TargetID: c.ID, TargetName: c.Name, By: match.Auto, At: now, Reason: match.ReasonMAC},
			{State: match.Unmatched, By: "anna", At: now},
			{State: match.Ignored, By: "anna", At: now, Reason: "lab machine"},
			{State: match.Matched, TargetID: id("gone", i), TargetName: "gone", By: "anna", At: now},
		}).Draw(t, "previous")
	}
	return w
}

func TestOrderNeverChangesAMachinesVerdict(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		if diff := cmp.Diff(w.decide("c", o0), w.shuffled(rapid.Uint64().Draw(t, "seed")).decide("c", o0)); diff != "" {
			t.Fatalf("order changed the result:\n%s", diff)
		}
	})
}

func TestWhatIsUnrelatedNeverChangesAMachinesVerdict(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		before := w.decide("c", o0)
		for i := range rapid.IntRange(1, 3).Draw(t, "more") {
			mac := fmt.Sprintf("D4:BE:D9:00:00:%02X", i)
			a := machine(backup.FamilyAppliance, id("z", i), id("unrelated", i), mac, now)
			a.CustomerID = rapid.SampledFrom([]string{"c", "d", "new"}).Draw(t, "customer")
			c := conf(900+i, id("stranger", i), fmt.Sprintf("D4:BE:D9:00:01:%02X", i))
			c.OrganizationID = rapid.SampledFrom([]string{o0, o1, "new"}).Draw(t, "organization")
			w.assets, w.configurations = append(w.assets, a), append(w.configurations, c)
			w.organizations = append(w.organizations, match.Organization{ID: id("new", i), Name: "New"})
		}
		after := w.decide("c", o0)
		for key, m := range before {
			if diff := cmp.Diff(m, after[key]); diff != "" {
				t.Fatalf("something unrelated changed %s:\n%s", key, diff)
			}
		}
	})
}

func TestDoubtNeverLinksAMachine(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		links := w.decide("c", o0)
		configs := map[string]match.Configuration{}
		for _, c := range w.configurations {
			configs[c.ID] = c
		}
		named := map[string]map[string]bool{} // configuration → names of machines newly linked by rule
		for _, a := range w.assets {
			if a.CustomerID != "c" {
				continue
			}
			was, m := w.previous[a.Key()], links[a.Key()]
			if was.Decided() && (m.Link.TargetID != was.TargetID || m.Link.By != was.By) {
				t.Fatalf("%s: a person's %+v became %+v", a.Key(), was, m.Link)
			}
			target, linked := m.Link.Linked()
			if !linked || m.Link.By != match.Auto || was.TargetID != "" || m.SupersededBy != "" {
				continue
			}
			c := configs[target]
			if c.Archived || c.OrganizationID != o0 && !w.settings.Descendants {
				t.Fatalf("%s was linked to %+v", a.Key(), c)
			}
			var common []match.MAC
			for _, mac := range match.ParseMACs(a.MAC) {
				if slices.Contains(c.Addresses(), mac) {
					common = append(common, mac)
				}
			}
			if len(common) == 0 && m.SameAs == "" && !registeredTwice(w, a) {
				t.Fatalf("%s was linked to %s without a common address", a.Key(), target)
			}
			for _, mac := range common {
				for _, other := range w.assets {
					if slices.Contains(match.ParseMACs(other.MAC), mac) && !sameMachine(a, other) {
						t.Fatalf("%s of %s was linked, but %s of %s has its address too", a.Key(), a.CustomerID, other.Key(), other.CustomerID)
					}
				}
				for _, other := range w.configurations {
					if other.ID != target && !other.Archived && other.OrganizationID == o0 && slices.Contains(other.Addresses(), mac) {
						t.Fatalf("%s was linked to %s, but %s has the address too", a.Key(), target, other.ID)
					}
				}
			}
			if named[target] == nil {
				named[target] = map[string]bool{}
			}
			named[target][match.NormalizeHost(a.Name).Bare+match.NormalizeHost(a.Name).Copies] = true
			if len(named[target]) > 1 {
				t.Fatalf("%s was linked to machines of the names %v", target, named[target])
			}
		}
	})
}

func sameMachine(a, b backup.Asset) bool {
	x, y := match.NormalizeHost(a.Name), match.NormalizeHost(b.Name)
	return a.Key() == b.Key() || a.CustomerID == b.CustomerID && x.Bare != "" && x.Bare == y.Bare && x.Copies == y.Copies
}

// registeredTwice says whether another registration of the machine can have brought
// its address.
func registeredTwice(w world, a backup.Asset) bool {
	return slices.ContainsFunc(w.assets, func(b backup.Asset) bool { return a.Key() != b.Key() && sameMachine(a, b) })
}

func TestDecidingAgainChangesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		first := w.decide("c", o0)
		for _, a := range w.assets {
			if m, ok := first[a.Key()]; ok {
				w.previous[a.Key()] = m.Link
			}
		}
		again := w.decide("c", o0)
		for key, m := range first {
			if diff := cmp.Diff(m, again[key]); diff != "" {
				t.Fatalf("the same input again changed %s:\n%s", key, diff)
			}
		}
	})
}

func TestEvidenceDoesNotDependOnOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		s := w.shuffled(rapid.Uint64().Draw(t, "seed"))
		x, y := w.settings.NewIndex(w.assets, w.configurations, w.organizations), s.settings.NewIndex(s.assets, s.configurations, s.organizations)
		if diff := cmp.Diff(x.Found(w.assets), y.Found(s.assets)); diff != "" {
			t.Fatalf("order changed what was found:\n%s", diff)
		}
		if diff := cmp.Diff(x.Learned(), y.Learned()); diff != "" {
			t.Fatalf("order changed what was learned:\n%s", diff)
		}
	})
}
