package itglue

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
	_, err := c.get(ctx, "test connection", "organizations", url.Values{"page[size]": {"1"}})
	return err
}

// get reads one document, with retries.
func (c *Client) get(ctx context.Context, op, path string, query url.Values) (*document, error) {
	return c.read(ctx, c.http, op, path, query)
}

func (c *Client) read(ctx context.Context, via *vendorhttp.Client, op, path string, query url.Values) (*document, error) {
	u := c.base.JoinPath(path)
	u.RawQuery = query.Encode()
	res, err := via.Do(ctx, vendorhttp.Request{Op: op, Method: http.MethodGet, URL: u, Header: c.header()})
	if err != nil {
		return nil, err
	}
	d, err := decodeDocument(res.Body)
	if err != nil {
		return nil, vendorhttp.NewError(vendor, op, vendorhttp.Malformed, res.Status, err.Error())
	}
	if len(d.errs) > 0 && len(d.data) == 0 {
		return nil, vendorhttp.NewError(vendor, op, vendorhttp.Malformed, res.Status, "errors in a success answer: "+d.errs[0].String())
	}
	return d, nil
}

// A payload is the data member of a write: one resource object or a list of them.
type payload struct {
	Data any `json:"data"`
}

// A writeResource is one resource object of a write. Attributes hold the id of a record in a bulk write
// (itglue.md §9.1); there is no place for a filter.
type writeResource struct {
	Type          string         `json:"type"`
	Attributes    map[string]any `json:"attributes"`
	Relationships map[string]any `json:"relationships,omitempty"`
}

// write sends one POST or PATCH, once. Its path comes from this package and checked ids only, and it takes no query, so
// that a filter on a write cannot be expressed.
func (c *Client) write(ctx context.Context, op, method, path string, data any) (*document, error) {
	body, err := json.Marshal(payload{Data: data})
	if err != nil {
		return nil, vendorhttp.NewError(vendor, op, vendorhttp.Invalid, 0, "cannot encode the request: "+err.Error())
	}
	res, err := c.http.Do(ctx, vendorhttp.Request{
		Op: op, Method: method, URL: c.base.JoinPath(path), Header: c.header(), Body: body, ContentType: contentType,
	})
	if err != nil {
		return nil, c.judge(ctx, err)
	}
	d, err := decodeDocument(res.Body)
	if err != nil {
		e := vendorhttp.NewError(vendor, op, vendorhttp.Malformed, res.Status, err.Error())
		e.Uncertain = true
		return nil, e
	}
	return d, nil
}

// writeOne sends a write about one record and returns the record as answered.
func (c *Client) writeOne(ctx context.Context, op, method, path string, data writeResource) (*document, *resource, error) {
	d, err := c.write(ctx, op, method, path, data)
	if err != nil {
		return nil, nil, err
	}
	if len(d.data) != 1 || d.data[0].id == "" {
		e := vendorhttp.NewError(vendor, op, vendorhttp.Malformed, 0, fmt.Sprintf("the answer holds %d records, not the one written", len(d.data)))
		e.Uncertain = true
		return nil, nil, e
	}
	return d, d.data[0], nil
}

// judge settles a gateway's 403 on a write: when the key still works for a read, it was the content that was refused.
func (c *Client) judge(ctx context.Context, err error) error {
	var e *vendorhttp.Error
	if !errors.As(err, &e) || e.Status != http.StatusForbidden || e.Kind != vendorhttp.Auth {
		return err
	}
	if c.Test(ctx) != nil {
		return err
	}
	judged := *e
	judged.Kind = vendorhttp.Forbidden
	judged.Message = "refused though the key works: the firewall may dislike the content"
	return &judged
}

func (c *Client) header() http.Header {
	return http.Header{"X-Api-Key": {c.key}, "Accept": {contentType}}
}

// classify tells a refused key from other 403s: the gateway's {"message":"Forbidden"} is about the key (itglue.md §1).
func classify(status int, header http.Header, body []byte) vendorhttp.Kind {
	if status != http.StatusForbidden {
		return ""
	}
	if code, _, _ := parseError(status, header, body); code == codeGateway {
		return vendorhttp.Auth
	}
	return vendorhttp.Forbidden
}

// checkID refuses ids that are not IT Glue's: they are numbers, and they become part of addresses.
func checkID(op, what, id string) error {
	if id != "" && len(id) <= 20 && strings.Trim(id, "0123456789") == "" {
		return nil
	}
	return vendorhttp.NewError(vendor, op, vendorhttp.Invalid, 0, fmt.Sprintf("%s id %q is not a number", what, id))
}

// number writes an id as the number that IT Glue documents.
func number(id string) any {
	if id != "" && len(id) <= 18 && strings.Trim(id, "0123456789") == "" && (id[0] != '0' || id == "0") {
		return json.Number(id)
	}
	return id
}
