package sandbox

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

var (
	fieldKinds = []string{"Checkbox", "Date", "Header", "Number", "Select", "Text", "Textbox", "Upload", "Tag", "Percent", "Password"}
	titleKinds = map[string]bool{"Text": true, "Select": true, "Date": true} // itglue.md §0.4
	tagTypes   = []string{
		"AccountsUsers", "Checklists", "ChecklistTemplates", "Contacts", "Configurations", "Documents", "Domains", "Passwords",
		"Locations", "Organizations", "SslCertificates", "Tickets",
	}
)

type wireType struct {
	Name        string  `json:"name"`
	Description *string `json:"description"`
	Icon        *string `json:"icon"`
	Enabled     bool    `json:"enabled"`
	CreatedAt   string  `json:"created-at"`
	UpdatedAt   string  `json:"updated-at"`
}

type wireField struct {
	TypeID       int64   `json:"flexible-asset-type-id"`
	Order        int     `json:"order"`
	Name         string  `json:"name"`
	Kind         string  `json:"kind"`
	Hint         *string `json:"hint"`
	TagType      *string `json:"tag-type"`
	Required     bool    `json:"required"`
	UseForTitle  bool    `json:"use-for-title"`
	ShowInList   bool    `json:"show-in-list"`
	Expiration   bool    `json:"expiration"`
	DefaultValue *string `json:"default-value"`
	Decimals     int     `json:"decimals"`
	NameKey      string  `json:"name-key"`
	CreatedAt    string  `json:"created-at"`
	UpdatedAt    string  `json:"updated-at"`
}

// An ownedField is a field with its type.
type ownedField struct {
	*Field
	t *FlexibleAssetType
}

func fieldRecord(_ *request, f ownedField, _ []string) (wireRecord, []wireRecord) {
	return wireRecord{ID: id(f.ID), Type: "flexible-asset-fields", Attributes: wireField{
		f.t.ID, f.Order, f.Name, f.Kind, textOrNull(f.Hint), textOrNull(f.TagType), f.Required, f.UseForTitle, f.ShowInList,
		f.Expiration, textOrNull(f.DefaultValue), f.Decimals, f.NameKey, stamp(f.CreatedAt), stamp(f.UpdatedAt),
	}}, nil
}

var fields = listing[ownedField]{
	sorts: map[string]func(a, b ownedField) int{
		"created_at": byTime(func(f ownedField) time.Time { return f.CreatedAt }),
		"updated_at": byTime(func(f ownedField) time.Time { return f.UpdatedAt }),
	},
	includes: []string{"remote_asset_field"},
	wire:     fieldRecord,
}

var types = listing[*FlexibleAssetType]{
	filters: map[string]func(*FlexibleAssetType, string) bool{
		"id":      func(t *FlexibleAssetType, v string) bool { return idIs(t.ID, v) },
		"name":    func(t *FlexibleAssetType, v string) bool { return t.Name == v },
		"icon":    func(t *FlexibleAssetType, v string) bool { return t.Icon == v },
		"enabled": func(t *FlexibleAssetType, v string) bool { return flagIs(t.Enabled, v) },
	},
	sorts: map[string]func(a, b *FlexibleAssetType) int{
		"name":       byText(func(t *FlexibleAssetType) string { return t.Name }),
		"id":         byNumber(func(t *FlexibleAssetType) int64 { return t.ID }),
		"created_at": byTime(func(t *FlexibleAssetType) time.Time { return t.CreatedAt }),
		"updated_at": byTime(func(t *FlexibleAssetType) time.Time { return t.UpdatedAt }),
	},
	enums:    map[string][]string{"enabled": flags},
	includes: []string{"flexible_asset_fields"},
	wire: func(rq *request, t *FlexibleAssetType, includes []string) (wireRecord, []wireRecord) {
		r := wireRecord{ID: id(t.ID), Type: "flexible-asset-types", Attributes: wireType{
			t.Name, textOrNull(t.Description), textOrNull(t.Icon), t.Enabled, stamp(t.CreatedAt), stamp(t.UpdatedAt),
		}}
		var included []wireRecord
		if len(includes) > 0 {
			for _, f := range t.owned() {
				record, _ := fieldRecord(rq, f, nil)
				included = append(included, record)
			}
			r.Relationships = map[string]any{"flexible-asset-fields": refs(included)}
		}
		return r, included
	},
}

