package state

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"uniview-bridge/pkg/match"
)

// Indexes are what lists of everything are shown from: a short row for each customer,
// and one for each ticket desk, kept in a few shards that one request reads. A row is
// written whenever its record is (see Save), and carries the record's version: an
// older row never replaces a newer. A row that was lost on the way, because the
// function ended between two writes, is made good by the next sync, which compares all
// (IndexCustomers, IndexDesks). The records are what counts, rows are only for lists.
const indexShards = 32

// The indexes by customer.
const (
	indexCustomers = "customers" // CustomerRow
	indexDesks     = "desks"     // DeskRow
)

// LinkRow is a customer's link as lists need it.
type LinkRow struct {
	State  match.State `json:"s,omitempty"`
	Cause  match.Cause `json:"c,omitempty"`
	Target string      `json:"t,omitempty"` // id
	Name   string      `json:"n,omitempty"` // of the target
	// Score is that of the best suggestion, from 0 to 1; zero: there is none.
	Score float64 `json:"p,omitempty"`
}

// Linked is match.Link.Linked.
func (l LinkRow) Linked() (id string, ok bool) {
	return l.Target, l.State == match.Matched && l.Target != ""
}

// CustomerRow is one customer in the index.
type CustomerRow struct {
	ID           string    `json:"i"`
	Version      int64     `json:"v"` // of the record
	Name         string    `json:"n,omitempty"`
	Organization LinkRow   `json:"o,omitzero"`
	Company      LinkRow   `json:"c,omitzero"`
	GoneSince    time.Time `json:"g,omitzero"`
	// Own modes; empty: the account's.
	Documentation Mode           `json:"d,omitempty"`
	Ticketing     Mode           `json:"k,omitempty"`
	Machines      map[string]int `json:"m,omitempty"` // by link state
	Statuses      map[string]int `json:"s,omitempty"` // by status word
	Alerts        map[string]int `json:"a,omitempty"` // conditions by state
	OpenTickets   int            `json:"t,omitempty"`
}

// Row is the customer's row; version is that of its record.
func (c Customer) Row(version int64) CustomerRow {
	return CustomerRow{
		ID: c.ID, Version: version, Name: c.Name, Organization: linkRow(c.Links.Organization), Company: linkRow(c.Links.Company),
		GoneSince: c.GoneSince, Documentation: c.Documentation, Ticketing: c.Ticketing,
		Machines: c.Machines, Statuses: c.Statuses, Alerts: c.Alerts, OpenTickets: c.OpenTickets,
	}
}

func linkRow(l match.Link) LinkRow {
	row := LinkRow{State: cmp.Or(l.State, match.Unmatched), Cause: l.Cause, Target: l.TargetID, Name: l.TargetName}
	for _, s := range l.Suggestions {
		row.Score = max(row.Score, s.Score)
	}
	return row
}

// DeskRow tells of a customer's ticket desk whether lists must look at it, and at
// which version it is.
type DeskRow struct {
	ID         string `json:"i"` // of the customer
	Version    int64  `json:"v"` // of the desk
	Conditions int    `json:"c,omitempty"`
	Groups     int    `json:"g,omitempty"`
}

func deskRow(customer string, d Desk, version int64) DeskRow {
	return DeskRow{ID: customer, Version: version, Conditions: len(d.Conditions), Groups: len(d.Groups)}
}

// row is what both kinds of rows have.
type row interface {
	key() (id string, version int64)
}

func (r CustomerRow) key() (string, int64) { return r.ID, r.Version }
func (r DeskRow) key() (string, int64)     { return r.ID, r.Version }

// shardRows is one item of an index: rows by customer id.
type shardRows[R row] struct {
	Rows map[string]R `json:"rows"`
}

func indexKey(index string, n int) Key { return Key{pkIndex, index + "#" + strconv.Itoa(n)} }

func indexKeys(index string) []Key {
	keys := make([]Key, indexShards)
	for n := range keys {
		keys[n] = indexKey(index, n)
	}
	return keys
}

// CustomerIndexKeys are the keys of the index of customers.
func CustomerIndexKeys() []Key { return indexKeys(indexCustomers) }

// DeskIndexKeys are the keys of the index of ticket desks.
func DeskIndexKeys() []Key { return indexKeys(indexDesks) }

// CustomerRows reads the rows out of one item of the index of customers.
func CustomerRows(item Item) (map[string]CustomerRow, error) { return shardOf[CustomerRow](item) }

// DeskRows reads the rows out of one item of the index of ticket desks.
func DeskRows(item Item) (map[string]DeskRow, error) { return shardOf[DeskRow](item) }

func shardOf[R row](item Item) (map[string]R, error) {
	var s shardRows[R]
	if err := Decode(item.Data, &s); err != nil {
		return nil, fmt.Errorf("%s/%s: %w", item.PK, item.SK, err)
	}
	return s.Rows, nil
}

// IndexCustomers brings the index of customers up to date with rows: those that are
// newer than what is there are written, and nothing when none is.
func IndexCustomers(ctx context.Context, t Table, rows map[string]CustomerRow) error {
	return index(ctx, t, indexCustomers, rows)
}

// IndexDesks brings the index of ticket desks up to date with rows.
func IndexDesks(ctx context.Context, t Table, rows map[string]DeskRow) error {
	return index(ctx, t, indexDesks, rows)
}

