package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/bridge"
	"uniview-bridge/pkg/connection"
	"uniview-bridge/pkg/demo"
	"uniview-bridge/pkg/platform/local"
	"uniview-bridge/pkg/state"
)

// trial is the sandbox vendors with the world that lives in them.
type trial struct {
	world    *demo.World
	file     string
	servers  []*http.Server
	uniview  string
	itglue   string
	psa      string
	clockURL string
	log      *slog.Logger
}

// openTrial starts the three vendors on loopback ports.
func openTrial(ctx context.Context, folder string, log *slog.Logger) (*trial, error) {
	t := &trial{file: filepath.Join(folder, "world.json"), log: log}
	var err error
	if t.world, err = demo.Open(t.file, demo.Options{}); err != nil {
		return nil, err
	}
	clock := http.NewServeMux()
	clock.Handle("/", serveClock(time.Now))
	for _, v := range []struct {
		address *string
		handler http.Handler
	}{{&t.uniview, t.world.UniView}, {&t.itglue, t.world.ITGlue}, {&t.psa, t.world.ConnectWise}, {&t.clockURL, clock}} {
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("sandbox: %w", err)
		}
		server := &http.Server{Handler: v.handler, ReadHeaderTimeout: 10 * time.Second}
		t.servers = append(t.servers, server)
		*v.address = "http://" + listener.Addr().String()
		go func() {
			if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
				log.Error("sandbox ended", slog.String("error", err.Error()))
			}
		}()
	}
	return t, nil
}

// configure points the bridge at the sandboxes.
func (t *trial) configure(c *bridge.Config) {
	c.UniViewAPI, c.UniViewToken, c.ITGlueAPI = t.uniview, t.uniview+"/connect/token", t.itglue
	c.AllowInsecure = true
}

// prepare gives a fresh trial its credentials, ticket settings and recorded
// approval to write, as a person's set-up would.
func (t *trial) prepare(ctx context.Context, b *bridge.Bridge, mode state.Mode) error {
	for kind, fields := range map[state.Vendor]map[string]string{
		state.UniView: {"clientId": demo.UniViewClientID, "clientSecret": demo.UniViewClientSecret},
		state.ITGlue:  {"region": "us", "apiKey": demo.ITGlueKey},
		state.ConnectWise: {
			"instanceUrl": t.psa, "companyId": demo.ConnectWiseCompany, "publicKey": demo.ConnectWisePublic,
			"privateKey": demo.ConnectWisePrivate, "clientId": demo.ConnectWiseClientID,
		},
	} {
		// The ports differ with every start.
		if _, err := b.Connections.Store(ctx, kind, fields, "trial"); err != nil {
			return err
		}
	}
	settings, err := state.LoadTicketSettings(ctx, b.Table)
	if err != nil {
		return err
	}
	if settings.Defaults.BoardID == 0 {
		d := alert.Defaults()
		d.CompanyID, d.BoardID, d.CloseStatusID, d.PriorityID, d.SourceID = t.world.Desk()
		if err := state.SaveTicketDefaults(ctx, b.Table, d); err != nil {
			return err
		}
	}
	if mode == "" {
		mode = state.Live
	}
	return firstMode(ctx, b, mode, "trial: demo approval")
}

// firstMode sets the modes of a first start, preview too, as a recorded act: what
// was once set is a person's to change, not the environment's.
func firstMode(ctx context.Context, b *bridge.Bridge, mode state.Mode, by string) error {
	chosen, err := state.ModesChosen(ctx, b.Table)
	if err != nil || chosen {
		return err
	}
	for _, side := range []state.Vendor{state.ITGlue, state.ConnectWise} {
		if err := b.Account.GoLive(ctx, side, mode, by); err != nil {
			return err
		}
	}
	return nil
}

// live lets the world go on and keeps what was written into it.
func (t *trial) live(ctx context.Context) {
	tick := time.NewTicker(3 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			t.world.Live()
			t.save()
		}
	}
}

func (t *trial) save() {
	if err := t.world.Save(t.file); err != nil {
		t.log.Error("trial not kept", slog.String("error", err.Error()))
	}
}

func (t *trial) close() {
	for _, s := range t.servers {
		if err := s.Close(); err != nil {
			t.log.Warn("sandbox", slog.String("error", err.Error()))
		}
	}
	t.save()
}

// errRealVendors ends a trial: real credentials were entered.
var errRealVendors = errors.New("real credentials were entered")

// trialConnections takes credentials entered during a trial for real ones: they
// are kept in the real data folder, and the bridge begins again with them.
type trialConnections struct {
	*connection.Keeper
	data string
	own  bridge.Config // what the environment says, not the sandboxes' addresses
	now  func() time.Time
	log  *slog.Logger
	end  func(error)

	mu sync.Mutex // one at a time opens the real store
}

// Store keeps real credentials and ends the trial.
func (c *trialConnections) Store(ctx context.Context, kind state.Vendor, entered map[string]string, by string) (state.Connection, error) {
	if err := connection.Check(connection.Config{
		UniViewAPI: c.own.UniViewAPI, UniViewToken: c.own.UniViewToken, ITGlueAPI: c.own.ITGlueAPI, AllowInsecure: c.own.AllowInsecure,
	}, kind, entered); err != nil {
		return state.Connection{}, err // the trial goes on: the real store was not begun
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	kept, err := c.keep(ctx, kind, entered, by)
	if err != nil {
		return state.Connection{}, err
	}
	c.end(errRealVendors)
	kept.Reason = "Entered, not tested yet; the trial ends here, and the bridge starts again with the real vendors, in preview"
	return kept, nil
}

// keep begins the real store: in preview, whatever BRIDGE_MODE said of the trial,
// and with who entered what in its audit trail.
func (c *trialConnections) keep(ctx context.Context, kind state.Vendor, entered map[string]string, by string) (kept state.Connection, err error) {
	store, err := local.Open(c.data, local.Options{Now: c.now, Log: c.log})
	if err != nil {
		return kept, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	b, err := bridge.New(ctx, bridge.Platform{
		Table: store, Sender: store, Letters: store, Secrets: store.Secrets(), Now: c.now, Out: io.Discard,
	}, c.own, c.log)
	if err != nil {
		return kept, err
	}
	if err := firstMode(ctx, b, state.Preview, "end of the trial"); err != nil {
		return kept, err
	}
	return b.Connections.Store(ctx, kind, entered, by)
}
