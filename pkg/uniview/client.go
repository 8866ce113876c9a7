package uniview

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"uniview-bridge/pkg/vendorhttp"
)

const vendor = "uniview"

// The vendor's addresses, the same for every tenant (uniview.md §2).
const (
	DefaultAPIURL   = "https://public-api.backup.net"
	DefaultTokenURL = "https://login.backup.net/connect/token"
)

// DefaultPageSize is our choice; the API's maximum is not documented.
const DefaultPageSize = 500

// UniView documents no limit. This is the modest budget we set ourselves.
const (
	RateLimit  = 600
	RateWindow = 5 * time.Minute
)

// NewLimiter returns a limiter for a share (0..1] of our own budget. All clients
// of a portal should share one.
func NewLimiter(share float64, now func() time.Time, sleep func(context.Context, time.Duration) error) *vendorhttp.Limiter {
	return vendorhttp.NewLimiter(vendorhttp.LimiterOptions{
		PerWindow: RateLimit, Window: RateWindow, Burst: 40, Share: share, Now: now, Sleep: sleep,
	})
}

// Config describes one portal. The zero values of all but the credentials are
// usable.
type Config struct {
	APIURL       string // default [DefaultAPIURL]
	TokenURL     string // default [DefaultTokenURL]
	ClientID     string
	ClientSecret string // kept out of errors, logs and String
	TokenInBody  bool   // send the credentials in the token request's body instead of with HTTP Basic
	PageSize     int    // rows per page, default [DefaultPageSize]
	Rereads      int    // how often a list that changed while it was read is read again, default 2; negative = never

	// HTTP is how requests travel: limiter, retries, clock. Vendor, Classify and
	// Secrets are set by New; a nil Limit becomes [NewLimiter] with a share of 0.8.
	HTTP vendorhttp.Options
}

// String hides the secret.
func (c Config) String() string {
	return fmt.Sprintf("uniview.Config{APIURL: %q, TokenURL: %q, ClientID: %q, ClientSecret: [redacted]}", c.APIURL, c.TokenURL, c.ClientID)
}

// GoString hides the secret.
func (c Config) GoString() string { return c.String() }

// LogValue hides the secret.
func (c Config) LogValue() slog.Value {
	return slog.GroupValue(slog.String("api_url", c.APIURL), slog.String("token_url", c.TokenURL),
		slog.String("client_id", c.ClientID), slog.String("client_secret", "[redacted]"))
}

// Client reads one UniView portal. It is safe for concurrent use.
type Client struct {
	base     *url.URL
	pageSize int
	rereads  int
	http     *vendorhttp.Client
	tokens   *tokens
}

// New makes a client, or says what is wrong with the configuration. It sends
// nothing.
func New(cfg Config) (*Client, error) {
	base, err := address("API", cfg.APIURL, DefaultAPIURL)
	if err != nil {
		return nil, err
	}
	login, err := address("token", cfg.TokenURL, DefaultTokenURL)
	if err != nil {
		return nil, err
	}
	id, secret := strings.TrimSpace(cfg.ClientID), strings.TrimSpace(cfg.ClientSecret)
	if id == "" || secret == "" {
		return nil, errors.New("uniview: the client id or the secret is missing; a superuser of the portal makes a pair under Public APIs, Manage APIs or API Access")
	}
	c := &Client{base: base, pageSize: cfg.PageSize, rereads: cfg.Rereads}
	if c.pageSize <= 0 {
		c.pageSize = DefaultPageSize
	}
	switch {
	case c.rereads == 0:
		c.rereads = 2
	case c.rereads < 0:
		c.rereads = 0
	}
	o := cfg.HTTP
	o.Vendor, o.Classify = vendor, classify
	o.Secrets = append(append([]string(nil), o.Secrets...), secret)
	if o.Limit == nil {
		o.Limit = NewLimiter(0.8, o.Now, o.Sleep)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	c.http = vendorhttp.New(o)
	c.tokens = &tokens{http: c.http, url: login, id: id, secret: secret, inBody: cfg.TokenInBody, now: o.Now}
	return c, nil
}

func address(what, given, fallback string) (*url.URL, error) {
	if given = strings.TrimSpace(given); given == "" {
		given = fallback
	}
	u, err := url.Parse(strings.TrimRight(given, "/"))
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("uniview: the %s address must look like %s", what, fallback)
	}
	return u, nil
}

// classify knows that OAuth refuses credentials with 400 as well as with 401
// (RFC 6749 §5.2).
func classify(status int, _ http.Header, body []byte) vendorhttp.Kind {
	if status != http.StatusBadRequest && status != http.StatusUnauthorized {
		return ""
	}
	var doc struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(body, &doc) == nil {
		switch doc.Error {
		case "invalid_client", "unauthorized_client", "invalid_grant":
			return vendorhttp.Auth
		}
	}
	return ""
}

// get reads one page. A 401 is answered with one new token.
func (c *Client) get(ctx context.Context, op, path string, query url.Values) (*vendorhttp.Response, error) {
	token, err := c.tokens.get(ctx, "")
	if err != nil {
		return nil, err
	}
	u := c.base.JoinPath(path)
	u.RawQuery = query.Encode()
	var renewal error
	resp, err := c.http.Do(ctx, vendorhttp.Request{
		Op: op, URL: u, Header: bearer(token),
		OnUnauthorized: func(ctx context.Context) (http.Header, bool) {
			var fresh string
			if fresh, renewal = c.tokens.get(ctx, token); renewal != nil {
				return nil, false
			}
			return bearer(fresh), true
		},
	})
	if renewal != nil {
		return nil, renewal // says more than the 401: the login may just be down
	}
	return resp, err
}

func bearer(token string) http.Header {
	return http.Header{"Authorization": {"Bearer " + token}}
}

// Test checks the credentials with the cheapest read there is.
func (c *Client) Test(ctx context.Context) error {
	const op = "test credentials"
	resp, err := c.get(ctx, op, pathCustomers, url.Values{"page_number": {"1"}, "page_size": {"1"}})
	if err != nil {
		return err
	}
	if _, err := decodeList[Customer](resp.Body); err != nil {
		return vendorhttp.NewError(vendor, op, vendorhttp.Malformed, resp.Status, err.Error())
	}
	return nil
}
