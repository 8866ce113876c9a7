// Package connectwise is a client for the part of the ConnectWise PSA (Manage)
// REST API that a ticketing integration needs: companies, boards with their
// statuses and types, priorities, sources, sites, and service tickets with
// their notes and configurations.
//
// The rules it keeps, in plain words:
//
//   - Any spelling of the instance address is accepted; only the host is kept,
//     and cloud hosts are called at their api- name over https.
//   - Every call carries Basic authentication and the clientId.
//   - Calls go to the stable code base v4_6_release. When the gateway does not
//     know it, the code base is discovered from companyinfo and used from then
//     on. Only answers that prove the request was never executed are repeated.
//   - Lists are read forward-only: the id of the next page is taken from the
//     Link header and put on an address of our own, so credentials never follow
//     a link to another host. A short page is not taken for the last one.
//   - Conditions can only be made by the builder in this package; text that
//     could end a literal is refused.
//   - A write is never repeated. A create without a readable answer is an error
//     whose Uncertain field is true: search by ExternalXRef before trying again.
//   - A status change is believed only when the answer shows it.
//   - A 404 is a NotFound error only when it says that a record is not there; one
//     from a gateway, or about the route, is Unavailable.
//   - Nothing is deleted but a callback entry of our own.
//   - Updates and notes do not send notifications unless asked to.
//   - Keys appear in no error, log record or printed value.
//
// [Operations] lists everything that the client can send. All errors that come
// from the vendor are *vendorhttp.Error: branch on their kind, and for a write
// look at vendorhttp.IsUncertain first. A ticket that a board's settings refuse
// says what is missing, see [RequiredFields].
//
// # Rights
//
// The API member needs the security role that the native integration's page asks
// for; [Client.CheckPermissions] reports on each of its rights, and on the extra
// ones for devices on tickets, callbacks and members, which nothing depends on.
//
// # Callbacks
//
// [Client.EnsureCallback] registers one and [Client.VerifyCallback] proves that a
// delivery is genuine, from its raw bytes and its [SignatureHeader]. ConnectWise
// waits 5 s, repeats only what was answered 404, 409, 419 or 429, never 5xx, and
// switches a callback off after three days of failures (connectwise.md §9): put
// the bytes in a queue and answer at once, call EnsureCallback now and then, and
// keep polling.
//
// # Simulator
//
// The sandbox folder beside this package holds a stateful ConnectWise for tests.
package connectwise
