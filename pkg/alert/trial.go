package alert

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// What a trial says would have become of an episode.
const (
	DidOpen     = "open"      // a new ticket
	DidJoin     = "join"      // a note on a ticket that would be open
	DidReopen   = "reopen"    // a closed ticket reopened
	DidHold     = "held"      // over within its grace, a snooze or a window: no ticket
	DidNoTicket = "no ticket" // by a rule
	DidBlock    = "blocked"   // do not sync, or no board or company
)

// Trial is what rules and settings would have done with the remembered episodes.
type Trial struct {
	From   time.Time      `json:"from"`
	To     time.Time      `json:"to"`
	Totals map[string]int `json:"totals"` // by DidOpen …
	Days   []TrialDay     `json:"days"`   // with anything on them, in order
	Rules  []TrialRule    `json:"rules"`  // that fitted anything, in order; 0 is no rule
	// Episodes are the newest first, at most mostTried; More says how many there are beyond.
	Episodes []Tried `json:"episodes"`
	More     int     `json:"more,omitempty"`
	// LeavesOut says what else would have made a difference, for people.
	LeavesOut []string `json:"leavesOut"`
}

// leavesOut is what a trial cannot know or does not calculate.
var leavesOut = []string{
	"storms: many tickets at once of one customer and appliance would have been one",
	"what was muted in UniView meanwhile",
	"what technicians did to tickets: closed, moved, merged, worked on",
	"snoozes and windows that were removed or ended early; the others count as they are now",
	"ConnectWise being away, and tickets left open because they are not closed automatically",
}

// TrialDay counts one day (UTC) of a trial.
type TrialDay struct {
	Day    string         `json:"day"` // 2026-03-10
	Counts map[string]int `json:"counts"`
}

// TrialRule counts one rule of a trial.
type TrialRule struct {
	Number int            `json:"number"`
	Name   string         `json:"name,omitempty"`
	Counts map[string]int `json:"counts"`
}

// Tried is one episode of a trial.
type Tried struct {
	At         time.Time `json:"at"` // when it would have acted
	CustomerID string    `json:"customerId"`
	Machine    string    `json:"machine,omitempty"`
	Message    string    `json:"message"`
	Class      Class     `json:"class"`
	Severity   Severity  `json:"severity"`
	Did        string    `json:"did"`
	Rule       int       `json:"rule,omitempty"`
	RuleName   string    `json:"ruleName,omitempty"`
	Ticket     int       `json:"ticket,omitempty"` // that it really had
}

const mostTried = 200

// Replay tries rules and settings on the episodes that began within a time:
// which would have opened, joined or reopened a ticket, and which none. It is a
// calculation on what is remembered, see Trial.LeavesOut, and a ticket is taken to be
// open while one of its episodes lasts. settings are those of a customer with its
// snoozes and windows.
func Replay(histories map[string]History, settings func(customerID string) (Settings, []Silence), rules Rules, from, to time.Time) Trial {
	t := Trial{From: from, To: to, Totals: map[string]int{}, Days: []TrialDay{}, Rules: []TrialRule{}, Episodes: []Tried{}, LeavesOut: leavesOut}
	days, byRule := map[string]map[string]int{}, map[int]*TrialRule{}
	for _, id := range slices.Sorted(maps.Keys(histories)) {
		own, silences := settings(id)
		for _, one := range replayOne(id, histories[id], own, silences, rules, from, to) {
			t.Totals[one.Did]++
			day := one.At.UTC().Format(time.DateOnly)
			if days[day] == nil {
				days[day] = map[string]int{}
			}
			days[day][one.Did]++
			if byRule[one.Rule] == nil {
				byRule[one.Rule] = &TrialRule{Number: one.Rule, Name: one.RuleName, Counts: map[string]int{}}
			}
			byRule[one.Rule].Counts[one.Did]++
			t.Episodes = append(t.Episodes, one)
		}
	}
	for _, day := range slices.Sorted(maps.Keys(days)) {
		t.Days = append(t.Days, TrialDay{day, days[day]})
	}
	for _, n := range slices.Sorted(maps.Keys(byRule)) {
		t.Rules = append(t.Rules, *byRule[n])
	}
	slices.SortStableFunc(t.Episodes, func(a, b Tried) int { return b.At.Compare(a.At) })
	t.More = max(0, len(t.Episodes)-mostTried)
	t.Episodes = t.Episodes[:len(t.Episodes)-t.More]
	return t
}

