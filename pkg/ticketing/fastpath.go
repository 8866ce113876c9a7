package ticketing

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"uniview-bridge/pkg/connectwise"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/vendorhttp"
)

// FastPath is what is kept of the callbacks that an Administrator switched on; the
// zero value is that they are off.
type FastPath struct {
	Address      string                   `json:"address"` // of this bridge, as ConnectWise reaches it
	Token        string                   `json:"token"`   // the secret in the callback's address
	Since        time.Time                `json:"since"`
	Registration connectwise.Registration `json:"registration"`
	// CheckedAt is when ConnectWise was last asked whether it still calls, Problem why
	// it does not, and Next when it is asked again.
	CheckedAt time.Time `json:"checkedAt,omitzero"`
	Problem   string    `json:"problem,omitempty"`
	Next      time.Time `json:"next,omitzero"`
}

// On says whether callbacks are switched on.
func (p FastPath) On() bool { return p.Token != "" }

var fastPathKey = state.SettingsKey("callbacks")

// LoadFastPath reads what is kept of the callbacks.
func LoadFastPath(ctx context.Context, t state.Table) (FastPath, error) {
	p, _, err := state.LoadOr(ctx, t, fastPathKey, FastPath{})
	return p, err
}

// SaveFastPath keeps callbacks that were just registered; off removes them.
func SaveFastPath(ctx context.Context, t state.Table, p FastPath, now time.Time) error {
	if !p.On() {
		return t.Delete(ctx, fastPathKey, state.Any)
	}
	p.CheckedAt, p.Problem, p.Next = now, "", now.Add(checkEvery)
	_, err := state.Save(ctx, t, fastPathKey, p, state.Any, time.Time{})
	return err
}

// How often ConnectWise is asked whether it still calls: it stops after three days
// of failures and tells nobody (connectwise.md §9).
const (
	checkEvery = 24 * time.Hour
	checkAgain = time.Hour // after a question without an answer
)

// Registrations is what the check needs of ConnectWise; *connectwise.Client is one.
type Registrations interface {
	ListCallbacks(ctx context.Context) ([]connectwise.Registration, error)
}

// CheckFastPath asks ConnectWise once a day whether it still calls back, and keeps
// what is wrong in words. It only reads: whoever sees them switches the callback on
// again. news says that the problem is another than before; "" that there is none.
// Nothing depends on callbacks, so an answer that is not had is asked for later.
func CheckFastPath(ctx context.Context, t state.Table, c Registrations, now time.Time) (problem string, news bool, err error) {
	p, version, err := state.LoadOr(ctx, t, fastPathKey, FastPath{})
	if err != nil || !p.On() || now.Before(p.Next) {
		return p.Problem, false, err
	}
	before := p.Problem
	list, err := c.ListCallbacks(ctx)
	switch {
	case vendorhttp.IsForbidden(err):
		p.Problem, err = "ConnectWise does not let the bridge read callbacks any more: its role needs System › Table Setup › Inquire", nil
	case err != nil:
		p.Next = now.Add(checkAgain)
	default:
		p.Problem = p.wrong(list)
	}
	if err == nil {
		p.CheckedAt, p.Next = now, now.Add(checkEvery)
	}
	if _, saved := state.Save(ctx, t, fastPathKey, p, version, time.Time{}); saved != nil && !errors.Is(saved, state.ErrConflict) {
		return p.Problem, false, saved // a conflict: somebody switched it meanwhile
	}
	return p.Problem, p.Problem != before, err
}

// wrong says what is wrong with our callback among those that ConnectWise has.
func (p FastPath) wrong(list []connectwise.Registration) string {
	i := slices.IndexFunc(list, func(r connectwise.Registration) bool { return r.URL == p.Registration.URL })
	switch {
	case i < 0:
		return "ConnectWise has our callback no more: switch it on again"
	case list[i].Inactive:
		return fmt.Sprintf("ConnectWise switched our callback off, as it does when it got no answer for three days: see that it reaches %s, then switch it on again", p.Address)
	}
	return ""
}
