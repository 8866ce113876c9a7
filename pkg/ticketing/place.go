package ticketing

import (
	"cmp"
	"fmt"
	"strconv"
	"time"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/state"
)

// ruling is the rule that fits a condition.
func (in Input) ruling(c alert.Condition) alert.Ruling {
	return in.Rules.For(c.Subject(in.Slice.Customer.ID))
}

// hold finds anew, in place, which rule routes each open condition and whether a
// rule, a snooze or a maintenance window holds it back. A rule goes before a
// silence: it has no end.
func (in Input) hold(conditions map[string]alert.Condition) {
	for key, c := range conditions {
		c.Held, c.Rule = nil, ""
		if c.State == alert.ConditionOpen {
			r := in.ruling(c)
			if r.Number > 0 {
				c.Rule = r.String()
			}
			c.Held = alert.HeldBy(in.Silences, c, in.Now)
			if r.Effect.NoTicket {
				c.Held = &alert.Held{By: "rule", ID: strconv.Itoa(r.Number), Reason: r.String() + " makes no ticket of it"}
			}
		}
		conditions[key] = c
	}
}

// place is where a group's ticket goes: the settings with the customer's company
// and with the rule of the condition that speaks for the group. remark says why
// the company is not the customer's own.
//
//	the rule names a company      that company
//	the company link is           tickets go to
//	matched                       that company
//	ignored                       nobody, as with do not sync
//	lost (deleted or merged), and nobody until it is mapped anew
//	so set
//	anything else                 the default company, with a remark
func (in Input) place(conditions []alert.Condition) (s alert.Settings, remark string) {
	s, remark = in.company()
	if lead, ok := alert.Lead(conditions); ok {
		effect := in.ruling(lead).Effect
		s = s.Routed(effect)
		if effect.CompanyID > 0 {
			remark = ""
		}
	}
	return s, remark
}

// company resolves the customer's company.
func (in Input) company() (s alert.Settings, remark string) {
	s = in.Settings
	link := in.Slice.Company
	if own := in.Customer.Links.Company; own.Decided() {
		link = own
	}
	if id, ok := link.Linked(); ok {
		if n, err := strconv.Atoi(id); err == nil && n > 0 {
			s.CompanyID = n
			return s, ""
		}
	}
	if link.State == match.Ignored {
		s.DoNotSync, s.Blocked = true, "the customer is ignored for tickets"
		return s, s.Blocked
	}
	why := cmp.Or(link.Reason, "no company found")
	switch {
	case link.State == match.Attention:
		why = fmt.Sprintf("its company needs attention (%s): %s", link.Cause, why)
	case link.State == match.Suggested:
		why = "a company is only suggested: " + why
	}
	if link.State == match.Attention && link.Cause == match.Missing && s.LostCompany == alert.LostStops && !s.DoNotSync {
		s.Blocked = "no tickets until the customer is mapped anew: " + why
	}
	return s, fmt.Sprintf("The customer %s has no company of its own in ConnectWise, this is the default company: %s", in.Slice.Customer.Name, why)
}

// overdue are the alerts that the bridge raises itself. They carry their machine,
// and the time since when it is overdue: the same trouble is the same alert.
func (in Input) overdue() []alert.Alert {
	if !in.Settings.RaiseOverdue {
		return nil
	}
	byKey := make(map[string]backup.Asset, len(in.Slice.Assets))
	for _, a := range in.Slice.Assets {
		byKey[a.Key()] = a
	}
	appliances := map[string]string{}
	for _, a := range in.Slice.Appliances {
		appliances[a.ID] = a.Name
	}
	var raised []alert.Alert
	for _, o := range in.Slice.Overdue {
		a, ok := byKey[o.AssetKey]
		if !ok {
			continue
		}
		for _, since := range in.overdueSince(o) {
			raised = append(raised, alert.Alert{
				Type: alert.TypeBridge, CustomerID: in.Slice.Customer.ID, CustomerName: in.Slice.Customer.Name, ApplianceID: a.ApplianceID,
				ApplianceName: appliances[a.ApplianceID], AssetKey: o.AssetKey, Severity: alert.SeverityWarning, Created: since,
				Message: "No good backup within the limit of this machine.", // without its name, which may change
			})
		}
	}
	return raised
}

