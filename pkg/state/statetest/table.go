package statetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"uniview-bridge/pkg/state"
)

// Clock is a clock that moves only when it is told to.
type Clock struct {
	mu sync.Mutex
	at time.Time
}

// NewClock starts a clock at a time of its own, in whole seconds.
func NewClock() *Clock { return &Clock{at: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }

// Now tells the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

// Advance moves the clock.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// NewTable gives an empty table whose items expire by now.
type NewTable func(t *testing.T, now func() time.Time) state.Table

// Table holds a state.Table to its contract. Each test gets a table of its own.
func Table(t *testing.T, newTable NewTable) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, state.Table, *Clock)
	}{
		{"a new item has version 1 and is not created twice", testCreate},
		{"every write raises the version by one and a stale writer loses", testVersions},
		{"any writes whatever is there", testAny},
		{"delete takes a version, any, and what is missing", testDelete},
		{"data comes back byte for byte and belongs to the caller", testData},
		{"of twenty creators exactly one wins", testCreateRace},
		{"of twenty writers at one version exactly one wins", testVersionRace},
		{"an expired item is invisible", testExpiredInvisible},
		{"an expired item may be created over", testExpiredCreate},
		{"expired items do not count against a limit", testExpiredLimit},
		{"queries are ordered by bytes and keep to prefix, after, limit and direction", testQuery},
		{"a partition larger than a page is read whole", testLargePartition},
		{"get many takes more than a hundred keys and repeated ones", testGetMany},
		{"items over the limit and malformed keys are refused", testRefusals},
		{"an ended context does nothing", testEndedContext},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			clock := NewClock()
			test.run(t, newTable(t, clock.Now), clock)
		})
	}
}

func key(sk string) state.Key { return state.Key{PK: "customer#1", SK: sk} }

func mustPut(t *testing.T, table state.Table, item state.Item) state.Item {
	t.Helper()
	stored, err := table.Put(t.Context(), item)
	if err != nil {
		t.Fatalf("put %v at version %d: %v", item.Key, item.Version, err)
	}
	return stored
}

func wantErr(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got error %v, want %v", what, err, want)
	}
}

// sameBytes compares data as a whole: byte by byte is slow where items are large.
var sameBytes = cmp.Comparer(bytes.Equal)

func wantItem(t *testing.T, table state.Table, want state.Item) {
	t.Helper()
	got, err := table.Get(t.Context(), want.Key)
	if err != nil {
		t.Fatalf("get %v: %v", want.Key, err)
	}
	if diff := cmp.Diff(want, got, sameBytes); diff != "" {
		t.Errorf("item (-want +got):\n%s", diff)
	}
}

func testCreate(t *testing.T, table state.Table, _ *Clock) {
	_, err := table.Get(t.Context(), key("a"))
	wantErr(t, "get before create", err, state.ErrNotFound)
	item := state.Item{Key: key("a"), Data: []byte(`{"n":1}`)}
	stored := mustPut(t, table, item)
	item.Version = 1
	if diff := cmp.Diff(item, stored); diff != "" {
		t.Errorf("as stored (-want +got):\n%s", diff)
	}
	wantItem(t, table, item)
	_, err = table.Put(t.Context(), state.Item{Key: key("a"), Data: []byte("other")})
	wantErr(t, "second create", err, state.ErrConflict)
	wantItem(t, table, item)
}

func testVersions(t *testing.T, table state.Table, _ *Clock) {
	_, err := table.Put(t.Context(), state.Item{Key: key("a"), Version: 1, Data: []byte("x")})
	wantErr(t, "update of a missing item", err, state.ErrConflict)
	item := mustPut(t, table, state.Item{Key: key("a"), Data: []byte("1")})
	stale := item
	for n := int64(2); n < 5; n++ {
		item.Data = fmt.Append(nil, n)
		item = mustPut(t, table, item)
		if item.Version != n {
			t.Fatalf("version %d, want %d", item.Version, n)
		}
	}
	stale.Data = []byte("stale")
	_, err = table.Put(t.Context(), stale)
	wantErr(t, "stale update", err, state.ErrConflict)
	future := item
	future.Version++
	_, err = table.Put(t.Context(), future)
	wantErr(t, "update of a version not yet written", err, state.ErrConflict)
	wantItem(t, table, state.Item{Key: key("a"), Version: 4, Data: []byte("4")})
}

