// Package contract_test holds client and sandbox to the vendor's own OpenAPI
// document, when that lies beside the checkout, and to a list of shapes written
// by hand where the document is silent.
package contract_test

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"uniview-bridge/pkg/connectwise"
	"uniview-bridge/pkg/connectwise/sandbox"
)

// Ids that the sandbox's standard setup and the seed below give.
const (
	msp, desk           = 19001, 1
	deskNew, deskClosed = 501, 504
	parent, child, free = 1001, 1002, 1003
	device              = 701
)

// operation is a row of the contract: how the client is made to send it.
type operation struct {
	run action
	// missing makes it about a record that is not there; nil when it is about none.
	missing action
	// inUse says that a record which is in use refuses it.
	inUse bool
	// open says that it needs no keys, and knows no rights.
	open bool
}

// contract has a row for every operation of the client, by its name.
var contract = map[string]operation{
	"discover company": {open: true, run: reading(func(ctx context.Context, c *connectwise.Client) (any, error) { return c.Discover(ctx) })},
	"read system info": {run: reading(func(ctx context.Context, c *connectwise.Client) (any, error) { return c.SystemInfo(ctx) })},
	"read callback key": {open: true, run: func(ctx context.Context, c *connectwise.Client, srv *sandbox.Server) error {
		var body []byte
		var sig string
		srv.Edit(func(st *sandbox.State) {
			body, sig = st.SignedCallback("https://na.myconnectwise.net", "updated", parent)
		})
		_, err := c.VerifyCallback(ctx, body, sig)
		return err
	}},
	"list companies": {run: reading(func(ctx context.Context, c *connectwise.Client) (any, error) {
		if _, err := c.ListCompanies(ctx, connectwise.CompanyQuery{IDs: []int{msp}}); err != nil {
			return nil, err
		}
		return c.ListCompanies(ctx, connectwise.CompanyQuery{IncludeDeleted: true})
	})},
	"list company statuses": {run: reading(func(ctx context.Context, c *connectwise.Client) (any, error) { return c.ListCompanyStatuses(ctx) })},
	"list company types":    {run: reading(func(ctx context.Context, c *connectwise.Client) (any, error) { return c.ListCompanyTypes(ctx) })},
	"list sites":            about(msp, func(ctx context.Context, c *connectwise.Client, id int) (any, error) { return c.ListSites(ctx, id) }),
	"list boards":           {run: reading(func(ctx context.Context, c *connectwise.Client) (any, error) { return c.ListBoards(ctx) })},
	"list boards without setup rights": {run: func(ctx context.Context, c *connectwise.Client, srv *sandbox.Server) error {
		srv.Edit(func(st *sandbox.State) { st.ClosedTables = []string{"boards"} })
		_, err := c.ListBoards(ctx)
		return err
	}},
	"list statuses":   about(desk, func(ctx context.Context, c *connectwise.Client, id int) (any, error) { return c.ListStatuses(ctx, id) }),
	"list types":      about(desk, func(ctx context.Context, c *connectwise.Client, id int) (any, error) { return c.ListTypes(ctx, id) }),
	"list subtypes":   about(desk, func(ctx context.Context, c *connectwise.Client, id int) (any, error) { return c.ListSubTypes(ctx, id) }),
	"list items":      about(desk, func(ctx context.Context, c *connectwise.Client, id int) (any, error) { return c.ListItems(ctx, id) }),
	"list priorities": {run: reading(func(ctx context.Context, c *connectwise.Client) (any, error) { return c.ListPriorities(ctx) })},
	"list sources":    {run: reading(func(ctx context.Context, c *connectwise.Client) (any, error) { return c.ListSources(ctx) })},
	"create ticket": about(msp, func(ctx context.Context, c *connectwise.Client, id int) (any, error) {
		if _, err := c.CreateTicket(ctx, connectwise.TicketWrite{Summary: "s", CompanyID: id}); err != nil {
			return nil, err
		}
		return c.CreateTicket(ctx, connectwise.TicketWrite{
			Summary: "s", CompanyID: id, BoardID: desk, StatusID: deskNew, TypeID: 301, SubTypeID: 401, ItemID: 451, PriorityID: 1, SourceID: 1,
			SiteID: 2001, Severity: "Low", Impact: "High", ExternalXRef: "uv-1", Description: "d", InternalAnalysis: "i", Notify: true,
		})
	}),
	"list tickets": {run: reading(func(ctx context.Context, c *connectwise.Client) (any, error) {
		if _, err := c.ListTickets(ctx, connectwise.TicketQuery{XRefPrefix: "uv-", OpenOnly: true, UpdatedSince: time.Unix(1e9, 5), BoardID: desk, CompanyID: msp, IDs: []int{free}}); err != nil {
			return nil, err
		}
		return c.ListTickets(ctx, connectwise.TicketQuery{})
	})},
	"find tickets": {run: reading(func(ctx context.Context, c *connectwise.Client) (any, error) { return c.FindTickets(ctx, "uv-1") })},
	"get ticket":   about(parent, func(ctx context.Context, c *connectwise.Client, id int) (any, error) { return c.GetTicket(ctx, id) }),
	"set ticket status": writing(func(ctx context.Context, c *connectwise.Client, id int) (any, error) {
		return c.CloseTicket(ctx, id, deskClosed)
	}),
	"set ticket priority": writing(func(ctx context.Context, c *connectwise.Client, id int) (any, error) {
		return c.SetTicketPriority(ctx, id, 2)
	}),
	"add note": writing(func(ctx context.Context, c *connectwise.Client, id int) (any, error) {
		return c.AddNote(ctx, id, connectwise.Note{Text: "n", Internal: true})
	}),
	"list notes": about(parent, func(ctx context.Context, c *connectwise.Client, id int) (any, error) { return c.ListNotes(ctx, id) }),
	"attach configuration": about(free, func(ctx context.Context, c *connectwise.Client, id int) (any, error) {
		return nil, c.AttachConfiguration(ctx, id, device)
	}),
	"list ticket configurations": about(parent, func(ctx context.Context, c *connectwise.Client, id int) (any, error) {
		return c.ListTicketConfigurations(ctx, id)
	}),
	"register callback": {run: reading(func(ctx context.Context, c *connectwise.Client) (any, error) {
		return c.EnsureCallback(ctx, connectwise.Registration{URL: "https://x/?recordId=", Type: "ticket", Level: "owner", ObjectID: 1, Description: "d", SelfSuppressed: true})
	})},
	"list callbacks": {run: reading(func(ctx context.Context, c *connectwise.Client) (any, error) { return c.ListCallbacks(ctx) })},
	"switch callback on": {run: func(ctx context.Context, c *connectwise.Client, srv *sandbox.Server) error {
		_, err := c.EnsureCallback(ctx, seeded)
		return err
	}},
	"read callback": {run: deleting, missing: func(ctx context.Context, c *connectwise.Client, _ *sandbox.Server) error {
		return c.DeleteCallback(ctx, connectwise.Registration{ID: 9})
	}},
	"delete callback": {run: deleting},

	"check right to configurations": {run: checking},
	"check right to members":        {run: checking},
}

