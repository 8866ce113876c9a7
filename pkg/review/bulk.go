package review

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"
)

// MaxBulk is the most decisions of one call.
const MaxBulk = 500

// workers is how many decisions are carried out side by side.
const workers = 8

// Item is one decision among many.
type Item struct {
	Kind Side   `json:"kind"`
	ID   string `json:"id"` // customer id, or asset key for a configuration
	Decision
}

// ItemResult is what became of one item: an outcome or a refusal.
type ItemResult struct {
	Item    Item
	Outcome Outcome
	Refusal *Refusal
}

// Many carries many decisions out, each by itself: what cannot be done is said
// per item and keeps nothing else from being done. The error is our own store
// failing; results before it stand.
func (s *Service) Many(ctx context.Context, by string, items []Item) ([]ItemResult, error) {
	if len(items) > MaxBulk {
		return nil, refuse(Invalid, "items", "more than %d decisions at once: send them in parts", MaxBulk)
	}
	results := make([]ItemResult, len(items))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(workers)
	for i, item := range items {
		g.Go(func() error {
			out, err := s.one(gctx, by, item)
			results[i] = ItemResult{Item: item, Outcome: out}
			if errors.As(err, &results[i].Refusal) {
				return nil
			}
			return err
		})
	}
	err := g.Wait()
	var changed []*Outcome
	for i := range results {
		changed = append(changed, &results[i].Outcome)
	}
	s.sync(context.WithoutCancel(ctx), by, changed)
	return results, err
}

func (s *Service) one(ctx context.Context, by string, item Item) (Outcome, error) {
	switch {
	case item.Action == Create:
		return Outcome{}, refuse(Invalid, "action", "records are created one at a time, each after a look for duplicates")
	case item.ID == "":
		return Outcome{}, refuse(Invalid, "id", "the id is missing")
	}
	switch item.Kind {
	case Organization, Company:
		return s.customer(ctx, by, item.ID, item.Kind, item.Decision)
	case Configuration:
		return s.machine(ctx, by, item.ID, item.Decision)
	default:
		return Outcome{}, refuse(Invalid, "kind", "kind is organization, company or configuration")
	}
}
