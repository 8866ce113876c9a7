package state

import (
	"context"
	"errors"
	"fmt"
	"slices"
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
	Changes   []string `json:"-"` // ids of the approved changes, kept in parts of their own
	Parts     int      `json:"parts,omitempty"`
}

// approvalPart is how many change ids share one item.
const approvalPart = 2000

// approvalKept is how long an approval holds.
const approvalKept = 7 * 24 * time.Hour

func approvalKey(v Vendor) Key { return Key{pkApproval, string(v)} }

func (a Approval) expires() time.Time { return a.At.Add(approvalKept).Truncate(time.Second) }

// Approve records an approval; it replaces an earlier one for the same side.
func Approve(ctx context.Context, t Table, a Approval) error {
	return saveApproval(ctx, t, a, Any)
}

// saveApproval writes the parts first, then the head that names them.
func saveApproval(ctx context.Context, t Table, a Approval, version int64) error {
	a.Parts = 0
	for ids := range slices.Chunk(a.Changes, approvalPart) {
		if _, err := Save(ctx, t, approvalPartKey(a, a.Parts), ids, Any, a.expires()); err != nil {
			return fmt.Errorf("approval: %w", err)
		}
		a.Parts++
	}
	if _, err := Save(ctx, t, approvalKey(a.Vendor), a, version, a.expires()); err != nil {
		return fmt.Errorf("approval: %w", err)
	}
	return nil
}

// approvalPartKey holds the time of the approval: parts of two approvals never mix.
func approvalPartKey(a Approval, n int) Key {
	return Key{pkApproval, fmt.Sprintf("%s#%d#%05d", a.Vendor, a.At.UnixNano(), n)}
}

// Approved returns the ids of changes that need no brake for this plan. A pending
// going-live approval covers it whatever it holds; first says that it is the
// whole account's first plan since, for which the approval was: it becomes one
// for exactly this plan.
func Approved(ctx context.Context, t Table, v Vendor, p plan.Plan, first bool) (map[string]bool, error) {
	a, version, err := Load[Approval](ctx, t, approvalKey(v))
	if errors.Is(err, ErrNotFound) {
		return nil, nil //nolint:nilnil // no approval approves nothing
	}
	if err != nil {
		return nil, fmt.Errorf("approval: %w", err)
	}
	if a.GoingLive {
		for _, c := range p.Changes {
			if c.Writes() {
				a.Changes = append(a.Changes, c.ID())
			}
		}
		if first {
			a.GoingLive, a.Digest = false, p.Digest()
			if err := saveApproval(ctx, t, a, version); err != nil {
				return nil, err
			}
		}
	} else {
		for n := range a.Parts {
			ids, _, err := Load[[]string](ctx, t, approvalPartKey(a, n))
			if err != nil {
				return nil, fmt.Errorf("approval: %w", err)
			}
			a.Changes = append(a.Changes, ids...)
		}
	}
	ids := make(map[string]bool, len(a.Changes))
	for _, id := range a.Changes {
		ids[id] = true
	}
	return ids, nil
}
