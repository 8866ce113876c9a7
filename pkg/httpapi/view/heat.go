package view

import (
	"context"
	"slices"
	"time"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/state"
)

// heatDays is how many days heat map and trend show, today the last.
const heatDays = 30

// HeatQuery chooses machines for the heat map; empty fields choose all.
type HeatQuery struct {
	Customer string
	Query    string                     // part of the machine's, its configuration's or its customer's name
	Bad      bool                       // only machines with a day without a good backup, or without one now
	Cursor   string                     // Next of the page before; empty: the first page
	Limit    int                        // 0: DefaultLimit
	Only     func(customer string) bool // nil: all may be seen
}

// Heat is machines by days: the status word that each had at the end of each day in
// UTC (today: as last read). A day on which UniView was never read completely is
// unknown, whatever was known before.
type Heat struct {
	Days  []time.Time `json:"days"` // 30, the beginning of each in UTC, oldest first
	Rows  []HeatRow   `json:"rows"` // worst first: by status now, then by days without a good backup, then by name
	Next  string      `json:"next,omitempty"`
	Total int         `json:"total"` // machines that fit
	AsOf  time.Time   `json:"asOf,omitzero"`
}

// HeatRow is one machine of the heat map.
type HeatRow struct {
	ID           string        `json:"id"` // asset key
	Name         string        `json:"name"`
	CustomerID   string        `json:"customerId"`
	CustomerName string        `json:"customerName"`
	Status       backup.Word   `json:"status"` // now
	Since        time.Time     `json:"since,omitzero"`
	Days         []backup.Word `json:"days"` // one for each of Heat.Days
	Bad          int           `json:"bad"`  // days on which it was failed, overdue or none seen
}

// calendar is the days that are shown, and on which of them UniView was read.
type calendar struct {
	first int
	read  map[backup.Family][heatDays]bool
}

func (m *Model) calendar(ctx context.Context, s *sight) (calendar, error) {
	c := calendar{first: state.Day(m.Now()) - heatDays + 1, read: map[backup.Family][heatDays]bool{}}
	for _, f := range []backup.Family{backup.FamilyAppliance, backup.FamilyEndpoint} {
		p, err := s.pointer(ctx, listOf(f))
		if err != nil {
			return c, err
		}
		var days [heatDays]bool
		for _, d := range p.Days {
			if i := d - c.first; i >= 0 && i < heatDays {
				days[i] = true
			}
		}
		if i := state.Day(p.ReadFrom) - c.first; !p.ReadFrom.IsZero() && i >= 0 && i < heatDays {
			days[i] = true // of a pointer that is older than the list of days
		}
		c.read[f] = days
	}
	return c, nil
}

func (c calendar) days() []time.Time {
	out := make([]time.Time, heatDays)
	for i := range out {
		out[i] = state.DayStart(c.first + i)
	}
	return out
}

// fill fills the words of a machine's days in, and counts those without a good backup.
func (c calendar) fill(f backup.Family, changes state.Changes, words []backup.Word) (bad int) {
	changes.Daily(c.first, words)
	read := c.read[f]
	for i, w := range words {
		switch {
		case !read[i] || w == "":
			words[i] = backup.WordUnknown
		case w == backup.WordFailed || w == backup.WordOverdue || w == backup.WordNoneSeen:
			bad++
		}
	}
	return bad
}

// Heat shows machines by days, worst first.
func (m *Model) Heat(ctx context.Context, q HeatQuery) (Heat, error) {
	out := Heat{Rows: []HeatRow{}}
	pick, err := newPicker[hit](q.Cursor, q.Limit)
	if err != nil {
		return out, err
	}
	ctx = m.held(ctx)
	s, err := m.look(ctx, state.CustomerIndexKeys())
	if err != nil {
		return out, err
	}
	cal, err := m.calendar(ctx, s)
	if err != nil {
		return out, err
	}
	out.Days = cal.days()
	var days [heatDays]backup.Word
	r, s, err := m.units(ctx, unitQuery{q.Customer, q.Query, false, q.Only}, func(customer string, u *unit) {
		bad := 0
		if badEver(u) {
			bad = cal.fill(u.family(), state.ParseChanges(u.history), days[:])
		}
		if q.Bad && bad == 0 && !noGood[u.word] {
			return
		}
		out.Total++
		const room = 1000 // more than there are days
		if at := spotAt(int64(u.word)*room-int64(bad), u.lower, u.key); pick.wants(at) {
			pick.add(at, hit{customer, u})
		}
	})
	if err != nil {
		return out, err
	}
	hits, next := pick.page()
	out.Next = next
	for _, h := range hits {
		row := HeatRow{
			ID: h.unit.key, Name: h.unit.name, CustomerID: h.customer, CustomerName: r.name(h.customer),
			Status: h.unit.status(), Since: moment(h.unit.since), Days: make([]backup.Word, heatDays),
		}
		row.Bad = cal.fill(h.unit.family(), state.ParseChanges(h.unit.history), row.Days)
		out.Rows = append(out.Rows, row)
	}
	out.AsOf, err = s.asOf(ctx, state.ListAssets)
	return out, err
}

