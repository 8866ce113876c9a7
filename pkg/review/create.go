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

// NewOrganization is an organization to create.
type NewOrganization struct {
	Name             string
	TypeID, StatusID string // empty: none
}

// NewConfiguration is a configuration to create.
type NewConfiguration struct {
	Name     string
	MAC      string
	TypeID   string // empty: one that fits
	StatusID string // empty: none
	Family   backup.Family
	Kind     string
}

// Creator searches and creates records in IT Glue. A search is complete or an
// error. Every error went through the connection's Fail.
type Creator interface {
	Organizations(ctx context.Context) ([]match.Organization, error)
	CreateOrganization(ctx context.Context, n NewOrganization) (match.Organization, error)
	Configurations(ctx context.Context, organization string) ([]match.Configuration, error)
	CreateConfiguration(ctx context.Context, organization string, n NewConfiguration) (match.Configuration, error)
	// Kinds are the types and statuses that IT Glue has now.
	Kinds(ctx context.Context) (Kinds, error)
}

// claim guards one create: who is at it, and whether an answer was lost.
type claim struct {
	Owner string    `json:"owner"`
	By    string    `json:"by"`
	Until time.Time `json:"until"`
	// Sent is when the last create may have been sent; zero: none was.
	Sent time.Time `json:"sent,omitzero"`
	Lost bool      `json:"lost,omitempty"` // its answer was lost, as far as is known: search first
	// Known are the ids of the records of that name from before the create was sent:
	// what is found later and is not among them is what it made.
	Known []string `json:"known,omitempty"`
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
	about := subject{Side: Organization, Customer: c.ID}
	return s.create(ctx, by, about, d, creation{
		name: name, warnings: organizationWarnings,
		free: func(ctx context.Context) error {
			now, _, err := state.Load[state.Customer](ctx, s.Table, state.CustomerKey(c.ID))
			if err == nil && now.Links.Organization.State == match.Matched {
				err = refuse(Clash, "action", "this customer is matched already: unmatch it first")
			}
			return err
		},
		search: func(ctx context.Context) ([]Duplicate, error) {
			all, err := s.Creator.Organizations(ctx)
			company, _ := c.Links.Company.Linked()
			return likeOrganizations(name, company, c.Links.Organization.Suggestions, all), err
		},
		send: func(ctx context.Context) (Target, error) {
			o, err := s.Creator.CreateOrganization(ctx, NewOrganization{Name: name, TypeID: d.TypeID, StatusID: d.StatusID})
			return Target{o.ID, o.Name}, err
		},
		link: func(ctx context.Context, target Target) (Outcome, error) {
			return s.writeCustomer(ctx, by, c.ID, Organization, string(Create), "", func(link match.Link) (match.Link, error) {
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
	var suggestions []match.Suggestion
	return s.create(ctx, by, about, d, creation{
		name: name, warnings: configurationWarnings,
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
			suggestions = m.Link.Suggestions
			return nil
		},
		search: func(ctx context.Context) ([]Duplicate, error) {
			all, err := s.Creator.Configurations(ctx, organization)
			return likeConfigurations(a, suggestions, all), err
		},
		send: func(ctx context.Context) (Target, error) {
			c, err := s.Creator.CreateConfiguration(ctx, organization, NewConfiguration{
				Name: name, MAC: a.MAC, TypeID: d.TypeID, StatusID: d.StatusID, Family: a.Family, Kind: a.Kind,
			})
			return Target{c.ID, c.Name}, err
		},
		link: func(ctx context.Context, target Target) (Outcome, error) {
			return s.writeMachine(ctx, by, a.CustomerID, a.Key(), string(Create), "", func(link match.Link) (match.Link, error) {
				return linked(link, target, reasonOr(d, "created by a person"), by, s.Now().UTC()), nil
			})
		},
	})
}

// creation is how one sort of record is created.
type creation struct {
	name     string
	warnings []string
	// free refuses when the record is linked already.
	free func(ctx context.Context) error
	// search finds what may be the record already, best first.
	search func(ctx context.Context) ([]Duplicate, error)
	send   func(ctx context.Context) (Target, error)
	// link records the result.
	link func(ctx context.Context, target Target) (Outcome, error)
}

// look searches without creating anything.
func (c creation) look(ctx context.Context, about subject) (Outcome, error) {
	vctx, cancel := context.WithTimeout(ctx, createTime)
	defer cancel()
	if err := c.free(vctx); err != nil {
		return Outcome{}, err
	}
	found, err := c.search(vctx)
	if err != nil {
		return Outcome{}, err
	}
	return Outcome{Creation: c.known(about, found), customer: about.Customer}, nil
}

// known is what is told to people before they create.
func (c creation) known(about subject, found []Duplicate) *Creation {
	out := &Creation{Name: c.name, Duplicates: found, Warnings: c.warnings}
	if len(found) > 0 {
		out.Confirm = confirmation(about, found)
	} else {
		out.Duplicates = []Duplicate{}
	}
	return out
}

// create makes one record exactly once (design §3.5): claim, search, create,
// record. A crash in between leaves a claim that runs out, and the record is then
// found by its name.
func (s *Service) create(ctx context.Context, by string, about subject, d Decision, c creation) (Outcome, error) {
	if c.name == "" {
		return Outcome{}, refuse(Clash, "action", "UniView gives it no name, and IT Glue needs one: name it in UniView first")
	}
	if d.DryRun {
		return c.look(ctx, about)
	}
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
	if again, ok := s.Creator.(*once); ok && held.Lost {
		again.forget()
	}
	found, err := c.search(vctx)
	if err != nil {
		return out, remember(), err // a failed search never falls through to a create
	}
	record := func(target Target) (Outcome, *claim, error) {
		out, err := c.link(context.WithoutCancel(ctx), target)
		out.reread, out.Creation = true, &Creation{Name: c.name, Duplicates: []Duplicate{}, Warnings: c.warnings}
		if err != nil { // it is made all the same: the next attempt links it
			held.Made = &target
			return out, &held, err
		}
		return out, nil, nil
	}
	if held.Lost {
		if made := held.Made; made != nil && (listed(found, made.ID) || s.Now().Before(held.Sent.Add(createWindow))) {
			return record(*made)
		}
		fresh := held.fresh(found)
		if len(fresh) == 1 { // the create whose answer was lost had succeeded
			return record(Target{fresh[0].ID, fresh[0].Name})
		}
		if again := held.Sent.Add(createWindow); len(fresh) == 0 && s.Now().Before(again) {
			return out, &held, refuse(Clash, "action",
				"IT Glue never answered to the last attempt, and the record is not to be seen yet: try again after %s", again.UTC().Format("15:04 UTC"))
		}
	}
	if len(found) > 0 && d.Confirm != confirmation(about, found) {
		words := "IT Glue has %s already: match to it, or confirm that another one is wanted"
		if d.Confirm != "" {
			words = "the records that look like this one are others by now: %s. Match to one, or confirm again"
		}
		refusal := refuse(Clash, "confirm", words, names(found))
		refusal.Creation = c.known(about, found)
		return out, remember(), refusal
	}
	held.Lost, held.Sent, held.Made, held.Known = true, s.Now().UTC(), nil, exact(found) // until we know better
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

// fresh are the records of exactly the name that were not there before the create
// was sent.
func (c claim) fresh(found []Duplicate) []Duplicate {
	var out []Duplicate
	for _, f := range found {
		if f.exact && !slices.Contains(c.Known, f.ID) {
			out = append(out, f)
		}
	}
	return out
}

// exact are the ids of the records of exactly the name.
func exact(found []Duplicate) []string {
	var out []string
	for _, f := range found {
		if f.exact {
			out = append(out, f.ID)
		}
	}
	return out
}

func listed(found []Duplicate, id string) bool {
	return slices.ContainsFunc(found, func(f Duplicate) bool { return f.ID == id })
}

// vendorFailed says whether IT Glue, not our own store, is what failed.
func vendorFailed(err error) bool {
	var vendor *vendorhttp.Error
	return errors.As(err, &vendor) || errors.Is(err, state.ErrStopped) || errors.Is(err, context.DeadlineExceeded)
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

func names(found []Duplicate) string {
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
