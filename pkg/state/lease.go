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
}

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

// Release gives the lease back if owner still holds it. The item stays: a deleted
// one would begin its versions anew, and a slow holder could win against the next.
func Release(ctx context.Context, t Table, scope, owner string) error {
	_, err := Update(ctx, t, leaseKey(scope), func(l *Lease) error {
		if l.Owner != owner {
			return Unchanged()
		}
		*l = Lease{}
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
