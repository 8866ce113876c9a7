package plan

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
)

// Action is what a change does at the vendor.
type Action string

// The actions.
const (
	Create Action = "create"
	Update Action = "update"
	Note   Action = "note"
	Reopen Action = "reopen"
	Close  Action = "close"
	Unlink Action = "unlink" // blank and archive a record at the wrong place
	Skip   Action = "skip"   // nothing is done, and Reason says why
)

// Kind is the sort of record a change touches.
type Kind string

// The kinds.
const (
	FlexibleAsset Kind = "flexible asset"
	NotesBlock    Kind = "notes block"         // ours, in a configuration's notes
	Banner        Kind = "organization banner" // the alert text of an organization
	Ticket        Kind = "ticket"
	LinkKind      Kind = "link"
)

// Field is one value before and after a change.
type Field struct {
	Name   string `json:"name"`
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

// Change is one intended change. Key is stable between plans: the same record
// at the same vendor has the same key, whatever its content.
type Change struct {
	Key          string  `json:"key"`
	Vendor       string  `json:"vendor"` // "itglue" or "connectwise"
	Kind         Kind    `json:"kind"`
	Action       Action  `json:"action"`
	CustomerID   string  `json:"customerId"`
	CustomerName string  `json:"customerName,omitempty"`
	Title        string  `json:"title"`              // what a person calls the record
	TargetID     string  `json:"targetId,omitempty"` // the vendor's id when it exists
	Reason       string  `json:"reason"`
	Fields       []Field `json:"fields,omitempty"`
}

// Writes says whether applying the change writes to the vendor.
func (c Change) Writes() bool { return c.Action != Skip }

// Plan is a list of changes. Sorted puts it into its canonical order.
type Plan struct {
	Changes []Change `json:"changes"`
}

// Sorted returns the plan with its changes ordered by customer, kind and key.
func (p Plan) Sorted() Plan {
	changes := slices.Clone(p.Changes)
	slices.SortFunc(changes, func(a, b Change) int {
		return cmp.Or(cmp.Compare(a.CustomerID, b.CustomerID), cmp.Compare(a.Kind, b.Kind),
			cmp.Compare(a.Key, b.Key), cmp.Compare(a.Action, b.Action))
	})
	return Plan{Changes: changes}
}

// Digest names the set of writing changes of the plan: which records are
// created, closed and so on. It does not depend on order, reasons or field values,
// so that a plan approved by a person is recognised after a re-read that only
// moved a time stamp.
func (p Plan) Digest() string {
	keys := make([]string, 0, len(p.Changes))
	for _, c := range p.Changes {
		if c.Writes() {
			keys = append(keys, c.ID())
		}
	}
	slices.Sort(keys)
	sum := sha256.New()
	for _, k := range keys {
		sum.Write([]byte(k))
		sum.Write([]byte{0})
	}
	return hex.EncodeToString(sum.Sum(nil))[:16]
}

// ID names the change itself: the record and what is done to it.
func (c Change) ID() string { return c.Vendor + "|" + c.Key + "|" + string(c.Action) }

// Count is how many changes of one kind and action a plan holds.
type Count struct {
	Kind   Kind   `json:"kind"`
	Action Action `json:"action"`
	N      int    `json:"n"`
}

// Counts sums the plan up, ordered by kind and action.
func (p Plan) Counts() []Count {
	type pair struct {
		kind   Kind
		action Action
	}
	n := map[pair]int{}
	for _, c := range p.Changes {
		n[pair{c.Kind, c.Action}]++
	}
	counts := make([]Count, 0, len(n))
	for k, v := range n {
		counts = append(counts, Count{Kind: k.kind, Action: k.action, N: v})
	}
	slices.SortFunc(counts, func(a, b Count) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Action, b.Action))
	})
	return counts
}

// N returns how many changes do action to records of kind.
func (p Plan) N(kind Kind, action Action) int {
	n := 0
	for _, c := range p.Changes {
		if c.Kind == kind && c.Action == action {
			n++
		}
	}
	return n
}
