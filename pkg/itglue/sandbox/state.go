package sandbox

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// State is the account's contents. Records are kept by id; the Add methods give ids in the order of their calls, so that
// the same calls give the same account. Change it inside [Server.Edit] only.
type State struct {
	Organizations         map[int64]*Organization
	OrganizationTypes     map[int64]*Named
	OrganizationStatuses  map[int64]*Named
	Configurations        map[int64]*Configuration
	ConfigurationTypes    map[int64]*Named
	ConfigurationStatuses map[int64]*Named
	FlexibleAssetTypes    map[int64]*FlexibleAssetType
	FlexibleAssets        map[int64]*FlexibleAsset

	Revoked bool // the API key no longer works

	now func() time.Time
	ids map[string]int64
}

// Named is a type or a status.
type Named struct {
	ID        int64
	Name      string
	Synced    bool // kept by the PSA: cannot be renamed
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Organization is one organization. Synced ones accept three attributes only (itglue.md §3.3).
type Organization struct {
	ID               int64
	Name, ShortName  string
	Description      string
	Alert            string
	QuickNotes       string
	TypeID, StatusID int64
	ParentID         int64
	Primary          bool
	Adapters         []Adapter
	CreatedAt        time.Time
	UpdatedAt        time.Time
}

// Adapter ties a record to another system's (itglue.md §3.5).
type Adapter struct {
	ID       int64 // given when 0
	TypeName string
	RemoteID string
	Sync     bool
	Orphaned bool
}

// Synced reports whether a PSA keeps the organization.
func (o *Organization) Synced() bool {
	return slices.ContainsFunc(o.Adapters, func(a Adapter) bool { return a.Sync && !a.Orphaned })
}

// Configuration is one device. With PSAIntegration "enabled" it accepts nine attributes only (itglue.md §0.1).
type Configuration struct {
	ID                                           int64
	OrganizationID                               int64
	Name, Hostname, PrimaryIP, MAC, SerialNumber string
	AssetTag, Notes, Position                    string
	InstalledBy, PurchasedBy, DefaultGateway     string
	OperatingSystemNotes                         string
	PurchasedAt, WarrantyExpiresAt, InstalledAt  string
	DeviceExpirationDate, EndOfLifeDate          string
	TypeID, StatusID, LocationID, ContactID      int64
	ManufacturerID, ModelID, OperatingSystemID   int64
	Archived, Restricted                         bool
	PSAIntegration                               string // "", "enabled", "disabled", "orphaned"
	Interfaces                                   []Interface
	RMM                                          []RMMRecord
	Adapters                                     []Adapter
	CreatedAt, UpdatedAt                         time.Time
}

// Interface is one network interface.
type Interface struct {
	ID            int64 // given when 0
	Name, MAC, IP string
	Notes         string
	Primary       bool
}

// RMMRecord is what a monitoring tool says about a configuration.
type RMMRecord struct {
	ID                     int64 // given when 0
	Name, Hostname, Serial string
	MACs, IPs              []string
	Integration            string // of the tool, as filter[rmm_integration_type] writes it; "" = not kept
	RemoteID               string // the tool's own id
}

// FlexibleAssetType is one type with its fields.
type FlexibleAssetType struct {
	ID                      int64
	Name, Description, Icon string
	Enabled                 bool
	Fields                  []*Field
	CreatedAt, UpdatedAt    time.Time
}

// Field is one field of a type. NameKey is the key of its trait.
type Field struct {
	ID                   int64
	Order                int
	Name, NameKey, Kind  string
	Hint, DefaultValue   string
	TagType              string
	Decimals             int
	Required             bool
	UseForTitle          bool
	ShowInList           bool
	Expiration           bool
	CreatedAt, UpdatedAt time.Time
}

// FlexibleAsset is one asset. Traits hold text, bool or json.Number by name key; a Tag is a []int64; an upload is an
// [Upload].
type FlexibleAsset struct {
	ID, OrganizationID, TypeID int64
	Traits                     map[string]any
	Archived, Restricted       bool
	Versions                   int // how often it was written
	CreatedAt, UpdatedAt       time.Time
}

// Upload is the value of a trait of kind Upload: a file that the API names but does not give back for writing.
type Upload struct{ FileName string }

func newState(now func() time.Time) *State {
	return &State{
		Organizations: map[int64]*Organization{}, OrganizationTypes: map[int64]*Named{}, OrganizationStatuses: map[int64]*Named{},
		Configurations: map[int64]*Configuration{}, ConfigurationTypes: map[int64]*Named{}, ConfigurationStatuses: map[int64]*Named{},
		FlexibleAssetTypes: map[int64]*FlexibleAssetType{}, FlexibleAssets: map[int64]*FlexibleAsset{},
		now: now, ids: map[string]int64{},
	}
}

// bases keep the ids of different kinds apart, so that a mix-up shows.
var bases = map[string]int64{
	"organization": 1_000, "organization type": 10, "organization status": 20, "configuration": 1_000_000,
	"configuration type": 30, "configuration status": 60, "flexible asset type": 300, "flexible asset": 5_000_000,
	"field": 7_000, "interface": 2_000_000, "rmm record": 3_000_000, "adapter": 4_000_000,
}

func (s *State) next(kind string) int64 {
	if s.ids[kind] == 0 {
		s.ids[kind] = bases[kind]
	}
	s.ids[kind]++
	return s.ids[kind]
}

// take gives a new id when id is 0; a given id is kept and never given again.
func (s *State) take(kind string, id int64) int64 {
	if id == 0 {
		return s.next(kind)
	}
	s.ids[kind] = max(s.ids[kind], id)
	return id
}

func (s *State) stamp(created, updated *time.Time) {
	if created.IsZero() {
		*created = s.now()
	}
	if updated.IsZero() {
		*updated = *created
	}
}

func (s *State) addNamed(kind string, to map[int64]*Named, n Named) *Named {
	n.ID = s.take(kind, n.ID)
	s.stamp(&n.CreatedAt, &n.UpdatedAt)
	to[n.ID] = &n
	return &n
}

// AddOrganizationType adds an organization type.
func (s *State) AddOrganizationType(n Named) *Named {
	return s.addNamed("organization type", s.OrganizationTypes, n)
}

// AddOrganizationStatus adds an organization status.
func (s *State) AddOrganizationStatus(n Named) *Named {
	return s.addNamed("organization status", s.OrganizationStatuses, n)
}

// AddConfigurationType adds a configuration type.
func (s *State) AddConfigurationType(n Named) *Named {
	return s.addNamed("configuration type", s.ConfigurationTypes, n)
}

// AddConfigurationStatus adds a configuration status.
func (s *State) AddConfigurationStatus(n Named) *Named {
	return s.addNamed("configuration status", s.ConfigurationStatuses, n)
}

// AddOrganization adds an organization. An ID of 0 is given, times that are zero are now; so for all Add methods.
func (s *State) AddOrganization(o Organization) *Organization {
	o.ID = s.take("organization", o.ID)
	s.stamp(&o.CreatedAt, &o.UpdatedAt)
	s.addAdapters(o.Adapters)
	s.Organizations[o.ID] = &o
	return &o
}

// AddConfiguration adds a configuration.
func (s *State) AddConfiguration(c Configuration) *Configuration {
	c.ID = s.take("configuration", c.ID)
	s.stamp(&c.CreatedAt, &c.UpdatedAt)
	s.addAdapters(c.Adapters)
	for i := range c.Interfaces {
		c.Interfaces[i].ID = s.take("interface", c.Interfaces[i].ID)
	}
	for i := range c.RMM {
		c.RMM[i].ID = s.take("rmm record", c.RMM[i].ID)
	}
	s.Configurations[c.ID] = &c
	return &c
}

func (s *State) addAdapters(list []Adapter) {
	for i := range list {
		list[i].ID = s.take("adapter", list[i].ID)
	}
}

// AddFlexibleAssetType adds a type; fields without an order or a name key get one.
func (s *State) AddFlexibleAssetType(t FlexibleAssetType) *FlexibleAssetType {
	t.ID = s.take("flexible asset type", t.ID)
	s.stamp(&t.CreatedAt, &t.UpdatedAt)
	fields := t.Fields
	t.Fields = nil
	for _, f := range fields {
		s.addField(&t, *f)
	}
	s.FlexibleAssetTypes[t.ID] = &t
	return &t
}

// AddField adds a field to a type, as a person does in the type's settings.
func (s *State) AddField(typeID int64, f Field) *Field {
	return s.addField(s.FlexibleAssetTypes[typeID], f)
}

func (s *State) addField(t *FlexibleAssetType, f Field) *Field {
	f.ID = s.take("field", f.ID)
	s.stamp(&f.CreatedAt, &f.UpdatedAt)
	if f.Order == 0 {
		for _, other := range t.Fields {
			f.Order = max(f.Order, other.Order)
		}
		f.Order++
	}
	if f.NameKey == "" {
		f.NameKey = t.freeKey(f.Name)
	}
	if !titleKinds[f.Kind] {
		f.UseForTitle = false
	}
	t.Fields = append(t.Fields, &f)
	slices.SortStableFunc(t.Fields, func(a, b *Field) int { return cmp.Compare(a.Order, b.Order) })
	return &f
}

// freeKey makes a name key: a slug, numbered when it is taken.
func (t *FlexibleAssetType) freeKey(name string) string {
	slug := strings.Trim(strings.Join(strings.FieldsFunc(strings.ToLower(name), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	}), "-"), "-")
	if slug == "" {
		slug = "field"
	}
	for key := slug; ; key += "-1" {
		if t.field(key) == nil {
			return key
		}
	}
}

