package sandbox

import (
	"strconv"
	"strings"
	"time"
)

type tokenKind int

const (
	tokEnd tokenKind = iota
	tokName
	tokText
	tokNumber
	tokDate
	tokOp
	tokPunct
)

type token struct {
	kind tokenKind
	text string
	num  float64
	time time.Time
}

func (t token) describe() string {
	switch t.kind {
	case tokEnd:
		return "the end"
	case tokText:
		return "a string"
	case tokNumber:
		return "a numeric"
	case tokDate:
		return "a DateTime"
	}
	return strconv.Quote(t.text)
}

// lex splits an expression into tokens. A quote ends a literal where it stands:
// no source documents an escape.
func lex(s string) ([]token, error) {
	var toks []token
	for i := 0; i < len(s); {
		ch := s[i]
		switch {
		case ch == ' ' || ch == '\t' || ch == '\r' || ch == '\n':
			i++
		case ch == '"' || ch == '\'':
			end := strings.IndexByte(s[i+1:], ch)
			if end < 0 {
				return nil, refusef("A string is not closed.")
			}
			toks = append(toks, token{kind: tokText, text: s[i+1 : i+1+end]})
			i += end + 2
		case ch == '[':
			end := strings.IndexByte(s[i:], ']')
			if end < 0 {
				return nil, refusef("A DateTime is not closed.")
			}
			at, ok := parseDate(s[i+1 : i+end])
			if !ok {
				return nil, refusef("%q is not a DateTime.", s[i+1:i+end])
			}
			toks = append(toks, token{kind: tokDate, time: at})
			i += end + 1
		case ch == '(' || ch == ')' || ch == ',':
			toks = append(toks, token{kind: tokPunct, text: string(ch)})
			i++
		case strings.IndexByte("=!<>", ch) >= 0:
			n := 1
			if i+1 < len(s) && s[i+1] == '=' && ch != '=' {
				n = 2
			}
			if s[i:i+n] == "!" {
				return nil, refusef("! is not an operator.")
			}
			toks = append(toks, token{kind: tokOp, text: s[i : i+n]})
			i += n
		case ch == '-' || ch >= '0' && ch <= '9':
			n := 1
			for i+n < len(s) && (s[i+n] == '.' || s[i+n] >= '0' && s[i+n] <= '9') {
				n++
			}
			v, err := strconv.ParseFloat(s[i:i+n], 64)
			if err != nil {
				return nil, refusef("%q is not a number.", s[i:i+n])
			}
			toks = append(toks, token{kind: tokNumber, num: v})
			i += n
		case isNameByte(ch):
			n := 1
			for i+n < len(s) && (isNameByte(s[i+n]) || s[i+n] == '/' || s[i+n] >= '0' && s[i+n] <= '9') {
				n++
			}
			toks = append(toks, token{kind: tokName, text: s[i : i+n]})
			i += n
		default:
			return nil, refusef("Unexpected character %q.", ch)
		}
	}
	return append(toks, token{kind: tokEnd}), nil
}

func isNameByte(ch byte) bool {
	return ch == '_' || ch >= 'a' && ch <= 'z' || ch >= 'A' && ch <= 'Z'
}

// parseDate reads a date or a time stamp with whole seconds; fractions are
// refused (connectwise.md §5).
func parseDate(s string) (time.Time, bool) {
	if strings.Contains(s, ".") {
		return time.Time{}, false
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}
