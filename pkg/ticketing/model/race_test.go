package model_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/state"
	portal "uniview-bridge/pkg/uniview/sandbox"
)

// enumerated is how many ways of interleaving are gone through in order: the first
// worker takes so many steps, then the second takes all of its own.
const enumerated = 20

// TestTwoWorkersOnOneGroupMakeOneTicket races two workers that handle the same
// customer: every step of either, a call to the table or to ConnectWise, waits for
// its turn.
func TestTwoWorkersOnOneGroupMakeOneTicket(t *testing.T) {
	if testing.Short() {
		t.Skip("the long part runs this")
	}
	t.Parallel()
	stops := map[int]bool{}
	for k := range enumerated {
		// The first stands still after k steps until the second is done.
		steps := inTurns(t, fmt.Sprintf("the second after %d steps", k), func(n int) int {
			if n < k {
				return 0
			}
			return 1
		})
		stops[min(k, steps)] = true
	}
	if len(stops) < 15 {
		t.Errorf("only %d different stops: a worker has fewer steps than there are ways to try", len(stops))
	}
	times := 2000
	if testing.Short() {
		times = 60
	}
	for seed := range uint64(times) {
		luck := rand.New(rand.NewPCG(seed, 7))
		stay := 1 + luck.IntN(6)
		at := 0
		inTurns(t, fmt.Sprintf("random turns %d", seed), func(int) int {
			if luck.IntN(stay) == 0 {
				at = 1 - at
			}
			return at
		})
		if t.Failed() {
			return
		}
	}
}

// inTurns lets two workers handle one customer; next says whose step the nth is. It
// returns how many steps the first took.
func inTurns(t *testing.T, name string, next func(n int) int) (steps int) {
	t.Helper()
	broken := ""
	synctest.Test(t, func(*testing.T) {
		w := newWorld(rand.New(rand.NewPCG(4, 4)))
		defer w.gate.close()
		w.uv.Edit(func(st *portal.State) {
			a := troubles[0]
			a.Message, a.AssetKey = fmt.Sprintf(a.Message, st.Assets[0].Name), st.Assets[0].Key
			w.add(st, a)
		})
		w.must(state.SaveTicketDefaults(context.Background(), w.table, w.settings))
		time.Sleep(time.Second)
		w.sync(&process{})
		w.queue = nil
		done := [2]bool{}
		turn := [2]chan struct{}{make(chan struct{}), make(chan struct{})}
		waits := [2]bool{}
		for i := range 2 {
			ctx := context.WithValue(context.Background(), turnsKey{}, turns{func() {
				waits[i] = true
				<-turn[i]
			}})
			go func() {
				err := w.tickets.Handle(ctx, state.Work{Version: state.MessageVersion, Run: "nobody's", Customer: w.customers[0]})
				w.must(err)
				done[i] = true
			}()
		}
		taken := [2]int{}
		for n := 0; !done[0] || !done[1]; {
			synctest.Wait()
			i := next(n)
			if done[i] {
				i = 1 - i
			}
			switch {
			case done[0] && done[1]:
			case waits[i]:
				waits[i] = false
				taken[i]++
				n++
				turn[i] <- struct{}{}
			default:
				time.Sleep(travel) // it is on its way to a vendor
			}
		}
		steps = taken[0]
		open := func() {
			if all := w.ours(); len(all) != 1 || w.isClosed(all[0]) {
				w.fail("%d tickets", len(all))
			}
		}
		open()
		w.calm()
		open()
		if g := w.desk(w.customers[0]).Groups; len(g) != 1 || firstOf(g).State != alert.GroupOpen {
			w.fail("groups %+v", g)
		}
		broken = w.broken
	})
	if broken != "" {
		t.Errorf("%s: %s", name, broken)
	}
	return steps
}

func firstOf(groups map[string]alert.Group) alert.Group { return groups[sortedKeys(groups)[0]] }
