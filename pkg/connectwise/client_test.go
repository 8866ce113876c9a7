package connectwise

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"uniview-bridge/pkg/connectwise/sandbox"
	"uniview-bridge/pkg/vendorhttp"
)

// config is a client configuration for a simulator in process; its limiter runs
// in a time of its own, so that nothing waits.
func config(rt http.RoundTripper) Config {
	var mu sync.Mutex
	now := time.Unix(1e9, 0)
	limit := vendorhttp.NewLimiter(vendorhttp.LimiterOptions{
		PerWindow: 1000, Window: time.Minute,
		Now: func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			return now
		},
		Sleep: func(_ context.Context, d time.Duration) error {
			mu.Lock()
			defer mu.Unlock()
			now = now.Add(d)
			return nil
		},
	})
	return Config{
		InstanceURL: "na.myconnectwise.net", CompanyID: sandbox.Defaults.CompanyID, PublicKey: sandbox.Defaults.PublicKey,
		PrivateKey: sandbox.Defaults.PrivateKey, ClientID: sandbox.Defaults.ClientID,
		HTTP: &http.Client{Transport: rt}, Limit: limit,
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
		Rand:  func() float64 { return 0 },
	}
}

// start gives a client and the simulated MSP it talks to.
func start(t *testing.T, change ...func(*Config)) (*Client, *sandbox.Server) {
	t.Helper()
	srv := sandbox.New(sandbox.Options{Now: func() time.Time { return time.Date(2026, 3, 4, 5, 6, 7, 890, time.UTC) }})
	srv.Edit(func(st *sandbox.State) { st.AddStandardSetup() })
	cfg := config(srv.Transport())
	for _, f := range change {
		f(&cfg)
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c, srv
}

// roundTrip is a vendor made of one function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func reply(status int, contentType, body string, header ...string) *http.Response {
	w := httptest.NewRecorder()
	w.Header().Set("Content-Type", contentType)
	for i := 0; i+1 < len(header); i += 2 {
		w.Header().Set(header[i], header[i+1])
	}
	w.WriteHeader(status)
	_, _ = w.WriteString(body)
	return w.Result()
}

