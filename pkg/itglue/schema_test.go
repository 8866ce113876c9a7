package itglue_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A shape is what one value of an answer must be; it returns what is wrong.
type shape func(at string, v any) []string

func wrong(at, want string, v any) []string {
	return []string{fmt.Sprintf("%s: want %s, got %v", at, want, v)}
}

func when(want string, good func(any) bool) shape {
	return func(at string, v any) []string {
		if good(v) {
			return nil
		}
		return wrong(at, want, v)
	}
}

func matching(want, pattern string) shape {
	re := regexp.MustCompile(pattern)
	return when(want, func(v any) bool { s, ok := v.(string); return ok && re.MatchString(s) })
}

var (
	aText   = when("a text", func(v any) bool { _, ok := v.(string); return ok })
	aNumber = when("a number", func(v any) bool { _, ok := v.(json.Number); return ok })
	aFlag   = when("true or false", func(v any) bool { _, ok := v.(bool); return ok })
	anID    = matching("an id as text", `^[1-9][0-9]*$`)
	aStamp  = matching("a time in UTC with milliseconds", `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`)
	aURL    = matching("an address", `^https://[^ ]+$`)
)

var aTag = object(map[string]shape{"type": aText, "values": listOf(object(map[string]shape{"id": aNumber, "name": aText}))})

func exactly(want any) shape { return when(fmt.Sprint(want), func(v any) bool { return v == want }) }

func orNull(s shape) shape {
	return func(at string, v any) []string {
		if v == nil {
			return nil
		}
		return s(at, v)
	}
}

func listOf(s shape) shape {
	return func(at string, v any) (out []string) {
		list, ok := v.([]any)
		if !ok {
			return wrong(at, "a list", v)
		}
		for i, e := range list {
			out = append(out, s(fmt.Sprintf("%s[%d]", at, i), e)...)
		}
		return out
	}
}

// anyOf takes a value that one of the shapes takes.
func anyOf(shapes ...shape) shape {
	return func(at string, v any) []string {
		var nearest []string
		for _, s := range shapes {
			problems := s(at, v)
			if len(problems) == 0 {
				return nil
			}
			if nearest == nil || len(problems) < len(nearest) {
				nearest = problems
			}
		}
		return append(nearest, at+" is of none of the known shapes")
	}
}

// byKey is an object of any members of one shape.
func byKey(s shape) shape {
	return func(at string, v any) (out []string) {
		m, ok := v.(map[string]any)
		if !ok {
			return wrong(at, "an object", v)
		}
		for _, k := range slices.Sorted(maps.Keys(m)) {
			out = append(out, s(at+"."+k, m[k])...)
		}
		return out
	}
}

// object is an object of exactly these members; those whose name ends in "?" may be missing.
func object(members map[string]shape) shape {
	return func(at string, v any) (out []string) {
		m, ok := v.(map[string]any)
		if !ok {
			return wrong(at, "an object", v)
		}
		for name, s := range members {
			name, optional := strings.CutSuffix(name, "?")
			if value, there := m[name]; there {
				out = append(out, s(at+"."+name, value)...)
			} else if !optional {
				out = append(out, at+"."+name+" is missing")
			}
		}
		for name := range m {
			if members[name] == nil && members[name+"?"] == nil {
				out = append(out, at+"."+name+" is not known")
			}
		}
		slices.Sort(out)
		return out
	}
}

func resourceOf(kind string, attributes shape) shape {
	ref := object(map[string]shape{"id": anID, "type": aText})
	return object(map[string]shape{
		"id": anID, "type": exactly(kind), "attributes": attributes,
		"relationships?": byKey(object(map[string]shape{"data": listOf(ref)})),
	})
}

func shown(resource shape, included ...shape) shape {
	return object(map[string]shape{"data": resource, "included?": listOf(anyOf(included...))})
}

func listed(resource shape, included ...shape) shape {
	return object(map[string]shape{
		"data": listOf(resource), "included?": listOf(anyOf(included...)), "meta": schemas["paging"].shape, "links": schemas["links"].shape,
	})
}

func written(resource shape) shape { return object(map[string]shape{"data": listOf(resource)}) }

