package bridge

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"sync"
	"time"
)

// namespace is the CloudWatch namespace of the bridge's metrics.
const namespace = "UniViewBridge"

// Notices writes metrics as log lines in CloudWatch's embedded metric format: no
// API call in the hot path. An alarm on them notifies the stack's SNS topic.
type Notices struct {
	mu  sync.Mutex
	Out io.Writer
	Now func() time.Time
	Log *slog.Logger
}

// Count writes one count of a metric, with and without its scope as dimension.
func (n *Notices) Count(ctx context.Context, metric, scope, message string) {
	line := map[string]any{
		"_aws": map[string]any{
			"Timestamp": n.Now().UnixMilli(),
			"CloudWatchMetrics": []any{map[string]any{
				"Namespace":  namespace,
				"Dimensions": [][]string{{}, {"Scope"}},
				"Metrics":    []any{map[string]string{"Name": metric, "Unit": "Count"}},
			}},
		},
		"Scope": scope, metric: 1, "message": message,
	}
	raw, err := json.Marshal(line)
	if err != nil {
		n.Log.ErrorContext(ctx, "metric not written", slog.String("metric", metric), slog.String("error", err.Error()))
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, err := n.Out.Write(append(raw, '\n')); err != nil {
		n.Log.ErrorContext(ctx, "metric not written", slog.String("metric", metric), slog.String("error", err.Error()))
	}
}
