package model_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"uniview-bridge/pkg/account"
	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/connectwise"
	psa "uniview-bridge/pkg/connectwise/sandbox"
	"uniview-bridge/pkg/itglue"
	"uniview-bridge/pkg/plan"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/ticketing"
	"uniview-bridge/pkg/uniview"
	portal "uniview-bridge/pkg/uniview/sandbox"
	"uniview-bridge/pkg/vendorhttp"
)

const installation = "model"

// letter is a message on a queue.
type letter struct {
	queue   string
	body    []byte
	dedup   string
	visible time.Time
}

// world is an MSP with its vendors and the bridge over them. Its time is that of
// the bubble it lives in.
type world struct {
	table *memory
	uv    *portal.Server
	cw    *psa.Server
	gate  *gate
	queue []letter
	sent  map[string]time.Time // deduplication ids
	proc  *process

	account  *account.Service
	tickets  *ticketing.Service
	stopped  map[string]bool // connections whose credentials were refused
	downs    map[string]bool // vendors that do not answer
	listDown bool            // ConnectWise does not answer the list of our tickets
	runs     int
	later    []portal.Alert // to be raised when the portal is free
	muddled  bool           // a list was empty that should not be, and no clean read came since

	customers []string       // ids, of two customers
	own       map[string]int // their companies
	fallback  int
	boards    [2]int
	settings  alert.Settings
	truth     truth
	coverage  map[string]map[string]int
	trace     []string
	broken    string // what is wrong, once something is
}

func (w *world) fail(format string, args ...any) {
	if w.broken == "" {
		w.broken = fmt.Sprintf(format, args...)
	}
}

func (w *world) note(format string, args ...any) {
	w.trace = append(w.trace, time.Now().UTC().Format("02 15:04:05 ")+fmt.Sprintf(format, args...))
}

func (w *world) cover(kind, name string) {
	if w.coverage[kind] == nil {
		w.coverage[kind] = map[string]int{}
	}
	w.coverage[kind][name]++
}

// newWorld builds a world. Luck decides what is set and what is known of the
// vendors in one of several ways.
func newWorld(luck *rand.Rand) *world {
	w := &world{
		table: newMemory(time.Now), gate: newGate(), sent: map[string]time.Time{}, stopped: map[string]bool{}, downs: map[string]bool{},
		own: map[string]int{}, coverage: map[string]map[string]int{},
	}
	o := portal.Options{Seed: "model"}
	if luck.IntN(4) == 0 {
		o.MaxPageSize = 2
	}
	o.RichAlerts = luck.IntN(6) == 0
	w.uv, w.cw = portal.New(o), psa.New(psa.Options{Unlimited: true})
	w.truth = newTruth()
	w.uv.Edit(func(st *portal.State) {
		st.DismissedFor = []time.Duration{0, -1, time.Hour}[luck.IntN(3)]
		for i, name := range []string{"Ada Ltd", "Bolt GmbH"} {
			c := st.AddCustomer(name)
			w.customers = append(w.customers, c.ID)
			a := st.AddAppliance(portal.Appliance{CustomerID: c.ID, Name: fmt.Sprintf("BOX%d", i+1), TotalMBSize: 1000, TotalMBFree: 500})
			for n := range 3 - i {
				st.AddAsset(portal.Asset{AssetTag: a.AssetTag, Name: fmt.Sprintf("SRV%d%d", i+1, n+1)})
			}
		}
	})
	w.cw.Edit(func(st *psa.State) {
		st.AddStandardSetup()
		w.own[w.customers[0]], w.own[w.customers[1]] = st.AddCompany("Ada Ltd"), st.AddCompany("Bolt GmbH")
		w.fallback = st.AddCompany("Everybody else")
		st.AddCompany("Ada Limited")
		w.boards = [2]int{st.DefaultBoardID, st.DefaultBoardID + 1}
	})
	w.settings = alert.Defaults()
	w.settings.CompanyID, w.settings.BoardID = w.fallback, w.boards[0]
	w.settings.Priorities = map[alert.Severity]int{alert.SeverityWarning: 3, alert.SeverityAlarm: 1}
	w.settings.Storm = alert.Storm{}
	w.restart()
	w.must(state.SaveModes(context.Background(), w.table, state.Modes{Documentation: state.Preview, Ticketing: state.Live}))
	return w
}

// must fails the history for an error of the model's own hands.
func (w *world) must(err error) {
	if err != nil {
		w.fail("the model itself: %v", err)
	}
}

