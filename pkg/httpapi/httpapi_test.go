package httpapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"uniview-bridge/pkg/account"
	"uniview-bridge/pkg/connection"
	"uniview-bridge/pkg/connectwise"
	"uniview-bridge/pkg/console/scenes"
	"uniview-bridge/pkg/httpapi"
	"uniview-bridge/pkg/httpapi/access"
	"uniview-bridge/pkg/httpapi/view"
	"uniview-bridge/pkg/plan"
	"uniview-bridge/pkg/platform/local"
	"uniview-bridge/pkg/review"
	"uniview-bridge/pkg/state"
)

const token = "a test's token"

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// world is the API over a scene, with the use cases it does not test replaced.
type world struct {
	t       *testing.T
	store   *local.Store
	handler http.Handler
	syncs   *fakeSyncs
	conns   *fakeConnections
}

func newWorld(t *testing.T, scene string, change func(*httpapi.Deps)) *world {
	t.Helper()
	store, err := local.Open(t.TempDir(), local.Options{NoSync: true, Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	if err := scenes.Seed(t.Context(), store, scene, noon); err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, store: store, syncs: &fakeSyncs{table: store}, conns: &fakeConnections{table: store}}
	now := func() time.Time { return noon }
	var n atomic.Int64
	random := func() string { return fmt.Sprintf("r%04d", n.Add(1)) }
	directory := review.NewDirectory(store)
	deps := httpapi.Deps{
		Table: store, Letters: store, Connections: w.conns, Syncs: w.syncs,
		Review: &review.Service{Table: store, Directory: directory, Now: now, Random: random, Request: w.syncs.Request},
		Model:  &view.Model{Table: store, Directory: directory, Letters: store, Now: now, Version: "test"},
		ConnectWise: func(context.Context) (state.Session[*connectwise.Client], error) {
			return state.Session[*connectwise.Client]{}, fmt.Errorf("connectwise is not configured: enter its credentials: %w", state.ErrStopped)
		},
		Installation: "test", Policy: access.NewLocal(access.LocalOptions{Token: token, Now: now}),
		Now: now, Random: random, Version: "test", Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	}
	if change != nil {
		change(&deps)
	}
	w.handler = httpapi.New(deps)
	return w
}

// call sends a request with the token and returns the answer.
func (w *world) call(method, path, body string) *http.Response {
	w.t.Helper()
	return w.send(request(w.t, method, path, body))
}

func request(t *testing.T, method, path, body string) *http.Request {
	t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	r := httptest.NewRequestWithContext(t.Context(), method, "http://127.0.0.1:8080"+path, reader)
	r.Header.Set("Authorization", "Bearer "+token)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

func (w *world) send(r *http.Request) *http.Response {
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	return rec.Result()
}

// get reads a JSON answer that must have the status.
func get[T any](w *world, status int, method, path, body string) T {
	w.t.Helper()
	res := w.call(method, path, body)
	raw, _ := io.ReadAll(res.Body)
	if res.StatusCode != status {
		w.t.Fatalf("%s %s: got %d, want %d: %s", method, path, res.StatusCode, status, raw)
	}
	var v T
	if err := json.Unmarshal(raw, &v); err != nil {
		w.t.Fatalf("%s %s: %v: %s", method, path, err, raw)
	}
	return v
}

type fakeSyncs struct {
	table state.Table
	err   error
	asked []string
}

func (f *fakeSyncs) Request(_ context.Context, scope state.Scope, target, by string) (string, error) {
	f.asked = append(f.asked, strings.TrimSpace(fmt.Sprintf("%s %s by %s", scope, target, by)))
	return "run-1", f.err
}

func (f *fakeSyncs) Cancel(ctx context.Context, id, _ string) error {
	_, _, err := state.LoadRun(ctx, f.table, id)
	return err
}

func (f *fakeSyncs) Approve(ctx context.Context, id, digest, _ string) error {
	r, _, err := state.LoadRun(ctx, f.table, id)
	if err == nil && r.Digest != digest {
		return &account.StaleError{Reason: "the digest is not that of the run's plan: look at the plan again"}
	}
	return err
}

func (f *fakeSyncs) Plan(context.Context, string) ([]plan.Change, error) {
	return []plan.Change{
		{Key: "k1", Vendor: "itglue", Kind: plan.FlexibleAsset, Action: plan.Create, CustomerID: "c-0000", CustomerName: "=cmd()", Title: "SRV", Reason: "new", Fields: []plan.Field{{Name: "Status", After: "Success"}}},
		{Key: "k2", Vendor: "connectwise", Kind: plan.Ticket, Action: plan.Skip, CustomerID: "c-0001", Title: "SRV", Reason: "held"},
	}, nil
}

func (f *fakeSyncs) GoLive(ctx context.Context, side state.Vendor, mode state.Mode, by string) error {
	f.asked = append(f.asked, fmt.Sprintf("%s %s by %s", side, mode, by))
	m, err := state.LoadModes(ctx, f.table)
	if err != nil {
		return err
	}
	if side == state.ITGlue {
		m.Documentation = mode
	} else {
		m.Ticketing = mode
	}
	return state.SaveModes(ctx, f.table, m)
}

type fakeConnections struct {
	table  state.Table
	stored map[string]string
	// elsewhere: what is entered is kept where List does not look, as in a trial.
	elsewhere bool
}

func (f *fakeConnections) List(ctx context.Context) ([]state.Connection, error) {
	var out []state.Connection
	for _, kind := range connection.Kinds {
		c, _, err := state.LoadConnection(ctx, f.table, kind)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

func (f *fakeConnections) Store(ctx context.Context, kind state.Vendor, fields map[string]string, _ string) (state.Connection, error) {
	if kind == state.UniView && fields["clientId"] == "" {
		return state.Connection{}, &connection.InputError{Field: "clientId", Message: "the client id is missing; shown once"}
	}
	f.stored = fields
	if f.elsewhere {
		return state.Connection{Kind: kind, Status: state.ConnectionOK, Version: "v9", Reason: "Kept elsewhere"}, nil
	}
	return state.UpdateConnection(ctx, f.table, kind, func(c *state.Connection) error {
		c.Status, c.Version, c.Fields = state.ConnectionOK, "v2", map[string]string{"clientId": fields["clientId"]}
		return nil
	})
}

func (f *fakeConnections) Forget(context.Context, state.Vendor, string) error { return nil }

func (f *fakeConnections) Test(context.Context, state.Vendor) (connection.TestResult, error) {
	return connection.TestResult{OK: true, Message: "connected", Rights: []connectwise.Right{
		{Section: "Companies", Name: "Company Maintenance", Level: "inquire", Verdict: connectwise.Granted, Detail: "read with success"},
	}}, nil
}
