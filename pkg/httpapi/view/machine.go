package view

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/state"
)

// Machine is one protected machine.
type Machine struct {
	ID         string     `json:"id"` // asset key
	CustomerID string     `json:"customerId"`
	Family     string     `json:"family"`
	Name       string     `json:"name"`
	MAC        string     `json:"mac,omitempty"`
	Kind       string     `json:"kind,omitempty"`
	PortalURL  string     `json:"portalUrl,omitempty"`
	Link       match.Link `json:"configuration"`
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

// MachineFilter chooses machines; empty fields choose all.
type MachineFilter struct {
	State  match.State
	Status backup.Word
	Query  string
}

// Machines lists a customer's machines by name.
func (m *Model) Machines(ctx context.Context, customer string, f MachineFilter) ([]Machine, error) {
	all, err := m.machines(ctx, customer)
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
	a, ok, err := m.Directory.Asset(ctx, key)
	if err != nil {
		return Machine{}, err
	}
	if !ok {
		return Machine{}, state.ErrNotFound
	}
	doc, err := state.LoadDocumentation(ctx, m.Table, a.CustomerID)
	if err != nil {
		return Machine{}, err
	}
	asOf, err := m.asOf(ctx, listOf(a.Family))
	return machineOf(a, doc.Machines[key], asOf), err
}

func listOf(f backup.Family) string {
	if f == backup.FamilyEndpoint {
		return state.ListEndpoints
	}
	return state.ListAssets
}

func (m *Model) machines(ctx context.Context, customer string) ([]Machine, error) {
	doc, err := state.LoadDocumentation(ctx, m.Table, customer)
	if err != nil {
		return nil, err
	}
	assets, err := m.Directory.Assets(ctx, customer)
	if err != nil {
		return nil, err
	}
	read := map[backup.Family]time.Time{}
	for _, f := range []backup.Family{backup.FamilyAppliance, backup.FamilyEndpoint} {
		if read[f], err = m.asOf(ctx, listOf(f)); err != nil {
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
	return out, nil
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
