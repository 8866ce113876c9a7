package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// change is one write of a ticket before it is committed.
type change struct {
	Ticket
	st     *State
	quiet  bool // processNotifications false
	silent bool // skipCallback true
	errs   []innerError
	notes  []Note
	isNew  bool
	before Ticket
}

func (c *change) refuse(code, field, format string, args ...any) {
	c.errs = append(c.errs, innerError{Code: code, Message: fmt.Sprintf(format, args...), Field: field})
}

func createTicket(q *request) *answer {
	m, bad := decodeObject(q.Body, "Ticket", ticketMembers)
	if bad != nil {
		return bad
	}
	c := &change{st: q.st, isNew: true}
	for _, name := range ticketMembers.simulated {
		if raw, ok := m[name]; ok {
			c.set(name, raw)
		}
	}
	if len(c.errs) == 0 {
		c.defaults()
		c.check()
	}
	if len(c.errs) > 0 {
		return invalidObject("ticket", c.errs...)
	}
	if q.st.closedStatus(c.StatusID) && !q.st.Role[Right{ServiceDesk, CloseTickets, "edit"}] {
		return noPermission()
	}
	chosen, bad := fieldsOf(q, ticketTable)
	if bad != nil {
		return bad
	}
	t := c.commit(q.st.APIMember)
	return created(q, ticketTable.render(q.st, t, chosen), t.ID)
}

// patchTicket applies an array of operations to a copy, checks it, and commits.
func patchTicket(q *request, t *Ticket) *answer {
	ops, bad := decodePatch(q.Body)
	if bad != nil {
		return bad
	}
	chosen, bad := fieldsOf(q, ticketTable)
	if bad != nil {
		return bad
	}
	c := &change{Ticket: *t, st: q.st, before: *t}
	touched := false
	for _, op := range ops {
		name := strings.TrimPrefix(op.Path, "/")
		top, _, nested := strings.Cut(name, "/")
		if bad := ticketMembers.check(top, "Ticket", q.Body); bad != nil { // letter case counts
			return bad
		}
		if strings.HasPrefix(top, "initial") {
			return invalidObject("ticket", innerError{Code: "InvalidField", Message: "The " + top + " field is only available for POST.", Field: top})
		}
		if nested {
			continue // answers 200 and does nothing (connectwise.md §7.2)
		}
		touched = touched || top != "processNotifications" && top != "skipCallback"
		c.set(top, op.Value)
	}
	if len(c.errs) == 0 {
		c.check()
	}
	if len(c.errs) > 0 {
		return invalidObject("ticket", c.errs...)
	}
	if c.StatusID != t.StatusID && q.st.closedStatus(c.StatusID) && !q.st.Role[Right{ServiceDesk, CloseTickets, "edit"}] {
		return noPermission()
	}
	if t.InUse {
		return inUse()
	}
	if touched {
		t = c.commit(q.st.APIMember)
	}
	return jsonAnswer(http.StatusOK, ticketTable.render(q.st, t, chosen))
}

// set takes one member of the vendor's model.
func (c *change) set(name string, raw json.RawMessage) {
	null := string(bytes.TrimSpace(raw)) == "null"
	switch name {
	case "processNotifications":
		var on bool
		if json.Unmarshal(raw, &on) != nil {
			c.refuse("InvalidField", name, "The %s field is invalid.", name)
		}
		c.quiet = !on && !null
	case "skipCallback":
		if json.Unmarshal(raw, &c.silent) != nil {
			c.refuse("InvalidField", name, "The %s field is invalid.", name)
		}
	case "recordType":
		if s := c.text(name, raw); s != "" && s != "ServiceTicket" {
			c.refuse("InvalidField", name, "The sandbox keeps service tickets only.")
		}
	case "summary":
		c.Summary = strings.NewReplacer("\r", " ", "\n", " ").Replace(c.text(name, raw)) // shown as a space
	case "externalXRef":
		c.ExternalXRef = c.text(name, raw)
	case "severity", "impact":
		s := c.text(name, raw)
		if s != "" && !slices.Contains([]string{"Low", "Medium", "High"}, s) {
			c.refuse("InvalidField", name, "The %s field is invalid.", name)
		}
		if name == "severity" {
			c.Severity = s
		} else {
			c.Impact = s
		}
	case "resources":
		c.Resources = c.text(name, raw)
	case "initialDescription":
		c.note(Note{Text: c.text(name, raw), Discussion: true})
	case "initialInternalAnalysis":
		c.note(Note{Text: c.text(name, raw), Internal: true})
	case "initialResolution":
		c.note(Note{Text: c.text(name, raw), Resolution: true})
	default:
		if null {
			c.setRef(name, wireRef{})
			return
		}
		r, ok := decodeRef(raw)
		if !ok || r.ID == nil && r.Name == nil && r.Identifier == nil {
			c.refuse("InvalidField", name, "The %s field is invalid.", name)
			return
		}
		c.setRef(name, r)
	}
}

