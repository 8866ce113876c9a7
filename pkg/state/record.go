package state

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// fewChunks is up to how many chunks a look-up reads the whole list.
const fewChunks = 8

// LoadRecord finds one record of a list by its id, as SaveSnapshot was given it,
// without reading the whole list: the id tells the chunk. A record, or a list,
// that is not there is ErrNotFound.
func LoadRecord[T any](ctx context.Context, t Table, list, id string, idOf func(T) string) (T, error) {
	var none T
	p, err := LoadPointer(ctx, t, list)
	if err != nil {
		return none, fmt.Errorf("snapshot %s: %w", list, err)
	}
	n := len(p.Chunks)
	if n > fewChunks && n&(n-1) == 0 {
		found, certain, err := inChunk(ctx, t, list, p.Chunks, id, idOf)
		if err != nil || certain {
			return found, err
		}
	}
	// A short list, or one of which a chunk is left out because it is empty.
	all, _, err := LoadSnapshot[T](ctx, t, list)
	if err != nil {
		return none, err
	}
	for _, r := range all {
		if idOf(r) == id {
			return r, nil
		}
	}
	return none, fmt.Errorf("snapshot %s: %s: %w", list, id, ErrNotFound)
}

// inChunk looks into the one chunk that an id belongs to. It is certain of what it
// says when what else is in there belongs there, too.
func inChunk[T any](ctx context.Context, t Table, list string, chunks []string, id string, idOf func(T) string) (found T, certain bool, err error) {
	at := bucket(id, len(chunks))
	item, err := t.Get(ctx, Key{pkChunk + list, chunks[at]})
	if errors.Is(err, ErrNotFound) {
		return found, false, fmt.Errorf("snapshot %s: chunk %s is gone: read the list again", list, chunks[at])
	}
	if err != nil {
		return found, false, err
	}
	raw, err := unsqueeze(item.Data)
	if err != nil {
		return found, false, fmt.Errorf("snapshot %s: %w", list, err)
	}
	var part []T
	if err := json.Unmarshal(raw, &part); err != nil {
		return found, false, fmt.Errorf("snapshot %s: %w", list, err)
	}
	certain = true
	for _, r := range part {
		has := idOf(r)
		if has == id {
			return r, true, nil
		}
		certain = certain && bucket(has, len(chunks)) == at
	}
	return found, certain, orNotFound(certain, list, id)
}

func orNotFound(certain bool, list, id string) error {
	if !certain {
		return nil
	}
	return fmt.Errorf("snapshot %s: %s: %w", list, id, ErrNotFound)
}
