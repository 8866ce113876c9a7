package match

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// MAC is a 48-bit hardware address. Its canonical text, also in JSON, is twelve
// lower-case hex digits.
type MAC uint64

// Rejected is a piece of an address field that names no machine, and why.
type Rejected struct {
	Text   string `json:"text"`
	Reason string `json:"reason"`
}

// Reasons for rejecting an address.
const (
	RejectNotMAC    = "not a hardware address"
	RejectEUI64     = "a 64-bit address"
	RejectZero      = "all zero"
	RejectBroadcast = "the broadcast address"
	RejectGroup     = "a group address"
	RejectShared    = "known to be on many machines: "
)

// ParseMACs reads every usable address in a field as vendors write it: colons,
// hyphens, dots, blanks or nothing between digits, octets without their leading
// zero, "0x" in front, several addresses in one field (matching.md §5b). Addresses
// that identify nothing are left out; ReadMACs tells why.
func ParseMACs(field string) []MAC { return appendMACs(nil, field) }

// appendMACs appends the usable addresses of a field that are not there yet.
func appendMACs(macs []MAC, field string) []MAC {
	if field == "" {
		return macs
	}
	if mac, ok := plainMAC(field); ok {
		if mac.usable() && !slices.Contains(macs, mac) {
			macs = append(macs, mac)
		}
		return macs
	}
	read, _ := ReadMACs(field)
	for _, mac := range read {
		if !slices.Contains(macs, mac) {
			macs = append(macs, mac)
		}
	}
	return macs
}

// ReadMACs reads a field and tells which of its pieces are unusable and why.
// Repeated addresses are returned once, in the order of the field.
func ReadMACs(field string) (macs []MAC, rejected []Rejected) {
	take := func(text string) bool {
		mac, reason := parseOne(text)
		if reason == RejectNotMAC {
			return false
		}
		if reason == "" {
			if grade, why := mac.Grade(); grade == Unusable {
				reason = why
			}
		}
		if reason != "" {
			rejected = append(rejected, Rejected{text, reason})
		} else if !slices.Contains(macs, mac) {
			macs = append(macs, mac)
		}
		return true
	}
	for _, part := range strings.FieldsFunc(field, func(r rune) bool { return strings.ContainsRune(",;|/=\n\r\t", r) }) {
		part = strings.TrimFunc(part, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) })
		if part == "" || take(part) {
			continue
		}
		// Several addresses, or an address with words, separated by blanks.
		words := strings.Fields(part)
		found := false
		for _, word := range words {
			found = take(word) || found
		}
		if !found && len(words) > 6 && len(words)%6 == 0 { // several, written as octets with blanks
			for octets := range slices.Chunk(words, 6) {
				found = take(strings.Join(octets, ":")) || found
			}
		}
		if !found {
			rejected = append(rejected, Rejected{part, RejectNotMAC})
		}
	}
	return macs, rejected
}

// hexValues are the values of hex digits; 255 for what is none.
var hexValues = func() (v [256]byte) {
	for i := range v {
		v[i] = 255
	}
	for i := range 16 {
		v["0123456789abcdef"[i]], v["0123456789ABCDEF"[i]] = byte(i), byte(i)
	}
	return v
}()

// plainMAC reads the one form that nearly all addresses have, twelve digits in pairs
// with colons or hyphens, without the work that the others need.
func plainMAC(s string) (mac MAC, ok bool) {
	if len(s) != 17 {
		return 0, false
	}
	for i := 0; i < 17; i += 3 {
		high, low := hexValues[s[i]], hexValues[s[i+1]]
		if high|low > 15 || i < 15 && s[i+2] != ':' && s[i+2] != '-' {
			return 0, false
		}
		mac = mac<<8 | MAC(high)<<4 | MAC(low)
	}
	return mac, true
}

// parseOne reads one address. reason is empty for a well-formed 48-bit one.
func parseOne(text string) (mac MAC, reason string) {
	text = strings.ToLower(strings.Trim(text, " \"'()[]{}<>=:"))
	text = strings.TrimPrefix(strings.TrimPrefix(text, "mac"), ":")
	groups := strings.FieldsFunc(text, isSeparator)
	width := 0
	switch len(groups) {
	case 6, 8:
		width = 2
	case 3, 4:
		width = 4
	case 2:
		width = 6
	case 1:
		width = len(strings.TrimPrefix(groups[0], "0x"))
	default:
		return 0, RejectNotMAC
	}
	count := len(groups) * width
	for _, g := range groups {
		g = strings.TrimPrefix(g, "0x")
		// Only single octets lose a leading zero in the wild.
		if g == "" || len(g) > width || len(g) < width && width != 2 {
			return 0, RejectNotMAC
		}
		mac <<= 4 * (width - len(g))
		for i := range len(g) {
			v := hexValues[g[i]]
			if v > 15 {
				return 0, RejectNotMAC
			}
			mac = mac<<4 | MAC(v)
		}
	}
	switch count {
	case 12:
		return mac, ""
	case 16:
		return 0, RejectEUI64
	default:
		return 0, RejectNotMAC
	}
}

func isSeparator(r rune) bool {
	return strings.ContainsRune(":-._ ", r) || unicode.Is(unicode.Pd, r) || unicode.IsSpace(r)
}

// Canonical is the address as twelve lower-case hex digits.
func (m MAC) Canonical() string {
	var out [12]byte
	for i := range out {
		out[i] = "0123456789abcdef"[m>>(44-4*i)&15]
	}
	return string(out[:])
}

// String is the address with colons, as people read it.
func (m MAC) String() string {
	s := strings.ToUpper(m.Canonical())
	return s[0:2] + ":" + s[2:4] + ":" + s[4:6] + ":" + s[6:8] + ":" + s[8:10] + ":" + s[10:12]
}

// MarshalText writes the canonical text.
func (m MAC) MarshalText() ([]byte, error) { return []byte(m.Canonical()), nil }

// UnmarshalText reads the canonical text.
func (m *MAC) UnmarshalText(text []byte) error {
	mac, reason := parseOne(string(text))
	if reason != "" {
		return fmt.Errorf("address %q is %s", text, reason)
	}
	*m = mac
	return nil
}
