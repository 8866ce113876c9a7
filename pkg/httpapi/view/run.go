package view

import (
	"context"
	"slices"
	"strings"
	"time"

	"uniview-bridge/pkg/plan"
	"uniview-bridge/pkg/state"
)

// Run is one sync with its progress.
type Run struct {
	state.Run

	Progress Progress `json:"progress"`
}

// Progress is how far the work of a run is.
type Progress struct {
	Messages int            `json:"messages"` // customers to work on
	Reported int            `json:"reported"`
	Open     int            `json:"open"` // worked on, but they stay due
	Changed  map[string]int `json:"changed"`
	Skipped  int            `json:"skipped"`
	Failed   int            `json:"failed"`
	// Entries are the customers with reasons; filled for a single run only.
	Entries []Entry `json:"entries"`
}

// Entry is what the work on one customer came to.
type Entry struct {
	CustomerID   string         `json:"customerId"`
	CustomerName string         `json:"customerName,omitempty"`
	Changed      map[string]int `json:"changed"`
	Skipped      int            `json:"skipped"`
	Failed       int            `json:"failed"`
	Reasons      []string       `json:"reasons"`
	Done         bool           `json:"done"`
}

// Active says whether the run is still going on.
func (r Run) Active() bool { return !r.State.Ended() }

// Took is how long the run took, or goes on for by now.
func (r Run) Took(now time.Time) time.Duration {
	switch {
	case r.Started.IsZero():
		return 0
	case r.Ended.IsZero():
		return now.Sub(r.Started)
	default:
		return r.Ended.Sub(r.Started)
	}
}

// Runs lists runs, newest first, behind the given id. Only those at work carry
// their progress.
func (m *Model) Runs(ctx context.Context, after string, limit int) ([]Run, error) {
	list, err := state.Runs(ctx, m.Table, after, limit)
	if err != nil {
		return nil, err
	}
	out := make([]Run, len(list))
	for i, r := range list {
		if r.State.Ended() {
			out[i] = runOf(r, state.Progress{})
			continue
		}
		p, err := state.LoadProgress(ctx, m.Table, r.ID)
		if err != nil {
			return nil, err
		}
		out[i] = runOf(r, p)
	}
	return out, nil
}

// Run reads one run with its progress and the reasons per customer.
func (m *Model) Run(ctx context.Context, id string) (Run, error) {
	r, _, err := state.LoadRun(ctx, m.Table, id)
	if err != nil {
		return Run{}, err
	}
	p, err := state.LoadProgress(ctx, m.Table, id)
	if err != nil {
		return Run{}, err
	}
	names, err := m.Names(ctx)
	if err != nil {
		return Run{}, err
	}
	out := runOf(r, p)
	for _, e := range p.Entries {
		reasons := e.Reasons
		if reasons == nil {
			reasons = []string{}
		}
		out.Progress.Entries = append(out.Progress.Entries, Entry{
			CustomerID: e.Customer, CustomerName: names[e.Customer], Changed: counts(e.Changed),
			Skipped: e.Skipped, Failed: e.Failed, Reasons: reasons, Done: e.Done,
		})
	}
	slices.SortFunc(out.Progress.Entries, func(a, b Entry) int {
		return strings.Compare(a.CustomerName+"\x00"+a.CustomerID, b.CustomerName+"\x00"+b.CustomerID)
	})
	return out, nil
}

func runOf(r state.Run, p state.Progress) Run {
	if r.Stages == nil {
		r.Stages = []state.Stage{}
	}
	if r.Counts == nil {
		r.Counts = []plan.Count{}
	}
	return Run{Run: r, Progress: Progress{
		Messages: r.Messages, Reported: p.Reported, Open: p.Open, Changed: counts(p.Changed), Skipped: p.Skipped, Failed: p.Failed,
		Entries: []Entry{},
	}}
}

// recentRuns is how many runs the overview looks back over.
const recentRuns = 30

