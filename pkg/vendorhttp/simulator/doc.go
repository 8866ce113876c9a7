// Package simulator holds what the vendors' sandboxes share: the way in over
// sockets or in process, the request log, the faults that can be injected, a
// clock that tests control and the counting of request windows. What a vendor
// answers is the sandbox's own business; it hands a [Config] to [New] and embeds
// the [Front].
//
// The order for one request is fixed: the sandbox names the operation, the faults
// that match are chosen, latency passes, faults that stand before the request
// strike (broken connection, another status, revoked credentials), the sandbox
// carries the request out, faults that stand after it strike (lost answer, cut
// answer), the request is logged.
//
// Production code never imports this package.
package simulator
