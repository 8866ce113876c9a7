package state

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"uniview-bridge/pkg/backup"
)

var noon = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

func ago(d time.Duration) time.Time { return noon.Add(-d) }

func TestChangesAreNotedWhenTheWordIsAnotherOne(t *testing.T) {
	t.Parallel()
	var c Changes
	c = c.Note(ago(3*day), backup.WordSuccess, noon)
	if again := c.Note(noon, backup.WordSuccess, noon); !slices.Equal(c, again) {
		t.Errorf("the same word was noted: %v", again)
	}
	c = c.Note(ago(2*day), backup.WordFailed, noon).Note(ago(5*day), backup.WordOverdue, noon).Note(noon.Add(time.Hour), backup.WordSuccess, noon)
	want := Changes{{ago(3 * day), backup.WordSuccess}, {ago(2 * day), backup.WordFailed}, {ago(2 * day), backup.WordOverdue}, {noon, backup.WordSuccess}}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Errorf("a change is dated before the one it follows, or after now (-want +got):\n%s", diff)
	}
	for at, word := range map[time.Duration]backup.Word{4 * day: "", 60 * time.Hour: backup.WordSuccess, day: backup.WordOverdue, 0: backup.WordSuccess} {
		if got := c.At(ago(at)); got != word {
			t.Errorf("%v ago it was %q, want %q", at, got, word)
		}
	}
	var words [5]backup.Word
	c.Daily(Day(noon)-4, words[:])
	if want := [5]backup.Word{"", backup.WordSuccess, backup.WordOverdue, backup.WordOverdue, backup.WordSuccess}; words != want {
		t.Errorf("days %v, want %v", words, want)
	}
}

func TestOldChangesAreFoldedIntoTheWordTheyLeft(t *testing.T) {
	t.Parallel()
	c := Changes{{ago(90 * day), backup.WordSuccess}, {ago(60 * day), backup.WordFailed}, {ago(10 * day), backup.WordSuccess}}
	c = c.Note(noon, backup.WordOverdue, noon)
	if want := (Changes{{ago(60 * day), backup.WordFailed}, {ago(10 * day), backup.WordSuccess}, {noon, backup.WordOverdue}}); cmp.Diff(want, c) != "" {
		t.Errorf("kept %v", c)
	}
	for i := range 200 {
		c = c.Note(noon.Add(time.Duration(i)*time.Minute), []backup.Word{backup.WordFailed, backup.WordSuccess}[i%2], noon.Add(200*time.Minute))
	}
	if len(c) != mostChanges {
		t.Errorf("%d changes are kept", len(c))
	}
}

func TestChangesAreStoredAsOneShortText(t *testing.T) {
	t.Parallel()
	c := Changes{{ago(3 * day), backup.WordNoneSeen}, {ago(day), backup.WordBackupOff}}
	raw, err := json.Marshal(Machine{Name: "SRV", Changes: c})
	if err != nil {
		t.Fatal(err)
	}
	var back Machine
	if err := json.Unmarshal(raw, &back); err != nil || cmp.Diff(c, back.Changes) != "" || len(c.String()) > 16 {
		t.Errorf("%s: %v, %v", raw, back.Changes, err)
	}
	if raw, _ = json.Marshal(Machine{Name: "SRV"}); strings.Contains(string(raw), `"h"`) {
		t.Errorf("a machine without changes stores some: %s", raw)
	}
}

func FuzzParseChanges(f *testing.F) {
	for _, s := range []string{"", "s1", "shmbq3,fhmbzz", "x,,s", "s-1", "szzzzzzzzzzzzzz", "fz,s1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c := ParseChanges(s)
		if !slices.IsSortedFunc(c, func(a, b Change) int { return a.At.Compare(b.At) }) {
			t.Errorf("%q is not in order: %v", s, c)
		}
		if again := ParseChanges(c.String()); !slices.Equal(c, again) {
			t.Errorf("%q reads as %v, and what that is stored as as %v", s, c, again)
		}
	})
}

func TestATallyHasOneEntryForADayOnWhichCountsChanged(t *testing.T) {
	t.Parallel()
	one, two := map[string]int{"success": 1}, map[string]int{"success": 1, "failed": 1}
	var tally Tally
	tally = tally.Set(ago(40*day), one).Set(ago(3*day), one)
	if len(tally) != 1 {
		t.Fatalf("equal counts were noted: %v", tally)
	}
	tally = tally.Set(ago(2*day), two).Set(ago(2*day).Add(time.Hour), one).Set(ago(day), two).Set(ago(day).Add(time.Hour), map[string]int{"failed": 2})
	want := Tally{{Day(ago(40 * day)), one}, {Day(ago(day)), map[string]int{"failed": 2}}}
	if diff := cmp.Diff(want, tally); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := tally.On(Day(ago(2 * day))); !cmp.Equal(got, one) {
		t.Errorf("two days ago: %v", got)
	}
	if got := tally.On(Day(ago(41 * day))); got != nil {
		t.Errorf("before all: %v", got)
	}
	for d := range 80 {
		tally = tally.Set(noon.Add(time.Duration(d)*day), map[string]int{"success": d})
	}
	if len(tally) > HistoryDays+1 {
		t.Errorf("%d entries are kept", len(tally))
	}
}

func TestDaysOfReads(t *testing.T) {
	t.Parallel()
	var days []int
	for _, at := range []time.Time{ago(50 * day), ago(2 * day), ago(2 * day).Add(time.Hour), noon, noon} {
		days = daysRead(days, at)
	}
	if want := []int{Day(ago(2 * day)), Day(noon)}; !slices.Equal(days, want) {
		t.Errorf("%v, want %v", days, want)
	}
	if Day(time.Unix(-1, 0)) != -1 || Day(time.Unix(0, 0)) != 0 || !DayStart(Day(noon)).Equal(noon.Truncate(day)) {
		t.Error("days begin at midnight in UTC")
	}
}
