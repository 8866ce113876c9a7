package account

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"time"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/connectwise"
	"uniview-bridge/pkg/docsync"
	"uniview-bridge/pkg/itglue"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/ticketing"
	"uniview-bridge/pkg/uniview"
	"uniview-bridge/pkg/vendorhttp"
)

// reopenable is how long ago a closed ticket of ours may have been updated last
// and still be listed (the reopen window is shorter).
const reopenable = 31 * 24 * time.Hour

// sources are the lists of a scope, in reading order.
func (s *Service) sources(scope state.Scope) []source {
	var out []source
	add := func(name string, v state.Vendor, read func(ctx context.Context, run *state.Run) (state.Stage, error)) {
		out = append(out, source{name, v, read})
	}
	if !scope.AccountWide() {
		return nil
	}
	add(state.ListCustomers, state.UniView, s.readCustomers)
	add(state.ListAppliances, state.UniView, s.readAppliances)
	add(state.ListAssets, state.UniView, s.readAssets)
	add(state.ListEndpoints, state.UniView, s.readEndpoints)
	if scope != state.ScopeDocumentation {
		add(state.ListAlerts, state.UniView, s.readAlerts)
	}
	if scope != state.ScopeAlerts {
		add(state.ListOrganizations, state.ITGlue, s.readOrganizations)
		add(state.ListConfigurations, state.ITGlue, s.readConfigurations)
		add(state.ListPublished, state.ITGlue, s.readPublished)
	}
	if scope != state.ScopeDocumentation {
		add(state.ListCompanies, state.ConnectWise, s.readCompanies)
		add(state.ListTickets, state.ConnectWise, s.readTickets)
	}
	return out
}

// opened makes the function that list wants from a vendor's opener.
func opened[C, W, S any, P interface {
	pager[W, S]
	Resume(s S) P
}](ctx context.Context, open state.Opener[C], start func(client C) P) func(resume *S) (pager[W, S], func(context.Context, error) error, error) {
	return func(resume *S) (pager[W, S], func(context.Context, error) error, error) {
		session, err := open(ctx)
		if err != nil {
			return nil, nil, err
		}
		p := start(session.Client)
		if resume != nil {
			p = p.Resume(*resume)
		}
		return p, session.Fail, nil
	}
}

func (s *Service) readCustomers(ctx context.Context, run *state.Run) (state.Stage, error) {
	return list(ctx, s, run, state.ListCustomers,
		opened[*uniview.Client, uniview.Customer, uniview.State](ctx, s.UniView, (*uniview.Client).CustomersPager),
		func(c uniview.Customer) backup.Customer { return backup.Customer{ID: c.ID, Name: c.Name} },
		func(c backup.Customer) string { return c.ID })
}

func (s *Service) readAppliances(ctx context.Context, run *state.Run) (state.Stage, error) {
	return list(ctx, s, run, state.ListAppliances,
		opened[*uniview.Client, uniview.Appliance, uniview.State](ctx, s.UniView, (*uniview.Client).AppliancesPager),
		func(a uniview.Appliance) backup.Appliance {
			return backup.Appliance{
				ID: a.AssetTag, CustomerID: a.CustomerID, Name: a.Name, Online: a.IsOnline,
				TotalMB: a.TotalMBSize, FreeMB: a.TotalMBFree,
			}
		},
		func(a backup.Appliance) string { return a.ID })
}

func (s *Service) readAssets(ctx context.Context, run *state.Run) (state.Stage, error) {
	return list(ctx, s, run, state.ListAssets,
		opened[*uniview.Client, uniview.Asset, uniview.State](ctx, s.UniView, (*uniview.Client).AssetsPager),
		assetOf, backup.Asset.Key)
}

func (s *Service) readEndpoints(ctx context.Context, run *state.Run) (state.Stage, error) {
	stage, err := list(ctx, s, run, state.ListEndpoints,
		opened[*uniview.Client, uniview.Endpoint, uniview.State](ctx, s.UniView, (*uniview.Client).EndpointsPager),
		endpointOf, backup.Asset.Key)
	if !vendorhttp.IsNotFound(err) && !vendorhttp.IsForbidden(err) {
		return stage, err
	}
	// An account without Endpoint Backup may be refused this list: there are none,
	// unless there ever were some.
	if old, perr := state.LoadPointer(ctx, s.Table, state.ListEndpoints); perr == nil && old.Count > 0 || perr != nil && !errors.Is(perr, state.ErrNotFound) {
		return stage, errors.Join(err, perr)
	}
	stage, kerr := keep(ctx, s, state.ListEndpoints, s.Now().UTC(), []backup.Asset{}, backup.Asset.Key)
	stage.Detail = "taken for none: " + err.Error()
	return stage, kerr
}

