package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// rule is one sentence of the vendor page with a request that obeys it and one
// that breaks it; both meet the same simulator.
type rule struct {
	section string // of connectwise.md
	says    string
	seed    func(*State)
	spoils  func(*vendor) // what happens before the request that breaks it, when that is no other request
	obeys   ask
	breaks  ask
}

// ask is a request and the answer that is expected.
type ask struct {
	method, path, body string
	change             func(*http.Request)
	status             int
	has                []string // words of the answer
	rows               int      // of a list; 0 = not looked at, none = no rows
}

const none = -1

func get(path string, status int, has ...string) ask {
	return ask{method: "GET", path: path, status: status, has: has}
}

func rows(path string, n int) ask { return ask{method: "GET", path: path, status: 200, rows: n} }

func where(list, conditions string, n int) ask { return rows(list+"?conditions="+q(conditions), n) }

func refused(list, conditions string, has ...string) ask {
	return get(list+"?conditions="+q(conditions), 400, append(has, `"ApiFindCondition"`)...)
}

func send(method, path, body string, status int, has ...string) ask {
	return ask{method: method, path: path, body: body, status: status, has: has}
}

func (a ask) with(change func(*http.Request)) ask {
	a.change = change
	return a
}

// hold makes the request and compares.
func (a ask) hold(t *testing.T, v *vendor) {
	t.Helper()
	change := a.change
	if change == nil {
		change = func(*http.Request) {}
	}
	g := v.call(a.method, a.path, a.body, change)
	g.has(t, a.status, a.has...)
	if a.rows != 0 {
		if n := len(g.list(t)); n != max(a.rows, 0) {
			t.Errorf("%s: %d rows, want %d", a.path, n, max(a.rows, 0))
		}
	}
}

func TestEveryRuleWithARequestThatObeysAndOneThatBreaksIt(t *testing.T) {
	t.Parallel()
	all := slices.Concat(addressRules(), listRules(), errorRules(), rightRules(), ticketRules(), recordRules(), callbackRules())
	sections := map[string]int{}
	for _, r := range all {
		sections[r.section]++
		t.Run(r.section+" "+r.says, func(t *testing.T) {
			t.Parallel()
			if r.obeys.status == 0 || r.breaks.status == 0 {
				t.Fatal("one of the pair is missing")
			}
			for i, a := range []ask{r.obeys, r.breaks} {
				v := start(t)
				v.Edit(func(st *State) {
					st.AddTicket(19001, "first", "tech1")
					st.AddTicket(19001, "second", "tech1")
					if r.seed != nil {
						r.seed(st)
					}
				})
				if i == 1 && r.spoils != nil {
					r.spoils(v)
				}
				before := v.stored()
				a.hold(t, v)
				if v.stored() != before && a.status >= 400 {
					t.Errorf("%s %s was refused and yet changed something", a.method, a.path)
				}
			}
		})
	}
	for _, s := range []string{"§2", "§3", "§4", "§5", "§6", "§7.1", "§7.2", "§7.3", "§9"} {
		if sections[s] == 0 {
			t.Errorf("no rule of %s", s)
		}
	}
}

// stored is what requests can change, as text.
func (v *vendor) stored() (text string) {
	v.View(func(st *State) { text = fmt.Sprintf("%+v %+v %+v", st.Tickets, st.Callbacks, st.Notifications) })
	return text
}

// bare takes every header away.
func bare(r *http.Request) { r.Header = http.Header{} }

func basic(user, password string) func(*http.Request) {
	return func(r *http.Request) { r.SetBasicAuth(user, password) }
}

