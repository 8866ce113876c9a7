package local

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"uniview-bridge/pkg/platform/limits"
	"uniview-bridge/pkg/state"
)

// Items are kept under partition key, NUL, sort key, so that the database's byte
// order is a partition's order. The value is version and expiry (epoch seconds, 0
// for never), 8 bytes each, and the data. The expiry bucket repeats the keys of
// items that expire under expiry, key, for the sweep.
const itemHeader = 16

func itemKey(k state.Key) []byte {
	b := make([]byte, 0, len(k.PK)+1+len(k.SK))
	b = append(b, k.PK...)
	b = append(b, 0)
	return append(b, k.SK...)
}

func encodeItem(version, expires int64, data []byte) []byte {
	b := make([]byte, 0, itemHeader+len(data))
	b = binary.BigEndian.AppendUint64(b, uint64(version))
	b = binary.BigEndian.AppendUint64(b, uint64(expires))
	return append(b, data...)
}

func itemVersion(v []byte) int64 { return int64(binary.BigEndian.Uint64(v)) }
func itemExpires(v []byte) int64 { return int64(binary.BigEndian.Uint64(v[8:])) }

// decodeItem copies v, which belongs to the database, into an item.
func decodeItem(k state.Key, v []byte) state.Item {
	return state.Item{
		Key: k, Version: itemVersion(v), Expires: limits.Time(itemExpires(v)),
		Data: bytes.Clone(v[itemHeader:]),
	}
}

// live reports whether v is a stored item that has not expired.
func (s *Store) live(v []byte) bool {
	return len(v) >= itemHeader && limits.Live(itemExpires(v), s.now())
}

// Get implements state.Table.
func (s *Store) Get(ctx context.Context, key state.Key) (state.Item, error) {
	if err := limits.Key(key); err != nil {
		return state.Item{}, fmt.Errorf("get: %w", err)
	}
	var item state.Item
	err := s.view(ctx, func(tx *bolt.Tx) error {
		v := tx.Bucket(bucketItems).Get(itemKey(key))
		if !s.live(v) {
			return state.ErrNotFound
		}
		item = decodeItem(key, v)
		return nil
	})
	return item, err
}

