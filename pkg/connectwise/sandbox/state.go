package sandbox

import (
	"slices"
	"sort"
	"time"
)

// State is everything the simulated ConnectWise knows. Slices are kept in order
// of their ids; the Add methods give out the next one.
type State struct {
	CompanyID    string // login company
	CompanyName  string
	Codebase     string   // current code base: "v2025_1"
	OldCodebases []string // code bases of earlier releases: 404
	NoAlias      bool     // the alias v4_6_release is not routed
	SiteURL      string   // API host that companyinfo names; empty = not named
	LinkHost     string   // host put into Link headers; empty = the one that was called
	Version      string
	Cloud        bool

	Role           Role          // rights of the API member
	ClosedTables   []string      // setup tables that a customised Table Setup right leaves out: "boards", "priorities", ...
	APIMember      string        // identifier that API writes are entered by
	DefaultBoardID int           // the API member's service default
	SearchDelay    time.Duration // how long a new ticket is not found by lists
	Revoked        bool          // the keys no longer work
	CallbackSite   string        // scheme and host in the key addresses of callbacks
	CallbackKeyID  string
	CallbackKey    string

	// Behaviour that no source tells (connectwise.md §11); off is the milder one.
	Unknown404   bool // companyinfo answers 404, not null, for a company that it does not know
	ClosedSilent bool // a closed ticket takes no notes

	Companies       []Company
	CompanyStatuses []CompanyStatus
	CompanyTypes    []CompanyType
	Sites           []Site
	Boards          []Board
	Statuses        []Status
	Types           []Type
	SubTypes        []SubType
	Items           []Item
	Priorities      []Priority
	Sources         []Source
	Members         []Member
	Configurations  []Configuration
	Tickets         []Ticket
	Callbacks       []Callback
	Notifications   []Notification // what ConnectWise would have mailed

	now      func() time.Time
	lastID   map[string]int // per kind, so that ids are never used twice
	noteID   int
	delivers bool // callbacks are sent
	outbox   []message
	messages int
}

// Company is a company record.
type Company struct {
	ID               int
	Identifier, Name string // at most 30 and 50 characters
	StatusID         int
	TypeIDs          []int
	Deleted          bool
	DeletedAt        time.Time
	EnteredAt        time.Time
	UpdatedAt        time.Time
	UpdatedBy        string
	Hidden           bool // beyond the API member's level: it and its tickets are left out without a word
}

// CompanyStatus is a status of companies.
type CompanyStatus struct {
	ID                                int
	Name                              string
	Default, Inactive, DisallowSaving bool
}

// CompanyType is a type of companies.
type CompanyType struct {
	ID              int
	Name            string
	Default, Vendor bool
}

// Site is a location of a company.
type Site struct {
	ID, CompanyID     int
	Name              string
	Primary, Inactive bool
}

// Board is a service or project board.
type Board struct {
	ID                int
	Name              string
	Inactive, Project bool

	NeedsType, NeedsSubType, NeedsItem bool // a ticket without is refused
}

// Status is a status of one board.
type Status struct {
	ID, BoardID               int
	Name                      string
	SortOrder                 int
	Inactive, Closed, Default bool
	Escalation                string
}

// Type is a ticket type of one board.
type Type struct {
	ID, BoardID       int
	Name, Category    string
	Default, Inactive bool
}

// SubType is a ticket subtype of one board; it fits the types listed.
type SubType struct {
	ID, BoardID int
	Name        string
	TypeIDs     []int
	Inactive    bool
}

// Item is a ticket item of one board.
type Item struct {
	ID, BoardID int
	Name        string
	Inactive    bool
}

// Priority is a ticket priority.
type Priority struct {
	ID          int
	Name, Color string
	SortOrder   int
	Default     bool
	Level       string
}

// Source is where tickets come from.
type Source struct {
	ID      int
	Name    string
	Default bool
}

// Member is a person or API member.
type Member struct {
	ID                                     int
	Identifier, FirstName, LastName, Email string
	Inactive                               bool
}

// Configuration is a device record.
type Configuration struct {
	ID, CompanyID int
	Name          string
}

// Ticket is a service ticket.
type Ticket struct {
	ID                                    int
	Summary, ExternalXRef                 string
	CompanyID, SiteID                     int
	BoardID, StatusID, TypeID, SubTypeID  int
	ItemID, PriorityID, SourceID, OwnerID int
	Severity, Impact                      string
	Resources                             string
	MergedInto                            int
	MergedChildren                        bool
	ActualHours                           float64
	Configurations                        []int
	Notes                                 []Note
	EnteredBy, UpdatedBy, ClosedBy        string
	EnteredAt, UpdatedAt, ClosedAt        time.Time
	QuietCreate                           bool // created with processNotifications false
	InUse                                 bool // a person has the record open: writes are answered 409
	OpenTasks                             bool // closing is refused
}

