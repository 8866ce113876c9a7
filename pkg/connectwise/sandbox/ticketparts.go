package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// withTicket looks the path's ticket up.
func withTicket(h func(*request, *Ticket) *answer) func(*request) *answer {
	return func(q *request) *answer {
		t := q.st.Ticket(q.ids[0])
		if t == nil || q.st.hidden(t.CompanyID) {
			return notFound("Ticket", q.ids[0])
		}
		return h(q, t)
	}
}

// searchable are the tickets that lists find: new ones appear after SearchDelay,
// and those of hidden companies never.
func (st *State) searchable() []Ticket {
	now := st.now()
	if st.SearchDelay <= 0 && !slices.ContainsFunc(st.Companies, func(c Company) bool { return c.Hidden }) {
		return st.Tickets
	}
	out := make([]Ticket, 0, len(st.Tickets))
	for _, t := range st.Tickets {
		if !now.Before(t.EnteredAt.Add(st.SearchDelay)) && !st.hidden(t.CompanyID) {
			out = append(out, t)
		}
	}
	return out
}

// visible are the companies at the API member's level (connectwise.md §6).
func (st *State) visible() []Company {
	if !slices.ContainsFunc(st.Companies, func(c Company) bool { return c.Hidden }) {
		return st.Companies
	}
	return slices.DeleteFunc(slices.Clone(st.Companies), func(c Company) bool { return c.Hidden })
}

func (st *State) hidden(companyID int) bool {
	c := st.Company(companyID)
	return c != nil && c.Hidden
}

// filterParams are the members of a search body and the parameters they stand for.
var filterParams = map[string]string{
	"conditions": "conditions", "orderBy": "orderBy", "childconditions": "childConditions", "customfieldconditions": "customFieldConditions",
}

// searchTickets is the POST form: conditions in the body, page in the query.
func searchTickets(q *request) *answer {
	m, bad := decodeObject(q.Body, "FilterValues", filterMembers)
	if bad != nil {
		return bad
	}
	for name, raw := range m {
		var s string
		if json.Unmarshal(raw, &s) != nil {
			return refuse(http.StatusBadRequest, "ConnectWiseApi", "The "+name+" field is invalid.")
		}
		q.query.Set(filterParams[name], s)
	}
	return serveList(q, ticketTable, q.st.searchable())
}

func deleteTicket(q *request, t *Ticket) *answer {
	q.st.DeleteTicket(t.ID)
	return textAnswer(http.StatusNoContent, "", "")
}

func listNotes(withTime bool) func(*request, *Ticket) *answer {
	return func(q *request, t *Ticket) *answer {
		var notes []noteOn
		for _, n := range t.Notes {
			if withTime || !n.TimeEntry {
				notes = append(notes, noteOn{n, t.ID})
			}
		}
		return serveList(q, noteTable, notes)
	}
}

func addNote(q *request, t *Ticket) *answer {
	m, bad := decodeObject(q.Body, "ServiceNote", noteMembers)
	if bad != nil {
		return bad
	}
	switch {
	case t.InUse:
		return inUse()
	case q.st.ClosedSilent && q.st.Closed(t):
		return invalidObject("serviceNote", innerError{Code: "InvalidObject", Message: "The ticket is closed."})
	}
	n, notify := Note{}, true
	for name, into := range map[string]any{
		"text": &n.Text, "detailDescriptionFlag": &n.Discussion, "internalAnalysisFlag": &n.Internal,
		"resolutionFlag": &n.Resolution, "processNotifications": &notify,
	} {
		if raw, ok := m[name]; ok && json.Unmarshal(raw, into) != nil {
			return invalidObject("serviceNote", innerError{Code: "InvalidField", Message: "The " + name + " field is invalid.", Field: name})
		}
	}
	if strings.TrimSpace(n.Text) == "" {
		return invalidObject("serviceNote", required("text"))
	}
	if !n.Discussion && !n.Internal && !n.Resolution {
		return invalidObject("serviceNote", innerError{
			Code: "InvalidObject", Message: "Please choose where to display the notes in order to save this record.",
		})
	}
	n = q.st.addNote(t, n, q.st.APIMember)
	if notify {
		q.st.Notifications = append(q.st.Notifications, Notification{At: q.st.Now(), TicketID: t.ID, Event: "note added", Customer: n.Discussion})
	}
	return created(q, noteTable.render(q.st, &noteOn{n, t.ID}, nil), n.ID)
}

func (st *State) newNote(n Note, by string) Note {
	st.noteID++
	n.ID, n.CreatedAt, n.CreatedBy = st.noteID, st.Now(), by
	return n
}

func (st *State) addNote(t *Ticket, n Note, by string) Note {
	n = st.newNote(n, by)
	t.Notes = append(t.Notes, n)
	st.touch(t, by)
	return n
}

func mergeTickets(q *request, parent *Ticket) *answer {
	m, bad := decodeObject(q.Body, "TicketMerge", mergeMembers)
	if bad != nil {
		return bad
	}
	var ids []int
	if json.Unmarshal(m["mergeTicketIds"], &ids) != nil || len(ids) == 0 {
		return invalidObject("ticketMerge", required("mergeTicketIds"))
	}
	r, ok := decodeRef(m["status"])
	if len(m["status"]) == 0 || !ok || r.ID == nil {
		return invalidObject("ticketMerge", required("status"))
	}
	status := find(q.st.Statuses, *r.ID)
	for _, id := range ids {
		child := q.st.Ticket(id)
		switch {
		case child == nil || id == parent.ID:
			return invalidObject("ticketMerge", innerError{Code: "NotFound", Message: fmt.Sprintf("Ticket %d not found", id), Field: "mergeTicketIds"})
		case status == nil || status.BoardID != child.BoardID:
			return invalidObject("ticketMerge", innerError{
				Code: "NotFound", Field: "status/id", Message: fmt.Sprintf("Service Status %d not found for Service Board %d", *r.ID, child.BoardID),
			})
		}
	}
	for _, id := range ids {
		q.st.merge(parent.ID, id, status.ID, q.st.APIMember)
	}
	return jsonAnswer(http.StatusOK, object{"success": true, "message": "Tickets have been merged."})
}

func listLinks(q *request, t *Ticket) *answer {
	var linked []Configuration
	for _, id := range t.Configurations {
		if c := find(q.st.Configurations, id); c != nil {
			linked = append(linked, *c)
		}
	}
	sortByID(linked)
	return serveList(q, linkTable, linked)
}

func attachConfiguration(q *request, t *Ticket) *answer {
	m, bad := decodeObject(q.Body, "ConfigurationReference", linkMembers)
	if bad != nil {
		return bad
	}
	var id int
	if json.Unmarshal(m["id"], &id) != nil {
		return invalidObject("configuration", required("id"))
	}
	c := find(q.st.Configurations, id)
	switch {
	case c == nil:
		return invalidObject("configuration", innerError{Code: "NotFound", Message: fmt.Sprintf("Configuration %d not found", id), Field: "id"})
	case slices.Contains(t.Configurations, id):
		return invalidObject("configuration", innerError{Code: "ObjectExists", Message: "The configuration is already attached to the ticket.", Field: "id"})
	}
	t.Configurations = append(t.Configurations, id)
	q.st.touch(t, q.st.APIMember)
	return created(q, linkTable.render(q.st, c, nil), id)
}
