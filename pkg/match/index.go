package match

import (
	"cmp"
	"math"
	"slices"
)

// index finds texts by their terms: the cosine of two texts' terms, weighted by how
// rare each term is (TF-IDF), over an inverted index. Terms are numbers: packed
// 3-grams, or hashes of words. It is for one goroutine.
type index struct {
	number  map[uint64]int32
	idf     []float32
	rare    float32   // weight of a term that no indexed text has
	start   []int32   // the postings of term t are start[t] to start[t+1]
	docs    []int32   // texts, in order, by term
	weights []float32 // their weights of that term
	end     []int32   // the terms of text i end at end[i] of terms
	terms   []weighted

	asked   []float32 // by term: its weight in what was looked for last, until forget
	scores  []float32 // by text: as far as the look went
	touched []int32
	query   []weighted
}

type weighted struct {
	term   int32
	weight float32
}

// newIndex indexes n texts; terms calls emit for every term of one.
func newIndex(n int, terms func(i int, emit func(uint64))) *index {
	x := &index{number: map[uint64]int32{}, scores: make([]float32, n)}
	var all []weighted // term and count, text after text
	x.end = make([]int32, n)
	var df []int32
	counts := map[int32]float32{}
	var order []int32
	for i := range n {
		clear(counts)
		order = order[:0]
		terms(i, func(term uint64) {
			t, ok := x.number[term]
			if !ok {
				t = int32(len(df))
				x.number[term] = t
				df = append(df, 0)
			}
			if counts[t] == 0 {
				df[t]++
				order = append(order, t)
			}
			counts[t]++
		})
		for _, t := range order {
			all = append(all, weighted{t, counts[t]})
		}
		x.end[i] = int32(len(all))
	}
	x.idf = make([]float32, len(df))
	x.start = make([]int32, len(df)+1)
	for t, d := range df {
		x.idf[t] = float32(math.Log(1+float64(n)/float64(d)) + 1)
		x.start[t+1] = x.start[t] + d
	}
	x.rare = float32(math.Log(1+float64(n)) + 1)
	x.docs, x.weights = make([]int32, len(all)), make([]float32, len(all))
	next := slices.Clone(x.start)
	begin := int32(0)
	for i, end := range x.end {
		terms := all[begin:end]
		x.weigh(terms, 0)
		for _, w := range terms {
			x.docs[next[w.term]], x.weights[next[w.term]] = int32(i), w.weight
			next[w.term]++
		}
		begin = end
	}
	x.terms, x.asked = slices.Clip(all), make([]float32, len(df))
	return x
}

// weigh turns counts into a vector of length one. unseen is the squared weight of
// terms that the index does not know: they make the vector longer.
func (x *index) weigh(terms []weighted, unseen float64) {
	sum := unseen
	for i, w := range terms {
		tf := float32(1)
		if w.weight > 1 {
			tf += float32(math.Log(float64(w.weight)))
		}
		terms[i].weight = tf * x.idf[w.term]
		sum += float64(terms[i].weight) * float64(terms[i].weight)
	}
	if sum == 0 {
		return
	}
	norm := float32(1 / math.Sqrt(sum))
	for i := range terms {
		terms[i].weight *= norm
	}
}

const (
	// manyTexts is from how many texts on a look leaves out the most common terms, so
	// that time does not grow with the square of names.
	manyTexts = 2000
	// lookedAt is the share of a query's weight, rarest terms first, that is then enough.
	lookedAt = 0.7
)

// look finds the texts that have some of the terms that each emits, until forget.
func (x *index) look(each func(emit func(uint64))) {
	x.query = x.query[:0]
	unseen := 0.0
	each(func(term uint64) {
		t, ok := x.number[term]
		if !ok {
			unseen += float64(x.rare) * float64(x.rare)
			return
		}
		for i := range x.query {
			if x.query[i].term == t {
				x.query[i].weight++
				return
			}
		}
		x.query = append(x.query, weighted{t, 1})
	})
	x.weigh(x.query, unseen)
	total, sum := float32(0), float32(0)
	for _, w := range x.query {
		x.asked[w.term] = w.weight
		total += w.weight * w.weight
	}
	if len(x.scores) >= manyTexts {
		slices.SortFunc(x.query, func(a, b weighted) int {
			return cmp.Or(cmp.Compare(x.frequency(a.term), x.frequency(b.term)), cmp.Compare(a.term, b.term))
		})
	}
	for _, w := range x.query {
		if sum > lookedAt*total && len(x.scores) >= manyTexts {
			break
		}
		sum += w.weight * w.weight
		for p := x.start[w.term]; p < x.start[w.term+1]; p++ {
			doc := x.docs[p]
			if x.scores[doc] == 0 {
				x.touched = append(x.touched, doc)
			}
			x.scores[doc] += w.weight * x.weights[p]
		}
	}
}

// frequency is how many texts have a term.
func (x *index) frequency(term int32) int32 { return x.start[term+1] - x.start[term] }

// score is a text's cosine with what was looked for last.
func (x *index) score(doc int32) float32 {
	begin, sum := int32(0), float32(0)
	if doc > 0 {
		begin = x.end[doc-1]
	}
	for _, w := range x.terms[begin:x.end[doc]] {
		sum += w.weight * x.asked[w.term]
	}
	return sum
}

// best appends the max best texts of the last look to into, best first, equal ones
// in their order.
func (x *index) best(max int, into []int32) []int32 {
	before := func(a, b int32) bool {
		sa, sb := x.scores[a], x.scores[b]
		return sa > sb || sa == sb && a < b
	}
	top := make([]int32, 0, max+1)
	for _, doc := range x.touched {
		if len(top) == max && !before(doc, top[max-1]) {
			continue
		}
		at := len(top)
		for at > 0 && before(doc, top[at-1]) {
			at--
		}
		if top = slices.Insert(top, at, doc); len(top) > max {
			top = top[:max]
		}
	}
	return append(into, top...)
}

// forget makes the index ready for the next look.
func (x *index) forget() {
	for _, doc := range x.touched {
		x.scores[doc] = 0
	}
	x.touched = x.touched[:0]
	for _, w := range x.query {
		x.asked[w.term] = 0
	}
}

// withTerm are the texts that have a term.
func (x *index) withTerm(term uint64) []int32 {
	t, ok := x.number[term]
	if !ok {
		return nil
	}
	return x.docs[x.start[t]:x.start[t+1]]
}

// eachGram calls emit for every 3-gram of the text with a blank at each end.
func eachGram(text string, emit func(uint64)) {
	if text == "" {
		return
	}
	const mask = 1<<63 - 1 // three runes of 21 bits
	gram, n := uint64(' '), 1
	for _, r := range text {
		gram = (gram<<21 | uint64(r)) & mask
		if n++; n >= 3 {
			emit(gram)
		}
	}
	emit((gram<<21 | ' ') & mask)
}

// hashed is a word as a term (FNV-1a).
func hashed(word string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(word) {
		h = (h ^ uint64(word[i])) * 1099511628211
	}
	return h
}
