package model_test

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"uniview-bridge/pkg/alert"
	psa "uniview-bridge/pkg/connectwise/sandbox"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/ticketing"
	portal "uniview-bridge/pkg/uniview/sandbox"
)

// truth is what the model knows and the bridge must find out.
type truth struct {
	activeSince map[*portal.Alert]time.Time // raised, returned or undismissed
	lost        map[*portal.Alert]time.Time // no longer listed since
	back        map[*portal.Alert]glimpse   // listed again
	reads       int                         // syncs begun and ended
	muddled     time.Time                   // the last time that a list was empty by mistake
	clean       time.Time                   // the last sync without faults
	home        map[string]string           // fingerprint → condition, as ever recorded
	desks       map[string]state.Desk       // as last written, by customer
	events      map[string]int              // what happened that may change a decision, by customer
	handled     map[string]int              // events when all was last handled without trouble
	decided     map[string]string           // the company that a person chose; "" ignored
	people      map[int]*deeds              // what people did, by ticket
	wrote       []string                    // partitions written since the last look
	vendor      int                         // requests that write to ConnectWise since the last look
}

// glimpse is a return of an alert that was not listed since a time. If it goes before
// anybody read the list, it never was.
type glimpse struct {
	lost  time.Time
	reads int
}

// deeds are what people did to a ticket and what must hold because of it.
type deeds struct {
	reopened bool
	kept     bool // reopened after the bridge had seen it closed: not to be closed again
	closed   bool // and everything it was about was told, and handled
	deleted  bool
	events   int // when it was closed
}

func newTruth() truth {
	return truth{
		activeSince: map[*portal.Alert]time.Time{}, lost: map[*portal.Alert]time.Time{}, back: map[*portal.Alert]glimpse{}, home: map[string]string{}, desks: map[string]state.Desk{},
		events: map[string]int{}, handled: map[string]int{}, decided: map[string]string{}, people: map[int]*deeds{},
	}
}

func (t *truth) of(ticket int) *deeds {
	if t.people[ticket] == nil {
		t.people[ticket] = &deeds{}
	}
	return t.people[ticket]
}

func (w *world) happened(customers ...string) {
	if len(customers) == 0 {
		customers = w.customers
	}
	for _, c := range customers {
		w.truth.events[c]++
	}
}

// wrote looks at what the bridge stores.
func (w *world) wrote(item state.Item) {
	if w.proc != nil {
		w.truth.wrote = append(w.truth.wrote, item.PK)
	}
	if item.PK != "desk" {
		return
	}
	var d state.Desk
	w.must(state.Decode(item.Data, &d))
	w.truth.desks[item.SK] = d
	for key, c := range d.Conditions {
		for fp := range c.Occurrences {
			w.truth.home[fp] = key
		}
	}
	for _, g := range d.Groups {
		for _, row := range rowsOf(g) {
			w.cover("row", row)
		}
	}
}

// alertOf is an alert as the bridge reads it.
func alertOf(a *portal.Alert) alert.Alert {
	return alert.Alert{
		Type: alert.Type(a.Type), CustomerID: a.CustomerID, ApplianceID: a.AssetTag, Message: a.Message, Created: a.Created,
		JobName: a.JobName, JobType: a.JobType, Severity: alert.Severity(a.Severity), Muted: a.Muted, Dismissed: a.Dismissed,
	}
}

// healed says whether a good backup ended what an alert is about. Its machine is the
// one that the portal knows, or one that the message names.
func healed(st *portal.State, a *portal.Alert) bool {
	if !alert.ClassOf(alertOf(a)).Heals() {
		return false
	}
	return slices.ContainsFunc(st.Backups, func(b *portal.Backup) bool {
		m := st.Asset(b.AssetKey)
		named := m.CustomerID == a.CustomerID && strings.Contains(a.Message, m.Name)
		return (m.Key == a.AssetKey || named) && b.CompleteTime.After(a.Created) && (b.Status == "Successful" || b.Status == "Warning")
	})
}

// before is what is remembered of the world before a function runs.
type before struct {
	tickets  map[int]psa.Ticket
	closed   map[int]bool
	settings state.TicketSettings
	desks    map[string]state.Desk // as written, by customer
	live     bool
	vendor   int
}

