package connection_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"uniview-bridge/pkg/connection"
	connectwise "uniview-bridge/pkg/connectwise/sandbox"
	itglue "uniview-bridge/pkg/itglue/sandbox"
	"uniview-bridge/pkg/platform/local"
	"uniview-bridge/pkg/state"
	uniview "uniview-bridge/pkg/uniview/sandbox"
	"uniview-bridge/pkg/vendorhttp"
)

var t0 = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

type rig struct {
	*connection.Keeper
	t     *testing.T
	store *local.Store
	uv    *uniview.Server
	ig    *itglue.Server
	cw    *connectwise.Server
}

// RoundTrip leads requests to the sandboxes by host name.
func (r *rig) RoundTrip(q *http.Request) (*http.Response, error) {
	switch q.URL.Hostname() {
	case "uniview.example":
		return r.uv.Transport().RoundTrip(q)
	case "itglue.example":
		return r.ig.Transport().RoundTrip(q)
	case "psa.example":
		return r.cw.Transport().RoundTrip(q)
	}
	return nil, errors.New("no such host")
}

var good = map[state.Vendor]map[string]string{
	state.UniView: {"clientId": "sandbox", "clientSecret": "sandbox-secret"},
	state.ITGlue:  {"region": "eu", "apiKey": "ITG.secret-key-1"},
	state.ConnectWise: {
		"instanceUrl": "psa.example", "companyId": "demo", "publicKey": connectwise.Defaults.PublicKey,
		"privateKey": connectwise.Defaults.PrivateKey, "clientId": connectwise.Defaults.ClientID,
	},
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, uv: uniview.New(uniview.Options{}), ig: itglue.New(itglue.Options{APIKey: "ITG.secret-key-1"}), cw: connectwise.New(connectwise.Options{})}
	r.cw.Edit(func(st *connectwise.State) { st.AddStandardSetup() })
	var err error
	if r.store, err = local.Open(t.TempDir(), local.Options{NoSync: true}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.store.Close(); err != nil {
			t.Error(err)
		}
	})
	r.Keeper = connection.New(connection.Config{
		Table: r.store, Secrets: r.store.Secrets(), Now: func() time.Time { return t0 }, Log: slog.New(slog.DiscardHandler), Random: func() string { return time.Now().String() },
		UniViewAPI: "https://uniview.example", UniViewToken: "https://uniview.example/connect/token", ITGlueAPI: "https://itglue.example",
		HTTP: &http.Client{Transport: r},
	})
	return r
}

