package httpapi_test

import (
	"encoding/csv"
	"strings"
	"testing"
	"time"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/docsync"
	"uniview-bridge/pkg/httpapi"
	"uniview-bridge/pkg/httpapi/view"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/review"
	"uniview-bridge/pkg/state"
)

func put[T any](w *world, key state.Key, v T) {
	w.t.Helper()
	if _, err := state.Save(w.t.Context(), w.store, key, v, state.Any, time.Time{}); err != nil {
		w.t.Fatal(err)
	}
}

func list[T any](w *world, name string, id func(T) string, records ...T) {
	w.t.Helper()
	if _, err := state.SaveSnapshot(w.t.Context(), w.store, name, noon, noon, records, id); err != nil {
		w.t.Fatal(err)
	}
}

// covered is two customers of which one has machines: of o1's five configurations
// one is protected, one's backup is off, one's machine is gone, one is suggested.
func covered(t *testing.T) *world {
	w := newWorld(t, "empty", nil)
	linked := func(id string) match.CustomerLinks {
		return match.CustomerLinks{Organization: match.Link{State: match.Matched, TargetID: id, TargetName: "Org " + id}}
	}
	put(w, state.CustomerKey("c1"), state.Customer{ID: "c1", Name: "=Alpha", Links: linked("o1")})
	put(w, state.CustomerKey("c2"), state.Customer{ID: "c2", Name: "Beta", Links: linked("o2")})
	put(w, state.CustomerKey("c3"), state.Customer{ID: "c3", Name: "Gamma"})
	list(w, state.ListOrganizations, func(o match.Organization) string { return o.ID }, match.Organization{ID: "o1", Name: "Org o1"}, match.Organization{ID: "o2", Name: "Org o2"})
	conf := func(id, org, kind string) match.Configuration {
		return match.Configuration{ID: id, OrganizationID: org, Name: "=" + id, TypeName: kind}
	}
	archived := conf("k9", "o1", "Server")
	archived.Archived = true
	list(w, state.ListConfigurations, func(c match.Configuration) string { return c.ID },
		conf("k1", "o1", "Server"), conf("k2", "o1", "Server"), conf("k3", "o1", "Server"), conf("k4", "o1", "Server"), conf("k5", "o1", "Server"),
		conf("k6", "o1", "Printer"), conf("k7", "o2", "Server"), conf("k8", "o3", "Server"), archived)
	list(w, state.ListAssets, backup.Asset.Key)
	machine := func(name, target string) state.Machine {
		return state.Machine{Name: name, Word: backup.WordSuccess, Link: match.Link{State: match.Matched, TargetID: target}}
	}
	off, gone := machine("B", "k2"), machine("C", "k3")
	off.Word, gone.Gone = backup.WordBackupOff, true
	maybe := state.Machine{Name: "D", Link: match.Link{State: match.Suggested, Suggestions: []match.Suggestion{{TargetID: "k4"}}}}
	put(w, state.DocumentationKey("c1"), state.Documentation{Machines: map[string]state.Machine{"a:1": machine("A", "k1"), "a:2": off, "a:3": gone, "a:4": maybe}})
	return w
}

func TestCoverageNamesWhatIsNotProtectedAndWhy(t *testing.T) {
	t.Parallel()
	w := covered(t)
	page := get[httpapi.CoveragePage](w, 200, "GET", "/api/v1/reports/coverage", "")
	var got []string
	for _, u := range page.Items {
		got = append(got, u.CustomerID+" "+u.ConfigurationID+" "+u.Why)
	}
	want := []string{
		"c1 k2 backup of its machine B is switched off", "c1 k3 its machine C is not protected any more",
		"c1 k4 the machine D may be it: decide on its match", "c1 k5 no machine is matched to it", "c2 k7 no machine is matched to it",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got %q", got)
	}
	if page.UnmatchedCustomers != 1 || page.Total != 5 || !page.ITGlueAsOf.Equal(noon) || !page.UniViewAsOf.Equal(noon) {
		t.Errorf("%+v", page)
	}
	for query, n := range map[string]int{"?types=printer": 1, "?types=server,Printer": 6, "?types=Phone": 0, "?customer=c2": 0, "?customer=c2&types=Server": 1} {
		if page := get[httpapi.CoveragePage](w, 200, "GET", "/api/v1/reports/coverage"+query, ""); page.Total != n {
			t.Errorf("%s: %d, want %d", query, page.Total, n)
		}
	}
	if err := docsync.SaveSettings(t.Context(), w.store, docsync.Settings{CoverageTypes: []string{"Printer"}}); err != nil {
		t.Fatal(err)
	}
	if page := get[httpapi.CoveragePage](w, 200, "GET", "/api/v1/reports/coverage?limit=2", ""); page.Total != 1 {
		t.Errorf("by the settings: %+v", page)
	}
	rows, err := csv.NewReader(w.call("GET", "/api/v1/reports/coverage?types=Server&format=csv", "").Body).ReadAll()
	if err != nil || len(rows) != 6 || rows[1][1] != "'=Alpha" || rows[1][5] != "'=k2" || rows[1][10] != noon.Format(time.RFC3339) {
		t.Errorf("%v %q", err, rows)
	}
	empty := newWorld(t, "empty", nil)
	if p := get[httpapi.Problem](empty, 409, "GET", "/api/v1/reports/coverage", ""); !strings.Contains(p.Detail, "not read completely yet") {
		t.Errorf("%+v", p)
	}
}

