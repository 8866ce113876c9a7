package ticketing

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/connectwise"
	"uniview-bridge/pkg/state"
)

// job is one message being handled.
type job struct {
	*Service
	customer state.Customer
	settings alert.Settings
	rules    alert.Rules
	silences []alert.Silence
	console  string
	slice    Slice
	meta     state.SliceMeta
	mode     state.Mode
	digest   string // of all due inputs
	begun    string // the mark of this handling on the desk; empty: nothing to do yet

	desk    state.Desk
	version int64

	last     Decision
	session  *state.Session[ConnectWise]
	statuses map[int][]connectwise.Status
	result   state.Result
	open     bool // something could not be taken to its end: the customer stays due
	// reloaded says that others wrote the desk since it was decided on.
	reloaded bool
}

// load reads everything the decision stands on and says whether it is due.
func (s *Service) load(ctx context.Context, w state.Work) (*job, bool, error) {
	j := &job{Service: s, statuses: map[int][]connectwise.Status{}, result: state.Result{Changed: map[string]int{}}}
	var err error
	if j.slice, j.meta, err = state.LoadSlice[Slice](ctx, s.Table, state.ConnectWise, w.Customer); err != nil {
		return nil, false, err
	}
	if j.customer, _, err = state.LoadOr(ctx, s.Table, state.CustomerKey(w.Customer), state.Customer{ID: w.Customer, Name: j.slice.Customer.Name}); err != nil {
		return nil, false, err
	}
	j.customer.ID = w.Customer
	settings, err := state.LoadTicketSettingsOf(ctx, s.Table, w.Customer)
	if err != nil {
		return nil, false, err
	}
	if j.settings, err = settings.For(w.Customer); err != nil {
		j.result.Reasons = append(j.result.Reasons, err.Error())
	}
	if j.rules, err = alert.NewRules(settings.Rules); err != nil { // were checked when they were stored
		j.result.Reasons = append(j.result.Reasons, err.Error())
	}
	j.silences = settings.Silences[w.Customer]
	if s.Console != nil {
		if j.console, err = s.Console(ctx); err != nil {
			return nil, false, err
		}
	}
	run, _, err := state.LoadRun(ctx, s.Table, w.Run)
	if err != nil && !errors.Is(err, state.ErrNotFound) {
		return nil, false, err
	}
	if run.State == state.Cancelled {
		j.leave("the run was cancelled")
		return j, true, nil
	}
	modes, err := state.LoadModes(ctx, s.Table)
	if err != nil {
		return nil, false, err
	}
	j.mode = j.customer.ModeFor(state.ConnectWise, modes)
	j.digest = DueInputs(j.meta.Digest, settings.Digest(w.Customer), j.customer, j.mode).Digest()
	recorded, _, err := state.LoadOr(ctx, s.Table, state.DueKey(state.ConnectWise, w.Customer), state.Due{})
	if err != nil {
		return nil, false, err
	}
	due, _ := recorded.IsDue(j.digest, s.Now())
	if !due {
		desk, _, err := state.LoadOr(ctx, s.Table, state.DeskKey(w.Customer), state.Desk{})
		if err != nil {
			return nil, false, err
		}
		due = desk.Undone(recorded)
	}
	return j, due, nil
}

func (j *job) input() Input {
	return Input{
		Slice: j.slice, AsOf: j.meta.AsOf, Customer: j.customer, Desk: j.desk, Settings: j.settings, Rules: j.rules,
		Silences: j.silences, Installation: j.Installation, Console: j.console, Now: j.Now(),
	}
}

// leave keeps the customer due.
func (j *job) leave(reason string) {
	j.open = true
	j.result.Reasons = append(j.result.Reasons, reason)
}

// tooMany is a customer whose desk does not fit into one record. Nothing that a
// repetition could mend: it is said, and looked at again with the next run.
func (j *job) tooMany(stored state.Desk) {
	n := 0
	for _, c := range j.desk.Conditions {
		n += len(c.Occurrences)
	}
	j.desk = stored
	j.result.Failed++
	j.leave(fmt.Sprintf("%d alerts of this customer are listed, more than can be kept: dismiss old ones in UniView", n))
}

func (j *job) changed(what string) { j.result.Changed[what+" ticket"]++ }

// save writes the desk at the version it was read.
func (j *job) save(ctx context.Context) error {
	version, err := state.Save(ctx, j.Table, state.DeskKey(j.customer.ID), j.desk, j.version, time.Time{})
	if err != nil {
		return err
	}
	j.version = version
	return nil
}

// claim stores a group with its claim before the first request. Losing means
// deciding again.
func (j *job) claim(ctx context.Context, g alert.Group) error {
	j.put(g)
	return j.save(ctx)
}

func (j *job) put(g alert.Group) {
	j.desk = j.desk.Clone()
	j.desk.Groups[g.Key] = g
}

// record stores what came of a claim. Others may have written the desk
// meanwhile; as long as the group still holds this claim only it is replaced.
// A claim that was taken over is ErrConflict: the new holder looks in
// ConnectWise and finds what we did.
func (j *job) record(ctx context.Context, held, g alert.Group) error {
	j.put(g)
	for range 10 {
		err := j.save(ctx)
		if !errors.Is(err, state.ErrConflict) {
			return err
		}
		desk, version, err := state.LoadOr(ctx, j.Table, state.DeskKey(j.customer.ID), state.Desk{})
		if err != nil {
			return err
		}
		if !sameClaim(desk.Groups[g.Key], held) {
			return fmt.Errorf("claim of %s was taken over: %w", g.Key, state.ErrConflict)
		}
		j.desk, j.version, j.reloaded = desk, version, true
		j.put(g)
	}
	return fmt.Errorf("record %s: %w", g.Key, state.ErrConflict)
}

// sameClaim says whether a stored group still holds the claim.
func sameClaim(stored, held alert.Group) bool {
	if stored.Generation != held.Generation || stored.State != held.State {
		return false
	}
	switch {
	case held.Pending != nil:
		return stored.Pending != nil && stored.Pending.Lease.Equal(held.Pending.Lease) && stored.Pending.Note == held.Pending.Note
	case held.Doubt != nil:
		return stored.Doubt != nil && stored.Doubt.NextAt.Equal(held.Doubt.NextAt)
	}
	return stored.Pending == nil
}

// failed hands a vendor's error to the session and writes it down. The answer is
// ErrStopped when the connection is dead, else nil.
func (j *job) failed(ctx context.Context, what string, err error) error {
	err = j.session.Fail(ctx, err)
	j.result.Failed++
	j.result.Reasons = append(j.result.Reasons, what+": "+err.Error())
	j.log().WarnContext(ctx, "ticket step failed", slog.String("customer", j.customer.ID), slog.String("step", what), slog.Any("error", err))
	if errors.Is(err, state.ErrStopped) {
		return err
	}
	return nil
}
