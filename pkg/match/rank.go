package match

import (
	"cmp"
	"slices"
	"strings"
)

// How many candidates each way of looking brings.
const (
	byGrams    = 14
	byWords    = 8
	byInitials = 4
)

// Record is a thing with a name.
type Record struct{ ID, Name string }

// Ranker finds and ranks the records of one side whose names are like a name of
// the other. It is for one goroutine; the order of its records breaks ties.
type Ranker struct {
	model    *Model
	ids      []string
	at       map[string]int32
	texts    []text
	grams    *index
	words    *index
	initials map[string][]int32
	askers   map[string]int // key of a name that asks → how many ask by it
}

// Candidate is a record that may be the one, with the features that say so.
type Candidate struct {
	ID       string
	Features Features
	at       int32
}

// NewRanker prepares for looking among records; askers are all names that will ask.
func NewRanker(model *Model, records, askers []Record) *Ranker {
	names := make([]Name, len(records))
	ids := make([]string, len(records))
	for i, r := range records {
		ids[i], names[i] = r.ID, NormalizeName(r.Name)
	}
	keys := map[string]int{}
	for _, a := range askers {
		keys[NormalizeName(a.Name).Key]++
	}
	return newRanker(model, ids, names, keys)
}

func newRanker(model *Model, ids []string, names []Name, askers map[string]int) *Ranker {
	r := &Ranker{model: model, ids: ids, at: make(map[string]int32, len(ids)), texts: make([]text, len(ids)), initials: map[string][]int32{}, askers: askers}
	r.grams = newIndex(len(ids), func(i int, emit func(uint64)) { eachGram(names[i].Core, emit) })
	r.words = newIndex(len(ids), func(i int, emit func(uint64)) {
		for w := range strings.FieldsSeq(names[i].Core) {
			emit(hashed(w))
		}
	})
	for i, n := range names {
		r.at[ids[i]] = int32(i)
		r.texts[i] = newText(n, r.info)
		for _, in := range []string{r.texts[i].initials, r.texts[i].all} {
			if len(in) >= 2 && len(in) <= 8 {
				if have := r.initials[in]; len(have) == 0 || have[len(have)-1] != int32(i) {
					r.initials[in] = append(have, int32(i))
				}
			}
		}
	}
	return r
}

func (r *Ranker) info(word string) float32 {
	return r.model.info(word, len(r.words.withTerm(hashed(word))), len(r.ids))
}

// Candidates are the records that may be the one of this name, in their order:
// those alike by 3-grams, by words or by initials, and those in must.
func (r *Ranker) Candidates(name Name, must ...string) []Candidate {
	q := newAsked(name, r.info)
	r.grams.look(func(emit func(uint64)) { eachGram(name.Core, emit) })
	r.words.look(func(emit func(uint64)) {
		for w := range strings.FieldsSeq(name.Core) {
			emit(hashed(w))
		}
	})
	defer r.grams.forget()
	defer r.words.forget()
	docs := r.grams.best(byGrams, make([]int32, 0, byGrams+byWords+2*byInitials+len(must)))
	docs = r.words.best(byWords, docs)
	docs = append(docs, r.abbreviated(q)...)
	for _, id := range must {
		if doc, ok := r.at[id]; ok {
			docs = append(docs, doc)
		}
	}
	slices.Sort(docs)
	docs = slices.Compact(docs)
	out := make([]Candidate, len(docs))
	for i, doc := range docs {
		f := compare(q, &r.texts[doc], len(r.ids))
		f[0], f[2] = r.grams.score(doc), r.words.score(doc)
		if key := r.texts[doc].name.Key; key != name.Key {
			f[claimed] = truth(r.askers[key] > 0)
		}
		out[i] = Candidate{ID: r.ids[doc], Features: f, at: doc}
	}
	for _, cosine := range []int{0, 2} {
		lead(out, cosine, cosine+1)
	}
	return out
}

// lead fills in how far each candidate's feature is above the best other's.
func lead(all []Candidate, feature, into int) {
	best, second := float32(0), float32(0)
	for _, c := range all {
		if v := c.Features[feature]; v > best {
			best, second = v, best
		} else if v > second {
			second = v
		}
	}
	for i := range all {
		v := all[i].Features[feature]
		if v == best {
			all[i].Features[into] = v - second
		} else {
			all[i].Features[into] = v - best
		}
	}
}

// abbreviated are records whose initials are a word of the name, or that have a word
// which is the name's initials.
func (r *Ranker) abbreviated(q *asked) []int32 {
	var docs []int32
	for _, w := range q.words {
		if len(w) >= 2 && len(w) <= 8 {
			have := r.initials[w]
			docs = append(docs, have[:min(len(have), byInitials)]...)
		}
	}
	for _, in := range []string{q.initials, q.all} {
		if len(in) >= 2 && len(in) <= 8 {
			have := r.words.withTerm(hashed(in))
			docs = append(docs, have[:min(len(have), byInitials)]...)
		}
	}
	slices.Sort(docs)
	return slices.Compact(docs)
}

// rated is a candidate with the probability that it is the one.
type rated struct {
	Candidate
	Probability float64
}

// vetoed is the highest probability of a candidate whose name contradicts, unless
// other evidence speaks for it.
const vetoed = 0.5

// Held is a probability as far as the names' contradictions let it go.
func Held(probability float64, f *Features) float64 {
	if f.Vetoed() {
		return min(probability, vetoed)
	}
	return probability
}

// rank orders the candidates for a name by probability. Records that signs speak for
// and those in must are candidates too.
func (r *Ranker) rank(name Name, signs evidence, must []string) []rated {
	for id := range signs {
		must = append(must, id)
	}
	candidates := r.Candidates(name, must...)
	worths := make([]float64, len(candidates))
	for i := range candidates {
		worths[i] = worth(r.model.Worth(&candidates[i].Features), signs[candidates[i].ID], len(r.ids))
	}
	Probabilities(worths)
	out := make([]rated, len(candidates))
	for i, c := range candidates {
		if len(signs[c.ID]) == 0 {
			worths[i] = Held(worths[i], &c.Features)
		}
		out[i] = rated{c, worths[i]}
	}
	slices.SortFunc(out, func(a, b rated) int {
		return cmp.Or(-cmp.Compare(a.Probability, b.Probability), cmp.Compare(a.at, b.at))
	})
	return out
}
