// Command world runs the three sandbox vendors with a small invented managed service
// provider on loopback ports, and a fourth port by which a test drives it: it moves
// the clock, lets alerts and backups happen, plays the technician and reads back what
// stands in the vendors. It prints one line of JSON: addresses, and the credentials
// that a person would type.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"uniview-bridge/pkg/demo"
)

func main() {
	if err := serve(context.Background()); err != nil {
		slog.Error("world failed", slog.Any("error", err))
		os.Exit(1)
	}
}

// began is when every world begins: a Monday morning.
var began = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// watch is a clock that runs, and that a test puts forward.
type watch struct {
	mu      sync.Mutex
	started time.Time
	forward time.Duration
}

func (w *watch) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return began.Add(time.Since(w.started) + w.forward)
}

func (w *watch) advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.forward += d
}

// printed is the line that tells a test where everything is.
type printed struct {
	UniView     address `json:"uniview"`
	ITGlue      address `json:"itglue"`
	ConnectWise address `json:"connectwise"`
	Control     string  `json:"control"`
	Clock       string  `json:"clock"`
}

// address is a vendor with the credentials to type.
type address struct {
	URL         string            `json:"url"`
	Credentials map[string]string `json:"credentials"`
}

func serve(ctx context.Context) error {
	clock := &watch{started: time.Now()}
	c := &control{clock: clock, world: demo.New(demo.Options{
		Customers: 4, Assets: 40, Alerts: 6, Now: clock.now, Epoch: began, Unlimited: true, Calm: true,
	})}
	settle(c.world, began)

	failed := make(chan error, 1)
	var urls []string
	for _, h := range []http.Handler{c.world.UniView, c.world.ITGlue, c.world.ConnectWise, c.handler()} {
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return fmt.Errorf("world: %w", err)
		}
		urls = append(urls, "http://"+listener.Addr().String())
		server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
		go func() {
			if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
				failed <- err
			}
		}()
	}
	line, err := json.Marshal(printed{
		UniView: address{urls[0], map[string]string{"clientId": demo.UniViewClientID, "clientSecret": demo.UniViewClientSecret}},
		ITGlue:  address{urls[1], map[string]string{"region": "us", "apiKey": demo.ITGlueKey}},
		ConnectWise: address{urls[2], map[string]string{
			"instanceUrl": urls[2], "companyId": demo.ConnectWiseCompany, "publicKey": demo.ConnectWisePublic,
			"privateKey": demo.ConnectWisePrivate, "clientId": demo.ConnectWiseClientID,
		}},
		Control: urls[3], Clock: urls[3] + "/clock",
	})
	if err != nil {
		return fmt.Errorf("world: %w", err)
	}
	fmt.Println(string(line))
	return <-failed
}
