package httpapi_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/connectwise"
	"uniview-bridge/pkg/connectwise/sandbox"
	"uniview-bridge/pkg/httpapi"
	"uniview-bridge/pkg/httpapi/view"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/ticketing"
	"uniview-bridge/pkg/vendorhttp"
)

// withDesk is the API over a simulated ConnectWise with one service desk.
func withDesk(t *testing.T, scene string, change func(*httpapi.Deps)) (*world, *sandbox.Server) {
	t.Helper()
	srv := sandbox.New(sandbox.Options{Now: func() time.Time { return noon }})
	srv.Edit(func(st *sandbox.State) { st.AddStandardSetup() })
	var mu sync.Mutex
	now := noon
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	client, err := connectwise.New(connectwise.Config{
		InstanceURL: "na.myconnectwise.net", CompanyID: sandbox.Defaults.CompanyID, PublicKey: sandbox.Defaults.PublicKey,
		PrivateKey: sandbox.Defaults.PrivateKey, ClientID: sandbox.Defaults.ClientID, HTTP: &http.Client{Transport: srv.Transport()},
		Limit: vendorhttp.NewLimiter(vendorhttp.LimiterOptions{PerWindow: 1000, Window: time.Minute, Now: clock, Sleep: func(_ context.Context, d time.Duration) error {
			mu.Lock()
			defer mu.Unlock()
			now = now.Add(d)
			return nil
		}}),
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }, Rand: func() float64 { return 0 },
	})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, scene, func(d *httpapi.Deps) {
		d.ConnectWise = func(context.Context) (state.Session[*connectwise.Client], error) {
			return state.Session[*connectwise.Client]{Client: client, Fail: func(_ context.Context, err error) error { return err }}, nil
		}
		if change != nil {
			change(d)
		}
	})
	return w, srv
}

func TestSettingsThatConnectWiseDoesNotHaveAreRefusedInWords(t *testing.T) {
	if testing.Short() {
		t.Skip("the long part runs this")
	}
	t.Parallel()
	w, srv := withDesk(t, "busy", nil)
	var open, closing, elsewhere int
	srv.View(func(st *sandbox.State) {
		for _, s := range st.Statuses {
			switch {
			case s.BoardID != 1:
				elsewhere = s.ID
			case s.Closed:
				closing = s.ID
			default:
				open = s.ID
			}
		}
	})
	const settings, one = "/api/v1/ticketing/settings", "/api/v1/customers/c-0001/ticketing"
	for name, c := range map[string]struct{ path, body, field, says string }{
		"a board":                       {settings, `{"boardId":77}`, "boardId", "no service board with the id 77"},
		"a project board":               {settings, `{"boardId":3}`, "boardId", "no service board"},
		"a status of another board":     {settings, fmt.Sprintf(`{"boardId":1,"closeStatusId":%d}`, elsewhere), "closeStatusId", `is not on the board "Service Desk"`},
		"a closing status that is open": {settings, fmt.Sprintf(`{"boardId":1,"closeStatusId":%d}`, open), "closeStatusId", "does not close tickets"},
		"a reopen status that closes":   {settings, fmt.Sprintf(`{"boardId":1,"reopenStatusId":%d}`, closing), "reopenStatusId", "closes tickets"},
		"a priority of a severity":      {settings, `{"boardId":1,"priorities":{"alarm":99}}`, "priorities.alarm", "no priority with the id 99"},
		"a company":                     {settings, `{"boardId":1,"companyId":4242}`, "companyId", "no company with the id 4242"},
		"a customer's own board":        {one, `{"boardId":77}`, "boardId", "no service board"},
		"a rule's board":                {"/api/v1/rules", `{"rules":[{"name":"a","if":{},"then":{"noTicket":true}},{"name":"b","if":{},"then":{"boardId":77}}]}`, "rules.1.then.boardId", "no service board"},
	} {
		p := get[httpapi.Problem](w, 400, "PUT", c.path, c.body)
		if p.Field != c.field || !strings.Contains(p.Detail, c.says) || len(p.Problems) == 0 {
			t.Errorf("%s: %+v", name, p)
		}
	}
	kept := get[httpapi.TicketSettingsAnswer](w, 200, "PUT", settings, fmt.Sprintf(`{"boardId":1,"closeStatusId":%d,"priorities":{"alarm":1}}`, closing))
	if kept.BoardID != 1 || kept.CloseStatusID != closing {
		t.Errorf("kept %+v", kept)
	}
	// A default that went bad is not the fault of a customer's own settings.
	srv.Edit(func(st *sandbox.State) {
		for i := range st.Priorities {
			if st.Priorities[i].ID == 1 {
				st.Priorities[i].ID = 1001
			}
		}
	})
	if o := get[httpapi.OverridesAnswer](w, 200, "PUT", one, `{"noteEvery":30}`); len(o.Warnings) == 0 || o.Effective.NoteEvery != 30 {
		t.Errorf("answered %+v", o)
	}
	offer := get[alert.Offer](w, 200, "GET", "/api/v1/ticketing/options?board=2", "")
	if len(offer.Boards) != 2 || len(offer.Boards[1].Statuses) != 3 || len(offer.Boards[0].Statuses) != 0 || len(offer.Boards[1].SubTypes) == 0 {
		t.Errorf("options %+v", offer.Boards)
	}
}

