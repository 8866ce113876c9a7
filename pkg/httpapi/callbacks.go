package httpapi

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"uniview-bridge/pkg/connectwise"
	"uniview-bridge/pkg/docsync"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/ticketing"
	"uniview-bridge/pkg/vendorhttp"
)

// Callbacks are ConnectWise's calls when a ticket was changed: an optional fast
// path, off until an Administrator switches it on. Their route is the only write
// without a sign-in: its address holds a secret, the body's signature is checked
// with a key of the configured ConnectWise host, and whoever fails either is
// answered as if there were nothing at this address.
const (
	callbackPath = "/api/v1/callbacks/connectwise/"
	// maxCallback bounds the body, in bytes: a ticket with all its fields has some 20 KB.
	maxCallback = 256 << 10
	// callbackTime is the most an answer takes: ConnectWise waits 5 s (connectwise.md §9).
	callbackTime = 4 * time.Second
)

// CallbackAnswer says whether the fast path is on.
type CallbackAnswer struct {
	Enabled bool      `json:"enabled"`
	Address string    `json:"address,omitempty"`
	Since   time.Time `json:"since,omitzero"`
	// CheckedAt is when ConnectWise was last asked whether it still calls, once a day
	// with the sync, and Problem why it does not.
	CheckedAt time.Time      `json:"checkedAt,omitzero"`
	Problem   string         `json:"problem,omitempty"`
	Warnings  []FieldProblem `json:"warnings,omitempty"`
}

func (a *api) getCallback(r *http.Request) (reply, error) {
	c, err := ticketing.LoadFastPath(r.Context(), a.Table)
	return ok(CallbackAnswer{Enabled: c.On(), Address: c.Address, Since: c.Since, CheckedAt: c.CheckedAt, Problem: sentence(c.Problem)}), err
}

// putCallback registers the callback in ConnectWise. It may be repeated: one that
// ConnectWise switched off is switched on again.
func (a *api) putCallback(r *http.Request) (reply, error) {
	var body struct {
		Address string `json:"address"`
	}
	if err := read(r, &body); err != nil {
		return reply{}, err
	}
	if body.Address == "" {
		s, err := docsync.LoadSettings(r.Context(), a.Table)
		if err != nil {
			return reply{}, err
		}
		body.Address = s.ConsoleURL
	}
	body.Address = strings.TrimRight(body.Address, "/")
	if body.Address == "" || !secureAddress(body.Address) || strings.ContainsAny(body.Address, "?#") {
		return reply{}, badField("address", "address is where ConnectWise reaches this bridge; it begins with https://.")
	}
	ctx, cancel := context.WithTimeout(r.Context(), vendorTime)
	defer cancel()
	session, err := a.ConnectWise(ctx)
	if err != nil {
		return reply{}, err
	}
	before, err := ticketing.LoadFastPath(ctx, a.Table)
	if err != nil {
		return reply{}, err
	}
	next := ticketing.FastPath{Address: body.Address, Token: before.Token, Since: before.Since}
	if before.Address != next.Address || !before.On() {
		next.Token, next.Since = rand.Text(), a.Now().UTC()
	}
	next.Registration, err = session.Client.EnsureCallback(ctx, connectwise.Registration{
		// The record's id is appended as text.
		URL: next.Address + callbackPath + next.Token + "?recordId=", Description: "UniView Bridge",
		Type: "ticket", Level: "owner", ObjectID: 1, SelfSuppressed: true,
	})
	if vendorhttp.IsForbidden(err) {
		return reply{}, problem(http.StatusConflict, "A right is missing", "ConnectWise does not let the bridge register callbacks: its role needs System › Table Setup › Add. Nothing depends on callbacks; tickets are read with every sync.")
	}
	if err != nil {
		return reply{}, session.Fail(ctx, err)
	}
	if err := ticketing.SaveFastPath(ctx, a.Table, next, a.Now().UTC()); err != nil {
		return reply{}, err
	}
	out := CallbackAnswer{Enabled: true, Address: next.Address, Since: next.Since}
	if before.On() && before.Token != next.Token {
		out.Warnings = a.deregister(ctx, session, before)
	}
	if before.Token == next.Token {
		return ok(out), nil
	}
	return ok(out), a.auditSettings(r, "switch callbacks on", "callbacks", addressOf(before), addressOf(next))
}

