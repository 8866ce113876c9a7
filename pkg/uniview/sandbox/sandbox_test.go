package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var epoch = time.Date(2026, 3, 4, 5, 6, 7, 123456700, time.UTC)

// tester speaks to a portal as a stranger would: with plain HTTP.
type tester struct {
	t     *testing.T
	s     *Server
	now   time.Time
	token string
}

func open(t *testing.T, o Options) *tester {
	t.Helper()
	x := &tester{t: t, now: epoch}
	o.Now = func() time.Time { return x.now }
	x.s = New(o)
	return x
}

func (x *tester) do(r *http.Request) *httptest.ResponseRecorder {
	x.t.Helper()
	w := httptest.NewRecorder()
	x.s.ServeHTTP(w, r)
	return w
}

func (x *tester) login(form string, header ...string) (int, map[string]any) {
	x.t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/connect/token", strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := x.do(r)
	var doc map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
		x.t.Fatal(err)
	}
	return w.Code, doc
}

// get asks for a path with a living token and gives status, rows and headers.
func (x *tester) get(path string) (int, []map[string]any, http.Header) {
	x.t.Helper()
	if x.token == "" {
		status, doc := x.login("grant_type=client_credentials&client_id=sandbox&client_secret=sandbox-secret")
		if status != 200 {
			x.t.Fatal(status, doc)
		}
		x.token = doc["access_token"].(string)
	}
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("Authorization", "Bearer "+x.token)
	w := x.do(r)
	var rows []map[string]any
	if w.Code == 200 {
		if err := json.Unmarshal(w.Body.Bytes(), &rows); err != nil {
			x.t.Fatalf("%s: %v: %s", path, err, w.Body)
		}
	}
	return w.Code, rows, w.Header()
}

// names gives one member of every row.
func (x *tester) names(path, member string) string {
	x.t.Helper()
	status, rows, _ := x.get(path)
	if status != 200 {
		return fmt.Sprint("status ", status)
	}
	var out []string
	for _, r := range rows {
		out = append(out, fmt.Sprint(r[member]))
	}
	return strings.Join(out, " ")
}

// town is a portal with two customers, two appliances and a few rows of each kind.
func town(t *testing.T, o Options) *tester {
	x := open(t, o)
	x.s.Edit(func(st *State) {
		alpha, beta := st.AddCustomer("Alpha"), st.AddCustomer("Beta")
		a1 := st.AddAppliance(Appliance{CustomerID: alpha.ID, Name: "Box One", TotalMBSize: 100, TotalMBFree: 10, Version: "10.1"})
		b1 := st.AddAppliance(Appliance{CustomerID: beta.ID, Name: "Box Two", TotalMBSize: 200, TotalMBFree: 5, Version: "10.2", HelixStatus: "None"})
		for i, n := range []string{"dc01", "DC02", "web"} {
			as := st.AddAsset(Asset{AssetTag: a1.AssetTag, Name: n, IP: fmt.Sprint("10.0.0.", i), MAC: fmt.Sprint("00:00:00:00:00:0", i)})
			b := st.AddBackup(Backup{AssetKey: as.Key, StartTime: epoch.Add(time.Duration(i-10) * time.Hour), Status: "InProgress"})
			st.FinishBackup(b, []string{"Successful", "Warning", "Failed"}[i], int64(i)*100, b.StartTime.Add(time.Minute))
		}
		st.AddAsset(Asset{AssetTag: b1.AssetTag, Name: "db", Type: "VMware"})
		yes := true
		st.AddEndpoint(Endpoint{CustomerID: alpha.ID, Name: "pc2", OS: "Windows", StorageUsed: 5, BackupEnabled: &yes, LastSuccess: epoch, Created: epoch, LastOnline: epoch})
		st.AddEndpoint(Endpoint{CustomerID: beta.ID, Name: "pc1", OS: "macOS", StorageUsed: 7, Status: "offline", Created: epoch, HasNoCustomer: true})
		st.AddAlert(Alert{Type: "job", Severity: "critical", AssetKey: st.Assets[2].Key, JobName: "Nightly web", JobType: "Backup", Message: "j1", Created: epoch.Add(-3 * time.Hour)})
		st.AddAlert(Alert{Type: "job", Severity: "warning", AssetKey: st.Assets[1].Key, JobName: "Nightly dc", JobType: "Copy", Message: "j2", Created: epoch.Add(-4 * time.Hour)})
		st.AddAlert(Alert{Type: "job", Severity: "warning", AssetKey: st.Assets[0].Key, Message: "j3", Created: epoch.Add(-5 * time.Hour), Muted: true})
		st.AddAlert(Alert{Type: "job", Severity: "warning", AssetTag: b1.AssetTag, Message: "j4", Created: epoch.Add(-6 * time.Hour), Dismissed: true})
		st.AddAlert(Alert{Type: "conditional", Severity: "alarm", AssetKey: st.Assets[3].Key, Message: "c1", Interrogated: "Appliance is offline.", Created: epoch})
	})
	return x
}

