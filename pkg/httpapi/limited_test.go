package httpapi_test

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"uniview-bridge/pkg/httpapi"
	"uniview-bridge/pkg/httpapi/access"
)

// limited may do everything, but for one customer only.
type limited struct{ customer string }

func (limited) Check(*http.Request) *access.Refusal { return nil }

func (l limited) Identify(http.ResponseWriter, *http.Request) (access.Identity, *access.Refusal) {
	return access.Identity{Name: "Lea", Role: access.Administrator, Customers: []string{l.customer}}, nil
}

func TestWhoMaySeeOneCustomerSeesNoOther(t *testing.T) {
	if testing.Short() {
		t.Skip("the long part runs this")
	}
	t.Parallel()
	w := newWorld(t, "busy", func(d *httpapi.Deps) { d.Policy = limited{"c-0001"} })
	customer := regexp.MustCompile(`c-\d{4}`)
	const v1 = "/api/v1"
	for _, path := range []string{
		"/customers?limit=500", "/customers/c-0001", "/customers/c-0001/assets", "/alerts?limit=500", "/tickets?limit=500",
		"/audit?limit=500", "/audit?format=csv", "/mapping.csv", "/reports/coverage", "/reports/customers",
	} {
		res := w.call("GET", v1+path, "")
		raw, _ := io.ReadAll(res.Body)
		if res.StatusCode != 200 {
			t.Errorf("%s: %d %s", path, res.StatusCode, raw)
		}
		for _, id := range customer.FindAllString(string(raw), -1) {
			if id != "c-0001" {
				t.Errorf("%s tells of %s", path, id)
				break
			}
		}
	}
	other := map[string]int{
		"GET /customers/c-0002": 404, "GET /customers/c-0002/assets": 404, "POST /customers/c-0002/organization": 404,
		"PUT /customers/c-0002/mode": 404, "GET /customers/c-0002/ticketing": 404, "GET /assets/appliance:a-0002-00": 404,
		"GET /assets/appliance:a-0002-00/compare": 404, "POST /assets/appliance:a-0002-00/configuration": 404,
		"GET /organizations": 403, "GET /companies": 403, "GET /runs": 403, "PUT /mapping.csv": 403, "PUT /mode": 403,
		"GET /reports/overview": 403, "GET /dead-letters": 403, "PUT /settings": 403, "GET /connections": 403, "GET /mode": 200,
	}
	for call, want := range other {
		method, path, _ := strings.Cut(call, " ")
		if res := w.call(method, v1+path, `{"action":"ignore"}`); res.StatusCode != want {
			t.Errorf("%s: %d, want %d", call, res.StatusCode, want)
		}
	}
	for body, want := range map[string]int{
		`{"scope":"all"}`: 403, `{"scope":"customer","id":"c-0002"}`: 404, `{"scope":"asset","id":"appliance:a-0002-00"}`: 404,
		`{"scope":"customer","id":"c-0001"}`: 202, `{"scope":"asset","id":"appliance:a-0001-00"}`: 202,
	} {
		if res := w.call("POST", v1+"/sync", body); res.StatusCode != want {
			t.Errorf("sync %s: %d, want %d", body, res.StatusCode, want)
		}
	}
	if res := w.call("POST", v1+"/matches", `{"items":[{"kind":"company","id":"c-0001","action":"ignore"},{"kind":"company","id":"c-0002","action":"ignore"}]}`); res.StatusCode != 404 {
		t.Errorf("decisions on others: %d", res.StatusCode)
	}
	if r := get[map[string]any](w, 200, "POST", v1+"/matches/accept", `{"kind":"organization","minScore":0.5,"dryRun":true}`); len(r["items"].([]any)) > 0 {
		t.Errorf("suggestions of others: %v", r["items"])
	}
}

func TestEveryRouteSaysWhoseDataItIsAbout(t *testing.T) {
	t.Parallel()
	for _, route := range httpapi.Routes() {
		if strings.Contains(route.Path, "/customers/{id}") != (route.Reach == access.OneCustomer) {
			t.Errorf("%s %s: reach %d", route.Method, route.Path, route.Reach)
		}
	}
}
