package itglue_test

import (
	"context"
	"fmt"
	"strings"

	"uniview-bridge/pkg/itglue"
	"uniview-bridge/pkg/itglue/sandbox"
)

// A contractRow is one operation of the client: which methods send it, how it is sent in every form it has, what the
// answer is, and a body that the vendor documents to be refused with 422.
type contractRow struct {
	methods  []string
	send     func(context.Context, *world) error
	status   int
	schema   []string // names in schemas: the record, then what is included with it
	kind     string   // the record's type
	form     func(shape, ...shape) shape
	refused  string // "" = the vendor documents no 422
	notFound string // a body about a record that is not there; "" = the address says it
}

func shownOnly(s shape, more ...shape) shape { return shown(s, more...) }

func writtenOnly(s shape, _ ...shape) shape { return written(s) }

// contract has a row for each operation, by its name.
var contract = map[string]contractRow{
	"test connection": {
		methods: []string{"Test"}, status: 200, schema: []string{"organization"}, kind: "organizations", form: listed,
		send: func(ctx context.Context, w *world) error { return w.c.Test(ctx) },
	},
	"list organizations": {
		methods: []string{"ListOrganizations", "OrganizationsPager"}, status: 200, schema: []string{"organization", "adapter"}, kind: "organizations", form: listed,
		send: func(ctx context.Context, w *world) error { _, err := w.c.ListOrganizations(ctx); return err },
	},
	"get organization": {
		methods: []string{"GetOrganization"}, status: 200, schema: []string{"organization", "adapter"}, kind: "organizations", form: shownOnly,
		send: func(ctx context.Context, w *world) error { _, err := w.c.GetOrganization(ctx, w.orgID); return err },
	},
	"create organization": {
		methods: []string{"CreateOrganization"}, status: 201, schema: []string{"organization"}, kind: "organizations", form: shownOnly,
		send: func(ctx context.Context, w *world) error {
			_, err := w.c.CreateOrganization(ctx, itglue.OrganizationWrite{Name: "Bare"})
			if err == nil {
				_, err = w.c.CreateOrganization(ctx, itglue.OrganizationWrite{
					Name: "Cirrus", ShortName: "CIR", Description: "d", TypeID: "11", StatusID: "21", QuickNotes: "q", Alert: "a",
				})
			}
			return err
		},
		refused: one("organizations", `{"name":" "}`),
	},
	"update organization alert": {
		methods: []string{"UpdateOrganizationAlert"}, status: 200, schema: []string{"organization"}, kind: "organizations", form: shownOnly,
		send: func(ctx context.Context, w *world) error {
			_, err := w.c.UpdateOrganizationAlert(ctx, w.orgID, "alert")
			if err == nil {
				_, err = w.c.UpdateOrganizationAlert(ctx, w.orgID, "")
			}
			return err
		},
		refused: one("organizations", `{"name":"x"}`), // the organization is synced
	},
	"list organization types":     namedRow("organization-types", "ListOrganizationTypes", (*itglue.Client).ListOrganizationTypes),
	"list organization statuses":  namedRow("organization-statuses", "ListOrganizationStatuses", (*itglue.Client).ListOrganizationStatuses),
	"list configuration types":    namedRow("configuration-types", "ListConfigurationTypes", (*itglue.Client).ListConfigurationTypes),
	"list configuration statuses": namedRow("configuration-statuses", "ListConfigurationStatuses", (*itglue.Client).ListConfigurationStatuses),
	"list configurations": {
		methods: []string{"ListConfigurations", "ConfigurationsPager"}, status: 200, kind: "configurations", form: listed,
		schema: []string{"configuration", "interface", "RMM record", "adapter"},
		send: func(ctx context.Context, w *world) error {
			id := w.machine()
			live := false
			_, err := w.c.ListConfigurations(ctx, itglue.ConfigurationQuery{})
			if err == nil {
				_, err = w.c.ListConfigurations(ctx, itglue.ConfigurationQuery{OrganizationID: w.orgID, ID: id, Archived: &live})
			}
			return err
		},
	},
	"get configuration": {
		methods: []string{"GetConfiguration"}, status: 200, kind: "configurations", form: shownOnly,
		schema: []string{"configuration", "interface", "RMM record", "adapter"},
		send: func(ctx context.Context, w *world) error {
			_, err := w.c.GetConfiguration(ctx, w.machine())
			return err
		},
	},
	"create configuration": {
		methods: []string{"CreateConfiguration"}, status: 201, kind: "configurations", form: shownOnly, schema: []string{"configuration"},
		send: func(ctx context.Context, w *world) error {
			_, err := w.c.CreateConfiguration(ctx, w.orgID, itglue.ConfigurationWrite{Name: "SRV", TypeID: w.confTypeID})
			if err == nil {
				_, err = w.c.CreateConfiguration(ctx, w.orgID, itglue.ConfigurationWrite{
					Name: "SRV", TypeID: w.confTypeID, StatusID: fmt.Sprint(w.status.ID), Hostname: "srv", PrimaryIP: "10.0.0.1", MAC: "00:11:22:33:44:55",
					SerialNumber: "S", AssetTag: "A", Notes: "n", Interfaces: []itglue.InterfaceWrite{{Name: "eth1", MAC: "00:11:22:33:44:56", IP: "10.0.0.2", Primary: true}},
				})
			}
			return err
		},
		refused: one("configurations", `{"name":"x","configuration-type-id":99}`),
	},
	"update configuration": {
		methods: []string{"UpdateConfiguration", "UpdateConfigurationNotes"}, status: 200, kind: "configurations", form: shownOnly, schema: []string{"configuration"},
		send: func(ctx context.Context, w *world) error {
			w.addConfigurations(1, w.org.ID)
			text, ip, mac, status, yes := "x", "10.0.0.9", "00:11:22:33:44:99", fmt.Sprint(w.status.ID), true
			_, err := w.c.UpdateConfiguration(ctx, "1000001", itglue.ConfigurationUpdate{
				Name: &text, Hostname: &text, PrimaryIP: &ip, MAC: &mac, TypeID: &w.confTypeID, StatusID: &status,
				SerialNumber: &text, AssetTag: &text, Notes: &text, Archived: &yes, Restricted: &yes,
			})
			if err == nil {
				_, err = w.c.UpdateConfigurationNotes(ctx, "1000001", "")
			}
			return err
		},
		refused: one("configurations", `{"mac-address":"longer than seventeen characters"}`),
	},
	"find flexible asset type": {
		methods: []string{"EnsureFlexibleAssetType", "FindFlexibleAssetType"}, status: 200, kind: "flexible-asset-types", form: listed, schema: []string{"flexible asset type"},
		send: ensureTwice,
	},
	"list flexible asset fields": {
		methods: []string{"EnsureFlexibleAssetType"}, status: 200, kind: "flexible-asset-fields", form: listed, schema: []string{"flexible asset field"},
		send: ensureTwice,
	},
	"create flexible asset type": {
		methods: []string{"EnsureFlexibleAssetType"}, status: 201, kind: "flexible-asset-types", form: shownOnly, schema: []string{"flexible asset type"},
		send: ensureTwice,
	},
	"add flexible asset fields": {
		methods: []string{"EnsureFlexibleAssetType"}, status: 201, kind: "flexible-asset-fields", form: writtenOnly, schema: []string{"flexible asset field"},
		send:    ensureTwice,
		refused: many("flexible_asset_fields", `{"order":1,"name":"X","kind":"Text"}`),
	},
	"add options to a flexible asset field": {
		methods: []string{"EnsureFlexibleAssetType"}, status: 200, kind: "flexible-asset-fields", form: shownOnly, schema: []string{"flexible asset field"},
		send:    ensureTwice,
		refused: one("flexible_asset_fields", `{"name":""}`),
	},
	"list flexible assets": {
		methods: []string{"ListFlexibleAssets", "FlexibleAssetsPager"}, status: 200, kind: "flexible-assets", form: listed, schema: []string{"flexible asset"},
		send: func(ctx context.Context, w *world) error {
			writes, err := w.twoAssets(ctx)
			if err == nil {
				_, err = w.c.ListFlexibleAssets(ctx, itglue.FlexibleAssetQuery{TypeID: writes[0].TypeID})
			}
			if err == nil {
				_, err = w.c.ListFlexibleAssets(ctx, itglue.FlexibleAssetQuery{TypeID: writes[0].TypeID, OrganizationID: w.orgID})
			}
			return err
		},
	},
	"get flexible asset": {
		methods: []string{"GetFlexibleAsset"}, status: 200, kind: "flexible-assets", form: shownOnly, schema: []string{"flexible asset"},
		send: func(ctx context.Context, w *world) error {
			_, err := w.twoAssets(ctx)
			if err == nil {
				_, err = w.c.GetFlexibleAsset(ctx, "5000001")
			}
			return err
		},
	},
	"create flexible assets": {
		methods: []string{"CreateFlexibleAssets"}, status: 201, kind: "flexible-assets", form: writtenOnly, schema: []string{"flexible asset", "tag trait"},
		send:    func(ctx context.Context, w *world) error { _, err := w.twoAssets(ctx); return err },
		refused: many("flexible_assets", `{"flexible-asset-type-id":301,"traits":{"no-such":"x"}}`),
	},
	"update flexible assets": {
		methods: []string{"UpdateFlexibleAssets"}, status: 200, kind: "flexible-assets", form: writtenOnly, schema: []string{"flexible asset"},
		send: func(ctx context.Context, w *world) error {
			writes, err := w.twoAssets(ctx)
			if err != nil {
				return err
			}
			no := false
			_, err = w.c.UpdateFlexibleAssets(ctx, []itglue.FlexibleAssetWrite{
				{ID: "5000001", Traits: writes[0].Traits, Archived: &no, Restricted: &no}, {ID: "5000002", Archived: &no},
			})
			return err
		},
		refused:  many("flexible_assets", `{"id":5000001,"traits":{"no-such":"x"}}`),
		notFound: many("flexible_assets", `{"id":5,"traits":{}}`),
	},
}

