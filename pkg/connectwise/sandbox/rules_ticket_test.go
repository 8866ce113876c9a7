package sandbox

import (
	"fmt"
	"strings"
)

// create, patch and note are requests about tickets; members is the inside of a
// JSON object.
func create(members string, status int, has ...string) ask {
	return send("POST", "service/tickets", `{`+members+`}`, status, has...)
}

const enough = `"summary":"s","company":{"id":19001}`

func patch(path, value string, status int, has ...string) ask {
	return send("PATCH", "service/tickets/1001", fmt.Sprintf(`[{"op":"replace","path":%q,"value":%s}]`, path, value), status, has...)
}

func note(members string, status int, has ...string) ask {
	return send("POST", "service/tickets/1001/notes", `{`+members+`}`, status, has...)
}

func ticketRules() []rule {
	long := strings.Repeat("x", 101)
	seed := func(st *State) {
		st.DeleteCompany(st.AddCompany("Deleted"))                                                                          // 19002
		st.Company(st.AddCompany("On hold")).StatusID = 3                                                                   // 19003
		add(st, &st.Types, "type", 300, func(id int) Type { return Type{ID: id, BoardID: 1, Name: "Old", Inactive: true} }) // 305
	}
	needs := func(st *State) {
		b := find(st.Boards, 2)
		b.NeedsType, b.NeedsSubType, b.NeedsItem = true, true, true
		for i := range st.Types {
			st.Types[i].Default = st.Types[i].BoardID != 2
		}
	}
	return []rule{
		{
			"§7.1", "summary and company are enough, the rest has defaults", nil, nil,
			create(enough, 201, `"board":{"id":1,`, `"status":{"id":501,`, `"priority":{"id":3,`, `"site":{"id":2001,`, `"type":{"id":301,`, `"closedFlag":false`, `"enteredBy":"UniBridge"`, `"recordType":"ServiceTicket"`),
			create(`"company":{"id":19001}`, 400, `"InvalidObject"`, "ticket object is invalid", `"MissingRequiredField"`, "The summary field is required.", `"field":"summary"`),
		},
		{"§7.1", "a ticket has a company", nil, nil, create(enough, 201), create(`"summary":"s"`, 400, "The company field is required.")},
		{"§7.1", "a summary has at most 100 characters", nil, nil, create(`"company":{"id":19001},"summary":"`+long[1:]+`"`, 201), create(`"company":{"id":19001},"summary":"`+long+`"`, 400, `"MaxLengthField"`, "The field summary must be a string with a maximum length of 100.")},
		{"§7.1", "characters are counted as the platform does, in UTF-16", nil, nil, create(`"company":{"id":19001},"summary":"`+strings.Repeat("😀", 50)+`"`, 201), create(`"company":{"id":19001},"summary":"`+strings.Repeat("😀", 51)+`"`, 400, `"MaxLengthField"`)},
		{"§7.1", "a summary is one line", nil, nil, create(`"company":{"id":19001},"summary":"a\nb"`, 201, `"summary":"a b"`), create(`"company":{"id":19001},"summary":"\n"`, 400, "The summary field is required.")},
		{"§7.1", "externalXRef has at most 100 characters", nil, nil, create(enough+`,"externalXRef":"`+long[1:]+`"`, 201), create(enough+`,"externalXRef":"`+long+`"`, 400, "The field externalXRef must be")},
		{"§7.1", "there is no externalXData", nil, nil, create(enough+`,"externalXRef":"x"`, 201), create(enough+`,"externalXData":"x"`, 400, "Could not find member 'externalXData'")},
		{"§7.1", "member names mind letter case", nil, nil, create(enough, 201), create(`"Summary":"s","company":{"id":19001}`, 400, "Could not find member 'Summary'")},
		{"§7.1", "references are objects", nil, nil, create(enough, 201), create(`"summary":"s","company":19001`, 400, "company")},
		{
			"§7.1", "references by name or identifier", nil, nil,
			create(`"summary":"s","company":{"identifier":"demomsp19001"},"board":{"name":"backup"},"status":{"name":"working"},"priority":{"name":"Priority 1 - Critical"}`, 201, `"board":{"id":2`, `"status":{"id":507`, `"priority":{"id":1`),
			create(`"summary":"s","company":{"identifier":"nobody"}`, 400, "company not found"),
		},
		{"§7.1", "a company exists", seed, nil, create(enough, 201), create(`"summary":"s","company":{"id":5}`, 400, "Company 5 not found", `"company/id"`)},
		{"§7.1", "a company is not deleted", seed, nil, create(enough, 201), create(`"summary":"s","company":{"id":19002}`, 400, "Company 19002 not found")},
		{"§7.3", "a company's status allows saving", seed, nil, create(enough, 201), create(`"summary":"s","company":{"id":19003}`, 400, "present status")},
		{"§7.1", "a board exists and is a service board", nil, nil, create(enough+`,"board":{"id":2}`, 201), create(enough+`,"board":{"id":3}`, 400, "Service Board 3 not found")},
		{"§7.1", "a status belongs to the board", nil, nil, create(enough+`,"board":{"id":2},"status":{"id":506}`, 201), create(enough+`,"board":{"id":1},"status":{"id":506}`, 400, `"NotFound"`, "Service Status 506 not found for Service Board 1", `"field":"status/id"`)},
		{"§7.1", "a type belongs to the board", nil, nil, create(enough+`,"type":{"id":301}`, 201), create(enough+`,"type":{"id":303}`, 400, "Service Type 303 not found for Service Board 1")},
		{"§7.1", "a type is active", seed, nil, create(enough+`,"type":{"id":302}`, 201), create(enough+`,"type":{"id":305}`, 400, "Service Type 305 not found")},
		{"§7.1", "a subtype fits the type", nil, nil, create(enough+`,"type":{"id":301},"subType":{"id":401}`, 201, `"subType":{"id":401`), create(enough+`,"type":{"id":301},"subType":{"id":402}`, 400, "Service SubType 402 not found")},
		{"§7.1", "an item belongs to the board", nil, nil, create(enough+`,"item":{"id":451}`, 201, `"item":{"id":451`), create(enough+`,"item":{"id":453}`, 400, "Service Item 453")},
		{
			"§7.1", "a board may require type, subtype and item", needs, nil,
			create(enough+`,"board":{"id":2},"type":{"id":303},"subType":{"id":403},"item":{"id":453}`, 201),
			create(enough+`,"board":{"id":2}`, 400, "The type field is required.", "The subType field is required.", "The item field is required."),
		},
		{"§7.1", "a priority exists", nil, nil, create(enough+`,"priority":{"id":1}`, 201), create(enough+`,"priority":{"id":9}`, 400, "Priority 9 not found")},
		{"§7.1", "a source exists", nil, nil, create(enough+`,"source":{"id":3}`, 201), create(enough+`,"source":{"id":9}`, 400, "Source 9 not found")},
		{"§7.1", "a site belongs to the company", seed, nil, create(enough+`,"site":{"id":2001}`, 201), create(enough+`,"site":{"id":2002}`, 400, "Site 2002 not found for Company 19001")},
		{"§7.1", "severity and impact are Low, Medium, High", nil, nil, create(enough+`,"severity":"High","impact":"Low"`, 201), create(enough+`,"severity":"Huge"`, 400, "severity")},
		{"§7.1", "what is read only cannot be written", nil, nil, create(enough, 201), create(enough+`,"closedFlag":true`, 400, "closedFlag field cannot be written")},
		{"§7.1", "a project ticket is not kept here", nil, nil, create(enough+`,"recordType":"ServiceTicket"`, 201), create(enough+`,"recordType":"ProjectTicket"`, 400, "recordType")},
		{"§7.1", "what is not simulated is said so", nil, nil, create(enough, 201), create(enough+`,"contact":{"id":1}`, 501, "Ticket.contact")},

		{
			"§7.2", "a search has its page in the query, not in the body", nil, nil,
			send("POST", "service/tickets/search?pageSize=1&page=2", `{"conditions":"closedFlag=false"}`, 200, `"second"`), send("POST", "service/tickets/search", `{"conditions":"id=1","page":2}`, 400, "Could not find member 'page' on object of type 'FilterValues'"),
		},
		{"§7.2", "a patch is a bare array", nil, nil, patch("summary", `"x"`, 200, `"summary":"x"`), send("PATCH", "service/tickets/1001", `{"op":"replace","path":"summary","value":"x"}`, 400, "array")},
		{"§7.2", "of at least one operation", nil, nil, patch("summary", `"x"`, 200), send("PATCH", "service/tickets/1001", `[]`, 400, "array")},
		{"§7.2", "which is add, replace or remove", nil, nil, send("PATCH", "service/tickets/1001", `[{"op":"remove","path":"type"}]`, 200), send("PATCH", "service/tickets/1001", `[{"op":"move","path":"summary","value":"x"}]`, 400, "move")},
		{"§7.2", "with a value of any JSON, text included", nil, nil, patch("severity", `"High"`, 200, `"severity":"High"`), send("PATCH", "service/tickets/1001", `[{"op":"replace","path":"summary"}]`, 400, "value")},
		{"§7.2", "paths mind letter case", nil, nil, patch("/status", `{"name":"In Progress"}`, 200, `"status":{"id":502`), patch("Status", `{"id":504}`, 400, "Could not find member 'Status'")},
		{"§7.2", "a path below a reference answers success and changes nothing", nil, nil, patch("status", `{"id":504}`, 200, `"status":{"id":504`, `"closedFlag":true`), patch("status/id", `504`, 200, `"status":{"id":501`, `"closedFlag":false`)},
		{"§7.2", "a new status is of the ticket's board", nil, nil, patch("status", `{"id":502}`, 200), patch("status", `{"id":508}`, 400, "Service Status 508 not found for Service Board 1", "status/id")},
		{
			"§7.2", "a move takes a status of the new board", nil, nil,
			send("PATCH", "service/tickets/1001", `[{"op":"replace","path":"board","value":{"id":2}},{"op":"replace","path":"status","value":{"id":508}},{"op":"remove","path":"type"}]`, 200, `"board":{"id":2`, `"closedFlag":true`),
			patch("board", `{"id":2}`, 400, "Service Status 501 not found for Service Board 2"),
		},
		{"§7.2", "a ticket is closed by its status, not by its flag", nil, nil, patch("status", `{"id":504}`, 200, `"closedDate"`), patch("closedFlag", `true`, 400, "closedFlag")},
		{"§7.2", "a ticket with open tasks may refuse to close", nil, func(v *vendor) { v.Edit(func(st *State) { st.Ticket(1001).OpenTasks = true }) }, patch("status", `{"id":504}`, 200), patch("status", `{"id":504}`, 400, "open tasks")},
		{"§7.2", "the first note is for the create only", nil, nil, create(enough+`,"initialDescription":"a\nb"`, 201), patch("initialDescription", `"x"`, 400, "only available for POST")},
		{"§7.2", "what is required stays", nil, nil, send("PATCH", "service/tickets/1001", `[{"op":"remove","path":"type"}]`, 200), send("PATCH", "service/tickets/1001", `[{"op":"remove","path":"summary"}]`, 400, "The summary field is required.")},
		{"§7.2", "a note says where to show it", nil, nil, note(`"text":"n","internalAnalysisFlag":true`, 201, `"ticketId":1001`, `"createdBy":"UniBridge"`), note(`"text":"n"`, 400, "serviceNote object is invalid", "Please choose where to display the notes in order to save this record.")},
		{"§7.2", "a note has text", nil, nil, note(`"text":"n","resolutionFlag":true`, 201), note(`"resolutionFlag":true`, 400, "The text field is required.")},
		{"§7.2", "a note's members are known", nil, nil, note(`"text":"n","detailDescriptionFlag":true`, 201), note(`"text":"n","internal":true`, 400, "Could not find member 'internal'")},
		{"§7.2", "a note has a ticket", nil, nil, note(`"text":"n","internalAnalysisFlag":true`, 201), send("POST", "service/tickets/9/notes", `{"text":"n","internalAnalysisFlag":true}`, 404, "Ticket 9 not found")},
		{"§11", "a closed ticket may refuse notes", func(st *State) { st.ClosedSilent = true }, func(v *vendor) { v.Edit(func(st *State) { st.CloseTicket(1001, "tech1") }) }, note(`"text":"n","internalAnalysisFlag":true`, 201), note(`"text":"n","internalAnalysisFlag":true`, 400, "closed")},
		{"§7.2", "allNotes has those of time entries too", func(st *State) { st.LogTime(1001, 1, "worked", "tech1") }, nil, rows("service/tickets/1001/allNotes", 1), rows("service/tickets/1001/notes", none)},
		{"§7.2", "a merge names tickets", nil, nil, send("POST", "service/tickets/1001/merge", `{"mergeTicketIds":[1002],"status":{"id":504}}`, 200, `"success":true`), send("POST", "service/tickets/1001/merge", `{"status":{"id":504}}`, 400, "The mergeTicketIds field is required.")},
		{"§7.2", "that exist", nil, nil, send("POST", "service/tickets/1001/merge", `{"mergeTicketIds":[1002],"status":{"id":504}}`, 200), send("POST", "service/tickets/1001/merge", `{"mergeTicketIds":[9],"status":{"id":504}}`, 400, "Ticket 9 not found")},
		{"§7.2", "and a status of their board", nil, nil, send("POST", "service/tickets/1001/merge", `{"mergeTicketIds":[1002],"status":{"id":504}}`, 200), send("POST", "service/tickets/1001/merge", `{"mergeTicketIds":[1002],"status":{"id":508}}`, 400, "status/id")},
		{"§7.2", "a deleted ticket is gone", nil, func(v *vendor) { v.Edit(func(st *State) { st.DeleteTicket(1001) }) }, get("service/tickets/1001", 200), get("service/tickets/1001", 404, "Ticket 1001 not found")},
		{"§7.2", "a device is attached by its id", device, nil, send("POST", "service/tickets/1001/configurations", `{"id":701}`, 201), send("POST", "service/tickets/1001/configurations", `{"id":9}`, 400, "Configuration 9 not found")},
		{"§7.2", "once", device, func(v *vendor) { v.call("POST", "service/tickets/1001/configurations", `{"id":701}`).has(v.t, 201) }, send("POST", "service/tickets/1001/configurations", `{"id":701}`, 201), send("POST", "service/tickets/1001/configurations", `{"id":701}`, 400, `"ObjectExists"`)},
		{"§8", "a new ticket may not be found at once", nil, func(v *vendor) { v.Edit(func(st *State) { st.SearchDelay = 1 << 40 }) }, where("service/tickets", "id=1001", 1), where("service/tickets", "id=1001", none)},
	}
}

