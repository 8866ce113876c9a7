// Package review is what people decide: which organization and company a
// customer is, which configuration a machine is, what is ignored, in which mode a
// customer is kept; one by one, many at once, or by a table of comma-separated
// values; and how a decision is taken back.
//
// Rules:
//   - a decision carries the name of who made it and is never overwritten by the
//     rules; they only notice that its target went missing or was renamed
//     (match.Link.Decided);
//   - every decision is written to the audit trail with what was before and
//     after, so that it can be undone, candidates included; an undo can be undone,
//     and what a newer decision stands on cannot;
//   - every decision makes its customer due on both sides and asks for a sync of
//     that customer, so that it is seen soon;
//   - accepting takes one of the suggestions; matching takes any record that the
//     other system has now. Several customers may share an organization, and
//     several registrations a configuration: that is said, not forbidden;
//   - creating looks for what may be the record already (name, spelling, host name,
//     MAC address, PSA link, confident suggestions) and goes on only when a person
//     confirms exactly those; it follows the protocol of design §3.5: claim, search,
//     create, record; a lost answer is uncertain and searched for before anything is
//     created again;
//   - suggestions are accepted many at once from a score on, never between rivals;
//   - an imported mapping changes nothing when a line is wrong, and nothing that
//     another person decided unless it is told to; tables are text for spreadsheets;
//   - what cannot be done is a *Refusal with a sentence fit for people.
package review
