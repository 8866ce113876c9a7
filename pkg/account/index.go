package account

import (
	"context"
	"log/slog"
	"maps"
	"slices"

	"uniview-bridge/pkg/state"
)

// index brings what lists and trends of all machines are shown from up to date: the
// index of machines, and the account's counts by status word. Both are made of what
// the run holds in memory anyway, and written only where they changed. They are for
// showing: a run does not fail for them, and the next one makes them good.
func (s *Service) index(ctx context.Context, run *state.Run, sides []side) {
	for _, sd := range sides {
		if sd.vendor != state.ITGlue || sd.followUp && sd.kept == 0 {
			continue
		}
		l := sd.lists
		rows := make([]state.MachineRows, 0, len(l.documents))
		for _, id := range slices.Sorted(maps.Keys(l.documents)) {
			if doc := l.documents[id]; len(doc.Machines) > 0 {
				rows = append(rows, doc.Rows(id))
			}
		}
		counts := run.Statuses // see totals
		if sd.followUp {
			_, counts = l.counts()
		}
		if _, err := state.SaveMachineIndex(ctx, s.Table, s.Now().UTC(), rows); err != nil {
			s.Log.WarnContext(ctx, "index of machines not written", slog.String("error", err.Error()))
		}
		if err := state.NoteTrend(ctx, s.Table, s.Now().UTC(), counts); err != nil {
			s.Log.WarnContext(ctx, "trend not written", slog.String("error", err.Error()))
		}
	}
}
