// Command train makes the weights that rank names (pkg/match/weights.go) from sets of
// names with known answers, and prints what they do on names they were not trained on.
//
//	go run ./pkg/match/train -data ../shared/match
//
// The same sets give the same weights. The sets themselves stay where they are.
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"sync"

	"uniview-bridge/pkg/match"
)

func main() {
	data := flag.String("data", "../shared/match", "folder of the sets (NAME_queries.csv, NAME_targets.csv)")
	out := flag.String("out", "", "file to write the weights to; empty: only print the figures")
	epochs := flag.Int("epochs", 12, "passes over the examples")
	rate := flag.Float64("rate", 0.004, "step size")
	decay := flag.Float64("decay", 0.3, "pull of the weights towards 0")
	flag.StringVar(&errorsOf, "errors", "", "name of a set whose mistakes are told")
	flag.Parse()
	if err := run(*data, *out, options{epochs: *epochs, rate: *rate, decay: *decay, seed: 1}); err != nil {
		fmt.Fprintln(os.Stderr, "train:", err)
		os.Exit(1)
	}
}

func run(data, out string, o options) error {
	s, err := load(data)
	if err != nil {
		return err
	}
	all := make([]int, len(s.sets))
	for i := range all {
		all[i] = i
	}

	// Each set left out: what to expect on names of another sort. Each fifth left out:
	// what to expect on other names of these sorts.
	links := make([]linked, len(s.sets))
	others := make([][]guess, len(s.sets))
	var jobs sync.WaitGroup
	for held := range s.sets {
		jobs.Go(func() {
			use := slices.DeleteFunc(slices.Clone(all), func(i int) bool { return i == held })
			m := &match.Model{Words: s.words(use)}
			fit(m, s.allExamples(use, m), o)
			test, l := s.examples(held, m)
			others[held], links[held] = guesses(m, test), l
		})
	}
	m := &match.Model{Words: s.words(all)}
	train := s.allExamples(all, m)
	final := *m
	jobs.Go(func() { fit(&final, train, o) })
	byFold := make([][]guess, folds)
	for f := range folds {
		jobs.Go(func() {
			fm := *m
			fit(&fm, slices.DeleteFunc(slices.Clone(train), func(e example) bool { return e.fold == f }), o)
			byFold[f] = guesses(&fm, slices.DeleteFunc(slices.Clone(train), func(e example) bool { return e.fold != f }))
		})
	}
	jobs.Wait()
	fifths := make([][]guess, len(s.sets))
	for _, g := range slices.Concat(byFold...) {
		fifths[g.set] = append(fifths[g.set], g)
	}

	t := temperature(append(slices.Concat(others...), slices.Concat(fifths...)...))
	fmt.Printf("temperature %.2f\n", t)
	report("each set left out of training", s.results(others, links, t))
	unseen := s.results(fifths, links, t)
	report("each fifth of the names left out of training", unseen)
	threshold := confident(unseen)
	fmt.Printf("Confident %.2f\n", threshold)
	if out == "" {
		return nil
	}
	cool(&final, t)
	return write(out, &final, threshold, s)
}

func (s *sources) allExamples(sets []int, m *match.Model) []example {
	var out []example
	for _, i := range sets {
		e, _ := s.examples(i, m)
		out = append(out, e...)
	}
	return out
}

func (s *sources) results(all [][]guess, links []linked, temperature float64) []result {
	var out []result
	for i, set := range s.sets {
		out = append(out, score(set.Name, all[i], links[i], temperature))
	}
	return out
}

// cool divides all worths that a model gives by a temperature.
func cool(m *match.Model, temperature float64) {
	t := float32(temperature)
	m.Bias /= t
	for i := range m.Direct {
		m.Direct[i] /= t
	}
	for h := range m.Out {
		m.Out[h] /= t
	}
}
