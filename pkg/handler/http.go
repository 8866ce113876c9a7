package handler

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
)

// maxBody bounds a request body. API Gateway itself allows 10 MB.
const maxBody = 1 << 20

// HTTP makes the Lambda handler of an http.Handler behind an API Gateway HTTP API
// (payload format 2.0).
func HTTP(h http.Handler) func(ctx context.Context, e events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
	return func(ctx context.Context, e events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
		r, status := request(ctx, e)
		if r == nil {
			return problem(status), nil
		}
		w := &recorder{header: http.Header{}}
		h.ServeHTTP(w, r)
		return w.response(), nil
	}
}

// recorder keeps what a handler writes: the answer goes back as one event.
type recorder struct {
	header http.Header // as the handler sees it
	sent   http.Header // as it was when the status was written
	status int
	body   bytes.Buffer
}

func (w *recorder) Header() http.Header { return w.header }

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status, w.sent = status, w.header.Clone()
	}
}

func (w *recorder) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}

// request rebuilds the HTTP request of an event; on refusal it says the status.
func request(ctx context.Context, e events.APIGatewayV2HTTPRequest) (*http.Request, int) {
	body := e.Body
	if e.IsBase64Encoded {
		raw, err := base64.StdEncoding.DecodeString(e.Body)
		if err != nil {
			return nil, http.StatusBadRequest
		}
		body = string(raw)
	}
	if len(body) > maxBody {
		return nil, http.StatusRequestEntityTooLarge
	}
	path := "/" + strings.TrimPrefix(e.RawPath, "/")
	u, ok := address(path, e.RawQueryString)
	if !ok {
		return nil, http.StatusBadRequest
	}
	// The request is made for "/" and led to its address afterwards: parsed with it,
	// "//x/y" would be path "/y" of a host "x".
	r, err := http.NewRequestWithContext(ctx, e.RequestContext.HTTP.Method, "/", strings.NewReader(body))
	if err != nil {
		return nil, http.StatusBadRequest
	}
	r.URL = u
	for name, value := range e.Headers {
		r.Header.Set(name, value)
	}
	if len(e.Cookies) > 0 {
		r.Header.Set("Cookie", strings.Join(e.Cookies, "; "))
	}
	r.Host = e.RequestContext.DomainName
	r.RequestURI = path
	if u.RawQuery != "" {
		r.RequestURI += "?" + u.RawQuery
	}
	r.RemoteAddr = e.RequestContext.HTTP.SourceIP + ":0"
	return r, 0
}

// address is the URL of a path and query, both as they were received. Control
// characters, written out or in the path escaped, make it none.
func address(path, query string) (*url.URL, bool) {
	u := &url.URL{Path: path, RawQuery: query}
	if decoded, err := url.PathUnescape(path); err == nil && decoded != path {
		u.Path, u.RawPath = decoded, path
	}
	if strings.ContainsFunc(u.Path+path+query, unicode.IsControl) {
		return nil, false
	}
	return u, true
}

func (w *recorder) response() events.APIGatewayV2HTTPResponse {
	w.WriteHeader(http.StatusOK)
	out := events.APIGatewayV2HTTPResponse{StatusCode: w.status, Headers: map[string]string{}}
	for name, values := range w.sent {
		if name == "Set-Cookie" {
			out.Cookies = values
			continue
		}
		out.Headers[name] = strings.Join(values, ", ")
	}
	if body := w.body.Bytes(); utf8.Valid(body) {
		out.Body = string(body)
	} else {
		out.Body, out.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
	}
	return out
}

// problem refuses an event that is no request. It never reached the handler with
// its security headers, so it carries its own.
func problem(status int) events.APIGatewayV2HTTPResponse {
	return events.APIGatewayV2HTTPResponse{
		StatusCode: status,
		Headers: map[string]string{
			"Content-Type":              "application/problem+json",
			"Cache-Control":             "no-store",
			"Content-Security-Policy":   "default-src 'none'; frame-ancestors 'none'",
			"X-Content-Type-Options":    "nosniff",
			"X-Frame-Options":           "DENY",
			"Referrer-Policy":           "same-origin",
			"Strict-Transport-Security": "max-age=31536000",
		},
		Body: fmt.Sprintf(`{"type":"about:blank","title":%q,"status":%d}`+"\n", http.StatusText(status), status),
	}
}
