package view

import (
	"context"
	"slices"
	"time"

	"uniview-bridge/pkg/docsync"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/ticketing"
)

// Comparison is what UniView says of a machine beside what IT Glue shows.
type Comparison struct {
	Machine     Machine         `json:"machine"`
	Rows        []ComparisonRow `json:"rows"`
	Published   string          `json:"published"` // created, creating, uncertain, retired, none
	UniViewAsOf time.Time       `json:"univiewAsOf,omitzero"`
	ITGlueAsOf  time.Time       `json:"itglueAsOf,omitzero"`
	// Refused is why IT Glue did not take the last write.
	Refused string `json:"refused,omitempty"`
}

// ComparisonRow is one value on both sides.
type ComparisonRow struct {
	Name    string `json:"name"`
	UniView string `json:"uniview"`
	ITGlue  string `json:"itglue"`
	Equal   bool   `json:"equal"`
}

// comparedFields are the fields compared, in the order in which IT Glue shows them.
var comparedFields = []string{
	docsync.FieldMachine, docsync.FieldStatus, docsync.FieldSince, docsync.FieldLast, docsync.FieldLastGood, docsync.FieldStorage,
	docsync.FieldAppliance, docsync.FieldPortal, docsync.FieldTicket, docsync.FieldOverdue,
}

// Compare puts both sides of a machine beside each other, as last read. UniView's
// side is what the documentation's own rule would show now.
func (m *Model) Compare(ctx context.Context, key string) (Comparison, error) {
	s, err := m.look(ctx)
	if err != nil {
		return Comparison{}, err
	}
	machine, doc, err := m.machine(ctx, s, key,
		func(customer string) state.Key { return state.SliceKey(state.ITGlue, customer) },
		func(string) state.Key { return state.SettingsKey("documentation") })
	if err != nil {
		return Comparison{}, err
	}
	out := Comparison{Machine: machine, Rows: []ComparisonRow{}, Published: "none", UniViewAsOf: machine.AsOf}
	if out.ITGlueAsOf, err = s.asOf(ctx, state.ListPublished); err != nil {
		return out, err
	}
	shown := map[string]string{}
	if publication, ok := doc.Publications[machine.Link.TargetID]; ok && machine.Link.TargetID != "" {
		out.Published, out.Refused = string(publication.State), publication.Refused
		if publication.Asset != "" {
			published, _, err := s.published(ctx, publication.Asset)
			if err != nil {
				return out, err
			}
			shown = published.Fields
		}
	}
	wanted, err := m.wanted(ctx, s, machine, doc)
	if err != nil {
		return out, err
	}
	for _, name := range comparedFields {
		out.Rows = append(out.Rows, ComparisonRow{name, wanted[name], shown[name], wanted[name] == shown[name]})
	}
	return out, nil
}

// wanted is what the flexible asset of the machine would show now. A machine that
// is not matched would be shown nowhere; then there is only what is known of it.
func (m *Model) wanted(ctx context.Context, s *sight, machine Machine, doc state.Documentation) (map[string]string, error) {
	known := map[string]string{
		docsync.FieldMachine: machine.Name, docsync.FieldStatus: docsync.Label(machine.Status),
		docsync.FieldSince: stamp(machine.Since), docsync.FieldLast: stamp(machine.LastBackup), docsync.FieldLastGood: stamp(machine.LastGood),
		docsync.FieldPortal: machine.PortalURL,
	}
	slice, meta, err := state.LoadSlice[docsync.Slice](ctx, s, state.ITGlue, machine.CustomerID)
	if err != nil {
		return known, missing(err)
	}
	customer, _, err := state.Load[state.Customer](ctx, s, state.CustomerKey(machine.CustomerID))
	if err != nil {
		return known, missing(err)
	}
	settings, err := docsync.LoadSettings(ctx, s)
	if err != nil {
		return known, err
	}
	desk, _, err := state.LoadOr(ctx, s, state.DeskKey(machine.CustomerID), state.Desk{})
	if err != nil {
		return known, err
	}
	decision := docsync.Decide(docsync.Input{
		Slice: slice, Meta: meta, Customer: customer, Documentation: doc, Settings: settings,
		Tickets: ticketing.TicketsByMachine(desk), Now: m.Now(),
	})
	for _, w := range decision.Wanted {
		if slices.Contains(w.Machines, machine.ID) && w.Ready {
			return w.Content.Text, nil
		}
	}
	return known, nil
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}
