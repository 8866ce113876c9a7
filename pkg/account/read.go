package account

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/vendorhttp"
)

// rereads is how often a list that changed under the reader is read again.
const rereads = 2

// many is from how many records on an empty list is suspect.
const many = 20

// pager is one vendor client's resumable list read: Next returns a page, State
// is where to resume.
type pager[W, S any] interface {
	Next(ctx context.Context) (items []W, done bool, err error)
	State() S
}

// source is one list of a scope.
type source struct {
	list   string
	vendor state.Vendor
	read   func(ctx context.Context, run *state.Run) (state.Stage, error)
}

// read reads every list of the run's scope that it has not read yet. A vendor
// that fails loses its own lists only: the older snapshots stand.
func (s *Service) read(ctx context.Context, run *state.Run) error {
	if run.Scope == state.ScopeAsset {
		return s.readAsset(ctx, run)
	}
	down := map[state.Vendor]error{}
	var up []state.Vendor
	for _, src := range s.sources(run.Scope) {
		if stageOf(run, src.list).Name != "" {
			continue
		}
		if down[src.vendor] != nil {
			s.fail(run, src.list, down[src.vendor])
			continue
		}
		stage, err := src.read(ctx, run)
		switch {
		case errors.Is(err, errContinue):
			return err
		case err != nil:
			if own(err) {
				return err
			}
			s.Log.WarnContext(ctx, "list not read", slog.String("run", run.ID), slog.String("list", src.list), slog.String("error", err.Error()))
			s.fail(run, src.list, err)
			if dead(err) {
				down[src.vendor] = err
			}
			if v := new(vendorhttp.Error); errors.As(err, &v) && !vendorhttp.IsIncomplete(err) {
				if herr := s.Health.Ailing(ctx, src.vendor, err); herr != nil {
					return herr
				}
			}
		default:
			run.Stages = append(run.Stages, stage)
			if !slices.Contains(up, src.vendor) {
				up = append(up, src.vendor)
			}
			if err := s.progress(ctx, run); err != nil {
				return err
			}
		}
	}
	for _, v := range up {
		if down[v] == nil {
			if err := s.Health.Healthy(ctx, v); err != nil {
				return err
			}
		}
	}
	return nil
}

// progress shows the stages so far while a first, long read is at work. Later
// reads are short and show theirs at the end.
func (s *Service) progress(ctx context.Context, run *state.Run) error {
	if s.Now().Sub(run.Started) < 2*time.Second {
		return nil
	}
	now := s.Now()
	for _, lease := range append(scopes(run.Scope), accountLease) { // renew
		if err := state.Acquire(ctx, s.Table, lease, run.ID, now, now.Add(leaseFor)); err != nil {
			return err
		}
	}
	_, err := state.UpdateRun(ctx, s.Table, run.ID, func(r *state.Run) error {
		r.Stages = run.Stages
		return nil
	})
	return err
}

// dead says whether asking this vendor for other lists is of no use now.
func dead(err error) bool {
	return errors.Is(err, state.ErrStopped) || vendorhttp.IsAuth(err) || vendorhttp.KindOf(err) == vendorhttp.Network
}

// own says whether an error is about our own store rather than a vendor.
func own(err error) bool {
	var v *vendorhttp.Error
	return !errors.As(err, &v) && !errors.Is(err, state.ErrStopped) && !errors.Is(err, errSuspect)
}

// stageOf finds the stage of a list; its name is empty when there is none yet.
func stageOf(run *state.Run, list string) state.Stage {
	for _, st := range run.Stages {
		if st.Name == list {
			return st
		}
	}
	return state.Stage{}
}

// soon says whether the function's time is nearly over: what needs a while is
// left to the continuation.
func soon(ctx context.Context, need time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return ok && time.Until(deadline) < need
}

func (s *Service) fail(run *state.Run, list string, err error) {
	run.Stages = append(run.Stages, state.Stage{Name: list, Failed: 1, Detail: err.Error(), At: s.Now().UTC()})
}

// errSuspect marks lists that are empty where there were many.
var errSuspect = errors.New("suspect")

// list reads one list to its end and makes it the new snapshot.
func list[W, T, S any](ctx context.Context, s *Service, run *state.Run, name string,
	open func(resume *S) (pager[W, S], func(ctx context.Context, err error) error, error),
	convert func(W) T, id func(T) string,
) (state.Stage, error) {
	records, from, err := readAll(ctx, s, run, name, open, convert)
	if err != nil {
		return state.Stage{}, err
	}
	return keep(ctx, s, name, from, records, id)
}

