package state

import (
	"context"
	"time"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/match"
)

// Documentation is what the bridge keeps of one customer's machines and of what
// it shows of them in IT Glue. It is one item, so it stays small: short names,
// no value that another one tells (the machines of a publication are those whose
// link names its configuration).
//
// Three write it, each only its own part: documentation decisions write the
// machines' statuses and automatic links (account and docsync, through the same
// rules), people's decisions write links (review), docsync alone writes
// publications.
type Documentation struct {
	// Organization is the IT Glue organization that the machines' links stand on.
	Organization string `json:"o,omitempty"`
	// Machines by asset key.
	Machines map[string]Machine `json:"m,omitempty"`
	// Publications by configuration id.
	Publications map[string]Publication `json:"p,omitempty"`
}

// Machine is one registration of a protected machine.
type Machine struct {
	Name string     `json:"n,omitempty"`
	Link match.Link `json:"l"`
	// SupersededBy is the asset key of the newer registration of the same
	// machine; SameAs that of the machine's registration in the other family.
	SupersededBy string            `json:"sb,omitempty"`
	SameAs       string            `json:"sa,omitempty"`
	Elsewhere    []match.Elsewhere `json:"x,omitempty"` // hits in other organizations

	Word   backup.Word  `json:"w,omitempty"`
	Reason string       `json:"r,omitempty"`
	Since  time.Time    `json:"s,omitzero"`
	Known  backup.Known `json:"k,omitzero"`

	// MissingAt is the first complete UniView read that lacked the machine;
	// Gone is set by a second, later one.
	MissingAt time.Time `json:"ma,omitzero"`
	Gone      bool      `json:"g,omitempty"`
}

// PublicationState is how far a publication is.
type PublicationState string

// The states of a publication. The empty one is not stored: nothing is published.
const (
	PublicationCreating  PublicationState = "creating"  // claimed; the lease says until when
	PublicationCreated   PublicationState = "created"   // the flexible asset is known by its id
	PublicationUncertain PublicationState = "uncertain" // a create may have succeeded; searches are due
	PublicationRetired   PublicationState = "retired"   // blanked and archived by us
	PublicationRefused   PublicationState = "refused"   // the create was refused; see Refused
)

// Publication is the flexible asset of one configuration.
type Publication struct {
	Organization string           `json:"o"`
	Asset        string           `json:"a,omitempty"` // flexible asset id
	State        PublicationState `json:"s"`

	// A claim: who, since when, until when, and how many creates were sent.
	Owner    string    `json:"w,omitempty"`
	Claimed  time.Time `json:"c,omitzero"`
	Lease    time.Time `json:"l,omitzero"`
	Attempts int       `json:"n,omitempty"`
	// Lost is when the create's answer was lost; SearchDue the next search.
	Lost      time.Time `json:"u,omitzero"`
	SearchDue time.Time `json:"d,omitzero"`

	// What was last published: digests of the part that is written at once and of
	// the part that is written at its pace, the status, and when.
	Now       string    `json:"h,omitempty"`
	Slow      string    `json:"t,omitempty"`
	Shown     string    `json:"b,omitempty"` // the status as IT Glue shows it
	Published time.Time `json:"p,omitzero"`

	// Refused is why IT Glue (or caution) refused the last write of the content
	// RefusedDigest; it is not repeated until the content changes.
	Refused       string `json:"e,omitempty"`
	RefusedDigest string `json:"ed,omitempty"`
}

// LoadDocumentation reads one customer's record; a missing one is empty.
func LoadDocumentation(ctx context.Context, t Table, customer string) (Documentation, error) {
	d, _, err := LoadOr(ctx, t, DocumentationKey(customer), Documentation{})
	return d, err
}