// deleteCallback switches the fast path off at once, whatever ConnectWise says.
func (a *api) deleteCallback(r *http.Request) (reply, error) {
	before, err := ticketing.LoadFastPath(r.Context(), a.Table)
	if err != nil {
		return reply{}, err
	}
	if !before.On() {
		return ok(CallbackAnswer{}), nil
	}
	if err := ticketing.SaveFastPath(r.Context(), a.Table, ticketing.FastPath{}, a.Now().UTC()); err != nil {
		return reply{}, err
	}
	if err := a.auditSettings(r, "switch callbacks off", "callbacks", addressOf(before), nil); err != nil {
		return reply{}, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), vendorTime)
	defer cancel()
	out := CallbackAnswer{}
	session, err := a.ConnectWise(ctx)
	if err != nil {
		out.Warnings = stillRegistered()
	} else {
		out.Warnings = a.deregister(ctx, session, before)
	}
	return ok(out), nil
}

func (a *api) deregister(ctx context.Context, session state.Session[*connectwise.Client], c ticketing.FastPath) []FieldProblem {
	if err := session.Client.DeleteCallback(ctx, c.Registration); err != nil {
		a.Log.WarnContext(ctx, "callback not removed in ConnectWise", slog.Any("error", session.Fail(ctx, err)))
		return stillRegistered()
	}
	return nil
}

func stillRegistered() []FieldProblem {
	return []FieldProblem{{Warning: true, Text: "ConnectWise could not be told: it goes on calling the old address, which answers nothing, and gives up after three days."}}
}

// addressOf is what of a record may stand in the trail.
func addressOf(c ticketing.FastPath) any {
	if !c.On() {
		return nil
	}
	return CallbackAnswer{Enabled: true, Address: c.Address, Since: c.Since}
}

// callback takes a call of ConnectWise. Whoever is not ConnectWise learns nothing.
func (a *api) callback(r *http.Request) (reply, error) {
	nothing, later := notFound("There is nothing at this address."), problem(http.StatusTooManyRequests, "Not now", "Send this again in a few seconds.")
	later.retryAfter = 2
	c, err := ticketing.LoadFastPath(r.Context(), a.Table)
	if err != nil {
		return reply{}, err
	}
	if !c.On() || subtle.ConstantTimeCompare([]byte(c.Token), []byte(r.PathValue("token"))) != 1 {
		return reply{}, nothing
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return reply{}, nothing
	}
	ctx, cancel := context.WithTimeout(r.Context(), callbackTime)
	defer cancel()
	session, err := a.ConnectWise(ctx)
	if err != nil {
		return reply{}, later
	}
	// Errors do not go to the connection: what strangers send must not stop it.
	cb, err := session.Client.VerifyCallback(ctx, body, r.Header.Get(connectwise.SignatureHeader))
	switch {
	case errors.Is(err, connectwise.ErrSignature):
		a.Log.WarnContext(ctx, "callback refused", slog.Any("error", err))
		return reply{}, nothing
	case err != nil:
		a.Log.WarnContext(ctx, "callback could not be checked", slog.Any("error", err))
		return reply{}, later
	}
	became, err := ticketing.Callbacks{Table: a.Table, Now: a.Now, Installation: a.Installation, Queue: a.queueCallback}.Accept(ctx, cb)
	if err != nil {
		a.Log.ErrorContext(ctx, "callback not kept", slog.Any("error", err))
		return reply{}, later
	}
	a.Log.InfoContext(ctx, "callback", slog.Int("ticket", cb.RecordID), slog.String("became", became))
	return noContent(), nil
}

// queueCallback queues a look at one customer's tickets. One that is being synced
// right now is due all the same.
func (a *api) queueCallback(ctx context.Context, customer string) error {
	_, err := a.Syncs.Request(ctx, state.ScopeCustomer, customer, "ConnectWise")
	if _, held := errors.AsType[*state.HeldError](err); held {
		return nil
	}
	return err
}
