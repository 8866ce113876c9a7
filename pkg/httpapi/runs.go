package httpapi

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/http"
	"strings"

	"uniview-bridge/pkg/httpapi/view"
	"uniview-bridge/pkg/plan"
	"uniview-bridge/pkg/review"
	"uniview-bridge/pkg/state"
)

func (a *api) sync(r *http.Request) (reply, error) {
	var body struct {
		Scope state.Scope `json:"scope"`
		ID    string      `json:"id"`
	}
	if err := read(r, &body); err != nil {
		return reply{}, err
	}
	switch body.Scope {
	case state.ScopeAll, state.ScopeDocumentation, state.ScopeAlerts:
		if body.ID != "" {
			return reply{}, badField("id", "This scope covers all customers and takes no id.")
		}
	case state.ScopeCustomer, state.ScopeAsset:
		if !plainID(body.ID) {
			return reply{}, badField("id", fmt.Sprintf("The scope %s needs the id of one.", body.Scope))
		}
	default:
		return reply{}, badField("scope", "scope is one of: all, documentation, alerts, customer, asset.")
	}
	id, err := a.Syncs.Request(r.Context(), body.Scope, body.ID, by(r))
	if err != nil {
		return reply{}, err
	}
	return accepted(runRef{id}), nil
}

type runRef struct {
	RunID string `json:"runId"`
}

func (a *api) listRuns(r *http.Request) (reply, error) {
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
	runs, err := a.Model.Runs(r.Context(), after, limit+1)
	if err != nil {
		return reply{}, err
	}
	page := Page[view.Run]{Items: runs}
	if len(runs) > limit {
		page.Items = runs[:limit]
		page.NextCursor = cursorAt(runs[limit-1].ID)
	}
	return ok(page), nil
}

func (a *api) getRun(r *http.Request) (reply, error) {
	run, err := a.Model.Run(r.Context(), r.PathValue("id"))
	return ok(run), err
}

// maxPlanCSV is the most changes of one exported plan: an answer of a function
// has at most 6 MB.
const maxPlanCSV = 10000

// getPlan answers the plan as JSON, in pages, or as CSV, whole.
func (a *api) getPlan(r *http.Request) (reply, error) {
	q, err := queryOf(r, "format", "customer", "cursor", "limit")
	if err != nil {
		return reply{}, err
	}
	format, err := q.oneOf("format", "json", "csv")
	if err != nil {
		return reply{}, err
	}
	customer, err := q.customer()
	if err != nil {
		return reply{}, err
	}
	if _, _, err := state.LoadRun(r.Context(), a.Table, r.PathValue("id")); err != nil {
		return reply{}, err
	}
	all, err := a.Syncs.Plan(r.Context(), r.PathValue("id"))
	if err != nil {
		return reply{}, err
	}
	changes := plan.Plan{Changes: all}.Sorted().Changes
	if customer != "" {
		kept := changes[:0]
		for _, c := range changes {
			if c.CustomerID == customer {
				kept = append(kept, c)
			}
		}
		changes = kept
	}
	if format == "csv" || format == "" && strings.Contains(r.Header.Get("Accept"), "text/csv") {
		return planCSV(changes)
	}
	page, err := cut(changes, func(c plan.Change) string {
		return strings.Join([]string{c.CustomerID, string(c.Kind), c.Key, string(c.Action)}, "\x00")
	}, q)
	for i := range page.Items {
		if page.Items[i].Fields == nil {
			page.Items[i].Fields = []plan.Field{}
		}
	}
	return ok(page), err
}

func planCSV(changes []plan.Change) (reply, error) {
	if len(changes) > maxPlanCSV {
		return reply{}, problem(http.StatusBadRequest, "Too many changes", fmt.Sprintf("The plan holds %d changes; export at most %d at once, by customer (?customer=).", len(changes), maxPlanCSV))
	}
	var buf bytes.Buffer
	w := csv.NewWriter(&buf)
	rows := [][]string{{"customer_id", "customer_name", "vendor", "kind", "action", "title", "target_id", "reason", "changes"}}
	for _, c := range changes {
		var fields []string
		for _, f := range c.Fields {
			fields = append(fields, fmt.Sprintf("%s: %q -> %q", f.Name, f.Before, f.After))
		}
		row := []string{c.CustomerID, c.CustomerName, c.Vendor, string(c.Kind), string(c.Action), c.Title, c.TargetID, c.Reason, strings.Join(fields, "; ")}
		for i := range row {
			row[i] = review.Cell(row[i])
		}
		rows = append(rows, row)
	}
	if err := w.WriteAll(rows); err != nil {
		return reply{}, fmt.Errorf("plan: %w", err)
	}
	return reply{status: http.StatusOK, raw: buf.Bytes(), kind: "text/csv; charset=utf-8", name: "plan.csv"}, nil
}

func (a *api) cancelRun(r *http.Request) (reply, error) {
	id := r.PathValue("id")
	if err := a.Syncs.Cancel(r.Context(), id, by(r)); err != nil {
		return reply{}, err
	}
	return accepted(runRef{id}), nil
}

func (a *api) approveRun(r *http.Request) (reply, error) {
	var body struct {
		Digest string `json:"digest"`
	}
	if err := read(r, &body); err != nil {
		return reply{}, err
	}
	if body.Digest == "" {
		return reply{}, badField("digest", "Name the digest of the plan you looked at; the run tells it.")
	}
	id := r.PathValue("id")
	if err := a.Syncs.Approve(r.Context(), id, body.Digest, by(r)); err != nil {
		return reply{}, err
	}
	return accepted(runRef{id}), nil
}
