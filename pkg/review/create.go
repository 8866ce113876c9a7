package review

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/vendorhttp"
)

// createTime is the most a create waits on IT Glue (design §5).
const createTime = 20 * time.Second

// createLease is how long an attempt may be on its way before it counts as lost.
const createLease = time.Minute

// createWindow is how long after a lost answer the record is searched for before
// it is created again (design §3.5).
const createWindow = 30 * time.Minute

// NewConfiguration is a configuration to create.
type NewConfiguration struct {
	Name   string
	MAC    string
	TypeID string // empty: one that fits
	Family backup.Family
	Kind   string
}

// Creator searches and creates records in IT Glue. A search is complete or an
// error. Every error went through the connection's Fail.
type Creator interface {
	Organizations(ctx context.Context) ([]match.Organization, error)
	CreateOrganization(ctx context.Context, name string) (match.Organization, error)
	Configurations(ctx context.Context, organization string) ([]match.Configuration, error)
	CreateConfiguration(ctx context.Context, organization string, n NewConfiguration) (match.Configuration, error)
}

// claim guards one create: who is at it, and whether an answer was lost.
type claim struct {
	Owner string    `json:"owner"`
	By    string    `json:"by"`
	Until time.Time `json:"until"`
	// Sent is when the last create may have been sent; zero: none was.
	Sent time.Time `json:"sent,omitzero"`
	Lost bool      `json:"lost,omitempty"` // its answer was lost, as far as is known: search first
	// Made is the record that was created, when it is known but could not be linked.
	Made *Target `json:"made,omitempty"`
}

func claimKey(about subject) state.Key { return state.Key{PK: "claim", SK: about.String()} }

func (s *Service) createOrganization(ctx context.Context, by string, c state.Customer, side Side, d Decision) (Outcome, error) {
	if side == Company {
		return Outcome{}, refuse(Unavailable, "action", "the bridge does not create companies: its ConnectWise role may only read them. Create the company in ConnectWise, then match to it")
	}
	if s.Creator == nil {
		return Outcome{}, refuse(Unavailable, "action", "creating organizations is not set up on this installation")
	}
	name := strings.TrimSpace(c.Name)
	key := match.NormalizeName(name).Key
	about := subject{Side: Organization, Customer: c.ID}
	return s.create(ctx, by, about, d, creation{
		free: func(ctx context.Context) error {
			now, _, err := state.Load[state.Customer](ctx, s.Table, state.CustomerKey(c.ID))
			if err == nil && now.Links.Organization.State == match.Matched {
				err = refuse(Clash, "action", "this customer is matched already: unmatch it first")
			}
			return err
		},
		search: func(ctx context.Context) (same, alike []Target, err error) {
			all, err := s.Creator.Organizations(ctx)
			for _, o := range all {
				if o.Name == name {
					same = append(same, Target{o.ID, o.Name})
				} else if key != "" && match.NormalizeName(o.Name).Key == key {
					alike = append(alike, Target{o.ID, o.Name})
				}
			}
			return same, alike, err
		},
		send: func(ctx context.Context) (Target, error) {
			o, err := s.Creator.CreateOrganization(ctx, name)
			return Target{o.ID, o.Name}, err
		},
		link: func(ctx context.Context, target Target) (Outcome, error) {
			return s.writeCustomer(ctx, by, c.ID, Organization, string(Create), func(link match.Link) (match.Link, error) {
				return linked(link, target, reasonOr(d, "created by a person"), by, s.Now().UTC()), nil
			})
		},
	})
}

