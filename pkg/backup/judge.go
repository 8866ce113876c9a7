package backup

import (
	"fmt"
	"slices"
	"time"
)

// DefaultSettings are the limits used when none are set: a machine whose rhythm
// is not known is overdue 48 h after its last good backup; one whose rhythm is
// known after two and a half usual intervals, never before 26 h (a daily backup
// may run two hours late) and never later than 45 days (a monthly one).
var DefaultSettings = Settings{
	OverdueAfter:   48 * time.Hour,
	OverdueFactor:  2.5,
	OverdueAtLeast: 26 * time.Hour,
	OverdueAtMost:  45 * 24 * time.Hour,
	UnknownAfter:   24 * time.Hour,
}

// WithDefaults fills every limit that is not set.
func (s Settings) WithDefaults() Settings {
	d := DefaultSettings
	if s.OverdueAfter > 0 {
		d.OverdueAfter = s.OverdueAfter
	}
	if s.OverdueFactor > 0 {
		d.OverdueFactor = s.OverdueFactor
	}
	if s.OverdueAtLeast > 0 {
		d.OverdueAtLeast = s.OverdueAtLeast
	}
	if s.OverdueAtMost > 0 {
		d.OverdueAtMost = s.OverdueAtMost
	}
	if s.UnknownAfter > 0 {
		d.UnknownAfter = s.UnknownAfter
	}
	return d
}

// Last is the result of the last finished backup, as far as the status table
// looks at it.
type Last string

// The columns of the status table for the last backup.
const (
	LastAny     Last = "any"
	LastGood    Last = "good"
	LastWarning Last = "warning"
	LastFailed  Last = "failed"
	LastUntold  Last = "untold"  // finished, but its result is not told or not known to us
	LastNone    Last = "none"    // no finished backup seen
	LastRunning Last = "running" // none finished, the first one is running
)

// Age is how old the newest good backup is against the machine's limit.
type Age string

// The columns of the status table for the age.
const (
	AgeAny    Age = "any"
	AgeFresh  Age = "within limit"
	AgeLate   Age = "over limit"
	AgeNoGood Age = "no good one"
)

// Row is one row of the status table. Empty fields stand for anything.
type Row struct {
	Stale  bool   // the last complete UniView read is too old
	Family Family // empty: both
	Off    bool   // backup is switched off (told for endpoints only)
	Last   Last
	Age    Age
	Word   Word
	Reason string
}

// Table is the published decision table: the first row that fits decides.
//
//	UniView read  family     backup  last finished  newest good   word        reason
//	too old       any        any     any            any           unknown     UniView could not be read …
//	in time       endpoint   off     any            any           backup off  backup is switched off in UniView
//	in time       endpoint   on      –              within limit  success     last good backup within its limit
//	in time       endpoint   on      –              over limit    overdue     no good backup within its limit
//	in time       endpoint   on      –              none          none seen   UniView knows no good backup of it
//	in time       appliance  –       failed         within limit  failed      the last backup failed
//	in time       appliance  –       failed         over limit    failed      the last backup failed, and none was good within its limit
//	in time       appliance  –       failed         none          failed      the last backup failed, and no good one was seen
//	in time       appliance  –       any            over limit    overdue     no good backup within its limit
//	in time       appliance  –       good           within limit  success     the last backup was successful
//	in time       appliance  –       warning        within limit  warning     the last backup ended with warnings
//	in time       appliance  –       untold         within limit  warning     UniView does not tell how the last backup ended
//	in time       appliance  –       untold         none          none seen   UniView does not tell how the only backup seen ended
//	in time       appliance  –       running        none          none seen   its first backup is running
//	in time       appliance  –       none           none          none seen   no backup seen
//
// An endpoint has no row that says failed: its API tells no failures
// (uniview.md §0.4). A backup in progress is no finished one, so the row of the
// one before it keeps counting.
var Table = []Row{
	{Stale: true, Last: LastAny, Age: AgeAny, Word: WordUnknown, Reason: ReasonStale},
	{Family: FamilyEndpoint, Off: true, Last: LastAny, Age: AgeAny, Word: WordBackupOff, Reason: ReasonOff},
	{Family: FamilyEndpoint, Last: LastAny, Age: AgeFresh, Word: WordSuccess, Reason: ReasonGoodInTime},
	{Family: FamilyEndpoint, Last: LastAny, Age: AgeLate, Word: WordOverdue, Reason: ReasonOverdue},
	{Family: FamilyEndpoint, Last: LastAny, Age: AgeNoGood, Word: WordNoneSeen, Reason: ReasonEndpointNone},
	{Family: FamilyAppliance, Last: LastFailed, Age: AgeFresh, Word: WordFailed, Reason: ReasonFailed},
	{Family: FamilyAppliance, Last: LastFailed, Age: AgeLate, Word: WordFailed, Reason: ReasonFailedLate},
	{Family: FamilyAppliance, Last: LastFailed, Age: AgeNoGood, Word: WordFailed, Reason: ReasonFailedNoGood},
	{Family: FamilyAppliance, Last: LastAny, Age: AgeLate, Word: WordOverdue, Reason: ReasonOverdue},
	{Family: FamilyAppliance, Last: LastGood, Age: AgeFresh, Word: WordSuccess, Reason: ReasonSuccess},
	{Family: FamilyAppliance, Last: LastWarning, Age: AgeFresh, Word: WordWarning, Reason: ReasonWarning},
	{Family: FamilyAppliance, Last: LastUntold, Age: AgeFresh, Word: WordWarning, Reason: ReasonUntold},
	{Family: FamilyAppliance, Last: LastUntold, Age: AgeNoGood, Word: WordNoneSeen, Reason: ReasonUntoldNoGood},
	{Family: FamilyAppliance, Last: LastRunning, Age: AgeNoGood, Word: WordNoneSeen, Reason: ReasonFirstRunning},
	{Family: FamilyAppliance, Last: LastNone, Age: AgeNoGood, Word: WordNoneSeen, Reason: ReasonNone},
}