// restart begins new processes, with nothing in their memory.
func (w *world) restart() {
	quiet := slog.New(slog.DiscardHandler)
	half := func() float64 { return 0.5 }
	limit := func() *vendorhttp.Limiter {
		return vendorhttp.NewLimiter(vendorhttp.LimiterOptions{PerWindow: 20_000, Window: time.Minute, Burst: 2000})
	}
	cw, err := connectwise.New(connectwise.Config{
		InstanceURL: "https://psa.example", CompanyID: psa.Defaults.CompanyID, PublicKey: psa.Defaults.PublicKey,
		PrivateKey: psa.Defaults.PrivateKey, ClientID: psa.Defaults.ClientID, Retries: 1, Rand: half, Limit: limit(),
		HTTP: &http.Client{Transport: wire{w, "connectwise", w.cw.Transport()}},
	})
	w.must(err)
	uv, err := uniview.New(uniview.Config{
		APIURL: "https://portal.example", TokenURL: "https://portal.example/connect/token", ClientID: "sandbox", ClientSecret: "sandbox-secret",
		HTTP: vendorhttp.Options{Retries: 1, Rand: half, Limit: limit(), HTTP: &http.Client{Transport: wire{w, "uniview", w.uv.Transport()}}},
	})
	w.must(err)
	w.account = &account.Service{
		Table: hooked{w}, Sender: sender{w}, Health: health{}, Now: time.Now, Log: quiet, Installation: installation, Brake: plan.DefaultBrake,
		Random:  func() string { w.runs++; return fmt.Sprintf("%06d", w.runs) },
		UniView: opener(w, "uniview", uv), ConnectWise: opener(w, "connectwise", cw),
		ITGlue: func(context.Context) (state.Session[*itglue.Client], error) {
			return state.Session[*itglue.Client]{}, fmt.Errorf("itglue is not configured: %w", state.ErrStopped)
		},
	}
	w.tickets = &ticketing.Service{
		Table: hooked{w}, Now: time.Now, Log: quiet, Installation: installation, Open: ticketing.Opener(w.account.ConnectWise),
	}
}

// opener opens a connection; credentials that are refused stop it, as the keeper does.
func opener[C any](w *world, kind string, client C) state.Opener[C] {
	return func(context.Context) (state.Session[C], error) {
		if w.stopped[kind] {
			return state.Session[C]{}, fmt.Errorf("%s: the credentials were refused: %w", kind, state.ErrStopped)
		}
		return state.Session[C]{Client: client, Fail: func(_ context.Context, err error) error {
			if !vendorhttp.IsAuth(err) {
				return err
			}
			w.stopped[kind] = true
			return fmt.Errorf("%s: the credentials are refused: %w", kind, state.ErrStopped)
		}}, nil
	}
}

type health struct{}

func (health) Healthy(context.Context, state.Vendor) error       { return nil }
func (health) Ailing(context.Context, state.Vendor, error) error { return nil }

// sender is the queues' way in.
type sender struct{ w *world }

func (s sender) Send(_ context.Context, queue string, messages ...state.Outgoing) error {
	return s.w.step(call{"queue", true, queue}, func() error {
		for _, m := range messages {
			s.w.push(queue, m)
		}
		return nil
	})
}

func (w *world) push(queue string, m state.Outgoing) {
	now := time.Now()
	if m.DedupID != "" {
		if at, ok := w.sent[m.DedupID]; ok && now.Sub(at) < 5*time.Minute {
			return
		}
		w.sent[m.DedupID] = now
	}
	w.queue = append(w.queue, letter{queue, m.Body, m.DedupID, now.Add(m.Delay)})
}

// during runs one function as a process. A dead one is replaced.
func (w *world) during(p *process, do func(ctx context.Context) error) error {
	outer, ctx := w.proc, context.Background()
	if p.limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, p.limit)
		defer cancel()
		p.struck = true
	}
	w.proc = p
	err := do(ctx)
	w.proc = outer
	if p.dead {
		w.restart()
		return errDead
	}
	return err
}

// sync is one run of the sync function, by its schedule.
func (w *world) sync(p *process) {
	p.side = true
	w.truth.reads++
	err := w.during(p, func(ctx context.Context) error { return w.account.Schedule(ctx, state.ScopeAlerts) })
	w.truth.reads++
	w.tell(p, "sync", err)
}

func (w *world) tell(p *process, what string, err error) {
	if err != nil && !errors.Is(err, errDead) && !errors.Is(err, errFault) && !p.struck {
		w.fail("%s failed without cause: %v", what, err)
	}
}

