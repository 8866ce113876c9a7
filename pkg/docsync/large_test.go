package docsync_test

import (
	"testing"
	"time"

	"uniview-bridge/pkg/state"
)

func TestACustomerLargerThanOneItemIsPublished(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("thousands of machines are left to the long run")
	}
	const n = 10000
	w := newWorld(t, n)
	if r := w.mustSync(); !r.Done || r.Changed["create flexible asset"] != n {
		t.Fatalf("%+v", r)
	}
	w.once()
	if w.table.writes > 1000 { // parts of the record that changed, not machines
		t.Errorf("publishing %d machines took %d writes to the table", n, w.table.writes)
	}
	t.Logf("publishing %d machines: %d writes to the table", n, w.table.writes)
	doc, err := state.LoadDocumentation(t.Context(), w.table, customer)
	w.must(err)
	if len(doc.Machines) != n || len(doc.Publications) != n {
		t.Errorf("%d machines, %d publications", len(doc.Machines), len(doc.Publications))
	}
	w.table.writes = 0
	w.now = w.now.Add(time.Hour)
	w.fail(17)
	if r := w.mustSync(); r.Changed["update flexible asset"] != 1 {
		t.Errorf("one status changed: %+v", r)
	}
	if w.table.writes > 20 { // the run, its shard, the slice in parts, and twice the record
		t.Errorf("one status changed: %d writes to the table", w.table.writes)
	}
	w.now = w.now.Add(time.Hour)
	w.prepareSlice()
	w.table.writes = 0
	if r, err := w.handle(); err != nil || w.vendorWrites() != 0 || w.table.writes > 3 { // the run and its shard
		t.Errorf("a steady sync: %+v, %v, %d writes to the table", r, err, w.table.writes)
	}
}
