package console_test

import (
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"uniview-bridge/pkg/connection"
	connectwise "uniview-bridge/pkg/connectwise/sandbox"
	"uniview-bridge/pkg/console"
	"uniview-bridge/pkg/httpapi"
	"uniview-bridge/pkg/httpapi/access"
	"uniview-bridge/pkg/httpapi/view"
	itglue "uniview-bridge/pkg/itglue/sandbox"
	"uniview-bridge/pkg/review"
	uniview "uniview-bridge/pkg/uniview/sandbox"
)

// vendors lead requests to the sandboxes by host name.
type vendors struct {
	uv *uniview.Server
	ig *itglue.Server
	cw *connectwise.Server
}

func (v vendors) RoundTrip(r *http.Request) (*http.Response, error) {
	switch r.URL.Hostname() {
	case "uniview.example":
		return v.uv.Transport().RoundTrip(r)
	case "itglue.example":
		return v.ig.Transport().RoundTrip(r)
	case "psa.example":
		return v.cw.Transport().RoundTrip(r)
	}
	return nil, errors.New("no such host")
}

// newConnected is an empty site whose connections are real ones to sandbox vendors.
func newConnected(t *testing.T) (*site, vendors) {
	t.Helper()
	s := newSite(t, "empty")
	v := vendors{uniview.New(uniview.Options{}), itglue.New(itglue.Options{APIKey: "ITG.secret-key-1"}), connectwise.New(connectwise.Options{})}
	v.cw.Edit(func(st *connectwise.State) { st.AddStandardSetup() })
	now := func() time.Time { return noon }
	keeper := connection.New(connection.Config{
		Table: s.store, Secrets: s.store.Secrets(), Now: now, Log: slog.New(slog.DiscardHandler), Random: rand.Text,
		UniViewAPI: "https://uniview.example", UniViewToken: "https://uniview.example/connect/token", ITGlueAPI: "https://itglue.example",
		HTTP: &http.Client{Transport: v},
	})
	model := &view.Model{Table: s.store, Directory: review.NewDirectory(s.store), Letters: s.store, Now: now, Version: "9.9"}
	deps := httpapi.Deps{
		Table: s.store, Letters: s.store, Connections: keeper, Syncs: s.syncs, Model: model, ConnectWise: keeper.ConnectWise,
		Review: &review.Service{Table: s.store, Directory: model.Directory, Now: now, Random: rand.Text, Request: s.syncs.Request},
		Now:    now, Random: rand.Text, Version: model.Version, Log: slog.New(slog.DiscardHandler),
	}
	pages := console.New(console.Deps{API: httpapi.NewClient(deps), Model: model, Connections: keeper.List, Syncs: s.syncs, Local: s.local})
	s.handler = (&access.Gate{Policy: s, Refuse: pages.Refuse}).Handler(pages.Routes()...)
	s.role = access.Administrator
	return s, v
}

var entered = map[string]url.Values{
	"uniview": {"clientId": {"sandbox"}, "clientSecret": {"sandbox-secret"}},
	"itglue":  {"region": {"eu"}, "apiKey": {"ITG.secret-key-1"}},
	"connectwise": {
		"instanceUrl": {"psa.example"}, "companyId": {"demo"}, "publicKey": {connectwise.Defaults.PublicKey},
		"privateKey": {connectwise.Defaults.PrivateKey}, "clientId": {connectwise.Defaults.ClientID},
	},
}

func (s *site) store1(kind string, form url.Values) {
	s.t.Helper()
	if res, body := s.send("POST", "/connections/"+kind, form); res.StatusCode != http.StatusSeeOther {
		s.t.Fatalf("%s: %d: %s", kind, res.StatusCode, body)
	}
}

func TestCredentialsAreEnteredTestedAndNeverShown(t *testing.T) {
	t.Parallel()
	s, _ := newConnected(t)
	if body := s.page("/connections"); strings.Count(body, "Not connected") != 3 || !strings.Contains(body, "Manage APIs") {
		t.Error("an empty installation does not say how to begin")
	}
	for kind, form := range entered {
		s.store1(kind, form)
		res, body := s.send("POST", "/connections/"+kind+"/test", url.Values{})
		if res.StatusCode != http.StatusOK || !strings.Contains(body, "<b>Connected.</b>") {
			t.Errorf("%s: %d, not connected", kind, res.StatusCode)
		}
		body += s.page("/connections/"+kind) + s.page("/connections")
		for _, secret := range []string{"sandbox-secret", "ITG.secret-key-1", connectwise.Defaults.PrivateKey} {
			if strings.Contains(body, secret) {
				t.Errorf("%s: a page shows a secret", kind)
			}
		}
		if !strings.Contains(body, "One is stored") || !strings.Contains(body, `type="password"`) {
			t.Errorf("%s: the page does not say that a secret is stored", kind)
		}
	}
	form := url.Values{"clientId": {"sandbox"}, "clientSecret": {""}}
	s.store1("uniview", form)
	if _, body := s.send("POST", "/connections/uniview/test", url.Values{}); !strings.Contains(body, "<b>Connected.</b>") {
		t.Error("a blank secret did not keep the stored one")
	}
}