func TestSettingsAreKeptWithAWarningWhenConnectWiseCannotBeAsked(t *testing.T) {
	if testing.Short() {
		t.Skip("the long part runs this")
	}
	t.Parallel()
	w := newWorld(t, "busy", nil)
	kept := get[httpapi.TicketSettingsAnswer](w, 200, "PUT", "/api/v1/ticketing/settings", `{"boardId":77,"doNotSync":true}`)
	if !kept.DoNotSync || len(kept.Warnings) != 1 || !strings.Contains(kept.Warnings[0].Text, "could not be asked") {
		t.Errorf("kept %+v", kept)
	}
	if kept = get[httpapi.TicketSettingsAnswer](w, 200, "PUT", "/api/v1/ticketing/settings", `{"doNotSync":true}`); len(kept.Warnings) != 0 {
		t.Errorf("nothing of ConnectWise is named, and still %+v", kept.Warnings)
	}
}

func TestASnoozeHoldsAnAlertAndItsEndIsAnEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "empty", nil)
	c := alert.Condition{Key: "v1:abc", Group: "c1/condition/v1:abc", Class: alert.ClassBackup, State: alert.ConditionOpen, Episode: 1, Message: "<b>boom</b>", Last: noon}
	put(w, state.CustomerKey("c1"), state.Customer{ID: "c1", Name: "Alpha"})
	put(w, state.DeskKey("c1"), state.Desk{AsOf: noon, Conditions: map[string]alert.Condition{c.Key: c}, Groups: map[string]alert.Group{c.Group: {Key: c.Group, State: alert.GroupWaiting, Reason: "grace"}}})
	made := get[httpapi.Silence](w, 200, "POST", "/api/v1/alerts/v1:abc/snooze", `{"until":"2026-03-06T08:00:00Z","reason":"a new disk comes"}`)
	if made.State != "active" || made.Owner != "local token" || made.Target != "v1:abc" || made.CustomerName != "Alpha" || !made.NextUntil.Equal(made.Until) {
		t.Errorf("made %+v", made)
	}
	held := c
	held.Held = &alert.Held{By: "snooze", ID: made.ID, Reason: "snoozed by local token", Until: made.Until}
	rule := c
	rule.Key, rule.Held = "v1:def", &alert.Held{By: "rule", ID: "1", Reason: "rule 1 wants no ticket"}
	put(w, state.DeskKey("c1"), state.Desk{AsOf: noon, Conditions: map[string]alert.Condition{held.Key: held, rule.Key: rule}, Groups: map[string]alert.Group{c.Group: {Key: c.Group, State: alert.GroupWaiting}}})
	for query, want := range map[string]string{"state=snoozed": "snoozed", "state=held": "held"} {
		list := get[httpapi.Page[view.Alert]](w, 200, "GET", "/api/v1/alerts?"+query, "").Items
		if len(list) != 1 || string(list[0].State) != want || list[0].Why == "" || (list[0].SilenceID == made.ID) != (want == "snoozed") {
			t.Errorf("%s: %+v", query, list)
		}
	}
	if list := get[httpapi.Page[view.Alert]](w, 200, "GET", "/api/v1/alerts?state=active", "").Items; len(list) != 2 {
		t.Errorf("active: %+v", list)
	}
	w.call("DELETE", "/api/v1/snoozes/"+made.ID, "")
	if left := get[httpapi.Page[httpapi.Silence]](w, 200, "GET", "/api/v1/snoozes?state=active", "").Items; len(left) != 0 {
		t.Errorf("left %+v", left)
	}
	trail := get[httpapi.Page[view.AuditEntry]](w, 200, "GET", "/api/v1/audit?kind=silence&customer=c1", "").Items
	if len(trail) != 2 || trail[1].Action != "make snooze" || trail[1].After["settings"] == "" || trail[0].Before["settings"] == "" {
		t.Errorf("the trail says %+v", trail)
	}
}

