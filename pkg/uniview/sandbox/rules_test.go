package sandbox

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// A rule is one of the vendor's, with a request that obeys it and one that breaks
// it. What comes is written as [tester.try] does.
type rule struct {
	section        string // of uniview.md
	says           string
	obeys, comes   string
	breaks, refuse string
}

const (
	credentials = "grant_type=client_credentials&client_id=sandbox&client_secret=sandbox-secret"
	problemJSON = "400 application/problem+json"
)

// rules are the quirks that the page knows, in its order. Requests are made
// against [town]; {alpha}, {webKey} and {boxB} stand for ids of it.
var rules = []rule{
	{"2", "the token endpoint is posted to", "POST /connect/token " + credentials, "200", "GET /connect/token", "405"},
	{"2", "the token request is a form", "POST /connect/token " + credentials, "200", "JSON /connect/token " + credentials, "400 invalid_request"},
	{"2", "the grant is client_credentials", "POST /connect/token " + credentials, "200", "POST /connect/token grant_type=password&client_id=sandbox&client_secret=sandbox-secret", "400 unauthorized_client"},
	{"2", "a grant must be named", "POST /connect/token " + credentials, "200", "POST /connect/token client_id=sandbox&client_secret=sandbox-secret", "400 unsupported_grant_type"},
	{"2", "credentials may come in the body", "POST /connect/token " + credentials, "200", "POST /connect/token grant_type=client_credentials&client_id=sandbox&client_secret=wrong", "400 invalid_client"},
	{"2", "credentials may come with HTTP Basic", "BASIC sandbox:sandbox-secret", "200", "BASIC sandbox:wrong", "400 invalid_client"},
	{"2", "the secret in Basic is form-encoded", "BASIC sandbox:sandbox%2Dsecret", "200", "BASIC sandbox:%zz", "400 invalid_client"},
	{"2", "a client must be known", "BASIC sandbox:sandbox-secret", "200", "BASIC nobody:sandbox-secret", "400 invalid_client"},
	{"2", "no scope is sent", "POST /connect/token " + credentials, "200", "POST /connect/token scope=api&" + credentials, "400 invalid_scope"},
	{"2", "calls carry the token as Bearer", "GET /v1/customers", "200 2/2", "NOTOKEN /v1/customers", "401"},
	{"2", "a token must be one that was given", "GET /v1/customers", "200 2/2", "WRONGTOKEN /v1/customers", "401"},

	{"3", "page_number starts at 1", "GET /v1/customers?page_number=1", "200 2/2", "GET /v1/customers?page_number=0", problemJSON},
	{"3", "page_size is at least 1", "GET /v1/customers?page_size=1", "200 1/2", "GET /v1/customers?page_size=0", problemJSON},
	{"3", "page_size has no cap but its type", "GET /v1/customers?page_size=2147483647", "200 2/2", "GET /v1/customers?page_size=2147483648", problemJSON},
	{"3", "a page beyond the end is empty, not an error", "GET /v1/customers?page_number=9", "200 0/2", "GET /v1/customers?page_number=-9", problemJSON},
	{"3", "order_by takes the resource's columns", "GET /v1/assets?order_by=ip", "200 4/4", "GET /v1/customers?order_by=ip", problemJSON},
	{"3", "order_direction is asc or desc", "GET /v1/customers?order_direction=desc", "200 2/2", "GET /v1/customers?order_direction=down", problemJSON},
	{"3", "names of appliances are contained", "GET /v1/appliances?name=ox+t", "200 1/1", "GET /v1/appliances?name=box+three", "200 0/0"},
	{"3", "names of assets are contained", "GET /v1/assets?name=dc", "200 2/2", "GET /v1/assets?name=dcx", "200 0/0"},
	{"3", "names of customers are exact, the stricter reading", "GET /v1/customers?name=alpha", "200 1/1", "GET /v1/customers?name=alph", "200 0/0"},
	{"3", "names of endpoints are exact, the stricter reading", "GET /api/epb/v1/assets?name=pc1", "200 1/1", "GET /api/epb/v1/assets?name=pc", "200 0/0"},
	{"3", "extras are asked for in brackets", "GET /v1/assets?include[backups]=last&include[links]=all", "200 4/4", "GET /v1/assets?include=backups", problemJSON},
	{"3", "extras have one value each", "GET /v1/assets?include[backups]=last", "200 4/4", "GET /v1/assets?include[backups]=all", problemJSON},
	{"3", "times are ISO 8601", "GET /v1/backups?start_time_from=2026-03-03T00:00:00.371685Z", "200 3/3", "GET /v1/backups?start_time_from=1772582400", problemJSON},
	{"3", "asset_tag is the appliance's id", "GET /v1/assets?asset_tag={boxB}", "200 1/1", "GET /v1/assets?asset_tag={webKey}", "200 0/0"},
	{"3", "there is no changes feed", "GET /v1/assets", "200 4/4", "GET /v1/assets?updated_since=2026-01-01T00:00:00Z", problemJSON},
	{"1", "the second page is not asked for with page", "GET /v1/customers?page_number=2&page_size=1", "200 1/2", "GET /v1/customers?page=2&page_size=1", problemJSON},

	{"4", "only the documented paths exist", "GET /v1/assets", "200 4/4", "GET /v1/devices", "404"},
	{"4", "a list has no single row below it", "GET /v1/customers?id={alpha}", "200 1/1", "GET /v1/customers/{alpha}", "404"},
	{"4", "nothing can be written", "GET /v1/backupiq/alerts?type=job", "200 3/3", "PATCH /v1/backupiq/alerts?type=job", "405"},
	{"4", "nothing can be deleted", "GET /v1/assets", "200 4/4", "DELETE /v1/assets", "405"},
	{"4", "alerts are read one type at a time", "GET /v1/backupiq/alerts?type=conditional", "200 1/1", "GET /v1/backupiq/alerts", problemJSON},

	{"4.1", "there are four types of alerts", "GET /v1/backupiq/alerts?type=helix", "200 0/0", "GET /v1/backupiq/alerts?type=all", problemJSON},
	{"4.1", "muted alerts are hidden unless asked for", "GET /v1/backupiq/alerts?type=job&is_muted=all", "200 4/4", "GET /v1/backupiq/alerts?type=job", "200 3/3"},
	{"4.1", "is_muted knows three words", "GET /v1/backupiq/alerts?type=job&is_muted=true", "200 1/1", "GET /v1/backupiq/alerts?type=job&is_muted=both", problemJSON},
	{"4.1", "without is_dismissed both come", "GET /v1/backupiq/alerts?type=job", "200 3/3", "GET /v1/backupiq/alerts?type=job&is_dismissed=false", "200 2/2"},
	{"4.1", "alerts can be filtered by an asset they do not name", "GET /v1/backupiq/alerts?type=job&asset_key={webKey}", "200 1/1", "GET /v1/backupiq/alerts?type=job&asset_key=web", problemJSON},
	{"4.1", "alerts cannot be ordered by their time alone", "GET /v1/backupiq/alerts?type=job&created_time_direction=desc", "200 3/3", "GET /v1/backupiq/alerts?type=job&order_by=created_time", problemJSON},
	{"4.1", "other lists have no created_time_direction", "GET /v1/backupiq/alerts?type=job&created_time_direction=asc", "200 3/3", "GET /v1/backups?created_time_direction=asc", problemJSON},
	{"4.1", "ids of customers are UUIDs", "GET /v1/assets?customer_id={alpha}", "200 3/3", "GET /v1/assets?customer_id=17", problemJSON},
	{"4.1", "ids of endpoints are not", "GET /api/epb/v1/assets?id=48E1YGBDY", "200 0/0", "GET /api/epb/v1/assets?customer_id=48E1YGBDY", problemJSON},
	{"4.1", "endpoints are ordered by their own names of columns", "GET /api/epb/v1/assets?order_by=storageUsedBytes", "200 2/2", "GET /api/epb/v1/assets?order_by=storage_used_bytes", problemJSON},
	{"4.1", "endpoints have no MAC filter", "GET /v1/assets?mac=00:00:00:00:00:01", "200 1/1", "GET /api/epb/v1/assets?mac=00:00:00:00:00:01", problemJSON},
	{"4.1", "a parameter comes once", "GET /v1/customers?name=alpha", "200 1/1", "GET /v1/customers?name=alpha&name=beta", problemJSON},
}

