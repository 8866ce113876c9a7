package console

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"

	"uniview-bridge/pkg/httpapi/view"
	"uniview-bridge/pkg/review"
)

// choosePage is where somebody chooses what a customer or machine is matched to.
type choosePage struct {
	rowLink

	ID, Customer, CustomerName string
	Query                      string
	All                        bool // also what is matched already
	Found                      view.FoundPage
	Searched                   bool
	// Creation is what to know before a record is created; Options its types.
	Creation       *review.Creation
	Options        *review.CreateOptions
	TypeID, Status string
	// NoOrganization says that a machine's customer has none, so there is nothing to choose from.
	NoOrganization bool
}

// Creatable says whether records of this kind can be created from here.
func (p choosePage) Creatable() bool { return p.Side != review.Company && !p.NoOrganization }

// Machine says whether a machine is matched, not a customer.
func (p choosePage) Machine() bool { return p.Side == review.Configuration }

// choose shows what a link can lead to: suggestions, and a search.
func (c *Console) choose(side review.Side) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { c.showChoice(w, r, side, nil, nil) }
}

// showChoice shows the page again with what to know before a record is created, or
// with why a decision was refused.
func (c *Console) showChoice(w http.ResponseWriter, r *http.Request, side review.Side, creation *review.Creation, refused error) {
	page, err := c.choice(r, side)
	if err != nil {
		c.fail(w, r, err)
		return
	}
	page.Creation = creation
	f := c.frame(r, "Match "+page.Name, page)
	if refused != nil {
		c.again(w, r, refused, "choose", f)
		return
	}
	c.show(w, r, http.StatusOK, "choose", "layout.html", f)
}

func (c *Console) choice(r *http.Request, side review.Side) (choosePage, error) {
	id := r.PathValue("id")
	page := choosePage{ID: id, Query: r.FormValue("q"), All: r.FormValue("all") == "true", TypeID: r.FormValue("typeId"), Status: r.FormValue("statusId")}
	page.Side, page.Action = side, subjectPath(side, id)
	var customer view.Customer
	if side == review.Configuration {
		var m view.Machine
		if err := c.get(r, "/assets/"+url.PathEscape(id), &m); err != nil {
			return page, err
		}
		page.Link, page.Name, page.Customer = m.Link, m.Name, m.CustomerID
		if err := c.get(r, "/customers/"+url.PathEscape(m.CustomerID), &customer); err != nil {
			return page, err
		}
		page.CustomerName = customer.Name
	} else {
		if err := c.get(r, "/customers/"+url.PathEscape(id), &customer); err != nil {
			return page, err
		}
		page.Link, page.Name, page.Customer, page.CustomerName = customer.Organization, customer.Name, id, customer.Name
		if side == review.Company {
			page.Link = customer.Company
		}
	}
	page.Back = local(r.FormValue("back"), cmp.Or(map[review.Side]string{review.Configuration: "/customers/" + url.PathEscape(page.Customer)}[side], "/customers"))
	search := "/organizations?"
	switch organization, linked := customer.Organization.Linked(); {
	case side == review.Company:
		search = "/companies?"
	case side == review.Configuration && !linked:
		page.NoOrganization = true
		return page, nil
	case side == review.Configuration:
		search = "/organizations/" + url.PathEscape(organization) + "/configurations?"
	}
	page.Searched = page.Query != "" || side == review.Configuration
	if page.Searched {
		ask := values("q", page.Query, "limit", "20", "all", map[bool]string{true: "true"}[page.All])
		if err := c.get(r, search+ask.Encode(), &page.Found); err != nil {
			return page, err
		}
	}
	if r.FormValue("create") == "" && r.FormValue("action") != string(review.Create) {
		return page, nil
	}
	var options review.CreateOptions
	if err := c.get(r, "/matches/options", &options); err != nil {
		if _, ok := errors.AsType[*problem](err); ok {
			return page, nil // a type that fits is chosen without being asked
		}
		return page, err
	}
	page.Options = &options
	return page, nil
}

// Now is the link as it is.
func (p choosePage) Now() rowLink { return p.rowLink }
