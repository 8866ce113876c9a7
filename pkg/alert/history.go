package alert

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// How an episode came to its ticket.
const (
	HowOpened   = "opened"   // its ticket was opened for it
	HowGrouped  = "grouped"  // it joined a ticket that was there
	HowReopened = "reopened" // a closed ticket was reopened for it
)

// Episode is one episode of a condition as it is remembered: from its first
// occurrence until it was over. Names are short: thousands are kept.
type Episode struct {
	Key         string    `json:"k"` // of the condition
	Number      int       `json:"n"` // Condition.Episode
	Class       Class     `json:"c"`
	Severity    Severity  `json:"s"` // the highest it had
	ApplianceID string    `json:"a,omitempty"`
	AssetKey    string    `json:"m,omitempty"`
	Name        string    `json:"w,omitempty"` // of the machine, else of the appliance
	Message     string    `json:"t"`
	First       time.Time `json:"f"`
	Last        time.Time `json:"l"`
	Over        time.Time `json:"o,omitzero"` // zero: it goes on
	Why         string    `json:"y,omitempty"`
	Count       int       `json:"x"` // occurrences
	Ticket      int       `json:"i,omitempty"`
	How         string    `json:"h,omitempty"` // HowOpened …; empty without a ticket
	Held        string    `json:"r,omitempty"` // why it had no ticket, as last decided
}

// TicketLife is one ticket of ours as it is remembered.
type TicketLife struct {
	ID        int       `json:"i"`
	Reference string    `json:"r"`
	Name      string    `json:"w,omitempty"`
	Severity  Severity  `json:"s,omitempty"`
	Class     Class     `json:"c,omitempty"` // of the episode it was opened for
	Opened    time.Time `json:"o"`
	Since     time.Time `json:"b,omitzero"` // open without a break since; zero while closed
	Closed    time.Time `json:"e,omitzero"`
	ClosedBy  string    `json:"y,omitempty"`
	Seconds   int64     `json:"t,omitempty"` // open before Since
	Reopens   int       `json:"n,omitempty"`
	Notes     int       `json:"x,omitempty"`
}

// OpenFor is how long the ticket was open until now.
func (t TicketLife) OpenFor(now time.Time) time.Duration {
	d := time.Duration(t.Seconds) * time.Second
	if !t.Since.IsZero() && now.After(t.Since) {
		d += now.Sub(t.Since)
	}
	return d
}

// History is what is remembered of one customer's troubles: episodes for 35
// days after their end and tickets for 400, within the bounds below.
type History struct {
	Episodes []Episode    `json:"e,omitempty"`
	Tickets  []TicketLife `json:"t,omitempty"`
}

// The bounds of a history.
const (
	keptEpisodes    = 35 * 24 * time.Hour
	keptTickets     = 400 * 24 * time.Hour
	mostEpisodes    = 3000
	mostTickets     = 2000
	episodeMessage  = 160 // runes
	episodeHeldText = 120
)

// Record brings a history up to what is known now. The same facts recorded twice
// change nothing; h is not changed.
func (h History) Record(conditions map[string]Condition, groups map[string]Group, now time.Time) History {
	r := recorder{
		History: History{Episodes: slices.Clone(h.Episodes), Tickets: slices.Clone(h.Tickets)},
		episode: make(map[string]int, len(h.Episodes)), ticket: make(map[string]int, len(h.Tickets)), fresh: map[string]string{},
	}
	for i, e := range r.Episodes {
		r.episode[e.id()] = i
	}
	for i, t := range r.Tickets {
		r.ticket[t.Reference] = i
	}
	for _, g := range inOrder(groups, func(a, b Group) int { return cmp.Compare(a.Key, b.Key) }) {
		r.group(g, now)
	}
	for _, c := range inOrder(conditions, func(a, b Condition) int { return cmp.Or(a.First.Compare(b.First), cmp.Compare(a.Key, b.Key)) }) {
		if c.Episode > 0 {
			r.condition(c, groups[c.Group])
		}
	}
	return r.pruned(now)
}

func inOrder[T any](m map[string]T, order func(a, b T) int) []T {
	list := make([]T, 0, len(m))
	for _, v := range m {
		list = append(list, v)
	}
	slices.SortFunc(list, order)
	return list
}

func (e Episode) id() string { return fmt.Sprintf("%s#%d", e.Key, e.Number) }

type recorder struct {
	History
	episode map[string]int
	ticket  map[string]int
	fresh   map[string]string // reference → HowOpened or HowReopened, until an episode took it
}

