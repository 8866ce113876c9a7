package docsync

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"uniview-bridge/pkg/itglue"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/vendorhttp"
)

// create makes what is claimed and not there, in bulk, and records every answer
// before the next request.
func (a *applier) create(ctx context.Context, missing []Wanted) error {
	for _, chunk := range chunks(missing) {
		if ctx.Err() != nil {
			return a.halt("the time was up before everything was created; it goes on with the next sync")
		}
		writes := make([]itglue.FlexibleAssetWrite, len(chunk))
		for i, w := range chunk {
			writes[i] = itglue.FlexibleAssetWrite{TypeID: a.typ.ID, KeyTrait: a.typ.Keys[FieldKey], Traits: w.Content.traits(a.typ)}
			if w.Content.Restricted {
				writes[i].Restricted = &w.Content.Restricted
			}
		}
		// From here on these claims stand, whatever fails: only one whose create was
		// certainly not made is given back.
		before := a.keep(chunk)
		results, failure := a.session.Client.CreateFlexibleAssets(ctx, chunk[0].Organization, writes)
		if len(results) != len(chunk) { // refused before anything was sent
			if failure == nil {
				failure = errors.New("the client gave no results")
			}
			maps.Copy(a.claimed, before)
			return a.failed(ctx, "create", failure)
		}
		if err := a.created(ctx, chunk, results, before); err != nil {
			return err
		}
		if failure != nil {
			return a.failed(ctx, "create", failure)
		}
	}
	return nil
}

// chunks splits creates into groups, of one organization each.
func chunks(wanted []Wanted) [][]Wanted {
	var out [][]Wanted
	size := group(len(wanted))
	for _, w := range wanted {
		if n := len(out); n > 0 && len(out[n-1]) < size && out[n-1][0].Organization == w.Organization {
			out[n-1] = append(out[n-1], w)
		} else {
			out = append(out, []Wanted{w})
		}
	}
	return out
}

// keep takes the claims of a chunk out of those that are given back in the end, and
// returns the records before them.
func (a *applier) keep(chunk []Wanted) map[string]state.Publication {
	before := map[string]state.Publication{}
	for _, w := range chunk {
		if was, ok := a.claimed[w.Configuration]; ok {
			before[w.Configuration] = was
			delete(a.claimed, w.Configuration)
		}
	}
	return before
}

// created records the answers to one bulk create. Once they are recorded, the claims
// whose create was certainly not made are given back, to be as they were before.
func (a *applier) created(ctx context.Context, chunk []Wanted, results []itglue.WriteResult, before map[string]state.Publication) error {
	now := a.Now().UTC()
	err := a.publications(ctx, func(p map[string]state.Publication) {
		for i, w := range chunk {
			pub := p[w.Configuration]
			pub.Attempts++
			switch err := results[i].Err; {
			case err == nil:
				pub = recorded(pub, w, results[i].Asset.ID, now)
			case vendorhttp.IsUncertain(err):
				pub.State, pub.Lost = state.PublicationUncertain, now
				pub.SearchDue = a.job.in.Settings.searchDue(now, now)
			case refused(err):
				pub = a.refuse(pub, w, err)
				pub.State = state.PublicationRefused
			default:
				continue // certainly not sent or not made
			}
			p[w.Configuration] = pub
		}
	})
	if err != nil {
		return err
	}
	anyRefused := false
	for i, w := range chunk {
		switch err := results[i].Err; {
		case err == nil:
			a.changed("create flexible asset")
		case vendorhttp.IsUncertain(err):
			a.out.next = earliest(a.out.next, a.job.in.Settings.searchDue(now, now))
			a.note("%s: the answer to its create was lost; it is searched for before anything is repeated", w.Title)
		case refused(err):
			a.out.result.Failed++
			a.note("%s: IT Glue refused to create it: %v", w.Title, err)
			anyRefused = true
		default:
			if was, ok := before[w.Configuration]; ok {
				a.claimed[w.Configuration] = was
			}
		}
	}
	return a.afterRefusal(ctx, anyRefused)
}