// Note is a note of a ticket.
type Note struct {
	ID                               int
	Text                             string
	Discussion, Internal, Resolution bool
	TimeEntry                        bool // belongs to logged time: in allNotes, not in notes
	CreatedBy                        string
	CreatedAt                        time.Time
}

// Callback is a registered callback.
type Callback struct {
	ID                       int
	URL, Description         string
	Type, Level              string
	ObjectID                 int
	PayloadVersion           string
	Inactive, SelfSuppressed bool
	FailingSince             time.Time // zero when the last delivery succeeded
}

// Notification is a mail that ConnectWise would have sent.
type Notification struct {
	At       time.Time
	TicketID int
	Event    string // "ticket added", "ticket updated", "note added"
	Customer bool   // the customer would have read it
}

func (r Company) recID() int       { return r.ID }
func (r CompanyStatus) recID() int { return r.ID }
func (r CompanyType) recID() int   { return r.ID }
func (r Site) recID() int          { return r.ID }
func (r Board) recID() int         { return r.ID }
func (r Status) recID() int        { return r.ID }
func (r Type) recID() int          { return r.ID }
func (r SubType) recID() int       { return r.ID }
func (r Item) recID() int          { return r.ID }
func (r Priority) recID() int      { return r.ID }
func (r Source) recID() int        { return r.ID }
func (r Member) recID() int        { return r.ID }
func (r Configuration) recID() int { return r.ID }
func (r Ticket) recID() int        { return r.ID }
func (r Note) recID() int          { return r.ID }
func (r Callback) recID() int      { return r.ID }

type record interface{ recID() int }

// find returns the record with an id, or nil.
func find[T record](list []T, id int) *T {
	i := sort.Search(len(list), func(i int) bool { return list[i].recID() >= id })
	if i < len(list) && list[i].recID() == id {
		return &list[i]
	}
	return nil
}

// add appends a record. id 0 means the next of its kind.
func add[T record](st *State, list *[]T, kind string, base int, make func(id int) T) *T {
	if st.lastID == nil {
		st.lastID = map[string]int{}
	}
	last := max(st.lastID[kind], base)
	if n := len(*list); n > 0 {
		last = max(last, (*list)[n-1].recID())
	}
	st.lastID[kind] = last + 1
	*list = append(*list, make(last+1))
	return &(*list)[len(*list)-1]
}

// settle puts hand-made lists in order of their ids.
func (st *State) settle() {
	sortByID(st.Companies)
	sortByID(st.CompanyStatuses)
	sortByID(st.CompanyTypes)
	sortByID(st.Sites)
	sortByID(st.Boards)
	sortByID(st.Statuses)
	sortByID(st.Types)
	sortByID(st.SubTypes)
	sortByID(st.Items)
	sortByID(st.Priorities)
	sortByID(st.Sources)
	sortByID(st.Members)
	sortByID(st.Configurations)
	sortByID(st.Tickets)
	sortByID(st.Callbacks)
}

func sortByID[T record](list []T) {
	byID := func(a, b T) int { return a.recID() - b.recID() }
	if !slices.IsSortedFunc(list, byID) {
		slices.SortFunc(list, byID)
	}
}

// Now is the simulated time, UTC, whole seconds.
func (st *State) Now() time.Time { return st.now().UTC().Truncate(time.Second) }

// Ticket returns a ticket for changing, or nil. It is valid until the next Add.
func (st *State) Ticket(id int) *Ticket { return find(st.Tickets, id) }

// Company returns a company for changing, or nil.
func (st *State) Company(id int) *Company { return find(st.Companies, id) }

// Closed says whether a ticket's status closes it.
func (st *State) Closed(t *Ticket) bool {
	s := find(st.Statuses, t.StatusID)
	return s != nil && s.Closed
}

func boardDefault[T any](list []T, boardOf func(T) int, isDefault func(T) bool, boardID int) *T {
	for i := range list {
		if boardOf(list[i]) == boardID && isDefault(list[i]) {
			return &list[i]
		}
	}
	return nil
}

func (st *State) defaultStatus(boardID int) int {
	if s := boardDefault(st.Statuses, func(s Status) int { return s.BoardID }, func(s Status) bool { return s.Default && !s.Inactive }, boardID); s != nil {
		return s.ID
	}
	return 0
}

func (st *State) defaultType(boardID int) int {
	if t := boardDefault(st.Types, func(t Type) int { return t.BoardID }, func(t Type) bool { return t.Default && !t.Inactive }, boardID); t != nil {
		return t.ID
	}
	return 0
}

func (st *State) defaultPriority() int {
	for _, p := range st.Priorities {
		if p.Default {
			return p.ID
		}
	}
	return 0
}

func (st *State) defaultSource() int {
	for _, s := range st.Sources {
		if s.Default {
			return s.ID
		}
	}
	return 0
}

func (st *State) defaultSite(companyID int) int {
	for _, s := range st.Sites {
		if s.CompanyID == companyID && s.Primary && !s.Inactive {
			return s.ID
		}
	}
	return 0
}
