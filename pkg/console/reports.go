package console

import (
	"net/http"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/httpapi"
)

// reportsPage is what the bridge saved, which machines are noisy, and how long tickets
// were open.
type reportsPage struct {
	Sub     []tab
	Avoided []namedAvoided
	Sum     alert.AvoidedRow
	Noisy   []namedNoisy
	Open    []namedOpen
}

type namedAvoided struct {
	alert.AvoidedRow

	CustomerName string `json:"customerName"`
}

type namedNoisy struct {
	alert.NoisyRow

	CustomerName string `json:"customerName"`
}

type namedOpen struct {
	alert.OpenRow

	CustomerName string `json:"customerName"`
}

// reportRows is how many rows of each report the page shows; the exports have all.
const reportRows = "20"

func (c *Console) reports(w http.ResponseWriter, r *http.Request) {
	page := reportsPage{Sub: deskTabs("/reports")}
	var avoided httpapi.Page[namedAvoided]
	var noisy httpapi.Page[namedNoisy]
	var open httpapi.Page[namedOpen]
	for _, read := range []struct {
		target string
		into   any
	}{
		{"/reports/tickets-avoided?limit=200", &avoided}, {"/reports/noisy-machines?limit=" + reportRows, &noisy}, {"/reports/time-open?limit=" + reportRows, &open},
	} {
		if err := c.get(r, read.target, read.into); err != nil {
			c.fail(w, r, err)
			return
		}
	}
	page.Avoided, page.Noisy, page.Open = avoided.Items, noisy.Items, open.Items
	for _, row := range page.Avoided {
		page.Sum.Alerts += row.Alerts
		page.Sum.Troubles += row.Troubles
		page.Sum.Opened += row.Opened
		page.Sum.Repeats += row.Repeats
		page.Sum.Grouped += row.Grouped
		page.Sum.Reopened += row.Reopened
		page.Sum.Held += row.Held
		page.Sum.Avoided += row.Avoided
	}
	c.show(w, r, http.StatusOK, "reports", "layout.html", c.frame(r, "Reports", page))
}
