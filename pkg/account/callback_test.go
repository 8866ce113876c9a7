package account_test

import (
	"strings"
	"testing"

	"uniview-bridge/pkg/connectwise"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/ticketing"
)

func TestASyncSeesOnceADayThatConnectWiseStillCalls(t *testing.T) {
	if testing.Short() {
		t.Skip("the long part runs this")
	}
	t.Parallel()
	r := newRig(t)
	on := ticketing.FastPath{Address: "https://bridge.example", Token: "secret", Registration: connectwise.Registration{ID: 1, URL: "https://bridge.example/x?recordId="}}
	if err := ticketing.SaveFastPath(t.Context(), r.table, on, r.clock); err != nil {
		t.Fatal(err)
	}
	asked := func() (n int) {
		for _, q := range r.world.ConnectWise.Requests() {
			if strings.HasSuffix(q.Path, "/callbacks") {
				n++
			}
		}
		return n
	}
	r.schedule(state.ScopeAlerts)
	if asked() != 0 {
		t.Error("asked within a day of switching it on")
	}
	r.clock = r.clock.AddDate(0, 0, 2)
	r.schedule(state.ScopeAlerts)
	run := r.schedule(state.ScopeAlerts)
	p, err := ticketing.LoadFastPath(t.Context(), r.table)
	if err != nil || !strings.Contains(p.Problem, "has our callback no more") || asked() != 1 || stage(run, state.ListTickets).Failed > 0 {
		t.Errorf("%+v, %v, asked %d times, the run is %+v", p, err, asked(), run)
	}
}
