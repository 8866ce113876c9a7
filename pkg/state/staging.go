package state

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// stagedPart is how many records share one staged item.
const stagedPart = 1000

// Staged is a list read so far, put aside when a function's time runs out, so
// that the continuation goes on from the last complete page.
type Staged struct {
	From  time.Time       `json:"from"`  // when the read began
	Pager json.RawMessage `json:"pager"` // the vendor client's page state
	Parts int             `json:"parts"`
}

func stagedKey(run, list string, part int) Key {
	return Key{pkRunParts + run, fmt.Sprintf("read#%s#%05d", list, part)}
}

func stagedHead(run, list string) Key { return Key{pkRunParts + run, "read#" + list} }

// SaveStaged puts the records of an unfinished list aside for a day.
func SaveStaged[T any](ctx context.Context, t Table, run, list string, s Staged, records []T, now time.Time) error {
	expires := now.Add(staleFor).Truncate(time.Second)
	s.Parts = 0
	for start := 0; start < len(records); start += stagedPart {
		part := records[start:min(start+stagedPart, len(records))]
		if _, err := Save(ctx, t, stagedKey(run, list, s.Parts), part, Any, expires); err != nil {
			return fmt.Errorf("stage %s: %w", list, err)
		}
		s.Parts++
	}
	if _, err := Save(ctx, t, stagedHead(run, list), s, Any, expires); err != nil {
		return fmt.Errorf("stage %s: %w", list, err)
	}
	return nil
}

// LoadStaged reads what was put aside; ok is false when nothing was.
func LoadStaged[T any](ctx context.Context, t Table, run, list string) (s Staged, records []T, ok bool, err error) {
	s, _, err = Load[Staged](ctx, t, stagedHead(run, list))
	if errors.Is(err, ErrNotFound) {
		return s, nil, false, nil
	}
	if err != nil {
		return s, nil, false, fmt.Errorf("stage %s: %w", list, err)
	}
	for n := range s.Parts {
		part, _, err := Load[[]T](ctx, t, stagedKey(run, list, n))
		if err != nil {
			return s, nil, false, fmt.Errorf("stage %s: %w", list, err)
		}
		records = append(records, part...)
	}
	return s, records, true, nil
}
