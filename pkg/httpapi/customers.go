package httpapi

import (
	"net/http"
	"time"

	"uniview-bridge/pkg/backup"
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
	list, err := a.Model.Customers(r.Context(), view.CustomerFilter{
		Organization: match.State(organization), Company: match.State(company), Query: search,
	})
	if err != nil {
		return reply{}, err
	}
	page, err := cut(list.Items, view.Customer.Place, q)
	return ok(CustomerPage{page, CustomerCounts{list.Organization, list.Company}}), err
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
	list, err := a.Model.Machines(r.Context(), id, view.MachineFilter{State: match.State(link), Status: backup.Word(word), Query: search})
	if err != nil {
		return reply{}, err
	}
	page, err := cut(list, view.Machine.Place, q)
	return ok(page), err
}

func (a *api) getAsset(r *http.Request) (reply, error) {
	m, err := a.Model.Machine(r.Context(), r.PathValue("id"))
	return ok(m), err
}

func (a *api) decideAsset(r *http.Request) (reply, error) {
	var d review.Decision
	if err := read(r, &d); err != nil {
		return reply{}, err
	}
	out, err := a.Review.Machine(r.Context(), by(r), r.PathValue("id"), d)
	return ok(outcomeOf(out)), err
}

// MatchResult is what became of one of many decisions.
type MatchResult struct {
	Kind    review.Side     `json:"kind"`
	ID      string          `json:"id"`
	Outcome *review.Outcome `json:"outcome,omitempty"`
	Problem *Problem        `json:"problem,omitempty"`
}

func (a *api) decideMany(r *http.Request) (reply, error) {
	var body struct {
		Items []review.Item `json:"items"`
	}
	if err := read(r, &body); err != nil {
		return reply{}, err
	}
	if len(body.Items) == 0 {
		return reply{}, badField("items", "At least one decision is needed.")
	}
	results, err := a.Review.Many(r.Context(), by(r), body.Items)
	if err != nil {
		return reply{}, err
	}
	out := struct {
		Items   []MatchResult `json:"items"`
		Changed int           `json:"changed"`
		Failed  int           `json:"failed"`
	}{Items: make([]MatchResult, len(results))}
	for i, result := range results {
		out.Items[i] = MatchResult{Kind: result.Item.Kind, ID: result.Item.ID}
		if result.Refusal != nil {
			out.Items[i].Problem = refusalProblem(result.Refusal)
			out.Failed++
			continue
		}
		outcome := outcomeOf(result.Outcome)
		out.Items[i].Outcome = &outcome
		if outcome.Changed {
			out.Changed++
		}
	}
	return ok(out), nil
}

// ModeAnswer is the account's modes.
type ModeAnswer struct {
	Documentation state.Mode `json:"documentation"`
	Ticketing     state.Mode `json:"ticketing"`
}

func (a *api) getMode(r *http.Request) (reply, error) {
	m, err := state.LoadModes(r.Context(), a.Table)
	return ok(ModeAnswer(m)), err
}

// putMode switches sides. One that is left out stays as it is.
func (a *api) putMode(r *http.Request) (reply, error) {
	var body struct {
		Documentation *state.Mode `json:"documentation"`
		Ticketing     *state.Mode `json:"ticketing"`
	}
	if err := read(r, &body); err != nil {
		return reply{}, err
	}
	sides := []struct {
		field string
		side  state.Vendor
		next  *state.Mode
	}{
		{"documentation", state.ITGlue, body.Documentation},
		{"ticketing", state.ConnectWise, body.Ticketing},
	}
	if body.Documentation == nil && body.Ticketing == nil {
		return reply{}, badField("documentation", "Name documentation or ticketing, each preview or live.")
	}
	for _, s := range sides {
		if s.next != nil && *s.next != state.Preview && *s.next != state.Live {
			return reply{}, badField(s.field, s.field+" is preview or live.")
		}
	}
	for _, s := range sides {
		if s.next == nil {
			continue
		}
		// Also the mode that holds already: who confirmed it stands in the audit trail.
		if err := a.Syncs.GoLive(r.Context(), s.side, *s.next, by(r)); err != nil {
			return reply{}, err
		}
	}
	return a.getMode(r)
}

func (a *api) putCustomerMode(r *http.Request) (reply, error) {
	var body review.CustomerModes
	if err := read(r, &body); err != nil {
		return reply{}, err
	}
	if _, err := a.Review.SetCustomerModes(r.Context(), by(r), r.PathValue("id"), body); err != nil {
		return reply{}, err
	}
	return a.getCustomer(r)
}

// AuditEntry is one entry of the trail.
type AuditEntry struct {
	ID      string            `json:"id"`
	At      time.Time         `json:"at"`
	By      string            `json:"by"`
	Action  string            `json:"action"`
	Subject string            `json:"subject"`
	Reason  string            `json:"reason"`
	Before  map[string]string `json:"before"`
	After   map[string]string `json:"after"`
}

func (a *api) listAudit(r *http.Request) (reply, error) {
	q, err := queryOf(r, "cursor", "limit")
	if err != nil {
		return reply{}, err
	}
	after, err := q.after()
	if err != nil {
		return reply{}, err
	}
	limit, err := q.limit()
	if err != nil {
		return reply{}, err
	}
	entries, err := state.Audits(r.Context(), a.Table, after, limit+1)
	if err != nil {
		return reply{}, err
	}
	page := Page[AuditEntry]{Items: []AuditEntry{}}
	for i, e := range entries {
		if i == limit {
			page.NextCursor = cursorAt(entries[i-1].ID)
			break
		}
		page.Items = append(page.Items, AuditEntry(e))
	}
	return ok(page), nil
}

func (a *api) undo(r *http.Request) (reply, error) {
	out, err := a.Review.Undo(r.Context(), by(r), r.PathValue("id"))
	return ok(outcomeOf(out)), err
}

func refusalProblem(r *review.Refusal) *Problem {
	var p *Problem
	switch r.Why {
	case review.Unknown:
		p = notFound("")
	case review.Clash:
		p = problem(http.StatusConflict, "Does not fit", "")
	case review.Unavailable:
		p = problem(http.StatusConflict, "Not available", "")
	default:
		p = problem(http.StatusBadRequest, "Bad request", "")
	}
	p.Detail, p.Field = sentence(r.Message), r.Field
	return p
}
