package itglue

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"uniview-bridge/pkg/vendorhttp"
)

// Kinds of a flexible asset's fields (itglue.md §6.1).
const (
	KindCheckbox = "Checkbox"
	KindDate     = "Date"
	KindHeader   = "Header"
	KindNumber   = "Number"
	KindPassword = "Password"
	KindPercent  = "Percent"
	KindSelect   = "Select"
	KindTag      = "Tag"
	KindText     = "Text"
	KindTextbox  = "Textbox"
	KindUpload   = "Upload"
)

// TypeSpec is the flexible asset type that a caller needs. Its fields keep the order given.
type TypeSpec struct {
	Name        string
	Description string
	Icon        string // a Font Awesome name
	Fields      []FieldSpec
}

// FieldSpec is one field of a [TypeSpec].
type FieldSpec struct {
	Name        string
	Kind        string // one of the Kind constants
	Hint        string
	Options     []string // of a Select: the values it takes
	TagType     string   // of a Tag: "Configurations", …
	Decimals    int      // of a Number or Percent
	Required    bool
	UseForTitle bool // part of the asset's name; Text, Select and Date only (itglue.md §0.4)
	ShowInList  bool // at least one field must have it
	Expiration  bool // of a Date: IT Glue's expiration workflows watch it
}

// A FlexibleAssetType is a type as IT Glue has it, fields that people added included.
type FlexibleAssetType struct {
	ID, Name, Description, Icon string
	Enabled                     bool
	Fields                      []FlexibleAssetField
}

// A FlexibleAssetField is one field of a type. NameKey is its trait's key: IT Glue makes it, it is read, never computed.
type FlexibleAssetField struct {
	ID, Name, NameKey, Kind, TagType string
	Options                          []string // of a Select
	Order                            int
	Required, UseForTitle            bool
	ShowInList, Expiration           bool
}

// Key returns the trait key of the field with this name.
func (t FlexibleAssetType) Key(fieldName string) (string, bool) {
	for _, f := range t.Fields {
		if f.Name == fieldName {
			return f.NameKey, true
		}
	}
	return "", false
}

// Unkeepable returns the fields outside ourKeys whose values an update may lose, because the API does not give them back
// in a form that can be written: uploads and passwords.
func (t FlexibleAssetType) Unkeepable(ourKeys []string) []FlexibleAssetField {
	var out []FlexibleAssetField
	for _, f := range t.Fields {
		if (f.Kind == KindUpload || f.Kind == KindPassword) && !slices.Contains(ourKeys, f.NameKey) {
			out = append(out, f)
		}
	}
	return out
}

// EnsureFlexibleAssetType finds the type with exactly the spec's name or makes it, adds the fields and Select values that
// it lacks, and returns it as IT Glue then has it, with every name key read back. Fields that people added, renamed titles
// and lists, and the order stay as they are. A field's kind is never changed: one of another kind, like two types of the
// same name, is an error of kind Conflict that says what a person must do.
//
// Making a type is not idempotent: run one at a time, and after an uncertain error look again before making another.
// Every error behind a create that succeeded is uncertain, a failed read too: the type is there, but a list may not show
// it yet.
func (c *Client) EnsureFlexibleAssetType(ctx context.Context, spec TypeSpec) (FlexibleAssetType, error) {
	const op = "ensure flexible asset type"
	if t, there, err := c.FindFlexibleAssetType(ctx, spec); there || err != nil {
		return t, err
	}
	made, err := c.createType(ctx, spec)
	if err != nil {
		return FlexibleAssetType{}, err
	}
	t, err := c.complete(ctx, made, spec)
	if err != nil {
		return FlexibleAssetType{}, uncertain(op, err)
	}
	return t, nil
}

// FindFlexibleAssetType returns the type that spec names, completed as [Client.EnsureFlexibleAssetType] does, and whether
// there is one. It never makes one: it is the search after a create whose answer was lost.
func (c *Client) FindFlexibleAssetType(ctx context.Context, spec TypeSpec) (FlexibleAssetType, bool, error) {
	if problem := spec.problem(); problem != "" {
		return FlexibleAssetType{}, false, fail(findFlexibleAssetType, vendorhttp.Invalid, "%s", problem)
	}
	found, err := c.findTypes(ctx, spec.Name)
	if err != nil || len(found) == 0 {
		return FlexibleAssetType{}, false, err
	}
	if len(found) > 1 {
		return FlexibleAssetType{}, false, fail(findFlexibleAssetType, vendorhttp.Conflict,
			"IT Glue has %d flexible asset types named %q; rename all but one", len(found), spec.Name)
	}
	t, err := c.complete(ctx, found[0], spec)
	return t, err == nil, err
}

