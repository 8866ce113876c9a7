package docsync

import (
	"fmt"
	"strings"
	"time"
)

// Limits of what can be set.
const (
	maxTimesEvery  = 7 * 24 * time.Hour
	minUnknown     = time.Hour
	maxUnknown     = 7 * 24 * time.Hour
	maxOverdue     = 400 * 24 * time.Hour
	maxLookUps     = 1000
	maxTypes       = 200
	maxTypeName    = 200
	minLease       = 15 * time.Minute // a function's limit
	minSearchAfter = time.Minute
)

// Validate says in words what is wrong with settings that a person entered, by the
// JSON name of the field; nil: nothing.
func (s Settings) Validate() map[string]string {
	wrong := map[string]string{}
	within := func(field string, d, low, high time.Duration) {
		if d != 0 && (d < low || d > high) {
			wrong[field] = fmt.Sprintf("must be between %s and %s", Span(low), Span(high))
		}
	}
	within("timesEvery", s.TimesEvery, time.Minute, maxTimesEvery)
	within("status.overdueAfter", s.Status.OverdueAfter, time.Hour, maxOverdue)
	within("status.overdueAtLeast", s.Status.OverdueAtLeast, time.Hour, maxOverdue)
	within("status.overdueAtMost", s.Status.OverdueAtMost, time.Hour, maxOverdue)
	within("status.unknownAfter", s.Status.UnknownAfter, minUnknown, maxUnknown)
	within("lease", s.Lease, minLease, 24*time.Hour)
	if f := s.Status.OverdueFactor; f != 0 && !(f >= 1 && f <= 20) {
		wrong["status.overdueFactor"] = "must be between 1 and 20"
	}
	if d := s.Status.WithDefaults(); d.OverdueAtMost < d.OverdueAtLeast {
		wrong["status.overdueAtMost"] = fmt.Sprintf("must be at least status.overdueAtLeast, which is %s", Span(d.OverdueAtLeast))
	}
	for i, d := range s.SearchAfter {
		if d < minSearchAfter || d > 24*time.Hour || i > 0 && d <= s.SearchAfter[i-1] {
			wrong["searchAfter"] = "must be growing times between 1 minute and 1 day, the last of them how long a create may take to show up"
		}
	}
	if s.LookUps > maxLookUps {
		wrong["lookUps"] = fmt.Sprintf("must be at most %d; a negative number asks nothing", maxLookUps)
	}
	if s.ConsoleURL != "" && link(s.ConsoleURL) == "" {
		wrong["consoleUrl"] = "must be an https address without a name or password in it"
	}
	if err := s.MACs.Validate(); err != nil {
		wrong["macs"] = err.Error()
	}
	if len(s.CoverageTypes) > maxTypes {
		wrong["coverageTypes"] = fmt.Sprintf("must be at most %d types", maxTypes)
	}
	for _, name := range s.CoverageTypes {
		if n := len([]rune(strings.TrimSpace(name))); n == 0 || n > maxTypeName {
			wrong["coverageTypes"] = fmt.Sprintf("a type's name has 1 to %d characters", maxTypeName)
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return wrong
}

// Span is a duration as a person says it.
func Span(d time.Duration) string {
	for _, u := range []struct {
		of   time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		if d >= u.of && d%u.of == 0 {
			if n := d / u.of; n != 1 {
				return fmt.Sprintf("%d %ss", n, u.name)
			}
			return "1 " + u.name
		}
	}
	return d.String()
}
