package view

import (
	"context"
	"fmt"
	"slices"
	"time"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/plan"
	"uniview-bridge/pkg/state"
)

// Overview is the whole bridge on one page.
type Overview struct {
	Now         time.Time    `json:"now"`
	Version     string       `json:"version"`
	Mode        Modes        `json:"mode"`
	Connections []Connection `json:"connections"`
	Customers   CustomerSum  `json:"customers"`
	Machines    MachineSum   `json:"machines"`
	Tickets     TicketSum    `json:"tickets"`
	Needs       []Need       `json:"needs"` // what needs a person now, most urgent first
	Braked      []Run        `json:"braked"`
	Active      []Run        `json:"active"`
	Recent      []Run        `json:"recent"` // newest first, the active ones left out
}

// Fresh says that nothing was ever entered or read: an installation at its start.
func (o Overview) Fresh() bool {
	configured := slices.ContainsFunc(o.Connections, func(c Connection) bool { return c.HasCredentials })
	return !configured && o.Customers.Total == 0 && len(o.Active)+len(o.Recent) == 0
}

// CustomerSum counts customers by the states of their links.
type CustomerSum struct {
	Total        int                 `json:"total"`
	Organization map[match.State]int `json:"organization"`
	Company      map[match.State]int `json:"company"`
	AsOf         time.Time           `json:"asOf,omitzero"`
}

// MachineSum counts machines by link state and by status word.
type MachineSum struct {
	Total    int                 `json:"total"`
	Links    map[match.State]int `json:"links"`
	Statuses map[backup.Word]int `json:"statuses"`
	AsOf     time.Time           `json:"asOf,omitzero"`
}

// TicketSum counts tickets and what the alerts behind them came to.
type TicketSum struct {
	Open   int            `json:"open"`
	Alerts map[string]int `json:"alerts"` // conditions by state
	// Waiting is what waits for ConnectWise: alerts whose ticket is wanted and not
	// written yet, and since when the oldest of them.
	Waiting Waiting `json:"waiting"`
	// Planned are the changes that the newest run in preview would have made.
	Planned []plan.Count `json:"planned"`
	AsOf    time.Time    `json:"asOf,omitzero"` // the newest read of alerts
	// TicketsAsOf is the newest read of ConnectWise's tickets.
	TicketsAsOf time.Time `json:"ticketsAsOf,omitzero"`
}

// Waiting counts alerts that wait for ConnectWise.
type Waiting struct {
	Alerts int       `json:"alerts"`
	Groups int       `json:"groups"`
	Oldest time.Time `json:"oldest,omitzero"` // when the oldest of these alerts was raised
	Since  time.Time `json:"since,omitzero"`
	Reason string    `json:"reason,omitempty"`
}

// NeedKind says what sort of thing needs a person.
type NeedKind string

// The kinds, most urgent first.
const (
	NeedConnection   NeedKind = "connection"
	NeedBrake        NeedKind = "brake"
	NeedDeadLetters  NeedKind = "dead letters"
	NeedAttention    NeedKind = "attention"
	NeedOrganization NeedKind = "organization"
	NeedCompany      NeedKind = "company"
	NeedMachines     NeedKind = "machines"
	NeedRun          NeedKind = "run"
	NeedStale        NeedKind = "stale"
	NeedWaiting      NeedKind = "waiting"
)

// Need is one thing that needs a person now.
type Need struct {
	Kind  NeedKind `json:"kind"`
	N     int      `json:"n"`
	Text  string   `json:"text"`
	Fix   string   `json:"fix"`
	Grave bool     `json:"grave"` // work stands still until somebody acts
}

// staleAfter is how old a complete UniView read may be before people are told
// (the machines turn unknown by the same default, design §2.10).
const staleAfter = 24 * time.Hour

// waitingAfter is how long alerts may wait for ConnectWise before people see it.
const waitingAfter = 15 * time.Minute

// Overview reads the whole page.
func (m *Model) Overview(ctx context.Context, connections []state.Connection) (Overview, error) {
	return m.OverviewOf(ctx, connections, nil)
}

// OverviewOf is Overview for somebody who may see some customers only: customers,
// machines and tickets are theirs. What is about the account as a whole (connections,
// runs, what waits, dead letters) is the caller's to leave out. A nil only is all.
func (m *Model) OverviewOf(ctx context.Context, connections []state.Connection, only func(customer string) bool) (Overview, error) {
	o := Overview{Now: m.Now().UTC(), Version: m.Version, Braked: []Run{}, Active: []Run{}, Recent: []Run{}}
	r, s, err := m.customers(ctx)
	if err != nil {
		return o, err
	}
	modes, err := state.LoadModes(ctx, s)
	if err != nil {
		return o, err
	}
	o.Mode = Modes(modes)
	if err := r.sum(ctx, s, &o, only); err != nil {
		return o, err
	}
	w, err := state.LoadWaiting(ctx, s)
	if err != nil {
		return o, err
	}
	o.Tickets.Waiting = Waiting{Alerts: w.Alerts, Groups: w.Groups, Oldest: w.Oldest, Since: w.Since, Reason: w.Reason}
	runs, err := m.Runs(ctx, "", recentRuns)
	if err != nil {
		return o, err
	}
	if o.Connections, err = m.connections(ctx, s, connections, runs); err != nil {
		return o, err
	}
	for _, r := range runs {
		if r.Active() {
			o.Active = append(o.Active, r)
		} else {
			o.Recent = append(o.Recent, r)
		}
	}
	o.Braked = append(o.Braked, braked(runs)...)
	o.Tickets.Planned = planned(runs)
	letters, err := m.LetterCount(ctx)
	if err != nil {
		return o, err
	}
	o.Needs = needs(o, letters)
	return o, nil
}

