package alert

import (
	"fmt"
	"maps"
	"slices"
)

// open are the open conditions that nothing holds back.
func (d *decider) open() []Condition {
	return slices.DeleteFunc(slices.Clone(d.conditions), func(c Condition) bool { return !c.Active() })
}

// held is why open conditions are held back: of several, what ends first. told
// asks only for those that the ticket tells of as going on. Empty: none is held.
func (d *decider) held(told bool) string {
	var first *Held
	n := 0
	for _, c := range d.conditions {
		if c.State != ConditionOpen || c.Held == nil || told && !d.Told[c.Key].Open {
			continue
		}
		n++
		if first == nil || first.Until.IsZero() && !c.Held.Until.IsZero() || !c.Held.Until.IsZero() && c.Held.Until.Before(first.Until) {
			first = c.Held
		}
	}
	switch n {
	case 0:
		return ""
	case 1:
		return "held: " + first.Reason
	}
	return fmt.Sprintf("%s held, one %s", troubles(n), first.Reason)
}

// untold counts the open conditions the ticket does not tell of, and those that changed since.
func (d *decider) untold() (fresh, changed int) {
	for _, c := range d.conditions {
		told, known := d.Told[c.Key]
		switch {
		case c.State == ConditionOpen && c.Held != nil:
		case c.State == ConditionOpen && !known:
			fresh++
		case !known:
		case c.State == ConditionOpen && (!told.Open || c.Total > told.Total || c.AssetKey != told.Asset && c.AssetKey != ""),
			c.State == ConditionOver && told.Open:
			changed++
		}
	}
	return fresh, changed
}

// toldOver says whether the ticket tells that all conditions it told of are over.
func (d *decider) toldOver() bool {
	for _, c := range d.conditions {
		if told, known := d.Told[c.Key]; known && told.Open {
			return false
		}
	}
	return true
}

// Tells is what the ticket says of the conditions once it is told all.
func Tells(conditions []Condition, before map[string]Told) map[string]Told {
	told := maps.Clone(before)
	if told == nil {
		told = map[string]Told{}
	}
	for _, c := range conditions {
		if c.State == ConditionOpen && c.Held != nil {
			continue // nothing is told of it now
		}
		if _, known := told[c.Key]; known || c.State == ConditionOpen {
			told[c.Key] = Told{Total: c.Total, Episode: c.Episode, Open: c.State == ConditionOpen, Asset: c.AssetKey}
		}
	}
	return told
}

// HighestOpen is the highest severity among the open conditions that nothing
// holds back.
func HighestOpen(conditions []Condition) Severity {
	return highest(slices.DeleteFunc(slices.Clone(conditions), func(c Condition) bool { return !c.Active() }))
}

func highest(conditions []Condition) Severity {
	var s Severity
	for _, c := range conditions {
		if s == "" || c.Severity.rank() > s.rank() {
			s = c.Severity
		}
	}
	return s
}

func troubles(n int) string {
	if n == 1 {
		return "1 trouble"
	}
	return fmt.Sprintf("%d troubles", n)
}
