package itglue

import (
	"context"
	"strconv"
	"strings"
	"time"
)

// A Configuration is one device record (itglue.md §4). It carries MAC addresses in three places: its own, its
// interfaces' and its RMM records' (itglue.md §0.8); all are as stored, in any spelling, valid or not.
type Configuration struct {
	ID, Name             string
	OrganizationID       string
	OrganizationName     string
	Hostname             string
	PrimaryIP            string
	MAC                  string
	SerialNumber         string
	AssetTag             string
	Notes                string // flows into the PSA (itglue.md §0.2)
	TypeID, TypeName     string
	StatusID, StatusName string
	Archived             bool
	Restricted           bool
	MyGlue               bool
	PSAIntegration       string // "", "enabled", "disabled" or "orphaned"
	ResourceURL          string // its page, for people
	Interfaces           []Interface
	RMM                  []RMMRecord
	PSA                  []AdapterResource
	CreatedAt, UpdatedAt time.Time
}

// Synced reports whether a PSA keeps the record, so that only few of its attributes can be written (itglue.md §0.1).
func (c Configuration) Synced() bool { return c.PSAIntegration == "enabled" }

// An Interface is one network interface of a configuration.
type Interface struct {
	ID, Name, MAC, IP string
	Primary           bool
}

// An RMMRecord is what a monitoring tool says about a configuration. IT Glue shows it, and does not copy it into the
// configuration (itglue.md §0.8).
type RMMRecord struct {
	Name, Hostname, Serial string
	MACs                   []string
}

// ConfigurationQuery narrows a list of configurations; the zero value means all, archived ones included.
type ConfigurationQuery struct {
	OrganizationID string
	ID             string
	Archived       *bool // nil = both
}

const configurationIncludes = "configuration_interfaces,rmm_records,adapters_resources"

// ListConfigurations returns the configurations that satisfy a query with their interfaces, RMM and PSA records, ordered
// by id.
func (c *Client) ListConfigurations(ctx context.Context, q ConfigurationQuery) ([]Configuration, error) {
	return readAll(ctx, c, func() *Pager[Configuration] { return c.ConfigurationsPager(q) })
}

func (q ConfigurationQuery) check() error {
	if q.OrganizationID != "" {
		if err := checkID(listConfigurations, "organization id", q.OrganizationID); err != nil {
			return err
		}
	}
	if q.ID != "" {
		return checkID(listConfigurations, "id", q.ID)
	}
	return nil
}

// ConfigurationsPager is the resumable form of [Client.ListConfigurations].
func (c *Client) ConfigurationsPager(q ConfigurationQuery) *Pager[Configuration] {
	spec := listSpec{op: listConfigurations, include: configurationIncludes, sort: "id", invalid: q.check()}
	spec.filters = append(spec.filters, filterBy("organization_id", q.OrganizationID)...)
	spec.filters = append(spec.filters, filterBy("id", q.ID)...)
	if q.Archived != nil {
		spec.filters = append(spec.filters, filterBy("archived", strconv.FormatBool(*q.Archived))...)
	}
	return newPager(c, spec, func(d *document, r *resource) (Configuration, bool) {
		conf := configurationOf(d, r)
		return conf, (q.OrganizationID == "" || conf.OrganizationID == q.OrganizationID) &&
			(q.ID == "" || conf.ID == q.ID) && (q.Archived == nil || conf.Archived == *q.Archived)
	})
}

// GetConfiguration returns one configuration.
func (c *Client) GetConfiguration(ctx context.Context, id string) (Configuration, error) {
	d, r, err := c.show(ctx, getConfiguration, id, configurationIncludes)
	if err != nil {
		return Configuration{}, err
	}
	return configurationOf(d, r), nil
}

func configurationOf(d *document, r *resource) Configuration {
	a := r.attrs
	conf := Configuration{
		ID: r.id, Name: a.text("name"), OrganizationID: a.id("organization-id"), OrganizationName: a.text("organization-name"),
		Hostname: a.text("hostname"), PrimaryIP: a.text("primary-ip"), MAC: a.text("mac-address"),
		SerialNumber: a.text("serial-number"), AssetTag: a.text("asset-tag"), Notes: a.text("notes"),
		TypeID: a.id("configuration-type-id"), TypeName: a.text("configuration-type-name"),
		StatusID: a.id("configuration-status-id"), StatusName: a.text("configuration-status-name"),
		Archived: a.flag("archived"), Restricted: a.flag("restricted"), MyGlue: a.flag("my-glue"),
		PSAIntegration: strings.ToLower(a.text("psa-integration")), ResourceURL: a.text("resource-url"),
		PSA:       adaptersOf(d, r, "configuration-id"),
		CreatedAt: a.time("created-at"), UpdatedAt: a.time("updated-at"),
	}
	for _, in := range d.related(r, "configuration-interfaces", "configuration-id") {
		conf.Interfaces = append(conf.Interfaces, Interface{
			ID: in.id, Name: in.attrs.text("name"), MAC: in.attrs.text("mac-address"),
			IP: in.attrs.text("ip-address"), Primary: in.attrs.flag("primary"),
		})
	}
	for _, in := range d.related(r, "rmm-records", "configuration-id") {
		conf.RMM = append(conf.RMM, RMMRecord{
			Name: in.attrs.text("name"), Hostname: in.attrs.text("hostname"),
			Serial: in.attrs.text("serial-number"), MACs: in.attrs.texts("mac-addresses"),
		})
	}
	return conf
}