// keep makes complete records the new snapshot of a list, unless they are suspect.
func keep[T any](ctx context.Context, s *Service, name string, from time.Time, records []T, id func(T) string) (state.Stage, error) {
	stage := state.Stage{Name: name, Read: len(records), At: s.Now().UTC()}
	if len(records) == 0 {
		old, err := state.LoadPointer(ctx, s.Table, name)
		if err != nil && !errors.Is(err, state.ErrNotFound) {
			return stage, err
		}
		if old.Count >= many {
			confirmed, err := s.confirmEmpty(ctx, name, from)
			if err != nil {
				return stage, err
			}
			if !confirmed {
				return stage, fmt.Errorf("%s came back empty where there were %d: nothing is changed until a person looks or it is empty again: %w", name, old.Count, errSuspect)
			}
		}
	}
	changed, err := state.SaveSnapshot(ctx, s.Table, name, from, s.Now().UTC(), records, id)
	if errors.Is(err, state.ErrOlder) {
		stage.Skipped, stage.Detail = 1, "another run read it later"
		return stage, nil
	}
	if err != nil {
		return stage, err
	}
	if changed {
		stage.Changed = 1
	} else {
		stage.Skipped = 1
	}
	return stage, nil
}

// emptySeen remembers when a list first came back empty.
type emptySeen struct {
	At time.Time `json:"at"`
}

// confirmEmpty says whether an empty list may be believed: alerts and tickets
// can really all be gone, and are believed when a second read at least a minute
// later is empty too. A whole account without customers, machines or
// organizations is never believed.
func (s *Service) confirmEmpty(ctx context.Context, name string, from time.Time) (bool, error) {
	if name != state.ListAlerts && name != state.ListTickets {
		return false, nil
	}
	key := state.SettingsKey("empty#" + name)
	seen, _, err := state.LoadOr(ctx, s.Table, key, emptySeen{})
	if err != nil {
		return false, err
	}
	age := from.Sub(seen.At)
	if !seen.At.IsZero() && age >= time.Minute && age < time.Hour {
		return true, s.Table.Delete(ctx, key, state.Any)
	}
	if !seen.At.IsZero() && age < time.Minute {
		return false, nil
	}
	_, err = state.Save(ctx, s.Table, key, emptySeen{from}, state.Any, time.Time{})
	return false, err
}

// readAll reads one list to its end. Near the function's time limit it puts what
// it has aside and returns errContinue; a list that moved is read again.
func readAll[W, T, S any](ctx context.Context, s *Service, run *state.Run, name string,
	open func(resume *S) (pager[W, S], func(ctx context.Context, err error) error, error),
	convert func(W) T,
) ([]T, time.Time, error) {
	staged, records, found, err := state.LoadStaged[T](ctx, s.Table, run.ID, name)
	if err != nil {
		return nil, time.Time{}, err
	}
	from := s.Now().UTC()
	var resume *S
	if found {
		resume = new(S)
		if err := json.Unmarshal(staged.Pager, resume); err != nil {
			return nil, from, fmt.Errorf("stage %s: %w", name, err)
		}
		from = staged.From
	}
	for attempt := 0; ; attempt++ {
		p, fail, err := open(resume)
		if err != nil {
			return nil, from, err
		}
		records, err = drain(ctx, s, run, name, p, from, records, convert)
		switch {
		case err == nil:
			return records, from, nil
		case vendorhttp.IsIncomplete(err) && attempt < rereads:
			resume, records, from = nil, nil, s.Now().UTC()
		case errors.Is(err, errContinue):
			return nil, from, err
		default:
			return nil, from, fail(ctx, err)
		}
	}
}

func drain[W, T, S any](ctx context.Context, s *Service, run *state.Run, name string, p pager[W, S], from time.Time, records []T, convert func(W) T) ([]T, error) {
	for {
		if soon(ctx, reserve) {
			raw, err := json.Marshal(p.State())
			if err != nil {
				return nil, fmt.Errorf("stage %s: %w", name, err)
			}
			if err := state.SaveStaged(ctx, s.Table, run.ID, name, state.Staged{From: from, Pager: raw}, records, s.Now()); err != nil {
				return nil, err
			}
			return nil, errContinue
		}
		items, done, err := p.Next(ctx)
		if err != nil {
			return nil, err
		}
		for _, item := range items {
			records = append(records, convert(item))
		}
		if done {
			return records, nil
		}
	}
}
