package plan_test

import (
	"fmt"
	"slices"
	"testing"

	"uniview-bridge/pkg/plan"
)

// some are n changes of one kind and action.
func some(n int, kind plan.Kind, action plan.Action) []plan.Change {
	changes := make([]plan.Change, n)
	for i := range changes {
		changes[i] = plan.Change{Key: fmt.Sprintf("%s|%03d", kind, i), Vendor: "itglue", Kind: kind, Action: action, CustomerID: fmt.Sprint("c", i%3)}
	}
	return changes
}

func TestTheBrakeCountsWhatCreatesClosesAndUnlinks(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		changes  []plan.Change
		existing map[plan.Kind]int
		want     string
	}{
		{"as many as the least", some(20, plan.FlexibleAsset, plan.Create), nil, ""},
		{"one more", some(21, plan.FlexibleAsset, plan.Create), nil, "would create 21 flexible assets, the limit is 20"},
		{"a tenth of many", some(50, plan.Ticket, plan.Close), map[plan.Kind]int{plan.Ticket: 500}, ""},
		{"more than a tenth of many", some(51, plan.Ticket, plan.Close), map[plan.Kind]int{plan.Ticket: 500}, "would close 51 tickets, the limit is 50"},
		{"others exist", some(21, plan.Banner, plan.Unlink), map[plan.Kind]int{plan.FlexibleAsset: 5000}, "would unlink 21 organization banners, the limit is 20"},
		{"updates, notes, reopenings and skips", slices.Concat(some(99, plan.FlexibleAsset, plan.Update), some(99, plan.Ticket, plan.Note),
			some(99, plan.Ticket, plan.Reopen), some(99, plan.FlexibleAsset, plan.Skip)), nil, ""},
		{"each kind and action for itself", slices.Concat(some(15, plan.FlexibleAsset, plan.Create), some(15, plan.FlexibleAsset, plan.Unlink), some(15, plan.Ticket, plan.Create)), nil, ""},
		{
			"two breaches", slices.Concat(some(30, plan.FlexibleAsset, plan.Unlink), some(25, plan.Ticket, plan.Create)), nil,
			"would unlink 30 flexible assets, the limit is 20; would create 25 tickets, the limit is 20",
		},
	} {
		if got := plan.Reason(plan.DefaultBrake.Check(plan.Plan{Changes: tt.changes}, tt.existing, nil)); got != tt.want {
			t.Errorf("%s: %q", tt.name, got)
		}
	}
}

func TestWhatAPersonApprovedDoesNotCount(t *testing.T) {
	t.Parallel()
	changes := some(25, plan.FlexibleAsset, plan.Create)
	approved := map[string]bool{}
	for _, c := range changes[:5] {
		approved[c.ID()] = true
	}
	if got := plan.DefaultBrake.Check(plan.Plan{Changes: changes}, nil, approved); len(got) != 0 {
		t.Errorf("%v", got)
	}
	for i := range changes { // approved to be made, not to be taken away
		changes[i].Action = plan.Unlink
	}
	if got := plan.DefaultBrake.Check(plan.Plan{Changes: changes}, nil, approved); len(got) != 1 || got[0].N != 25 {
		t.Errorf("%v", got)
	}
}

func TestTheDigestNamesWhatIsWrittenAndNothingElse(t *testing.T) {
	t.Parallel()
	changes := slices.Concat(some(5, plan.FlexibleAsset, plan.Create), some(3, plan.Ticket, plan.Close))
	digest := func(change func([]plan.Change) []plan.Change) string {
		return plan.Plan{Changes: change(slices.Clone(changes))}.Digest()
	}
	same := digest(func(c []plan.Change) []plan.Change { return c })
	for name, change := range map[string]func([]plan.Change) []plan.Change{
		"another order":        func(c []plan.Change) []plan.Change { slices.Reverse(c); return c },
		"another reason":       func(c []plan.Change) []plan.Change { c[0].Reason = "x"; return c },
		"another value":        func(c []plan.Change) []plan.Change { c[0].Fields = []plan.Field{{Name: "a", After: "b"}}; return c },
		"something is skipped": func(c []plan.Change) []plan.Change { return append(c, some(1, plan.Banner, plan.Skip)...) },
		"its canonical order":  func(c []plan.Change) []plan.Change { return plan.Plan{Changes: c}.Sorted().Changes },
	} {
		if digest(change) != same {
			t.Errorf("%s changes the digest", name)
		}
	}
	for name, change := range map[string]func([]plan.Change) []plan.Change{
		"one less":       func(c []plan.Change) []plan.Change { return c[1:] },
		"another action": func(c []plan.Change) []plan.Change { c[0].Action = plan.Update; return c },
		"another vendor": func(c []plan.Change) []plan.Change { c[0].Vendor = "connectwise"; return c },
		"another record": func(c []plan.Change) []plan.Change { c[0].Key += "x"; return c },
	} {
		if digest(change) == same {
			t.Errorf("%s does not change the digest", name)
		}
	}
}
