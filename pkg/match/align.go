package match

import (
	"slices"
	"strings"
)

// maxWords is how many words of a name are aligned; longer ones are rare.
const maxWords = 14

// text is a name prepared for comparing: its words and how much each tells.
type text struct {
	name     Name
	words    []string  // of Core, without small words unless there are no others
	info     []float32 // what each tells, in nats
	total    float32   // their sum
	sorted   string    // the words in alphabetical order
	initials string    // of the words
	all      string    // initials of all words, small ones too
	class    sibling   // words that tell siblings apart
	numbers  []string
}

func newText(n Name, info func(word string) float32) text {
	t := text{name: n, numbers: numbersOf(n)}
	var first, all strings.Builder
	for w := range strings.FieldsSeq(n.Core) {
		all.WriteByte(w[0])
		if smallWords[w] {
			continue
		}
		first.WriteByte(w[0])
		t.class = t.class.with(w)
		if len(t.words) < maxWords {
			t.words = append(t.words, w)
		}
	}
	if len(t.words) == 0 {
		t.words = strings.Fields(n.Core)
		t.words = t.words[:min(len(t.words), maxWords)]
	}
	t.initials, t.all = first.String(), all.String()
	for _, w := range t.words {
		i := info(w)
		t.info = append(t.info, i)
		t.total += i
	}
	sorted := slices.Clone(t.words)
	slices.Sort(sorted)
	t.sorted = strings.Join(sorted, " ")
	return t
}

// numbersOf are the numbers of a name, Roman ones at its end too.
func numbersOf(n Name) []string {
	out := n.Numbers
	words := strings.Fields(n.Core)
	for i, w := range words {
		roman, ok := romans[w]
		if ok && i > 0 && (len(w) > 1 || i == len(words)-1) {
			out = append(slices.Clip(out), roman)
		}
	}
	return out
}

var romans = map[string]string{"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6", "vii": "7", "viii": "8", "ix": "9", "x": "10"}

// sibling is the set of words in a name that tell branches of one house apart, a
// bit for each word; words of one row exclude each other.
type sibling uint64

var siblingRows = func() (rows []sibling) {
	bit := 0
	for _, row := range siblingWords {
		var mask sibling
		for range row {
			mask |= 1 << bit
			bit++
		}
		rows = append(rows, mask)
	}
	return rows
}()

var siblingWords = [][]string{
	{"north northern", "south southern", "east eastern", "west western", "central"},
	{"upper", "lower"},
	{"junior juniors", "senior seniors", "infant infants", "primary", "secondary"},
	{"boys", "girls"},
	{"first", "second", "third", "fourth"},
	{"old", "new"},
	{"inner", "outer"},
	{"headquarters head", "branch"},
}

var siblingBits = func() map[string]sibling {
	out := map[string]sibling{}
	bit := 0
	for _, row := range siblingWords {
		for _, words := range row {
			for w := range strings.FieldsSeq(words) {
				out[w] = 1 << bit
			}
			bit++
		}
	}
	return out
}()

func (s sibling) with(word string) sibling { return s | siblingBits[word] }

// excludes says whether two names have different words of one row.
func (s sibling) excludes(t sibling) bool {
	for _, row := range siblingRows {
		if a, b := s&row, t&row; a != 0 && b != 0 && a&b == 0 {
			return true
		}
	}
	return false
}

// alignment is how the words of two names find each other.
type alignment struct {
	shared         float32 // what the aligned words tell, in nats
	left, right    float32 // what the others tell
	coverL, coverR float32 // shares of the names that found each other
	topL, topR     float32 // what the most telling other word tells
	first          float32 // how well the first words agree
	fuzzy          float32 // share of the alignment that rests on unequal words
	acronym        bool    // a word stands for the initials of several
}

// Likeness of two words, by kind.
const (
	likePlural  = 0.95
	likeJoined  = 0.95
	likeTypo    = 0.8
	likePrefix  = 0.75
	likeAcronym = 0.7
	likeInitial = 0.35
)

