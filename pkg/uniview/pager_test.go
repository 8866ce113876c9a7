package uniview

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"uniview-bridge/pkg/uniview/sandbox"
	"uniview-bridge/pkg/vendorhttp"
)

func TestListsOfManyPagesComeWhole(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		size, limit, assets, requests int
	}{
		"one page":                        {500, 0, 7, 1},
		"exactly one page":                {7, 0, 7, 1},
		"many pages, the last one short":  {3, 0, 7, 3},
		"many full pages":                 {3, 0, 9, 3},
		"the server gives smaller pages":  {500, 2, 7, 4},
		"an empty list is a valid answer": {500, 0, 0, 1},
		"the default page size":           {0, 0, 501, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, sb, _ := portal(t, Config{PageSize: tt.size}, sandbox.Options{MaxPageSize: tt.limit})
			seed(sb, tt.assets)
			assets, err := c.ListAssets(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			keys := map[string]bool{}
			for _, a := range assets {
				keys[a.Key] = true
			}
			if len(assets) != tt.assets || len(keys) != tt.assets || listRequests(sb) != tt.requests {
				t.Errorf("%d assets, %d different, %d requests; want %d and %d requests", len(assets), len(keys), listRequests(sb), tt.assets, tt.requests)
			}
		})
	}
}

func TestAMovingListIsReadAgain(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fault    sandbox.Fault
		requests int // of a list of four pages
		says     string
	}{
		"a row vanished between two pages":                      {sandbox.Fault{Kind: sandbox.PageShift, Rows: 1}, 2, "went from 10 to 9 rows"},
		"a row appeared between two pages":                      {sandbox.Fault{Kind: sandbox.PageShift, Rows: -1}, 2, "went from 10 to 11 rows"},
		"a row vanished and the total hides it":                 {sandbox.Fault{Kind: sandbox.PageShift, Rows: 1, Hidden: true, Skip: 3}, 4, "9 rows came, 10 were announced"},
		"a row appeared before the page and the total hides it": {sandbox.Fault{Kind: sandbox.PageShift, Rows: -1, Hidden: true}, 2, "came twice"},
		"a page comes empty":                                    {sandbox.Fault{Kind: sandbox.EmptyList, Skip: 1}, 2, "went from 10 to 0 rows"},
		"the announced total is too high":                       {sandbox.Fault{Kind: sandbox.WrongTotal, Rows: 1}, 4, "10 rows came, 11 were announced"},
		"the announced total is too low":                        {sandbox.Fault{Kind: sandbox.WrongTotal, Rows: -2}, 3, "9 rows came, 8 were announced"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.fault.PathPrefix = "/v1/assets"
			// Struck once, the list is read again and comes whole.
			c, sb, _ := portal(t, Config{PageSize: 3}, sandbox.Options{})
			seed(sb, 10)
			once := tt.fault
			if once.Kind == sandbox.WrongTotal {
				once.Times = tt.requests
			} else {
				once.Skip = tt.requests - 1
				once.Times = 1
			}
			if once.Kind == sandbox.PageShift {
				once.Skip-- // it does not match first pages
			}
			sb.Inject(once)
			if assets, err := c.ListAssets(t.Context()); err != nil || len(assets) != 10 || listRequests(sb) != tt.requests+4 {
				t.Errorf("struck once: %d assets, %v, %d requests, want %d", len(assets), err, listRequests(sb), tt.requests+4)
			}
			// Struck every time, it is given up with words.
			c, sb, _ = portal(t, Config{PageSize: 3, Rereads: 1}, sandbox.Options{})
			seed(sb, 10)
			for range 2 {
				again := once
				sb.Inject(again)
				_, err := newPagerRead(t, c)
				if !vendorhttp.IsIncomplete(err) || !vendorhttp.Retryable(err) || !strings.Contains(err.Error(), tt.says) {
					t.Errorf("struck: got %v, want an incomplete read that says %q", err, tt.says)
				}
				sb.ClearFaults()
			}
		})
	}
}

func newPagerRead(t *testing.T, c *Client) ([]Asset, error) {
	t.Helper()
	return drain(t.Context(), c.AssetsPager())
}

