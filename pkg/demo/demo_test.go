package demo

import (
	"path/filepath"
	"testing"
	"time"

	connectwise "uniview-bridge/pkg/connectwise/sandbox"
	itglue "uniview-bridge/pkg/itglue/sandbox"
	uniview "uniview-bridge/pkg/uniview/sandbox"
)

var epoch = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func TestTheDefaultWorldIsAsLargeAsPromisedAndHasEveryTrap(t *testing.T) {
	t.Parallel()
	w := New(Options{Epoch: epoch, Now: func() time.Time { return epoch }})
	w.UniView.View(func(st *uniview.State) {
		if n := len(st.Customers); n < 200 {
			t.Errorf("%d customers, want at least 200", n)
		}
		if n := len(st.Assets) + len(st.Endpoints); n < 5000 {
			t.Errorf("%d assets, want at least 5,000", n)
		}
		if len(st.Endpoints) < 500 || len(st.Assets) < 500 {
			t.Errorf("%d appliance assets and %d endpoints: want both families", len(st.Assets), len(st.Endpoints))
		}
		types := map[string]int{}
		for _, a := range st.Alerts {
			types[a.Type]++
		}
		if len(st.Alerts) < 600 || len(types) != 4 {
			t.Errorf("%d alerts of types %v, want at least 600 of all four", len(st.Alerts), types)
		}
	})
	all := []Trap{
		ExactName, RespelledName, NearName, SiblingName, NoOrganization, TwoOrganizations, TwoCustomers, NamesakeEvidence,
		NamesakeBare, LinkedByPSA, HostileName, CutName, DeletedCompany, MacNull, MacShared, MacZero, MacSpelling, MacShort,
		MacOnInterface, MacOnRMM, MacElsewhere, MacArchived, MacTwice, CloneMAC, Reinstalled, BothFamilies, NoConfiguration,
		WrongPSALink, RenamedOnto, ChildOrg, MacDock, MacCluster, MacPool, MacHostAdapter, MacGuest, MacReused, MacUSBReused,
		Replica, RenamedMachine, MovedMachine, CommonName, SyncedConfig, NeverBackedUp, Running, Stale, BackupOff, NoCustomerName, EmptyCustomer, MutedAlert, RepeatedAlert,
		UnnamedAlert, ApplianceAlert, HelixAlert, TwinDrives, UnmappedAlert,
	}
	for _, trap := range all {
		if w.Traps()[trap] == 0 {
			t.Errorf("no %s in the world", trap)
		}
	}
	t.Log(w.Traps())
}

func TestTheSameSeedGivesTheSameLife(t *testing.T) {
	t.Parallel()
	now := epoch.Add(30 * time.Hour)
	digest := func(steps int) (backups, failed, dismissed int, last time.Time) {
		clock := epoch
		w := New(Options{Seed: 7, Customers: 12, Assets: 150, Alerts: 40, Epoch: epoch, Now: func() time.Time { return clock }, Calm: true})
		for i := 1; i <= steps; i++ {
			clock = epoch.Add(now.Sub(epoch) * time.Duration(i) / time.Duration(steps))
			w.Live()
		}
		w.UniView.View(func(st *uniview.State) {
			backups = len(st.Backups)
			for _, b := range st.Backups {
				if b.Status == "Failed" {
					failed++
				}
				if b.CompleteTime.After(last) {
					last = b.CompleteTime
				}
			}
			for _, a := range st.Alerts {
				if a.Dismissed {
					dismissed++
				}
			}
		})
		return
	}
	b1, f1, d1, l1 := digest(1)
	b2, f2, d2, l2 := digest(17)
	if b1 != b2 || f1 != f2 || d1 != d2 || !l1.Equal(l2) {
		t.Errorf("one step: %d backups, %d failed, %d dismissed, last %v; 17 steps: %d, %d, %d, %v", b1, f1, d1, l1, b2, f2, d2, l2)
	}
	if f1 == 0 || d1 == 0 {
		t.Errorf("%d failed backups and %d dismissed alerts in 30 hours: nothing lives here", f1, d1)
	}
}

func TestAWorldThatWasSavedGoesOn(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "world.json")
	o := Options{Seed: 3, Customers: 5, Assets: 40, Alerts: 10, Epoch: epoch, Now: func() time.Time { return epoch }}
	w, err := Open(file, o)
	if err != nil {
		t.Fatal(err)
	}
	var ticket int
	w.ConnectWise.Edit(func(st *connectwise.State) { ticket = st.AddTicket(w.desk.Company, "kept", "tech1") })
	w.ITGlue.Edit(func(st *itglue.State) {
		typ := st.AddFlexibleAssetType(itglue.FlexibleAssetType{Name: "X", Fields: []*itglue.Field{{Name: "Machine", Kind: "Text", UseForTitle: true}, {Name: "To", Kind: "Tag", TagType: "Configurations"}}})
		st.AddFlexibleAsset(itglue.FlexibleAsset{OrganizationID: w.customers[0].org, TypeID: typ.ID, Traits: map[string]any{"machine": "A", "to": []int64{1000001}}})
	})
	if err := w.Save(file); err != nil {
		t.Fatal(err)
	}
	again, err := Open(file, Options{Now: o.Now, Customers: 5, Assets: 40, Alerts: 10})
	if err != nil {
		t.Fatal(err)
	}
	again.ConnectWise.View(func(st *connectwise.State) {
		if tk := st.Ticket(ticket); tk == nil || tk.Summary != "kept" {
			t.Errorf("ticket %d after reopening: %+v", ticket, tk)
		}
	})
	again.ITGlue.View(func(st *itglue.State) {
		for _, a := range st.FlexibleAssets {
			if ids, ok := a.Traits["to"].([]int64); !ok || len(ids) != 1 {
				t.Errorf("tag trait after reopening: %#v", a.Traits["to"])
			}
		}
		if len(st.FlexibleAssets) != 1 {
			t.Errorf("%d flexible assets after reopening, want 1", len(st.FlexibleAssets))
		}
	})
}