func (r *rig) store1(kind state.Vendor, fields map[string]string) state.Connection {
	r.t.Helper()
	c, err := r.Store(r.t.Context(), kind, fields, "me")
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

func (r *rig) record(kind state.Vendor) state.Connection {
	r.t.Helper()
	c, _, err := state.LoadConnection(r.t.Context(), r.store, kind)
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

func TestAConnectionWithoutCredentialsIsStoppedAndSaysWhatToDo(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	_, err := r.ITGlue(t.Context())
	if !errors.Is(err, state.ErrStopped) || !strings.Contains(err.Error(), "enter its credentials") {
		t.Errorf("error %v", err)
	}
}

func TestCredentialsAreKeptAndTheirSecretsNeverShown(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for kind, fields := range good {
		c := r.store1(kind, fields)
		raw, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{"sandbox-secret", "ITG.secret-key-1", connectwise.Defaults.PrivateKey} {
			if strings.Contains(string(raw), secret) {
				t.Errorf("%s: the record shows a secret: %s", kind, raw)
			}
		}
		result, err := r.Test(t.Context(), kind)
		if err != nil || !result.OK {
			t.Errorf("%s: test %+v, %v", kind, result, err)
		}
	}
}

func TestABlankSecretKeepsTheStoredOneAndABlankFieldDoesNot(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.store1(state.ITGlue, good[state.ITGlue])
	r.store1(state.ITGlue, map[string]string{"region": "us", "apiKey": ""})
	if result, err := r.Test(t.Context(), state.ITGlue); err != nil || !result.OK {
		t.Errorf("the stored key is gone: %+v, %v", result, err)
	}
	for _, c := range []struct {
		field  string
		fields map[string]string
	}{
		{"region", map[string]string{"region": "", "apiKey": "x"}},
		{"region", map[string]string{"region": "mars", "apiKey": "x"}},
		{"surplus", map[string]string{"region": "us", "apiKey": "x", "surplus": "y"}},
	} {
		_, err := r.Store(t.Context(), state.ITGlue, c.fields, "me")
		var input *connection.InputError
		if !errors.As(err, &input) || input.Field != c.field {
			t.Errorf("%v: error %v, want one about %s", c.fields, err, c.field)
		}
	}
}

func TestDeadCredentialsStopTheirConnectionAndReenteringResumes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for kind, fields := range good {
		r.store1(kind, fields)
	}
	session, err := r.ITGlue(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r.ig.Edit(func(st *itglue.State) { st.Revoked = true })
	_, verr := session.Client.ListOrganizations(t.Context())
	if err := session.Fail(t.Context(), verr); !errors.Is(err, state.ErrStopped) {
		t.Fatalf("after a refusal and a refused probe: %v", err)
	}
	c := r.record(state.ITGlue)
	if c.Status != state.ConnectionStopped || c.Reason == "" || c.Fix == "" || c.StoppedVersion != c.Version {
		t.Errorf("record %+v", c)
	}
	if _, err := r.ITGlue(t.Context()); !errors.Is(err, state.ErrStopped) {
		t.Errorf("a stopped connection opened: %v", err)
	}
	if _, err := r.UniView(t.Context()); err != nil {
		t.Errorf("another connection suffers: %v", err)
	}
	r.ig.Edit(func(st *itglue.State) { st.Revoked = false })
	r.store1(state.ITGlue, good[state.ITGlue])
	if _, err := r.ITGlue(t.Context()); err != nil {
		t.Errorf("after entering credentials again: %v", err)
	}
}

func TestARefusalThatTheProbeDoesNotConfirmStopsNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.store1(state.ITGlue, good[state.ITGlue])
	session, err := r.ITGlue(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r.ig.Inject(itglue.Fault{PathPrefix: "/organizations", Kind: itglue.Status, Status: 403, Times: 1})
	_, verr := session.Client.ListOrganizations(t.Context())
	if verr == nil {
		t.Fatal("the fault did nothing")
	}
	if err := session.Fail(t.Context(), verr); errors.Is(err, state.ErrStopped) {
		t.Errorf("one 403 stopped the connection: %v", err)
	}
	if c := r.record(state.ITGlue); c.Status != state.ConnectionOK {
		t.Errorf("record %+v", c)
	}
}

func TestAStopOfOldCredentialsDoesNotTouchNewOnes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.store1(state.ITGlue, good[state.ITGlue])
	old, err := r.ITGlue(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r.ig.Edit(func(st *itglue.State) { st.Revoked = true })
	_, verr := old.Client.ListOrganizations(t.Context())
	r.store1(state.ITGlue, map[string]string{"region": "us", "apiKey": "ITG.new-key"})
	if err := old.Fail(t.Context(), verr); err == nil {
		t.Error("the failure vanished")
	}
	if c := r.record(state.ITGlue); c.Status != state.ConnectionOK {
		t.Errorf("the new credentials were stopped for the old ones' fault: %+v", c)
	}
}

func TestCredentialsChangedInTheSecretStoreAreFound(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	raw, err := json.Marshal(good[state.UniView])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.store.Secrets().Put(t.Context(), "uniview", raw); err != nil {
		t.Fatal(err)
	}
	if _, err := r.UniView(t.Context()); err != nil {
		t.Fatal(err)
	}
	if c := r.record(state.UniView); c.Status != state.ConnectionOK || c.Fields["clientId"] != "sandbox" {
		t.Errorf("record %+v", c)
	}
}

func TestAMissingRightIsNamedByTheTest(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.store1(state.ConnectWise, good[state.ConnectWise])
	r.cw.Edit(func(st *connectwise.State) { st.ClosedTables = []string{"boards", "priorities", "sources"} })
	result, err := r.Test(t.Context(), state.ConnectWise)
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Rights) == 0 {
		t.Errorf("no rights in %+v", result)
	}
	for _, right := range result.Rights {
		if right.Verdict == "" || right.Name == "" {
			t.Errorf("right %+v", right)
		}
	}
}

func TestAnAilingVendorIsShownAndRecovers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.store1(state.UniView, good[state.UniView])
	ctx := context.WithoutCancel(t.Context())
	if err := r.Ailing(ctx, state.UniView, errors.New("503")); err != nil {
		t.Fatal(err)
	}
	if c := r.record(state.UniView); c.Status != state.ConnectionError || c.Fix == "" {
		t.Errorf("record %+v", c)
	}
	if _, err := r.UniView(ctx); err != nil {
		t.Errorf("an ailing connection must still be tried: %v", err)
	}
	if err := r.Healthy(ctx, state.UniView); err != nil {
		t.Fatal(err)
	}
	if c := r.record(state.UniView); c.Status != state.ConnectionOK {
		t.Errorf("record %+v", c)
	}
}

