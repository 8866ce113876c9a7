package view_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/docsync"
	"uniview-bridge/pkg/httpapi/view"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/platform/local"
	"uniview-bridge/pkg/review"
	"uniview-bridge/pkg/state"
)

// noon is when synthetic accounts are looked at.
var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// account is a synthetic account on the embedded store: every customer with the same
// number of machines, every third with two alerts and a ticket.
type account struct {
	customers, machines int
}

func customerID(i int) string   { return fmt.Sprintf("c%05d", i) }
func machineID(i, j int) string { return fmt.Sprintf("appliance:c%05d-4f6e-9a3b-%04d", i, j) }

// at is when something of a machine happened.
func at(i, j, hours int) time.Time {
	return noon.Add(-time.Duration(hours)*time.Hour - time.Duration((i*31+j*7)%60)*time.Minute).Truncate(time.Minute)
}

func (a account) machine(i, j int) state.Machine {
	m := state.Machine{
		Name: fmt.Sprintf("SRV-%s-%02d", [...]string{"SQL", "FILE", "DC", "APP", "WEB"}[j%5], j), Word: backup.WordSuccess, Since: at(i, j, 700),
		Reason: backup.ReasonSuccess, Bytes: int64(i*j+1) << 20,
		Known: backup.Known{FirstSeen: at(i, j, 800), LastGood: at(i, j, 9), LastEnd: at(i, j, 9), LastEndResult: backup.Successful},
		Link:  match.Link{State: match.Matched, TargetID: strconv.Itoa(i*a.machines + j), TargetName: fmt.Sprintf("SRV-%02d", j), By: match.Auto, Reason: match.ReasonMACAndHost},
	}
	m.Changes = m.Changes.Note(m.Since, backup.WordSuccess, noon)
	if (i+j)%9 == 0 { // trouble, over by now
		m.Changes = m.Changes.Note(at(i, j, 200), backup.WordFailed, noon).Note(at(i, j, 150), backup.WordSuccess, noon)
		m.Since = at(i, j, 150)
	}
	switch (i*7 + j) % 40 {
	case 0:
		m.Word, m.Reason, m.Since = backup.WordFailed, backup.ReasonFailed, at(i, j, 30)
	case 1:
		m.Word, m.Reason, m.Since = backup.WordOverdue, backup.ReasonOverdue, at(i, j, 60)
		m.Known.LastGood = at(i, j, 110)
	case 2:
		m.Link = match.Link{State: match.Unmatched, Reason: match.ReasonMACNotFound}
	}
	m.Changes = m.Changes.Note(m.Since, m.Word, noon)
	return m
}

func (a account) asset(i, j int) backup.Asset {
	m := a.machine(i, j)
	return backup.Asset{
		Family: backup.FamilyAppliance, ID: machineID(i, j)[len("appliance:"):], CustomerID: customerID(i), Name: m.Name,
		MAC: fmt.Sprintf("00:11:22:%02x:%02x:%02x", i>>8, i&255, j), StorageBytes: m.Bytes,
	}
}

func (a account) customer(i int, doc state.Documentation) state.Customer {
	name := fmt.Sprintf("%s %s %05d", [...]string{"Harbor", "Summit", "Maple", "Cedar", "Bright"}[i%5], [...]string{"Dental", "Legal", "Logistics"}[i%3], i)
	c := state.Customer{ID: customerID(i), Name: name, Machines: map[string]int{}, Statuses: map[string]int{}, Links: match.CustomerLinks{
		Organization: match.Link{State: match.Matched, TargetID: strconv.Itoa(i), TargetName: name, By: match.Auto, Reason: "same name"},
		Company:      match.Link{State: match.Suggested, Suggestions: []match.Suggestion{{TargetID: "1", TargetName: name, Score: float64(i%100) / 100, Reasons: []string{"similar name"}}}},
	}}
	for _, m := range doc.Machines {
		c.Machines[string(m.Link.State)]++
		c.Statuses[string(m.Word)]++
	}
	c.Days = c.Days.Set(noon.Add(-40*24*time.Hour), map[string]int{"success": a.machines}).Set(noon, c.Statuses)
	if i%3 == 0 {
		c.Alerts, c.OpenTickets = map[string]int{"open": 1, "over": 1}, 1
	}
	return c
}

func (a account) desk(i int) (state.Desk, alert.History) {
	id, asset := customerID(i), machineID(i, 1)
	group := id + "/machine/" + asset
	condition := func(key, why string, s alert.ConditionState, hours int) alert.Condition {
		return alert.Condition{
			Key: key, Base: key, Group: group, Class: "backup", Type: "alert", AssetKey: asset, AssetName: a.machine(i, 1).Name, Message: why,
			Severity: "warning", State: s, Reason: "the message names the machine", Episode: 1, First: at(i, 0, hours), Last: at(i, 0, hours), Count: 1,
		}
	}
	desk := state.Desk{
		AsOf: noon, Conditions: map[string]alert.Condition{
			"v1:open": condition("v1:open", "Backup failed: the disk is full", alert.ConditionOpen, 30),
			"v1:over": condition("v1:over", "Backup failed: the snapshot could not be made", alert.ConditionOver, 300),
		},
		Groups: map[string]alert.Group{group: {
			Key: group, Name: a.machine(i, 1).Name, Generation: 1, Reference: "uvb1:x:" + strconv.Itoa(i), State: alert.GroupOpen, Reason: "all is told",
			TicketID: 1000 + i, OpenedAt: at(i, 0, 29), Told: map[string]alert.Told{"v1:open": {Total: 1, Episode: 1, Open: true}},
		}},
	}
	history := alert.History{
		Episodes: []alert.Episode{{Key: "v1:open", Number: 1, AssetKey: asset, Message: "Backup failed", First: at(i, 0, 30), Last: at(i, 0, 30), Count: 1, Ticket: 1000 + i, How: alert.HowOpened}},
		Tickets:  []alert.TicketLife{{ID: 1000 + i, Reference: "uvb1:x:" + strconv.Itoa(i), Opened: at(i, 0, 29), Since: at(i, 0, 29)}},
	}
	return desk, history
}

