// Package local is the platform of one machine: table, queues and secrets in one
// folder, owned by one process.
//
// Table and queues live in one bbolt database, so that a commit is all or nothing
// and survives a kill at any moment; secrets live in a file of their own that only
// its owner may read. Writes of many callers are committed together: while one
// commit is on its way to the disk the next ones gather, so callers share the
// price of a sync instead of queueing for it.
//
// Queues keep the semantics of SQS that handlers rely on: a message is invisible
// while it is handled, comes back when it was not handled in time, becomes a dead
// letter after too many receives, and may come twice. FIFO queues keep the order
// inside a group and hand out a group to one handler at a time. Messages that were
// in flight when the process died are visible again at the next start.
//
// Two clocks: Options.Now is the bridge's time (expiry of items, SentAt), which may
// be a simulator's. Visibility, delays and deduplication run on the machine's own
// time, because they guard work that really takes that long.
package local

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"uniview-bridge/pkg/state"
)

// Queue names one queue and its kind.
type Queue struct {
	Name string
	FIFO bool
}

// Options of Open. The zero value is right for production.
type Options struct {
	// NoSync leaves writing to disk to the operating system: a kill of the process
	// loses nothing, a crash of the machine may. For tests.
	NoSync bool
	// Now is the time by which items expire and messages are stamped; time.Now when nil.
	Now func() time.Time
	// Log receives what a background task or a handler reports; discarded when nil.
	Log *slog.Logger
	// Queues are the queues to keep; the bridge's three when nil.
	Queues []Queue
}

// sweepEvery is the pace at which expired items and forgotten deduplication ids
// are removed. Expired items are invisible before that.
const sweepEvery = time.Minute

// lockWait bounds the wait for a predecessor that is just ending.
const lockWait = 2 * time.Second

// format is the version of the layout in the database file.
const format = 1

var (
	bucketMeta   = []byte("meta")
	bucketItems  = []byte("items")
	bucketExpiry = []byte("expiry")
)

var errClosed = errors.New("the store is closed")

// Store is the open data folder. It is a state.Table, state.Sender and
// state.DeadLetters; Secrets gives its state.Secrets.
type Store struct {
	db      *bolt.DB
	now     func() time.Time
	log     *slog.Logger
	queues  map[string]*queue
	secrets *Secrets

	writes  chan *write
	closing chan struct{}
	close   sync.Once
	done    sync.WaitGroup
}

var (
	_ state.Table       = (*Store)(nil)
	_ state.Sender      = (*Store)(nil)
	_ state.DeadLetters = (*Store)(nil)
)

// Open opens the data folder dir, making it where absent. One process at a time
// may have it open; a second gets an error that says what to do.
func Open(dir string, o Options) (*Store, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Queues == nil {
		o.Queues = []Queue{{Name: state.RunsQueue}, {Name: state.CustomersQueue, FIFO: true}, {Name: state.AlertsQueue, FIFO: true}}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder (set BRIDGE_DATA to a folder that can be written): %w", err)
	}
	db, err := openDatabase(dir, o.NoSync)
	if err != nil {
		return nil, err
	}
	s := &Store{
		db: db, now: o.Now, log: o.Log, queues: map[string]*queue{},
		writes: make(chan *write), closing: make(chan struct{}),
	}
	if err := s.load(dir, o.Queues); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	s.done.Go(s.commitLoop)
	s.done.Go(s.sweepLoop)
	return s, nil
}

func openDatabase(dir string, noSync bool) (*bolt.DB, error) {
	path := filepath.Join(dir, "bridge.db")
	db, err := bolt.Open(path, 0o600, &bolt.Options{
		Timeout:      lockWait,
		NoSync:       noSync,
		FreelistType: bolt.FreelistMapType,
	})
	switch {
	case err == nil:
		return db, nil
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, fmt.Errorf("the data folder %s is in use by another running bridge: stop that one, or set BRIDGE_DATA to another folder", dir)
	case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrChecksum), errors.Is(err, bolterrors.ErrVersionMismatch):
		return nil, fmt.Errorf("%s is damaged or not a bridge database (%w): restore the folder from a copy, or move the file away to start anew", path, err)
	default:
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
}

