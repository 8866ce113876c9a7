package connectwise

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"uniview-bridge/pkg/connectwise/sandbox"
	"uniview-bridge/pkg/vendorhttp"
)

func addCompanies(srv *sandbox.Server, n int) {
	srv.Edit(func(st *sandbox.State) {
		for i := range n {
			st.AddCompany(fmt.Sprintf("Customer %04d", i))
		}
	})
}

func TestAllPagesAreRead(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name             string
		companies, pages int
	}{
		{"one page that is not full has no next link", 9, 1},
		{"a full last page is followed by an empty one", 20, 3},
		{"several pages and a rest", 24, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, srv := start(t, func(c *Config) { c.PageSize = 10 })
			addCompanies(srv, tt.companies-1) // the MSP itself is one
			got, err := c.ListCompanies(t.Context(), CompanyQuery{})
			if err != nil || len(got) != tt.companies {
				t.Fatalf("%d companies, %v", len(got), err)
			}
			if !slices.IsSortedFunc(got, func(a, b Company) int { return a.ID - b.ID }) {
				t.Error("not in order of id")
			}
			if n := count(srv, "list companies"); n != tt.pages {
				t.Errorf("%d requests, want %d", n, tt.pages)
			}
		})
	}
}

func TestRowsThatComeAndGoMeanwhileDisturbNoOthers(t *testing.T) {
	t.Parallel()
	c, srv := start(t, func(c *Config) { c.PageSize = 10 })
	addCompanies(srv, 24)
	srv.Inject(sandbox.Fault{Op: "list companies", Kind: sandbox.PageShift, Times: 1, Shift: func(st *sandbox.State) {
		st.DeleteCompany(19003)
		st.AddCompany("Appeared")
	}})
	got, err := c.ListCompanies(t.Context(), CompanyQuery{})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int]int{}
	for _, co := range got {
		seen[co.ID]++
	}
	for id := 19001; id <= 19026; id++ {
		if seen[id] != 1 {
			t.Errorf("company %d was read %d times", id, seen[id])
		}
	}
}

func TestDeletedCompanies(t *testing.T) {
	t.Parallel()
	c, srv := start(t)
	addCompanies(srv, 3)
	srv.Edit(func(st *sandbox.State) { st.DeleteCompany(19002) })
	live, err := c.ListCompanies(t.Context(), CompanyQuery{})
	if err != nil || len(live) != 3 {
		t.Errorf("%d, %v", len(live), err)
	}
	all, err := c.ListCompanies(t.Context(), CompanyQuery{IncludeDeleted: true})
	if err != nil || len(all) != 4 || !all[1].Deleted || all[0].Deleted {
		t.Errorf("%+v, %v", all, err)
	}
	want := Company{
		ID: 19003, Identifier: "Customer000119003", Name: "Customer 0001", StatusID: 1, StatusName: "Active",
		TypeNames: []string{"Client"}, UpdatedAt: all[2].UpdatedAt,
	}
	if diff := cmp.Diff(want, all[2]); diff != "" || want.UpdatedAt.IsZero() {
		t.Error(diff)
	}
}

func TestLongIDListsAreReadInPartsUnderTheAddressLimit(t *testing.T) {
	t.Parallel()
	c, srv := start(t)
	addCompanies(srv, 400)
	ids := []int{19005, 19005}
	for id := 19401; id > 19001; id-- {
		ids = append(ids, id)
	}
	got, err := c.ListCompanies(t.Context(), CompanyQuery{IDs: ids})
	if err != nil || len(got) != 400 {
		t.Fatalf("%d, %v", len(got), err)
	}
	log := srv.Requests()
	if len(log) < 3 {
		t.Errorf("%d requests", len(log))
	}
	for _, l := range log {
		if len(l.Query)+len(l.Path) > 1700 {
			t.Errorf("an address of %d characters", len(l.Query)+len(l.Path))
		}
	}
}

