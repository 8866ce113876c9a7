package sandbox_test

import (
	"fmt"
	"strings"
	"time"

	"uniview-bridge/pkg/itglue/sandbox"
)

func manyOrganizations(p *probe) {
	p.Edit(func(s *sandbox.State) {
		for i := range 1200 {
			s.AddOrganization(sandbox.Organization{Name: fmt.Sprintf("Org %d", i)})
		}
	})
}

func slowAbove(rows int) func(*probe) {
	return func(p *probe) { p.Inject(sandbox.Fault{Kind: sandbox.PageTooLarge, Rows: rows}) }
}

// readRules are about keys, limits, routes and lists.
var readRules = []rule{
	{"§1, §9.12", "a wrong or revoked key is the gateway's 403", []trial{
		obey("a good key", "GET", "/organizations", "", 200, ""),
		breach("a revoked key", "GET", "/organizations", "", 403, `{"message":"Forbidden"}`).after(func(p *probe) { p.Edit(func(s *sandbox.State) { s.Revoked = true }) }),
		breach("another key", "GET", "/organizations", "", 403, `{"message":"Forbidden"}`).after(func(p *probe) { p.key = "ITG.other" }),
		breach("no key", "GET", "/organizations", "", 403, `{"message":"Forbidden"}`).after(func(p *probe) { p.key = "" }),
	}},
	{"§1", "a body has the JSON:API content type", []trial{
		obey("with it", "PATCH", "/organizations/1001", one("organizations", `{"alert":"x"}`), 200, ""),
		breach("plain JSON", "PATCH", "/organizations/1001", one("organizations", `{"alert":"x"}`), 415, "Unsupported").after(func(p *probe) { p.contentType = "application/json" }),
		breach("none", "PATCH", "/organizations/1001", one("organizations", `{"alert":"x"}`), 415, "Unsupported").after(func(p *probe) { p.contentType = "" }),
	}},
	{"§1.1, §9.13", "3,000 requests in five minutes", []trial{
		obey("the first", "GET", "/organization_types", "", 200, ""),
		breach("the 3,001st", "GET", "/organization_types", "", 429, `{"message":"Too Many Requests"}`).after(exhaust),
		obey("five minutes later", "GET", "/organization_types", "", 200, "").after(func(p *probe) { exhaust(p); p.clock.Advance(5 * time.Minute) }),
		breach("just before", "GET", "/organization_types", "", 429, "").after(func(p *probe) { exhaust(p); p.clock.Advance(5*time.Minute - time.Second) }),
	}},
	{"§1.1", "10 MB of body", []trial{
		obey("less", "PATCH", "/organizations/1001", one("organizations", `{"alert":"`+strings.Repeat("x", 9<<20)+`"}`), 200, ""),
		breach("more", "PATCH", "/organizations/1001", one("organizations", `{"alert":"`+strings.Repeat("x", 10<<20)+`"}`), 413, `{"message":`),
	}},
	{"§1.1, §9.14", "large pages time out at the gateway", []trial{
		obey("a small page", "GET", "/configurations?page[size]=100", "", 200, "").after(slowAbove(100)),
		breach("a large page", "GET", "/configurations?page[size]=101", "", 504, `{"message":`).after(slowAbove(100)),
	}},
	{"§1.3", "the firewall dislikes scripts", []trial{
		obey("HTML is fine", "PATCH", "/organizations/1001", one("organizations", `{"alert":"<b>x</b>"}`), 200, ""),
		breach("a script is not", "PATCH", "/organizations/1001", one("organizations", `{"alert":"\u003cSCRIPT>x"}`), 403, "<title>403 Forbidden"),
	}},
	{"§2", "routes and methods are the documented ones", []trial{
		obey("a known route", "GET", "/organizations", "", 200, ""),
		breach("an unknown route", "GET", "/organisations", "", 404, "no such route"),
		breach("an unknown method", "PUT", "/organizations/1001", one("organizations", `{}`), 404, "no such route"),
		breach("an address below", "GET", "/organizations/1001/x", "", 404, ""),
		breach("an id that is none", "GET", "/organizations/x", "", 404, ""),
		breach("an unknown record", "GET", "/organizations/7", "", 404, "not found"),
	}},
	{"§2", "interfaces have no list of their own", []trial{
		obey("below their configuration", "GET", "/configurations/1000001/relationships/configuration_interfaces", "", 200, "eth0"),
		breach("all of the account", "GET", "/configuration_interfaces", "", 404, ""),
		breach("of no configuration", "GET", "/configurations/7/relationships/configuration_interfaces", "", 404, ""),
	}},
	{"§2, §6.1", "a flexible asset type cannot be deleted", []trial{
		obey("it can be read", "GET", "/flexible_asset_types/301", "", 200, "Backup"),
		breach("not deleted", "DELETE", "/flexible_asset_types/301", "", 404, ""),
	}},
	{"§9.16, §0.6", "the sandbox deletes nothing", []trial{
		obey("reading", "GET", "/organizations/1001", "", 200, ""),
		breach("an organization", "DELETE", "/organizations", many("organizations", `{"id":1001}`), 404, ""),
		breach("a configuration", "DELETE", "/configurations", many("configurations", `{"id":1000001}`), 404, ""),
		breach("an asset", "DELETE", "/flexible_assets/5000001", "", 404, ""),
	}},

	{"§1.2", "pages hold 50 records unless asked otherwise", []trial{
		obey("asked otherwise", "GET", "/organizations?page[size]=60", "", 200, `"total-pages":21`).after(manyOrganizations),
		breach("not asked", "GET", "/organizations", "", 200, `"total-pages":25`).after(manyOrganizations),
	}},
	{"§1.2, §9.15", "and at most 1,000", []trial{
		obey("1,000", "GET", "/organizations?page[size]=1000&page[number]=2", "", 200, `"total-pages":2`).after(manyOrganizations),
		breach("5,000 are 1,000", "GET", "/organizations?page[size]=5000&page[number]=2", "", 200, `"total-pages":2`).after(manyOrganizations),
	}},
	{"§1.2", "there is a next page until the last", []trial{
		obey("the first", "GET", "/organizations?page[size]=1", "", 200, `"next-page":2,"prev-page":null`),
		breach("the last", "GET", "/organizations?page[size]=1&page[number]=2", "", 200, `"next-page":null,"prev-page":1`),
		breach("behind it", "GET", "/organizations?page[size]=1&page[number]=9", "", 200, `"data":[]`),
	}},
	{"§1.2", "pages are positive numbers", []trial{
		obey("one", "GET", "/organizations?page[number]=1&page[size]=1", "", 200, ""),
		breach("a word", "GET", "/organizations?page[number]=x", "", 400, "page"),
		breach("nothing", "GET", "/organizations?page[size]=0", "", 400, "page"),
		breach("less", "GET", "/organizations?page[number]=-1", "", 400, "page"),
	}},
	{"§1.2", "not every route takes pages", []trial{
		obey("a list does", "GET", "/organizations?page[size]=5", "", 200, ""),
		breach("a record does not", "GET", "/organizations/1001?page[size]=5", "", 400, "not allowed"),
		breach("nor unknown parameters", "GET", "/organizations?pagesize=5", "", 400, "unknown parameter"),
	}},
	{"§3.1, §4.1, §6.2", "lists sort by the documented keys", []trial{
		obey("up", "GET", "/configurations?sort=name", "", 200, `"data":[{"id":"1000002"`),
		obey("down", "GET", "/configurations?sort=-name", "", 200, `"data":[{"id":"1000001"`),
		obey("an organization's type", "GET", "/organizations?sort=organization_type_name", "", 200, ""),
		breach("another key", "GET", "/organizations?sort=alert", "", 400, "sort"),
		breach("assets by id", "GET", "/flexible_assets?filter[flexible-asset-type-id]=301&sort=id", "", 400, "sort"),
	}},
	{"§4.1", "includes are the documented ones", []trial{
		obey("two of them", "GET", "/configurations?include=rmm_records,adapters_resources", "", 200, "rmm-records"),
		breach("another", "GET", "/configurations?include=rmm", "", 400, "include"),
		breach("none included unasked", "GET", "/configurations", "", 200, "!included"),
	}},
	{"§4.1, §9.19", "some includes are for one record only", []trial{
		obey("on a record", "GET", "/configurations/1000001?include=related_items", "", 200, ""),
		obey("on an asset", "GET", "/flexible_assets/5000001?include=recent_versions", "", 200, ""),
		breach("on a list", "GET", "/configurations?include=related_items", "", 400, "include"),
		breach("on a list of assets", "GET", "/flexible_assets?filter[flexible-asset-type-id]=301&include=recent_versions", "", 400, "include"),
	}},

	{"§3.4", "names are matched exactly, with their case", []trial{
		obey("as it is", "GET", "/organizations?filter[name]=Borealis", "", 200, `"total-count":1`),
		breach("in lower case", "GET", "/organizations?filter[name]=borealis", "", 200, `"total-count":0`),
		breach("a part", "GET", "/organizations?filter[name]=Borea*", "", 200, `"total-count":0`),
	}},
	{"§3.4, §9.4", "a comma parts alternatives unless escaped", []trial{
		obey("escaped", "GET", `/organizations?filter[name]=Alpine Dental\, Inc.`, "", 200, `"total-count":1`),
		obey("alternatives", "GET", "/organizations?filter[id]=1001,1002", "", 200, `"total-count":2`),
		breach("not escaped", "GET", "/organizations?filter[name]=Alpine Dental, Inc.", "", 200, `"total-count":0`),
	}},
	{"§3.4", "several filters must all hold", []trial{
		obey("both hold", "GET", "/configurations?filter[organization_id]=1001&filter[archived]=false", "", 200, `"total-count":1`),
		breach("one does not", "GET", "/configurations?filter[organization_id]=1001&filter[archived]=true", "", 200, `"total-count":0`),
	}},
	{"§3.4, §9.3", "unknown filters are ignored", []trial{
		obey("a known one", "GET", "/organizations?filter[name]=x", "", 200, `"total-count":0`),
		breach("misspelt", "GET", "/organizations?filter[nam]=x", "", 200, `"total-count":2`),
		breach("in kebab-case", "GET", "/configurations?filter[organization-id]=1001", "", 200, `"total-count":2`),
		breach("by a trait", "GET", "/flexible_assets?filter[flexible-asset-type-id]=301&filter[traits][machine]=no", "", 200, `"total-count":1`),
	}},
	{"§3.4, §9.3", "filters on nested routes are ignored", []trial{
		obey("on their own", "GET", "/configurations?filter[name]=nobody", "", 200, `"total-count":0`),
		breach("nested", "GET", nested+"configurations?filter[name]=nobody", "", 200, `"total-count":1`),
	}},
	{"§3.1, §9.5", "another system's id comes with its type", []trial{
		obey("the PSA's", "GET", "/organizations?filter[psa_id]=250&filter[psa_integration_type]=manage", "", 200, `"total-count":1`),
		obey("the RMM's", "GET", "/configurations?filter[rmm_id]=77&filter[rmm_integration_type]=aem", "", 200, `"total-count":1`),
		obey("another PSA's", "GET", "/organizations?filter[psa_id]=250&filter[psa_integration_type]=autotask", "", 200, `"total-count":0`),
		breach("a PSA's id alone", "GET", "/organizations?filter[psa_id]=250", "", 400, "accompanied"),
		breach("a configuration's alone", "GET", "/configurations?filter[psa_id]=900", "", 400, "accompanied"),
		breach("an RMM's id alone", "GET", "/configurations?filter[rmm_id]=77", "", 400, "accompanied"),
		breach("a PSA that is none", "GET", "/organizations?filter[psa_integration_type]=connectwise", "", 400, "does not take"),
	}},
	{"§3.1", "organizations are filtered by ranges and exclusions", []trial{
		obey("a range that holds", "GET", "/organizations?filter[updated_at]=2026-01-05,2026-01-06", "", 200, `"total-count":2`),
		obey("open on one side", "GET", "/organizations?filter[created_at]=*,2026-01-06", "", 200, `"total-count":2`),
		obey("all but one", "GET", "/organizations?filter[exclude][id]=1001", "", 200, `"total-count":1`),
		breach("a range that does not", "GET", "/organizations?filter[updated_at]=2026-01-06,*", "", 200, `"total-count":0`),
		breach("what the sandbox does not keep", "GET", "/organizations?filter[group_id]=1", "", 400, "keeps nothing"),
	}},
	{"§4.1, §9.10", "archived configurations are in the list unless filtered", []trial{
		obey("live ones", "GET", "/configurations?filter[archived]=false", "", 200, `"total-count":1`),
		obey("archived ones", "GET", "/configurations?filter[archived]=1", "", 200, `"total-count":1`),
		breach("not filtered", "GET", "/configurations", "", 200, `"total-count":2`),
		breach("neither", "GET", "/configurations?filter[archived]=maybe", "", 400, "does not take"),
	}},
	{"§6.2", "flexible assets are listed by type", []trial{
		obey("a type", "GET", "/flexible_assets?filter[flexible-asset-type-id]=301", "", 200, `"total-count":1`),
		obey("in snake_case (§1.4)", "GET", "/flexible_assets?filter[flexible_asset_type_id]=301&filter[organization_id]=1001", "", 200, `"total-count":1`),
		obey("and an organization", "GET", "/flexible_assets?filter[flexible-asset-type-id]=301&filter[organization-id]=1", "", 200, `"total-count":0`),
		obey("and a name", "GET", "/flexible_assets?filter[flexible-asset-type-id]=301&filter[name]=SRV1 Success", "", 200, `"total-count":1`),
		breach("none", "GET", "/flexible_assets", "", 422, "Valid flexible_asset_type_id is required"),
		breach("one that is not there", "GET", "/flexible_assets?filter[flexible_asset_type_id]=9", "", 422, "Valid"),
	}},
	{"§2, §9.11", "quick notes are cut to 250 characters in lists", []trial{
		obey("a record has all", "GET", "/organizations/1001", "", 200, strings.Repeat("n", 300)),
		breach("a list has less", "GET", "/organizations", "", 200, "!"+strings.Repeat("n", 251)),
	}},
	{"§1.3", "ids are texts at the record and numbers among attributes", []trial{
		obey("at the record", "GET", "/configurations/1000001", "", 200, `"id":"1000001"`),
		obey("a parent is a text", "GET", "/organizations/1002", "", 200, `"parent-id":"1001","ancestor-ids":"[1001]"`),
		breach("among attributes", "GET", "/configurations/1000001", "", 200, `"organization-id":1001`),
		breach("an interface's own", "GET", "/configurations/1000001?include=configuration_interfaces", "", 200, `"attributes":{"id":2000001`),
	}},
	{"§1", "empty attributes are null, times have milliseconds", []trial{
		obey("null", "GET", "/organizations/1002", "", 200, `"alert":null`),
		obey("a time", "GET", "/organizations/1002", "", 200, `"created-at":"2026-01-05T12:00:00.000Z"`),
		breach("no empty text", "GET", "/organizations/1002", "", 200, `!"alert":""`),
	}},
}
