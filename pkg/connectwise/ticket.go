package connectwise

import (
	"context"
	"net/url"
	"reflect"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"uniview-bridge/pkg/vendorhttp"
)

// Limits of ticket texts, in UTF-16 units as the server counts
// (connectwise.md §7.1).
const (
	MaxSummary      = 100
	MaxExternalXRef = 100
)

// Ticket is a service ticket as read. Ids of references are 0 when ConnectWise
// left them out.
type Ticket struct {
	ID           int
	Summary      string
	ExternalXRef string // our reference; searchable

	CompanyID, BoardID, StatusID, PriorityID int
	TypeID, SubTypeID, ItemID                int
	SourceID, SiteID                         int
	StatusName, BoardName, CompanyName       string

	Closed            bool // follows the status
	MergedInto        int  // the parent's id when a person merged this ticket into another
	HasMergedChildren bool
	ActualHours       float64 // time logged by people
	OwnerID           int     // assigned member; others are named in Resources
	Resources         string

	EnteredBy, UpdatedBy           string
	EnteredAt, UpdatedAt, ClosedAt time.Time
}

type wireTicket struct {
	ID           int      `json:"id"`
	Summary      string   `json:"summary"`
	ExternalXRef string   `json:"externalXRef"`
	Company      ref      `json:"company"`
	Board        ref      `json:"board"`
	Status       ref      `json:"status"`
	Priority     ref      `json:"priority"`
	Type         ref      `json:"type"`
	SubType      ref      `json:"subType"`
	Item         ref      `json:"item"`
	Source       ref      `json:"source"`
	Site         ref      `json:"site"`
	Owner        ref      `json:"owner"`
	Closed       *flag    `json:"closedFlag"`
	ClosedDate   wireTime `json:"closedDate"`
	MergedParent ref      `json:"mergedParentTicket"`
	MergedChild  flag     `json:"hasMergedChildTicketFlag"`
	ActualHours  float64  `json:"actualHours"`
	Resources    string   `json:"resources"`
	Info         wireInfo `json:"_info"`
}

func (w wireTicket) out() Ticket {
	return Ticket{
		ID: w.ID, Summary: w.Summary, ExternalXRef: w.ExternalXRef,
		CompanyID: w.Company.ID, BoardID: w.Board.ID, StatusID: w.Status.ID, PriorityID: w.Priority.ID,
		TypeID: w.Type.ID, SubTypeID: w.SubType.ID, ItemID: w.Item.ID, SourceID: w.Source.ID, SiteID: w.Site.ID,
		StatusName: w.Status.Name, BoardName: w.Board.Name, CompanyName: w.Company.Name,
		Closed: w.Closed != nil && bool(*w.Closed), MergedInto: w.MergedParent.ID, HasMergedChildren: bool(w.MergedChild),
		ActualHours: w.ActualHours, OwnerID: w.Owner.ID, Resources: w.Resources,
		EnteredBy: w.Info.EnteredBy, UpdatedBy: w.Info.UpdatedBy,
		EnteredAt: w.Info.DateEntered.Time, UpdatedAt: w.Info.LastUpdated.Time, ClosedAt: w.ClosedDate.Time,
	}
}

// TicketQuery chooses tickets. Give at least one of its members: an MSP has
// hundreds of thousands of tickets.
type TicketQuery struct {
	XRefPrefix   string    // ExternalXRef begins with this; checked again on our side
	UpdatedSince time.Time // last update at or after, whole seconds
	IDs          []int
	BoardID      int
	CompanyID    int
	OpenOnly     bool
}

// TicketsPager reads tickets page by page, in order of their id.
func (c *Client) TicketsPager(q TicketQuery) *Pager[Ticket] {
	var rest []Condition
	if q.XRefPrefix != "" {
		rest = append(rest, Where("externalXRef", Like, Prefix(q.XRefPrefix)))
	}
	if !q.UpdatedSince.IsZero() {
		rest = append(rest, Where("lastUpdated", GreaterEqual, Time(q.UpdatedSince.Truncate(time.Second))))
	}
	if q.BoardID != 0 {
		rest = append(rest, Where("board/id", Equal, Number(q.BoardID)))
	}
	if q.CompanyID != 0 {
		rest = append(rest, Where("company/id", Equal, Number(q.CompanyID)))
	}
	if q.OpenOnly {
		rest = append(rest, Where("closedFlag", Equal, Bool(false)))
	}
	p := newPager(c, listing{op: listTickets, parts: idParts(q.IDs, rest...)}, wireTicket.out)
	if q.XRefPrefix != "" {
		p.keep = func(t Ticket) bool { return strings.HasPrefix(t.ExternalXRef, q.XRefPrefix) }
	}
	return p
}

// ListTickets reads all tickets that the query chooses, by id.
func (c *Client) ListTickets(ctx context.Context, q TicketQuery) ([]Ticket, error) {
	return c.TicketsPager(q).collect(ctx)
}

// FindTickets reads the tickets whose ExternalXRef is exactly the given one, by
// id, open or closed. ConnectWise compares without regard to case, so equality
// is checked again here.
func (c *Client) FindTickets(ctx context.Context, externalXRef string) ([]Ticket, error) {
	const op = findTickets
	if externalXRef == "" {
		return nil, invalid(op, "an empty reference would match every ticket")
	}
	all, err := newPager(c, listing{op: op, parts: []Condition{Where("externalXRef", Equal, Text(externalXRef))}}, wireTicket.out).collect(ctx)
	if err != nil {
		return nil, err
	}
	found := []Ticket{}
	for _, t := range all {
		if t.ExternalXRef == externalXRef {
			found = append(found, t)
		}
	}
	return found, nil
}

