package console_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/docsync"
	"uniview-bridge/pkg/httpapi"
	"uniview-bridge/pkg/httpapi/access"
	"uniview-bridge/pkg/plan"
	"uniview-bridge/pkg/state"
)

func TestEverySettingHasAField(t *testing.T) {
	t.Parallel()
	s := newSite(t, "calm")
	s.role = access.Administrator
	body := s.page("/settings")
	raw, err := json.Marshal(httpapi.DefaultSettings().Documentation)
	if err != nil {
		t.Fatal(err)
	}
	var members map[string]any
	if err := json.Unmarshal(raw, &members); err != nil {
		t.Fatal(err)
	}
	for name := range members {
		if !strings.Contains(body, `name="`+name+`"`) {
			t.Errorf("the page has no field for %s", name)
		}
	}
	for _, want := range []string{"By default 2880.", "By default 2.5.", `value="2880"`, "/mode", "/ticketing", "/audit", "/dead-letters"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

// settingsForm is a form that changes nothing.
func settingsForm() url.Values {
	return url.Values{
		"overdueAfterMinutes": {"2880"}, "overdueFactor": {"2.5"}, "overdueAtLeastMinutes": {"1560"}, "overdueAtMostMinutes": {"64800"}, "unknownAfterMinutes": {"1440"},
		"timesEveryMinutes": {"240"}, "searchAfterMinutes": {"1\r\n5\r\n15\r\n30"}, "lookUps": {"50"}, "consoleUrl": {""}, "coverageTypes": {""}, "sharedMacs": {""},
	}
}

func TestSettingsAreKeptAndRefusedNextToTheirField(t *testing.T) {
	t.Parallel()
	s := newSite(t, "calm")
	s.role = access.Administrator
	form := settingsForm()
	form.Set("overdueFactor", "3")
	form.Set("sharedMacs", "00:50:B6:* docks of ours\r\n")
	form.Set("coverageTypes", "Managed Server\r\n\r\nVirtual Machine")
	form.Set("banner", "true")
	if res, body := s.send("POST", "/settings", form); res.StatusCode != http.StatusSeeOther {
		t.Fatalf("saving: %d: %s", res.StatusCode, body)
	}
	got, err := docsync.LoadSettings(t.Context(), s.store)
	if err != nil {
		t.Fatal(err)
	}
	if got.Status.OverdueFactor != 3 || !got.Banner || got.Restricted || len(got.CoverageTypes) != 2 || len(got.MACs.Shared) != 1 || got.MACs.Shared[0].Note != "docks of ours" || len(got.SearchAfter) != 4 {
		t.Errorf("kept %+v", got)
	}
	for name, value := range map[string]string{"overdueAfterMinutes": "soon", "overdueFactor": "99", "consoleUrl": "http://plain.example", "sharedMacs": "dock", "searchAfterMinutes": "5\n1", "lookUps": "NaN"} {
		form := settingsForm()
		form.Set(name, value)
		res, body := s.send("POST", "/settings", form)
		if res.StatusCode != http.StatusBadRequest || !strings.Contains(body, `id="e-`+name+`"`) || strings.Count(body, `aria-invalid="true"`) != 1 || !strings.Contains(body, `role="alert"`) {
			t.Errorf("%s = %q: %d, and the field does not say why", name, value, res.StatusCode)
		}
		if first, _, _ := strings.Cut(value, "\n"); !strings.Contains(body, first) {
			t.Errorf("%s: what was entered is gone", name)
		}
	}
}

func TestWhoMayNotChangeSettingsLooksOnly(t *testing.T) {
	t.Parallel()
	s := newSite(t, "busy")
	s.role = access.Manager
	for path, button := range map[string]string{"/settings": "Save settings", "/mode": "Go live with ConnectWise", "/mode/customers": "Save<span"} {
		body := s.page(path)
		if strings.Contains(body, button) || !strings.Contains(body, "needs the role Administrator") {
			t.Errorf("%s: a Manager is shown %q, or not told why not", path, button)
		}
	}
	for _, path := range []string{"/settings", "/mode", "/mode/customers/c-0001"} {
		if res, _ := s.send("POST", path, url.Values{}); res.StatusCode != http.StatusForbidden {
			t.Errorf("POST %s as a Manager: %d", path, res.StatusCode)
		}
	}
}

func TestGoingLiveApprovesThePlanThatWasShown(t *testing.T) {
	t.Parallel()
	s := newSite(t, "busy")
	s.role = access.Administrator
	body := s.page("/mode")
	for _, want := range []string{"create 41 × ticket", "No sync has planned this side yet", "Go live with ConnectWise", `name="plan" value="0123456789abcdef"`, "cannot be taken back"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	for name, form := range map[string]url.Values{
		"another plan": {"side": {"ticketing"}, "mode": {"live"}, "plan": {"fedcba"}},
		"no plan":      {"side": {"documentation"}, "mode": {"live"}},
	} {
		if res, said := s.send("POST", "/mode", form); res.StatusCode != http.StatusConflict || !strings.Contains(said, "Not live yet") {
			t.Errorf("%s: %d", name, res.StatusCode)
		}
	}
	if res, _ := s.send("POST", "/mode", url.Values{"side": {"both"}, "mode": {"live"}}); res.StatusCode != http.StatusBadRequest {
		t.Errorf("a side that is none: %d", res.StatusCode)
	}
	if len(s.syncs.asked) > 0 {
		t.Fatalf("went live all the same: %v", s.syncs.asked)
	}
	for _, form := range []url.Values{{"side": {"ticketing"}, "mode": {"live"}, "plan": {"0123456789abcdef"}}, {"side": {"documentation"}, "mode": {"preview"}}} {
		if res, said := s.send("POST", "/mode", form); res.StatusCode != http.StatusSeeOther {
			t.Fatalf("%v: %d: %s", form, res.StatusCode, said)
		}
	}
	if got := strings.Join(s.syncs.asked, "; "); got != "connectwise live by a test; itglue preview by a test" {
		t.Errorf("done: %s", got)
	}
}

func TestACustomerGetsModesOfItsOwn(t *testing.T) {
	t.Parallel()
	s := newSite(t, "hostile")
	s.role = access.Administrator
	if found := markup.FindString(s.page("/mode/customers")); found != "" {
		t.Errorf("a name became markup: %s", found)
	}
	res, _ := s.send("POST", "/mode/customers/c-0001", url.Values{"documentation": {"live"}, "ticketing": {""}})
	c, _, err := state.Load[state.Customer](t.Context(), s.store, state.CustomerKey("c-0001"))
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != http.StatusSeeOther || c.Documentation != state.Live || c.Ticketing != "" {
		t.Errorf("%d: %q %q", res.StatusCode, c.Documentation, c.Ticketing)
	}
	if res, _ := s.send("POST", "/mode/customers/nobody", url.Values{"documentation": {"live"}}); res.StatusCode != http.StatusNotFound {
		t.Errorf("a customer that is none: %d", res.StatusCode)
	}
}

func TestTheFirstStepsSayHowFarTheyAre(t *testing.T) {
	t.Parallel()
	for scene, wants := range map[string][]string{
		"empty": {"0 of 3 connections work", `<li class="now" aria-current="step">`},
		"busy":  {"3 of 3 connections work", "customers still need a decision"},
	} {
		s := newSite(t, scene)
		s.role = access.Viewer
		body := s.page("/start")
		for _, want := range wants {
			if !strings.Contains(body, want) {
				t.Errorf("%s: the page does not say %q", scene, want)
			}
		}
		if strings.Count(body, "aria-current=\"step\"") != 1 {
			t.Errorf("%s: not one step is next", scene)
		}
	}
}

// constants are the values of a string type's constants in a package's sources.
func constants(t *testing.T, folder, typ string) (out []string) {
	t.Helper()
	pkgs, err := parser.ParseDir(token.NewFileSet(), folder, nil, 0) //nolint:staticcheck // one folder of plain files is all there is to read
	if err != nil {
		t.Fatal(err)
	}
	for _, pkg := range pkgs {
		ast.Inspect(pkg, func(n ast.Node) bool {
			v, ok := n.(*ast.ValueSpec)
			if !ok || len(v.Values) == 0 {
				return true
			}
			if id, ok := v.Type.(*ast.Ident); ok && id.Name == typ {
				if lit, ok := v.Values[0].(*ast.BasicLit); ok {
					word, _ := strconv.Unquote(lit.Value)
					out = append(out, word)
				}
			}
			return true
		})
	}
	return out
}

func TestHelpKnowsEveryWord(t *testing.T) {
	t.Parallel()
	s := newSite(t, "empty")
	s.role = access.Viewer
	body := strings.ToLower(s.page("/help"))
	for _, row := range backup.Table {
		if !strings.Contains(body, strings.ToLower(row.Reason)) {
			t.Errorf("the reason %q is not told", row.Reason)
		}
	}
	for folder, types := range map[string][]string{"../alert": {"GroupState"}, "../httpapi/view": {"AlertState"}, "../match": {"Cause"}} {
		for _, typ := range types {
			words := constants(t, folder, typ)
			if len(words) < 3 {
				t.Errorf("%s of %s: found only %v", typ, folder, words)
			}
			for _, word := range words {
				if word != "active" && !strings.Contains(body, ">"+word+"<") && !strings.Contains(body, word+": ") {
					t.Errorf("%s %q is not told", typ, word)
				}
			}
		}
	}
	if strings.Contains(body, "<dd></dd>") || strings.Contains(body, "<dd><p></p>") {
		t.Error("a word has no meaning")
	}
	for _, typ := range constants(t, "../state", "RunState") {
		if typ != "reading" && typ != "working" && !strings.Contains(body, ">"+typ+"<") {
			t.Errorf("the run state %q is not told", typ)
		}
	}
}

func TestAPlanOfTicketsIsNotOneOfDocumentation(t *testing.T) {
	t.Parallel()
	s := newSite(t, "calm")
	s.role = access.Administrator
	if err := state.SaveModes(t.Context(), s.store, state.Modes{Documentation: state.Preview, Ticketing: state.Live}); err != nil {
		t.Fatal(err)
	}
	run := state.Run{
		ID: state.NewRunID(noon.Add(-time.Minute), "zz"), Scope: state.ScopeAll, By: "a test", State: state.Succeeded, Created: noon.Add(-time.Minute), Started: noon, Ended: noon, Digest: "d1",
		Preview: []state.Vendor{state.ITGlue}, Counts: []plan.Count{{Kind: plan.FlexibleAsset, Action: plan.Create, N: 7}, {Kind: plan.Ticket, Action: plan.Create, N: 9}},
	}
	if _, err := state.SaveRun(t.Context(), s.store, run, state.Any); err != nil {
		t.Fatal(err)
	}
	body := s.page("/mode")
	if !strings.Contains(body, "create 7 × flexible asset") || strings.Contains(body, "create 9") || !strings.Contains(body, "approves 7 changes") {
		t.Error("the counts are not those of the side")
	}
}
