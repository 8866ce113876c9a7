package ticketing

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/connectwise"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/vendorhttp"
)

// createLease is how long a worker may take from its claim to the end of the
// create. It never sends one later; then the claim counts as uncertain.
const createLease = 5 * time.Minute

// createMargin is what must be left of the lease to begin the create.
const createMargin = 2 * time.Minute

// create is the protocol of design §3.5: claim, search, create, record.
func (j *job) create(ctx context.Context, g alert.Group) error {
	switch g.State {
	case alert.GroupWaiting:
		if back, err := j.reopenedBefore(ctx, g); err != nil || back {
			return err
		}
	case alert.GroupClosed:
		// A person may have reopened it since it was listed.
		live, gone, err := j.look(ctx, g)
		if err != nil || gone {
			return err
		}
		if d := j.redecide(g, &live); d.Action != alert.Open {
			j.put(d.Group)
			return j.save(ctx)
		}
		g = g.NextGeneration(j.Installation, j.customer.ID)
	case alert.GroupGone:
		g = g.NextGeneration(j.Installation, j.customer.ID)
	default:
		return nil // it has a ticket, or may have one
	}
	free := g
	conditions := j.conditions(g.Key)
	g.State = alert.GroupCreating
	g.Pending = &alert.Pending{
		Action: alert.Open, Tells: alert.Tells(conditions, nil), Severity: alert.HighestOpen(conditions), Lease: j.Now().Add(createLease),
	}
	if err := j.claim(ctx, g); err != nil {
		return err
	}
	found, err := j.session.Client.FindTickets(ctx, g.Reference)
	if err != nil {
		// A failed search never falls through to create; nothing was sent.
		return j.release(ctx, g, free, "search before create", err)
	}
	if len(found) > 0 {
		return j.adoptFound(ctx, g, found)
	}
	lease := g.Pending.Lease
	left := lease.Sub(j.Now())
	if left < createMargin {
		return j.record(ctx, g, free) // slow search: nothing was sent, begin again
	}
	sendCtx, cancel := context.WithTimeout(ctx, left)
	ticket, err := j.session.Client.CreateTicket(sendCtx, j.ticket(g, conditions))
	cancel()
	switch {
	case err == nil:
		done := adopt(g, TicketOf(ticket), j.Now())
		if err := j.record(ctx, g, done); err != nil {
			return err
		}
		j.changed("create")
		return nil
	case certain(err):
		return j.release(ctx, g, free, "create ticket", err)
	}
	if err := j.record(ctx, g, g.Doubtful(j.Now(), j.settings)); err != nil {
		return err
	}
	return j.failed(ctx, fmt.Sprintf("create ticket for %s: it may exist, searches follow", g.Name), err)
}

// reopenedBefore looks at the ticket of the generation before: while the new one
// was held up, a person may have opened the old one again. Then that is the
// group's ticket, and nothing is created.
func (j *job) reopenedBefore(ctx context.Context, g alert.Group) (back bool, err error) {
	if g.Previous == 0 {
		return false, nil
	}
	t, err := j.session.Client.GetTicket(ctx, g.Previous)
	switch {
	case vendorhttp.IsNotFound(err), err == nil && (t.Closed || t.MergedInto > 0):
		return false, nil
	case err != nil:
		stop := j.failed(ctx, fmt.Sprintf("read ticket #%d", g.Previous), err)
		j.put(j.pause(g, err))
		if err := j.save(ctx); err != nil {
			return true, err
		}
		return true, stop
	}
	g.Generation--
	g.Reference = alert.NewReference(j.Installation, j.customer.ID, g.Key, g.Generation).String()
	g.Previous, g.KeptOpen = 0, true
	j.put(adopt(g, TicketOf(t), j.Now()))
	return true, j.save(ctx)
}

// certain says whether an error of a write means that nothing was written.
func certain(err error) bool {
	return vendorhttp.KindOf(err) != "" && !vendorhttp.IsUncertain(err)
}

// search looks for a create whose outcome is not known.
func (j *job) search(ctx context.Context, g alert.Group) error {
	held := g
	if stored, ok := j.desk.Groups[g.Key]; !ok || stored.Doubt == nil {
		return nil
	}
	found, err := j.session.Client.FindTickets(ctx, g.Reference)
	if err != nil {
		doubt := *g.Doubt
		doubt.NextAt = j.Now().Add(time.Minute)
		g.Doubt = &doubt
		if err := j.record(ctx, held, g); err != nil {
			return err
		}
		return j.failed(ctx, "search for an uncertain ticket of "+g.Name, err)
	}
	if len(found) > 0 {
		return j.adoptFound(ctx, g, found)
	}
	g, _ = g.Searched(j.Now(), j.settings)
	return j.record(ctx, held, g)
}

