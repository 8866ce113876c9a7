package view_test

import (
	"context"
	"sync/atomic"
	"testing"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/httpapi/view"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/state"
)

// requests counts what DynamoDB would be asked: a read of many takes at most 100 keys
// and 16 MB, a page of a query 1 MB.
type requests struct {
	state.Table
	n atomic.Int64
}

func size(items int, bytes, most int) int64 {
	return int64(max(1, (items+99)/100, (bytes+most-1)/most))
}

func (r *requests) Get(ctx context.Context, key state.Key) (state.Item, error) {
	r.n.Add(1)
	return r.Table.Get(ctx, key)
}

func (r *requests) GetMany(ctx context.Context, keys []state.Key) (map[state.Key]state.Item, error) {
	items, err := r.Table.GetMany(ctx, keys)
	bytes := 0
	for _, i := range items {
		bytes += len(i.Data)
	}
	if len(keys) > 0 {
		r.n.Add(size(len(keys), bytes, 16<<20))
	}
	return items, err
}

func (r *requests) Query(ctx context.Context, q state.Query) ([]state.Item, error) {
	items, err := r.Table.Query(ctx, q)
	bytes := 0
	for _, i := range items {
		bytes += len(i.Data) + len(i.SK)
	}
	r.n.Add(size(0, bytes, 1<<20))
	return items, err
}

// pages is every question that is as long as a page, on a synthetic account.
func pages(m *view.Model, a account) []struct {
	name string
	ask  func(ctx context.Context) (items int, err error)
} {
	type question = struct {
		name string
		ask  func(ctx context.Context) (items int, err error)
	}
	customer, machine := customerID(a.customers/3*3-3), machineID(a.customers/3*3-3, 1)
	own := map[string]bool{}
	for i := range min(50, a.customers) {
		own[customerID(i)] = true
	}
	only := func(id string) bool { return own[id] }
	connections := []state.Connection{{Kind: state.UniView}, {Kind: state.ITGlue}, {Kind: state.ConnectWise}}
	customers := func(q view.CustomerQuery) func(context.Context) (int, error) {
		return func(ctx context.Context) (int, error) { p, err := m.Customers(ctx, q); return len(p.Items), err }
	}
	machines := func(q view.MachineQuery) func(context.Context) (int, error) {
		return func(ctx context.Context) (int, error) { p, err := m.Machines(ctx, q); return len(p.Items), err }
	}
	alerts := func(q view.DeskQuery) func(context.Context) (int, error) {
		return func(ctx context.Context) (int, error) { p, err := m.Alerts(ctx, q); return len(p.Items), err }
	}
	return []question{
		{"overview", func(ctx context.Context) (int, error) {
			ctx = m.Hold(ctx) // as the page does
			o, err := m.Overview(ctx, connections)
			if err != nil {
				return 0, err
			}
			_, err = m.Trend(ctx, nil)
			return o.Customers.Total, err
		}},
		{"overview of some customers", func(ctx context.Context) (int, error) {
			ctx = m.Hold(ctx)
			o, err := m.OverviewOf(ctx, connections, only)
			if err != nil {
				return 0, err
			}
			_, err = m.Trend(ctx, only)
			return o.Customers.Total, err
		}},
		{"customers", customers(view.CustomerQuery{})},
		{"customers, searched", customers(view.CustomerQuery{Query: "dental 00", Order: view.CustomersByScore})},
		{"customers in a tab", customers(view.CustomerQuery{Company: match.Suggested, MinScore: .5, Order: view.CustomersByScore})},
		{"customers of somebody limited", customers(view.CustomerQuery{Only: only})},
		{"machines", machines(view.MachineQuery{})},
		{"machines, worst first", machines(view.MachineQuery{Order: view.MachinesByStatus, NoGood: true})},
		{"machines, searched", machines(view.MachineQuery{Query: "sql-05"})},
		{"machines in a tab", machines(view.MachineQuery{State: match.Unmatched, Family: backup.FamilyAppliance, Order: view.MachinesByGood})},
		{"machines of somebody limited", machines(view.MachineQuery{Only: only})},
		{"machines of one customer", func(ctx context.Context) (int, error) {
			list, err := m.MachinesOf(ctx, customer, view.MachineFilter{})
			return len(list), err
		}},
		{"heat map", func(ctx context.Context) (int, error) {
			h, err := m.Heat(ctx, view.HeatQuery{})
			return len(h.Rows), err
		}},
		{"heat map of one customer", func(ctx context.Context) (int, error) {
			h, err := m.Heat(ctx, view.HeatQuery{Customer: customer})
			return len(h.Rows), err
		}},
		{"alerts", alerts(view.DeskQuery{State: view.AlertsActive})},
		{"alerts, searched", alerts(view.DeskQuery{Query: "snapshot"})},
		{"alerts of somebody limited", alerts(view.DeskQuery{Only: only})},
		{"alerts of one customer", alerts(view.DeskQuery{Customer: customer})},
		{"tickets", func(ctx context.Context) (int, error) {
			p, err := m.Tickets(ctx, view.DeskQuery{})
			return len(p.Items), err
		}},
		{"runs", func(ctx context.Context) (int, error) { r, err := m.Runs(ctx, "", 50); return len(r), err }},
		{"one run", func(ctx context.Context) (int, error) {
			_, err := m.Run(ctx, state.NewRunID(noon, "x"))
			return 1, err
		}},
		{"audit", func(ctx context.Context) (int, error) {
			e, _, err := m.Audit(ctx, view.AuditFilter{}, "", 50)
			return len(e), err
		}},
		{"one customer", func(ctx context.Context) (int, error) {
			ctx = m.Hold(ctx)
			if _, err := m.Customer(ctx, customer); err != nil {
				return 0, err
			}
			_, err := m.CustomerTrend(ctx, customer)
			return 1, err
		}},
		{"one machine", func(ctx context.Context) (int, error) {
			h, err := m.MachineHistory(ctx, machine)
			return len(h.Tickets), err
		}},
		{"compare", func(ctx context.Context) (int, error) { c, err := m.Compare(ctx, machine); return len(c.Rows), err }},
		{"search of organizations", func(ctx context.Context) (int, error) {
			f, err := m.FindOrganizations(ctx, view.Search{Text: "dental 0004", Limit: 20, All: true})
			return len(f.Items), err
		}},
		{"search of companies", func(ctx context.Context) (int, error) {
			f, err := m.FindCompanies(ctx, view.Search{Text: "dentl 0004", Limit: 20, All: true})
			return len(f.Items), err
		}},
		{"search of configurations", func(ctx context.Context) (int, error) {
			_, err := m.FindConfigurations(ctx, "42", view.Search{Text: "srv", Limit: 20, All: true})
			return 1, err
		}},
	}
}

// A page costs at most five requests once the process is warm, and so it does for
// somebody who may see some customers only.
func TestAWarmPageAsksTheTableFiveTimesAtMost(t *testing.T) {
	t.Parallel()
	a := account{customers: 120, machines: 6}
	table := &requests{Table: a.build(t)}
	m := modelOf(table)
	for _, p := range pages(m, a) {
		for _, temper := range []string{"cold", "warm"} {
			m.Forget()
			table.n.Store(0)
			items, err := p.ask(t.Context())
			if err != nil || items == 0 {
				t.Errorf("%s: %d items: %v", p.name, items, err)
			}
			n := table.n.Load()
			t.Logf("%-32s %s: %d requests, %d items", p.name, temper, n, items)
			if temper == "warm" && n > 5 {
				t.Errorf("%s asks %d times", p.name, n)
			}
		}
	}
}
