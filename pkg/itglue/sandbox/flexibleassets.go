package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

type wireAsset struct {
	OrganizationID   int64          `json:"organization-id"`
	OrganizationName string         `json:"organization-name"`
	ResourceURL      string         `json:"resource-url"`
	Restricted       bool           `json:"restricted"`
	MyGlue           bool           `json:"my-glue"`
	TypeID           int64          `json:"flexible-asset-type-id"`
	TypeName         string         `json:"flexible-asset-type-name"`
	Name             string         `json:"name"`
	Traits           map[string]any `json:"traits"`
	Archived         bool           `json:"archived"`
	CreatedAt        string         `json:"created-at"`
	UpdatedAt        string         `json:"updated-at"`
}

type wireTag struct {
	Type   string         `json:"type"`
	Values []wireTagValue `json:"values"`
}

type wireTagValue struct {
	ID   int64  `json:"id,omitempty"`
	Name string `json:"name"`
	URL  string `json:"url,omitempty"`
}

func assetRecord(rq *request, a *FlexibleAsset, _ []string) (wireRecord, []wireRecord) {
	t := rq.st.FlexibleAssetTypes[a.TypeID]
	w := wireAsset{
		OrganizationID: a.OrganizationID, Restricted: a.Restricted, TypeID: a.TypeID, Name: rq.st.Name(a), Archived: a.Archived,
		ResourceURL: fmt.Sprintf("https://sandbox.itglue.com/%d/assets/%d-records/records/%d", a.OrganizationID, a.TypeID, a.ID),
		Traits:      map[string]any{}, CreatedAt: stamp(a.CreatedAt), UpdatedAt: stamp(a.UpdatedAt),
	}
	if o := rq.st.Organizations[a.OrganizationID]; o != nil {
		w.OrganizationName = o.Name
	}
	if t != nil {
		w.TypeName = t.Name
		for _, f := range t.Fields {
			if v, ok := a.Traits[f.NameKey]; ok {
				w.Traits[f.NameKey] = rq.st.readShape(f, v)
			}
		}
	}
	return wireRecord{ID: id(a.ID), Type: "flexible-assets", Attributes: w}, nil
}

// readShape is a trait's value as it is read: a Tag is not what was written (itglue.md §6.2).
func (s *State) readShape(f *Field, v any) any {
	switch v := v.(type) {
	case []int64:
		tag := wireTag{Type: f.TagType, Values: []wireTagValue{}}
		for _, n := range v {
			if name, ok := s.tagged(f.TagType, n); ok {
				tag.Values = append(tag.Values, wireTagValue{ID: n, Name: name})
			}
		}
		return tag
	case Upload:
		return wireTag{Type: "Upload", Values: []wireTagValue{{Name: v.FileName, URL: "https://sandbox.itglue.com/attachments/" + v.FileName}}}
	}
	return v
}

// tagged returns the name of a record that a Tag names; kinds that the sandbox does not keep are taken on trust.
func (s *State) tagged(tagType string, n int64) (string, bool) {
	switch tagType {
	case "Configurations":
		c := s.Configurations[n]
		if c == nil {
			return "", false
		}
		return c.Name, true
	case "Organizations":
		o := s.Organizations[n]
		if o == nil {
			return "", false
		}
		return o.Name, true
	}
	return "record " + id(n), true
}

var assets = listing[*FlexibleAsset]{
	filters: map[string]func(*FlexibleAsset, string) bool{
		"organization-id": func(a *FlexibleAsset, v string) bool { return idIs(a.OrganizationID, v) },
		"organization_id": func(a *FlexibleAsset, v string) bool { return idIs(a.OrganizationID, v) },
	},
	sorts: map[string]func(a, b *FlexibleAsset) int{
		"created_at": byTime(func(a *FlexibleAsset) time.Time { return a.CreatedAt }),
		"updated_at": byTime(func(a *FlexibleAsset) time.Time { return a.UpdatedAt }),
	},
	includes: []string{
		"adapters_resources", "distinct_remote_assets", "attachments", "passwords", "user_resource_accesses", "group_resource_accesses",
	},
	wire: assetRecord,
}