// schemas are what the vendor's machine-readable list of operations leaves out: the bodies of all answers. They are
// written by hand, each after the section of itglue.md that it names; members are those the section names.
var schemas = map[string]struct {
	section string
	shape   shape
}{
	"paging": {"§1.2 meta", object(map[string]shape{
		"current-page": aNumber, "next-page": orNull(aNumber), "prev-page": orNull(aNumber), "total-pages": aNumber, "total-count": aNumber,
		"filters": byKey(aText),
	})},
	"links": {"§1.2 links", object(map[string]shape{"self": aURL, "first": aURL, "last": aURL, "next?": aURL, "prev?": aURL})},
	"named record": {"§5, §1 dates; configurations-count of types §2", object(map[string]shape{
		"name": aText, "created-at": aStamp, "updated-at": aStamp, "configurations-count?": aNumber,
	})},
	"organization": {"§3.2; parent-id and ancestor-ids as texts §1.3; nulls §1", object(map[string]shape{
		"name": aText, "alert": orNull(aText), "description": orNull(aText),
		"organization-type-id": orNull(aNumber), "organization-type-name": orNull(aText),
		"organization-status-id": orNull(aNumber), "organization-status-name": orNull(aText),
		"primary": aFlag, "logo": orNull(aText), "quick-notes": orNull(aText), "short-name": orNull(aText),
		"parent-id": orNull(anID), "ancestor-ids": orNull(matching("a list in a text", `^\[\d+(,\d+)*\]$`)), "my-glue": aFlag,
		"created-at": aStamp, "updated-at": aStamp,
	})},
	"adapter": {"§3.5", object(map[string]shape{"adapter-type-name": aText, "remote-id": aText, "sync": aFlag, "orphaned": aFlag})},
	"configuration": {"§4.2", object(map[string]shape{
		"organization-id": aNumber, "organization-name": aText, "organization-short-name": orNull(aText), "resource-url": aURL, "name": aText,
		"hostname": orNull(aText), "primary-ip": orNull(aText), "mac-address": orNull(aText), "default-gateway": orNull(aText),
		"serial-number": orNull(aText), "asset-tag": orNull(aText), "position": orNull(aText), "installed-by": orNull(aText), "purchased-by": orNull(aText),
		"notes": orNull(aText), "operating-system-notes": orNull(aText), "warranty-expires-at": orNull(aText), "installed-at": orNull(aText),
		"purchased-at": orNull(aText), "mitp-device-expiration-date": orNull(aText), "mitp-end-of-life-date": orNull(aText),
		"configuration-type-id": orNull(aNumber), "configuration-type-name": orNull(aText),
		"configuration-status-id": orNull(aNumber), "configuration-status-name": orNull(aText),
		"manufacturer-id": orNull(aNumber), "model-id": orNull(aNumber), "operating-system-id": orNull(aNumber), "location-id": orNull(aNumber),
		"contact-id": orNull(aNumber), "archived": aFlag, "restricted": aFlag, "my-glue": aFlag,
		"psa-integration": orNull(matching("a PSA state", `^(enabled|disabled|orphaned)$`)), "created-at": aStamp, "updated-at": aStamp,
	})},
	"interface": {"§4.4; its id inside the attributes §1.3", object(map[string]shape{
		"id": aNumber, "configuration-id": aNumber, "name": orNull(aText), "ip-address": orNull(aText), "mac-address": orNull(aText),
		"primary": aFlag, "notes": orNull(aText), "created-at": aStamp, "updated-at": aStamp,
	})},
	"RMM record": {"§4.5", object(map[string]shape{
		"name": aText, "hostname": orNull(aText), "serial-number": orNull(aText), "mac-addresses": listOf(aText), "ip-addresses": listOf(aText),
	})},
	"flexible asset type": {"§6.1", object(map[string]shape{
		"name": aText, "description": orNull(aText), "icon": orNull(aText), "enabled": aFlag, "show-in-menu?": aFlag, "created-at": aStamp, "updated-at": aStamp,
	})},
	"flexible asset field": {"§6.1", object(map[string]shape{
		"flexible-asset-type-id": aNumber, "order": aNumber, "name": aText, "name-key": matching("a slug", `^[a-z0-9]+(-[a-z0-9]+)*$`),
		"kind": matching("a kind", `^(Checkbox|Date|Header|Number|Select|Text|Textbox|Upload|Tag|Percent|Password)$`),
		"hint": orNull(aText), "tag-type": orNull(aText), "default-value": orNull(aText), "decimals": orNull(aNumber),
		"required": aFlag, "use-for-title": aFlag, "show-in-list": aFlag, "expiration": aFlag, "created-at": aStamp, "updated-at": aStamp,
	})},
	"tag trait": {"§6.2 read shape", aTag},
	"flexible asset": {"§6.2 attributes", object(map[string]shape{
		"organization-id": aNumber, "organization-name": aText, "resource-url": aURL, "restricted": aFlag, "my-glue": aFlag,
		"flexible-asset-type-id": aNumber, "flexible-asset-type-name": aText, "name": aText, "archived": aFlag, "created-at": aStamp, "updated-at": aStamp,
		"traits": byKey(anyOf(aText, aNumber, aFlag, aTag)),
	})},
	"gateway error": {"§1.3 gateway errors, §9.12", object(map[string]shape{"message": aText})},
	"JSON:API error": {"§1.3 errors", object(map[string]shape{"errors": listOf(object(map[string]shape{
		"status": aNumber, "title": aText, "detail?": aText, "source?": object(map[string]shape{"pointer": aText}),
	}))})},
}

func decoded(t *testing.T, body []byte) any {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(string(body)))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("%v in %.200s", err, body)
	}
	return v
}

// spoil calls try with the value changed in one place, once for each place: a member more, or a value of another kind.
func spoil(v any, at string, set func(any), try func(what string)) {
	if at != "" {
		set(map[string]any{"surprise": []any{}})
		try(at + " is of another kind")
		set(v)
	}
	switch v := v.(type) {
	case map[string]any:
		if !strings.HasSuffix(at, ".traits") && !strings.HasSuffix(at, ".filters") && !strings.HasSuffix(at, ".relationships") {
			v["surprise"] = "x"
			try(at + " has a member more")
			delete(v, "surprise")
		}
		for k, e := range v {
			spoil(e, at+"."+k, func(n any) { v[k] = n }, try)
		}
	case []any:
		for i, e := range v {
			spoil(e, fmt.Sprintf("%s[%d]", at, i), func(n any) { v[i] = n }, try)
		}
	}
}
