package view

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/state"
)

// AlertState says what became of a condition.
type AlertState string

// The states of an alert as shown.
const (
	AlertTicketed  AlertState = "ticketed"  // an open ticket tells of it
	AlertPlanned   AlertState = "planned"   // preview: a ticket would be opened
	AlertHeld      AlertState = "held"      // open without a ticket, with a reason
	AlertSnoozed   AlertState = "snoozed"   // a snooze or maintenance window holds it back
	AlertUncertain AlertState = "uncertain" // a create may have succeeded
	AlertMuted     AlertState = "muted"
	AlertOver      AlertState = "over"
)

// AlertStates lists all alert states in the order in which people look at them.
var AlertStates = []AlertState{AlertUncertain, AlertHeld, AlertSnoozed, AlertPlanned, AlertTicketed, AlertMuted, AlertOver}

// AlertsActive chooses all alerts that are open, whatever became of them.
const AlertsActive = "active"

// fits says whether an alert's state is what is asked for.
func (s AlertState) fits(asked string) bool {
	return asked == "" || string(s) == asked || asked == AlertsActive && s != AlertOver && s != AlertMuted
}

// Alert is one condition with what became of it, and why.
type Alert struct {
	Key          string         `json:"key"`
	CustomerID   string         `json:"customerId"`
	CustomerName string         `json:"customerName"`
	State        AlertState     `json:"state"`
	Why          string         `json:"why"`
	Class        alert.Class    `json:"class"`
	Type         alert.Type     `json:"type"`
	Severity     alert.Severity `json:"severity"`
	Message      string         `json:"message"`
	AssetID      string         `json:"assetId,omitempty"`
	AssetName    string         `json:"assetName,omitempty"`
	Appliance    string         `json:"appliance,omitempty"`
	JobName      string         `json:"jobName,omitempty"`
	First        time.Time      `json:"first,omitzero"`
	Last         time.Time      `json:"last,omitzero"`
	Count        int            `json:"count"`
	TicketID     int            `json:"ticketId,omitempty"`
	// Group is the ticket group it belongs to; Rule the rule that routes it.
	Group string `json:"group,omitempty"`
	Rule  string `json:"rule,omitempty"`
	// HeldBy says what holds it back: rule, snooze or window; SilenceID which, HeldUntil
	// how long.
	HeldBy    string    `json:"heldBy,omitempty"`
	SilenceID string    `json:"silenceId,omitempty"`
	HeldUntil time.Time `json:"heldUntil,omitzero"`
	AsOf      time.Time `json:"asOf,omitzero"`
}

// Place is where the alert stands in the list: newest first.
func (a Alert) Place() string { return newestFirst(a.Last) + a.CustomerID + "\x00" + a.Key }

// Ticket is one ticket group that has or had a ticket, or would get one.
type Ticket struct {
	Group        string           `json:"group"`
	CustomerID   string           `json:"customerId"`
	CustomerName string           `json:"customerName"`
	Name         string           `json:"name"` // what the ticket is about
	State        alert.GroupState `json:"state"`
	Why          string           `json:"why"`
	Planned      alert.Action     `json:"planned,omitempty"` // preview: what would be done
	TicketID     int              `json:"ticketId,omitempty"`
	Reference    string           `json:"reference,omitempty"`
	Severity     alert.Severity   `json:"severity,omitempty"`
	Troubles     int              `json:"troubles"` // open conditions of the group
	OpenedAt     time.Time        `json:"openedAt,omitzero"`
	ClosedAt     time.Time        `json:"closedAt,omitzero"`
	ClosedBy     string           `json:"closedBy,omitempty"`
	Attention    string           `json:"attention,omitempty"`
	Failure      string           `json:"failure,omitempty"`
	AsOf         time.Time        `json:"asOf,omitzero"`
}

// Place is where the ticket stands in the list: newest first.
func (t Ticket) Place() string { return newestFirst(t.OpenedAt) + t.CustomerID + "\x00" + t.Group }

// newestFirst orders texts by falling time; no time comes last.
func newestFirst(t time.Time) string {
	const top = 1 << 40 // seconds: far beyond any date
	if t.IsZero() {
		return fmt.Sprintf("%013d ", int64(top)*2)
	}
	return fmt.Sprintf("%013d ", top-t.Unix())
}

// DeskFilter chooses alerts or tickets; empty fields choose all.
type DeskFilter struct {
	Customer string
	State    string
	Query    string
	Only     func(customer string) bool
}

// Alerts lists conditions, newest first.
func (m *Model) Alerts(ctx context.Context, f DeskFilter) ([]Alert, error) {
	var out []Alert
	err := m.desks(ctx, f, func(customer, name string, d state.Desk) {
		for _, c := range d.Conditions {
			a := alertOf(customer, name, c, d)
			if a.State.fits(f.State) && contains(f.Query, a.Message, a.AssetName, a.CustomerName, a.Appliance) {
				out = append(out, a)
			}
		}
	})
	slices.SortFunc(out, func(a, b Alert) int { return strings.Compare(a.Place(), b.Place()) })
	return out, err
}

