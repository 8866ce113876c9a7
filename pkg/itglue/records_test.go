package itglue_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"uniview-bridge/pkg/itglue"
	"uniview-bridge/pkg/itglue/sandbox"
	"uniview-bridge/pkg/vendorhttp"
)

func TestListOrganizations(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{})
	long := strings.Repeat("ä", 300)
	w.Edit(func(s *sandbox.State) { w.org.QuickNotes, w.org.TypeID, w.org.StatusID = long, 11, 21 })
	got, err := w.c.ListOrganizations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	at := w.clock.Now()
	want := []itglue.Organization{
		{
			ID: w.orgID, Name: "Alpine Dental, Inc.", ShortName: "ALPINE", TypeID: "11", TypeName: "Customer", StatusID: "21", StatusName: "Active",
			QuickNotes: strings.Repeat("ä", 250), CreatedAt: at, UpdatedAt: at,
			PSA: []itglue.AdapterResource{{TypeName: "ConnectWise Manage", RemoteID: "250", Sync: true}},
		},
		{ID: w.otherID, Name: "Borealis Law", ParentID: w.orgID, AncestorIDs: []string{w.orgID}, CreatedAt: at, UpdatedAt: at},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	whole, err := w.c.GetOrganization(t.Context(), w.orgID)
	if err != nil || whole.QuickNotes != long || len(whole.PSA) != 1 {
		t.Errorf("show has %d characters of notes, %d PSA records: %v", len(whole.QuickNotes), len(whole.PSA), err)
	}
}

func TestConnectWiseIsToldFromItsSiblings(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"ConnectWise": true, "ConnectWise Manage": true, "connectwise-manage": true, "ConnectWise PSA": true, "manage": true,
		"ConnectWise Automate": false, "ConnectWise RMM": false, "ConnectWise Control": false, "Autotask": false, "ManageEngine": false, "": false,
	} {
		if got := (itglue.AdapterResource{TypeName: name}).IsConnectWise(); got != want {
			t.Errorf("%q: got %v", name, got)
		}
	}
}

func TestListConfigurations(t *testing.T) {
	t.Parallel()
	for name, nested := range map[string]bool{"included at the top": false, "included inside data": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, sandbox.Options{NestedIncluded: nested})
			var id string
			w.Edit(func(s *sandbox.State) {
				id = fmt.Sprint(s.AddConfiguration(sandbox.Configuration{
					OrganizationID: w.org.ID, Name: "SRV1", Hostname: "srv1", PrimaryIP: "10.0.0.5", MAC: "18-5E-0F-ED-99-9J", SerialNumber: "S1", AssetTag: "A1",
					Notes: "n", TypeID: w.typ.ID, StatusID: w.status.ID, PSAIntegration: "enabled",
					Interfaces: []sandbox.Interface{{Name: "eth0", MAC: "00:11:22:33:44:55", IP: "10.0.0.5", Primary: true}, {Name: "eth1", MAC: "001122334466"}},
					RMM:        []sandbox.RMMRecord{{Name: "SRV1", Hostname: "srv1", Serial: "S1", MACs: []string{"00-11-22-33-44-77"}}},
					Adapters:   []sandbox.Adapter{{TypeName: "ConnectWise Manage", RemoteID: "900", Sync: true}},
				}).ID)
				s.AddConfiguration(sandbox.Configuration{OrganizationID: w.other.ID, Name: "SRV2", TypeID: w.typ.ID, Archived: true})
			})
			at := w.clock.Now()
			want := itglue.Configuration{
				ID: id, OrganizationID: w.orgID, OrganizationName: "Alpine Dental, Inc.", Name: "SRV1", Hostname: "srv1", PrimaryIP: "10.0.0.5",
				MAC: "18-5E-0F-ED-99-9J", SerialNumber: "S1", AssetTag: "A1", Notes: "n", TypeID: w.confTypeID, TypeName: "Managed Server",
				StatusID: fmt.Sprint(w.status.ID), StatusName: "Active", PSAIntegration: "enabled",
				ResourceURL: "https://sandbox.itglue.com/" + w.orgID + "/configurations/" + id,
				Interfaces: []itglue.Interface{
					{ID: "2000001", Name: "eth0", MAC: "00:11:22:33:44:55", IP: "10.0.0.5", Primary: true}, {ID: "2000002", Name: "eth1", MAC: "001122334466"},
				},
				RMM: []itglue.RMMRecord{{Name: "SRV1", Hostname: "srv1", Serial: "S1", MACs: []string{"00-11-22-33-44-77"}}},
				PSA: []itglue.AdapterResource{{TypeName: "ConnectWise Manage", RemoteID: "900", Sync: true}}, CreatedAt: at, UpdatedAt: at,
			}
			one, err := w.c.GetConfiguration(t.Context(), id)
			if diff := cmp.Diff(want, one); diff != "" || err != nil {
				t.Error(err, diff)
			}
			if !one.Synced() {
				t.Error("not synced")
			}
			live := false
			for what, q := range map[string]itglue.ConfigurationQuery{
				"by organization": {OrganizationID: w.orgID}, "by id": {ID: id}, "live ones": {Archived: &live}, "all three": {OrganizationID: w.orgID, ID: id, Archived: &live},
			} {
				got, err := w.c.ListConfigurations(t.Context(), q)
				if diff := cmp.Diff([]itglue.Configuration{want}, got); diff != "" || err != nil {
					t.Errorf("%s: %v %s", what, err, diff)
				}
			}
			all, err := w.c.ListConfigurations(t.Context(), itglue.ConfigurationQuery{})
			if len(all) != 2 || err != nil || !all[1].Archived {
				t.Errorf("archived ones are part of the list: got %d, %v", len(all), err)
			}
		})
	}
}

