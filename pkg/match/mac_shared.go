package match

// Grade says how far an address identifies one machine.
type Grade int

// The grades.
const (
	Unusable Grade = iota // identifies nothing: see the reason
	IfUnique              // virtual, locally administered or travelling: only together with a host name
	Alone                 // a network card's own address
)

const (
	groupBit  = MAC(0x01) << 40 // set: addressed to many
	localBit  = MAC(0x02) << 40 // set: made by software, not by a maker
	broadcast = MAC(0xffffffffffff)
)

// Grade says how far the address identifies a machine, and why not further.
func (m MAC) Grade() (Grade, string) {
	switch {
	case m == 0:
		return Unusable, RejectZero
	case m >= broadcast:
		return Unusable, RejectBroadcast
	}
	if why := m.builtIn(); why != "" {
		return Unusable, RejectShared + why
	}
	if m&groupBit != 0 {
		return Unusable, RejectGroup
	}
	if why := weakMakers[m>>24]; why != "" {
		return IfUnique, why
	}
	if m&localBit != 0 {
		return IfUnique, "locally administered"
	}
	return Alone, ""
}

// usable says whether the grade is any but Unusable.
func (m MAC) usable() bool {
	return m != 0 && m&groupBit == 0 && m.builtIn() == ""
}

// alone says whether the address is a network card's own.
func (m MAC) alone() bool {
	grade, _ := m.Grade()
	return grade == Alone
}

// builtIn says why the address is on the shipped list; empty if it is not.
func (m MAC) builtIn() string { return shipped.why(m) }

// knownPattern is an entry of a list of shared addresses.
type knownPattern struct {
	MACPattern
	why string
}

// macList finds the entry of an address by the three octets of its maker; open are
// the entries that leave those open.
type macList struct {
	makers map[MAC][]knownPattern
	open   []knownPattern
}

func newMACList(patterns []knownPattern) macList {
	l := macList{makers: map[MAC][]knownPattern{}}
	for _, p := range patterns {
		if p.mask>>24 == 0xffffff {
			l.makers[p.value>>24] = append(l.makers[p.value>>24], p)
		} else {
			l.open = append(l.open, p)
		}
	}
	return l
}

// why is the reason of the first entry that stands for the address; empty if none does.
func (l macList) why(m MAC) string {
	for _, p := range l.makers[m>>24] {
		if p.Fits(m) {
			return p.why
		}
	}
	for _, p := range l.open {
		if p.Fits(m) {
			return p.why
		}
	}
	return ""
}

var shipped = func() macList {
	patterns := make([]knownPattern, 0, len(shared))
	for _, s := range shared {
		p, err := ParseMACPattern(s.pattern)
		if err != nil {
			panic("shipped list of shared addresses: " + err.Error())
		}
		patterns = append(patterns, knownPattern{p, s.why})
	}
	return newMACList(patterns)
}()

