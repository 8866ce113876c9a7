package ticketing

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/connectwise/sandbox"
	"uniview-bridge/pkg/vendorhttp/simulator"
)

// A technician merges the ticket away in the middle of a write of ours. What the
// ticket has to say is said where its trouble is dealt with now, and our own later
// write, which makes the merge look old, hides nothing.
func TestAMergeInTheMiddleOfAWriteIsFollowed(t *testing.T) {
	t.Parallel()
	worse := func(w *world) {
		w.pass(time.Hour)
		w.each(func(a *alert.Alert) { a.Severity = alert.SeverityAlarm })
	}
	for name, during := range map[string]func(w *world, merge func()){
		"between the claim and the write, which is lost on its way": func(w *world, merge func()) {
			worse(w)
			w.cw.Inject(sandbox.Fault{Kind: simulator.ResetBefore, Method: http.MethodPatch, Times: 1})
			w.turn()
			w.pass(time.Minute)
			merge()
		},
		"between our reading and our writing": func(w *world, merge func()) {
			worse(w)
			w.request = func(r *http.Request, sent bool) error {
				if r.Method == http.MethodPatch && !sent {
					w.pass(time.Second)
					merge()
					w.pass(time.Second)
				}
				return nil
			}
			w.turn()
			w.request = nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := faulty(t)
			w.raise("SRV1")
			w.turn()
			id, parent := w.only().ID, 0
			during(w, func() {
				if parent > 0 {
					return
				}
				w.cw.Edit(func(st *sandbox.State) {
					parent = st.AddTicket(st.Companies[0].ID, "Everything is on fire", "tech1")
					st.MergeTickets(parent, "tech1", id)
				})
			})
			for range 3 {
				w.pass(5 * time.Minute)
				w.turn()
			}
			g := onlyGroup(t, w)
			if g.MergedInto != parent || g.State != alert.GroupOpen || g.Pending != nil {
				t.Fatalf("the merge was not taken up: %+v\n%s", g, w.describe())
			}
			w.dismissAll()
			for range 3 {
				w.pass(5 * time.Minute)
				w.turn()
			}
			var said []string
			w.cw.View(func(st *sandbox.State) { said = notesOf(*st.Ticket(parent)) })
			if n := len(said); n == 0 || !strings.Contains(said[n-1], "was merged into #") {
				t.Errorf("the parent is told %q\n%s", said, w.describe())
			}
			if strings.HasPrefix(name, "between the claim") && len(notesOf(w.only())) > 0 {
				t.Errorf("the merged ticket got notes:\n%s", w.describe())
			}
		})
	}
}

// A technician closes the ticket between our reading and our raising its priority: our
// later write does not hide it.
func TestAClosingInTheMiddleOfAWriteIsFollowed(t *testing.T) {
	t.Parallel()
	w := faulty(t)
	w.raise("SRV1")
	w.turn()
	w.pass(time.Hour)
	w.each(func(a *alert.Alert) { a.Severity = alert.SeverityAlarm })
	id, closed := w.only().ID, false
	w.request = func(r *http.Request, sent bool) error {
		if r.Method == http.MethodPatch && !sent && !closed {
			closed = true
			w.pass(time.Second)
			w.cw.Edit(func(st *sandbox.State) { st.CloseTicket(id, "tech1") })
			w.pass(time.Second)
		}
		return nil
	}
	w.turn()
	w.request = nil
	for range 2 {
		w.pass(5 * time.Minute)
		w.turn()
	}
	if g := onlyGroup(t, w); !closed || g.State != alert.GroupClosed || g.ClosedBy != alert.ByPerson {
		t.Errorf("the closing was not taken up: %+v\n%s", g, w.describe())
	}
}

func onlyGroup(t *testing.T, w *world) alert.Group {
	t.Helper()
	groups := w.desk().Groups
	if len(groups) != 1 {
		t.Fatalf("%d groups", len(groups))
	}
	for _, g := range groups {
		return g
	}
	return alert.Group{}
}

// A window that begins changes what is true of open troubles, so the customer is due
// then, not only when it ends.
func TestACustomerIsDueWhenAWindowBegins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.raise("SRV1")
	w.turn()
	begins := w.time().Add(3 * time.Hour)
	window := alert.Silence{ID: "w", Kind: alert.Window, CustomerID: w.customer, Scope: alert.OnCustomer, Reason: "works", From: begins, Until: begins.Add(time.Hour)}
	in := Input{
		Slice: NewSlice(backup.Customer{ID: w.customer, Name: "Ada Ltd"}, w.company, w.alerts, w.assets, nil, nil, nil, nil), AsOf: w.time(), Desk: w.desk(),
		Settings: w.settings, Silences: []alert.Silence{window}, Installation: testInstallation, Now: w.time(),
	}
	if got := Decide(in).NextAt; !got.Equal(begins) {
		t.Errorf("due at %s, want the beginning, %s", got, begins)
	}
	in.Silences[0].Target, in.Silences[0].Scope = "another machine", alert.OnMachine
	if got := Decide(in).NextAt; got.Equal(begins) {
		t.Error("due for a window on another machine")
	}
}