// try makes the request that a line describes and gives its outcome: the status;
// for a list its rows and its total; for a refusal its code or its content type.
func (x *tester) try(line string) string {
	x.t.Helper()
	verb, rest, _ := strings.Cut(line, " ")
	path, form, _ := strings.Cut(rest, " ")
	switch verb {
	case "POST", "JSON":
		contentType := map[string]string{"POST": "application/x-www-form-urlencoded", "JSON": "application/json"}[verb]
		status, doc := x.login(form, "Content-Type", contentType)
		return strings.TrimSpace(fmt.Sprintf("%d %v", status, or(doc["error"])))
	case "BASIC":
		user, pass, _ := strings.Cut(rest, ":")
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.SetBasicAuth(user, pass)
		status, doc := x.login("grant_type=client_credentials", "Authorization", r.Header.Get("Authorization"))
		return strings.TrimSpace(fmt.Sprintf("%d %v", status, or(doc["error"])))
	case "GET":
		status, rows, h := x.get(path)
		switch status {
		case 200:
			return fmt.Sprintf("%d %d/%s", status, len(rows), h.Get("Paging-Total-Records"))
		case 400:
			contentType, _, _ := strings.Cut(h.Get("Content-Type"), ";")
			return fmt.Sprint(status, " ", contentType)
		}
		return fmt.Sprint(status)
	}
	method, token := verb, x.token
	switch verb {
	case "NOTOKEN":
		method, token = http.MethodGet, ""
	case "WRONGTOKEN":
		method, token = http.MethodGet, "guessed"
	}
	r := httptest.NewRequest(method, path, nil)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return fmt.Sprint(x.do(r).Code)
}

