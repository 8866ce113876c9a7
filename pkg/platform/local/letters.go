package local

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"

	"uniview-bridge/pkg/state"
)

// Letters implements state.DeadLetters: oldest first.
func (s *Store) Letters(ctx context.Context, name string, limit int) ([]state.Letter, error) {
	q, err := s.queue(name)
	if err != nil {
		return nil, fmt.Errorf("dead letters: %w", err)
	}
	var letters []state.Letter
	err = s.view(ctx, func(tx *bolt.Tx) error {
		c := tx.Bucket(q.dead).Cursor()
		for k, v := c.First(); k != nil && len(letters) < limit; k, v = c.Next() {
			m, err := decodeMessage(v)
			if err != nil {
				return err
			}
			letters = append(letters, state.Letter{
				Queue: name, ID: messageID(name, binary.BigEndian.Uint64(k)),
				Body: m.Body, Group: m.Group, SentAt: m.Sent, Receives: m.Receives,
			})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("dead letters of %s: %w", name, err)
	}
	return letters, nil
}

// Replay implements state.DeadLetters. Sending and removing are one commit here.
func (s *Store) Replay(ctx context.Context, name, id string) error {
	q, err := s.queue(name)
	if err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	number, _ := strings.CutPrefix(id, name+"-")
	old, err := strconv.ParseUint(number, 10, 64)
	if err != nil || messageID(name, old) != id {
		return fmt.Errorf("replay to %s: letter %q: %w", name, id, state.ErrNotFound)
	}
	var seq uint64
	var m stored
	err = s.commit(ctx, func(tx *bolt.Tx) error {
		dead, key := tx.Bucket(q.dead), putUint64(old)
		v := slices.Clone(dead.Get(key))
		if v == nil {
			return state.ErrNotFound
		}
		letter, err := decodeMessage(v)
		if err != nil {
			return err
		}
		m = stored{Body: letter.Body, Group: letter.Group, Sent: s.now()}
		if seq, err = q.store(tx, m); err != nil {
			return err
		}
		return dead.Delete(key)
	})
	if err != nil {
		return fmt.Errorf("replay to %s: letter %q: %w", name, id, err)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.letters--
	q.add(seq, m, time.Now())
	q.announce()
	return nil
}
