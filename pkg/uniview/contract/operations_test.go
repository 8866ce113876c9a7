package contract

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"uniview-bridge/pkg/uniview"
	"uniview-bridge/pkg/uniview/sandbox"
)

// known are ids of the sample that rows ask for.
type known struct {
	customer, appliance, asset, name, endpoint string
	assets                                     []uniview.Asset
}

// operations has a row for every method of the client: the operation it uses and
// a call with everything that can be asked.
var operations = []struct {
	method, op string
	call       func(ctx context.Context, c *uniview.Client, k known) error
}{
	{"Test", "GET /v1/customers", func(ctx context.Context, c *uniview.Client, _ known) error { return c.Test(ctx) }},
	{"ListCustomers", "GET /v1/customers", func(ctx context.Context, c *uniview.Client, _ known) error { return second(c.ListCustomers(ctx)) }},
	{"CustomersPager", "GET /v1/customers", func(ctx context.Context, c *uniview.Client, _ known) error { return drain(ctx, c.CustomersPager()) }},
	{"ListAppliances", "GET /v1/appliances", func(ctx context.Context, c *uniview.Client, _ known) error { return second(c.ListAppliances(ctx)) }},
	{"AppliancesPager", "GET /v1/appliances", func(ctx context.Context, c *uniview.Client, _ known) error { return drain(ctx, c.AppliancesPager()) }},
	{"ListAssets", "GET /v1/assets", func(ctx context.Context, c *uniview.Client, _ known) error { return second(c.ListAssets(ctx)) }},
	{"AssetsPager", "GET /v1/assets", func(ctx context.Context, c *uniview.Client, _ known) error { return drain(ctx, c.AssetsPager()) }},
	{"GetAsset", "GET /v1/assets", func(ctx context.Context, c *uniview.Client, k known) error { return second(c.GetAsset(ctx, k.asset)) }},
	{"ListEndpoints", "GET /api/epb/v1/assets", func(ctx context.Context, c *uniview.Client, _ known) error { return second(c.ListEndpoints(ctx)) }},
	{"EndpointsPager", "GET /api/epb/v1/assets", func(ctx context.Context, c *uniview.Client, _ known) error { return drain(ctx, c.EndpointsPager()) }},
	{"GetEndpoint", "GET /api/epb/v1/assets", func(ctx context.Context, c *uniview.Client, k known) error {
		return second(c.GetEndpoint(ctx, k.endpoint))
	}},
	{"ListBackups", "GET /v1/backups", func(ctx context.Context, c *uniview.Client, k known) error {
		for _, q := range k.backups() {
			if err := second(c.ListBackups(ctx, q)); err != nil {
				return err
			}
		}
		return nil
	}},
	{"BackupsPager", "GET /v1/backups", func(ctx context.Context, c *uniview.Client, k known) error {
		return drain(ctx, c.BackupsPager(k.backups()[0]))
	}},
	{"ListAlerts", "GET /v1/backupiq/alerts", func(ctx context.Context, c *uniview.Client, k known) error {
		for _, q := range k.alerts() {
			if err := second(c.ListAlerts(ctx, q)); err != nil {
				return err
			}
		}
		return nil
	}},
	{"AlertsPager", "GET /v1/backupiq/alerts", func(ctx context.Context, c *uniview.Client, k known) error {
		return drain(ctx, c.AlertsPager(k.alerts()[0]))
	}},
	{"NewAttributor", "GET /v1/backupiq/alerts", func(ctx context.Context, c *uniview.Client, k known) error {
		for _, kind := range uniview.AlertTypes {
			alerts, err := c.ListAlerts(ctx, uniview.AlertQuery{Type: kind})
			if err != nil {
				return err
			}
			if _, left, err := c.NewAttributor(0).Attribute(ctx, alerts, k.assets); err != nil || left > 0 {
				return fmt.Errorf("%d left: %w", left, err)
			}
		}
		return nil
	}},
}

