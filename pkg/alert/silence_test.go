package alert

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func utc(text string) time.Time {
	t, err := time.Parse("2006-01-02 15:04", text)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

func window(days string, start string, minutes int, zone string) *Repeat {
	return &Repeat{Days: strings.Fields(days), Start: start, Minutes: minutes, Zone: zone}
}

func TestWindowsComeAtLocalTimeOverChangesOfTheClock(t *testing.T) {
	t.Parallel()
	nightly := "mon tue wed thu fri sat sun"
	monthly := func(nth int, day string) *Repeat {
		r := window(day, "22:00", 120, "UTC")
		r.Nth = nth
		return r
	}
	for _, tt := range []struct {
		name       string
		repeat     *Repeat
		after      string
		start, end string
	}{
		{"an ordinary night", window(nightly, "22:00", 120, "Europe/Berlin"), "2026-03-10 12:00", "2026-03-10 21:00", "2026-03-10 23:00"},
		{"in summer an hour earlier by UTC", window(nightly, "22:00", 120, "Europe/Berlin"), "2026-07-10 12:00", "2026-07-10 20:00", "2026-07-10 22:00"},
		{"over midnight", window("fri", "23:30", 60, "UTC"), "2026-03-10 00:00", "2026-03-13 23:30", "2026-03-14 00:30"},
		{"over the skipped hour minutes are real", window(nightly, "01:30", 120, "Europe/Berlin"), "2026-03-28 12:00", "2026-03-29 00:30", "2026-03-29 02:30"},
		{"a start in the skipped hour is the change", window("sun", "02:30", 60, "Europe/Berlin"), "2026-03-28 12:00", "2026-03-29 01:00", "2026-03-29 02:00"},
		{"a start that comes twice is the first", window("sun", "02:30", 60, "Europe/Berlin"), "2026-10-24 12:00", "2026-10-25 00:30", "2026-10-25 01:30"},
		{"New York skips another day", window("sun", "02:30", 60, "America/New_York"), "2026-03-07 12:00", "2026-03-08 07:00", "2026-03-08 08:00"},
		{"half an hour in Lord Howe", window("sun", "02:15", 60, "Australia/Lord_Howe"), "2026-10-03 00:00", "2026-10-03 15:30", "2026-10-03 16:30"},
		{"half hours of zones", window("wed", "09:00", 30, "Asia/Kolkata"), "2026-03-10 12:00", "2026-03-11 03:30", "2026-03-11 04:00"},
		{"the second Tuesday", monthly(2, "tue"), "2026-03-11 00:00", "2026-04-14 22:00", "2026-04-15 00:00"},
		{"the last Sunday", monthly(-1, "sun"), "2026-03-01 00:00", "2026-03-29 22:00", "2026-03-30 00:00"},
		{"the first Monday on the first", monthly(1, "mon"), "2026-05-30 00:00", "2026-06-01 22:00", "2026-06-02 00:00"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if err := tt.repeat.validate(); err != nil {
				t.Fatal(err)
			}
			s := Silence{Kind: Window, Owner: "ada", Reason: "patches", From: utc("2026-01-01 00:00"), Repeat: tt.repeat}
			start, end, ok := s.Next(utc(tt.after))
			if !ok || !start.Equal(utc(tt.start)) || !end.Equal(utc(tt.end)) {
				t.Errorf("%v to %v (%v), want %s to %s", start, end, ok, tt.start, tt.end)
			}
		})
	}
}

func TestSilencesHoldFromTheirBeginningUpToTheirEnd(t *testing.T) {
	t.Parallel()
	snooze := Silence{Kind: Snooze, Owner: "ada", Reason: "new disks come", From: at(0), Until: at(60)}
	nights := Silence{Kind: Window, Name: "patch night", Owner: "ada", Reason: "updates", From: at(0), Repeat: window("tue wed", "22:00", 60, "UTC")}
	for _, tt := range []struct {
		name    string
		silence Silence
		at      time.Time
		until   time.Time // zero: it does not hold
		reason  string
	}{
		{"before it begins", snooze, at(-1), time.Time{}, ""},
		{"at its beginning", snooze, at(0), at(60), "snoozed by ada until 2026-03-10 13:00 UTC: new disks come"},
		{"just before its end", snooze, at(60).Add(-1), at(60), "snoozed by ada"},
		{"at its end", snooze, at(60), time.Time{}, ""},
		{"a window between its times", nights, at(1), time.Time{}, ""},
		{"a window at its time", nights, utc("2026-03-10 22:30"), utc("2026-03-10 23:00"), `in the maintenance window "patch night" by ada until 2026-03-10 23:00 UTC: updates`},
		{"a window before it begins", nights, utc("2026-03-04 22:30"), time.Time{}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			until, reason, ok := tt.silence.Active(tt.at)
			if ok != !tt.until.IsZero() || !until.Equal(tt.until) || !strings.HasPrefix(reason, tt.reason) {
				t.Errorf("holds %v until %v: %q", ok, until, reason)
			}
		})
	}
	// The end of the whole series cuts its last time short.
	nights.Until = utc("2026-03-11 22:20")
	if until, _, ok := nights.Active(utc("2026-03-11 22:10")); !ok || !until.Equal(nights.Until) {
		t.Errorf("until %v", until)
	}
	if _, _, ok := nights.Next(utc("2026-03-11 22:30")); ok {
		t.Error("holds again after its end")
	}
}

