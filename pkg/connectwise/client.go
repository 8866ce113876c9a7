package connectwise

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"uniview-bridge/pkg/vendorhttp"
)

// Client talks to one ConnectWise instance. It is safe for concurrent use.
type Client struct {
	cfg    Config
	addr   Address
	http   *vendorhttp.Client
	header http.Header // authentication, clientId and Accept of every call
	keys   keyCache

	mu      sync.Mutex
	route   route
	checked time.Time // when companyinfo last confirmed the route
}

// route is where the API is called.
type route struct {
	host     string
	codebase string
}

// aliasCodebase works on cloud and on premise (connectwise.md §2).
const aliasCodebase = "v4_6_release"

// New makes a client. It calls nothing; errors are about the configuration and
// say what to correct.
func New(cfg Config) (*Client, error) {
	cfg, addr, err := cfg.normalise()
	if err != nil {
		return nil, err
	}
	limit := cfg.Limit
	if limit == nil {
		limit = vendorhttp.NewLimiter(vendorhttp.LimiterOptions{
			PerWindow: requestsPerSpan, Window: requestSpan, Share: limitShare,
		})
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	// The dial guard is on unless a loopback simulator was asked for by name.
	loopback := cfg.AllowInsecure && isLoopback(hostOnly(addr.Site))
	c := &Client{
		cfg: cfg, addr: addr,
		route: route{host: addr.API, codebase: aliasCodebase},
		http: vendorhttp.New(vendorhttp.Options{
			Vendor: vendor, HTTP: cfg.HTTP, Limit: limit, MaxBody: cfg.MaxBody, UserAgent: cfg.UserAgent,
			Timeout: cfg.Timeout, Retries: cfg.Retries, Sleep: cfg.Sleep, Rand: cfg.Rand, Now: cfg.Now,
			AllowInsecure: loopback, PublicOnly: !loopback,
			Ports:            portsOf(addr), // so that nothing discovered leads to another port
			Secrets:          []string{cfg.PublicKey, cfg.PrivateKey, cfg.ClientID},
			RequestIDHeaders: []string{"X-Cw-Request-Id"}, // connectwise.md §2
			ParseError:       parseError, Classify: classify,
		}),
	}
	accept := "application/json"
	if cfg.APIVersion != "" {
		accept = "application/vnd.connectwise.com+json; version=" + cfg.APIVersion
	}
	login := cfg.CompanyID + "+" + cfg.PublicKey + ":" + cfg.PrivateKey
	c.header = http.Header{
		"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(login))},
		"Clientid":      {cfg.ClientID},
		"Accept":        {accept},
	}
	return c, nil
}

// String names the instance and hides the keys.
func (c *Client) String() string { return c.cfg.String() }

// GoString is String, so that %#v does not show the keys either.
func (c *Client) GoString() string { return c.String() }

// LogValue names the instance and hides the keys.
func (c *Client) LogValue() slog.Value { return c.cfg.LogValue() }

// Address is the normalised address of the instance.
func (c *Client) Address() Address { return c.addr }

// call is one API request, without host and code base.
type call struct {
	op     operation
	ids    []int // in the path
	query  url.Values
	header http.Header
	body   any
}

// do sends a call. When the gateway does not know the route, which proves that
// nothing was executed, the code base is discovered and the call sent again,
// once.
func (c *Client) do(ctx context.Context, r call) (*vendorhttp.Response, error) {
	path, err := r.op.path(r.ids)
	if err != nil {
		return nil, err
	}
	var body []byte
	if r.body != nil {
		if body, err = json.Marshal(r.body); err != nil {
			return nil, invalid(r.op, "the request cannot be written as JSON")
		}
	}
	at := c.currentRoute()
	resp, err := c.send(ctx, at, r, path, body)
	if !isUnrouted(err) {
		return resp, err
	}
	next, moved, derr := c.reroute(ctx, at)
	if derr != nil && vendorhttp.IsAuth(derr) {
		return nil, derr // the company is not known here: the better news
	}
	if !moved {
		return nil, err
	}
	return c.send(ctx, next, r, path, body)
}

func (c *Client) send(ctx context.Context, at route, r call, path string, body []byte) (*vendorhttp.Response, error) {
	header := c.header.Clone()
	maps.Copy(header, r.header)
	u := &url.URL{Scheme: c.addr.Scheme, Host: at.host, RawQuery: encodeQuery(r.query)}
	u = u.JoinPath(at.codebase, "apis", "3.0", path)
	resp, err := c.http.Do(ctx, vendorhttp.Request{Op: r.op.String(), Method: operations[r.op].Method, URL: u, Header: header, Body: body})
	var e *vendorhttp.Error
	if errors.As(err, &e) && r.op.write() && e.Status/100 == 3 {
		// Creates are known to be answered with a redirect although the record
		// was made (connectwise.md §5).
		e.Uncertain = true
	}
	return resp, err
}

// encodeQuery percent-encodes everything, spaces included (connectwise.md §4).
func encodeQuery(q url.Values) string {
	return strings.ReplaceAll(q.Encode(), "+", "%20")
}

// decode reads one object. For a write, an unreadable answer leaves the outcome
// open, which the error says.
func decode(resp *vendorhttp.Response, op operation, out any) error {
	if err := json.Unmarshal(resp.Body, out); err != nil {
		return malformed(op, resp.Status, "the answer is not the JSON that was expected")
	}
	return nil
}

func malformed(op operation, status int, message string) error {
	e := vendorhttp.NewError(vendor, op.String(), vendorhttp.Malformed, status, message)
	e.Uncertain = op.write()
	return e
}

func invalid(op operation, message string) error {
	return vendorhttp.NewError(vendor, op.String(), vendorhttp.Invalid, 0, message)
}

func sortedUnique(ids []int) []int {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	return slices.Compact(ids)
}

func hostOnly(hostport string) string {
	u := url.URL{Host: hostport}
	return u.Hostname()
}

// portsOf is the port that the address names, if it names one.
func portsOf(a Address) []string {
	if port := (&url.URL{Host: a.Site}).Port(); port != "" {
		return []string{port}
	}
	return nil
}