func TestAWindowComesAgainInItsTimeZone(t *testing.T) {
	if testing.Short() {
		t.Skip("the long part runs this")
	}
	t.Parallel()
	w := newWorld(t, "busy", nil)
	const body = `{"customerId":"c-0001","scope":"customer","name":"<script>","reason":"patch night","repeat":{"days":["sun"],"start":"01:30","minutes":120,"zone":"Europe/Berlin"}%s}`
	made := get[httpapi.Silence](w, 200, "POST", "/api/v1/windows", fmt.Sprintf(body, ""))
	if made.State != "planned" || !made.NextFrom.Equal(time.Date(2026, 3, 8, 0, 30, 0, 0, time.UTC)) || made.Name != "<script>" {
		t.Errorf("made %+v", made)
	}
	changed := get[httpapi.Silence](w, 200, "PUT", "/api/v1/windows/"+made.ID, fmt.Sprintf(body, `,"until":"2026-03-07T00:00:00Z"`))
	if changed.ID != made.ID || changed.State != "ended" || !changed.Created.Equal(made.Created) {
		t.Errorf("changed to one that never holds: %+v", changed)
	}
	if p := get[httpapi.Problem](w, 400, "PUT", "/api/v1/windows/"+made.ID, strings.Replace(fmt.Sprintf(body, ""), "c-0001", "c-0002", 1)); p.Field != "customerId" {
		t.Errorf("moved to another customer: %+v", p)
	}
	if res := w.call("DELETE", "/api/v1/snoozes/"+made.ID, ""); res.StatusCode != 404 {
		t.Errorf("a window ended as a snooze: %d", res.StatusCode)
	}
	if res := w.call("DELETE", "/api/v1/windows/"+made.ID, ""); res.StatusCode != 204 {
		t.Errorf("delete: %d", res.StatusCode)
	}
}

// remembered gives two customers a history of alerts.
func remembered(t *testing.T, w *world) {
	t.Helper()
	at := noon.Add(-48 * time.Hour)
	for _, id := range []string{"c-0001", "c-0002"} {
		put(w, state.HistoryKey(id), alert.History{
			Episodes: []alert.Episode{
				{Key: "v1:1", Number: 1, Class: alert.ClassBackup, Severity: alert.SeverityCritical, AssetKey: "appliance:a", Name: "=SRV", Message: "failed", First: at, Last: at, Over: at.Add(time.Hour), Count: 4, Ticket: 7, How: alert.HowOpened},
				{Key: "v1:2", Number: 1, Class: alert.ClassHardware, Severity: alert.SeverityWarning, AssetKey: "appliance:b", Name: "DB", Message: "drive", First: at, Last: at, Over: at.Add(time.Minute), Count: 1},
			},
			Tickets: []alert.TicketLife{{ID: 7, Reference: "r", Name: "=SRV", Opened: at, Closed: at.Add(time.Hour), Seconds: 3600, ClosedBy: alert.ByBridge}},
		})
	}
}

