package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// An element is one resource object of a write, its attributes under snake_case names. IT Glue takes kebab-case too
// (itglue.md §1.4).
type element struct {
	attrs     map[string]any
	relations map[string]any
}

// elements reads a write's body: a hash, or an array where bulk is allowed. Members that are not known are refused.
func (rq *request) elements(kind string, bulk, single bool) ([]element, bool, error) {
	dec := json.NewDecoder(bytes.NewReader(rq.body))
	dec.UseNumber()
	var doc map[string]any
	if err := dec.Decode(&doc); err != nil {
		return nil, false, badRequest("the body is not a JSON object", "")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, false, badRequest("the body is not a JSON object alone", "")
	}
	for member := range doc {
		if member != "data" {
			return nil, false, badRequest("unknown member "+member, "/"+member)
		}
	}
	switch data := doc["data"].(type) {
	case map[string]any:
		if !single {
			return nil, false, badRequest("data must be an array", "/data")
		}
		e, err := rq.element(kind, data)
		return []element{e}, false, err
	case []any:
		if !bulk {
			return nil, false, badRequest("data must be a hash: bulk writes use the other route", "/data")
		}
		if len(data) == 0 {
			return nil, false, badRequest("data is empty", "/data")
		}
		out := make([]element, 0, len(data))
		for _, d := range data {
			m, ok := d.(map[string]any)
			if !ok {
				return nil, false, badRequest("data must hold hashes", "/data")
			}
			e, err := rq.element(kind, m)
			if err != nil {
				return nil, false, err
			}
			out = append(out, e)
		}
		return out, true, nil
	}
	return nil, false, badRequest("data is missing", "/data")
}

func (rq *request) element(kind string, m map[string]any) (element, error) {
	for member := range m {
		switch member {
		case "type", "attributes", "relationships":
		default: // an id belongs inside attributes (itglue.md §9.1)
			return element{}, badRequest("unknown member "+member, "/data/"+member)
		}
	}
	if t, _ := m["type"].(string); snake(t) != kind {
		return element{}, badRequest("type must be "+kind, "/data/type")
	}
	attrs, ok := m["attributes"].(map[string]any)
	if !ok {
		return element{}, badRequest("attributes is missing", "/data/attributes")
	}
	e := element{attrs: make(map[string]any, len(attrs))}
	for k, v := range attrs {
		e.attrs[snake(k)] = v
	}
	if rel, ok := m["relationships"].(map[string]any); ok {
		if rq.method == http.MethodPatch { // itglue.md §9.7
			return element{}, refuse(http.StatusUnprocessableEntity, "Unprocessable Entity", "relationships are not permitted in an update", "/data/relationships")
		}
		e.relations = rel
	}
	return e, nil
}

func snake(s string) string { return strings.ReplaceAll(s, "-", "_") }

// The kinds of an attribute's value.
type valueKind int

const (
	text valueKind = iota
	number
	flag
	date
	address // IPv4 or IPv6
	mac     // of a configuration: at most 17 characters, not validated (itglue.md §4.2)
	validMAC
	hash
	list
)

// check refuses attributes that are not allowed, or whose value is of another kind.
func (e element) check(allowed map[string]valueKind) error {
	for name, v := range e.attrs {
		kind, ok := allowed[name]
		if !ok {
			return badRequest("unknown attribute "+name, "/data/attributes/"+name)
		}
		if detail := kind.problem(v); detail != "" {
			return unprocessable(name, detail)
		}
	}
	return nil
}

func (k valueKind) problem(v any) string {
	if v == nil {
		return ""
	}
	s, isText := v.(string)
	switch k {
	case text:
		if !isText {
			return "must be a string"
		}
	case number:
		if _, ok := asID(v); !ok {
			return "is not a number"
		}
	case flag:
		if _, ok := asFlag(v); !ok {
			return "is not included in the list"
		}
	case date:
		if _, err := time.Parse("2006-01-02", s); err != nil {
			if _, err := time.Parse(time.RFC3339, s); err != nil {
				return "is not a valid date"
			}
		}
	case address:
		if _, err := netip.ParseAddr(s); err != nil && s != "" {
			return "is not a valid IP address"
		}
	case mac:
		if !isText || len(s) > 17 {
			return "is too long (maximum is 17 characters)"
		}
	case validMAC:
		if s != "" && !isMAC(s) {
			return "must be a valid MAC address"
		}
	case hash:
		if _, ok := v.(map[string]any); !ok {
			return "must be a hash"
		}
	case list:
		if _, ok := v.([]any); !ok {
			return "must be an array"
		}
	}
	return ""
}

func isMAC(s string) bool {
	digits := strings.NewReplacer(":", "", "-", "", ".", "").Replace(s)
	return len(digits) == 12 && strings.Trim(strings.ToLower(digits), "0123456789abcdef") == ""
}

func asID(v any) (int64, bool) {
	var s string
	switch v := v.(type) {
	case json.Number:
		s = v.String()
	case string:
		s = v
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && n >= 0
}

func asFlag(v any) (value, ok bool) {
	switch v := v.(type) {
	case bool:
		return v, true
	case string:
		return v == "true" || v == "1", v == "true" || v == "false" || v == "1" || v == "0"
	case json.Number:
		return v == "1", v == "1" || v == "0"
	}
	return false, false
}

// set copies an attribute's value to where it belongs, when it is there; null clears.
func (e element) set(name string, to any) {
	v, ok := e.attrs[name]
	if !ok {
		return
	}
	switch to := to.(type) {
	case *string:
		*to, _ = v.(string)
	case *int64:
		*to, _ = asID(v)
	case *int:
		n, _ := asID(v)
		*to = int(n)
	case *bool:
		*to, _ = asFlag(v)
	}
}

func (e element) id(name string) int64 {
	n, _ := asID(e.attrs[name])
	return n
}

func (e element) has(name string) bool { _, ok := e.attrs[name]; return ok }

func (e element) text(name string) string {
	s, _ := e.attrs[name].(string)
	return s
}
