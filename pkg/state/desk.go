package state

import (
	"maps"
	"slices"
	"time"

	"uniview-bridge/pkg/alert"
)

// Desk is the ticket desk of one customer: its conditions and the ticket groups
// they belong to. Only the tickets function claims and records tickets in it;
// every writer saves it at the version it read, so that of two workers one wins.
type Desk struct {
	// AsOf is the UniView read that the conditions stand on; an older read never
	// changes them.
	AsOf       time.Time                  `json:"asOf,omitzero"`
	Conditions map[string]alert.Condition `json:"conditions,omitempty"` // by condition key
	Groups     map[string]alert.Group     `json:"groups,omitempty"`     // by group key
	// Retired holds the last generation of groups that were pruned, by
	// alert.GroupHash: a reference is never used twice.
	Retired map[string]int `json:"retired,omitempty"`
	// Begun names the last handling that had something to change or to do. While it
	// is not the one that was completed (Due.Begun), something is not done; empty:
	// not known.
	Begun string `json:"begun,omitempty"`
	// Announced is the digest of the ticket numbers that documentation was told of.
	Announced string `json:"announced,omitempty"`
}

// Undone says whether something that was begun was not completed. The customer is
// due then, even when all inputs are again what was completed before.
func (d Desk) Undone(completed Due) bool { return d.Begun != "" && d.Begun != completed.Begun }

// deskKept is how long conditions and groups are kept after their end, beyond
// the reopen window.
const deskKept = 30 * 24 * time.Hour

// mostRetired bounds Desk.Retired. What is forgotten is found again: a create
// searches by its reference first, takes up the old ticket and goes on behind it.
const mostRetired = 2000

// Clone copies the desk so that changing its maps leaves the original alone.
func (d Desk) Clone() Desk {
	d.Conditions, d.Groups, d.Retired = maps.Clone(d.Conditions), maps.Clone(d.Groups), maps.Clone(d.Retired)
	if d.Conditions == nil {
		d.Conditions = map[string]alert.Condition{}
	}
	if d.Groups == nil {
		d.Groups = map[string]alert.Group{}
	}
	if d.Retired == nil {
		d.Retired = map[string]int{}
	}
	return d
}

// Prune forgets, in place, what ended longer ago than the reopen window and 30
// days: groups without a ticket that could be open, and conditions that are
// over, no longer listed by UniView and in no group.
func (d *Desk) Prune(now time.Time, reopenWithin time.Duration) {
	limit := now.Add(-reopenWithin - deskKept)
	alive := map[string]bool{}
	for _, c := range d.Conditions {
		if c.State != alert.ConditionOver || len(c.Occurrences) > 0 || c.Evidence == nil || c.Evidence.AsOf.After(limit) {
			alive[c.Group] = true
		}
	}
	for key, g := range d.Groups {
		ended := g.State == alert.GroupWaiting || (g.State == alert.GroupClosed || g.State == alert.GroupGone) && g.ClosedAt.Before(limit)
		if !ended || alive[key] || g.Pending != nil {
			continue
		}
		if g.Generation > 1 || g.TicketID > 0 || g.Previous > 0 {
			d.Retired[alert.GroupHash(key)] = g.Generation
		}
		delete(d.Groups, key)
	}
	if over := len(d.Retired) - mostRetired; over > 0 {
		for _, hash := range slices.Sorted(maps.Keys(d.Retired))[:over] {
			delete(d.Retired, hash)
		}
	}
	for key, c := range d.Conditions {
		_, grouped := d.Groups[c.Group]
		if c.State == alert.ConditionOver && len(c.Occurrences) == 0 && !grouped && (c.Evidence == nil || !c.Evidence.AsOf.After(limit)) {
			delete(d.Conditions, key)
		}
	}
}
