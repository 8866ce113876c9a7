package httpapi

import (
	"bytes"
	"net/http"

	"uniview-bridge/pkg/httpapi/view"
	"uniview-bridge/pkg/state"
)

func (a *api) findOrganizations(r *http.Request) (reply, error) {
	return a.find(r, func(q string, limit int) (any, error) { return a.Model.FindOrganizations(r.Context(), q, limit) })
}

func (a *api) findCompanies(r *http.Request) (reply, error) {
	return a.find(r, func(q string, limit int) (any, error) { return a.Model.FindCompanies(r.Context(), q, limit) })
}

func (a *api) findConfigurations(r *http.Request) (reply, error) {
	return a.find(r, func(q string, limit int) (any, error) {
		return a.Model.FindConfigurations(r.Context(), r.PathValue("id"), q, limit)
	})
}

func (a *api) find(r *http.Request, search func(q string, limit int) (any, error)) (reply, error) {
	q, err := queryOf(r, "q", "limit")
	if err != nil {
		return reply{}, err
	}
	text, err := q.search()
	if err != nil {
		return reply{}, err
	}
	limit, err := q.limit()
	if err != nil {
		return reply{}, err
	}
	found, err := search(text, limit)
	return ok(found), err
}

func (a *api) listAlerts(r *http.Request) (reply, error) {
	words := make([]string, len(view.AlertStates))
	for i, s := range view.AlertStates {
		words[i] = string(s)
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
	return q, view.DeskFilter{Customer: customer, State: word, Query: text}, err
}

func (a *api) exportMapping(r *http.Request) (reply, error) {
	var buf bytes.Buffer
	if err := a.Review.ExportMapping(r.Context(), &buf); err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusOK, raw: buf.Bytes(), kind: "text/csv; charset=utf-8", name: "mapping.csv"}, nil
}

func (a *api) importMapping(r *http.Request) (reply, error) {
	q, err := queryOf(r, "dryRun")
	if err != nil {
		return reply{}, err
	}
	dry, err := q.oneOf("dryRun", "true", "false")
	if err != nil {
		return reply{}, err
	}
	out, err := a.Review.ImportMapping(r.Context(), by(r), r.Body, dry == "true")
	return ok(out), err
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

// report answers the cheap reports by name.
func (a *api) report(r *http.Request) (reply, error) {
	if _, err := queryOf(r); err != nil {
		return reply{}, err
	}
	switch r.PathValue("name") {
	case "overview":
		list, err := a.Connections.List(r.Context())
		if err != nil {
			return reply{}, err
		}
		o, err := a.Model.Overview(r.Context(), list)
		return ok(o), err
	case "coverage":
		rows, err := a.Model.Coverage(r.Context())
		return ok(Page[view.CoverageRow]{Items: rows}), err
	default:
		return reply{}, notFound("There is no such report: use overview or coverage.")
	}
}
