package review

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/state"
)

// Service carries people's decisions out. All fields but Creator and Log are needed.
type Service struct {
	Table     state.Table
	Directory *Directory
	Now       func() time.Time
	Random    func() string // short random text for ids
	// Request asks for a sync, as account.Service.Request.
	Request func(ctx context.Context, scope state.Scope, target, by string) (runID string, err error)
	// Creator makes records in IT Glue; nil: creating is refused.
	Creator Creator
	Log     *slog.Logger // nil: slog.Default
}

// Customer decides the organization or company of a customer.
func (s *Service) Customer(ctx context.Context, by, customer string, side Side, d Decision) (Outcome, error) {
	out, err := s.customer(ctx, by, customer, side, d)
	if err != nil {
		return out, err
	}
	s.sync(ctx, by, []*Outcome{&out})
	return out, nil
}

// Machine decides the configuration of a machine.
func (s *Service) Machine(ctx context.Context, by, asset string, d Decision) (Outcome, error) {
	out, err := s.machine(ctx, by, asset, d)
	if err != nil {
		return out, err
	}
	s.sync(ctx, by, []*Outcome{&out})
	return out, nil
}

func (s *Service) customer(ctx context.Context, by, customer string, side Side, d Decision) (Outcome, error) {
	if err := checkBy(by); err != nil {
		return Outcome{}, err
	}
	if err := d.check(); err != nil {
		return Outcome{}, err
	}
	if side != Organization && side != Company {
		return Outcome{}, refuse(Invalid, "kind", "a customer has an organization and a company")
	}
	if !plain(customer) {
		return Outcome{}, refuse(Unknown, "id", "there is no such customer")
	}
	c, _, err := state.Load[state.Customer](ctx, s.Table, state.CustomerKey(customer))
	if errors.Is(err, state.ErrNotFound) {
		return Outcome{}, refuse(Unknown, "id", "there is no such customer")
	}
	if err != nil {
		return Outcome{}, err
	}
	if d.Action == Create {
		return s.createOrganization(ctx, by, c, side, d)
	}
	targets, err := s.customerTargets(ctx, side, d, *linkOf(&c, side))
	if err != nil {
		return Outcome{}, err
	}
	return s.writeCustomer(ctx, by, customer, side, string(d.Action), "", func(link match.Link) (match.Link, error) {
		return apply(link, d, by, s.Now().UTC(), targets)
	})
}

// linkOf is the link of a side, to read or to change.
func linkOf(c *state.Customer, side Side) *match.Link {
	if side == Company {
		return &c.Links.Company
	}
	return &c.Links.Organization
}

// customerTargets looks up what a decision can lead to, before the record is
// changed: the change itself may run several times.
func (s *Service) customerTargets(ctx context.Context, side Side, d Decision, link match.Link) (find, error) {
	ids := candidates(d, link)
	found := map[string]Target{}
	for _, id := range ids {
		if side == Company {
			c, ok, err := s.Directory.Company(ctx, id)
			if err != nil {
				return nil, err
			}
			if ok {
				found[id] = Target{c.ID, c.Name}
			}
			continue
		}
		o, ok, err := s.Directory.Organization(ctx, id)
		if err != nil {
			return nil, err
		}
		if ok {
			found[id] = Target{o.ID, o.Name}
		}
	}
	return func(id string) (Target, bool) { t, ok := found[id]; return t, ok }, nil
}

// candidates are the ids a decision may lead to.
func candidates(d Decision, link match.Link) []string {
	if d.Action != Accept && d.Action != Match {
		return nil
	}
	if d.TargetID != "" {
		return []string{d.TargetID}
	}
	var ids []string
	if link.TargetID != "" {
		ids = append(ids, link.TargetID)
	}
	for _, s := range link.Suggestions {
		ids = append(ids, s.TargetID)
	}
	return ids
}

// writeCustomer changes one link of a customer and records it. undoes is the audit
// entry that is taken back; empty: none is.
func (s *Service) writeCustomer(ctx context.Context, by, customer string, side Side, action, undoes string, change func(match.Link) (match.Link, error)) (Outcome, error) {
	var before, after match.Link
	c, err := state.Update(ctx, s.Table, state.CustomerKey(customer), func(c *state.Customer) error {
		if c.ID == "" {
			return refuse(Unknown, "id", "there is no such customer")
		}
		link := linkOf(c, side)
		next, err := change(*link)
		if err != nil {
			return err
		}
		before, after = *link, next
		if equal(before, after) {
			return state.Unchanged()
		}
		*link = next
		c.Decisions++
		return nil
	})
	if err != nil {
		return Outcome{}, err
	}
	out := Outcome{Link: after, customer: customer, Changed: !equal(before, after)}
	if !out.Changed {
		return out, nil
	}
	out.AuditID, err = s.auditLink(ctx, by, action, undoes, subject{Side: side, Customer: customer}, c.Name, before, after)
	if err != nil {
		return out, err
	}
	if after.State == match.Matched {
		out.warn(s.shared(ctx, side, customer, after.TargetID))
	}
	if side == Organization && before.TargetID != "" && before.TargetID != after.TargetID {
		out.warn(s.orphaned(ctx, customer))
	}
	return out, nil
}

