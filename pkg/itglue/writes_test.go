package itglue_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"os"
	"strings"
	"testing"

	"uniview-bridge/pkg/itglue"
	"uniview-bridge/pkg/itglue/sandbox"
	"uniview-bridge/pkg/vendorhttp"
)

// TestRequestsLeaveInTwoPlacesOnly reads the client's own source: one place sends a GET, the other takes its method from
// the table of writes, which has no verb that deletes, and sets no query.
func TestRequestsLeaveInTwoPlacesOnly(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	requests := map[string]string{} // function to its method
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), e.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			fn, _ := decl.(*ast.FuncDecl)
			ast.Inspect(decl, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.SelectorExpr:
					for _, banned := range []string{"MethodDelete", "MethodPut", "NewRequest", "NewRequestWithContext"} {
						if n.Sel.Name == banned {
							t.Errorf("%s uses http.%s", e.Name(), banned)
						}
					}
					if n.Sel.Name == "RawQuery" && fn != nil && fn.Name.Name != "read" && fn.Name.Name != "New" {
						t.Errorf("%s sets or reads a query in %s", e.Name(), fn.Name.Name)
					}
				case *ast.BasicLit:
					if n.Value == `"DELETE"` || n.Value == `"PUT"` {
						t.Errorf("%s has the text %s", e.Name(), n.Value)
					}
				case *ast.CompositeLit:
					if typ, ok := n.Type.(*ast.SelectorExpr); ok && typ.Sel.Name == "Request" && fn != nil {
						requests[fn.Name.Name] = fmt.Sprint(requests[fn.Name.Name], " request")
					}
				}
				return true
			})
		}
	}
	if len(requests) != 2 || requests["read"] != " request" || requests["write"] != " request" {
		t.Errorf("requests are made in %v, want once in read and once in write", requests)
	}
}

func TestUpdateConfiguration(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{})
	w.addConfigurations(1, w.org.ID)
	yes, name, empty := true, "renamed", ""
	c, err := w.c.UpdateConfiguration(t.Context(), "1000001", itglue.ConfigurationUpdate{Name: &name, Archived: &yes, MAC: &empty, StatusID: &empty})
	if err != nil || c.Name != "renamed" || !c.Archived || c.Restricted || c.MAC != "" || c.TypeName != "Managed Server" {
		t.Errorf("what was named changed, nothing else: %+v, %v", c, err)
	}
	w.ResetRequests()
	long, ip := "00:11:22:33:44:55,66", "10.0.0.256"
	for what, u := range map[string]itglue.ConfigurationUpdate{
		"nothing": {}, "an empty name": {Name: &empty}, "an empty type": {TypeID: &empty}, "two MACs": {MAC: &long}, "no address": {PrimaryIP: &ip},
	} {
		if _, err := w.c.UpdateConfiguration(t.Context(), "1000001", u); !vendorhttp.IsInvalid(err) {
			t.Errorf("%s: got %v", what, err)
		}
	}
	if len(w.Requests()) != 0 {
		t.Error("what cannot work was sent")
	}
}

// TestARefusalBecauseOfThePSACanBeTold: the words of the 422 are not documented, so the record is looked at.
func TestARefusalBecauseOfThePSACanBeTold(t *testing.T) {
	t.Parallel()
	refusal := sandbox.Fault{Kind: sandbox.Status, Method: http.MethodPatch, Status: 422, Body: `{"errors":[{"status":422,"title":"Unprocessable Entity"}]}`, Times: 1}
	host := "h"
	for _, tt := range []struct {
		name   string
		synced bool
		fault  *sandbox.Fault
		call   func(*world) error
		want   bool
	}{
		{"a synced configuration's hostname", true, nil, func(w *world) error {
			_, err := w.c.UpdateConfiguration(w.ctx, "1000001", itglue.ConfigurationUpdate{Hostname: &host})
			return err
		}, true},
		{"a synced configuration's notes, in other words", true, &refusal, func(w *world) error { _, err := w.c.UpdateConfigurationNotes(w.ctx, "1000001", "x"); return err }, true},
		{"a configuration that is not synced", false, &refusal, func(w *world) error { _, err := w.c.UpdateConfigurationNotes(w.ctx, "1000001", "x"); return err }, false},
		{"a synced organization", true, &refusal, func(w *world) error { _, err := w.c.UpdateOrganizationAlert(w.ctx, w.orgID, "x"); return err }, true},
		{"an organization that is not synced", false, &refusal, func(w *world) error { _, err := w.c.UpdateOrganizationAlert(w.ctx, w.otherID, "x"); return err }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, sandbox.Options{})
			w.ctx = t.Context()
			psa := ""
			if tt.synced {
				psa = "enabled"
			}
			w.Edit(func(s *sandbox.State) {
				s.AddConfiguration(sandbox.Configuration{OrganizationID: w.org.ID, Name: "SRV", TypeID: w.typ.ID, PSAIntegration: psa})
			})
			if tt.fault != nil {
				w.Inject(*tt.fault)
			}
			err := tt.call(w)
			if itglue.IsSynced(err) != tt.want || errors.Is(err, itglue.ErrSynced) != tt.want || !vendorhttp.IsInvalid(err) {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Run("a look that fails leaves the refusal as it is", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, sandbox.Options{})
		w.Inject(refusal)
		w.Inject(sandbox.Fault{Kind: sandbox.Status, Method: http.MethodGet, Status: 500})
		if _, err := w.c.UpdateOrganizationAlert(t.Context(), w.orgID, "x"); itglue.IsSynced(err) || !vendorhttp.IsInvalid(err) {
			t.Errorf("got %v", err)
		}
	})
}

func TestByName(t *testing.T) {
	t.Parallel()
	list := []itglue.Named{{ID: "1", Name: "Active"}, {ID: "2", Name: "active"}, {ID: "3", Name: " Inactive "}, {ID: "4", Name: "Twin"}, {ID: "5", Name: "Twin"}, {ID: "6", Name: "TWIN2"}, {ID: "7", Name: "twin2"}}
	for name, want := range map[string]struct {
		id   string
		kind vendorhttp.Kind
	}{
		"Active": {"1", ""}, "inactive": {"3", ""}, "ACTIVE": {"", vendorhttp.Conflict}, "Twin": {"", vendorhttp.Conflict}, "Twin2": {"", vendorhttp.Conflict},
		"TWIN2": {"6", ""}, "Gone": {"", vendorhttp.NotFound}, "": {"", vendorhttp.NotFound},
	} {
		got, err := itglue.ByName(list, name)
		if got.ID != want.id || kindOf(err) != want.kind {
			t.Errorf("%q: got %+v, %v", name, got, err)
		}
	}
}
