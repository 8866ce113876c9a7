package state

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Audit is one entry of the audit trail: who or what decided, on what, with what
// before and after.
type Audit struct {
	ID      string            `json:"id"` // sorts by time
	At      time.Time         `json:"at"`
	By      string            `json:"by"`
	Action  string            `json:"action"`
	Subject string            `json:"subject"`
	Reason  string            `json:"reason,omitempty"`
	Before  map[string]string `json:"before,omitempty"`
	After   map[string]string `json:"after,omitempty"`
	// Undoes is the entry that this one takes back; empty: none.
	Undoes string `json:"undoes,omitempty"`
}

// auditKept is how long the trail is kept.
const auditKept = 400 * 24 * time.Hour

// AuditID makes an id that sorts by time; random tells entries of one moment apart.
func AuditID(at time.Time, random string) string {
	return at.UTC().Format("20060102T150405.000000Z") + "-" + random
}

// AddAudit writes an entry. random tells entries of one moment apart. What was before
// and after is left out where it is too large to be kept, and the entry says so.
func AddAudit(ctx context.Context, t Table, a Audit, random string) error {
	a.ID = AuditID(a.At, random)
	add := func() error {
		_, err := Save(ctx, t, Key{pkAudit, a.ID}, a, New, a.At.Add(auditKept).Truncate(time.Second))
		return err
	}
	err := add()
	if errors.Is(err, ErrTooLarge) {
		a.Before, a.After = nil, map[string]string{"omitted": "too large to be kept"}
		err = add()
	}
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	return nil
}

// Audits lists the trail, newest first, behind the given id.
func Audits(ctx context.Context, t Table, after string, limit int) ([]Audit, error) {
	items, err := t.Query(ctx, Query{PK: pkAudit, After: after, Limit: limit, Descending: true})
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	out := make([]Audit, len(items))
	for i, item := range items {
		if err := Decode(item.Data, &out[i]); err != nil {
			return nil, fmt.Errorf("audit: %w", err)
		}
	}
	return out, nil
}
