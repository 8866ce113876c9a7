package model_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/connectwise"
	psa "uniview-bridge/pkg/connectwise/sandbox"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/ticketing"
	portal "uniview-bridge/pkg/uniview/sandbox"
)

func itoa(n int) string { return strconv.Itoa(n) }

// an event is something that happens in the world. It says what, for the trace;
// "" when there was nothing for it to happen to.
type event struct {
	name   string
	weight int
	happen func(w *world, luck *rand.Rand) string
}

func pick[T any](luck *rand.Rand, list ...T) T { return list[luck.IntN(len(list))] }

func minutes(luck *rand.Rand, list ...int) time.Duration {
	return time.Duration(pick(luck, list...)) * time.Minute
}

var events = []event{
	{"raise", 20, raise},
	{"repeat", 8, repeat},
	{"worse", 4, worse},
	{"dismiss", 8, onAlert(func(w *world, st *portal.State, a *portal.Alert) bool { st.Dismiss(time.Now(), a); return true })},
	{"undismiss", 2, onAlert(func(w *world, _ *portal.State, a *portal.Alert) bool {
		was := a.Dismissed
		a.Dismissed, a.DismissedAt = false, time.Time{}
		w.truth.activeSince[a] = time.Now()
		return was
	})},
	{"mute", 4, onAlert(func(_ *world, _ *portal.State, a *portal.Alert) bool { a.Muted = !a.Muted; return true })},
	{"vanish", 7, onAlert(func(w *world, st *portal.State, a *portal.Alert) bool {
		st.Alerts = slices.DeleteFunc(st.Alerts, func(x *portal.Alert) bool { return x == a })
		w.truth.lost[a] = time.Now()
		if b, ok := w.truth.back[a]; ok && b.reads == w.truth.reads {
			w.truth.lost[a] = b.lost
		}
		return true
	})},
	{"return", 3, comeBack},
	{"good backup", 6, backup("Successful")},
	{"bad backup", 2, backup("Failed")},
	{"a machine appears", 2, newMachine},
	{"all over", 4, allOver},
	{"close", 5, onTicket(func(w *world, st *psa.State, t psa.Ticket) bool {
		if st.Closed(&t) {
			return false
		}
		st.CloseTicket(t.ID, "tech1")
		return true
	})},
	{"reopen", 4, technicianReopens},
	{"log time", 2, onTicket(func(_ *world, st *psa.State, t psa.Ticket) bool {
		st.LogTime(t.ID, 1, "looked at it", "tech1")
		return true
	})},
	{"assign", 2, onTicket(func(_ *world, st *psa.State, t psa.Ticket) bool {
		st.AssignTicket(t.ID, st.Members[0].ID, "dispatch")
		return true
	})},
	{"comment", 1, onTicket(func(_ *world, st *psa.State, t psa.Ticket) bool {
		st.AddTechnicianNote(t.ID, "hm", "tech2")
		return true
	})},
	{"move", 2, onTicket(func(w *world, st *psa.State, t psa.Ticket) bool {
		if st.Closed(&t) { // it would be opened by that
			return false
		}
		st.MoveTicket(t.ID, w.boards[0]+w.boards[1]-t.BoardID, "tech1")
		return true
	})},
	{"merge", 4, merge},
	{"delete", 3, onTicket(func(_ *world, st *psa.State, t psa.Ticket) bool { st.DeleteTicket(t.ID); return true })},
	{"in use", 1, onTicket(func(_ *world, st *psa.State, t psa.Ticket) bool { st.Ticket(t.ID).InUse = !t.InUse; return true })},
	{"open tasks", 1, onTicket(func(_ *world, st *psa.State, t psa.Ticket) bool {
		st.Ticket(t.ID).OpenTasks = !t.OpenTasks
		return true
	})},
	{"callback", 3, callback},
	{"delete company", 2, company},
	{"map", 3, remap},
	{"settings", 6, func(w *world, luck *rand.Rand) string {
		w.set(luck)
		w.happened()
		return fmt.Sprintf("%+v", w.settings)
	}},
	{"override", 3, override},
	{"rule", 3, rule},
	{"snooze", 4, silence},
	{"preview", 1, func(w *world, luck *rand.Rand) string {
		m := pick(luck, state.Preview, state.Live, state.Live)
		w.must(state.SaveModes(context.Background(), w.table, state.Modes{Documentation: state.Preview, Ticketing: m}))
		w.happened()
		return string(m)
	}},
	{"pass", 12, func(_ *world, luck *rand.Rand) string {
		d := minutes(luck, 1, 2, 5, 5, 10, 20, 40, 90, 240, 600, 1500)
		time.Sleep(d)
		return d.String()
	}},
	{"credentials", 1, func(w *world, _ *rand.Rand) string { w.enter(); return "entered" }},
}

