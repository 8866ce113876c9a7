package match

import (
	"fmt"
	"slices"
)

// keepOrOpen watches a link that stands, or takes the fresh one.
func (d *devices) keepOrOpen(old Link, asset int, fresh Link) Link {
	if old.State == Ignored {
		return old
	}
	candidates := fresh.Suggestions
	if fresh.State == Matched && fresh.TargetID != old.TargetID {
		candidates = []Suggestion{{TargetID: fresh.TargetID, TargetName: fresh.TargetName, Score: 1, Reasons: []string{fresh.Reason}}}
	}
	if old.TargetID == "" || old.State != Matched && old.State != Attention {
		if old.Decided() { // unmatched by a person
			old.Suggestions = candidates
			return old
		}
		return fresh
	}
	attention := func(cause Cause, reason string) Link {
		old.State, old.Cause, old.Reason, old.Suggestions = Attention, cause, reason, candidates
		return old
	}
	place, exists := d.config(old.TargetID)
	switch {
	case !exists && (sinceRead(old, d.in.ReadFrom) || slices.Contains(d.in.TooNew, old.TargetID)):
		return unlisted(old)
	case !exists:
		return attention(Missing, ReasonConfigMissing)
	case d.configs[place].Archived:
		return attention(Missing, ReasonConfigArchived)
	}
	c := d.configs[place]
	macs := ParseMACs(d.assets[asset].MAC)
	has := slices.ContainsFunc(c.addresses(nil), func(mac MAC) bool { return slices.Contains(macs, mac) })
	moved := fresh.State == Matched && fresh.TargetID != old.TargetID
	if !has && moved && !old.Decided() {
		return attention(Conflict, ReasonMACMoved)
	}
	if c.Name != old.TargetName && !has && layerOf(d.hosts[asset], c.hosts()) == HostNone {
		return attention(Renamed, fmt.Sprintf("the configuration was %q when it was linked and is %q now, and nothing else confirms the link", old.TargetName, c.Name))
	}
	kept := undisturbed(old, c.Name)
	if fresh.State == Matched && fresh.TargetID == old.TargetID && !old.Decided() {
		kept.Reason = fresh.Reason
	}
	return kept
}
