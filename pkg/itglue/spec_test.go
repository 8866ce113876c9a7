package itglue_test

import (
	"encoding/json"
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
