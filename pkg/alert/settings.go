package alert

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Minutes is a span of time in settings.
type Minutes int

// Duration is the span as a duration.
func (m Minutes) Duration() time.Duration { return time.Duration(m) * time.Minute }

// Grace is what must pass before a condition gets a ticket: a time since its
// first occurrence, and a number of occurrences. A number is waited for at most
// Cap. The zero value is no grace.
type Grace struct {
	After       Minutes `json:"after"`
	Occurrences int     `json:"occurrences"`
	Cap         Minutes `json:"cap"` // 0: DefaultGraceCap
}

// DefaultGraceCap ends the wait for a number of occurrences.
const DefaultGraceCap = Minutes(24 * 60)

// StillFailing says what happens when a person closed a ticket and its trouble goes on.
type StillFailing string

// The policies.
const (
	StayQuiet  StillFailing = "quiet" // until a new occurrence; the default
	AddNote    StillFailing = "note"
	ReopenThen StillFailing = "reopen"
)

// Settings say how conditions become tickets. The ids are ConnectWise's; 0
// means not chosen. A new field's zero value must mean what was before it.
type Settings struct {
	DoNotSync bool `json:"doNotSync"`

	CompanyID  int              `json:"companyId"` // of customers without a company of their own
	BoardID    int              `json:"boardId"`
	TypeID     int              `json:"typeId,omitempty"`
	SubTypeID  int              `json:"subTypeId,omitempty"`
	ItemID     int              `json:"itemId,omitempty"`
	PriorityID int              `json:"priorityId,omitempty"` // 0: the board's default
	Priorities map[Severity]int `json:"priorities,omitempty"` // own priority of a severity
	SourceID   int              `json:"sourceId,omitempty"`

	// AutoClose closes tickets on evidence; false is the native "Do not close
	// automatically". CloseStatusID is the wanted status; where the ticket's
	// board has it not, one of the same name, else any that closes.
	AutoClose       bool   `json:"autoClose"`
	CloseStatusID   int    `json:"closeStatusId,omitempty"`
	CloseStatusName string `json:"closeStatusName,omitempty"`
	// LeaveTouched leaves tickets that a technician worked on open, with a note.
	LeaveTouched bool `json:"leaveTouched"`

	Grouping     Grouping        `json:"grouping"`
	Grace        Grace           `json:"grace"`
	GraceByClass map[Class]Grace `json:"graceByClass,omitempty"`
	NoteEvery    Minutes         `json:"noteEvery"`    // at most one note on repeats in this time
	ReopenWithin Minutes         `json:"reopenWithin"` // 0: never, a new ticket refers to the old
	// ReopenStatusID is the status of a reopened ticket; 0: the board's default.
	ReopenStatusID    int          `json:"reopenStatusId,omitempty"`
	StillFailing      StillFailing `json:"stillFailing"`
	StillFailingAfter Minutes      `json:"stillFailingAfter"`

	CustomerNotes bool `json:"customerNotes"` // notes go to the discussion that customers read
	Notify        bool `json:"notify"`        // let ConnectWise notify (processNotifications)

	Summary     string `json:"summary"`     // template, see Variables
	Description string `json:"description"` // template
}

// Defaults are the settings of a new installation: company and board must be
// chosen, everything else is ready.
func Defaults() Settings {
	return Settings{
		AutoClose: true, LeaveTouched: true, Grouping: PerMachine,
		NoteEvery: 4 * 60, ReopenWithin: 24 * 60, StillFailing: StayQuiet, StillFailingAfter: 24 * 60,
		Summary: DefaultSummary, Description: DefaultDescription,
	}
}

// Limits of settings.
const (
	maxWait        = Minutes(31 * 24 * 60)
	maxOccurrences = 1000
	maxTemplate    = 4000 // bytes
)

