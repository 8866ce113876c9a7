package local

import (
	"errors"
	"testing"

	bolt "go.etcd.io/bbolt"

	"uniview-bridge/pkg/state"
)

// Three writers share a commit: one is refused, one fails halfway, one is fine.
func TestWritersOfOneCommitDoNotDisturbEachOther(t *testing.T) {
	t.Parallel()
	s, err := Open(t.TempDir(), Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	put := func(key string, then error) *write {
		return &write{done: make(chan error, 1), apply: func(tx *bolt.Tx) error {
			if errors.Is(then, state.ErrConflict) {
				return then
			}
			return errors.Join(tx.Bucket(bucketMeta).Put([]byte(key), []byte("x")), then)
		}}
	}
	broken := errors.New("on purpose")
	first, refused, failing, last := put("first", nil), put("refused", state.ErrConflict), put("failing", broken), put("last", nil)
	s.commitBatch([]*write{first, refused, failing, last})
	for name, test := range map[string]struct {
		w    *write
		want error
	}{"first": {first, nil}, "refused": {refused, state.ErrConflict}, "failing": {failing, broken}, "last": {last, nil}} {
		if err := <-test.w.done; !errors.Is(err, test.want) {
			t.Errorf("%s: got error %v, want %v", name, err, test.want)
		}
		err := s.db.View(func(tx *bolt.Tx) error {
			if written := tx.Bucket(bucketMeta).Get([]byte(name)) != nil; written != (test.want == nil) {
				t.Errorf("%s: written %v", name, written)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func TestACommitWithNothingToWriteIsNotWritten(t *testing.T) {
	t.Parallel()
	s, err := Open(t.TempDir(), Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	before := txID(t, s)
	for _, reason := range []error{errUnchanged, state.ErrConflict, state.ErrNotFound} {
		w := &write{done: make(chan error, 1), apply: func(*bolt.Tx) error { return reason }}
		if s.commitBatch([]*write{w}); !errors.Is(<-w.done, reason) {
			t.Errorf("the reason %v was lost", reason)
		}
	}
	if after := txID(t, s); after != before {
		t.Errorf("transactions %d to %d were written", before+1, after)
	}
}

func txID(t *testing.T, s *Store) (id int) {
	t.Helper()
	if err := s.db.View(func(tx *bolt.Tx) error { id = tx.ID(); return nil }); err != nil {
		t.Fatal(err)
	}
	return id
}
