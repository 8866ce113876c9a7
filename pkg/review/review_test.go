package review_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/docsync"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/platform/local"
	"uniview-bridge/pkg/review"
	"uniview-bridge/pkg/state"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

const anna = "anna@msp.example"

type world struct {
	t       *testing.T
	store   *local.Store
	service *review.Service
	creator *fakeCreator
	now     time.Time

	mu    sync.Mutex
	asked []string
	ids   int
}

func suggestion(id, name string, score float64) match.Suggestion {
	return match.Suggestion{TargetID: id, TargetName: name, Score: score, Reasons: []string{"names alike"}}
}

// newWorld has customers c1 (suggested), c2 (matched), c3 (ambiguous), c4
// (unmatched), each with machine appliance:mN, and IT Glue organizations o1 to o4.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, now: noon, creator: &fakeCreator{}}
	store, err := local.Open(t.TempDir(), local.Options{NoSync: true, Now: func() time.Time { return w.now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	w.store = store
	w.service = &review.Service{
		Table: store, Directory: review.NewDirectory(store), Now: func() time.Time { return w.now }, Creator: w.creator,
		Random: func() string {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.ids++
			return fmt.Sprintf("r%03d", w.ids)
		},
		Request: func(_ context.Context, scope state.Scope, target, _ string) (string, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.asked = append(w.asked, strings.TrimSpace(string(scope)+" "+target))
			return "run", nil
		},
	}
	auto := func(s match.State, more func(*match.Link)) match.Link {
		l := match.Link{State: s, Reason: "by the rules", By: match.Auto, At: noon.Add(-time.Hour)}
		if more != nil {
			more(&l)
		}
		return l
	}
	for id, l := range map[string]match.Link{
		"c1": auto(match.Suggested, func(l *match.Link) { l.Suggestions = []match.Suggestion{suggestion("o1", "One", .9)} }),
		"c2": auto(match.Matched, func(l *match.Link) { l.TargetID, l.TargetName = "o2", "Two" }),
		"c3": auto(match.Attention, func(l *match.Link) {
			l.Cause, l.Suggestions = match.Ambiguous, []match.Suggestion{suggestion("o1", "One", 1), suggestion("o3", "Three", 1)}
		}),
		"c4": auto(match.Unmatched, nil),
	} {
		w.save(state.CustomerKey(id), state.Customer{ID: id, Name: "Customer " + id, Links: match.CustomerLinks{Organization: l, Company: auto(match.Unmatched, nil)}})
		w.save(state.DocumentationKey(id), state.Documentation{Machines: map[string]state.Machine{
			"appliance:m" + id[1:]: {Name: "SRV" + id[1:], Link: auto(match.Unmatched, nil)},
		}})
	}
	snapshot(w, state.ListOrganizations, []match.Organization{{ID: "o1", Name: "One"}, {ID: "o2", Name: "Two"}, {ID: "o3", Name: "Three"}}, func(o match.Organization) string { return o.ID })
	snapshot(w, state.ListCompanies, []match.Company{{ID: "7", Name: "Seven"}, {ID: "8", Name: "Eight", Deleted: true}}, func(c match.Company) string { return c.ID })
	snapshot(w, state.ListConfigurations, []match.Configuration{
		{ID: "k1", OrganizationID: "o1", Name: "SRV1"}, {ID: "k2", OrganizationID: "o2", Name: "SRV2"}, {ID: "k3", OrganizationID: "o2", Name: "OLD", Archived: true},
	}, func(c match.Configuration) string { return c.ID })
	var assets []backup.Asset
	for _, n := range []string{"1", "2", "3", "4"} {
		assets = append(assets, backup.Asset{Family: backup.FamilyAppliance, ID: "m" + n, CustomerID: "c" + n, Name: "SRV" + n, MAC: "00:11:22:33:44:5" + n})
	}
	snapshot(w, state.ListAssets, assets, backup.Asset.Key)
	return w
}

func (w *world) save(key state.Key, v any) {
	w.t.Helper()
	if _, err := state.Save(w.t.Context(), w.store, key, v, state.Any, time.Time{}); err != nil {
		w.t.Fatal(err)
	}
}

func snapshot[T any](w *world, list string, records []T, id func(T) string) {
	w.t.Helper()
	if _, err := state.SaveSnapshot(w.t.Context(), w.store, list, noon, noon, records, id); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) customer(id string) state.Customer {
	w.t.Helper()
	c, _, err := state.Load[state.Customer](w.t.Context(), w.store, state.CustomerKey(id))
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func (w *world) machine(customer string) match.Link {
	w.t.Helper()
	d, err := state.LoadDocumentation(w.t.Context(), w.store, customer)
	if err != nil {
		w.t.Fatal(err)
	}
	return d.Machines["appliance:m"+customer[1:]].Link
}

// decide carries a decision out on a customer's side, or a machine's configuration.
func (w *world) decide(kind review.Side, id string, d review.Decision) (review.Outcome, error) {
	if kind == review.Configuration {
		return w.service.Machine(w.t.Context(), anna, id, d)
	}
	return w.service.Customer(w.t.Context(), anna, id, kind, d)
}

func TestDecisions(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind     review.Side
		id       string
		decision review.Decision
		want     match.Link // By and At are the person's where State is decided
		refused  string     // part of the sentence
	}{
		"accepting the only suggestion matches":            {review.Organization, "c1", review.Decision{Action: review.Accept}, match.Link{State: match.Matched, TargetID: "o1", TargetName: "One", Reason: "suggestion accepted by a person"}, ""},
		"accepting one of equal right needs its name":      {review.Organization, "c3", review.Decision{Action: review.Accept}, match.Link{}, "several suggestions have equal right"},
		"accepting a named one of equal right matches":     {review.Organization, "c3", review.Decision{Action: review.Accept, TargetID: "o3"}, match.Link{State: match.Matched, TargetID: "o3", TargetName: "Three", Reason: "suggestion accepted by a person"}, ""},
		"accepting what was not suggested is refused":      {review.Organization, "c1", review.Decision{Action: review.Accept, TargetID: "o2"}, match.Link{}, "not among the suggestions"},
		"accepting without a suggestion is refused":        {review.Organization, "c4", review.Decision{Action: review.Accept}, match.Link{}, "no suggestion to accept"},
		"accepting an automatic match makes it a decision": {review.Organization, "c2", review.Decision{Action: review.Accept}, match.Link{State: match.Matched, TargetID: "o2", TargetName: "Two", Reason: "suggestion accepted by a person"}, ""},
		"matching to another record":                       {review.Organization, "c2", review.Decision{Action: review.Match, TargetID: "o3"}, match.Link{State: match.Matched, TargetID: "o3", TargetName: "Three", Reason: "matched by a person"}, ""},
		"matching to nothing is refused":                   {review.Organization, "c2", review.Decision{Action: review.Match}, match.Link{}, "needs the id"},
		"matching to a record that is not there":           {review.Organization, "c2", review.Decision{Action: review.Match, TargetID: "o9"}, match.Link{}, "not there"},
		"matching a company":                               {review.Company, "c2", review.Decision{Action: review.Match, TargetID: "7"}, match.Link{State: match.Matched, TargetID: "7", TargetName: "Seven", Reason: "matched by a person"}, ""},
		"matching a deleted company is refused":            {review.Company, "c2", review.Decision{Action: review.Match, TargetID: "8"}, match.Link{}, "not there"},
		"ignoring keeps the person's reason":               {review.Organization, "c4", review.Decision{Action: review.Ignore, Reason: "left us"}, match.Link{State: match.Ignored, Reason: "left us"}, ""},
		"unmatching":                                       {review.Organization, "c2", review.Decision{Action: review.Unmatch}, match.Link{State: match.Unmatched, Reason: "unmatched by a person"}, ""},
		"unmatching what is not matched is refused":        {review.Organization, "c4", review.Decision{Action: review.Unmatch}, match.Link{}, "not matched"},
		"unignoring what is not ignored is refused":        {review.Organization, "c4", review.Decision{Action: review.Unignore}, match.Link{}, "not ignored"},
		"creating a company is refused":                    {review.Company, "c4", review.Decision{Action: review.Create}, match.Link{}, "does not create companies"},
		"matching a machine":                               {review.Configuration, "appliance:m2", review.Decision{Action: review.Match, TargetID: "k2"}, match.Link{State: match.Matched, TargetID: "k2", TargetName: "SRV2", Reason: "matched by a person"}, ""},
		"a machine of a customer without organization":     {review.Configuration, "appliance:m4", review.Decision{Action: review.Match, TargetID: "k2"}, match.Link{}, "match the customer to an organization first"},
		"a configuration of another organization":          {review.Configuration, "appliance:m2", review.Decision{Action: review.Match, TargetID: "k1"}, match.Link{}, "another organization"},
		"an archived configuration":                        {review.Configuration, "appliance:m2", review.Decision{Action: review.Match, TargetID: "k3"}, match.Link{}, "not there"},
		"ignoring a machine needs no organization":         {review.Configuration, "appliance:m4", review.Decision{Action: review.Ignore}, match.Link{State: match.Ignored, Reason: "ignored by a person"}, ""},
		"a machine that is not there":                      {review.Configuration, "appliance:m9", review.Decision{Action: review.Ignore}, match.Link{}, "no such machine"},
		"a customer that is not there":                     {review.Organization, "c9", review.Decision{Action: review.Ignore}, match.Link{}, "no such customer"},
		"an action that is none":                           {review.Organization, "c1", review.Decision{Action: "merge"}, match.Link{}, "no such action"},
		"a reason of a novel's length":                     {review.Organization, "c1", review.Decision{Action: review.Ignore, Reason: strings.Repeat("x", 301)}, match.Link{}, "longer than 300"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			out, err := w.decide(c.kind, c.id, c.decision)
			if c.refused != "" {
				var refusal *review.Refusal
				if !errors.As(err, &refusal) || !strings.Contains(refusal.Message, c.refused) {
					t.Fatalf("got %v, want a refusal with %q", err, c.refused)
				}
				if entries, _ := state.Audits(t.Context(), w.store, "", 10); len(entries)+len(w.asked) > 0 {
					t.Errorf("a refusal left traces: %v %v", entries, w.asked)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			c.want.By, c.want.At, c.want.Suggestions = anna, noon, out.Link.Suggestions
			if diff := cmp.Diff(c.want, out.Link); diff != "" {
				t.Errorf("link (-want +got):\n%s", diff)
			}
			customer := "c" + c.id[len(c.id)-1:]
			if got := w.customer(customer); got.Decisions != 1 {
				t.Errorf("the customer is not made due: %d decisions", got.Decisions)
			}
			entries, err := state.Audits(t.Context(), w.store, "", 10)
			if err != nil || len(entries) != 1 || entries[0].By != anna || entries[0].Action != string(c.decision.Action) || entries[0].ID != out.AuditID {
				t.Errorf("audit: %v %+v", err, entries)
			}
			if diff := cmp.Diff([]string{"customer " + customer}, w.asked); diff != "" {
				t.Errorf("syncs asked for (-want +got):\n%s", diff)
			}
			if again, err := w.decide(c.kind, c.id, c.decision); err == nil && again.Changed && c.decision.Action != review.Accept {
				t.Error("the same decision again changed something")
			}
		})
	}
}

func TestIgnoredAndUnignoredIsLeftToTheRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.customer("c1").Links.Organization
	if _, err := w.decide(review.Organization, "c1", review.Decision{Action: review.Ignore}); err != nil {
		t.Fatal(err)
	}
	out, err := w.decide(review.Organization, "c1", review.Decision{Action: review.Unignore})
	if err != nil {
		t.Fatal(err)
	}
	if out.Link.Decided() || out.Link.State != match.Unmatched {
		t.Errorf("the rules may not decide again: %+v", out.Link)
	}
	if diff := cmp.Diff(before.Suggestions, out.Link.Suggestions); diff != "" {
		t.Errorf("suggestions were lost:\n%s", diff)
	}
}

func TestUndoRestoresWhatWasWithItsCandidates(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind review.Side
		id   string
		d    review.Decision
	}{
		"an accepted suggestion": {review.Organization, "c1", review.Decision{Action: review.Accept}},
		"a match out of doubt":   {review.Organization, "c3", review.Decision{Action: review.Match, TargetID: "o2"}},
		"an unmatched customer":  {review.Organization, "c2", review.Decision{Action: review.Unmatch}},
		"a matched machine":      {review.Configuration, "appliance:m2", review.Decision{Action: review.Match, TargetID: "k2"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			link := func() match.Link {
				if c.kind == review.Configuration {
					return w.machine("c2")
				}
				return w.customer(c.id).Links.Organization
			}
			before := link()
			out, err := w.decide(c.kind, c.id, c.d)
			if err != nil {
				t.Fatal(err)
			}
			w.now = noon.Add(time.Minute)
			if _, err := w.service.Undo(t.Context(), "ben", out.AuditID); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(before, link()); diff != "" {
				t.Errorf("not as before (-want +got):\n%s", diff)
			}
			if _, err := w.service.Undo(t.Context(), "ben", out.AuditID); err == nil {
				t.Error("it was undone twice")
			}
			entries, _ := state.Audits(t.Context(), w.store, "", 10)
			if len(entries) != 2 || entries[0].Action != "undo "+string(c.d.Action) || entries[0].By != "ben" {
				t.Errorf("audit: %+v", entries)
			}
		})
	}
}

func TestUndoRefusesWhatWasDecidedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, err := w.decide(review.Organization, "c1", review.Decision{Action: review.Accept})
	if err != nil {
		t.Fatal(err)
	}
	w.now = noon.Add(time.Minute)
	if _, err := w.decide(review.Organization, "c1", review.Decision{Action: review.Match, TargetID: "o3"}); err != nil {
		t.Fatal(err)
	}
	var refusal *review.Refusal
	if _, err := w.service.Undo(t.Context(), anna, first.AuditID); !errors.As(err, &refusal) || !strings.Contains(refusal.Message, "anna@msp.example decided this again at 2026-03-04 12:01 UTC (match): undo that first") {
		t.Errorf("got %v", err)
	}
	if _, err := w.service.Undo(t.Context(), anna, "20260101T000000Z-none"); !errors.As(err, &refusal) || refusal.Why != review.Unknown {
		t.Errorf("got %v", err)
	}
}