func or(v any) any {
	if v == nil {
		return ""
	}
	return v
}

func TestEveryRuleIsKeptAndDefended(t *testing.T) {
	t.Parallel()
	x := town(t, Options{})
	var replace *strings.Replacer
	x.s.View(func(st *State) {
		replace = strings.NewReplacer("{alpha}", st.Customers[0].ID, "{webKey}", st.Assets[2].Key, "{boxB}", st.Appliances[1].AssetTag)
	})
	for _, r := range rules {
		if r.obeys == "" || r.breaks == "" || r.comes == r.refuse {
			t.Errorf("§%s %s: it needs a request that obeys and one that breaks it, with different outcomes", r.section, r.says)
		}
		if got := x.try(replace.Replace(r.obeys)); got != r.comes {
			t.Errorf("§%s %s: %s gives %s, want %s", r.section, r.says, r.obeys, got, r.comes)
		}
		if got := x.try(replace.Replace(r.breaks)); got != r.refuse {
			t.Errorf("§%s %s: %s gives %s, want %s", r.section, r.says, r.breaks, got, r.refuse)
		}
	}
}

// Every section that has rules of the wire is there, and every section that a
// rule cites is on the page.
func TestTheRulesFollowThePage(t *testing.T) {
	t.Parallel()
	cited := map[string]bool{}
	for _, r := range rules {
		cited[r.section] = true
	}
	for _, section := range []string{"2", "3", "4", "4.1"} { // 4.2 and 4.3: members, see the contract and TestSpellings; 5: TestConditionsThatEndDismissTheirAlerts
		if !cited[section] {
			t.Errorf("no rule of §%s", section)
		}
	}
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "shared", "vendors", "uniview.md"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the vendor's page is not here (it lies beside the project, in ../shared/vendors): citations are not checked")
	}
	if err != nil {
		t.Fatal(err)
	}
	for section := range cited {
		if !strings.Contains(string(page), "\n## "+section+". ") && !strings.Contains(string(page), "\n### "+section+" ") {
			t.Errorf("the page has no §%s", section)
		}
	}
}

// samples are values of parameters by the kind of their check: one that is taken
// and one that is not ("" where every text is taken).
func samples(name string, op string) (good []string, bad string) {
	const id = "d28a556c-d8de-48f9-8a64-90fdf03ec4d0"
	switch {
	case name == "page_number", name == "page_size":
		return []string{"1", "7"}, "1.5"
	case name == "customer_id", name == "key", name == "asset_key", name == "id" && op == "/v1/customers":
		return []string{id, strings.ToUpper(id)}, id[1:]
	case name == "is_online", name == "is_dismissed":
		return []string{"true", "false"}, "1"
	case strings.Contains(name, "_time_from"), strings.Contains(name, "_time_to"):
		return []string{"2026-03-04T05:06:07Z", "2026-03-04T05:06:07.371685Z", "2026-03-04T05:06:07+02:00"}, "2026-03-04"
	case strings.HasSuffix(name, "_from"), strings.HasSuffix(name, "_to"):
		return []string{"0", "9223372036854775807"}, "9223372036854775808"
	}
	enums := map[string][]string{
		"helix_status": {"None", "Agent", "AutoUpdate", "Unknown"}, "status": {"Successful", "Warning", "Failed", "InProgress", "Unknown"},
		"replication_status": {"Successful", "Failed", "Unknown"}, "severity": {"alarm", "critical", "warning"}, "is_muted": {"false", "true", "all"},
		"order_direction": {"asc", "desc"}, "created_time_direction": {"asc", "desc"}, "include[backups]": {"last"}, "include[links]": {"all"},
	}
	if name == "type" && op == "/v1/backupiq/alerts" {
		return []string{"alert", "job", "conditional", "helix"}, "Alert"
	}
	if values := enums[name]; values != nil {
		return values, strings.ToUpper(values[0])
	}
	if name == "order_by" {
		columns := map[string]string{
			"/v1/customers":       "id name",
			"/v1/appliances":      "asset_tag customer_id is_online name total_mb_free total_mb_size version",
			"/v1/assets":          "customer_id asset_tag name type ip mac key",
			"/v1/backups":         "asset_tag customer_id start_time complete_time size type status replication_status asset_key",
			"/v1/backupiq/alerts": "type severity customer_id customer_name asset_tag appliance_name asset_name asset_key job_name job_type is_dismissed",
			"/api/epb/v1/assets":  "name licenseType storageUsedBytes status customerName oS id",
		}
		return strings.Fields(columns[op]), "age"
	}
	return []string{"x", "a&b=c ü"}, ""
}

