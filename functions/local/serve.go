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
	own := c.bridge // the addresses and rules of the real vendors
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
	metrics, err := openLines(filepath.Join(folder, "metrics.log"), maxLines)
	if err != nil {
		return err
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
	var options web.Options
	if t != nil {
		options.Connections = &trialConnections{Keeper: b.Connections, data: c.data, own: own, now: now, log: log, end: end}
	}
	return work(ctx, c, b, store, t, options, log)
}

// secretsFolder is where the credentials of real vendors are kept.
func secretsFolder(c config) string { return filepath.Join(c.data, "secrets") }

// isTrial says whether the sandboxes are used: they are wanted, and the folder
// never belonged to real vendors: it has no store of its own and no credentials.
func isTrial(ctx context.Context, c config) (bool, error) {
	if !c.sandbox {
		return false, nil
	}
	switch _, err := os.Stat(filepath.Join(c.data, "bridge.db")); {
	case err == nil:
		return false, nil
	case !errors.Is(err, os.ErrNotExist):
		return false, fmt.Errorf("data folder: %w", err)
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
		return firstMode(ctx, b, state.Preview, "first start")
	}
	return firstMode(ctx, b, mode, "BRIDGE_MODE")
}

// work serves the console, the queues and the schedules side by side.
func work(ctx context.Context, c config, b *bridge.Bridge, store *local.Store, t *trial, options web.Options, log *slog.Logger) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.addr)
	if err != nil {
		return fmt.Errorf("%w: is the bridge running already? BRIDGE_ADDR chooses another address", err)
	}
	base := "http://" + listener.Addr().String()
	policy := access.NewLocal(access.LocalOptions{
		Token: c.token, Base: base, Now: time.Now, Print: func(link string) { fmt.Println("Sign in:", link) },
	})
	options.Policy, options.Local = policy, policy
	server := &http.Server{
		Handler: web.Handler(b, options), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute,
		BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
	p := printer{b: b, store: store, out: os.Stdout, began: time.Now()}
	ready, err := configured(ctx, b)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	p.welcome(base, policy.Link(base), t != nil)
	if !ready {
		p.nextSteps(base)
	}

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
