package sandbox

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"
)

// State is a portal's data. Change it inside [Server.Edit] only. Rows may be
// changed in place; add and remove them with the methods, which keep ids unique.
// Ids depend only on the seed and on how many rows were added before.
type State struct {
	Customers   []*Customer
	Appliances  []*Appliance
	Assets      []*Asset
	Endpoints   []*Endpoint
	Backups     []*Backup
	Alerts      []*Alert
	Credentials []*Credential

	// DismissedFor is how long dismissed alerts stay listed: 0 = for ever, negative
	// = not at all. What UniView does is not known.
	DismissedFor time.Duration

	seed   string
	serial map[string]int

	customers  index[Customer]
	appliances index[Appliance]
	assets     index[Asset]
	endpoints  index[Endpoint]
}

// Credential is a client id with its secret.
type Credential struct {
	ClientID, Secret string
	Revoked          bool // refuses new tokens and those already given out
}

// Customer is an organization.
type Customer struct {
	ID   string // uuid
	Name string
}

// Appliance is a backup appliance. Its id is AssetTag.
type Appliance struct {
	AssetTag    string
	CustomerID  string
	Name        string
	IsOnline    bool
	TotalMBSize int64
	TotalMBFree int64
	Version     string
	HelixStatus string // None, Agent, AutoUpdate or Unknown
}

// Asset is a machine protected by an appliance.
type Asset struct {
	Key        string // uuid
	CustomerID string
	AssetTag   string // id of the appliance
	Name       string
	Type       string
	IP, MAC    string
	LastBackup *Backup // kept by AddBackup

	Meta map[string]string // never shown: for whoever drives the portal's life
}

// Backup is one backup of an asset.
type Backup struct {
	AssetKey          string
	StartTime         time.Time
	CompleteTime      time.Time // zero while it runs
	SizeMB            int64
	Type              string
	Status            string // Successful, Warning, Failed, InProgress or Unknown
	ReplicationStatus string // Successful, Failed or Unknown
}

// Endpoint is a machine protected without an appliance.
type Endpoint struct {
	ID             string // nine letters and digits
	CustomerID     string
	Name           string
	LicenseType    string
	PolicyID       string
	StorageUsed    int64  // bytes
	Status         string // online or offline
	OS             string
	BackupEnabled  *bool
	CustomerKey    bool
	MAC            string
	TimeZoneOffset int // minutes
	Created        time.Time
	LastSuccess    time.Time // zero = never
	LastOnline     time.Time
	HasNoCustomer  bool // customerName is not told, as seen live
	Meta           map[string]string
}

// Alert is one BackupIQ alert. ID, AssetKey, Condition and AutoDismiss are the
// portal's own knowledge and never shown (unless Options.RichAlerts).
type Alert struct {
	ID           string
	Type         string // alert, job, conditional or helix
	Severity     string // alarm, critical or warning
	CustomerID   string
	AssetTag     string // id of the appliance; empty for none
	AssetKey     string // the asset it is about; empty for appliance alerts
	Message      string
	JobName      string // job alerts
	JobType      string // job alerts
	Interrogated string // conditional alerts
	Created      time.Time
	Muted        bool
	Dismissed    bool
	DismissedAt  time.Time

	Condition   string // what it is about; [State.Resolve] takes it
	AutoDismiss bool   // set by AddAlert for conditional alerts; set it for offline-appliance alerts
}

// index finds rows by id and is rebuilt when the slice was changed behind it.
type index[T any] map[string]*T

func (x *index[T]) find(rows []*T, id func(*T) string, want string) *T {
	if row := (*x)[strings.ToLower(want)]; row != nil && len(*x) == len(rows) && strings.EqualFold(id(row), want) {
		return row
	}
	if len(*x) == len(rows) && *x != nil {
		return nil
	}
	*x = make(index[T], len(rows))
	for _, row := range rows {
		(*x)[strings.ToLower(id(row))] = row
	}
	return (*x)[strings.ToLower(want)]
}

// add keeps an index that is up to date up to date.
func (x *index[T]) add(rows []*T, id string, row *T) {
	if *x == nil {
		*x = index[T]{}
	}
	if len(*x) == len(rows)-1 {
		(*x)[strings.ToLower(id)] = row
	}
}

