package match

import (
	"slices"
	"strings"
	"unicode"
)

// MAC is a hardware address in canonical form: twelve lower-case hex digits.
type MAC string

// Grade says how far an address identifies one machine.
type Grade int

// The grades.
const (
	Unusable Grade = iota // identifies nothing: see the reason
	IfUnique              // virtual, locally administered or travelling: only together with a host name
	Alone                 // a network card's own address
)

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
func ParseMACs(field string) []MAC {
	macs, _ := ReadMACs(field)
	return macs
}

// ReadMACs reads a field and tells which of its pieces are unusable and why.
// Repeated addresses are returned once, in the order of the field.
func ReadMACs(field string) (macs []MAC, rejected []Rejected) {
	if mac, ok := plainMAC(field); ok {
		if grade, why := mac.Grade(); grade == Unusable {
			return nil, []Rejected{{field, why}}
		}
		return []MAC{mac}, nil
	}
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
	for _, part := range strings.FieldsFunc(field, func(r rune) bool { return strings.ContainsRune(",;|/\n\r\t", r) }) {
		part = strings.TrimFunc(part, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) })
		if part == "" || take(part) {
			continue
		}
		// Several addresses, or an address with words, separated by blanks.
		found := false
		for word := range strings.FieldsSeq(part) {
			if take(word) {
				found = true
			}
		}
		if !found {
			rejected = append(rejected, Rejected{part, RejectNotMAC})
		}
	}
	return macs, rejected
}

// plainMAC reads the one form that nearly all addresses have, twelve digits in pairs
// with colons or hyphens, without the work that the others need.
func plainMAC(s string) (MAC, bool) {
	if len(s) != 17 {
		return "", false
	}
	var out [12]byte
	n := 0
	for i := range len(s) {
		c := s[i]
		if i%3 == 2 {
			if c != ':' && c != '-' {
				return "", false
			}
			continue
		}
		if c >= 'A' && c <= 'F' {
			c += 'a' - 'A'
		}
		if !isHex(rune(c)) {
			return "", false
		}
		out[n] = c
		n++
	}
	return MAC(out[:]), true
}

// parseOne reads one address. reason is empty for a well-formed 48-bit one.
func parseOne(text string) (MAC, string) {
	text = strings.ToLower(strings.Trim(text, " \"'()[]{}<>=:"))
	text = strings.TrimPrefix(strings.TrimPrefix(text, "mac"), ":")
	groups := strings.FieldsFunc(text, isSeparator)
	for i, g := range groups {
		g = strings.TrimPrefix(g, "0x")
		if g == "" || strings.ContainsFunc(g, func(r rune) bool { return !isHex(r) }) {
			return "", RejectNotMAC
		}
		groups[i] = g
	}
	width := 0
	switch len(groups) {
	case 6, 8:
		width = 2
	case 3, 4:
		width = 4
	case 2:
		width = 6
	case 1:
		width = len(groups[0])
	default:
		return "", RejectNotMAC
	}
	var b strings.Builder
	for _, g := range groups {
		// Only single octets lose a leading zero in the wild.
		if len(g) > width || len(g) < width && width != 2 {
			return "", RejectNotMAC
		}
		b.WriteString(strings.Repeat("0", width-len(g)))
		b.WriteString(g)
	}
	switch b.Len() {
	case 12:
		return MAC(b.String()), ""
	case 16:
		return "", RejectEUI64
	default:
		return "", RejectNotMAC
	}
}

func isSeparator(r rune) bool {
	return strings.ContainsRune(":-._ ", r) || unicode.Is(unicode.Pd, r) || unicode.IsSpace(r)
}

func isHex(r rune) bool { return r >= '0' && r <= '9' || r >= 'a' && r <= 'f' }

// Grade says how far the address identifies a machine, and why not further.
func (m MAC) Grade() (Grade, string) {
	switch m {
	case "000000000000":
		return Unusable, RejectZero
	case "ffffffffffff":
		return Unusable, RejectBroadcast
	}
	if why := sharedReason(m); why != "" {
		return Unusable, RejectShared + why
	}
	if len(m) != 12 {
		return Unusable, RejectNotMAC
	}
	low := hexDigit(m[1])
	if low&1 != 0 {
		return Unusable, RejectGroup
	}
	for _, p := range weakPrefixes {
		if strings.HasPrefix(string(m), p.prefix) {
			return IfUnique, p.why
		}
	}
	if low&2 != 0 {
		return IfUnique, "locally administered"
	}
	return Alone, ""
}

func hexDigit(c byte) int {
	if c >= 'a' {
		return int(c-'a') + 10
	}
	return int(c - '0')
}

// String is the address with colons, as people read it.
func (m MAC) String() string {
	if len(m) != 12 {
		return string(m)
	}
	s := strings.ToUpper(string(m))
	return s[0:2] + ":" + s[2:4] + ":" + s[4:6] + ":" + s[6:8] + ":" + s[8:10] + ":" + s[10:12]
}

