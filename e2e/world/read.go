package main

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"time"

	connectwise "uniview-bridge/pkg/connectwise/sandbox"
	itglue "uniview-bridge/pkg/itglue/sandbox"
	"uniview-bridge/pkg/vendorhttp/simulator"
)

// standing is what a person would see who signed in to IT Glue and ConnectWise now.
type standing struct {
	Now            time.Time       `json:"now"`
	Organizations  []organization  `json:"organizations"`
	Configurations []configuration `json:"configurations"`
	Assets         []asset         `json:"assets"`
	Companies      []named         `json:"companies"`
	Boards         []named         `json:"boards"`
	Tickets        []ticket        `json:"tickets"`
	Writes         map[string]int  `json:"writes"` // by vendor, since the start
}

type named struct {
	ID   int    `json:"id"`
	Name string `json:"name"`
}

type organization struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

type configuration struct {
	ID           int64  `json:"id"`
	Organization string `json:"organization"`
	Name         string `json:"name"`
	MAC          string `json:"mac"`
	Notes        string `json:"notes"`
}

// asset is a flexible asset with the configurations it is shown on.
type asset struct {
	ID             int64          `json:"id"`
	Organization   string         `json:"organization"`
	Type           string         `json:"type"`
	Title          string         `json:"title"`
	Configurations []string       `json:"configurations"`
	Traits         map[string]any `json:"traits"`
	Archived       bool           `json:"archived"`
	Versions       int            `json:"versions"`
}

type ticket struct {
	ID        int    `json:"id"`
	Summary   string `json:"summary"`
	Company   string `json:"company"`
	CompanyID int    `json:"companyId"`
	Board     string `json:"board"`
	Status    string `json:"status"`
	Priority  string `json:"priority"`
	Source    string `json:"source"`
	Closed    bool   `json:"closed"`
	Reference string `json:"reference"`
	EnteredBy string `json:"enteredBy"`
	UpdatedBy string `json:"updatedBy"`
	Notes     []note `json:"notes"`
}

type note struct {
	Text     string `json:"text"`
	Internal bool   `json:"internal"`
	By       string `json:"by"`
}

func (c *control) read() standing {
	s := standing{Now: c.clock.now().UTC(), Assets: []asset{}, Tickets: []ticket{}, Writes: map[string]int{
		"uniview": writes(c.world.UniView.Requests()), "itglue": writes(c.world.ITGlue.Requests()), "connectwise": writes(c.world.ConnectWise.Requests()),
	}}
	c.world.ITGlue.View(func(st *itglue.State) { s.documentation(st) })
	c.world.ConnectWise.View(func(st *connectwise.State) { s.desk(st) })
	return s
}

// writes counts the requests that change something. Asking for a token is none.
func writes(log []simulator.Logged) (n int) {
	for _, l := range log {
		if l.Method != http.MethodGet && l.Path != "/connect/token" {
			n++
		}
	}
	return n
}

func (s *standing) documentation(st *itglue.State) {
	name := func(id int64) string {
		if o := st.Organizations[id]; o != nil {
			return o.Name
		}
		return ""
	}
	for _, id := range slices.Sorted(maps.Keys(st.Organizations)) {
		s.Organizations = append(s.Organizations, organization{id, name(id)})
	}
	for _, id := range slices.Sorted(maps.Keys(st.Configurations)) {
		c := st.Configurations[id]
		s.Configurations = append(s.Configurations, configuration{id, name(c.OrganizationID), c.Name, c.MAC, c.Notes})
	}
	for _, id := range slices.Sorted(maps.Keys(st.FlexibleAssets)) {
		a := st.FlexibleAssets[id]
		out := asset{ID: id, Organization: name(a.OrganizationID), Title: st.Name(a), Traits: a.Traits, Archived: a.Archived, Versions: a.Versions}
		if t := st.FlexibleAssetTypes[a.TypeID]; t != nil {
			out.Type = t.Name
		}
		for _, v := range a.Traits {
			ids, _ := v.([]int64)
			for _, id := range ids {
				if c := st.Configurations[id]; c != nil {
					out.Configurations = append(out.Configurations, c.Name)
				}
			}
		}
		s.Assets = append(s.Assets, out)
	}
}

func (s *standing) desk(st *connectwise.State) {
	for _, c := range st.Companies {
		s.Companies = append(s.Companies, named{c.ID, c.Name})
	}
	for _, b := range st.Boards {
		s.Boards = append(s.Boards, named{b.ID, b.Name})
	}
	for i := range st.Tickets {
		t := &st.Tickets[i]
		out := ticket{
			ID: t.ID, Summary: t.Summary, CompanyID: t.CompanyID, Closed: st.Closed(t), Reference: t.ExternalXRef, EnteredBy: t.EnteredBy, UpdatedBy: t.UpdatedBy,
			Board:    called(st.Boards, t.BoardID, func(b connectwise.Board) (int, string) { return b.ID, b.Name }),
			Company:  called(st.Companies, t.CompanyID, func(c connectwise.Company) (int, string) { return c.ID, c.Name }),
			Status:   called(st.Statuses, t.StatusID, func(x connectwise.Status) (int, string) { return x.ID, x.Name }),
			Priority: called(st.Priorities, t.PriorityID, func(p connectwise.Priority) (int, string) { return p.ID, p.Name }),
			Source:   called(st.Sources, t.SourceID, func(x connectwise.Source) (int, string) { return x.ID, x.Name }),
		}
		for _, n := range t.Notes {
			out.Notes = append(out.Notes, note{n.Text, n.Internal, n.CreatedBy})
		}
		s.Tickets = append(s.Tickets, out)
	}
	slices.SortFunc(s.Tickets, func(a, b ticket) int { return cmp.Compare(a.ID, b.ID) })
}

func called[T any](rows []T, id int, is func(T) (int, string)) string {
	for _, r := range rows {
		if n, name := is(r); n == id {
			return name
		}
	}
	return ""
}
