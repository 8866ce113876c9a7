package console

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"path"
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

// Deps is what the pages stand on. All fields but Local and Log are needed.
type Deps struct {
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

// asset is one embedded file. Its address holds a digest of its content, so that
// browsers may keep it for good.
type asset struct {
	kind string
	body []byte
}

//go:embed templates static
var files embed.FS

// pageNames are the pages; each is laid into the layout.
var pageNames = []string{"overview", "run", "machine", "login", "welcome", "error"}

// New makes the pages. It panics when an embedded template is broken, which a test
// would have shown.
func New(d Deps) *Console {
	if d.Log == nil {
		d.Log = slog.Default()
	}
	c := &Console{Deps: d, pages: map[string]*template.Template{}, static: map[string]asset{}, urls: map[string]string{}}
	c.loadStatic()
	for _, name := range pageNames {
		t := template.New("layout.html").Funcs(c.funcs())
		c.pages[name] = template.Must(t.ParseFS(files, "templates/layout.html", "templates/parts.html", "templates/"+name+".html"))
	}
	return c
}

// kinds are the content types of embedded files.
var kinds = map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}

func (c *Console) loadStatic() {
	names, err := fs.Glob(files, "static/*")
	if err != nil {
		panic(fmt.Sprintf("console: embedded files: %v", err))
	}
	for _, name := range names {
		body, err := files.ReadFile(name)
		if err != nil {
			panic(fmt.Sprintf("console: embedded file %s: %v", name, err))
		}
		sum := sha256.Sum256(body)
		base := path.Base(name)
		ext := path.Ext(base)
		url := "/static/" + base[:len(base)-len(ext)] + "-" + hex.EncodeToString(sum[:6]) + ext
		c.static[url] = asset{kinds[ext], body}
		c.urls[base] = url
	}
}

// Routes are the pages with the roles they need.
func (c *Console) Routes() []access.Route {
	const get, post = http.MethodGet, http.MethodPost
	return []access.Route{
		{Method: get, Path: "/{$}", Role: access.Viewer, Handler: c.overview},
		{Method: get, Path: "/live", Role: access.Viewer, Handler: c.live},
		{Method: get, Path: "/runs/{id}", Role: access.Viewer, Handler: c.run},
		{Method: get, Path: "/assets/{id}", Role: access.Viewer, Handler: c.machine},
		{Method: post, Path: "/assets/{id}/sync", Role: access.Manager, Handler: c.syncMachine},
		{Method: post, Path: "/sync", Role: access.Manager, Handler: c.sync},
		{Method: post, Path: "/runs/{id}/approve", Role: access.Manager, Handler: c.approve},
		{Method: post, Path: "/runs/{id}/cancel", Role: access.Manager, Handler: c.cancel},
		{Method: get, Path: "/login", Role: access.Anyone, Handler: c.login},
		{Method: post, Path: "/login/link", Role: access.Anyone, Handler: c.newLink},
		{Method: post, Path: "/logout", Role: access.Anyone, Handler: c.logout},
		{Method: get, Path: "/static/{file}", Role: access.Anyone, Handler: c.file},
		{Method: get, Path: "/favicon.ico", Role: access.Anyone, Handler: c.favicon},
	}
}

// frame is what every page has.
type frame struct {
	Title    string
	Who      access.Identity
	Version  string
	Mode     view.Modes
	SignedIn bool
	Now      time.Time
	Page     any
}

func (f frame) Manager() bool { return f.Who.May(access.Manager) }

func (c *Console) frame(r *http.Request, title string, page any) frame {
	who := access.From(r.Context())
	return frame{Title: title, Who: who, Version: c.Model.Version, SignedIn: who.May(access.Viewer), Now: c.Model.Now().UTC(), Page: page}
}

// show writes a page, or one block of it.
func (c *Console) show(w http.ResponseWriter, r *http.Request, status int, page, block string, f frame) {
	var buf bytes.Buffer
	if err := c.pages[page].ExecuteTemplate(&buf, block, f); err != nil {
		c.Log.ErrorContext(r.Context(), "page failed", slog.String("page", page), slog.Any("error", err))
		http.Error(w, "This page could not be made; the log says why.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = buf.WriteTo(w) // the browser may have gone
}

func (c *Console) file(w http.ResponseWriter, r *http.Request) {
	f, ok := c.static[r.URL.Path]
	if !ok {
		c.Refuse(w, r, access.Refusal{Status: http.StatusNotFound, Title: "Not found", Detail: "There is nothing at this address."})
		return
	}
	w.Header().Set("Content-Type", f.kind)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(f.body) // the browser may have gone
}

func (c *Console) favicon(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, c.urls["mark.svg"], http.StatusSeeOther)
}

// Refuse says no as a page: people who are not signed in get to the sign-in page.
func (c *Console) Refuse(w http.ResponseWriter, r *http.Request, why access.Refusal) {
	if why.Status == http.StatusUnauthorized && (r.Method == http.MethodGet || r.Method == http.MethodHead) && r.URL.Path != "/live" {
		http.Redirect(w, r, "/login", http.StatusSeeOther)
		return
	}
	if why.Allow != "" {
		w.Header().Set("Allow", why.Allow)
	}
	c.show(w, r, why.Status, "error", "layout.html", c.frame(r, why.Title, why))
}
