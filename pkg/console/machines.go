package console

import (
	"net/http"
	"net/url"
	"slices"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/httpapi/access"
	"uniview-bridge/pkg/httpapi/view"
	"uniview-bridge/pkg/match"
)

func (c *Console) machineRoutes() []access.Route {
	const get, post = http.MethodGet, http.MethodPost
	return []access.Route{
		{Method: get, Path: "/machines", Role: access.Viewer, Reach: access.Narrowed, Handler: c.machines},
		{Method: get, Path: "/assets/{id}", Role: access.Viewer, Reach: access.Narrowed, Handler: c.machine},
		{Method: post, Path: "/assets/{id}/sync", Role: access.Manager, Reach: access.Narrowed, Handler: c.syncMachine},
	}
}

// only narrows what view.Model reads to the customers that the reader may see; nil: all.
func only(r *http.Request) func(customer string) bool {
	return access.From(r.Context()).Only()
}

// machinesPage is the list of machines of all customers.
type machinesPage struct {
	view.MachinePage

	Tabs                        []tab
	Query, Status, Link, Family string
	Customer, Order             string
	Links, Families, Orders     []choice
	NextURL, Nothing            string
}

var orderNames = map[view.MachineOrder]string{
	view.MachinesByName: "Name", view.MachinesByStatus: "Worst status first", view.MachinesByGood: "Oldest good backup first",
	view.MachinesByStorage: "Most storage first", view.MachinesByChange: "Latest change first",
}

func (c *Console) machines(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	page := machinesPage{Query: q.Get("q"), Status: q.Get("status"), Link: q.Get("link"), Family: q.Get("family"), Customer: q.Get("customer"), Order: q.Get("order")}
	if len(page.Query) > maxSearch {
		page.Query = ""
	}
	ask := view.MachineQuery{
		Customer: page.Customer, Status: backup.Word(page.Status), State: match.State(page.Link), Family: backup.Family(page.Family),
		Query: page.Query, Order: view.MachineOrder(page.Order), Cursor: q.Get("cursor"), Limit: 50, Only: only(r),
	}
	if page.Status == noGood {
		ask.Status, ask.NoGood = "", true
	}
	var err error
	if page.MachinePage, err = c.Model.Machines(r.Context(), ask); err != nil {
		c.fail(w, r, err)
		return
	}
	here := func(status, cursor string) string {
		return "/machines?" + values("status", status, "q", page.Query, "link", page.Link, "family", page.Family, "customer", page.Customer, "order", page.Order, "cursor", cursor).Encode()
	}
	all, bad := 0, 0
	for _, word := range backup.Words {
		all += page.Statuses[word]
		if slices.Contains(view.NoGood, word) {
			bad += page.Statuses[word]
		}
	}
	page.Tabs = append(page.Tabs, tab{"No good backup", here(noGood, ""), bad, page.Status == noGood})
	for _, word := range backup.Words {
		page.Tabs = append(page.Tabs, tab{title(string(word)), here(string(word), ""), page.Statuses[word], page.Status == string(word)})
	}
	page.Tabs = append(page.Tabs, tab{"All", here("", ""), all, page.Status == ""})
	page.Links = append(page.Links, choice{"", "Any", page.Link == ""})
	for _, s := range view.LinkStates {
		page.Links = append(page.Links, choice{string(s), tabNames[s], page.Link == string(s)})
	}
	page.Families = []choice{{"", "Any", page.Family == ""}, {string(backup.FamilyAppliance), "Appliance", page.Family == string(backup.FamilyAppliance)}, {string(backup.FamilyEndpoint), "Endpoint", page.Family == string(backup.FamilyEndpoint)}}
	for _, o := range view.MachineOrders {
		page.Orders = append(page.Orders, choice{string(o), orderNames[o], page.Order == string(o)})
	}
	if page.Next != "" {
		page.NextURL = here(page.Status, page.Next)
	}
	if page.Nothing = "No machine fits."; all == 0 && page.Query == "" && page.Link == "" && page.Family == "" && page.Customer == "" {
		page.Nothing = "No machines yet. They appear after the first complete read of UniView: connect it, then Start Manual Sync."
	}
	c.show(w, r, http.StatusOK, "machines", "layout.html", c.frame(r, "Machines", page))
}

// noGood is the tab of machines without a good backup.
const noGood = "no-good"

// maxSearch bounds what is searched for, in bytes.
const maxSearch = 200

// machinePage puts both sides of one machine beside each other, with its history.
type machinePage struct {
	view.Comparison

	History view.MachineHistory
	Conf    rowLink
}

// machine is where the links in IT Glue lead to.
func (c *Console) machine(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	page := machinePage{}
	if err := c.get(r, "/assets/"+url.PathEscape(id)+"/compare", &page.Comparison); err != nil {
		c.fail(w, r, err)
		return
	}
	var err error
	if page.History, err = c.Model.MachineHistory(r.Context(), id); err != nil {
		c.fail(w, r, err)
		return
	}
	page.Machine = page.History.Machine
	page.Conf = rowLink{page.Machine.Link, "configuration", "/assets/" + url.PathEscape(id) + "/configuration", page.Machine.Name, r.URL.RequestURI()}
	c.show(w, r, http.StatusOK, "machine", "layout.html", c.frame(r, page.Machine.Name, page))
}

// syncMachine syncs one machine and shows how that goes.
func (c *Console) syncMachine(w http.ResponseWriter, r *http.Request) {
	c.startSync(w, r, "asset", r.PathValue("id"))
}
