package ticketing

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/connectwise"
	"uniview-bridge/pkg/vendorhttp"
)

// writeLease is how long a worker may take for a note and a status. No request
// of it goes on longer.
const writeLease = 5 * time.Minute

// lookAfter is how long a lost answer is left alone before we look what came of it.
const lookAfter = time.Minute

// write does one of note, escalate, reopen and close on an existing ticket: it
// reads the ticket live and decides again with it, claims the note's number,
// writes and records. If people changed the ticket since the list, the new
// decision is left to the next round.
func (j *job) write(ctx context.Context, g alert.Group, action alert.Action) error {
	live, gone, err := j.look(ctx, g)
	if err != nil || gone {
		return err
	}
	conditions := j.conditions(g.Key)
	d := j.redecide(g, &live)
	if d.Action != action {
		j.put(d.Group)
		return j.save(ctx)
	}
	held := d.Group
	held.Pending = &alert.Pending{
		Action: action, Note: g.Notes + 1, Tells: alert.Tells(conditions, g.Told), Severity: g.Severity,
		Lease: j.Now().Add(writeLease),
	}
	if top := alert.HighestOpen(conditions); action == alert.Escalate || action == alert.Reopen {
		held.Pending.Severity = top
	}
	if err := j.claim(ctx, held); err != nil {
		return err
	}
	return j.perform(ctx, held, live, d.Reason, false)
}

// look reads the ticket. A deleted one is recorded as gone.
func (j *job) look(ctx context.Context, g alert.Group) (live alert.Ticket, gone bool, err error) {
	t, err := j.session.Client.GetTicket(ctx, g.Target())
	switch {
	case err == nil:
		live = TicketOf(t)
		live.Fresh = true
		return live, false, nil
	case vendorhttp.IsNotFound(err):
		next := g
		next.State, next.ClosedBy, next.ClosedAt, next.Pending = alert.GroupGone, alert.ByPerson, j.Now(), nil
		j.put(next)
		return live, true, j.save(ctx)
	}
	next := j.pause(g, err)
	if next.Pending != nil {
		pending := *next.Pending
		pending.Lease = j.Now().Add(lookAfter)
		next.Pending = &pending
	}
	stop := j.failed(ctx, fmt.Sprintf("read ticket #%d", g.Target()), err)
	j.put(next)
	if err := j.save(ctx); err != nil {
		return live, true, err
	}
	return live, true, stop
}

// lookAt reads a ticket that ConnectWise called back about and records what
// people did to it. It is a hint: when it cannot be read the next list tells.
func (j *job) lookAt(ctx context.Context, g alert.Group) error {
	g.Look = false
	live, gone, err := j.look(ctx, g)
	if err != nil || gone {
		return err
	}
	j.put(j.redecide(g, &live).Group)
	return j.save(ctx)
}

// perform makes the requests of a claimed write. noted says that its note is
// already there.
func (j *job) perform(ctx context.Context, held alert.Group, live alert.Ticket, reason string, noted bool) error {
	p, g := held.Pending, held
	conditions := j.conditions(held.Key)
	settings, _ := j.input().place(conditions)
	requests, cancel := context.WithTimeout(ctx, p.Lease.Sub(j.Now()))
	defer cancel()
	note := func() error {
		if noted {
			return nil
		}
		if err := j.inTime(p); err != nil {
			return err
		}
		f := facts(j.input(), j.desk, held)
		_, err := j.session.Client.AddNote(requests, held.Target(), connectwise.Note{
			Text: alert.NoteText(f, p.Action, reason, p.Note), Internal: !settings.CustomerNotes, Notify: settings.Notify,
		})
		if err != nil {
			return err
		}
		noted = true
		return nil
	}
	setStatus := func(id int) (connectwise.Ticket, error) {
		if err := j.inTime(p); err != nil {
			return connectwise.Ticket{}, err
		}
		return j.session.Client.SetTicketStatus(requests, held.TicketID, id)
	}
	var err error
	var after connectwise.Ticket
	switch p.Action {
	case alert.Close:
		var status connectwise.Status
		if status, err = j.status(requests, live.BoardID, settings, true); err != nil {
			break
		}
		noted = noted || held.SaidClosing
		if err = note(); err == nil {
			after, err = setStatus(status.ID)
		}
	case alert.Reopen:
		var status connectwise.Status
		if status, err = j.status(requests, live.BoardID, settings, false); err != nil {
			break
		}
		if live.Closed {
			after, err = setStatus(status.ID)
		}
		if err == nil {
			err = note()
		}
	case alert.Escalate:
		lead, _ := alert.Lead(conditions)
		id := settings.PriorityOf(lead.Class, p.Severity)
		switch {
		case id == 0 || held.MergedInto > 0:
		case id == live.PriorityID:
			g.PriorityID = id
		case held.PriorityID > 0 && live.PriorityID != held.PriorityID: // a person set it: it is his
		default:
			if after, err = j.session.Client.SetTicketPriority(requests, held.TicketID, id); err == nil {
				g.PriorityID = id
			}
		}
		if err == nil {
			err = note()
		}
	default:
		err = note()
	}
	if err != nil {
		return j.broken(ctx, held, noted, err)
	}
	return j.written(ctx, held, g, after)
}

