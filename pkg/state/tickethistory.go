package state

import (
	"context"
	"fmt"
	"time"

	"uniview-bridge/pkg/alert"
)

// HistoryKey is the key of a customer's ticket history. Only the tickets
// function writes it.
func HistoryKey(customer string) Key { return Key{pkHistory, customer} }

// Histories reads the ticket histories of all customers by id.
func Histories(ctx context.Context, t Table) (map[string]alert.History, error) {
	return LoadAll[alert.History](ctx, t, pkHistory)
}

// TicketOwner says whose a ticket of ours is.
type TicketOwner struct {
	Customer string `json:"customer"`
	Group    string `json:"group"`
}

// ownerKept is how long a ticket's owner is remembered: longer than a ticket can
// be reopened.
const ownerKept = 400 * 24 * time.Hour

func ownerKey(ticket int) Key { return Key{pkTicket, fmt.Sprint(ticket)} }

// SaveTicketOwner remembers whose a ticket is.
func SaveTicketOwner(ctx context.Context, t Table, ticket int, o TicketOwner, now time.Time) error {
	_, err := Save(ctx, t, ownerKey(ticket), o, Any, now.Add(ownerKept).Truncate(time.Second))
	return err
}

// LoadTicketOwner says whose a ticket is; one that is not ours is ErrNotFound.
func LoadTicketOwner(ctx context.Context, t Table, ticket int) (TicketOwner, error) {
	o, _, err := Load[TicketOwner](ctx, t, ownerKey(ticket))
	return o, err
}

// Waiting is what waits for ConnectWise: alerts that ought to be told there now
// and are not.
type Waiting struct {
	Alerts int       `json:"alerts"` // open troubles of the groups that wait
	Groups int       `json:"groups"`
	Oldest time.Time `json:"oldest,omitzero"` // when the oldest of these alerts was raised
	Since  time.Time `json:"since,omitzero"`  // since when the first of them waits
	Reason string    `json:"reason,omitempty"`
	// Noticed is when somebody was told; zero: nobody yet, or it is over.
	Noticed time.Time `json:"noticed,omitzero"`
}

var waitingKey = SettingsKey("waiting")

// LoadWaiting reads what waits; nothing is the zero value.
func LoadWaiting(ctx context.Context, t Table) (Waiting, error) {
	w, _, err := LoadOr(ctx, t, waitingKey, Waiting{})
	return w, err
}

// SaveWaiting stores what waits, if that is news.
func SaveWaiting(ctx context.Context, t Table, w Waiting) error {
	_, err := Update(ctx, t, waitingKey, func(old *Waiting) error {
		if Digest(*old) == Digest(w) {
			return Unchanged()
		}
		*old = w
		return nil
	})
	return err
}
