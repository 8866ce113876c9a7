package review

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/state"
)

// Directory looks records up in the newest snapshots. It keeps each list as long
// as its snapshot's content stays, so that a look-up costs one small read. Until a
// list is needed whole, one record costs the read of its chunk, and one customer's
// machines the read of its slice: a page about one of them never reads the machines
// of all. It is safe for concurrent use.
type Directory struct {
	table state.Table

	organizations  index[match.Organization]
	companies      index[match.Company]
	configurations index[match.Configuration]
	assets         index[backup.Asset]
	endpoints      index[backup.Asset]
}

// NewDirectory makes a directory over a table.
func NewDirectory(t state.Table) *Directory {
	d := &Directory{table: t}
	d.organizations = index[match.Organization]{list: state.ListOrganizations, id: func(o match.Organization) string { return o.ID }}
	d.companies = index[match.Company]{list: state.ListCompanies, id: func(c match.Company) string { return c.ID }}
	d.configurations = index[match.Configuration]{
		list: state.ListConfigurations, id: func(c match.Configuration) string { return c.ID },
		group: func(c match.Configuration) string { return c.OrganizationID },
	}
	d.assets = index[backup.Asset]{list: state.ListAssets, id: backup.Asset.Key, group: func(a backup.Asset) string { return a.CustomerID }}
	d.endpoints = index[backup.Asset]{list: state.ListEndpoints, id: backup.Asset.Key, group: func(a backup.Asset) string { return a.CustomerID }}
	return d
}

// Organizations are all organizations of the newest read.
func (d *Directory) Organizations(ctx context.Context) ([]match.Organization, error) {
	l, err := d.organizations.load(ctx, d.table)
	return l.records, err
}

// Organization finds an organization.
func (d *Directory) Organization(ctx context.Context, id string) (match.Organization, bool, error) {
	return d.organizations.one(ctx, d.table, id)
}

// Companies are all companies of the newest read, deleted ones included.
func (d *Directory) Companies(ctx context.Context) ([]match.Company, error) {
	l, err := d.companies.load(ctx, d.table)
	return l.records, err
}

// Company finds a company that is not deleted.
func (d *Directory) Company(ctx context.Context, id string) (match.Company, bool, error) {
	c, ok, err := d.companies.one(ctx, d.table, id)
	return c, ok && !c.Deleted, err
}

// ConfigurationsOf are those of one organization that a customer is matched to,
// archived ones included, as the customer's documentation was last decided from.
func (d *Directory) ConfigurationsOf(ctx context.Context, customer, organization string) ([]match.Configuration, error) {
	s, _, err := state.LoadSlice[lists](ctx, d.table, state.ITGlue, customer)
	if errors.Is(err, state.ErrNotFound) || err == nil && s.Organization != organization {
		return d.Configurations(ctx, organization)
	}
	return slices.DeleteFunc(s.Configurations, func(c match.Configuration) bool { return c.OrganizationID != organization }), err
}

// searched says whether a customer's machines may be in an organization: the one it is
// matched to, and those below it where the settings say so (match.MACIndex.Scope), as
// its documentation was last decided.
func (d *Directory) searched(ctx context.Context, customer, organization, other string) (bool, error) {
	if other == organization {
		return true, nil
	}
	s, _, err := state.LoadSlice[lists](ctx, d.table, state.ITGlue, customer)
	if errors.Is(err, state.ErrNotFound) {
		return false, nil
	}
	return err == nil && s.Organization == organization && slices.Contains(s.Below, other), err
}

// Configurations are those of one organization, archived ones included.
func (d *Directory) Configurations(ctx context.Context, organization string) ([]match.Configuration, error) {
	l, err := d.configurations.load(ctx, d.table)
	return l.groups[organization], err
}

// EachConfiguration visits every configuration, archived ones included.
func (d *Directory) EachConfiguration(ctx context.Context, visit func(match.Configuration)) error {
	l, err := d.configurations.load(ctx, d.table)
	for _, c := range l.records {
		visit(c)
	}
	return err
}

// Configuration finds a configuration that is not archived.
func (d *Directory) Configuration(ctx context.Context, id string) (match.Configuration, bool, error) {
	c, ok, err := d.configurations.one(ctx, d.table, id)
	return c, ok && !c.Archived, err
}