func (st *State) next(kind string) (int, [32]byte) {
	st.serial[kind]++
	n := st.serial[kind]
	return n, sha256.Sum256(fmt.Appendf(nil, "%s/%s/%d", st.seed, kind, n))
}

func (st *State) uuid(kind string) string {
	_, h := st.next(kind)
	h[6], h[8] = h[6]&0x0f|0x40, h[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", h[:4], h[4:6], h[6:8], h[8:10], h[10:16])
}

// AddCustomer adds a customer.
func (st *State) AddCustomer(name string) *Customer {
	c := &Customer{ID: st.uuid("customer"), Name: name}
	st.Customers = append(st.Customers, c)
	st.customers.add(st.Customers, c.ID, c)
	return c
}

// AddAppliance adds an appliance that is online; an empty AssetTag is filled in.
func (st *State) AddAppliance(a Appliance) *Appliance {
	if n, _ := st.next("appliance"); a.AssetTag == "" {
		a.AssetTag = fmt.Sprintf("8008-%03d-%05d", 100+n/90000, 70000+n%90000)
	}
	if a.HelixStatus == "" {
		a.HelixStatus = "AutoUpdate"
	}
	if a.Version == "" {
		a.Version = "10.8.3-1.202509021310.CentOS7"
	}
	a.IsOnline = true
	st.Appliances = append(st.Appliances, &a)
	st.appliances.add(st.Appliances, a.AssetTag, &a)
	return &a
}

// AddAsset adds an appliance asset; an empty Key is filled in, and the customer
// from the appliance.
func (st *State) AddAsset(a Asset) *Asset {
	if key := st.uuid("asset"); a.Key == "" {
		a.Key = key
	}
	if a.Type == "" {
		a.Type = "Image Level Instance"
	}
	if ap := st.Appliance(a.AssetTag); ap != nil && a.CustomerID == "" {
		a.CustomerID = ap.CustomerID
	}
	st.Assets = append(st.Assets, &a)
	st.assets.add(st.Assets, a.Key, &a)
	return &a
}

// AddEndpoint adds an endpoint asset; an empty ID is filled in.
func (st *State) AddEndpoint(e Endpoint) *Endpoint {
	const letters = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"
	if _, h := st.next("endpoint"); e.ID == "" {
		id := make([]byte, 9)
		for i := range id {
			id[i] = letters[int(h[i])%len(letters)]
		}
		e.ID = string(id)
	}
	if e.PolicyID == "" {
		e.PolicyID = st.uuid("policy")
	}
	if e.Status == "" {
		e.Status = "online"
	}
	st.Endpoints = append(st.Endpoints, &e)
	st.endpoints.add(st.Endpoints, e.ID, &e)
	return &e
}

// AddBackup adds a backup; the latest one by start becomes its asset's last.
func (st *State) AddBackup(b Backup) *Backup {
	if b.Type == "" {
		b.Type = "Incremental"
	}
	if b.ReplicationStatus == "" {
		b.ReplicationStatus = "Unknown"
	}
	st.Backups = append(st.Backups, &b)
	if a := st.Asset(b.AssetKey); a != nil && (a.LastBackup == nil || !b.StartTime.Before(a.LastBackup.StartTime)) {
		a.LastBackup = &b
	}
	return &b
}

// FinishBackup ends a running backup. A good one (Successful or Warning)
// dismisses the asset's conditional alerts, as BackupIQ does (uniview.md §5).
func (st *State) FinishBackup(b *Backup, status string, sizeMB int64, at time.Time) {
	b.Status, b.SizeMB, b.CompleteTime = status, sizeMB, at
	if status != "Successful" && status != "Warning" {
		return
	}
	for _, al := range st.Alerts {
		if al.AssetKey == b.AssetKey && al.Type == "conditional" && al.AutoDismiss {
			al.dismiss(at)
		}
	}
}

// AddAlert adds an alert. Conditional alerts dismiss themselves when their
// condition is over.
func (st *State) AddAlert(a Alert) *Alert {
	n, _ := st.next("alert")
	if a.ID == "" {
		a.ID = fmt.Sprintf("alert-%06d", n)
	}
	if as := st.Asset(a.AssetKey); as != nil {
		if a.AssetTag == "" {
			a.AssetTag = as.AssetTag
		}
		if a.CustomerID == "" {
			a.CustomerID = as.CustomerID
		}
	}
	if ap := st.Appliance(a.AssetTag); ap != nil && a.CustomerID == "" {
		a.CustomerID = ap.CustomerID
	}
	if a.Type == "conditional" {
		a.AutoDismiss = true
	}
	st.Alerts = append(st.Alerts, &a)
	return &a
}

// Resolve says that a condition is over: its conditional and offline-appliance
// alerts are dismissed; others stay until a user dismisses them (uniview.md §5).
// It returns how many were dismissed.
func (st *State) Resolve(condition string, at time.Time) int {
	n := 0
	for _, a := range st.Alerts {
		if a.Condition == condition && a.AutoDismiss && !a.Dismissed {
			a.dismiss(at)
			n++
		}
	}
	return n
}

// Dismiss is a user dismissing alerts in BackupIQ.
func (st *State) Dismiss(at time.Time, alerts ...*Alert) {
	for _, a := range alerts {
		a.dismiss(at)
	}
}

func (a *Alert) dismiss(at time.Time) {
	if !a.Dismissed {
		a.Dismissed, a.DismissedAt = true, at
	}
}

// ApplianceOffline takes an appliance off the network and raises its alert.
func (st *State) ApplianceOffline(tag string, at time.Time) *Alert {
	ap := st.Appliance(tag)
	if ap == nil || !ap.IsOnline {
		return nil
	}
	ap.IsOnline = false
	return st.AddAlert(Alert{
		Type: "alert", Severity: "critical", AssetTag: tag, Created: at,
		Message: "The appliance " + ap.Name + " is offline.", Condition: "offline/" + tag, AutoDismiss: true,
	})
}

// ApplianceOnline brings it back; its offline alert is dismissed.
func (st *State) ApplianceOnline(tag string, at time.Time) {
	if ap := st.Appliance(tag); ap != nil {
		ap.IsOnline = true
		st.Resolve("offline/"+tag, at)
	}
}

// Customer finds a customer by id, or gives nil.
func (st *State) Customer(id string) *Customer {
	return st.customers.find(st.Customers, func(c *Customer) string { return c.ID }, id)
}

// Appliance finds an appliance by its asset tag, or gives nil.
func (st *State) Appliance(tag string) *Appliance {
	return st.appliances.find(st.Appliances, func(a *Appliance) string { return a.AssetTag }, tag)
}

// Asset finds an appliance asset by key, or gives nil.
func (st *State) Asset(key string) *Asset {
	return st.assets.find(st.Assets, func(a *Asset) string { return a.Key }, key)
}

// Endpoint finds an endpoint asset by id, or gives nil.
func (st *State) Endpoint(id string) *Endpoint {
	return st.endpoints.find(st.Endpoints, func(e *Endpoint) string { return e.ID }, id)
}

// RemoveCustomer removes a customer, but nothing that belongs to it.
func (st *State) RemoveCustomer(id string) {
	st.Customers = slices.DeleteFunc(st.Customers, func(c *Customer) bool { return c.ID == id })
	st.customers = nil
}

// RemoveAppliance removes an appliance, but nothing that belongs to it.
func (st *State) RemoveAppliance(tag string) {
	st.Appliances = slices.DeleteFunc(st.Appliances, func(a *Appliance) bool { return a.AssetTag == tag })
	st.appliances = nil
}

// RemoveAsset removes an appliance asset with its backups.
func (st *State) RemoveAsset(key string) {
	st.Assets = slices.DeleteFunc(st.Assets, func(a *Asset) bool { return a.Key == key })
	st.Backups = slices.DeleteFunc(st.Backups, func(b *Backup) bool { return b.AssetKey == key })
	st.assets = nil
}

// RemoveEndpoint removes an endpoint asset.
func (st *State) RemoveEndpoint(id string) {
	st.Endpoints = slices.DeleteFunc(st.Endpoints, func(e *Endpoint) bool { return e.ID == id })
	st.endpoints = nil
}
