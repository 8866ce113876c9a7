package itglue_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"uniview-bridge/pkg/itglue"
	"uniview-bridge/pkg/itglue/sandbox"
)

// operations are the vendor's list of what each route takes. The file is the vendor's text and not part of this project.
type operations struct {
	Endpoints []struct {
		Routes []string
		Errors [][]any
		Params map[string]parameter
	}
	patterns map[string]*regexp.Regexp
}

type parameter struct {
	Type     string
	Required bool
	Nullable bool
	Values   []string
	Note     string
}

// findOperations reads the list when it is there.
func findOperations(t *testing.T) (operations, bool) {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "specs", "itglue.operations.json"))
	if err != nil {
		return operations{}, false
	}
	ops := operations{patterns: map[string]*regexp.Regexp{}}
	if err := json.Unmarshal(body, &ops); err != nil {
		t.Fatal(err)
	}
	for _, e := range ops.Endpoints {
		for _, route := range e.Routes {
			ops.patterns[route] = regexp.MustCompile("^" + regexp.MustCompile(`:[a-z_]+`).ReplaceAllString(regexp.QuoteMeta(route), `[0-9]+`) + "$")
		}
	}
	return ops, true
}

func readOperations(t *testing.T) operations {
	t.Helper()
	ops, ok := findOperations(t)
	if !ok {
		t.Skip("the vendor's list of operations (../shared/specs/itglue.operations.json) is not here: requests are not checked against it")
	}
	return ops
}

// errorsOf returns the statuses that a route documents.
func (o operations) errorsOf(route string) (out []int) {
	for _, e := range o.Endpoints {
		if slices.Contains(e.Routes, route) {
			for _, pair := range e.Errors {
				if status, ok := pair[0].(float64); ok {
					out = append(out, int(status))
				}
			}
		}
	}
	return out
}

// find returns the parameters of the documented route that a request is of.
func (o operations) find(method, path string) (string, map[string]parameter) {
	for _, e := range o.Endpoints {
		for _, route := range e.Routes {
			if o.patterns[route].MatchString(method + " " + path) {
				return route, e.Params
			}
		}
	}
	return "", nil
}

// TestRequestsAreAsDocumented checks, operation by operation, each request that the client can send: method, route,
// parameters, attributes, their types and what is required.
func TestRequestsAreAsDocumented(t *testing.T) {
	t.Parallel()
	ops := readOperations(t)
	for _, op := range itglue.Operations() {
		t.Run(op.Name, func(t *testing.T) {
			t.Parallel()
			_, passed := perform(t, op)
			for _, x := range passed {
				route, params := ops.find(x.Method, x.Path)
				if route != op.Method+" "+op.Route {
					t.Errorf("%s %s is documented as %q", x.Method, x.Path, route)
				}
				for _, problem := range check(route, params, x) {
					t.Error(problem)
				}
				if x.Method != http.MethodGet && (len(x.Query) > 0 || x.Header.Get("Content-Type") != "application/vnd.api+json") {
					t.Errorf("a write has the parameters %v and the type %q", x.Query, x.Header.Get("Content-Type"))
				}
			}
		})
	}
}

// TestTheCheckerSeesMistakes keeps the test above able to fail.
func TestTheCheckerSeesMistakes(t *testing.T) {
	t.Parallel()
	ops := readOperations(t)
	for _, tt := range []struct {
		method, path, query, body string
		want                      string // part of the only problem; "" = none
	}{
		{"GET", "/organizations", "page[size]=5&sort=-id&include=adapters_resources", "", ""},
		{"GET", "/organizations", "filter[nme]=x", "", "filter[nme] is not documented"},
		{"GET", "/organizations", "sort=shoe_size", "", "sort does not take"},
		{"GET", "/flexible_assets", "filter[flexible-asset-type-id]=1&sort=id", "", "sort does not take"},
		{"GET", "/flexible_assets", "sort=name", "", "is required"},
		{"PATCH", "/flexible_assets", "filter[id]=1", `{"data":[]}`, "filter[id] is not documented"},
		{"PATCH", "/flexible_assets", "", `{"data":{"type":"flexible_assets","attributes":{"id":1}}}`, "must be a list"},
		{"PATCH", "/flexible_assets", "", `{"data":[{"type":"flexible_assets","attributes":{"id":1,"name":"x"}}]}`, "[name] is not documented"},
		{"PATCH", "/flexible_assets", "", `{"data":[{"type":"assets","attributes":{"id":1}}]}`, "does not take \"assets\""},
		{"PATCH", "/organizations/1", "", `{"data":{"type":"organizations","attributes":{"organization-type-id":"x"}}}`, "does not take x"},
		{"POST", "/organizations", "", `{"data":{"type":"organizations","attributes":{"alert":null}}}`, "[name] is required"},
		{"POST", "/organizations", "", `{"data":{"type":"organizations","attributes":{"name":"x"},"relationships":{"y":{"data":[]}}}}`, "is not documented"},
	} {
		route, params := ops.find(tt.method, tt.path)
		query, err := url.ParseQuery(tt.query)
		if err != nil {
			t.Fatal(err)
		}
		r := exchange{Method: tt.method, Path: tt.path, Query: query}
		if tt.body != "" {
			r.Body = []byte(tt.body)
		}
		got := check(route, params, r)
		if (tt.want == "") != (len(got) == 0) || tt.want != "" && !strings.Contains(got[0], tt.want) {
			t.Errorf("%s %s?%s %s: got %q, want %q", tt.method, tt.path, tt.query, tt.body, got, tt.want)
		}
	}
}

