package uniview

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"uniview-bridge/pkg/uniview/sandbox"
	"uniview-bridge/pkg/vendorhttp"
)

func TestWhatIsAsked(t *testing.T) {
	t.Parallel()
	no := false
	for name, tt := range map[string]struct {
		ask  func(c *Client) error
		path string
		want url.Values
	}{
		"customers": {
			func(c *Client) error { _, err := c.ListCustomers(t.Context()); return err },
			"/v1/customers",
			url.Values{"order_by": {"id"}},
		},
		"appliances": {
			func(c *Client) error { _, err := c.ListAppliances(t.Context()); return err },
			"/v1/appliances",
			url.Values{"order_by": {"asset_tag"}},
		},
		"assets with last backup and links": {
			func(c *Client) error { _, err := c.ListAssets(t.Context()); return err },
			"/v1/assets",
			url.Values{"order_by": {"key"}, "include[backups]": {"last"}, "include[links]": {"all"}},
		},
		"one asset": {
			func(c *Client) error { _, err := c.GetAsset(t.Context(), "k-1"); return ignoreNotFound(err) },
			"/v1/assets",
			url.Values{"order_by": {"key"}, "include[backups]": {"last"}, "include[links]": {"all"}, "key": {"k-1"}},
		},
		"endpoints": {
			func(c *Client) error { _, err := c.ListEndpoints(t.Context()); return err },
			"/api/epb/v1/assets",
			url.Values{"order_by": {"id"}},
		},
		"one endpoint": {
			func(c *Client) error { _, err := c.GetEndpoint(t.Context(), "48E1YGBDY"); return ignoreNotFound(err) },
			"/api/epb/v1/assets",
			url.Values{"order_by": {"id"}, "id": {"48E1YGBDY"}},
		},
		"alerts, muted ones too, dismissed or not": {
			func(c *Client) error { _, err := c.ListAlerts(t.Context(), AlertQuery{Type: TypeJob}); return err },
			"/v1/backupiq/alerts",
			url.Values{"type": {"job"}, "is_muted": {"all"}, "order_by": {"customer_id"}, "created_time_direction": {"asc"}},
		},
		"alerts with every filter": {
			func(c *Client) error {
				_, err := c.ListAlerts(t.Context(), AlertQuery{Type: TypeHelix, Muted: "false", Dismissed: &no, Severity: SeverityAlarm, CustomerID: "c", AssetTag: "t", AssetKey: "k", AssetName: "a&b=c"})
				return err
			},
			"/v1/backupiq/alerts",
			url.Values{
				"type": {"helix"}, "is_muted": {"false"}, "is_dismissed": {"false"}, "severity": {"alarm"}, "customer_id": {"c"},
				"asset_tag": {"t"}, "asset_key": {"k"}, "asset_name": {"a&b=c"}, "order_by": {"customer_id"}, "created_time_direction": {"asc"},
			},
		},
		"backups": {
			func(c *Client) error {
				_, err := c.ListBackups(t.Context(), BackupQuery{CustomerID: "c", AssetTag: "t", AssetKey: "k", Status: BackupFailed, StartFrom: epoch, CompleteTo: epoch.Add(time.Millisecond)})
				return err
			},
			"/v1/backups",
			url.Values{
				"customer_id": {"c"}, "asset_tag": {"t"}, "asset_key": {"k"}, "status": {"Failed"}, "order_by": {"start_time"},
				"start_time_from": {"2026-03-04T05:06:07Z"}, "complete_time_to": {"2026-03-04T05:06:07.001Z"},
			},
		},
		"the probe": {
			func(c *Client) error { return c.Test(t.Context()) },
			"/v1/customers",
			url.Values{"page_size": {"1"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var seen *http.Request
			c := against(t, Config{APIURL: "https://proxy.example.com/uniview/"}, func(r *http.Request) (int, http.Header, string) {
				seen = r
				return 200, paged(0), "[]"
			})
			if err := tt.ask(c); err != nil {
				t.Fatal(err)
			}
			if tt.want.Get("order_by") != "" {
				tt.want.Set("order_direction", "asc")
				tt.want.Set("page_size", "500")
			}
			tt.want.Set("page_number", "1")
			if d := cmp.Diff(tt.want, seen.URL.Query()); d != "" {
				t.Error(d)
			}
			if want := "/uniview" + tt.path; seen.URL.Path != want || seen.URL.Host != "proxy.example.com" || seen.Method != http.MethodGet {
				t.Errorf("asked %s %s, want %s", seen.Method, seen.URL, want)
			}
			if got := seen.Header.Get("Authorization"); got != "Bearer tok-0123456789abcdef" {
				t.Errorf("authorization %q", got)
			}
		})
	}
}

func ignoreNotFound(err error) error {
	if vendorhttp.IsNotFound(err) {
		return nil
	}
	return err
}

func TestAnAlertTypeIsRequired(t *testing.T) {
	t.Parallel()
	c := against(t, Config{}, func(*http.Request) (int, http.Header, string) { t.Error("asked"); return 200, paged(0), "[]" })
	for _, kind := range []AlertType{"", "spam"} {
		if _, err := c.ListAlerts(t.Context(), AlertQuery{Type: kind}); !vendorhttp.IsInvalid(err) {
			t.Errorf("%q: %v", kind, err)
		}
	}
}

func TestOneRowByItsID(t *testing.T) {
	t.Parallel()
	c, sb, _ := portal(t, Config{}, sandbox.Options{})
	seed(sb, 6)
	var key, id string
	sb.View(func(st *sandbox.State) { key, id = st.Assets[3].Key, st.Endpoints[3].ID })
	if a, err := c.GetAsset(t.Context(), key); err != nil || a.Name != "SRV-0003" || a.LastBackup == nil || a.WebURL() != "https://unitrends.backup.net/links/asset/"+key {
		t.Errorf("got %+v, %v", a, err)
	}
	if e, err := c.GetEndpoint(t.Context(), id); err != nil || e.Name != "PC-0003" || e.StorageUsedBytes != 3<<32 {
		t.Errorf("got %+v, %v", e, err)
	}
	if _, err := c.GetAsset(t.Context(), "00000000-0000-4000-8000-000000000000"); !vendorhttp.IsNotFound(err) {
		t.Errorf("an unknown asset: %v", err)
	}
	for _, err := range []error{second(c.GetAsset(t.Context(), "")), second(c.GetEndpoint(t.Context(), ""))} {
		if !vendorhttp.IsInvalid(err) {
			t.Errorf("no id: %v", err)
		}
	}
	// A filter that is not exact must not give another row.
	loose := against(t, Config{}, func(*http.Request) (int, http.Header, string) { return 200, paged(1), `[{"id":"48E1YGBDY2"}]` })
	if _, err := loose.GetEndpoint(t.Context(), "48E1YGBDY"); !vendorhttp.IsNotFound(err) {
		t.Errorf("a look-alike: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestRowsAsTheyComeAndAsStored(t *testing.T) {
	t.Parallel()
	yes := true
	at := func(s string) time.Time { v, _ := time.Parse(time.RFC3339Nano, s); return v }
	check := func(t *testing.T, got, want any, again func([]byte) (any, error)) {
		t.Helper()
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
		stored, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		back, err := again(stored)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(got, back); d != "" {
			t.Errorf("stored and read again: %s", d)
		}
	}
	t.Run("an endpoint as seen live", func(t *testing.T) {
		t.Parallel()
		got, err := decodeList[Endpoint]([]byte(`[{"id":"48E1YGBDY","name":"DGV-50859","licenseType":null,"customerId":"c","policyId":"p","storageUsedBytes":317951712000,
			"status":"offline","os":"Windows","backupEnabled":true,"hasCustomerManagedKey":false,"timeZoneOffsetMinutes":-120,"createdTimestamp":"2025-01-01T00:00:00Z",
			"lastSuccessfulBackupTimestamp":"2026-09-24T01:40:58.998Z","lastOnlineTimestamp":"2026-09-24T02:49:47.371685Z","newMember":{"x":[1]}}]`))
		if err != nil {
			t.Fatal(err)
		}
		check(t, got, []Endpoint{{
			ID: "48E1YGBDY", Name: "DGV-50859", CustomerID: "c", PolicyID: "p", StorageUsedBytes: 317951712000, Status: "offline", OS: "Windows",
			BackupEnabled: &yes, TimeZoneOffsetMinutes: -120, CreatedTimestamp: at("2025-01-01T00:00:00Z"),
			LastSuccessfulBackupTimestamp: at("2026-09-24T01:40:58.998Z"), LastOnlineTimestamp: at("2026-09-24T02:49:47.371685Z"),
		}}, func(b []byte) (any, error) { return decodeList[Endpoint](b) })
	})
	t.Run("assets with and without a backup", func(t *testing.T) {
		t.Parallel()
		got, err := decodeList[Asset]([]byte(`[{"key":"k1","mac":null,"last_backup":{"start_time":"2020-02-28T13:27:15.200Z","complete_time":null,"size":"8060","type":"Full","status":"Paused","replication_status":null},
			"links":[{"rel":"WebInterface","href":"https://x/1"}]},{"key":"k2","last_backup":null,"links":null},{"key":"k3","last_backup":{},"links":{"rel":"WebInterface","href":"https://x/3"}}]`))
		if err != nil {
			t.Fatal(err)
		}
		check(t, got, []Asset{
			{Key: "k1", LastBackup: &LastBackup{StartTime: at("2020-02-28T13:27:15.2Z"), Size: 8060, Type: "Full", Status: "Paused"}, Links: []Link{{"WebInterface", "https://x/1"}}},
			{Key: "k2"},
			{Key: "k3", Links: []Link{{"WebInterface", "https://x/3"}}},
		}, func(b []byte) (any, error) { return decodeList[Asset](b) })
	})
	t.Run("alerts of every kind", func(t *testing.T) {
		t.Parallel()
		got, err := decodeList[Alert]([]byte(`[{"type":"job","severity":"critical","created_time":"2021-06-07T13:28:32.200Z","is_dismissed":true,"is_muted":"false","job_name":"Nightly","job_type":"Backup"},
			{"type":"conditional","severity":"dire","message":"m","interrogation_message":"offline","id":17,"asset_key":"k","asset_name":"n"}]`))
		if err != nil {
			t.Fatal(err)
		}
		check(t, got, []Alert{
			{Type: TypeJob, Severity: SeverityCritical, CreatedTime: at("2021-06-07T13:28:32.2Z"), IsDismissed: true, JobName: "Nightly", JobType: "Backup"},
			{Type: TypeConditional, Severity: "dire", Message: "m", InterrogationMessage: "offline", ID: "17", AssetKey: "k", AssetName: "n"},
		}, func(b []byte) (any, error) { return decodeList[Alert](b) })
	})
	t.Run("the rest", func(t *testing.T) {
		t.Parallel()
		ap, err := decodeList[Appliance]([]byte(`[{"customer_id":"c","asset_tag":"8008-100-70130","name":"A","is_online":true,"total_mb_size":86203240,"total_mb_free":8.62032e5,"version":"10.4.7","helix_status":"AutoUpdate"}]`))
		if err != nil {
			t.Fatal(err)
		}
		check(t, ap, []Appliance{{"c", "8008-100-70130", "A", true, 86203240, 862032, "10.4.7", HelixAutoUpdate}},
			func(b []byte) (any, error) { return decodeList[Appliance](b) })
		bk, err := decodeList[Backup]([]byte(`[{"customer_id":"c","asset_tag":"t","asset_key":"k","start_time":"2020-02-28T13:27:15.200Z","complete_time":"2020-02-28T13:28:32.200Z","size":1,"type":"Full","status":"Failed","replication_status":"Unknown"}]`))
		if err != nil {
			t.Fatal(err)
		}
		check(t, bk, []Backup{{"c", "t", "k", LastBackup{at("2020-02-28T13:27:15.2Z"), at("2020-02-28T13:28:32.2Z"), 1, "Full", BackupFailed, ReplicationUnknown}}},
			func(b []byte) (any, error) { return decodeList[Backup](b) })
		cu, err := decodeList[Customer]([]byte(`[{"id":"c","name":null}]`))
		if err != nil {
			t.Fatal(err)
		}
		check(t, cu, []Customer{{ID: "c"}}, func(b []byte) (any, error) { return decodeList[Customer](b) })
	})
}

// What the portal holds is what the client gives, whatever spelling the portal
// chose for it.
func TestThePortalsDataArrivesUnchanged(t *testing.T) {
	t.Parallel()
	c, sb, _ := portal(t, Config{PageSize: 7}, sandbox.Options{})
	seed(sb, 40)
	var sum, storage int64
	var last, none int
	sb.View(func(st *sandbox.State) {
		for _, a := range st.Assets {
			if a.LastBackup == nil {
				none++
				continue
			}
			last++
			sum += a.LastBackup.StartTime.UnixNano() + a.LastBackup.CompleteTime.UnixNano() + a.LastBackup.SizeMB
		}
		for _, e := range st.Endpoints {
			storage += e.StorageUsed
		}
	})
	assets, err := c.ListAssets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range assets {
		if a.LastBackup == nil {
			none--
			continue
		}
		last--
		sum -= a.LastBackup.StartTime.UnixNano() + a.LastBackup.CompleteTime.UnixNano() + a.LastBackup.Size
	}
	endpoints, err := c.ListEndpoints(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range endpoints {
		storage -= e.StorageUsedBytes
		if !e.LastSuccessfulBackupTimestamp.IsZero() || e.BackupEnabled != nil {
			t.Errorf("never backed up, yet %+v", e)
		}
	}
	if sum != 0 || storage != 0 || last != 0 || none != 0 {
		t.Errorf("differences: times %d, storage %d, with backup %d, without %d", sum, storage, last, none)
	}
	if customers, err := c.ListCustomers(t.Context()); err != nil || len(customers) != 3 || customers[0].ID > customers[1].ID {
		t.Errorf("%v %v", customers, err)
	}
	if appliances, err := c.ListAppliances(t.Context()); err != nil || len(appliances) != 3 || !appliances[0].IsOnline {
		t.Errorf("%v %v", appliances, err)
	}
	if backups, err := c.ListBackups(t.Context(), BackupQuery{Status: BackupSuccessful}); err != nil || len(backups) != 32 {
		t.Errorf("%d backups, %v", len(backups), err)
	}
}
