package itglue

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// A document is one decoded JSON:API answer. IT Glue's answers vary in small ways (itglue.md §1.3, §9.23): ids come as
// strings or numbers, at the resource or among its attributes; data may be an object where a list is expected; included
// resources sit at the top level or inside data; keys are in kebab-case or snake_case. The decoder accepts them all and
// leaves one shape: kebab-case keys, string ids, a list of resources.
type document struct {
	data     []*resource
	included []*resource
	meta     meta
	errs     []apiError
	listed   bool // data was a list on the wire

	byRef   map[string]*resource   // type and id
	byOwner map[string][]*resource // type, owner attribute, owner id
}

// meta is the paging part of an answer; -1 stands for a number that is not there.
type meta struct {
	total, pages, next int
}

// A resource is one JSON:API resource object.
type resource struct {
	id, kind string
	attrs    attributes
	refs     map[string][]string // relation name to ids
}

// attributes are a resource's values under kebab-case keys. Numbers are json.Number.
type attributes map[string]any

var (
	errNoData   = errors.New("the answer has no data member")
	errNotAList = errors.New("data is neither a resource nor a list of them")
)

// decodeDocument reads a 2xx answer. It fails only when the body is not a JSON object, or holds neither data nor errors.
func decodeDocument(body []byte) (*document, error) {
	v, err := decodeValue(body)
	if err != nil {
		return nil, fmt.Errorf("decode JSON:API answer: %w", err)
	}
	w, _ := v.(map[string]any)
	d := &document{meta: decodeMeta(w["meta"]), errs: decodeErrors(w["errors"])}
	data, ok := w["data"]
	if !ok && len(d.errs) == 0 {
		return nil, errNoData
	}
	_, d.listed = data.([]any)
	if data != nil && objectsOf(data) == nil && !d.listed {
		return nil, errNotAList
	}
	for _, e := range objectsOf(data) {
		r, nested := decodeResource(e)
		if r == nil {
			return nil, errNotAList
		}
		d.data = append(d.data, r)
		d.included = append(d.included, nested...)
	}
	for _, e := range objectsOf(w["included"]) {
		if r, _ := decodeResource(e); r != nil {
			d.included = append(d.included, r)
		}
	}
	return d, nil
}

// objectsOf gives the elements of a member that may be a list, a single object, or null.
func objectsOf(v any) []any {
	switch v := v.(type) {
	case []any:
		return v
	case map[string]any:
		return []any{v}
	}
	return nil
}

// decodeResource reads one resource object, nil when it is none, and the included resources nested in it.
func decodeResource(v any) (*resource, []*resource) {
	m, ok := v.(map[string]any)
	if !ok {
		return nil, nil
	}
	r := &resource{id: idOf(m["id"]), kind: kebab(textOf(m["type"])), attrs: decodeAttributes(m["attributes"])}
	if r.id == "" {
		r.id = r.attrs.id("id")
	}
	relations, _ := m["relationships"].(map[string]any)
	nested := r.decodeRelations(relations)
	for _, e := range objectsOf(m["included"]) {
		if in, _ := decodeResource(e); in != nil {
			nested = append(nested, in)
		}
	}
	return r, nested
}

// decodeRelations fills refs and returns the related resources that came with their attributes in place.
func (r *resource) decodeRelations(relations map[string]any) []*resource {
	if len(relations) == 0 {
		return nil
	}
	var nested []*resource
	r.refs = make(map[string][]string, len(relations))
	for name, rel := range relations {
		m, _ := rel.(map[string]any)
		data, ok := m["data"]
		if !ok {
			continue
		}
		name = kebab(name)
		ids := make([]string, 0, 1)
		for _, e := range objectsOf(data) {
			if in, _ := decodeResource(e); in != nil && in.id != "" {
				ids = append(ids, in.id)
				if len(in.attrs) > 0 {
					nested = append(nested, in)
				}
			}
		}
		r.refs[name] = append(r.refs[name], ids...)
	}
	return nested
}

