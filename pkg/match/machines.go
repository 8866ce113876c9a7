package match

import (
	"time"

	"uniview-bridge/pkg/backup"
)

// MachinesInput is everything the links of one customer's machines are decided
// from. Order never matters.
type MachinesInput struct {
	Assets []backup.Asset
	// Configurations are those of the organizations that MACIndex.Scope names,
	// archived ones too.
	Configurations []Configuration
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
	// Elsewhere are configurations of organizations that are not searched which have
	// its address.
	Elsewhere []Elsewhere
	// Archived are archived configurations of the organization that have its address.
	Archived []string
}

// Reasons of machine links. Those that end in a blank are followed by why.
const (
	ReasonMAC            = "same MAC address"
	ReasonMACAndHost     = "same MAC address and host name"
	ReasonMACTwice       = "its MAC address is on several configurations"
	ReasonMACsSplit      = "its MAC addresses are on different configurations"
	ReasonMACOtherNames  = "other machines of the customer with other names have its MAC address"
	ReasonMACContested   = "other machines of the customer lead to the same configuration"
	ReasonMACTaken       = "a person linked the configuration that has its MAC address to another machine"
	ReasonMACOrName      = "one configuration has its MAC address, another its host name"
	ReasonMACSibling     = "same MAC address, but the host names differ in their numbers"
	ReasonMACWeak        = "same MAC address, but the host names differ, and the address can be on several machines: "
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
	ReasonMACBelow       = "its MAC address is in an organization below the customer's, which is not searched"
	ReasonMACMoved       = "another configuration has its MAC address now"
	ReasonConfigArchived = "the linked configuration is archived"
	ReasonConfigMissing  = "the linked configuration is deleted"
)

// Machines decides the configuration of every machine of one customer.
//
// Registrations with the same address and the same normalised host name are one
// machine: within a family the most recently active one is linked and supersedes
// the others, across families each links. A machine links automatically when its
// usable addresses lead to exactly one live configuration, none of them is on a
// machine of another name, here or at another customer, no other machine has as
// good a right to that configuration, and the names do not speak against it:
//
//   - no other configuration has the machine's very name while this one has not;
//   - the names are not those of siblings (PC07, PC12);
//   - an address that can be on several machines (virtual, locally administered,
//     travelling) meets a name that has something in common.
//
// All else is a suggestion, attention with all candidates, or unmatched with the
// reason. A machine without a usable address is suggested by name, never linked.
//
// Links that stand are kept by id and watched, as in Customers.
func Machines(in MachinesInput) map[string]Machine {
	d := newDevices(in)
	out := make(map[string]Machine, len(in.Assets))
	for i := range d.groups {
		g := &d.groups[i]
		for _, lead := range g.leads {
			m := d.decide(g, lead)
			for _, twin := range g.leads {
				if twin != lead {
					m.SameAs = d.keys[twin]
				}
			}
			out[d.keys[lead]] = m
		}
		for _, member := range g.members {
			if lead := g.leadOf(d, member); lead != member {
				out[d.keys[member]] = d.superseded(member, d.keys[lead], out[d.keys[lead]])
			}
		}
	}
	return out
}

// superseded is the verdict on a registration that a newer one stands for: that
// one's, unless a person decided on this very one. What a person decided on the
// newer one is not a decision on this.
func (d *devices) superseded(member int, lead string, m Machine) Machine {
	m.SupersededBy, m.SameAs = lead, ""
	if own := d.in.Previous[d.keys[member]]; own.Decided() || own.State == Ignored && own.By != Auto {
		m.Link = d.keepOrOpen(own, member, m.Link)
	} else if m.Link.By != "" {
		m.Link.By = Auto
	}
	return m
}

// decide is the verdict on the leading registration of one machine.
func (d *devices) decide(g *group, lead int) Machine {
	m := Machine{}
	for _, mac := range g.macs {
		m.Elsewhere = append(m.Elsewhere, d.in.Facts.Elsewhere[mac]...)
		for _, hit := range d.archived.of(mac) {
			m.Archived = appendNew(m.Archived, d.configs[hit.who].ID)
		}
	}
	m.Link = d.keepOrOpen(d.in.Previous[d.keys[lead]], lead, d.fresh(g, lead, m))
	return m
}
