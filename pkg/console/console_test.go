package console_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"uniview-bridge/pkg/connection"
	"uniview-bridge/pkg/connectwise"
	"uniview-bridge/pkg/console"
	"uniview-bridge/pkg/console/scenes"
	"uniview-bridge/pkg/httpapi"
	"uniview-bridge/pkg/httpapi/access"
	"uniview-bridge/pkg/httpapi/view"
	"uniview-bridge/pkg/plan"
	"uniview-bridge/pkg/platform/local"
	"uniview-bridge/pkg/review"
	"uniview-bridge/pkg/state"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

type site struct {
	t       *testing.T
	store   *local.Store
	handler http.Handler
	role    access.Role // who asks, when nobody signed in
	local   *access.Local
	syncs   *fakeSyncs
	cookies []*http.Cookie
	printed []string
}

func newSite(t *testing.T, scene string) *site {
	t.Helper()
	store, err := local.Open(t.TempDir(), local.Options{NoSync: true, Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	if err := scenes.Seed(t.Context(), store, scene, noon); err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return noon }
	s := &site{t: t, store: store, syncs: &fakeSyncs{}}
	s.local = access.NewLocal(access.LocalOptions{Base: "http://localhost:8080", Now: now, Print: func(link string) { s.printed = append(s.printed, link) }})
	model := &view.Model{Table: store, Directory: review.NewDirectory(store), Letters: store, Now: now, Version: "9.9"}
	deps := httpapi.Deps{
		Table: store, Letters: store, Connections: connections{store}, Syncs: s.syncs, Model: model,
		Review: &review.Service{Table: store, Directory: model.Directory, Now: now, Random: rand.Text, Request: s.syncs.Request},
		ConnectWise: func(context.Context) (state.Session[*connectwise.Client], error) {
			return state.Session[*connectwise.Client]{}, fmt.Errorf("no vendor is asked here: %w", state.ErrStopped)
		},
		Now: now, Random: rand.Text, Version: model.Version, Log: slog.Default(),
	}
	pages := console.New(console.Deps{API: httpapi.NewClient(deps), Model: model, Connections: deps.Connections.List, Syncs: s.syncs, Local: s.local})
	gate := access.Gate{Policy: s, Refuse: pages.Refuse}
	s.handler = gate.Handler(pages.Routes()...)
	return s
}

// connections are those of a store. They can be stored and forgotten, and a test of
// them asks nobody.
type connections struct{ store *local.Store }

func (c connections) List(ctx context.Context) ([]state.Connection, error) {
	var out []state.Connection
	for _, kind := range connection.Kinds {
		one, _, err := state.LoadConnection(ctx, c.store, kind)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

func (connections) Store(context.Context, state.Vendor, map[string]string, string) (state.Connection, error) {
	return state.Connection{}, state.ErrStopped
}

func (connections) Forget(context.Context, state.Vendor, string) error { return state.ErrStopped }

func (connections) Test(context.Context, state.Vendor) (connection.TestResult, error) {
	return connection.TestResult{}, state.ErrStopped
}

// Check and Identify let a test be anybody; without a role the session counts.
func (s *site) Check(r *http.Request) *access.Refusal { return s.local.Check(r) }

func (s *site) Identify(w http.ResponseWriter, r *http.Request) (access.Identity, *access.Refusal) {
	if s.role != 0 {
		return access.Identity{Name: "a test", Role: s.role}, nil
	}
	return s.local.Identify(w, r)
}

func (s *site) send(method, path string, form url.Values) (*http.Response, string) {
	s.t.Helper()
	if strings.HasPrefix(path, "/") {
		path = "http://localhost:8080" + path
	}
	r := httptest.NewRequestWithContext(s.t.Context(), method, path, strings.NewReader(form.Encode()))
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	for _, c := range s.cookies {
		r.AddCookie(c)
	}
	rec := httptest.NewRecorder()
	s.handler.ServeHTTP(rec, r)
	res := rec.Result()
	body, _ := io.ReadAll(res.Body)
	return res, string(body)
}

func (s *site) page(path string) string {
	s.t.Helper()
	res, body := s.send("GET", path, nil)
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/html; charset=utf-8" {
		s.t.Fatalf("%s: %d: %s", path, res.StatusCode, body)
	}
	return body
}

type fakeSyncs struct{ asked []string }

func (f *fakeSyncs) Request(_ context.Context, scope state.Scope, target, by string) (string, error) {
	f.asked = append(f.asked, fmt.Sprintf("sync %s%s by %s", scope, target, by))
	return "run", nil
}

func (f *fakeSyncs) Cancel(_ context.Context, id, by string) error {
	f.asked = append(f.asked, fmt.Sprintf("cancel %s by %s", id, by))
	return nil
}

func (f *fakeSyncs) Approve(_ context.Context, id, digest, by string) error {
	f.asked = append(f.asked, fmt.Sprintf("approve %s %s by %s", id, digest, by))
	return nil
}

func (f *fakeSyncs) GoLive(_ context.Context, side state.Vendor, mode state.Mode, by string) error {
	f.asked = append(f.asked, fmt.Sprintf("%s %s by %s", side, mode, by))
	return nil
}

func (f *fakeSyncs) Plan(context.Context, string) ([]plan.Change, error) {
	var out []plan.Change
	for i, name := range scenes.Hostile {
		out = append(out, plan.Change{
			Key: fmt.Sprint(i), Vendor: "itglue", Kind: plan.FlexibleAsset, Action: plan.Update, CustomerName: name, Title: name, Reason: name,
			Fields: []plan.Field{{Name: name, Before: name, After: name}},
		})
	}
	return out, nil
}

func TestTheOverviewTellsEachScene(t *testing.T) {
	t.Parallel()
	for scene, wants := range map[string][]string{
		"empty":   {"Welcome. Three connections", "Not connected", "No machines yet", "No sync has run yet", "never read"},
		"busy":    {"Preview: nothing is written to IT Glue or ConnectWise", "1\u2009686", "Syncing…", "37 of 60 customer jobs", "as of", "4 min ago", "Needs attention", "Start Manual Sync"},
		"trouble": {"A sync was stopped before it changed anything", "Approve this plan", "0123456789abcdef", "Stopped", "What to do:", "nothing is written to ConnectWise"},
		"calm":    {"Nothing. Everything is matched"},
	} {
		t.Run(scene, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, scene)
			s.role = access.Administrator
			body := s.page("/")
			for _, want := range wants {
				if !strings.Contains(body, want) {
					t.Errorf("the page does not say %q", want)
				}
			}
			if scene == "calm" && (strings.Contains(body, "Preview:") || strings.Contains(body, "stopped before")) {
				t.Error("a live, calm bridge shows banners")
			}
		})
	}
}