func testAny(t *testing.T, table state.Table, _ *Clock) {
	for n := int64(1); n < 4; n++ {
		item := state.Item{Key: key("a"), Version: state.Any, Data: fmt.Append(nil, n)}
		if stored := mustPut(t, table, item); stored.Version != n {
			t.Fatalf("version %d, want %d", stored.Version, n)
		}
	}
	wantItem(t, table, state.Item{Key: key("a"), Version: 3, Data: []byte("3")})
}

func testDelete(t *testing.T, table state.Table, _ *Clock) {
	ctx := t.Context()
	wantErr(t, "delete of a missing item at a version", table.Delete(ctx, key("a"), 1), state.ErrConflict)
	if err := table.Delete(ctx, key("a"), state.Any); err != nil {
		t.Errorf("delete of a missing item at any: %v", err)
	}
	item := mustPut(t, table, state.Item{Key: key("a"), Data: []byte("1")})
	item = mustPut(t, table, item)
	wantErr(t, "delete at a stale version", table.Delete(ctx, key("a"), 1), state.ErrConflict)
	wantItem(t, table, item)
	if err := table.Delete(ctx, key("a"), item.Version); err != nil {
		t.Errorf("delete at the version: %v", err)
	}
	_, err := table.Get(ctx, key("a"))
	wantErr(t, "get after delete", err, state.ErrNotFound)
	if item = mustPut(t, table, state.Item{Key: key("a")}); item.Version != 1 {
		t.Errorf("created again at version %d, want 1", item.Version)
	}
	if err := table.Delete(ctx, key("a"), state.Any); err != nil {
		t.Errorf("delete at any: %v", err)
	}
	if err := table.Delete(ctx, key("a"), state.New); err == nil {
		t.Error("delete at version New was accepted")
	}
}

func testData(t *testing.T, table state.Table, _ *Clock) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	for sk, data := range map[string][]byte{"nothing": nil, "empty": {}, "every byte": all} {
		sent := bytes.Clone(data)
		stored := mustPut(t, table, state.Item{Key: key(sk), Data: sent})
		for _, b := range [][]byte{sent, stored.Data} {
			for i := range b {
				b[i] = 'x'
			}
		}
		for range 2 {
			got, err := table.Get(t.Context(), key(sk))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Data, data) {
				t.Errorf("%s: got %q, want %q", sk, got.Data, data)
			}
			for i := range got.Data {
				got.Data[i] = 'x'
			}
		}
	}
}

// contest runs n writers at once and returns the numbers of those that won.
func contest(t *testing.T, n int, write func(i int) error) (winners []int) {
	t.Helper()
	start, errs := make(chan struct{}), make([]error, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			<-start
			errs[i] = write(i)
		})
	}
	close(start)
	group.Wait()
	for i, err := range errs {
		switch {
		case err == nil:
			winners = append(winners, i)
		case !errors.Is(err, state.ErrConflict):
			t.Errorf("writer %d: got error %v, want none or ErrConflict", i, err)
		}
	}
	return winners
}

func testCreateRace(t *testing.T, table state.Table, _ *Clock) {
	for round := range 3 {
		k := key(fmt.Sprint("claim", round))
		winners := contest(t, 20, func(i int) error {
			_, err := table.Put(t.Context(), state.Item{Key: k, Data: fmt.Append(nil, i)})
			return err
		})
		if len(winners) != 1 {
			t.Fatalf("winners %v, want exactly one", winners)
		}
		wantItem(t, table, state.Item{Key: k, Version: 1, Data: fmt.Append(nil, winners[0])})
	}
}

