package match

import (
	"math"
	"slices"
)

// Index finds texts that look like another: the cosine of their character
// 3-grams weighted by how rare each gram is (TF-IDF), over an inverted index.
// It is safe for one goroutine.
type Index struct {
	ids      []string
	at       map[string]int
	grams    map[string]int32 // gram → number
	idf      []float64
	postings [][]posting
	vectors  []vector
	scores   []float64 // scratch
}

// Hit is one text found, with its cosine 0..1.
type Hit struct {
	ID    string
	Score float64
}

type posting struct {
	doc    int32
	weight float32
}

type vector struct {
	grams   []int32
	weights []float32
}

// NewIndex indexes the text of every id.
func NewIndex(ids []string, text func(id string) string) *Index {
	x := &Index{ids: ids, at: make(map[string]int, len(ids)), grams: map[string]int32{}}
	counted := make([]map[int32]int, len(ids))
	var df []int
	for i, id := range ids {
		x.at[id] = i
		counts := map[int32]int{}
		eachGram(text(id), func(g string) {
			n, ok := x.grams[g]
			if !ok {
				n = int32(len(df))
				x.grams[g] = n
				df = append(df, 0)
			}
			if counts[n] == 0 {
				df[n]++
			}
			counts[n]++
		})
		counted[i] = counts
	}
	x.idf = make([]float64, len(df))
	for g, n := range df {
		x.idf[g] = math.Log(1+float64(len(ids))/float64(n)) + 1
	}
	x.postings = make([][]posting, len(df))
	x.vectors = make([]vector, len(ids))
	x.scores = make([]float64, len(ids))
	for i, counts := range counted {
		v := x.weigh(counts, 0)
		x.vectors[i] = v
		for j, g := range v.grams {
			x.postings[g] = append(x.postings[g], posting{int32(i), v.weights[j]})
		}
	}
	return x
}

// weigh turns counts into a vector of length one. unseen is the squared weight of
// grams that the index does not know: they make the query longer.
func (x *Index) weigh(counts map[int32]int, unseen float64) vector {
	v := vector{grams: make([]int32, 0, len(counts)), weights: make([]float32, len(counts))}
	for g := range counts {
		v.grams = append(v.grams, g)
	}
	slices.Sort(v.grams)
	raw := make([]float64, len(v.grams))
	sum := unseen
	for i, g := range v.grams {
		raw[i] = (1 + math.Log(float64(counts[g]))) * x.idf[g]
		sum += raw[i] * raw[i]
	}
	if sum == 0 {
		return v
	}
	for i := range raw {
		v.weights[i] = float32(raw[i] / math.Sqrt(sum))
	}
	return v
}

func (x *Index) query(text string) vector {
	counts := map[int32]int{}
	rare := math.Log(1+float64(len(x.ids))) + 1
	unseen := 0.0
	eachGram(text, func(g string) {
		if n, ok := x.grams[g]; ok {
			counts[n]++
		} else {
			unseen += rare * rare
		}
	})
	return x.weigh(counts, unseen)
}

// Search returns the best max hits, best first; equal scores in the order of the ids
// given to NewIndex.
func (x *Index) Search(text string, max int) []Hit {
	v := x.query(text)
	var touched []int32
	for i, g := range v.grams {
		w := float64(v.weights[i])
		for _, p := range x.postings[g] {
			if x.scores[p.doc] == 0 {
				touched = append(touched, p.doc)
			}
			x.scores[p.doc] += w * float64(p.weight)
		}
	}
	// The best few by insertion: cheaper than sorting all that share a gram.
	before := func(a, b int32) bool {
		sa, sb := x.scores[a], x.scores[b]
		return sa > sb || sa == sb && a < b
	}
	best := make([]int32, 0, max+1)
	for _, doc := range touched {
		if len(best) == max && !before(doc, best[max-1]) {
			continue
		}
		at, _ := slices.BinarySearchFunc(best, doc, func(have, doc int32) int {
			if before(have, doc) {
				return -1
			}
			return 1
		})
		if best = slices.Insert(best, at, doc); len(best) > max {
			best = best[:max]
		}
	}
	hits := make([]Hit, 0, len(best))
	for _, doc := range best {
		hits = append(hits, Hit{x.ids[doc], x.scores[doc]})
	}
	for _, doc := range touched {
		x.scores[doc] = 0
	}
	return hits
}

// Score is the cosine of a text and one indexed text; 0 for an unknown id.
func (x *Index) Score(text, id string) float64 {
	doc, ok := x.at[id]
	if !ok {
		return 0
	}
	q, d := x.query(text), x.vectors[doc]
	score, j := 0.0, 0
	for i, g := range q.grams {
		for j < len(d.grams) && d.grams[j] < g {
			j++
		}
		if j < len(d.grams) && d.grams[j] == g {
			score += float64(q.weights[i]) * float64(d.weights[j])
		}
	}
	return score
}

// eachGram calls f for every 3-gram of the text with a blank at each end.
func eachGram(text string, f func(string)) {
	if text == "" {
		return
	}
	padded := " " + text + " "
	var starts [3]int
	n := 0
	for i := range padded {
		if n >= 3 {
			f(padded[starts[0]:i])
			starts[0], starts[1] = starts[1], starts[2]
			n = 2
		}
		starts[n] = i
		n++
	}
	if n == 3 {
		f(padded[starts[0]:])
	} else {
		f(padded)
	}
}
