package match

import (
	"math"
	"slices"
	"strings"
)

// FeatureCount is how many features a candidate has.
const FeatureCount = 36

// Features say how a name and a candidate compare, within their portfolio.
type Features [FeatureCount]float32

// FeatureNames in the order of Features.
var FeatureNames = [FeatureCount]string{
	"cosine of 3-grams", "its lead over the best other", "cosine of words", "its lead over the best other",
	"told by shared words", "told by the name's other words", "told by the candidate's other words",
	"covered of the name", "covered of the candidate", "most told by one other word of the name", "most told by one other word of the candidate",
	"first words", "aligned by unequal words", "acronym of some words", "name is the candidate's initials", "candidate is the name's initials",
	"letters alike", "common beginning", "one contains the other", "same key", "same words in another order", "same but for abbreviations and forms",
	"numbers differ", "numbers on one side", "same numbers", "legal forms differ", "same legal form", "siblings",
	"size of the portfolio", "shared words beyond chance", "another asker has its very name", "the name is a trade's", "told by the name", "told by the candidate",
	"other words on both sides", "a telling other word on both sides",
}

// asked is a name being looked for.
type asked struct {
	text
	letters [256]uint64 // where each letter of the key is
	n       int         // letters of the key, 64 at most
}

func newAsked(n Name, info func(string) float32) *asked {
	q := &asked{text: newText(n, info)}
	key := n.Key
	q.n = min(len(key), 64)
	for i := range q.n {
		q.letters[key[i]] |= 1 << i
	}
	return q
}

// edits is the edit distance of two keys (Myers' bit-parallel method), cut at 64
// bytes each.
func (q *asked) edits(key string) int {
	if q.n == 0 {
		return min(len(key), 64)
	}
	pv, mv, score := ^uint64(0), uint64(0), q.n
	last := uint64(1) << (q.n - 1)
	for j := range min(len(key), 64) {
		eq := q.letters[key[j]]
		xv := eq | mv
		xh := (((eq & pv) + pv) ^ pv) | eq
		ph, mh := mv|^(xh|pv), pv&xh
		if ph&last != 0 {
			score++
		}
		if mh&last != 0 {
			score--
		}
		ph = ph<<1 | 1
		mh <<= 1
		pv, mv = mh|^(xv|ph), ph&xv
	}
	return score
}

func truth(b bool) float32 {
	if b {
		return 1
	}
	return 0
}

// compare fills in all features but the leads over others.
func compare(q *asked, t *text, size int) Features {
	a := align(&q.text, t)
	longest := max(q.n, min(len(t.name.Key), 64), 1)
	shorter := max(min(len(q.name.Key), len(t.name.Key)), 1)
	number := len(q.numbers) > 0
	logSize := float32(math.Log(float64(size)))
	f := Features{
		4: a.shared / 10, 5: a.left / 10, 6: a.right / 10,
		7: a.coverL, 8: a.coverR, 9: a.topL / 10, 10: a.topR / 10,
		11: a.first, 12: a.fuzzy, 13: truth(a.acronym),
		14: truth(initialsOf(q.name.Key, t)), 15: truth(initialsOf(t.name.Key, &q.text)),
		16:            1 - float32(q.edits(t.name.Key))/float32(longest),
		17:            float32(commonPrefix(q.name.Key, t.name.Key)) / float32(shorter),
		18:            truth(len(q.name.Key) > 3 && len(t.name.Key) > 3 && (strings.Contains(q.name.Key, t.name.Key) || strings.Contains(t.name.Key, q.name.Key))),
		19:            truth(q.name.Key == t.name.Key),
		20:            truth(q.sorted == t.sorted),
		21:            truth(q.name.Core == t.name.Core),
		numbersDiffer: truth(differ(q.numbers, t.numbers)),
		23:            truth(number != (len(t.numbers) > 0)),
		24:            truth(number && slices.Equal(q.numbers, t.numbers)),
		formsDiffer:   formsApart(q.name.Forms, t.name.Forms),
		26:            truth(len(q.name.Forms) > 0 && slices.Equal(q.name.Forms, t.name.Forms)),
		siblings:      truth(q.class.excludes(t.class)),
		28:            logSize / 10,
		29:            (a.shared - logSize) / 10,
		31:            truth(q.name.generic()),
		32:            q.total / 10, 33: t.total / 10,
		34: min(a.left, a.right) / 10, 35: min(a.topL, a.topR) / 10,
	}
	return f
}

// The features of contradictions.
const (
	numbersDiffer = 22
	formsDiffer   = 25
	siblings      = 27
	claimed       = 30
)

// Vetoed says whether the names contradict each other in a way that no likeness
// outweighs: different numbers, different legal persons, or siblings of one house.
func (f *Features) Vetoed() bool {
	return f[numbersDiffer] > 0 || f[formsDiffer] > otherForm || f[siblings] > 0
}

// How far legal forms are apart.
const (
	otherForm   = 1 // both companies, written or registered otherwise
	otherPerson = 2 // a company and a partnership or an association
)

func formsApart(a, b []string) float32 {
	switch pa, pb := personOf(a), personOf(b); {
	case sameForms(a, b):
		return 0
	case pa != pb:
		return otherPerson
	default:
		return otherForm
	}
}

// initialsOf says whether a key is the initials of a name of several words.
func initialsOf(key string, t *text) bool {
	return len(key) >= 2 && len(key) <= 8 && len(t.words) >= 2 && (key == t.initials || key == t.all)
}

func commonPrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// differ says whether two names hold different numbers ("Surgery 1", "Surgery 3").
func differ(a, b []string) bool {
	return len(a) > 0 && len(b) > 0 && !slices.Equal(a, b)
}
