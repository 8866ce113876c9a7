package docsync_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"uniview-bridge/pkg/state"
)

// memory is a table in memory: versions, conditions, byte order, nothing more.
type memory struct {
	mu    sync.Mutex
	items map[state.Key]state.Item
	// before runs before every write and may fail it; after runs behind it.
	before, after func(state.Item) error
	writes        int
}

func newMemory() *memory { return &memory{items: map[state.Key]state.Item{}} }

func (m *memory) Get(_ context.Context, key state.Key) (state.Item, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	item, ok := m.items[key]
	if !ok {
		return state.Item{}, state.ErrNotFound
	}
	return item, nil
}

func (m *memory) GetMany(ctx context.Context, keys []state.Key) (map[state.Key]state.Item, error) {
	out := map[state.Key]state.Item{}
	for _, k := range keys {
		if item, err := m.Get(ctx, k); err == nil {
			out[k] = item
		}
	}
	return out, nil
}

func (m *memory) Put(_ context.Context, item state.Item) (state.Item, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.before != nil {
		if err := m.before(item); err != nil {
			return state.Item{}, err
		}
	}
	old := m.items[item.Key]
	if item.Version != state.Any && item.Version != old.Version {
		return state.Item{}, state.ErrConflict
	}
	if len(item.Data) > state.MaxItemBytes {
		return state.Item{}, state.ErrTooLarge
	}
	item.Version = old.Version + 1
	item.Data = slices.Clone(item.Data)
	m.items[item.Key] = item
	m.writes++
	if m.after != nil {
		if err := m.after(item); err != nil {
			return state.Item{}, err
		}
	}
	return item, nil
}

func (m *memory) Delete(_ context.Context, key state.Key, version int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if old, ok := m.items[key]; version != state.Any && (!ok || old.Version != version) {
		return state.ErrConflict
	}
	delete(m.items, key)
	m.writes++
	return nil
}

func (m *memory) Query(_ context.Context, q state.Query) ([]state.Item, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []state.Item
	for k, item := range m.items {
		if k.PK == q.PK && strings.HasPrefix(k.SK, q.Prefix) && k.SK > q.After {
			out = append(out, item)
		}
	}
	slices.SortFunc(out, func(a, b state.Item) int { return strings.Compare(a.SK, b.SK) })
	if q.Limit > 0 && len(out) > q.Limit {
		out = out[:q.Limit]
	}
	return out, nil
}

var errCrash = errors.New("crashed here")