func addressRules() []rule {
	const (
		site  = "https://na.myconnectwise.net"
		cloud = "https://api-na.myconnectwise.net"
		own   = "https://cw.example.com"
		info  = "/v4_6_release/apis/3.0/system/info"
	)
	login := Defaults.CompanyID + "+" + Defaults.PublicKey
	return []rule{
		{
			"§2", "companyinfo needs no keys and minds letter case", nil, nil,
			get(site+"/login/companyinfo/demo", 200, `"Codebase":"v2025_1/"`, `"IsCloud":"True"`).with(bare), get(site+"/login/companyinfo/DEMO", 200, "null").with(bare),
		},
		{
			"§2", "some servers answer 404 for an unknown company", func(st *State) { st.Unknown404 = true }, nil,
			get(site+"/login/companyinfo/demo", 200), get(site+"/login/companyinfo/other", 404),
		},
		{
			"§2", "companyinfo may name the API host", func(st *State) { st.SiteURL = "api-na.myconnectwise.net" }, nil,
			get(site+"/login/companyinfo/demo", 200, `"SiteUrl":"api-na.myconnectwise.net"`), send("POST", site+"/login/companyinfo/demo", "{}", 405),
		},
		{
			"§2", "the API lies below the code base", nil, nil,
			get(cloud+"/v2025_1/apis/3.0/system/info", 200), get(cloud+"/v2019_1/apis/3.0/system/info", 400, "Cannot route. Codebase/company is invalid."),
		},
		{
			"§2", "a double slash is usual, another API version is not there", nil, nil,
			get(cloud+"/v2025_1//apis/3.0/system/info", 200), get(cloud+"/v2025_1/apis/2.0/system/info", 404, "The endpoint does not exist."),
		},
		{
			"§2", "the alias works while the server knows it", func(st *State) { st.NoAlias = true }, nil,
			get(cloud+"/v2025_1/apis/3.0/system/info", 200), get(cloud+info, 400, "Cannot route."),
		},
		{
			"§2", "an old code base is gone after a release", func(st *State) { st.OldCodebases = []string{"v2024_9"} }, nil,
			get(cloud+info, 200), get(cloud+"/v2024_9/apis/3.0/system/info", 404, "<html>"),
		},
		{
			"§2", "cloud hosts want the api- prefix", nil, nil,
			get(cloud+info, 200), get(site+info, 403, `"Security"`, "SSL is required.", `"errors":null`),
		},
		{
			"§2", "cloud hosts want https", nil, nil,
			get(cloud+info, 200), get("http://api-na.myconnectwise.net"+info, 403, "SSL is required."),
		},
		{
			"§2", "self-hosted servers have no prefix, but a code base", func(st *State) { st.Cloud, st.Codebase = false, "v4_6_release" }, nil,
			get(own+info, 200, `"isCloud":false`), get(own+"/apis/3.0/system/info", 400, "Cannot route."),
		},

		{
			"§3", "the user is login company, plus, public key", nil, nil,
			get("system/info", 200).with(basic(login, Defaults.PrivateKey)), get("system/info", 401, `"Unauthorized"`).with(basic(Defaults.PublicKey, Defaults.PrivateKey)),
		},
		{
			"§3", "the password is the private key", nil, nil,
			get("system/info", 200).with(basic(login, Defaults.PrivateKey)), get("system/info", 401, `"Unauthorized"`).with(basic(login, "x")),
		},
		{
			"§3", "authentication is Basic", nil, nil,
			get("system/info", 200), get("system/info", 401).with(header("Authorization", "Bearer x")),
		},
		{
			"§3", "every call carries a clientId, its name in any letter case", nil, nil,
			get("system/info", 200).with(func(r *http.Request) { r.Header.Set("CLIENTID", r.Header.Get("clientId")) }), get("system/info", 400, "clientId").with(header("clientId", "")),
		},
		{
			"§3", "bodies are strict", nil, nil,
			send("POST", "service/tickets", `{"summary":"s","company":{"id":19001}}`, 201),
			send("POST", "service/tickets", `{"summary":"s","enteredBy":"me","company":{"id":19001}}`, 400, `"ConnectWiseApi"`, "Could not find member 'enteredBy' on object of type 'Ticket'. Path 'enteredBy', line 1, position 27. Check your accept header"),
		},
		{
			"§3", "bodies are JSON", nil, nil,
			send("POST", "service/tickets", `{"summary":"s","company":{"id":19001}}`, 201).with(header("Content-Type", "application/json; charset=utf-8")),
			send("POST", "service/tickets", `{"summary":"s","company":{"id":19001}}`, 415).with(header("Content-Type", "text/plain")),
		},
		{
			"§10.12", "the company id minds letter case", nil, nil,
			get("system/info", 200), get("system/info", 401).with(basic("Demo+"+Defaults.PublicKey, Defaults.PrivateKey)),
		},
	}
}

