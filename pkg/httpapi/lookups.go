package httpapi

import (
	"cmp"
	"context"
	"errors"
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
	q, err := deskQuery(r, words)
	if err != nil {
		return reply{}, err
	}
	list, err := a.Model.Alerts(r.Context(), q)
	return ok(Page[view.Alert]{list.Items, list.Next}), cursorProblem(err)
}

func (a *api) listTickets(r *http.Request) (reply, error) {
	q, err := deskQuery(r, []string{"waiting", "creating", "uncertain", "open", "closed", "gone"})
	if err != nil {
		return reply{}, err
	}
	list, err := a.Model.Tickets(r.Context(), q)
	return ok(Page[view.Ticket]{list.Items, list.Next}), cursorProblem(err)
}

func deskQuery(r *http.Request, words []string) (view.DeskQuery, error) {
	none := view.DeskQuery{}
	q, err := queryOf(r, "customer", "state", "q", "cursor", "limit")
	if err != nil {
		return none, err
	}
	word, err := q.oneOf("state", words...)
	if err != nil {
		return none, err
	}
	customer, err := q.customer()
	if err != nil {
		return none, err
	}
	limit, err := q.limit()
	if err != nil {
		return none, err
	}
	text, err := q.search()
	return view.DeskQuery{Customer: customer, State: word, Query: text, Cursor: q.values.Get("cursor"), Limit: limit, Only: only(r)}, err
}

// cursorProblem says what is wrong with a cursor.
func cursorProblem(err error) error {
	if errors.Is(err, view.ErrCursor) {
		return badField("cursor", "This is not a cursor of ours: take the nextCursor of the page before.")
	}
	return err
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
