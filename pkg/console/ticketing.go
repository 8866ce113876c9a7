package console

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/httpapi"
	"uniview-bridge/pkg/httpapi/access"
	"uniview-bridge/pkg/httpapi/view"
	"uniview-bridge/pkg/review"
)

func (c *Console) ticketingRoutes() []access.Route {
	const get, post = http.MethodGet, http.MethodPost
	return []access.Route{
		{Method: get, Path: "/ticketing/settings", Role: access.Viewer, Handler: c.ticketSettings},
		{Method: post, Path: "/ticketing/settings", Role: access.Administrator, Handler: c.saveTicketSettings},
		{Method: post, Path: "/ticketing/preview", Role: access.Manager, Handler: c.previewTexts},
		{Method: post, Path: "/ticketing/test-ticket", Role: access.Manager, Handler: c.testTicket},
		{Method: post, Path: "/ticketing/reset-overrides", Role: access.Administrator, Handler: c.resetOverrides},
		{Method: post, Path: "/ticketing/callback", Role: access.Administrator, Handler: c.setCallback},
		{Method: get, Path: "/ticketing/customers/{id}", Role: access.Viewer, Reach: access.OneCustomer, Handler: c.overrides},
		{Method: post, Path: "/ticketing/customers/{id}", Role: access.Manager, Reach: access.OneCustomer, Handler: c.saveOverrides},
		{Method: post, Path: "/ticketing/customers/{id}/reset", Role: access.Manager, Reach: access.OneCustomer, Handler: c.resetOne},
	}
}

// settingsPage is the form of ticket settings, of the account or of one customer.
type ticketSettingsPage struct {
	Groups    []group
	Board     int
	Unknown   string // why ConnectWise could not be asked
	Texts     *alert.Texts
	Variables map[string]string
	Callback  httpapi.CallbackAnswer
	Customer  *view.Customer // whose own settings these are; nil: the account's
	Owned     int            // how many settings of its own the customer has
	Sub       []tab
}

// deskTabs are the pages of alerts and tickets.
func deskTabs(at string) []tab {
	var out []tab
	for _, t := range []tab{
		{Name: "Alerts", URL: "/alerts"},
		{Name: "Tickets", URL: "/tickets"},
		{Name: "Maintenance windows", URL: "/windows"},
		{Name: "Rules", URL: "/rules"},
		{Name: "Ticket settings", URL: "/ticketing/settings"},
		{Name: "Reports", URL: "/reports"},
	} {
		t.Current = t.URL == at
		out = append(out, t)
	}
	return out
}

// offer asks ConnectWise what can be chosen; why says in words that it cannot be asked.
func (c *Console) offer(r *http.Request, board int) (o offered, why string, err error) {
	o.Board = board
	if !access.From(r.Context()).May(access.Manager) {
		return o, "What ConnectWise has to choose from is shown to Managers.", nil
	}
	target := "/ticketing/options"
	if board > 0 {
		target += "?board=" + strconv.Itoa(board)
	}
	err = c.get(r, target, &o.Offer)
	if p, ok := errors.AsType[*problem](err); ok {
		return o, "ConnectWise could not be asked what there is to choose from: " + p.Detail, nil
	}
	o.Known = err == nil
	return o, "", err
}

// settingsForm reads the settings, and lays a form over them when one was sent.
func (c *Console) settingsForm(r *http.Request, settings alert.Settings, form url.Values) (ticketSettingsPage, object, error) {
	page := ticketSettingsPage{Sub: deskTabs("/ticketing/settings"), Variables: alert.Variables}
	values, err := objectOf(settings)
	if err != nil {
		return page, nil, err
	}
	page.Board = settings.BoardID
	if n, err := strconv.Atoi(form.Get("boardId")); err == nil && n > 0 {
		page.Board = n
		put(values, "boardId", n)
	}
	o, why, err := c.offer(r, 0)
	if err == nil && o.Known && len(o.board(page.Board).Statuses) == 0 && page.Board > 0 {
		var one offered // of many boards, what belongs to one is told when it is asked for
		if one, why, err = c.offer(r, page.Board); err == nil && one.Known {
			for i := range o.Boards {
				if o.Boards[i].ID == page.Board {
					o.Boards[i] = one.board(page.Board)
				}
			}
		}
	}
	if err != nil {
		return page, nil, err
	}
	o.Board, page.Unknown = page.Board, why
	page.Groups = groups(o)
	if form != nil {
		entered(page.Groups, form, values)
	}
	fill(page.Groups, values, o)
	return page, values, nil
}

