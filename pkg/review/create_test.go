package review_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/review"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/state/statetest"
	"uniview-bridge/pkg/vendorhttp"
)

// fakeCreator is IT Glue as far as creating goes.
type fakeCreator struct {
	mu     sync.Mutex
	orgs   []match.Organization
	confs  []match.Configuration
	search error
	// lose answers of creates: they happen, and the answer is an uncertain error.
	lose bool
	// drop creates: they do not happen, and the answer is an uncertain error.
	drop    bool
	refuse  bool
	hidden  bool // lists do not show what was created yet
	creates int
	looks   int
}

func (f *fakeCreator) Organizations(context.Context) ([]match.Organization, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.looks++
	if f.hidden {
		return nil, f.search
	}
	return append([]match.Organization{}, f.orgs...), f.search
}

func (f *fakeCreator) outcome() error {
	switch {
	case f.refuse:
		return vendorhttp.NewError("itglue", "create", vendorhttp.Invalid, 422, "no")
	case f.lose, f.drop:
		e := vendorhttp.NewError("itglue", "create", vendorhttp.Unavailable, 504, "late")
		e.Uncertain = true
		return e
	}
	return nil
}

func (f *fakeCreator) CreateOrganization(_ context.Context, n review.NewOrganization) (match.Organization, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.creates++
	o := match.Organization{ID: fmt.Sprintf("new%d", f.creates), Name: n.Name}
	if !f.drop && !f.refuse {
		f.orgs = append(f.orgs, o)
	}
	return o, f.outcome()
}

func (f *fakeCreator) Configurations(context.Context, string) ([]match.Configuration, error) {
	f.looks++
	if f.hidden {
		return nil, f.search
	}
	return append([]match.Configuration{}, f.confs...), f.search
}

func (f *fakeCreator) Kinds(context.Context) (review.Kinds, error) {
	return review.Kinds{ConfigurationTypes: []review.Kind{{ID: "1", Name: "Server"}, {ID: "2", Name: "Printer"}, {ID: "3", Name: "Phone"}}}, f.search
}

func (f *fakeCreator) CreateConfiguration(_ context.Context, org string, n review.NewConfiguration) (match.Configuration, error) {
	f.creates++
	c := match.Configuration{ID: "k9", OrganizationID: org, Name: n.Name}
	f.confs = append(f.confs, c)
	return c, f.outcome()
}

func TestCreating(t *testing.T) {
	t.Parallel()
	create := review.Decision{Action: review.Create}
	w := newWorld(t)
	out, err := w.decide(review.Organization, "c4", create)
	if err != nil || out.Link.State != match.Matched || out.Link.TargetID != "new1" || out.Link.By != anna {
		t.Fatalf("%+v %v", out, err)
	}
	if diff := cmp.Diff([]string{"documentation"}, w.asked); diff != "" {
		t.Errorf("the new record must be read before it is judged (-want +got):\n%s", diff)
	}
	if _, err := w.decide(review.Organization, "c4", create); err == nil || w.creates() != 1 {
		t.Errorf("it was created twice (%d): %v", w.creates(), err)
	}
	out, err = w.decide(review.Configuration, "appliance:m2", create)
	if err != nil || out.Link.TargetID != "k9" {
		t.Errorf("configuration: %+v %v", out, err)
	}
}

func (w *world) creates() int { return w.creator.creates }

func TestCreatingLooksForDuplicatesFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.creator.orgs = []match.Organization{{ID: "x1", Name: "CUSTOMER C4"}}
	_, err := w.decide(review.Organization, "c4", review.Decision{Action: review.Create})
	if err == nil || !strings.Contains(err.Error(), "x1") || w.creates() != 0 {
		t.Fatalf("%d creates: %v", w.creates(), err)
	}
	var refusal *review.Refusal
	if !errors.As(err, &refusal) || refusal.Creation == nil || refusal.Creation.Confirm == "" {
		t.Fatalf("the duplicates are not told: %v", err)
	}
	confirm := review.Decision{Action: review.Create, Confirm: refusal.Creation.Confirm}
	w.creator.orgs = append(w.creator.orgs, match.Organization{ID: "x2", Name: "Customer c4"})
	if _, err := w.decide(review.Organization, "c4", confirm); !errors.As(err, &refusal) || w.creates() != 0 || !strings.Contains(err.Error(), "others by now") {
		t.Fatalf("what was confirmed is not what is there: %d creates: %v", w.creates(), err)
	}
	confirm.Confirm = refusal.Creation.Confirm
	if _, err := w.decide(review.Organization, "c4", confirm); err != nil || w.creates() != 1 {
		t.Errorf("on purpose: %d creates: %v", w.creates(), err)
	}
}

