package local_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"uniview-bridge/pkg/platform/local"
	"uniview-bridge/pkg/state"
)

// killDir tells the test binary to be the process that is killed, and its folder.
const killDir = "LOCAL_TEST_KILL_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(killDir); dir != "" {
		if err := work(dir); err != nil {
			fmt.Println("error", err)
		}
		os.Exit(1) // it is to be killed
	}
	os.Exit(m.Run())
}

const workers = 4

// work counts up items and sends and handles messages for ever, and prints what was
// done once it is: "put <worker> <n>", "sent <id>", "handled <id>".
func work(dir string) error {
	s, err := local.Open(dir, local.Options{})
	if err != nil {
		return err
	}
	ctx := context.Background()
	failed := make(chan error, workers+1)
	for w := range workers {
		go func() { failed <- workOne(ctx, s, w) }()
	}
	go func() {
		failed <- s.Consume(ctx, state.CustomersQueue, local.ConsumeOptions{BatchSize: 2, Concurrency: 2}, func(_ context.Context, batch []local.Message) ([]string, error) {
			for _, m := range batch {
				fmt.Printf("handled %s\n", m.Body)
			}
			return nil, nil
		})
	}()
	return <-failed
}

func workOne(ctx context.Context, s *local.Store, w int) error {
	group := fmt.Sprint("w", w)
	key := state.Key{PK: "count", SK: group}
	item, err := s.Get(ctx, key)
	if err != nil {
		item = state.Item{Key: key}
	}
	for {
		item.Data = fmt.Append(nil, item.Version+1)
		if item, err = s.Put(ctx, item); err != nil {
			return err
		}
		fmt.Printf("put %s %d\n", group, item.Version)
		id := fmt.Sprintf("%s-%d", group, item.Version)
		if err := s.Send(ctx, state.CustomersQueue, state.Outgoing{Body: []byte(id), Group: group, DedupID: id}); err != nil {
			return err
		}
		fmt.Printf("sent %s\n", id)
		if _, err := s.Secrets().Put(ctx, "uniview", []byte(`{"n":"`+id+`"}`)); err != nil {
			return err
		}
	}
}

func TestAKillLosesNothingThatWasDone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	put, open := map[string]int64{}, map[string]bool{} // open: sent and not handled
	total := 0
	for range 6 {
		command := exec.Command(self)
		command.Env = append(os.Environ(), killDir+"="+dir)
		out, err := command.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for first := true; lines.Scan(); first = false {
			if first {
				time.AfterFunc(time.Duration(rand.IntN(80))*time.Millisecond, func() { _ = command.Process.Kill() })
			}
			total++
			did, rest, _ := strings.Cut(lines.Text(), " ")
			switch did {
			case "put":
				var group string
				var n int64
				if _, err := fmt.Sscan(rest, &group, &n); err != nil {
					t.Fatal(err)
				}
				put[group] = max(put[group], n)
			case "sent":
				if _, handled := open[rest]; !handled {
					open[rest] = true
				}
			case "handled":
				open[rest] = false
			default:
				t.Fatalf("the process said: %s", lines.Text())
			}
		}
		if err := command.Wait(); err == nil {
			t.Fatal("the process ended by itself")
		}
		inspect(t, dir, put, open)
	}
	t.Logf("%d things done, all found again", total)
}

// inspect opens the folder as the next start does, and hands back what it looked at.
func inspect(t *testing.T, dir string, put map[string]int64, open map[string]bool) {
	t.Helper()
	s, err := local.Open(dir, local.Options{})
	if err != nil {
		t.Fatalf("after a kill: %v", err)
	}
	defer s.Close()
	for group, n := range put {
		item, err := s.Get(t.Context(), state.Key{PK: "count", SK: group})
		if err != nil || item.Version < n || string(item.Data) != fmt.Sprint(item.Version) {
			t.Errorf("%s: version %d with data %s and error %v, want at least %d", group, item.Version, item.Data, err, n)
		}
	}
	if got, err := s.Secrets().Get(t.Context(), "uniview"); err == nil && !strings.HasPrefix(string(got.Value), `{"n":"w`) {
		t.Errorf("the secret is %q", got.Value)
	}
	// Handle what is left: all that was sent and not handled must be there.
	visible, inFlight, dead, _ := s.Depth(state.CustomersQueue)
	if inFlight != 0 || dead != 0 {
		t.Errorf("%d in flight and %d dead after the start", inFlight, dead)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	left := visible
	if left > 0 {
		err = s.Consume(ctx, state.CustomersQueue, local.ConsumeOptions{}, func(_ context.Context, batch []local.Message) ([]string, error) {
			for _, m := range batch {
				open[string(m.Body)] = false
				if left--; left == 0 {
					cancel()
				}
			}
			return nil, nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	for id, lost := range open {
		if lost {
			t.Errorf("message %s is lost", id)
		}
	}
}
