package sandbox

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// vendor is a server with the standard setup and a clock in hand.
type vendor struct {
	*Server
	t   *testing.T
	now time.Time
}

func start(t *testing.T, change ...func(*Options)) *vendor {
	t.Helper()
	v := &vendor{t: t, now: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)}
	o := Options{Now: func() time.Time { return v.now }}
	for _, f := range change {
		f(&o)
	}
	v.Server = New(o)
	v.Edit(func(st *State) { st.AddStandardSetup() })
	return v
}

// got is an answer in a form fit for comparing.
type got struct {
	status int
	header http.Header
	body   string
	err    error
}

func (g got) has(t *testing.T, status int, words ...string) {
	t.Helper()
	if g.err != nil || g.status != status {
		t.Errorf("got %d %v %.300s; want %d", g.status, g.err, g.body, status)
		return
	}
	for _, w := range words {
		if !strings.Contains(g.body, w) {
			t.Errorf("%.300s lacks %s", g.body, w)
		}
	}
}

func (g got) list(t *testing.T) []map[string]any {
	t.Helper()
	var rows []map[string]any
	if err := json.Unmarshal([]byte(g.body), &rows); err != nil {
		t.Fatalf("%d %.200s: %v", g.status, g.body, err)
	}
	return rows
}

const api = "https://api-na.myconnectwise.net/v4_6_release/apis/3.0/"

