package review_test

import (
	"context"
	"strings"
	"testing"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/connectwise"
	"uniview-bridge/pkg/review"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/vendorhttp"
)

// fakeDesk is ConnectWise as far as test tickets go.
type fakeDesk struct {
	tickets []connectwise.Ticket
	lose    bool // the ticket is created, the answer is lost
	stuck   bool // tickets cannot be closed
	closed  []int
}

func (f *fakeDesk) FindTickets(_ context.Context, ref string) ([]connectwise.Ticket, error) {
	var out []connectwise.Ticket
	for _, t := range f.tickets {
		if t.ExternalXRef == ref {
			out = append(out, t)
		}
	}
	return out, nil
}

func (f *fakeDesk) CreateTicket(_ context.Context, t connectwise.TicketWrite) (connectwise.Ticket, error) {
	made := connectwise.Ticket{ID: 100 + len(f.tickets), ExternalXRef: t.ExternalXRef, BoardID: t.BoardID, CompanyID: t.CompanyID}
	f.tickets = append(f.tickets, made)
	if f.lose {
		e := vendorhttp.NewError("connectwise", "create ticket", vendorhttp.Network, 0, "lost")
		e.Uncertain = true
		return connectwise.Ticket{}, e
	}
	return made, nil
}

func (f *fakeDesk) ListStatuses(context.Context, int) ([]connectwise.Status, error) {
	return []connectwise.Status{{ID: 1, Name: "New"}, {ID: 5, Name: "Closed", Closed: true, SortOrder: 9}, {ID: 4, Name: "Resolved", Closed: true, SortOrder: 2}, {ID: 6, Closed: true, Inactive: true}}, nil
}

func (f *fakeDesk) CloseTicket(_ context.Context, _, status int) (connectwise.Ticket, error) {
	if f.stuck {
		return connectwise.Ticket{}, vendorhttp.NewError("connectwise", "close ticket", vendorhttp.Forbidden, 403, "no")
	}
	f.closed = append(f.closed, status)
	return connectwise.Ticket{Closed: true}, nil
}

func (w *world) test(f *fakeDesk) (review.TestTicket, error) {
	return w.service.TestTicket(w.t.Context(), anna, "here", state.Session[review.TestDesk]{
		Client: f, Fail: func(_ context.Context, err error) error { return err },
	})
}

func (w *world) ticketSettings(change func(*alert.Settings)) {
	s := alert.Defaults()
	s.CompanyID, s.BoardID = 2, 3
	if change != nil {
		change(&s)
	}
	if err := state.SaveTicketDefaults(w.t.Context(), w.store, s); err != nil {
		w.t.Fatal(err)
	}
}

func TestATestTicketIsCreatedAndClosed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := &fakeDesk{}
	if _, err := w.test(f); err == nil || !strings.Contains(err.Error(), "choose a company") {
		t.Errorf("without settings: %v", err)
	}
	w.ticketSettings(nil)
	out, err := w.test(f)
	if err != nil || !out.Closed || out.TicketID != 100 || len(f.closed) != 1 || f.closed[0] != 4 {
		t.Errorf("%+v %v, closed with %v", out, err, f.closed)
	}
	if _, ok := alert.ParseReference(out.Reference); !ok {
		t.Errorf("reference %q is not ours", out.Reference)
	}
	w.ticketSettings(func(s *alert.Settings) { s.CloseStatusID = 5 })
	if second, err := w.test(f); err != nil || second.Reference == out.Reference || f.closed[1] != 5 {
		t.Errorf("%+v %v, closed with %v", second, err, f.closed)
	}
	if entries, _ := state.Audits(t.Context(), w.store, "", 9); len(entries) != 2 || entries[0].Action != "test ticket" {
		t.Errorf("audit %+v", entries)
	}
}

func TestALostTestTicketIsFoundByTheNextTest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ticketSettings(nil)
	f := &fakeDesk{lose: true}
	if _, err := w.test(f); err == nil || !strings.Contains(err.Error(), "may have been created") {
		t.Fatal(err)
	}
	f.lose = false
	out, err := w.test(f)
	if err != nil || out.TicketID != 100 || !out.Closed || len(f.tickets) != 1 {
		t.Errorf("%+v %v, %d tickets", out, err, len(f.tickets))
	}
}

func TestATestTicketThatCannotBeClosedSaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ticketSettings(nil)
	out, err := w.test(&fakeDesk{stuck: true})
	if err != nil || out.Closed || !strings.Contains(out.Message, "a right is missing") {
		t.Errorf("%+v %v", out, err)
	}
}
