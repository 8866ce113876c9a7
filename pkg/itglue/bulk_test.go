package itglue_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"uniview-bridge/pkg/itglue"
	"uniview-bridge/pkg/itglue/sandbox"
	"uniview-bridge/pkg/vendorhttp"
)

const (
	createAssetsOp = "POST /organizations/:organization_id/relationships/flexible_assets"
	updateAssetsOp = "PATCH /flexible_assets"
)

func TestFlexibleAssetsGoThereAndBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{})
	typ := w.ensure(t)
	w.addConfigurations(1, w.org.ID)
	write := newAsset(t, typ, "a1", "Success")
	restricted := true
	write.Restricted = &restricted
	write.Traits[key(t, typ, "Configuration")] = itglue.TagValue("1000001")
	write.Traits[key(t, typ, "Last good backup")] = "2026-01-05"
	write.Traits[key(t, typ, "Storage")] = json.Number("12.5")
	write.Traits[key(t, typ, "Details")] = `<table class="table"><tr><td>ok</td></tr></table>`
	results, err := w.c.CreateFlexibleAssets(t.Context(), w.orgID, []itglue.FlexibleAssetWrite{write})
	if err != nil || results[0].Err != nil {
		t.Fatal(err, results[0].Err)
	}
	listed, err := w.c.ListFlexibleAssets(t.Context(), itglue.FlexibleAssetQuery{TypeID: typ.ID})
	if diff := cmp.Diff([]itglue.FlexibleAsset{results[0].Asset}, listed); diff != "" || err != nil {
		t.Error(err, diff)
	}
	a := listed[0]
	if a.Name != "machine a1 Success" || a.OrganizationID != w.orgID || !a.Restricted || a.Archived || a.TypeName != "Unitrends, Backup" {
		t.Errorf("got %+v", a)
	}
	tag := a.Traits[key(t, typ, "Configuration")]
	wantTag := map[string]any{"type": "Configurations", "values": []any{map[string]any{"id": json.Number("1000001"), "name": "SRV0001"}}}
	if diff := cmp.Diff(wantTag, tag); diff != "" {
		t.Errorf("the read shape of a tag:\n%s", diff)
	}
	if got := itglue.TraitIDs(tag); !slices.Equal(got, []string{"1000001"}) {
		t.Errorf("got %v", got)
	}
	one, err := w.c.GetFlexibleAsset(t.Context(), a.ID)
	if diff := cmp.Diff(a, one); diff != "" || err != nil {
		t.Error(err, diff)
	}
	for q, want := range map[string]int{w.orgID: 1, w.otherID: 0} {
		got, err := w.c.ListFlexibleAssets(t.Context(), itglue.FlexibleAssetQuery{TypeID: typ.ID, OrganizationID: q})
		if len(got) != want || err != nil {
			t.Errorf("organization %s: %d, %v", q, len(got), err)
		}
	}
}

func TestAnUpdateKeepsWhatPeopleAdded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{})
	typ := w.ensure(t)
	w.addConfigurations(2, w.org.ID)
	created, err := w.c.CreateFlexibleAssets(t.Context(), w.orgID, []itglue.FlexibleAssetWrite{newAsset(t, typ, "a1", "Failed")})
	if err != nil {
		t.Fatal(err)
	}
	assetID := atoi(t, created[0].Asset.ID)
	w.Edit(func(s *sandbox.State) { // a person adds two fields and fills them
		typeID := atoi(t, typ.ID)
		s.AddField(typeID, sandbox.Field{Name: "Contract", Kind: "Text"})
		s.AddField(typeID, sandbox.Field{Name: "Also see", Kind: "Tag", TagType: "Configurations"})
		s.FlexibleAssets[assetID].Traits["contract"] = "gold"
		s.FlexibleAssets[assetID].Traits["also-see"] = []int64{1000002}
	})
	current, err := w.c.GetFlexibleAsset(t.Context(), created[0].Asset.ID)
	if err != nil {
		t.Fatal(err)
	}
	var ourKeys []string
	for _, f := range typ.Fields {
		ourKeys = append(ourKeys, f.NameKey)
	}
	ours := newAsset(t, typ, "a1", "Success").Traits
	merged := itglue.MergeTraits(current.Traits, ours, ourKeys)
	results, err := w.c.UpdateFlexibleAssets(t.Context(), []itglue.FlexibleAssetWrite{{ID: current.ID, Traits: merged}})
	if err != nil || results[0].Err != nil {
		t.Fatal(err, results[0].Err)
	}
	got := results[0].Asset.Traits
	if got["contract"] != "gold" || !slices.Equal(itglue.TraitIDs(got["also-see"]), []string{"1000002"}) || results[0].Asset.Name != "machine a1 Success" {
		t.Errorf("got %v", got)
	}
}

