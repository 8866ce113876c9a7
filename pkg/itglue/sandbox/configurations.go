package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

type wireConfiguration struct {
	OrganizationID        int64   `json:"organization-id"`
	OrganizationName      string  `json:"organization-name"`
	OrganizationShortName *string `json:"organization-short-name"`
	ResourceURL           string  `json:"resource-url"`
	Name                  string  `json:"name"`
	Hostname              *string `json:"hostname"`
	PrimaryIP             *string `json:"primary-ip"`
	MAC                   *string `json:"mac-address"`
	DefaultGateway        *string `json:"default-gateway"`
	SerialNumber          *string `json:"serial-number"`
	AssetTag              *string `json:"asset-tag"`
	Position              *string `json:"position"`
	InstalledBy           *string `json:"installed-by"`
	PurchasedBy           *string `json:"purchased-by"`
	Notes                 *string `json:"notes"`
	OperatingSystemNotes  *string `json:"operating-system-notes"`
	WarrantyExpiresAt     *string `json:"warranty-expires-at"`
	InstalledAt           *string `json:"installed-at"`
	PurchasedAt           *string `json:"purchased-at"`
	DeviceExpirationDate  *string `json:"mitp-device-expiration-date"`
	EndOfLifeDate         *string `json:"mitp-end-of-life-date"`
	TypeID                *int64  `json:"configuration-type-id"`
	TypeName              *string `json:"configuration-type-name"`
	StatusID              *int64  `json:"configuration-status-id"`
	StatusName            *string `json:"configuration-status-name"`
	ManufacturerID        *int64  `json:"manufacturer-id"`
	ModelID               *int64  `json:"model-id"`
	OperatingSystemID     *int64  `json:"operating-system-id"`
	LocationID            *int64  `json:"location-id"`
	ContactID             *int64  `json:"contact-id"`
	Archived              bool    `json:"archived"`
	Restricted            bool    `json:"restricted"`
	MyGlue                bool    `json:"my-glue"`
	PSAIntegration        *string `json:"psa-integration"`
	CreatedAt             string  `json:"created-at"`
	UpdatedAt             string  `json:"updated-at"`
}

// wireInterface carries its id inside the attributes too, as a number (itglue.md §1.3).
type wireInterface struct {
	ID              int64   `json:"id"`
	ConfigurationID int64   `json:"configuration-id"`
	Name            *string `json:"name"`
	IP              *string `json:"ip-address"`
	MAC             *string `json:"mac-address"`
	Primary         bool    `json:"primary"`
	Notes           *string `json:"notes"`
	CreatedAt       string  `json:"created-at"`
	UpdatedAt       string  `json:"updated-at"`
}

type wireRMM struct {
	Name     string   `json:"name"`
	Hostname *string  `json:"hostname"`
	Serial   *string  `json:"serial-number"`
	MACs     []string `json:"mac-addresses"`
	IPs      []string `json:"ip-addresses"`
}

func configurationRecord(rq *request, c *Configuration, includes []string) (wireRecord, []wireRecord) {
	w := wireConfiguration{
		OrganizationID: c.OrganizationID, ResourceURL: fmt.Sprintf("https://sandbox.itglue.com/%d/configurations/%d", c.OrganizationID, c.ID),
		Name: c.Name, Hostname: textOrNull(c.Hostname), PrimaryIP: textOrNull(c.PrimaryIP), MAC: textOrNull(c.MAC),
		DefaultGateway: textOrNull(c.DefaultGateway), SerialNumber: textOrNull(c.SerialNumber), AssetTag: textOrNull(c.AssetTag),
		Position: textOrNull(c.Position), InstalledBy: textOrNull(c.InstalledBy), PurchasedBy: textOrNull(c.PurchasedBy),
		Notes: textOrNull(c.Notes), OperatingSystemNotes: textOrNull(c.OperatingSystemNotes),
		WarrantyExpiresAt: textOrNull(c.WarrantyExpiresAt), InstalledAt: textOrNull(c.InstalledAt), PurchasedAt: textOrNull(c.PurchasedAt),
		DeviceExpirationDate: textOrNull(c.DeviceExpirationDate), EndOfLifeDate: textOrNull(c.EndOfLifeDate),
		TypeID: idOrNull(c.TypeID), TypeName: nameOrNull(rq.st.ConfigurationTypes, c.TypeID),
		StatusID: idOrNull(c.StatusID), StatusName: nameOrNull(rq.st.ConfigurationStatuses, c.StatusID),
		ManufacturerID: idOrNull(c.ManufacturerID), ModelID: idOrNull(c.ModelID), OperatingSystemID: idOrNull(c.OperatingSystemID),
		LocationID: idOrNull(c.LocationID), ContactID: idOrNull(c.ContactID),
		Archived: c.Archived, Restricted: c.Restricted, PSAIntegration: textOrNull(c.PSAIntegration),
		CreatedAt: stamp(c.CreatedAt), UpdatedAt: stamp(c.UpdatedAt),
	}
	if o := rq.st.Organizations[c.OrganizationID]; o != nil {
		w.OrganizationName, w.OrganizationShortName = o.Name, textOrNull(o.ShortName)
	}
	r := wireRecord{ID: id(c.ID), Type: "configurations", Attributes: w, Relationships: map[string]any{}}
	var included []wireRecord
	add := func(relation string, records []wireRecord) {
		r.Relationships[relation] = refs(records)
		included = append(included, records...)
	}
	if slices.Contains(includes, "configuration_interfaces") {
		add("configuration-interfaces", interfaceRecords(c))
	}
	if slices.Contains(includes, "rmm_records") {
		var records []wireRecord
		for _, m := range c.RMM {
			records = append(records, wireRecord{ID: id(m.ID), Type: "rmm-records", Attributes: wireRMM{m.Name, textOrNull(m.Hostname), textOrNull(m.Serial), nonNil(m.MACs), nonNil(m.IPs)}})
		}
		add("rmm-records", records)
	}
	if slices.Contains(includes, "adapters_resources") {
		add("adapters-resources", adapterRecords(c.Adapters))
	}
	return r, included
}

func nonNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func interfaceRecords(c *Configuration) []wireRecord {
	out := make([]wireRecord, 0, len(c.Interfaces))
	for _, i := range c.Interfaces {
		out = append(out, wireRecord{ID: id(i.ID), Type: "configuration-interfaces", Attributes: wireInterface{
			i.ID, c.ID, textOrNull(i.Name), textOrNull(i.IP), textOrNull(i.MAC), i.Primary, textOrNull(i.Notes), stamp(c.CreatedAt), stamp(c.UpdatedAt),
		}})
	}
	return out
}

var configurations = listing[*Configuration]{
	filters: map[string]func(*Configuration, string) bool{
		"id":                      func(c *Configuration, v string) bool { return idIs(c.ID, v) },
		"name":                    func(c *Configuration, v string) bool { return c.Name == v },
		"organization_id":         func(c *Configuration, v string) bool { return idIs(c.OrganizationID, v) },
		"configuration_type_id":   func(c *Configuration, v string) bool { return idIs(c.TypeID, v) },
		"configuration_status_id": func(c *Configuration, v string) bool { return idIs(c.StatusID, v) },
		"contact_id":              func(c *Configuration, v string) bool { return idIs(c.ContactID, v) },
		"serial_number":           func(c *Configuration, v string) bool { return c.SerialNumber == v },
		"mac_address":             func(c *Configuration, v string) bool { return c.MAC == v }, // its normalisation is not known
		"asset_tag":               func(c *Configuration, v string) bool { return c.AssetTag == v },
		"archived":                func(c *Configuration, v string) bool { return flagIs(c.Archived, v) },
		"psa_integration_type":    func(c *Configuration, v string) bool { return psaType(c.Adapters, v) },
		"psa_id": func(c *Configuration, v string) bool {
			return slices.ContainsFunc(c.Adapters, func(a Adapter) bool { return a.RemoteID == v })
		},
		"rmm_integration_type": func(c *Configuration, v string) bool {
			return slices.ContainsFunc(c.RMM, func(r RMMRecord) bool { return r.Integration == v })
		},
		"rmm_id": func(c *Configuration, v string) bool {
			return slices.ContainsFunc(c.RMM, func(r RMMRecord) bool { return r.RemoteID == v })
		},
	},
	enums: map[string][]string{"psa_integration_type": psaTypes, "rmm_integration_type": rmmTypes, "archived": flags},
	sorts: map[string]func(a, b *Configuration) int{
		"name":       byText(func(c *Configuration) string { return c.Name }),
		"id":         byNumber(func(c *Configuration) int64 { return c.ID }),
		"created_at": byTime(func(c *Configuration) time.Time { return c.CreatedAt }),
		"updated_at": byTime(func(c *Configuration) time.Time { return c.UpdatedAt }),
	},
	includes: []string{
		"adapters_resources", "configuration_interfaces", "rmm_records", "passwords", "attachments", "tickets",
		"dnet_fa_remote_assets", "user_resource_accesses", "group_resource_accesses",
	},
	wire: configurationRecord,
}

