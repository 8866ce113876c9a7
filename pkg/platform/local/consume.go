package local

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"

	"uniview-bridge/pkg/platform/limits"
	"uniview-bridge/pkg/state"
)

// dedupWindow is how long a FIFO queue remembers a deduplication id.
const dedupWindow = 5 * time.Minute

// Message is a message as handed to a handler.
type Message struct {
	ID       string // opaque; stays the same over its receives and as a dead letter
	Body     []byte
	Group    string // FIFO queues only
	Receives int    // this one included
	SentAt   time.Time
}

// ConsumeOptions say how a queue is worked off. Zero values take the defaults.
type ConsumeOptions struct {
	// BatchSize is the most messages per call of the handler; 10.
	BatchSize int
	// Concurrency is the most calls at the same time; 1.
	Concurrency int
	// Visibility is how long a call may take, and after how long a message that was not
	// handled comes again; 30 s. The handler's context ends with it.
	Visibility time.Duration
	// MaxReceives makes a message a dead letter instead of handing it out once more; 0 means never.
	MaxReceives int
}

// Handler handles a batch and returns the ids of the messages to be handed out
// again. After an error, a panic, or an unknown id all of them are.
type Handler func(ctx context.Context, batch []Message) (failed []string, err error)

func (s *Store) queue(name string) (*queue, error) {
	if q := s.queues[name]; q != nil {
		return q, nil
	}
	return nil, fmt.Errorf("there is no queue %q", name)
}

