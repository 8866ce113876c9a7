package state

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"uniview-bridge/pkg/backup"
)

// Histories are kept as changes, in records that are written at that moment anyway: a
// day on which nothing changed costs nothing, and is filled forward when it is shown.
const (
	// HistoryDays is how far back a history goes; what was before is one value.
	HistoryDays = 35
	// mostChanges bounds the changes kept of one machine.
	mostChanges = 60
)

const day = 24 * time.Hour

// Day is the number of a moment's day in UTC, counted from 1970.
func Day(t time.Time) int { return int(floorDiv(t.Unix(), int64(day/time.Second))) }

// DayStart is the moment at which a day begins.
func DayStart(n int) time.Time { return time.Unix(int64(n)*int64(day/time.Second), 0).UTC() }

func floorDiv(a, b int64) int64 {
	if q := a / b; a%b >= 0 {
		return q
	}
	return a/b - 1
}

// Change is the moment from which a machine's status word was another one.
type Change struct {
	At   time.Time // to the minute
	Word backup.Word
}

// Changes are the changes of a machine's status word, oldest first. The first tells
// the word before all others too, as far as it was seen. They are stored as one short
// text: hundreds of thousands are kept.
type Changes []Change

// letters are how words are stored.
var letters = map[backup.Word]byte{
	backup.WordSuccess: 's', backup.WordWarning: 'w', backup.WordFailed: 'f', backup.WordOverdue: 'o',
	backup.WordNoneSeen: 'n', backup.WordBackupOff: 'b', backup.WordUnknown: 'u',
}

var words = func() map[byte]backup.Word {
	out := make(map[byte]backup.Word, len(letters))
	for w, l := range letters {
		out[l] = w
	}
	return out
}()

// Note adds that the word is another one since a moment, unless it is the same. No
// change is dated after now or before the one it follows. What is older than
// HistoryDays, or more than is kept, is forgotten but for the word it left.
func (c Changes) Note(at time.Time, word backup.Word, now time.Time) Changes {
	if word == "" || len(c) > 0 && c[len(c)-1].Word == word {
		return c
	}
	if at.IsZero() || at.After(now) {
		at = now
	}
	if len(c) > 0 && at.Before(c[len(c)-1].At) {
		at = c[len(c)-1].At
	}
	out := append(slices.Clone(c), Change{at.UTC().Truncate(time.Minute), word})
	limit := DayStart(Day(now) - HistoryDays)
	first := max(0, len(out)-mostChanges)
	for first+1 < len(out) && !out[first+1].At.After(limit) {
		first++
	}
	return out[first:]
}

// At is the word that held at a moment; empty before anything is known.
func (c Changes) At(t time.Time) backup.Word {
	for _, x := range slices.Backward(c) {
		if !x.At.After(t) {
			return x.Word
		}
	}
	return ""
}

// Daily fills into words the word that held at the end of each day from the given one
// on; empty before anything is known.
func (c Changes) Daily(first int, words []backup.Word) {
	i, word := 0, backup.Word("")
	for d := range words {
		end := DayStart(first + d + 1)
		for i < len(c) && c[i].At.Before(end) {
			word = c[i].Word
			i++
		}
		words[d] = word
	}
}

// String is the stored form: for each change the word's letter and the minutes since
// 1970 in base 36.
func (c Changes) String() string {
	var b strings.Builder
	for i, x := range c {
		letter, ok := letters[x.Word]
		if !ok {
			letter = letters[backup.WordUnknown]
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte(letter)
		b.WriteString(strconv.FormatInt(x.At.Unix()/60, 36))
	}
	return b.String()
}

// ParseChanges reads the stored form. What cannot be read is left out: a history is
// worth less than the record it stands in.
func ParseChanges(s string) Changes {
	var c Changes
	for part := range strings.SplitSeq(s, ",") {
		if part == "" {
			continue
		}
		word, ok := words[part[0]]
		minutes, err := strconv.ParseInt(part[1:], 36, 64)
		const most = 1 << 32 // minutes: far beyond any date
		if !ok || err != nil || minutes < 0 || minutes > most || len(c) > 0 && minutes < c[len(c)-1].At.Unix()/60 {
			continue
		}
		c = append(c, Change{time.Unix(minutes*60, 0).UTC(), word})
	}
	return c
}

// MarshalText stores the changes.
func (c Changes) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads them back.
func (c *Changes) UnmarshalText(text []byte) error {
	*c = ParseChanges(string(text))
	return nil
}

// DayCount is how many machines had which status word from a day on.
type DayCount struct {
	Day    int            `json:"d"` // see Day
	Counts map[string]int `json:"n"` // by status word
}

// Tally is how counts by status word went on, oldest first: one entry for each day on
// which they changed, with what they were at its end.
type Tally []DayCount

// Set notes what the counts are now; equal ones change nothing. The tally it is called
// on stays as it is.
func (t Tally) Set(now time.Time, counts map[string]int) Tally {
	d := Day(now)
	if n := len(t); n > 0 {
		last := t[n-1]
		d = max(d, last.Day)
		if maps.Equal(last.Counts, counts) {
			return t
		}
		if last.Day == d {
			t = t[:n-1]
		}
	}
	if n := len(t); n > 0 && maps.Equal(t[n-1].Counts, counts) {
		return t[:n:n] // back to what it was the day before
	}
	out := append(slices.Clone(t), DayCount{d, maps.Clone(counts)})
	first := 0
	for first+1 < len(out) && out[first+1].Day <= d-HistoryDays {
		first++
	}
	return out[first:]
}

// On is what the counts were at the end of a day; nil before anything is known.
func (t Tally) On(d int) map[string]int {
	for _, x := range slices.Backward(t) {
		if x.Day <= d {
			return x.Counts
		}
	}
	return nil
}

var trendKey = Key{pkIndex, "trend"}

// TrendKey is the key of the account's tally of machines by status word.
func TrendKey() Key { return trendKey }

// LoadTrend reads the account's tally of machines by status word.
func LoadTrend(ctx context.Context, t Table) (Tally, error) {
	tally, _, err := LoadOr(ctx, t, trendKey, Tally{})
	return tally, err
}

// NoteTrend notes the account's counts by status word, if they are others than before.
func NoteTrend(ctx context.Context, t Table, now time.Time, counts map[string]int) error {
	_, err := Update(ctx, t, trendKey, func(tally *Tally) error {
		next := tally.Set(now, counts)
		if Digest(next) == Digest(*tally) {
			return Unchanged()
		}
		*tally = next
		return nil
	})
	return err
}

// daysRead adds the day of a complete read to those of the reads before.
func daysRead(before []int, at time.Time) []int {
	d := Day(at)
	out := slices.DeleteFunc(slices.Clone(before), func(x int) bool { return x <= d-HistoryDays || x > d })
	if len(out) == 0 || out[len(out)-1] != d {
		out = append(out, d)
	}
	return out
}
