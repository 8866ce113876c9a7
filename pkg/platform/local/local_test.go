package local_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"uniview-bridge/pkg/platform/local"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/state/statetest"
)

func open(t *testing.T, dir string, o local.Options) *local.Store {
	t.Helper()
	s, err := local.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() }) // often closed by the test already
	return s
}

func TestTableContract(t *testing.T) {
	t.Parallel()
	statetest.Table(t, func(t *testing.T, now func() time.Time) state.Table {
		return open(t, t.TempDir(), local.Options{NoSync: true, Now: now})
	})
}

func TestSyncedTableContract(t *testing.T) {
	t.Parallel()
	statetest.Table(t, func(t *testing.T, now func() time.Time) state.Table {
		return open(t, t.TempDir(), local.Options{Now: now})
	})
}

func TestQueuesContract(t *testing.T) {
	t.Parallel()
	statetest.Queues(t, func(t *testing.T, test func(*testing.T, statetest.Rig)) {
		synctest.Test(t, func(t *testing.T) {
			s := open(t, t.TempDir(), local.Options{NoSync: true})
			test(t, statetest.Rig{Sender: s, DeadLetters: s, Consume: consumer(s), Visibility: visibility})
		})
	})
}

func TestSecretsContract(t *testing.T) {
	t.Parallel()
	statetest.Secrets(t, func(t *testing.T) state.Secrets {
		secrets := open(t, t.TempDir(), local.Options{NoSync: true}).Secrets()
		if _, err := secrets.Put(t.Context(), statetest.Placeholder, []byte("{}")); err != nil {
			t.Fatal(err)
		}
		return secrets
	})
}

const visibility = 10 * time.Second

// consumer fits a store's Consume to the rig.
func consumer(s *local.Store) func(context.Context, string, statetest.ConsumeOptions, statetest.Handler) error {
	return func(ctx context.Context, queue string, o statetest.ConsumeOptions, handle statetest.Handler) error {
		return s.Consume(ctx, queue, local.ConsumeOptions{
			BatchSize: o.BatchSize, Concurrency: o.Concurrency,
			Visibility: visibility, MaxReceives: statetest.MaxReceives,
		}, func(ctx context.Context, batch []local.Message) ([]string, error) {
			var same []statetest.Message
			for _, m := range batch {
				same = append(same, statetest.Message(m))
			}
			return handle(ctx, same)
		})
	}
}

func TestTableFollowsItsModel(t *testing.T) {
	t.Parallel()
	statetest.TableModel(t, func(t *testing.T, now func() time.Time) state.Table {
		return open(t, t.TempDir(), local.Options{NoSync: true, Now: now})
	}, func(table state.Table) error {
		_, err := table.(*local.Store).Sweep(context.Background())
		return err
	})
}
