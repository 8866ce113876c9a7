package account

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"uniview-bridge/pkg/connectwise"
	"uniview-bridge/pkg/itglue"
	"uniview-bridge/pkg/plan"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/uniview"
)

// leaseFor is how long one sync may hold a scope without renewing: longer than a
// function may run.
const leaseFor = 16 * time.Minute

// decideTime is what deciding and sending may need of a function's time.
const decideTime = 4 * time.Minute

// accountLease keeps two runs from deciding at the same time: they share lists,
// records and slices. Who comes second waits its turn in the queue.
const accountLease = "account"

// retryIn is how long a run waits before it tries to have its turn again.
const retryIn = 2 * time.Second

// reserve is the time a function keeps back to put its work aside.
const reserve = 45 * time.Second

// Health is told how the vendors fare; see connection.Keeper.
type Health interface {
	Healthy(ctx context.Context, kind state.Vendor) error
	Ailing(ctx context.Context, kind state.Vendor, cause error) error
}

// Service runs syncs.
type Service struct {
	Table        state.Table
	Sender       state.Sender
	UniView      state.Opener[*uniview.Client]
	ITGlue       state.Opener[*itglue.Client]
	ConnectWise  state.Opener[*connectwise.Client]
	Health       Health
	Now          func() time.Time
	Random       func() string // short random text for ids
	Log          *slog.Logger
	Installation string // names this installation in references
	Brake        plan.Brake
	// Notice counts a metric of the name, with a message for people.
	Notice func(ctx context.Context, metric, scope, message string)
}

// StaleError says that a plan is not the newest any more.
type StaleError struct{ Reason string }

func (e *StaleError) Error() string { return e.Reason }

// Request queues a run and returns its id. The account-wide scopes run once at a
// time: a second request is a *state.HeldError naming the run at work.
func (s *Service) Request(ctx context.Context, scope state.Scope, target, by string) (string, error) {
	if err := s.checkTarget(ctx, scope, target); err != nil {
		return "", err
	}
	run := s.newRun(scope, target, by)
	if err := s.acquire(ctx, run); err != nil {
		return "", err
	}
	_, err := state.SaveRun(ctx, s.Table, run, state.New)
	if err == nil {
		err = s.send(ctx, run.ID, 0)
	}
	if err != nil {
		return "", errors.Join(fmt.Errorf("request a sync: %w", err), s.release(ctx, run))
	}
	if scope == state.ScopeAsset { // it writes to IT Glue in either mode (design §3.3)
		return run.ID, s.audit(ctx, state.Audit{By: by, Action: "sync now", Subject: target, After: map[string]string{"run": run.ID}})
	}
	return run.ID, nil
}

func (s *Service) checkTarget(ctx context.Context, scope state.Scope, target string) error {
	switch scope {
	case state.ScopeAll, state.ScopeDocumentation, state.ScopeAlerts:
		if target != "" {
			return fmt.Errorf("scope %s covers all customers and takes no id", scope)
		}
		return nil
	case state.ScopeCustomer:
		_, _, err := state.Load[state.Customer](ctx, s.Table, state.CustomerKey(target))
		return err
	case state.ScopeAsset:
		_, err := s.ownerOf(ctx, target)
		return err
	}
	return fmt.Errorf("there is no scope %q", scope)
}

func (s *Service) newRun(scope state.Scope, target, by string) state.Run {
	now := s.Now().UTC()
	return state.Run{
		ID: state.NewRunID(now, s.Random()), Scope: scope, Target: target, By: by,
		State: state.Queued, Created: now,
	}
}

// scopes are the leases a run needs.
func scopes(scope state.Scope) []string {
	switch scope {
	case state.ScopeAll:
		return []string{string(state.ScopeDocumentation), string(state.ScopeAlerts)}
	case state.ScopeDocumentation, state.ScopeAlerts:
		return []string{string(scope)}
	}
	return nil
}

// acquire takes the leases of a run, all or none.
func (s *Service) acquire(ctx context.Context, run state.Run) error {
	now := s.Now()
	for i, scope := range scopes(run.Scope) {
		err := state.Acquire(ctx, s.Table, scope, run.ID, now, now.Add(leaseFor))
		if err == nil {
			continue
		}
		for _, taken := range scopes(run.Scope)[:i] {
			if rerr := state.Release(ctx, s.Table, taken, run.ID); rerr != nil {
				return errors.Join(err, rerr)
			}
		}
		return err
	}
	return nil
}

func (s *Service) release(ctx context.Context, run state.Run) error {
	ctx = context.WithoutCancel(ctx)
	var errs []error
	for _, scope := range append(scopes(run.Scope), accountLease) {
		errs = append(errs, state.Release(ctx, s.Table, scope, run.ID))
	}
	return errors.Join(errs...)
}

func (s *Service) send(ctx context.Context, runID string, delay time.Duration) error {
	body := fmt.Sprintf(`{"version":%d,"run":%q}`, state.MessageVersion, runID)
	return s.Sender.Send(ctx, state.RunsQueue, state.Outgoing{Body: []byte(body), Delay: delay})
}

