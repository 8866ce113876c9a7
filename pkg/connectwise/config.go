package connectwise

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"time"

	"uniview-bridge/pkg/vendorhttp"
)

// Config names one ConnectWise instance and the API member used there. The
// zero value of everything below ClientID is a good default.
type Config struct {
	InstanceURL string // any spelling; see ParseAddress
	CompanyID   string // the login company, as typed on the sign-in page
	PublicKey   string // of the API member
	PrivateKey  string // of the API member; never shown again
	ClientID    string // GUID from developer.connectwise.com/ClientID; sent with every call

	APIVersion string // optional "2025.1": pins the model of that release; empty = the latest
	PageSize   int    // default and maximum 1,000 (connectwise.md §4)

	// NotifyOnUpdate lets status and priority changes send the notifications
	// that ConnectWise would send for a person's change. Off by default.
	NotifyOnUpdate bool

	// AllowInsecure permits plain http to a loopback simulator, and with it
	// dialling loopback. For every other host only public addresses are dialled.
	AllowInsecure bool

	HTTP      *http.Client        // nil = the guarded default of vendorhttp
	Limit     *vendorhttp.Limiter // nil = 80 % of 1,000 requests a minute of real time (connectwise.md §5)
	MaxBody   int64
	UserAgent string
	Timeout   time.Duration // per attempt, default 2 minutes: slow answers are usual (connectwise.md §5)
	Retries   int           // extra attempts for reads
	Sleep     func(context.Context, time.Duration) error
	Rand      func() float64
	Now       func() time.Time
}

const (
	vendor          = "connectwise"
	maxPageSize     = 1000
	requestsPerSpan = 1000
	requestSpan     = time.Minute
	limitShare      = 0.8
	defaultTimeout  = 2 * time.Minute
)

// String names the instance and hides the keys.
func (c Config) String() string {
	return fmt.Sprintf("connectwise %q company %q keys [redacted]", clip(c.InstanceURL, 100), clip(c.CompanyID, 60))
}

// GoString is String, so that %#v does not show the keys either.
func (c Config) GoString() string { return c.String() }

// LogValue names the instance and hides the keys.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }

var versionPattern = regexp.MustCompile(`^20[0-9]{2}\.[0-9]{1,2}$`)

// normalise trims what people paste and checks it without any network.
func (c Config) normalise() (Config, Address, error) {
	addr, err := ParseAddress(c.InstanceURL, c.AllowInsecure)
	if err != nil {
		return c, addr, err
	}
	for _, p := range []*string{&c.CompanyID, &c.PublicKey, &c.PrivateKey, &c.ClientID, &c.APIVersion} {
		*p = strings.TrimSpace(*p)
	}
	for _, f := range []struct{ name, value string }{
		{"company id", c.CompanyID}, {"public key", c.PublicKey}, {"private key", c.PrivateKey}, {"clientId", c.ClientID},
	} {
		if f.value == "" {
			return c, addr, fmt.Errorf("the ConnectWise %s is empty", f.name)
		}
		if strings.IndexFunc(f.value, isControl) >= 0 || len(f.value) > 500 {
			return c, addr, fmt.Errorf("the ConnectWise %s has characters that cannot be part of it: paste it again", f.name)
		}
	}
	if strings.ContainsAny(c.CompanyID, ":/") || strings.Contains(c.PublicKey, ":") {
		return c, addr, errors.New("the ConnectWise company id or public key has a character that cannot be part of it: paste it again")
	}
	if c.APIVersion != "" && !versionPattern.MatchString(c.APIVersion) {
		return c, addr, errors.New(`the ConnectWise API version must look like "2025.1"`)
	}
	if c.PageSize <= 0 || c.PageSize > maxPageSize {
		c.PageSize = maxPageSize
	}
	if c.Timeout <= 0 {
		c.Timeout = defaultTimeout
	}
	return c, addr, nil
}
