package review

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/itglue"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/state"
)

// ITGlue creates records through the IT Glue connection.
type ITGlue struct {
	Open state.Opener[*itglue.Client]
}

var _ Creator = ITGlue{}

// Organizations implements [Creator].
func (g ITGlue) Organizations(ctx context.Context) ([]match.Organization, error) {
	session, err := g.Open(ctx)
	if err != nil {
		return nil, err
	}
	all, err := session.Client.ListOrganizations(ctx)
	if err != nil {
		return nil, session.Fail(ctx, err)
	}
	out := make([]match.Organization, len(all))
	for i, o := range all {
		out[i] = match.Organization{ID: o.ID, Name: o.Name}
		for _, a := range o.PSA {
			if a.IsConnectWise() && !a.Orphaned {
				out[i].CompanyID = a.RemoteID
			}
		}
	}
	return out, nil
}

// CreateOrganization implements [Creator].
func (g ITGlue) CreateOrganization(ctx context.Context, n NewOrganization) (match.Organization, error) {
	session, err := g.Open(ctx)
	if err != nil {
		return match.Organization{}, err
	}
	if n.TypeID != "" || n.StatusID != "" {
		types, err := session.Client.ListOrganizationTypes(ctx)
		if err != nil {
			return match.Organization{}, session.Fail(ctx, err)
		}
		statuses, err := session.Client.ListOrganizationStatuses(ctx)
		if err != nil {
			return match.Organization{}, session.Fail(ctx, err)
		}
		if err := known(n.TypeID, types, n.StatusID, statuses); err != nil {
			return match.Organization{}, err
		}
	}
	o, err := session.Client.CreateOrganization(ctx, itglue.OrganizationWrite{Name: n.Name, TypeID: n.TypeID, StatusID: n.StatusID})
	if err != nil {
		return match.Organization{}, session.Fail(ctx, err)
	}
	return match.Organization{ID: o.ID, Name: o.Name}, nil
}

// Configurations implements [Creator].
func (g ITGlue) Configurations(ctx context.Context, organization string) ([]match.Configuration, error) {
	session, err := g.Open(ctx)
	if err != nil {
		return nil, err
	}
	all, err := session.Client.ListConfigurations(ctx, itglue.ConfigurationQuery{OrganizationID: organization})
	if err != nil {
		return nil, session.Fail(ctx, err)
	}
	out := make([]match.Configuration, len(all))
	for i, c := range all {
		out[i] = match.Configuration{ID: c.ID, OrganizationID: c.OrganizationID, Name: c.Name, Hostname: c.Hostname, MAC: c.MAC, Archived: c.Archived}
		for _, in := range c.Interfaces {
			out[i].OtherMACs = append(out[i].OtherMACs, in.MAC)
		}
		for _, r := range c.RMM {
			out[i].OtherMACs = append(out[i].OtherMACs, r.MACs...)
		}
	}
	return out, nil
}

// Kinds implements [Creator].
func (g ITGlue) Kinds(ctx context.Context) (Kinds, error) {
	session, err := g.Open(ctx)
	if err != nil {
		return Kinds{}, err
	}
	var out Kinds
	for _, list := range []struct {
		into *[]Kind
		read func(context.Context) ([]itglue.Named, error)
	}{
		{&out.OrganizationTypes, session.Client.ListOrganizationTypes},
		{&out.OrganizationStatuses, session.Client.ListOrganizationStatuses},
		{&out.ConfigurationTypes, session.Client.ListConfigurationTypes},
		{&out.ConfigurationStatuses, session.Client.ListConfigurationStatuses},
	} {
		found, err := list.read(ctx)
		if err != nil {
			return Kinds{}, session.Fail(ctx, err)
		}
		*list.into = make([]Kind, len(found))
		for i, k := range found {
			(*list.into)[i] = Kind(k)
		}
	}
	return out, nil
}

// known refuses types and statuses that IT Glue does not have.
func known(typeID string, types []itglue.Named, statusID string, statuses []itglue.Named) error {
	has := func(list []itglue.Named, id string) bool {
		return id == "" || slices.ContainsFunc(list, func(n itglue.Named) bool { return n.ID == id })
	}
	switch {
	case !has(types, typeID):
		return refuse(Unknown, "typeId", "IT Glue has no such type (any more): choose another one")
	case !has(statuses, statusID):
		return refuse(Unknown, "statusId", "IT Glue has no such status (any more): choose another one")
	}
	return nil
}

// CreateConfiguration implements [Creator].
func (g ITGlue) CreateConfiguration(ctx context.Context, organization string, n NewConfiguration) (match.Configuration, error) {
	session, err := g.Open(ctx)
	if err != nil {
		return match.Configuration{}, err
	}
	types, err := session.Client.ListConfigurationTypes(ctx)
	if err != nil {
		return match.Configuration{}, session.Fail(ctx, err)
	}
	var statuses []itglue.Named
	if n.StatusID != "" {
		if statuses, err = session.Client.ListConfigurationStatuses(ctx); err != nil {
			return match.Configuration{}, session.Fail(ctx, err)
		}
	}
	if err := known(n.TypeID, types, n.StatusID, statuses); err != nil {
		return match.Configuration{}, err
	}
	if n.TypeID = cmp.Or(n.TypeID, typeFor(n, types)); n.TypeID == "" {
		return match.Configuration{}, refuse(Clash, "typeId", "IT Glue has no configuration type: make one there first")
	}
	w := itglue.ConfigurationWrite{Name: n.Name, TypeID: n.TypeID, StatusID: n.StatusID, Hostname: n.Name}
	if len(n.MAC) <= maxMAC {
		w.MAC = n.MAC
	}
	c, err := session.Client.CreateConfiguration(ctx, organization, w)
	if err != nil {
		return match.Configuration{}, session.Fail(ctx, fmt.Errorf("create configuration: %w", err))
	}
	return match.Configuration{ID: c.ID, OrganizationID: c.OrganizationID, Name: c.Name}, nil
}

// maxMAC is the longest MAC address IT Glue takes (itglue.md §4.2).
const maxMAC = 17

// typeFor picks the configuration type that fits a machine: the first whose name
// holds one of the words that tell its sort, else the first of all. Type ids and
// names differ between accounts (itglue.md §5).
func typeFor(n NewConfiguration, types []itglue.Named) string {
	words := []string{"managed server", "server", "managed workstation", "workstation"}
	workstation := n.Family == backup.FamilyEndpoint && !strings.Contains(strings.ToLower(n.Kind), "server")
	if workstation {
		words = []string{"managed workstation", "workstation", "desktop", "laptop", "computer"}
	}
	for _, word := range words {
		for _, t := range types {
			if strings.Contains(strings.ToLower(t.Name), word) {
				return t.ID
			}
		}
	}
	if len(types) == 0 {
		return ""
	}
	return types[0].ID
}
