package functions_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	connectwise "uniview-bridge/pkg/connectwise/sandbox"
	"uniview-bridge/pkg/demo"
	itglue "uniview-bridge/pkg/itglue/sandbox"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/state/statetest"
	uniview "uniview-bridge/pkg/uniview/sandbox"
)

// pages is how many requests a list of n records takes.
func pages(n, size int) int { return max(1, (n+size-1)/size) }

// The page sizes of design §3.1.
const (
	univiewPage     = 500
	itgluePage      = 1000
	connectwisePage = 1000
)

// lists are the list requests that one reading of everything takes, from what the
// vendors hold.
func lists(w *demo.World) map[state.Scope]map[string]int {
	view, alerts, documentation := map[string]int{}, map[string]int{}, map[string]int{}
	w.UniView.View(func(st *uniview.State) {
		view["uniview /v1/customers"] = pages(len(st.Customers), univiewPage)
		view["uniview /v1/appliances"] = pages(len(st.Appliances), univiewPage)
		view["uniview /v1/assets"] = pages(len(st.Assets), univiewPage)
		view["uniview /api/epb/v1/assets"] = pages(len(st.Endpoints), univiewPage)
		byType := map[string]int{"alert": 0, "job": 0, "conditional": 0, "helix": 0}
		for _, a := range st.Alerts {
			if !a.Dismissed {
				byType[a.Type]++
			}
		}
		for _, n := range byType {
			alerts["uniview /v1/backupiq/alerts"] += pages(n, univiewPage)
		}
	})
	w.ITGlue.View(func(st *itglue.State) {
		documentation["itglue /organizations"] = pages(len(st.Organizations), itgluePage)
		documentation["itglue /configurations"] = pages(len(st.Configurations), itgluePage)
		documentation["itglue /flexible_assets"] = pages(len(st.FlexibleAssets), itgluePage)
	})
	w.ConnectWise.View(func(st *connectwise.State) {
		alerts["connectwise /company/companies"] = pages(len(st.Companies), connectwisePage)
		alerts["connectwise /service/tickets"] = pages(len(st.Tickets), connectwisePage)
	})
	maps.Copy(documentation, view)
	maps.Copy(alerts, view)
	return map[state.Scope]map[string]int{state.ScopeDocumentation: documentation, state.ScopeAlerts: alerts}
}

// asked counts the requests in the vendors' logs: list reads, and all others.
func asked(w *demo.World) (read, other map[string]int) {
	read, other = map[string]int{}, map[string]int{}
	note := func(vendor, method, path, query string) {
		switch {
		case path == "/connect/token":
			other["uniview token"]++
		case vendor == "uniview" && strings.Contains(query, "asset_key="), vendor == "uniview" && strings.Contains(query, "customer_id="):
			other["uniview question about one alert or customer"]++
		case method == "GET":
			read[vendor+" "+path]++
		default:
			other[vendor+" "+method+" "+path]++
		}
	}
	for _, l := range w.UniView.Requests() {
		note("uniview", l.Method, l.Path, l.Query)
	}
	for _, l := range w.ITGlue.Requests() {
		note("itglue", l.Method, l.Path, l.Query)
	}
	for _, l := range w.ConnectWise.Requests() {
		path := l.Path
		if i := strings.Index(path, "/apis/3.0"); i >= 0 {
			path = path[i+len("/apis/3.0"):]
		}
		note("connectwise", l.Method, "/"+strings.TrimPrefix(path, "/"), l.Query)
	}
	return read, other
}

