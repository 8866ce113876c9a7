package alert

import (
	"maps"
	"slices"
	"strings"
	"time"

	"uniview-bridge/pkg/backup"
)

// SecondLook is how far two complete reads must lie apart to prove an absence.
const SecondLook = time.Minute

// Reading is one complete, error-free read of a customer's alerts: all
// undismissed ones, muted included, and those confirmed to be dismissed. Assets
// are the customer's machines with their last backups, the evidence of recovery.
type Reading struct {
	AsOf   time.Time
	Alerts []Alert
	Assets []backup.Asset
}

// Fold brings conditions up to what one complete read says, and returns when
// the clock alone calls for another read (zero: it does not). prev is not changed.
//
//	occurrence                                              becomes
//	new, not dismissed, not muted                           counted: its condition opens, or repeats
//	new and dismissed                                       nothing: resolved before it was first seen
//	new and muted                                           quiet: its condition is neither new nor over
//	quiet, no longer muted                                  counted
//	known and now muted                                     as before: not over, not new
//	known and dismissed                                     over: Dismissed
//	known, lacking in one complete read                     as before; a second read is due
//	known, lacking in two reads at least SecondLook apart   over: Vanished, forgotten
//	over by dismissal and undismissed again                 counted again
//	of a class that heals, its machine has a good backup    over: Recovered, while it stays listed
//	completed after the condition's last occurrence
//
// A condition is over when all its occurrences are. A condition whose machine
// was not told keeps its key, and so its ticket, when the machine becomes known;
// later occurrences on that machine join it while it is open.
func Fold(prev map[string]Condition, r Reading) (map[string]Condition, time.Time) {
	f := folder{Reading: r, conditions: make(map[string]*Condition, len(prev)), home: map[string]string{}}
	for key, c := range prev {
		c.Occurrences = maps.Clone(c.Occurrences)
		if c.Occurrences == nil {
			c.Occurrences = map[string]Occurrence{}
		}
		f.conditions[key] = &c
		for fp := range c.Occurrences {
			f.home[fp] = key
		}
	}
	seen := map[string]bool{}
	for _, o := range distinct(r.Alerts) {
		seen[o.fingerprint] = true
		f.see(o)
	}
	next := make(map[string]Condition, len(f.conditions))
	var again time.Time
	for key, c := range f.conditions {
		if at := f.absences(c, seen); !at.IsZero() && (again.IsZero() || at.Before(again)) {
			again = at
		}
		f.settle(c)
		if len(c.Occurrences) == 0 {
			c.Occurrences = nil
		}
		next[key] = *c
	}
	return next, again
}

type folder struct {
	Reading
	conditions map[string]*Condition
	home       map[string]string // fingerprint → condition key
}

// occurred is an alert with its fingerprint.
type occurred struct {
	Alert
	fingerprint string
}

// distinct orders the alerts by time and makes one of those that cannot be told
// apart: it is dismissed or muted only if all of them are.
func distinct(alerts []Alert) []occurred {
	at := map[string]int{}
	out := make([]occurred, 0, len(alerts))
	for _, a := range alerts {
		fp := Fingerprint(a)
		i, twin := at[fp]
		if !twin {
			at[fp] = len(out)
			out = append(out, occurred{a, fp})
			continue
		}
		out[i].Dismissed = out[i].Dismissed && a.Dismissed
		out[i].Muted = out[i].Muted && a.Muted
		if a.Severity.rank() > out[i].Severity.rank() {
			out[i].Severity = a.Severity
		}
	}
	slices.SortStableFunc(out, func(a, b occurred) int {
		if c := a.Created.Compare(b.Created); c != 0 {
			return c
		}
		return strings.Compare(a.fingerprint, b.fingerprint)
	})
	return out
}

func (f *folder) see(a occurred) {
	key, known := f.home[a.fingerprint]
	if !known {
		if a.Dismissed {
			return
		}
		asset, found := Attribute(a.Alert, f.Assets)
		c := f.conditionFor(a.Alert, asset)
		o := Occurrence{Created: a.Created, Asset: asset, Found: found, Quiet: true}
		f.take(c, a, o)
		return
	}
	c := f.conditions[key]
	f.take(c, a, c.Occurrences[a.fingerprint])
}

// take brings one listed occurrence of a condition up to date.
func (f *folder) take(c *Condition, a occurred, o Occurrence) {
	o.Absent, o.Muted, o.Severity = time.Time{}, a.Muted, a.Severity
	if o.Asset == "" {
		o.Asset, o.Found = Attribute(a.Alert, f.Assets)
	}
	switch {
	case a.Dismissed:
		o.Over = Dismissed
	case o.Over == Dismissed:
		o.Over, o.Return, o.Quiet = "", true, true
		fallthrough
	default:
		if o.Quiet && !a.Muted && o.Over == "" {
			o.Quiet = false
			c.count(a.Created, o.Return)
		}
	}
	if newest := c.newest(); newest.IsZero() || !a.Created.Before(newest) {
		c.ApplianceName, c.Message = a.ApplianceName, clip(oneLine(a.Message), keptMessage)
	}
	c.Occurrences[a.fingerprint] = o
}

