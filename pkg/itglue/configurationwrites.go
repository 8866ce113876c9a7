package itglue

import (
	"context"
	"net/netip"
	"strings"

	"uniview-bridge/pkg/vendorhttp"
)

// ConfigurationWrite is a new configuration. Empty members are not sent.
type ConfigurationWrite struct {
	Name         string // required
	TypeID       string // required
	StatusID     string
	Hostname     string
	PrimaryIP    string // IPv4 or IPv6
	MAC          string // at most 17 characters (itglue.md §4.2)
	SerialNumber string
	AssetTag     string
	Notes        string
	Interfaces   []InterfaceWrite
}

// InterfaceWrite is a network interface of a new configuration. Its MAC must be a valid one (itglue.md §4.4).
type InterfaceWrite struct {
	Name, MAC, IP string
	Primary       bool
}

// CreateConfiguration makes a configuration in an organization. It is not idempotent.
func (c *Client) CreateConfiguration(ctx context.Context, orgID string, w ConfigurationWrite) (Configuration, error) {
	if err := checkID(createConfiguration, "configuration type id", w.TypeID); err != nil {
		return Configuration{}, err
	}
	if problem := w.problem(); problem != "" {
		return Configuration{}, fail(createConfiguration, vendorhttp.Invalid, "%s", problem)
	}
	data := writeResource{
		Type: "configurations",
		Attributes: sendable(map[string]any{
			"organization-id": number(orgID), "configuration-type-id": number(w.TypeID), "configuration-status-id": number(w.StatusID),
			"name": w.Name, "hostname": w.Hostname, "primary-ip": w.PrimaryIP, "mac-address": w.MAC,
			"serial-number": w.SerialNumber, "asset-tag": w.AssetTag, "notes": w.Notes,
		}),
	}
	var interfaces []writeResource
	for _, in := range w.Interfaces {
		interfaces = append(interfaces, writeResource{
			Type: "configuration_interfaces",
			Attributes: sendable(map[string]any{
				"name": in.Name, "mac-address": in.MAC, "ip-address": in.IP, "primary": in.Primary,
			}),
		})
	}
	if len(interfaces) > 0 {
		data.Relationships = map[string]any{"configuration_interfaces": map[string]any{"data": interfaces}}
	}
	d, r, err := c.writeOne(ctx, createConfiguration, data, orgID)
	if err != nil {
		return Configuration{}, err
	}
	return configurationOf(d, r), nil
}

// problem says why IT Glue would refuse the record, or "".
func (w ConfigurationWrite) problem() string {
	if strings.TrimSpace(w.Name) == "" {
		return "a configuration needs a name"
	}
	if len(w.MAC) > 17 {
		return "a configuration's MAC address has at most 17 characters"
	}
	ips := []string{w.PrimaryIP}
	for _, in := range w.Interfaces {
		ips = append(ips, in.IP)
		if in.MAC != "" && !validMAC(in.MAC) {
			return "an interface's MAC address is not valid"
		}
	}
	for _, ip := range ips {
		if _, err := netip.ParseAddr(ip); ip != "" && err != nil {
			return "an IP address is not valid"
		}
	}
	return ""
}

// validMAC accepts twelve hexadecimal digits with the usual separators.
func validMAC(s string) bool {
	digits := strings.NewReplacer(":", "", "-", "", ".", "").Replace(s)
	return len(digits) == 12 && len(s) <= 17 && strings.Trim(strings.ToLower(digits), "0123456789abcdef") == ""
}

// ConfigurationUpdate is a change of a configuration. Members that are nil stay as they are; a pointer to "" clears.
// Synced configurations accept only those marked so (itglue.md §0.1).
type ConfigurationUpdate struct {
	Name, Hostname       *string
	PrimaryIP, MAC       *string
	TypeID, StatusID     *string
	SerialNumber         *string // synced ones too
	AssetTag             *string // synced ones too
	Notes                *string // synced ones too; their PSA sees it (itglue.md §0.2)
	Archived, Restricted *bool   // synced ones too
}

func (u ConfigurationUpdate) attributes() map[string]any {
	attrs := map[string]any{}
	for name, v := range map[string]*string{
		"name": u.Name, "hostname": u.Hostname, "primary-ip": u.PrimaryIP, "mac-address": u.MAC,
		"serial-number": u.SerialNumber, "asset-tag": u.AssetTag, "notes": u.Notes,
	} {
		if v != nil {
			attrs[name] = nullable(*v)
		}
	}
	for name, v := range map[string]*string{"configuration-type-id": u.TypeID, "configuration-status-id": u.StatusID} {
		if v != nil && *v == "" {
			attrs[name] = nil
		} else if v != nil {
			attrs[name] = number(*v)
		}
	}
	for name, v := range map[string]*bool{"archived": u.Archived, "restricted": u.Restricted} {
		if v != nil {
			attrs[name] = *v
		}
	}
	return attrs
}

// problem says why IT Glue would refuse the change, or "".
func (u ConfigurationUpdate) problem() string {
	if len(u.attributes()) == 0 {
		return "there is nothing to update"
	}
	for what, v := range map[string]*string{"name": u.Name, "type id": u.TypeID} {
		if v != nil && strings.TrimSpace(*v) == "" {
			return "a configuration needs a " + what
		}
	}
	w := ConfigurationWrite{Name: "set", MAC: deref(u.MAC), PrimaryIP: deref(u.PrimaryIP)}
	return w.problem()
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// UpdateConfiguration changes a configuration. A refusal because its PSA keeps the record is [ErrSynced].
func (c *Client) UpdateConfiguration(ctx context.Context, id string, u ConfigurationUpdate) (Configuration, error) {
	if problem := u.problem(); problem != "" {
		return Configuration{}, fail(updateConfiguration, vendorhttp.Invalid, "%s", problem)
	}
	d, r, err := c.writeOne(ctx, updateConfiguration, writeResource{Type: "configurations", Attributes: u.attributes()}, id)
	if err != nil {
		return Configuration{}, refusedAsSynced(err, func() (bool, error) {
			conf, err := c.GetConfiguration(ctx, id)
			return conf.Synced(), err
		})
	}
	return configurationOf(d, r), nil
}

// UpdateConfigurationNotes replaces the notes of a configuration; "" clears them. Synced configurations accept it too,
// and their PSA sees it (itglue.md §0.2).
func (c *Client) UpdateConfigurationNotes(ctx context.Context, id, notes string) (Configuration, error) {
	return c.UpdateConfiguration(ctx, id, ConfigurationUpdate{Notes: &notes})
}
