package console

import (
	"cmp"
	"net/http"
	"net/url"
	"time"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/httpapi"
	"uniview-bridge/pkg/httpapi/access"
	"uniview-bridge/pkg/httpapi/view"
	"uniview-bridge/pkg/state"
)

func (c *Console) alertRoutes() []access.Route {
	const get, post = http.MethodGet, http.MethodPost
	return []access.Route{
		{Method: get, Path: "/alerts", Role: access.Viewer, Reach: access.Narrowed, Handler: c.alerts},
		{Method: get, Path: "/alerts/{key}", Role: access.Manager, Reach: access.Narrowed, Handler: c.snoozeForm},
		{Method: post, Path: "/alerts/{key}/snooze", Role: access.Manager, Reach: access.Narrowed, Handler: c.snooze},
		{Method: post, Path: "/snoozes/{id}/end", Role: access.Manager, Reach: access.Narrowed, Handler: c.endSnooze},
		{Method: get, Path: "/tickets", Role: access.Viewer, Reach: access.Narrowed, Handler: c.tickets},
		{Method: get, Path: "/windows", Role: access.Viewer, Reach: access.Narrowed, Handler: c.windows},
		{Method: get, Path: "/windows/new", Role: access.Manager, Reach: access.Narrowed, Handler: c.windowForm},
		{Method: post, Path: "/windows/new", Role: access.Manager, Reach: access.Narrowed, Handler: c.saveWindow},
		{Method: get, Path: "/windows/{id}", Role: access.Manager, Reach: access.Narrowed, Handler: c.windowForm},
		{Method: post, Path: "/windows/{id}", Role: access.Manager, Reach: access.Narrowed, Handler: c.saveWindow},
		{Method: post, Path: "/windows/{id}/end", Role: access.Manager, Reach: access.Narrowed, Handler: c.endWindow},
		{Method: get, Path: "/rules", Role: access.Viewer, Handler: c.rules},
		{Method: post, Path: "/rules", Role: access.Manager, Handler: c.saveRules},
		{Method: get, Path: "/reports", Role: access.Viewer, Reach: access.Narrowed, Handler: c.reports},
	}
}

// deskPage is a list of alerts or tickets.
type deskPage struct {
	Sub             []tab
	Tabs            []tab
	Alerts          []view.Alert
	Tickets         []view.Ticket
	Query, Customer string
	State           string
	Next, Nothing   string
}

// deskQuery is what the address of a list of alerts or tickets asks for.
func deskQuery(r *http.Request, page *deskPage) view.DeskQuery {
	q := r.URL.Query()
	page.Query, page.Customer = q.Get("q"), q.Get("customer")
	if len(page.Query) > maxSearch {
		page.Query = ""
	}
	return view.DeskQuery{Customer: page.Customer, State: page.State, Query: page.Query, Cursor: q.Get("cursor"), Limit: 50, Only: only(r)}
}

// at gives the addresses of the list by state and cursor; what else was asked for stays.
func (p deskPage) at(path string) func(state, cursor string) string {
	return func(state, cursor string) string {
		return path + "?" + values("state", state, "q", p.Query, "customer", p.Customer, "cursor", cursor).Encode()
	}
}

// alertNames are the states of alerts as people read them.
var alertNames = map[view.AlertState]string{
	view.AlertUncertain: "Not certain yet", view.AlertHeld: "Held", view.AlertSnoozed: "Snoozed", view.AlertPlanned: "Planned",
	view.AlertTicketed: "Ticketed", view.AlertMuted: "Muted in UniView", view.AlertOver: "Over",
}

func alertWord(s view.AlertState) wordClass {
	class := map[view.AlertState]string{view.AlertUncertain: "bad", view.AlertHeld: "warn", view.AlertSnoozed: "mute", view.AlertPlanned: "info", view.AlertTicketed: "info", view.AlertOver: "good"}[s]
	return wordClass{Word: alertNames[s], Class: cmp.Or(class, "mute")}
}

func (c *Console) alerts(w http.ResponseWriter, r *http.Request) {
	page := deskPage{Sub: deskTabs("/alerts"), State: r.URL.Query().Get("state")}
	if page.State == "" {
		page.State = view.AlertsActive
	}
	list, err := c.Model.Alerts(r.Context(), deskQuery(r, &page))
	if err != nil {
		c.fail(w, r, err)
		return
	}
	page.Alerts = list.Items
	here := page.at("/alerts")
	active := 0
	for _, s := range view.AlertStates {
		if s != view.AlertOver && s != view.AlertMuted {
			active += list.States[s]
		}
	}
	page.Tabs = append(page.Tabs, tab{"Active", here(view.AlertsActive, ""), active, page.State == view.AlertsActive})
	for _, s := range view.AlertStates {
		page.Tabs = append(page.Tabs, tab{alertNames[s], here(string(s), ""), list.States[s], page.State == string(s)})
	}
	if list.Next != "" {
		page.Next = here(page.State, list.Next)
	}
	page.Nothing = "No alert is in this state. Alerts appear with the next sync of UniView."
	c.show(w, r, http.StatusOK, "alerts", "layout.html", c.frame(r, "Alerts", page))
}

var ticketNames = map[alert.GroupState]string{
	alert.GroupOpen: "Open", alert.GroupWaiting: "To be opened", alert.GroupCreating: "Being created", alert.GroupUncertain: "Not certain yet",
	alert.GroupClosed: "Closed", alert.GroupGone: "Deleted in ConnectWise",
}