func TestReportsTellWhatAlertsCameTo(t *testing.T) {
	if testing.Short() {
		t.Skip("the long part runs this")
	}
	t.Parallel()
	w := newWorld(t, "busy", nil)
	remembered(t, w)
	type row struct {
		CustomerID, CustomerName, Name           string
		Alerts, Avoided, Minutes, Troubles, Held int
	}
	avoided := get[httpapi.DeskReport[row]](w, 200, "GET", "/api/v1/reports/tickets-avoided", "")
	if avoided.Total != 2 || avoided.Items[0].Avoided != 4 || avoided.Items[0].Held != 1 || avoided.Items[0].CustomerName == "" {
		t.Errorf("%+v", avoided)
	}
	noisy := get[httpapi.DeskReport[row]](w, 200, "GET", "/api/v1/reports/noisy-machines?customer=c-0001&limit=1", "")
	if noisy.Total != 2 || noisy.Items[0].Name != "=SRV" || noisy.Items[0].Alerts != 4 || noisy.NextCursor == "" {
		t.Errorf("%+v", noisy)
	}
	next := get[httpapi.DeskReport[row]](w, 200, "GET", "/api/v1/reports/noisy-machines?customer=c-0001&limit=1&cursor="+noisy.NextCursor, "")
	if len(next.Items) != 1 || next.Items[0].Name != "DB" {
		t.Errorf("the next page: %+v", next)
	}
	if open := get[httpapi.DeskReport[row]](w, 200, "GET", "/api/v1/reports/time-open?to=2026-03-01", ""); open.Total != 0 || open.Items == nil {
		t.Errorf("before anything happened: %+v", open)
	}
	rows, err := csv.NewReader(w.call("GET", "/api/v1/reports/time-open?format=csv", "").Body).ReadAll()
	if err != nil || len(rows) != 3 || rows[0][1] != "ticket" || rows[1][2] != "'=SRV" || rows[1][10] != "60" {
		t.Errorf("%v %q", err, rows)
	}
}

func TestRulesAreTriedBeforeTheyAreKept(t *testing.T) {
	if testing.Short() {
		t.Skip("the long part runs this")
	}
	t.Parallel()
	w := newWorld(t, "busy", nil)
	remembered(t, w)
	put(w, state.SettingsKey("ticketing"), func() alert.Settings { s := alert.Defaults(); s.CompanyID, s.BoardID = 1, 1; return s }())
	const rules = `"rules":[{"name":"no drives","if":{"contains":"DRIVE"},"then":{"noTicket":true}}]`
	trial := get[alert.Trial](w, 200, "POST", "/api/v1/rules/test", `{`+rules+`}`)
	if trial.Totals["no ticket"] != 2 || trial.Totals["open"] != 2 {
		t.Errorf("tried: %+v", trial.Totals)
	}
	if kept := get[httpapi.RulesAnswer](w, 200, "GET", "/api/v1/rules", ""); len(kept.Rules) != 0 || kept.Rules == nil {
		t.Errorf("a trial changed the rules: %+v", kept)
	}
	first := get[httpapi.RulesAnswer](w, 200, "PUT", "/api/v1/rules", `{"version":0,`+rules+`}`)
	get[httpapi.Problem](w, 409, "PUT", "/api/v1/rules", `{"version":0,"rules":[]}`)
	if again := get[httpapi.RulesAnswer](w, 200, "PUT", "/api/v1/rules", fmt.Sprintf(`{"version":%d,"rules":[]}`, first.Version)); len(again.Rules) != 0 {
		t.Errorf("kept %+v", again)
	}
	trail := get[httpapi.Page[view.AuditEntry]](w, 200, "GET", "/api/v1/audit?kind=ticketing", "").Items
	if len(trail) < 2 || trail[0].CustomerID != "" || !strings.Contains(trail[0].Before["settings"], "no drives") {
		t.Errorf("the trail says %+v", trail)
	}
}

