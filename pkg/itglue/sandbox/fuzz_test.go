package sandbox_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"uniview-bridge/pkg/itglue/sandbox"
)

// FuzzWrites sends any body to every write route: the answer is never a server error but the documented one, is JSON,
// and a refused write changes nothing.
func FuzzWrites(f *testing.F) {
	for _, s := range []string{
		one("organizations", `{"name":"x","alert":null}`), many("flexible_assets", good), many("organizations", `{"id":1001,"alert":"x"}`),
		newType(`{"order":1,"name":"A","kind":"Text","show-in-list":true}`), interfaced("0011.2233.4455"), asset(`"config":[1000001],"file":{"content":"","file_name":"x"}`),
		`{"data":[null]}`, `{"data":{"type":"configurations","attributes":{"id":-1,"name":7},"relationships":{"configuration_interfaces":{"data":[7]}}}}`, `{`, ``,
		one("flexible_asset_fields", `{"kind":"Tag","tag_type":"","order":1e9}`),
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		p := newProbe(t, sandbox.Options{})
		for _, route := range sandbox.Routes() {
			method, path, _ := strings.Cut(route, " ")
			if method == http.MethodGet {
				continue
			}
			for name, id := range map[string]string{":organization_id": "1001", ":flexible_asset_type_id": "301", ":configuration_id": "1000001"} {
				path = strings.ReplaceAll(path, name, id)
			}
			for kind, id := range map[string]string{"/organizations/": "1002", "/configurations/": "1000002", "/flexible_assets/": "5000001", "/flexible_asset_types/": "301", "/flexible_asset_fields/": "7003"} {
				if strings.HasPrefix(path, kind) || strings.Contains(path, "relationships"+kind) {
					path = strings.ReplaceAll(path, ":id", id)
				}
			}
			path = strings.ReplaceAll(path, ":id", "31")
			before := p.contents()
			r := httptest.NewRequest(method, path, strings.NewReader(body))
			r.Header.Set("x-api-key", testKey)
			r.Header.Set("Content-Type", "application/vnd.api+json")
			w := httptest.NewRecorder()
			p.ServeHTTP(w, r)
			fieldsInside := w.Code == http.StatusInternalServerError && route == "POST /flexible_asset_types"
			if w.Code >= 500 && !fieldsInside || w.Code < 500 && w.Code != http.StatusForbidden && !json.Valid(w.Body.Bytes()) {
				t.Errorf("%s %q: %d %s", route, body, w.Code, w.Body)
			}
			if w.Code >= 300 && p.contents() != before {
				t.Errorf("%s %q was refused with %d and changed the account", route, body, w.Code)
			}
		}
	})
}

// contents is the account in one text.
func (p *probe) contents() string {
	var out []byte
	p.View(func(s *sandbox.State) { out, _ = json.Marshal(s) })
	return string(out)
}

// FuzzQueries sends any query to every list.
func FuzzQueries(f *testing.F) {
	for _, s := range []string{"page[size]=1&page[number]=2", "filter[name]=a\\,b,c", "filter[created_at]=*,2026-01-01", "sort=-id&include=rmm_records", "page[size]=9999999999999999999", "a=%zz", "filter[psa_id]=1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, query string) {
		p := newProbe(t, sandbox.Options{})
		for _, route := range sandbox.Routes() {
			method, path, _ := strings.Cut(route, " ")
			if method != http.MethodGet {
				continue
			}
			path = strings.NewReplacer(":organization_id", "1001", ":flexible_asset_type_id", "301", ":configuration_id", "1000001", ":id", "1001").Replace(path)
			r := httptest.NewRequest(method, path, nil)
			r.URL = &url.URL{Path: path, RawQuery: query}
			r.Header.Set("x-api-key", testKey)
			w := httptest.NewRecorder()
			p.ServeHTTP(w, r)
			if w.Code >= 500 || !json.Valid(w.Body.Bytes()) {
				t.Errorf("%s?%s: %d %s", path, query, w.Code, w.Body)
			}
		}
	})
}
