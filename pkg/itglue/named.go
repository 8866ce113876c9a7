package itglue

import (
	"context"
	"fmt"
	"strings"

	"uniview-bridge/pkg/vendorhttp"
)

// Named is a record that is little more than a name: a type or a status. Their ids differ between accounts; look them up
// by name (itglue.md §5), see [ByName].
type Named struct{ ID, Name string }

// ByName returns the record of a list that has this name: the one spelled exactly so, else the only one that differs in
// case or in blanks around it. None is an error of kind NotFound, several one of kind Conflict.
func ByName(list []Named, name string) (Named, error) {
	var exact, alike []Named
	for _, n := range list {
		switch {
		case n.Name == name:
			exact = append(exact, n)
		case strings.EqualFold(strings.TrimSpace(n.Name), strings.TrimSpace(name)):
			alike = append(alike, n)
		}
	}
	found := exact
	if len(found) == 0 {
		found = alike
	}
	switch len(found) {
	case 0:
		return Named{}, vendorhttp.NewError(vendor, "look up a name", vendorhttp.NotFound, 0, fmt.Sprintf("IT Glue has none that is called %q", name))
	case 1:
		return found[0], nil
	}
	return Named{}, vendorhttp.NewError(vendor, "look up a name", vendorhttp.Conflict, 0, fmt.Sprintf("IT Glue has %d that are called %q", len(found), name))
}

// ListOrganizationTypes returns the account's organization types.
func (c *Client) ListOrganizationTypes(ctx context.Context) ([]Named, error) {
	return c.listNamed(ctx, listOrganizationTypes)
}

// ListOrganizationStatuses returns the account's organization statuses.
func (c *Client) ListOrganizationStatuses(ctx context.Context) ([]Named, error) {
	return c.listNamed(ctx, listOrganizationStatuses)
}

// ListConfigurationTypes returns the account's configuration types.
func (c *Client) ListConfigurationTypes(ctx context.Context) ([]Named, error) {
	return c.listNamed(ctx, listConfigurationTypes)
}

// ListConfigurationStatuses returns the account's configuration statuses.
func (c *Client) ListConfigurationStatuses(ctx context.Context) ([]Named, error) {
	return c.listNamed(ctx, listConfigurationStatuses)
}

func (c *Client) listNamed(ctx context.Context, op reading) ([]Named, error) {
	return readAll(ctx, c, func() *Pager[Named] {
		return newPager(c, listSpec{op: op, sort: "id"}, func(_ *document, r *resource) (Named, bool) {
			return Named{ID: r.id, Name: r.attrs.text("name")}, true
		})
	})
}