// errLate is a claim that ran out in the middle of its write: somebody else may
// have taken it over, so nothing more is sent.
var errLate = errors.New("took longer than its lease: looking what came of it")

func (j *job) inTime(p *alert.Pending) error {
	if j.Now().Before(p.Lease) {
		return nil
	}
	return errLate
}

// broken records a write that did not come to its end. What may have been done
// stays pending and is looked up; what was refused is tried again later.
func (j *job) broken(ctx context.Context, held alert.Group, noted bool, cause error) error {
	what := fmt.Sprintf("%s ticket #%d", held.Pending.Action, held.Target())
	g := held
	if certain(cause) {
		if noted {
			g = told(g, j.Now())
			g.SaidClosing = held.Pending.Action == alert.Close
		}
		g.Pending = nil
		if g.State == alert.GroupClosed && held.Pending.Action == alert.Note && vendorhttp.KindOf(cause) == vendorhttp.Invalid {
			g.StillTold = true // a closed ticket may take no notes: it stays quiet
		} else {
			g = j.pause(g, cause)
		}
	} else {
		pending := *held.Pending
		pending.Lease = j.Now().Add(lookAfter)
		g.Pending = &pending
	}
	if err := j.record(ctx, held, g); err != nil {
		return err
	}
	return j.failed(ctx, what, cause)
}

// told is the group once its pending note is on the ticket.
func told(g alert.Group, now time.Time) alert.Group {
	if p := g.Pending; p != nil {
		g.Notes, g.NotedAt, g.Told, g.Severity = p.Note, now, p.Tells, p.Severity
	}
	return g
}

// written records a write that came to its end.
func (j *job) written(ctx context.Context, held, g alert.Group, after connectwise.Ticket) error {
	action := held.Pending.Action
	g = told(g, j.Now())
	g.Pending, g.SaidClosing = nil, false
	g.Failures, g.Failure, g.RetryAt = 0, "", time.Time{}
	if g.MergedInto == 0 {
		g.MergedInto = after.MergedInto // since it was read
	}
	// One that a person closed or opened since it was read stays news.
	if after.Closed == (action == alert.Close) && after.UpdatedAt.After(g.TicketUpdated) {
		g.TicketUpdated = after.UpdatedAt
	}
	switch action {
	case alert.Close:
		g.State, g.ClosedBy, g.ClosedAt = alert.GroupClosed, alert.ByBridge, j.Now()
	case alert.Reopen:
		g.State, g.ClosedBy, g.ClosedAt, g.StillTold, g.KeptOpen, g.Touched = alert.GroupOpen, "", time.Time{}, false, false, false
		g.Reopens++
	case alert.Note:
		g.StillTold = g.StillTold || g.State == alert.GroupClosed
	}
	if err := j.record(ctx, held, g); err != nil {
		return err
	}
	j.changed(string(plannedAs[action]))
	return nil
}