func (s *Service) createConfiguration(ctx context.Context, by string, a backup.Asset, organization string, d Decision) (Outcome, error) {
	if s.Creator == nil {
		return Outcome{}, refuse(Unavailable, "action", "creating configurations is not set up on this installation")
	}
	name := strings.TrimSpace(a.Name)
	about := subject{Side: Configuration, Customer: a.CustomerID, Asset: a.Key()}
	return s.create(ctx, by, about, d, creation{
		free: func(ctx context.Context) error {
			doc, err := state.LoadDocumentation(ctx, s.Table, a.CustomerID)
			m, ok := doc.Machines[a.Key()]
			switch {
			case err != nil:
				return err
			case !ok:
				return refuse(Clash, "id", "this machine was not decided on yet: wait for the next sync")
			case m.Link.State == match.Matched:
				return refuse(Clash, "action", "this machine is matched already: unmatch it first")
			}
			return nil
		},
		search: func(ctx context.Context) (same, alike []Target, err error) {
			all, err := s.Creator.Configurations(ctx, organization)
			for _, c := range all {
				if c.Name == name {
					same = append(same, Target{c.ID, c.Name})
				} else if strings.EqualFold(c.Name, name) || strings.EqualFold(c.Hostname, name) {
					alike = append(alike, Target{c.ID, c.Name})
				}
			}
			return same, alike, err
		},
		send: func(ctx context.Context) (Target, error) {
			c, err := s.Creator.CreateConfiguration(ctx, organization, NewConfiguration{
				Name: name, MAC: a.MAC, TypeID: d.TypeID, Family: a.Family, Kind: a.Kind,
			})
			return Target{c.ID, c.Name}, err
		},
		link: func(ctx context.Context, target Target) (Outcome, error) {
			return s.writeMachine(ctx, by, a.CustomerID, a.Key(), string(Create), func(link match.Link) (match.Link, error) {
				return linked(link, target, reasonOr(d, "created by a person"), by, s.Now().UTC()), nil
			})
		},
	})
}

// creation is how one sort of record is created.
type creation struct {
	// free refuses when the record is linked already.
	free func(ctx context.Context) error
	// search finds records: same have exactly the name, alike one that reads the same.
	search func(ctx context.Context) (same, alike []Target, err error)
	send   func(ctx context.Context) (Target, error)
	// link records the result.
	link func(ctx context.Context, target Target) (Outcome, error)
}

// create makes one record exactly once (design §3.5): claim, search, create,
// record. A crash in between leaves a claim that runs out, and the record is then
// found by its name.
func (s *Service) create(ctx context.Context, by string, about subject, d Decision, c creation) (Outcome, error) {
	owner := s.Random()
	held, err := s.claim(ctx, by, owner, about)
	if err != nil {
		return Outcome{}, err
	}
	out, lost, err := s.attempt(ctx, owner, about, held, d, c)
	if lost != nil {
		return out, s.release(ctx, owner, about, *lost, err)
	}
	s.unclaim(context.WithoutCancel(ctx), owner, about)
	return out, err
}

// attempt searches, creates and records under a claim. lost is what must be
// remembered when the outcome is not known.
func (s *Service) attempt(ctx context.Context, owner string, about subject, held claim, d Decision, c creation) (out Outcome, lost *claim, err error) {
	vctx, cancel := context.WithTimeout(ctx, createTime)
	defer cancel()
	remember := func() *claim {
		if held.Lost {
			return &held
		}
		return nil
	}
	if err := c.free(vctx); err != nil {
		return out, remember(), err
	}
	same, alike, err := c.search(vctx)
	if err != nil {
		return out, remember(), err // a failed search never falls through to a create
	}
	record := func(target Target) (Outcome, *claim, error) {
		out, err := c.link(context.WithoutCancel(ctx), target)
		out.reread = true
		if err != nil { // it is made all the same: the next attempt links it
			held.Made = &target
			return out, &held, err
		}
		return out, nil, nil
	}
	if held.Lost {
		if made := held.Made; made != nil && (listed(same, made.ID) || listed(alike, made.ID) || s.Now().Before(held.Sent.Add(createWindow))) {
			return record(*made)
		}
		if len(same) == 1 { // the create whose answer was lost had succeeded
			return record(same[0])
		}
		if again := held.Sent.Add(createWindow); len(same) == 0 && s.Now().Before(again) {
			return out, &held, refuse(Clash, "action",
				"IT Glue never answered to the last attempt, and the record is not to be seen yet: try again after %s", again.UTC().Format("15:04 UTC"))
		}
	}
	if found := append(same, alike...); len(found) > 0 && !d.Force {
		return out, nil, refuse(Clash, "action", "IT Glue has %s already: match to it, or create another one on purpose (force)", names(found))
	}
	held.Lost, held.Sent, held.Made = true, s.Now().UTC(), nil // until we know better
	if err := s.hold(vctx, owner, about, held); err != nil {
		return out, nil, err
	}
	target, err := c.send(vctx)
	if err != nil {
		if !uncertain(err) {
			return out, nil, err // nothing was made
		}
		return out, &held, refuse(Clash, "action",
			"IT Glue did not answer, so the record may have been created or not: try again in a minute, it is looked for first")
	}
	return record(target)
}

