package docsync_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/docsync"
	"uniview-bridge/pkg/itglue/sandbox"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/state"
)

func TestPublishesOneFlexibleAssetPerLinkedConfiguration(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 3)
	w.tickets["appliance:a001"] = "#4711"
	r := w.mustSync()
	if !r.Done || r.Changed["create flexible asset"] != 3 {
		t.Fatalf("first sync: %+v", r)
	}
	w.once()
	got := w.published()[1].fields
	want := map[string]string{
		docsync.FieldMachine: "SRV001", docsync.FieldStatus: "Success", docsync.FieldSince: "2026-03-10 11:00 UTC",
		docsync.FieldLast: "2026-03-10 11:00 UTC", docsync.FieldLastGood: "2026-03-10 11:00 UTC", docsync.FieldStorage: "8,060 MB (last backup size)",
		docsync.FieldConfiguration: "[" + w.confs[1] + "]", docsync.FieldAppliance: "BDR ‹1› (online)", docsync.FieldPortal: "https://portal.example/asset/1",
		docsync.FieldTicket: "#4711", docsync.FieldOverdue: "2026-03-12", docsync.FieldIDs: "appliance:a001",
	}
	for field, value := range want {
		if got[field] != value {
			t.Errorf("%s: %q, want %q", field, got[field], value)
		}
	}
	if d := got[docsync.FieldDetails]; !strings.Contains(d, "the last backup was successful") || strings.Contains(d, "<1>") {
		t.Errorf("details: %s", d)
	}
}

func TestASteadySyncWritesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 3)
	w.mustSync()
	for range 3 {
		w.now = w.now.Add(10 * time.Minute)
		if r := w.mustSync(); !r.Done || len(r.Changed) != 0 || len(w.glue.Requests()) != 0 {
			t.Fatalf("steady sync: %+v, requests %v", r, w.glue.Requests())
		}
	}
}

func TestStatusIsWrittenAtOnceAndTimesAtTheirPace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2)
	w.mustSync()
	w.now = w.now.Add(time.Hour)
	w.slice.Assets[0].Last = &backup.Backup{Start: w.now, Complete: w.now, SizeMB: 1, Result: backup.Successful}
	if r := w.mustSync(); len(r.Changed) != 0 || r.Skipped != 1 {
		t.Errorf("only a time changed: %+v", r)
	}
	w.slice.Assets[1].Last = &backup.Backup{Start: w.now, Complete: w.now, Result: backup.Failed}
	if r := w.mustSync(); r.Changed["update flexible asset"] != 1 {
		t.Errorf("a status changed: %+v", r)
	}
	if p := w.published()[1].fields; p[docsync.FieldStatus] != "Failed" || p[docsync.FieldLastGood] != "2026-03-10 11:00 UTC" {
		t.Errorf("published: %v", p)
	}
	w.now = w.now.Add(3 * time.Hour)
	if r, err := w.handle(); err != nil || r.Changed["update flexible asset"] != 1 {
		t.Errorf("four hours after the first write: %+v, %v", r, err)
	}
}

func TestStaleUniViewTurnsEverythingUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2)
	w.mustSync()
	w.now = w.now.Add(25 * time.Hour)
	if r, err := w.handle(); err != nil || r.Changed["update flexible asset"] != 2 {
		t.Fatalf("%+v, %v", r, err)
	}
	for _, p := range w.published() {
		if p.fields[docsync.FieldStatus] != "Unknown" {
			t.Errorf("published: %v", p.fields)
		}
	}
}

func TestPeoplesAdditionsSurvive(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.mustSync()
	w.glue.Edit(func(s *sandbox.State) {
		for _, typ := range s.FlexibleAssetTypes {
			s.AddField(typ.ID, sandbox.Field{Name: "Notes of ours", NameKey: "notes-of-ours", Kind: "Text", Order: 99})
		}
		for _, a := range s.FlexibleAssets {
			a.Traits["notes-of-ours"] = "call Bob first"
		}
	})
	w.now = w.now.Add(time.Hour)
	w.slice.Assets[0].Last = &backup.Backup{Start: w.now, Complete: w.now, Result: backup.Failed}
	w.mustSync()
	if p := w.published()[0]; p.traits["notes-of-ours"] != "call Bob first" || p.fields[docsync.FieldStatus] != "Failed" {
		t.Errorf("published: %v", p.traits)
	}
}

func TestALostAnswerIsSearchedForAndNeverRepeatedBlindly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2)
	w.glue.Inject(sandbox.Fault{Kind: sandbox.ResetAfter, Op: "POST /organizations/:organization_id/relationships/flexible_assets", Times: 1})
	w.glue.Inject(sandbox.Fault{Kind: sandbox.ResetAfter, Method: "POST", PathPrefix: "/organizations/", Times: 1})
	r := w.mustSync()
	if r.Done || len(w.published()) != 2 {
		t.Fatalf("%+v, %d published", r, len(w.published()))
	}
	if r, err := w.handle(); err != nil || w.vendorWrites() != 0 {
		t.Fatalf("before the first search is due: %+v, %v", r, err)
	}
	w.glue.ClearFaults()
	w.now = w.now.Add(time.Minute)
	if r, err := w.handle(); err != nil || r.Changed["create flexible asset"] != 0 {
		t.Fatalf("the search: %+v, %v", r, err)
	}
	w.once()
	if n := len(w.published()); n != 2 {
		t.Errorf("%d published", n)
	}
	if r := w.mustSync(); !r.Done {
		t.Errorf("afterwards: %+v", r)
	}
}