// build fills a store with the account, as syncs would have left it.
func (a account) build(tb testing.TB) *local.Store {
	tb.Helper()
	store, err := local.Open(tb.TempDir(), local.Options{NoSync: true, Now: func() time.Time { return noon }})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = store.Close() })
	ctx := tb.Context()
	docs := make([]state.Documentation, a.customers)
	assets := make([]backup.Asset, 0, a.customers*a.machines)
	rows := make([]state.MachineRows, a.customers)
	slices := make(map[string]docsync.Slice, a.customers)
	var organizations []match.Organization
	var companies []match.Company
	counts := map[string]int{}
	for i := range a.customers {
		docs[i] = state.Documentation{Organization: strconv.Itoa(i), Machines: map[string]state.Machine{}}
		for j := range a.machines {
			m := a.machine(i, j)
			docs[i].Machines[machineID(i, j)] = m
			counts[string(m.Word)]++
			assets = append(assets, a.asset(i, j))
		}
		rows[i] = docs[i].Rows(customerID(i))
		c := a.customer(i, docs[i])
		organizations = append(organizations, match.Organization{ID: strconv.Itoa(i), Name: c.Name, ShortName: fmt.Sprintf("O%d", i)})
		companies = append(companies, match.Company{ID: strconv.Itoa(i), Name: c.Name, Identifier: fmt.Sprintf("Co%d", i)})
		slices[c.ID] = docsync.NewSlice(docsync.SliceInput{
			Customer: backup.Customer{ID: c.ID, Name: c.Name}, Organization: strconv.Itoa(i), Assets: assets[len(assets)-a.machines:],
		})
	}
	batch := state.NewBatch(store, nil)
	desks := map[string]state.DeskRow{}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(64)
	put := func(key state.Key, v any) {
		g.Go(func() error {
			data, err := state.Encode(v)
			if err == nil {
				_, err = store.Put(gctx, state.Item{Key: key, Version: state.Any, Data: data})
			}
			return err
		})
	}
	for i := range a.customers {
		id := customerID(i)
		g.Go(func() error {
			_, err := state.Save(gctx, batch, state.CustomerKey(id), a.customer(i, docs[i]), state.Any, time.Time{})
			return err
		})
		put(state.DocumentationKey(id), docs[i])
		if i%3 == 0 {
			desk, history := a.desk(i)
			put(state.DeskKey(id), desk)
			put(state.HistoryKey(id), history)
			desks[id] = state.DeskRow{ID: id, Version: 1, Conditions: len(desk.Conditions), Groups: len(desk.Groups)}
		}
	}
	for n := range 100 {
		run := state.Run{ID: state.NewRunID(noon.Add(-time.Duration(n)*5*time.Minute), "x"), Scope: state.ScopeAlerts, State: state.Succeeded, Created: noon}
		g.Go(func() error { _, err := state.SaveRun(gctx, store, run, state.New); return err })
	}
	for n := range 1200 {
		audit := state.Audit{At: noon.Add(-time.Duration(n) * time.Minute), By: "ada", Action: "match", Subject: "configuration " + customerID(n%a.customers) + " " + machineID(n%a.customers, 1)}
		g.Go(func() error { return state.AddAudit(gctx, store, audit, "x") })
	}
	try := func(_ any, err error) {
		if err != nil {
			tb.Fatal(err)
		}
	}
	try(nil, g.Wait())
	try(nil, batch.Flush(ctx))
	try(nil, state.IndexDesks(ctx, store, desks))
	for d := range 30 { // UniView was read every day but one, a week ago
		if d != 22 {
			from := noon.Add(-time.Duration(29-d) * 24 * time.Hour)
			small := assets[:1]
			if d == 29 {
				small = assets
			}
			try(state.SaveSnapshot(ctx, store, state.ListAssets, from, from, small, backup.Asset.Key))
		}
	}
	try(nil, state.NoteTrend(ctx, store, noon.Add(-40*24*time.Hour), map[string]int{"success": len(assets)}))
	try(nil, state.NoteTrend(ctx, store, noon, counts))
	try(state.SaveMachineIndex(ctx, store, noon, rows))
	try(state.SaveSlices(ctx, store, state.ITGlue, noon, slices, true))
	try(state.SaveSnapshot(ctx, store, state.ListOrganizations, noon, noon, organizations, func(o match.Organization) string { return o.ID }))
	try(state.SaveSnapshot(ctx, store, state.ListCompanies, noon, noon, companies, func(c match.Company) string { return c.ID }))
	try(state.SaveSnapshot(ctx, store, state.ListPublished, noon, noon, []docsync.Published{{ID: "1"}}, func(p docsync.Published) string { return p.ID }))
	return store
}

// modelOf is a model as a process has it that just began.
func modelOf(t state.Table) *view.Model {
	return &view.Model{Table: t, Directory: review.NewDirectory(t), Now: func() time.Time { return noon }}
}
