package vendorhttp

import (
	"context"
	"iter"
)

// All turns a page reader into a sequence of items. next returns the items of
// one page and whether it was the last. An error is yielded once, with the zero
// item, and ends the sequence.
func All[T any](ctx context.Context, next func(context.Context) (items []T, done bool, err error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for {
			items, done, err := next(ctx)
			if err != nil {
				var zero T
				yield(zero, err)
				return
			}
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
			if done {
				return
			}
		}
	}
}
