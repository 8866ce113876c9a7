// Package model holds account and ticketing together to the invariants of design
// §2: random histories of an MSP over the strict sandboxes, in process and in a time
// of their own, with trouble between any two steps of the bridge.
package model_test

import (
	"flag"
	"fmt"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

var (
	many   = flag.Int("histories", 10_000, "how many histories TestHistories lives; from 10,000 on everything must come up often enough")
	first  = flag.Uint64("seed", 0, "live this history only (0: from 1 on)")
	whole  = flag.Bool("whole", false, "do not look for the shortest history that fails")
	all    = flag.Bool("all", false, "go on after a history that fails")
	broken = flag.Bool("broken", false, "build the broken bridges, and see that the model catches each")
	keep   = flag.String("keep", "", "with -seed: only these steps of it, as a failure prints them")
)

// fewHistories are lived in the short part.
const fewHistories = 20

// enough is how often every row and every kind of fault must have come up in all of
// the histories.
const enough = 100

// TestHistories lives random histories. A failure prints the shortest one that it
// could find; it is lived again, with all that happened in it, by
//
//	go test ./pkg/ticketing/model -run TestHistories -seed N -keep …
func TestHistories(t *testing.T) {
	t.Parallel()
	if *first > 0 {
		replay(t)
		return
	}
	n := *many
	if testing.Short() {
		n = fewHistories
	}
	debug.SetGCPercent(400) // most of what is made is soon forgotten
	sum := map[string]map[string]int{}
	var mu sync.Mutex
	var next atomic.Uint64
	t.Run("lived", func(t *testing.T) {
		for range runtime.GOMAXPROCS(0) {
			t.Run("", func(t *testing.T) {
				t.Parallel()
				own := map[string]map[string]int{}
				for seed := next.Add(1); seed <= uint64(n); seed = next.Add(1) {
					h := history{seed: seed}
					o := h.run(t)
					merged(own, o.coverage)
					switch {
					case o.broken == "":
					case *all:
						t.Errorf("history %d: %s", seed, o.broken)
					default:
						next.Store(uint64(n)) // one is enough
						found := o.broken
						if !*whole {
							h, o = h.shorten(t, o)
						}
						t.Errorf("history %d: %s\nshortest: %s: %s\n%s\n%s", seed, found, h, o.broken, strings.Join(o.trace, "\n"), o.world)
					}
				}
				mu.Lock()
				defer mu.Unlock()
				merged(sum, own)
			})
		}
	})
	if t.Failed() && !*all {
		return // not all of them were lived
	}
	covered(t, sum, n)
}

func replay(t *testing.T) {
	h := history{seed: *first}
	for s := range strings.SplitSeq(*keep, ",") {
		if i, err := strconv.Atoi(s); err == nil {
			h.keep = append(h.keep, i)
		}
	}
	o := h.run(t)
	if o.broken != "" && h.keep == nil && !*whole {
		h, o = h.shorten(t, o)
	}
	t.Logf("%s\n%s", h, strings.Join(o.trace, "\n"))
	if o.broken != "" {
		t.Errorf("%s\n%s", o.broken, o.world)
	}
}

func merged(sum, one map[string]map[string]int) {
	for kind, names := range one {
		if sum[kind] == nil {
			sum[kind] = map[string]int{}
		}
		for name, n := range names {
			sum[kind][name] += n
		}
	}
}

// covered prints what came up how often, and wants enough of it in the full size.
func covered(t *testing.T, sum map[string]map[string]int, n int) {
	t.Helper()
	want := map[string][]string{}
	for _, r := range rows {
		want["row"] = append(want["row"], r.String())
	}
	for _, f := range faults {
		want["fault"] = append(want["fault"], f.name)
	}
	for _, e := range events {
		want["event"] = append(want["event"], e.name)
	}
	for _, kind := range []string{"row", "fault", "event"} {
		var b strings.Builder
		rarest := want[kind][0]
		for _, name := range want[kind] {
			fmt.Fprintf(&b, "%8d  %s\n", sum[kind][name], name)
			if sum[kind][name] < sum[kind][rarest] {
				rarest = name
			}
			if n >= 10_000 && sum[kind][name] < enough {
				t.Errorf("%s %q came up %d times in %d histories, want %d", kind, name, sum[kind][name], n, enough)
			}
		}
		t.Logf("%ss in %d histories:\n%s", kind, n, b.String())
		t.Logf("covered: %d histories, %d kinds of %ss, the rarest %d times: %s", n, len(want[kind]), kind, sum[kind][rarest], strings.Join(strings.Fields(rarest), " "))
	}
}

// TestASeedIsAHistory wants two lives of one seed to be the same, step by step.
func TestASeedIsAHistory(t *testing.T) {
	if testing.Short() {
		t.Skip("the long part runs this")
	}
	t.Parallel()
	for seed := uint64(1); seed <= 5; seed++ {
		one, two := history{seed: seed}.run(t), history{seed: seed}.run(t)
		if a, b := strings.Join(one.trace, "\n"), strings.Join(two.trace, "\n"); a != b {
			t.Errorf("seed %d went\n%s\nand then\n%s", seed, a, b)
		}
	}
}
