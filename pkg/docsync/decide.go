package docsync

import (
	"cmp"
	"slices"
	"time"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/plan"
	"uniview-bridge/pkg/state"
)

// Input is everything a decision stands on.
type Input struct {
	Slice         Slice
	Meta          state.SliceMeta
	Customer      state.Customer
	Documentation state.Documentation
	Settings      Settings
	// Tickets are the open tickets' numbers by asset key.
	Tickets map[string]string
	// Only, when set, is the key of the one machine that a person asked to be synced
	// now: nothing else is planned, and its times and sizes do not wait for their pace.
	Only string
	// Published, where the caller has it, gives the plan its values before: our
	// flexible assets in the organization by id. It changes no decision.
	Published    map[string]Published
	Installation string
	Now          time.Time
}

// Action is what a flexible asset needs.
type Action string

// The actions.
const (
	ActionNone   Action = "none"
	ActionHold   Action = "hold"   // nothing may be done now, and Reason says why
	ActionSearch Action = "search" // a create may have succeeded: look
	ActionCreate Action = "create" // claim, search, create
	ActionUpdate Action = "update"
	ActionRetire Action = "retire" // blank and archive
)

// Wanted is what must become of one configuration's flexible asset.
type Wanted struct {
	Configuration string
	Organization  string
	Key           string
	Asset         string // flexible asset id, when known
	Action        Action
	Reason        string
	Title         string
	Content       Content
	Ready         bool     // Content may be written
	Machines      []string // asset keys
}

// Decision is the outcome: the own state, what must be shown, and the plan.
type Decision struct {
	// Own state, stored by Save in either mode.
	Organization string
	Machines     map[string]state.Machine
	Links        map[string]int // machines by link state, superseded and gone ones left out
	Statuses     map[string]int // the same by status word

	Wanted  []Wanted
	Notes   []WantedNote
	Banner  WantedBanner
	Changes []plan.Change
	// NextAt is when the clock alone changes something; zero: never.
	NextAt time.Time

	before map[string]match.Link // the links this was decided from
	now    time.Time             // when it was decided
}

// Writes says whether anything would be written to, or searched for in, IT Glue.
func (d Decision) Writes() bool {
	return d.Banner.Organization != "" || len(d.Notes) > 0 || slices.ContainsFunc(d.Wanted, func(w Wanted) bool {
		return w.Action == ActionCreate || w.Action == ActionUpdate || w.Action == ActionRetire || w.Action == ActionSearch
	})
}

// at makes the customer due again at a time.
func (d *Decision) at(t time.Time) {
	if !t.IsZero() && (d.NextAt.IsZero() || t.Before(d.NextAt)) {
		d.NextAt = t
	}
}

// place is where the customer's documentation belongs.
type place struct {
	organization string // "": nowhere
	read         bool   // the slice's configurations are this organization's
	create       bool   // new flexible assets may be made
	hold         string // not empty: nothing is written, and why
	retire       string // not empty: what is published is withdrawn, and why
}

// placeOf reads the customer's organization link.
func placeOf(c state.Customer, s Slice) place {
	l := c.Links.Organization
	if id, ok := l.Linked(); ok {
		p := place{organization: id, read: s.Organization == id}
		p.create = p.read
		if !p.read {
			p.hold = "the organization's configurations have not been read since the customer was matched to it"
		}
		return p
	}
	switch {
	case l.State == match.Attention && l.TargetID != "" && l.Cause == match.Missing:
		return place{organization: l.TargetID, hold: "the customer's organization is deleted in IT Glue"}
	case l.State == match.Attention && l.TargetID != "":
		return place{organization: l.TargetID, read: s.Organization == l.TargetID}
	case l.State == match.Ignored:
		return place{retire: "the customer is ignored"}
	case l.Decided():
		return place{retire: "the customer was unmatched from its organization"}
	default:
		return place{hold: "the customer has no organization"}
	}
}

// Decide is the whole rule of one customer's documentation. The same input gives the
// same decision.
func Decide(in Input) Decision {
	in.Settings = in.Settings.WithDefaults()
	d := &decider{
		in: in, place: placeOf(in.Customer, in.Slice),
		assets: map[string]backup.Asset{}, configs: map[string]match.Configuration{}, appliances: map[string]backup.Appliance{},
		statuses: map[string]backup.Status{}, contents: map[string]Content{}, held: map[string]bool{},
	}
	d.out = Decision{Organization: in.Documentation.Organization, Machines: map[string]state.Machine{}, Links: map[string]int{}, Statuses: map[string]int{}, before: map[string]match.Link{}, now: in.Now}
	if d.place.read || d.place.organization == "" {
		d.out.Organization = d.place.organization
	}
	for _, a := range in.Slice.Assets {
		d.assets[a.Key()] = a
	}
	for _, c := range in.Slice.Configurations {
		d.configs[c.ID] = c
	}
	for _, a := range in.Slice.Appliances {
		d.appliances[a.ID] = a
	}
	for key, m := range in.Documentation.Machines {
		d.out.before[key] = m.Link
	}
	d.judge()
	d.link()
	d.count()
	d.publish()
	d.notes()
	d.banner()
	slices.SortFunc(d.out.Wanted, func(a, b Wanted) int {
		return cmp.Or(cmp.Compare(a.Organization, b.Organization), cmp.Compare(a.Configuration, b.Configuration), cmp.Compare(a.Action, b.Action))
	})
	d.out.Changes = plan.Plan{Changes: d.out.Changes}.Sorted().Changes
	return d.out
}