func TestACreateThatDidNotHappenIsRepeatedOnlyAfterTheLastEmptySearch(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.glue.Inject(sandbox.Fault{Kind: sandbox.ResetBefore, Method: "POST", PathPrefix: "/organizations/", Times: 1})
	w.mustSync()
	lost := w.now
	for _, after := range []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute} {
		w.now = lost.Add(after)
		if r, err := w.handle(); err != nil || w.vendorWrites() != 0 || r.Done {
			t.Fatalf("search after %v: %+v, %v", after, r, err)
		}
	}
	w.now = lost.Add(30 * time.Minute)
	w.glue.Inject(sandbox.Fault{Kind: sandbox.Status, Method: "GET", PathPrefix: "/flexible_assets", Status: 500})
	if r, err := w.handle(); err != nil || w.vendorWrites() != 0 || r.Done {
		t.Fatalf("a failed search: %+v, %v", r, err)
	}
	w.glue.ClearFaults()
	if r, err := w.handle(); err != nil || r.Changed["create flexible asset"] != 1 {
		t.Fatalf("after the last search: %+v, %v", r, err)
	}
	w.once()
}

func TestAFailedSearchCreatesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.mustSync()
	w.slice.Assets = append(w.slice.Assets, backup.Asset{Family: backup.FamilyEndpoint, ID: "E", CustomerID: customer, Name: "NEW", MAC: mac(77), LastGood: w.now})
	w.glue.Edit(func(s *sandbox.State) {
		var org, typ int64
		for _, c := range s.Configurations {
			if fmt.Sprint(c.OrganizationID) == w.org[0] {
				org, typ = c.OrganizationID, c.TypeID
			}
		}
		s.AddConfiguration(sandbox.Configuration{OrganizationID: org, Name: "NEW", MAC: mac(77), TypeID: typ})
	})
	w.now = w.now.Add(time.Hour)
	w.glue.Inject(sandbox.Fault{Kind: sandbox.Status, Method: "GET", PathPrefix: "/flexible_assets", Status: 503, Skip: 1})
	if r := w.mustSync(); r.Done || w.vendorWrites() != 0 {
		t.Fatalf("%+v", r)
	}
	w.glue.ClearFaults()
	if r, err := w.handle(); err != nil || r.Changed["create flexible asset"] != 1 {
		t.Fatalf("the next one: %+v, %v", r, err)
	}
}

func TestAWrongOrganizationIsWithdrawnFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2)
	w.mustSync()
	w.now = w.now.Add(time.Hour)
	w.matchTo(1)
	r := w.mustSync()
	if !r.Done || r.Changed["unlink flexible asset"] != 2 || r.Changed["create flexible asset"] != 2 {
		t.Fatalf("%+v", r)
	}
	w.once()
	for _, p := range w.published() {
		if (p.organization == w.org[0]) != p.archived {
			t.Errorf("%+v", p)
		}
		if p.archived && (p.fields[docsync.FieldMachine] != "(removed)" || p.fields[docsync.FieldStatus] != "" || p.fields[docsync.FieldDetails] != "" || p.fields[docsync.FieldConfiguration] != "") {
			t.Errorf("not blanked: %v", p.fields)
		}
	}
	first, second := -1, -1
	for i, q := range w.glue.Requests() {
		if q.Method == "PATCH" && first < 0 {
			first = i
		}
		if q.Method == "POST" && second < 0 {
			second = i
		}
	}
	if first < 0 || second < first {
		t.Errorf("created before withdrawing: %v", w.glue.Requests())
	}
	// Back again: what was archived is used again.
	w.now = w.now.Add(time.Hour)
	w.matchTo(0)
	w.mustSync()
	w.once()
	if n := len(w.live()); n != 2 {
		t.Errorf("%d live after going back", n)
	}
}

func TestWithoutWithdrawalNothingIsMadeElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.mustSync()
	w.matchTo(1)
	w.now = w.now.Add(time.Hour)
	w.glue.Inject(sandbox.Fault{Kind: sandbox.Status, Method: "PATCH", Status: 503, Times: 1})
	if r := w.mustSync(); r.Done || len(w.published()) != 1 {
		t.Fatalf("%+v, %d published", r, len(w.published()))
	}
	if r, err := w.handle(); err != nil || !r.Done {
		t.Fatalf("%+v, %v", r, err)
	}
	if len(w.live()) != 1 || w.live()[0].organization != w.org[1] {
		t.Errorf("%+v", w.published())
	}
}

