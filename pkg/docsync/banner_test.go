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
	"uniview-bridge/pkg/plan"
)

// alert reads or changes the alert text of an organization.
func (w *world) alert(i int, change func(string) string) (text string) {
	w.glue.Edit(func(s *sandbox.State) {
		for _, o := range s.Organizations {
			if fmt.Sprint(o.ID) == w.org[i] {
				o.Alert = change(o.Alert)
				text = o.Alert
			}
		}
	})
	return text
}

func same(s string) string { return s }

func (w *world) fail(machines ...int) {
	for _, m := range machines {
		w.slice.Assets[m].Last = &backup.Backup{Start: w.now, Complete: w.now, Result: backup.Failed}
	}
}

func TestTheBannerCountsMachinesWithoutAGoodBackup(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 3)
	w.fail(0)
	if w.mustSync(); w.alert(0, same) != "" {
		t.Fatal("off unless switched on")
	}
	w.set(func(s *docsync.Settings) { s.Banner = true })
	w.fail(1)
	w.prepareSlice()
	const two = "Unitrends backup of Acme: 2 machines of 3 without a good backup (2 failed), as of 2026-03-10 12:00 UTC (UniView Bridge)"
	if p := of(plan.Banner, w.plan()); len(p) != 1 || p[0].Action != plan.Create || p[0].TargetID != w.org[0] || p[0].Fields[0].After != two || p[0].Reason != "2 machines of 3 without a good backup (2 failed)" {
		t.Fatalf("planned: %+v", p)
	}
	if r, err := w.handle(); err != nil || r.Changed["update organization banner"] != 1 || w.alert(0, same) != two {
		t.Fatalf("%+v, %v: %q", r, err, w.alert(0, same))
	}
	w.now = w.now.Add(10 * time.Minute)
	if r := w.mustSync(); len(r.Changed) != 0 || len(w.glue.Requests()) != 0 {
		t.Errorf("the clock alone: %+v", r)
	}
	w.now = w.now.Add(25 * time.Hour)
	if r, err := w.handle(); err != nil || !strings.Contains(w.alert(0, same), ": 3 machines could not be read from UniView, as of") {
		t.Errorf("UniView too long unread: %+v, %v: %q", r, err, w.alert(0, same))
	}
	for i := range w.slice.Assets {
		w.slice.Assets[i].Last = &backup.Backup{Start: w.now, Complete: w.now, Result: backup.Successful}
	}
	if r := w.mustSync(); r.Changed["update organization banner"] != 1 || w.alert(0, same) != "" {
		t.Errorf("over: %+v: %q", r, w.alert(0, same))
	}
}

func TestTheBannerGoesWhenItMustNotStand(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(w *world)
		reason string
		moved  bool
	}{
		"switched off":         {func(w *world) { w.set(func(s *docsync.Settings) { s.Banner = false }) }, "the banner is switched off", false},
		"the customer ignored": {func(w *world) { w.link(match.Link{State: match.Ignored, By: "anna"}) }, "the customer is ignored", false},
		"another organization": {func(w *world) { w.matchTo(1) }, "it stands on another organization than the customer's", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1)
			w.fail(0)
			w.set(func(s *docsync.Settings) { s.Banner = true })
			w.mustSync()
			if w.alert(0, same) == "" {
				t.Fatal("no banner")
			}
			w.now = w.now.Add(time.Hour)
			tt.change(w)
			w.prepareSlice()
			if p := of(plan.Banner, w.plan()); len(p) != 1 || p[0].Action != plan.Unlink || p[0].Reason != tt.reason {
				t.Errorf("planned: %+v", p)
			}
			if r, err := w.handle(); err != nil || w.alert(0, same) != "" {
				t.Errorf("%+v, %v: %q", r, err, w.alert(0, same))
			}
			w.now = w.now.Add(time.Minute)
			if w.mustSync(); (w.alert(1, same) != "") != tt.moved {
				t.Errorf("the other organization: %q", w.alert(1, same))
			}
		})
	}
}

func TestAnAlertOfPeopleOrOfAnotherCustomerIsLeftAsItIs(t *testing.T) {
	t.Parallel()
	for _, theirs := range []string{
		"Do not call after six",
		"Unitrends backup of Acme: 1 machine of 2 without a good backup (1 failed), as of 2026-03-10 12:00 UTC, call Bob! (UniView Bridge)",
		"Unitrends backup of Other: 1 machine without a good backup (1 failed), as of 2026-03-10 12:00 UTC (UniView Bridge)",
	} {
		w := newWorld(t, 2)
		w.fail(0)
		w.set(func(s *docsync.Settings) { s.Banner = true })
		w.alert(0, func(string) string { return theirs })
		if r := w.mustSync(); r.Failed != 1 || w.alert(0, same) != theirs || !strings.Contains(r.Reasons[0], "another alert stands on the organization") {
			t.Fatalf("%+v: %q", r, w.alert(0, same))
		}
		w.now = w.now.Add(time.Hour)
		w.prepareSlice()
		if p := of(plan.Banner, w.plan()); len(p) != 1 || p[0].Action != plan.Skip || p[0].Reason != "refused: another alert stands on the organization; it is left as it is" {
			t.Errorf("planned: %+v", p)
		}
		if r, err := w.handle(); err != nil || w.vendorWrites() != 0 {
			t.Errorf("%+v, %v", r, err)
		}
		w.alert(0, func(string) string { return "" })
		w.fail(1)
		if r := w.mustSync(); w.alert(0, same) == "" {
			t.Errorf("once it is free and the numbers changed: %+v", r)
		}
		w.alert(0, func(string) string { return theirs })
		w.set(func(s *docsync.Settings) { s.Banner = false })
		if r := w.mustSync(); w.alert(0, same) != theirs || r.Failed != 0 {
			t.Errorf("switched off: %+v: %q", r, w.alert(0, same))
		}
	}
}
