// Package state is what the bridge keeps: one small table interface, the typed
// and versioned records stored through it, and the queue and secret interfaces
// that the two platforms implement.
//
// The table is the part of DynamoDB that every implementation gets right:
// single items, conditional writes on a version, ordered queries inside one
// partition, expiry. There are no transactions; a use case that changes several
// items orders its writes so that a crash between any two of them is repaired
// by the next run.
//
// Rules every implementation keeps, and statetest proves:
//   - reads are strongly consistent;
//   - an item's version is 1 when created and grows by one with every write;
//   - of any number of writers holding the same version exactly one wins;
//   - an expired item is invisible to reads and may be created over.
package state
