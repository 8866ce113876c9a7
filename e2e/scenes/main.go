// Command scenes serves the console over an invented state, for the browser tests
// and for looking at pages: scenes -addr 127.0.0.1:8090 -scene busy. It prints a
// one-time link. Nothing is kept and no vendor is asked.
package main

import (
	"context"
	"crypto/rand"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"uniview-bridge/pkg/connection"
	"uniview-bridge/pkg/connectwise"
	"uniview-bridge/pkg/console"
	"uniview-bridge/pkg/console/scenes"
	"uniview-bridge/pkg/httpapi"
	"uniview-bridge/pkg/httpapi/access"
	"uniview-bridge/pkg/httpapi/view"
	"uniview-bridge/pkg/plan"
	"uniview-bridge/pkg/platform/local"
	"uniview-bridge/pkg/review"
	"uniview-bridge/pkg/state"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:0", "where to listen")
	scene := flag.String("scene", "busy", "one of: "+strings.Join(scenes.Names, ", "))
	move := flag.Bool("move", false, "let the sync of the scene go on")
	flag.Parse()
	if err := serve(context.Background(), *addr, *scene, *move); err != nil {
		slog.Error("scenes failed", slog.Any("error", err))
		os.Exit(1)
	}
}

func serve(ctx context.Context, addr, scene string, move bool) error {
	dir, err := os.MkdirTemp("", "scenes")
	if err != nil {
		return fmt.Errorf("scenes: %w", err)
	}
	defer os.RemoveAll(dir)
	store, err := local.Open(dir, local.Options{NoSync: true})
	if err != nil {
		return fmt.Errorf("scenes: %w", err)
	}
	defer store.Close()
	if err := scenes.Seed(ctx, store, scene, time.Now()); err != nil {
		return err
	}
	if move {
		go goOn(ctx, store)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("scenes: %w", err)
	}
	base := "http://" + listener.Addr().String()
	policy := access.NewLocal(access.LocalOptions{Base: base, Token: os.Getenv("BRIDGE_API_TOKEN"), Print: func(link string) { fmt.Println(link) }})
	fmt.Println(policy.Link(base))
	server := &http.Server{Handler: handler(store, policy), ReadHeaderTimeout: 5 * time.Second}
	return server.Serve(listener)
}

// goOn lets a sync at work finish one customer after the other.
func goOn(ctx context.Context, store *local.Store) {
	runs, err := state.Runs(ctx, store, "", 1)
	if err != nil || len(runs) == 0 {
		return
	}
	for i := range runs[0].Messages {
		time.Sleep(300 * time.Millisecond)
		w := state.Work{Version: state.MessageVersion, Run: runs[0].ID, Customer: fmt.Sprintf("c-%04d", i), Index: i}
		if err := state.ReportWork(ctx, store, w, state.Result{Changed: map[string]int{"create flexible asset": 3}, Done: true}, time.Now()); err != nil {
			slog.Warn("the scene stands still", slog.Any("error", err))
			return
		}
	}
}

func handler(store *local.Store, policy *access.Local) http.Handler {
	directory := review.NewDirectory(store)
	model := &view.Model{Table: store, Directory: directory, Letters: store, Now: time.Now, Version: "0.1.0"}
	accounts := connections{store}
	syncs := nothing{store}
	deps := httpapi.Deps{
		Table: store, Letters: store, Connections: accounts, Syncs: syncs, Model: model, Policy: policy,
		Review: &review.Service{Table: store, Directory: directory, Now: time.Now, Random: rand.Text, Request: syncs.Request},
		ConnectWise: func(context.Context) (state.Session[*connectwise.Client], error) {
			return state.Session[*connectwise.Client]{}, fmt.Errorf("scenes ask no vendor: %w", state.ErrStopped)
		},
		Now: time.Now, Random: rand.Text, Version: model.Version, Log: slog.Default(),
	}
	pages := console.New(console.Deps{API: httpapi.NewClient(deps), Model: model, Connections: accounts.List, Syncs: syncs, Local: policy})
	deps.Pages, deps.PageRefuse = pages.Routes(), pages.Refuse
	return httpapi.New(deps)
}

// connections shows what the scene has and changes nothing.
type connections struct{ table state.Table }

func (c connections) List(ctx context.Context) ([]state.Connection, error) {
	var out []state.Connection
	for _, kind := range connection.Kinds {
		one, _, err := state.LoadConnection(ctx, c.table, kind)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

func (connections) Store(context.Context, state.Vendor, map[string]string, string) (state.Connection, error) {
	return state.Connection{}, state.ErrStopped
}

func (connections) Forget(context.Context, state.Vendor, string) error { return state.ErrStopped }

func (connections) Test(context.Context, state.Vendor) (connection.TestResult, error) {
	return connection.TestResult{Message: "scenes ask no vendor"}, nil
}

// nothing stands in for the syncs: it has plans and starts no run.
type nothing struct{ table state.Table }

func (nothing) Request(context.Context, state.Scope, string, string) (string, error) { return "", nil }
func (nothing) Cancel(context.Context, string, string) error                         { return nil }
func (nothing) Approve(context.Context, string, string, string) error                { return nil }
func (nothing) GoLive(context.Context, state.Vendor, state.Mode, string) error       { return nil }

func (n nothing) Plan(ctx context.Context, run string) ([]plan.Change, error) {
	r, _, err := state.LoadRun(ctx, n.table, run)
	if err != nil {
		return nil, err
	}
	if len(r.Excess) == 0 {
		return nil, nil
	}
	var out []plan.Change
	for i := range 24 {
		name := fmt.Sprintf("SRV-ND-%02d", i)
		out = append(out, plan.Change{
			Key: name, Vendor: "itglue", Kind: plan.FlexibleAsset, Action: plan.Create, CustomerID: "c-0000", CustomerName: scenes.Hostile[i%2], Title: name,
			Reason: "the machine is matched and nothing is published yet", Fields: []plan.Field{{Name: "Status", After: "Success"}, {Name: "Last backup", Before: "2026-01-02", After: "2026-01-03"}},
		})
	}
	return out, nil
}