func namedRow(kind, method string, list func(*itglue.Client, context.Context) ([]itglue.Named, error)) contractRow {
	return contractRow{
		methods: []string{method}, status: 200, kind: kind, form: listed, schema: []string{"named record"},
		send: func(ctx context.Context, w *world) error { _, err := list(w.c, ctx); return err },
	}
}

// machine adds a configuration with everything that can be included.
func (w *world) machine() (id string) {
	w.Edit(func(s *sandbox.State) {
		id = fmt.Sprint(s.AddConfiguration(sandbox.Configuration{
			OrganizationID: w.org.ID, Name: "SRV1", TypeID: w.typ.ID, StatusID: w.status.ID, PSAIntegration: "enabled", MAC: "00:11:22:33:44:55",
			Interfaces: []sandbox.Interface{{Name: "eth0", MAC: "00:11:22:33:44:55", IP: "10.0.0.5", Primary: true}},
			RMM:        []sandbox.RMMRecord{{Name: "SRV1", Hostname: "srv1", Serial: "S1", MACs: []string{"00-11-22-33-44-77"}, IPs: []string{"10.0.0.5"}}},
			Adapters:   []sandbox.Adapter{{TypeName: "ConnectWise Manage", RemoteID: "900", Sync: true}},
		}).ID)
	})
	return id
}

