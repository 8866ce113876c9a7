package account

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/uniview"
)

// confirmBudget bounds the questions about vanished alerts in one run; what is
// not asked is over after two complete reads without it.
const confirmBudget = 100

// readAlerts reads the undismissed alerts of all four types, muted ones too, as
// one list; an alert that went missing since the last read is looked up among
// its customer's dismissed ones, so that a dismissal closes its ticket at once
// (design §3.1).
func (s *Service) readAlerts(ctx context.Context, run *state.Run) (state.Stage, error) {
	before, _, err := state.LoadSnapshot[alert.Alert](ctx, s.Table, state.ListAlerts)
	if err != nil && !errors.Is(err, state.ErrNotFound) {
		return state.Stage{}, err
	}
	open := false
	var now []alert.Alert
	from := s.Now().UTC()
	for _, typ := range uniview.AlertTypes {
		records, began, err := readAll(ctx, s, run, state.ListAlerts+"."+string(typ),
			opened[*uniview.Client, uniview.Alert, uniview.State](ctx, s.UniView, func(c *uniview.Client) *uniview.Pager[uniview.Alert] {
				return c.AlertsPager(uniview.AlertQuery{Type: typ, Dismissed: &open})
			}), alertOf)
		if err != nil {
			return state.Stage{}, err
		}
		if began.Before(from) {
			from = began
		}
		now = append(now, records...)
	}
	gone, asked, err := s.confirmDismissed(ctx, before, now)
	if err != nil {
		return state.Stage{}, err
	}
	now = append(now, gone...)
	sortAlerts(now)
	assets, _, err := state.LoadSnapshot[backup.Asset](ctx, s.Table, state.ListAssets)
	if err != nil && !errors.Is(err, state.ErrNotFound) {
		return state.Stage{}, err
	}
	settings, err := state.LoadTicketSettings(ctx, s.Table)
	if err != nil {
		return state.Stage{}, err
	}
	machines, err := s.attribute(ctx, settings.Defaults.Budget(), now, before, assets)
	if err != nil {
		return state.Stage{}, err
	}
	stage, err := keep(ctx, s, state.ListAlerts, from, now, alert.Fingerprint)
	if asked+machines > 0 {
		stage.Detail = fmt.Sprintf("%d questions about vanished alerts, %d of them were dismissed; %d questions about machines", asked, len(gone), machines)
	}
	return stage, err
}

// confirmDismissed asks for the dismissed alerts of customers of whom something
// went missing, and returns those that were known and open before.
func (s *Service) confirmDismissed(ctx context.Context, before, now []alert.Alert) (dismissed []alert.Alert, asked int, err error) {
	present := make(map[string]bool, len(now))
	for _, a := range now {
		present[alert.Fingerprint(a)] = true
	}
	type question struct {
		customer string
		typ      alert.Type
	}
	missing := map[question]map[string]bool{}
	for _, a := range before {
		fp := alert.Fingerprint(a)
		if a.Dismissed || present[fp] {
			continue
		}
		q := question{a.CustomerID, a.Type}
		if missing[q] == nil {
			missing[q] = map[string]bool{}
		}
		missing[q][fp] = true
	}
	if len(missing) == 0 {
		return nil, 0, nil
	}
	session, err := s.UniView(ctx)
	if err != nil {
		return nil, 0, err
	}
	questions := make([]question, 0, len(missing))
	for q := range missing {
		questions = append(questions, q)
	}
	slices.SortFunc(questions, func(a, b question) int {
		return cmp.Or(cmp.Compare(a.customer, b.customer), cmp.Compare(a.typ, b.typ))
	})
	yes := true
	for _, q := range questions {
		if asked >= confirmBudget || soon(ctx, decideTime) {
			break
		}
		asked++
		found, err := session.Client.ListAlerts(ctx, uniview.AlertQuery{Type: uniview.AlertType(q.typ), CustomerID: q.customer, Dismissed: &yes})
		if err = session.Fail(ctx, err); dead(err) {
			return nil, asked, err
		} else if err != nil {
			s.unanswered(ctx, err)
			continue // not confirmed: two reads without it will do
		}
		for _, w := range found {
			a := alertOf(w)
			fp := alert.Fingerprint(a)
			if missing[q][fp] && a.Dismissed {
				delete(missing[q], fp)
				dismissed = append(dismissed, a)
			}
		}
	}
	return dismissed, asked, nil
}

// unanswered notes a question that UniView did not answer: what it was about is
// simply not known.
func (s *Service) unanswered(ctx context.Context, err error) {
	s.Log.WarnContext(ctx, "question not answered", slog.String("error", err.Error()))
}

// sortAlerts puts alerts into an order that does not depend on how they came.
func sortAlerts(alerts []alert.Alert) {
	slices.SortFunc(alerts, func(a, b alert.Alert) int {
		return cmp.Or(cmp.Compare(a.CustomerID, b.CustomerID), cmp.Compare(a.Type, b.Type), a.Created.Compare(b.Created),
			cmp.Compare(a.ApplianceID, b.ApplianceID), cmp.Compare(a.JobName, b.JobName), cmp.Compare(a.Message, b.Message))
	})
}