// Schedule starts a scheduled sync, unless one of its scope is at work.
func (s *Service) Schedule(ctx context.Context, scope state.Scope) error {
	if scope != state.ScopeDocumentation && scope != state.ScopeAlerts {
		return &state.PermanentError{Reason: fmt.Sprintf("there is no schedule for scope %q", scope)}
	}
	run := s.newRun(scope, "", "schedule")
	if err := s.acquire(ctx, run); err != nil {
		if held, ok := errors.AsType[*state.HeldError](err); ok {
			s.Log.InfoContext(ctx, "sync skipped", slog.String("scope", string(scope)), slog.String("reason", held.Error()))
			return nil
		}
		return err
	}
	if err := s.closeStale(ctx, staleRun); err != nil {
		s.Log.WarnContext(ctx, "old runs not closed", slog.String("error", err.Error()))
	}
	return s.work(ctx, run)
}

// staleRun is after how long a run whose messages are out is ended for it, and
// staleLook how many runs of that age are looked at each time.
const (
	staleRun  = 12 * time.Hour
	staleLook = 200
)

// Continue works on a queued or interrupted run. It is safe to repeat.
func (s *Service) Continue(ctx context.Context, m state.RunMessage) error {
	run, _, err := state.LoadRun(ctx, s.Table, m.Run)
	if errors.Is(err, state.ErrNotFound) {
		return &state.PermanentError{Reason: "there is no run " + m.Run}
	}
	if err != nil {
		return err
	}
	if run.State != state.Queued && run.State != state.Reading {
		return nil
	}
	if err := s.acquire(ctx, run); err != nil {
		if held, ok := errors.AsType[*state.HeldError](err); ok {
			return errors.Join(s.finish(ctx, run, state.Cancelled, held.Error()), s.release(ctx, run))
		}
		return err
	}
	return s.work(ctx, run)
}

// errContinue says that the time ran out and the rest is put aside.
var errContinue = errors.New("to be continued")

// work does all stages of one run.
func (s *Service) work(ctx context.Context, run state.Run) error {
	now := s.Now()
	if err := state.AcquireTurn(ctx, s.Table, accountLease, run.ID, now, now.Add(leaseFor)); err != nil {
		if _, ok := errors.AsType[*state.HeldError](err); !ok {
			return err
		}
		if run.State == state.Queued {
			if err := s.save(ctx, run); err != nil {
				return err
			}
		}
		return s.send(ctx, run.ID, retryIn)
	}
	if run.Started.IsZero() {
		run.Started = s.Now().UTC()
	}
	run.State = state.Reading
	if err := s.save(ctx, run); err != nil {
		return err
	}
	err := s.stages(ctx, &run)
	switch {
	case errors.Is(err, errContinue):
		if err := s.save(ctx, run); err != nil {
			return err
		}
		return s.send(context.WithoutCancel(ctx), run.ID, 0)
	case err != nil:
		s.Log.ErrorContext(ctx, "sync failed", slog.String("run", run.ID), slog.String("error", err.Error()))
		ctx = context.WithoutCancel(ctx)
		return errors.Join(s.finish(ctx, run, state.Failed, err.Error()), s.release(ctx, run))
	}
	return s.release(ctx, run)
}

// finish ends a run.
func (s *Service) finish(ctx context.Context, run state.Run, end state.RunState, reason string) error {
	run.State, run.Reason, run.Ended = end, reason, s.Now().UTC()
	return s.save(ctx, run)
}

// save stores a run as it is here; a wish to cancel it that came meanwhile stays.
func (s *Service) save(ctx context.Context, run state.Run) error {
	_, err := state.UpdateRun(ctx, s.Table, run.ID, func(r *state.Run) error {
		run.CancelAsked = run.CancelAsked || r.CancelAsked
		*r = run
		return nil
	})
	if errors.Is(err, state.ErrNotFound) {
		_, err = state.SaveRun(ctx, s.Table, run, state.New)
	}
	return err
}

// stages reads, decides, plans and sends.
func (s *Service) stages(ctx context.Context, run *state.Run) error {
	if err := s.read(ctx, run); err != nil {
		return err
	}
	if asked, err := s.cancelAsked(ctx, run); err != nil || asked {
		return err
	}
	if soon(ctx, decideTime) {
		return errContinue // the lists are kept: the continuation decides
	}
	sides, err := s.decide(ctx, run)
	if err != nil {
		return err
	}
	if asked, err := s.cancelAsked(ctx, run); err != nil || asked {
		return err
	}
	return s.dispatch(ctx, run, sides)
}

// cancelAsked ends the run when a person asked for it.
func (s *Service) cancelAsked(ctx context.Context, run *state.Run) (bool, error) {
	stored, _, err := state.LoadRun(ctx, s.Table, run.ID)
	if err != nil {
		return false, err
	}
	if !stored.CancelAsked {
		return false, nil
	}
	run.CancelAsked = true
	return true, s.finish(ctx, *run, state.Cancelled, "cancelled by a person; what was read is kept")
}

// Cancel asks a run to stop. A run whose messages are out ends at once; what
// they have not done yet stays due.
func (s *Service) Cancel(ctx context.Context, runID, by string) error {
	_, err := state.UpdateRun(ctx, s.Table, runID, func(r *state.Run) error {
		if r.State.Ended() {
			return &StaleError{"the run is over already"}
		}
		r.CancelAsked = true
		if r.State == state.Working || r.State == state.Queued {
			r.State, r.Reason, r.Ended = state.Cancelled, "cancelled by "+by+"; customers not done stay due", s.Now().UTC()
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.audit(ctx, state.Audit{By: by, Action: "cancel run", Subject: runID})
}

func (s *Service) audit(ctx context.Context, a state.Audit) error {
	a.At = s.Now().UTC()
	return state.AddAudit(ctx, s.Table, a, s.Random())
}
