package alert

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// lived plays the life of two machines' troubles and returns what is remembered.
func lived(t *testing.T) History {
	t.Helper()
	g := Group{Key: "c/machine/m", State: GroupOpen, TicketID: 100, Reference: "uvb1:x:1", Name: "SRV1", OpenedAt: at(0), Told: map[string]Told{}}
	tell := func(cs ...Condition) { g.Told = Tells(cs, g.Told) }
	a := openCondition("v1:a", func(c *Condition) { c.Group, c.AssetKey, c.AssetName = g.Key, "appliance:m", "SRV1" })
	b := openCondition("v1:b", func(c *Condition) { c.Group, c.AssetKey, c.First, c.Last = g.Key, "appliance:m", at(10), at(10) })
	waiting := Group{Key: "c/machine/n", State: GroupWaiting, Reason: "held: backup alerts wait 90 minutes"}
	n := openCondition("v1:n", func(c *Condition) {
		c.Group, c.ApplianceID, c.ApplianceName, c.First, c.Last = waiting.Key, "ap1", "Box", at(20), at(20)
	})
	h := History{}
	at2 := func(minute int, cs ...Condition) {
		conditions := map[string]Condition{}
		for _, c := range cs {
			conditions[c.Key] = c
		}
		groups := map[string]Group{g.Key: g, waiting.Key: waiting}
		h = h.Record(conditions, groups, at(minute))
		if again := h.Record(conditions, groups, at(minute)); !cmp.Equal(h, again) {
			t.Errorf("recorded twice: %s", cmp.Diff(h, again))
		}
	}
	tell(a)
	at2(0, a)
	a.Count, a.Total, a.Last = 3, 3, at(15)
	tell(a, b)
	at2(20, a, b, n)
	over := func(c Condition, minute int) Condition {
		c.State, c.Evidence = ConditionOver, &Evidence{Why: Dismissed, AsOf: at(minute)}
		return c
	}
	a, b, n = over(a, 60), over(b, 60), over(n, 50)
	tell(a, b)
	g.State, g.ClosedAt, g.ClosedBy = GroupClosed, at(60), ByBridge
	at2(60, a, b, n)
	a.State, a.Episode, a.Count, a.Total, a.First, a.Last, a.Evidence = ConditionOpen, 2, 1, 4, at(100), at(100), nil
	tell(a)
	g.State, g.ClosedBy, g.Reopens = GroupOpen, "", 1
	at2(100, a, b, n)
	return h
}

func TestAHistoryTellsHowEachTroubleCameToItsTicket(t *testing.T) {
	t.Parallel()
	h := lived(t)
	var got []string
	for _, e := range h.Episodes {
		got = append(got, fmt.Sprintf("%s#%d %s ticket %d x%d over %v held %q", e.Key, e.Number, e.How, e.Ticket, e.Count, !e.Over.IsZero(), e.Held))
	}
	want := []string{
		`v1:a#1 opened ticket 100 x3 over true held ""`,
		`v1:b#1 grouped ticket 100 x1 over true held ""`,
		`v1:n#1  ticket 0 x1 over true held "held: backup alerts wait 90 minutes"`,
		`v1:a#2 reopened ticket 100 x1 over false held ""`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("episodes (-want +got):\n%s", diff)
	}
	if len(h.Tickets) != 1 || h.Tickets[0].OpenFor(at(130)) != 90*time.Minute || h.Tickets[0].Reopens != 1 || h.Tickets[0].Class != ClassBackup {
		t.Errorf("tickets %+v", h.Tickets)
	}
}

func TestReportsOnAHistory(t *testing.T) {
	t.Parallel()
	all := map[string]History{"c": lived(t), "empty": {}}
	span := Span{at(-100), at(200)}
	avoided := TicketsAvoided(all, span)
	want := []AvoidedRow{{Day: "2026-03-10", CustomerID: "c", Alerts: 6, Troubles: 4, Opened: 1, Repeats: 2, Grouped: 1, Reopened: 1, Held: 1, Avoided: 5}}
	if diff := cmp.Diff(want, avoided); diff != "" {
		t.Errorf("avoided (-want +got):\n%s", diff)
	}
	noisy := NoisyMachines(all, span)
	if len(noisy) != 2 || noisy[0].AssetKey != "appliance:m" || noisy[0].Alerts != 5 || noisy[0].Tickets != 1 || noisy[0].Days != 1 || noisy[1].ApplianceID != "ap1" {
		t.Errorf("noisy %+v", noisy)
	}
	open := TimeOpen(all, span, at(130))
	if len(open) != 1 || open[0].Minutes != 90 || !open[0].Closed.IsZero() {
		t.Errorf("time open %+v", open)
	}
	for _, r := range []interface {
		Header() []string
		Fields() []string
	}{avoided[0], noisy[0], open[0]} {
		if len(r.Header()) != len(r.Fields()) {
			t.Errorf("%T has %d columns and %d fields", r, len(r.Header()), len(r.Fields()))
		}
	}
	if rows := TicketsAvoided(all, Span{at(200), at(300)}); len(rows) != 0 {
		t.Errorf("outside the span: %+v", rows)
	}
}

