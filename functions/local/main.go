// Command local is the whole bridge in one process on one machine: store,
// queues, schedules, all functions and the console. While no credentials are
// given it works with three sandbox vendors that hold an invented managed
// service provider.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"uniview-bridge/pkg/state"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.LookupEnv); err != nil {
		fmt.Fprintln(os.Stderr, "uniview-bridge:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends. When real credentials are entered into a trial, it
// begins again with the real vendors.
func run(ctx context.Context, lookup func(string) (string, bool)) error {
	c, err := fromEnv(lookup)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: c.bridge.LogLevel}))
	for {
		err := serve(ctx, c, log)
		if !errors.Is(err, errRealVendors) {
			return err
		}
		c.mode = state.Preview // the trial's mode was for its sandboxes
		fmt.Println("Credentials of a real vendor were entered: the trial ends here, the bridge goes on with the real vendors, in preview.")
	}
}
