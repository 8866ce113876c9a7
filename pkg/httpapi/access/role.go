package access

import "context"

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
}

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
