package sandbox

import (
	"fmt"
	"strings"
	"time"
)

// The methods of this file are what people do in ConnectWise: seeding a shop,
// and technicians at work. by is a member's identifier.

// AddStandardSetup gives a small MSP's setup: one service board "Service Desk"
// (the API member's default) and one "Backup", each with statuses of which two
// close, types, a project board, priorities, sources, company statuses and
// types, three members, and the MSP's own company.
func (st *State) AddStandardSetup() {
	for _, s := range []CompanyStatus{{Name: "Active", Default: true}, {Name: "Inactive", Inactive: true}, {Name: "Credit Hold", DisallowSaving: true}} {
		add(st, &st.CompanyStatuses, "company status", 0, func(id int) CompanyStatus { s.ID = id; return s })
	}
	for _, t := range []CompanyType{{Name: "Client", Default: true}, {Name: "Prospect"}, {Name: "Vendor", Vendor: true}} {
		add(st, &st.CompanyTypes, "company type", 0, func(id int) CompanyType { t.ID = id; return t })
	}
	for _, p := range []Priority{
		{Name: "Priority 1 - Critical", Color: "Red", Level: "Critical"},
		{Name: "Priority 2 - High", Color: "Orange", Level: "High"},
		{Name: "Priority 3 - Medium", Color: "Yellow", Level: "Medium", Default: true},
		{Name: "Priority 4 - Low", Color: "White", Level: "Low"},
	} {
		add(st, &st.Priorities, "priority", 0, func(id int) Priority { p.ID, p.SortOrder = id, id; return p })
	}
	for _, s := range []Source{{Name: "Call", Default: true}, {Name: "Email Connector"}, {Name: "Monitoring"}} {
		add(st, &st.Sources, "source", 0, func(id int) Source { s.ID = id; return s })
	}
	for _, m := range []Member{
		{Identifier: "tech1", FirstName: "Ada", LastName: "Byron", Email: "ada@msp.example"},
		{Identifier: "tech2", FirstName: "Grace", LastName: "Hopper", Email: "grace@msp.example"},
		{Identifier: "dispatch", FirstName: "Dora", LastName: "Schmidt", Email: "dora@msp.example"},
	} {
		add(st, &st.Members, "member", 150, func(id int) Member { m.ID = id; return m })
	}
	desk := st.AddBoard("Service Desk", []string{"New", "In Progress", "Waiting Customer"}, []string{">Closed", "Completed"})
	st.AddBoard("Backup", []string{"New (backup)", "Working"}, []string{"Resolved"})
	st.AddTypes(desk, "Break-fix", "Request")
	st.AddTypes(desk+1, "Backup failure", "Appliance")
	add(st, &st.Boards, "board", 0, func(id int) Board { return Board{ID: id, Name: "Projects", Project: true} })
	st.DefaultBoardID = desk
	st.AddCompany(st.CompanyName)
}

// AddBoard adds a service board with open statuses, the first of them the
// default, and closing ones, and returns its id.
func (st *State) AddBoard(name string, open, closing []string) int {
	b := add(st, &st.Boards, "board", 0, func(id int) Board { return Board{ID: id, Name: name} })
	for i, s := range append(append([]string(nil), open...), closing...) {
		add(st, &st.Statuses, "status", 500, func(id int) Status {
			r := Status{ID: id, BoardID: b.ID, Name: s, SortOrder: i + 1, Default: i == 0, Closed: i >= len(open), Escalation: "Responded"}
			switch {
			case r.Closed:
				r.Escalation = "Resolved"
			case r.Default:
				r.Escalation = "NotResponded"
			}
			return r
		})
	}
	return b.ID
}

// AddTypes adds ticket types to a board, each with a subtype and one item.
func (st *State) AddTypes(boardID int, names ...string) {
	for i, name := range names {
		t := add(st, &st.Types, "type", 300, func(id int) Type {
			return Type{ID: id, BoardID: boardID, Name: name, Category: "Reactive", Default: i == 0}
		})
		add(st, &st.SubTypes, "subtype", 400, func(id int) SubType {
			return SubType{ID: id, BoardID: boardID, Name: name + " - general", TypeIDs: []int{t.ID}}
		})
		add(st, &st.Items, "item", 450, func(id int) Item { return Item{ID: id, BoardID: boardID, Name: name + " - item"} })
	}
}

// AddCompany adds an active client company with a main site and returns its id.
// ConnectWise keeps 50 characters of a name.
func (st *State) AddCompany(name string) int {
	c := add(st, &st.Companies, "company", 19000, func(id int) Company {
		r := []rune(name)
		c := Company{
			ID: id, Name: string(r[:min(len(r), 50)]), Identifier: fmt.Sprintf("%s%d", letters(name, 20), id),
			EnteredAt: st.Now(), UpdatedAt: st.Now(), UpdatedBy: "admin",
		}
		if len(st.CompanyStatuses) > 0 {
			c.StatusID = st.CompanyStatuses[0].ID
		}
		if len(st.CompanyTypes) > 0 {
			c.TypeIDs = []int{st.CompanyTypes[0].ID}
		}
		return c
	})
	st.announceCompany(c, "added")
	add(st, &st.Sites, "site", 2000, func(id int) Site { return Site{ID: id, CompanyID: c.ID, Name: "Main", Primary: true} })
	return c.ID
}

