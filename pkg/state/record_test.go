package state_test

import (
	"errors"
	"fmt"
	"testing"

	"uniview-bridge/pkg/state"
)

func TestARecordIsFoundWithoutReadingItsList(t *testing.T) {
	t.Parallel()
	type rec struct{ ID, Text string }
	id := func(r rec) string { return r.ID }
	for name, n := range map[string]int{"no records": 0, "a short list": 3, "a long list": 9000} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tb := table(t)
			if _, err := state.LoadRecord(t.Context(), tb, "l", "x", id); !errors.Is(err, state.ErrNotFound) {
				t.Errorf("of a list never read: %v", err)
			}
			all := make([]rec, n)
			for i := range all {
				all[i] = rec{fmt.Sprintf("id-%d", i), fmt.Sprintf("%0400d", i)}
			}
			if _, err := state.SaveSnapshot(t.Context(), tb, "l", t0, t0, all, id); err != nil {
				t.Fatal(err)
			}
			for i := 0; i < n; i += 1 + n/50 {
				if r, err := state.LoadRecord(t.Context(), tb, "l", all[i].ID, id); err != nil || r != all[i] {
					t.Fatalf("record %d: %+v, %v", i, r, err)
				}
			}
			if _, err := state.LoadRecord(t.Context(), tb, "l", "none", id); !errors.Is(err, state.ErrNotFound) {
				t.Errorf("one that is not there: %v", err)
			}
		})
	}
}
