package docsync_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/docsync"
	"uniview-bridge/pkg/itglue/sandbox"
	"uniview-bridge/pkg/plan"
	"uniview-bridge/pkg/state"
)

// block is our block in notes.
func block(text string) string {
	return "[UniView Bridge: begin]\n" + text + "\n[UniView Bridge: end]"
}

func TestOurBlockInNotesLeavesEverythingElseAsItIs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, notes, text, want string
		broken                  bool
	}{
		{name: "the first block of empty notes", notes: "", text: "a", want: block("a")},
		{name: "above what people wrote", notes: "call Bob\n", text: "a", want: block("a") + "\ncall Bob\n"},
		{name: "replaced where it stands", notes: "x\r\n" + block("a") + "\ny", text: "b", want: "x\r\n" + block("b") + "\ny"},
		{name: "taken away with its line break", notes: block("a") + "\ncall Bob", text: "", want: "call Bob"},
		{name: "taken away from between", notes: "x " + block("a") + " y", text: "", want: "x  y"},
		{name: "taken away with a line break that came back in another form", notes: block("a") + "\r\n\r\ncall Bob", text: "", want: "\r\ncall Bob"},
		{name: "taken away from above a lone carriage return of theirs", notes: block("a") + "\n\rcall Bob", text: "", want: "\rcall Bob"},
		{name: "markup around it", notes: "<p>call <b>Bob</b></p>" + block("a") + "<br>&amp;\u00a0", text: "b", want: "<p>call <b>Bob</b></p>" + block("b") + "<br>&amp;\u00a0"},
		{name: "nothing to take away", notes: "call Bob", text: "", want: "call Bob"},
		{name: "without its end", notes: "[UniView Bridge: begin]\na", text: "b", broken: true},
		{name: "without its beginning", notes: "a [UniView Bridge: end]", text: "", broken: true},
		{name: "twice", notes: block("a") + block("b"), text: "c", broken: true},
		{name: "inside out", notes: "[UniView Bridge: end] [UniView Bridge: begin]", text: "c", broken: true},
	} {
		got, err := docsync.PutNote(tt.notes, tt.text)
		if got != tt.want || (err != nil) != tt.broken {
			t.Errorf("%s: %q, %v", tt.name, got, err)
		}
	}
}

func FuzzPutNote(f *testing.F) {
	f.Add("call Bob\n", "a", "b")
	f.Add("", "", "x")
	f.Add("[UniView Bridge: end]", "a\nb", "")
	f.Fuzz(func(t *testing.T, people, first, second string) {
		for _, s := range []string{people, first, second} {
			if strings.Contains(s, "[UniView Bridge:") {
				_, _ = docsync.PutNote(people, first) // must not panic
				return
			}
		}
		if first == "" {
			first = "a"
		}
		with, err := docsync.PutNote(people, first)
		if err != nil || !strings.HasSuffix(with, people) {
			t.Fatalf("%q, %v", with, err)
		}
		again, err := docsync.PutNote(with, first)
		if err != nil || again != with {
			t.Fatalf("the same again: %q, %v", again, err)
		}
		if second != "" {
			if with, err = docsync.PutNote(with, second); err != nil || !strings.HasSuffix(with, people) {
				t.Fatalf("another: %q, %v", with, err)
			}
		}
		if without, err := docsync.PutNote(with, ""); err != nil || without != people {
			t.Fatalf("taken away: %q, was %q, %v", without, people, err)
		}
	})
}

// conf changes the nth configuration of the first organization.
func (w *world) conf(n int, change func(*sandbox.Configuration)) {
	w.glue.Edit(func(s *sandbox.State) {
		for _, c := range s.Configurations {
			if fmt.Sprint(c.ID) == w.confs[n] {
				change(c)
			}
		}
	})
}

func (w *world) notesOf(n int) (notes string) {
	w.conf(n, func(c *sandbox.Configuration) { notes = c.Notes })
	return notes
}

