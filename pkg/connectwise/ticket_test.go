package connectwise

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"uniview-bridge/pkg/connectwise/sandbox"
	"uniview-bridge/pkg/vendorhttp"
)

// Ids that the standard setup gives.
const (
	msp, desk, backupBoard           = 19001, 1, 2
	deskNew, deskClosed, backupNew   = 501, 504, 506
	backupClosed, backupType, prioP1 = 508, 303, 1
)

func TestATicketIsCreatedQuietlyAndReadBack(t *testing.T) {
	t.Parallel()
	c, srv := start(t)
	got, err := c.CreateTicket(t.Context(), TicketWrite{
		Summary: "Backup failed\non SRV01", CompanyID: msp, BoardID: backupBoard, TypeID: backupType, PriorityID: prioP1, SourceID: 3,
		SiteID: 2001, Severity: "High", Impact: "Low", ExternalXRef: "uv-abc", Description: "What the customer may read", InternalAnalysis: "What not",
	})
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	want := Ticket{
		ID: 1001, Summary: "Backup failed on SRV01", ExternalXRef: "uv-abc", CompanyID: msp, BoardID: backupBoard, StatusID: backupNew, PriorityID: prioP1,
		TypeID: backupType, SourceID: 3, SiteID: 2001, StatusName: "New (backup)", BoardName: "Backup", CompanyName: "Demo MSP",
		EnteredBy: "UniBridge", UpdatedBy: "UniBridge", EnteredAt: at, UpdatedAt: at,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	read, err := c.GetTicket(t.Context(), got.ID)
	if diff := cmp.Diff(want, read); diff != "" || err != nil {
		t.Error(diff, err)
	}
	notes, err := c.ListNotes(t.Context(), got.ID)
	if err != nil || len(notes) != 2 || notes[0].Text != "What the customer may read" || !notes[0].Discussion || !notes[1].Internal {
		t.Errorf("%+v, %v", notes, err)
	}
	srv.View(func(st *sandbox.State) {
		if len(st.Notifications) != 0 || !st.Tickets[0].QuietCreate {
			t.Errorf("notifications were sent: %+v", st.Notifications)
		}
	})
}

func TestEqualityOfTheReferenceIsCheckedAgain(t *testing.T) {
	t.Parallel()
	c, _ := start(t)
	for _, ref := range []string{"uv-AB", "uv-ab", "uv-abc"} {
		if _, err := c.CreateTicket(t.Context(), TicketWrite{Summary: ref, CompanyID: msp, ExternalXRef: ref}); err != nil {
			t.Fatal(err)
		}
	}
	found, err := c.FindTickets(t.Context(), "uv-ab")
	if err != nil || len(found) != 1 || found[0].Summary != "uv-ab" {
		t.Errorf("%+v, %v", found, err)
	}
	listed, err := c.ListTickets(t.Context(), TicketQuery{XRefPrefix: "uv-a"})
	if err != nil || len(listed) != 2 {
		t.Errorf("%+v, %v", listed, err)
	}
	none, err := c.FindTickets(t.Context(), "uv-none")
	if err != nil || none == nil || len(none) != 0 {
		t.Errorf("%+v, %v", none, err)
	}
	for _, bad := range []string{"", `x" or id>0`, "a*"} {
		if _, err := c.FindTickets(t.Context(), bad); !vendorhttp.IsInvalid(err) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestTicketsAreChosenByUpdateBoardCompanyAndState(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	srv := sandbox.New(sandbox.Options{Now: func() time.Time { return now }})
	srv.Edit(func(st *sandbox.State) {
		st.AddStandardSetup()
		other := st.AddCompany("Other")
		for i := range 4 {
			now = now.Add(time.Hour)
			st.AddTicket([]int{msp, other}[i%2], "t", "tech1")
		}
		st.MoveTicket(1001, backupBoard, "tech1")
		st.CloseTicket(1002, "tech1")
	})
	c, err := New(config(srv.Transport()))
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		q    TicketQuery
		want []int
	}{
		"all":        {TicketQuery{}, []int{1001, 1002, 1003, 1004}},
		"by id":      {TicketQuery{IDs: []int{1004, 1002, 9}}, []int{1002, 1004}},
		"open only":  {TicketQuery{OpenOnly: true}, []int{1001, 1003, 1004}},
		"by board":   {TicketQuery{BoardID: backupBoard}, []int{1001}},
		"by company": {TicketQuery{CompanyID: msp}, []int{1001, 1003}},
		"since, to the second, that second included": {TicketQuery{UpdatedSince: now.Add(300 * time.Millisecond)}, []int{1001, 1002, 1004}},
	} {
		got, err := c.ListTickets(t.Context(), tt.q)
		var ids []int
		for _, k := range got {
			ids = append(ids, k.ID)
		}
		if diff := cmp.Diff(tt.want, ids); diff != "" || err != nil {
			t.Errorf("%s: %s %v", name, diff, err)
		}
	}
}

func TestCreatesWhoseOutcomeIsUnknown(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		fault     sandbox.Fault
		uncertain bool
		created   int
	}{
		{"the answer is lost after the commit", sandbox.Fault{Kind: sandbox.ResetAfter}, true, 1},
		{"the connection is cut before the commit", sandbox.Fault{Kind: sandbox.ResetBefore}, true, 0},
		{"the answer is cut half-way", sandbox.Fault{Kind: sandbox.Truncate}, true, 1},
		{"408", sandbox.Fault{Kind: sandbox.StatusFault, Status: 408}, true, 0},
		{"500 with JSON", sandbox.Fault{Kind: sandbox.StatusFault, Status: 500, Code: "x"}, true, 0},
		{"502 with HTML", sandbox.Fault{Kind: sandbox.StatusFault, Status: 502, HTML: true}, true, 0},
		{"504 with text", sandbox.Fault{Kind: sandbox.StatusFault, Status: 504, Body: "upstream"}, true, 0},
		{"a redirect", sandbox.Fault{Kind: sandbox.StatusFault, Status: 302, Body: "x"}, true, 0},
		{"201 with a body that is not JSON", sandbox.Fault{Kind: sandbox.StatusFault, Status: 201, Body: "created"}, true, 0},
		{"201 with a body that is no ticket", sandbox.Fault{Kind: sandbox.StatusFault, Status: 201, Code: "x"}, true, 0},
		{"400", sandbox.Fault{Kind: sandbox.StatusFault, Status: 400, Code: "InvalidObject"}, false, 0},
		{"401", sandbox.Fault{Kind: sandbox.StatusFault, Status: 401, Code: "Unauthorized"}, false, 0},
		{"403", sandbox.Fault{Kind: sandbox.StatusFault, Status: 403, Code: "Security"}, false, 0},
		{"409", sandbox.Fault{Kind: sandbox.StatusFault, Status: 409}, false, 0},
		{"429", sandbox.Fault{Kind: sandbox.StatusFault, Status: 429, RetryAfter: 30}, false, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, srv := start(t)
			tt.fault.Op, tt.fault.Times = "create ticket", 1
			srv.Inject(tt.fault)
			_, err := c.CreateTicket(t.Context(), TicketWrite{Summary: "s", CompanyID: msp, ExternalXRef: "uv-1"})
			if err == nil || vendorhttp.IsUncertain(err) != tt.uncertain {
				t.Fatalf("uncertain %v: %v", vendorhttp.IsUncertain(err), err)
			}
			if n := count(srv, "create ticket"); n != 1 {
				t.Errorf("sent %d times", n)
			}
			if found, err := c.FindTickets(t.Context(), "uv-1"); err != nil || len(found) != tt.created {
				t.Errorf("found %d, %v", len(found), err)
			}
		})
	}
}

