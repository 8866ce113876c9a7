package ticketing

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/connectwise"
)

// Catalog is what of ConnectWise settings can name; *connectwise.Client is one.
type Catalog interface {
	ListCompanies(ctx context.Context, q connectwise.CompanyQuery) ([]connectwise.Company, error)
	ListBoards(ctx context.Context) ([]connectwise.Board, error)
	ListStatuses(ctx context.Context, boardID int) ([]connectwise.Status, error)
	ListTypes(ctx context.Context, boardID int) ([]connectwise.Type, error)
	ListSubTypes(ctx context.Context, boardID int) ([]connectwise.SubType, error)
	ListItems(ctx context.Context, boardID int) ([]connectwise.Item, error)
	ListPriorities(ctx context.Context) ([]connectwise.Priority, error)
	ListSources(ctx context.Context) ([]connectwise.Source, error)
}

var _ Catalog = (*connectwise.Client)(nil)

// boardReads is how many boards are read side by side, each with four lists.
const boardReads = 4

// ReadOffer reads what ConnectWise has now: all companies, boards, priorities and
// sources, and of the named boards all that belongs to them.
func ReadOffer(ctx context.Context, c Catalog, boards []int) (alert.Offer, error) {
	o := alert.Offer{Companies: []alert.Choice{}, Boards: []alert.BoardChoice{}, Priorities: []alert.Choice{}, Sources: []alert.Choice{}}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		list, err := c.ListCompanies(ctx, connectwise.CompanyQuery{IncludeDeleted: true})
		for _, x := range list {
			o.Companies = append(o.Companies, alert.Choice{ID: x.ID, Name: x.Name, Inactive: x.Deleted})
		}
		return err
	})
	g.Go(func() error {
		list, err := c.ListPriorities(ctx)
		for _, x := range list {
			o.Priorities = append(o.Priorities, alert.Choice{ID: x.ID, Name: x.Name, Default: x.Default})
		}
		return err
	})
	g.Go(func() error {
		list, err := c.ListSources(ctx)
		for _, x := range list {
			o.Sources = append(o.Sources, alert.Choice{ID: x.ID, Name: x.Name, Default: x.Default})
		}
		return err
	})
	g.Go(func() (err error) {
		o.Boards, err = readBoards(ctx, c, boards)
		return err
	})
	return o, g.Wait()
}

func readBoards(ctx context.Context, c Catalog, named []int) ([]alert.BoardChoice, error) {
	list, err := c.ListBoards(ctx)
	if err != nil {
		return nil, err
	}
	out := []alert.BoardChoice{}
	for _, b := range list {
		if !b.Project {
			out = append(out, alert.BoardChoice{Choice: alert.Choice{ID: b.ID, Name: b.Name, Inactive: b.Inactive}})
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(boardReads)
	for i := range out {
		if slices.Contains(named, out[i].ID) {
			g.Go(func() error { return fillBoard(ctx, c, &out[i]) })
		}
	}
	return out, g.Wait()
}

// fillBoard reads what belongs to one board.
func fillBoard(ctx context.Context, c Catalog, b *alert.BoardChoice) error {
	statuses, err := c.ListStatuses(ctx, b.ID)
	if err != nil {
		return err
	}
	for _, x := range statuses {
		b.Statuses = append(b.Statuses, alert.StatusChoice{Choice: alert.Choice{ID: x.ID, Name: x.Name, Inactive: x.Inactive, Default: x.Default}, Closed: x.Closed})
	}
	types, err := c.ListTypes(ctx, b.ID)
	if err != nil {
		return err
	}
	for _, x := range types {
		b.Types = append(b.Types, alert.Choice{ID: x.ID, Name: x.Name, Inactive: x.Inactive, Default: x.Default})
	}
	subs, err := c.ListSubTypes(ctx, b.ID)
	if err != nil {
		return err
	}
	for _, x := range subs {
		b.SubTypes = append(b.SubTypes, alert.SubTypeChoice{Choice: alert.Choice{ID: x.ID, Name: x.Name, Inactive: x.Inactive}, TypeIDs: x.TypeIDs})
	}
	items, err := c.ListItems(ctx, b.ID)
	for _, x := range items {
		b.Items = append(b.Items, alert.Choice{ID: x.ID, Name: x.Name, Inactive: x.Inactive})
	}
	return err
}

// CheckSettings says what of settings and rules ConnectWise does not have now,
// field by field. Its error is ConnectWise's: nothing could be checked.
func CheckSettings(ctx context.Context, c Catalog, s alert.Settings, rules []alert.Rule) ([]alert.Problem, error) {
	o, err := ReadOffer(ctx, c, s.Boards(rules))
	if err != nil {
		return nil, err
	}
	return slices.Concat(s.ValidateAgainst(o), alert.ValidateRulesAgainst(rules, o)), nil
}
