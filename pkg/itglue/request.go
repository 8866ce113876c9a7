package itglue

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"uniview-bridge/pkg/vendorhttp"
)

// read sends one GET and reads its document; via says whether with retries.
func (c *Client) read(ctx context.Context, via *vendorhttp.Client, op reading, query url.Values, ids ...string) (*document, error) {
	path, err := fill(op, readings[op].route, ids)
	if err != nil {
		return nil, err
	}
	u := c.base.JoinPath(path)
	u.RawQuery = query.Encode()
	res, err := via.Do(ctx, vendorhttp.Request{Op: op.String(), Method: http.MethodGet, URL: u, Header: c.header()})
	if err != nil {
		return nil, err
	}
	d, err := decodeDocument(res.Body)
	if err != nil {
		return nil, vendorhttp.NewError(vendor, op.String(), vendorhttp.Malformed, res.Status, err.Error())
	}
	if len(d.errs) > 0 && len(d.data) == 0 {
		return nil, vendorhttp.NewError(vendor, op.String(), vendorhttp.Malformed, res.Status, "errors in a success answer: "+c.hide(d.errs[0].String()))
	}
	return d, nil
}

// show reads one record by its id, and checks that it is that one.
func (c *Client) show(ctx context.Context, op reading, id, include string) (*document, *resource, error) {
	query := url.Values{}
	if include != "" {
		query.Set("include", include)
	}
	d, err := c.read(ctx, c.http, op, query, id)
	if err != nil {
		return nil, nil, err
	}
	if len(d.data) != 1 || d.data[0].id != id {
		return nil, nil, fail(op, vendorhttp.Malformed, "the answer is not about the record asked for")
	}
	return d, d.data[0], nil
}

// A payload is the data member of a write: one resource object or a list of them.
type payload struct {
	Data any `json:"data"`
}

// A writeResource is one resource object of a write. Attributes hold the id of a record in a bulk write
// (itglue.md §9.1); there is no place for a filter.
type writeResource struct {
	Type          string         `json:"type"`
	Attributes    map[string]any `json:"attributes"`
	Relationships map[string]any `json:"relationships,omitempty"`
}

// write sends one POST or PATCH, once. Its method and path come from the table of writes and checked ids only, and it
// takes no query.
func (c *Client) write(ctx context.Context, op writing, data any, ids ...string) (*document, error) {
	row := writings[op]
	path, err := fill(op, row.route, ids)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(payload{Data: data})
	if err != nil {
		return nil, fail(op, vendorhttp.Invalid, "cannot encode the request: %v", err)
	}
	res, err := c.http.Do(ctx, vendorhttp.Request{
		Op: row.name, Method: string(row.verb), URL: c.base.JoinPath(path), Header: c.header(), Body: body, ContentType: contentType,
	})
	if err != nil {
		return nil, c.judge(ctx, err)
	}
	d, err := decodeDocument(res.Body)
	if err != nil {
		e := vendorhttp.NewError(vendor, row.name, vendorhttp.Malformed, res.Status, err.Error())
		e.Uncertain = true
		return nil, e
	}
	return d, nil
}

// writeOne sends a write about one record and returns the record as answered.
func (c *Client) writeOne(ctx context.Context, op writing, data writeResource, ids ...string) (*document, *resource, error) {
	d, err := c.write(ctx, op, data, ids...)
	if err != nil {
		return nil, nil, err
	}
	if len(d.data) != 1 || d.data[0].id == "" {
		e := fail(op, vendorhttp.Malformed, "the answer holds %d records, not the one written", len(d.data))
		e.Uncertain = true
		return nil, nil, e
	}
	return d, d.data[0], nil
}

// judge settles a gateway's 403 on a write: when the key still works for a read, it was the content that was refused.
func (c *Client) judge(ctx context.Context, err error) error {
	var e *vendorhttp.Error
	if !errors.As(err, &e) || e.Status != http.StatusForbidden || e.Kind != vendorhttp.Auth {
		return err
	}
	if c.Test(ctx) != nil {
		return err
	}
	judged := *e
	judged.Kind = vendorhttp.Forbidden
	judged.Message = "refused though the key works: the firewall may dislike the content"
	return &judged
}

// ErrSynced is in the error of an update that IT Glue refused (422) on a record that its PSA keeps: such a configuration
// accepts nine attributes, such an organization three (itglue.md §0.1, §3.3). The words of that refusal are not
// documented; the client looks at the record to tell.
var ErrSynced = errors.New("itglue: the PSA keeps this record, so that IT Glue accepts few changes to it")

// IsSynced reports whether err is a refused update of a record that a PSA keeps.
func IsSynced(err error) bool { return errors.Is(err, ErrSynced) }

// refusedAsSynced adds ErrSynced to a 422 when the record turns out to be the PSA's.
func refusedAsSynced(err error, synced func() (bool, error)) error {
	var e *vendorhttp.Error
	if !errors.As(err, &e) || e.Status != http.StatusUnprocessableEntity {
		return err
	}
	if yes, lookErr := synced(); lookErr != nil || !yes {
		return err
	}
	return fmt.Errorf("%w: %w", ErrSynced, err)
}

// hide keeps the key out of a text that a success answer held; vendorhttp does it for all others.
func (c *Client) hide(text string) string {
	const hidden = "[redacted]"
	key := []byte(c.key)
	return strings.NewReplacer(
		c.key, hidden, url.QueryEscape(c.key), hidden,
		base64.StdEncoding.EncodeToString(key), hidden, base64.RawURLEncoding.EncodeToString(key), hidden,
	).Replace(text)
}

func (c *Client) header() http.Header {
	return http.Header{"X-Api-Key": {c.key}, "Accept": {contentType}}
}

// classify tells a refused key from other 403s: the gateway's {"message":"Forbidden"} is about the key (itglue.md §1).
func classify(status int, header http.Header, body []byte) vendorhttp.Kind {
	if status != http.StatusForbidden {
		return ""
	}
	if code, _, _ := parseError(status, header, body); code == codeGateway {
		return vendorhttp.Auth
	}
	return vendorhttp.Forbidden
}

// number writes an id as the number that IT Glue documents.
func number(id string) any {
	if id != "" && len(id) <= 18 && strings.Trim(id, "0123456789") == "" && (id[0] != '0' || id == "0") {
		return json.Number(id)
	}
	return id
}