func TestRereadsAreBounded(t *testing.T) {
	t.Parallel()
	for rereads, want := range map[int]int{-1: 1, 0: 3, 1: 2, 5: 6} {
		c, sb, _ := portal(t, Config{Rereads: rereads}, sandbox.Options{})
		seed(sb, 4)
		sb.Inject(sandbox.Fault{Kind: sandbox.WrongTotal, Rows: -1})
		if _, err := c.ListAssets(t.Context()); !vendorhttp.IsIncomplete(err) || listRequests(sb) != want {
			t.Errorf("Rereads %d: %v after %d requests, want %d", rereads, err, listRequests(sb), want)
		}
	}
}

func TestAnswersThatCannotBeChecked(t *testing.T) {
	t.Parallel()
	row := func(ids ...string) string {
		var rows []string
		for _, id := range ids {
			rows = append(rows, `{"id":"`+id+`"}`)
		}
		return "[" + strings.Join(rows, ",") + "]"
	}
	for name, tt := range map[string]struct {
		header http.Header
		body   string
		kind   vendorhttp.Kind
	}{
		"no total":                    {nil, row("a"), vendorhttp.Incomplete},
		"a total that is no number":   {paged(1, "Paging-Total-Records", "many"), row("a"), vendorhttp.Incomplete},
		"a negative total":            {paged(-1), row(), vendorhttp.Incomplete},
		"another page than asked":     {paged(1, "Paging-Page-Number", "2"), row("a"), vendorhttp.Incomplete},
		"rows but a total of none":    {paged(0), row("a"), vendorhttp.Incomplete},
		"no rows but a total":         {paged(2), row(), vendorhttp.Incomplete},
		"one id twice":                {paged(2), row("a", "a"), vendorhttp.Incomplete},
		"a row without id":            {paged(1), `[{"name":"x"}]`, vendorhttp.Malformed},
		"a null row":                  {paged(1), `[null]`, vendorhttp.Malformed},
		"an object instead of a list": {paged(1), `{"id":"a"}`, vendorhttp.Malformed},
		"a page of HTML":              {paged(1), `<html>`, vendorhttp.Malformed},
		"nothing":                     {paged(0), ``, vendorhttp.Malformed},
		"null":                        {paged(0), `null`, vendorhttp.Malformed},
		"a list that breaks off":      {paged(1), `[{"id":"a"}`, vendorhttp.Malformed},
		"more rows than asked for":    {paged(3), row("a", "b", "c"), vendorhttp.Malformed},
		"a good answer":               {paged(2), row("a", "b"), ""},
		"a good answer with a mark":   {paged(1), "\ufeff" + row("a"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := against(t, Config{PageSize: 2}, func(*http.Request) (int, http.Header, string) { return 200, tt.header, tt.body })
			if _, err := c.ListCustomers(t.Context()); vendorhttp.KindOf(err) != tt.kind {
				t.Errorf("got %v, want kind %q", err, tt.kind)
			}
		})
	}
}

