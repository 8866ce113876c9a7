package statetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"

	"uniview-bridge/pkg/state"
)

// ErrInjected is the error of an injected fault.
var ErrInjected = errors.New("injected fault")

// Op is one operation on a table. GetMany is one Op per key that it was asked for,
// repeated ones once; a query's Key has the prefix as its sort key.
type Op struct {
	Kind OpKind
	Key  state.Key
}

// OpKind is what an Op does.
type OpKind string

// The kinds of operation.
const (
	OpGet    OpKind = "get"
	OpPut    OpKind = "put"
	OpDelete OpKind = "delete"
	OpQuery  OpKind = "query"
)

// Write says whether the operation asks for a change. One that lost its condition counts, too.
func (o Op) Write() bool { return o.Kind == OpPut || o.Kind == OpDelete }

func (o Op) String() string { return fmt.Sprintf("%s %s/%s", o.Kind, o.Key.PK, o.Key.SK) }

// Fault is what happens to an operation.
type Fault int

// The faults.
const (
	// None lets it pass.
	None Fault = iota
	// FailBefore fails it before it is done.
	FailBefore
	// FailAfter does it and loses the answer.
	FailAfter
)

// Counting is a table that counts what is asked of the one it wraps and can break
// it. It is safe for concurrent use.
type Counting struct {
	inner state.Table

	mu    sync.Mutex
	ops   []Op
	fault func(Op) Fault
}

var _ state.Table = (*Counting)(nil)

// Count wraps a table.
func Count(inner state.Table) *Counting { return &Counting{inner: inner} }

// Inject has fault decide about every following operation (nil: none fails). It is
// called by one operation at a time and must not use the table.
func (c *Counting) Inject(fault func(Op) Fault) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fault = fault
}

// Nth gives a fault for the nth (from 1) of the operations that match (nil: all).
func Nth(n int, fault Fault, match func(Op) bool) func(Op) Fault {
	seen := 0
	return func(o Op) Fault {
		if match == nil || match(o) {
			if seen++; seen == n {
				return fault
			}
		}
		return None
	}
}

// Ops gives all operations since the last Reset, in order.
func (c *Counting) Ops() []Op {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Op(nil), c.ops...)
}

// Reset forgets the operations counted.
func (c *Counting) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ops = nil
}

// Reads counts the reads whose partition key begins with prefix: one for each key
// and each query.
func (c *Counting) Reads(prefix string) int {
	return c.count(prefix, func(o Op) bool { return !o.Write() })
}

// Writes counts the puts and deletes whose partition key begins with prefix.
func (c *Counting) Writes(prefix string) int { return c.count(prefix, Op.Write) }

func (c *Counting) count(prefix string, match func(Op) bool) (n int) {
	for _, o := range c.Ops() {
		if match(o) && strings.HasPrefix(o.Key.PK, prefix) {
			n++
		}
	}
	return n
}

// begin counts operations and tells the worst fault among them.
func (c *Counting) begin(ops ...Op) (worst Fault, op Op) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ops = append(c.ops, ops...)
	for _, o := range ops {
		if c.fault == nil {
			break
		}
		if f := c.fault(o); f != None && worst != FailBefore {
			worst, op = f, o
		}
	}
	return worst, op
}

// run does an operation as its fault has it.
func (c *Counting) run(do func() error, ops ...Op) error {
	fault, op := c.begin(ops...)
	if fault == FailBefore {
		return fmt.Errorf("%w before %v", ErrInjected, op)
	}
	err := do()
	if fault == FailAfter {
		return fmt.Errorf("%w after %v", ErrInjected, op)
	}
	return err
}

// Get implements state.Table.
func (c *Counting) Get(ctx context.Context, key state.Key) (item state.Item, err error) {
	err = c.run(func() error {
		item, err = c.inner.Get(ctx, key)
		return err
	}, Op{OpGet, key})
	if err != nil {
		return state.Item{}, err
	}
	return item, nil
}

// GetMany implements state.Table.
func (c *Counting) GetMany(ctx context.Context, keys []state.Key) (items map[state.Key]state.Item, err error) {
	var ops []Op
	seen := map[state.Key]bool{}
	for _, key := range keys {
		if !seen[key] {
			seen[key] = true
			ops = append(ops, Op{OpGet, key})
		}
	}
	err = c.run(func() error {
		items, err = c.inner.GetMany(ctx, keys)
		return err
	}, ops...)
	if err != nil {
		return nil, err
	}
	return items, nil
}

// Put implements state.Table.
func (c *Counting) Put(ctx context.Context, item state.Item) (stored state.Item, err error) {
	err = c.run(func() error {
		stored, err = c.inner.Put(ctx, item)
		return err
	}, Op{OpPut, item.Key})
	if err != nil {
		return state.Item{}, err
	}
	return stored, nil
}

// Delete implements state.Table.
func (c *Counting) Delete(ctx context.Context, key state.Key, version int64) error {
	return c.run(func() error { return c.inner.Delete(ctx, key, version) }, Op{OpDelete, key})
}

// Query implements state.Table.
func (c *Counting) Query(ctx context.Context, q state.Query) (items []state.Item, err error) {
	err = c.run(func() error {
		items, err = c.inner.Query(ctx, q)
		return err
	}, Op{OpQuery, state.Key{PK: q.PK, SK: q.Prefix}})
	if err != nil {
		return nil, err
	}
	return items, nil
}

// Unreliable is a sender that does to messages what queues do: it sends some twice,
// some in another order, loses answers, and fails. The chances are between 0 and 1;
// the same Rand gives the same faults to the same calls. It is safe for concurrent use.
type Unreliable struct {
	Inner state.Sender
	Rand  *rand.Rand
	// Duplicate is each message's chance to be sent twice. The second has a
	// deduplication id of its own, like one that comes after the window.
	Duplicate float64
	// Reorder is each call's chance to have its messages shuffled.
	Reorder float64
	// Fail is each call's chance to send only a part, or nothing, and fail.
	Fail float64
	// LoseAnswer is each call's chance to send everything and fail nonetheless.
	LoseAnswer float64

	mu   sync.Mutex
	sent int
}

var _ state.Sender = (*Unreliable)(nil)

// Send implements state.Sender.
func (u *Unreliable) Send(ctx context.Context, queue string, messages ...state.Outgoing) error {
	u.mu.Lock()
	var out []state.Outgoing
	for _, m := range messages {
		out = append(out, m)
		if u.Rand.Float64() < u.Duplicate {
			if m.DedupID != "" {
				u.sent++
				m.DedupID = fmt.Sprintf("again-%d", u.sent)
			}
			out = append(out, m)
		}
	}
	if u.Rand.Float64() < u.Reorder {
		u.Rand.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	}
	fail := u.Rand.Float64() < u.Fail
	if fail {
		out = out[:u.Rand.IntN(len(out)+1)]
	}
	lose := u.Rand.Float64() < u.LoseAnswer
	u.mu.Unlock()

	if err := u.Inner.Send(ctx, queue, out...); err != nil {
		return err
	}
	switch {
	case fail:
		return fmt.Errorf("%w: %d messages of a call to send were sent", ErrInjected, len(out))
	case lose:
		return fmt.Errorf("%w: all messages were sent, the answer was lost", ErrInjected)
	}
	return nil
}
