package backup_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"uniview-bridge/pkg/backup"
)

var now = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

func ago(d time.Duration) time.Time { return now.Add(-d) }

// appliance is an appliance asset whose last backup ended some time ago.
func appliance(result backup.Result, end time.Duration) backup.Asset {
	return backup.Asset{Family: backup.FamilyAppliance, ID: "1", Last: &backup.Backup{Start: ago(end + time.Hour), Complete: ago(end), Result: result}}
}

func TestJudgeFollowsEveryRowOfTheTable(t *testing.T) {
	t.Parallel()
	good := func(age time.Duration) backup.Known {
		return backup.Known{FirstSeen: ago(1000 * time.Hour), LastGood: ago(age), LastEnd: ago(age), LastEndResult: backup.Successful}
	}
	running := backup.Asset{Family: backup.FamilyAppliance, ID: "1", Last: &backup.Backup{Start: ago(time.Hour), Result: backup.InProgress}}
	endpoint := backup.Asset{Family: backup.FamilyEndpoint, ID: "E"}
	lately := endpoint
	lately.LastGood = ago(3 * time.Hour)
	old := endpoint
	old.LastGood = ago(49 * time.Hour)
	off := lately
	off.BackupOff = true
	tests := []struct {
		name   string
		a      backup.Asset
		k      backup.Known
		read   time.Duration // age of the read
		word   backup.Word
		reason string
	}{
		{"a read that is too old makes anything unknown", lately, backup.Known{}, 25 * time.Hour, backup.WordUnknown, backup.ReasonStale},
		{"an endpoint with backup off is that, whatever its backups", off, backup.Known{}, 0, backup.WordBackupOff, backup.ReasonOff},
		{"an endpoint with a good backup in time", lately, backup.Known{}, 0, backup.WordSuccess, backup.ReasonGoodInTime},
		{"an endpoint without a good backup in time", old, backup.Known{}, 0, backup.WordOverdue, backup.ReasonOverdue},
		{"an endpoint that never succeeded", endpoint, backup.Known{}, 0, backup.WordNoneSeen, backup.ReasonEndpointNone},
		{"failed, with a good one in time before", appliance(backup.Failed, time.Hour), good(20 * time.Hour), 0, backup.WordFailed, backup.ReasonFailed},
		{"failed, and the last good one too long ago", appliance(backup.Failed, time.Hour), good(60 * time.Hour), 0, backup.WordFailed, backup.ReasonFailedLate},
		{"failed, and never a good one", appliance(backup.Failed, time.Hour), backup.Known{}, 0, backup.WordFailed, backup.ReasonFailedNoGood},
		{"successful but too long ago", appliance(backup.Successful, 49*time.Hour), backup.Known{}, 0, backup.WordOverdue, backup.ReasonOverdue},
		{"warning too long ago is overdue too", appliance(backup.Warning, 49*time.Hour), backup.Known{}, 0, backup.WordOverdue, backup.ReasonOverdue},
		{"successful in time", appliance(backup.Successful, time.Hour), backup.Known{}, 0, backup.WordSuccess, backup.ReasonSuccess},
		{"with warnings in time", appliance(backup.Warning, time.Hour), backup.Known{}, 0, backup.WordWarning, backup.ReasonWarning},
		{"result not told, a good one in time before", appliance(backup.UnknownRes, time.Hour), good(20 * time.Hour), 0, backup.WordWarning, backup.ReasonUntold},
		{"a result of a later UniView is not told either", appliance("Skipped", time.Hour), good(20 * time.Hour), 0, backup.WordWarning, backup.ReasonUntold},
		{"result not told and nothing good", appliance(backup.UnknownRes, time.Hour), backup.Known{}, 0, backup.WordNoneSeen, backup.ReasonUntoldNoGood},
		{"the first backup is running", running, backup.Known{}, 0, backup.WordNoneSeen, backup.ReasonFirstRunning},
		{"a running backup keeps the result before it", running, good(20 * time.Hour), 0, backup.WordSuccess, backup.ReasonSuccess},
		{"no backup at all", backup.Asset{Family: backup.FamilyAppliance, ID: "1"}, backup.Known{}, 0, backup.WordNoneSeen, backup.ReasonNone},
		{"a backup that vanished from UniView is remembered", backup.Asset{Family: backup.FamilyAppliance, ID: "1"}, good(20 * time.Hour), 0, backup.WordSuccess, backup.ReasonSuccess},
	}
	seen := map[string]bool{}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := backup.Judge(tt.a, tt.k, backup.Settings{}, now, ago(tt.read))
			if got.Word != tt.word || got.Reason != tt.reason {
				t.Errorf("got %q because %q, want %q because %q", got.Word, got.Reason, tt.word, tt.reason)
			}
		})
		seen[tt.reason] = true
	}
	for _, row := range backup.Table {
		if !seen[row.Reason] {
			t.Errorf("no test for the row %q because %q", row.Word, row.Reason)
		}
	}
}

