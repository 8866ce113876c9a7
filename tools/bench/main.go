// Command bench prints how well and how fast names, host names and addresses are
// matched: one table for every set found in MATCH_DATA (default ../shared/match), and
// one of times beside public libraries. It never passes or fails.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/match/eval"
)

func main() {
	root := flag.String("root", "../..", "the project's root")
	flag.Parse()
	if folder, ok := eval.Folder(*root); ok {
		if err := quality(folder); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
	} else {
		fmt.Printf("no sets in %s: how well names are matched is not measured; set MATCH_DATA to a folder of NAME_queries.csv and NAME_targets.csv\n", folder)
	}
	speed()
}

func percent(x float64) string { return fmt.Sprintf("%.1f", 100*x) }

func quality(folder string) error {
	sets, err := eval.ReadAll(folder)
	if err != nil {
		return err
	}
	var pooled []eval.Answer
	fmt.Printf("Names. P and R are precision and recall in %%. Shown: automatic links and best suggestions\nscored %.2f or more, the threshold that is shipped. Best: the same at the threshold that is best on\nthe very set, for P of 98 or more. Five: right one linked or among five. First: linked or ranked\nfirst. Calibration: mean distance of score and share right, in points, of best suggestions.\n\n", match.Confident)
	const line = "%-16s %7s %6s  %-11s  %6s %6s  %6s %6s  %6s %5s  %5s %5s  %5s\n"
	fmt.Printf(line, "set", "queries", "target", "portfolios", "auto P", "R", "shown P", "R", "best R", "at", "five", "first", "calib")
	for _, set := range sets {
		if set.IsHosts() {
			continue
		}
		answers := set.Ask()
		pooled = append(pooled, answers...)
		f := eval.Measure(answers, match.Confident)
		fmt.Printf(line, set.Name, fmt.Sprint(f.Queries), fmt.Sprint(f.WithTarget), sizes(len(set.Tenants), f), percent(f.AutomaticPrecision), percent(f.Automatic),
			percent(f.Precision), percent(f.Recall), percent(f.BestRecall), fmt.Sprintf("%.2f", f.BestThreshold), percent(f.InFive), percent(f.First), percent(f.Calibration))
	}
	f := eval.Measure(pooled, match.Confident)
	fmt.Printf(line, "all pooled", fmt.Sprint(f.Queries), fmt.Sprint(f.WithTarget), "", percent(f.AutomaticPrecision), percent(f.Automatic),
		percent(f.Precision), percent(f.Recall), "", "", percent(f.InFive), percent(f.First), percent(f.Calibration))
	fmt.Printf("\nCalibration of the best suggestions, all sets pooled: %s points on average\n%-10s %6s %11s %8s\n", percent(f.Calibration), "score", "shown", "mean score", "right")
	for i, b := range f.Bins {
		if b.Shown > 0 {
			fmt.Printf("%.1f to %.1f %6.0f %11s %8s\n", float64(i)/10, float64(i+1)/10, b.Shown, percent(b.Score/b.Shown), percent(b.Right/b.Shown))
		}
	}
	fmt.Printf("\nMachines\n")
	for _, set := range sets {
		if set.IsHosts() {
			h := eval.Hosts(set)
			fmt.Printf("%-16s %d host names, %d with a target: precision %s, recall %s\n", set.Name, h.Queries, h.WithTarget, percent(h.Precision), percent(h.Recall))
		}
	}
	files, err := filepath.Glob(filepath.Join(folder, "mac_cases*.csv"))
	if err != nil {
		return err
	}
	for _, file := range files {
		right, all, err := eval.Addresses(file)
		if err != nil {
			return err
		}
		fmt.Printf("%-16s %d of %d addresses read right\n", strings.TrimSuffix(filepath.Base(file), ".csv"), right, all)
	}
	return nil
}

func sizes(tenants int, f eval.Figures) string {
	if f.SmallestPortfolio == f.LargestPortfolio {
		return fmt.Sprintf("%d x %d", tenants, f.LargestPortfolio)
	}
	return fmt.Sprintf("%d x %d-%d", tenants, f.SmallestPortfolio, f.LargestPortfolio)
}
