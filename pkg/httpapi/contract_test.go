package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/google/go-cmp/cmp"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/httpapi"
	"uniview-bridge/pkg/httpapi/access"
	"uniview-bridge/pkg/httpapi/view"
	"uniview-bridge/pkg/state"
)

func document(t *testing.T) (*openapi3.T, routers.Router) {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(httpapi.Document)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		t.Fatalf("the document is not valid: %v", err)
	}
	doc.Servers = nil // addresses below "/" are the router's default
	router, err := legacy.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	return doc, router
}

func TestTheDocumentAndTheRoutesAreTheSame(t *testing.T) {
	t.Parallel()
	doc, _ := document(t)
	described := map[string]string{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			role, _ := op.Extensions["x-role"].(string)
			described[method+" "+path] = role
		}
	}
	served := map[string]string{}
	for _, route := range httpapi.Routes() {
		served[route.Method+" "+route.Path] = route.Role.String()
	}
	if diff := cmp.Diff(served, described); diff != "" {
		t.Errorf("routes and openapi.json differ (-served +described):\n%s", diff)
	}
}

// example is one call of an operation that succeeds.
type example struct {
	method, path, body string
	status             int
	kind               string // content type of the body when it is not JSON
}

// made are the ids of records that the examples work on.
type made struct{ alert, snooze, window string }

