package console

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"

	"uniview-bridge/pkg/account"
	"uniview-bridge/pkg/httpapi"
	"uniview-bridge/pkg/httpapi/access"
	"uniview-bridge/pkg/httpapi/view"
	"uniview-bridge/pkg/review"
	"uniview-bridge/pkg/state"
)

// problem is why something was not done, with what is wrong field by field.
type problem = httpapi.Problem

// get reads from the API: target is a path with its query, into a pointer.
func (c *Console) get(r *http.Request, target string, into any) error {
	return c.API.Do(r.Context(), http.MethodGet, target, nil, into)
}

// ask changes something by the API.
func (c *Console) ask(r *http.Request, method, target string, body, into any) error {
	return c.API.Do(r.Context(), method, target, body, into)
}

// form reads a form that was sent. When it cannot be read, that has been answered.
func (c *Console) form(w http.ResponseWriter, r *http.Request) (url.Values, bool) {
	if err := r.ParseForm(); err != nil {
		c.Refuse(w, r, access.Refusal{Status: http.StatusBadRequest, Title: "Bad request", Detail: "This form could not be read. Go back and try again."})
		return nil, false
	}
	return r.PostForm, true
}

// flash tells on the next page what an action did.
type flash struct {
	Text string `json:"t"`
	Undo string `json:"u,omitempty"` // id of the audit entry that can be undone
	Bad  bool   `json:"b,omitempty"` // it was not, or not all, done
}

const flashCookie = "bridge_flash"

// done ends an action: the browser goes to a page, which tells what was done.
func (c *Console) done(w http.ResponseWriter, r *http.Request, to string, f flash) {
	const longest = 1000 // bytes; a cookie has room for about 4,000
	if len(f.Text) > longest {
		f.Text = f.Text[:longest] + "…"
	}
	raw, err := json.Marshal(f)
	if err != nil {
		c.fail(w, r, err)
		return
	}
	const life = 60 // seconds
	setFlash(w, r, base64.RawURLEncoding.EncodeToString(raw), life)
	http.Redirect(w, r, local(to, "/"), http.StatusSeeOther) //nolint:gosec // local lets our own addresses pass only
}

// setFlash keeps a flash for so many seconds; -1 ends it.
func setFlash(w http.ResponseWriter, r *http.Request, value string, seconds int) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure follows the connection: over http on this machine such a cookie would not come back
		Name: flashCookie, Value: value, Path: "/", MaxAge: seconds,
		HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteStrictMode,
	})
}

// takeFlash reads and ends what the last action left to tell. Its text is shown as
// text, whoever wrote it.
func takeFlash(w http.ResponseWriter, r *http.Request) *flash {
	cookie, err := r.Cookie(flashCookie)
	if err != nil {
		return nil
	}
	setFlash(w, r, "", -1)
	raw, err := base64.RawURLEncoding.DecodeString(cookie.Value)
	var f flash
	if err != nil || json.Unmarshal(raw, &f) != nil || f.Text == "" {
		return nil
	}
	return &f
}

// again shows a form once more, with what was entered and why it was not taken. Only
// a refusal of the API is for the form; other errors get their own page, and again
// says that it answered.
func (c *Console) again(w http.ResponseWriter, r *http.Request, err error, page string, f frame) {
	why, ok := errors.AsType[*problem](err)
	if !ok || why.Status == http.StatusNotFound || why.Status == http.StatusForbidden {
		c.fail(w, r, err)
		return
	}
	f.Problem = why
	c.show(w, r, why.Status, page, "layout.html", f)
}

// fail shows what went wrong, in words that are safe to show.
func (c *Console) fail(w http.ResponseWriter, r *http.Request, err error) {
	var (
		refusal *review.Refusal
		stale   *account.StaleError
		refused *problem
	)
	why := access.Refusal{
		Status: http.StatusInternalServerError, Title: "Something went wrong",
		Detail: "The bridge could not make this page; its log says why. Nothing is known to be lost: try again.",
	}
	switch {
	case errors.As(err, &refused):
		why = access.Refusal{Status: refused.Status, Title: refused.Title, Detail: refused.Detail}
		if len(refused.Problems) > 0 {
			why.Detail += " " + refused.Problems[0].Text
		}
	case errors.Is(err, view.ErrCursor):
		why = access.Refusal{Status: http.StatusBadRequest, Title: "Not a page of this list", Detail: "Begin again at its first page."}
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
