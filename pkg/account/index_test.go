package account_test

import (
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/state"
)

// counted sums an index of machines up: by status word, and per customer.
func (r *rig) counted() (words map[string]int, customers map[string]int) {
	r.t.Helper()
	p, err := state.LoadPointer(r.t.Context(), r.table, state.ListMachineIndex)
	if err != nil {
		r.t.Fatal(err)
	}
	items, err := r.table.GetMany(r.t.Context(), state.MachineChunkKeys(p))
	if err != nil {
		r.t.Fatal(err)
	}
	words, customers = map[string]int{}, map[string]int{}
	for _, item := range items {
		rows, err := state.MachineChunk(item)
		if err != nil {
			r.t.Fatal(err)
		}
		for _, h := range rows {
			h.Each(func(m state.MachineRow) {
				if m.Superseded || m.Gone {
					return
				}
				words[string(m.Word)]++
				customers[m.Customer]++
				if c := state.ParseChanges(m.History); len(c) == 0 || c[len(c)-1].Word != m.Word {
					r.t.Errorf("%s is %s, its history is %q", m.Key, m.Word, m.History)
				}
			})
		}
	}
	return words, customers
}

func (r *rig) rows() map[string]state.CustomerRow {
	r.t.Helper()
	items, err := r.table.GetMany(r.t.Context(), state.CustomerIndexKeys())
	if err != nil {
		r.t.Fatal(err)
	}
	out := map[string]state.CustomerRow{}
	for _, item := range items {
		rows, err := state.CustomerRows(item)
		if err != nil {
			r.t.Fatal(err)
		}
		maps.Copy(out, rows)
	}
	return out
}

// agree says that the indexes tell what the records tell.
func (r *rig) agree() {
	r.t.Helper()
	_, want, err := state.CustomersIndexed(r.t.Context(), r.table)
	if err != nil {
		r.t.Fatal(err)
	}
	if diff := cmp.Diff(want, r.rows()); diff != "" {
		r.t.Errorf("the index of customers (-records +index):\n%s", diff)
	}
}

func TestASyncKeepsIndexesAndTrend(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	run := r.schedule(state.ScopeDocumentation)
	r.agree()
	words, customers := r.counted()
	if diff := cmp.Diff(run.Statuses, words); diff != "" {
		t.Errorf("the index of machines by status (-run +index):\n%s", diff)
	}
	for id, c := range r.rows() {
		n := 0
		for _, k := range c.Statuses {
			n += k
		}
		if customers[id] != n {
			t.Errorf("customer %s has %d machines, %d in the index", id, n, customers[id])
		}
	}
	trend, err := state.LoadTrend(t.Context(), r.table)
	if err != nil || len(trend) != 1 || !maps.Equal(trend.On(state.Day(r.clock)), run.Statuses) {
		t.Errorf("trend %v: %v", trend, err)
	}
}

func TestASteadySyncWritesNoIndexNotEvenOnAnotherDay(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for range 3 {
		r.schedule(state.ScopeDocumentation)
		r.schedule(state.ScopeAlerts)
	}
	for _, pass := range []time.Duration{0, 20 * time.Minute} {
		r.clock = r.clock.Add(pass)
		for _, scope := range []state.Scope{state.ScopeDocumentation, state.ScopeAlerts} {
			r.table.Reset()
			r.schedule(scope)
			if n := r.table.Writes("index") + r.table.Writes("chunk#"+state.ListMachineIndex); n > 0 {
				t.Errorf("a steady %s sync wrote %d items of indexes", scope, n)
			}
		}
	}
}

func TestALostIndexIsMadeGoodByTheNextSync(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.schedule(state.ScopeDocumentation)
	before, _ := r.counted()
	for _, key := range append(state.CustomerIndexKeys(), state.PointerKey(state.ListMachineIndex)) {
		if err := r.table.Delete(t.Context(), key, state.Any); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(r.rows()); n > 0 {
		t.Fatalf("%d rows are left", n)
	}
	r.schedule(state.ScopeDocumentation)
	r.agree()
	if after, _ := r.counted(); !maps.Equal(before, after) {
		t.Errorf("machines %v, before %v", after, before)
	}
}

func TestAChangedWordIsInTheHistoryOfMachineAndCustomer(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.schedule(state.ScopeDocumentation)
	ids := r.failing(1)
	r.clock = r.clock.Add(24 * time.Hour)
	r.schedule(state.ScopeDocumentation)
	docs, err := state.Documentations(t.Context(), r.table)
	if err != nil {
		t.Fatal(err)
	}
	for customer, doc := range docs {
		m, ok := doc.Machines["appliance:"+ids[0]]
		if !ok {
			continue
		}
		if n := len(m.Changes); m.Word != backup.WordFailed || n < 2 || m.Changes[n-1].Word != backup.WordFailed {
			t.Errorf("%s, history %v", m.Word, m.Changes)
		}
		c, _, err := state.Load[state.Customer](t.Context(), r.table, state.CustomerKey(customer))
		if err != nil || len(c.Days) < 2 || !maps.Equal(c.Days.On(state.Day(r.clock)), c.Statuses) {
			t.Errorf("days %v of %v: %v", c.Days, c.Statuses, err)
		}
		return
	}
	t.Error("the machine is not there")
}
