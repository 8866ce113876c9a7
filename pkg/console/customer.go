package console

import (
	"net/http"
	"net/url"

	"uniview-bridge/pkg/httpapi"
	"uniview-bridge/pkg/httpapi/access"
	"uniview-bridge/pkg/httpapi/view"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/review"
)

// customerPage is one customer with its machines.
type customerPage struct {
	customerRow

	Tabs     []tab
	Devices  []device
	Query    string
	State    string
	Next     string
	Nothing  string
	Linked   bool // it has an organization, so its machines can be matched
	CanMatch bool
}

// device is one machine on its customer's page.
type device struct {
	view.Machine

	Conf rowLink
}

func (c *Console) customer(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	q := r.URL.Query()
	var item view.Customer
	if err := c.get(r, "/customers/"+url.PathEscape(id), &item); err != nil {
		c.fail(w, r, err)
		return
	}
	page := customerPage{customerRow: rowOf(item, r.URL.RequestURI()), Query: q.Get("q"), State: q.Get("state")}
	_, page.Linked = item.Organization.Linked()
	page.CanMatch = page.Linked && access.From(r.Context()).May(access.Manager)
	ask := values("limit", "50", "q", page.Query, "state", page.State, "cursor", q.Get("cursor"))
	var list httpapi.Page[view.Machine]
	if err := c.get(r, "/customers/"+url.PathEscape(id)+"/assets?"+ask.Encode(), &list); err != nil {
		c.fail(w, r, err)
		return
	}
	here := func(state, cursor string) string {
		return "/customers/" + url.PathEscape(id) + "?" + values("state", state, "q", page.Query, "cursor", cursor).Encode()
	}
	for _, s := range view.LinkStates {
		page.Tabs = append(page.Tabs, tab{Name: tabNames[s], URL: here(string(s), ""), N: item.Machines[string(s)], Current: page.State == string(s)})
	}
	page.Tabs = append(page.Tabs, tab{Name: "All", URL: here("", ""), N: page.Total(), Current: page.State == ""})
	if list.NextCursor != "" {
		page.Next = here(page.State, list.NextCursor)
	}
	for _, m := range list.Items {
		page.Devices = append(page.Devices, device{m, rowLink{m.Link, review.Configuration, subjectPath(review.Configuration, m.ID), m.Name, r.URL.RequestURI()}})
	}
	switch {
	case page.Total() == 0:
		page.Nothing = "UniView lists no machine of this customer."
	default:
		page.Nothing = "No machine here fits."
	}
	c.show(w, r, http.StatusOK, "customer", "layout.html", c.frame(r, item.Name, page))
}

// Suggested counts machines with a suggestion.
func (p customerPage) Suggested() int { return p.Machines[string(match.Suggested)] }
