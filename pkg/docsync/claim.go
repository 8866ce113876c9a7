package docsync

import (
	"context"
	"maps"
	"slices"
	"time"

	"uniview-bridge/pkg/state"
)

// publications changes the records of publications, as record does.
func (a *applier) publications(ctx context.Context, change func(p map[string]state.Publication)) error {
	return a.record(ctx, func(doc *state.Documentation) bool {
		if doc.Publications == nil {
			doc.Publications = map[string]state.Publication{}
		}
		before := maps.Clone(doc.Publications)
		change(doc.Publications)
		return !maps.Equal(before, doc.Publications)
	})
}

// claim takes the creates that nobody else took, all by one conditional write.
func (a *applier) claim(ctx context.Context, creates []Wanted) ([]Wanted, error) {
	if len(creates) == 0 {
		return nil, nil
	}
	now := a.Now().UTC()
	a.at = now
	decided := a.job.in.Documentation.Publications
	err := a.publications(ctx, func(p map[string]state.Publication) {
		a.claimed = map[string]state.Publication{}
		for _, w := range creates {
			if p[w.Configuration] != decided[w.Configuration] {
				continue // somebody else went on with it
			}
			before := p[w.Configuration]
			a.claimed[w.Configuration] = before
			p[w.Configuration] = state.Publication{
				Organization: w.Organization, State: state.PublicationCreating, Owner: a.job.work.Run,
				Claimed: now, Lease: now.Add(a.job.in.Settings.Lease), Attempts: before.Attempts,
				Refused: before.Refused, RefusedDigest: before.RefusedDigest,
			}
		}
	})
	if err != nil {
		a.claimed = map[string]state.Publication{}
		return nil, err
	}
	var mine []Wanted
	for _, w := range creates {
		if _, ok := a.claimed[w.Configuration]; ok {
			mine = append(mine, w)
		}
	}
	if len(mine) < len(creates) {
		a.note("%d creates are in other hands", len(creates)-len(mine))
		a.out.next = earliest(a.out.next, now.Add(time.Minute))
	}
	return mine, nil
}

// release gives back the claims whose create was certainly not sent.
func (a *applier) release(ctx context.Context) error {
	if len(a.claimed) == 0 {
		return nil
	}
	err := a.publications(ctx, func(p map[string]state.Publication) {
		for id, before := range a.claimed {
			switch now := p[id]; {
			case now.State != state.PublicationCreating || now.Owner != a.job.work.Run || !now.Claimed.Equal(a.at): // not our claim
			case before.State == "":
				delete(p, id)
			default:
				p[id] = before
			}
		}
	})
	a.claimed = map[string]state.Publication{}
	return err
}

// lostAt is since when a create's outcome is not known.
func lostAt(p state.Publication) time.Time {
	if p.State == state.PublicationUncertain {
		return p.Lost
	}
	return p.Claimed
}

// adopt records the creates that turned out to have succeeded, and sets the next
// search of those that did not show up in time. It returns what was found, to be
// brought up to date, and the claimed creates that are certainly not there.
func (a *applier) adopt(ctx context.Context, creates, searches []Wanted) (adopted, missing []Wanted, err error) {
	now := a.Now().UTC()
	found := map[string]string{}
	next := map[string]time.Time{}
	for _, w := range slices.Concat(creates, searches) {
		f, ok := a.find(w)
		switch {
		case ok:
			found[w.Configuration] = f.ID
			w.Asset = f.ID
			if w.Ready {
				adopted = append(adopted, w)
			}
		case w.Action == ActionCreate:
			missing = append(missing, w)
		default:
			due := a.job.in.Settings.searchDue(lostAt(a.job.in.Documentation.Publications[w.Configuration]), now)
			next[w.Configuration] = due
			a.out.next = earliest(a.out.next, due)
			a.note("%s: its create may have succeeded; not found yet, the next search is due at %s", w.Title, moment(due))
		}
	}
	err = a.publications(ctx, func(p map[string]state.Publication) {
		for id, asset := range found {
			pub := p[id]
			p[id] = state.Publication{Organization: pub.Organization, Asset: asset, State: state.PublicationCreated, Attempts: pub.Attempts}
		}
		for id, due := range next {
			pub := p[id]
			if pub.State == state.PublicationCreating || pub.State == state.PublicationUncertain {
				pub.Lost, pub.SearchDue, pub.State = lostAt(pub), due, state.PublicationUncertain
				p[id] = pub
			}
		}
	})
	for id := range found {
		delete(a.claimed, id)
	}
	return adopted, missing, err
}
