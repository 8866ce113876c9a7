package httpapi

import (
	"bytes"
	"context"
	"net/http"

	"uniview-bridge/pkg/httpapi/access"
	"uniview-bridge/pkg/review"
	"uniview-bridge/pkg/state"
)

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
	if err := a.seesAll(r, body.Items); err != nil {
		return reply{}, err
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

// seesAll refuses decisions of which one is about a customer that the sender may not see.
func (a *api) seesAll(r *http.Request, items []review.Item) error {
	id := access.From(r.Context())
	if !id.Limited() {
		return nil
	}
	for _, item := range items {
		if item.Kind == review.Configuration {
			if err := a.sees(r, item.ID); err != nil {
				return err
			}
		} else if !id.Sees(item.ID) {
			return state.ErrNotFound
		}
	}
	return nil
}

// acceptMany accepts the suggestions of a filtered list from a score on.
func (a *api) acceptMany(r *http.Request) (reply, error) {
	body := struct {
		Kind     review.Side `json:"kind"`
		State    string      `json:"state"`
		Query    string      `json:"q"`
		Customer string      `json:"customer"`
		MinScore float64     `json:"minScore"`
		DryRun   bool        `json:"dryRun"`
	}{}
	if err := read(r, &body); err != nil {
		return reply{}, err
	}
	switch {
	case body.State != "" && body.State != "suggested":
		return reply{}, badField("state", "Only suggested matches are accepted many at once; what needs attention is decided one by one.")
	case len(body.Query) > maxQuery:
		return reply{}, badField("q", "The search text is too long.")
	case body.Customer != "" && !plainID(body.Customer):
		return reply{}, badField("customer", "This is not the id of a customer.")
	}
	out, err := a.Review.AcceptMany(r.Context(), by(r), review.AcceptFilter{
		Kind: body.Kind, Customer: body.Customer, Query: body.Query, MinScore: body.MinScore, Only: only(r),
	}, body.DryRun)
	return ok(out), err
}

// createOptions are the types and statuses that records can be created with.
func (a *api) createOptions(r *http.Request) (reply, error) {
	ctx, cancel := context.WithTimeout(r.Context(), vendorTime)
	defer cancel()
	out, err := a.Review.CreateOptions(ctx)
	return ok(out), err
}

func (a *api) exportMapping(r *http.Request) (reply, error) {
	q, err := queryOf(r, "customer", "kind")
	if err != nil {
		return reply{}, err
	}
	kind, err := q.oneOf("kind", "customers", "machines")
	if err != nil {
		return reply{}, err
	}
	customer, err := q.customer()
	if err != nil {
		return reply{}, err
	}
	raw, err := a.Review.ExportMapping(r.Context(), review.MappingFilter{
		Customer: customer, Customers: kind == "customers", Machines: kind == "machines", Only: only(r),
	})
	return reply{status: http.StatusOK, raw: raw, kind: "text/csv; charset=utf-8", name: "mapping.csv"}, err
}

func (a *api) importMapping(r *http.Request) (reply, error) {
	q, err := queryOf(r, "dryRun", "overwrite")
	if err != nil {
		return reply{}, err
	}
	dry, err := q.oneOf("dryRun", "true", "false")
	if err != nil {
		return reply{}, err
	}
	overwrite, err := q.oneOf("overwrite", "true", "false")
	if err != nil {
		return reply{}, err
	}
	var body bytes.Buffer
	if _, err := body.ReadFrom(r.Body); err != nil {
		return reply{}, err
	}
	out, err := a.Review.ImportMapping(r.Context(), by(r), &body, review.ImportOptions{DryRun: dry == "true", Overwrite: overwrite == "true"})
	return ok(out), err
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
	p.Detail, p.Field, p.Creation = sentence(r.Message), r.Field, r.Creation
	return p
}