// warn adds a warning. One that could not be found out is none: the decision stands.
func (o *Outcome) warn(words string, err error) {
	switch {
	case err != nil || words == "":
	case o.Warning == "":
		o.Warning = words
	default:
		o.Warning += "; " + words
	}
}

// orphaned says how many decisions on machines stood on the organization that the
// customer had.
func (s *Service) orphaned(ctx context.Context, customer string) (string, error) {
	doc, err := state.LoadDocumentation(ctx, s.Table, customer)
	n := 0
	for _, m := range doc.Machines {
		if _, ok := m.Link.Linked(); ok && m.Link.Decided() {
			n++
		}
	}
	if err != nil || n == 0 {
		return "", err
	}
	return fmt.Sprintf("%d machines of this customer were matched by people to configurations of the other organization: they need a decision again", n), nil
}

// shared says who else is linked to the target.
func (s *Service) shared(ctx context.Context, side Side, customer, target string) (string, error) {
	all, err := state.Customers(ctx, s.Table)
	if err != nil {
		return "", err
	}
	n := 0
	for id, c := range all {
		if got, ok := linkOf(&c, side).Linked(); ok && got == target && id != customer {
			n++
		}
	}
	switch n {
	case 0:
		return "", nil
	case 1:
		return fmt.Sprintf("another customer is matched to this %s, too", side), nil
	default:
		return fmt.Sprintf("%d other customers are matched to this %s, too", n, side), nil
	}
}

// bump makes a customer due on both sides.
func (s *Service) bump(ctx context.Context, customer string) error {
	_, err := state.Update(ctx, s.Table, state.CustomerKey(customer), func(c *state.Customer) error {
		if c.ID == "" {
			return state.Unchanged()
		}
		c.Decisions++
		return nil
	})
	return err
}

// syncOneByOne is up to how many customers are synced by themselves after
// decisions; more are left to one run over the account.
const syncOneByOne = 5

// sync asks for a sync of the customers that changed. A sync that cannot be asked
// for is no failure of the decision: the customers are due with the next one.
func (s *Service) sync(ctx context.Context, by string, outcomes []*Outcome) {
	byCustomer := map[string][]*Outcome{}
	var reread []*Outcome
	for _, o := range outcomes {
		if o.Changed && o.reread {
			reread = append(reread, o)
		} else if o.Changed {
			byCustomer[o.customer] = append(byCustomer[o.customer], o)
		}
	}
	if len(reread) > 0 {
		s.request(ctx, state.ScopeDocumentation, "", by, reread)
	}
	if len(byCustomer) > syncOneByOne {
		var all []*Outcome
		for _, some := range byCustomer {
			all = append(all, some...)
		}
		s.request(ctx, state.ScopeAll, "", by, all)
		return
	}
	for customer, some := range byCustomer {
		s.request(ctx, state.ScopeCustomer, customer, by, some)
	}
}

func (s *Service) request(ctx context.Context, scope state.Scope, target, by string, outcomes []*Outcome) {
	id, err := s.Request(ctx, scope, target, by)
	var held *state.HeldError
	if err != nil && !errors.As(err, &held) {
		s.log().WarnContext(ctx, "no sync after a decision: it acts with the next one", slog.String("scope", string(scope)), slog.Any("error", err))
	}
	for _, o := range outcomes {
		o.RunID = id
	}
}

func (s *Service) log() *slog.Logger {
	if s.Log == nil {
		return slog.Default()
	}
	return s.Log
}

// checkBy makes sure that a decision is a person's: the rules' own name would let
// the rules overwrite it.
func checkBy(by string) error {
	if strings.TrimSpace(by) == "" || by == match.Auto {
		return refuse(Invalid, "", "a decision needs the name of a person")
	}
	return nil
}

// maxID bounds ids that come from outside, in bytes.
const maxID = 200

// plain says whether a text can be an id at all: what it looks up goes into keys.
func plain(id string) bool {
	return id != "" && len(id) <= maxID && utf8.ValidString(id) && !strings.ContainsFunc(id, unicode.IsControl)
}

// equal compares links by what they say.
func equal(a, b match.Link) bool { return state.Digest(a) == state.Digest(b) }
