package local_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"uniview-bridge/pkg/platform/local"
	"uniview-bridge/pkg/state"
)

func TestASecondProcessIsToldWhatToDo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		first := open(t, dir, local.Options{NoSync: true})
		_, err := local.Open(dir, local.Options{NoSync: true})
		if err == nil {
			t.Fatal("a second store opened the folder")
		}
		for _, want := range []string{dir, "in use by another running bridge", "stop that one", "BRIDGE_DATA"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("error %q does not say %q", err, want)
			}
		}
		if err := first.Close(); err != nil {
			t.Fatal(err)
		}
		open(t, dir, local.Options{NoSync: true})
	})
}

func TestAFileThatIsNoDatabaseIsToldSo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "bridge.db"), []byte(strings.Repeat("no database ", 2000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := local.Open(dir, local.Options{}); err == nil || !strings.Contains(err.Error(), "restore the folder from a copy") {
		t.Errorf("got error %v, want one that says what to do", err)
	}
}

func TestEverythingSurvivesARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		s := open(t, dir, local.Options{NoSync: true})
		item, err := s.Put(ctx, state.Item{Key: state.Key{PK: "p", SK: "s"}, Data: []byte("x"), Expires: time.Now().Add(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		version, err := s.Secrets().Put(ctx, "uniview", []byte(`{"a":"b"}`))
		if err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			err := s.Send(ctx, state.CustomersQueue, state.Outgoing{Body: fmt.Append(nil, i), Group: "g", DedupID: fmt.Sprint(i)})
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Send(ctx, state.RunsQueue, state.Outgoing{Body: []byte("late"), Delay: 10 * time.Minute}); err != nil {
			t.Fatal(err)
		}
		// One message is in flight while the process ends.
		working, cancel := context.WithCancel(ctx)
		err = s.Consume(working, state.CustomersQueue, local.ConsumeOptions{BatchSize: 1, Visibility: time.Hour}, func(_ context.Context, batch []local.Message) ([]string, error) {
			if visible, inFlight, _, _ := s.Depth(state.CustomersQueue); visible != 2 || inFlight != 1 {
				t.Errorf("depth %d visible, %d in flight; want 2 and 1", visible, inFlight)
			}
			cancel()
			return []string{batch[0].ID}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}

		s = open(t, dir, local.Options{NoSync: true})
		if got, err := s.Get(ctx, item.Key); err != nil || !cmp.Equal(item, got) {
			t.Errorf("item %+v with error %v, want %+v", got, err, item)
		}
		if got, err := s.Secrets().Get(ctx, "uniview"); err != nil || got.Version != version {
			t.Errorf("secret at version %q with error %v, want %q", got.Version, err, version)
		}
		if err := s.Send(ctx, state.CustomersQueue, state.Outgoing{Body: []byte("again"), Group: "g", DedupID: "2"}); err != nil {
			t.Fatal(err)
		}
		if visible, inFlight, dead, oldest := s.Depth(state.CustomersQueue); visible != 3 || inFlight != 0 || dead != 0 || oldest.IsZero() {
			t.Errorf("depth %d visible, %d in flight, %d dead, oldest %v; want 3, 0, 0 and a time", visible, inFlight, dead, oldest)
		}
		var got []string
		working, cancel = context.WithCancel(ctx)
		err = s.Consume(working, state.CustomersQueue, local.ConsumeOptions{}, func(_ context.Context, batch []local.Message) ([]string, error) {
			for _, m := range batch {
				got = append(got, fmt.Sprintf("%s (%d)", m.Body, m.Receives))
			}
			cancel()
			return nil, nil
		})
		if diff := cmp.Diff([]string{"0 (2)", "1 (1)", "2 (1)"}, got); diff != "" || err != nil {
			t.Errorf("messages (-want +got), error %v:\n%s", err, diff)
		}
		start := time.Now()
		working, cancel = context.WithCancel(ctx)
		_ = s.Consume(working, state.RunsQueue, local.ConsumeOptions{}, func(context.Context, []local.Message) ([]string, error) {
			cancel()
			return nil, nil
		})
		if waited := time.Since(start); waited < 9*time.Minute || waited > 11*time.Minute {
			t.Errorf("the delayed message came after %v", waited)
		}
	})
}

func TestASlowHandlerLosesItsMessages(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, dir, local.Options{NoSync: true})
		if err := s.Send(t.Context(), state.CustomersQueue, state.Outgoing{Body: []byte("x"), Group: "g", DedupID: "d"}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var mu sync.Mutex
		var receives []int
		err := s.Consume(ctx, state.CustomersQueue, local.ConsumeOptions{Concurrency: 2, Visibility: time.Minute}, func(ctx context.Context, batch []local.Message) ([]string, error) {
			mu.Lock()
			receives = append(receives, batch[0].Receives)
			mu.Unlock()
			if deadline, ok := ctx.Deadline(); !ok || time.Until(deadline) != time.Minute {
				t.Errorf("the handler has until %v", deadline)
			}
			switch batch[0].Receives {
			case 1:
				time.Sleep(90 * time.Second) // pays its context no heed
				if visible, inFlight, _, _ := s.Depth(state.CustomersQueue); visible != 0 || inFlight != 1 {
					t.Errorf("depth %d visible, %d in flight; want 0 and 1: the second holder's", visible, inFlight)
				}
			case 2:
				time.Sleep(50 * time.Second) // still at it when the first is done
				time.AfterFunc(2*time.Minute, cancel)
			}
			return nil, nil
		})
		if diff := cmp.Diff([]int{1, 2}, receives); diff != "" || err != nil {
			t.Errorf("receives (-want +got), error %v:\n%s", err, diff)
		}
		if visible, inFlight, dead, oldest := s.Depth(state.CustomersQueue); visible+inFlight+dead != 0 || !oldest.IsZero() {
			t.Errorf("depth %d, %d, %d, %v after all was handled", visible, inFlight, dead, oldest)
		}
	})
}

func TestAPanickingHandlerFailsItsBatchOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, dir, local.Options{NoSync: true})
		if err := s.Send(t.Context(), state.RunsQueue, state.Outgoing{Body: []byte("x")}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		calls := 0
		err := s.Consume(ctx, state.RunsQueue, local.ConsumeOptions{}, func(context.Context, []local.Message) ([]string, error) {
			if calls++; calls == 1 {
				panic("on purpose")
			}
			cancel()
			return nil, nil
		})
		if calls != 2 || err != nil {
			t.Errorf("%d calls and error %v, want 2 and none", calls, err)
		}
	})
}

func TestConsumeEndsWithTheStore(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir(), local.Options{NoSync: true})
	ended := make(chan error)
	go func() {
		ended <- s.Consume(t.Context(), state.RunsQueue, local.ConsumeOptions{Concurrency: 3}, nil)
	}()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "closed") {
		t.Errorf("got error %v, want one that says closed", err)
	}
	if _, err := s.Get(t.Context(), state.Key{PK: "p", SK: "s"}); err == nil || errors.Is(err, state.ErrNotFound) {
		t.Errorf("get: got error %v, want one that says closed", err)
	}
	if _, err := s.Put(t.Context(), state.Item{Key: state.Key{PK: "p", SK: "s"}}); err == nil {
		t.Error("put after close succeeded")
	}
}

func TestSweepRemovesExpiredItemsByItself(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		s := open(t, dir, local.Options{NoSync: true})
		for i := range 1200 {
			it := state.Item{Key: state.Key{PK: "p", SK: fmt.Sprint(i)}}
			if i%2 == 0 {
				it.Expires = time.Now().Add(5 * time.Second)
			}
			if _, err := s.Put(ctx, it); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(6 * time.Second)
		if n, err := s.Sweep(ctx); n != 600 || err != nil {
			t.Errorf("swept %d with error %v, want 600", n, err)
		}
		if _, err := s.Put(ctx, state.Item{Key: state.Key{PK: "p", SK: "late"}, Expires: time.Now().Add(time.Second)}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		if n, err := s.Sweep(ctx); n != 0 || err != nil {
			t.Errorf("swept %d with error %v, want 0: it was swept in the background", n, err)
		}
		if items, err := s.Query(ctx, state.Query{PK: "p"}); len(items) != 600 || err != nil {
			t.Errorf("%d items left with error %v, want 600", len(items), err)
		}
	})
}

func TestSecretsAreForTheirOwnerOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir, local.Options{NoSync: true})
	if _, err := s.Secrets().Put(t.Context(), "uniview", []byte(`{"key":"one"}`)); err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(dir, "secrets")
	file := filepath.Join(folder, "secrets.json")
	check := func() {
		t.Helper()
		for path, want := range map[string]os.FileMode{folder: 0o700, file: 0o600, filepath.Join(dir, "bridge.db"): 0o600} {
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if got := info.Mode().Perm(); got != want {
				t.Errorf("%s has mode %o, want %o", filepath.Base(path), got, want)
			}
		}
		if entries, err := os.ReadDir(folder); err != nil || len(entries) != 1 {
			t.Errorf("%d files with error %v, want the secrets alone", len(entries), err)
		}
	}
	check()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	// Someone opened them up, and a kill left an unfinished file.
	for path, mode := range map[string]os.FileMode{folder: 0o755, file: 0o644} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(folder, ".new-1"), []byte(`{"uniview"`), 0o600); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, local.Options{NoSync: true})
	check()
	if got, err := s.Secrets().Get(t.Context(), "uniview"); err != nil || string(got.Value) != `{"key":"one"}` {
		t.Errorf("got %q with error %v", got.Value, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(`{"uniview":hunter2`), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := local.Open(dir, local.Options{NoSync: true})
	if err == nil || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "enter the credentials again") {
		t.Errorf("damaged secrets: got error %v, want one that says what to do and shows nothing", err)
	}
}

