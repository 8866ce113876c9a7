package account

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/uniview"
)

// lookBack is how far a look at a machine's backup history goes.
const lookBack = 35 * 24 * time.Hour

// look is what one look told, kept so that nothing is asked twice.
type look struct {
	Asset   string         `json:"asset"` // backup.Asset.Key
	History backup.History `json:"history"`
}

// lookUp asks UniView's backup history about machines whose last backup was not good
// and of which no good one is known: the list of machines tells the last one only. A
// run asks about a bounded number of them, and each is asked about once, whatever the
// answer: what comes later is seen by the reads. A failure changes nothing; the next
// sync goes on.
func (s *Service) lookUp(ctx context.Context, run *state.Run, l *lists, only string) error {
	looks, pointer, err := state.LoadSnapshot[look](ctx, s.Table, state.ListHistory)
	if err != nil && !errors.Is(err, state.ErrNotFound) {
		return err
	}
	l.history = make(map[string]backup.History, len(looks))
	for _, k := range looks {
		l.history[k.Asset] = k.History
	}
	if stageOf(run, state.ListAssets).Failed > 0 {
		return nil
	}
	open := l.unknownGood(only)
	if len(open) == 0 || l.settings.LookUps < 0 {
		return nil
	}
	stage := state.Stage{Name: "last good backups", At: s.Now().UTC()}
	stage.Read, err = s.ask(ctx, open[:min(len(open), l.settings.LookUps)], l.history)
	if stage.Skipped = len(open) - stage.Read; stage.Skipped > 0 {
		stage.Detail = fmt.Sprintf("%d machines are looked up with the next syncs", stage.Skipped)
	}
	if err != nil {
		s.Log.WarnContext(ctx, "backup history not read", slog.String("run", run.ID), slog.String("error", err.Error()))
		stage.Detail = err.Error()
	}
	run.Stages = append(run.Stages, stage)
	if stage.Read == 0 {
		return nil
	}
	looks = looks[:0]
	for _, a := range l.all {
		if h, ok := l.history[a.Key()]; ok {
			looks = append(looks, look{a.Key(), h})
		}
	}
	now := s.Now().UTC()
	if now.Before(pointer.ReadFrom) {
		now = pointer.ReadFrom
	}
	_, err = state.SaveSnapshot(ctx, s.Table, state.ListHistory, now, now, looks, func(k look) string { return k.Asset })
	return err
}

// unknownGood are the machines that no good backup is known of, though UniView tells a
// backup.
func (l *lists) unknownGood(only string) []backup.Asset {
	var out []backup.Asset
	for _, a := range l.all {
		if a.Family != backup.FamilyAppliance || a.Last == nil || a.Last.Result.Good() || only != "" && a.CustomerID != only {
			continue
		}
		if _, asked := l.history[a.Key()]; !asked && l.documents[a.CustomerID].Machines[a.Key()].Known.LastGood.IsZero() {
			out = append(out, a)
		}
	}
	return out
}

// ask looks machines up and puts the answers into known. It returns how many answered.
func (s *Service) ask(ctx context.Context, machines []backup.Asset, known map[string]backup.History) (answered int, err error) {
	session, err := s.UniView(ctx)
	if err != nil {
		return 0, err
	}
	// Whole days keep the answers from moving with the clock.
	from := s.Now().UTC().Add(-lookBack).Truncate(24 * time.Hour)
	for _, a := range machines {
		if soon(ctx, decideTime) {
			return answered, nil
		}
		found, ferr := session.Client.ListBackups(ctx, uniview.BackupQuery{AssetKey: a.ID, StartFrom: from})
		if ferr != nil {
			if err = session.Fail(ctx, ferr); dead(ferr) {
				return answered, err
			}
			continue
		}
		known[a.Key()] = historyOf(found, from)
		answered++
	}
	return answered, err
}

// historyOf sums backups up.
func historyOf(found []uniview.Backup, from time.Time) backup.History {
	h := backup.History{From: from}
	for _, b := range found {
		result := backup.Result(b.Status)
		end := b.CompleteTime
		if end.IsZero() {
			end = b.StartTime
		}
		if result == backup.InProgress || end.IsZero() {
			continue
		}
		if end.After(h.End) {
			h.End, h.Result = end.UTC(), result
		}
		if result.Good() && end.After(h.Good) {
			h.Good = end.UTC()
		}
	}
	return h
}
