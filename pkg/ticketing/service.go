package ticketing

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"time"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/connectwise"
	"uniview-bridge/pkg/state"
)

// ConnectWise is what ticketing needs of the PSA; *connectwise.Client is one.
type ConnectWise interface {
	// FindTickets returns all tickets whose externalXRef equals the reference. An
	// error proves nothing.
	FindTickets(ctx context.Context, externalXRef string) ([]connectwise.Ticket, error)
	GetTicket(ctx context.Context, id int) (connectwise.Ticket, error)
	// CreateTicket's error is uncertain (vendorhttp.IsUncertain) when the ticket may exist.
	CreateTicket(ctx context.Context, t connectwise.TicketWrite) (connectwise.Ticket, error)
	SetTicketStatus(ctx context.Context, id, statusID int) (connectwise.Ticket, error)
	SetTicketPriority(ctx context.Context, id, priorityID int) (connectwise.Ticket, error)
	AddNote(ctx context.Context, ticketID int, n connectwise.Note) (connectwise.Note, error)
	ListNotes(ctx context.Context, ticketID int) ([]connectwise.Note, error)
	ListStatuses(ctx context.Context, boardID int) ([]connectwise.Status, error)
	AttachConfiguration(ctx context.Context, ticketID, configurationID int) error
}

// Opener adapts the opener of the real client.
func Opener(open state.Opener[*connectwise.Client]) state.Opener[ConnectWise] {
	return func(ctx context.Context) (state.Session[ConnectWise], error) {
		s, err := open(ctx)
		if err != nil {
			return state.Session[ConnectWise]{}, err
		}
		return state.Session[ConnectWise]{Client: s.Client, Fail: s.Fail}, nil
	}
}

// maxRounds bounds how often one message decides again after it acted.
const maxRounds = 6

// spareTime is what must be left of the deadline to begin another step.
const spareTime = 20 * time.Second

// Service handles the messages of the alerts queue.
type Service struct {
	Table        state.Table
	Open         state.Opener[ConnectWise]
	Now          func() time.Time
	Log          *slog.Logger // nil: nothing is logged
	Installation string
	// Console tells the address of our console for links on tickets; nil: none.
	Console func(ctx context.Context) (string, error)
}

// Handle brings one customer's tickets up to date with its newest slice. The
// message is a hint: what is up to date already is left alone, so messages may
// come late, twice or in any order. It returns an error only when our own store
// fails; what ConnectWise refuses or leaves open is recorded, reported and due
// again.
func (s *Service) Handle(ctx context.Context, w state.Work) error {
	j, due, err := s.load(ctx, w)
	switch {
	case errors.Is(err, state.ErrNotFound):
		return s.report(ctx, w, state.Result{Done: true, Reasons: []string{"no complete read of this customer's alerts yet"}})
	case err != nil:
		return err
	case !due:
		return s.report(ctx, w, state.Result{Done: true})
	}
	if j.open { // cancelled
		return s.report(ctx, w, j.result)
	}
	if err := j.run(ctx); err != nil {
		return err
	}
	if err := j.finish(ctx); err != nil {
		return err
	}
	return s.report(ctx, w, j.result)
}

func (s *Service) log() *slog.Logger {
	if s.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return s.Log
}

func (s *Service) report(ctx context.Context, w state.Work, r state.Result) error {
	err := state.ReportWork(ctx, s.Table, w, r, s.Now())
	if errors.Is(err, state.ErrNotFound) {
		s.log().WarnContext(ctx, "run of a message is no longer known", slog.String("run", w.Run), slog.String("customer", w.Customer))
		return nil
	}
	return err
}

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
	return j, due, nil
}

// run decides and acts until nothing is left to do now.
func (j *job) run(ctx context.Context) error {
	for range maxRounds {
		before, version, err := state.LoadOr(ctx, j.Table, state.DeskKey(j.customer.ID), state.Desk{})
		if err != nil {
			return err
		}
		j.desk, j.version, j.reloaded = before, version, false
		j.last = Decide(j.input())
		j.desk = j.last.Desk
		if j.mode != state.Live {
			nobodyWaits(j.desk) // a preview wants nothing of ConnectWise
		}
		if state.Digest(before) != state.Digest(j.desk) {
			if err := j.save(ctx); errors.Is(err, state.ErrConflict) {
				continue
			} else if errors.Is(err, state.ErrTooLarge) {
				j.tooMany(before)
				return nil
			} else if err != nil {
				return err
			}
		}
		if j.mode != state.Live || len(j.last.Steps) == 0 {
			return nil
		}
		more, err := j.steps(ctx)
		if err != nil || !more {
			return err
		}
	}
	j.leave("others are at work on this customer, or it changes faster than it can be followed: goes on with the next run")
	return nil
}

