package connectwise

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"uniview-bridge/pkg/connectwise/sandbox"
	"uniview-bridge/pkg/vendorhttp"
)

const siteURL = "https://na.myconnectwise.net"

func TestACallbackOfTheConfiguredInstanceIsProven(t *testing.T) {
	t.Parallel()
	c, srv := start(t)
	var body []byte
	var sig string
	srv.Edit(func(st *sandbox.State) {
		st.AddTicket(msp, "t", "tech1")
		body, sig = st.SignedCallback(siteURL, "updated", 1001)
	})
	for range 2 {
		got, err := c.VerifyCallback(t.Context(), body, sig)
		if err != nil || got.RecordID != 1001 || got.Action != "updated" || got.Type != "ticket" || !strings.Contains(string(got.Entity), `"summary":"t"`) {
			t.Fatalf("%+v, %v", got, err)
		}
	}
	if n := count(srv, "callback key"); n != 1 {
		t.Errorf("the key was fetched %d times", n)
	}
}

func TestCallbacksThatAreRefused(t *testing.T) {
	t.Parallel()
	_, srv := start(t)
	inner := srv.Transport()
	cfg := config(roundTrip(func(r *http.Request) (*http.Response, error) {
		if r.URL.Host != "na.myconnectwise.net" && r.URL.Host != "api-na.myconnectwise.net" {
			t.Errorf("called %s", r.URL.Host)
		}
		return inner.RoundTrip(r)
	}))
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	signed := func(site string, change func(string) string) (body []byte, sig string) {
		srv.Edit(func(st *sandbox.State) { body, sig = st.SignedCallback(site, "updated", 1) })
		if change != nil {
			body = []byte(change(string(body)))
		}
		return body, sig
	}
	for name, tt := range map[string]struct {
		site   string
		change func(string) string
	}{
		"one byte of the body is another":            {siteURL, func(s string) string { return strings.Replace(s, "updated", "deleted", 1) }},
		"the body was formatted anew":                {siteURL, func(s string) string { return strings.Replace(s, ",", ", ", 1) }},
		"the key lives on another host":              {"https://evil.example.com", nil},
		"the key lives on a host that looks alike":   {"https://na.myconnectwise.net.evil.example.com", nil},
		"the key is to be fetched without TLS":       {"http://na.myconnectwise.net", nil},
		"the key lives at another port":              {"https://na.myconnectwise.net:8443", nil},
		"the key's address carries a user":           {"https://na.myconnectwise.net@evil.example.com", nil},
		"the key is another page":                    {siteURL, func(s string) string { return strings.Replace(s, "callbackkey", "info", 1) }},
		"the callback is for another company":        {siteURL, func(s string) string { return strings.Replace(s, `"CompanyId":"demo"`, `"CompanyId":"x"`, 1) }},
		"the key is another company's":               {siteURL, func(s string) string { return strings.Replace(s, "companyName=demo", "companyName=x", 1) }},
		"the body is not a callback":                 {siteURL, func(string) string { return "hello" }},
		"the key's address climbs out of its folder": {siteURL, func(s string) string { return strings.Replace(s, "callbackkey/index.rails", "callbackkey/../x/y", 1) }},
	} {
		body, sig := signed(tt.site, tt.change)
		if got, err := c.VerifyCallback(t.Context(), body, sig); !errors.Is(err, ErrSignature) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	body, _ := signed(siteURL, nil)
	for _, sig := range []string{"", "AAAA", "not base64!"} {
		if _, err := c.VerifyCallback(t.Context(), body, sig); !errors.Is(err, ErrSignature) {
			t.Errorf("signature %q: %v", sig, err)
		}
	}
}

func TestCallbacksAreRegisteredOnce(t *testing.T) {
	t.Parallel()
	c, srv := start(t)
	want := Registration{URL: "https://bridge.example.com/hook?recordId=", Type: "ticket", Level: "owner", Description: "UniView Bridge"}
	if _, err := c.EnsureCallback(t.Context(), want); !vendorhttp.IsForbidden(err) {
		t.Errorf("without the extra right: %v", err)
	}
	srv.Edit(func(st *sandbox.State) { st.Role.GrantExtras() })
	for range 2 {
		got, err := c.EnsureCallback(t.Context(), want)
		if err != nil || got.ID != 1 || got.ObjectID != 1 || got.Inactive {
			t.Errorf("%+v, %v", got, err)
		}
	}
	if list, err := c.ListCallbacks(t.Context()); err != nil || len(list) != 1 {
		t.Errorf("%+v, %v", list, err)
	}
}

func FuzzVerifyCallback(f *testing.F) {
	f.Add([]byte(`{"CompanyId":"demo","Metadata":{"key_url":"https://na.myconnectwise.net/v/system/callbackkey/index.rails?companyName=demo"}}`), "AAAA")
	f.Add([]byte(`{}`), "")
	c, err := New(config(roundTrip(func(*http.Request) (*http.Response, error) {
		return reply(200, "application/json", `{"signing_key":"k"}`), nil
	})))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte, sig string) {
		if got, err := c.VerifyCallback(t.Context(), body, sig); err == nil && !VerifySignature("k", body, sig) {
			t.Fatalf("believed %+v", got)
		}
	})
}
