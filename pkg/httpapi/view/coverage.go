package view

import (
	"context"
	"slices"
	"strings"
	"time"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/state"
)

// Uncovered is a configuration without a protected machine.
type Uncovered struct {
	CustomerID        string `json:"customerId"`
	CustomerName      string `json:"customerName"`
	OrganizationID    string `json:"organizationId"`
	OrganizationName  string `json:"organizationName"`
	ConfigurationID   string `json:"configurationId"`
	ConfigurationName string `json:"configurationName"`
	Type              string `json:"type"`
	Serial            string `json:"serial,omitempty"`
	URL               string `json:"url,omitempty"`
	Why               string `json:"why"`
}

// Place is where the configuration stands in the list: by customer, then by name.
func (u Uncovered) Place() string {
	return place(u.CustomerName, u.CustomerID) + "\x00" + place(u.ConfigurationName, u.ConfigurationID)
}

// CoverageFilter chooses what is looked at.
type CoverageFilter struct {
	Types    []string // names of configuration types; empty: those of which one is protected
	Customer string   // empty: all
	Only     func(customer string) bool
}

// TypeCount counts the configurations of one type in the organizations looked at.
type TypeCount struct {
	Type           string `json:"type"`
	Configurations int    `json:"configurations"`
	Protected      int    `json:"protected"`
	Chosen         bool   `json:"chosen"`
}

// Coverage is what is not backed up, as last read.
type Coverage struct {
	Items []Uncovered
	Types []TypeCount
	// Unmatched are the customers that have no organization, so that nothing is known.
	Unmatched   int
	ITGlueAsOf  time.Time
	UniViewAsOf time.Time
}

// NotRead says that there is nothing to compare yet.
type NotRead struct{ Vendor state.Vendor }

func (e *NotRead) Error() string {
	return VendorName(e.Vendor) + " was not read completely yet: sync first"
}

// Coverage lists the configurations of the chosen types, per customer with an
// organization, that no protected machine is matched to. Customers that share an
// organization share its configurations: they are listed with the first by name.
func (m *Model) Coverage(ctx context.Context, f CoverageFilter) (Coverage, error) {
	out := Coverage{Items: []Uncovered{}, Types: []TypeCount{}}
	r, s, err := m.customers(ctx)
	if err != nil {
		return out, err
	}
	for list, at := range map[string]*time.Time{state.ListConfigurations: &out.ITGlueAsOf, state.ListAssets: &out.UniViewAsOf} {
		if *at, err = s.asOf(ctx, list); err != nil {
			return out, err
		}
	}
	switch {
	case out.ITGlueAsOf.IsZero():
		return out, &NotRead{state.ITGlue}
	case out.UniViewAsOf.IsZero():
		return out, &NotRead{state.UniView}
	}
	customers := r.rows
	var owners []owner
	at := map[string]int{} // place in owners by organization
	for _, c := range customers {
		if f.Customer != "" && c.ID != f.Customer || f.Only != nil && !f.Only(c.ID) || !c.GoneSince.IsZero() {
			continue
		}
		organization, ok := c.Organization.Linked()
		if !ok {
			if c.Organization.State != match.Ignored {
				out.Unmatched++
			}
			continue
		}
		if _, there := at[organization]; !there {
			at[organization] = len(owners)
			owners = append(owners, owner{organization: organization, customer: c})
		}
	}
	// Machines of all customers count, those of others that share an organization, too.
	docs, err := m.documentations(ctx, owners, customers)
	if err != nil {
		return out, err
	}
	return out, m.uncovered(ctx, f, owners, docs, &out)
}

// owner is an organization with the first customer that is matched to it.
type owner struct {
	organization string
	customer     person
}

// documentations reads the records of all customers of the organizations, by
// organization: one by one when they are few.
func (m *Model) documentations(ctx context.Context, owners []owner, customers []person) (map[string][]state.Documentation, error) {
	wanted := map[string]bool{}
	for _, o := range owners {
		wanted[o.organization] = true
	}
	out := map[string][]state.Documentation{}
	const few = 20
	var all map[string]state.Documentation
	if len(owners) > few {
		var err error
		if all, err = state.Documentations(ctx, m.Table); err != nil {
			return nil, err
		}
	}
	for _, c := range customers {
		organization, ok := c.Organization.Linked()
		if !ok || !wanted[organization] {
			continue
		}
		doc, loaded := all[c.ID]
		if !loaded && all == nil {
			var err error
			if doc, err = state.LoadDocumentation(ctx, m.Table, c.ID); err != nil {
				return nil, err
			}
		}
		out[organization] = append(out[organization], doc)
	}
	return out, nil
}

