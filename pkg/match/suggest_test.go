package match_test

import (
	"slices"
	"strings"
	"testing"

	"uniview-bridge/pkg/match"
)

// among is the suggestion of a target.
func among(l match.Link, target string) (match.Suggestion, bool) {
	i := slices.IndexFunc(l.Suggestions, func(s match.Suggestion) bool { return s.TargetID == target })
	if i < 0 {
		return match.Suggestion{}, false
	}
	return l.Suggestions[i], true
}

func TestASuggestionSaysWhy(t *testing.T) {
	t.Parallel()
	filler := []string{"Qualmark Foods", "Brook Lane Dental", "Umbra Logistics", "Pinefield School", "Cobalt Motors"}
	tests := []struct {
		name             string
		customer, target string
		says             string
	}{
		{"another legal person", "Smith Baker LLP", "Smith Baker Ltd", "same after removing 'llp' and 'ltd'; but the legal forms differ: llp and ltd"},
		{"other numbers", "Halliwell Surgery 1", "Halliwell Surgery 3", "but the numbers differ: 1 and 3"},
		{"other Roman numbers", "Abony Acquisition II", "Abony Acquisition III", "but the numbers differ: 2 and 3"},
		{"siblings", "Weston Park North Clinic", "Weston Park South Clinic", "but they look like siblings: 'north' and 'south'"},
		{"another order", "Baker Smith Bakery", "Smith Bakery Baker", "same words in another order"},
		{"the customer's name is initials", "ANZCT", "Australian New Zealand Clinical Trials", "'anzct' is the initials of 'australian new zealand clinical trials'"},
		{"the target's name is initials", "Australian New Zealand Clinical Trials", "ANZCT", "'anzct' is the initials of 'australian new zealand clinical trials'"},
		{"a part of the name", "Rosewick", "Rosewick Bay Engineering", "holds every word of the customer's name; no other name here has 'rosewick'"},
		{"more than the name", "Rosewick Bay Engineering", "Rosewick", "the customer's name holds every word of it"},
		{"a misspelt word", "Northwint Traders", "Northwind Traders", "'northwint' is like 'northwind'"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := match.CustomersInput{Customers: customers(tt.customer), Organizations: organizations(append([]string{tt.target}, filler...)...), Now: now}
			l := match.Customers(in)[c0].Organization
			s, ok := among(l, o0)
			if got := strings.Join(s.Reasons, "; "); !ok || !strings.Contains(got, tt.says) {
				t.Errorf("got %+v\nwant %q", l, tt.says)
			}
			if len(s.Reasons) > 5 {
				t.Errorf("%d reasons", len(s.Reasons))
			}
		})
	}
}

func TestContradictionsAreNeverConfident(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{
		{"Halliwell Surgery 1", "Halliwell Surgery 3"},
		{"Rosewick Junior School", "Rosewick Infant School"},
		{"Weston North Clinic", "Weston South Clinic"},
		{"Smith Baker LLP", "Smith Baker Ltd"},
		{"Acme Head Office", "Acme Branch Office"},
	} {
		l := match.Customers(match.CustomersInput{Customers: customers(pair[0]), Organizations: organizations(pair[1], "Qualmark Foods"), Now: now})[c0].Organization
		if _, ok := l.Linked(); ok {
			t.Errorf("%q was linked to %q", pair[0], pair[1])
		}
		if s, ok := among(l, o0); ok && s.Score >= match.Confident {
			t.Errorf("%q to %q has %.2f: %v", pair[0], pair[1], s.Score, s.Reasons)
		}
	}
}

