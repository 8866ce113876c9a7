package ticketing

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"strconv"
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

// begin marks the desk as begun, so that the customer stays due until all is done.
func (j *job) begin() {
	if j.begun == "" {
		j.begun = j.digest + "/" + strconv.FormatInt(j.Now().UnixNano(), 36)
	}
	j.desk.Begun = j.begun
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
		if state.Digest(before) != state.Digest(j.desk) || j.begun == "" && j.mode == state.Live && len(j.last.Steps) > 0 {
			j.begin()
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
	return state.CompleteDue(ctx, j.Table, state.ConnectWise, j.customer.ID, state.Due{Digest: j.digest, Completed: j.Now(), NextAt: j.last.NextAt, Begun: j.desk.Begun})
}
