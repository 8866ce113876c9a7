package state

import (
	"context"
	"errors"
	"slices"
	"time"

	"uniview-bridge/pkg/match"
)

// Mode says whether a vendor is written or only planned for.
type Mode string

// The modes.
const (
	Preview Mode = "preview"
	Live    Mode = "live"
)

// Customer is what the bridge keeps of one customer. Several functions write
// it, each only its own fields, through Update.
type Customer struct {
	ID    string              `json:"id"`
	Name  string              `json:"name"`
	Links match.CustomerLinks `json:"links"`
	// FormerNames are earlier names of a customer with a link that a person decided,
	// newest first, at most maxFormerNames: spellings that stand for its counterparts.
	FormerNames []string `json:"formerNames,omitempty"`
	// GoneSince is when a complete read first lacked the customer.
	GoneSince time.Time `json:"goneSince,omitzero"`

	// Decisions grows with every decision of a person about this customer, its
	// machines, its mode or its ticket settings: both sides become due.
	Decisions int64 `json:"decisions,omitempty"`
	// TicketNews grows when tickets has something for the documentation to show;
	// DeviceNews when matcher has something for tickets.
	TicketNews int64 `json:"ticketNews,omitempty"`
	DeviceNews int64 `json:"deviceNews,omitempty"`

	// Own modes; empty: the account's.
	Documentation Mode `json:"documentation,omitempty"`
	Ticketing     Mode `json:"ticketing,omitempty"`

	// Machines counts machines by link state, Statuses by status word: written
	// with each documentation decision. Alerts counts conditions by state and
	// OpenTickets the open tickets: written by tickets.
	Machines    map[string]int `json:"machines,omitempty"`
	Statuses    map[string]int `json:"statuses,omitempty"`
	Alerts      map[string]int `json:"alerts,omitempty"`
	OpenTickets int            `json:"openTickets,omitempty"`
	// AsOf is the UniView read the counts stand on.
	AsOf time.Time `json:"asOf,omitzero"`
	// Days is how Statuses went on, written with them.
	Days Tally `json:"days,omitempty"`
}

// maxFormerNames bounds Customer.FormerNames.
const maxFormerNames = 10

// Rename gives the customer its new name. The old one is kept among FormerNames
// while a person's decision about a link stands on it.
func (c *Customer) Rename(name string) {
	decided := c.Links.Organization.Decided() || c.Links.Company.Decided()
	if old := c.Name; old != "" && old != name && decided {
		former := slices.DeleteFunc(slices.Clone(c.FormerNames), func(n string) bool { return n == old || n == name })
		former = slices.Insert(former, 0, old)
		c.FormerNames = former[:min(len(former), maxFormerNames)]
	}
	c.Name = name
}

// Customers reads all customer records by id.
func Customers(ctx context.Context, t Table) (map[string]Customer, error) {
	return LoadAll[Customer](ctx, t, pkCustomer)
}

// Desks reads all ticket desks by customer id.
func Desks(ctx context.Context, t Table) (map[string]Desk, error) {
	return LoadAll[Desk](ctx, t, pkDesk)
}

// ModeFor is the mode that counts for this customer, given the account's.
func (c Customer) ModeFor(v Vendor, account Modes) Mode {
	own := c.Documentation
	if v == ConnectWise {
		own = c.Ticketing
	}
	if own != "" {
		return own
	}
	return account.Of(v)
}

// Modes are the account's modes. A missing record means preview for both.
type Modes struct {
	Documentation Mode `json:"documentation"`
	Ticketing     Mode `json:"ticketing"`
}

var modesKey = SettingsKey("mode")

// LoadModes reads the account's modes.
func LoadModes(ctx context.Context, t Table) (Modes, error) {
	m, _, err := LoadOr(ctx, t, modesKey, Modes{Preview, Preview})
	return m, err
}

// ModesChosen says whether anybody ever chose a mode.
func ModesChosen(ctx context.Context, t Table) (bool, error) {
	_, err := t.Get(ctx, modesKey)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// Of is the account's mode of one side.
func (m Modes) Of(v Vendor) Mode {
	if v == ConnectWise {
		return m.Ticketing
	}
	return m.Documentation
}

// UpdateModes changes the account's modes, whatever else changes them meanwhile.
func UpdateModes(ctx context.Context, t Table, change func(*Modes)) error {
	_, err := Update(ctx, t, modesKey, func(m *Modes) error {
		if m.Documentation == "" {
			*m = Modes{Preview, Preview}
		}
		change(m)
		return nil
	})
	return err
}

// SaveModes stores the account's modes.
func SaveModes(ctx context.Context, t Table, m Modes) error {
	_, err := Save(ctx, t, modesKey, m, Any, time.Time{})
	return err
}