func TestASilenceCoversItsScopeOnly(t *testing.T) {
	t.Parallel()
	c := Condition{Key: "v1:a", AssetKey: "appliance:m1", ApplianceID: "ap1"}
	untold := Condition{Key: "v1:b"}
	for _, tt := range []struct {
		scope      SilenceScope
		target     string
		told, none bool
	}{
		{OnCondition, "v1:a", true, false},
		{OnMachine, "appliance:m1", true, false},
		{OnMachine, "appliance:m2", false, false},
		{OnAppliance, "ap1", true, false},
		{OnCustomer, "", true, true},
		{"planet", "", false, false},
	} {
		s := Silence{Scope: tt.scope, Target: tt.target}
		if s.Covers(c) != tt.told || s.Covers(untold) != tt.none {
			t.Errorf("%s %s covers %v and %v", tt.scope, tt.target, s.Covers(c), s.Covers(untold))
		}
	}
	long := Silence{ID: "b", Kind: Snooze, Scope: OnCustomer, From: at(0), Until: at(90)}
	short := Silence{ID: "a", Kind: Snooze, Scope: OnCondition, Target: "v1:a", From: at(0), Until: at(60)}
	if h := HeldBy([]Silence{short, long}, c, at(1)); h == nil || h.ID != "b" || h.By != "snooze" || !h.Until.Equal(at(90)) {
		t.Errorf("held by %+v", h)
	}
	if h := HeldBy([]Silence{short, long}, c, at(90)); h != nil {
		t.Errorf("held by %+v after the end of both", h)
	}
}

