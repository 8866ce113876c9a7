// Package itglue is a client of the IT Glue API (JSON:API at api.itglue.com and its regional twins).
//
// It knows the vendor and nothing of this product: wire shapes in, plain values out. What a caller may rely on:
//
//   - Ids are strings, whatever the wire says. Text is as IT Glue has it; treat it as hostile.
//   - Every List method returns the whole list or an error. Lists are read in a stable order, repeated records are
//     dropped, and a total that moves, or does not agree with what came, starts the read again, twice at most; then it
//     is an error of kind vendorhttp.Incomplete. Page addresses are never followed, they are computed.
//   - A page that times out at the gateway (504) is asked for again in smaller pages.
//   - Filters are checked again on our side: IT Glue ignores filters it does not know and then answers everything.
//   - A Pager reads page by page and can be continued later, in another process, from its State.
//   - Reads are repeated on 429, 5xx and lost connections; writes are never repeated by the transport. A write whose
//     outcome is not known gives an error with Uncertain set (vendorhttp.IsUncertain).
//   - All that can be sent is in two tables, of reads and of writes (operations.go). A write has no place for a query, so
//     that a filter on it cannot be expressed: in this API it would replace the list of ids, and a misspelt one would
//     rewrite the account (itglue.md §0.6). There is no verb that deletes. Ids are numbers or are not sent.
//   - Records that a PSA keeps accept few attributes (itglue.md §0.1); a refusal for that reason is [ErrSynced].
//   - A bulk write that is refused as a whole is repeated record by record, after a look for what was made nevertheless.
//   - Updating a flexible asset replaces all its traits. Build the new set with [MergeTraits], which keeps what people
//     added and turns read shapes into write shapes (itglue.md §6.2).
//
// Errors are [vendorhttp.Error]. Kind Auth means the key is refused. A 403 is ambiguous here: the gateway says it for a
// wrong key, the application for a missing right and the firewall for content it dislikes (itglue.md §1.1, §1.3).
// The body decides; for a write that the gateway refused, a cheap read with the same key decides. The key is in no error,
// log record or String.
//
// The package sandbox beside this one simulates an account for tests and trials.
package itglue
