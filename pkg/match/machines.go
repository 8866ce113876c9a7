package match

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"uniview-bridge/pkg/backup"
)

// MachinesInput is everything the links of one customer's machines are decided
// from. Order never matters.
type MachinesInput struct {
	Assets         []backup.Asset
	Configurations []Configuration // of the customer's organization, archived ones too
	Facts          MACFacts
	Previous       map[string]Link // by asset key; only links that stand on this organization
	Now            time.Time       // when new automatic links are made
	// ReadFrom is when the read of Configurations began, as in CustomersInput. It
	// may be given later than it was, where TooNew names the configurations that
	// were linked between and that the list lacks.
	ReadFrom time.Time
	TooNew   []string // configuration ids
}

// Machine is the verdict on one registration of a machine.
type Machine struct {
	Link Link
	// SupersededBy is the asset key of the more recently active registration of
	// the same machine in the same family; its Link is that one's.
	SupersededBy string
	// SameAs is the asset key of the same machine's registration in the other family.
	SameAs string
	// Elsewhere are configurations of other organizations that have its address.
	Elsewhere []Elsewhere
	// Archived are archived configurations of the organization that have its address.
	Archived []string
}

// Reasons of machine links.
const (
	ReasonMAC            = "same MAC address"
	ReasonMACAndHost     = "same MAC address and host name"
	ReasonMACTwice       = "its MAC address is on several configurations"
	ReasonMACsSplit      = "its MAC addresses are on different configurations"
	ReasonMACOtherNames  = "other machines of the customer with other names have its MAC address"
	ReasonMACWeak        = "same MAC address, but it is one that can be on several machines, and the host names differ"
	ReasonMACShared      = "same MAC address, but it is "
	ReasonNoMAC          = "it has no usable MAC address; the host name agrees"
	ReasonNoMACTwice     = "it has no usable MAC address, and several configurations have its host name"
	ReasonNoMACSame      = "it has no usable MAC address, and other machines of the customer have its host name"
	ReasonNoMACNothing   = "it has no usable MAC address, and no configuration has its host name"
	ReasonMACNotFound    = "no configuration of the organization has its MAC address"
	ReasonMACNotHost     = "no configuration of the organization has its MAC address, but one has its host name"
	ReasonMACNotHosts    = "no configuration of the organization has its MAC address, but several have its host name"
	ReasonMACArchived    = "only an archived configuration has its MAC address"
	ReasonMACElsewhere   = "its MAC address is in another organization"
	ReasonMACMoved       = "another configuration has its MAC address now"
	ReasonConfigArchived = "the linked configuration is archived"
	ReasonConfigMissing  = "the linked configuration is deleted"
)

// Machines decides the configuration of every machine of one customer.
//
// Registrations with the same address and the same normalised host name are one
// machine: within a family the most recently active one is linked and supersedes
// the others, across families each links. A machine links automatically when its
// usable addresses lead to exactly one live configuration and none of them is on
// a machine of another name, here or at another customer. An address that can be
// on several machines (virtual, locally administered, travelling) must not meet a
// wholly different host name. All else is a suggestion, attention with all
// candidates, or unmatched with the reason.
//
// Links that stand are kept by id and watched, as in Customers.
func Machines(in MachinesInput) map[string]Machine {
	d := newDevices(in)
	out := make(map[string]Machine, len(in.Assets))
	for _, g := range d.groups {
		for _, lead := range g.leads {
			out[lead.Key()] = d.decide(g, lead)
		}
	}
	for _, g := range d.groups {
		for _, a := range g.members {
			if lead := g.leads[a.Family]; lead.Key() != a.Key() {
				m := out[lead.Key()]
				m.SupersededBy, m.SameAs = lead.Key(), ""
				if own := in.Previous[a.Key()]; own.Decided() || own.State == Ignored {
					m.Link = d.keepOrOpen(own, a, Link{State: own.State, Reason: own.Reason})
				}
				out[a.Key()] = m
			}
		}
		if len(g.leads) > 1 {
			for f, lead := range g.leads {
				for other, twin := range g.leads {
					if other != f {
						m := out[lead.Key()]
						m.SameAs = twin.Key()
						out[lead.Key()] = m
					}
				}
			}
		}
	}
	return out
}

