package demo

import (
	"fmt"
	"strconv"

	connectwise "uniview-bridge/pkg/connectwise/sandbox"
	itglue "uniview-bridge/pkg/itglue/sandbox"
	uniview "uniview-bridge/pkg/uniview/sandbox"
)

// awkward are the things that make one of a customer's records look like another's.
// Each happens to some customers that have an organization; share is how many of
// them in the default world.
var awkward = []struct {
	trap  Trap
	share float64
	do    func(w *World, i int, c *customer) bool // whether it could
}{
	{MacDock, 0.05, (*World).dock},
	{MacCluster, 0.04, (*World).cluster},
	{MacPool, 0.04, (*World).pool},
	{MacHostAdapter, 0.04, (*World).hostAdapter},
	{MacGuest, 0.04, (*World).guests},
	{MacReused, 0.04, (*World).reused},
	{MacUSBReused, 0.04, (*World).usbReused},
	{Replica, 0.04, (*World).replica},
	{RenamedMachine, 0.05, (*World).renamedMachine},
	{MovedMachine, 0.04, (*World).moved},
	{CommonName, 0.06, (*World).commonName},
	{ChildOrg, 0.04, (*World).childOrganization},
	{WrongPSALink, 0.02, (*World).wrongPSALink},
	{RenamedOnto, 0.02, (*World).renamedOnto},
}

// leastAwkward is the least number of customers of a world that has these unasked.
const leastAwkward = 25

// addAwkward comes last, and draws by chance alone, so that everything built before
// is the same with and without.
func (w *World) addAwkward() {
	more := w.o.Awkward
	if more == 0 && len(w.customers) < leastAwkward {
		return
	}
	if more == 0 {
		more = 1
	}
	for i, c := range w.customers {
		if c.org == 0 || c.sibling || len(c.machines) < 2 {
			continue
		}
		for _, a := range awkward {
			if w.chance(i, "awkward", a.trap, "for this customer") < a.share*more {
				if a.do(w, i, c) {
					w.trap(a.trap)
				}
			}
		}
	}
}

// box is a machine still to be registered and documented.
type box struct {
	name     string
	shown    [6]byte   // address that UniView shows
	has      [][6]byte // addresses on the configuration, the first one primary
	org      int64     // organization of the configuration; 0: none is made
	endpoint bool
}

// add registers a machine and makes its configuration, both after all others.
func (w *World) add(c *customer, b box) *machine {
	m := w.register(c, b.name, spell(b.shown, 0), b.endpoint)
	m.late = true
	m.config = w.document(b)
	return m
}

// document makes a configuration alone.
func (w *World) document(b box) (id int64) {
	if b.org == 0 {
		return 0
	}
	conf := itglue.Configuration{OrganizationID: b.org, Name: b.name, Hostname: b.name, TypeID: w.types["Managed Workstation"]}
	if len(b.has) > 0 {
		conf.MAC = spell(b.has[0], 0)
		record := itglue.RMMRecord{Name: b.name, Hostname: b.name, MACs: []string{"00:05:9A:3C:7A:00"}} // its VPN client, too
		for _, mac := range b.has {
			record.MACs = append(record.MACs, spell(mac, 1))
		}
		conf.RMM = []itglue.RMMRecord{record}
	}
	w.ITGlue.Edit(func(st *itglue.State) { id = st.AddConfiguration(conf).ID })
	return id
}

// hardware is the address of a network card with a prefix that is its maker's.
func (w *World) hardware(a, b, c byte) [6]byte {
	n := w.rng.Uint32()
	return [6]byte{a, b, c, byte(n >> 16), byte(n >> 8), byte(n)}
}

func (w *World) card() [6]byte { return w.hardware(0xd4, 0xbe, 0xd9) }

func (w *World) named(c *customer, role string, n int) string {
	return fmt.Sprintf("%s-%s%02d", prefix(c.name), role, 60+n)
}

// dock: the last machine that was docked shows the dock's address; the other's
// configuration has kept it.
func (w *World) dock(i int, c *customer) bool {
	dock, one, two := w.hardware(0x3c, 0x18, 0xa0), w.card(), w.card()
	first := box{name: w.named(c, "LT", 1), shown: dock, has: [][6]byte{one}, org: c.org, endpoint: true}
	if i%2 == 0 {
		first.has = append(first.has, dock)
	}
	w.add(c, first)
	w.add(c, box{name: w.named(c, "LT", 2), shown: two, has: [][6]byte{two, dock}, org: c.org, endpoint: true})
	return true
}

func (w *World) cluster(_ int, c *customer) bool {
	shared := w.hardware(0x02, 0xbf, 0x0a)
	for n := range 2 {
		w.add(c, box{name: w.named(c, "WEB", 1+n), shown: shared, has: [][6]byte{w.card(), shared}, org: c.org})
	}
	return true
}

// pool: imaged hosts give their guests the same addresses, at two customers.
func (w *World) pool(i int, c *customer) bool {
	shared := w.hardware(0x00, 0x15, 0x5d)
	w.add(c, box{name: w.named(c, "APP", 1), shown: shared, has: [][6]byte{shared}, org: c.org})
	if other := w.neighbour(i); other != nil {
		there := box{name: w.named(other, "TS", 2), shown: shared, has: [][6]byte{shared}, org: other.org}
		if i%2 == 0 {
			w.add(other, there)
		} else {
			w.document(there)
		}
	}
	return true
}

