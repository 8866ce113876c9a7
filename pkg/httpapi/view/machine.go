package view

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/ticketing"
)

// Machine is one protected machine.
type Machine struct {
	ID         string `json:"id"` // asset key
	CustomerID string `json:"customerId"`
	// CustomerName and Ticket (numbers of its open tickets, like "#101, #102") are told
	// in lists of all customers and with the machine's details.
	CustomerName string     `json:"customerName,omitempty"`
	Ticket       string     `json:"ticket,omitempty"`
	Family       string     `json:"family"`
	Name         string     `json:"name"`
	MAC          string     `json:"mac,omitempty"`
	Kind         string     `json:"kind,omitempty"`
	PortalURL    string     `json:"portalUrl,omitempty"`
	Link         match.Link `json:"configuration"`
	// Elsewhere are configurations of other organizations with its address:
	// reported, never linked.
	Elsewhere []match.Elsewhere `json:"elsewhere,omitempty"`

	Status       backup.Word `json:"status"`
	Reason       string      `json:"statusReason"`
	Since        time.Time   `json:"statusSince,omitzero"`
	LastBackup   time.Time   `json:"lastBackup,omitzero"`
	LastGood     time.Time   `json:"lastGood,omitzero"`
	StorageBytes int64       `json:"storageBytes,omitempty"`
	AsOf         time.Time   `json:"asOf,omitzero"` // the UniView read this stands on
	Gone         bool        `json:"gone,omitempty"`
	SupersededBy string      `json:"supersededBy,omitempty"`
	SameAs       string      `json:"sameAs,omitempty"`
}

// Place is where the machine stands in the list.
func (m Machine) Place() string { return place(m.Name, m.ID) }

// MachineFilter chooses machines of one customer; empty fields choose all.
type MachineFilter struct {
	State  match.State
	Status backup.Word
	Query  string
}

// MachinesOf lists one customer's machines by name, as they are at this moment.
func (m *Model) MachinesOf(ctx context.Context, customer string, f MachineFilter) ([]Machine, error) {
	all, err := m.machinesOf(ctx, customer)
	if err != nil {
		return nil, err
	}
	out := slices.DeleteFunc(all, func(x Machine) bool {
		return f.State != "" && x.Link.State != f.State || f.Status != "" && x.Status != f.Status ||
			!contains(f.Query, x.Name, x.Link.TargetName, x.MAC)
	})
	slices.SortFunc(out, func(a, b Machine) int { return strings.Compare(a.Place(), b.Place()) })
	return out, nil
}

// Machine finds one machine by its asset key. One that is not there is
// state.ErrNotFound.
func (m *Model) Machine(ctx context.Context, key string) (Machine, error) {
	s, err := m.look(ctx)
	if err != nil {
		return Machine{}, err
	}
	x, _, err := m.machine(ctx, s, key)
	return x, err
}

// machine reads one machine, its customer's documentation and, with the same request,
// what else of its customer is wanted.
func (m *Model) machine(ctx context.Context, s *sight, key string, more ...func(customer string) state.Key) (Machine, state.Documentation, error) {
	family, _, _ := strings.Cut(key, ":")
	a, err := state.LoadRecord(ctx, s, listOf(backup.Family(family)), key, backup.Asset.Key)
	if err != nil {
		return Machine{}, state.Documentation{}, err
	}
	keys := []state.Key{state.DocumentationKey(a.CustomerID), state.CustomerKey(a.CustomerID), state.DeskKey(a.CustomerID)}
	for _, k := range more {
		keys = append(keys, k(a.CustomerID))
	}
	if err := s.ahead(ctx, keys); err != nil {
		return Machine{}, state.Documentation{}, err
	}
	doc, err := state.LoadDocumentation(ctx, s, a.CustomerID)
	if err != nil {
		return Machine{}, doc, err
	}
	customer, _, err := state.LoadOr(ctx, s, state.CustomerKey(a.CustomerID), state.Customer{})
	if err != nil {
		return Machine{}, doc, err
	}
	desk, _, err := state.LoadOr(ctx, s, state.DeskKey(a.CustomerID), state.Desk{})
	if err != nil {
		return Machine{}, doc, err
	}
	asOf, err := s.asOf(ctx, listOf(a.Family))
	x := machineOf(a, doc.Machines[key], asOf)
	x.CustomerName, x.Ticket = customer.Name, ticketing.TicketsByMachine(desk)[key]
	return x, doc, err
}

