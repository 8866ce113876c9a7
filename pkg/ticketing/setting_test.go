package ticketing

import (
	"strings"
	"testing"
	"time"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/connectwise/sandbox"
)

// board is what belongs to a service board of the sandbox.
type board struct{ open, closing, types, subTypes, items []int }

func (w *world) boardOf(id int) (b board) {
	w.cw.View(func(st *sandbox.State) {
		for _, s := range st.Statuses {
			switch {
			case s.BoardID != id:
			case s.Closed:
				b.closing = append(b.closing, s.ID)
			default:
				b.open = append(b.open, s.ID)
			}
		}
		for _, t := range st.Types {
			if t.BoardID == id {
				b.types = append(b.types, t.ID)
			}
		}
		for _, t := range st.SubTypes {
			if t.BoardID == id {
				b.subTypes = append(b.subTypes, t.ID)
			}
		}
		for _, i := range st.Items {
			if i.BoardID == id {
				b.items = append(b.items, i.ID)
			}
		}
	})
	return b
}

func TestATicketIsMadeAsItIsSet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.boardOf(w.board)
	w.settings.TypeID, w.settings.SubTypeID, w.settings.ItemID = b.types[1], b.subTypes[1], b.items[1]
	w.cw.View(func(st *sandbox.State) { w.settings.SourceID = st.Sources[2].ID })
	w.settings.PriorityID, w.settings.Priorities = 4, map[alert.Severity]int{alert.SeverityAlarm: 1}
	w.settings.ClassPriorities = map[alert.Class]int{alert.ClassHardware: 2}
	w.raise("SRV1")                                                                                                     // of the account's priority
	w.raise("SRV2", func(a *alert.Alert) { a.Severity = alert.SeverityAlarm })                                          // of its severity's
	w.raise("SRV3", func(a *alert.Alert) { a.Message = "Drive 1 of the box failed"; a.Severity = alert.SeverityAlarm }) // of its class's
	w.turn()
	priorities := map[string]int{"SRV1": 4, "SRV2": 1, "Box": 2}
	if n := len(w.tickets()); n != len(priorities) {
		t.Fatalf("%d tickets\n%s", n, w.describe())
	}
	for _, ticket := range w.tickets() {
		name, _, _ := strings.Cut(ticket.Summary, ":")
		if ticket.TypeID != b.types[1] || ticket.SubTypeID != b.subTypes[1] || ticket.ItemID != b.items[1] || ticket.SourceID != w.settings.SourceID || ticket.PriorityID != priorities[name] {
			t.Errorf("%s was made as %+v", name, ticket)
		}
	}
}

func TestATicketIsClosedIntoTheStatusChosenForItsBoard(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(w *world, here, there board)
		moved  bool
		want   func(here, there board) int
	}{
		"the first that closes, where none is chosen": {
			want: func(here, _ board) int { return here.closing[0] },
		},
		"the chosen one": {
			change: func(w *world, here, _ board) { w.settings.CloseStatusID = here.closing[1] },
			want:   func(here, _ board) int { return here.closing[1] },
		},
		"the one of this board goes before the chosen one": {
			change: func(w *world, here, _ board) {
				w.settings.CloseStatusID = here.closing[0]
				w.settings.CloseStatuses = map[int]int{w.board: here.closing[1]}
			},
			want: func(here, _ board) int { return here.closing[1] },
		},
		"on another board, to which a technician moved it, the one of that board": {
			change: func(w *world, here, there board) {
				w.settings.LeaveTouched = false
				w.settings.CloseStatusID = here.closing[1]
				w.settings.CloseStatuses = map[int]int{w.board + 1: there.closing[0]}
			},
			moved: true,
			want:  func(_, there board) int { return there.closing[0] },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			here, there := w.boardOf(w.board), w.boardOf(w.board+1)
			if tt.change != nil {
				tt.change(w, here, there)
			}
			w.raise("SRV1")
			w.turn()
			if tt.moved {
				id := w.only().ID
				w.cw.Edit(func(st *sandbox.State) { st.MoveTicket(id, w.board+1, "tech1") })
			}
			w.pass(time.Hour)
			w.dismissAll()
			w.turn()
			if got, want := w.only().StatusID, tt.want(here, there); got != want {
				t.Errorf("closed into %d, want %d\n%s", got, want, w.describe())
			}
		})
	}
}

// Customers read, and are mailed about, what is in the discussion: nothing of ours is
// unless that is set.
func TestNotesAreInternalAndNotifyNobodyUnlessSetOtherwise(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]bool{"as it is": false, "set otherwise": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.settings.CustomerNotes, w.settings.Notify = set, set
			w.raise("SRV1")
			w.turn()
			w.pass(5 * time.Hour)
			w.raise("SRV1")
			w.turn()
			ticket := w.only()
			if ticket.QuietCreate == set {
				t.Errorf("made quietly: %v", ticket.QuietCreate)
			}
			last := ticket.Notes[len(ticket.Notes)-1]
			if len(notesOf(ticket)) != 1 || last.Discussion != set || last.Internal == set {
				t.Errorf("the note is %+v", last)
			}
			w.cw.View(func(st *sandbox.State) {
				if mailed := len(st.Notifications) > 0; mailed != set {
					t.Errorf("mailed: %+v", st.Notifications)
				}
			})
		})
	}
}
