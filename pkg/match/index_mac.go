package match

import (
	"cmp"
	"fmt"
	"slices"

	"uniview-bridge/pkg/backup"
)

// maxElsewhere is how many hits in other organizations are reported per address.
const maxElsewhere = 5

// MACFacts are the account-wide facts about one customer's addresses: small enough
// to travel with the customer's slice. Only addresses that the customer's assets
// have are in it.
type MACFacts struct {
	// Shared are addresses learned to be on several machines of the account, with
	// the reason: they suggest, they never link.
	Shared map[MAC]string `json:"shared,omitempty"`
	// Ignored are addresses on the MSP's own list, with the reason: they count as none.
	Ignored map[MAC]string `json:"ignored,omitempty"`
	// Elsewhere are configurations of organizations that are not searched.
	Elsewhere map[MAC][]Elsewhere `json:"elsewhere,omitempty"`
}

// LearnedMAC is an address that the account itself shows to be no identity:
// machines of different names at several customers have it, or configurations of
// different names in several organizations.
type LearnedMAC struct {
	MAC            string `json:"mac"` // canonical
	Reason         string `json:"reason"`
	Machines       int    `json:"machines"` // of different customers or names
	Customers      int    `json:"customers"`
	Configurations int    `json:"configurations"`
	Organizations  int    `json:"organizations"`
}

// MACIndex knows every address of the account. It is read-only after it is made
// and safe for several goroutines.
type MACIndex struct {
	own         macList
	descendants bool
	configs     postings // live ones only
	machines    postings
	all         []Configuration
	assets      []backup.Asset
	spread      map[MAC]spread // of addresses that more than one record has
	orgs        map[string]Organization
	below       map[string][]string // organization → its children, in order
}

// NewMACIndex indexes all assets and configurations of the account under the
// built-in settings. Archived configurations do not count.
func NewMACIndex(assets []backup.Asset, configurations []Configuration, organizations []Organization) *MACIndex {
	return MACSettings{}.NewIndex(assets, configurations, organizations)
}

// NewIndex is NewMACIndex under the MSP's own settings.
func (s MACSettings) NewIndex(assets []backup.Asset, configurations []Configuration, organizations []Organization) *MACIndex {
	x := &MACIndex{
		own: s.own(), descendants: s.Descendants, all: configurations, assets: assets,
		configs: newPostings(len(configurations)), machines: newPostings(len(assets)),
		orgs: make(map[string]Organization, len(organizations)), below: map[string][]string{},
	}
	for _, o := range organizations {
		if _, twice := x.orgs[o.ID]; !twice {
			x.orgs[o.ID] = o
			if o.ParentID != "" {
				x.below[o.ParentID] = append(x.below[o.ParentID], o.ID)
			}
		}
	}
	for _, children := range x.below {
		slices.SortFunc(children, compareIDs)
	}
	var macs []MAC
	for i := range configurations {
		if c := &configurations[i]; !c.Archived {
			macs = c.addresses(macs[:0])
			x.configs.add(macs, i)
		}
	}
	for i := range assets {
		macs = appendMACs(macs[:0], assets[i].MAC)
		x.machines.add(macs, i)
	}
	x.learn()
	return x
}

// postings are the places of the records that have an address. Nearly all
// addresses have one.
type postings struct {
	one  map[MAC]int32
	many map[MAC][]int32 // all places, where there are more
}

func newPostings(n int) postings {
	return postings{one: make(map[MAC]int32, n), many: map[MAC][]int32{}}
}

func (p postings) add(macs []MAC, place int) {
	for _, mac := range macs {
		first, there := p.one[mac]
		switch {
		case !there:
			p.one[mac] = int32(place)
		case p.many[mac] == nil:
			p.many[mac] = []int32{first, int32(place)}
		default:
			p.many[mac] = append(p.many[mac], int32(place))
		}
	}
}

// of lists the places of an address, in room if there is only one.
func (p postings) of(mac MAC, room *[1]int32) []int32 {
	place, there := p.one[mac]
	if !there {
		return nil
	}
	if many := p.many[mac]; many != nil {
		return many
	}
	room[0] = place
	return room[:]
}