func listAssets(rq *request) (answer, error) {
	typeID := rq.query.Get("filter[flexible-asset-type-id]")
	if typeID == "" {
		typeID = rq.query.Get("filter[flexible_asset_type_id]") // works too (itglue.md §1.4)
	}
	n, err := strconv.ParseInt(typeID, 10, 64)
	if err != nil || rq.st.FlexibleAssetTypes[n] == nil {
		return answer{}, refuse(http.StatusUnprocessableEntity, "Valid flexible_asset_type_id is required", "", "data/attributes/flexible_asset_type_id")
	}
	rows := slices.DeleteFunc(sorted(rq.st.FlexibleAssets), func(a *FlexibleAsset) bool { return a.TypeID != n })
	if name := rq.query.Get("filter[name]"); name != "" {
		wanted := splitList(name)
		rows = slices.DeleteFunc(rows, func(a *FlexibleAsset) bool { return !slices.Contains(wanted, rq.st.Name(a)) })
	}
	byName := listing[*FlexibleAsset]{filters: assets.filters, includes: assets.includes, wire: assets.wire, sorts: map[string]func(a, b *FlexibleAsset) int{
		"name":       byText(rq.st.Name),
		"created_at": assets.sorts["created_at"], "updated_at": assets.sorts["updated_at"],
	}}
	return byName.list(rq, rows)
}

func showAsset(rq *request) (answer, error) {
	a := rq.st.FlexibleAssets[rq.ids["id"]]
	if a == nil {
		return answer{}, notFound("flexible asset")
	}
	return assets.show(rq, a, "recent_versions", "related_items", "authorized_users")
}

var (
	assetCreateAttributes = map[string]valueKind{
		"organization_id": number, "restricted": flag, "flexible_asset_type_id": number, "archived": flag, "traits": hash,
	}
	assetUpdateAttributes = map[string]valueKind{
		"id": number, "organization_id": number, "restricted": flag, "archived": flag, "traits": hash,
	}
)

func createAsset(rq *request) (answer, error)  { return rq.createAssets(false) }
func createAssets(rq *request) (answer, error) { return rq.createAssets(true) }

// createAssets takes an array on the nested route only (itglue.md §9.2).
func (rq *request) createAssets(bulk bool) (answer, error) {
	list, many, err := rq.elements("flexible_assets", bulk, true)
	if err != nil {
		return answer{}, err
	}
	if rq.nested && rq.st.Organizations[rq.ids["organization_id"]] == nil {
		return answer{}, notFound("organization")
	}
	var failed error
	var made []*FlexibleAsset
	for _, e := range list {
		a, err := e.newAsset(rq)
		if err != nil {
			if failed == nil {
				failed = err
			}
			continue
		}
		made = append(made, a)
	}
	if failed != nil && !rq.s.o.PartialBulk {
		return answer{}, failed
	}
	for i, a := range made {
		made[i] = rq.st.AddFlexibleAsset(*a)
	}
	switch {
	case failed != nil:
		return answer{}, failed
	case many:
		return assets.many(rq, http.StatusCreated, made)
	}
	return assets.one(rq, http.StatusCreated, made[0], nil)
}

func (e element) newAsset(rq *request) (*FlexibleAsset, error) {
	if err := e.check(assetCreateAttributes); err != nil {
		return nil, err
	}
	a := &FlexibleAsset{OrganizationID: rq.ids["organization_id"], CreatedAt: rq.now}
	if !rq.nested {
		e.set("organization_id", &a.OrganizationID)
	}
	e.set("flexible_asset_type_id", &a.TypeID)
	e.set("restricted", &a.Restricted)
	e.set("archived", &a.Archived)
	if rq.st.Organizations[a.OrganizationID] == nil {
		return nil, refuse(http.StatusUnprocessableEntity, "Valid organization_id is required", "", "data/attributes/organization_id")
	}
	t := rq.st.FlexibleAssetTypes[a.TypeID]
	if t == nil {
		return nil, refuse(http.StatusUnprocessableEntity, "Valid flexible_asset_type_id is required", "", "data/attributes/flexible_asset_type_id")
	}
	if e.attrs["traits"] == nil {
		return nil, unprocessable("traits", "can't be blank")
	}
	var err error
	a.Traits, err = rq.traits(t, e.attrs["traits"])
	return a, err
}

