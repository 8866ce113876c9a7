package match

import "time"

// State is the state of a link (design §1).
type State string

// The link states.
const (
	Unmatched State = "unmatched"
	Suggested State = "suggested"
	Matched   State = "matched"
	Ignored   State = "ignored"
	Attention State = "attention"
)

// Cause says why a link needs attention.
type Cause string

// The causes.
const (
	Ambiguous Cause = "ambiguous" // several candidates with equal right
	Renamed   Cause = "renamed"   // the linked record has another name now and nothing else confirms it
	Missing   Cause = "missing"   // deleted or archived at the other side
	Conflict  Cause = "conflict"  // evidence speaks for another record
)

// Auto is the By of links made by the rules; anything else names a person.
const Auto = "auto"

// Link is what is known of one record's counterpart in another system. It is
// held by TargetID; TargetName is cached for display and for noticing renames.
type Link struct {
	State       State        `json:"state"`
	Cause       Cause        `json:"cause,omitempty"`
	TargetID    string       `json:"targetId,omitempty"` // kept in Matched and in Attention (renamed, missing, conflict)
	TargetName  string       `json:"targetName,omitempty"`
	Reason      string       `json:"reason"`
	By          string       `json:"by,omitempty"`
	At          time.Time    `json:"at,omitzero"`
	Suggestions []Suggestion `json:"suggestions,omitempty"` // best first, at most five; all candidates when ambiguous
}

// Decided says whether a person decided this link; rules then never change
// its target, they only notice that it went missing or was renamed.
func (l Link) Decided() bool { return l.By != "" && l.By != Auto }

// Linked returns the counterpart's id when the link may be acted on.
func (l Link) Linked() (id string, ok bool) {
	return l.TargetID, l.State == Matched && l.TargetID != ""
}

// Suggestion is a proposed counterpart. It never acts until accepted.
type Suggestion struct {
	TargetID   string   `json:"targetId"`
	TargetName string   `json:"targetName"`
	Score      float64  `json:"score"` // 0..1
	Reasons    []string `json:"reasons"`
}

// Organization is an IT Glue organization.
type Organization struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	ShortName string `json:"shortName,omitempty"`
	ParentID  string `json:"parentId,omitempty"`
	Primary   bool   `json:"primary,omitempty"` // the MSP itself
	// CompanyID is the ConnectWise company IT Glue itself has linked
	// (adapters_resources, itglue.md §3.5); empty when none.
	CompanyID string `json:"companyId,omitempty"`
}

// Company is a ConnectWise company.
type Company struct {
	ID         string `json:"id"`
	Identifier string `json:"identifier,omitempty"`
	Name       string `json:"name"`
	Deleted    bool   `json:"deleted,omitempty"`
}

// Configuration is a device record in IT Glue with every address known of it.
type Configuration struct {
	ID             string `json:"id"`
	OrganizationID string `json:"organizationId"`
	Name           string `json:"name"`
	Hostname       string `json:"hostname,omitempty"`
	MAC            string `json:"mac,omitempty"` // primary, as IT Glue writes it
	// OtherMACs are those of interfaces and RMM records (itglue.md §0.8).
	OtherMACs []string `json:"otherMacs,omitempty"`
	Serial    string   `json:"serial,omitempty"`
	TypeName  string   `json:"typeName,omitempty"`
	Archived  bool     `json:"archived,omitempty"`
	PSASynced bool     `json:"psaSynced,omitempty"`
	// CompanyConfigurationID is its twin in ConnectWise; empty when unknown.
	CompanyConfigurationID string `json:"companyConfigurationId,omitempty"`
	URL                    string `json:"url,omitempty"`
}

// CustomerLinks are the two links of one customer, and where they come from.
type CustomerLinks struct {
	Organization Link `json:"organization"`
	Company      Link `json:"company"`
}

// Elsewhere is a machine's address found in another organization than the
// customer's: reported, never linked.
type Elsewhere struct {
	MAC               string `json:"mac"` // canonical
	ConfigurationID   string `json:"configurationId"`
	ConfigurationName string `json:"configurationName"`
	OrganizationID    string `json:"organizationId"`
	OrganizationName  string `json:"organizationName"`
	// Below says that the organization is below the customer's, where machines are
	// not looked for under the present settings or because another customer has it.
	Below bool `json:"below,omitempty"`
}
