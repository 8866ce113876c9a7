// Package bridge puts the bridge together: given a platform and a configuration
// it makes the connections and use cases that the functions hand their events
// to. Both platforms and all functions share this one wiring.
package bridge
