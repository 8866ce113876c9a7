package httpapi_test

import (
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/connectwise/sandbox"
	"uniview-bridge/pkg/httpapi"
	"uniview-bridge/pkg/httpapi/view"
	"uniview-bridge/pkg/review"
	"uniview-bridge/pkg/state"
)

// ticking gives every request another moment: the trail is in order of time.
func ticking(d *httpapi.Deps) {
	now := noon
	clock := func() time.Time { now = now.Add(time.Second); return now }
	d.Now, d.Review.Now = clock, clock
}

// lastEntry is the newest entry of the trail.
func lastEntry(w *world) view.AuditEntry {
	w.t.Helper()
	return get[httpapi.Page[view.AuditEntry]](w, 200, "GET", "/api/v1/audit?limit=1", "").Items[0]
}

func TestTicketSettingsAreTakenBackThroughTheTrail(t *testing.T) {
	if testing.Short() {
		t.Skip("the long part runs this")
	}
	t.Parallel()
	w, srv := withDesk(t, "busy", ticking)
	const v1 = "/api/v1"
	undo := func(status int, id string) (out review.Outcome) {
		t.Helper()
		if status == 200 {
			return get[review.Outcome](w, 200, "POST", v1+"/audit/"+id+"/undo", "")
		}
		if p := get[httpapi.Problem](w, status, "POST", v1+"/audit/"+id+"/undo", ""); p.Detail == "" {
			t.Errorf("refused without words: %+v", p)
		}
		return out
	}
	before := get[httpapi.TicketSettingsAnswer](w, 200, "PUT", v1+"/ticketing/settings", `{"boardId":1,"priorityId":1,"noteEvery":30}`)
	get[httpapi.TicketSettingsAnswer](w, 200, "PUT", v1+"/ticketing/settings", `{"doNotSync":true}`)
	changed := lastEntry(w)
	srv.Edit(func(st *sandbox.State) { // what was before names what is gone
		for i := range st.Priorities {
			if st.Priorities[i].ID == 1 {
				st.Priorities[i].ID = 1001
			}
		}
	})
	if out := undo(200, changed.ID); !out.Changed || !strings.Contains(out.Warning, "no priority with the id 1") {
		t.Errorf("undone: %+v", out)
	}
	if now := get[httpapi.TicketSettingsAnswer](w, 200, "GET", v1+"/ticketing/settings", ""); !reflect.DeepEqual(now, before) {
		t.Errorf("restored %+v, want %+v", now, before)
	}
	if e := lastEntry(w); e.Action != "undo change ticket settings" || e.Undoes != changed.ID || e.Kind != "ticketing" || e.Before["settings"] != changed.After["settings"] {
		t.Errorf("the trail says %+v", e)
	}
	undo(409, changed.ID)

	for _, c := range []string{"c-0001", "c-0002"} {
		get[httpapi.OverridesAnswer](w, 200, "PUT", v1+"/customers/"+c+"/ticketing", `{"noteEvery":7}`)
	}
	if n := get[map[string]int](w, 200, "POST", v1+"/ticketing/settings/reset-overrides", "")["reset"]; n != 2 {
		t.Errorf("%d customers were reset", n)
	}
	undo(200, lastEntry(w).ID)
	for _, c := range []string{"c-0001", "c-0002"} {
		if o := get[httpapi.OverridesAnswer](w, 200, "GET", v1+"/customers/"+c+"/ticketing", ""); o.Effective.NoteEvery != 7 {
			t.Errorf("%s has %+v again", c, o.Overrides)
		}
	}

	kept := get[httpapi.RulesAnswer](w, 200, "PUT", v1+"/rules", `{"version":0,"rules":[{"name":"one","if":{},"then":{"noTicket":true}}]}`)
	first := lastEntry(w)
	get[httpapi.RulesAnswer](w, 200, "PUT", v1+"/rules", fmt.Sprintf(`{"version":%d,"rules":[]}`, kept.Version))
	undo(409, first.ID)
	undo(200, lastEntry(w).ID)
	if r := get[httpapi.RulesAnswer](w, 200, "GET", v1+"/rules", "").Rules; len(r) != 1 || r[0].Name != "one" {
		t.Errorf("the rules are %+v", r)
	}

	window := get[httpapi.Silence](w, 200, "POST", v1+"/windows", `{"customerId":"c-0001","scope":"customer","reason":"r","until":"2026-03-05T10:00:00Z"}`)
	w.call("DELETE", v1+"/windows/"+window.ID, "")
	undo(200, lastEntry(w).ID)
	if s := get[httpapi.Silence](w, 200, "GET", v1+"/windows/"+window.ID, ""); s.State != "active" || !s.Until.Equal(window.Until) {
		t.Errorf("the window is %+v", s)
	}
}

