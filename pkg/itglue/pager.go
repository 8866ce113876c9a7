package itglue

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"uniview-bridge/pkg/vendorhttp"
)

const (
	minPageSize   = 10
	rateLimitWait = 2 * time.Second
)

// A Pager reads a list page by page. After each Next, [Pager.State] holds all that is needed to go on later. A pager is
// not safe for concurrent use.
type Pager[T any] struct {
	c      *Client
	spec   listSpec
	decode func(*document, *resource) (T, bool) // false: the record does not satisfy the filters
	state  State
	seen   map[string]bool
}

// State is where a [Pager] stands; the zero value is the beginning.
type State struct {
	Page  int  `json:"page"`  // complete pages read, at size Size
	Size  int  `json:"size"`  // records per page
	Total int  `json:"total"` // records IT Glue says there are; -1 when it does not say
	Done  bool `json:"done,omitempty"`
	Count int  `json:"count"` // different records read, those dropped by our own filter included

	// Last are the ids of the last page, so that a continued read knows a record that slid to the next page.
	Last []string `json:"last,omitempty"`
}

// A listSpec is one list request without its paging.
type listSpec struct {
	op            reading
	ids           []string // of the route
	include, sort string
	filters       []filter
	invalid       error // why it cannot be asked for; nil = it can
}

type filter struct{ key, value string }

// filterBy returns no filter for an empty value. A comma would split the value into alternatives; it is escaped
// (itglue.md §3.4).
func filterBy(key, value string) []filter {
	if value == "" {
		return nil
	}
	return []filter{{key, strings.ReplaceAll(value, ",", `\,`)}}
}

func (s listSpec) query(page, size int) url.Values {
	q := url.Values{"page[number]": {strconv.Itoa(page)}, "page[size]": {strconv.Itoa(size)}}
	if s.sort != "" {
		q.Set("sort", s.sort)
	}
	if s.include != "" {
		q.Set("include", s.include)
	}
	for _, f := range s.filters {
		q.Set("filter["+f.key+"]", f.value)
	}
	return q
}

func newPager[T any](c *Client, spec listSpec, decode func(*document, *resource) (T, bool)) *Pager[T] {
	return (&Pager[T]{c: c, spec: spec, decode: decode}).Resume(State{})
}

// Resume makes the pager go on from a state, which must come from a pager of the same list, and returns the pager.
func (p *Pager[T]) Resume(s State) *Pager[T] {
	if s.Page <= 0 || s.Size <= 0 {
		s = State{Size: p.c.pageSize, Total: -1}
	}
	p.state = s
	p.seen = make(map[string]bool, len(s.Last))
	for _, id := range s.Last {
		p.seen[id] = true
	}
	return p
}

// State returns where the pager stands: after the last page that Next returned.
func (p *Pager[T]) State() State { return p.state }

// All returns the remaining records as a sequence; an error is yielded once, last.
func (p *Pager[T]) All(ctx context.Context) iter.Seq2[T, error] { return vendorhttp.All(ctx, p.Next) }

