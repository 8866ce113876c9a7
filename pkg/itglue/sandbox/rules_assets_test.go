package sandbox_test

import "uniview-bridge/pkg/itglue/sandbox"

const fieldsOf301 = "/flexible_asset_types/301/relationships/flexible_asset_fields"

// assetRules are about flexible asset types, their fields and their assets.
var assetRules = []rule{
	{"§6.1", "a new type has its fields as relationships", []trial{
		obey("so", "POST", "/flexible_asset_types", newType(`{"order":1,"name":"A b","kind":"Text","show-in-list":true}`), 201, `"name":"T"`),
		breach("inside attributes it breaks", "POST", "/flexible_asset_types", one("flexible_asset_types", `{"name":"T","fields":[{"order":1,"name":"A","kind":"Text"}]}`), 500, "<html>"),
		breach("none", "POST", "/flexible_asset_types", one("flexible_asset_types", `{"name":"T"}`), 422, "at least one field"),
		breach("no name", "POST", "/flexible_asset_types", one("flexible_asset_types", `{"description":"T"}`), 422, "blank"),
	}},
	{"§6.1", "some field is shown in the list", []trial{
		obey("one is", "POST", "/flexible_asset_types", newType(`{"order":1,"name":"A","kind":"Text","show-in-list":true}`, `{"order":2,"name":"B","kind":"Text"}`), 201, ""),
		breach("none is", "POST", "/flexible_asset_types", newType(`{"order":1,"name":"A","kind":"Text"}`), 422, "shown in the list"),
	}},
	{"§6.1", "fields have an order, a name and a kind", []trial{
		obey("in bulk", "POST", fieldsOf301, many("flexible_asset_fields", `{"order":20,"name":"X","kind":"Text"}`, `{"order":21,"name":"Y","kind":"Text"}`), 201, `"name":"Y"`),
		obey("one", "POST", fieldsOf301, one("flexible_asset_fields", `{"order":20,"name":"X","kind":"Text"}`), 201, ""),
		breach("a taken order", "POST", fieldsOf301, many("flexible_asset_fields", `{"order":1,"name":"X","kind":"Text"}`), 422, "unique"),
		breach("a taken name", "POST", fieldsOf301, many("flexible_asset_fields", `{"order":20,"name":"Machine","kind":"Text"}`), 422, "unique"),
		breach("two of one order", "POST", "/flexible_asset_types", newType(`{"order":1,"name":"A","kind":"Text","show-in-list":true}`, `{"order":1,"name":"B","kind":"Text"}`), 422, "unique"),
		breach("no kind", "POST", fieldsOf301, one("flexible_asset_fields", `{"order":20,"name":"X"}`), 422, "required"),
		breach("an unknown kind", "POST", "/flexible_asset_types", newType(`{"order":1,"name":"A","kind":"Colour","show-in-list":true}`), 422, "kind"),
		breach("of no type", "POST", "/flexible_asset_types/9/relationships/flexible_asset_fields", one("flexible_asset_fields", `{"order":20,"name":"X","kind":"Text"}`), 404, ""),
	}},
	{"§6.1", "kinds need what belongs to them", []trial{
		obey("a Select has options", "PATCH", "/flexible_asset_fields/7002", one("flexible_asset_fields", `{"default_value":"Success\nFailed\nOverdue"}`), 200, "Overdue"),
		obey("a Tag may point to another type", "POST", "/flexible_asset_types", newType(`{"order":1,"name":"A","kind":"Tag","tag-type":"FlexibleAssetType: 301","show-in-list":true}`), 201, ""),
		breach("a Select without", "POST", "/flexible_asset_types", newType(`{"order":1,"name":"A","kind":"Select","show-in-list":true}`), 422, "default_value"),
		breach("a Number without decimals", "POST", "/flexible_asset_types", newType(`{"order":1,"name":"A","kind":"Number","show-in-list":true}`), 422, "decimals"),
		breach("a Tag of an unknown type", "POST", "/flexible_asset_types", newType(`{"order":1,"name":"A","kind":"Tag","tag-type":"Machines","show-in-list":true}`), 422, "tag_type"),
	}},
	{"§6.1", "a field in use keeps its kind", []trial{
		obey("an unused one may change", "PATCH", "/flexible_asset_fields/7003", one("flexible_asset_fields", `{"kind":"Text"}`), 200, `"kind":"Text"`),
		obey("the same kind", "PATCH", "/flexible_asset_fields/7001", one("flexible_asset_fields", `{"kind":"Text"}`), 200, ""),
		breach("another", "PATCH", "/flexible_asset_fields/7001", one("flexible_asset_fields", `{"kind":"Textbox"}`), 422, "cannot be changed"),
	}},
	{"§6.1", "a name key is made by IT Glue and never changes", []trial{
		obey("a slug", "POST", fieldsOf301, one("flexible_asset_fields", `{"order":20,"name":"UniView asset (id)","kind":"Text"}`), 201, `"name-key":"uniview-asset-id"`),
		obey("kept when the name changes", "PATCH", "/flexible_asset_fields/7001", one("flexible_asset_fields", `{"name":"Computer"}`), 200, `"name-key":"machine"`),
		breach("not the slug when that is taken", "POST", fieldsOf301, one("flexible_asset_fields", `{"order":20,"name":"MACHINE","kind":"Text"}`), 201, `!"name-key":"machine",`),
		breach("cannot be written", "POST", fieldsOf301, one("flexible_asset_fields", `{"order":20,"name":"X","kind":"Text","name-key":"y"}`), 400, "unknown attribute name_key"),
	}},
	{"§0.4, §6.2", "an asset's name is made of its title fields", []trial{
		obey("joined", "POST", nested+"flexible_assets", one("flexible_assets", good), 201, `"name":"M Failed"`),
		breach("cannot be written", "POST", nested+"flexible_assets", one("flexible_assets", `{"name":"x","flexible-asset-type-id":301,"traits":{"machine":"M","must":"x"}}`), 400, "unknown attribute name"),
		breach("cannot be empty", "POST", "/flexible_assets", one("flexible_assets", `{"organization_id":1001,"flexible_asset_type_id":301,"traits":{"machine":"","must":"x"}}`), 422, "title"),
	}},
	{"§0.4", "only Text, Select and Date can be in the title", []trial{
		obey("a Text", "POST", fieldsOf301, one("flexible_asset_fields", `{"order":20,"name":"X","kind":"Text","use-for-title":true}`), 201, `"use-for-title":true`),
		breach("a Textbox is not", "POST", fieldsOf301, one("flexible_asset_fields", `{"order":20,"name":"X","kind":"Textbox","use-for-title":true}`), 201, `"use-for-title":false`),
	}},
	{"§6.2", "an asset has an organization, a type and traits", []trial{
		obey("below its organization", "POST", nested+"flexible_assets", one("flexible_assets", good), 201, `"organization-id":1001`),
		breach("no traits", "POST", nested+"flexible_assets", one("flexible_assets", `{"flexible-asset-type-id":301}`), 422, "blank"),
		breach("an unknown type", "POST", nested+"flexible_assets", one("flexible_assets", `{"flexible-asset-type-id":9,"traits":{"a":1}}`), 422, "flexible_asset_type_id"),
		breach("an unknown organization", "POST", "/organizations/7/relationships/flexible_assets", many("flexible_assets", good), 404, ""),
		breach("another type later", "PATCH", "/flexible_assets/5000001", one("flexible_assets", `{"flexible_asset_type_id":301}`), 400, "unknown attribute"),
	}},
	{"§6.2", "archived and restricted are written and read", []trial{
		obey("set", "PATCH", "/flexible_assets/5000001", one("flexible_assets", `{"archived":true,"restricted":true}`), 200, `"restricted":true`),
		obey("listed all the same", "GET", "/flexible_assets?filter[flexible-asset-type-id]=301", "", 200, `"archived":true`).after(func(p *probe) {
			p.Edit(func(s *sandbox.State) { s.FlexibleAssets[5000001].Archived = true })
		}),
		breach("not set", "GET", "/flexible_assets/5000001", "", 200, `"restricted":false`),
	}},
	{"§0.5, §9.6", "an update replaces all traits", []trial{
		obey("all of them sent", "PATCH", "/flexible_assets/5000001", one("flexible_assets", `{"traits":{"machine":"SRV1","must":"x","status":"Failed"}}`), 200, `"status":"Failed"`),
		obey("traits not sent at all", "PATCH", "/flexible_assets/5000001", one("flexible_assets", `{"archived":true}`), 200, `"status":"Success"`),
		breach("one left out is gone", "PATCH", "/flexible_assets/5000001", one("flexible_assets", `{"traits":{"machine":"SRV1","must":"x"}}`), 200, `!"status"`),
		breach("null deletes", "PATCH", "/flexible_assets", many("flexible_assets", `{"id":5000001,"traits":{"machine":"SRV1","must":"x","status":null}}`), 200, `!"status"`),
	}},
	{"§6.2, §9.6", "a Tag is read in another shape than it is written", []trial{
		obey("ids", "POST", "/flexible_assets", asset(`"config":[1000001,"1000002"]`), 201, `"type":"Configurations","values":[{"id":1000001,"name":"SRV1"}`),
		obey("an id", "POST", "/flexible_assets", asset(`"config":1000001`), 201, `"values":[{"id":1000001`),
		breach("what was read", "POST", "/flexible_assets", asset(`"config":{"type":"Configurations","values":[{"id":1000001}]}`), 422, "list of ids"),
		breach("of records that are not there", "POST", "/flexible_assets", asset(`"config":[7]`), 422, "does not exist"),
	}},
	{"§6.2", "trait keys are the type's", []trial{
		obey("known", "POST", "/flexible_assets", asset(`"status":"Failed"`), 201, ""),
		breach("unknown", "POST", "/flexible_assets", asset(`"nope":"x"`), 422, "Request contains invalid trait keys"),
		breach("a header's", "POST", "/flexible_assets", asset(`"part":"x"`), 422, "invalid trait keys"),
		breach("one bad asset refuses the array", "POST", nested+"flexible_assets", many("flexible_assets", good, `{"flexible-asset-type-id":301,"traits":{"x":1}}`), 422, "invalid trait keys"),
	}},
	{"§6.1", "a required field has a value", []trial{
		obey("it has", "POST", "/flexible_assets", asset(`"on":false`), 201, ""),
		breach("it has not", "POST", "/flexible_assets", one("flexible_assets", `{"organization_id":1001,"flexible_asset_type_id":301,"traits":{"machine":"M"}}`), 422, "traits/must"),
	}},
	{"§8.2, §11.6", "a Select takes its options only, as long as nothing else is known", []trial{
		obey("one of them", "POST", "/flexible_assets", asset(`"status":"Failed"`), 201, ""),
		breach("another", "POST", "/flexible_assets", asset(`"status":"Broken"`), 422, "not included"),
	}},
	{"§6.1, §6.2", "values are of their field's kind", []trial{
		obey("a Date", "POST", "/flexible_assets", asset(`"last":"2026-01-31"`), 201, ""),
		obey("a Number", "POST", "/flexible_assets", asset(`"size":12.5`), 201, `"size":12.5`),
		obey("a Checkbox", "POST", "/flexible_assets", asset(`"on":true`), 201, `"on":true`),
		obey("an Upload", "POST", "/flexible_assets", asset(`"file":{"content":"eA==","file_name":"x.txt"}`), 201, `"type":"Upload"`),
		breach("a Date with a time", "POST", "/flexible_assets", asset(`"last":"2026-01-31T10:00:00Z"`), 422, "valid date"),
		breach("a Number that is none", "POST", "/flexible_assets", asset(`"size":"big"`), 422, "not a number"),
		breach("a Checkbox of neither", "POST", "/flexible_assets", asset(`"on":"maybe"`), 422, "true or false"),
		breach("a Text that is a number", "POST", "/flexible_assets", asset(`"must":7`), 422, "must be a string"),
		breach("an Upload as it was read", "POST", "/flexible_assets", asset(`"file":{"type":"Upload","values":[]}`), 422, "file"),
	}},
}
