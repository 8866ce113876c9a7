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

// overviewPage is the account at a glance. Trend and heat map stand outside of the
// part that renews itself: they change once a day.
type overviewPage struct {
	view.Overview

	Trend trendChart
	Heat  view.Heat
}

// heatRows is how many of the worst machines the overview shows.
const heatRows = 12

func (c *Console) showOverview(w http.ResponseWriter, r *http.Request, block string) {
	var page overviewPage
	var err error
	if page.Overview, err = c.read(r.Context()); err != nil {
		c.fail(w, r, err)
		return
	}
	if block != "live" {
		trend, err := c.Model.Trend(r.Context(), only(r))
		if err != nil {
			c.fail(w, r, err)
			return
		}
		page.Trend = drawTrend(trend.Days)
		if page.Heat, err = c.Model.Heat(r.Context(), view.HeatQuery{Bad: true, Limit: heatRows, Only: only(r)}); err != nil {
			c.fail(w, r, err)
			return
		}
	}
	f := c.frame(r, "Overview", page)
	f.Mode = page.Mode
	c.show(w, r, http.StatusOK, "overview", block, f)
}

// needLinks are where each thing that needs a person is done.
var needLinks = map[view.NeedKind]string{
	view.NeedConnection: "/connections", view.NeedBrake: "/runs", view.NeedDeadLetters: "/dead-letters",
	view.NeedAttention: "/customers?state=attention", view.NeedOrganization: "/customers?state=suggested",
	view.NeedCompany: "/customers?side=company&state=suggested", view.NeedMachines: "/machines?link=attention",
	view.NeedRun: "/runs", view.NeedStale: "/connections/uniview", view.NeedWaiting: "/alerts",
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
