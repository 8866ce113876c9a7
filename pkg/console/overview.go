package console

import (
	"context"
	"errors"
	"net/http"

	"uniview-bridge/pkg/httpapi/access"
	"uniview-bridge/pkg/httpapi/view"
	"uniview-bridge/pkg/state"
)

func (c *Console) overviewRoutes() []access.Route {
	const get, post = http.MethodGet, http.MethodPost
	return []access.Route{
		{Method: get, Path: "/{$}", Role: access.Viewer, Handler: c.overview},
		{Method: get, Path: "/live", Role: access.Viewer, Handler: c.live},
		{Method: post, Path: "/sync", Role: access.Manager, Handler: c.sync},
	}
}

func (c *Console) overview(w http.ResponseWriter, r *http.Request) {
	c.showOverview(w, r, "layout.html")
}

// live is the part of the overview that renews itself.
func (c *Console) live(w http.ResponseWriter, r *http.Request) { c.showOverview(w, r, "live") }

func (c *Console) showOverview(w http.ResponseWriter, r *http.Request, block string) {
	o, err := c.read(r.Context())
	if err != nil {
		c.fail(w, r, err)
		return
	}
	f := c.frame(r, "Overview", o)
	f.Mode = o.Mode
	c.show(w, r, http.StatusOK, "overview", block, f)
}

func (c *Console) read(ctx context.Context) (view.Overview, error) {
	list, err := c.Connections(ctx)
	if err != nil {
		return view.Overview{}, err
	}
	return c.Model.Overview(ctx, list)
}

// sync starts a manual sync. One that runs already is what was wanted.
func (c *Console) sync(w http.ResponseWriter, r *http.Request) {
	_, err := c.Syncs.Request(r.Context(), state.ScopeAll, "", who(r))
	var held *state.HeldError
	if err != nil && !errors.As(err, &held) {
		c.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func who(r *http.Request) string { return access.From(r.Context()).Name }
