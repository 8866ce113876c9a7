package model_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	psa "uniview-bridge/pkg/connectwise/sandbox"
	portal "uniview-bridge/pkg/uniview/sandbox"
	"uniview-bridge/pkg/vendorhttp/simulator"
)

// when says which functions a fault can strike.
type when int

const (
	always  when = iota
	reading      // the sync function only
	working      // the handling of a message only
)

// a fault goes wrong in one run of a function. It counts as one of its kind only
// when it struck.
type fault struct {
	name   string
	weight int
	when   when
	arm    func(w *world, p *process, luck *rand.Rand)
}

// somewhere draws the step to strike at.
func somewhere(p *process, luck *rand.Rand, of int) { p.at = 1 + luck.IntN(of) }

var anyCall = func(p *process, luck *rand.Rand) {
	of := 24
	if p.side {
		of = 90
	}
	somewhere(p, luck, of)
}

func toTable(c call) bool  { return c.to == "table" && c.write }
func toQueue(c call) bool  { return c.to == "queue" }
func toVendor(c call) bool { return c.to == "uniview" || c.to == "connectwise" }
func written(c call) bool  { return c.write && toVendor(c) }

var faults = []fault{
	{"killed before a step", 10, always, func(_ *world, p *process, luck *rand.Rand) {
		anyCall(p, luck)
		p.before = func(call) error { p.dead = true; return errDead }
	}},
	{"killed after a step", 10, always, func(_ *world, p *process, luck *rand.Rand) {
		anyCall(p, luck)
		p.after = func(call, error) error { p.dead = true; return errDead }
	}},
	{"killed before a write", 6, working, func(_ *world, p *process, luck *rand.Rand) {
		p.only = func(c call) bool { return c.write }
		somewhere(p, luck, 8)
		p.before = func(call) error { p.dead = true; return errDead }
	}},
	{"killed after a vendor's write", 8, working, func(_ *world, p *process, luck *rand.Rand) {
		p.only = written
		somewhere(p, luck, 2)
		p.after = func(call, error) error { p.dead = true; return errDead }
	}},
	{"the table fails", 4, always, func(_ *world, p *process, luck *rand.Rand) {
		p.only = func(c call) bool { return c.to == "table" }
		anyCall(p, luck)
		p.before = func(call) error { return errFault }
	}},
	{"the table's answer is lost", 5, always, func(_ *world, p *process, luck *rand.Rand) {
		p.only = toTable
		somewhere(p, luck, 8)
		p.after = func(call, error) error { return errFault }
	}},
	{"the queue fails", 3, reading, func(_ *world, p *process, _ *rand.Rand) {
		p.only, p.at = toQueue, 1
		p.before = func(call) error { return errFault }
	}},
	{"the queue's answer is lost", 4, reading, func(_ *world, p *process, _ *rand.Rand) {
		p.only, p.at = toQueue, 1
		p.after = func(call, error) error { return errFault }
	}},
	{"a vendor's write is lost on its way", 3, working, lose(simulator.ResetBefore)},
	{"a vendor's answer to a write is lost", 6, working, lose(simulator.ResetAfter)},
	{"a vendor's answer to a write is cut", 3, working, lose(simulator.Truncate)},
	{"a request is lost on its way", 3, always, vendor(simulator.Fault{Kind: simulator.ResetBefore})},
	{"an answer is lost", 3, always, vendor(simulator.Fault{Kind: simulator.ResetAfter})},
	{"an answer is cut", 3, always, vendor(simulator.Fault{Kind: simulator.Truncate})},
	{"503", 3, always, vendor(simulator.Fault{Kind: simulator.Status, Status: http.StatusServiceUnavailable})},
	{"a gateway's page", 2, always, vendor(simulator.Fault{Kind: simulator.Status, Status: http.StatusBadGateway, HTML: true})},
	{"throttled", 4, always, vendor(simulator.Fault{Kind: simulator.Status, Status: http.StatusTooManyRequests, RetryAfter: 30})},
	{"refused", 4, working, vendor(simulator.Fault{Kind: simulator.Status, Status: http.StatusBadRequest})},
	{"forbidden", 2, always, vendor(simulator.Fault{Kind: simulator.Status, Status: http.StatusForbidden})},
	{"a slow answer", 3, always, vendor(simulator.Fault{Kind: simulator.Latency, Delay: 100 * time.Second})},
	{"a wrong total", 3, reading, vendor(simulator.Fault{Kind: simulator.WrongTotal, Rows: 1})},
	{"a row goes away between pages", 5, reading, onPages(simulator.Fault{Kind: simulator.PageShift, Rows: 1})},
	{"a row goes away between pages unseen", 8, reading, onPages(simulator.Fault{Kind: simulator.PageShift, Rows: 1, Hidden: true})},
	{"a row comes between pages", 5, reading, onPages(simulator.Fault{Kind: simulator.PageShift, Rows: -1})},
	{"a list is empty by mistake", 4, reading, emptied},
	{"tokens end", 1, reading, vendor(simulator.Fault{Kind: portal.EndTokens, Times: 1})},
	{"credentials end", 2, always, revoke},
	{"held up beyond its lease", 4, working, func(_ *world, p *process, luck *rand.Rand) {
		p.only = func(c call) bool { return c.write || toVendor(c) }
		somewhere(p, luck, 8)
		d := minutes(luck, 6, 12, 40)
		p.before = func(call) error { time.Sleep(d); return nil }
	}},
	{"a second worker", 10, working, func(w *world, p *process, luck *rand.Rand) {
		p.only = func(c call) bool { return c.write || toVendor(c) }
		somewhere(p, luck, 10)
		second(w, p, luck, 0)
	}},
	{"a second worker while the first is held up", 6, working, func(w *world, p *process, luck *rand.Rand) {
		p.only = func(c call) bool { return c.write || toVendor(c) }
		somewhere(p, luck, 8)
		second(w, p, luck, minutes(luck, 6, 12))
	}},
	{"a whole sync while a worker is at work", 4, working, func(w *world, p *process, luck *rand.Rand) {
		p.only = func(c call) bool { return c.write || toVendor(c) }
		somewhere(p, luck, 8)
		p.before = func(call) error { w.sync(&process{}); w.deliver(plainly); return nil }
	}},
	{"the world moves while it is read", 4, reading, func(w *world, p *process, luck *rand.Rand) {
		p.only = toVendor
		somewhere(p, luck, 12)
		own := rand.New(rand.NewPCG(luck.Uint64(), 1))
		p.before = func(call) error {
			for _, happen := range []func(*world, *rand.Rand) string{raise, comeBack, backup("Successful"), repeat} {
				if own.IntN(2) == 0 {
					happen(w, own)
				}
			}
			return nil
		}
	}},
	{"a second sync while the first is held up", 3, reading, func(w *world, p *process, luck *rand.Rand) {
		p.only = toVendor
		somewhere(p, luck, 12)
		d := minutes(luck, 1, 17)
		p.before = func(call) error {
			time.Sleep(d) // an account's lease lasts 16 minutes
			outer := w.proc
			w.proc = nil
			w.sync(&process{})
			w.deliver(plainly)
			w.proc = outer
			return nil
		}
	}},
	{"the function's time is over", 3, always, func(_ *world, p *process, luck *rand.Rand) {
		p.limit = pick(luck, 21*time.Second, 47*time.Second, 4*time.Minute+2*time.Second)
	}},
	{"a message comes twice", 4, working, mail},
	{"a message comes late", 4, working, mail},
	{"an acknowledgement is lost", 4, working, mail},
	{"messages change places", 5, working, mail},
	{"new tickets are found late", 4, working, func(w *world, p *process, luck *rand.Rand) {
		w.cw.Edit(func(st *psa.State) { st.SearchDelay = minutes(luck, 2, 10, 25) })
		p.struck = true
	}},
	{"ConnectWise's list of tickets is down", 4, reading, func(w *world, _ *process, _ *rand.Rand) { w.listDown = true }},
	{"ConnectWise is down", 3, always, func(w *world, _ *process, _ *rand.Rand) { w.downs["connectwise"] = true }},
	{"UniView is down", 2, reading, func(w *world, _ *process, _ *rand.Rand) { w.downs["uniview"] = true }},
}