type checker struct {
	route    string
	params   map[string]parameter
	problems []string
}

// check returns what is not documented about a request.
func check(route string, params map[string]parameter, r exchange) []string {
	c := &checker{route: route, params: params}
	c.query(r)
	if r.Body != nil {
		c.body(r.Body)
	}
	return c.problems
}

func (c *checker) errorf(format string, args ...any) {
	c.problems = append(c.problems, fmt.Sprintf(format, args...))
}

func (c *checker) query(r exchange) {
	for name, values := range r.Query {
		p, ok := c.params[name]
		if isPage := strings.HasPrefix(name, "page[") && strings.HasPrefix(c.route, "GET "); !ok && !isPage {
			c.errorf("parameter %s is not documented", name)
			continue
		}
		for v := range strings.SplitSeq(values[0], ",") {
			if p.Type == "enum" && !slices.Contains(p.Values, strings.TrimPrefix(v, "-")) {
				c.errorf("parameter %s does not take %q", name, v)
			}
		}
	}
	for name, p := range c.params {
		if p.Required && strings.HasPrefix(name, "filter[") && r.Query.Get(name) == "" {
			c.errorf("parameter %s is required", name)
		}
	}
}

func (c *checker) body(body []byte) {
	var doc map[string]any
	dec := json.NewDecoder(strings.NewReader(string(body)))
	dec.UseNumber()
	if err := dec.Decode(&doc); err != nil {
		c.errorf("%v", err)
		return
	}
	if len(doc) != 1 {
		c.errorf("members beside data: %v", doc)
	}
	prefix := "data"
	elements := []any{doc["data"]}
	if list, ok := doc["data"].([]any); ok {
		elements = list
		if _, documented := c.params["data[_]"]; documented { // creates in bulk are documented by their single form
			prefix = "data[_]"
		}
	} else if c.params["data"].Type == "array" {
		c.errorf("data must be a list")
	}
	for _, e := range elements {
		c.resource(prefix, e.(map[string]any))
	}
}

func (c *checker) resource(prefix string, r map[string]any) {
	kind, _ := r["type"].(string)
	if p := c.params[prefix+"[type]"]; !slices.Contains(p.Values, kind) {
		c.errorf("%s[type] does not take %q", prefix, kind)
	}
	attrs, _ := r["attributes"].(map[string]any)
	sent := map[string]bool{}
	for name, v := range attrs {
		full := prefix + "[attributes][" + strings.ReplaceAll(name, "-", "_") + "]"
		sent[full] = true
		p, ok := c.params[full]
		if !ok {
			c.errorf("%s is not documented", full)
			continue
		}
		c.value(full, p, v)
	}
	for name, p := range c.params {
		inner, ok := strings.CutPrefix(name, prefix+"[attributes][")
		if !ok || !p.Required || strings.Count(inner, "[") > 0 || sent[name] {
			continue
		}
		if strings.Contains(p.Note, "Not required when using nested") && strings.Contains(c.route, "/relationships/") {
			continue
		}
		if name == "data[attributes][fields]" { // they go into relationships, as in the vendor's example (itglue.md §6.1)
			continue
		}
		c.errorf("%s is required", name)
	}
	relations, _ := r["relationships"].(map[string]any)
	for name, rel := range relations {
		full := prefix + "[relationships][" + name + "][data]"
		if c.params[full].Type != "array" {
			c.errorf("%s is not documented", full)
			continue
		}
		for _, e := range rel.(map[string]any)["data"].([]any) {
			c.resource(full+"[_]", e.(map[string]any))
		}
	}
}

