package connectwise

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"uniview-bridge/pkg/connectwise/sandbox"
)

func verdicts(rights []Right) map[string]Right {
	m := map[string]Right{}
	for _, r := range rights {
		key := r.Section + " > " + r.Name + " > " + r.Level
		if r.Extra {
			key = "extra: " + key
		}
		m[key] = r
	}
	return m
}

func TestTheSelfCheckNamesEveryRightOfTheNativeTable(t *testing.T) {
	t.Parallel()
	c, srv := start(t)
	got := verdicts(c.CheckPermissions(t.Context()))
	for key := range sandbox.NativeRole() {
		if _, ok := got[fmt.Sprintf("%s > %s > %s", key.Section, key.Name, key.Level)]; !ok {
			t.Errorf("%+v is not named", key)
		}
	}
	for key, want := range map[string]Verdict{
		"Companies > Company Maintenance > inquire":                 Granted,
		"Companies > Company / Contact Group Maintenance > inquire": CouldNotTell,
		"Service Desk > Service Tickets > inquire":                  Granted,
		"Service Desk > Service Tickets > add":                      CouldNotTell,
		"Service Desk > Close Service Tickets > edit":               CouldNotTell,
		"System > Table Setup > inquire":                            Granted,
		"extra: Companies > Configurations > inquire":               Missing,
		"extra: System > Member Maintenance > inquire":              Missing,
		"extra: System > Table Setup > add":                         CouldNotTell,
		"extra: System > Table Setup > edit":                        CouldNotTell,
		"extra: System > Table Setup > delete":                      CouldNotTell,
	} {
		if got[key].Verdict != want || got[key].Detail == "" {
			t.Errorf("%s: %+v", key, got[key])
		}
	}
	for _, l := range srv.Requests() {
		if l.Method != "GET" {
			t.Errorf("the check wrote: %s %s", l.Method, l.Path)
		}
	}
}

func TestMissingRightsAreNamedSeparately(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		change  func(*sandbox.State)
		missing string
		detail  string
	}{
		{"companies", func(st *sandbox.State) { st.Role.Revoke("Companies", "Company Maintenance", "inquire") }, "Companies > Company Maintenance > inquire", "refused"},
		{"tickets", func(st *sandbox.State) { st.Role.Revoke("Service Desk", "Service Tickets", "inquire") }, "Service Desk > Service Tickets > inquire", "refused"},
		{"all setup tables", func(st *sandbox.State) { st.Role.Revoke("System", "Table Setup", "inquire") }, "System > Table Setup > inquire", "every setup table"},
		{"some setup tables", func(st *sandbox.State) { st.ClosedTables = []string{"priorities", "board types"} }, "System > Table Setup > inquire", "board types, priorities"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, srv := start(t)
			srv.Edit(tt.change)
			for key, r := range verdicts(c.CheckPermissions(t.Context())) {
				if (r.Verdict == Missing) != (key == tt.missing) && !r.Extra {
					t.Errorf("%s: %+v", key, r)
				}
				if key == tt.missing && !strings.Contains(r.Detail, tt.detail) {
					t.Errorf("%s: %q", key, r.Detail)
				}
			}
		})
	}
}

func TestNothingIsCalledMissingWhenOnlyTheConnectionFails(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]sandbox.Fault{
		"refused credentials": {Kind: sandbox.Revoke},
		"server errors":       {Kind: sandbox.StatusFault, Status: 500, HTML: true},
		"cut connections":     {Kind: sandbox.ResetBefore},
		"a wrong host":        {Kind: sandbox.StatusFault, Status: 403, Code: "Security", Message: "SSL is required."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, srv := start(t)
			srv.Inject(f)
			for key, r := range verdicts(c.CheckPermissions(t.Context())) {
				if r.Verdict != CouldNotTell {
					t.Errorf("%s: %+v", key, r)
				}
			}
		})
	}
}

func TestTheSelfCheckEndsWithinTwentySeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := sandbox.New(sandbox.Options{})
		srv.Edit(func(st *sandbox.State) { st.AddStandardSetup() })
		srv.Inject(sandbox.Fault{PathPrefix: "service", Kind: sandbox.Latency, Latency: time.Hour})
		c, err := New(config(srv.Transport()))
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		got := verdicts(c.CheckPermissions(t.Context()))
		if d := time.Since(begin); d > 20*time.Second {
			t.Errorf("took %s", d)
		}
		if r := got["Companies > Company Maintenance > inquire"]; r.Verdict != Granted {
			t.Errorf("%+v", r)
		}
		if r := got["Service Desk > Service Tickets > inquire"]; r.Verdict != CouldNotTell || !strings.Contains(r.Detail, "20 s") {
			t.Errorf("%+v", r)
		}
	})
}

// Every right of the native table and every extra, with a role that has it and
// one that lacks only it: what can be seen by reading is seen, and nothing is
// ever called granted that is not there, or missing that is.
func TestEveryRightWithARoleThatHasItAndOneThatLacksIt(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{ // the rights that a read can show
		"Companies > Company Maintenance > inquire":    true,
		"Service Desk > Service Tickets > inquire":     true,
		"System > Table Setup > inquire":               true,
		"extra: Companies > Configurations > inquire":  true,
		"extra: System > Member Maintenance > inquire": true,
	}
	all, _ := start(t)
	rights := all.CheckPermissions(t.Context())
	if len(rights) != 23 {
		t.Errorf("%d rights", len(rights))
	}
	for _, right := range rights {
		key := keyOf(right)
		t.Run(key, func(t *testing.T) {
			t.Parallel()
			c, srv := start(t)
			srv.Edit(func(st *sandbox.State) { st.Role.GrantExtras() })
			with := verdicts(c.CheckPermissions(t.Context()))[key]
			srv.Edit(func(st *sandbox.State) { st.Role.Revoke(right.Section, right.Name, right.Level) })
			after := verdicts(c.CheckPermissions(t.Context()))
			without := after[key]
			if want := map[bool][2]Verdict{true: {Granted, Missing}, false: {CouldNotTell, CouldNotTell}}[seen[key]]; with.Verdict != want[0] || without.Verdict != want[1] {
				t.Errorf("with %+v, without %+v", with, without)
			}
			if with.Detail == "" || without.Detail == "" {
				t.Error("it is not said why")
			}
			for other, r := range after {
				if other != key && r.Verdict == Missing {
					t.Errorf("%s is called missing: %+v", other, r)
				}
			}
		})
	}
}

func keyOf(r Right) string {
	for key := range verdicts([]Right{r}) {
		return key
	}
	return ""
}

func TestAVendorThatHangsIsGivenTwentySecondsInAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cfg := config(roundTrip(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}))
		cfg.Limit, cfg.Sleep, cfg.Rand = nil, nil, nil // the defaults, in virtual time
		cfg.Timeout = 3 * time.Second                  // so that attempts follow one another
		c, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		for key, r := range verdicts(c.CheckPermissions(t.Context())) {
			if r.Verdict != CouldNotTell || r.Detail == "" {
				t.Errorf("%s: %+v", key, r)
			}
		}
		if d := time.Since(begin); d > 20*time.Second {
			t.Errorf("took %s", d)
		}
	})
}
