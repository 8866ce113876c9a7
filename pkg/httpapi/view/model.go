package view

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/review"
	"uniview-bridge/pkg/state"
)

// Model reads. All fields but Letters are needed.
type Model struct {
	Table     state.Table
	Directory *review.Directory
	Letters   state.DeadLetters // nil: none can be seen
	Now       func() time.Time
	Version   string

	mu        sync.Mutex
	customers []state.Customer
	loaded    time.Time
	letters   int
	counted   time.Time
	folded    map[string]foldedList // lists in their searched form
}

// remember is how long the list of customers is kept between reads: pages ask for
// it several times within moments.
const remember = time.Second

// all are the customer records, ordered by name.
func (m *Model) all(ctx context.Context) ([]state.Customer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if now := time.Now(); now.Sub(m.loaded) < remember { // how old a copy is, is a matter of real time
		return m.customers, nil
	}
	byID, err := state.Customers(ctx, m.Table)
	if err != nil {
		return nil, err
	}
	list := make([]state.Customer, 0, len(byID))
	for _, c := range byID {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b state.Customer) int { return strings.Compare(place(a.Name, a.ID), place(b.Name, b.ID)) })
	m.customers, m.loaded = list, time.Now()
	return list, nil
}

// Forget makes the next read see what was just written.
func (m *Model) Forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.loaded, m.counted = time.Time{}, time.Time{}
}

// place is where a name stands in an ordered list.
func place(name, id string) string { return strings.ToLower(name) + "\x00" + id }

// asOf is when the newest snapshot's read began; zero when the list was never read.
func (m *Model) asOf(ctx context.Context, list string) (time.Time, error) {
	p, err := state.LoadPointer(ctx, m.Table, list)
	if errors.Is(err, state.ErrNotFound) {
		return time.Time{}, nil
	}
	return p.ReadFrom, err
}

// digest names the content of the newest snapshot; empty when the list was never read.
func (m *Model) digest(ctx context.Context, list string) (string, error) {
	p, err := state.LoadPointer(ctx, m.Table, list)
	return p.Digest, missing(err)
}

// Link is a link as it is shown: never without a state.
func Link(l match.Link) match.Link {
	l.State = cmp.Or(l.State, match.Unmatched)
	if l.Reason == "" && l.State == match.Unmatched {
		l.Reason = "not decided yet"
	}
	if l.Suggestions == nil {
		l.Suggestions = []match.Suggestion{}
	}
	for i := range l.Suggestions {
		if l.Suggestions[i].Reasons == nil {
			l.Suggestions = slices.Clone(l.Suggestions)
			l.Suggestions[i].Reasons = []string{}
		}
	}
	return l
}

// contains says whether any of the texts holds the search words, whatever their case.
func contains(q string, texts ...string) bool {
	if q == "" {
		return true
	}
	q = strings.ToLower(q)
	for _, t := range texts {
		if strings.Contains(strings.ToLower(t), q) {
			return true
		}
	}
	return false
}
