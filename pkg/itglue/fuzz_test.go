package itglue_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"uniview-bridge/pkg/itglue"
	"uniview-bridge/pkg/itglue/sandbox"
)

// FuzzPages answers every page of a list with the same body: the read ends, after few requests, and whole or not at all.
func FuzzPages(f *testing.F) {
	for _, s := range []string{
		`{"data":[{"id":"1","type":"organizations","attributes":{}}],"meta":{"total-count":1,"total-pages":1}}`,
		`{"data":[{"id":1}],"meta":{"next-page":2}}`, `{"data":[],"meta":{"total-count":5}}`, `{"data":[{"id":1},{"id":1}],"meta":{"total-pages":99999999999}}`,
		`{"data":{"id":"1"}}`, `{"data":[{}]}`, `{"data":[{"id":1}],"meta":{"total_count":"1","next_page":"x"}}`, `{"data":[{"id":1}],"meta":{"total-count":-7,"total-pages":2}}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		transport := &canned{status: 200, body: body}
		c := cannedClient(t, transport, func(cfg *itglue.Config) { cfg.Rereads = -1 })
		got, err := c.ListOrganizations(t.Context())
		if n := transport.count.Load(); n > 2 {
			t.Errorf("%d requests", n)
		}
		seen := map[string]bool{}
		for _, o := range got {
			if o.ID == "" || seen[o.ID] {
				t.Errorf("the id %q is empty or repeated", o.ID)
			}
			seen[o.ID] = true
		}
		if err != nil && got != nil {
			t.Error("records beside an error")
		}
	})
}

// FuzzNamesInFilters: whatever a type is called, a filter finds it and nothing else.
func FuzzNamesInFilters(f *testing.F) {
	for _, s := range []string{"Unitrends Backup", "a, b", `a\, b`, `a\`, `\,`, "ü & ? # + %2C", ",", "*"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if !utf8.ValidString(name) || strings.TrimSpace(name) == "" {
			return
		}
		w := newWorld(t, sandbox.Options{})
		spec := itglue.TypeSpec{Name: name, Fields: []itglue.FieldSpec{{Name: "A", Kind: itglue.KindText, ShowInList: true, UseForTitle: true}}}
		made, err := w.c.EnsureFlexibleAssetType(t.Context(), spec)
		if err != nil && strings.Contains(strings.ToLower(name), "<script") {
			return // the firewall's
		}
		if err != nil {
			t.Fatal(err)
		}
		w.Edit(func(s *sandbox.State) { s.AddFlexibleAssetType(sandbox.FlexibleAssetType{Name: name + "x"}) })
		found, there, err := w.c.FindFlexibleAssetType(t.Context(), spec)
		if err != nil || !there || found.ID != made.ID {
			t.Errorf("found %v %q, want %q: %v", there, found.ID, made.ID, err)
		}
	})
}
