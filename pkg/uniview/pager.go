package uniview

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"net/url"
	"slices"
	"strconv"

	"uniview-bridge/pkg/vendorhttp"
)

// State is where a [Pager] stands; the zero value is the beginning.
type State struct {
	Page  int `json:"page"`  // complete pages read, at size Size
	Size  int `json:"size"`  // rows per page
	Total int `json:"total"` // rows the first page announced
	Count int `json:"count"` // rows read

	// Last are the ids of the last page, so that a continued read knows a row that
	// slid to the next page. Empty for rows without ids.
	Last []string `json:"last,omitempty"`
}

// A Pager reads a list page by page and checks that it is complete. After each
// Next, [Pager.State] holds all that is needed to go on later. A pager is not
// safe for concurrent use.
type Pager[T any] struct {
	c     *Client
	list  list[T]
	state State
	seen  map[string]bool
	done  bool
}

// A list is one list request without its paging.
type list[T any] struct {
	op, path string
	query    url.Values
	invalid  string         // why the query cannot be sent
	id       func(T) string // nil: the rows have no id
	must     bool           // every row has an id of its own
	fix      func(*T)       // fills in what the question already says
}

func newPager[T any](c *Client, l list[T]) *Pager[T] {
	return (&Pager[T]{c: c, list: l}).Resume(State{})
}

// Resume makes the pager go on from a state, which must come from a pager of the
// same list, and returns the pager.
func (p *Pager[T]) Resume(s State) *Pager[T] {
	if s.Page <= 0 || s.Size <= 0 || s.Count < 0 {
		s = State{Size: p.c.pageSize}
	}
	p.state, p.done = s, s.Page > 0 && s.Count >= s.Total
	p.seen = make(map[string]bool, len(s.Last))
	for _, id := range s.Last {
		p.seen[id] = true
	}
	return p
}

// State returns where the pager stands: after the last page that Next returned.
func (p *Pager[T]) State() State { return p.state }

// All returns the remaining rows as a sequence; an error is yielded once, last.
func (p *Pager[T]) All(ctx context.Context) iter.Seq2[T, error] { return vendorhttp.All(ctx, p.Next) }

// Next returns the rows of the next page and whether it was the last. A list
// that changed while it was read, or that does not hold as many rows as UniView
// says, is an error of kind Incomplete: start again with a new pager. After any
// other error Next may be called again.
func (p *Pager[T]) Next(ctx context.Context) (items []T, done bool, err error) {
	if p.done {
		return nil, true, nil
	}
	if p.list.invalid != "" {
		return nil, false, vendorhttp.NewError(vendor, p.list.op, vendorhttp.Invalid, 0, p.list.invalid)
	}
	next := p.state
	next.Page++
	query := maps.Clone(p.list.query)
	if query == nil {
		query = url.Values{}
	}
	query.Set("page_number", strconv.Itoa(next.Page))
	query.Set("page_size", strconv.Itoa(next.Size))
	resp, err := p.c.get(ctx, p.list.op, p.list.path, query)
	if err != nil {
		return nil, false, err
	}
	if items, err = decodeList[T](resp.Body); err != nil {
		return nil, false, p.malformed(resp.Status, err.Error())
	}
	head := parsePaging(resp.Header)
	switch {
	case head.total < 0:
		return nil, false, p.incomplete("the answer does not say how many rows there are (Paging-Total-Records)")
	case head.number >= 0 && head.number != next.Page:
		return nil, false, p.incomplete("page %d came where page %d was asked for", head.number, next.Page)
	case next.Page > 1 && head.total != next.Total:
		return nil, false, p.incomplete("the list went from %d to %d rows while it was read", next.Total, head.total)
	}
	next.Total = head.total
	next.Count += len(items)
	next.Last = nil
	if p.list.id != nil {
		page := make(map[string]bool, len(items))
		for i, item := range items {
			id := p.list.id(item)
			switch {
			case id == "" && p.list.must:
				return nil, false, p.malformed(resp.Status, fmt.Sprintf("row %d has no id", i+1))
			case id == "":
				continue
			case p.seen[id], page[id] && p.list.must:
				return nil, false, p.incomplete("a row came twice: the list moved while it was read")
			}
			page[id] = true
			next.Last = append(next.Last, id)
		}
	}
	done = next.Count >= next.Total
	switch {
	case next.Count > next.Total:
		return nil, false, p.incomplete("%d rows came, %d were announced", next.Count, next.Total)
	case !done && len(items) == 0:
		return nil, false, p.incomplete("%d rows came, %d were announced", next.Count, next.Total)
	case !done && len(items) < next.Size:
		if next.Page > 1 {
			return nil, false, p.incomplete("page %d is short: %d rows came, %d were announced", next.Page, next.Count, next.Total)
		}
		next.Size = len(items) // the server gives smaller pages than we ask for; keep to its size
	case len(items) > next.Size:
		return nil, false, p.malformed(resp.Status, "more rows came than were asked for")
	}
	for i := range items {
		if p.list.fix != nil {
			p.list.fix(&items[i])
		}
	}
	for _, id := range next.Last {
		p.seen[id] = true
	}
	p.state, p.done = next, done
	return items, done, nil
}

func (p *Pager[T]) incomplete(format string, args ...any) error {
	return vendorhttp.NewError(vendor, p.list.op, vendorhttp.Incomplete, 0, fmt.Sprintf(format, args...))
}

func (p *Pager[T]) malformed(status int, message string) error {
	return vendorhttp.NewError(vendor, p.list.op, vendorhttp.Malformed, status, message)
}

// readAll reads a whole list, again from the start when it changed meanwhile.
func readAll[T any](ctx context.Context, c *Client, l list[T]) ([]T, error) {
	for attempt := 0; ; attempt++ {
		items, err := drain(ctx, newPager(c, l))
		if err == nil || attempt >= c.rereads || !vendorhttp.IsIncomplete(err) {
			return items, err
		}
	}
}

func drain[T any](ctx context.Context, p *Pager[T]) ([]T, error) {
	var all []T
	for {
		items, done, err := p.Next(ctx)
		if err != nil {
			return nil, err
		}
		if all = append(all, items...); done {
			return slices.Clip(all), nil
		}
	}
}
