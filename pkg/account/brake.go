package account

import (
	"context"
	"slices"
	"time"

	"uniview-bridge/pkg/plan"
	"uniview-bridge/pkg/state"
)

// catchUp is how long after the end of an outage the brake does not count: what
// happened meanwhile is caught up with (design §2.6).
const catchUp = time.Hour

// brake holds the live part of a side's plan against the mass-change limit
// (design §2.6). send are the customers to send messages for, nil when the side
// is stopped; shown are those whose changes the run's plan lists.
//
// Tickets are never braked to silence: too many new ones fold into one per
// appliance, and closing too many waits while everything else goes on. Both are
// facts in the slices, so that whoever works on them next does the same.
func (s *Service) brake(ctx context.Context, run *state.Run, sd *side, dues []due) (send, shown []due, err error) {
	live := plan.Plan{}
	for _, d := range dues {
		if d.mode == state.Live {
			live.Changes = append(live.Changes, d.changes...)
		} else if sd.target == "" && !slices.Contains(run.Preview, sd.vendor) {
			run.Preview = append(run.Preview, sd.vendor)
		}
	}
	first := sd.whole && sd.modes.Of(sd.vendor) == state.Live
	approved, err := state.Approved(ctx, s.Table, sd.vendor, live, first)
	if err != nil {
		return nil, nil, err
	}
	excess := s.Brake.Check(live, sd.lists.standing(), approved)
	if len(excess) == 0 {
		return dues, dues, nil
	}
	if back, err := s.afterOutage(ctx, sd.vendor); err != nil || back {
		return dues, dues, err
	}
	if sd.vendor == state.ITGlue {
		run.Excess = append(run.Excess, excess...)
		return nil, dues, nil
	}
	return s.brakeTickets(ctx, run, sd, dues, excess)
}

// standing counts the records that exist, by kind.
func (l *lists) standing() map[plan.Kind]int {
	n := map[plan.Kind]int{plan.FlexibleAsset: l.existing}
	for _, doc := range l.documents {
		for _, note := range doc.Notes {
			if note.Text != "" {
				n[plan.NotesBlock]++
			}
		}
		if doc.Banner.Text != "" {
			n[plan.Banner]++
		}
	}
	for _, t := range l.tickets {
		if !t.Closed {
			n[plan.Ticket]++
		}
	}
	return n
}

// afterOutage says whether a vendor of this side came back lately from an outage
// that was recorded.
func (s *Service) afterOutage(ctx context.Context, v state.Vendor) (bool, error) {
	for _, kind := range []state.Vendor{state.UniView, v} {
		c, _, err := state.LoadConnection(ctx, s.Table, kind)
		if err != nil {
			return false, err
		}
		if !c.Recovered.IsZero() && s.Now().Sub(c.Recovered) < catchUp {
			return true, nil
		}
	}
	return false, nil
}

// brakeTickets writes into the slices what the brake says and plans again.
func (s *Service) brakeTickets(ctx context.Context, run *state.Run, sd *side, dues []due, excess []plan.Excess) (send, shown []due, err error) {
	fold, hold := false, false
	for _, e := range excess {
		switch e.Action {
		case plan.Create:
			fold = true
			s.notice(ctx, "Notices", string(run.Scope), e.String()+"; they fold into one ticket per appliance")
		default:
			hold = true
			run.Excess = append(run.Excess, e)
		}
	}
	run.Fold = fold
	for _, d := range dues {
		mine := plan.Plan{Changes: d.changes}
		slice := sd.tickets[d.customer]
		slice.Fold = fold && mine.N(plan.Ticket, plan.Create) > 0
		slice.HoldClose = hold && mine.N(plan.Ticket, plan.Close) > 0
		if d.mode == state.Live && (slice.Fold || slice.HoldClose) {
			sd.tickets[d.customer], sd.digests[d.customer] = slice, state.SliceDigest(slice)
		}
	}
	var stage state.Stage
	send, err = s.ticketDues(ctx, sd, &stage)
	if err != nil {
		return nil, nil, err
	}
	if send == nil {
		send = []due{}
	}
	if hold {
		return send, dues, nil // the closings are shown, to be approved
	}
	return send, send, nil
}
