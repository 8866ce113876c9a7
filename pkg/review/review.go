package review

import (
	"context"
	"encoding/json"
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
	return s.writeCustomer(ctx, by, customer, side, string(d.Action), func(link match.Link) (match.Link, error) {
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

// writeCustomer changes one link of a customer and records it.
func (s *Service) writeCustomer(ctx context.Context, by, customer string, side Side, action string, change func(match.Link) (match.Link, error)) (Outcome, error) {
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
	out.AuditID, err = s.auditLink(ctx, by, action, subject{Side: side, Customer: customer}, c.Name, before, after)
	if err != nil || after.State != match.Matched {
		return out, err
	}
	out.Warning, err = s.shared(ctx, side, customer, after.TargetID)
	return out, err
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

// machine decides the configuration of one machine.
func (s *Service) machine(ctx context.Context, by, asset string, d Decision) (Outcome, error) {
	if err := checkBy(by); err != nil {
		return Outcome{}, err
	}
	if err := d.check(); err != nil {
		return Outcome{}, err
	}
	a, ok, err := s.Directory.Asset(ctx, asset)
	if err != nil {
		return Outcome{}, err
	}
	if !ok {
		return Outcome{}, refuse(Unknown, "id", "there is no such machine")
	}
	c, _, err := state.Load[state.Customer](ctx, s.Table, state.CustomerKey(a.CustomerID))
	if err != nil && !errors.Is(err, state.ErrNotFound) {
		return Outcome{}, err
	}
	organization, linked := c.Links.Organization.Linked()
	if !linked && (d.Action == Accept || d.Action == Match || d.Action == Create) {
		return Outcome{}, refuse(Clash, "action", "match the customer to an organization first")
	}
	if d.Action == Create {
		return s.createConfiguration(ctx, by, a, organization, d)
	}
	doc, err := state.LoadDocumentation(ctx, s.Table, a.CustomerID)
	if err != nil {
		return Outcome{}, err
	}
	found := map[string]Target{}
	for _, id := range candidates(d, doc.Machines[asset].Link) {
		conf, ok, err := s.Directory.Configuration(ctx, id)
		if err != nil {
			return Outcome{}, err
		}
		if ok && conf.OrganizationID != organization {
			return Outcome{}, refuse(Clash, "targetId", "this configuration belongs to another organization than the customer's")
		}
		if ok {
			found[id] = Target{conf.ID, conf.Name}
		}
	}
	return s.writeMachine(ctx, by, a.CustomerID, asset, string(d.Action), func(link match.Link) (match.Link, error) {
		return apply(link, d, by, s.Now().UTC(), func(id string) (Target, bool) { t, ok := found[id]; return t, ok })
	})
}

// writeMachine changes the link of a machine, then makes its customer due. A
// crash between the two leaves the decision standing; it acts with the next
// change or sync of the customer.
func (s *Service) writeMachine(ctx context.Context, by, customer, asset, action string, change func(match.Link) (match.Link, error)) (Outcome, error) {
	var before, after match.Link
	var name, warning string
	_, err := state.Update(ctx, s.Table, state.DocumentationKey(customer), func(doc *state.Documentation) error {
		m, ok := doc.Machines[asset]
		if !ok {
			return refuse(Clash, "id", "this machine was not decided on yet: wait for the next sync")
		}
		next, err := change(m.Link)
		if err != nil {
			return err
		}
		before, after, name, warning = m.Link, next, m.Name, ""
		if equal(before, after) {
			return state.Unchanged()
		}
		m.Link = next
		doc.Machines[asset] = m
		for key, other := range doc.Machines {
			if id, ok := other.Link.Linked(); ok && id == next.TargetID && key != asset {
				warning = "another machine of this customer is matched to this configuration, too"
			}
		}
		return nil
	})
	if err != nil {
		return Outcome{}, err
	}
	out := Outcome{Link: after, customer: customer, Changed: !equal(before, after), Warning: warning}
	if !out.Changed {
		return out, nil
	}
	if err := s.bump(ctx, customer); err != nil {
		return out, err
	}
	out.AuditID, err = s.auditLink(ctx, by, action, subject{Side: Configuration, Customer: customer, Asset: asset}, name, before, after)
	return out, err
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
	for _, o := range outcomes {
		if o.Changed && o.reread {
			s.request(ctx, state.ScopeDocumentation, "", by, []*Outcome{o})
		} else if o.Changed {
			byCustomer[o.customer] = append(byCustomer[o.customer], o)
		}
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

// subject names what an audit entry is about, and how to find it again.
type subject struct {
	Side     Side
	Customer string
	Asset    string
}

// String is "organization of customer X" in a form that parses back: side, then
// customer, then asset, with spaces between. Customer ids hold no
// spaces.
func (s subject) String() string {
	if s.Asset != "" {
		return string(s.Side) + " " + s.Customer + " " + s.Asset
	}
	return string(s.Side) + " " + s.Customer
}

func parseSubject(text string) (subject, bool) {
	parts := strings.SplitN(text, " ", 3)
	if len(parts) < 2 {
		return subject{}, false
	}
	s := subject{Side: Side(parts[0]), Customer: parts[1]}
	switch {
	case (s.Side == Organization || s.Side == Company || s.Side == modes) && len(parts) == 2:
		return s, true
	case s.Side == Configuration && len(parts) == 3:
		s.Asset = parts[2]
		return s, true
	}
	return subject{}, false
}

// auditLink records a decision on a link: readable parts, and the whole link so
// that undo can restore it.
func (s *Service) auditLink(ctx context.Context, by, action string, about subject, name string, before, after match.Link) (string, error) {
	b, err := linkFields(name, before)
	if err != nil {
		return "", err
	}
	a, err := linkFields(name, after)
	if err != nil {
		return "", err
	}
	return s.audit(ctx, state.Audit{By: by, Action: action, Subject: about.String(), Reason: after.Reason, Before: b, After: a})
}

func linkFields(name string, l match.Link) (map[string]string, error) {
	raw, err := json.Marshal(l)
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	f := map[string]string{"name": name, "state": string(l.State), "link": string(raw)}
	if l.TargetID != "" {
		f["targetId"], f["targetName"] = l.TargetID, l.TargetName
	}
	return f, nil
}

// audit writes an entry and returns its id.
func (s *Service) audit(ctx context.Context, a state.Audit) (string, error) {
	a.At = s.Now().UTC()
	random := s.Random()
	return state.NewRunID(a.At, random), state.AddAudit(ctx, s.Table, a, random)
}