func examples(runID, braked, auditID string, ids made) []example {
	const v1 = "/api/v1"
	return []example{
		{"GET", "/healthz", "", 200, ""},
		{"GET", v1 + "/healthz", "", 200, ""},
		{"GET", v1 + "/openapi.json", "", 200, ""},
		{"GET", v1 + "/connections", "", 200, ""},
		{"GET", v1 + "/connections/connectwise", "", 200, ""},
		{"PUT", v1 + "/connections/uniview", `{"clientId":"a","clientSecret":"b"}`, 200, ""},
		{"POST", v1 + "/connections/connectwise/test", "", 200, ""},
		{"POST", v1 + "/sync", `{"scope":"customer","id":"c-0001"}`, 202, ""},
		{"GET", v1 + "/runs?limit=2", "", 200, ""},
		{"GET", v1 + "/runs/" + runID, "", 200, ""},
		{"GET", v1 + "/runs/" + runID + "/plan", "", 200, ""},
		{"GET", v1 + "/runs/" + runID + "/plan?format=csv", "", 200, ""},
		{"POST", v1 + "/runs/" + runID + "/cancel", "", 202, ""},
		{"POST", v1 + "/runs/" + braked + "/approve", `{"digest":"0123456789abcdef"}`, 202, ""},
		{"GET", v1 + "/customers?state=suggested&q=a&limit=3", "", 200, ""},
		{"GET", v1 + "/customers/c-0007", "", 200, ""},
		{"POST", v1 + "/customers/c-0007/organization", `{"action":"accept"}`, 200, ""},
		{"POST", v1 + "/customers/c-0006/company", `{"action":"ignore","reason":"no contract"}`, 200, ""},
		{"GET", v1 + "/customers/c-0001/assets?state=matched&status=success", "", 200, ""},
		{"PUT", v1 + "/customers/c-0001/mode", `{"documentation":"live","ticketing":""}`, 200, ""},
		{"GET", v1 + "/customers/c-0001/ticketing", "", 200, ""},
		{"PUT", v1 + "/customers/c-0001/ticketing", `{"boardId":7,"grace":{"after":30,"occurrences":0,"cap":0}}`, 200, ""},
		{"DELETE", v1 + "/customers/c-0001/ticketing", "", 204, ""},
		{"GET", v1 + "/assets/appliance:a-0001-00", "", 200, ""},
		{"POST", v1 + "/assets/appliance:a-0001-00/configuration", `{"action":"unmatch"}`, 200, ""},
		{"GET", v1 + "/assets/appliance:a-0001-01/compare", "", 200, ""},
		{"POST", v1 + "/matches", `{"items":[{"kind":"organization","id":"c-0018","action":"accept"},{"kind":"company","id":"nobody","action":"ignore"}]}`, 200, ""},
		{"POST", v1 + "/matches/accept", `{"kind":"organization","state":"suggested","q":"a","minScore":0.6,"dryRun":true}`, 200, ""},
		{"GET", v1 + "/matches/options", "", 409, ""}, // needs a vendor, too
		{"GET", v1 + "/organizations?q=north&all=true", "", 200, ""},
		{"GET", v1 + "/organizations/1001/configurations?q=srv", "", 200, ""},
		{"GET", v1 + "/companies?q=cw1", "", 200, ""},
		{"GET", v1 + "/mode", "", 200, ""},
		{"PUT", v1 + "/mode", `{"documentation":"live"}`, 200, ""},
		{"GET", v1 + "/ticketing/settings", "", 200, ""},
		{"PUT", v1 + "/ticketing/settings", `{"companyId":2,"boardId":3,"priorities":{"alarm":4}}`, 200, ""},
		{"POST", v1 + "/ticketing/settings/reset-overrides", "", 200, ""},
		{"GET", v1 + "/alerts?state=ticketed", "", 200, ""},
		{"GET", v1 + "/tickets?limit=5", "", 200, ""},
		{"GET", v1 + "/alerts?state=active&limit=2", "", 200, ""},
		{"POST", v1 + "/alerts/" + url.PathEscape(ids.alert) + "/snooze", `{"until":"2026-03-06T08:00:00Z","reason":"the disk is on its way"}`, 200, ""},
		{"GET", v1 + "/snoozes?state=active", "", 200, ""},
		{"DELETE", v1 + "/snoozes/" + ids.snooze, "", 204, ""},
		{"GET", v1 + "/windows?customer=c-0001", "", 200, ""},
		{"POST", v1 + "/windows", `{"customerId":"c-0001","scope":"customer","name":"patches","reason":"patch night","from":"2026-03-01T00:00:00Z","repeat":{"days":["tue"],"nth":2,"start":"22:00","minutes":240,"zone":"Europe/Berlin"}}`, 200, ""},
		{"GET", v1 + "/windows/" + ids.window, "", 200, ""},
		{"PUT", v1 + "/windows/" + ids.window, `{"customerId":"c-0001","scope":"customer","reason":"longer","owner":"Lea","from":"2026-03-04T10:00:00Z","until":"2026-03-05T00:00:00Z","repeat":null}`, 200, ""},
		{"DELETE", v1 + "/windows/" + ids.window, "", 204, ""},
		{"GET", v1 + "/rules", "", 200, ""},
		{"PUT", v1 + "/rules", `{"version":0,"rules":[{"name":"no info","if":{"severities":["info"]},"then":{"noTicket":true}},{"name":"disks","if":{"classes":["hardware"],"contains":"drive"},"then":{"boardId":4,"priorityId":2}}]}`, 200, ""},
		{"POST", v1 + "/rules/test", `{"days":7}`, 200, ""},
		{"POST", v1 + "/ticketing/preview", `{"summary":"{machine} {what}","customerId":"c-0001"}`, 200, ""},
		{"GET", v1 + "/ticketing/callback", "", 200, ""},
		{"DELETE", v1 + "/ticketing/callback", "", 200, ""},
		{"PUT", v1 + "/ticketing/callback", `{"address":"https://bridge.example"}`, 409, ""},
		{"POST", v1 + "/callbacks/connectwise/none", `{}`, 404, ""},
		{"GET", v1 + "/reports/tickets-avoided?limit=3", "", 200, ""},
		{"GET", v1 + "/reports/noisy-machines?customer=c-0001&from=2026-02-01", "", 200, ""},
		{"GET", v1 + "/reports/time-open?format=csv", "", 200, ""},
		{"GET", v1 + "/audit?kind=organization&from=2026-01-01&limit=5", "", 200, ""},
		{"GET", v1 + "/audit?format=csv&to=2027-01-01T00:00:00Z", "", 200, ""},
		{"POST", v1 + "/audit/" + auditID + "/undo", "", 200, ""},
		{"GET", v1 + "/mapping.csv?kind=customers", "", 200, ""},
		{"PUT", v1 + "/mapping.csv?dryRun=true", "customer_id,organization_state\nc-0001,ignored\nnobody,ignored\n", 200, "text/csv"},
		{"GET", v1 + "/dead-letters", "", 200, ""},
		{"GET", v1 + "/reports/overview", "", 200, ""},
		{"GET", v1 + "/reports/coverage?limit=3", "", 200, ""},
		{"GET", v1 + "/reports/coverage?types=Server&format=csv", "", 200, ""},
		{"GET", v1 + "/reports/customers?limit=3", "", 200, ""},
		{"GET", v1 + "/settings", "", 200, ""},
		{"PUT", v1 + "/settings", `{"documentation":{"overdueAfterMinutes":2880,"sharedMacs":[{"pattern":"00:50:B6:*","note":"docks"}],"coverageTypes":["Managed Server"],"notesBlock":true}}`, 200, ""},
		{"DELETE", v1 + "/connections/itglue", "", 204, ""},
		// These two need a vendor: what they refuse is checked here, what they answer elsewhere.
		{"GET", v1 + "/ticketing/options", "", 409, ""},
		{"POST", v1 + "/ticketing/test-ticket", "", 409, ""},
	}
}