func TestEveryParameterOfEveryList(t *testing.T) {
	t.Parallel()
	x := town(t, Options{})
	for path, rt := range routes {
		if rt.list == nil {
			continue
		}
		required := url.Values{}
		if path == "/v1/backupiq/alerts" {
			required.Set("type", "job")
		}
		ask := func(name string, values ...string) int {
			q := maps.Clone(required)
			q[name] = values
			status, _, _ := x.get(path + "?" + q.Encode())
			return status
		}
		for name := range rt.params {
			good, bad := samples(name, path)
			for _, v := range good {
				if status := ask(name, v); status != 200 {
					t.Errorf("%s?%s=%s: %d", path, name, v, status)
				}
			}
			if bad != "" {
				if status := ask(name, bad); status != 400 {
					t.Errorf("%s?%s=%s: %d, want 400", path, name, bad, status)
				}
			}
			if status := ask(name, good[0], good[0]); status != 400 {
				t.Errorf("%s with %s twice: %d, want 400", path, name, status)
			}
		}
		if status := ask("surprise", "x"); status != 400 {
			t.Errorf("%s with an unknown parameter: %d, want 400", path, status)
		}
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodHead} {
			if w := x.do(httptest.NewRequest(method, path, nil)); w.Code != 405 || w.Header().Get("Allow") != "GET" {
				t.Errorf("%s %s: %d", method, path, w.Code)
			}
		}
	}
	if want := append([]string{"POST /connect/token"}, "GET /api/epb/v1/assets", "GET /v1/appliances", "GET /v1/assets", "GET /v1/backupiq/alerts", "GET /v1/backups", "GET /v1/customers"); !slices.Equal(Routes(), sorted(want)) {
		t.Errorf("the routes are %v", Routes())
	}
}

func sorted(s []string) []string { slices.Sort(s); return s }

// Whatever is asked, the portal answers with something that a client can use.
func FuzzRequests(f *testing.F) {
	f.Add("GET", "/v1/assets", "page_size=2&include[backups]=last", "Bearer x", "")
	f.Add("POST", "/connect/token", "", "Basic eDp5", credentials)
	f.Add("GET", "/v1/backups", "start_time_from=9999-12-31T23:59:59.999999999Z&size_to=-9223372036854775808", "", "")
	f.Add("GET", "/v1/assets", "page_size=2147483647&page_number=2147483647", "", "")
	f.Add("\x00", "//", "%zz&;", "bearer", "%zz")
	s := New(Options{Now: func() time.Time { return epoch }})
	s.Edit(func(st *State) { st.AddSample(epoch) })
	s.tokens["x"] = grant{client: "sandbox", ends: epoch.Add(time.Hour)}
	f.Fuzz(func(t *testing.T, method, path, query, authorization, body string) {
		r := &http.Request{
			Method: method, URL: &url.URL{Scheme: "https", Host: "x", Path: path, RawQuery: query},
			Header: http.Header{"Authorization": {authorization}, "Content-Type": {"application/x-www-form-urlencoded"}},
			Body:   http.NoBody, Host: "x",
		}
		if body != "" {
			r.Body = readCloser{strings.NewReader(body)}
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if !slices.Contains([]int{200, 400, 401, 404, 405}, w.Code) {
			t.Errorf("status %d", w.Code)
		}
		if strings.Contains(w.Body.String(), "sandbox-secret") {
			t.Error("the secret comes back")
		}
	})
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }
