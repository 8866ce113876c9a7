package view

import (
	"context"
	"slices"
	"strings"

	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/state"
)

// Found is a record of another system that a link can lead to.
type Found struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Note tells it from its namesakes: short name, identifier, serial number.
	Note string `json:"note,omitempty"`
	// Taken is how many customers or machines are matched to it already.
	Taken int `json:"taken"`
}

// FoundPage is what a search found, best first.
type FoundPage struct {
	Items []Found `json:"items"`
	More  bool    `json:"more"` // there were more than asked for: search more closely
}

// FindOrganizations searches organizations by name or short name.
func (m *Model) FindOrganizations(ctx context.Context, q string, limit int) (FoundPage, error) {
	all, err := m.Directory.Organizations(ctx)
	if err != nil {
		return FoundPage{}, err
	}
	taken, err := m.taken(ctx, func(c state.Customer) match.Link { return c.Links.Organization })
	if err != nil {
		return FoundPage{}, err
	}
	var found []Found
	for _, o := range all {
		if contains(q, o.Name, o.ShortName) || o.ID == q {
			found = append(found, Found{o.ID, o.Name, o.ShortName, taken[o.ID]})
		}
	}
	return best(found, q, limit), nil
}

// FindCompanies searches companies by name or identifier; deleted ones are left out.
func (m *Model) FindCompanies(ctx context.Context, q string, limit int) (FoundPage, error) {
	all, err := m.Directory.Companies(ctx)
	if err != nil {
		return FoundPage{}, err
	}
	taken, err := m.taken(ctx, func(c state.Customer) match.Link { return c.Links.Company })
	if err != nil {
		return FoundPage{}, err
	}
	var found []Found
	for _, c := range all {
		if !c.Deleted && (contains(q, c.Name, c.Identifier) || c.ID == q) {
			found = append(found, Found{c.ID, c.Name, c.Identifier, taken[c.ID]})
		}
	}
	return best(found, q, limit), nil
}

// FindConfigurations searches the configurations of one organization by name,
// hostname or serial number; archived ones are left out.
func (m *Model) FindConfigurations(ctx context.Context, organization, q string, limit int) (FoundPage, error) {
	if _, ok, err := m.Directory.Organization(ctx, organization); err != nil || !ok {
		if err == nil {
			err = state.ErrNotFound
		}
		return FoundPage{}, err
	}
	all, err := m.Directory.Configurations(ctx, organization)
	if err != nil {
		return FoundPage{}, err
	}
	customers, err := m.all(ctx)
	if err != nil {
		return FoundPage{}, err
	}
	taken := map[string]int{}
	for _, c := range customers {
		if id, ok := c.Links.Organization.Linked(); !ok || id != organization {
			continue
		}
		doc, err := state.LoadDocumentation(ctx, m.Table, c.ID)
		if err != nil {
			return FoundPage{}, err
		}
		for _, machine := range doc.Machines {
			if id, ok := machine.Link.Linked(); ok {
				taken[id]++
			}
		}
	}
	var found []Found
	for _, c := range all {
		if !c.Archived && (contains(q, c.Name, c.Hostname, c.Serial) || c.ID == q) {
			found = append(found, Found{c.ID, c.Name, strings.TrimSpace(c.TypeName + " " + c.Serial), taken[c.ID]})
		}
	}
	return best(found, q, limit), nil
}

func (m *Model) taken(ctx context.Context, link func(state.Customer) match.Link) (map[string]int, error) {
	all, err := m.all(ctx)
	if err != nil {
		return nil, err
	}
	n := map[string]int{}
	for _, c := range all {
		if id, ok := link(c).Linked(); ok {
			n[id]++
		}
	}
	return n, nil
}

// best orders by how well the name fits: equal, beginning with the text, the
// rest; each by name.
func best(found []Found, q string, limit int) FoundPage {
	q = strings.ToLower(q)
	rank := func(f Found) string {
		name := strings.ToLower(f.Name)
		switch {
		case name == q:
			return "0" + place(f.Name, f.ID)
		case strings.HasPrefix(name, q):
			return "1" + place(f.Name, f.ID)
		default:
			return "2" + place(f.Name, f.ID)
		}
	}
	slices.SortFunc(found, func(a, b Found) int { return strings.Compare(rank(a), rank(b)) })
	page := FoundPage{Items: found, More: len(found) > limit}
	if page.More {
		page.Items = found[:limit]
	}
	if page.Items == nil {
		page.Items = []Found{}
	}
	return page
}

// CoverageRow is one customer with what of it is documented and backed up.
type CoverageRow struct {
	CustomerID   string         `json:"customerId"`
	CustomerName string         `json:"customerName"`
	Organization match.State    `json:"organization"`
	Company      match.State    `json:"company"`
	Machines     int            `json:"machines"`
	Documented   int            `json:"documented"` // machines matched to a configuration
	Statuses     map[string]int `json:"statuses"`
	OpenTickets  int            `json:"openTickets"`
}

// Coverage lists, per customer, machines without documentation and without a
// good backup.
func (m *Model) Coverage(ctx context.Context) ([]CoverageRow, error) {
	all, err := m.all(ctx)
	if err != nil {
		return nil, err
	}
	rows := make([]CoverageRow, 0, len(all))
	for _, c := range all {
		row := CoverageRow{
			CustomerID: c.ID, CustomerName: c.Name, Organization: Link(c.Links.Organization).State, Company: Link(c.Links.Company).State,
			Documented: c.Machines[string(match.Matched)], Statuses: counts(c.Statuses), OpenTickets: c.OpenTickets,
		}
		for _, n := range c.Machines {
			row.Machines += n
		}
		rows = append(rows, row)
	}
	return rows, nil
}
