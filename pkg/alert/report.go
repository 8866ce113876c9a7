package alert

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"time"
)

// Span is the time a report covers: from, up to but not including.
type Span struct{ From, To time.Time }

func (s Span) holds(t time.Time) bool { return !t.Before(s.From) && t.Before(s.To) }

// AvoidedRow says what one customer's alerts of one day (UTC) came to. A product
// that makes one ticket of every alert would have made Alerts tickets.
type AvoidedRow struct {
	Day        string `json:"day"`
	CustomerID string `json:"customerId"`
	Alerts     int    `json:"alerts"`   // occurrences of the troubles that began on that day
	Troubles   int    `json:"troubles"` // episodes of conditions
	Opened     int    `json:"opened"`   // tickets
	Repeats    int    `json:"repeats"`  // alerts that only repeated a trouble
	Grouped    int    `json:"grouped"`  // troubles that joined a ticket
	Reopened   int    `json:"reopened"` // troubles that reopened one
	Held       int    `json:"held"`     // troubles that were over without a ticket
	Waiting    int    `json:"waiting"`  // troubles that go on without a ticket
	Avoided    int    `json:"avoided"`  // Repeats + Grouped + Reopened + Held
}

// Header names the columns of Fields.
func (AvoidedRow) Header() []string {
	return []string{"day", "customer id", "alerts", "troubles", "tickets opened", "repeats", "grouped", "reopened", "held", "waiting", "tickets avoided"}
}

// Fields are the row for a table.
func (r AvoidedRow) Fields() []string {
	out := []string{r.Day, r.CustomerID}
	for _, n := range []int{r.Alerts, r.Troubles, r.Opened, r.Repeats, r.Grouped, r.Reopened, r.Held, r.Waiting, r.Avoided} {
		out = append(out, strconv.Itoa(n))
	}
	return out
}

// TicketsAvoided reports by day and customer how many tickets the alerts came to
// and how many they did not.
func TicketsAvoided(histories map[string]History, span Span) []AvoidedRow {
	rows := map[[2]string]*AvoidedRow{}
	for id, h := range histories {
		for _, e := range h.Episodes {
			if !span.holds(e.First) {
				continue
			}
			day := e.First.UTC().Format(time.DateOnly)
			r := rows[[2]string{day, id}]
			if r == nil {
				r = &AvoidedRow{Day: day, CustomerID: id}
				rows[[2]string{day, id}] = r
			}
			r.Troubles++
			r.Alerts += e.Count
			r.Repeats += max(0, e.Count-1)
			switch {
			case e.How == HowOpened:
				r.Opened++
			case e.How == HowGrouped:
				r.Grouped++
			case e.How == HowReopened:
				r.Reopened++
			case e.Over.IsZero():
				r.Waiting++
			default:
				r.Held++
			}
		}
	}
	out := make([]AvoidedRow, 0, len(rows))
	for _, r := range rows {
		r.Avoided = r.Repeats + r.Grouped + r.Reopened + r.Held
		out = append(out, *r)
	}
	slices.SortFunc(out, func(a, b AvoidedRow) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.CustomerID, b.CustomerID))
	})
	return out
}

// NoisyRow is one machine, or an appliance's troubles that tell no machine.
type NoisyRow struct {
	CustomerID  string   `json:"customerId"`
	AssetKey    string   `json:"assetKey,omitempty"`
	ApplianceID string   `json:"applianceId,omitempty"`
	Name        string   `json:"name"`
	Alerts      int      `json:"alerts"`
	Troubles    int      `json:"troubles"`
	Tickets     int      `json:"tickets"` // opened for it
	Reopened    int      `json:"reopened"`
	Days        int      `json:"days"` // on which a trouble began
	Worst       Severity `json:"worst"`
}

// Header names the columns of Fields.
func (NoisyRow) Header() []string {
	return []string{"customer id", "machine", "machine id", "appliance id", "alerts", "troubles", "tickets opened", "reopened", "days", "worst severity"}
}

// Fields are the row for a table.
func (r NoisyRow) Fields() []string {
	return []string{
		r.CustomerID, r.Name, r.AssetKey, r.ApplianceID, strconv.Itoa(r.Alerts), strconv.Itoa(r.Troubles), strconv.Itoa(r.Tickets),
		strconv.Itoa(r.Reopened), strconv.Itoa(r.Days), string(r.Worst),
	}
}

