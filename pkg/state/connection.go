package state

import (
	"context"
	"errors"
	"time"
)

// ErrStopped says that a connection cannot be used: it is not configured, or its
// credentials failed and nobody has entered new ones. Work waits, links stay.
var ErrStopped = errors.New("connection stopped")

// ConnectionStatus is the health of a connection in one word.
type ConnectionStatus string

// The states of a connection.
const (
	ConnectionOK      ConnectionStatus = "ok"
	ConnectionError   ConnectionStatus = "error"   // the vendor fails, credentials are not at fault
	ConnectionStopped ConnectionStatus = "stopped" // the credentials failed
	NotConfigured     ConnectionStatus = "not_configured"
)

// Connection is what is kept of one vendor account beside its secret.
type Connection struct {
	Kind Vendor `json:"kind"`
	// Fields are the parts of the credentials that are no secret, for display.
	Fields map[string]string `json:"fields,omitempty"`
	// Version is the version of the stored credentials; empty when there are none.
	Version string           `json:"version,omitempty"`
	Status  ConnectionStatus `json:"status"`
	Reason  string           `json:"reason,omitempty"` // in plain words
	Fix     string           `json:"fix,omitempty"`    // what to do
	Since   time.Time        `json:"since,omitzero"`   // of this status
	LastOK  time.Time        `json:"lastOk,omitzero"`
	// Recovered is when the last outage ended, if it lasted longer than OutageAfter.
	Recovered time.Time `json:"recovered,omitzero"`
	// LastTest is when a person last tested it.
	LastTest time.Time `json:"lastTest,omitzero"`
	// StoppedVersion is the version of the credentials that failed.
	StoppedVersion string `json:"stoppedVersion,omitempty"`
}

// OutageAfter is how long a connection must have been stopped or failing for its
// return to be one from an outage.
const OutageAfter = 15 * time.Minute

// Back notes that the connection works again, before its status is changed.
func (c *Connection) Back(now time.Time) {
	if (c.Status == ConnectionStopped || c.Status == ConnectionError) && now.Sub(c.Since) >= OutageAfter {
		c.Recovered = now
	}
}

// ConnectionKey is the key of a connection record.
func ConnectionKey(kind Vendor) Key { return Key{pkConnection, string(kind)} }

// LoadConnection reads one connection; a missing one is not configured.
func LoadConnection(ctx context.Context, t Table, kind Vendor) (Connection, int64, error) {
	return LoadOr(ctx, t, ConnectionKey(kind), Connection{Kind: kind, Status: NotConfigured})
}

// UpdateConnection changes one connection record.
func UpdateConnection(ctx context.Context, t Table, kind Vendor, change func(*Connection) error) (Connection, error) {
	return Update(ctx, t, ConnectionKey(kind), func(c *Connection) error {
		if c.Kind == "" {
			c.Kind, c.Status = kind, NotConfigured
		}
		return change(c)
	})
}

// Session is a vendor client in use. Every error of the client goes through
// Fail, which finds out whether the credentials are dead and then stops the
// connection; it returns the error to go on with.
type Session[C any] struct {
	Client C
	Fail   func(ctx context.Context, err error) error
}

// Opener gives the client of a connection as it is configured now. Its error
// wraps ErrStopped when there is none to be had.
type Opener[C any] func(ctx context.Context) (Session[C], error)