func TestALongReadGoesOnElsewhere(t *testing.T) {
	t.Parallel()
	c, sb, _ := portal(t, Config{PageSize: 3}, sandbox.Options{})
	seed(sb, 10)
	want, err := c.ListAssets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []Asset
	stored := []byte("{}")
	for done := false; !done; {
		var s State
		if err := json.Unmarshal(stored, &s); err != nil {
			t.Fatal(err)
		}
		other, _, _ := portal(t, Config{PageSize: 500}, sandbox.Options{}) // another process with another setting
		other.http, other.tokens = c.http, c.tokens
		p := other.AssetsPager()
		if s.Page == 0 {
			p = c.AssetsPager()
		}
		p.Resume(s)
		var items []Asset
		if items, done, err = p.Next(t.Context()); err != nil {
			t.Fatal(err)
		}
		got = append(got, items...)
		if stored, err = json.Marshal(p.State()); err != nil {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	var last State
	_ = json.Unmarshal(stored, &last)
	if items, done, err := c.AssetsPager().Resume(last).Next(t.Context()); len(items) != 0 || !done || err != nil {
		t.Errorf("after the end: %v, %v, %v", items, done, err)
	}
}

func TestAResumedReadStillChecks(t *testing.T) {
	t.Parallel()
	c, sb, _ := portal(t, Config{PageSize: 3}, sandbox.Options{})
	seed(sb, 10)
	p := c.AssetsPager()
	if _, _, err := p.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	sb.Inject(sandbox.Fault{Kind: sandbox.PageShift, Rows: -1, Hidden: true, Times: 1})
	if _, _, err := c.AssetsPager().Resume(p.State()).Next(t.Context()); !vendorhttp.IsIncomplete(err) {
		t.Errorf("a row that slid into the next page: %v", err)
	}
	sb.Edit(func(st *sandbox.State) { st.RemoveAsset(st.Assets[9].Key) })
	if _, _, err := c.AssetsPager().Resume(p.State()).Next(t.Context()); !vendorhttp.IsIncomplete(err) {
		t.Errorf("a changed total: %v", err)
	}
}

func TestAPageThatFailedCanBeAskedForAgain(t *testing.T) {
	t.Parallel()
	c, sb, _ := portal(t, Config{PageSize: 3, HTTP: vendorhttp.Options{}}, sandbox.Options{})
	seed(sb, 10)
	p := c.AssetsPager()
	if _, _, err := p.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := p.State()
	sb.Inject(sandbox.Fault{Kind: sandbox.Status, Status: 503, Times: 5}) // the first attempt and four retries
	if _, _, err := p.Next(t.Context()); vendorhttp.KindOf(err) != vendorhttp.Unavailable {
		t.Fatalf("got %v", err)
	}
	if d := cmp.Diff(before, p.State()); d != "" {
		t.Error(d)
	}
	if items, _, err := p.Next(t.Context()); err != nil || len(items) != 3 {
		t.Errorf("%d items, %v", len(items), err)
	}
}

func TestAllStopsAtAnError(t *testing.T) {
	t.Parallel()
	c, sb, _ := portal(t, Config{PageSize: 3}, sandbox.Options{})
	seed(sb, 10)
	sb.Inject(sandbox.Fault{Kind: sandbox.WrongTotal, PathPrefix: "/v1", Rows: 1, Skip: 1})
	var got []string
	for a, err := range c.AssetsPager().All(t.Context()) {
		got = append(got, fmt.Sprint(a.Key != "", err != nil))
	}
	if d := cmp.Diff([]string{"true false", "true false", "true false", "false true"}, got); d != "" {
		t.Error(d)
	}
}

func TestTransportFaultsAreOvercome(t *testing.T) {
	t.Parallel()
	for _, f := range []sandbox.Fault{
		{Kind: sandbox.Status, Status: 429, Header: http.Header{"Retry-After": {"2"}}},
		{Kind: sandbox.Status, Status: 502, HTML: true},
		{Kind: sandbox.ResetBefore},
		{Kind: sandbox.ResetAfter},
		{Kind: sandbox.Truncate},
	} {
		c, sb, _ := portal(t, Config{PageSize: 3}, sandbox.Options{})
		seed(sb, 10)
		f.Times = 3
		sb.Inject(f)
		if assets, err := c.ListAssets(t.Context()); err != nil || len(assets) != 10 {
			t.Errorf("%s: %d assets, %v", f.Kind, len(assets), err)
		}
		f.Times = 0
		sb.Inject(f)
		if _, err := c.ListAssets(t.Context()); err == nil || !vendorhttp.Retryable(err) {
			t.Errorf("%s for ever: %v", f.Kind, err)
		}
	}
}

func FuzzResumedReads(f *testing.F) {
	for _, s := range []string{`{}`, `{"page":1,"size":3,"total":10,"count":3,"last":["x"]}`, `{"page":9223372036854775807,"size":1,"total":2,"count":1}`, `{"page":-1}`, `{"page":2,"size":2147483648,"total":10,"count":4}`} {
		f.Add([]byte(s))
	}
	c, sb, _ := portal(f, Config{PageSize: 3}, sandbox.Options{})
	seed(sb, 10)
	f.Fuzz(func(t *testing.T, stored []byte) {
		var s State
		if json.Unmarshal(stored, &s) != nil {
			return
		}
		p := c.AssetsPager().Resume(s)
		before := p.State()
		items, done, err := p.Next(t.Context())
		after := p.State()
		switch {
		case err != nil && (len(items) > 0 || done || !cmp.Equal(before, after)):
			t.Errorf("%s: %d items, done %v, %+v with %v", stored, len(items), done, after, err)
		case err == nil && after.Count != before.Count+len(items), err == nil && done != (after.Count >= after.Total):
			t.Errorf("%s: %d items, done %v, %+v", stored, len(items), done, after)
		}
		sb.ResetRequests()
	})
}
