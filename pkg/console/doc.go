// Package console is the bridge in the browser: pages made on the server, with a
// style sheet and a small script embedded. Nothing is built and nothing is asked
// from another site.
//
// Rules:
//   - pages show what the JSON API's read model says (httpapi/view) and act
//     through the same use cases; nothing is computed twice;
//   - every page works without its script. The script only renews the live parts
//     in place, without moving anything;
//   - whatever comes from outside is text, never markup: html/template escapes it,
//     no handler builds HTML by hand, and the content security policy allows no
//     inline script or style, so that a hostile name stays a name;
//   - a button that a person may not press is not shown; the gate decides anyway;
//   - every status says as of when, in words beside its colour.
package console
