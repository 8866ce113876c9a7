package functions_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"uniview-bridge/pkg/demo"
	"uniview-bridge/pkg/plan"
	"uniview-bridge/pkg/state"
	uniview "uniview-bridge/pkg/uniview/sandbox"
)

// small is the world that both platforms are compared on.
var small = demo.Options{Customers: 20, Assets: 200, Alerts: 60}

// TestOneScenarioOnBothPlatforms runs the same story on one machine and on AWS and
// holds the two to the same outcome after every chapter.
func TestOneScenarioOnBothPlatforms(t *testing.T) {
	long(t)
	var told [2][]outcome
	t.Run("local", func(t *testing.T) { told[0] = scenario(t, inTurn(newRig(t, onLocal, small))) })
	t.Run("aws", func(t *testing.T) { told[1] = scenario(t, inTurn(newRig(t, onAWS, small))) })
	if t.Failed() || told[0] == nil || told[1] == nil {
		return
	}
	if diff := cmp.Diff(told[0], told[1]); diff != "" {
		t.Errorf("the platforms differ (-local +aws):\n%s", diff)
	}
}

// TestTheScenarioInFullSize runs it on one machine over the whole invented provider.
func TestTheScenarioInFullSize(t *testing.T) {
	long(t)
	scenario(t, newRig(t, onLocal, demo.Options{}))
}

// TestGoingLiveApprovesTheFirstPlanOfItsSide: an alerts sync that comes first has
// nothing to plan for the documentation, and must not use its approval up.
func TestGoingLiveApprovesTheFirstPlanOfItsSide(t *testing.T) {
	t.Parallel()
	r := newRig(t, onLocal, small)
	r.goLive()
	r.sync(state.ScopeAlerts)
	r.clock.Advance(5 * time.Minute)
	if run, _ := r.sync(state.ScopeDocumentation); run.State != state.Succeeded {
		t.Errorf("the first documentation sync after going live ended %s: %s", run.State, run.Reason)
	}
}

// inTurn has the queues worked off one after the other: which of two queues is
// faster is no platform's to promise, and decides how often an asset is written
// that both a backup and a ticket change.
func inTurn(r *rig) *rig {
	r.order = [][]string{{state.RunsQueue}, {state.AlertsQueue}, {state.CustomersQueue}}
	return r
}

// outcome is what one chapter came to, in numbers that do not depend on the platform.
type outcome struct {
	Chapter        string
	Runs           []ran
	Customers      map[string]int // by organization link
	Machines       map[string]int // by configuration link
	Statuses       map[string]int // by status word
	Shown          map[string]int // flexible assets by the status they show
	Open, Closed   int            // tickets
	Notes          int
	Alerts         map[string]int // undismissed, unmuted ones by their fate
	ConnectionsBad map[state.Vendor]state.ConnectionStatus
}

// ran is one run in numbers.
type ran struct {
	Scope    state.Scope
	State    state.RunState
	Messages int
	Changed  map[string]int
	Failed   int
	Open     int
	Counts   []plan.Count
}

// story is a scenario being told.
type story struct {
	*rig
	t       *testing.T
	chapter outcome
	told    []outcome
	subject *uniview.Asset // the machine that the middle chapters are about
}

func scenario(t *testing.T, r *rig) []outcome {
	s := &story{rig: r, t: t}
	for _, c := range []struct {
		name string
		tell func()
	}{
		{"preview plans and writes nothing", s.preview},
		{"going live publishes and opens tickets", s.live},
		{"a steady account has no work", s.steady},
		{"a new alert opens one ticket", s.newAlert},
		{"a repeat is a note, not a second ticket", s.repeat},
		{"a dismissal closes the ticket with its evidence", s.resolve},
		{"a backup that fails and one that recovers are shown", s.backups},
		{"a snoozed machine gets its ticket when the snooze ends", s.snoozed},
		{"a rule leaves a machine out until it is taken away", s.ruledOut},
		{"a ticket that a technician closed is followed, not fought", s.technician},
		{"a storm is one ticket", s.storm},
		{"a wrong organization is corrected, and the correction undone", s.wrongOrganization},
		{"a renamed organization waits for a person", s.renamed},
		{"a machine that is gone is said to be gone after two reads", s.gone},
		{"lists that cannot be trusted change nothing", s.distrust},
		{"refused IT Glue credentials stop IT Glue alone", s.revokeITGlue},
		{"refused ConnectWise credentials stop ConnectWise alone", s.revokeConnectWise},
		{"refused UniView credentials stop reading and change nothing", s.revokeUniView},
		{"redelivered and duplicated messages change nothing twice", s.duplicates},
		{"a queue that fails loses nothing", s.lostSends},
	} {
		began := time.Now()
		s.chapter = outcome{Chapter: c.name}
		forgetRequests(r.world)
		c.tell()
		s.close()
		oneTicketEach(t, r.world)
		oneAssetEach(t, r.world)
		t.Logf("%5.1fs %s: %d shown, %d open and %d closed tickets, alerts %v", time.Since(began).Seconds(), c.name,
			total(s.chapter.Shown), s.chapter.Open, s.chapter.Closed, s.chapter.Alerts)
		if t.Failed() {
			t.Fatalf("the chapter %q went wrong: %+v", c.name, s.chapter)
		}
	}
	return s.told
}

func total(counts map[string]int) (n int) {
	for _, c := range counts {
		n += c
	}
	return n
}

// sync is the rig's, written into the chapter.
func (s *story) sync(scope state.Scope) state.Run {
	s.t.Helper()
	run, p := s.rig.sync(scope)
	s.chapter.Runs = append(s.chapter.Runs, ran{
		Scope: scope, State: run.State, Messages: run.Messages, Changed: p.Changed, Failed: p.Failed, Open: p.Open, Counts: run.Counts,
	})
	if run.Customers != nil {
		s.chapter.Customers = run.Customers
	}
	if run.Machines != nil {
		s.chapter.Machines, s.chapter.Statuses = run.Machines, run.Statuses
	}
	return run
}

// settle syncs until nothing is due, and fails when that does not come. In the end the
// clock stands still: of thousands of machines some turn overdue in every five minutes,
// which is work as well.
func (s *story) settle() {
	s.t.Helper()
	for round := range 8 {
		if round < 4 {
			s.clock.Advance(5 * time.Minute)
		}
		if s.sync(state.ScopeAlerts).Messages+s.sync(state.ScopeDocumentation).Messages == 0 {
			return
		}
	}
	s.t.Errorf("work goes on though nothing happens: %+v", s.chapter.Runs)
}

// close sums the chapter up from what the vendors hold now.
func (s *story) close() {
	s.t.Helper()
	s.chapter.Shown = map[string]int{}
	for _, a := range shownIn(s.world) {
		if !a.archived {
			s.chapter.Shown[a.status]++
		}
	}
	for _, k := range ticketsIn(s.world) {
		if s.chapter.Notes += len(k.notes); k.closed {
			s.chapter.Closed++
		} else {
			s.chapter.Open++
		}
	}
	s.chapter.ConnectionsBad = map[state.Vendor]state.ConnectionStatus{}
	list, err := s.b.Connections.List(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, c := range list {
		if c.Status != state.ConnectionOK {
			s.chapter.ConnectionsBad[c.Kind] = c.Status
		}
	}
	if len(s.told) > 0 { // live
		s.chapter.Alerts = s.nothingLost(s.t)
	}
	s.told = append(s.told, s.chapter)
}