// group records the ticket of a group.
func (r *recorder) group(g Group, now time.Time) {
	if g.TicketID == 0 {
		return
	}
	i, known := r.ticket[g.Reference]
	if !known {
		i = len(r.Tickets)
		r.ticket[g.Reference] = i
		r.Tickets = append(r.Tickets, TicketLife{ID: g.TicketID, Reference: g.Reference, Opened: g.OpenedAt, Since: g.OpenedAt})
		r.fresh[g.Reference] = HowOpened
	}
	t := &r.Tickets[i]
	t.ID, t.Name, t.Notes = g.TicketID, g.Name, g.Notes
	if g.Severity.rank() > t.Severity.rank() {
		t.Severity = g.Severity
	}
	if g.Reopens > t.Reopens {
		t.Reopens = g.Reopens
		r.fresh[g.Reference] = HowReopened
	}
	switch ended := g.State == GroupClosed || g.State == GroupGone; {
	case ended && !t.Since.IsZero():
		t.Closed, t.ClosedBy = g.ClosedAt, g.ClosedBy
		t.Seconds += max(0, int64(g.ClosedAt.Sub(t.Since)/time.Second))
		t.Since = time.Time{}
	case !ended && t.Since.IsZero():
		t.Since, t.Closed, t.ClosedBy = now, time.Time{}, ""
	}
}

// condition records the episode that a condition is in, or was in last.
func (r *recorder) condition(c Condition, g Group) {
	for n := c.Episode - 1; n > 0; n-- { // an end that was never seen: the next one began
		i, ok := r.episode[Episode{Key: c.Key, Number: n}.id()]
		if !ok || !r.Episodes[i].Over.IsZero() {
			break
		}
		r.Episodes[i].Over = c.First
	}
	id := Episode{Key: c.Key, Number: c.Episode}.id()
	i, known := r.episode[id]
	if !known {
		i = len(r.Episodes)
		r.episode[id] = i
		r.Episodes = append(r.Episodes, Episode{Key: c.Key, Number: c.Episode, Class: c.Class, ApplianceID: c.ApplianceID})
	}
	e := &r.Episodes[i]
	e.AssetKey, e.Name, e.Message = c.AssetKey, cmp.Or(c.AssetName, c.ApplianceName), clip(c.Message, episodeMessage)
	e.First, e.Last, e.Count = c.First, c.Last, c.Count
	if c.Severity.rank() > e.Severity.rank() {
		e.Severity = c.Severity
	}
	e.Over, e.Why = time.Time{}, ""
	if c.State == ConditionOver && c.Evidence != nil {
		e.Over, e.Why = c.Evidence.AsOf, c.Evidence.Why
	}
	told, known := g.Told[c.Key]
	switch {
	case known && told.Episode == c.Episode && g.TicketID > 0:
		if e.Ticket != g.TicketID {
			e.How = cmp.Or(r.fresh[g.Reference], HowGrouped)
			delete(r.fresh, g.Reference)
		}
		e.Ticket, e.Held = g.TicketID, ""
		if t := &r.Tickets[r.ticket[g.Reference]]; t.Class == "" {
			t.Class = c.Class
		}
	case c.State == ConditionOpen && e.Ticket == 0 && c.Held != nil:
		e.Held = clip(c.Held.Reason, episodeHeldText)
	case c.State == ConditionOpen && e.Ticket == 0:
		e.Held = clip(g.Reason, episodeHeldText)
	}
}

// pruned forgets what ended long ago, and the oldest beyond the bounds.
func (r *recorder) pruned(now time.Time) History {
	h := r.History
	h.Episodes = slices.DeleteFunc(h.Episodes, func(e Episode) bool { return !e.Over.IsZero() && now.Sub(e.Over) > keptEpisodes })
	h.Tickets = slices.DeleteFunc(h.Tickets, func(t TicketLife) bool { return t.Since.IsZero() && now.Sub(t.Closed) > keptTickets })
	slices.SortStableFunc(h.Episodes, func(a, b Episode) int { return cmp.Or(a.First.Compare(b.First), cmp.Compare(a.Key, b.Key)) })
	slices.SortStableFunc(h.Tickets, func(a, b TicketLife) int { return cmp.Or(a.Opened.Compare(b.Opened), cmp.Compare(a.ID, b.ID)) })
	h.Episodes = newest(h.Episodes, mostEpisodes)
	h.Tickets = newest(h.Tickets, mostTickets)
	return h
}

// Shorter is the history without its oldest quarter, for where it is too large to
// be kept. ok is false when nothing can be left out.
func (h History) Shorter() (shorter History, ok bool) {
	shorter.Episodes, shorter.Tickets = newest(h.Episodes, len(h.Episodes)*3/4), newest(h.Tickets, len(h.Tickets)*3/4)
	return shorter, len(h.Episodes)+len(h.Tickets) > 0
}

func newest[T any](list []T, most int) []T {
	return list[max(0, len(list)-most):]
}