func (c *checker) value(name string, p parameter, v any) {
	ok := true
	switch v := v.(type) {
	case nil:
		ok = p.Nullable
	case json.Number:
		ok = p.Type == "number"
	case string:
		ok = p.Type == "string" || (p.Type == "enum" && slices.Contains(p.Values, v))
	case bool:
		ok = p.Type == "enum" && slices.Contains(p.Values, fmt.Sprint(v))
	case map[string]any:
		ok = p.Type == "hash"
	case []any:
		ok = p.Type == "array"
	}
	if !ok {
		c.errorf("%s does not take %v", name, v)
	}
}

// TestTheSandboxKnowsOnlyDocumentedRoutes keeps the simulator from inventing.
func TestTheSandboxKnowsOnlyDocumentedRoutes(t *testing.T) {
	t.Parallel()
	ops := readOperations(t)
	known := map[string]bool{}
	for _, e := range ops.Endpoints {
		for _, route := range e.Routes {
			known[route] = true
		}
	}
	for _, route := range sandbox.Routes() {
		if !known[route] {
			t.Errorf("%s is not documented", route)
		}
	}
}

// TestTheSandboxTakesTheDocumentedParameters: each sort key, include and filter that a list or a record documents is
// taken, or refused by name when the sandbox keeps nothing to honour it with; none is silently ignored.
func TestTheSandboxTakesTheDocumentedParameters(t *testing.T) {
	t.Parallel()
	ops := readOperations(t)
	w := newWorld(t, sandbox.Options{NoLimit: true})
	if _, err := w.twoAssets(t.Context()); err != nil {
		t.Fatal(err)
	}
	ids := strings.NewReplacer(":organization_id", w.orgID, ":flexible_asset_type_id", "301", ":configuration_id", "1000001")
	byResource := map[string]string{
		"organizations": w.orgID, "configurations": "1000001", "flexible_assets": "5000001", "flexible_asset_types": "301", "flexible_asset_fields": "7001",
		"organization_types": "11", "organization_statuses": "21", "configuration_types": "31", "configuration_statuses": "61",
	}
	get := func(path string, q url.Values) exchange {
		x := exchange{Method: http.MethodGet, Path: path, Query: q, Header: http.Header{"X-Api-Key": {testKey}}}
		return w.resend(t, x, func(*http.Request, *string) {})
	}
	tried := 0
	for _, route := range sandbox.Routes() {
		method, path, _ := strings.Cut(route, " ")
		if method != http.MethodGet {
			continue
		}
		path = ids.Replace(path)
		if resource, isRecord := strings.CutSuffix(path, "/:id"); isRecord {
			path = resource + "/" + byResource[resource[strings.LastIndex(resource, "/")+1:]]
		}
		params := ops.paramsOf(route)
		base := url.Values{}
		if strings.HasPrefix(path, "/flexible_assets") && !strings.Contains(route, ":id") {
			base.Set("filter[flexible-asset-type-id]", "301")
		}
		for name, p := range params {
			values := p.Values
			switch {
			case name == "filter[psa_id]" || name == "filter[rmm_id]" || !strings.HasPrefix(name, "filter[") && name != "sort" && name != "include":
				continue
			case name == "filter[primary]":
				values = []string{"true"}
			case len(values) == 0:
				values = []string{"301"}
			}
			for _, v := range values {
				q := url.Values{name: {v}}
				maps.Copy(q, base)
				got := get(path, q)
				tried++
				refused := got.Status == 400 && strings.Contains(string(got.Answer), "keeps nothing")
				echoed := got.Status == 200 && (!strings.HasPrefix(name, "filter[") || strings.Contains(string(got.Answer), strings.Trim(strings.TrimPrefix(name, "filter"), "[]")))
				nested := strings.Contains(route, "relationships") && got.Status == 200 // filters do nothing there (itglue.md §3.4)
				if !refused && !echoed && !nested {
					t.Errorf("%s with %s=%s: %d %.200s", path, name, v, got.Status, got.Answer)
				}
			}
		}
	}
	if tried < 150 {
		t.Errorf("only %d parameters were tried", tried)
	}
}

func (o operations) paramsOf(route string) map[string]parameter {
	for _, e := range o.Endpoints {
		if slices.Contains(e.Routes, route) {
			return e.Params
		}
	}
	return nil
}