// lists are what the directory reads of a customer's documentation slice.
type lists struct {
	Organization   string                `json:"organization"`
	Below          []string              `json:"below"`
	Assets         []backup.Asset        `json:"assets"`
	Configurations []match.Configuration `json:"configurations"`
}

// Assets are one customer's machines of both families, by asset key: those of the
// customer's slice, which statuses and matches were decided from, or of the newest
// lists while no slice was made yet.
func (d *Directory) Assets(ctx context.Context, customer string) (map[string]backup.Asset, error) {
	out := map[string]backup.Asset{}
	s, _, err := state.LoadSlice[lists](ctx, d.table, state.ITGlue, customer)
	switch {
	case err == nil:
		for _, a := range s.Assets {
			out[a.Key()] = a
		}
		return out, nil
	case !errors.Is(err, state.ErrNotFound):
		return nil, err
	}
	for _, ix := range []*index[backup.Asset]{&d.assets, &d.endpoints} {
		l, err := ix.load(ctx, d.table)
		if err != nil {
			return nil, err
		}
		for _, a := range l.groups[customer] {
			out[a.Key()] = a
		}
	}
	return out, nil
}

// Asset finds a machine by its key.
func (d *Directory) Asset(ctx context.Context, key string) (backup.Asset, bool, error) {
	ix := &d.assets
	if strings.HasPrefix(key, string(backup.FamilyEndpoint)+":") {
		ix = &d.endpoints
	}
	return ix.one(ctx, d.table, key)
}

// index is one list with its look-ups.
type index[T any] struct {
	list  string
	id    func(T) string
	group func(T) string // nil: not grouped

	mu     sync.Mutex
	loaded loaded[T]
	looks  int       // single look-ups since
	since  time.Time // this moment
}

// Many look-ups within moments are a bulk: then the list is read whole.
const (
	manyLooks = 20
	moments   = 2 * time.Second
)

type loaded[T any] struct {
	digest  string
	records []T
	byID    map[string]T
	groups  map[string][]T
}

// one finds one record: in the list when that is at hand, else in its chunk.
func (ix *index[T]) one(ctx context.Context, t state.Table, id string) (T, bool, error) {
	kept, many := ix.look()
	if many {
		l, err := ix.load(ctx, t)
		r, ok := l.byID[id]
		return r, ok, err
	}
	if kept.byID != nil {
		if p, err := state.LoadPointer(ctx, t, ix.list); err == nil && p.Digest == kept.digest {
			r, ok := kept.byID[id]
			return r, ok, nil
		}
	}
	r, err := state.LoadRecord(ctx, t, ix.list, id, ix.id)
	if errors.Is(err, state.ErrNotFound) {
		var none T
		return none, false, nil
	}
	return r, err == nil, err
}

// look counts a single look-up and says whether there are many.
func (ix *index[T]) look() (kept loaded[T], many bool) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	if now := time.Now(); now.Sub(ix.since) > moments { // how fast questions come is a matter of real time
		ix.looks, ix.since = 0, now
	}
	ix.looks++
	return ix.loaded, ix.looks > manyLooks
}

func (ix *index[T]) load(ctx context.Context, t state.Table) (loaded[T], error) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	pointer, err := state.LoadPointer(ctx, t, ix.list)
	if errors.Is(err, state.ErrNotFound) {
		return loaded[T]{}, nil // never read: nothing is known yet
	}
	if err != nil {
		return loaded[T]{}, err
	}
	if ix.loaded.digest == pointer.Digest && ix.loaded.byID != nil {
		return ix.loaded, nil
	}
	records, pointer, err := state.LoadSnapshot[T](ctx, t, ix.list)
	if err != nil {
		return loaded[T]{}, err
	}
	l := loaded[T]{digest: pointer.Digest, records: records, byID: make(map[string]T, len(records))}
	for _, r := range records {
		l.byID[ix.id(r)] = r
	}
	if ix.group != nil {
		l.groups = map[string][]T{}
		for _, r := range records {
			l.groups[ix.group(r)] = append(l.groups[ix.group(r)], r)
		}
	}
	ix.loaded = l
	return l, nil
}
