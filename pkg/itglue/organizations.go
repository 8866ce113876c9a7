package itglue

import (
	"context"
	"slices"
	"strings"
	"time"

	"uniview-bridge/pkg/vendorhttp"
)

// An Organization is one customer record (itglue.md §3).
type Organization struct {
	ID, Name, ShortName string
	Description         string
	ParentID            string   // "" at the top
	AncestorIDs         []string // from the top down
	TypeID, TypeName    string
	StatusID            string
	StatusName          string
	Primary             bool   // the MSP itself
	QuickNotes          string // cut to 250 characters in lists; [Client.GetOrganization] has all of it (itglue.md §9.11)
	Alert               string // the banner on the organization's page
	MyGlue              bool
	PSA                 []AdapterResource
	CreatedAt           time.Time
	UpdatedAt           time.Time
}

// An AdapterResource ties a record to one of another system, such as the PSA's company or device (itglue.md §3.5).
type AdapterResource struct {
	TypeName string // "Autotask", …; the exact word for ConnectWise is not documented
	RemoteID string // the other system's id
	Sync     bool
	Orphaned bool // the other system's record is gone
}

// IsConnectWise reports whether the record is ConnectWise PSA's (Manage), as far as the name tells: other products of
// that maker synchronise too.
func (a AdapterResource) IsConnectWise() bool {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, strings.ToLower(a.TypeName))
	if name == "manage" || name == "cwmanage" || name == "cwpsa" {
		return true
	}
	if !strings.Contains(name, "connectwise") {
		return false
	}
	return !slices.ContainsFunc([]string{"automate", "rmm", "control", "screenconnect", "sell", "asio", "backup"}, func(other string) bool {
		return strings.Contains(name, other)
	})
}

const organizationIncludes = "adapters_resources"

// ListOrganizations returns every organization with its PSA records, ordered by id.
func (c *Client) ListOrganizations(ctx context.Context) ([]Organization, error) {
	return readAll(ctx, c, c.OrganizationsPager)
}

// OrganizationsPager is the resumable form of [Client.ListOrganizations].
func (c *Client) OrganizationsPager() *Pager[Organization] {
	return newPager(c, listSpec{
		op: listOrganizations, include: organizationIncludes, sort: "id",
	}, func(d *document, r *resource) (Organization, bool) { return organizationOf(d, r), true })
}

// GetOrganization returns one organization, its quick notes whole.
func (c *Client) GetOrganization(ctx context.Context, id string) (Organization, error) {
	d, r, err := c.show(ctx, getOrganization, id, organizationIncludes)
	if err != nil {
		return Organization{}, err
	}
	return organizationOf(d, r), nil
}

func organizationOf(d *document, r *resource) Organization {
	a := r.attrs
	return Organization{
		ID: r.id, Name: a.text("name"), ShortName: a.text("short-name"), Description: a.text("description"),
		ParentID: a.id("parent-id"), AncestorIDs: a.texts("ancestor-ids"),
		TypeID: a.id("organization-type-id"), TypeName: a.text("organization-type-name"),
		StatusID: a.id("organization-status-id"), StatusName: a.text("organization-status-name"),
		Primary: a.flag("primary"), QuickNotes: a.text("quick-notes"), Alert: a.text("alert"), MyGlue: a.flag("my-glue"),
		PSA:       adaptersOf(d, r, "organization-id"),
		CreatedAt: a.time("created-at"), UpdatedAt: a.time("updated-at"),
	}
}

func adaptersOf(d *document, r *resource, ownerKey string) []AdapterResource {
	found := d.related(r, "adapters-resources", ownerKey)
	if len(found) == 0 {
		found = d.related(r, "adapters-resources", "resource-id")
	}
	var out []AdapterResource
	for _, in := range found {
		out = append(out, AdapterResource{
			TypeName: in.attrs.text("adapter-type-name"), RemoteID: in.attrs.id("remote-id"),
			Sync: in.attrs.flag("sync"), Orphaned: in.attrs.flag("orphaned"),
		})
	}
	return out
}

// OrganizationWrite is a new organization. Empty members are not sent.
type OrganizationWrite struct {
	Name             string // required
	ShortName        string
	Description      string
	TypeID, StatusID string
	QuickNotes       string
	Alert            string
}

// CreateOrganization makes an organization. It is not idempotent: two calls make two (itglue.md §3.3).
func (c *Client) CreateOrganization(ctx context.Context, w OrganizationWrite) (Organization, error) {
	if strings.TrimSpace(w.Name) == "" {
		return Organization{}, fail(createOrganization, vendorhttp.Invalid, "an organization needs a name")
	}
	d, r, err := c.writeOne(ctx, createOrganization, writeResource{
		Type: "organizations",
		Attributes: sendable(map[string]any{
			"name": w.Name, "short-name": w.ShortName, "description": w.Description, "quick-notes": w.QuickNotes, "alert": w.Alert,
			"organization-type-id": number(w.TypeID), "organization-status-id": number(w.StatusID),
		}),
	})
	if err != nil {
		return Organization{}, err
	}
	return organizationOf(d, r), nil
}

// sendable drops empty texts, so that an unset member is not sent.
func sendable(attrs map[string]any) map[string]any {
	for k, v := range attrs {
		if v == "" {
			delete(attrs, k)
		}
	}
	return attrs
}

// Synced reports whether a PSA keeps the organization, so that only few of its attributes can be written
// (itglue.md §3.3), as far as its adapters tell.
func (o Organization) Synced() bool {
	return slices.ContainsFunc(o.PSA, func(a AdapterResource) bool { return a.Sync && !a.Orphaned })
}

// UpdateOrganizationAlert sets the banner on an organization's page; "" removes it. It is one of the three attributes
// that synced organizations accept (itglue.md §3.3). A refusal because the PSA keeps the record is [ErrSynced].
func (c *Client) UpdateOrganizationAlert(ctx context.Context, id, alert string) (Organization, error) {
	d, r, err := c.writeOne(ctx, updateOrganizationAlert, writeResource{
		Type: "organizations", Attributes: map[string]any{"alert": nullable(alert)},
	}, id)
	if err != nil {
		return Organization{}, refusedAsSynced(err, func() (bool, error) {
			o, err := c.GetOrganization(ctx, id)
			return o.Synced(), err
		})
	}
	return organizationOf(d, r), nil
}

// nullable sends an empty text as null, which clears.
func nullable(s string) any {
	if s == "" {
		return nil
	}
	return s
}