func (w *world) look() before {
	b := before{tickets: map[int]psa.Ticket{}, closed: map[int]bool{}, desks: maps.Clone(w.truth.desks), vendor: w.truth.vendor}
	for _, t := range w.ours() {
		b.tickets[t.ID], b.closed[t.ID] = t, w.isClosed(t)
	}
	var err error
	b.settings, err = state.LoadTicketSettings(context.Background(), w.table)
	w.must(err)
	modes, err := state.LoadModes(context.Background(), w.table)
	w.must(err)
	b.live = modes.Ticketing == state.Live
	return b
}

// check holds the world to the invariants of design §2 after a function ran.
func (w *world) check(was before) {
	if !was.live && w.truth.vendor != was.vendor {
		w.fail("a preview wrote to ConnectWise")
	}
	references, open := map[string]int{}, map[string][]int{}
	for _, t := range w.ours() {
		r, ok := alert.ParseReference(t.ExternalXRef)
		if !ok {
			w.fail("ticket %d has the reference %q", t.ID, t.ExternalXRef)
		}
		if other := references[t.ExternalXRef]; other > 0 {
			w.fail("tickets %d and %d carry one reference %s", other, t.ID, t.ExternalXRef)
		}
		references[t.ExternalXRef] = t.ID
		closed := w.isClosed(t)
		if !closed && !w.truth.of(t.ID).reopened {
			open[r.Customer+r.Group] = append(open[r.Customer+r.Group], t.ID)
		}
		marks := map[string]bool{}
		for _, n := range t.Notes {
			if i := strings.LastIndex(n.Text, "["+t.ExternalXRef+" note "); i >= 0 && !n.Discussion {
				if marks[n.Text[i:]] {
					w.fail("ticket %d has the note %s twice", t.ID, n.Text[i:])
				}
				marks[n.Text[i:]] = true
			}
		}
		old, known := was.tickets[t.ID]
		switch {
		case !known:
			w.created(was, t)
		case closed && !was.closed[t.ID]:
			w.wasClosed(was, old, t)
		case !closed && was.closed[t.ID]:
			w.wasReopened(was, t)
		}
	}
	for _, ids := range open {
		if len(ids) > 1 {
			w.fail("tickets %v are open for one group", ids)
		}
	}
	for c, target := range w.truth.decided {
		r, _, err := state.Load[state.Customer](context.Background(), w.table, state.CustomerKey(c))
		w.must(err)
		if l := r.Links.Company; !l.Decided() || l.TargetID != target {
			w.fail("a person chose the company %q for a customer, it is %q by %q now", target, l.TargetID, l.By)
		}
	}
}

// created looks at a ticket that the bridge created.
func (w *world) created(was before, t psa.Ticket) {
	c := w.customerOf(t)
	settings, _ := was.settings.For(c)
	target, decided := w.truth.decided[c]
	switch {
	case c == "":
		w.fail("ticket %d is of no customer", t.ID)
	case settings.DoNotSync:
		w.fail("ticket %d was made for a customer that is not to be synced", t.ID)
	case decided && target == "":
		w.fail("ticket %d was made for a customer that a person has ignored", t.ID)
	case decided && t.CompanyID != number(target) && t.CompanyID != w.fallback && len(was.settings.Rules) == 0:
		w.fail("ticket %d went to company %d, a person chose %s", t.ID, t.CompanyID, target)
	}
}

// wasReopened looks at a ticket that the bridge reopened.
func (w *world) wasReopened(was before, t psa.Ticket) {
	c, d := w.customerOf(t), w.truth.of(t.ID)
	settings, _ := was.settings.For(c)
	if d.closed && d.events == w.truth.events[c] && settings.StillFailing != alert.ReopenThen {
		w.fail("ticket %d was closed by a person, and reopened though nothing happened since", t.ID)
	}
	parent := false // one that was deleted is not told any more
	w.cw.View(func(st *psa.State) { parent = t.MergedInto > 0 && st.Ticket(t.MergedInto) != nil })
	if parent {
		w.fail("ticket %d was merged, and reopened", t.ID)
	}
	d.closed = false
}

