// Package contract holds the UniView client and its sandbox to the vendor's own
// OpenAPI document: every request that the client can send, and every success
// answer of the sandbox, must validate against it. The document is not part of
// the project; without it the test is skipped.
//
// The table of [operations] has a row for every method of the client, and no
// method can be added without one. What the document leaves out is in the list
// [leftOut], each entry with the place of the vendor page that it follows and a
// schema of its own; an answer that neither covers fails. Injected faults are
// outside the contract.
package contract

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"uniview-bridge/pkg/uniview"
	"uniview-bridge/pkg/uniview/sandbox"
	"uniview-bridge/pkg/vendorhttp"
)

const specs = "../../../../shared/specs"

func document(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(specs, name))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("the vendor's document %s is not here (it lies beside the project, in ../shared/specs): the contract is not checked", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func load(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(document(t, "uniview.openapi.json"))
	if err != nil {
		t.Fatal(err)
	}
	mergeAlerts(t, doc)
	return doc
}

// recorder validates everything that passes.
type recorder struct {
	t    *testing.T
	doc  *openapi3.T
	next http.RoundTripper
	seen map[string]int // requests of an operation
	rows map[string]int // rows in its answers
}

func (c *recorder) RoundTrip(r *http.Request) (*http.Response, error) {
	var sent []byte
	if r.Body != nil {
		var err error
		if sent, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(sent))
	}
	res, err := c.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	res.Body = io.NopCloser(bytes.NewReader(body))
	op := r.Method + " " + r.URL.Path
	c.seen[op]++
	if op == login {
		if err := tokenRequest(r, sent); err != nil {
			c.t.Errorf("token request: %v", err)
		}
		if err := covered(op, res.StatusCode, res.Header, body); err != nil {
			c.t.Errorf("token answer: %v", err)
		}
		return res, nil
	}
	in, err := request(c.doc, r)
	if err != nil {
		c.t.Errorf("request %s: %v", r.URL, err)
		return res, nil
	}
	if err := answer(in, res.StatusCode, res.Header, body); err != nil {
		c.t.Errorf("answer to %s: %v", r.URL, err)
	}
	var rows []json.RawMessage
	_ = json.Unmarshal(body, &rows)
	c.rows[op] += len(rows)
	return res, nil
}

// request validates a request and its parameters; parameters that the document
// does not know are an error too.
func request(doc *openapi3.T, r *http.Request) (*openapi3filter.RequestValidationInput, error) {
	item := doc.Paths.Value(r.URL.Path)
	if item == nil || item.GetOperation(r.Method) == nil {
		return nil, fmt.Errorf("%s %s is not documented", r.Method, r.URL.Path)
	}
	op := item.GetOperation(r.Method)
	in := &openapi3filter.RequestValidationInput{
		Request: r,
		Route:   &routers.Route{Spec: doc, Server: doc.Servers[0], Path: r.URL.Path, PathItem: item, Method: r.Method, Operation: op},
		Options: &openapi3filter.Options{AuthenticationFunc: func(context.Context, *openapi3filter.AuthenticationInput) error {
			if !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer ") {
				return errors.New("no bearer token")
			}
			return nil
		}},
	}
	for name := range r.URL.Query() {
		plain, _, _ := strings.Cut(name, "[") // deepObject
		if op.Parameters.GetByInAndName("query", plain) == nil {
			return nil, fmt.Errorf("the parameter %s is not documented", name)
		}
	}
	return in, openapi3filter.ValidateRequest(context.Background(), in)
}

// answer validates an answer of a list: by the document when it is the one that
// is documented, else by the list of what the document leaves out.
func answer(in *openapi3filter.RequestValidationInput, status int, header http.Header, body []byte) error {
	if status != http.StatusOK {
		return covered("GET "+in.Route.Path, status, header, body)
	}
	for _, name := range []string{"Paging-Page-Size", "Paging-Page-Number", "Paging-Total-Records", "Paging-Total-Pages"} {
		if in.Route.Operation.Responses.Status(200).Value.Headers[name] == nil || header.Get(name) == "" {
			return fmt.Errorf("the header %s is not documented or does not come", name)
		}
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: status, Header: header, Options: in.Options}
	out.SetBodyBytes(body)
	return openapi3filter.ValidateResponse(context.Background(), out)
}

func strict() {
	openapi3.DefineStringFormatValidator("uuid", openapi3.NewRegexpFormatValidator(openapi3.FormatOfStringForUUIDOfRFC4122))
	openapi3.DefineStringFormatValidator("uri", openapi3.NewRegexpFormatValidator(`^https://`))
}