func TestAnIgnoredFilterDoesNotWidenTheAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{})
	// The answer a filter is ignored in: records of two organizations.
	w.Inject(sandbox.Fault{Kind: sandbox.Status, Op: "GET /configurations", Status: 200, Body: `{"data":[
		{"id":"1","type":"configurations","attributes":{"name":"a","organization-id":` + w.orgID + `}},
		{"id":"2","type":"configurations","attributes":{"name":"b","organization-id":` + w.otherID + `}}],"meta":{"total-count":2,"total-pages":1}}`})
	got, err := w.c.ListConfigurations(t.Context(), itglue.ConfigurationQuery{OrganizationID: w.orgID})
	if err != nil || len(got) != 1 || got[0].ID != "1" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestNamedLists(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{})
	for name, tt := range map[string]struct {
		got  func() ([]itglue.Named, error)
		want itglue.Named
	}{
		"organization types":     {func() ([]itglue.Named, error) { return w.c.ListOrganizationTypes(t.Context()) }, itglue.Named{ID: "11", Name: "Customer"}},
		"organization statuses":  {func() ([]itglue.Named, error) { return w.c.ListOrganizationStatuses(t.Context()) }, itglue.Named{ID: "21", Name: "Active"}},
		"configuration types":    {func() ([]itglue.Named, error) { return w.c.ListConfigurationTypes(t.Context()) }, itglue.Named{ID: "31", Name: "Managed Server"}},
		"configuration statuses": {func() ([]itglue.Named, error) { return w.c.ListConfigurationStatuses(t.Context()) }, itglue.Named{ID: "61", Name: "Active"}},
	} {
		got, err := tt.got()
		if diff := cmp.Diff([]itglue.Named{tt.want}, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
}

func TestCreateOrganization(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{})
	o, err := w.c.CreateOrganization(t.Context(), itglue.OrganizationWrite{Name: "Cirrus", ShortName: "CIR", Description: "d", TypeID: "11", StatusID: "21", QuickNotes: "q", Alert: "a"})
	want := itglue.Organization{
		ID: "1003", Name: "Cirrus", ShortName: "CIR", Description: "d", TypeID: "11", TypeName: "Customer", StatusID: "21", StatusName: "Active",
		QuickNotes: "q", Alert: "a", CreatedAt: w.clock.Now(), UpdatedAt: w.clock.Now(),
	}
	if diff := cmp.Diff(want, o); diff != "" || err != nil {
		t.Error(err, diff)
	}
	if _, err := w.c.CreateOrganization(t.Context(), itglue.OrganizationWrite{}); !vendorhttp.IsInvalid(err) {
		t.Errorf("no name: %v", err)
	}
	if _, err := w.c.CreateOrganization(t.Context(), itglue.OrganizationWrite{Name: "x", TypeID: "99"}); !vendorhttp.IsInvalid(err) {
		t.Errorf("an unknown type: %v", err)
	}
	if n := w.count("POST /organizations", 0); n != 2 {
		t.Errorf("%d creates were sent", n)
	}
}

