package connectwise

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"uniview-bridge/pkg/connectwise/sandbox"
	"uniview-bridge/pkg/vendorhttp"
)

func TestErrorBodiesOfEveryKind(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		status  int
		body    string
		kind    vendorhttp.Kind
		code    string
		message string
	}{
		{"the general shape", 400, `{"code":"InvalidObject","message":"ticket object is invalid","errors":[{"code":"NotFound","message":"Service Status 17 not found for Service Board 21","resource":"ticket","field":"status/id"}]}`, vendorhttp.Invalid, "InvalidObject", "status/id: Service Status 17"},
		{"errors is null", 403, `{"code":"Security","message":"You do not have security permission to perform this action.","errors":null}`, vendorhttp.Forbidden, "Security", "security permission"},
		{"the same code for a wrong host", 403, `{"code":"Security","message":"SSL is required.","errors":null}`, vendorhttp.Invalid, "Security", "api-"},
		{"a condition", 400, `{"code":"ApiFindCondition","message":"member/id is not a recognized name."}`, vendorhttp.Invalid, "ApiFindCondition", "recognized"},
		{"a clientId answered with 400", 400, `{"code":"ConnectWiseApi","message":"The clientId is not valid"}`, vendorhttp.Auth, "ConnectWiseApi", "clientId"},
		{"the key error on 429", 429, `{"error":"ConnectWiseAPI","message":"Too many requests. Please try again in 30 seconds."}`, vendorhttp.RateLimited, "ConnectWiseAPI", "Too many"},
		{"an HTML page", 502, `<html><head><title>502 Bad Gateway</title></head></html>`, vendorhttp.Unavailable, CodePage, "502 Bad Gateway"},
		{"half a body", 500, `{"code":"Inval`, vendorhttp.Unavailable, CodePage, ""},
		{"no body", 401, ``, vendorhttp.Auth, CodePage, ""},
		{"another JSON", 400, `[1,2]`, vendorhttp.Invalid, CodePage, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := fixed(t, tt.status, "application/json", tt.body)
			_, err := c.SystemInfo(t.Context())
			var e *vendorhttp.Error
			if !errors.As(err, &e) || e.Kind != tt.kind || e.Code != tt.code || !strings.Contains(e.Error(), tt.message) || e.Status != tt.status {
				t.Errorf("got %#v", err)
			}
		})
	}
}

func TestTheGatewaysPlainTextAfterAFruitlessDiscovery(t *testing.T) {
	t.Parallel()
	c := fixed(t, 400, "text/plain", "Cannot route. Codebase/company is invalid.")
	_, err := c.SystemInfo(t.Context())
	var e *vendorhttp.Error
	if !errors.As(err, &e) || e.Code != CodeGateway || e.Kind != vendorhttp.Invalid {
		t.Errorf("got %v", err)
	}
}

// Every status an answer can have: whether a read is sent again, and whether a
// write may have been done. A write is never sent again.
func TestEveryStatusAndItsVerdict(t *testing.T) {
	t.Parallel()
	table := []struct {
		from, to  int
		again     bool // a read is sent again
		uncertain bool // a write may have been done
		kind      vendorhttp.Kind
	}{
		{200, 299, false, true, vendorhttp.Malformed}, // answered, but not with a ticket
		{300, 399, false, true, vendorhttp.Invalid},   // creates are known to be answered so (connectwise.md §5)
		{400, 400, false, false, vendorhttp.Invalid},
		{401, 401, false, false, vendorhttp.Auth},
		{402, 402, false, false, vendorhttp.Invalid},
		{403, 403, false, false, vendorhttp.Forbidden},
		{404, 404, false, false, vendorhttp.NotFound},
		{405, 407, false, false, vendorhttp.Invalid},
		{408, 408, true, true, vendorhttp.Unavailable},
		{409, 409, false, false, vendorhttp.Conflict},
		{410, 410, false, false, vendorhttp.NotFound},
		{411, 411, false, false, vendorhttp.Invalid},
		{412, 412, false, false, vendorhttp.Conflict},
		{413, 422, false, false, vendorhttp.Invalid},
		{423, 423, false, false, vendorhttp.Conflict},
		{424, 428, false, false, vendorhttp.Invalid},
		{429, 429, true, false, vendorhttp.RateLimited},
		{430, 499, false, false, vendorhttp.Invalid},
		{500, 599, true, true, vendorhttp.Unavailable},
	}
	status := 200
	for _, row := range table {
		if row.from != status {
			t.Fatalf("the table leaves out %d", status)
		}
		for ; status <= row.to; status++ {
			if testing.Short() && status != row.from && status != row.to {
				continue // the long part tries them all
			}
			reads, writes := 0, 0
			cfg := config(roundTrip(func(r *http.Request) (*http.Response, error) {
				if r.Method == http.MethodGet {
					reads++
				} else {
					writes++
				}
				return reply(status, "application/json", `{"code":"x","message":"y"}`), nil
			}))
			cfg.Retries = 1
			c, err := New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			_, readErr := c.GetTicket(t.Context(), 1)
			_, createErr := c.CreateTicket(t.Context(), TicketWrite{Summary: "s", CompanyID: 1})
			_, patchErr := c.SetTicketStatus(t.Context(), 1, 1)
			_, noteErr := c.AddNote(t.Context(), 1, Note{Text: "n"})
			if (reads == 2) != row.again || reads > 2 || writes != 3 {
				t.Errorf("%d: %d reads, %d writes", status, reads, writes)
			}
			for name, err := range map[string]error{"read": readErr, "create": createErr, "patch": patchErr, "note": noteErr} {
				if vendorhttp.KindOf(err) != row.kind || vendorhttp.IsUncertain(err) != (row.uncertain && name != "read") {
					t.Errorf("%d, %s: %v", status, name, err)
				}
			}
		}
	}
	if status != 600 {
		t.Errorf("the table ends before %d", status)
	}
}

