package console

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"uniview-bridge/pkg/httpapi"
	"uniview-bridge/pkg/httpapi/access"
	"uniview-bridge/pkg/httpapi/view"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/plan"
	"uniview-bridge/pkg/state"
)

func (c *Console) modeRoutes() []access.Route {
	const get, post = http.MethodGet, http.MethodPost
	return []access.Route{
		{Method: get, Path: "/start", Role: access.Viewer, Handler: c.start},
		{Method: get, Path: "/mode", Role: access.Viewer, Handler: c.mode},
		{Method: post, Path: "/mode", Role: access.Administrator, Handler: c.setMode},
		{Method: get, Path: "/mode/customers", Role: access.Viewer, Reach: access.Narrowed, Handler: c.customerModes},
		{Method: post, Path: "/mode/customers/{id}", Role: access.Administrator, Reach: access.OneCustomer, Handler: c.setCustomerMode},
	}
}

// check is one thing to look at before going live.
type check struct {
	OK             bool
	Text           string
	Link, LinkText string
}

// side is one side of the bridge as the Go live page shows it.
type side struct {
	Key    string // as in the API: documentation, ticketing
	Name   string
	Vendor state.Vendor
	Mode   state.Mode
	Plan   *view.Run // the newest run that planned this side; nil: none did
	Counts []plan.Count
	Checks []check
}

// Live says whether the side writes to its vendor.
func (s side) Live() bool { return s.Mode == state.Live }

// VendorName is what people call the side's vendor.
func (s side) VendorName() string { return view.VendorName(s.Vendor) }

// Changes is how many changes the newest plan holds.
func (s side) Changes() (n int) {
	for _, c := range s.Counts {
		n += c.N
	}
	return n
}

// installation is what the set-up pages look at.
type installation struct {
	view.Overview

	// CompanyID and BoardID are where tickets go by default; 0: not chosen yet.
	CompanyID, BoardID int
}

func (c *Console) installation(r *http.Request) (installation, error) {
	var i installation
	var err error
	if i.Overview, err = c.read(r.Context()); err != nil {
		return i, err
	}
	var settings struct {
		CompanyID int `json:"companyId"`
		BoardID   int `json:"boardId"`
	}
	err = c.get(r, "/ticketing/settings", &settings)
	i.CompanyID, i.BoardID = settings.CompanyID, settings.BoardID
	return i, err
}

// works says whether a connection was tried with success and is fit for use.
func (i installation) works(kind state.Vendor) bool {
	return slices.ContainsFunc(i.Connections, func(c view.Connection) bool {
		ok := c.Status == string(state.ConnectionOK) || c.Status == view.Syncing
		return c.Kind == kind && ok && (!c.LastOK.IsZero() || !c.LastRead.IsZero())
	})
}

// planOf is the newest account-wide run that only planned a side.
func (i installation) planOf(v state.Vendor) (*view.Run, []plan.Count) {
	for _, r := range i.Recent {
		if !r.Scope.AccountWide() || !slices.Contains(r.Scope.Sides(), v) || r.Digest == "" || !slices.Contains(r.Preview, v) {
			continue
		}
		counts := slices.DeleteFunc(slices.Clone(r.Counts), func(n plan.Count) bool {
			return n.Action == plan.Skip || n.N == 0 || (n.Kind == plan.Ticket) != (v == state.ConnectWise)
		})
		return &r, counts
	}
	return nil, nil
}

func (i installation) connected(kind state.Vendor) check {
	name := view.VendorName(kind)
	if i.works(kind) {
		return check{OK: true, Text: name + " is connected and answered"}
	}
	return check{Text: name + " is not connected, or was not tested yet", Link: "/connections/" + string(kind), LinkText: "Set up " + name}
}

// open counts the customers whose link is still to be decided.
func open(n map[match.State]int) int {
	return n[match.Unmatched] + n[match.Suggested] + n[match.Attention]
}

