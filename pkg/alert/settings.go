package alert

import (
	"cmp"
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
	// ClassPriorities are own priorities of classes. They go before those of the
	// severities: a class is the exception, severities are the scale.
	ClassPriorities map[Class]int `json:"classPriorities,omitempty"`
	SourceID        int           `json:"sourceId,omitempty"`
	// LostCompany says where tickets go when the customer's company was deleted or
	// merged away in ConnectWise; empty: to the default company.
	LostCompany LostCompany `json:"lostCompany,omitempty"`

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
	// ReopenStatusID is the status of a reopened ticket on the board it belongs to;
	// 0: the board's default. ReopenStatuses and CloseStatuses name statuses of
	// further boards, by board.
	ReopenStatusID    int          `json:"reopenStatusId,omitempty"`
	ReopenStatuses    map[int]int  `json:"reopenStatuses,omitempty"`
	CloseStatuses     map[int]int  `json:"closeStatuses,omitempty"`
	StillFailing      StillFailing `json:"stillFailing"`
	StillFailingAfter Minutes      `json:"stillFailingAfter"`

	// SearchAfter is when a create whose answer was lost is searched for, growing; only
	// after the last search without a find is it repeated. Empty: 1, 5, 15 and 30.
	SearchAfter []Minutes `json:"searchAfter,omitempty"`
	// Storm makes one parent ticket of too many at once.
	Storm Storm `json:"storm"`
	// RaiseOverdue raises alerts of our own for machines that are overdue: endpoint
	// machines may raise none (uniview.md §0.4).
	RaiseOverdue bool `json:"raiseOverdue,omitempty"`

	// Account-wide, whatever a customer's overrides say:
	AttributionBudget int     `json:"attributionBudget,omitempty"` // questions about machines in one run; 0: DefaultAttributionBudget
	SnoozeMaxDays     int     `json:"snoozeMaxDays,omitempty"`     // the longest snooze; 0: DefaultSnoozeDays
	NoticeAfter       Minutes `json:"noticeAfter,omitempty"`       // how long alerts wait for ConnectWise before somebody is told; 0: DefaultNoticeAfter

	CustomerNotes bool `json:"customerNotes"` // notes go to the discussion that customers read
	Notify        bool `json:"notify"`        // let ConnectWise notify (processNotifications)

	Summary     string `json:"summary"`     // template, see Variables
	Description string `json:"description"` // template

	// Blocked is why this customer can have no tickets now. It is not set but found
	// out, and not stored.
	Blocked string `json:"-"`
}

// LostCompany is the fallback for a company that is gone.
type LostCompany string

// The fallbacks.
const (
	LostToDefault LostCompany = "default"
	LostStops     LostCompany = "stop" // no tickets until somebody maps the customer anew
)

// Storm is the storm guard: more than Groups new groups of one customer and
// appliance that begin within the time become one parent ticket. The zero value
// is no guard.
type Storm struct {
	Groups int     `json:"groups"`
	Within Minutes `json:"within"`
}

// Defaults of what is account-wide.
const (
	DefaultAttributionBudget = 100
	DefaultNoticeAfter       = Minutes(60)
)

// Budget is how many questions about machines one run may ask.
func (s Settings) Budget() int { return cmp.Or(s.AttributionBudget, DefaultAttributionBudget) }

// defaultSearches is when a create whose answer was lost is searched for (design §3.5).
var defaultSearches = []Minutes{1, 5, 15, 30}

func (s Settings) searches() []Minutes {
	if len(s.SearchAfter) == 0 {
		return defaultSearches
	}
	return s.SearchAfter
}

// LongestSnooze is the longest time a snooze may last.
func (s Settings) LongestSnooze() time.Duration {
	return time.Duration(cmp.Or(s.SnoozeMaxDays, DefaultSnoozeDays)) * 24 * time.Hour
}

// Patience is how long alerts may wait for ConnectWise before a notice.
func (s Settings) Patience() time.Duration {
	return cmp.Or(s.NoticeAfter, DefaultNoticeAfter).Duration()
}

// Defaults are the settings of a new installation: company and board must be
// chosen, everything else is ready.
func Defaults() Settings {
	return Settings{
		AutoClose: true, LeaveTouched: true, Grouping: PerMachine,
		NoteEvery: 4 * 60, ReopenWithin: 24 * 60, StillFailing: StayQuiet, StillFailingAfter: 24 * 60,
		Storm:   Storm{Groups: 10, Within: 15},
		Summary: DefaultSummary, Description: DefaultDescription,
	}
}

// Limits of settings.
const (
	maxWait        = Minutes(31 * 24 * 60)
	maxOccurrences = 1000
	maxTemplate    = 4000 // bytes
	maxBudget      = 2000
	maxSnoozeDays  = 366
	maxBoards      = 200
	maxSearches    = 10
	maxSearchAfter = Minutes(24 * 60)
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
	for class, id := range s.ClassPriorities {
		if !slices.Contains(Classes, class) || id <= 0 {
			bad("classPriorities: %q must be a class of alerts, with the id of a priority", class)
		}
	}
	for name, statuses := range map[string]map[int]int{"reopenStatuses": s.ReopenStatuses, "closeStatuses": s.CloseStatuses} {
		if len(statuses) > maxBoards {
			bad("%s: at most %d boards", name, maxBoards)
		}
		for board, status := range statuses {
			if board <= 0 || status <= 0 {
				bad("%s: %d must be the id of a board, with the id of a status", name, board)
			}
		}
	}
	if len(s.SearchAfter) > maxSearches {
		bad("searchAfter: at most %d searches", maxSearches)
	}
	for i, m := range s.SearchAfter {
		if m < 1 || m > maxSearchAfter || i > 0 && m <= s.SearchAfter[i-1] {
			bad("searchAfter must be growing minutes between 1 and %d, the last of them how long a ticket may take to show up", maxSearchAfter)
			break
		}
	}
	if !slices.Contains([]LostCompany{"", LostToDefault, LostStops}, s.LostCompany) {
		bad("lostCompany must be default or stop")
	}
	if s.Storm.Groups < 0 || s.Storm.Groups > maxOccurrences || s.Storm.Within < 0 || s.Storm.Within > maxWait {
		bad("storm: groups must be between 0 and %d, within between 0 and %d minutes", maxOccurrences, maxWait)
	}
	if s.AttributionBudget < 0 || s.AttributionBudget > maxBudget {
		bad("attributionBudget must be between 0 and %d", maxBudget)
	}
	if s.SnoozeMaxDays < 0 || s.SnoozeMaxDays > maxSnoozeDays {
		bad("snoozeMaxDays must be between 0 and %d", maxSnoozeDays)
	}
	if !slices.Contains([]Grouping{PerCondition, PerMachine, PerAppliance, PerCustomer}, s.Grouping) {
		bad("grouping must be condition, machine, appliance or customer")
	}
	if !slices.Contains([]StillFailing{StayQuiet, AddNote, ReopenThen}, s.StillFailing) {
		bad("stillFailing must be quiet, note or reopen")
	}
	for name, m := range map[string]Minutes{"noteEvery": s.NoteEvery, "reopenWithin": s.ReopenWithin, "stillFailingAfter": s.StillFailingAfter, "noticeAfter": s.NoticeAfter} {
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

// PriorityOf is the priority of a class and severity; 0: the board's default.
func (s Settings) PriorityOf(c Class, v Severity) int {
	if id, ok := s.ClassPriorities[c]; ok {
		return id
	}
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
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "-" {
			names[name] = true
		}
	}
	return names
}