// index writes the shards in which a row is older than the given one, or missing.
func index[R row](ctx context.Context, t Table, name string, rows map[string]R) error {
	if len(rows) == 0 {
		return nil
	}
	shards := make([]map[string]R, indexShards)
	var keys []Key
	for id, r := range rows {
		n := bucket(id, indexShards)
		if shards[n] == nil {
			shards[n] = map[string]R{}
			keys = append(keys, indexKey(name, n))
		}
		shards[n][id] = r
	}
	items, err := t.GetMany(ctx, keys)
	if err != nil {
		return fmt.Errorf("index of %s: %w", name, err)
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(writers)
	for n, rows := range shards {
		if rows == nil {
			continue
		}
		if item, ok := items[indexKey(name, n)]; ok {
			there, err := shardOf[R](item)
			if err == nil && !newer(there, rows, nil) {
				continue
			}
		}
		g.Go(func() error { return indexShard(gctx, t, name, n, rows) })
	}
	if err := g.Wait(); err != nil {
		return fmt.Errorf("index of %s: %w", name, err)
	}
	return nil
}

func indexShard[R row](ctx context.Context, t Table, name string, n int, rows map[string]R) error {
	_, err := Update(ctx, t, indexKey(name, n), func(s *shardRows[R]) error {
		if s.Rows == nil {
			s.Rows = make(map[string]R, len(rows))
		}
		if !newer(s.Rows, rows, s.Rows) {
			return Unchanged()
		}
		return nil
	})
	return err
}

// newer says whether one of the rows is newer than the one that is there, and puts
// those into a map, if one is given.
func newer[R row](there, rows, into map[string]R) bool {
	found := false
	for id, r := range rows {
		old, known := there[id]
		_, was := old.key()
		if _, is := r.key(); known && was >= is {
			continue
		}
		found = true
		if into == nil {
			return true
		}
		into[id] = r
	}
	return found
}

// indexed keeps an index in step with a record that was just written. The record
// stands whatever becomes of its row: the next sync makes it good.
func indexed(ctx context.Context, t Table, key Key, v any, version int64) {
	switch record := v.(type) {
	case Customer:
		if key != CustomerKey(record.ID) {
			return
		}
		row := record.Row(version)
		if b, ok := t.(*Batch); ok {
			b.note(row)
			return
		}
		_ = indexShard(ctx, t, indexCustomers, bucket(record.ID, indexShards), map[string]CustomerRow{record.ID: row})
	case Desk:
		if key.PK != pkDesk {
			return
		}
		row := deskRow(key.SK, record, version)
		_ = indexShard(ctx, t, indexDesks, bucket(key.SK, indexShards), map[string]DeskRow{key.SK: row})
	}
}

// Batch is a table through which many customers are written: what the index must learn
// of them is put together and written by Flush, shard by shard. It is safe for
// concurrent use.
type Batch struct {
	Table

	mu   sync.Mutex
	rows map[string]CustomerRow
}

// NewBatch makes a batch over a table. known are rows as they were read; the first
// Flush makes good those that the index lacks. The batch takes the map over.
func NewBatch(t Table, known map[string]CustomerRow) *Batch {
	return &Batch{Table: t, rows: known}
}

func (b *Batch) note(r CustomerRow) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rows == nil {
		b.rows = map[string]CustomerRow{}
	}
	if r.Version > b.rows[r.ID].Version {
		b.rows[r.ID] = r
	}
}

// Flush writes what was put together.
func (b *Batch) Flush(ctx context.Context) error {
	b.mu.Lock()
	rows := b.rows
	b.rows = nil
	b.mu.Unlock()
	return IndexCustomers(ctx, b.Table, rows)
}

// CustomersIndexed reads all customer records by id, with their rows.
func CustomersIndexed(ctx context.Context, t Table) (map[string]Customer, map[string]CustomerRow, error) {
	items, err := t.Query(ctx, Query{PK: pkCustomer})
	if err != nil {
		return nil, nil, err
	}
	records, rows := make(map[string]Customer, len(items)), make(map[string]CustomerRow, len(items))
	for _, item := range items {
		var c Customer
		if err := Decode(item.Data, &c); err != nil {
			return nil, nil, fmt.Errorf("%s/%s: %w", item.PK, item.SK, err)
		}
		records[item.SK] = c
		if c.ID == item.SK {
			rows[item.SK] = c.Row(item.Version)
		}
	}
	return records, rows, nil
}

// DesksIndexed reads all ticket desks by customer id, with their rows.
func DesksIndexed(ctx context.Context, t Table) (map[string]Desk, map[string]DeskRow, error) {
	items, err := t.Query(ctx, Query{PK: pkDesk})
	if err != nil {
		return nil, nil, err
	}
	desks, rows := make(map[string]Desk, len(items)), make(map[string]DeskRow, len(items))
	for _, item := range items {
		var d Desk
		if err := Decode(item.Data, &d); err != nil {
			return nil, nil, fmt.Errorf("%s/%s: %w", item.PK, item.SK, err)
		}
		desks[item.SK], rows[item.SK] = d, deskRow(item.SK, d, item.Version)
	}
	return desks, rows, nil
}

// SliceList is the list that dates the slices of one side.
func SliceList(v Vendor) string { return sliceIndex(v) }

// SliceKey is the key of a customer's slice of one side.
func SliceKey(v Vendor, customer string) Key { return Key{pkSlice + string(v), customer} }

// DocumentationIn reads a customer's documentation record out of its item. A large one
// has parts under keys of their own: then it is not whole, and LoadDocumentation reads it.
func DocumentationIn(item Item) (doc Documentation, whole bool, err error) {
	var head documentationHead
	if err := Decode(item.Data, &head); err != nil {
		return Documentation{}, false, fmt.Errorf("documentation of %s: %w", item.SK, err)
	}
	return head.Documentation, len(head.Parts) == 0, nil
}
