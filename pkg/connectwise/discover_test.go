package connectwise

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"uniview-bridge/pkg/connectwise/sandbox"
	"uniview-bridge/pkg/vendorhttp"
)

func TestConnectionTestCallsCompanyInfoThenSystemInfo(t *testing.T) {
	t.Parallel()
	c, srv := start(t)
	if err := c.Test(t.Context()); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range srv.Requests() {
		got = append(got, l.Op)
	}
	if diff := cmp.Diff([]string{"companyinfo", "system info"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestTheGatewayDoesNotKnowTheAlias(t *testing.T) {
	t.Parallel()
	c, srv := start(t)
	srv.Edit(func(st *sandbox.State) { st.NoAlias = true; st.SiteURL = "api-na.myconnectwise.net" })
	if _, err := c.CreateTicket(t.Context(), TicketWrite{Summary: "x", CompanyID: 19001}); err != nil {
		t.Fatalf("the discovered code base was not used: %v", err)
	}
	srv.View(func(st *sandbox.State) {
		if len(st.Tickets) != 1 {
			t.Errorf("%d tickets", len(st.Tickets))
		}
	})
	srv.ResetRequests()
	if _, err := c.ListBoards(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := count(srv, "companyinfo"); n != 0 {
		t.Error("the code base was discovered again")
	}
	// The cloud moves to the next release: the old code base answers 404.
	srv.Edit(func(st *sandbox.State) {
		st.OldCodebases = append(st.OldCodebases, st.Codebase)
		st.Codebase = "v2025_2"
	})
	c.checked = time.Time{} // a while later
	if _, err := c.ListBoards(t.Context()); err != nil {
		t.Errorf("after the release moved: %v", err)
	}
}

func TestAMissingRecordIsNotTakenForAWrongCodeBase(t *testing.T) {
	t.Parallel()
	c, srv := start(t)
	if _, err := c.GetTicket(t.Context(), 5); !vendorhttp.IsNotFound(err) {
		t.Errorf("got %v", err)
	}
	if count(srv, "companyinfo") != 0 {
		t.Error("companyinfo was asked for a missing record")
	}
}

func TestARouteThatStaysUnknownIsAskedForOnlyOnceAMinute(t *testing.T) {
	t.Parallel()
	c, srv := start(t)
	srv.Inject(sandbox.Fault{Op: "list boards", Kind: sandbox.StatusFault, Status: 404, HTML: true})
	for range 5 {
		// Not "not found": nothing may be concluded from it.
		if _, err := c.ListBoards(t.Context()); vendorhttp.KindOf(err) != vendorhttp.Unavailable {
			t.Fatalf("got %v", err)
		}
	}
	if n := count(srv, "companyinfo"); n != 1 {
		t.Errorf("companyinfo asked %d times", n)
	}
}

func TestCompanyInfoCannotSendCredentialsElsewhere(t *testing.T) {
	t.Parallel()
	var hosts []string
	_, srv := start(t)
	srv.Edit(func(st *sandbox.State) { st.NoAlias = true; st.SiteURL = "evil.example.com" })
	inner := srv.Transport()
	cfg := config(roundTrip(func(r *http.Request) (*http.Response, error) {
		hosts = append(hosts, r.URL.Host)
		return inner.RoundTrip(r)
	}))
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.ListBoards(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, h := range hosts {
		if h != "na.myconnectwise.net" && h != "api-na.myconnectwise.net" {
			t.Errorf("called %s", h)
		}
	}
}

func TestSomeServersAnswer404ForAnUnknownCompany(t *testing.T) {
	t.Parallel()
	c, srv := start(t, func(c *Config) { c.CompanyID = "other" })
	srv.Edit(func(st *sandbox.State) { st.Unknown404 = true })
	var e *vendorhttp.Error
	if _, err := c.Discover(t.Context()); !errors.As(err, &e) || e.Code != CodeUnknownCompany || e.Kind != vendorhttp.Auth {
		t.Errorf("%v", err)
	}
}

func FuzzCompanyInfo(f *testing.F) {
	f.Add([]byte(`{"CompanyName":"ConnectWise","Codebase":"v2017_3/","VersionCode":"v2017.3","VersionNumber":"v4.6.38842","CompanyID":"CW","IsCloud":"True","SiteUrl":"api-na.myconnectwise.net"}`))
	f.Add([]byte(`null`))
	f.Add([]byte(`{"Codebase":"../../x/","IsCloud":true}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		c, err := New(config(roundTrip(func(*http.Request) (*http.Response, error) { return reply(200, "application/json", string(body)), nil })))
		if err != nil {
			t.Fatal(err)
		}
		info, err := c.Discover(t.Context())
		if err == nil && !codebasePattern.MatchString(info.Codebase) {
			t.Fatalf("%q gave %+v", body, info)
		}
		if host := c.apiHost(info.SiteURL); host != "" && !strings.HasSuffix(host, ".myconnectwise.net") && !strings.HasSuffix(host, ".connectwisedev.com") {
			t.Fatalf("%q leads to %s", body, host)
		}
	})
}

func TestTicketAddressesForPeople(t *testing.T) {
	t.Parallel()
	c, _ := start(t, func(c *Config) {
		c.InstanceURL = "https://api-na.myconnectwise.net/v4_6_release/apis/3.0"
		c.CompanyID = "a & b"
	})
	want := "https://na.myconnectwise.net/v4_6_release/services/system_io/Service/fv_sr100_request.rails?service_recid=42&companyName=a+%26+b"
	if got := c.TicketURL(42); got != want {
		t.Errorf("got %s", got)
	}
}
