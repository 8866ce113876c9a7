package match

import (
	"cmp"
	"math"
	"slices"

	"uniview-bridge/pkg/backup"
)

// MaxSuggestions is how many candidates are shown when none has a right of its own.
const MaxSuggestions = 5

const (
	// leastBest is the probability that the best candidate must have for any to be shown.
	leastBest = 0.02
	// leastFurther is the same for those that fill up the list.
	leastFurther = 0.002
)

// suggestOrganizations lists candidates for a customer's organization: those in
// must (all of them), then the best others by name and evidence, at most
// MaxSuggestions in all unless must has more.
func (m *matcher) suggestOrganizations(c backup.Customer, company Link, must []string) []Suggestion {
	e := evidence{}
	for org, n := range m.in.Found[c.ID] {
		if _, ok := m.orgs[org]; ok && n > 0 {
			e.add(org, machinesFound(n, m.in.Machines[c.ID]))
		}
	}
	if id, ok := company.Linked(); ok {
		for _, org := range m.byCompany[id] {
			e.add(org, psaAgrees)
		}
	}
	for id, sign := range m.aliases.organizations(m.customers.names[c.ID]) {
		e.add(id, sign)
	}
	return m.suggest(c, m.orgNames, must, e)
}

// suggestCompanies lists candidates for a customer's company.
func (m *matcher) suggestCompanies(c backup.Customer, psa string, must []string) []Suggestion {
	e := evidence{}
	if psa != "" {
		e.add(psa, psaAgrees)
	}
	for id, sign := range m.aliases.companies(m.customers.names[c.ID]) {
		e.add(id, sign)
	}
	return m.suggest(c, m.coNames, must, e)
}

// suggest ranks candidates for one name. It is the one place where candidates are
// scored.
func (m *matcher) suggest(c backup.Customer, other *nameSet, must []string, e evidence) []Suggestion {
	n := m.customers.names[c.ID]
	ranker := other.rankerFor(m.customers)
	required := map[string]bool{}
	for _, id := range must {
		if _, ok := other.names[id]; ok {
			required[id] = true
		}
	}
	ranked := ranker.rank(n, e, slices.Clone(must))
	slices.SortStableFunc(ranked, func(a, b rated) int {
		return -cmp.Compare(truth(required[a.ID]), truth(required[b.ID]))
	})
	limit := max(MaxSuggestions, len(required))
	var out []Suggestion
	for _, r := range ranked {
		least := leastFurther
		if len(out) == 0 {
			least = leastBest
		}
		if len(out) == limit || r.Probability < least && !required[r.ID] && len(e[r.ID]) == 0 {
			break
		}
		out = append(out, Suggestion{TargetID: r.ID, TargetName: other.raw[r.ID], Score: round(r.Probability), Reasons: ranker.explain(n, r, e[r.ID])})
	}
	return out
}

// round keeps two digits, so that equal inputs print equal.
func round(score float64) float64 { return math.Floor(min(max(score, 0), 1)*100+0.5) / 100 }
