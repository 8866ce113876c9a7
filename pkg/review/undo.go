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
// candidates included. Decisions are those on links and on customers' modes, and
// changes of ticket settings, rules, snoozes and windows. It refuses when a newer decision stands on it, and names
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
	record, tickets := ticketRecordOf(entry)
	if !tickets && (!ok || about.Side != modes && entry.Before["link"] == "") {
		return Outcome{}, refuse(Clash, "", "this entry cannot be undone: only decisions on links, on customers' modes, and on ticket settings, rules, snoozes and windows can")
	}
	if err := s.newest(ctx, entry); err != nil {
		return Outcome{}, err
	}
	if tickets {
		return s.undoTickets(ctx, by, record, entry)
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

// About is what an audit entry is about, for who decides whether somebody may undo it.
type About struct {
	Customer string // empty: none alone
	// Defaults says that it changed what Administrators alone change: the account's
	// ticket settings, the overrides of all customers, or a mode.
	Defaults bool
	// Places says that it changed settings or rules, which name what ConnectWise has.
	Places bool
}

// About tells what an audit entry is about.
func (s *Service) About(ctx context.Context, auditID string) (About, error) {
	entry, err := s.entry(ctx, auditID)
	if err != nil {
		return About{}, err
	}
	if r, ok := ticketRecordOf(entry); ok {
		a := About{Defaults: r.kind == ticketDefaults || strings.HasSuffix(entry.Action, ofAll), Places: r.kind != ticketSilence}
		if len(r.customers) == 1 && !a.Defaults {
			a.Customer = r.customers[0]
		}
		return a, nil
	}
	about, _ := parseSubject(entry.Subject)
	return About{Customer: about.Customer, Defaults: about.Side == modes}, nil
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
// on the same link or record stands on. Newer entries that were themselves undone do not count.
func (s *Service) newest(ctx context.Context, entry state.Audit) error {
	record, tickets := ticketRecordOf(entry)
	same := func(e state.Audit) bool {
		if !tickets {
			return e.Subject == entry.Subject
		}
		other, ok := ticketRecordOf(e)
		return ok && record.meets(other)
	}
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
			case !same(e) || undone[e.ID]:
			case e.Undoes != "":
				undone[e.Undoes] = true
			case tickets || e.Before["link"] != "" || e.Before["documentation"]+e.After["documentation"]+e.Before["ticketing"]+e.After["ticketing"] != "":
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