func listed(found []Target, id string) bool {
	return slices.ContainsFunc(found, func(t Target) bool { return t.ID == id })
}

// uncertain says whether a create that failed may have succeeded. Only a vendor's
// clear answer and a connection that cannot be used say that it did not.
func uncertain(err error) bool {
	var vendor *vendorhttp.Error
	var refusal *Refusal
	switch {
	case errors.As(err, &vendor):
		return vendor.Uncertain
	case errors.As(err, &refusal), errors.Is(err, state.ErrStopped):
		return false
	default:
		return true
	}
}

func names(found []Target) string {
	const shown = 3
	parts := make([]string, 0, shown)
	for _, t := range found[:min(shown, len(found))] {
		parts = append(parts, fmt.Sprintf("%q (%s)", t.Name, t.ID))
	}
	if len(found) > shown {
		parts = append(parts, fmt.Sprintf("and %d more", len(found)-shown))
	}
	return strings.Join(parts, ", ")
}

// claim takes the right to create; an attempt on its way elsewhere is a refusal.
// An attempt that ran out of its lease is lost, never free.
func (s *Service) claim(ctx context.Context, by, owner string, about subject) (claim, error) {
	now := s.Now().UTC()
	return state.Update(ctx, s.Table, claimKey(about), func(c *claim) error {
		if c.Owner != "" && now.Before(c.Until) {
			return refuse(Clash, "action", "%s is creating this right now", c.By)
		}
		c.Owner, c.By, c.Until = owner, by, now.Add(createLease)
		return nil
	})
}

// hold writes the claim before the create is sent, if it is still ours.
func (s *Service) hold(ctx context.Context, owner string, about subject, next claim) error {
	_, err := state.Update(ctx, s.Table, claimKey(about), func(c *claim) error {
		if c.Owner != owner {
			return refuse(Clash, "action", "somebody else is creating this right now")
		}
		*c = next
		return nil
	})
	return err
}

// release lets go of the claim but keeps what is known of earlier attempts, and
// returns why.
func (s *Service) release(ctx context.Context, owner string, about subject, next claim, why error) error {
	next.Owner, next.Until = "", time.Time{}
	if _, err := state.Update(context.WithoutCancel(ctx), s.Table, claimKey(about), func(c *claim) error {
		if c.Owner != owner {
			return state.Unchanged()
		}
		*c = next
		return nil
	}); err != nil {
		return errors.Join(why, err)
	}
	return why
}

// unclaim forgets the claim once its outcome is known. Failing to is harmless:
// the record is then found by its name.
func (s *Service) unclaim(ctx context.Context, owner string, about subject) {
	item, err := s.Table.Get(ctx, claimKey(about))
	if err != nil {
		return
	}
	var c claim
	if state.Decode(item.Data, &c) == nil && (c.Owner == owner || c.Owner == "") {
		_ = s.Table.Delete(ctx, item.Key, item.Version) // somebody else's now: theirs to end
	}
}