// uncertain is an error of what follows a create that succeeded.
func uncertain(op string, err error) error {
	var e *vendorhttp.Error
	if !errors.As(err, &e) {
		e = vendorhttp.NewError(vendor, op, vendorhttp.Incomplete, 0, err.Error()).Because(err)
	}
	after := *e
	after.Uncertain = true
	return &after
}

// complete reads the fields of a type, adds what they lack of the spec, and reads them back.
func (c *Client) complete(ctx context.Context, t FlexibleAssetType, spec TypeSpec) (FlexibleAssetType, error) {
	var err error
	if t.Fields, err = c.listFields(ctx, t.ID); err != nil {
		return FlexibleAssetType{}, err
	}
	changed, err := c.upgradeFields(ctx, t, spec)
	if err != nil {
		return FlexibleAssetType{}, err
	}
	if changed {
		if t.Fields, err = c.listFields(ctx, t.ID); err != nil {
			return FlexibleAssetType{}, err
		}
	}
	for _, f := range spec.Fields {
		if key, ok := t.Key(f.Name); !ok || (key == "" && f.Kind != KindHeader) {
			return FlexibleAssetType{}, vendorhttp.NewError(vendor, "read flexible asset fields", vendorhttp.Malformed, 0, fmt.Sprintf(
				"IT Glue does not show field %q, or its name key, after it was made", f.Name))
		}
	}
	return t, nil
}

// problem says why IT Glue would refuse the type, or "" (itglue.md §6.1).
func (s TypeSpec) problem() string {
	if strings.TrimSpace(s.Name) == "" || len(s.Fields) == 0 {
		return "a flexible asset type needs a name and a field"
	}
	names := map[string]bool{}
	for _, f := range s.Fields {
		switch {
		case strings.TrimSpace(f.Name) == "" || names[f.Name]:
			return fmt.Sprintf("field names must be there and differ: %q", f.Name)
		case f.Kind == KindSelect && len(f.Options) == 0:
			return fmt.Sprintf("Select field %q needs its options", f.Name)
		case f.Kind == KindTag && f.TagType == "":
			return fmt.Sprintf("Tag field %q needs a tag type", f.Name)
		case f.UseForTitle && f.Kind != KindText && f.Kind != KindSelect && f.Kind != KindDate:
			return fmt.Sprintf("field %q of kind %s cannot be part of the title", f.Name, f.Kind)
		}
		names[f.Name] = true
	}
	if !slices.ContainsFunc(s.Fields, func(f FieldSpec) bool { return f.ShowInList }) {
		return "at least one field must be shown in the list"
	}
	return ""
}

func (c *Client) findTypes(ctx context.Context, name string) ([]FlexibleAssetType, error) {
	return readAll(ctx, c, func() *Pager[FlexibleAssetType] {
		spec := listSpec{op: findFlexibleAssetType, sort: "id", filters: filterBy("name", name)}
		return newPager(c, spec, func(_ *document, r *resource) (FlexibleAssetType, bool) {
			t := typeOf(r)
			return t, t.Name == name
		})
	})
}

func typeOf(r *resource) FlexibleAssetType {
	return FlexibleAssetType{
		ID: r.id, Name: r.attrs.text("name"), Description: r.attrs.text("description"), Icon: r.attrs.text("icon"),
		Enabled: r.attrs["enabled"] == nil || r.attrs.flag("enabled"),
	}
}

// createType sends the fields as relationships: inside attributes they are answered with 500 (itglue.md §6.1).
func (c *Client) createType(ctx context.Context, spec TypeSpec) (FlexibleAssetType, error) {
	fields := make([]writeResource, 0, len(spec.Fields))
	for i, f := range spec.Fields {
		fields = append(fields, f.write(i+1))
	}
	_, r, err := c.writeOne(ctx, createFlexibleAssetType, writeResource{
		Type: "flexible_asset_types",
		Attributes: sendable(map[string]any{
			"name": spec.Name, "description": spec.Description, "icon": spec.Icon, "enabled": true,
		}),
		Relationships: map[string]any{"flexible_asset_fields": map[string]any{"data": fields}},
	})
	if err != nil {
		return FlexibleAssetType{}, err
	}
	return typeOf(r), nil
}