func testVersionRace(t *testing.T, table state.Table, _ *Clock) {
	item := mustPut(t, table, state.Item{Key: key("a"), Data: []byte("0")})
	for range 3 {
		winners := contest(t, 20, func(i int) error {
			_, err := table.Put(t.Context(), state.Item{Key: item.Key, Version: item.Version, Data: fmt.Append(nil, i)})
			return err
		})
		if len(winners) != 1 {
			t.Fatalf("winners %v, want exactly one", winners)
		}
		item.Version, item.Data = item.Version+1, fmt.Append(nil, winners[0])
		wantItem(t, table, item)
	}
	winners := contest(t, 20, func(int) error { return table.Delete(t.Context(), item.Key, item.Version) })
	if len(winners) != 1 {
		t.Errorf("deleters %v won, want exactly one", winners)
	}
}

func testExpiredInvisible(t *testing.T, table state.Table, clock *Clock) {
	ctx := t.Context()
	expires := clock.Now().Add(10 * time.Second)
	item := mustPut(t, table, state.Item{Key: key("a"), Data: []byte("1"), Expires: expires})
	if !item.Expires.Equal(expires) {
		t.Errorf("expires %v, want %v", item.Expires, expires)
	}
	mustPut(t, table, state.Item{Key: key("b"), Data: []byte("1")})
	kept := mustPut(t, table, state.Item{Key: key("c"), Data: []byte("1"), Expires: expires})
	kept.Expires = time.Time{}
	mustPut(t, table, kept) // its expiry is taken back
	clock.Advance(9 * time.Second)
	wantItem(t, table, item)
	wantKeys(t, table, state.Query{PK: "customer#1"}, "a", "b", "c")

	clock.Advance(time.Second)
	_, err := table.Get(ctx, key("a"))
	wantErr(t, "get", err, state.ErrNotFound)
	many, err := table.GetMany(ctx, []state.Key{key("a"), key("b"), key("c")})
	if err != nil || len(many) != 2 {
		t.Errorf("get many: %d items and error %v, want 2 and none", len(many), err)
	}
	wantKeys(t, table, state.Query{PK: "customer#1"}, "b", "c")
	_, err = table.Put(ctx, item)
	wantErr(t, "update", err, state.ErrConflict)
	wantErr(t, "delete at its version", table.Delete(ctx, key("a"), item.Version), state.ErrConflict)
	if err := table.Delete(ctx, key("a"), state.Any); err != nil {
		t.Errorf("delete at any: %v", err)
	}
}

func testExpiredCreate(t *testing.T, table state.Table, clock *Clock) {
	expires := clock.Now().Add(1500 * time.Millisecond) // rounds up to 2 s
	for _, sk := range []string{"new", "any", "race"} {
		item := mustPut(t, table, state.Item{Key: key(sk), Data: []byte("old"), Expires: expires})
		mustPut(t, table, item) // version 2
	}
	clock.Advance(1500 * time.Millisecond)
	_, err := table.Put(t.Context(), state.Item{Key: key("new")})
	wantErr(t, "create before the expiry", err, state.ErrConflict)
	clock.Advance(500 * time.Millisecond)
	for sk, version := range map[string]int64{"new": state.New, "any": state.Any} {
		mustPut(t, table, state.Item{Key: key(sk), Version: version, Data: []byte("fresh")})
		wantItem(t, table, state.Item{Key: key(sk), Version: 1, Data: []byte("fresh")})
	}
	winners := contest(t, 20, func(i int) error {
		_, err := table.Put(t.Context(), state.Item{Key: key("race"), Data: fmt.Append(nil, i)})
		return err
	})
	if len(winners) != 1 {
		t.Errorf("winners %v, want exactly one", winners)
	}
}

func testExpiredLimit(t *testing.T, table state.Table, clock *Clock) {
	for i := range 12 {
		item := state.Item{Key: key(fmt.Sprintf("%02d", i))}
		if i%4 != 3 {
			item.Expires = clock.Now().Add(time.Second)
		}
		mustPut(t, table, item)
	}
	clock.Advance(time.Second)
	wantKeys(t, table, state.Query{PK: "customer#1", Limit: 2}, "03", "07")
	wantKeys(t, table, state.Query{PK: "customer#1", Limit: 2, Descending: true}, "11", "07")
	wantKeys(t, table, state.Query{PK: "customer#1", Limit: 5}, "03", "07", "11")
}

