// Package access decides who may call what. It is the one place for it: pages
// and JSON routes pass the same gate on both platforms.
//
// Rules:
//   - every route declares the role it needs, in a table; a route that declares
//     none is a mistake and refuses to be built;
//   - every route declares whose data it is about: who may see only some customers is
//     refused wherever a route does not say that it keeps to them;
//   - a policy says who is asking. Local knows a bearer token and sessions begun
//     by a one-time link, and answers only to loopback host names, so that a web
//     page somewhere cannot reach the bridge by pointing a name at this machine.
//     Refuse knows nobody;
//   - a session's cookie cannot be read by scripts, is never sent from another
//     site, changes its value while it is used, and ends when it was idle too
//     long or lasted too long. Secrets are compared in constant time and kept
//     only as digests;
//   - writes that carry no bearer token must come from our own pages;
//   - every answer carries the security headers, whatever happened.
package access
