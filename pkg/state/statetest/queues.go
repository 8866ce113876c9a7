package statetest

import (
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

// MaxReceives is what the queues of a Rig are made with.
const MaxReceives = 3

// Message is a message as a handler of either platform gets it.
type Message struct {
	ID       string
	Body     []byte
	Group    string
	Receives int
	SentAt   time.Time
}

// Handler handles a batch and returns the ids to be handed out again; after an
// error all of them are.
type Handler func(ctx context.Context, batch []Message) (failed []string, err error)

// ConsumeOptions say how a queue is worked off.
type ConsumeOptions struct {
	BatchSize   int
	Concurrency int
}

// Rig is a platform's set of empty queues: the standard queue state.RunsQueue and
// the FIFO queue state.CustomersQueue, with MaxReceives.
type Rig struct {
	state.Sender
	state.DeadLetters
	// Consume works off a queue until ctx ends and its calls have returned.
	Consume func(ctx context.Context, queue string, o ConsumeOptions, handle Handler) error
	// Visibility is what the queues are made with, in whole seconds: where time is real,
	// more than a slow stand-in needs to delete what was handled.
	Visibility time.Duration
	// Forgetful is set for a stand-in whose deduplication forgets handled messages
	// (moto) and whose clock cannot be moved.
	Forgetful bool
}

// Run runs one test with a rig of its own, on a clock of its own where it can (in a
// testing/synctest bubble), so that the seconds that tests let pass cost nothing.
type Run func(t *testing.T, test func(t *testing.T, rig Rig))

// Queues holds a platform's queues to the semantics that handlers rely on.
func Queues(t *testing.T, run Run) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, Rig)
	}{
		{"every message sent is handed out once when it is handled", testDelivery},
		{"a delayed message waits", testDelay},
		{"a group keeps its order and is with one handler at a time", testGroups},
		{"a failed message holds up its group only and comes again", testGroupLock},
		{"a message with the same deduplication id is not sent again", testDedup},
		{"a deduplication id is remembered for five minutes, handled or not", testDedupWindow},
		{"only what failed of a batch comes again", testPartialFailure},
		{"after an error, and after an unknown id, the whole batch comes again", testBatchFailure},
		{"after too many receives a message is a dead letter and its group goes on", testDeadLetter},
		{"a replayed letter is sent again and gone", testReplay},
		{"malformed messages and unknown queues are refused", testMessageRefusals},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			run(t, test.run)
		})
	}
}

// patience bounds every wait: far more than any of them takes.
const patience = time.Minute

// consumer collects what a handler got.
type consumer struct {
	t       *testing.T
	again   time.Duration // after which a message that was not deleted comes again
	stop    func()
	changed chan struct{}

	mu  sync.Mutex
	got []Message
}

// consume starts working off a queue; judge says what to answer for a batch (nil: all handled).
func consume(t *testing.T, rig Rig, queue string, o ConsumeOptions, judge Handler) *consumer {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	c := &consumer{t: t, again: rig.Visibility, changed: make(chan struct{}, 1)}
	done := make(chan error, 1)
	go func() {
		done <- rig.Consume(ctx, queue, o, func(ctx context.Context, batch []Message) ([]string, error) {
			c.mu.Lock()
			c.got = append(c.got, batch...)
			c.mu.Unlock()
			defer func() {
				select {
				case c.changed <- struct{}{}:
				default:
				}
			}()
			if judge == nil {
				return nil, nil
			}
			return judge(ctx, batch)
		})
	}()
	c.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("consume %s: %v", queue, err)
		}
	})
	t.Cleanup(c.stop)
	return c
}

func (c *consumer) messages() []Message {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.got)
}

func (c *consumer) bodies() []string {
	bodies := []string{}
	for _, m := range c.messages() {
		bodies = append(bodies, string(m.Body))
	}
	return bodies
}

// await waits until n messages came.
func (c *consumer) await(n int) []Message {
	c.t.Helper()
	late := time.After(patience)
	for {
		if got := c.messages(); len(got) >= n {
			return got
		}
		select {
		case <-c.changed:
		case <-late:
			c.t.Fatalf("waited %v for %d messages, got %q", patience, n, c.bodies())
		}
	}
}

