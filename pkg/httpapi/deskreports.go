package httpapi

import (
	"fmt"
	"net/http"
	"time"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/review"
)

// DeskReport is a page of a report about alerts and tickets.
type DeskReport[T any] struct {
	Page[T]

	Total int       `json:"total"`
	From  time.Time `json:"from"`
	To    time.Time `json:"to"`
}

// reported is a row of such a report.
type reported interface {
	Header() []string
	Fields() []string
}

// reportDays is the time that a report covers unasked.
const reportDays = 30

// deskQuestion is what such a report is asked for.
type deskQuestion struct {
	query
	customer string
	span     alert.Span
	csv      bool
}

func (a *api) deskQuestion(r *http.Request) (deskQuestion, error) {
	q, err := queryOf(r, "customer", "from", "to", "format", "cursor", "limit")
	if err != nil {
		return deskQuestion{}, err
	}
	out := deskQuestion{query: q}
	if out.customer, err = q.customer(); err != nil {
		return out, err
	}
	if out.span.From, err = q.time("from"); err != nil {
		return out, err
	}
	if out.span.To, err = q.time("to"); err != nil {
		return out, err
	}
	if out.span.To.IsZero() {
		out.span.To = a.Now().UTC()
	}
	if out.span.From.IsZero() {
		out.span.From = out.span.To.AddDate(0, 0, -reportDays)
	}
	if !out.span.From.Before(out.span.To) {
		return out, badField("from", "from must be before to.")
	}
	out.csv, err = q.csv(r)
	return out, err
}

func (a *api) ticketsAvoided(r *http.Request) (reply, error) {
	q, err := a.deskQuestion(r)
	if err != nil {
		return reply{}, err
	}
	rows, err := a.office().Avoided(r.Context(), q.customer, q.span)
	if err != nil {
		return reply{}, err
	}
	type row struct {
		alert.AvoidedRow

		CustomerName string `json:"customerName"`
	}
	return deskReport(a, r, q, "tickets-avoided", rows, func(x alert.AvoidedRow) string { return x.CustomerID },
		func(x alert.AvoidedRow, name string) row { return row{x, name} },
		func(x row) string { return x.Day + " " + x.CustomerID })
}

func (a *api) noisyMachines(r *http.Request) (reply, error) {
	q, err := a.deskQuestion(r)
	if err != nil {
		return reply{}, err
	}
	rows, err := a.office().Noisy(r.Context(), q.customer, q.span)
	if err != nil {
		return reply{}, err
	}
	type row struct {
		alert.NoisyRow

		CustomerName string `json:"customerName"`
	}
	return deskReport(a, r, q, "noisy-machines", rows, func(x alert.NoisyRow) string { return x.CustomerID },
		func(x alert.NoisyRow, name string) row { return row{x, name} },
		func(x row) string {
			return falling(x.Alerts) + x.CustomerID + "\x00" + x.AssetKey + "\x00" + x.ApplianceID
		})
}

func (a *api) timeOpen(r *http.Request) (reply, error) {
	q, err := a.deskQuestion(r)
	if err != nil {
		return reply{}, err
	}
	rows, err := a.office().TimeOpen(r.Context(), q.customer, q.span)
	if err != nil {
		return reply{}, err
	}
	type row struct {
		alert.OpenRow

		CustomerName string `json:"customerName"`
	}
	return deskReport(a, r, q, "time-open", rows, func(x alert.OpenRow) string { return x.CustomerID },
		func(x alert.OpenRow, name string) row { return row{x, name} },
		func(x row) string { return falling(x.Minutes) + fmt.Sprintf("%012d", x.TicketID) })
}

// falling orders numbers from the largest to the smallest.
func falling(n int) string { return fmt.Sprintf("%012d ", 1e11-int64(n)) }

// deskReport answers the rows of the customers that may be seen as JSON, in pages,
// or as CSV, whole.
func deskReport[T reported, S any](a *api, r *http.Request, q deskQuestion, name string, rows []T, customer func(T) string,
	named func(T, string) S, place func(S) string,
) (reply, error) {
	names, err := a.Model.Names(r.Context())
	if err != nil {
		return reply{}, err
	}
	may := only(r)
	list := []S{}
	var table review.Table
	var none T
	table.Row(append(none.Header(), "customer")...)
	for _, row := range rows {
		id := customer(row)
		if may != nil && !may(id) {
			continue
		}
		list = append(list, named(row, names[id]))
		if q.csv && !table.Row(append(row.Fields(), names[id])...) {
			return reply{}, problem(http.StatusBadRequest, "Too many rows", "The table is over 5 MB: export it by customer (customer=) or for a shorter time (from=, to=).")
		}
	}
	if q.csv {
		return tableOf(&table, name+".csv"), nil
	}
	page, err := cut(list, place, q.query)
	return ok(DeskReport[S]{page, len(list), q.span.From, q.span.To}), err
}
