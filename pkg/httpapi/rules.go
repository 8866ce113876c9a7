package httpapi

import (
	"errors"
	"fmt"
	"net/http"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/ticketing"
)

// RulesAnswer are the ordered rules. Version is what a change is sent with: of two
// people who change them at once, one is told to read again.
type RulesAnswer struct {
	Rules    []alert.Rule   `json:"rules"`
	Version  int64          `json:"version"`
	Warnings []FieldProblem `json:"warnings,omitempty"`
}

func (a *api) getRules(r *http.Request) (reply, error) {
	rules, version, err := a.office().Rules(r.Context())
	return ok(RulesAnswer{Rules: append([]alert.Rule{}, rules...), Version: version}), err
}

// putRules replaces the list as a whole, since order counts.
func (a *api) putRules(r *http.Request) (reply, error) {
	var body struct {
		Rules    *[]alert.Rule  `json:"rules"`
		Version  int64          `json:"version"`
		Warnings []FieldProblem `json:"warnings"` // of an answer that is sent back: not read
	}
	if err := read(r, &body); err != nil {
		return reply{}, err
	}
	if body.Rules == nil {
		return reply{}, badField("rules", "rules is the whole list; an empty one removes all rules.")
	}
	if _, err := alert.NewRules(*body.Rules); err != nil {
		return reply{}, cannotKeep("These rules cannot be kept", worded(err))
	}
	warnings, err := a.offered(r, alert.Settings{}, *body.Rules, nil)
	if err != nil {
		return reply{}, err
	}
	version, err := a.office().SaveRules(r.Context(), by(r), *body.Rules, body.Version)
	if errors.Is(err, state.ErrConflict) {
		return reply{}, problem(http.StatusConflict, "Changed meanwhile", "Somebody else changed the rules since they were read (version). Read them again, then repeat.")
	}
	return ok(RulesAnswer{append([]alert.Rule{}, *body.Rules...), version, warnings}), err
}

// testRules says what rules, those sent or those kept, would have done.
func (a *api) testRules(r *http.Request) (reply, error) {
	var body struct {
		Rules *[]alert.Rule `json:"rules"`
		Days  int           `json:"days"`
	}
	if err := read(r, &body); err != nil {
		return reply{}, err
	}
	if body.Days < 0 || body.Days > ticketing.TrialDays {
		return reply{}, badField("days", fmt.Sprintf("days is a number from 1 to %d.", ticketing.TrialDays))
	}
	office := a.office()
	if body.Rules == nil {
		kept, _, err := office.Rules(r.Context())
		if err != nil {
			return reply{}, err
		}
		body.Rules = &kept
	}
	if _, err := alert.NewRules(*body.Rules); err != nil {
		return reply{}, cannotKeep("These rules cannot be tried", worded(err))
	}
	trial, err := office.TryRules(r.Context(), *body.Rules, body.Days)
	return ok(trial), err
}

// previewTicket renders the texts that settings make of a made-up trouble, or of a
// real alert.
func (a *api) previewTicket(r *http.Request) (reply, error) {
	var body struct {
		Summary     *string `json:"summary"`
		Description *string `json:"description"`
		CustomerID  string  `json:"customerId"`
		Alert       string  `json:"alert"`
	}
	if err := read(r, &body); err != nil {
		return reply{}, err
	}
	if body.CustomerID != "" && !plainID(body.CustomerID) {
		return reply{}, badField("customerId", "This is not the id of a customer.")
	}
	if body.Alert != "" && !plainID(body.Alert) {
		return reply{}, badField("alert", "This is not the key of an alert.")
	}
	office := a.office()
	if body.Alert != "" {
		customer, _, _, err := office.FindCondition(r.Context(), body.CustomerID, body.Alert)
		if err != nil {
			return reply{}, missingAs(err, func() *Problem { p := notFound("There is no such alert."); p.Field = "alert"; return p }())
		}
		body.CustomerID = customer
	}
	if may := only(r); may != nil && body.CustomerID != "" && !may(body.CustomerID) {
		return reply{}, unknownCustomer()
	}
	all, err := state.LoadTicketSettingsOf(r.Context(), a.Table, body.CustomerID)
	if err != nil {
		return reply{}, err
	}
	s, _ := all.For(body.CustomerID) // overrides that are wrong show the defaults
	if body.Summary != nil {
		s.Summary = *body.Summary
	}
	if body.Description != nil {
		s.Description = *body.Description
	}
	if err := s.Validate(); err != nil {
		return reply{}, badSettings(err)
	}
	texts, err := office.Preview(r.Context(), s, body.CustomerID, body.Alert)
	return ok(struct {
		alert.Texts

		Variables map[string]string `json:"variables"`
	}{texts, alert.Variables}), err
}

// missingAs words a record that is not there.
func missingAs(err error, p *Problem) error {
	if errors.Is(err, state.ErrNotFound) {
		return p
	}
	return err
}