func allOver(w *world, luck *rand.Rand) string {
	c := pick(luck, w.customers...)
	w.uv.Edit(func(st *portal.State) {
		if n := len(st.Alerts); n > 0 {
			c = st.Alerts[n-1].CustomerID
		}
		for _, a := range st.Alerts {
			if a.CustomerID == c {
				st.Dismiss(time.Now(), a)
			}
		}
	})
	w.happened(c)
	return "all over for customer " + c[:8]
}

var technicianReopens = onTicket(func(_ *world, st *psa.State, t psa.Ticket) bool {
	if !st.Closed(&t) || t.MergedInto > 0 {
		return false
	}
	st.ReopenTicket(t.ID, "tech1")
	return true
})

// enter enters good credentials for all vendors.
func (w *world) enter() {
	w.cw.Edit(func(st *psa.State) { st.Revoked = false })
	w.uv.Edit(func(st *portal.State) {
		for _, c := range st.Credentials {
			c.Revoked = false
		}
	})
	if len(w.stopped) > 0 {
		w.stopped = map[string]bool{}
		w.restart() // other credentials, other clients
	}
}

var troubles = []portal.Alert{
	{Type: "job", JobName: "Nightly", JobType: "Backup", Message: "Backup of %s failed.", Severity: "warning"},
	{Type: "job", JobName: "Nightly", JobType: "Backup", Message: "Backup of %s failed.", Severity: "critical"},
	{Type: "conditional", Message: "The asset backup of %s was not created for the last 24 hour(s).", Severity: "warning"},
	{Type: "job", JobName: "Copies", JobType: "Replication", Message: "Replication of %s failed.", Severity: "warning"},
	{Type: "alert", Message: "%s: agent too old", Severity: "warning"},
}

var applianceTroubles = []portal.Alert{
	{Type: "alert", Message: "Drive 1 has failed in the RAID of the appliance.", Severity: "alarm"},
	{Type: "alert", Message: "Storage usage is over 90 percent.", Severity: "warning"},
	{Type: "job", JobName: "Nightly", JobType: "Backup", Message: "A backup failed.", Severity: "warning"},
	{Type: "alert", Message: "Backup of NEW1 failed.", Severity: "warning"}, // a machine that is not listed yet
	{Type: "helix", Message: "The agent could not be updated.", Severity: "warning"},
}

func (w *world) add(st *portal.State, a portal.Alert) string {
	a.Created, a.DismissedAt, a.ID = time.Now().UTC().Truncate(time.Second), time.Time{}, ""
	added := st.AddAlert(a)
	w.truth.activeSince[added] = time.Now()
	w.happened(added.CustomerID)
	return added.ID + " " + added.Message
}

func raise(w *world, luck *rand.Rand) (what string) {
	w.uv.Edit(func(st *portal.State) {
		a := pick(luck, troubles...)
		if luck.IntN(3) == 0 {
			a = pick(luck, applianceTroubles...)
			a.AssetTag = pick(luck, st.Appliances...).AssetTag
		} else {
			m := pick(luck, st.Assets...)
			a.Message = fmt.Sprintf(a.Message, m.Name)
			a.AssetKey = m.Key
		}
		a.Muted = luck.IntN(7) == 0
		what = w.add(st, a)
	})
	return what
}

