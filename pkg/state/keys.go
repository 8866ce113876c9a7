package state

// The partitions. docs/architecture.md lists them with size and lifetime.
const (
	pkCustomer      = "customer"           // sk customer id: Customer
	pkDocumentation = "documentation"      // sk customer id: Documentation
	pkDocParts      = "documentation#part" // sk customer id#version#digest: parts of a large Documentation
	pkDesk          = "desk"               // sk customer id: Desk
	pkSilence       = "silence"            // sk customer id#silence id: alert.Silence
	pkHistory       = "history"            // sk customer id: alert.History
	pkTicket        = "ticket"             // sk ticket id: TicketOwner
	pkDue           = "due#"               // + vendor; sk customer id: Due
	pkSnapshot      = "snapshot"           // sk list: Pointer
	pkChunk         = "chunk#"             // + list; sk digest: compressed records
	pkSlice         = "slice#"             // + vendor; sk customer id: slice with its meta
	pkRun           = "run"                // sk run id: Run
	pkRunParts      = "run#"               // + run id; sk shard#n, result#…: progress and per-customer results
	pkLease         = "lease"              // sk scope: Lease
	pkSettings      = "settings"           // sk mode, documentation, ticketing, …
	pkConnection    = "connection"         // sk kind: Connection
	pkApproval      = "approval"           // sk kind: Approval
	pkAudit         = "audit"              // sk time-ordered id: Audit
	pkLetter        = "letter"             // sk queue#message id: LetterReason
	pkIndex         = "index"              // sk index#shard: rows; trend: Tally
)

// Vendor names a connection kind; for due state and slices it names the side
// that is written: ITGlue for documentation, ConnectWise for ticketing.
type Vendor string

// The vendors.
const (
	UniView     Vendor = "uniview"
	ITGlue      Vendor = "itglue"
	ConnectWise Vendor = "connectwise"
)

// CustomerKey is the key of a customer's record.
func CustomerKey(id string) Key { return Key{pkCustomer, id} }

// DocumentationKey is the key of a customer's documentation record.
func DocumentationKey(customer string) Key { return Key{pkDocumentation, customer} }

// DeskKey is the key of a customer's ticket desk record.
func DeskKey(customer string) Key { return Key{pkDesk, customer} }

// DueKey is the key of a customer's due record for one vendor.
func DueKey(v Vendor, customer string) Key { return Key{pkDue + string(v), customer} }

// SettingsKey is the key of one settings record.
func SettingsKey(name string) Key { return Key{pkSettings, name} }
