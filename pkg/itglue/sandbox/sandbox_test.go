package sandbox_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"uniview-bridge/pkg/itglue/sandbox"
	"uniview-bridge/pkg/vendorhttp/simulator"
)

const testKey = "ITG.test"

// A probe sends raw requests to a sandbox.
type probe struct {
	t *testing.T
	*sandbox.Server
	clock            *simulator.Clock
	key, contentType string
}

// newProbe makes a small account: organizations 1001 (synced) and 1002, configurations 1000001 (synced, of 1001) and
// 1000002 (archived, of 1002), flexible asset type 301 with one asset 5000001.
func newProbe(t *testing.T, o sandbox.Options) *probe {
	t.Helper()
	p := &probe{
		t: t, clock: simulator.NewClock(time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)),
		key: testKey, contentType: "application/vnd.api+json; charset=utf-8",
	}
	o.APIKey, o.Now, o.Sleep = testKey, p.clock.Now, p.clock.Sleep
	p.Server = sandbox.New(o)
	p.Edit(func(s *sandbox.State) {
		s.AddOrganizationType(sandbox.Named{Name: "Customer"})
		s.AddOrganizationStatus(sandbox.Named{Name: "Active"})
		s.AddConfigurationType(sandbox.Named{Name: "Server", Synced: true})
		s.AddConfigurationType(sandbox.Named{Name: "Bridge"})
		s.AddConfigurationStatus(sandbox.Named{Name: "Active"})
		s.AddOrganization(sandbox.Organization{Name: "Alpine Dental, Inc.", QuickNotes: strings.Repeat("n", 300), Adapters: []sandbox.Adapter{{TypeName: "ConnectWise Manage", RemoteID: "250", Sync: true}}})
		s.AddOrganization(sandbox.Organization{Name: "Borealis", ParentID: 1001})
		s.AddConfiguration(sandbox.Configuration{
			OrganizationID: 1001, Name: "SRV1", TypeID: 31, MAC: "00:11:22:33:44:55", PSAIntegration: "enabled",
			Interfaces: []sandbox.Interface{{Name: "eth0", MAC: "00:11:22:33:44:55", Primary: true}},
			RMM:        []sandbox.RMMRecord{{Name: "SRV1", MACs: []string{"00-11-22-33-44-55"}, Integration: "aem", RemoteID: "77"}},
			Adapters:   []sandbox.Adapter{{TypeName: "ConnectWise Manage", RemoteID: "900", Sync: true}},
		})
		s.AddConfiguration(sandbox.Configuration{OrganizationID: 1002, Name: "AAA", TypeID: 32, Archived: true})
		s.AddFlexibleAssetType(sandbox.FlexibleAssetType{Name: "Backup", Enabled: true, Fields: []*sandbox.Field{
			{Name: "Machine", Kind: "Text", UseForTitle: true, ShowInList: true},
			{Name: "Status", Kind: "Select", DefaultValue: "Success\nFailed", UseForTitle: true},
			{Name: "Last", Kind: "Date"},
			{Name: "Config", Kind: "Tag", TagType: "Configurations"},
			{Name: "Size", Kind: "Number"},
			{Name: "On", Kind: "Checkbox"},
			{Name: "File", Kind: "Upload"},
			{Name: "Part", Kind: "Header"},
			{Name: "Must", Kind: "Text", Required: true},
		}})
		s.AddFlexibleAsset(sandbox.FlexibleAsset{OrganizationID: 1001, TypeID: 301, Traits: map[string]any{"machine": "SRV1", "status": "Success", "must": "x", "config": []int64{1000001}}})
	})
	return p
}

type reply struct {
	status int
	typ    string
	body   string
	doc    map[string]any
}