// backups are queries that use every field, and every state.
func (k known) backups() []uniview.BackupQuery {
	at := time.Date(2026, 3, 4, 5, 6, 7, 371685000, time.UTC)
	all := []uniview.BackupQuery{{}, {
		CustomerID: k.customer, AssetTag: k.appliance, AssetKey: k.asset, Status: uniview.BackupWarning,
		StartFrom: at, StartTo: at, CompleteFrom: at, CompleteTo: at,
	}}
	for _, status := range []uniview.BackupStatus{uniview.BackupSuccessful, uniview.BackupFailed, uniview.BackupInProgress, uniview.BackupUnknown} {
		all = append(all, uniview.BackupQuery{Status: status})
	}
	return all
}

// alerts are queries that use every field and every value.
func (k known) alerts() []uniview.AlertQuery {
	var all []uniview.AlertQuery
	for _, kind := range uniview.AlertTypes {
		all = append(all, uniview.AlertQuery{Type: kind})
		for _, dismissed := range []bool{true, false} {
			for _, muted := range []string{"true", "false", "all"} {
				for _, severity := range []uniview.Severity{uniview.SeverityAlarm, uniview.SeverityCritical, uniview.SeverityWarning} {
					all = append(all, uniview.AlertQuery{
						Type: kind, Dismissed: &dismissed, Muted: muted, Severity: severity, CustomerID: k.customer,
						AssetTag: k.appliance, AssetKey: k.asset, AssetName: k.name,
					})
				}
			}
		}
	}
	return all
}

func second[T any](_ T, err error) error { return err }

func drain[T any](ctx context.Context, p *uniview.Pager[T]) error {
	for _, err := range p.All(ctx) {
		if err != nil {
			return err
		}
	}
	return nil
}

// No method of the client and no field of a query can be added without being in
// the table.
func TestTheTableIsWhole(t *testing.T) {
	t.Parallel()
	rows, used := map[string]bool{}, map[string]bool{login: true}
	for _, row := range operations {
		rows[row.method], used[row.op] = true, true
	}
	client := reflect.TypeFor[*uniview.Client]()
	for m := range client.Methods() {
		if !rows[m.Name] {
			t.Errorf("the client's %s has no row", m.Name)
		}
		delete(rows, m.Name)
	}
	if len(rows) > 0 {
		t.Errorf("rows for methods that the client does not have: %v", rows)
	}
	for _, op := range sandbox.Routes() {
		if !used[op] {
			t.Errorf("the sandbox answers %s, which no row uses", op)
		}
		delete(used, op)
	}
	if len(used) > 0 {
		t.Errorf("rows use what the sandbox does not have: %v", used)
	}
	k := known{customer: "c", appliance: "t", asset: "k", name: "n"}
	whole(t, k.backups())
	whole(t, k.alerts())
}

// whole checks that every field is set in at least one of the queries.
func whole[Q any](t *testing.T, queries []Q) {
	t.Helper()
	for f := range reflect.TypeFor[Q]().Fields() {
		if !slices.ContainsFunc(queries, func(q Q) bool { return !reflect.ValueOf(q).FieldByIndex(f.Index).IsZero() }) {
			t.Errorf("no query sets %s.%s", reflect.TypeFor[Q]().Name(), f.Name)
		}
	}
}

// ask gives ids of the sample.
func ask(t *testing.T, sb *sandbox.Server) known {
	t.Helper()
	var k known
	sb.View(func(st *sandbox.State) {
		a := st.Assets[0]
		k = known{customer: a.CustomerID, appliance: a.AssetTag, asset: a.Key, name: a.Name, endpoint: st.Endpoints[0].ID}
		for _, a := range st.Assets {
			k.assets = append(k.assets, uniview.Asset{CustomerID: a.CustomerID, AssetTag: a.AssetTag, Key: a.Key, Name: a.Name})
		}
	})
	return k
}
