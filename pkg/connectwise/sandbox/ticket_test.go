package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestCreatingTickets(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 101)
	for _, tt := range []struct {
		name, body string
		status     int
		words      []string
	}{
		{"summary and company are enough", `{"summary":"s","company":{"id":19001}}`, 201, []string{`"board":{"id":1,`, `"status":{"id":501,`, `"priority":{"id":3,`, `"site":{"id":2001,`, `"type":{"id":301,`, `"closedFlag":false`, `"enteredBy":"UniBridge"`, `"recordType":"ServiceTicket"`}},
		{"references by name", `{"summary":"s","company":{"identifier":"demomsp19001"},"board":{"name":"backup"},"status":{"name":"working"},"priority":{"name":"Priority 1 - Critical"}}`, 201, []string{`"board":{"id":2`, `"status":{"id":507`, `"priority":{"id":1`}},
		{"a closing status", `{"summary":"s","company":{"id":19001},"status":{"id":504}}`, 201, []string{`"closedFlag":true`, `"closedDate"`}},
		{"a line break in the summary", `{"summary":"a\nb","company":{"id":19001}}`, 201, []string{`"summary":"a b"`}},
		{"100 characters", `{"summary":"` + long[1:] + `","company":{"id":19001},"externalXRef":"` + long[1:] + `"}`, 201, nil},
		{"no summary", `{"company":{"id":19001}}`, 400, []string{`"InvalidObject"`, "ticket object is invalid", `"MissingRequiredField"`, "The summary field is required.", `"field":"summary"`}},
		{"no company", `{"summary":"s"}`, 400, []string{"The company field is required."}},
		{"101 characters", `{"summary":"` + long + `","company":{"id":19001}}`, 400, []string{`"MaxLengthField"`, "The field summary must be a string with a maximum length of 100."}},
		{"101 characters of reference", `{"summary":"s","company":{"id":19001},"externalXRef":"` + long + `"}`, 400, []string{"The field externalXRef must be"}},
		{"an unknown member", `{"summary":"s","enteredBy":"me","company":{"id":19001}}`, 400, []string{`"ConnectWiseApi"`, "Could not find member 'enteredBy' on object of type 'Ticket'. Path 'enteredBy', line 1, position 27. Check your accept header"}},
		{"a member in another letter case", `{"Summary":"s","company":{"id":19001}}`, 400, []string{"Could not find member 'Summary'"}},
		{"a member that cannot be written", `{"summary":"s","company":{"id":19001},"closedFlag":true}`, 400, []string{"closedFlag field cannot be written"}},
		{"a member that is not simulated", `{"summary":"s","company":{"id":19001},"contact":{"id":1}}`, 501, []string{"Ticket.contact"}},
		{"a status of another board", `{"summary":"s","company":{"id":19001},"board":{"id":1},"status":{"id":506}}`, 400, []string{`"NotFound"`, "Service Status 506 not found for Service Board 1", `"field":"status/id"`}},
		{"a type of another board", `{"summary":"s","company":{"id":19001},"type":{"id":303}}`, 400, []string{"Service Type 303 not found for Service Board 1"}},
		{"a subtype that fits", `{"summary":"s","company":{"id":19001},"type":{"id":301},"subType":{"id":401},"item":{"id":451}}`, 201, []string{`"subType":{"id":401`, `"item":{"id":451`}},
		{"a subtype of another type", `{"summary":"s","company":{"id":19001},"type":{"id":301},"subType":{"id":402}}`, 400, []string{"Service SubType 402 not found"}},
		{"an item of another board", `{"summary":"s","company":{"id":19001},"item":{"id":453}}`, 400, []string{"Service Item 453"}},
		{"no such company", `{"summary":"s","company":{"id":5}}`, 400, []string{"Company 5 not found", `"company/id"`}},
		{"a deleted company", `{"summary":"s","company":{"id":19002}}`, 400, []string{"Company 19002 not found"}},
		{"a company on hold", `{"summary":"s","company":{"id":19003}}`, 400, []string{"present status"}},
		{"no such board", `{"summary":"s","company":{"id":19001},"board":{"id":9}}`, 400, []string{"Service Board 9 not found"}},
		{"a project board", `{"summary":"s","company":{"id":19001},"board":{"id":3}}`, 400, []string{"Service Board 3 not found"}},
		{"no such priority", `{"summary":"s","company":{"id":19001},"priority":{"id":9}}`, 400, []string{"Priority 9 not found"}},
		{"no such source", `{"summary":"s","company":{"id":19001},"source":{"id":9}}`, 400, []string{"Source 9 not found"}},
		{"another company's site", `{"summary":"s","company":{"id":19001},"site":{"id":2002}}`, 400, []string{"Site 2002 not found for Company 19001"}},
		{"a severity of one's own", `{"summary":"s","company":{"id":19001},"severity":"Huge"}`, 400, []string{"severity"}},
		{"a project ticket", `{"summary":"s","company":{"id":19001},"recordType":"ProjectTicket"}`, 400, []string{"recordType"}},
		{"a reference that is a number", `{"summary":"s","company":19001}`, 400, []string{"company"}},
		{"a reference with an unknown member", `{"summary":"s","company":{"id":19001,"nick":"x"}}`, 400, []string{"company"}},
		{"a list", `[]`, 400, []string{"Ticket"}},
		{"half a body", `{"summary":`, 400, []string{"Ticket"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := start(t)
			v.Edit(func(st *State) {
				st.DeleteCompany(st.AddCompany("Deleted"))
				st.Company(st.AddCompany("On hold")).StatusID = 3
			})
			v.call("POST", "service/tickets", tt.body).has(t, tt.status, tt.words...)
			v.View(func(st *State) {
				if (len(st.Tickets) == 1) != (tt.status == 201) {
					t.Errorf("%d tickets stored", len(st.Tickets))
				}
			})
		})
	}
}

