package functions_test

import (
	"strings"
	"time"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/bridge"
	connectwise "uniview-bridge/pkg/connectwise/sandbox"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/ticketing"
	uniview "uniview-bridge/pkg/uniview/sandbox"
)

// The chapters about tickets that people have a say in.

func (s *story) office() ticketing.Office {
	return ticketing.Office{Table: s.table, Now: s.clock.Now, Random: bridge.Random}
}

// held is why the machine's trouble has no ticket.
func (s *story) held(a *uniview.Asset) string {
	s.t.Helper()
	desk, _, err := state.LoadOr(s.t.Context(), s.table, state.DeskKey(a.CustomerID), state.Desk{})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, c := range desk.Conditions {
		if c.AssetKey == "appliance:"+a.Key && c.Held != nil {
			return c.Held.Reason
		}
	}
	return ""
}

func (s *story) snoozed() {
	a := s.healthy()[5]
	s.clock.Advance(5 * time.Minute)
	if _, err := s.office().Silence(s.t.Context(), "Ada", alert.Silence{
		Kind: alert.Snooze, CustomerID: a.CustomerID, Scope: alert.OnMachine, Target: "appliance:" + a.Key,
		Reason: "new disks are on order", Owner: "Ada", From: s.clock.Now(), Until: s.clock.Now().Add(6 * time.Hour),
	}); err != nil {
		s.t.Fatal(err)
	}
	s.fails(a)
	s.clock.Advance(5 * time.Minute)
	s.sync(state.ScopeAlerts)
	s.wantTicket(a, false)
	if why := s.held(a); !strings.Contains(why, "new disks are on order") {
		s.t.Errorf("a snoozed machine is held because of %q", why)
	}
	s.clock.Advance(6 * time.Hour)
	s.sync(state.ScopeAlerts)
	s.wantTicket(a, true)
}

func (s *story) ruledOut() {
	a := s.healthy()[6]
	rule := alert.Rule{Name: "Test machines", If: alert.When{Customers: []string{a.CustomerID}, Contains: a.Name}, Then: alert.Effect{NoTicket: true}}
	_, version, err := s.office().Rules(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	if version, err = s.office().SaveRules(s.t.Context(), "Ada", []alert.Rule{rule}, version); err != nil {
		s.t.Fatal(err)
	}
	s.clock.Advance(5 * time.Minute)
	s.fails(a)
	s.sync(state.ScopeAlerts)
	s.wantTicket(a, false)
	if why := s.held(a); !strings.Contains(why, rule.Name) {
		s.t.Errorf("a machine that a rule leaves out is held because of %q", why)
	}
	if _, err := s.office().SaveRules(s.t.Context(), "Ada", nil, version); err != nil {
		s.t.Fatal(err)
	}
	s.clock.Advance(5 * time.Minute)
	s.sync(state.ScopeAlerts)
	s.wantTicket(a, true)
}

// technician: a ticket that a person closed is not fought, and a new failure
// reopens it within the window.
func (s *story) technician() {
	a := s.healthy()[7]
	s.clock.Advance(5 * time.Minute)
	s.fails(a)
	s.sync(state.ScopeAlerts)
	was, ok := s.ticketOf(a)
	if !ok {
		s.t.Fatal("no ticket to close")
	}
	s.clock.Advance(10 * time.Minute)
	s.world.ConnectWise.Edit(func(st *connectwise.State) { st.CloseTicket(was.id, "jdoe") })
	for range 2 {
		s.clock.Advance(10 * time.Minute)
		s.sync(state.ScopeAlerts)
	}
	if is, _ := s.ticketOf(a); !is.closed || is.id != was.id {
		s.t.Errorf("a ticket that a technician closed: #%d, closed %v", is.id, is.closed)
	}
	s.clock.Advance(time.Hour)
	s.fails(a)
	s.sync(state.ScopeAlerts)
	if is, _ := s.ticketOf(a); is.closed || is.id != was.id {
		s.t.Errorf("after the next failure: #%d, closed %v; want #%d reopened", is.id, is.closed, was.id)
	}
}

// storm: many machines of one appliance fail within minutes, and share one ticket.
func (s *story) storm() {
	settings, err := state.LoadTicketSettings(s.t.Context(), s.table)
	if err != nil {
		s.t.Fatal(err)
	}
	before := settings.Defaults
	guarded := before
	guarded.Storm = alert.Storm{Groups: 3, Within: 15}
	if err := state.SaveTicketDefaults(s.t.Context(), s.table, guarded); err != nil {
		s.t.Fatal(err)
	}
	s.settle()
	var victims []*uniview.Asset
	s.world.UniView.View(func(st *uniview.State) {
		troubled := map[string]bool{}
		for _, x := range st.Alerts {
			troubled[x.AssetKey] = true
		}
		byBox := map[string][]*uniview.Asset{}
		for _, a := range st.Assets {
			box := a.CustomerID + " " + a.AssetTag
			if !troubled[a.Key] {
				byBox[box] = append(byBox[box], a)
			}
			if len(byBox[box]) == 6 && victims == nil {
				victims = byBox[box]
			}
		}
	})
	if victims == nil {
		s.t.Fatal("no appliance with six quiet machines")
	}
	tickets := len(ticketsIn(s.world))
	s.clock.Advance(5 * time.Minute)
	for _, a := range victims {
		s.fails(a)
	}
	s.sync(state.ScopeAlerts)
	if n := len(ticketsIn(s.world)) - tickets; n != 1 {
		s.t.Errorf("%d machines of one appliance failed at once and made %d tickets, want 1 parent", len(victims), n)
	}
	s.clock.Advance(time.Hour)
	for _, a := range victims {
		s.dismiss(a)
	}
	s.settle()
	open := 0
	for _, k := range ticketsIn(s.world)[tickets:] {
		if !k.closed {
			open++
		}
	}
	if open > 0 {
		s.t.Errorf("%d tickets of the storm are still open after all of it is over", open)
	}
	if err := state.SaveTicketDefaults(s.t.Context(), s.table, before); err != nil {
		s.t.Fatal(err)
	}
	s.settle()
}
