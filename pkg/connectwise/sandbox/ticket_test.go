package sandbox

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestNotificationsAreSentUnlessSwitchedOff(t *testing.T) {
	t.Parallel()
	v := start(t)
	send := func(method, path, body string, want int) {
		t.Helper()
		v.Edit(func(st *State) { st.Notifications = nil })
		if g := v.call(method, path, body); g.status >= 300 {
			t.Errorf("%d %s", g.status, g.body)
		}
		v.View(func(st *State) {
			if len(st.Notifications) != want {
				t.Errorf("%s %s: %+v", method, body, st.Notifications)
			}
		})
	}
	send("POST", "service/tickets", `{"summary":"s","company":{"id":19001}}`, 1)
	send("POST", "service/tickets", `{"summary":"s","company":{"id":19001},"processNotifications":false}`, 0)
	send("PATCH", "service/tickets/1001", `[{"op":"replace","path":"summary","value":"x"}]`, 1)
	send("PATCH", "service/tickets/1001", `[{"op":"replace","path":"summary","value":"y"},{"op":"replace","path":"processNotifications","value":false}]`, 0)
	send("POST", "service/tickets/1001/notes", `{"text":"n","internalAnalysisFlag":true}`, 1)
	send("POST", "service/tickets/1001/notes", `{"text":"n","internalAnalysisFlag":true,"processNotifications":false}`, 0)
}

func TestTicketNotes(t *testing.T) {
	t.Parallel()
	v := start(t)
	v.call("POST", "service/tickets", `{"summary":"s","company":{"id":19001},"initialDescription":"a\nb","initialInternalAnalysis":"i","initialResolution":"r"}`).has(t, 201)
	rows := v.call("GET", "service/tickets/1001/notes", "").list(t)
	if len(rows) != 3 || rows[0]["text"] != "a\nb" || rows[0]["detailDescriptionFlag"] != true || rows[1]["internalAnalysisFlag"] != true || rows[2]["resolutionFlag"] != true {
		t.Errorf("%v", rows)
	}
	if strings.Contains(v.call("GET", "service/tickets/1001", "").body, "initialDescription") {
		t.Error("initialDescription was returned")
	}
	v.call("POST", "service/tickets/1001/notes", `{"text":"n","internalAnalysisFlag":true}`).has(t, 201, `"ticketId":1001`, `"createdBy":"UniBridge"`)
	v.call("POST", "service/tickets/1001/notes", `{"text":"n"}`).has(t, 400, "serviceNote object is invalid", "Please choose where to display the notes in order to save this record.")
	v.call("POST", "service/tickets/1001/notes", `{"internalAnalysisFlag":true}`).has(t, 400, "The text field is required.")
	v.call("POST", "service/tickets/1001/notes", `{"text":"n","internal":true}`).has(t, 400, "Could not find member 'internal'")
	v.call("POST", "service/tickets/9/notes", `{"text":"n","internalAnalysisFlag":true}`).has(t, 404)
	v.Edit(func(st *State) { st.LogTime(1001, 1, "time", "tech1"); st.AddTechnicianNote(1001, "note", "tech1") })
	if n := len(v.call("GET", "service/tickets/1001/notes", "").list(t)); n != 5 {
		t.Errorf("%d notes", n)
	}
	if n := len(v.call("GET", "service/tickets/1001/allNotes", "").list(t)); n != 6 {
		t.Errorf("%d notes with time entries", n)
	}
}

