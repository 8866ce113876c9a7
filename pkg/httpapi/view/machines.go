package view

import (
	"context"
	"math"
	"strings"
	"time"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/ticketing"
)

// NoGood are the status words of machines that have no good backup in time, or of
// which it is not known.
var NoGood = []backup.Word{backup.WordFailed, backup.WordOverdue, backup.WordNoneSeen, backup.WordUnknown}

// MachineOrder says what comes first in a list of machines.
type MachineOrder string

// The orders of machines; those of equal right stand by name.
const (
	MachinesByName    MachineOrder = ""        // by name
	MachinesByStatus  MachineOrder = "status"  // the worst status word first, the longest in it before others
	MachinesByGood    MachineOrder = "good"    // the oldest good backup first, those without one before all
	MachinesByStorage MachineOrder = "storage" // the most storage first
	MachinesByChange  MachineOrder = "change"  // the latest change of the status word first
)

// MachineOrders lists all orders.
var MachineOrders = []MachineOrder{MachinesByName, MachinesByStatus, MachinesByGood, MachinesByStorage, MachinesByChange}

// MachineQuery chooses machines of all customers; empty fields choose all. Machines
// that UniView does not list any more and registrations that a newer one stands for
// are left out unless asked for.
type MachineQuery struct {
	Customer   string
	Status     backup.Word
	NoGood     bool // only those whose status is one of NoGood
	State      match.State
	Family     backup.Family
	GoodBefore time.Time // only those without a good backup since this moment
	Query      string    // part of the machine's, its configuration's or its customer's name
	Gone       bool      // also what is gone or superseded
	Order      MachineOrder
	Cursor     string                     // Next of the page before; empty: the first page
	Limit      int                        // 0: DefaultLimit
	Only       func(customer string) bool // nil: all may be seen
}

// MachinePage is one page of machines. The counts per status word and per link state
// are over all that fit but for the status, NoGood and link state asked for.
type MachinePage struct {
	Items    []Machine           `json:"items"`
	Next     string              `json:"next,omitempty"` // cursor of the next page; empty: this is the last
	Total    int                 `json:"total"`          // machines that fit
	Statuses map[backup.Word]int `json:"statuses"`
	Links    map[match.State]int `json:"links"`
	AsOf     time.Time           `json:"asOf,omitzero"` // the newest complete read of UniView's machines
}

// hit is a machine that is on a page.
type hit struct {
	customer string
	unit     *unit
}

// Machines lists machines of all customers. Who fits is decided on the index that sync
// keeps; links and tickets of the machines on the page are those of this moment.
func (m *Model) Machines(ctx context.Context, q MachineQuery) (MachinePage, error) {
	page := MachinePage{Items: []Machine{}, Statuses: map[backup.Word]int{}, Links: zeroStates()}
	pick, err := newPicker[hit](q.Cursor, q.Limit)
	if err != nil {
		return page, err
	}
	var words [16]int
	var links [16]int
	r, s, err := m.units(ctx, unitQuery{q.Customer, q.Query, q.Gone, q.Only}, func(customer string, u *unit) {
		if !q.fits(u) {
			return
		}
		word := (q.Status == "" || u.status() == q.Status) && (!q.NoGood || noGood[u.word])
		link := q.State == "" || u.state() == q.State
		if link {
			words[u.word]++
		}
		if word {
			links[u.link]++
		}
		if !word || !link {
			return
		}
		page.Total++
		if at := spotAt(q.Order.number(u), u.lower, u.key); pick.wants(at) {
			pick.add(at, hit{customer, u})
		}
	})
	if err != nil {
		return page, err
	}
	for i, w := range backup.Words {
		page.Statuses[w] = words[i]
	}
	for i, l := range LinkStates {
		page.Links[l] = links[i]
	}
	var hits []hit
	hits, page.Next = pick.page()
	if page.Items, err = m.shown(ctx, r, s, hits); err != nil {
		return page, err
	}
	if q.State != "" { // decided since the index was made
		kept := page.Items[:0]
		for _, x := range page.Items {
			if x.Link.State == q.State {
				kept = append(kept, x)
			}
		}
		page.Total -= len(page.Items) - len(kept)
		page.Items = kept
	}
	page.AsOf, err = s.asOf(ctx, state.ListAssets)
	return page, err
}

var noGood = func() (out [16]bool) {
	for _, w := range NoGood {
		out[wordPlace[w]] = true
	}
	return out
}()

func (q MachineQuery) fits(u *unit) bool {
	return (q.Family == "" || u.endpoint() == (q.Family == backup.FamilyEndpoint)) &&
		(q.GoodBefore.IsZero() || u.good == 0 || u.good < q.GoodBefore.Unix())
}

