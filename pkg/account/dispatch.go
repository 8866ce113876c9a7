package account

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/docsync"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/plan"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/ticketing"
)

// due is one customer that one side must look at.
type due struct {
	vendor   state.Vendor
	customer string
	reason   string
	mode     state.Mode
	changes  []plan.Change
	doc      docsync.Decision
}

// dispatch plans for the due customers, holds the plan against the brake and
// sends one message for each. A side that the brake stops loses its own changes
// only: its slices stay as they were, so that no message that is still under way
// acts on what was stopped, and the other side goes on.
func (s *Service) dispatch(ctx context.Context, run *state.Run, sides []side) error {
	modes, err := state.LoadModes(ctx, s.Table)
	if err != nil {
		return err
	}
	var all []due
	full := plan.Plan{}
	for i := range sides {
		sd := &sides[i]
		sd.modes = modes
		if sd.recorded, err = state.Dues(ctx, s.Table, sd.vendor); err != nil {
			return err
		}
		dues, err := s.dues(ctx, sd, run)
		if err != nil {
			return err
		}
		send, shown, err := s.brake(ctx, run, sd, dues)
		if err != nil {
			return err
		}
		for _, d := range shown {
			full.Changes = append(full.Changes, d.changes...)
		}
		if send == nil && len(shown) > 0 {
			continue // stopped
		}
		if send, err = s.keepDecisions(ctx, run, sd, send); err != nil {
			return err
		}
		if err := s.publish(ctx, sd); err != nil {
			return err
		}
		all = append(all, send...)
	}
	s.totals(run, sides)
	s.index(ctx, run, sides)
	full = full.Sorted()
	run.Digest, run.Counts = full.Digest(), full.Counts()
	if len(full.Changes) > 0 {
		if err := state.SavePlan(ctx, s.Table, *run, full); err != nil {
			return err
		}
	}
	if len(run.Excess) > 0 {
		s.notice(ctx, "Notices", string(run.Scope), "a sync was stopped by the brake: "+plan.Reason(run.Excess))
	}
	run.Messages = len(all)
	run.State = state.Working
	if err := s.start(ctx, run); err != nil || run.State.Ended() {
		return err
	}
	if err := s.sendWork(ctx, run, all); err != nil {
		return err
	}
	if len(all) == 0 {
		return state.CloseIfDone(ctx, s.Table, run.ID, s.Now().UTC())
	}
	return nil
}

// publish makes the slices of a side the ones that its workers act on.
func (s *Service) publish(ctx context.Context, sd *side) error {
	var err error
	switch {
	case sd.followUp:
	case sd.vendor == state.ITGlue:
		_, err = state.SaveSlices(ctx, s.Table, sd.vendor, sd.asOf, sd.docs, sd.whole)
	default:
		_, err = state.SaveSlices(ctx, s.Table, sd.vendor, sd.asOf, sd.tickets, sd.whole)
	}
	return err
}

// start records the run as being worked on, unless it was cancelled meanwhile. A
// run without work ends in the same write.
func (s *Service) start(ctx context.Context, run *state.Run) error {
	failed := false
	for _, st := range run.Stages {
		failed = failed || st.Failed > 0
	}
	if !failed {
		s.notice(ctx, "SyncSucceeded", string(run.Scope), "")
	}
	stored, err := state.UpdateRun(ctx, s.Table, run.ID, func(r *state.Run) error {
		if r.State.Ended() || r.CancelAsked {
			*run = *r
			run.State, run.Reason, run.Ended = state.Cancelled, "cancelled by a person; what was read is kept", s.Now().UTC()
			*r = *run
			return nil
		}
		*r = *run
		return nil
	})
	if err == nil {
		*run = stored
	}
	return err
}

func (s *Service) notice(ctx context.Context, metric, scope, message string) {
	if s.Notice != nil {
		s.Notice(ctx, metric, scope, message)
	}
}

// dues finds the due customers of a side and plans for them.
func (s *Service) dues(ctx context.Context, sd *side, run *state.Run) ([]due, error) {
	stage := state.Stage{Name: "plan " + string(sd.vendor), At: s.Now().UTC()}
	plans := s.ticketDues
	if sd.vendor == state.ITGlue {
		plans = s.docDues
	}
	out, err := plans(ctx, sd, &stage)
	if err != nil {
		return nil, err
	}
	for _, d := range out {
		stage.Read++
		stage.Changed += writes(d.changes)
	}
	run.Stages = append(run.Stages, stage)
	return out, nil
}

func writes(changes []plan.Change) int {
	n := 0
	for _, c := range changes {
		if c.Writes() {
			n++
		}
	}
	return n
}

