package vendorhttp

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"syscall"
)

const maxErrorBody = 1 << 20

// attempt sends the request once. A response with an error means that the
// answer's status came but not its whole body.
func (c *Client) attempt(ctx context.Context, r Request, header http.Header) (*Response, error) {
	actx, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	var asked, got atomic.Bool // for a connection, a connection
	actx = httptrace.WithClientTrace(actx, &httptrace.ClientTrace{
		GetConn: func(string) { asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { got.Store(true) },
	})
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
		if err = attemptError(ctx, err); asked.Load() && !got.Load() {
			err = notSent{err}
		}
		return nil, err
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

// notSent is the error of an attempt that ended before it had a connection, its
// TLS handshake included: whatever ended it, nothing of the request has left.
type notSent struct{ error }

func (e notSent) Unwrap() error { return e.error }

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
		if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
			return notSent{errAttemptTimeout}
		}
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
	if _, ok := errors.AsType[notSent](err); ok {
		return false
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return false
	}
	_, noName := errors.AsType[*net.DNSError](err)
	return !noName && !errors.Is(err, syscall.ECONNREFUSED)
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
		e.RequestID = safe.text(c.requestID(resp.Header), maxCode)
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

func (c *Client) requestID(h http.Header) string {
	for _, name := range c.o.RequestIDHeaders {
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
