package alert

import "time"

// Type is the BackupIQ class of an alert (uniview.md §5); unknown values are kept.
type Type string

// The types the API knows.
const (
	TypeAlert       Type = "alert"
	TypeJob         Type = "job"
	TypeConditional Type = "conditional"
	TypeHelix       Type = "helix"
	// TypeBridge marks what the bridge raised itself (Settings.RaiseOverdue).
	TypeBridge Type = "bridge"
)

// Severity is BackupIQ's severity; unknown values are kept.
type Severity string

// The severities the API knows, lowest first.
const (
	SeverityWarning  Severity = "warning"
	SeverityCritical Severity = "critical"
	SeverityAlarm    Severity = "alarm"
)

// Alert is one occurrence as read from UniView.
type Alert struct {
	Type          Type      `json:"type"`
	CustomerID    string    `json:"customerId"`
	CustomerName  string    `json:"customerName,omitempty"`
	ApplianceID   string    `json:"applianceId,omitempty"`
	ApplianceName string    `json:"applianceName,omitempty"`
	Message       string    `json:"message"`
	Severity      Severity  `json:"severity"`
	Created       time.Time `json:"created"`
	Dismissed     bool      `json:"dismissed,omitempty"`
	Muted         bool      `json:"muted,omitempty"`
	JobName       string    `json:"jobName,omitempty"`
	JobType       string    `json:"jobType,omitempty"`
	Interrogation string    `json:"interrogation,omitempty"`

	// Not in the documented schema; used when a live answer carries them
	// (uniview.md §8.4).
	ID        string `json:"id,omitempty"`
	AssetID   string `json:"assetId,omitempty"`
	AssetName string `json:"assetName,omitempty"`
	// AssetKey is set by the bridge once the machine is known (backup.Asset.Key).
	AssetKey string `json:"assetKey,omitempty"`
	// Asked says that the machine was asked for by filter: without an AssetKey no
	// machine has this alert.
	Asked bool `json:"asked,omitempty"`
	// AskedTo is the last machine's key that was asked for, where the budget of a
	// run did not reach to all of them.
	AskedTo string `json:"askedTo,omitempty"`
}

// Ticket is one ticket of ours as ConnectWise has it now.
type Ticket struct {
	ID         int    `json:"id"`
	Reference  string `json:"reference"` // externalXRef
	Summary    string `json:"summary"`
	CompanyID  int    `json:"companyId"`
	BoardID    int    `json:"boardId"`
	StatusID   int    `json:"statusId"`
	StatusName string `json:"statusName"`
	PriorityID int    `json:"priorityId,omitempty"`
	Closed     bool   `json:"closed"`
	MergedInto int    `json:"mergedInto,omitempty"`
	Touched    bool   `json:"touched,omitempty"` // hours, owner, resources, or last updated by somebody else
	// Ours says that we updated it last, which hides a person who did so before.
	Ours      bool      `json:"ours,omitempty"`
	UpdatedAt time.Time `json:"updatedAt,omitzero"`
	ClosedAt  time.Time `json:"closedAt,omitzero"`
	// Fresh says that this is a direct read, not a line of an older list.
	Fresh bool `json:"-"`
}
