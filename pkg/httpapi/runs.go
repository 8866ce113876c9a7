package httpapi

import (
	"fmt"
	"net/http"
	"strings"

	"uniview-bridge/pkg/httpapi/access"
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
	owner, err := a.owner(r, body.Scope, body.ID)
	if err != nil {
		return reply{}, err
	}
	id, err := a.Syncs.Request(r.Context(), body.Scope, body.ID, by(r))
	if err != nil {
		return reply{}, err
	}
	if body.Scope != state.ScopeAsset {
		return accepted(runRef{id}), nil
	}
	// Sync now writes in either mode: who asked for it stands in the trail.
	err = state.AddAudit(r.Context(), a.Table, state.Audit{
		At: a.Now().UTC(), By: by(r), Action: "sync now", Subject: "sync " + owner + " " + body.ID, After: map[string]string{"run": id},
	}, a.Random())
	return accepted(runRef{id}), err
}

// owner is the customer that a narrow scope is about. Those who may not see all
// customers may sync what they see.
func (a *api) owner(r *http.Request, scope state.Scope, id string) (string, error) {
	who := access.From(r.Context())
	var owner string
	switch scope {
	case state.ScopeCustomer:
		owner = id
	case state.ScopeAsset:
		m, err := a.Model.Machine(r.Context(), id)
		if err != nil {
			return "", err
		}
		owner = m.CustomerID
	default:
		if who.Limited() {
			return "", problem(http.StatusForbidden, "Not allowed", "This is about all customers, and you may see only some of them.")
		}
		return "", nil
	}
	if !who.Sees(owner) {
		return "", state.ErrNotFound
	}
	return owner, nil
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
	if err == nil && access.From(r.Context()).Limited() {
		if _, err := a.owner(r, run.Scope, run.Target); err != nil {
			return reply{}, notFound("There is no such run.")
		}
	}
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
	csv, err := q.csv(r)
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
	if csv {
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
	tooLarge := problem(http.StatusBadRequest, "Too many changes", "The plan's table is over 5 MB; export it by customer (?customer=).")
	var t review.Table
	t.Row("customer_id", "customer_name", "vendor", "kind", "action", "title", "target_id", "reason", "field", "before", "after")
	for _, c := range changes {
		fields := c.Fields
		if len(fields) == 0 {
			fields = []plan.Field{{}}
		}
		for _, f := range fields {
			if !t.Row(c.CustomerID, c.CustomerName, c.Vendor, string(c.Kind), string(c.Action), c.Title, c.TargetID, c.Reason, f.Name, f.Before, f.After) {
				return reply{}, tooLarge
			}
		}
	}
	return tableOf(&t, "plan.csv"), nil
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
