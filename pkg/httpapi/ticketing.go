package httpapi

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/connectwise"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/ticketing"
)

// fewBoards is up to how many boards are answered with what belongs to them
// unasked: each costs four requests.
const fewBoards = 8

// ticketOptions asks ConnectWise for everything that settings can name. Statuses,
// types, subtypes and items are filled for the board that is asked for, or for all
// while there are few.
func (a *api) ticketOptions(r *http.Request) (reply, error) {
	q, err := queryOf(r, "board")
	if err != nil {
		return reply{}, err
	}
	board, err := q.number("board")
	if err != nil {
		return reply{}, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), vendorTime)
	defer cancel()
	session, err := a.ConnectWise(ctx)
	if err != nil {
		return reply{}, err
	}
	out, err := options(ctx, session.Client, board)
	if err != nil {
		return reply{}, session.Fail(ctx, err)
	}
	return ok(out), nil
}

func options(ctx context.Context, c *connectwise.Client, board int) (alert.Offer, error) {
	named := []int{board}
	if board == 0 {
		list, err := c.ListBoards(ctx)
		if err != nil {
			return alert.Offer{}, err
		}
		if named = nil; len(list) <= fewBoards {
			for _, b := range list {
				named = append(named, b.ID)
			}
		}
	}
	out, err := ticketing.ReadOffer(ctx, c, named)
	out.Companies = slices.DeleteFunc(out.Companies, func(c alert.Choice) bool { return c.Inactive }) // deleted
	for i := range out.Boards {
		b := &out.Boards[i]
		b.Statuses, b.Types = append([]alert.StatusChoice{}, b.Statuses...), append([]alert.Choice{}, b.Types...)
		b.SubTypes, b.Items = append([]alert.SubTypeChoice{}, b.SubTypes...), append([]alert.Choice{}, b.Items...)
	}
	return out, err
}

// offered checks what settings and rules name against what ConnectWise has now. A
// member that is the sender's own and wrong refuses them; the rest are warnings.
// When ConnectWise cannot be asked nothing is refused: "do not sync" or a rule
// without a ticket must be settable in the middle of an outage. A warning says that
// nothing was checked, and a ticket that is refused for it says so on its own.
func (a *api) offered(r *http.Request, s alert.Settings, rules []alert.Rule, own func(field string) bool) ([]FieldProblem, error) {
	if len(s.ValidateAgainst(alert.Offer{})) == 0 && len(alert.ValidateRulesAgainst(rules, alert.Offer{})) == 0 {
		return nil, nil // nothing of ConnectWise is named
	}
	ctx, cancel := context.WithTimeout(r.Context(), vendorTime)
	defer cancel()
	session, err := a.ConnectWise(ctx)
	var found []alert.Problem
	if err == nil {
		if found, err = ticketing.CheckSettings(ctx, session.Client, s, rules); err != nil {
			err = session.Fail(ctx, err)
		}
	}
	if err != nil {
		if r.Context().Err() != nil {
			return nil, err
		}
		why, _ := a.problemOf(err)
		return []FieldProblem{{Text: "ConnectWise could not be asked, so nothing was checked against it: " + why.Detail, Warning: true}}, nil
	}
	var wrong, warnings []FieldProblem
	for _, p := range fieldProblems(found) {
		if p.Warning = p.Warning || own != nil && !own(p.Field); p.Warning {
			warnings = append(warnings, p)
		} else {
			wrong = append(wrong, p)
		}
	}
	if len(wrong) > 0 {
		return nil, cannotKeep("ConnectWise does not have this", wrong)
	}
	return warnings, nil
}

// TicketSettingsAnswer are the account's ticket settings. Warnings come with a
// change only; a sender may send them back, they are not read.
type TicketSettingsAnswer struct {
	alert.Settings

	Warnings []FieldProblem `json:"warnings,omitempty"`
}

func (a *api) getTicketSettings(r *http.Request) (reply, error) {
	s, err := state.LoadTicketSettings(r.Context(), a.Table)
	if err != nil {
		return reply{}, err
	}
	return ok(s.Defaults), nil
}

