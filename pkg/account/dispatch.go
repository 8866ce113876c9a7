package account

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

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
// sends one message for each.
func (s *Service) dispatch(ctx context.Context, run *state.Run, sides []side) error {
	modes, err := state.LoadModes(ctx, s.Table)
	if err != nil {
		return err
	}
	var all []due
	for _, sd := range sides {
		dues, err := s.dues(ctx, sd, modes, run)
		if err != nil {
			return err
		}
		if dues, err = s.brake(ctx, run, sd, dues); err != nil {
			return err
		}
		all = append(all, dues...)
	}
	s.totals(run, sides)
	full := plan.Plan{}
	for _, d := range all {
		full.Changes = append(full.Changes, d.changes...)
	}
	full = full.Sorted()
	run.Digest, run.Counts = full.Digest(), full.Counts()
	if len(full.Changes) > 0 {
		if err := state.SavePlan(ctx, s.Table, *run, full); err != nil {
			return err
		}
	}
	if len(run.Excess) > 0 {
		s.notice(ctx, "Notices", string(run.Scope), "a sync was stopped by the brake: "+plan.Reason(run.Excess))
		return s.finish(ctx, *run, state.Stopped, plan.Reason(run.Excess)+": look at the plan and approve it if it is right")
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
func (s *Service) dues(ctx context.Context, sd side, modes state.Modes, run *state.Run) ([]due, error) {
	recorded, err := state.Dues(ctx, s.Table, sd.vendor)
	if err != nil {
		return nil, err
	}
	now := s.Now().UTC()
	var out []due
	stage := state.Stage{Name: "plan " + string(sd.vendor), At: now}
	if sd.vendor == state.ITGlue {
		settings, err := docsync.LoadSettings(ctx, s.Table)
		if err != nil {
			return nil, err
		}
		tickets, err := s.openTickets(ctx)
		if err != nil {
			return nil, err
		}
		for _, id := range slices.Sorted(maps.Keys(sd.digests)) {
			if _, ours := sd.docs[id]; !ours && !sd.followUp {
				continue
			}
			rec := sd.lists.records[id]
			meta := state.SliceMeta{Digest: sd.digests[id], AsOf: sd.asOf}
			mode := rec.ModeFor(sd.vendor, modes)
			isDue, reason := recorded[id].IsDue(docsync.Due(meta, rec, mode, settings, now).Digest(), now)
			if !isDue {
				stage.Skipped++
				continue
			}
			slice, ok := sd.docs[id]
			if !ok {
				if slice, _, err = state.LoadSlice[docsync.Slice](ctx, s.Table, sd.vendor, id); err != nil {
					return nil, err
				}
			}
			published := map[string]docsync.Published{}
			for _, p := range sd.lists.published[slice.Organization] {
				published[p.ID] = p
			}
			d := docsync.Decide(docsync.Input{
				Slice: slice, Meta: meta, Customer: rec, Documentation: sd.lists.documents[id], Settings: settings,
				Tickets: tickets[id], Published: published, Installation: s.Installation, Now: now,
			})
			out = append(out, due{vendor: sd.vendor, customer: id, reason: reason, mode: mode, changes: d.Changes, doc: d})
		}
		if err := s.saveDecisions(ctx, sd, out); err != nil {
			return nil, err
		}
	} else {
		if out, err = s.ticketDues(ctx, sd, recorded, modes, &stage, false); err != nil {
			return nil, err
		}
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

// ticketDues plans tickets; braked folds new tickets into parents.
func (s *Service) ticketDues(ctx context.Context, sd side, recorded map[string]state.Due, modes state.Modes, stage *state.Stage, braked bool) ([]due, error) {
	settings, err := state.LoadTicketSettings(ctx, s.Table)
	if err != nil {
		return nil, err
	}
	desks, err := state.Desks(ctx, s.Table)
	if err != nil {
		return nil, err
	}
	now := s.Now().UTC()
	var out []due
	for _, id := range slices.Sorted(maps.Keys(sd.tickets)) {
		rec := sd.lists.records[id]
		mode := rec.ModeFor(sd.vendor, modes)
		isDue, reason := recorded[id].IsDue(ticketing.DueInputs(sd.digests[id], settings.Digest(id), rec, mode).Digest(), now)
		if !isDue {
			stage.Skipped++
			continue
		}
		own, serr := settings.For(id)
		if serr != nil {
			s.Log.WarnContext(ctx, "ticket settings", slog.String("customer", id), slog.String("error", serr.Error()))
		}
		d := ticketing.Decide(ticketing.Input{
			Slice: sd.tickets[id], AsOf: sd.asOf, Customer: rec, Desk: desks[id], Settings: own,
			Installation: s.Installation, Braked: braked, Now: now,
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

// saveDecisions keeps the machines' links and statuses of the due customers, so
// that they are visible before anything is published.
func (s *Service) saveDecisions(ctx context.Context, sd side, dues []due) error {
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(writers)
	for _, d := range dues {
		g.Go(func() error { return docsync.Save(gctx, s.Table, d.customer, d.doc, sd.asOf) })
	}
	if err := g.Wait(); err != nil {
		return fmt.Errorf("decisions about machines: %w", err)
	}
	for _, d := range dues {
		doc := sd.lists.documents[d.customer]
		doc.Machines = d.doc.Machines
		sd.lists.documents[d.customer] = doc
	}
	return nil
}

// brake holds the live part of a side's plan against the mass-change limit.
// Tickets are never braked to silence: too many new ones fold into parents.
func (s *Service) brake(ctx context.Context, run *state.Run, sd side, dues []due) ([]due, error) {
	live, customers := plan.Plan{}, 0
	for _, d := range dues {
		if d.mode == state.Live {
			customers++
			live.Changes = append(live.Changes, d.changes...)
		} else if !slices.Contains(run.Preview, sd.vendor) {
			run.Preview = append(run.Preview, sd.vendor)
		}
	}
	existing := map[plan.Kind]int{plan.FlexibleAsset: sd.lists.existing}
	for _, t := range sd.lists.tickets {
		if !t.Closed {
			existing[plan.Ticket]++
		}
	}
	approved, err := state.Approved(ctx, s.Table, sd.vendor, live, customers)
	if err != nil {
		return nil, err
	}
	for _, e := range s.Brake.Check(live, existing, approved) {
		if e.Kind == plan.Ticket && e.Action == plan.Create {
			s.notice(ctx, "Notices", string(run.Scope), e.String()+"; they fold into one ticket per appliance")
			run.Fold = true
			return s.folded(ctx, sd, dues)
		}
		run.Excess = append(run.Excess, e)
	}
	return dues, nil
}

// folded plans the same customers' tickets again with new ones folded.
func (s *Service) folded(ctx context.Context, sd side, dues []due) ([]due, error) {
	modes, err := state.LoadModes(ctx, s.Table)
	if err != nil {
		return nil, err
	}
	var stage state.Stage
	again, err := s.ticketDues(ctx, sd, nil, modes, &stage, true)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(again, func(d due) bool {
		return !slices.ContainsFunc(dues, func(o due) bool { return o.customer == d.customer })
	}), nil
}

// totals sums the account up as it stands after deciding.
func (s *Service) totals(run *state.Run, sides []side) {
	for _, sd := range sides {
		if sd.vendor != state.ITGlue || sd.followUp {
			continue
		}
		run.Machines, run.Statuses = map[string]int{}, map[string]int{}
		for _, doc := range sd.lists.documents {
			for _, m := range doc.Machines {
				if m.SupersededBy != "" || m.Gone {
					continue
				}
				run.Machines[string(m.Link.State)]++
				run.Statuses[string(m.Word)]++
			}
		}
		run.Stages = append(run.Stages, state.Stage{Name: "machines", Read: len(sd.lists.all), Matched: run.Machines[string(match.Matched)], At: s.Now().UTC()})
	}
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

// Plan returns what a run would do or did.
func (s *Service) Plan(ctx context.Context, runID string) ([]plan.Change, error) {
	if _, _, err := state.LoadRun(ctx, s.Table, runID); err != nil {
		return nil, err
	}
	p, err := state.LoadPlan(ctx, s.Table, runID)
	return p.Changes, err
}

// Approve lets a stopped run's plan pass the brake: exactly the changes it names,
// for a week, and starts a run that applies them.
func (s *Service) Approve(ctx context.Context, runID, digest, by string) error {
	run, _, err := state.LoadRun(ctx, s.Table, runID)
	if err != nil {
		return err
	}
	switch {
	case run.State != state.Stopped:
		return &StaleError{"only a run that the brake stopped can be approved; this one is " + string(run.State)}
	case run.Digest != digest:
		return &StaleError{"the digest is not that of the run's plan: look at the plan again"}
	}
	newest, err := s.newestStopped(ctx, run.Scope)
	if err != nil {
		return err
	}
	if newest != runID {
		return &StaleError{"a later run superseded this plan: look at run " + newest}
	}
	p, err := state.LoadPlan(ctx, s.Table, runID)
	if err != nil {
		return err
	}
	byVendor := map[state.Vendor][]string{}
	for _, c := range p.Changes {
		if c.Writes() {
			byVendor[state.Vendor(c.Vendor)] = append(byVendor[state.Vendor(c.Vendor)], c.ID())
		}
	}
	now := s.Now().UTC()
	for v, ids := range byVendor {
		if err := state.Approve(ctx, s.Table, state.Approval{Vendor: v, Digest: digest, Run: runID, By: by, At: now, Changes: ids}); err != nil {
			return fmt.Errorf("approve: %w", err)
		}
	}
	if err := s.audit(ctx, state.Audit{By: by, Action: "approve plan", Subject: runID, After: map[string]string{"digest": digest}}); err != nil {
		return err
	}
	_, err = s.Request(ctx, run.Scope, run.Target, by)
	return err
}

// newestStopped is the newest run of a scope that read the account.
func (s *Service) newestStopped(ctx context.Context, scope state.Scope) (string, error) {
	runs, err := state.Runs(ctx, s.Table, "", 50)
	if err != nil {
		return "", err
	}
	for _, r := range runs {
		if r.Scope == scope && r.Digest != "" {
			return r.ID, nil
		}
	}
	return "", nil
}

// GoLive sets the mode of one side. Going live approves the first plan: its
// counts were shown in preview to whoever does this.
func (s *Service) GoLive(ctx context.Context, v state.Vendor, mode state.Mode, by string) error {
	modes, err := state.LoadModes(ctx, s.Table)
	if err != nil {
		return err
	}
	was := &modes.Documentation
	if v == state.ConnectWise {
		was = &modes.Ticketing
	}
	before := *was
	*was = mode
	now := s.Now().UTC()
	if mode == state.Live && before != state.Live {
		if err := state.Approve(ctx, s.Table, state.Approval{Vendor: v, By: by, At: now, GoingLive: true}); err != nil {
			return fmt.Errorf("go live: %w", err)
		}
	}
	if err := state.SaveModes(ctx, s.Table, modes); err != nil {
		return fmt.Errorf("go live: %w", err)
	}
	return s.audit(ctx, state.Audit{
		By: by, Action: "set mode", Subject: string(v),
		Before: map[string]string{"mode": string(before)}, After: map[string]string{"mode": string(mode)},
	})
}

// closeStale ends runs that nobody will end: their function was killed while it
// read, or their messages were lost or became dead letters. It looks at the runs
// just beyond the age, whatever was begun since.
func (s *Service) closeStale(ctx context.Context, older time.Duration) error {
	runs, err := state.Runs(ctx, s.Table, state.NewRunID(s.Now().Add(-older), ""), 50)
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
