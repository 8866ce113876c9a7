package console

import (
	"errors"
	"net/http"
	"net/url"
	"slices"

	"uniview-bridge/pkg/httpapi"
	"uniview-bridge/pkg/httpapi/access"
	"uniview-bridge/pkg/httpapi/view"
	"uniview-bridge/pkg/state"
)

func (c *Console) connectionRoutes() []access.Route {
	const get, post = http.MethodGet, http.MethodPost
	return []access.Route{
		{Method: get, Path: "/connections", Role: access.Viewer, Handler: c.connections},
		{Method: get, Path: "/connections/{kind}", Role: access.Viewer, Handler: c.connection},
		{Method: post, Path: "/connections/{kind}", Role: access.Administrator, Handler: c.storeConnection},
		{Method: post, Path: "/connections/{kind}/test", Role: access.Manager, Handler: c.testConnection},
		{Method: post, Path: "/connections/{kind}/forget", Role: access.Administrator, Handler: c.forgetConnection},
	}
}

// credential is one field of a connection's form.
type credential struct {
	Name, Label, Hint string
	Secret            bool
	Choices           []choice
	Value             string
	Wrong             string // what is wrong with what was entered
	Stored            bool   // a secret is kept: blank leaves it as it is
}

// choice is one value of a list to choose from.
type choice struct {
	Value, Name string
	Chosen      bool
}

// credentials are the fields of each connection's form, in the words of the vendors'
// own pages.
var credentials = map[state.Vendor][]credential{
	state.UniView: {
		{Name: "clientId", Label: "Client ID", Hint: "Shown by Manage APIs beside the name of the credentials."},
		{Name: "clientSecret", Label: "Client secret", Secret: true, Hint: "Shown once, when the credentials are made."},
	},
	state.ITGlue: {
		{Name: "region", Label: "Region", Hint: "Where your IT Glue account lives: its address ends in itglue.com, eu.itglue.com or au.itglue.com.", Choices: []choice{
			{Value: "us", Name: "United States"}, {Value: "eu", Name: "Europe"}, {Value: "au", Name: "Australia"},
		}},
		{Name: "apiKey", Label: "API key", Secret: true, Hint: "Shown once, when the key is generated. Password Access stays off: the bridge reads no passwords."},
	},
	state.ConnectWise: {
		{Name: "instanceUrl", Label: "Instance URL", Hint: "Where you sign in, for example https://na.myconnectwise.net."},
		{Name: "companyId", Label: "Company ID", Hint: "What you type as Company when you sign in."},
		{Name: "publicKey", Label: "Public key", Hint: "From the API member's API Keys tab."},
		{Name: "privateKey", Label: "Private key", Secret: true, Hint: "Shown once, when the key pair is generated."},
		{Name: "clientId", Label: "Client ID", Hint: "Your own, from the ConnectWise developer site: it names the integration, not a person."},
	},
}

// connectionPage is one vendor account with its form and what a test found.
type connectionPage struct {
	view.Connection

	Form   []credential
	Test   *httpapi.TestAnswer
	Levels []roleRow // of ConnectWise's security role
}

// roleRow is a row of the security role with the levels it needs.
type roleRow struct {
	Section, Name, Why         string
	Add, Edit, Delete, Inquire string
	Extra                      bool
}

// role is ConnectWise's security role as the native integration's page asks for it,
// with what the bridge uses each row for.
var role = []roleRow{
	{"Companies", "Company Maintenance", "to list companies and find deleted or merged ones", "None", "None", "None", "All", false},
	{"Companies", "Company / Contact Group Maintenance", "asked for by the native integration; the bridge sets no contact", "None", "None", "None", "All", false},
	{"Service Desk", "Close Service Tickets", "to close a ticket when its trouble is over", "All", "All", "None", "All", false},
	{"Service Desk", "Merge Tickets", "to follow tickets that a technician merged", "All", "All", "None", "All", false},
	{"Service Desk", "Service Tickets - Dependencies", "asked for by the native integration", "All", "All", "None", "All", false},
	{"Service Desk", "Service Tickets", "to open, read and update tickets and their notes", "All", "All", "None", "All", false},
	{"Service Desk", "Service Tickets - Finance", "asked for by the native integration", "All", "All", "None", "All", false},
	{"System", "Table Setup", "to list boards, statuses, types, priorities and sources", "None", "None", "None", "All", false},
	{"Companies", "Configurations", "only to attach the machine's configuration to its ticket", "None", "None", "None", "All", true},
	{"System", "Member Maintenance", "only to show the names of assigned members", "None", "None", "None", "All", true},
}

