package state_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/state/statetest"
)

// documentation is a record of n machines as it grows in a year's use: every time
// stamp its own, one machine in ten not linked.
func documentation(n int) state.Documentation {
	r := rand.New(rand.NewPCG(1, 2))
	base := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	some := func() time.Time { return base.Add(-time.Duration(r.IntN(90*24*3600)) * time.Second) }
	d := state.Documentation{Organization: "1234567", Machines: map[string]state.Machine{}, Publications: map[string]state.Publication{}, Notes: map[string]state.Note{"1": {Text: "ours"}}}
	for i := range n {
		sum := sha256.Sum256(fmt.Append(nil, i))
		key := fmt.Sprintf("appliance:%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
		m := state.Machine{
			Name: fmt.Sprintf("CUST-SRV%04d", i), Word: backup.WordSuccess, Reason: backup.ReasonSuccess, Since: some(),
			Known: backup.Known{FirstSeen: base, LastEndResult: backup.Successful},
		}
		end := some()
		for range 8 {
			end = end.Add(24*time.Hour + time.Duration(r.IntN(7200))*time.Second)
			m.Known.Ends = append(m.Known.Ends, end)
		}
		m.Known.LastEnd, m.Known.LastGood = end, end
		id := fmt.Sprint(40000000 + r.IntN(9000000))
		if i%10 == 0 {
			m.Link = match.Link{State: match.Suggested, Reason: match.ReasonNoMAC, Suggestions: []match.Suggestion{{TargetID: id, TargetName: m.Name, Score: 0.97, Reasons: []string{match.HostSame.Words()}}}}
		} else {
			m.Link = match.Link{State: match.Matched, TargetID: id, TargetName: m.Name, Reason: match.ReasonMACAndHost, By: match.Auto, At: base}
			d.Publications[id] = state.Publication{
				Organization: "1234567", Asset: fmt.Sprint(50000000 + i), State: state.PublicationCreated, Attempts: 1, Shown: "Success", Published: some(),
				Now: base64.RawURLEncoding.EncodeToString(sum[:9]), Slow: base64.RawURLEncoding.EncodeToString(sum[9:18]),
			}
		}
		d.Machines[key] = m
	}
	return d
}

func TestDocumentationOfAnySizeChangesByOneConditionalWrite(t *testing.T) {
	t.Parallel()
	sizes := []int{3, 2000}
	if !testing.Short() {
		sizes = append(sizes, 20000)
	}
	for _, n := range sizes {
		t.Run(fmt.Sprint(n, " machines"), func(t *testing.T) {
			t.Parallel()
			tb := table(t)
			want := documentation(n)
			put := func(change func(*state.Documentation) error) {
				t.Helper()
				tb.Reset()
				if _, err := state.UpdateDocumentation(t.Context(), tb, "c", change); err != nil {
					t.Fatal(err)
				}
			}
			put(func(d *state.Documentation) error { *d = want; return nil })
			same := func() {
				t.Helper()
				one, err := state.LoadDocumentation(t.Context(), tb, "c")
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, one); diff != "" {
					t.Fatalf("read back:\n%s", diff)
				}
			}
			same()
			all, err := state.Documentations(t.Context(), tb)
			if err != nil || len(all) != 1 || len(all["c"].Machines) != n {
				t.Fatalf("%d records, %v", len(all), err)
			}
			var first string
			for key := range want.Machines {
				if first == "" || key < first {
					first = key
				}
			}
			m := want.Machines[first]
			m.Word = backup.WordFailed
			want.Machines[first] = m
			put(func(d *state.Documentation) error { d.Machines[first] = m; return nil })
			same()
			if n := tb.Writes("documentation"); n > 3 { // the part, the head, the old part
				t.Errorf("one machine changed with %d writes", n)
			}
			for key := range want.Machines {
				if key != first {
					delete(want.Machines, key)
				}
			}
			want.Publications = nil
			put(func(d *state.Documentation) error { *d = want; return nil })
			same()
			if left, err := tb.Query(t.Context(), state.Query{PK: "documentation#part"}); err != nil || len(left) > 0 {
				t.Errorf("%d parts are left over, %v", len(left), err)
			}
		})
	}
}