func (e element) updateAsset(rq *request, a *FlexibleAsset) error {
	if err := e.check(assetUpdateAttributes); err != nil {
		return err
	}
	next := *a
	e.set("organization_id", &next.OrganizationID)
	e.set("restricted", &next.Restricted)
	e.set("archived", &next.Archived)
	if rq.st.Organizations[next.OrganizationID] == nil {
		return refuse(http.StatusUnprocessableEntity, "Valid organization_id is required", "", "data/attributes/organization_id")
	}
	if e.has("traits") { // all of them, or they are gone (itglue.md §0.5)
		traits, err := rq.traits(rq.st.FlexibleAssetTypes[a.TypeID], e.attrs["traits"])
		if err != nil {
			return err
		}
		next.Traits = traits
	}
	next.Versions++
	next.UpdatedAt = rq.now
	*a = next
	return nil
}

func updateAsset(rq *request) (answer, error) {
	list, _, err := rq.elements("flexible_assets", false, true)
	if err != nil {
		return answer{}, err
	}
	a := rq.st.FlexibleAssets[rq.ids["id"]]
	if a == nil {
		return answer{}, notFound("flexible asset")
	}
	if err := list[0].updateAsset(rq, a); err != nil {
		return answer{}, err
	}
	return assets.one(rq, http.StatusOK, a, nil)
}

func updateAssets(rq *request) (answer, error) {
	return bulkUpdate(rq, "flexible_assets", assets, rq.st.FlexibleAssets, element.updateAsset)
}

// traits checks a complete set of traits and returns it as it is kept; null deletes.
func (rq *request) traits(t *FlexibleAssetType, v any) (map[string]any, error) {
	in, _ := v.(map[string]any)
	out := make(map[string]any, len(in))
	for key, value := range in {
		f := t.field(key)
		if f == nil || f.Kind == "Header" {
			return nil, refuse(http.StatusUnprocessableEntity, "Unprocessable Entity", "Request contains invalid trait keys", "data/attributes/traits")
		}
		if value == nil {
			continue
		}
		kept, problem := rq.trait(f, value)
		if problem != "" {
			return nil, unprocessable("traits/"+key, problem)
		}
		if kept != nil {
			out[key] = kept
		}
	}
	for _, f := range t.Fields {
		if _, ok := out[f.NameKey]; f.Required && !ok {
			return nil, unprocessable("traits/"+f.NameKey, "can't be blank")
		}
	}
	if t.title(out) == "" && slices.ContainsFunc(t.Fields, func(f *Field) bool { return f.UseForTitle }) {
		return nil, unprocessable("name", "can't be blank: a title field needs a value")
	}
	return out, nil
}

// trait checks one value in the write shape. An empty text is no value.
func (rq *request) trait(f *Field, v any) (kept any, problem string) {
	s, isText := v.(string)
	switch f.Kind {
	case "Checkbox":
		b, ok := asFlag(v)
		if !ok {
			return nil, "must be true or false"
		}
		return b, ""
	case "Number", "Percent":
		switch v := v.(type) {
		case json.Number:
			return v, ""
		case string:
			if _, err := strconv.ParseFloat(v, 64); err == nil {
				return json.Number(v), ""
			}
		}
		return nil, "is not a number"
	case "Tag":
		return rq.tag(f, v)
	case "Upload":
		m, _ := v.(map[string]any)
		name, _ := m["file_name"].(string)
		if _, ok := m["content"].(string); !ok || name == "" {
			return nil, "must be a file with content and file_name"
		}
		return Upload{FileName: name}, ""
	}
	switch {
	case !isText:
		return nil, "must be a string"
	case s == "":
		return nil, ""
	case f.Kind == "Date":
		if _, err := time.Parse("2006-01-02", s); err != nil {
			return nil, "is not a valid date"
		}
	case f.Kind == "Select" && !rq.s.o.LooseSelect && !slices.Contains(strings.Split(f.DefaultValue, "\n"), s):
		return nil, "is not included in the list"
	}
	return s, ""
}

// tag takes an id or a list of ids, never the shape that is read (itglue.md §6.2).
func (rq *request) tag(f *Field, v any) (kept any, problem string) {
	values, many := v.([]any)
	if !many {
		values = []any{v}
	}
	var ids []int64
	for _, e := range values {
		n, ok := asID(e)
		if !ok {
			return nil, "must be an id or a list of ids"
		}
		if _, ok := rq.st.tagged(f.TagType, n); !ok {
			return nil, fmt.Sprintf("%s %d does not exist", f.TagType, n)
		}
		ids = append(ids, n)
	}
	if len(ids) == 0 {
		return nil, ""
	}
	return ids, ""
}
