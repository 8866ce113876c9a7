package itglue_test

import (
	"errors"
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
