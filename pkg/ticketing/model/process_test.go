package model_test

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing/synctest"
	"time"

	"uniview-bridge/pkg/state"
)

// errDead is what everything says to a process that was killed.
var errDead = errors.New("this process is dead")

// errFault is a fault of a call of one that lives.
var errFault = errors.New("injected fault")

// call is one step of the bridge: a call to the table, a queue or a vendor.
type call struct {
	to    string // "table", "queue", the vendor's name, or login
	write bool
	name  string
}

// login is a request for a token. All who need one wait for it, so nothing may happen
// in it but what the vendor does.
const login = "login"

// process is one run of a function: a sync, or the handling of one message. At
// one of its steps something may happen to it.
type process struct {
	steps  int
	at     int                     // the step at which it strikes; 0: never
	only   func(call) bool         // counts these steps only; nil: all
	before func(call) error        // instead of the call
	after  func(call, error) error // when the call is done
	struck bool
	dead   bool
	side   bool          // syncs run things side by side; see gate
	limit  time.Duration // the function's time; 0: without end
}

// step does one call of the process at work.
func (w *world) step(c call, do func() error) error {
	p := w.proc
	if p == nil { // the model's own hands
		return do()
	}
	if p.dead {
		return errDead
	}
	if c.to != login && (p.only == nil || p.only(c)) {
		p.steps++
		if p.at == p.steps {
			p.struck = true
			if p.before != nil {
				if err := p.before(c); err != nil {
					return err
				}
			}
			err := do()
			if p.after != nil {
				return p.after(c, err)
			}
			return err
		}
	}
	return do()
}

// turns has two workers go on in turns that a test gives them; see inTurns.
type turns struct {
	wait func() // before every step
}

type turnsKey struct{}

func await(ctx context.Context) {
	if t, ok := ctx.Value(turnsKey{}).(turns); ok {
		t.wait()
	}
}

// hooked is the bridge's table: every call of it is a step.
type hooked struct{ w *world }

func (h hooked) do(ctx context.Context, name string, write bool, key state.Key, do func() error) error {
	await(ctx)
	if p := h.w.proc; p != nil && p.side && (key.PK == "customer" || key.PK == "index" || strings.HasPrefix(key.PK, "slice#")) {
		h.w.gate.pass(name + " " + key.PK + "/" + key.SK)
	}
	return h.w.step(call{"table", write, name + " " + key.PK}, do)
}

func (h hooked) Get(ctx context.Context, key state.Key) (item state.Item, err error) {
	err = h.do(ctx, "get", false, key, func() error { item, err = h.w.table.Get(ctx, key); return err })
	return item, err
}

func (h hooked) GetMany(ctx context.Context, keys []state.Key) (items map[state.Key]state.Item, err error) {
	err = h.do(ctx, "get many", false, state.Key{}, func() error { items, err = h.w.table.GetMany(ctx, keys); return err })
	return items, err
}

func (h hooked) Put(ctx context.Context, item state.Item) (stored state.Item, err error) {
	err = h.do(ctx, "put", true, item.Key, func() error {
		stored, err = h.w.table.Put(ctx, item)
		if err == nil {
			h.w.wrote(item)
		}
		return err
	})
	return stored, err
}

func (h hooked) Delete(ctx context.Context, key state.Key, version int64) error {
	return h.do(ctx, "delete", true, key, func() error { return h.w.table.Delete(ctx, key, version) })
}

func (h hooked) Query(ctx context.Context, q state.Query) (items []state.Item, err error) {
	err = h.do(ctx, "query", false, state.Key{PK: q.PK}, func() error { items, err = h.w.table.Query(ctx, q); return err })
	return items, err
}

// wire is the way to a vendor: it takes its time, and every request is a step.
type wire struct {
	w    *world
	name string
	next http.RoundTripper
}

const travel = 200 * time.Millisecond

func (v wire) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	if err := pause(r.Context(), travel); err != nil {
		return nil, err
	}
	await(r.Context())
	if v.w.proc != nil && (v.w.downs[v.name] || v.name == "connectwise" && v.w.listDown && strings.Contains(r.URL.RawQuery, "like")) {
		v.w.proc.struck = true
		return nil, errFault
	}
	c := call{v.name, r.Method != http.MethodGet, r.Method + " " + r.URL.Path}
	if strings.HasSuffix(r.URL.Path, "/token") {
		c.to, c.write = login, false
	}
	err = v.w.step(c, func() error {
		if cerr := r.Context().Err(); cerr != nil { // it was held up too long
			return cerr
		}
		if v.name == "connectwise" && v.w.proc != nil && r.Method != http.MethodGet {
			v.w.truth.vendor++
		}
		resp, err = v.next.RoundTrip(r)
		return err
	})
	if err != nil {
		return nil, err
	}
	return resp, nil
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// gate lets what runs side by side go on one at a time and in one order, so that a
// seed always gives the same history.
type gate struct{ in chan waiting }

type waiting struct {
	name string
	open chan struct{}
}

// newGate must be called, and closed, inside the bubble.
func newGate() *gate {
	g := &gate{in: make(chan waiting, 256)}
	go func() {
		for first := range g.in {
			for queue := []waiting{first}; len(queue) > 0; {
				synctest.Wait() // until all who come have come
				for more := true; more; {
					select {
					case next, ok := <-g.in:
						if more = ok; ok {
							queue = append(queue, next)
						}
					default:
						more = false
					}
				}
				slices.SortStableFunc(queue, func(a, b waiting) int { return cmp.Compare(a.name, b.name) })
				close(queue[0].open)
				queue = queue[1:]
			}
		}
	}()
	return g
}

func (g *gate) pass(name string) {
	open := make(chan struct{})
	g.in <- waiting{name, open}
	<-open
}

func (g *gate) close() { close(g.in) }