// seeded is the callback that is there from the start, switched off.
var seeded = connectwise.Registration{ID: 1, URL: "https://seeded/?recordId=", Type: "ticket", Level: "owner", ObjectID: 1}

func deleting(ctx context.Context, c *connectwise.Client, _ *sandbox.Server) error {
	return c.DeleteCallback(ctx, seeded)
}

func checking(ctx context.Context, c *connectwise.Client, _ *sandbox.Server) error {
	c.CheckPermissions(ctx)
	return nil
}

func reading(f func(context.Context, *connectwise.Client) (any, error)) action {
	return func(ctx context.Context, c *connectwise.Client, _ *sandbox.Server) error {
		_, err := f(ctx, c)
		return err
	}
}

// about is an operation on the record with an id.
func about(id int, f func(context.Context, *connectwise.Client, int) (any, error)) operation {
	return operation{
		run:     reading(func(ctx context.Context, c *connectwise.Client) (any, error) { return f(ctx, c, id) }),
		missing: reading(func(ctx context.Context, c *connectwise.Client) (any, error) { return f(ctx, c, 9) }),
	}
}

func writing(f func(context.Context, *connectwise.Client, int) (any, error)) operation {
	o := about(free, f)
	o.inUse = true
	return o
}

// seed has a ticket of every sort, and the extra rights.
func seed(st *sandbox.State) {
	st.AddStandardSetup()
	st.Role.GrantExtras()
	st.AddTicket(msp, "parent", "tech1")
	st.AddTicket(msp, "child", "tech1")
	st.AddTicket(msp, "free", "tech1")
	st.MergeTickets(parent, "tech1", child)
	st.AssignTicket(parent, 151, "tech1")
	st.LogTime(parent, 1.5, "worked", "tech1")
	st.AddTechnicianNote(parent, "note", "tech1")
	t := st.Ticket(free)
	t.ExternalXRef, t.Severity = "uv-1", "Low"
	st.Ticket(parent).Configurations = []int{st.AddConfiguration(msp, "SRV01")}
	st.DeleteCompany(st.AddCompany("Gone"))
	st.Callbacks = []sandbox.Callback{{ID: seeded.ID, URL: seeded.URL, Type: seeded.Type, Level: seeded.Level, ObjectID: seeded.ObjectID, Inactive: true}}
}