// settled lets pass what a message would need to come again, and checks that the
// messages were these and no more.
func (c *consumer) settled(want ...string) {
	c.t.Helper()
	c.await(len(want))
	time.Sleep(c.again + c.again/2)
	got := c.bodies()
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		c.t.Errorf("messages (-want +got):\n%s", diff)
	}
}

func send(t *testing.T, rig Rig, queue string, messages ...state.Outgoing) {
	t.Helper()
	if err := rig.Send(t.Context(), queue, messages...); err != nil {
		t.Fatalf("send to %s: %v", queue, err)
	}
}

// fifo makes a message whose deduplication id is its body.
func fifo(group, body string) state.Outgoing {
	return state.Outgoing{Body: []byte(body), Group: group, DedupID: body}
}

func testDelivery(t *testing.T, rig Rig) {
	var out []state.Outgoing
	var want []string
	for i := range 23 {
		want = append(want, fmt.Sprintf(`{"run":"ü %d","text":"<&>\n"}`, i))
		out = append(out, state.Outgoing{Body: []byte(want[i])})
	}
	before := time.Now().Add(-time.Minute)
	send(t, rig, state.RunsQueue, out...)
	send(t, rig, state.RunsQueue) // nothing
	c := consume(t, rig, state.RunsQueue, ConsumeOptions{BatchSize: 5, Concurrency: 2}, nil)
	c.settled(want...)
	ids := map[string]bool{}
	for _, m := range c.messages() {
		if m.ID == "" || ids[m.ID] {
			t.Errorf("id %q is empty or came twice", m.ID)
		}
		ids[m.ID] = true
		if m.Receives != 1 || m.Group != "" || m.SentAt.Before(before) || m.SentAt.After(time.Now().Add(time.Minute)) {
			t.Errorf("message came with %d receives, group %q, sent at %v", m.Receives, m.Group, m.SentAt)
		}
	}
}

