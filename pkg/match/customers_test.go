package match_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/match"
)

func customers(names ...string) []backup.Customer {
	var out []backup.Customer
	for i, n := range names {
		out = append(out, backup.Customer{ID: id("c", i), Name: n})
	}
	return out
}

func organizations(names ...string) []match.Organization {
	var out []match.Organization
	for i, n := range names {
		out = append(out, match.Organization{ID: id("o", i), Name: n})
	}
	return out
}

var c0, o0, o1 = id("c", 0), id("o", 0), id("o", 1)

func TestOrganizationOfACustomer(t *testing.T) {
	t.Parallel()
	person := match.Link{State: match.Matched, TargetID: o0, TargetName: "Acme", By: "anna"}
	auto := match.Link{State: match.Matched, TargetID: o0, TargetName: "Acme", By: match.Auto, At: now.Add(-1)}
	missing := match.Link{State: match.Attention, Cause: match.Missing, TargetID: o0, TargetName: "Acme", By: "anna", Reason: match.ReasonMissing}
	since := func(l match.Link, at time.Time) match.Link { l.At = at; return l }
	tests := []struct {
		name   string
		in     match.CustomersInput
		state  match.State
		cause  match.Cause
		target string
		reason string
	}{
		{"the same name links", match.CustomersInput{Customers: customers("Acme"), Organizations: organizations("ACME", "Other")}, match.Matched, "", o0, match.ReasonName},
		{"legal forms, accents and signs do not matter", match.CustomersInput{Customers: customers("The Café & Söhne GmbH"), Organizations: organizations("Cafe and Sohne")}, match.Matched, "", o0, match.ReasonNameCore},
		{"different legal persons do not link", match.CustomersInput{Customers: customers("Smith LLP"), Organizations: organizations("Smith Ltd")}, match.Suggested, "", "", match.ReasonForms},
		{"two organizations of a name are both shown", match.CustomersInput{Customers: customers("Acme"), Organizations: organizations("Acme", "ACME.")}, match.Attention, match.Ambiguous, "", match.ReasonNamesakes},
		{"two customers of a name are told apart by nobody", match.CustomersInput{Customers: customers("Acme", "acme"), Organizations: organizations("Acme")}, match.Attention, match.Ambiguous, "", match.ReasonShared},
		{"the stricter form tells namesakes apart", match.CustomersInput{Customers: customers("Acme Ltd", "Acme LLP"), Organizations: organizations("Acme Ltd", "Acme LLP")}, match.Matched, "", o0, match.ReasonName},
		{"a name that ConnectWise cut", match.CustomersInput{Customers: customers("The Very Long Name Of A Family Owned Bakery In Upper Saxony"), Organizations: organizations("The Very Long Name Of A Family Owned Bakery In Upper Saxony"[:50])}, match.Matched, "", o0, match.ReasonNameCut},
		{"a trade is no name", match.CustomersInput{Customers: customers("The Medical Centre"), Organizations: organizations("Medical Centre")}, match.Suggested, "", "", match.ReasonGeneric},
		{"similar is suggested only", match.CustomersInput{Customers: customers("Northwind Traders"), Organizations: organizations("Northwind Trading")}, match.Suggested, "", "", match.ReasonSimilar},
		{"differing numbers are no match", match.CustomersInput{Customers: customers("Halliwell Surgery 1"), Organizations: organizations("Halliwell Surgery 3")}, match.Suggested, "", "", match.ReasonSimilar},
		{"nothing similar", match.CustomersInput{Customers: customers("Qwxyz"), Organizations: organizations("Acme")}, match.Unmatched, "", "", match.ReasonNothing},
		{"machines found elsewhere veto a name", match.CustomersInput{Customers: customers("Acme"), Organizations: organizations("Acme", "Acme Group of Leeds"), Found: map[string]map[string]int{c0: {o1: 2}}}, match.Attention, match.Conflict, "", match.ReasonFoundElsewhere},
		{"one machine found elsewhere is no veto", match.CustomersInput{Customers: customers("Acme"), Organizations: organizations("Acme", "Acme Group of Leeds"), Found: map[string]map[string]int{c0: {o1: 1}}}, match.Matched, "", o0, match.ReasonName},
		{"a PSA id of the company that another name has vetoes", match.CustomersInput{
			Customers: customers("Acme"), Organizations: []match.Organization{{ID: o0, Name: "Acme", CompanyID: "8"}},
			Companies: []match.Company{{ID: "7", Name: "Acme"}, {ID: "8", Name: "Beta"}},
		}, match.Attention, match.Conflict, "", match.ReasonPSAElsewhere},
		{"the company a person chose leads to the organization", match.CustomersInput{
			Customers: customers("Acme"), Organizations: []match.Organization{{ID: o0, Name: "Whatever", CompanyID: "7"}, {ID: o1, Name: "Acme"}},
			Companies: []match.Company{{ID: "7", Name: "Something"}},
			Previous:  map[string]match.CustomerLinks{c0: {Company: match.Link{State: match.Matched, TargetID: "7", TargetName: "Something", By: "anna"}}},
		}, match.Matched, "", o0, match.ReasonCompany},
		{"an automatic link stands by id when a namesake appears", match.CustomersInput{Customers: customers("Acme"), Organizations: organizations("Acme", "Acme"), Previous: map[string]match.CustomerLinks{c0: {Organization: auto}}}, match.Matched, "", o0, ""},
		{"a renamed organization needs a person", match.CustomersInput{Customers: customers("Acme"), Organizations: organizations("Zeta"), Previous: map[string]match.CustomerLinks{c0: {Organization: auto}}}, match.Attention, match.Renamed, o0, `it was "Acme" and is "Zeta" now`},
		{"a renamed customer needs a person", match.CustomersInput{Customers: customers("Zeta"), Organizations: organizations("Acme"), Previous: map[string]match.CustomerLinks{c0: {Organization: auto}}}, match.Attention, match.Renamed, o0, `the customer is called "Zeta" now`},
		{"a person's link to another name stands", match.CustomersInput{Customers: customers("Zeta"), Organizations: organizations("Acme", "Zeta"), Previous: map[string]match.CustomerLinks{c0: {Organization: person}}}, match.Matched, "", o0, ""},
		{"a person's link to what is gone keeps its target", match.CustomersInput{Customers: customers("Acme"), Organizations: organizations("X", "Acme")[1:], Previous: map[string]match.CustomerLinks{c0: {Organization: person}}}, match.Attention, match.Missing, o0, match.ReasonMissing},
		{"what a person linked after the list was read is not missing", match.CustomersInput{Customers: customers("Acme"), Organizations: organizations("X", "Acme")[1:], ReadFrom: now, Previous: map[string]match.CustomerLinks{c0: {Organization: since(person, now)}}}, match.Matched, "", o0, ""},
		{"what a person linked before the list was read is missing", match.CustomersInput{Customers: customers("Acme"), Organizations: organizations("X", "Acme")[1:], ReadFrom: now, Previous: map[string]match.CustomerLinks{c0: {Organization: since(person, now.Add(-1))}}}, match.Attention, match.Missing, o0, match.ReasonMissing},
		{"what was called missing too early is not", match.CustomersInput{Customers: customers("Acme"), Organizations: organizations("X", "Acme")[1:], ReadFrom: now, Previous: map[string]match.CustomerLinks{c0: {Organization: since(missing, now)}}}, match.Matched, "", o0, "confirmed again"},
		{"the rules link only what a list has", match.CustomersInput{Customers: customers("Acme"), Organizations: organizations("X", "Acme")[1:], ReadFrom: now, Previous: map[string]match.CustomerLinks{c0: {Organization: since(auto, now)}}}, match.Attention, match.Missing, o0, match.ReasonMissing},
		{"ignored stays ignored", match.CustomersInput{Customers: customers("Acme"), Organizations: organizations("Acme"), Previous: map[string]match.CustomerLinks{c0: {Organization: match.Link{State: match.Ignored, By: "anna", Reason: "sold"}}}}, match.Ignored, "", "", "sold"},
		{"what a person unmatched is not matched again", match.CustomersInput{Customers: customers("Acme"), Organizations: organizations("Acme"), Previous: map[string]match.CustomerLinks{c0: {Organization: match.Link{State: match.Unmatched, By: "anna"}}}}, match.Unmatched, "", "", ""},
		{"no list decides nothing", match.CustomersInput{Customers: customers("Acme"), Previous: map[string]match.CustomerLinks{c0: {Organization: auto}}}, match.Matched, "", o0, ""},
		{"no list and nothing before", match.CustomersInput{Customers: customers("Acme")}, match.Unmatched, "", "", match.ReasonNoList},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.in.Now = now
			l := match.Customers(tt.in)[c0].Organization
			if l.State != tt.state || l.Cause != tt.cause || l.TargetID != tt.target || !strings.Contains(l.Reason, tt.reason) {
				t.Errorf("got %+v\nwant %s %s %s %q", l, tt.state, tt.cause, tt.target, tt.reason)
			}
			if l.Cause == match.Ambiguous && len(l.Suggestions) == 0 {
				t.Error("ambiguous, and no candidates shown")
			}
			if l.Decided() && l.TargetID != tt.in.Previous[c0].Organization.TargetID {
				t.Error("a person's target was changed")
			}
		})
	}
}

