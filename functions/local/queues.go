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

// How the queues are worked off; the template says the same to AWS.
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
	// A run that a crash interrupted goes on by itself, and may be faster.
	var held *state.HeldError
	if _, err := b.Account.Request(ctx, state.ScopeAll, "", "start"); err != nil && !errors.As(err, &held) {
		return err
	}
	documentation, alerts := time.NewTicker(c.documentationEvery), time.NewTicker(c.alertsEvery)
	defer documentation.Stop()
	defer alerts.Stop()
	sync := b.SyncHandler()
	for {
		scope := state.ScopeDocumentation
		select {
		case <-ctx.Done():
			return nil
		case <-documentation.C:
		case <-alerts.C:
			scope = state.ScopeAlerts
		}
		input := fmt.Appendf(nil, `{"version":%d,"source":"schedule","scope":%q}`, state.MessageVersion, scope)
		if _, err := sync.Handle(ctx, input); err != nil && ctx.Err() == nil {
			log.ErrorContext(ctx, "scheduled sync failed", slog.String("scope", string(scope)), slog.String("error", err.Error()))
		}
	}
}
