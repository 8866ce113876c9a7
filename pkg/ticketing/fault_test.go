package ticketing

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/connectwise/sandbox"
	"uniview-bridge/pkg/state"
)

// phases of a ticket's life, each followed by one message.
var phases = []struct {
	name   string
	happen func(*world)
}{
	{"open", func(w *world) { w.raise("SRV1") }},
	{"note", func(w *world) { w.pass(5 * time.Hour); w.raise("SRV1") }},
	{"escalate", func(w *world) {
		w.pass(time.Minute)
		w.each(func(a *alert.Alert) { a.Severity = alert.SeverityAlarm })
	}},
	{"close", func(w *world) { w.pass(time.Minute); w.dismissAll() }},
	{"reopen", func(w *world) { w.pass(time.Minute); w.alerts = nil; w.raise("SRV1") }},
}

// faulty is a world whose priorities let severity matter.
func faulty(t tester) *world {
	w := newWorld(t)
	w.settings.Priorities = map[alert.Severity]int{alert.SeverityWarning: 3, alert.SeverityAlarm: 1}
	return w
}

// calm lets time pass without faults until everything due is done.
func (w *world) calm(minutes int) {
	w.t.Helper()
	for step := 1; minutes > 0; step = min(step*2, 10) {
		step = min(step, minutes)
		minutes -= step
		w.pass(time.Duration(step) * time.Minute)
		w.turn()
	}
}

// live runs all phases; around is called with each message's handling and says
// whether something went wrong in it, after which calm follows.
func (w *world) live(around func(phase int, handle func() error) (wrong bool)) {
	w.t.Helper()
	for i, p := range phases {
		p.happen(w)
		w.sync()
		work := w.message()
		if around(i, func() error { return w.service.Handle(context.Background(), work) }) {
			w.calm(45)
		}
		w.check()
	}
	w.calm(2)
	ticket := w.only()
	if w.closed(ticket) || ticket.PriorityID != 1 {
		w.t.Fatalf("at the end:\n%s", w.describe())
	}
	// What the ticket had to say it said: at least the note, the escalation, the
	// closing and the reopening, unless a fault delayed one into the next.
	if n := len(notesOf(ticket)); n < 3 || n > 6 {
		w.t.Fatalf("%d notes:\n%s", n, w.describe())
	}
}

// onlyCreate keeps the short run to the first phase, in which the ticket is made;
// the long run goes through the whole life.
func onlyCreate(phase int) bool { return testing.Short() && phase > 0 }

func TestCrashBeforeOrAfterEveryStoredStep(t *testing.T) {
	t.Parallel()
	clean := faulty(t)
	writes := make([]int, len(phases))
	clean.live(func(phase int, handle func() error) bool {
		before := clean.table.writes
		if err := handle(); err != nil {
			t.Fatal(err)
		}
		writes[phase] = clean.table.writes - before
		return false
	})
	if n := len(notesOf(clean.only())); n != 4 {
		t.Fatalf("%d notes in a life without faults:\n%s", n, clean.describe())
	}
	tried := 0
	for phase, n := range writes {
		if onlyCreate(phase) {
			break
		}
		for k := range n {
			for _, stored := range []bool{false, true} {
				tried++
				t.Run(fmt.Sprintf("%s, write %d, stored %v", phases[phase].name, k, stored), func(t *testing.T) {
					w := faulty(t)
					w.live(func(p int, handle func() error) bool {
						if p != phase {
							if err := handle(); err != nil {
								t.Fatal(err)
							}
							return false
						}
						seen := 0
						crash := func(state.Key) error {
							if seen++; seen > k {
								return errCrash // and nothing is written any more: the process is dead
							}
							return nil
						}
						if w.table.before = crash; stored {
							w.table.before, w.table.after = nil, func(key state.Key) error {
								err := crash(key)
								if err != nil {
									w.table.before = func(state.Key) error { return errCrash }
								}
								return err
							}
						}
						err := handle()
						w.table.before, w.table.after = nil, nil
						if !errors.Is(err, errCrash) {
							t.Fatalf("the crash did not end the handling: %v", err)
						}
						return true
					})
				})
			}
		}
	}
	if tried < 40 && !testing.Short() {
		t.Errorf("only %d crash points tried", tried)
	}
}