// adoptFound takes up the ticket that a search found; of several, see keptOf.
func (j *job) adoptFound(ctx context.Context, held alert.Group, found []connectwise.Ticket) error {
	list := make([]alert.Ticket, len(found))
	for i, t := range found {
		list[i] = TicketOf(t)
	}
	slices.SortFunc(list, func(a, b alert.Ticket) int { return cmp.Compare(a.ID, b.ID) })
	kept := keptOf(list)
	g := adopt(held, kept, j.Now())
	if len(list) > 1 {
		g.Attention = severalTickets(kept, list)
		j.result.Reasons = append(j.result.Reasons, g.Attention)
	}
	if err := j.record(ctx, held, g); err != nil {
		return err
	}
	j.changed("find")
	return nil
}

// release gives a claim back after a refusal: the group is what it was before,
// and the next attempt waits a while.
func (j *job) release(ctx context.Context, held, free alert.Group, what string, cause error) error {
	stop := j.failed(ctx, what+" for "+held.Name, cause)
	if stop == nil {
		free = j.pause(free, cause)
	}
	if err := j.record(ctx, held, free); err != nil {
		return err
	}
	return stop
}

// pause notes a failed attempt and when the next may be.
func (j *job) pause(g alert.Group, cause error) alert.Group {
	g.Failures++
	g.Failure = cause.Error()
	wait := min(time.Minute<<min(g.Failures-1, 4), 15*time.Minute)
	var v *vendorhttp.Error
	if errors.As(cause, &v) && v.RetryAfter > 0 {
		wait = v.RetryAfter
	}
	g.RetryAt = j.Now().Add(wait)
	return g
}

// ticket is what is created.
func (j *job) ticket(g alert.Group, conditions []alert.Condition) connectwise.TicketWrite {
	f := facts(j.input(), j.desk, g)
	s := f.Settings
	lead, _ := alert.Lead(conditions)
	return connectwise.TicketWrite{
		Summary: alert.SummaryText(f), CompanyID: s.CompanyID, BoardID: s.BoardID, TypeID: s.TypeID,
		SubTypeID: s.SubTypeID, ItemID: s.ItemID, SourceID: s.SourceID,
		PriorityID: s.PriorityOf(lead.Class, lead.Severity), ExternalXRef: g.Reference,
		Description: alert.DescriptionText(f), InternalAnalysis: alert.InternalText(f), Notify: s.Notify,
	}
}

// redecide is the decision about one group with its ticket as just read.
func (j *job) redecide(g alert.Group, live *alert.Ticket) alert.Decision {
	conditions := j.conditions(g.Key)
	settings, _ := j.input().place(conditions)
	return alert.Decide(g, conditions, live, settings, j.Now())
}

// attach puts the machines' configurations on the ticket, as far as they are
// matched. It needs a right beyond the native role (connectwise.md §6): without
// it the ticket stands, the reason is shown, and it is tried again a day later.
func (j *job) attach(ctx context.Context, g alert.Group) error {
	held := g
	g.AttachFailure, g.AttachAt = "", time.Time{}
	var stop error
	for _, id := range j.input().missing(g, j.desk) {
		err := j.session.Client.AttachConfiguration(ctx, g.TicketID, id)
		if err == nil {
			g.Attached = append(slices.Clone(g.Attached), id)
			continue
		}
		err = j.session.Fail(ctx, err)
		g.AttachFailure = fmt.Sprintf("ticket #%d stands without its configuration %d: %v", g.TicketID, id, err)
		g.AttachAt = j.Now().Add(attachAgain)
		if !certain(err) {
			g.AttachAt = j.Now().Add(attachSoon)
		}
		j.result.Reasons = append(j.result.Reasons, g.AttachFailure)
		if errors.Is(err, state.ErrStopped) {
			stop = err
			break
		}
	}
	if err := j.record(ctx, held, g); err != nil {
		return err
	}
	return stop
}

// attachSoon is when an attachment whose outcome is not known is tried again; a
// device that is there already is success.
const attachSoon = 15 * time.Minute

// conditions are those of a group, by key.
func (j *job) conditions(group string) []alert.Condition {
	return conditionsOf(j.desk, group)
}

func conditionsOf(desk state.Desk, group string) []alert.Condition {
	var own []alert.Condition
	for _, c := range desk.Conditions {
		if c.Group == group {
			own = append(own, c)
		}
	}
	slices.SortFunc(own, func(a, b alert.Condition) int { return cmp.Compare(a.Key, b.Key) })
	return own
}