func TestJudgeMeasuresAgeAtTheReadNotAtTheClock(t *testing.T) {
	t.Parallel()
	a := appliance(backup.Successful, 50*time.Hour)
	if got := backup.Judge(a, backup.Known{}, backup.Settings{}, now, ago(3*time.Hour)); got.Word != backup.WordSuccess {
		t.Errorf("47 h old at the read: %q because %q, want success", got.Word, got.Reason)
	}
	if got := backup.Judge(a, backup.Known{}, backup.Settings{}, now, ago(2*time.Hour)); got.Word != backup.WordOverdue {
		t.Errorf("48 h old at the read: %q because %q, want overdue", got.Word, got.Reason)
	}
}

func TestJudgeTellsWhenTheWordChangesByTheClock(t *testing.T) {
	t.Parallel()
	got := backup.Judge(appliance(backup.Successful, 10*time.Hour), backup.Known{}, backup.Settings{}, now, now)
	if want := ago(10 * time.Hour).Add(48 * time.Hour); !got.ChangesAt.Equal(want) || !got.OverdueAt.Equal(want) {
		t.Errorf("changes at %v, overdue at %v, want %v", got.ChangesAt, got.OverdueAt, want)
	}
	if got := backup.Judge(appliance(backup.Successful, 90*time.Hour), backup.Known{}, backup.Settings{}, now, now); !got.ChangesAt.IsZero() {
		t.Errorf("an overdue machine changes by itself at %v", got.ChangesAt)
	}
}

// every returns what is known after backups ended at these times ago, oldest first.
func every(ages ...time.Duration) backup.Known {
	k := backup.Known{}
	for _, age := range ages {
		k = backup.Observe(k, appliance(backup.Successful, age), now)
	}
	return k
}

func TestLimitFollowsTheMachinesOwnRhythm(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	tests := []struct {
		name string
		k    backup.Known
		want time.Duration
	}{
		{"without a rhythm 48 hours", every(3*day, 2*day, day), 48 * time.Hour},
		{"daily: two and a half days", every(4*day, 3*day, 2*day, day), 60 * time.Hour},
		{"hourly: never less than 26 hours", every(4*time.Hour, 3*time.Hour, 2*time.Hour, time.Hour), 26 * time.Hour},
		{"office days: the weekend counts with a quarter more", every(8*day, 7*day, 6*day, 3*day, 2*day, day), 90 * time.Hour},
		{"an outage of ten days is no rhythm", every(15*day, 14*day, 13*day, 3*day, 2*day, day), 60 * time.Hour},
		{"quarterly: never more than 45 days", every(400*day, 300*day, 200*day, 100*day), 45 * day},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.k.Limit(backup.Settings{}); got != tt.want {
				t.Errorf("limit %v, want %v", got, tt.want)
			}
		})
	}
}

func TestObserveIgnoresTheFutureAndKeepsEight(t *testing.T) {
	t.Parallel()
	k := every(time.Hour)
	if got := backup.Observe(k, appliance(backup.Successful, -2*time.Hour), now); cmp.Diff(got, k) != "" {
		t.Error("a backup two hours in the future was believed")
	}
	for h := 100; h > 0; h-- {
		k = backup.Observe(k, appliance(backup.Successful, time.Duration(h)*time.Minute), now)
	}
	if len(k.Ends) > 8 {
		t.Errorf("%d ends kept", len(k.Ends))
	}
}

// assets draws assets of both families with any last backup.
func assets(t *rapid.T) backup.Asset {
	at := func(label string) time.Time {
		return now.Add(-time.Duration(rapid.IntRange(-4*60, 100*24*60).Draw(t, label)) * time.Minute)
	}
	a := backup.Asset{Family: rapid.SampledFrom([]backup.Family{backup.FamilyAppliance, backup.FamilyEndpoint}).Draw(t, "family"), ID: "x"}
	if a.Family == backup.FamilyEndpoint {
		a.BackupOff = rapid.Bool().Draw(t, "off")
		if rapid.Bool().Draw(t, "good") {
			a.LastGood = at("last good")
		}
		return a
	}
	if rapid.Bool().Draw(t, "last") {
		a.Last = &backup.Backup{Start: at("start"), Result: rapid.SampledFrom([]backup.Result{backup.Successful, backup.Warning, backup.Failed, backup.InProgress, backup.UnknownRes, "New"}).Draw(t, "result")}
		if rapid.Bool().Draw(t, "complete") {
			a.Last.Complete = at("complete")
		}
	}
	return a
}

