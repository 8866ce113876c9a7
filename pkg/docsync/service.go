package docsync

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"uniview-bridge/pkg/itglue"
	"uniview-bridge/pkg/state"
)

// ITGlue is the part of IT Glue that the documentation needs; *itglue.Client is one.
type ITGlue interface {
	EnsureFlexibleAssetType(ctx context.Context, spec itglue.TypeSpec) (itglue.FlexibleAssetType, error)
	FindFlexibleAssetType(ctx context.Context, spec itglue.TypeSpec) (itglue.FlexibleAssetType, bool, error)
	ListFlexibleAssets(ctx context.Context, q itglue.FlexibleAssetQuery) ([]itglue.FlexibleAsset, error)
	CreateFlexibleAssets(ctx context.Context, orgID string, writes []itglue.FlexibleAssetWrite) ([]itglue.WriteResult, error)
	UpdateFlexibleAssets(ctx context.Context, writes []itglue.FlexibleAssetWrite) ([]itglue.WriteResult, error)
	GetConfiguration(ctx context.Context, id string) (itglue.Configuration, error)
	UpdateConfigurationNotes(ctx context.Context, id, notes string) (itglue.Configuration, error)
	GetOrganization(ctx context.Context, id string) (itglue.Organization, error)
	UpdateOrganizationAlert(ctx context.Context, id, alert string) (itglue.Organization, error)
}

// Service brings one customer's documentation up to date.
type Service struct {
	Table        state.Table
	Open         state.Opener[ITGlue]
	Now          func() time.Time
	Log          *slog.Logger
	Installation string
	// Tickets returns the open tickets of a customer's machines by asset key, as
	// they are to be shown. Nil: none.
	Tickets func(ctx context.Context, customer string) (map[string]string, error)
	// Sleep waits while another worker makes our flexible asset type; nil: the wall clock.
	Sleep func(ctx context.Context, d time.Duration) error
}

// Handle works on one message. It is a hint that the customer is due: the newest
// slice decides, and one that is up to date costs two reads. The error is for our own
// store failing only; what IT Glue refuses, delays or leaves uncertain is reported to
// the run and leaves the customer due.
func (s *Service) Handle(ctx context.Context, w state.Work) error {
	now := s.Now().UTC()
	run, _, err := state.LoadRun(ctx, s.Table, w.Run)
	if err != nil && !errors.Is(err, state.ErrNotFound) {
		return fmt.Errorf("run %s: %w", w.Run, err)
	}
	if run.State == state.Cancelled {
		return s.report(ctx, w, state.Result{Reasons: []string{"the run was cancelled"}})
	}
	j, err := s.load(ctx, w, now)
	if errors.Is(err, state.ErrNotFound) {
		return s.report(ctx, w, state.Result{Done: true, Reasons: []string{"nothing is known of this customer: " + err.Error()}})
	}
	if err != nil {
		return err
	}
	if run.Scope == state.ScopeAsset {
		j.in.Only = run.Target
	}
	if due, _ := j.due.IsDue(j.digest, now); !due && j.in.Only == "" {
		return s.report(ctx, w, state.Result{Done: true})
	}
	d := Decide(j.in)
	err = Save(ctx, s.Table, w.Customer, d, j.in.Meta.AsOf)
	if errors.Is(err, state.ErrTooLarge) {
		return s.report(ctx, w, tooLarge(state.Result{}, j, err))
	}
	if err != nil {
		return err
	}
	result := state.Result{Done: true, Changed: map[string]int{}}
	complete, next := true, d.NextAt
	// A person's wish to sync one machine now acts in either mode (design §3.3).
	if (j.mode == state.Live || j.in.Only != "") && d.Writes() {
		out, err := s.apply(ctx, j, d)
		if errors.Is(err, state.ErrTooLarge) {
			return s.report(ctx, w, tooLarge(out.result, j, err))
		}
		if err != nil {
			return err
		}
		result, complete = out.result, out.complete
		if next = earliest(next, out.next); !out.next.IsZero() {
			result.Done = false
		}
	}
	for _, wanted := range d.Wanted {
		if wanted.Action == ActionHold {
			result.Skipped++
		}
	}
	if complete && j.in.Only == "" { // one machine is not all that the customer may be due for
		err := state.CompleteDue(ctx, s.Table, state.ITGlue, w.Customer, state.Due{Digest: j.digest, Completed: now, NextAt: next})
		if err != nil {
			return fmt.Errorf("complete %s: %w", w.Customer, err)
		}
	}
	return s.report(ctx, w, result)
}

// tooLarge adds to a result that the customer's record cannot be stored: one of its
// entries alone is larger than an item. No repetition mends that: it is told, and the
// customer stays due.
func tooLarge(r state.Result, j job, err error) state.Result {
	r.Done = false
	r.Failed++
	r.Reasons = append([]string{fmt.Sprintf("the documentation of %.80s stands still, because one of its machines has a name or texts too long to be stored: %v",
		cmp.Or(j.in.Customer.Name, j.work.Customer), err)}, r.Reasons...)
	return r
}

// job is one message with everything it stands on.
type job struct {
	work   state.Work
	in     Input
	mode   state.Mode
	due    state.Due
	digest string
}

func (s *Service) load(ctx context.Context, w state.Work, now time.Time) (job, error) {
	j := job{work: w}
	settings, err := LoadSettings(ctx, s.Table)
	if err != nil {
		return j, err
	}
	modes, err := state.LoadModes(ctx, s.Table)
	if err != nil {
		return j, err
	}
	customer, _, err := state.Load[state.Customer](ctx, s.Table, state.CustomerKey(w.Customer))
	if err != nil {
		return j, fmt.Errorf("customer: %w", err)
	}
	slice, meta, err := state.LoadSlice[Slice](ctx, s.Table, state.ITGlue, w.Customer)
	if err != nil {
		return j, err
	}
	j.mode = customer.ModeFor(state.ITGlue, modes)
	j.digest = Due(meta, customer, j.mode, settings, now).Digest()
	j.due, _, err = state.LoadOr(ctx, s.Table, state.DueKey(state.ITGlue, w.Customer), state.Due{})
	if err != nil {
		return j, err
	}
	doc, err := state.LoadDocumentation(ctx, s.Table, w.Customer)
	if err != nil {
		return j, err
	}
	j.in = Input{
		Slice: slice, Meta: meta, Customer: customer, Documentation: doc, Settings: settings,
		Installation: s.Installation, Now: now,
	}
	if s.Tickets != nil {
		if j.in.Tickets, err = s.Tickets(ctx, w.Customer); err != nil {
			return j, fmt.Errorf("tickets: %w", err)
		}
	}
	return j, nil
}

// report tells the run; a run that is gone hears nothing.
func (s *Service) report(ctx context.Context, w state.Work, r state.Result) error {
	err := state.ReportWork(ctx, s.Table, w, r, s.Now().UTC())
	if errors.Is(err, state.ErrNotFound) {
		s.Log.WarnContext(ctx, "message of an unknown run", slog.String("run", w.Run), slog.String("customer", w.Customer))
		return nil
	}
	return err
}

func earliest(a, b time.Time) time.Time {
	switch {
	case a.IsZero():
		return b
	case b.IsZero() || a.Before(b):
		return a
	default:
		return b
	}
}