func TestAnUndoIsUndoneAndTheChainGoesBackStepByStep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	step := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		w.now = w.now.Add(time.Minute)
	}
	undo := func(id string) string {
		t.Helper()
		out, err := w.service.Undo(t.Context(), anna, id)
		step(err)
		return out.AuditID
	}
	target := func(want string) {
		t.Helper()
		if got := w.customer("c1").Links.Organization; got.TargetID != want {
			t.Errorf("linked to %q, want %q", got.TargetID, want)
		}
	}
	first, err := w.decide(review.Organization, "c1", review.Decision{Action: review.Accept})
	step(err)
	second, err := w.decide(review.Organization, "c1", review.Decision{Action: review.Match, TargetID: "o3"})
	step(err)
	undone := undo(second.AuditID)
	target("o1")
	redone := undo(undone)
	target("o3")
	if _, err := w.service.Undo(t.Context(), anna, first.AuditID); err == nil {
		t.Error("the first was undone while the second stands on it")
	}
	undo(redone)
	target("o1")
	undo(first.AuditID)
	target("")
	if l := w.customer("c1").Links.Organization; len(l.Suggestions) != 1 || l.State != match.Suggested {
		t.Errorf("the candidates are not back: %+v", l)
	}
	var actions []string
	entries, _ := state.Audits(t.Context(), w.store, "", 10)
	for _, e := range entries {
		actions = append(actions, e.Action)
	}
	if diff := cmp.Diff([]string{"undo accept", "undo match", "redo match", "undo match", "match", "accept"}, actions); diff != "" {
		t.Errorf("trail (-want +got):\n%s", diff)
	}
}

func TestUndoOfACreateSaysWhatStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	out, err := w.decide(review.Organization, "c4", review.Decision{Action: review.Create})
	if err != nil {
		t.Fatal(err)
	}
	if out, err = w.service.Undo(t.Context(), anna, out.AuditID); err != nil || !strings.Contains(out.Warning, `the organization "Customer c4" (new1) stays in IT Glue`) {
		t.Errorf("%+v: %v", out, err)
	}
}

func TestAMachineMayBeMatchedBelowTheCustomersOrganizationWhereItIsSearched(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	slice := docsync.Slice{Organization: "o2", Below: []string{"o1"}}
	decide := func() (review.Outcome, error) {
		return w.decide(review.Configuration, "appliance:m2", review.Decision{Action: review.Match, TargetID: "k1"})
	}
	for _, other := range []docsync.Slice{{Organization: "o2"}, {Organization: "o2", Below: []string{"o3"}}, {Organization: "o9", Below: []string{"o1"}}} {
		w.saveSlice("c2", other)
		if _, err := decide(); err == nil || !strings.Contains(err.Error(), "another organization") {
			t.Errorf("%+v: %v", other, err)
		}
	}
	w.saveSlice("c2", slice)
	if out, err := decide(); err != nil || out.Link.State != match.Matched || out.Link.TargetID != "k1" {
		t.Errorf("%+v, %v", out, err)
	}
}