func TestATokenAnswersAsOAuthSays(t *testing.T) {
	t.Parallel()
	x := open(t, Options{ClientID: "id", ClientSecret: "s+/=", TokenLifetime: 10 * time.Minute})
	status, doc := x.login("grant_type=client_credentials&client_id=id&client_secret=s%2B%2F%3D")
	if status != 200 || doc["token_type"] != "Bearer" || doc["expires_in"] != 600.0 || doc["access_token"] == "" {
		t.Errorf("%d %v", status, doc)
	}
	if status, doc := x.login("grant_type=%zz"); status != 400 || doc["error"] != "invalid_request" {
		t.Errorf("a form that is broken: %d %v", status, doc)
	}
	if w := x.do(httptest.NewRequest(http.MethodGet, "/connect/token", nil)); w.Code != 405 || w.Header().Get("Allow") != "POST" {
		t.Errorf("GET: %d", w.Code)
	}
}

func TestEveryListNeedsALivingToken(t *testing.T) {
	t.Parallel()
	x := town(t, Options{TokenLifetime: time.Minute})
	paths := []string{"/v1/customers", "/v1/appliances", "/v1/assets", "/v1/backups", "/v1/backupiq/alerts?type=job", "/api/epb/v1/assets"}
	all := func(want int) {
		t.Helper()
		for _, p := range paths {
			if status, _, h := x.get(p); status != want || want == 401 && !strings.HasPrefix(h.Get("WWW-Authenticate"), "Bearer") {
				t.Errorf("%s: %d, want %d", p, status, want)
			}
		}
	}
	all(200)
	x.now = x.now.Add(time.Minute)
	all(401) // the token ended
	x.token = ""
	all(200)
	x.s.Edit(func(st *State) { st.Credentials[0].Revoked = true })
	all(401)
	if status, doc := x.login("grant_type=client_credentials&client_id=sandbox&client_secret=sandbox-secret"); status != 400 || doc["error"] != "invalid_client" {
		t.Errorf("revoked: %d %v", status, doc)
	}
	x.token = "guessed"
	all(401)
	if w := x.do(httptest.NewRequest(http.MethodGet, "/v1/customers", nil)); w.Code != 401 {
		t.Errorf("no token: %d", w.Code)
	}
}

