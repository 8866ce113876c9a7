package demo

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"testing"
	"time"

	"uniview-bridge/pkg/backup"
	connectwise "uniview-bridge/pkg/connectwise/sandbox"
	itglue "uniview-bridge/pkg/itglue/sandbox"
	"uniview-bridge/pkg/match"
	uniview "uniview-bridge/pkg/uniview/sandbox"
)

// account is what the bridge would have read of a world, in the words of matching.
type account struct {
	customers      []backup.Customer
	assets         map[string][]backup.Asset // by customer
	all            []backup.Asset
	organizations  []match.Organization
	configurations map[string][]match.Configuration // by organization
	devices        []match.Configuration
	companies      []match.Company
}

func itoa(id int64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}

func (w *World) account() *account {
	a := &account{assets: map[string][]backup.Asset{}, configurations: map[string][]match.Configuration{}}
	asset := func(m backup.Asset) {
		a.all, a.assets[m.CustomerID] = append(a.all, m), append(a.assets[m.CustomerID], m)
	}
	w.UniView.View(func(st *uniview.State) {
		for _, c := range st.Customers {
			a.customers = append(a.customers, backup.Customer{ID: c.ID, Name: c.Name})
		}
		for _, m := range st.Assets {
			out := backup.Asset{Family: backup.FamilyAppliance, ID: m.Key, CustomerID: m.CustomerID, Name: m.Name, MAC: m.MAC}
			if b := m.LastBackup; b != nil {
				out.Last = &backup.Backup{Start: b.StartTime, Complete: b.CompleteTime, Result: backup.Result(b.Status)}
			}
			asset(out)
		}
		for _, m := range st.Endpoints {
			asset(backup.Asset{Family: backup.FamilyEndpoint, ID: m.ID, CustomerID: m.CustomerID, Name: m.Name, MAC: m.MAC, LastGood: m.LastSuccess, Created: m.Created})
		}
	})
	w.ITGlue.View(func(st *itglue.State) {
		for _, o := range st.Organizations {
			out := match.Organization{ID: itoa(o.ID), Name: o.Name, ShortName: o.ShortName, ParentID: itoa(o.ParentID), Primary: o.Primary}
			if len(o.Adapters) > 0 {
				out.CompanyID = o.Adapters[0].RemoteID
			}
			a.organizations = append(a.organizations, out)
		}
		for _, c := range st.Configurations {
			out := match.Configuration{ID: itoa(c.ID), OrganizationID: itoa(c.OrganizationID), Name: c.Name, Hostname: c.Hostname, MAC: c.MAC, Archived: c.Archived}
			for _, i := range c.Interfaces {
				out.OtherMACs = append(out.OtherMACs, i.MAC)
			}
			for _, r := range c.RMM {
				out.OtherMACs = append(out.OtherMACs, r.MACs...)
			}
			a.devices = append(a.devices, out)
		}
	})
	// The sandbox keeps its records in maps: their order is none.
	slices.SortFunc(a.devices, func(x, y match.Configuration) int { return len(x.ID) - len(y.ID) })
	for _, c := range a.devices {
		a.configurations[c.OrganizationID] = append(a.configurations[c.OrganizationID], c)
	}
	w.ConnectWise.View(func(st *connectwise.State) {
		for _, c := range st.Companies {
			a.companies = append(a.companies, match.Company{ID: strconv.Itoa(c.ID), Identifier: c.Identifier, Name: c.Name, Deleted: c.Deleted})
		}
	})
	return a
}

// tally counts automatic links of one kind.
type tally struct {
	right, possible, namesakes int
	missed                     map[string]int // by reason
}

