package match

import (
	"slices"
	"strings"
	"unicode"
)

// Layer is how closely two host names agree, strictest first; 0 is not at all.
type Layer int

// The layers of agreement (matching.md §4d).
const (
	HostNone      Layer = iota
	HostTypo            // one letter differs, all digits equal
	HostCut             // one is the other cut at NetBIOS's 15 characters
	HostSeparator       // equal but for separators
	HostSame            // equal short name
)

// Words says the layer in words.
func (l Layer) Words() string {
	switch l {
	case HostSame:
		return "same host name"
	case HostSeparator:
		return "same host name but for separators"
	case HostCut:
		return "same host name cut to 15 characters"
	case HostTypo:
		return "host name differs in one letter"
	default:
		return "host names differ"
	}
}

// score of a suggestion that stands on the layer alone.
func (l Layer) score() float64 {
	return [...]float64{HostNone: 0, HostTypo: 0.7, HostCut: 0.85, HostSeparator: 0.93, HostSame: 0.97}[l]
}

// Host is a host name in its compared forms.
type Host struct {
	Short string // folded, without DNS suffix, notes in brackets and role words
	Bare  string // Short without separators
	// Copies are the words dropped from the end that say it is another copy of the
	// machine ("replica"). Copies are named like the machine, they are not it.
	Copies string
}

// identity is what two registrations of one machine share: the name, and that
// both are the same kind of copy or none.
func (h Host) identity() string {
	if h.Copies == "" {
		return h.Bare
	}
	return h.Bare + " " + h.Copies
}

// hostTags are words that tools append to a machine's name with a separator; true
// are those that say it is another copy.
var hostTags = map[string]bool{
	"vm": false, "replica": true, "old": true, "new": true, "clone": true, "copy": true, "backup": true, "restored": true, "snapshot": true,
}

// NormalizeHost brings a machine's name as people and tools write it into its
// compared forms: "HOST.domain.local", "Host (VM)", "HOST - File Server",
// "host_replica", "esx01: host" are all host.
func NormalizeHost(s string) Host {
	s = strings.TrimSpace(foldHost(s))
	if strings.ContainsAny(s, " ([") {
		for _, cut := range []string{" (", "(", " [", "[", " - ", " – ", " | ", " / ", ", "} {
			if i := strings.Index(s, cut); i > 0 {
				s = s[:i]
			}
		}
	}
	if i := strings.LastIndex(s, ": "); i >= 0 && i+2 < len(s) {
		s = s[i+2:]
	}
	if i := strings.LastIndexByte(s, '\\'); i >= 0 && i+1 < len(s) { // DOMAIN\HOST
		s = s[i+1:]
	}
	s = strings.TrimSpace(s)
	if i := strings.IndexByte(s, '.'); i > 0 && !isAddress(s) && !strings.ContainsRune(s[:i], ' ') {
		s = s[:i]
	}
	h := Host{}
	for {
		i := strings.LastIndexAny(s, "-_ ")
		if i <= 0 {
			break
		}
		isCopy, known := hostTags[s[i+1:]]
		if !known {
			break
		}
		if isCopy {
			h.Copies += s[i+1:] + " "
		}
		s = strings.TrimSpace(s[:i])
	}
	h.Copies = strings.TrimSpace(h.Copies)
	h.Short, h.Bare = s, bare(s)
	return h
}

// foldHost is fold without its work for names that are plain.
func foldHost(s string) string {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return fold(s)
		}
	}
	return strings.ToLower(s)
}

// bare keeps letters and digits.
func bare(s string) string {
	for i := range len(s) {
		if c := s[i]; c < 'a' && (c < '0' || c > '9') || c > 'z' {
			return strings.Map(func(r rune) rune {
				if unicode.IsLetter(r) || unicode.IsDigit(r) {
					return r
				}
				return -1
			}, s)
		}
	}
	return s
}

func isAddress(s string) bool {
	return strings.Count(s, ".") == 3 && strings.Trim(s, "0123456789.") == ""
}

