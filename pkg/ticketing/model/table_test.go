package model_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"uniview-bridge/pkg/platform/limits"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/state/statetest"
)

// memory is a state.Table in memory: thousands of histories need one each.
type memory struct {
	now func() time.Time

	mu    sync.Mutex
	items map[string]map[string]state.Item // by partition and sort key
}

func newMemory(now func() time.Time) *memory {
	return &memory{now: now, items: map[string]map[string]state.Item{}}
}

func (m *memory) live(k state.Key) (state.Item, bool) {
	item, ok := m.items[k.PK][k.SK]
	return item, ok && limits.Live(limits.Seconds(item.Expires), m.now())
}

// Get implements state.Table.
func (m *memory) Get(ctx context.Context, key state.Key) (state.Item, error) {
	items, err := m.GetMany(ctx, []state.Key{key})
	if err != nil {
		return state.Item{}, err
	}
	item, ok := items[key]
	if !ok {
		return state.Item{}, state.ErrNotFound
	}
	return item, nil
}

// GetMany implements state.Table.
func (m *memory) GetMany(ctx context.Context, keys []state.Key) (map[state.Key]state.Item, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for _, key := range keys {
		if err := limits.Key(key); err != nil {
			return nil, fmt.Errorf("get: %w", err)
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make(map[state.Key]state.Item, len(keys))
	for _, key := range keys {
		if item, ok := m.live(key); ok {
			item.Data = bytes.Clone(item.Data)
			out[key] = item
		}
	}
	return out, nil
}

// Put implements state.Table.
func (m *memory) Put(ctx context.Context, item state.Item) (state.Item, error) {
	if err := ctx.Err(); err != nil {
		return state.Item{}, err
	}
	if err := limits.Item(item); err != nil {
		return state.Item{}, fmt.Errorf("put: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	old, ok := m.live(item.Key)
	if !ok {
		old.Version = 0
	}
	if item.Version != state.Any && item.Version != old.Version {
		return state.Item{}, state.ErrConflict
	}
	item.Version, item.Expires = old.Version+1, limits.Time(limits.Seconds(item.Expires))
	kept := item
	kept.Data = bytes.Clone(item.Data)
	if m.items[item.PK] == nil {
		m.items[item.PK] = map[string]state.Item{}
	}
	m.items[item.PK][item.SK] = kept
	return item, nil
}

// Delete implements state.Table.
func (m *memory) Delete(ctx context.Context, key state.Key, version int64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := limits.Key(key); err != nil {
		return fmt.Errorf("delete: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if old, ok := m.live(key); version != state.Any && (!ok || old.Version != version) {
		return state.ErrConflict
	}
	delete(m.items[key.PK], key.SK)
	return nil
}

// Query implements state.Table.
func (m *memory) Query(ctx context.Context, q state.Query) ([]state.Item, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if q.PK == "" {
		return nil, fmt.Errorf("query: a partition key is needed")
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	keys := slices.Sorted(maps.Keys(m.items[q.PK]))
	if q.Descending {
		slices.Reverse(keys)
	}
	var out []state.Item
	for _, sk := range keys {
		behind := q.After == "" || sk != q.After && (sk > q.After) != q.Descending
		item, ok := m.live(state.Key{PK: q.PK, SK: sk})
		if !ok || !behind || !strings.HasPrefix(sk, q.Prefix) {
			continue
		}
		item.Data = bytes.Clone(item.Data)
		if out = append(out, item); len(out) == q.Limit {
			break
		}
	}
	return out, nil
}

func TestTheTableInMemoryKeepsTheContract(t *testing.T) {
	t.Parallel()
	statetest.Table(t, func(_ *testing.T, now func() time.Time) state.Table { return newMemory(now) })
}
