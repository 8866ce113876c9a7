package console

import (
	"net/http"
	"net/url"

	"uniview-bridge/pkg/httpapi/access"
	"uniview-bridge/pkg/state"
)

func (c *Console) machineRoutes() []access.Route {
	const get, post = http.MethodGet, http.MethodPost
	return []access.Route{
		{Method: get, Path: "/assets/{id}", Role: access.Viewer, Handler: c.machine},
		{Method: post, Path: "/assets/{id}/sync", Role: access.Manager, Handler: c.syncMachine},
	}
}

// machine puts both sides of one machine beside each other. It is where the links
// in IT Glue lead to.
func (c *Console) machine(w http.ResponseWriter, r *http.Request) {
	compared, err := c.Model.Compare(r.Context(), r.PathValue("id"))
	if err != nil {
		c.fail(w, r, err)
		return
	}
	c.show(w, r, http.StatusOK, "machine", "layout.html", c.frame(r, compared.Machine.Name, compared))
}

// syncMachine syncs one machine and shows how that goes.
func (c *Console) syncMachine(w http.ResponseWriter, r *http.Request) {
	id, err := c.Syncs.Request(r.Context(), state.ScopeAsset, r.PathValue("id"), who(r))
	if err != nil {
		c.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/runs/"+url.PathEscape(id), http.StatusSeeOther)
}
