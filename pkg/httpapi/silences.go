package httpapi

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/httpapi/access"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/ticketing"
)

// silenceMembers are the members of snoozes and windows that the domain names.
var silenceMembers = []string{"kind", "customerId", "scope", "target", "reason", "owner", "name", "from", "until", "repeat"}

// Silence is a snooze or a maintenance window as it is shown.
type Silence struct {
	alert.Silence

	CustomerName string `json:"customerName,omitempty"`
	// State says whether it holds now, will hold later, or ended.
	State string `json:"state"`
	// NextFrom and NextUntil are the time it is in, else the next to come.
	NextFrom  time.Time `json:"nextFrom,omitzero"`
	NextUntil time.Time `json:"nextUntil,omitzero"`
}

// The states of a silence.
var silenceStates = []string{"active", "planned", "ended"}

func (a *api) office() ticketing.Office {
	return ticketing.Office{Table: a.Table, Now: a.Now, Random: a.Random}
}

func (a *api) silenceOf(s alert.Silence, name string) Silence {
	now := a.Now()
	out := Silence{Silence: s, CustomerName: name, State: "planned"}
	if from, until, ok := s.Next(now); ok {
		out.NextFrom, out.NextUntil = from, until
	}
	if _, _, active := s.Active(now); active {
		out.State = "active"
	} else if s.Ended(now) || out.NextFrom.IsZero() {
		out.State = "ended"
	}
	return out
}

// listSilences lists one kind, those that hold or will hold first.
func (a *api) listSilences(kind alert.SilenceKind) func(r *http.Request) (reply, error) {
	return func(r *http.Request) (reply, error) {
		q, err := queryOf(r, "customer", "state", "cursor", "limit")
		if err != nil {
			return reply{}, err
		}
		customer, err := q.customer()
		if err != nil {
			return reply{}, err
		}
		word, err := q.oneOf("state", silenceStates...)
		if err != nil {
			return reply{}, err
		}
		all, err := a.office().Silences(r.Context(), customer)
		if err != nil {
			return reply{}, err
		}
		names, err := a.Model.Names(r.Context())
		if err != nil {
			return reply{}, err
		}
		may := only(r)
		list := []Silence{}
		for _, s := range all {
			shown := a.silenceOf(s, names[s.CustomerID])
			if s.Kind == kind && (may == nil || may(s.CustomerID)) && (word == "" || shown.State == word) {
				list = append(list, shown)
			}
		}
		place := func(s Silence) string {
			return string(rune('0'+slices.Index(silenceStates, s.State))) + s.ID + s.CustomerID
		}
		slices.SortFunc(list, func(a, b Silence) int { return strings.Compare(place(a), place(b)) })
		page, err := cut(list, place, q)
		return ok(page), err
	}
}

// snooze holds what an alert is about back until a time: the condition itself, or
// its machine, appliance or customer.
func (a *api) snooze(r *http.Request) (reply, error) {
	var body struct {
		Until      time.Time          `json:"until"`
		Reason     string             `json:"reason"`
		Owner      string             `json:"owner"`
		Scope      alert.SilenceScope `json:"scope"`
		CustomerID string             `json:"customerId"`
	}
	if err := read(r, &body); err != nil {
		return reply{}, err
	}
	if body.CustomerID != "" && !plainID(body.CustomerID) {
		return reply{}, badField("customerId", "This is not the id of a customer.")
	}
	customer, c, _, err := a.office().FindCondition(r.Context(), body.CustomerID, r.PathValue("key"))
	if err != nil {
		return reply{}, err
	}
	if !access.From(r.Context()).Sees(customer) {
		return reply{}, state.ErrNotFound
	}
	s := alert.Silence{Kind: alert.Snooze, CustomerID: customer, Scope: body.Scope, Until: body.Until, Reason: body.Reason, Owner: body.Owner}
	switch body.Scope {
	case "", alert.OnCondition:
		s.Scope, s.Target, s.Name = alert.OnCondition, c.Key, clip(c.Message)
	case alert.OnMachine:
		if s.Target, s.Name = c.AssetKey, c.AssetName; s.Target == "" {
			return reply{}, badField("scope", "UniView does not tell which machine this alert is about: snooze the alert, its appliance or the customer.")
		}
	case alert.OnAppliance:
		if s.Target, s.Name = c.ApplianceID, c.ApplianceName; s.Target == "" {
			return reply{}, badField("scope", "This alert names no appliance: snooze the alert or the customer.")
		}
	}
	return a.makeSilence(r, s)
}