// Validate says everything that is wrong with the settings by themselves.
// Whether ids exist is ConnectWise's to say.
func (s Settings) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	for name, id := range map[string]int{
		"companyId": s.CompanyID, "boardId": s.BoardID, "typeId": s.TypeID, "subTypeId": s.SubTypeID, "itemId": s.ItemID,
		"priorityId": s.PriorityID, "sourceId": s.SourceID, "closeStatusId": s.CloseStatusID, "reopenStatusId": s.ReopenStatusID,
	} {
		if id < 0 {
			bad("%s must be 0 or an id of ConnectWise", name)
		}
	}
	for severity, id := range s.Priorities {
		if severity.rank() == 2 || severity == "" || id <= 0 {
			bad("priorities: %q must be one of warning, critical, alarm, with the id of a priority", severity)
		}
	}
	if !slices.Contains([]Grouping{PerCondition, PerMachine, PerAppliance, PerCustomer}, s.Grouping) {
		bad("grouping must be condition, machine, appliance or customer")
	}
	if !slices.Contains([]StillFailing{StayQuiet, AddNote, ReopenThen}, s.StillFailing) {
		bad("stillFailing must be quiet, note or reopen")
	}
	for name, m := range map[string]Minutes{"noteEvery": s.NoteEvery, "reopenWithin": s.ReopenWithin, "stillFailingAfter": s.StillFailingAfter} {
		if m < 0 || m > maxWait {
			bad("%s must be between 0 and %d minutes", name, maxWait)
		}
	}
	if err := s.Grace.validate(); err != nil {
		bad("grace: %w", err)
	}
	for class, g := range s.GraceByClass {
		if !slices.Contains(Classes, class) {
			bad("graceByClass: %q is not a class of alerts", class)
		} else if err := g.validate(); err != nil {
			bad("graceByClass: %s: %w", class, err)
		}
	}
	for name, t := range map[string]string{"summary": s.Summary, "description": s.Description} {
		if err := checkTemplate(t); err != nil {
			bad("%s: %w", name, err)
		}
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(errs...)
}

func (g Grace) validate() error {
	switch {
	case g.After < 0 || g.After > maxWait || g.Cap < 0 || g.Cap > maxWait:
		return fmt.Errorf("times must be between 0 and %d minutes", maxWait)
	case g.Occurrences < 0 || g.Occurrences > maxOccurrences:
		return fmt.Errorf("occurrences must be between 0 and %d", maxOccurrences)
	}
	return nil
}

// GraceOf is the grace of a class.
func (s Settings) GraceOf(c Class) Grace {
	if g, ok := s.GraceByClass[c]; ok {
		return g
	}
	return s.Grace
}

// PriorityOf is the priority of a severity; 0: the board's default.
func (s Settings) PriorityOf(v Severity) int {
	if id, ok := s.Priorities[v]; ok {
		return id
	}
	return s.PriorityID
}

// pace is the least time between two notes.
func (s Settings) pace() time.Duration { return s.NoteEvery.Duration() }

// Overrides are one customer's own settings: a JSON object with some of the
// members of Settings, each of which replaces the default as a whole.
type Overrides map[string]json.RawMessage

// With returns the settings with a customer's overrides, or what is wrong with them.
func (s Settings) With(o Overrides) (Settings, error) {
	if len(o) == 0 {
		return s, nil
	}
	known := settingsMembers()
	base, err := json.Marshal(s)
	if err != nil {
		return s, fmt.Errorf("overrides: %w", err)
	}
	merged := map[string]json.RawMessage{}
	if err := json.Unmarshal(base, &merged); err != nil {
		return s, fmt.Errorf("overrides: %w", err)
	}
	for name, value := range o {
		if !known[name] {
			return s, fmt.Errorf("overrides: %q is not a ticket setting", name)
		}
		merged[name] = value
	}
	data, err := json.Marshal(merged)
	if err != nil {
		return s, fmt.Errorf("overrides: %w", err)
	}
	var out Settings
	if err := json.Unmarshal(data, &out); err != nil {
		return s, fmt.Errorf("overrides: %w", err)
	}
	return out, out.Validate()
}

// settingsMembers are the JSON names of the members of Settings.
func settingsMembers() map[string]bool {
	names := map[string]bool{}
	for f := range reflect.TypeFor[Settings]().Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		names[name] = true
	}
	return names
}