// group is one machine: its registrations of both families.
type group struct {
	host    string
	macs    []MAC
	members []backup.Asset
	leads   map[backup.Family]backup.Asset // the most recently active of each family
}

// devices holds the facts of one customer and organization.
type devices struct {
	in       MachinesInput
	groups   []*group
	byMAC    map[MAC][]*group
	byHost   map[string][]*group // Bare host name
	configs  map[string]Configuration
	live     map[MAC][]string // live configurations with the address
	archived map[MAC][]string
	hosts    *HostIndex // of live configurations
}

func newDevices(in MachinesInput) *devices {
	d := &devices{
		in: in, byMAC: map[MAC][]*group{}, byHost: map[string][]*group{}, configs: map[string]Configuration{},
		live: map[MAC][]string{}, archived: map[MAC][]string{},
	}
	configurations := slices.Clone(in.Configurations)
	slices.SortFunc(configurations, func(a, b Configuration) int { return compareIDs(a.ID, b.ID) })
	names := map[string][]string{}
	for _, c := range configurations {
		if _, twice := d.configs[c.ID]; twice {
			continue
		}
		d.configs[c.ID] = c
		to := d.live
		if c.Archived {
			to = d.archived
		} else {
			names[c.ID] = c.Names()
		}
		for _, mac := range c.Addresses() {
			to[mac] = append(to[mac], c.ID)
		}
	}
	d.hosts = NewHostIndex(names)
	d.group()
	return d
}

// group finds the registrations that are one machine: connected by an equal
// address and an equal host name.
func (d *devices) group() {
	assets := slices.Clone(d.in.Assets)
	slices.SortFunc(assets, func(a, b backup.Asset) int { return cmp.Compare(a.Key(), b.Key()) })
	type identity struct {
		mac  MAC
		host string
	}
	known := map[identity]*group{}
	seen := map[string]bool{}
	for _, a := range assets {
		if seen[a.Key()] {
			continue
		}
		seen[a.Key()] = true
		macs, host := ParseMACs(a.MAC), NormalizeHost(a.Name).Bare
		var g *group
		if host != "" {
			for _, mac := range macs {
				if k := known[identity{mac, host}]; k != nil && k != g {
					if g == nil {
						g = k
						continue
					}
					g.absorb(k)
					for id, other := range known {
						if other == k {
							known[id] = g
						}
					}
				}
			}
		}
		if g == nil {
			g = &group{host: host}
			d.groups = append(d.groups, g)
		}
		g.members = append(g.members, a)
		for _, mac := range macs {
			if !slices.Contains(g.macs, mac) {
				g.macs = append(g.macs, mac)
			}
			if host != "" {
				known[identity{mac, host}] = g
			}
		}
	}
	d.groups = slices.DeleteFunc(d.groups, func(g *group) bool { return len(g.members) == 0 })
	for _, g := range d.groups {
		slices.Sort(g.macs)
		slices.SortFunc(g.members, func(a, b backup.Asset) int { return cmp.Compare(a.Key(), b.Key()) })
		g.leads = map[backup.Family]backup.Asset{}
		for _, a := range g.members {
			if best, ok := g.leads[a.Family]; !ok || newer(a, best) {
				g.leads[a.Family] = a
			}
		}
		for _, mac := range g.macs {
			d.byMAC[mac] = append(d.byMAC[mac], g)
		}
		if g.host != "" {
			d.byHost[g.host] = append(d.byHost[g.host], g)
		}
	}
}

// absorb joins another group of the same machine into g.
func (g *group) absorb(other *group) {
	g.members = append(g.members, other.members...)
	for _, mac := range other.macs {
		if !slices.Contains(g.macs, mac) {
			g.macs = append(g.macs, mac)
		}
	}
	other.members, other.macs = nil, nil
}

// newer says whether a is the more recently active registration.
func newer(a, b backup.Asset) bool {
	ta, tb := a.LastActivity(), b.LastActivity()
	if !ta.Equal(tb) {
		return ta.After(tb)
	}
	if !a.Created.Equal(b.Created) {
		return a.Created.After(b.Created)
	}
	return a.Key() > b.Key()
}