func TestA404WithoutWordsAboutARecordIsNoMissingRecord(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]vendorhttp.Kind{
		`{"code":"NotFound","message":"Ticket 1 not found"}`:                   vendorhttp.NotFound,
		`{"code":"ConnectWiseApi","message":"The endpoint does not exist."}`:   vendorhttp.Unavailable,
		`<html><head><title>404 - File or directory not found.</title></head>`: vendorhttp.Unavailable,
		``: vendorhttp.Unavailable,
	} {
		c := fixed(t, 404, "text/html", body)
		c.checked = c.cfg.Now() // companyinfo has just been asked
		if _, err := c.GetTicket(t.Context(), 1); vendorhttp.KindOf(err) != want {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestWhatABoardRequiresIsFoundOutFromItsRefusal(t *testing.T) {
	t.Parallel()
	c, srv := start(t)
	srv.Edit(func(st *sandbox.State) {
		b := &st.Boards[1]
		b.NeedsSubType, b.NeedsItem = true, true
	})
	_, err := c.CreateTicket(t.Context(), TicketWrite{Summary: "s", CompanyID: msp, BoardID: backupBoard, TypeID: backupType})
	if diff := cmp.Diff([]string{"subType", "item"}, RequiredFields(err)); diff != "" {
		t.Error(diff, err)
	}
	if _, err = c.CreateTicket(t.Context(), TicketWrite{Summary: "s", CompanyID: msp, BoardID: backupBoard, TypeID: backupType, SubTypeID: 403, ItemID: 453}); err != nil {
		t.Error(err)
	}
	if got := RequiredFields(err); got != nil {
		t.Error(got)
	}
}

func TestErrorsCarryTheVendorsRequestID(t *testing.T) {
	t.Parallel()
	c, _ := start(t)
	_, err := c.GetTicket(t.Context(), 5)
	var e *vendorhttp.Error
	if !errors.As(err, &e) || e.RequestID != "00000000-0000-4000-8000-000000000001" {
		t.Errorf("%v", err)
	}
}

func FuzzErrorBody(f *testing.F) {
	f.Add(400, []byte(`{"code":"a","message":"b","errors":[{"code":"c","field":"d"}]}`))
	f.Add(429, []byte(`{"error":"a"}`))
	f.Add(400, []byte(`Cannot route.`))
	f.Add(502, []byte("<title>\xff"))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		code, message, details := parseError(status, nil, body)
		kind := classify(status, nil, body)
		if kind != "" && kind != vendorhttp.Auth && kind != vendorhttp.Invalid && (kind != vendorhttp.Unavailable || status != 404) {
			t.Fatal(kind)
		}
		if code == "" && message == "" && len(details) == 0 {
			t.Fatal("nothing was said")
		}
	})
}

func FuzzTicketBody(f *testing.F) {
	f.Add([]byte(`[{"id":1,"closedFlag":true,"_info":{"lastUpdated":"2026-01-02T03:04:05Z"}}]`))
	f.Add([]byte(`[{"id":1,"closedFlag":"True","closedDate":"2026-01-02T03:04:05.123","actualHours":0.25}]`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, body []byte) {
		rows, ids, err := decodeRows(body, wireTicket.out)
		if err == nil && len(rows) != len(ids) {
			t.Fatal("rows and ids differ")
		}
	})
}

func FuzzTimeStamp(f *testing.F) {
	for _, s := range []string{`"2026-01-02T03:04:05Z"`, `"2026-01-02T03:04:05.123456789+02:00"`, `"2026-01-02"`, `null`, `7`, `"soon"`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var w wireTime
		if err := w.UnmarshalJSON(body); err != nil || !w.IsZero() && w.Location() != time.UTC {
			t.Fatalf("%s gave %v, %v", body, w, err)
		}
	})
}
