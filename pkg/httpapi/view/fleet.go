package view

import (
	"context"
	"errors"
	"runtime"
	"strings"

	"golang.org/x/sync/errgroup"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/state"
)

// fleet is the index of machines in memory, by chunk: what changed is read and taken
// apart anew, the rest stays.
type fleet struct {
	digest string
	chunks map[state.Key][]herd
}

// herd is the machines of one customer.
type herd struct {
	customer string
	machines []unit
}

// unit is one machine: hundreds of thousands are kept, so it is small.
type unit struct {
	key, name, lower string // lower is the name in lower case
	target, targetOf string // configuration and its name
	history          string
	since, end, good int64 // Unix seconds; 0: none
	bytes            int64
	word             uint8 // place in backup.Words
	link             uint8 // place in LinkStates
	gone             bool
	superseded       bool
}

func (u *unit) status() backup.Word { return backup.Words[u.word] }
func (u *unit) state() match.State  { return LinkStates[u.link] }
func (u *unit) endpoint() bool {
	return strings.HasPrefix(u.key, string(backup.FamilyEndpoint)+":")
}

// machines is the whole fleet.
func (m *Model) machines(ctx context.Context, s *sight) (map[state.Key][]herd, error) {
	p, err := state.LoadPointer(ctx, s, state.ListMachineIndex)
	if errors.Is(err, state.ErrNotFound) {
		return m.unindexed(ctx)
	}
	if err != nil {
		return nil, err
	}
	m.fleetMu.Lock()
	defer m.fleetMu.Unlock()
	if m.fleet.digest == p.Digest && m.fleet.chunks != nil {
		return m.fleet.chunks, nil
	}
	next := make(map[state.Key][]herd, len(p.Chunks))
	var missing []state.Key
	for _, key := range state.MachineChunkKeys(p) {
		if kept, ok := m.fleet.chunks[key]; ok {
			next[key] = kept
		} else {
			missing = append(missing, key)
		}
	}
	items, err := s.GetMany(ctx, missing)
	if err != nil {
		return nil, err
	}
	herds := make([][]herd, len(missing))
	g := errgroup.Group{}
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, key := range missing {
		g.Go(func() error {
			item, ok := items[key]
			if !ok {
				return errors.New("the index of machines was just replaced: load the page again")
			}
			rows, err := state.MachineChunk(item)
			if err != nil {
				return err
			}
			for _, r := range rows {
				herds[i] = append(herds[i], herdOf(r))
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	for i, key := range missing {
		next[key] = herds[i]
	}
	m.fleet = fleet{p.Digest, next}
	return next, nil
}

// unindexed makes the fleet of the records themselves: before the first sync made an
// index of them.
func (m *Model) unindexed(ctx context.Context) (map[state.Key][]herd, error) {
	docs, err := state.Documentations(ctx, m.Table)
	if err != nil {
		return nil, err
	}
	out := make([]herd, 0, len(docs))
	for id, doc := range docs {
		out = append(out, herdOf(doc.Rows(id)))
	}
	return map[state.Key][]herd{{}: out}, nil
}

func herdOf(rows state.MachineRows) herd {
	h := herd{customer: rows.Customer, machines: make([]unit, 0, rows.Machines())}
	rows.Each(func(r state.MachineRow) {
		h.machines = append(h.machines, unit{
			key: r.Key, name: r.Name, lower: strings.ToLower(r.Name), target: r.Target, targetOf: r.TargetOf, history: r.History,
			since: r.Since, end: r.LastEnd, good: r.LastGood, bytes: r.Bytes,
			word: wordPlace[r.Word], link: linkPlace[r.Link], gone: r.Gone, superseded: r.Superseded,
		})
	})
	return h
}

var wordPlace = func() map[backup.Word]uint8 {
	out := map[backup.Word]uint8{}
	for i, w := range backup.Words {
		out[w] = uint8(i)
	}
	return out
}()

var linkPlace = func() map[match.State]uint8 {
	out := map[match.State]uint8{}
	for i, s := range LinkStates {
		out[s] = uint8(i)
	}
	return out
}()