func TestFindingTickets(t *testing.T) {
	t.Parallel()
	v := start(t)
	for i := range 3 {
		v.call("POST", "service/tickets", fmt.Sprintf(`{"summary":"s","company":{"id":19001},"externalXRef":"uv-%c"}`, 'a'+i)).has(t, 201)
		v.now = v.now.Add(time.Hour)
	}
	find := func(cond string) int { return len(v.call("GET", "service/tickets?conditions="+q(cond), "").list(t)) }
	for cond, want := range map[string]int{
		`externalXRef="uv-b"`: 1, `externalXRef="UV-B"`: 1, `externalXRef="uv-"`: 0, `externalXRef like "uv-%"`: 3,
		`lastUpdated >= [2026-03-04T06:06:07Z]`: 2, `dateEntered < [2026-03-04T06:06:07Z]`: 1, `company/id=19001 and board/name="Service Desk" and closedFlag=false`: 3,
		`mergedParentTicket/id != null`: 0,
	} {
		if got := find(cond); got != want {
			t.Errorf("%s: %d", cond, got)
		}
	}
	v.call("GET", "service/tickets?conditions="+q(`member/id=1`), "").has(t, 400, `"code":"ApiFindCondition"`, "member/id is not a recognized name.")
	v.call("POST", "service/tickets/search?pageSize=2", `{"conditions":"externalXRef like \"uv-%\""}`).has(t, 200, `"uv-a"`, `"uv-b"`)
	v.call("POST", "service/tickets/search", `{"conditions":"id=1","page":2}`).has(t, 400, "Could not find member 'page' on object of type 'FilterValues'")
	v.Edit(func(st *State) { st.SearchDelay = 90 * time.Minute })
	if got := find(`externalXRef like "uv-%"`); got != 2 {
		t.Errorf("before the search knows it: %d", got)
	}
	v.call("GET", "service/tickets/1003", "").has(t, 200)
}

func TestMergingTickets(t *testing.T) {
	t.Parallel()
	v := start(t)
	v.Edit(func(st *State) {
		for range 3 {
			st.AddTicket(19001, "s", "tech1")
		}
	})
	v.call("POST", "service/tickets/1001/merge", `{"mergeTicketIds":[1002],"status":{"id":508}}`).has(t, 400, "status/id")
	v.call("POST", "service/tickets/1001/merge", `{"mergeTicketIds":[9],"status":{"id":504}}`).has(t, 400, "Ticket 9 not found")
	v.call("POST", "service/tickets/1001/merge", `{"mergeTicketIds":[1002]}`).has(t, 400, "The status field is required.")
	v.call("POST", "service/tickets/1001/merge", `{"status":{"id":504}}`).has(t, 400, "The mergeTicketIds field is required.")
	v.call("POST", "service/tickets/1001/merge", `{"mergeTicketIds":[1002,1003],"status":{"id":504}}`).has(t, 200, `"success":true`)
	v.call("GET", "service/tickets/1002", "").has(t, 200, `"mergedParentTicket":{"id":1001`, `"closedFlag":true`)
	v.call("GET", "service/tickets/1001", "").has(t, 200, `"hasMergedChildTicketFlag":true`, `"closedFlag":false`)
}

func TestTicketIDsAreNeverUsedTwice(t *testing.T) {
	t.Parallel()
	v := start(t)
	v.Edit(func(st *State) {
		id := st.AddTicket(19001, "s", "tech1")
		st.DeleteTicket(id)
		if again := st.AddTicket(19001, "s", "tech1"); again != id+1 {
			t.Errorf("%d after %d", again, id)
		}
		st.CloseTicket(id+1, "tech1")
		if k := st.Ticket(id + 1); !st.Closed(k) || k.ClosedAt.IsZero() || k.ClosedBy != "tech1" {
			t.Errorf("%+v", k)
		}
		st.ReopenTicket(id+1, "tech2")
		if k := st.Ticket(id + 1); st.Closed(k) || !k.ClosedAt.IsZero() || k.UpdatedBy != "tech2" {
			t.Errorf("%+v", k)
		}
	})
	v.call("GET", "service/tickets/1001", "").has(t, 404, "Ticket 1001 not found")
}

func TestFiveThousandOfEachAreFast(t *testing.T) {
	t.Parallel()
	v := start(t, func(o *Options) { o.Unlimited = true })
	v.Edit(func(st *State) {
		for i := range 5000 {
			id := st.AddCompany(fmt.Sprintf("Customer %d", i))
			st.Ticket(st.AddTicket(id, "s", "tech1")).ExternalXRef = fmt.Sprintf("uv-%05d", i)
		}
	})
	for i := range 100 {
		if rows := v.call("GET", fmt.Sprintf(`service/tickets?conditions=%s`, q(fmt.Sprintf(`externalXRef="uv-%05d"`, i*50))), "").list(t); len(rows) != 1 {
			t.Fatal(len(rows))
		}
	}
	if rows := v.call("GET", "company/companies?pageSize=1000&page=5", "").list(t); len(rows) != 1000 {
		t.Fatal(len(rows))
	}
}
