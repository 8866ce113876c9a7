package sandbox_test

import (
	"strings"
	"testing"

	"uniview-bridge/pkg/itglue/sandbox"
)

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

const good = `{"flexible-asset-type-id":301,"traits":{"machine":"M","status":"Failed","must":"x"}}`

// asset is a write of an asset of the type with these traits.
func asset(traits string) string {
	return one("flexible-assets", `{"organization_id":1001,"flexible_asset_type_id":"301","traits":{"machine":"M","must":"x",`+traits+`}}`)
}

// TestRules has for each rule requests that obey and requests that break it.
func TestRules(t *testing.T) {
	t.Parallel()
	const nested = "/organizations/1001/relationships/"
	for _, tt := range []struct {
		rule, method, path, body string
		status                   int
		says                     string // part of the body
	}{
		{"a route is known", "GET", "/organizations", "", 200, ""},
		{"an unknown route is 404", "GET", "/organisations", "", 404, "no such route"},
		{"interfaces have no list of their own", "GET", "/configuration_interfaces", "", 404, ""},
		{"interfaces are listed below their configuration", "GET", "/configurations/1000001/relationships/configuration_interfaces", "", 200, "eth0"},
		{"nothing is deleted", "DELETE", "/organizations", `{"data":[]}`, 404, ""},
		{"an unknown method is 404", "PUT", "/organizations/1001", one("organizations", `{}`), 404, ""},
		{"an unknown record is 404", "GET", "/organizations/7", "", 404, ""},
		{"an id that is none is 404", "GET", "/organizations/x", "", 404, ""},

		{"sorting by a documented key", "GET", "/organizations?sort=-updated_at", "", 200, ""},
		{"sorting by another key is refused", "GET", "/organizations?sort=alert", "", 400, "sort"},
		{"assets cannot be sorted by id", "GET", "/flexible_assets?filter[flexible-asset-type-id]=301&sort=id", "", 400, "sort"},
		{"a documented include", "GET", "/configurations?include=rmm_records,adapters_resources", "", 200, "rmm-records"},
		{"an unknown include is refused", "GET", "/configurations?include=rmm", "", 400, "include"},
		{"a show-only include is refused on a list", "GET", "/configurations?include=related_items", "", 400, "include"},
		{"a show-only include on a show", "GET", "/configurations/1000001?include=related_items", "", 200, ""},
		{"an unknown filter is ignored", "GET", "/organizations?filter[nam]=x", "", 200, `"total-count":2`},
		{"a page must be a number", "GET", "/organizations?page[number]=x", "", 400, "page"},
		{"a page must be positive", "GET", "/organizations?page[size]=0", "", 400, "page"},
		{"a PSA id with its type", "GET", "/organizations?filter[psa_id]=250&filter[psa_integration_type]=manage", "", 200, `"total-count":1`},
		{"a PSA id without its type is refused", "GET", "/organizations?filter[psa_id]=250", "", 400, "accompanied"},
		{"assets need their type", "GET", "/flexible_assets", "", 422, "Valid flexible_asset_type_id is required"},
		{"assets need a type that exists", "GET", "/flexible_assets?filter[flexible_asset_type_id]=9", "", 422, "Valid"},

		{"a body must be JSON", "POST", "/organizations", `{"data":`, 400, "not a JSON object"},
		{"a body must have data", "POST", "/organizations", `{}`, 400, "data is missing"},
		{"a body has no other member", "POST", "/organizations", `{"data":{"type":"organizations","attributes":{"name":"x"}},"meta":{}}`, 400, "unknown member"},
		{"a type must be the route's", "POST", "/organizations", one("organization", `{"name":"x"}`), 400, "type must be"},
		{"an id belongs into the attributes", "PATCH", "/organizations/1002", `{"data":{"id":"1002","type":"organizations","attributes":{}}}`, 400, "unknown member id"},
		{"an unknown attribute is refused", "POST", "/organizations", one("organizations", `{"name":"x","nam":"y"}`), 400, "unknown attribute"},
		{"a write takes no filter", "PATCH", "/configurations?filter[organization_id]=1001", one("configurations", `{"archived":true}`), 400, "stand in for the ids"},
		{"HTML is fine", "PATCH", "/organizations/1001", one("organizations", `{"alert":"<b>x</b>"}`), 200, ""},
		{"a script meets the firewall", "PATCH", "/organizations/1001", one("organizations", `{"alert":"\u003cSCRIPT>x"}`), 403, "<title>403 Forbidden"},

		{"an organization with a name", "POST", "/organizations", one("organizations", `{"name":"C","organization-type-id":11}`), 201, `"id":"1003"`},
		{"an organization needs a name", "POST", "/organizations", one("organizations", `{"name":" "}`), 422, "can't be blank"},
		{"an organization's type must exist", "POST", "/organizations", one("organizations", `{"name":"C","organization-type-id":99}`), 422, "must exist"},
		{"organizations are not created in bulk", "POST", "/organizations", many("organizations", `{"name":"C"}`), 400, "hash"},
		{"a synced organization takes its alert", "PATCH", "/organizations/1001", one("organizations", `{"alert":"a","quick_notes":"q","description":"d"}`), 200, ""},
		{"a synced organization keeps its name", "PATCH", "/organizations/1001", one("organizations", `{"name":"x"}`), 422, "externally synced"},
		{"another organization can be renamed", "PATCH", "/organizations/1002", one("organizations", `{"name":"x"}`), 200, ""},
		{"organizations are updated in bulk", "PATCH", "/organizations", many("organizations", `{"id":1001,"alert":"x"}`, `{"id":"1002","alert":"y"}`), 200, ""},
		{"a bulk update needs an array", "PATCH", "/organizations", one("organizations", `{"id":1001,"alert":"x"}`), 400, "array"},
		{"a bulk update needs ids", "PATCH", "/organizations", many("organizations", `{"alert":"x"}`), 400, "id is missing"},

		{"a type can be renamed", "PATCH", "/configuration_types/32", one("configuration_types", `{"name":"x"}`), 200, ""},
		{"a synced type cannot", "PATCH", "/configuration_types/31", one("configuration_types", `{"name":"x"}`), 422, "externally synced"},
		{"a status can be made", "POST", "/configuration_statuses", one("configuration-statuses", `{"name":"x"}`), 201, ""},
		{"a status needs a name", "POST", "/configuration_statuses", one("configuration-statuses", `{"name":""}`), 422, "blank"},

		{"a configuration below its organization", "POST", nested + "configurations", one("configurations", `{"name":"x","configuration-type-id":31}`), 201, `"organization-id":1001`},
		{"configurations are created in bulk there", "POST", nested + "configurations", many("configurations", `{"name":"x","configuration-type-id":31}`, `{"name":"y","configuration-type-id":31}`), 201, ""},
		{"and only there", "POST", "/configurations", many("configurations", `{"organization_id":1001,"name":"x","configuration-type-id":31}`), 400, "other route"},
		{"a configuration on its own names its organization", "POST", "/configurations", one("configurations", `{"organization_id":1001,"name":"x","configuration-type-id":31}`), 201, ""},
		{"without it, it is refused", "POST", "/configurations", one("configurations", `{"name":"x","configuration-type-id":31}`), 422, "Valid organization_id is required"},
		{"its type must exist", "POST", nested + "configurations", one("configurations", `{"name":"x","configuration-type-id":99}`), 422, "configuration-type"},
		{"its MAC has 17 characters", "POST", nested + "configurations", one("configurations", `{"name":"x","configuration-type-id":31,"mac-address":"18-5E-0F-ED-99-9J"}`), 201, ""},
		{"or fewer", "POST", nested + "configurations", one("configurations", `{"name":"x","configuration-type-id":31,"mac-address":"00:11:22:33:44:55,1"}`), 422, "17 characters"},
		{"its address is one", "POST", nested + "configurations", one("configurations", `{"name":"x","configuration-type-id":31,"primary-ip":"1.2.3"}`), 422, "IP address"},
		{"its dates are dates", "PATCH", "/configurations/1000001", one("configurations", `{"warranty-expires-at":"2027-01-31"}`), 200, ""},
		{"or are refused", "PATCH", "/configurations/1000001", one("configurations", `{"warranty-expires-at":"31.1.2027"}`), 422, "valid date"},
		{"flags are flags", "PATCH", "/configurations/1000002", one("configurations", `{"archived":"0"}`), 200, `"archived":false`},
		{"or are refused", "PATCH", "/configurations/1000002", one("configurations", `{"archived":"no"}`), 422, "included in the list"},
		{"relationships come with a new one", "POST", nested + "configurations", `{"data":{"type":"configurations","attributes":{"name":"x","configuration-type-id":31},"relationships":{"configuration_interfaces":{"data":[{"type":"configuration_interfaces","attributes":{"mac-address":"0011.2233.4455","primary":true}}]}}}}`, 201, `"mac-address":"0011.2233.4455"`},
		{"an interface's MAC is valid", "POST", nested + "configurations", `{"data":{"type":"configurations","attributes":{"name":"x","configuration-type-id":31},"relationships":{"configuration_interfaces":{"data":[{"type":"configuration_interfaces","attributes":{"mac-address":"18-5E-0F-ED-99-9J"}}]}}}}`, 422, "valid MAC"},
		{"relationships in an update are refused", "PATCH", "/configurations/1000002", `{"data":{"type":"configurations","attributes":{"name":"x"},"relationships":{"configuration_interfaces":{"data":[]}}}}`, 422, "not permitted"},
		{"a synced configuration takes nine attributes", "PATCH", "/configurations/1000001", one("configurations", `{"notes":"n","asset_tag":"a","serial_number":"s","archived":false,"restricted":false,"purchased_at":null,"warranty_expires_at":null,"mitp_device_expiration_date":null,"mitp_end_of_life_date":null}`), 200, ""},
		{"and not its hostname", "PATCH", "/configurations/1000001", one("configurations", `{"hostname":"h"}`), 422, "externally synced"},
		{"another takes its hostname", "PATCH", "/configurations/1000002", one("configurations", `{"hostname":"h"}`), 200, ""},
		{"a bulk update of a synced one is held to it too", "PATCH", "/configurations", many("configurations", `{"id":1000002,"hostname":"h"}`, `{"id":1000001,"hostname":"h"}`), 422, "externally synced"},
		{"a nested update finds its own", "PATCH", nested + "configurations/1000001", one("configurations", `{"notes":"n"}`), 200, ""},
		{"and no others", "PATCH", nested + "configurations/1000002", one("configurations", `{"notes":"n"}`), 404, ""},

		{"a type with its fields as relationships", "POST", "/flexible_asset_types", newType(`{"order":1,"name":"A b","kind":"Text","show-in-list":true}`), 201, ""},
		{"fields inside attributes break it", "POST", "/flexible_asset_types", one("flexible_asset_types", `{"name":"T","fields":[{"order":1,"name":"A","kind":"Text"}]}`), 500, "<html>"},
		{"a type needs a field in the list", "POST", "/flexible_asset_types", newType(`{"order":1,"name":"A","kind":"Text"}`), 422, "shown in the list"},
		{"fields have an order each", "POST", "/flexible_asset_types", newType(`{"order":1,"name":"A","kind":"Text","show-in-list":true}`, `{"order":1,"name":"B","kind":"Text"}`), 422, "unique"},
		{"a Select has options", "POST", "/flexible_asset_types", newType(`{"order":1,"name":"A","kind":"Select","show-in-list":true}`), 422, "default_value"},
		{"a Number has decimals", "POST", "/flexible_asset_types", newType(`{"order":1,"name":"A","kind":"Number","show-in-list":true}`), 422, "decimals"},
		{"a Tag has a type", "POST", "/flexible_asset_types", newType(`{"order":1,"name":"A","kind":"Tag","tag-type":"Machines","show-in-list":true}`), 422, "tag_type"},
		{"a Tag may point to another type", "POST", "/flexible_asset_types", newType(`{"order":1,"name":"A","kind":"Tag","tag-type":"FlexibleAssetType: 301","show-in-list":true}`), 201, ""},
		{"a kind is a known one", "POST", "/flexible_asset_types", newType(`{"order":1,"name":"A","kind":"Colour","show-in-list":true}`), 422, "kind"},
		{"a type's fields do not change with it", "PATCH", "/flexible_asset_types/301", `{"data":{"type":"flexible_asset_types","attributes":{"name":"x"},"relationships":{"flexible_asset_fields":{"data":[]}}}}`, 422, "not permitted"},
		{"fields are added in bulk", "POST", "/flexible_asset_types/301/relationships/flexible_asset_fields", many("flexible_asset_fields", `{"order":20,"name":"X","kind":"Text"}`, `{"order":21,"name":"Y","kind":"Text"}`), 201, `"name-key":"x"`},
		{"a field of a taken order is refused", "POST", "/flexible_asset_types/301/relationships/flexible_asset_fields", many("flexible_asset_fields", `{"order":1,"name":"X","kind":"Text"}`), 422, "unique"},
		{"a field takes new options", "PATCH", "/flexible_asset_fields/7002", one("flexible_asset_fields", `{"default_value":"Success\nFailed\nOverdue"}`), 200, ""},
		{"a field in use keeps its kind", "PATCH", "/flexible_asset_fields/7001", one("flexible_asset_fields", `{"kind":"Textbox"}`), 422, "cannot be changed"},
		{"an unused field may change it", "PATCH", "/flexible_asset_fields/7003", one("flexible_asset_fields", `{"kind":"Text"}`), 200, ""},

		{"assets are created in bulk below their organization", "POST", nested + "flexible_assets", many("flexible_assets", good, good), 201, `"name":"M Failed"`},
		{"and only there", "POST", "/flexible_assets", many("flexible_assets", good), 400, "other route"},
		{"assets are not updated there", "PATCH", nested + "flexible_assets", many("flexible_assets", `{"id":5000001}`), 404, ""},
		{"an asset needs traits", "POST", nested + "flexible_assets", one("flexible_assets", `{"flexible-asset-type-id":301}`), 422, "blank"},
		{"an asset's type must exist", "POST", nested + "flexible_assets", one("flexible_assets", `{"flexible-asset-type-id":9,"traits":{"a":1}}`), 422, "flexible_asset_type_id"},
		{"an asset's organization must exist", "POST", "/organizations/7/relationships/flexible_assets", many("flexible_assets", good), 404, ""},
		{"an asset's name is not written", "POST", nested + "flexible_assets", one("flexible_assets", `{"name":"x","flexible-asset-type-id":301,"traits":{"machine":"M","must":"x"}}`), 400, "unknown attribute name"},
		{"an asset's type does not change", "PATCH", "/flexible_assets/5000001", one("flexible_assets", `{"flexible_asset_type_id":301}`), 400, "unknown attribute"},
		{"one bad asset refuses the array", "POST", nested + "flexible_assets", many("flexible_assets", good, `{"flexible-asset-type-id":301,"traits":{"x":1}}`), 422, "invalid trait keys"},
		{"a trait's key is known", "POST", "/flexible_assets", asset(`"nope":"x"`), 422, "Request contains invalid trait keys"},
		{"a header holds nothing", "POST", "/flexible_assets", asset(`"part":"x"`), 422, "invalid trait keys"},
		{"a required field has a value", "POST", "/flexible_assets", one("flexible_assets", `{"organization_id":1001,"flexible_asset_type_id":301,"traits":{"machine":"M"}}`), 422, "traits/must"},
		{"some title field has a value", "POST", "/flexible_assets", one("flexible_assets", `{"organization_id":1001,"flexible_asset_type_id":301,"traits":{"machine":"","must":"x"}}`), 422, "title"},
		{"a Select takes its options", "POST", "/flexible_assets", asset(`"status":"Failed"`), 201, ""},
		{"and nothing else", "POST", "/flexible_assets", asset(`"status":"Broken"`), 422, "not included"},
		{"a Date is a date", "POST", "/flexible_assets", asset(`"last":"2026-01-31"`), 201, ""},
		{"without a time", "POST", "/flexible_assets", asset(`"last":"2026-01-31T10:00:00Z"`), 422, "valid date"},
		{"a Tag is ids", "POST", "/flexible_assets", asset(`"config":[1000001,"1000002"]`), 201, `"type":"Configurations","values":[{"id":1000001,"name":"SRV1"}`},
		{"or an id", "POST", "/flexible_assets", asset(`"config":1000001`), 201, ""},
		{"not what was read", "POST", "/flexible_assets", asset(`"config":{"type":"Configurations","values":[{"id":1000001}]}`), 422, "list of ids"},
		{"of records that exist", "POST", "/flexible_assets", asset(`"config":[7]`), 422, "does not exist"},
		{"a Number is one", "POST", "/flexible_assets", asset(`"size":12.5`), 201, `"size":12.5`},
		{"or is refused", "POST", "/flexible_assets", asset(`"size":"big"`), 422, "not a number"},
		{"a Checkbox is true or false", "POST", "/flexible_assets", asset(`"on":true`), 201, ""},
		{"or is refused", "POST", "/flexible_assets", asset(`"on":"maybe"`), 422, "true or false"},
		{"a Text is a text", "POST", "/flexible_assets", asset(`"must":7`), 422, "must be a string"},
		{"an Upload is a file", "POST", "/flexible_assets", asset(`"file":{"content":"eA==","file_name":"x.txt"}`), 201, `"type":"Upload"`},
		{"not what was read", "POST", "/flexible_assets", asset(`"file":{"type":"Upload","values":[]}`), 422, "file"},
	} {
		t.Run(tt.rule, func(t *testing.T) {
			t.Parallel()
			p := newProbe(t, sandbox.Options{})
			r := p.send(tt.method, tt.path, tt.body)
			if r.status != tt.status || !strings.Contains(r.body, tt.says) {
				t.Errorf("%s %s %s\ngot %d %s\nwant %d %s", tt.method, tt.path, tt.body, r.status, r.body, tt.status, tt.says)
			}
		})
	}
}

func newType(fields ...string) string {
	var list []string
	for _, f := range fields {
		list = append(list, `{"type":"flexible_asset_fields","attributes":`+f+`}`)
	}
	return `{"data":{"type":"flexible_asset_types","attributes":{"name":"T"},"relationships":{"flexible_asset_fields":{"data":[` + strings.Join(list, ",") + `]}}}}`
}