func (c *change) note(n Note) {
	if n.Text != "" {
		c.notes = append(c.notes, n)
	}
}

func (c *change) text(name string, raw json.RawMessage) string {
	var s *string
	if json.Unmarshal(raw, &s) != nil {
		c.refuse("InvalidField", name, "The %s field is invalid.", name)
	}
	if s == nil {
		return ""
	}
	return *s
}

// setRef resolves a reference by id, else by identifier or name; a name is
// looked for on the ticket's board where that matters, so board must be set
// before status and type, which the order of ticketMembers sees to.
func (c *change) setRef(name string, r wireRef) {
	st := c.st
	onBoard := func(board int) bool { return board == c.BoardID }
	switch name {
	case "company":
		c.CompanyID = pick(c, name, r, st.Companies, func(x *Company) (string, string, bool) { return x.Name, x.Identifier, true })
		if c.isNew {
			c.SiteID = 0
		}
	case "board":
		c.BoardID = pick(c, name, r, st.Boards, func(x *Board) (string, string, bool) { return x.Name, "", true })
	case "status":
		c.StatusID = pick(c, name, r, st.Statuses, func(x *Status) (string, string, bool) { return x.Name, "", onBoard(x.BoardID) })
	case "type":
		c.TypeID = pick(c, name, r, st.Types, func(x *Type) (string, string, bool) { return x.Name, "", onBoard(x.BoardID) })
	case "subType":
		c.SubTypeID = pick(c, name, r, st.SubTypes, func(x *SubType) (string, string, bool) { return x.Name, "", onBoard(x.BoardID) })
	case "item":
		c.ItemID = pick(c, name, r, st.Items, func(x *Item) (string, string, bool) { return x.Name, "", onBoard(x.BoardID) })
	case "priority":
		c.PriorityID = pick(c, name, r, st.Priorities, func(x *Priority) (string, string, bool) { return x.Name, "", true })
	case "source":
		c.SourceID = pick(c, name, r, st.Sources, func(x *Source) (string, string, bool) { return x.Name, "", true })
	case "site":
		c.SiteID = pick(c, name, r, st.Sites, func(x *Site) (string, string, bool) { return x.Name, "", x.CompanyID == c.CompanyID })
	case "owner":
		c.OwnerID = pick(c, name, r, st.Members, func(x *Member) (string, string, bool) { return x.FirstName + " " + x.LastName, x.Identifier, true })
	}
}

// pick gives the id that a reference means. An id is taken as it is: check says
// later whether it exists and belongs.
func pick[T record](c *change, field string, r wireRef, list []T, names func(*T) (name, identifier string, ok bool)) int {
	switch {
	case r.ID != nil:
		return *r.ID
	case r.Name == nil && r.Identifier == nil:
		return 0
	}
	for i := range list {
		name, identifier, ok := names(&list[i])
		if ok && (r.Identifier != nil && strings.EqualFold(identifier, *r.Identifier) || r.Name != nil && strings.EqualFold(name, *r.Name)) {
			return list[i].recID()
		}
	}
	c.refuse("NotFound", field+"/name", "%s not found", field)
	return 0
}

// defaults fills in what a new ticket was not given (connectwise.md §7.1).
func (c *change) defaults() {
	st := c.st
	if c.BoardID == 0 {
		c.BoardID = st.DefaultBoardID
	}
	if c.StatusID == 0 {
		c.StatusID = st.defaultStatus(c.BoardID)
	}
	if c.TypeID == 0 {
		c.TypeID = st.defaultType(c.BoardID)
	}
	if c.PriorityID == 0 {
		c.PriorityID = st.defaultPriority()
	}
	if c.SourceID == 0 {
		c.SourceID = st.defaultSource()
	}
	if c.SiteID == 0 {
		c.SiteID = st.defaultSite(c.CompanyID)
	}
	if c.Severity == "" {
		c.Severity = "Medium"
	}
	if c.Impact == "" {
		c.Impact = "Medium"
	}
}