// load prepares the buckets, reads what the queues hold, and opens the secrets.
func (s *Store) load(dir string, queues []Queue) error {
	err := s.db.Update(func(tx *bolt.Tx) error {
		for _, name := range [][]byte{bucketMeta, bucketItems, bucketExpiry} {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		if err := checkFormat(tx.Bucket(bucketMeta)); err != nil {
			return err
		}
		for _, q := range queues {
			loaded, err := loadQueue(tx, q, time.Now())
			if err != nil {
				return fmt.Errorf("queue %s: %w", q.Name, err)
			}
			s.queues[q.Name] = loaded
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the data folder: %w", err)
	}
	s.secrets, err = OpenSecrets(filepath.Join(dir, "secrets"))
	return err
}

func checkFormat(meta *bolt.Bucket) error {
	key := []byte("format")
	stored := meta.Get(key)
	if stored == nil {
		return meta.Put(key, []byte(strconv.Itoa(format)))
	}
	if v, err := strconv.Atoi(string(stored)); err != nil || v != format {
		return fmt.Errorf("it was written by another version of the bridge (layout %q, this one knows %d): run the version that wrote it", stored, format)
	}
	return nil
}

// Secrets gives the secrets of the folder.
func (s *Store) Secrets() *Secrets { return s.secrets }

// Close ends the background tasks and frees the folder. Consumers are to be
// stopped first; what they do later fails.
func (s *Store) Close() error {
	s.close.Do(func() { close(s.closing) })
	s.done.Wait()
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("close the database: %w", err)
	}
	return nil
}

// write is one caller's part of a commit.
type write struct {
	apply func(*bolt.Tx) error
	done  chan error
}

// maxTogether bounds the writes in one commit.
const maxTogether = 512

// errUnchanged is what apply returns when there was nothing to change.
var errUnchanged = errors.New("unchanged")

// commit runs apply in a transaction shared with other callers and returns when it
// is on disk. apply may run more than once; it decides first and writes then: when it
// returns errUnchanged, state.ErrConflict or state.ErrNotFound it has written nothing.
func (s *Store) commit(ctx context.Context, apply func(*bolt.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w := &write{apply: apply, done: make(chan error, 1)}
	select {
	case s.writes <- w:
	case <-s.closing:
		return errClosed
	}
	if err := <-w.done; !errors.Is(err, errUnchanged) {
		return err
	}
	return nil
}

// view runs read in a read transaction.
func (s *Store) view(ctx context.Context, read func(*bolt.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	err := s.db.View(read)
	if errors.Is(err, bolterrors.ErrDatabaseNotOpen) {
		return errClosed
	}
	return err
}

func (s *Store) commitLoop() {
	for {
		var batch []*write
		select {
		case w := <-s.writes:
			batch = append(batch, w)
		case <-s.closing:
			return
		}
	gather:
		for len(batch) < maxTogether {
			select {
			case w := <-s.writes:
				batch = append(batch, w)
			default:
				break gather
			}
		}
		s.commitBatch(batch)
	}
}

// commitBatch commits writes together. One that fails for a reason of its own is
// taken out and the others are committed without it.
func (s *Store) commitBatch(batch []*write) {
	for len(batch) > 0 {
		refused := make([]error, len(batch))
		failed, changed := -1, false
		err := s.db.Update(func(tx *bolt.Tx) error {
			for i, w := range batch {
				err := w.apply(tx)
				switch {
				case err == nil:
					changed = true
				case errors.Is(err, errUnchanged), errors.Is(err, state.ErrConflict), errors.Is(err, state.ErrNotFound):
					refused[i] = err
				default:
					failed = i
					return err
				}
			}
			if !changed {
				return errUnchanged // roll back: nothing to sync
			}
			return nil
		})
		if failed >= 0 {
			batch[failed].done <- err
			batch = append(batch[:failed:failed], batch[failed+1:]...)
			continue
		}
		for i, w := range batch {
			if err != nil && !errors.Is(err, errUnchanged) {
				w.done <- fmt.Errorf("write to the database: %w", err)
				continue
			}
			w.done <- refused[i]
		}
		return
	}
}

func (s *Store) sweepLoop() {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		select {
		case <-s.closing:
			return
		case <-ticker.C:
		}
		if _, err := s.Sweep(context.Background()); err != nil && !errors.Is(err, errClosed) {
			s.log.Error("sweeping expired items failed", slog.Any("error", err))
		}
	}
}

func putUint64(v uint64) []byte { return binary.BigEndian.AppendUint64(nil, v) }
