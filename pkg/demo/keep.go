package demo

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	connectwise "uniview-bridge/pkg/connectwise/sandbox"
	itglue "uniview-bridge/pkg/itglue/sandbox"
)

// kept is what others wrote into the world, with what it takes to build the same
// world again.
type kept struct {
	Seed    uint64                     `json:"seed"`
	Epoch   time.Time                  `json:"epoch"`
	Types   []itglue.FlexibleAssetType `json:"types"`
	Assets  []itglue.FlexibleAsset     `json:"assets"`
	Tickets []connectwise.Ticket       `json:"tickets"`
}

// Open continues the world kept in file, or begins a new one there.
func Open(file string, o Options) (*World, error) {
	raw, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return New(o), nil
	}
	if err != nil {
		return nil, fmt.Errorf("demo world: %w", err)
	}
	var k kept
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&k); err != nil {
		return nil, fmt.Errorf("demo world in %s cannot be read: remove the data folder to begin anew: %w", file, err)
	}
	o.Seed, o.Epoch = k.Seed, k.Epoch
	w := New(o)
	w.ITGlue.Edit(func(st *itglue.State) {
		for _, t := range k.Types {
			if st.FlexibleAssetTypes[t.ID] == nil {
				st.AddFlexibleAssetType(t)
			}
		}
		for _, a := range k.Assets {
			for name, v := range a.Traits {
				a.Traits[name] = trait(v)
			}
			st.AddFlexibleAsset(a)
		}
	})
	w.ConnectWise.Edit(func(st *connectwise.State) { st.Tickets = k.Tickets })
	return w, nil
}

// trait gives a decoded trait the type it has in the sandbox: a Tag is a list of ids.
func trait(v any) any {
	list, ok := v.([]any)
	if !ok {
		return v
	}
	ids := make([]int64, 0, len(list))
	for _, item := range list {
		if n, ok := item.(json.Number); ok {
			if id, err := n.Int64(); err == nil {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// Save keeps what others wrote. A crash leaves the older file whole.
func (w *World) Save(file string) error {
	// Each vendor's part is encoded while that vendor stands still.
	k := struct {
		Seed    uint64          `json:"seed"`
		Epoch   time.Time       `json:"epoch"`
		Types   json.RawMessage `json:"types"`
		Assets  json.RawMessage `json:"assets"`
		Tickets json.RawMessage `json:"tickets"`
	}{Seed: w.o.Seed, Epoch: w.o.Epoch}
	var errs [3]error
	w.ITGlue.View(func(st *itglue.State) {
		k.Types, errs[0] = json.Marshal(slices.Collect(maps.Values(st.FlexibleAssetTypes)))
		k.Assets, errs[1] = json.Marshal(slices.Collect(maps.Values(st.FlexibleAssets)))
	})
	w.ConnectWise.View(func(st *connectwise.State) { k.Tickets, errs[2] = json.Marshal(st.Tickets) })
	raw, err := json.Marshal(k)
	if err := errors.Join(append(errs[:], err)...); err != nil {
		return fmt.Errorf("demo world: %w", err)
	}
	tmp := file + ".new"
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fmt.Errorf("demo world: %w", err)
	}
	if err := os.WriteFile(tmp, raw, 0o600); err != nil {
		return fmt.Errorf("demo world: %w", err)
	}
	if err := os.Rename(tmp, file); err != nil {
		return fmt.Errorf("demo world: %w", err)
	}
	return nil
}

// Desk are the ids that the demo's ticket settings name.
func (w *World) Desk() (company, board, closed, priority, source int) {
	return w.desk.Company, w.desk.Board, w.desk.ClosedStatus, w.desk.Priority, w.desk.Source
}