func TestAPreviewShowsTheTextsOfARealAlert(t *testing.T) {
	if testing.Short() {
		t.Skip("the long part runs this")
	}
	t.Parallel()
	w := newWorld(t, "busy", nil)
	a := get[httpapi.Page[view.Alert]](w, 200, "GET", "/api/v1/alerts?state=ticketed", "").Items[0]
	texts := get[alert.Texts](w, 200, "POST", "/api/v1/ticketing/preview", fmt.Sprintf(`{"summary":"!! {customer} {what}","alert":%q}`, a.Key))
	if !strings.HasPrefix(texts.Summary, "!! "+a.CustomerName) || texts.Note == "" || texts.Closing == "" {
		t.Errorf("%+v", texts)
	}
}

func TestACallbackIsTakenFromConnectWiseAlone(t *testing.T) {
	t.Parallel()
	w, srv := withDesk(t, "calm", func(d *httpapi.Deps) { d.Installation = "test" })
	const v1 = "/api/v1"
	p := get[httpapi.Problem](w, 409, "PUT", v1+"/ticketing/callback", `{"address":"https://bridge.example/"}`)
	if !strings.Contains(p.Detail, "Table Setup") {
		t.Errorf("without the extra right: %+v", p)
	}
	srv.Edit(func(st *sandbox.State) { st.Role.GrantExtras() })
	for range 2 {
		if c := get[httpapi.CallbackAnswer](w, 200, "PUT", v1+"/ticketing/callback", `{"address":"https://bridge.example/"}`); !c.Enabled || len(c.Warnings) > 0 {
			t.Errorf("switched on: %+v", c)
		}
	}
	var path string
	var body []byte
	var signature string
	srv.Edit(func(st *sandbox.State) {
		if len(st.Callbacks) != 1 {
			t.Fatalf("%d callbacks are registered", len(st.Callbacks))
		}
		for _, c := range st.Callbacks {
			path = strings.TrimPrefix(c.URL, "https://bridge.example")
		}
		id := st.AddTicket(1, "t", "tech1")
		body, signature = st.SignedCallback("https://na.myconnectwise.net", "updated", id)
		group := "c-1/customer"
		put(w, state.DeskKey("c-1"), state.Desk{Groups: map[string]alert.Group{group: {Key: group, State: alert.GroupOpen, TicketID: id}}})
		if err := state.SaveTicketOwner(t.Context(), w.store, id, state.TicketOwner{Customer: "c-1", Group: group}, noon); err != nil {
			t.Fatal(err)
		}
	})
	send := func(path, signature string, body []byte) (int, string) {
		r := request(t, "POST", path, string(body))
		r.Header.Del("Authorization")
		r.Header.Set(connectwise.SignatureHeader, signature)
		res := w.send(r)
		raw, _ := io.ReadAll(res.Body)
		return res.StatusCode, string(raw)
	}
	_, stranger := send("/api/v1/nowhere", "", nil)
	u, _ := url.Parse(path)
	for name, c := range map[string]struct {
		path, signature string
		body            []byte
	}{
		"another address":         {u.Path + "x", signature, body},
		"no signature":            {path, "", body},
		"another's signature":     {path, "AAAA", body},
		"a body that was changed": {path, signature, bytes.Replace(body, []byte("updated"), []byte("deleted"), 1)},
		"a body that is too big":  {path, signature, append(bytes.Repeat([]byte(" "), 300<<10), body...)},
		"no body":                 {path, signature, nil},
	} {
		if status, says := send(c.path, c.signature, c.body); status != 404 || says != stranger {
			t.Errorf("%s: %d %s", name, status, says)
		}
	}
	if len(w.syncs.asked) != 0 {
		t.Errorf("strangers made work: %v", w.syncs.asked)
	}
	for range 2 {
		if status, says := send(path, signature, body); status != 204 || says != "" {
			t.Errorf("ConnectWise itself: %d %s", status, says)
		}
	}
	if len(w.syncs.asked) != 1 || w.syncs.asked[0] != "customer c-1 by ConnectWise" {
		t.Errorf("asked for %v", w.syncs.asked)
	}
	raw, _ := io.ReadAll(w.call("GET", v1+"/audit?kind=ticketing", "").Body)
	if token := u.Path[strings.LastIndex(u.Path, "/")+1:]; strings.Contains(string(raw), token) || !strings.Contains(string(raw), "switch callbacks on") {
		t.Errorf("the trail says %s", raw)
	}
	get[httpapi.CallbackAnswer](w, 200, "DELETE", v1+"/ticketing/callback", "")
	if status, says := send(path, signature, body); status != 404 || says != stranger {
		t.Errorf("switched off: %d %s", status, says)
	}
	srv.View(func(st *sandbox.State) {
		if len(st.Callbacks) != 0 {
			t.Error("the callback is still registered")
		}
	})
}

