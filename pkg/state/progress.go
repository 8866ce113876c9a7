package state

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"uniview-bridge/pkg/plan"
)

// perShard is how many messages share one progress item.
const perShard = 50

// maxReasons bounds the reasons kept of one message.
const maxReasons = 20

// maxReason bounds one reason, in runes.
const maxReason = 300

// Result is what one message came to.
type Result struct {
	Changed map[string]int `json:"changed,omitempty"` // "create flexible asset": 3
	Skipped int            `json:"skipped,omitempty"`
	Failed  int            `json:"failed,omitempty"`
	Reasons []string       `json:"reasons,omitempty"`
	Done    bool           `json:"done"` // false: the customer stays due
}

// shard is the progress of up to perShard messages of a run.
type shard struct {
	At      time.Time     `json:"at"`
	Results map[int]Entry `json:"results"`
}

func (s shard) expires() time.Time { return s.At.Add(runKept).Truncate(time.Second) }

// Entry is the result of one message with its customer.
type Entry struct {
	Customer string `json:"customer"`
	Result
}

func shardKey(run string, n int) Key {
	return Key{pkRunParts + run, fmt.Sprintf("shard#%05d", n)}
}

// Progress is the sum over all messages of a run so far.
type Progress struct {
	Reported int            `json:"reported"`
	Open     int            `json:"open"` // reported, but the customer stays due
	Changed  map[string]int `json:"changed"`
	Skipped  int            `json:"skipped"`
	Failed   int            `json:"failed"`
	Entries  []Entry        `json:"entries"` // those with reasons or failures
}

// ReportWork records the result of one message. Redelivery changes nothing once
// a result is Done; the worker that completes the last shard closes the run.
func ReportWork(ctx context.Context, t Table, w Work, r Result, now time.Time) error {
	if len(r.Reasons) > maxReasons {
		r.Reasons = append(r.Reasons[:maxReasons-1:maxReasons-1], fmt.Sprintf("and %d more", len(r.Reasons)-maxReasons+1))
	}
	for i, reason := range r.Reasons {
		if runes := []rune(reason); len(runes) > maxReason {
			r.Reasons[i] = string(runes[:maxReason-1]) + "…"
		}
	}
	run, _, err := LoadRun(ctx, t, w.Run)
	if errors.Is(err, ErrNotFound) {
		return nil // the run is forgotten already; the work counts all the same
	}
	if err != nil {
		return fmt.Errorf("progress of run %s: %w", w.Run, err)
	}
	if w.Index >= run.Messages {
		return nil // not one of this run's messages: it must not count towards its end
	}
	n := w.Index / perShard
	s, err := Update(ctx, t, shardKey(w.Run, n), func(s *shard) error {
		if s.Results == nil {
			s.At, s.Results = now, map[int]Entry{}
		}
		if s.Results[w.Index].Done {
			return Unchanged()
		}
		s.Results[w.Index] = Entry{Customer: w.Customer, Result: r}
		return nil
	})
	if err != nil {
		return fmt.Errorf("progress of run %s: %w", w.Run, err)
	}
	if len(s.Results) < min(perShard, run.Messages-n*perShard) {
		return nil
	}
	return CloseIfDone(ctx, t, w.Run, now)
}

// CloseIfDone ends a working run all of whose messages are reported.
func CloseIfDone(ctx context.Context, t Table, id string, now time.Time) error {
	p, err := LoadProgress(ctx, t, id)
	if err != nil {
		return err
	}
	_, err = UpdateRun(ctx, t, id, func(r *Run) error {
		if r.State != Working || p.Reported < r.Messages {
			return Unchanged()
		}
		r.Ended = now
		r.State, r.Reason = Succeeded, "all customers are up to date"
		if r.Messages == 0 {
			r.Reason = "nothing was due"
		}
		if p.Failed > 0 || p.Open > 0 {
			r.State = Partial
			r.Reason = fmt.Sprintf("%d of %d customers stay due, %d changes failed: see the reasons per customer", p.Open, r.Messages, p.Failed)
		}
		if len(r.Excess) > 0 {
			r.State, r.Reason = Stopped, plan.Reason(r.Excess)+": look at the plan and approve it if it is right"
			return nil
		}
		for _, s := range r.Stages {
			if s.Failed > 0 {
				r.State, r.Reason = Partial, s.Name+": "+s.Detail
				break
			}
		}
		return nil
	})
	return err
}

// LoadProgress sums the progress of a run up.
func LoadProgress(ctx context.Context, t Table, id string) (Progress, error) {
	p := Progress{Changed: map[string]int{}}
	items, err := t.Query(ctx, Query{PK: pkRunParts + id, Prefix: "shard#"})
	if err != nil {
		return p, fmt.Errorf("progress of run %s: %w", id, err)
	}
	for _, item := range items {
		var s shard
		if err := Decode(item.Data, &s); err != nil {
			return p, fmt.Errorf("progress of run %s: %w", id, err)
		}
		for _, i := range slices.Sorted(maps.Keys(s.Results)) {
			e := s.Results[i]
			p.Reported++
			if !e.Done {
				p.Open++
			}
			p.Skipped += e.Skipped
			p.Failed += e.Failed
			for k, n := range e.Changed {
				p.Changed[k] += n
			}
			if len(e.Reasons) > 0 || e.Failed > 0 {
				p.Entries = append(p.Entries, e)
			}
		}
	}
	return p, nil
}

// planPart is how many changes share one item.
const planPart = 500

// SavePlan keeps what a run would do, for as long as the run.
func SavePlan(ctx context.Context, t Table, r Run, p plan.Plan) error {
	n := 0
	for part := range slices.Chunk(p.Changes, planPart) {
		key := Key{pkRunParts + r.ID, fmt.Sprintf("plan#%05d", n)}
		if _, err := Save(ctx, t, key, part, Any, r.Created.Add(runKept).Truncate(time.Second)); err != nil {
			return fmt.Errorf("plan of run %s: %w", r.ID, err)
		}
		n++
	}
	return nil
}

// LoadPlan reads what a run would do. A run without changes has an empty plan.
func LoadPlan(ctx context.Context, t Table, id string) (plan.Plan, error) {
	var p plan.Plan
	items, err := t.Query(ctx, Query{PK: pkRunParts + id, Prefix: "plan#"})
	if err != nil {
		return p, fmt.Errorf("plan of run %s: %w", id, err)
	}
	for _, item := range items {
		var part []plan.Change
		if err := Decode(item.Data, &part); err != nil {
			return p, fmt.Errorf("plan of run %s: %w", id, err)
		}
		p.Changes = append(p.Changes, part...)
	}
	return p, nil
}
