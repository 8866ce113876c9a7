package review

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/state"
)

// linkColumns are the columns of one link, behind the name of its side.
var linkColumns = []string{"_state", "_id", "_name", "_cause", "_reason", "_by", "_at"}

// mappingColumns are the columns of the exported mapping: a line per customer, then
// a line per machine. An import needs customer_id, for machines asset_id, and any of
// the state and id columns; note is for a person's own words. It ignores the rest.
var mappingColumns = func() []string {
	columns := []string{"customer_id", "customer_name", "asset_id", "asset_name"}
	for _, side := range []Side{Organization, Company, Configuration} {
		for _, c := range linkColumns {
			columns = append(columns, string(side)+c)
		}
	}
	return append(columns, "connectwise_configuration_id", "note")
}()

// MappingFilter chooses what of the mapping is exported.
type MappingFilter struct {
	Customer string // empty: all
	// Customers and Machines choose kinds of lines; both false: both.
	Customers, Machines bool
	Only                func(customer string) bool // nil: all
}

// ExportMapping is who is matched to what in all three systems, by name. One that
// does not fit into MaxTable is a refusal that says how to narrow it.
func (s *Service) ExportMapping(ctx context.Context, f MappingFilter) ([]byte, error) {
	if !f.Customers && !f.Machines {
		f.Customers, f.Machines = true, true
	}
	customers, err := state.Customers(ctx, s.Table)
	if err != nil {
		return nil, err
	}
	rows := slices.SortedFunc(maps.Values(customers), func(a, b state.Customer) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	rows = slices.DeleteFunc(rows, func(c state.Customer) bool {
		return f.Customer != "" && c.ID != f.Customer || f.Only != nil && !f.Only(c.ID)
	})
	if f.Customer != "" {
		if len(rows) == 0 {
			return nil, refuse(Unknown, "customer", "there is no such customer")
		}
	}
	var out Table
	room := out.Row(mappingColumns...)
	if f.Customers {
		for _, c := range rows {
			line := []string{c.ID, c.Name, "", ""}
			line = append(line, linkCells(c.Links.Organization)...)
			line = append(line, linkCells(c.Links.Company)...)
			line = append(line, make([]string, len(linkColumns)+2)...)
			room = out.Row(line...)
		}
	}
	for _, c := range rows {
		if !room {
			return nil, refuse(Invalid, "customer", "the mapping is over %d MB: export it without machines (kind=customers), or the machines customer by customer (customer=)", MaxTable>>20)
		}
		if !f.Machines || len(c.Machines) == 0 && f.Customer == "" {
			continue // the record counts its machines: none, nothing to read
		}
		if room, err = s.exportMachines(ctx, &out, c); err != nil {
			return nil, err
		}
	}
	if !room {
		return nil, refuse(Invalid, "customer", "the mapping is over %d MB: export it without machines (kind=customers), or the machines customer by customer (customer=)", MaxTable>>20)
	}
	return out.Bytes(), nil
}

func (s *Service) exportMachines(ctx context.Context, out *Table, c state.Customer) (room bool, err error) {
	doc, err := state.LoadDocumentation(ctx, s.Table, c.ID)
	if err != nil {
		return false, err
	}
	room = true
	for _, key := range slices.SortedFunc(maps.Keys(doc.Machines), func(a, b string) int {
		return cmp.Or(cmp.Compare(doc.Machines[a].Name, doc.Machines[b].Name), cmp.Compare(a, b))
	}) {
		m := doc.Machines[key]
		twin := ""
		if m.Link.TargetID != "" {
			conf, _, err := s.Directory.Configuration(ctx, m.Link.TargetID)
			if err != nil {
				return false, err
			}
			twin = conf.CompanyConfigurationID
		}
		line := []string{c.ID, c.Name, key, m.Name}
		line = append(line, make([]string, 2*len(linkColumns))...)
		line = append(line, linkCells(m.Link)...)
		room = out.Row(append(line, twin, "")...)
	}
	return room, nil
}

func linkCells(l match.Link) []string {
	at := ""
	if !l.At.IsZero() {
		at = l.At.UTC().Format(time.RFC3339)
	}
	return []string{stateOf(l), l.TargetID, l.TargetName, string(l.Cause), l.Reason, l.By, at}
}

func stateOf(l match.Link) string { return string(cmp.Or(l.State, match.Unmatched)) }
