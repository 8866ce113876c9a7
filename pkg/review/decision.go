package review

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"uniview-bridge/pkg/match"
)

// Action is what a person does with a link.
type Action string

// The actions.
const (
	Accept   Action = "accept"   // take a suggestion, or the linked record under its new name
	Match    Action = "match"    // link to the record with the given id
	Create   Action = "create"   // create the record at the vendor and link to it
	Ignore   Action = "ignore"   // never link, never count as unmatched
	Unignore Action = "unignore" // let the rules decide again
	Unmatch  Action = "unmatch"  // link to nothing until a person decides again
)

// Actions lists all actions.
var Actions = []Action{Accept, Match, Create, Ignore, Unignore, Unmatch}

// Side names which link of a record is decided.
type Side string

// The sides: two of a customer, one of a machine.
const (
	Organization  Side = "organization"
	Company       Side = "company"
	Configuration Side = "configuration"
)

// Decision is one act of a person on one link.
type Decision struct {
	Action   Action `json:"action"`
	TargetID string `json:"targetId,omitempty"`
	Reason   string `json:"reason,omitempty"` // a person's own words

	// The rest is for Create. DryRun only looks for duplicates and says what there is
	// to know. Confirm creates although duplicates were found: it is the token that
	// came with them, so that it confirms those and no others.
	DryRun  bool   `json:"dryRun,omitempty"`
	Confirm string `json:"confirm,omitempty"`
	// TypeID and StatusID are IT Glue's type and status of the created record; empty:
	// a type that fits the machine, no status.
	TypeID   string `json:"typeId,omitempty"`
	StatusID string `json:"statusId,omitempty"`

	// seen, when given, is the link this was decided on: what a person decided since
	// stands.
	seen *match.Link
}

// Outcome is what a decision came to.
type Outcome struct {
	Link    match.Link `json:"link"`
	Changed bool       `json:"changed"` // false: it was so already
	AuditID string     `json:"auditId,omitempty"`
	RunID   string     `json:"runId,omitempty"`   // the sync that was asked for
	Warning string     `json:"warning,omitempty"` // worth knowing, nothing to be done
	// Creation is what there is to know of a record to be created; for Create only.
	Creation *Creation `json:"creation,omitempty"`

	customer string
	reread   bool // the newest read of IT Glue lacks the target: read it again
}

// Why says what kind of refusal it is.
type Why string

// The kinds of refusals.
const (
	Invalid     Why = "invalid"     // the request makes no sense
	Unknown     Why = "unknown"     // there is no such record
	Clash       Why = "clash"       // it does not fit what is there now
	Unavailable Why = "unavailable" // this installation cannot do it
)

// Refusal is a decision that cannot be carried out.
type Refusal struct {
	Why     Why
	Field   string // of Decision, where one is at fault
	Message string // a sentence for people
	// Creation lists the duplicates that keep a record from being created.
	Creation *Creation
}

func (r *Refusal) Error() string { return r.Message }

func refuse(why Why, field, format string, args ...any) *Refusal {
	return &Refusal{Why: why, Field: field, Message: fmt.Sprintf(format, args...)}
}

// maxReason bounds a person's reason, in characters.
const maxReason = 300

// check refuses decisions that are wrong whatever the state of the link is.
func (d *Decision) check() error {
	d.TargetID, d.Reason = strings.TrimSpace(d.TargetID), strings.TrimSpace(d.Reason)
	if d.Action != Create && (d.DryRun || d.Confirm != "" || d.TypeID != "" || d.StatusID != "") {
		return refuse(Invalid, "action", "dryRun, confirm, typeId and statusId are for create only")
	}
	for field, id := range map[string]string{"typeId": d.TypeID, "statusId": d.StatusID, "confirm": d.Confirm} {
		if id != "" && !plain(id) {
			return refuse(Invalid, field, "this %s cannot be one", field)
		}
	}
	if utf8.RuneCountInString(d.Reason) > maxReason {
		return refuse(Invalid, "reason", "the reason is longer than %d characters", maxReason)
	}
	if strings.ContainsFunc(d.Reason+d.TargetID, unicode.IsControl) || !utf8.ValidString(d.Reason+d.TargetID) {
		return refuse(Invalid, "reason", "the reason or id holds characters that are not text")
	}
	switch d.Action {
	case Accept:
		return nil
	case Match:
		if d.TargetID == "" {
			return refuse(Invalid, "targetId", "match needs the id of the record to match to")
		}
		return nil
	case Create, Ignore, Unignore, Unmatch:
		if d.TargetID != "" {
			return refuse(Invalid, "targetId", "%s takes no target", d.Action)
		}
		return nil
	case "":
		return refuse(Invalid, "action", "an action is missing: accept, match, create, ignore, unignore or unmatch")
	default:
		return refuse(Invalid, "action", "there is no such action: use accept, match, create, ignore, unignore or unmatch")
	}
}

