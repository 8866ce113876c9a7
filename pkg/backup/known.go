package backup

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

const (
	// maxEnds is how many completion times make up a machine's rhythm.
	maxEnds = 8
	// minIntervals is how many intervals a rhythm needs to be believed.
	minIntervals = 3
	// clockSkew is how far in the future a vendor's time may lie.
	clockSkew = time.Hour
	// pauseFactor bounds a regular pause (a weekend, a holiday) against the usual interval.
	pauseFactor = 4
	// pauseSlack is the room given beyond the longest regular pause.
	pauseSlack = 1.25
)

// Observe is what is known of a machine after one more complete read: its first
// sight, its newest finished backup (one in progress changes nothing), its newest
// good one and its rhythm. Seeing the same again changes nothing. Times are kept
// to the second; those over an hour in the future are not believed.
func Observe(k Known, a Asset, now time.Time) Known {
	if k.FirstSeen.IsZero() {
		k.FirstSeen = now.Truncate(time.Second).UTC()
	}
	end, result := finished(a)
	end = end.Truncate(time.Second).UTC()
	if end.IsZero() || end.After(now.Add(clockSkew)) {
		return k
	}
	if result.Good() && end.After(k.LastGood) {
		k.LastGood = end
	}
	switch {
	case end.After(k.LastEnd):
		k.LastEnd, k.LastEndResult = end, result
		k.Ends = append(slices.Clone(k.Ends), end)
		if n := len(k.Ends); n > maxEnds {
			k.Ends = k.Ends[n-maxEnds:]
		}
	case end.Equal(k.LastEnd):
		k.LastEndResult = result
	}
	return k
}

// finished is the newest finished backup that the asset tells.
func finished(a Asset) (time.Time, Result) {
	if a.Family == FamilyEndpoint {
		return a.LastGood, Successful
	}
	if a.Last == nil || a.Last.Result == InProgress {
		return time.Time{}, ""
	}
	if a.Last.Complete.IsZero() {
		return a.Last.Start, a.Last.Result // ended without an end: the start is the nearest time told
	}
	return a.Last.Complete, a.Last.Result
}

// Learn is what is known after a look at UniView's own history: newer ends and good
// backups, and since when none was missed. Learning the same again changes nothing.
func (k Known) Learn(h History, now time.Time) Known {
	end, good := h.End.Truncate(time.Second).UTC(), h.Good.Truncate(time.Second).UTC()
	if limit := now.Add(clockSkew); end.After(limit) || good.After(limit) {
		return k
	}
	if end.After(k.LastEnd) {
		k.LastEnd, k.LastEndResult = end, h.Result
	}
	if good.After(k.LastGood) && !good.After(k.LastEnd) {
		k.LastGood = good
	}
	if from := h.From.Truncate(time.Second).UTC(); !h.From.IsZero() && (k.SeenFrom.IsZero() || from.Before(k.SeenFrom)) {
		k.SeenFrom = from
	}
	return k
}

// noneSince is since when no good backup was seen of a machine.
func (k Known) noneSince(a Asset) time.Time {
	since := earliest(k.FirstSeen, k.SeenFrom)
	if a.Family == FamilyEndpoint { // UniView tells the last good one, however old
		since = earliest(since, a.Created.Truncate(time.Second).UTC())
	}
	return since
}

// Rhythm is the machine's usual (median) interval between finished backups; zero
// when too few were seen.
func (k Known) Rhythm() time.Duration {
	gaps := k.intervals()
	if len(gaps) < minIntervals {
		return 0
	}
	return gaps[len(gaps)/2]
}

// intervals between the known ends, shortest first.
func (k Known) intervals() []time.Duration {
	var gaps []time.Duration
	for i := 1; i < len(k.Ends); i++ {
		gaps = append(gaps, k.Ends[i].Sub(k.Ends[i-1]))
	}
	slices.Sort(gaps)
	return gaps
}

// Limit is how old the newest good backup may be before the machine is overdue.
// Without a rhythm it is OverdueAfter. With one it is OverdueFactor times the
// usual interval, or 1.25 times the longest recent pause where that is a regular
// one (at most four usual intervals: a weekend, a holiday), whichever is more,
// and within OverdueAtLeast and OverdueAtMost.
func (k Known) Limit(s Settings) time.Duration {
	s = s.WithDefaults()
	usual := k.Rhythm()
	if usual == 0 {
		return s.OverdueAfter
	}
	limit := time.Duration(s.OverdueFactor * float64(usual))
	for _, gap := range k.intervals() {
		if gap <= pauseFactor*usual {
			limit = max(limit, time.Duration(pauseSlack*float64(gap)))
		}
	}
	return min(max(limit, s.OverdueAtLeast), max(s.OverdueAtMost, s.OverdueAtLeast))
}

// knownRecord is how Known is stored: thousands of machines share one record, so
// times are numbers, and the rhythm is minutes since the end before.
type knownRecord struct {
	First  int64   `json:"f,omitempty"`
	Good   int64   `json:"g,omitempty"` // seconds before End; -1: none
	End    int64   `json:"e,omitempty"`
	Result Result  `json:"r,omitempty"`
	Seen   int64   `json:"s,omitempty"` // SeenFrom
	Ends   []int64 `json:"i,omitempty"` // seconds before the end that follows, newest first; the newest is End
}

// MarshalJSON stores the record in its compact form (seconds, relative).
func (k Known) MarshalJSON() ([]byte, error) {
	r := knownRecord{First: unix(k.FirstSeen), End: unix(k.LastEnd), Result: k.LastEndResult, Good: -1, Seen: unix(k.SeenFrom)}
	if !k.LastGood.IsZero() {
		r.Good = r.End - unix(k.LastGood)
	}
	at := r.End
	for _, end := range slices.Backward(k.Ends) {
		r.Ends = append(r.Ends, at-unix(end))
		at = unix(end)
	}
	return json.Marshal(r)
}

// UnmarshalJSON reads the compact form.
func (k *Known) UnmarshalJSON(data []byte) error {
	var r knownRecord
	if err := json.Unmarshal(data, &r); err != nil {
		return fmt.Errorf("read what is known of a machine: %w", err)
	}
	*k = Known{FirstSeen: at(r.First), LastEnd: at(r.End), LastEndResult: r.Result, SeenFrom: at(r.Seen)}
	if r.Good >= 0 && r.End != 0 {
		k.LastGood = at(r.End - r.Good)
	}
	t := r.End
	for _, back := range r.Ends {
		t -= back
		k.Ends = append(k.Ends, at(t))
	}
	slices.Reverse(k.Ends)
	return nil
}

func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func at(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}