func (i installation) sides() []side {
	doc := side{Key: "documentation", Name: "Documentation", Vendor: state.ITGlue, Mode: i.Mode.Documentation}
	doc.Checks = []check{i.connected(state.UniView), i.connected(state.ITGlue)}
	if n := open(i.Customers.Organization); n > 0 {
		doc.Checks = append(doc.Checks, check{Text: fmt.Sprintf("%s of %s customers have no organization yet: nothing is shown for them until they are matched or ignored", num(n), num(i.Customers.Total)), Link: "/customers", LinkText: "Match organizations"})
	} else if i.Customers.Total > 0 {
		doc.Checks = append(doc.Checks, check{OK: true, Text: "Every customer is matched or ignored"})
	}
	tickets := side{Key: "ticketing", Name: "Tickets", Vendor: state.ConnectWise, Mode: i.Mode.Ticketing}
	tickets.Checks = []check{i.connected(state.UniView), i.connected(state.ConnectWise)}
	if i.CompanyID == 0 || i.BoardID == 0 {
		tickets.Checks = append(tickets.Checks, check{Text: "No default company and service board are chosen: no ticket can be opened", Link: "/ticketing/settings", LinkText: "Choose them"})
	} else {
		tickets.Checks = append(tickets.Checks, check{OK: true, Text: "A default company and a service board are chosen"})
	}
	if n := open(i.Customers.Company); n > 0 {
		tickets.Checks = append(tickets.Checks, check{Text: fmt.Sprintf("%s of %s customers have no company of their own: their tickets go to the default company", num(n), num(i.Customers.Total)), Link: "/customers", LinkText: "Map companies"})
	} else if i.Customers.Total > 0 {
		tickets.Checks = append(tickets.Checks, check{OK: true, Text: "Every customer is mapped or ignored"})
	}
	out := []side{doc, tickets}
	for n := range out {
		out[n].Plan, out[n].Counts = i.planOf(out[n].Vendor)
	}
	return out
}

func (c *Console) modeFrame(r *http.Request) (frame, []side, error) {
	i, err := c.installation(r)
	sides := i.sides()
	f := c.frame(r, "Go live", sides)
	f.Mode = i.Mode
	return f, sides, err
}

func (c *Console) mode(w http.ResponseWriter, r *http.Request) {
	f, _, err := c.modeFrame(r)
	if err != nil {
		c.fail(w, r, err)
		return
	}
	c.show(w, r, http.StatusOK, "mode", "layout.html", f)
}

// setMode switches one side. Going live approves the plan whose counts were shown: when
// another one was made meanwhile, its counts are shown first.
func (c *Console) setMode(w http.ResponseWriter, r *http.Request) {
	form, ok := c.form(w, r)
	if !ok {
		return
	}
	f, sides, err := c.modeFrame(r)
	if err != nil {
		c.fail(w, r, err)
		return
	}
	at := slices.IndexFunc(sides, func(s side) bool { return s.Key == form.Get("side") })
	next := state.Mode(form.Get("mode"))
	if at < 0 || next != state.Live && next != state.Preview {
		c.Refuse(w, r, access.Refusal{Status: http.StatusBadRequest, Title: "Bad request", Detail: "This form names no side or no mode. Go back and try again."})
		return
	}
	s := sides[at]
	if next == state.Live && !s.Live() && (s.Plan == nil || s.Plan.Digest != form.Get("plan")) {
		why := &problem{Status: http.StatusConflict, Title: "Not live yet", Detail: "Another plan was made since this page was shown. Look at its counts, then go live."}
		if s.Plan == nil {
			why.Detail = "No sync has planned " + s.VendorName() + " yet. Start Manual Sync, look at the plan, then go live."
		}
		c.again(w, r, why, "mode", f)
		return
	}
	if err := c.ask(r, http.MethodPut, "/mode", map[string]state.Mode{s.Key: next}, nil); err != nil {
		c.again(w, r, err, "mode", f)
		return
	}
	text := s.Name + ": back to preview. From now on nothing is written to " + s.VendorName() + "; what was written stays."
	if next == state.Live {
		text = s.Name + " is live. The next sync writes to " + s.VendorName() + "."
	}
	c.done(w, r, "/mode", flash{Text: text})
}