// Target is a record of another system that a link can lead to.
type Target struct {
	ID   string
	Name string
}

// find looks a target up; ok is false when the other system does not have it.
type find func(id string) (target Target, ok bool)

// apply decides what becomes of a link. It is pure: the same link, decision and
// targets give the same link. Create is not among its actions.
func apply(link match.Link, d Decision, by string, now time.Time, targets find) (match.Link, error) {
	if d.seen != nil && !sameDecision(link, *d.seen) {
		return link, refuse(Clash, "", "%s decided this meanwhile: look at it again", whoOf(link))
	}
	switch d.Action {
	case Accept:
		return accept(link, d, by, now, targets)
	case Match:
		target, ok := targets(d.TargetID)
		if !ok {
			return link, refuse(Unknown, "targetId", "the record to match to is not there (any more): search for it again")
		}
		return linked(link, target, reasonOr(d, "matched by a person"), by, now), nil
	case Ignore:
		if link.State == match.Ignored && (d.Reason == "" || link.Reason == d.Reason) {
			return link, nil
		}
		return match.Link{State: match.Ignored, Reason: reasonOr(d, "ignored by a person"), By: by, At: now, Suggestions: link.Suggestions}, nil
	case Unignore:
		if link.State != match.Ignored && (link.State != match.Unmatched || !link.Decided()) {
			return link, refuse(Clash, "action", "this is not ignored")
		}
		return match.Link{State: match.Unmatched, Reason: reasonOr(d, "to be decided by the rules again"), Suggestions: link.Suggestions}, nil
	case Unmatch:
		if link.TargetID == "" {
			return link, refuse(Clash, "action", "this is not matched")
		}
		return match.Link{State: match.Unmatched, Reason: reasonOr(d, "unmatched by a person"), By: by, At: now, Suggestions: link.Suggestions}, nil
	default:
		return link, refuse(Invalid, "action", "there is no such action here")
	}
}

func accept(link match.Link, d Decision, by string, now time.Time, targets find) (match.Link, error) {
	id := d.TargetID
	switch {
	case link.State == match.Attention && link.Cause == match.Renamed && (id == "" || id == link.TargetID):
		id = link.TargetID
	case link.State == match.Matched && (id == "" || id == link.TargetID):
		id = link.TargetID // accepting what is matched already makes it a person's
	case len(link.Suggestions) == 0:
		return link, refuse(Clash, "action", "there is no suggestion to accept: match to a record instead")
	case id == "" && (link.Cause == match.Ambiguous || len(link.Suggestions) > 1 && link.Suggestions[0].Score <= link.Suggestions[1].Score):
		return link, refuse(Invalid, "targetId", "several suggestions have equal right: say which one")
	case id == "":
		id = link.Suggestions[0].TargetID
	case !suggests(link, id):
		return link, refuse(Clash, "targetId", "this record is not among the suggestions: match to it instead")
	}
	target, ok := targets(id)
	if !ok {
		return link, refuse(Unknown, "targetId", "the suggested record is not there any more: wait for the next sync or match to another one")
	}
	return linked(link, target, reasonOr(d, "suggestion accepted by a person"), by, now), nil
}

func suggests(link match.Link, id string) bool {
	for _, s := range link.Suggestions {
		if s.TargetID == id {
			return true
		}
	}
	return false
}

// linked is the link to a target by a person. A link that says so already stays
// as it is, so that repeating a decision changes nothing.
func linked(old match.Link, target Target, reason, by string, now time.Time) match.Link {
	if old.State == match.Matched && old.TargetID == target.ID && old.TargetName == target.Name && old.Decided() {
		return old
	}
	return match.Link{
		State: match.Matched, TargetID: target.ID, TargetName: target.Name, Reason: reason, By: by, At: now,
		Suggestions: old.Suggestions,
	}
}

func reasonOr(d Decision, otherwise string) string {
	if d.Reason != "" {
		return d.Reason
	}
	return otherwise
}

// whoOf names who decided a link.
func whoOf(l match.Link) string {
	if l.Decided() {
		return l.By
	}
	return "somebody"
}
