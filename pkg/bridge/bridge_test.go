package bridge_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"uniview-bridge/pkg/bridge"
	"uniview-bridge/pkg/platform/local"
	"uniview-bridge/pkg/state"
)

func lookup(env map[string]string) bridge.Lookup {
	return func(name string) (string, bool) { v, ok := env[name]; return v, ok }
}

func TestAllWrongVariablesAreNamedAtOnce(t *testing.T) {
	t.Parallel()
	_, err := bridge.FromEnv(lookup(map[string]string{
		"UNIVIEW_API_URL": "nowhere", "ITGLUE_RATE": "fast", "BRIDGE_LOG_LEVEL": "loud", "BRIDGE_ALLOW_INSECURE_VENDORS": "perhaps",
	}), false)
	for _, name := range []string{"UNIVIEW_API_URL", "ITGLUE_RATE", "BRIDGE_LOG_LEVEL", "BRIDGE_ALLOW_INSECURE_VENDORS"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("error %v does not name %s", err, name)
		}
	}
}

func TestInsecureVendorsAreRefusedOnLambda(t *testing.T) {
	t.Parallel()
	env := lookup(map[string]string{"BRIDGE_ALLOW_INSECURE_VENDORS": "true"})
	if _, err := bridge.FromEnv(env, true); err == nil {
		t.Error("accepted on Lambda")
	}
	if c, err := bridge.FromEnv(env, false); err != nil || !c.AllowInsecure {
		t.Errorf("refused on one machine: %v", err)
	}
}

func TestTheInstallationKeepsItsNameOverStarts(t *testing.T) {
	t.Parallel()
	store, err := local.Open(t.TempDir(), local.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}()
	start := func() string {
		b, err := bridge.New(t.Context(), bridge.Platform{Table: store, Sender: store, Secrets: store.Secrets(), Now: time.Now, Out: &bytes.Buffer{}},
			bridge.Config{}, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		if b.Account.Installation != b.Matcher.Installation || b.Account.Installation != b.Tickets.Installation {
			t.Error("the functions of one installation have different names")
		}
		return b.Account.Installation
	}
	if first, second := start(), start(); first == "" || first != second {
		t.Errorf("installation %q, then %q", first, second)
	}
}

func TestANoticeIsAMetricLineThatCloudWatchReads(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	n := bridge.Notices{Out: &out, Now: func() time.Time { return time.UnixMilli(1700000000000) }, Log: slog.New(slog.DiscardHandler)}
	n.Count(t.Context(), "SyncSucceeded", string(state.ScopeAlerts), "a \"quoted\"\nmessage")
	var line struct {
		AWS struct {
			Timestamp         int64
			CloudWatchMetrics []struct {
				Namespace  string
				Dimensions [][]string
				Metrics    []struct{ Name, Unit string }
			}
		} `json:"_aws"`
		Scope         string
		SyncSucceeded float64
	}
	if strings.Count(out.String(), "\n") != 1 {
		t.Errorf("a metric must be one line: %q", out.String())
	}
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	m := line.AWS.CloudWatchMetrics
	if len(m) != 1 || m[0].Namespace != "UniViewBridge" || len(m[0].Dimensions) != 2 || m[0].Metrics[0].Name != "SyncSucceeded" || line.Scope != "alerts" || line.SyncSucceeded != 1 || line.AWS.Timestamp != 1700000000000 {
		t.Errorf("line %s", out.String())
	}
}
