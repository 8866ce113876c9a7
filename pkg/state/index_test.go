package state_test

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/state/statetest"
)

// indexed is the index of customers.
func indexed(t *testing.T, table state.Table) map[string]state.CustomerRow {
	t.Helper()
	items, err := table.GetMany(t.Context(), state.CustomerIndexKeys())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]state.CustomerRow{}
	for _, item := range items {
		rows, err := state.CustomerRows(item)
		if err != nil {
			t.Fatal(err)
		}
		maps.Copy(out, rows)
	}
	return out
}

func update(t *testing.T, table state.Table, id string, change func(*state.Customer)) {
	t.Helper()
	if _, err := state.Update(t.Context(), table, state.CustomerKey(id), func(c *state.Customer) error {
		c.ID = id
		change(c)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

func TestASavedCustomerIsInTheIndex(t *testing.T) {
	t.Parallel()
	table := table(t)
	update(t, table, "c1", func(c *state.Customer) {
		c.Name, c.OpenTickets, c.Statuses = "Harbor", 2, map[string]int{"failed": 1}
		c.Links.Organization = match.Link{State: match.Matched, TargetID: "7", TargetName: "Harbor Ltd"}
		c.Links.Company = match.Link{State: match.Suggested, Suggestions: []match.Suggestion{{Score: .5}, {Score: .8}}}
	})
	want := map[string]state.CustomerRow{"c1": {
		ID: "c1", Version: 1, Name: "Harbor", OpenTickets: 2, Statuses: map[string]int{"failed": 1},
		Organization: state.LinkRow{State: match.Matched, Target: "7", Name: "Harbor Ltd"}, Company: state.LinkRow{State: match.Suggested, Score: .8},
	}}
	if diff := cmp.Diff(want, indexed(t, table)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	update(t, table, "c1", func(c *state.Customer) { c.Name = "Harbour" })
	if got := indexed(t, table)["c1"]; got.Name != "Harbour" || got.Version != 2 {
		t.Errorf("%+v", got)
	}
	if id, ok := indexed(t, table)["c1"].Organization.Linked(); id != "7" || !ok {
		t.Errorf("linked to %s, %v", id, ok)
	}
}

func TestALostRowIsMadeGoodAndAnOlderOneNeverReplacesANewer(t *testing.T) {
	t.Parallel()
	table := table(t)
	update(t, table, "c1", func(c *state.Customer) { c.Name = "one" })
	_, older, err := state.CustomersIndexed(t.Context(), table)
	if err != nil {
		t.Fatal(err)
	}
	table.Inject(func(op statetest.Op) statetest.Fault {
		if op.Kind == statetest.OpPut && op.Key.PK == "index" {
			return statetest.FailBefore
		}
		return statetest.None
	})
	update(t, table, "c1", func(c *state.Customer) { c.Name = "two" })
	table.Inject(func(statetest.Op) statetest.Fault { return statetest.None })
	if got := indexed(t, table)["c1"]; got.Name != "one" {
		t.Fatalf("nothing was lost: %+v", got)
	}
	_, rows, err := state.CustomersIndexed(t.Context(), table)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []map[string]state.CustomerRow{rows, older} {
		if err := state.IndexCustomers(t.Context(), table, r); err != nil {
			t.Fatal(err)
		}
		if got := indexed(t, table)["c1"]; got.Name != "two" {
			t.Errorf("%+v", got)
		}
	}
	table.Reset()
	if err := state.IndexCustomers(t.Context(), table, rows); err != nil || table.Writes("") > 0 {
		t.Errorf("nothing was new: %v, %v", table.Ops(), err)
	}
}

func TestManyAtOnceAreAllInTheIndex(t *testing.T) {
	t.Parallel()
	table := table(t)
	batch := state.NewBatch(table, nil)
	var wg sync.WaitGroup
	for i := range 60 {
		wg.Go(func() {
			var to state.Table = table
			if i%2 == 0 {
				to = batch
			}
			update(t, to, fmt.Sprintf("c%d", i), func(c *state.Customer) { c.Name = "first" })
			update(t, to, fmt.Sprintf("c%d", i), func(c *state.Customer) { c.Name = "second" })
		})
	}
	wg.Wait()
	if n := len(indexed(t, table)); n != 30 {
		t.Errorf("%d rows before the batch is flushed", n)
	}
	if err := batch.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	rows := indexed(t, table)
	for i := range 60 {
		if got := rows[fmt.Sprintf("c%d", i)]; got.Name != "second" || got.Version != 2 {
			t.Errorf("c%d: %+v", i, got)
		}
	}
}

func TestASavedDeskIsInTheIndex(t *testing.T) {
	t.Parallel()
	table := table(t)
	desk := state.Desk{Conditions: map[string]alert.Condition{"a": {}, "b": {}}, Groups: map[string]alert.Group{"g": {}}}
	if _, err := state.Save(t.Context(), table, state.DeskKey("c1"), desk, state.New, time.Time{}); err != nil {
		t.Fatal(err)
	}
	items, err := table.GetMany(t.Context(), state.DeskIndexKeys())
	if err != nil || len(items) != 1 {
		t.Fatalf("%d shards: %v", len(items), err)
	}
	_, rows, err := state.DesksIndexed(t.Context(), table)
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range items {
		got, err := state.DeskRows(item)
		if want := map[string]state.DeskRow{"c1": {ID: "c1", Version: 1, Conditions: 2, Groups: 1}}; err != nil || cmp.Diff(want, got) != "" || cmp.Diff(want, rows) != "" {
			t.Errorf("%v, of the records %v: %v", got, rows, err)
		}
	}
}

func machinesIn(ctx context.Context, t *testing.T, table state.Table) (all []state.MachineRow) {
	t.Helper()
	p, err := state.LoadPointer(ctx, table, state.ListMachineIndex)
	if err != nil {
		t.Fatal(err)
	}
	items, err := table.GetMany(ctx, state.MachineChunkKeys(p))
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range items {
		rows, err := state.MachineChunk(item)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			r.Each(func(m state.MachineRow) { all = append(all, m) })
		}
	}
	return all
}

func TestTheIndexOfMachinesIsWrittenWhenItChanged(t *testing.T) {
	t.Parallel()
	table := table(t)
	doc := state.Documentation{Machines: map[string]state.Machine{
		"appliance:1": {
			Name: "SRV\x7f<b>\n1", Word: backup.WordFailed, Since: t0, Bytes: 12, Changes: state.Changes{{At: t0, Word: backup.WordFailed}},
			Link: match.Link{State: match.Matched, TargetID: "9", TargetName: "srv1"}, Known: backup.Known{LastEnd: t0, LastGood: t0.Add(-time.Hour)},
		},
		"endpoint:2": {Name: "", Gone: true, SupersededBy: "appliance:1"},
	}}
	changed, err := state.SaveMachineIndex(t.Context(), table, t0, []state.MachineRows{doc.Rows("c1")})
	if err != nil || !changed {
		t.Fatalf("changed %v: %v", changed, err)
	}
	want := []state.MachineRow{
		{
			Key: "appliance:1", Customer: "c1", Name: "SRV <b>\n1", Word: backup.WordFailed, Link: match.Matched, Target: "9", TargetOf: "srv1",
			Since: t0.Unix(), LastEnd: t0.Unix(), LastGood: t0.Unix() - 3600, Bytes: 12, History: doc.Machines["appliance:1"].Changes.String(),
		},
		{Key: "endpoint:2", Customer: "c1", Word: backup.WordUnknown, Link: match.Unmatched, Gone: true, Superseded: true},
	}
	if diff := cmp.Diff(want, machinesIn(t.Context(), t, table)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	table.Reset()
	changed, err = state.SaveMachineIndex(t.Context(), table, t0.Add(time.Hour), []state.MachineRows{doc.Rows("c1")})
	if err != nil || changed || table.Writes("") > 0 {
		t.Errorf("nothing changed: %v %v %v", changed, table.Ops(), err)
	}
}

func FuzzMachineRows(f *testing.F) {
	doc := state.Documentation{Machines: map[string]state.Machine{"appliance:1": {Name: "SRV1", Word: backup.WordSuccess}}}
	f.Add(doc.Rows("c").Fields)
	f.Add("\x7f\x7f\x7f")
	f.Fuzz(func(t *testing.T, fields string) {
		n := 0
		rows := state.MachineRows{Customer: "c", Fields: fields}
		rows.Each(func(m state.MachineRow) {
			n++
			if m.Key == "" || m.Customer != "c" || m.Word == "" || m.Link == "" {
				t.Errorf("%+v", m)
			}
		})
		if n > rows.Machines() {
			t.Errorf("%d machines of %d", n, rows.Machines())
		}
	})
}

func TestThePointerRemembersTheDaysOfReads(t *testing.T) {
	t.Parallel()
	table := table(t)
	for _, at := range []time.Time{t0, t0.Add(time.Hour), t0.Add(72 * time.Hour)} {
		if _, err := state.SaveSnapshot(t.Context(), table, "list", at, at, []string{"a"}, func(s string) string { return s }); err != nil {
			t.Fatal(err)
		}
	}
	p, err := state.LoadPointer(t.Context(), table, "list")
	if want := []int{state.Day(t0), state.Day(t0) + 3}; err != nil || cmp.Diff(want, p.Days) != "" {
		t.Errorf("%v, want %v: %v", p.Days, want, err)
	}
}

func TestTheTrendIsWrittenWhenCountsChange(t *testing.T) {
	t.Parallel()
	table := table(t)
	for i, counts := range []map[string]int{{"success": 3}, {"success": 3}, {"success": 2, "failed": 1}} {
		table.Reset()
		if err := state.NoteTrend(t.Context(), table, t0.Add(time.Duration(i)*24*time.Hour), counts); err != nil {
			t.Fatal(err)
		}
		if wrote := table.Writes("index"); (wrote > 0) != (i != 1) {
			t.Errorf("day %d: %d writes", i, wrote)
		}
	}
	trend, err := state.LoadTrend(t.Context(), table)
	if err != nil || len(trend) != 2 || trend.On(state.Day(t0) + 1)["success"] != 3 {
		t.Errorf("%v: %v", trend, err)
	}
}
