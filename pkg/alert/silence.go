package alert

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// SilenceKind tells snoozes and maintenance windows apart.
type SilenceKind string

// The kinds.
const (
	Snooze SilenceKind = "snooze" // from now on, until a date that must be given
	Window SilenceKind = "window" // once, or again and again (Repeat)
)

// SilenceScope says what a silence covers.
type SilenceScope string

// The scopes. Target is a condition key, an asset key or an appliance id; a
// customer needs none.
const (
	OnCondition SilenceScope = "condition"
	OnMachine   SilenceScope = "machine"
	OnAppliance SilenceScope = "appliance"
	OnCustomer  SilenceScope = "customer"
)

// Silence holds conditions back for a time: a snooze or a maintenance window.
// While it holds, no ticket is opened, reopened or added to for what it covers.
// Endings always pass: what is over is closed inside a silence too, and what
// still lasts at its end is looked at then.
type Silence struct {
	ID         string       `json:"id"`
	Kind       SilenceKind  `json:"kind"`
	CustomerID string       `json:"customerId"`
	Scope      SilenceScope `json:"scope"`
	Target     string       `json:"target,omitempty"`
	Name       string       `json:"name,omitempty"` // of what it covers or of the window, for people
	Reason     string       `json:"reason"`
	Owner      string       `json:"owner"` // who answers for it
	Created    time.Time    `json:"created,omitzero"`
	// From and Until bound it. A snooze and a window without Repeat hold from one
	// to the other; one with Repeat holds at the times it names in between, and
	// may have no Until.
	From   time.Time `json:"from"`
	Until  time.Time `json:"until,omitzero"`
	Repeat *Repeat   `json:"repeat,omitempty"`
}

// Held says why a condition is held back.
type Held struct {
	By     string    `json:"by"`           // "rule", "snooze" or "window"
	ID     string    `json:"id,omitempty"` // of the silence; the number of the rule
	Reason string    `json:"reason"`
	Until  time.Time `json:"until,omitzero"` // zero: as long as the rule is there
}

// DefaultSnoozeDays is the longest snooze where the settings name none.
const DefaultSnoozeDays = 30

// Limits of silences.
const (
	maxSilenceText = 300 // runes
	maxWindow      = 31 * 24 * time.Hour
)

// Validate says everything that is wrong with a silence that is made now.
// longest is the longest snooze that the settings allow.
func (s Silence) Validate(now time.Time, longest time.Duration) error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if s.Kind != Snooze && s.Kind != Window {
		bad("kind must be snooze or window")
	}
	if s.CustomerID == "" {
		bad("customerId must name a customer")
	}
	switch s.Scope {
	case OnCondition, OnMachine, OnAppliance:
		if s.Target == "" {
			bad("target must name the %s", s.Scope)
		}
	case OnCustomer:
		if s.Target != "" {
			bad("target must be empty for the whole customer")
		}
	default:
		bad("scope must be condition, machine, appliance or customer")
	}
	for name, text := range map[string]string{"reason": s.Reason, "owner": s.Owner} {
		if strings.TrimSpace(text) == "" || utf8.RuneCountInString(text) > maxSilenceText {
			bad("%s must be given, in at most %d characters", name, maxSilenceText)
		}
	}
	if utf8.RuneCountInString(s.Name) > maxSilenceText {
		bad("name has at most %d characters", maxSilenceText)
	}
	errs = append(errs, s.checkTimes(now, longest), s.Repeat.validate())
	slices.SortStableFunc(errs, func(a, b error) int { return cmp.Compare(text(a), text(b)) })
	return errors.Join(errs...)
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func (s Silence) checkTimes(now time.Time, longest time.Duration) error {
	switch {
	case s.From.IsZero():
		return errors.New("from must be given")
	case s.Until.IsZero() && s.Repeat == nil:
		return errors.New("until must be given: nothing is silenced for ever")
	case !s.Until.IsZero() && !s.Until.After(s.From):
		return errors.New("until must be after from")
	case !s.Until.IsZero() && !s.Until.After(now):
		return errors.New("until is past")
	case s.Kind == Snooze && s.Repeat != nil:
		return errors.New("a snooze does not repeat: make a maintenance window")
	case s.Kind == Snooze && s.Until.Sub(now) > longest:
		return fmt.Errorf("a snooze lasts at most %d days", int(longest/(24*time.Hour)))
	case s.Kind == Window && s.Until.IsZero() && s.Repeat.neverPauses():
		return fmt.Errorf("a window on every day leaves at least %d minutes between its times, or has an until: nothing is silenced for ever", minPause)
	case s.Kind == Window && s.Repeat == nil && s.Until.Sub(s.From) > maxWindow:
		return fmt.Errorf("a maintenance window lasts at most %d days", int(maxWindow/(24*time.Hour)))
	}
	return nil
}