func TestEveryRequestFailsInEveryWay(t *testing.T) {
	t.Parallel()
	clean := faulty(t)
	requests := make([]int, len(phases))
	clean.live(func(phase int, handle func() error) bool {
		clean.cw.ResetRequests()
		if err := handle(); err != nil {
			t.Fatal(err)
		}
		requests[phase] = len(clean.cw.Requests())
		return false
	})
	faults := []sandbox.Fault{
		{Kind: sandbox.ResetBefore, Times: 2},
		{Kind: sandbox.ResetAfter, Times: 2},
		{Kind: sandbox.Truncate, Times: 2},
		{Kind: sandbox.StatusFault, Times: 2, Status: 503},
		{Kind: sandbox.StatusFault, Times: 1, Status: 400, Message: "no"},
		{Kind: sandbox.StatusFault, Times: 2, Status: 429, RetryAfter: 30},
	}
	for phase, n := range requests {
		if onlyCreate(phase) {
			break
		}
		for k := range n {
			for i, f := range faults {
				if phase > 0 && i >= 3 && i != 4 {
					continue // the create meets every kind, the others those that differ
				}
				f.Skip = k
				t.Run(fmt.Sprintf("%s, request %d, %s %d", phases[phase].name, k, f.Kind, f.Status), func(t *testing.T) {
					w := faulty(t)
					w.live(func(p int, handle func() error) bool {
						if p == phase {
							w.cw.Inject(f)
							defer w.cw.ClearFaults()
						}
						if err := handle(); err != nil {
							t.Fatalf("trouble with the vendor became a message failure: %v", err)
						}
						return p == phase
					})
				})
			}
		}
	}
}

// late is what a context does to a request of ours that was paused beyond its lease.
func late(w *world, from time.Time, r *http.Request) error {
	if r.Method != http.MethodGet && w.time().Sub(from) > 4*time.Minute {
		return context.DeadlineExceeded
	}
	return nil
}

// A second worker runs at every point of the first: before each stored step,
// before and after each request; at once, or after the first one slept so long
// that its claim is over and the second has searched and created.
func TestTwoWorkersOnOneCustomer(t *testing.T) {
	t.Parallel()
	for _, sleep := range []int{0, 6, 50} {
		if testing.Short() && sleep != 6 {
			continue
		}
		for phase := range phases {
			if sleep == 50 && phase > 0 || onlyCreate(phase) {
				break // only a create waits that long
			}
			for point := 0; ; point++ {
				reached := false
				w := faulty(t)
				w.live(func(p int, handle func() error) bool {
					if p != phase {
						if err := handle(); err != nil {
							t.Fatal(err)
						}
						return false
					}
					seen, busy := 0, false
					step := func() {
						if busy {
							return
						}
						if seen++; seen != point+1 {
							return
						}
						busy, reached = true, true
						if sleep == 0 {
							if err := w.service.Handle(context.Background(), w.message()); err != nil {
								t.Fatal(err)
							}
						}
						w.calm(sleep)
						busy = false
					}
					w.table.before = func(state.Key) error { step(); return nil }
					w.request = func(r *http.Request, sent bool) error {
						from := w.time()
						step()
						if busy || sent {
							return nil
						}
						return late(w, from, r)
					}
					err := handle()
					w.table.before, w.request = nil, nil
					if err != nil {
						t.Fatalf("phase %s, point %d, sleep %d: %v", phases[phase].name, point, sleep, err)
					}
					return true
				})
				if !reached {
					if point < 8 {
						t.Errorf("phase %s has only %d points", phases[phase].name, point)
					}
					break
				}
			}
		}
	}
}

