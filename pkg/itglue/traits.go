package itglue

import (
	"encoding/json"
	"slices"
	"sort"
)

// Traits are a flexible asset's values under its fields' name keys. A read gives them in the read shape (numbers are
// json.Number; a Tag is {"type":"Configurations","values":[{"id":…,"name":…}]}), a write takes the write shape (a Tag is
// a list of ids) (itglue.md §6.2).

// MergeTraits returns the complete set of traits, in the write shape, for updating an asset: ours under ourKeys (one that
// ours lacks, or has as nil, is cleared), and everything that people put under other keys. IT Glue deletes what an update
// does not name, so never send less than this. What cannot be written back, see [Unmergeable].
func MergeTraits(current, ours map[string]any, ourKeys []string) map[string]any {
	out := make(map[string]any, len(current)+len(ours))
	for key, v := range current {
		if slices.Contains(ourKeys, key) {
			continue
		}
		if w, ok := WriteShape(v); ok && w != nil {
			out[key] = w
		}
	}
	for _, key := range ourKeys {
		if v, ok := ours[key]; ok && v != nil {
			out[key] = v
		}
	}
	return out
}

// Unmergeable returns the keys outside ourKeys whose values cannot be written back, such as uploads: an update would
// delete them (itglue.md §6.2). Updating such an asset destroys what a person added. Fields of kind Password may not even
// show a value; see [FlexibleAssetType.Unkeepable].
func Unmergeable(current map[string]any, ourKeys []string) []string {
	var keys []string
	for key, v := range current {
		if slices.Contains(ourKeys, key) {
			continue
		}
		if _, ok := WriteShape(v); !ok {
			keys = append(keys, key)
		}
	}
	sort.Strings(keys)
	return keys
}

// WriteShape turns one trait's value from the read shape into the write shape; false when there is none. Plain values
// are the same in both.
func WriteShape(v any) (any, bool) {
	switch v := v.(type) {
	case map[string]any:
		values, ok := v["values"].([]any)
		if !ok || textOf(v["type"]) == "" || textOf(v["type"]) == "Upload" {
			return nil, false
		}
		ids := make([]any, 0, len(values))
		for _, e := range values {
			id := ""
			if m, ok := e.(map[string]any); ok {
				id = idOf(m["id"])
			}
			if id == "" {
				return nil, false
			}
			ids = append(ids, number(id))
		}
		return ids, true
	case []any:
		for _, e := range v {
			if _, nested := e.(map[string]any); nested {
				return nil, false
			}
			if _, nested := e.([]any); nested {
				return nil, false
			}
		}
	}
	return v, true
}

// TraitText returns a trait's value as text when it is a text, a number or a truth value; otherwise "".
func TraitText(v any) string { return textOf(v) }

// TraitIDs returns the ids that a Tag's value names, in either shape.
func TraitIDs(v any) []string {
	w, ok := WriteShape(v)
	if !ok {
		return nil
	}
	list, ok := w.([]any)
	if !ok {
		list = []any{w}
	}
	var ids []string
	for _, e := range list {
		switch e := e.(type) {
		case json.Number, string:
			if id := idOf(e); id != "" {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// TagValue is the write shape of a Tag trait with these ids.
func TagValue(ids ...string) []any {
	out := make([]any, 0, len(ids))
	for _, id := range ids {
		out = append(out, number(id))
	}
	return out
}
