package itglue_test

import (
	"encoding/json"
	"fmt"
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

// everyOperation makes the client send every request it can.
func everyOperation(t *testing.T, w *world) {
	t.Helper()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(w.c.Test(ctx))
	_, err := w.c.ListOrganizations(ctx)
	must(err)
	org, err := w.c.CreateOrganization(ctx, itglue.OrganizationWrite{
		Name: "Cirrus", ShortName: "CIR", Description: "d", TypeID: "11", StatusID: "21", QuickNotes: "q", Alert: "a",
	})
	must(err)
	_, err = w.c.GetOrganization(ctx, org.ID)
	must(err)
	_, err = w.c.UpdateOrganizationAlert(ctx, org.ID, "alert")
	must(err)
	_, err = w.c.UpdateOrganizationAlert(ctx, org.ID, "")
	must(err)
	for _, list := range []func() ([]itglue.Named, error){
		func() ([]itglue.Named, error) { return w.c.ListOrganizationTypes(ctx) },
		func() ([]itglue.Named, error) { return w.c.ListOrganizationStatuses(ctx) },
		func() ([]itglue.Named, error) { return w.c.ListConfigurationTypes(ctx) },
		func() ([]itglue.Named, error) { return w.c.ListConfigurationStatuses(ctx) },
	} {
		_, err = list()
		must(err)
	}
	conf, err := w.c.CreateConfiguration(ctx, org.ID, itglue.ConfigurationWrite{
		Name: "SRV", TypeID: w.confTypeID, StatusID: fmt.Sprint(w.status.ID), Hostname: "srv", PrimaryIP: "10.0.0.1", MAC: "00:11:22:33:44:55",
		SerialNumber: "S", AssetTag: "A", Notes: "n", Interfaces: []itglue.InterfaceWrite{{Name: "eth1", MAC: "00:11:22:33:44:56", IP: "10.0.0.2"}},
	})
	must(err)
	live := false
	_, err = w.c.ListConfigurations(ctx, itglue.ConfigurationQuery{OrganizationID: org.ID, ID: conf.ID, Archived: &live})
	must(err)
	_, err = w.c.GetConfiguration(ctx, conf.ID)
	must(err)
	_, err = w.c.UpdateConfigurationNotes(ctx, conf.ID, "notes")
	must(err)
	_, err = w.c.UpdateConfigurationNotes(ctx, conf.ID, "")
	must(err)

	spec := backupSpec()
	short := spec
	short.Fields = spec.Fields[:2]
	_, err = w.c.EnsureFlexibleAssetType(ctx, short)
	must(err)
	spec.Fields[1].Options = append(spec.Fields[1].Options, "Unknown")
	spec.Fields[0].Hint = "hint"
	typ, err := w.c.EnsureFlexibleAssetType(ctx, spec)
	must(err)
	archived := false
	writes := []itglue.FlexibleAssetWrite{newAsset(t, typ, "a", "Success"), newAsset(t, typ, "b", "Unknown")}
	writes[0].Traits[key(t, typ, "Configuration")] = itglue.TagValue(conf.ID)
	writes[0].Archived, writes[0].Restricted = &archived, &archived
	results, err := w.c.CreateFlexibleAssets(ctx, org.ID, writes)
	must(err)
	for i := range writes {
		must(results[i].Err)
		writes[i] = itglue.FlexibleAssetWrite{ID: results[i].Asset.ID, Traits: writes[i].Traits, Archived: &archived, Restricted: &archived}
	}
	results, err = w.c.UpdateFlexibleAssets(ctx, writes)
	must(err)
	must(results[1].Err)
	_, err = w.c.ListFlexibleAssets(ctx, itglue.FlexibleAssetQuery{TypeID: typ.ID, OrganizationID: org.ID})
	must(err)
	_, err = w.c.GetFlexibleAsset(ctx, results[0].Asset.ID)
	must(err)
}

// operations are the vendor's list of what each route takes. The file is the vendor's text and not part of this project.
type operations struct {
	Endpoints []struct {
		Routes []string
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

func readOperations(t *testing.T) operations {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "specs", "itglue.operations.json"))
	if err != nil {
		t.Skip("the vendor's list of operations (../shared/specs/itglue.operations.json) is not here: requests are not checked against it")
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
	return ops
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

// TestRequestsAreAsDocumented checks each request that the client can send: method, route, parameters, attributes, their
// types and what is required.
func TestRequestsAreAsDocumented(t *testing.T) {
	t.Parallel()
	ops := readOperations(t)
	w := newWorld(t, sandbox.Options{})
	everyOperation(t, w)
	checked := map[string]int{}
	for _, r := range w.rec.sent {
		route, params := ops.find(r.Method, r.Path)
		if route == "" {
			t.Errorf("%s %s is not documented", r.Method, r.Path)
			continue
		}
		checked[route]++
		for _, problem := range check(route, params, r) {
			t.Errorf("%s: %s", route, problem)
		}
	}
	for _, route := range slices.Sorted(mapKeys(checked)) {
		t.Logf("%4d ok  %s", checked[route], route)
	}
	if len(checked) != 21 {
		t.Errorf("%d operations were sent, the client has 21", len(checked))
	}
}

func mapKeys(m map[string]int) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
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
		r := sentRequest{Method: tt.method, Path: tt.path, Query: query}
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
func check(route string, params map[string]parameter, r sentRequest) []string {
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

func (c *checker) query(r sentRequest) {
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
