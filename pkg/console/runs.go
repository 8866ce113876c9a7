package console

import (
	"errors"
	"net/http"

	"uniview-bridge/pkg/httpapi"
	"uniview-bridge/pkg/httpapi/access"
	"uniview-bridge/pkg/httpapi/view"
	"uniview-bridge/pkg/plan"
	"uniview-bridge/pkg/state"
)

func (c *Console) runRoutes() []access.Route {
	const get, post = http.MethodGet, http.MethodPost
	return []access.Route{
		{Method: get, Path: "/runs", Role: access.Viewer, Handler: c.runs},
		{Method: get, Path: "/runs/{id}", Role: access.Viewer, Handler: c.run},
		{Method: post, Path: "/runs/{id}/approve", Role: access.Manager, Handler: c.approve},
		{Method: post, Path: "/runs/{id}/cancel", Role: access.Manager, Handler: c.cancel},
	}
}

// runsPage is a page of syncs, newest first.
type runsPage struct {
	Items []view.Run
	Next  string
}

func (c *Console) runs(w http.ResponseWriter, r *http.Request) {
	var list httpapi.Page[view.Run]
	if err := c.get(r, "/runs?"+values("limit", "50", "cursor", r.URL.Query().Get("cursor")).Encode(), &list); err != nil {
		c.fail(w, r, err)
		return
	}
	page := runsPage{Items: list.Items}
	if list.NextCursor != "" {
		page.Next = "/runs?" + values("cursor", list.NextCursor).Encode()
	}
	c.show(w, r, http.StatusOK, "runs", "layout.html", c.frame(r, "Runs", page))
}

// maxShown is how many changes of a plan one page shows; the export has them all.
const maxShown = 200

// runPage is one run with the beginning of its plan.
type runPage struct {
	Run     view.Run
	Changes []plan.Change
	More    int // changes that are not shown
}

func (c *Console) run(w http.ResponseWriter, r *http.Request) {
	run, err := c.Model.Run(r.Context(), r.PathValue("id"))
	if err != nil {
		c.fail(w, r, err)
		return
	}
	page := runPage{Run: run}
	changes, err := c.Syncs.Plan(r.Context(), run.ID)
	if err != nil && !errors.Is(err, state.ErrNotFound) {
		c.fail(w, r, err)
		return
	}
	page.Changes = changes[:min(maxShown, len(changes))]
	page.More = len(changes) - len(page.Changes)
	modes, err := state.LoadModes(r.Context(), c.Model.Table)
	if err != nil {
		c.fail(w, r, err)
		return
	}
	f := c.frame(r, "Run", page)
	f.Mode = view.Modes(modes)
	c.show(w, r, http.StatusOK, "run", "layout.html", f)
}

func (c *Console) approve(w http.ResponseWriter, r *http.Request) {
	form, ok := c.form(w, r)
	if !ok {
		return
	}
	if err := c.Syncs.Approve(r.Context(), r.PathValue("id"), form.Get("digest"), who(r)); err != nil {
		c.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (c *Console) cancel(w http.ResponseWriter, r *http.Request) {
	if err := c.Syncs.Cancel(r.Context(), r.PathValue("id"), who(r)); err != nil {
		c.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}
