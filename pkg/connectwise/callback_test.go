package connectwise

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

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
		"the key is a page of another folder":        {siteURL, func(s string) string { return strings.Replace(s, "system/callbackkey", "files/callbackkey", 1) }},
		"the key is another file of the key page":    {siteURL, func(s string) string { return strings.Replace(s, "index.rails", "upload", 1) }},
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

func TestADeliveredCallbackIsProvenFromItsRawBytes(t *testing.T) {
	t.Parallel()
	var c *Client
	var got []Callback
	srv := sandbox.New(sandbox.Options{Callbacks: roundTrip(func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		cb, err := c.VerifyCallback(r.Context(), body, r.Header.Get(SignatureHeader))
		if err != nil {
			t.Error(err)
		}
		got = append(got, cb)
		return reply(200, "text/plain", ""), nil
	})})
	srv.Edit(func(st *sandbox.State) { st.AddStandardSetup(); st.Role.GrantExtras() })
	c, err := New(config(srv.Transport()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.EnsureCallback(t.Context(), Registration{URL: "https://x/?recordId=", Type: "ticket", Level: "owner"}); err != nil {
		t.Fatal(err)
	}
	srv.Edit(func(st *sandbox.State) { st.AddTicket(msp, "t", "tech1"); st.DeleteTicket(1001) })
	srv.DeliverCallbacks(t.Context())
	if len(got) != 2 || got[0].Action != "added" || got[0].RecordID != 1001 || got[1].Action != "deleted" || string(got[1].Entity) != "null" || got[0].MessageID == got[1].MessageID {
		t.Errorf("%+v", got)
	}
}

func TestAChangedSigningKeyIsFetchedAgainButForgersCannotMakeUsCallWithoutEnd(t *testing.T) {
	t.Parallel()
	now := time.Unix(1e9, 0)
	c, srv := start(t, func(c *Config) { c.Now = func() time.Time { return now } })
	signed := func() (body []byte, sig string) {
		srv.Edit(func(st *sandbox.State) { body, sig = st.SignedCallback(siteURL, "updated", 1) })
		return body, sig
	}
	for _, key := range []string{"first", "second"} {
		srv.Edit(func(st *sandbox.State) { st.CallbackKey = key })
		body, sig := signed()
		if _, err := c.VerifyCallback(t.Context(), body, sig); err != nil {
			t.Errorf("%s key: %v", key, err)
		}
	}
	body, sig := signed()
	var err error
	for range 100 {
		_, err = c.VerifyCallback(t.Context(), body, "AAAA")
	}
	if !vendorhttp.IsRateLimited(err) || count(srv, "callback key") != maxFetches {
		t.Errorf("%v after %d fetches", err, count(srv, "callback key"))
	}
	if _, err := c.VerifyCallback(t.Context(), body, sig); err != nil {
		t.Errorf("a true callback meanwhile: %v", err)
	}
	now = now.Add(time.Minute)
	if _, err := c.VerifyCallback(t.Context(), body, "AAAA"); !errors.Is(err, ErrSignature) {
		t.Errorf("a minute later: %v", err)
	}
}

func TestACallbackThatWasSwitchedOffIsSwitchedOnAgain(t *testing.T) {
	t.Parallel()
	c, srv := start(t)
	srv.Edit(func(st *sandbox.State) { st.Role.GrantExtras() })
	want := Registration{URL: "https://bridge.example.com/hook?recordId=", Type: "ticket", Level: "owner"}
	if _, err := c.EnsureCallback(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	srv.Edit(func(st *sandbox.State) { st.Callbacks[0].Inactive = true })
	if got, err := c.EnsureCallback(t.Context(), want); err != nil || got.Inactive || got.ID != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	srv.View(func(st *sandbox.State) {
		if st.Callbacks[0].Inactive || len(st.Callbacks) != 1 {
			t.Errorf("%+v", st.Callbacks)
		}
	})
}

func TestTheCallbackOfAnotherBoardIsNotTakenForOurs(t *testing.T) {
	t.Parallel()
	c, srv := start(t)
	srv.Edit(func(st *sandbox.State) { st.Role.GrantExtras() })
	board := func(id int) Registration {
		return Registration{URL: "https://bridge.example.com/hook?recordId=", Type: "ticket", Level: "board", ObjectID: id}
	}
	for range 2 { // registered, then found
		for _, id := range []int{desk, backupBoard} {
			if got, err := c.EnsureCallback(t.Context(), board(id)); err != nil || got.ID != id || got.ObjectID != id {
				t.Errorf("board %d: %+v, %v", id, got, err)
			}
		}
	}
	other := board(desk)
	other.ID = 2
	if err := c.DeleteCallback(t.Context(), other); !vendorhttp.IsConflict(err) {
		t.Errorf("the other board's entry: %v", err)
	}
}

func TestOnlyOurOwnCallbackIsDeleted(t *testing.T) {
	t.Parallel()
	c, srv := start(t)
	srv.Edit(func(st *sandbox.State) { st.Role.GrantExtras() })
	ours, err := c.EnsureCallback(t.Context(), Registration{URL: "https://bridge.example.com/hook?recordId=", Type: "ticket", Level: "owner"})
	if err != nil {
		t.Fatal(err)
	}
	srv.Edit(func(st *sandbox.State) { st.Callbacks[0].URL = "https://other.example.com/?id=" })
	if err := c.DeleteCallback(t.Context(), ours); !vendorhttp.IsConflict(err) || count(srv, "delete callback") != 0 {
		t.Errorf("another's callback: %v", err)
	}
	srv.Edit(func(st *sandbox.State) { st.Callbacks[0].URL = ours.URL })
	for range 2 { // the second time it is gone already
		if err := c.DeleteCallback(t.Context(), ours); err != nil {
			t.Error(err)
		}
	}
	if n := count(srv, "delete callback"); n != 1 {
		t.Errorf("sent %d times", n)
	}
	if err := c.DeleteCallback(t.Context(), Registration{}); !vendorhttp.IsInvalid(err) {
		t.Errorf("no id: %v", err)
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
