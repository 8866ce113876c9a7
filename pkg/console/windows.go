package console

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/httpapi"
	"uniview-bridge/pkg/httpapi/view"
)

// windowsPage lists maintenance windows and snoozes.
type windowsPage struct {
	Sub     []tab
	Windows []httpapi.Silence
	Snoozes []httpapi.Silence
}

// Repeats says in words when a window repeats.
func (windowsPage) Repeats(s httpapi.Silence) string {
	if s.Repeat == nil {
		return "once"
	}
	when := "every " + strings.Join(s.Repeat.Days, ", ")
	switch {
	case len(s.Repeat.Days) == 0:
		when = "every day"
	case s.Repeat.Nth < 0:
		when = "the last " + strings.Join(s.Repeat.Days, ", ") + " of the month"
	case s.Repeat.Nth > 0:
		when = "the " + strconv.Itoa(s.Repeat.Nth) + ". " + strings.Join(s.Repeat.Days, ", ") + " of the month"
	}
	return when + " at " + s.Repeat.Start + " for " + short(time.Duration(s.Repeat.Minutes)*time.Minute) + ", " + s.Repeat.Zone
}

func (c *Console) windows(w http.ResponseWriter, r *http.Request) {
	page := windowsPage{Sub: deskTabs("/windows")}
	for target, into := range map[string]*[]httpapi.Silence{"/windows?limit=200": &page.Windows, "/snoozes?limit=200": &page.Snoozes} {
		var list httpapi.Page[httpapi.Silence]
		if err := c.get(r, target, &list); err != nil {
			c.fail(w, r, err)
			return
		}
		*into = list.Items
	}
	c.show(w, r, http.StatusOK, "windows", "layout.html", c.frame(r, "Maintenance windows", page))
}

// windowPage is the form of one window.
type windowPage struct {
	ID, Name, Customer, Scope, Target, Reason, Owner, From, Until string
	Repeating                                                     bool
	Days                                                          []choice
	Nth, Start, Minutes, Zone                                     string
	Customers                                                     []view.Customer // to choose from
	Query                                                         string
	CustomerName                                                  string
}

var weekdays = []choice{{Value: "mon", Name: "Monday"}, {Value: "tue", Name: "Tuesday"}, {Value: "wed", Name: "Wednesday"}, {Value: "thu", Name: "Thursday"}, {Value: "fri", Name: "Friday"}, {Value: "sat", Name: "Saturday"}, {Value: "sun", Name: "Sunday"}}

func days(chosen []string) []choice {
	out := slices.Clone(weekdays)
	for i := range out {
		out[i].Chosen = slices.Contains(chosen, out[i].Value)
	}
	return out
}

// windowOf reads a window, or begins a new one.
func (c *Console) windowOf(r *http.Request) (windowPage, error) {
	now := c.Model.Now().UTC()
	page := windowPage{
		Scope: string(alert.OnCustomer), Owner: who(r), From: now.Format(localTime), Until: now.AddDate(0, 0, 1).Format(localTime),
		Start: "22:00", Minutes: "120", Zone: "UTC", Days: days(nil), Customer: r.FormValue("customer"), Query: r.FormValue("q"),
	}
	if id := r.PathValue("id"); id != "" {
		var s httpapi.Silence
		if err := c.get(r, "/windows/"+url.PathEscape(id), &s); err != nil {
			return page, err
		}
		page.ID, page.Name, page.Customer, page.Scope, page.Target = id, s.Name, s.CustomerID, string(s.Scope), s.Target
		page.Reason, page.Owner, page.From, page.CustomerName = s.Reason, s.Owner, s.From.Format(localTime), s.CustomerName
		page.Until = ""
		if !s.Until.IsZero() {
			page.Until = s.Until.Format(localTime)
		}
		if s.Repeat != nil {
			page.Repeating, page.Days, page.Nth = true, days(s.Repeat.Days), strconv.Itoa(s.Repeat.Nth)
			page.Start, page.Minutes, page.Zone = s.Repeat.Start, strconv.Itoa(s.Repeat.Minutes), s.Repeat.Zone
		}
		return page, nil
	}
	if page.Customer != "" {
		var one view.Customer
		if err := c.get(r, "/customers/"+url.PathEscape(page.Customer), &one); err != nil {
			return page, err
		}
		page.CustomerName = one.Name
		return page, nil
	}
	var list httpapi.CustomerPage
	err := c.get(r, "/customers?"+values("limit", "50", "q", page.Query).Encode(), &list)
	page.Customers = list.Items
	return page, err
}

func (c *Console) windowForm(w http.ResponseWriter, r *http.Request) {
	page, err := c.windowOf(r)
	if err != nil {
		c.fail(w, r, err)
		return
	}
	c.show(w, r, http.StatusOK, "window", "layout.html", c.frame(r, "Maintenance window", page))
}

func (c *Console) saveWindow(w http.ResponseWriter, r *http.Request) {
	form, ok := c.form(w, r)
	if !ok {
		return
	}
	page, err := c.windowOf(r)
	if err != nil {
		c.fail(w, r, err)
		return
	}
	page.Name, page.Scope, page.Target, page.Reason, page.Owner = form.Get("name"), form.Get("scope"), form.Get("target"), form.Get("reason"), form.Get("owner")
	page.From, page.Until, page.Repeating, page.Days = form.Get("from"), form.Get("until"), form.Get("repeat") == "on", days(form["days"])
	page.Nth, page.Start, page.Minutes, page.Zone = form.Get("nth"), form.Get("start"), form.Get("minutes"), form.Get("zone")
	body := object{
		"customerId": page.Customer, "scope": page.Scope, "target": page.Target, "name": page.Name, "reason": page.Reason, "owner": page.Owner,
		"from": formTime(page.From),
	}
	if page.Until != "" {
		body["until"] = formTime(page.Until)
	}
	if page.Repeating {
		repeat := object{"start": page.Start, "zone": page.Zone, "days": form["days"], "minutes": numberOr(page.Minutes)}
		if page.Nth != "" && page.Nth != "0" {
			repeat["nth"] = numberOr(page.Nth)
		}
		body["repeat"] = repeat
	}
	method, target := http.MethodPost, "/windows"
	if page.ID != "" {
		method, target = http.MethodPut, "/windows/"+url.PathEscape(page.ID)
	}
	if err := c.ask(r, method, target, body, nil); err != nil {
		c.again(w, r, err, "window", c.frame(r, "Maintenance window", page))
		return
	}
	c.done(w, r, "/windows", flash{Text: "The maintenance window is saved."})
}

// numberOr makes a number of a text; what is none goes as it is, and the API says so.
func numberOr(text string) any {
	if n, err := strconv.Atoi(strings.TrimSpace(text)); err == nil {
		return n
	}
	return text
}

func (c *Console) endWindow(w http.ResponseWriter, r *http.Request) {
	if err := c.ask(r, http.MethodDelete, "/windows/"+url.PathEscape(r.PathValue("id")), nil, nil); err != nil {
		c.fail(w, r, err)
		return
	}
	c.done(w, r, "/windows", flash{Text: "The window is ended: what it held is looked at with the next sync."})
}
