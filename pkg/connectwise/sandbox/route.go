package sandbox

import (
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// apiRoute is one operation.
type apiRoute struct {
	method  string
	path    string // below /apis/3.0/; {} stands for a number
	op      string
	rights  []Right // all are needed
	table   string  // name of the setup table, for customised Table Setup rights
	params  []string
	handler func(*request) *answer
}

func right(section, name, level string) []Right { return []Right{{section, name, level}} }

var setup = right(System, TableSetup, "inquire")

// apiRoutes are the operations that exist. Every server has its own list: handlers
// reach it through their requests.
func apiRoutes() []apiRoute {
	// (connectwise.md §6)
	inquireTickets := right(ServiceDesk, ServiceTickets, "inquire")
	addTickets := append(right(ServiceDesk, ServiceTickets, "add"), inquireTickets...)
	editTickets := append(right(ServiceDesk, ServiceTickets, "edit"), inquireTickets...)
	return []apiRoute{
		{method: "GET", path: "system/info", op: "system info", params: listParams, handler: systemInfo},
		{method: "GET", path: "system/members", op: "list members", rights: right(System, MemberMaintenance, "inquire"), params: listParams, handler: func(q *request) *answer { return serveList(q, memberTable, q.st.Members) }},
		{method: "GET", path: "system/callbacks", op: "list callbacks", rights: setup, params: listParams, handler: func(q *request) *answer { return serveList(q, callbackTable, q.st.Callbacks) }},
		{method: "GET", path: "system/callbacks/count", op: "count callbacks", rights: setup, params: listParams, handler: func(q *request) *answer { return serveCount(q, callbackTable, q.st.Callbacks) }},
		{method: "POST", path: "system/callbacks", op: "create callback", rights: right(System, TableSetup, "add"), handler: createCallback},
		{method: "GET", path: "system/callbacks/{}", op: "get callback", rights: setup, params: listParams, handler: withCallback(func(q *request, c *Callback) *answer { return serveOne(q, callbackTable, c) })},
		{method: "PATCH", path: "system/callbacks/{}", op: "patch callback", rights: right(System, TableSetup, "edit"), handler: withCallback(patchCallback)},
		{method: "DELETE", path: "system/callbacks/{}", op: "delete callback", rights: right(System, TableSetup, "delete"), handler: withCallback(deleteCallback)},

		{method: "GET", path: "company/companies", op: "list companies", rights: right(Companies, CompanyMaintenance, "inquire"), params: listParams, handler: func(q *request) *answer { return serveList(q, companyTable, q.st.visible()) }},
		{method: "GET", path: "company/companies/count", op: "count companies", rights: right(Companies, CompanyMaintenance, "inquire"), params: listParams, handler: func(q *request) *answer { return serveCount(q, companyTable, q.st.visible()) }},
		{method: "GET", path: "company/companies/{}", op: "get company", rights: right(Companies, CompanyMaintenance, "inquire"), params: listParams, handler: getCompany},
		{method: "GET", path: "company/companies/statuses", op: "list company statuses", rights: setup, table: "company statuses", params: listParams, handler: func(q *request) *answer { return serveList(q, companyStatusTable, q.st.CompanyStatuses) }},
		{method: "GET", path: "company/companies/types", op: "list company types", rights: setup, table: "company types", params: listParams, handler: func(q *request) *answer { return serveList(q, companyTypeTable, q.st.CompanyTypes) }},
		{method: "GET", path: "company/companies/{}/sites", op: "list sites", rights: right(Companies, CompanyMaintenance, "inquire"), params: listParams, handler: listSites},
		{method: "GET", path: "company/configurations", op: "list configurations", rights: right(Companies, ConfigurationsName, "inquire"), params: listParams, handler: func(q *request) *answer { return serveList(q, configurationTable, q.st.Configurations) }},

		{method: "GET", path: "service/info/boards", op: "list board info", rights: inquireTickets, params: listParams, handler: listBoards},
		{method: "GET", path: "service/boards", op: "list boards", rights: setup, table: "boards", params: listParams, handler: listBoards},
		{method: "GET", path: "service/boards/count", op: "count boards", rights: setup, table: "boards", params: listParams, handler: func(q *request) *answer { return serveCount(q, boardTable, q.st.Boards) }},
		{method: "GET", path: "service/boards/{}", op: "get board", rights: setup, table: "boards", params: listParams, handler: getBoard},
		{method: "GET", path: "service/boards/{}/statuses", op: "list statuses", rights: setup, table: "board statuses", params: listParams, handler: ofBoard(statusTable, func(st *State) []Status { return st.Statuses }, func(r Status) int { return r.BoardID })},
		{method: "GET", path: "service/boards/{}/types", op: "list types", rights: setup, table: "board types", params: listParams, handler: ofBoard(typeTable, func(st *State) []Type { return st.Types }, func(r Type) int { return r.BoardID })},
		{method: "GET", path: "service/boards/{}/subtypes", op: "list subtypes", rights: setup, table: "board subtypes", params: listParams, handler: ofBoard(subTypeTable, func(st *State) []SubType { return st.SubTypes }, func(r SubType) int { return r.BoardID })},
		{method: "GET", path: "service/boards/{}/items", op: "list items", rights: setup, table: "board items", params: listParams, handler: ofBoard(itemTable, func(st *State) []Item { return st.Items }, func(r Item) int { return r.BoardID })},
		{method: "GET", path: "service/priorities", op: "list priorities", rights: setup, table: "priorities", params: listParams, handler: func(q *request) *answer { return serveList(q, priorityTable, q.st.Priorities) }},
		{method: "GET", path: "service/sources", op: "list sources", rights: setup, table: "sources", params: listParams, handler: func(q *request) *answer { return serveList(q, sourceTable, q.st.Sources) }},

		{method: "GET", path: "service/tickets", op: "list tickets", rights: inquireTickets, params: listParams, handler: func(q *request) *answer { return serveList(q, ticketTable, q.st.searchable()) }},
		{method: "POST", path: "service/tickets/search", op: "search tickets", rights: inquireTickets, params: []string{"page", "pageSize", "fields"}, handler: searchTickets},
		{method: "GET", path: "service/tickets/count", op: "count tickets", rights: inquireTickets, params: listParams, handler: func(q *request) *answer { return serveCount(q, ticketTable, q.st.searchable()) }},
		{method: "POST", path: "service/tickets", op: "create ticket", rights: addTickets, params: []string{"fields"}, handler: createTicket},
		{method: "GET", path: "service/tickets/{}", op: "get ticket", rights: inquireTickets, params: listParams, handler: withTicket(func(q *request, t *Ticket) *answer { return serveOne(q, ticketTable, t) })},
		{method: "PATCH", path: "service/tickets/{}", op: "patch ticket", rights: right(ServiceDesk, ServiceTickets, "edit"), params: []string{"fields"}, handler: withTicket(patchTicket)},
		{method: "DELETE", path: "service/tickets/{}", op: "delete ticket", rights: right(ServiceDesk, ServiceTickets, "delete"), handler: withTicket(deleteTicket)},
		{method: "GET", path: "service/tickets/{}/notes", op: "list notes", rights: inquireTickets, params: listParams, handler: withTicket(listNotes(false))},
		{method: "GET", path: "service/tickets/{}/allNotes", op: "list all notes", rights: inquireTickets, params: listParams, handler: withTicket(listNotes(true))},
		{method: "POST", path: "service/tickets/{}/notes", op: "add note", rights: editTickets, handler: withTicket(addNote)},
		{method: "POST", path: "service/tickets/{}/merge", op: "merge tickets", rights: []Right{{ServiceDesk, MergeTickets, "add"}, {ServiceDesk, MergeTickets, "edit"}}, handler: withTicket(mergeTickets)},
		{method: "GET", path: "service/tickets/{}/configurations", op: "list ticket configurations", rights: inquireTickets, params: listParams, handler: withTicket(listLinks)},
		{method: "POST", path: "service/tickets/{}/configurations", op: "attach configuration", rights: []Right{{ServiceDesk, ServiceTickets, "edit"}, {Companies, ConfigurationsName, "inquire"}}, handler: withTicket(attachConfiguration)},
	}
}

// locate reads the path: which operation, or which page outside the API.
func (q *request) locate(routes []apiRoute) {
	parts := strings.Split(strings.Trim(q.http.URL.EscapedPath(), "/"), "/")
	if len(parts) == 3 && parts[0] == "login" && parts[1] == "companyinfo" {
		q.op, q.other = "companyinfo", "companyinfo"
		q.word, _ = url.PathUnescape(parts[2])
		return
	}
	q.codebase = parts[0]
	parts = slices.DeleteFunc(parts[1:], func(p string) bool { return p == "" }) // a double slash is usual
	if slices.Equal(parts, []string{"system", "callbackkey", "index.rails"}) {
		q.op, q.other = "callback key", "callbackkey"
		return
	}
	if len(parts) < 3 || parts[0] != "apis" || parts[1] != "3.0" {
		return
	}
	best := -1
	for i := range routes {
		ids, ok := routes[i].match(parts[2:])
		if !ok {
			continue
		}
		if routes[i].method == q.http.Method {
			q.route, q.op, q.ids = &routes[i], routes[i].op, ids
			return
		}
		best = i
	}
	if best >= 0 {
		q.other = "method"
	}
}

func (r *apiRoute) match(parts []string) ([]int, bool) {
	want := strings.Split(r.path, "/")
	if len(want) != len(parts) {
		return nil, false
	}
	var ids []int
	for i, w := range want {
		if w == "{}" {
			n, err := strconv.Atoi(parts[i])
			if err != nil {
				return nil, false
			}
			ids = append(ids, n)
		} else if !strings.EqualFold(w, parts[i]) {
			return nil, false
		}
	}
	return ids, true
}

// maxURL is the length that is said to be safe up to (connectwise.md §4).
const maxURL = 2000

var cloudDomains = []string{".myconnectwise.net", ".connectwisedev.com"}

// answer runs a request through gateway, authentication, request window,
// routing and rights, in this order, and then its handler.
func (s *Server) answer(q *request) *answer {
	switch q.other {
	case "companyinfo":
		return companyInfo(q)
	case "callbackkey":
		return callbackKey(q)
	}
	for _, d := range cloudDomains {
		if strings.HasSuffix(q.Host, d) && (!strings.HasPrefix(q.Host, "api-") || q.Scheme != "https") {
			return sslRequired()
		}
	}
	if slices.Contains(q.st.OldCodebases, q.codebase) {
		return textAnswer(http.StatusNotFound, "text/html", "<html><head><title>404 - File or directory not found.</title></head><body></body></html>")
	}
	if len(q.http.URL.RequestURI()) > maxURL {
		return textAnswer(http.StatusRequestURITooLong, "text/html", "<html><head><title>414 - Request-URI Too Long</title></head></html>")
	}
	if q.codebase != q.st.Codebase && (q.codebase != "v4_6_release" || q.st.NoAlias) {
		return gatewayText()
	}
	if a := s.authenticate(q); a != nil {
		return a
	}
	if wait := s.admit(); wait > 0 {
		return tooMany(wait)
	}
	if q.route == nil {
		if q.other == "method" {
			return refuse(http.StatusMethodNotAllowed, "ConnectWiseApi", "The requested resource does not support http method '"+q.http.Method+"'.")
		}
		return refuse(http.StatusNotFound, "ConnectWiseApi", "The endpoint does not exist.")
	}
	for _, r := range q.route.rights {
		if !q.st.Role[r] {
			return noPermission()
		}
	}
	if q.route.table != "" && slices.Contains(q.st.ClosedTables, q.route.table) {
		return noPermission()
	}
	for name := range q.query {
		if !slices.Contains(q.route.params, name) {
			return refuse(http.StatusBadRequest, "ConnectWiseApi", "The parameter "+name+" is not known here.")
		}
	}
	if len(q.Body) > 0 && q.http.Method == http.MethodGet {
		return refuse(http.StatusBadRequest, "ConnectWiseApi", "A read has no body.")
	}
	if len(q.Body) > 0 && !strings.HasPrefix(q.http.Header.Get("Content-Type"), "application/json") {
		return refuse(http.StatusUnsupportedMediaType, "ConnectWiseApi", "The request entity's media type is not supported for this resource.")
	}
	return q.route.handler(q)
}

// authenticate checks clientId and Basic credentials. The exact bodies are not
// documented (connectwise.md §5).
func (s *Server) authenticate(q *request) *answer {
	id := q.http.Header.Get("clientId")
	if id == "" || s.o.ClientID != "" && id != s.o.ClientID {
		return refuse(http.StatusBadRequest, "ConnectWiseApi", "The clientId header is missing or not valid.")
	}
	scheme, coded, _ := strings.Cut(q.http.Header.Get("Authorization"), " ")
	plain, err := base64.StdEncoding.DecodeString(coded)
	want := s.o.CompanyID + "+" + s.o.PublicKey + ":" + s.o.PrivateKey
	if !strings.EqualFold(scheme, "basic") || err != nil || subtle.ConstantTimeCompare(plain, []byte(want)) != 1 || q.st.Revoked {
		return refuse(http.StatusUnauthorized, "Unauthorized", "The supplied authentication is incorrect.")
	}
	return nil
}
