package state

import (
	"context"
	"time"
)

// The queues. Runs is a standard queue; Customers and Alerts are FIFO with the
// customer as message group, so that one customer's work never runs twice at once.
const (
	RunsQueue      = "runs"
	CustomersQueue = "customers"
	AlertsQueue    = "alerts"
)

// Outgoing is a message to send, of at most 64 KiB. FIFO queues need Group and
// DedupID, standard queues refuse them; DedupID suppresses a second message with
// the same id within five minutes.
type Outgoing struct {
	Body    []byte
	Group   string
	DedupID string
	Delay   time.Duration // standard queues only
}

// Sender puts messages on a queue. A returned error means that any part of the
// messages may have been sent: callers send again, handlers stand repetition.
type Sender interface {
	Send(ctx context.Context, queue string, messages ...Outgoing) error
}

// Letter is a message that could not be handled and lies in the dead-letter
// queue of Queue.
type Letter struct {
	Queue    string
	ID       string // the message id it had on Queue
	Body     []byte
	Group    string
	SentAt   time.Time
	Receives int
}

// DeadLetters shows and replays dead letters.
type DeadLetters interface {
	// Letters returns at most max letters of one queue. It does not remove them.
	Letters(ctx context.Context, queue string, max int) ([]Letter, error)
	// Replay sends the letter to its queue again and only then removes it.
	// ErrNotFound when no such letter lies there (any more).
	Replay(ctx context.Context, queue, id string) error
}