// related returns the included resources of one kind ("configuration-interfaces") that belong to r: those r refers to,
// else those that name r as their owner in the attribute ownerKey, else, in an answer about a single resource whose
// relations are not given at all, every one of that kind.
func (d *document) related(r *resource, kind, ownerKey string) []*resource {
	d.index()
	var out []*resource
	if ids, ok := r.refs[kind]; ok {
		for _, id := range ids {
			if in := d.byRef[kind+"\x00"+id]; in != nil {
				out = append(out, in)
			}
		}
		return out
	}
	if owned := d.byOwner[kind+"\x00"+ownerKey+"\x00"+r.id]; len(owned) > 0 {
		return owned
	}
	if len(d.data) == 1 && !d.listed && len(r.refs) == 0 {
		for _, in := range d.included {
			if in.kind == kind {
				out = append(out, in)
			}
		}
	}
	return out
}

func (d *document) index() {
	if d.byRef != nil {
		return
	}
	d.byRef, d.byOwner = map[string]*resource{}, map[string][]*resource{}
	for _, in := range d.included {
		key := in.kind + "\x00" + in.id
		if in.id != "" && d.byRef[key] != nil {
			continue // the same resource, included in both places
		}
		d.byRef[key] = in
		for _, owner := range []string{"configuration", "organization", "resource"} {
			id := in.attrs.id(owner + "-id")
			if ids := in.refs[owner]; id == "" && len(ids) == 1 {
				id = ids[0]
			}
			if id != "" {
				k := in.kind + "\x00" + owner + "-id\x00" + id
				d.byOwner[k] = append(d.byOwner[k], in)
			}
		}
	}
}

func decodeAttributes(v any) attributes {
	m, _ := v.(map[string]any)
	if len(m) == 0 {
		return nil
	}
	out := make(attributes, len(m))
	for k, v := range m {
		out[kebab(k)] = v
	}
	return out
}

// decodeValue decodes one whole JSON value with numbers kept as json.Number.
func decodeValue(body []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("text after the JSON value")
	}
	return v, nil
}

func decodeMeta(v any) meta {
	m := meta{total: -1, pages: -1, next: -1}
	attrs := decodeAttributes(v)
	for key, field := range map[string]*int{
		"total-count": &m.total, "total-pages": &m.pages, "next-page": &m.next,
	} {
		if n, err := strconv.Atoi(idOf(attrs[key])); err == nil && n >= 0 {
			*field = n
		}
	}
	return m
}

func (a attributes) id(key string) string   { return idOf(a[key]) }
func (a attributes) text(key string) string { return textOf(a[key]) }
func (a attributes) flag(key string) bool   { return flagOf(a[key]) }
func (a attributes) number(key string) int  { n, _ := strconv.Atoi(idOf(a[key])); return n }

func (a attributes) time(key string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, a.text(key))
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// texts reads a list of strings that may also come as one string holding a JSON list ("[1,6]", itglue.md §1.3).
func (a attributes) texts(key string) []string {
	v := a[key]
	if s, ok := v.(string); ok {
		s = strings.TrimSpace(s)
		if strings.HasPrefix(s, "[") {
			v, _ = decodeValue([]byte(s))
		} else if s != "" {
			v = []any{s}
		}
	}
	list, _ := v.([]any)
	var out []string
	for _, e := range list {
		if s := textOf(e); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// idOf returns an id as text whatever the wire says: a string, a number, or nothing.
func idOf(v any) string {
	switch v := v.(type) {
	case string:
		return strings.TrimSpace(v)
	case json.Number:
		return v.String()
	}
	return ""
}

func textOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

func flagOf(v any) bool {
	switch strings.ToLower(textOf(v)) {
	case "true", "1":
		return true
	}
	return false
}

// kebab turns snake_case names into the kebab-case that answers use (itglue.md §1.4).
func kebab(s string) string { return strings.ReplaceAll(s, "_", "-") }