func fixed(t *testing.T, status int, contentType, body string, header ...string) *Client {
	t.Helper()
	c, err := New(config(roundTrip(func(*http.Request) (*http.Response, error) { return reply(status, contentType, body, header...), nil })))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func count(srv *sandbox.Server, op string) (n int) {
	for _, l := range srv.Requests() {
		if l.Op == op {
			n++
		}
	}
	return n
}

func TestCredentialsThatAreRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*Config)
		kind   vendorhttp.Kind
		code   string
	}{
		{"a wrong private key is an authentication error", func(c *Config) { c.PrivateKey = "another" }, vendorhttp.Auth, "Unauthorized"},
		{"a wrong public key is an authentication error", func(c *Config) { c.PublicKey = "another" }, vendorhttp.Auth, "Unauthorized"},
		{"an unknown company is an authentication error with its own code", func(c *Config) { c.CompanyID = "Demo" }, vendorhttp.Auth, CodeUnknownCompany},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, _ := start(t, tt.change)
			err := c.Test(t.Context())
			var e *vendorhttp.Error
			if !errors.As(err, &e) || e.Kind != tt.kind || e.Code != tt.code {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAnyWhiteSpaceAroundPastedKeysIsIgnored(t *testing.T) {
	t.Parallel()
	c, _ := start(t, func(c *Config) {
		c.PrivateKey, c.PublicKey, c.CompanyID, c.ClientID = " "+c.PrivateKey+"\n", c.PublicKey+"\t", " "+c.CompanyID, c.ClientID+" "
	})
	if err := c.Test(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestConfigurationsThatNewRefuses(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Config){
		"no address":                 func(c *Config) { c.InstanceURL = "" },
		"no company":                 func(c *Config) { c.CompanyID = "  " },
		"no clientId":                func(c *Config) { c.ClientID = "" },
		"no private key":             func(c *Config) { c.PrivateKey = "" },
		"a colon in the company":     func(c *Config) { c.CompanyID = "a:b" },
		"a line break inside a key":  func(c *Config) { c.PrivateKey = "a\nb" },
		"an unreadable version":      func(c *Config) { c.APIVersion = "latest" },
		"this machine as the host":   func(c *Config) { c.InstanceURL = "http://127.0.0.1:8080" },
		"localhost as the host":      func(c *Config) { c.InstanceURL = "localhost" },
		"credentials in the address": func(c *Config) { c.InstanceURL = "https://a:b@na.myconnectwise.net" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := config(nil)
			change(&cfg)
			if _, err := New(cfg); err == nil {
				t.Error("accepted")
			}
		})
	}
}

func TestEveryCallCarriesTheClientIDAndPinsTheVersion(t *testing.T) {
	t.Parallel()
	var got []string
	cfg := config(roundTrip(func(r *http.Request) (*http.Response, error) {
		got = []string{r.Header.Get("clientId"), r.Header.Get("Accept"), r.URL.String()}
		return reply(200, "application/json", "[]"), nil
	}))
	cfg.APIVersion = "2025.1"
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.ListTickets(t.Context(), TicketQuery{XRefPrefix: "uv-", OpenOnly: true}); err != nil {
		t.Fatal(err)
	}
	want := []string{
		sandbox.Defaults.ClientID, "application/vnd.connectwise.com+json; version=2025.1",
		"https://api-na.myconnectwise.net/v4_6_release/apis/3.0/service/tickets?conditions=%28externalXRef%20like%20%22uv-%25%22%20and%20closedFlag%3Dfalse%29" +
			"&fields=" + strings.ReplaceAll(membersOf(reflect.TypeFor[wireTicket]()), ",", "%2C") + "&pageSize=1000",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestRequestedFieldsAreThoseThatAreRead(t *testing.T) {
	t.Parallel()
	for want, typ := range map[string]reflect.Type{
		"id,identifier,name,deletedFlag,status,types,_info":                                                reflect.TypeFor[wireCompany](),
		"id,name,sortOrder,inactive,closedStatus,defaultFlag,escalationStatus":                             reflect.TypeFor[Status](),
		"id,url,description,type,level,objectId,inactiveFlag,isSelfSuppressedFlag":                         reflect.TypeFor[Registration](),
		"id,ticketId,text,detailDescriptionFlag,internalAnalysisFlag,resolutionFlag,createdBy,dateCreated": reflect.TypeFor[wireNote](),
	} {
		if got := membersOf(typ); got != want {
			t.Errorf("%s: %s", typ, got)
		}
	}
}

func TestSelfHostedOverARealConnection(t *testing.T) {
	t.Parallel()
	srv := sandbox.New(sandbox.Options{})
	srv.Edit(func(st *sandbox.State) { st.AddStandardSetup(); st.Cloud = false; st.Codebase = "v4_6_release" })
	web := httptest.NewServer(srv)
	defer web.Close()
	cfg := config(nil)
	cfg.HTTP, cfg.InstanceURL, cfg.AllowInsecure, cfg.PageSize = nil, web.URL+"/v4_6_release/apis/3.0", true, 2
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Test(t.Context()); err != nil {
		t.Fatal(err)
	}
	if p, err := c.ListPriorities(t.Context()); err != nil || len(p) != 4 {
		t.Errorf("%d priorities, %v", len(p), err)
	}
	srv.Inject(sandbox.Fault{Op: "list priorities", Kind: sandbox.Truncate, Times: 1})
	srv.Inject(sandbox.Fault{Op: "list priorities", Kind: sandbox.ResetBefore, Times: 1, Skip: 1})
	if p, err := c.ListPriorities(t.Context()); err != nil || len(p) != 4 {
		t.Errorf("after a cut and a reset: %d priorities, %v", len(p), err)
	}
	srv.Inject(sandbox.Fault{Op: "create ticket", Kind: sandbox.ResetAfter, Times: 1})
	if _, err := c.CreateTicket(t.Context(), TicketWrite{Summary: "x", CompanyID: 19001, ExternalXRef: "uv-1"}); !vendorhttp.IsUncertain(err) {
		t.Errorf("a lost answer: %v", err)
	}
	if found, err := c.FindTickets(t.Context(), "uv-1"); err != nil || len(found) != 1 {
		t.Errorf("found %d, %v", len(found), err)
	}
}

func TestPrivateAddressesAreNeverDialled(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"https://10.1.2.3", "https://192.168.1.1:8443", "https://169.254.169.254", "https://[fd00::1]"} {
		cfg := config(nil)
		cfg.HTTP, cfg.InstanceURL, cfg.AllowInsecure = nil, host, true
		c, err := New(cfg)
		if err != nil {
			continue
		}
		if err := c.Test(t.Context()); !vendorhttp.IsInvalid(err) || !strings.Contains(err.Error(), "not a public address") {
			t.Errorf("%s: %v", host, err)
		}
	}
}

func TestConcurrentUsersTogetherStayInsideTheRequestWindow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := sandbox.New(sandbox.Options{})
		srv.Edit(func(st *sandbox.State) { st.AddStandardSetup() })
		cfg := config(srv.Transport())
		cfg.Limit, cfg.Sleep = nil, nil // the defaults, in virtual time
		c, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		const workers = 8
		each := 300
		if testing.Short() {
			each = 125
		}
		done := make(chan error)
		for range workers {
			go func() {
				for range each {
					if _, err := c.SystemInfo(context.Background()); err != nil {
						done <- err
						return
					}
				}
				done <- nil
			}()
		}
		for range workers {
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		}
		log := srv.Requests()
		if len(log) != workers*each {
			t.Fatalf("%d requests", len(log))
		}
		for i := 800; i < len(log); i++ {
			if d := log[i].Time.Sub(log[i-800].Time); d < time.Minute {
				t.Fatalf("801 requests within %s", d)
			}
		}
	})
}

func TestOnlyThePortOfTheAddressIsCalled(t *testing.T) {
	t.Parallel()
	for address, want := range map[string][]string{"na": nil, "https://cw.example.com:443": nil, "https://cw.example.com:8443": {"8443"}, "https://[2606:4700::1]:8443": {"8443"}} {
		a, err := ParseAddress(address, false)
		if got := portsOf(a); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v", address, got, err)
		}
	}
}
