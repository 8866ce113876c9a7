package console

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"

	"uniview-bridge/pkg/account"
	"uniview-bridge/pkg/httpapi/access"
	"uniview-bridge/pkg/httpapi/view"
	"uniview-bridge/pkg/plan"
	"uniview-bridge/pkg/review"
	"uniview-bridge/pkg/state"
)

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

func (c *Console) approve(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		c.Refuse(w, r, access.Refusal{Status: http.StatusBadRequest, Title: "Bad request", Detail: "This form could not be read. Go back and try again."})
		return
	}
	if err := c.Syncs.Approve(r.Context(), r.PathValue("id"), r.PostForm.Get("digest"), who(r)); err != nil {
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

func who(r *http.Request) string { return access.From(r.Context()).Name }

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

// fail shows what went wrong, in words that are safe to show.
func (c *Console) fail(w http.ResponseWriter, r *http.Request, err error) {
	var (
		refusal *review.Refusal
		stale   *account.StaleError
	)
	why := access.Refusal{
		Status: http.StatusInternalServerError, Title: "Something went wrong",
		Detail: "The bridge could not make this page; its log says why. Nothing is known to be lost: try again.",
	}
	switch {
	case errors.Is(err, state.ErrNotFound):
		why = access.Refusal{Status: http.StatusNotFound, Title: "Not found", Detail: "There is no such record. It may be older than the bridge keeps."}
	case errors.As(err, &refusal):
		why = access.Refusal{Status: http.StatusConflict, Title: "Not possible", Detail: title(refusal.Message)}
	case errors.As(err, &stale):
		why = access.Refusal{Status: http.StatusConflict, Title: "Not possible any more", Detail: title(stale.Reason)}
	default:
		c.Log.ErrorContext(r.Context(), "request failed", slog.String("route", r.Pattern), slog.Any("error", err))
	}
	c.Refuse(w, r, why)
}
