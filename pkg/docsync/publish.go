package docsync

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/plan"
	"uniview-bridge/pkg/state"
)

// publish decides every flexible asset: those that machines want and those that
// stand.
func (d *decider) publish() {
	members := map[string][]string{} // configuration → asset keys
	for _, key := range slices.Sorted(maps.Keys(d.out.Machines)) {
		m := d.out.Machines[key]
		pub := d.in.Documentation.Publications[m.Link.TargetID]
		standing := pub.State != "" && pub.State != state.PublicationRetired
		_, linked := m.Link.Linked()
		switch {
		case linked, m.Link.State == match.Attention && m.Link.TargetID != "" && standing:
			if !m.Gone || standing {
				members[m.Link.TargetID] = append(members[m.Link.TargetID], key)
			}
		case m.SupersededBy == "" && !m.Gone && m.Link.State != match.Ignored && d.asked(key):
			d.change(plan.Skip, Wanted{Key: "machine|" + key, Title: m.Name}, string(m.Link.State)+": "+m.Link.Reason, nil)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(d.in.Documentation.Publications)) {
		d.withdraw(id, members)
	}
	for _, id := range slices.Sorted(maps.Keys(members)) {
		d.show(id, members[id])
	}
}

// withdraw retires what must not stand any more.
func (d *decider) withdraw(id string, members map[string][]string) {
	pub := d.in.Documentation.Publications[id]
	if pub.State == state.PublicationRetired || pub.State == state.PublicationRefused {
		return
	}
	w := Wanted{
		Configuration: id, Organization: pub.Organization, Asset: pub.Asset, Action: ActionRetire,
		Key: d.key(pub.Organization, id), Title: d.titleOf(id),
	}
	switch {
	case d.place.retire != "":
		w.Reason = d.place.retire
	case d.place.organization != "" && pub.Organization != d.place.organization && !(d.place.read && d.in.Slice.holds(pub.Organization)):
		w.Reason = "it stands in another organization than the customer's"
	case d.place.hold != "" || !d.place.read:
		return
	case len(members[id]) == 0:
		w.Reason = "no machine is linked to this configuration any more"
	case d.home(id, pub) != pub.Organization:
		w.Reason = "its configuration was moved to another organization"
		d.out.at(d.in.Now) // then it is made there
	default:
		return
	}
	machines := members[id]
	delete(members, id)
	if !d.askedFor(id, machines) {
		d.held[id] = true
		return
	}
	w.Content = blank(w.Key)
	switch pub.State {
	case state.PublicationCreated:
	case state.PublicationCreating:
		if d.in.Now.Before(pub.Lease) {
			w.Action, w.Reason = ActionHold, w.Reason+"; it is being created by "+pub.Owner
			d.out.at(pub.Lease)
		}
	case state.PublicationUncertain:
		if d.in.Now.Before(pub.SearchDue) {
			w.Action, w.Reason = ActionHold, w.Reason+"; its create may have succeeded, the next search is due at "+moment(pub.SearchDue)
			d.out.at(pub.SearchDue)
		}
	}
	d.out.Wanted = append(d.out.Wanted, w)
	if w.Action == ActionRetire {
		d.change(plan.Unlink, w, w.Reason, d.fields(w))
	} else {
		d.change(plan.Skip, w, w.Reason, nil)
	}
}

// show decides one flexible asset that machines want.
func (d *decider) show(id string, keys []string) {
	if !d.askedFor(id, keys) {
		d.held[id] = true
		return
	}
	pub := d.in.Documentation.Publications[id]
	w := Wanted{Configuration: id, Organization: d.home(id, pub), Asset: pub.Asset, Machines: keys}
	w.Key = d.key(w.Organization, id)
	hold := d.place.hold
	var regs []registration
	for _, key := range keys {
		m := d.out.Machines[key]
		a, there := d.assets[key]
		r := registration{asset: a, status: d.statuses[key], since: m.Since, superseded: m.SupersededBy != "", ticket: d.in.Tickets[key]}
		switch {
		case m.Gone:
			r.gone, r.missingAt = true, m.MissingAt
			r.asset = backup.Asset{Family: familyOf(key), ID: idOf(key), Name: m.Name}
			r.status = backup.Status{Word: m.Word, Reason: m.Reason, LastBackup: m.Known.LastEnd, LastGood: m.Known.LastGood}
		case !there:
			hold = "the machine is missing from UniView; a second read must confirm it"
		}
		if m.Link.State == match.Attention && m.Link.Cause == match.Missing {
			hold = m.Link.Reason
		}
		regs = append(regs, r)
	}
	w.Title = d.out.Machines[keys[0]].Name
	if d.held[id] = hold != ""; hold == "" {
		w.Ready, w.Content = true, contentOf(id, w.Key, regs, d.appliances, d.in.Settings)
		w.Title, d.contents[id] = w.Content.Title, w.Content
	}
	d.tellTwins(pub, w)
	w.Action, w.Reason = d.action(pub, w.Content, hold)
	d.out.Wanted = append(d.out.Wanted, w)
	switch w.Action {
	case ActionCreate:
		d.change(plan.Create, w, w.Reason, d.fields(w))
	case ActionUpdate:
		d.change(plan.Update, w, w.Reason, d.fields(w))
	case ActionHold, ActionSearch:
		d.change(plan.Skip, w, w.Reason, nil)
	}
}

// action decides what is done about a flexible asset, given its record.
func (d *decider) action(pub state.Publication, c Content, hold string) (Action, string) {
	now := d.in.Now
	switch pub.State {
	case state.PublicationCreating:
		if now.Before(pub.Lease) {
			d.out.at(pub.Lease)
			return ActionHold, "it is being created by " + pub.Owner
		}
		return d.search(pub.Claimed, hold, "its create was interrupted")
	case state.PublicationUncertain:
		if now.Before(pub.SearchDue) {
			d.out.at(pub.SearchDue)
			return ActionHold, "its create may have succeeded; the next search is due at " + moment(pub.SearchDue)
		}
		return d.search(pub.Lost, hold, "its create may have succeeded")
	}
	if hold != "" {
		return ActionHold, hold
	}
	if pub.Refused != "" && pub.RefusedDigest == c.Digest() {
		return ActionHold, "refused: " + pub.Refused
	}
	if pub.State != state.PublicationCreated {
		if !d.place.create {
			return ActionHold, "the customer's organization needs attention: " + d.in.Customer.Links.Organization.Reason
		}
		return ActionCreate, "the machine is linked and nothing is published"
	}
	if action, reason := d.stray(pub); action != ActionNone {
		return action, reason
	}
	switch {
	case pub.Published.IsZero():
		return ActionUpdate, "its content is not known to be written"
	case pub.Now != c.Now && pub.Shown != c.Status:
		return ActionUpdate, fmt.Sprintf("the status is %q, was %q", c.Status, pub.Shown)
	case pub.Now != c.Now:
		return ActionUpdate, "what it shows changed"
	case pub.Slow != c.Slow:
		due := pub.Published.Add(d.in.Settings.TimesEvery)
		if now.Before(due) && d.in.Only == "" {
			d.out.at(due)
			return ActionHold, "only times and sizes changed; they are written at " + moment(due)
		}
		return ActionUpdate, "times and sizes changed"
	}
	return ActionNone, "unchanged"
}

// search is the next step after a create whose outcome is not known: before the end
// of the window a search, at its end the same claim, search and create again.
func (d *decider) search(lost time.Time, hold, why string) (Action, string) {
	if d.in.Now.Before(lost.Add(d.in.Settings.window())) || hold != "" || !d.place.create {
		return ActionSearch, why + "; it is searched for"
	}
	return ActionCreate, why + "; it is searched for a last time and made again if it is not there"
}

// stray is what follows from what a person did to the flexible asset.
func (d *decider) stray(pub state.Publication) (Action, string) {
	if !pub.Published.Before(d.in.Meta.AsOf) {
		return ActionNone, "" // written after the list was read
	}
	if slices.Contains(d.in.Slice.Missing, pub.Asset) {
		if listed := pub.Published.Add(d.in.Settings.window()); !listed.Before(d.in.Meta.AsOf) {
			d.out.at(listed)
			return ActionNone, "" // too new to be surely listed
		}
		if !d.place.create {
			return ActionHold, "its flexible asset is not in IT Glue any more, and the customer's organization needs attention"
		}
		return ActionCreate, "its flexible asset is not in IT Glue any more"
	}
	for _, p := range d.in.Slice.Strays {
		switch {
		case p.ID != pub.Asset:
		case p.Archived:
			return ActionHold, "its flexible asset was archived in IT Glue; take it out of the archive there to show the machine again"
		default:
			return ActionUpdate, "its flexible asset was changed in IT Glue"
		}
	}
	return ActionNone, ""
}

// tellTwins plans nothing about other flexible assets that carry our key: only a
// person can say which copy may go, and we delete none.
func (d *decider) tellTwins(pub state.Publication, w Wanted) {
	for _, p := range d.in.Slice.Strays {
		if p.Key == w.Key && pub.Asset != "" && p.ID != pub.Asset {
			d.change(plan.Skip, Wanted{Key: w.Key + "|" + p.ID, Title: w.Title, Asset: p.ID},
				"it carries the same key as flexible asset "+pub.Asset+", which is kept up to date: please remove it", nil)
		}
	}
}

// home is the organization in which a configuration's flexible asset belongs: the
// configuration's own; one that is not at hand stays where it is.
func (d *decider) home(id string, pub state.Publication) string {
	if c, ok := d.configs[id]; ok && d.in.Slice.holds(c.OrganizationID) {
		return c.OrganizationID
	}
	return cmp.Or(pub.Organization, d.place.organization)
}

// asked says whether a machine is the one, if there is one, that was asked for.
func (d *decider) asked(machine string) bool { return d.in.Only == "" || d.in.Only == machine }

// askedFor says it of a configuration with its machines.
func (d *decider) askedFor(configuration string, machines []string) bool {
	return d.in.Only == "" || slices.Contains(machines, d.in.Only) ||
		d.in.Documentation.Machines[d.in.Only].Link.TargetID == configuration
}

func (d *decider) key(organization, configuration string) string {
	return Key(d.in.Installation, d.in.Slice.Customer.ID, organization, configuration)
}

// titleOf names a publication whose machines are not at hand.
func (d *decider) titleOf(configuration string) string {
	if d.titles == nil {
		d.titles = map[string]string{}
		for _, key := range slices.Sorted(maps.Keys(d.in.Documentation.Machines)) {
			m := d.in.Documentation.Machines[key]
			if _, named := d.titles[m.Link.TargetID]; !named {
				d.titles[m.Link.TargetID] = m.Name
			}
		}
	}
	return cmp.Or(d.titles[configuration], "configuration "+configuration)
}

func (d *decider) change(action plan.Action, w Wanted, reason string, fields []plan.Field) {
	d.out.Changes = append(d.out.Changes, plan.Change{
		Key: w.Key, Vendor: string(state.ITGlue), Kind: plan.FlexibleAsset, Action: action,
		CustomerID: d.in.Slice.Customer.ID, CustomerName: d.in.Slice.Customer.Name,
		Title: w.Title, TargetID: w.Asset, Reason: reason, Fields: fields,
	})
}

// fields are the values before and after; before is known where Published is given.
func (d *decider) fields(w Wanted) []plan.Field {
	before := d.in.Published[w.Asset].Fields
	var out []plan.Field
	for _, f := range Spec.Fields {
		if f.Name == FieldDetails || f.Name == FieldKey {
			continue
		}
		if b, a := before[f.Name], w.Content.Text[f.Name]; a != b {
			out = append(out, plan.Field{Name: f.Name, Before: b, After: a})
		}
	}
	return out
}
