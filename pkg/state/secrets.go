package state

import (
	"context"
	"log/slog"
)

// Secret is a stored secret value with the store's version of it. It prints as
// [redacted] wherever it is formatted or logged.
type Secret struct {
	Value   []byte
	Version string
}

// String hides the value.
func (Secret) String() string { return "[redacted]" }

// GoString hides the value.
func (Secret) GoString() string { return "[redacted]" }

// LogValue hides the value.
func (Secret) LogValue() slog.Value { return slog.StringValue("[redacted]") }

// Secrets keeps one secret per connection kind ("uniview", "itglue",
// "connectwise"), each a small JSON object.
type Secrets interface {
	// Get returns the current secret. ErrNotFound when none was ever stored, or
	// when the stored one is empty or an empty JSON object (a fresh stack's placeholder).
	Get(ctx context.Context, name string) (Secret, error)
	// Put stores a new current value and returns its version.
	Put(ctx context.Context, name string, value []byte) (version string, err error)
}
