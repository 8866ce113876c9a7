package docsync

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"uniview-bridge/pkg/itglue"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/vendorhttp"
)

// group is how many of n writes are made before their answers are recorded. A record of
// thousands of machines is large, so it is written fewer times; answers that a crash
// kept from being recorded are found again by the search.
func group(n int) int { return min(max(50, n/20), 500) }

// outcome is what applying a decision came to.
type outcome struct {
	result   state.Result
	complete bool      // everything was tried: the due record may be written
	next     time.Time // when to look again at what is left
}

// errHalt ends applying early; the customer stays due. Its reason was noted.
var errHalt = errors.New("applying stopped")

// applier applies one decision.
type applier struct {
	*Service
	job     job
	session state.Session[ITGlue]
	typ     Type
	lists   map[string]map[string]itglue.FlexibleAsset // organization → id → asset
	byKey   map[string][]string                        // our key → ids, lowest first
	claimed map[string]state.Publication               // configuration → the record before our claim, while its create was certainly not sent
	at      time.Time                                  // when we claimed
	out     outcome
}

// apply carries a decision out: claim, search, withdraw, create, update. The error
// is our own store's.
func (s *Service) apply(ctx context.Context, j job, d Decision) (outcome, error) {
	a := &applier{
		Service: s, job: j, lists: map[string]map[string]itglue.FlexibleAsset{}, byKey: map[string][]string{},
		claimed: map[string]state.Publication{}, out: outcome{result: state.Result{Done: true, Changed: map[string]int{}}, complete: true},
	}
	err := a.run(ctx, d)
	if release := a.release(context.WithoutCancel(ctx)); release != nil && (err == nil || errors.Is(err, errHalt)) {
		err = release
	}
	if err != nil && !errors.Is(err, errHalt) {
		return a.out, err
	}
	return a.out, nil
}

func (a *applier) run(ctx context.Context, d Decision) error {
	var err error
	if a.session, err = a.Open(ctx); err != nil {
		return a.halt("IT Glue: " + err.Error())
	}
	if a.typ, err = a.ensureType(ctx, a.session.Client, a.job.in.Settings); err != nil {
		return a.typeFailed(ctx, err)
	}
	work := map[Action][]Wanted{}
	for _, w := range d.Wanted {
		work[w.Action] = append(work[w.Action], w)
	}
	creates, err := a.claim(ctx, work[ActionCreate])
	if err != nil {
		return err
	}
	if err := a.search(ctx, slices.Concat(creates, work[ActionUpdate], work[ActionRetire], work[ActionSearch])); err != nil {
		return err
	}
	if err := a.withdraw(ctx, work[ActionRetire]); err != nil {
		return err
	}
	adopted, missing, err := a.adopt(ctx, creates, work[ActionSearch])
	if err != nil {
		return err
	}
	if err := a.create(ctx, missing); err != nil {
		return err
	}
	if err := a.update(ctx, slices.Concat(adopted, work[ActionUpdate])); err != nil {
		return err
	}
	if err := a.writeNotes(ctx, d.Notes); err != nil {
		return err
	}
	return a.writeBanner(ctx, d.Banner)
}

// note keeps a reason; the customer stays due for it.
func (a *applier) note(format string, args ...any) {
	a.out.result.Done = false
	a.out.result.Reasons = append(a.out.result.Reasons, fmt.Sprintf(format, args...))
}

func (a *applier) halt(reason string) error {
	a.note("%s", reason)
	a.out.complete = false
	return errHalt
}

// failed hands a vendor error to the connection and ends applying.
func (a *applier) failed(ctx context.Context, what string, err error) error {
	return a.halt(what + ": " + a.session.Fail(context.WithoutCancel(ctx), err).Error())
}

func (a *applier) typeFailed(ctx context.Context, err error) error {
	var wait *waitError
	var vendor *vendorError
	switch {
	case errors.As(err, &wait):
		a.out.next = earliest(a.out.next, wait.until)
		return a.halt(wait.reason)
	case errors.As(err, &vendor):
		return a.failed(ctx, "flexible asset type", vendor.err)
	default:
		return err
	}
}