// mail marks the faults of a queue, which history.tick does itself.
func mail(*world, *process, *rand.Rand) {}

// lose has an answer of a write go wrong.
func lose(kind simulator.FaultKind) func(*world, *process, *rand.Rand) {
	return func(w *world, _ *process, luck *rand.Rand) {
		w.cw.Inject(psa.Fault{Kind: kind, Method: pick(luck, "POST", "POST", "PATCH"), Skip: luck.IntN(2) / pick(luck, 1, 2), Times: 1})
	}
}

// vendor has requests of one vendor go wrong, sometimes in spite of retries.
func vendor(f simulator.Fault) func(*world, *process, *rand.Rand) {
	return func(w *world, p *process, luck *rand.Rand) {
		f := f
		if f.Times == 0 {
			f.Times = pick(luck, 1, 2, 2, 5)
		}
		f.Skip = luck.IntN(7)
		if p.side && (f.Kind == portal.EndTokens || luck.IntN(2) == 0) {
			w.uv.Inject(f)
			return
		}
		f.Skip = luck.IntN(4)
		w.cw.Inject(psa.Fault{
			Kind: f.Kind, Skip: f.Skip, Times: f.Times, Latency: f.Delay, Status: f.Status, HTML: f.HTML, RetryAfter: f.RetryAfter,
			Message: fmt.Sprintf("fault %d", f.Status),
		})
	}
}