// decide is the verdict on the leading registration of one machine.
func (d *devices) decide(g *group, a backup.Asset) Machine {
	m := Machine{}
	for _, mac := range g.macs {
		m.Elsewhere = append(m.Elsewhere, d.in.Facts.Elsewhere[mac]...)
		for _, id := range d.archived[mac] {
			if !slices.Contains(m.Archived, id) {
				m.Archived = append(m.Archived, id)
			}
		}
	}
	fresh := d.fresh(g, a, m)
	m.Link = d.keepOrOpen(d.in.Previous[a.Key()], a, fresh)
	return m
}

// fresh is the link by rule alone.
func (d *devices) fresh(g *group, a backup.Asset, m Machine) Link {
	if len(g.macs) == 0 {
		return d.byName(g, a, true, m)
	}
	hits := map[string][]MAC{} // live configuration → addresses it shares with the machine
	twice := false
	for _, mac := range g.macs {
		ids := d.live[mac]
		twice = twice || len(ids) > 1
		for _, id := range ids {
			hits[id] = append(hits[id], mac)
		}
	}
	if len(hits) == 0 {
		return d.byName(g, a, false, m)
	}
	suggestions := d.suggestions(a, hits)
	for _, mac := range g.macs {
		for _, other := range d.byMAC[mac] {
			if other != g {
				return Link{State: Attention, Cause: Ambiguous, Reason: ReasonMACOtherNames, Suggestions: suggestions}
			}
		}
	}
	if len(hits) > 1 {
		reason := ReasonMACsSplit
		if twice {
			reason = ReasonMACTwice
		}
		return Link{State: Attention, Cause: Ambiguous, Reason: reason, Suggestions: suggestions}
	}
	id := sortedKeys(hits)[0]
	c := d.configs[id]
	for _, mac := range hits[id] {
		if why := d.in.Facts.Shared[mac]; why != "" {
			return Link{State: Suggested, Reason: ReasonMACShared + why, Suggestions: suggestions}
		}
	}
	layer := bestLayer(a.Name, c.Names())
	if layer == HostNone && !related(a.Name, c.Names()) && !anyAlone(hits[id]) {
		return Link{State: Suggested, Reason: ReasonMACWeak, Suggestions: suggestions}
	}
	reason := ReasonMAC
	if layer > HostNone {
		reason = ReasonMACAndHost
	}
	return Link{State: Matched, TargetID: id, TargetName: c.Name, Reason: reason, By: Auto, At: d.in.Now}
}

// suggestions lists every configuration hit by address.
func (d *devices) suggestions(a backup.Asset, hits map[string][]MAC) []Suggestion {
	var out []Suggestion
	for _, id := range slices.SortedFunc(maps.Keys(hits), compareIDs) {
		c := d.configs[id]
		layer := bestLayer(a.Name, c.Names())
		s := Suggestion{TargetID: id, TargetName: c.Name, Score: round(0.6 + 0.35*layer.score())}
		for _, mac := range hits[id] {
			s.Reasons = append(s.Reasons, "same MAC address "+mac.String())
		}
		s.Reasons = append(s.Reasons, layer.Words())
		out = append(out, s)
	}
	slices.SortStableFunc(out, func(a, b Suggestion) int { return -cmp.Compare(a.Score, b.Score) })
	return out
}

// byName looks for a machine whose address leads nowhere by its host name: a
// suggestion at most.
func (d *devices) byName(g *group, a backup.Asset, noMAC bool, m Machine) Link {
	found := d.hosts.Find(a.Name)
	if len(found) == 0 {
		switch {
		case noMAC:
			return Link{State: Unmatched, Reason: ReasonNoMACNothing}
		case len(m.Archived) > 0:
			return Link{State: Unmatched, Reason: ReasonMACArchived}
		case len(m.Elsewhere) > 0:
			return Link{State: Unmatched, Reason: ReasonMACElsewhere}
		default:
			return Link{State: Unmatched, Reason: ReasonMACNotFound}
		}
	}
	var out []Suggestion
	for _, hit := range found {
		c := d.configs[hit.ID]
		s := Suggestion{TargetID: hit.ID, TargetName: c.Name, Score: hit.Layer.score(), Reasons: []string{hit.Layer.Words()}}
		if !noMAC {
			s.Score *= 0.9
			if len(c.Addresses()) > 0 {
				s.Score *= 0.6
				s.Reasons = append(s.Reasons, "but its MAC addresses are others")
			}
		}
		s.Score = round(s.Score)
		out = append(out, s)
	}
	rivals := len(d.byHost[g.host]) > 1
	switch {
	case len(out) > 1 && noMAC:
		return Link{State: Attention, Cause: Ambiguous, Reason: ReasonNoMACTwice, Suggestions: out}
	case len(out) > 1:
		return Link{State: Suggested, Reason: ReasonMACNotHosts, Suggestions: out[:min(len(out), MaxSuggestions)]}
	case rivals && noMAC:
		return Link{State: Attention, Cause: Ambiguous, Reason: ReasonNoMACSame, Suggestions: out}
	case noMAC:
		return Link{State: Suggested, Reason: ReasonNoMAC, Suggestions: out}
	default:
		return Link{State: Suggested, Reason: ReasonMACNotHost, Suggestions: out}
	}
}

