package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"uniview-bridge/pkg/httpapi/access"
	"uniview-bridge/pkg/review"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/vendorhttp"
)

// Problem is an answer that says what went wrong (RFC 9457). Every sentence in it
// is safe to show: it holds no secret, no stack and no text of a store or network.
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	// Field names the member of the request that is wrong.
	Field string `json:"field,omitempty"`
	// Problems lists all that is wrong, where it is more than one thing.
	Problems []FieldProblem `json:"problems,omitempty"`
	// RunID names the run that already does what was asked for.
	RunID string `json:"runId,omitempty"`
	// Creation lists the records that may be the one to be created already.
	Creation *review.Creation `json:"creation,omitempty"`

	retryAfter int
	allow      string
}

// Error implements error, so that handlers return problems.
func (p *Problem) Error() string { return p.Title + ": " + p.Detail }

func problem(status int, title, detail string) *Problem {
	return &Problem{Type: "about:blank", Title: title, Status: status, Detail: detail}
}

func badField(field, detail string) *Problem {
	p := problem(http.StatusBadRequest, "Bad request", detail)
	p.Field = field
	return p
}

func notFound(what string) *Problem {
	return problem(http.StatusNotFound, "Not found", what)
}

// Refuse writes a refusal of the gate as a problem document.
func Refuse(w http.ResponseWriter, _ *http.Request, why access.Refusal) {
	p := problem(why.Status, why.Title, why.Detail)
	p.allow = why.Allow
	p.write(w)
}

func (p *Problem) write(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.retryAfter))
	}
	if p.allow != "" {
		h.Set("Allow", p.allow)
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="uniview-bridge"`)
	}
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the sender may have gone; there is nobody else to tell
}

// vendorProblem is a vendor's failure in our words: the status of ours, not theirs.
func vendorProblem(e *vendorhttp.Error) *Problem {
	name := vendorName(state.Vendor(e.Vendor))
	switch e.Kind {
	case vendorhttp.RateLimited:
		p := problem(http.StatusServiceUnavailable, "The vendor asks us to slow down", name+" takes no more requests right now. Try again in a minute.")
		p.retryAfter = max(30, int(e.RetryAfter.Seconds()))
		return p
	case vendorhttp.Auth:
		return problem(http.StatusBadGateway, "The vendor refused the credentials", name+" refused the stored credentials. Test the connection and enter new ones if needed.")
	case vendorhttp.Forbidden:
		return problem(http.StatusBadGateway, "The vendor refused", name+" refused this: a right may be missing. Test the connection to see which.")
	default:
		return problem(http.StatusBadGateway, "The vendor failed", name+" could not be asked right now. Nothing was changed here; try again in a few minutes.")
	}
}

// problemOf turns any error into a problem. ok is false for one that nobody
// foresaw, which then belongs into the log.
func (a *api) problemOf(err error) (p *Problem, ok bool) {
	for _, known := range knownErrors {
		if p := known(err); p != nil {
			return p, true
		}
	}
	return problem(http.StatusInternalServerError, "Internal error", "Something went wrong in the bridge; its log says what. Nothing is known to be lost: try again."), false
}

var knownErrors = []func(error) *Problem{
	func(err error) *Problem {
		p, _ := errors.AsType[*Problem](err)
		return p
	},
	func(err error) *Problem {
		if big, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return problem(http.StatusRequestEntityTooLarge, "Too large", fmt.Sprintf("The request's body is over %d bytes.", big.Limit))
		}
		return nil
	},
	func(err error) *Problem {
		if held, ok := errors.AsType[*state.HeldError](err); ok {
			p := problem(http.StatusConflict, "Already running", "This is being synced already.")
			p.RunID = held.Lease.Owner
			return p
		}
		return nil
	},
	useCaseProblem,
	func(err error) *Problem {
		if errors.Is(err, state.ErrStopped) {
			detail := strings.TrimSuffix(err.Error(), ": "+state.ErrStopped.Error())
			return problem(http.StatusConflict, "The connection cannot be used", sentence(detail))
		}
		return nil
	},
	func(err error) *Problem {
		if vendor, ok := errors.AsType[*vendorhttp.Error](err); ok {
			return vendorProblem(vendor)
		}
		return nil
	},
	func(err error) *Problem {
		if errors.Is(err, context.DeadlineExceeded) {
			return problem(http.StatusGatewayTimeout, "No answer in time", "The vendor did not answer within 20 seconds. Try again in a few minutes.")
		}
		return nil
	},
	func(err error) *Problem {
		if errors.Is(err, state.ErrNotFound) {
			return notFound("There is no such record.")
		}
		return nil
	},
	func(err error) *Problem {
		if errors.Is(err, state.ErrConflict) {
			return problem(http.StatusConflict, "Changed meanwhile", "Somebody else changed this at the same time. Look at it again, then repeat.")
		}
		return nil
	},
}

func (a *api) fail(w http.ResponseWriter, r *http.Request, err error) {
	p, ok := a.problemOf(err)
	if !ok && r.Context().Err() == nil {
		a.Log.ErrorContext(r.Context(), "request failed",
			slog.String("method", r.Method), slog.String("route", r.Pattern), slog.Any("error", err))
	}
	p.write(w)
}

// vendorName is what people call a vendor.
func vendorName(v state.Vendor) string {
	switch v {
	case state.UniView:
		return "UniView"
	case state.ITGlue:
		return "IT Glue"
	case state.ConnectWise:
		return "ConnectWise"
	default:
		return "The vendor"
	}
}
