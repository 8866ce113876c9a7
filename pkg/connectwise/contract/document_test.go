package contract_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// exchange is one captured request with its answer.
type exchange struct {
	req    *http.Request
	body   []byte
	status int
	header http.Header
	answer []byte
	path   string // below /apis/3.0/, or of the host
}

type recorder struct {
	inner http.RoundTripper
	mu    sync.Mutex
	all   []exchange
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
		req.Body = io.NopCloser(bytes.NewReader(body))
	}
	resp, err := r.inner.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(answer))
	_, path, ok := strings.Cut(req.URL.Path, "/apis/3.0")
	if !ok {
		path = req.URL.Path
	}
	path = strings.Trim(strings.ReplaceAll(path, "//", "/"), "/")
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, exchange{req.Clone(req.Context()), body, resp.StatusCode, resp.Header.Clone(), answer, path})
	return resp, nil
}

// loadSpec gives the vendor's document, or nil when it is not there.
func loadSpec(t *testing.T) *openapi3.T {
	t.Helper()
	file := filepath.Join("..", "..", "..", "..", "shared", "specs", "connectwise.openapi.json")
	if _, err := os.Stat(file); err != nil {
		return nil
	}
	doc, err := openapi3.NewLoader().LoadFromFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// find gives the document's operation for a path; literal segments win.
func find(doc *openapi3.T, method, path string) (*routers.Route, map[string]string) {
	var best *routers.Route
	var bestParams map[string]string
	got := strings.Split(strings.Trim(path, "/"), "/")
	for pattern, item := range doc.Paths.Map() {
		want := strings.Split(strings.Trim(pattern, "/"), "/")
		op := item.GetOperation(method)
		if op == nil || len(want) != len(got) {
			continue
		}
		params := map[string]string{}
		ok := true
		for i, w := range want {
			if strings.HasPrefix(w, "{") {
				params[strings.Trim(w, "{}")] = got[i]
			} else if w != got[i] {
				ok = false
			}
		}
		if ok && (best == nil || len(params) < len(bestParams)) {
			best = &routers.Route{Spec: doc, Path: pattern, PathItem: item, Method: method, Operation: op}
			bestParams = params
		}
	}
	return best, bestParams
}

func generic(method, path string) string {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	for i, p := range parts {
		if strings.Trim(p, "0123456789") == "" {
			parts[i] = "{}"
		}
	}
	return method + " " + strings.Join(parts, "/")
}

// unknownMembers gives the members that the document's schema does not have; its
// schemas do not say additionalProperties: false.
func unknownMembers(body []byte, schema *openapi3.SchemaRef) (wrong []error) {
	var v any
	if json.Unmarshal(body, &v) != nil {
		return nil
	}
	var walk func(v any, s *openapi3.Schema, at string)
	walk = func(v any, s *openapi3.Schema, at string) {
		switch v := v.(type) {
		case []any:
			if s.Items == nil {
				return
			}
			for _, e := range v {
				walk(e, s.Items.Value, at)
			}
		case map[string]any:
			for name, e := range v {
				p := s.Properties[name]
				switch {
				case p != nil:
					walk(e, p.Value, at+"."+name)
				case len(s.Properties) > 0:
					wrong = append(wrong, fmt.Errorf("%s.%s is not in the document", at, name))
				}
			}
		}
	}
	walk(v, schema.Value, "")
	return wrong
}

// documented holds one exchange to the vendor's document and gives all that is
// wrong about it.
func documented(x exchange, route *routers.Route, params map[string]string) (wrong []error) {
	x.req.Body = io.NopCloser(bytes.NewReader(x.body))
	in := &openapi3filter.RequestValidationInput{
		Request: x.req, PathParams: params, Route: route, QueryParams: x.req.URL.Query(),
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true, MultiError: true},
	}
	if err := openapi3filter.ValidateRequest(context.Background(), in); err != nil {
		wrong = append(wrong, fmt.Errorf("request: %w", err))
	}
	for p := range x.req.URL.Query() {
		if route.Operation.Parameters.GetByInAndName("query", p) == nil {
			wrong = append(wrong, fmt.Errorf("request: the parameter %s is not in the document", p))
		}
	}
	if body := route.Operation.RequestBody; body != nil {
		wrong = append(wrong, unknownMembers(x.body, body.Value.Content.Get("application/json").Schema)...)
	}
	err := openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: x.status, Header: x.header, Body: io.NopCloser(bytes.NewReader(x.answer)), Options: in.Options,
	})
	for _, err := range each(err) {
		var left *openapi3.SchemaError
		if errors.As(err, &left) && left.SchemaField == "required" && x.req.URL.Query().Has("fields") {
			continue // only some fields were asked for
		}
		wrong = append(wrong, fmt.Errorf("answer %d: %w", x.status, err))
	}
	if r := route.Operation.Responses.Status(x.status); r != nil && r.Value.Content.Get("application/json") != nil {
		wrong = append(wrong, unknownMembers(x.answer, r.Value.Content.Get("application/json").Schema)...)
	}
	return wrong
}

// each takes an error of the validator apart.
func each(err error) (all []error) {
	switch e := err.(type) { //nolint:errorlint // these are the containers themselves
	case nil:
		return nil
	case openapi3.MultiError:
		for _, inner := range e {
			all = append(all, each(inner)...)
		}
		return all
	case *openapi3filter.ResponseError:
		if e.Err != nil {
			return each(e.Err)
		}
	}
	return []error{err}
}
