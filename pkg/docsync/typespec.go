package docsync

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"strings"
	"time"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/itglue"
	"uniview-bridge/pkg/state"
)

// TypeName is the name of our flexible asset type in IT Glue.
const TypeName = "Unitrends Backup"

// The names of our fields.
const (
	FieldMachine       = "Machine"
	FieldStatus        = "Status"
	FieldSince         = "Status since"
	FieldLast          = "Last backup"
	FieldLastGood      = "Last good backup"
	FieldStorage       = "Storage used"
	FieldConfiguration = "Configuration"
	FieldAppliance     = "Appliance"
	FieldPortal        = "Portal link"
	FieldTicket        = "Open ticket"
	FieldDetails       = "Details"
	FieldOverdue       = "Backup overdue after"
	FieldIDs           = "UniView ids"
	FieldKey           = "Bridge key"
)

// Labels are the status words as IT Glue shows them, in the order of its list.
var Labels = []string{"Success", "Warning", "Failed", "Overdue", "None seen", "Backup off", "Unknown", LabelGone}

// LabelGone is shown for a machine that UniView does not have any more.
const LabelGone = "No longer protected"

// Label is a status word as IT Glue shows it.
func Label(w backup.Word) string {
	switch w {
	case backup.WordSuccess:
		return "Success"
	case backup.WordWarning:
		return "Warning"
	case backup.WordFailed:
		return "Failed"
	case backup.WordOverdue:
		return "Overdue"
	case backup.WordNoneSeen:
		return "None seen"
	case backup.WordBackupOff:
		return "Backup off"
	default:
		return "Unknown"
	}
}

// Spec is our flexible asset type: machine and status make its title, so that the
// status is read on the configuration's page; the tag makes it a related item
// there (itglue.md §0.4, §8.2).
var Spec = itglue.TypeSpec{
	Name:        TypeName,
	Description: "Backup status of machines that Unitrends protects. Written by UniView Bridge; fields you add are kept.",
	Icon:        "hdd-o",
	Fields: []itglue.FieldSpec{
		{Name: FieldMachine, Kind: itglue.KindText, Required: true, UseForTitle: true, ShowInList: true},
		{Name: FieldStatus, Kind: itglue.KindSelect, Options: Labels, UseForTitle: true, ShowInList: true},
		{Name: FieldSince, Kind: itglue.KindText, ShowInList: true, Hint: "Since when the status is what it is"},
		{Name: FieldLast, Kind: itglue.KindText, ShowInList: true, Hint: "End of the last finished backup, whatever its result"},
		{Name: FieldLastGood, Kind: itglue.KindText, ShowInList: true, Hint: "End of the last backup that was successful or ended with warnings"},
		{Name: FieldStorage, Kind: itglue.KindText, ShowInList: true, Hint: "Or the size of the last backup, where UniView tells no more"},
		{Name: FieldConfiguration, Kind: itglue.KindTag, TagType: "Configurations", ShowInList: true},
		{Name: FieldAppliance, Kind: itglue.KindText, ShowInList: true},
		{Name: FieldPortal, Kind: itglue.KindText},
		{Name: FieldTicket, Kind: itglue.KindText, ShowInList: true},
		{Name: FieldDetails, Kind: itglue.KindTextbox},
		{Name: FieldOverdue, Kind: itglue.KindDate, Expiration: true, Hint: "Moves with every good backup; a workflow on this expiration tells when nothing moves it any more"},
		{Name: FieldIDs, Kind: itglue.KindText},
		{Name: FieldKey, Kind: itglue.KindText, Hint: "Written by UniView Bridge to find this record again; do not change"},
	},
}

// Type is our flexible asset type as the account has it.
type Type struct {
	ID string `json:"id,omitempty"`
	// Keys are the trait keys by field name, as IT Glue made them.
	Keys map[string]string `json:"keys,omitempty"`
	// Others are fields that people added whose values an update cannot keep.
	Others []string `json:"others,omitempty"`
	// Fields names the spec that was ensured.
	Fields string `json:"fields,omitempty"`

	// Claimed is when somebody began to make the type, Lost when the answer was lost,
	// Searched when it was last looked for after that.
	Claimed  time.Time `json:"claimed,omitzero"`
	Lost     time.Time `json:"lost,omitzero"`
	Searched time.Time `json:"searched,omitzero"`
}

var typeKey = state.SettingsKey("flexible-asset-type")

// LoadType reads what is known of our type; ID is empty before it was ever ensured.
func LoadType(ctx context.Context, t state.Table) (Type, int64, error) {
	return state.LoadOr(ctx, t, typeKey, Type{})
}

// ours are the trait keys that we own.
func (t Type) ours() []string {
	keys := make([]string, 0, len(Spec.Fields))
	for _, f := range Spec.Fields {
		keys = append(keys, t.Keys[f.Name])
	}
	return keys
}

// Key is our reference on the flexible asset of one configuration: unique in the
// account, and the same whenever it is made again.
func Key(installation, customer, organization, configuration string) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{installation, customer, organization, configuration}, "\x00")))
	return "ub1-" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:15]))
}