func TestWhatMayBeADuplicateIsNamedWithItsReason(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.creator.orgs = []match.Organization{
		{ID: "o1", Name: "One"}, {ID: "x2", Name: "Customer c1 Ltd"}, {ID: "x3", Name: "Other", CompanyID: "7"}, {ID: "x4", Name: "Nothing alike"},
	}
	if _, err := w.decide(review.Company, "c1", review.Decision{Action: review.Match, TargetID: "7"}); err != nil {
		t.Fatal(err)
	}
	out, err := w.decide(review.Organization, "c1", review.Decision{Action: review.Create, DryRun: true})
	if err != nil || out.Changed || w.creates() != 0 || out.Creation == nil {
		t.Fatalf("%+v: %v", out, err)
	}
	var got []string
	for _, d := range out.Creation.Duplicates {
		got = append(got, d.ID+": "+d.Why)
	}
	want := []string{"x2: same name but for spelling and legal form", "o1: suggested: names alike", "x3: IT Glue links it to the customer's company"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("duplicates (-want +got):\n%s", diff)
	}
	if len(out.Creation.Warnings) == 0 {
		t.Error("the native warnings are missing")
	}

	w.creator.confs = []match.Configuration{
		{ID: "k1", Name: "srv2.local"}, {ID: "k2", Name: "other", OtherMACs: []string{"00-11-22-33-44-52"}}, {ID: "k3", Name: "SRV2", Archived: true}, {ID: "k4", Name: "SRV22"},
	}
	out, err = w.decide(review.Configuration, "appliance:m2", review.Decision{Action: review.Create, DryRun: true})
	if err != nil {
		t.Fatal(err)
	}
	got = nil
	for _, d := range out.Creation.Duplicates {
		got = append(got, d.ID+": "+d.Why)
	}
	if diff := cmp.Diff([]string{"k2: same MAC address", "k1: same host name", "k3: same name, but archived"}, got); diff != "" {
		t.Errorf("duplicates of the machine (-want +got):\n%s", diff)
	}
}

func TestManyRecordsAreCreatedOverOneLookAndSeeEachOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for id, name := range map[string]string{"c5": "Twin", "c6": "Twin Ltd"} {
		w.save(state.CustomerKey(id), state.Customer{ID: id, Name: name})
	}
	create := review.Decision{Action: review.Create}
	items := []review.Item{
		{Kind: review.Organization, ID: "c4", Decision: create},
		{Kind: review.Organization, ID: "c5", Decision: create},
		{Kind: review.Organization, ID: "c6", Decision: create},
		{Kind: review.Configuration, ID: "appliance:m2", Decision: create},
	}
	results, err := w.service.Many(t.Context(), anna, items)
	if err != nil || w.creates() != 3 {
		t.Fatalf("%d creates: %v", w.creates(), err)
	}
	if r := results[2].Refusal; r == nil || r.Creation == nil || !strings.Contains(r.Message, "Twin") {
		t.Errorf("the second of two namesakes: %+v", results[2])
	}
	if w.creator.looks != 2 {
		t.Errorf("IT Glue's lists were read %d times, want once each", w.creator.looks)
	}
	again, err := w.service.Many(t.Context(), anna, items)
	if err != nil || w.creates() != 3 {
		t.Errorf("repeated: %d creates: %v %+v", w.creates(), err, again)
	}
	w.creator.search = vendorhttp.NewError("itglue", "list", vendorhttp.Unavailable, 503, "down")
	results, err = w.service.Many(t.Context(), anna, []review.Item{
		{Kind: review.Organization, ID: "c6", Decision: create},
		{Kind: review.Organization, ID: "c3", Decision: create},
		{Kind: review.Organization, ID: "c1", Decision: review.Decision{Action: review.Ignore}},
	})
	if err != nil || results[0].Refusal == nil || results[1].Refusal == nil || !results[2].Outcome.Changed || w.creates() != 3 {
		t.Errorf("IT Glue is down: %v %+v", err, results)
	}
	if _, err := w.service.Many(t.Context(), anna, slices.Repeat(items[:1], review.MaxCreates+1)); err == nil {
		t.Error("too many creates were taken")
	}
}

func TestALostCreateBesideANamesakeIsNotMistakenForIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.creator.orgs = []match.Organization{{ID: "x1", Name: "Customer c4"}}
	out, err := w.decide(review.Organization, "c4", review.Decision{Action: review.Create, DryRun: true})
	if err != nil {
		t.Fatal(err)
	}
	confirm := review.Decision{Action: review.Create, Confirm: out.Creation.Confirm}
	w.creator.drop = true
	if _, err := w.decide(review.Organization, "c4", confirm); err == nil {
		t.Fatal("no error")
	}
	w.creator.drop = false
	if out, err := w.decide(review.Organization, "c4", confirm); err == nil || w.creates() != 1 {
		t.Fatalf("the old namesake passed for what was created: %+v", out)
	}
	w.now = w.now.Add(31 * time.Minute)
	if out, err := w.decide(review.Organization, "c4", confirm); err != nil || out.Link.TargetID != "new2" {
		t.Errorf("%+v: %v", out, err)
	}
}

