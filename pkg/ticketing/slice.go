package ticketing

import (
	"cmp"
	"slices"
	"time"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/connectwise"
	"uniview-bridge/pkg/match"
)

// Slice is everything of one customer that ticketing decides from. It holds no
// time of reading: a slice changes only when what it tells changes. Make it
// with NewSlice.
type Slice struct {
	Customer backup.Customer `json:"customer"`
	// Company is the verdict on the customer's company as of this read. A
	// person's later decision in state.Customer goes before it.
	Company match.Link `json:"company"`
	// Alerts are all undismissed ones, muted included, and those confirmed to be
	// dismissed. AssetKey is set where the machine was found by filter.
	Alerts []alert.Alert `json:"alerts,omitempty"`
	// Assets are the customer's machines: names for attribution, the last good
	// backup as evidence. Left out while there are no alerts.
	Assets     []backup.Asset     `json:"assets,omitempty"`
	Appliances []backup.Appliance `json:"appliances,omitempty"`
	// Tickets are ours of this customer as last listed: open, or changed lately.
	// One that is missing here may still exist.
	Tickets []alert.Ticket `json:"tickets,omitempty"`
	// Fold says that the account would open more tickets at once than is
	// believable: new ones of an appliance become one. HoldClose says that it would
	// close too many: closing waits for approval (design §2.6).
	Fold      bool `json:"fold,omitempty"`
	HoldClose bool `json:"holdClose,omitempty"`
	// Devices are the linked configurations by asset key.
	Devices map[string]Device `json:"devices,omitempty"`
	// Overdue are the machines that the documentation calls overdue, where the
	// bridge is to raise alerts of its own for them, by asset key.
	Overdue []Overdue `json:"overdue,omitempty"`
}

// Overdue is one machine that had no good backup for too long, or, Unknown, one
// whose backups could not be read: what was raised for it goes on.
type Overdue struct {
	AssetKey string    `json:"assetKey"`
	Since    time.Time `json:"since,omitzero"`
	Unknown  bool      `json:"unknown,omitempty"`
}

// Device is a machine's matched configuration, for the ticket.
type Device struct {
	Name                   string `json:"name"`
	URL                    string `json:"url,omitempty"`                    // of the IT Glue configuration
	CompanyConfigurationID int    `json:"companyConfigurationId,omitempty"` // its twin in ConnectWise
}

// NewSlice puts the parts into order and leaves out what ticketing does not
// need, so that equal facts give an equal slice: of machines only names, links
// and the last good backup count here.
func NewSlice(customer backup.Customer, company match.Link, alerts []alert.Alert, assets []backup.Asset,
	appliances []backup.Appliance, tickets []alert.Ticket, devices map[string]Device, overdue []Overdue,
) Slice {
	s := Slice{Customer: customer, Company: company, Devices: devices, Overdue: overdue}
	slices.SortFunc(s.Overdue, func(a, b Overdue) int { return cmp.Compare(a.AssetKey, b.AssetKey) })
	s.Alerts = slices.SortedFunc(slices.Values(alerts), func(a, b alert.Alert) int {
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(alert.Fingerprint(a), alert.Fingerprint(b)), cmp.Compare(a.ID, b.ID))
	})
	s.Tickets = slices.SortedFunc(slices.Values(tickets), func(a, b alert.Ticket) int { return cmp.Compare(a.ID, b.ID) })
	if len(alerts) == 0 && len(overdue) == 0 {
		s.Devices = nil
		return s
	}
	for _, a := range assets {
		trimmed := backup.Asset{
			Family: a.Family, ID: a.ID, CustomerID: a.CustomerID, Name: a.Name, ApplianceID: a.ApplianceID,
			PortalURL: a.PortalURL, LastGood: a.LastGood,
		}
		if a.Last != nil && a.Last.Result.Good() && !a.Last.Complete.IsZero() {
			trimmed.Last = &backup.Backup{Complete: a.Last.Complete, Result: a.Last.Result}
		}
		s.Assets = append(s.Assets, trimmed)
	}
	slices.SortFunc(s.Assets, func(a, b backup.Asset) int { return cmp.Compare(a.Key(), b.Key()) })
	for _, a := range appliances {
		s.Appliances = append(s.Appliances, backup.Appliance{ID: a.ID, CustomerID: a.CustomerID, Name: a.Name})
	}
	slices.SortFunc(s.Appliances, func(a, b backup.Appliance) int { return cmp.Compare(a.ID, b.ID) })
	return s
}

// TicketOf is a ticket as the rules see it. It counts as touched by a person
// when time was logged, somebody is assigned, or it was last updated by another
// member than the one that entered it; members cannot be listed with the native
// role (connectwise.md §6).
func TicketOf(t connectwise.Ticket) alert.Ticket {
	return alert.Ticket{
		ID: t.ID, Reference: t.ExternalXRef, Summary: t.Summary, CompanyID: t.CompanyID, BoardID: t.BoardID,
		StatusID: t.StatusID, StatusName: t.StatusName, PriorityID: t.PriorityID, Closed: t.Closed, MergedInto: t.MergedInto,
		Ours:      t.UpdatedBy != "" && t.UpdatedBy == t.EnteredBy,
		Touched:   t.ActualHours > 0 || t.OwnerID > 0 || t.Resources != "" || t.UpdatedBy != "" && t.EnteredBy != "" && t.UpdatedBy != t.EnteredBy,
		UpdatedAt: t.UpdatedAt, ClosedAt: t.ClosedAt,
	}
}

// OfCustomer picks the tickets that an installation opened for a customer.
func OfCustomer(tickets []alert.Ticket, installation, customerID string) []alert.Ticket {
	var own []alert.Ticket
	prefix, hash := alert.ReferencePrefix(installation), alert.CustomerHash(customerID)
	for _, t := range tickets {
		if r, ok := alert.ParseReference(t.Reference); ok && r.Customer == hash && alert.ReferencePrefix(r.Installation) == prefix {
			own = append(own, t)
		}
	}
	return own
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