func (p *probe) send(method, path, body string) reply {
	p.t.Helper()
	var r io.Reader
	if body != "" {
		r = strings.NewReader(body)
	}
	path, query, _ := strings.Cut(path, "?")
	q, err := url.ParseQuery(query)
	if err != nil {
		p.t.Fatal(err)
	}
	req, err := http.NewRequest(method, "https://api.itglue.com"+path+"?"+q.Encode(), r)
	if err != nil {
		p.t.Fatal(err)
	}
	if p.key != "" {
		req.Header.Set("x-api-key", p.key)
	}
	if body != "" && p.contentType != "" {
		req.Header.Set("Content-Type", p.contentType)
	}
	res, err := p.Transport().RoundTrip(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	out := reply{status: res.StatusCode, typ: res.Header.Get("Content-Type"), body: string(b)}
	_ = json.Unmarshal(b, &out.doc)
	return out
}

func (p *probe) get(path string) reply { p.t.Helper(); return p.send("GET", path, "") }

func (r reply) ids() string {
	var ids []string
	list, _ := r.doc["data"].([]any)
	for _, e := range list {
		ids = append(ids, e.(map[string]any)["id"].(string))
	}
	return strings.Join(ids, " ")
}

func (r reply) attr(name string) any {
	data, _ := r.doc["data"].(map[string]any)
	if list, ok := r.doc["data"].([]any); ok && len(list) > 0 {
		data = list[0].(map[string]any)
	}
	attrs, _ := data["attributes"].(map[string]any)
	return attrs[name]
}

func TestWithoutALimit(t *testing.T) {
	t.Parallel()
	p := newProbe(t, sandbox.Options{NoLimit: true})
	for range sandbox.RateLimit + 1 {
		if r := p.get("/organization_types"); r.status != 200 {
			t.Fatal(r.status)
		}
	}
}

func TestPagesAndShapes(t *testing.T) {
	t.Parallel()
	p := newProbe(t, sandbox.Options{})
	manyOrganizations(p)
	count := func(path string) int { l, _ := p.get(path).doc["data"].([]any); return len(l) }
	for path, want := range map[string]int{
		"/organizations": 50, "/organizations?page[size]=5000": 1000, "/organizations?page[size]=1000&page[number]=2": 202, "/organizations?page[number]=99": 0,
	} {
		if got := count(path); got != want {
			t.Errorf("%s: %d records", path, got)
		}
	}
	if got := p.get("/organizations?sort=-id&page[size]=1").ids(); got != "2202" {
		t.Errorf("descending: %s", got)
	}
}

func TestEveryWriteMakesAVersion(t *testing.T) {
	t.Parallel()
	p := newProbe(t, sandbox.Options{})
	for range 2 {
		p.send("PATCH", "/flexible_assets", many("flexible_assets", `{"id":5000001,"archived":true}`))
	}
	p.View(func(s *sandbox.State) {
		if v := s.FlexibleAssets[5000001].Versions; v != 3 {
			t.Errorf("%d versions", v)
		}
	})
}

func TestWhatIsNotKnownTheOtherWayRound(t *testing.T) {
	t.Parallel()
	bad := many("flexible_assets", good, `{"flexible-asset-type-id":301,"traits":{"x":1}}`)
	for partial, want := range map[bool]int{false: 1, true: 2} {
		p := newProbe(t, sandbox.Options{PartialBulk: partial})
		if r := p.send("POST", "/organizations/1001/relationships/flexible_assets", bad); r.status != 422 {
			t.Errorf("%d", r.status)
		}
		p.View(func(s *sandbox.State) {
			if len(s.FlexibleAssets) != want {
				t.Errorf("partial %v: %d assets", partial, len(s.FlexibleAssets))
			}
		})
	}
	updates := many("flexible_assets", `{"id":5000001,"restricted":true}`, `{"id":7,"restricted":true}`)
	for _, partial := range []bool{false, true} {
		p := newProbe(t, sandbox.Options{PartialBulk: partial})
		if r := p.send("PATCH", "/flexible_assets", updates); r.status != 404 {
			t.Errorf("%d", r.status)
		}
		p.View(func(s *sandbox.State) {
			if got := s.FlexibleAssets[5000001].Restricted; got != partial {
				t.Errorf("partial %v: the good element was kept: %v", partial, got)
			}
		})
	}
	p := newProbe(t, sandbox.Options{LooseSelect: true, NestedIncluded: true})
	if r := p.send("POST", "/flexible_assets", asset(`"status":"Broken"`)); r.status != 201 {
		t.Error(r.body)
	}
	r := p.get("/configurations/1000001?include=rmm_records")
	if _, top := r.doc["included"]; top || r.doc["data"].(map[string]any)["included"] == nil {
		t.Error(r.body)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	const op = "GET /configurations"
	p := newProbe(t, sandbox.Options{})
	p.Inject(sandbox.Fault{Kind: sandbox.Status, Op: op, Status: 502, HTML: true, Skip: 1, Times: 1})
	p.Inject(sandbox.Fault{Kind: sandbox.Latency, PathPrefix: "/organizations", Delay: time.Hour, Times: 1})
	var got []int
	for range 3 {
		got = append(got, p.get("/configurations").status)
	}
	if fmt.Sprint(got) != "[200 502 200]" {
		t.Errorf("got %v", got)
	}
	before := p.clock.Now()
	p.get("/organizations")
	if d := p.clock.Now().Sub(before); d != time.Hour {
		t.Errorf("latency %v", d)
	}
	p.Inject(sandbox.Fault{Kind: sandbox.EmptyList, Op: op, Times: 1})
	if r := p.get("/configurations"); r.ids() != "" || !strings.Contains(r.body, `"total-count":0`) {
		t.Error(r.body)
	}
	p.Inject(sandbox.Fault{Kind: sandbox.WrongTotal, Op: op, Rows: 3, Times: 1})
	if r := p.get("/configurations"); !strings.Contains(r.body, `"total-count":5`) {
		t.Error(r.body)
	}
	p.Inject(sandbox.Fault{Kind: sandbox.PageShift, Op: op, Rows: -1, Times: 1})
	if a, b := p.get("/configurations?sort=id&page[size]=1"), p.get("/configurations?sort=id&page[size]=1&page[number]=2"); a.ids() != "1000001" || b.ids() != "1000001" || !strings.Contains(b.body, `"total-count":3`) {
		t.Errorf("%s %s", a.ids(), b.body)
	}
	p.Inject(sandbox.Fault{Kind: sandbox.PageTooLarge, Rows: 100})
	if a, b := p.get("/configurations?page[size]=101"), p.get("/configurations?page[size]=100"); a.status != 504 || b.status != 200 {
		t.Errorf("%d %d", a.status, b.status)
	}
	p.ClearFaults()
	p.Inject(sandbox.Fault{Kind: sandbox.Revoke, Times: 1})
	if a, b := p.get("/configurations"), p.get("/configurations"); a.status != 403 || b.status != 403 {
		t.Errorf("%d %d", a.status, b.status)
	}
}

func TestBrokenConnections(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		kind sandbox.FaultKind
		made bool
	}{{sandbox.ResetBefore, false}, {sandbox.ResetAfter, true}, {sandbox.Truncate, true}} {
		p := newProbe(t, sandbox.Options{})
		server := httptest.NewServer(p.Server)
		defer server.Close()
		for way, client := range map[string]*http.Client{"a socket": server.Client(), "in process": {Transport: p.Transport()}} {
			before := 0
			p.View(func(s *sandbox.State) { before = len(s.Organizations) })
			p.Inject(sandbox.Fault{Kind: tt.kind, Times: 1})
			req, err := http.NewRequest("POST", server.URL+"/organizations", strings.NewReader(one("organizations", `{"name":"C"}`)))
			if err != nil {
				t.Fatal(err)
			}
			req.GetBody = nil
			req.Header.Set("x-api-key", testKey)
			req.Header.Set("Content-Type", "application/vnd.api+json")
			res, err := client.Do(req)
			if err == nil {
				_, err = io.ReadAll(res.Body)
				res.Body.Close()
			}
			if err == nil || (way == "in process" && tt.kind != sandbox.Truncate && !errors.Is(err, syscall.ECONNRESET)) {
				t.Errorf("%s over %s: %v", tt.kind, way, err)
			}
			p.View(func(s *sandbox.State) {
				if made := len(s.Organizations) > before; made != tt.made {
					t.Errorf("%s over %s: made %v", tt.kind, way, made)
				}
			})
		}
	}
}

func TestTheRequestLog(t *testing.T) {
	t.Parallel()
	p := newProbe(t, sandbox.Options{})
	p.get("/organizations?page[size]=1")
	p.get("/nowhere")
	log := p.Requests()
	if len(log) != 2 || log[0].Op != "GET /organizations" || log[0].Status != 200 || log[0].Rows != 1 || log[0].Query != "page%5Bsize%5D=1" || log[1].Op != "" || log[1].Status != 404 {
		t.Errorf("got %+v", log)
	}
	p.ResetRequests()
	if len(p.Requests()) != 0 {
		t.Error("not empty")
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	p := newProbe(t, sandbox.Options{})
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			p.Inject(sandbox.Fault{Kind: sandbox.Latency, Times: 1})
			p.Edit(func(s *sandbox.State) { s.AddOrganization(sandbox.Organization{Name: fmt.Sprint(i)}) })
			req := httptest.NewRequest("GET", "/organizations", nil)
			req.Header.Set("x-api-key", testKey)
			p.ServeHTTP(httptest.NewRecorder(), req)
		})
	}
	wg.Wait()
	if n := len(p.Requests()); n != 20 {
		t.Errorf("%d requests", n)
	}
}

// TestTheClockIsTheTestsOwn: records and answers carry the time that the options give.
func TestTheClockIsTheTestsOwn(t *testing.T) {
	t.Parallel()
	p := newProbe(t, sandbox.Options{})
	p.clock.Advance(36 * time.Hour)
	if r := p.send("PATCH", "/organizations/1001", one("organizations", `{"alert":"x"}`)); r.attr("updated-at") != "2026-01-07T00:00:00.000Z" || r.attr("created-at") != "2026-01-05T12:00:00.000Z" {
		t.Errorf("got %s", r.body)
	}
	if log := p.Requests(); !log[0].Time.Equal(p.clock.Now()) {
		t.Errorf("logged at %v", log[0].Time)
	}
}
