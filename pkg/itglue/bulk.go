package itglue

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"uniview-bridge/pkg/vendorhttp"
)

// A bulk is one kind of write of many flexible assets.
type bulk struct {
	c          *Client
	op         writing
	ids        []string // of the route
	repeatable bool     // sending it again does no harm

	check      func(FlexibleAssetWrite) (identity string, err error) // before sending; identities must differ
	attributes func(FlexibleAssetWrite) map[string]any
	match      func(FlexibleAssetWrite, FlexibleAsset) bool
	find       func(ctx context.Context, typeID string) ([]FlexibleAsset, error) // what a refused list may have made; nil = not needed
}

// An item is one write on its way.
type item struct {
	write  FlexibleAssetWrite
	raw    json.RawMessage
	result *WriteResult
}

func (b bulk) run(ctx context.Context, writes []FlexibleAssetWrite) ([]WriteResult, error) {
	results := make([]WriteResult, len(writes))
	var items []item
	known := map[string]bool{}
	for i, w := range writes {
		identity, err := b.check(w)
		if err == nil && known[identity] {
			err = fail(b.op, vendorhttp.Invalid, "the same asset is written twice in one call")
		}
		var raw json.RawMessage
		if err == nil {
			if raw, err = json.Marshal(w.resource(b.attributes(w))); err != nil {
				err = fail(b.op, vendorhttp.Invalid, "cannot encode the traits: %v", err)
			}
		}
		if err != nil {
			results[i].Err = err
			continue
		}
		known[identity] = true
		results[i].Err = ErrNotSent
		items = append(items, item{write: w, raw: raw, result: &results[i]})
	}
	for len(items) > 0 {
		n := chunk(items, b.c.bulkSize)
		if err := b.send(ctx, items[:n]); err != nil {
			return results, err
		}
		items = items[n:]
	}
	return results, nil
}

// chunk returns how many of the items go into one request: by count and by bytes.
func chunk(items []item, most int) int {
	size := 0
	for i, it := range items {
		size += len(it.raw)
		if i == most || (i > 0 && size > maxBulkBytes) {
			return i
		}
	}
	return len(items)
}

// send writes the items in one request, and one by one when IT Glue refuses them together. An error means stop.
func (b bulk) send(ctx context.Context, items []item) error {
	err := b.request(ctx, items)
	if err == nil {
		return nil
	}
	if !b.splits(err) {
		return err
	}
	if len(items) == 1 {
		return nil // its result says why
	}
	if b.find != nil {
		if items, err = b.reconcile(ctx, items); err != nil {
			return err
		}
	}
	for i := range items {
		items[i].result.Err = ErrNotSent
	}
	for i := range items {
		if err := b.request(ctx, items[i:i+1]); err != nil && !b.splits(err) {
			return err
		}
	}
	return nil
}

// splits reports whether a failure may be one element's fault. A repeatable write may also have met a server error
// over one element, or have been too much for one request.
func (b bulk) splits(err error) bool {
	var e *vendorhttp.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Kind {
	case vendorhttp.Invalid, vendorhttp.NotFound, vendorhttp.Forbidden, vendorhttp.Conflict:
		return e.Status/100 == 4
	case vendorhttp.Unavailable:
		return b.repeatable && (e.Status == http.StatusInternalServerError || e.Status == http.StatusGatewayTimeout)
	}
	return false
}

// request sends the items as one list and sets their results; an error is every item's result.
func (b bulk) request(ctx context.Context, items []item) error {
	raws := make([]json.RawMessage, len(items))
	for i := range items {
		raws[i] = items[i].raw
	}
	d, err := b.c.write(ctx, b.op, raws, b.ids...)
	if err != nil {
		for i := range items {
			items[i].result.Err = err
		}
		return err
	}
	assets := make([]FlexibleAsset, 0, len(d.data))
	for _, r := range d.data {
		if r.id != "" {
			assets = append(assets, assetOf(r))
		}
	}
	for _, left := range b.assign(items, assets) {
		left.result.Err = b.c.missing(b.op, d.errs)
	}
	return nil
}

// assign gives each item the asset that is its own, and returns the items that have none.
func (b bulk) assign(items []item, assets []FlexibleAsset) (left []item) {
	for _, it := range items {
		it.result.Err = ErrNotSent
		for _, a := range assets {
			if b.match(it.write, a) {
				*it.result = WriteResult{Asset: a}
				break
			}
		}
		if it.result.Err != nil {
			left = append(left, it)
		}
	}
	return left
}

// reconcile looks for assets that a refused list made nevertheless, and returns the items that still have to be sent.
// Without a complete answer nothing is sent.
func (b bulk) reconcile(ctx context.Context, items []item) ([]item, error) {
	var assets []FlexibleAsset
	read := map[string]bool{}
	for _, it := range items {
		if read[it.write.TypeID] {
			continue
		}
		read[it.write.TypeID] = true
		found, err := b.find(ctx, it.write.TypeID)
		if err != nil {
			for _, it := range items {
				it.result.Err = b.c.missing(b.op, nil)
			}
			return nil, err
		}
		assets = append(assets, found...)
	}
	return b.assign(items, assets), nil
}