// search lists our flexible assets completely in every organization concerned.
func (a *applier) search(ctx context.Context, wanted []Wanted) error {
	for _, w := range wanted {
		if _, done := a.lists[w.Organization]; done {
			continue
		}
		found, err := a.session.Client.ListFlexibleAssets(ctx, itglue.FlexibleAssetQuery{TypeID: a.typ.ID, OrganizationID: w.Organization})
		if vendorhttp.IsNotFound(err) && w.Organization != "" && w.Action == ActionRetire {
			found, err = nil, nil // the organization is gone with everything in it
		}
		if err != nil {
			return a.failed(ctx, "search", err)
		}
		a.index(w.Organization, found)
	}
	for key, ids := range a.byKey {
		slices.SortFunc(ids, func(x, y string) int { return cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y)) })
		if len(ids) > 1 {
			a.out.result.Reasons = append(a.out.result.Reasons,
				fmt.Sprintf("flexible assets %v carry the same key %s: the first is kept up to date, please remove the others", ids, key))
		}
	}
	return nil
}

func (a *applier) index(organization string, found []itglue.FlexibleAsset) {
	list := map[string]itglue.FlexibleAsset{}
	for _, f := range found {
		list[f.ID] = f
		if key := itglue.TraitText(f.Traits[a.typ.Keys[FieldKey]]); key != "" {
			a.byKey[key] = append(a.byKey[key], f.ID)
		}
	}
	a.lists[organization] = list
}

// find returns the flexible asset of a publication: by its id, else by our key.
func (a *applier) find(w Wanted) (itglue.FlexibleAsset, bool) {
	if f, ok := a.lists[w.Organization][w.Asset]; ok && w.Asset != "" {
		return f, true
	}
	if ids := a.byKey[w.Key]; len(ids) > 0 {
		f, ok := a.lists[w.Organization][ids[0]]
		return f, ok
	}
	return itglue.FlexibleAsset{}, false
}

// withdraw blanks and archives what stands where it must not.
func (a *applier) withdraw(ctx context.Context, retire []Wanted) error {
	now := a.Now().UTC()
	done := map[string]bool{}
	later := map[string]time.Time{} // configuration → next search
	yes := true
	var writes []itglue.FlexibleAssetWrite
	var of []Wanted
	for _, w := range retire {
		pub := a.job.in.Documentation.Publications[w.Configuration]
		f, found := a.find(w)
		switch {
		case found:
			write := itglue.FlexibleAssetWrite{ID: f.ID, Archived: &yes}
			// What a person put into fields that an update would delete stays: then the
			// asset is only archived.
			if ours := a.typ.ours(); len(itglue.Unmergeable(f.Traits, ours)) == 0 {
				write.Traits = itglue.MergeTraits(f.Traits, w.Content.traits(a.typ), ours)
			}
			writes, of = append(writes, write), append(of, w)
		case pub.State == state.PublicationCreated && now.Before(pub.Published.Add(a.job.in.Settings.window())):
			a.out.next = earliest(a.out.next, pub.Published.Add(a.job.in.Settings.window())) // too new to be surely listed
		case pub.State == state.PublicationCreated || !now.Before(lostAt(pub).Add(a.job.in.Settings.window())):
			done[w.Configuration] = true // it is not there
		default:
			later[w.Configuration] = a.job.in.Settings.searchDue(lostAt(pub), now)
			a.out.next = earliest(a.out.next, later[w.Configuration])
		}
	}
	var failure error
	size := group(len(writes))
	for start := 0; start < len(writes) && failure == nil; start += size {
		chunk := writes[start:min(start+size, len(writes))]
		results, err := a.session.Client.UpdateFlexibleAssets(ctx, chunk)
		for i, r := range results {
			if r.Err == nil {
				done[of[start+i].Configuration] = true
				a.changed("unlink flexible asset")
			} else if !errors.Is(r.Err, itglue.ErrNotSent) {
				a.out.result.Failed++
				a.note("%s: withdrawing it failed: %v", of[start+i].Title, r.Err)
				a.out.complete = false
			}
		}
		failure = err
	}
	err := a.publications(ctx, func(p map[string]state.Publication) {
		for _, w := range retire {
			pub := p[w.Configuration]
			if pub.Organization != w.Organization {
				continue
			}
			switch {
			case done[w.Configuration]:
				f, _ := a.find(w)
				p[w.Configuration] = state.Publication{Organization: w.Organization, Asset: f.ID, State: state.PublicationRetired, Published: now}
			case !later[w.Configuration].IsZero():
				pub.Lost, pub.SearchDue, pub.State = lostAt(pub), later[w.Configuration], state.PublicationUncertain
				p[w.Configuration] = pub
			}
		}
	})
	if err != nil {
		return err
	}
	if failure != nil {
		return a.failed(ctx, "withdraw", failure)
	}
	if len(done)+len(later) < len(retire) {
		return a.halt("nothing is made elsewhere before what stands in the wrong place is withdrawn")
	}
	return nil
}
