package review

import (
	"context"
	"fmt"
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
	}
	return out, nil
}

// CreateOrganization implements [Creator].
func (g ITGlue) CreateOrganization(ctx context.Context, name string) (match.Organization, error) {
	session, err := g.Open(ctx)
	if err != nil {
		return match.Organization{}, err
	}
	o, err := session.Client.CreateOrganization(ctx, itglue.OrganizationWrite{Name: name})
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
		out[i] = match.Configuration{ID: c.ID, OrganizationID: c.OrganizationID, Name: c.Name, Hostname: c.Hostname}
	}
	return out, nil
}

// CreateConfiguration implements [Creator].
func (g ITGlue) CreateConfiguration(ctx context.Context, organization string, n NewConfiguration) (match.Configuration, error) {
	session, err := g.Open(ctx)
	if err != nil {
		return match.Configuration{}, err
	}
	if n.TypeID == "" {
		types, err := session.Client.ListConfigurationTypes(ctx)
		if err != nil {
			return match.Configuration{}, session.Fail(ctx, err)
		}
		if n.TypeID = typeFor(n, types); n.TypeID == "" {
			return match.Configuration{}, refuse(Clash, "typeId", "IT Glue has no configuration type: make one there first")
		}
	}
	w := itglue.ConfigurationWrite{Name: n.Name, TypeID: n.TypeID, Hostname: n.Name}
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
