package sandbox_test

// writeRules are about bodies, organizations, configurations, types and statuses.
var writeRules = []rule{
	{"§1.3", "a body is one JSON:API document", []trial{
		obey("a hash", "POST", "/organizations", one("organizations", `{"name":"C"}`), 201, ""),
		breach("not JSON", "POST", "/organizations", `{"data":`, 400, "not a JSON object"),
		breach("two of them", "POST", "/organizations", one("organizations", `{"name":"C"}`)+"{}", 400, "not a JSON object"),
		breach("without data", "POST", "/organizations", `{}`, 400, "data is missing"),
		breach("with another member", "POST", "/organizations", `{"data":{"type":"organizations","attributes":{"name":"x"}},"meta":{}}`, 400, "unknown member"),
		breach("without attributes", "POST", "/organizations", `{"data":{"type":"organizations"}}`, 400, "attributes is missing"),
		breach("of another type", "POST", "/organizations", one("organization", `{"name":"x"}`), 400, "type must be"),
	}},
	{"§1.4", "attributes come in kebab-case and in snake_case", []trial{
		obey("kebab-case", "POST", "/organizations", one("organizations", `{"name":"C","short-name":"c"}`), 201, `"short-name":"c"`),
		obey("snake_case", "POST", "/organizations", one("organizations", `{"name":"C","short_name":"c"}`), 201, `"short-name":"c"`),
		obey("types too", "POST", "/configuration_statuses", one("configuration-statuses", `{"name":"x"}`), 201, ""),
		breach("an unknown one", "POST", "/organizations", one("organizations", `{"name":"x","nam":"y"}`), 400, "unknown attribute"),
	}},
	{"§9.1", "a bulk update has its ids inside the attributes", []trial{
		obey("inside", "PATCH", "/organizations", many("organizations", `{"id":1001,"alert":"x"}`, `{"id":"1002","alert":"y"}`), 200, ""),
		breach("none", "PATCH", "/organizations", many("organizations", `{"alert":"x"}`), 400, "id is missing"),
		breach("beside the attributes", "PATCH", "/organizations", `{"data":[{"id":"1002","type":"organizations","attributes":{"alert":"x"}}]}`, 400, "unknown member id"),
		breach("a hash", "PATCH", "/organizations", one("organizations", `{"id":1001,"alert":"x"}`), 400, "array"),
		breach("nothing", "PATCH", "/organizations", `{"data":[]}`, 400, "empty"),
		breach("an id that is not there", "PATCH", "/organizations", many("organizations", `{"id":7,"alert":"x"}`), 404, ""),
	}},
	{"§2, §9.2", "bulk creates are nested, bulk updates are not", []trial{
		obey("configurations below their organization", "POST", nested+"configurations", many("configurations", `{"name":"x","configuration-type-id":31}`, `{"name":"y","configuration-type-id":31}`), 201, ""),
		obey("assets below their organization", "POST", nested+"flexible_assets", many("flexible_assets", good, good), 201, `"name":"M Failed"`),
		obey("updates of assets on their own", "PATCH", "/flexible_assets", many("flexible_assets", `{"id":5000001,"archived":true}`), 200, `"archived":true`),
		obey("updates of configurations on their own", "PATCH", "/configurations", many("configurations", `{"id":1000002,"hostname":"h"}`), 200, `"hostname":"h"`),
		breach("organizations in bulk", "POST", "/organizations", many("organizations", `{"name":"C"}`), 400, "hash"),
		breach("configurations on their own", "POST", "/configurations", many("configurations", `{"organization_id":1001,"name":"x","configuration-type-id":31}`), 400, "other route"),
		breach("assets on their own", "POST", "/flexible_assets", many("flexible_assets", good), 400, "other route"),
		breach("updates of assets below their organization", "PATCH", nested+"flexible_assets", many("flexible_assets", `{"id":5000001}`), 404, ""),
		breach("updates of configurations below theirs", "PATCH", nested+"configurations", many("configurations", `{"id":1000001}`), 404, ""),
	}},
	{"§0.6", "the sandbox takes no filter on a write", []trial{
		obey("without", "PATCH", "/configurations/1000002", one("configurations", `{"archived":true}`), 200, ""),
		breach("a filter instead of ids", "PATCH", "/configurations?filter[organization_id]=1001", one("configurations", `{"archived":true}`), 400, "stand in for the ids"),
		breach("a filter beside an id", "PATCH", "/configurations/1000001?filter[id]=1", one("configurations", `{"archived":true}`), 400, "stand in for the ids"),
	}},
	{"§4.3, §9.7", "an update has no relationships", []trial{
		obey("they come with a new record", "POST", nested+"configurations", `{"data":{"type":"configurations","attributes":{"name":"x","configuration-type-id":31},"relationships":{"configuration_interfaces":{"data":[{"type":"configuration_interfaces","attributes":{"mac-address":"0011.2233.4455","primary":true}}]}}}}`, 201, `"mac-address":"0011.2233.4455"`),
		breach("with an update", "PATCH", "/configurations/1000002", `{"data":{"type":"configurations","attributes":{"name":"x"},"relationships":{"configuration_interfaces":{"data":[]}}}}`, 422, "not permitted"),
		breach("of a type", "PATCH", "/flexible_asset_types/301", `{"data":{"type":"flexible_asset_types","attributes":{"name":"x"},"relationships":{"flexible_asset_fields":{"data":[]}}}}`, 422, "not permitted"),
		breach("others with a new one", "POST", nested+"configurations", `{"data":{"type":"configurations","attributes":{"name":"x","configuration-type-id":31},"relationships":{"passwords":{"data":[]}}}}`, 400, "not allowed"),
	}},

	{"§3.3", "an organization has a name, and types that exist", []trial{
		obey("a name", "POST", "/organizations", one("organizations", `{"name":"C"}`), 201, `"id":"1003"`),
		obey("a type and a status", "POST", "/organizations", one("organizations", `{"name":"C","organization-type-id":11,"organization-status-id":21}`), 201, `"organization-status-name":"Active"`),
		breach("no name", "POST", "/organizations", one("organizations", `{"name":" "}`), 422, "can't be blank"),
		breach("an unknown type", "POST", "/organizations", one("organizations", `{"name":"C","organization-type-id":99}`), 422, "must exist"),
		breach("an unknown status", "POST", "/organizations", one("organizations", `{"name":"C","organization-status-id":99}`), 422, "must exist"),
		breach("an unknown parent", "POST", "/organizations", one("organizations", `{"name":"C","parent-id":99}`), 422, "must exist"),
		breach("a name that is no text", "POST", "/organizations", one("organizations", `{"name":7}`), 422, "must be a string"),
	}},
	{"§9.20, §9.22", "names may repeat, so a create twice makes two", []trial{
		obey("another name", "POST", "/organizations", one("organizations", `{"name":"C"}`), 201, `"id":"1003"`),
		breach("the same name", "POST", "/organizations", one("organizations", `{"name":"Borealis"}`), 201, `"id":"1003"`),
	}},
	{"§3.3, §9.8", "a synced organization takes three attributes", []trial{
		obey("those", "PATCH", "/organizations/1001", one("organizations", `{"alert":"a","quick_notes":"q","description":"d"}`), 200, ""),
		obey("one that is not synced takes more", "PATCH", "/organizations/1002", one("organizations", `{"name":"x"}`), 200, ""),
		breach("its name", "PATCH", "/organizations/1001", one("organizations", `{"name":"x"}`), 422, "externally synced"),
		breach("its name in bulk", "PATCH", "/organizations", many("organizations", `{"id":1001,"name":"x"}`), 422, "externally synced"),
	}},
	{"§5, §9.8", "a synced type or status keeps its name", []trial{
		obey("one that is not synced", "PATCH", "/configuration_types/32", one("configuration_types", `{"name":"x"}`), 200, `"name":"x"`),
		obey("a new one", "POST", "/organization_types", one("organization_types", `{"name":"x"}`), 201, ""),
		breach("one that is", "PATCH", "/configuration_types/31", one("configuration_types", `{"name":"x"}`), 422, "externally synced"),
		breach("without a name", "POST", "/configuration_statuses", one("configuration-statuses", `{"name":""}`), 422, "blank"),
		breach("one that is not there", "PATCH", "/organization_statuses/99", one("organization_statuses", `{"name":"x"}`), 404, ""),
	}},

	{"§4.2", "a configuration has an organization, a name and a type", []trial{
		obey("below its organization", "POST", nested+"configurations", one("configurations", `{"name":"x","configuration-type-id":31}`), 201, `"organization-id":1001`),
		obey("on its own", "POST", "/configurations", one("configurations", `{"organization_id":1001,"name":"x","configuration-type-id":31}`), 201, ""),
		breach("no organization", "POST", "/configurations", one("configurations", `{"name":"x","configuration-type-id":31}`), 422, "Valid organization_id is required"),
		breach("below none", "POST", "/organizations/7/relationships/configurations", one("configurations", `{"name":"x","configuration-type-id":31}`), 404, ""),
		breach("no name", "POST", nested+"configurations", one("configurations", `{"configuration-type-id":31}`), 422, "blank"),
		breach("an unknown type", "POST", nested+"configurations", one("configurations", `{"name":"x","configuration-type-id":99}`), 422, "configuration-type"),
		breach("an unknown status", "POST", nested+"configurations", one("configurations", `{"name":"x","configuration-type-id":31,"configuration-status-id":99}`), 422, "configuration-status"),
	}},
	{"§4.2, §9.9", "its MAC has at most 17 characters and need not be one", []trial{
		obey("17", "POST", nested+"configurations", one("configurations", `{"name":"x","configuration-type-id":31,"mac-address":"18-5E-0F-ED-99-9J"}`), 201, ""),
		breach("more", "POST", nested+"configurations", one("configurations", `{"name":"x","configuration-type-id":31,"mac-address":"00:11:22:33:44:55,1"}`), 422, "17 characters"),
	}},
	{"§4.4, §9.9", "an interface's MAC is a valid one", []trial{
		obey("with dots", "POST", nested+"configurations", interfaced("0011.2233.4455"), 201, ""),
		breach("not hexadecimal", "POST", nested+"configurations", interfaced("18-5E-0F-ED-99-9J"), 422, "valid MAC"),
		breach("too short", "POST", nested+"configurations", interfaced("00:11:22"), 422, "valid MAC"),
	}},
	{"§4.3", "a configuration's primary addresses reach its interface", []trial{
		obey("the interface shows it", "GET", "/configurations/1000002?include=configuration_interfaces", "", 200, `"ip-address":"10.1.1.1","mac-address":"AA:BB:CC:DD:EE:01","primary":true`).after(func(p *probe) {
			p.send("PATCH", "/configurations/1000002", one("configurations", `{"mac-address":"AA:BB:CC:DD:EE:01","primary-ip":"10.1.1.1"}`))
		}),
		breach("nothing set, nothing shown", "GET", "/configurations/1000002?include=configuration_interfaces", "", 200, "!primary\":true"),
	}},
	{"§4.2", "addresses, dates and flags are such", []trial{
		obey("IPv6", "PATCH", "/configurations/1000002", one("configurations", `{"primary-ip":"fe80::1"}`), 200, ""),
		obey("a date", "PATCH", "/configurations/1000001", one("configurations", `{"warranty-expires-at":"2027-01-31"}`), 200, ""),
		obey("a flag as text", "PATCH", "/configurations/1000002", one("configurations", `{"archived":"0"}`), 200, `"archived":false`),
		breach("not an address", "PATCH", "/configurations/1000002", one("configurations", `{"primary-ip":"1.2.3"}`), 422, "IP address"),
		breach("not a date", "PATCH", "/configurations/1000001", one("configurations", `{"warranty-expires-at":"31.1.2027"}`), 422, "valid date"),
		breach("not a flag", "PATCH", "/configurations/1000002", one("configurations", `{"archived":"no"}`), 422, "included in the list"),
		breach("not a number", "PATCH", "/configurations/1000002", one("configurations", `{"configuration-type-id":"x"}`), 422, "not a number"),
	}},
	{"§1, §4.3", "attributes that are not sent stay; null clears", []trial{
		obey("not sent", "PATCH", "/configurations/1000001", one("configurations", `{"asset_tag":"t"}`), 200, `"mac-address":"00:11:22:33:44:55"`),
		breach("null", "PATCH", "/configurations/1000002", one("configurations", `{"mac_address":null}`), 200, `"mac-address":null`),
	}},
	{"§4.2", "archived and restricted are written and read", []trial{
		obey("set", "PATCH", "/configurations/1000001", one("configurations", `{"archived":true,"restricted":true}`), 200, `"archived":true,"restricted":true`),
		breach("not set", "GET", "/configurations/1000001", "", 200, `"archived":false,"restricted":false`),
	}},
	{"§0.1, §9.8", "a synced configuration takes nine attributes", []trial{
		obey("those", "PATCH", "/configurations/1000001", one("configurations", `{"notes":"n","asset_tag":"a","serial_number":"s","archived":false,"restricted":false,"purchased_at":null,"warranty_expires_at":null,"mitp_device_expiration_date":null,"mitp_end_of_life_date":null}`), 200, ""),
		obey("one that is not synced takes more", "PATCH", "/configurations/1000002", one("configurations", `{"hostname":"h"}`), 200, ""),
		breach("its hostname", "PATCH", "/configurations/1000001", one("configurations", `{"hostname":"h"}`), 422, "externally synced"),
		breach("one of several in bulk", "PATCH", "/configurations", many("configurations", `{"id":1000002,"hostname":"h"}`, `{"id":1000001,"hostname":"h"}`), 422, "externally synced"),
		breach("through its organization", "PATCH", nested+"configurations/1000001", one("configurations", `{"name":"n"}`), 422, "externally synced"),
	}},
	{"§2", "a nested route finds its own records", []trial{
		obey("to update", "PATCH", nested+"configurations/1000001", one("configurations", `{"notes":"n"}`), 200, ""),
		obey("to read", "GET", nested+"configurations/1000001", "", 200, ""),
		breach("another's to update", "PATCH", nested+"configurations/1000002", one("configurations", `{"notes":"n"}`), 404, ""),
		breach("another's to read", "GET", nested+"configurations/1000002", "", 404, ""),
	}},
}

func interfaced(mac string) string {
	return `{"data":{"type":"configurations","attributes":{"name":"x","configuration-type-id":31},"relationships":{"configuration_interfaces":{"data":[{"type":"configuration_interfaces","attributes":{"mac-address":"` + mac + `"}}]}}}}`
}
