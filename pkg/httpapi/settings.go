package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"uniview-bridge/pkg/connectwise"
	"uniview-bridge/pkg/docsync"
	"uniview-bridge/pkg/review"
	"uniview-bridge/pkg/state"
)

// SettingsAnswer are the account's settings beside those of tickets.
type SettingsAnswer struct {
	Documentation DocumentationSettings `json:"documentation"`
}

// DocumentationSettings are the choices for statuses and what is published.
type DocumentationSettings struct {
	OverdueAfterMinutes   int     `json:"overdueAfterMinutes"`
	OverdueFactor         float64 `json:"overdueFactor"`
	OverdueAtLeastMinutes int     `json:"overdueAtLeastMinutes"`
	UnknownAfterMinutes   int     `json:"unknownAfterMinutes"`
	TimesEveryMinutes     int     `json:"timesEveryMinutes"`
	Restricted            bool    `json:"restricted"`
	ConsoleURL            string  `json:"consoleUrl"`
}

func documentationOf(s docsync.Settings) DocumentationSettings {
	return DocumentationSettings{
		OverdueAfterMinutes: int(s.Status.OverdueAfter / time.Minute), OverdueFactor: s.Status.OverdueFactor,
		OverdueAtLeastMinutes: int(s.Status.OverdueAtLeast / time.Minute), UnknownAfterMinutes: int(s.Status.UnknownAfter / time.Minute),
		TimesEveryMinutes: int(s.TimesEvery / time.Minute), Restricted: s.Restricted, ConsoleURL: s.ConsoleURL,
	}
}

func (d DocumentationSettings) over(s docsync.Settings) docsync.Settings {
	s.Status.OverdueAfter = time.Duration(d.OverdueAfterMinutes) * time.Minute
	s.Status.OverdueFactor = d.OverdueFactor
	s.Status.OverdueAtLeast = time.Duration(d.OverdueAtLeastMinutes) * time.Minute
	s.Status.UnknownAfter = time.Duration(d.UnknownAfterMinutes) * time.Minute
	s.TimesEvery = time.Duration(d.TimesEveryMinutes) * time.Minute
	s.Restricted, s.ConsoleURL = d.Restricted, d.ConsoleURL
	return s
}

// maxURL bounds the console's address, in bytes.
const maxURL = 300

func (d DocumentationSettings) check() error {
	const day = 24 * 60
	for _, m := range []struct {
		name       string
		value      int
		least, max int
	}{
		{"overdueAfterMinutes", d.OverdueAfterMinutes, 60, 30 * day},
		{"overdueAtLeastMinutes", d.OverdueAtLeastMinutes, 15, 30 * day},
		{"unknownAfterMinutes", d.UnknownAfterMinutes, 60, 7 * day},
		{"timesEveryMinutes", d.TimesEveryMinutes, 15, 7 * day},
	} {
		if m.value < m.least || m.value > m.max {
			return badField("documentation."+m.name, fmt.Sprintf("%s is between %d and %d.", m.name, m.least, m.max))
		}
	}
	if d.OverdueFactor < 1 || d.OverdueFactor > 20 {
		return badField("documentation.overdueFactor", "overdueFactor is between 1 and 20.")
	}
	if d.ConsoleURL == "" {
		return nil
	}
	u, err := url.Parse(d.ConsoleURL)
	if err != nil || len(d.ConsoleURL) > maxURL || u.Host == "" || u.User != nil || u.Scheme != "https" {
		return badField("documentation.consoleUrl", "consoleUrl is an address that begins with https://, or empty: links to it stand in IT Glue, where many people follow them.")
	}
	return nil
}

func (a *api) getSettings(r *http.Request) (reply, error) {
	s, err := docsync.LoadSettings(r.Context(), a.Table)
	return ok(SettingsAnswer{documentationOf(s)}), err
}

// putSettings changes settings. Members left out stay as they are.
func (a *api) putSettings(r *http.Request) (reply, error) {
	before, err := docsync.LoadSettings(r.Context(), a.Table)
	if err != nil {
		return reply{}, err
	}
	body := SettingsAnswer{documentationOf(before)}
	if err := read(r, &body); err != nil {
		return reply{}, err
	}
	if err := body.Documentation.check(); err != nil {
		return reply{}, err
	}
	if err := docsync.SaveSettings(r.Context(), a.Table, body.Documentation.over(before)); err != nil {
		return reply{}, err
	}
	if err := a.auditSettings(r, "change settings", "documentation", documentationOf(before), body.Documentation); err != nil {
		return reply{}, err
	}
	return a.getSettings(r)
}

func (a *api) testTicket(r *http.Request) (reply, error) {
	ctx, cancel := context.WithTimeout(r.Context(), vendorTime)
	defer cancel()
	session, err := a.ConnectWise(ctx)
	if err != nil {
		return reply{}, err
	}
	out, err := a.Review.TestTicket(ctx, by(r), a.Installation, deskOf(session))
	return ok(out), err
}

// deskOf narrows a session to what a test ticket needs.
func deskOf(s state.Session[*connectwise.Client]) state.Session[review.TestDesk] {
	return state.Session[review.TestDesk]{Client: s.Client, Fail: s.Fail}
}

func (a *api) compareAsset(r *http.Request) (reply, error) {
	c, err := a.Model.Compare(r.Context(), r.PathValue("id"))
	return ok(c), err
}
