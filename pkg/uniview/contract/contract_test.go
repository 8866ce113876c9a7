// Package contract holds the UniView client and its sandbox to the vendor's own
// OpenAPI document: every request that the client can send, and every success
// answer of the sandbox, must validate against it. The document is not part of
// the project; without it the test is skipped.
//
// What the document leaves out, and what we follow instead:
//
//   - Error answers: only 200 is documented. The sandbox answers with problem JSON,
//     and 401 without a body (uniview.md §3, inferred).
//   - The token endpoint is described by the discovery document only
//     (uniview.md §2): grant, client authentication and address are checked
//     against that.
//   - The schema of job and conditional alerts contradicts itself: allOf of two
//     schemas that each forbid the other's members, so that no alert with a
//     job_name could be valid. The merged schema, which the text of the document
//     and its examples describe, is used instead; members beyond it stay
//     forbidden.
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

// used are the operations that the client offers.
var used = []string{"/v1/customers", "/v1/appliances", "/v1/assets", "/v1/backups", "/v1/backupiq/alerts", "/api/epb/v1/assets"}

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

// mergeAlerts replaces the alert answer's items by one schema that allows what
// the three models allow together.
func mergeAlerts(t *testing.T, doc *openapi3.T) {
	t.Helper()
	items := doc.Paths.Value("/v1/backupiq/alerts").Get.Responses.Status(200).Value.Content.Get("application/json").Schema.Value.Items
	merged := openapi3.NewObjectSchema()
	no := false
	merged.AdditionalProperties = openapi3.AdditionalProperties{Has: &no}
	for _, model := range items.Value.OneOf {
		for _, part := range append(slices.Clone(model.Value.AllOf), model) {
			for name, p := range part.Value.Properties {
				merged.WithPropertyRef(name, p)
			}
		}
	}
	for _, name := range []string{"type", "created_time", "job_name", "job_type", "interrogation_message"} {
		if merged.Properties[name] == nil {
			t.Fatalf("the document's alert models have changed: no %s", name)
		}
	}
	items.Value = merged
}

// recorder validates everything that passes.
type recorder struct {
	t    *testing.T
	doc  *openapi3.T
	next http.RoundTripper
	seen map[string]int
	rows map[string]int
}

func (c *recorder) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := c.next.RoundTrip(r)
	if err != nil || r.Method == http.MethodPost {
		return res, err
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	res.Body = io.NopCloser(bytes.NewReader(body))
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
	c.seen[r.URL.Path]++
	c.rows[r.URL.Path] += len(rows)
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

func answer(in *openapi3filter.RequestValidationInput, status int, header http.Header, body []byte) error {
	if status != http.StatusOK {
		return fmt.Errorf("status %d", status)
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
	sb := town()
	rec := &recorder{t, doc, sb.Transport(), map[string]int{}, map[string]int{}}
	c, err := uniview.New(uniview.Config{
		ClientID: "sandbox", ClientSecret: "sandbox-secret", PageSize: 7,
		HTTP: vendorhttp.Options{
			HTTP:  &http.Client{Transport: rec},
			Limit: vendorhttp.NewLimiter(vendorhttp.LimiterOptions{PerWindow: 100_000, Window: time.Minute}),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	must(c.Test(ctx))
	customers, err := c.ListCustomers(ctx)
	must(err)
	_, err = c.ListAppliances(ctx)
	must(err)
	assets, err := c.ListAssets(ctx)
	must(err)
	endpoints, err := c.ListEndpoints(ctx)
	must(err)
	_, err = c.GetAsset(ctx, assets[0].Key)
	must(err)
	_, err = c.GetEndpoint(ctx, endpoints[0].ID)
	must(err)
	_, err = c.ListBackups(ctx, uniview.BackupQuery{})
	must(err)
	now := time.Now()
	_, err = c.ListBackups(ctx, uniview.BackupQuery{
		CustomerID: customers[0].ID, AssetTag: assets[0].AssetTag, AssetKey: assets[0].Key, Status: uniview.BackupWarning,
		StartFrom: now, StartTo: now, CompleteFrom: now, CompleteTo: now,
	})
	must(err)
	for _, kind := range uniview.AlertTypes {
		alerts, err := c.ListAlerts(ctx, uniview.AlertQuery{Type: kind})
		must(err)
		for _, dismissed := range []bool{true, false} {
			for _, muted := range []string{"true", "false", "all"} {
				_, err = c.ListAlerts(ctx, uniview.AlertQuery{
					Type: kind, Dismissed: &dismissed, Muted: muted, Severity: uniview.SeverityCritical, CustomerID: customers[0].ID,
					AssetTag: assets[0].AssetTag, AssetKey: assets[0].Key, AssetName: assets[0].Name,
				})
				must(err)
			}
		}
		_, _, err = c.NewAttributor(0).Attribute(ctx, alerts, assets)
		must(err)
	}
	for _, path := range used {
		t.Logf("%-22s %3d requests, %4d rows validated", path, rec.seen[path], rec.rows[path])
		if rec.seen[path] == 0 || rec.rows[path] == 0 {
			t.Errorf("%s was not exercised", path)
		}
		delete(rec.seen, path)
	}
	if len(rec.seen) != 0 {
		t.Errorf("the client uses more than the listed operations: %v", rec.seen)
	}
}

// town is a portal with every spelling and state that the sandbox knows.
func town() *sandbox.Server {
	sb := sandbox.New(sandbox.Options{})
	start := time.Now().Add(-24 * time.Hour)
	sb.Edit(func(st *sandbox.State) {
		for i := range 20 {
			cu := st.AddCustomer([]string{"Hafen Apotheke", ""}[i%2])
			ap := st.AddAppliance(sandbox.Appliance{CustomerID: cu.ID, Name: []string{"Box", ""}[i%2], HelixStatus: []string{"None", "Agent", "AutoUpdate", "Unknown"}[i%4]})
			as := st.AddAsset(sandbox.Asset{AssetTag: ap.AssetTag, Name: []string{"", "SRV"}[i%2], MAC: []string{"00:15:5D:01:02:03", ""}[i%2]})
			for j, status := range []string{"Successful", "Warning", "Failed", "InProgress", "Unknown"}[:i%6] {
				b := sandbox.Backup{AssetKey: as.Key, StartTime: start.Add(time.Duration(i*j) * time.Microsecond), Status: status, SizeMB: int64(i * j)}
				if status != "InProgress" {
					b.CompleteTime = b.StartTime.Add(time.Minute)
				}
				st.AddBackup(b)
			}
			on := i%2 == 0
			ep := sandbox.Endpoint{CustomerID: cu.ID, Created: start, HasNoCustomer: i%3 == 0, StorageUsed: int64(i) << 40}
			if i%4 > 0 {
				ep.BackupEnabled, ep.LastOnline, ep.LastSuccess, ep.MAC, ep.Name, ep.LicenseType = &on, start, start.Add(3), "0015.5d01.0203", "PC", "Server"
			}
			st.AddEndpoint(ep)
			for _, kind := range []string{"alert", "job", "conditional", "helix"} {
				a := sandbox.Alert{
					Type: kind, Severity: []string{"alarm", "critical", "warning"}[i%3], AssetKey: as.Key, Created: start.Add(time.Duration(i)),
					Muted: i%5 == 0, Dismissed: i%4 == 0,
				}
				if on {
					a.Message, a.JobName, a.JobType, a.Interrogated = "m", "j", "t", "i"
				}
				st.AddAlert(a)
			}
		}
	})
	return sb
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
	if err := answer(&openapi3filter.RequestValidationInput{}, 503, h, nil); err == nil {
		t.Error("503 passes")
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