func TestWhoMaySeeOneCustomerHoldsNoOther(t *testing.T) {
	if testing.Short() {
		t.Skip("the long part runs this")
	}
	t.Parallel()
	full := newWorld(t, "busy", nil)
	office := ticketing.Office{Table: full.store, Now: func() time.Time { return noon }, Random: func() string { return "x" }}
	theirs, err := office.Silence(t.Context(), "Max", alert.Silence{Kind: alert.Window, CustomerID: "c-0002", Scope: alert.OnCustomer, Reason: "secret", Until: noon.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	remembered(t, full)
	alerts := slices.DeleteFunc(get[httpapi.Page[view.Alert]](full, 200, "GET", "/api/v1/alerts?state=active", "").Items, func(a view.Alert) bool { return a.CustomerID == "c-0001" })
	w := newWorld(t, "empty", func(d *httpapi.Deps) {
		d.Policy, d.Table, d.Model.Table = limited{"c-0001"}, full.store, full.store
	})
	const v1 = "/api/v1"
	window := `{"customerId":"c-0002","scope":"customer","reason":"r","until":"2026-03-05T10:00:00Z"}`
	for call, want := range map[string]int{
		"GET /rules ": 403, "PUT /rules {}": 403, "POST /rules/test {}": 403, "PUT /ticketing/settings {}": 403, "GET /ticketing/callback ": 403,
		"GET /windows/" + theirs.ID + " ": 404, "PUT /windows/" + theirs.ID + " " + window: 404, "DELETE /windows/" + theirs.ID + " ": 404,
		"POST /windows " + window: 404, `POST /ticketing/preview {"customerId":"c-0002"}`: 404, `POST /ticketing/preview {"customerId":"c-0001"}`: 200,
		"POST /windows " + strings.Replace(window, "c-0002", "c-0001", 1):                                         200,
		"POST /alerts/" + url.PathEscape(alerts[0].Key) + `/snooze {"until":"2026-03-06T08:00:00Z","reason":"r"}`: 404,
	} {
		parts := strings.SplitN(call, " ", 3)
		if res := w.call(parts[0], v1+parts[1], parts[2]); res.StatusCode != want {
			raw, _ := io.ReadAll(res.Body)
			t.Errorf("%s: %d, want %d: %s", call, res.StatusCode, want, raw)
		}
	}
	for _, path := range []string{"/windows", "/snoozes", "/reports/tickets-avoided", "/reports/noisy-machines", "/reports/time-open", "/reports/time-open?format=csv", "/windows?customer=c-0002", "/reports/time-open?customer=c-0002"} {
		raw, _ := io.ReadAll(w.call("GET", v1+path, "").Body)
		if strings.Contains(string(raw), "c-0002") || strings.Contains(string(raw), "secret") {
			t.Errorf("%s tells of others: %s", path, raw)
		}
	}
}