// conditionFor finds the condition of a new occurrence, or makes it.
func (f *folder) conditionFor(a Alert, asset string) *Condition {
	base := ConditionKey(a, "")
	key := base
	if asset != "" {
		key = ConditionKey(a, asset)
		// A condition whose machine became known later goes on under its old key.
		if c := f.conditions[base]; c != nil && c.AssetKey == asset && c.State == ConditionOpen {
			if own := f.conditions[key]; own == nil || own.State != ConditionOpen {
				return c
			}
		}
	}
	if c := f.conditions[key]; c != nil {
		return c
	}
	c := &Condition{
		Key: key, Base: base, Class: ClassOf(a), Type: a.Type, ApplianceID: a.ApplianceID, AssetKey: asset,
		State: ConditionMuted, Occurrences: map[string]Occurrence{},
	}
	if a.Type == TypeJob {
		c.JobName = a.JobName
	}
	f.conditions[key] = c
	return c
}

// absences handles the occurrences that the read lacks.
func (f *folder) absences(c *Condition, seen map[string]bool) (again time.Time) {
	for fp, o := range c.Occurrences {
		switch {
		case seen[fp]:
		case o.Over != "":
			delete(c.Occurrences, fp)
		case o.Absent.IsZero():
			o.Absent = f.AsOf
			c.Occurrences[fp] = o
			again = earlier(again, o.Absent.Add(SecondLook))
		case f.AsOf.Sub(o.Absent) >= SecondLook:
			delete(c.Occurrences, fp)
			if c.State != ConditionOver && c.Evidence == nil {
				c.Evidence = &Evidence{Why: Vanished}
				if c.Type == TypeBridge {
					c.Evidence.Why = CaughtUp
				}
			}
		default:
			again = earlier(again, o.Absent.Add(SecondLook))
		}
	}
	return again
}

// SecondLooks is when the clock alone calls for another read of what was missing in
// one; zero: it does not. Who decides without a new read, see Fold, comes back then.
func SecondLooks(conditions map[string]Condition) (at time.Time) {
	for _, c := range conditions {
		for _, o := range c.Occurrences {
			if o.Over == "" && !o.Absent.IsZero() {
				at = earlier(at, o.Absent.Add(SecondLook))
			}
		}
	}
	return at
}

// settle derives the condition's machine and state from its occurrences.
func (f *folder) settle(c *Condition) {
	f.machine(c)
	var last time.Time
	open, oneMachine := 0, c.AssetKey != ""
	var severity Severity
	for _, o := range c.Occurrences {
		if o.Over != "" {
			continue
		}
		open++
		oneMachine = oneMachine && o.Asset == c.AssetKey
		if o.Created.After(last) {
			last = o.Created
		}
		if severity == "" || o.Severity.rank() > severity.rank() {
			severity = o.Severity
		}
	}
	if severity != "" {
		c.Severity = severity
	}
	// An occurrence that was dismissed meanwhile counts as the last one too.
	if c.State == ConditionOpen && c.Last.After(last) {
		last = c.Last
	}
	evidence := c.Evidence
	if good := f.lastGood(c.AssetKey); open > 0 && oneMachine && c.Class.Heals() && good.After(last) {
		for fp, o := range c.Occurrences {
			switch {
			case o.Over != "":
			case !o.Absent.IsZero():
				delete(c.Occurrences, fp)
			default:
				o.Over = Recovered
				c.Occurrences[fp] = o
			}
		}
		open, evidence = 0, &Evidence{Why: Recovered, Good: good}
	}
	switch {
	case open == 0 && c.State == ConditionOver:
		return
	case open == 0:
		if evidence == nil {
			evidence = &Evidence{Why: Dismissed}
		}
		evidence.AsOf, evidence.Last = f.AsOf, c.Last
		c.State, c.Evidence, c.Reason = ConditionOver, evidence, evidence.Why
	case c.State == ConditionOpen:
		c.Evidence = nil
		c.Reason = c.found()
	default:
		c.State, c.Evidence, c.Reason = ConditionMuted, nil, "muted in UniView since it was first seen"
	}
}

// machine attributes a condition once all its open occurrences are on one machine.
func (f *folder) machine(c *Condition) {
	if !c.MachineTold() {
		asset, one, any := "", true, false
		for _, o := range c.Occurrences {
			if o.Over != "" {
				continue
			}
			one = one && (!any || o.Asset == asset)
			asset, any = o.Asset, true
		}
		if any {
			c.AssetKey = ""
			if one {
				c.AssetKey = asset
			}
		}
	}
	if c.AssetKey == "" {
		c.AssetName = ""
		return
	}
	for _, m := range f.Assets {
		if m.Key() == c.AssetKey {
			c.AssetName = m.Name
			return
		}
	}
}

// lastGood is when the last good backup of a machine completed; zero when the
// last one is not good, not finished or not known.
func (f *folder) lastGood(assetKey string) time.Time {
	for _, m := range f.Assets {
		if assetKey == "" || m.Key() != assetKey {
			continue
		}
		if m.Family == backup.FamilyEndpoint {
			return m.LastGood
		}
		if m.Last != nil && m.Last.Result.Good() {
			return m.Last.Complete
		}
	}
	return time.Time{}
}

// Withdrawn is why a condition is over that the bridge raised itself and raises no
// more.
const Withdrawn = "the bridge was told to raise no alerts for overdue machines"

// Withdraw ends what the bridge raised itself, because it is told to raise no
// more: the next Fold finds it over.
func Withdraw(conditions map[string]Condition) map[string]Condition {
	var next map[string]Condition
	for key, c := range conditions {
		if c.Type != TypeBridge || c.State == ConditionOver {
			continue
		}
		c.Occurrences = maps.Clone(c.Occurrences)
		for fp, o := range c.Occurrences {
			o.Over = Dismissed
			c.Occurrences[fp] = o
		}
		c.Evidence = &Evidence{Why: Withdrawn}
		if next == nil {
			next = maps.Clone(conditions)
		}
		next[key] = c
	}
	if next == nil {
		return conditions
	}
	return next
}