// handle gives one message to its function.
func (w *world) handle(p *process, l letter) error {
	err := w.during(p, func(ctx context.Context) error {
		if l.queue == state.RunsQueue {
			p.side = true
			m, err := state.ParseRunMessage(l.body)
			w.must(err)
			w.truth.reads++
			return w.account.Continue(ctx, m)
		}
		m, err := state.ParseWork(l.body)
		w.must(err)
		return w.tickets.Handle(ctx, m)
	})
	w.tell(p, "handling a message of "+l.queue, err)
	return err
}

// deliver hands out every message that is visible. plan gives each a process.
func (w *world) deliver(next func(letter) *process) {
	for range 40 {
		i := slices.IndexFunc(w.queue, func(l letter) bool { return !l.visible.After(time.Now()) })
		if i < 0 {
			return
		}
		l := w.queue[i]
		w.queue = slices.Delete(w.queue, i, i+1)
		if err := w.handle(next(l), l); err != nil {
			l.visible = time.Now().Add(2 * time.Minute) // it comes again
			w.queue = append(w.queue, l)
		}
	}
}

func plainly(letter) *process { return &process{} }

// work is a message for a customer beside any run.
func (w *world) work(customer string) letter {
	body, err := json.Marshal(state.Work{Version: state.MessageVersion, Run: "nobody's", Customer: customer})
	w.must(err)
	return letter{queue: state.AlertsQueue, body: body}
}

// desk reads a customer's desk as it is stored.
func (w *world) desk(customer string) state.Desk {
	d, _, err := state.LoadOr(context.Background(), w.table, state.DeskKey(customer), state.Desk{})
	w.must(err)
	return d
}

// ours are our tickets in ConnectWise, copied.
func (w *world) ours() []psa.Ticket {
	var out []psa.Ticket
	w.cw.View(func(st *psa.State) {
		for _, t := range st.Tickets {
			if strings.HasPrefix(t.ExternalXRef, alert.ReferencePrefix(installation)) {
				t.Notes = slices.Clone(t.Notes)
				out = append(out, t)
			}
		}
	})
	return out
}

// closed are the ids of the statuses that close.
func (w *world) isClosed(t psa.Ticket) (closed bool) {
	w.cw.View(func(st *psa.State) { closed = st.Closed(&t) })
	return closed
}

func (w *world) customerOf(t psa.Ticket) string {
	r, _ := alert.ParseReference(t.ExternalXRef)
	for _, c := range w.customers {
		if alert.CustomerHash(c) == r.Customer {
			return c
		}
	}
	return ""
}

// describe is the world in words, for a failure.
func (w *world) describe(to io.Writer) {
	for _, t := range w.ours() {
		fmt.Fprintf(to, "ticket %d %q closed=%v company=%d board=%d %s\n", t.ID, t.Summary, w.isClosed(t), t.CompanyID, t.BoardID, t.ExternalXRef)
		for _, n := range t.Notes {
			fmt.Fprintf(to, "  %s %s: %s\n", n.CreatedAt.Format("02 15:04:05"), n.CreatedBy, strings.ReplaceAll(n.Text, "\n", "\n      "))
		}
	}
	for i, c := range w.customers {
		d := w.desk(c)
		for _, key := range sortedKeys(d.Groups) {
			g := d.Groups[key]
			fmt.Fprintf(to, "customer %d group %s: %s ticket %d generation %d: %s, %s; failure %q\n", i, strings.TrimPrefix(key, c), g.State, g.TicketID, g.Generation, g.Planned, g.Reason, g.Failure)
		}
		for _, key := range sortedKeys(d.Conditions) {
			k := d.Conditions[key]
			fmt.Fprintf(to, "customer %d condition %s %q of %q in %s: %s (%s)\n", i, key, k.Message, k.AssetName, strings.TrimPrefix(k.Group, c), k.State, k.Reason)
		}
	}
	runs, err := state.Runs(context.Background(), w.table, "", 3)
	w.must(err)
	for _, r := range runs {
		fmt.Fprintf(to, "run %s: %s, %s", r.ID, r.State, r.Reason)
		for _, s := range r.Stages {
			if s.Failed > 0 {
				fmt.Fprintf(to, "; %s: %s", s.Name, s.Detail)
			}
		}
		fmt.Fprintln(to)
	}
	w.uv.View(func(st *portal.State) {
		for _, a := range st.Alerts {
			fmt.Fprintf(to, "alert %s %q of %s created %s muted=%v dismissed=%v\n", a.ID, a.Message, a.CustomerID[:8], a.Created.UTC().Format("02 15:04:05"), a.Muted, a.Dismissed)
		}
	})
}

func number(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}