func TestAViewerSeesNoButtonsAndMayNotPressThem(t *testing.T) {
	t.Parallel()
	s := newSite(t, "trouble")
	s.role = access.Viewer
	body := s.page("/")
	for _, button := range []string{"Start Manual Sync", "Approve this plan", "Cancel"} {
		if strings.Contains(body, button) {
			t.Errorf("a viewer is shown %q", button)
		}
	}
	if strings.Contains(s.page("/assets/appliance:a-0000-00"), "Sync Now</button>") {
		t.Error("a viewer is shown Sync Now")
	}
	for _, path := range []string{"/sync", "/runs/x/approve", "/runs/x/cancel", "/assets/x/sync"} {
		if res, body := s.send("POST", path, url.Values{}); res.StatusCode != 403 || !strings.Contains(body, "needs the role Manager") {
			t.Errorf("%s: %d: %s", path, res.StatusCode, body)
		}
	}
	if len(s.syncs.asked) > 0 {
		t.Errorf("done all the same: %v", s.syncs.asked)
	}
}

func TestButtonsDoWhatTheySay(t *testing.T) {
	t.Parallel()
	s := newSite(t, "busy")
	s.role = access.Manager
	for _, c := range []struct {
		path string
		form url.Values
		want string
	}{
		{"/sync", nil, "sync all by a test"},
		{"/runs/r1/approve", url.Values{"digest": {"d1"}}, "approve r1 d1 by a test"},
		{"/runs/r1/cancel", nil, "cancel r1 by a test"},
	} {
		res, _ := s.send("POST", c.path, c.form)
		if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/" || s.syncs.asked[len(s.syncs.asked)-1] != c.want {
			t.Errorf("%s: %d, done %v", c.path, res.StatusCode, s.syncs.asked)
		}
	}
}

