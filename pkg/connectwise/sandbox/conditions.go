package sandbox

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// kind is the type of a column.
type kind int

const (
	text kind = iota + 1
	number
	boolean
	date
	reference // an object with id and name
	children  // a list of references: only for childConditions
)

// condition is a parsed expression of the conditions language.
type condition struct {
	and, or []*condition
	negated bool
	path    string
	op      string // = != < <= > >= contains like in
	value   literal
	list    []literal
}

// literal is one parsed literal. Kind 0 is null.
type literal struct {
	kind kind
	text string
	num  float64
	flag bool
	time time.Time
}

// schema says whether a path is a known name, and its type.
type schema func(path string) (kind, bool)

// parser is a recursive-descent parser; maxDepth bounds it.
type parser struct {
	toks  []token
	pos   int
	sch   schema
	lists bool // the operator in is allowed
}

const maxDepth = 50

// parseConditions reads an expression. in is not known in childConditions
// (connectwise.md §4), which lists says.
func parseConditions(s string, sch schema, lists bool) (*condition, error) {
	toks, err := lex(s)
	if err != nil {
		return nil, err
	}
	p := &parser{toks: toks, sch: sch, lists: lists}
	c, err := p.or(0)
	if err != nil {
		return nil, err
	}
	if t := p.peek(); t.kind != tokEnd {
		return nil, refusef("Unexpected %s in the condition.", t.describe())
	}
	return c, nil
}

func (p *parser) peek() token { return p.toks[p.pos] }

func (p *parser) next() token {
	t := p.toks[p.pos]
	if t.kind != tokEnd {
		p.pos++
	}
	return t
}

func (p *parser) word(w string) bool {
	if t := p.peek(); t.kind == tokName && strings.EqualFold(t.text, w) {
		p.pos++
		return true
	}
	return false
}

func (p *parser) or(depth int) (*condition, error) {
	return p.chain(depth, "or", p.and, func(cs []*condition) *condition { return &condition{or: cs} })
}

func (p *parser) and(depth int) (*condition, error) {
	return p.chain(depth, "and", p.term, func(cs []*condition) *condition { return &condition{and: cs} })
}

