package alert

import (
	"cmp"
	"slices"
	"time"
)

// Start is one group of a customer's appliance for the storm guard: what its key
// is or would be on its own, when its oldest open trouble began, and whether it
// would get a ticket now.
type Start struct {
	Key     string
	At      time.Time
	Opening bool
}

// Folds says which of the groups that would get a ticket now are to be told by
// one parent ticket instead: each that lies, by the time at which its trouble
// began, in a span of Within with more than Groups of them. Groups that have a
// ticket already count, and keep it. It is judged by when troubles began, not by
// when they are read: what piled up during an outage is no storm.
func (s Storm) Folds(starts []Start) map[string]bool {
	folds := map[string]bool{}
	if s.Groups <= 0 || s.Within <= 0 || len(starts) <= s.Groups {
		return folds
	}
	starts = slices.SortedFunc(slices.Values(starts), func(a, b Start) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Key, b.Key))
	})
	from := 0
	for to := range starts {
		for starts[to].At.Sub(starts[from].At) > s.Within.Duration() {
			from++
		}
		if to-from+1 <= s.Groups {
			continue
		}
		for _, one := range starts[from : to+1] {
			if one.Opening {
				folds[one.Key] = true
			}
		}
	}
	return folds
}
