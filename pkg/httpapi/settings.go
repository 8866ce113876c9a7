package httpapi

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"time"

	"uniview-bridge/pkg/connectwise"
	"uniview-bridge/pkg/docsync"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/review"
	"uniview-bridge/pkg/state"
)

// SettingsAnswer are the account's settings beside those of tickets.
type SettingsAnswer struct {
	Documentation DocumentationSettings `json:"documentation"`
}

// DocumentationSettings are the choices for statuses, for matching machines and for
// what is published; see docsync.Settings.
type DocumentationSettings struct {
	OverdueAfterMinutes   int     `json:"overdueAfterMinutes"`
	OverdueFactor         float64 `json:"overdueFactor"`
	OverdueAtLeastMinutes int     `json:"overdueAtLeastMinutes"`
	OverdueAtMostMinutes  int     `json:"overdueAtMostMinutes"`
	UnknownAfterMinutes   int     `json:"unknownAfterMinutes"`
	TimesEveryMinutes     int     `json:"timesEveryMinutes"`
	SearchAfterMinutes    []int   `json:"searchAfterMinutes"`
	LookUps               int     `json:"lookUps"`

	Restricted bool   `json:"restricted"`
	ConsoleURL string `json:"consoleUrl"`
	NotesBlock bool   `json:"notesBlock"`
	Banner     bool   `json:"banner"`

	SharedMACs    []SharedMAC `json:"sharedMacs"`
	Descendants   bool        `json:"descendants"`
	CoverageTypes []string    `json:"coverageTypes"`
}

// SharedMAC is an address, or a pattern of addresses, that tells no machine.
type SharedMAC struct {
	Pattern string `json:"pattern"`
	Note    string `json:"note"`
}

func documentationOf(s docsync.Settings) DocumentationSettings {
	d := DocumentationSettings{
		OverdueAfterMinutes: int(s.Status.OverdueAfter / time.Minute), OverdueFactor: s.Status.OverdueFactor,
		OverdueAtLeastMinutes: int(s.Status.OverdueAtLeast / time.Minute), OverdueAtMostMinutes: int(s.Status.OverdueAtMost / time.Minute),
		UnknownAfterMinutes: int(s.Status.UnknownAfter / time.Minute), TimesEveryMinutes: int(s.TimesEvery / time.Minute),
		SearchAfterMinutes: []int{}, LookUps: max(0, s.LookUps),
		Restricted: s.Restricted, ConsoleURL: s.ConsoleURL, NotesBlock: s.NotesBlock, Banner: s.Banner,
		SharedMACs: []SharedMAC{}, Descendants: s.MACs.Descendants, CoverageTypes: append([]string{}, s.CoverageTypes...),
	}
	for _, m := range s.MACs.Shared {
		d.SharedMACs = append(d.SharedMACs, SharedMAC(m))
	}
	for _, t := range s.SearchAfter {
		d.SearchAfterMinutes = append(d.SearchAfterMinutes, int(t/time.Minute))
	}
	return d
}

func (d DocumentationSettings) over(s docsync.Settings) docsync.Settings {
	minutes := func(n int) time.Duration { return time.Duration(n) * time.Minute }
	s.Status.OverdueAfter, s.Status.OverdueFactor = minutes(d.OverdueAfterMinutes), d.OverdueFactor
	s.Status.OverdueAtLeast, s.Status.OverdueAtMost = minutes(d.OverdueAtLeastMinutes), minutes(d.OverdueAtMostMinutes)
	s.Status.UnknownAfter, s.TimesEvery = minutes(d.UnknownAfterMinutes), minutes(d.TimesEveryMinutes)
	s.SearchAfter = nil
	for _, n := range d.SearchAfterMinutes {
		s.SearchAfter = append(s.SearchAfter, minutes(n))
	}
	if s.LookUps = d.LookUps; d.LookUps == 0 {
		s.LookUps = -1 // none; zero would mean the default
	}
	s.Restricted, s.ConsoleURL, s.NotesBlock, s.Banner = d.Restricted, d.ConsoleURL, d.NotesBlock, d.Banner
	s.CoverageTypes = d.CoverageTypes
	s.MACs = match.MACSettings{Descendants: d.Descendants}
	for _, m := range d.SharedMACs {
		s.MACs.Shared = append(s.MACs.Shared, match.SharedMAC(m))
	}
	return s
}

