package sandbox

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// FuzzRequest holds the simulator to answering every request it can be sent, and
// its own errors to their documented shape.
func FuzzRequest(f *testing.F) {
	f.Add("GET", "service/tickets", "conditions=id%3D1&orderBy=id&fields=id,status/id&page=2", "")
	f.Add("POST", "service/tickets", "", `{"summary":"s","company":{"id":19001},"status":{"name":null}}`)
	f.Add("PATCH", "service/tickets/1001", "", `[{"op":"remove","path":"company","value":null},{"op":"add","path":"/skipCallback","value":1}]`)
	f.Add("POST", "service/tickets/1001/notes", "", `{"text":"n","internalAnalysisFlag":true}`)
	f.Add("POST", "service/tickets/1001/merge", "", `{"mergeTicketIds":[1001],"status":{"id":504}}`)
	f.Add("POST", "service/tickets/search", "pageSize=2", `{"conditions":"id=1","childconditions":"x"}`)
	f.Add("POST", "service/tickets/1001/configurations", "", `{"id":701}`)
	f.Add("POST", "system/callbacks", "", `{"url":"u","objectId":null,"type":"ticket","level":"owner"}`)
	f.Add("PATCH", "system/callbacks/1", "", `[{"op":"replace","path":"inactiveFlag","value":false}]`)
	f.Fuzz(func(t *testing.T, method, path, query, body string) {
		u := &url.URL{Scheme: "https", Host: "api-na.myconnectwise.net", Path: "/v4_6_release/apis/3.0/" + path, RawQuery: query}
		r, err := http.NewRequestWithContext(t.Context(), method, "https://x", strings.NewReader(body))
		if err != nil {
			return
		}
		r.URL = u
		r.SetBasicAuth(Defaults.CompanyID+"+"+Defaults.PublicKey, Defaults.PrivateKey)
		r.Header.Set("clientId", Defaults.ClientID)
		r.Header.Set("Content-Type", "application/json")
		s := New(Options{Now: func() time.Time { return time.Unix(1e9, 0) }})
		s.Edit(func(st *State) {
			st.AddStandardSetup()
			st.Role.GrantExtras()
			st.AddTicket(19001, "s", "tech1")
		})
		resp, err := s.Transport().RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if !strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") {
			return
		}
		var v any
		if err := json.NewDecoder(resp.Body).Decode(&v); err != nil {
			t.Fatal(err)
		}
		if m, _ := v.(map[string]any); resp.StatusCode >= 400 && (m["message"] == nil || m["code"] == nil) {
			t.Fatalf("%d %v", resp.StatusCode, v)
		}
	})
}