// repeat raises a trouble again.
func repeat(w *world, luck *rand.Rand) (what string) {
	w.uv.Edit(func(st *portal.State) {
		if len(st.Alerts) > 0 {
			a := *pick(luck, st.Alerts...)
			a.Dismissed, a.Muted = false, luck.IntN(6) == 0
			what = w.add(st, a)
		}
	})
	return what
}

// worse raises a trouble again, more severe.
func worse(w *world, luck *rand.Rand) (what string) {
	w.uv.Edit(func(st *portal.State) {
		if len(st.Alerts) > 0 {
			a := *pick(luck, st.Alerts...)
			a.Dismissed, a.Muted, a.Severity = false, false, "alarm"
			what = w.add(st, a)
		}
	})
	return what
}

func onAlert(do func(*world, *portal.State, *portal.Alert) bool) func(*world, *rand.Rand) string {
	return func(w *world, luck *rand.Rand) (what string) {
		w.uv.Edit(func(st *portal.State) {
			if len(st.Alerts) == 0 {
				return
			}
			a := pick(luck, st.Alerts...)
			if do(w, st, a) {
				w.happened(a.CustomerID)
				what = a.ID
			}
		})
		return what
	}
}

func comeBack(w *world, luck *rand.Rand) (what string) {
	var gone []*portal.Alert
	for a := range w.truth.lost {
		gone = append(gone, a)
	}
	if len(gone) == 0 {
		return ""
	}
	slices.SortFunc(gone, func(a, b *portal.Alert) int { return a.Created.Compare(b.Created) })
	a := pick(luck, gone...)
	w.truth.back[a] = glimpse{w.truth.lost[a], w.truth.reads}
	delete(w.truth.lost, a)
	w.truth.activeSince[a] = time.Now()
	w.uv.Edit(func(st *portal.State) { st.Alerts = append(st.Alerts, a) })
	w.happened(a.CustomerID)
	return a.ID
}

func backup(status string) func(*world, *rand.Rand) string {
	return func(w *world, luck *rand.Rand) (what string) {
		w.uv.Edit(func(st *portal.State) {
			m := pick(luck, st.Assets...)
			now := time.Now().UTC().Truncate(time.Second)
			b := st.AddBackup(portal.Backup{AssetKey: m.Key, StartTime: now.Add(-time.Minute), Status: "InProgress"})
			st.FinishBackup(b, status, 10, now)
			w.happened(m.CustomerID)
			what = m.Name
		})
		return what
	}
}

func newMachine(w *world, luck *rand.Rand) (what string) {
	w.uv.Edit(func(st *portal.State) {
		a := pick(luck, st.Appliances...)
		st.AddAsset(portal.Asset{AssetTag: a.AssetTag, Name: "NEW1"})
		w.happened(a.CustomerID)
		what = "NEW1 of " + a.Name
	})
	return what
}

// onTicket has a technician do something to one of our tickets that it fits.
func onTicket(do func(*world, *psa.State, psa.Ticket) bool) func(*world, *rand.Rand) string {
	return func(w *world, luck *rand.Rand) (what string) {
		all := w.ours()
		luck.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		for _, t := range all {
			closed, done := w.isClosed(t), false
			w.cw.Edit(func(st *psa.State) { done = do(w, st, t) })
			if done {
				w.noteDeeds(t, closed)
				return "#" + itoa(t.ID)
			}
		}
		return ""
	}
}

// noteDeeds keeps what a person did to a ticket.
func (w *world) noteDeeds(was psa.Ticket, closed bool) {
	now, found := psa.Ticket{}, false
	for _, t := range w.ours() {
		if t.ID == was.ID {
			now, found = t, true
		}
	}
	d := w.truth.of(was.ID)
	switch {
	case !found:
		d.deleted = true
	case !closed && w.isClosed(now) && now.MergedInto == 0:
		w.personCloses(now)
	case closed && !w.isClosed(now):
		d.reopened, d.closed = true, false
		for _, g := range w.truth.desks[w.customerOf(now)].Groups {
			d.kept = d.kept || g.TicketID == was.ID && g.State == alert.GroupClosed
		}
	}
}