func TestTypesAreExplainedByTheConfigurationsThatHaveThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	snapshot(w, state.ListConfigurations, []match.Configuration{
		{ID: "k1", TypeName: "Server", PSASynced: true}, {ID: "k2", TypeName: "Server"}, {ID: "k3", TypeName: "Printer"}, {ID: "k4", TypeName: "Server", Archived: true},
	}, func(c match.Configuration) string { return c.ID })
	out, err := w.service.CreateOptions(t.Context())
	if err != nil || len(out.ConfigurationTypes) != 3 {
		t.Fatalf("%+v: %v", out, err)
	}
	for i, want := range []string{"1 of its 2 configurations are synced", "None of its 1 configurations is synced", "nothing is known of its sync"} {
		if got := out.ConfigurationTypes[i].Consequence; !strings.Contains(got, want) {
			t.Errorf("type %d: %q, want %q", i, got, want)
		}
	}
}

func TestAFailedSearchNeverFallsThroughToACreate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.creator.search = vendorhttp.NewError("itglue", "list", vendorhttp.Unavailable, 503, "down")
	if _, err := w.decide(review.Organization, "c4", review.Decision{Action: review.Create}); err == nil || w.creates() != 0 {
		t.Errorf("%d creates: %v", w.creates(), err)
	}
}

func TestALostAnswerIsSearchedForBeforeAnythingIsCreatedAgain(t *testing.T) {
	t.Parallel()
	create := review.Decision{Action: review.Create}

	t.Run("it had been created", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.creator.lose = true
		if _, err := w.decide(review.Organization, "c4", create); err == nil || !strings.Contains(err.Error(), "may have been created") {
			t.Fatal(err)
		}
		w.creator.lose = false
		out, err := w.decide(review.Organization, "c4", create)
		if err != nil || out.Link.TargetID != "new1" || w.creates() != 1 {
			t.Errorf("%d creates, %+v: %v", w.creates(), out, err)
		}
	})
	t.Run("it had not been created", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.creator.drop = true
		if _, err := w.decide(review.Organization, "c4", create); err == nil {
			t.Fatal("no error")
		}
		w.creator.drop = false
		w.now = noon.Add(5 * time.Minute)
		if _, err := w.decide(review.Organization, "c4", review.Decision{Action: review.Create}); err == nil || w.creates() != 1 {
			t.Fatalf("inside the window: %d creates: %v", w.creates(), err)
		}
		w.now = noon.Add(31 * time.Minute)
		if out, err := w.decide(review.Organization, "c4", create); err != nil || w.creates() != 2 || out.Link.TargetID != "new2" {
			t.Errorf("after the window: %d creates, %+v: %v", w.creates(), out, err)
		}
	})
	t.Run("it was refused for certain", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.creator.refuse = true
		if _, err := w.decide(review.Organization, "c4", create); err == nil {
			t.Fatal("no error")
		}
		w.creator.refuse = false
		if _, err := w.decide(review.Organization, "c4", create); err != nil {
			t.Errorf("a refused create blocks the next one: %v", err)
		}
	})
}

func TestWhatWasCreatedButNotLinkedIsLinkedByTheNextAttempt(t *testing.T) {
	t.Parallel()
	create := review.Decision{Action: review.Create}
	for name, c := range map[string]struct {
		side    review.Side
		id      string
		record  state.Key
		created string
	}{
		"organization":  {review.Organization, "c4", state.CustomerKey("c4"), "new1"},
		"configuration": {review.Configuration, "appliance:m2", state.DocumentationKey("c2"), "k9"},
	} {
		for _, later := range []time.Duration{time.Second, time.Hour} {
			t.Run(fmt.Sprintf("%s, tried again after %v", name, later), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				broken := statetest.Count(w.store)
				broken.Inject(statetest.Nth(1, statetest.FailBefore, func(o statetest.Op) bool { return o.Kind == statetest.OpPut && o.Key == c.record }))
				w.service.Table = broken
				w.creator.hidden = true
				if _, err := w.decide(c.side, c.id, create); !errors.Is(err, statetest.ErrInjected) || w.creates() != 1 {
					t.Fatalf("%d creates: %v", w.creates(), err)
				}
				w.now = w.now.Add(later)
				w.creator.hidden = later < time.Minute
				out, err := w.decide(c.side, c.id, create)
				if err != nil || w.creates() != 1 || out.Link.State != match.Matched || out.Link.TargetID != c.created {
					t.Fatalf("%d creates, %+v: %v", w.creates(), out, err)
				}
				// And then it is forgotten: unmatched, another one can be made on purpose.
				w.creator.hidden = false
				if _, err := w.decide(c.side, c.id, review.Decision{Action: review.Unmatch}); err != nil {
					t.Fatal(err)
				}
				look, err := w.decide(c.side, c.id, review.Decision{Action: review.Create, DryRun: true})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := w.decide(c.side, c.id, review.Decision{Action: review.Create, Confirm: look.Creation.Confirm}); err != nil || w.creates() != 2 {
					t.Errorf("%d creates: %v", w.creates(), err)
				}
			})
		}
	}
}

func TestOfManyWhoCreateOneDoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			_, _ = w.decide(review.Organization, "c4", review.Decision{Action: review.Create})
		})
	}
	wg.Wait()
	if w.creates() != 1 {
		t.Errorf("%d were created", w.creates())
	}
	if got := w.customer("c4").Links.Organization; got.TargetID != "new1" {
		t.Errorf("linked to %+v", got)
	}
}
