package match

import "slices"

// machineNames finds machines and configurations by name.
type machineNames struct {
	d       *devices
	configs *HostIndex
	groups  map[string][]int // identity → machines
}

// nameIndexes are made for the first machine whose name is asked for: most links
// never ask.
func (d *devices) nameIndexes() *machineNames {
	if d.names != nil {
		return d.names
	}
	names := make(map[string][]string, len(d.configs))
	for _, c := range d.configs {
		if !c.Archived {
			names[c.ID] = c.Names()
		}
	}
	d.names = &machineNames{d: d, configs: NewHostIndex(names), groups: map[string][]int{}}
	for i := range d.groups {
		if g := &d.groups[i]; g.name != "" {
			d.names.groups[g.name] = append(d.names.groups[g.name], g.number)
		}
	}
	return d.names
}

// called lists the other live configurations that have the machine's very name.
func (x *machineNames) called(host Host, but int) []hit {
	var out []hit
	for _, n := range x.configs.names[host.Bare] {
		if place, _ := x.d.config(n.id); place != but && n.host.identity() == host.identity() {
			if !slices.ContainsFunc(out, func(h hit) bool { return h.config == place }) {
				out = append(out, hit{config: place})
			}
		}
	}
	return out
}

// byName looks for a machine whose addresses lead nowhere by its host name: a
// suggestion at most.
func (d *devices) byName(g *group, lead int, m Machine) Link {
	noMAC := len(g.macs) == 0
	host, names := d.hosts[lead], d.nameIndexes()
	found := slices.DeleteFunc(names.configs.find(host), func(c HostCandidate) bool {
		return c.Layer < HostSeparator && d.ofAnother(g, c.ID)
	})
	if len(found) == 0 {
		below := slices.ContainsFunc(m.Elsewhere, func(e Elsewhere) bool { return e.Below })
		switch {
		case noMAC:
			return Link{State: Unmatched, Reason: ReasonNoMACNothing + d.whyNoMAC(lead)}
		case len(m.Archived) > 0:
			return Link{State: Unmatched, Reason: ReasonMACArchived}
		case below:
			return Link{State: Unmatched, Reason: ReasonMACBelow}
		case len(m.Elsewhere) > 0:
			return Link{State: Unmatched, Reason: ReasonMACElsewhere}
		default:
			return Link{State: Unmatched, Reason: ReasonMACNotFound}
		}
	}
	var out []Suggestion
	for _, hit := range found {
		place, _ := d.config(hit.ID)
		c := d.configs[place]
		s := Suggestion{TargetID: hit.ID, TargetName: c.Name, Score: hit.Layer.score(), Reasons: []string{hit.Layer.Words()}}
		if !noMAC {
			s.Score *= 0.9
			if len(c.addresses(nil)) > 0 {
				s.Score *= 0.6
				s.Reasons = append(s.Reasons, "but its MAC addresses are others")
			}
		}
		s.Score = round(s.Score)
		out = append(out, s)
	}
	rivals := len(names.groups[g.name]) > 1
	switch {
	case len(out) > 1 && noMAC:
		return Link{State: Attention, Cause: Ambiguous, Reason: ReasonNoMACTwice + d.whyNoMAC(lead), Suggestions: out}
	case len(out) > 1:
		return Link{State: Suggested, Reason: ReasonMACNotHosts, Suggestions: out[:min(len(out), MaxSuggestions)]}
	case rivals && noMAC:
		return Link{State: Attention, Cause: Ambiguous, Reason: ReasonNoMACSame + d.whyNoMAC(lead), Suggestions: out}
	case noMAC:
		return Link{State: Suggested, Reason: ReasonNoMAC + d.whyNoMAC(lead), Suggestions: out}
	default:
		return Link{State: Suggested, Reason: ReasonMACNotHost, Suggestions: out}
	}
}

// ofAnother says whether a configuration is another machine's by address or very
// name, so that a name that is only near means a sibling.
func (d *devices) ofAnother(g *group, id string) bool {
	place, _ := d.config(id)
	if slices.ContainsFunc(d.claims[place], func(other int) bool { return other != g.number }) {
		return true
	}
	for _, n := range d.configs[place].hosts() {
		if slices.ContainsFunc(d.nameIndexes().groups[n.identity()], func(other int) bool { return other != g.number }) {
			return true
		}
	}
	return false
}

// whyNoMAC says in brackets why the addresses that a machine has are not usable.
func (d *devices) whyNoMAC(lead int) string {
	macs, rejected := ReadMACs(d.assets[lead].MAC)
	for _, mac := range macs {
		if why := d.in.Facts.Ignored[mac]; why != "" {
			return " (" + mac.String() + " is " + why + ")"
		}
	}
	for _, r := range rejected {
		return " (" + r.Text + " is " + r.Reason + ")"
	}
	return ""
}
