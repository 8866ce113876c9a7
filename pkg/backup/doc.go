// Package backup holds the words of backup: customers, appliances, protected
// machines (assets) and their last backups as UniView tells them, and the one
// table that turns what is known of a machine into a status word with a reason.
//
// UniView knows two families of assets with different facts (uniview.md §0.4):
//
//   - appliance: the last backup with its result, no storage used;
//   - endpoint: the last good backup and storage used, no result of the last one.
//
// Everything here is pure: the clock and the settings come in as values.
package backup
