package httpapi

import (
	"net/http"

	"uniview-bridge/pkg/review"
	"uniview-bridge/pkg/state"
)

// ModeAnswer is the account's modes.
type ModeAnswer struct {
	Documentation state.Mode `json:"documentation"`
	Ticketing     state.Mode `json:"ticketing"`
}

func (a *api) getMode(r *http.Request) (reply, error) {
	m, err := state.LoadModes(r.Context(), a.Table)
	return ok(ModeAnswer(m)), err
}

// putMode switches sides. One that is left out stays as it is.
func (a *api) putMode(r *http.Request) (reply, error) {
	var body struct {
		Documentation *state.Mode `json:"documentation"`
		Ticketing     *state.Mode `json:"ticketing"`
	}
	if err := read(r, &body); err != nil {
		return reply{}, err
	}
	sides := []struct {
		field string
		side  state.Vendor
		next  *state.Mode
	}{
		{"documentation", state.ITGlue, body.Documentation},
		{"ticketing", state.ConnectWise, body.Ticketing},
	}
	if body.Documentation == nil && body.Ticketing == nil {
		return reply{}, badField("documentation", "Name documentation or ticketing, each preview or live.")
	}
	for _, s := range sides {
		if s.next != nil && *s.next != state.Preview && *s.next != state.Live {
			return reply{}, badField(s.field, s.field+" is preview or live.")
		}
	}
	for _, s := range sides {
		if s.next == nil {
			continue
		}
		// Also the mode that holds already: who confirmed it stands in the audit trail.
		if err := a.Syncs.GoLive(r.Context(), s.side, *s.next, by(r)); err != nil {
			return reply{}, err
		}
	}
	return a.getMode(r)
}

func (a *api) putCustomerMode(r *http.Request) (reply, error) {
	var body review.CustomerModes
	if err := read(r, &body); err != nil {
		return reply{}, err
	}
	if _, err := a.Review.SetCustomerModes(r.Context(), by(r), r.PathValue("id"), body); err != nil {
		return reply{}, err
	}
	return a.getCustomer(r)
}
