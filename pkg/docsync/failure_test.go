package docsync_test

import (
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
	w.now = w.now.Add(59 * time.Second)
	if r, err := w.handle(); err != nil || r.Done || len(w.glue.Requests()) != 0 || !strings.Contains(r.Reasons[0], "it is looked for at 2026-03-10 12:01 UTC") {
		t.Fatalf("before the first search: %+v, %v, %v", r, w.glue.Requests(), err)
	}
	w.now = w.now.Add(time.Second)
	if r, err := w.handle(); err != nil || r.Changed["create flexible asset"] != 1 {
		t.Fatalf("the first search: %+v, %v", r, err)
	}
	w.glue.View(func(s *sandbox.State) {
		if n := len(s.FlexibleAssetTypes); n != 1 {
			t.Errorf("%d types", n)
		}
	})
}

func TestATypeWhoseAnswerWasLostIsSearchedForAndMadeAgainOnlyAtTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.glue.Inject(sandbox.Fault{Kind: sandbox.ResetBefore, Method: "POST", PathPrefix: "/flexible_asset_types", Times: 1})
	if r := w.mustSync(); r.Done {
		t.Fatalf("%+v", r)
	}
	lost := w.now
	for _, after := range []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute} {
		w.now = lost.Add(after)
		if r, err := w.handle(); err != nil || r.Done || w.vendorWrites() != 0 || len(w.glue.Requests()) != 1 {
			t.Fatalf("the search after %v: %+v, %v, %v", after, r, w.glue.Requests(), err)
		}
		w.now = w.now.Add(time.Second)
		if r, err := w.handle(); err != nil || r.Done || len(w.glue.Requests()) != 0 {
			t.Fatalf("between the searches: %+v, %v, %v", r, w.glue.Requests(), err)
		}
	}
	w.now = lost.Add(30 * time.Minute)
	if r, err := w.handle(); err != nil || r.Changed["create flexible asset"] != 1 {
		t.Fatalf("at the end: %+v, %v", r, err)
	}
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

func TestAMachineTooLargeForAnItemIsToldAndDoesNotComeBack(t *testing.T) {
	if testing.Short() {
		t.Skip("the long part runs this")
	}
	t.Parallel()
	w := newWorld(t, 2)
	r := rand.New(rand.NewPCG(1, 2))
	long := make([]rune, 2*state.MaxItemBytes)
	for i := range long {
		long[i] = rune('A' + r.IntN(2000))
	}
	w.slice.Assets[0].Name = string(long)
	got, err := w.sync()
	if err != nil || got.Done || got.Failed != 1 || len(got.Reasons) != 1 || !strings.Contains(got.Reasons[0], "the documentation of Acme stands still") {
		t.Errorf("%+v, %v", got, err)
	}
	if n := len(w.published()); n != 0 {
		t.Fatalf("%d published, which nothing records", n)
	}
	w.slice.Assets[0].Name = host(0)
	if got := w.mustSync(); got.Changed["create flexible asset"] != 2 {
		t.Errorf("afterwards it is not due: %+v", got)
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
