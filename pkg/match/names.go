package match

import (
	"cmp"
	"slices"
	"strings"
)

// nameSet indexes the names of one side.
type nameSet struct {
	ids     []string
	raw     map[string]string
	names   map[string]Name
	byExact map[string][]string
	byKey   map[string][]string
	cuts    map[string]int // Exact of the name cut at 50 → how many
	ranker  *Ranker        // made when first asked
}

// rankerFor makes ready to rank these names for those who ask.
func (s *nameSet) rankerFor(askers *nameSet) *Ranker {
	if s.ranker == nil {
		names := make([]Name, len(s.ids))
		for i, id := range s.ids {
			names[i] = s.names[id]
		}
		keys := make(map[string]int, len(askers.byKey))
		for key, ids := range askers.byKey {
			keys[key] = len(ids)
		}
		s.ranker = newRanker(&shippedModel, s.ids, names, keys)
	}
	return s.ranker
}

func newNameSet(records []Record) *nameSet {
	slices.SortFunc(records, func(a, b Record) int { return compareIDs(a.ID, b.ID) })
	s := &nameSet{raw: map[string]string{}, names: map[string]Name{}, byExact: map[string][]string{}, byKey: map[string][]string{}, cuts: map[string]int{}}
	for _, r := range records {
		n := NormalizeName(r.Name)
		s.ids = append(s.ids, r.ID)
		s.raw[r.ID], s.names[r.ID] = r.Name, n
		if n.Key == "" {
			continue // a name without letters and digits equals nothing
		}
		s.byExact[n.Exact] = append(s.byExact[n.Exact], r.ID)
		s.byKey[n.Key] = append(s.byKey[n.Key], r.ID)
		if short, ok := truncated(r.Name); ok {
			s.cuts[short.Exact]++
		} else {
			s.cuts[n.Exact]++
		}
	}
	return s
}

// compareIDs orders ids as numbers where they are: shorter first, then by text.
func compareIDs(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}
