package uniview

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"uniview-bridge/pkg/vendorhttp"
)

const (
	opToken         = "get token"
	tokenTimeout    = 45 * time.Second
	defaultLifetime = time.Hour // when expires_in is missing, as other clients assume (uniview.md §2)
	maxLifetime     = 24 * time.Hour
)

// tokens is the source of access tokens. A fetch runs on a context of its own:
// it serves every waiter, so no caller's end may end it, and no caller's context
// outlives the call.
type tokens struct {
	http         *vendorhttp.Client
	url          *url.URL
	id, secret   string
	inBody       bool
	now          func() time.Time
	mu           sync.Mutex
	value        string
	usableBefore time.Time
	flight       *flight
}

// flight is one fetch that any number of callers wait for.
type flight struct {
	done  chan struct{}
	value string
	err   error
}

// get gives a usable token other than stale ("" = any).
func (t *tokens) get(ctx context.Context, stale string) (string, error) {
	t.mu.Lock()
	if t.value != "" && t.value != stale && t.now().Before(t.usableBefore) {
		defer t.mu.Unlock()
		return t.value, nil
	}
	f := t.flight
	if f == nil {
		f = &flight{done: make(chan struct{})}
		t.flight = f
		go t.fly(f) //nolint:gosec // the token outlives the request that asked first: it must not end with its context
	}
	t.mu.Unlock()
	select {
	case <-f.done:
		return f.value, f.err
	case <-ctx.Done():
		return "", vendorhttp.NewError(vendor, opToken, vendorhttp.Network, 0, "no answer before the context ended").Because(ctx.Err())
	}
}

func (t *tokens) fly(f *flight) {
	ctx, cancel := context.WithTimeout(context.Background(), tokenTimeout)
	defer cancel()
	asked := t.now()
	value, lifetime, err := t.fetch(ctx)
	t.mu.Lock()
	defer t.mu.Unlock()
	f.value, f.err = value, err
	t.flight = nil
	if err == nil {
		t.value, t.usableBefore = value, asked.Add(lifetime-min(lifetime/10, time.Minute))
	}
	close(f.done)
}

// fetch asks for a token with the client-credentials grant (uniview.md §2).
func (t *tokens) fetch(ctx context.Context) (string, time.Duration, error) {
	form := url.Values{"grant_type": {"client_credentials"}}
	header := http.Header{}
	if t.inBody {
		form.Set("client_id", t.id)
		form.Set("client_secret", t.secret)
	} else {
		pair := url.QueryEscape(t.id) + ":" + url.QueryEscape(t.secret) // RFC 6749 §2.3.1
		header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pair)))
	}
	resp, err := t.http.Do(ctx, vendorhttp.Request{
		Op: opToken, Method: http.MethodPost, URL: t.url, Header: header, Idempotent: true,
		Body: []byte(form.Encode()), ContentType: "application/x-www-form-urlencoded",
	})
	if err != nil {
		var e *vendorhttp.Error
		if errors.As(err, &e) && e.Kind == vendorhttp.Auth {
			e.Details = append([]string{e.Message}, e.Details...)
			e.Message = "UniView refused the client id or the secret; enter them again, or make new ones in the portal"
		}
		return "", 0, err
	}
	value, lifetime, odd := decodeToken(resp.Body)
	if odd != "" {
		return "", 0, vendorhttp.NewError(vendor, opToken, vendorhttp.Malformed, resp.Status, odd)
	}
	return value, lifetime, nil
}

// decodeToken reads a token answer (RFC 6749 §5.1), or says what is odd about it.
func decodeToken(body []byte) (value string, lifetime time.Duration, odd string) {
	var doc struct {
		AccessToken string      `json:"access_token"`
		TokenType   string      `json:"token_type"`
		ExpiresIn   json.Number `json:"expires_in"`
	}
	if json.Unmarshal(body, &doc) != nil {
		return "", 0, "the answer is not the JSON of a token"
	}
	if doc.AccessToken == "" || len(doc.AccessToken) > 16<<10 || strings.ContainsFunc(doc.AccessToken, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", 0, "the answer holds no usable access token"
	}
	if doc.TokenType != "" && !strings.EqualFold(doc.TokenType, "bearer") {
		return "", 0, "the token is not a bearer token"
	}
	lifetime = defaultLifetime
	if doc.ExpiresIn != "" {
		secs, err := doc.ExpiresIn.Float64()
		if err != nil || secs < 0 {
			return "", 0, "the token's lifetime cannot be read"
		}
		lifetime = time.Duration(min(secs, maxLifetime.Seconds()) * float64(time.Second))
	}
	return doc.AccessToken, lifetime, ""
}
