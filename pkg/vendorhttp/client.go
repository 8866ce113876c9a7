package vendorhttp

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"time"
)

// Options configure a [Client]. Zero values are the defaults named.
type Options struct {
	Vendor    string        // "uniview", "itglue", "connectwise": used in errors
	HTTP      *http.Client  // nil = a safe default; a given one is copied, its redirects are refused and its cookies dropped
	Limit     *Limiter      // shared by all concurrent users of the account; nil = no limit
	MaxBody   int64         // cap of one answer, default 64 MiB
	UserAgent string        // default "uniview-bridge/<version>"
	Timeout   time.Duration // per attempt, default 60 s
	Retries   int           // extra attempts for reads, default 4; negative = none

	Sleep func(context.Context, time.Duration) error // default a timer that ends with the context
	Rand  func() float64                             // jitter in [0,1), default math/rand/v2
	Now   func() time.Time                           // default time.Now; used for Retry-After dates

	// AllowInsecure allows plain http to loopback addresses, for sandboxes.
	AllowInsecure bool
	// PublicOnly refuses to dial addresses that are not public, for hosts that
	// people type in. It works for the default HTTP client only; a given HTTP
	// client brings its own dialler.
	PublicOnly bool
	// Ports are the ports besides 443 that may be used with PublicOnly: the one
	// that the person who typed the host set, if any. An answer that names
	// another port leads nowhere.
	Ports []string
	// Secrets are texts that never appear in errors, beside the values of
	// authorization headers, which are always kept out.
	Secrets []string

	// ParseError reads the vendor's error bodies, default [DefaultParseError].
	ParseError ParseError
	// Classify may give another kind than the status suggests; "" keeps it.
	Classify func(status int, header http.Header, body []byte) Kind
	// RequestIDHeaders are the answer's headers that may hold the vendor's id of
	// the request, first choice first. Default X-Request-Id, Request-Id,
	// X-Correlation-Id.
	RequestIDHeaders []string
}

// Client executes requests for one vendor account. It is safe for concurrent
// use. See [New].
type Client struct {
	o    Options
	http *http.Client
}

// New makes a client.
func New(o Options) *Client {
	if o.MaxBody <= 0 {
		o.MaxBody = 64 << 20
	}
	if o.UserAgent == "" {
		o.UserAgent = "uniview-bridge/" + version()
	}
	if o.Timeout <= 0 {
		o.Timeout = 60 * time.Second
	}
	switch {
	case o.Retries == 0:
		o.Retries = 4
	case o.Retries < 0:
		o.Retries = 0
	}
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	if o.Rand == nil {
		o.Rand = rand.Float64
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.ParseError == nil {
		o.ParseError = DefaultParseError
	}
	if len(o.RequestIDHeaders) == 0 {
		o.RequestIDHeaders = []string{"X-Request-Id", "Request-Id", "X-Correlation-Id"}
	}
	hc := o.HTTP
	if hc == nil {
		hc = newHTTP(o.PublicOnly, o.AllowInsecure)
	}
	own := *hc
	own.Jar = nil
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{o: o, http: &own}
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "dev"
}

// Request is one operation.
type Request struct {
	Op          string   // the operation's name for errors: "list customers"
	Method      string   // default GET
	URL         *url.URL // complete
	Header      http.Header
	Body        []byte // nil for none
	ContentType string // default application/json when there is a body
	// Idempotent marks a request that changes nothing though its method is not
	// GET or HEAD, such as a token request. Never set it on a write.
	Idempotent bool
	// Secrets of this request, kept out of its errors (see [Options]).
	Secrets []string
	// OnUnauthorized is called once when a read is answered 401. It returns
	// headers that replace those of the same name, and whether to try again.
	OnUnauthorized func(context.Context) (http.Header, bool)
}

// Response is a 2xx answer, read whole.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// Do sends a request and reads the answer whole. A 2xx answer is a Response;
// everything else is an [*Error].
func (c *Client) Do(ctx context.Context, r Request) (*Response, error) {
	if r.Method == "" {
		r.Method = http.MethodGet
	}
	header := r.Header.Clone()
	if header == nil {
		header = http.Header{}
	}
	secrets := slices.Concat(c.o.Secrets, r.Secrets)
	if r.URL != nil {
		secrets = append(secrets, r.URL.RawQuery)
	}
	safe := func() redactor { return newRedactor(secrets, r.Header, header) } // costly, and needed for failures only
	if err := checkURL(r.URL, &c.o); err != nil {
		return nil, &Error{Vendor: c.o.Vendor, Op: r.Op, Kind: Invalid, Message: safe().text(err.Error(), maxMessage)}
	}
	verdictMethod := r.Method
	if r.Idempotent {
		verdictMethod = http.MethodGet
	}
	read := verdictMethod == http.MethodGet || verdictMethod == http.MethodHead
	asked := false
	var last *Error
	for attempt, sent := 0, 1; ; attempt, sent = attempt+1, sent+1 {
		if err := c.o.Limit.Wait(ctx); err != nil {
			if last != nil {
				return nil, last
			}
			return nil, c.waitError(ctx, r, err)
		}
		resp, err := c.attempt(ctx, r, header)
		if err == nil && resp.Status/100 == 2 {
			return resp, nil
		}
		last = c.fail(ctx, r, safe(), resp, err)
		last.Attempts = sent
		last.Uncertain = !read && uncertain(resp, err)
		if last.Status == http.StatusTooManyRequests {
			c.o.Limit.Pause(min(last.RetryAfter, maxWait))
		}
		if last.Status == http.StatusUnauthorized && read && r.OnUnauthorized != nil && !asked {
			asked = true
			if fresh, again := r.OnUnauthorized(ctx); again && ctx.Err() == nil {
				for name, values := range fresh {
					header[http.CanonicalHeaderKey(name)] = values
				}
				attempt-- // not one of the retries
				continue
			}
		}
		if ctx.Err() != nil || attempt >= c.o.Retries {
			return nil, last
		}
		if retry, _ := verdict(verdictMethod, last.Status, err); !retry {
			return nil, last
		}
		d := backoff(attempt, last.Status, last.RetryAfter, c.o.Rand())
		if d > maxWait || fits(ctx, d) != nil {
			return nil, last
		}
		if c.o.Sleep(ctx, d) != nil {
			return nil, last
		}
	}
}