func TestEveryOperationAnswersAsTheDocumentSays(t *testing.T) {
	if testing.Short() {
		t.Skip("the long part runs this")
	}
	t.Parallel()
	doc, router := document(t)
	w := newWorld(t, "busy", nil)
	runs := get[httpapi.Page[state.Run]](w, 200, "GET", "/api/v1/runs", "").Items
	audit := get[map[string]any](w, 200, "POST", "/api/v1/customers/c-0040/organization", `{"action":"ignore"}`)["auditId"].(string)
	put(w, state.DeskKey("c-0001"), state.Desk{Conditions: map[string]alert.Condition{"v1:abc": {Key: "v1:abc", Class: alert.ClassBackup, State: alert.ConditionOpen}}})
	ids := made{alert: "v1:abc"}
	ids.snooze = get[httpapi.Silence](w, 200, "POST", "/api/v1/alerts/"+url.PathEscape(ids.alert)+"/snooze", `{"until":"2026-03-06T08:00:00Z","reason":"r","scope":"customer"}`).ID
	ids.window = get[httpapi.Silence](w, 200, "POST", "/api/v1/windows", `{"customerId":"c-0001","scope":"customer","reason":"r","from":"2026-03-04T10:00:00Z","until":"2026-03-04T18:00:00Z"}`).ID
	seen := map[string]bool{}
	for _, e := range examples(runs[0].ID, runs[1].ID, audit, ids) {
		r := request(t, e.method, e.path, e.body)
		if e.kind != "" {
			r.Header.Set("Content-Type", e.kind)
		}
		route, params, err := router.FindRoute(r)
		if err != nil {
			t.Errorf("%s %s: the document does not know it: %v", e.method, e.path, err)
			continue
		}
		seen[e.method+" "+route.Path] = true
		in := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route, Options: &openapi3filter.Options{
			AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true,
		}}
		if err := openapi3filter.ValidateRequest(t.Context(), in); err != nil {
			t.Errorf("%s %s: the example itself is not as the document says: %v", e.method, e.path, err)
		}
		r.Body = io.NopCloser(strings.NewReader(e.body))
		res := w.send(r)
		body, _ := io.ReadAll(res.Body)
		if res.StatusCode != e.status {
			t.Errorf("%s %s: got %d, want %d: %.300s", e.method, e.path, res.StatusCode, e.status, body)
		}
		out := &openapi3filter.ResponseValidationInput{
			RequestValidationInput: in, Status: res.StatusCode, Header: res.Header, Options: in.Options,
		}
		out.SetBodyBytes(body)
		if err := openapi3filter.ValidateResponse(t.Context(), out); err != nil {
			t.Errorf("%s %s: the answer is not as the document says: %v\n%.500s", e.method, e.path, err, body)
		}
	}
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			if key := method + " " + path; !seen[key] && key != "POST /api/v1/dead-letters/{id}/replay" {
				t.Errorf("no example calls %s", key)
			}
		}
	}
}

// withoutParameters makes a path that can be called.
var parameter = regexp.MustCompile(`\{[^}]*\}`)

func TestEveryRouteRefusesWhoMayNot(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "calm", func(d *httpapi.Deps) { d.Policy = byHeader{} })
	doc, _ := document(t)
	problemSchema := doc.Components.Schemas["Problem"].Value
	roles := map[string]access.Role{"anyone": access.Anyone, "viewer": access.Viewer, "manager": access.Manager, "administrator": access.Administrator}
	for _, route := range httpapi.Routes() {
		for _, name := range slices.Sorted(maps.Keys(roles)) {
			r := request(t, route.Method, parameter.ReplaceAllString(route.Path, "uniview"), "{")
			r.Header.Set("X-Role", name)
			res := w.send(r)
			if raw, _ := io.ReadAll(res.Body); res.StatusCode >= 400 && problemSchema.VisitJSON(decoded(t, raw)) != nil {
				t.Errorf("%s %s as %s: this is no problem document: %s", route.Method, route.Path, name, raw)
			}
			refused := res.StatusCode == http.StatusUnauthorized || res.StatusCode == http.StatusForbidden
			if want := roles[name] < route.Role; refused != want {
				t.Errorf("%s %s as %s: got %d, refused should be %v", route.Method, route.Path, name, res.StatusCode, want)
			}
		}
	}
}

