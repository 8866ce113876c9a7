package handler

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"uniview-bridge/pkg/state"
)

// Queue handles the messages of one queue.
type Queue struct {
	Name  string // state.RunsQueue, …
	Table state.Table
	Now   func() time.Time
	Log   *slog.Logger
	// Do handles one message body. A *state.PermanentError cannot be mended by
	// repetition; every other error can.
	Do func(ctx context.Context, body []byte) error
	// Notice counts a dead letter.
	Notice func(ctx context.Context, metric, scope, message string)
}

// Handle is the Lambda handler. It never returns an error of its own: failures
// are reported per message.
func (q Queue) Handle(ctx context.Context, event events.SQSEvent) (events.SQSEventResponse, error) {
	response := events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{}}
	failedGroups := map[string]bool{}
	for _, m := range event.Records {
		group := m.Attributes["MessageGroupId"]
		if group != "" && failedGroups[group] {
			response.BatchItemFailures = append(response.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
			continue
		}
		err := q.one(ctx, []byte(m.Body))
		if err == nil {
			continue
		}
		if group != "" {
			failedGroups[group] = true
		}
		response.BatchItemFailures = append(response.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
		q.note(ctx, m, err)
	}
	return response, nil
}

// one handles one body; a panic is an error about this message alone.
func (q Queue) one(ctx context.Context, body []byte) (err error) {
	defer func() {
		if p := recover(); p != nil {
			q.Log.ErrorContext(ctx, "message panicked", slog.String("queue", q.Name), slog.String("stack", string(debug.Stack())))
			err = &state.PermanentError{Reason: fmt.Sprintf("the bridge has a bug that this message brings out: %v", p)}
		}
	}()
	return q.Do(ctx, body)
}

// note keeps the reason of a message that will end as a dead letter.
func (q Queue) note(ctx context.Context, m events.SQSMessage, err error) {
	q.Log.ErrorContext(ctx, "message failed", slog.String("queue", q.Name), slog.String("message", m.MessageId), slog.String("error", err.Error()))
	var permanent *state.PermanentError
	if !errors.As(err, &permanent) {
		return
	}
	letter := state.LetterReason{Queue: q.Name, ID: m.MessageId, Body: m.Body, Reason: permanent.Reason, At: q.Now().UTC()}
	if kerr := state.KeepLetter(context.WithoutCancel(ctx), q.Table, letter); kerr != nil {
		q.Log.ErrorContext(ctx, "reason not kept", slog.String("message", m.MessageId), slog.String("error", kerr.Error()))
	}
	if q.Notice != nil {
		q.Notice(ctx, "DeadLetters", q.Name, permanent.Reason)
	}
}

// Work makes the Do of a queue of work messages.
func Work(handle func(ctx context.Context, w state.Work) error) func(ctx context.Context, body []byte) error {
	return func(ctx context.Context, body []byte) error {
		w, err := state.ParseWork(body)
		if err != nil {
			return err
		}
		return handle(ctx, w)
	}
}

// Runs makes the Do of the runs queue.
func Runs(handle func(ctx context.Context, m state.RunMessage) error) func(ctx context.Context, body []byte) error {
	return func(ctx context.Context, body []byte) error {
		m, err := state.ParseRunMessage(body)
		if err != nil {
			return err
		}
		return handle(ctx, m)
	}
}
