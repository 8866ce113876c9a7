package connectwise

import (
	"context"
	"strings"

	"uniview-bridge/pkg/vendorhttp"
)

// Registration is a callback that ConnectWise has been asked to send
// (connectwise.md §9).
type Registration struct {
	ID             int    `json:"id,omitempty"`
	URL            string `json:"url"` // the record's id is appended to it as text: end it with "?recordId="
	Description    string `json:"description,omitempty"`
	Type           string `json:"type"`                 // ticket, company
	Level          string `json:"level"`                // owner, board, ...
	ObjectID       int    `json:"objectId"`             // 1 for the level owner
	Inactive       bool   `json:"inactiveFlag"`         // ConnectWise does this after three days of failures
	SelfSuppressed bool   `json:"isSelfSuppressedFlag"` // do not call back for changes made by this member
}

type registrationBody struct {
	Registration

	PayloadVersion string `json:"payloadVersion"`
}

// matches says whether a registration is the one that is wanted; of one URL,
// type, level and object there can be only one.
func (r Registration) matches(want Registration) bool {
	return r.URL == want.URL && strings.EqualFold(r.Type, want.Type) && strings.EqualFold(r.Level, want.Level) &&
		(r.ObjectID == want.ObjectID || strings.EqualFold(r.Level, "owner")) // an owner's 0 is stored as 1
}

// ListCallbacks reads the registered callbacks, other integrations' included. It
// needs an extra right.
func (c *Client) ListCallbacks(ctx context.Context) ([]Registration, error) {
	return newPager(c, listing{op: listCallbacks}, same[Registration]).collect(ctx)
}

// EnsureCallback registers a callback, or finds the one that is there, and
// switches it on again when ConnectWise has switched it off. It may be repeated
// at any time. It needs an extra right; nothing but the optional fast path
// depends on it.
func (c *Client) EnsureCallback(ctx context.Context, r Registration) (Registration, error) {
	const op = registerCallback
	r.ID, r.Inactive, r.Description = 0, false, clip(r.Description, 99)
	resp, err := c.do(ctx, call{op: op, body: registrationBody{Registration: r, PayloadVersion: "3.0.0"}})
	if err == nil {
		return decodeRegistration(resp, op)
	}
	if !hasInner(err, codeObjectExist) {
		return Registration{}, err
	}
	list, listErr := c.ListCallbacks(ctx)
	if listErr != nil {
		return Registration{}, listErr
	}
	for _, have := range list {
		if !have.matches(r) {
			continue
		}
		if !have.Inactive {
			return have, nil
		}
		resp, err := c.do(ctx, call{op: reviveCallback, ids: []int{have.ID}, body: []patchOp{{Op: "replace", Path: "inactiveFlag", Value: false}}})
		if err != nil {
			return Registration{}, err
		}
		return decodeRegistration(resp, reviveCallback)
	}
	return Registration{}, err
}

func decodeRegistration(resp *vendorhttp.Response, op operation) (Registration, error) {
	var r Registration
	if err := decode(resp, op, &r); err != nil {
		return Registration{}, err
	}
	if r.ID <= 0 {
		return Registration{}, malformed(op, resp.Status, "the answer holds no callback id")
	}
	return r, nil
}

// DeleteCallback removes a callback that EnsureCallback gave. It is read first:
// an entry that carries another URL by now belongs to somebody else and is left
// alone, with a Conflict error. One that is gone is success.
func (c *Client) DeleteCallback(ctx context.Context, r Registration) error {
	resp, err := c.do(ctx, call{op: readCallback, ids: []int{r.ID}})
	if vendorhttp.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	have, err := decodeRegistration(resp, readCallback)
	if err != nil {
		return err
	}
	if have.ID != r.ID || !have.matches(r) {
		return vendorhttp.NewError(vendor, deleteCallback.String(), vendorhttp.Conflict, 0, "not sent: the callback with this id is not ours any more")
	}
	_, err = c.do(ctx, call{op: deleteCallback, ids: []int{r.ID}})
	if vendorhttp.IsNotFound(err) {
		return nil
	}
	return err
}
