package httpapi_test

import (
	"encoding/csv"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"uniview-bridge/pkg/httpapi"
	"uniview-bridge/pkg/httpapi/access"
	"uniview-bridge/pkg/httpapi/view"
	"uniview-bridge/pkg/review"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/vendorhttp"
)

func TestPagesHoldEveryItemOnce(t *testing.T) {
	if testing.Short() {
		t.Skip("the long part runs this")
	}
	t.Parallel()
	w := newWorld(t, "busy", nil)
	type item struct {
		ID    string `json:"id"`
		Key   string `json:"key"`
		Group string `json:"group"`
	}
	for path, want := range map[string]int{
		"/api/v1/customers?": 212, "/api/v1/customers?state=suggested&": 19, "/api/v1/alerts?": 71, "/api/v1/tickets?": 71,
		"/api/v1/runs?": 4, "/api/v1/customers/c-0008/assets?": 12,
	} {
		seen := map[string]bool{}
		cursor := ""
		for range 500 {
			page := get[httpapi.Page[item]](w, 200, "GET", path+"limit=7&cursor="+cursor, "")
			if len(page.Items) > 7 {
				t.Fatalf("%s: a page of %d", path, len(page.Items))
			}
			for _, i := range page.Items {
				if id := i.ID + i.Key + i.Group; seen[id] {
					t.Errorf("%s: %s came twice", path, id)
				} else {
					seen[id] = true
				}
			}
			if cursor = page.NextCursor; cursor == "" {
				break
			}
		}
		if len(seen) != want {
			t.Errorf("%s: %d items, want %d", path, len(seen), want)
		}
	}
}

func TestSecretsDoNotComeBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "calm", nil)
	const secret = "s3cret-of-uniview"
	for _, r := range []*http.Response{
		w.call("PUT", "/api/v1/connections/uniview", `{"clientId":"the id","clientSecret":"`+secret+`"}`),
		w.call("GET", "/api/v1/connections/uniview", ""), w.call("GET", "/api/v1/connections", ""), w.call("GET", "/api/v1/audit", ""),
		w.call("GET", "/api/v1/reports/overview", ""), w.call("PUT", "/api/v1/connections/uniview", `{"clientSecret":"`+secret+`"}`),
	} {
		body, _ := io.ReadAll(r.Body)
		if strings.Contains(string(body), secret) {
			t.Errorf("%d: %s", r.StatusCode, body)
		}
	}
	if w.conns.stored["clientSecret"] != secret {
		t.Error("the secret was not stored")
	}
}

func TestExportsAreSafeForSpreadsheets(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "hostile", nil)
	runs := get[httpapi.Page[state.Run]](w, 200, "GET", "/api/v1/runs", "")
	for _, path := range []string{"/api/v1/mapping.csv", "/api/v1/runs/" + runs.Items[0].ID + "/plan?format=csv"} {
		res := w.call("GET", path, "")
		if res.StatusCode != 200 || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/csv") || !strings.HasPrefix(res.Header.Get("Content-Disposition"), "attachment") {
			t.Fatalf("%s: %d %v", path, res.StatusCode, res.Header)
		}
		rows, err := csv.NewReader(res.Body).ReadAll()
		if err != nil || len(rows) < 2 {
			t.Fatalf("%s: %d rows: %v", path, len(rows), err)
		}
		for _, row := range rows {
			for _, cell := range row {
				if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") {
					t.Errorf("%s: a cell begins like a formula: %.40q", path, cell)
				}
			}
		}
	}
}

func TestSearchesFindTheNearestNameFirst(t *testing.T) {
	if testing.Short() {
		t.Skip("the long part runs this")
	}
	t.Parallel()
	w := newWorld(t, "busy", nil)
	found := get[view.FoundPage](w, 200, "GET", "/api/v1/organizations?q=harbour+legal&limit=3&all=true", "")
	if len(found.Items) != 3 || !found.More || !strings.HasPrefix(found.Items[0].Name, "Harbour Legal") || found.Items[0].Taken == 0 {
		t.Errorf("found %+v", found)
	}
	if none := get[view.FoundPage](w, 200, "GET", "/api/v1/companies?q=zzz", ""); none.Items == nil || len(none.Items) != 0 {
		t.Errorf("found %+v", none)
	}
	get[httpapi.Problem](w, 404, "GET", "/api/v1/organizations/none/configurations", "")
}

func TestErrorsOfTheUseCasesComeOutInWords(t *testing.T) {
	t.Parallel()
	vendor := vendorhttp.NewError("connectwise", "list boards", vendorhttp.RateLimited, 429, "with internals")
	for name, c := range map[string]struct {
		err    error
		status int
		says   string
	}{
		"a scope that is being synced":      {&state.HeldError{Scope: "all", Lease: state.Lease{Owner: "run-9"}}, 409, "run-9"},
		"a stopped connection":              {errors.Join(errors.New("uniview: the credentials were refused"), state.ErrStopped), 409, "cannot be used"},
		"a vendor that asks to slow down":   {vendor, 503, "ConnectWise takes no more requests"},
		"a refusal":                         {&review.Refusal{Why: review.Clash, Message: "not now"}, 409, "Not now."},
		"a lost race":                       {state.ErrConflict, 409, "at the same time"},
		"what nobody foresaw stays in here": {errors.New("dial tcp 10.0.0.7: password=hunter2"), 500, "Something went wrong"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, "empty", nil)
			w.syncs.err = c.err
			res := w.call("POST", "/api/v1/sync", `{"scope":"all"}`)
			body, _ := io.ReadAll(res.Body)
			if res.StatusCode != c.status || !strings.Contains(string(body), c.says) || strings.Contains(string(body), "hunter2") || strings.Contains(string(body), "internals") {
				t.Errorf("%d: %s", res.StatusCode, body)
			}
		})
	}
}

