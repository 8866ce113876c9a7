// Package httpapi is the JSON API of the bridge, everything below /api/v1 and
// /healthz, as one http.Handler that also carries the console's pages.
//
// Rules:
//   - routes() is the one table of what there is: method, path, the role it needs,
//     what it does. openapi.json describes exactly these routes; a test holds
//     both to each other and every answer to its schema;
//   - requests are read strictly: bodies of at most 1 MiB (a mapping: 5), known members only,
//     right types, known query parameters only; what is wrong is said with the
//     member's name;
//   - errors are problem documents (RFC 9457) with a sentence that is safe to
//     show; what nobody foresaw goes to the log and comes out as such;
//   - lists come in pages with an opaque cursor;
//   - nothing waits on a vendor for longer than 20 seconds; what takes longer
//     is queued and answered with 202;
//   - settings and rules that name something of ConnectWise are checked against what
//     it has now: what is not there is refused with the member's name. When it cannot
//     be asked they are kept with a warning, since "do not sync" must be settable in
//     the middle of an outage;
//   - one write needs no sign-in: ConnectWise's callback. It is off until switched on,
//     its address holds a secret, its signature is checked, and whoever is not
//     ConnectWise is answered as if there were nothing;
//   - a decision is made by the use cases; this package only translates.
package httpapi
