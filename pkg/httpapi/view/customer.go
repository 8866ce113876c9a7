package view

import (
	"cmp"
	"context"
	"errors"
	"time"

	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/state"
)

// Customer is one customer with all that is decided about it.
type Customer struct {
	ID           string     `json:"id"`
	Name         string     `json:"name"`
	GoneSince    time.Time  `json:"goneSince,omitzero"`
	Organization match.Link `json:"organization"`
	Company      match.Link `json:"company"`
	// Mode is what counts now; OwnMode what the customer has of its own, empty
	// where the account's counts.
	Mode        Modes          `json:"mode"`
	OwnMode     Modes          `json:"ownMode"`
	Machines    map[string]int `json:"machines"` // by link state
	Statuses    map[string]int `json:"statuses"` // by status word
	Alerts      map[string]int `json:"alerts"`   // conditions by state
	OpenTickets int            `json:"openTickets"`
	AsOf        time.Time      `json:"asOf,omitzero"` // the UniView read the counts stand on
}

// Modes are the modes of both sides; empty: not set.
type Modes struct {
	Documentation state.Mode `json:"documentation"`
	Ticketing     state.Mode `json:"ticketing"`
}

// Place is where the customer stands in the list.
func (c Customer) Place() string { return place(c.Name, c.ID) }

// CustomerFilter chooses customers; empty fields choose all.
type CustomerFilter struct {
	Organization match.State
	Company      match.State
	Query        string // part of the customer's, organization's or company's name
	Only         func(customer string) bool
}

// Customers are the chosen customers by name, with counts per state over all that
// fit the query.
type Customers struct {
	Items        []Customer
	Organization map[match.State]int
	Company      map[match.State]int
}

// LinkStates lists all link states in the order in which people work on them.
var LinkStates = []match.State{match.Attention, match.Suggested, match.Unmatched, match.Matched, match.Ignored}

func zeroStates() map[match.State]int {
	n := make(map[match.State]int, len(LinkStates))
	for _, s := range LinkStates {
		n[s] = 0
	}
	return n
}

// Customers lists customers.
func (m *Model) Customers(ctx context.Context, f CustomerFilter) (Customers, error) {
	all, err := m.all(ctx)
	if err != nil {
		return Customers{}, err
	}
	modes, err := state.LoadModes(ctx, m.Table)
	if err != nil {
		return Customers{}, err
	}
	read, err := m.asOf(ctx, state.ListAssets)
	if err != nil {
		return Customers{}, err
	}
	out := Customers{Organization: zeroStates(), Company: zeroStates()}
	for _, record := range all {
		organization, company := record.Links.Organization, record.Links.Company
		if f.Only != nil && !f.Only(record.ID) || !contains(f.Query, record.Name, organization.TargetName, company.TargetName) {
			continue
		}
		os, cs := cmp.Or(organization.State, match.Unmatched), cmp.Or(company.State, match.Unmatched)
		out.Organization[os]++
		out.Company[cs]++
		if f.Organization != "" && os != f.Organization || f.Company != "" && cs != f.Company {
			continue
		}
		out.Items = append(out.Items, customerOf(record, modes, read))
	}
	return out, nil
}

// Customer reads one customer.
func (m *Model) Customer(ctx context.Context, id string) (Customer, error) {
	record, _, err := state.Load[state.Customer](ctx, m.Table, state.CustomerKey(id))
	if err != nil {
		return Customer{}, err
	}
	modes, err := state.LoadModes(ctx, m.Table)
	if err != nil {
		return Customer{}, err
	}
	read, err := m.asOf(ctx, state.ListAssets)
	return customerOf(record, modes, read), err
}

// customerOf shows a record with the date of the read its counts stand on: the
// record's own date moves only when a count does.
func customerOf(c state.Customer, modes state.Modes, read time.Time) Customer {
	return Customer{
		ID: c.ID, Name: c.Name, GoneSince: c.GoneSince,
		Organization: Link(c.Links.Organization), Company: Link(c.Links.Company),
		Mode:     Modes{c.ModeFor(state.ITGlue, modes), c.ModeFor(state.ConnectWise, modes)},
		OwnMode:  Modes{c.Documentation, c.Ticketing},
		Machines: counts(c.Machines), Statuses: counts(c.Statuses), Alerts: counts(c.Alerts),
		OpenTickets: c.OpenTickets, AsOf: read,
	}
}

func counts(n map[string]int) map[string]int {
	if n == nil {
		return map[string]int{}
	}
	return n
}

// Names gives customers' names by id, for showing.
func (m *Model) Names(ctx context.Context) (map[string]string, error) {
	all, err := m.all(ctx)
	if err != nil {
		return nil, err
	}
	names := make(map[string]string, len(all))
	for _, c := range all {
		names[c.ID] = c.Name
	}
	return names, nil
}

// missing turns a record that is not there into an empty one.
func missing(err error) error {
	if errors.Is(err, state.ErrNotFound) {
		return nil
	}
	return err
}
