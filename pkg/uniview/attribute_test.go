package uniview

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"uniview-bridge/pkg/uniview/sandbox"
	"uniview-bridge/pkg/vendorhttp"
)

func alertQueries(sb *sandbox.Server) int {
	n := 0
	for _, r := range sb.Requests() {
		if r.Path == "/v1/backupiq/alerts" && strings.Contains(r.Query, "asset_key=") {
			n++
		}
	}
	return n
}

func TestAlertsFindTheirAssets(t *testing.T) {
	t.Parallel()
	c, sb, _ := portal(t, Config{}, sandbox.Options{})
	seed(sb, 12)
	var want []string
	sb.Edit(func(st *sandbox.State) {
		add := func(a sandbox.Alert) {
			a.Type, a.Severity = "conditional", "alarm"
			st.AddAlert(a)
		}
		// Two equal alerts about two machines of one appliance, one that names its
		// machine, one about the appliance itself.
		add(sandbox.Alert{AssetKey: st.Assets[0].Key, Message: "No good backup.", Created: epoch})
		add(sandbox.Alert{AssetKey: st.Assets[3].Key, Message: "No good backup.", Created: epoch})
		add(sandbox.Alert{AssetKey: st.Assets[9].Key, Message: "No good backup of SRV-0009.", Created: epoch.Add(time.Second)})
		add(sandbox.Alert{AssetTag: st.Appliances[0].AssetTag, Message: "Storage is full.", Created: epoch.Add(time.Minute)})
		for _, a := range st.Alerts {
			want = append(want, a.AssetKey)
		}
	})
	alerts, err := c.ListAlerts(t.Context(), AlertQuery{Type: TypeConditional})
	if err != nil {
		t.Fatal(err)
	}
	assets, err := c.ListAssets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	a := c.NewAttributor(0)
	keys, left, err := a.Attribute(t.Context(), alerts, assets)
	if err != nil || left != 0 {
		t.Fatal(left, err)
	}
	if d := cmp.Diff(sorted(want[:2]), sorted(keys[:2])); d != "" {
		t.Error("the equal ones:", d)
	}
	if d := cmp.Diff(want[2:], keys[2:]); d != "" {
		t.Error("the others:", d)
	}
	if n := alertQueries(sb); n != 4 {
		t.Errorf("%d queries, want one for each of the appliance's four assets", n)
	}
	again, left, err := a.Attribute(t.Context(), alerts, assets)
	if d := cmp.Diff(keys, again); d != "" || left != 0 || err != nil || alertQueries(sb) != 4 {
		t.Errorf("asked again: %s, %d left, %v, %d queries", d, left, err, alertQueries(sb))
	}
}

func sorted(keys []string) map[string]bool {
	m := map[string]bool{}
	for _, k := range keys {
		m[k] = true
	}
	return m
}

func TestAttributionIsBoundedAndGoesOn(t *testing.T) {
	t.Parallel()
	c, sb, _ := portal(t, Config{}, sandbox.Options{})
	seed(sb, 30)
	sb.Edit(func(st *sandbox.State) {
		for i := range 30 {
			st.AddAlert(sandbox.Alert{Type: "job", Severity: "critical", AssetKey: st.Assets[i].Key, JobName: "Nightly", Message: "Backup failed.", Created: epoch.Add(time.Duration(i) * time.Second)})
		}
	})
	alerts, _ := c.ListAlerts(t.Context(), AlertQuery{Type: TypeJob})
	assets, _ := c.ListAssets(t.Context())
	a := c.NewAttributor(8)
	_, left, err := a.Attribute(t.Context(), alerts, assets)
	if err != nil || left != 22 || alertQueries(sb) != 8 {
		t.Errorf("%d left, %v, %d queries", left, err, alertQueries(sb))
	}
	for range 4 {
		_, left, _ = a.Attribute(t.Context(), alerts, assets)
	}
	if left != 0 {
		t.Errorf("%d left in the end", left)
	}
	sb.Inject(sandbox.Fault{Kind: sandbox.Status, Status: 500})
	if _, _, err := c.NewAttributor(8).Attribute(t.Context(), alerts, assets); !vendorhttp.Retryable(err) {
		t.Errorf("got %v", err)
	}
}

func TestAttributionAsksNothingNeedless(t *testing.T) {
	t.Parallel()
	c, sb, _ := portal(t, Config{}, sandbox.Options{RichAlerts: true})
	seed(sb, 3)
	sb.Edit(func(st *sandbox.State) {
		st.AddAlert(sandbox.Alert{Type: "alert", Severity: "warning", AssetKey: st.Assets[0].Key, Message: "rich", Created: epoch})
		st.AddAlert(sandbox.Alert{Type: "alert", Severity: "warning", CustomerID: st.Customers[0].ID, Message: "no appliance", Created: epoch.Add(1)})
	})
	alerts, err := c.ListAlerts(t.Context(), AlertQuery{Type: TypeAlert})
	if err != nil {
		t.Fatal(err)
	}
	assets, _ := c.ListAssets(t.Context())
	keys, left, err := c.NewAttributor(8).Attribute(t.Context(), alerts, assets)
	if got := fmt.Sprintf("%v %q %d %v %d", keys[0] != "", keys[1], left, err, alertQueries(sb)); got != `true "" 0 <nil> 0` {
		t.Error(got)
	}
}
