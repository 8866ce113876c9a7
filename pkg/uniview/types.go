package uniview

import (
	"encoding/json"
	"time"
)

// Customer is an organization in UniView (uniview.md §4.2).
type Customer struct {
	ID   string `json:"id"` // uuid
	Name string `json:"name,omitempty"`
}

// Appliance is a backup appliance.
type Appliance struct {
	CustomerID  string      `json:"customer_id,omitempty"`
	AssetTag    string      `json:"asset_tag,omitempty"` // the appliance's id, for example "8008-100-70130"
	Name        string      `json:"name,omitempty"`
	IsOnline    bool        `json:"is_online"`
	TotalMBSize int64       `json:"total_mb_size"` // MB
	TotalMBFree int64       `json:"total_mb_free"` // MB
	Version     string      `json:"version,omitempty"`
	HelixStatus HelixStatus `json:"helix_status,omitempty"`
}

// HelixStatus is how an appliance's agent is kept up to date.
type HelixStatus string

// The documented helix states; others are kept as text.
const (
	HelixNone       HelixStatus = "None"
	HelixAgent      HelixStatus = "Agent"
	HelixAutoUpdate HelixStatus = "AutoUpdate"
	HelixUnknown    HelixStatus = "Unknown"
)

// Asset is a machine protected by an appliance.
type Asset struct {
	CustomerID string      `json:"customer_id,omitempty"`
	AssetTag   string      `json:"asset_tag,omitempty"` // the id of its APPLIANCE (uniview.md §3)
	Name       string      `json:"name,omitempty"`
	Type       string      `json:"type,omitempty"` // for example "Image Level Instance"
	IP         string      `json:"ip,omitempty"`
	MAC        string      `json:"mac,omitempty"`         // as UniView writes it
	Key        string      `json:"key"`                   // uuid, the asset's own id
	LastBackup *LastBackup `json:"last_backup,omitempty"` // nil: there is none
	Links      []Link      `json:"links,omitempty"`
}

// WebURL is the asset's page in the portal, or "".
func (a Asset) WebURL() string {
	for _, l := range a.Links {
		if l.Rel == "WebInterface" {
			return l.Href
		}
	}
	return ""
}

// Link leads to another resource.
type Link struct {
	Rel  string `json:"rel"` // "WebInterface"
	Href string `json:"href,omitempty"`
}

// BackupStatus is how a backup ended, or that it runs.
type BackupStatus string

// The documented states; others are kept as text.
const (
	BackupSuccessful BackupStatus = "Successful"
	BackupWarning    BackupStatus = "Warning"
	BackupFailed     BackupStatus = "Failed"
	BackupInProgress BackupStatus = "InProgress"
	BackupUnknown    BackupStatus = "Unknown"
)

// ReplicationStatus is how a backup's copy ended.
type ReplicationStatus string

// The documented states; others are kept as text.
const (
	ReplicationSuccessful ReplicationStatus = "Successful"
	ReplicationFailed     ReplicationStatus = "Failed"
	ReplicationUnknown    ReplicationStatus = "Unknown"
)

// LastBackup is an asset's latest backup.
type LastBackup struct {
	StartTime         time.Time         `json:"start_time,omitzero"`
	CompleteTime      time.Time         `json:"complete_time,omitzero"` // zero while it runs
	Size              int64             `json:"size"`                   // MB
	Type              string            `json:"type,omitempty"`         // for example "Full"
	Status            BackupStatus      `json:"status,omitempty"`
	ReplicationStatus ReplicationStatus `json:"replication_status,omitempty"`
}

// Backup is one backup of one appliance asset.
type Backup struct {
	CustomerID string `json:"customer_id,omitempty"`
	AssetTag   string `json:"asset_tag,omitempty"` // the id of the appliance
	AssetKey   string `json:"asset_key,omitempty"`
	LastBackup
}

