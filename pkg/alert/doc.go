// Package alert turns BackupIQ alerts into conditions and decides what to do
// about their tickets.
//
// An alert has no id (uniview.md §0.3): one occurrence is known by the
// fingerprint of its stable fields. A condition is what occurrences are about;
// its key is versioned and holds no time, counter or severity. A group of
// conditions has one ticket at most; its key begins with the customer's id.
//
// Everything here is pure: previous state, what is true now, settings and the
// clock come in as values; the answer is an action with a reason.
package alert
