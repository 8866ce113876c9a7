package itglue_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"uniview-bridge/pkg/itglue"
	"uniview-bridge/pkg/itglue/sandbox"
	"uniview-bridge/pkg/vendorhttp"
)

func small(n int) func(*itglue.Config) { return func(c *itglue.Config) { c.PageSize = n } }

func TestListsAreWholeOrFail(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		size   int
		faults []sandbox.Fault
		kind   vendorhttp.Kind // "" = all 240 come
		pages  int             // requests
	}{
		{"nothing goes wrong", 100, nil, "", 3},
		{"the last page is full", 120, nil, "", 2},
		{"a page fails once", 100, []sandbox.Fault{{Kind: sandbox.Status, Status: 503, Times: 1, Skip: 1}}, "", 4},
		{"a page is cut once", 100, []sandbox.Fault{{Kind: sandbox.Truncate, Times: 1, Skip: 1}}, "", 4},
		{"the connection breaks twice", 100, []sandbox.Fault{{Kind: sandbox.ResetBefore, Times: 2}}, "", 5},
		{"the rate limit is met", 100, []sandbox.Fault{{Kind: sandbox.Status, Status: 429, Times: 2}}, "", 5},
		{"a row goes away between pages", 100, []sandbox.Fault{{Kind: sandbox.PageShift, Rows: 1, Times: 1}}, "", 2 + 3},
		{"a row comes between pages", 100, []sandbox.Fault{{Kind: sandbox.PageShift, Rows: -1, Times: 1}}, "", 2 + 3},
		{"a row goes away and the total hides it", 100, []sandbox.Fault{{Kind: sandbox.PageShift, Rows: 1, Hidden: true, Times: 2}}, "", 3 + 3},
		{"a row repeats and the total hides it", 100, []sandbox.Fault{{Kind: sandbox.PageShift, Rows: -1, Hidden: true, Times: 2}}, "", 3},
		{"rows never stop moving", 100, []sandbox.Fault{{Kind: sandbox.PageShift, Rows: 1}}, vendorhttp.Incomplete, 6},
		{"the total is always too large", 100, []sandbox.Fault{{Kind: sandbox.WrongTotal, Rows: 5}}, vendorhttp.Incomplete, 9},
		{"the total is always too small", 100, []sandbox.Fault{{Kind: sandbox.WrongTotal, Rows: -5}}, vendorhttp.Incomplete, 9},
		{"large pages time out", 100, []sandbox.Fault{{Kind: sandbox.PageTooLarge, Rows: 30}}, "", 2 + 10},
		{"pages begin to time out in the middle", 100, []sandbox.Fault{{Kind: sandbox.PageTooLarge, Rows: 50, Skip: 1}}, "", 1 + 1 + 3},
		{"a page fails, and its retry times out", 100, []sandbox.Fault{{Kind: sandbox.Status, Status: 503, Times: 1}, {Kind: sandbox.PageTooLarge, Rows: 50}}, "", 1 + 5 + 5},
		{"pages of any size time out", 100, []sandbox.Fault{{Kind: sandbox.PageTooLarge}}, vendorhttp.Unavailable, 0},
		{"the key is revoked in the middle", 100, []sandbox.Fault{{Kind: sandbox.Revoke, Skip: 1}}, vendorhttp.Auth, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, sandbox.Options{}, small(tt.size))
			w.addConfigurations(240, w.org.ID)
			for _, f := range tt.faults {
				w.Inject(f)
			}
			got, err := w.c.ListConfigurations(t.Context(), itglue.ConfigurationQuery{})
			if kindOf(err) != tt.kind {
				t.Fatalf("got %v, want kind %q", err, tt.kind)
			}
			if n := len(w.Requests()); tt.pages > 0 && n != tt.pages {
				t.Errorf("%d requests, want %d", n, tt.pages)
			}
			if tt.kind != "" {
				if got != nil {
					t.Errorf("a failed read returned %d records", len(got))
				}
				return
			}
			seen := map[string]bool{}
			for _, c := range got {
				seen[c.ID] = true
			}
			if len(got) != 240 || len(seen) != 240 {
				t.Errorf("%d records, %d different ones", len(got), len(seen))
			}
		})
	}
}

func TestAnEmptyListIsNotCalledIncomplete(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{})
	got, err := w.c.ListConfigurations(t.Context(), itglue.ConfigurationQuery{})
	if err != nil || len(got) != 0 || len(w.Requests()) != 1 {
		t.Errorf("got %d, %v", len(got), err)
	}
}

