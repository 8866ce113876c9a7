package alert

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf16"
)

// stamp is a time for people, in UTC.
func stamp(t time.Time) string {
	if t.IsZero() {
		return "unknown"
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}

// oneLine makes white space single and drops control characters.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	return strings.Join(strings.Fields(s), " ")
}

// plain makes an outside text fit to stand in a ticket: one line that no browser
// and no mark-up reads as more than text, and that cannot pass for a mark of ours.
func plain(s string) string {
	return clip(marks.Replace(oneLine(s)), keptMessage)
}

var marks = strings.NewReplacer(
	"<", "‹", ">", "›", "`", "'", "](", "] (", "[[", "[ [", "["+referenceMark+":", "("+referenceMark+":",
)

// clip cuts by rune and marks the cut.
func clip(s string, runes int) string {
	r := []rune(s)
	if len(r) <= runes {
		return s
	}
	return strings.TrimRight(string(r[:runes-1]), " ") + "…"
}

func units(s string) int {
	n := 0
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}

// clip16 cuts at a rune so that at most n UTF-16 units remain, and marks the cut.
func clip16(s string, n int) string {
	if units(s) <= n {
		return s
	}
	used := 0
	for i, r := range s {
		if used += utf16.RuneLen(r); used > n-1 {
			return strings.TrimRight(s[:i], " ") + "…"
		}
	}
	return s
}

func upperFirst(s string) string {
	r := []rune(s)
	if len(r) > 0 {
		r[0] = unicode.ToUpper(r[0])
	}
	return string(r)
}
