package ticketing

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/connectwise"
	"uniview-bridge/pkg/connectwise/sandbox"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/vendorhttp"
)

// memory is a small state.Table. before is called with every write while the
// table is unlocked; its error is the write's.
type memory struct {
	mu     sync.Mutex
	items  map[state.Key]state.Item
	before func(state.Key) error
	after  func(state.Key) error // the write is stored, its answer is lost
	writes int
}

func (m *memory) Get(_ context.Context, key state.Key) (state.Item, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	item, ok := m.items[key]
	if !ok {
		return item, state.ErrNotFound
	}
	return item, nil
}

func (m *memory) GetMany(ctx context.Context, keys []state.Key) (map[state.Key]state.Item, error) {
	out := map[state.Key]state.Item{}
	for _, k := range keys {
		if item, err := m.Get(ctx, k); err == nil {
			out[k] = item
		}
	}
	return out, nil
}

func (m *memory) Put(_ context.Context, item state.Item) (state.Item, error) {
	row := item.PK == "index" // follows its record; without it lists are slower, nothing else
	if m.before != nil && !row {
		if err := m.before(item.Key); err != nil {
			return item, err
		}
	}
	m.mu.Lock()
	old, exists := m.items[item.Key]
	if item.Version == state.New && exists || item.Version > 0 && old.Version != item.Version {
		m.mu.Unlock()
		return item, state.ErrConflict
	}
	item.Version = old.Version + 1
	m.items[item.Key] = item
	if !row {
		m.writes++
	}
	m.mu.Unlock()
	if m.after != nil && !row {
		if err := m.after(item.Key); err != nil {
			return item, err
		}
	}
	return item, nil
}

func (m *memory) Delete(_ context.Context, key state.Key, _ int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.items, key)
	return nil
}

func (m *memory) Query(_ context.Context, q state.Query) ([]state.Item, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []state.Item
	for k, item := range m.items {
		if k.PK == q.PK && strings.HasPrefix(k.SK, q.Prefix) && (q.After == "" || q.Descending && k.SK < q.After || !q.Descending && k.SK > q.After) {
			out = append(out, item)
		}
	}
	slices.SortFunc(out, func(a, b state.Item) int { return strings.Compare(a.SK, b.SK) })
	if q.Descending {
		slices.Reverse(out)
	}
	if q.Limit > 0 && len(out) > q.Limit {
		out = out[:q.Limit]
	}
	return out, nil
}

const (
	testCustomer     = "cust-1"
	testInstallation = "demo"
)

// tester is what *testing.T and *rapid.T share.
type tester interface {
	Helper()
	Errorf(format string, args ...any)
	Fatal(args ...any)
	Fatalf(format string, args ...any)
	Failed() bool
}

// world is one customer, its machines and alerts, a ConnectWise and the service.
type world struct {
	t        tester
	customer string
	clock    *virtual
	table    *memory
	cw       *sandbox.Server
	client   *connectwise.Client
	service  *Service
	own      int // the customer's company
	fallback int // the default company
	board    int
	runs     int
	randoms  int
	stopped  bool // the connection is stopped
	fold     bool // the account has too many new tickets
	hold     bool // the account would close too many
	// request is called with every request before it is sent and again, with sent
	// set, before its answer is handed over. Its error is the request's.
	request func(r *http.Request, sent bool) error

	alerts   []alert.Alert
	assets   []backup.Asset
	company  match.Link
	devices  map[string]Device
	overdue  []Overdue
	settings alert.Settings
}

// freeLimiter waits in a time of its own.
func freeLimiter() *vendorhttp.Limiter {
	var mu sync.Mutex
	now := start
	return vendorhttp.NewLimiter(vendorhttp.LimiterOptions{
		PerWindow: 20_000, Window: time.Minute,
		Now: func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			return now
		},
		Sleep: func(_ context.Context, d time.Duration) error {
			mu.Lock()
			defer mu.Unlock()
			now = now.Add(d)
			return nil
		},
	})
}

// hooked lets a test step in at every request.
type hooked struct {
	w    *world
	next http.RoundTripper
}

func (h hooked) RoundTrip(r *http.Request) (*http.Response, error) {
	hook := h.w.request
	if hook == nil {
		return h.next.RoundTrip(r)
	}
	if err := hook(r, false); err != nil {
		return nil, err
	}
	resp, err := h.next.RoundTrip(r)
	if err == nil {
		err = hook(r, true)
	}
	return resp, err
}

var start = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