// settingNames are our names of the settings whose form differs from what is kept.
var settingNames = map[string]string{
	"status.overdueAfter": "overdueAfterMinutes", "status.overdueFactor": "overdueFactor", "status.overdueAtLeast": "overdueAtLeastMinutes",
	"status.overdueAtMost": "overdueAtMostMinutes", "status.unknownAfter": "unknownAfterMinutes", "timesEvery": "timesEveryMinutes",
	"searchAfter": "searchAfterMinutes", "macs": "sharedMacs", "macs.shared": "sharedMacs",
}

// maxMinutes bounds a time before it is multiplied.
const maxMinutes = 10 * 365 * 24 * 60

func (d DocumentationSettings) check(next docsync.Settings) error {
	least := map[string]int{
		"overdueAfterMinutes": d.OverdueAfterMinutes, "overdueAtLeastMinutes": d.OverdueAtLeastMinutes,
		"overdueAtMostMinutes": d.OverdueAtMostMinutes, "unknownAfterMinutes": d.UnknownAfterMinutes, "timesEveryMinutes": d.TimesEveryMinutes,
	}
	for i, n := range d.SearchAfterMinutes {
		least[fmt.Sprintf("searchAfterMinutes.%d", i)] = n
	}
	for _, name := range slices.Sorted(maps.Keys(least)) {
		if n := least[name]; n < 1 || n > maxMinutes {
			return badField("documentation."+name, name+" is a number of minutes, at least 1.")
		}
	}
	if d.OverdueFactor == 0 {
		return badField("documentation.overdueFactor", "overdueFactor is between 1 and 20.")
	}
	if d.LookUps < 0 {
		return badField("documentation.lookUps", "lookUps is a number from 0 on.")
	}
	if !secureAddress(d.ConsoleURL) {
		return badField("documentation.consoleUrl", "consoleUrl is an address that begins with https://, or empty: links to it stand in IT Glue, where many people follow them.")
	}
	wrong := next.Validate()
	for _, kept := range slices.Sorted(maps.Keys(wrong)) {
		name := cmp.Or(settingNames[kept], kept)
		return badField("documentation."+name, sentence(name+": "+wrong[kept]))
	}
	return nil
}

// secureAddress says whether an address is empty, or fit to be linked to.
func secureAddress(address string) bool {
	const most = 300 // bytes
	u, err := url.Parse(address)
	return address == "" || err == nil && len(address) <= most && u.Host != "" && u.User == nil && u.Scheme == "https"
}

// DefaultSettings are the settings of an installation that chose nothing.
func DefaultSettings() SettingsAnswer {
	return SettingsAnswer{documentationOf(docsync.DefaultSettings)}
}

func (a *api) getSettings(r *http.Request) (reply, error) {
	if _, err := queryOf(r); err != nil {
		return reply{}, err
	}
	s, err := docsync.LoadSettings(r.Context(), a.Table)
	return ok(SettingsAnswer{documentationOf(s)}), err
}

// putSettings changes settings. Members left out stay as they are; lists are
// replaced whole.
func (a *api) putSettings(r *http.Request) (reply, error) {
	before, err := docsync.LoadSettings(r.Context(), a.Table)
	if err != nil {
		return reply{}, err
	}
	body := SettingsAnswer{documentationOf(before)}
	if err := read(r, &body); err != nil {
		return reply{}, err
	}
	next := body.Documentation.over(before)
	if err := body.Documentation.check(next); err != nil {
		return reply{}, err
	}
	if reflect.DeepEqual(documentationOf(before), documentationOf(next)) {
		return a.getSettings(r)
	}
	if err := docsync.SaveSettings(r.Context(), a.Table, next); err != nil {
		return reply{}, err
	}
	if err := a.auditSettings(r, "change settings", "documentation", documentationOf(before), documentationOf(next)); err != nil {
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