func TestSuggestionsTellTheirReasons(t *testing.T) {
	t.Parallel()
	in := match.CustomersInput{
		Customers: customers("Halliwell Surgery 1"), Organizations: organizations("Halliwell Surgery 3", "Halliwell Surgeries", "Zzz"),
		Found: map[string]map[string]int{c0: {id("o", 2): 3}}, Now: now,
	}
	l := match.Customers(in)[c0].Organization
	all := map[string]string{}
	for _, s := range l.Suggestions {
		all[s.TargetID] = strings.Join(s.Reasons, "; ")
	}
	if !strings.Contains(all[o0], "the numbers differ: 1 and 3") || !strings.Contains(all[id("o", 2)], "3 of its machines are found there") {
		t.Errorf("reasons: %v", all)
	}
}

func TestCompanyOfACustomer(t *testing.T) {
	t.Parallel()
	linked := match.Organization{ID: o0, Name: "Acme", CompanyID: "9"}
	tests := []struct {
		name   string
		in     match.CustomersInput
		state  match.State
		target string
		reason string
	}{
		{"the organization's PSA link comes before the name", match.CustomersInput{
			Customers: customers("Acme"), Organizations: []match.Organization{linked},
			Companies: []match.Company{{ID: "9", Name: "Acme Holdings of Elsewhere"}},
		}, match.Matched, "9", match.ReasonPSA},
		{"a PSA link to another customer's company that a second organization has too is not followed", match.CustomersInput{
			Customers: customers("Acme", "Beta"), Organizations: []match.Organization{linked, {ID: o1, Name: "Beta", CompanyID: "9"}},
			Companies: []match.Company{{ID: "9", Name: "Beta"}}, Previous: map[string]match.CustomerLinks{c0: {Organization: match.Link{
				State: match.Matched, TargetID: o0, TargetName: "Acme", By: "Ada",
			}}},
		}, match.Attention, "", match.ReasonPSAShared},
		{"without one the name links", match.CustomersInput{
			Customers: customers("Acme"), Organizations: organizations("Acme"), Companies: []match.Company{{ID: "7", Name: "Acme Inc"}},
		}, match.Matched, "7", match.ReasonNameCore},
		{"a company that IT Glue gives to another organization does not", match.CustomersInput{
			Customers:     customers("Acme"),
			Organizations: []match.Organization{{ID: o0, Name: "Acme"}, {ID: o1, Name: "Beta", CompanyID: "7"}},
			Companies:     []match.Company{{ID: "7", Name: "Acme Inc"}},
		}, match.Attention, "", match.ReasonPSAClaimed},
		{"a deleted company is none", match.CustomersInput{
			Customers: customers("Acme"), Organizations: organizations("Acme"), Companies: []match.Company{{ID: "7", Name: "Acme", Deleted: true}, {ID: "8", Name: "Qqq"}},
		}, match.Unmatched, "", match.ReasonNothing},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.in.Now = now
			if l := match.Customers(tt.in)[c0].Company; l.State != tt.state || l.TargetID != tt.target || l.Reason != tt.reason {
				t.Errorf("got %+v", l)
			}
		})
	}
}