// neighbour is another customer with an organization of its own.
func (w *World) neighbour(i int) *customer {
	for n := 1; n < len(w.customers); n++ {
		if c := w.customers[(i+n)%len(w.customers)]; c.org != 0 && !c.sibling && len(c.machines) > 1 {
			return c
		}
	}
	return nil
}

func (w *World) hostAdapter(_ int, c *customer) bool {
	adapter := [6]byte{0x00, 0x50, 0x56, 0xc0, 0x00, 0x08}
	own := w.card()
	w.add(c, box{name: w.named(c, "DEV", 1), shown: adapter, has: [][6]byte{w.card()}, org: c.org, endpoint: true})
	w.add(c, box{name: w.named(c, "DEV", 2), shown: own, has: [][6]byte{own, adapter}, org: c.org, endpoint: true})
	return true
}

// guests: a host's configuration lists its guests' addresses; one guest has a
// configuration of its own, one has none.
func (w *World) guests(i int, c *customer) bool {
	host, one, two := w.card(), w.hardware(0x00, 0x15, 0x5d), w.hardware(0x00, 0x15, 0x5d)
	h := box{name: w.named(c, "HV", 1), shown: host, has: [][6]byte{host, one, two}, org: c.org}
	if i%2 == 0 {
		w.add(c, h)
	} else {
		w.document(h)
	}
	w.add(c, box{name: w.named(c, "VM", 1), shown: one, has: [][6]byte{one}, org: c.org})
	w.add(c, box{name: w.named(c, "VM", 2), shown: two})
	return true
}

// reused: a board went from one machine into another, and both are documented.
func (w *World) reused(_ int, c *customer) bool {
	board := w.card()
	w.document(box{name: w.named(c, "PC", 3), has: [][6]byte{board}, org: c.org})
	w.add(c, box{name: w.named(c, "PC", 4), shown: board, has: [][6]byte{w.card()}, org: c.org})
	return true
}

func (w *World) usbReused(_ int, c *customer) bool {
	usb := w.hardware(0x00, 0x0e, 0xc6)
	w.document(box{name: w.named(c, "PC", 7), has: [][6]byte{w.card(), usb}, org: c.org})
	w.add(c, box{name: w.named(c, "PC", 8), shown: usb, endpoint: true})
	return true
}

func (w *World) replica(_ int, c *customer) bool {
	mac := w.hardware(0x00, 0x50, 0x56)
	name := w.named(c, "SQL", 5)
	w.add(c, box{name: name, shown: mac, has: [][6]byte{mac}, org: c.org})
	w.add(c, box{name: name + "_replica", shown: mac})
	return true
}

func (w *World) renamedMachine(_ int, c *customer) bool {
	mac := w.card()
	now := w.add(c, box{name: w.named(c, "PC", 9), shown: mac, has: [][6]byte{mac}, org: c.org, endpoint: true})
	before := w.add(c, box{name: w.named(c, "OLDPC", 9), shown: mac, endpoint: true})
	before.dead, before.config = true, now.config
	return true
}

// moved: the machine is at another customer now; its configuration stayed.
func (w *World) moved(i int, c *customer) bool {
	to := w.neighbour(i)
	if to == nil {
		return false
	}
	b := box{name: w.named(c, "NB", 1), shown: w.card(), endpoint: true}
	b.has, b.org = [][6]byte{b.shown}, c.org
	if i%2 == 0 {
		w.add(c, b).dead = true
	} else {
		w.document(b)
	}
	b.org = 0
	w.add(to, b)
	return true
}

func (w *World) commonName(_ int, c *customer) bool {
	m := w.add(c, box{name: "SERVER", has: [][6]byte{w.card()}, org: c.org})
	w.UniView.Edit(func(st *uniview.State) { st.Asset(m.asset).MAC = "" })
	return true
}

// childOrganization: a branch has an organization of its own below the customer's.
func (w *World) childOrganization(i int, c *customer) bool {
	var branch int64
	w.ITGlue.Edit(func(st *itglue.State) {
		branch = st.AddOrganization(itglue.Organization{Name: places[(i+11)%len(places)] + " branch " + strconv.Itoa(i), ParentID: c.org}).ID
	})
	for n := range 2 {
		mac := w.card()
		w.add(c, box{name: w.named(c, "BR", n+1), shown: mac, has: [][6]byte{mac}, org: branch})
	}
	return true
}

// wrongPSALink: somebody matched the organization to another customer's company.
func (w *World) wrongPSALink(i int, c *customer) bool {
	other := w.neighbour(i)
	deleted := true
	w.ConnectWise.View(func(st *connectwise.State) {
		if co := st.Company(c.company); co != nil {
			deleted = co.Deleted
		}
	})
	if deleted || other == nil || other.company == 0 {
		return false // nothing would tell: IT Glue's own link is what there is
	}
	w.ITGlue.Edit(func(st *itglue.State) {
		st.Organizations[c.org].Adapters = []itglue.Adapter{{TypeName: "ConnectWise Manage", RemoteID: strconv.Itoa(other.company), Sync: true}}
	})
	return true
}

// renamedOnto: the customer has a new name, which an organization of strangers has;
// its own still has the old one.
func (w *World) renamedOnto(i int, c *customer) bool {
	if len(c.machines) < 5 {
		return false // nothing would tell
	}
	name := "Meridian " + trades[i%len(trades)] + " " + strconv.Itoa(i) + " Ltd"
	if c.company != 0 {
		w.ConnectWise.Edit(func(st *connectwise.State) { st.RenameCompany(c.company, name) })
	}
	w.rename(c, name)
	w.strangers(w.addOrganization(name, 0), name)
	return true
}
