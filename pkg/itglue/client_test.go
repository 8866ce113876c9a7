package itglue_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"uniview-bridge/pkg/itglue"
	"uniview-bridge/pkg/itglue/sandbox"
	"uniview-bridge/pkg/vendorhttp"
)

func TestNew(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		cfg  itglue.Config
		want string // part of the error; "" = fine
	}{
		"a known region and a key are enough":           {itglue.Config{Region: "EU", APIKey: "ITG.x"}, ""},
		"an address of one's own replaces the region":   {itglue.Config{APIURL: "http://127.0.0.1:9/", APIKey: "ITG.x"}, ""},
		"an unknown region is refused":                  {itglue.Config{Region: "mars", APIKey: "ITG.x"}, "use us, eu or au"},
		"no region and no address are refused":          {itglue.Config{APIKey: "ITG.x"}, "use us, eu or au"},
		"an address without a scheme is refused":        {itglue.Config{APIURL: "api.itglue.com", APIKey: "ITG.x"}, "must look like"},
		"an address with credentials is refused":        {itglue.Config{APIURL: "https://u:p@api.itglue.com", APIKey: "ITG.x"}, "must look like"},
		"a missing key is refused":                      {itglue.Config{Region: "us", APIKey: "  "}, "key is missing"},
		"a key with a line break inside is refused":     {itglue.Config{Region: "us", APIKey: "ITG.a\nb"}, "copy it again"},
		"a key with blanks around is taken without":     {itglue.Config{Region: "us", APIKey: " ITG.x\n"}, ""},
		"a page size above the maximum is taken as it":  {itglue.Config{Region: "us", APIKey: "ITG.x", PageSize: 5000}, ""},
		"a key that is not ASCII text is refused early": {itglue.Config{Region: "us", APIKey: "ITG.ü"}, "copy it again"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := itglue.New(tt.cfg)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestConfigHidesTheKey(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	cfg := itglue.Config{Region: "us", APIKey: testKey}
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", slog.Any("cfg", cfg))
	fmt.Fprintf(&b, "%v %+v %#v %s", cfg, cfg, cfg, cfg)
	if strings.Contains(b.String(), testKey) {
		t.Errorf("the key shows: %s", b.String())
	}
}

func TestKindsAndRetriesByStatus(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name        string
		fault       sandbox.Fault
		kind        vendorhttp.Kind
		reads       int // requests of a read
		writeKind   vendorhttp.Kind
		uncertain   bool // the write may have happened
		extraProbes int  // reads that a failing write causes
	}{
		{"400 is the request's fault", sandbox.Fault{Status: 400}, vendorhttp.Invalid, 1, vendorhttp.Invalid, false, 0},
		{"401 is the key", sandbox.Fault{Status: 401}, vendorhttp.Auth, 1, vendorhttp.Auth, false, 0},
		{"the gateway's 403 is the key", sandbox.Fault{Status: 403, Body: `{"message":"Forbidden"}`}, vendorhttp.Auth, 1, vendorhttp.Auth, false, 1},
		{"the firewall's 403 is not the key", sandbox.Fault{Status: 403, HTML: true}, vendorhttp.Forbidden, 1, vendorhttp.Forbidden, false, 0},
		{"the application's 403 is not the key", sandbox.Fault{Status: 403, Body: `{"errors":[{"status":403,"title":"Forbidden"}]}`}, vendorhttp.Forbidden, 1, vendorhttp.Forbidden, false, 0},
		{"404 is not there", sandbox.Fault{Status: 404}, vendorhttp.NotFound, 1, vendorhttp.NotFound, false, 0},
		{"415 is the request's fault", sandbox.Fault{Status: 415}, vendorhttp.Invalid, 1, vendorhttp.Invalid, false, 0},
		{"422 is the request's fault", sandbox.Fault{Status: 422}, vendorhttp.Invalid, 1, vendorhttp.Invalid, false, 0},
		{"429 is the rate limit", sandbox.Fault{Status: 429}, vendorhttp.RateLimited, 5, vendorhttp.RateLimited, false, 0},
		{"500 is the server", sandbox.Fault{Status: 500, HTML: true}, vendorhttp.Unavailable, 5, vendorhttp.Unavailable, true, 0},
		{"502 is the server", sandbox.Fault{Status: 502, HTML: true}, vendorhttp.Unavailable, 5, vendorhttp.Unavailable, true, 0},
		{"503 is the server", sandbox.Fault{Status: 503, HTML: true}, vendorhttp.Unavailable, 5, vendorhttp.Unavailable, true, 0},
		{"504 is the server", sandbox.Fault{Status: 504}, vendorhttp.Unavailable, 5, vendorhttp.Unavailable, true, 0},
		{"302 is not followed", sandbox.Fault{Status: 302, Header: http.Header{"Location": {"https://evil.example/"}}}, vendorhttp.Invalid, 1, vendorhttp.Invalid, false, 0},
		{"a lost connection is the network", sandbox.Fault{Kind: sandbox.ResetBefore}, vendorhttp.Network, 5, vendorhttp.Network, true, 0},
		{"a lost answer is the network", sandbox.Fault{Kind: sandbox.ResetAfter}, vendorhttp.Network, 5, vendorhttp.Network, true, 0},
		{"a cut answer is the network", sandbox.Fault{Kind: sandbox.Truncate}, vendorhttp.Network, 5, vendorhttp.Network, true, 0},
		{"an answer that is not JSON is malformed", sandbox.Fault{Status: 200, HTML: true}, vendorhttp.Malformed, 1, vendorhttp.Malformed, true, 0},
		{"an answer without data is malformed", sandbox.Fault{Status: 200, Body: `{"meta":{}}`}, vendorhttp.Malformed, 1, vendorhttp.Malformed, true, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.fault.Kind == "" {
				tt.fault.Kind = sandbox.Status
			}
			w := newWorld(t, sandbox.Options{})
			w.Inject(tt.fault)
			_, err := w.c.GetOrganization(t.Context(), w.orgID)
			if kindOf(err) != tt.kind || len(w.Requests()) != tt.reads {
				t.Errorf("read: got kind %q after %d requests (%v), want %q after %d", kindOf(err), len(w.Requests()), err, tt.kind, tt.reads)
			}
			noSecret(t, err)
			w.ResetRequests()
			_, err = w.c.UpdateOrganizationAlert(t.Context(), w.orgID, "x")
			if kindOf(err) != tt.writeKind || vendorhttp.IsUncertain(err) != tt.uncertain {
				t.Errorf("write: got kind %q, uncertain %v (%v), want %q, %v", kindOf(err), vendorhttp.IsUncertain(err), err, tt.writeKind, tt.uncertain)
			}
			if n := len(w.Requests()); n != 1+tt.extraProbes {
				t.Errorf("write: %d requests, want one and %d probes: a write is never repeated", n, tt.extraProbes)
			}
			noSecret(t, err)
		})
	}
}