func TestCustomersDoNotDependOnOrderAndSettleAtOnce(t *testing.T) {
	t.Parallel()
	words := []string{"Acme", "Acme Ltd", "ACME LLP", "Beta", "Beta 1", "Beta 2", "The Beta", "Gamma & Co", "Gamma", "Medical Centre", "Alpha Beta"}
	rapid.Check(t, func(t *rapid.T) {
		in := match.CustomersInput{Now: now}
		for i := range rapid.IntRange(1, 6).Draw(t, "customers") {
			in.Customers = append(in.Customers, backup.Customer{ID: id("c", i), Name: rapid.SampledFrom(words).Draw(t, "customer")})
		}
		for i := range rapid.IntRange(0, 6).Draw(t, "organizations") {
			in.Organizations = append(in.Organizations, match.Organization{ID: id("o", i), Name: rapid.SampledFrom(words).Draw(t, "organization"), CompanyID: rapid.SampledFrom([]string{"", "1", "2", "3"}).Draw(t, "psa")})
		}
		for i := range rapid.IntRange(0, 4).Draw(t, "companies") {
			in.Companies = append(in.Companies, match.Company{ID: string(rune('1' + i)), Name: rapid.SampledFrom(words).Draw(t, "company")})
		}
		first := match.Customers(in)
		r := rand.New(rand.NewPCG(1, uint64(rapid.Uint32().Draw(t, "seed"))))
		shuffled := in
		shuffled.Customers, shuffled.Organizations, shuffled.Companies = slices.Clone(in.Customers), slices.Clone(in.Organizations), slices.Clone(in.Companies)
		r.Shuffle(len(shuffled.Customers), func(i, j int) {
			shuffled.Customers[i], shuffled.Customers[j] = shuffled.Customers[j], shuffled.Customers[i]
		})
		r.Shuffle(len(shuffled.Organizations), func(i, j int) {
			shuffled.Organizations[i], shuffled.Organizations[j] = shuffled.Organizations[j], shuffled.Organizations[i]
		})
		r.Shuffle(len(shuffled.Companies), func(i, j int) {
			shuffled.Companies[i], shuffled.Companies[j] = shuffled.Companies[j], shuffled.Companies[i]
		})
		if diff := cmp.Diff(first, match.Customers(shuffled)); diff != "" {
			t.Fatalf("order changed the result:\n%s", diff)
		}
		in.Previous = first
		second := match.Customers(in)
		for cid, l := range first {
			if org, ok := l.Organization.Linked(); ok {
				if again, ok := second[cid].Organization.Linked(); !ok || again != org {
					t.Fatalf("a fresh link did not stand: %+v, then %+v", l.Organization, second[cid].Organization)
				}
			}
		}
		in.Previous = second
		if diff := cmp.Diff(second, match.Customers(in)); diff != "" {
			t.Fatalf("the same input again changed the links:\n%s", diff)
		}
		owners := map[string]int{}
		for _, l := range first {
			if org, ok := l.Organization.Linked(); ok {
				owners[org]++
			}
		}
		for org, n := range owners {
			if n > 1 {
				t.Fatalf("%d customers were linked to %s by rule", n, org)
			}
		}
	})
}
