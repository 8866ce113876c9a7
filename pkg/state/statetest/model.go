package statetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"uniview-bridge/pkg/state"
)

// model is the table as the contract has it, in a map.
type model map[state.Key]state.Item

func (m model) live(k state.Key, now time.Time) (state.Item, bool) {
	it, ok := m[k]
	return it, ok && (it.Expires.IsZero() || it.Expires.After(now))
}

func (m model) put(it state.Item, now time.Time) (state.Item, error) {
	old, _ := m.live(it.Key, now)
	if _, ok := m.live(it.Key, now); !ok {
		old.Version = 0
	}
	if it.Version != state.Any && it.Version != old.Version {
		return state.Item{}, state.ErrConflict
	}
	it.Version = old.Version + 1
	m[it.Key] = it
	return it, nil
}

func (m model) remove(k state.Key, version int64, now time.Time) error {
	if old, ok := m.live(k, now); version != state.Any && (!ok || old.Version != version) {
		return state.ErrConflict
	}
	delete(m, k)
	return nil
}

func (m model) query(q state.Query, now time.Time) (found []state.Item) {
	keys := slices.SortedFunc(maps.Keys(m), func(a, b state.Key) int {
		if q.Descending {
			a, b = b, a
		}
		return strings.Compare(a.SK, b.SK)
	})
	for _, k := range keys {
		behind := q.After == "" || (k.SK > q.After) == !q.Descending && k.SK != q.After
		it, live := m.live(k, now)
		if k.PK != q.PK || !strings.HasPrefix(k.SK, q.Prefix) || !behind || !live {
			continue
		}
		if found = append(found, it); len(found) == q.Limit {
			break
		}
	}
	return found
}

// TableModel does random operations on a table and on a model of it, and fails where
// they differ, showing the shortest series of operations that does. It is for
// tables that are quick; maintain, if not nil, is run now and then and must change
// nothing that a reader sees.
func TableModel(t *testing.T, newTable NewTable, maintain func(state.Table) error) {
	clock := NewClock()
	table := newTable(t, clock.Now)
	round := 0
	rapid.Check(t, func(r *rapid.T) {
		round++ // partitions of its own
		compare(t.Context(), r, table, []string{fmt.Sprintf("p%d", round), fmt.Sprintf("p%d#", round)}, clock, maintain)
	})
}

func compare(ctx context.Context, r *rapid.T, table state.Table, pks []string, clock *Clock, maintain func(state.Table) error) {
	want := model{}
	sks := []string{"a", "a#", "a#1", "a#2", "b", "ä"}
	keys := rapid.Custom(func(r *rapid.T) state.Key {
		return state.Key{PK: rapid.SampledFrom(pks).Draw(r, "pk"), SK: rapid.SampledFrom(sks).Draw(r, "sk")}
	})
	check := func(what string, got, want any, err, wantErr error) {
		if !errors.Is(err, wantErr) || (err != nil) != (wantErr != nil) {
			r.Fatalf("%s: got error %v, want %v", what, err, wantErr)
		}
		if diff := cmp.Diff(want, got, sameBytes); err == nil && diff != "" {
			r.Fatalf("%s (-want +got):\n%s", what, diff)
		}
	}
	r.Repeat(map[string]func(*rapid.T){
		"put": func(r *rapid.T) {
			it := state.Item{
				Key: keys.Draw(r, "key"), Version: rapid.Int64Range(-1, 4).Draw(r, "version"),
				Data: bytes.Repeat([]byte("x"), rapid.IntRange(1, 5000).Draw(r, "size")),
			}
			if seconds := rapid.IntRange(0, 4).Draw(r, "expires"); seconds > 0 {
				it.Expires = clock.Now().Add(time.Duration(seconds) * time.Second)
			}
			got, err := table.Put(ctx, it)
			stored, wantErr := want.put(it, clock.Now())
			check(fmt.Sprintf("put %v at %d", it.Key, it.Version), got, stored, err, wantErr)
		},
		"delete": func(r *rapid.T) {
			k, version := keys.Draw(r, "key"), rapid.SampledFrom([]int64{state.Any, 1, 2, 3}).Draw(r, "version")
			err, wantErr := table.Delete(ctx, k, version), want.remove(k, version, clock.Now())
			check(fmt.Sprintf("delete %v at %d", k, version), nil, nil, err, wantErr)
		},
		"query": func(r *rapid.T) {
			q := state.Query{
				PK:         rapid.SampledFrom(pks).Draw(r, "pk"),
				Prefix:     rapid.SampledFrom([]string{"", "a", "a#", "ä", "z"}).Draw(r, "prefix"),
				After:      rapid.SampledFrom(append(sks, "", "0", "a#15", "z", "ö")).Draw(r, "after"),
				Limit:      rapid.IntRange(0, 4).Draw(r, "limit"),
				Descending: rapid.Bool().Draw(r, "descending"),
			}
			got, err := table.Query(ctx, q)
			check(fmt.Sprintf("query %+v", q), got, want.query(q, clock.Now()), err, nil)
		},
		"get": func(r *rapid.T) {
			k := keys.Draw(r, "key")
			got, err := table.Get(ctx, k)
			it, ok := want.live(k, clock.Now())
			if !ok {
				check(fmt.Sprintf("get %v", k), nil, nil, err, state.ErrNotFound)
				return
			}
			check(fmt.Sprintf("get %v", k), got, it, err, nil)
		},
		"wait": func(*rapid.T) { clock.Advance(time.Second) },
		"maintain": func(*rapid.T) {
			if maintain != nil {
				check("maintain", nil, nil, maintain(table), nil)
			}
		},
	})
}
