package review

import (
	"context"
	"errors"
	"strings"
	"sync"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/state"
)

// Directory looks records up in the newest snapshots. It keeps each list as long
// as its snapshot's content stays, so that a look-up costs one small read. It is
// safe for concurrent use.
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
	l, err := d.organizations.load(ctx, d.table)
	o, ok := l.byID[id]
	return o, ok, err
}

// Companies are all companies of the newest read, deleted ones included.
func (d *Directory) Companies(ctx context.Context) ([]match.Company, error) {
	l, err := d.companies.load(ctx, d.table)
	return l.records, err
}

// Company finds a company that is not deleted.
func (d *Directory) Company(ctx context.Context, id string) (match.Company, bool, error) {
	l, err := d.companies.load(ctx, d.table)
	c, ok := l.byID[id]
	return c, ok && !c.Deleted, err
}

// Configurations are those of one organization, archived ones included.
func (d *Directory) Configurations(ctx context.Context, organization string) ([]match.Configuration, error) {
	l, err := d.configurations.load(ctx, d.table)
	return l.groups[organization], err
}

// Configuration finds a configuration that is not archived.
func (d *Directory) Configuration(ctx context.Context, id string) (match.Configuration, bool, error) {
	l, err := d.configurations.load(ctx, d.table)
	c, ok := l.byID[id]
	return c, ok && !c.Archived, err
}

// Assets are one customer's machines of both families, by asset key.
func (d *Directory) Assets(ctx context.Context, customer string) (map[string]backup.Asset, error) {
	out := map[string]backup.Asset{}
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
	l, err := ix.load(ctx, d.table)
	a, ok := l.byID[key]
	return a, ok, err
}

// index is one list with its look-ups.
type index[T any] struct {
	list  string
	id    func(T) string
	group func(T) string // nil: not grouped

	mu     sync.Mutex
	loaded loaded[T]
}

type loaded[T any] struct {
	digest  string
	records []T
	byID    map[string]T
	groups  map[string][]T
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
