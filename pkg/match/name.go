package match

import (
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
)

// TruncatedAt is the length at which ConnectWise cuts company names, and so those
// of the IT Glue organizations that come from there.
const TruncatedAt = 50

// Name is a name in its compared forms, from strict to lenient. Two names with an
// equal Key are the same name written differently; Exact and Forms break ties.
type Name struct {
	// Exact is the name in lower case without accents, punctuation and a leading
	// "the", "&" as "and".
	Exact string
	// Core is Exact without legal forms and with abbreviations written out.
	Core string
	// Key is Core without small words and spaces: the form that links.
	Key string
	// Forms are the legal forms that Core leaves out, canonical ("ltd", "gmbh").
	Forms []string
	// Numbers are the digits in the name, in order: differing ones are a veto.
	Numbers []string
}

// NormalizeName brings a name into its compared forms. Names that consist of
// nothing but legal forms or small words keep them.
func NormalizeName(s string) Name {
	words := wordsOf(s)
	if len(words) > 1 && words[0] == "the" {
		words = words[1:]
	}
	n := Name{Exact: strings.Join(words, " ")}
	words = coreWords(s, words)
	core, forms := dropForms(words)
	if len(core) == 0 {
		core, forms = words, nil
	}
	n.Forms = forms
	expanded := make([]string, len(core))
	for i, w := range core {
		if full, ok := abbreviations[w]; ok {
			w = full
		}
		expanded[i] = w
	}
	n.Core = strings.Join(expanded, " ")
	var key strings.Builder
	for _, w := range expanded {
		if !smallWords[w] {
			key.WriteString(w)
		}
	}
	if n.Key = key.String(); n.Key == "" {
		n.Key = strings.ReplaceAll(n.Core, " ", "")
	}
	n.Numbers = numbersIn(n.Core)
	return n
}

// registerTag is a place that a register writes behind a legal form to tell it from
// elsewhere: "Inc /MD/", "plc/UK", "Corp (Cayman Islands)".
var registerTag = regexp.MustCompile(`(?i)^(.*?)\s*(?:[/\\]\s*(?:new|cayman|[a-z]{2,3})\s*/?|[(/]\s*(?:[a-z]{2,3}|cayman islands|singapore|canada|ireland|australia|uk|usa)\s*\))\s*$`)

// coreWords are the words without what says nothing of who it is: a register's tag
// behind a legal form, a leading "the" or "dba", and blanks between initials.
func coreWords(s string, words []string) []string {
	if m := registerTag.FindStringSubmatch(s); m != nil {
		rest := wordsOf(m[1])
		if len(rest) > 1 && legalForms[rest[len(rest)-1]] != "" {
			words = rest
			if words[0] == "the" {
				words = words[1:]
			}
		}
	}
	joined := make([]string, 0, len(words))
	initial := false
	for _, w := range words {
		single := len(w) == 1 && w[0] >= 'a' && w[0] <= 'z'
		if single && initial {
			joined[len(joined)-1] += w
		} else {
			joined = append(joined, w)
		}
		initial = single
	}
	if len(joined) > 1 && joined[0] == "dba" {
		joined = joined[1:]
	}
	return joined
}

// fold removes accents after compatibility decomposition.
func fold(s string) string {
	s = strings.ToValidUTF8(s, " ")
	t := transform.Chain(norm.NFKD, runes.Remove(runes.In(unicode.Mn)), norm.NFC)
	if out, _, err := transform.String(t, s); err == nil {
		s = out
	}
	return letters.Replace(strings.ToLower(s))
}

// letters that decomposition leaves whole.
var letters = strings.NewReplacer("ß", "ss", "æ", "ae", "ø", "o", "œ", "oe", "ł", "l", "đ", "d", "ð", "d", "þ", "th", "ı", "i")

// wordsOf splits a name into folded words: apostrophes and dots inside words
// vanish (o'neil, s.a.), other punctuation separates, "&" and "+" are "and".
func wordsOf(s string) []string {
	var b strings.Builder
	b.Grow(len(s) + 8)
	for _, r := range fold(s) {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteRune(r)
		case r == '\'' || r == '’' || r == '‘' || r == '`' || r == '´' || r == '.':
		case r == '&' || r == '+':
			b.WriteString(" and ")
		default:
			b.WriteByte(' ')
		}
	}
	return strings.Fields(b.String())
}

func numbersIn(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsDigit(r) })
}

// truncated returns the forms of the name as it reads after being cut where
// ConnectWise cuts, and whether it is longer than that at all.
func truncated(s string) (Name, bool) {
	r := []rune(strings.TrimSpace(s))
	if len(r) <= TruncatedAt {
		return Name{}, false
	}
	return NormalizeName(string(r[:TruncatedAt])), true
}

// isTruncated says whether a name has exactly the length at which names are cut.
func isTruncated(s string) bool {
	n := len([]rune(s))
	return n == TruncatedAt || n == TruncatedAt-1 // a cut right behind a space loses the space
}
