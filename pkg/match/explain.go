package match

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// maxReasons is how many reasons a suggestion tells.
const maxReasons = 5

// alike is the least cosine of 3-grams of names that look alike.
const alike = 0.2

// explain says in plain words why a candidate is suggested, strongest first: evidence
// beyond the name, how the names agree, and what speaks against it.
func (r *Ranker) explain(a Name, found rated, signs []sign) []string {
	signs = slices.SortedFunc(slices.Values(signs), func(x, y sign) int {
		return cmp.Or(-cmp.Compare(x.strength, y.strength), strings.Compare(x.reason, y.reason))
	})
	var reasons []string
	for _, s := range signs {
		reasons = append(reasons, s.reason)
	}
	b := &r.texts[found.at]
	against := contradictions(a, b, &found.Features)
	for _, agreement := range r.agreements(a, b, found.at, found.Features[0]) {
		if len(reasons)+len(against) < maxReasons {
			reasons = append(reasons, agreement)
		}
	}
	reasons = append(reasons, against...)
	return reasons[:min(len(reasons), maxReasons)]
}

// agreements say how two names agree.
func (r *Ranker) agreements(a Name, b *text, at int32, cosine float32) []string {
	q := newText(a, r.info)
	n := b.name
	switch {
	case a.Exact == n.Exact:
		return []string{"same name"}
	case a.Core == n.Core && !slices.Equal(a.Forms, n.Forms):
		return []string{"same after removing " + strings.Join(quoted(symmetric(a.Forms, n.Forms)), " and ")}
	case a.Key == n.Key:
		return []string{"same letters but for spaces, abbreviations and small words"}
	case q.sorted == b.sorted:
		return []string{"same words in another order"}
	case initialsOf(a.Key, b):
		return []string{fmt.Sprintf("'%s' is the initials of '%s'", a.Key, n.Core)}
	case initialsOf(n.Key, &q):
		return []string{fmt.Sprintf("'%s' is the initials of '%s'", n.Key, a.Core)}
	}
	var reasons []string
	common := commonWords(a.Core, n.Core)
	switch {
	case len(common) == 0:
	case len(common) == len(distinct(q.words)):
		reasons = append(reasons, "holds every word of the customer's name")
	case len(common) == len(distinct(b.words)):
		reasons = append(reasons, "the customer's name holds every word of it")
	default:
		reasons = append(reasons, "both have "+strings.Join(quoted(common), ", "))
	}
	reasons = append(reasons, alikeInWords(&q, b)...)
	only, most := "", float32(0)
	for i, w := range q.words {
		have := r.words.withTerm(hashed(w))
		if len(r.ids) > 1 && len(have) == 1 && have[0] == at && q.info[i] > most && !genericWords[w] {
			only, most = w, q.info[i]
		}
	}
	if only != "" {
		reasons = append(reasons, "no other name here has '"+only+"'")
	}
	if len(reasons) == 0 && cosine >= alike {
		reasons = append(reasons, "similar spelling")
	}
	return reasons
}

// alikeInWords names words that are not equal but stand for each other.
func alikeInWords(a, b *text) []string {
	var reasons []string
	for _, w := range a.words {
		if slices.Contains(b.words, w) {
			continue
		}
		for _, v := range b.words {
			if like := likeness(w, v); !slices.Contains(a.words, v) && like > likeInitial {
				reasons = append(reasons, fmt.Sprintf("'%s' is like '%s'", w, v))
				break
			}
		}
	}
	for _, side := range [][2]*text{{a, b}, {b, a}} {
		for _, w := range side[0].words {
			if len(w) >= 2 && len(side[1].words) > len(w) && strings.Contains(side[1].initials, w) {
				at := strings.Index(side[1].initials, w)
				if at+len(w) <= len(side[1].words) {
					reasons = append(reasons, fmt.Sprintf("'%s' is the initials of '%s'", w, strings.Join(side[1].words[at:at+len(w)], " ")))
				}
			}
		}
	}
	return reasons
}

// contradictions say what speaks against a candidate.
func contradictions(a Name, b *text, f *Features) []string {
	var reasons []string
	if f[numbersDiffer] > 0 {
		reasons = append(reasons, fmt.Sprintf("but the numbers differ: %s and %s", strings.Join(numbersOf(a), " "), strings.Join(b.numbers, " ")))
	}
	if f[formsDiffer] > 0 {
		reasons = append(reasons, fmt.Sprintf("but the legal forms differ: %s and %s", strings.Join(a.Forms, " "), strings.Join(b.name.Forms, " ")))
	}
	if f[siblings] > 0 {
		reasons = append(reasons, "but they look like siblings: "+strings.Join(quoted(siblingsIn(a)), ", ")+" and "+strings.Join(quoted(siblingsIn(b.name)), ", "))
	}
	if f[0] < alike && f[4] == 0 {
		reasons = append(reasons, "but the names have nothing in common")
	}
	if f[claimed] > 0 {
		reasons = append(reasons, "but another customer has exactly this name")
	}
	return reasons
}

// siblingsIn are the words of a name that tell siblings apart.
func siblingsIn(n Name) []string {
	var out []string
	for w := range strings.FieldsSeq(n.Core) {
		if siblingBits[w] != 0 {
			out = append(out, w)
		}
	}
	return out
}

func symmetric(a, b []string) []string {
	var out []string
	for _, f := range a {
		if !slices.Contains(b, f) {
			out = append(out, f)
		}
	}
	for _, f := range b {
		if !slices.Contains(a, f) {
			out = append(out, f)
		}
	}
	if len(out) == 0 {
		return a
	}
	return out
}

func quoted(words []string) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = "'" + w + "'"
	}
	return out
}

func distinct(words []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(words)))
}

func commonWords(a, b string) []string {
	have := map[string]bool{}
	for w := range strings.FieldsSeq(b) {
		have[w] = true
	}
	var out []string
	for w := range strings.FieldsSeq(a) {
		if have[w] && !smallWords[w] && !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}