func (w *world) saveSlice(customer string, s docsync.Slice) {
	w.t.Helper()
	if _, err := state.SaveSlices(w.t.Context(), w.store, state.ITGlue, noon, map[string]docsync.Slice{customer: s}, true); err != nil {
		w.t.Fatal(err)
	}
}

func TestDecisionsThatStoodOnAnotherOrganizationAreSaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.decide(review.Configuration, "appliance:m2", review.Decision{Action: review.Match, TargetID: "k2"}); err != nil {
		t.Fatal(err)
	}
	out, err := w.decide(review.Organization, "c2", review.Decision{Action: review.Match, TargetID: "o3"})
	if err != nil || !strings.Contains(out.Warning, "1 machines of this customer were matched by people") {
		t.Errorf("%+v: %v", out, err)
	}
}

func TestCustomerModes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	out, err := w.service.SetCustomerModes(t.Context(), anna, "c1", review.CustomerModes{Documentation: state.Live})
	if err != nil || !out.Changed {
		t.Fatal(out, err)
	}
	if c := w.customer("c1"); c.Documentation != state.Live || c.Ticketing != "" || c.Decisions != 1 {
		t.Errorf("stored %+v", c)
	}
	if _, err := w.service.Undo(t.Context(), anna, out.AuditID); err != nil {
		t.Fatal(err)
	}
	if c := w.customer("c1"); c.Documentation != "" {
		t.Errorf("after undo %+v", c)
	}
	if _, err := w.service.SetCustomerModes(t.Context(), anna, "c1", review.CustomerModes{Ticketing: "loud"}); err == nil {
		t.Error("a mode that is none was taken")
	}
}

func TestManyDecisionsFailOneByOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	results, err := w.service.Many(t.Context(), anna, []review.Item{
		{Kind: review.Organization, ID: "c1", Decision: review.Decision{Action: review.Accept}},
		{Kind: review.Organization, ID: "c3", Decision: review.Decision{Action: review.Accept}},
		{Kind: review.Configuration, ID: "appliance:m2", Decision: review.Decision{Action: review.Match, TargetID: "k2"}},
		{Kind: "tenant", ID: "c1", Decision: review.Decision{Action: review.Ignore}},
		{Kind: review.Organization, ID: "c4", Decision: review.Decision{Action: review.Create}},
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []bool
	for _, r := range results {
		got = append(got, r.Refusal == nil && r.Outcome.Changed)
	}
	if diff := cmp.Diff([]bool{true, false, true, false, true}, got); diff != "" {
		t.Errorf("which were done (-want +got):\n%s", diff)
	}
	if len(w.asked) != 3 {
		t.Errorf("one sync per changed customer, and one to read what was created: %v", w.asked)
	}
	if _, err := w.service.Many(t.Context(), anna, make([]review.Item, review.MaxBulk+1)); err == nil {
		t.Error("too many were taken")
	}
}

func TestTheRulesNameIsNoPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, by := range []string{"", " ", match.Auto} {
		if _, err := w.service.Customer(t.Context(), by, "c1", review.Organization, review.Decision{Action: review.Accept}); err == nil {
			t.Errorf("%q decided", by)
		}
	}
}