func TestTheTrailIsFiltered(t *testing.T) {
	if testing.Short() {
		t.Skip("the long part runs this")
	}
	t.Parallel()
	w := newWorld(t, "busy", nil)
	start := len(get[httpapi.Page[view.AuditEntry]](w, 200, "GET", "/api/v1/audit?limit=500", "").Items)
	ignored := get[map[string]any](w, 200, "POST", "/api/v1/customers/c-0040/organization", `{"action":"ignore","reason":"=gone"}`)["auditId"].(string)
	get[map[string]any](w, 200, "POST", "/api/v1/customers/c-0041/company", `{"action":"ignore"}`)
	get[map[string]any](w, 202, "POST", "/api/v1/sync", `{"scope":"asset","id":"appliance:a-0001-00"}`)
	get[map[string]any](w, 200, "PUT", "/api/v1/settings", `{"documentation":{"banner":true}}`)
	get[map[string]any](w, 200, "PUT", "/api/v1/settings", `{"documentation":{"banner":true}}`) // no change, no entry
	get[map[string]any](w, 200, "POST", "/api/v1/audit/"+ignored+"/undo", "")
	for query, want := range map[string]int{
		"": start + 5, "customer=c-0040": 2, "kind=company&customer=c-0041": 1, "kind=sync": 1, "kind=sync&customer=c-0001": 1,
		"by=LOCAL+token&kind=organization": 2, "by=nobody": 0, "from=2026-03-05": 0, "to=2026-03-04&customer=c-0040": 0, "from=2026-03-04&to=2026-03-05&customer=c-0040": 2,
	} {
		n, cursor := 0, ""
		for range 100 {
			page := get[httpapi.Page[view.AuditEntry]](w, 200, "GET", "/api/v1/audit?limit=2&cursor="+cursor+"&"+query, "")
			n += len(page.Items)
			if cursor = page.NextCursor; cursor == "" {
				break
			}
		}
		if n != want {
			t.Errorf("%q: %d entries, want %d", query, n, want)
		}
	}
	entries := get[httpapi.Page[view.AuditEntry]](w, 200, "GET", "/api/v1/audit?customer=c-0040", "").Items
	if e := entries[1]; e.Reason != "=gone" || e.Kind != "organization" || e.Before["link"] == "" || e.After["state"] != "ignored" {
		t.Errorf("%+v", e)
	}
	if e := entries[0]; e.Undoes != ignored || e.Action != "undo ignore" {
		t.Errorf("%+v", e)
	}
	rows, err := csv.NewReader(w.call("GET", "/api/v1/audit?format=csv&customer=c-0040", "").Body).ReadAll()
	if err != nil || len(rows) != 3 || rows[2][8] != "'=gone" {
		t.Errorf("%v %q", err, rows)
	}
}

func TestSearchAsYouTypeRanksAndHidesWhatIsTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "empty", nil)
	var all []match.Organization
	for id, name := range map[string]string{
		"1": "North", "2": "Northwind Traders", "3": "The Great North Company", "4": "Müller & Söhne", "5": "Wind North", "6": "Truenorth", "7": "Taken North",
		"8": "=North", "9": "<script>alert(1)</script>",
	} {
		all = append(all, match.Organization{ID: id, Name: name})
	}
	list(w, state.ListOrganizations, func(o match.Organization) string { return o.ID }, all...)
	put(w, state.CustomerKey("c1"), state.Customer{ID: "c1", Name: "Alpha", Links: match.CustomerLinks{Organization: match.Link{State: match.Matched, TargetID: "7"}}})
	for q, want := range map[string]string{
		"north": "1 8 2 3 5 6", "North W": "5 2", "nor great": "3", "muller": "4", "Müller": "4", "norhtwind": "2", "northwint": "2", "nrthwind": "2", "zebra": "",
		"4": "4", "script": "9", "%": "",
	} {
		page := get[view.FoundPage](w, 200, "GET", "/api/v1/organizations?q="+strings.ReplaceAll(strings.ReplaceAll(q, "%", "%25"), " ", "+"), "")
		var ids []string
		for _, f := range page.Items {
			ids = append(ids, f.ID)
		}
		if got := strings.Join(ids, " "); got != want {
			t.Errorf("%q: %s, want %s", q, got, want)
		}
	}
	page := get[view.FoundPage](w, 200, "GET", "/api/v1/organizations?q=taken", "")
	if len(page.Items) != 0 || page.Hidden != 1 {
		t.Errorf("%+v", page)
	}
	page = get[view.FoundPage](w, 200, "GET", "/api/v1/organizations?q=taken&all=true", "")
	if len(page.Items) != 1 || page.Items[0].TakenBy != "already matched to Alpha" {
		t.Errorf("%+v", page)
	}
	if page = get[view.FoundPage](w, 200, "GET", "/api/v1/organizations?q=script", ""); page.Items[0].Name != "<script>alert(1)</script>" {
		t.Errorf("the name is not intact: %q", page.Items[0].Name)
	}
}

func TestDuplicatesComeWithWhatConfirmsThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "empty", nil)
	p := get[httpapi.Problem](w, 404, "POST", "/api/v1/customers/none/organization", `{"action":"create"}`)
	if p.Creation != nil {
		t.Errorf("%+v", p)
	}
	refusal := &review.Refusal{Why: review.Clash, Message: "there", Creation: &review.Creation{Name: "x", Confirm: "token"}}
	w.syncs.err = refusal
	if p := get[httpapi.Problem](w, 409, "POST", "/api/v1/sync", `{"scope":"all"}`); p.Creation == nil || p.Creation.Confirm != "token" {
		t.Errorf("%+v", p)
	}
}
