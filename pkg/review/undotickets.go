package review

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/state"
)

// The kinds of records around tickets that people change and take back.
const (
	ticketDefaults  = "settings"  // of the account
	ticketOverrides = "overrides" // of one customer, or of all that were reset at once
	ticketRules     = "rules"
	ticketSilence   = "silence" // a snooze or a maintenance window
)

// ticketRecord says which record around tickets an audit entry changed.
type ticketRecord struct {
	kind      string
	customers []string // whose, in order; none: the account's
	id        string   // of a silence
}

// ofAll ends the action that resets the settings of all customers.
const ofAll = "of all customers"

// ticketRecordOf reads an entry's subject:
//
//	ticketing                 the account's settings; with ofAll in the action: overrides
//	ticketing rules           the rules
//	ticketing <customer>      one customer's overrides
//	silence <customer> <id>   a snooze or a window
func ticketRecordOf(e state.Audit) (ticketRecord, bool) {
	parts := strings.SplitN(e.Subject, " ", 3)
	switch {
	case e.Before["settings"] == "" && e.After["settings"] == "":
		return ticketRecord{}, false
	case parts[0] == "silence" && len(parts) == 3:
		return ticketRecord{kind: ticketSilence, customers: parts[1:2], id: parts[2]}, true
	case parts[0] != "ticketing" || len(parts) > 2:
		return ticketRecord{}, false
	case len(parts) == 2 && parts[1] == "rules":
		return ticketRecord{kind: ticketRules}, true
	case len(parts) == 2:
		return ticketRecord{kind: ticketOverrides, customers: parts[1:]}, true
	case !strings.HasSuffix(e.Action, ofAll):
		return ticketRecord{kind: ticketDefaults}, true
	}
	r := ticketRecord{kind: ticketOverrides}
	for _, side := range []map[string]string{e.Before, e.After} {
		var all map[string]json.RawMessage
		if json.Unmarshal([]byte(side["settings"]), &all) == nil {
			r.customers = slices.AppendSeq(r.customers, maps.Keys(all))
		}
	}
	slices.Sort(r.customers)
	r.customers = slices.Compact(r.customers)
	return r, true
}

// meets says whether two entries changed one record.
func (r ticketRecord) meets(o ticketRecord) bool {
	if r.kind != o.kind || r.id != o.id {
		return false
	}
	return len(r.customers) == 0 || slices.ContainsFunc(r.customers, func(c string) bool { return slices.Contains(o.customers, c) })
}

// asWas reads what was before or after; false: nothing was there.
func asWas[T any](side map[string]string) (v T, there bool, err error) {
	raw := side["settings"]
	if raw == "" || raw == "null" {
		return v, false, nil
	}
	if err := json.Unmarshal([]byte(raw), &v); err != nil {
		return v, false, refuse(Clash, "", "this entry cannot be undone: it does not say what was before")
	}
	return v, true, nil
}

// undoTickets restores what an entry on settings, rules, a snooze or a window says
// was before, unless the record is another now than the entry left it. Customers are
// due for it with the next run.
func (s *Service) undoTickets(ctx context.Context, by string, r ticketRecord, e state.Audit) (Outcome, error) {
	var err error
	switch r.kind {
	case ticketDefaults:
		err = s.undoDefaults(ctx, e)
	case ticketOverrides:
		err = s.undoOverrides(ctx, r, e)
	case ticketRules:
		err = s.undoRules(ctx, e)
	default:
		err = s.undoSilence(ctx, r, e)
	}
	var refusal *Refusal
	switch {
	case errors.As(err, &refusal):
		return Outcome{}, err
	case errors.Is(err, state.ErrConflict):
		return Outcome{}, refuse(Clash, "", "this was changed again since: undo the newer entry first, or change it by hand")
	case err != nil:
		return Outcome{}, err
	}
	out := Outcome{Changed: true}
	out.AuditID, err = s.audit(ctx, state.Audit{
		By: by, Action: undoOf(e.Action), Subject: e.Subject, Reason: e.Reason, Before: e.After, After: e.Before, Undoes: e.ID,
	})
	return out, err
}