// makeSilence keeps a new one and answers it.
func (a *api) makeSilence(r *http.Request, s alert.Silence) (reply, error) {
	made, err := a.office().Silence(r.Context(), by(r), s)
	if err != nil {
		return reply{}, err
	}
	names, err := a.Model.Names(r.Context())
	return ok(a.silenceOf(made, names[made.CustomerID])), err
}

// WindowInput is a maintenance window as it is sent.
type WindowInput struct {
	CustomerID string             `json:"customerId"`
	Scope      alert.SilenceScope `json:"scope"`
	Target     string             `json:"target"`
	Name       string             `json:"name"`
	Reason     string             `json:"reason"`
	Owner      string             `json:"owner"`
	From       time.Time          `json:"from"`
	Until      time.Time          `json:"until"`
	Repeat     *alert.Repeat      `json:"repeat"`
}

// readWindow reads a window about a customer that is there and may be seen.
func (a *api) readWindow(r *http.Request) (alert.Silence, error) {
	var body WindowInput
	if err := read(r, &body); err != nil {
		return alert.Silence{}, err
	}
	if !plainID(body.CustomerID) {
		return alert.Silence{}, badField("customerId", "customerId must name a customer.")
	}
	if len(body.Target) > maxID {
		return alert.Silence{}, badField("target", "This is not the id of a machine, appliance or alert.")
	}
	if !access.From(r.Context()).Sees(body.CustomerID) {
		return alert.Silence{}, unknownCustomer()
	}
	if _, _, err := state.Load[state.Customer](r.Context(), a.Table, state.CustomerKey(body.CustomerID)); err != nil {
		if err = missingAs(err, unknownCustomer()); err != nil {
			return alert.Silence{}, err
		}
	}
	return alert.Silence{
		Kind: alert.Window, CustomerID: body.CustomerID, Scope: body.Scope, Target: body.Target, Name: body.Name,
		Reason: body.Reason, Owner: body.Owner, From: body.From.UTC(), Until: body.Until.UTC(), Repeat: body.Repeat,
	}, nil
}

func unknownCustomer() *Problem {
	p := notFound("There is no such customer.")
	p.Field = "customerId"
	return p
}

func (a *api) postWindow(r *http.Request) (reply, error) {
	s, err := a.readWindow(r)
	if err != nil {
		return reply{}, err
	}
	return a.makeSilence(r, s)
}

// silence finds the one that the path names, of a kind, and that may be seen.
func (a *api) silence(r *http.Request, kind alert.SilenceKind) (alert.Silence, error) {
	s, err := a.office().FindSilence(r.Context(), r.PathValue("id"))
	if err == nil && (s.Kind != kind || !access.From(r.Context()).Sees(s.CustomerID)) {
		err = state.ErrNotFound
	}
	return s, err
}

func (a *api) getSilence(kind alert.SilenceKind) func(r *http.Request) (reply, error) {
	return func(r *http.Request) (reply, error) {
		s, err := a.silence(r, kind)
		if err != nil {
			return reply{}, err
		}
		names, err := a.Model.Names(r.Context())
		return ok(a.silenceOf(s, names[s.CustomerID])), err
	}
}

// putWindow replaces a window; its customer stays.
func (a *api) putWindow(r *http.Request) (reply, error) {
	before, err := a.silence(r, alert.Window)
	if err != nil {
		return reply{}, err
	}
	s, err := a.readWindow(r)
	if err != nil {
		return reply{}, err
	}
	if s.CustomerID != before.CustomerID {
		return reply{}, badField("customerId", "The customer of a window stays: end this one and make another.")
	}
	s.ID = before.ID
	kept, err := a.office().ChangeSilence(r.Context(), by(r), s)
	if err != nil {
		return reply{}, err
	}
	names, err := a.Model.Names(r.Context())
	return ok(a.silenceOf(kept, names[kept.CustomerID])), err
}

// endSilence ends one now: what it held is looked at with the next sync.
func (a *api) endSilence(kind alert.SilenceKind) func(r *http.Request) (reply, error) {
	return func(r *http.Request) (reply, error) {
		s, err := a.silence(r, kind)
		if err != nil {
			return reply{}, err
		}
		return noContent(), a.office().EndSilence(r.Context(), by(r), s.CustomerID, s.ID)
	}
}
