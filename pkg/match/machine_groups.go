package match

import (
	"cmp"
	"slices"
	"sort"

	"uniview-bridge/pkg/backup"
)

// devices holds the facts of one customer: its machines, and the configurations
// they are looked for among. Records are numbered in the order of their ids.
type devices struct {
	in     MachinesInput
	assets []*backup.Asset
	keys   []string // of assets
	hosts  []Host   // of assets
	groups []group
	owners addresses // address → groups that have it

	configs  []*Configuration
	live     addresses // address → live configurations that have it
	archived addresses
	claims   [][]int          // configuration → groups that one of its addresses leads here
	held     map[string][]int // configuration id → groups whose standing link it is
	byPerson map[string][]int // the same, those that a person decided
	names    *machineNames    // made when first asked
}

// group is one machine: its registrations of both families.
type group struct {
	number  int
	name    string // identity of its host name
	macs    []MAC  // usable ones, in order
	members []int
	leads   []int // the most recently active registration of each family
}

// leadOf is the registration that stands for another of its family.
func (g *group) leadOf(d *devices, member int) int {
	for _, lead := range g.leads {
		if d.assets[lead].Family == d.assets[member].Family {
			return lead
		}
	}
	return member
}

// owner is somebody who has an address.
type owner struct {
	mac MAC
	who int
}

// addresses is a list of who has which address, in the order of both.
type addresses []owner

func (a *addresses) add(mac MAC, who int) { *a = append(*a, owner{mac, who}) }

func (a addresses) sort() {
	slices.SortFunc(a, func(x, y owner) int { return cmp.Or(cmp.Compare(x.mac, y.mac), cmp.Compare(x.who, y.who)) })
}

// of lists who has an address.
func (a addresses) of(mac MAC) addresses {
	from := sort.Search(len(a), func(i int) bool { return a[i].mac >= mac })
	to := from
	for to < len(a) && a[to].mac == mac {
		to++
	}
	return a[from:to]
}

func newDevices(in MachinesInput) *devices {
	d := &devices{in: in}
	d.addConfigurations()
	d.addAssets()
	d.group()
	d.claim()
	d.holders()
	return d
}

func (d *devices) addConfigurations() {
	d.configs = make([]*Configuration, 0, len(d.in.Configurations))
	for i := range d.in.Configurations {
		d.configs = append(d.configs, &d.in.Configurations[i])
	}
	slices.SortStableFunc(d.configs, func(a, b *Configuration) int { return compareIDs(a.ID, b.ID) })
	d.configs = slices.CompactFunc(d.configs, func(a, b *Configuration) bool { return a.ID == b.ID })
	d.live = make(addresses, 0, len(d.configs))
	var macs []MAC
	for i, c := range d.configs {
		macs = c.addresses(macs[:0])
		for _, mac := range macs {
			if c.Archived {
				d.archived.add(mac, i)
			} else {
				d.live.add(mac, i)
			}
		}
	}
	d.live.sort()
	d.archived.sort()
}

// config is the place of a configuration.
func (d *devices) config(id string) (place int, exists bool) {
	return slices.BinarySearchFunc(d.configs, id, func(c *Configuration, id string) int { return compareIDs(c.ID, id) })
}

func (d *devices) addAssets() {
	type keyed struct {
		key   string
		asset *backup.Asset
	}
	all := make([]keyed, 0, len(d.in.Assets))
	for i := range d.in.Assets {
		all = append(all, keyed{d.in.Assets[i].Key(), &d.in.Assets[i]})
	}
	slices.SortStableFunc(all, func(a, b keyed) int { return cmp.Compare(a.key, b.key) })
	all = slices.CompactFunc(all, func(a, b keyed) bool { return a.key == b.key })
	d.assets, d.keys, d.hosts = make([]*backup.Asset, len(all)), make([]string, len(all)), make([]Host, len(all))
	for i, k := range all {
		d.assets[i], d.keys[i], d.hosts[i] = k.asset, k.key, NormalizeHost(k.asset.Name)
	}
}

// macsOf appends the addresses of an asset that are usable here.
func (d *devices) macsOf(macs []MAC, asset int) []MAC {
	macs = appendMACs(macs, d.assets[asset].MAC)
	if d.in.Facts.Ignored == nil {
		return macs
	}
	return slices.DeleteFunc(macs, func(mac MAC) bool { return d.in.Facts.Ignored[mac] != "" })
}

