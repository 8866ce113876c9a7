package access

import "net/http"

// Refuse is the policy of a bridge on which nobody can sign in yet: health checks
// are answered, everything else is refused.
type Refuse struct{}

var _ Policy = Refuse{}

// Check implements [Policy].
func (Refuse) Check(r *http.Request) *Refusal {
	if r.URL.Path == "/healthz" || r.URL.Path == "/api/v1/healthz" {
		return nil
	}
	return &Refusal{
		Status: http.StatusForbidden, Title: "Sign-in is not configured",
		Detail: "Nobody can sign in to this installation: this version of the bridge has no sign-in on AWS yet, so it answers /healthz only and keeps syncing in preview. Credentials can be put into its secrets; docs/deploy.md says how.",
	}
}

// Identify implements [Policy].
func (Refuse) Identify(http.ResponseWriter, *http.Request) (Identity, *Refusal) {
	return Identity{Role: Anyone}, nil
}