func listOf(f backup.Family) string {
	if f == backup.FamilyEndpoint {
		return state.ListEndpoints
	}
	return state.ListAssets
}

func (m *Model) machinesOf(ctx context.Context, customer string) ([]Machine, error) {
	s, err := m.look(ctx, []state.Key{state.DocumentationKey(customer), state.DeskKey(customer), state.SliceKey(state.ITGlue, customer)})
	if err != nil {
		return nil, err
	}
	doc, err := state.LoadDocumentation(ctx, s, customer)
	if err != nil {
		return nil, err
	}
	assets, err := m.assets(ctx, s, customer)
	if err != nil {
		return nil, err
	}
	desk, _, err := state.LoadOr(ctx, s, state.DeskKey(customer), state.Desk{})
	if err != nil {
		return nil, err
	}
	tickets := ticketing.TicketsByMachine(desk)
	read := map[backup.Family]time.Time{}
	for _, f := range []backup.Family{backup.FamilyAppliance, backup.FamilyEndpoint} {
		if read[f], err = s.asOf(ctx, listOf(f)); err != nil {
			return nil, err
		}
	}
	out := make([]Machine, 0, len(assets))
	for key, a := range assets {
		out = append(out, machineOf(a, doc.Machines[key], read[a.Family]))
	}
	for key, record := range doc.Machines {
		if _, listed := assets[key]; listed {
			continue
		}
		family, id, _ := strings.Cut(key, ":")
		a := backup.Asset{Family: backup.Family(family), ID: id, CustomerID: customer, Name: record.Name}
		record.Gone = true // the newest read lacks it
		out = append(out, machineOf(a, record, read[a.Family]))
	}
	for i := range out {
		out[i].Ticket = tickets[out[i].ID]
	}
	return out, nil
}

// assets are one customer's machines by asset key, as its documentation was decided
// from; without that, those of the newest lists.
func (m *Model) assets(ctx context.Context, s *sight, customer string) (map[string]backup.Asset, error) {
	type machines struct {
		Assets []backup.Asset `json:"assets"`
	}
	slice, _, err := state.LoadSlice[machines](ctx, s, state.ITGlue, customer)
	if errors.Is(err, state.ErrNotFound) {
		return m.Directory.Assets(ctx, customer)
	}
	out := make(map[string]backup.Asset, len(slice.Assets))
	for _, a := range slice.Assets {
		out[a.Key()] = a
	}
	return out, err
}

func machineOf(a backup.Asset, record state.Machine, asOf time.Time) Machine {
	x := Machine{
		ID: a.Key(), CustomerID: a.CustomerID, Family: string(a.Family), Name: a.Name, MAC: a.MAC, Kind: a.Kind, PortalURL: a.PortalURL,
		Link: Link(record.Link), Elsewhere: record.Elsewhere,
		Status: cmp.Or(record.Word, backup.WordUnknown), Reason: cmp.Or(record.Reason, "not decided yet"), Since: record.Since,
		LastBackup: record.Known.LastEnd, LastGood: record.Known.LastGood, StorageBytes: a.StorageBytes, AsOf: asOf,
		Gone: record.Gone, SupersededBy: record.SupersededBy, SameAs: record.SameAs,
	}
	if a.LastGood.After(x.LastGood) {
		x.LastGood = a.LastGood
	}
	return x
}
