package view_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/httpapi/view"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/state"
)

// all goes through every page of a list.
func all(t *testing.T, page func(cursor string) (ids []string, next string, total int, err error)) []string {
	t.Helper()
	var out []string
	cursor := ""
	for range 1000 {
		ids, next, total, err := page(cursor)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, ids...)
		if next == "" {
			if len(out) != total {
				t.Errorf("%d rows, the total is %d", len(out), total)
			}
			if s := slices.Sorted(slices.Values(out)); len(slices.Compact(s)) != len(out) {
				t.Error("a row is on two pages")
			}
			return out
		}
		cursor = next
	}
	t.Fatal("it never ends")
	return nil
}

func firstCustomers(n int) func(string) bool {
	return func(id string) bool { return id < customerID(n) }
}

func TestEveryListIsPagedWholeInEveryOrderForWhoMaySeeIt(t *testing.T) {
	t.Parallel()
	a := account{customers: 40, machines: 9}
	m := modelOf(a.build(t))
	for name, only := range map[string]func(string) bool{"all": nil, "somebody limited": firstCustomers(7), "nobody's": func(string) bool { return false }} {
		seen := 0
		for i := range a.customers {
			if only == nil || only(customerID(i)) {
				seen++
			}
		}
		for _, order := range view.CustomerOrders {
			got := all(t, func(cursor string) (ids []string, next string, total int, err error) {
				p, err := m.Customers(t.Context(), view.CustomerQuery{Order: order, Cursor: cursor, Limit: 7, Only: only})
				for _, c := range p.Items {
					ids = append(ids, c.ID)
				}
				return ids, p.Next, p.Total, err
			})
			if len(got) != seen {
				t.Errorf("%s sees %d customers of %d by %q", name, len(got), seen, order)
			}
		}
		for _, order := range view.MachineOrders {
			got := all(t, func(cursor string) (ids []string, next string, total int, err error) {
				p, err := m.Machines(t.Context(), view.MachineQuery{Order: order, Cursor: cursor, Limit: 50, Only: only})
				for _, x := range p.Items {
					ids = append(ids, x.ID)
				}
				if n := sum(p.Statuses); n != p.Total || sum(p.Links) != n {
					t.Errorf("counts %v and %v of %d machines", p.Statuses, p.Links, p.Total)
				}
				return ids, p.Next, p.Total, err
			})
			if len(got) != seen*a.machines {
				t.Errorf("%s sees %d machines by %q", name, len(got), order)
			}
		}
		heat := all(t, func(cursor string) (ids []string, next string, total int, err error) {
			h, err := m.Heat(t.Context(), view.HeatQuery{Cursor: cursor, Limit: 50, Only: only})
			for _, r := range h.Rows {
				ids = append(ids, r.ID)
			}
			return ids, h.Next, h.Total, err
		})
		alerts := all(t, func(cursor string) (ids []string, next string, total int, err error) {
			p, err := m.Alerts(t.Context(), view.DeskQuery{Cursor: cursor, Limit: 5, Only: only})
			for _, x := range p.Items {
				ids = append(ids, x.CustomerID+x.Key)
				if x.CustomerName == "" {
					t.Error("an alert without its customer's name")
				}
			}
			return ids, p.Next, p.Total, err
		})
		tickets := all(t, func(cursor string) (ids []string, next string, total int, err error) {
			p, err := m.Tickets(t.Context(), view.DeskQuery{Cursor: cursor, Limit: 5, Only: only})
			for _, x := range p.Items {
				ids = append(ids, x.Group)
			}
			return ids, p.Next, p.Total, err
		})
		if desks := (seen + 2) / 3; len(heat) != seen*a.machines || len(alerts) != 2*desks || len(tickets) != desks {
			t.Errorf("%s: %d rows of the heat map, %d alerts, %d tickets", name, len(heat), len(alerts), len(tickets))
		}
		o, err := m.OverviewOf(t.Context(), nil, only)
		if err != nil || o.Customers.Total != seen || o.Machines.Total != seen*a.machines || sum(o.Machines.Statuses) != seen*a.machines || o.Tickets.Open != (seen+2)/3 {
			t.Errorf("%s: overview %+v %+v: %v", name, o.Customers, o.Machines, err)
		}
		trend, err := m.Trend(t.Context(), only)
		if err != nil || trend.Days[29].Total != seen*a.machines {
			t.Errorf("%s: trend %+v: %v", name, trend.Days[29], err)
		}
	}
}

