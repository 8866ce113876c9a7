package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

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
	if _, err := newClock(t.Context(), server.URL); err == nil || !strings.Contains(err.Error(), "BRIDGE_CLOCK_URL") {
		t.Errorf("error %v", err)
	}
}

func TestStoredCredentialsEndTheTrialForGood(t *testing.T) {
	t.Parallel()
	c := config{data: t.TempDir(), sandbox: true}
	if trial, err := isTrial(t.Context(), c); err != nil || !trial {
		t.Fatalf("a fresh folder is no trial: %v", err)
	}
	var ended error
	tc := trialConnections{folder: secretsFolder(c), end: func(err error) { ended = err }}
	if _, err := tc.Store(t.Context(), state.UniView, map[string]string{"clientId": "x"}, "me"); err == nil || ended != nil {
		t.Fatalf("half credentials ended the trial: %v", err)
	}
	if _, err := tc.Store(t.Context(), state.UniView, map[string]string{"clientId": "x", "clientSecret": "y"}, "me"); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(ended, errRealVendors) {
		t.Errorf("the trial goes on: %v", ended)
	}
	if trial, err := isTrial(t.Context(), c); err != nil || trial {
		t.Errorf("the next start is a trial again: %v", err)
	}
	secrets, err := local.OpenSecrets(filepath.Join(c.data, "secrets"))
	if err != nil {
		t.Fatal(err)
	}
	if s, err := secrets.Get(t.Context(), "uniview"); err != nil || !strings.Contains(string(s.Value), `"clientSecret":"y"`) {
		t.Errorf("the credentials were not kept: %v", err)
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