// Tickets lists ticket groups that have, had or would get a ticket, newest first.
func (m *Model) Tickets(ctx context.Context, f DeskFilter) ([]Ticket, error) {
	var out []Ticket
	err := m.desks(ctx, f, func(customer, name string, d state.Desk) {
		open := map[string]int{}
		for _, c := range d.Conditions {
			if c.State == alert.ConditionOpen {
				open[c.Group]++
			}
		}
		for _, g := range d.Groups {
			if g.State == alert.GroupWaiting && g.Planned != alert.Open {
				continue // no ticket and none to come: its alerts say why
			}
			t := ticketOf(customer, name, g, open[g.Key], d.AsOf)
			if (f.State == "" || string(t.State) == f.State) && contains(f.Query, t.Name, t.CustomerName, t.Reference, fmt.Sprintf("#%d", t.TicketID)) {
				out = append(out, t)
			}
		}
	})
	slices.SortFunc(out, func(a, b Ticket) int { return strings.Compare(a.Place(), b.Place()) })
	return out, err
}

// desks visits the desk of one customer or of all that may be seen.
func (m *Model) desks(ctx context.Context, f DeskFilter, visit func(customer, name string, d state.Desk)) error {
	may := func(id string) bool { return f.Only == nil || f.Only(id) }
	if customer := f.Customer; customer != "" {
		if !may(customer) {
			return nil
		}
		d, _, err := state.LoadOr(ctx, m.Table, state.DeskKey(customer), state.Desk{})
		if err != nil {
			return err
		}
		c, _, err := state.LoadOr(ctx, m.Table, state.CustomerKey(customer), state.Customer{})
		if err != nil {
			return err
		}
		visit(customer, c.Name, d)
		return nil
	}
	all, err := state.Desks(ctx, m.Table)
	if err != nil {
		return err
	}
	names, err := m.Names(ctx)
	if err != nil {
		return err
	}
	for id, d := range all {
		if may(id) {
			visit(id, names[id], d)
		}
	}
	return nil
}

// heldByRule is Held.By of a rule that wants no ticket.
const heldByRule = "rule"

func alertOf(customer, name string, c alert.Condition, d state.Desk) Alert {
	g := d.Groups[c.Group]
	a := Alert{
		Key: c.Key, CustomerID: customer, CustomerName: cmp.Or(name, customer), Class: c.Class, Type: c.Type, Severity: c.Severity,
		Message: c.Message, AssetID: c.AssetKey, AssetName: c.AssetName, Appliance: c.ApplianceName, JobName: c.JobName,
		First: c.First, Last: c.Last, Count: c.Count, TicketID: g.Target(), AsOf: d.AsOf,
		Group: c.Group, Rule: c.Rule,
	}
	if h := c.Held; h != nil && c.State == alert.ConditionOpen {
		a.HeldBy, a.HeldUntil = h.By, h.Until
		if h.By != heldByRule {
			a.SilenceID = h.ID
		}
	}
	told, isTold := g.Told[c.Key]
	switch {
	case c.State == alert.ConditionOver:
		a.State, a.Why = AlertOver, c.Reason
		if c.Evidence != nil {
			a.Why = c.Evidence.Why
		}
	case c.State == alert.ConditionMuted:
		a.State, a.Why = AlertMuted, "muted in UniView"
	case g.State == alert.GroupUncertain || g.State == alert.GroupCreating:
		a.State, a.Why = AlertUncertain, g.Reason
	case c.Held != nil && !(g.HasTicket() && isTold && told.Episode == c.Episode):
		a.State, a.Why = AlertSnoozed, c.Held.Reason
		if c.Held.By == heldByRule {
			a.State = AlertHeld
		}
	case g.HasTicket():
		a.State, a.Why = AlertTicketed, g.Reason
	case g.Planned == alert.Open || g.Planned == alert.Reopen:
		a.State, a.Why = AlertPlanned, g.Reason
	default:
		a.State, a.Why = AlertHeld, cmp.Or(g.Failure, g.Reason, "not decided yet")
	}
	return a
}

func ticketOf(customer, name string, g alert.Group, troubles int, asOf time.Time) Ticket {
	return Ticket{
		Group: g.Key, CustomerID: customer, CustomerName: cmp.Or(name, customer), Name: cmp.Or(g.Name, name, customer),
		State: g.State, Why: g.Reason, Planned: g.Planned, TicketID: g.Target(), Reference: g.Reference, Severity: g.Severity,
		Troubles: troubles, OpenedAt: g.OpenedAt, ClosedAt: g.ClosedAt, ClosedBy: g.ClosedBy,
		Attention: g.Attention, Failure: g.Failure, AsOf: asOf,
	}
}
