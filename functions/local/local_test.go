package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"uniview-bridge/pkg/bridge"
	"uniview-bridge/pkg/plan"
	"uniview-bridge/pkg/platform/local"
	"uniview-bridge/pkg/state"
)

func env(vars map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) { v, ok := vars[name]; return v, ok }
}

func TestConfigurationSaysEverythingThatIsWrong(t *testing.T) {
	t.Parallel()
	_, err := fromEnv(env(map[string]string{
		"BRIDGE_ADDR": "0.0.0.0:80", "BRIDGE_SANDBOX": "maybe", "BRIDGE_MODE": "wild", "BRIDGE_API_TOKEN": "short",
		"BRIDGE_ALERTS_EVERY": "soon", "BRIDGE_DOCUMENTATION_EVERY": "0s",
	}))
	for _, name := range []string{"BRIDGE_ADDR", "BRIDGE_SANDBOX", "BRIDGE_MODE", "BRIDGE_API_TOKEN", "BRIDGE_ALERTS_EVERY", "BRIDGE_DOCUMENTATION_EVERY"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("error %v does not name %s", err, name)
		}
	}
}

func TestDefaultsAreATrialOnLoopback(t *testing.T) {
	t.Parallel()
	c, err := fromEnv(env(nil))
	if err != nil {
		t.Fatal(err)
	}
	if c.addr != "127.0.0.1:8080" || !c.sandbox || c.mode != "" || c.alertsEvery != 5*time.Minute || c.documentationEvery != time.Hour {
		t.Errorf("defaults %+v", c)
	}
}

func TestTheOtherClockIsTheBridgesTime(t *testing.T) {
	t.Parallel()
	other := time.Date(2031, 5, 6, 7, 8, 9, 0, time.UTC)
	server := httptest.NewServer(serveClock(func() time.Time { return other }))
	defer server.Close()
	c, err := newClock(t.Context(), server.URL)
	if err != nil {
		t.Fatal(err)
	}
	if d := c.Now().Sub(other); d < 0 || d > 10*time.Second {
		t.Errorf("clock is %v off", d)
	}
	// Time goes on from the last answer when the clock is away.
	server.Close()
	if d := c.Now().Sub(other); d < 0 || d > 20*time.Second {
		t.Errorf("clock is %v off after its server went away", d)
	}
}

func TestAnAddressThatIsNoClockIsRefusedAtStart(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	if _, err := newClock(t.Context(), server.URL); err == nil || !strings.Contains(err.Error(), "BRIDGE_CLOCK_URL") || !strings.Contains(err.Error(), "unset the variable") {
		t.Errorf("error %v", err)
	}
}

// trialOf is a trial's connections over a folder, with what ended the trial.
func trialOf(t *testing.T, c config) (tc *trialConnections, ended *error) {
	t.Helper()
	ended = new(error)
	return &trialConnections{
		data: c.data, own: c.bridge, now: time.Now, log: slog.New(slog.DiscardHandler), end: func(err error) { *ended = err },
	}, ended
}

