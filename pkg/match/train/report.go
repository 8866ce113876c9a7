package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"uniview-bridge/pkg/match"
)

// result is what a model does on examples it has not seen.
type result struct {
	name                       string
	truths, autoRight, autoBad int
	best                       []shown // of every query that is not linked
	all                        []shown // all five
	reach, five                int     // right one among the candidates, among five
}

type shown struct {
	p     float64
	right bool
}

func (r *result) add(o result) {
	r.truths += o.truths
	r.autoRight += o.autoRight
	r.autoBad += o.autoBad
	r.best = append(r.best, o.best...)
	r.all = append(r.all, o.all...)
	r.reach += o.reach
	r.five += o.five
}

// guess is an example with the worths that a model which did not see it gave.
type guess struct {
	example
	worths []float64
}

func guesses(m *match.Model, all []example) []guess {
	out := make([]guess, 0, len(all))
	for _, e := range all {
		if !e.measured {
			continue
		}
		worths := make([]float64, len(e.features))
		for i := range e.features {
			worths[i] = m.Worth(&e.features[i])
		}
		out = append(out, guess{e, worths})
	}
	return out
}

// probabilities of a guess when worths count less by a temperature.
func (g *guess) probabilities(temperature float64) []float64 {
	out := make([]float64, len(g.worths))
	for i, w := range g.worths {
		out[i] = w / temperature
	}
	match.Probabilities(out)
	return out
}

// temperature is what worths are best divided by, judged by the likelihood of what is
// right: models are too sure of themselves on names they have not seen.
func temperature(all []guess) float64 {
	best, at := math.Inf(1), 1.0
	for t := 0.8; t < 2; t += 0.05 {
		loss := 0.0
		for _, g := range all {
			p := g.probabilities(t)
			right := 1.0
			for _, v := range p {
				right -= v
			}
			if g.right >= 0 {
				right = p[g.right]
			}
			loss -= g.weight * math.Log(max(right, 1e-9))
		}
		if loss < best {
			best, at = loss, t
		}
	}
	return at
}

// score sums up guesses on one set.
func score(name string, all []guess, l linked, temperature float64) result {
	r := result{name: name, truths: l.truths, autoRight: l.right, autoBad: l.wrong}
	for _, g := range all {
		p := g.probabilities(temperature)
		for i := range p {
			p[i] = match.Held(p[i], &g.features[i])
		}
		order := make([]int, len(p))
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(a, b int) int { return -cmp.Compare(p[a], p[b]) })
		if g.right >= 0 {
			r.reach++
		}
		if name == errorsOf {
			tell(g.example, p, order)
		}
		for rank, i := range order[:min(len(order), match.MaxSuggestions)] {
			s := shown{math.Round(p[i]*100) / 100, i == g.right}
			if rank == 0 {
				r.best = append(r.best, s)
			}
			r.all = append(r.all, s)
			if s.right {
				r.five++
			}
		}
	}
	return r
}

// aim is the precision at which suggestions may be accepted by score.
const aim = 0.98

// confident is the least score at which, and from which on, automatic links and best
// suggestions together are right as often as is aimed at in every set of which the
// rules link a fair part, as they do with customers of service providers. Sets of
// nothing but odd spellings have no such score.
func confident(results []result) float64 {
	threshold := 0.0
	for _, r := range results {
		if _, recall := r.at(2); recall < 0.3 {
			continue
		}
		for t := 100; t >= 50; t-- {
			if precision, _ := r.at(float64(t) / 100); precision < aim {
				threshold = max(threshold, float64(t+1)/100)
				break
			}
		}
	}
	return max(threshold, 0.5)
}

// errorsOf is a set whose mistakes are told.
var errorsOf string

// tell prints a query that went wrong, or nearly.
func tell(e example, probabilities []float64, order []int) {
	switch {
	case e.truth != "" && e.right < 0:
		fmt.Printf("out of reach: %q is %q\n", e.name, e.truth)
	case len(order) > 0 && order[0] != e.right && probabilities[order[0]] >= 0.5:
		own := 0.0
		if e.right >= 0 {
			own = probabilities[e.right]
		}
		fmt.Printf("wrong: %q %.2f %q, is %q %.2f\n", e.name, probabilities[order[0]], e.ids[order[0]], e.truth, own)
	case e.right >= 0 && order[0] == e.right && probabilities[e.right] < 0.85:
		fmt.Printf("low: %q %.2f %q\n", e.name, probabilities[e.right], e.truth)
	}
}

// at is precision and recall with the best suggestion shown from a threshold on.
func (r *result) at(threshold float64) (precision, recall float64) {
	right, wrong := r.autoRight, r.autoBad
	for _, s := range r.best {
		if s.p >= threshold {
			if s.right {
				right++
			} else {
				wrong++
			}
		}
	}
	return float64(right) / float64(max(right+wrong, 1)), float64(right) / float64(max(r.truths, 1))
}

// calibration is the mean distance of score and share right over ten bins, weighted by
// what is in them.
func calibration(all []shown) float64 {
	var n, sum, right [10]float64
	for _, s := range all {
		b := min(int(s.p*10), 9)
		n[b]++
		sum[b] += s.p
		if s.right {
			right[b]++
		}
	}
	off := 0.0
	for b := range n {
		off += math.Abs(sum[b] - right[b])
	}
	return off / float64(max(len(all), 1))
}

func report(title string, results []result) {
	fmt.Printf("\n%s\n%-16s %6s %6s %6s %6s", title, "set", "auto P", "auto R", "reach", "five")
	thresholds := []float64{0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9}
	for _, t := range thresholds {
		fmt.Printf("  P/R at %.2f", t)
	}
	fmt.Printf("  best R at P98  top1  calibration best/five\n")
	var pooled result
	for _, r := range results {
		precision, recall := r.at(2)
		fmt.Printf("%-16s %6.1f %6.1f %6.1f %6.1f", r.name, 100*precision, 100*recall,
			100*float64(r.autoRight+r.reach)/float64(r.truths), 100*float64(r.autoRight+r.five)/float64(r.truths))
		for _, t := range thresholds {
			p, rc := r.at(t)
			fmt.Printf("  %5.1f/%4.1f", 100*p, 100*rc)
		}
		best, bestT := 0.0, 0.0
		for t := 1.0; t > 0; t -= 0.01 {
			if p, rc := r.at(t); p >= 0.98 && rc > best {
				best, bestT = rc, t
			}
		}
		_, top := r.at(0)
		fmt.Printf("  %4.1f (%.2f)  %4.1f  %.1f/%.1f\n", 100*best, bestT, 100*top, 100*calibration(r.best), 100*calibration(r.all))
		pooled.add(r)
	}
	fmt.Printf("calibration pooled: best %.1f, all five %.1f points\n", 100*calibration(pooled.best), 100*calibration(pooled.all))
	var n, sum, right [10]float64
	for _, s := range pooled.best {
		b := min(int(s.p*10), 9)
		n[b]++
		sum[b] += s.p
		if s.right {
			right[b]++
		}
	}
	for b := range n {
		if n[b] > 0 {
			fmt.Printf("  %.1f: %5.0f shown, mean %.2f, right %.2f\n", float64(b)/10, n[b], sum[b]/n[b], right[b]/n[b])
		}
	}
}