func ticketWord(s alert.GroupState) wordClass {
	class := map[alert.GroupState]string{alert.GroupOpen: "info", alert.GroupUncertain: "bad", alert.GroupWaiting: "warn", alert.GroupCreating: "warn", alert.GroupClosed: "good"}[s]
	return wordClass{Word: ticketNames[s], Class: cmp.Or(class, "mute")}
}

func (c *Console) tickets(w http.ResponseWriter, r *http.Request) {
	page := deskPage{Sub: deskTabs("/tickets"), State: r.URL.Query().Get("state")}
	list, err := c.Model.Tickets(r.Context(), deskQuery(r, &page))
	if err != nil {
		c.fail(w, r, err)
		return
	}
	page.Tickets = list.Items
	here := page.at("/tickets")
	all := 0
	for _, n := range list.States {
		all += n
	}
	page.Tabs = append(page.Tabs, tab{"All", here("", ""), all, page.State == ""})
	for _, s := range view.TicketStates {
		page.Tabs = append(page.Tabs, tab{ticketNames[s], here(string(s), ""), list.States[s], page.State == string(s)})
	}
	if list.Next != "" {
		page.Next = here(page.State, list.Next)
	}
	page.Nothing = "No ticket is in this state."
	c.show(w, r, http.StatusOK, "tickets", "layout.html", c.frame(r, "Tickets", page))
}

// snoozePage asks what a snooze covers, why, for whom and until when.
type snoozePage struct {
	Alert                       view.Alert
	Scope, Reason, Owner, Until string
	Longest                     int // days
	Back                        string
}

func (c *Console) snoozePage(r *http.Request) (snoozePage, error) {
	page := snoozePage{
		Scope: "condition", Owner: who(r), Until: c.Model.Now().UTC().AddDate(0, 0, 1).Format(localTime),
		Longest: alert.DefaultSnoozeDays, Back: local(r.FormValue("back"), "/alerts"),
	}
	var err error
	if page.Alert, err = c.alert(r); err != nil {
		return page, err
	}
	var settings struct {
		SnoozeMaxDays int `json:"snoozeMaxDays"`
	}
	if err := c.get(r, "/ticketing/settings", &settings); err == nil && settings.SnoozeMaxDays > 0 {
		page.Longest = settings.SnoozeMaxDays // people limited to some customers are not told; the API checks
	}
	return page, nil
}

// alert finds the alert of the address: the link to it names its customer.
func (c *Console) alert(r *http.Request) (view.Alert, error) {
	customer := r.FormValue("customer")
	if customer == "" {
		return view.Alert{}, state.ErrNotFound
	}
	q := view.DeskQuery{Customer: customer, Limit: view.MaxLimit, Only: only(r)}
	for {
		list, err := c.Model.Alerts(r.Context(), q)
		if err != nil {
			return view.Alert{}, err
		}
		for _, a := range list.Items {
			if a.Key == r.PathValue("key") {
				return a, nil
			}
		}
		if q.Cursor = list.Next; q.Cursor == "" {
			return view.Alert{}, state.ErrNotFound
		}
	}
}

func (c *Console) snoozeForm(w http.ResponseWriter, r *http.Request) {
	page, err := c.snoozePage(r)
	if err != nil {
		c.fail(w, r, err)
		return
	}
	c.show(w, r, http.StatusOK, "snooze", "layout.html", c.frame(r, "Snooze", page))
}

// localTime is how forms send a time; those of the console are in UTC.
const localTime = "2006-01-02T15:04"

// formTime reads a time of a form, as the API takes it.
func formTime(text string) any {
	if t, err := time.Parse(localTime, text); err == nil {
		return t.UTC()
	}
	return text // the API says what is wrong with it
}

func (c *Console) snooze(w http.ResponseWriter, r *http.Request) {
	form, ok := c.form(w, r)
	if !ok {
		return
	}
	page, err := c.snoozePage(r)
	if err != nil {
		c.fail(w, r, err)
		return
	}
	page.Scope, page.Reason, page.Owner, page.Until = form.Get("scope"), form.Get("reason"), form.Get("owner"), form.Get("until")
	body := object{"scope": page.Scope, "reason": page.Reason, "owner": page.Owner, "customerId": page.Alert.CustomerID}
	if page.Until != "" {
		body["until"] = formTime(page.Until)
	}
	var made httpapi.Silence
	if err := c.ask(r, http.MethodPost, "/alerts/"+url.PathEscape(r.PathValue("key"))+"/snooze", body, &made); err != nil {
		c.again(w, r, err, "snooze", c.frame(r, "Snooze", page))
		return
	}
	c.done(w, r, page.Back, flash{Text: "Snoozed until " + stamp(made.Until) + ". What lasts then is looked at again; endings always pass."})
}

func (c *Console) endSnooze(w http.ResponseWriter, r *http.Request) {
	form, ok := c.form(w, r)
	if !ok {
		return
	}
	if err := c.ask(r, http.MethodDelete, "/snoozes/"+url.PathEscape(r.PathValue("id")), nil, nil); err != nil {
		c.fail(w, r, err)
		return
	}
	c.done(w, r, local(form.Get("back"), "/alerts"), flash{Text: "The snooze is ended: what it held is looked at with the next sync."})
}