func (t *FlexibleAssetType) owned() []ownedField {
	out := make([]ownedField, len(t.Fields))
	for i, f := range t.Fields {
		out[i] = ownedField{f, t}
	}
	return out
}

func listTypes(rq *request) (answer, error) { return types.list(rq, sorted(rq.st.FlexibleAssetTypes)) }

func showType(rq *request) (answer, error) {
	t := rq.st.FlexibleAssetTypes[rq.ids["id"]]
	if t == nil {
		return answer{}, notFound("flexible asset type")
	}
	return types.show(rq, t)
}

var typeAttributes = map[string]valueKind{"name": text, "description": text, "icon": text, "enabled": flag, "fields": list, "show_in_menu": flag}

func createType(rq *request) (answer, error) {
	elements, _, err := rq.elements("flexible_asset_types", false, true)
	if err != nil {
		return answer{}, err
	}
	e := elements[0]
	if err := e.check(typeAttributes); err != nil {
		return answer{}, err
	}
	if e.has("fields") { // itglue.md §6.1: fields inside attributes give 500
		return page(http.StatusInternalServerError, "Internal Server Error"), nil
	}
	t := &FlexibleAssetType{Enabled: true, CreatedAt: rq.now}
	e.set("name", &t.Name)
	e.set("description", &t.Description)
	e.set("icon", &t.Icon)
	e.set("enabled", &t.Enabled)
	if strings.TrimSpace(t.Name) == "" {
		return answer{}, unprocessable("name", "can't be blank")
	}
	for name, rel := range e.relations {
		members, _ := rel.(map[string]any)
		rows, ok := members["data"].([]any)
		if snake(name) != "flexible_asset_fields" || !ok {
			return answer{}, badRequest("relationship not allowed: "+name, "/data/relationships/"+name)
		}
		for _, row := range rows {
			m, _ := row.(map[string]any)
			fe, err := rq.element("flexible_asset_fields", m)
			if err != nil {
				return answer{}, err
			}
			f, err := fe.newField(rq, t)
			if err != nil {
				return answer{}, err
			}
			t.Fields = append(t.Fields, f)
		}
	}
	if len(t.Fields) == 0 || !slices.ContainsFunc(t.Fields, func(f *Field) bool { return f.ShowInList }) {
		return answer{}, unprocessable("fields", "must have at least one field that is shown in the list")
	}
	return types.one(rq, http.StatusCreated, rq.st.AddFlexibleAssetType(*t), nil)
}

func updateType(rq *request) (answer, error) {
	elements, _, err := rq.elements("flexible_asset_types", false, true)
	if err != nil {
		return answer{}, err
	}
	if err := elements[0].check(withID(typeAttributes)); err != nil {
		return answer{}, err
	}
	t := rq.st.FlexibleAssetTypes[rq.ids["id"]]
	if t == nil {
		return answer{}, notFound("flexible asset type")
	}
	for name, to := range map[string]any{"name": &t.Name, "description": &t.Description, "icon": &t.Icon, "enabled": &t.Enabled} {
		elements[0].set(name, to)
	}
	t.UpdatedAt = rq.now
	return types.one(rq, http.StatusOK, t, nil)
}

var fieldAttributes = map[string]valueKind{
	"flexible_asset_type_id": number, "order": number, "name": text, "kind": text, "hint": text, "decimals": number,
	"default_value": text, "tag_type": text, "required": flag, "use_for_title": flag, "expiration": flag, "show_in_list": flag,
}

func (e element) newField(rq *request, t *FlexibleAssetType) (*Field, error) {
	f := &Field{CreatedAt: rq.now, UpdatedAt: rq.now}
	if !e.has("order") || !e.has("kind") {
		return nil, unprocessable("order", "order, name and kind are required")
	}
	return f, e.applyField(f, t)
}