func (t *FlexibleAssetType) field(key string) *Field {
	for _, f := range t.Fields {
		if f.NameKey == key {
			return f
		}
	}
	return nil
}

// AddFlexibleAsset adds an asset.
func (s *State) AddFlexibleAsset(a FlexibleAsset) *FlexibleAsset {
	a.ID = s.take("flexible asset", a.ID)
	s.stamp(&a.CreatedAt, &a.UpdatedAt)
	if a.Traits == nil {
		a.Traits = map[string]any{}
	}
	a.Versions = max(a.Versions, 1)
	s.FlexibleAssets[a.ID] = &a
	return &a
}

// Name is the asset's name: its title fields, joined (itglue.md §0.4; the separator is not documented).
func (s *State) Name(a *FlexibleAsset) string {
	t := s.FlexibleAssetTypes[a.TypeID]
	if t == nil {
		return ""
	}
	return t.title(a.Traits)
}

func (t *FlexibleAssetType) title(traits map[string]any) string {
	var parts []string
	for _, f := range t.Fields {
		if text, _ := traits[f.NameKey].(string); f.UseForTitle && text != "" {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, " ")
}

// sorted returns the records of a map in the order of their ids.
func sorted[T any](m map[int64]T) []T {
	keys := make([]int64, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	out := make([]T, len(keys))
	for i, k := range keys {
		out[i] = m[k]
	}
	return out
}