// CompareHosts returns the strictest layer on which two host names agree.
func CompareHosts(a, b Host) Layer {
	switch {
	case a.Bare == "" || b.Bare == "":
		return HostNone
	case a.Short == b.Short:
		return HostSame
	case a.Bare == b.Bare:
		return HostSeparator
	case isCut(a, b) || isCut(b, a):
		return HostCut
	case oneTypo(a, b):
		return HostTypo
	default:
		return HostNone
	}
}

// netBIOS is the length at which Windows cuts a host name.
const netBIOS = 15

// isCut says whether short is long cut at 15 characters.
func isCut(short, long Host) bool {
	return len(short.Short) == netBIOS && len(long.Short) > netBIOS && strings.HasPrefix(long.Short, short.Short)
}

const (
	minTypo     = 6 // the least length of names that may differ by a typing mistake
	minReplaced = 5 // the least length of a word in which a letter may be mistyped
	minGlued    = 7 // the same for a word that the digits follow without a separator, in a name of one piece
)

// oneTypo says whether two names differ by one inserted, missing, replaced or
// swapped letter, with all their digits equal and in the same places among the
// digits. Names that look generated (DESKTOP-7F3K2A1) have no typos, and what
// tells siblings apart is none: another first letter of a word (kmartin, amartin),
// another letter in a short one (HV01, HR01).
func oneTypo(a, b Host) bool {
	return typoDigits(a) == typoDigits(b) && oneLetter(a, b)
}

// typoDigits are the digits of a name that may have a typo; "-" if it may not.
func typoDigits(h Host) string {
	if len(h.Bare) < minTypo || looksRandom(h.Bare) {
		return "-" + h.Bare // equals no other's
	}
	return digits(h.Bare)
}

func oneLetter(a, b Host) bool {
	ra, rb := []rune(a.Bare), []rune(b.Bare)
	if len(ra) > len(rb) {
		ra, rb, a, b = rb, ra, b, a
	}
	if len(rb)-len(ra) > 1 {
		return false
	}
	i := 0
	for i < len(ra) && ra[i] == rb[i] {
		i++
	}
	if len(rb) > len(ra) {
		return slices.Equal(ra[i:], rb[i+1:]) && !unicode.IsDigit(rb[i])
	}
	if i == len(ra) {
		return false // equal
	}
	if slices.Equal(ra[i+1:], rb[i+1:]) {
		return mistyped(a.Short, i) && mistyped(b.Short, i)
	}
	return i+1 < len(ra) && ra[i] == rb[i+1] && ra[i+1] == rb[i] && slices.Equal(ra[i+2:], rb[i+2:]) &&
		!unicode.IsDigit(ra[i]) && !unicode.IsDigit(ra[i+1])
}

// mistyped says whether the n-th letter or digit of a name is inside a word long
// enough for another letter there to be a mistake.
func mistyped(short string, n int) bool {
	word, at, pieces := 0, -1, 1 // letters of the running word, place of the letter in it
	for _, r := range short {
		if unicode.IsLetter(r) {
			if n == 0 {
				at = word
			}
			word++
			n--
			continue
		}
		digit := unicode.IsDigit(r)
		if at >= 0 {
			least := minReplaced
			if digit && pieces == 1 {
				least = minGlued
			}
			return at > 0 && word >= least
		}
		word = 0
		if digit {
			n--
		} else {
			pieces++
		}
	}
	return at > 0 && word >= minReplaced
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return r
		}
		return -1
	}, s)
}

// undigited is a name without its digits.
func undigited(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return -1
		}
		return r
	}, s)
}

// looksRandom says whether a name was generated by an installer: letters and
// digits change places often.
func looksRandom(s string) bool {
	for _, p := range []string{"desktop", "laptop", "win"} {
		if rest, ok := strings.CutPrefix(s, p); ok && len(rest) >= 7 && digits(rest) != "" {
			return true
		}
	}
	changes := 0
	prev := rune(0)
	for _, r := range s {
		if prev != 0 && unicode.IsDigit(prev) != unicode.IsDigit(r) {
			changes++
		}
		prev = r
	}
	return changes >= 4
}
