package alert

import (
	"time"
)

// ConditionState is where a condition stands.
type ConditionState string

// The states of a condition.
const (
	ConditionOpen  ConditionState = "open"
	ConditionMuted ConditionState = "muted" // all its occurrences were muted when first seen: no ticket
	ConditionOver  ConditionState = "over"
)

// Why an occurrence, and with its last one the condition, is over.
const (
	Dismissed = "dismissed in UniView"
	Vanished  = "no longer listed by UniView in two complete reads"
	CaughtUp  = "no longer overdue in two complete reads" // of what the bridge itself raised
	Recovered = "recovered, not dismissed in UniView: a good backup completed after the last occurrence"
)

// keptMessage bounds the message kept of a condition, in runes.
const keptMessage = 300

// Occurrence is what is remembered of one alert while UniView lists it.
type Occurrence struct {
	Created  time.Time `json:"created"`
	Asset    string    `json:"asset,omitempty"` // once told, for good
	Severity Severity  `json:"severity,omitempty"`
	Muted    bool      `json:"muted,omitempty"`
	Quiet    bool      `json:"quiet,omitempty"`  // muted ever since first seen: not counted
	Absent   time.Time `json:"absent,omitzero"`  // the first complete read that lacked it
	Over     string    `json:"over,omitempty"`   // Dismissed or Recovered, still listed
	Found    string    `json:"found,omitempty"`  // how the machine was found, or why not
	Return   bool      `json:"return,omitempty"` // it was over once and is listed again
}

// Evidence says why a condition is over and on which read that stands.
type Evidence struct {
	Why  string    `json:"why"`
	AsOf time.Time `json:"asOf"`          // the complete UniView read it stands on
	Good time.Time `json:"good,omitzero"` // completion of the good backup, when that is the evidence
	Last time.Time `json:"last,omitzero"` // the last occurrence
}

// Condition is what occurrences are about. It lives through episodes: over and
// open again is a new one.
type Condition struct {
	Key  string `json:"key"`
	Base string `json:"base"` // the key it would have with the machine not told
	// Group is the ticket group it belongs to; kept while it is open.
	Group string `json:"group,omitempty"`

	Class         Class    `json:"class"`
	Type          Type     `json:"type"`
	ApplianceID   string   `json:"applianceId,omitempty"`
	ApplianceName string   `json:"applianceName,omitempty"`
	AssetKey      string   `json:"assetKey,omitempty"` // empty: not told
	AssetName     string   `json:"assetName,omitempty"`
	JobName       string   `json:"jobName,omitempty"`
	Message       string   `json:"message"` // of the newest occurrence
	Severity      Severity `json:"severity"`

	State    ConditionState `json:"state"`
	Reason   string         `json:"reason"` // why it is in this state, or how its machine was found
	Episode  int            `json:"episode,omitempty"`
	First    time.Time      `json:"first,omitzero"` // created time of this episode's first occurrence
	Last     time.Time      `json:"last,omitzero"`
	Count    int            `json:"count"` // occurrences of this episode
	Total    int            `json:"total"` // of all episodes; only grows
	Evidence *Evidence      `json:"evidence,omitempty"`
	// Held says why an open condition is held back now: by a rule, a snooze or a
	// maintenance window. Rule is the rule that routes it. Both are found anew with
	// every decision.
	Held *Held  `json:"held,omitempty"`
	Rule string `json:"rule,omitempty"`

	Occurrences map[string]Occurrence `json:"occurrences,omitempty"` // by fingerprint
}

// Active says whether it is open and nothing holds it back.
func (c Condition) Active() bool { return c.State == ConditionOpen && c.Held == nil }

// MachineTold says whether the condition's own key names a machine.
func (c Condition) MachineTold() bool { return c.Key != c.Base }

func (c *Condition) newest() time.Time {
	var newest time.Time
	for _, o := range c.Occurrences {
		if o.Created.After(newest) {
			newest = o.Created
		}
	}
	return newest
}

// count takes an occurrence into the condition's episode, and begins a new one
// when the last is over.
func (c *Condition) count(created time.Time, back bool) {
	if c.State != ConditionOpen {
		c.Episode++
		c.State, c.Count, c.First, c.Last, c.Evidence = ConditionOpen, 0, created, created, nil
	}
	c.Count++
	c.Total++
	if created.Before(c.First) && !back {
		c.First = created
	}
	if created.After(c.Last) {
		c.Last = created
	}
}

// found is how the machine of the newest open occurrence was found, or why not.
func (c *Condition) found() string {
	var newest Occurrence
	for _, o := range c.Occurrences {
		if o.Over == "" && (newest.Found == "" || o.Created.After(newest.Created) || o.Created.Equal(newest.Created) && o.Found < newest.Found) {
			newest = o
		}
	}
	return newest.Found
}

// rank orders severities; an unknown one stands between warning and critical.
func (s Severity) rank() int {
	switch s {
	case "":
		return 0
	case SeverityWarning:
		return 1
	case SeverityCritical:
		return 3
	case SeverityAlarm:
		return 4
	}
	return 2
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