// good, refused and firewalled writes; which of them fail is known from their status and text.
func mixed(t *testing.T, typ itglue.FlexibleAssetType, n int) (writes []itglue.FlexibleAssetWrite, bad map[int]vendorhttp.Kind) {
	bad = map[int]vendorhttp.Kind{}
	for i := range n {
		w := newAsset(t, typ, fmt.Sprintf("a%03d", i), "Success")
		switch i {
		case 7:
			w.Traits[key(t, typ, "Status")] = "Not an option"
			bad[i] = vendorhttp.Invalid
		case 11:
			w.Traits[key(t, typ, "Details")] = "<script>x</script>"
			bad[i] = vendorhttp.Forbidden
		case 13:
			w.KeyTrait = ""
			bad[i] = vendorhttp.Invalid
		case 17:
			w.Traits[key(t, typ, "UniView asset id")] = "a016"
			bad[i] = vendorhttp.Invalid
		}
		writes = append(writes, w)
	}
	return writes, bad
}

func TestOneBadAssetDoesNotStopTheOthers(t *testing.T) {
	t.Parallel()
	for name, partial := range map[string]bool{"a refused list keeps nothing": false, "a refused list keeps its good elements": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, sandbox.Options{PartialBulk: partial}, func(c *itglue.Config) { c.BulkSize = 10 })
			typ := w.ensure(t)
			writes, bad := mixed(t, typ, 25)
			results, err := w.c.CreateFlexibleAssets(t.Context(), w.orgID, writes)
			if err != nil {
				t.Fatal(err)
			}
			checkResults(t, results, bad)
			listed, err := w.c.ListFlexibleAssets(t.Context(), itglue.FlexibleAssetQuery{TypeID: typ.ID})
			if err != nil || len(listed) != 25-len(bad) {
				t.Errorf("%d assets, want %d: %v", len(listed), 25-len(bad), err)
			}

			var updates []itglue.FlexibleAssetWrite
			for _, a := range listed {
				traits := newAsset(t, typ, a.Traits[key(t, typ, "UniView asset id")].(string), "Failed").Traits
				updates = append(updates, itglue.FlexibleAssetWrite{ID: a.ID, Traits: traits})
			}
			gone := updates[3]
			gone.ID = "77"
			updates[5].Traits[key(t, typ, "Status")] = "Not an option"
			updates[6].Traits = map[string]any{}
			updates = append(updates, gone, updates[0])
			results, err = w.c.UpdateFlexibleAssets(t.Context(), updates)
			if err != nil {
				t.Fatal(err)
			}
			last := len(updates)
			checkResults(t, results, map[int]vendorhttp.Kind{5: vendorhttp.Invalid, 6: vendorhttp.Invalid, last - 2: vendorhttp.NotFound, last - 1: vendorhttp.Invalid})
		})
	}
}

func checkResults(t *testing.T, results []itglue.WriteResult, bad map[int]vendorhttp.Kind) {
	t.Helper()
	for i, r := range results {
		if kindOf(r.Err) != bad[i] || (r.Err == nil) != (r.Asset.ID != "") {
			t.Errorf("write %d: got asset %q, error %v; want kind %q", i, r.Asset.ID, r.Err, bad[i])
		}
	}
}

func TestBulkWritesAreFewRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{})
	typ := w.ensure(t)
	var writes []itglue.FlexibleAssetWrite
	for i := range 120 {
		writes = append(writes, newAsset(t, typ, fmt.Sprint("m", i), "Success"))
	}
	results, err := w.c.CreateFlexibleAssets(t.Context(), w.orgID, writes)
	if err != nil {
		t.Fatal(err)
	}
	checkResults(t, results, nil)
	if n := w.count(createAssetsOp, http.StatusCreated); n != 3 {
		t.Errorf("%d requests, want 50, 50 and 20", n)
	}
	for i, r := range results {
		if r.Asset.Name != fmt.Sprintf("machine m%d Success", i) {
			t.Errorf("result %d is %q", i, r.Asset.Name)
		}
	}
}

func TestFailuresThatWouldMeetEveryWriteStopTheCall(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		fault     sandbox.Fault
		kind      vendorhttp.Kind
		uncertain bool
		made      int // of 30, in bulks of 10; the fault hits the second
	}{
		{"the rate limit", sandbox.Fault{Kind: sandbox.Status, Status: 429}, vendorhttp.RateLimited, false, 10},
		{"the server", sandbox.Fault{Kind: sandbox.Status, Status: 502, HTML: true}, vendorhttp.Unavailable, true, 10},
		{"a lost request", sandbox.Fault{Kind: sandbox.ResetBefore}, vendorhttp.Network, true, 10},
		{"a lost answer", sandbox.Fault{Kind: sandbox.ResetAfter}, vendorhttp.Network, true, 20},
		{"a cut answer", sandbox.Fault{Kind: sandbox.Truncate}, vendorhttp.Network, true, 20},
		{"a revoked key", sandbox.Fault{Kind: sandbox.Revoke}, vendorhttp.Auth, false, 10},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, sandbox.Options{}, func(c *itglue.Config) { c.BulkSize = 10 })
			typ := w.ensure(t)
			var writes []itglue.FlexibleAssetWrite
			for i := range 30 {
				writes = append(writes, newAsset(t, typ, fmt.Sprint(i), "Success"))
			}
			tt.fault.Op, tt.fault.Skip, tt.fault.Times = createAssetsOp, 1, 1
			w.Inject(tt.fault)
			results, err := w.c.CreateFlexibleAssets(t.Context(), w.orgID, writes)
			if kindOf(err) != tt.kind || vendorhttp.IsUncertain(err) != tt.uncertain {
				t.Errorf("got %v", err)
			}
			for i, r := range results {
				switch {
				case i < 10 && r.Err != nil, i >= 10 && i < 20 && kindOf(r.Err) != tt.kind, i >= 20 && !errors.Is(r.Err, itglue.ErrNotSent):
					t.Errorf("result %d: %v", i, r.Err)
				}
			}
			w.View(func(s *sandbox.State) {
				if len(s.FlexibleAssets) != tt.made {
					t.Errorf("%d assets were made, want %d", len(s.FlexibleAssets), tt.made)
				}
			})
		})
	}
}

func TestAnUpdateThatIsTooMuchAtOnceIsSentInPieces(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{})
	typ := w.ensure(t)
	created, err := w.c.CreateFlexibleAssets(t.Context(), w.orgID, []itglue.FlexibleAssetWrite{newAsset(t, typ, "a", "Success"), newAsset(t, typ, "b", "Success")})
	if err != nil {
		t.Fatal(err)
	}
	w.Inject(sandbox.Fault{Kind: sandbox.Status, Op: updateAssetsOp, Status: 504, Times: 1})
	var updates []itglue.FlexibleAssetWrite
	archived := true
	for _, r := range created {
		updates = append(updates, itglue.FlexibleAssetWrite{ID: r.Asset.ID, Archived: &archived})
	}
	results, err := w.c.UpdateFlexibleAssets(t.Context(), updates)
	if err != nil || len(w.rec.sent) == 0 {
		t.Fatal(err)
	}
	for _, r := range results {
		if r.Err != nil || !r.Asset.Archived || len(r.Asset.Traits) != 3 {
			t.Errorf("only what was named changed: %+v", r)
		}
	}
}

