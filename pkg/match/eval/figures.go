package eval

import (
	"math"
	"os"
	"path/filepath"
	"strings"

	"uniview-bridge/pkg/match"
)

// Figures are what a set of answers comes to. Rates are 0 to 1; recall is over the
// queries that have a target.
type Figures struct {
	Queries, WithTarget                 int
	AutomaticPrecision, Automatic       float64 // precision and recall of automatic links
	Precision, Recall                   float64 // automatic links and best suggestions from Threshold on
	Threshold                           float64
	BestRecall, BestThreshold           float64 // best recall at 98 % precision on these very answers
	InFive                              float64 // linked or among the suggestions
	First                               float64 // linked or the best suggestion, whatever its score
	Calibration                         float64 // of the best suggestions: mean distance of score and share right
	Bins                                [10]Bin
	SmallestPortfolio, LargestPortfolio int
}

// Bin holds the best suggestions of one tenth of scores.
type Bin struct{ Shown, Score, Right float64 } // count, and sums

// Measure sums answers up, with suggestions counted from a threshold on.
func Measure(answers []Answer, threshold float64) Figures {
	f := Figures{Threshold: threshold, Queries: len(answers)}
	first, five := 0, 0
	for i, a := range answers {
		if i == 0 || a.Size < f.SmallestPortfolio {
			f.SmallestPortfolio = a.Size
		}
		f.LargestPortfolio = max(f.LargestPortfolio, a.Size)
		if a.HasTruth {
			f.WithTarget++
		}
		if a.Right {
			first++
		}
		if a.InFive {
			five++
		}
		if a.Shown && !a.Linked {
			b := &f.Bins[min(int(a.Score*10+1e-9), 9)]
			b.Shown++
			b.Score += a.Score
			if a.Right {
				b.Right++
			}
		}
	}
	f.AutomaticPrecision, f.Automatic = rates(answers, math.Inf(1), f.WithTarget)
	f.Precision, f.Recall = rates(answers, threshold, f.WithTarget)
	f.BestThreshold = math.NaN()
	for percent := 100; percent >= 1; percent-- {
		t := float64(percent) / 100
		if p, r := rates(answers, t, f.WithTarget); p >= 0.98 && r > f.BestRecall {
			f.BestRecall, f.BestThreshold = r, t
		}
	}
	f.InFive, f.First = share(five, f.WithTarget), share(first, f.WithTarget)
	shown, off := 0.0, 0.0
	for _, b := range f.Bins {
		shown += b.Shown
		off += math.Abs(b.Score - b.Right)
	}
	if shown > 0 {
		f.Calibration = off / shown
	}
	return f
}

func rates(answers []Answer, threshold float64, withTarget int) (precision, recall float64) {
	right, wrong := 0, 0
	for _, a := range answers {
		switch {
		case !a.Linked && (!a.Shown || a.Score < threshold-1e-9):
		case a.Right:
			right++
		default:
			wrong++
		}
	}
	return share(right, right+wrong), share(right, withTarget)
}

func share(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}

// HostFigures are what finding configurations by host name comes to.
type HostFigures struct {
	Queries, WithTarget int
	Precision, Recall   float64
}

// Hosts measures a set of host names: one that leads to exactly one configuration
// counts as shown.
func Hosts(set Set) HostFigures {
	f := HostFigures{}
	right, wrong := 0, 0
	for _, t := range set.Tenants {
		names := map[string][]string{}
		for _, target := range t.Targets {
			names[target] = []string{target}
		}
		x := match.NewHostIndex(names)
		for _, q := range t.Queries {
			f.Queries++
			if q.Truth != "" {
				f.WithTarget++
			}
			switch found := x.Find(q.Name); {
			case len(found) != 1:
			case found[0].ID == q.Truth:
				right++
			default:
				wrong++
			}
		}
	}
	f.Precision, f.Recall = share(right, right+wrong), share(right, f.WithTarget)
	return f
}

// Addresses checks a file of addresses (input, canonical, usable_alone): how many are
// read as they should be, of how many.
func Addresses(file string) (right, all int, err error) {
	rows, err := Rows(file)
	if err != nil {
		return 0, 0, err
	}
	for _, row := range rows {
		all++
		macs := match.ParseMACs(row["input"])
		want := strings.ToLower(strings.ReplaceAll(row["canonical"], ":", ""))
		if unusable := row["usable_alone"] == "no" || want == ""; unusable && len(macs) == 0 || !unusable && len(macs) == 1 && macs[0].Canonical() == want {
			right++
		}
	}
	return right, all, nil
}

// Folder is where the sets are: MATCH_DATA, or ../shared/match beside the project's
// root; false when there is none.
func Folder(root string) (string, bool) {
	folder := os.Getenv("MATCH_DATA")
	if folder == "" {
		folder = filepath.Join(root, "..", "shared", "match")
	}
	_, err := os.Stat(folder) //nolint:gosec // the developer names the folder
	return folder, err == nil
}