func (c *Console) accountSettings(r *http.Request, form url.Values) (ticketSettingsPage, object, error) {
	var settings httpapi.TicketSettingsAnswer
	if err := c.get(r, "/ticketing/settings", &settings); err != nil {
		return ticketSettingsPage{}, nil, err
	}
	page, values, err := c.settingsForm(r, settings.Settings, form)
	if err != nil {
		return page, nil, err
	}
	return page, values, c.get(r, "/ticketing/callback", &page.Callback)
}

func (c *Console) ticketSettings(w http.ResponseWriter, r *http.Request) {
	page, _, err := c.accountSettings(r, nil)
	if err != nil {
		c.fail(w, r, err)
		return
	}
	c.show(w, r, http.StatusOK, "ticketing", "layout.html", c.frame(r, "Ticket settings", page))
}

func (c *Console) saveTicketSettings(w http.ResponseWriter, r *http.Request) {
	form, ok := c.form(w, r)
	if !ok {
		return
	}
	page, values, err := c.accountSettings(r, form)
	if err != nil {
		c.fail(w, r, err)
		return
	}
	if form.Get("load") != "" {
		c.show(w, r, http.StatusOK, "ticketing", "layout.html", c.frame(r, "Ticket settings", page))
		return
	}
	var answer httpapi.TicketSettingsAnswer
	if err := c.ask(r, http.MethodPut, "/ticketing/settings", values, &answer); err != nil {
		c.settingsAgain(w, r, err, page)
		return
	}
	c.done(w, r, "/ticketing/settings", flash{Text: "Ticket settings are saved; they count from the next sync on." + warned(answer.Warnings)})
}

func (c *Console) settingsAgain(w http.ResponseWriter, r *http.Request, err error, page ticketSettingsPage) {
	why, _ := errors.AsType[*problem](err)
	blame(page.Groups, why)
	c.again(w, r, err, "ticketing", c.frame(r, "Ticket settings", page))
}

func warned(list []httpapi.FieldProblem) string {
	var out strings.Builder
	for _, p := range list {
		out.WriteString(" " + p.Text)
	}
	return out.String()
}

// previewTexts shows what tickets would say, with the texts as they stand in the form.
func (c *Console) previewTexts(w http.ResponseWriter, r *http.Request) {
	form, ok := c.form(w, r)
	if !ok {
		return
	}
	page, values, err := c.accountSettings(r, form)
	if err != nil {
		c.fail(w, r, err)
		return
	}
	var texts alert.Texts
	body := map[string]any{"summary": values["summary"], "description": values["description"]}
	if err := c.ask(r, http.MethodPost, "/ticketing/preview", body, &texts); err != nil {
		c.settingsAgain(w, r, err, page)
		return
	}
	page.Texts = &texts
	c.show(w, r, http.StatusOK, "ticketing", "layout.html", c.frame(r, "Ticket settings", page))
}

func (c *Console) testTicket(w http.ResponseWriter, r *http.Request) {
	var out review.TestTicket
	if err := c.ask(r, http.MethodPost, "/ticketing/test-ticket", nil, &out); err != nil {
		c.refusedTo(w, r, "/ticketing/settings", "No test ticket: ", err)
		return
	}
	c.done(w, r, "/ticketing/settings", flash{Text: fmt.Sprintf("Test ticket #%d: %s", out.TicketID, title(out.Message)), Bad: !out.Closed})
}

// refusedTo goes back to a page that tells why something was refused.
func (c *Console) refusedTo(w http.ResponseWriter, r *http.Request, to, what string, err error) {
	if why, ok := errors.AsType[*problem](err); ok && why.Status != http.StatusForbidden {
		c.done(w, r, to, flash{Text: what + why.Detail, Bad: true})
		return
	}
	c.fail(w, r, err)
}

