// Package onlambda is the bridge as AWS Lambda functions need it: put together
// once per cold start from the function's environment, logging JSON lines.
package onlambda

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"uniview-bridge/pkg/bridge"
	"uniview-bridge/pkg/platform/aws"
)

// Build makes the bridge of one function. lookup is os.LookupEnv.
func Build(ctx context.Context, lookup bridge.Lookup) (*bridge.Bridge, error) {
	c, err := bridge.FromEnv(lookup, true)
	if err != nil {
		return nil, fmt.Errorf("environment: %w", err)
	}
	platform, err := aws.FromEnv(lookup)
	if err != nil {
		return nil, fmt.Errorf("environment: %w", err)
	}
	log := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: c.LogLevel}))
	return bridge.New(ctx, bridge.Platform{
		Table: platform, Sender: platform, Letters: platform, Secrets: platform.Secrets(), Now: time.Now, Out: os.Stdout,
	}, c, log)
}

// Fail ends a function that cannot start, with the reason.
func Fail(err error) {
	fmt.Fprintln(os.Stderr, "cannot start:", err)
	os.Exit(1)
}
