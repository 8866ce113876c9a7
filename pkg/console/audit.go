package console

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"uniview-bridge/pkg/httpapi"
	"uniview-bridge/pkg/httpapi/access"
	"uniview-bridge/pkg/httpapi/view"
)

func (c *Console) auditRoutes() []access.Route {
	const get, post = http.MethodGet, http.MethodPost
	return []access.Route{
		{Method: get, Path: "/audit", Role: access.Viewer, Reach: access.Narrowed, Handler: c.audit},
		{Method: post, Path: "/audit/{id}/undo", Role: access.Manager, Reach: access.Narrowed, Handler: c.undo},
		{Method: get, Path: "/dead-letters", Role: access.Administrator, Handler: c.letters},
		{Method: post, Path: "/dead-letters/{id}/replay", Role: access.Administrator, Handler: c.replay},
	}
}

// auditPage is who or what decided, newest first.
type auditPage struct {
	Items                        []view.AuditEntry
	By, Kind, Customer, From, To string
	Kinds                        []choice
	Next, CSV                    string
}

// Undoable says whether an entry is of a kind that can be undone. Whether it still
// can is seen when it is tried.
func (auditPage) Undoable(e view.AuditEntry) bool {
	return slices.Contains([]string{"organization", "company", "configuration", "mode", "ticketing", "silence", "settings"}, e.Kind)
}

// Fields are what an entry changed, name by name.
func (auditPage) Fields(e view.AuditEntry) []change {
	const most = 40
	var out []change
	seen := map[string]bool{}
	before, after := spread(e.Before), spread(e.After)
	for _, side := range []map[string]string{before, after} {
		for name := range side {
			if !seen[name] && before[name] != after[name] {
				out = append(out, change{name, before[name], after[name]})
			}
			seen[name] = true
		}
	}
	slices.SortFunc(out, func(a, b change) int { return cmp.Compare(a.Name, b.Name) })
	return out[:min(most, len(out))]
}

// spread puts the members of values that are JSON objects beside the plain ones, which
// go before them.
func spread(values map[string]string) map[string]string {
	out := map[string]string{}
	for _, value := range values {
		var members map[string]json.RawMessage
		if !strings.HasPrefix(value, "{") || json.Unmarshal([]byte(value), &members) != nil {
			continue
		}
		for name, raw := range members {
			var text string
			if json.Unmarshal(raw, &text) != nil {
				text = string(raw)
			}
			out[name] = text
		}
	}
	for name, value := range values {
		if !strings.HasPrefix(value, "{") {
			out[name] = value
		}
	}
	return out
}

// change is one value before and after.
type change struct{ Name, Before, After string }

func (c *Console) audit(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	page := auditPage{By: q.Get("by"), Kind: q.Get("kind"), Customer: q.Get("customer"), From: q.Get("from"), To: q.Get("to")}
	filters := []string{"by", page.By, "kind", page.Kind, "customer", page.Customer, "from", moment(page.From, 0), "to", moment(page.To, 1)}
	ask := values(append(filters, "limit", "50", "cursor", q.Get("cursor"))...)
	var list httpapi.Page[view.AuditEntry]
	if err := c.get(r, "/audit?"+ask.Encode(), &list); err != nil {
		c.fail(w, r, err)
		return
	}
	page.Items = list.Items
	page.Kinds = append(page.Kinds, choice{"", "Everything", page.Kind == ""})
	for _, k := range view.AuditKinds {
		page.Kinds = append(page.Kinds, choice{k, title(k), page.Kind == k})
	}
	if list.NextCursor != "" {
		page.Next = "/audit?" + values("by", page.By, "kind", page.Kind, "customer", page.Customer, "from", page.From, "to", page.To, "cursor", list.NextCursor).Encode()
	}
	page.CSV = "/api/v1/audit?" + values(append(filters, "format", "csv")...).Encode()
	c.show(w, r, http.StatusOK, "audit", "layout.html", c.frame(r, "Audit", page))
}

// moment makes the beginning of a day, some days later, of a date as forms send it.
func moment(date string, later int) string {
	t, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return date // the API says what is wrong with it
	}
	return t.AddDate(0, 0, later).Format(time.RFC3339)
}

// undo takes a decision back and goes back to the page it was asked on.
func (c *Console) undo(w http.ResponseWriter, r *http.Request) {
	back := "/audit"
	if from, err := url.Parse(r.Referer()); err == nil && from.Host == r.Host {
		back = local(from.RequestURI(), back)
	}
	if err := c.ask(r, http.MethodPost, "/audit/"+url.PathEscape(r.PathValue("id"))+"/undo", nil, nil); err != nil {
		if why, ok := errors.AsType[*problem](err); ok && why.Status == http.StatusConflict {
			c.done(w, r, back, flash{Text: "Not undone: " + why.Detail, Bad: true})
			return
		}
		c.fail(w, r, err)
		return
	}
	c.done(w, r, back, flash{Text: "Undone."})
}

func (c *Console) letters(w http.ResponseWriter, r *http.Request) {
	var list httpapi.Page[view.Letter]
	if err := c.get(r, "/dead-letters", &list); err != nil {
		c.fail(w, r, err)
		return
	}
	c.show(w, r, http.StatusOK, "letters", "layout.html", c.frame(r, "Dead letters", list.Items))
}

func (c *Console) replay(w http.ResponseWriter, r *http.Request) {
	if err := c.ask(r, http.MethodPost, "/dead-letters/"+url.PathEscape(r.PathValue("id"))+"/replay", nil, nil); err != nil {
		c.fail(w, r, err)
		return
	}
	c.done(w, r, "/dead-letters", flash{Text: "Sent again. If it fails the same way it comes back here."})
}
