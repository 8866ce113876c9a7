package docsync_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/docsync"
	"uniview-bridge/pkg/itglue/sandbox"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/state/statetest"
)

func TestOneFailedWriteOfTheRecordDoublesNothing(t *testing.T) {
	t.Parallel()
	record := func(o statetest.Op) bool {
		return o.Kind == statetest.OpPut && o.Key == state.DocumentationKey(customer)
	}
	for _, fault := range []statetest.Fault{statetest.FailBefore, statetest.FailAfter} {
		for n := 1; ; n++ {
			w := newWorld(t, 2)
			w.showsAfter(25 * time.Minute)
			w.prepareSlice()
			broken := statetest.Count(w.table)
			w.service.Table = broken
			broken.Inject(statetest.Nth(n, fault, record))
			_, err := w.handle()
			if err == nil {
				if n < 4 {
					t.Errorf("only %d writes of the record", n-1)
				}
				break
			}
			// The queue delivers again, long before a list shows what was made.
			for range 2 {
				w.now = w.now.Add(time.Minute)
				if _, err := w.handle(); err != nil {
					t.Fatalf("fault %d at write %d, again: %v", fault, n, err)
				}
				w.once()
			}
			w.settle(0)
			if live := w.live(); len(live) != 2 {
				t.Errorf("fault %d at write %d: %d flexible assets in the end", fault, n, len(live))
			}
		}
	}
}

func TestACreateThatWasCertainlyNotMadeIsFreeAtOnce(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusUnauthorized, http.StatusTooManyRequests} {
		w := newWorld(t, 2)
		w.glue.Inject(sandbox.Fault{Kind: sandbox.Status, Method: "POST", PathPrefix: "/organizations/", Status: status})
		if r := w.mustSync(); r.Done || len(w.published()) != 0 {
			t.Fatalf("%d: %+v", status, r)
		}
		w.glue.ClearFaults()
		if r, err := w.handle(); err != nil || r.Changed["create flexible asset"] != 2 {
			t.Errorf("%d, again: %+v, %v", status, r, err)
		}
	}
}

func TestATypeThatWasMadeIsNotMadeAgainWhenReadingItFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.glue.Inject(sandbox.Fault{Kind: sandbox.Status, Method: "GET", PathPrefix: "/flexible_asset_types/", Status: 503})
	if r := w.mustSync(); r.Done {
		t.Fatalf("%+v", r)
	}
	w.glue.ClearFaults()
	// Lists may not show it yet: nobody looks, let alone makes another, before the
	// search window is over.
	w.now = w.now.Add(29 * time.Minute)
	if r, err := w.handle(); err != nil || r.Done || len(w.glue.Requests()) != 0 {
		t.Fatalf("within the window: %+v, %v, %v", r, w.glue.Requests(), err)
	}
	w.now = w.now.Add(time.Minute)
	if r, err := w.handle(); err != nil || r.Changed["create flexible asset"] != 1 {
		t.Fatalf("after it: %+v, %v", r, err)
	}
	w.glue.View(func(s *sandbox.State) {
		if n := len(s.FlexibleAssetTypes); n != 1 {
			t.Errorf("%d types", n)
		}
	})
}

func TestAMessageOfACancelledRunWritesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.prepareSlice()
	run := w.newRun()
	if _, err := state.UpdateRun(t.Context(), w.table, run, func(r *state.Run) error {
		r.State = state.Cancelled
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	work := state.Work{Version: 1, Run: run, Customer: customer}
	w.must(w.service.Handle(t.Context(), work))
	p, err := state.LoadProgress(t.Context(), w.table, run)
	w.must(err)
	if p.Open != 1 || len(p.Entries) != 1 || p.Entries[0].Reasons[0] != "the run was cancelled" || len(w.glue.Requests()) != 0 {
		t.Errorf("%+v, %v", p, w.glue.Requests())
	}
	// The customer is due with the next run. A run that is forgotten is none that was cancelled.
	work.Run = "run-forgotten"
	w.must(w.service.Handle(t.Context(), work))
	if n := len(w.published()); n != 1 {
		t.Errorf("%d published", n)
	}
}

// heavy is a record of machines that people decided about at length, a little under a
// number of bytes: nothing of it gives way.
func heavy(t *testing.T, bytes int) state.Documentation {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	doc := state.Documentation{Machines: map[string]state.Machine{}}
	for size := 0; ; {
		data, err := state.Encode(doc)
		if err != nil {
			t.Fatal(err)
		}
		if size = len(data); bytes-size < 1000 {
			return doc
		}
		for range (bytes - size) / 600 {
			why := make([]byte, 500)
			for i := range why {
				why[i] = byte(' ' + r.IntN(90))
			}
			doc.Machines[fmt.Sprintf("appliance:x%d", len(doc.Machines))] = state.Machine{Link: match.Link{State: match.Ignored, By: "anna", Reason: string(why)}}
		}
	}
}

func TestACustomerTooLargeForItsRecordIsToldAndDoesNotComeBack(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("records of full size are left to the long run")
	}
	const machines = 100
	w := newWorld(t, machines)
	for _, tt := range []struct {
		name  string
		room  int
		saved bool // the machines are, and the claims of their creates find no room
	}{
		{"too large with its machines", 1000, false},
		{"too large with the claims of its creates", 8000, true},
	} {
		full := heavy(t, state.MaxItemBytes-tt.room)
		_, err := state.Save(t.Context(), w.table, state.DocumentationKey(customer), full, state.Any, time.Time{})
		w.must(err)
		r, err := w.sync()
		if err != nil || r.Done || r.Failed != 1 || len(r.Reasons) != 1 || !strings.Contains(r.Reasons[0], fmt.Sprintf("Acme has %d machines", len(full.Machines)+machines)) || !strings.Contains(r.Reasons[0], "split the customer") {
			t.Errorf("%s: %+v, %v", tt.name, r, err)
		}
		doc, err := state.LoadDocumentation(t.Context(), w.table, customer)
		w.must(err)
		if saved := len(doc.Machines) > len(full.Machines); saved != tt.saved || len(doc.Publications) > 0 {
			t.Errorf("%s: %d machines stored, %d before", tt.name, len(doc.Machines), len(full.Machines))
		}
		if n := len(w.published()); n != 0 {
			t.Fatalf("%s: %d published, which nothing records", tt.name, n)
		}
	}
	_, err := state.Save(t.Context(), w.table, state.DocumentationKey(customer), state.Documentation{}, state.Any, time.Time{})
	w.must(err)
	if r := w.mustSync(); r.Changed["create flexible asset"] != machines {
		t.Errorf("afterwards it is not due: %+v", r)
	}
}

func TestARecordTooLargeGivesUpWhatIsFoundAgain(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	const n = 3300
	if testing.Short() {
		t.Skip("thousands of machines are left to the long run")
	}
	d := docsync.Decision{Machines: map[string]state.Machine{}}
	publications := map[string]state.Publication{}
	for i := range n {
		key := fmt.Sprintf("appliance:%08x-%04x-%04x-%04x-%012x", r.Uint32(), r.IntN(1<<16), r.IntN(1<<16), r.IntN(1<<16), r.Int64N(1<<48))
		name, id := fmt.Sprintf("SRV-%04d", r.IntN(10000)), fmt.Sprint(1e7+r.IntN(1e7))
		good := now.Add(-time.Duration(r.IntN(86400)) * time.Second)
		known := backup.Known{FirstSeen: now.Add(-time.Duration(r.IntN(1e7)) * time.Second), LastGood: good, LastEnd: good, LastEndResult: backup.Successful}
		for back := range 8 {
			known.Ends = append(known.Ends, good.Add(time.Duration(back-7)*24*time.Hour+time.Duration(r.IntN(3600)*(7-back)/7)*time.Second))
		}
		link := match.Link{State: match.Matched, TargetID: id, TargetName: name, Reason: match.ReasonMACAndHost, By: match.Auto, At: now}
		if i == 0 {
			link.By, link.Reason = "anna", "because"
		}
		d.Machines[key] = state.Machine{Name: name, Link: link, Word: backup.WordSuccess, Reason: "the last backup was successful", Since: good, Known: known}
		publications[id] = state.Publication{
			Organization: "1234567", Asset: fmt.Sprint(2e7 + r.IntN(1e7)), State: state.PublicationCreated, Attempts: 1,
			Now: state.Digest(key), Slow: state.Digest(name), Shown: "Success", Published: now,
		}
	}
	table := newMemory()
	if _, err := state.Save(t.Context(), table, state.DocumentationKey("c"), state.Documentation{Publications: publications}, state.New, time.Time{}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := docsync.Save(t.Context(), table, "c", d, now); err != nil {
			t.Fatal(err)
		}
	}
	if table.writes != 2 {
		t.Errorf("%d writes: the same decision is the same record", table.writes)
	}
	doc, err := state.LoadDocumentation(t.Context(), table, "c")
	if err != nil || len(doc.Machines) != n || len(doc.Publications) != len(publications) {
		t.Fatalf("%d machines, %v", len(doc.Machines), err)
	}
	for key, m := range doc.Machines {
		was := d.Machines[key]
		if m.Link.TargetID != was.Link.TargetID || m.Known.LastGood != was.Known.LastGood || m.Word != was.Word || !m.Since.Equal(was.Since) {
			t.Fatalf("%+v became %+v", was, m)
		}
		if m.Link.Decided() && (m.Link.Reason != "because" || m.Link.TargetName == "") {
			t.Errorf("a person's decision: %+v", m.Link)
		}
	}
}

func TestANameThatGaveWayIsFoundAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.mustSync()
	_, err := state.Update(t.Context(), w.table, state.DocumentationKey(customer), func(d *state.Documentation) error {
		m := d.Machines["appliance:a000"]
		m.Link.TargetName, m.Link.Reason = "", ""
		d.Machines["appliance:a000"] = m
		return nil
	})
	w.must(err)
	// Its address and its name change: nothing but the id and the name as it was confirm the link.
	w.slice.Assets[0].Name, w.slice.Assets[0].MAC = "OTHER", mac(99)
	w.now = w.now.Add(time.Hour)
	w.mustSync()
	doc, err := state.LoadDocumentation(t.Context(), w.table, customer)
	w.must(err)
	if l := doc.Machines["appliance:a000"].Link; l.State != match.Matched || l.TargetName != host(0) {
		t.Errorf("%+v", l)
	}
}

func TestAReadDatedAheadIsStale(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.mustSync()
	var c state.Customer
	due := func(ahead time.Duration) string {
		return docsync.Due(state.SliceMeta{Digest: "d", AsOf: w.now.Add(ahead)}, c, state.Live, docsync.DefaultSettings, w.now).Digest()
	}
	if due(0) != due(10*time.Minute) || due(0) == due(11*time.Minute) || due(11*time.Minute) != due(-25*time.Hour) {
		t.Error("a date over ten minutes ahead must count as stale, and only that")
	}
	// The clock was a day ahead once: UniView might be unread for two days.
	real := w.now
	w.now = real.Add(24 * time.Hour)
	w.prepareSlice()
	w.now = real.Add(time.Hour)
	if r, err := w.handle(); err != nil || r.Changed["update flexible asset"] != 1 || w.published()[0].fields[docsync.FieldStatus] != "Unknown" {
		t.Errorf("%+v, %v: %v", r, err, w.published())
	}
	if r := w.mustSync(); r.Changed["update flexible asset"] != 1 || w.published()[0].fields[docsync.FieldStatus] != "Success" {
		t.Errorf("with the clock set right: %+v: %v", r, w.published())
	}
}

func TestAConfigurationLinkedAfterTheListWasReadIsNotMissing(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	link := match.Link{State: match.Matched, TargetID: "9", TargetName: "NEW", By: "anna", At: noon}
	doc := state.Documentation{Organization: "1", Machines: map[string]state.Machine{"appliance:a": {Name: "NEW", Link: link}}}
	in := docsync.SliceInput{
		Customer: backup.Customer{ID: customer}, Organization: "1", Documentation: doc,
		Assets:         []backup.Asset{{Family: backup.FamilyAppliance, ID: "a", CustomerID: customer, Name: "NEW", MAC: mac(1)}},
		Configurations: []match.Configuration{{ID: "8", OrganizationID: "1", Name: "OLD"}},
	}
	for _, tt := range []struct {
		name               string
		configurations, at time.Time // when the configurations and UniView were read
		by                 string
		want               match.State
	}{
		{"linked after both reads, with the slice of before", noon.Add(-2 * time.Hour), noon.Add(-time.Hour), "anna", match.Matched},
		{"linked between the reads", noon.Add(-time.Hour), noon.Add(time.Hour), "anna", match.Matched},
		{"linked before both reads", noon.Add(time.Minute), noon.Add(time.Hour), "anna", match.Attention},
		{"linked by the rules, so from a list", noon.Add(-time.Hour), noon.Add(time.Hour), match.Auto, match.Attention},
		{"nobody knows when the configurations were read", time.Time{}, noon.Add(time.Hour), "anna", match.Attention},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := in
			in.ConfigurationsFrom = tt.configurations
			l := link
			l.By = tt.by
			in.Documentation = state.Documentation{Organization: "1", Machines: map[string]state.Machine{"appliance:a": {Name: "NEW", Link: l}}}
			slice := docsync.NewSlice(in)
			later := in
			if !tt.configurations.IsZero() {
				later.ConfigurationsFrom = tt.configurations.Add(time.Second)
			}
			if state.Digest(docsync.NewSlice(later)) != state.Digest(slice) {
				t.Error("the slice moves with every read")
			}
			d := docsync.Decide(docsync.Input{
				Slice: slice, Meta: state.SliceMeta{Digest: "d", AsOf: tt.at}, Documentation: in.Documentation, Now: noon.Add(2 * time.Hour),
				Customer: state.Customer{ID: customer, Links: match.CustomerLinks{Organization: match.Link{State: match.Matched, TargetID: "1", By: "anna"}}},
			})
			if got := d.Machines["appliance:a"].Link; got.State != tt.want || got.TargetID != "9" {
				t.Errorf("%+v", got)
			}
		})
	}
}