func TestSilencesThatMakeNoSenseAreRefusedWithWords(t *testing.T) {
	t.Parallel()
	right := Silence{ID: "1", Kind: Snooze, CustomerID: "c", Scope: OnCondition, Target: "k", Reason: "r", Owner: "ada", From: at(0), Until: at(60)}
	month := 30 * 24 * time.Hour
	if err := right.Validate(at(0), month); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		change func(*Silence)
		want   string
	}{
		{"no end", func(s *Silence) { s.Until = time.Time{} }, "nothing is silenced for ever"},
		{"an end before its beginning", func(s *Silence) { s.Until = at(-1) }, "until must be after from"},
		{"an end that is past", func(s *Silence) { s.From, s.Until = at(-20), at(-10) }, "until is past"},
		{"too long", func(s *Silence) { s.Until = at(0).Add(month + time.Minute) }, "at most 30 days"},
		{"no reason", func(s *Silence) { s.Reason = " " }, "reason must be given"},
		{"no owner", func(s *Silence) { s.Owner = "" }, "owner must be given"},
		{"no customer", func(s *Silence) { s.CustomerID = "" }, "customerId"},
		{"no target", func(s *Silence) { s.Target = "" }, "target must name the condition"},
		{"a kind that is none", func(s *Silence) { s.Kind = "nap" }, "kind must be"},
		{"a scope that is none", func(s *Silence) { s.Scope = "planet" }, "scope must be"},
		{"a snooze that repeats", func(s *Silence) { s.Repeat = window("mon", "22:00", 60, "UTC") }, "a snooze does not repeat"},
		{"no days", func(s *Silence) { s.Kind, s.Repeat = Window, window("", "22:00", 60, "UTC") }, "days must name"},
		{"a day that is none", func(s *Silence) { s.Kind, s.Repeat = Window, window("someday", "22:00", 60, "UTC") }, `"someday" is none of`},
		{"a time that is none", func(s *Silence) { s.Kind, s.Repeat = Window, window("mon", "24:00", 60, "UTC") }, "start must be a time"},
		{"a zone that is none", func(s *Silence) { s.Kind, s.Repeat = Window, window("mon", "22:00", 60, "Mars/Olympus") }, "is not known"},
		{"the machine's own zone", func(s *Silence) { s.Kind, s.Repeat = Window, window("mon", "22:00", 60, "Local") }, "zone must be"},
		{"a file for a zone", func(s *Silence) { s.Kind, s.Repeat = Window, window("mon", "22:00", 60, "../../etc/passwd") }, "zone must be"},
		{"too long a window", func(s *Silence) { s.Kind, s.Repeat = Window, window("mon", "22:00", 1441, "UTC") }, "minutes must be"},
		{"for ever by repeating", func(s *Silence) {
			s.Kind, s.Until, s.Repeat = Window, time.Time{}, window("mon tue wed thu fri sat sun", "00:00", 1440, "UTC")
		}, "nothing is silenced for ever"},
		{"for ever but for a minute a day", func(s *Silence) {
			s.Kind, s.Until, s.Repeat = Window, time.Time{}, window("mon tue wed thu fri sat sun", "00:00", 1439, "UTC")
		}, "at least 60 minutes"},
		{"monthly on two days", func(s *Silence) {
			s.Kind, s.Repeat = Window, window("mon tue", "22:00", 60, "UTC")
			s.Repeat.Nth = 2
		}, "on one day of the week"},
		{"a fifth weekday", func(s *Silence) {
			s.Kind, s.Repeat = Window, window("mon", "22:00", 60, "UTC")
			s.Repeat.Nth = 5
		}, "nth must be"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := right
			tt.change(&s)
			if err := s.Validate(at(0), month); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
	endless := right
	endless.Kind, endless.Until, endless.Repeat = Window, time.Time{}, window("mon", "22:00", 60, "UTC")
	if err := endless.Validate(at(0), month); err != nil {
		t.Errorf("a recurring window without an end is refused: %v", err)
	}
}

// Whatever the zone and its changes of the clock: what Next names is when Active
// holds, each time lasts its minutes, and begins at the local time it says.
func TestNextAndActiveAgreeAroundChangesOfTheClock(t *testing.T) {
	t.Parallel()
	zones := []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/St_Johns", "Asia/Kolkata", "Africa/Casablanca", "Pacific/Apia", "UTC"}
	days := []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}
	rapid.Check(t, func(t *rapid.T) {
		r := &Repeat{
			Days:    rapid.SliceOfNDistinct(rapid.SampledFrom(days), 1, 7, rapid.ID[string]).Draw(t, "days"),
			Start:   time.Date(0, 1, 1, rapid.IntRange(0, 23).Draw(t, "hour"), rapid.IntRange(0, 59).Draw(t, "minute"), 0, 0, time.UTC).Format("15:04"),
			Minutes: rapid.IntRange(1, maxRepeatMinutes).Draw(t, "minutes"),
			Zone:    rapid.SampledFrom(zones).Draw(t, "zone"),
		}
		if rapid.Bool().Draw(t, "monthly") {
			r.Days, r.Nth = r.Days[:1], rapid.SampledFrom([]int{1, 2, 3, 4, -1}).Draw(t, "nth")
		}
		if err := r.validate(); err != nil {
			t.Fatal(err)
		}
		s := Silence{Kind: Window, From: utc("2020-01-01 00:00"), Repeat: r}
		now := utc("2026-01-01 00:00").Add(time.Duration(rapid.IntRange(0, 365*24*60).Draw(t, "at")) * time.Minute)
		start, end, ok := s.Next(now)
		if !ok || !end.After(now) {
			t.Fatalf("next is %v to %v (%v) at %v", start, end, ok, now)
		}
		if end.Sub(start) != time.Duration(r.Minutes)*time.Minute {
			t.Fatalf("%v to %v lasts %v", start, end, end.Sub(start))
		}
		if until, _, holds := s.Active(now); holds != !start.After(now) || holds && until.Before(end) {
			t.Fatalf("at %v it holds %v until %v, next is %v to %v", now, holds, until, start, end)
		}
		zone, err := time.LoadLocation(r.Zone)
		if err != nil {
			t.Fatal(err)
		}
		if local := start.In(zone); local.Format("15:04") != r.Start {
			// Only where the clock skips the time: the minute before is before it.
			before := start.Add(-time.Minute).In(zone)
			if before.Format("15:04") >= r.Start && before.Day() == local.Day() || local.Format("15:04") < r.Start {
				t.Fatalf("%v begins at %s local, not at %s", start, local.Format("15:04"), r.Start)
			}
		}
		if _, _, holds := s.Active(start); !holds {
			t.Fatalf("does not hold at its own start %v", start)
		}
		if until, _, holds := s.Active(end); holds && !until.After(end) {
			t.Fatalf("holds at its end %v", end)
		}
	})
}

func FuzzRepeatNeverPanics(f *testing.F) {
	f.Add("mon tue", 0, "22:00", 60, "Europe/Berlin", int64(1_773_000_000))
	f.Add("sun", -1, "02:30", 1440, "America/New_York", int64(1_700_000_000))
	f.Fuzz(func(t *testing.T, days string, nth int, start string, minutes int, zone string, at int64) {
		r := &Repeat{Days: strings.Fields(days), Nth: nth, Start: start, Minutes: minutes, Zone: zone}
		valid := r.validate() == nil
		s := Silence{From: time.Unix(0, 0), Repeat: r}
		now := time.Unix(at%4_000_000_000, 0)
		until, _, holds := s.Active(now)
		if holds && !until.After(now) {
			t.Errorf("holds until %v at %v", until, now)
		}
		if _, _, ok := s.Next(now); valid && at > 0 && !ok {
			t.Errorf("%+v never comes again", r)
		}
	})
}
