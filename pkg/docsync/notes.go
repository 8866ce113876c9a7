package docsync

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strings"

	"uniview-bridge/pkg/plan"
	"uniview-bridge/pkg/state"
)

// The marks around our block in a configuration's notes. What stands outside of them
// is people's and stays as it is, byte for byte; the line break behind the closing mark
// is ours, because we put it there, in whichever form IT Glue gives it back.
const (
	noteBegin = "[UniView Bridge: begin]"
	noteEnd   = "[UniView Bridge: end]"
)

// errMarks says that somebody changed our marks.
var errMarks = errors.New("the marks around our block in its notes were changed by a person: remove what is left of them to have the block written again")

// WantedNote is what must become of our block in one configuration's notes.
type WantedNote struct {
	Configuration string
	Organization  string // where the configuration must be for a block to be put; empty when it is taken away
	Title         string
	Reason        string
	Text          string // empty: none
}

// PutNote returns notes with our block saying text, or without our block when text is
// empty.
func PutNote(notes, text string) (string, error) {
	var before, inside, after string
	start, end := strings.Index(notes, noteBegin), strings.Index(notes, noteEnd)
	switch {
	case start < 0 && end < 0:
		after = notes
	case start < 0 || end < start || strings.Count(notes, noteBegin) > 1 || strings.Count(notes, noteEnd) > 1:
		return "", errMarks
	default:
		end += len(noteEnd)
		before, inside, after = notes[:start], notes[start:end], notes[end:]
	}
	if text == "" {
		if inside != "" {
			rest, windows := strings.CutPrefix(after, "\r\n")
			if after = rest; !windows {
				after = strings.TrimPrefix(after, "\n")
			}
		}
		return before + after, nil
	}
	if inside == "" && after != "" {
		after = "\n" + after
	}
	return before + noteBegin + "\n" + text + "\n" + noteEnd + after, nil
}

// noteOf is what our block says of a machine. Its first line is written as soon as it
// changes.
func noteOf(c Content) string {
	line := "Unitrends backup: " + c.Status
	if since := c.Text[FieldSince]; since != "" {
		line += " since " + since
	}
	lines := []string{line}
	for _, f := range []struct{ field, words string }{{FieldLastGood, "Last good backup: "}, {FieldOverdue, "Overdue after: "}, {FieldTicket, "Open ticket: "}} {
		if v := c.Text[f.field]; v != "" {
			lines = append(lines, f.words+v)
		}
	}
	return strings.NewReplacer(noteBegin, "", noteEnd, "").Replace(strings.Join(lines, "\n"))
}

// notes decides our blocks in the configurations' notes.
func (d *decider) notes() {
	ids := map[string]bool{}
	for id := range d.in.Documentation.Notes {
		ids[id] = true
	}
	if d.in.Settings.NotesBlock {
		for id := range d.contents {
			ids[id] = true
		}
	}
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		if d.askedFor(id, nil) || d.contents[id].Status != "" {
			d.note(id)
		}
	}
}

func (d *decider) note(id string) {
	is := d.in.Documentation.Notes[id]
	w := WantedNote{Configuration: id, Title: d.titleOf(id)}
	c, shown := d.contents[id]
	config, listed := d.configs[id]
	switch {
	case !d.in.Settings.NotesBlock:
		w.Reason = "the block in the notes is switched off"
	case listed && config.PSASynced:
		w.Reason = "a PSA keeps this configuration, and its notes flow there"
	case shown && listed:
		w.Title, w.Organization, w.Text = c.Title, config.OrganizationID, noteOf(c)
		if w.Reason = "what the notes show changed"; is.Text == "" {
			w.Reason = "nothing is shown in the notes"
		}
	case d.held[id], d.place.retire == "" && !d.place.read:
		return // nothing is known for sure
	default:
		w.Reason = cmp.Or(d.place.retire, "no machine is shown at this configuration any more")
	}
	if w.Text == is.Text {
		if w.Text == "" && listed && config.PSASynced && shown {
			d.noteChange(plan.Skip, w, is.Text)
		}
		return
	}
	if is.Refused != "" && is.RefusedText == cmp.Or(w.Text, state.NoNote) {
		w.Reason = "refused: " + is.Refused
		d.noteChange(plan.Skip, w, is.Text)
		return
	}
	first, _, _ := strings.Cut(w.Text, "\n")
	if was, _, _ := strings.Cut(is.Text, "\n"); was == first && w.Text != "" && d.in.Only == "" {
		if due := is.At.Add(d.in.Settings.TimesEvery); d.in.Now.Before(due) {
			d.out.at(due)
			w.Reason = "only times changed; they are written at " + moment(due)
			d.noteChange(plan.Skip, w, is.Text)
			return
		}
	}
	d.out.Notes = append(d.out.Notes, w)
	switch {
	case w.Text == "":
		d.noteChange(plan.Unlink, w, is.Text)
	case is.Text == "":
		d.noteChange(plan.Create, w, is.Text)
	default:
		d.noteChange(plan.Update, w, is.Text)
	}
}

func (d *decider) noteChange(action plan.Action, w WantedNote, before string) {
	c := plan.Change{
		Key: "notes|" + w.Configuration, Vendor: string(state.ITGlue), Kind: plan.NotesBlock, Action: action,
		CustomerID: d.in.Slice.Customer.ID, CustomerName: d.in.Slice.Customer.Name,
		Title: w.Title, TargetID: w.Configuration, Reason: w.Reason,
	}
	if action != plan.Skip {
		c.Fields = []plan.Field{{Name: "Notes", Before: before, After: w.Text}}
	}
	d.out.Changes = append(d.out.Changes, c)
}