func TestAReadIsContinuedByAnotherPager(t *testing.T) {
	t.Parallel()
	c, srv := start(t, func(c *Config) { c.PageSize = 10 })
	addCompanies(srv, 24)
	p := c.CompaniesPager(CompanyQuery{})
	first, done, err := p.Next(t.Context())
	if err != nil || done || len(first) != 10 {
		t.Fatal(len(first), done, err)
	}
	var rest []Company
	for co, err := range c.CompaniesPager(CompanyQuery{}).Resume(p.State()).All(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		rest = append(rest, co)
	}
	if len(rest) != 15 || rest[0].ID != first[9].ID+1 {
		t.Errorf("%d rest", len(rest))
	}
}

func TestAFailedPageGivesNoPartialList(t *testing.T) {
	t.Parallel()
	c, srv := start(t, func(c *Config) { c.PageSize = 10; c.Retries = -1 })
	addCompanies(srv, 24)
	srv.Inject(sandbox.Fault{Op: "list companies", Kind: sandbox.StatusFault, Status: 502, HTML: true, Skip: 1, Times: 1})
	got, err := c.ListCompanies(t.Context(), CompanyQuery{})
	if got != nil || vendorhttp.KindOf(err) != vendorhttp.Unavailable {
		t.Errorf("%d rows, %v", len(got), err)
	}
}

// pages answers a list by a function of the request.
func pages(t *testing.T, f func(q map[string][]string, forward bool) (body, link string)) *Client {
	t.Helper()
	c, err := New(config(roundTrip(func(r *http.Request) (*http.Response, error) {
		body, link := f(r.URL.Query(), r.Header.Get("pagination-type") == "forward-only")
		if r.URL.Host != "api-na.myconnectwise.net" {
			t.Errorf("called %s", r.URL.Host)
		}
		return reply(200, "application/json", body, "Link", link), nil
	})))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAServerWithoutForwardOnlyPagingIsReadByPageNumber(t *testing.T) {
	t.Parallel()
	c := pages(t, func(q map[string][]string, forward bool) (string, string) {
		switch {
		case forward:
			return `[{"id":9}]`, `<https://x/?page=2>; rel="next"`
		case q["orderBy"][0] != "id asc":
			return `[]`, ""
		case q["page"][0] == "1":
			return `[{"id":1},{"id":2}]`, `<https://x/?page=2>; rel="next", <https://x/?page=2>; rel="last"`
		}
		return `[{"id":3}]`, `<https://x/?page=1>; rel="prev"`
	})
	got, err := c.ListSources(t.Context())
	if err != nil || len(got) != 3 || got[0].ID != 1 {
		t.Errorf("%+v, %v", got, err)
	}
}

// A server that knows neither way of paging must not be read for ever.
func TestAServerThatRepeatsItsFirstPageIsNotBelieved(t *testing.T) {
	t.Parallel()
	asked := 0
	c := pages(t, func(q map[string][]string, _ bool) (string, string) {
		asked++
		next := 2
		if q["page"] != nil {
			next, _ = strconv.Atoi(q["page"][0])
			next++
		}
		return `[{"id":1},{"id":2}]`, fmt.Sprintf(`<https://x/?page=%d>; rel="next"`, next)
	})
	if got, err := c.ListSources(t.Context()); vendorhttp.KindOf(err) != vendorhttp.Malformed || asked != 3 {
		t.Errorf("%+v, %v after %d requests", got, err, asked)
	}
}

// Something in between may take the Link header away: then only an empty page is
// the end, and a list that cannot be told whole is an error.
func TestListsWithoutAnyLinkHeader(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		total    int
		ignores  bool // pageId
		requests int
		kind     vendorhttp.Kind
	}{
		"no rows":                            {0, false, 1, ""},
		"a short page":                       {1, false, 2, ""},
		"full pages":                         {4, false, 3, ""},
		"full pages and a rest":              {5, false, 4, ""},
		"a short page that comes every time": {1, true, 2, ""},
		"a full page that comes every time":  {2, true, 2, vendorhttp.Malformed},
	} {
		asked := 0
		cfg := config(roundTrip(func(r *http.Request) (*http.Response, error) {
			asked++
			after, _ := strconv.Atoi(r.URL.Query().Get("pageId"))
			if tt.ignores {
				after = 0
			}
			var rows []string
			for id := after + 1; id <= min(after+2, tt.total); id++ {
				rows = append(rows, fmt.Sprintf(`{"id":%d}`, id))
			}
			return reply(200, "application/json", "["+strings.Join(rows, ",")+"]"), nil
		}))
		cfg.PageSize = 2
		c, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.ListSources(t.Context())
		if vendorhttp.KindOf(err) != tt.kind || asked != tt.requests || err == nil && len(got) != tt.total {
			t.Errorf("%s: %d rows, %v after %d requests", name, len(got), err, asked)
		}
	}
}