// rmmTypes are the values of filter[rmm_integration_type] (itglue.md §4.1).
var rmmTypes = []string{
	"addigy", "aem", "atera", "auvik", "managed-workplace", "continuum", "jamf-pro", "kaseya-vsa", "automate", "log-me-in", "msp-rmm", "meraki",
	"msp-n-central", "ninja-rmm", "panorama9", "pulseway-rmm", "syncro", "watchman-monitoring", "office365", "vsa-x",
}

// showOnlyIncludes are refused on lists (itglue.md §9.19).
var showOnlyIncludes = []string{
	"rmm_adapters_resources", "adapters_resources_errors", "rmm_adapters_resources_errors", "active_network_glue_network_devices",
	"to_configuration_connections", "from_configuration_connections", "recent_versions", "related_items", "authorized_users",
}

func listConfigurations(rq *request) (answer, error) {
	for _, system := range []string{"psa", "rmm"} {
		if err := rq.pair(system); err != nil {
			return answer{}, err
		}
	}
	rows := sorted(rq.st.Configurations)
	if rq.nested {
		if rq.st.Organizations[rq.ids["organization_id"]] == nil {
			return answer{}, notFound("organization")
		}
		rows = slices.DeleteFunc(rows, func(c *Configuration) bool { return c.OrganizationID != rq.ids["organization_id"] })
	}
	return configurations.list(rq, rows)
}

func (rq *request) configuration() (*Configuration, error) {
	c := rq.st.Configurations[rq.ids["id"]]
	if c == nil || (rq.nested && c.OrganizationID != rq.ids["organization_id"]) {
		return nil, notFound("configuration")
	}
	return c, nil
}

func showConfiguration(rq *request) (answer, error) {
	c, err := rq.configuration()
	if err != nil {
		return answer{}, err
	}
	return configurations.show(rq, c, showOnlyIncludes...)
}

func listInterfaces(rq *request) (answer, error) {
	c := rq.st.Configurations[rq.ids["configuration_id"]]
	if c == nil {
		return answer{}, notFound("configuration")
	}
	rq.nested = true
	since := func(wireRecord) time.Time { return c.CreatedAt }
	return listing[wireRecord]{
		sorts: map[string]func(a, b wireRecord) int{"created_at": byTime(since), "updated_at": byTime(since)},
		wire:  func(_ *request, r wireRecord, _ []string) (wireRecord, []wireRecord) { return r, nil },
	}.list(rq, interfaceRecords(c))
}

var configurationAttributes = map[string]valueKind{
	"organization_id": number, "configuration_type_id": number, "configuration_status_id": number, "location_id": number,
	"contact_id": number, "manufacturer_id": number, "model_id": number, "operating_system_id": number,
	"operating_system_notes": text, "name": text, "notes": text, "hostname": text, "primary_ip": address, "mac_address": mac,
	"default_gateway": text, "serial_number": text, "asset_tag": text, "position": text, "installed_by": text, "purchased_by": text,
	"purchased_at": date, "warranty_expires_at": date, "mitp_device_expiration_date": date, "mitp_end_of_life_date": date,
	"installed_at": date, "restricted": flag, "archived": flag,
}

// syncedConfiguration are the attributes that a synced configuration accepts (itglue.md §0.1).
var syncedConfiguration = []string{
	"archived", "asset_tag", "notes", "purchased_at", "restricted", "serial_number", "warranty_expires_at",
	"mitp_device_expiration_date", "mitp_end_of_life_date",
}

func (e element) applyConfiguration(rq *request, c *Configuration) error {
	if err := e.check(withID(configurationAttributes)); err != nil {
		return err
	}
	next := *c
	for name, to := range map[string]any{
		"organization_id": &next.OrganizationID, "configuration_type_id": &next.TypeID, "configuration_status_id": &next.StatusID,
		"location_id": &next.LocationID, "contact_id": &next.ContactID, "manufacturer_id": &next.ManufacturerID, "model_id": &next.ModelID,
		"operating_system_id": &next.OperatingSystemID, "operating_system_notes": &next.OperatingSystemNotes, "name": &next.Name,
		"notes": &next.Notes, "hostname": &next.Hostname, "primary_ip": &next.PrimaryIP, "mac_address": &next.MAC,
		"default_gateway": &next.DefaultGateway, "serial_number": &next.SerialNumber, "asset_tag": &next.AssetTag,
		"position": &next.Position, "installed_by": &next.InstalledBy, "purchased_by": &next.PurchasedBy,
		"purchased_at": &next.PurchasedAt, "warranty_expires_at": &next.WarrantyExpiresAt, "installed_at": &next.InstalledAt,
		"mitp_device_expiration_date": &next.DeviceExpirationDate, "mitp_end_of_life_date": &next.EndOfLifeDate,
		"restricted": &next.Restricted, "archived": &next.Archived,
	} {
		e.set(name, to)
	}
	switch {
	case rq.st.Organizations[next.OrganizationID] == nil:
		return refuse(http.StatusUnprocessableEntity, "Valid organization_id is required", "", "data/attributes/organization_id")
	case strings.TrimSpace(next.Name) == "":
		return unprocessable("name", "can't be blank")
	case rq.st.ConfigurationTypes[next.TypeID] == nil:
		return unprocessable("configuration-type", "must exist")
	case next.StatusID != 0 && rq.st.ConfigurationStatuses[next.StatusID] == nil:
		return unprocessable("configuration-status", "must exist")
	}
	if e.has("mac_address") || e.has("primary_ip") {
		next.setPrimary(rq.st)
	}
	next.UpdatedAt = rq.now
	*c = next
	return nil
}