// opened is the real store of a folder.
func opened(t *testing.T, c config) *local.Store {
	t.Helper()
	store, err := local.Open(c.data, local.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

func TestStoredCredentialsEndTheTrialForGood(t *testing.T) {
	t.Parallel()
	c := config{data: t.TempDir(), sandbox: true}
	if trial, err := isTrial(t.Context(), c); err != nil || !trial {
		t.Fatalf("a fresh folder is no trial: %v", err)
	}
	tc, ended := trialOf(t, c)
	for name, wrong := range map[string]map[string]string{"half": {"clientId": "x"}, "with a line break": {"clientId": "x", "clientSecret": "a\nb"}} {
		if _, err := tc.Store(t.Context(), state.UniView, wrong, "me"); err == nil || *ended != nil {
			t.Fatalf("credentials %s ended the trial: %v", name, err)
		}
	}
	if trial, err := isTrial(t.Context(), c); err != nil || !trial {
		t.Fatalf("refused credentials ended the trial: %v", err)
	}
	kept, err := tc.Store(t.Context(), state.UniView, map[string]string{"clientId": "x", "clientSecret": "y"}, "me")
	if err != nil {
		t.Fatal(err)
	}
	if kept.Kind != state.UniView || kept.Version == "" || kept.Fields["clientId"] != "x" || !strings.Contains(kept.Reason, "the trial ends here") {
		t.Errorf("answered %+v", kept)
	}
	if !errors.Is(*ended, errRealVendors) {
		t.Errorf("the trial goes on: %v", *ended)
	}
	store := opened(t, c)
	if s, err := store.Secrets().Get(t.Context(), "uniview"); err != nil || !strings.Contains(string(s.Value), `"clientSecret":"y"`) {
		t.Errorf("the credentials were not kept: %v", err)
	}
	if got := audited(t, store); !slices.Contains(got, "me: enter credentials connection uniview") {
		t.Errorf("the audit trail of the real store holds %q", got)
	}

	// Without any credentials it is no trial again, either.
	if _, err := store.Secrets().Put(t.Context(), "uniview", []byte("{}")); err != nil {
		t.Fatal(err)
	}
	if trial, err := isTrial(t.Context(), c); err != nil || trial {
		t.Errorf("a folder with a real store is a trial again: %v", err)
	}
}

func audited(t *testing.T, store *local.Store) (all []string) {
	t.Helper()
	list, err := state.Audits(t.Context(), store, "", 20)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range list {
		all = append(all, a.By+": "+a.Action+" "+a.Subject)
	}
	return all
}

func TestCredentialsEnteredInATrialAreCheckedForTheRealVendors(t *testing.T) {
	t.Parallel()
	psa := map[string]string{"instanceUrl": "http://127.0.0.1:9999", "companyId": "a", "publicKey": "b", "privateKey": "c", "clientId": "d"}
	for _, insecure := range []bool{false, true} {
		c := config{data: t.TempDir(), sandbox: true}
		c.bridge.AllowInsecure = insecure
		tc, ended := trialOf(t, c)
		if _, err := tc.Store(t.Context(), state.ConnectWise, psa, "me"); (err == nil) != insecure || errors.Is(*ended, errRealVendors) != insecure {
			t.Errorf("plain http to loopback, allowed: %v: error %v, ended by %v", insecure, err, *ended)
		}
	}
}

func bridgeOn(t *testing.T, store *local.Store) *bridge.Bridge {
	t.Helper()
	b, err := bridge.New(t.Context(), bridge.Platform{
		Table: store, Sender: store, Letters: store, Secrets: store.Secrets(), Now: time.Now, Out: io.Discard,
	}, bridge.Config{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestTheEnvironmentsModeCountsForAFirstStartOnly(t *testing.T) {
	t.Parallel()
	modes := func(store *local.Store) state.Modes {
		m, err := state.LoadModes(t.Context(), store)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	live := state.Modes{Documentation: state.Live, Ticketing: state.Live}
	preview := state.Modes{Documentation: state.Preview, Ticketing: state.Preview}
	for name, c := range map[string]struct {
		starts []state.Mode
		want   state.Modes
	}{
		"nothing said is preview":         {[]state.Mode{""}, preview},
		"live at the first start":         {[]state.Mode{state.Live}, live},
		"live at a later start":           {[]state.Mode{"", state.Live}, preview},
		"preview, then live, was preview": {[]state.Mode{state.Preview, state.Live}, preview},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := opened(t, config{data: t.TempDir()})
			b := bridgeOn(t, store)
			for _, mode := range c.starts {
				if err := adopt(t.Context(), b, mode); err != nil {
					t.Fatal(err)
				}
			}
			if got := modes(store); got != c.want {
				t.Errorf("modes %+v, want %+v", got, c.want)
			}
			if got := audited(t, store); len(got) != 2 {
				t.Errorf("the choice stands in the audit trail as %q", got)
			}
		})
	}
}

func TestALiveTrialLeavesRealVendorsInPreview(t *testing.T) {
	t.Parallel()
	c := config{data: t.TempDir(), sandbox: true, mode: state.Live}
	tc, _ := trialOf(t, c)
	if _, err := tc.Store(t.Context(), state.UniView, map[string]string{"clientId": "x", "clientSecret": "y"}, "me"); err != nil {
		t.Fatal(err)
	}
	store := opened(t, c)
	if err := adopt(t.Context(), bridgeOn(t, store), c.mode); err != nil { // as a process started anew does
		t.Fatal(err)
	}
	if m, err := state.LoadModes(t.Context(), store); err != nil || m.Documentation != state.Preview || m.Ticketing != state.Preview {
		t.Errorf("real vendors are %+v after a live trial (%v)", m, err)
	}
}

func TestNothingIsSyncedBeforeUniViewIsConfigured(t *testing.T) {
	t.Parallel()
	for _, enter := range []bool{false, true} {
		store := opened(t, config{data: t.TempDir()})
		b := bridgeOn(t, store)
		if enter {
			if _, err := store.Secrets().Put(t.Context(), "uniview", []byte(`{"clientId":"x","clientSecret":"y"}`)); err != nil {
				t.Fatal(err)
			}
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			ended <- schedule(ctx, config{documentationEvery: time.Hour, alertsEvery: time.Hour}, b, slog.New(slog.DiscardHandler))
		}()
		// Only the case with a run has something to wait for.
		runs := 0
		for end := time.Now().Add(5 * time.Second); enter && runs == 0 && time.Now().Before(end); {
			list, err := state.Runs(t.Context(), store, "", 5)
			if err != nil {
				t.Fatal(err)
			}
			runs = len(list)
		}
		if ready, err := configured(t.Context(), b); err != nil || ready != enter {
			t.Errorf("configured %v, %v; credentials entered: %v", ready, err, enter)
		}
		stop()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if list, err := state.Runs(t.Context(), store, "", 5); err != nil || (len(list) > 0) != enter {
			t.Errorf("credentials entered: %v, runs at the start: %d (%v)", enter, len(list), err)
		}
	}
}

func TestTheNextStepsLeadToTheConsole(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	(&printer{out: &out}).nextSteps("http://127.0.0.1:8080")
	if !strings.Contains(out.String(), "http://127.0.0.1:8080/start") {
		t.Errorf("the steps do not say where to begin:\n%s", out.String())
	}
}

func TestAPreviewIsPrintedAsOne(t *testing.T) {
	t.Parallel()
	run := state.Run{Scope: state.ScopeAll, Reason: "all customers are up to date", Messages: 3, Preview: []state.Vendor{state.ConnectWise}}
	if got := reason(run); got != "all customers are up to date (planned only: preview for ConnectWise)" {
		t.Errorf("reason %q", got)
	}
	if planned(run, plan.Ticket) != "planned only (preview)" || planned(run, plan.FlexibleAsset) != "planned" {
		t.Errorf("tickets are %q, assets %q", planned(run, plan.Ticket), planned(run, plan.FlexibleAsset))
	}
	if got := done(run, state.Progress{Reported: 1}); got != "all sync: 1 of 3 customer jobs done" {
		t.Errorf("progress %q", got)
	}
	if got := done(run, state.Progress{Reported: 1, Changed: map[string]int{"create ticket": 2}}); !strings.HasSuffix(got, " done (create ticket 2)") {
		t.Errorf("progress %q", got)
	}
}

func TestASlowScheduleHoldsBackNoOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		var alerts, documentation atomic.Int64
		go tick(ctx, time.Minute, func() { alerts.Add(1) })
		go tick(ctx, 2*time.Minute, func() { documentation.Add(1); <-ctx.Done() })
		time.Sleep(30*time.Minute + time.Second)
		if alerts.Load() != 30 || documentation.Load() != 1 {
			t.Errorf("%d alert syncs and %d documentation syncs in half an hour", alerts.Load(), documentation.Load())
		}
		stop()
	})
}

func TestAHangingClockIsLeftAloneAndHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	other := time.Date(2031, 5, 6, 7, 8, 9, 0, time.UTC)
	var hang, asked atomic.Int64
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if hang.Load() == 1 {
			select {
			case <-release:
			case <-r.Context().Done():
			}
			return
		}
		serveClock(func() time.Time { return other })(w, r)
	}))
	defer server.Close()
	defer close(release)
	c, err := newClock(t.Context(), server.URL)
	if err != nil {
		t.Fatal(err)
	}
	c.http.Timeout = 300 * time.Millisecond
	hang.Store(1)
	c.mu.Lock()
	c.read = c.read.Add(-time.Minute) // the last reading is old
	c.mu.Unlock()
	waiting := make(chan struct{})
	go func() { c.Now(); close(waiting) }()
	for asked.Load() < 2 {
		runtime.Gosched()
	}
	began := time.Now()
	c.Now() // while the other one waits
	if took := time.Since(began); took > 200*time.Millisecond {
		t.Errorf("a second caller waited %v for the clock", took)
	}
	<-waiting
	for range 100 {
		c.Now()
	}
	if n := asked.Load(); n != 2 {
		t.Errorf("the hanging clock was asked %d times", n)
	}
}