func TestACreateThatRunsOutOfTimeIsUncertain(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	c, err := New(config(roundTrip(func(r *http.Request) (*http.Response, error) {
		cancel()
		<-r.Context().Done()
		return nil, r.Context().Err()
	})))
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.CreateTicket(ctx, TicketWrite{Summary: "s", CompanyID: 1})
	if !vendorhttp.IsUncertain(err) {
		t.Errorf("got %v", err)
	}
}

func TestTicketsThatAreNotEvenSent(t *testing.T) {
	t.Parallel()
	for name, w := range map[string]TicketWrite{
		"no summary":                    {CompanyID: 1, Summary: " \n"},
		"no company":                    {Summary: "s"},
		"a reference that is too long":  {Summary: "s", CompanyID: 1, ExternalXRef: strings.Repeat("x", 101)},
		"a reference with a quote":      {Summary: "s", CompanyID: 1, ExternalXRef: `a"b`},
		"a reference with a line break": {Summary: "s", CompanyID: 1, ExternalXRef: "a\nb"},
	} {
		c, srv := start(t)
		if _, err := c.CreateTicket(t.Context(), w); !vendorhttp.IsInvalid(err) || len(srv.Requests()) != 0 {
			t.Errorf("%s: %v after %d requests", name, err, len(srv.Requests()))
		}
	}
}

func TestARefusedTicketSaysWhy(t *testing.T) {
	t.Parallel()
	c, _ := start(t)
	_, err := c.CreateTicket(t.Context(), TicketWrite{Summary: "s", CompanyID: msp, BoardID: desk, StatusID: backupNew})
	var e *vendorhttp.Error
	if !errors.As(err, &e) || e.Code != "InvalidObject" || !strings.Contains(e.Error(), "status/id: Service Status 506 not found for Service Board 1") {
		t.Errorf("got %v", err)
	}
}

func TestSummariesAreCutForTheServersCount(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"short":                            "short",
		" a \r\n b\t\tc ":                  "a b c",
		strings.Repeat("x", 100):           strings.Repeat("x", 100),
		strings.Repeat("x", 101):           strings.Repeat("x", 99) + "…",
		strings.Repeat("x", 98) + " yyyyy": strings.Repeat("x", 98) + "…",
		strings.Repeat("😀", 60):            strings.Repeat("😀", 49) + "…",
		"bad \xff utf":                     "bad \uFFFD utf",
	} {
		got := ClipSummary(in)
		if got != want || len(utf16.Encode([]rune(got))) > MaxSummary {
			t.Errorf("%q: got %q", in, got)
		}
	}
}