type decider struct {
	in         Input
	place      place
	assets     map[string]backup.Asset
	configs    map[string]match.Configuration
	appliances map[string]backup.Appliance
	statuses   map[string]backup.Status
	contents   map[string]Content // what is shown, by configuration
	held       map[string]bool    // configurations about which nothing may be written now
	titles     map[string]string  // machines' names by configuration; see titleOf
	out        Decision
}

// judge gives every machine its status and notices those that went missing.
func (d *decider) judge() {
	readAt := d.in.Meta.AsOf
	if undated(d.in.Meta, d.in.Now) {
		readAt = time.Time{}
	}
	for key, a := range d.assets {
		m := d.in.Documentation.Machines[key]
		m.Name, m.MissingAt, m.Gone = a.Name, time.Time{}, false
		m.Known = backup.Observe(m.Known, a, d.in.Now)
		if h, ok := d.in.Slice.History[key]; ok {
			m.Known = m.Known.Learn(h, d.in.Now)
		}
		st := backup.Judge(a, m.Known, d.in.Settings.Status, d.in.Now, readAt)
		if st.Word != m.Word || st.Word == backup.WordNoneSeen {
			m.Since = st.Since
			if m.Since.IsZero() {
				m.Since = d.in.Now
			}
			m.Since = m.Since.UTC().Truncate(time.Second)
		}
		m.Word, m.Reason = st.Word, st.Reason
		m.Changes = m.Changes.Note(m.Since, m.Word, d.in.Now)
		m.Bytes = a.StorageBytes
		d.statuses[key] = st
		d.out.Machines[key] = m
		d.out.at(st.ChangesAt)
	}
	unreadable := stale(d.in.Meta, d.in.Settings, d.in.Now)
	for key, m := range d.in.Documentation.Machines {
		if _, there := d.assets[key]; there {
			continue
		}
		switch {
		case m.Gone || unreadable:
		case m.MissingAt.IsZero():
			m.MissingAt = d.in.Meta.AsOf.UTC().Truncate(time.Second)
			d.out.at(d.in.Now)
		case d.in.Meta.AsOf.Sub(m.MissingAt) >= time.Second: // a second complete read
			m.Gone = true
		default:
			d.out.at(d.in.Now)
		}
		if !m.MissingAt.IsZero() && m.Gone && !m.Link.Decided() && d.in.Documentation.Publications[m.Link.TargetID].State == "" {
			continue // nothing is published and nobody decided: forget it
		}
		d.out.Machines[key] = m
	}
}

// link decides the machines' configurations.
func (d *decider) link() {
	if !d.place.read {
		reason := cmp.Or(d.place.hold, d.place.retire)
		for key, m := range d.out.Machines {
			if m.Link.State == "" || d.place.organization == "" && !m.Link.Decided() && m.Link.State != match.Ignored {
				m.Link = match.Link{State: match.Unmatched, Reason: reason}
				d.out.Machines[key] = m
			}
		}
		return
	}
	moved := d.in.Documentation.Organization != "" && d.in.Documentation.Organization != d.place.organization
	previous := map[string]match.Link{}
	conflicts := map[string]match.Link{}
	for key, m := range d.in.Documentation.Machines {
		l := m.Link
		_, here := d.configs[l.TargetID]
		if moved && l.TargetID != "" && !here && l.State != match.Ignored {
			if !l.Decided() {
				continue // an automatic link of the old organization
			}
			l.State, l.Cause, l.Reason = match.Attention, match.Conflict, "the linked configuration is in another organization than the customer's"
			l.Suggestions = nil
			conflicts[key] = l
			continue
		}
		previous[key] = l
	}
	verdicts := match.Machines(match.MachinesInput{
		Assets: d.in.Slice.Assets, Configurations: d.in.Slice.Configurations, Facts: d.in.Slice.Facts,
		Previous: previous, Now: d.in.Now.UTC().Truncate(time.Second),
		// A link made after the slice was is younger than the read that dates it.
		ReadFrom: d.in.Meta.AsOf, TooNew: d.in.Slice.TooNew,
	})
	for key, v := range verdicts {
		m := d.out.Machines[key]
		m.Link, m.SupersededBy, m.SameAs, m.Elsewhere = v.Link, v.SupersededBy, v.SameAs, v.Elsewhere
		if l, ok := conflicts[key]; ok {
			m.Link = l
		}
		d.out.Machines[key] = m
	}
	for key, m := range d.out.Machines {
		if _, there := d.assets[key]; !there && moved && !m.Link.Decided() {
			m.Link = match.Link{State: match.Unmatched, Reason: "the machine is gone, and the customer's organization changed"}
			d.out.Machines[key] = m
		}
	}
}

func (d *decider) count() {
	for key, m := range d.out.Machines {
		if _, there := d.assets[key]; there && m.SupersededBy == "" {
			d.out.Links[string(m.Link.State)]++
			d.out.Statuses[string(m.Word)]++
		}
	}
}

func familyOf(key string) backup.Family {
	for i := range key {
		if key[i] == ':' {
			return backup.Family(key[:i])
		}
	}
	return ""
}

func idOf(key string) string {
	for i := range key {
		if key[i] == ':' {
			return key[i+1:]
		}
	}
	return key
}
