// Package contract_test holds client and sandbox to the vendor's own OpenAPI
// document, when that lies beside the checkout.
package contract_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"uniview-bridge/pkg/connectwise"
	"uniview-bridge/pkg/connectwise/sandbox"
)

// Ids that the sandbox's standard setup gives.
const (
	msp, desk           = 19001, 1
	deskNew, deskClosed = 501, 504
	backupClosed        = 508
)

// beyondSpec are the operations that the vendor's document does not describe,
// each with the section of the vendor page that it follows.
var beyondSpec = map[string]string{
	"GET service/boards/{}/subtypes":         "connectwise.md §7.1, subtype must fit the type",
	"GET service/boards/{}/items":            "connectwise.md §7.1",
	"GET service/tickets/{}/configurations":  "connectwise.md §7.2, attach a device",
	"POST service/tickets/{}/configurations": "connectwise.md §7.2, attach a device",
	"GET company/configurations":             "connectwise.md §6, probe of an extra right",
}

// exchange is one captured request with its answer.
type exchange struct {
	req        *http.Request
	body       []byte
	status     int
	header     http.Header
	answer     []byte
	path       string // below /apis/3.0/
	underLogin bool
}

type recorder struct {
	inner http.RoundTripper
	mu    sync.Mutex
	all   []exchange
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
		req.Body = io.NopCloser(bytes.NewReader(body))
	}
	resp, err := r.inner.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(answer))
	_, path, ok := strings.Cut(req.URL.Path, "/apis/3.0")
	if !ok {
		path = req.URL.Path
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, exchange{req.Clone(req.Context()), body, resp.StatusCode, resp.Header.Clone(), answer, path, !ok})
	return resp, nil
}

