package match

import (
	"cmp"
	"slices"
	"strings"
)

// hit is a live configuration that has addresses of the machine.
type hit struct {
	config int
	macs   []MAC
}

// fresh is the link by rule alone.
func (d *devices) fresh(g *group, lead int, m Machine) Link {
	var hits []hit
	twice, otherNames := false, false
	for _, mac := range g.macs {
		at := d.live.of(mac)
		twice = twice || len(at) > 1
		for _, o := range at {
			if i := slices.IndexFunc(hits, func(h hit) bool { return h.config == o.who }); i >= 0 {
				hits[i].macs = append(hits[i].macs, mac)
			} else {
				hits = append(hits, hit{o.who, []MAC{mac}})
			}
		}
		otherNames = otherNames || len(d.owners.of(mac)) > 1
	}
	slices.SortFunc(hits, func(a, b hit) int { return cmp.Compare(a.config, b.config) })
	switch {
	case len(hits) == 0:
		return d.byName(g, lead, m)
	case otherNames:
		return d.ambiguous(ReasonMACOtherNames, lead, hits)
	case twice:
		return d.ambiguous(ReasonMACTwice, lead, hits)
	case len(hits) > 1:
		return d.ambiguous(ReasonMACsSplit, lead, hits)
	}
	the := hits[0]
	c := d.configs[the.config]
	for _, mac := range the.macs {
		if why := d.in.Facts.Shared[mac]; why != "" {
			return Link{State: Suggested, Reason: ReasonMACShared + why, Suggestions: d.suggestions(lead, hits)}
		}
	}
	names := c.hosts()
	if l, doubt := d.doubt(g, lead, the, names); doubt {
		return l
	}
	reason := ReasonMAC
	if layerOf(d.hosts[lead], names) > HostNone {
		reason = ReasonMACAndHost
	}
	return Link{State: Matched, TargetID: c.ID, TargetName: c.Name, Reason: reason, By: Auto, At: d.in.Now}
}

// doubt tells what speaks against linking a machine to the one configuration that
// its addresses lead to.
func (d *devices) doubt(g *group, lead int, the hit, names []Host) (Link, bool) {
	c, host := d.configs[the.config], d.hosts[lead]
	mine, layer := calls(names, g.name), layerOf(host, names)
	for _, other := range d.byPerson[c.ID] {
		if other != g.number && !slices.Contains(d.byPerson[c.ID], g.number) && !d.sameName(g, other) {
			return Link{State: Attention, Cause: Conflict, Reason: ReasonMACTaken, Suggestions: d.suggestions(lead, []hit{the})}, true
		}
	}
	// The machine of the configuration's very name goes before all others; else
	// nobody does.
	for _, rivals := range [][]int{d.claims[the.config], d.held[c.ID]} {
		for _, other := range rivals {
			if other != g.number && !(layer >= HostCut && d.sameName(g, other)) && !(mine && !calls(names, d.groups[other].name)) {
				return d.ambiguous(ReasonMACContested, lead, []hit{the}), true
			}
		}
	}
	if mine || layer >= HostSeparator && host.Copies == "" {
		return Link{}, false
	}
	// The names differ. Does a name tell otherwise?
	if called := d.nameIndexes().called(host, the.config); len(called) > 0 {
		hits := append([]hit{the}, called...)
		return d.ambiguous(ReasonMACOrName, lead, hits), true
	}
	for _, n := range names {
		for _, other := range d.nameIndexes().groups[n.identity()] {
			if other != g.number {
				return d.ambiguous(ReasonMACContested, lead, []hit{the}), true
			}
		}
	}
	if layer > HostNone || related(host, names) {
		return Link{}, false
	}
	if numberedApart(host, names) {
		return Link{State: Suggested, Reason: ReasonMACSibling, Suggestions: d.suggestions(lead, []hit{the})}, true
	}
	why := ""
	for _, mac := range the.macs {
		grade, weak := mac.Grade()
		if grade == Alone {
			return Link{}, false
		}
		why = weak
	}
	return Link{State: Suggested, Reason: ReasonMACWeak + why, Suggestions: d.suggestions(lead, []hit{the})}, true
}

func (d *devices) sameName(g *group, other int) bool {
	return g.name != "" && d.groups[other].name == g.name
}

// ambiguous lists candidates of equal right.
func (d *devices) ambiguous(reason string, lead int, hits []hit) Link {
	return Link{State: Attention, Cause: Ambiguous, Reason: reason, Suggestions: d.suggestions(lead, hits)}
}

// suggestions lists configurations hit by address, or by name alone.
func (d *devices) suggestions(lead int, hits []hit) []Suggestion {
	out := make([]Suggestion, 0, len(hits))
	for _, h := range hits {
		c := d.configs[h.config]
		layer := layerOf(d.hosts[lead], c.hosts())
		s := Suggestion{TargetID: c.ID, TargetName: c.Name, Score: round(0.6 + 0.35*layer.score())}
		for _, mac := range h.macs {
			s.Reasons = append(s.Reasons, "same MAC address "+mac.String())
		}
		if len(h.macs) == 0 {
			s.Score = round(0.6 * layer.score())
		}
		s.Reasons = append(s.Reasons, layer.Words())
		out = append(out, s)
	}
	slices.SortStableFunc(out, func(a, b Suggestion) int { return -cmp.Compare(a.Score, b.Score) })
	return out
}

// hosts are the configuration's names as host names.
func (c *Configuration) hosts() []Host {
	if c.Hostname == "" || c.Hostname == c.Name {
		return []Host{NormalizeHost(c.Name)}
	}
	return []Host{NormalizeHost(c.Name), NormalizeHost(c.Hostname)}
}

// layerOf is the strictest layer on which a name agrees with any of some.
func layerOf(h Host, names []Host) Layer {
	best := HostNone
	for _, n := range names {
		best = max(best, CompareHosts(h, n))
	}
	return best
}

// calls says whether any of the names is the very one.
func calls(names []Host, identity string) bool {
	return identity != "" && slices.ContainsFunc(names, func(n Host) bool { return n.identity() == identity })
}

// related says whether a machine's name and a configuration's have anything in
// common: they agree on some layer, or one is within the other with equal digits.
// A word in common is not enough: all of a customer's machines begin alike.
func related(h Host, names []Host) bool {
	return slices.ContainsFunc(names, func(n Host) bool {
		return CompareHosts(h, n) > HostNone || len(h.Bare) >= 4 && len(n.Bare) >= 4 && digits(h.Bare) == digits(n.Bare) &&
			(strings.Contains(h.Bare, n.Bare) || strings.Contains(n.Bare, h.Bare))
	})
}

// numberedApart says whether a name differs from one of the others in its numbers only.
func numberedApart(h Host, names []Host) bool {
	return slices.ContainsFunc(names, func(n Host) bool {
		letters := undigited(h.Bare)
		return letters != "" && letters == undigited(n.Bare) && digits(h.Bare) != digits(n.Bare)
	})
}