func sum[K comparable](n map[K]int) (total int) {
	for _, k := range n {
		total += k
	}
	return total
}

func TestMachinesAreChosenAndOrdered(t *testing.T) {
	t.Parallel()
	a := account{customers: 40, machines: 9}
	m := modelOf(a.build(t))
	ask := func(q view.MachineQuery) view.MachinePage {
		t.Helper()
		q.Limit = view.MaxLimit
		p, err := m.Machines(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	everything := ask(view.MachineQuery{})
	for name, c := range map[string]struct {
		q    view.MachineQuery
		want func(x view.Machine) bool
	}{
		"by status":                       {view.MachineQuery{Status: backup.WordOverdue}, func(x view.Machine) bool { return x.Status == backup.WordOverdue }},
		"without a good backup":           {view.MachineQuery{NoGood: true}, func(x view.Machine) bool { return slices.Contains(view.NoGood, x.Status) }},
		"by link":                         {view.MachineQuery{State: match.Unmatched}, func(x view.Machine) bool { return x.Link.State == match.Unmatched }},
		"of one customer":                 {view.MachineQuery{Customer: customerID(4)}, func(x view.Machine) bool { return x.CustomerID == customerID(4) }},
		"of the other family":             {view.MachineQuery{Family: backup.FamilyEndpoint}, func(view.Machine) bool { return false }},
		"with an old good backup":         {view.MachineQuery{GoodBefore: noon.Add(-48 * time.Hour)}, func(x view.Machine) bool { return x.LastGood.Before(noon.Add(-48 * time.Hour)) }},
		"by a part of its name":           {view.MachineQuery{Query: "sQl-05"}, func(x view.Machine) bool { return x.Name == "SRV-SQL-05" }},
		"by a part of its customer's":     {view.MachineQuery{Query: "dental 00030"}, func(x view.Machine) bool { return x.CustomerID == customerID(30) }},
		"by a configuration's name":       {view.MachineQuery{Query: "srv-08"}, func(x view.Machine) bool { return x.Link.TargetName == "SRV-08" }},
		"by something nothing is called":  {view.MachineQuery{Query: "none such"}, func(view.Machine) bool { return false }},
		"of a customer that is not there": {view.MachineQuery{Customer: "none"}, func(view.Machine) bool { return false }},
	} {
		var want, got []string
		for _, x := range everything.Items {
			if c.want(x) {
				want = append(want, x.ID)
			}
		}
		p := ask(c.q)
		for _, x := range p.Items {
			got = append(got, x.ID)
		}
		if diff := cmp.Diff(want, got); diff != "" || p.Total != len(want) {
			t.Errorf("%s: %d in total (-want +got):\n%s", name, p.Total, diff)
		}
	}
	worst := ask(view.MachineQuery{Order: view.MachinesByStatus}).Items
	if !slices.IsSortedFunc(worst, func(x, y view.Machine) int {
		return slices.Index(backup.Words, x.Status) - slices.Index(backup.Words, y.Status)
	}) || worst[0].Status != backup.WordFailed {
		t.Error("the worst are not first")
	}
	if tabs := ask(view.MachineQuery{Status: backup.WordFailed}); tabs.Statuses[backup.WordSuccess] != everything.Statuses[backup.WordSuccess] || tabs.Total == everything.Total {
		t.Errorf("a tab's counts are those of that tab alone: %v", tabs.Statuses)
	}
	x := ask(view.MachineQuery{Customer: customerID(3), Query: "file-01"}).Items[0]
	if x.Ticket != "#1003" || x.CustomerName != "Cedar Dental 00003" || x.StorageBytes == 0 || x.AsOf.IsZero() {
		t.Errorf("%+v", x)
	}
}

func TestAListShowsADecisionOfThisMoment(t *testing.T) {
	t.Parallel()
	store := account{customers: 5, machines: 3}.build(t)
	m := modelOf(store)
	q := view.MachineQuery{State: match.Matched, Customer: customerID(1)}
	before, err := m.Machines(t.Context(), q)
	if err != nil || len(before.Items) == 0 {
		t.Fatal(before, err)
	}
	id := before.Items[0].ID
	if _, err := state.UpdateDocumentation(t.Context(), store, customerID(1), func(d *state.Documentation) error {
		x := d.Machines[id]
		x.Link = match.Link{State: match.Ignored, By: "ada"}
		d.Machines[id] = x
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	after, err := m.Machines(t.Context(), q)
	if err != nil || after.Total != before.Total-1 || slices.ContainsFunc(after.Items, func(x view.Machine) bool { return x.ID == id }) {
		t.Errorf("%d of %d: %v", after.Total, before.Total, err)
	}
	if _, err := state.Update(t.Context(), store, state.CustomerKey(customerID(1)), func(c *state.Customer) error {
		c.Links.Organization = match.Link{State: match.Ignored, By: "ada"}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	p, err := m.Customers(t.Context(), view.CustomerQuery{Organization: match.Ignored})
	if err != nil || len(p.Items) != 1 || p.Organization[match.Ignored] != 1 || p.Total != 1 {
		t.Errorf("%+v: %v", p, err)
	}
}

func TestADeskThatChangedIsReadAgain(t *testing.T) {
	t.Parallel()
	store := account{customers: 6, machines: 2}.build(t)
	m := modelOf(store)
	if p, err := m.Alerts(t.Context(), view.DeskQuery{}); err != nil || p.Total != 4 || p.States[view.AlertOver] != 2 || p.States[view.AlertTicketed] != 2 {
		t.Fatalf("%+v: %v", p, err)
	}
	if _, err := state.Update(t.Context(), store, state.DeskKey(customerID(3)), func(d *state.Desk) error {
		delete(d.Conditions, "v1:over")
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	p, err := m.Alerts(t.Context(), view.DeskQuery{Query: "snapshot"})
	if err != nil || p.Total != 1 || p.Items[0].CustomerID != customerID(0) {
		t.Errorf("%+v: %v", p, err)
	}
	if p, err := m.Alerts(t.Context(), view.DeskQuery{Asset: machineID(3, 1)}); err != nil || p.Total != 1 {
		t.Errorf("of one machine: %+v: %v", p, err)
	}
}

func TestWithoutIndexesListsAreMadeOfTheRecords(t *testing.T) {
	t.Parallel()
	store := account{customers: 6, machines: 4}.build(t)
	type seen struct {
		customers view.CustomerPage
		machines  view.MachinePage
		heat      view.Heat
		alerts    view.AlertPage
	}
	look := func() (s seen) {
		m := modelOf(store)
		var errs [4]error
		s.customers, errs[0] = m.Customers(t.Context(), view.CustomerQuery{})
		s.machines, errs[1] = m.Machines(t.Context(), view.MachineQuery{})
		s.heat, errs[2] = m.Heat(t.Context(), view.HeatQuery{})
		s.alerts, errs[3] = m.Alerts(t.Context(), view.DeskQuery{})
		if err := errors.Join(errs[:]...); err != nil {
			t.Fatal(err)
		}
		return s
	}
	before := look()
	for _, key := range slices.Concat(state.CustomerIndexKeys(), state.DeskIndexKeys(), []state.Key{state.PointerKey(state.ListMachineIndex)}) {
		if err := store.Delete(t.Context(), key, state.Any); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(before, look(), cmp.AllowUnexported(seen{})); diff != "" {
		t.Errorf("(-with +without):\n%s", diff)
	}
}

func TestTheHeatMapShowsDaysWithoutAReadAsUnknown(t *testing.T) {
	t.Parallel()
	m := modelOf(account{customers: 10, machines: 9}.build(t))
	h, err := m.Heat(t.Context(), view.HeatQuery{Bad: true})
	if err != nil || len(h.Days) != 30 || !h.Days[29].Equal(noon.Truncate(24*time.Hour)) {
		t.Fatalf("%v: %v", h.Days, err)
	}
	for _, r := range h.Rows {
		words := map[backup.Word]int{}
		for _, w := range r.Days {
			words[w]++
		}
		if r.Days[22] != backup.WordUnknown || r.Days[29] != r.Status || r.Bad != words[backup.WordFailed]+words[backup.WordOverdue]+words[backup.WordNoneSeen] {
			t.Errorf("%s is %s, bad on %d days: %v", r.ID, r.Status, r.Bad, r.Days)
		}
	}
	if h.Rows[0].Status != backup.WordFailed || h.Rows[0].Bad < 1 {
		t.Errorf("the worst first: %+v", h.Rows[0])
	}
	trend, err := m.Trend(t.Context(), nil)
	if err != nil || trend.Days[22].Known || !trend.Days[21].Known || trend.Days[21].Counts[backup.WordSuccess] != 90 || trend.Days[29].Counts[backup.WordSuccess] == 90 {
		t.Errorf("%+v: %v", trend.Days[20:], err)
	}
	one, err := m.CustomerTrend(t.Context(), customerID(2))
	if err != nil || one.Days[29].Total != 9 || one.Days[22].Known {
		t.Errorf("%+v: %v", one.Days[29], err)
	}
}

func TestAMachineTellsHowItCameToBeAsItIs(t *testing.T) {
	t.Parallel()
	m := modelOf(account{customers: 10, machines: 9}.build(t))
	id := machineID(9, 1)
	h, err := m.MachineHistory(t.Context(), id)
	if err != nil || h.Machine.ID != id || h.Machine.Ticket != "#1009" || h.Machine.CustomerName == "" {
		t.Fatalf("%+v: %v", h.Machine, err)
	}
	if len(h.Days) != 30 || h.Days[29].Word != h.Machine.Status || h.Days[22].Word != backup.WordUnknown || len(h.Changes) == 0 || h.Changes[0].Word != h.Machine.Status {
		t.Errorf("days %v, changes %v", h.Days, h.Changes)
	}
	if len(h.Decisions) == 0 || h.Decisions[0].AssetID != id || h.DecisionsFrom.IsZero() {
		t.Errorf("decisions %v from %v", h.Decisions, h.DecisionsFrom)
	}
	if len(h.Tickets) != 1 || h.Tickets[0].ID != 1009 || len(h.Alerts) != 1 || h.Alerts[0].TicketID != 1009 {
		t.Errorf("tickets %v, alerts %v", h.Tickets, h.Alerts)
	}
	if _, err := m.MachineHistory(t.Context(), "appliance:none"); !errors.Is(err, state.ErrNotFound) {
		t.Errorf("one that is not there: %v", err)
	}
}

func TestACursorOfAnotherListIsRefused(t *testing.T) {
	t.Parallel()
	m := modelOf(account{customers: 2, machines: 1}.build(t))
	for _, cursor := range []string{"x", "!", "MDo5OTk6YQ", "OjA6"} {
		for name, ask := range map[string]func(context.Context) error{
			"customers": func(ctx context.Context) error {
				_, err := m.Customers(ctx, view.CustomerQuery{Cursor: cursor})
				return err
			},
			"machines": func(ctx context.Context) error {
				_, err := m.Machines(ctx, view.MachineQuery{Cursor: cursor})
				return err
			},
			"heat":    func(ctx context.Context) error { _, err := m.Heat(ctx, view.HeatQuery{Cursor: cursor}); return err },
			"alerts":  func(ctx context.Context) error { _, err := m.Alerts(ctx, view.DeskQuery{Cursor: cursor}); return err },
			"tickets": func(ctx context.Context) error { _, err := m.Tickets(ctx, view.DeskQuery{Cursor: cursor}); return err },
		} {
			if err := ask(t.Context()); !errors.Is(err, view.ErrCursor) {
				t.Errorf("%s with %q: %v", name, cursor, err)
			}
		}
	}
}

func TestAHostileNameIsPagedLikeAnyOther(t *testing.T) {
	t.Parallel()
	store := account{customers: 1, machines: 1}.build(t)
	m := modelOf(store)
	names := []string{"a\x00b", "a:b", "", "\u202eevil", "<script>", "é", fmt.Sprintf("%010000d", 7)}
	for i, name := range names {
		c := state.Customer{ID: fmt.Sprintf("x%d", i), Name: name}
		if _, err := state.Save(t.Context(), store, state.CustomerKey(c.ID), c, state.New, time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	got := map[string]string{}
	all(t, func(cursor string) (ids []string, next string, total int, err error) {
		p, err := m.Customers(t.Context(), view.CustomerQuery{Cursor: cursor, Limit: 1})
		for _, c := range p.Items {
			ids = append(ids, c.ID)
			got[c.ID] = c.Name
		}
		return ids, p.Next, p.Total, err
	})
	delete(got, customerID(0))
	if want := maps.Collect(func(yield func(string, string) bool) {
		for i, n := range names {
			if !yield(fmt.Sprintf("x%d", i), n) {
				return
			}
		}
	}); !maps.Equal(got, want) {
		t.Errorf("%d of %d names", len(got), len(want))
	}
}
