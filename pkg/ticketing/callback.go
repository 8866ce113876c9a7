package ticketing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/connectwise"
	"uniview-bridge/pkg/state"
)

// Callbacks is the optional fast path from ConnectWise: what a person does to one
// of our tickets is followed at once instead of with the next list. It is never
// needed: callbacks are not repeated on our failures and get disabled
// (connectwise.md §9), the lists tell the same.
type Callbacks struct {
	Table        state.Table
	Now          func() time.Time
	Installation string
	// Queue queues work for one customer (a run of its scope).
	Queue func(ctx context.Context, customer string) error
}

// Accept takes a callback whose signature was verified. It asks ConnectWise
// nothing: it marks the ticket to be read and queues its customer, so that it can
// be acknowledged within the five seconds ConnectWise waits. What became of it is
// in words, for the log:
//
//	callback                                     answer
//	not about a ticket                           ignored
//	about a ticket that is not ours              ignored
//	ours, of another installation of the bridge  ignored
//	ours, and a look is queued already           queued already
//	ours                                         queued
//
// An error is our own store's: the answer to ConnectWise is then 429, which it
// repeats.
func (c Callbacks) Accept(ctx context.Context, cb connectwise.Callback) (became string, err error) {
	if !strings.EqualFold(cb.Type, "ticket") || cb.RecordID <= 0 {
		return "ignored: not about a ticket", nil
	}
	if reference, told := referenceOf(cb.Entity); told && !c.ours(reference) {
		return "ignored: not a ticket of this bridge", nil
	}
	owner, err := state.LoadTicketOwner(ctx, c.Table, cb.RecordID)
	switch {
	case errors.Is(err, state.ErrNotFound):
		return "ignored: not a ticket of this bridge", nil
	case err != nil:
		return "", fmt.Errorf("callback about ticket #%d: %w", cb.RecordID, err)
	}
	marked, err := c.mark(ctx, owner, cb.RecordID)
	if err != nil {
		return "", fmt.Errorf("callback about ticket #%d: %w", cb.RecordID, err)
	}
	if !marked {
		return "queued already, or a ticket that ended", nil
	}
	if _, err := state.Update(ctx, c.Table, state.DueKey(state.ConnectWise, owner.Customer), func(d *state.Due) error {
		d.NextAt = c.Now()
		return nil
	}); err != nil {
		return "", fmt.Errorf("callback about ticket #%d: %w", cb.RecordID, err)
	}
	if err := c.Queue(ctx, owner.Customer); err != nil {
		return "", fmt.Errorf("callback about ticket #%d: %w", cb.RecordID, err)
	}
	return "queued", nil
}

// mark asks for a look at the group's ticket. It says no when that is asked for
// already, or when the group has another ticket by now.
func (c Callbacks) mark(ctx context.Context, owner state.TicketOwner, ticket int) (marked bool, err error) {
	_, err = state.Update(ctx, c.Table, state.DeskKey(owner.Customer), func(d *state.Desk) error {
		marked = false
		g, ok := d.Groups[owner.Group]
		if !ok || g.Look || g.TicketID != ticket && g.Target() != ticket {
			return state.Unchanged()
		}
		g.Look, marked = true, true
		*d = d.Clone()
		d.Groups[owner.Group] = g
		return nil
	})
	return marked, err
}

// referenceOf reads our reference from the record in a callback. told is false
// when there is no record, as after a delete.
func referenceOf(entity json.RawMessage) (reference string, told bool) {
	var t struct {
		Reference *string `json:"externalXRef"`
	}
	if json.Unmarshal(entity, &t) != nil || t.Reference == nil {
		return "", false
	}
	return *t.Reference, true
}

func (c Callbacks) ours(reference string) bool {
	return strings.HasPrefix(reference, alert.ReferencePrefix(c.Installation))
}
