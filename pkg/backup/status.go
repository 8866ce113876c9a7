package backup

import "time"

// Word is a machine's status in one word (design §1).
type Word string

// The status words.
const (
	WordSuccess   Word = "success"
	WordWarning   Word = "warning"
	WordFailed    Word = "failed"
	WordOverdue   Word = "overdue"
	WordNoneSeen  Word = "none seen" // shown with the date since when we look
	WordBackupOff Word = "backup off"
	WordUnknown   Word = "unknown" // UniView could not be read
)

// Words lists all status words, worst first: where one record shows several
// registrations of a machine, the first that applies is its title.
var Words = []Word{WordFailed, WordOverdue, WordNoneSeen, WordUnknown, WordWarning, WordBackupOff, WordSuccess}

// Known is what the bridge itself remembers of a machine between reads.
type Known struct {
	FirstSeen time.Time `json:"firstSeen,omitzero"` // first complete read that had it
	LastGood  time.Time `json:"lastGood,omitzero"`  // completion of the newest good backup we saw
	// LastEnd is the newest finished backup we saw, so that one in progress
	// keeps the previous result.
	LastEnd       time.Time `json:"lastEnd,omitzero"`
	LastEndResult Result    `json:"lastEndResult,omitempty"`
	// Ends holds the newest completion times seen (at most eight, oldest first):
	// the machine's own rhythm.
	Ends []time.Time `json:"ends,omitempty"`
	// SeenFrom is since when the machine's backups are known without a gap, as far as
	// UniView's own history was looked at; zero: since FirstSeen.
	SeenFrom time.Time `json:"seenFrom,omitzero"`
}

// History is what a look at UniView's backup history of one machine told.
type History struct {
	From   time.Time `json:"from"`             // since when it was looked at
	End    time.Time `json:"end,omitzero"`     // newest finished backup
	Result Result    `json:"result,omitempty"` // and how it ended
	Good   time.Time `json:"good,omitzero"`    // newest good one; never after End
}

// Settings are the limits of the status table; zero fields mean those of DefaultSettings.
type Settings struct {
	// OverdueAfter is how long after its last good backup a machine is overdue
	// when its own rhythm is not known.
	OverdueAfter time.Duration `json:"overdueAfter"`
	// OverdueFactor times the machine's usual interval is overdue, but never
	// earlier than OverdueAtLeast.
	OverdueFactor  float64       `json:"overdueFactor"`
	OverdueAtLeast time.Duration `json:"overdueAtLeast"`
	// OverdueAtMost bounds the limit of machines with a slow rhythm.
	OverdueAtMost time.Duration `json:"overdueAtMost"`
	// UnknownAfter is how old a complete UniView read may be.
	UnknownAfter time.Duration `json:"unknownAfter"`
}

// Status is the verdict on one machine.
type Status struct {
	Word       Word      `json:"word"`
	Reason     string    `json:"reason"`
	LastBackup time.Time `json:"lastBackup,omitzero"` // end of the last finished backup, whatever its result
	LastGood   time.Time `json:"lastGood,omitzero"`
	// NoneSince is since when no good backup was seen; zero when one was.
	NoneSince time.Time `json:"noneSince,omitzero"`
	// Since is when the word began to be true as far as the facts tell; zero
	// when only the moment of noticing is known.
	Since time.Time `json:"since,omitzero"`
	// OverdueAt is when the machine becomes overdue if nothing happens; zero when it cannot.
	OverdueAt time.Time `json:"overdueAt,omitzero"`
	// ChangesAt is when the word changes by the clock alone; zero: never.
	ChangesAt time.Time `json:"changesAt,omitzero"`
}
