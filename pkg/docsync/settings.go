package docsync

import (
	"context"
	"time"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/state"
)

// Rules is the version of the deciding code: raising it makes every customer due.
const Rules = "1"

// Settings are the account's choices for the documentation. Zero fields mean those
// of DefaultSettings; switches are off unless set.
type Settings struct {
	// Status are the limits of the status table: when a machine is overdue, and when a
	// UniView read is too old to judge by.
	Status backup.Settings `json:"status"`
	// TimesEvery is how often a change of times and sizes alone is written (4 h).
	TimesEvery time.Duration `json:"timesEvery"`
	// SearchAfter is when a create whose answer was lost is searched for (1, 5, 15 and
	// 30 minutes); only after the last empty search it is repeated.
	SearchAfter []time.Duration `json:"searchAfter"`
	// Lease is how long a claim holds: longer than a function may run (16 minutes).
	Lease time.Duration `json:"lease"`
	// LookUps is how many machines a documentation sync asks UniView's backup history
	// about, when no good backup of them is known (50; negative: none).
	LookUps int `json:"lookUps,omitempty"`

	// Restricted makes our flexible assets visible to chosen people only.
	Restricted bool `json:"restricted,omitempty"`
	// ConsoleURL is the console's address, as people reach it. When set, the details
	// link to Compare and Sync now at <ConsoleURL>/assets/<asset key>.
	ConsoleURL string `json:"consoleUrl,omitempty"`
	// NotesBlock puts a marked block with the status into the notes of configurations
	// that no PSA keeps.
	NotesBlock bool `json:"notesBlock,omitempty"`
	// Banner shows on an organization how many machines have no good backup.
	Banner bool `json:"banner,omitempty"`

	// MACs are the MSP's own shared addresses, and whether a customer's machines are
	// looked for in the organizations below its own too.
	MACs match.MACSettings `json:"macs,omitzero"`
	// CoverageTypes are the names of configuration types that ought to be protected;
	// empty: the coverage is not watched.
	CoverageTypes []string `json:"coverageTypes,omitempty"`
}

// DefaultSettings are used where nothing is set.
var DefaultSettings = Settings{
	Status:      backup.DefaultSettings,
	TimesEvery:  4 * time.Hour,
	SearchAfter: []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute},
	Lease:       16 * time.Minute,
	LookUps:     50,
}

// WithDefaults fills what is not set.
func (s Settings) WithDefaults() Settings {
	s.Status = s.Status.WithDefaults()
	if s.TimesEvery <= 0 {
		s.TimesEvery = DefaultSettings.TimesEvery
	}
	if len(s.SearchAfter) == 0 {
		s.SearchAfter = DefaultSettings.SearchAfter
	}
	if s.Lease <= 0 {
		s.Lease = DefaultSettings.Lease
	}
	if s.LookUps == 0 {
		s.LookUps = DefaultSettings.LookUps
	}
	return s
}

// window is how long after a lost answer the create may be repeated.
func (s Settings) window() time.Duration { return s.SearchAfter[len(s.SearchAfter)-1] }

// searchDue is the next search for a create lost at a time, after a search now.
func (s Settings) searchDue(lost, now time.Time) time.Time {
	for _, d := range s.SearchAfter {
		if due := lost.Add(d); due.After(now) {
			return due
		}
	}
	return now
}

var settingsKey = state.SettingsKey("documentation")

// LoadSettings reads the account's documentation settings, defaults filled in.
func LoadSettings(ctx context.Context, t state.Table) (Settings, error) {
	s, _, err := state.LoadOr(ctx, t, settingsKey, Settings{})
	return s.WithDefaults(), err
}

// SaveSettings stores the account's documentation settings.
func SaveSettings(ctx context.Context, t state.Table, s Settings) error {
	_, err := state.Save(ctx, t, settingsKey, s, state.Any, time.Time{})
	return err
}

// Due are the inputs whose change makes a customer due for its documentation. A
// UniView read that grew too old is one of them.
func Due(meta state.SliceMeta, c state.Customer, mode state.Mode, s Settings, now time.Time) state.DueInputs {
	slice := meta.Digest
	if stale(meta, s, now) {
		slice += " stale"
	}
	return state.DueInputs{
		Slice: slice, Settings: state.Digest(s.WithDefaults()), Decisions: c.Decisions, News: c.TicketNews, Mode: mode, Rules: Rules,
	}
}

// clockSkew is how far a read may be dated ahead of our clock.
const clockSkew = 10 * time.Minute

// stale says whether a UniView read is too old to judge by, or dated by a clock that
// was ahead: nobody knows how old that one is.
func stale(meta state.SliceMeta, s Settings, now time.Time) bool {
	return undated(meta, now) || now.Sub(meta.AsOf) > s.WithDefaults().Status.UnknownAfter
}

// undated says whether the date of a read is of no use.
func undated(meta state.SliceMeta, now time.Time) bool {
	return meta.AsOf.IsZero() || meta.AsOf.Sub(now) > clockSkew
}
