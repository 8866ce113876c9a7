package connection

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"uniview-bridge/pkg/connectwise"
	"uniview-bridge/pkg/itglue"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/uniview"
	"uniview-bridge/pkg/vendorhttp"
)

// probeTime bounds the cheap call that tells dead credentials from other trouble.
const probeTime = 15 * time.Second

// Config says where the vendors are and how fast they may be asked.
type Config struct {
	Table   state.Table
	Secrets state.Secrets
	Now     func() time.Time
	Log     *slog.Logger
	Random  func() string

	UniViewAPI, UniViewToken, ITGlueAPI string // empty: the vendors' own addresses
	AllowInsecure                       bool   // plain http to loopback vendors
	Rates                               map[state.Vendor]Rate
	HTTP                                *http.Client // nil: each client's guarded default
}

// Rate is how fast this process may ask one vendor. The zero value means 80 % of
// the vendor's documented window, for an installation of one process.
type Rate struct {
	PerSecond float64
	Burst     int
}

// windows are the documented windows (itglue.md §1.1, connectwise.md §5); UniView
// documents none, so ours is modest (uniview.md §3).
var windows = map[state.Vendor]vendorhttp.LimiterOptions{
	state.UniView:     {PerWindow: uniview.RateLimit, Window: uniview.RateWindow, Burst: 150},
	state.ITGlue:      {PerWindow: itglue.RateLimit, Window: itglue.RateWindow, Burst: 8},
	state.ConnectWise: {PerWindow: 1000, Window: time.Minute, Burst: 20},
}

// Keeper keeps the connections. It is safe for concurrent use.
type Keeper struct {
	cfg    Config
	limits map[state.Vendor]*vendorhttp.Limiter

	mu      sync.Mutex
	clients map[state.Vendor]cached
}

type cached struct {
	version string
	client  tester
}

// tester is what all three clients can do.
type tester interface {
	Test(ctx context.Context) error
}

// New makes a keeper.
func New(cfg Config) *Keeper {
	k := &Keeper{cfg: cfg, limits: map[state.Vendor]*vendorhttp.Limiter{}, clients: map[state.Vendor]cached{}}
	for vendor, o := range windows {
		if r := cfg.Rates[vendor]; r.PerSecond > 0 {
			o.Burst, o.Share = max(1, r.Burst), 1
			o.PerWindow = o.Burst + int(r.PerSecond*o.Window.Seconds())
		}
		// The vendors count real time, whatever clock the bridge is set to.
		k.limits[vendor] = vendorhttp.NewLimiter(o)
	}
	return k
}

// UniView opens the UniView connection.
func (k *Keeper) UniView(ctx context.Context) (state.Session[*uniview.Client], error) {
	return open[*uniview.Client](ctx, k, state.UniView)
}

// ITGlue opens the IT Glue connection.
func (k *Keeper) ITGlue(ctx context.Context) (state.Session[*itglue.Client], error) {
	return open[*itglue.Client](ctx, k, state.ITGlue)
}

// ConnectWise opens the ConnectWise connection.
func (k *Keeper) ConnectWise(ctx context.Context) (state.Session[*connectwise.Client], error) {
	return open[*connectwise.Client](ctx, k, state.ConnectWise)
}

func open[C tester](ctx context.Context, k *Keeper, kind state.Vendor) (state.Session[C], error) {
	client, version, err := k.client(ctx, kind)
	if err != nil {
		return state.Session[C]{}, err
	}
	return state.Session[C]{
		Client: client.(C), //nolint:forcetypeassert // build makes exactly this type for the kind
		Fail:   func(ctx context.Context, err error) error { return k.fail(ctx, kind, version, client, err) },
	}, nil
}

