package bridge

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"uniview-bridge/pkg/account"
	"uniview-bridge/pkg/connection"
	"uniview-bridge/pkg/docsync"
	"uniview-bridge/pkg/itglue"
	"uniview-bridge/pkg/plan"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/ticketing"
)

// Platform is where the bridge runs: what pkg/platform/aws and pkg/platform/local
// provide.
type Platform struct {
	Table   state.Table
	Sender  state.Sender
	Letters state.DeadLetters // nil where a function has no business with them
	Secrets state.Secrets
	Now     func() time.Time
	Out     io.Writer    // for metric lines
	HTTP    *http.Client // nil: each vendor client's guarded default
}

// Bridge is the bridge put together.
type Bridge struct {
	Platform
	Config      Config
	Log         *slog.Logger
	Notices     *Notices
	Connections *connection.Keeper
	Account     *account.Service
	Matcher     *docsync.Service
	Tickets     *ticketing.Service
}

// New puts the bridge together. It reads, and on the first start writes, the
// installation's name in the table.
func New(ctx context.Context, p Platform, c Config, log *slog.Logger) (*Bridge, error) {
	installation, err := installation(ctx, p.Table)
	if err != nil {
		return nil, err
	}
	b := &Bridge{Platform: p, Config: c, Log: log, Notices: &Notices{Out: p.Out, Now: p.Now, Log: log}}
	b.Connections = connection.New(connection.Config{
		Table: p.Table, Secrets: p.Secrets, Now: p.Now, Log: log, Random: Random, Rates: c.Rates, HTTP: p.HTTP,
		UniViewAPI: c.UniViewAPI, UniViewToken: c.UniViewToken, ITGlueAPI: c.ITGlueAPI, AllowInsecure: c.AllowInsecure,
	})
	b.Account = &account.Service{
		Table: p.Table, Sender: p.Sender, Health: b.Connections, Now: p.Now, Random: Random, Log: log,
		UniView: b.Connections.UniView, ITGlue: b.Connections.ITGlue, ConnectWise: b.Connections.ConnectWise,
		Installation: installation, Brake: plan.DefaultBrake, Notice: b.Notices.Count,
	}
	b.Matcher = &docsync.Service{
		Table: p.Table, Now: p.Now, Log: log, Installation: installation,
		Open: func(ctx context.Context) (state.Session[docsync.ITGlue], error) {
			return as(ctx, b.Connections.ITGlue, func(c *itglue.Client) docsync.ITGlue { return c })
		},
		Tickets: func(ctx context.Context, customer string) (map[string]string, error) {
			desk, _, err := state.LoadOr(ctx, p.Table, state.DeskKey(customer), state.Desk{})
			return ticketing.TicketsByMachine(desk), err
		},
	}
	b.Tickets = &ticketing.Service{
		Table: p.Table, Now: p.Now, Log: log, Installation: installation, Open: ticketing.Opener(b.Connections.ConnectWise),
		Console: func(ctx context.Context) (string, error) {
			settings, err := docsync.LoadSettings(ctx, p.Table)
			return settings.ConsoleURL, err
		},
	}
	return b, nil
}

// as opens a connection as the interface its user declares.
func as[C, I any](ctx context.Context, open state.Opener[C], view func(C) I) (state.Session[I], error) {
	s, err := open(ctx)
	if err != nil {
		return state.Session[I]{}, err
	}
	return state.Session[I]{Client: view(s.Client), Fail: s.Fail}, nil
}

// Random is a short random text for ids.
func Random() string {
	var b [4]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic(err) // the system has no randomness: nothing can be safe
	}
	return hex.EncodeToString(b[:])
}

var installationKey = state.SettingsKey("installation")

// installation names this installation in the references it leaves at vendors.
// It is made once and never changes.
func installation(ctx context.Context, t state.Table) (string, error) {
	name, _, err := state.Load[string](ctx, t, installationKey)
	if err == nil {
		return name, nil
	}
	if !errors.Is(err, state.ErrNotFound) {
		return "", fmt.Errorf("installation: %w", err)
	}
	if _, err := state.Save(ctx, t, installationKey, Random(), state.New, time.Time{}); err != nil && !errors.Is(err, state.ErrConflict) {
		return "", fmt.Errorf("installation: %w", err)
	}
	name, _, err = state.Load[string](ctx, t, installationKey)
	if err != nil {
		return "", fmt.Errorf("installation: %w", err)
	}
	return name, nil
}
