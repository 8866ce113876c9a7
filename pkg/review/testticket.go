package review

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/connectwise"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/vendorhttp"
)

// TestDesk is what a test ticket needs of ConnectWise.
type TestDesk interface {
	FindTickets(ctx context.Context, externalXRef string) ([]connectwise.Ticket, error)
	CreateTicket(ctx context.Context, t connectwise.TicketWrite) (connectwise.Ticket, error)
	ListStatuses(ctx context.Context, boardID int) ([]connectwise.Status, error)
	CloseTicket(ctx context.Context, id, statusID int) (connectwise.Ticket, error)
}

var _ TestDesk = (*connectwise.Client)(nil)

// TestTicket is what became of a test ticket.
type TestTicket struct {
	TicketID  int    `json:"ticketId"`
	Reference string `json:"reference"`
	Closed    bool   `json:"closed"`
	Message   string `json:"message"`
}

// testTicketTime is the most a test ticket waits on ConnectWise (design §5).
const testTicketTime = 20 * time.Second

// testClaim is the test ticket that somebody is at, or whose answer was lost.
type testClaim struct {
	Reference string    `json:"reference"`
	By        string    `json:"by"`
	Until     time.Time `json:"until"`
}

var testKey = state.Key{PK: "claim", SK: "test-ticket"}

// TestTicket creates one ticket with the account's settings, then closes it. It
// acts in either mode. Its reference is kept until the outcome is known: a test
// whose answer was lost is found by the next one instead of being made twice.
func (s *Service) TestTicket(ctx context.Context, by, installation string, session state.Session[TestDesk]) (TestTicket, error) {
	if err := checkBy(by); err != nil {
		return TestTicket{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, testTicketTime)
	defer cancel()
	all, err := state.LoadTicketSettings(ctx, s.Table)
	if err != nil {
		return TestTicket{}, err
	}
	settings := all.Defaults
	if settings.CompanyID == 0 || settings.BoardID == 0 {
		return TestTicket{}, refuse(Clash, "", "choose a company and a service board in the ticket settings first")
	}
	claim, err := s.claimTest(ctx, by, installation)
	if err != nil {
		return TestTicket{}, err
	}
	ticket, err := s.openTest(ctx, session, claim, settings)
	if err != nil {
		return TestTicket{}, err
	}
	out := TestTicket{TicketID: ticket.ID, Reference: claim.Reference, Closed: ticket.Closed}
	out.Message = fmt.Sprintf("Ticket #%d was created and closed.", ticket.ID)
	if !ticket.Closed {
		if err := s.closeTest(ctx, session, ticket, settings); err != nil {
			out.Message = fmt.Sprintf("Ticket #%d was created but could not be closed: %s. Close it in ConnectWise.", ticket.ID, plainly(err))
		} else {
			out.Closed = true
		}
	}
	// From here on the outcome is known, whatever happens to this request.
	ctx = context.WithoutCancel(ctx)
	if err := s.Table.Delete(ctx, testKey, state.Any); err != nil {
		return out, err
	}
	_, err = s.audit(ctx, state.Audit{By: by, Action: "test ticket", Subject: fmt.Sprintf("ticket %d", out.TicketID), Reason: out.Message})
	return out, err
}

// claimTest takes the right to make a test ticket, and with it the reference of an
// earlier one whose outcome is not known.
func (s *Service) claimTest(ctx context.Context, by, installation string) (testClaim, error) {
	now := s.Now().UTC()
	return state.Update(ctx, s.Table, testKey, func(c *testClaim) error {
		if c.Reference != "" && now.Before(c.Until) {
			return refuse(Clash, "", "%s is making a test ticket right now: wait a minute", c.By)
		}
		if c.Reference == "" {
			c.Reference = alert.NewReference(installation, "test", "test/"+s.Random()+now.Format(time.RFC3339Nano), 1).String()
		}
		c.By, c.Until = by, now.Add(testTicketTime+5*time.Second)
		return nil
	})
}

// openTest finds the ticket of the claim or creates it.
func (s *Service) openTest(ctx context.Context, session state.Session[TestDesk], c testClaim, settings alert.Settings) (connectwise.Ticket, error) {
	found, err := session.Client.FindTickets(ctx, c.Reference)
	if err != nil {
		return connectwise.Ticket{}, s.freeTest(ctx, session.Fail(ctx, err))
	}
	if len(found) > 0 {
		return found[0], nil
	}
	ticket, err := session.Client.CreateTicket(ctx, connectwise.TicketWrite{
		Summary:   "Test ticket of UniView Bridge",
		CompanyID: settings.CompanyID, BoardID: settings.BoardID, TypeID: settings.TypeID, SubTypeID: settings.SubTypeID,
		ItemID: settings.ItemID, PriorityID: settings.PriorityID, SourceID: settings.SourceID, ExternalXRef: c.Reference,
		Description: "This is a test of the connection between the backup system and this service desk. It needs no work and closes itself.",
	})
	if err == nil {
		return ticket, nil
	}
	if !uncertain(err) {
		return connectwise.Ticket{}, s.freeTest(ctx, session.Fail(ctx, err))
	}
	return connectwise.Ticket{}, s.freeTest(ctx, refuse(Clash, "",
		"ConnectWise did not answer, so the test ticket may have been created or not: test again in a minute, it is looked for first"))
}

// freeTest lets the next attempt begin at once, with the same reference.
func (s *Service) freeTest(ctx context.Context, why error) error {
	_, err := state.Update(context.WithoutCancel(ctx), s.Table, testKey, func(c *testClaim) error {
		c.Until = time.Time{}
		return nil
	})
	return errors.Join(why, err)
}

// closeTest closes the ticket with the status the settings name, else with the
// first of its board that closes.
func (s *Service) closeTest(ctx context.Context, session state.Session[TestDesk], t connectwise.Ticket, settings alert.Settings) error {
	board := cmp.Or(t.BoardID, settings.BoardID)
	statuses, err := session.Client.ListStatuses(ctx, board)
	if err != nil {
		return session.Fail(ctx, err)
	}
	closing := slices.DeleteFunc(statuses, func(st connectwise.Status) bool { return !st.Closed || st.Inactive })
	if len(closing) == 0 {
		return refuse(Clash, "", "its board has no status that closes")
	}
	slices.SortStableFunc(closing, func(a, b connectwise.Status) int {
		return cmp.Or(wanted(b, settings)-wanted(a, settings), cmp.Compare(a.SortOrder, b.SortOrder))
	})
	if _, err := session.Client.CloseTicket(ctx, t.ID, closing[0].ID); err != nil {
		return session.Fail(ctx, err)
	}
	return nil
}

func wanted(st connectwise.Status, settings alert.Settings) int {
	if st.ID == settings.CloseStatusID {
		return 1
	}
	return 0
}

// plainly says a vendor's failure in a few words.
func plainly(err error) string {
	if refusal, ok := errors.AsType[*Refusal](err); ok {
		return refusal.Message
	}
	switch vendorhttp.KindOf(err) {
	case vendorhttp.Forbidden:
		return "a right is missing (Close Service Tickets)"
	case vendorhttp.Conflict:
		return "the status was not taken"
	default:
		return "ConnectWise did not do it"
	}
}