// Send implements state.Sender. All messages are sent or none.
func (s *Store) Send(ctx context.Context, name string, messages ...state.Outgoing) error {
	q, err := s.queue(name)
	if err != nil {
		return fmt.Errorf("send: %w", err)
	}
	for i, m := range messages {
		if err := limits.Message(q.fifo, m); err != nil {
			return fmt.Errorf("send to %s: message %d: %w", name, i, err)
		}
	}
	if len(messages) == 0 {
		return nil
	}
	now, sent := time.Now(), s.now()
	var seqs []uint64
	var records []stored
	err = s.commit(ctx, func(tx *bolt.Tx) error {
		seqs, records = seqs[:0], records[:0]
		for _, m := range messages {
			if q.fifo {
				if q.remembers(tx, m.DedupID, now) {
					continue
				}
				if err := q.remember(tx, m.DedupID, now); err != nil {
					return err
				}
			}
			r := stored{Body: slices.Clone(m.Body), Group: m.Group, Sent: sent}
			if m.Delay > 0 {
				r.Delayed = now.Add(m.Delay)
			}
			seq, err := q.store(tx, r)
			if err != nil {
				return err
			}
			seqs, records = append(seqs, seq), append(records, r)
		}
		if len(seqs) == 0 {
			return errUnchanged
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("send to %s: %w", name, err)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, seq := range seqs {
		q.add(seq, records[i], now)
	}
	q.announce()
	return nil
}

// store writes a new message.
func (q *queue) store(tx *bolt.Tx, m stored) (uint64, error) {
	b := tx.Bucket(q.messages)
	seq, err := b.NextSequence()
	if err != nil {
		return 0, err
	}
	v, err := m.encode()
	if err != nil {
		return 0, err
	}
	return seq, b.Put(putUint64(seq), v)
}

// remembers says whether a message with that deduplication id was sent within the window.
func (q *queue) remembers(tx *bolt.Tx, id string, now time.Time) bool {
	v := tx.Bucket(q.dedup).Get([]byte(id))
	return len(v) == 8 && now.UnixNano() < int64(binary.BigEndian.Uint64(v))
}

func (q *queue) remember(tx *bolt.Tx, id string, now time.Time) error {
	return tx.Bucket(q.dedup).Put([]byte(id), putUint64(uint64(now.Add(dedupWindow).UnixNano())))
}

// forgetDedup drops the deduplication ids whose window is over.
func (q *queue) forgetDedup(tx *bolt.Tx) error {
	b, now := tx.Bucket(q.dedup), time.Now().UnixNano()
	var gone [][]byte
	err := b.ForEach(func(k, v []byte) error {
		if len(v) != 8 || now >= int64(binary.BigEndian.Uint64(v)) {
			gone = append(gone, slices.Clone(k))
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(gone) == 0 {
		return errUnchanged
	}
	for _, k := range gone {
		if err := b.Delete(k); err != nil {
			return err
		}
	}
	return nil
}

// Depth counts a queue: messages waiting (delayed ones too), being handled, and
// dead; and when the oldest that is not dead was sent (zero: there is none).
func (s *Store) Depth(name string) (visible, inFlight, dead int, oldest time.Time) {
	q := s.queues[name]
	if q == nil {
		return 0, 0, 0, time.Time{}
	}
	return q.depth()
}

// Consume works off a queue until ctx ends, and returns nil then, after the calls
// under way have returned. Their context ends with ctx, too.
func (s *Store) Consume(ctx context.Context, name string, o ConsumeOptions, handle Handler) error {
	q, err := s.queue(name)
	if err != nil {
		return fmt.Errorf("consume: %w", err)
	}
	if o.BatchSize <= 0 {
		o.BatchSize = 10
	}
	if o.Concurrency <= 0 {
		o.Concurrency = 1
	}
	if o.Visibility <= 0 {
		o.Visibility = 30 * time.Second
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var workers sync.WaitGroup
	errs := make([]error, o.Concurrency)
	for i := range errs {
		workers.Go(func() {
			defer stop() // one that cannot go on ends all, so that the caller hears of it
			for errs[i] == nil && ctx.Err() == nil {
				errs[i] = s.consumeOnce(ctx, q, o, handle)
			}
		})
	}
	workers.Wait()
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("consume %s: %w", name, err)
	}
	return nil
}

// consumeOnce waits for a batch and has it handled.
func (s *Store) consumeOnce(ctx context.Context, q *queue, o ConsumeOptions, handle Handler) error {
	claims, next, changed := q.take(time.Now(), o.BatchSize, o.Visibility)
	if len(claims) == 0 {
		var alarm <-chan time.Time
		if !next.IsZero() {
			timer := time.NewTimer(time.Until(next))
			defer timer.Stop()
			alarm = timer.C
		}
		select {
		case <-ctx.Done():
		case <-s.closing:
			return errClosed
		case <-changed:
		case <-alarm:
		}
		return nil
	}
	limit, cancel := context.WithTimeout(ctx, o.Visibility)
	defer cancel()
	batch, over, err := s.receive(context.WithoutCancel(ctx), q, claims, o.MaxReceives)
	if err != nil {
		for _, c := range claims {
			q.release(c)
		}
		return err
	}
	var ok func(*entry) bool
	if len(batch) > 0 {
		ok = s.call(limit, q, handle, batch)
	}
	return s.finish(context.WithoutCancel(ctx), q, claims, func(e *entry) bool { return over[e.seq] || ok(e) })
}

// receive counts the receive of every claimed message on disk, before anyone sees
// it, and reads it. Messages received too often become dead letters; over holds the
// sequence numbers of those, and of messages that a former holder finished meanwhile.
func (s *Store) receive(ctx context.Context, q *queue, claims []claim, maxReceives int) (batch []Message, over map[uint64]bool, err error) {
	letters := 0
	err = s.commit(ctx, func(tx *bolt.Tx) error {
		batch, over, letters = nil, map[uint64]bool{}, 0
		messages, dead := tx.Bucket(q.messages), tx.Bucket(q.dead)
		for _, e := range claimed(claims) {
			key := putUint64(e.seq)
			v := messages.Get(key)
			if v == nil {
				over[e.seq] = true
				continue
			}
			m, err := decodeMessage(v)
			if err != nil {
				return err
			}
			if maxReceives > 0 && m.Receives >= maxReceives {
				over[e.seq] = true
				letters++
				if err := errors.Join(dead.Put(key, slices.Clone(v)), messages.Delete(key)); err != nil {
					return err
				}
				continue
			}
			m.Receives++
			if v, err = m.encode(); err != nil {
				return err
			}
			if err := messages.Put(key, v); err != nil {
				return err
			}
			batch = append(batch, Message{
				ID: messageID(q.name, e.seq), Body: m.Body, Group: m.Group, Receives: m.Receives, SentAt: m.Sent,
			})
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.letters += letters
	return batch, over, nil
}

func claimed(claims []claim) (all []*entry) {
	for _, c := range claims {
		all = append(all, c.entries...)
	}
	return all
}

// call runs the handler and tells which messages it has handled.
func (s *Store) call(ctx context.Context, q *queue, handle Handler, batch []Message) func(*entry) bool {
	failed, err := guard(ctx, handle, batch)
	none := func(*entry) bool { return false }
	if err != nil {
		if ctx.Err() == nil || !errors.Is(err, ctx.Err()) {
			s.log.Warn("a handler failed, its messages come again", slog.String("queue", q.name), slog.Int("messages", len(batch)), slog.Any("error", err))
		}
		return none
	}
	known := map[string]bool{}
	for _, m := range batch {
		known[m.ID] = true
	}
	for _, id := range failed {
		if !known[id] {
			s.log.Warn("a handler reported an unknown message as failed, the whole batch comes again", slog.String("queue", q.name), slog.String("id", id))
			return none
		}
	}
	return func(e *entry) bool { return !slices.Contains(failed, messageID(q.name, e.seq)) }
}

// guard turns a handler's panic into an error.
func guard(ctx context.Context, handle Handler, batch []Message) (failed []string, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return handle(ctx, slices.Clone(batch))
}

// finish removes the handled messages from disk, then from the line.
func (s *Store) finish(ctx context.Context, q *queue, claims []claim, done func(*entry) bool) error {
	claims = slices.DeleteFunc(claims, func(c claim) bool { return !q.holds(c) })
	err := s.commit(ctx, func(tx *bolt.Tx) error {
		b, changed := tx.Bucket(q.messages), false
		for _, e := range claimed(claims) {
			if !done(e) {
				continue
			}
			changed = true
			if err := b.Delete(putUint64(e.seq)); err != nil {
				return err
			}
		}
		if !changed {
			return errUnchanged
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, c := range claims {
		q.settle(c, done)
	}
	return nil
}