func (p *parser) chain(depth int, word string, sub func(int) (*condition, error), join func([]*condition) *condition) (*condition, error) {
	first, err := sub(depth)
	if err != nil {
		return nil, err
	}
	all := []*condition{first}
	for p.word(word) {
		c, err := sub(depth)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	if len(all) == 1 {
		return first, nil
	}
	return join(all), nil
}

func (p *parser) term(depth int) (*condition, error) {
	if depth > maxDepth {
		return nil, refusef("The condition is nested too deeply.")
	}
	t := p.next()
	if t.kind == tokPunct && t.text == "(" {
		c, err := p.or(depth + 1)
		if err != nil {
			return nil, err
		}
		if end := p.next(); end.kind != tokPunct || end.text != ")" {
			return nil, refusef("Expected a closing parenthesis, not %s.", end.describe())
		}
		return c, nil
	}
	if t.kind != tokName {
		return nil, refusef("Expected a name, not %s.", t.describe())
	}
	k, known := p.sch(t.text)
	if !known {
		return nil, refusef("%s is not a recognized name.", t.text)
	}
	c := &condition{path: t.text}
	c.negated = p.word("not")
	op := p.next()
	c.op = strings.ToLower(op.text)
	switch {
	case op.kind == tokOp && !c.negated:
	case op.kind == tokName && (c.op == "contains" || c.op == "like"):
		if k != text {
			return nil, refusef("The operator %s needs a string field; %s is not one.", c.op, c.path)
		}
	case op.kind == tokName && c.op == "in" && p.lists:
		return c, p.inList(c, k)
	default:
		return nil, refusef("Expected an operator, not %s.", op.describe())
	}
	v, err := p.literal(k)
	if err != nil {
		return nil, err
	}
	if v.kind == 0 && c.op != "=" && c.op != "!=" {
		return nil, refusef("null can only be compared with = and !=.")
	}
	c.value = v
	return c, nil
}

func (p *parser) inList(c *condition, k kind) error {
	if t := p.next(); t.kind != tokPunct || t.text != "(" {
		return refusef("Expected a list in parentheses, not %s.", t.describe())
	}
	for {
		v, err := p.literal(k)
		if err != nil {
			return err
		}
		c.list = append(c.list, v)
		switch t := p.next(); {
		case t.kind == tokPunct && t.text == ",":
		case t.kind == tokPunct && t.text == ")":
			return nil
		default:
			return refusef("Expected a comma or a closing parenthesis, not %s.", t.describe())
		}
	}
}

const literalHelp = "String values should be enclosed with double or single quotes; DateTime values should be enclosed in square brackets; boolean values should be true or false."

var kindWords = map[kind]string{text: "string", number: "numeric", boolean: "boolean", date: "DateTime", reference: "reference", children: "list"}

func (p *parser) literal(want kind) (literal, error) {
	t := p.next()
	v := literal{text: t.text, num: t.num, time: t.time}
	switch {
	case t.kind == tokText:
		v.kind = text
	case t.kind == tokNumber:
		v.kind = number
	case t.kind == tokDate:
		v.kind = date
	case t.kind == tokName && strings.EqualFold(t.text, "null"):
		return literal{}, nil
	case t.kind == tokName && (strings.EqualFold(t.text, "true") || strings.EqualFold(t.text, "false")):
		v.kind, v.flag = boolean, strings.EqualFold(t.text, "true")
	default:
		return v, refusef("Expected a %s value, not %s. %s", kindWords[want], t.describe(), literalHelp)
	}
	if v.kind != want {
		return v, refusef("Expected a %s value, not a %s. %s", kindWords[want], kindWords[v.kind], literalHelp)
	}
	return v, nil
}

// match evaluates the condition; get gives a path's value: nil, string, int,
// float64, bool or time.Time.
func (c *condition) match(get func(path string) any) bool {
	switch {
	case c == nil:
		return true
	case c.and != nil:
		return !slices.ContainsFunc(c.and, func(s *condition) bool { return !s.match(get) })
	case c.or != nil:
		return slices.ContainsFunc(c.or, func(s *condition) bool { return s.match(get) })
	}
	v := get(c.path)
	if c.op == "in" {
		hit := slices.ContainsFunc(c.list, func(l literal) bool { return compare(v, "=", l) })
		return hit != c.negated && (v != nil || c.negated)
	}
	return compare(v, c.op, c.value) != c.negated
}

func compare(v any, op string, l literal) bool {
	if l.kind == 0 || v == nil {
		same := l.kind == 0 && v == nil
		return op == "=" && same || op == "!=" && !same
	}
	switch v := v.(type) {
	case string:
		return compareText(v, op, l.text)
	case bool:
		return op == "=" && v == l.flag || op == "!=" && v != l.flag
	case int:
		return ordered(op, cmpFloat(float64(v), l.num))
	case float64:
		return ordered(op, cmpFloat(v, l.num))
	case time.Time:
		return ordered(op, v.Compare(l.time))
	}
	return false
}

// compareText follows the vendor's database: letter case does not matter.
func compareText(v, op, l string) bool {
	switch op {
	case "contains": // with the same pattern characters (connectwise.md §4, URL encoding)
		return likeMatch("%"+strings.ToLower(l)+"%", strings.ToLower(v))
	case "like":
		return likeMatch(strings.ToLower(l), strings.ToLower(v))
	case "=", "!=":
		same := strings.EqualFold(v, l)
		if strings.Contains(l, "*") { // the documented wildcard
			same = likeMatch(strings.ToLower(l), strings.ToLower(v))
		}
		return same == (op == "=")
	}
	return ordered(op, strings.Compare(strings.ToLower(v), strings.ToLower(l)))
}

func ordered(op string, c int) bool {
	switch op {
	case "=":
		return c == 0
	case "!=":
		return c != 0
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	case ">=":
		return c >= 0
	}
	return false
}

func cmpFloat(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// likeMatch matches an SQL pattern: % and * any text, _ one character, [..] one
// of a set, so that [[] is a literal bracket (connectwise.md §4). It is linear
// in pattern times text.
func likeMatch(pattern, s string) bool {
	type elem struct {
		any bool
		one bool
		set string
	}
	var elems []elem
	for r := []rune(pattern); len(r) > 0; {
		switch r[0] {
		case '%', '*':
			elems = append(elems, elem{any: true})
		case '_':
			elems = append(elems, elem{one: true})
		case '[':
			if end := slices.Index(r[1:], ']'); end > 0 {
				elems = append(elems, elem{set: string(r[1 : 1+end])})
				r = r[end+2:]
				continue
			}
			elems = append(elems, elem{set: "["})
		default:
			elems = append(elems, elem{set: string(r[0])})
		}
		r = r[1:]
	}
	// at[i]: the first i elements match the text so far.
	at := make([]bool, len(elems)+1)
	at[0] = true
	for i, e := range elems {
		at[i+1] = at[i] && e.any
	}
	for _, r := range s {
		prev := at[0]
		at[0] = false
		for i, e := range elems {
			here := at[i+1]
			switch {
			case e.any:
				at[i+1] = at[i+1] || at[i]
			default:
				at[i+1] = prev && (e.one || strings.ContainsRune(e.set, r))
			}
			prev = here
		}
	}
	return at[len(elems)]
}

// refusal is a vendor's text about a condition, so written and punctuated as
// the vendor writes.
type refusal string

func (r refusal) Error() string { return string(r) }

func refusef(format string, args ...any) error { return refusal(fmt.Sprintf(format, args...)) }
