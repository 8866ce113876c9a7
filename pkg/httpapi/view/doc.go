// Package view is what people and programs see of the bridge: the one read model
// behind the JSON API and the console's pages, so that both tell the same.
//
// Rules:
//   - it only reads, and only what the bridge keeps itself; it never asks a vendor;
//   - counts are summed from the customers' records, nowhere else;
//   - whatever states something about a vendor says as of when;
//   - an unknown is said to be unknown, and an empty list is a list.
package view