// putTicketSettings replaces the defaults. Members left out are the defaults of
// a new installation.
func (a *api) putTicketSettings(r *http.Request) (reply, error) {
	sent := TicketSettingsAnswer{Settings: alert.Defaults()}
	if err := read(r, &sent); err != nil {
		return reply{}, err
	}
	body := sent.Settings
	if err := body.Validate(); err != nil {
		return reply{}, badSettings(err)
	}
	warnings, err := a.offered(r, body, nil, nil)
	if err != nil {
		return reply{}, err
	}
	before, err := state.LoadTicketSettings(r.Context(), a.Table)
	if err != nil {
		return reply{}, err
	}
	if err := state.SaveTicketDefaults(r.Context(), a.Table, body); err != nil {
		return reply{}, err
	}
	if state.Digest(before.Defaults) != state.Digest(body) {
		if err := a.auditSettings(r, "change ticket settings", "ticketing", before.Defaults, body); err != nil {
			return reply{}, err
		}
	}
	return ok(TicketSettingsAnswer{body, warnings}), nil
}

// OverridesAnswer is one customer's own ticket settings and what they come to.
type OverridesAnswer struct {
	Overrides alert.Overrides `json:"overrides"`
	Effective alert.Settings  `json:"effective"`
	// Warnings come with a change only.
	Warnings []FieldProblem `json:"warnings,omitempty"`
}

func (a *api) getOverrides(r *http.Request) (reply, error) {
	id := r.PathValue("id")
	if _, err := a.Model.Customer(r.Context(), id); err != nil {
		return reply{}, err
	}
	s, err := state.LoadTicketSettingsOf(r.Context(), a.Table, id)
	if err != nil {
		return reply{}, err
	}
	out := OverridesAnswer{Overrides: s.Overrides[id]}
	if out.Overrides == nil {
		out.Overrides = alert.Overrides{}
	}
	// Overrides that make no sense any more leave tickets off; that is what counts.
	out.Effective, _ = s.For(id)
	return ok(out), nil
}

func (a *api) putOverrides(r *http.Request) (reply, error) {
	id := r.PathValue("id")
	body := alert.Overrides{}
	if err := read(r, &body); err != nil {
		return reply{}, err
	}
	if _, err := a.Model.Customer(r.Context(), id); err != nil {
		return reply{}, err
	}
	before, err := state.LoadTicketSettingsOf(r.Context(), a.Table, id)
	if err != nil {
		return reply{}, err
	}
	effective, err := before.Defaults.With(body)
	if err != nil {
		return reply{}, badSettings(err)
	}
	warnings, err := a.offered(r, effective, nil, ownedBy(body))
	if err != nil {
		return reply{}, err
	}
	if err := state.SaveTicketOverrides(r.Context(), a.Table, id, body); err != nil {
		return reply{}, err
	}
	if err := a.auditSettings(r, "change ticket settings of a customer", "ticketing "+id, before.Overrides[id], body); err != nil {
		return reply{}, err
	}
	return ok(OverridesAnswer{body, effective, warnings}), nil
}

// ownedBy says which members overrides answer for: their own, and with a board what
// must belong to it.
func ownedBy(o alert.Overrides) func(field string) bool {
	return func(field string) bool {
		name, _, _ := strings.Cut(field, ".")
		_, own := o[name]
		_, board := o["boardId"]
		return own || board && slices.Contains([]string{"typeId", "subTypeId", "itemId"}, name)
	}
}

func (a *api) deleteOverrides(r *http.Request) (reply, error) {
	id := r.PathValue("id")
	if _, err := a.Model.Customer(r.Context(), id); err != nil {
		return reply{}, err
	}
	before, err := state.LoadTicketSettingsOf(r.Context(), a.Table, id)
	if err != nil {
		return reply{}, err
	}
	if len(before.Overrides[id]) == 0 {
		return noContent(), nil
	}
	if err := state.SaveTicketOverrides(r.Context(), a.Table, id, nil); err != nil {
		return reply{}, err
	}
	return noContent(), a.auditSettings(r, "reset ticket settings of a customer", "ticketing "+id, before.Overrides[id], nil)
}

func (a *api) resetOverrides(r *http.Request) (reply, error) {
	before, err := state.LoadTicketSettings(r.Context(), a.Table)
	if err != nil {
		return reply{}, err
	}
	reset, err := state.ResetTicketOverrides(r.Context(), a.Table)
	if err != nil {
		return reply{}, err
	}
	if len(reset) > 0 {
		err = a.auditSettings(r, "reset ticket settings of all customers", "ticketing", before.Overrides, nil)
	}
	return ok(struct {
		Reset int `json:"reset"`
	}{len(reset)}), err
}
