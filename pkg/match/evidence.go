package match

import (
	"fmt"
	"math"
)

// sign is one piece of evidence beyond the name.
type sign struct {
	reason string
	// strength is the logarithm of how much likelier the right record bears the sign
	// than any record at all bears it for this customer. A wrong record bears it by
	// chance, about once in the whole portfolio, so the portfolio's size adds to it.
	strength float64
}

// How much signs are worth. They are priors, not measured: no public data has them.
// Read them as the logarithm of odds: e^3 is 20 to 1.
const (
	strengthAlias     = 7.0 // a person accepted this very spelling
	strengthAliasLike = 6.0 // the same but for spelling and legal form
	strengthPSA       = 6.0 // IT Glue's own link between organization and company
	strengthMachine   = 3.0 // the first machine found there
	strengthFurther   = 1.0 // each further one
	strengthAll       = 1.0 // none found elsewhere or nowhere
	mostMachines      = 4   // more add nothing
)

// otherwise is how often, measured on sets of customers, the right record bears an
// altogether different name (5 to 12 of 100): with a sign, a name can count against a
// record only so much.
const otherwise = 0.1

var psaAgrees = sign{"PSA id agrees", strengthPSA}

// machinesFound is the sign of n machines found in an organization, of all that the
// customer has (0: not known how many).
func machinesFound(n, all int) sign {
	s := strengthMachine + strengthFurther*float64(min(n, mostMachines)-1)
	if n == all {
		s += strengthAll
	}
	switch {
	case n == 1 && all == 1:
		return sign{"its one machine already matches there", s}
	case all >= n:
		return sign{fmt.Sprintf("%d of %d machines already match there", n, all), s}
	case n == 1:
		return sign{"1 of its machines is found there by address", s}
	default:
		return sign{fmt.Sprintf("%d of its machines are found there by address", n), s}
	}
}

// evidence is the signs by record id.
type evidence map[string][]sign

func (e evidence) add(id string, s sign) { e[id] = append(e[id], s) }

// worth is a record's worth by its name and signs in a portfolio of a size.
func worth(byName float64, signs []sign, size int) float64 {
	if len(signs) == 0 {
		return byName
	}
	scale := math.Log(float64(max(size, 1)))
	sum := max(byName, math.Log(otherwise)-scale) + scale
	for _, s := range signs {
		sum += s.strength
	}
	return sum
}

// Alias is a spelling of a customer's name that a person once accepted for an
// organization, a company, or both (empty: none).
type Alias struct{ Spelling, OrganizationID, CompanyID string }

// aliases finds accepted spellings.
type aliases struct{ byExact, byKey map[string][]Alias }

func newAliases(all []Alias) aliases {
	a := aliases{map[string][]Alias{}, map[string][]Alias{}}
	for _, alias := range all {
		if n := NormalizeName(alias.Spelling); n.Key != "" {
			a.byExact[n.Exact] = append(a.byExact[n.Exact], alias)
			a.byKey[n.Key] = append(a.byKey[n.Key], alias)
		}
	}
	return a
}

func (a aliases) organizations(n Name) map[string]sign {
	return a.find(n, func(alias Alias) string { return alias.OrganizationID })
}

func (a aliases) companies(n Name) map[string]sign {
	return a.find(n, func(alias Alias) string { return alias.CompanyID })
}

// find returns one sign for every record that the name was accepted for.
func (a aliases) find(n Name, side func(Alias) string) map[string]sign {
	out := map[string]sign{}
	for _, alias := range a.byKey[n.Key] {
		if id := side(alias); id != "" {
			out[id] = sign{"was accepted before under a spelling like this one", strengthAliasLike}
		}
	}
	for _, alias := range a.byExact[n.Exact] {
		if id := side(alias); id != "" {
			out[id] = sign{"was accepted before under this spelling", strengthAlias}
		}
	}
	return out
}
