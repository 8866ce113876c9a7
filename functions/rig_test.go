package functions_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/bridge"
	"uniview-bridge/pkg/demo"
	"uniview-bridge/pkg/platform/aws"
	"uniview-bridge/pkg/platform/aws/moto"
	"uniview-bridge/pkg/platform/local"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/state/statetest"
)

// began is when every test world begins.
var began = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// watch is a clock that tests move. A running one also goes on by itself.
type watch struct {
	mu    sync.Mutex
	at    time.Time
	since time.Time // not zero: runs since then
}

func (w *watch) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.since.IsZero() {
		return w.at
	}
	return w.at.Add(time.Since(w.since))
}

func (w *watch) Advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(d)
}

// vendors leads requests to the sandboxes of a world by host name, without sockets.
type vendors struct{ world *demo.World }

func (v vendors) RoundTrip(r *http.Request) (*http.Response, error) {
	switch host := r.URL.Hostname(); host {
	case "uniview.example":
		return v.world.UniView.Transport().RoundTrip(r)
	case "itglue.example":
		return v.world.ITGlue.Transport().RoundTrip(r)
	case "psa.example":
		return v.world.ConnectWise.Transport().RoundTrip(r)
	default:
		return nil, fmt.Errorf("no vendor at %s", host)
	}
}

// rig is a whole bridge over one platform and one world, with a clock.
type rig struct {
	t       *testing.T
	clock   *watch
	world   *demo.World
	b       *bridge.Bridge
	table   *statetest.Counting
	sender  *post
	queues  queues
	through handling        // handles what the queues hold; nil: handle
	known   map[string]bool // runs seen so far
	order   [][]string      // the queues that are worked off at the same time
}

// queues are the queues of a platform as a function's trigger sees them.
type queues interface {
	// deliver has handle work off the named queues until they are empty.
	deliver(ctx context.Context, handle handling, names []string) error
}

// handling handles a batch as a function does and tells the ids of the messages to
// come again. After an error all come again.
type handling func(ctx context.Context, queue string, batch []events.SQSMessage) ([]string, error)

// post counts what is sent, and can be made to send as badly as queues may.
type post struct {
	inner state.Sender
	mu    sync.Mutex
	bad   *statetest.Unreliable
	sent  map[string]int
}

func (p *post) Send(ctx context.Context, queue string, messages ...state.Outgoing) error {
	p.mu.Lock()
	p.sent[queue] += len(messages)
	to := p.inner
	if p.bad != nil {
		to = p.bad
	}
	p.mu.Unlock()
	return to.Send(ctx, queue, messages...)
}

// count tells what was sent since the last call.
func (p *post) count() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer func() { p.sent = map[string]int{} }()
	return p.sent
}

func (p *post) spoil(bad *statetest.Unreliable) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bad = bad; bad != nil {
		bad.Inner = p.inner
	}
}

// platform opens one platform for a test.
type platform func(t *testing.T, clock *watch) (bridge.Platform, queues)

