package itglue

import (
	"context"
	"net/http"
	"net/url"
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

// ListOrganizations returns every organization with its PSA records, ordered by id.
func (c *Client) ListOrganizations(ctx context.Context) ([]Organization, error) {
	return readAll(ctx, c, c.OrganizationsPager)
}

// OrganizationsPager is the resumable form of [Client.ListOrganizations].
func (c *Client) OrganizationsPager() *Pager[Organization] {
	return newPager(c, listSpec{
		op: "list organizations", path: "organizations", include: "adapters_resources", sort: "id",
	}, func(d *document, r *resource) (Organization, bool) { return organizationOf(d, r), true })
}

// GetOrganization returns one organization, its quick notes whole.
func (c *Client) GetOrganization(ctx context.Context, id string) (Organization, error) {
	d, r, err := c.show(ctx, "get organization", "organizations", id, "adapters_resources")
	if err != nil {
		return Organization{}, err
	}
	return organizationOf(d, r), nil
}

// show reads one record by its id, and checks that it is that one.
func (c *Client) show(ctx context.Context, op, path, id, include string) (*document, *resource, error) {
	if err := checkID(op, "the", id); err != nil {
		return nil, nil, err
	}
	query := url.Values{}
	if include != "" {
		query.Set("include", include)
	}
	d, err := c.get(ctx, op, path+"/"+id, query)
	if err != nil {
		return nil, nil, err
	}
	if len(d.data) != 1 || d.data[0].id != id {
		return nil, nil, vendorhttp.NewError(vendor, op, vendorhttp.Malformed, 0, "the answer is not about the record asked for")
	}
	return d, d.data[0], nil
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
	const op = "create organization"
	if strings.TrimSpace(w.Name) == "" {
		return Organization{}, vendorhttp.NewError(vendor, op, vendorhttp.Invalid, 0, "an organization needs a name")
	}
	d, r, err := c.writeOne(ctx, op, http.MethodPost, "organizations", writeResource{
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

// UpdateOrganizationAlert sets the banner on an organization's page; "" removes it. It is one of the three attributes
// that synced organizations accept (itglue.md §3.3).
func (c *Client) UpdateOrganizationAlert(ctx context.Context, id, alert string) (Organization, error) {
	const op = "update organization alert"
	if err := checkID(op, "organization", id); err != nil {
		return Organization{}, err
	}
	d, r, err := c.writeOne(ctx, op, http.MethodPatch, "organizations/"+id, writeResource{
		Type: "organizations", Attributes: map[string]any{"alert": nullable(alert)},
	})
	if err != nil {
		return Organization{}, err
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

// Named is a record that is little more than a name: a type or a status. Their ids differ between accounts; look them up
// by name (itglue.md §5).
type Named struct{ ID, Name string }

// ListOrganizationTypes returns the account's organization types.
func (c *Client) ListOrganizationTypes(ctx context.Context) ([]Named, error) {
	return c.listNamed(ctx, "organization types", "organization_types")
}

// ListOrganizationStatuses returns the account's organization statuses.
func (c *Client) ListOrganizationStatuses(ctx context.Context) ([]Named, error) {
	return c.listNamed(ctx, "organization statuses", "organization_statuses")
}

// ListConfigurationTypes returns the account's configuration types.
func (c *Client) ListConfigurationTypes(ctx context.Context) ([]Named, error) {
	return c.listNamed(ctx, "configuration types", "configuration_types")
}

// ListConfigurationStatuses returns the account's configuration statuses.
func (c *Client) ListConfigurationStatuses(ctx context.Context) ([]Named, error) {
	return c.listNamed(ctx, "configuration statuses", "configuration_statuses")
}

func (c *Client) listNamed(ctx context.Context, what, path string) ([]Named, error) {
	return readAll(ctx, c, func() *Pager[Named] {
		return newPager(c, listSpec{op: "list " + what, path: path, sort: "id"}, func(_ *document, r *resource) (Named, bool) {
			return Named{ID: r.id, Name: r.attrs.text("name")}, true
		})
	})
}
