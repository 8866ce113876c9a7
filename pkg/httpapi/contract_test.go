package httpapi_test

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/google/go-cmp/cmp"

	"uniview-bridge/pkg/httpapi"
	"uniview-bridge/pkg/httpapi/access"
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

func examples(runID, braked, auditID string) []example {
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
		{"GET", v1 + "/organizations?q=north", "", 200, ""},
		{"GET", v1 + "/organizations/1001/configurations?q=srv", "", 200, ""},
		{"GET", v1 + "/companies?q=cw1", "", 200, ""},
		{"GET", v1 + "/mode", "", 200, ""},
		{"PUT", v1 + "/mode", `{"documentation":"live"}`, 200, ""},
		{"GET", v1 + "/ticketing/settings", "", 200, ""},
		{"PUT", v1 + "/ticketing/settings", `{"companyId":2,"boardId":3,"priorities":{"alarm":4}}`, 200, ""},
		{"POST", v1 + "/ticketing/settings/reset-overrides", "", 200, ""},
		{"GET", v1 + "/alerts?state=ticketed", "", 200, ""},
		{"GET", v1 + "/tickets?limit=5", "", 200, ""},
		{"GET", v1 + "/audit", "", 200, ""},
		{"POST", v1 + "/audit/" + auditID + "/undo", "", 200, ""},
		{"GET", v1 + "/mapping.csv", "", 200, ""},
		{"PUT", v1 + "/mapping.csv?dryRun=true", "customer_id,organization_state\nc-0001,ignored\nnobody,ignored\n", 200, "text/csv"},
		{"GET", v1 + "/dead-letters", "", 200, ""},
		{"GET", v1 + "/reports/overview", "", 200, ""},
		{"GET", v1 + "/reports/coverage", "", 200, ""},
		{"GET", v1 + "/settings", "", 200, ""},
		{"PUT", v1 + "/settings", `{"documentation":{"overdueAfterMinutes":2880}}`, 200, ""},
		{"DELETE", v1 + "/connections/itglue", "", 204, ""},
		// These two need a vendor: what they refuse is checked here, what they answer elsewhere.
		{"GET", v1 + "/ticketing/options", "", 409, ""},
		{"POST", v1 + "/ticketing/test-ticket", "", 409, ""},
	}
}

func TestEveryOperationAnswersAsTheDocumentSays(t *testing.T) {
	t.Parallel()
	doc, router := document(t)
	w := newWorld(t, "busy", nil)
	runs := get[httpapi.Page[state.Run]](w, 200, "GET", "/api/v1/runs", "").Items
	audit := get[map[string]any](w, 200, "POST", "/api/v1/customers/c-0040/organization", `{"action":"ignore"}`)["auditId"].(string)
	seen := map[string]bool{}
	for _, e := range examples(runs[0].ID, runs[1].ID, audit) {
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
	roles := map[string]access.Role{"anyone": access.Anyone, "viewer": access.Viewer, "manager": access.Manager, "administrator": access.Administrator}
	for _, route := range httpapi.Routes() {
		for _, name := range slices.Sorted(maps.Keys(roles)) {
			r := request(t, route.Method, parameter.ReplaceAllString(route.Path, "uniview"), "{")
			r.Header.Set("X-Role", name)
			res := w.send(r)
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

func TestBadInputIsNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "busy", nil)
	const v1 = "/api/v1"
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
		"an unknown ticket setting is refused":    {"PUT", v1 + "/customers/c-0001/ticketing", `{"colour":1}`, 400, ""},
		"a row without a use case is not there":   {"GET", v1 + "/windows", "", 404, ""},
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
			if !bytes.Contains(raw, []byte(`"field":"`+c.field+`"`)) == (c.field != "") {
				t.Errorf("field %q is not named: %s", c.field, raw)
			}
		})
	}
}
