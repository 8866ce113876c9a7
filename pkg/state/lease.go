package state

import (
	"context"
	"fmt"
	"time"
)

// Lease says who works on a scope, until when.
type Lease struct {
	Owner string    `json:"owner"` // run id
	Until time.Time `json:"until"`
	// Next waits for its turn, and asked for it last at Asked; see AcquireTurn.
	Next  string    `json:"next,omitempty"`
	Asked time.Time `json:"asked,omitzero"`
}

// turnKept is how long a turn is kept for who waits for it and does not ask again.
const turnKept = time.Minute

func leaseKey(scope string) Key { return Key{pkLease, scope} }

// HeldError says that somebody else holds the lease.
type HeldError struct {
	Scope string
	Lease Lease
}

func (e *HeldError) Error() string {
	return fmt.Sprintf("%s is being synced by run %s already", e.Scope, e.Lease.Owner)
}

// Acquire takes or renews the lease of a scope for owner. When another owner
// holds it, the error is a *HeldError.
func Acquire(ctx context.Context, t Table, scope, owner string, now, until time.Time) error {
	_, err := Update(ctx, t, leaseKey(scope), func(l *Lease) error {
		if l.Owner != "" && l.Owner != owner && now.Before(l.Until) {
			return &HeldError{Scope: scope, Lease: *l}
		}
		l.Owner, l.Until = owner, until
		return nil
	})
	return err
}

// AcquireTurn is Acquire for a lease that many want all the time: who finds it
// held and is the first to wait gets the next turn, however often the others ask.
func AcquireTurn(ctx context.Context, t Table, scope, owner string, now, until time.Time) error {
	var held *HeldError
	_, err := Update(ctx, t, leaseKey(scope), func(l *Lease) error {
		held = nil
		waiting := l.Next != "" && l.Next != owner && now.Sub(l.Asked) < turnKept
		if l.Owner != owner && (waiting || l.Owner != "" && now.Before(l.Until)) {
			held = &HeldError{Scope: scope, Lease: *l}
			if waiting {
				return Unchanged()
			}
			l.Next, l.Asked = owner, now
			return nil
		}
		if l.Next == owner {
			l.Next, l.Asked = "", time.Time{}
		}
		l.Owner, l.Until = owner, until
		return nil
	})
	if err == nil && held != nil {
		return held
	}
	return err
}

// Release gives the lease back if owner still holds it. The item stays: a deleted
// one would begin its versions anew, and a slow holder could win against the next.
func Release(ctx context.Context, t Table, scope, owner string) error {
	_, err := Update(ctx, t, leaseKey(scope), func(l *Lease) error {
		if l.Owner != owner {
			return Unchanged()
		}
		l.Owner, l.Until = "", time.Time{}
		return nil
	})
	return err
}

// HolderOf reads who holds the lease of a scope now; empty: nobody.
func HolderOf(ctx context.Context, t Table, scope string, now time.Time) (string, error) {
	l, _, err := LoadOr(ctx, t, leaseKey(scope), Lease{})
	if err != nil || !now.Before(l.Until) {
		return "", err
	}
	return l.Owner, nil
}

// ClearLeases ends all leases: for a platform on which nobody else can hold one.
func ClearLeases(ctx context.Context, t Table) error {
	items, err := t.Query(ctx, Query{PK: pkLease})
	if err != nil {
		return err
	}
	for _, item := range items {
		if _, err := Save(ctx, t, item.Key, Lease{}, Any, time.Time{}); err != nil {
			return err
		}
	}
	return nil
}