func TestFiltersAndOrder(t *testing.T) {
	t.Parallel()
	x := town(t, Options{})
	var alpha, tagB, webKey string
	x.s.View(func(st *State) { alpha, tagB, webKey = st.Customers[0].ID, st.Appliances[1].AssetTag, st.Assets[2].Key })
	at := func(d time.Duration) string { return url.QueryEscape(epoch.Add(d).Format(time.RFC3339Nano)) }
	for path, tt := range map[string]struct{ member, want string }{
		"/v1/customers?order_by=name&order_direction=desc":           {"name", "Beta Alpha"},
		"/v1/customers?name=alpha":                                   {"name", "Alpha"},
		"/v1/customers?name=alph":                                    {"name", ""},
		"/v1/customers?id=" + strings.ToUpper(alpha):                 {"name", "Alpha"},
		"/v1/appliances?name=box&order_by=total_mb_free":             {"name", "Box Two Box One"},
		"/v1/appliances?is_online=false":                             {"name", ""},
		"/v1/appliances?version=.2":                                  {"name", "Box Two"},
		"/v1/appliances?helix_status=None":                           {"name", "Box Two"},
		"/v1/appliances?total_mb_size_from=150&total_mb_size_to=250": {"name", "Box Two"},
		"/v1/appliances?total_mb_free_to=5":                          {"name", "Box Two"},
		"/v1/appliances?asset_tag=" + tagB:                           {"name", "Box Two"},
		"/v1/assets?name=dc&order_by=name":                           {"name", "dc01 DC02"},
		"/v1/assets?name=dc&order_by=name&order_direction=desc":      {"name", "DC02 dc01"},
		"/v1/assets?type=VM":                                         {"name", ""},
		"/v1/assets?type=vmware":                                     {"name", "db"},
		"/v1/assets?mac=00:00:00:00:00:01":                           {"name", "DC02"},
		"/v1/assets?ip=10.0.0.2":                                     {"name", "web"},
		"/v1/assets?key=" + webKey:                                   {"name", "web"},
		"/v1/assets?customer_id=" + alpha + "&name=w":                {"name", "web"},
		"/v1/assets?asset_tag=" + tagB:                               {"name", "db"},
		"/v1/backups?status=Failed":                                  {"asset_key", webKey},
		"/v1/backups?order_by=start_time&order_direction=desc":       {"status", "Failed Warning Successful"},
		"/v1/backups?start_time_from=" + at(-9*time.Hour):            {"status", "Warning Failed"},
		"/v1/backups?complete_time_to=" + at(-9*time.Hour):           {"status", "Successful"},
		"/v1/backups?size_from=100&size_to=100":                      {"status", "Warning"},
		"/v1/backups?asset_key=" + webKey:                            {"status", "Failed"},
		"/v1/backups?customer_id=" + alpha + "&order_by=size":        {"size", "0 100 200"},
		"/v1/backups?replication_status=Successful":                  {"status", ""},
		"/api/epb/v1/assets?order_by=name":                           {"name", "pc1 pc2"},
		"/api/epb/v1/assets?order_by=storageUsedBytes":               {"name", "pc2 pc1"},
		"/api/epb/v1/assets?customer_id=" + alpha:                    {"name", "pc2"},
		"/api/epb/v1/assets?name=pc":                                 {"name", ""},
		"/api/epb/v1/assets?order_by=oS":                             {"os", "macOS Windows"},

		"/v1/backupiq/alerts?type=job":                                        {"message", "j4 j2 j1"}, // muted ones are hidden, dismissed ones are not
		"/v1/backupiq/alerts?type=job&is_muted=false":                         {"message", "j4 j2 j1"},
		"/v1/backupiq/alerts?type=job&is_muted=true":                          {"message", "j3"},
		"/v1/backupiq/alerts?type=job&is_muted=all":                           {"message", "j4 j3 j2 j1"},
		"/v1/backupiq/alerts?type=job&is_dismissed=false":                     {"message", "j2 j1"},
		"/v1/backupiq/alerts?type=job&is_dismissed=true":                      {"message", "j4"},
		"/v1/backupiq/alerts?type=job&created_time_direction=desc":            {"message", "j1 j2 j4"},
		"/v1/backupiq/alerts?type=job&order_by=severity":                      {"message", "j1 j4 j2"},
		"/v1/backupiq/alerts?type=job&order_by=severity&order_direction=desc": {"message", "j4 j2 j1"},
		"/v1/backupiq/alerts?type=job&order_by=asset_name":                    {"message", "j4 j2 j1"},
		"/v1/backupiq/alerts?type=job&asset_key=" + webKey:                    {"message", "j1"},
		"/v1/backupiq/alerts?type=job&asset_name=dc":                          {"message", "j2"},
		"/v1/backupiq/alerts?type=job&job_name=nightly&job_type=cop":          {"message", "j2"},
		"/v1/backupiq/alerts?type=job&customer_name=bet":                      {"message", "j4"},
		"/v1/backupiq/alerts?type=job&appliance_name=two":                     {"message", "j4"},
		"/v1/backupiq/alerts?type=job&asset_tag=" + tagB:                      {"message", "j4"},
		"/v1/backupiq/alerts?type=job&severity=critical&customer_id=" + alpha: {"message", "j1"},
		"/v1/backupiq/alerts?type=conditional":                                {"interrogation_message", "Appliance is offline."},
		"/v1/backupiq/alerts?type=helix":                                      {"message", ""},
	} {
		if got := x.names(path, tt.member); got != tt.want {
			t.Errorf("%s: got %q, want %q", path, got, tt.want)
		}
	}
}

