package connection

import (
	"context"
	"errors"
	"fmt"

	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/vendorhttp"
)

// names are what people call the vendors.
var names = map[state.Vendor]string{state.UniView: "UniView", state.ITGlue: "IT Glue", state.ConnectWise: "ConnectWise"}

// fixes say what to do about refused credentials.
var fixes = map[state.Vendor]string{
	state.UniView:     "Create new public API credentials in the UniView portal as a superuser and enter them here. Links and work are kept; syncing goes on by itself.",
	state.ITGlue:      "Create a new API key in IT Glue (Account, Settings, API Keys; keys unused for 90 days are revoked) and enter it here. Links and work are kept; syncing goes on by itself.",
	state.ConnectWise: "Check the API member and its keys in ConnectWise (System, Members, API Members), create a new key pair if needed and enter it here. Tickets and work are kept; syncing goes on by itself.",
}

const (
	fixWait    = "Nothing to do yet: the bridge tries again with every sync. If it lasts, look at the vendor's status page."
	fixAddress = "Check the address of this vendor: the one entered with its credentials, or the one the bridge was started with."
	fixReenter = "The stored credentials cannot be used as they are: enter them again."
)

// plain says in plain words why a vendor could not be used, and what to do. The
// transport's own words (resolver addresses, ports) belong into the log.
func plain(kind state.Vendor, err error) (reason, fix string) {
	var e *vendorhttp.Error
	if !errors.As(err, &e) {
		if errors.Is(err, context.DeadlineExceeded) {
			return "No answer in time", fixWait
		}
		return "The vendor could not be asked; the log says why", fixWait
	}
	switch e.Kind {
	case vendorhttp.Auth:
		return said("The credentials were refused", e), fixes[kind]
	case vendorhttp.Forbidden:
		return said("The credentials are good, but a right is missing", e), fixes[kind]
	case vendorhttp.NotFound:
		return "There is no such API at the vendor's address", fixAddress
	case vendorhttp.Invalid, vendorhttp.Conflict:
		if e.Status == 0 || e.Status/100 == 3 {
			return "The vendor's address is refused or leads elsewhere", fixAddress
		}
		return said("The vendor refused the request as wrong", e), fixWait
	case vendorhttp.RateLimited:
		return "The vendor takes no more requests right now", fixWait
	case vendorhttp.Unavailable:
		return fmt.Sprintf("The vendor fails at the moment (status %d)", e.Status), fixWait
	case vendorhttp.Network:
		return "No answer: the vendor, the network or the name of its host is at fault", fixWait
	case vendorhttp.Certificate:
		return "The certificate of the vendor's server is not trusted", fixAddress
	case vendorhttp.Incomplete:
		return "A list changed while it was read, so it could not be read whole", fixWait
	case vendorhttp.TooLarge, vendorhttp.Malformed:
		return "What answered does not speak the vendor's API", fixAddress
	}
	return "The vendor could not be asked; the log says why", fixWait
}

// said adds the vendor's own words, which come with an answer only.
func said(reason string, e *vendorhttp.Error) string {
	if e.Status == 0 || e.Message == "" {
		return reason
	}
	return reason + ": " + e.Message
}