// Covers says whether the silence is about a condition at all.
func (s Silence) Covers(c Condition) bool {
	switch s.Scope {
	case OnCondition:
		return c.Key == s.Target
	case OnMachine:
		return c.AssetKey != "" && c.AssetKey == s.Target
	case OnAppliance:
		return c.ApplianceID != "" && c.ApplianceID == s.Target
	case OnCustomer:
		return true
	}
	return false
}

// Active says whether it holds at a time, until when this time, and why in words.
func (s Silence) Active(at time.Time) (until time.Time, reason string, ok bool) {
	if at.Before(s.From) || !s.Until.IsZero() && !at.Before(s.Until) {
		return time.Time{}, "", false
	}
	until = s.Until
	if s.Repeat != nil {
		_, end, running := s.Repeat.around(at)
		if !running {
			return time.Time{}, "", false
		}
		if until.IsZero() || end.Before(until) {
			until = end
		}
	}
	what := "snoozed"
	if s.Kind == Window {
		what = "in a maintenance window"
		if s.Name != "" {
			what = fmt.Sprintf("in the maintenance window %q", s.Name)
		}
	}
	return until, fmt.Sprintf("%s by %s until %s: %s", what, s.Owner, stamp(until), s.Reason), true
}

// Next is when it holds the next time: the time it is in, else the next to come.
// ok is false when there is none.
func (s Silence) Next(at time.Time) (start, end time.Time, ok bool) {
	if at.Before(s.From) {
		at = s.From
	}
	if !s.Until.IsZero() && !at.Before(s.Until) {
		return start, end, false
	}
	start, end = s.From, s.Until
	if s.Repeat != nil {
		var running bool
		if start, end, running = s.Repeat.around(at); !running {
			if start, end, ok = s.Repeat.next(at); !ok {
				return start, end, false
			}
		}
		if start.Before(s.From) {
			start = s.From
		}
		if !s.Until.IsZero() && end.After(s.Until) {
			end = s.Until
		}
	}
	return start, end, start.Before(end)
}

// Ended says whether it will never hold again.
func (s Silence) Ended(at time.Time) bool { return !s.Until.IsZero() && !at.Before(s.Until) }

// NextHold is when a condition that nothing holds back will be held by the first of
// the silences that are to come; zero: by none.
func NextHold(silences []Silence, c Condition, at time.Time) time.Time {
	var next time.Time
	for _, s := range silences {
		if !s.Covers(c) {
			continue
		}
		if from, _, ok := s.Next(at); ok && from.After(at) {
			next = earlier(next, from)
		}
	}
	return next
}

// HeldBy is the silence that holds a condition the longest at a time; nil: none
// does.
func HeldBy(silences []Silence, c Condition, at time.Time) *Held {
	var held *Held
	for _, s := range silences {
		if !s.Covers(c) {
			continue
		}
		until, reason, ok := s.Active(at)
		if ok && (held == nil || until.After(held.Until) || until.Equal(held.Until) && s.ID < held.ID) {
			held = &Held{By: string(s.Kind), ID: s.ID, Reason: reason, Until: until}
		}
	}
	return held
}
