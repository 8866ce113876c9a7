package review

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"uniview-bridge/pkg/match"
)

// MaxBulk is the most decisions of one call.
const MaxBulk = 500

// MaxCreates is how many of them may create records: each waits on IT Glue.
const MaxCreates = 25

// createsTime is the most the creates of one call take together (design §5).
const createsTime = 18 * time.Second

// workers is how many customers are decided on side by side.
const workers = 8

// Item is one decision among many.
type Item struct {
	Kind Side   `json:"kind"`
	ID   string `json:"id"` // customer id, or asset key for a configuration
	Decision
}

// ItemResult is what became of one item: an outcome or a refusal.
type ItemResult struct {
	Item    Item
	Outcome Outcome
	Refusal *Refusal
}

// Many carries many decisions out, each by itself: what cannot be done is said
// per item and keeps nothing else from being done. Those on one customer follow
// each other in the order given; creates come last, one after the other. The error
// is our own store failing; results before it stand.
func (s *Service) Many(ctx context.Context, by string, items []Item) ([]ItemResult, error) {
	if len(items) > MaxBulk {
		return nil, refuse(Invalid, "items", "more than %d decisions at once: send them in parts", MaxBulk)
	}
	results := make([]ItemResult, len(items))
	groups := map[string][]int{} // by customer
	var creates []int
	for i, item := range items {
		results[i].Item = item
		if item.Action == Create {
			creates = append(creates, i)
			continue
		}
		owner, err := s.ownerOf(ctx, item)
		if err != nil {
			return results, err
		}
		groups[owner] = append(groups[owner], i)
	}
	if len(creates) > MaxCreates {
		return nil, refuse(Invalid, "items", "more than %d records to create at once: send them in parts", MaxCreates)
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(workers)
	for _, group := range groups {
		g.Go(func() error {
			for _, i := range group {
				if err := s.into(gctx, by, &results[i]); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err := g.Wait()
	if err == nil {
		err = s.createMany(ctx, by, creates, results)
	}
	var changed []*Outcome
	for i := range results {
		changed = append(changed, &results[i].Outcome)
	}
	s.sync(context.WithoutCancel(ctx), by, changed)
	return results, err
}

// ownerOf is the customer that an item is about, as far as it is known.
func (s *Service) ownerOf(ctx context.Context, item Item) (string, error) {
	if item.Kind != Configuration {
		return item.ID, nil
	}
	a, _, err := s.Directory.Asset(ctx, item.ID)
	return a.CustomerID, err
}

// into carries one item out.
func (s *Service) into(ctx context.Context, by string, r *ItemResult) error {
	out, err := s.one(ctx, by, r.Item)
	r.Outcome = out
	if errors.As(err, &r.Refusal) {
		return nil
	}
	return err
}

// createMany creates one record after the other, over one look at IT Glue's lists.
// A vendor that fails refuses the item, not those before it; what is not reached in
// time is said to be so.
func (s *Service) createMany(ctx context.Context, by string, creates []int, results []ItemResult) error {
	if len(creates) == 0 {
		return nil
	}
	vctx, cancel := context.WithTimeout(ctx, createsTime)
	defer cancel()
	shared := *s
	if s.Creator != nil {
		shared.Creator = &once{Creator: s.Creator, configurations: map[string][]match.Configuration{}}
	}
	failed := false
	for _, i := range creates {
		switch {
		case failed:
			results[i].Refusal = refuse(Unavailable, "", "not tried: IT Glue could not be asked")
			continue
		case vctx.Err() != nil && ctx.Err() == nil:
			results[i].Refusal = refuse(Unavailable, "", "not reached within %d seconds: send it again", int(createsTime.Seconds()))
			continue
		}
		err := shared.into(vctx, by, &results[i])
		switch {
		case err == nil:
		case ctx.Err() != nil || !vendorFailed(err):
			return err
		default:
			failed = true
			results[i].Refusal = refuse(Unavailable, "", "IT Glue could not be asked, nothing was created: test the connection, or try again in a few minutes")
		}
	}
	return nil
}

func (s *Service) one(ctx context.Context, by string, item Item) (Outcome, error) {
	if item.ID == "" {
		return Outcome{}, refuse(Invalid, "id", "the id is missing")
	}
	switch item.Kind {
	case Organization, Company:
		return s.customer(ctx, by, item.ID, item.Kind, item.Decision)
	case Configuration:
		return s.machine(ctx, by, item.ID, item.Decision)
	default:
		return Outcome{}, refuse(Invalid, "kind", "kind is organization, company or configuration")
	}
}

// once reads each list of IT Glue once and adds to it what is created, so that
// many creates need one look and still see each other. What was lost on the way is
// looked for anew.
type once struct {
	Creator

	organizations  []match.Organization
	read           bool
	configurations map[string][]match.Configuration
}

// Organizations implements [Creator].
func (o *once) Organizations(ctx context.Context) ([]match.Organization, error) {
	if o.read {
		return o.organizations, nil
	}
	all, err := o.Creator.Organizations(ctx)
	o.organizations, o.read = all, err == nil
	return all, err
}

// forget makes the next look a new one.
func (o *once) forget() {
	o.read = false
	clear(o.configurations)
}

// CreateOrganization implements [Creator].
func (o *once) CreateOrganization(ctx context.Context, n NewOrganization) (match.Organization, error) {
	made, err := o.Creator.CreateOrganization(ctx, n)
	if o.read = err == nil; o.read {
		o.organizations = append(o.organizations, made)
	}
	return made, err
}

// Configurations implements [Creator].
func (o *once) Configurations(ctx context.Context, organization string) ([]match.Configuration, error) {
	if all, ok := o.configurations[organization]; ok {
		return all, nil
	}
	all, err := o.Creator.Configurations(ctx, organization)
	if err == nil {
		o.configurations[organization] = all
	}
	return all, err
}

// CreateConfiguration implements [Creator].
func (o *once) CreateConfiguration(ctx context.Context, organization string, n NewConfiguration) (match.Configuration, error) {
	made, err := o.Creator.CreateConfiguration(ctx, organization, n)
	if err != nil {
		delete(o.configurations, organization)
		return made, err
	}
	o.configurations[organization] = append(o.configurations[organization], made)
	return made, nil
}
