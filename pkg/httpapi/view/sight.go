package view

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"uniview-bridge/pkg/docsync"
	"uniview-bridge/pkg/state"
)

// sight is the table as one page sees it: what the page needs is read ahead, many
// small records with one request, and answered from memory from then on.
type sight struct {
	state.Table

	mu    sync.Mutex
	known map[state.Key]*state.Item // nil: it is not there
}

type heldKey struct{}

// Hold makes all questions of one page see the same small records, read once: a page
// that asks several things of the model calls it first. A page that writes in between
// must not.
func (m *Model) Hold(ctx context.Context) context.Context {
	return context.WithValue(ctx, heldKey{}, m.newSight())
}

// held is Hold, unless the page did it.
func (m *Model) held(ctx context.Context) context.Context {
	if s, ok := ctx.Value(heldKey{}).(*sight); ok && s.Table == m.Table {
		return ctx
	}
	return m.Hold(ctx)
}

func (m *Model) newSight() *sight {
	return &sight{Table: m.Table, known: map[state.Key]*state.Item{}}
}

// Get answers from what was read ahead, else from the table.
func (s *sight) Get(ctx context.Context, key state.Key) (state.Item, error) {
	s.mu.Lock()
	item, ok := s.known[key]
	s.mu.Unlock()
	switch {
	case !ok:
		return s.Table.Get(ctx, key)
	case item == nil:
		return state.Item{}, state.ErrNotFound
	default:
		return *item, nil
	}
}

// GetMany answers what was read ahead from memory, and the rest with one request.
func (s *sight) GetMany(ctx context.Context, keys []state.Key) (map[state.Key]state.Item, error) {
	out := make(map[state.Key]state.Item, len(keys))
	var rest []state.Key
	s.mu.Lock()
	for _, k := range keys {
		item, ok := s.known[k]
		switch {
		case !ok:
			rest = append(rest, k)
		case item != nil:
			out[k] = *item
		}
	}
	s.mu.Unlock()
	if len(rest) == 0 {
		return out, nil
	}
	items, err := s.Table.GetMany(ctx, rest)
	maps.Copy(out, items)
	return out, err
}

// ahead reads what is not known yet, with one request.
func (s *sight) ahead(ctx context.Context, keys []state.Key) error {
	s.mu.Lock()
	rest := slices.DeleteFunc(slices.Clone(keys), func(k state.Key) bool { _, ok := s.known[k]; return ok })
	s.mu.Unlock()
	if len(rest) == 0 {
		return nil
	}
	items, err := s.Table.GetMany(ctx, rest)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range rest {
		s.known[k] = nil
		if item, ok := items[k]; ok {
			s.known[k] = &item
		}
	}
	return nil
}

// pageLists are the lists whose dates and contents pages look up.
var pageLists = []string{
	state.ListCustomers, state.ListAppliances, state.ListAssets, state.ListEndpoints, state.ListAlerts,
	state.ListOrganizations, state.ListConfigurations, state.ListPublished, state.ListCompanies, state.ListTickets,
	state.ListMachineIndex, state.SliceList(state.ITGlue), state.SliceList(state.ConnectWise),
}

// small are the small records that nearly every page needs.
var small = func() []state.Key {
	keys := []state.Key{state.SettingsKey("mode"), state.SettingsKey("waiting"), state.TrendKey()}
	for _, list := range pageLists {
		keys = append(keys, state.PointerKey(list))
	}
	return keys
}()

// look begins a page: the small records and what else it is known to need are read
// with one request.
func (m *Model) look(ctx context.Context, more ...[]state.Key) (*sight, error) {
	s, ok := m.held(ctx).Value(heldKey{}).(*sight)
	if !ok {
		s = m.newSight()
	}
	return s, s.ahead(ctx, slices.Concat(append(more, small)...))
}

// person is one customer in the roster.
type person struct {
	state.CustomerRow

	lower string // the name in lower case
	text  string // what is searched, in lower case
}

// roster is the index of customers in memory, ordered by name.
type roster struct {
	rows []person
	at   map[string]int // place in rows by customer id
}

// name is how a customer is called; its id when it is not known.
func (r *roster) name(id string) string {
	if i, ok := r.at[id]; ok && r.rows[i].Name != "" {
		return r.rows[i].Name
	}
	return id
}

// rosterPart is one shard of the index as it was last read.
type rosterPart struct {
	version int64
	rows    map[string]state.CustomerRow
}

// customers is the roster, with the sight it was read in, which holds what else the
// page needs. Only shards that changed are taken apart anew.
func (m *Model) customers(ctx context.Context, more ...state.Key) (*roster, *sight, error) {
	s, err := m.look(ctx, state.CustomerIndexKeys(), more)
	if err != nil {
		return nil, nil, err
	}
	items, err := s.GetMany(ctx, state.CustomerIndexKeys())
	if err != nil {
		return nil, nil, err
	}
	m.rosterMu.Lock()
	defer m.rosterMu.Unlock()
	if len(items) == 0 { // an installation that is new, or older than the index
		_, rows, err := state.CustomersIndexed(ctx, m.Table)
		return newRoster(map[state.Key]rosterPart{{}: {rows: rows}}), s, err
	}
	if m.rosterParts == nil {
		m.rosterParts = map[state.Key]rosterPart{}
	}
	changed := m.roster == nil
	for key, item := range items {
		if part, ok := m.rosterParts[key]; ok && part.version == item.Version {
			continue
		}
		rows, err := state.CustomerRows(item)
		if err != nil {
			return nil, nil, err
		}
		m.rosterParts[key], changed = rosterPart{item.Version, rows}, true
	}
	if changed {
		m.roster = newRoster(m.rosterParts)
	}
	return m.roster, s, nil
}

func newRoster(parts map[state.Key]rosterPart) *roster {
	r := &roster{at: map[string]int{}}
	for _, part := range parts {
		for _, row := range part.rows {
			r.rows = append(r.rows, person{row, strings.ToLower(row.Name), strings.ToLower(row.Name + "\n" + row.Organization.Name + "\n" + row.Company.Name)})
		}
	}
	slices.SortFunc(r.rows, func(a, b person) int { return cmp.Or(strings.Compare(a.lower, b.lower), strings.Compare(a.ID, b.ID)) })
	for i, p := range r.rows {
		r.at[p.ID] = i
	}
	return r
}

// pointer is a list's pointer; the zero one when the list was never read.
func (s *sight) pointer(ctx context.Context, list string) (state.Pointer, error) {
	p, err := state.LoadPointer(ctx, s, list)
	return p, missing(err)
}

// asOf is when the newest read of a list began; zero when it was never read.
func (s *sight) asOf(ctx context.Context, list string) (time.Time, error) {
	p, err := s.pointer(ctx, list)
	return p.ReadFrom, err
}

// published finds one of our flexible assets as IT Glue has it.
func (s *sight) published(ctx context.Context, id string) (docsync.Published, bool, error) {
	p, err := state.LoadRecord(ctx, s, state.ListPublished, id, func(p docsync.Published) string { return p.ID })
	if errors.Is(err, state.ErrNotFound) {
		return p, false, nil
	}
	return p, err == nil, err
}
