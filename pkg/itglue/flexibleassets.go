package itglue

import (
	"context"
	"errors"
	"time"

	"uniview-bridge/pkg/vendorhttp"
)

// A FlexibleAsset is one record of a flexible asset type. Its name is made by IT Glue from the title fields
// (itglue.md §6.2).
type FlexibleAsset struct {
	ID, Name             string
	OrganizationID       string
	OrganizationName     string
	TypeID, TypeName     string
	Archived, Restricted bool
	Traits               map[string]any // the read shape, see [MergeTraits]
	ResourceURL          string         // its page, for people
	CreatedAt, UpdatedAt time.Time
}

// FlexibleAssetQuery narrows a list of flexible assets. IT Glue lists them by type only.
type FlexibleAssetQuery struct {
	TypeID         string // required
	OrganizationID string
}

// ListFlexibleAssets returns the assets of a type, archived ones included, oldest first.
func (c *Client) ListFlexibleAssets(ctx context.Context, q FlexibleAssetQuery) ([]FlexibleAsset, error) {
	return readAll(ctx, c, func() *Pager[FlexibleAsset] { return c.FlexibleAssetsPager(q) })
}

func (q FlexibleAssetQuery) check() error {
	if err := checkID(listFlexibleAssets, "flexible asset type id", q.TypeID); err != nil || q.OrganizationID == "" {
		return err
	}
	return checkID(listFlexibleAssets, "organization id", q.OrganizationID)
}

// FlexibleAssetsPager is the resumable form of [Client.ListFlexibleAssets]. The list cannot be sorted by id, so it is
// sorted by creation, which does not change either.
func (c *Client) FlexibleAssetsPager(q FlexibleAssetQuery) *Pager[FlexibleAsset] {
	spec := listSpec{op: listFlexibleAssets, sort: "created_at", invalid: q.check()}
	spec.filters = append(spec.filters, filterBy("flexible-asset-type-id", q.TypeID)...)
	spec.filters = append(spec.filters, filterBy("organization-id", q.OrganizationID)...)
	return newPager(c, spec, func(_ *document, r *resource) (FlexibleAsset, bool) {
		a := assetOf(r)
		return a, a.TypeID == q.TypeID && (q.OrganizationID == "" || a.OrganizationID == q.OrganizationID)
	})
}

// GetFlexibleAsset returns one asset, for example to merge its traits with what people have just written.
func (c *Client) GetFlexibleAsset(ctx context.Context, id string) (FlexibleAsset, error) {
	_, r, err := c.show(ctx, getFlexibleAsset, id, "")
	if err != nil {
		return FlexibleAsset{}, err
	}
	return assetOf(r), nil
}

func assetOf(r *resource) FlexibleAsset {
	a := r.attrs
	traits, _ := a["traits"].(map[string]any)
	return FlexibleAsset{
		ID: r.id, Name: a.text("name"), OrganizationID: a.id("organization-id"), OrganizationName: a.text("organization-name"),
		TypeID: a.id("flexible-asset-type-id"), TypeName: a.text("flexible-asset-type-name"),
		Archived: a.flag("archived"), Restricted: a.flag("restricted"), Traits: traits, ResourceURL: a.text("resource-url"),
		CreatedAt: a.time("created-at"), UpdatedAt: a.time("updated-at"),
	}
}

// FlexibleAssetWrite is one asset to create or update.
type FlexibleAssetWrite struct {
	ID       string         // of the asset to update; empty for a new one
	TypeID   string         // required for a new one; it never changes
	KeyTrait string         // required for a new one: the key of the trait whose text tells it from all others of its type
	Traits   map[string]any // the write shape; for an update the complete set ([MergeTraits]), or nil to leave all as they are

	Archived, Restricted *bool // nil = leave
}

// A WriteResult is what became of one write: the asset as IT Glue answered it, or an error.
type WriteResult struct {
	Asset FlexibleAsset
	Err   error
}

// ErrNotSent is the error of a write that was not attempted, because an earlier one of the same call met a failure that
// would have met it too.
var ErrNotSent = errors.New("itglue: not sent, because an earlier write of the same call failed")

