package view

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/state"
)

// Found is a record of another system that a link can lead to.
type Found struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Note tells it from its namesakes: short name, identifier, serial number.
	Note string `json:"note,omitempty"`
	// Taken is how many customers or machines are matched to it already, and TakenBy
	// says so in words.
	Taken   int    `json:"taken"`
	TakenBy string `json:"takenBy,omitempty"`
}

// FoundPage is what a search found, best first.
type FoundPage struct {
	Items []Found `json:"items"`
	More  bool    `json:"more"` // there were more than asked for: search more closely
	// Hidden are those that fit and are matched already: All shows them.
	Hidden int `json:"hidden"`
}

// Search is what is searched for.
type Search struct {
	Text  string
	Limit int
	All   bool // also records that are matched already
}

// FindOrganizations searches organizations by name, short name or id.
func (m *Model) FindOrganizations(ctx context.Context, q Search) (FoundPage, error) {
	r, s, err := m.customers(ctx)
	if err != nil {
		return FoundPage{}, err
	}
	at, err := s.pointer(ctx, state.ListOrganizations)
	if err != nil {
		return FoundPage{}, err
	}
	list, err := m.searchable(state.ListOrganizations, at.Digest, func() ([]entry, error) {
		all, err := m.Directory.Organizations(ctx)
		out := make([]entry, len(all))
		for i, o := range all {
			out[i] = entryOf(o.ID, o.Name, o.ShortName)
		}
		return out, err
	})
	if err != nil {
		return FoundPage{}, err
	}
	return find(list, q, r.taken(func(c state.CustomerRow) state.LinkRow { return c.Organization })), nil
}

// FindCompanies searches companies by name, identifier or id; deleted ones are left out.
func (m *Model) FindCompanies(ctx context.Context, q Search) (FoundPage, error) {
	r, s, err := m.customers(ctx)
	if err != nil {
		return FoundPage{}, err
	}
	at, err := s.pointer(ctx, state.ListCompanies)
	if err != nil {
		return FoundPage{}, err
	}
	list, err := m.searchable(state.ListCompanies, at.Digest, func() ([]entry, error) {
		all, err := m.Directory.Companies(ctx)
		out := make([]entry, 0, len(all))
		for _, c := range all {
			if !c.Deleted {
				out = append(out, entryOf(c.ID, c.Name, c.Identifier))
			}
		}
		return out, err
	})
	if err != nil {
		return FoundPage{}, err
	}
	return find(list, q, r.taken(func(c state.CustomerRow) state.LinkRow { return c.Company })), nil
}

// FindConfigurations searches the configurations of one organization by name, host
// name, serial number or id; archived ones are left out.
func (m *Model) FindConfigurations(ctx context.Context, organization string, q Search) (FoundPage, error) {
	if _, ok, err := m.Directory.Organization(ctx, organization); err != nil || !ok {
		return FoundPage{}, cmp.Or(err, state.ErrNotFound)
	}
	r, s, err := m.customers(ctx)
	if err != nil {
		return FoundPage{}, err
	}
	var owners []string
	var keys []state.Key
	for _, c := range r.rows {
		if id, ok := c.Organization.Linked(); ok && id == organization {
			owners, keys = append(owners, c.ID), append(keys, state.DocumentationKey(c.ID))
		}
	}
	if err := s.ahead(ctx, keys); err != nil {
		return FoundPage{}, err
	}
	owner := ""
	taken := map[string][]string{}
	for _, owner = range owners {
		doc, err := state.LoadDocumentation(ctx, s, owner)
		if err != nil {
			return FoundPage{}, err
		}
		for _, machine := range doc.Machines {
			if id, ok := machine.Link.Linked(); ok {
				taken[id] = append(taken[id], machine.Name)
			}
		}
	}
	all, err := m.Directory.ConfigurationsOf(ctx, owner, organization)
	if err != nil {
		return FoundPage{}, err
	}
	list := make([]entry, 0, len(all))
	for _, c := range all {
		if c.Archived {
			continue
		}
		e := entryOf(c.ID, c.Name, strings.TrimSpace(c.TypeName+" "+c.Serial))
		e.other = fold(c.Hostname + " " + c.Serial)
		list = append(list, e)
	}
	return find(list, q, taken), nil
}

// Owned says whether a customer that may be seen is matched to the organization, and
// none that may not.
func (m *Model) Owned(ctx context.Context, organization string, may func(customer string) bool) (bool, error) {
	r, _, err := m.customers(ctx)
	if err != nil {
		return false, err
	}
	owned := false
	for _, c := range r.rows {
		if id, ok := c.Organization.Linked(); ok && id == organization {
			if !may(c.ID) {
				return false, nil
			}
			owned = true
		}
	}
	return owned, nil
}

// taken names, by target, the customers that are matched to it.
func (r *roster) taken(link func(state.CustomerRow) state.LinkRow) map[string][]string {
	n := map[string][]string{}
	for _, c := range r.rows {
		if id, ok := link(c.CustomerRow).Linked(); ok {
			n[id] = append(n[id], c.Name)
		}
	}
	return n
}

