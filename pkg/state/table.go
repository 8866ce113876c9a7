package state

import (
	"context"
	"errors"
	"time"
)

// Errors that callers branch on.
var (
	// ErrNotFound says that no live item has that key.
	ErrNotFound = errors.New("not found")
	// ErrConflict says that a conditional write lost: the item is at another
	// version than the writer saw, or exists though it must not.
	ErrConflict = errors.New("changed by another writer")
	// ErrTooLarge says that an item is over MaxItemBytes.
	ErrTooLarge = errors.New("item too large")
)

// MaxItemBytes bounds Item.Data. DynamoDB allows 400 KB for a whole item.
const MaxItemBytes = 350 << 10

// Versions with a meaning of their own in Item.Version when it is handed to Put.
const (
	// New: the item must not exist (an expired one does not count).
	New int64 = 0
	// Any: write whatever is there.
	Any int64 = -1
)

// Key names one item: a partition and its place, in byte order, within it.
type Key struct {
	PK, SK string
}

// Item is one stored item. Data is opaque to the table. Versions begin anew when
// an item expired or was deleted, so what many compete for is never deleted and
// keeps its own end in Data (see Lease).
type Item struct {
	Key
	Version int64
	Expires time.Time // zero: never; whole seconds
	Data    []byte
}

// Query selects items of one partition in the byte order of their sort keys.
type Query struct {
	PK         string
	Prefix     string // only sort keys that begin so
	After      string // exclusive: the sort key to go on behind (in the direction asked for)
	Limit      int    // 0: all
	Descending bool
}

// Table is the one store of the bridge.
type Table interface {
	// Get returns the live item, or ErrNotFound.
	Get(ctx context.Context, key Key) (Item, error)
	// GetMany returns the live items among keys, in no order; missing ones are left out.
	// Repeated keys are allowed.
	GetMany(ctx context.Context, keys []Key) (map[Key]Item, error)
	// Put writes item if the stored one is at item.Version (see New and Any) and
	// returns it as stored, with its new version. A lost condition is ErrConflict.
	Put(ctx context.Context, item Item) (Item, error)
	// Delete removes the item if it is at version (Any: whatever it is). A missing
	// item is ErrConflict for a given version and no error for Any.
	Delete(ctx context.Context, key Key, version int64) error
	// Query returns the live items that q selects.
	Query(ctx context.Context, q Query) ([]Item, error)
}