// GetMany implements state.Table.
func (s *Store) GetMany(ctx context.Context, keys []state.Key) (map[state.Key]state.Item, error) {
	for _, key := range keys {
		if err := limits.Key(key); err != nil {
			return nil, fmt.Errorf("get many: %w", err)
		}
	}
	items := make(map[state.Key]state.Item, len(keys))
	err := s.view(ctx, func(tx *bolt.Tx) error {
		b := tx.Bucket(bucketItems)
		for _, key := range keys {
			if _, have := items[key]; have {
				continue
			}
			if v := b.Get(itemKey(key)); s.live(v) {
				items[key] = decodeItem(key, v)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return items, nil
}

// Put implements state.Table.
func (s *Store) Put(ctx context.Context, item state.Item) (state.Item, error) {
	if err := limits.Item(item); err != nil {
		return state.Item{}, fmt.Errorf("put: %w", err)
	}
	key, expires := itemKey(item.Key), limits.Seconds(item.Expires)
	var version int64
	err := s.commit(ctx, func(tx *bolt.Tx) error {
		items := tx.Bucket(bucketItems)
		old := items.Get(key)
		current := int64(0)
		if s.live(old) {
			current = itemVersion(old)
		}
		if item.Version != state.Any && item.Version != current {
			return state.ErrConflict
		}
		version = current + 1
		if err := moveExpiry(tx, key, old, expires); err != nil {
			return err
		}
		return items.Put(key, encodeItem(version, expires, item.Data))
	})
	if err != nil {
		return state.Item{}, err
	}
	return state.Item{
		Key: item.Key, Version: version, Expires: limits.Time(expires), Data: bytes.Clone(item.Data),
	}, nil
}

// Delete implements state.Table.
func (s *Store) Delete(ctx context.Context, key state.Key, version int64) error {
	if err := limits.Key(key); err != nil {
		return fmt.Errorf("delete: %w", err)
	}
	if version < 1 && version != state.Any {
		return fmt.Errorf("delete: version %d has no meaning", version)
	}
	k := itemKey(key)
	return s.commit(ctx, func(tx *bolt.Tx) error {
		items := tx.Bucket(bucketItems)
		old := items.Get(k)
		switch {
		case version != state.Any && (!s.live(old) || itemVersion(old) != version):
			return state.ErrConflict
		case old == nil:
			return errUnchanged
		}
		if err := moveExpiry(tx, k, old, 0); err != nil {
			return err
		}
		return items.Delete(k)
	})
}

// moveExpiry replaces the expiry entry that the stored value old has by one for expires.
func moveExpiry(tx *bolt.Tx, key, old []byte, expires int64) error {
	before := int64(0)
	if len(old) >= itemHeader {
		before = itemExpires(old)
	}
	if before == expires {
		return nil
	}
	b := tx.Bucket(bucketExpiry)
	if before != 0 {
		if err := b.Delete(expiryKey(before, key)); err != nil {
			return err
		}
	}
	if expires == 0 {
		return nil
	}
	return b.Put(expiryKey(expires, key), nil)
}

func expiryKey(expires int64, key []byte) []byte {
	return append(putUint64(uint64(expires)), key...)
}

// Query implements state.Table.
func (s *Store) Query(ctx context.Context, q state.Query) ([]state.Item, error) {
	if err := limits.Query(q); err != nil {
		return nil, fmt.Errorf("query: %w", err)
	}
	prefix := itemKey(state.Key{PK: q.PK, SK: q.Prefix})
	var after []byte
	if q.After != "" {
		after = itemKey(state.Key{PK: q.PK, SK: q.After})
	}
	var found []state.Item
	err := s.view(ctx, func(tx *bolt.Tx) error {
		c := tx.Bucket(bucketItems).Cursor()
		step, k, v := c.Next, []byte(nil), []byte(nil)
		if q.Descending {
			step = c.Prev
			k, v = lastBelow(c, prefix, after)
		} else {
			k, v = firstAbove(c, prefix, after)
		}
		for ; bytes.HasPrefix(k, prefix); k, v = step() {
			if !s.live(v) {
				continue
			}
			found = append(found, decodeItem(state.Key{PK: q.PK, SK: string(k[len(q.PK)+1:])}, v))
			if q.Limit > 0 && len(found) == q.Limit {
				return nil
			}
		}
		return nil
	})
	return found, err
}

// firstAbove seeks the first key that has the prefix and lies above after.
func firstAbove(c *bolt.Cursor, prefix, after []byte) (k, v []byte) {
	if bytes.Compare(after, prefix) < 0 {
		return c.Seek(prefix)
	}
	k, v = c.Seek(after)
	if bytes.Equal(k, after) {
		k, v = c.Next()
	}
	return k, v
}

// lastBelow seeks the last key that has the prefix and lies below after.
func lastBelow(c *bolt.Cursor, prefix, after []byte) (k, v []byte) {
	bound := prefixEnd(prefix)
	if after != nil && bytes.Compare(after, bound) < 0 {
		bound = after
	}
	if k, _ = c.Seek(bound); k == nil {
		return c.Last()
	}
	return c.Prev()
}

// prefixEnd is the first key above all keys with the prefix. A prefix holds a NUL, so there is one.
func prefixEnd(prefix []byte) []byte {
	end := bytes.Clone(prefix)
	for i := len(end) - 1; ; i-- {
		if end[i] != 0xff {
			end[i]++
			return end[:i+1]
		}
	}
}

// sweepTogether bounds the removals in one commit, so that others need not wait long.
const sweepTogether = 500

// Sweep removes expired items and forgotten deduplication ids, and says how many
// items went. It runs by itself every minute.
func (s *Store) Sweep(ctx context.Context) (int, error) {
	total := 0
	for {
		n := 0
		err := s.commit(ctx, func(tx *bolt.Tx) error {
			var err error
			n, err = s.sweepSome(tx)
			return err
		})
		total += n
		if err != nil {
			return total, fmt.Errorf("sweep: %w", err)
		}
		if n < sweepTogether {
			break
		}
	}
	for _, q := range s.queues {
		if err := s.commit(ctx, q.forgetDedup); err != nil {
			return total, fmt.Errorf("sweep queue %s: %w", q.name, err)
		}
	}
	return total, nil
}

func (s *Store) sweepSome(tx *bolt.Tx) (int, error) {
	expiry, items := tx.Bucket(bucketExpiry), tx.Bucket(bucketItems)
	var gone [][]byte
	c := expiry.Cursor()
	for k, _ := c.First(); k != nil && len(gone) < sweepTogether; k, _ = c.Next() {
		if limits.Live(int64(binary.BigEndian.Uint64(k)), s.now()) {
			break
		}
		gone = append(gone, bytes.Clone(k))
	}
	if len(gone) == 0 {
		return 0, errUnchanged
	}
	for _, k := range gone {
		if err := errors.Join(expiry.Delete(k), items.Delete(k[8:])); err != nil {
			return 0, err
		}
	}
	return len(gone), nil
}