// update writes what changed, with what people added.
func (a *applier) update(ctx context.Context, wanted []Wanted) error {
	no := false
	var gone []string
	for chunk := range slices.Chunk(wanted, group(len(wanted))) {
		if ctx.Err() != nil {
			return a.halt("the time was up before everything was updated; it goes on with the next sync")
		}
		var writes []itglue.FlexibleAssetWrite
		var of []Wanted
		for _, w := range chunk {
			f, ok := a.find(w)
			if fresh := a.job.in.Documentation.Publications[w.Configuration].Published.Add(a.job.in.Settings.window()); !ok && a.Now().Before(fresh) {
				a.out.next = earliest(a.out.next, fresh)
				a.note("%s: its flexible asset is not listed yet; it is updated once it is", w.Title)
				continue
			}
			if !ok {
				gone = append(gone, w.Configuration)
				a.note("%s: its flexible asset is not in IT Glue any more; it is made again", w.Title)
				continue
			}
			if f.Archived && w.Action == ActionUpdate {
				a.note("%s: its flexible asset was archived in IT Glue; take it out of the archive there to show the machine again", w.Title)
				continue
			}
			traits, ok := a.traits(w, f)
			if !ok {
				continue
			}
			w.Asset = f.ID
			write := itglue.FlexibleAssetWrite{ID: f.ID, Traits: traits}
			if f.Archived {
				write.Archived = &no
			}
			switch was := a.job.in.Documentation.Publications[w.Configuration].Restricted; {
			case w.Content.Restricted && !f.Restricted, was && !w.Content.Restricted: // what people restricted stays so
				write.Restricted = &w.Content.Restricted
			}
			writes, of = append(writes, write), append(of, w)
		}
		if len(writes) == 0 {
			continue
		}
		results, failure := a.session.Client.UpdateFlexibleAssets(ctx, writes)
		if len(results) == len(writes) {
			if err := a.updated(ctx, of, results); err != nil {
				return err
			}
		}
		if failure != nil {
			return a.failed(ctx, "update", failure)
		}
	}
	if len(gone) == 0 {
		return nil
	}
	a.out.next = earliest(a.out.next, a.Now().UTC())
	return a.publications(ctx, func(p map[string]state.Publication) {
		for _, id := range gone {
			if p[id].State == state.PublicationCreated {
				delete(p, id)
			}
		}
	})
}

// updated records the answers to one bulk update.
func (a *applier) updated(ctx context.Context, of []Wanted, results []itglue.WriteResult) error {
	now := a.Now().UTC()
	err := a.publications(ctx, func(p map[string]state.Publication) {
		for i, w := range of {
			pub := p[w.Configuration]
			if pub.State != state.PublicationCreated {
				continue
			}
			switch err := results[i].Err; {
			case err == nil:
				p[w.Configuration] = recorded(pub, w, w.Asset, now)
			case refused(err):
				p[w.Configuration] = a.refuse(pub, w, err)
			}
		}
	})
	if err != nil {
		return err
	}
	anyRefused := false
	for i, w := range of {
		switch err := results[i].Err; {
		case err == nil:
			a.changed("update flexible asset")
		case refused(err):
			a.out.result.Failed++
			a.note("%s: IT Glue refused the update: %v", w.Title, err)
			anyRefused = true
		case !errors.Is(err, itglue.ErrNotSent):
			a.out.complete = false
			a.note("%s: the update failed: %v", w.Title, err)
		}
	}
	return a.afterRefusal(ctx, anyRefused)
}

// refuse records that IT Glue refused a content. The first time it may be that
// somebody changed our type: it is tried once more with the type looked at again,
// and only then not repeated until the content changes.
func (a *applier) refuse(pub state.Publication, w Wanted, err error) state.Publication {
	digest := w.Content.Digest()
	first := onceRefused + digest
	if pub.RefusedDigest != first {
		digest = first
	}
	pub.Refused, pub.RefusedDigest = short(err), digest
	pub.Owner, pub.Claimed, pub.Lease = "", time.Time{}, time.Time{}
	return pub
}

// onceRefused marks a digest that was refused once only.
const onceRefused = "once "

func (a *applier) afterRefusal(ctx context.Context, refused bool) error {
	if !refused {
		return nil
	}
	a.out.next = earliest(a.out.next, a.Now().UTC().Add(time.Minute))
	return a.forgetType(context.WithoutCancel(ctx), a.typ)
}

// traits are the complete traits for an update. What people put into fields that an
// update would delete holds it back: false, and noted.
func (a *applier) traits(w Wanted, f itglue.FlexibleAsset) (map[string]any, bool) {
	ours := a.typ.ours()
	if lost := itglue.Unmergeable(f.Traits, ours); len(lost) > 0 {
		a.out.result.Failed++
		a.note("%s: an update would delete what a person put into %v; move it to another record, for example an attachment", w.Title, lost)
		return nil, false
	}
	return itglue.MergeTraits(f.Traits, w.Content.traits(a.typ), ours), true
}

func (a *applier) changed(what string) { a.out.result.Changed[what]++ }

// recorded is the record of a publication whose content was just written.
func recorded(pub state.Publication, w Wanted, asset string, now time.Time) state.Publication {
	return state.Publication{
		Organization: w.Organization, Asset: asset, State: state.PublicationCreated, Attempts: pub.Attempts,
		Now: w.Content.Now, Slow: w.Content.Slow, Shown: w.Content.Status, Published: now,
		Restricted: w.Content.Restricted,
	}
}

// refused says whether IT Glue refused this very record.
func refused(err error) bool {
	return !vendorhttp.IsUncertain(err) && (vendorhttp.IsInvalid(err) || vendorhttp.IsForbidden(err) || vendorhttp.IsConflict(err) || vendorhttp.IsNotFound(err))
}

// short is an error fit for the record.
func short(err error) string { return clip(err.Error()) }