// shared are addresses that many machines have, in the form that ParseMACPattern
// reads. Where a fact was met is told in brackets: facts, not lists, were taken.
var shared = []struct{ pattern, why string }{
	// Placeholders (open inventory projects ignore them: OCS Inventory, GLPI, FusionInventory).
	{"fe:ff:ff:ff:ff:ff", "a hypervisor's bridge placeholder"},
	{"ee:ee:ee:ee:ee:ee", "a container network's placeholder"},
	{"10:11:11:11:11:11", "a typed-in placeholder"},
	{"00:00:ff:ff:ff:ff", "a pseudo adapter"},
	// Windows pseudo adapters, whose octets are letters (their bytes read as text).
	{"20:41:53:59:4e:ff", "the dial-up adapter of Windows (ASYN)"},
	{"33:50:6f:45:30:30", "the PPPoE adapter of Windows (3PoE00)"},
	{"50:50:54:50:30:30", "the PPTP adapter of Windows (PPTP00)"},
	{"*:*:*:52:41:53", "a remote-access adapter of Windows (RAS)"},
	{"00:53:45:00:00:00", "the PPP adapter of Windows"},
	{"44:45:53:54:00:00", "an old dial-up adapter (DEST)"},
	{"44:45:53:54:00:01", "an old dial-up adapter (DEST)"},
	{"44:45:53:54:61:6f", "an old dial-up adapter (DESTao)"},
	{"02:00:4c:4f:4f:50", "the loopback adapter of Windows (LOOP)"},
	// VPN clients, which give every computer the same one (their makers' support pages).
	{"00:05:9a:3c:7a:00", "the adapter of Cisco AnyConnect"},
	{"02:50:41:00:*:*", "the adapter of Palo Alto GlobalProtect"},
	{"00:09:0f:*:00:01", "the adapter of FortiClient"},
	{"00:0b:ca:fe:00:00", "the adapter of a VPN client"},
	{"00:0b:ca:fe:00:01", "the adapter of a VPN client"},
	{"02:00:00:00:00:0a", "the adapter of Juniper's VPN client"},
	{"02:00:00:00:00:0b", "the adapter of Juniper's VPN client"},
	{"02:00:4e:43:50:49", "the adapter of the NCP VPN client"},
	{"00:ff:*", "a TAP adapter"},
	// Host side of hypervisors and containers (VMware, VirtualBox and Docker documentation).
	{"00:50:56:c0:*:*", "the host adapter of VMware Workstation"},
	{"0a:00:27:00:00:*", "the host-only adapter of VirtualBox"},
	{"02:42:*", "a Docker network"},
	{"56:84:7a:fe:97:99", "an old Docker bridge"},
	{"02:50:56:3f:00:00", "a virtual adapter"},
	// Modems and travelling adapters made with one address (inventory projects' reports).
	{"02:80:37:ec:02:00", "a mobile broadband modem"},
	{"00:a0:c6:00:00:00", "a mobile broadband modem"},
	{"00:e0:4c:68:2d:3d", "a network dongle with a copied address"},
	{"00:1a:7d:da:71:0a", "cheap Bluetooth dongles"},
	// Routers that stand in for each other (RFC 5798; Cisco's ranges for HSRP and GLBP).
	{"00:00:5e:00:01:*", "a virtual router (VRRP)"},
	{"00:00:5e:00:02:*", "a virtual router (VRRP)"},
	{"00:00:0c:07:ac:*", "a virtual router (HSRP)"},
	{"00:00:0c:9f:f*", "a virtual router (HSRP)"},
	{"00:07:b4:00:*", "a virtual router (GLBP)"},
	// Reported by inventories as seen on many machines.
	{"00:01:02:7d:9b:1c", "reported on many machines"},
	{"00:08:a1:46:06:35", "reported on many machines"},
	{"00:08:a1:66:e2:1a", "reported on many machines"},
	{"00:09:dd:10:37:68", "reported on many machines"},
	{"00:0f:ea:9a:e2:f0", "reported on many machines"},
	{"00:10:5a:72:71:f3", "reported on many machines"},
	{"00:11:11:85:08:8b", "reported on many machines"},
	{"e2:e6:16:20:0a:35", "reported on many machines"},
	{"d2:0a:2d:a0:04:be", "reported on many machines"},
	{"d2:6b:25:2f:2c:e7", "reported on many machines"},
	{"00:15:5d:ba:6b:b6", "reported on many virtual machines"},
}

// weakMakers are the prefixes of virtual platforms, whose addresses a clone, an
// imaged host or a second manager can repeat, and of adapters that travel between
// machines (IEEE registry; the platforms' documentation): unique they may link
// together with a host name, never against it.
var weakMakers = map[MAC]string{
	0x000569: "a VMware machine",
	0x000c29: "a VMware machine",
	0x001c14: "a VMware machine",
	0x005056: "a VMware machine",
	0x00155d: "a Hyper-V machine",
	0x0003ff: "a Virtual PC machine",
	0x001dd8: "a Hyper-V machine",
	0x080027: "a VirtualBox machine",
	0x00163e: "a Xen machine",
	0x525400: "a KVM machine",
	0xbc2411: "a Proxmox machine",
	0x506b8d: "a Nutanix machine",
	0x001c42: "a Parallels machine",
	0x000f4b: "a Virtual Iron machine",
	0x00e04c: "a USB network adapter",
	0x000ec6: "a USB network adapter",
	0x0050b6: "a USB network adapter",
	0x00249b: "a USB network adapter",
	0x8cae4c: "a USB network adapter",
	0xa0cec8: "a USB network adapter",
	0xf8e43b: "a USB network adapter",
	0x00051b: "a USB network adapter",
	0x00133b: "a USB network adapter",
	0x9cebe8: "a docking station",
	0x3c18a0: "a docking station",
	0x644bf0: "a docking station",
	0x000000: "a made-up looking address",
}
