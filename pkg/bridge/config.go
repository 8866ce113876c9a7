package bridge

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strconv"
	"strings"

	"uniview-bridge/pkg/connection"
	"uniview-bridge/pkg/state"
)

// Lookup is os.LookupEnv, or a test's stand-in.
type Lookup func(name string) (value string, ok bool)

// Config is what the environment says (design §5). It holds no secret.
type Config struct {
	UniViewAPI, UniViewToken, ITGlueAPI string
	AllowInsecure                       bool
	Rates                               map[state.Vendor]connection.Rate
	LogLevel                            slog.Level
}

// FromEnv reads the configuration; its error names every variable that is wrong.
// onLambda refuses what is for one machine only.
func FromEnv(lookup Lookup, onLambda bool) (Config, error) {
	var errs []error
	get := func(name string) string {
		v, _ := lookup(name)
		return strings.TrimSpace(v)
	}
	address := func(name string) string {
		v := get(name)
		if v == "" {
			return ""
		}
		if u, err := url.Parse(v); err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
			errs = append(errs, fmt.Errorf("%s must be an address such as https://host.example", name))
		}
		return v
	}
	number := func(name string) float64 {
		v := get(name)
		if v == "" {
			return 0
		}
		f, err := strconv.ParseFloat(v, 64)
		if err != nil || f < 0 {
			errs = append(errs, fmt.Errorf("%s must be a number, not %q", name, v))
		}
		return f
	}
	c := Config{
		UniViewAPI: address("UNIVIEW_API_URL"), UniViewToken: address("UNIVIEW_TOKEN_URL"), ITGlueAPI: address("ITGLUE_API_URL"),
		Rates: map[state.Vendor]connection.Rate{},
	}
	for vendor, prefix := range map[state.Vendor]string{state.UniView: "UNIVIEW", state.ITGlue: "ITGLUE", state.ConnectWise: "CONNECTWISE"} {
		c.Rates[vendor] = connection.Rate{PerSecond: number(prefix + "_RATE"), Burst: int(number(prefix + "_BURST"))}
	}
	switch v := get("BRIDGE_ALLOW_INSECURE_VENDORS"); v {
	case "", "false":
	case "true":
		if onLambda {
			errs = append(errs, errors.New("BRIDGE_ALLOW_INSECURE_VENDORS is for one machine only and refused on Lambda"))
		}
		c.AllowInsecure = true
	default:
		errs = append(errs, fmt.Errorf("BRIDGE_ALLOW_INSECURE_VENDORS must be true or false, not %q", v))
	}
	if v := get("BRIDGE_LOG_LEVEL"); v != "" {
		if err := c.LogLevel.UnmarshalText([]byte(v)); err != nil {
			errs = append(errs, fmt.Errorf("BRIDGE_LOG_LEVEL must be debug, info, warn or error, not %q", v))
		}
	}
	return c, errors.Join(errs...)
}
