package view

import (
	"context"
	"slices"
	"time"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/state"
)

// MachineHistory is a machine with all that is known of how it came to be as it is.
type MachineHistory struct {
	Machine Machine `json:"machine"`
	// Changes are the changes of its status word in the last 35 days, newest first; the
	// last one tells what was before.
	Changes []StatusChange `json:"changes"`
	// Days are the last 30 days in UTC, oldest first, today last, with the status word
	// at the end of each; a day on which UniView was not read completely is unknown.
	Days []DayWord `json:"days"`
	// Decisions are decisions about its configuration out of the newest entries of the
	// audit trail, newest first. The trail was looked at back to DecisionsFrom; zero:
	// to its beginning.
	Decisions     []AuditEntry `json:"decisions"`
	DecisionsFrom time.Time    `json:"decisionsFrom,omitzero"`
	// Tickets are the tickets that told of it, newest first, and Alerts what was
	// alerted about it, newest first, at most 50 of each: open ones and those of the
	// last 35 days.
	Tickets []MachineTicket `json:"tickets"`
	Alerts  []MachineAlert  `json:"alerts"`
}

// StatusChange is the moment from which a status word held.
type StatusChange struct {
	At   time.Time   `json:"at"` // to the minute
	Word backup.Word `json:"word"`
}

// DayWord is a machine's status word at the end of a day.
type DayWord struct {
	Day  time.Time   `json:"day"` // its beginning, in UTC
	Word backup.Word `json:"word"`
}

// MachineTicket is a ticket that told of a machine.
type MachineTicket struct {
	ID        int            `json:"id"`
	Reference string         `json:"reference,omitempty"`
	Severity  alert.Severity `json:"severity,omitempty"`
	OpenedAt  time.Time      `json:"openedAt,omitzero"`
	ClosedAt  time.Time      `json:"closedAt,omitzero"` // zero: it is open
	ClosedBy  string         `json:"closedBy,omitempty"`
}

// MachineAlert is one episode of a trouble of a machine.
type MachineAlert struct {
	Key      string         `json:"key"`
	Class    alert.Class    `json:"class"`
	Severity alert.Severity `json:"severity"`
	Message  string         `json:"message"`
	First    time.Time      `json:"first"`
	Last     time.Time      `json:"last"`
	Over     time.Time      `json:"over,omitzero"` // zero: it goes on
	Why      string         `json:"why,omitempty"` // why it is over, or why it has no ticket
	Count    int            `json:"count"`
	TicketID int            `json:"ticketId,omitempty"`
}

const (
	// historyAudits is how many of the newest audit entries are searched for a machine's.
	historyAudits = 1000
	// historyMost bounds its tickets and its alerts.
	historyMost = 50
)

// MachineHistory reads a machine with its history. One that is not there is
// state.ErrNotFound.
func (m *Model) MachineHistory(ctx context.Context, key string) (MachineHistory, error) {
	out := MachineHistory{Changes: []StatusChange{}, Days: []DayWord{}, Decisions: []AuditEntry{}, Tickets: []MachineTicket{}, Alerts: []MachineAlert{}}
	s, err := m.look(ctx)
	if err != nil {
		return out, err
	}
	machine, doc, err := m.machine(ctx, s, key, state.HistoryKey)
	if err != nil {
		return out, err
	}
	out.Machine = machine
	cal, err := m.calendar(ctx, s)
	if err != nil {
		return out, err
	}
	changes := doc.Machines[key].Changes
	for _, c := range slices.Backward(changes) {
		out.Changes = append(out.Changes, StatusChange{c.At, c.Word})
	}
	words := make([]backup.Word, heatDays)
	cal.fill(backup.Family(machine.Family), changes, words)
	for i, d := range cal.days() {
		out.Days = append(out.Days, DayWord{d, words[i]})
	}
	if err := m.decisions(ctx, key, &out); err != nil {
		return out, err
	}
	history, _, err := state.LoadOr(ctx, s, state.HistoryKey(machine.CustomerID), alert.History{})
	if err != nil {
		return out, err
	}
	out.troubles(history, key)
	return out, nil
}

// decisions finds the decisions about a machine.
func (m *Model) decisions(ctx context.Context, key string, out *MachineHistory) error {
	audits, err := state.Audits(ctx, m.Table, "", historyAudits)
	if err != nil {
		return err
	}
	for _, a := range audits {
		if e := auditOf(a); e.AssetID == key {
			out.Decisions = append(out.Decisions, e)
		}
	}
	if len(audits) == historyAudits {
		out.DecisionsFrom = audits[len(audits)-1].At
	}
	return nil
}

// troubles fills tickets and alerts in.
func (out *MachineHistory) troubles(h alert.History, key string) {
	lives := make(map[int]alert.TicketLife, len(h.Tickets))
	for _, t := range h.Tickets {
		lives[t.ID] = t
	}
	told := map[int]bool{}
	for _, e := range h.Episodes {
		if e.AssetKey != key {
			continue
		}
		why := e.Why
		if why == "" && e.Ticket == 0 {
			why = e.Held
		}
		out.Alerts = append(out.Alerts, MachineAlert{
			Key: e.Key, Class: e.Class, Severity: e.Severity, Message: e.Message, First: e.First, Last: e.Last, Over: e.Over,
			Why: why, Count: e.Count, TicketID: e.Ticket,
		})
		if e.Ticket == 0 || told[e.Ticket] {
			continue
		}
		told[e.Ticket] = true
		t := lives[e.Ticket]
		out.Tickets = append(out.Tickets, MachineTicket{
			ID: e.Ticket, Reference: t.Reference, Severity: t.Severity, OpenedAt: t.Opened, ClosedAt: t.Closed, ClosedBy: t.ClosedBy,
		})
	}
	slices.SortFunc(out.Alerts, func(a, b MachineAlert) int { return b.Last.Compare(a.Last) })
	slices.SortFunc(out.Tickets, func(a, b MachineTicket) int { return b.ID - a.ID })
	out.Alerts, out.Tickets = out.Alerts[:min(len(out.Alerts), historyMost)], out.Tickets[:min(len(out.Tickets), historyMost)]
}