// Endpoint is a machine protected by Endpoint Backup, without an appliance.
type Endpoint struct {
	ID                            string    `json:"id,omitempty"` // short, for example "48E1YGBDY"
	Name                          string    `json:"name,omitempty"`
	LicenseType                   string    `json:"licenseType,omitempty"`
	CustomerName                  string    `json:"customerName,omitempty"` // may be missing (uniview.md §4.3)
	CustomerID                    string    `json:"customerId,omitempty"`
	PolicyID                      string    `json:"policyId,omitempty"`
	StorageUsedBytes              int64     `json:"storageUsedBytes"` // bytes
	Status                        string    `json:"status,omitempty"` // "online" or "offline": connectivity, not success (uniview.md §4.3)
	OS                            string    `json:"os,omitempty"`
	BackupEnabled                 *bool     `json:"backupEnabled,omitempty"` // nil: not said
	HasCustomerManagedKey         bool      `json:"hasCustomerManagedKey"`
	MAC                           string    `json:"mac,omitempty"`
	TimeZoneOffsetMinutes         int       `json:"timeZoneOffsetMinutes"`
	CreatedTimestamp              time.Time `json:"createdTimestamp,omitzero"`
	LastSuccessfulBackupTimestamp time.Time `json:"lastSuccessfulBackupTimestamp,omitzero"` // zero: none is told
	LastOnlineTimestamp           time.Time `json:"lastOnlineTimestamp,omitzero"`
}

// AlertType is a family of BackupIQ alerts; one call reads one of them.
type AlertType string

// The four types.
const (
	TypeAlert       AlertType = "alert"
	TypeJob         AlertType = "job"
	TypeConditional AlertType = "conditional"
	TypeHelix       AlertType = "helix"
)

// AlertTypes are all types, in the order they are read.
var AlertTypes = []AlertType{TypeAlert, TypeJob, TypeConditional, TypeHelix}

// Severity is an alert's weight.
type Severity string

// The documented severities; others are kept as text.
const (
	SeverityAlarm    Severity = "alarm"
	SeverityCritical Severity = "critical"
	SeverityWarning  Severity = "warning"
)

// Alert is one BackupIQ alert. It has no id (uniview.md §0.3).
type Alert struct {
	Type          AlertType `json:"type"`
	ApplianceName string    `json:"appliance_name,omitempty"`
	AssetTag      string    `json:"asset_tag,omitempty"` // the id of the appliance
	CustomerID    string    `json:"customer_id,omitempty"`
	CustomerName  string    `json:"customer_name,omitempty"`
	Message       string    `json:"message,omitempty"`
	Severity      Severity  `json:"severity,omitempty"`
	CreatedTime   time.Time `json:"created_time,omitzero"`
	IsDismissed   bool      `json:"is_dismissed"`
	IsMuted       bool      `json:"is_muted"`

	JobName string `json:"job_name,omitempty"` // job alerts only
	JobType string `json:"job_type,omitempty"` // job alerts only

	InterrogationMessage string `json:"interrogation_message,omitempty"` // conditional alerts only

	// Not documented; filled if a live answer carries them (uniview.md §7.2).
	ID        string `json:"id,omitempty"`
	AssetKey  string `json:"asset_key,omitempty"`
	AssetName string `json:"asset_name,omitempty"`
}

