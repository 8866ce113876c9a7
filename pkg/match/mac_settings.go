package match

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// MACSettings are the MSP's own rules about machines' addresses. The zero value is
// the built-in behaviour; the shipped list always stays in force.
type MACSettings struct {
	// Shared are addresses of the MSP's own that identify no machine: docks,
	// clusters, whatever is met on several. They are added to the shipped ones.
	Shared []SharedMAC `json:"shared,omitempty"`
	// Descendants looks for a customer's machines in the organizations below its
	// own too.
	Descendants bool `json:"descendants,omitempty"`
}

// SharedMAC is one entry of the MSP's own list.
type SharedMAC struct {
	Pattern string `json:"pattern"`        // as ParseMACPattern reads it
	Note    string `json:"note,omitempty"` // what it is, shown as the reason
}

// Limits of the MSP's own list.
const (
	maxOwnShared = 1000
	maxOwnNote   = 200
	minFixed     = 4 // hex digits that a pattern must give
)

// Validate says in words which entries cannot be read; nil when all can.
func (s MACSettings) Validate() error {
	if len(s.Shared) > maxOwnShared {
		return fmt.Errorf("%d shared addresses: at most %d can be kept, use wildcards such as 00:50:B6:*", len(s.Shared), maxOwnShared)
	}
	var errs []error
	seen := map[MACPattern]int{}
	for i, e := range s.Shared {
		p, err := ParseMACPattern(e.Pattern)
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("entry %d: %w", i+1, err))
		case seen[p] > 0:
			errs = append(errs, fmt.Errorf("entry %d: %q is the same as entry %d", i+1, e.Pattern, seen[p]))
		case utf8.RuneCountInString(e.Note) > maxOwnNote:
			errs = append(errs, fmt.Errorf("entry %d: the note is longer than %d characters", i+1, maxOwnNote))
		default:
			seen[p] = i + 1
		}
	}
	return errors.Join(errs...)
}

// own compiles the list. Entries that cannot be read, which Validate refuses, are
// passed over.
func (s MACSettings) own() macList {
	var out []knownPattern
	for _, e := range s.Shared {
		if p, err := ParseMACPattern(e.Pattern); err == nil {
			why := "on your own list of shared addresses"
			if note := strings.TrimSpace(e.Note); note != "" {
				why += " (" + note + ")"
			}
			out = append(out, knownPattern{p, why})
		}
	}
	return newMACList(out)
}

// MACPattern stands for one address or for all that have the same fixed digits.
// It is comparable: two patterns are equal when they stand for the same addresses.
type MACPattern struct{ value, mask MAC }

// Fits says whether the pattern stands for the address.
func (p MACPattern) Fits(m MAC) bool { return m&p.mask == p.value }

// String is the pattern with colons; * stands for an octet, ? for a digit.
func (p MACPattern) String() string {
	var b strings.Builder
	for i := range 6 {
		if i > 0 {
			b.WriteByte(':')
		}
		octet := 8 * (5 - i)
		if p.mask>>octet&255 == 0 {
			b.WriteByte('*')
			continue
		}
		for _, digit := range []int{octet + 4, octet} {
			if p.mask>>digit&15 == 0 {
				b.WriteByte('?')
			} else {
				fmt.Fprintf(&b, "%X", uint64(p.value>>digit&15))
			}
		}
	}
	return b.String()
}

// ParseMACPattern reads one address in any form that ParseMACs reads, or a pattern:
// six octets of which some are * or have ? or * for a digit, or the beginning of an
// address with * at the end ("00:50:B6:*", "0050b6*", "00:00:0C:9F:F*"). At least
// four digits must be given.
func ParseMACPattern(text string) (MACPattern, error) {
	if mac, reason := parseOne(text); reason == "" {
		return exactly(text, mac)
	} else if reason == RejectEUI64 {
		return MACPattern{}, fmt.Errorf("%q is a 64-bit address: only those of twelve digits are matched", text)
	}
	digits, err := patternDigits(strings.ToLower(strings.TrimSpace(text)))
	if err != nil {
		return MACPattern{}, fmt.Errorf("%q is no address and no pattern: %w", text, err)
	}
	var p MACPattern
	fixed := 0
	for i := range len(digits) {
		p.value, p.mask = p.value<<4, p.mask<<4
		if v := hexValues[digits[i]]; v < 16 {
			p.value, p.mask = p.value|MAC(v), p.mask|15
			fixed++
		}
	}
	if fixed == len(digits) {
		return exactly(text, p.value)
	}
	if fixed < minFixed {
		return MACPattern{}, fmt.Errorf("%q would stand for too many addresses: give at least %d digits", text, minFixed)
	}
	return p, nil
}

// exactly is the pattern of one address.
func exactly(text string, mac MAC) (MACPattern, error) {
	if mac == 0 || mac == broadcast {
		return MACPattern{}, fmt.Errorf("%q is never used for matching, it need not be listed", text)
	}
	return MACPattern{mac, broadcast}, nil
}

var errPatternForm = errors.New("write it like 00:50:B6:1A:2B:3C, 00:50:B6:* or *:*:*:52:41:53")

// patternDigits spreads a pattern over twelve places, ? for an open one.
func patternDigits(text string) (string, error) {
	open := strings.HasSuffix(text, "*") // then whatever is missing at the end is open too
	var b strings.Builder
	groups := strings.FieldsFunc(text, isSeparator)
	if len(groups) > 6 {
		return "", errPatternForm
	}
	for i, g := range groups {
		last := i == len(groups)-1
		switch {
		case g == "*" && !last:
			b.WriteString("??")
			continue
		case last && open:
			g = strings.TrimSuffix(g, "*")
		case len(g) == 2 && g[1] == '*':
			g = g[:1] + "?"
		case len(groups) == 6 && len(g) == 1:
			g = "0" + g
		case len(g)%2 != 0 && !last:
			return "", errPatternForm
		}
		for j := range len(g) {
			if hexValues[g[j]] > 15 && g[j] != '?' {
				return "", errPatternForm
			}
		}
		b.WriteString(g)
	}
	switch n := b.Len(); {
	case n > 12:
		return "", errPatternForm
	case n < 12 && !open && n >= minFixed:
		return "", errors.New("it is too short: put a * at the end to stand for all addresses that begin so")
	case n < 12 && !open:
		return "", errPatternForm
	default:
		b.WriteString(strings.Repeat("?", 12-n))
		return b.String(), nil
	}
}
