// Package sandbox is a stateful simulator of the part of the ConnectWise PSA
// REST API that the client beside it uses, written from the vendor's documented
// behaviour and as strict as that is: unknown routes, methods, members and
// parameters are refused, conditions are parsed, rights are checked, the request
// window is counted, lists are paged both ways. Where the vendor says nothing,
// the strictest reading is simulated, so that code which passes here does not
// rely on luck:
//
//   - A PATCH path below a reference ("status/id", "company/identifier") answers
//     200 and changes nothing.
//   - Text comparisons ignore letter case, so an equality must be checked again.
//   - A full forward-only page has a next link even when nothing follows; a page
//     that is not full has an empty Link header.
//   - Cloud hosts answer "SSL is required." without the api- prefix.
//   - Members that exist in the vendor's model but are not simulated answer 501
//     with words, never silently.
//   - Requests longer than the 2,000 characters that are said to be safe are refused.
//   - What a member of a low level cannot see is left out without a word.
//
// What no source tells can be switched either way: notes on closed tickets, closing
// with open tasks, the answer for an unknown company, how soon a search finds a new
// ticket. The rules are listed, each with a request that obeys and one that breaks
// it, in this package's tests.
//
// A Server runs behind net/http, or in process as an http.RoundTripper for any
// host. Its State can be edited by a test or by a simulated world, its faults
// injected, its requests read back. Registered callbacks are delivered, signed, by
// Server.DeliverCallbacks. Time comes from outside.
package sandbox
