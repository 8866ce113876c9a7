package connectwise

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Op is a comparison of the conditions language (connectwise.md §4).
type Op string

// The comparisons that the builder offers.
const (
	Equal        Op = "="
	NotEqual     Op = "!="
	Less         Op = "<"
	LessEqual    Op = "<="
	Greater      Op = ">"
	GreaterEqual Op = ">="
	Contains     Op = "contains" // takes a Text
	Like         Op = "like"     // takes a Prefix
	In           Op = "in"       // takes IDs
)

var ops = map[Op]bool{
	Equal: true, NotEqual: true, Less: true, LessEqual: true, Greater: true,
	GreaterEqual: true, Contains: true, Like: true, In: true,
}

// ErrCondition is wrapped by every refusal of the builder.
var ErrCondition = errors.New("condition refused")

type valueKind int

const (
	scalar valueKind = iota + 1
	words
	pattern
	list
)

// Value is one literal of a condition. It can only be made by Text, Prefix,
// Number, Bool, Time, Null and IDs; the zero Value is refused.
type Value struct {
	text string
	kind valueKind
	err  error
}

// Text is a text literal. No source says how a quote inside a literal is
// escaped (connectwise.md §4), so quotes, backslashes, the wildcard * and
// control characters are refused rather than escaped. ConnectWise compares
// without regard to case: check equality again on what comes back. For Contains
// an opening bracket is written so that it stands for itself, a percent sign is
// refused, and an underscore matches any character.
func Text(s string) Value {
	if strings.ContainsAny(s, `"'\*`) || strings.IndexFunc(s, isControl) >= 0 || !validText(s) {
		return Value{err: fmt.Errorf("%w: text with a quote, backslash, asterisk or control character", ErrCondition)}
	}
	return Value{text: `"` + s + `"`, kind: words}
}

// Prefix is the pattern "begins with s", for Like. Besides what Text refuses
// it refuses the pattern characters % [ ]. An underscore matches any character:
// check the prefix again on what comes back.
func Prefix(s string) Value {
	v := Text(s)
	if v.err != nil {
		return v
	}
	if s == "" || strings.ContainsAny(s, "%[]") {
		return Value{err: fmt.Errorf("%w: a prefix must have text and no pattern character", ErrCondition)}
	}
	return Value{text: `"` + s + `%"`, kind: pattern}
}

// Number is a whole-number literal.
func Number(n int) Value { return Value{text: strconv.Itoa(n), kind: scalar} }

// Bool is the literal true or false.
func Bool(b bool) Value { return Value{text: strconv.FormatBool(b), kind: scalar} }

// Null is the literal null.
func Null() Value { return Value{text: "null", kind: scalar} }

// Time is a date literal: UTC, whole seconds (fractions are refused by the
// vendor, connectwise.md §5). The zero time is refused.
func Time(t time.Time) Value {
	if t.IsZero() || t.Year() < 1 || t.Year() > 9999 {
		return Value{err: fmt.Errorf("%w: time out of range", ErrCondition)}
	}
	return Value{text: "[" + t.UTC().Format(timeFormat) + "]", kind: scalar}
}

// IDs is a list literal for In. An empty list is refused: it would mean "all"
// to a careless reader and nothing to the server.
func IDs(ids ...int) Value {
	if len(ids) == 0 {
		return Value{err: fmt.Errorf("%w: empty id list", ErrCondition)}
	}
	parts := make([]string, len(ids))
	for i, id := range ids {
		parts[i] = strconv.Itoa(id)
	}
	return Value{text: "(" + strings.Join(parts, ",") + ")", kind: list}
}

// Condition is an expression of the conditions language, made only by Where,
// And and Or. The zero Condition means "no condition".
type Condition struct {
	text string
	err  error
}

var fieldName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,60}(/[A-Za-z_][A-Za-z0-9_]{0,60}){0,3}$`)

// Where compares one field, such as "board/id", with a literal.
func Where(field string, op Op, v Value) Condition {
	switch {
	case !fieldName.MatchString(field):
		return Condition{err: fmt.Errorf("%w: field name", ErrCondition)}
	case !ops[op]:
		return Condition{err: fmt.Errorf("%w: comparison", ErrCondition)}
	case v.err != nil:
		return Condition{err: fmt.Errorf("%s: %w", field, v.err)}
	case v.kind == 0, (op == In) != (v.kind == list), (op == Like) != (v.kind == pattern), op == Contains && v.kind != words:
		return Condition{err: fmt.Errorf("%w: %s does not take this kind of value", ErrCondition, op)}
	case op == Contains && strings.Contains(v.text, "%"):
		return Condition{err: fmt.Errorf("%s: %w: text with a pattern character", field, ErrCondition)}
	}
	sep := ""
	if op == Contains || op == Like || op == In {
		sep = " "
	}
	if op == Contains {
		v.text = strings.ReplaceAll(v.text, "[", "[[]") // (connectwise.md §4, URL encoding)
	}
	return Condition{text: field + sep + string(op) + sep + v.text}
}

// And joins the non-empty conditions; all must hold.
func And(cs ...Condition) Condition { return join(" and ", cs) }

// Or joins the non-empty conditions; one must hold.
func Or(cs ...Condition) Condition { return join(" or ", cs) }

func join(word string, cs []Condition) Condition {
	var parts []string
	for _, c := range cs {
		if c.err != nil {
			return c
		}
		if c.text != "" {
			parts = append(parts, c.text)
		}
	}
	if len(parts) < 2 {
		return Condition{text: strings.Join(parts, "")}
	}
	return Condition{text: "(" + strings.Join(parts, word) + ")"}
}

// Build returns the expression for the conditions parameter; "" when empty.
func (c Condition) Build() (string, error) { return c.text, c.err }

func isControl(r rune) bool {
	return r < 0x20 || r == 0x7f || (r >= 0x80 && r < 0xa0) || r == 0x2028 || r == 0x2029
}

func validText(s string) bool { return strings.ToValidUTF8(s, "\uFFFD") == s }
