package sandbox

import (
	"strings"
	"time"
)

// column is one member of a record: how it is named on the wire, its type, and
// where its value comes from. A nil value is left out of answers, as newer
// versions do (connectwise.md §5).
type column[T any] struct {
	name   string
	kind   kind
	sub    map[string]kind // members of a reference
	hidden bool            // usable in conditions, not part of answers
	get    func(st *State, r *T) any
}

// table describes one resource; answers, fields, conditions and orders are all
// read from it.
type table[T record] struct {
	resource string
	columns  []column[T]
}

// object is the wire form of a reference.
type object map[string]any

var (
	refKinds     = map[string]kind{"id": number, "name": text}
	companyKinds = map[string]kind{"id": number, "name": text, "identifier": text}
	ticketKinds  = map[string]kind{"id": number, "summary": text}
)

// column finds a column by name; names in conditions ignore letter case.
func (t *table[T]) column(name string) *column[T] {
	for i := range t.columns {
		if strings.EqualFold(t.columns[i].name, name) {
			return &t.columns[i]
		}
	}
	return nil
}

// schema of the table's own fields, for conditions and orderBy.
func (t *table[T]) schema(path string) (kind, bool) {
	name, sub, nested := strings.Cut(path, "/")
	c := t.column(name)
	if c == nil || c.kind == children || nested != (c.kind == reference) {
		return 0, false
	}
	if !nested {
		return c.kind, true
	}
	k, ok := c.sub[sub]
	return k, ok
}

// childSchema of the lists inside a record, for childConditions.
func (t *table[T]) childSchema(path string) (kind, bool) {
	name, sub, nested := strings.Cut(path, "/")
	c := t.column(name)
	if c == nil || c.kind != children || !nested {
		return 0, false
	}
	k, ok := c.sub[sub]
	return k, ok
}

// reader reads paths of records; it looks each path up once.
func (t *table[T]) reader(st *State) func(r *T, path string) any {
	type place struct {
		get func(*State, *T) any
		sub string
	}
	known := map[string]place{}
	return func(r *T, path string) any {
		p, ok := known[path]
		if !ok {
			name, sub, _ := strings.Cut(path, "/")
			if c := t.column(name); c != nil {
				p = place{c.get, sub}
			}
			known[path] = p
		}
		if p.get == nil {
			return nil
		}
		v := p.get(st, r)
		if p.sub == "" {
			return v
		}
		o, ok := v.(object)
		if !ok {
			return nil
		}
		return o[p.sub]
	}
}

// render makes the wire form. chosen is nil for all columns.
func (t *table[T]) render(st *State, r *T, chosen []string) object {
	out := object{}
	for i := range t.columns {
		c := &t.columns[i]
		if c.hidden {
			continue
		}
		if chosen == nil {
			put(out, c.name, c.get(st, r))
			continue
		}
		for _, path := range chosen {
			name, sub, nested := strings.Cut(path, "/")
			if name != c.name {
				continue
			}
			v := c.get(st, r)
			if o, ok := v.(object); ok && nested {
				part, _ := out[name].(object)
				if part == nil {
					part = object{}
				}
				put(part, sub, o[sub])
				v = part
			}
			put(out, name, v)
		}
	}
	return out
}

func put(o object, name string, v any) {
	switch v := v.(type) {
	case nil:
	case time.Time:
		o[name] = stamp(v)
	default:
		o[name] = v
	}
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// when is a time or, for the zero time, nothing.
func when(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t
}

// words is a text or, when empty, nothing.
func words(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// infoOf is the _info member.
func infoOf(pairs ...any) object {
	o := object{}
	for i := 0; i+1 < len(pairs); i += 2 {
		put(o, pairs[i].(string), pairs[i+1])
	}
	return o
}

func col[T any](name string, k kind, get func(*State, *T) any) column[T] {
	return column[T]{name: name, kind: k, get: get}
}

func refCol[T any](name string, get func(*State, *T) any) column[T] {
	return column[T]{name: name, kind: reference, sub: refKinds, get: get}
}

func infoCol[T any](get func(*State, *T) any) column[T] {
	return column[T]{name: "_info", kind: reference, sub: map[string]kind{}, get: get}
}

// nameRef makes a reference to a record with a name, or nothing.
func nameRef[T record](list []T, id int, name func(*T) string) any {
	r := find(list, id)
	if r == nil {
		return nil
	}
	return object{"id": id, "name": name(r)}
}