// TestManyAtOnce runs senders, handlers and writers together; with the race detector
// it is worth most.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir(), local.Options{NoSync: true})
	const senders, each = 8, 50
	ctx, cancel := context.WithCancel(t.Context())
	var mu sync.Mutex
	last := map[string]int{}
	handled := 0
	var work sync.WaitGroup
	work.Go(func() {
		err := s.Consume(ctx, state.AlertsQueue, local.ConsumeOptions{BatchSize: 3, Concurrency: 6, Visibility: time.Minute}, func(_ context.Context, batch []local.Message) ([]string, error) {
			mu.Lock()
			defer mu.Unlock()
			for _, m := range batch {
				var n int
				if _, err := fmt.Sscan(string(m.Body), &n); err != nil || n != last[m.Group]+1 {
					t.Errorf("group %s: %s came after %d", m.Group, m.Body, last[m.Group])
				}
				last[m.Group]++
				if handled++; handled == senders*each {
					cancel()
				}
			}
			return nil, nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	for i := range senders {
		work.Go(func() {
			group := fmt.Sprint("g", i)
			for n := 1; n <= each; n++ {
				err := s.Send(t.Context(), state.AlertsQueue, state.Outgoing{Body: fmt.Append(nil, n), Group: group, DedupID: fmt.Sprint(group, "-", n)})
				if err != nil {
					t.Error(err)
				}
				if _, err := s.Put(t.Context(), state.Item{Key: state.Key{PK: group, SK: "n"}, Version: int64(n - 1)}); err != nil {
					t.Error(err)
				}
				s.Depth(state.AlertsQueue)
			}
		})
	}
	work.Wait()
	if handled != senders*each {
		t.Errorf("handled %d, want %d", handled, senders*each)
	}
}

func TestASecretNeverPrints(t *testing.T) {
	t.Parallel()
	secrets := open(t, t.TempDir(), local.Options{NoSync: true}).Secrets()
	if got := fmt.Sprintf("%v %+v %#v", secrets, secrets, secrets); got != "[redacted] [redacted] [redacted]" {
		t.Errorf("prints as %s", got)
	}
}

func BenchmarkPut(b *testing.B) {
	for _, sync := range []bool{false, true} {
		for _, writers := range []int{1, 32} {
			b.Run(fmt.Sprintf("sync=%v/writers=%d", sync, writers), func(b *testing.B) {
				s, err := local.Open(b.TempDir(), local.Options{NoSync: !sync})
				if err != nil {
					b.Fatal(err)
				}
				defer s.Close()
				var group errGroup
				next := make(chan int)
				for range writers {
					group.run(func() error {
						for i := range next {
							if _, err := s.Put(b.Context(), state.Item{Key: state.Key{PK: "p", SK: fmt.Sprint(i)}, Data: make([]byte, 300)}); err != nil {
								return err
							}
						}
						return nil
					})
				}
				for i := 0; b.Loop(); i++ {
					next <- i
				}
				close(next)
				if err := group.wait(); err != nil {
					b.Fatal(err)
				}
			})
		}
	}
}

func BenchmarkQueue(b *testing.B) {
	s, err := local.Open(b.TempDir(), local.Options{NoSync: true})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	ctx, cancel := context.WithCancel(b.Context())
	handled, total := 0, 0
	for i := 0; b.Loop(); i++ {
		if err := s.Send(ctx, state.CustomersQueue, state.Outgoing{Body: []byte("x"), Group: fmt.Sprint(i % 100), DedupID: fmt.Sprint(i)}); err != nil {
			b.Fatal(err)
		}
		total = i + 1
	}
	start := time.Now()
	_ = s.Consume(ctx, state.CustomersQueue, local.ConsumeOptions{}, func(_ context.Context, batch []local.Message) ([]string, error) {
		if handled += len(batch); handled == total {
			cancel()
		}
		return nil, nil
	})
	b.ReportMetric(float64(total)/time.Since(start).Seconds(), "handled/s")
}

// errGroup runs functions and keeps an error of theirs.
type errGroup struct {
	wg   sync.WaitGroup
	once sync.Once
	err  error
}

func (g *errGroup) run(f func() error) {
	g.wg.Go(func() {
		if err := f(); err != nil {
			g.once.Do(func() { g.err = err })
		}
	})
}

func (g *errGroup) wait() error {
	g.wg.Wait()
	return g.err
}