func TestPropertiesOfObserveAndJudge(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		k := backup.Known{}
		var a backup.Asset
		for range rapid.IntRange(1, 12).Draw(t, "reads") {
			a = assets(t)
			k = backup.Observe(k, a, now)
		}
		if diff := cmp.Diff(k, backup.Observe(k, a, now)); diff != "" {
			t.Fatalf("seeing the same again changed what is known:\n%s", diff)
		}
		data, err := json.Marshal(k)
		if err != nil {
			t.Fatal(err)
		}
		var back backup.Known
		if err := json.Unmarshal(data, &back); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(k, back); diff != "" {
			t.Fatalf("stored and read back:\n%s", diff)
		}
		st := backup.Judge(a, k, backup.Settings{}, now, now)
		if a.Family == backup.FamilyEndpoint && st.Word == backup.WordFailed {
			t.Fatal("an endpoint was called failed")
		}
		if st.Word == backup.WordUnknown || st.Reason == "" {
			t.Fatalf("a fresh read gave %q because %q", st.Word, st.Reason)
		}
		if st.Word == backup.WordSuccess && now.Sub(st.LastGood) > k.Limit(backup.Settings{}) {
			t.Fatalf("success with a good backup of %v", st.LastGood)
		}
		if green := st.Word == backup.WordSuccess || st.Word == backup.WordWarning; green && !st.OverdueAt.After(st.LastGood) {
			t.Fatalf("%q without the date after which it is not to be believed", st.Word)
		}
		b := backup.Judge(assets(t), backup.Known{}, backup.Settings{}, now, now)
		if diff := cmp.Diff(backup.Worst(st, b), backup.Worst(b, st)); diff != "" {
			t.Fatalf("the order changed the worse of two:\n%s", diff)
		}
	})
}

func TestWorstShowsTheWorseWordAndTheNewestTimes(t *testing.T) {
	t.Parallel()
	a := backup.Status{Word: backup.WordSuccess, Reason: "a", LastGood: ago(time.Hour), OverdueAt: now.Add(time.Hour)}
	b := backup.Status{Word: backup.WordFailed, Reason: "b", LastGood: ago(5 * time.Hour), OverdueAt: now.Add(2 * time.Hour)}
	want := backup.Status{Word: backup.WordFailed, Reason: "b", LastGood: ago(time.Hour), OverdueAt: now.Add(time.Hour)}
	if diff := cmp.Diff(want, backup.Worst(a, b)); diff != "" {
		t.Error(diff)
	}
}

func TestLearnTakesFromHistoryWhatIsNewAndNoMore(t *testing.T) {
	t.Parallel()
	seen := backup.Observe(backup.Known{}, appliance(backup.Failed, time.Hour), now)
	from := ago(35 * 24 * time.Hour)
	tests := []struct {
		name string
		h    backup.History
		want func(k *backup.Known)
	}{
		{"an older good one", backup.History{From: from, End: ago(time.Hour), Result: backup.Failed, Good: ago(30 * time.Hour)}, func(k *backup.Known) { k.LastGood, k.SeenFrom = ago(30*time.Hour), from }},
		{"none", backup.History{From: from}, func(k *backup.Known) { k.SeenFrom = from }},
		{"a newer end than the one that was seen", backup.History{From: from, End: ago(time.Minute), Result: backup.Warning, Good: ago(time.Minute)}, func(k *backup.Known) {
			k.LastEnd, k.LastEndResult, k.LastGood, k.SeenFrom = ago(time.Minute), backup.Warning, ago(time.Minute), from
		}},
		{"the future is not believed", backup.History{From: from, End: now.Add(2 * time.Hour), Result: backup.Successful, Good: now.Add(2 * time.Hour)}, func(*backup.Known) {}},
		{"a good one after the newest end makes no sense", backup.History{From: from, Good: ago(time.Minute)}, func(k *backup.Known) { k.SeenFrom = from }},
	}
	for _, tt := range tests {
		want := seen
		tt.want(&want)
		got := seen.Learn(tt.h, now)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", tt.name, diff)
		}
		if diff := cmp.Diff(got, got.Learn(tt.h, now)); diff != "" {
			t.Errorf("%s, again:\n%s", tt.name, diff)
		}
		data, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		var back backup.Known
		if err := json.Unmarshal(data, &back); err != nil || cmp.Diff(got, back) != "" {
			t.Errorf("%s: stored and read back: %v\n%s", tt.name, err, cmp.Diff(got, back))
		}
	}
}

func TestNoneSeenSaysSinceWhen(t *testing.T) {
	t.Parallel()
	box := backup.Asset{Family: backup.FamilyAppliance, ID: "1"}
	k := backup.Observe(backup.Known{}, box, ago(5*time.Hour))
	if st := backup.Judge(box, k, backup.Settings{}, now, now); st.Word != backup.WordNoneSeen || !st.Since.Equal(ago(5*time.Hour)) || !st.NoneSince.Equal(st.Since) {
		t.Errorf("since it was first seen: %+v", st)
	}
	k = k.Learn(backup.History{From: ago(800 * time.Hour)}, now)
	if st := backup.Judge(box, k, backup.Settings{}, now, now); !st.Since.Equal(ago(800 * time.Hour)) {
		t.Errorf("since the history was looked at: %+v", st)
	}
	laptop := backup.Asset{Family: backup.FamilyEndpoint, ID: "E", Created: ago(90 * time.Hour)}
	if st := backup.Judge(laptop, backup.Observe(backup.Known{}, laptop, now), backup.Settings{}, now, now); !st.Since.Equal(ago(90 * time.Hour)) {
		t.Errorf("an endpoint, whose last good backup is told however old: %+v", st)
	}
}
