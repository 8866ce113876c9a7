package console

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"uniview-bridge/pkg/httpapi"
	"uniview-bridge/pkg/httpapi/access"
	"uniview-bridge/pkg/httpapi/view"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/review"
)

func (c *Console) matchingRoutes() []access.Route {
	const get, post = http.MethodGet, http.MethodPost
	return []access.Route{
		{Method: get, Path: "/customers", Role: access.Viewer, Reach: access.Narrowed, Handler: c.customers},
		{Method: get, Path: "/customers/{id}", Role: access.Viewer, Reach: access.OneCustomer, Handler: c.customer},
		{Method: post, Path: "/customers/{id}/sync", Role: access.Manager, Reach: access.OneCustomer, Handler: c.syncCustomer},
		{Method: post, Path: "/customers/{id}/configurations", Role: access.Manager, Reach: access.OneCustomer, Handler: c.createMany},
		{Method: get, Path: "/customers/{id}/organization", Role: access.Manager, Reach: access.OneCustomer, Handler: c.choose(review.Organization)},
		{Method: post, Path: "/customers/{id}/organization", Role: access.Manager, Reach: access.OneCustomer, Handler: c.decide(review.Organization)},
		{Method: get, Path: "/customers/{id}/company", Role: access.Manager, Reach: access.OneCustomer, Handler: c.choose(review.Company)},
		{Method: post, Path: "/customers/{id}/company", Role: access.Manager, Reach: access.OneCustomer, Handler: c.decide(review.Company)},
		{Method: get, Path: "/assets/{id}/configuration", Role: access.Manager, Reach: access.Narrowed, Handler: c.choose(review.Configuration)},
		{Method: post, Path: "/assets/{id}/configuration", Role: access.Manager, Reach: access.Narrowed, Handler: c.decide(review.Configuration)},
		{Method: get, Path: "/matches/accept", Role: access.Manager, Reach: access.Narrowed, Handler: c.acceptForm},
		{Method: post, Path: "/matches/accept", Role: access.Manager, Reach: access.Narrowed, Handler: c.acceptMany},
		{Method: get, Path: "/mapping", Role: access.Viewer, Reach: access.Narrowed, Handler: c.mapping},
		{Method: post, Path: "/mapping", Role: access.Manager, MaxBody: maxUpload, Handler: c.importMapping},
	}
}

// rowLink is one link on a row, with what can be done about it.
type rowLink struct {
	match.Link

	Side   review.Side
	Action string // address of its form
	Name   string // of what is linked, for labels
	Back   string // where to go on after a decision
}

// Best is the suggestion to accept, nil when none can be.
func (l rowLink) Best() *match.Suggestion {
	if (l.State != match.Suggested && l.State != match.Attention) || len(l.Suggestions) == 0 || l.Cause == match.Ambiguous {
		return nil
	}
	return &l.Suggestions[0]
}

// Kind is what it is linked to, as people call it.
func (l rowLink) Kind() string { return string(l.Side) }

// Word is the state in the words of the native pages.
func (l rowLink) Word() wordClass { return linkWord(l.State) }

func linkWord(s match.State) wordClass {
	class := map[match.State]string{match.Matched: "good", match.Suggested: "info", match.Unmatched: "warn", match.Attention: "bad"}[s]
	return wordClass{Word: tabNames[s], Class: cmp.Or(class, "mute")}
}

// customerRow is a customer of the list.
type customerRow struct {
	view.Customer

	Org, Comp rowLink
}

// Total is how many machines the customer has.
func (r customerRow) Total() int {
	n := 0
	for _, k := range r.Machines {
		n += k
	}
	return n
}

// customersPage is the list of customers.
type customersPage struct {
	Side    review.Side
	Tabs    []tab
	Rows    []customerRow
	Query   string
	State   string
	Next    string // address of the next page
	Nothing string // why the list is empty
	Other   string // address of the same list by the other side
}

// Company says whether the tabs count companies.
func (p customersPage) Company() bool { return p.Side == review.Company }

