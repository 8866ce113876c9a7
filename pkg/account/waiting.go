package account

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/ticketing"
)

// overdueOf are the machines of a customer that its documentation calls overdue,
// where the bridge is to raise alerts of its own for them. Ticket and
// documentation thus say the same.
func overdueOf(l *lists, customer string, settings state.TicketSettings) []ticketing.Overdue {
	own, err := settings.For(customer)
	if err != nil || !own.RaiseOverdue {
		return nil
	}
	var out []ticketing.Overdue
	machines := l.documents[customer].Machines
	for _, key := range slices.Sorted(maps.Keys(machines)) {
		m := machines[key]
		switch {
		case m.Gone || m.SupersededBy != "":
		case m.Word == backup.WordUnknown:
			out = append(out, ticketing.Overdue{AssetKey: key, Unknown: true})
		case m.Word == backup.WordOverdue && !m.Since.IsZero():
			out = append(out, ticketing.Overdue{AssetKey: key, Since: m.Since})
		}
	}
	return out
}

// waiting records what waits for ConnectWise, for the overview, and tells
// somebody once when it waits for too long, and once when that is over.
func (s *Service) waiting(ctx context.Context, settings alert.Settings, desks map[string]state.Desk, live func(customer string) bool) error {
	before, err := state.LoadWaiting(ctx, s.Table)
	if err != nil {
		return err
	}
	now := s.Now().UTC()
	w := ticketing.Waiting(desks, live)
	w.Noticed = before.Noticed
	switch late := w.Groups > 0 && now.Sub(w.Since) >= settings.Patience(); {
	case late && w.Noticed.IsZero():
		w.Noticed = now
	case w.Groups == 0:
		w.Noticed = time.Time{}
	}
	if err := state.SaveWaiting(ctx, s.Table, w); err != nil {
		return err
	}
	// Only what was recorded is told: a crash in between tells nobody rather than
	// everybody every five minutes.
	scope := string(state.ScopeAlerts)
	switch {
	case before.Noticed.IsZero() && !w.Noticed.IsZero():
		s.notice(ctx, "Notices", scope, fmt.Sprintf("%d alerts wait for ConnectWise since %s, the oldest was raised %s: %s",
			w.Alerts, stamp(w.Since), stamp(w.Oldest), w.Reason))
	case !before.Noticed.IsZero() && w.Noticed.IsZero():
		s.notice(ctx, "NoticesEnded", scope, "no alert waits for ConnectWise any more")
	}
	return nil
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }
