package alert

import (
	"time"
)

// Doubtful is the group after a create whose outcome is not known. since is the
// last moment at which it may have been sent: from then on it is searched for at
// the times of Settings.SearchAfter. Only after the last complete, error-free,
// empty search is the create repeated, with the same reference (design §3.5).
func (g Group) Doubtful(since time.Time, s Settings) Group {
	doubt := Doubt{Since: since, NextAt: since.Add(s.searches()[0].Duration())}
	if g.Pending != nil {
		doubt.Tells, doubt.Severity = g.Pending.Tells, g.Pending.Severity
	}
	g.State, g.Pending, g.Doubt = GroupUncertain, nil, &doubt
	return g
}

// Searched is the group after a complete, error-free search that found nothing.
// again says that it was the last one: the create may be repeated.
func (g Group) Searched(at time.Time, s Settings) (next Group, again bool) {
	if g.Doubt == nil {
		return g, false
	}
	doubt := *g.Doubt
	doubt.Searches++
	for _, after := range s.searches() {
		if due := doubt.Since.Add(after.Duration()); due.After(at) {
			doubt.NextAt = due
			g.Doubt = &doubt
			return g, false
		}
	}
	g.State, g.Doubt = GroupWaiting, nil
	return g, true
}

func (d *decider) uncertain() (Action, string, time.Time) {
	if d.now.Before(d.Doubt.NextAt) {
		return Wait, "a create may have succeeded: the next search by reference is due " + stamp(d.Doubt.NextAt), d.Doubt.NextAt
	}
	return Search, "a create may have succeeded: searching by reference", time.Time{}
}