func TestAnAnswerThatLacksARecordIsUncertain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{})
	typ := w.ensure(t)
	w.Inject(sandbox.Fault{Kind: sandbox.Status, Op: createAssetsOp, Status: 201, Times: 1, Body: `{"data":[],"errors":[{"title":"one was bad"}]}`})
	results, err := w.c.CreateFlexibleAssets(t.Context(), w.orgID, []itglue.FlexibleAssetWrite{newAsset(t, typ, "a", "Success")})
	if err != nil || !vendorhttp.IsUncertain(results[0].Err) || !strings.Contains(results[0].Err.Error(), "one was bad") {
		t.Errorf("got %v, %v", err, results[0].Err)
	}
}

func TestAFailedLookAfterARefusedListSendsNothingMore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{PartialBulk: true})
	typ := w.ensure(t)
	writes, _ := mixed(t, typ, 9)
	w.Inject(sandbox.Fault{Kind: sandbox.Status, Op: "GET /flexible_assets", Status: 500})
	results, err := w.c.CreateFlexibleAssets(t.Context(), w.orgID, writes)
	if !vendorhttp.Retryable(err) || w.count(createAssetsOp, 0) != 1 {
		t.Errorf("got %v after %d creates", err, w.count(createAssetsOp, 0))
	}
	for i, r := range results {
		if !vendorhttp.IsUncertain(r.Err) {
			t.Errorf("result %d: %v", i, r.Err)
		}
	}
}

func TestMergeTraits(t *testing.T) {
	t.Parallel()
	tag := map[string]any{"type": "Contacts", "values": []any{map[string]any{"id": json.Number("5"), "name": "x"}, map[string]any{"id": "6"}}}
	current := map[string]any{
		"machine": "old", "status": "Failed", "theirs": "kept", "their-tag": tag, "their-flag": true, "their-number": json.Number("1.5"),
		"their-null": nil, "their-list": []any{"a", "b"}, "file": map[string]any{"type": "Upload", "values": []any{map[string]any{"name": "x.pdf"}}},
	}
	before := maps.Clone(current)
	ours := map[string]any{"machine": "new", "tag": itglue.TagValue("7", "8"), "not-ours": "never", "cleared": nil}
	got := itglue.MergeTraits(current, ours, []string{"machine", "status", "tag", "cleared"})
	want := map[string]any{
		"machine": "new", "tag": []any{json.Number("7"), json.Number("8")}, "theirs": "kept", "their-tag": []any{json.Number("5"), json.Number("6")},
		"their-flag": true, "their-number": json.Number("1.5"), "their-list": []any{"a", "b"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(before, current); diff != "" {
		t.Errorf("the current traits were changed:\n%s", diff)
	}
	if got := itglue.Unmergeable(current, []string{"machine"}); !slices.Equal(got, []string{"file"}) {
		t.Errorf("unmergeable: %v", got)
	}
	if got := itglue.Unmergeable(current, []string{"file"}); len(got) != 0 {
		t.Errorf("ours is ours to write: %v", got)
	}
	typ := itglue.FlexibleAssetType{Fields: []itglue.FlexibleAssetField{{NameKey: "file", Kind: itglue.KindUpload}, {NameKey: "pw", Kind: itglue.KindPassword}, {NameKey: "t", Kind: itglue.KindText}}}
	if got := typ.Unkeepable([]string{"file"}); len(got) != 1 || got[0].NameKey != "pw" {
		t.Errorf("unkeepable: %v", got)
	}
}

func TestAssetsMadeInTheSameInstantAreListedInFull(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{}, small(10))
	typ := w.ensure(t)
	var writes []itglue.FlexibleAssetWrite
	for i := range 35 {
		writes = append(writes, newAsset(t, typ, fmt.Sprint(i), "Success"))
	}
	if _, err := w.c.CreateFlexibleAssets(t.Context(), w.orgID, writes); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(time.Minute)
	got, err := w.c.ListFlexibleAssets(t.Context(), itglue.FlexibleAssetQuery{TypeID: typ.ID})
	if err != nil || len(got) != 35 {
		t.Errorf("%d assets, %v", len(got), err)
	}
}
