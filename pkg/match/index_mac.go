package match

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"uniview-bridge/pkg/backup"
)

const (
	// maxElsewhere is how many hits in other organizations are reported per address.
	maxElsewhere = 5
)

// MACFacts are the account-wide facts about one customer's addresses: small enough
// to travel with the customer's slice. Only addresses that the customer's assets
// have are in it.
type MACFacts struct {
	// Shared are addresses learned to be on several machines, with the reason.
	Shared map[MAC]string `json:"shared,omitempty"`
	// Elsewhere are configurations of other organizations with an address.
	Elsewhere map[MAC][]Elsewhere `json:"elsewhere,omitempty"`
}

// MACIndex knows every address of the account. It is read-only after it is made
// and safe for several goroutines.
type MACIndex struct {
	configs map[MAC][]int32 // configurations with the address, live ones only
	assets  map[MAC][]int32 // assets with the address
	all     []Configuration
	machine []backup.Asset
	orgs    map[string]string // id → name
}

// NewMACIndex indexes all assets and configurations of the account. Archived
// configurations do not count.
func NewMACIndex(assets []backup.Asset, configurations []Configuration, organizations []Organization) *MACIndex {
	x := &MACIndex{
		configs: make(map[MAC][]int32, len(configurations)), assets: make(map[MAC][]int32, len(assets)),
		all: configurations, machine: assets, orgs: make(map[string]string, len(organizations)),
	}
	for _, o := range organizations {
		x.orgs[o.ID] = o.Name
	}
	for i, c := range configurations {
		if c.Archived {
			continue
		}
		for _, mac := range c.Addresses() {
			x.configs[mac] = append(x.configs[mac], int32(i))
		}
	}
	for i, a := range assets {
		for _, mac := range ParseMACs(a.MAC) {
			x.assets[mac] = append(x.assets[mac], int32(i))
		}
	}
	return x
}

// Addresses returns every usable address of the configuration: primary, interfaces
// and RMM records, each once.
func (c Configuration) Addresses() []MAC {
	macs := ParseMACs(c.MAC)
	for _, field := range c.OtherMACs {
		for _, mac := range ParseMACs(field) {
			if !slices.Contains(macs, mac) {
				macs = append(macs, mac)
			}
		}
	}
	return macs
}

// Names returns the names of the configuration that are host names.
func (c Configuration) Names() []string {
	if c.Hostname == "" || c.Hostname == c.Name {
		return []string{c.Name}
	}
	return []string{c.Name, c.Hostname}
}

// Facts returns what the account knows about the addresses of one customer's
// assets, given the organization they are looked for in (empty: none yet).
func (x *MACIndex) Facts(assets []backup.Asset, organization string) MACFacts {
	f := MACFacts{}
	for _, a := range assets {
		for _, mac := range ParseMACs(a.MAC) {
			if _, done := f.Shared[mac]; done {
				continue
			}
			if _, done := f.Elsewhere[mac]; done {
				continue
			}
			if why := x.sharedBy(a.CustomerID, mac); why != "" {
				if f.Shared == nil {
					f.Shared = map[MAC]string{}
				}
				f.Shared[mac] = why
			}
			if hits := x.elsewhere(mac, organization); len(hits) > 0 {
				if f.Elsewhere == nil {
					f.Elsewhere = map[MAC][]Elsewhere{}
				}
				f.Elsewhere[mac] = hits
			}
		}
	}
	return f
}

// sharedBy says why an address is no identity in this account: other customers'
// machines have it too.
func (x *MACIndex) sharedBy(customer string, mac MAC) string {
	others := map[string]bool{}
	for _, i := range x.assets[mac] {
		if a := x.machine[i]; a.CustomerID != customer {
			others[a.CustomerID+"|"+NormalizeHost(a.Name).Bare] = true
		}
	}
	if len(others) == 0 {
		return ""
	}
	return fmt.Sprintf("also on %s of other customers", plural(len(others), "machine"))
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

func (x *MACIndex) elsewhere(mac MAC, organization string) []Elsewhere {
	var hits []Elsewhere
	for _, i := range x.configs[mac] {
		c := x.all[i]
		if c.OrganizationID == organization {
			continue
		}
		hits = append(hits, Elsewhere{
			MAC: string(mac), ConfigurationID: c.ID, ConfigurationName: c.Name,
			OrganizationID: c.OrganizationID, OrganizationName: x.orgs[c.OrganizationID],
		})
	}
	slices.SortFunc(hits, func(a, b Elsewhere) int { return compareIDs(a.ConfigurationID, b.ConfigurationID) })
	return hits[:min(len(hits), maxElsewhere)]
}

// Found counts, per organization, the assets whose address is on exactly one
// machine and exactly one configuration of the whole account, that one being
// there: independent evidence for which organization a customer is.
func (x *MACIndex) Found(assets []backup.Asset) map[string]int {
	found := map[string]int{}
	counted := map[MAC]bool{}
	for _, a := range assets {
		for _, mac := range ParseMACs(a.MAC) {
			if hits := x.configs[mac]; !counted[mac] && len(hits) == 1 && x.sharedBy(a.CustomerID, mac) == "" {
				counted[mac] = true
				found[x.all[hits[0]].OrganizationID]++
				break
			}
		}
	}
	return found
}

// sortIDs orders ids as compareIDs does.
func sortIDs(ids []string) { slices.SortFunc(ids, compareIDs) }

// sortedKeys are the keys of a map in byte order.
func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