// addresses appends every usable address of the configuration: primary, interfaces
// and RMM records, each once (itglue.md §0.8).
func (c *Configuration) addresses(macs []MAC) []MAC {
	macs = appendMACs(macs, c.MAC)
	for _, field := range c.OtherMACs {
		macs = appendMACs(macs, field)
	}
	return macs
}

// Addresses returns every usable address of the configuration: primary, interfaces
// and RMM records, each once.
func (c Configuration) Addresses() []MAC { return c.addresses(nil) }

// Names returns the names of the configuration that are host names.
func (c Configuration) Names() []string {
	if c.Hostname == "" || c.Hostname == c.Name {
		return []string{c.Name}
	}
	return []string{c.Name, c.Hostname}
}

// Scope lists the organizations in which the machines of a customer are looked
// for: its own, and those below it if the settings say so. Organizations that other
// customers are linked to are theirs, with what is below them. Parents that lead in
// a circle do no harm. No organization, no scope.
func (x *MACIndex) Scope(organization string, ofOthers map[string]bool) []string {
	if organization == "" {
		return nil
	}
	scope := []string{organization}
	for i := 0; x.descendants && i < len(scope); i++ {
		for _, child := range x.below[scope[i]] {
			if !ofOthers[child] && !slices.Contains(scope, child) {
				scope = append(scope, child)
			}
		}
	}
	return scope
}

// ancestors lists the organizations above one, nearest first.
func (x *MACIndex) ancestors(organization string) []string {
	var above []string
	for parent := x.orgs[organization].ParentID; parent != "" && parent != organization && !slices.Contains(above, parent); parent = x.orgs[parent].ParentID {
		above = append(above, parent)
	}
	return above
}

// Facts returns what the account knows about the addresses of one customer's
// assets, given the organizations they are looked for in: the customer's own first,
// as Scope lists them; none or an empty one: none yet.
func (x *MACIndex) Facts(assets []backup.Asset, within ...string) MACFacts {
	f := MACFacts{}
	var macs []MAC
	for i := range assets {
		macs = appendMACs(macs[:0], assets[i].MAC)
		for _, mac := range macs {
			if why := x.own.why(mac); why != "" {
				note(&f.Ignored, mac, why)
				continue
			}
			if s, ok := x.spread[mac]; ok {
				if why := s.reason(); why != "" {
					note(&f.Shared, mac, why)
				}
			}
			if _, done := f.Elsewhere[mac]; !done {
				if hits := x.elsewhere(mac, within); len(hits) > 0 {
					note(&f.Elsewhere, mac, hits)
				}
			}
		}
	}
	return f
}

func note[V any](m *map[MAC]V, mac MAC, v V) {
	if *m == nil {
		*m = map[MAC]V{}
	}
	(*m)[mac] = v
}

func (x *MACIndex) elsewhere(mac MAC, within []string) []Elsewhere {
	var room [1]int32
	var hits []Elsewhere
	for _, i := range x.configs.of(mac, &room) { // in the order of ids, where there are several
		c := &x.all[i]
		if slices.Contains(within, c.OrganizationID) {
			continue
		}
		hits = append(hits, Elsewhere{
			MAC: mac.Canonical(), ConfigurationID: c.ID, ConfigurationName: c.Name,
			OrganizationID: c.OrganizationID, OrganizationName: x.orgs[c.OrganizationID].Name,
			Below: len(within) > 0 && slices.Contains(x.ancestors(c.OrganizationID), within[0]),
		})
		if len(hits) == maxElsewhere {
			break
		}
	}
	return hits
}