// sum adds the customers' counts up.
func (r *roster) sum(ctx context.Context, s *sight, o *Overview, only func(customer string) bool) error {
	o.Customers = CustomerSum{Organization: zeroStates(), Company: zeroStates()}
	o.Machines = MachineSum{Links: zeroStates(), Statuses: map[backup.Word]int{}}
	for _, w := range backup.Words {
		o.Machines.Statuses[w] = 0
	}
	o.Tickets.Alerts = map[string]int{}
	for i := range r.rows {
		c := &r.rows[i]
		if !c.GoneSince.IsZero() || only != nil && !only(c.ID) {
			continue
		}
		o.Customers.Total++
		o.Customers.Organization[c.Organization.State]++
		o.Customers.Company[c.Company.State]++
		for s, n := range c.Machines {
			o.Machines.Links[match.State(s)] += n
			o.Machines.Total += n
		}
		for w, n := range c.Statuses {
			o.Machines.Statuses[backup.Word(w)] += n
		}
		for s, n := range c.Alerts {
			o.Tickets.Alerts[s] += n
		}
		o.Tickets.Open += c.OpenTickets
	}
	for list, at := range map[string]*time.Time{
		state.ListCustomers: &o.Customers.AsOf, state.ListAssets: &o.Machines.AsOf,
		state.ListAlerts: &o.Tickets.AsOf, state.ListTickets: &o.Tickets.TicketsAsOf,
	} {
		var err error
		if *at, err = s.asOf(ctx, list); err != nil {
			return err
		}
	}
	return nil
}

// planned are the counts of the newest account-wide run that only planned tickets.
func planned(runs []Run) []plan.Count {
	for _, r := range runs {
		if !r.Scope.AccountWide() || !slices.Contains(r.Scope.Sides(), state.ConnectWise) || r.Digest == "" {
			continue
		}
		if !slices.Contains(r.Preview, state.ConnectWise) {
			break
		}
		return slices.DeleteFunc(slices.Clone(r.Counts), func(c plan.Count) bool { return c.Kind != plan.Ticket || c.Action == plan.Skip })
	}
	return []plan.Count{}
}

// needs lists what needs a person now.
func needs(o Overview, letters int) []Need {
	out := []Need{}
	add := func(kind NeedKind, n int, grave bool, text, fix string) {
		if n > 0 {
			out = append(out, Need{kind, n, text, fix, grave})
		}
	}
	for _, c := range o.Connections {
		switch c.Status {
		case string(state.ConnectionStopped), string(state.ConnectionError):
			add(NeedConnection, 1, c.Status == string(state.ConnectionStopped), c.Name+": "+c.Reason, c.Fix)
		case string(state.NotConfigured):
			if !o.Fresh() {
				add(NeedConnection, 1, true, c.Name+" is not connected yet", "Enter its credentials.")
			}
		}
	}
	if w := o.Tickets.Waiting; !w.Since.IsZero() && o.Now.Sub(w.Since) >= waitingAfter {
		add(NeedWaiting, w.Alerts, true, count(w.Alerts, "alert waits", "alerts wait")+" for ConnectWise since "+stamp(w.Since), "Nothing is lost: tickets are written when ConnectWise answers again. "+w.Reason)
	}
	for _, r := range o.Braked {
		add(NeedBrake, 1, true, "A sync was stopped by the brake: "+plan.Reason(r.Excess), "Look at its plan, then approve it or let the next sync plan anew.")
	}
	add(NeedDeadLetters, letters, false, count(letters, "message", "messages")+" could not be handled", "Look at the reason, then replay.")
	attention := o.Customers.Organization[match.Attention] + o.Customers.Company[match.Attention]
	add(NeedAttention, attention, false, count(attention, "customer link needs", "customer links need")+" a decision", "Several candidates have equal right, or the linked record was renamed or is missing.")
	open := o.Customers.Organization[match.Unmatched] + o.Customers.Organization[match.Suggested]
	add(NeedOrganization, open, false, count(open, "customer has", "customers have")+" no organization", "Accept the suggestion, match to an organization, create one, or ignore.")
	unmapped := o.Customers.Company[match.Unmatched] + o.Customers.Company[match.Suggested]
	add(NeedCompany, unmapped, false, count(unmapped, "customer has", "customers have")+" no company", "Their tickets go to the default company until they are mapped.")
	add(NeedMachines, o.Machines.Links[match.Attention], false, count(o.Machines.Links[match.Attention], "machine needs", "machines need")+" a decision", "Match devices, organization by organization.")
	if len(o.Recent) > 0 && o.Recent[0].State == state.Failed {
		add(NeedRun, 1, false, "The last sync failed: "+o.Recent[0].Reason, "The next one tries again by itself.")
	}
	if at := o.Machines.AsOf; !at.IsZero() && o.Now.Sub(at) > staleAfter {
		add(NeedStale, 1, true, "UniView was not read completely for over 24 hours", "Check the UniView connection; until then machines turn unknown.")
	}
	slices.SortStableFunc(out, func(a, b Need) int {
		switch {
		case a.Grave == b.Grave:
			return 0
		case a.Grave:
			return -1
		default:
			return 1
		}
	})
	return out
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
