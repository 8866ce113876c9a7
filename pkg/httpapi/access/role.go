package access

import (
	"context"
	"slices"
)

// Role is what somebody may do. The order is that of power.
type Role int

// The roles. The zero value is no role: a route that needs it cannot be built.
const (
	undeclared Role = iota
	// Anyone needs no sign-in.
	Anyone
	// Viewer reads.
	Viewer
	// Manager also matches, syncs, snoozes, approves.
	Manager
	// Administrator also changes credentials, modes, defaults and dead letters.
	Administrator
)

// String is the role as people know it.
func (r Role) String() string {
	switch r {
	case Anyone:
		return "anyone"
	case Viewer:
		return "Viewer"
	case Manager:
		return "Manager"
	case Administrator:
		return "Administrator"
	default:
		return "undeclared"
	}
}

// Identity is who sends a request.
type Identity struct {
	// Name stands in the audit trail: "local token", "local console".
	Name string
	Role Role
	// Session says that a cookie speaks for the person, not a bearer token.
	Session bool
	// Customers are the only ones the identity may see and work on; nil: all.
	Customers []string
}

// Limited says that the identity may not see all customers.
func (i Identity) Limited() bool { return i.Customers != nil }

// Sees says whether the identity may see a customer.
func (i Identity) Sees(customer string) bool {
	return i.Customers == nil || slices.Contains(i.Customers, customer)
}

// Only narrows lists to the customers that the identity may see; nil: all.
func (i Identity) Only() func(customer string) bool {
	if !i.Limited() {
		return nil
	}
	return i.Sees
}

// Reach says whose data a route shows or changes: what those who are limited to
// some customers may do with it.
type Reach int

// The reaches. The zero value refuses whoever is limited.
const (
	// Account is about the account or all customers.
	Account Reach = iota
	// Shared holds nothing of any customer.
	Shared
	// OneCustomer is about the customer whose id stands in the path as {id}.
	OneCustomer
	// Narrowed shows and changes only what the identity may see: its handler looks.
	Narrowed
)

// May says whether the identity has at least the role.
func (i Identity) May(need Role) bool {
	return need != undeclared && (need == Anyone || i.Role >= need)
}

type identityKey struct{}

// With returns a context that carries the identity.
func With(ctx context.Context, id Identity) context.Context {
	return context.WithValue(ctx, identityKey{}, id)
}

// From returns who sends the request; Anyone when nobody is known.
func From(ctx context.Context) Identity {
	id, ok := ctx.Value(identityKey{}).(Identity)
	if !ok {
		return Identity{Role: Anyone}
	}
	return id
}
