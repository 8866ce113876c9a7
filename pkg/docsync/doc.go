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
// key. A failed search never falls through to a create, and an expired claim is
// uncertain, never free. Updates merge what people added; nothing is deleted: what
// stands in the wrong place is blanked and archived.
package docsync
