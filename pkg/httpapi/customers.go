package httpapi

import (
	"net/http"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/httpapi/access"
	"uniview-bridge/pkg/httpapi/view"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/review"
	"uniview-bridge/pkg/state"
)

var stateWords = []string{"unmatched", "suggested", "matched", "ignored", "attention"}

// CustomerPage is a page of customers with counts over all that fit the search.
type CustomerPage struct {
	Page[view.Customer]

	Counts CustomerCounts `json:"counts"`
}

// CustomerCounts counts customers by the states of their two links.
type CustomerCounts struct {
	Organization map[match.State]int `json:"organization"`
	Company      map[match.State]int `json:"company"`
}

func (a *api) listCustomers(r *http.Request) (reply, error) {
	q, err := queryOf(r, "state", "company", "q", "cursor", "limit")
	if err != nil {
		return reply{}, err
	}
	organization, err := q.oneOf("state", stateWords...)
	if err != nil {
		return reply{}, err
	}
	company, err := q.oneOf("company", stateWords...)
	if err != nil {
		return reply{}, err
	}
	search, err := q.search()
	if err != nil {
		return reply{}, err
	}
	limit, err := q.limit()
	if err != nil {
		return reply{}, err
	}
	list, err := a.Model.Customers(r.Context(), view.CustomerQuery{
		Organization: match.State(organization), Company: match.State(company), Query: search,
		Cursor: q.values.Get("cursor"), Limit: limit, Only: only(r),
	})
	return ok(CustomerPage{Page[view.Customer]{list.Items, list.Next}, CustomerCounts{list.Organization, list.Company}}), cursorProblem(err)
}

func (a *api) getCustomer(r *http.Request) (reply, error) {
	c, err := a.Model.Customer(r.Context(), r.PathValue("id"))
	return ok(c), err
}

func (a *api) decideCustomer(side review.Side) func(r *http.Request) (reply, error) {
	return func(r *http.Request) (reply, error) {
		var d review.Decision
		if err := read(r, &d); err != nil {
			return reply{}, err
		}
		out, err := a.Review.Customer(r.Context(), by(r), r.PathValue("id"), side, d)
		return ok(outcomeOf(out)), err
	}
}

// outcomeOf makes a link fit to be shown.
func outcomeOf(o review.Outcome) review.Outcome {
	o.Link = view.Link(o.Link)
	return o
}

func (a *api) listAssets(r *http.Request) (reply, error) {
	q, err := queryOf(r, "state", "status", "q", "cursor", "limit")
	if err != nil {
		return reply{}, err
	}
	link, err := q.oneOf("state", stateWords...)
	if err != nil {
		return reply{}, err
	}
	words := make([]string, len(backup.Words))
	for i, w := range backup.Words {
		words[i] = string(w)
	}
	word, err := q.oneOf("status", words...)
	if err != nil {
		return reply{}, err
	}
	search, err := q.search()
	if err != nil {
		return reply{}, err
	}
	id := r.PathValue("id")
	if _, err := a.Model.Customer(r.Context(), id); err != nil {
		return reply{}, err
	}
	list, err := a.Model.MachinesOf(r.Context(), id, view.MachineFilter{State: match.State(link), Status: backup.Word(word), Query: search})
	if err != nil {
		return reply{}, err
	}
	page, err := cut(list, view.Machine.Place, q)
	return ok(page), err
}

// only narrows lists to the customers that the sender may see; nil: all.
func only(r *http.Request) func(customer string) bool {
	return access.From(r.Context()).Only()
}

// sees refuses a machine of a customer that the sender may not see, as if there
// were none.
func (a *api) sees(r *http.Request, asset string) error {
	id := access.From(r.Context())
	if !id.Limited() {
		return nil
	}
	m, err := a.Model.Machine(r.Context(), asset)
	if err == nil && !id.Sees(m.CustomerID) {
		err = state.ErrNotFound
	}
	return err
}

func (a *api) getAsset(r *http.Request) (reply, error) {
	if err := a.sees(r, r.PathValue("id")); err != nil {
		return reply{}, err
	}
	m, err := a.Model.Machine(r.Context(), r.PathValue("id"))
	return ok(m), err
}

func (a *api) compareAsset(r *http.Request) (reply, error) {
	if err := a.sees(r, r.PathValue("id")); err != nil {
		return reply{}, err
	}
	c, err := a.Model.Compare(r.Context(), r.PathValue("id"))
	return ok(c), err
}

func (a *api) decideAsset(r *http.Request) (reply, error) {
	if err := a.sees(r, r.PathValue("id")); err != nil {
		return reply{}, err
	}
	var d review.Decision
	if err := read(r, &d); err != nil {
		return reply{}, err
	}
	out, err := a.Review.Machine(r.Context(), by(r), r.PathValue("id"), d)
	return ok(outcomeOf(out)), err
}