// The reasons of the status table.
const (
	ReasonStale        = "UniView could not be read completely for too long"
	ReasonOff          = "backup is switched off in UniView"
	ReasonGoodInTime   = "the last good backup is within its limit"
	ReasonOverdue      = "no good backup within its limit"
	ReasonEndpointNone = "UniView knows no good backup of it"
	ReasonFailed       = "the last backup failed"
	ReasonFailedLate   = "the last backup failed, and none was good within its limit"
	ReasonFailedNoGood = "the last backup failed, and no good one was seen"
	ReasonSuccess      = "the last backup was successful"
	ReasonWarning      = "the last backup ended with warnings"
	ReasonUntold       = "UniView does not tell how the last backup ended"
	ReasonUntoldNoGood = "UniView does not tell how the only backup seen ended"
	ReasonFirstRunning = "its first backup is running"
	ReasonNone         = "no backup seen"
)

// fits says whether the row covers these facts.
func (r Row) fits(stale bool, f Family, off bool, last Last, age Age) bool {
	if r.Stale {
		return stale
	}
	return (r.Family == "" || r.Family == f) && (!r.Off || off) &&
		(r.Last == LastAny || r.Last == last) && (r.Age == AgeAny || r.Age == age)
}

// Judge is the verdict on one machine: what UniView says of it now (a) and what
// we remember (k) decide by Table. readAt is the time of the complete read that
// a comes from; ages are measured at that time, because nothing is known of the
// time after it, and a read older than UnknownAfter makes the word unknown.
func Judge(a Asset, k Known, s Settings, now, readAt time.Time) Status {
	s = s.WithDefaults()
	k = Observe(k, a, now)
	at := now
	if readAt.Before(at) {
		at = readAt
	}
	limit := k.Limit(s)
	st := Status{LastBackup: k.LastEnd, LastGood: k.LastGood}
	age := AgeNoGood
	if !k.LastGood.IsZero() {
		st.OverdueAt = k.LastGood.Add(limit)
		age = AgeFresh
		if !at.Before(st.OverdueAt) {
			age = AgeLate
		}
	} else {
		st.NoneSince = k.noneSince(a)
	}
	stale := readAt.IsZero() || now.Sub(readAt) > s.UnknownAfter
	last := lastOf(a, k)
	i := slices.IndexFunc(Table, func(r Row) bool { return r.fits(stale, a.Family, a.BackupOff, last, age) })
	if i < 0 { // a family this table does not know
		st.Word, st.Reason = WordUnknown, fmt.Sprintf("no rule for family %q", a.Family)
		return st
	}
	st.Word, st.Reason = Table[i].Word, Table[i].Reason
	st.Since = since(st, k, readAt, s)
	if st.Word == WordBackupOff {
		st.OverdueAt = time.Time{}
	}
	if age == AgeFresh && st.Word != WordBackupOff && st.Word != WordUnknown {
		st.ChangesAt = st.OverdueAt
	}
	return st
}

// since is when the word began to be true, as far as the facts tell: zero when
// only the moment of noticing is known.
func since(st Status, k Known, readAt time.Time, s Settings) time.Time {
	switch st.Word {
	case WordSuccess, WordWarning, WordFailed:
		return st.LastBackup
	case WordOverdue:
		return st.OverdueAt
	case WordNoneSeen:
		return st.NoneSince
	case WordUnknown:
		if !readAt.IsZero() {
			return readAt.Add(s.UnknownAfter).Truncate(time.Second)
		}
	}
	return time.Time{}
}

// lastOf reads the last finished backup off what is known.
func lastOf(a Asset, k Known) Last {
	if k.LastEnd.IsZero() {
		if a.Last != nil && a.Last.Result == InProgress {
			return LastRunning
		}
		return LastNone
	}
	switch k.LastEndResult {
	case Successful:
		return LastGood
	case Warning:
		return LastWarning
	case Failed:
		return LastFailed
	default:
		return LastUntold
	}
}

// Worst is the verdict on one machine that has two registrations: the worse word
// with its reason, the newest backups and the earliest times of both. The order
// of the arguments does not matter.
func Worst(a, b Status) Status {
	worse, other := a, b
	switch ra, rb := rank(a.Word), rank(b.Word); {
	case rb < ra, rb == ra && b.Reason < a.Reason,
		rb == ra && b.Reason == a.Reason && earlier(b.Since, a.Since) && !b.Since.Equal(a.Since):
		worse, other = b, a
	}
	worse.LastBackup = later(worse.LastBackup, other.LastBackup)
	worse.LastGood = later(worse.LastGood, other.LastGood)
	worse.NoneSince = earliest(worse.NoneSince, other.NoneSince)
	if !worse.LastGood.IsZero() {
		worse.NoneSince = time.Time{}
	}
	worse.OverdueAt = earliest(worse.OverdueAt, other.OverdueAt)
	worse.ChangesAt = earliest(worse.ChangesAt, other.ChangesAt)
	return worse
}

func rank(w Word) int {
	if i := slices.Index(Words, w); i >= 0 {
		return i
	}
	return len(Words)
}

func earlier(a, b time.Time) bool { return a.Before(b) }

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// earliest is the earlier of two times, ignoring zero ones.
func earliest(a, b time.Time) time.Time {
	switch {
	case a.IsZero():
		return b
	case b.IsZero() || a.Before(b):
		return a
	default:
		return b
	}
}
