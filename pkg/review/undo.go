package review

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/state"
)

// Undo takes a decision back: what the audit entry says was before is restored,
// candidates included. It refuses when a newer decision stands on it, and names
// that one. An undo is an entry of its own and can be taken back, too.
func (s *Service) Undo(ctx context.Context, by, auditID string) (Outcome, error) {
	if err := checkBy(by); err != nil {
		return Outcome{}, err
	}
	entry, err := s.entry(ctx, auditID)
	if err != nil {
		return Outcome{}, err
	}
	about, ok := parseSubject(entry.Subject)
	if !ok || about.Side != modes && entry.Before["link"] == "" {
		return Outcome{}, refuse(Clash, "", "this entry cannot be undone: only decisions on links and customers' modes can")
	}
	if err := s.newest(ctx, entry); err != nil {
		return Outcome{}, err
	}
	if about.Side == modes {
		return s.undoModes(ctx, by, about, entry)
	}
	var before, after match.Link
	if json.Unmarshal([]byte(entry.Before["link"]), &before) != nil || json.Unmarshal([]byte(entry.After["link"]), &after) != nil {
		return Outcome{}, refuse(Clash, "", "this entry cannot be undone: it does not say what was before")
	}
	restore := func(now match.Link) (match.Link, error) {
		if !sameDecision(now, after) {
			return now, refuse(Clash, "", "%s decided this again since: undo the newer entry first", whoOf(now))
		}
		return before, nil
	}
	var out Outcome
	if about.Side == Configuration {
		out, err = s.writeMachine(ctx, by, about.Customer, about.Asset, undoOf(entry.Action), entry.ID, restore)
	} else {
		out, err = s.writeCustomer(ctx, by, about.Customer, about.Side, undoOf(entry.Action), entry.ID, restore)
	}
	if err != nil {
		return out, err
	}
	if entry.Action == string(Create) {
		out.warn(fmt.Sprintf("the %s %q (%s) stays in IT Glue: the bridge deletes nothing there. Delete it by hand if it is not wanted",
			about.Side, after.TargetName, after.TargetID), nil)
	}
	s.sync(ctx, by, []*Outcome{&out})
	return out, nil
}

// About is the customer that an audit entry is about; empty: none alone.
func (s *Service) About(ctx context.Context, auditID string) (customer string, err error) {
	entry, err := s.entry(ctx, auditID)
	if err != nil {
		return "", err
	}
	about, _ := parseSubject(entry.Subject)
	return about.Customer, nil
}

// undoOf names the act that takes an act back: that of an undo is the act itself
// done again.
func undoOf(action string) string {
	if of, ok := strings.CutPrefix(action, "undo "); ok {
		return "redo " + of
	}
	return "undo " + strings.TrimPrefix(action, "redo ")
}

func (s *Service) undoModes(ctx context.Context, by string, about subject, entry state.Audit) (Outcome, error) {
	c, _, err := state.Load[state.Customer](ctx, s.Table, state.CustomerKey(about.Customer))
	if err != nil {
		return Outcome{}, err
	}
	if string(c.Documentation) != entry.After["documentation"] || string(c.Ticketing) != entry.After["ticketing"] {
		return Outcome{}, refuse(Clash, "", "this was decided again since: undo the newer entry first")
	}
	return s.setModes(ctx, by, about.Customer, undoOf(entry.Action), entry.ID, CustomerModes{
		Documentation: state.Mode(entry.Before["documentation"]), Ticketing: state.Mode(entry.Before["ticketing"]),
	})
}

// sameDecision says whether no person decided since: the rules may have noticed
// meanwhile that the target was renamed or went missing.
func sameDecision(now, then match.Link) bool {
	if !now.Decided() && !then.Decided() {
		return true
	}
	return now.By == then.By && now.At.Equal(then.At) && now.TargetID == then.TargetID
}

// lookBack is how many entries of the trail are read at once.
const lookBack = 500

// newest refuses to undo an entry that was undone already or that a newer decision
// on the same link stands on. Newer entries that were themselves undone do not count.
func (s *Service) newest(ctx context.Context, entry state.Audit) error {
	undone := map[string]bool{}
	after := ""
	for {
		page, err := state.Audits(ctx, s.Table, after, lookBack)
		if err != nil {
			return err
		}
		for _, e := range page {
			switch {
			case e.ID <= entry.ID:
				if undone[entry.ID] {
					return refuse(Clash, "", "this was undone already")
				}
				return nil
			case e.Subject != entry.Subject || undone[e.ID]:
			case e.Undoes != "":
				undone[e.Undoes] = true
			case e.Before["link"] != "" || e.Before["documentation"]+e.After["documentation"]+e.Before["ticketing"]+e.After["ticketing"] != "":
				return refuse(Clash, "", "%s decided this again at %s (%s): undo that first", e.By, e.At.UTC().Format("2006-01-02 15:04 UTC"), e.Action)
			}
		}
		if len(page) < lookBack {
			return nil
		}
		after = page[len(page)-1].ID
	}
}

// entry finds one audit entry.
func (s *Service) entry(ctx context.Context, id string) (state.Audit, error) {
	if !plain(id) {
		return state.Audit{}, refuse(Unknown, "id", "there is no such audit entry")
	}
	// Entries are listed behind a place, newest first: the place right behind the id.
	found, err := state.Audits(ctx, s.Table, id+" ", 1)
	if err != nil {
		return state.Audit{}, err
	}
	if len(found) == 0 || found[0].ID != id {
		return state.Audit{}, refuse(Unknown, "id", "there is no such audit entry")
	}
	return found[0], nil
}