func wantKeys(t *testing.T, table state.Table, q state.Query, want ...string) {
	t.Helper()
	items, err := table.Query(t.Context(), q)
	if err != nil {
		t.Fatalf("query %+v: %v", q, err)
	}
	got := []string{}
	for _, item := range items {
		if item.PK != q.PK {
			t.Errorf("query %+v found an item of partition %q", q, item.PK)
		}
		got = append(got, item.SK)
	}
	if want == nil {
		want = []string{}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("query %+v (-want +got):\n%s", q, diff)
	}
}

func testQuery(t *testing.T, table state.Table, _ *Clock) {
	// In byte order.
	sks := []string{"A", "a", "a#1", "a#10", "a#2", "a#2x", "a$", "ab", "b", "ä", "\U0001F600"}
	for _, pk := range []string{"p", "p#", "p1", "o"} {
		for i := range sks {
			sk := sks[(i*7)%len(sks)] // out of order
			if pk == "p" || i < 3 {
				mustPut(t, table, state.Item{Key: state.Key{PK: pk, SK: sk}, Data: []byte(pk + sk)})
			}
		}
	}
	reversed := slices.Clone(sks)
	slices.Reverse(reversed)
	for _, test := range []struct {
		q    state.Query
		want []string
	}{
		{state.Query{}, sks},
		{state.Query{Descending: true}, reversed},
		{state.Query{Limit: 3}, sks[:3]},
		{state.Query{Limit: 3, Descending: true}, reversed[:3]},
		{state.Query{Limit: 100}, sks},
		{state.Query{Prefix: "a#"}, []string{"a#1", "a#10", "a#2", "a#2x"}},
		{state.Query{Prefix: "a#", Descending: true}, []string{"a#2x", "a#2", "a#10", "a#1"}},
		{state.Query{Prefix: "a#", Limit: 2}, []string{"a#1", "a#10"}},
		{state.Query{Prefix: "a#", Limit: 2, Descending: true}, []string{"a#2x", "a#2"}},
		{state.Query{Prefix: "a#2"}, []string{"a#2", "a#2x"}},
		{state.Query{Prefix: "zzz"}, nil},
		{state.Query{After: "a#2"}, sks[5:]},
		{state.Query{After: "a#15"}, sks[4:]}, // no such item
		{state.Query{After: "a#2", Limit: 1}, []string{"a#2x"}},
		{state.Query{After: "a#2", Descending: true}, []string{"a#10", "a#1", "a", "A"}},
		{state.Query{After: "a#15", Descending: true}, []string{"a#10", "a#1", "a", "A"}},
		{state.Query{After: "\U0001F600"}, nil},
		{state.Query{After: "A", Descending: true}, nil},
		{state.Query{Prefix: "a#", After: "a#10"}, []string{"a#2", "a#2x"}},
		{state.Query{Prefix: "a#", After: "a#10", Descending: true}, []string{"a#1"}},
		{state.Query{Prefix: "a#", After: "a#"}, []string{"a#1", "a#10", "a#2", "a#2x"}},
		{state.Query{Prefix: "a#", After: "A"}, []string{"a#1", "a#10", "a#2", "a#2x"}},
		{state.Query{Prefix: "a#", After: "b"}, nil},
		{state.Query{Prefix: "a#", After: "A", Descending: true}, nil},
		{state.Query{Prefix: "a#", After: "b", Descending: true}, []string{"a#2x", "a#2", "a#10", "a#1"}},
	} {
		test.q.PK = "p"
		wantKeys(t, table, test.q, test.want...)
	}
	wantKeys(t, table, state.Query{PK: "nobody"})
	items, err := table.Query(t.Context(), state.Query{PK: "p", Prefix: "ä"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]state.Item{{Key: state.Key{PK: "p", SK: "ä"}, Version: 1, Data: []byte("pä")}}, items); diff != "" {
		t.Errorf("a whole item (-want +got):\n%s", diff)
	}
}

