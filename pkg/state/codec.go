package state

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// compressOver is the size from which a record is stored compressed.
const compressOver = 2 << 10

// maxRecord bounds what a compressed record may unfold to.
const maxRecord = 64 << 20

// updateTries bounds the attempts of Update against other writers.
const updateTries = 20

// envelope is how every record is stored: its schema version beside its data,
// so that a newer bridge can read what an older one wrote and an older one
// refuses what it cannot know.
type envelope struct {
	Schema int             `json:"schema"`
	Data   json.RawMessage `json:"data"`
}

// Schema is the version of all records. It grows when a record changes in a way
// that an older reader would misread; adding a field does not.
const Schema = 1

// Encode turns a record into item data.
func Encode(v any) ([]byte, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode record: %w", err)
	}
	out, err := json.Marshal(envelope{Schema: Schema, Data: data})
	if err != nil {
		return nil, fmt.Errorf("encode record: %w", err)
	}
	if len(out) < compressOver {
		return out, nil
	}
	return squeeze(out)
}

// Decode reads item data back into a record.
func Decode(data []byte, v any) error {
	if len(data) > 0 && data[0] == gzipMagic {
		var err error
		if data, err = unsqueeze(data); err != nil {
			return err
		}
	}
	if inner, ok := bytes.CutPrefix(data, plainEnvelope); ok && bytes.HasSuffix(inner, []byte("}")) {
		// As Encode writes it: taken apart without being read twice.
		if err := json.Unmarshal(inner[:len(inner)-1], v); err != nil {
			return fmt.Errorf("decode record: %w", err)
		}
		return nil
	}
	var e envelope
	if err := json.Unmarshal(data, &e); err != nil {
		return fmt.Errorf("decode record: %w", err)
	}
	if e.Schema > Schema {
		return fmt.Errorf("decode record: written by a newer version of the bridge (schema %d, this one knows %d): upgrade first", e.Schema, Schema)
	}
	if err := json.Unmarshal(e.Data, v); err != nil {
		return fmt.Errorf("decode record: %w", err)
	}
	return nil
}

const gzipMagic = 0x1f

// plainEnvelope begins every record of this schema as Encode writes it.
var plainEnvelope = fmt.Appendf(nil, `{"schema":%d,"data":`, Schema)

// squeezers are compressors to be used again: a new one costs a megabyte.
var squeezers = sync.Pool{New: func() any {
	w, err := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed)
	if err != nil {
		panic(err) // the level is a constant
	}
	return w
}}

// squeeze compresses deterministically: the same bytes give the same bytes.
func squeeze(data []byte) ([]byte, error) {
	var buf bytes.Buffer
	w := squeezers.Get().(*gzip.Writer) //nolint:forcetypeassert // the pool makes nothing else
	defer squeezers.Put(w)
	w.Reset(&buf)
	if _, err := w.Write(data); err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	return buf.Bytes(), nil
}

func unsqueeze(data []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("decompress: %w", err)
	}
	out, err := io.ReadAll(io.LimitReader(r, maxRecord+1))
	if err != nil {
		return nil, fmt.Errorf("decompress: %w", err)
	}
	if len(out) > maxRecord {
		return nil, fmt.Errorf("decompress: over %d bytes", maxRecord)
	}
	return out, nil
}

// Load reads one record and its version. A missing one is ErrNotFound.
func Load[T any](ctx context.Context, t Table, key Key) (T, int64, error) {
	var v T
	item, err := t.Get(ctx, key)
	if err != nil {
		return v, 0, err
	}
	if err := Decode(item.Data, &v); err != nil {
		return v, 0, fmt.Errorf("%s/%s: %w", key.PK, key.SK, err)
	}
	return v, item.Version, nil
}

// LoadOr is Load with a default for a missing record.
func LoadOr[T any](ctx context.Context, t Table, key Key, missing T) (T, int64, error) {
	v, version, err := Load[T](ctx, t, key)
	if errors.Is(err, ErrNotFound) {
		return missing, New, nil
	}
	return v, version, err
}

// Save writes one record if the stored one is at version (see New and Any), and
// returns its new version. expires is zero for records that stay. The row of a
// customer or a ticket desk in its index is written behind it (see indexed).
func Save(ctx context.Context, t Table, key Key, v any, version int64, expires time.Time) (int64, error) {
	data, err := Encode(v)
	if err != nil {
		return 0, fmt.Errorf("%s/%s: %w", key.PK, key.SK, err)
	}
	item, err := t.Put(ctx, Item{Key: key, Version: version, Expires: expires, Data: data})
	if err != nil {
		return 0, err
	}
	indexed(ctx, t, key, v, item.Version)
	return item.Version, nil
}

// errUnchanged is returned by an Update function that found nothing to write.
var errUnchanged = errors.New("unchanged")

// Unchanged is what the function given to Update returns to leave the record as
// it is; Update then returns nil.
func Unchanged() error { return errUnchanged }

// Update reads one record (zero when missing), lets change modify it, and writes
// it if nobody else did meanwhile; otherwise it starts again from what is there
// now. change must touch only what it owns, since it may run several times.
func Update[T any](ctx context.Context, t Table, key Key, change func(*T) error) (T, error) {
	var v T
	for range updateTries {
		var version int64
		var err error
		var zero T
		v, version, err = LoadOr(ctx, t, key, zero)
		if err != nil {
			return v, err
		}
		if err := change(&v); err != nil {
			if errors.Is(err, errUnchanged) {
				return v, nil
			}
			return v, err
		}
		var expires time.Time
		if e, ok := any(v).(interface{ expires() time.Time }); ok {
			expires = e.expires()
		}
		if _, err = Save(ctx, t, key, v, version, expires); err == nil {
			return v, nil
		} else if !errors.Is(err, ErrConflict) {
			return v, err
		}
	}
	return v, fmt.Errorf("%s/%s: %w after %d tries", key.PK, key.SK, ErrConflict, updateTries)
}

// LoadAll reads every record of one partition, keyed by sort key.
func LoadAll[T any](ctx context.Context, t Table, pk string) (map[string]T, error) {
	items, err := t.Query(ctx, Query{PK: pk})
	if err != nil {
		return nil, err
	}
	out := make(map[string]T, len(items))
	for _, item := range items {
		var v T
		if err := Decode(item.Data, &v); err != nil {
			return nil, fmt.Errorf("%s/%s: %w", item.PK, item.SK, err)
		}
		out[item.SK] = v
	}
	return out, nil
}