// client returns the client for the credentials as they are now.
func (k *Keeper) client(ctx context.Context, kind state.Vendor) (tester, string, error) {
	c, _, err := state.LoadConnection(ctx, k.cfg.Table, kind)
	if err != nil {
		return nil, "", err
	}
	stopped := c.Status == state.ConnectionStopped
	k.mu.Lock()
	have := k.clients[kind]
	k.mu.Unlock()
	if have.client != nil && have.version == c.Version && !stopped {
		return have.client, have.version, nil
	}
	// The secret may have been changed where it lives, behind the console's back.
	secret, err := k.cfg.Secrets.Get(ctx, string(kind))
	if errors.Is(err, state.ErrNotFound) {
		return nil, "", fmt.Errorf("%s is not configured: enter its credentials: %w", names[kind], state.ErrStopped)
	}
	if err != nil {
		return nil, "", fmt.Errorf("credentials of %s: %w", kind, err)
	}
	if stopped && secret.Version == c.StoppedVersion {
		return nil, "", fmt.Errorf("%s: %s: %w", names[kind], c.Reason, state.ErrStopped)
	}
	values, err := parse(secret)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w: %w", names[kind], err, state.ErrStopped)
	}
	client, err := k.build(kind, values)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %s: %w", names[kind], refused(kind, err).Message, state.ErrStopped)
	}
	if c.Version != secret.Version || stopped {
		if _, err := state.UpdateConnection(ctx, k.cfg.Table, kind, func(c *state.Connection) error {
			if c.Version == secret.Version && c.Status == state.ConnectionOK {
				return state.Unchanged()
			}
			k.renew(c, secret.Version, public(kind, values))
			return nil
		}); err != nil {
			return nil, "", err
		}
	}
	k.mu.Lock()
	k.clients[kind] = cached{secret.Version, client}
	k.mu.Unlock()
	return client, secret.Version, nil
}

// renew puts a connection record to new credentials. Nothing was read with them
// yet, so LastOK is zero until it was.
func (k *Keeper) renew(c *state.Connection, version string, fields map[string]string) {
	c.Back(k.cfg.Now())
	c.Version, c.Fields, c.LastOK = version, fields, time.Time{}
	c.Status, c.Reason, c.Fix, c.StoppedVersion = state.ConnectionOK, "Entered, not tested yet", "", ""
	c.Since = k.cfg.Now()
}

// works notes that the vendor answered with the credentials as they are.
func (k *Keeper) works(c *state.Connection, reason string) {
	now := k.cfg.Now()
	if c.Status != state.ConnectionOK {
		c.Back(now)
		c.Since = now
	}
	c.Status, c.Reason, c.Fix, c.StoppedVersion, c.LastOK = state.ConnectionOK, reason, "", "", now
}

func (k *Keeper) build(kind state.Vendor, v map[string]string) (tester, error) {
	o := vendorhttp.Options{Limit: k.limits[kind], Now: time.Now, AllowInsecure: k.cfg.AllowInsecure, HTTP: k.cfg.HTTP}
	switch kind {
	case state.UniView:
		return uniview.New(uniview.Config{
			APIURL: k.cfg.UniViewAPI, TokenURL: k.cfg.UniViewToken,
			ClientID: v["clientId"], ClientSecret: v["clientSecret"], HTTP: o,
		})
	case state.ITGlue:
		return itglue.New(itglue.Config{Region: v["region"], APIURL: k.cfg.ITGlueAPI, APIKey: v["apiKey"], HTTP: o})
	case state.ConnectWise:
		return connectwise.New(connectwise.Config{
			InstanceURL: v["instanceUrl"], CompanyID: v["companyId"], PublicKey: v["publicKey"], PrivateKey: v["privateKey"], ClientID: v["clientId"],
			AllowInsecure: k.cfg.AllowInsecure, HTTP: k.cfg.HTTP, Limit: k.limits[kind],
		})
	}
	return nil, fmt.Errorf("there is no connection %q", kind)
}

// fail looks at a vendor's error: if the credentials may be at fault, a cheap
// probe decides, and only its refusal stops the connection.
func (k *Keeper) fail(ctx context.Context, kind state.Vendor, version string, client tester, err error) error {
	if !vendorhttp.IsAuth(err) && !vendorhttp.IsForbidden(err) {
		return err
	}
	// The caller's time may be nearly over; the verdict is worth its own.
	pctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), probeTime)
	defer cancel()
	probe := client.Test(pctx)
	if !vendorhttp.IsAuth(probe) {
		return err
	}
	reason, fix := plain(kind, probe)
	stopped := false
	if _, uerr := state.UpdateConnection(pctx, k.cfg.Table, kind, func(c *state.Connection) error {
		stopped = false
		if c.Version != version || c.Status == state.ConnectionStopped {
			return state.Unchanged()
		}
		stopped = true
		c.Status, c.Reason, c.Fix = state.ConnectionStopped, reason, fix
		c.StoppedVersion, c.Since = version, k.cfg.Now()
		return nil
	}); uerr != nil {
		return fmt.Errorf("%w (and the stop could not be recorded: %w)", err, uerr)
	}
	if stopped {
		k.cfg.Log.ErrorContext(ctx, "connection stopped", slog.String("connection", string(kind)), slog.String("reason", reason))
	}
	return fmt.Errorf("%s: %s: %w", names[kind], reason, state.ErrStopped)
}

