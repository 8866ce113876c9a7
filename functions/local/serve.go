package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"uniview-bridge/pkg/bridge"
	"uniview-bridge/pkg/bridge/web"
	"uniview-bridge/pkg/connection"
	"uniview-bridge/pkg/httpapi/access"
	"uniview-bridge/pkg/platform/local"
	"uniview-bridge/pkg/state"
)

// serve runs the bridge until ctx ends or a trial does.
func serve(ctx context.Context, c config, log *slog.Logger) error {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	trying, err := isTrial(ctx, c)
	if err != nil {
		return err
	}
	var t *trial
	folder, now := c.data, time.Now
	if trying {
		folder = filepath.Join(c.data, "trial")
		if t, err = openTrial(ctx, folder, log); err != nil {
			return err
		}
		defer t.close()
		t.configure(&c.bridge)
		if c.clockURL == "" {
			c.clockURL = t.clockURL
		}
	}
	if c.clockURL != "" {
		other, err := newClock(ctx, c.clockURL)
		if err != nil {
			return err
		}
		now = other.Now
	}
	store, err := local.Open(folder, local.Options{Now: now, Log: log})
	if err != nil {
		return err
	}
	defer func() {
		if cerr := store.Close(); cerr != nil {
			log.Error("store", slog.String("error", cerr.Error()))
		}
	}()
	metrics, err := os.OpenFile(filepath.Join(folder, "metrics.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	defer metrics.Close()
	b, err := bridge.New(ctx, bridge.Platform{
		Table: store, Sender: store, Letters: store, Secrets: store.Secrets(), Now: now, Out: metrics,
	}, c.bridge, log)
	if err != nil {
		return err
	}
	// This process alone works on this folder: leases of a killed one are over.
	if err := state.ClearLeases(ctx, store); err != nil {
		return err
	}
	if t != nil {
		err = t.prepare(ctx, b, c.mode)
	} else {
		err = adopt(ctx, b, c.mode)
	}
	if err != nil {
		return err
	}
	return work(ctx, end, c, b, store, t, log)
}

// secretsFolder is where the credentials of real vendors are kept.
func secretsFolder(c config) string { return filepath.Join(c.data, "secrets") }

// isTrial says whether the sandboxes are used: they are wanted, and no
// credentials were ever given.
func isTrial(ctx context.Context, c config) (bool, error) {
	if !c.sandbox {
		return false, nil
	}
	secrets, err := local.OpenSecrets(secretsFolder(c))
	if err != nil {
		return false, err
	}
	for _, kind := range connection.Kinds {
		switch _, err := secrets.Get(ctx, string(kind)); {
		case err == nil:
			return false, nil
		case !errors.Is(err, state.ErrNotFound):
			return false, err
		}
	}
	return true, nil
}

// adopt prepares a start with real vendors: preview, unless told otherwise.
func adopt(ctx context.Context, b *bridge.Bridge, mode state.Mode) error {
	if mode == "" {
		mode = state.Preview
	}
	return firstMode(ctx, b, mode, "BRIDGE_MODE")
}

// work serves the console, the queues and the schedules side by side.
func work(ctx context.Context, end func(error), c config, b *bridge.Bridge, store *local.Store, t *trial, log *slog.Logger) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.addr)
	if err != nil {
		return fmt.Errorf("%w: is the bridge running already? BRIDGE_ADDR chooses another address", err)
	}
	base := "http://" + listener.Addr().String()
	policy := access.NewLocal(access.LocalOptions{
		Token: c.token, Now: time.Now, Print: func(link string) { fmt.Println("Sign in:", link) },
	})
	options := web.Options{Policy: policy, Local: policy}
	if t != nil {
		options.Connections = trialConnections{Keeper: b.Connections, folder: secretsFolder(c), end: end}
	}
	server := &http.Server{
		Handler: web.Handler(b, options), ReadHeaderTimeout: 10 * time.Second,
		BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
	p := printer{b: b, store: store, out: os.Stdout, began: time.Now()}
	p.welcome(base, policy.Link(base), t != nil)

	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	g.Go(func() error {
		<-gctx.Done()
		sctx, cancel := context.WithTimeout(context.WithoutCancel(gctx), 3*time.Second)
		defer cancel()
		return server.Shutdown(sctx)
	})
	consume(gctx, g, b, store)
	g.Go(func() error { return schedule(gctx, c, b, log) })
	g.Go(func() error { return p.follow(gctx) })
	if t != nil {
		g.Go(func() error { t.live(gctx); return nil })
	}
	err = g.Wait()
	if cause := context.Cause(ctx); errors.Is(cause, errRealVendors) {
		return cause
	}
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
