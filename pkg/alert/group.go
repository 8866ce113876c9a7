package alert

import (
	"strings"
	"time"
)

// Grouping says which conditions share a ticket.
type Grouping string

// The groupings.
const (
	PerCondition Grouping = "condition"
	PerMachine   Grouping = "machine" // the default
	PerAppliance Grouping = "appliance"
	PerCustomer  Grouping = "customer"
)

// storm begins the last part of the key of a parent group that takes what would
// be too many new groups of one customer and appliance.
const storm = "storm"

// GroupKey is the ticket group of a condition. It begins with the customer's
// id. Per machine, a trouble of the appliance itself (hardware, capacity,
// offline) belongs to the appliance, and any other whose machine is not told
// stands alone.
func GroupKey(customerID string, g Grouping, c Condition) string {
	switch g {
	case PerCustomer:
		return customerID + "/customer"
	case PerAppliance:
		return customerID + "/appliance/" + c.ApplianceID
	case PerCondition:
		return customerID + "/condition/" + c.Key
	}
	switch {
	case c.AssetKey != "":
		return customerID + "/machine/" + c.AssetKey
	case c.ApplianceID != "" && (c.Class == ClassHardware || c.Class == ClassCapacity || c.Class == ClassOffline):
		return customerID + "/appliance/" + c.ApplianceID
	}
	return customerID + "/condition/" + c.Key
}

// RoutedKey is the ticket group of a condition that a rule may send elsewhere:
// conditions with different places never share a ticket, so that each is on the
// board and with the company its rule names. A rule that changes the priority
// alone changes no group.
func RoutedKey(customerID string, g Grouping, c Condition, e Effect) string {
	return GroupKey(customerID, g, c) + e.route()
}

// StormKey is the parent group of one customer and appliance, and place.
func StormKey(customerID, applianceID string, e Effect) string {
	return customerID + "/" + storm + "/" + applianceID + e.route()
}

// IsStorm says whether a group key names a parent group.
func IsStorm(groupKey string) bool { return strings.Contains(groupKey, "/"+storm+"/") }

// GroupState is where a group's ticket stands.
type GroupState string

// The states of a group.
const (
	GroupWaiting   GroupState = "waiting"   // no ticket yet; Reason says why
	GroupCreating  GroupState = "creating"  // claimed: a worker may be creating the ticket until Pending.Lease
	GroupUncertain GroupState = "uncertain" // a create may have succeeded: searches are due
	GroupOpen      GroupState = "open"
	GroupClosed    GroupState = "closed"
	GroupGone      GroupState = "gone" // the ticket was deleted in ConnectWise
)

// Who closed a ticket.
const (
	ByBridge = "bridge"
	ByPerson = "person"
	ByMerge  = "merge" // its trouble ended on the ticket it was merged into
)

// Told is what a ticket says of one condition.
type Told struct {
	Total   int    `json:"total"`
	Episode int    `json:"episode"`
	Open    bool   `json:"open,omitempty"`
	Asset   string `json:"asset,omitempty"`
}

// Pending is a write that was begun. It is stored before the first request
// goes out and removed when the last answer is recorded; whoever finds it after
// its lease looks at ConnectWise before anything else.
type Pending struct {
	Action Action          `json:"action"`
	Note   int             `json:"note,omitempty"` // number of the note that goes with it
	Tells  map[string]Told `json:"tells,omitempty"`
	// Severity is the highest severity that the note tells of.
	Severity Severity  `json:"severity,omitempty"`
	Lease    time.Time `json:"lease"`
}

// Doubt is an uncertain create: since when, and how many searches found nothing.
type Doubt struct {
	Since    time.Time `json:"since"` // the last moment at which the create may have been sent
	Searches int       `json:"searches"`
	NextAt   time.Time `json:"nextAt"`
	// Tells and Severity are what the ticket says if it exists.
	Tells    map[string]Told `json:"tells,omitempty"`
	Severity Severity        `json:"severity,omitempty"`
}