func testLargePartition(t *testing.T, table state.Table, _ *Clock) {
	// More than two pages of DynamoDB, which answers at most 1 MB at once.
	const n, size = 7, 340_000
	var want []string
	for i := range n {
		sk := fmt.Sprintf("chunk%03d", i)
		want = append(want, sk)
		mustPut(t, table, state.Item{Key: key(sk), Data: bytes.Repeat([]byte{byte(i)}, size)})
	}
	items, err := table.Query(t.Context(), state.Query{PK: "customer#1"})
	if err != nil {
		t.Fatal(err)
	}
	if len(items) != n {
		t.Fatalf("%d items, want %d", len(items), n)
	}
	for i, item := range items {
		if len(item.Data) != size || item.Data[size-1] != byte(i) {
			t.Errorf("item %s came back with other data", item.SK)
		}
	}
	wantKeys(t, table, state.Query{PK: "customer#1", After: want[1], Limit: 4}, want[2:6]...)
	slices.Reverse(want)
	wantKeys(t, table, state.Query{PK: "customer#1", Descending: true}, want...)
}

func testGetMany(t *testing.T, table state.Table, _ *Clock) {
	want := map[state.Key]state.Item{}
	var keys []state.Key
	for i := range 130 {
		k := state.Key{PK: fmt.Sprint("p", i%7), SK: fmt.Sprint("s", i)}
		if keys = append(keys, k); i%10 == 9 {
			continue // missing
		}
		want[k] = mustPut(t, table, state.Item{Key: k, Data: fmt.Append(nil, i)})
	}
	keys = append(keys, keys[:40]...)
	got, err := table.GetMany(t.Context(), keys)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, sameBytes); diff != "" {
		t.Errorf("items (-want +got):\n%s", diff)
	}
	if got, err = table.GetMany(t.Context(), nil); err != nil || len(got) != 0 {
		t.Errorf("no keys: got %v and error %v", got, err)
	}
}

func testRefusals(t *testing.T, table state.Table, _ *Clock) {
	ctx := t.Context()
	item := state.Item{Key: key("a"), Data: bytes.Repeat([]byte("x"), state.MaxItemBytes)}
	wantItem(t, table, mustPut(t, table, item))
	for _, version := range []int64{state.New, state.Any, 1} {
		_, err := table.Put(ctx, state.Item{Key: key("a"), Version: version, Data: append(item.Data, 'x')})
		wantErr(t, "put of too large an item", err, state.ErrTooLarge)
	}
	long := strings.Repeat("s", 1025)
	for name, k := range map[string]state.Key{
		"no partition key": {SK: "s"}, "no sort key": {PK: "p"},
		"long sort key": {PK: "p", SK: long}, "NUL": {PK: "p", SK: "a\x00b"}, "no UTF-8": {PK: "\xff", SK: "s"},
	} {
		_, put := table.Put(ctx, state.Item{Key: k})
		_, get := table.Get(ctx, k)
		_, many := table.GetMany(ctx, []state.Key{key("a"), k})
		for what, err := range map[string]error{"put": put, "get": get, "get many": many, "delete": table.Delete(ctx, k, state.Any)} {
			if err == nil || errors.Is(err, state.ErrNotFound) || errors.Is(err, state.ErrConflict) {
				t.Errorf("%s, %s: got error %v, want one about the key", name, what, err)
			}
		}
	}
	if _, err := table.Put(ctx, state.Item{Key: key("a"), Version: -2}); err == nil {
		t.Error("version -2 was accepted")
	}
	if _, err := table.Query(ctx, state.Query{}); err == nil {
		t.Error("a query without a partition was accepted")
	}
}

func testEndedContext(t *testing.T, table state.Table, _ *Clock) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, put := table.Put(ctx, state.Item{Key: key("a")})
	_, get := table.Get(ctx, key("a"))
	_, many := table.GetMany(ctx, []state.Key{key("a")})
	_, query := table.Query(ctx, state.Query{PK: "customer#1"})
	for what, err := range map[string]error{
		"put": put, "get": get, "get many": many, "query": query, "delete": table.Delete(ctx, key("a"), state.Any),
	} {
		wantErr(t, what, err, context.Canceled)
	}
	_, err := table.Get(t.Context(), key("a"))
	wantErr(t, "get with a living context", err, state.ErrNotFound)
}
