package view

import (
	"context"
	"errors"
	"strings"
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

// CustomerOrder says what comes first in a list of customers.
type CustomerOrder string

// The orders of customers; those of equal right stand by name.
const (
	CustomersByName  CustomerOrder = ""       // by name
	CustomersByScore CustomerOrder = "score"  // the best suggestion, of organization or company, first
	CustomersByTodo  CustomerOrder = "todo"   // most machines without a good backup first
	CustomersByTix   CustomerOrder = "alerts" // most open tickets and alerts first
)

// CustomerOrders lists all orders.
var CustomerOrders = []CustomerOrder{CustomersByName, CustomersByScore, CustomersByTodo, CustomersByTix}

// CustomerQuery chooses customers; empty fields choose all.
type CustomerQuery struct {
	Organization match.State // only those whose organization is in this state
	Company      match.State // only those whose company is in this state
	MinScore     float64     // only those with a suggestion of at least this score (0..1) on the side whose state is asked for, or on either
	Query        string      // part of the customer's, organization's or company's name
	Order        CustomerOrder
	Cursor       string                     // Next of the page before; empty: the first page
	Limit        int                        // 0: DefaultLimit
	Only         func(customer string) bool // nil: all may be seen
}

// CustomerPage is one page of customers, with counts per state over all that fit the
// query (whatever states are asked for).
type CustomerPage struct {
	Items        []Customer          `json:"items"`
	Next         string              `json:"next,omitempty"` // cursor of the next page; empty: this is the last
	Total        int                 `json:"total"`          // customers that fit, the states asked for included
	Organization map[match.State]int `json:"organization"`
	Company      map[match.State]int `json:"company"`
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

// Customers lists customers. Who fits is decided on the index; only the customers of
// the page are read whole.
func (m *Model) Customers(ctx context.Context, q CustomerQuery) (CustomerPage, error) {
	page := CustomerPage{Items: []Customer{}, Organization: zeroStates(), Company: zeroStates()}
	r, s, err := m.customers(ctx)
	if err != nil {
		return page, err
	}
	pick, err := newPicker[string](q.Cursor, q.Limit)
	if err != nil {
		return page, err
	}
	text := strings.ToLower(q.Query)
	for i := range r.rows {
		c := &r.rows[i]
		if q.Only != nil && !q.Only(c.ID) || !strings.Contains(c.text, text) || !q.scored(c) {
			continue
		}
		page.Organization[c.Organization.State]++
		page.Company[c.Company.State]++
		if q.Organization != "" && c.Organization.State != q.Organization || q.Company != "" && c.Company.State != q.Company {
			continue
		}
		page.Total++
		if at := spotAt(q.Order.number(c), c.lower, c.ID); pick.wants(at) {
			pick.add(at, c.ID)
		}
	}
	ids, next := pick.page()
	page.Next = next
	page.Items, err = m.customersOf(ctx, s, ids)
	return page, err
}

// scored says whether the customer has a suggestion that is good enough.
func (q CustomerQuery) scored(c *person) bool {
	switch {
	case q.MinScore <= 0:
		return true
	case q.Organization != "" && q.Company == "":
		return c.Organization.Score >= q.MinScore
	case q.Company != "" && q.Organization == "":
		return c.Company.Score >= q.MinScore
	default:
		return max(c.Organization.Score, c.Company.Score) >= q.MinScore
	}
}

// number is what the order stands on; the lowest comes first.
func (o CustomerOrder) number(c *person) int64 {
	switch o {
	case CustomersByScore:
		return -int64(max(c.Organization.Score, c.Company.Score) * 10_000)
	case CustomersByTodo:
		n := 0
		for _, w := range NoGood {
			n -= c.Statuses[string(w)]
		}
		return int64(n)
	case CustomersByTix:
		n := -c.OpenTickets * 1000
		for s, k := range c.Alerts {
			if AlertState(s) != AlertOver && AlertState(s) != AlertMuted {
				n -= k
			}
		}
		return int64(n)
	default:
		return 0
	}
}

// customersOf reads customers, in the order given.
func (m *Model) customersOf(ctx context.Context, s *sight, ids []string) ([]Customer, error) {
	modes, err := state.LoadModes(ctx, s)
	if err != nil {
		return nil, err
	}
	read, err := s.asOf(ctx, state.ListAssets)
	if err != nil {
		return nil, err
	}
	keys := make([]state.Key, len(ids))
	for i, id := range ids {
		keys[i] = state.CustomerKey(id)
	}
	items, err := s.GetMany(ctx, keys)
	if err != nil {
		return nil, err
	}
	out := make([]Customer, 0, len(ids))
	for _, key := range keys {
		item, ok := items[key]
		if !ok {
			continue
		}
		var record state.Customer
		if err := state.Decode(item.Data, &record); err != nil {
			return nil, err
		}
		out = append(out, customerOf(record, modes, read))
	}
	return out, nil
}

// Customer reads one customer. One that is not there is state.ErrNotFound.
func (m *Model) Customer(ctx context.Context, id string) (Customer, error) {
	s, err := m.look(ctx, []state.Key{state.CustomerKey(id)})
	if err != nil {
		return Customer{}, err
	}
	list, err := m.customersOf(ctx, s, []string{id})
	if err == nil && len(list) == 0 {
		err = state.ErrNotFound
	}
	if err != nil {
		return Customer{}, err
	}
	return list[0], nil
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
	r, _, err := m.customers(ctx)
	if err != nil {
		return nil, err
	}
	names := make(map[string]string, len(r.rows))
	for _, c := range r.rows {
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