// wasClosed looks at a ticket that the bridge closed.
func (w *world) wasClosed(was before, old, t psa.Ticket) {
	c, d := w.customerOf(t), w.truth.of(t.ID)
	settings, _ := was.settings.For(c)
	switch {
	case !settings.AutoClose:
		w.fail("ticket %d was closed, though tickets are not to be closed automatically", t.ID)
	case d.kept:
		w.fail("ticket %d was closed, though a person had reopened it", t.ID)
	case settings.LeaveTouched && (old.ActualHours > 0 || old.OwnerID > 0 || old.Resources != ""):
		w.fail("ticket %d was closed, though a technician worked on it", t.ID)
	}
	said, evidence := false, false
	for _, n := range t.Notes {
		said = said || strings.Contains(n.Text, "This ticket is closed automatically.")
		evidence = evidence || strings.Contains(n.Text, "- Over: ") && strings.Contains(n.Text, "(read ")
	}
	if !said || !evidence {
		w.fail("ticket %d was closed without evidence in a note", t.ID)
	}
	told := map[string]bool{}
	desk := w.truth.desks[c]
	r, _ := alert.ParseReference(t.ExternalXRef)
	for key, g := range desk.Groups {
		if alert.GroupHash(key) != r.Group {
			continue
		}
		for k := range g.Told {
			told[k] = true
		}
		if g.Pending != nil {
			for k := range g.Pending.Tells {
				told[k] = true
			}
		}
		for k, held := range desk.Conditions {
			// What was told to be over, perhaps by a note whose answer was lost, and is
			// held back since is no matter of this ticket.
			g := was.desks[c].Groups[key]
			if held.Held != nil && (!g.Told[k].Open || g.Pending != nil && !g.Pending.Tells[k].Open) {
				delete(told, k)
			}
		}
	}
	w.uv.View(func(st *portal.State) {
		for a, since := range w.truth.activeSince {
			if a.CustomerID != c || a.Dismissed || !told[w.truth.home[alert.Fingerprint(alertOf(a))]] || healed(st, a) || !since.Before(desk.AsOf) {
				continue
			}
			if w.truth.clean.Before(since) && w.truth.muddled.After(since) {
				continue // nobody has seen it since
			}
			gone := w.truth.lost[a]
			if !gone.IsZero() && w.truth.muddled.After(since) && w.truth.muddled.Before(gone) {
				gone = w.truth.muddled
			}
			switch {
			case gone.IsZero():
				w.fail("ticket %d was closed while UniView lists its alert %s %q", t.ID, a.ID, a.Message)
			case desk.AsOf.Sub(gone) < alert.SecondLook:
				w.fail("ticket %d was closed though its alert %s has been missing for no more than %s", t.ID, a.ID, desk.AsOf.Sub(gone))
			}
		}
	})
}

// personCloses notes that a person closed a ticket, and whether all that may follow
// from it is already known.
func (w *world) personCloses(t psa.Ticket) {
	c, d := w.customerOf(t), w.truth.of(t.ID)
	d.reopened, d.kept, d.events = false, false, w.truth.events[c]
	d.closed = w.truth.handled[c] == w.truth.events[c]
	desk := w.truth.desks[c]
	for _, g := range desk.Groups {
		if g.TicketID != t.ID {
			continue
		}
		d.closed = d.closed && g.State == alert.GroupOpen && g.Pending == nil
		for _, k := range desk.Conditions {
			told, known := g.Told[k.Key]
			if k.Group == g.Key && k.State == alert.ConditionOpen && (!known || !told.Open || k.Episode > told.Episode) {
				d.closed = false
			}
		}
	}
}

// settled holds the world to what must be true when all is quiet: no alert is lost,
// nothing is open without cause, nothing waits, nothing more is written.
func (w *world) settled() {
	ctx := context.Background()
	settings, err := state.LoadTicketSettings(ctx, w.table)
	w.must(err)
	open := map[int]bool{}
	for _, t := range w.ours() {
		open[t.ID] = !w.isClosed(t)
	}
	for _, c := range w.customers {
		desk := w.desk(c)
		w.nothingWaits(c, desk, settings)
		w.nothingIsLost(desk, c, open)
		tickets := map[int]bool{}
		for _, g := range desk.Groups {
			tickets[g.TicketID], tickets[g.Previous] = true, true
		}
		for _, t := range w.ours() {
			if w.customerOf(t) == c && open[t.ID] && !tickets[t.ID] && !w.truth.of(t.ID).reopened {
				w.fail("the open ticket %d is nobody's", t.ID)
			}
		}
	}
}