// keepOrOpen watches a link that stands, or takes the fresh one.
func (d *devices) keepOrOpen(old Link, a backup.Asset, fresh Link) Link {
	if old.State == Ignored {
		return old
	}
	if old.TargetID == "" || old.State != Matched && old.State != Attention {
		if old.Decided() { // unmatched by a person
			old.Suggestions = fresh.Suggestions
			if fresh.State == Matched {
				old.Suggestions = []Suggestion{{TargetID: fresh.TargetID, TargetName: fresh.TargetName, Score: 1, Reasons: []string{fresh.Reason}}}
			}
			return old
		}
		return fresh
	}
	candidates := fresh.Suggestions
	if fresh.State == Matched && fresh.TargetID != old.TargetID {
		candidates = []Suggestion{{TargetID: fresh.TargetID, TargetName: fresh.TargetName, Score: 1, Reasons: []string{fresh.Reason}}}
	}
	attention := func(cause Cause, reason string) Link {
		old.State, old.Cause, old.Reason, old.Suggestions = Attention, cause, reason, candidates
		return old
	}
	c, exists := d.configs[old.TargetID]
	switch {
	case !exists && (sinceRead(old, d.in.ReadFrom) || slices.Contains(d.in.TooNew, old.TargetID)):
		return unlisted(old)
	case !exists:
		return attention(Missing, ReasonConfigMissing)
	case c.Archived:
		return attention(Missing, ReasonConfigArchived)
	}
	macs := ParseMACs(a.MAC)
	has := slices.ContainsFunc(c.Addresses(), func(mac MAC) bool { return slices.Contains(macs, mac) })
	moved := fresh.State == Matched && fresh.TargetID != old.TargetID
	if !has && moved && !old.Decided() {
		return attention(Conflict, ReasonMACMoved)
	}
	if c.Name != old.TargetName && !has && bestLayer(a.Name, c.Names()) == HostNone {
		return attention(Renamed, fmt.Sprintf("the configuration was %q when it was linked and is %q now, and nothing else confirms the link", old.TargetName, c.Name))
	}
	kept := undisturbed(old, c.Name)
	if fresh.State == Matched && fresh.TargetID == old.TargetID && !old.Decided() {
		kept.Reason = fresh.Reason
	}
	return kept
}

func bestLayer(name string, names []string) Layer {
	h := NormalizeHost(name)
	best := HostNone
	for _, n := range names {
		best = max(best, CompareHosts(h, NormalizeHost(n)))
	}
	return best
}

// related says whether a machine's name and a configuration's have anything in
// common: a word of at least three letters, or one within the other.
func related(name string, names []string) bool {
	mine := wordsOf(name)
	for _, n := range names {
		for _, theirs := range wordsOf(n) {
			for _, w := range mine {
				if len(w) >= 3 && w == theirs {
					return true
				}
			}
		}
		if a, b := NormalizeHost(name).Bare, NormalizeHost(n).Bare; len(a) >= 4 && len(b) >= 4 && (strings.Contains(a, b) || strings.Contains(b, a)) {
			return true
		}
	}
	return false
}

// anyAlone says whether any of the addresses is a network card's own.
func anyAlone(macs []MAC) bool {
	return slices.ContainsFunc(macs, func(m MAC) bool {
		grade, _ := m.Grade()
		return grade == Alone
	})
}
