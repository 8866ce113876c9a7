package plan

import (
	"fmt"
	"slices"
	"strings"
)

// Brake is the mass-change limit of design §2.6: a run that would create, close
// or unlink more records of a kind than max(AtLeast, Share × existing) stops
// before anything is applied.
type Brake struct {
	AtLeast int     `json:"atLeast"`
	Share   float64 `json:"share"` // of the existing objects of the kind
}

// DefaultBrake is max(20, 10 %).
var DefaultBrake = Brake{AtLeast: 20, Share: 0.10}

// Limit is how many changes of one action pass with so many existing records.
func (b Brake) Limit(existing int) int {
	return max(b.AtLeast, int(b.Share*float64(existing)))
}

// Excess is one breach of the brake.
type Excess struct {
	Kind   Kind   `json:"kind"`
	Action Action `json:"action"`
	N      int    `json:"n"`
	Limit  int    `json:"limit"`
}

// String is the breach in words fit for a run's reason.
func (e Excess) String() string {
	return fmt.Sprintf("would %s %d %ss, the limit is %d", e.Action, e.N, e.Kind, e.Limit)
}

// braked are the actions the brake counts.
var braked = []Action{Create, Close, Unlink}

// Check returns every breach. approved holds the ids (Change.ID) of changes that
// a person approved; they do not count. existing says how many records of a kind
// there are.
func (b Brake) Check(p Plan, existing map[Kind]int, approved map[string]bool) []Excess {
	counted := Plan{}
	for _, c := range p.Changes {
		if slices.Contains(braked, c.Action) && !approved[c.ID()] {
			counted.Changes = append(counted.Changes, c)
		}
	}
	var excess []Excess
	for _, c := range counted.Counts() {
		if limit := b.Limit(existing[c.Kind]); c.N > limit {
			excess = append(excess, Excess{Kind: c.Kind, Action: c.Action, N: c.N, Limit: limit})
		}
	}
	return excess
}

// Reason joins breaches into one sentence.
func Reason(excess []Excess) string {
	parts := make([]string, len(excess))
	for i, e := range excess {
		parts[i] = e.String()
	}
	return strings.Join(parts, "; ")
}