// check holds the whole ticket to the vendor's rules.
func (c *change) check() {
	st := c.st
	if strings.TrimSpace(c.Summary) == "" {
		c.errs = append(c.errs, required("summary"))
	}
	c.errs = append(c.errs, tooLong("summary", c.Summary, 100)...)
	c.errs = append(c.errs, tooLong("externalXRef", c.ExternalXRef, 100)...)
	co := find(st.Companies, c.CompanyID)
	switch {
	case c.CompanyID == 0:
		c.errs = append(c.errs, required("company"))
	case co == nil || co.Hidden || co.Deleted && (c.isNew || c.CompanyID != c.before.CompanyID):
		c.refuse("NotFound", "company/id", "Company %d not found", c.CompanyID)
	case c.isNew && disallows(st, co.StatusID):
		c.refuse("InvalidObject", "company/id", "Company %d cannot be saved with its present status", c.CompanyID)
	}
	b := find(st.Boards, c.BoardID)
	if b == nil || b.Project || b.Inactive && c.BoardID != c.before.BoardID {
		c.refuse("NotFound", "board/id", "Service Board %d not found", c.BoardID)
		return
	}
	if s := find(st.Statuses, c.StatusID); s == nil || s.BoardID != c.BoardID || s.Inactive && c.StatusID != c.before.StatusID {
		c.refuse("NotFound", "status/id", "Service Status %d not found for Service Board %d", c.StatusID, c.BoardID)
	}
	if c.isNew || c.BoardID != c.before.BoardID {
		c.needs(b)
	}
	if c.OpenTasks && c.StatusID != c.before.StatusID && st.closedStatus(c.StatusID) {
		c.refuse("InvalidObject", "status/id", "The ticket has open tasks and cannot be closed.")
	}
	if t := find(st.Types, c.TypeID); c.TypeID != 0 && (t == nil || t.BoardID != c.BoardID || t.Inactive && c.TypeID != c.before.TypeID) {
		c.refuse("NotFound", "type/id", "Service Type %d not found for Service Board %d", c.TypeID, c.BoardID)
	}
	if s := find(st.SubTypes, c.SubTypeID); c.SubTypeID != 0 && (s == nil || s.BoardID != c.BoardID || !slices.Contains(s.TypeIDs, c.TypeID) ||
		s.Inactive && c.SubTypeID != c.before.SubTypeID) {
		c.refuse("NotFound", "subType/id", "Service SubType %d not found for Service Type %d", c.SubTypeID, c.TypeID)
	}
	if i := find(st.Items, c.ItemID); c.ItemID != 0 && (i == nil || i.BoardID != c.BoardID || i.Inactive && c.ItemID != c.before.ItemID) {
		c.refuse("NotFound", "item/id", "Service Item %d not found for Service Board %d", c.ItemID, c.BoardID)
	}
	if find(st.Priorities, c.PriorityID) == nil {
		c.refuse("NotFound", "priority/id", "Priority %d not found", c.PriorityID)
	}
	if c.SourceID != 0 && find(st.Sources, c.SourceID) == nil {
		c.refuse("NotFound", "source/id", "Source %d not found", c.SourceID)
	}
	if s := find(st.Sites, c.SiteID); c.SiteID != 0 && (s == nil || s.CompanyID != c.CompanyID) {
		c.refuse("NotFound", "site/id", "Site %d not found for Company %d", c.SiteID, c.CompanyID)
	}
	if c.OwnerID != 0 && find(st.Members, c.OwnerID) == nil {
		c.refuse("NotFound", "owner/id", "Member %d not found", c.OwnerID)
	}
}

// needs holds a ticket to what its board requires.
func (c *change) needs(b *Board) {
	for _, f := range []struct {
		name   string
		needed bool
		id     int
	}{{"type", b.NeedsType, c.TypeID}, {"subType", b.NeedsSubType, c.SubTypeID}, {"item", b.NeedsItem, c.ItemID}} {
		if f.needed && f.id == 0 {
			c.errs = append(c.errs, required(f.name))
		}
	}
}

func disallows(st *State, statusID int) bool {
	s := find(st.CompanyStatuses, statusID)
	return s != nil && s.DisallowSaving
}

func (st *State) closedStatus(id int) bool {
	s := find(st.Statuses, id)
	return s != nil && s.Closed
}

// commit stores the change and what follows from it.
func (c *change) commit(by string) *Ticket {
	st, now := c.st, c.st.Now()
	event := "ticket updated"
	t := find(st.Tickets, c.ID)
	if c.isNew {
		event = "ticket added"
		c.EnteredAt, c.EnteredBy, c.QuietCreate = now, by, c.quiet
		for _, n := range c.notes {
			c.Notes = append(c.Notes, st.newNote(n, by))
		}
		t = add(st, &st.Tickets, "ticket", 1000, func(id int) Ticket { c.ID = id; return c.Ticket })
	} else {
		*t = c.Ticket
	}
	action := "updated"
	if c.isNew {
		action = "added"
	}
	st.stamp(t, by)
	if !c.silent {
		st.announceTicket(t, action, by)
	}
	if !c.quiet {
		st.Notifications = append(st.Notifications, Notification{At: now, TicketID: t.ID, Event: event, Customer: true})
	}
	return t
}

// touch notes that somebody changed a ticket, and tells the callbacks.
func (st *State) touch(t *Ticket, by string) {
	st.stamp(t, by)
	st.announceTicket(t, "updated", by)
}

// stamp brings closed date and last update in line.
func (st *State) stamp(t *Ticket, by string) {
	t.UpdatedAt, t.UpdatedBy = st.Now(), by
	switch closed := st.Closed(t); {
	case closed && t.ClosedAt.IsZero():
		t.ClosedAt, t.ClosedBy = t.UpdatedAt, by
	case !closed:
		t.ClosedAt, t.ClosedBy = time.Time{}, ""
	}
}
