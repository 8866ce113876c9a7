package main

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/match/eval"
)

// toy examples: the right candidate is the one whose first feature is high; where none
// is, it is none of them.
func toy(n int) []example {
	r := rand.New(rand.NewPCG(3, 4))
	var out []example
	for i := range n {
		e := example{right: -1, weight: 1, fold: i % folds, measured: true}
		for range 4 {
			e.features = append(e.features, match.Features{float32(r.Float64() * 0.4), float32(r.Float64())})
		}
		if i%4 != 0 {
			e.right = r.IntN(4)
			e.features[e.right][0] = 0.7 + float32(r.Float64()*0.3)
		}
		out = append(out, e)
	}
	return out
}

func TestAFitLearnsTheRightOneAndNone(t *testing.T) {
	t.Parallel()
	var m, again match.Model
	o := options{epochs: 12, rate: 0.02, decay: 0.01, seed: 1}
	fit(&m, toy(400), o)
	fit(&again, toy(400), o)
	if m.Bias != again.Bias || m.Direct != again.Direct || m.In != again.In {
		t.Error("the same examples gave other weights")
	}
	for _, g := range guesses(&m, toy(40)) {
		for i, p := range g.probabilities(1) {
			if (p > 0.5) != (i == g.right) {
				t.Fatalf("candidate %d has %.2f, right is %d", i, p, g.right)
			}
		}
	}
}

func TestAModelTooSureOfItselfIsCooled(t *testing.T) {
	t.Parallel()
	var all []guess
	for i := range 100 { // says 95 of 100, is right in 80
		g := guess{example{right: 0, weight: 1, features: make([]match.Features, 1)}, []float64{2.94}}
		if i%5 == 0 {
			g.right = -1
		}
		all = append(all, g)
	}
	temp := temperature(all)
	if p := all[0].probabilities(temp)[0]; p < 0.78 || p > 0.84 {
		t.Errorf("temperature %.2f gives %.2f", temp, p)
	}
	m := match.Model{Bias: 2.94}
	cool(&m, temp)
	if got := m.Worth(&match.Features{}); got > 2 {
		t.Errorf("worth is still %.2f", got)
	}
}

func TestConfidentIsChosenBySetsThatTheRulesKnow(t *testing.T) {
	t.Parallel()
	good := result{name: "customers", truths: 100, autoRight: 60, best: []shown{{0.9, true}, {0.8, true}, {0.7, false}, {0.6, false}}}
	odd := result{name: "odd spellings", truths: 100, autoRight: 2, best: []shown{{1, false}, {1, false}}}
	if got := confident([]result{good, odd}); got != 0.61 {
		t.Errorf("got %.2f", got)
	}
}

func TestWeightsAreWrittenWithTheirSources(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "weights.go")
	s := &sources{sets: []eval.Set{{Name: "one"}, {Name: "two"}}}
	m := &match.Model{Words: map[string]float32{"road": -3}}
	if err := write(file, m, 0.8, s); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"DO NOT EDIT", "sets one, two:", "const Confident = 0.80", `"road": -3.00`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in it", want)
		}
	}
}

func TestLargePoolsAreCutIntoPortfolios(t *testing.T) {
	t.Parallel()
	var pool eval.Tenant
	for i := range 1500 {
		name := "Firm " + strings.Repeat("x", i%40) + string(rune('a'+i%26)) + strings.Repeat("y", i/40)
		pool.Targets = append(pool.Targets, name)
		pool.Queries = append(pool.Queries, eval.Query{Name: name, Truth: name}, eval.Query{Name: "none"})
	}
	s := &sources{sets: []eval.Set{{Tenants: []eval.Tenant{pool}}}}
	targets, queries := 0, 0
	for _, cut := range s.portfolios(0) {
		targets += len(cut.Targets)
		queries += len(cut.Queries)
		if len(cut.Targets) > 400 {
			t.Errorf("a portfolio of %d", len(cut.Targets))
		}
		have := map[string]bool{}
		for _, target := range cut.Targets {
			have[target] = true
		}
		for _, q := range cut.Queries {
			if q.Truth != "" && !have[q.Truth] {
				t.Fatalf("%q is not where its query is", q.Truth)
			}
		}
	}
	if targets != 1500 || queries != 3000 {
		t.Errorf("%d targets, %d queries", targets, queries)
	}
}