// setPrimary keeps the primary interface in step with the configuration (itglue.md §4.3).
func (c *Configuration) setPrimary(st *State) {
	c.Interfaces = slices.Clone(c.Interfaces)
	for i := range c.Interfaces {
		if c.Interfaces[i].Primary {
			c.Interfaces[i].MAC, c.Interfaces[i].IP = c.MAC, c.PrimaryIP
			return
		}
	}
	c.Interfaces = append(c.Interfaces, Interface{ID: st.next("interface"), MAC: c.MAC, IP: c.PrimaryIP, Primary: true})
}

func createConfiguration(rq *request) (answer, error)  { return rq.createConfigurations(false) }
func createConfigurations(rq *request) (answer, error) { return rq.createConfigurations(true) }

func (rq *request) createConfigurations(bulk bool) (answer, error) {
	list, many, err := rq.elements("configurations", bulk, true)
	if err != nil {
		return answer{}, err
	}
	if org := rq.ids["organization_id"]; rq.nested && rq.st.Organizations[org] == nil {
		return answer{}, notFound("organization")
	}
	made := make([]*Configuration, 0, len(list))
	for _, e := range list {
		c := &Configuration{OrganizationID: rq.ids["organization_id"], CreatedAt: rq.now}
		if err := e.newInterfaces(rq, c); err != nil {
			return answer{}, err
		}
		if err := e.applyConfiguration(rq, c); err != nil {
			return answer{}, err
		}
		made = append(made, c)
	}
	for i, c := range made {
		made[i] = rq.st.AddConfiguration(*c)
	}
	if many {
		return configurations.many(rq, http.StatusCreated, made)
	}
	return configurations.one(rq, http.StatusCreated, made[0], nil)
}

// newInterfaces reads the interfaces that come with a new configuration.
func (e element) newInterfaces(rq *request, c *Configuration) error {
	for name, rel := range e.relations {
		members, _ := rel.(map[string]any)
		rows, ok := members["data"].([]any)
		if snake(name) != "configuration_interfaces" || !ok {
			return badRequest("relationship not allowed: "+name, "/data/relationships/"+name)
		}
		for _, row := range rows {
			m, _ := row.(map[string]any)
			in, err := rq.element("configuration_interfaces", m)
			if err != nil {
				return err
			}
			if err := in.check(map[string]valueKind{"name": text, "ip_address": address, "mac_address": validMAC, "primary": flag, "notes": text}); err != nil {
				return err
			}
			next := Interface{ID: rq.st.next("interface")}
			in.set("name", &next.Name)
			in.set("ip_address", &next.IP)
			in.set("mac_address", &next.MAC)
			in.set("primary", &next.Primary)
			in.set("notes", &next.Notes)
			c.Interfaces = append(c.Interfaces, next)
			if next.Primary {
				c.MAC, c.PrimaryIP = next.MAC, next.IP
			}
		}
	}
	return nil
}

func (e element) updateConfiguration(rq *request, c *Configuration) error {
	if c.PSAIntegration == "enabled" {
		if err := e.onlySynced(syncedConfiguration); err != nil {
			return err
		}
	}
	return e.applyConfiguration(rq, c)
}

func updateConfiguration(rq *request) (answer, error) {
	list, _, err := rq.elements("configurations", false, true)
	if err != nil {
		return answer{}, err
	}
	c, err := rq.configuration()
	if err != nil {
		return answer{}, err
	}
	if err := list[0].updateConfiguration(rq, c); err != nil {
		return answer{}, err
	}
	return configurations.one(rq, http.StatusOK, c, nil)
}

func updateConfigurations(rq *request) (answer, error) {
	return bulkUpdate(rq, "configurations", configurations, rq.st.Configurations, element.updateConfiguration)
}
