package state

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"time"
)

// chunkRaw is the size of one chunk before compression; stored chunks stay well
// below the 256 KB of design §3.1.
const chunkRaw = 256 << 10

// staleFor is how long a chunk that is no longer pointed at stays readable for
// those who still hold the older pointer.
const staleFor = 24 * time.Hour

// clockSlack is how far a stored date may be ahead of the clock.
const clockSlack = 10 * time.Minute

// ErrOlder says that a newer snapshot is already there.
var ErrOlder = errors.New("a newer snapshot is already stored")

// Pointer is the one item that makes a snapshot current. Chunks are named by
// their content, so an unchanged list writes nothing but its pointer.
type Pointer struct {
	ReadFrom time.Time `json:"readFrom"` // when the read began: all of it is at least this new
	ReadAt   time.Time `json:"readAt"`   // when it was complete
	Count    int       `json:"count"`
	Digest   string    `json:"digest"` // of the content
	Chunks   []string  `json:"chunks"`
	// Days are those of the last HistoryDays on which a read was complete, by number
	// (see Day), oldest first.
	Days []int `json:"days,omitempty"`
}

// PointerKey is the key of a list's pointer.
func PointerKey(list string) Key { return Key{pkSnapshot, list} }

// LoadPointer reads only the pointer of a list. A list never read is ErrNotFound.
func LoadPointer(ctx context.Context, t Table, list string) (Pointer, error) {
	p, _, err := Load[Pointer](ctx, t, PointerKey(list))
	return p, err
}

// SaveSnapshot stores a complete list as its new snapshot: changed chunks first,
// then the pointer, so that a crash leaves the older snapshot whole. It says
// whether the content changed. An older read than the stored one is ErrOlder.
func SaveSnapshot[T any](ctx context.Context, t Table, list string, from, at time.Time, records []T, id func(T) string) (changed bool, err error) {
	chunks, err := cut(records, id)
	if err != nil {
		return false, fmt.Errorf("snapshot %s: %w", list, err)
	}
	old, version, err := LoadOr(ctx, t, PointerKey(list), Pointer{})
	if err != nil {
		return false, fmt.Errorf("snapshot %s: %w", list, err)
	}
	// A date ahead of the clock is a clock that was wrong once: it may not keep
	// every later read out.
	if old.ReadFrom.After(from) && !old.ReadFrom.After(at.Add(clockSlack)) {
		return false, fmt.Errorf("snapshot %s: %w", list, ErrOlder)
	}
	next := Pointer{ReadFrom: from, ReadAt: at, Count: len(records), Chunks: names(chunks), Days: daysRead(old.Days, from)}
	next.Digest = Digest(next.Chunks)
	return next.Digest != old.Digest, saveChunks(ctx, t, list, chunks, old, next, version)
}

func names(chunks []chunk) []string {
	var out []string
	for _, c := range chunks {
		out = append(out, c.name)
	}
	return out
}

// saveChunks writes the chunks that are not there yet, then the pointer, and lets the
// chunks go that are not pointed at any more.
func saveChunks(ctx context.Context, t Table, list string, chunks []chunk, old, next Pointer, version int64) error {
	pk := pkChunk + list
	for _, c := range chunks {
		if slices.Contains(old.Chunks, c.name) {
			continue
		}
		data, err := squeeze(c.raw)
		if err != nil {
			return fmt.Errorf("snapshot %s: %w", list, err)
		}
		if _, err := t.Put(ctx, Item{Key: Key{pk, c.name}, Version: Any, Data: data}); err != nil {
			return fmt.Errorf("snapshot %s: %w", list, err)
		}
	}
	if _, err := Save(ctx, t, PointerKey(list), next, version, time.Time{}); err != nil {
		return fmt.Errorf("snapshot %s: %w", list, err)
	}
	for _, name := range old.Chunks {
		if slices.Contains(next.Chunks, name) {
			continue
		}
		if err := expire(ctx, t, Key{pk, name}, next.ReadAt.Add(staleFor)); err != nil {
			return fmt.Errorf("snapshot %s: %w", list, err)
		}
	}
	return nil
}

// LoadSnapshot reads the current snapshot of a list. A list never read is ErrNotFound.
func LoadSnapshot[T any](ctx context.Context, t Table, list string) ([]T, Pointer, error) {
	p, err := LoadPointer(ctx, t, list)
	if err != nil {
		return nil, p, fmt.Errorf("snapshot %s: %w", list, err)
	}
	keys := make([]Key, len(p.Chunks))
	for i, c := range p.Chunks {
		keys[i] = Key{pkChunk + list, c}
	}
	items, err := t.GetMany(ctx, keys)
	if err != nil {
		return nil, p, fmt.Errorf("snapshot %s: %w", list, err)
	}
	records := make([]T, 0, p.Count)
	for _, k := range keys {
		item, ok := items[k]
		if !ok {
			return nil, p, fmt.Errorf("snapshot %s: chunk %s is gone: read the list again", list, k.SK)
		}
		part, err := chunkOf[T](list, item.Data)
		if err != nil {
			return nil, p, err
		}
		records = append(records, part...)
	}
	return records, p, nil
}

// chunkOf reads the records of one chunk.
func chunkOf[T any](list string, data []byte) ([]T, error) {
	raw, err := unsqueeze(data)
	if err != nil {
		return nil, fmt.Errorf("snapshot %s: %w", list, err)
	}
	var part []T
	if err := json.Unmarshal(raw, &part); err != nil {
		return nil, fmt.Errorf("snapshot %s: %w", list, err)
	}
	return part, nil
}

type chunk struct {
	name string
	raw  []byte
}

// cut puts records into buckets by a hash of their ids, so that a change of one
// record changes one chunk, whatever is added or removed beside it.
func cut[T any](records []T, id func(T) string) ([]chunk, error) {
	type row struct {
		id  string
		raw json.RawMessage
	}
	rows := make([]row, len(records))
	total := 0
	for i, r := range records {
		raw, err := json.Marshal(r)
		if err != nil {
			return nil, fmt.Errorf("encode: %w", err)
		}
		rows[i] = row{id(r), raw}
		total += len(raw)
	}
	slices.SortFunc(rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(a.id, b.id), slices.Compare(a.raw, b.raw))
	})
	n := 1
	for n*chunkRaw < total {
		n *= 2
	}
	buckets := make([][]json.RawMessage, n)
	for _, r := range rows {
		b := bucket(r.id, n)
		buckets[b] = append(buckets[b], r.raw)
	}
	var chunks []chunk
	for _, b := range buckets {
		if len(b) == 0 {
			continue
		}
		raw, err := json.Marshal(b)
		if err != nil {
			return nil, fmt.Errorf("encode: %w", err)
		}
		sum := sha256.Sum256(raw)
		chunks = append(chunks, chunk{hex.EncodeToString(sum[:16]), raw})
	}
	return chunks, nil
}

// bucket is the place of an id among n chunks.
func bucket(id string, n int) int {
	h := fnv.New32a()
	h.Write([]byte(id))
	return int(h.Sum32() % uint32(n))
}
