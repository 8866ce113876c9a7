package uniview

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"time"

	"uniview-bridge/pkg/vendorhttp"
)

// Paths of the operations used (uniview.md §4).
const (
	pathCustomers  = "/v1/customers"
	pathAppliances = "/v1/appliances"
	pathAssets     = "/v1/assets"
	pathBackups    = "/v1/backups"
	pathAlerts     = "/v1/backupiq/alerts"
	pathEndpoints  = "/api/epb/v1/assets"
)

// AlertQuery says which alerts to read.
type AlertQuery struct {
	Type       AlertType // required
	Muted      string    // "true", "false" or "all"; default "all" (the API's own default is "false")
	Dismissed  *bool     // nil = both
	Severity   Severity
	CustomerID string
	AssetTag   string // id of the appliance
	AssetKey   string
	AssetName  string // contains
}

// BackupQuery says which backups to read. The zero value is all of them.
type BackupQuery struct {
	CustomerID string
	AssetTag   string // id of the appliance
	AssetKey   string
	Status     BackupStatus
	// Bounds of the start and completion times, each unused when zero.
	StartFrom, StartTo, CompleteFrom, CompleteTo time.Time
}

func (c *Client) customers() list[Customer] {
	return list[Customer]{
		op: "list customers", path: pathCustomers, query: url.Values{"order_by": {"id"}, "order_direction": {"asc"}},
		id: func(v Customer) string { return v.ID }, must: true,
	}
}

func (c *Client) appliances() list[Appliance] {
	return list[Appliance]{
		op: "list appliances", path: pathAppliances, query: url.Values{"order_by": {"asset_tag"}, "order_direction": {"asc"}},
		id: func(v Appliance) string { return v.AssetTag },
	}
}

func (c *Client) assets(key string) list[Asset] {
	q := url.Values{"order_by": {"key"}, "order_direction": {"asc"}, "include[backups]": {"last"}, "include[links]": {"all"}}
	set(q, "key", key)
	return list[Asset]{op: "list assets", path: pathAssets, query: q, id: func(v Asset) string { return v.Key }, must: true}
}

func (c *Client) endpoints(id string) list[Endpoint] {
	q := url.Values{"order_by": {"id"}, "order_direction": {"asc"}}
	set(q, "id", id)
	return list[Endpoint]{op: "list endpoint assets", path: pathEndpoints, query: q, id: func(v Endpoint) string { return v.ID }}
}

func (c *Client) alerts(a AlertQuery) list[Alert] {
	l := list[Alert]{op: "list " + string(a.Type) + " alerts", path: pathAlerts}
	if !slices.Contains(AlertTypes, a.Type) {
		l.op = "list alerts"
		l.invalid = "the alert type must be one of alert, job, conditional, helix"
		return l
	}
	if a.Muted == "" {
		a.Muted = "all"
	}
	l.query = url.Values{
		"type": {string(a.Type)}, "is_muted": {a.Muted},
		"order_by": {"customer_id"}, "order_direction": {"asc"}, "created_time_direction": {"asc"},
	}
	if a.Dismissed != nil {
		l.query.Set("is_dismissed", strconv.FormatBool(*a.Dismissed))
	}
	set(l.query, "severity", string(a.Severity))
	set(l.query, "customer_id", a.CustomerID)
	set(l.query, "asset_tag", a.AssetTag)
	set(l.query, "asset_key", a.AssetKey)
	set(l.query, "asset_name", a.AssetName)
	l.fix = func(v *Alert) {
		if v.Type == "" {
			v.Type = a.Type
		}
	}
	return l
}

func (c *Client) backups(b BackupQuery) list[Backup] {
	q := url.Values{"order_by": {"start_time"}, "order_direction": {"asc"}}
	set(q, "customer_id", b.CustomerID)
	set(q, "asset_tag", b.AssetTag)
	set(q, "asset_key", b.AssetKey)
	set(q, "status", string(b.Status))
	for name, at := range map[string]time.Time{
		"start_time_from": b.StartFrom, "start_time_to": b.StartTo,
		"complete_time_from": b.CompleteFrom, "complete_time_to": b.CompleteTo,
	} {
		if !at.IsZero() {
			q.Set(name, at.UTC().Format(time.RFC3339Nano))
		}
	}
	return list[Backup]{op: "list backups", path: pathBackups, query: q}
}