func (j *job) input() Input {
	return Input{
		Slice: j.slice, AsOf: j.meta.AsOf, Customer: j.customer, Desk: j.desk, Settings: j.settings, Rules: j.rules,
		Silences: j.silences, Installation: j.Installation, Console: j.console, Now: j.Now(),
	}
}

// steps takes the decided steps in order. more says that deciding again is worthwhile.
func (j *job) steps(ctx context.Context) (more bool, err error) {
	if j.session == nil {
		session, err := j.Open(ctx)
		if err != nil {
			j.leave(err.Error())
			return false, nil
		}
		j.session = &session
	}
	for _, st := range j.last.Steps {
		if deadline, ok := ctx.Deadline(); ctx.Err() != nil || ok && time.Until(deadline) < spareTime {
			j.leave("out of time: goes on with the next run")
			return false, nil
		}
		err := j.take(ctx, st)
		switch {
		case errors.Is(err, state.ErrConflict):
			return true, nil
		case errors.Is(err, state.ErrStopped):
			j.leave(err.Error())
			return false, nil
		case errors.Is(err, state.ErrTooLarge):
			j.tooMany(j.desk)
			return false, nil
		case err != nil:
			return false, err
		case j.reloaded:
			return true, nil // the other steps were decided from what is no longer so
		}
	}
	return true, nil
}

// take does one step. Its error is ErrConflict (another worker was faster),
// ErrStopped (the connection is dead) or one of our own store; all other
// trouble with ConnectWise is recorded in the group.
func (j *job) take(ctx context.Context, st Step) error {
	g, ok := j.desk.Groups[st.Group]
	if !ok {
		return nil
	}
	switch st.Action {
	case alert.Open:
		return j.create(ctx, g)
	case alert.Search:
		return j.search(ctx, g)
	case alert.Settle:
		return j.settle(ctx, g)
	case alert.Look:
		return j.lookAt(ctx, g)
	case alert.Attach:
		return j.attach(ctx, g)
	}
	return j.write(ctx, g, st.Action)
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

// finish tells the rest of the bridge: ticket numbers for the documentation,
// counts for the overview, and when to come back.
func (j *job) finish(ctx context.Context) error {
	if err := j.remember(ctx); err != nil {
		return err
	}
	counts := Count(j.desk)
	announced := ""
	if tickets := TicketsByMachine(j.desk); len(tickets) > 0 {
		announced = state.Digest(tickets)
	}
	news := j.desk.Announced != announced
	if _, err := state.Update(ctx, j.Table, state.CustomerKey(j.customer.ID), func(c *state.Customer) error {
		if !news && maps.Equal(c.Alerts, counts.Alerts) && c.OpenTickets == counts.OpenTickets {
			return state.Unchanged()
		}
		if c.ID == "" {
			c.ID, c.Name = j.customer.ID, j.customer.Name
		}
		if news {
			c.TicketNews++
		}
		c.Alerts, c.OpenTickets = counts.Alerts, counts.OpenTickets
		return nil
	}); err != nil {
		return err
	}
	if news {
		j.desk.Announced = announced
		// Losing here only means that the documentation is told once more.
		if err := j.save(ctx); err != nil && !errors.Is(err, state.ErrConflict) && !errors.Is(err, state.ErrTooLarge) {
			return err
		}
	}
	for _, c := range j.last.Changes {
		if !c.Writes() {
			j.result.Skipped++
		}
	}
	if j.open {
		return nil
	}
	j.result.Done = true
	return state.CompleteDue(ctx, j.Table, state.ConnectWise, j.customer.ID, state.Due{Digest: j.digest, Completed: j.Now(), NextAt: j.last.NextAt})
}