func TestRequestsAndAnswersFollowTheVendorsDocument(t *testing.T) {
	doc := load(t)
	strict()
	for _, inBody := range []bool{false, true} {
		sb := sandbox.New(sandbox.Options{})
		sb.Edit(func(st *sandbox.State) { st.AddSample(time.Now()) })
		for _, row := range operations {
			rec := &recorder{t, doc, sb.Transport(), map[string]int{}, map[string]int{}}
			c, err := uniview.New(uniview.Config{
				ClientID: "sandbox", ClientSecret: "sandbox-secret", TokenInBody: inBody, PageSize: 7,
				HTTP: vendorhttp.Options{
					HTTP:  &http.Client{Transport: rec},
					Limit: vendorhttp.NewLimiter(vendorhttp.LimiterOptions{PerWindow: 100_000, Window: time.Minute}),
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := row.call(t.Context(), c, ask(t, sb)); err != nil {
				t.Errorf("%s: %v", row.method, err)
			}
			t.Logf("%-16s %-24s %3d requests, %4d rows validated", row.method, row.op, rec.seen[row.op], rec.rows[row.op])
			if rec.seen[row.op] == 0 || rec.rows[row.op] == 0 || rec.seen[login] != 1 || len(rec.seen) != 2 {
				t.Errorf("%s: seen %v, rows %v, want %s and one login", row.method, rec.seen, rec.rows, row.op)
			}
		}
	}
}

// The checks above must be able to fail.
func TestTheValidatorRefuses(t *testing.T) {
	doc := load(t)
	strict()
	get := func(url string) *http.Request {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer x")
		return r
	}
	const host = "https://public-api.backup.net"
	for name, r := range map[string]*http.Request{
		"an unknown path":      get(host + "/v1/devices"),
		"an unknown parameter": get(host + "/v1/customers?page=1"),
		"a page of none":       get(host + "/v1/customers?page_number=0"),
		"no alert type":        get(host + "/v1/backupiq/alerts"),
		"an unknown type":      get(host + "/v1/backupiq/alerts?type=spam"),
		"an unknown order":     get(host + "/v1/assets?order_by=age"),
		"no token":             {Method: http.MethodGet, URL: get(host + "/v1/customers").URL, Header: http.Header{}},
	} {
		if _, err := request(doc, r); err == nil {
			t.Errorf("%s passes", name)
		}
	}
	h := http.Header{"Content-Type": {"application/json"}, "Paging-Page-Size": {"1"}, "Paging-Page-Number": {"1"}, "Paging-Total-Records": {"1"}, "Paging-Total-Pages": {"1"}}
	for path, bodies := range map[string][]string{
		"/v1/customers":                                         {`{"id":"x"}`, `[{"id":"no uuid"}]`, `[{"ID":"d28a556c-d8de-48f9-8a64-90fdf03ec4d0"}]`, `[{"name":5}]`},
		"/v1/assets":                                            {`[{"last_backup":{"status":"Fine"}}]`, `[{"last_backup":{"start_time":"monday"}}]`, `[{"links":[{"rel":"Other"}]}]`, `[{"assetTag":"x"}]`},
		"/v1/backupiq/alerts?type=job":                          {`[{"asset_name":"x"}]`, `[{"severity":"dire"}]`, `[{"is_muted":null}]`},
		"/api/epb/v1/assets?page_size=1":                        {`[{"storageUsedBytes":"5"}]`, `[{"customer_id":"x"}]`, `[{"createdTimestamp":null}]`},
		"/v1/appliances?page_number=1":                          {`[{"is_online":"true"}]`, `[{"helix_status":"Fine"}]`},
		"/v1/backups?start_time_from=" + "2026-01-02T03:04:05Z": {`[{"size":1.5}]`},
	} {
		in, err := request(doc, get(host+path))
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if err := answer(in, 200, h, []byte("[]")); err != nil {
			t.Fatalf("%s: an empty list: %v", path, err)
		}
		for _, body := range bodies {
			if err := answer(in, 200, h, []byte(body)); err == nil {
				t.Errorf("%s: %s passes", path, body)
			}
		}
	}
	in, err := request(doc, get(host+"/v1/customers"))
	if err != nil {
		t.Fatal(err)
	}
	for status, bodies := range map[int][]string{
		503: {``, `{"title":"x","status":503}`}, // a fault, not part of the contract
		400: {``, `{"title":"x"}`, `{"title":"x","status":"400","errors":{}}`, `{"title":"x","status":400,"errors":{"a":"b"}}`, `{"title":"x","status":400,"errors":{},"code":1}`},
		401: {`{}`},
	} {
		for _, body := range bodies {
			if err := answer(in, status, http.Header{"Content-Type": {"application/problem+json"}, "Www-Authenticate": {"Bearer"}}, []byte(body)); err == nil {
				t.Errorf("%d %s passes", status, body)
			}
		}
	}
	for _, body := range []string{``, `{"access_token":"x","token_type":"Bearer","expires_in":"3600"}`, `{"access_token":"x","token_type":"Bearer","expires_in":3600,"id_token":"y"}`, `{"access_token":"","token_type":"Bearer","expires_in":1}`} {
		if err := covered(login, 200, http.Header{"Content-Type": {"application/json"}}, []byte(body)); err == nil {
			t.Errorf("the token answer %s passes", body)
		}
	}
}

func TestTheLoginIsTheOneThatIsPublished(t *testing.T) {
	t.Parallel()
	var doc struct {
		TokenEndpoint string   `json:"token_endpoint"`
		Grants        []string `json:"grant_types_supported"`
		Methods       []string `json:"token_endpoint_auth_methods_supported"`
	}
	if err := json.Unmarshal(document(t, "uniview.openid-configuration.json"), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.TokenEndpoint != uniview.DefaultTokenURL {
		t.Errorf("the token endpoint is %s", doc.TokenEndpoint)
	}
	if !slices.Contains(doc.Grants, "client_credentials") || !slices.Contains(doc.Methods, "client_secret_basic") || !slices.Contains(doc.Methods, "client_secret_post") {
		t.Errorf("grants %v, methods %v", doc.Grants, doc.Methods)
	}
}