// of are the changes of one kind.
func of(kind plan.Kind, changes []plan.Change) []plan.Change {
	var out []plan.Change
	for _, c := range changes {
		if c.Kind == kind {
			out = append(out, c)
		}
	}
	return out
}

func TestTheBlockInTheNotesFollowsTheStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2)
	w.conf(0, func(c *sandbox.Configuration) { c.PSAIntegration, c.Notes = "", "call Bob first\r\n" })
	if r := w.mustSync(); r.Changed["update notes"] != 0 || w.notesOf(0) != "call Bob first\r\n" {
		t.Fatalf("off unless switched on: %+v", r)
	}
	w.set(func(s *docsync.Settings) { s.NotesBlock = true })
	w.now = w.now.Add(time.Hour)
	w.prepareSlice()
	planned := of(plan.NotesBlock, w.plan())
	if len(planned) != 2 || planned[0].Action != plan.Create || planned[1].Action != plan.Skip || planned[1].Reason != "a PSA keeps this configuration, and its notes flow there" {
		t.Fatalf("planned: %+v", planned)
	}
	text := "Unitrends backup: Success since 2026-03-10 11:00 UTC\nLast good backup: 2026-03-10 11:00 UTC\nOverdue after: 2026-03-12"
	if f := planned[0].Fields[0]; f.Before != "" || f.After != text {
		t.Errorf("%+v", f)
	}
	if r, err := w.handle(); err != nil || r.Changed["update notes"] != 1 || w.notesOf(0) != block(text)+"\ncall Bob first\r\n" || w.notesOf(1) != "" {
		t.Fatalf("%+v, %v: %q", r, err, w.notesOf(0))
	}
	// A person writes beside the block; only a time changes, then the status.
	w.conf(0, func(c *sandbox.Configuration) { c.Notes = "NEW " + c.Notes + "below" })
	w.now = w.now.Add(time.Hour)
	w.slice.Assets[0].Last = &backup.Backup{Start: w.now, Complete: w.now, Result: backup.Successful}
	if r := w.mustSync(); r.Changed["update notes"] != 0 {
		t.Errorf("only a time changed: %+v", r)
	}
	failed := w.now.Add(time.Hour)
	w.now = failed
	w.slice.Assets[0].Last = &backup.Backup{Start: w.now, Complete: w.now, Result: backup.Failed}
	if r := w.mustSync(); r.Changed["update notes"] != 1 || !strings.HasPrefix(w.notesOf(0), "NEW "+block("Unitrends backup: Failed since 2026-03-10 15:00 UTC\nLast good backup: 2026-03-10 14:00 UTC\n")[:80]) || !strings.HasSuffix(w.notesOf(0), "\ncall Bob first\r\nbelow") {
		t.Errorf("%+v: %q", r, w.notesOf(0))
	}
	w.now = w.now.Add(time.Hour)
	if r := w.mustSync(); len(r.Changed) != 0 || len(w.glue.Requests()) != 0 {
		t.Errorf("a steady sync: %+v, %v", r, w.glue.Requests())
	}
	w.set(func(s *docsync.Settings) { s.NotesBlock = false })
	if planned := of(plan.NotesBlock, w.plan()); len(planned) != 1 || planned[0].Action != plan.Unlink || planned[0].Reason != "the block in the notes is switched off" {
		t.Errorf("planned: %+v", planned)
	}
	if r := w.mustSync(); r.Changed["update notes"] != 1 || w.notesOf(0) != "NEW call Bob first\r\nbelow" {
		t.Errorf("switched off: %+v: %q", r, w.notesOf(0))
	}
	if doc, err := state.LoadDocumentation(t.Context(), w.table, customer); err != nil || len(doc.Notes) != 0 {
		t.Errorf("%+v, %v", doc.Notes, err)
	}
}