// Next returns the records of the next page and whether it was the last. A list that changed while it was read, or that
// does not hold as many records as IT Glue says, is an error of kind Incomplete: start again. After any other error
// Next may be called again.
func (p *Pager[T]) Next(ctx context.Context) (items []T, done bool, err error) {
	if p.spec.invalid != nil {
		return nil, false, p.spec.invalid
	}
	if p.state.Done {
		return nil, true, nil
	}
	d, err := p.fetch(ctx)
	if err != nil {
		return nil, false, err
	}
	next := p.state
	next.Page++
	next.Last = nil
	if next.Page == 1 {
		next.Total = d.meta.total
	} else if d.meta.total >= 0 && next.Total >= 0 && d.meta.total != next.Total {
		return nil, false, p.incomplete("the list grew or shrank from %d to %d records while it was read", next.Total, d.meta.total)
	}
	if slices.ContainsFunc(d.data, func(r *resource) bool { return r.id == "" }) {
		return nil, false, fail(p.spec.op, vendorhttp.Malformed, "a record has no id")
	}
	fresh := 0
	for _, r := range d.data {
		next.Last = append(next.Last, r.id)
		if p.seen[r.id] {
			continue
		}
		p.seen[r.id] = true
		fresh++
		if item, keep := p.decode(d, r); keep {
			items = append(items, item)
		}
	}
	next.Count += fresh
	last := p.isLast(d, next)
	if !last && next.Page == 1 && len(d.data) < next.Size {
		next.Size = max(len(d.data), 1) // the server gives smaller pages than we ask for
	}
	switch {
	case last && next.Total >= 0 && next.Count != next.Total:
		return nil, false, p.incomplete("%d records came of %d", next.Count, next.Total)
	case !last && fresh == 0:
		return nil, false, p.incomplete("page %d brought nothing new", next.Page)
	}
	next.Done = last
	p.state = next
	return items, last, nil
}

// isLast decides from what the answer tells: pages, else total, else next page, else how full the page is.
func (p *Pager[T]) isLast(d *document, s State) bool {
	switch {
	case len(d.data) == 0 || !d.listed:
		return true
	case d.meta.pages >= 0:
		return s.Page >= d.meta.pages
	case d.meta.total >= 0:
		return s.Count >= d.meta.total
	case d.meta.next > 0:
		return false
	}
	return len(d.data) < s.Size
}

func (p *Pager[T]) incomplete(format string, args ...any) error {
	return fail(p.spec.op, vendorhttp.Incomplete, format, args...)
}

// fetch reads the page after p.state, in smaller pages when the gateway gives up on it (itglue.md §9.14).
func (p *Pager[T]) fetch(ctx context.Context) (*document, error) {
	for {
		d, err := p.ask(ctx, p.c.once)
		if err != nil && !tooLong(err) && p.again(ctx, err) {
			d, err = p.ask(ctx, p.c.http)
		}
		smaller := shrink(p.state.Size)
		switch {
		case err == nil || !tooLong(err) || ctx.Err() != nil:
			return d, err
		case smaller == 0: // it cannot be the size
			return p.ask(ctx, p.c.http)
		}
		p.state.Page, p.state.Size = p.state.Page*(p.state.Size/smaller), smaller
	}
}

func (p *Pager[T]) ask(ctx context.Context, via *vendorhttp.Client) (*document, error) {
	return p.c.read(ctx, via, p.spec.op, p.spec.query(p.state.Page+1, p.state.Size), p.spec.ids...)
}

// tooLong reports whether the gateway gave up waiting for the page.
func tooLong(err error) bool {
	var e *vendorhttp.Error
	return errors.As(err, &e) && e.Status == http.StatusGatewayTimeout
}

// again reports whether a page that failed once is worth asking for with retries, after the wait that a rate limit asks
// for.
func (p *Pager[T]) again(ctx context.Context, err error) bool {
	var e *vendorhttp.Error
	if !errors.As(err, &e) || !vendorhttp.Retryable(err) || ctx.Err() != nil {
		return false
	}
	if e.Kind != vendorhttp.RateLimited {
		return true
	}
	if e.Status == 0 { // our own limiter gave up: the deadline is too near
		return false
	}
	wait := max(e.RetryAfter, rateLimitWait)
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < wait {
		return false
	}
	return p.c.sleep(ctx, wait) == nil
}

// shrink returns a page size of about half that divides size, so that the records already read are whole pages of the
// new size too; 0 when there is none.
func shrink(size int) int {
	for n := size / 2; n >= minPageSize; n-- {
		if size%n == 0 {
			return n
		}
	}
	return 0
}

// readAll reads a whole list, again from the start when it changed meanwhile.
func readAll[T any](ctx context.Context, c *Client, open func() *Pager[T]) ([]T, error) {
	for attempt := 0; ; attempt++ {
		items, err := drain(ctx, open())
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
