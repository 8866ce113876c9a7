// Package sandbox simulates a UniView portal: the token endpoint and the six
// read operations that the bridge uses, over a state that a test or a living
// world can change at any time.
//
// A [Server] is an http.Handler for API and login alike, and through
// [Server.Transport] a network of its own. Its contents are a [State], changed with
// [Server.Edit] and filled with [State.AddSample]; [Server.Inject] makes it fail;
// its time is [Options].Now, for example a simulator.Clock.
//
// # What is simulated
//
//   - POST /connect/token: client credentials with HTTP Basic or in the body,
//     tokens that end, credentials that are revoked (their tokens with them).
//   - GET /v1/customers, /v1/appliances, /v1/assets, /v1/backups,
//     /v1/backupiq/alerts and /api/epb/v1/assets: filters ("contains" where the
//     vendor says so, otherwise exact), ordering, paging by number with the
//     Paging-* headers, includes of the last backup and links.
//   - Alerts: one required type per call, muted ones hidden unless asked for, both
//     dismissed and open ones unless asked otherwise, created_time as second
//     ordering key, filters by asset although the answer names none.
//   - Answers as seen live: bare arrays, nullable fields as null or missing,
//     fractions of seconds of any length.
//
// # Stricter than the vendor is known to be
//
// Unknown paths, methods, parameters, repeated parameters and values outside the
// documented enums are refused. The vendor documents only 200: error bodies here
// are the usual ones of its platform (problem JSON), and 401 has no body.
//
// # Chosen where nobody knows
//
// Customer names and endpoint names are matched exactly, texts without regard to
// case; dismissed alerts stay listed unless [State].DismissedFor says otherwise;
// there is no request limit and no cap on the page size unless
// [Options].MaxPageSize sets one; alerts carry no ids unless [Options].RichAlerts.
package sandbox
