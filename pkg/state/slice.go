package state

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"
)

// slicePart is the size of the pieces a compressed slice is stored in.
const slicePart = 300 << 10

// writers is how many items are written side by side.
const writers = 16

// SliceMeta says what a slice is worth.
type SliceMeta struct {
	Digest string    // of the content
	AsOf   time.Time // the slice stands on complete reads that began no earlier
}

// sliceHead is the item under the customer's id.
type sliceHead struct {
	Digest string `json:"digest"`
	Parts  int    `json:"parts"`
	Data   []byte `json:"data,omitempty"` // compressed, when it is one part
}

// indexEntry is one line of the index of slices: what is stored for whom.
type indexEntry struct {
	Customer string `json:"c"`
	Digest   string `json:"d"`
}

func sliceIndex(v Vendor) string { return "slices." + string(v) }

func partKey(v Vendor, customer, digest string, n int) Key {
	return Key{pkSlice + string(v) + "#part", customer + "#" + digest + "#" + strconv.Itoa(n)}
}

// SaveSlices stores the slices of one side: the changed ones, then the index
// that dates them all. A whole set replaces the index; otherwise the given
// customers replace theirs in it and asOf stays what it was. It returns the
// digest of every slice in the index.
func SaveSlices[T any](ctx context.Context, t Table, v Vendor, asOf time.Time, bySet map[string]T, whole bool) (map[string]string, error) {
	old, pointer, err := LoadSnapshot[indexEntry](ctx, t, sliceIndex(v))
	if err != nil && !errors.Is(err, ErrNotFound) {
		return nil, err
	}
	before := make(map[string]string, len(old))
	for _, e := range old {
		before[e.Customer] = e.Digest
	}
	index := make(map[string]string, len(bySet))
	if !whole {
		maps.Copy(index, before)
		asOf = pointer.ReadFrom
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(writers)
	for customer, slice := range bySet {
		raw, err := json.Marshal(slice)
		if err != nil {
			return nil, fmt.Errorf("slice of %s: %w", customer, err)
		}
		digest := Digest(json.RawMessage(raw)) // as SliceDigest
		index[customer] = digest
		if before[customer] == digest {
			continue
		}
		g.Go(func() error { return saveSlice(gctx, t, v, customer, digest, raw, asOf) })
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	entries := make([]indexEntry, 0, len(index))
	for c, d := range index {
		entries = append(entries, indexEntry{c, d})
	}
	if _, err := SaveSnapshot(ctx, t, sliceIndex(v), asOf, asOf, entries, func(e indexEntry) string { return e.Customer }); err != nil {
		return nil, err
	}
	return index, nil
}

// SliceDigest is the digest that a slice will have once it is stored.
func SliceDigest(slice any) string { return Digest(slice) }

func saveSlice(ctx context.Context, t Table, v Vendor, customer, digest string, raw []byte, asOf time.Time) error {
	data, err := squeeze(raw)
	if err != nil {
		return fmt.Errorf("slice of %s: %w", customer, err)
	}
	head := sliceHead{Digest: digest, Parts: (len(data) + slicePart - 1) / slicePart}
	if head.Parts <= 1 && len(data) < slicePart/2 { // base64 in JSON grows by a third
		head.Parts, head.Data = 1, data
	} else {
		n := 0
		for part := range slices.Chunk(data, slicePart) {
			// Parts carry the digest in their key: a reader never mixes two slices.
			item := Item{Key: partKey(v, customer, digest, n), Version: Any, Data: part}
			if _, err := t.Put(ctx, item); err != nil {
				return fmt.Errorf("slice of %s: %w", customer, err)
			}
			n++
		}
		head.Parts = n
	}
	key := Key{pkSlice + string(v), customer}
	old, version, err := LoadOr(ctx, t, key, sliceHead{})
	if err != nil {
		return fmt.Errorf("slice of %s: %w", customer, err)
	}
	if _, err := Save(ctx, t, key, head, version, time.Time{}); err != nil {
		return fmt.Errorf("slice of %s: %w", customer, err)
	}
	if old.Data != nil || old.Digest == digest {
		return nil
	}
	for n := range old.Parts {
		if err := expire(ctx, t, partKey(v, customer, old.Digest, n), asOf.Add(staleFor)); err != nil {
			return fmt.Errorf("slice of %s: %w", customer, err)
		}
	}
	return nil
}

// expire lets an item that is no longer pointed at go at a later time. Losing to
// another writer is fine: it knows better.
func expire(ctx context.Context, t Table, key Key, at time.Time) error {
	item, err := t.Get(ctx, key)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	item.Expires = at.Truncate(time.Second)
	if _, err := t.Put(ctx, item); err != nil && !errors.Is(err, ErrConflict) {
		return err
	}
	return nil
}

// LoadSlice reads the newest slice of one customer. One never made is ErrNotFound.
func LoadSlice[T any](ctx context.Context, t Table, v Vendor, customer string) (T, SliceMeta, error) {
	var out T
	// The date is read first: the slice found behind it is at least that new.
	pointer, err := LoadPointer(ctx, t, sliceIndex(v))
	if err != nil {
		return out, SliceMeta{}, fmt.Errorf("slices of %s: %w", v, err)
	}
	head, _, err := Load[sliceHead](ctx, t, Key{pkSlice + string(v), customer})
	if err != nil {
		return out, SliceMeta{}, fmt.Errorf("slice of %s: %w", customer, err)
	}
	data := head.Data
	if data == nil {
		for n := range head.Parts {
			item, err := t.Get(ctx, partKey(v, customer, head.Digest, n))
			if err != nil {
				return out, SliceMeta{}, fmt.Errorf("slice of %s, part %d: %w", customer, n, err)
			}
			data = append(data, item.Data...)
		}
	}
	raw, err := unsqueeze(data)
	if err != nil {
		return out, SliceMeta{}, fmt.Errorf("slice of %s: %w", customer, err)
	}
	if err := json.Unmarshal(raw, &out); err != nil {
		return out, SliceMeta{}, fmt.Errorf("slice of %s: %w", customer, err)
	}
	return out, SliceMeta{Digest: head.Digest, AsOf: pointer.ReadFrom}, nil
}

// SliceDigests reads the digests of all slices of one side by customer id.
func SliceDigests(ctx context.Context, t Table, v Vendor) (map[string]string, error) {
	entries, _, err := LoadSnapshot[indexEntry](ctx, t, sliceIndex(v))
	if errors.Is(err, ErrNotFound) {
		return map[string]string{}, nil
	}
	if err != nil {
		return nil, err
	}
	out := make(map[string]string, len(entries))
	for _, e := range entries {
		out[e.Customer] = e.Digest
	}
	return out, nil
}

// SlicesAsOf is the date of all slices of one side.
func SlicesAsOf(ctx context.Context, t Table, v Vendor) (time.Time, error) {
	p, err := LoadPointer(ctx, t, sliceIndex(v))
	return p.ReadFrom, err
}
