package ticketing

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"time"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/plan"
	"uniview-bridge/pkg/state"
)

// clockSlack is how far a recorded read may be ahead of the clock before it is
// taken for a clock that was wrong.
const clockSlack = 10 * time.Minute

// Rules is the version of the deciding code: a new one makes everybody due.
const Rules = "tickets-3"

// Input is everything a decision about one customer stands on.
type Input struct {
	Slice        Slice
	AsOf         time.Time // SliceMeta.AsOf: the UniView read the slice stands on
	Customer     state.Customer
	Desk         state.Desk
	Settings     alert.Settings // with the customer's overrides
	Rules        alert.Rules
	Silences     []alert.Silence // of this customer
	Installation string
	Console      string // address of our console, for links; empty: none is known
	Now          time.Time
}

// Step is one group that needs ConnectWise now.
type Step struct {
	Group  string
	Action alert.Action
	Reason string
}

// Decision is what follows from an Input. Desk holds observations, plans and
// reasons, and no claim: those are Service's to make.
type Decision struct {
	Desk    state.Desk
	Steps   []Step        // in the order to take them: ends and closes first
	Changes []plan.Change // all that would be written, and every skip with its reason
	Counts  Counts
	NextAt  time.Time // when the clock alone asks for another look; zero: never
}

// DueInputs are what makes a customer due for tickets.
func DueInputs(slice string, settings string, c state.Customer, mode state.Mode) state.DueInputs {
	return state.DueInputs{Slice: slice, Settings: settings, Decisions: c.Decisions, News: c.DeviceNews, Mode: mode, Rules: Rules}
}

// Decide is the planning for one customer. It changes nothing of its input.
func Decide(in Input) Decision {
	d := Decision{Desk: in.Desk.Clone()}
	if !in.AsOf.Before(d.Desk.AsOf) || d.Desk.AsOf.After(in.Now.Add(clockSlack)) {
		d.Desk.Conditions, d.NextAt = alert.Fold(in.raising(d.Desk.Conditions), alert.Reading{
			AsOf: in.AsOf, Alerts: slices.Concat(in.Slice.Alerts, in.overdue()), Assets: in.Slice.Assets,
		})
		d.Desk.AsOf = in.AsOf
	} else {
		d.NextAt = alert.SecondLooks(d.Desk.Conditions) // a newer read was taken up already
	}
	in.hold(d.Desk.Conditions)
	for _, c := range d.Desk.Conditions {
		if c.Active() {
			d.NextAt = earlier(d.NextAt, alert.NextHold(in.Silences, c, in.Now))
		}
	}
	assign(&d.Desk, in, nil)
	groups := decideGroups(in, d.Desk)
	if storms := foldStorms(in, d.Desk, groups); len(storms) > 0 {
		assign(&d.Desk, in, storms)
		groups = decideGroups(in, d.Desk)
	}
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		g := groups[key]
		d.Desk.Groups[key] = g.Group
		d.NextAt = earlier(d.NextAt, g.NextAt)
		switch at, due := in.attachDue(g.Group, d.Desk); {
		case g.Action.Acts():
			d.Steps = append(d.Steps, Step{Group: key, Action: g.Action, Reason: g.Reason})
		case due:
			d.Steps = append(d.Steps, Step{Group: key, Action: alert.Attach, Reason: "a machine's configuration is not on the ticket yet"})
		default:
			d.NextAt = earlier(d.NextAt, at)
		}
		if c, ok := change(in, d, key, g); ok {
			d.Changes = append(d.Changes, c)
		}
	}
	slices.SortStableFunc(d.Steps, func(a, b Step) int { return cmp.Compare(order[a.Action], order[b.Action]) })
	d.Desk.Prune(in.Now, in.Settings.ReopenWithin.Duration())
	d.Counts = Count(d.Desk)
	return d
}

// order is the order of steps: what is uncertain first, then ends, then news.
var order = map[alert.Action]int{
	alert.Settle: 0, alert.Search: 1, alert.Look: 2, alert.Close: 3, alert.Reopen: 4, alert.Escalate: 5, alert.Note: 6, alert.Open: 7, alert.Attach: 8,
}

