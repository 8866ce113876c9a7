package match_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/match"
)

// drawn is a small account of names that collide often.
func drawn(t *rapid.T) match.CustomersInput {
	words := []string{"Acme", "Acme Ltd", "ACME LLP", "Acme North", "Acme South", "Beta", "Beta 1", "Beta 2", "The Beta", "Gamma & Co", "Gamma", "Medical Centre", "Alpha Beta", "Beta Alpha", "AB"}
	in := match.CustomersInput{Now: now}
	for i := range rapid.IntRange(1, 6).Draw(t, "customers") {
		in.Customers = append(in.Customers, backup.Customer{ID: id("c", i), Name: rapid.SampledFrom(words).Draw(t, "customer")})
	}
	for i := range rapid.IntRange(1, 6).Draw(t, "organizations") {
		in.Organizations = append(in.Organizations, match.Organization{ID: id("o", i), Name: rapid.SampledFrom(words).Draw(t, "organization"), CompanyID: rapid.SampledFrom([]string{"", "1", "2", "3"}).Draw(t, "psa")})
	}
	for i := range rapid.IntRange(0, 4).Draw(t, "companies") {
		in.Companies = append(in.Companies, match.Company{ID: string(rune('1' + i)), Name: rapid.SampledFrom(words).Draw(t, "company")})
	}
	for range rapid.IntRange(0, 2).Draw(t, "aliases") {
		in.Aliases = append(in.Aliases, match.Alias{
			Spelling: rapid.SampledFrom(words).Draw(t, "spelling"), OrganizationID: id("o", rapid.IntRange(0, 6).Draw(t, "accepted")),
			CompanyID: rapid.SampledFrom([]string{"", "1", "2"}).Draw(t, "accepted company"),
		})
	}
	in.Found = map[string]map[string]int{c0: {id("o", rapid.IntRange(0, 6).Draw(t, "found")): rapid.IntRange(0, 3).Draw(t, "machines")}}
	return in
}

func TestTheSameInputsGiveTheSameLinks(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := drawn(t)
		if diff := cmp.Diff(match.Customers(in), match.Customers(in)); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestAnUnrelatedCustomerChangesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := drawn(t)
		before := match.Customers(in)
		in.Customers = append(in.Customers, backup.Customer{ID: "unrelated", Name: "Qwerty Zephyr Foods"})
		after := match.Customers(in)
		delete(after, "unrelated")
		if diff := cmp.Diff(before, after); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestNoLinkBetweenCandidatesOfEqualRight(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := drawn(t)
		in.Companies = nil // what IT Glue itself says is another right than a name
		for _, c := range in.Customers {
			l := match.Customers(in)[c.ID].Organization
			if _, ok := l.Linked(); !ok {
				continue
			}
			form := func(name string) string {
				if l.Reason == match.ReasonName {
					return match.NormalizeName(name).Exact
				}
				return match.NormalizeName(name).Key
			}
			n := 0
			for _, o := range in.Organizations {
				if form(o.Name) == form(c.Name) {
					n++
				}
			}
			for _, other := range in.Customers {
				if form(other.Name) == form(c.Name) {
					n++
				}
			}
			if n != 2 {
				t.Fatalf("%q was linked to %q among %d of that name: %s", c.Name, l.TargetName, n, l.Reason)
			}
		}
	})
}

func TestDecidedLinksAreNeverOverwritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := drawn(t)
		in.Previous = map[string]match.CustomerLinks{}
		link := func(target string) match.Link {
			switch rapid.IntRange(0, 2).Draw(t, "decision") {
			case 0:
				return match.Link{State: match.Matched, TargetID: target, TargetName: "Once", Reason: "chosen", By: "anna", At: now}
			case 1:
				return match.Link{State: match.Unmatched, Reason: "not them", By: "anna", At: now}
			default:
				return match.Link{State: match.Ignored, Reason: "left", By: "anna", At: now}
			}
		}
		for _, c := range in.Customers {
			in.Previous[c.ID] = match.CustomerLinks{Organization: link(id("o", rapid.IntRange(0, 8).Draw(t, "target"))), Company: link(rapid.SampledFrom([]string{"1", "2", "9"}).Draw(t, "company"))}
		}
		for cid, now := range match.Customers(in) {
			for side, pair := range map[string][2]match.Link{"organization": {in.Previous[cid].Organization, now.Organization}, "company": {in.Previous[cid].Company, now.Company}} {
				was, is := pair[0], pair[1]
				if is.TargetID != was.TargetID || is.By != was.By || !is.At.Equal(was.At) || was.State != is.State && (was.State != match.Matched || is.State != match.Attention) {
					t.Fatalf("%s: %+v became %+v", side, was, is)
				}
			}
		}
	})
}