func TestPatchingTickets(t *testing.T) {
	t.Parallel()
	op := func(path, value string) string {
		return fmt.Sprintf(`[{"op":"replace","path":%q,"value":%s}]`, path, value)
	}
	for _, tt := range []struct {
		name, body string
		status     int
		words      []string
	}{
		{"the whole status", op("status", `{"id":504}`), 200, []string{`"status":{"id":504`, `"closedFlag":true`}},
		{"a leading slash", op("/status", `{"name":"In Progress"}`), 200, []string{`"status":{"id":502`}},
		{"a path below a reference answers success and changes nothing", op("status/id", `504`), 200, []string{`"status":{"id":501`, `"closedFlag":false`}},
		{"the same for the company", op("company/identifier", `"x"`), 200, []string{`"company":{"id":19001`}},
		{"a value of text", op("summary", `"new"`), 200, []string{`"summary":"new"`}},
		{"several at once", `[{"op":"replace","path":"board","value":{"id":2}},{"op":"replace","path":"status","value":{"id":508}},{"op":"remove","path":"type"}]`, 200, []string{`"board":{"id":2`, `"closedFlag":true`}},
		{"another board without its status", op("board", `{"id":2}`), 400, []string{"Service Status 501 not found for Service Board 2"}},
		{"a status of another board", op("status", `{"id":508}`), 400, []string{"status/id"}},
		{"another letter case", op("Status", `{"id":504}`), 400, []string{"Could not find member 'Status'"}},
		{"an unknown path", op("nothing", `1`), 400, []string{"nothing"}},
		{"the closed flag itself", op("closedFlag", `true`), 400, []string{"closedFlag"}},
		{"a POST-only member", op("initialDescription", `"x"`), 400, []string{"only available for POST"}},
		{"an unknown operation", `[{"op":"move","path":"summary","value":"x"}]`, 400, []string{"move"}},
		{"no value", `[{"op":"replace","path":"summary"}]`, 400, []string{"value"}},
		{"removing what is required", `[{"op":"remove","path":"summary"}]`, 400, []string{"The summary field is required."}},
		{"an object in place of the array", `{"op":"replace","path":"summary","value":"x"}`, 400, []string{"array"}},
		{"an empty array", `[]`, 400, []string{"array"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := start(t)
			v.Edit(func(st *State) { st.AddTicket(19001, "s", "tech1") })
			v.call("PATCH", "service/tickets/1001", tt.body).has(t, tt.status, tt.words...)
			if tt.status != 200 {
				v.call("GET", "service/tickets/1001", "").has(t, 200, `"summary":"s"`, `"status":{"id":501`, `"updatedBy":"tech1"`)
			}
		})
	}
	v := start(t)
	v.call("PATCH", "service/tickets/5", op("summary", `"x"`)).has(t, 404, `"NotFound"`, "Ticket 5 not found")
}

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

func TestCallbacksAreRegisteredAndSigned(t *testing.T) {
	t.Parallel()
	v := start(t)
	v.Edit(func(st *State) { st.Role.GrantExtras(); st.AddTicket(19001, "s", "tech1") })
	body := `{"url":"https://x/?recordId=","objectId":0,"type":"ticket","level":"owner"}`
	v.call("POST", "system/callbacks", body).has(t, 201, `"objectId":1`, `"id":1`)
	v.call("POST", "system/callbacks", body).has(t, 400, `"ObjectExists"`, "A matching callback entry already exists")
	v.call("POST", "system/callbacks", `{"objectId":0,"type":"ticket","level":"owner"}`).has(t, 400, "The url field is required.")
	v.call("GET", "system/callbacks?conditions="+q(`url contains "x"`), "").has(t, 200, `"type":"ticket"`)
	v.call("GET", "system/callbacks/count", "").has(t, 200, `{"count":1}`)
	v.call("DELETE", "system/callbacks/1", "").has(t, 204)
	v.call("DELETE", "system/callbacks/1", "").has(t, 404)
	v.Edit(func(st *State) {
		body, sig := st.SignedCallback("https://na.myconnectwise.net", "updated", 1001)
		if !json.Valid(body) || sig == "" || !strings.Contains(string(body), `"Entity":"{`) {
			t.Errorf("%s %s", body, sig)
		}
	})
	key := "https://na.myconnectwise.net/v2025_1//system/callbackkey/index.rails?companyName=demo&id="
	v.call("GET", key+"5f0c6a30-0000-4000-8000-00000000c0de", "", func(r *http.Request) { r.Header = http.Header{} }).has(t, 200, `"signing_key"`)
	v.call("GET", key+"other", "").has(t, 404)
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