func merge(w *world, luck *rand.Rand) string {
	all := slices.DeleteFunc(w.ours(), func(t psa.Ticket) bool { return w.isClosed(t) || t.MergedInto > 0 })
	if len(all) == 0 {
		return ""
	}
	child := pick(luck, all...)
	parent := 0
	w.cw.Edit(func(st *psa.State) {
		for _, t := range all {
			if t.ID != child.ID && luck.IntN(2) == 0 {
				parent = t.ID
			}
		}
		if parent == 0 {
			parent = st.AddTicket(child.CompanyID, "many troubles", "tech1")
		}
		st.MergeTickets(parent, "tech1", child.ID)
	})
	return fmt.Sprintf("#%d into #%d", child.ID, parent)
}

// callback is ConnectWise telling of a ticket.
func callback(w *world, luck *rand.Rand) string {
	all := w.ours()
	if len(all) == 0 {
		return ""
	}
	t := pick(luck, all...)
	c := ticketing.Callbacks{
		Table: w.table, Now: time.Now, Installation: installation,
		Queue: func(_ context.Context, customer string) error {
			w.queue = append(w.queue, w.work(customer))
			return nil
		},
	}
	became, err := c.Accept(context.Background(), connectwise.Callback{Type: "ticket", RecordID: t.ID})
	w.must(err)
	return fmt.Sprintf("#%d %s", t.ID, became)
}

// company deletes a customer's company, or brings it back, or merges it away.
func company(w *world, luck *rand.Rand) string {
	c := pick(luck, w.customers...)
	id := w.own[c]
	w.cw.Edit(func(st *psa.State) {
		switch {
		case st.Company(id).Deleted:
			st.RestoreCompany(id)
		default:
			st.DeleteCompany(id)
			for i := range st.Tickets { // a merge takes the tickets along
				if t := &st.Tickets[i]; luck.IntN(2) == 0 && t.CompanyID == id {
					t.CompanyID = w.fallback
					for _, site := range st.Sites {
						if site.CompanyID == w.fallback {
							t.SiteID = site.ID
						}
					}
				}
			}
		}
	})
	w.happened(c)
	return fmt.Sprintf("company %d", id)
}

// remap has a person choose a customer's company, or ignore the customer.
func remap(w *world, luck *rand.Rand) string {
	c := pick(luck, w.customers...)
	to := pick(luck, w.own[c], w.fallback+1, 0)
	link := chosen(to, "chosen")
	if to == 0 {
		link = match.Link{State: match.Ignored, By: "ada", Reason: "ignored by a person", At: time.Now()}
	} else {
		deleted := false
		w.cw.View(func(st *psa.State) {
			link.TargetName = st.Company(to).Name
			deleted = st.Company(to).Deleted
		})
		if deleted {
			return ""
		}
	}
	known := true
	_, err := state.Update(context.Background(), w.table, state.CustomerKey(c), func(r *state.Customer) error {
		if known = r.ID != ""; !known {
			return state.Unchanged()
		}
		r.Links.Company = link
		r.Decisions++
		return nil
	})
	w.must(err)
	if !known {
		return ""
	}
	w.truth.decided[c] = link.TargetID
	w.happened(c)
	return fmt.Sprintf("customer %s to %d", c[:8], to)
}