// Healthy records that a connection works again or still. It writes only when
// that is news: after an outage, and the first time with these credentials.
func (k *Keeper) Healthy(ctx context.Context, kind state.Vendor) error {
	news := func(c state.Connection) bool {
		return c.Status == state.ConnectionError || c.Status == state.ConnectionOK && c.LastOK.IsZero()
	}
	c, _, err := state.LoadConnection(ctx, k.cfg.Table, kind)
	if err != nil || !news(c) {
		return err
	}
	_, err = state.UpdateConnection(ctx, k.cfg.Table, kind, func(c *state.Connection) error {
		if !news(*c) {
			return state.Unchanged()
		}
		reason := "Answers"
		if c.Status == state.ConnectionError {
			reason = "Answers again"
		}
		k.works(c, reason)
		return nil
	})
	return err
}

// Ailing records that a vendor fails though its credentials are good.
func (k *Keeper) Ailing(ctx context.Context, kind state.Vendor, cause error) error {
	_, err := state.UpdateConnection(ctx, k.cfg.Table, kind, func(c *state.Connection) error {
		if c.Status != state.ConnectionOK {
			return state.Unchanged()
		}
		c.Status, c.Since = state.ConnectionError, k.cfg.Now()
		c.Reason, c.Fix = plain(kind, cause)
		return nil
	})
	return err
}

