package connectwise

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"
	"sync"
	"time"

	"uniview-bridge/pkg/vendorhttp"
)

// SignatureHeader carries the signature of a callback.
const SignatureHeader = "X-Content-Signature"

// ErrSignature is wrapped when a callback is not proven to come from the
// configured instance. Its text says which check failed, never the signature.
var ErrSignature = errors.New("callback refused")

// Callback is a verified callback. Treat it as a hint and read the record: the
// entity may be old or, after a delete, missing (connectwise.md §9).
type Callback struct {
	Action    string // added, updated, deleted
	Type      string // ticket, company, ...
	RecordID  int    // id of the record, not of the callback
	MessageID string // for telling repeated deliveries
	Entity    json.RawMessage
}

type callbackBody struct {
	Action    string `json:"Action"`
	Type      string `json:"Type"`
	RecordID  int    `json:"ID"`
	CompanyID string `json:"CompanyId"`
	MessageID string `json:"MessageId"`
	Entity    string `json:"Entity"`
	Metadata  struct {
		KeyURL string `json:"key_url"`
	} `json:"Metadata"`
}

const maxCallback = 1 << 20

// VerifySignature checks a callback's signature over the raw bytes of its body:
// base64(HMAC-SHA256(SHA256(signingKey), body)), compared in constant time
// (connectwise.md §9). A body that was decoded and encoded again does not verify.
func VerifySignature(signingKey string, rawBody []byte, signature string) bool {
	got, err := base64.StdEncoding.DecodeString(strings.TrimSpace(signature))
	if err != nil || signingKey == "" {
		return false
	}
	key := sha256.Sum256([]byte(signingKey))
	mac := hmac.New(sha256.New, key[:])
	mac.Write(rawBody)
	return subtle.ConstantTimeCompare(got, mac.Sum(nil)) == 1
}

// VerifyCallback proves that a callback comes from the configured instance and
// company, and reads it. The key's address stands in the unproven body, so it is
// fetched only over https, only from this instance's own hosts, only from the
// key page, and only for the configured company. Keys are cached, and few are
// fetched in a minute: a RateLimited error is about that, and answering 429 makes
// ConnectWise deliver again. Every refusal wraps ErrSignature; other errors are
// those of the fetch.
func (c *Client) VerifyCallback(ctx context.Context, rawBody []byte, signature string) (Callback, error) {
	if len(rawBody) > maxCallback {
		return Callback{}, fmt.Errorf("%w: the body is too large", ErrSignature)
	}
	var b callbackBody
	if json.Unmarshal(rawBody, &b) != nil {
		return Callback{}, fmt.Errorf("%w: the body is not a callback", ErrSignature)
	}
	if !strings.EqualFold(b.CompanyID, c.cfg.CompanyID) {
		return Callback{}, fmt.Errorf("%w: it is for another company", ErrSignature)
	}
	u, err := c.keyURL(b.Metadata.KeyURL)
	if err != nil {
		return Callback{}, err
	}
	if key := c.keys.get(u.String()); !VerifySignature(key, rawBody, signature) {
		// Not cached, or it was changed meanwhile.
		if key, err = c.fetchKey(ctx, u); err != nil {
			return Callback{}, err
		}
		if !VerifySignature(key, rawBody, signature) {
			return Callback{}, fmt.Errorf("%w: the signature does not fit the body", ErrSignature)
		}
		c.keys.put(u.String(), key)
	}
	return Callback{
		Action: b.Action, Type: b.Type, RecordID: b.RecordID, MessageID: b.MessageID, Entity: json.RawMessage(validJSON(b.Entity)),
	}, nil
}

func validJSON(s string) string {
	if !json.Valid([]byte(s)) {
		return "null"
	}
	return s
}

// keyPage is the path of the page that gives keys, after the code base; a double
// slash in it is usual (connectwise.md §9, Payload 3.0.0).
var keyPage = regexp.MustCompile(`^/[A-Za-z0-9][A-Za-z0-9_.-]{0,40}/system/callbackkey/index\.rails$`)

// keyURL checks the address of a signing key before it is fetched.
func (c *Client) keyURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.User != nil:
		return nil, fmt.Errorf("%w: the key's address cannot be read", ErrSignature)
	case u.Scheme != c.addr.Scheme:
		return nil, fmt.Errorf("%w: the key's address is not https", ErrSignature)
	case !c.ownHost(u.Host):
		return nil, fmt.Errorf("%w: the key's address is not on the configured ConnectWise host", ErrSignature)
	case !keyPage.MatchString(path.Clean(u.Path)):
		return nil, fmt.Errorf("%w: the key's address is not the key page", ErrSignature)
	case !strings.EqualFold(u.Query().Get("companyName"), c.cfg.CompanyID):
		return nil, fmt.Errorf("%w: the key is of another company", ErrSignature)
	}
	u.Fragment = ""
	return u, nil
}

// ownHost says whether a host is the configured site, its api- twin, or the API
// host that companyinfo named.
func (c *Client) ownHost(host string) bool {
	return c.addr.Knows(host) || strings.EqualFold(host, c.currentRoute().host)
}

// fetchKey reads a signing key: plainly first, and with credentials when that is
// refused, because sources differ on what is needed (connectwise.md §9).
func (c *Client) fetchKey(ctx context.Context, u *url.URL) (string, error) {
	const op = readCallbackKey
	if !c.keys.mayFetch(c.cfg.Now()) {
		return "", vendorhttp.NewError(vendor, op.String(), vendorhttp.RateLimited, 0, "not sent: too many callbacks with unknown keys in the last minute")
	}
	r := vendorhttp.Request{Op: op.String(), Method: http.MethodGet, URL: u}
	resp, err := c.http.Do(ctx, r)
	if vendorhttp.IsAuth(err) || vendorhttp.IsForbidden(err) {
		r.Header = c.header.Clone()
		resp, err = c.http.Do(ctx, r)
	}
	if err != nil {
		return "", err
	}
	var w struct {
		SigningKey string `json:"signing_key"`
	}
	if err := decode(resp, op, &w); err != nil {
		return "", err
	}
	if w.SigningKey == "" {
		return "", malformed(op, resp.Status, "the answer holds no signing key")
	}
	return w.SigningKey, nil
}

// keyCache keeps the few signing keys in use; only keys that verified a body
// are kept, so a forger cannot fill it, and fetches are counted, so that he
// cannot use up the request window either.
type keyCache struct {
	mu      sync.Mutex
	keys    map[string]string
	since   time.Time // beginning of the present minute
	fetches int       // in it
}

const (
	maxKeys    = 64
	maxFetches = 30 // a minute
)

func (k *keyCache) get(id string) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.keys[id]
}

func (k *keyCache) put(id, key string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.keys == nil || len(k.keys) >= maxKeys {
		k.keys = map[string]string{}
	}
	k.keys[id] = key
}

func (k *keyCache) mayFetch(now time.Time) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if d := now.Sub(k.since); d < 0 || d >= time.Minute {
		k.since, k.fetches = now, 0
	}
	k.fetches++
	return k.fetches <= maxFetches
}