// ensureTwice makes a type, then adds fields and options to it.
func ensureTwice(ctx context.Context, w *world) error {
	spec := backupSpec()
	short := spec
	short.Fields = spec.Fields[:2]
	_, err := w.c.EnsureFlexibleAssetType(ctx, short)
	if err == nil {
		spec.Fields[1].Options = append(spec.Fields[1].Options, "Unknown")
		spec.Fields[0].Hint = "hint"
		_, err = w.c.EnsureFlexibleAssetType(ctx, spec)
	}
	return err
}

// twoAssets makes two assets, one with every kind of trait.
func (w *world) twoAssets(ctx context.Context) ([]itglue.FlexibleAssetWrite, error) {
	typ, err := w.c.EnsureFlexibleAssetType(ctx, backupSpec())
	if err != nil {
		return nil, err
	}
	no := false
	writes := []itglue.FlexibleAssetWrite{
		{TypeID: typ.ID, KeyTrait: "uniview-asset-id", Archived: &no, Restricted: &no, Traits: map[string]any{
			"machine": "a", "status": "Success", "uniview-asset-id": "a", "configuration": itglue.TagValue(w.machine()),
			"storage": 1.5, "last-good-backup": "2026-01-05", "details": "<p>x</p>",
		}},
		{TypeID: typ.ID, KeyTrait: "uniview-asset-id", Traits: map[string]any{"machine": "b", "uniview-asset-id": "b"}},
	}
	results, err := w.c.CreateFlexibleAssets(ctx, w.orgID, writes)
	for _, r := range results {
		if err == nil {
			err = r.Err
		}
	}
	return writes, err
}

// one wraps attributes into a write of one record, many into a bulk write.
func one(kind, attrs string) string {
	return `{"data":{"type":"` + kind + `","attributes":` + attrs + `}}`
}

func many(kind string, attrs ...string) string {
	var list []string
	for _, a := range attrs {
		list = append(list, `{"type":"`+kind+`","attributes":`+a+`}`)
	}
	return `{"data":[` + strings.Join(list, ",") + `]}`
}
