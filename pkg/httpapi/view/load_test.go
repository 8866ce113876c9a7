package view_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/docsync"
	"uniview-bridge/pkg/httpapi/view"
	"uniview-bridge/pkg/platform/local"
	"uniview-bridge/pkg/review"
	"uniview-bridge/pkg/state"
)

// counted counts the items that are read of a table.
type counted struct {
	state.Table
	mu    sync.Mutex
	items int
}

func (c *counted) add(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.items += n
}

func (c *counted) Get(ctx context.Context, key state.Key) (state.Item, error) {
	c.add(1)
	return c.Table.Get(ctx, key)
}

func (c *counted) GetMany(ctx context.Context, keys []state.Key) (map[state.Key]state.Item, error) {
	items, err := c.Table.GetMany(ctx, keys)
	c.add(len(items))
	return items, err
}

func TestAPageAboutOneMachineDoesNotReadTheMachinesOfAll(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	store, err := local.Open(t.TempDir(), local.Options{NoSync: true, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	const customers, machines = 400, 25
	var all []backup.Asset
	for i := range customers {
		for j := range machines {
			all = append(all, backup.Asset{
				Family: backup.FamilyAppliance, ID: fmt.Sprintf("a%04d-%02d", i, j), CustomerID: fmt.Sprintf("c%04d", i), Name: fmt.Sprintf("SRV%d", j),
				MAC: "00:11:22:33:44:55", PortalURL: fmt.Sprintf("https://portal.example/%0400d", i*machines+j),
			})
		}
	}
	if _, err := state.SaveSnapshot(t.Context(), store, state.ListAssets, now, now, all, backup.Asset.Key); err != nil {
		t.Fatal(err)
	}
	pointer, err := state.LoadPointer(t.Context(), store, state.ListAssets)
	if err != nil {
		t.Fatal(err)
	}
	if len(pointer.Chunks) < 16 {
		t.Fatalf("the list has only %d chunks: nothing is shown", len(pointer.Chunks))
	}
	slice := map[string]docsync.Slice{"c0042": docsync.NewSlice(docsync.SliceInput{Assets: all[42*machines : 43*machines]})}
	if _, err := state.SaveSlices(t.Context(), store, state.ITGlue, now, slice, true); err != nil {
		t.Fatal(err)
	}
	table := &counted{Table: store}
	cold := func() *view.Model {
		table.items = 0
		return &view.Model{Table: table, Directory: review.NewDirectory(table), Now: func() time.Time { return now }}
	}
	// The reads of a page of its own, whatever the size of the account.
	const few = 12
	list, err := cold().MachinesOf(t.Context(), "c0042", view.MachineFilter{})
	if err != nil || len(list) != machines || list[0].CustomerID != "c0042" || table.items > few {
		t.Errorf("%d machines after %d reads: %v", len(list), table.items, err)
	}
	for i, a := range []backup.Asset{all[0], all[4711], all[len(all)-1]} {
		m, err := cold().Machine(t.Context(), a.Key())
		if err != nil || m.CustomerID != a.CustomerID || m.Name != a.Name || table.items > few {
			t.Errorf("machine %d: %+v after %d reads: %v", i, m, table.items, err)
		}
	}
	if _, err := cold().Compare(t.Context(), all[42*machines].Key()); err != nil || table.items > 2*few {
		t.Errorf("compare after %d reads: %v", table.items, err)
	}
	if _, err := cold().Machine(t.Context(), "appliance:none"); !errors.Is(err, state.ErrNotFound) || table.items > few {
		t.Errorf("a machine that is not there: %v after %d reads", err, table.items)
	}
	// Without a slice the newest lists tell.
	if list, err := cold().MachinesOf(t.Context(), "c0043", view.MachineFilter{}); err != nil || len(list) != machines {
		t.Errorf("without a slice: %d machines: %v", len(list), err)
	}
}