// align pairs the words of two names, the best pairs first come.
func align(a, b *text) alignment {
	var out alignment
	var usedA, usedB [maxWords]float32 // likeness in which each word was used
	equal := float32(0)
	pair := func(i, j int, like float32) {
		usedA[i], usedB[j] = like, like
		gain := like * (a.info[i] + b.info[j]) / 2
		out.shared += gain
		if like == 1 {
			equal += gain
		}
	}
	for i, w := range a.words {
		for j, v := range b.words {
			if usedB[j] == 0 && w == v {
				pair(i, j, 1)
				break
			}
		}
	}
	joined(a, b, &usedA, &usedB, &out.shared)
	joined(b, a, &usedB, &usedA, &out.shared)
	out.acronym = acronyms(a, b, &usedA, &usedB, &out.shared) || out.acronym
	out.acronym = acronyms(b, a, &usedB, &usedA, &out.shared) || out.acronym
	for i, w := range a.words {
		if usedA[i] != 0 {
			continue
		}
		best, at := float32(0), -1
		for j, v := range b.words {
			if usedB[j] == 0 {
				if like := likeness(w, v); like > best {
					best, at = like, j
				}
			}
		}
		if at >= 0 {
			pair(i, at, best)
		}
	}
	covered := float32(0)
	for i := range a.words {
		covered += usedA[i] * a.info[i]
		if rest := (1 - usedA[i]) * a.info[i]; rest > 0 {
			out.left += rest
			out.topL = max(out.topL, rest)
		}
	}
	if a.total > 0 {
		out.coverL = covered / a.total
	}
	covered = 0
	for j := range b.words {
		covered += usedB[j] * b.info[j]
		if rest := (1 - usedB[j]) * b.info[j]; rest > 0 {
			out.right += rest
			out.topR = max(out.topR, rest)
		}
	}
	if b.total > 0 {
		out.coverR = covered / b.total
	}
	if len(a.words) > 0 && len(b.words) > 0 {
		out.first = likeness(a.words[0], b.words[0])
	}
	if out.shared > 0 {
		out.fuzzy = 1 - equal/out.shared
	}
	return out
}

// joined pairs two neighbouring words with one that is both ("health care",
// "healthcare").
func joined(a, b *text, usedA, usedB *[maxWords]float32, shared *float32) {
	for i := 0; i+1 < len(a.words); i++ {
		if usedA[i] != 0 || usedA[i+1] != 0 {
			continue
		}
		for j, v := range b.words {
			if usedB[j] == 0 && len(v) == len(a.words[i])+len(a.words[i+1]) && strings.HasPrefix(v, a.words[i]) && strings.HasSuffix(v, a.words[i+1]) {
				usedA[i], usedA[i+1], usedB[j] = likeJoined, likeJoined, likeJoined
				*shared += likeJoined * (a.info[i] + a.info[i+1] + b.info[j]) / 2
				break
			}
		}
	}
}

// acronyms pairs a word with a run of words whose initials it is ("wa", "western
// australia").
func acronyms(a, b *text, usedA, usedB *[maxWords]float32, shared *float32) bool {
	found := false
	for i, w := range a.words {
		if usedA[i] != 0 || len(w) < 2 || len(w) > 7 || len(w) > len(b.words) {
			continue
		}
		for j := 0; j+len(w) <= len(b.words); j++ {
			fits, sum := true, float32(0)
			for k := range len(w) {
				if usedB[j+k] != 0 || b.words[j+k][0] != w[k] || len(b.words[j+k]) < 2 {
					fits = false
					break
				}
				sum += b.info[j+k]
			}
			if fits {
				found = true
				usedA[i] = likeAcronym
				for k := range len(w) {
					usedB[j+k] = likeAcronym
				}
				*shared += likeAcronym * (a.info[i] + min(sum, 2*a.info[i])) / 2
				break
			}
		}
	}
	return found
}

// likeness of two words, 0 to 1.
func likeness(a, b string) float32 {
	if a == b {
		return 1
	}
	if len(a) > len(b) {
		a, b = b, a
	}
	if a[0] >= '0' && a[0] <= '9' || b[0] >= '0' && b[0] <= '9' {
		return 0 // another number is another number
	}
	if strings.HasPrefix(b, a) {
		switch {
		case len(b) == len(a)+1 && b[len(b)-1] == 's' && len(a) > 2:
			return likePlural
		case len(a) == 1:
			return likeInitial
		case len(a) >= 3:
			return likePrefix
		}
		return 0
	}
	if len(a) < 4 || len(b)-len(a) > 2 {
		return 0
	}
	allowed := 1
	if len(a) >= 8 {
		allowed = 2
	}
	if len(b)-len(a) <= allowed && a[0] == b[0] && edits(a, b, allowed) <= allowed {
		return likeTypo
	}
	return 0
}

// edits is the number of single letters to insert, delete, change or swap with a
// neighbour between two words, as far as limit; more are limit+1.
func edits(a, b string, limit int) int {
	const most = 32
	if len(a) > most || len(b) > most {
		return limit + 1
	}
	var rows [3][most + 1]int
	for j := range len(b) + 1 {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		now, last, before := &rows[i%3], &rows[(i+2)%3], &rows[(i+1)%3]
		now[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d := min(last[j]+1, now[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, before[j-2]+1)
			}
			now[j] = d
			least = min(least, d)
		}
		if least > limit {
			return limit + 1
		}
	}
	return rows[len(a)%3][len(b)]
}