// action makes a client send something.
type action func(context.Context, *connectwise.Client, *sandbox.Server) error

// world is what a client meets.
type world struct {
	change   func(*sandbox.State)
	fault    sandbox.Fault
	clientID string // of the client; empty = the right one
	first    bool   // any request may meet the error, not just the operation's own
}

// open gives a client of a fresh sandbox whose exchanges are recorded.
func (w world) open(t *testing.T) (*connectwise.Client, *sandbox.Server, *recorder) {
	t.Helper()
	o := sandbox.Defaults
	srv := sandbox.New(o)
	srv.Edit(seed)
	if w.change != nil {
		srv.Edit(w.change)
	}
	if w.fault.Kind != "" {
		srv.Inject(w.fault)
	}
	rec := &recorder{inner: srv.Transport()}
	c, err := connectwise.New(connectwise.Config{
		InstanceURL: "na.myconnectwise.net", CompanyID: o.CompanyID, PublicKey: o.PublicKey, PrivateKey: o.PrivateKey,
		ClientID: cmp.Or(w.clientID, o.ClientID), HTTP: &http.Client{Transport: rec},
		Retries: -1, Sleep: func(context.Context, time.Duration) error { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return c, srv, rec
}

// check holds every recorded exchange to the document, or to the list beyond it.
// doc is nil when the document is not there: then only the list is checked.
func check(t *testing.T, doc *openapi3.T, rec *recorder) {
	t.Helper()
	for _, x := range rec.all {
		name := generic(x.req.Method, x.path)
		shape, listed := beyondDocument[name]
		switch {
		case plainText(t, name, x):
		case listed:
			beyond(t, name, x, shape)
			if doc == nil {
				continue
			}
			if route, _ := find(doc, x.req.Method, x.path); route != nil {
				t.Errorf("%s is in the document and need not be listed (%s)", name, shape.section)
			}
		case doc == nil:
		default:
			route, params := find(doc, x.req.Method, x.path)
			if route == nil {
				t.Errorf("%s is neither in the document nor in the list beyond it", name)
				continue
			}
			for _, wrong := range documented(x, route, params) {
				t.Errorf("%s: %v", name, wrong)
			}
		}
	}
}

// is says whether an exchange is of an operation.
func (x exchange) is(op connectwise.Operation) bool {
	got, want := strings.Split(x.path, "/"), strings.Split(strings.Trim(op.Path, "/"), "/")
	if x.req.Method != op.Method || len(got) != len(want) {
		return false
	}
	for i, w := range want {
		if w != got[i] && w != "{}" {
			return false
		}
	}
	return true
}

func TestEveryOperationAndItsErrorsFitTheContract(t *testing.T) {
	t.Parallel()
	doc := loadSpec(t)
	names, routes := map[string]bool{}, map[string]bool{}
	for _, op := range connectwise.Operations() {
		names[op.Name] = true
		routes[op.Method+" "+strings.TrimPrefix(strings.Replace(op.Path, "/{}/system", "v2025_1/system", 1), "/")] = true
		row, known := contract[op.Name]
		if !known || row.run == nil {
			t.Errorf("%q (%s %s) has no row", op.Name, op.Method, op.Path)
			continue
		}
		t.Run(op.Name, func(t *testing.T) {
			t.Parallel()
			row.hold(t, doc, op)
		})
	}
	for name := range contract {
		if !names[name] {
			t.Errorf("the row %q is of no operation", name)
		}
	}
	for name := range beyondDocument {
		if !routes[name] {
			t.Errorf("%s is listed beyond the document, but the client does not send it", name)
		}
	}
	if doc == nil {
		t.Skip("the vendor's OpenAPI document is not beside the checkout (../shared/specs): only the shapes beyond it were checked")
	}
}

// hold makes the client send one operation with success and with every error
// that it can meet, and checks all that went over the wire.
func (row operation) hold(t *testing.T, doc *openapi3.T, op connectwise.Operation) {
	must := func(what string, status int, w world, run action) {
		t.Helper()
		c, srv, rec := w.open(t)
		if err := run(t.Context(), c, srv); err != nil && status < 400 {
			t.Errorf("%s: %v", what, err)
		}
		if !slices.ContainsFunc(rec.all, func(x exchange) bool {
			// Some operations follow another one, which is refused first.
			return (x.status == status || status == http.StatusOK && x.status/100 == 2) && (x.is(op) || w.first)
		}) {
			t.Errorf("%s: no %s %s answered %d", what, op.Method, op.Path, status)
		}
		check(t, doc, rec)
	}
	must("success", http.StatusOK, world{}, row.run)
	if row.missing != nil {
		status := http.StatusNotFound
		if op.Name == "create ticket" { // the record is named in the body
			status = http.StatusBadRequest
		}
		must("a record that is not there", status, world{}, row.missing)
	}
	if row.inUse {
		must("a record in use", http.StatusConflict, world{change: func(st *sandbox.State) { st.Ticket(free).InUse = true }}, row.run)
	}
	if row.open {
		return
	}
	prefix, _, _ := strings.Cut(op.Path, "{}")
	must("the request window", http.StatusTooManyRequests, world{fault: sandbox.Fault{
		Method: op.Method, PathPrefix: prefix, Kind: sandbox.StatusFault, Status: http.StatusTooManyRequests, RetryAfter: 30,
	}}, row.run)
	must("keys taken back", http.StatusUnauthorized, world{first: true, change: func(st *sandbox.State) { st.Revoked = true }}, row.run)
	must("another clientId", http.StatusBadRequest, world{first: true, clientID: "another"}, row.run)
	must("a code base that is not there", http.StatusBadRequest, world{first: true, change: func(st *sandbox.State) { st.NoAlias, st.Codebase = true, "v2099_1" }}, row.run)
	must("a code base that was there", http.StatusNotFound, world{first: true, change: func(st *sandbox.State) { st.OldCodebases = []string{"v4_6_release"} }}, row.run)
	if op.Name != "read system info" { // needs no right
		must("no rights", http.StatusForbidden, world{first: true, change: func(st *sandbox.State) { st.Role = sandbox.Role{} }}, row.run)
	}
}

func TestADeliveredCallbackFitsItsShape(t *testing.T) {
	t.Parallel()
	o := sandbox.Defaults
	delivered := &recorder{inner: roundTrip(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody}, nil
	})}
	o.Callbacks = delivered
	srv := sandbox.New(o)
	srv.Edit(seed)
	srv.Edit(func(st *sandbox.State) {
		st.Callbacks = []sandbox.Callback{{ID: 1, URL: "https://x/?r=", Type: "ticket", Level: "owner"}, {ID: 2, URL: "https://y/?r=", Type: "company", Level: "owner"}}
		body, _ := st.SignedCallback("https://na.myconnectwise.net", "updated", free)
		fits(t, "a signed callback", messageShape, body)
	})
	srv.Edit(func(st *sandbox.State) {
		st.AddTicket(msp, "added", "tech1")
		st.AddTechnicianNote(parent, "updated", "tech1")
		st.DeleteTicket(free)
		st.DeleteCompany(msp)
	})
	srv.DeliverCallbacks(t.Context())
	if len(delivered.all) != 4 {
		t.Errorf("%d delivered", len(delivered.all))
	}
	for _, x := range delivered.all {
		fits(t, "callback to "+x.req.URL.Host, messageShape, x.body)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