func (u *unit) family() backup.Family {
	if u.endpoint() {
		return backup.FamilyEndpoint
	}
	return backup.FamilyAppliance
}

// badEver says whether a history can hold a day without a good backup at all: most
// machines' do not, and need not be taken apart.
func badEver(u *unit) bool {
	for i := range len(u.history) {
		if c := u.history[i]; (i == 0 || u.history[i-1] == ',') && (c == 'f' || c == 'o' || c == 'n') {
			return true
		}
	}
	return false
}

// Trend is how many machines had which status word on each of the last 30 days.
type Trend struct {
	Days []TrendDay `json:"days"` // oldest first, today last
	AsOf time.Time  `json:"asOf,omitzero"`
}

// TrendDay is one day of the trend: the counts at its end (today: as last read).
type TrendDay struct {
	Day    time.Time           `json:"day"`   // its beginning, in UTC
	Known  bool                `json:"known"` // UniView was read completely on that day, and counts were kept
	Counts map[backup.Word]int `json:"counts"`
	Total  int                 `json:"total"`
}

// Trend reads how the account's machines went on, or those of the customers that may
// be seen.
func (m *Model) Trend(ctx context.Context, only func(customer string) bool) (Trend, error) {
	r, s, err := m.customers(ctx)
	if err != nil {
		return Trend{}, err
	}
	if only == nil {
		tally, err := state.LoadTrend(ctx, s)
		if err != nil {
			return Trend{}, err
		}
		return m.trend(ctx, s, []state.Tally{tally})
	}
	var keys []state.Key
	for _, c := range r.rows {
		if only(c.ID) && c.GoneSince.IsZero() {
			keys = append(keys, state.CustomerKey(c.ID))
		}
	}
	items, err := s.GetMany(ctx, keys)
	if err != nil {
		return Trend{}, err
	}
	tallies := make([]state.Tally, 0, len(items))
	for _, item := range items {
		var c state.Customer
		if err := state.Decode(item.Data, &c); err != nil {
			return Trend{}, err
		}
		tallies = append(tallies, c.Days)
	}
	return m.trend(ctx, s, tallies)
}

// CustomerTrend is the trend of one customer.
func (m *Model) CustomerTrend(ctx context.Context, customer string) (Trend, error) {
	s, err := m.look(ctx, []state.Key{state.CustomerKey(customer)})
	if err != nil {
		return Trend{}, err
	}
	c, _, err := state.Load[state.Customer](ctx, s, state.CustomerKey(customer))
	if err != nil {
		return Trend{}, err
	}
	return m.trend(ctx, s, []state.Tally{c.Days})
}

// trend sums tallies up.
func (m *Model) trend(ctx context.Context, s *sight, tallies []state.Tally) (Trend, error) {
	cal, err := m.calendar(ctx, s)
	if err != nil {
		return Trend{}, err
	}
	out := Trend{Days: make([]TrendDay, heatDays)}
	appliance, endpoint := cal.read[backup.FamilyAppliance], cal.read[backup.FamilyEndpoint]
	for i := range out.Days {
		d := TrendDay{Day: state.DayStart(cal.first + i), Counts: make(map[backup.Word]int, len(backup.Words))}
		for _, w := range backup.Words {
			d.Counts[w] = 0
		}
		for _, t := range tallies {
			counts := t.On(cal.first + i)
			d.Known = d.Known || counts != nil
			for w, n := range counts {
				if slices.Contains(backup.Words, backup.Word(w)) {
					d.Counts[backup.Word(w)] += n
					d.Total += n
				}
			}
		}
		d.Known = d.Known && (appliance[i] || endpoint[i])
		out.Days[i] = d
	}
	out.AsOf, err = s.asOf(ctx, state.ListAssets)
	return out, err
}