// entry is one record as it is searched.
type entry struct {
	found       Found
	name, other string // folded
}

func entryOf(id, name, note string) entry {
	return entry{found: Found{ID: id, Name: name, Note: note}, name: fold(name), other: fold(note)}
}

// fold brings a text into the form that is compared: lower case, no accents, no
// punctuation.
func fold(s string) string { return match.NormalizeName(s).Exact }

// searchable keeps a list in its folded form as long as its content stays.
func (m *Model) searchable(list, digest string, make func() ([]entry, error)) ([]entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if kept, ok := m.folded[list]; ok && kept.digest == digest {
		return kept.entries, nil
	}
	entries, err := make()
	if err != nil {
		return nil, err
	}
	if m.folded == nil {
		m.folded = map[string]foldedList{}
	}
	m.folded[list] = foldedList{digest, entries}
	return entries, nil
}

type foldedList struct {
	digest  string
	entries []entry
}

// The ranks of a hit, best first.
const (
	rankEqual = iota
	rankBegins
	rankWords // every word that is searched for begins a word of it
	rankHolds
	rankTypo // the same but for a slip of the hand
	noHit
)

// rank says how well a record fits.
func (e entry) rank(raw, q string, words []string) int {
	switch {
	case q == "" && raw == "":
		return rankHolds
	case e.found.ID == raw, e.name == q, q != "" && e.other == q:
		return rankEqual
	case q == "":
		return noHit
	case strings.HasPrefix(e.name, q), strings.HasPrefix(e.other, q):
		return rankBegins
	}
	have := strings.Fields(e.name + " " + e.other)
	every := func(near func(word, begins string) bool) bool {
		return !slices.ContainsFunc(words, func(w string) bool {
			return !slices.ContainsFunc(have, func(h string) bool { return near(h, w) })
		})
	}
	switch {
	case every(strings.HasPrefix):
		return rankWords
	case strings.Contains(e.name, q), strings.Contains(e.other, q), every(strings.Contains):
		return rankHolds
	case every(nearly):
		return rankTypo
	}
	return noHit
}

// find ranks, best first; those of one rank by name. Records that are matched
// already are counted and left out, unless all are asked for.
func find(list []entry, q Search, taken map[string][]string) FoundPage {
	raw := strings.TrimSpace(q.Text)
	folded := fold(raw)
	words := strings.Fields(folded)
	type hit struct {
		rank int
		at   int
	}
	var hits []hit
	page := FoundPage{Items: []Found{}}
	for i, e := range list {
		rank := e.rank(raw, folded, words)
		if rank == noHit {
			continue
		}
		if len(taken[e.found.ID]) > 0 && !q.All {
			page.Hidden++
			continue
		}
		hits = append(hits, hit{rank, i})
	}
	slices.SortFunc(hits, func(a, b hit) int {
		x, y := list[a.at], list[b.at]
		return cmp.Or(cmp.Compare(a.rank, b.rank), strings.Compare(x.name, y.name), strings.Compare(x.found.ID, y.found.ID))
	})
	page.More = len(hits) > q.Limit
	for _, h := range hits[:min(q.Limit, len(hits))] {
		f := list[h.at].found
		f.Taken = len(taken[f.ID])
		f.TakenBy = takenBy(taken[f.ID])
		page.Items = append(page.Items, f)
	}
	return page
}

// takenBy names who is matched to a record.
func takenBy(names []string) string {
	const shown = 3
	names = slices.Sorted(slices.Values(names))
	switch {
	case len(names) == 0:
		return ""
	case len(names) > shown:
		return fmt.Sprintf("already matched to %s and %d more", strings.Join(names[:shown], ", "), len(names)-shown)
	default:
		return "already matched to " + strings.Join(names, ", ")
	}
}

// nearly says whether a word begins like the one that is searched for, but for one
// letter wrong, missing, too many or two swapped; short words must be right.
func nearly(word, want string) bool {
	const shortest = 4
	if utf8.RuneCountInString(want) < shortest {
		return strings.HasPrefix(word, want)
	}
	w, h := []rune(want), []rune(word)
	i := 0
	for i < len(w) && i < len(h) && w[i] == h[i] {
		i++
	}
	begins := func(a, b []rune) bool { return len(a) >= len(b) && slices.Equal(a[:len(b)], b) }
	if i == len(w) {
		return true
	}
	if i == len(h) {
		return len(w) == len(h)+1 // one letter too many at the end
	}
	return begins(h[i+1:], w[i+1:]) || // wrong
		begins(h[i:], w[i+1:]) || // too many
		begins(h[i+1:], w[i:]) || // missing
		i+1 < len(w) && i+1 < len(h) && w[i] == h[i+1] && w[i+1] == h[i] && begins(h[i+2:], w[i+2:]) // swapped
}