func newWorld(t tester) *world {
	t.Helper()
	w := &world{t: t, customer: testCustomer, clock: &virtual{now: start}, table: &memory{items: map[state.Key]state.Item{}}}
	w.cw = sandbox.New(sandbox.Options{Now: w.time, Unlimited: true})
	w.cw.Edit(func(st *sandbox.State) {
		st.AddStandardSetup()
		w.own, w.fallback = st.AddCompany("Ada Ltd"), st.AddCompany("Everybody else")
		w.board = st.DefaultBoardID
	})
	client, err := connectwise.New(connectwise.Config{
		InstanceURL: "https://api-na.myconnectwise.net", CompanyID: sandbox.Defaults.CompanyID, PublicKey: sandbox.Defaults.PublicKey,
		PrivateKey: sandbox.Defaults.PrivateKey, ClientID: sandbox.Defaults.ClientID, HTTP: &http.Client{Transport: hooked{w, w.cw.Transport()}},
		Sleep: func(context.Context, time.Duration) error { return nil }, Now: w.time, Retries: 1, Limit: freeLimiter(),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.client = client
	w.service = w.newService()
	w.company = match.Link{State: match.Matched, TargetID: fmt.Sprint(w.own), By: match.Auto, Reason: "equal names"}
	w.assets = []backup.Asset{w.asset("SRV1"), w.asset("SRV2"), w.asset("SRV3")}
	w.settings = alert.Defaults()
	w.settings.CompanyID, w.settings.BoardID = w.fallback, w.board
	w.mode(state.Live)
	return w
}

func (w *world) newService() *Service {
	return &Service{
		Table: w.table, Now: w.time, Installation: testInstallation,
		Open: func(context.Context) (state.Session[ConnectWise], error) {
			if w.stopped {
				return state.Session[ConnectWise]{}, fmt.Errorf("connectwise: the keys are refused: %w", state.ErrStopped)
			}
			return state.Session[ConnectWise]{Client: w.client, Fail: func(_ context.Context, err error) error { return err }}, nil
		},
	}
}

// virtual is a clock that moves when it is told to.
type virtual struct {
	mu  sync.Mutex
	now time.Time
}

func (w *world) time() time.Time {
	w.clock.mu.Lock()
	defer w.clock.mu.Unlock()
	return w.clock.now
}

func (w *world) pass(d time.Duration) {
	w.clock.mu.Lock()
	defer w.clock.mu.Unlock()
	w.clock.now = w.clock.now.Add(d)
}

// neighbour is another customer in the same table, ConnectWise and time, with
// machines VM00, VM01 and so on.
func (w *world) neighbour(customer string, machines int) *world {
	n := &world{
		t: w.t, customer: customer, clock: w.clock, table: w.table, cw: w.cw, client: w.client, own: w.own, fallback: w.fallback,
		board: w.board, company: w.company, settings: w.settings,
	}
	n.service = n.newService()
	for i := range machines {
		n.assets = append(n.assets, n.asset(fmt.Sprintf("VM%02d", i)))
	}
	return n
}

func (w *world) asset(name string) backup.Asset {
	return backup.Asset{Family: backup.FamilyAppliance, ID: "id-" + name, CustomerID: w.customer, ApplianceID: "ap1", Name: name}
}

func (w *world) mode(m state.Mode) {
	w.t.Helper()
	if err := state.SaveModes(context.Background(), w.table, state.Modes{Documentation: m, Ticketing: m}); err != nil {
		w.t.Fatal(err)
	}
}

// raise adds an alert about a machine now.
func (w *world) raise(machine string, change ...func(*alert.Alert)) {
	a := alert.Alert{
		Type: alert.TypeAlert, CustomerID: w.customer, CustomerName: "Ada Ltd", ApplianceID: "ap1", ApplianceName: "Box",
		Message: "Backup of " + machine + " failed.", Severity: alert.SeverityWarning, Created: w.time(),
	}
	for _, c := range change {
		c(&a)
	}
	w.alerts = append(w.alerts, a)
}

func (w *world) each(f func(*alert.Alert)) {
	for i := range w.alerts {
		f(&w.alerts[i])
	}
}

func (w *world) dismissAll() { w.each(func(a *alert.Alert) { a.Dismissed = true }) }

// sync does what account does: it reads everything and stores the slice.
func (w *world) sync() {
	w.t.Helper()
	ctx := context.Background()
	if err := state.SaveTicketDefaults(ctx, w.table, w.settings); err != nil {
		w.t.Fatal(err)
	}
	list, err := w.client.ListTickets(ctx, connectwise.TicketQuery{XRefPrefix: alert.ReferencePrefix(testInstallation)})
	if err != nil {
		w.t.Fatal(err)
	}
	var tickets []alert.Ticket
	for _, t := range list {
		tickets = append(tickets, TicketOf(t))
	}
	w.store(tickets)
}

func (w *world) store(tickets []alert.Ticket) {
	w.t.Helper()
	slice := NewSlice(backup.Customer{ID: w.customer, Name: "Ada Ltd"}, w.company, w.alerts, w.assets,
		[]backup.Appliance{{ID: "ap1", CustomerID: w.customer, Name: "Box"}}, OfCustomer(tickets, testInstallation, w.customer), w.devices, w.overdue)
	slice.Fold, slice.HoldClose = w.fold, w.hold
	if _, err := state.SaveSlices(context.Background(), w.table, state.ConnectWise, w.time(), map[string]Slice{w.customer: slice}, true); err != nil {
		w.t.Fatal(err)
	}
}

// message makes a run with one message.
func (w *world) message(change ...func(*state.Run)) state.Work {
	w.t.Helper()
	w.runs++
	run := state.Run{ID: fmt.Sprintf("run-%s-%05d", w.customer, w.runs), Scope: state.ScopeAlerts, State: state.Working, Created: w.time(), Messages: 1}
	for _, c := range change {
		c(&run)
	}
	if _, err := state.SaveRun(context.Background(), w.table, run, state.Any); err != nil {
		w.t.Fatal(err)
	}
	return state.Work{Version: state.MessageVersion, Run: run.ID, Customer: w.customer}
}

// turnWith is a turn with these tickets listed instead of a read of ConnectWise.
func (w *world) turnWith(listed []alert.Ticket) state.Progress {
	w.t.Helper()
	w.store(listed)
	return w.handle(w.message())
}

// turn is one sync and its message; it fails the test when Handle fails.
func (w *world) turn() state.Progress {
	w.t.Helper()
	w.sync()
	return w.handle(w.message())
}

func (w *world) handle(work state.Work) state.Progress {
	w.t.Helper()
	if err := w.service.Handle(context.Background(), work); err != nil {
		w.t.Fatalf("Handle: %v", err)
	}
	p, err := state.LoadProgress(context.Background(), w.table, work.Run)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func (w *world) desk() state.Desk {
	w.t.Helper()
	d, _, err := state.LoadOr(context.Background(), w.table, state.DeskKey(w.customer), state.Desk{})
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

// tickets are all tickets with a reference of ours.
func (w *world) tickets() []sandbox.Ticket {
	var out []sandbox.Ticket
	w.cw.View(func(st *sandbox.State) {
		for _, t := range st.Tickets {
			if strings.HasPrefix(t.ExternalXRef, alert.ReferencePrefix(testInstallation)) {
				out = append(out, t)
			}
		}
	})
	return out
}

func (w *world) closed(t sandbox.Ticket) bool {
	closed := false
	w.cw.View(func(st *sandbox.State) {
		for _, s := range st.Statuses {
			if s.ID == t.StatusID {
				closed = s.Closed
			}
		}
	})
	return closed
}

// only returns the one ticket there must be.
func (w *world) only() sandbox.Ticket {
	w.t.Helper()
	all := w.tickets()
	if len(all) != 1 {
		w.t.Fatalf("%d tickets, want 1\n%s", len(all), w.describe())
	}
	return all[0]
}

// notesOf are the texts of our own numbered notes on a ticket.
func notesOf(t sandbox.Ticket) []string {
	var out []string
	for _, n := range t.Notes {
		if strings.Contains(n.Text, " note ") && !strings.Contains(n.Text, " note 0]") {
			out = append(out, n.Text)
		}
	}
	return out
}

// check holds the world to the invariants of design §2.
func (w *world) check() {
	w.t.Helper()
	open := map[string]int{}
	seen := map[string]int{}
	for _, t := range w.tickets() {
		r, ok := alert.ParseReference(t.ExternalXRef)
		if !ok {
			w.t.Errorf("ticket %d has the reference %q", t.ID, t.ExternalXRef)
		}
		seen[t.ExternalXRef]++
		if !w.closed(t) {
			open[r.Group]++
		}
		marks := map[string]bool{}
		for _, text := range notesOf(t) {
			mark := text[strings.LastIndex(text, "["):]
			if marks[mark] {
				w.t.Errorf("ticket %d has the note %s twice", t.ID, mark)
			}
			marks[mark] = true
		}
	}
	for ref, n := range seen {
		if n > 1 {
			w.t.Errorf("%d tickets carry the reference %s", n, ref)
		}
	}
	for group, n := range open {
		if n > 1 {
			w.t.Errorf("%d open tickets of group %s", n, group)
		}
	}
	if w.t.Failed() {
		w.t.Fatal(w.describe())
	}
}

func (w *world) describe() string {
	var b strings.Builder
	for _, t := range w.tickets() {
		fmt.Fprintf(&b, "ticket %d %q closed=%v %s\n", t.ID, t.Summary, w.closed(t), t.ExternalXRef)
		for _, n := range t.Notes {
			fmt.Fprintf(&b, "  note: %s\n", strings.ReplaceAll(n.Text, "\n", "\n        "))
		}
	}
	desk := w.desk()
	for _, g := range desk.Groups {
		fmt.Fprintf(&b, "group %s: %s ticket %d gen %d: %s %s\n", g.Key, g.State, g.TicketID, g.Generation, g.Planned, g.Reason)
	}
	for _, c := range desk.Conditions {
		fmt.Fprintf(&b, "condition %s on %q in %s: %s (%s)\n", c.Key, c.AssetName, c.Group, c.State, c.Reason)
	}
	return b.String()
}

// writes counts the writing requests since the last reset of the log.
func (w *world) writes() int {
	n := 0
	for _, r := range w.cw.Requests() {
		if r.Method != http.MethodGet {
			n++
		}
	}
	return n
}

var errCrash = errors.New("crashed")