func testDelay(t *testing.T, rig Rig) {
	send(t, rig, state.RunsQueue, state.Outgoing{Body: []byte("later"), Delay: 2 * time.Second}, state.Outgoing{Body: []byte("now")})
	start := time.Now()
	c := consume(t, rig, state.RunsQueue, ConsumeOptions{}, nil)
	c.await(2)
	if waited := time.Since(start); waited < 1500*time.Millisecond {
		t.Errorf("the delayed message came after %v", waited)
	}
	if diff := cmp.Diff([]string{"now", "later"}, c.bodies()); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

func testGroups(t *testing.T, rig Rig) {
	const groups, each = 4, 5
	for i := range each {
		var out []state.Outgoing
		for g := range groups {
			group := fmt.Sprint("g", g)
			out = append(out, fifo(group, fmt.Sprint(group, "-", i)))
		}
		send(t, rig, state.CustomersQueue, out...)
	}
	var mu sync.Mutex
	busy := map[string]bool{}
	c := consume(t, rig, state.CustomersQueue, ConsumeOptions{BatchSize: 2, Concurrency: 4}, func(_ context.Context, batch []Message) ([]string, error) {
		mine := map[string]bool{}
		mu.Lock()
		for _, m := range batch {
			if busy[m.Group] && !mine[m.Group] {
				t.Errorf("group %s is with two handlers at once", m.Group)
			}
			busy[m.Group], mine[m.Group] = true, true
		}
		mu.Unlock()
		time.Sleep(10 * time.Millisecond)
		mu.Lock()
		defer mu.Unlock()
		for group := range mine {
			busy[group] = false
		}
		return nil, nil
	})
	order := map[string][]string{}
	for _, m := range c.await(groups * each) {
		order[m.Group] = append(order[m.Group], string(m.Body))
	}
	for g := range groups {
		group := fmt.Sprint("g", g)
		var want []string
		for i := range each {
			want = append(want, fmt.Sprint(group, "-", i))
		}
		if diff := cmp.Diff(want, order[group]); diff != "" {
			t.Errorf("group %s (-want +got):\n%s", group, diff)
		}
	}
}

func testGroupLock(t *testing.T, rig Rig) {
	send(t, rig, state.CustomersQueue, fifo("slow", "slow-1"), fifo("slow", "slow-2"), fifo("quick", "quick-1"))
	c := consume(t, rig, state.CustomersQueue, ConsumeOptions{BatchSize: 1}, func(_ context.Context, batch []Message) ([]string, error) {
		if m := batch[0]; string(m.Body) == "slow-1" && m.Receives == 1 {
			return []string{m.ID}, nil
		}
		return nil, nil
	})
	start := time.Now()
	got := c.await(4)
	if waited := time.Since(start); waited < rig.Visibility/2 {
		t.Errorf("the failed message came again after %v", waited)
	}
	if diff := cmp.Diff([]string{"slow-1", "quick-1", "slow-1", "slow-2"}, c.bodies()); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	if got[2].Receives != 2 || got[2].ID != got[0].ID {
		t.Errorf("it came again as %s with %d receives, want %s with 2", got[2].ID, got[2].Receives, got[0].ID)
	}
}

func testDedup(t *testing.T, rig Rig) {
	first := fifo("g", "a")
	again := state.Outgoing{Body: []byte("other"), Group: "g", DedupID: "a"}
	send(t, rig, state.CustomersQueue, first, fifo("g", "b"))
	send(t, rig, state.CustomersQueue, again, fifo("g", "c"))
	c := consume(t, rig, state.CustomersQueue, ConsumeOptions{}, nil)
	c.settled("a", "b", "c")
}

func testDedupWindow(t *testing.T, rig Rig) {
	if rig.Forgetful {
		t.Skip("this stand-in forgets the deduplication ids of handled messages, which AWS does not: proven on the local platform only")
	}
	send(t, rig, state.CustomersQueue, fifo("g", "a"))
	c := consume(t, rig, state.CustomersQueue, ConsumeOptions{}, nil)
	c.settled("a")
	time.Sleep(4 * time.Minute)
	send(t, rig, state.CustomersQueue, fifo("g", "a"))
	c.settled("a")
	time.Sleep(time.Minute)
	send(t, rig, state.CustomersQueue, fifo("g", "a"))
	c.settled("a", "a")
}

func testPartialFailure(t *testing.T, rig Rig) {
	var out []state.Outgoing
	for _, body := range []string{"a", "b", "c", "d"} {
		out = append(out, state.Outgoing{Body: []byte(body)})
	}
	send(t, rig, state.RunsQueue, out...)
	c := consume(t, rig, state.RunsQueue, ConsumeOptions{BatchSize: 4}, func(_ context.Context, batch []Message) (failed []string, err error) {
		for _, m := range batch {
			if b := string(m.Body); m.Receives == 1 && (b == "b" || b == "d") {
				failed = append(failed, m.ID)
			}
		}
		return failed, nil
	})
	c.await(6)
	c.settled("a", "b", "c", "d", "b", "d")
}

func testBatchFailure(t *testing.T, rig Rig) {
	send(t, rig, state.RunsQueue, state.Outgoing{Body: []byte("a")})
	c := consume(t, rig, state.RunsQueue, ConsumeOptions{}, func(_ context.Context, batch []Message) ([]string, error) {
		switch batch[0].Receives {
		case 1:
			return nil, errors.New("on purpose")
		case 2:
			return []string{"no such message"}, nil
		}
		return nil, nil
	})
	c.await(3)
	c.settled("a", "a", "a")
}

// bury sends a message that fails until it is a dead letter, and one behind it.
func bury(t *testing.T, rig Rig) (poison Message) {
	t.Helper()
	send(t, rig, state.CustomersQueue, fifo("g", "poison"), fifo("g", "behind"))
	c := consume(t, rig, state.CustomersQueue, ConsumeOptions{BatchSize: 1}, func(_ context.Context, batch []Message) ([]string, error) {
		if string(batch[0].Body) == "poison" {
			return []string{batch[0].ID}, nil
		}
		return nil, nil
	})
	got := c.await(MaxReceives + 1)
	if diff := cmp.Diff([]string{"poison", "poison", "poison", "behind"}, c.bodies()); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	c.stop()
	return got[0]
}

func testDeadLetter(t *testing.T, rig Rig) {
	poison := bury(t, rig)
	for range 2 { // looking does not remove
		letters, err := rig.Letters(t.Context(), state.CustomersQueue, 100)
		if err != nil {
			t.Fatal(err)
		}
		if len(letters) != 1 {
			t.Fatalf("%d letters, want 1", len(letters))
		}
		l := letters[0]
		if l.Receives < 1 || l.SentAt.IsZero() {
			t.Errorf("letter with %d receives sent at %v", l.Receives, l.SentAt)
		}
		l.Receives, l.SentAt = 0, time.Time{}
		want := state.Letter{Queue: state.CustomersQueue, ID: poison.ID, Body: []byte("poison"), Group: "g"}
		if diff := cmp.Diff(want, l); diff != "" {
			t.Errorf("letter (-want +got):\n%s", diff)
		}
	}
	if letters, err := rig.Letters(t.Context(), state.CustomersQueue, 0); err != nil || len(letters) != 0 {
		t.Errorf("at most none: got %d letters and error %v", len(letters), err)
	}
	if letters, err := rig.Letters(t.Context(), state.RunsQueue, 10); err != nil || len(letters) != 0 {
		t.Errorf("another queue: got %d letters and error %v", len(letters), err)
	}
}

func testReplay(t *testing.T, rig Rig) {
	ctx := t.Context()
	poison := bury(t, rig)
	for _, id := range []string{"", "no such letter", state.CustomersQueue + "-000000000099"} {
		wantErr(t, "replay of "+id, rig.Replay(ctx, state.CustomersQueue, id), state.ErrNotFound)
	}
	if err := rig.Replay(ctx, state.CustomersQueue, poison.ID); err != nil {
		t.Fatal(err)
	}
	c := consume(t, rig, state.CustomersQueue, ConsumeOptions{}, nil)
	got := c.await(1)
	c.settled("poison")
	if got[0].Group != "g" || got[0].Receives != 1 {
		t.Errorf("replayed with group %q and %d receives, want g and 1", got[0].Group, got[0].Receives)
	}
	wantErr(t, "second replay", rig.Replay(ctx, state.CustomersQueue, poison.ID), state.ErrNotFound)
	if letters, err := rig.Letters(ctx, state.CustomersQueue, 10); err != nil || len(letters) != 0 {
		t.Errorf("after the replay: got %d letters and error %v", len(letters), err)
	}
}

func testMessageRefusals(t *testing.T, rig Rig) {
	good := fifo("g", "good")
	for name, m := range map[string]state.Outgoing{
		"no body": {Group: "g", DedupID: "1"}, "no group": {Body: []byte("x"), DedupID: "1"},
		"no deduplication id": {Body: []byte("x"), Group: "g"}, "a control character": {Body: []byte("x\x00"), Group: "g", DedupID: "1"},
		"too large": {Body: []byte(strings.Repeat("x", 300<<10)), Group: "g", DedupID: "1"},
		"a delay":   {Body: []byte("x"), Group: "g", DedupID: "1", Delay: time.Second},
	} {
		if err := rig.Send(t.Context(), state.CustomersQueue, good, m); err == nil {
			t.Errorf("FIFO queue: a message with %s was accepted", name)
		}
	}
	for name, m := range map[string]state.Outgoing{
		"no body": {}, "a group": {Body: []byte("x"), Group: "g"}, "a negative delay": {Body: []byte("x"), Delay: -time.Second},
	} {
		if err := rig.Send(t.Context(), state.RunsQueue, m); err == nil {
			t.Errorf("standard queue: a message with %s was accepted", name)
		}
	}
	_, letters := rig.Letters(t.Context(), "nowhere", 1)
	for what, err := range map[string]error{
		"send": rig.Send(t.Context(), "nowhere", good), "replay": rig.Replay(t.Context(), "nowhere", "1"), "letters": letters,
	} {
		if err == nil || errors.Is(err, state.ErrNotFound) {
			t.Errorf("%s: got error %v, want one about the queue", what, err)
		}
	}
	// Nothing of a refused call was sent.
	send(t, rig, state.CustomersQueue, fifo("g", "last"))
	consume(t, rig, state.CustomersQueue, ConsumeOptions{}, nil).settled("last")
}
