package connectwise

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"uniview-bridge/pkg/vendorhttp"
)

// SetTicketStatus gives a ticket another status of its own board. Success is
// believed only when the answer shows that status; an answer that does not is a
// Conflict error with code ChangeNotApplied (connectwise.md §7.2). Whether the
// ticket is closed now is in the answer's Closed.
func (c *Client) SetTicketStatus(ctx context.Context, id, statusID int) (Ticket, error) {
	const op = setTicketStatus
	t, err := c.patchTicket(ctx, op, id, statusID, "status")
	if err == nil && t.StatusID != statusID {
		return t, notApplied(op, "ConnectWise answered that all is well, but the ticket's status is another one")
	}
	return t, err
}

// CloseTicket is SetTicketStatus for a status that closes; an answer in which
// the ticket is still open is a Conflict error with code ChangeNotApplied.
func (c *Client) CloseTicket(ctx context.Context, id, statusID int) (Ticket, error) {
	t, err := c.SetTicketStatus(ctx, id, statusID)
	if err == nil && !t.Closed {
		return t, notApplied(setTicketStatus, "the status was set, but the ticket is still open: choose a status that closes")
	}
	return t, err
}

// SetTicketPriority gives a ticket another priority, with the same check.
func (c *Client) SetTicketPriority(ctx context.Context, id, priorityID int) (Ticket, error) {
	const op = setTicketPriority
	t, err := c.patchTicket(ctx, op, id, priorityID, "priority")
	if err == nil && t.PriorityID != priorityID {
		return t, notApplied(op, "ConnectWise answered that all is well, but the ticket's priority is another one")
	}
	return t, err
}

// patchTicket replaces one whole reference.
func (c *Client) patchTicket(ctx context.Context, op operation, id, refID int, path string) (Ticket, error) {
	if refID <= 0 {
		return Ticket{}, invalid(op, "an id is not a positive number")
	}
	ops := []patchOp{{Op: "replace", Path: path, Value: ref{ID: refID}}}
	if !c.cfg.NotifyOnUpdate {
		ops = append(ops, patchOp{Op: "replace", Path: "processNotifications", Value: false})
	}
	resp, err := c.do(ctx, call{op: op, ids: []int{id}, body: ops})
	if err != nil {
		return Ticket{}, err
	}
	var w wireTicket
	if err := decode(resp, op, &w); err != nil {
		return Ticket{}, err
	}
	if w.ID != id {
		return Ticket{}, malformed(op, resp.Status, "the answer is not the ticket that was changed")
	}
	if w.Closed == nil { // left out: ask rather than guess
		return c.GetTicket(ctx, id)
	}
	return w.out(), nil
}

func notApplied(op operation, message string) error {
	e := vendorhttp.NewError(vendor, op.String(), vendorhttp.Conflict, http.StatusOK, message)
	e.Code = CodeNotApplied
	return e
}

// Note is a note of a ticket. When writing, Internal keeps it from customers;
// with neither Internal nor Resolution it goes to the discussion, which
// customers can read. ConnectWise demands one of the three (connectwise.md §7.2).
type Note struct {
	ID         int // read only
	TicketID   int // read only
	Text       string
	Internal   bool
	Resolution bool
	Discussion bool // also shown to the customer; implied when the other two are off
	Notify     bool // write only: let ConnectWise send its notifications; default no
	CreatedBy  string
	CreatedAt  time.Time
}

type noteBody struct {
	Text          string `json:"text"`
	Discussion    bool   `json:"detailDescriptionFlag"`
	Internal      bool   `json:"internalAnalysisFlag"`
	Resolution    bool   `json:"resolutionFlag"`
	Notifications bool   `json:"processNotifications"`
}

type wireNote struct {
	ID         int      `json:"id"`
	TicketID   int      `json:"ticketId"`
	Text       string   `json:"text"`
	Discussion flag     `json:"detailDescriptionFlag"`
	Internal   flag     `json:"internalAnalysisFlag"`
	Resolution flag     `json:"resolutionFlag"`
	CreatedBy  string   `json:"createdBy"`
	Created    wireTime `json:"dateCreated"`
}

func (w wireNote) out() Note {
	return Note{
		ID: w.ID, TicketID: w.TicketID, Text: w.Text, Discussion: bool(w.Discussion), Internal: bool(w.Internal),
		Resolution: bool(w.Resolution), CreatedBy: w.CreatedBy, CreatedAt: w.Created.Time,
	}
}

// AddNote adds a note to a ticket and returns it as stored. An Uncertain error
// means that the note may be there: compare with ListNotes before repeating.
func (c *Client) AddNote(ctx context.Context, ticketID int, n Note) (Note, error) {
	const op = addNote
	if strings.TrimSpace(n.Text) == "" {
		return Note{}, invalid(op, "a note needs text")
	}
	resp, err := c.do(ctx, call{op: op, ids: []int{ticketID}, body: noteBody{
		Text: n.Text, Internal: n.Internal, Resolution: n.Resolution,
		Discussion: n.Discussion || !n.Internal && !n.Resolution, Notifications: n.Notify,
	}})
	if err != nil {
		return Note{}, err
	}
	var w wireNote
	if err := decode(resp, op, &w); err != nil {
		return Note{}, err
	}
	if w.ID <= 0 {
		return Note{}, malformed(op, resp.Status, "the answer holds no note id")
	}
	return w.out(), nil
}

// ListNotes reads the plain notes of a ticket (not those of time entries), by id.
func (c *Client) ListNotes(ctx context.Context, ticketID int) ([]Note, error) {
	return newPager(c, listing{op: listNotes, ids: []int{ticketID}}, wireNote.out).collect(ctx)
}

// AttachConfiguration links a device (a ConnectWise configuration) to a ticket.
// It needs a right beyond the native page's role. A device that is already
// linked is success.
func (c *Client) AttachConfiguration(ctx context.Context, ticketID, configurationID int) error {
	const op = attachConfiguration
	if configurationID <= 0 {
		return invalid(op, "an id is not a positive number")
	}
	_, err := c.do(ctx, call{op: op, ids: []int{ticketID}, body: ref{ID: configurationID}})
	if vendorhttp.KindOf(err) == vendorhttp.Invalid && hasInner(err, codeObjectExist) {
		return nil
	}
	return err
}

// ListTicketConfigurations reads the ids of the devices linked to a ticket.
func (c *Client) ListTicketConfigurations(ctx context.Context, ticketID int) ([]int, error) {
	ids, err := newPager(c, listing{op: listTicketConfigurations, ids: []int{ticketID}}, func(r recordID) int { return r.ID }).collect(ctx)
	slices.Sort(ids)
	return ids, err
}