func (v *vendor) call(method, path, body string, change ...func(*http.Request)) got {
	v.t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = api + path
	}
	r, err := http.NewRequestWithContext(v.t.Context(), method, path, strings.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	r.SetBasicAuth(Defaults.CompanyID+"+"+Defaults.PublicKey, Defaults.PrivateKey)
	r.Header.Set("clientId", Defaults.ClientID)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, f := range change {
		f(r)
	}
	resp, err := v.Transport().RoundTrip(r)
	if err != nil {
		return got{err: err}
	}
	b, err := io.ReadAll(resp.Body)
	return got{resp.StatusCode, resp.Header, string(b), err}
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func q(s string) string {
	return strings.NewReplacer(" ", "%20", `"`, "%22", "%", "%25", "[", "%5B", "]", "%5D").Replace(s)
}

func TestAConfiguredClientIDIsTheOnlyOne(t *testing.T) {
	t.Parallel()
	strict := start(t, func(o *Options) {
		*o = Options{Now: o.Now, CompanyID: "demo", PublicKey: Defaults.PublicKey, PrivateKey: Defaults.PrivateKey, ClientID: "mine"}
	})
	strict.call("GET", "system/info", "").has(t, 400, "clientId")
	strict.call("GET", "system/info", "", header("clientId", "mine")).has(t, 200)
}

func TestTheRequestWindowOpensAgain(t *testing.T) {
	t.Parallel()
	v := start(t)
	for range windowRequests {
		v.call("GET", "system/info", "")
	}
	v.now = v.now.Add(20 * time.Second)
	if g := v.call("GET", "system/info", ""); g.status != 429 || g.header.Get("Retry-After") != "40" {
		t.Errorf("%d, Retry-After %q", g.status, g.header.Get("Retry-After"))
	}
	v.now = v.now.Add(40 * time.Second)
	v.call("GET", "system/info", "").has(t, 200)
	v.o.Unlimited = true
	for range windowRequests + 5 {
		if g := v.call("GET", "system/info", ""); g.status != 200 {
			t.Fatal(g.status)
		}
	}
}

func TestEveryAnswerCarriesTheVendorsHeaders(t *testing.T) {
	t.Parallel()
	v := start(t)
	g := v.call("POST", "service/tickets", `{"summary":"s","company":{"id":19001}}`)
	for name, want := range map[string]string{
		"X-Cw-Request-Id": "00000000-0000-4000-8000-000000000001", "Api-Current-Version": "2025.1", "X-Server-Name": "SANDBOX-1",
		// The reason why some clients report every create as failed.
		"Location": "http://api-na.myconnectwise.net/v4_6_release/apis/3.0/service/tickets/1001",
	} {
		if got := g.header.Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestPagingByNumber(t *testing.T) {
	t.Parallel()
	v := start(t)
	v.Edit(func(st *State) {
		for i := range 29 {
			st.AddCompany(fmt.Sprint("c", i))
		}
	})
	g := v.call("GET", "company/companies", "")
	if n := len(g.list(t)); n != 25 {
		t.Errorf("default page of %d", n)
	}
	g = v.call("GET", "company/companies?pageSize=10&page=2&orderBy=id%20desc&fields=id", "")
	if rows := g.list(t); len(rows) != 10 || rows[0]["id"] != 19020.0 || len(rows[0]) != 1 {
		t.Errorf("%v", rows)
	}
	for _, rel := range []string{`page=3&pageSize=10>; rel="next"`, `page=3&pageSize=10>; rel="last"`, `page=1&pageSize=10>; rel="prev"`, `page=1&pageSize=10>; rel="first"`} {
		if !strings.Contains(g.header.Get("Link"), rel) {
			t.Errorf("%s lacks %s", g.header.Get("Link"), rel)
		}
	}
	if g = v.call("GET", "company/companies?pageSize=10&page=3", ""); strings.Contains(g.header.Get("Link"), "next") {
		t.Error("the last page has a next link")
	}
	if g = v.call("GET", "company/companies?pageSize=10&page=9", ""); len(g.list(t)) != 0 {
		t.Error("a page beyond the end has rows")
	}
	v.call("GET", "company/companies?pageSize=1001", "").has(t, 400)
	v.call("GET", "company/companies?pageSize=1000", "").has(t, 200)
	v.call("GET", "company/companies?page=0", "").has(t, 400)
	v.call("GET", "company/companies?orderBy=nothing", "").has(t, 400, "nothing is not a recognized name.")
	v.call("GET", "company/companies?fields=id,nothing", "").has(t, 400, "nothing is not a recognized name.")
	v.call("GET", "company/companies/count?conditions="+q(`name like "c1%"`), "").has(t, 200, `{"count":11}`)
}

func TestForwardOnlyPaging(t *testing.T) {
	t.Parallel()
	v := start(t)
	v.Edit(func(st *State) {
		for i := range 5 {
			st.AddCompany(fmt.Sprint("c", i))
		}
	})
	fwd := header("pagination-type", "forward-only")
	g := v.call("GET", "company/companies?pageSize=3&page=7", "", fwd)
	if rows := g.list(t); len(rows) != 3 || rows[0]["id"] != 19001.0 || !strings.Contains(g.header.Get("Link"), `pageId=19003&pageSize=3>; rel="next"`) {
		t.Errorf("%v %s", rows, g.header.Get("Link"))
	}
	g = v.call("GET", "company/companies?pageSize=3&pageId=19003", "", fwd)
	if rows := g.list(t); len(rows) != 3 || !strings.Contains(g.header.Get("Link"), "pageId=19006") {
		t.Errorf("a full page: %v %s", rows, g.header.Get("Link"))
	}
	g = v.call("GET", "company/companies?pageSize=3&pageId=19006", "", fwd)
	if rows := g.list(t); len(rows) != 0 || g.header.Get("Link") != "" || g.header["Link"] == nil {
		t.Errorf("the end: %v %v", rows, g.header["Link"])
	}
	v.call("GET", "company/companies?orderBy=id", "", fwd).has(t, 400, "orderBy")
	v.Edit(func(st *State) { st.LinkHost = "other.myconnectwise.net" })
	if g = v.call("GET", "company/companies?pageSize=3", "", fwd); !strings.Contains(g.header.Get("Link"), "<https://other.myconnectwise.net/") {
		t.Errorf("%s", g.header.Get("Link"))
	}
}

func TestDeletedCompaniesAreListedUnlessFilteredOut(t *testing.T) {
	t.Parallel()
	v := start(t)
	v.Edit(func(st *State) { st.DeleteCompany(st.AddCompany("gone" + strings.Repeat("x", 60))) })
	rows := v.call("GET", "company/companies", "").list(t)
	if len(rows) != 2 || rows[1]["deletedFlag"] != true || len(rows[1]["name"].(string)) != 50 {
		t.Errorf("%v", rows)
	}
	if rows = v.call("GET", "company/companies?conditions="+q("deletedFlag = false"), "").list(t); len(rows) != 1 {
		t.Errorf("%v", rows)
	}
	if _, ok := rows[0]["dateDeleted"]; ok {
		t.Error("a null field was not left out")
	}
	if rows = v.call("GET", "company/companies?childConditions="+q("types/id=1"), "").list(t); len(rows) != 2 {
		t.Errorf("by type: %v", rows)
	}
	if rows = v.call("GET", "company/companies?childConditions="+q(`types/name="Vendor"`), "").list(t); len(rows) != 0 {
		t.Errorf("by type: %v", rows)
	}
	v.call("GET", "company/companies?conditions="+q("types/id=1"), "").has(t, 400, "types/id is not a recognized name.")
	v.call("GET", "company/companies?customFieldConditions="+q(`caption="x"`), "").has(t, 501)
}

func TestFaults(t *testing.T) {
	t.Parallel()
	create := func(v *vendor) got {
		return v.call("POST", "service/tickets", `{"summary":"s","company":{"id":19001}}`)
	}
	tests := []struct {
		name   string
		fault  Fault
		stored int
		check  func(*testing.T, got)
	}{
		{"reset before", Fault{Kind: ResetBefore}, 0, func(t *testing.T, g got) {
			if g.err == nil {
				t.Error("answered")
			}
		}},
		{"reset after", Fault{Kind: ResetAfter}, 1, func(t *testing.T, g got) {
			if g.err == nil {
				t.Error("answered")
			}
		}},
		{"truncate", Fault{Kind: Truncate}, 1, func(t *testing.T, g got) {
			if g.err == nil || g.status != 201 || json.Valid([]byte(g.body)) {
				t.Errorf("%+v", g)
			}
		}},
		{"a status with HTML", Fault{Kind: StatusFault, Status: 502, HTML: true}, 0, func(t *testing.T, g got) { g.has(t, 502, "<html>") }},
		{"a status with JSON", Fault{Kind: StatusFault, Status: 409, Code: "x"}, 0, func(t *testing.T, g got) { g.has(t, 409, `"code":"x"`) }},
		{"another operation", Fault{Op: "list boards", Kind: ResetBefore}, 1, func(t *testing.T, g got) { g.has(t, 201) }},
		{"another method", Fault{Method: "GET", Kind: ResetBefore}, 1, func(t *testing.T, g got) { g.has(t, 201) }},
		{"another path", Fault{PathPrefix: "company", Kind: ResetBefore}, 1, func(t *testing.T, g got) { g.has(t, 201) }},
		{"the same path", Fault{PathPrefix: "service/tickets", Kind: StatusFault}, 0, func(t *testing.T, g got) { g.has(t, 503) }},
		{"not yet", Fault{Kind: ResetBefore, Skip: 1}, 1, func(t *testing.T, g got) { g.has(t, 201) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := start(t)
			v.Inject(tt.fault)
			tt.check(t, create(v))
			v.View(func(st *State) {
				if len(st.Tickets) != tt.stored {
					t.Errorf("%d tickets stored", len(st.Tickets))
				}
			})
		})
	}
	v := start(t)
	v.Inject(Fault{Kind: StatusFault, Times: 2})
	create(v).has(t, 503)
	create(v).has(t, 503)
	create(v).has(t, 201)
	v.Inject(Fault{Kind: EmptyList, Op: "list tickets"})
	if rows := v.call("GET", "service/tickets", "").list(t); len(rows) != 0 {
		t.Error("not empty")
	}
	v.ClearFaults()
	v.Inject(Fault{Kind: WrongTotal, Op: "count tickets"})
	v.call("GET", "service/tickets/count", "").has(t, 200, `{"count":2}`)
	v.Inject(Fault{Kind: Revoke, Op: "system info"})
	v.call("GET", "system/info", "").has(t, 401)
	v.call("GET", "service/boards", "").has(t, 401)
	log := v.Requests()
	if l := log[0]; len(log) != 7 || l.Op != "create ticket" || l.Status != 503 || l.Fault != StatusFault || l.Method != "POST" {
		t.Errorf("%+v", log)
	}
	v.ResetRequests()
	if len(v.Requests()) != 0 {
		t.Error("the log was not emptied")
	}
}

func TestLatencyHoldsTheAnswerBackWithoutTheLock(t *testing.T) {
	t.Parallel()
	waiting, release := make(chan time.Duration, 1), make(chan struct{})
	v := start(t, func(o *Options) {
		o.Sleep = func(_ context.Context, d time.Duration) error { waiting <- d; <-release; return nil }
	})
	v.Inject(Fault{Op: "list boards", Kind: Latency, Latency: time.Minute})
	done := make(chan got)
	go func() { done <- v.call("GET", "service/boards", "") }()
	if d := <-waiting; d != time.Minute {
		t.Errorf("waits %s", d)
	}
	v.call("GET", "system/info", "").has(t, 200) // others are served meanwhile
	close(release)
	g := <-done
	g.has(t, 200)
}

func TestCutsOverARealConnection(t *testing.T) {
	t.Parallel()
	v := start(t)
	web := httptest.NewServer(v.Server)
	defer web.Close()
	get := func() (string, error) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, web.URL+"/v4_6_release/apis/3.0/service/boards", nil)
		if err != nil {
			return "", err
		}
		r.SetBasicAuth("demo+"+Defaults.PublicKey, Defaults.PrivateKey)
		r.Header.Set("clientId", "x")
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			return "", err
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		return string(b), err
	}
	if b, err := get(); err != nil || !strings.Contains(b, "Service Desk") {
		t.Errorf("%s %v", b, err)
	}
	v.Inject(Fault{Kind: Truncate, Times: 1})
	if b, err := get(); err == nil || b == "" {
		t.Errorf("truncate: %q %v", b, err)
	}
	v.Inject(Fault{Kind: ResetAfter, Times: 1})
	if _, err := get(); err == nil {
		t.Error("reset: answered")
	}
}
