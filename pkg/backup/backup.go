package backup

import "time"

// Family tells the two kinds of protected machines apart.
type Family string

// The families.
const (
	FamilyAppliance Family = "appliance" // /v1/assets
	FamilyEndpoint  Family = "endpoint"  // /api/epb/v1/assets
)

// Customer is a customer in UniView.
type Customer struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Appliance is a backup appliance. Its ID is what UniView calls the asset tag
// (uniview.md §3, "trap").
type Appliance struct {
	ID         string `json:"id"`
	CustomerID string `json:"customerId"`
	Name       string `json:"name"`
	Online     bool   `json:"online"`
	TotalMB    int64  `json:"totalMb,omitempty"`
	FreeMB     int64  `json:"freeMb,omitempty"`
}

// Result is the outcome of one backup or replication, in UniView's words.
// Values UniView adds later are kept as text.
type Result string

// The results UniView documents.
const (
	Successful Result = "Successful"
	Warning    Result = "Warning"
	Failed     Result = "Failed"
	InProgress Result = "InProgress"
	UnknownRes Result = "Unknown"
)

// Good says whether a backup with this result can be restored from: BackupIQ
// counts warnings as good (uniview.md §5).
func (r Result) Good() bool { return r == Successful || r == Warning }

// Backup is one backup of an appliance asset.
type Backup struct {
	Start       time.Time `json:"start,omitzero"`
	Complete    time.Time `json:"complete,omitzero"` // zero while in progress
	SizeMB      int64     `json:"sizeMb,omitempty"`
	Type        string    `json:"type,omitempty"`
	Result      Result    `json:"result"`
	Replication Result    `json:"replication,omitempty"`
}

// Asset is one protected machine of either family. IDs of the two families
// never meet: an appliance asset's is a UUID, an endpoint's a short code; the
// bridge uses Key everywhere.
type Asset struct {
	Family      Family `json:"family"`
	ID          string `json:"id"`
	CustomerID  string `json:"customerId"`
	Name        string `json:"name"`
	MAC         string `json:"mac,omitempty"` // as UniView writes it
	ApplianceID string `json:"applianceId,omitempty"`
	Kind        string `json:"kind,omitempty"` // appliance: asset type; endpoint: operating system
	PortalURL   string `json:"portalUrl,omitempty"`

	// Appliance family.
	Last *Backup `json:"last,omitempty"`

	// Endpoint family.
	LastGood     time.Time `json:"lastGood,omitzero"`
	StorageBytes int64     `json:"storageBytes,omitempty"`
	BackupOff    bool      `json:"backupOff,omitempty"`
	Online       string    `json:"online,omitempty"` // "online" or "offline": connectivity, not backup success
	LastOnline   time.Time `json:"lastOnline,omitzero"`
	Created      time.Time `json:"created,omitzero"`
}

// Key is the asset's id across both families.
func (a Asset) Key() string { return string(a.Family) + ":" + a.ID }

// LastActivity is the newest sign of life: completion or start of the last
// backup, last good backup, last time online, creation.
func (a Asset) LastActivity() time.Time {
	latest := a.LastGood
	for _, t := range []time.Time{a.LastOnline, a.Created} {
		if t.After(latest) {
			latest = t
		}
	}
	if a.Last != nil {
		for _, t := range []time.Time{a.Last.Start, a.Last.Complete} {
			if t.After(latest) {
				latest = t
			}
		}
	}
	return latest
}
