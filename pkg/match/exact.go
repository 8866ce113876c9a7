package match

import "uniview-bridge/pkg/backup"

// verdict is the outcome of looking for an exact name.
type verdict struct {
	id     string   // the one record, when unique on both sides
	reason string   // how it agrees, or why it does not link
	all    []string // candidates of equal right
}

// exact looks for the customer's name on the other side: first as it is, then in
// its lenient form, then as ConnectWise would cut it. A form only counts when it
// is unique on both sides; namesakes in the stricter form are not told apart by
// the more lenient one.
func (m *matcher) exact(c backup.Customer, other *nameSet) verdict {
	n := m.customers.names[c.ID]
	if n.generic() {
		return verdict{reason: ReasonGeneric, all: other.byKey[n.Key]}
	}
	strict := other.byExact[n.Exact]
	if len(strict) == 1 && len(m.customers.byExact[n.Exact]) == 1 {
		return verdict{id: strict[0], reason: ReasonName, all: strict}
	}
	lenient := other.byKey[n.Key]
	if len(lenient) == 0 {
		return m.cut(c, other)
	}
	switch mine := m.customers.byKey[n.Key]; {
	case len(lenient) > 1:
		return verdict{reason: ReasonNamesakes, all: lenient}
	case len(mine) > 1:
		return verdict{reason: ReasonShared, all: lenient}
	case !sameForms(n.Forms, other.names[lenient[0]].Forms):
		return verdict{reason: ReasonForms, all: lenient}
	default:
		return verdict{id: lenient[0], reason: ReasonNameCore, all: lenient}
	}
}

// cut looks for names that ConnectWise cut at 50 characters.
func (m *matcher) cut(c backup.Customer, other *nameSet) verdict {
	short, ok := truncated(c.Name)
	if !ok {
		return verdict{}
	}
	var all []string
	for _, id := range other.byExact[short.Exact] {
		if isTruncated(other.raw[id]) {
			all = append(all, id)
		}
	}
	switch {
	case len(all) == 0:
		return verdict{}
	case len(all) > 1:
		return verdict{reason: ReasonNamesakes, all: all}
	case m.customers.cuts[short.Exact] > 1:
		return verdict{reason: ReasonShared, all: all}
	default:
		return verdict{id: all[0], reason: ReasonNameCut, all: all}
	}
}