// number is what the order stands on; the lowest comes first.
func (o MachineOrder) number(u *unit) int64 {
	switch o {
	case MachinesByStatus:
		const room = 1 << 40 // seconds: far beyond any date
		return int64(u.word)*room + u.since
	case MachinesByGood:
		return u.good
	case MachinesByStorage:
		return -u.bytes
	case MachinesByChange:
		if u.since == 0 {
			return math.MaxInt64
		}
		return -u.since
	default:
		return 0
	}
}

// unitQuery chooses machines for any list.
type unitQuery struct {
	customer string
	text     string
	gone     bool
	only     func(customer string) bool
}

// units visits the machines that are chosen.
func (m *Model) units(ctx context.Context, q unitQuery, visit func(customer string, u *unit)) (*roster, *sight, error) {
	r, s, err := m.customers(ctx)
	if err != nil {
		return nil, nil, err
	}
	fleet, err := m.machines(ctx, s)
	if err != nil {
		return nil, nil, err
	}
	text := strings.ToLower(q.text)
	for _, herds := range fleet {
		for i := range herds {
			h := &herds[i]
			if q.customer != "" && h.customer != q.customer || q.only != nil && !q.only(h.customer) {
				continue
			}
			all := text == ""
			if at, ok := r.at[h.customer]; !all && ok {
				all = strings.Contains(r.rows[at].lower, text)
			}
			for j := range h.machines {
				u := &h.machines[j]
				if (u.gone || u.superseded) && !q.gone {
					continue
				}
				if all || strings.Contains(u.lower, text) || u.targetOf != "" && u.targetOf != u.name && strings.Contains(strings.ToLower(u.targetOf), text) {
					visit(h.customer, u)
				}
			}
		}
	}
	return r, s, nil
}

// shown makes machines of hits, with the links and tickets of this moment.
func (m *Model) shown(ctx context.Context, r *roster, s *sight, hits []hit) ([]Machine, error) {
	asOf := map[backup.Family]time.Time{}
	for _, f := range []backup.Family{backup.FamilyAppliance, backup.FamilyEndpoint} {
		var err error
		if asOf[f], err = s.asOf(ctx, listOf(f)); err != nil {
			return nil, err
		}
	}
	var keys []state.Key
	seen := map[string]bool{}
	for _, h := range hits {
		if !seen[h.customer] {
			seen[h.customer] = true
			keys = append(keys, state.DocumentationKey(h.customer), state.DeskKey(h.customer))
		}
	}
	items, err := s.GetMany(ctx, keys)
	if err != nil {
		return nil, err
	}
	docs, tickets := map[string]state.Documentation{}, map[string]map[string]string{}
	for key, item := range items {
		if key == state.DeskKey(key.SK) {
			var d state.Desk
			if err := state.Decode(item.Data, &d); err != nil {
				return nil, err
			}
			tickets[key.SK] = ticketing.TicketsByMachine(d)
			continue
		}
		doc, _, err := state.DocumentationIn(item)
		if err != nil {
			return nil, err
		}
		docs[key.SK] = doc // of a large one, its parts are elsewhere: the index must do
	}
	out := make([]Machine, len(hits))
	for i, h := range hits {
		x := h.machine()
		if record, ok := docs[h.customer].Machines[h.unit.key]; ok {
			x = machineOf(h.asset(), record, time.Time{})
			x.StorageBytes = record.Bytes
		}
		x.AsOf = asOf[backup.Family(x.Family)]
		x.CustomerName = r.name(h.customer)
		x.Ticket = tickets[h.customer][x.ID]
		out[i] = x
	}
	return out, nil
}

// asset is what the index tells of the machine itself.
func (h hit) asset() backup.Asset {
	family, id, _ := strings.Cut(h.unit.key, ":")
	return backup.Asset{Family: backup.Family(family), ID: id, CustomerID: h.customer, Name: h.unit.name}
}

// machine is what the index tells.
func (h hit) machine() Machine {
	u := h.unit
	x := machineOf(h.asset(), state.Machine{
		Name: u.name, Word: u.status(), Reason: "see the machine", Since: moment(u.since), Gone: u.gone,
		Link:  match.Link{State: u.state(), TargetID: u.target, TargetName: u.targetOf},
		Known: backup.Known{LastEnd: moment(u.end), LastGood: moment(u.good)}, Bytes: u.bytes,
	}, time.Time{})
	x.StorageBytes = u.bytes
	return x
}

func moment(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}