// assign gives every open condition its group. storms names the parent group of
// conditions that are to be folded, by condition key. Settings and rules that are
// changed never move what a ticket tells of:
//
//	its group                                            it goes to
//	has a ticket, or may have one                        stays
//	ended, its ticket told of this very episode          stays: a person ended it (Decide)
//	ended, the reopen window runs                        stays, unless it was a storm's
//	a storm's that is not opened yet                     stays
//	any other                                            where settings and rules of now send it;
//	                                                     a ticket it gets there refers to the old
func assign(desk *state.Desk, in Input, storms map[string]string) {
	id := in.Slice.Customer.ID
	for key, c := range desk.Conditions {
		if c.State != alert.ConditionOpen {
			continue
		}
		g, exists := desk.Groups[c.Group]
		if exists && keeps(g) {
			continue
		}
		want := alert.RoutedKey(id, in.Settings.Grouping, c, in.ruling(c).Effect)
		if alert.IsStorm(c.Group) && exists && g.State == alert.GroupWaiting {
			want = c.Group // folded, not yet opened
		}
		if storm, ok := storms[key]; ok {
			want = storm
		}
		if exists && g.State != alert.GroupWaiting && in.stays(c, g) {
			want = c.Group
		}
		c.Group = want
		desk.Conditions[key] = c
		to, ok := desk.Groups[want]
		if !ok {
			to = newGroup(*desk, in, want)
		}
		if exists && want != g.Key && !keeps(to) {
			to.Moved = max(to.Moved, leaves(g, key))
		}
		desk.Groups[want] = to
	}
	used := map[string]bool{}
	for _, c := range desk.Conditions {
		used[c.Group] = true
	}
	for key, g := range desk.Groups {
		if g.State == alert.GroupWaiting && !used[key] && g.TicketID == 0 && g.Doubt == nil && g.Pending == nil {
			if g.Generation > 1 {
				desk.Retired[alert.GroupHash(key)] = g.Generation - 1 // this one was never used
			}
			delete(desk.Groups, key)
		}
	}
}

// leaves is the ticket that told of a condition which goes to another group; 0: none
// did.
func leaves(g alert.Group, condition string) int {
	if _, told := g.Told[condition]; told {
		return g.TicketID
	}
	if g.State == alert.GroupWaiting {
		return g.Moved
	}
	return 0
}

// stays says whether an open condition stays with a group that ended.
func (in Input) stays(c alert.Condition, g alert.Group) bool {
	if told, known := g.Told[c.Key]; known && told.Episode == c.Episode {
		return true
	}
	return !alert.IsStorm(g.Key) && g.State == alert.GroupClosed && in.Now.Before(g.ClosedAt.Add(in.Settings.ReopenWithin.Duration()))
}

// keeps says whether a group holds on to its conditions whatever the settings say.
func keeps(g alert.Group) bool {
	return g.State == alert.GroupOpen || g.State == alert.GroupCreating || g.State == alert.GroupUncertain || g.Pending != nil
}

// newGroup begins a group. Its generation follows the last one we know of, here
// or in ConnectWise.
func newGroup(desk state.Desk, in Input, key string) alert.Group {
	hash := alert.GroupHash(key)
	generation := desk.Retired[hash] + 1
	for _, t := range in.Slice.Tickets {
		if r, ok := alert.ParseReference(t.Reference); ok && r.Group == hash && r.Generation > generation {
			generation = r.Generation
		}
	}
	delete(desk.Retired, hash)
	return alert.Group{
		Key: key, Generation: generation, State: alert.GroupWaiting,
		Reference: alert.NewReference(in.Installation, in.Slice.Customer.ID, key, generation).String(),
	}
}