// modesPage is a page of customers with their modes.
type modesPage struct {
	Query     string
	Customers []view.Customer
	Next      string
}

func (c *Console) customerModes(w http.ResponseWriter, r *http.Request) {
	page := modesPage{Query: r.FormValue("q")}
	q := values("limit", "50", "q", page.Query, "cursor", r.FormValue("cursor"))
	var list httpapi.Page[view.Customer]
	if err := c.get(r, "/customers?"+q.Encode(), &list); err != nil {
		c.fail(w, r, err)
		return
	}
	page.Customers = list.Items
	if list.NextCursor != "" {
		page.Next = "/mode/customers?" + values("q", page.Query, "cursor", list.NextCursor).Encode()
	}
	c.show(w, r, http.StatusOK, "modes", "layout.html", c.frame(r, "Modes of customers", page))
}

func (c *Console) setCustomerMode(w http.ResponseWriter, r *http.Request) {
	form, ok := c.form(w, r)
	if !ok {
		return
	}
	var customer view.Customer
	body := map[string]string{"documentation": form.Get("documentation"), "ticketing": form.Get("ticketing")}
	if err := c.ask(r, http.MethodPut, "/customers/"+url.PathEscape(r.PathValue("id"))+"/mode", body, &customer); err != nil {
		c.fail(w, r, err)
		return
	}
	to := "/mode/customers"
	if q := form.Get("q"); q != "" {
		to += "?" + url.Values{"q": {q}}.Encode()
	}
	c.done(w, r, to, flash{Text: fmt.Sprintf("%.200s: documentation %s, tickets %s.", customer.Name, customer.Mode.Documentation, customer.Mode.Ticketing)})
}

// step is one step of the first set-up.
type step struct {
	Name, Detail   string
	Done, Now      bool
	Link, LinkText string
}

// steps are the way from an empty installation to one that writes, in order.
func (i installation) steps() []step {
	working := 0
	for _, kind := range []state.Vendor{state.UniView, state.ITGlue, state.ConnectWise} {
		if i.works(kind) {
			working++
		}
	}
	devices := i.Machines.Links[match.Suggested] + i.Machines.Links[match.Attention] + i.Machines.Links[match.Unmatched]
	live := i.Mode.Documentation == state.Live && i.Mode.Ticketing == state.Live
	out := []step{
		{"Connect", fmt.Sprintf("%d of 3 connections work. UniView comes first; IT Glue and ConnectWise can follow later.", working), working == 3, false, "/connections", "Connections"},
		{"First sync, in preview", "Start Manual Sync reads everything and plans. Nothing is written.", i.Customers.Total > 0, false, "/runs", "Runs"},
		{"Match organizations", fmt.Sprintf("%s of %s customers still need a decision.", num(open(i.Customers.Organization)), num(i.Customers.Total)), i.Customers.Total > 0 && open(i.Customers.Organization) == 0, false, "/customers", "Matching"},
		{"Match Devices", fmt.Sprintf("%s of %s machines have no configuration yet.", num(devices), num(i.Machines.Total)), i.Machines.Total > 0 && devices == 0, false, "/machines", "Machines"},
		{"Choose where tickets go", "A default company and a service board, then map companies and send a test ticket.", i.CompanyID != 0 && i.BoardID != 0, false, "/ticketing/settings", "Ticket settings"},
		{"Go live", "Look at what would be written, then switch each side.", live, false, "/mode", "Go live"},
	}
	for n := range out {
		if !out[n].Done {
			out[n].Now = true
			break
		}
	}
	return out
}

func (c *Console) start(w http.ResponseWriter, r *http.Request) {
	i, err := c.installation(r)
	if err != nil {
		c.fail(w, r, err)
		return
	}
	c.show(w, r, http.StatusOK, "start", "layout.html", c.frame(r, "Set-up", i.steps()))
}
