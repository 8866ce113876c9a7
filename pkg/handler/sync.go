package handler

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-lambda-go/events"

	"uniview-bridge/pkg/state"
)

// Sync handles what the sync function is triggered by: a schedule's input, or
// messages of the runs queue.
type Sync struct {
	Runs     Queue
	Schedule func(ctx context.Context, scope state.Scope) error
}

// schedule is the input that the template gives the two schedules.
type schedule struct {
	Version int         `json:"version"`
	Source  string      `json:"source"`
	Scope   state.Scope `json:"scope"`
}

// Handle is the Lambda handler.
func (s Sync) Handle(ctx context.Context, raw json.RawMessage) (any, error) {
	var shape struct {
		Records json.RawMessage `json:"Records"`
	}
	if err := json.Unmarshal(raw, &shape); err != nil {
		return nil, fmt.Errorf("sync event is not a JSON object: %w", err)
	}
	if shape.Records != nil {
		var event events.SQSEvent
		if err := json.Unmarshal(raw, &event); err != nil {
			return nil, fmt.Errorf("sync event is not an SQS event: %w", err)
		}
		return s.Runs.Handle(ctx, event)
	}
	var in schedule
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		return nil, fmt.Errorf("sync event is neither a schedule's input nor an SQS event: %w", err)
	}
	if in.Version != state.MessageVersion || in.Source != "schedule" {
		return nil, fmt.Errorf("sync event has version %d and source %q, expected version %d and source \"schedule\"", in.Version, in.Source, state.MessageVersion)
	}
	if err := s.Schedule(ctx, in.Scope); err != nil {
		return nil, err
	}
	return map[string]string{"status": "ok"}, nil
}
