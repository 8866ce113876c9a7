package account

import (
	"context"
	"fmt"

	"uniview-bridge/pkg/plan"
	"uniview-bridge/pkg/state"
)

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
	case len(run.Excess) == 0:
		return &StaleError{"only a run that the brake stopped can be approved; this one is " + string(run.State)}
	case run.Digest != digest:
		return &StaleError{"the digest is not that of the run's plan: look at the plan again"}
	}
	newest, err := s.newestStopped(ctx, run.Scope)
	if err != nil {
		return err
	}
	if newest.ID != runID && newest.Digest != digest {
		return &StaleError{"a later run superseded this plan: look at run " + newest.ID}
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

// newestStopped is the newest run of a scope that planned anything.
func (s *Service) newestStopped(ctx context.Context, scope state.Scope) (state.Run, error) {
	runs, err := state.Runs(ctx, s.Table, "", 50)
	if err != nil {
		return state.Run{}, err
	}
	for _, r := range runs {
		if r.Scope == scope && r.Digest != "" {
			return r, nil
		}
	}
	return state.Run{}, nil
}

// GoLive sets the mode of one side. Going live approves the first plan: its
// counts were shown in preview to whoever does this.
func (s *Service) GoLive(ctx context.Context, v state.Vendor, mode state.Mode, by string) error {
	now := s.Now().UTC()
	var before state.Mode
	// The approval is there before the mode: a crash between them lets nothing pass
	// that was not meant to.
	current, err := state.LoadModes(ctx, s.Table)
	if err != nil {
		return err
	}
	if mode == state.Live && current.Of(v) != state.Live {
		if err := state.Approve(ctx, s.Table, state.Approval{Vendor: v, By: by, At: now, GoingLive: true}); err != nil {
			return fmt.Errorf("go live: %w", err)
		}
	}
	if err := state.UpdateModes(ctx, s.Table, func(m *state.Modes) {
		before = m.Of(v)
		if v == state.ConnectWise {
			m.Ticketing = mode
		} else {
			m.Documentation = mode
		}
	}); err != nil {
		return fmt.Errorf("go live: %w", err)
	}
	return s.audit(ctx, state.Audit{
		By: by, Action: "set mode", Subject: string(v),
		Before: map[string]string{"mode": string(before)}, After: map[string]string{"mode": string(mode)},
	})
}