func onLocal(t *testing.T, clock *watch) (bridge.Platform, queues) {
	t.Helper()
	store, err := local.Open(t.TempDir(), local.Options{NoSync: true, Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return bridge.Platform{Table: store, Sender: store, Letters: store, Secrets: store.Secrets()}, &localQueues{store, again}
}

func onAWS(t *testing.T, clock *watch) (bridge.Platform, queues) {
	t.Helper()
	server := moto.Start(t)
	config := server.Stack(t, moto.QueueOptions{Visibility: time.Minute, MaxReceives: maxReceives})
	config.Now = clock.Now
	p := aws.New(config, server.Config())
	return bridge.Platform{Table: p, Sender: p, Letters: p, Secrets: p.Secrets()}, &awsQueues{server, config.Queues}
}

const (
	maxReceives = 5
	again       = 2 * time.Second // until a message whose acknowledgement was lost comes again
)

// newRig puts a bridge over a platform, with credentials stored and ticket
// settings made, in preview.
func newRig(t *testing.T, open platform, o demo.Options) *rig {
	t.Helper()
	clock := &watch{at: began}
	o.Now, o.Epoch, o.Unlimited, o.Calm = clock.Now, began, true, true
	r := &rig{t: t, clock: clock, world: demo.New(o), known: map[string]bool{}, order: [][]string{{state.RunsQueue, state.CustomersQueue, state.AlertsQueue}}}
	on, queues := open(t, clock)
	r.table, r.sender, r.queues = statetest.Count(on.Table), &post{inner: on.Sender, sent: map[string]int{}}, queues
	on.Table, on.Sender, on.Now, on.Out = r.table, r.sender, clock.Now, testWriter{t}
	on.HTTP = &http.Client{Transport: vendors{r.world}}
	log := slog.New(slog.NewTextHandler(testWriter{t}, &slog.HandlerOptions{Level: slog.LevelWarn}))
	fast := map[string]string{
		"UNIVIEW_API_URL": "https://uniview.example", "UNIVIEW_TOKEN_URL": "https://uniview.example/connect/token", "ITGLUE_API_URL": "https://itglue.example",
		"UNIVIEW_RATE": "1000", "UNIVIEW_BURST": "1000", "ITGLUE_RATE": "1000", "ITGLUE_BURST": "1000", "CONNECTWISE_RATE": "1000", "CONNECTWISE_BURST": "1000",
	}
	c, err := bridge.FromEnv(func(name string) (string, bool) { v, ok := fast[name]; return v, ok }, false)
	if err != nil {
		t.Fatal(err)
	}
	if r.b, err = bridge.New(t.Context(), on, c, log); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []state.Vendor{state.UniView, state.ITGlue, state.ConnectWise} {
		r.enter(kind)
	}
	if err := state.SaveTicketDefaults(t.Context(), r.table, ticketSettings(r.world)); err != nil {
		t.Fatal(err)
	}
	return r
}

// ticketSettings are those of a person who chose the demo's board.
func ticketSettings(w *demo.World) alert.Settings {
	d := alert.Defaults()
	d.CompanyID, d.BoardID, d.CloseStatusID, d.PriorityID, d.SourceID = w.Desk()
	return d
}

// credentials are the body of PUT /connections/{kind} for the demo's vendors.
func credentials(kind state.Vendor, psa string) map[string]string {
	switch kind {
	case state.UniView:
		return map[string]string{"clientId": demo.UniViewClientID, "clientSecret": demo.UniViewClientSecret}
	case state.ITGlue:
		return map[string]string{"region": "us", "apiKey": demo.ITGlueKey}
	}
	return map[string]string{
		"instanceUrl": psa, "companyId": demo.ConnectWiseCompany, "publicKey": demo.ConnectWisePublic,
		"privateKey": demo.ConnectWisePrivate, "clientId": demo.ConnectWiseClientID,
	}
}

// enter enters a vendor's credentials, as a person does.
func (r *rig) enter(kind state.Vendor) {
	r.t.Helper()
	if _, err := r.b.Connections.Store(r.t.Context(), kind, credentials(kind, "https://psa.example"), "test"); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) goLive() {
	r.t.Helper()
	for _, side := range []state.Vendor{state.ITGlue, state.ConnectWise} {
		if err := r.b.Account.GoLive(r.t.Context(), side, state.Live, "test"); err != nil {
			r.t.Fatal(err)
		}
	}
}

// sync runs one scheduled sync, through the input EventBridge sends, with all that
// follows from it, and returns its run and progress.
func (r *rig) sync(scope state.Scope) (state.Run, state.Progress) {
	r.t.Helper()
	input := fmt.Appendf(nil, `{"version":1,"source":"schedule","scope":%q}`, scope)
	if _, err := r.b.SyncHandler().Handle(r.t.Context(), input); err != nil {
		r.t.Fatal(err)
	}
	r.deliver()
	var found []state.Run
	for _, run := range r.runs() {
		if !r.known[run.ID] {
			r.known[run.ID] = true
			found = append(found, run)
		}
	}
	if len(found) != 1 || found[0].Scope != scope {
		r.t.Fatalf("a %s sync made the runs %+v, want one", scope, found)
	}
	p, err := state.LoadProgress(r.t.Context(), r.table, found[0].ID)
	if err != nil {
		r.t.Fatal(err)
	}
	return found[0], p
}

func (r *rig) runs() []state.Run {
	r.t.Helper()
	runs, err := state.Runs(r.t.Context(), r.table, "", 100)
	if err != nil {
		r.t.Fatal(err)
	}
	return runs
}

func (r *rig) deliver() {
	r.t.Helper()
	through := r.through
	if through == nil {
		through = r.handle
	}
	for _, names := range r.order {
		if err := r.queues.deliver(r.t.Context(), through, names); err != nil {
			r.t.Fatal(err)
		}
	}
}

// handle gives a batch to the function of its queue, as an SQS event.
func (r *rig) handle(ctx context.Context, queue string, batch []events.SQSMessage) ([]string, error) {
	event := events.SQSEvent{Records: batch}
	var response events.SQSEventResponse
	var err error
	switch queue {
	case state.CustomersQueue:
		response, err = r.b.MatcherHandler().Handle(ctx, event)
	case state.AlertsQueue:
		response, err = r.b.TicketsHandler().Handle(ctx, event)
	default:
		var raw []byte
		if raw, err = json.Marshal(event); err != nil {
			return nil, err
		}
		var out any
		if out, err = r.b.SyncHandler().Handle(ctx, raw); err == nil {
			response = out.(events.SQSEventResponse)
		}
	}
	var failed []string
	for _, f := range response.BatchItemFailures {
		failed = append(failed, f.ItemIdentifier)
	}
	return failed, err
}

// loseAcknowledgements has the functions do their work on some batches and be cut
// off before the queue hears of it, each message once: everything is handled again.
func loseAcknowledgements(handle handling, every int) (lossy handling, lost func() int) {
	var mu sync.Mutex
	seen, n := map[string]bool{}, 0
	return func(ctx context.Context, queue string, batch []events.SQSMessage) ([]string, error) {
		failed, err := handle(ctx, queue, batch)
		mu.Lock()
		defer mu.Unlock()
		fresh := true
		for _, m := range batch {
			fresh = fresh && !seen[m.MessageId]
			seen[m.MessageId] = true
		}
		if n++; fresh && n%every == 0 {
			return nil, errors.New("cut off after the work was done")
		}
		return failed, err
	}, func() int { mu.Lock(); defer mu.Unlock(); return n / every }
}

type localQueues struct {
	store      *local.Store
	visibility time.Duration
}

func (q *localQueues) deliver(ctx context.Context, handle handling, names []string) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, len(names))
	for _, queue := range names {
		go func() {
			ended <- q.store.Consume(ctx, queue, local.ConsumeOptions{BatchSize: 5, Concurrency: 2, Visibility: q.visibility, MaxReceives: maxReceives},
				func(_ context.Context, batch []local.Message) ([]string, error) {
					event := make([]events.SQSMessage, len(batch))
					for i, m := range batch {
						event[i] = message(m.ID, string(m.Body), m.Group)
					}
					return handle(context.WithoutCancel(ctx), queue, event)
				})
		}()
	}
	for quiet := 0; quiet < 3; {
		time.Sleep(time.Millisecond) // the queues run in real time
		quiet++
		for _, queue := range names {
			if visible, inFlight, _, _ := q.store.Depth(queue); visible+inFlight > 0 {
				quiet = 0
			}
		}
	}
	stop()
	var err error
	for range names {
		err = errors.Join(err, <-ended)
	}
	return err
}