// braked is the newest run of each side that was stopped by the brake and was
// not followed by another run of that side.
func braked(runs []Run) []Run {
	seen := map[state.Vendor]bool{}
	var out []Run
	for _, r := range runs {
		if !r.Scope.AccountWide() || r.State == state.Queued || r.State == state.Cancelled {
			continue
		}
		fresh := false
		for _, side := range r.Scope.Sides() {
			fresh = fresh || !seen[side]
			seen[side] = true
		}
		if fresh && r.State == state.Stopped {
			out = append(out, r)
		}
	}
	return out
}

// Connection is a vendor account as it is shown.
type Connection struct {
	Kind           state.Vendor      `json:"kind"`
	Name           string            `json:"name"`
	Status         string            `json:"status"` // ok, syncing, error, stopped, not_configured
	Reason         string            `json:"reason"`
	Fix            string            `json:"fix"`
	HasCredentials bool              `json:"hasCredentials"`
	Fields         map[string]string `json:"fields"` // the parts of the credentials that are no secret
	Since          time.Time         `json:"since,omitzero"`
	LastRead       time.Time         `json:"lastRead,omitzero"` // newest complete read of one of its lists
	LastTest       time.Time         `json:"lastTest,omitzero"`
	LastOK         time.Time         `json:"lastOk,omitzero"` // when these credentials first worked, or worked again; none: they were only entered
}

// Syncing is the status of a connection that works and is being synced.
const Syncing = "syncing"

// lists are the lists read from each vendor.
var lists = map[state.Vendor][]string{
	state.UniView:     {state.ListCustomers, state.ListAppliances, state.ListAssets, state.ListEndpoints, state.ListAlerts},
	state.ITGlue:      {state.ListOrganizations, state.ListConfigurations, state.ListPublished},
	state.ConnectWise: {state.ListCompanies, state.ListTickets},
}

// VendorName is what people call a vendor.
func VendorName(v state.Vendor) string {
	switch v {
	case state.UniView:
		return "UniView"
	case state.ITGlue:
		return "IT Glue"
	case state.ConnectWise:
		return "ConnectWise"
	default:
		return string(v)
	}
}

// Connections shows the given connections.
func (m *Model) Connections(ctx context.Context, list []state.Connection) ([]Connection, error) {
	s, err := m.look(ctx)
	if err != nil {
		return nil, err
	}
	records, err := state.Runs(ctx, s, "", recentRuns)
	if err != nil {
		return nil, err
	}
	runs := make([]Run, len(records))
	for i, r := range records {
		runs[i] = Run{Run: r}
	}
	return m.connections(ctx, s, list, runs)
}

func (m *Model) connections(ctx context.Context, s *sight, list []state.Connection, runs []Run) ([]Connection, error) {
	out := make([]Connection, len(list))
	for i, c := range list {
		var err error
		if out[i], err = connection(ctx, s, c, runs); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// ConnectionOf shows a connection's record alone, without its lists and runs.
func ConnectionOf(c state.Connection) Connection {
	out := Connection{
		Kind: c.Kind, Name: VendorName(c.Kind), Status: string(c.Status), Reason: c.Reason, Fix: c.Fix,
		HasCredentials: c.Version != "", Fields: c.Fields, Since: c.Since, LastTest: c.LastTest, LastOK: c.LastOK,
	}
	if out.Fields == nil {
		out.Fields = map[string]string{}
	}
	return out
}

func connection(ctx context.Context, s *sight, c state.Connection, runs []Run) (Connection, error) {
	out := ConnectionOf(c)
	for _, name := range lists[c.Kind] {
		p, err := s.pointer(ctx, name)
		if err != nil {
			return out, err
		}
		if p.ReadAt.After(out.LastRead) {
			out.LastRead = p.ReadAt
		}
	}
	if c.Status == state.ConnectionOK && slices.ContainsFunc(runs, func(r Run) bool { return touches(r, c.Kind) }) {
		out.Status = Syncing
	}
	return out, nil
}

// touches says whether a run at work reads or writes the vendor now.
func touches(r Run, kind state.Vendor) bool {
	switch r.State {
	case state.Reading:
		return kind == state.UniView || slices.Contains(r.Scope.Sides(), kind)
	case state.Working:
		return slices.Contains(r.Scope.Sides(), kind)
	default:
		return false
	}
}