func (c *Console) resetOverrides(w http.ResponseWriter, r *http.Request) {
	var out struct {
		Reset int `json:"reset"`
	}
	if err := c.ask(r, http.MethodPost, "/ticketing/settings/reset-overrides", nil, &out); err != nil {
		c.fail(w, r, err)
		return
	}
	c.done(w, r, "/ticketing/settings", flash{Text: fmt.Sprintf("%d customers have the account's settings again. It can be undone in the audit trail.", out.Reset)})
}

func (c *Console) setCallback(w http.ResponseWriter, r *http.Request) {
	form, ok := c.form(w, r)
	if !ok {
		return
	}
	method, body, text := http.MethodPut, any(map[string]string{"address": form.Get("address")}), "ConnectWise tells the bridge of changed tickets from now on. Polling goes on as well."
	if form.Get("off") != "" {
		method, body, text = http.MethodDelete, nil, "ConnectWise does not call any more. Polling goes on."
	}
	if err := c.ask(r, method, "/ticketing/callback", body, nil); err != nil {
		c.refusedTo(w, r, "/ticketing/settings", "", err)
		return
	}
	c.done(w, r, "/ticketing/settings", flash{Text: text})
}

// customerSettings is the form of one customer: all settings, those of its own marked.
func (c *Console) customerSettings(r *http.Request, form url.Values) (ticketSettingsPage, object, error) {
	id := r.PathValue("id")
	var answer httpapi.OverridesAnswer
	if err := c.get(r, "/customers/"+url.PathEscape(id)+"/ticketing", &answer); err != nil {
		return ticketSettingsPage{}, nil, err
	}
	page, values, err := c.settingsForm(r, answer.Effective, form)
	if err != nil {
		return page, nil, err
	}
	page.Customer, page.Owned = &view.Customer{}, len(answer.Overrides)
	for g := range page.Groups {
		for i := range page.Groups[g].Controls {
			x := &page.Groups[g].Controls[i]
			if _, x.Own = answer.Overrides[x.Member()]; form != nil {
				x.Own = form.Get("own."+x.Member()) == "on"
			}
		}
	}
	return page, values, c.get(r, "/customers/"+url.PathEscape(id), page.Customer)
}

func (c *Console) overrides(w http.ResponseWriter, r *http.Request) {
	page, _, err := c.customerSettings(r, nil)
	if err != nil {
		c.fail(w, r, err)
		return
	}
	c.show(w, r, http.StatusOK, "ticketing", "layout.html", c.frame(r, "Ticket settings of "+page.Customer.Name, page))
}

func (c *Console) saveOverrides(w http.ResponseWriter, r *http.Request) {
	form, ok := c.form(w, r)
	if !ok {
		return
	}
	page, values, err := c.customerSettings(r, form)
	if err != nil {
		c.fail(w, r, err)
		return
	}
	if form.Get("load") != "" {
		c.show(w, r, http.StatusOK, "ticketing", "layout.html", c.frame(r, "Ticket settings of "+page.Customer.Name, page))
		return
	}
	own := object{}
	for _, g := range page.Groups {
		for _, x := range g.Controls {
			if v, ok := values[x.Member()]; ok && x.Own {
				own[x.Member()] = v
			}
		}
	}
	path := "/customers/" + url.PathEscape(r.PathValue("id")) + "/ticketing"
	var answer httpapi.OverridesAnswer
	if err := c.ask(r, http.MethodPut, path, own, &answer); err != nil {
		c.settingsAgain(w, r, err, page)
		return
	}
	c.done(w, r, "/ticketing/customers/"+url.PathEscape(r.PathValue("id")), flash{Text: fmt.Sprintf("%d settings of its own are saved for %s.%s", len(own), page.Customer.Name, warned(answer.Warnings))})
}

func (c *Console) resetOne(w http.ResponseWriter, r *http.Request) {
	id := url.PathEscape(r.PathValue("id"))
	if err := c.ask(r, http.MethodDelete, "/customers/"+id+"/ticketing", nil, nil); err != nil {
		c.fail(w, r, err)
		return
	}
	c.done(w, r, "/ticketing/customers/"+id, flash{Text: "The customer has the account's settings again."})
}
