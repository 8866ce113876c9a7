package console

import (
	"net/http"

	"uniview-bridge/pkg/httpapi/access"
)

func (c *Console) loginRoutes() []access.Route {
	const get, post = http.MethodGet, http.MethodPost
	return []access.Route{
		{Method: get, Path: "/login", Role: access.Anyone, Reach: access.Shared, Handler: c.login},
		{Method: post, Path: "/login/link", Role: access.Anyone, Reach: access.Shared, Handler: c.newLink},
		{Method: post, Path: "/logout", Role: access.Anyone, Reach: access.Shared, Handler: c.logout},
	}
}

// loginPage says how to sign in.
type loginPage struct {
	Local    bool // there are one-time links here
	Used     bool // a link was tried that is not good (any more)
	CanPrint bool
	// Printed and Soon say what came of asking for a new link: it was printed, or
	// one was printed moments ago.
	Printed bool
	Soon    bool
}

// login signs in with a one-time link, or says how to get one. The answer to a
// good link is a page, not a redirect: a browser that came from another site sends
// its new cookie only with the next request from our own page.
func (c *Console) login(w http.ResponseWriter, r *http.Request) {
	page := loginPage{Local: c.Local != nil, CanPrint: c.Local != nil && c.Local.CanPrint()}
	if once := r.URL.Query().Get("once"); once != "" && c.Local != nil && r.Method == http.MethodGet { // a HEAD only looks
		if c.Local.SignIn(w, r, once) {
			w.Header().Set("Refresh", "0; url=/")
			c.show(w, r, http.StatusOK, "welcome", "layout.html", c.frame(r, "Signed in", nil))
			return
		}
		page.Used = true
	}
	status := http.StatusOK
	if page.Used {
		status = http.StatusForbidden
	}
	c.show(w, r, status, "login", "layout.html", c.frame(r, "Sign in", page))
}

// newLink prints a new link where the bridge was started, and says whether it did.
func (c *Console) newLink(w http.ResponseWriter, r *http.Request) {
	page := loginPage{Local: c.Local != nil, CanPrint: c.Local != nil && c.Local.CanPrint()}
	status := http.StatusConflict
	if page.CanPrint {
		status = http.StatusOK
		if page.Printed = c.Local.PrintLink(); !page.Printed {
			page.Soon, status = true, http.StatusTooManyRequests
		}
	}
	c.show(w, r, status, "login", "layout.html", c.frame(r, "Sign in", page))
}

func (c *Console) logout(w http.ResponseWriter, r *http.Request) {
	if c.Local != nil {
		c.Local.SignOut(w, r)
	}
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}