func TestAFullFileOfMetricsIsPutAside(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "metrics.log")
	l, err := openLines(path, 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"first\n", "second\n", "third\n"} {
		if _, err := l.Write([]byte(line)); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{path: "third\n", path + ".old": "second\n"} {
		if got, err := os.ReadFile(name); err != nil || string(got) != want {
			t.Errorf("%s holds %q, want %q (%v)", name, got, want, err)
		}
	}
	again, err := openLines(path, 10) // what it holds already counts
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if _, err := again.Write([]byte("fourth\n")); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "fourth\n" {
		t.Errorf("after a new start it holds %q (%v)", got, err)
	}
}

func TestAQueuesMessagesReachTheirHandlerAsAWSSendsThem(t *testing.T) {
	t.Parallel()
	batch := []local.Message{{ID: "m-1", Body: []byte(`{"x":1}`), Group: "g", Receives: 2, SentAt: time.UnixMilli(1700000000000)}}
	var seen map[string]any
	_, err := invoke(t.Context(), state.CustomersQueue, batch, func(_ context.Context, raw json.RawMessage) (any, error) {
		if err := json.Unmarshal(raw, &seen); err != nil {
			t.Error(err)
		}
		return nil, errors.New("enough")
	})
	if err == nil {
		t.Fatal("the handler's error is lost: its messages would be gone")
	}
	record := seen["Records"].([]any)[0].(map[string]any)
	attributes := record["attributes"].(map[string]any)
	if record["messageId"] != "m-1" || record["body"] != `{"x":1}` || attributes["MessageGroupId"] != "g" ||
		attributes["ApproximateReceiveCount"] != "2" || attributes["SentTimestamp"] != "1700000000000" {
		t.Errorf("record %v", record)
	}
}