func set(q url.Values, name, value string) {
	if value != "" {
		q.Set(name, value)
	}
}

// CustomersPager reads the customers page by page, ordered by id.
func (c *Client) CustomersPager() *Pager[Customer] { return newPager(c, c.customers()) }

// AppliancesPager reads the appliances page by page, ordered by asset tag.
func (c *Client) AppliancesPager() *Pager[Appliance] { return newPager(c, c.appliances()) }

// AssetsPager reads the appliance assets page by page with their last backup and
// links, ordered by key.
func (c *Client) AssetsPager() *Pager[Asset] { return newPager(c, c.assets("")) }

// EndpointsPager reads the endpoint assets page by page, ordered by id.
func (c *Client) EndpointsPager() *Pager[Endpoint] { return newPager(c, c.endpoints("")) }

// AlertsPager reads alerts page by page, ordered by customer and age.
func (c *Client) AlertsPager(q AlertQuery) *Pager[Alert] { return newPager(c, c.alerts(q)) }

// BackupsPager reads backups page by page, ordered by start.
func (c *Client) BackupsPager(q BackupQuery) *Pager[Backup] { return newPager(c, c.backups(q)) }

// ListCustomers returns all customers, ordered by id.
func (c *Client) ListCustomers(ctx context.Context) ([]Customer, error) {
	return readAll(ctx, c, c.customers())
}

// ListAppliances returns all appliances, ordered by asset tag.
func (c *Client) ListAppliances(ctx context.Context) ([]Appliance, error) {
	return readAll(ctx, c, c.appliances())
}

// ListAssets returns all appliance assets with their last backup and links,
// ordered by key.
func (c *Client) ListAssets(ctx context.Context) ([]Asset, error) {
	return readAll(ctx, c, c.assets(""))
}

// ListEndpoints returns all endpoint assets, ordered by id.
func (c *Client) ListEndpoints(ctx context.Context) ([]Endpoint, error) {
	return readAll(ctx, c, c.endpoints(""))
}

// ListAlerts returns the alerts of one type, ordered by customer and age.
func (c *Client) ListAlerts(ctx context.Context, q AlertQuery) ([]Alert, error) {
	return readAll(ctx, c, c.alerts(q))
}

// ListBackups returns backups, ordered by start.
func (c *Client) ListBackups(ctx context.Context, q BackupQuery) ([]Backup, error) {
	return readAll(ctx, c, c.backups(q))
}

// GetAsset returns one appliance asset with its last backup and links, or an
// error for which vendorhttp.IsNotFound holds.
func (c *Client) GetAsset(ctx context.Context, key string) (Asset, error) {
	return one(ctx, c, "get asset", key, c.assets(key))
}

// GetEndpoint returns one endpoint asset, or an error for which
// vendorhttp.IsNotFound holds.
func (c *Client) GetEndpoint(ctx context.Context, id string) (Endpoint, error) {
	return one(ctx, c, "get endpoint asset", id, c.endpoints(id))
}

// one reads a filtered list and takes the row with the id: the API has no
// operation for a single row, and does not promise that its filters are exact.
func one[T any](ctx context.Context, c *Client, op, id string, l list[T]) (T, error) {
	var none T
	l.op = op
	if id == "" {
		return none, vendorhttp.NewError(vendor, op, vendorhttp.Invalid, 0, "the id is empty")
	}
	rows, err := readAll(ctx, c, l)
	if err != nil {
		return none, err
	}
	for _, row := range rows {
		if l.id(row) == id {
			return row, nil
		}
	}
	return none, vendorhttp.NewError(vendor, op, vendorhttp.NotFound, 0, "UniView does not know it (any more)")
}