func TestWhatAnAdministratorDecidesIsNoManagersToTakeBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "empty", func(d *httpapi.Deps) { d.Policy = byHeader{}; ticking(d) })
	put(w, state.CustomerKey("c1"), state.Customer{ID: "c1", Name: "Alpha"})
	as := func(role, method, path, body string) *http.Response {
		r := request(t, method, "/api/v1"+path, body)
		r.Header.Set("X-Role", role)
		return w.send(r)
	}
	entry := func() string {
		list, err := state.Audits(t.Context(), w.store, "", 1)
		if err != nil || len(list) == 0 {
			t.Fatalf("the trail: %v %v", list, err)
		}
		return list[0].ID
	}
	for _, c := range []struct{ method, path, body string }{
		{"PUT", "/ticketing/settings", `{"doNotSync":true}`},
		{"PUT", "/customers/c1/mode", `{"documentation":"live","ticketing":"live"}`},
	} {
		if res := as("administrator", c.method, c.path, c.body); res.StatusCode != 200 {
			raw, _ := io.ReadAll(res.Body)
			t.Fatalf("%s: %d %s", c.path, res.StatusCode, raw)
		}
		id := entry()
		if res := as("manager", "POST", "/audit/"+id+"/undo", ""); res.StatusCode != 403 {
			t.Errorf("%s undone by a Manager: %d", c.path, res.StatusCode)
		}
		if res := as("administrator", "POST", "/audit/"+id+"/undo", ""); res.StatusCode != 200 {
			t.Errorf("%s undone by an Administrator: %d", c.path, res.StatusCode)
		}
	}
	as("manager", "PUT", "/customers/c1/ticketing", `{"doNotSync":true}`)
	if res := as("manager", "POST", "/audit/"+entry()+"/undo", ""); res.StatusCode != 200 {
		t.Errorf("a Manager's own change undone: %d", res.StatusCode)
	}
}

// A good test of ConnectWise has what could not be attached tried again: the right may
// have been granted.
func TestATestOfConnectWiseHasConfigurationsTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "empty", nil)
	put(w, state.DeskKey("c1"), state.Desk{Groups: map[string]alert.Group{
		"c1/a": {Key: "c1/a", State: alert.GroupOpen, TicketID: 7, AttachFailure: "a right is missing", AttachAt: noon.Add(20 * time.Hour)},
	}})
	put(w, state.DeskKey("c2"), state.Desk{Groups: map[string]alert.Group{"c2/a": {Key: "c2/a", State: alert.GroupOpen, TicketID: 8}}})
	due := func(customer string) time.Time {
		d, _, err := state.LoadOr(t.Context(), w.store, state.DueKey(state.ConnectWise, customer), state.Due{})
		if err != nil {
			t.Fatal(err)
		}
		return d.NextAt
	}
	get[httpapi.TestAnswer](w, 200, "POST", "/api/v1/connections/itglue/test", "")
	if !due("c1").IsZero() {
		t.Error("due after a test of IT Glue")
	}
	get[httpapi.TestAnswer](w, 200, "POST", "/api/v1/connections/connectwise/test", "")
	if !due("c1").Equal(noon) || !due("c2").IsZero() {
		t.Errorf("due at %s and %s", due("c1"), due("c2"))
	}
	desk, _, err := state.Load[state.Desk](t.Context(), w.store, state.DeskKey("c1"))
	if g := desk.Groups["c1/a"]; err != nil || !g.AttachAt.Equal(noon) || g.AttachFailure == "" {
		t.Errorf("%+v, %v", g, err)
	}
}

func TestTheDocumentKnowsEveryTicketSetting(t *testing.T) {
	t.Parallel()
	doc, _ := document(t)
	for f := range reflect.TypeFor[alert.Settings]().Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		for _, schema := range []string{"TicketSettings", "TicketSettingsInput", "Overrides"} {
			if name != "-" && doc.Components.Schemas[schema].Value.Properties[name] == nil && !slices.Contains(accountWide, name) {
				t.Errorf("%s lacks %s", schema, name)
			}
		}
	}
}

// accountWide are the settings that no customer has of its own.
var accountWide = []string{"attributionBudget", "snoozeMaxDays", "noticeAfter"}