func TestForgettingRemovesTheCredentials(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.store1(state.UniView, good[state.UniView])
	if err := r.Forget(t.Context(), state.UniView, "me"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.UniView(t.Context()); !errors.Is(err, state.ErrStopped) {
		t.Errorf("error %v", err)
	}
	if c := r.record(state.UniView); c.Status != state.NotConfigured || c.Version != "" {
		t.Errorf("record %+v", c)
	}
}

func TestWhatIsWrongWithCredentialsNamesTheFieldInWords(t *testing.T) {
	t.Parallel()
	with := func(kind state.Vendor, name, value string) map[string]string {
		fields := maps.Clone(good[kind])
		fields[name] = value
		return fields
	}
	for name, c := range map[string]struct {
		kind         state.Vendor
		fields       map[string]string
		field, words string
	}{
		"a line break":           {state.UniView, with(state.UniView, "clientSecret", "a\nb"), "clientSecret", "the client secret holds characters"},
		"a NUL in a company":     {state.ConnectWise, with(state.ConnectWise, "companyId", "a\x00b"), "companyId", "the company id holds characters"},
		"an address of nobody":   {state.ConnectWise, with(state.ConnectWise, "instanceUrl", "ftp://psa.example"), "instanceUrl", "the ConnectWise address"},
		"a company with a colon": {state.ConnectWise, with(state.ConnectWise, "companyId", "a:b"), "companyId", "company id"},
		"a key with umlauts":     {state.ITGlue, with(state.ITGlue, "apiKey", "ITG.\u00fc"), "apiKey", "the API key holds"},
		"a blank":                {state.ConnectWise, with(state.ConnectWise, "clientId", " "), "clientId", "the clientId is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			_, err := r.Store(t.Context(), c.kind, c.fields, "me")
			var input *connection.InputError
			if !errors.As(err, &input) || input.Field != c.field || !strings.HasPrefix(input.Message, c.words) && !strings.Contains(input.Message, " "+c.words) {
				t.Errorf("error %#v, want %s: %s", input, c.field, c.words)
			}
			if err := connection.Check(connection.Config{}, c.kind, c.fields); !errors.As(err, &input) || input.Field != c.field {
				t.Errorf("Check says %v", err)
			}
		})
	}
}

func TestCheckStandsOnTheAddressesOfItsConfiguration(t *testing.T) {
	t.Parallel()
	loopback := maps.Clone(good[state.ConnectWise])
	loopback["instanceUrl"] = "http://127.0.0.1:9"
	if err := connection.Check(connection.Config{}, state.ConnectWise, loopback); err == nil {
		t.Error("a PSA on loopback was accepted without AllowInsecure")
	}
	if err := connection.Check(connection.Config{AllowInsecure: true}, state.ConnectWise, loopback); err != nil {
		t.Errorf("with AllowInsecure: %v", err)
	}
	for kind, fields := range good {
		if err := connection.Check(connection.Config{}, kind, fields); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestReasonsArePlainWordsWithoutTheTransportsOwn(t *testing.T) {
	t.Parallel()
	for kind, want := range map[vendorhttp.Kind]string{
		vendorhttp.Network: "No answer", vendorhttp.Unavailable: "fails at the moment (status 503)", vendorhttp.Certificate: "not trusted",
		vendorhttp.Malformed: "does not speak", vendorhttp.RateLimited: "takes no more requests", vendorhttp.Invalid: "refused",
		vendorhttp.NotFound: "no such API", vendorhttp.Incomplete: "read whole",
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.store1(state.UniView, good[state.UniView])
			status := 0
			if kind == vendorhttp.Unavailable {
				status = 503
			}
			cause := vendorhttp.NewError("uniview", "list customers", kind, status, "lookup api.example on 10.0.0.2:53: no such host")
			if err := r.Ailing(t.Context(), state.UniView, fmt.Errorf("read: %w", cause)); err != nil {
				t.Fatal(err)
			}
			c := r.record(state.UniView)
			if !strings.Contains(c.Reason, want) || c.Fix == "" || status == 0 && strings.Contains(c.Reason, "10.0.0.2") {
				t.Errorf("reason %q, fix %q, want %q", c.Reason, c.Fix, want)
			}
		})
	}
}

func TestEnteredCredentialsCountAsWorkingOnlyAfterTheyWorked(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if c := r.store1(state.UniView, good[state.UniView]); c.Status != state.ConnectionOK || !c.LastOK.IsZero() || c.Reason != "Entered, not tested yet" {
		t.Errorf("entered: %+v", c)
	}
	if err := r.Healthy(t.Context(), state.UniView); err != nil {
		t.Fatal(err)
	}
	if c := r.record(state.UniView); c.LastOK.IsZero() || c.Reason != "Answers" {
		t.Errorf("after a read: %+v", c)
	}
	if c := r.store1(state.UniView, good[state.UniView]); !c.LastOK.IsZero() {
		t.Errorf("new credentials count as tried: %+v", c)
	}
	if result, err := r.Test(t.Context(), state.UniView); err != nil || !result.OK {
		t.Fatalf("test %+v, %v", result, err)
	}
	if c := r.record(state.UniView); c.LastOK.IsZero() || c.Reason != "Tested" {
		t.Errorf("after a test: %+v", c)
	}
}

func TestCredentialsThatMakeNoClientSayWhichFieldToLookAt(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if _, err := r.store.Secrets().Put(t.Context(), "connectwise", []byte(`{"instanceUrl":"","companyId":"x"}`)); err != nil {
		t.Fatal(err)
	}
	result, err := r.Test(t.Context(), state.ConnectWise)
	if err != nil || result.OK || !strings.HasPrefix(result.Message, "The ConnectWise address") || !strings.Contains(result.Fix, "instanceUrl") {
		t.Errorf("result %+v, %v", result, err)
	}
	if _, err := r.ConnectWise(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "ConnectWise: the ConnectWise address") || !errors.Is(err, state.ErrStopped) {
		t.Errorf("error %v", err)
	}
}
