package view

import (
	"cmp"
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

	mu      sync.Mutex
	letters int
	counted time.Time
	folded  map[string]foldedList // lists in their searched form

	rosterMu    sync.Mutex
	roster      *roster
	rosterParts map[state.Key]rosterPart

	fleetMu sync.Mutex
	fleet   fleet

	deskMu sync.Mutex
	desk   deskList
}

// Forget makes the next read see what was just written. All but the number of dead
// letters is compared with the table by every page anyway.
func (m *Model) Forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.counted = time.Time{}
}

// place is where a name stands in an ordered list.
func place(name, id string) string { return strings.ToLower(name) + "\x00" + id }

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
