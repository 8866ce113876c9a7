package itglue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"uniview-bridge/pkg/vendorhttp"
)

const (
	vendor      = "itglue"
	contentType = "application/vnd.api+json"

	// MaxPageSize is the most records IT Glue returns in a page, whatever is asked for (itglue.md §1.2).
	MaxPageSize = 1000
	// DefaultBulkSize is how many records one bulk write carries; the maximum is not documented (itglue.md §1.1).
	DefaultBulkSize = 50

	// RateLimit is how many requests an account may send in a [RateWindow] (itglue.md §1.1).
	RateLimit = 3000
	// RateWindow is the span that [RateLimit] counts in.
	RateWindow = 5 * time.Minute
)

// Regions are the API addresses by region (itglue.md §1).
var Regions = map[string]string{
	"us": "https://api.itglue.com",
	"eu": "https://api.eu.itglue.com",
	"au": "https://api.au.itglue.com",
}

// Config says which account to talk to. Region or APIURL, and APIKey, are required.
type Config struct {
	Region   string // "us", "eu" or "au"
	APIURL   string // overrides the region's address
	APIKey   string // "ITG.…"; kept out of errors, logs and String
	PageSize int    // records per page, default and maximum 1000
	BulkSize int    // records per bulk write, default 50
	Rereads  int    // how often a list that changed while it was read is read again, default 2; negative = never

	// HTTP is how requests travel: limiter, retries, clock. Vendor, ParseError, Classify and Secrets are set by New;
	// a nil Limit becomes [NewLimiter] with a share of 0.8.
	HTTP vendorhttp.Options
}

// String hides the key.
func (c Config) String() string {
	return fmt.Sprintf("itglue.Config{Region: %q, APIURL: %q, APIKey: [redacted]}", c.Region, c.APIURL)
}

// GoString hides the key.
func (c Config) GoString() string { return c.String() }

// LogValue hides the key.
func (c Config) LogValue() slog.Value {
	return slog.GroupValue(slog.String("region", c.Region), slog.String("api_url", c.APIURL), slog.String("api_key", "[redacted]"))
}

// Client talks to one IT Glue account. It is safe for concurrent use.
type Client struct {
	base     *url.URL
	key      string
	pageSize int
	bulkSize int
	rereads  int
	sleep    func(context.Context, time.Duration) error

	http *vendorhttp.Client // retries reads
	once *vendorhttp.Client // one attempt; for pages that may have to shrink first
}

// String hides the key.
func (c *Client) String() string { return "itglue.Client{" + c.base.Redacted() + "}" }

// GoString hides the key.
func (c *Client) GoString() string { return c.String() }

// LogValue hides the key.
func (c *Client) LogValue() slog.Value { return slog.StringValue(c.String()) }

// NewLimiter returns a limiter for a share (0..1] of the account's documented 3,000 requests in 5 minutes: about 8 a
// second at 0.8. All clients of an account should share one.
func NewLimiter(share float64, now func() time.Time, sleep func(context.Context, time.Duration) error) *vendorhttp.Limiter {
	return vendorhttp.NewLimiter(vendorhttp.LimiterOptions{
		PerWindow: RateLimit, Window: RateWindow, Burst: 8, Share: share, Now: now, Sleep: sleep,
	})
}

// New makes a client, or says what is wrong with the configuration. It sends nothing.
func New(cfg Config) (*Client, error) {
	address := cfg.APIURL
	if address == "" {
		region := strings.ToLower(strings.TrimSpace(cfg.Region))
		if address = Regions[region]; address == "" {
			return nil, fmt.Errorf("itglue: unknown region %q: use us, eu or au", cfg.Region)
		}
	}
	base, err := url.Parse(strings.TrimRight(strings.TrimSpace(address), "/"))
	if err != nil || base.Host == "" || (base.Scheme != "https" && base.Scheme != "http") || base.User != nil || base.RawQuery != "" {
		return nil, errors.New("itglue: the API address must look like https://api.itglue.com")
	}
	key := strings.TrimSpace(cfg.APIKey)
	if key == "" {
		return nil, errors.New("itglue: the API key is missing; an IT Glue administrator makes one under Account, Settings, API Keys")
	}
	if strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, errors.New("itglue: the API key holds characters that no key has; copy it again")
	}
	c := &Client{
		base: base, key: key,
		pageSize: clampSize(cfg.PageSize, MaxPageSize, MaxPageSize),
		bulkSize: clampSize(cfg.BulkSize, DefaultBulkSize, 1000),
		rereads:  cfg.Rereads,
		sleep:    cfg.HTTP.Sleep,
	}
	switch {
	case c.rereads == 0:
		c.rereads = 2
	case c.rereads < 0:
		c.rereads = 0
	}
	if c.sleep == nil {
		c.sleep = sleep
	}
	o := cfg.HTTP
	o.Vendor, o.ParseError, o.Classify = vendor, parseError, classify
	// Not documented; it stands behind Amazon's gateway (itglue.md §1.1).
	o.RequestIDHeaders = []string{"X-Request-Id", "X-Amzn-Requestid"}
	o.Secrets = append(append([]string(nil), o.Secrets...), key)
	if o.Limit == nil {
		o.Limit = NewLimiter(0.8, o.Now, o.Sleep)
	}
	c.http = vendorhttp.New(o)
	o.Retries = -1
	c.once = vendorhttp.New(o)
	return c, nil
}

func clampSize(n, fallback, most int) int {
	if n <= 0 {
		return fallback
	}
	return min(n, most)
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Test reads one organization: the cheapest request that needs a good key.
func (c *Client) Test(ctx context.Context) error {
	_, err := c.read(ctx, c.http, testConnection, url.Values{"page[size]": {"1"}})
	return err
}
