package state

import (
	"context"
	"errors"
	"fmt"
	"time"

	"uniview-bridge/pkg/plan"
)

// Approval lets a braked plan pass: the changes it names do not count against
// the brake (design §2.6).
type Approval struct {
	Vendor Vendor    `json:"vendor"`
	Digest string    `json:"digest"` // of the approved plan; empty while GoingLive waits for its first plan
	Run    string    `json:"run,omitempty"`
	By     string    `json:"by"`
	At     time.Time `json:"at"`
	// GoingLive approves the first plan that is made, whatever it holds: the
	// counts were shown to whoever switched the mode.
	GoingLive bool     `json:"goingLive,omitempty"`
	Changes   []string `json:"changes,omitempty"` // ids of the approved changes
}

// approvalKept is how long an approval holds.
const approvalKept = 7 * 24 * time.Hour

func approvalKey(v Vendor) Key { return Key{pkApproval, string(v)} }

func (a Approval) expires() time.Time { return a.At.Add(approvalKept).Truncate(time.Second) }

// Approve records an approval; it replaces an earlier one for the same side.
func Approve(ctx context.Context, t Table, a Approval) error {
	_, err := Save(ctx, t, approvalKey(a.Vendor), a, Any, a.expires())
	return err
}

// Approved returns the ids of changes that need no brake for this plan. A pending
// going-live approval becomes one for exactly this plan.
func Approved(ctx context.Context, t Table, v Vendor, p plan.Plan) (map[string]bool, error) {
	a, version, err := Load[Approval](ctx, t, approvalKey(v))
	if errors.Is(err, ErrNotFound) {
		return nil, nil //nolint:nilnil // no approval approves nothing
	}
	if err != nil {
		return nil, fmt.Errorf("approval: %w", err)
	}
	if a.GoingLive {
		a.GoingLive, a.Digest, a.Changes = false, p.Digest(), nil
		for _, c := range p.Changes {
			if c.Writes() {
				a.Changes = append(a.Changes, c.ID())
			}
		}
		if _, err := Save(ctx, t, approvalKey(v), a, version, a.expires()); err != nil {
			return nil, fmt.Errorf("approval: %w", err)
		}
	}
	ids := make(map[string]bool, len(a.Changes))
	for _, id := range a.Changes {
		ids[id] = true
	}
	return ids, nil
}
