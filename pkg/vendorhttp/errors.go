package vendorhttp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Kind says what sort of failure an [Error] is. It is what callers branch on.
type Kind string

// The kinds of failure.
const (
	Auth        Kind = "auth"         // the credentials were refused (401)
	Forbidden   Kind = "forbidden"    // the credentials work, this one right is missing (403)
	NotFound    Kind = "not found"    // 404, 410
	Invalid     Kind = "invalid"      // the request is wrong: other 4xx, a refused redirect, a refused address
	Conflict    Kind = "conflict"     // 409, 412, 423
	RateLimited Kind = "rate limited" // 429, or our own limit would pass the deadline
	Unavailable Kind = "unavailable"  // 408 and 5xx
	Network     Kind = "network"      // no answer, or only a part of one
	TooLarge    Kind = "too large"    // the answer is above the cap
	Certificate Kind = "certificate"  // the server's certificate is not trusted
	Incomplete  Kind = "incomplete"   // a list could not be read whole
	Malformed   Kind = "malformed"    // the answer came whole but is not what the vendor documents
)

// Error is the one error of the vendor clients. Every text in it is short, free
// of control characters and of the secrets of the request that failed.
type Error struct {
	Vendor, Op string
	Where      string        // host and path, without query; empty when no request was made
	Status     int           // 0 when no answer came
	Kind       Kind          // what to branch on
	Code       string        // the vendor's own code, if it gave one
	Message    string        // at most 300 runes
	Details    []string      // the vendor's inner error texts, at most 20
	RequestID  string        // the vendor's id of this request, for its support
	RetryAfter time.Duration // what the vendor asked for; 0 when it did not
	Attempts   int           // requests sent, first one included
	Uncertain  bool          // a write that may have succeeded: no answer, answer cut, 408, 5xx

	err error // a safe cause for errors.Is: a context error, an errno, io.ErrUnexpectedEOF
}

// Error implements the error interface: "uniview: list customers: 503
// unavailable: try later (code X, request Y)".
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Vendor)
	if e.Op != "" {
		b.WriteString(": " + e.Op)
	}
	b.WriteString(": ")
	if e.Status != 0 {
		fmt.Fprintf(&b, "%d ", e.Status)
	}
	b.WriteString(string(e.Kind))
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	for i, d := range e.Details {
		if i == 3 {
			fmt.Fprintf(&b, "; and %d more", len(e.Details)-i)
			break
		}
		b.WriteString("; " + d)
	}
	var extra []string
	if e.Code != "" {
		extra = append(extra, "code "+e.Code)
	}
	if e.RequestID != "" {
		extra = append(extra, "request "+e.RequestID)
	}
	if e.Where != "" {
		extra = append(extra, "at "+e.Where)
	}
	if e.Attempts > 1 {
		extra = append(extra, fmt.Sprintf("%d attempts", e.Attempts))
	}
	if e.Uncertain {
		extra = append(extra, "it may have succeeded")
	}
	if len(extra) > 0 {
		b.WriteString(" (" + strings.Join(extra, ", ") + ")")
	}
	return b.String()
}

// Unwrap gives the cause, so that errors.Is(err, context.DeadlineExceeded) and
// the like work. Causes with free text are not kept.
func (e *Error) Unwrap() error { return e.err }

// NewError makes an [Error] of a vendor client's own, for example Malformed
// when a body cannot be decoded or Incomplete when a list cannot be read whole.
// The message is cleaned and shortened.
func NewError(vendor, op string, kind Kind, status int, message string) *Error {
	return &Error{Vendor: vendor, Op: op, Kind: kind, Status: status, Message: clean(message, maxMessage)}
}

// Because keeps of err what is safe to keep, for errors.Is, and returns e.
func (e *Error) Because(err error) *Error {
	e.err = cause(err)
	return e
}

// KindOf gives the kind of a vendor error, or "" when err is none.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return ""
}

// IsAuth reports whether the vendor refused the credentials.
func IsAuth(err error) bool { return KindOf(err) == Auth }

// IsForbidden reports whether a right is missing.
func IsForbidden(err error) bool { return KindOf(err) == Forbidden }

// IsNotFound reports whether the vendor does not know the object.
func IsNotFound(err error) bool { return KindOf(err) == NotFound }

// IsInvalid reports whether the vendor, or we, refused the request as wrong.
func IsInvalid(err error) bool { return KindOf(err) == Invalid }

// IsConflict reports whether the object is not in a state that allows the request.
func IsConflict(err error) bool { return KindOf(err) == Conflict }

// IsRateLimited reports whether the account's request budget is used up.
func IsRateLimited(err error) bool { return KindOf(err) == RateLimited }

// IsIncomplete reports whether a list could not be read whole.
func IsIncomplete(err error) bool { return KindOf(err) == Incomplete }

// IsUncertain reports whether err is a write that may have succeeded.
func IsUncertain(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Uncertain
}

// Retryable reports whether the same request may succeed later without anybody
// changing anything. It says nothing about a write being safe to repeat: see
// [IsUncertain].
func Retryable(err error) bool {
	if errors.Is(err, context.Canceled) {
		return false
	}
	switch KindOf(err) {
	case RateLimited, Unavailable, Network, Incomplete:
		return true
	}
	return false
}

// kindOfStatus is the default reading of a status that is not 2xx.
func kindOfStatus(status int) Kind {
	switch status {
	case http.StatusUnauthorized:
		return Auth
	case http.StatusForbidden:
		return Forbidden
	case http.StatusNotFound, http.StatusGone:
		return NotFound
	case http.StatusConflict, http.StatusPreconditionFailed, http.StatusLocked:
		return Conflict
	case http.StatusTooManyRequests:
		return RateLimited
	case http.StatusRequestTimeout:
		return Unavailable
	}
	if status >= 500 {
		return Unavailable
	}
	return Invalid
}
