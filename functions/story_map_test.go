package functions_test

import (
	"strconv"
	"time"

	"uniview-bridge/pkg/bridge"
	"uniview-bridge/pkg/docsync"
	itglue "uniview-bridge/pkg/itglue/sandbox"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/review"
	"uniview-bridge/pkg/state"
	uniview "uniview-bridge/pkg/uniview/sandbox"
)

// The chapters about who is who: people's decisions, and lists not to be trusted.

// decide carries a person's decision out, with the sync that follows from it.
func (s *story) decide(act func(*review.Service) (review.Outcome, error)) review.Outcome {
	s.t.Helper()
	service := &review.Service{
		Table: s.table, Directory: review.NewDirectory(s.table), Now: s.clock.Now, Random: bridge.Random, Request: s.b.Account.Request,
		Creator: review.ITGlue{Open: s.b.Connections.ITGlue},
	}
	out, err := act(service)
	if err != nil {
		s.t.Fatal(err)
	}
	s.deliver()
	for _, run := range s.runs() {
		s.known[run.ID] = true
	}
	return out
}

func (s *story) customer(id string) state.Customer {
	s.t.Helper()
	c, _, err := state.Load[state.Customer](s.t.Context(), s.table, state.CustomerKey(id))
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

// standing counts the flexible assets of an organization: those that show a machine
// and those that were taken back.
func (s *story) standing(organization string) (showing, blank int) {
	for _, a := range shownIn(s.world) {
		switch {
		case strconv.FormatInt(a.organization, 10) != organization:
		case a.archived:
			blank++
			if len(a.configurations) > 0 || a.status != "" {
				s.t.Errorf("flexible asset %d was taken back and still shows %q on %v", a.id, a.status, a.configurations)
			}
		default:
			showing++
		}
	}
	return showing, blank
}

func (s *story) wrongOrganization() {
	a := s.healthy()[0]
	right := s.customer(a.CustomerID).Links.Organization.TargetID
	var other string
	s.world.ITGlue.Edit(func(st *itglue.State) {
		other = strconv.FormatInt(st.AddOrganization(itglue.Organization{Name: "Quillon Harbour Logistics"}).ID, 10)
	})
	s.clock.Advance(time.Hour)
	s.sync(state.ScopeDocumentation)
	before, _ := s.standing(right)
	s.clock.Advance(time.Minute)
	out := s.decide(func(r *review.Service) (review.Outcome, error) {
		return r.Customer(s.t.Context(), "Ada", a.CustomerID, review.Organization, review.Decision{Action: review.Match, TargetID: other})
	})
	if showing, blank := s.standing(right); showing != 0 || blank < before || before == 0 {
		s.t.Errorf("after the customer was matched elsewhere %d of %d flexible assets show in its old organization, %d are taken back", showing, before, blank)
	}
	s.clock.Advance(time.Minute)
	s.decide(func(r *review.Service) (review.Outcome, error) { return r.Undo(s.t.Context(), "Ada", out.AuditID) })
	s.settle()
	if showing, _ := s.standing(right); showing != before {
		s.t.Errorf("after the decision was undone %d of %d flexible assets show", showing, before)
	}
	if got := s.customer(a.CustomerID).Links.Organization; got.TargetID != right || got.State != match.Matched {
		s.t.Errorf("after the decision was undone the link is %+v", got)
	}
}

func (s *story) renamed() {
	a := s.healthy()[1]
	org := s.customer(a.CustomerID).Links.Organization.TargetID
	id, err := strconv.ParseInt(org, 10, 64)
	if err != nil {
		s.t.Fatal(err)
	}
	s.world.ITGlue.Edit(func(st *itglue.State) { st.Organizations[id].Name = "Zebulon Freight Partners" })
	s.clock.Advance(time.Hour)
	s.sync(state.ScopeDocumentation)
	link := s.customer(a.CustomerID).Links.Organization
	if named := s.customer(a.CustomerID).Links.Company.Decided(); !named && link.State == match.Attention && (link.Cause != match.Renamed || link.TargetID != org) {
		s.t.Errorf("after its organization was renamed the link is %+v", link)
	}
	s.clock.Advance(time.Minute)
	s.decide(func(r *review.Service) (review.Outcome, error) {
		return r.Customer(s.t.Context(), "Ada", a.CustomerID, review.Organization, review.Decision{Action: review.Accept, TargetID: org})
	})
	s.settle()
	if link = s.customer(a.CustomerID).Links.Organization; link.State != match.Matched || link.TargetName != "Zebulon Freight Partners" {
		s.t.Errorf("after a person accepted the new name the link is %+v", link)
	}
	s.wantShown(a, "Success")
}

func (s *story) gone() {
	machines := s.healthy()
	a := machines[len(machines)-1]
	objects := len(shownIn(s.world))
	s.world.UniView.Edit(func(st *uniview.State) { st.RemoveAsset(a.Key) })
	s.clock.Advance(time.Hour)
	s.sync(state.ScopeDocumentation)
	s.wantShown(a, "Success") // one read is no proof
	s.clock.Advance(time.Hour)
	s.sync(state.ScopeDocumentation)
	s.wantShown(a, docsync.LabelGone)
	if n := len(shownIn(s.world)); n != objects {
		s.t.Errorf("%d flexible assets of %d are left: nothing may be deleted", n, objects)
	}
}

// distrust syncs while a vendor's lists cannot be trusted: nothing may follow from them.
func (s *story) distrust() {
	s.settle()
	for name, fault := range map[string]itglue.Fault{
		"an empty list where there were many": {Kind: itglue.EmptyList, Op: "GET /configurations"},
		"a list whose total is wrong":         {Kind: itglue.WrongTotal, Op: "GET /configurations", Rows: 7},
		"no organizations at all":             {Kind: itglue.EmptyList, Op: "GET /organizations"},
	} {
		forgetRequests(s.world)
		s.world.ITGlue.Inject(fault)
		s.clock.Advance(time.Hour)
		before := s.standings()
		run, _ := s.rig.sync(state.ScopeDocumentation)
		s.world.ITGlue.ClearFaults()
		if run.State == state.Succeeded || run.Reason == "" && len(run.Stages) == 0 {
			s.t.Errorf("%s: the sync ended %s", name, run.State)
		}
		if after := s.standings(); after != before {
			s.t.Errorf("%s: links or flexible assets changed from %s to %s", name, before, after)
		}
	}
	s.settle()
}

// standings is what must not move: links by state, and flexible assets by status.
func (s *story) standings() string {
	s.t.Helper()
	customers, err := state.Customers(s.t.Context(), s.table)
	if err != nil {
		s.t.Fatal(err)
	}
	docs, err := state.Documentations(s.t.Context(), s.table)
	if err != nil {
		s.t.Fatal(err)
	}
	links := map[string]string{}
	for id, c := range customers {
		links[id] = string(c.Links.Organization.State) + c.Links.Organization.TargetID
	}
	for _, d := range docs {
		for key, m := range d.Machines {
			links[key] = string(m.Link.State) + m.Link.TargetID
		}
	}
	return state.Digest(links) + " " + state.Digest(len(shownIn(s.world)))
}
