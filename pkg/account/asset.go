package account

import (
	"context"
	"fmt"
	"strings"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/state"
)

// ownerOf finds the customer of an asset by its key (backup.Asset.Key).
func (s *Service) ownerOf(ctx context.Context, key string) (string, error) {
	for _, name := range []string{state.ListAssets, state.ListEndpoints} {
		assets, _, err := state.LoadSnapshot[backup.Asset](ctx, s.Table, name)
		if err != nil {
			return "", err
		}
		for _, a := range assets {
			if a.Key() == key {
				return a.CustomerID, nil
			}
		}
	}
	return "", fmt.Errorf("machine %s: %w", key, state.ErrNotFound)
}

// readAsset reads one machine anew and puts it into its list's snapshot. The
// list's date stays: the others are no newer.
func (s *Service) readAsset(ctx context.Context, run *state.Run) error {
	session, err := s.UniView(ctx)
	if err != nil {
		s.fail(run, "asset", err)
		return nil
	}
	var fresh backup.Asset
	name := state.ListAssets
	if id, ok := strings.CutPrefix(run.Target, string(backup.FamilyEndpoint)+":"); ok {
		name = state.ListEndpoints
		e, gerr := session.Client.GetEndpoint(ctx, id)
		fresh, err = endpointOf(e), gerr
	} else {
		a, gerr := session.Client.GetAsset(ctx, strings.TrimPrefix(run.Target, string(backup.FamilyAppliance)+":"))
		fresh, err = assetOf(a), gerr
	}
	if err != nil {
		s.fail(run, "asset", session.Fail(ctx, err))
		return nil
	}
	assets, pointer, err := state.LoadSnapshot[backup.Asset](ctx, s.Table, name)
	if err != nil {
		return err
	}
	for i := range assets {
		if assets[i].Key() == run.Target {
			assets[i] = fresh
		}
	}
	if _, err := state.SaveSnapshot(ctx, s.Table, name, pointer.ReadFrom, pointer.ReadAt, assets, backup.Asset.Key); err != nil {
		return err
	}
	run.Stages = append(run.Stages, state.Stage{Name: "asset", Read: 1, At: s.Now().UTC()})
	return nil
}