func TestTheBlockIsTakenAwayWhenItMustNotStand(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(w *world)
		reason string
	}{
		"a PSA took the configuration over": {func(w *world) {
			w.conf(0, func(c *sandbox.Configuration) { c.PSAIntegration = "enabled" })
		}, "a PSA keeps this configuration, and its notes flow there"},
		"the customer belongs to another organization": {func(w *world) { w.matchTo(1) }, "no machine is shown at this configuration any more"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1)
			w.conf(0, func(c *sandbox.Configuration) { c.PSAIntegration, c.Notes = "", "ours too" })
			w.set(func(s *docsync.Settings) { s.NotesBlock = true })
			w.mustSync()
			if !strings.Contains(w.notesOf(0), "Success") {
				t.Fatalf("%q", w.notesOf(0))
			}
			w.now = w.now.Add(time.Hour)
			tt.change(w)
			w.prepareSlice()
			if planned := of(plan.NotesBlock, w.plan()); len(planned) == 0 || planned[0].Action != plan.Unlink || planned[0].Reason != tt.reason {
				t.Errorf("planned: %+v", planned)
			}
			if r, err := w.handle(); err != nil || w.notesOf(0) != "ours too" {
				t.Errorf("%+v, %v: %q", r, err, w.notesOf(0))
			}
		})
	}
}

func TestARefusedBlockIsToldAndNotRepeatedUntilItChanges(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(w *world)
		reason string
	}{
		"its marks are broken": {func(w *world) {
			w.conf(0, func(c *sandbox.Configuration) { c.Notes = "[UniView Bridge: begin] oops" })
		}, "the marks around our block"},
		"IT Glue refuses it": {func(w *world) {
			w.glue.Inject(sandbox.Fault{Kind: sandbox.Status, Method: "PATCH", PathPrefix: "/configurations", Status: 422})
		}, "422"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1)
			w.conf(0, func(c *sandbox.Configuration) { c.PSAIntegration = "" })
			w.mustSync()
			w.set(func(s *docsync.Settings) { s.NotesBlock = true })
			tt.change(w)
			r := w.mustSync()
			if r.Failed != 1 || len(r.Reasons) != 1 || !strings.Contains(r.Reasons[0], tt.reason) {
				t.Fatalf("%+v", r)
			}
			w.now = w.now.Add(time.Hour)
			w.tickets["appliance:a000"] = "" // nothing
			w.prepareSlice()
			if planned := of(plan.NotesBlock, w.plan()); len(planned) != 1 || planned[0].Action != plan.Skip || !strings.HasPrefix(planned[0].Reason, "refused: ") {
				t.Errorf("planned: %+v", planned)
			}
			if r, err := w.handle(); err != nil || w.vendorWrites() != 0 {
				t.Errorf("again: %+v, %v", r, err)
			}
			w.glue.ClearFaults()
			w.conf(0, func(c *sandbox.Configuration) { c.Notes = "mended" })
			w.slice.Assets[0].Last = &backup.Backup{Start: w.now, Complete: w.now, Result: backup.Failed}
			if r := w.mustSync(); r.Changed["update notes"] != 1 || !strings.HasSuffix(w.notesOf(0), "\nmended") {
				t.Errorf("once it changed: %+v, %q", r, w.notesOf(0))
			}
		})
	}
}

func TestABlockWhoseAnswerWasLostIsNotWrittenTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.conf(0, func(c *sandbox.Configuration) { c.PSAIntegration, c.Notes = "", "people's" })
	w.set(func(s *docsync.Settings) { s.NotesBlock = true })
	w.glue.Inject(sandbox.Fault{Kind: sandbox.ResetAfter, Method: "PATCH", PathPrefix: "/configurations", Times: 1})
	if r := w.mustSync(); r.Done {
		t.Fatalf("%+v", r)
	}
	if r, err := w.handle(); err != nil || !r.Done || w.vendorWrites() != 0 || strings.Count(w.notesOf(0), "begin]") != 1 {
		t.Errorf("%+v, %v: %q", r, err, w.notesOf(0))
	}
}
