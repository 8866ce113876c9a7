package view

import (
	"encoding/base64"
	"errors"
	"slices"
	"strconv"
	"strings"
)

// ErrCursor says that a cursor is not the Next of a page of that list.
var ErrCursor = errors.New("this is not a cursor of this list: take the one of the page before")

// The sizes of pages.
const (
	DefaultLimit = 50
	MaxLimit     = 500
)

func limited(n int) int {
	if n <= 0 {
		return DefaultLimit
	}
	return min(n, MaxLimit)
}

// spot is where a row stands in an ordered list: by a number, then by name, then by
// id. Cursors are spots, so that a page goes on behind the last row of the one before
// even when that row is gone.
type spot struct {
	n        int64
	name, id string
}

// spotAt makes a spot. Names count with their beginning: a cursor stays fit for an
// address however long a name is.
func spotAt(n int64, name, id string) spot {
	const most = 80 // bytes
	return spot{n, name[:min(len(name), most)], id}
}

func (s spot) compare(t spot) int {
	switch {
	case s.n != t.n:
		if s.n < t.n {
			return -1
		}
		return 1
	case s.name != t.name:
		return strings.Compare(s.name, t.name)
	default:
		return strings.Compare(s.id, t.id)
	}
}

// cursor is the spot as it stands in an address.
func (s spot) cursor() string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(s.n, 36) + ":" + strconv.Itoa(len(s.name)) + ":" + s.name + s.id))
}

// spotOf reads a cursor; ok is false for the empty one, the beginning of the list.
func spotOf(cursor string) (s spot, ok bool, err error) {
	if cursor == "" {
		return spot{}, false, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return spot{}, false, ErrCursor
	}
	number, rest, _ := strings.Cut(string(raw), ":")
	length, rest, found := strings.Cut(rest, ":")
	n, err := strconv.ParseInt(number, 36, 64)
	size, serr := strconv.Atoi(length)
	if !found || err != nil || serr != nil || size < 0 || size > len(rest) {
		return spot{}, false, ErrCursor
	}
	return spot{n, rest[:size], rest[size:]}, true, nil
}

// picker takes the first rows behind a cursor out of rows that come in any order,
// without ordering all of them.
type picker[T any] struct {
	after  spot
	behind bool // after counts
	limit  int
	picked []picked[T] // in order, at most one more than limit
}

type picked[T any] struct {
	spot spot
	row  T
}

func newPicker[T any](cursor string, limit int) (*picker[T], error) {
	after, behind, err := spotOf(cursor)
	return &picker[T]{after: after, behind: behind, limit: limited(limit)}, err
}

// wants says whether a row of this spot could still be on the page; cheap, so that
// most rows are never made.
func (p *picker[T]) wants(s spot) bool {
	if p.behind && s.compare(p.after) <= 0 {
		return false
	}
	return len(p.picked) <= p.limit || s.compare(p.picked[len(p.picked)-1].spot) < 0
}

func (p *picker[T]) add(s spot, row T) {
	i, _ := slices.BinarySearchFunc(p.picked, s, func(x picked[T], s spot) int { return x.spot.compare(s) })
	if len(p.picked) > p.limit {
		p.picked = p.picked[:p.limit]
	}
	p.picked = slices.Insert(p.picked, i, picked[T]{s, row})
}

// page are the rows, and the cursor of the next page; empty on the last.
func (p *picker[T]) page() (rows []T, next string) {
	rows = make([]T, 0, p.limit)
	for i, x := range p.picked {
		if i == p.limit {
			return rows, p.picked[i-1].spot.cursor()
		}
		rows = append(rows, x.row)
	}
	return rows, ""
}