// onPages strikes UniView's lists of more than one page.
func onPages(f simulator.Fault) func(*world, *process, *rand.Rand) {
	return func(w *world, _ *process, luck *rand.Rand) {
		f := f
		f.Op, f.Skip, f.Times = pick(luck, "GET /v1/backupiq/alerts", "GET /v1/assets", "GET /v1/assets"), luck.IntN(2), 1
		w.uv.Inject(f)
		if f.Hidden && f.Op == "GET /v1/backupiq/alerts" {
			w.muddle()
		}
	}
}

// muddle notes that the list of alerts may be taken for another than it is.
func (w *world) muddle() { w.muddled, w.truth.muddled = true, time.Now() }

// emptied has a list be empty that is not. The protocol believes a second one like
// it, so there is none before a clean read came between.
func emptied(w *world, _ *process, luck *rand.Rand) {
	switch luck.IntN(4) {
	case 0:
		w.cw.Inject(psa.Fault{Kind: simulator.EmptyList, Op: pick(luck, "list tickets", "list companies"), Times: 1})
	case 1:
		w.uv.Inject(portal.Fault{Kind: simulator.EmptyList, Op: "GET /v1/assets", Times: 1})
	default:
		w.uv.Inject(portal.Fault{Kind: simulator.EmptyList, Op: "GET /v1/backupiq/alerts", Skip: luck.IntN(2), Times: 4})
		w.muddle()
	}
}

func revoke(w *world, p *process, luck *rand.Rand) {
	if p.side && luck.IntN(2) == 0 {
		w.uv.Inject(portal.Fault{Kind: simulator.Revoke, Skip: luck.IntN(5), Times: 1})
		w.uv.Inject(portal.Fault{Kind: portal.EndTokens, Skip: 0, Times: 1})
		return
	}
	w.cw.Inject(psa.Fault{Kind: simulator.Revoke, Skip: luck.IntN(5), Times: 1})
}

// second has another worker handle the same customers at a step of the first.
func second(w *world, p *process, luck *rand.Rand, late time.Duration) {
	rounds := 1 + luck.IntN(2)
	p.before = func(call) error {
		time.Sleep(late)
		for range rounds {
			for _, c := range w.customers {
				_ = w.handle(&process{}, w.work(c)) // its errors are told
			}
			time.Sleep(late / 4)
		}
		return nil
	}
}

// arm draws a fault that fits and prepares it; what it returns says whether it
// struck, and clears it.
func (w *world) arm(p *process, f fault, luck *rand.Rand) (done func()) {
	w.uv.ResetRequests()
	w.cw.ResetRequests()
	if f.arm != nil {
		f.arm(w, p, luck)
	}
	return func() {
		struck := p.struck
		for _, l := range append(w.uv.Requests(), w.cw.Requests()...) {
			struck = struck || l.Fault != ""
		}
		w.uv.ClearFaults()
		w.cw.ClearFaults()
		if struck {
			w.cover("fault", f.name)
		}
		p.struck = struck
	}
}
