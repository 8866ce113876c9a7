package repo_test

import (
	"maps"
	"slices"
	"testing"
)

// budgets are the vendors' documented limits (itglue.md §1.1, connectwise.md §5).
// We may use 80 % of them.
var budgets = map[string]struct{ requests, window float64 }{
	"ITGLUE":      {3000, 300},
	"CONNECTWISE": {1000, 60},
}

func TestConcurrencyTimesRatesStaysWithinTheVendorsLimits(t *testing.T) {
	t.Parallel()
	s := template(t)
	concurrency := map[string]float64{}
	for folder, id := range lambdas {
		for _, mapping := range s.sourcesOf(id) {
			concurrency[folder] += number(at(mapping.Properties, "ScalingConfig", "MaximumConcurrency"))
		}
		for _, schedule := range s.of("AWS::Scheduler::Schedule") {
			if target(at(schedule.Properties, "Target", "Arn")) == id {
				concurrency[folder]++
			}
		}
	}
	reserved := at(s.Resources["ApiFunction"].Properties, "ReservedConcurrentExecutions", "Fn::If", 1)
	concurrency["api"] = number(at(s.Parameters[target(reserved)], "MaxValue"))

	for vendor, limit := range budgets {
		total, users := 0.0, 0
		for _, folder := range slices.Sorted(maps.Keys(lambdas)) {
			variables := at(s.Resources[lambdas[folder]].Properties, "Environment", "Variables")
			rate, burst := number(at(variables, vendor+"_RATE")), number(at(variables, vendor+"_BURST"))
			if told := at(variables, "BRIDGE_SECRET_"+vendor) != nil; told != (rate > 0 && burst >= 1) {
				t.Errorf("%s: credentials of %s and a rate for it must come together", folder, vendor)
			}
			if rate == 0 {
				continue
			}
			if concurrency[folder] == 0 {
				t.Errorf("%s: nothing bounds its concurrency", folder)
			}
			most := concurrency[folder] * (burst + rate*limit.window)
			t.Logf("%-12s %-8s %2.0f × (%2.0f + %.1f/s × %3.0f s) = %4.0f", vendor, folder, concurrency[folder], burst, rate, limit.window, most)
			total, users = total+most, users+1
		}
		if users == 0 || total > 0.8*limit.requests {
			t.Errorf("%s: %.0f requests in %.0f s by %d functions, at most %.0f are allowed", vendor, total, limit.window, users, 0.8*limit.requests)
		}
		t.Logf("%-12s %.0f of %.0f requests in %.0f s", vendor, total, 0.8*limit.requests, limit.window)
	}
}
