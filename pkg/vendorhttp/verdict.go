package vendorhttp

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	backoffBase    = 300 * time.Millisecond
	backoffBase429 = 2 * time.Second
	backoffCap     = 30 * time.Second
	maxWait        = 5 * time.Minute // a longer Retry-After is the caller's to wait for
)

// Errors that end a request without another attempt.
var (
	errTooLarge    = errors.New("the answer is larger than the cap")
	errCertificate = errors.New("the server's certificate is not trusted")
	errRefused     = errors.New("the address is refused")
)

// verdict decides whether a request may be sent again, and says why. It is the
// whole retry rule: status is the answer's (0 when none came), err the
// transport's error (nil when an answer came whole). Only reads (GET, HEAD) are
// ever repeated.
func verdict(method string, status int, err error) (retry bool, reason string) {
	if method != http.MethodGet && method != http.MethodHead && method != "" {
		return false, "a write is never retried"
	}
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return false, "the context ended"
	case errors.Is(err, errTooLarge):
		return false, "the answer is too large"
	case errors.Is(err, errCertificate):
		return false, "the certificate is not trusted"
	case errors.Is(err, errRefused):
		return false, "the address is refused"
	case err != nil && status == 0:
		return true, "no answer"
	case err != nil && status < 300:
		return true, "the answer was cut"
	case status == http.StatusTooManyRequests:
		return true, "rate limited"
	case status == http.StatusRequestTimeout:
		return true, "the server timed out"
	case status >= 500:
		return true, "server error"
	case status >= 400:
		return false, "the request is refused"
	case status >= 300:
		return false, "redirects are not followed"
	case status >= 200:
		return false, "success"
	}
	return false, fmt.Sprintf("unexpected status %d", status)
}

// backoff gives the wait before the next attempt: what the vendor asked for, or
// full jitter over an exponentially growing span. attempt counts from 0, rnd is
// in [0,1).
func backoff(attempt, status int, retryAfter time.Duration, rnd float64) time.Duration {
	base := backoffBase
	if status == http.StatusTooManyRequests {
		base = backoffBase429
	}
	if retryAfter > 0 {
		return retryAfter + time.Duration(rnd*float64(base))
	}
	span := math.Min(float64(backoffCap), float64(base)*math.Pow(2, float64(attempt)))
	return time.Duration(rnd * span)
}

// parseRetryAfter reads a Retry-After header in both of its forms, whole seconds
// and a date. Anything else, and the past, is 0.
func parseRetryAfter(value string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	if value == "" {
		return 0
	}
	if secs, err := strconv.ParseInt(value, 10, 64); err == nil {
		if secs <= 0 {
			return 0
		}
		return time.Duration(min(secs, int64(24*time.Hour/time.Second))) * time.Second
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), 24*time.Hour)
}