func TestAPagerGoesOnInAnotherProcess(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{}, small(100))
	w.addConfigurations(240, w.org.ID)
	w.Inject(sandbox.Fault{Kind: sandbox.PageTooLarge, Rows: 50})
	seen := map[string]bool{}
	var state itglue.State
	for range 20 {
		p := w.client(t, testKey, small(100)).ConfigurationsPager(itglue.ConfigurationQuery{}).Resume(state)
		items, done, err := p.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range items {
			if seen[c.ID] {
				t.Errorf("%s came twice", c.ID)
			}
			seen[c.ID] = true
		}
		kept, err := json.Marshal(p.State())
		if err != nil {
			t.Fatal(err)
		}
		state = itglue.State{}
		if err := json.Unmarshal(kept, &state); err != nil {
			t.Fatal(err)
		}
		if done {
			break
		}
	}
	if len(seen) != 240 || !state.Done || state.Size != 50 || state.Count != 240 {
		t.Errorf("%d records, state %+v", len(seen), state.Count)
	}
	if _, done, err := w.c.ConfigurationsPager(itglue.ConfigurationQuery{}).Resume(state).Next(t.Context()); !done || err != nil {
		t.Errorf("a finished read stays finished: %v %v", done, err)
	}
}

func TestAContinuedReadNoticesAChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{}, small(100))
	w.addConfigurations(240, w.org.ID)
	p := w.c.ConfigurationsPager(itglue.ConfigurationQuery{})
	if _, _, err := p.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.addConfigurations(1, w.org.ID)
	_, _, err := w.c.ConfigurationsPager(itglue.ConfigurationQuery{}).Resume(p.State()).Next(t.Context())
	if !vendorhttp.IsIncomplete(err) {
		t.Errorf("got %v", err)
	}
}

func TestAllYieldsAnErrorOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{}, small(100))
	w.addConfigurations(240, w.org.ID)
	w.Inject(sandbox.Fault{Kind: sandbox.Status, Status: 400, Skip: 1})
	good, bad := 0, 0
	for _, err := range w.c.ConfigurationsPager(itglue.ConfigurationQuery{}).All(t.Context()) {
		if err != nil {
			bad++
			continue
		}
		good++
	}
	if good != 100 || bad != 1 {
		t.Errorf("%d records and %d errors", good, bad)
	}
}

func TestAServerThatTellsLittleAndGivesSmallPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{})
	for _, body := range []string{
		`{"data":[{"id":1,"attributes":{"name":"a"}},{"id":2,"attributes":{"name":"b"}}],"meta":{"next-page":2}}`,
		`{"data":[{"id":3,"attributes":{"name":"c"}}],"meta":{"next-page":null}}`,
	} {
		w.Inject(sandbox.Fault{Kind: sandbox.Status, Status: 200, Body: body, Times: 1})
	}
	got, err := w.c.ListOrganizations(t.Context())
	if err != nil || len(got) != 3 {
		t.Errorf("%d records, %v", len(got), err)
	}
}

func TestADeadlineEndsTheWaiting(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{})
	w.Inject(sandbox.Fault{Kind: sandbox.Status, Status: 429})
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := w.c.ListOrganizations(ctx); !vendorhttp.IsRateLimited(err) {
		t.Errorf("got %v", err)
	}
	if n := len(w.Requests()); n != 1 {
		t.Errorf("%d requests inside a second", n)
	}
}

func TestALinkToAnotherHostIsNotFollowed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{}, small(10), func(c *itglue.Config) { c.APIURL = "https://glue.example/base" })
	w.Inject(sandbox.Fault{Kind: sandbox.Status, Status: 200, Times: 1, Body: `{"data":[{"id":"1","attributes":{}}],
		"meta":{"total-count":2,"total-pages":2},"links":{"next":"https://evil.example/organizations?page[number]=2"}}`})
	w.Inject(sandbox.Fault{Kind: sandbox.Status, Status: 200, Body: `{"data":[{"id":"2","attributes":{}}],"meta":{"total-count":2,"total-pages":2}}`})
	if got, err := w.c.ListOrganizations(t.Context()); err != nil || len(got) != 2 {
		t.Errorf("%d, %v", len(got), err)
	}
	for _, r := range w.rec.sent {
		if r.Path != "/base/organizations" {
			t.Errorf("%s was asked", r.Path)
		}
	}
}

func TestPagesHoldAThousandByDefault(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{})
	w.addConfigurations(1001, w.org.ID)
	got, err := w.c.ListConfigurations(t.Context(), itglue.ConfigurationQuery{})
	if err != nil || len(got) != 1001 || len(w.Requests()) != 2 {
		t.Errorf("%d records in %d requests, %v", len(got), len(w.Requests()), err)
	}
	if got[0].ID != "1000001" || got[1000].ID != "1001001" {
		t.Errorf("not by id: %s … %s", got[0].ID, got[1000].ID)
	}
}

func BenchmarkListConfigurations(b *testing.B) {
	w := newWorld(b, sandbox.Options{NoLimit: true})
	w.addConfigurations(5000, w.org.ID)
	for b.Loop() {
		if got, err := w.c.ListConfigurations(b.Context(), itglue.ConfigurationQuery{}); err != nil || len(got) != 5000 {
			b.Fatal(len(got), err)
		}
	}
}