func TestAMachineGoneFromTwoReadsIsNoLongerProtected(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2)
	w.mustSync()
	w.slice.Assets = w.slice.Assets[:1]
	w.now = w.now.Add(time.Hour)
	missing := w.now
	if r := w.mustSync(); len(r.Changed) != 0 {
		t.Fatalf("the first read without it: %+v", r)
	}
	if r, err := w.handle(); err != nil || len(r.Changed) != 0 {
		t.Fatalf("the same read again: %+v, %v", r, err)
	}
	w.now = w.now.Add(time.Hour)
	w.mustSync()
	p := w.published()[1]
	if p.fields[docsync.FieldStatus] != docsync.LabelGone || p.fields[docsync.FieldSince] != missing.Format("2006-01-02 15:04 UTC") || p.archived {
		t.Errorf("%+v", p.fields)
	}
	w.now = w.now.Add(time.Hour)
	if r := w.mustSync(); len(r.Changed) != 0 || len(w.glue.Requests()) != 0 {
		t.Errorf("afterwards: %+v", r)
	}
}

func TestPreviewWritesNothingAndGoingLiveDoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2)
	w.must(state.SaveModes(t.Context(), w.table, state.Modes{Documentation: state.Preview, Ticketing: state.Preview}))
	if r := w.mustSync(); !r.Done || len(w.glue.Requests()) != 0 {
		t.Fatalf("preview: %+v %v", r, w.glue.Requests())
	}
	doc, err := state.LoadDocumentation(t.Context(), w.table, customer)
	w.must(err)
	if len(doc.Machines) != 2 || len(doc.Publications) != 0 || doc.Machines["appliance:a000"].Word != backup.WordSuccess {
		t.Errorf("preview kept %+v", doc)
	}
	w.must(state.SaveModes(t.Context(), w.table, state.Modes{Documentation: state.Live, Ticketing: state.Preview}))
	if r, err := w.handle(); err != nil || r.Changed["create flexible asset"] != 2 {
		t.Fatalf("live: %+v, %v", r, err)
	}
}

func TestAStoppedConnectionLeavesTheCustomerDue(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.stopped = true
	if r := w.mustSync(); r.Done || len(r.Reasons) != 1 || !strings.Contains(r.Reasons[0], "stopped") {
		t.Fatalf("%+v", r)
	}
	w.stopped = false
	if r, err := w.handle(); err != nil || r.Changed["create flexible asset"] != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
}

func TestWhatAPersonDidToOurFlexibleAsset(t *testing.T) {
	t.Parallel()
	edit := func(w *world, f func(*sandbox.State, *sandbox.FlexibleAsset)) {
		w.glue.Edit(func(s *sandbox.State) {
			for _, a := range s.FlexibleAssets {
				f(s, a)
			}
		})
		w.now = w.now.Add(time.Hour)
	}
	t.Run("deleted, it is made again", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 1)
		w.mustSync()
		edit(w, func(s *sandbox.State, a *sandbox.FlexibleAsset) { delete(s.FlexibleAssets, a.ID) })
		if r := w.mustSync(); r.Changed["create flexible asset"] != 1 || len(w.live()) != 1 {
			t.Errorf("%+v", r)
		}
	})
	t.Run("archived, it stays archived", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 1)
		w.mustSync()
		edit(w, func(_ *sandbox.State, a *sandbox.FlexibleAsset) { a.Archived = true })
		if r := w.mustSync(); len(r.Changed) != 0 || len(w.live()) != 0 {
			t.Errorf("%+v", r)
		}
	})
	t.Run("its status changed, it is set right", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 1)
		w.mustSync()
		edit(w, func(_ *sandbox.State, a *sandbox.FlexibleAsset) {
			for k, v := range a.Traits {
				if v == "Success" {
					a.Traits[k] = "Failed"
				}
			}
		})
		if r := w.mustSync(); r.Changed["update flexible asset"] != 1 || w.published()[0].fields[docsync.FieldStatus] != "Success" {
			t.Errorf("%+v", r)
		}
	})
}

func TestARefusedAssetIsTriedTwiceAndTheOthersAreMade(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2)
	w.glue.Inject(sandbox.Fault{Kind: sandbox.Status, Method: "POST", PathPrefix: "/organizations/", Status: 422, Times: 2}) // the list, then the first alone
	if r := w.mustSync(); r.Failed != 1 || r.Changed["create flexible asset"] != 1 {
		t.Fatalf("%+v", r)
	}
	w.now = w.now.Add(time.Minute)
	if r, err := w.handle(); err != nil || r.Changed["create flexible asset"] != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	w.once()
}

func TestUnmatchedByAPersonIsWithdrawn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.mustSync()
	w.now = w.now.Add(time.Hour)
	w.link(match.Link{State: match.Unmatched, By: "anna", At: w.now})
	w.slice.Organization = ""
	if r := w.mustSync(); r.Changed["unlink flexible asset"] != 1 || len(w.live()) != 0 {
		t.Errorf("%+v", r)
	}
}
