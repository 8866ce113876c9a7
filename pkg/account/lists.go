package account

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/docsync"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/state"
)

// lists are the newest complete snapshots, with when their reads began, and the
// bridge's own records.
type lists struct {
	customers      []backup.Customer
	appliances     map[string][]backup.Appliance // by customer
	assets         map[string][]backup.Asset     // by customer, both families
	all            []backup.Asset
	history        map[string]backup.History // by asset key
	organizations  []match.Organization
	configurations map[string][]match.Configuration // by organization
	devices        []match.Configuration
	device         map[string]int                 // configuration id → place in devices
	published      map[string][]docsync.Published // by organization
	existing       int                            // published flexible assets that are not archived
	companies      []match.Company
	alerts         map[string][]alert.Alert // by customer
	tickets        []alert.Ticket

	from map[string]time.Time // list → when its read began; missing: never read

	// batch is where customers are saved: the index of customers learns of all changes
	// of a stage at once, and of what earlier runs could not tell it.
	batch     *state.Batch
	records   map[string]state.Customer
	documents map[string]state.Documentation
	gone      map[string]bool // customers we know and UniView does not list
	settings  docsync.Settings
}

// errNotRead says that a list has never been read.
var errNotRead = errors.New("has not been read yet")

// load reads what both sides are decided from. Lists that were never read stay
// empty and have no date.
func (s *Service) load(ctx context.Context) (*lists, error) {
	l := &lists{
		from: map[string]time.Time{}, appliances: map[string][]backup.Appliance{}, assets: map[string][]backup.Asset{},
		configurations: map[string][]match.Configuration{}, published: map[string][]docsync.Published{}, alerts: map[string][]alert.Alert{},
	}
	var err error
	if l.customers, err = snapshot[backup.Customer](ctx, s, l, state.ListCustomers); err != nil {
		return nil, err
	}
	appliances, err := snapshot[backup.Appliance](ctx, s, l, state.ListAppliances)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{state.ListAssets, state.ListEndpoints} {
		assets, err := snapshot[backup.Asset](ctx, s, l, name)
		if err != nil {
			return nil, err
		}
		l.all = append(l.all, assets...)
	}
	if l.organizations, err = snapshot[match.Organization](ctx, s, l, state.ListOrganizations); err != nil {
		return nil, err
	}
	if l.devices, err = snapshot[match.Configuration](ctx, s, l, state.ListConfigurations); err != nil {
		return nil, err
	}
	published, err := snapshot[docsync.Published](ctx, s, l, state.ListPublished)
	if err != nil {
		return nil, err
	}
	if l.companies, err = snapshot[match.Company](ctx, s, l, state.ListCompanies); err != nil {
		return nil, err
	}
	alerts, err := snapshot[alert.Alert](ctx, s, l, state.ListAlerts)
	if err != nil {
		return nil, err
	}
	if l.tickets, err = snapshot[alert.Ticket](ctx, s, l, state.ListTickets); err != nil {
		return nil, err
	}
	l.index(appliances, published, alerts)
	var rows map[string]state.CustomerRow
	if l.records, rows, err = state.CustomersIndexed(ctx, s.Table); err != nil {
		return nil, fmt.Errorf("customers: %w", err)
	}
	l.batch = state.NewBatch(s.Table, rows)
	if l.documents, err = state.Documentations(ctx, s.Table); err != nil {
		return nil, fmt.Errorf("documentation: %w", err)
	}
	if l.settings, err = docsync.LoadSettings(ctx, s.Table); err != nil {
		return nil, fmt.Errorf("documentation settings: %w", err)
	}
	return l, nil
}

func (l *lists) index(appliances []backup.Appliance, published []docsync.Published, alerts []alert.Alert) {
	for _, a := range appliances {
		l.appliances[a.CustomerID] = append(l.appliances[a.CustomerID], a)
	}
	for _, a := range l.all {
		l.assets[a.CustomerID] = append(l.assets[a.CustomerID], a)
	}
	l.device = make(map[string]int, len(l.devices))
	for i, c := range l.devices {
		l.device[c.ID] = i
		l.configurations[c.OrganizationID] = append(l.configurations[c.OrganizationID], c)
	}
	for _, p := range published {
		l.published[p.OrganizationID] = append(l.published[p.OrganizationID], p)
		if !p.Archived {
			l.existing++
		}
	}
	for _, a := range alerts {
		l.alerts[a.CustomerID] = append(l.alerts[a.CustomerID], a)
	}
}

// snapshot loads one list and notes when it was read.
func snapshot[T any](ctx context.Context, s *Service, l *lists, name string) ([]T, error) {
	records, pointer, err := state.LoadSnapshot[T](ctx, s.Table, name)
	if errors.Is(err, state.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	l.from[name] = pointer.ReadFrom
	return records, nil
}

// oldest is when the oldest of the lists was read; an error names one that never was.
func (l *lists) oldest(names ...string) (time.Time, error) {
	var oldest time.Time
	for _, name := range names {
		at, ok := l.from[name]
		if !ok {
			return oldest, fmt.Errorf("the list %s %w", name, errNotRead)
		}
		if oldest.IsZero() || at.Before(oldest) {
			oldest = at
		}
	}
	return oldest, nil
}

// addGone puts customers back that we know and UniView does not list any more:
// what stands in IT Glue and ConnectWise for them must still be ended.
func (l *lists) addGone() {
	listed := map[string]bool{}
	for _, c := range l.customers {
		listed[c.ID] = true
	}
	l.gone = map[string]bool{}
	for _, id := range slices.Sorted(maps.Keys(l.records)) {
		if !listed[id] {
			l.gone[id] = true
			l.customers = append(l.customers, backup.Customer{ID: id, Name: l.records[id].Name})
		}
	}
}

// goneSince is when a complete read first lacked the customer; zero: it is there.
func (l *lists) goneSince(customer string) time.Time {
	if !l.gone[customer] {
		return time.Time{}
	}
	if since := l.records[customer].GoneSince; !since.IsZero() {
		return since
	}
	return l.from[state.ListCustomers]
}
