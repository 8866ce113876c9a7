package ticketing

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/connectwise"
	"uniview-bridge/pkg/connectwise/sandbox"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/vendorhttp"
)

// ConnectWise is away for two days while 2,000 alerts are raised, of which half
// clear. On its return there is a ticket for exactly the rest, and no minute sees
// more requests than 80 % of the documented thousand (connectwise.md §5).
func TestAfterTwoDaysAwayThereAreTicketsForExactlyTheRest(t *testing.T) {
	if testing.Short() {
		t.Skip("2,000 alerts are part of the long run")
	}
	t.Parallel()
	const customers, machines = 40, 50
	w := newWorld(t)
	perMinute := map[int64]int{}
	var most int
	count := func(r *http.Request, sent bool) error {
		if !sent {
			minute := w.time().Unix() / 60
			perMinute[minute]++
			most = max(most, perMinute[minute])
		}
		return nil
	}
	limited, err := connectwise.New(connectwise.Config{
		InstanceURL: "https://api-na.myconnectwise.net", CompanyID: sandbox.Defaults.CompanyID, PublicKey: sandbox.Defaults.PublicKey,
		PrivateKey: sandbox.Defaults.PrivateKey, ClientID: sandbox.Defaults.ClientID, HTTP: &http.Client{Transport: hooked{w, w.cw.Transport()}},
		Now: w.time, Retries: 1, Limit: vendorhttp.NewLimiter(vendorhttp.LimiterOptions{
			PerWindow: 1000, Window: time.Minute, Burst: 20, Now: w.time,
			Sleep: func(_ context.Context, d time.Duration) error { w.pass(d); return nil },
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.settings.Storm = alert.Storm{}
	w.sync() // keeps the settings
	w.client, w.request = limited, count
	all := make([]*world, customers)
	for i := range all {
		all[i] = w.neighbour(fmt.Sprintf("cust-%02d", i), machines)
	}
	for poll := range 12 { // every four hours
		for _, c := range all {
			c.stopped = true
			for m := range machines {
				if m%12 == poll || m%12+12 == poll {
					c.raise(fmt.Sprintf("VM%02d", m))
				}
			}
			c.turnWith(nil)
		}
		w.pass(4 * time.Hour)
	}
	desks, err := state.Desks(context.Background(), w.table)
	if err != nil {
		t.Fatal(err)
	}
	waiting := Waiting(desks, func(string) bool { return true })
	if waiting.Alerts != customers*machines || !waiting.Oldest.Equal(start) || !waiting.Since.Equal(start) || waiting.Reason == "" {
		t.Errorf("waiting in the outage: %+v", waiting)
	}
	if n := w.writes(); n != 0 {
		t.Fatalf("%d writes to a stopped connection", n)
	}
	for _, c := range all {
		c.stopped = false
		for i := range c.alerts {
			c.alerts[i].Dismissed = i%2 == 0
		}
		c.turnWith(nil)
	}
	open := map[string]int{}
	for _, ticket := range w.tickets() {
		r, _ := alert.ParseReference(ticket.ExternalXRef)
		open[r.Group]++
	}
	wanted := 0
	for _, c := range all {
		for i, a := range c.alerts {
			machine, _ := alert.Attribute(a, c.assets)
			group := alert.GroupHash(c.customer + "/machine/" + machine)
			if i%2 == 1 {
				wanted++
				if open[group] != 1 {
					t.Errorf("%d tickets for %s of %s", open[group], machine, c.customer)
				}
			}
		}
	}
	if len(w.tickets()) != wanted || wanted != customers*machines/2 {
		t.Errorf("%d tickets, want %d", len(w.tickets()), wanted)
	}
	if most > 800 {
		t.Errorf("%d requests in one minute", most)
	}
	t.Logf("%d tickets, at most %d requests in a minute, caught up in %v", wanted, most, w.time().Sub(start)-48*time.Hour)
	if desks, err = state.Desks(context.Background(), w.table); err != nil {
		t.Fatal(err)
	}
	if waiting := Waiting(desks, func(string) bool { return true }); waiting.Groups != 0 {
		t.Errorf("still waiting: %+v", waiting)
	}
}

// A gate lets several workers take their steps in an order that is given: one
// step is one write to the table or one request.
type gate struct {
	mu    sync.Mutex
	turn  *sync.Cond
	order func() int
	next  int
	done  map[int]bool
}

func newGate(workers int, order func() int) *gate {
	g := &gate{order: order, done: map[int]bool{}}
	g.turn = sync.NewCond(&g.mu)
	g.next = order() % workers
	return g
}

// step waits until it is the worker's turn, and hands the turn on.
func (g *gate) step(worker int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.next != worker && !g.done[1-worker] {
		g.turn.Wait()
	}
	g.next = g.order() % 2
	g.turn.Broadcast()
}

func (g *gate) leave(worker int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.done[worker] = true
	g.turn.Broadcast()
}

type gatedTable struct {
	*memory

	gate   *gate
	worker int
}

func (t gatedTable) Put(ctx context.Context, item state.Item) (state.Item, error) {
	t.gate.step(t.worker)
	return t.memory.Put(ctx, item)
}

type gatedTransport struct {
	next   http.RoundTripper
	gate   *gate
	worker int
}

func (t gatedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	t.gate.step(t.worker)
	return t.next.RoundTrip(r)
}

// race lets two workers handle the same customer with the given order of steps.
func race(t *testing.T, name string, order func() int) {
	t.Helper()
	w := newWorld(t)
	w.raise("SRV1")
	w.sync()
	g := newGate(2, order)
	var wg sync.WaitGroup
	for worker := range 2 {
		client, err := connectwise.New(connectwise.Config{
			InstanceURL: "https://api-na.myconnectwise.net", CompanyID: sandbox.Defaults.CompanyID, PublicKey: sandbox.Defaults.PublicKey,
			PrivateKey: sandbox.Defaults.PrivateKey, ClientID: sandbox.Defaults.ClientID, Now: w.time, Retries: 1, Limit: freeLimiter(),
			HTTP: &http.Client{Transport: gatedTransport{w.cw.Transport(), g, worker}},
		})
		if err != nil {
			t.Fatal(err)
		}
		s := w.newService()
		s.Table = gatedTable{w.table, g, worker}
		s.Open = func(context.Context) (state.Session[ConnectWise], error) {
			return state.Session[ConnectWise]{Client: client, Fail: func(_ context.Context, err error) error { return err }}, nil
		}
		work := w.message()
		wg.Go(func() {
			defer g.leave(worker)
			if err := s.Handle(context.Background(), work); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	wg.Wait()
	w.calm(1)
	w.check()
	if all := w.tickets(); len(all) != 1 {
		t.Fatalf("%s: %d tickets\n%s", name, len(all), w.describe())
	}
}

// Two workers on one group key: twenty chosen ways of taking turns, then random
// ones. There is one ticket.
func TestTwoWorkersRaceForOneTicket(t *testing.T) {
	t.Parallel()
	named := 0
	try := func(name string, order func() int) {
		named++
		race(t, name, order)
	}
	// The first runs k steps ahead, then they take turns; and the other way round.
	for k := range 8 {
		for _, first := range []int{0, 1} {
			if testing.Short() && k > 2 {
				continue
			}
			steps := 0
			try(fmt.Sprintf("worker %d is %d steps ahead", first, k), func() int {
				steps++
				if steps <= k+1 {
					return first
				}
				return (first + steps - k) % 2
			})
		}
	}
	// Turns of one, two, three and five steps.
	for _, n := range []int{1, 2, 3, 5} {
		steps := 0
		try(fmt.Sprintf("turns of %d steps", n), func() int { steps++; return steps / n % 2 })
	}
	if named < 20 && !testing.Short() {
		t.Errorf("only %d ways", named)
	}
	random := 60
	if testing.Short() {
		random = 5
	}
	for seed := range random {
		r := rand.New(rand.NewPCG(uint64(seed), 1))
		race(t, fmt.Sprintf("seed %d", seed), func() int { return r.IntN(2) })
	}
}