func TestTheMachinePageComparesAndSyncs(t *testing.T) {
	t.Parallel()
	s := newSite(t, "busy")
	s.role = access.Manager
	const machine = "/assets/appliance:a-0000-00"
	body := s.page(machine)
	for _, want := range []string{"SRV-", ">Compare<", "Last good backup", ">differs<", "Sync Now", "MAC address equal"} {
		if !strings.Contains(body, want) {
			t.Errorf("the machine page lacks %q", want)
		}
	}
	res, _ := s.send("POST", machine+"/sync", nil)
	if res.StatusCode != http.StatusSeeOther || !strings.HasPrefix(res.Header.Get("Location"), "/runs/") || s.syncs.asked[len(s.syncs.asked)-1] != "sync assetappliance:a-0000-00 by a test" {
		t.Errorf("Sync Now: %d to %q, done %v", res.StatusCode, res.Header.Get("Location"), s.syncs.asked)
	}
	if res, _ := s.send("GET", "/assets/appliance:none", nil); res.StatusCode != http.StatusNotFound {
		t.Errorf("a machine that is not there: %d", res.StatusCode)
	}
}

// markup is what a hostile name would have to get through as.
var markup = regexp.MustCompile(`(?i)<script>alert|<img src=x|onerror=alert\(1\)>`)

func TestHostileNamesStayNames(t *testing.T) {
	t.Parallel()
	s := newSite(t, "hostile")
	s.role = access.Administrator
	runs, err := state.Runs(t.Context(), s.store, "", 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/", "/live", "/runs/" + runs[0].ID, "/assets/appliance:a-0000-00"} {
		body := s.page(path)
		if found := markup.FindString(body); found != "" {
			t.Errorf("%s: a name became markup: %s", path, found)
		}
		if strings.HasPrefix(path, "/runs/") && !strings.Contains(body, "&lt;script&gt;alert(1)&lt;/script&gt;") {
			t.Errorf("%s: the hostile name is not shown at all", path)
		}
	}
}

// inline finds what the content security policy would block.
var inline = regexp.MustCompile(`(?i)\sstyle=|\son[a-z]+=|<style|<script(?:\s[^>]*)?>[^<]|javascript:|https?://`)

func TestPagesHaveNothingInlineAndNothingFromElsewhere(t *testing.T) {
	if testing.Short() {
		t.Skip("the long part runs this")
	}
	t.Parallel()
	for _, scene := range []string{"empty", "busy", "trouble", "calm"} {
		s := newSite(t, scene)
		s.role = access.Administrator
		for _, path := range []string{"/", "/login"} {
			if found := inline.FindString(s.page(path)); found != "" {
				t.Errorf("%s %s has %q", scene, path, found)
			}
		}
	}
}

func TestSigningInWithALink(t *testing.T) {
	t.Parallel()
	s := newSite(t, "calm")
	if res, _ := s.send("GET", "/", nil); res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/login" {
		t.Errorf("nobody gets %d", res.StatusCode)
	}
	if res, _ := s.send("GET", "/live", nil); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("the script of nobody gets %d", res.StatusCode)
	}
	if body := s.page("/login"); !strings.Contains(body, "one-time link") || !strings.Contains(body, "Print a new link") {
		t.Error("the sign-in page does not explain the link")
	}
	told, said := s.send("POST", "/login/link", url.Values{})
	if told.StatusCode != http.StatusOK || len(s.printed) != 1 || !strings.Contains(said, "A new link was printed") {
		t.Fatalf("no link was printed: %d: %s", told.StatusCode, said)
	}
	if strings.Contains(said, "once=") {
		t.Error("the page gives the link away")
	}
	told, said = s.send("POST", "/login/link", url.Values{})
	if told.StatusCode != http.StatusTooManyRequests || len(s.printed) != 1 || !strings.Contains(said, "No new link was printed") {
		t.Errorf("a second link at once: %d, %d printed: %s", told.StatusCode, len(s.printed), said)
	}
	if head, _ := s.send("HEAD", s.printed[0], nil); head.StatusCode != 200 || len(head.Cookies()) != 0 {
		t.Errorf("a HEAD of the link: %d %v", head.StatusCode, head.Cookies())
	}
	res, body := s.send("GET", s.printed[0], nil)
	if res.StatusCode != 200 || !strings.Contains(body, "You are signed in") || len(res.Cookies()) != 1 || res.Header.Get("Refresh") != "0; url=/" {
		t.Fatalf("%d %v: %s", res.StatusCode, res.Header, body)
	}
	if again, body := s.send("GET", s.printed[0], nil); again.StatusCode != 403 || !strings.Contains(body, "not good any more") {
		t.Errorf("the link again: %d", again.StatusCode)
	}
	s.cookies = res.Cookies()
	if body := s.page("/"); !strings.Contains(body, "Sign out") {
		t.Error("signed in, but no way out")
	}
	if res, _ := s.send("POST", "/logout", url.Values{}); res.StatusCode != http.StatusSeeOther {
		t.Errorf("signing out: %d", res.StatusCode)
	}
	if res, _ := s.send("GET", "/", nil); res.StatusCode != http.StatusSeeOther {
		t.Errorf("after signing out: %d", res.StatusCode)
	}
}

