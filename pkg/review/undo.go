package review

import (
	"context"
	"encoding/json"

	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/state"
)

// Undo takes a decision back: what the audit entry says was before is restored,
// candidates included. It refuses when somebody decided again since.
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
	if about.Side == modes {
		return s.undoModes(ctx, by, about, entry)
	}
	var before, after match.Link
	if json.Unmarshal([]byte(entry.Before["link"]), &before) != nil || json.Unmarshal([]byte(entry.After["link"]), &after) != nil {
		return Outcome{}, refuse(Clash, "", "this entry cannot be undone: it does not say what was before")
	}
	restore := func(now match.Link) (match.Link, error) {
		if !sameDecision(now, after) {
			return now, refuse(Clash, "", "this was decided again since: undo the newer entry first")
		}
		return before, nil
	}
	var out Outcome
	if about.Side == Configuration {
		out, err = s.writeMachine(ctx, by, about.Customer, about.Asset, "undo "+entry.Action, restore)
	} else {
		out, err = s.writeCustomer(ctx, by, about.Customer, about.Side, "undo "+entry.Action, restore)
	}
	if err != nil {
		return out, err
	}
	s.sync(ctx, by, []*Outcome{&out})
	return out, nil
}

func (s *Service) undoModes(ctx context.Context, by string, about subject, entry state.Audit) (Outcome, error) {
	c, _, err := state.Load[state.Customer](ctx, s.Table, state.CustomerKey(about.Customer))
	if err != nil {
		return Outcome{}, err
	}
	if string(c.Documentation) != entry.After["documentation"] || string(c.Ticketing) != entry.After["ticketing"] {
		return Outcome{}, refuse(Clash, "", "this was decided again since: undo the newer entry first")
	}
	return s.SetCustomerModes(ctx, by, about.Customer, CustomerModes{
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
