package itglue_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
)

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
