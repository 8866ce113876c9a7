package httpapi

import (
	"context"
	"encoding/json"
	"net/http"

	"golang.org/x/sync/errgroup"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/connectwise"
	"uniview-bridge/pkg/state"
)

// Option is one thing that ticket settings can name.
type Option struct {
	ID       int    `json:"id"`
	Name     string `json:"name"`
	Inactive bool   `json:"inactive"`
	Default  bool   `json:"default"`
}

// StatusOption is a status of a board.
type StatusOption struct {
	Option

	Closed bool `json:"closed"` // tickets with this status are closed
}

// BoardOption is a service board with what belongs to it. Statuses and types are
// filled for the board that is asked for, or for all while there are few.
type BoardOption struct {
	Option

	Statuses []StatusOption `json:"statuses"`
	Types    []Option       `json:"types"`
}

// TicketOptions is what ConnectWise offers now.
type TicketOptions struct {
	Companies  []Option      `json:"companies"`
	Boards     []BoardOption `json:"boards"`
	Priorities []Option      `json:"priorities"`
	Sources    []Option      `json:"sources"`
}

// fewBoards is up to how many boards are answered with their statuses and types
// unasked: each costs two requests.
const fewBoards = 8

// ticketOptions asks ConnectWise for everything that settings can name.
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

func options(ctx context.Context, c *connectwise.Client, board int) (TicketOptions, error) {
	out := TicketOptions{Companies: []Option{}, Boards: []BoardOption{}, Priorities: []Option{}, Sources: []Option{}}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		list, err := c.ListCompanies(ctx, connectwise.CompanyQuery{})
		for _, x := range list {
			out.Companies = append(out.Companies, Option{ID: x.ID, Name: x.Name})
		}
		return err
	})
	g.Go(func() error {
		list, err := c.ListPriorities(ctx)
		for _, x := range list {
			out.Priorities = append(out.Priorities, Option{ID: x.ID, Name: x.Name, Default: x.Default})
		}
		return err
	})
	g.Go(func() error {
		list, err := c.ListSources(ctx)
		for _, x := range list {
			out.Sources = append(out.Sources, Option{ID: x.ID, Name: x.Name, Default: x.Default})
		}
		return err
	})
	g.Go(func() (err error) {
		out.Boards, err = boards(ctx, c, board)
		return err
	})
	return out, g.Wait()
}

func boards(ctx context.Context, c *connectwise.Client, chosen int) ([]BoardOption, error) {
	list, err := c.ListBoards(ctx)
	if err != nil {
		return nil, err
	}
	out := []BoardOption{}
	for _, b := range list {
		if !b.Project {
			out = append(out, BoardOption{
				Option: Option{ID: b.ID, Name: b.Name, Inactive: b.Inactive}, Statuses: []StatusOption{}, Types: []Option{},
			})
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(4)
	for i := range out {
		if chosen != 0 && out[i].ID != chosen || chosen == 0 && len(out) > fewBoards {
			continue
		}
		g.Go(func() error { return fill(ctx, c, &out[i]) })
	}
	return out, g.Wait()
}

// fill reads what belongs to one board.
func fill(ctx context.Context, c *connectwise.Client, b *BoardOption) error {
	statuses, err := c.ListStatuses(ctx, b.ID)
	if err != nil {
		return err
	}
	for _, s := range statuses {
		b.Statuses = append(b.Statuses, StatusOption{Option{ID: s.ID, Name: s.Name, Inactive: s.Inactive, Default: s.Default}, s.Closed})
	}
	types, err := c.ListTypes(ctx, b.ID)
	for _, t := range types {
		b.Types = append(b.Types, Option{ID: t.ID, Name: t.Name, Inactive: t.Inactive, Default: t.Default})
	}
	return err
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
	body := alert.Defaults()
	if err := read(r, &body); err != nil {
		return reply{}, err
	}
	if err := body.Validate(); err != nil {
		return reply{}, badSettings(err)
	}
	before, err := state.LoadTicketSettings(r.Context(), a.Table)
	if err != nil {
		return reply{}, err
	}
	if err := state.SaveTicketDefaults(r.Context(), a.Table, body); err != nil {
		return reply{}, err
	}
	if err := a.auditSettings(r, "change ticket settings", "ticketing", before.Defaults, body); err != nil {
		return reply{}, err
	}
	return a.getTicketSettings(r)
}

// badSettings says what is wrong with settings, which the domain words.
func badSettings(err error) *Problem {
	return problem(http.StatusBadRequest, "These settings cannot be kept", sentence(err.Error()))
}

// OverridesAnswer is one customer's own ticket settings and what they come to.
type OverridesAnswer struct {
	Overrides alert.Overrides `json:"overrides"`
	Effective alert.Settings  `json:"effective"`
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
	if _, err := before.Defaults.With(body); err != nil {
		return reply{}, badSettings(err)
	}
	if err := state.SaveTicketOverrides(r.Context(), a.Table, id, body); err != nil {
		return reply{}, err
	}
	if err := a.auditSettings(r, "change ticket settings of a customer", "ticketing "+id, before.Overrides[id], body); err != nil {
		return reply{}, err
	}
	return a.getOverrides(r)
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

// auditSettings records a change of settings with what was before and after.
func (a *api) auditSettings(r *http.Request, action, subject string, before, after any) error {
	fields := func(v any) map[string]string {
		raw, err := json.Marshal(v)
		if err != nil || string(raw) == "null" {
			return nil
		}
		return map[string]string{"settings": string(raw)}
	}
	return state.AddAudit(r.Context(), a.Table, state.Audit{
		At: a.Now().UTC(), By: by(r), Action: action, Subject: subject, Before: fields(before), After: fields(after),
	}, a.Random())
}
