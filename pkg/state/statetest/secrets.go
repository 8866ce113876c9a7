package statetest

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"uniview-bridge/pkg/state"
)

// Placeholder is the secret name that a platform's factory stores an empty JSON
// object under, as a fresh stack does.
const Placeholder = "itglue"

// Secrets holds a state.Secrets to its contract. The factory gives one that knows
// the names uniview, itglue and connectwise and holds nothing but Placeholder's `{}`.
func Secrets(t *testing.T, newSecrets func(t *testing.T) state.Secrets) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, state.Secrets)
	}{
		{"what was never stored, and a placeholder, is not found", testSecretAbsent},
		{"a secret comes back with its version, and each put changes it", testSecretVersions},
		{"an empty object takes a secret back", testSecretTakenBack},
		{"malformed secrets are refused and never shown", testSecretRefusals},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, newSecrets(t))
		})
	}
}

func testSecretAbsent(t *testing.T, secrets state.Secrets) {
	for _, name := range []string{"uniview", Placeholder} {
		_, err := secrets.Get(t.Context(), name)
		wantErr(t, "get "+name, err, state.ErrNotFound)
	}
	if _, err := secrets.Put(t.Context(), Placeholder, []byte(`{"apiKey":"k"}`)); err != nil {
		t.Fatal(err)
	}
	if got, err := secrets.Get(t.Context(), Placeholder); err != nil || string(got.Value) != `{"apiKey":"k"}` {
		t.Errorf("after a put: got %q and error %v", got.Value, err)
	}
}

func testSecretVersions(t *testing.T, secrets state.Secrets) {
	seen := map[string]bool{"": true}
	for _, value := range []string{`{"key":"one"}`, `{"key":"two"}`, `{"key":"two"}`} {
		version, err := secrets.Put(t.Context(), "uniview", []byte(value))
		if err != nil {
			t.Fatal(err)
		}
		if seen[version] {
			t.Errorf("version %q is empty or was there before", version)
		}
		seen[version] = true
		for range 2 { // reading changes nothing
			got, err := secrets.Get(t.Context(), "uniview")
			if err != nil || string(got.Value) != value || got.Version != version {
				t.Errorf("got %q at %q and error %v, want %q at %q", got.Value, got.Version, err, value, version)
			}
			got.Value[0] = 'x'
		}
	}
	_, err := secrets.Get(t.Context(), "connectwise")
	wantErr(t, "get of another", err, state.ErrNotFound)
}

func testSecretTakenBack(t *testing.T, secrets state.Secrets) {
	for _, value := range []string{`{"key":"one"}`, ` {} `} {
		if _, err := secrets.Put(t.Context(), "uniview", []byte(value)); err != nil {
			t.Fatal(err)
		}
	}
	_, err := secrets.Get(t.Context(), "uniview")
	wantErr(t, "get", err, state.ErrNotFound)
}

func testSecretRefusals(t *testing.T, secrets state.Secrets) {
	const hidden = "hunter2"
	for name, value := range map[string]string{
		"nothing": "", "no UTF-8": hidden + "\xff", "too large": strings.Repeat(hidden, 10<<10),
	} {
		_, err := secrets.Put(t.Context(), "uniview", []byte(value))
		if err == nil {
			t.Errorf("%s was accepted", name)
		} else if strings.Contains(err.Error(), hidden) {
			t.Errorf("%s: the error shows the value", name)
		}
	}
	if _, err := secrets.Put(t.Context(), "uniview", []byte(`{"key":"`+hidden+`"}`)); err != nil {
		t.Fatal(err)
	}
	got, err := secrets.Get(t.Context(), "uniview")
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("got", slog.Any("secret", got), slog.Any("store", secrets))
	for _, shown := range []string{fmt.Sprintf("%v %+v %#v %s", got, got, got, got), fmt.Sprintf("%v %+v %#v", secrets, secrets, secrets), log.String()} {
		if strings.Contains(shown, hidden) || strings.Contains(shown, "104 117 110") {
			t.Errorf("shown: %s", shown)
		}
	}
}