func TestALinkToAnotherHostOnlyLendsItsPageID(t *testing.T) {
	t.Parallel()
	c := pages(t, func(q map[string][]string, _ bool) (string, string) {
		if q["pageId"] == nil {
			return `[{"id":1}]`, `<https://evil.example.com/steal?pageId=1&conditions=x>; rel="next"`
		}
		return `[]`, ``
	})
	if got, err := c.ListSources(t.Context()); err != nil || len(got) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestListsThatAreNotBelieved(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]func() (string, string){
		"a link that leads nowhere new": func() (string, string) { return `[{"id":7}]`, `<https://x/?pageId=7>; rel="next"` },
		"null":                          func() (string, string) { return `null`, "" },
		"an object":                     func() (string, string) { return `{"id":1}`, "" },
		"a page of HTML":                func() (string, string) { return `<html>`, "" },
		"half a list":                   func() (string, string) { return `[{"id":1},`, "" },
		"a record without an id":        func() (string, string) { return `[{"name":"x"}]`, "" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := pages(t, func(map[string][]string, bool) (string, string) { return f() })
			if got, err := c.ListSources(t.Context()); vendorhttp.KindOf(err) != vendorhttp.Malformed {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

func TestNextLinks(t *testing.T) {
	t.Parallel()
	tests := []struct {
		header string
		want   nextPage
		ok     bool
	}{
		{`<https://h/p?pageId=42&pageSize=5>; rel="next"`, nextPage{pageID: 42}, true},
		{`<https://h/p?page=2>; rel="next", <https://h/p?page=4>; rel="last"`, nextPage{page: 2}, true},
		{`<https://h/p?page=4>; rel="last",<https://h/p?page=2>;title="a,b; c";REL=next`, nextPage{page: 2}, true},
		{`<https://h/p?a=1,2&PAGEID=3>; rel="prev next"`, nextPage{pageID: 3}, true},
		{`<https://h/p?page=4>; rel="last"`, nextPage{}, false},
		{`<>; rel="next"`, nextPage{}, false},
		{``, nextPage{}, false},
		{`<https://h/p?pageId=-1>; rel="next"`, nextPage{}, false},
		{`<https://h/p?pageId=99999999999999999999>; rel="next"`, nextPage{}, false},
		{`<https://h/p?pageId=1; rel="next"`, nextPage{}, false},
		{`https://h/p?pageId=1; rel="next"`, nextPage{}, false},
	}
	for _, tt := range tests {
		if got, ok := parseNext([]string{tt.header}); got != tt.want || ok != tt.ok {
			t.Errorf("%s: got %+v, %v", tt.header, got, ok)
		}
	}
}

func FuzzParseNext(f *testing.F) {
	f.Add(`<https://h/p?pageId=42>; rel="next", <x>; rel=last`)
	f.Add(`<a>;rel="next`)
	f.Add(strings.Repeat(`<`, 100))
	f.Fuzz(func(t *testing.T, h string) {
		n, ok := parseNext([]string{h, h})
		if ok != (n != nextPage{}) || n.page < 0 || n.pageID < 0 {
			t.Fatalf("%q gave %+v, %v", h, n, ok)
		}
	})
}
