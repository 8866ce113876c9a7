package main

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/match/eval"
)

// example is a query that no rule links, with its candidates.
type example struct {
	name, truth string
	ids         []string
	features    []match.Features
	right       int // index of the right candidate, -1 when it is none of them
	hasTruth    bool
	weight      float64
	fold        int
	set         int
	measured    bool // a query of the set as it is, not of a portfolio cut out of it
}

// linked counts what the rules link by themselves in a set.
type linked struct{ right, wrong, truths int }

const folds = 5

// sources are the sets to train on with what the rules do on them.
type sources struct {
	sets  []eval.Set
	links [][][]match.Link // by set, tenant, query
}

func foldOf(name string) int {
	h := fnv.New32a()
	h.Write([]byte(strings.ToLower(name)))
	return int(h.Sum32() % folds)
}

func load(folder string) (*sources, error) {
	sets, err := eval.ReadAll(folder)
	if err != nil {
		return nil, err
	}
	sets = slices.DeleteFunc(sets, eval.Set.IsHosts)
	s := &sources{sets: sets}
	for _, set := range sets {
		var links [][]match.Link
		for _, t := range set.Tenants {
			links = append(links, t.Link())
		}
		s.links = append(s.links, links)
	}
	return s, nil
}

// words counts how often words occur in the targets of sets, each set counting alike,
// and keeps those that occur often.
func (s *sources) words(use []int) map[string]float32 {
	const often = 0.0008
	shares := map[string]float64{}
	for _, i := range use {
		counts, names := map[string]int{}, 0
		for _, t := range s.sets[i].Tenants {
			for _, target := range t.Targets {
				names++
				words := strings.Fields(match.NormalizeName(target).Core)
				slices.Sort(words)
				for _, w := range slices.Compact(words) {
					counts[w]++
				}
			}
		}
		for w, n := range counts {
			shares[w] += float64(n) / float64(names) / float64(len(use))
		}
	}
	out := map[string]float32{}
	for w, share := range shares {
		if share >= often {
			out[w] = float32(math.Round(math.Log(share)*20) / 20)
		}
	}
	return out
}

// examples makes the examples of a set with a model's word counts.
func (s *sources) examples(set int, model *match.Model) ([]example, linked) {
	var out []example
	var l linked
	for ti, t := range s.sets[set].Tenants {
		links := s.links[set][ti]
		for qi, q := range t.Queries {
			if q.Truth != "" {
				l.truths++
			}
			if _, ok := links[qi].Linked(); ok {
				if links[qi].TargetName == q.Truth && q.Truth != "" {
					l.right++
				} else {
					l.wrong++
				}
			}
		}
		out = append(out, tenantExamples(model, t, links, set, true)...)
	}
	cut := s.portfolios(set)
	for _, t := range cut {
		out = append(out, tenantExamples(model, t, t.Link(), set, false)...)
	}
	whole, parts := 0, 0
	for _, e := range out {
		if e.measured {
			whole++
		} else {
			parts++
		}
	}
	// A set counts by the root of its size; cut-out portfolios as much as the whole.
	for i := range out {
		n := whole
		if !out[i].measured {
			n = parts
		}
		out[i].weight = math.Sqrt(float64(whole)) / float64(n)
	}
	return out, l
}

func tenantExamples(model *match.Model, t eval.Tenant, links []match.Link, set int, measured bool) []example {
	var records, askers []match.Record
	for _, target := range t.Targets {
		records = append(records, match.Record{ID: target, Name: target})
	}
	for _, q := range t.Queries {
		askers = append(askers, match.Record{Name: q.Name})
	}
	ranker := match.NewRanker(model, records, askers)
	var out []example
	for i, q := range t.Queries {
		if _, ok := links[i].Linked(); ok {
			continue
		}
		e := example{name: q.Name, truth: q.Truth, right: -1, hasTruth: q.Truth != "", fold: foldOf(q.Name), set: set, measured: measured}
		for _, c := range ranker.Candidates(match.NormalizeName(q.Name)) {
			e.ids = append(e.ids, c.ID)
			if c.ID == q.Truth {
				e.right = len(e.features)
			}
			e.features = append(e.features, c.Features)
		}
		out = append(out, e)
	}
	return out
}

// portfolios cuts a set of one large pool into portfolios of the sizes that service
// providers have, so that the model learns what a portfolio's size means.
func (s *sources) portfolios(set int) []eval.Tenant {
	var out []eval.Tenant
	for _, t := range s.sets[set].Tenants {
		if len(t.Targets) < 1000 {
			continue
		}
		r := rand.New(rand.NewPCG(7, uint64(len(t.Targets))))
		where := map[string]int{}
		order := r.Perm(len(t.Targets))
		first := len(out)
		for len(order) > 0 {
			n := min(len(order), 40+r.IntN(360))
			var cut eval.Tenant
			for _, i := range order[:n] {
				cut.Targets = append(cut.Targets, t.Targets[i])
				where[t.Targets[i]] = len(out)
			}
			out, order = append(out, cut), order[n:]
		}
		for _, q := range t.Queries {
			at, ok := where[q.Truth]
			if !ok {
				at = first + r.IntN(len(out)-first)
			}
			out[at].Queries = append(out[at].Queries, q)
		}
	}
	return out
}
