package alert

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // windows must not depend on what is installed where they are kept
)

// Repeat is when a maintenance window comes again: on days of the week, or on
// the nth weekday of every month, at a local time in a time zone.
//
// It is safe over changes of the clock: a start that the clock skips is the
// moment of the change, one that comes twice is the first of the two, and
// Minutes are minutes that pass, whatever the clock shows.
type Repeat struct {
	Days    []string `json:"days,omitempty"` // "mon" … "sun", every week
	Nth     int      `json:"nth,omitempty"`  // 1 … 4, or -1 for the last: monthly, with one day
	Start   string   `json:"start"`          // "22:00", local
	Minutes int      `json:"minutes"`        // how long
	Zone    string   `json:"zone"`           // IANA name: "Europe/Berlin"
}

// weekdays are the names of the days.
var weekdays = map[string]time.Weekday{
	"mon": time.Monday, "tue": time.Tuesday, "wed": time.Wednesday, "thu": time.Thursday, "fri": time.Friday,
	"sat": time.Saturday, "sun": time.Sunday,
}

// maxRepeatMinutes bounds one time of a repeated window: a day.
const maxRepeatMinutes = 24 * 60

// validate says what is wrong with a repetition; none is right.
func (r *Repeat) validate() error {
	if r == nil {
		return nil
	}
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("repeat: "+format, args...)) }
	if len(r.Days) == 0 || len(r.Days) > len(weekdays) {
		bad("days must name days of the week: mon, tue, wed, thu, fri, sat, sun")
	}
	for _, d := range r.Days {
		if _, ok := weekdays[d]; !ok {
			bad("days: %q is none of mon, tue, wed, thu, fri, sat, sun", d)
		}
	}
	if r.Nth < -1 || r.Nth > 4 {
		bad("nth must be 1 to 4, -1 for the last, or 0 for every week")
	}
	if r.Nth != 0 && len(r.Days) != 1 {
		bad("a monthly window is on one day of the week")
	}
	if _, _, err := clockOf(r.Start); err != nil {
		errs = append(errs, err)
	}
	if r.Minutes < 1 || r.Minutes > maxRepeatMinutes {
		bad("minutes must be between 1 and %d", maxRepeatMinutes)
	}
	if _, err := zoneOf(r.Zone); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// minPause is how many minutes a window without an end leaves between its times at
// least, so that what it held is looked at.
const minPause = 60

// neverPauses says whether a repetition leaves no such pause at all.
func (r *Repeat) neverPauses() bool {
	days := map[string]bool{}
	for _, d := range r.Days {
		days[d] = true
	}
	return r.Nth == 0 && len(days) == len(weekdays) && r.Minutes > maxRepeatMinutes-minPause
}

func clockOf(text string) (hour, minute int, err error) {
	t, err := time.Parse("15:04", text)
	if err != nil || len(text) != len("15:04") {
		return 0, 0, fmt.Errorf("repeat: start must be a time such as 22:00, not %q", text)
	}
	return t.Hour(), t.Minute(), nil
}

func zoneOf(name string) (*time.Location, error) {
	if name == "" || name == "Local" || strings.ContainsAny(name, `\`) || strings.Contains(name, "..") {
		return nil, fmt.Errorf("repeat: zone must be a time zone such as Europe/Berlin, not %q", name)
	}
	l, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("repeat: zone %q is not known: use a name such as Europe/Berlin", name)
	}
	return l, nil
}

// lookAhead is how many days hold at least one start of any repetition.
const lookAhead = 64

// around is the time of the repetition that an instant lies in. Where two lie
// over one another it is the one that ends last.
func (r *Repeat) around(at time.Time) (start, end time.Time, ok bool) {
	r.each(at, -2, 1, func(s time.Time) bool {
		e := s.Add(time.Duration(r.Minutes) * time.Minute)
		if !at.Before(s) && at.Before(e) {
			start, end, ok = s, e, true
		}
		return true
	})
	return start, end, ok
}

// next is the first time that starts after an instant.
func (r *Repeat) next(at time.Time) (start, end time.Time, ok bool) {
	r.each(at, 0, lookAhead, func(s time.Time) bool {
		if s.After(at) {
			start, end, ok = s, s.Add(time.Duration(r.Minutes)*time.Minute), true
		}
		return !ok
	})
	return start, end, ok
}

// each visits the starts on the days from … to around an instant's local date,
// in order, until visit says no. A repetition that is not valid has none.
func (r *Repeat) each(at time.Time, from, to int, visit func(start time.Time) bool) {
	zone, err := zoneOf(r.Zone)
	if err != nil {
		return
	}
	hour, minute, err := clockOf(r.Start)
	if err != nil {
		return
	}
	local := at.In(zone)
	for day := from; day <= to; day++ {
		// Noon exists on every date in every zone.
		date := time.Date(local.Year(), local.Month(), local.Day()+day, 12, 0, 0, 0, time.UTC)
		if r.on(date) && !visit(localTime(date, hour, minute, zone)) {
			return
		}
	}
}

// on says whether the repetition has a start on a date.
func (r *Repeat) on(date time.Time) bool {
	if !slices.ContainsFunc(r.Days, func(d string) bool { w, ok := weekdays[d]; return ok && w == date.Weekday() }) {
		return false
	}
	switch {
	case r.Nth > 0:
		return (date.Day()-1)/7 == r.Nth-1
	case r.Nth < 0:
		return date.AddDate(0, 0, 7).Month() != date.Month()
	}
	return true
}

// localTime is the instant at which the clock of a zone shows a time on a date:
// the first, when it does so twice; the moment of the change, when it skips it.
func localTime(date time.Time, hour, minute int, zone *time.Location) time.Time {
	wall := time.Date(date.Year(), date.Month(), date.Day(), hour, minute, 0, 0, time.UTC)
	// No zone is further from UTC than a day, and none changes twice in two days.
	early, late := offset(wall.Add(-24*time.Hour), zone), offset(wall.Add(24*time.Hour), zone)
	first := wall.Add(-max(early, late))
	second := wall.Add(-min(early, late))
	for _, t := range []time.Time{first, second} {
		if offset(t, zone) == wall.Sub(t) {
			return t.UTC()
		}
	}
	// Skipped: the change lies between the two.
	_, change := first.In(zone).ZoneBounds()
	if change.IsZero() || change.After(second) {
		return second.UTC()
	}
	return change.UTC()
}

func offset(t time.Time, zone *time.Location) time.Duration {
	_, seconds := t.In(zone).Zone()
	return time.Duration(seconds) * time.Second
}