// decideGroups decides every group from what is recorded and listed.
func decideGroups(in Input, desk state.Desk) map[string]alert.Decision {
	byReference, byID := map[string][]alert.Ticket{}, map[int]*alert.Ticket{}
	for i, t := range in.Slice.Tickets {
		byReference[t.Reference] = append(byReference[t.Reference], t)
		byID[t.ID] = &in.Slice.Tickets[i]
	}
	older := map[string][]alert.Ticket{} // open, by group hash, in order of their ids
	for _, t := range in.Slice.Tickets {
		if r, ok := alert.ParseReference(t.Reference); ok && !t.Closed {
			older[r.Group] = append(older[r.Group], t)
		}
	}
	conditions := map[string][]alert.Condition{}
	for _, key := range slices.Sorted(maps.Keys(desk.Conditions)) {
		c := desk.Conditions[key]
		conditions[c.Group] = append(conditions[c.Group], c)
	}
	out := make(map[string]alert.Decision, len(desk.Groups))
	for key, g := range desk.Groups {
		g.Name = nameOf(in, key, conditions[key])
		if found := byReference[g.Reference]; len(found) > 0 {
			g = adoptListed(g, found, older[alert.GroupHash(key)], in.Now)
		}
		settings, _ := in.place(conditions[key])
		d := alert.Decide(g, conditions[key], byID[g.Target()], settings, in.Now)
		if d.Action == alert.Close && in.Slice.HoldClose {
			d.Action, d.Group.Planned = alert.Wait, alert.Wait
			d.Reason = "closing waits for approval: more tickets would close at once than is believable. " + d.Reason
			d.Group.Reason = d.Reason
		}
		out[key] = d
	}
	return out
}

// nameOf is what people call a group: its machine, appliance or customer.
func nameOf(in Input, key string, conditions []alert.Condition) string {
	asset, appliance := "", ""
	for i, c := range conditions {
		if i == 0 {
			asset, appliance = c.AssetName, c.ApplianceName
		}
		if c.AssetName != asset {
			asset = ""
		}
		if c.ApplianceName != appliance {
			appliance = ""
		}
	}
	if alert.IsStorm(key) || asset == "" {
		return cmp.Or(appliance, in.Slice.Customer.Name)
	}
	return asset
}

// plannedAs is how a writing action shows in a plan.
var plannedAs = map[alert.Action]plan.Action{
	alert.Open: plan.Create, alert.Note: plan.Note, alert.Escalate: plan.Update, alert.Reopen: plan.Reopen, alert.Close: plan.Close,
}

// change is a group's decision as a planned change.
func change(in Input, d Decision, key string, g alert.Decision) (plan.Change, bool) {
	c := plan.Change{
		Key: key, Vendor: string(state.ConnectWise), Kind: plan.Ticket,
		CustomerID: in.Slice.Customer.ID, CustomerName: in.Slice.Customer.Name, Title: g.Group.Name, Reason: g.Reason,
	}
	if id := g.Group.Target(); id > 0 {
		c.TargetID = strconv.Itoa(id)
	}
	if g.Action == alert.Nothing {
		return c, false
	}
	c.Action = cmp.Or(plannedAs[g.Action], plan.Skip)
	if g.Action == alert.Open {
		if g.Group.State != alert.GroupWaiting {
			g.Group = g.Group.NextGeneration(in.Installation, in.Slice.Customer.ID)
		}
		f := facts(in, d.Desk, g.Group)
		c.Title, c.TargetID = alert.SummaryText(f), ""
		c.Fields = []plan.Field{
			{Name: "company", After: strconv.Itoa(f.Settings.CompanyID)},
			{Name: "board", After: strconv.Itoa(f.Settings.BoardID)},
			{Name: "reference", After: g.Group.Reference},
		}
		if f.Remark != "" {
			c.Reason += ". " + f.Remark
		}
	}
	return c, true
}

// facts collects what texts about a group are made of.
func facts(in Input, desk state.Desk, g alert.Group) alert.Facts {
	conditions := conditionsOf(desk, g.Key)
	f := alert.Facts{Customer: in.Slice.Customer.Name, Group: g, Conditions: conditions, AsOf: desk.AsOf}
	f.Settings, f.Remark = in.place(conditions)
	assets := map[string]bool{}
	for _, c := range conditions {
		assets[c.AssetKey] = true
	}
	for _, a := range in.Slice.Assets {
		if !assets[a.Key()] {
			continue
		}
		if a.PortalURL != "" {
			f.Links = append(f.Links, alert.Link{Name: a.Name + " in UniView", URL: a.PortalURL})
		}
		if device, ok := in.Slice.Devices[a.Key()]; ok && device.URL != "" {
			f.Links = append(f.Links, alert.Link{Name: device.Name + " in IT Glue", URL: device.URL})
		}
		if in.Console != "" {
			f.Links = append(f.Links, alert.Link{Name: a.Name + " in UniView Bridge", URL: in.Console + "/assets/" + url.PathEscape(a.Key())})
		}
	}
	return f
}