func letters(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
	return s[:min(len(s), n)]
}

// AddConfiguration adds a device record and returns its id.
func (st *State) AddConfiguration(companyID int, name string) int {
	return add(st, &st.Configurations, "configuration", 700, func(id int) Configuration {
		return Configuration{ID: id, CompanyID: companyID, Name: name}
	}).ID
}

// RenameCompany renames a company.
func (st *State) RenameCompany(id int, name string) {
	if c := st.Company(id); c != nil {
		r := []rune(name)
		c.Name, c.UpdatedAt = string(r[:min(len(r), 50)]), st.Now()
	}
}

// DeleteCompany deletes a company softly, as ConnectWise does; RestoreCompany
// takes that back.
func (st *State) DeleteCompany(id int) {
	if c := st.Company(id); c != nil {
		c.Deleted, c.DeletedAt, c.UpdatedAt = true, st.Now(), st.Now()
		st.announceCompany(c, "updated")
	}
}

// RestoreCompany takes a deletion back.
func (st *State) RestoreCompany(id int) {
	if c := st.Company(id); c != nil {
		c.Deleted, c.DeletedAt, c.UpdatedAt = false, time.Time{}, st.Now()
		st.announceCompany(c, "updated")
	}
}

// AddTicket adds a ticket that a person opened and returns its id.
func (st *State) AddTicket(companyID int, summary, by string) int {
	c := &change{st: st, isNew: true, quiet: true}
	c.CompanyID, c.Summary = companyID, summary
	c.defaults()
	return c.commit(by).ID
}

// CloseTicket gives a ticket the first closing status of its board.
func (st *State) CloseTicket(id int, by string) {
	st.setStatus(id, by, func(s Status) bool { return s.Closed })
}

// ReopenTicket gives a ticket the default status of its board.
func (st *State) ReopenTicket(id int, by string) {
	st.setStatus(id, by, func(s Status) bool { return s.Default })
}

func (st *State) setStatus(id int, by string, want func(Status) bool) {
	t := st.Ticket(id)
	if t == nil {
		return
	}
	for _, s := range st.Statuses {
		if s.BoardID == t.BoardID && !s.Inactive && want(s) {
			t.StatusID = s.ID
			st.touch(t, by)
			return
		}
	}
}

// MoveTicket moves a ticket to another board, where it gets the default status
// and type.
func (st *State) MoveTicket(id, boardID int, by string) {
	if t := st.Ticket(id); t != nil {
		t.BoardID, t.StatusID, t.TypeID, t.SubTypeID, t.ItemID = boardID, st.defaultStatus(boardID), st.defaultType(boardID), 0, 0
		st.touch(t, by)
	}
}

// MergeTickets merges children into a parent and closes the children.
func (st *State) MergeTickets(parent int, by string, children ...int) {
	for _, id := range children {
		if child := st.Ticket(id); child != nil {
			for _, s := range st.Statuses {
				if s.BoardID == child.BoardID && s.Closed {
					st.merge(parent, id, s.ID, by)
					break
				}
			}
		}
	}
}

func (st *State) merge(parent, child, statusID int, by string) {
	p, c := st.Ticket(parent), st.Ticket(child)
	if p == nil || c == nil || parent == child {
		return
	}
	c.MergedInto, c.StatusID = parent, statusID
	p.MergedChildren = true
	st.touch(c, by)
	st.touch(p, by)
}

// LogTime logs a technician's hours, with the note of the time entry.
func (st *State) LogTime(id int, hours float64, text, by string) {
	if t := st.Ticket(id); t != nil {
		t.ActualHours += hours
		st.addNote(t, Note{Text: text, Internal: true, TimeEntry: true}, by)
	}
}

// AddTechnicianNote adds a technician's internal note.
func (st *State) AddTechnicianNote(id int, text, by string) {
	if t := st.Ticket(id); t != nil {
		st.addNote(t, Note{Text: text, Internal: true}, by)
	}
}

// AssignTicket makes a member the ticket's owner.
func (st *State) AssignTicket(id, memberID int, by string) {
	t, m := st.Ticket(id), find(st.Members, memberID)
	if t != nil && m != nil {
		t.OwnerID, t.Resources = m.ID, m.Identifier
		st.touch(t, by)
	}
}

// DeleteTicket removes a ticket for good.
func (st *State) DeleteTicket(id int) {
	if t := st.Ticket(id); t != nil {
		st.announceTicket(t, "deleted", "admin")
	}
	st.Tickets = without(st.Tickets, id)
}