func (s *Service) readOrganizations(ctx context.Context, run *state.Run) (state.Stage, error) {
	return list(ctx, s, run, state.ListOrganizations,
		opened[*itglue.Client, itglue.Organization, itglue.State](ctx, s.ITGlue, (*itglue.Client).OrganizationsPager),
		organizationOf, func(o match.Organization) string { return o.ID })
}

func (s *Service) readConfigurations(ctx context.Context, run *state.Run) (state.Stage, error) {
	return list(ctx, s, run, state.ListConfigurations,
		opened[*itglue.Client, itglue.Configuration, itglue.State](ctx, s.ITGlue, func(c *itglue.Client) *itglue.Pager[itglue.Configuration] {
			return c.ConfigurationsPager(itglue.ConfigurationQuery{})
		}),
		configurationOf, func(c match.Configuration) string { return c.ID })
}

// readPublished reads the flexible assets of our type. While the type does not
// exist there are none.
func (s *Service) readPublished(ctx context.Context, run *state.Run) (state.Stage, error) {
	typ, _, err := docsync.LoadType(ctx, s.Table)
	if err != nil {
		return state.Stage{}, err
	}
	if typ.ID == "" {
		return keep(ctx, s, state.ListPublished, s.Now().UTC(), []docsync.Published{}, func(p docsync.Published) string { return p.ID })
	}
	return list(ctx, s, run, state.ListPublished,
		opened[*itglue.Client, itglue.FlexibleAsset, itglue.State](ctx, s.ITGlue, func(c *itglue.Client) *itglue.Pager[itglue.FlexibleAsset] {
			return c.FlexibleAssetsPager(itglue.FlexibleAssetQuery{TypeID: typ.ID})
		}),
		func(a itglue.FlexibleAsset) docsync.Published { return docsync.PublishedOf(a, typ) },
		func(p docsync.Published) string { return p.ID })
}

func (s *Service) readCompanies(ctx context.Context, run *state.Run) (state.Stage, error) {
	return list(ctx, s, run, state.ListCompanies,
		opened[*connectwise.Client, connectwise.Company, connectwise.State](ctx, s.ConnectWise, func(c *connectwise.Client) *connectwise.Pager[connectwise.Company] {
			return c.CompaniesPager(connectwise.CompanyQuery{IncludeDeleted: true})
		}),
		func(c connectwise.Company) match.Company {
			return match.Company{ID: strconv.Itoa(c.ID), Identifier: c.Identifier, Name: c.Name, Deleted: c.Deleted}
		},
		func(c match.Company) string { return c.ID })
}

// readTickets reads our tickets by our reference, those open or closed lately.
func (s *Service) readTickets(ctx context.Context, run *state.Run) (state.Stage, error) {
	// Whole days keep the list from moving with the clock.
	since := s.Now().UTC().Add(-reopenable).Truncate(24 * time.Hour)
	stage, err := list(ctx, s, run, state.ListTickets,
		opened[*connectwise.Client, connectwise.Ticket, connectwise.State](ctx, s.ConnectWise, func(c *connectwise.Client) *connectwise.Pager[connectwise.Ticket] {
			return c.TicketsPager(connectwise.TicketQuery{XRefPrefix: alert.ReferencePrefix(s.Installation), UpdatedSince: since})
		}),
		ticketing.TicketOf, func(t alert.Ticket) string { return strconv.Itoa(t.ID) })
	if err == nil {
		s.checkCallback(ctx)
	}
	return stage, err
}

// checkCallback sees once a day that ConnectWise still calls back, where that is
// switched on. Tickets do not depend on it, so what goes wrong is only logged.
func (s *Service) checkCallback(ctx context.Context) {
	session, err := s.ConnectWise(ctx)
	if err != nil {
		return
	}
	problem, news, err := ticketing.CheckFastPath(ctx, s.Table, session.Client, s.Now().UTC())
	switch {
	case err != nil:
		s.Log.WarnContext(ctx, "callbacks not checked", slog.Any("error", err))
	case news && problem != "":
		s.Log.WarnContext(ctx, "callbacks do not come", slog.String("problem", problem))
	}
}