func TestAnOverviewOfAnEmptyBridgeIsWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "empty", nil)
	o := get[view.Overview](w, 200, "GET", "/api/v1/reports/overview", "")
	if !o.Fresh() || len(o.Connections) != 3 || o.Needs == nil || o.Mode.Documentation != state.Preview {
		t.Errorf("%+v", o)
	}
}

func TestWhatNeedsAPersonIsListed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "trouble", nil)
	o := get[view.Overview](w, 200, "GET", "/api/v1/reports/overview", "")
	kinds := map[view.NeedKind]int{}
	for _, n := range o.Needs {
		kinds[n.Kind]++
		if n.Text == "" {
			t.Errorf("a need without words: %+v", n)
		}
	}
	if kinds[view.NeedConnection] != 2 || kinds[view.NeedBrake] != 1 || kinds[view.NeedAttention] != 1 || !o.Needs[0].Grave {
		t.Errorf("needs are %+v", o.Needs)
	}
	if o.Machines.Total != 508 || o.Machines.Statuses["failed"] == 0 || o.Machines.AsOf.IsZero() {
		t.Errorf("machines are %+v", o.Machines)
	}
}

func TestOnLambdaNothingIsAnsweredButHealth(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "calm", func(d *httpapi.Deps) { d.Policy = access.Refuse{} })
	for _, route := range httpapi.Routes() {
		want := 403
		if strings.HasSuffix(route.Path, "/healthz") {
			want = 200
		}
		res := w.call(route.Method, parameter.ReplaceAllString(route.Path, "uniview"), "")
		body, _ := io.ReadAll(res.Body)
		if res.StatusCode != want {
			t.Errorf("%s %s: %d: %s", route.Method, route.Path, res.StatusCode, body)
		}
	}
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), "GET", "https://x.execute-api.example/healthz", nil))
	if got := strings.TrimSpace(rec.Body.String()); got != `{"status":"ok","version":"test"}` {
		t.Errorf("healthz says %s", got)
	}
}

func TestPutConnectionAnswersWhatWasStored(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "empty", nil)
	w.conns.elsewhere = true
	c := get[view.Connection](w, 200, "PUT", "/api/v1/connections/uniview", `{"clientId":"a","clientSecret":"b"}`)
	if c.Status != "ok" || !c.HasCredentials || c.Reason != "Kept elsewhere" || c.Name != "UniView" {
		t.Errorf("answered %+v", c)
	}
	p := get[httpapi.Problem](w, 400, "PUT", "/api/v1/connections/uniview", `{"clientSecret":"b"}`)
	if p.Field != "clientId" || p.Detail != "The client id is missing; shown once." {
		t.Errorf("problem %+v", p)
	}
}

func TestTheSameModeAgainIsStillAnAct(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "empty", nil)
	for range 2 {
		get[view.Modes](w, 200, "PUT", "/api/v1/mode", `{"documentation":"preview"}`)
	}
	if len(w.syncs.asked) != 2 || w.syncs.asked[0] != "itglue preview by local token" {
		t.Errorf("recorded %v", w.syncs.asked)
	}
}

func TestTheConsolesAddressIsHTTPS(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "empty", nil)
	p := get[httpapi.Problem](w, 400, "PUT", "/api/v1/settings", `{"documentation":{"consoleUrl":"http://bridge.example"}}`)
	if p.Field != "documentation.consoleUrl" || !strings.Contains(p.Detail, "https://") {
		t.Errorf("problem %+v", p)
	}
	s := get[httpapi.SettingsAnswer](w, 200, "PUT", "/api/v1/settings", `{"documentation":{"consoleUrl":"https://bridge.example"}}`)
	if s.Documentation.ConsoleURL != "https://bridge.example" {
		t.Errorf("settings %+v", s)
	}
}

func TestACustomersCountsCarryTheDateOfTheReadTheyStandOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "calm", nil)
	pointer, err := state.LoadPointer(t.Context(), w.store, state.ListAssets)
	if err != nil {
		t.Fatal(err)
	}
	one := get[view.Customer](w, 200, "GET", "/api/v1/customers/c-1", "")
	all := get[httpapi.CustomerPage](w, 200, "GET", "/api/v1/customers", "")
	if !one.AsOf.Equal(pointer.ReadFrom) || !all.Items[0].AsOf.Equal(pointer.ReadFrom) {
		t.Errorf("as of %v and %v, the assets were read %v", one.AsOf, all.Items[0].AsOf, pointer.ReadFrom)
	}
}
