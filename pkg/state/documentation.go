package state

import (
	"time"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/match"
)

// Documentation is what the bridge keeps of one customer's machines and of what
// it shows of them in IT Glue. Short names, and no value that another one tells
// (the machines of a publication are those whose link names its configuration).
//
// Three write it, each only its own part and through UpdateDocumentation:
// documentation decisions write the machines' statuses and automatic links (account
// and docsync, through the same rules), people's decisions write links (review),
// docsync alone writes publications and the banner.
type Documentation struct {
	// Organization is the IT Glue organization that the machines' links stand on.
	Organization string `json:"o,omitempty"`
	// Machines by asset key.
	Machines map[string]Machine `json:"m,omitempty"`
	// Publications by configuration id.
	Publications map[string]Publication `json:"p,omitempty"`
	// Notes are our blocks in the notes of configurations, by configuration id.
	Notes map[string]Note `json:"t,omitempty"`
	// Banner is what stands in the alert text of an organization for this customer.
	Banner Banner `json:"b,omitzero"`
}

// Banner is our text on an organization's page.
type Banner struct {
	Organization string    `json:"o,omitempty"`
	Text         string    `json:"t,omitempty"` // as last written; empty: none of ours stands there
	Key          string    `json:"k,omitempty"` // names what it says, without the time
	At           time.Time `json:"a,omitzero"`
	// Refused is why it could not be written, RefusedKey what was refused: it is not
	// repeated until that changes.
	Refused    string `json:"e,omitempty"`
	RefusedKey string `json:"ed,omitempty"`
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
	// Changes are when the word changed; Bytes the storage it had when any of this was
	// last written.
	Changes Changes `json:"h,omitempty"`
	Bytes   int64   `json:"by,omitempty"`

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

	// Restricted says that it was published for chosen people only.
	Restricted bool `json:"r,omitempty"`

	// Refused is why IT Glue (or caution) refused the last write of the content
	// RefusedDigest; it is not repeated until the content changes.
	Refused       string `json:"e,omitempty"`
	RefusedDigest string `json:"ed,omitempty"`
}

// NoNote stands for the wish to have no block, in Note.RefusedText and
// Banner.RefusedKey.
const NoNote = "-"

// Note is our block in a configuration's notes.
type Note struct {
	Text string    `json:"t,omitempty"` // as last written; empty: none of ours stands there
	At   time.Time `json:"a,omitzero"`
	// Refused is why it could not be written, RefusedText what was refused: it is not
	// repeated until that changes.
	Refused     string `json:"e,omitempty"`
	RefusedText string `json:"ed,omitempty"` // NoNote: taking it away
}