// group finds the registrations that are one machine: connected by an equal
// address and an equal host name.
func (d *devices) group() {
	having := make(addresses, 0, len(d.assets)) // address → assets
	d.owners = make(addresses, 0, len(d.assets))
	var macs []MAC
	first := make([]int, len(d.assets)) // an earlier registration of the same machine, or itself
	names := make([]string, len(d.assets))
	for i := range d.assets {
		first[i], names[i] = i, d.hosts[i].identity()
		macs = d.macsOf(macs[:0], i)
		for _, mac := range macs {
			having.add(mac, i)
		}
	}
	having.sort()
	find := func(i int) int {
		for first[i] != i {
			first[i] = first[first[i]]
			i = first[i]
		}
		return i
	}
	for from := 0; from < len(having); {
		to := from + 1
		for to < len(having) && having[to].mac == having[from].mac {
			to++
		}
		if to-from > 1 {
			seen := map[string]int{}
			for _, h := range having[from:to] {
				name := names[h.who]
				if name == "" {
					continue
				}
				if earlier, ok := seen[name]; ok {
					a, b := find(earlier), find(h.who)
					first[max(a, b)] = min(a, b)
				} else {
					seen[name] = h.who
				}
			}
		}
		from = to
	}
	number := make([]int, len(d.assets))
	d.groups = make([]group, 0, len(d.assets))
	// Nearly all machines have one registration and one address: room for those at once.
	members, leads, own := make([]int, len(d.assets)), make([]int, len(d.assets)), make([]MAC, len(d.assets))
	for i := range d.assets {
		if root := find(i); root == i {
			number[i] = len(d.groups)
			d.groups = append(d.groups, group{
				number: number[i], name: names[i], members: members[i : i : i+1], leads: leads[i : i : i+1], macs: own[i : i : i+1],
			})
		} else {
			number[i] = number[root]
		}
		g := &d.groups[number[i]]
		g.members = append(g.members, i)
	}
	for _, h := range having {
		g := &d.groups[number[h.who]]
		if n := len(g.macs); n == 0 || g.macs[n-1] != h.mac { // addresses come in order
			g.macs = append(g.macs, h.mac)
			d.owners.add(h.mac, g.number)
		}
	}
	d.owners.sort()
	for i := range d.groups {
		d.groups[i].lead(d)
	}
}

// lead finds the most recently active registration of each family.
func (g *group) lead(d *devices) {
	for _, member := range g.members {
		place := slices.IndexFunc(g.leads, func(lead int) bool { return d.assets[lead].Family == d.assets[member].Family })
		switch {
		case place < 0:
			g.leads = append(g.leads, member)
		case newer(d.assets[member], d.assets[g.leads[place]]):
			g.leads[place] = member
		}
	}
}

// newer says whether a is the more recently active registration.
func newer(a, b *backup.Asset) bool {
	return cmp.Or(a.LastActivity().Compare(b.LastActivity()), a.Created.Compare(b.Created), cmp.Compare(a.Key(), b.Key())) > 0
}

// claim notes which machines an address leads to each configuration. Addresses
// that are shared lead nobody.
func (d *devices) claim() {
	d.claims = make([][]int, len(d.configs))
	room := make([]int, len(d.configs)) // nearly all are led to by one machine
	for i := range d.claims {
		d.claims[i] = room[i : i : i+1]
	}
	for i := range d.groups {
		g := &d.groups[i]
		for _, mac := range g.macs {
			if d.in.Facts.Shared[mac] != "" {
				continue
			}
			for _, hit := range d.live.of(mac) {
				d.claims[hit.who] = appendNew(d.claims[hit.who], g.number)
			}
		}
	}
}

// holders notes whose standing link each configuration is.
func (d *devices) holders() {
	if len(d.in.Previous) == 0 {
		return
	}
	d.held, d.byPerson = map[string][]int{}, map[string][]int{}
	for i := range d.groups {
		g := &d.groups[i]
		for _, lead := range g.leads {
			l := d.in.Previous[d.keys[lead]]
			if l.TargetID == "" || l.State != Matched && l.State != Attention {
				continue
			}
			d.held[l.TargetID] = appendNew(d.held[l.TargetID], g.number)
			if l.Decided() {
				d.byPerson[l.TargetID] = appendNew(d.byPerson[l.TargetID], g.number)
			}
		}
	}
}

// appendNew appends what is not there yet.
func appendNew[T comparable](list []T, item T) []T {
	if slices.Contains(list, item) {
		return list
	}
	return append(list, item)
}
