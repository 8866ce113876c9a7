package state

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// Due is what a side last completed for a customer: the digest of everything
// the decision stood on, and when the clock alone makes it due again.
type Due struct {
	Digest    string    `json:"digest"`
	Completed time.Time `json:"completed"`
	NextAt    time.Time `json:"nextAt,omitzero"`
	// Begun names the handling that completed it, where the side keeps that; see
	// Desk.Undone.
	Begun string `json:"begun,omitempty"`
}

// DueInputs are all things whose change makes a customer due (design §3.3).
type DueInputs struct {
	Slice     string `json:"slice"`     // digest of the slice
	Settings  string `json:"settings"`  // digest of the settings that count for this side
	Decisions int64  `json:"decisions"` // Customer.Decisions
	News      int64  `json:"news"`      // Customer.TicketNews for IT Glue, DeviceNews for ConnectWise
	Mode      Mode   `json:"mode"`
	Rules     string `json:"rules"` // version of the deciding code's rules
}

// Digest names the inputs.
func (in DueInputs) Digest() string { return Digest(in) }

// Digest is a short name for any JSON value: equal values have equal digests.
func Digest(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("digest of an unencodable %T: %v", v, err)) // a programming error: records are plain data
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:12])
}

// IsDue says whether a customer is due, and why.
func (d Due) IsDue(digest string, now time.Time) (bool, string) {
	switch {
	case d.Completed.IsZero():
		return true, "never completed"
	case d.Digest != digest:
		return true, "something changed"
	case !d.NextAt.IsZero() && !now.Before(d.NextAt):
		return true, "its time has come"
	default:
		return false, "nothing changed"
	}
}

// Dues reads the due records of one side by customer id.
func Dues(ctx context.Context, t Table, v Vendor) (map[string]Due, error) {
	return LoadAll[Due](ctx, t, pkDue+string(v))
}

// CompleteDue records that the side completed what digest names.
func CompleteDue(ctx context.Context, t Table, v Vendor, customer string, d Due) error {
	_, err := Save(ctx, t, DueKey(v, customer), d, Any, time.Time{})
	return err
}