func message(id, body, group string) events.SQSMessage {
	m := events.SQSMessage{MessageId: id, Body: body, EventSource: "aws:sqs", Attributes: map[string]string{}}
	if group != "" {
		m.Attributes["MessageGroupId"] = group
	}
	return m
}

type awsQueues struct {
	server *moto.Server
	urls   map[string]string
}

func (q *awsQueues) deliver(ctx context.Context, handle handling, names []string) error {
	client := sqs.NewFromConfig(q.server.Config())
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, len(names))
	for _, queue := range names {
		url := q.urls[queue]
		go func() {
			ended <- q.server.Consume(ctx, url, 5, 1, func(_ context.Context, batch []sqstypes.Message) ([]string, error) {
				ctx := context.WithoutCancel(ctx)
				event := make([]events.SQSMessage, len(batch))
				for i, m := range batch {
					event[i] = message(*m.MessageId, *m.Body, m.Attributes["MessageGroupId"])
				}
				failed, err := handle(ctx, queue, event)
				for _, m := range batch {
					if err == nil && !slices.Contains(failed, *m.MessageId) {
						continue
					}
					// What is to come again comes soon, not after the whole visibility.
					if _, cerr := client.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{
						QueueUrl: &url, ReceiptHandle: m.ReceiptHandle, VisibilityTimeout: int32(again / time.Second),
					}); cerr != nil {
						return nil, cerr
					}
				}
				return failed, err
			})
		}()
	}
	var err error
	for quiet := 0; quiet < 2 && err == nil; {
		time.Sleep(50 * time.Millisecond) // so do these
		quiet++
		for _, queue := range names {
			url := q.urls[queue]
			var out *sqs.GetQueueAttributesOutput
			if out, err = client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []sqstypes.QueueAttributeName{
				sqstypes.QueueAttributeNameApproximateNumberOfMessages, sqstypes.QueueAttributeNameApproximateNumberOfMessagesNotVisible,
			}}); err != nil {
				break
			}
			for _, n := range out.Attributes {
				if n != "0" {
					quiet = 0
				}
			}
		}
	}
	stop()
	for range names {
		err = errors.Join(err, <-ended)
	}
	return err
}

// testWriter sends log lines to the test's own log.
type testWriter struct{ t *testing.T }

func (w testWriter) Write(b []byte) (int, error) {
	if !strings.Contains(string(b), `"_aws"`) {
		w.t.Logf("%s", strings.TrimSpace(string(b)))
	}
	return len(b), nil
}