// docDues plans the documentation of the due customers.
func (s *Service) docDues(ctx context.Context, sd *side, stage *state.Stage) ([]due, error) {
	settings, err := docsync.LoadSettings(ctx, s.Table)
	if err != nil {
		return nil, err
	}
	tickets, err := s.openTickets(ctx)
	if err != nil {
		return nil, err
	}
	now := s.Now().UTC()
	var out []due
	for _, id := range slices.Sorted(maps.Keys(sd.digests)) {
		slice, ours := sd.docs[id]
		if !ours && !sd.followUp || sd.followUp && sd.recorded[id].Completed.IsZero() {
			continue
		}
		rec := sd.lists.records[id]
		meta := state.SliceMeta{Digest: sd.digests[id], AsOf: sd.asOf}
		mode := rec.ModeFor(sd.vendor, sd.modes)
		isDue, reason := sd.recorded[id].IsDue(docsync.Due(meta, rec, mode, settings, now).Digest(), now)
		if sd.target != "" {
			isDue, reason = true, "a person asked for one machine"
		}
		if !isDue {
			stage.Skipped++
			continue
		}
		if !ours {
			if slice, _, err = state.LoadSlice[docsync.Slice](ctx, s.Table, sd.vendor, id); err != nil {
				s.Log.WarnContext(ctx, "slice not read", slog.String("customer", id), slog.String("error", err.Error()))
				continue // the next documentation sync makes it anew
			}
		}
		d := docsync.Decide(docsync.Input{
			Slice: slice, Meta: meta, Customer: rec, Documentation: sd.lists.documents[id], Settings: settings,
			Tickets: tickets[id], Published: sd.lists.publishedOf(id, slice), Installation: s.Installation, Now: now, Only: sd.target,
		})
		out = append(out, due{vendor: sd.vendor, customer: id, reason: reason, mode: mode, changes: d.Changes, doc: d})
	}
	return out, nil
}

// publishedOf are our flexible assets by id wherever the customer has some: in the
// organizations of its slice, and where it was documented before.
func (l *lists) publishedOf(customer string, slice docsync.Slice) map[string]docsync.Published {
	in := map[string]bool{slice.Organization: true}
	for _, organization := range slice.Below {
		in[organization] = true
	}
	for _, pub := range l.documents[customer].Publications {
		in[pub.Organization] = true
	}
	out := map[string]docsync.Published{}
	for organization := range in {
		for _, p := range l.published[organization] {
			out[p.ID] = p
		}
	}
	return out
}

// ticketDues plans the tickets of the due customers.
func (s *Service) ticketDues(ctx context.Context, sd *side, stage *state.Stage) ([]due, error) {
	settings, err := state.LoadTicketSettings(ctx, s.Table)
	if err != nil {
		return nil, err
	}
	desks, rows, err := state.DesksIndexed(ctx, s.Table)
	if err != nil {
		return nil, err
	}
	if err := state.IndexDesks(ctx, s.Table, rows); err != nil {
		return nil, err
	}
	rules, err := alert.NewRules(settings.Rules)
	if err != nil { // were checked when they were stored
		s.Log.WarnContext(ctx, "ticket rules", slog.String("error", err.Error()))
	}
	if err := s.waiting(ctx, settings.Defaults, desks, func(id string) bool {
		return sd.lists.records[id].ModeFor(sd.vendor, sd.modes) == state.Live
	}); err != nil {
		return nil, err
	}
	now := s.Now().UTC()
	var out []due
	for _, id := range slices.Sorted(maps.Keys(sd.tickets)) {
		rec := sd.lists.records[id]
		mode := rec.ModeFor(sd.vendor, sd.modes)
		isDue, reason := sd.recorded[id].IsDue(ticketing.DueInputs(sd.digests[id], settings.Digest(id), rec, mode).Digest(), now)
		if !isDue && desks[id].Undone(sd.recorded[id]) {
			isDue, reason = true, "something was begun and not done"
		}
		if !isDue {
			stage.Skipped++
			continue
		}
		own, serr := settings.For(id)
		if serr != nil {
			s.Log.WarnContext(ctx, "ticket settings", slog.String("customer", id), slog.String("error", serr.Error()))
		}
		d := ticketing.Decide(ticketing.Input{
			Slice: sd.tickets[id], AsOf: sd.asOf, Customer: rec, Desk: desks[id], Settings: own, Rules: rules,
			Silences: settings.Silences[id], Installation: s.Installation, Now: now,
		})
		out = append(out, due{vendor: sd.vendor, customer: id, reason: reason, mode: mode, changes: d.Changes})
	}
	return out, nil
}

