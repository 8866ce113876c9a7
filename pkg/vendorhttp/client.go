package vendorhttp

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"
)

const maxErrorBody = 1 << 20

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
	// Ports, when given with PublicOnly, are the ports besides 443 that may be
	// used. Empty means: whatever port the request's URL names.
	Ports []string
	// Secrets are texts that never appear in errors, beside the values of
	// authorization headers, which are always kept out.
	Secrets []string

	// ParseError reads the vendor's error bodies, default [DefaultParseError].
	ParseError ParseError
	// Classify may give another kind than the status suggests; "" keeps it.
	Classify func(status int, header http.Header, body []byte) Kind
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
	safe := newRedactor(secrets, header)
	if err := checkURL(r.URL, &c.o); err != nil {
		return nil, &Error{Vendor: c.o.Vendor, Op: r.Op, Kind: Invalid, Message: safe.text(err.Error(), maxMessage)}
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
		last = c.fail(ctx, r, safe, resp, err)
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
				safe = newRedactor(secrets, r.Header, header)
				attempt-- // not one of the retries
				continue
			}
		}
		if ctx.Err() != nil || attempt >= c.o.Retries {
			return nil, last
		}
		if retry, _ := Verdict(verdictMethod, last.Status, err); !retry {
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

// attempt sends the request once. A response with an error means that the
// answer's status came but not its whole body.
func (c *Client) attempt(ctx context.Context, r Request, header http.Header) (*Response, error) {
	actx, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	var body io.Reader
	if r.Body != nil {
		body = bytes.NewReader(r.Body)
	}
	req, err := http.NewRequestWithContext(actx, r.Method, r.URL.String(), body)
	if err != nil {
		return nil, errRefused
	}
	req.GetBody = nil // the transport must not replay a body on its own
	req.Header = header.Clone()
	req.Header.Set("User-Agent", c.o.UserAgent)
	if req.Header.Get("Accept") == "" {
		req.Header.Set("Accept", "application/json")
	}
	if r.Body != nil {
		ct := r.ContentType
		if ct == "" {
			ct = "application/json"
		}
		req.Header.Set("Content-Type", ct)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, attemptError(ctx, err)
	}
	defer res.Body.Close()
	limit := c.o.MaxBody
	if res.StatusCode/100 != 2 {
		limit = min(limit, maxErrorBody)
	}
	out := &Response{Status: res.StatusCode, Header: res.Header}
	out.Body, err = io.ReadAll(io.LimitReader(res.Body, limit+1))
	if err == nil && int64(len(out.Body)) > limit {
		out.Body, err = out.Body[:limit], errTooLarge
	}
	if out.Status/100 != 2 {
		return out, nil // an error's status counts, however much of its body came
	}
	if err != nil {
		return out, attemptError(ctx, err)
	}
	return out, nil
}

// errAttemptTimeout is an attempt that took longer than Options.Timeout while
// the caller's context is still alive. It is a missing answer like any other.
var errAttemptTimeout = errors.New("no answer within the time allowed for one attempt")

// attemptError strips the URL from a transport error and tells an attempt's
// timeout from the end of the caller's context.
func attemptError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return errAttemptTimeout
	}
	if _, ok := certificateMessage(err); ok {
		return errors.Join(errCertificate, err)
	}
	for {
		var ue *url.Error
		if !errors.As(err, &ue) {
			return err
		}
		err = ue.Err
	}
}

// uncertain reports whether a write with this outcome may have happened.
func uncertain(resp *Response, err error) bool {
	switch {
	case resp != nil && (resp.Status/100 == 2 || resp.Status >= 500 || resp.Status == http.StatusRequestTimeout):
		return true
	case resp != nil:
		return false
	case errors.Is(err, errRefused), errors.Is(err, errCertificate):
		return false
	}
	// A connection that was never made carried nothing.
	var errno syscall.Errno
	return !(errors.As(err, &errno) && errno == syscall.ECONNREFUSED)
}

func (c *Client) waitError(ctx context.Context, r Request, err error) *Error {
	e := &Error{Vendor: c.o.Vendor, Op: r.Op, Where: where(r.URL), Kind: RateLimited, Message: "not sent: our own request limit would pass the deadline", err: err}
	if !errors.Is(err, ErrDeadline) {
		e.Kind, e.Message = Network, "not sent: the context ended while waiting for our own request limit"
		e.err = cause(err)
	}
	return e
}

// fail builds the error of one attempt.
func (c *Client) fail(ctx context.Context, r Request, safe redactor, resp *Response, err error) *Error {
	e := &Error{Vendor: c.o.Vendor, Op: r.Op, Where: safe.text(where(r.URL), maxMessage), Kind: Network, err: cause(err)}
	if resp != nil {
		e.Status = resp.Status
		e.RequestID = safe.text(requestID(resp.Header), maxCode)
		e.RetryAfter = parseRetryAfter(resp.Header.Get("Retry-After"), c.o.Now())
	}
	if err != nil {
		switch msg, isCert := certificateMessage(err); {
		case isCert:
			e.Kind, e.Message = Certificate, msg
		case errors.Is(err, errTooLarge):
			e.Kind, e.Message = TooLarge, "the answer is larger than the cap"
		case errors.Is(err, errRefused):
			e.Kind, e.Message = Invalid, safe.text(err.Error(), maxMessage)
		case ctx.Err() != nil:
			e.Message = "no answer before the context ended"
		case resp != nil:
			e.Message = "the answer was cut: " + safe.text(err.Error(), maxMessage-20)
		default:
			e.Message = "no answer: " + safe.text(err.Error(), maxMessage-20)
		}
		return e
	}
	if resp.Status/100 == 3 {
		e.Kind, e.Message = Invalid, "the server answered with a redirect, which is not followed; correct the address"
		return e
	}
	e.Kind = kindOfStatus(resp.Status)
	if c.o.Classify != nil {
		if k := c.o.Classify(resp.Status, resp.Header, resp.Body); k != "" {
			e.Kind = k
		}
	}
	code, message, details := c.o.ParseError(resp.Status, resp.Header, resp.Body)
	e.Code, e.Message = safe.text(code, maxCode), safe.text(message, maxMessage)
	for _, d := range details[:min(len(details), maxDetails)] {
		e.Details = append(e.Details, safe.text(d, maxMessage))
	}
	return e
}

// cause keeps of an error only what carries no outside text.
func cause(err error) error {
	for _, known := range []error{context.Canceled, context.DeadlineExceeded, io.ErrUnexpectedEOF, io.EOF, ErrDeadline} {
		if errors.Is(err, known) {
			return known
		}
	}
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno
	}
	return nil
}

func requestID(h http.Header) string {
	for _, name := range []string{"X-Request-Id", "X-Cw-Request-Id", "Request-Id", "X-Correlation-Id", "X-Amzn-Requestid", "Cf-Ray"} {
		if v := h.Get(name); v != "" {
			return v
		}
	}
	return ""
}

func where(u *url.URL) string {
	if u == nil {
		return ""
	}
	return clean(u.Host+"/"+strings.TrimPrefix(u.EscapedPath(), "/"), maxMessage)
}
