package sandbox

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestConditionsThatEndDismissTheirAlerts(t *testing.T) {
	t.Parallel()
	x := town(t, Options{})
	x.s.Edit(func(st *State) {
		st.ApplianceOffline(st.Appliances[0].AssetTag, epoch)
		if st.ApplianceOffline(st.Appliances[0].AssetTag, epoch) != nil {
			t.Error("two alerts for one outage")
		}
		st.AddAlert(Alert{Type: "alert", Severity: "warning", AssetTag: st.Appliances[0].AssetTag, Message: "Storage is nearly full.", Created: epoch, Condition: "storage"})
	})
	const open = "/v1/backupiq/alerts?is_dismissed=false&is_muted=all&type="
	if got := x.names(open+"alert", "message"); got != "The appliance Box One is offline. Storage is nearly full." {
		t.Error(got)
	}
	if got := x.names("/v1/appliances?is_online=false", "name"); got != "Box One" {
		t.Error(got)
	}
	x.s.Edit(func(st *State) {
		st.ApplianceOnline(st.Appliances[0].AssetTag, epoch.Add(time.Hour))
		if n := st.Resolve("storage", epoch); n != 0 {
			t.Error("an alert that a user must dismiss went away by itself")
		}
		// A failed backup resolves nothing, a good one the conditional alert only.
		failed := st.AddBackup(Backup{AssetKey: st.Assets[3].Key, StartTime: epoch, Status: "InProgress"})
		st.FinishBackup(failed, "Failed", 0, epoch)
	})
	if got := x.names(open+"alert", "message") + "/" + x.names(open+"conditional", "message"); got != "Storage is nearly full./c1" {
		t.Error(got)
	}
	x.s.Edit(func(st *State) {
		for _, a := range st.Assets {
			b := st.AddBackup(Backup{AssetKey: a.Key, StartTime: epoch.Add(time.Hour), Status: "InProgress"})
			st.FinishBackup(b, "Warning", 1, epoch.Add(2*time.Hour))
		}
	})
	if got := x.names(open+"conditional", "message") + "/" + x.names(open+"job", "message"); got != "/j3 j2 j1" {
		t.Error(got)
	}
	x.s.Edit(func(st *State) { st.Dismiss(epoch, st.Alerts[:3]...) })
	if got := x.names(open+"job", "message"); got != "" {
		t.Error(got)
	}
	// Dismissed alerts stay, for a while, or not at all: nobody knows.
	const all = "/v1/backupiq/alerts?is_muted=all&type=conditional"
	for keep, want := range map[time.Duration]string{0: "c1", 10 * time.Hour: "c1", time.Hour: "", -1: ""} {
		x.now = epoch.Add(4 * time.Hour)
		x.token = ""
		x.s.Edit(func(st *State) { st.DismissedFor = keep })
		if got := x.names(all, "message"); got != want {
			t.Errorf("kept for %v: %q, want %q", keep, got, want)
		}
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	x := town(t, Options{})
	x.get("/v1/customers")
	strike := func(f Fault) (int, int, string) {
		x.s.ClearFaults()
		f.PathPrefix, f.Times = "/v1/assets", 1
		x.s.Inject(f)
		status, rows, h := x.get("/v1/assets?page_size=2&page_number=2")
		if _, r, _ := x.get("/v1/assets?page_size=2&page_number=2"); len(r) != 2 {
			t.Errorf("%s struck twice", f.Kind)
		}
		return status, len(rows), h.Get("Paging-Total-Records")
	}
	for _, tt := range []struct {
		f    Fault
		want string
	}{
		{Fault{Kind: Status, Status: 503, HTML: true}, "503 0 "},
		{Fault{Kind: Status, Status: 418}, "418 0 "},
		{Fault{Kind: EmptyList}, "200 0 0"},
		{Fault{Kind: WrongTotal, Rows: 5}, "200 2 9"},
		{Fault{Kind: PageShift, Rows: 1}, "200 1 3"},
		{Fault{Kind: PageShift, Rows: 1, Hidden: true}, "200 1 4"},
		{Fault{Kind: PageShift, Rows: -1}, "200 2 5"},
	} {
		status, rows, total := strike(tt.f)
		if got := fmt.Sprint(status, " ", rows, " ", total); got != tt.want {
			t.Errorf("%+v: got %q, want %q", tt.f, got, tt.want)
		}
	}
	x.s.Inject(Fault{Kind: Status, Status: 500, Op: "GET /v1/customers", Skip: 1, Times: 2})
	var got []int
	for range 5 {
		status, _, _ := x.get("/v1/customers")
		got = append(got, status)
	}
	if d := cmp.Diff([]int{200, 500, 500, 200, 200}, got); d != "" {
		t.Error(d)
	}
	x.s.Inject(Fault{Kind: Revoke, Op: "GET /v1/customers", Times: 1})
	if status, _, _ := x.get("/v1/customers"); status != 401 {
		t.Errorf("revoked: %d", status)
	}
}

func TestBrokenConnectionsOverRealSockets(t *testing.T) {
	t.Parallel()
	x := town(t, Options{})
	x.get("/v1/customers")
	srv := httptest.NewUnstartedServer(x.s)
	srv.Start()
	t.Cleanup(srv.Close)
	for _, client := range []*http.Client{srv.Client(), {Transport: x.s.Transport()}} {
		for kind, want := range map[FaultKind]string{ResetBefore: "no answer", ResetAfter: "no answer", Truncate: "cut"} {
			x.s.Inject(Fault{Kind: kind, Times: 1})
			r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+"/v1/customers", nil)
			r.Header.Set("Authorization", "Bearer "+x.token)
			client.CloseIdleConnections()
			got := "whole"
			if res, err := client.Do(r); err != nil {
				got = "no answer"
			} else {
				if _, err := io.ReadAll(res.Body); err != nil {
					got = "cut"
				}
				res.Body.Close()
			}
			x.s.ClearFaults() // a client may have tried again by itself
			if got != want {
				t.Errorf("%s: %s, want %s", kind, got, want)
			}
		}
	}
}