func (m *Model) uncovered(ctx context.Context, f CoverageFilter, owners []owner, docs map[string][]state.Documentation, out *Coverage) error {
	types := map[string]*TypeCount{}
	for _, o := range owners {
		known := protection(docs[o.organization])
		organization, _, err := m.Directory.Organization(ctx, o.organization)
		if err != nil {
			return err
		}
		configurations, err := m.Directory.Configurations(ctx, o.organization)
		if err != nil {
			return err
		}
		for _, c := range configurations {
			if c.Archived {
				continue
			}
			n := types[c.TypeName]
			if n == nil {
				n = &TypeCount{Type: c.TypeName, Chosen: hasFold(f.Types, c.TypeName)}
				types[c.TypeName] = n
			}
			n.Configurations++
			why := known[c.ID]
			if why == protected {
				n.Protected++
				continue
			}
			if why == "" {
				why = "no machine is matched to it"
			}
			out.Items = append(out.Items, Uncovered{
				CustomerID: o.customer.ID, CustomerName: o.customer.Name, OrganizationID: o.organization, OrganizationName: organization.Name,
				ConfigurationID: c.ID, ConfigurationName: c.Name, Type: c.TypeName, Serial: c.Serial, URL: c.URL, Why: why,
			})
		}
	}
	for _, n := range types {
		if len(f.Types) == 0 {
			n.Chosen = n.Protected > 0
		}
		out.Types = append(out.Types, *n)
	}
	slices.SortFunc(out.Types, func(a, b TypeCount) int { return strings.Compare(a.Type, b.Type) })
	out.Items = slices.DeleteFunc(out.Items, func(u Uncovered) bool { return !types[u.Type].Chosen })
	slices.SortFunc(out.Items, func(a, b Uncovered) int { return strings.Compare(a.Place(), b.Place()) })
	return nil
}

// protected marks a configuration with a protected machine.
const protected = "protected"

// protection says what is known of configurations by the machines that lead to them.
func protection(docs []state.Documentation) map[string]string {
	known := map[string]string{}
	for _, doc := range docs {
		for _, m := range doc.Machines {
			id, linked := m.Link.Linked()
			switch {
			case linked && !m.Gone && m.Word != backup.WordBackupOff:
				known[id] = protected
			case linked && known[id] != protected && m.Gone:
				known[id] = "its machine " + m.Name + " is not protected any more"
			case linked && known[id] != protected:
				known[id] = "backup of its machine " + m.Name + " is switched off"
			case m.Link.State == match.Suggested || m.Link.State == match.Attention:
				for _, s := range m.Link.Suggestions {
					if known[s.TargetID] == "" && !m.Gone {
						known[s.TargetID] = "the machine " + m.Name + " may be it: decide on its match"
					}
				}
			}
		}
	}
	return known
}

func hasFold(list []string, s string) bool {
	return slices.ContainsFunc(list, func(x string) bool { return strings.EqualFold(strings.TrimSpace(x), strings.TrimSpace(s)) })
}

// CustomerReport is one customer with what of it is documented and backed up.
type CustomerReport struct {
	CustomerID   string         `json:"customerId"`
	CustomerName string         `json:"customerName"`
	Organization match.State    `json:"organization"`
	Company      match.State    `json:"company"`
	Machines     int            `json:"machines"`
	Documented   int            `json:"documented"` // machines matched to a configuration
	Statuses     map[string]int `json:"statuses"`
	OpenTickets  int            `json:"openTickets"`
}

// Place is where the customer stands in the list.
func (c CustomerReport) Place() string { return place(c.CustomerName, c.CustomerID) }

// CustomerReports lists, per customer, machines without documentation and without a
// good backup, by the counts kept on the customers' records.
func (m *Model) CustomerReports(ctx context.Context, only func(customer string) bool) ([]CustomerReport, error) {
	r, _, err := m.customers(ctx)
	if err != nil {
		return nil, err
	}
	rows := make([]CustomerReport, 0, len(r.rows))
	for _, c := range r.rows {
		if only != nil && !only(c.ID) {
			continue
		}
		row := CustomerReport{
			CustomerID: c.ID, CustomerName: c.Name, Organization: c.Organization.State, Company: c.Company.State,
			Documented: c.Machines[string(match.Matched)], Statuses: counts(c.Statuses), OpenTickets: c.OpenTickets,
		}
		for _, n := range c.Machines {
			row.Machines += n
		}
		rows = append(rows, row)
	}
	return rows, nil
}