func TestManyWorkersAtOnce(t *testing.T) {
	t.Parallel()
	times := 10
	if testing.Short() {
		times = 3
	}
	for range times {
		w := newWorld(t)
		w.raise("SRV1")
		w.raise("SRV2")
		w.sync()
		var wg sync.WaitGroup
		for range 8 {
			work := w.message()
			wg.Go(func() {
				for range 3 {
					if err := w.service.Handle(context.Background(), work); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		w.calm(1)
		w.check()
		if all := w.tickets(); len(all) != 2 {
			t.Fatalf("%d tickets, want 2:\n%s", len(all), w.describe())
		}
	}
}

func TestRedeliveredAndOldMessagesChangeNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	old := w.message()
	w.raise("SRV1")
	w.sync()
	work := w.message()
	w.handle(work)
	w.cw.ResetRequests()
	for range 5 {
		w.handle(work)
		w.handle(old)
	}
	if len(w.cw.Requests()) != 0 {
		t.Errorf("%d requests for repeated messages", len(w.cw.Requests()))
	}
	p, err := state.LoadProgress(context.Background(), w.table, work.Run)
	if err != nil || p.Changed["create ticket"] != 1 {
		t.Errorf("progress %+v, %v", p, err)
	}
	w.only()
}

// Random histories: whatever happens in whatever order, with faults between any
// two steps, the invariants hold, and when all is calm every open condition has
// an open ticket or a reason, and no ticket is open without cause.
func TestRandomHistories(t *testing.T) {
	if testing.Short() {
		t.Skip("random histories are part of the long run")
	}
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(rt)
		names := []string{"SRV1", "SRV2", "SRV3"}
		some := func() int { return rapid.IntRange(0, max(len(w.alerts)-1, 0)).Draw(rt, "alert") }
		ours := func(act func(*sandbox.State, int)) {
			if all := w.tickets(); len(all) > 0 {
				id := all[rapid.IntRange(0, len(all)-1).Draw(rt, "ticket")].ID
				w.cw.Edit(func(st *sandbox.State) { act(st, id) })
			}
		}
		var work state.Work
		for range rapid.IntRange(4, 14).Draw(rt, "steps") {
			switch rapid.SampledFrom([]string{"raise", "raise", "dismiss", "mute", "vanish", "good", "close", "touch", "move", "delete", "reopen", "fault", "crash", "duplicate", "settings", "pass", "pass"}).Draw(rt, "step") {
			case "raise":
				w.pass(time.Second)
				w.raise(rapid.SampledFrom(names).Draw(rt, "machine"), func(a *alert.Alert) {
					a.Severity = rapid.SampledFrom([]alert.Severity{alert.SeverityWarning, alert.SeverityAlarm}).Draw(rt, "severity")
					a.Muted = rapid.IntRange(0, 5).Draw(rt, "muted") == 0
				})
			case "dismiss":
				if len(w.alerts) > 0 {
					w.alerts[some()].Dismissed = true
				}
			case "mute":
				if len(w.alerts) > 0 {
					i := some()
					w.alerts[i].Muted = !w.alerts[i].Muted
				}
			case "vanish":
				if len(w.alerts) > 0 {
					i := some()
					w.alerts = append(w.alerts[:i:i], w.alerts[i+1:]...)
				}
			case "good":
				i := rapid.IntRange(0, len(w.assets)-1).Draw(rt, "asset")
				w.assets[i].Last = &backup.Backup{Complete: w.time(), Result: backup.Successful}
			case "close":
				ours(func(st *sandbox.State, id int) { st.CloseTicket(id, "tech1") })
			case "touch":
				ours(func(st *sandbox.State, id int) { st.LogTime(id, 1, "work", "tech1") })
			case "move":
				// Open ones only: the other board's default status opens a closed ticket again.
				ours(func(st *sandbox.State, id int) {
					for _, s := range st.Statuses {
						if t := st.Ticket(id); s.ID == t.StatusID && !s.Closed {
							st.MoveTicket(id, w.board+1, "tech1")
							return
						}
					}
				})
			case "delete":
				ours(func(st *sandbox.State, id int) { st.DeleteTicket(id) })
			case "reopen":
				// Only the newest ticket of a group: reopening an older one is a person's second ticket.
				if all := w.tickets(); len(all) > 0 {
					last := all[len(all)-1]
					w.cw.Edit(func(st *sandbox.State) { st.ReopenTicket(last.ID, "tech1") })
				}
			case "settings":
				w.settings.Grouping = rapid.SampledFrom([]alert.Grouping{alert.PerMachine, alert.PerCustomer, alert.PerCondition}).Draw(rt, "grouping")
				w.settings.ReopenWithin = alert.Minutes(rapid.SampledFrom([]int{0, 60, 1440}).Draw(rt, "window"))
				w.settings.LeaveTouched = rapid.Bool().Draw(rt, "leave")
			case "pass":
				w.pass(time.Duration(rapid.IntRange(1, 600).Draw(rt, "minutes")) * time.Minute)
			case "duplicate":
				if work.Run != "" {
					w.handle(work)
				}
			case "fault":
				kind := rapid.SampledFrom([]sandbox.FaultKind{sandbox.ResetBefore, sandbox.ResetAfter, sandbox.Truncate, sandbox.StatusFault}).Draw(rt, "kind")
				w.sync()
				w.cw.Inject(sandbox.Fault{Kind: kind, Skip: rapid.IntRange(0, 6).Draw(rt, "skip"), Times: rapid.IntRange(1, 5).Draw(rt, "times")})
				work = w.message()
				w.handle(work)
				w.cw.ClearFaults()
				continue
			case "crash":
				w.sync()
				work = w.message()
				left := rapid.IntRange(0, 8).Draw(rt, "left")
				w.table.before = func(state.Key) error {
					if left--; left < 0 {
						return errCrash
					}
					return nil
				}
				if err := w.service.Handle(context.Background(), work); err != nil && !errors.Is(err, errCrash) {
					rt.Fatal(err)
				}
				w.table.before = nil
				continue
			}
			w.pass(time.Second)
			w.sync()
			work = w.message()
			w.handle(work)
			w.check()
		}
		w.calm(40)
		w.pass(5 * time.Hour)
		w.calm(2)
		w.check()
		desk := w.desk()
		told := map[int]bool{}
		for key, c := range desk.Conditions {
			g := desk.Groups[c.Group]
			if c.State == alert.ConditionOpen && (g.Key == "" || g.Reason == "") {
				rt.Fatalf("open condition %s has neither ticket nor reason\n%s", key, w.describe())
			}
		}
		for _, g := range desk.Groups {
			told[g.TicketID], told[g.Previous] = true, true
			if g.Pending != nil || g.State == alert.GroupCreating || g.State == alert.GroupUncertain {
				rt.Fatalf("group %s is still unsettled\n%s", g.Key, w.describe())
			}
		}
		for _, ticket := range w.tickets() {
			if !w.closed(ticket) && !told[ticket.ID] {
				rt.Fatalf("open ticket %d is nobody's\n%s", ticket.ID, w.describe())
			}
		}
		for _, a := range w.alerts {
			if a.Dismissed || a.Muted {
				continue
			}
			fp, found := alert.Fingerprint(a), false
			for _, c := range desk.Conditions {
				_, has := c.Occurrences[fp]
				found = found || has
			}
			if !found {
				rt.Fatalf("active alert %q is lost\n%s", a.Message, w.describe())
			}
		}
	})
}

func TestADayOfFlappingIsOneTicketWithNotesAtThePace(t *testing.T) {
	if testing.Short() {
		t.Skip("a whole day is part of the long run")
	}
	t.Parallel()
	w := newWorld(t)
	for i := range 288 {
		if w.alerts = nil; i%2 == 0 {
			w.raise("SRV1")
		} else {
			w.raise("SRV1", func(a *alert.Alert) { a.Created = a.Created.Add(-5 * time.Minute) })
			w.dismissAll()
		}
		w.turn()
		w.pass(5 * time.Minute)
	}
	notes := notesOf(w.only())
	// The first close and reopen, then one note in four hours.
	if len(notes) > 2+24/4 {
		t.Errorf("%d notes in a day:\n%s", len(notes), strings.Join(notes, "\n---\n"))
	}
	w.check()
}

// ConnectWise may not find a new ticket at once. Within the search window nothing
// doubles, whatever is lost; beyond it the double is seen and shown.
func TestTicketsThatAreFoundLate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		delay   time.Duration
		tickets int
	}{
		{"within the window", 25 * time.Minute, 1},
		{"beyond the window", 2 * time.Hour, 2},
	} {
		for _, lose := range []string{"the answer", "the record"} {
			t.Run(tt.name+", losing "+lose, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				w.cw.Edit(func(st *sandbox.State) { st.SearchDelay = tt.delay })
				w.raise("SRV1")
				w.sync()
				if lose == "the answer" {
					w.cw.Inject(sandbox.Fault{Op: "create ticket", Kind: sandbox.ResetAfter, Times: 1})
					w.handle(w.message())
				} else {
					created := false
					w.request = func(r *http.Request, sent bool) error {
						created = created || sent && r.Method == http.MethodPost
						return nil
					}
					w.table.before = func(state.Key) error {
						if created {
							return errCrash
						}
						return nil
					}
					if err := w.service.Handle(context.Background(), w.message()); !errors.Is(err, errCrash) {
						t.Fatalf("no crash: %v", err)
					}
					w.table.before, w.request = nil, nil
				}
				w.calm(300)
				if all := w.tickets(); len(all) != tt.tickets {
					t.Fatalf("%d tickets, want %d\n%s", len(all), tt.tickets, w.describe())
				}
				for _, g := range w.desk().Groups {
					if g.TicketID != w.tickets()[0].ID || (g.Attention != "") != (tt.tickets > 1) {
						t.Errorf("ticket %d, attention %q\n%s", g.TicketID, g.Attention, w.describe())
					}
				}
			})
		}
	}
}

// What a technician does between the list and our write counts.
func TestTheTicketIsReadAgainBeforeEveryWrite(t *testing.T) {
	t.Parallel()
	for name, act := range map[string]func(*sandbox.State, int){
		"worked on": func(st *sandbox.State, id int) { st.LogTime(id, 1, "work", "tech1") },
		"assigned":  func(st *sandbox.State, id int) { st.AssignTicket(id, st.Members[0].ID, "dispatch") },
		"closed":    func(st *sandbox.State, id int) { st.CloseTicket(id, "tech1") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.raise("SRV1")
			w.turn()
			w.pass(time.Hour)
			w.dismissAll()
			w.sync()
			id := w.only().ID
			w.cw.Edit(func(st *sandbox.State) { act(st, id) })
			w.handle(w.message())
			for _, text := range notesOf(w.only()) {
				if strings.Contains(text, "closed automatically") {
					t.Errorf("closed over the technician's head:\n%s", w.describe())
				}
			}
			if name != "closed" && w.closed(w.only()) {
				t.Error(w.describe())
			}
		})
	}
}
