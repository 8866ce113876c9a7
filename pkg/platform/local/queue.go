package local

import (
	"container/heap"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
)

// queue is the waiting room in memory over the messages on disk. A message's body
// stays on disk until it is handed out. Who holds which message is known in memory
// only, so everything is free again after a restart.
//
// Messages wait in groups, each handed out to one holder at a time: the message
// group of a FIFO queue, or one message alone on a standard queue.
type queue struct {
	name string
	fifo bool

	messages, dedup, dead []byte // bucket names

	mu      sync.Mutex
	groups  map[string]*group
	ready   groupHeap // free groups, oldest message first
	resting groupHeap // held or delayed groups, first to be free first
	lease   uint64    // the last one given out
	letters int
	wake    chan struct{} // closed when something may have become ready
}

// group is a line of messages in the order of their sequence numbers.
type group struct {
	key     string
	line    []*entry
	lease   uint64    // the holder's, 0 when nobody holds it
	until   time.Time // until when it rests: held, or delayed
	resting bool
	index   int // in its heap
}

type entry struct {
	seq      uint64
	receives int
	sent     time.Time
	held     bool
}

// stored is a message on disk, under its sequence number.
type stored struct {
	Body     []byte    `json:"body"`
	Group    string    `json:"group,omitempty"`
	Sent     time.Time `json:"sent"`
	Delayed  time.Time `json:"delayed,omitzero"` // not to be handed out before
	Receives int       `json:"receives,omitempty"`
}

func messageID(queue string, seq uint64) string { return fmt.Sprintf("%s-%012d", queue, seq) }

func (m stored) encode() ([]byte, error) { return json.Marshal(m) }

func decodeMessage(v []byte) (stored, error) {
	var m stored
	if err := json.Unmarshal(v, &m); err != nil {
		return stored{}, fmt.Errorf("read a stored message: %w", err)
	}
	return m, nil
}

// loadQueue makes the queue's buckets and fills the waiting room from them.
func loadQueue(tx *bolt.Tx, spec Queue, now time.Time) (*queue, error) {
	q := &queue{
		name: spec.Name, fifo: spec.FIFO,
		messages: []byte("queue:" + spec.Name), dedup: []byte("dedup:" + spec.Name), dead: []byte("dead:" + spec.Name),
		groups: map[string]*group{}, wake: make(chan struct{}),
	}
	q.ready.before = func(a, b *group) bool { return a.line[0].seq < b.line[0].seq }
	q.resting.before = func(a, b *group) bool { return a.until.Before(b.until) }
	for _, name := range [][]byte{q.messages, q.dedup, q.dead} {
		if _, err := tx.CreateBucketIfNotExists(name); err != nil {
			return nil, err
		}
	}
	err := tx.Bucket(q.messages).ForEach(func(k, v []byte) error {
		m, err := decodeMessage(v)
		if err != nil {
			return err
		}
		q.add(binary.BigEndian.Uint64(k), m, now)
		return nil
	})
	if err != nil {
		return nil, err
	}
	q.letters = tx.Bucket(q.dead).Stats().KeyN
	return q, nil
}

// add puts a message at the end of its line. The caller holds mu or is alone.
func (q *queue) add(seq uint64, m stored, now time.Time) {
	key := m.Group
	if !q.fifo {
		key = messageID(q.name, seq)
	}
	e := &entry{seq: seq, receives: m.Receives, sent: m.Sent}
	if g := q.groups[key]; g != nil {
		// Commits of different senders may be told in another order than they were made.
		at, _ := slices.BinarySearchFunc(g.line, seq, func(e *entry, seq uint64) int {
			return int(int64(e.seq) - int64(seq))
		})
		g.line = slices.Insert(g.line, at, e)
		if !g.resting {
			heap.Fix(&q.ready, g.index)
		}
		return
	}
	g := &group{key: key, line: []*entry{e}}
	q.groups[key] = g
	if m.Delayed.After(now) {
		q.rest(g, m.Delayed)
	} else {
		heap.Push(&q.ready, g)
	}
}

