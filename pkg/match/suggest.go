package match

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"uniview-bridge/pkg/backup"
)

const (
	// MaxSuggestions is how many candidates are shown when none has a right of its own.
	MaxSuggestions = 5
	// minScore is the least cosine of a suggestion; measured on the development
	// sets: below it hardly one in twenty is right.
	minScore = 0.30
	// numberPenalty scales the score of a candidate whose numbers differ.
	numberPenalty = 0.5
)

// suggestOrganizations lists candidates for a customer's organization: those in
// must (all of them), then the best others by name and evidence, at most
// MaxSuggestions in all unless must has more.
func (m *matcher) suggestOrganizations(c backup.Customer, company Link, must []string) []Suggestion {
	extra := map[string][]string{}
	for org, n := range m.in.Found[c.ID] {
		if _, ok := m.orgs[org]; ok && n > 0 {
			extra[org] = append(extra[org], fmt.Sprintf("%d of its machines found there by address", n))
		}
	}
	if id, ok := company.Linked(); ok {
		for _, org := range m.byCompany[id] {
			extra[org] = append(extra[org], "PSA id agrees")
		}
	}
	return suggest(m.customers.names[c.ID], m.orgNames, must, extra)
}

// suggestCompanies lists candidates for a customer's company.
func (m *matcher) suggestCompanies(c backup.Customer, psa string, must []string) []Suggestion {
	extra := map[string][]string{}
	if _, ok := m.coNames.names[psa]; ok {
		extra[psa] = append(extra[psa], "PSA id agrees")
	}
	return suggest(m.customers.names[c.ID], m.coNames, must, extra)
}

// suggest ranks candidates for one name. It is the one place where candidates are
// scored.
func suggest(n Name, other *nameSet, must []string, extra map[string][]string) []Suggestion {
	if other.index == nil {
		other.index = NewIndex(other.ids, func(id string) string { return other.names[id].Core })
	}
	scores := map[string]float64{}
	for _, hit := range other.index.Search(n.Core, 2*MaxSuggestions) {
		if hit.Score >= minScore {
			scores[hit.ID] = hit.Score
		}
	}
	required := map[string]bool{}
	for _, id := range must {
		if _, ok := other.names[id]; ok {
			required[id] = true
		}
	}
	for id := range required {
		if _, ok := scores[id]; !ok {
			scores[id] = other.index.Score(n.Core, id)
		}
	}
	for id := range extra {
		if _, ok := scores[id]; !ok {
			scores[id] = other.index.Score(n.Core, id)
		}
	}
	var out []Suggestion
	for id, score := range scores {
		reasons := explain(n, other.names[id])
		if differ(n.Numbers, other.names[id].Numbers) {
			score *= numberPenalty
		}
		if e := extra[id]; len(e) > 0 {
			reasons = append(e, reasons...)
			score = max(score, 0.5+score/2)
		}
		out = append(out, Suggestion{TargetID: id, TargetName: other.raw[id], Score: round(score), Reasons: reasons})
	}
	slices.SortFunc(out, func(a, b Suggestion) int {
		return cmp.Or(-cmp.Compare(truth(required[a.TargetID]), truth(required[b.TargetID])),
			-cmp.Compare(a.Score, b.Score), compareIDs(a.TargetID, b.TargetID))
	})
	if limit := max(MaxSuggestions, len(required)); len(out) > limit {
		out = out[:limit]
	}
	return out
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

// round keeps two digits, so that equal inputs print equal.
func round(score float64) float64 { return float64(int(min(score, 1)*100+0.5)) / 100 }

// differ says whether two names hold different numbers ("Surgery 1", "Surgery 3").
func differ(a, b []string) bool {
	return len(a) > 0 && len(b) > 0 && !slices.Equal(a, b)
}

// explain says in words how two names compare.
func explain(a, b Name) []string {
	var reasons []string
	switch {
	case a.Exact == b.Exact:
		reasons = append(reasons, "same name")
	case a.Core == b.Core && !slices.Equal(a.Forms, b.Forms):
		reasons = append(reasons, "same after removing "+strings.Join(quoted(symmetric(a.Forms, b.Forms)), " and "))
	case a.Key == b.Key:
		reasons = append(reasons, "same letters but for spaces, abbreviations and small words")
	default:
		if common := commonWords(a.Core, b.Core); len(common) > 0 {
			reasons = append(reasons, "both have "+strings.Join(quoted(common), ", "))
		} else {
			reasons = append(reasons, "similar spelling")
		}
	}
	if differ(a.Numbers, b.Numbers) {
		reasons = append(reasons, fmt.Sprintf("but the numbers differ: %s and %s", strings.Join(a.Numbers, " "), strings.Join(b.Numbers, " ")))
	}
	if !sameForms(a.Forms, b.Forms) {
		reasons = append(reasons, fmt.Sprintf("but the legal forms differ: %s and %s", strings.Join(a.Forms, " "), strings.Join(b.Forms, " ")))
	}
	return reasons
}

func symmetric(a, b []string) []string {
	var out []string
	for _, f := range a {
		if !slices.Contains(b, f) {
			out = append(out, f)
		}
	}
	for _, f := range b {
		if !slices.Contains(a, f) {
			out = append(out, f)
		}
	}
	if len(out) == 0 {
		return a
	}
	return out
}

func quoted(words []string) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = "'" + w + "'"
	}
	return out
}

func commonWords(a, b string) []string {
	have := map[string]bool{}
	for w := range strings.FieldsSeq(b) {
		have[w] = true
	}
	var out []string
	for w := range strings.FieldsSeq(a) {
		if have[w] && !smallWords[w] && !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}
