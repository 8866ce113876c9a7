// Package vendorhttp executes HTTP requests for one vendor account.
//
// The three vendor clients (uniview, itglue, connectwise) differ in what they
// say; this package holds what they share, so that each rule exists once:
//
//   - A read (GET, HEAD, or a request marked Idempotent) is retried on 408, 429,
//     any 5xx and a missing or cut answer, with full-jitter back-off, honouring
//     Retry-After, and always inside the context's deadline: when the next wait
//     would pass the deadline the last error is returned at once.
//   - A write is never retried here. A write whose outcome is not known (no
//     answer, an answer that was cut, 408, 5xx) fails with [Error].Uncertain.
//   - Every attempt passes the account's [Limiter] first.
//   - Answers are capped. Redirects are refused. Only https is spoken, with the
//     system's trusted roots, TLS 1.2 or newer; plain http is possible to
//     loopback only, and only when allowed.
//   - With PublicOnly, for hosts that people type in, the address that is really
//     dialled must be public, which holds against names that lead to private
//     addresses now or later, and the port must be 443 or one that was set.
//   - There is one error, [*Error]. It carries vendor, operation, status, kind,
//     the vendor's own code and a short text. Query strings, bodies, header
//     values and other secrets never appear in it, not even through Unwrap.
//
// Waiting, randomness and time come in from outside, so that tests need no wall
// time.
package vendorhttp