func listRules() []rule {
	many := func(st *State) {
		for range 30 {
			st.AddCompany("c")
		}
	}
	forward := header("pagination-type", "forward-only")
	const companies, tickets = "company/companies", "service/tickets"
	return []rule{
		{"§4", "a page has 25 rows unless more are asked for", many, nil, rows(companies+"?pageSize=31", 31), rows(companies, 25)},
		{"§4", "a page has at most 1,000 rows", nil, nil, get(companies+"?pageSize=1000", 200), get(companies+"?pageSize=1001", 400)},
		{"§4", "pages count from 1", nil, nil, get(companies+"?page=1", 200), get(companies+"?page=0", 400)},
		{"§4", "a page beyond the end is empty", many, nil, rows(companies+"?page=2", 6), rows(companies+"?page=3", none)},
		{"§4", "forward-only pages follow a pageId, not a page", many, nil, rows(companies+"?pageId=19030&page=9", 1).with(forward), rows(companies+"?pageId=19030&page=9", none)},
		{"§4", "forward-only lists have no order", nil, nil, get(companies+"?orderBy=id%20asc", 200).with(header("pagination-type", "")), get(companies+"?orderBy=id%20asc", 400, "orderBy").with(forward)},
		{"§4", "an order is by a known name", nil, nil, get(companies+"?orderBy=name%20desc", 200), get(companies+"?orderBy=nothing", 400, "nothing is not a recognized name.")},
		{"§4", "fields are known names, with paths", nil, nil, get(companies+"?fields=id,status/name", 200, `"status":{"name":"Active"}`), get(companies+"?fields=id,nothing", 400, "nothing is not a recognized name.")},
		{
			"§4", "fields work on a create too", nil, nil,
			send("POST", tickets+"?fields=id", `{"summary":"s","company":{"id":19001}}`, 201, `{"id":1003}`), send("POST", tickets+"?fields=x", `{"summary":"s","company":{"id":19001}}`, 400),
		},
		{"§4", "only the documented parameters exist", nil, nil, get(tickets+"?conditions=id%3D1001", 200), get(tickets+"?condition=id%3D1001", 400, "condition")},
		{"§4", "a list can be counted", nil, nil, get(tickets+"/count?conditions=id%3D1001", 200, `{"count":1}`), get(tickets+"/count?conditions=id", 400)},
		{
			"§4", "addresses are short", nil, nil,
			where(companies, "id in ("+strings.Repeat("1,", 300)+"19001)", 1), get(companies+"?conditions="+q("id in ("+strings.Repeat("1,", 1000)+"19001)"), 414),
		},

		{"§4", "strings are quoted, with either quote", nil, nil, where(tickets, `summary='first'`, 1), refused(tickets, `summary=first`, "Expected a string value", "double or single quotes")},
		{"§4", "a quote ends a string", nil, nil, where(tickets, `summary="first"`, 1), refused(tickets, `summary="fir"st"`)},
		{"§4", "* is a wildcard", nil, nil, where(tickets, `summary="f*"`, 1), where(tickets, `summary="f"`, none)},
		{"§4", "% is one with like only", nil, nil, where(tickets, `summary like "f%"`, 1), where(tickets, `summary="f%"`, none)},
		{"§4", "a bracket in a pattern is escaped", func(st *State) { st.Ticket(1001).Summary = "[SRV01] down" }, nil, where(tickets, `summary like "[[]SRV01]%"`, 1), where(tickets, `id=1001 and summary like "[SRV01]%"`, none)},
		{"§4", "numbers are bare", nil, nil, where(tickets, `board/id=1`, 2), refused(tickets, `board/id="1"`, "Expected a numeric value, not a string.")},
		{"§4", "booleans are true and false", nil, nil, where(tickets, `closedFlag=false`, 2), refused(tickets, `closedFlag=0`, "Expected a boolean value, not a numeric. String values should be enclosed with double or single quotes; DateTime values should be enclosed in square brackets;")},
		{"§4", "dates are in square brackets", nil, nil, where(tickets, `lastUpdated>[2016-08-20T18:04:26Z]`, 2), refused(tickets, `lastUpdated>"2016-08-20T18:04:26Z"`, "Expected a DateTime value")},
		{"§4", "a date may stand without time, not without sense", nil, nil, where(tickets, `lastUpdated>[2025-01-01]`, 2), refused(tickets, `lastUpdated>[soon]`, "is not a DateTime")},
		{"§4", "null is compared with = and !=", nil, nil, where(tickets, `owner/id=null`, 2), refused(tickets, `owner/id>null`, "null can only")},
		{"§4", "references are compared by their members", nil, nil, where(tickets, `board/name="Service Desk"`, 2), refused(tickets, `board=1`, "board is not a recognized name.")},
		{"§4", "contains and like are for text", nil, nil, where(tickets, `summary contains "irs"`, 1), refused(tickets, `id contains "1"`, "needs a string field")},
		{"§4", "not stands before contains, like and in", nil, nil, where(tickets, `summary not contains "irs"`, 1), refused(tickets, `id not = 1001`, "Expected an operator")},
		{"§4", "in takes a list", nil, nil, where(tickets, `id in (1001,1002)`, 2), refused(tickets, `id in 1001`, "list in parentheses")},
		{"§4", "childConditions have no in", nil, nil, rows(companies+"?childConditions="+q("types/id=1"), 1), get(companies+"?childConditions="+q("types/id in (1)"), 400)},
		{"§4", "lists inside a record are for childConditions", nil, nil, rows(companies+"?childConditions="+q(`types/name="Client"`), 1), refused(companies, "types/id=1", "types/id is not a recognized name.")},
		{"§4", "and binds tighter than or, parentheses tighter still", nil, nil, where(tickets, `id=1001 OR id=1002 and closedFlag=true`, 1), where(tickets, `(id=1001 or id=1002) AND closedFlag=true`, none)},
		{"§4", "parentheses are closed", nil, nil, where(tickets, `(id=1001)`, 1), refused(tickets, `(id=1001`, "closing parenthesis")},
		{"§4", "names are known", nil, nil, where(tickets, `owner/id=null`, 2), refused(tickets, `member/id=1`, "member/id is not a recognized name.")},
		{"§4", "lastUpdated can be asked for though it is in _info", nil, nil, where(tickets, `lastUpdated>[2020-01-01]`, 2), refused(tickets, `_info/lastUpdated>[2020-01-01]`, "not a recognized name")},
		{"§4", "a board's status has inactive, without Flag", nil, nil, where("service/boards/1/statuses", `inactive=false`, 5), refused("service/boards/1/statuses", `inactiveFlag=false`, "inactiveFlag is not a recognized name.")},
		{"§4", "a priority has no inactive flag", nil, nil, where("service/priorities", `defaultFlag=true`, 1), refused("service/priorities", `inactiveFlag=false`, "inactiveFlag is not a recognized name.")},
	}
}