func TestPaging(t *testing.T) {
	t.Parallel()
	x := open(t, Options{})
	x.s.Edit(func(st *State) {
		for i := range 120 {
			st.AddCustomer(fmt.Sprintf("c%03d", i))
		}
	})
	for path, want := range map[string]string{
		"/v1/customers?order_by=name":                            "50 rows from c000, size 50, page 1, 120 records, 3 pages",
		"/v1/customers?order_by=name&page_number=3":              "20 rows from c100, size 50, page 3, 120 records, 3 pages",
		"/v1/customers?order_by=name&page_number=4":              "0 rows, size 50, page 4, 120 records, 3 pages",
		"/v1/customers?order_by=name&page_number=2&page_size=60": "60 rows from c060, size 60, page 2, 120 records, 2 pages",
		"/v1/customers?order_by=name&page_size=5000":             "120 rows from c000, size 5000, page 1, 120 records, 1 pages",
		"/v1/customers?name=none":                                "0 rows, size 50, page 1, 0 records, 0 pages",
	} {
		_, rows, h := x.get(path)
		got := fmt.Sprintf("%d rows", len(rows))
		if len(rows) > 0 {
			got += fmt.Sprint(" from ", rows[0]["name"])
		}
		got += fmt.Sprintf(", size %s, page %s, %s records, %s pages", h.Get("Paging-Page-Size"), h.Get("Paging-Page-Number"), h.Get("Paging-Total-Records"), h.Get("Paging-Total-Pages"))
		if got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
	capped := open(t, Options{MaxPageSize: 10})
	if _, _, h := capped.get("/v1/customers?page_size=500"); h.Get("Paging-Page-Size") != "10" {
		t.Errorf("capped page of %s", h.Get("Paging-Page-Size"))
	}
}

func TestSpellings(t *testing.T) {
	t.Parallel()
	x := open(t, Options{})
	x.s.Edit(func(st *State) {
		c := st.AddCustomer("C")
		ap := st.AddAppliance(Appliance{CustomerID: c.ID, Name: "A"})
		for i := range 60 {
			a := st.AddAsset(Asset{AssetTag: ap.AssetTag, Name: fmt.Sprint(i)}) // no MAC
			st.AddBackup(Backup{AssetKey: a.Key, StartTime: epoch.Truncate(time.Second), Status: "InProgress"})
		}
	})
	null, missing, fractions := 0, 0, map[int]bool{}
	_, rows, _ := x.get("/v1/assets?page_size=100&include[backups]=last")
	_, again, _ := x.get("/v1/assets?page_size=100&include[backups]=last")
	if d := cmp.Diff(rows, again); d != "" {
		t.Errorf("a second read differs: %s", d)
	}
	for _, r := range rows {
		if v, ok := r["mac"]; !ok {
			missing++
		} else if v == nil {
			null++
		}
		if _, ok := r["links"]; ok {
			t.Fatal("links without being asked for")
		}
		start := r["last_backup"].(map[string]any)["start_time"].(string)
		if at, err := time.Parse(time.RFC3339Nano, start); err != nil || !at.Equal(epoch.Truncate(time.Second)) || !strings.HasSuffix(start, "Z") {
			t.Errorf("%s: %v", start, err)
		}
		fractions[len(start)] = true
	}
	if null == 0 || missing == 0 || len(fractions) < 3 {
		t.Errorf("%d null, %d missing, fractions %v", null, missing, fractions)
	}
	_, rows, _ = x.get("/v1/assets?page_size=1")
	if _, ok := rows[0]["last_backup"]; ok {
		t.Error("a last backup without being asked for")
	}
}

func TestAlertsTellOnlyWhatTheVendorDocuments(t *testing.T) {
	t.Parallel()
	known := []string{"type", "appliance_name", "asset_tag", "customer_id", "customer_name", "message", "severity", "created_time", "is_dismissed", "is_muted"}
	for kind, more := range map[string][]string{"job": {"job_name", "job_type"}, "conditional": {"interrogation_message"}} {
		_, rows, _ := town(t, Options{}).get("/v1/backupiq/alerts?is_muted=all&type=" + kind)
		if len(rows) == 0 {
			t.Fatal("no rows")
		}
		for _, r := range rows {
			for member := range r {
				if !slices.Contains(known, member) && !slices.Contains(more, member) {
					t.Errorf("%s: member %s", kind, member)
				}
			}
		}
	}
	_, rows, _ := town(t, Options{RichAlerts: true}).get("/v1/backupiq/alerts?type=conditional")
	if rows[0]["id"] != "alert-000005" || rows[0]["asset_name"] != "db" || rows[0]["asset_key"] == nil {
		t.Errorf("rich: %v", rows[0])
	}
}