func TestAHistoryStaysWithinItsBounds(t *testing.T) {
	t.Parallel()
	h := History{}
	for i := range mostEpisodes + 50 {
		h.Episodes = append(h.Episodes, Episode{Key: "v1:a", Number: i + 1, First: at(i), Over: at(i + 1)})
	}
	h = h.Record(nil, nil, at(mostEpisodes+50))
	if len(h.Episodes) != mostEpisodes || h.Episodes[0].Number != 51 {
		t.Errorf("%d episodes, the first is %d", len(h.Episodes), h.Episodes[0].Number)
	}
	if h = h.Record(nil, nil, at(mostEpisodes).Add(keptEpisodes)); len(h.Episodes) > 60 {
		t.Errorf("%d episodes after 35 days", len(h.Episodes))
	}
}

func TestARuleIsTriedOnWhatHappened(t *testing.T) {
	t.Parallel()
	over := func(key, machine string, class Class, from, to int) Episode {
		return Episode{Key: key, Number: 1, Class: class, Severity: SeverityWarning, AssetKey: machine, Message: "m " + key, First: at(from), Last: at(from), Over: at(to), Count: 1}
	}
	histories := map[string]History{
		"c1": {Episodes: []Episode{
			over("a", "appliance:1", ClassBackup, 0, 100),
			over("b", "appliance:1", ClassBackup, 10, 50),       // joins
			over("c", "appliance:1", ClassBackup, 200, 300),     // reopens
			over("d", "appliance:2", ClassBackup, 0, 5),         // over within its grace
			over("e", "appliance:1", ClassCapacity, 20, 90),     // to another board: a ticket of its own
			over("f", "appliance:1", ClassBackup, 9000, 9100),   // long after: a new ticket
			over("g", "appliance:3", ClassReplication, 30, 600), // no ticket by rule
			over("i", "appliance:4", ClassBackup, 0, 80),        // over within a snooze and a window
			over("j", "appliance:4", ClassBackup, 20, 200),      // goes on behind them
		}},
		"c2": {Episodes: []Episode{over("h", "appliance:9", ClassBackup, 0, 100)}}, // do not sync
	}
	rules, err := NewRules([]Rule{
		{Name: "disks", If: When{Classes: []Class{ClassCapacity}}, Then: Effect{BoardID: 9}},
		{Name: "no replication", If: When{Classes: []Class{ClassReplication}}, Then: Effect{NoTicket: true}},
	})
	if err != nil {
		t.Fatal(err)
	}
	settings := func(id string) (Settings, []Silence) {
		return ready(func(s *Settings) { s.Grace.After, s.DoNotSync = 10, id == "c2" }), []Silence{
			{ID: "1", Kind: Snooze, Scope: OnMachine, Target: "appliance:4", Reason: "r", From: at(0), Until: at(60)},
			{ID: "2", Kind: Window, Scope: OnMachine, Target: "appliance:4", Reason: "r", From: at(55), Until: at(100)},
		}
	}
	trial := Replay(histories, settings, rules, at(-10), at(10000))
	want := map[string]int{DidOpen: 4, DidJoin: 1, DidReopen: 1, DidHold: 2, DidNoTicket: 1, DidBlock: 1}
	if diff := cmp.Diff(want, trial.Totals); diff != "" {
		t.Errorf("totals (-want +got):\n%s", diff)
	}
	if len(trial.Rules) != 3 || trial.Rules[1].Name != "disks" || trial.Rules[1].Counts[DidOpen] != 1 || trial.Rules[2].Counts[DidNoTicket] != 1 {
		t.Errorf("by rule %+v", trial.Rules)
	}
	if len(trial.Days) != 2 || trial.Days[0].Day != "2026-03-10" || len(trial.Episodes) != 10 || len(trial.LeavesOut) == 0 || trial.Episodes[0].Message != "m f" {
		t.Errorf("days %+v, episodes %+v", trial.Days, trial.Episodes)
	}
	for _, e := range trial.Episodes {
		if e.Message == "m j" && (!e.At.Equal(at(100)) || e.Did != DidOpen) {
			t.Errorf("behind its snooze and window: %+v", e)
		}
	}
	if again := Replay(histories, settings, rules, at(-10), at(10000)); !cmp.Equal(trial, again) {
		t.Error("the same trial came out otherwise")
	}
}

func TestGraceInATrialSpreadsOccurrencesEvenly(t *testing.T) {
	t.Parallel()
	e := Episode{First: at(0), Last: at(90), Count: 4}
	for _, tt := range []struct {
		grace Grace
		want  int
	}{
		{Grace{}, 0},
		{Grace{After: 20}, 20},
		{Grace{Occurrences: 3}, 60},
		{Grace{After: 70, Occurrences: 3}, 70},
		{Grace{Occurrences: 5, Cap: 200}, 200},
		{Grace{Occurrences: 4, Cap: 30}, 30},
	} {
		if got := tt.grace.ready(e); !got.Equal(at(tt.want)) {
			t.Errorf("%+v is ready at %v, want minute %d", tt.grace, got, tt.want)
		}
	}
}