func device(st *State) {
	st.Role.GrantExtras()
	st.AddConfiguration(19001, "SRV01")
}

func recordRules() []rule {
	gone := func(st *State) { st.DeleteCompany(st.AddCompany("gone")) }
	return []rule{
		{"§7.3", "deleted companies are listed unless left out", gone, nil, where("company/companies", "deletedFlag=false", 1), rows("company/companies", 2)},
		{
			"§7.3", "names are cut at 50 characters", func(st *State) { st.AddCompany(strings.Repeat("x", 60)) }, nil,
			where("company/companies", `name="`+strings.Repeat("x", 50)+`"`, 1), where("company/companies", `name="`+strings.Repeat("x", 51)+`"`, none),
		},
		{"§7.3", "statuses are per board", nil, nil, rows("service/boards/2/statuses", 3), get("service/boards/9/statuses", 404)},
		{"§7.3", "types are per board", nil, nil, rows("service/boards/2/types", 2), get("service/boards/9/types", 404)},
		{"§7.3", "priorities are not", nil, nil, rows("service/priorities", 4), get("service/boards/1/priorities", 404)},
		{"§7.3", "sites are per company", nil, nil, rows("company/companies/19001/sites", 1), get("company/companies/9/sites", 404)},
		{"§7.3", "project boards are told by their flag", nil, nil, where("service/boards", "projectFlag=false and inactiveFlag=false", 2), rows("service/boards", 3)},
	}
}

