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
	const n = 2000
	w := newWorld(t, n)
	if r := w.mustSync(); !r.Done || r.Changed["create flexible asset"] != n {
		t.Fatalf("%+v", r)
	}
	w.once()
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
	t.Logf("one status changed: %d writes to the table", w.table.writes)
}