// NoisyMachines reports the machines with the most alerts first.
func NoisyMachines(histories map[string]History, span Span) []NoisyRow {
	type noise struct {
		NoisyRow
		days map[string]bool
	}
	rows := map[[3]string]*noise{}
	for id, h := range histories {
		for _, e := range h.Episodes {
			if !span.holds(e.First) {
				continue
			}
			key := [3]string{id, e.AssetKey, ""}
			if e.AssetKey == "" {
				key[2] = e.ApplianceID
			}
			r := rows[key]
			if r == nil {
				r = &noise{NoisyRow{CustomerID: id, AssetKey: e.AssetKey, ApplianceID: e.ApplianceID}, map[string]bool{}}
				rows[key] = r
			}
			r.Name = cmp.Or(e.Name, r.Name)
			r.Alerts += e.Count
			r.Troubles++
			switch e.How {
			case HowOpened:
				r.Tickets++
			case HowReopened:
				r.Reopened++
			}
			if e.Severity.rank() > r.Worst.rank() {
				r.Worst = e.Severity
			}
			r.days[e.First.UTC().Format(time.DateOnly)] = true
		}
	}
	out := make([]NoisyRow, 0, len(rows))
	for _, r := range rows {
		r.Days = len(r.days)
		out = append(out, r.NoisyRow)
	}
	slices.SortFunc(out, func(a, b NoisyRow) int {
		return cmp.Or(cmp.Compare(b.Alerts, a.Alerts), cmp.Compare(a.CustomerID, b.CustomerID), cmp.Compare(a.AssetKey, b.AssetKey), cmp.Compare(a.ApplianceID, b.ApplianceID))
	})
	return out
}

// OpenRow is one ticket and how long it was open.
type OpenRow struct {
	CustomerID string    `json:"customerId"`
	TicketID   int       `json:"ticketId"`
	Name       string    `json:"name"`
	Class      Class     `json:"class"`
	Severity   Severity  `json:"severity"`
	Opened     time.Time `json:"opened"`
	Closed     time.Time `json:"closed,omitzero"` // zero: it is open
	ClosedBy   string    `json:"closedBy,omitempty"`
	Reopens    int       `json:"reopens"`
	Notes      int       `json:"notes"`
	Minutes    int       `json:"minutes"` // open, the times in which it was closed left out
}

// Header names the columns of Fields.
func (OpenRow) Header() []string {
	return []string{"customer id", "ticket", "about", "class", "severity", "opened", "closed", "closed by", "reopens", "notes", "minutes open"}
}

// Fields are the row for a table.
func (r OpenRow) Fields() []string {
	closed := ""
	if !r.Closed.IsZero() {
		closed = r.Closed.UTC().Format(time.RFC3339)
	}
	return []string{
		r.CustomerID, strconv.Itoa(r.TicketID), r.Name, string(r.Class), string(r.Severity), r.Opened.UTC().Format(time.RFC3339), closed,
		r.ClosedBy, strconv.Itoa(r.Reopens), strconv.Itoa(r.Notes), strconv.Itoa(r.Minutes),
	}
}

// TimeOpen reports the tickets that were opened within the span, longest open first.
func TimeOpen(histories map[string]History, span Span, now time.Time) []OpenRow {
	out := []OpenRow{}
	for _, id := range slices.Sorted(maps.Keys(histories)) {
		for _, t := range histories[id].Tickets {
			if span.holds(t.Opened) {
				out = append(out, OpenRow{
					CustomerID: id, TicketID: t.ID, Name: t.Name, Class: t.Class, Severity: t.Severity, Opened: t.Opened, Closed: t.Closed,
					ClosedBy: t.ClosedBy, Reopens: t.Reopens, Notes: t.Notes, Minutes: int(t.OpenFor(now) / time.Minute),
				})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b OpenRow) int {
		return cmp.Or(cmp.Compare(b.Minutes, a.Minutes), cmp.Compare(a.TicketID, b.TicketID))
	})
	return out
}