func callbackRules() []rule {
	seed := func(st *State) {
		st.Role.GrantExtras()
		add(st, &st.Callbacks, "callback", 0, func(id int) Callback {
			return Callback{ID: id, URL: "https://x/?recordId=", Type: "ticket", Level: "owner", ObjectID: 1, Inactive: true}
		})
	}
	register := func(members string, status int, has ...string) ask {
		return send("POST", "system/callbacks", `{`+members+`}`, status, has...)
	}
	const key = "https://na.myconnectwise.net/v2025_1//system/callbackkey/index.rails?companyName="
	return []rule{
		{"§9", "url, objectId, type and level are required", seed, nil, register(`"url":"u","objectId":1,"type":"ticket","level":"board"`, 201), register(`"objectId":1,"type":"ticket","level":"board"`, 400, "The url field is required.")},
		{"§9", "the owner level's object 0 is stored as 1", seed, nil, register(`"url":"u","objectId":0,"type":"ticket","level":"owner"`, 201, `"objectId":1`), register(`"url":"u","type":"ticket","level":"owner"`, 400, "The objectId field is required.")},
		{"§9", "one of a kind", seed, nil, register(`"url":"u","objectId":1,"type":"ticket","level":"owner"`, 201), register(`"url":"https://x/?recordId=","objectId":1,"type":"ticket","level":"owner"`, 400, `"ObjectExists"`, "A matching callback entry already exists")},
		{"§9", "levels are those of the type", seed, nil, register(`"url":"u","objectId":1,"type":"company","level":"Territory"`, 201), register(`"url":"u","objectId":1,"type":"company","level":"board"`, 400, "level")},
		{"§9", "types that are not simulated are said so", seed, nil, register(`"url":"u","objectId":1,"type":"ticket","level":"owner"`, 201), register(`"url":"u","objectId":1,"type":"opportunity","level":"owner"`, 501, "opportunity")},
		{"§9", "a description has at most 100 characters", seed, nil, register(`"url":"u","objectId":1,"type":"ticket","level":"owner","description":"d"`, 201), register(`"url":"u","objectId":1,"type":"ticket","level":"owner","description":"`+strings.Repeat("d", 101)+`"`, 400, "description")},
		{"§9", "members are known", seed, nil, register(`"url":"u","objectId":1,"type":"ticket","level":"owner","payloadVersion":"3.0.0"`, 201), register(`"url":"u","objectId":1,"type":"ticket","level":"owner","secret":"x"`, 400, "Could not find member 'secret'")},
		{"§9", "a callback can be read and found by its url", seed, nil, where("system/callbacks", `url contains "x/"`, 1), get("system/callbacks/9", 404)},
		{"§9", "switched on again", seed, nil, send("PATCH", "system/callbacks/1", `[{"op":"replace","path":"inactiveFlag","value":false}]`, 200, `"inactiveFlag":false`), send("PATCH", "system/callbacks/1", `[{"op":"replace","path":"inactiveFlag","value":"no"}]`, 400, "inactiveFlag")},
		{"§9", "and removed", seed, nil, send("DELETE", "system/callbacks/1", "", 204), send("DELETE", "system/callbacks/9", "", 404)},
		{"§9", "the key is given for the key's id", nil, nil, get(key+"demo&id=5f0c6a30-0000-4000-8000-00000000c0de", 200, `"signing_key"`).with(bare), get(key+"demo&id=other", 404).with(bare)},
		{"§9", "and the company", nil, nil, get(key+"demo&id=5f0c6a30-0000-4000-8000-00000000c0de", 200).with(bare), get(key+"other&id=5f0c6a30-0000-4000-8000-00000000c0de", 404).with(bare)},
	}
}
