package view

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/state"
)

// deskList is all ticket desks as lists need them, in memory. The index tells which
// desks changed, and only those are read again.
type deskList struct {
	shards  map[state.Key]deskShard
	records map[string]*deskRows // by customer
}

type deskShard struct {
	version int64
	rows    map[string]state.DeskRow
}

// deskRows are one desk's alerts and tickets, as of one version of it.
type deskRows struct {
	version int64
	alerts  []alertRow
	tickets []ticketRow
}

type alertRow struct {
	Alert

	spot spot
	text string // what is searched, in lower case
}

type ticketRow struct {
	Ticket

	spot spot
	text string
}

// deskRowsOf makes the rows of a desk. Names of customers are filled in when they
// are shown.
func deskRowsOf(customer string, d state.Desk, version int64) *deskRows {
	out := &deskRows{version: version}
	open := map[string]int{}
	for _, c := range d.Conditions {
		if c.State == alert.ConditionOpen {
			open[c.Group]++
		}
		a := alertOf(customer, c, d)
		out.alerts = append(out.alerts, alertRow{
			a, spot{newest(a.Last), customer, a.Key}, strings.ToLower(a.Message + "\n" + a.AssetName + "\n" + a.Appliance),
		})
	}
	for _, g := range d.Groups {
		if g.State == alert.GroupWaiting && g.Planned != alert.Open {
			continue // no ticket and none to come: its alerts say why
		}
		t := ticketOf(customer, g, open[g.Key], d.AsOf)
		out.tickets = append(out.tickets, ticketRow{
			t, spot{newest(t.OpenedAt), customer, t.Group}, strings.ToLower(fmt.Sprintf("%s\n%s\n#%d", t.Name, t.Reference, t.TicketID)),
		})
	}
	return out
}

// newest orders by falling time; no time comes last.
func newest(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return -t.Unix()
}

// desks visits the desk of one customer, or of all that may be seen.
func (m *Model) desks(ctx context.Context, q DeskQuery, visit func(name, lower string, d *deskRows)) (*sight, error) {
	may := func(id string) bool { return q.Only == nil || q.Only(id) }
	if q.Customer != "" {
		key := state.DeskKey(q.Customer)
		s, err := m.look(ctx, []state.Key{key, state.CustomerKey(q.Customer)})
		if err != nil || !may(q.Customer) {
			return s, err
		}
		d, version, err := state.LoadOr(ctx, s, key, state.Desk{})
		if err != nil {
			return s, err
		}
		c, _, err := state.LoadOr(ctx, s, state.CustomerKey(q.Customer), state.Customer{Name: q.Customer})
		if err != nil {
			return s, err
		}
		visit(c.Name, strings.ToLower(c.Name), deskRowsOf(q.Customer, d, version))
		return s, nil
	}
	r, s, err := m.customers(ctx, state.DeskIndexKeys()...)
	if err != nil {
		return s, err
	}
	all, err := m.allDesks(ctx, s)
	if err != nil {
		return s, err
	}
	for id, d := range all {
		if may(id) {
			name := r.name(id)
			visit(name, strings.ToLower(name), d)
		}
	}
	return s, nil
}

// manyDesks is from how many desks on they are read as a whole.
const manyDesks = 400

// allDesks are the desks that have something to list, by customer.
func (m *Model) allDesks(ctx context.Context, s *sight) (map[string]*deskRows, error) {
	items, err := s.GetMany(ctx, state.DeskIndexKeys())
	if err != nil {
		return nil, err
	}
	m.deskMu.Lock()
	defer m.deskMu.Unlock()
	if len(items) == 0 { // an installation that is new, or older than the index
		desks, rows, err := state.DesksIndexed(ctx, m.Table)
		out := make(map[string]*deskRows, len(desks))
		for id, d := range desks {
			out[id] = deskRowsOf(id, d, rows[id].Version)
		}
		return out, err
	}
	stale, err := m.staleDesks(items)
	if err != nil {
		return nil, err
	}
	if len(stale) == 0 {
		return m.desk.records, nil
	}
	// What is handed out is never changed: pages go through it at the same time.
	next := make(map[string]*deskRows, len(m.desk.records)+len(stale))
	maps.Copy(next, m.desk.records)
	if err := m.readDesks(ctx, stale, next); err != nil {
		return nil, err
	}
	m.desk.records = next
	return next, nil
}

// staleDesks are the customers whose desks changed since they were read.
func (m *Model) staleDesks(items map[state.Key]state.Item) ([]string, error) {
	if m.desk.shards == nil {
		m.desk.shards = map[state.Key]deskShard{}
	}
	for key, item := range items {
		if m.desk.shards[key].version == item.Version {
			continue
		}
		rows, err := state.DeskRows(item)
		if err != nil {
			return nil, err
		}
		m.desk.shards[key] = deskShard{item.Version, rows}
	}
	var stale []string
	for _, shard := range m.desk.shards {
		for id, row := range shard.rows {
			d, known := m.desk.records[id]
			if known && d.version < row.Version || !known && row.Conditions+row.Groups > 0 {
				stale = append(stale, id)
			}
		}
	}
	return stale, nil
}

// readDesks reads desks: one by one, or all when they are many.
func (m *Model) readDesks(ctx context.Context, customers []string, into map[string]*deskRows) error {
	if len(customers) > manyDesks {
		desks, rows, err := state.DesksIndexed(ctx, m.Table)
		for id, d := range desks {
			into[id] = deskRowsOf(id, d, rows[id].Version)
		}
		return err
	}
	keys := make([]state.Key, len(customers))
	for i, id := range customers {
		keys[i] = state.DeskKey(id)
	}
	items, err := m.Table.GetMany(ctx, keys)
	if err != nil {
		return err
	}
	for i, key := range keys {
		var d state.Desk
		item, ok := items[key]
		if !ok {
			continue
		}
		if err := state.Decode(item.Data, &d); err != nil {
			return fmt.Errorf("alerts of %s: %w", customers[i], err)
		}
		into[customers[i]] = deskRowsOf(customers[i], d, item.Version)
	}
	return nil
}