func TestErrorPages(t *testing.T) {
	t.Parallel()
	s := newSite(t, "calm")
	s.role = access.Viewer
	for path, want := range map[string]int{"/nowhere": 404, "/runs/none": 404, "/static/none.css": 404, "/runs/%00": 404, "/sync": 405} {
		res, body := s.send("GET", path, nil)
		if res.StatusCode != want || !strings.Contains(body, "Go to the overview") || !strings.Contains(body, "<title>") {
			t.Errorf("%s: %d: %s", path, res.StatusCode, body)
		}
	}
}

var address = regexp.MustCompile(`(?:href|src)="(/static/[^"]+)"`)

func TestFilesAreServedForGood(t *testing.T) {
	t.Parallel()
	s := newSite(t, "empty")
	found := address.FindAllStringSubmatch(s.page("/login"), -1)
	if len(found) < 3 {
		t.Fatalf("the page names %v", found)
	}
	total := len(s.page("/login"))
	for _, f := range found {
		res, body := s.send("GET", f[1], nil)
		if res.StatusCode != 200 || !strings.Contains(res.Header.Get("Cache-Control"), "immutable") || strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
			t.Errorf("%s: %d %v", f[1], res.StatusCode, res.Header)
		}
		total += len(body)
	}
	if total > 100<<10 {
		t.Errorf("a first visit loads %d bytes", total)
	}
}

func TestEnteredCredentialsAreNotCalledOKBeforeTheyWorked(t *testing.T) {
	t.Parallel()
	s := newSite(t, "empty")
	s.role = access.Administrator
	enter := func(ok time.Time) string {
		for _, kind := range connection.Kinds {
			if _, err := state.UpdateConnection(t.Context(), s.store, kind, func(c *state.Connection) error {
				c.Status, c.Version, c.Since, c.LastOK = state.ConnectionOK, "v1", noon, ok
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
		return s.page("/")
	}
	if body := enter(time.Time{}); strings.Count(body, ">Entered<") != 3 || strings.Contains(body, ">OK<") {
		t.Error("untried credentials are not shown as entered")
	}
	if body := enter(noon); strings.Count(body, ">OK<") != 3 || strings.Contains(body, ">Entered<") {
		t.Error("tried credentials are not shown as OK")
	}
}

func TestAPreviewSaysThatItOnlyPlanned(t *testing.T) {
	t.Parallel()
	s := newSite(t, "busy")
	s.role = access.Administrator
	body := s.page("/")
	for _, want := range []string{"All customers are up to date (planned only: preview for ConnectWise)", `href="/mode"`} {
		if !strings.Contains(body, want) {
			t.Errorf("the overview does not say %q", want)
		}
	}
	runs, err := state.Runs(t.Context(), s.store, "", 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range runs {
		if page := s.page("/runs/" + r.ID); strings.Contains(page, "(planned only") != (len(r.Preview) > 0) {
			t.Errorf("run %s, preview for %v: the page says otherwise", r.ID, r.Preview)
		}
	}
}
