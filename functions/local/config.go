package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"uniview-bridge/pkg/bridge"
	"uniview-bridge/pkg/state"
)

// config is what the environment says to one machine (design §5).
type config struct {
	bridge   bridge.Config
	addr     string
	data     string
	sandbox  bool       // simulators while there are no credentials
	mode     state.Mode // of a first start; empty: live in a trial, preview with real vendors
	token    string
	clockURL string

	documentationEvery, alertsEvery time.Duration
}

func fromEnv(lookup bridge.Lookup) (config, error) {
	get := func(name, otherwise string) string {
		if v, ok := lookup(name); ok && v != "" {
			return v
		}
		return otherwise
	}
	var errs []error
	every := func(name, otherwise string) time.Duration {
		d, err := time.ParseDuration(get(name, otherwise))
		if err != nil || d < time.Second {
			errs = append(errs, fmt.Errorf("%s must be a duration of at least 1s such as 5m", name))
		}
		return d
	}
	b, err := bridge.FromEnv(lookup, false)
	errs = append(errs, err)
	if _, said := lookup("BRIDGE_LOG_LEVEL"); !said {
		b.LogLevel = slog.LevelWarn
	}
	c := config{
		bridge: b, addr: get("BRIDGE_ADDR", "127.0.0.1:8080"), data: get("BRIDGE_DATA", "data"),
		token: get("BRIDGE_API_TOKEN", ""), clockURL: get("BRIDGE_CLOCK_URL", ""),
		documentationEvery: every("BRIDGE_DOCUMENTATION_EVERY", "1h"), alertsEvery: every("BRIDGE_ALERTS_EVERY", "5m"),
	}
	switch v := get("BRIDGE_SANDBOX", "on"); v {
	case "on":
		c.sandbox = true
	case "off":
	default:
		errs = append(errs, fmt.Errorf("BRIDGE_SANDBOX must be on or off, not %q", v))
	}
	switch v := state.Mode(get("BRIDGE_MODE", "")); v {
	case "", state.Preview, state.Live:
		c.mode = v
	default:
		errs = append(errs, fmt.Errorf("BRIDGE_MODE must be preview or live, not %q", v))
	}
	if host, _, err := net.SplitHostPort(c.addr); err != nil {
		errs = append(errs, fmt.Errorf("BRIDGE_ADDR must be host:port such as 127.0.0.1:8080, not %q", c.addr))
	} else if ip, err := netip.ParseAddr(host); host != "localhost" && (err != nil || !ip.IsLoopback()) {
		errs = append(errs, errors.New("BRIDGE_ADDR must be a loopback address: sign-in on one machine is by a one-time link and a local token only"))
	}
	if c.token != "" && len(c.token) < 8 {
		errs = append(errs, errors.New("BRIDGE_API_TOKEN is shorter than 8 characters"))
	}
	return c, errors.Join(errs...)
}