// set draws the account's settings.
func (w *world) set(luck *rand.Rand) {
	s := &w.settings
	switch luck.IntN(12) {
	case 0, 1:
		s.Grouping = pick(luck, alert.PerMachine, alert.PerMachine, alert.PerCondition, alert.PerAppliance, alert.PerCustomer)
	case 2:
		s.Grace = pick(luck, alert.Grace{}, alert.Grace{After: 10}, alert.Grace{Occurrences: 2, Cap: 60})
	case 3:
		s.GraceByClass = pick(luck, nil, map[alert.Class]alert.Grace{alert.ClassBackup: {After: 15}})
	case 4:
		s.AutoClose = luck.IntN(3) > 0
	case 5:
		s.LeaveTouched = luck.IntN(3) > 0
	case 6:
		s.NoteEvery = pick(luck, alert.Minutes(0), 10, 60)
	case 7:
		s.ReopenWithin = pick(luck, alert.Minutes(0), 60, 1440)
	case 8, 9:
		s.StillFailing, s.StillFailingAfter = pick(luck, alert.StayQuiet, alert.AddNote, alert.ReopenThen), pick(luck, alert.Minutes(0), 30, 120)
	case 10:
		s.Storm = pick(luck, alert.Storm{}, alert.Storm{Groups: 1, Within: 30})
	case 11:
		s.LostCompany = pick(luck, "", alert.LostToDefault, alert.LostStops)
		s.BoardID = pick(luck, w.boards[0], w.boards[0], w.boards[1], 0)
	}
	w.must(state.SaveTicketDefaults(context.Background(), w.table, *s))
}

func override(w *world, luck *rand.Rand) string {
	c := pick(luck, w.customers...)
	o := alert.Overrides{}
	switch luck.IntN(4) {
	case 0, 1:
		o["doNotSync"] = json.RawMessage("true")
	case 2:
		o["grouping"] = json.RawMessage(`"customer"`)
	}
	w.must(state.SaveTicketOverrides(context.Background(), w.table, c, o))
	w.happened(c)
	return fmt.Sprintf("customer %s: %s", c[:8], sortedKeys(o))
}

func rule(w *world, luck *rand.Rand) string {
	_, version, err := state.LoadTicketRules(context.Background(), w.table)
	w.must(err)
	rules := pick(luck,
		nil,
		[]alert.Rule{{Name: "no hardware", If: alert.When{Classes: []alert.Class{alert.ClassHardware}}, Then: alert.Effect{NoTicket: true}}},
		[]alert.Rule{{Name: "jobs", If: alert.When{Contains: "failed"}, Then: alert.Effect{BoardID: w.boards[1], CompanyID: w.fallback}}},
		[]alert.Rule{{Name: "warnings", If: alert.When{Severities: []alert.Severity{alert.SeverityWarning}}, Then: alert.Effect{NoTicket: true}}},
	)
	_, err = state.SaveTicketRules(context.Background(), w.table, rules, version)
	w.must(err)
	w.happened()
	return fmt.Sprintf("%+v", rules)
}

func silence(w *world, luck *rand.Rand) string {
	c := pick(luck, w.customers...)
	now := time.Now().UTC()
	w.runs++
	s := alert.Silence{
		ID: "silence-" + itoa(w.runs), Kind: alert.Snooze, CustomerID: c, Scope: alert.OnCustomer, Reason: "works", Owner: "ada",
		Created: now, From: now, Until: now.Add(minutes(luck, 10, 60, 200, 700)),
	}
	desk := w.truth.desks[c]
	if keys := sortedKeys(desk.Conditions); len(keys) > 0 && luck.IntN(2) == 0 {
		s.Scope, s.Target = alert.OnCondition, pick(luck, keys...)
	}
	if luck.IntN(3) == 0 {
		s.Kind, s.Until = alert.Window, time.Time{}
		s.Repeat = &alert.Repeat{Days: []string{"sat", "sun", "mon"}, Start: "02:00", Minutes: 120, Zone: "Europe/Berlin"}
		s.Until = now.Add(4 * 24 * time.Hour)
	}
	w.must(s.Validate(now, 30*24*time.Hour))
	w.must(state.SaveSilence(context.Background(), w.table, s, state.New))
	w.happened(c)
	return fmt.Sprintf("%s on %s %s until %s", s.Kind, s.Scope, s.Target, s.Until.Format("02 15:04"))
}
