// Package uniview is a client of the UniView (Unitrends, Kaseya) public API: the
// customers, appliances, protected assets, backups and BackupIQ alerts of one
// MSP's portal. The API is read-only, and so is this package.
//
// # Lists are complete or an error
//
// The API pages by number over moving data, which can drop rows without a word.
// Every list is therefore checked: the rows that came must be as many as
// Paging-Total-Records says, that number must not change from the first page to
// the last, and no row with an id may come again on a later page. A list that fails the check is
// read again (Config.Rereads times, default twice) and then given up with an
// error for which vendorhttp.IsIncomplete holds. An empty list is a valid answer.
// What this cannot see: among alerts and backups, which have no id, one row
// appearing and one vanishing between two pages of the same read.
//
// # Long reads
//
// A [Pager] reads page by page. Its [State] is small, can be stored, and lets
// another process go on where this one stopped.
//
// # Decoding
//
// Shapes are read leniently (numbers in quotes, null or missing fields, any
// fraction of a second, enum values nobody has documented), meanings are not: a
// time that cannot be read is an error, not "never". Unknown fields are ignored.
//
// # Facts to know before using the data
//
//   - asset_tag is an appliance's id everywhere; an asset's id is its key.
//   - Appliance assets tell their last backup but no storage used; endpoint assets
//     tell storage used and the last successful backup but no failures.
//   - Sizes of appliances and backups are in MB, storage of endpoints in bytes.
//   - Alerts have no id, no asset key and no asset name, though they can be
//     filtered by the latter two: see [Attributor].
//   - Without a filter the API hides muted alerts. [AlertQuery] asks for all.
//
// # Authentication
//
// OAuth client credentials, sent with HTTP Basic or in the body. The token is
// kept in memory, renewed shortly before it ends, fetched once however many
// requests wait for it, and renewed once when the API answers 401.
package uniview