func (c *Console) customers(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	page := customersPage{Side: review.Organization, Query: q.Get("q"), State: q.Get("state")}
	param := "state"
	if q.Get("side") == string(review.Company) {
		page.Side, param = review.Company, "company"
	}
	ask := values("limit", "50", "q", page.Query, param, page.State, "cursor", q.Get("cursor"))
	var list httpapi.CustomerPage
	if err := c.get(r, "/customers?"+ask.Encode(), &list); err != nil {
		c.fail(w, r, err)
		return
	}
	here := func(state, cursor string) string {
		return "/customers?" + values("side", q.Get("side"), "state", state, "q", page.Query, "cursor", cursor).Encode()
	}
	counts := list.Counts.Organization
	if page.Company() {
		counts = list.Counts.Company
	}
	all := 0
	for _, s := range view.LinkStates {
		page.Tabs = append(page.Tabs, tab{Name: tabNames[s], URL: here(string(s), ""), N: counts[s], Current: page.State == string(s)})
		all += counts[s]
	}
	page.Tabs = append(page.Tabs, tab{Name: "All", URL: here("", ""), N: all, Current: page.State == ""})
	if list.NextCursor != "" {
		page.Next = here(page.State, list.NextCursor)
	}
	page.Other = "/customers?" + values("side", map[bool]string{true: "organization", false: "company"}[page.Company()], "q", page.Query).Encode()
	for _, item := range list.Items {
		page.Rows = append(page.Rows, rowOf(item, r.URL.RequestURI()))
	}
	switch {
	case all == 0 && page.Query == "":
		page.Nothing = "No customers yet. They appear after the first complete read of UniView: connect it, then Start Manual Sync."
	case page.Query != "":
		page.Nothing = "No customer here fits this search."
	default:
		page.Nothing = "No customer is in this state."
	}
	c.show(w, r, http.StatusOK, "customers", "layout.html", c.frame(r, "Matching", page))
}

func rowOf(item view.Customer, back string) customerRow {
	base := "/customers/" + url.PathEscape(item.ID)
	return customerRow{
		Customer: item,
		Org:      rowLink{item.Organization, review.Organization, base + "/organization", item.Name, back},
		Comp:     rowLink{item.Company, review.Company, base + "/company", item.Name, back},
	}
}

// values are the parameters of an address that are not empty: names and values in turn.
func values(pairs ...string) url.Values {
	out := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			out.Set(pairs[i], pairs[i+1])
		}
	}
	return out
}

// local is an address of ours to go on at, or another where it is none.
func local(address, otherwise string) string {
	if u, err := url.Parse(address); err != nil || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(address, "/") || strings.HasPrefix(address, "//") || strings.Contains(address, `\`) {
		return otherwise
	}
	return address
}

// subjectPath is the API's address of a link.
func subjectPath(side review.Side, id string) string {
	if side == review.Configuration {
		return "/assets/" + url.PathEscape(id) + "/configuration"
	}
	return "/customers/" + url.PathEscape(id) + "/" + string(side)
}

// decide carries out what a person decided about one link.
func (c *Console) decide(side review.Side) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		form, ok := c.form(w, r)
		if !ok {
			return
		}
		d := review.Decision{
			Action: review.Action(form.Get("action")), TargetID: form.Get("targetId"), Reason: form.Get("reason"),
			DryRun: form.Get("dryRun") == "true", Confirm: form.Get("confirm"), TypeID: form.Get("typeId"), StatusID: form.Get("statusId"),
		}
		var out review.Outcome
		err := c.ask(r, http.MethodPost, subjectPath(side, r.PathValue("id")), d, &out)
		why, refused := errors.AsType[*problem](err)
		switch {
		case refused && why.Creation != nil:
			c.showChoice(w, r, side, why.Creation, nil)
		case err != nil:
			c.showChoice(w, r, side, nil, err)
		case d.DryRun:
			c.showChoice(w, r, side, out.Creation, nil)
		default:
			back := local(form.Get("back"), "/customers")
			c.done(w, r, back, flash{Text: decided(d.Action, side, out), Undo: out.AuditID})
		}
	}
}

// decided tells what a decision came to.
func decided(a review.Action, side review.Side, out review.Outcome) string {
	target := cmp.Or(out.Link.TargetName, out.Link.TargetID)
	var s string
	switch {
	case !out.Changed:
		s = "It was so already; nothing was changed."
	case a == review.Create:
		s = "Created and matched: " + target + "."
	case a == review.Accept, a == review.Match:
		s = "Matched to " + target + "."
	case a == review.Ignore:
		s = "Ignored: it counts as unmatched no longer, and is never matched by itself."
	case a == review.Unignore:
		s = "Not ignored any more: the rules decide again."
	default:
		s = fmt.Sprintf("The %s was taken away: unmatched until somebody decides.", side)
	}
	if out.Warning != "" {
		s += " " + title(out.Warning)
	}
	return s
}

func (c *Console) syncCustomer(w http.ResponseWriter, r *http.Request) {
	c.startSync(w, r, "customer", r.PathValue("id"))
}

// startSync starts a sync of one thing and shows how that goes.
func (c *Console) startSync(w http.ResponseWriter, r *http.Request, scope, id string) {
	var out struct {
		RunID string `json:"runId"`
	}
	if err := c.ask(r, http.MethodPost, "/sync", map[string]string{"scope": scope, "id": id}, &out); err != nil {
		c.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/runs/"+url.PathEscape(out.RunID), http.StatusSeeOther)
}