// Group is the ticket group of conditions and its ticket. One group has one
// open ticket at most; a new ticket is a new generation with its own reference.
type Group struct {
	Key        string     `json:"key"`
	Name       string     `json:"name,omitempty"` // machine, appliance or customer, for people
	Generation int        `json:"generation"`
	Reference  string     `json:"reference"`
	State      GroupState `json:"state"`
	Reason     string     `json:"reason"` // of the last decision
	Planned    Action     `json:"planned,omitempty"`

	TicketID int `json:"ticketId,omitempty"`
	Previous int `json:"previous,omitempty"` // ticket of the generation before
	// Moved is the last ticket that told of a trouble of this group before changed
	// settings, or a storm's end, brought it here; until the group has a new ticket.
	Moved      int       `json:"moved,omitempty"`
	MergedInto int       `json:"mergedInto,omitempty"`
	CompanyID  int       `json:"companyId,omitempty"` // as created
	BoardID    int       `json:"boardId,omitempty"`
	PriorityID int       `json:"priorityId,omitempty"`
	Severity   Severity  `json:"severity,omitempty"` // the highest the ticket tells of
	OpenedAt   time.Time `json:"openedAt,omitzero"`
	ClosedAt   time.Time `json:"closedAt,omitzero"`
	ClosedBy   string    `json:"closedBy,omitempty"`
	// TicketUpdated is ConnectWise's time of our last write: lists made before it are old.
	TicketUpdated time.Time `json:"ticketUpdated,omitzero"`
	Reopens       int       `json:"reopens,omitempty"`
	KeptOpen      bool      `json:"keptOpen,omitempty"`  // a person reopened it: we do not close it again
	Touched       bool      `json:"touched,omitempty"`   // a technician worked on it or moved it, as last read
	StillTold     bool      `json:"stillTold,omitempty"` // "still failing" was noted after a person closed it
	// SaidClosing is set while the closing note is written and the ticket not yet closed.
	SaidClosing bool `json:"saidClosing,omitempty"`

	Notes   int             `json:"notes,omitempty"` // number of the last note written
	NotedAt time.Time       `json:"notedAt,omitzero"`
	Told    map[string]Told `json:"told,omitempty"` // by condition key

	Pending   *Pending `json:"pending,omitempty"`
	Doubt     *Doubt   `json:"doubt,omitempty"`
	Attention string   `json:"attention,omitempty"` // for a person, for example two tickets with one reference
	// WantedAt is when the write that is planned now was first wanted: alerts of
	// this group wait for ConnectWise since then. Zero: none does.
	WantedAt time.Time `json:"wantedAt,omitzero"`
	// Look asks for a direct read of the ticket: ConnectWise called back.
	Look bool `json:"look,omitempty"`
	// Attached are the configurations on the ticket; AttachFailure is why one is
	// missing and AttachAt when the next attempt is due.
	Attached      []int     `json:"attached,omitempty"`
	AttachFailure string    `json:"attachFailure,omitempty"`
	AttachAt      time.Time `json:"attachAt,omitzero"`
	Failures      int       `json:"failures,omitempty"`
	Failure       string    `json:"failure,omitempty"`
	RetryAt       time.Time `json:"retryAt,omitzero"`
}

// HasTicket says whether the group has an open ticket as far as is known.
func (g Group) HasTicket() bool { return g.State == GroupOpen && g.TicketID > 0 }

// Target is the ticket that notes go to.
func (g Group) Target() int {
	if g.MergedInto > 0 {
		return g.MergedInto
	}
	return g.TicketID
}

// NextGeneration is the group ready for a new ticket after its last one ended.
func (g Group) NextGeneration(installation, customerID string) Group {
	return Group{
		Key: g.Key, Name: g.Name, Generation: g.Generation + 1, State: GroupWaiting, Previous: g.TicketID, Moved: g.Moved,
		Reference: NewReference(installation, customerID, g.Key, g.Generation+1).String(), Notes: 0,
	}
}
