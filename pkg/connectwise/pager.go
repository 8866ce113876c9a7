package connectwise

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"uniview-bridge/pkg/vendorhttp"
)

// State says where a list read stands, for continuing it later from the last
// complete page. The zero State is the beginning.
type State struct {
	Part  int  `json:"part,omitempty"`  // long id lists are read in parts
	After int  `json:"after,omitempty"` // the pageId, or the last id of the page before: rows with a higher id follow
	Page  int  `json:"page,omitempty"`  // page number, on servers without forward-only paging
	Done  bool `json:"done,omitempty"`
}

// Pager reads one list page by page, forward-only: rows come in order of their
// id, so a row that appears or goes away meanwhile cannot make another repeat or
// vanish (connectwise.md §4). The end is an empty page or a Link header without a
// next page, never a short page; a page without any Link header proves nothing,
// so reading goes on. A Pager is for one goroutine.
type Pager[T any] struct {
	c      *Client
	list   listing
	fields string // just the members that are read, since records are large
	state  State
	decode func([]byte) ([]T, []int, error)
	keep   func(T) bool // nil = every row; rows are checked again on our side
}

// listing is what is read.
type listing struct {
	op    operation
	ids   []int       // in the path
	parts []Condition // read one after the other; none = the whole list
}

// newPager reads rows of the wire type W and gives them as out makes them.
func newPager[W, T any](c *Client, l listing, out func(W) T) *Pager[T] {
	if len(l.parts) == 0 {
		l.parts = []Condition{{}}
	}
	return &Pager[T]{c: c, list: l, fields: membersOf(reflect.TypeFor[W]()), decode: func(body []byte) ([]T, []int, error) {
		return decodeRows(body, out)
	}}
}

// same is for rows that are given as they are read.
func same[T any](row T) T { return row }

// membersOf names the members of a wire type, for the fields parameter.
func membersOf(t reflect.Type) string {
	var names []string
	for f := range t.Fields() {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "-" {
			names = append(names, name)
		}
	}
	return strings.Join(names, ",")
}

// recordID is what every record has.
type recordID struct {
	ID int `json:"id"`
}

func decodeRows[W, T any](body []byte, out func(W) T) ([]T, []int, error) {
	var ws []W
	var keys []recordID
	if err := json.Unmarshal(body, &ws); err != nil {
		return nil, nil, err
	}
	if err := json.Unmarshal(body, &keys); err != nil {
		return nil, nil, err
	}
	if ws == nil { // the word null is not an empty list
		return nil, nil, errNotAList
	}
	rows, ids := make([]T, len(ws)), make([]int, len(ws))
	for i, w := range ws {
		rows[i], ids[i] = out(w), keys[i].ID
	}
	return rows, ids, nil
}

// State is where the next call of Next will read.
func (p *Pager[T]) State() State { return p.state }

// Resume continues a read that another Pager of the same list began.
func (p *Pager[T]) Resume(s State) *Pager[T] {
	p.state = s
	return p
}

// Next reads one page. done means that the list has been read whole. After an
// error the same page can be asked for again.
func (p *Pager[T]) Next(ctx context.Context) (items []T, done bool, err error) {
	if p.state.Done || p.state.Part >= len(p.list.parts) {
		return nil, true, nil
	}
	resp, err := p.read(ctx)
	if err != nil {
		return nil, false, err
	}
	rows, ids, err := p.decode(resp.Body)
	if err != nil {
		return nil, false, malformed(p.list.op, resp.Status, "the answer is not a list of records")
	}
	links := resp.Header.Values("Link")
	next, more := parseNext(links)
	if p.state.After == 0 && p.state.Page == 0 && more && next.pageID == 0 {
		// The server does not know forward-only paging: begin again by page
		// number, in a stable order.
		p.state.Page = 1
		return nil, false, nil
	}
	for i, id := range ids {
		switch {
		case id <= 0:
			return nil, false, malformed(p.list.op, resp.Status, "a record has no id")
		case id <= p.state.After && p.state.Page > 0: // asked for in order of id: the server repeats itself
			return nil, false, malformed(p.list.op, resp.Status, "a page holds a record of the page before")
		case id > p.state.After && (p.keep == nil || p.keep(rows[i])):
			items = append(items, rows[i])
		}
	}
	if !more && len(links) == 0 && len(ids) > 0 && p.state.Page == 0 {
		switch last := slices.Max(ids); {
		case last > p.state.After:
			next.pageID, more = last, true // the next page, or an empty one, will tell
		case len(ids) >= p.c.cfg.PageSize:
			return nil, false, malformed(p.list.op, resp.Status, "a full page came twice, and no header says whether it was the last")
		}
	}
	switch {
	case !more || len(ids) == 0:
		p.state = State{Part: p.state.Part + 1}
		p.state.Done = p.state.Part >= len(p.list.parts)
	case p.state.Page > 0 && next.page == p.state.Page+1:
		p.state.Page, p.state.After = next.page, slices.Max(ids)
	case p.state.Page == 0 && next.pageID > p.state.After:
		p.state.After = next.pageID
	default:
		return nil, false, malformed(p.list.op, resp.Status, "the next-page link does not lead forward")
	}
	return items, p.state.Done, nil
}

func (p *Pager[T]) read(ctx context.Context) (*vendorhttp.Response, error) {
	conditions, err := p.list.parts[p.state.Part].Build()
	if err != nil {
		return nil, invalid(p.list.op, err.Error())
	}
	q := url.Values{"pageSize": {strconv.Itoa(p.c.cfg.PageSize)}, "fields": {p.fields}}
	if conditions != "" {
		q.Set("conditions", conditions)
	}
	h := http.Header{}
	if p.state.Page > 0 {
		q.Set("page", strconv.Itoa(p.state.Page))
		q.Set("orderBy", "id asc")
	} else {
		h.Set("pagination-type", "forward-only")
		if p.state.After > 0 {
			q.Set("pageId", strconv.Itoa(p.state.After))
		}
	}
	return p.c.do(ctx, call{op: p.list.op, ids: p.list.ids, query: q, header: h})
}

// All iterates over the rest of the list. An error is yielded once and ends it.
func (p *Pager[T]) All(ctx context.Context) iter.Seq2[T, error] {
	return vendorhttp.All(ctx, p.Next)
}

// collect reads the rest of the list; on an error nothing is returned, since a
// partial list looks like a complete one.
func (p *Pager[T]) collect(ctx context.Context) ([]T, error) {
	all := []T{}
	for {
		items, done, err := p.Next(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, items...)
		if done {
			return all, nil
		}
	}
}

// maxIDText keeps addresses under 2,000 characters (connectwise.md §4).
const maxIDText = 1200

// idParts makes one condition per part of a long id list; rest is joined to
// each. No ids mean one part without an id condition.
func idParts(ids []int, rest ...Condition) []Condition {
	if len(ids) == 0 {
		return []Condition{And(rest...)}
	}
	var parts []Condition
	flush := func(some []int) {
		parts = append(parts, And(append([]Condition{Where("id", In, IDs(some...))}, rest...)...))
	}
	ids = sortedUnique(ids)
	start, length := 0, 0
	for i, id := range ids {
		n := len(strconv.Itoa(id)) + len("%2C")
		if length+n > maxIDText {
			flush(ids[start:i])
			start, length = i, 0
		}
		length += n
	}
	flush(ids[start:])
	return parts
}
