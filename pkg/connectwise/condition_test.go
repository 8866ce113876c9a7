package connectwise

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestConditionsAreWrittenInTheDocumentedLanguage(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 678, time.FixedZone("x", 3600))
	tests := map[string]Condition{
		`externalXRef="uv-1"`:                                 Where("externalXRef", Equal, Text("uv-1")),
		`externalXRef like "uv-%"`:                            Where("externalXRef", Like, Prefix("uv-")),
		`id in (1,2,3)`:                                       Where("id", In, IDs(1, 2, 3)),
		`lastUpdated>=[2026-01-02T02:04:05Z]`:                 Where("lastUpdated", GreaterEqual, Time(at)),
		`(board/id=5 and closedFlag=false)`:                   And(Where("board/id", Equal, Number(5)), Condition{}, Where("closedFlag", Equal, Bool(false))),
		`((id=1 or id=2) and owner/id!=null)`:                 And(Or(Where("id", Equal, Number(1)), Where("id", Equal, Number(2))), Where("owner/id", NotEqual, Null())),
		`summary contains "[[]a] & (b) = c and closedFlag=x"`: Where("summary", Contains, Text("[a] & (b) = c and closedFlag=x")),
		`summary="[a] 100%"`:                                  Where("summary", Equal, Text("[a] 100%")),
		``:                                                    And(),
	}
	for want, c := range tests {
		if got, err := c.Build(); err != nil || got != want {
			t.Errorf("got %q, %v; want %q", got, err, want)
		}
	}
}

func TestConditionsThatCannotBeBuilt(t *testing.T) {
	t.Parallel()
	ok := Where("id", Equal, Number(1))
	for name, c := range map[string]Condition{
		"a double quote":                Where("summary", Equal, Text(`a" or id=1 or "`)),
		"a single quote":                Where("summary", Equal, Text(`it's`)),
		"a backslash":                   Where("summary", Equal, Text(`a\`)),
		"a wildcard":                    Where("summary", Equal, Text(`*`)),
		"a line break":                  Where("summary", Equal, Text("a\nb")),
		"text that is not UTF-8":        Where("summary", Equal, Text("a\xff")),
		"a pattern character":           Where("summary", Like, Prefix("50%")),
		"a pattern character inside":    Where("summary", Contains, Text("50% full")),
		"a number for contains":         Where("summary", Contains, Number(1)),
		"a time for contains":           Where("summary", Contains, Time(time.Unix(1e9, 0))),
		"an empty prefix":               Where("summary", Like, Prefix("")),
		"an empty id list":              Where("id", In, IDs()),
		"a list where one value fits":   Where("id", Equal, IDs(1)),
		"one value where a list fits":   Where("id", In, Number(1)),
		"text for like":                 Where("summary", Like, Text("x")),
		"the zero value":                Where("id", Equal, Value{}),
		"the zero time":                 Where("lastUpdated", Greater, Time(time.Time{})),
		"a field with an operator":      Where("id=1 or id", Equal, Number(1)),
		"an empty field":                Where("", Equal, Number(1)),
		"a comparison of one's own":     Where("id", "=1 or id=", Number(1)),
		"a refused part inside a whole": And(ok, Or(ok, Where("x y", Equal, Number(1)))),
	} {
		if text, err := c.Build(); !errors.Is(err, ErrCondition) || text != "" {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
}

// FuzzTextStaysOneLiteral holds the builder to its promise: whatever the text,
// the expression is refused or is exactly field, operator and one literal.
func FuzzTextStaysOneLiteral(f *testing.F) {
	for _, s := range []string{"uv-1", `" or 1=1 or "`, `\"`, "'", "[[]x]", "\u2028", "100%", "\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := And(Where("externalXRef", Equal, Text(s)), Where("closedFlag", Equal, Bool(false))).Build()
		if err != nil {
			return
		}
		inner, ok := strings.CutPrefix(got, `(externalXRef="`)
		inner, ok2 := strings.CutSuffix(inner, `" and closedFlag=false)`)
		if !ok || !ok2 || inner != s || strings.ContainsAny(inner, `"'\`) {
			t.Fatalf("%q became %q", s, got)
		}
		if p, err := Where("summary", Contains, Text(s)).Build(); err == nil && (p != `summary contains "`+strings.ReplaceAll(s, "[", "[[]")+`"` || strings.Contains(p, "%")) {
			t.Fatalf("%q became %q", s, p)
		}
		if p, err := Where("externalXRef", Like, Prefix(s)).Build(); err == nil && p != `externalXRef like "`+s+`%"` {
			t.Fatalf("%q became %q", s, p)
		}
	})
}
