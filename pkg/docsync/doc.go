// Package docsync keeps one customer's documentation: which IT Glue configuration
// each protected machine is, its backup status, and the one flexible asset per
// linked configuration that shows it.
//
// Decide is pure: from the customer's slice, the bridge's own records and the
// clock it tells what the own records become, what each flexible asset must show,
// and what would be written to IT Glue with which reason. The account's planning
// and the matcher call the same function.
//
// Service applies it. Every create follows design §3.5: claim by conditional
// write, search (a complete list of our type in the organization, after the
// claim), create with our key, record. A lost answer makes the create uncertain:
// it is searched for after 1, 5, 15 and 30 minutes, and only a complete, empty
// search at the end of that time lets the same create be repeated with the same
// key. Our flexible asset type is made the same way. A failed search never falls
// through to a create, and an expired claim is uncertain, never free. Updates merge
// what people added; nothing is deleted: what stands in the wrong place is blanked and
// archived.
//
// Two more places are written when the account's settings ask for it: a marked block
// in the notes of configurations that no PSA keeps, and the alert text of the
// organization. Both belong to people: the block is put into what stands there at that
// moment and leaves the rest byte for byte, the alert text is written only when it is
// empty or ours, and both are taken away again when they must not stand.
//
// A person who syncs one machine now (Input.Only) acts in either mode, on that machine
// alone and without the pace of times and sizes. In preview nothing is kept up to date
// afterwards, because preview writes nothing by itself: what such a sync shows carries
// its expiry date (FieldOverdue), past which IT Glue's own workflow tells that it is old.
package docsync