func TestTheRequestLog(t *testing.T) {
	t.Parallel()
	x := town(t, Options{})
	x.names("/v1/backupiq/alerts?type=job&page_size=2", "message")
	x.get("/v1/nothing")
	want := []Logged{
		{Time: epoch, Method: "POST", Path: "/connect/token", Status: 200, Op: "POST /connect/token"},
		{Time: epoch, Method: "GET", Path: "/v1/backupiq/alerts", Query: "type=job&page_size=2", Status: 200, Op: "GET /v1/backupiq/alerts", Rows: 2},
		{Time: epoch, Method: "GET", Path: "/v1/nothing", Status: 404},
	}
	if d := cmp.Diff(want, x.s.Requests()); d != "" {
		t.Error(d)
	}
	x.s.ResetRequests()
	if n := len(x.s.Requests()); n != 0 {
		t.Errorf("%d after reset", n)
	}
}

func TestIDsDependOnSeedAndOrderOnly(t *testing.T) {
	t.Parallel()
	ids := func(seed string) []string {
		var out []string
		New(Options{Seed: seed}).Edit(func(st *State) {
			c := st.AddCustomer("A")
			ap := st.AddAppliance(Appliance{CustomerID: c.ID})
			out = append(out, c.ID, ap.AssetTag, st.AddAsset(Asset{AssetTag: ap.AssetTag}).Key, st.AddEndpoint(Endpoint{CustomerID: c.ID}).ID)
		})
		return out
	}
	if d := cmp.Diff(ids("x"), ids("x")); d != "" {
		t.Error(d)
	}
	if a, b := ids("x"), ids("y"); a[0] == b[0] || a[2] == b[2] || uuid(a[0]) != "" || uuid(a[2]) != "" || len(a[3]) != 9 {
		t.Error(a, b)
	}
}

func TestRowsCanBeFoundAndRemoved(t *testing.T) {
	t.Parallel()
	x := town(t, Options{})
	x.s.Edit(func(st *State) {
		c, ap, a, e := st.Customers[1], st.Appliances[1], st.Assets[3], st.Endpoints[1]
		if st.Customer(c.ID) != c || st.Appliance(ap.AssetTag) != ap || st.Asset(strings.ToUpper(a.Key)) != a || st.Endpoint(e.ID) != e {
			t.Error("a row is not found")
		}
		st.RemoveCustomer(c.ID)
		st.RemoveAppliance(ap.AssetTag)
		st.RemoveAsset(st.Assets[0].Key)
		st.RemoveEndpoint(e.ID)
		st.Assets = st.Assets[1:] // changed behind the index
		if st.Customer(c.ID) != nil || st.Appliance(ap.AssetTag) != nil || st.Endpoint(e.ID) != nil || st.Asset(a.Key) != a || len(st.Backups) != 2 {
			t.Error("a removed row is found, or one that stayed is not")
		}
	})
}

// Reading a large portal in pages while its life goes on must stay quick.
func TestALargePortalStaysQuickAndSafe(t *testing.T) {
	t.Parallel()
	x := open(t, Options{})
	x.s.Edit(func(st *State) {
		c := st.AddCustomer("C")
		ap := st.AddAppliance(Appliance{CustomerID: c.ID})
		for i := range 5000 {
			a := st.AddAsset(Asset{AssetTag: ap.AssetTag, Name: fmt.Sprint("A", i)})
			st.AddBackup(Backup{AssetKey: a.Key, StartTime: epoch, Status: "Successful"})
		}
	})
	x.get("/v1/customers")
	var wg sync.WaitGroup
	for p := range 10 {
		wg.Go(func() {
			if _, rows, _ := x.get(fmt.Sprintf("/v1/assets?include[backups]=last&order_by=key&page_size=500&page_number=%d", p+1)); len(rows) != 500 {
				t.Errorf("%d rows", len(rows))
			}
			x.s.Edit(func(st *State) {
				st.AddBackup(Backup{AssetKey: st.Assets[p].Key, StartTime: epoch.Add(time.Hour), Status: "Failed"})
			})
		})
	}
	wg.Wait()
}
