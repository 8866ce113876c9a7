package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"golang.org/x/sync/errgroup"

	"uniview-bridge/pkg/bridge"
	"uniview-bridge/pkg/platform/local"
	"uniview-bridge/pkg/state"
)

// How the queues are worked off. Batch sizes and receives are those of the
// template; visibility and concurrency are this machine's own: one process, whose
// rates hold for all its consumers together, needs none of the margins that many
// function instances do.
var consuming = map[string]local.ConsumeOptions{
	state.RunsQueue:      {BatchSize: 1, Concurrency: 2, Visibility: 15 * time.Minute, MaxReceives: 5},
	state.CustomersQueue: {BatchSize: 1, Concurrency: 4, Visibility: 15 * time.Minute, MaxReceives: 5},
	state.AlertsQueue:    {BatchSize: 1, Concurrency: 4, Visibility: 15 * time.Minute, MaxReceives: 5},
}

// consume starts the consumers of all queues, each calling its function's handler
// with the event AWS would send.
func consume(ctx context.Context, g *errgroup.Group, b *bridge.Bridge, store *local.Store) {
	sync, matcher, tickets := b.SyncHandler(), b.MatcherHandler(), b.TicketsHandler()
	for name, handle := range map[string]func(context.Context, json.RawMessage) (any, error){
		state.RunsQueue: sync.Handle,
		state.CustomersQueue: func(ctx context.Context, raw json.RawMessage) (any, error) {
			return queueEvent(ctx, raw, matcher.Handle)
		},
		state.AlertsQueue: func(ctx context.Context, raw json.RawMessage) (any, error) {
			return queueEvent(ctx, raw, tickets.Handle)
		},
	} {
		g.Go(func() error {
			return store.Consume(ctx, name, consuming[name], func(ctx context.Context, batch []local.Message) ([]string, error) {
				return invoke(ctx, name, batch, handle)
			})
		})
	}
}

func queueEvent(ctx context.Context, raw json.RawMessage, handle func(context.Context, events.SQSEvent) (events.SQSEventResponse, error)) (any, error) {
	var event events.SQSEvent
	if err := json.Unmarshal(raw, &event); err != nil {
		return nil, fmt.Errorf("event: %w", err)
	}
	return handle(ctx, event)
}

// invoke hands a batch to a handler as an SQS event and reads which messages failed.
func invoke(ctx context.Context, queue string, batch []local.Message, handle func(context.Context, json.RawMessage) (any, error)) ([]string, error) {
	event := events.SQSEvent{}
	for _, m := range batch {
		record := events.SQSMessage{
			MessageId: m.ID, Body: string(m.Body), EventSource: "aws:sqs", EventSourceARN: "arn:aws:sqs:local:000000000000:" + queue,
			Attributes: map[string]string{
				"ApproximateReceiveCount": strconv.Itoa(m.Receives), "SentTimestamp": strconv.FormatInt(m.SentAt.UnixMilli(), 10),
			},
		}
		if m.Group != "" {
			record.Attributes["MessageGroupId"] = m.Group
		}
		event.Records = append(event.Records, record)
	}
	raw, err := json.Marshal(event)
	if err != nil {
		return nil, fmt.Errorf("event: %w", err)
	}
	out, err := handle(ctx, raw)
	if err != nil {
		return nil, err
	}
	response, ok := out.(events.SQSEventResponse)
	if !ok {
		return nil, fmt.Errorf("handler of %s answered %T", queue, out)
	}
	var failed []string
	for _, f := range response.BatchItemFailures {
		failed = append(failed, f.ItemIdentifier)
	}
	return failed, nil
}

// schedule starts a first sync of everything, then the two schedules, with the
// input the template gives them.
func schedule(ctx context.Context, c config, b *bridge.Bridge, log *slog.Logger) error {
	ready, err := configured(ctx, b)
	if err != nil {
		return err
	}
	if ready {
		// A run that a crash interrupted goes on by itself, and may be faster.
		var held *state.HeldError
		if _, err := b.Account.Request(ctx, state.ScopeAll, "", "start"); err != nil && !errors.As(err, &held) {
			return err
		}
	}
	sync := b.SyncHandler()
	var g errgroup.Group
	for scope, every := range map[state.Scope]time.Duration{
		state.ScopeDocumentation: c.documentationEvery, state.ScopeAlerts: c.alertsEvery,
	} {
		g.Go(func() error {
			tick(ctx, every, func() {
				input := fmt.Appendf(nil, `{"version":%d,"source":"schedule","scope":%q}`, state.MessageVersion, scope)
				if _, err := sync.Handle(ctx, input); err != nil && ctx.Err() == nil {
					log.ErrorContext(ctx, "scheduled sync failed", slog.String("scope", string(scope)), slog.String("error", err.Error()))
				}
			})
			return nil
		})
	}
	return g.Wait()
}

// tick calls do again and again until ctx ends. Each schedule has its own: a slow
// one holds back nobody but itself.
func tick(ctx context.Context, every time.Duration, do func()) {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			do()
		}
	}
}

// configured says whether UniView can be read at all: nothing can be synced
// before somebody entered its credentials.
func configured(ctx context.Context, b *bridge.Bridge) (bool, error) {
	c, _, err := state.LoadConnection(ctx, b.Table, state.UniView)
	if err != nil || c.Status != state.NotConfigured {
		return err == nil, err
	}
	_, err = b.Secrets.Get(ctx, string(state.UniView))
	if errors.Is(err, state.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}