func (f FieldSpec) write(order int) writeResource {
	attrs := sendable(map[string]any{
		"order": order, "name": f.Name, "kind": f.Kind, "hint": f.Hint, "tag-type": f.TagType,
		"default-value": strings.Join(f.Options, "\n"),
		"required":      f.Required, "use-for-title": f.UseForTitle, "show-in-list": f.ShowInList, "expiration": f.Expiration,
	})
	if f.Kind == KindNumber || f.Kind == KindPercent {
		attrs["decimals"] = f.Decimals
	}
	return writeResource{Type: "flexible_asset_fields", Attributes: attrs}
}

func (c *Client) listFields(ctx context.Context, typeID string) ([]FlexibleAssetField, error) {
	fields, err := readAll(ctx, c, func() *Pager[FlexibleAssetField] {
		spec := listSpec{op: listFlexibleAssetFields, ids: []string{typeID}, sort: "created_at"}
		return newPager(c, spec, func(_ *document, r *resource) (FlexibleAssetField, bool) { return fieldOf(r), true })
	})
	slices.SortStableFunc(fields, func(a, b FlexibleAssetField) int { return a.Order - b.Order })
	return fields, err
}

func fieldOf(r *resource) FlexibleAssetField {
	a := r.attrs
	f := FlexibleAssetField{
		ID: r.id, Name: a.text("name"), NameKey: a.text("name-key"), Kind: a.text("kind"), TagType: a.text("tag-type"),
		Order: a.number("order"), Required: a.flag("required"), UseForTitle: a.flag("use-for-title"),
		ShowInList: a.flag("show-in-list"), Expiration: a.flag("expiration"),
	}
	if f.Kind == KindSelect {
		for line := range strings.Lines(a.text("default-value")) {
			if line = strings.TrimSpace(line); line != "" {
				f.Options = append(f.Options, line)
			}
		}
	}
	return f
}

// upgradeFields adds what t lacks of spec and reports whether it wrote anything.
func (c *Client) upgradeFields(ctx context.Context, t FlexibleAssetType, spec TypeSpec) (changed bool, err error) {
	const op = "upgrade flexible asset type"
	have := map[string]FlexibleAssetField{}
	order := 0
	for _, f := range t.Fields {
		have[f.Name] = f
		order = max(order, f.Order)
	}
	var missing []writeResource
	widened := map[string][]string{}
	for _, want := range spec.Fields {
		f, ok := have[want.Name]
		switch {
		case !ok:
			order++
			missing = append(missing, want.write(order))
		case f.Kind != want.Kind:
			return false, vendorhttp.NewError(vendor, op, vendorhttp.Conflict, 0, fmt.Sprintf(
				"field %q of flexible asset type %q has the kind %s, and %s is needed; rename or remove that field in IT Glue", want.Name, t.Name, f.Kind, want.Kind))
		case want.Kind == KindTag && f.TagType != want.TagType:
			return false, vendorhttp.NewError(vendor, op, vendorhttp.Conflict, 0, fmt.Sprintf(
				"field %q of flexible asset type %q tags %s, and %s is needed; rename or remove that field in IT Glue", want.Name, t.Name, f.TagType, want.TagType))
		case want.Kind == KindSelect:
			all := f.Options
			for _, o := range want.Options {
				if !slices.Contains(all, o) {
					all = append(slices.Clip(all), o)
				}
			}
			if len(all) > len(f.Options) {
				widened[f.ID] = all
			}
		}
	}
	if len(missing) > 0 {
		if _, err := c.write(ctx, addFlexibleAssetFields, missing, t.ID); err != nil {
			return false, err
		}
	}
	for _, f := range t.Fields {
		options, ok := widened[f.ID]
		if !ok {
			continue
		}
		_, _, err := c.writeOne(ctx, addFieldOptions, writeResource{
			Type: "flexible_asset_fields", Attributes: map[string]any{"default-value": strings.Join(options, "\n")},
		}, f.ID)
		if err != nil {
			return false, err
		}
	}
	return len(missing)+len(widened) > 0, nil
}
