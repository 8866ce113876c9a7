package review_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/review"
	"uniview-bridge/pkg/state"
)

// suggest gives a customer suggestions for its organization.
func (w *world) suggest(id, name string, suggestions ...match.Suggestion) {
	w.t.Helper()
	w.save(state.CustomerKey(id), state.Customer{ID: id, Name: name, Links: match.CustomerLinks{
		Organization: match.Link{State: match.Suggested, By: match.Auto, Suggestions: suggestions},
	}})
}

func TestManySuggestionsAreAcceptedFromAScoreOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t) // c1 → o1 with 0.9, c2 is matched to o2
	snapshot(w, state.ListOrganizations, []match.Organization{{ID: "o1", Name: "One"}, {ID: "o2", Name: "Two"}, {ID: "o3", Name: "Three"}, {ID: "o4", Name: "Four"}, {ID: "o5", Name: "Five"}, {ID: "o6", Name: "Six"}}, func(o match.Organization) string { return o.ID })
	w.suggest("d1", "Rival a", suggestion("o3", "Three", .95))
	w.suggest("d2", "Rival b", suggestion("o3", "Three", .7))
	w.suggest("d3", "Taken", suggestion("o2", "Two", .99))
	w.suggest("d4", "Equal", suggestion("o4", "Four", .8), suggestion("o5", "Five", .8))
	w.suggest("d5", "Low", suggestion("o5", "Five", .6))
	w.suggest("d6", "Gone", suggestion("o9", "Nine", .97))
	w.suggest("d7", "Fine", suggestion("o6", "Six", .85), suggestion("o1", "One", .3))
	got := func(dry bool, f review.AcceptFilter) (review.AcceptResult, []string) {
		t.Helper()
		r, err := w.service.AcceptMany(t.Context(), anna, f, dry)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, a := range r.Items {
			line := a.ID + " " + a.TargetID + " " + a.Result
			if a.Why != "" {
				line += ": " + a.Why
			}
			out = append(out, line)
		}
		return r, out
	}
	f := review.AcceptFilter{Kind: review.Organization, MinScore: .7}
	const (
		gone  = "d6 o9 "
		equal = "d4 o4 skipped: Four and Five have equal right"
		a     = "d1 o3 skipped: Three is the best suggestion for Rival b, too (score 0.70)"
		b     = "d2 o3 skipped: Three is the best suggestion for Rival a, too (score 0.95)"
		taken = "d3 o2 skipped: Two is matched to Customer c2 already: accept it by itself if both are meant"
	)
	r, list := got(true, f)
	if diff := cmp.Diff([]string{"c1 o1 accept", equal, "d7 o6 accept", gone + "accept", a, b, taken}, list); diff != "" {
		t.Errorf("dry run (-want +got):\n%s", diff)
	}
	if r.Accepted != 3 || r.Skipped != 4 || r.Below != 1 {
		t.Errorf("counts: %+v", r)
	}
	if entries, _ := state.Audits(t.Context(), w.store, "", 9); len(entries) > 0 {
		t.Errorf("a dry run decided: %+v", entries)
	}
	r, list = got(false, f)
	missing := gone + "skipped: the suggested record is not there any more: wait for the next sync or match to another one"
	if diff := cmp.Diff([]string{"c1 o1 accepted", equal, "d7 o6 accepted", missing, a, b, taken}, list); diff != "" {
		t.Errorf("done (-want +got):\n%s", diff)
	}
	if r.Accepted != 2 || r.RunID == "" {
		t.Errorf("counts: %+v", r)
	}
	if l := w.customer("d7").Links.Organization; l.TargetID != "o6" || l.By != anna || len(l.Suggestions) != 2 {
		t.Errorf("%+v", l)
	}
	if r, list := got(false, f); r.Accepted != 0 || len(list) != 5 {
		t.Errorf("repeated: %q", list)
	}
	if r, list := got(true, review.AcceptFilter{Kind: review.Organization, MinScore: .5, Query: "LOW"}); r.Accepted != 1 || list[0] != "d5 o5 accept" {
		t.Errorf("filtered: %q", list)
	}
	if r, _ := got(true, review.AcceptFilter{Kind: review.Company, MinScore: .5}); len(r.Items) != 0 {
		t.Errorf("companies: %+v", r)
	}
	for _, bad := range []review.AcceptFilter{{Kind: review.Organization}, {Kind: review.Organization, MinScore: 1.5}, {Kind: "mode", MinScore: .9}} {
		if _, err := w.service.AcceptMany(t.Context(), anna, bad, true); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
}

func TestManyMachinesAreAcceptedCustomerByCustomer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	link := match.Link{State: match.Suggested, By: match.Auto, Suggestions: []match.Suggestion{suggestion("k2", "SRV2", .8)}}
	w.save(state.DocumentationKey("c2"), state.Documentation{Machines: map[string]state.Machine{
		"appliance:m2": {Name: "SRV2", Link: link},
		"appliance:m9": {Name: "OLD", Link: link, SupersededBy: "appliance:m2"},
	}})
	w.save(state.DocumentationKey("c1"), state.Documentation{Machines: map[string]state.Machine{
		"appliance:m1": {Name: "SRV1", Link: match.Link{State: match.Suggested, Suggestions: []match.Suggestion{suggestion("k1", "SRV1", .8)}}},
	}})
	r, err := w.service.AcceptMany(t.Context(), anna, review.AcceptFilter{Kind: review.Configuration, MinScore: .8}, false)
	if err != nil || len(r.Items) != 2 || r.Accepted != 1 {
		t.Fatalf("%v %+v", err, r)
	}
	if a := r.Items[0]; a.ID != "appliance:m1" || a.Result != review.Skipped || a.Why != "match the customer to an organization first" {
		t.Errorf("a customer without an organization: %+v", a)
	}
	if l := w.machine("c2"); l.TargetID != "k2" || l.By != anna {
		t.Errorf("%+v", l)
	}
}
