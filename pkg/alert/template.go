package alert

import (
	"regexp"
	"strings"
)

// The placeholders that stand in a template for what was folded away.
const (
	foldedTime     = "<time>"
	foldedPercent  = "<percent>"
	foldedSize     = "<size>"
	foldedDuration = "<duration>"
	foldedCount    = "<count>"
)

// maxMessage bounds how much of a message a template looks at, in bytes.
const maxMessage = 4 << 10

const (
	numberPattern = `[0-9]+(?:[.,][0-9]+)*`
	monthPattern  = `(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?`
	clockPattern  = `[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?(?:\s?[ap]\.?m\b\.?)?(?:\s?(?:z|utc|gmt)\b|\s?[+-][0-9]{2}:?[0-9]{2}\b|\b)`
	dateOnly      = `(?:[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}|[0-9]{1,2}/[0-9]{1,2}/[0-9]{2,4}|[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{4}|` +
		monthPattern + `\s[0-9]{1,2}(?:st|nd|rd|th)?,?\s[0-9]{4}|[0-9]{1,2}\s` + monthPattern + `\s[0-9]{4})`
)

// fold is one kind of changing text. A match must not touch a letter, digit,
// hyphen, underscore or dot on its left, so that names stay whole.
type fold struct {
	re   *regexp.Regexp
	with string
}

// folds are applied in this order: longer forms first.
var folds = []fold{
	{regexp.MustCompile(`(?i)` + dateOnly + `(?:t|,?\s(?:at\s)?)` + clockPattern), foldedTime},
	{regexp.MustCompile(`(?i)` + dateOnly + `\b`), foldedTime},
	{regexp.MustCompile(`(?i)` + clockPattern), foldedTime},
	{regexp.MustCompile(`(?i)` + numberPattern + `\s?(?:%|percent\b)`), foldedPercent},
	{regexp.MustCompile(`(?i)` + numberPattern + `\s?(?:[kmgtp]i?b|bytes?|byte\(s\))(?:/s)?\b`), foldedSize},
	{regexp.MustCompile(`(?i)` + numberPattern + `\s?-?(?:milliseconds?|ms|seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?|[smhdw])\b(?:\(s\))?`), foldedDuration},
	{regexp.MustCompile(`(?i)` + numberPattern + `\s(?:consecutive\s|failed\s|more\s|of\s)?(?:times?|attempts?|retry|retries|files?|folders?|objects?|items?|errors?|warnings?|failures?|alerts?|backups?|copies|copy|jobs?|machines?|assets?|devices?|users?|mailboxes|mailbox|sites?|sectors?|events?)\b(?:\(s\))?`), foldedCount},
}

// beforeCount are the words after which a number is a count. After any other
// word it may be part of a name ("Drive 1 errors"), and names are never folded.
var beforeCount = map[string]bool{
	"a": true, "about": true, "after": true, "all": true, "and": true, "are": true, "at": true, "but": true, "by": true,
	"contains": true, "failed": true, "for": true, "found": true, "had": true, "has": true, "have": true, "in": true,
	"is": true, "last": true, "least": true, "missed": true, "most": true, "of": true, "on": true, "only": true, "over": true,
	"past": true, "retried": true, "skipped": true, "than": true, "the": true, "to": true, "was": true, "were": true,
	"with": true, "within": true,
}

// Template is the message with its changing parts folded away, so that the same
// trouble told again has the same template. Only durations, counts, sizes,
// percentages and times are folded: "Drive 1" and "Drive 2" stay two. White
// space is made single. Template(Template(m)) == Template(m).
func Template(message string) string {
	if len(message) > maxMessage {
		message = message[:maxMessage]
	}
	m := strings.Join(strings.Fields(strings.ToValidUTF8(message, "\uFFFD")), " ")
	for _, f := range folds {
		m = f.apply(m)
	}
	return m
}

func (f fold) apply(m string) string {
	var b strings.Builder
	for from := 0; from < len(m); {
		at := f.re.FindStringIndex(m[from:])
		if at == nil {
			b.WriteString(m[from:])
			break
		}
		start, end := from+at[0], from+at[1]
		b.WriteString(m[from:start])
		// What stands before is judged as it will be read next time.
		if before := b.String(); !startsWord(before, len(before)) || f.with == foldedTime && partOfAddress(before, m[end:]) ||
			f.with == foldedCount && !isCount(before) {
			// Not here; go on behind this run of name characters.
			next := start + 1
			for next < len(m) && nameByte(m[next]) {
				next++
			}
			b.WriteString(m[start:next])
			from = next
			continue
		}
		b.WriteString(f.with)
		from = end
	}
	return b.String()
}

// partOfAddress keeps MAC and IPv6 addresses, which look like clocks, whole.
func partOfAddress(before, after string) bool {
	return strings.HasSuffix(before, ":") || strings.HasPrefix(after, ":")
}

// startsWord says whether nothing that could belong to a name stands before i.
func startsWord(m string, i int) bool { return i == 0 || !nameByte(m[i-1]) }

// nameByte says whether a byte can be part of a machine's or drive's name. Every
// byte outside ASCII can.
func nameByte(c byte) bool {
	return c >= 0x80 || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '_' || c == '.'
}

// isCount says whether the text before a number lets it be a count.
func isCount(before string) bool {
	before = strings.TrimRight(before, " ")
	if before == "" {
		return true
	}
	switch before[len(before)-1] {
	case ':', ',', ';', '(', '.', '!', '>', '=':
		return true
	}
	word := before[strings.LastIndexByte(before, ' ')+1:]
	return beforeCount[strings.ToLower(word)]
}