// maxBulkBytes keeps a bulk write well under the 10 MB that the gateway takes (itglue.md §1.1).
const maxBulkBytes = 4 << 20

// CreateFlexibleAssets makes assets in one organization, many in a request, and returns one result per write in the
// order given. What one asset is refused for does not touch the others: IT Glue refuses a whole list for one bad element
// (whether it keeps the good ones is not documented), and then the call looks for assets that were made after all, by
// their key traits, and sends the rest one by one.
//
// The error is not nil when the call stopped early (key refused, rate limit, server or network failure); writes that
// were never sent then have ErrNotSent. A create that may have succeeded has an uncertain error: look for its key before
// repeating it.
func (c *Client) CreateFlexibleAssets(ctx context.Context, orgID string, writes []FlexibleAssetWrite) ([]WriteResult, error) {
	const op = createFlexibleAssets
	if err := checkID(op, "organization id", orgID); err != nil {
		return nil, err
	}
	b := bulk{
		c: c, op: op, ids: []string{orgID},
		match: func(w FlexibleAssetWrite, a FlexibleAsset) bool {
			return a.TypeID == w.TypeID && TraitText(a.Traits[w.KeyTrait]) == TraitText(w.Traits[w.KeyTrait])
		},
		check: func(w FlexibleAssetWrite) (string, error) {
			if err := checkID(op, "flexible asset type id", w.TypeID); err != nil {
				return "", err
			}
			key := TraitText(w.Traits[w.KeyTrait])
			if w.KeyTrait == "" || key == "" {
				return "", fail(op, vendorhttp.Invalid, "a new flexible asset needs a key trait, and a text in it")
			}
			return w.TypeID + " " + key, nil
		},
		attributes: func(w FlexibleAssetWrite) map[string]any {
			return map[string]any{"organization-id": number(orgID), "flexible-asset-type-id": number(w.TypeID), "traits": w.Traits}
		},
		find: func(ctx context.Context, typeID string) ([]FlexibleAsset, error) {
			return c.ListFlexibleAssets(ctx, FlexibleAssetQuery{TypeID: typeID, OrganizationID: orgID})
		},
	}
	return b.run(ctx, writes)
}

// UpdateFlexibleAssets updates assets, of any organizations, many in a request. Results and errors are as for
// [Client.CreateFlexibleAssets]; updates may be repeated.
func (c *Client) UpdateFlexibleAssets(ctx context.Context, writes []FlexibleAssetWrite) ([]WriteResult, error) {
	const op = updateFlexibleAssets
	b := bulk{
		c: c, op: op, repeatable: true,
		match: func(w FlexibleAssetWrite, a FlexibleAsset) bool { return a.ID == w.ID },
		check: func(w FlexibleAssetWrite) (string, error) {
			if err := checkID(op, "id", w.ID); err != nil {
				return "", err
			}
			if w.Traits != nil && len(w.Traits) == 0 {
				return "", fail(op, vendorhttp.Invalid, "an update with an empty set of traits would delete them all")
			}
			return w.ID, nil
		},
		attributes: func(w FlexibleAssetWrite) map[string]any {
			attrs := map[string]any{"id": number(w.ID)}
			if w.Traits != nil {
				attrs["traits"] = w.Traits
			}
			return attrs
		},
	}
	return b.run(ctx, writes)
}

func (w FlexibleAssetWrite) resource(attributes map[string]any) writeResource {
	if w.Archived != nil {
		attributes["archived"] = *w.Archived
	}
	if w.Restricted != nil {
		attributes["restricted"] = *w.Restricted
	}
	return writeResource{Type: "flexible_assets", Attributes: attributes}
}

// missing is the result of a write that a success answer does not show.
func (c *Client) missing(op writing, errs []apiError) error {
	message := "the answer does not show this record"
	if len(errs) > 0 {
		message += ": " + c.hide(errs[0].String())
	}
	e := fail(op, vendorhttp.Incomplete, "%s", message)
	e.Uncertain = true
	return e
}