// shared are addresses that many machines have. A dot stands for any digit.
var shared = []struct{ pattern, why string }{
	// Placeholders.
	{"feffffffffff", "a hypervisor's bridge placeholder"},
	{"eeeeeeeeeeee", "a container network's placeholder"},
	{"101111111111", "a typed-in placeholder"},
	{"0000ffffffff", "a pseudo adapter"},
	// Windows pseudo adapters, whose octets are letters.
	{"204153594eff", "the dial-up adapter of Windows (ASYN)"},
	{"33506f453030", "the PPPoE adapter of Windows (3PoE00)"},
	{"505054503030", "the PPTP adapter of Windows (PPTP00)"},
	{"......524153", "a remote-access adapter of Windows (RAS)"},
	{"005345000000", "the PPP adapter of Windows"},
	{"444553540000", "an old dial-up adapter (DEST)"},
	{"444553540001", "an old dial-up adapter (DEST)"},
	{"44455354616f", "an old dial-up adapter (DESTao)"},
	{"02004c4f4f50", "the loopback adapter of Windows (LOOP)"},
	// VPN clients.
	{"00059a3c7a00", "the adapter of Cisco AnyConnect"},
	{"02504100....", "the adapter of Palo Alto GlobalProtect"},
	{"00090f..0001", "the adapter of FortiClient"},
	{"000bcafe0000", "the adapter of a VPN client"},
	{"000bcafe0001", "the adapter of a VPN client"},
	{"02000000000a", "the adapter of Juniper's VPN client"},
	{"02000000000b", "the adapter of Juniper's VPN client"},
	{"02004e435049", "the adapter of the NCP VPN client"},
	{"00ff........", "a TAP adapter"},
	// Host side of hypervisors and containers.
	{"005056c0....", "the host adapter of VMware Workstation"},
	{"0a00270000..", "the host-only adapter of VirtualBox"},
	{"0242........", "a Docker network"},
	{"56847afe9799", "an old Docker bridge"},
	{"0250563f0000", "a virtual adapter"},
	// Modems and travelling adapters made with one address.
	{"028037ec0200", "a mobile broadband modem"},
	{"00a0c6000000", "a mobile broadband modem"},
	{"00e04c682d3d", "a network dongle with a copied address"},
	{"001a7dda710a", "cheap Bluetooth dongles"},
	// Routers that stand in for each other.
	{"00005e0001..", "a virtual router (VRRP)"},
	{"00005e0002..", "a virtual router (VRRP)"},
	{"00000c07ac..", "a virtual router (HSRP)"},
	{"00000c9ff...", "a virtual router (HSRP)"},
	{"0007b400....", "a virtual router (GLBP)"},
	// Reported by inventories as seen on many machines.
	{"0001027d9b1c", "reported on many machines"},
	{"0008a1460635", "reported on many machines"},
	{"0008a166e21a", "reported on many machines"},
	{"0009dd103768", "reported on many machines"},
	{"000fea9ae2f0", "reported on many machines"},
	{"00105a7271f3", "reported on many machines"},
	{"00111185088b", "reported on many machines"},
	{"e2e616200a35", "reported on many machines"},
	{"d20a2da004be", "reported on many machines"},
	{"d26b252f2ce7", "reported on many machines"},
	{"00155dba6bb6", "reported on many virtual machines"},
}

// weakPrefixes belong to virtual platforms and to adapters that travel between
// machines: unique they may link together with a host name, never against it.
var weakPrefixes = []struct{ prefix, why string }{
	{"000569", "a VMware machine"},
	{"000c29", "a VMware machine"},
	{"001c14", "a VMware machine"},
	{"005056", "a VMware machine"},
	{"00155d", "a Hyper-V machine"},
	{"0003ff", "a Virtual PC machine"},
	{"001dd8", "a Hyper-V machine"},
	{"080027", "a VirtualBox machine"},
	{"00163e", "a Xen machine"},
	{"525400", "a KVM machine"},
	{"bc2411", "a Proxmox machine"},
	{"506b8d", "a Nutanix machine"},
	{"001c42", "a Parallels machine"},
	{"000f4b", "a Virtual Iron machine"},
	{"00e04c", "a USB network adapter"},
	{"000ec6", "a USB network adapter"},
	{"0050b6", "a USB network adapter"},
	{"00249b", "a USB network adapter"},
	{"8cae4c", "a USB network adapter"},
	{"a0cec8", "a USB network adapter"},
	{"000000", "a made-up looking address"},
}

// sharedReason says why an address is known to be on many machines; empty if not.
func sharedReason(m MAC) string {
	for _, s := range shared {
		if fits(s.pattern, m) {
			return s.why
		}
	}
	return ""
}

func fits(pattern string, m MAC) bool {
	if len(pattern) != len(m) {
		return false
	}
	for i := range len(pattern) {
		if pattern[i] != '.' && pattern[i] != m[i] {
			return false
		}
	}
	return true
}