// nothingWaits decides anew from all that is stored: there must be nothing to do.
func (w *world) nothingWaits(c string, desk state.Desk, settings state.TicketSettings) {
	ctx := context.Background()
	slice, meta, err := state.LoadSlice[ticketing.Slice](ctx, w.table, state.ConnectWise, c)
	w.must(err)
	record, _, err := state.Load[state.Customer](ctx, w.table, state.CustomerKey(c))
	w.must(err)
	own, err := settings.For(c)
	w.must(err)
	rules, err := alert.NewRules(settings.Rules)
	w.must(err)
	d := ticketing.Decide(ticketing.Input{
		Slice: slice, AsOf: meta.AsOf, Customer: record, Desk: desk, Settings: own, Rules: rules, Silences: settings.Silences[c],
		Installation: installation, Now: time.Now(),
	})
	for _, s := range d.Steps {
		w.fail("all is quiet and %s is still to do for %s: %s", s.Action, strings.TrimPrefix(s.Group, c), s.Reason)
	}
	for _, key := range sortedKeys(desk.Groups) {
		g := desk.Groups[key]
		if g.Pending != nil || g.State == alert.GroupCreating || g.State == alert.GroupUncertain {
			w.fail("all is quiet and group %s is not settled: %s", strings.TrimPrefix(key, c), g.State)
		}
		if g.Planned == alert.Wait && !strings.Contains(g.Reason, "next note is due") && !strings.Contains(g.Reason, "it came back before") {
			w.fail("all is quiet and group %s waits: %s (%s)", strings.TrimPrefix(key, c), g.Reason, g.Failure)
		}
	}
}

// nothingIsLost compares what UniView lists with what is recorded, both ways.
func (w *world) nothingIsLost(desk state.Desk, c string, open map[int]bool) {
	active := map[string]bool{} // conditions with an active alert
	w.uv.View(func(st *portal.State) {
		for _, a := range st.Alerts {
			if a.CustomerID != c || a.Dismissed {
				continue
			}
			fp := alert.Fingerprint(alertOf(a))
			key := w.truth.home[fp]
			k, known := desk.Conditions[key]
			o, listed := k.Occurrences[fp]
			if !known || !listed {
				w.fail("the alert %s %q is lost", a.ID, a.Message)
				continue
			}
			if o.Over != "" {
				if o.Over != alert.Recovered || !healed(st, a) {
					w.fail("the alert %s %q is active and taken for over: %s", a.ID, a.Message, o.Over)
				}
				continue
			}
			active[key] = true
			w.accountedFor(desk, k, a, open)
		}
	})
	for _, key := range sortedKeys(desk.Conditions) {
		if k := desk.Conditions[key]; k.State == alert.ConditionOpen && !active[key] {
			w.fail("condition %s %q is open and UniView lists no alert of it", key, k.Message)
		}
	}
}

// accountedFor wants a ticket or a reason for an active alert.
func (w *world) accountedFor(desk state.Desk, k alert.Condition, a *portal.Alert, open map[int]bool) {
	if k.State == alert.ConditionMuted {
		if !a.Muted {
			w.fail("the alert %s %q is taken for muted", a.ID, a.Message)
		}
		return
	}
	g, ok := desk.Groups[k.Group]
	switch {
	case k.State == alert.ConditionOver:
		w.fail("the alert %s %q is active and its condition is over: %s", a.ID, a.Message, k.Reason)
	case !ok || g.Reason == "":
		w.fail("the alert %s %q has neither a ticket nor a reason", a.ID, a.Message)
	case g.State == alert.GroupOpen && g.MergedInto == 0 && !open[g.TicketID] && !w.truth.of(g.TicketID).deleted:
		w.fail("the alert %s %q should be on ticket %d, which is not open", a.ID, a.Message, g.TicketID)
	case g.State == alert.GroupOpen:
		if _, told := g.Told[k.Key]; !told && k.Held == nil && !says(g, "do not sync", "is ignored for tickets") && g.Planned != alert.Wait {
			w.fail("ticket %d does not tell of the alert %s %q: %s", g.TicketID, a.ID, a.Message, g.Reason)
		}
	case k.Held != nil && k.Held.Reason != "":
	case g.Planned != alert.Hold && g.Planned != alert.Leave:
		w.fail("the alert %s %q has no ticket and %q is planned: %s", a.ID, a.Message, g.Planned, g.Reason)
	}
}

// link is a company as a person chose it.
func chosen(company int, name string) match.Link {
	return match.Link{State: match.Matched, TargetID: itoa(company), TargetName: name, By: "ada", Reason: "matched by a person", At: time.Now()}
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