// UnmarshalJSON implements json.Unmarshaler.
func (c *Customer) UnmarshalJSON(b []byte) error {
	var w struct{ ID, Name text }
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	*c = Customer{ID: string(w.ID), Name: string(w.Name)}
	return nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (a *Appliance) UnmarshalJSON(b []byte) error {
	var w struct {
		CustomerID  text    `json:"customer_id"`
		AssetTag    text    `json:"asset_tag"`
		Name        text    `json:"name"`
		IsOnline    flag    `json:"is_online"`
		TotalMBSize integer `json:"total_mb_size"`
		TotalMBFree integer `json:"total_mb_free"`
		Version     text    `json:"version"`
		HelixStatus text    `json:"helix_status"`
	}
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	*a = Appliance{
		string(w.CustomerID), string(w.AssetTag), string(w.Name), bool(w.IsOnline),
		int64(w.TotalMBSize), int64(w.TotalMBFree), string(w.Version), HelixStatus(w.HelixStatus),
	}
	return nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (a *Asset) UnmarshalJSON(b []byte) error {
	var w struct {
		CustomerID text        `json:"customer_id"`
		AssetTag   text        `json:"asset_tag"`
		Name       text        `json:"name"`
		Type       text        `json:"type"`
		IP         text        `json:"ip"`
		MAC        text        `json:"mac"`
		Key        text        `json:"key"`
		LastBackup *LastBackup `json:"last_backup"`
		Links      links       `json:"links"`
	}
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	if w.LastBackup != nil && *w.LastBackup == (LastBackup{}) {
		w.LastBackup = nil // an empty object says as much as null
	}
	*a = Asset{
		string(w.CustomerID), string(w.AssetTag), string(w.Name), string(w.Type), string(w.IP), string(w.MAC), string(w.Key),
		w.LastBackup, w.Links,
	}
	return nil
}

// links accepts one link where a list is expected.
type links []Link

func (l *links) UnmarshalJSON(b []byte) error {
	var many []struct{ Rel, Href text }
	if len(b) > 0 && b[0] == '{' {
		b = append(append([]byte{'['}, b...), ']')
	}
	if err := json.Unmarshal(b, &many); err != nil {
		return err
	}
	*l = nil
	for _, one := range many {
		*l = append(*l, Link{string(one.Rel), string(one.Href)})
	}
	return nil
}

type lastBackupWire struct {
	StartTime         stamp   `json:"start_time"`
	CompleteTime      stamp   `json:"complete_time"`
	Size              integer `json:"size"`
	Type              text    `json:"type"`
	Status            text    `json:"status"`
	ReplicationStatus text    `json:"replication_status"`
}

func (w lastBackupWire) plain() LastBackup {
	return LastBackup{
		time.Time(w.StartTime), time.Time(w.CompleteTime), int64(w.Size),
		string(w.Type), BackupStatus(w.Status), ReplicationStatus(w.ReplicationStatus),
	}
}

// UnmarshalJSON implements json.Unmarshaler.
func (l *LastBackup) UnmarshalJSON(b []byte) error {
	var w lastBackupWire
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	*l = w.plain()
	return nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (k *Backup) UnmarshalJSON(b []byte) error {
	var w struct {
		CustomerID text `json:"customer_id"`
		AssetTag   text `json:"asset_tag"`
		AssetKey   text `json:"asset_key"`
		lastBackupWire
	}
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	*k = Backup{string(w.CustomerID), string(w.AssetTag), string(w.AssetKey), w.plain()}
	return nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (e *Endpoint) UnmarshalJSON(b []byte) error {
	var w struct {
		ID, Name, LicenseType, CustomerName, CustomerID, PolicyID text
		StorageUsedBytes                                          integer
		Status, OS                                                text
		BackupEnabled                                             *flag
		HasCustomerManagedKey                                     flag
		MAC                                                       text
		TimeZoneOffsetMinutes                                     integer
		CreatedTimestamp                                          stamp
		LastSuccessfulBackupTimestamp                             stamp
		LastOnlineTimestamp                                       stamp
	}
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	*e = Endpoint{
		string(w.ID), string(w.Name), string(w.LicenseType), string(w.CustomerName), string(w.CustomerID), string(w.PolicyID),
		int64(w.StorageUsedBytes), string(w.Status), string(w.OS), (*bool)(w.BackupEnabled), bool(w.HasCustomerManagedKey),
		string(w.MAC), int(w.TimeZoneOffsetMinutes),
		time.Time(w.CreatedTimestamp), time.Time(w.LastSuccessfulBackupTimestamp), time.Time(w.LastOnlineTimestamp),
	}
	return nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (a *Alert) UnmarshalJSON(b []byte) error {
	var w struct {
		Type                 text  `json:"type"`
		ApplianceName        text  `json:"appliance_name"`
		AssetTag             text  `json:"asset_tag"`
		CustomerID           text  `json:"customer_id"`
		CustomerName         text  `json:"customer_name"`
		Message              text  `json:"message"`
		Severity             text  `json:"severity"`
		CreatedTime          stamp `json:"created_time"`
		IsDismissed          flag  `json:"is_dismissed"`
		IsMuted              flag  `json:"is_muted"`
		JobName              text  `json:"job_name"`
		JobType              text  `json:"job_type"`
		InterrogationMessage text  `json:"interrogation_message"`
		ID                   text  `json:"id"`
		AssetKey             text  `json:"asset_key"`
		AssetName            text  `json:"asset_name"`
	}
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	*a = Alert{
		AlertType(w.Type), string(w.ApplianceName), string(w.AssetTag), string(w.CustomerID), string(w.CustomerName),
		string(w.Message), Severity(w.Severity), time.Time(w.CreatedTime), bool(w.IsDismissed), bool(w.IsMuted),
		string(w.JobName), string(w.JobType), string(w.InterrogationMessage), string(w.ID), string(w.AssetKey), string(w.AssetName),
	}
	return nil
}