// overdueSince is since when a machine is overdue. Where that is not known now,
// what was raised goes on: not to know is no evidence that it is over.
func (in Input) overdueSince(o Overdue) []time.Time {
	if !o.Unknown {
		return []time.Time{o.Since}
	}
	var since []time.Time
	for _, c := range in.Desk.Conditions {
		if c.Type != alert.TypeBridge || c.AssetKey != o.AssetKey {
			continue
		}
		for _, occurrence := range c.Occurrences {
			if occurrence.Over == "" {
				since = append(since, occurrence.Created)
			}
		}
	}
	return since
}

// raising ends what the bridge raised itself once it is told to raise no more.
func (in Input) raising(conditions map[string]alert.Condition) map[string]alert.Condition {
	if in.Settings.RaiseOverdue {
		return conditions
	}
	return alert.Withdraw(conditions)
}

// foldStorms names the parent group for every condition that would open a ticket
// of its own where there are too many: by the storm guard of the settings, or
// because the account would open more than is believable (Slice.Fold; then
// everything of an appliance that has two or more).
func foldStorms(in Input, desk state.Desk, groups map[string]alert.Decision) map[string]string {
	type herd struct {
		starts  map[string]*alert.Start
		members map[string][]string // condition keys by group
		opening int
	}
	customer := in.Slice.Customer.ID
	herds := map[string]*herd{}
	for key, c := range desk.Conditions {
		g, ok := groups[c.Group]
		if !ok || !c.Active() || g.Action != alert.Open && !keeps(g.Group) {
			continue
		}
		effect := in.ruling(c).Effect
		parent := alert.StormKey(customer, c.ApplianceID, effect)
		h := herds[parent]
		if h == nil {
			h = &herd{starts: map[string]*alert.Start{}, members: map[string][]string{}}
			herds[parent] = h
		}
		own := c.Group
		if alert.IsStorm(own) {
			own = alert.RoutedKey(customer, in.Settings.Grouping, c, effect)
		}
		start := h.starts[own]
		if start == nil {
			start = &alert.Start{Key: own, At: c.First}
			h.starts[own] = start
		}
		if c.First.Before(start.At) {
			start.At = c.First
		}
		if g.Action == alert.Open && !alert.IsStorm(c.Group) {
			if !start.Opening {
				h.opening++
			}
			start.Opening = true
			h.members[own] = append(h.members[own], key)
		}
	}
	storms := map[string]string{}
	for parent, h := range herds {
		starts := make([]alert.Start, 0, len(h.starts))
		for _, s := range h.starts {
			starts = append(starts, *s)
		}
		folds := in.Settings.Storm.Folds(starts)
		for own, keys := range h.members {
			if !folds[own] && (!in.Slice.Fold || h.opening < 2) {
				continue
			}
			for _, key := range keys {
				storms[key] = parent
			}
		}
	}
	return storms
}

// attachAgain is when an attachment that was refused is tried again: a missing
// right may have been granted.
const attachAgain = 24 * time.Hour

// missing are the configurations that belong on a group's ticket and are not
// there: those of the matched machines that it tells of.
func (in Input) missing(g alert.Group, desk state.Desk) []int {
	if !g.HasTicket() || g.MergedInto > 0 || g.Pending != nil || len(in.Slice.Devices) == 0 {
		return nil
	}
	have := map[int]bool{0: true}
	for _, id := range g.Attached {
		have[id] = true
	}
	var want []int
	for _, c := range conditionsOf(desk, g.Key) {
		id := in.Slice.Devices[c.AssetKey].CompanyConfigurationID
		if c.Active() && !have[id] {
			have[id] = true
			want = append(want, id)
		}
	}
	return want
}

// attachDue says whether configurations are to be attached now, and when else.
func (in Input) attachDue(g alert.Group, desk state.Desk) (at time.Time, due bool) {
	if len(in.missing(g, desk)) == 0 {
		return time.Time{}, false
	}
	return g.AttachAt, !g.AttachAt.After(in.Now)
}
