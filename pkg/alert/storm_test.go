package alert

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestTooManyThatBeginTogetherFold(t *testing.T) {
	t.Parallel()
	guard := Storm{Groups: 2, Within: 10}
	opening := func(key string, minute int) Start { return Start{Key: key, At: at(minute), Opening: true} }
	has := func(key string, minute int) Start { return Start{Key: key, At: at(minute)} }
	for _, tt := range []struct {
		name   string
		storm  Storm
		starts []Start
		want   string
	}{
		{"as many as allowed", guard, []Start{opening("a", 0), opening("b", 1)}, ""},
		{"one more", guard, []Start{opening("c", 9), opening("a", 0), opening("b", 1)}, "a b c"},
		{"one more at the edge", guard, []Start{opening("a", 0), opening("b", 1), opening("c", 10)}, "a b c"},
		{"one more, but later", guard, []Start{opening("a", 0), opening("b", 1), opening("c", 11)}, ""},
		{"those that have a ticket count and keep it", guard, []Start{has("a", 0), has("b", 1), opening("c", 2)}, "c"},
		{"a slow drip is no storm", guard, []Start{opening("a", 0), opening("b", 6), opening("c", 12), opening("d", 18)}, ""},
		{"a storm after a lonely one", guard, []Start{opening("z", -100), opening("a", 0), opening("b", 1), opening("c", 2)}, "a b c"},
		{"no guard", Storm{}, []Start{opening("a", 0), opening("b", 0), opening("c", 0)}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := strings.Join(slices.Sorted(maps.Keys(tt.storm.Folds(tt.starts))), " "); got != tt.want {
				t.Errorf("folds %q, want %q", got, tt.want)
			}
		})
	}
}
