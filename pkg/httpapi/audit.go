package httpapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"uniview-bridge/pkg/httpapi/access"
	"uniview-bridge/pkg/httpapi/view"
	"uniview-bridge/pkg/review"
	"uniview-bridge/pkg/state"
)

// maxAuditCSV is the most entries of one exported trail: an answer of a function has
// at most 6 MB.
const maxAuditCSV = 5000

// listAudit answers the trail as JSON, in pages, or as CSV up to maxAuditCSV entries.
func (a *api) listAudit(r *http.Request) (reply, error) {
	q, err := queryOf(r, "customer", "by", "kind", "from", "to", "format", "cursor", "limit")
	if err != nil {
		return reply{}, err
	}
	f := view.AuditFilter{Only: only(r)}
	if f.Customer, err = q.customer(); err != nil {
		return reply{}, err
	}
	if f.Kind, err = q.oneOf("kind", view.AuditKinds...); err != nil {
		return reply{}, err
	}
	if f.By = q.values.Get("by"); len(f.By) > maxQuery {
		return reply{}, badField("by", "This name is too long.")
	}
	if f.From, err = q.time("from"); err != nil {
		return reply{}, err
	}
	if f.To, err = q.time("to"); err != nil {
		return reply{}, err
	}
	after, err := q.after()
	if err != nil {
		return reply{}, err
	}
	csv, err := q.csv(r)
	if err != nil {
		return reply{}, err
	}
	if csv {
		return a.auditCSV(r, f, after)
	}
	limit, err := q.limit()
	if err != nil {
		return reply{}, err
	}
	entries, next, err := a.Model.Audit(r.Context(), f, after, limit)
	if err != nil {
		return reply{}, err
	}
	page := Page[view.AuditEntry]{Items: entries}
	if next != "" {
		page.NextCursor = cursorAt(next)
	}
	return ok(page), nil
}

func (a *api) auditCSV(r *http.Request, f view.AuditFilter, after string) (reply, error) {
	var t review.Table
	t.Row("id", "at", "by", "action", "kind", "customer_id", "asset_id", "name", "reason", "before", "after", "undoes")
	words := func(m map[string]string) string {
		if m["link"] != "" {
			return m["state"] + " " + m["targetName"] + " " + m["targetId"]
		}
		raw, err := json.Marshal(m)
		if err != nil || len(m) == 0 {
			return ""
		}
		return string(raw)
	}
	for {
		entries, next, err := a.Model.Audit(r.Context(), f, after, maxLimit)
		if err != nil {
			return reply{}, err
		}
		for _, e := range entries {
			name := e.After["name"]
			if !t.Row(e.ID, e.At.UTC().Format(time.RFC3339), e.By, e.Action, e.Kind, e.CustomerID, e.AssetID, name, e.Reason, words(e.Before), words(e.After), e.Undoes) ||
				t.Rows() > maxAuditCSV+1 {
				return reply{}, problem(http.StatusBadRequest, "Too many entries", fmt.Sprintf(
					"More than %d entries fit: narrow them by time (from, to), customer, kind or by.", maxAuditCSV))
			}
		}
		if next == "" {
			return tableOf(&t, "audit.csv"), nil
		}
		after = next
	}
}

func tableOf(t *review.Table, name string) reply {
	return reply{status: http.StatusOK, raw: t.Bytes(), kind: "text/csv; charset=utf-8", name: name}
}

func (a *api) undo(r *http.Request) (reply, error) {
	id := access.From(r.Context())
	about, err := a.Review.About(r.Context(), r.PathValue("id"))
	switch {
	case err != nil:
		return reply{}, err
	case id.Limited() && (about.Customer == "" || !id.Sees(about.Customer)):
		return reply{}, notFound("There is no such audit entry.")
	case about.Defaults && !id.May(access.Administrator):
		return reply{}, problem(http.StatusForbidden, "Not allowed", fmt.Sprintf(
			"This was an Administrator's to change, and so it is to take back; you have %s.", id.Role))
	}
	out, err := a.Review.Undo(r.Context(), by(r), r.PathValue("id"))
	if err == nil && about.Places {
		out.Warning, err = a.outdated(r, about.Customer)
	}
	return ok(outcomeOf(out)), err
}

// outdated says what of the settings and rules that were brought back ConnectWise does
// not have any more: they are what they were, but tickets may be refused.
func (a *api) outdated(r *http.Request, customer string) (string, error) {
	all, err := state.LoadTicketSettingsOf(r.Context(), a.Table, customer)
	if err != nil {
		return "", err
	}
	s, _ := all.For(customer) // overrides that are wrong are said where they are shown
	warnings, err := a.offered(r, s, all.Rules, func(string) bool { return false })
	words := make([]string, len(warnings))
	for i, w := range warnings {
		words[i] = w.Text
	}
	return strings.Join(words, " "), err
}

// auditSettings records a change of settings with what was before and after.
func (a *api) auditSettings(r *http.Request, action, subject string, before, after any) error {
	fields := func(v any) map[string]string {
		raw, err := json.Marshal(v)
		if err != nil || string(raw) == "null" {
			return nil
		}
		return map[string]string{"settings": string(raw)}
	}
	return state.AddAudit(r.Context(), a.Table, state.Audit{
		At: a.Now().UTC(), By: by(r), Action: action, Subject: subject, Before: fields(before), After: fields(after),
	}, a.Random())
}