func errorRules() []rule {
	return []rule{
		{"§5", "1,000 requests a minute", nil, func(v *vendor) {
			for range windowRequests {
				v.call("GET", "system/info", "").has(v.t, 200)
			}
			v.now = v.now.Add(20 * time.Second)
		}, get("system/info", 200), get("system/info", 429, `{"error":"ConnectWiseAPI","message":"Too many requests. Please try again in 40 seconds."}`)},
		{"§5", "time stamps have whole seconds", nil, nil, where("service/tickets", `lastUpdated>[2026-01-02T03:04:05Z]`, 2), refused("service/tickets", `lastUpdated>[2026-01-02T03:04:05.123Z]`, "is not a DateTime.")},
		{"§5", "a record that is not there", nil, nil, get("service/tickets/1001", 200), get("service/tickets/9", 404, `"code":"NotFound"`, "Ticket 9 not found")},
		{"§5", "a company that is not there", nil, nil, get("company/companies/19001", 200), get("company/companies/9", 404, "Company 9 not found")},
		{"§5", "a board that is not there", nil, nil, get("service/boards/1", 200), get("service/boards/99/statuses", 404, "Service Board 99 not found")},
		{"§5", "an endpoint that is not there", nil, nil, get("service/priorities", 200), get("service/nothing", 404, `"ConnectWiseApi"`, "The endpoint does not exist.")},
		{"§5", "ids in paths are numbers", nil, nil, get("service/tickets/1001", 200), get("service/tickets/abc", 404, "The endpoint does not exist.")},
		{"§5", "a method that is not there", nil, nil, get("company/companies/19001", 200), send("DELETE", "company/companies/19001", "", 405)},
		{
			"§5", "a record that is in use", func(st *State) { st.Ticket(1002).InUse = true }, nil,
			send("PATCH", "service/tickets/1001", `[{"op":"replace","path":"summary","value":"x"}]`, 200), send("PATCH", "service/tickets/1002", `[{"op":"replace","path":"summary","value":"x"}]`, 409),
		},
		{
			"§5", "notes too wait for a record in use", func(st *State) { st.Ticket(1002).InUse = true }, nil,
			send("POST", "service/tickets/1001/notes", `{"text":"n","internalAnalysisFlag":true}`, 201), send("POST", "service/tickets/1002/notes", `{"text":"n","internalAnalysisFlag":true}`, 409),
		},
		{"§5", "null fields are left out", func(st *State) { st.Ticket(1001).ExternalXRef = "uv-1" }, nil, get("service/tickets/1001?fields=externalXRef", 200, `{"externalXRef":"uv-1"}`), get("service/tickets/1002?fields=externalXRef", 200, `{}`)},
	}
}

