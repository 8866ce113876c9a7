package alert

import (
	"fmt"
	"strconv"
	"strings"
)

// referenceMark begins the externalXRef of every ticket of ours.
const referenceMark = "uvb1"

// maxInstallation bounds the readable part of a reference that names the installation.
const maxInstallation = 24

// Reference is what a ticket's externalXRef says: whose bridge made it, for
// which customer and group, and the how-manieth ticket of the group it is. The
// text has at most 100 characters (connectwise.md §7.1) and only characters
// that ConnectWise can search for.
type Reference struct {
	Installation string // letters, digits and hyphens, at most 24
	Customer     string // hash, see CustomerHash
	Group        string // hash, see GroupHash
	Generation   int    // from 1
}

// NewReference makes the reference of one ticket.
func NewReference(installation, customerID, groupKey string, generation int) Reference {
	return Reference{cleanInstallation(installation), CustomerHash(customerID), GroupHash(groupKey), generation}
}

// String is the externalXRef: "uvb1:<installation>:<customer>:<group>:<generation>".
func (r Reference) String() string {
	return fmt.Sprintf("%s:%s:%s:%s:%d", referenceMark, r.Installation, r.Customer, r.Group, r.Generation)
}

// ReferencePrefix begins the references of all tickets of one installation.
func ReferencePrefix(installation string) string {
	return referenceMark + ":" + cleanInstallation(installation) + ":"
}

// CustomerHash names a customer in references.
func CustomerHash(customerID string) string { return digest(8, "customer", customerID) }

// GroupHash names a group in references.
func GroupHash(groupKey string) string { return digest(12, "group", groupKey) }

// ParseReference reads an externalXRef. ok is false for everything that is not
// exactly a reference of ours: people and other products use the field too.
func ParseReference(s string) (r Reference, ok bool) {
	parts := strings.Split(s, ":")
	if len(parts) != 5 || parts[0] != referenceMark {
		return Reference{}, false
	}
	n, err := strconv.Atoi(parts[4])
	if err != nil || n < 1 {
		return Reference{}, false
	}
	r = Reference{Installation: parts[1], Customer: parts[2], Group: parts[3], Generation: n}
	if cleanInstallation(r.Installation) != r.Installation || !isHex(r.Customer, 16) || !isHex(r.Group, 24) || r.String() != s {
		return Reference{}, false
	}
	return r, true
}

// cleanInstallation makes an installation id fit for a reference. One that is
// too long or holds other characters is replaced by its hash.
func cleanInstallation(id string) string {
	fits := id != "" && len(id) <= maxInstallation
	for i := 0; i < len(id) && fits; i++ {
		c := id[i]
		fits = c == '-' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
	}
	if fits {
		return id
	}
	return digest(6, "installation", id)
}

func isHex(s string, length int) bool {
	if len(s) != length {
		return false
	}
	return strings.Trim(s, "0123456789abcdef") == ""
}