func TestWrongCredentialsAreSaidInWords(t *testing.T) {
	t.Parallel()
	s, v := newConnected(t)
	res, body := s.send("POST", "/connections/uniview", url.Values{"clientId": {"kept id"}, "clientSecret": {""}})
	if res.StatusCode != http.StatusBadRequest || !strings.Contains(body, `id="e-clientSecret"`) || !strings.Contains(body, `value="kept id"`) {
		t.Errorf("a missing secret: %d", res.StatusCode)
	}
	s.store1("uniview", url.Values{"clientId": {"sandbox"}, "clientSecret": {"wrong"}})
	if _, body := s.send("POST", "/connections/uniview/test", url.Values{}); !strings.Contains(body, "The credentials were refused") || !strings.Contains(body, "What to do:") || strings.Contains(body, "<b>Connected.</b>") {
		t.Error("refused credentials are not said to be")
	}
	v.cw.Edit(func(st *connectwise.State) { st.ClosedTables = []string{"boards", "priorities", "sources"} })
	s.store1("connectwise", entered["connectwise"])
	if _, body := s.send("POST", "/connections/connectwise/test", url.Values{}); !strings.Contains(body, `<span class="chip bad">missing</span>`) || !strings.Contains(body, "Table Setup") || !strings.Contains(body, "could not tell") {
		t.Error("a missing right is not named")
	}
}

func TestTheRoleTableHasEveryRightThatIsTested(t *testing.T) {
	t.Parallel()
	s, _ := newConnected(t)
	s.store1("connectwise", entered["connectwise"])
	page := s.page("/connections/connectwise")
	if _, body := s.send("POST", "/connections/connectwise/test", url.Values{}); !strings.Contains(body, `id="rights"`) {
		t.Fatal("no rights are shown")
	}
	for _, name := range []string{
		"Company Maintenance", "Company / Contact Group Maintenance", "Close Service Tickets", "Merge Tickets", "Service Tickets - Dependencies",
		"Service Tickets", "Service Tickets - Finance", "Table Setup", "Configurations", "Member Maintenance",
	} {
		if !strings.Contains(page, `<th scope="row">`+name+"<small>") {
			t.Errorf("the role table lacks %q", name)
		}
	}
}

func TestForgettingCredentialsAndWhoMayNot(t *testing.T) {
	t.Parallel()
	s, _ := newConnected(t)
	s.store1("itglue", entered["itglue"])
	for role, want := range map[access.Role]int{access.Viewer: http.StatusForbidden, access.Manager: http.StatusForbidden} {
		s.role = role
		body := s.page("/connections/itglue")
		if strings.Contains(body, "Forget") || strings.Contains(body, `name="apiKey"`) || strings.Contains(body, "Test Credentials") != (role == access.Manager) {
			t.Errorf("%s is shown other buttons than may be pressed", role)
		}
		for _, path := range []string{"/connections/itglue", "/connections/itglue/forget"} {
			if res, _ := s.send("POST", path, url.Values{}); res.StatusCode != want {
				t.Errorf("%s %s: %d", role, path, res.StatusCode)
			}
		}
	}
	s.role = access.Administrator
	if !strings.Contains(s.page("/connections/itglue"), "Work waits until new credentials are entered") {
		t.Error("forgetting does not say what it does")
	}
	res, _ := s.send("POST", "/connections/itglue/forget", url.Values{})
	if res.StatusCode != http.StatusSeeOther || strings.Count(s.page("/connections"), "Not connected") != 3 {
		t.Errorf("forgetting: %d", res.StatusCode)
	}
	if res, _ := s.send("GET", "/connections/autotask", nil); res.StatusCode != http.StatusNotFound {
		t.Errorf("a connection that is none: %d", res.StatusCode)
	}
}