// Found counts, per organization, the configurations that are found by an address
// of the assets alone: independent evidence for which organization a customer is.
// It counts an address only if it is no shared one of any kind, on one machine and
// on one configuration of the whole account, and, where it could be on several
// machines, only with a name that has something in common. Where organizations
// below are searched too, what is found there counts for those above as well.
func (x *MACIndex) Found(assets []backup.Asset) map[string]int {
	found := map[string]int{}
	counted := map[int32]bool{}
	var macs []MAC
	for i := range assets {
		macs = appendMACs(macs[:0], assets[i].MAC)
		for _, mac := range macs {
			place, there := x.configs.one[mac]
			if !there || counted[place] || x.configs.many[mac] != nil || x.own.why(mac) != "" {
				continue
			}
			if s, ok := x.spread[mac]; ok && s.names > 1 || ok && s.customers > 1 {
				continue
			}
			c := &x.all[place]
			if !mac.alone() && !related(NormalizeHost(assets[i].Name), c.hosts()) {
				continue
			}
			counted[place] = true
			found[c.OrganizationID]++
			if x.descendants {
				for _, above := range x.ancestors(c.OrganizationID) {
					found[above]++
				}
			}
		}
	}
	return found
}

// spread is how widely an address is met.
type spread struct {
	machines, names, customers int // assets: different (customer, name), names, customers
	configs, titles, orgs      int // configurations, their different names, organizations
}

// learn counts the spread of every address that more than one record has, and
// brings those records into an order of their own.
func (x *MACIndex) learn() {
	x.spread = map[MAC]spread{}
	for mac, places := range x.configs.many {
		slices.SortFunc(places, func(i, j int32) int {
			return cmp.Or(compareIDs(x.all[i].ID, x.all[j].ID), cmp.Compare(i, j))
		})
		places = slices.CompactFunc(places, func(i, j int32) bool { return x.all[i].ID == x.all[j].ID })
		if len(places) == 1 { // one record, listed twice
			delete(x.configs.many, mac)
			x.configs.one[mac] = places[0]
			continue
		}
		x.configs.many[mac] = places
		x.spread[mac] = x.spreadOf(mac)
	}
	for mac := range x.machines.many {
		if _, done := x.spread[mac]; !done {
			x.spread[mac] = x.spreadOf(mac)
		}
	}
}

func (x *MACIndex) spreadOf(mac MAC) spread {
	var room [1]int32
	machines, names, customers := map[[2]string]bool{}, map[string]bool{}, map[string]bool{}
	for _, i := range x.machines.of(mac, &room) {
		a := &x.assets[i]
		name := NormalizeHost(a.Name).identity()
		machines[[2]string{a.CustomerID, name}], names[name], customers[a.CustomerID] = true, true, true
	}
	configs := x.configs.of(mac, &room)
	titles, orgs := map[string]bool{}, map[string]bool{}
	for _, i := range configs {
		c := &x.all[i]
		titles[NormalizeHost(cmp.Or(c.Hostname, c.Name)).identity()], orgs[c.OrganizationID] = true, true
	}
	return spread{len(machines), len(names), len(customers), len(configs), len(titles), len(orgs)}
}

// learned says whether different machines of different customers have the address.
func (s spread) learned() bool { return s.names > 1 && s.customers > 1 || s.titles > 1 && s.orgs > 1 }

// reason says why the address is no identity in this account; empty if it is one.
func (s spread) reason() string {
	switch {
	case s.names > 1 && s.customers > 1:
		return fmt.Sprintf("on %d machines of %d customers", s.machines, s.customers)
	case s.titles > 1 && s.orgs > 1:
		return fmt.Sprintf("on %d configurations of different names in %d organizations", s.configs, s.orgs)
	case s.customers > 1:
		return "also on a machine of the same name of another customer: it may have moved"
	default:
		return ""
	}
}

// Learned lists the addresses that the account itself shows to be shared, in
// order: those that neither the shipped list nor the MSP's own has.
func (x *MACIndex) Learned() []LearnedMAC {
	var out []LearnedMAC
	for mac, s := range x.spread {
		if s.learned() && x.own.why(mac) == "" {
			out = append(out, LearnedMAC{
				MAC: mac.Canonical(), Reason: s.reason(),
				Machines: s.machines, Customers: s.customers, Configurations: s.configs, Organizations: s.orgs,
			})
		}
	}
	slices.SortFunc(out, func(a, b LearnedMAC) int { return cmp.Compare(a.MAC, b.MAC) })
	return out
}