func TestWhoLosesOverALargeDocumentationLeavesTheWinnersWhole(t *testing.T) {
	if testing.Short() {
		t.Skip("the long part runs this")
	}
	t.Parallel()
	tb := table(t)
	if _, err := state.UpdateDocumentation(t.Context(), tb, "c", func(d *state.Documentation) error { *d = documentation(700); return nil }); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			if _, err := state.UpdateDocumentation(t.Context(), tb, "c", func(d *state.Documentation) error {
				d.Machines[fmt.Sprint("new:", i)] = state.Machine{Name: fmt.Sprint(i)}
				return nil
			}); err != nil {
				t.Error(err)
			}
			if _, err := state.LoadDocumentation(t.Context(), tb, "c"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	d, err := state.LoadDocumentation(t.Context(), tb, "c")
	if err != nil || len(d.Machines) != 706 {
		t.Errorf("%d machines, %v", len(d.Machines), err)
	}
}

func TestALargeDocumentationIsWholeWhicheverWriteFails(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("every write of a large record is left to the long run")
	}
	for n := 1; ; n++ {
		tb := table(t)
		if _, err := state.UpdateDocumentation(t.Context(), tb, "c", func(d *state.Documentation) error { *d = documentation(700); return nil }); err != nil {
			t.Fatal(err)
		}
		for _, fault := range []statetest.Fault{statetest.FailBefore, statetest.FailAfter} {
			tb.Inject(statetest.Nth(n, fault, statetest.Op.Write))
			before, err := state.LoadDocumentation(t.Context(), tb, "c")
			if err != nil {
				t.Fatal(err)
			}
			_, werr := state.UpdateDocumentation(t.Context(), tb, "c", func(d *state.Documentation) error {
				for key, m := range d.Machines {
					m.Name += "x"
					d.Machines[key] = m
				}
				return nil
			})
			tb.Inject(nil)
			after, err := state.LoadDocumentation(t.Context(), tb, "c")
			if err != nil || len(after.Machines) != len(before.Machines) {
				t.Fatalf("write %d: %d machines, %v", n, len(after.Machines), err)
			}
			changed := 0
			for key, m := range after.Machines {
				if m.Name != before.Machines[key].Name {
					changed++
				}
			}
			if changed != 0 && changed != len(after.Machines) {
				t.Fatalf("write %d: %d of %d machines changed", n, changed, len(after.Machines))
			}
			if werr == nil {
				return // all writes were made to fail once
			}
		}
	}
}

func TestPartsThatACrashLeftBehindGoWithTheNextReadOfAll(t *testing.T) {
	t.Parallel()
	tb := table(t)
	const parts = "documentation#part"
	count := func() int {
		items, err := tb.Query(t.Context(), state.Query{PK: parts})
		if err != nil {
			t.Fatal(err)
		}
		return len(items)
	}
	var whole int
	for _, customer := range []string{"c", "c#1"} {
		if _, err := state.UpdateDocumentation(t.Context(), tb, customer, func(d *state.Documentation) error { *d = documentation(700); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	whole = count()
	left := []string{"c#0#old", "c#1#old", "c#1#1#old"} // the last one is of c#1
	for _, key := range append(left, "c#2#underway") {
		if _, err := state.Save(t.Context(), tb, state.Key{PK: parts, SK: key}, state.Documentation{}, state.Any, time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	docs, err := state.Documentations(t.Context(), tb)
	if err != nil || len(docs["c"].Machines) != 700 || len(docs["c#1"].Machines) != 700 {
		t.Fatalf("%d and %d machines, %v", len(docs["c"].Machines), len(docs["c#1"].Machines), err)
	}
	if n := count(); n != whole+1 {
		t.Errorf("%d parts beside %d: only the one for a head still to come stays", n-whole, whole)
	}
}

func TestAFormerNameIsKeptWhileAPersonsDecisionStands(t *testing.T) {
	t.Parallel()
	var c state.Customer
	c.Rename("Acme")
	c.Rename("Acme Ltd")
	if len(c.FormerNames) > 0 {
		t.Errorf("nobody decided anything: %v", c.FormerNames)
	}
	c.Links.Organization = match.Link{State: match.Matched, TargetID: "1", By: "anna"}
	for i := range 12 {
		c.Rename(fmt.Sprint("Name ", i))
	}
	c.Rename("Name 10")
	if len(c.FormerNames) != 10 || c.FormerNames[0] != "Name 11" || c.Name != "Name 10" {
		t.Errorf("%q, formerly %q", c.Name, c.FormerNames)
	}
}