func (e element) applyField(f *Field, t *FlexibleAssetType) error {
	if err := e.check(withID(fieldAttributes)); err != nil {
		return err
	}
	next := *f
	for name, to := range map[string]any{
		"order": &next.Order, "name": &next.Name, "kind": &next.Kind, "hint": &next.Hint, "decimals": &next.Decimals,
		"default_value": &next.DefaultValue, "tag_type": &next.TagType, "required": &next.Required,
		"use_for_title": &next.UseForTitle, "expiration": &next.Expiration, "show_in_list": &next.ShowInList,
	} {
		e.set(name, to)
	}
	switch {
	case strings.TrimSpace(next.Name) == "":
		return unprocessable("name", "can't be blank")
	case !slices.Contains(fieldKinds, next.Kind):
		return unprocessable("kind", "is not included in the list")
	case next.Kind == "Select" && next.DefaultValue == "":
		return unprocessable("default_value", "is required for a Select")
	case next.Kind == "Tag" && !slices.Contains(tagTypes, next.TagType) && !strings.HasPrefix(next.TagType, "FlexibleAssetType: "):
		return unprocessable("tag_type", "is not included in the list")
	case (next.Kind == "Number" || next.Kind == "Percent") && f.ID == 0 && !e.has("decimals"):
		return unprocessable("decimals", "is required")
	}
	for _, other := range t.Fields {
		if other.ID == f.ID && f.ID != 0 {
			continue
		}
		if other.Name == next.Name || other.Order == next.Order {
			return unprocessable("order", "name and order must be unique")
		}
	}
	next.UseForTitle = next.UseForTitle && titleKinds[next.Kind]
	next.Required = next.Required && next.Kind != "Header"
	*f = next
	return nil
}

func (rq *request) fieldType() (*FlexibleAssetType, error) {
	t := rq.st.FlexibleAssetTypes[rq.ids["flexible_asset_type_id"]]
	if t == nil {
		return nil, notFound("flexible asset type")
	}
	return t, nil
}

func listFields(rq *request) (answer, error) {
	t, err := rq.fieldType()
	if err != nil {
		return answer{}, err
	}
	rq.nested = true
	return fields.list(rq, t.owned())
}

func createFields(rq *request) (answer, error) {
	t, err := rq.fieldType()
	if err != nil {
		return answer{}, err
	}
	elements, many, err := rq.elements("flexible_asset_fields", true, true)
	if err != nil {
		return answer{}, err
	}
	trial := *t
	var made []*Field
	for _, e := range elements {
		f, err := e.newField(rq, &trial)
		if err != nil {
			return answer{}, err
		}
		trial.Fields = append(slices.Clip(trial.Fields), f)
		made = append(made, f)
	}
	rows := make([]ownedField, 0, len(made))
	for _, f := range made {
		rows = append(rows, ownedField{rq.st.addField(t, *f), t})
	}
	if many {
		return fields.many(rq, http.StatusCreated, rows)
	}
	return fields.one(rq, http.StatusCreated, rows[0], nil)
}

func (rq *request) field() (ownedField, error) {
	for _, t := range rq.st.FlexibleAssetTypes {
		for _, f := range t.Fields {
			if f.ID == rq.ids["id"] {
				return ownedField{f, t}, nil
			}
		}
	}
	return ownedField{}, notFound("flexible asset field")
}

func showField(rq *request) (answer, error) {
	f, err := rq.field()
	if err != nil {
		return answer{}, err
	}
	return fields.show(rq, f)
}

func updateField(rq *request) (answer, error) {
	f, err := rq.field()
	if err != nil {
		return answer{}, err
	}
	elements, _, err := rq.elements("flexible_asset_fields", false, true)
	if err != nil {
		return answer{}, err
	}
	e := elements[0]
	if e.has("kind") && e.text("kind") != f.Kind && rq.st.uses(f) {
		return answer{}, unprocessable("kind", "cannot be changed once the field is in use") // itglue.md §6.1
	}
	if err := e.applyField(f.Field, f.t); err != nil {
		return answer{}, err
	}
	f.UpdatedAt = rq.now
	slices.SortStableFunc(f.t.Fields, func(a, b *Field) int { return a.Order - b.Order })
	return fields.one(rq, http.StatusOK, f, nil)
}

// uses reports whether any asset has a value in the field.
func (s *State) uses(f ownedField) bool {
	for _, a := range s.FlexibleAssets {
		if _, ok := a.Traits[f.NameKey]; ok && a.TypeID == f.t.ID {
			return true
		}
	}
	return false
}
