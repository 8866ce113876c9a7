package ticketing

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"uniview-bridge/pkg/connectwise"
	"uniview-bridge/pkg/connectwise/sandbox"
	"uniview-bridge/pkg/vendorhttp/simulator"
)

// ConnectWise stops calling back after three days of failures and tells nobody: it is
// asked once a day, and what is wrong is kept in words.
func TestACallbackThatConnectWiseDroppedIsNoticed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := context.Background()
	check := func() (string, bool) {
		t.Helper()
		problem, news, err := CheckFastPath(ctx, w.table, w.client, w.time())
		if err != nil {
			t.Fatal(err)
		}
		return problem, news
	}
	w.cw.Edit(func(st *sandbox.State) { st.Role.GrantExtras() })
	w.cw.ResetRequests()
	if problem, news := check(); problem != "" || news || len(w.cw.Requests()) > 0 {
		t.Errorf("off, and still asked: %q", problem)
	}
	made, err := w.client.EnsureCallback(ctx, connectwise.Registration{URL: "https://bridge.example/c?recordId=", Type: "ticket", Level: "owner", ObjectID: 1})
	if err != nil {
		t.Fatal(err)
	}
	on := FastPath{Address: "https://bridge.example", Token: "secret", Since: w.time(), Registration: made}
	if err := SaveFastPath(ctx, w.table, on, w.time()); err != nil {
		t.Fatal(err)
	}
	w.cw.ResetRequests()
	if check(); len(w.cw.Requests()) > 0 {
		t.Error("asked again within the day")
	}
	w.pass(25 * time.Hour)
	if problem, news := check(); problem != "" || news || len(w.cw.Requests()) != 1 {
		t.Errorf("all is well, and still %q (%d requests)", problem, len(w.cw.Requests()))
	}

	w.cw.Edit(func(st *sandbox.State) { st.Callbacks[0].Inactive = true })
	w.pass(25 * time.Hour)
	if problem, news := check(); !news || !strings.Contains(problem, "switched our callback off") || !strings.Contains(problem, "https://bridge.example") || strings.Contains(problem, "secret") {
		t.Errorf("switched off: %q", problem)
	}
	if p, err := LoadFastPath(ctx, w.table); err != nil || p.Problem == "" || !p.CheckedAt.Equal(w.time()) {
		t.Errorf("kept %+v, %v", p, err)
	}
	w.pass(25 * time.Hour)
	if problem, news := check(); problem == "" || news {
		t.Errorf("said again: %q, news %v", problem, news)
	}

	w.cw.Edit(func(st *sandbox.State) { st.Callbacks = nil })
	w.cw.Inject(sandbox.Fault{Kind: simulator.Status, Status: http.StatusInternalServerError, Times: 5})
	w.pass(25 * time.Hour)
	if _, _, err := CheckFastPath(ctx, w.table, w.client, w.time()); err == nil {
		t.Error("no answer is no error")
	}
	w.cw.ClearFaults()
	w.pass(time.Hour) // sooner than a day
	if problem, news := check(); !news || !strings.Contains(problem, "no more") {
		t.Errorf("removed: %q, news %v", problem, news)
	}

	w.cw.Edit(func(st *sandbox.State) { st.Role.Revoke("System", sandbox.TableSetup, "inquire") })
	w.pass(25 * time.Hour)
	if problem, news := check(); !news || !strings.Contains(problem, "does not let the bridge read callbacks") {
		t.Errorf("without the right: %q, news %v", problem, news)
	}
	if err := SaveFastPath(ctx, w.table, on, w.time()); err != nil {
		t.Fatal(err)
	}
	if p, err := LoadFastPath(ctx, w.table); err != nil || p.Problem != "" {
		t.Errorf("switched on again: %+v, %v", p, err)
	}
	if err := SaveFastPath(ctx, w.table, FastPath{}, w.time()); err != nil {
		t.Fatal(err)
	}
	if p, err := LoadFastPath(ctx, w.table); err != nil || p.On() {
		t.Errorf("switched off: %+v, %v", p, err)
	}
}
