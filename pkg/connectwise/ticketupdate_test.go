package connectwise

import (
	"errors"
	"testing"

	"uniview-bridge/pkg/connectwise/sandbox"
	"uniview-bridge/pkg/vendorhttp"
)

func TestStatusAndPriorityChanges(t *testing.T) {
	t.Parallel()
	c, srv := start(t)
	k, err := c.CreateTicket(t.Context(), TicketWrite{Summary: "s", CompanyID: msp})
	if err != nil {
		t.Fatal(err)
	}
	if k, err = c.SetTicketPriority(t.Context(), k.ID, prioP1); err != nil || k.PriorityID != prioP1 {
		t.Errorf("%+v, %v", k, err)
	}
	if _, err := c.SetTicketStatus(t.Context(), k.ID, backupClosed); !vendorhttp.IsInvalid(err) {
		t.Errorf("a status of another board: %v", err)
	}
	if _, err := c.CloseTicket(t.Context(), k.ID, 502); !vendorhttp.IsConflict(err) {
		t.Errorf("a status that does not close: %v", err)
	}
	if k, err = c.CloseTicket(t.Context(), k.ID, deskClosed); err != nil || !k.Closed || k.ClosedAt.IsZero() {
		t.Errorf("%+v, %v", k, err)
	}
	if k, err = c.SetTicketStatus(t.Context(), k.ID, deskNew); err != nil || k.Closed || !k.ClosedAt.IsZero() {
		t.Errorf("%+v, %v", k, err)
	}
	srv.View(func(st *sandbox.State) {
		if len(st.Notifications) != 0 {
			t.Errorf("%+v", st.Notifications)
		}
	})
	c.cfg.NotifyOnUpdate = true
	if _, err := c.CloseTicket(t.Context(), k.ID, deskClosed); err != nil {
		t.Fatal(err)
	}
	srv.View(func(st *sandbox.State) {
		if len(st.Notifications) != 1 {
			t.Errorf("%+v", st.Notifications)
		}
	})
}

func TestAnUpdateThatAnswersSuccessButChangesNothingIsAnError(t *testing.T) {
	t.Parallel()
	c := fixed(t, 200, "application/json", `{"id":7,"status":{"id":1},"priority":{"id":1},"closedFlag":false}`)
	var e *vendorhttp.Error
	if _, err := c.SetTicketStatus(t.Context(), 7, 2); !errors.As(err, &e) || e.Code != CodeNotApplied {
		t.Errorf("status: %v", err)
	}
	if _, err := c.SetTicketPriority(t.Context(), 7, 2); !errors.As(err, &e) || e.Code != CodeNotApplied {
		t.Errorf("priority: %v", err)
	}
	if _, err := c.SetTicketStatus(t.Context(), 8, 1); vendorhttp.KindOf(err) != vendorhttp.Malformed || !vendorhttp.IsUncertain(err) {
		t.Errorf("another ticket: %v", err)
	}
}

func TestNotes(t *testing.T) {
	t.Parallel()
	c, srv := start(t)
	srv.Edit(func(st *sandbox.State) { st.AddTicket(msp, "t", "tech1") })
	for _, tt := range []struct {
		in         Note
		discussion bool
		mails      int
	}{
		{Note{Text: "seen by the customer"}, true, 0},
		{Note{Text: "line one\nline two", Internal: true}, false, 0},
		{Note{Text: "what it was", Resolution: true}, false, 0},
		{Note{Text: "please mail", Internal: true, Notify: true}, false, 1},
	} {
		srv.Edit(func(st *sandbox.State) { st.Notifications = nil })
		got, err := c.AddNote(t.Context(), 1001, tt.in)
		if err != nil || got.ID == 0 || got.Text != tt.in.Text || got.Discussion != tt.discussion || got.Internal != tt.in.Internal || got.TicketID != 1001 {
			t.Errorf("%+v, %v", got, err)
		}
		srv.View(func(st *sandbox.State) {
			if len(st.Notifications) != tt.mails {
				t.Errorf("%q: %+v", tt.in.Text, st.Notifications)
			}
		})
	}
	srv.Edit(func(st *sandbox.State) { st.LogTime(1001, 0.5, "worked on it", "tech1") })
	if notes, err := c.ListNotes(t.Context(), 1001); err != nil || len(notes) != 4 {
		t.Errorf("%d notes, %v", len(notes), err)
	}
	if k, err := c.GetTicket(t.Context(), 1001); err != nil || k.ActualHours != 0.5 {
		t.Errorf("%+v, %v", k, err)
	}
	if _, err := c.AddNote(t.Context(), 1001, Note{Text: "  "}); !vendorhttp.IsInvalid(err) {
		t.Errorf("an empty note: %v", err)
	}
	if _, err := c.AddNote(t.Context(), 9, Note{Text: "x"}); !vendorhttp.IsNotFound(err) {
		t.Errorf("no such ticket: %v", err)
	}
}

func TestWhatTechniciansDoIsSeen(t *testing.T) {
	t.Parallel()
	c, srv := start(t)
	srv.Edit(func(st *sandbox.State) {
		for range 3 {
			st.AddTicket(msp, "t", "tech1")
		}
		st.MoveTicket(1001, backupBoard, "tech2")
		st.MergeTickets(1001, "tech2", 1002)
		st.AssignTicket(1001, 151, "dispatch")
		st.DeleteTicket(1003)
	})
	parent, err := c.GetTicket(t.Context(), 1001)
	if err != nil || parent.BoardID != backupBoard || parent.StatusID != backupNew || !parent.HasMergedChildren || parent.OwnerID != 151 || parent.Resources != "tech1" {
		t.Errorf("%+v, %v", parent, err)
	}
	child, err := c.GetTicket(t.Context(), 1002)
	if err != nil || child.MergedInto != 1001 || !child.Closed || child.UpdatedBy != "tech2" {
		t.Errorf("%+v, %v", child, err)
	}
	if _, err := c.GetTicket(t.Context(), 1003); !vendorhttp.IsNotFound(err) {
		t.Errorf("deleted: %v", err)
	}
}

func TestDevicesAreAttachedOnce(t *testing.T) {
	t.Parallel()
	c, srv := start(t)
	var dev int
	srv.Edit(func(st *sandbox.State) { st.AddTicket(msp, "t", "tech1"); dev = st.AddConfiguration(msp, "SRV01") })
	if err := c.AttachConfiguration(t.Context(), 1001, dev); !vendorhttp.IsForbidden(err) {
		t.Errorf("without the extra right: %v", err)
	}
	srv.Edit(func(st *sandbox.State) { st.Role.GrantExtras() })
	for range 2 {
		if err := c.AttachConfiguration(t.Context(), 1001, dev); err != nil {
			t.Fatal(err)
		}
	}
	if ids, err := c.ListTicketConfigurations(t.Context(), 1001); err != nil || len(ids) != 1 || ids[0] != dev {
		t.Errorf("%v, %v", ids, err)
	}
	if err := c.AttachConfiguration(t.Context(), 1001, 9); !vendorhttp.IsInvalid(err) {
		t.Errorf("no such device: %v", err)
	}
}