// TestAQuietRunWritesNothingAndReadsEachPageOnce: with the world and the clock
// standing still, a sync sends no message, writes nothing to a vendor, and in our
// own table only its run, its lease and the dates of what it read.
func TestAQuietRunWritesNothingAndReadsEachPageOnce(t *testing.T) {
	long(t)
	r := newRig(t, onLocal, demo.Options{Customers: 50, Assets: 3000, Alerts: 120})
	r.goLive()
	for round := 0; ; round++ {
		documentation, _ := r.sync(state.ScopeDocumentation)
		alerts, _ := r.sync(state.ScopeAlerts)
		if documentation.Messages+alerts.Messages == 0 {
			break
		}
		if round == 5 {
			t.Fatalf("work goes on though nothing happens: %+v", alerts)
		}
	}
	want := lists(r.world)
	for _, scope := range []state.Scope{state.ScopeDocumentation, state.ScopeAlerts} {
		t.Run(string(scope), func(t *testing.T) {
			forgetRequests(r.world)
			r.table.Reset()
			r.sender.count()
			run, _ := r.sync(scope)
			if sent := r.sender.count(); run.State != state.Succeeded || run.Messages != 0 || len(sent) > 0 {
				t.Errorf("the run ended %s (%s) with %d messages, sent %v", run.State, run.Reason, run.Messages, sent)
			}
			if w := writesIn(r.world); len(w) > 0 {
				t.Errorf("written to vendors: %v", w)
			}
			read, other := asked(r.world)
			if !maps.Equal(read, want[scope]) {
				t.Errorf("lists asked for: %v\nwant one request per page: %v", read, want[scope])
			}
			t.Logf("requests: %d of lists %v, others %v", total(read), read, other)
			table := writesByKey(r.table.Ops())
			t.Logf("writes to the table:\n%s", table)
			for _, w := range table {
				if !w.allowed(run.ID) {
					t.Errorf("a quiet run wrote %s %s/%s", w.kind, w.key.PK, w.key.SK)
				}
			}
			if n := table.of("run"); n > 3 {
				t.Errorf("the run record was written %d times: begun, working and ended are three", n)
			}
		})
	}
	t.Run("an hour later", func(t *testing.T) {
		// The clock alone makes only those due who asked for it.
		r.clock.Advance(time.Hour)
		want := r.dueByClock(t)
		if run, _ := r.sync(state.ScopeAlerts); run.Messages != want {
			t.Errorf("%d messages an hour later, %d customers have their time come", run.Messages, want)
		}
	})
}

// dueByClock is how many customers asked to be looked at by now.
func (r *rig) dueByClock(t *testing.T) (n int) {
	t.Helper()
	for _, v := range []state.Vendor{state.ITGlue, state.ConnectWise} {
		dues, err := state.Dues(t.Context(), r.table, v)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range dues {
			if !d.NextAt.IsZero() && !r.clock.Now().Before(d.NextAt) {
				n++
			}
		}
	}
	return n
}

// written is how often one item was written.
type written struct {
	kind statetest.OpKind
	key  state.Key
	n    int
}

// allowed says whether a quiet run may write it.
func (w written) allowed(run string) bool {
	switch w.key.PK {
	case "run":
		return w.key.SK == run
	case "lease", "snapshot":
		return true
	}
	return false
}

type writes []written

func writesByKey(ops []statetest.Op) (table writes) {
	n := map[statetest.Op]int{}
	for _, o := range ops {
		if o.Write() {
			n[o]++
		}
	}
	for o, times := range n {
		table = append(table, written{o.Kind, o.Key, times})
	}
	slices.SortFunc(table, func(a, b written) int {
		return cmp.Or(cmp.Compare(a.key.PK, b.key.PK), cmp.Compare(a.key.SK, b.key.SK), cmp.Compare(a.kind, b.kind))
	})
	return table
}

func (ws writes) of(pk string) (n int) {
	for _, w := range ws {
		if w.key.PK == pk {
			n += w.n
		}
	}
	return n
}

func (ws writes) String() string {
	var b strings.Builder
	for _, w := range ws {
		fmt.Fprintf(&b, "%3d × %-6s %s/%s\n", w.n, w.kind, w.key.PK, w.key.SK)
	}
	return b.String()
}