func loadSpec(t *testing.T) *openapi3.T {
	t.Helper()
	file := filepath.Join("..", "..", "..", "..", "shared", "specs", "connectwise.openapi.json")
	if _, err := os.Stat(file); err != nil {
		t.Skip("the vendor's OpenAPI document is not beside the checkout (../shared/specs): the contract was NOT checked")
	}
	doc, err := openapi3.NewLoader().LoadFromFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// find gives the document's operation for a path; literal segments win.
func find(doc *openapi3.T, method, path string) (*routers.Route, map[string]string) {
	var best *routers.Route
	var bestParams map[string]string
	got := strings.Split(strings.Trim(path, "/"), "/")
	for pattern, item := range doc.Paths.Map() {
		want := strings.Split(strings.Trim(pattern, "/"), "/")
		op := item.GetOperation(method)
		if op == nil || len(want) != len(got) {
			continue
		}
		params := map[string]string{}
		ok := true
		for i, w := range want {
			if strings.HasPrefix(w, "{") {
				params[strings.Trim(w, "{}")] = got[i]
			} else if w != got[i] {
				ok = false
			}
		}
		if ok && (best == nil || len(params) < len(bestParams)) {
			best = &routers.Route{Spec: doc, Path: pattern, PathItem: item, Method: method, Operation: op}
			bestParams = params
		}
	}
	return best, bestParams
}

func generic(method, path string) string {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	for i, p := range parts {
		if strings.Trim(p, "0123456789") == "" {
			parts[i] = "{}"
		}
	}
	return method + " " + strings.Join(parts, "/")
}

func TestEveryRequestAndAnswerFitsTheVendorsDocument(t *testing.T) {
	t.Parallel()
	doc := loadSpec(t)
	rec := &recorder{}
	srv := sandbox.New(sandbox.Options{})
	srv.Edit(func(st *sandbox.State) { st.AddStandardSetup() })
	rec.inner = srv.Transport()
	c, err := connectwise.New(connectwise.Config{
		InstanceURL: "na.myconnectwise.net", CompanyID: sandbox.Defaults.CompanyID, PublicKey: sandbox.Defaults.PublicKey,
		PrivateKey: sandbox.Defaults.PrivateKey, ClientID: sandbox.Defaults.ClientID, HTTP: &http.Client{Transport: rec},
		Retries: -1, Sleep: func(context.Context, time.Duration) error { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	exercise(t, c, srv)
	checked := map[string]int{}
	for _, x := range rec.all {
		name := generic(x.req.Method, x.path)
		route, params := find(doc, x.req.Method, x.path)
		if route == nil {
			if _, known := beyondSpec[name]; !known {
				t.Errorf("%s is neither in the document nor in the list beyond it", name)
			}
			continue
		}
		if why, listed := beyondSpec[name]; listed {
			t.Errorf("%s is in the document and need not be listed (%s)", name, why)
		}
		checked[name]++
		x.req.Body = io.NopCloser(bytes.NewReader(x.body))
		in := &openapi3filter.RequestValidationInput{
			Request: x.req, PathParams: params, Route: route, QueryParams: x.req.URL.Query(),
			Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true},
		}
		if x.status < 400 { // a request that is meant to be refused may well break the rules
			if err := openapi3filter.ValidateRequest(t.Context(), in); err != nil {
				t.Errorf("request %s: %v", name, err)
			}
			for p := range x.req.URL.Query() {
				if route.Operation.Parameters.GetByInAndName("query", p) == nil {
					t.Errorf("request %s: the parameter %s is not in the document", name, p)
				}
			}
			if body := route.Operation.RequestBody; body != nil {
				unknownMembers(t, "request "+name, x.body, body.Value.Content.Get("application/json").Schema)
			}
		}
		err := openapi3filter.ValidateResponse(t.Context(), &openapi3filter.ResponseValidationInput{
			RequestValidationInput: in, Status: x.status, Header: x.header, Body: io.NopCloser(bytes.NewReader(x.answer)), Options: in.Options,
		})
		var left *openapi3.SchemaError
		if errors.As(err, &left) && left.SchemaField == "required" && x.req.URL.Query().Has("fields") {
			err = nil // only some fields were asked for
		}
		if err != nil {
			t.Errorf("answer %d %s: %v", x.status, name, err)
		}
		if r := route.Operation.Responses.Status(x.status); r != nil && r.Value.Content.Get("application/json") != nil {
			unknownMembers(t, "answer "+name, x.answer, r.Value.Content.Get("application/json").Schema)
		}
	}
	for _, must := range []string{
		"GET login/companyinfo/demo", "GET system/info", "GET company/companies", "GET company/companies/statuses", "GET company/companies/types",
		"GET company/companies/{}/sites", "GET service/boards", "GET service/info/boards", "GET service/boards/{}/statuses", "GET service/boards/{}/types",
		"GET service/priorities", "GET service/sources", "GET service/tickets", "POST service/tickets", "GET service/tickets/{}", "PATCH service/tickets/{}",
		"GET service/tickets/{}/notes", "POST service/tickets/{}/notes", "GET system/callbacks", "POST system/callbacks", "GET system/members",
	} {
		if checked[must] == 0 {
			t.Errorf("%s was not exercised", must)
		}
	}
	names := make([]string, 0, len(checked))
	for n := range checked {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		t.Logf("%4d  %s", checked[n], n)
	}
}

// unknownMembers reports members that the document's schema does not have; its
// schemas do not say additionalProperties: false.
func unknownMembers(t *testing.T, what string, body []byte, schema *openapi3.SchemaRef) {
	t.Helper()
	var v any
	if json.Unmarshal(body, &v) != nil {
		return
	}
	var walk func(v any, s *openapi3.Schema, at string)
	walk = func(v any, s *openapi3.Schema, at string) {
		switch v := v.(type) {
		case []any:
			if s.Items == nil {
				return
			}
			for _, e := range v {
				walk(e, s.Items.Value, at)
			}
		case map[string]any:
			for name, e := range v {
				p := s.Properties[name]
				switch {
				case p != nil:
					walk(e, p.Value, at+"."+name)
				case len(s.Properties) > 0:
					t.Errorf("%s: %s.%s is not in the document", what, at, name)
				}
			}
		}
	}
	walk(v, schema.Value, "")
}

// exercise makes the client send everything it can send.
func exercise(t *testing.T, c *connectwise.Client, srv *sandbox.Server) {
	t.Helper()
	ctx := t.Context()
	var dev int
	srv.Edit(func(st *sandbox.State) {
		st.Role.GrantExtras()
		dev = st.AddConfiguration(msp, "SRV01")
		st.AddTicket(msp, "parent", "tech1")
		st.AddTicket(msp, "child", "tech1")
		st.MergeTickets(1001, "tech1", 1002)
		st.AssignTicket(1001, 151, "tech1")
		st.LogTime(1001, 1.5, "worked", "tech1")
		st.DeleteCompany(st.AddCompany("Gone"))
	})
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	must(c.Test(ctx))
	k, err := c.CreateTicket(ctx, connectwise.TicketWrite{
		Summary: "s", CompanyID: msp, BoardID: desk, StatusID: deskNew, TypeID: 301, SubTypeID: 401, ItemID: 451, PriorityID: 1, SourceID: 1, SiteID: 2001,
		Severity: "Low", Impact: "High", ExternalXRef: "uv-1", Description: "d", InternalAnalysis: "i",
	})
	must(err)
	for _, f := range []func() error{
		func() error {
			_, err := c.ListCompanies(ctx, connectwise.CompanyQuery{IncludeDeleted: true})
			return err
		},
		func() error { _, err := c.ListCompanies(ctx, connectwise.CompanyQuery{IDs: []int{msp}}); return err },
		func() error { _, err := c.ListCompanyStatuses(ctx); return err },
		func() error { _, err := c.ListCompanyTypes(ctx); return err },
		func() error { _, err := c.ListSites(ctx, msp); return err },
		func() error { _, err := c.ListBoards(ctx); return err },
		func() error { _, err := c.ListStatuses(ctx, desk); return err },
		func() error { _, err := c.ListTypes(ctx, desk); return err },
		func() error { _, err := c.ListSubTypes(ctx, desk); return err },
		func() error { _, err := c.ListItems(ctx, desk); return err },
		func() error { _, err := c.ListPriorities(ctx); return err },
		func() error { _, err := c.ListSources(ctx); return err },
		func() error {
			_, err := c.ListTickets(ctx, connectwise.TicketQuery{XRefPrefix: "uv-", OpenOnly: true})
			return err
		},
		func() error {
			_, err := c.ListTickets(ctx, connectwise.TicketQuery{UpdatedSince: k.UpdatedAt})
			return err
		},
		func() error { _, err := c.FindTickets(ctx, "uv-1"); return err },
		func() error { _, err := c.GetTicket(ctx, 1001); return err },
		func() error { _, err := c.GetTicket(ctx, 1002); return err },
		func() error { _, err := c.SetTicketPriority(ctx, k.ID, 2); return err },
		func() error { _, err := c.CloseTicket(ctx, k.ID, deskClosed); return err },
		func() error { _, err := c.AddNote(ctx, k.ID, connectwise.Note{Text: "n", Internal: true}); return err },
		func() error { _, err := c.ListNotes(ctx, k.ID); return err },
		func() error { return c.AttachConfiguration(ctx, k.ID, dev) },
		func() error { _, err := c.ListTicketConfigurations(ctx, k.ID); return err },
		func() error {
			_, err := c.EnsureCallback(ctx, connectwise.Registration{URL: "https://x/?recordId=", Type: "ticket", Level: "owner", ObjectID: 1})
			return err
		},
		func() error { _, err := c.ListCallbacks(ctx); return err },
	} {
		must(f())
	}
	for _, r := range c.CheckPermissions(ctx) {
		if r.Verdict == connectwise.Missing {
			t.Errorf("%+v", r)
		}
	}
	// Errors that the vendor documents.
	for _, f := range []func() error{
		func() error { _, err := c.GetTicket(ctx, 9); return err },
		func() error { _, err := c.SetTicketStatus(ctx, k.ID, backupClosed); return err },
		func() error {
			_, err := c.CreateTicket(ctx, connectwise.TicketWrite{Summary: "s", CompanyID: 9})
			return err
		},
		func() error {
			srv.Edit(func(st *sandbox.State) { st.ClosedTables = []string{"boards"} })
			_, err := c.ListBoards(ctx)
			if err != nil {
				return err
			}
			srv.Edit(func(st *sandbox.State) { st.ClosedTables = []string{"priorities"} })
			_, err = c.ListPriorities(ctx)
			return err
		},
		func() error {
			srv.Edit(func(st *sandbox.State) { st.Revoked = true })
			_, err := c.SystemInfo(ctx)
			return err
		},
		func() error {
			srv.Edit(func(st *sandbox.State) { st.Revoked = false })
			srv.Inject(sandbox.Fault{Op: "list sources", Kind: sandbox.StatusFault, Status: 429, RetryAfter: 1, Times: 1})
			_, err := c.ListSources(ctx)
			return err
		},
	} {
		if f() == nil {
			t.Error("an error was expected")
		}
	}
}