func TestALostCreateIsUncertain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{})
	w.Inject(sandbox.Fault{Kind: sandbox.ResetAfter, Method: http.MethodPost, Times: 1})
	_, err := w.c.CreateOrganization(t.Context(), itglue.OrganizationWrite{Name: "Cirrus"})
	if !vendorhttp.IsUncertain(err) {
		t.Fatalf("got %v", err)
	}
	got, err := w.c.ListOrganizations(t.Context())
	if err != nil || len(got) != 3 {
		t.Errorf("it was made once, and found again: %d, %v", len(got), err)
	}
}

func TestUpdateOrganizationAlert(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{})
	w.clock.Advance(time.Hour)
	o, err := w.c.UpdateOrganizationAlert(t.Context(), w.orgID, "2 machines failing")
	if err != nil || o.Alert != "2 machines failing" || !o.UpdatedAt.Equal(w.clock.Now()) {
		t.Errorf("got %+v, %v", o, err)
	}
	if o, err = w.c.UpdateOrganizationAlert(t.Context(), w.orgID, ""); err != nil || o.Alert != "" {
		t.Errorf("cleared: got %q, %v", o.Alert, err)
	}
	if _, err := w.c.UpdateOrganizationAlert(t.Context(), "999", "x"); !vendorhttp.IsNotFound(err) {
		t.Errorf("unknown organization: %v", err)
	}
	if _, err := w.c.UpdateOrganizationAlert(t.Context(), w.orgID, "<script>alert(1)</script>"); !vendorhttp.IsForbidden(err) {
		t.Errorf("the firewall: %v", err)
	}
}

func TestCreateConfiguration(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{})
	good := itglue.ConfigurationWrite{
		Name: "SRV9", TypeID: w.confTypeID, StatusID: fmt.Sprint(w.status.ID), Hostname: "srv9", PrimaryIP: "10.0.0.9", MAC: "00:11:22:33:44:99",
		SerialNumber: "S9", AssetTag: "A9", Notes: "n", Interfaces: []itglue.InterfaceWrite{{Name: "eth1", MAC: "0011.2233.4410", IP: "fe80::1"}},
	}
	c, err := w.c.CreateConfiguration(t.Context(), w.orgID, good)
	if err != nil || c.OrganizationID != w.orgID || c.MAC != good.MAC || c.TypeName != "Managed Server" || c.Archived {
		t.Fatalf("got %+v, %v", c, err)
	}
	back, err := w.c.GetConfiguration(t.Context(), c.ID)
	if err != nil || len(back.Interfaces) != 2 {
		t.Errorf("the interface and the primary one: got %+v, %v", back.Interfaces, err)
	}
	sent := w.count("POST /organizations/:organization_id/relationships/configurations", 0)
	for name, change := range map[string]func(*itglue.ConfigurationWrite){
		"a name is required":             func(w *itglue.ConfigurationWrite) { w.Name = " " },
		"a type is required":             func(w *itglue.ConfigurationWrite) { w.TypeID = "" },
		"two MACs are too long":          func(w *itglue.ConfigurationWrite) { w.MAC += "," + w.MAC },
		"an IP address must be one":      func(w *itglue.ConfigurationWrite) { w.PrimaryIP = "10.0.0.999" },
		"an interface's MAC must be one": func(w *itglue.ConfigurationWrite) { w.Interfaces = []itglue.InterfaceWrite{{MAC: "18-5E-0F-ED-99-9J"}} },
		"an interface's IP must be one":  func(w *itglue.ConfigurationWrite) { w.Interfaces = []itglue.InterfaceWrite{{IP: "x"}} },
	} {
		bad := good
		change(&bad)
		if _, err := w.c.CreateConfiguration(t.Context(), w.orgID, bad); !vendorhttp.IsInvalid(err) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if n := w.count("POST /organizations/:organization_id/relationships/configurations", 0); n != sent {
		t.Errorf("what cannot work was sent")
	}
}

func TestNotesOfASyncedConfigurationCanBeWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{})
	var id string
	w.Edit(func(s *sandbox.State) {
		id = fmt.Sprint(s.AddConfiguration(sandbox.Configuration{OrganizationID: w.org.ID, Name: "SRV", TypeID: w.typ.ID, PSAIntegration: "enabled"}).ID)
	})
	c, err := w.c.UpdateConfigurationNotes(t.Context(), id, "backed up")
	if err != nil || c.Notes != "backed up" {
		t.Errorf("got %q, %v", c.Notes, err)
	}
}