// openTickets are the open tickets' numbers by customer and asset key.
func (s *Service) openTickets(ctx context.Context) (map[string]map[string]string, error) {
	desks, err := state.Desks(ctx, s.Table)
	if err != nil {
		return nil, err
	}
	out := make(map[string]map[string]string, len(desks))
	for id, desk := range desks {
		out[id] = ticketing.TicketsByMachine(desk)
	}
	return out, nil
}

// keepDecisions keeps the machines' links and statuses of the due customers, so
// that they are visible before anything is published. A customer whose record
// cannot be kept is left out with the reason; the others go on.
func (s *Service) keepDecisions(ctx context.Context, run *state.Run, sd *side, dues []due) ([]due, error) {
	if sd.vendor != state.ITGlue {
		return dues, nil
	}
	errs := make([]error, len(dues))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(writers)
	for i, d := range dues {
		g.Go(func() error {
			if errs[i] = docsync.Save(gctx, sd.lists.batch, d.customer, d.doc, sd.asOf); errs[i] != nil && !errors.Is(errs[i], state.ErrTooLarge) {
				return errs[i]
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, fmt.Errorf("decisions about machines: %w", err)
	}
	var kept []due
	for i, d := range dues {
		if errs[i] != nil {
			run.Stages = append(run.Stages, state.Stage{Name: "machines of " + d.customer, Failed: 1, Detail: errs[i].Error(), At: s.Now().UTC()})
			continue
		}
		doc := sd.lists.documents[d.customer]
		doc.Machines = d.doc.Machines
		sd.lists.documents[d.customer] = doc
		kept = append(kept, d)
	}
	sd.kept = len(kept)
	return kept, sd.lists.batch.Flush(ctx)
}

// totals sums the account up as it stands after deciding.
func (s *Service) totals(run *state.Run, sides []side) {
	for _, sd := range sides {
		if sd.vendor != state.ITGlue || sd.followUp {
			continue
		}
		run.Machines, run.Statuses = sd.lists.counts()
		run.Stages = append(run.Stages, state.Stage{Name: "machines", Read: len(sd.lists.all), Matched: run.Machines[string(match.Matched)], At: s.Now().UTC()})
	}
}

// counts counts the machines that are protected now by link state and by status word.
func (l *lists) counts() (links, words map[string]int) {
	links, words = map[string]int{}, map[string]int{}
	for _, doc := range l.documents {
		for _, m := range doc.Machines {
			if m.SupersededBy != "" || m.Gone {
				continue
			}
			links[string(m.Link.State)]++
			words[string(m.Word)]++
		}
	}
	return links, words
}

// sendWork sends one message per due customer, in an order that mixes nothing up:
// by side, then customer.
func (s *Service) sendWork(ctx context.Context, run *state.Run, dues []due) error {
	byQueue := map[string][]state.Outgoing{}
	for i, d := range dues {
		queue := state.CustomersQueue
		if d.vendor == state.ConnectWise {
			queue = state.AlertsQueue
		}
		body, err := json.Marshal(state.Work{Version: state.MessageVersion, Run: run.ID, Customer: d.customer, Index: i})
		if err != nil {
			return fmt.Errorf("work message: %w", err)
		}
		byQueue[queue] = append(byQueue[queue], state.Outgoing{Body: body, Group: d.customer, DedupID: run.ID + "." + d.customer + "." + queue})
	}
	for _, queue := range []string{state.AlertsQueue, state.CustomersQueue} {
		if len(byQueue[queue]) == 0 {
			continue
		}
		if err := s.Sender.Send(ctx, queue, byQueue[queue]...); err != nil {
			return fmt.Errorf("send work: %w", err)
		}
	}
	return nil
}

// closeStale ends runs that nobody will end: their function was killed while it
// read, or their messages were lost or became dead letters. It looks at the runs
// just beyond the age, whatever was begun since.
func (s *Service) closeStale(ctx context.Context, older time.Duration) error {
	runs, err := state.Runs(ctx, s.Table, state.NewRunID(s.Now().Add(-older), ""), staleLook)
	if err != nil {
		return err
	}
	for _, r := range runs {
		if r.State.Ended() {
			continue
		}
		p, err := state.LoadProgress(ctx, s.Table, r.ID)
		if err != nil {
			return err
		}
		if _, err := state.UpdateRun(ctx, s.Table, r.ID, func(r *state.Run) error {
			if r.State.Ended() {
				return state.Unchanged()
			}
			if r.State == state.Working {
				r.Reason = fmt.Sprintf("%d of %d messages were never reported: see the dead letters; those customers stay due", r.Messages-p.Reported, r.Messages)
				r.State = state.Partial
			} else {
				r.Reason = fmt.Sprintf("interrupted while %s; later syncs did its work", r.State)
				r.State = state.Failed
			}
			r.Ended = s.Now().UTC()
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}