func (s *Service) undoDefaults(ctx context.Context, e state.Audit) error {
	before, there, err := asWas[alert.Settings](e.Before)
	if err != nil {
		return err
	}
	after, kept, err := asWas[alert.Settings](e.After)
	if err != nil {
		return err
	}
	if !there || !kept {
		return refuse(Clash, "", "this entry cannot be undone: it does not say what was before")
	}
	if err := before.Validate(); err != nil {
		return noLonger(err)
	}
	return state.RestoreTicketDefaults(ctx, s.Table, after, before)
}

// noLonger refuses what was right then and is not any more.
func noLonger(err error) *Refusal {
	return refuse(Clash, "", "what was before cannot be kept any more: %s", strings.ReplaceAll(err.Error(), "\n", "; "))
}

// undoOverrides restores the overrides of one customer, or of all that were reset at
// once: then every one of them must still be as the entry left it.
func (s *Service) undoOverrides(ctx context.Context, r ticketRecord, e state.Audit) error {
	settings, err := state.LoadTicketSettings(ctx, s.Table)
	if err != nil {
		return err
	}
	sides := [2]map[string]alert.Overrides{}
	for i, side := range []map[string]string{e.Before, e.After} {
		if strings.HasSuffix(e.Action, ofAll) {
			sides[i], _, err = asWas[map[string]alert.Overrides](side)
		} else {
			var own alert.Overrides
			own, _, err = asWas[alert.Overrides](side)
			sides[i] = map[string]alert.Overrides{r.customers[0]: own}
		}
		if err != nil {
			return err
		}
	}
	before, after := sides[0], sides[1]
	for _, c := range r.customers {
		now := settings.Overrides[c]
		if len(now) != len(after[c]) || len(now) > 0 && state.Digest(now) != state.Digest(after[c]) {
			return state.ErrConflict
		}
		if _, err := settings.Defaults.With(before[c]); err != nil {
			return noLonger(err)
		}
	}
	for _, c := range r.customers {
		if err := state.RestoreTicketOverrides(ctx, s.Table, c, after[c], before[c]); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) undoRules(ctx context.Context, e state.Audit) error {
	before, _, err := asWas[[]alert.Rule](e.Before)
	if err != nil {
		return err
	}
	after, _, err := asWas[[]alert.Rule](e.After)
	if err != nil {
		return err
	}
	if _, err := alert.NewRules(before); err != nil {
		return noLonger(err)
	}
	now, version, err := state.LoadTicketRules(ctx, s.Table)
	if err != nil {
		return err
	}
	if len(now) != len(after) || len(now) > 0 && state.Digest(now) != state.Digest(after) {
		return state.ErrConflict
	}
	_, err = state.SaveTicketRules(ctx, s.Table, before, version)
	return err
}

// undoSilence restores a snooze or a window: one that was made is removed, one that
// was ended goes on, one that was changed is what it was. What is over stays over.
func (s *Service) undoSilence(ctx context.Context, r ticketRecord, e state.Audit) error {
	before, was, err := asWas[alert.Silence](e.Before)
	if err != nil {
		return err
	}
	after, left, err := asWas[alert.Silence](e.After)
	if err != nil {
		return err
	}
	now, version, err := state.LoadSilence(ctx, s.Table, r.customers[0], r.id)
	there := true
	if errors.Is(err, state.ErrNotFound) {
		version, there, err = state.New, false, nil
	}
	switch {
	case err != nil:
		return err
	case was && before.Ended(s.Now()):
		return refuse(Clash, "", "it would have ended by now: make a new one")
	case there != left || there && state.Digest(now) != state.Digest(after):
		return state.ErrConflict
	case there && !was && now.Ended(s.Now()):
		return refuse(Clash, "", "it ended at %s by itself: there is nothing to undo", now.Until.UTC().Format("2006-01-02 15:04 UTC"))
	case !was && there:
		return state.DropSilence(ctx, s.Table, r.customers[0], r.id, version)
	case !was:
		return refuse(Clash, "", "this entry cannot be undone: it does not say what was before")
	}
	return state.SaveSilence(ctx, s.Table, before, version)
}