// replayed is a ticket as a trial imagines it.
type replayed struct {
	until time.Time // open until then
	lasts bool      // one of its episodes is not over
}

func replayOne(customer string, h History, s Settings, silences []Silence, rules Rules, from, to time.Time) []Tried {
	type waiting struct {
		Episode
		ready time.Time
	}
	var list []waiting
	for _, e := range h.Episodes {
		if !e.First.Before(from) && e.First.Before(to) {
			list = append(list, waiting{e, afterSilence(silences, e.condition(), s.GraceOf(e.Class).ready(e))})
		}
	}
	slices.SortStableFunc(list, func(a, b waiting) int {
		return cmp.Or(a.ready.Compare(b.ready), a.First.Compare(b.First), cmp.Compare(a.Key, b.Key))
	})
	tickets := map[string]*replayed{}
	out := make([]Tried, 0, len(list))
	for _, e := range list {
		ruling := rules.For(Subject{customer, e.ApplianceID, e.AssetKey, e.Class, e.Severity, e.Message})
		one := Tried{
			At: e.First, CustomerID: customer, Machine: e.Name, Message: e.Message, Class: e.Class, Severity: e.Severity,
			Rule: ruling.Number, RuleName: ruling.Name, Ticket: e.Ticket,
		}
		own := s.Routed(ruling.Effect)
		switch {
		case ruling.Effect.NoTicket:
			one.Did = DidNoTicket
		case own.DoNotSync || own.Blocked != "" || own.BoardID == 0 || own.CompanyID == 0:
			one.Did = DidBlock
		case !e.Over.IsZero() && !e.Over.After(e.ready):
			one.Did = DidHold
		default:
			one.At = e.ready
			one.Did = take(tickets, RoutedKey(customer, s.Grouping, e.condition(), ruling.Effect), e.Episode, e.ready, own.ReopenWithin.Duration())
		}
		out = append(out, one)
	}
	return out
}

// condition is what grouping and silences look at.
func (e Episode) condition() Condition {
	return Condition{Key: e.Key, Class: e.Class, ApplianceID: e.ApplianceID, AssetKey: e.AssetKey}
}

// mostSilences bounds how many silences in a row a trial waits for.
const mostSilences = 100

// afterSilence is the first moment from a time on at which nothing holds a condition
// back.
func afterSilence(silences []Silence, c Condition, at time.Time) time.Time {
	for range mostSilences {
		held := HeldBy(silences, c, at)
		if held == nil {
			break
		}
		at = held.Until
	}
	return at
}

// ready is when an episode's grace was over, as far as can be told afterwards:
// occurrences are taken to be spread evenly.
func (g Grace) ready(e Episode) time.Time {
	ready := e.First.Add(g.After.Duration())
	if g.Occurrences <= 1 {
		return ready
	}
	enough := e.First.Add(cmp.Or(g.Cap, DefaultGraceCap).Duration())
	if e.Count >= g.Occurrences {
		nth := e.First.Add(e.Last.Sub(e.First) * time.Duration(g.Occurrences-1) / time.Duration(e.Count-1))
		if nth.Before(enough) {
			enough = nth
		}
	}
	if enough.After(ready) {
		return enough
	}
	return ready
}

// take puts an episode on its group's imagined ticket.
func take(tickets map[string]*replayed, group string, e Episode, at time.Time, window time.Duration) string {
	did := DidOpen
	t := tickets[group]
	switch {
	case t == nil:
		t = &replayed{}
		tickets[group] = t
	case t.lasts || t.until.After(at):
		did = DidJoin
	case window > 0 && at.Before(t.until.Add(window)):
		did = DidReopen
	}
	t.lasts = t.lasts || e.Over.IsZero()
	if e.Over.After(t.until) {
		t.until = e.Over
	}
	return did
}