// Chip is the status as a word with its colour.
func (p connectionPage) Chip() wordClass { return connectionWord(p.Connection) }

// Missing are the rights that the test found missing.
func (p connectionPage) Missing() []httpapi.Right {
	if p.Test == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(p.Test.Rights), func(r httpapi.Right) bool { return r.Verdict != "missing" })
}

func (c *Console) connections(w http.ResponseWriter, r *http.Request) {
	var list httpapi.Page[view.Connection]
	if err := c.get(r, "/connections", &list); err != nil {
		c.fail(w, r, err)
		return
	}
	c.show(w, r, http.StatusOK, "connections", "layout.html", c.frame(r, "Connections", list.Items))
}

func (c *Console) connection(w http.ResponseWriter, r *http.Request) {
	page, err := c.connectionPage(r, nil)
	if err != nil {
		c.fail(w, r, err)
		return
	}
	c.show(w, r, http.StatusOK, "connection", "layout.html", c.frame(r, page.Name, page))
}

// connectionPage reads a connection; entered is what a refused form held, without its
// secrets, which are not sent back.
func (c *Console) connectionPage(r *http.Request, entered url.Values) (connectionPage, error) {
	kind := r.PathValue("kind")
	page := connectionPage{}
	if err := c.get(r, "/connections/"+url.PathEscape(kind), &page.Connection); err != nil {
		return page, err
	}
	for _, f := range credentials[state.Vendor(kind)] {
		f.Stored = f.Secret && page.HasCredentials
		if !f.Secret {
			f.Value = page.Fields[f.Name]
			if entered != nil {
				f.Value = entered.Get(f.Name)
			}
		}
		f.Choices = slices.Clone(f.Choices)
		for i := range f.Choices {
			f.Choices[i].Chosen = f.Choices[i].Value == f.Value
		}
		page.Form = append(page.Form, f)
	}
	if state.Vendor(kind) == state.ConnectWise {
		page.Levels = role
	}
	return page, nil
}

func (c *Console) storeConnection(w http.ResponseWriter, r *http.Request) {
	form, ok := c.form(w, r)
	if !ok {
		return
	}
	kind := r.PathValue("kind")
	body := map[string]string{}
	for _, f := range credentials[state.Vendor(kind)] {
		body[f.Name] = form.Get(f.Name)
	}
	if err := c.ask(r, http.MethodPut, "/connections/"+url.PathEscape(kind), body, nil); err != nil {
		page, pageErr := c.connectionPage(r, form)
		if pageErr != nil {
			c.fail(w, r, pageErr)
			return
		}
		if why, ok := errors.AsType[*problem](err); ok {
			for i := range page.Form {
				if page.Form[i].Name == why.Field {
					page.Form[i].Wrong = why.Detail
				}
			}
		}
		c.again(w, r, err, "connection", c.frame(r, page.Name, page))
		return
	}
	c.done(w, r, "/connections/"+url.PathEscape(kind), flash{Text: "The credentials of " + view.VendorName(state.Vendor(kind)) + " are stored. Test them now: work that waited goes on with the next sync."})
}

// testConnection shows what a live check found, right by right.
func (c *Console) testConnection(w http.ResponseWriter, r *http.Request) {
	var found httpapi.TestAnswer
	if err := c.ask(r, http.MethodPost, "/connections/"+url.PathEscape(r.PathValue("kind"))+"/test", nil, &found); err != nil {
		page, pageErr := c.connectionPage(r, nil)
		if pageErr != nil {
			c.fail(w, r, pageErr)
			return
		}
		c.again(w, r, err, "connection", c.frame(r, page.Name, page))
		return
	}
	page, err := c.connectionPage(r, nil)
	if err != nil {
		c.fail(w, r, err)
		return
	}
	page.Test = &found
	c.show(w, r, http.StatusOK, "connection", "layout.html", c.frame(r, page.Name, page))
}

func (c *Console) forgetConnection(w http.ResponseWriter, r *http.Request) {
	kind := r.PathValue("kind")
	if err := c.ask(r, http.MethodDelete, "/connections/"+url.PathEscape(kind), nil, nil); err != nil {
		c.fail(w, r, err)
		return
	}
	c.done(w, r, "/connections", flash{Text: "The credentials of " + view.VendorName(state.Vendor(kind)) + " are forgotten. Links and decisions stay; work waits until new ones are entered."})
}