func noSecret(t *testing.T, err error) {
	t.Helper()
	for _, text := range []string{fmt.Sprint(err), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err)} {
		if strings.Contains(text, testKey) || strings.Contains(text, "secret") {
			t.Errorf("the error shows the key: %s", text)
		}
	}
}

func TestAnEchoedKeyStaysOutOfErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{})
	w.Inject(sandbox.Fault{Kind: sandbox.Status, Status: 422, Body: `{"errors":[{"title":"bad key ` + testKey + `"}]}`})
	_, err := w.c.ListOrganizations(t.Context())
	if !vendorhttp.IsInvalid(err) {
		t.Fatal(err)
	}
	noSecret(t, err)
}

func TestAGatewayRefusalOfAWriteIsSettledByAProbe(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{})
	w.Inject(sandbox.Fault{Kind: sandbox.Status, Method: http.MethodPatch, Status: 403, Body: `{"message":"Forbidden"}`})
	if _, err := w.c.UpdateOrganizationAlert(t.Context(), w.orgID, "x"); !vendorhttp.IsForbidden(err) {
		t.Errorf("the key works, so it was the content: got %v", err)
	}
	w.Edit(func(s *sandbox.State) { s.Revoked = true })
	if _, err := w.c.UpdateOrganizationAlert(t.Context(), w.orgID, "x"); !vendorhttp.IsAuth(err) {
		t.Errorf("the key is revoked: got %v", err)
	}
}

