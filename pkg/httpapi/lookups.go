package httpapi

import (
	"cmp"
	"context"
	"net/http"

	"uniview-bridge/pkg/httpapi/view"
	"uniview-bridge/pkg/state"
)

func (a *api) findOrganizations(r *http.Request) (reply, error) {
	return a.find(r, a.Model.FindOrganizations)
}

func (a *api) findCompanies(r *http.Request) (reply, error) {
	return a.find(r, a.Model.FindCompanies)
}

func (a *api) findConfigurations(r *http.Request) (reply, error) {
	organization := r.PathValue("id")
	if may := only(r); may != nil {
		if seen, err := a.Model.Owned(r.Context(), organization, may); err != nil || !seen {
			return reply{}, cmp.Or(err, state.ErrNotFound)
		}
	}
	return a.find(r, func(ctx context.Context, q view.Search) (view.FoundPage, error) {
		return a.Model.FindConfigurations(ctx, organization, q)
	})
}

func (a *api) find(r *http.Request, search func(context.Context, view.Search) (view.FoundPage, error)) (reply, error) {
	q, err := queryOf(r, "q", "all", "limit")
	if err != nil {
		return reply{}, err
	}
	text, err := q.search()
	if err != nil {
		return reply{}, err
	}
	all, err := q.oneOf("all", "true", "false")
	if err != nil {
		return reply{}, err
	}
	limit, err := q.limit()
	if err != nil {
		return reply{}, err
	}
	found, err := search(r.Context(), view.Search{Text: text, Limit: limit, All: all == "true"})
	return ok(found), err
}

func (a *api) listAlerts(r *http.Request) (reply, error) {
	words := []string{view.AlertsActive}
	for _, s := range view.AlertStates {
		words = append(words, string(s))
	}
	q, f, err := deskQuery(r, words)
	if err != nil {
		return reply{}, err
	}
	list, err := a.Model.Alerts(r.Context(), f)
	if err != nil {
		return reply{}, err
	}
	page, err := cut(list, view.Alert.Place, q)
	return ok(page), err
}

func (a *api) listTickets(r *http.Request) (reply, error) {
	q, f, err := deskQuery(r, []string{"waiting", "creating", "uncertain", "open", "closed", "gone"})
	if err != nil {
		return reply{}, err
	}
	list, err := a.Model.Tickets(r.Context(), f)
	if err != nil {
		return reply{}, err
	}
	page, err := cut(list, view.Ticket.Place, q)
	return ok(page), err
}

func deskQuery(r *http.Request, words []string) (query, view.DeskFilter, error) {
	q, err := queryOf(r, "customer", "state", "q", "cursor", "limit")
	if err != nil {
		return q, view.DeskFilter{}, err
	}
	word, err := q.oneOf("state", words...)
	if err != nil {
		return q, view.DeskFilter{}, err
	}
	customer, err := q.customer()
	if err != nil {
		return q, view.DeskFilter{}, err
	}
	text, err := q.search()
	return q, view.DeskFilter{Customer: customer, State: word, Query: text, Only: only(r)}, err
}

func (a *api) listLetters(r *http.Request) (reply, error) {
	if _, err := queryOf(r); err != nil {
		return reply{}, err
	}
	list, err := a.Model.DeadLetters(r.Context())
	return ok(Page[view.Letter]{Items: list}), err
}

func (a *api) replayLetter(r *http.Request) (reply, error) {
	queue, id, valid := view.LetterID(r.PathValue("id"))
	if !valid || a.Letters == nil {
		return reply{}, notFound("There is no such dead letter.")
	}
	if err := a.Letters.Replay(r.Context(), queue, id); err != nil {
		return reply{}, err
	}
	if err := state.DropLetter(r.Context(), a.Table, queue, id); err != nil {
		return reply{}, err
	}
	err := state.AddAudit(r.Context(), a.Table, state.Audit{
		At: a.Now().UTC(), By: by(r), Action: "replay dead letter", Subject: queue + " " + id,
	}, a.Random())
	return accepted(struct {
		Queue string `json:"queue"`
		ID    string `json:"id"`
	}{queue, id}), err
}
