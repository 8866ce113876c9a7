package console

import (
	"bytes"
	"cmp"
	"context"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"uniview-bridge/pkg/httpapi/access"
	"uniview-bridge/pkg/httpapi/view"
	"uniview-bridge/pkg/plan"
	"uniview-bridge/pkg/state"
)

// Syncs are the runs a page can start, stop and approve; see account.Service.
type Syncs interface {
	Request(ctx context.Context, scope state.Scope, target, by string) (runID string, err error)
	Cancel(ctx context.Context, runID, by string) error
	Approve(ctx context.Context, runID, digest, by string) error
	Plan(ctx context.Context, runID string) ([]plan.Change, error)
}

// API is the bridge's own JSON API, asked as whoever sends the request; see
// httpapi.Client. What a page reads and does goes through it wherever it has a route.
type API interface {
	Do(ctx context.Context, method, target string, body, into any) error
}

// Deps is what the pages stand on. All fields but Local and Log are needed.
type Deps struct {
	API         API
	Model       *view.Model
	Connections func(ctx context.Context) ([]state.Connection, error) // connection.Keeper.List
	Syncs       Syncs
	// Local signs people in by one-time links; nil: there is no such sign-in here.
	Local *access.Local
	Log   *slog.Logger // nil: slog.Default
}

// Console is the pages.
type Console struct {
	Deps

	pages  map[string]*template.Template
	static map[string]asset // by address
	urls   map[string]string
}

//go:embed templates static
var files embed.FS

// New makes the pages. It panics when an embedded template is broken, which a test
// would have shown.
func New(d Deps) *Console {
	if d.Log == nil {
		d.Log = slog.Default()
	}
	c := &Console{Deps: d, pages: map[string]*template.Template{}, static: map[string]asset{}, urls: map[string]string{}}
	c.loadStatic()
	c.loadTemplates()
	return c
}

// loadTemplates lays each page of templates/ into layout.html. Files that begin with
// "part" hold blocks that pages share.
func (c *Console) loadTemplates() {
	common := template.Must(template.New("layout.html").Funcs(c.funcs()).ParseFS(files, "templates/layout.html", "templates/part*.html"))
	names, err := fs.Glob(files, "templates/*.html")
	if err != nil {
		panic(fmt.Sprintf("console: embedded templates: %v", err))
	}
	for _, name := range names {
		base := strings.TrimSuffix(path.Base(name), ".html")
		if base == "layout" || strings.HasPrefix(base, "part") {
			continue
		}
		c.pages[base] = template.Must(template.Must(common.Clone()).ParseFS(files, name))
	}
}

// Routes are the pages with the roles they need.
func (c *Console) Routes() []access.Route {
	const get = http.MethodGet
	return slices.Concat(
		c.overviewRoutes(), c.connectionRoutes(), c.matchingRoutes(), c.machineRoutes(), c.alertRoutes(), c.ticketingRoutes(),
		c.runRoutes(), c.settingsRoutes(), c.auditRoutes(), c.loginRoutes(),
		[]access.Route{
			{Method: get, Path: "/static/{file}", Role: access.Anyone, Reach: access.Shared, Handler: c.file},
			{Method: get, Path: "/favicon.ico", Role: access.Anyone, Reach: access.Shared, Handler: c.favicon},
		},
	)
}

// section is an entry of the main navigation.
type section struct {
	Name, Path string
	Role       access.Role
	Current    bool
}

// sections are the main navigation. A page belongs to the one whose path its own
// address begins with.
var sections = []section{
	{Name: "Overview", Path: "/", Role: access.Viewer},
	{Name: "Matching", Path: "/customers", Role: access.Viewer},
	{Name: "Machines", Path: "/machines", Role: access.Viewer},
	{Name: "Alerts & tickets", Path: "/alerts", Role: access.Viewer},
	{Name: "Runs", Path: "/runs", Role: access.Viewer},
	{Name: "Connections", Path: "/connections", Role: access.Viewer},
	{Name: "Settings", Path: "/settings", Role: access.Viewer},
	{Name: "Audit", Path: "/audit", Role: access.Viewer},
	{Name: "Help", Path: "/help", Role: access.Viewer},
}

// homes says under which section pages stand whose address does not begin with it.
var homes = map[string]string{
	"/assets": "/machines", "/tickets": "/alerts", "/windows": "/alerts", "/rules": "/alerts", "/ticketing": "/alerts", "/reports": "/alerts",
	"/mode": "/settings", "/dead-letters": "/settings", "/mapping": "/customers", "/matches": "/customers", "/live": "/",
}

// navigation is the sections that somebody may open; the page at an address stands in one.
func navigation(who access.Identity, address string) []section {
	first, _, _ := strings.Cut(strings.TrimPrefix(address, "/"), "/")
	at := cmp.Or(homes["/"+first], "/"+first)
	var out []section
	for _, s := range sections {
		if who.May(s.Role) {
			s.Current = s.Path == at
			out = append(out, s)
		}
	}
	return out
}

// frame is what every page has.
type frame struct {
	Title    string
	Who      access.Identity
	Version  string
	Mode     view.Modes
	SignedIn bool
	Nav      []section
	Flash    *flash   // what the last action did
	Problem  *problem // why this one was not done
	Now      time.Time
	Page     any
}

// Manager says whether to show what managers may do.
func (f frame) Manager() bool { return f.Who.May(access.Manager) }

// Administrator says whether to show what administrators may do.
func (f frame) Administrator() bool { return f.Who.May(access.Administrator) }

func (c *Console) frame(r *http.Request, title string, page any) frame {
	who := access.From(r.Context())
	return frame{
		Title: title, Who: who, Version: c.Model.Version, SignedIn: who.May(access.Viewer), Nav: navigation(who, r.URL.Path),
		Now: c.Model.Now().UTC(), Page: page,
	}
}

// show writes a page, or one block of it.
func (c *Console) show(w http.ResponseWriter, r *http.Request, status int, page, block string, f frame) {
	if block == "layout.html" {
		f.Flash = takeFlash(w, r)
	}
	var buf bytes.Buffer
	if err := c.pages[page].ExecuteTemplate(&buf, block, f); err != nil {
		c.Log.ErrorContext(r.Context(), "page failed", slog.String("page", page), slog.Any("error", err))
		http.Error(w, "This page could not be made; the log says why.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	send(w, r, status, buf.Bytes())
}

// Refuse says no as a page: people who are not signed in get to the sign-in page.
func (c *Console) Refuse(w http.ResponseWriter, r *http.Request, why access.Refusal) {
	if why.Status == http.StatusUnauthorized && (r.Method == http.MethodGet || r.Method == http.MethodHead) && r.Header.Get("HX-Request") == "" && r.URL.Path != "/live" {
		http.Redirect(w, r, "/login", http.StatusSeeOther)
		return
	}
	if why.Allow != "" {
		w.Header().Set("Allow", why.Allow)
	}
	c.show(w, r, why.Status, "error", "layout.html", c.frame(r, why.Title, why))
}