// List returns all three connections.
func (k *Keeper) List(ctx context.Context) ([]state.Connection, error) {
	out := make([]state.Connection, 0, len(Kinds))
	for _, kind := range Kinds {
		c, _, err := state.LoadConnection(ctx, k.cfg.Table, kind)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// Store checks and keeps entered credentials; a blank secret keeps the stored
// one. What is wrong with them comes back as an *InputError.
func (k *Keeper) Store(ctx context.Context, kind state.Vendor, entered map[string]string, by string) (state.Connection, error) {
	stored := map[string]string{}
	secret, err := k.cfg.Secrets.Get(ctx, string(kind))
	switch {
	case err == nil:
		if values, perr := parse(secret); perr == nil {
			stored = values
		}
	case !errors.Is(err, state.ErrNotFound):
		return state.Connection{}, fmt.Errorf("credentials of %s: %w", kind, err)
	}
	values, err := merge(kind, entered, stored)
	if err != nil {
		return state.Connection{}, err
	}
	if _, err := k.build(kind, values); err != nil {
		return state.Connection{}, refused(kind, err)
	}
	raw, err := json.Marshal(values)
	if err != nil {
		return state.Connection{}, fmt.Errorf("credentials of %s: %w", kind, err)
	}
	version, err := k.cfg.Secrets.Put(ctx, string(kind), raw)
	if err != nil {
		return state.Connection{}, fmt.Errorf("credentials of %s: %w", kind, err)
	}
	c, err := state.UpdateConnection(ctx, k.cfg.Table, kind, func(c *state.Connection) error {
		k.renew(c, version, public(kind, values))
		return nil
	})
	if err != nil {
		return c, err
	}
	return c, k.audit(ctx, by, "enter credentials", kind)
}

// refused is a client's refusal to be built, as an error of what was entered.
func refused(kind state.Vendor, err error) *InputError {
	return &InputError{atFault(kind, err), strings.TrimPrefix(err.Error(), string(kind)+": ")}
}

// Check looks entered credentials over for the vendors of a configuration without
// keeping them. What is wrong with them comes back as an *InputError.
func Check(cfg Config, kind state.Vendor, entered map[string]string) error {
	values, err := merge(kind, entered, nil)
	if err != nil {
		return err
	}
	if _, err := New(cfg).build(kind, values); err != nil {
		return refused(kind, err)
	}
	return nil
}

// Forget removes the credentials. Links and history stay.
func (k *Keeper) Forget(ctx context.Context, kind state.Vendor, by string) error {
	if _, ok := fields[kind]; !ok {
		return fmt.Errorf("connection %q: %w", kind, state.ErrNotFound)
	}
	if _, err := k.cfg.Secrets.Put(ctx, string(kind), []byte("{}")); err != nil {
		return fmt.Errorf("credentials of %s: %w", kind, err)
	}
	if _, err := state.UpdateConnection(ctx, k.cfg.Table, kind, func(c *state.Connection) error {
		*c = state.Connection{Kind: kind, Status: state.NotConfigured, Since: k.cfg.Now()}
		return nil
	}); err != nil {
		return err
	}
	k.mu.Lock()
	delete(k.clients, kind)
	k.mu.Unlock()
	return k.audit(ctx, by, "remove credentials", kind)
}

func (k *Keeper) audit(ctx context.Context, by, action string, kind state.Vendor) error {
	return state.AddAudit(ctx, k.cfg.Table, state.Audit{At: k.cfg.Now(), By: by, Action: action, Subject: "connection " + string(kind)}, k.cfg.Random())
}

// TestResult is what a live check of a connection found.
type TestResult struct {
	OK      bool                `json:"ok"`
	Message string              `json:"message"`
	Fix     string              `json:"fix,omitempty"`
	Rights  []connectwise.Right `json:"rights,omitempty"`
}

// testTime bounds Test (design §5: nothing waits on a vendor longer).
const testTime = 20 * time.Second

// Test checks the stored credentials against the vendor now. An answer that the
// connection does not work is a result, not an error.
func (k *Keeper) Test(ctx context.Context, kind state.Vendor) (TestResult, error) {
	if _, ok := fields[kind]; !ok {
		return TestResult{}, fmt.Errorf("connection %q: %w", kind, state.ErrNotFound)
	}
	ctx, cancel := context.WithTimeout(ctx, testTime)
	defer cancel()
	secret, err := k.cfg.Secrets.Get(ctx, string(kind))
	if errors.Is(err, state.ErrNotFound) {
		return TestResult{Message: "No credentials are stored yet.", Fix: "Enter the credentials first."}, nil
	}
	if err != nil {
		return TestResult{}, fmt.Errorf("credentials of %s: %w", kind, err)
	}
	values, err := parse(secret)
	if err != nil {
		return TestResult{Message: capital(err.Error()), Fix: fixReenter}, nil
	}
	client, err := k.build(kind, values)
	if err != nil {
		wrong := refused(kind, err)
		return TestResult{Message: capital(wrong.Message), Fix: fixReenter + " Look at " + wrong.Field + " first."}, nil
	}
	result := TestResult{OK: true, Message: "Connected"}
	if err := client.Test(ctx); err != nil {
		k.cfg.Log.WarnContext(ctx, "connection test failed", slog.String("connection", string(kind)), slog.String("error", err.Error()))
		result = TestResult{}
		if result.Message, result.Fix = plain(kind, err); result.Fix == fixWait {
			result.Fix = "Try again in a few minutes. If it lasts, look at the vendor's status page."
		}
	} else if cw, ok := client.(*connectwise.Client); ok {
		result.Rights = cw.CheckPermissions(ctx)
		for _, r := range result.Rights {
			if r.Verdict == connectwise.Missing && !r.Extra {
				result.OK = false
				result.Message = fmt.Sprintf("Connected, but the security role lacks a right: %s, %s, %s", r.Section, r.Name, r.Level)
				result.Fix = "Set this right to All in the API member's security role (System, Security Roles)."
				break
			}
		}
	}
	reached := result.OK || len(result.Rights) > 0
	_, err = state.UpdateConnection(context.WithoutCancel(ctx), k.cfg.Table, kind, func(c *state.Connection) error {
		c.LastTest = k.cfg.Now()
		switch {
		case !reached || c.Version != secret.Version:
		case result.OK && c.Status != state.ConnectionOK, c.Status == state.ConnectionOK && c.LastOK.IsZero():
			c.Fields = public(kind, values)
			k.works(c, "Tested")
		}
		return nil
	})
	return result, err
}

// capital begins a sentence.
func capital(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