// byHeader believes whatever role a request claims.
type byHeader struct{}

func (byHeader) Check(*http.Request) *access.Refusal { return nil }

func (byHeader) Identify(_ http.ResponseWriter, r *http.Request) (access.Identity, *access.Refusal) {
	role := map[string]access.Role{"viewer": access.Viewer, "manager": access.Manager, "administrator": access.Administrator}[r.Header.Get("X-Role")]
	if role == 0 {
		role = access.Anyone
	}
	return access.Identity{Name: r.Header.Get("X-Role"), Role: role}, nil
}

// decoded is a JSON value as the schemas take it.
func decoded(t *testing.T, raw []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatalf("%v: %s", err, raw)
	}
	return v
}

func TestBadInputIsNamed(t *testing.T) {
	if testing.Short() {
		t.Skip("the long part runs this")
	}
	t.Parallel()
	w := newWorld(t, "busy", nil)
	doc, _ := document(t)
	problemSchema := doc.Components.Schemas["Problem"].Value
	const v1 = "/api/v1"
	key := get[httpapi.Page[view.Alert]](w, 200, "GET", v1+"/alerts?state=active", "").Items[0].Key
	for name, c := range map[string]struct {
		method, path, body string
		status             int
		field              string
	}{
		"a wrong type names its member":           {"POST", v1 + "/sync", `{"scope":7}`, 400, "scope"},
		"a wrong type deep inside is named":       {"POST", v1 + "/matches", `{"items":[{"kind":"company","id":"x","action":"ignore","targetId":5}]}`, 400, "items.targetId"},
		"an unknown member is refused":            {"POST", v1 + "/sync", `{"scope":"all","hurry":true}`, 400, "hurry"},
		"an unknown scope is refused":             {"POST", v1 + "/sync", `{"scope":"everything"}`, 400, "scope"},
		"a scope that needs an id says so":        {"POST", v1 + "/sync", `{"scope":"asset"}`, 400, "id"},
		"half a body is refused":                  {"POST", v1 + "/sync", `{"scope":`, 400, ""},
		"no body is refused":                      {"POST", v1 + "/sync", ``, 400, ""},
		"two bodies are refused":                  {"POST", v1 + "/sync", `{"scope":"all"} {}`, 400, ""},
		"a list instead of an object is refused":  {"POST", v1 + "/sync", `[]`, 400, ""},
		"a body over 1 MiB is refused":            {"POST", v1 + "/sync", `{"scope":"` + strings.Repeat("x", 1<<20) + `"}`, 413, ""},
		"an unknown query is refused":             {"GET", v1 + "/customers?sort=name", "", 400, "sort"},
		"a limit that is none is refused":         {"GET", v1 + "/customers?limit=1e9", "", 400, "limit"},
		"a cursor that is none is refused":        {"GET", v1 + "/customers?cursor=!!", "", 400, "cursor"},
		"an unknown state is refused":             {"GET", v1 + "/customers?state=lost", "", 400, "state"},
		"an unknown connection is not found":      {"GET", v1 + "/connections/autotask", "", 404, ""},
		"missing credentials are named":           {"PUT", v1 + "/connections/uniview", `{"clientSecret":"s"}`, 400, "clientId"},
		"an unknown action is refused":            {"POST", v1 + "/customers/c-0001/organization", `{"action":"merge"}`, 400, "action"},
		"an unknown customer is not found":        {"POST", v1 + "/customers/nobody/organization", `{"action":"ignore"}`, 404, "id"},
		"an unknown organization is not found":    {"POST", v1 + "/customers/c-0001/organization", `{"action":"match","targetId":"77"}`, 404, "targetId"},
		"an unknown run is not found":             {"GET", v1 + "/runs/none", "", 404, ""},
		"an approval without digest is refused":   {"POST", v1 + "/runs/none/approve", `{}`, 400, "digest"},
		"a mode that is none is refused":          {"PUT", v1 + "/mode", `{"ticketing":"loud"}`, 400, "ticketing"},
		"no mode at all is refused":               {"PUT", v1 + "/mode", `{}`, 400, "documentation"},
		"a setting out of range is refused":       {"PUT", v1 + "/settings", `{"documentation":{"overdueFactor":0}}`, 400, "documentation.overdueFactor"},
		"a setting nobody knows is refused":       {"PUT", v1 + "/settings", `{"documentation":{"colour":1}}`, 400, "colour"},
		"an address that is none is refused":      {"PUT", v1 + "/settings", `{"documentation":{"sharedMacs":[{"pattern":"dock"}]}}`, 400, "documentation.sharedMacs"},
		"search times that fall are refused":      {"PUT", v1 + "/settings", `{"documentation":{"searchAfterMinutes":[5,1]}}`, 400, "documentation.searchAfterMinutes"},
		"no time at all is refused":               {"PUT", v1 + "/settings", `{"documentation":{"timesEveryMinutes":0}}`, 400, "documentation.timesEveryMinutes"},
		"a time that overflows is refused":        {"PUT", v1 + "/settings", `{"documentation":{"overdueAfterMinutes":9000000000000}}`, 400, "documentation.overdueAfterMinutes"},
		"a score too low for many is refused":     {"POST", v1 + "/matches/accept", `{"kind":"organization","minScore":0.2}`, 400, "minScore"},
		"doubts are not accepted many at once":    {"POST", v1 + "/matches/accept", `{"kind":"organization","state":"attention","minScore":0.9}`, 400, "state"},
		"a token without a create is refused":     {"POST", v1 + "/customers/c-0001/organization", `{"action":"ignore","confirm":"x"}`, 400, "action"},
		"a company is not created":                {"POST", v1 + "/customers/c-0001/company", `{"action":"create"}`, 409, "action"},
		"a day that is none is refused":           {"GET", v1 + "/audit?from=yesterday", "", 400, "from"},
		"a kind of entries that is none":          {"GET", v1 + "/audit?kind=colour", "", 400, "kind"},
		"a mapping over 5 MiB is refused":         {"PUT", v1 + "/mapping.csv", strings.Repeat("x", 5<<20+1), 413, ""},
		"a mapping without columns is refused":    {"PUT", v1 + "/mapping.csv", "a,b\n", 400, "customer_id"},
		"a mapping of an unknown customer":        {"GET", v1 + "/mapping.csv?customer=nobody", "", 404, "customer"},
		"a sync of an unknown machine":            {"POST", v1 + "/sync", `{"scope":"asset","id":"appliance:none"}`, 404, ""},
		"an unknown ticket setting is refused":    {"PUT", v1 + "/customers/c-0001/ticketing", `{"colour":1}`, 400, "colour"},
		"an override of the wrong type":           {"PUT", v1 + "/customers/c-0001/ticketing", `{"boardId":"x"}`, 400, "boardId"},
		"a ticket setting out of range":           {"PUT", v1 + "/ticketing/settings", `{"noteEvery":-1}`, 400, "noteEvery"},
		"a template with an unknown variable":     {"POST", v1 + "/ticketing/preview", `{"summary":"{password}"}`, 400, "summary"},
		"a preview of an unknown alert":           {"POST", v1 + "/ticketing/preview", `{"alert":"v1:none"}`, 404, "alert"},
		"a snooze without an end":                 {"POST", v1 + "/alerts/" + url.PathEscape(key) + "/snooze", `{"reason":"r"}`, 400, "until"},
		"a snooze without a reason":               {"POST", v1 + "/alerts/" + url.PathEscape(key) + "/snooze", `{"until":"2026-03-06T08:00:00Z"}`, 400, "reason"},
		"a snooze for ever":                       {"POST", v1 + "/alerts/" + url.PathEscape(key) + "/snooze", `{"until":"2036-03-06T08:00:00Z","reason":"r"}`, 400, "until"},
		"a snooze that is past":                   {"POST", v1 + "/alerts/" + url.PathEscape(key) + "/snooze", `{"until":"2026-03-03T08:00:00Z","reason":"r"}`, 400, "until"},
		"a snooze of nothing":                     {"POST", v1 + "/alerts/v1:none/snooze", `{"until":"2026-03-06T08:00:00Z","reason":"r"}`, 404, ""},
		"a snooze of an unknown scope":            {"POST", v1 + "/alerts/" + url.PathEscape(key) + "/snooze", `{"until":"2026-03-06T08:00:00Z","reason":"r","scope":"world"}`, 400, "scope"},
		"a snooze that is none":                   {"DELETE", v1 + "/snoozes/none", "", 404, ""},
		"a time that is none":                     {"POST", v1 + "/windows", `{"customerId":"c-0001","scope":"customer","reason":"r","from":"today"}`, 400, ""},
		"a window of an unknown customer":         {"POST", v1 + "/windows", `{"customerId":"nobody","scope":"customer","reason":"r","from":"2026-03-04T10:00:00Z"}`, 404, "customerId"},
		"a window without an end":                 {"POST", v1 + "/windows", `{"customerId":"c-0001","scope":"customer","reason":"r","from":"2026-03-04T10:00:00Z"}`, 400, "until"},
		"a window of a machine without its id":    {"POST", v1 + "/windows", `{"customerId":"c-0001","scope":"machine","reason":"r","until":"2026-03-05T10:00:00Z"}`, 400, "target"},
		"a window in an unknown time zone":        {"POST", v1 + "/windows", `{"customerId":"c-0001","scope":"customer","reason":"r","repeat":{"days":["mon"],"start":"22:00","minutes":60,"zone":"Moon/Sea"}}`, 400, "repeat.zone"},
		"a window on a day that is none":          {"POST", v1 + "/windows", `{"customerId":"c-0001","scope":"customer","reason":"r","repeat":{"days":["noday"],"start":"22:00","minutes":60,"zone":"Europe/Berlin"}}`, 400, "repeat.days"},
		"a window at a time that is none":         {"POST", v1 + "/windows", `{"customerId":"c-0001","scope":"customer","reason":"r","repeat":{"days":["mon"],"start":"25:99","minutes":60,"zone":"Europe/Berlin"}}`, 400, "repeat.start"},
		"no rules at all":                         {"PUT", v1 + "/rules", `{"version":0}`, 400, "rules"},
		"a rule without a name":                   {"PUT", v1 + "/rules", `{"rules":[{"name":"x","if":{},"then":{"noTicket":true}},{"name":" ","if":{},"then":{"noTicket":true}}]}`, 400, "rules.1"},
		"a rule that changes nothing":             {"PUT", v1 + "/rules", `{"rules":[{"name":"x","if":{},"then":{}}]}`, 400, "rules.0"},
		"a rule whose pattern is none":            {"PUT", v1 + "/rules", `{"rules":[{"name":"\"; x","if":{"pattern":"("},"then":{"noTicket":true}}]}`, 400, "rules.0"},
		"rules that somebody changed":             {"PUT", v1 + "/rules", `{"version":9,"rules":[]}`, 409, ""},
		"rules tried over a year":                 {"POST", v1 + "/rules/test", `{"days":365}`, 400, "days"},
		"a report whose time runs backwards":      {"GET", v1 + "/reports/time-open?from=2026-03-02&to=2026-03-01", "", 400, "from"},
		"an address for callbacks without TLS":    {"PUT", v1 + "/ticketing/callback", `{"address":"http://bridge.example"}`, 400, "address"},
		"a callback while they are off":           {"POST", v1 + "/callbacks/connectwise/none", `{}`, 404, ""},
		"a method that is not there is said":      {"DELETE", v1 + "/customers", "", 405, ""},
		"an id with control characters":           {"GET", v1 + "/runs/%00", "", 404, ""},
		"an id of 10 KB":                          {"GET", v1 + "/customers/" + strings.Repeat("x", 10<<10), "", 404, ""},
		"an id in a body with control characters": {"POST", v1 + "/sync", `{"scope":"customer","id":"\u0000"}`, 400, "id"},
		"a cursor with control characters":        {"GET", v1 + "/runs?cursor=AAAA", "", 400, "cursor"},
		"a decision on no id":                     {"POST", v1 + "/customers/%01/organization", `{"action":"ignore"}`, 404, ""},
		"a report that is none is not found":      {"GET", v1 + "/reports/secrets", "", 404, ""},
		"a dead letter that is none":              {"POST", v1 + "/dead-letters/runs:99/replay", "", 404, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			res := w.send(request(t, c.method, c.path, c.body))
			raw, _ := io.ReadAll(res.Body)
			if res.StatusCode != c.status {
				t.Fatalf("got %d, want %d: %s", res.StatusCode, c.status, raw)
			}
			if kind := res.Header.Get("Content-Type"); kind != "application/problem+json" {
				t.Errorf("content type is %q: %s", kind, raw)
			}
			if err := problemSchema.VisitJSON(decoded(t, raw)); err != nil {
				t.Errorf("the problem is not as the document says: %v\n%s", err, raw)
			}
			if !bytes.Contains(raw, []byte(`"field":"`+c.field+`"`)) == (c.field != "") {
				t.Errorf("field %q is not named: %s", c.field, raw)
			}
		})
	}
}