func rightRules() []rule {
	var rules []rule
	for _, x := range []struct {
		right Right
		ask   ask
	}{
		{Right{Companies, CompanyMaintenance, "inquire"}, get("company/companies", 200)},
		{Right{System, TableSetup, "inquire"}, get("service/boards", 200)},
		{Right{System, TableSetup, "inquire"}, get("service/boards/1/statuses", 200)},
		{Right{System, TableSetup, "inquire"}, get("service/boards/1/types", 200)},
		{Right{System, TableSetup, "inquire"}, get("service/priorities", 200)},
		{Right{System, TableSetup, "inquire"}, get("service/sources", 200)},
		{Right{System, TableSetup, "inquire"}, get("company/companies/statuses", 200)},
		{Right{ServiceDesk, ServiceTickets, "inquire"}, get("service/tickets", 200)},
		{Right{ServiceDesk, ServiceTickets, "inquire"}, get("service/info/boards", 200)},
		{Right{ServiceDesk, ServiceTickets, "add"}, send("POST", "service/tickets", `{"summary":"s","company":{"id":19001}}`, 201)},
		{Right{ServiceDesk, ServiceTickets, "inquire"}, send("POST", "service/tickets", `{"summary":"s","company":{"id":19001}}`, 201)},
		{Right{ServiceDesk, ServiceTickets, "edit"}, send("PATCH", "service/tickets/1001", `[{"op":"replace","path":"priority","value":{"id":1}}]`, 200)},
		{Right{ServiceDesk, ServiceTickets, "edit"}, send("POST", "service/tickets/1001/notes", `{"text":"n","internalAnalysisFlag":true}`, 201)},
		{Right{ServiceDesk, ServiceTickets, "inquire"}, send("POST", "service/tickets/1001/notes", `{"text":"n","internalAnalysisFlag":true}`, 201)},
		{Right{ServiceDesk, CloseTickets, "edit"}, send("PATCH", "service/tickets/1001", `[{"op":"replace","path":"status","value":{"id":504}}]`, 200)},
		{Right{ServiceDesk, CloseTickets, "edit"}, send("POST", "service/tickets", `{"summary":"s","company":{"id":19001},"status":{"id":504}}`, 201)},
		{Right{ServiceDesk, MergeTickets, "add"}, send("POST", "service/tickets/1001/merge", `{"mergeTicketIds":[1002],"status":{"id":504}}`, 200)},
		{Right{ServiceDesk, MergeTickets, "edit"}, send("POST", "service/tickets/1001/merge", `{"mergeTicketIds":[1002],"status":{"id":504}}`, 200)},
		{Right{ServiceDesk, ServiceTickets, "delete"}, send("DELETE", "service/tickets/1001", "", 204)},
		{Right{System, MemberMaintenance, "inquire"}, get("system/members", 200)},
		{Right{Companies, ConfigurationsName, "inquire"}, get("company/configurations", 200)},
		{Right{Companies, ConfigurationsName, "inquire"}, send("POST", "service/tickets/1001/configurations", `{"id":1}`, 201)},
		{Right{System, TableSetup, "add"}, send("POST", "system/callbacks", `{"url":"u","objectId":1,"type":"ticket","level":"owner"}`, 201)},
		{Right{System, TableSetup, "edit"}, send("PATCH", "system/callbacks/1", `[{"op":"replace","path":"inactiveFlag","value":false}]`, 200)},
		{Right{System, TableSetup, "delete"}, send("DELETE", "system/callbacks/1", "", 204)},
	} {
		without := x.ask
		without.status, without.has = 403, []string{`"code":"Security"`, "You do not have security permission to perform this action."}
		r := x.right
		rules = append(rules, rule{
			section: "§6", says: x.ask.method + " " + x.ask.path + " needs " + r.Name + " " + r.Level,
			seed: func(st *State) {
				st.Role.GrantExtras()
				st.Role.Grant(ServiceDesk, ServiceTickets, "delete")
				add(st, &st.Configurations, "configuration", 0, func(id int) Configuration { return Configuration{ID: id, CompanyID: 19001, Name: "SRV01"} })
				add(st, &st.Callbacks, "callback", 0, func(id int) Callback {
					return Callback{ID: id, URL: "v", Type: "ticket", Level: "owner", ObjectID: 1}
				})
			},
			spoils: func(v *vendor) { v.Edit(func(st *State) { st.Role.Revoke(r.Section, r.Name, r.Level) }) },
			obeys:  x.ask, breaks: without,
		})
	}
	hide := func(st *State) {
		st.Company(st.AddCompany("Other")).Hidden = true
		st.AddTicket(19002, "hidden", "tech1")
	}
	return append(rules,
		rule{"§6", "a customised Table Setup opens some lists only", func(st *State) { st.ClosedTables = []string{"sources"} }, nil, get("service/priorities", 200), get("service/sources", 403, `"Security"`)},
		rule{"§6", "a low level hides companies without an error", hide, nil, rows("company/companies", 1), get("company/companies/19002", 404, "Company 19002 not found")},
		rule{"§6", "and their tickets", hide, nil, rows("service/tickets", 2), get("service/tickets/1003", 404)},
		rule{"§6", "and takes no tickets for them", hide, nil, send("POST", "service/tickets", `{"summary":"s","company":{"id":19001}}`, 201), send("POST", "service/tickets", `{"summary":"s","company":{"id":19002}}`, 400, "Company 19002 not found")},
		rule{"§3", "keys can be taken back", nil, func(v *vendor) {
			v.Edit(func(st *State) { st.Revoked = true })
		}, get("system/info", 200), get("system/info", 401, `"Unauthorized"`)},
	)
}
