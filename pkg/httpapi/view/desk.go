package view

import (
	"cmp"
	"context"
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

// DeskQuery chooses alerts or tickets; empty fields choose all.
type DeskQuery struct {
	Customer string
	State    string                     // of alerts: an AlertState or AlertsActive; of tickets: an alert.GroupState
	Query    string                     // part of what it says, or of the names of its machine, appliance or customer
	Asset    string                     // only those of this machine (asset key); alerts only
	Cursor   string                     // Next of the page before; empty: the first page
	Limit    int                        // 0: DefaultLimit
	Only     func(customer string) bool // nil: all may be seen
}

// AlertPage is one page of alerts, newest first, with counts by state over all that
// fit, whatever state is asked for.
type AlertPage struct {
	Items  []Alert            `json:"items"`
	Next   string             `json:"next,omitempty"` // cursor of the next page; empty: this is the last
	Total  int                `json:"total"`          // alerts that fit, the state asked for included
	States map[AlertState]int `json:"states"`
	AsOf   time.Time          `json:"asOf,omitzero"` // the newest complete read of alerts
}

// TicketPage is one page of tickets, newest first, with counts by state over all that
// fit, whatever state is asked for.
type TicketPage struct {
	Items  []Ticket                 `json:"items"`
	Next   string                   `json:"next,omitempty"`
	Total  int                      `json:"total"`
	States map[alert.GroupState]int `json:"states"`
	AsOf   time.Time                `json:"asOf,omitzero"` // the newest complete read of our tickets
}

// TicketStates lists the states of tickets in the order in which people look at them.
var TicketStates = []alert.GroupState{alert.GroupUncertain, alert.GroupCreating, alert.GroupWaiting, alert.GroupOpen, alert.GroupClosed, alert.GroupGone}

// Alerts lists conditions, newest first, each with what became of it and why: those
// that are over too, for the 30 days for which they are kept.
func (m *Model) Alerts(ctx context.Context, q DeskQuery) (AlertPage, error) {
	page := AlertPage{Items: []Alert{}, States: map[AlertState]int{}}
	for _, s := range AlertStates {
		page.States[s] = 0
	}
	pick, err := newPicker[Alert](q.Cursor, q.Limit)
	if err != nil {
		return page, err
	}
	text := strings.ToLower(q.Query)
	s, err := m.desks(ctx, q, func(name, lower string, d *deskRows) {
		for i := range d.alerts {
			a := &d.alerts[i]
			if q.Asset != "" && a.AssetID != q.Asset || !strings.Contains(a.text, text) && !strings.Contains(lower, text) {
				continue
			}
			page.States[a.State]++
			if !a.State.fits(q.State) {
				continue
			}
			page.Total++
			if pick.wants(a.spot) {
				shown := a.Alert
				shown.CustomerName = name
				pick.add(a.spot, shown)
			}
		}
	})
	if err != nil {
		return page, err
	}
	page.Items, page.Next = pick.page()
	page.AsOf, err = s.asOf(ctx, state.ListAlerts)
	return page, err
}

// Tickets lists ticket groups that have, had or would get a ticket, newest first.
func (m *Model) Tickets(ctx context.Context, q DeskQuery) (TicketPage, error) {
	page := TicketPage{Items: []Ticket{}, States: map[alert.GroupState]int{}}
	for _, s := range TicketStates {
		page.States[s] = 0
	}
	pick, err := newPicker[Ticket](q.Cursor, q.Limit)
	if err != nil {
		return page, err
	}
	text := strings.ToLower(q.Query)
	s, err := m.desks(ctx, q, func(name, lower string, d *deskRows) {
		for i := range d.tickets {
			t := &d.tickets[i]
			if !strings.Contains(t.text, text) && !strings.Contains(lower, text) {
				continue
			}
			page.States[t.State]++
			if q.State != "" && string(t.State) != q.State {
				continue
			}
			page.Total++
			if pick.wants(t.spot) {
				shown := t.Ticket
				shown.CustomerName, shown.Name = name, cmp.Or(t.Name, name)
				pick.add(t.spot, shown)
			}
		}
	})
	if err != nil {
		return page, err
	}
	page.Items, page.Next = pick.page()
	page.AsOf, err = s.asOf(ctx, state.ListTickets)
	return page, err
}

// heldByRule is Held.By of a rule that wants no ticket.
const heldByRule = "rule"

func alertOf(customer string, c alert.Condition, d state.Desk) Alert {
	g := d.Groups[c.Group]
	a := Alert{
		Key: c.Key, CustomerID: customer, Class: c.Class, Type: c.Type, Severity: c.Severity,
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

func ticketOf(customer string, g alert.Group, troubles int, asOf time.Time) Ticket {
	return Ticket{
		Group: g.Key, CustomerID: customer, Name: g.Name,
		State: g.State, Why: g.Reason, Planned: g.Planned, TicketID: g.Target(), Reference: g.Reference, Severity: g.Severity,
		Troubles: troubles, OpenedAt: g.OpenedAt, ClosedAt: g.ClosedAt, ClosedBy: g.ClosedBy,
		Attention: g.Attention, Failure: g.Failure, AsOf: asOf,
	}
}