func TestConnectionProbe(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{})
	if err := w.c.Test(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := w.client(t, "ITG.wrong").Test(t.Context()); !vendorhttp.IsAuth(err) {
		t.Errorf("a wrong key: got %v", err)
	}
	w.Inject(sandbox.Fault{Kind: sandbox.Revoke, Times: 1})
	if err := w.c.Test(t.Context()); !vendorhttp.IsAuth(err) {
		t.Errorf("a revoked key: got %v", err)
	}
}

func TestTheDefaultLimiterStaysInsideTheAllowance(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{})
	start := w.clock.Now()
	for range 600 {
		if err := w.c.Test(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if took := w.clock.Now().Sub(start); took < 70*time.Second || took > 80*time.Second {
		t.Errorf("600 requests took %v, want about 8 a second", took)
	}
	if most := itglue.NewLimiter(0.8, nil, nil).Budget(); most != 2400 {
		t.Errorf("%d requests in a window", most)
	}
}

func TestNoDeleteAndNoFilterOnAWrite(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{})
	everyOperation(t, w)
	writes := 0
	for _, r := range w.rec.sent {
		switch r.Method {
		case http.MethodGet:
		case http.MethodPost, http.MethodPatch:
			writes++
			if len(r.Query) > 0 {
				t.Errorf("%s %s has parameters: %v", r.Method, r.Path, r.Query)
			}
			if got := r.Header.Get("Content-Type"); got != "application/vnd.api+json" {
				t.Errorf("%s %s is sent as %q", r.Method, r.Path, got)
			}
		default:
			t.Errorf("%s %s", r.Method, r.Path)
		}
	}
	if writes < 8 {
		t.Errorf("only %d writes were seen", writes)
	}
}

func TestIDsThatAreNotNumbersAreNeverSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{})
	bad := "1/../../organizations?filter[id]=1"
	ctx := t.Context()
	calls := map[string]func() error{
		"get organization":  func() error { _, err := w.c.GetOrganization(ctx, bad); return err },
		"get configuration": func() error { _, err := w.c.GetConfiguration(ctx, bad); return err },
		"get asset":         func() error { _, err := w.c.GetFlexibleAsset(ctx, ""); return err },
		"list configurations": func() error {
			_, err := w.c.ListConfigurations(ctx, itglue.ConfigurationQuery{OrganizationID: bad})
			return err
		},
		"list one configuration": func() error { _, err := w.c.ListConfigurations(ctx, itglue.ConfigurationQuery{ID: bad}); return err },
		"list assets":            func() error { _, err := w.c.ListFlexibleAssets(ctx, itglue.FlexibleAssetQuery{}); return err },
		"update alert":           func() error { _, err := w.c.UpdateOrganizationAlert(ctx, bad, "x"); return err },
		"update notes":           func() error { _, err := w.c.UpdateConfigurationNotes(ctx, bad, "x"); return err },
		"create configuration": func() error {
			_, err := w.c.CreateConfiguration(ctx, bad, itglue.ConfigurationWrite{Name: "x", TypeID: "1"})
			return err
		},
		"create assets": func() error { _, err := w.c.CreateFlexibleAssets(ctx, bad, nil); return err },
		"update assets": func() error {
			res, err := w.c.UpdateFlexibleAssets(ctx, []itglue.FlexibleAssetWrite{{ID: bad}})
			return errors.Join(err, res[0].Err)
		},
	}
	for name, call := range calls {
		if err := call(); !vendorhttp.IsInvalid(err) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if diff := cmp.Diff([]sandbox.Logged(nil), w.Requests()); diff != "" {
		t.Errorf("requests were sent:\n%s", diff)
	}
}
