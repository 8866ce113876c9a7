package aws

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"

	"uniview-bridge/pkg/state"
)

// FromEnv opens the platform that a function's environment names: BRIDGE_TABLE,
// BRIDGE_QUEUE_…, BRIDGE_DLQ_… and BRIDGE_SECRET_…. A function is given only the
// names it needs; the SDK's own variables count as usual.
func FromEnv(ctx context.Context, lookup func(string) (string, bool)) (*Platform, error) {
	c := Config{Queues: map[string]string{}, DeadLetterQueues: map[string]string{}, Secrets: map[string]string{}, Now: time.Now}
	c.Table, _ = lookup("BRIDGE_TABLE")
	if c.Table == "" {
		return nil, errors.New("BRIDGE_TABLE is not set: it names the DynamoDB table of the stack")
	}
	for into, from := range map[*map[string]string]struct {
		prefix string
		names  []string
	}{
		&c.Queues:           {"BRIDGE_QUEUE_", []string{state.RunsQueue, state.CustomersQueue, state.AlertsQueue}},
		&c.DeadLetterQueues: {"BRIDGE_DLQ_", []string{state.RunsQueue, state.CustomersQueue, state.AlertsQueue}},
		&c.Secrets:          {"BRIDGE_SECRET_", []string{string(state.UniView), string(state.ITGlue), string(state.ConnectWise)}},
	} {
		for _, name := range from.names {
			if v, ok := lookup(from.prefix + strings.ToUpper(name)); ok && v != "" {
				(*into)[name] = v
			}
		}
	}
	sdk, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("AWS configuration: %w", err)
	}
	return New(c, sdk), nil
}
