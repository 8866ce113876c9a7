package httpapi

import (
	"context"
	"net/http"

	"uniview-bridge/pkg/connectwise"
	"uniview-bridge/pkg/httpapi/view"
	"uniview-bridge/pkg/state"
)

func (a *api) connections(ctx context.Context) ([]view.Connection, error) {
	list, err := a.Connections.List(ctx)
	if err != nil {
		return nil, err
	}
	return a.Model.Connections(ctx, list)
}

func (a *api) listConnections(r *http.Request) (reply, error) {
	if _, err := queryOf(r); err != nil {
		return reply{}, err
	}
	list, err := a.connections(r.Context())
	return ok(Page[view.Connection]{Items: list}), err
}

// kindOf reads the connection's kind from the address.
func kindOf(r *http.Request) (state.Vendor, error) {
	switch kind := state.Vendor(r.PathValue("kind")); kind {
	case state.UniView, state.ITGlue, state.ConnectWise:
		return kind, nil
	default:
		return "", notFound("There is no such connection: use uniview, itglue or connectwise.")
	}
}

func (a *api) connection(r *http.Request) (reply, error) {
	kind, err := kindOf(r)
	if err != nil {
		return reply{}, err
	}
	list, err := a.connections(r.Context())
	if err != nil {
		return reply{}, err
	}
	for _, c := range list {
		if c.Kind == kind {
			return ok(c), nil
		}
	}
	return reply{}, notFound("There is no such connection.")
}

func (a *api) getConnection(r *http.Request) (reply, error) { return a.connection(r) }

// putConnection stores credentials. The fields depend on the kind, so unknown
// ones are refused by the keeper, which knows them.
func (a *api) putConnection(r *http.Request) (reply, error) {
	kind, err := kindOf(r)
	if err != nil {
		return reply{}, err
	}
	var fields map[string]string
	if err := read(r, &fields); err != nil {
		return reply{}, err
	}
	if fields == nil {
		return reply{}, problem(http.StatusBadRequest, "Bad request", "The body must be a JSON object.")
	}
	// What was stored is the answer: it may be kept elsewhere than what is listed.
	c, err := a.Connections.Store(r.Context(), kind, fields, by(r))
	return ok(view.ConnectionOf(c)), err
}

func (a *api) deleteConnection(r *http.Request) (reply, error) {
	kind, err := kindOf(r)
	if err != nil {
		return reply{}, err
	}
	return noContent(), a.Connections.Forget(r.Context(), kind, by(r))
}

// Right is one right of the security role with what could be found out about it.
type Right struct {
	Section string              `json:"section"`
	Name    string              `json:"name"`
	Level   string              `json:"level"`
	Verdict connectwise.Verdict `json:"verdict"` // granted, missing, could not tell
	Detail  string              `json:"detail"`
	Extra   bool                `json:"extra"` // beyond the native page's table
}

// TestAnswer is what a live check found.
type TestAnswer struct {
	OK      bool    `json:"ok"`
	Message string  `json:"message"`
	Fix     string  `json:"fix"`
	Rights  []Right `json:"rights"`
}

func (a *api) testConnection(r *http.Request) (reply, error) {
	kind, err := kindOf(r)
	if err != nil {
		return reply{}, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), vendorTime)
	defer cancel()
	result, err := a.Connections.Test(ctx, kind)
	if err != nil {
		return reply{}, err
	}
	out := TestAnswer{OK: result.OK, Message: sentence(result.Message), Fix: result.Fix, Rights: []Right{}}
	for _, right := range result.Rights {
		out.Rights = append(out.Rights, Right(right))
	}
	if kind == state.ConnectWise && out.OK {
		err = a.office().AttachAgain(r.Context())
	}
	return ok(out), err
}