// judge decides a whole world afresh and compares every automatic link with what
// the world knows to be true.
func judge(w *World, settings match.MACSettings, tallies map[string]*tally) (wrong []string) {
	a := w.account()
	x := settings.NewIndex(a.all, a.devices, a.organizations)
	in := match.CustomersInput{Customers: a.customers, Organizations: a.organizations, Companies: a.companies, Found: map[string]map[string]int{}, Now: w.o.Epoch}
	for _, c := range a.customers {
		in.Found[c.ID] = x.Found(a.assets[c.ID])
	}
	links := match.Customers(in)
	ofOthers := map[string]bool{}
	for _, l := range links {
		if id, ok := l.Organization.Linked(); ok {
			ofOthers[id] = true
		}
	}
	count := func(kind string) *tally {
		if tallies[kind] == nil {
			tallies[kind] = &tally{missed: map[string]int{}}
		}
		return tallies[kind]
	}
	compare := func(kind, what string, l match.Link, truth, namesake string) {
		t := count(kind)
		if truth != "" {
			t.possible++
		}
		id, linked := l.Linked()
		switch {
		case !linked && truth != "":
			t.missed[l.Reason]++
		case !linked:
		case id == truth:
			t.right++
		case id == namesake && namesake != "":
			t.namesakes++
		default:
			wrong = append(wrong, fmt.Sprintf("seed %d: %s %q -> %s %q, is %q (%s)", w.o.Seed, kind, what, id, l.TargetName, truth, l.Reason))
		}
	}
	for _, c := range w.customers {
		org := c.org
		if c.sibling {
			org = 0
		}
		company := int64(c.company)
		w.ConnectWise.View(func(st *connectwise.State) {
			if co := st.Company(c.company); co == nil || co.Deleted {
				company = 0
			}
		})
		l := links[c.id]
		compare("customer-organization", c.name, l.Organization, itoa(org), itoa(c.namesake))
		compare("customer-company", c.name, l.Company, itoa(company), "")
		id, ok := l.Organization.Linked()
		if !ok {
			continue
		}
		scope := x.Scope(id, ofOthers)
		min := match.MachinesInput{Assets: a.assets[c.id], Facts: x.Facts(a.assets[c.id], scope...), Now: w.o.Epoch}
		for _, org := range scope {
			min.Configurations = append(min.Configurations, a.configurations[org]...)
		}
		verdicts := match.Machines(min)
		for _, m := range c.machines {
			key := string(backup.FamilyAppliance) + ":" + m.asset
			if m.asset == "" {
				key = string(backup.FamilyEndpoint) + ":" + m.endpoint
			}
			compare("asset-configuration", c.name+" "+m.name, verdicts[key].Link, itoa(m.config), "")
		}
	}
	return wrong
}

func TestNoAutomaticLinkIsFalse(t *testing.T) {
	t.Parallel()
	seeds := uint64(100)
	if testing.Short() {
		seeds = 10
	}
	for _, settings := range []match.MACSettings{{}, {Descendants: true}} {
		tallies, traps := map[string]*tally{}, map[Trap]int{}
		wrong := 0
		for seed := uint64(1); seed <= seeds; seed++ {
			w := New(Options{
				Seed: 1000 + seed, Customers: 30, Assets: 400, Alerts: 1, Epoch: epoch, Now: func() time.Time { return epoch }, Calm: true, Awkward: 5,
			})
			for trap, n := range w.Traps() {
				traps[trap] += n
			}
			for _, line := range judge(w, settings, tallies) {
				if wrong++; wrong <= 20 {
					t.Error(line)
				}
			}
		}
		for _, kind := range slices.Sorted(maps.Keys(tallies)) {
			n := tallies[kind]
			t.Logf("%d seeds, organizations below searched %v: %s: %d of %d linked automatically, %.1f %%; %d to namesakes that nothing speaks against",
				seeds, settings.Descendants, kind, n.right, n.possible, 100*float64(n.right)/float64(n.possible), n.namesakes)
		}
		if testing.Verbose() {
			for _, kind := range slices.Sorted(maps.Keys(tallies)) {
				for reason, n := range tallies[kind].missed {
					t.Logf("%s left to a person %d times: %s", kind, n, reason)
				}
			}
		}
		t.Logf("%d false automatic links", wrong)
		for _, a := range awkward {
			if traps[a.trap] == 0 {
				t.Errorf("no %s in any world: nothing is shown about it", a.trap)
			}
		}
	}
}
