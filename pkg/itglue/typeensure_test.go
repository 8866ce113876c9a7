package itglue_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"uniview-bridge/pkg/itglue"
	"uniview-bridge/pkg/itglue/sandbox"
	"uniview-bridge/pkg/vendorhttp"
)

func TestEnsureFlexibleAssetType(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{})
	first := w.ensure(t)
	if k := key(t, first, "UniView asset id"); k != "uniview-asset-id" || len(first.Fields) != 7 || !first.Enabled {
		t.Errorf("got %+v", first)
	}
	if status := first.Fields[1]; !slices.Equal(status.Options, []string{"Success", "Failed"}) || !status.UseForTitle {
		t.Errorf("got %+v", status)
	}
	w.ResetRequests()
	again := w.ensure(t)
	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("a second run changes the type:\n%s", diff)
	}
	for _, r := range w.Requests() {
		if r.Method != http.MethodGet {
			t.Errorf("a second run writes: %s", r.Op)
		}
	}
}

func TestEnsureAddsWhatIsMissingAndKeepsWhatPeopleAdded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{})
	w.Edit(func(s *sandbox.State) {
		s.AddFlexibleAssetType(sandbox.FlexibleAssetType{Name: "unitrends, backup", Enabled: true}) // another name: case differs
		s.AddFlexibleAssetType(sandbox.FlexibleAssetType{Name: "Unitrends, Backup", Enabled: true, Fields: []*sandbox.Field{
			{Name: "Our notes", Kind: "Textbox", Order: 1},
			{Name: "Machine", NameKey: "server-name", Kind: "Text", ShowInList: true, Order: 2},
			{Name: "Status", Kind: "Select", DefaultValue: "Fine\nFailed", Order: 3},
		}})
	})
	typ := w.ensure(t)
	if typ.ID != "302" || len(typ.Fields) != 8 {
		t.Fatalf("got %+v", typ)
	}
	if k := key(t, typ, "Machine"); k != "server-name" {
		t.Errorf("the name key is read back, not computed: got %q", k)
	}
	if typ.Fields[0].Name != "Our notes" || typ.Fields[1].UseForTitle {
		t.Errorf("what people set stays: %+v", typ.Fields[:2])
	}
	if got := typ.Fields[2].Options; !slices.Equal(got, []string{"Fine", "Failed", "Success"}) {
		t.Errorf("options are added, none removed: %v", got)
	}
}

func TestFindNeverMakesAType(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{})
	if _, there, err := w.c.FindFlexibleAssetType(t.Context(), backupSpec()); there || err != nil {
		t.Errorf("found %v, %v", there, err)
	}
	if n := w.count("POST /flexible_asset_types", 0); n != 0 {
		t.Errorf("%d creates", n)
	}
	made := w.ensure(t)
	found, there, err := w.c.FindFlexibleAssetType(t.Context(), backupSpec())
	if diff := cmp.Diff(made, found); diff != "" || !there || err != nil {
		t.Errorf("found %v, %v\n%s", there, err, diff)
	}
}

func TestWhateverFailsBehindACreatedTypeIsUncertain(t *testing.T) {
	t.Parallel()
	const fields = "GET /flexible_asset_types/:flexible_asset_type_id/relationships/flexible_asset_fields"
	for _, status := range []int{http.StatusForbidden, http.StatusNotFound, http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		w := newWorld(t, sandbox.Options{})
		w.Inject(sandbox.Fault{Kind: sandbox.Status, Op: fields, Status: status})
		_, err := w.c.EnsureFlexibleAssetType(t.Context(), backupSpec())
		if !vendorhttp.IsUncertain(err) || w.count("POST /flexible_asset_types", http.StatusCreated) != 1 {
			t.Errorf("%d on reading the new type's fields: %v", status, err)
		}
		// The type stands: now the same failure is that of a read.
		if _, err = w.c.EnsureFlexibleAssetType(t.Context(), backupSpec()); err == nil || vendorhttp.IsUncertain(err) {
			t.Errorf("%d on reading a standing type's fields: %v", status, err)
		}
	}
	w := newWorld(t, sandbox.Options{})
	w.Inject(sandbox.Fault{Kind: sandbox.Status, Op: "POST /flexible_asset_types", Status: http.StatusUnprocessableEntity})
	if _, err := w.c.EnsureFlexibleAssetType(t.Context(), backupSpec()); err == nil || vendorhttp.IsUncertain(err) {
		t.Errorf("a refused type was certainly not made: %v", err)
	}
}

func TestEnsureRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		seed func(*sandbox.State)
		spec func(*itglue.TypeSpec)
		kind vendorhttp.Kind
		text string
	}{
		"a field of another kind": {seed: func(s *sandbox.State) {
			s.AddFlexibleAssetType(sandbox.FlexibleAssetType{Name: "Unitrends, Backup", Fields: []*sandbox.Field{{Name: "Machine", Kind: "Number"}}})
		}, kind: vendorhttp.Conflict, text: "has the kind Number"},
		"a tag of another type": {seed: func(s *sandbox.State) {
			s.AddFlexibleAssetType(sandbox.FlexibleAssetType{Name: "Unitrends, Backup", Fields: []*sandbox.Field{{Name: "Configuration", Kind: "Tag", TagType: "Contacts"}}})
		}, kind: vendorhttp.Conflict, text: "tags Contacts"},
		"two types of the name": {seed: func(s *sandbox.State) {
			s.AddFlexibleAssetType(sandbox.FlexibleAssetType{Name: "Unitrends, Backup"})
			s.AddFlexibleAssetType(sandbox.FlexibleAssetType{Name: "Unitrends, Backup"})
		}, kind: vendorhttp.Conflict, text: "rename all but one"},
		"a spec without a name":              {spec: func(s *itglue.TypeSpec) { s.Name = "" }, kind: vendorhttp.Invalid, text: "needs a name"},
		"a Select without options":           {spec: func(s *itglue.TypeSpec) { s.Fields[1].Options = nil }, kind: vendorhttp.Invalid, text: "options"},
		"a Tag without a type":               {spec: func(s *itglue.TypeSpec) { s.Fields[3].TagType = "" }, kind: vendorhttp.Invalid, text: "tag type"},
		"a title of a kind that cannot be":   {spec: func(s *itglue.TypeSpec) { s.Fields[4].UseForTitle = true }, kind: vendorhttp.Invalid, text: "title"},
		"two fields of one name":             {spec: func(s *itglue.TypeSpec) { s.Fields[4].Name = "Machine" }, kind: vendorhttp.Invalid, text: "differ"},
		"a type that shows nothing in lists": {spec: func(s *itglue.TypeSpec) { s.Fields[0].ShowInList, s.Fields[1].ShowInList = false, false }, kind: vendorhttp.Invalid, text: "shown in the list"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, sandbox.Options{})
			spec := backupSpec()
			if tt.seed != nil {
				w.Edit(tt.seed)
			}
			if tt.spec != nil {
				tt.spec(&spec)
			}
			_, err := w.c.EnsureFlexibleAssetType(t.Context(), spec)
			if kindOf(err) != tt.kind || !strings.Contains(fmt.Sprint(err), tt.text) {
				t.Errorf("got %v", err)
			}
			for _, r := range w.Requests() {
				if r.Method != http.MethodGet {
					t.Errorf("it wrote: %s", r.Op)
				}
			}
		})
	}
}
