// Package plan is what the bridge would do to a vendor, as data: changes with
// their reasons and before/after, a digest that names a plan, and the brake that
// stops a run which would change more than is believable.
//
// A plan is made by pure decisions and applied later, or only shown. The same
// inputs give the same plan, byte for byte.
package plan