// settle finds out what came of a write that was begun and not recorded, and
// finishes it: the note is recognised by its mark, the status by looking.
func (j *job) settle(ctx context.Context, g alert.Group) error {
	live, gone, err := j.look(ctx, g)
	if err != nil || gone {
		return err
	}
	notes, err := j.session.Client.ListNotes(ctx, g.Target())
	if err != nil {
		next := g
		pending := *g.Pending
		pending.Lease = j.Now().Add(lookAfter)
		next.Pending = &pending
		if err := j.record(ctx, g, next); err != nil {
			return err
		}
		return j.failed(ctx, fmt.Sprintf("read notes of ticket #%d", g.Target()), err)
	}
	noted := slices.ContainsFunc(notes, func(n connectwise.Note) bool { return alert.HasNote(n.Text, g.Reference, g.Pending.Note) })
	p := g.Pending
	switch {
	case p.Action == alert.Close && live.Closed && noted:
		return j.written(ctx, g, g, connectwise.Ticket{UpdatedAt: live.UpdatedAt, Closed: true})
	case p.Action == alert.Reopen && !live.Closed:
		return j.resume(ctx, g, live, "back within the reopen window", noted)
	}
	// Is it still right? Decide as if nothing had been begun.
	free := g
	free.Pending = nil
	d := j.redecide(free, &live)
	merged := d.Group.MergedInto != g.MergedInto // it belongs on another ticket now
	if d.Action == p.Action && !merged && (!noted || p.Action != alert.Note) {
		return j.resume(ctx, g, live, d.Reason, noted)
	}
	next := g
	next.MergedInto = d.Group.MergedInto
	if noted {
		next = told(g, j.Now())
		next.SaidClosing = p.Action == alert.Close && !live.Closed
	}
	next.Pending = nil
	return j.record(ctx, g, next)
}

// resume takes a claim over and goes on with it.
func (j *job) resume(ctx context.Context, g alert.Group, live alert.Ticket, reason string, noted bool) error {
	held := g
	pending := *g.Pending
	pending.Lease = j.Now().Add(writeLease)
	held.Pending = &pending
	if err := j.claim(ctx, held); err != nil {
		return err
	}
	return j.perform(ctx, held, live, reason, noted)
}

// status picks the status for closing or reopening on the board the ticket is
// on now: technicians move tickets (connectwise.md §7.2, traps).
//
//	closing: the one chosen for this board, else the configured one if it is on
//	         this board, else one of the same name, else the first active one
//	         that closes
//	opening: the one chosen for this board, else the configured one if it is on
//	         this board, else the board's default, else the first active one
//	         that does not close
func (j *job) status(ctx context.Context, board int, s alert.Settings, closing bool) (connectwise.Status, error) {
	list, ok := j.statuses[board]
	if !ok {
		var err error
		if list, err = j.session.Client.ListStatuses(ctx, board); err != nil {
			return connectwise.Status{}, fmt.Errorf("statuses of board %d: %w", board, err)
		}
		j.statuses[board] = list
	}
	fits := slices.DeleteFunc(slices.Clone(list), func(st connectwise.Status) bool { return st.Inactive || st.Closed != closing })
	if len(fits) == 0 {
		word := "open"
		if closing {
			word = "closing"
		}
		return connectwise.Status{}, vendorhttp.NewError("connectwise", "choose status", vendorhttp.Invalid, 0,
			fmt.Sprintf("board %d has no active %s status: add one or move the ticket", board, word))
	}
	slices.SortFunc(fits, func(a, b connectwise.Status) int {
		return cmp.Or(cmp.Compare(a.SortOrder, b.SortOrder), cmp.Compare(a.ID, b.ID))
	})
	wanted, name, own := s.ReopenStatusID, "", s.ReopenStatuses[board]
	if closing {
		wanted, name, own = s.CloseStatusID, s.CloseStatusName, s.CloseStatuses[board]
	}
	for _, right := range []func(connectwise.Status) bool{
		func(st connectwise.Status) bool { return own > 0 && st.ID == own },
		func(st connectwise.Status) bool { return wanted > 0 && st.ID == wanted },
		func(st connectwise.Status) bool { return name != "" && strings.EqualFold(st.Name, name) },
		func(st connectwise.Status) bool { return !closing && st.Default },
	} {
		if i := slices.IndexFunc(fits, right); i >= 0 {
			return fits[i], nil
		}
	}
	return fits[0], nil
}
