// Package sandbox simulates the IT Glue API: a strict, stateful server that a client of the real one can be tested and
// demonstrated against.
//
// It keeps the rules that IT Glue documents, or that its users have met, section by section of itglue.md, and refuses
// what is not known to work: unknown routes, methods, members, attributes, includes and sort keys. What IT Glue ignores
// (unknown filters, filters on nested routes), it ignores. Where IT Glue's behaviour is not known (itglue.md §11), the
// stricter way is the default and [Options] has the other one.
//
// Left out on purpose: every DELETE, writes with filters, documents, passwords, attachments, related items. They are
// answered as unknown routes, writes with filters with 400. A documented filter about something that the sandbox does not
// keep is refused by name rather than ignored.
//
// A [Server] is an http.Handler and, through its Transport, a network of its own. Its contents are a [State], which
// tests and a living demonstration change with [Server.Edit] ([State.AddSample] fills it for a try); Inject makes it fail
// in every way a network can, Requests says what it was asked, and Options.Now is its clock.
package sandbox