func TestEvidenceBeyondTheNameRaisesTheScore(t *testing.T) {
	t.Parallel()
	base := match.CustomersInput{
		Customers:     customers("Harbour Light"),
		Organizations: []match.Organization{{ID: o0, Name: "Zeta Nine", CompanyID: "7"}, {ID: o1, Name: "Harbour Square Bakery"}, {ID: id("o", 2), Name: "Qualmark Foods", CompanyID: "7"}},
		Companies:     []match.Company{{ID: "7", Name: "Something"}, {ID: "8", Name: "Harbour Lane"}},
		Now:           now,
	}
	tests := []struct {
		name   string
		change func(*match.CustomersInput)
		says   string
		least  float64
	}{
		{"nothing", func(*match.CustomersInput) {}, "", 0},
		{"one machine", func(in *match.CustomersInput) { in.Found = map[string]map[string]int{c0: {o0: 1}} }, "1 of its machines is found there by address", 0.1},
		{"three of four machines", func(in *match.CustomersInput) {
			in.Found, in.Machines = map[string]map[string]int{c0: {o0: 3}}, map[string]int{c0: 4}
		}, "3 of 4 machines already match there", 0.5},
		{"all of its machines", func(in *match.CustomersInput) {
			in.Found, in.Machines = map[string]map[string]int{c0: {o0: 4}}, map[string]int{c0: 4}
		}, "4 of 4 machines already match there", 0.8},
		{"a spelling accepted before", func(in *match.CustomersInput) {
			in.Aliases = []match.Alias{{Spelling: "HARBOUR LIGHT", OrganizationID: o0}}
		}, "was accepted before under this spelling", 0.8},
		{"a spelling like one accepted before", func(in *match.CustomersInput) {
			in.Aliases = []match.Alias{{Spelling: "Harbour-Light Ltd.", OrganizationID: o0}}
		}, "was accepted before under a spelling like this one", 0.6},
		{"a company that IT Glue gives to two organizations", func(in *match.CustomersInput) {
			in.Previous = map[string]match.CustomerLinks{c0: {Company: match.Link{State: match.Matched, TargetID: "7", TargetName: "Something", By: "anna"}}}
		}, "PSA id agrees", 0.3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := base
			tt.change(&in)
			l := match.Customers(in)[c0].Organization
			if l.State != match.Suggested {
				t.Fatalf("evidence without a name made it %+v", l)
			}
			s, ok := among(l, o0)
			switch {
			case tt.says == "" && ok:
				t.Errorf("suggested for nothing: %+v", s)
			case tt.says == "":
			case !ok || s.Reasons[0] != tt.says || s.Score < tt.least || s.Score > 0.99:
				t.Errorf("got %+v, want %q and at least %.2f", s, tt.says, tt.least)
			}
			sum := 0.0
			for _, s := range l.Suggestions {
				sum += s.Score
			}
			if sum > 1.03 {
				t.Errorf("probabilities add up to %.2f", sum)
			}
		})
	}
}

func TestAnAliasOfACompany(t *testing.T) {
	t.Parallel()
	l := match.Customers(match.CustomersInput{
		Customers: customers("Harbour Light"), Organizations: organizations("Zeta Nine"), Now: now,
		Companies: []match.Company{{ID: "7", Name: "Something"}, {ID: "8", Name: "Harbour Lane"}},
		Aliases:   []match.Alias{{Spelling: "Harbour Light", CompanyID: "7"}, {Spelling: "Harbour Light", CompanyID: "99"}, {Spelling: "!"}},
	})[c0].Company
	s, ok := among(l, "7")
	if !ok || l.State != match.Suggested || s.Reasons[0] != "was accepted before under this spelling" {
		t.Errorf("got %+v", l)
	}
	if _, ok := among(l, "99"); ok {
		t.Error("a company that is not there was suggested")
	}
}

func TestTwoEqualRecordsShareTheScore(t *testing.T) {
	t.Parallel()
	l := match.Customers(match.CustomersInput{Customers: customers("Rosewick Dental"), Organizations: organizations("Rosewick Dental", "ROSEWICK DENTAL", "Qualmark"), Now: now})[c0].Organization
	a, _ := among(l, o0)
	b, _ := among(l, o1)
	if l.Cause != match.Ambiguous || a.Score != b.Score || a.Score > 0.5 || a.Score < 0.3 {
		t.Errorf("got %+v", l)
	}
}

func TestNoMoreThanFiveButAllOfEqualRight(t *testing.T) {
	t.Parallel()
	var alike, equal []string
	for w := range strings.FieldsSeq("Foods Motors Legal Bakery Optics Clinic School Logistics") {
		alike, equal = append(alike, "Rosewick "+w), append(equal, "Rosewick Dental")
	}
	l := match.Customers(match.CustomersInput{Customers: customers("Rosewick Dental"), Organizations: organizations(alike...), Now: now})[c0].Organization
	if len(l.Suggestions) > match.MaxSuggestions || len(l.Suggestions) == 0 {
		t.Errorf("%d suggestions", len(l.Suggestions))
	}
	l = match.Customers(match.CustomersInput{Customers: customers("Rosewick Dental"), Organizations: organizations(equal...), Now: now})[c0].Organization
	if len(l.Suggestions) != len(equal) {
		t.Errorf("%d of %d candidates of equal right", len(l.Suggestions), len(equal))
	}
}
