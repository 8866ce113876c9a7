package state

import (
	"context"
	"errors"
	"fmt"
	"time"

	"uniview-bridge/pkg/plan"
)

// Scope says what a run covers.
type Scope string

// The scopes. The first three cover the account.
const (
	ScopeAll           Scope = "all"
	ScopeDocumentation Scope = "documentation"
	ScopeAlerts        Scope = "alerts"
	ScopeCustomer      Scope = "customer"
	ScopeAsset         Scope = "asset"
)

// AccountWide says whether the scope covers all customers.
func (s Scope) AccountWide() bool {
	return s == ScopeAll || s == ScopeDocumentation || s == ScopeAlerts
}

// Sides are the vendors a run of this scope brings up to date.
func (s Scope) Sides() []Vendor {
	switch s {
	case ScopeDocumentation:
		return []Vendor{ITGlue}
	case ScopeAlerts:
		return []Vendor{ConnectWise}
	default:
		return []Vendor{ITGlue, ConnectWise}
	}
}

// RunState is where a run stands.
type RunState string

// The run states; the last five are ends.
const (
	Queued    RunState = "queued"
	Reading   RunState = "reading"
	Working   RunState = "working" // its messages are being worked on
	Succeeded RunState = "succeeded"
	Partial   RunState = "partial"
	Failed    RunState = "failed"
	Stopped   RunState = "stopped" // by the brake
	Cancelled RunState = "cancelled"
)

// Ended says whether the run is over.
func (s RunState) Ended() bool {
	return s == Succeeded || s == Partial || s == Failed || s == Stopped || s == Cancelled
}

// Stage is one part of a run with its counts.
type Stage struct {
	Name    string    `json:"name"`
	Read    int       `json:"read,omitempty"`
	Matched int       `json:"matched,omitempty"`
	Changed int       `json:"changed,omitempty"`
	Skipped int       `json:"skipped,omitempty"`
	Failed  int       `json:"failed,omitempty"`
	Detail  string    `json:"detail,omitempty"`
	At      time.Time `json:"at"`
}

// Run is one sync.
type Run struct {
	ID       string    `json:"id"`
	Scope    Scope     `json:"scope"`
	Target   string    `json:"target,omitempty"` // customer or asset id of a narrow scope
	By       string    `json:"by"`               // "schedule" or who asked
	State    RunState  `json:"state"`
	Reason   string    `json:"reason,omitempty"`
	Created  time.Time `json:"created"`
	Started  time.Time `json:"started,omitzero"`
	Ended    time.Time `json:"ended,omitzero"`
	Stages   []Stage   `json:"stages,omitempty"`
	Messages int       `json:"messages"`

	// The plan of this run: its digest, its counts, what braked it.
	Digest  string        `json:"digest,omitempty"`
	Counts  []plan.Count  `json:"counts,omitempty"`
	Excess  []plan.Excess `json:"excess,omitempty"`
	Preview []Vendor      `json:"preview,omitempty"` // sides planned but not applied
	// Fold says that too many new tickets are to be opened as one per appliance.
	Fold bool `json:"fold,omitempty"`

	// Totals over the account after deciding.
	Customers map[string]int `json:"customers,omitempty"` // by organization link state
	Machines  map[string]int `json:"machines,omitempty"`  // by configuration link state
	Statuses  map[string]int `json:"statuses,omitempty"`  // by status word

	CancelAsked bool `json:"cancelAsked,omitempty"`
}

// runKept is how long runs stay.
const runKept = 90 * 24 * time.Hour

// RunKey is the key of a run. Ids sort by time.
func RunKey(id string) Key { return Key{pkRun, id} }

// NewRunID makes an id that sorts by time; random tells runs of one second apart.
func NewRunID(now time.Time, random string) string {
	return now.UTC().Format("20060102T150405Z") + "-" + random
}

// SaveRun writes a run at the version it was read with.
func SaveRun(ctx context.Context, t Table, r Run, version int64) (int64, error) {
	return Save(ctx, t, RunKey(r.ID), r, version, r.Created.Add(runKept).Truncate(time.Second))
}

// LoadRun reads one run.
func LoadRun(ctx context.Context, t Table, id string) (Run, int64, error) {
	return Load[Run](ctx, t, RunKey(id))
}

// UpdateRun changes one run whatever else happens to it meanwhile. A missing run
// is ErrNotFound.
func UpdateRun(ctx context.Context, t Table, id string, change func(*Run) error) (Run, error) {
	for range updateTries {
		r, version, err := LoadRun(ctx, t, id)
		if err != nil {
			return r, err
		}
		if err := change(&r); err != nil {
			if errors.Is(err, errUnchanged) {
				return r, nil
			}
			return r, err
		}
		if _, err := SaveRun(ctx, t, r, version); err == nil {
			return r, nil
		} else if !errors.Is(err, ErrConflict) {
			return r, err
		}
	}
	return Run{}, fmt.Errorf("run %s: %w", id, ErrConflict)
}

// Runs lists runs, newest first, behind the given id.
func Runs(ctx context.Context, t Table, after string, limit int) ([]Run, error) {
	items, err := t.Query(ctx, Query{PK: pkRun, After: after, Limit: limit, Descending: true})
	if err != nil {
		return nil, err
	}
	runs := make([]Run, len(items))
	for i, item := range items {
		if err := Decode(item.Data, &runs[i]); err != nil {
			return nil, fmt.Errorf("run %s: %w", item.SK, err)
		}
	}
	return runs, nil
}
