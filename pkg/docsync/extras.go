package docsync

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"uniview-bridge/pkg/itglue"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/vendorhttp"
)

// writeNotes writes our blocks into the notes of configurations, each into what stands
// there at that moment. Answers are recorded in groups; one that was not recorded is
// found to be written already the next time.
func (a *applier) writeNotes(ctx context.Context, wanted []WantedNote) error {
	for chunk := range slices.Chunk(wanted, group(len(wanted))) {
		answers := map[string]state.Note{}
		var failure error
		for _, w := range chunk {
			if ctx.Err() != nil {
				failure = a.halt("the time was up before all notes were written; it goes on with the next sync")
				break
			}
			refusal, err := a.writeNote(ctx, w)
			if err != nil {
				failure = a.failed(ctx, w.Title+": its notes", err)
				break
			}
			note := state.Note{Text: w.Text, At: a.Now().UTC()}
			if refusal != "" {
				note = a.job.in.Documentation.Notes[w.Configuration]
				note.Refused, note.RefusedText = clip(refusal), cmp.Or(w.Text, state.NoNote)
				a.out.result.Failed++
				a.note("%s: the block in its notes was not written: %s", w.Title, refusal)
			}
			answers[w.Configuration] = note
		}
		if err := a.recordNotes(ctx, answers); err != nil {
			return err
		}
		if failure != nil {
			return failure
		}
	}
	return nil
}

// writeNote writes one block. A refusal says why it will not be written as it is; an
// error that another try may help.
func (a *applier) writeNote(ctx context.Context, w WantedNote) (refusal string, err error) {
	c, err := a.session.Client.GetConfiguration(ctx, w.Configuration)
	switch {
	case vendorhttp.IsNotFound(err) && w.Text == "":
		return "", nil // gone with everything in it
	case err != nil && refused(err):
		return err.Error(), nil
	case err != nil:
		return "", err
	case w.Text != "" && c.Synced():
		return "a PSA keeps this configuration now, and its notes flow there", nil
	case w.Text != "" && c.OrganizationID != w.Organization:
		return "the configuration was moved to another organization", nil
	}
	notes, err := PutNote(c.Notes, w.Text)
	if err != nil {
		return err.Error(), nil
	}
	if notes == c.Notes {
		return "", nil
	}
	if _, err := a.session.Client.UpdateConfigurationNotes(ctx, w.Configuration, notes); err != nil {
		if refused(err) {
			return err.Error(), nil
		}
		return "", err
	}
	a.changed("update notes")
	return "", nil
}

func (a *applier) recordNotes(ctx context.Context, answers map[string]state.Note) error {
	if len(answers) == 0 {
		return nil
	}
	return a.record(ctx, func(doc *state.Documentation) bool {
		before := maps.Clone(doc.Notes)
		if doc.Notes == nil {
			doc.Notes = map[string]state.Note{}
		}
		for id, n := range answers {
			if n.Text == "" && n.Refused == "" {
				delete(doc.Notes, id)
			} else {
				doc.Notes[id] = n
			}
		}
		return !maps.Equal(before, doc.Notes)
	})
}

// writeBanner writes the alert text of an organization, if it is empty or ours.
func (a *applier) writeBanner(ctx context.Context, w WantedBanner) error {
	if w.Organization == "" {
		return nil
	}
	is := a.job.in.Documentation.Banner
	now := state.Banner{Organization: w.Organization, Text: w.Text, Key: w.Key, At: a.Now().UTC()}
	refusal, err := a.replaceAlert(ctx, w, is)
	if err != nil {
		return a.failed(ctx, "the organization's banner", err)
	}
	if refusal != "" {
		if now = is; is.Text == "" {
			now = state.Banner{Organization: w.Organization}
		}
		now.Refused, now.RefusedKey = clip(refusal), cmp.Or(w.Key, state.NoNote)
		a.out.result.Failed++
		a.note("the banner on the organization was not written: %s", refusal)
	} else if w.Text == "" {
		now = state.Banner{}
	}
	return a.record(ctx, func(doc *state.Documentation) bool {
		before := doc.Banner
		doc.Banner = now
		return before != now
	})
}

func (a *applier) replaceAlert(ctx context.Context, w WantedBanner, is state.Banner) (refusal string, err error) {
	var o itglue.Organization
	o, err = a.session.Client.GetOrganization(ctx, w.Organization)
	switch {
	case vendorhttp.IsNotFound(err) && w.Text == "":
		return "", nil
	case err != nil && refused(err):
		return err.Error(), nil
	case err != nil:
		return "", err
	}
	mine := ours(o.Alert, a.job.in.Slice.Customer.Name, is)
	switch {
	case w.Text == "" && !mine, w.Text != "" && o.Alert == w.Text:
		return "", nil // somebody wrote something else, or it stands there already
	case w.Text != "" && o.Alert != "" && !mine:
		return "another alert stands on the organization; it is left as it is", nil
	}
	if _, err := a.session.Client.UpdateOrganizationAlert(ctx, w.Organization, w.Text); err != nil {
		if refused(err) {
			return err.Error(), nil
		}
		return "", err
	}
	a.changed("update organization banner")
	return "", nil
}

// record changes the customer's documentation record; change runs again when another
// writer was faster, so it must look at what is there. It says whether it changed
// anything.
func (a *applier) record(ctx context.Context, change func(doc *state.Documentation) bool) error {
	customer := a.job.work.Customer
	_, err := state.UpdateDocumentation(context.WithoutCancel(ctx), a.Table, customer, func(doc *state.Documentation) error {
		if !change(doc) {
			return state.Unchanged()
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("record what is published of %s: %w", customer, err)
	}
	return nil
}