// rest puts a group that is in no heap to rest.
func (q *queue) rest(g *group, until time.Time) {
	g.until, g.resting = until, true
	heap.Push(&q.resting, g)
}

// free makes a resting group ready, or forgets it when its line is empty.
func (q *queue) free(g *group) {
	heap.Remove(&q.resting, g.index)
	g.lease, g.resting = 0, false
	for _, e := range g.line {
		e.held = false
	}
	if len(g.line) == 0 {
		delete(q.groups, g.key)
		return
	}
	heap.Push(&q.ready, g)
}

// announce wakes whoever waits in take.
func (q *queue) announce() {
	close(q.wake)
	q.wake = make(chan struct{})
}

// claim is one group's messages as handed out to one holder.
type claim struct {
	group   *group
	lease   uint64
	entries []*entry
}

// take claims up to n messages whose groups are free at now, for the time visible.
// With nothing to claim it returns when to look again (zero: no time is known) and
// a channel that is closed when something changed before that.
func (q *queue) take(now time.Time, n int, visible time.Duration) (claims []claim, next time.Time, changed <-chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.resting.groups) > 0 && !q.resting.groups[0].until.After(now) {
		q.free(q.resting.groups[0])
	}
	for n > 0 && len(q.ready.groups) > 0 {
		g := heap.Pop(&q.ready).(*group)
		q.lease++
		g.lease = q.lease
		entries := slices.Clone(g.line[:min(n, len(g.line))])
		for _, e := range entries {
			e.held = true
		}
		n -= len(entries)
		q.rest(g, now.Add(visible))
		claims = append(claims, claim{g, g.lease, entries})
	}
	if len(claims) == 0 && len(q.resting.groups) > 0 {
		next = q.resting.groups[0].until
	}
	return claims, next, q.wake
}

// holds says whether the claim is still its holder's.
func (q *queue) holds(c claim) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return c.group.lease == c.lease
}

// settle takes the done messages of a claim out of the line. The group is free at
// once when nothing else of the claim is left, else when its time is over.
func (q *queue) settle(c claim, done func(*entry) bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if c.group.lease != c.lease {
		return // the time was over before: another holder may have it
	}
	left := false
	for _, e := range c.entries {
		left = left || !done(e)
	}
	c.group.line = slices.DeleteFunc(c.group.line, func(e *entry) bool { return e.held && done(e) })
	if !left {
		q.free(c.group)
		q.announce()
	}
}

// release gives a claim back unhandled.
func (q *queue) release(c claim) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if c.group.lease == c.lease {
		q.free(c.group)
		q.announce()
	}
}

// depth counts the queue.
func (q *queue) depth() (visible, inFlight, dead int, oldest time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, g := range q.groups {
		for _, e := range g.line {
			if e.held {
				inFlight++
			} else {
				visible++
			}
			if oldest.IsZero() || e.sent.Before(oldest) {
				oldest = e.sent
			}
		}
	}
	return visible, inFlight, q.letters, oldest
}

// groupHeap is a container/heap of groups.
type groupHeap struct {
	groups []*group
	before func(a, b *group) bool
}

func (h *groupHeap) Len() int           { return len(h.groups) }
func (h *groupHeap) Less(i, j int) bool { return h.before(h.groups[i], h.groups[j]) }

func (h *groupHeap) Swap(i, j int) {
	h.groups[i], h.groups[j] = h.groups[j], h.groups[i]
	h.groups[i].index, h.groups[j].index = i, j
}

func (h *groupHeap) Push(x any) {
	g := x.(*group)
	g.index = len(h.groups)
	h.groups = append(h.groups, g)
}

func (h *groupHeap) Pop() any {
	last := len(h.groups) - 1
	g := h.groups[last]
	h.groups[last] = nil
	h.groups = h.groups[:last]
	return g
}
