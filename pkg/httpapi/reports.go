package httpapi

import (
	"net/http"
	"strings"
	"time"

	"uniview-bridge/pkg/docsync"
	"uniview-bridge/pkg/httpapi/access"
	"uniview-bridge/pkg/httpapi/view"
	"uniview-bridge/pkg/review"
)

// report answers the reports by name.
func (a *api) report(r *http.Request) (reply, error) {
	switch r.PathValue("name") {
	case "overview":
		return a.overview(r)
	case "coverage":
		return a.coverage(r)
	case "customers":
		return a.customerReport(r)
	case "tickets-avoided":
		return a.ticketsAvoided(r)
	case "noisy-machines":
		return a.noisyMachines(r)
	case "time-open":
		return a.timeOpen(r)
	default:
		return reply{}, notFound("There is no such report: use overview, coverage, customers, tickets-avoided, noisy-machines or time-open.")
	}
}

func (a *api) overview(r *http.Request) (reply, error) {
	if _, err := queryOf(r); err != nil {
		return reply{}, err
	}
	if access.From(r.Context()).Limited() {
		return reply{}, problem(http.StatusForbidden, "Not allowed", "This is about all customers, and you may see only some of them.")
	}
	list, err := a.Connections.List(r.Context())
	if err != nil {
		return reply{}, err
	}
	o, err := a.Model.Overview(r.Context(), list)
	return ok(o), err
}

func (a *api) customerReport(r *http.Request) (reply, error) {
	q, err := queryOf(r, "cursor", "limit")
	if err != nil {
		return reply{}, err
	}
	rows, err := a.Model.CustomerReports(r.Context(), only(r))
	if err != nil {
		return reply{}, err
	}
	page, err := cut(rows, view.CustomerReport.Place, q)
	return ok(page), err
}

// CoveragePage is a page of configurations without a protected machine.
type CoveragePage struct {
	Page[view.Uncovered]

	Total int `json:"total"`
	// Types counts the configurations of the customers that were looked at, by type.
	Types []view.TypeCount `json:"types"`
	// UnmatchedCustomers have no organization, so that nothing is known of them.
	UnmatchedCustomers int       `json:"unmatchedCustomers"`
	ITGlueAsOf         time.Time `json:"itglueAsOf,omitzero"`
	UniViewAsOf        time.Time `json:"univiewAsOf,omitzero"`
}

// coverage answers configurations without a protected machine as JSON, in pages, or
// as CSV, whole.
func (a *api) coverage(r *http.Request) (reply, error) {
	q, err := queryOf(r, "customer", "types", "format", "cursor", "limit")
	if err != nil {
		return reply{}, err
	}
	f := view.CoverageFilter{Only: only(r)}
	if f.Customer, err = q.customer(); err != nil {
		return reply{}, err
	}
	csv, err := q.csv(r)
	if err != nil {
		return reply{}, err
	}
	if f.Types, err = a.coverageTypes(r, q); err != nil {
		return reply{}, err
	}
	c, err := a.Model.Coverage(r.Context(), f)
	if err != nil {
		return reply{}, err
	}
	if csv {
		return coverageCSV(c)
	}
	page, err := cut(c.Items, view.Uncovered.Place, q)
	return ok(CoveragePage{page, len(c.Items), c.Types, c.Unmatched, c.ITGlueAsOf, c.UniViewAsOf}), err
}

// coverageTypes are the types asked for, or those of the settings.
func (a *api) coverageTypes(r *http.Request, q query) ([]string, error) {
	const most = 1000 // bytes
	asked := q.values.Get("types")
	if len(asked) > most {
		return nil, badField("types", "The list of types is too long.")
	}
	var types []string
	for t := range strings.SplitSeq(asked, ",") {
		if t = strings.TrimSpace(t); t != "" {
			types = append(types, t)
		}
	}
	if types != nil {
		return types, nil
	}
	s, err := docsync.LoadSettings(r.Context(), a.Table)
	return s.CoverageTypes, err
}

func coverageCSV(c view.Coverage) (reply, error) {
	var t review.Table
	t.Row("customer_id", "customer_name", "organization_id", "organization_name", "configuration_id", "configuration_name",
		"type", "serial", "url", "why", "itglue_as_of", "uniview_as_of")
	itglue, uniview := c.ITGlueAsOf.UTC().Format(time.RFC3339), c.UniViewAsOf.UTC().Format(time.RFC3339)
	for _, u := range c.Items {
		if !t.Row(u.CustomerID, u.CustomerName, u.OrganizationID, u.OrganizationName, u.ConfigurationID, u.ConfigurationName,
			u.Type, u.Serial, u.URL, u.Why, itglue, uniview) {
			return reply{}, problem(http.StatusBadRequest, "Too many configurations", "The table is over 5 MB: export it by customer (customer=) or by type (types=).")
		}
	}
	return tableOf(&t, "coverage.csv"), nil
}