// GetTicket reads one ticket. A ticket that was deleted is a NotFound error.
func (c *Client) GetTicket(ctx context.Context, id int) (Ticket, error) {
	const op = getTicket
	resp, err := c.do(ctx, call{op: op, ids: []int{id}, query: url.Values{"fields": {membersOf(reflect.TypeFor[wireTicket]())}}})
	if err != nil {
		return Ticket{}, err
	}
	var w wireTicket
	if err := decode(resp, op, &w); err != nil {
		return Ticket{}, err
	}
	if w.ID != id {
		return Ticket{}, malformed(op, resp.Status, "the answer is not the ticket that was asked for")
	}
	return w.out(), nil
}

// TicketWrite is a ticket to create. Zero ids are left out, and ConnectWise
// fills in the API member's and the board's defaults (connectwise.md §7.1). No
// contact is ever sent, so that no customer gets mail.
type TicketWrite struct {
	Summary   string // cut to MaxSummary; line breaks become spaces
	CompanyID int    // required
	BoardID   int
	StatusID  int // of the board
	TypeID    int // of the board
	SubTypeID int // must fit the type
	ItemID    int

	PriorityID, SourceID, SiteID int
	Severity, Impact             string // Low, Medium, High or empty

	ExternalXRef     string // our reference, at most MaxExternalXRef, never cut
	Description      string // the first note, which the customer may read
	InternalAnalysis string // a first internal note
	Notify           bool   // let ConnectWise send its notifications; default no
}

type ticketBody struct {
	Summary          string `json:"summary"`
	RecordType       string `json:"recordType"`
	Company          *ref   `json:"company"`
	Board            *ref   `json:"board,omitempty"`
	Status           *ref   `json:"status,omitempty"`
	Type             *ref   `json:"type,omitempty"`
	SubType          *ref   `json:"subType,omitempty"`
	Item             *ref   `json:"item,omitempty"`
	Priority         *ref   `json:"priority,omitempty"`
	Source           *ref   `json:"source,omitempty"`
	Site             *ref   `json:"site,omitempty"`
	Severity         string `json:"severity,omitempty"`
	Impact           string `json:"impact,omitempty"`
	ExternalXRef     string `json:"externalXRef,omitempty"`
	Description      string `json:"initialDescription,omitempty"`
	InternalAnalysis string `json:"initialInternalAnalysis,omitempty"`
	Notifications    bool   `json:"processNotifications"`
}

// CreateTicket creates a service ticket. ConnectWise has no idempotency key: an
// error whose Uncertain is true (no answer, an unreadable answer, 408, 5xx, a
// redirect) means that the ticket may exist. Look for it with FindTickets
// before creating again (connectwise.md §8).
func (c *Client) CreateTicket(ctx context.Context, t TicketWrite) (Ticket, error) {
	const op = createTicket
	summary := ClipSummary(t.Summary)
	switch {
	case summary == "":
		return Ticket{}, invalid(op, "a ticket needs a summary")
	case t.CompanyID <= 0:
		return Ticket{}, invalid(op, "a ticket needs a company")
	case utf16Len(t.ExternalXRef) > MaxExternalXRef:
		return Ticket{}, invalid(op, "the external reference is longer than 100 characters")
	case Text(t.ExternalXRef).err != nil:
		return Ticket{}, invalid(op, "the external reference has a character that cannot be searched for")
	}
	resp, err := c.do(ctx, call{op: op, body: ticketBody{
		Summary: summary, RecordType: "ServiceTicket", Company: refTo(t.CompanyID), Board: refTo(t.BoardID),
		Status: refTo(t.StatusID), Type: refTo(t.TypeID), SubType: refTo(t.SubTypeID), Item: refTo(t.ItemID),
		Priority: refTo(t.PriorityID), Source: refTo(t.SourceID), Site: refTo(t.SiteID),
		Severity: t.Severity, Impact: t.Impact, ExternalXRef: t.ExternalXRef,
		Description: t.Description, InternalAnalysis: t.InternalAnalysis, Notifications: t.Notify,
	}})
	if err != nil {
		return Ticket{}, err
	}
	return decodeTicket(resp, op)
}

func decodeTicket(resp *vendorhttp.Response, op operation) (Ticket, error) {
	var w wireTicket
	if err := decode(resp, op, &w); err != nil {
		return Ticket{}, err
	}
	if w.ID <= 0 {
		return Ticket{}, malformed(op, resp.Status, "the answer holds no ticket id")
	}
	return w.out(), nil
}

// ClipSummary makes a text fit for a ticket's summary: one line, at most 100
// characters, with an ellipsis where it was cut.
func ClipSummary(s string) string {
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "\uFFFD"), func(r rune) bool { return r == ' ' || isControl(r) }), " ")
	if utf16Len(s) <= MaxSummary {
		return s
	}
	units := 0
	for i, r := range s {
		n := utf16.RuneLen(r)
		if units+n > MaxSummary-1 {
			return strings.TrimRight(s[:i], " ") + "…"
		}
		units += n
	}
	return s
}

func utf16Len(s string) int {
	n := 0
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		n += utf16.RuneLen(r)
		s = s[size:]
	}
	return n
}
