package match

import (
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
)

// TruncatedAt is the length at which ConnectWise cuts company names, and so those
// of the IT Glue organizations that come from there.
const TruncatedAt = 50

// Name is a name in its compared forms, from strict to lenient. Two names with an
// equal Key are the same name written differently; Exact and Forms break ties.
type Name struct {
	// Exact is the name in lower case without accents, punctuation and a leading
	// "the", "&" as "and".
	Exact string
	// Core is Exact without legal forms and with abbreviations written out.
	Core string
	// Key is Core without small words and spaces: the form that links.
	Key string
	// Forms are the legal forms that Core leaves out, canonical ("ltd", "gmbh").
	Forms []string
	// Numbers are the digits in the name, in order: differing ones are a veto.
	Numbers []string
}

// NormalizeName brings a name into its compared forms. Names that consist of
// nothing but legal forms or small words keep them.
func NormalizeName(s string) Name {
	words := wordsOf(s)
	if len(words) > 1 && words[0] == "the" {
		words = words[1:]
	}
	n := Name{Exact: strings.Join(words, " ")}
	words = coreWords(s, words)
	core, forms := dropForms(words)
	if len(core) == 0 {
		core, forms = words, nil
	}
	n.Forms = forms
	expanded := make([]string, len(core))
	for i, w := range core {
		if full, ok := abbreviations[w]; ok {
			w = full
		}
		expanded[i] = w
	}
	n.Core = strings.Join(expanded, " ")
	var key strings.Builder
	for _, w := range expanded {
		if !smallWords[w] {
			key.WriteString(w)
		}
	}
	if n.Key = key.String(); n.Key == "" {
		n.Key = strings.ReplaceAll(n.Core, " ", "")
	}
	n.Numbers = numbersIn(n.Core)
	return n
}

// registerTag is a place that a register writes behind a legal form to tell it from
// elsewhere: "Inc /MD/", "plc/UK", "Corp (Cayman Islands)".
var registerTag = regexp.MustCompile(`(?i)^(.*?)\s*(?:[/\\]\s*(?:new|cayman|[a-z]{2,3})\s*/?|[(/]\s*(?:[a-z]{2,3}|cayman islands|singapore|canada|ireland|australia|uk|usa)\s*\))\s*$`)

// coreWords are the words without what says nothing of who it is: a register's tag
// behind a legal form, a leading "the" or "dba", and blanks between initials.
func coreWords(s string, words []string) []string {
	if m := registerTag.FindStringSubmatch(s); m != nil {
		rest := wordsOf(m[1])
		if len(rest) > 1 && legalForms[rest[len(rest)-1]] != "" {
			words = rest
			if words[0] == "the" {
				words = words[1:]
			}
		}
	}
	joined := make([]string, 0, len(words))
	initial := false
	for _, w := range words {
		single := len(w) == 1 && w[0] >= 'a' && w[0] <= 'z'
		if single && initial {
			joined[len(joined)-1] += w
		} else {
			joined = append(joined, w)
		}
		initial = single
	}
	if len(joined) > 1 && joined[0] == "dba" {
		joined = joined[1:]
	}
	return joined
}

// generic says whether a name holds nothing but words that many firms of a trade
// have: it names no one ("The Medical Centre").
func (n Name) generic() bool {
	for w := range strings.FieldsSeq(n.Core) {
		if !genericWords[w] && !smallWords[w] {
			return false
		}
	}
	return true
}

// genericWords name a trade, not a firm, in their written-out form.
var genericWords = set(`medical centre surgery practice health healthcare clinic hospital dental dentist dentists doctor doctors family
	group services company partnership partners associates association holdings solutions systems technologies international
	school academy nursery college university church council office head main new local community care home house
	pharmacy veterinary vets legal law accountants consulting consultants construction engineering properties bank trust foundation
	customer client default test demo unknown none misc internal example`)

func set(words string) map[string]bool {
	out := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		out[w] = true
	}
	return out
}

// fold removes accents after compatibility decomposition.
func fold(s string) string {
	s = strings.ToValidUTF8(s, " ")
	t := transform.Chain(norm.NFKD, runes.Remove(runes.In(unicode.Mn)), norm.NFC)
	if out, _, err := transform.String(t, s); err == nil {
		s = out
	}
	return letters.Replace(strings.ToLower(s))
}

// letters that decomposition leaves whole.
var letters = strings.NewReplacer("ß", "ss", "æ", "ae", "ø", "o", "œ", "oe", "ł", "l", "đ", "d", "ð", "d", "þ", "th", "ı", "i")

// wordsOf splits a name into folded words: apostrophes and dots inside words
// vanish (o'neil, s.a.), other punctuation separates, "&" and "+" are "and".
func wordsOf(s string) []string {
	var b strings.Builder
	b.Grow(len(s) + 8)
	for _, r := range fold(s) {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteRune(r)
		case r == '\'' || r == '’' || r == '‘' || r == '`' || r == '´' || r == '.':
		case r == '&' || r == '+':
			b.WriteString(" and ")
		default:
			b.WriteByte(' ')
		}
	}
	return strings.Fields(b.String())
}

func numbersIn(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsDigit(r) })
}

// legalForms in their folded spellings, single words. Several spellings share a
// canonical form; the empty class of words like "group" is not here on purpose:
// dropping them joins different firms.
var legalForms = map[string]string{
	// English-speaking countries
	"ltd": "ltd", "limited": "ltd", "plc": "plc", "llp": "llp", "lp": "lp", "llc": "llc", "lllp": "lllp",
	"inc": "inc", "incorporated": "inc", "incorporation": "inc", "corp": "corp", "corporation": "corp",
	"co": "co", "company": "co", "pc": "pc", "pllc": "pllc", "pa": "pa", "na": "na", "cic": "cic", "cio": "cio",
	"pty": "pty", "proprietary": "pty", "ulc": "ulc", "dac": "dac", "clg": "clg", "teo": "ltd", "teoranta": "ltd", "cyf": "ltd",
	// German, Austrian, Swiss
	"gmbh": "gmbh", "mbh": "gmbh", "ag": "ag", "kg": "kg", "kgaa": "kgaa", "ohg": "ohg", "gbr": "gbr", "ug": "ug", "ev": "ev", "eg": "eg", "ek": "ek", "se": "se",
	// French, Belgian, Luxembourgish
	"sa": "sa", "sas": "sas", "sasu": "sasu", "sarl": "sarl", "eurl": "eurl", "snc": "snc", "sci": "sci", "asbl": "asbl",
	// Dutch
	"bv": "bv", "nv": "nv", "vof": "vof", "cv": "cv", "bvba": "bvba", "cvba": "cvba", "vzw": "vzw",
	// Italian, Spanish, Portuguese
	"spa": "spa", "srl": "srl", "srls": "srls", "sl": "sl", "slu": "slu", "sau": "sau", "sll": "sll", "lda": "lda", "ltda": "ltda",
	// Nordic
	"ab": "ab", "as": "as", "asa": "asa", "aps": "aps", "oy": "oy", "oyj": "oyj", "hf": "hf", "ehf": "ehf", "ks": "ks", "amba": "amba",
	// Polish, Czech, Hungarian and neighbours
	"sro": "sro", "kft": "kft", "zrt": "zrt", "nyrt": "nyrt", "doo": "doo", "ood": "ood", "eood": "eood",
}

// formPhrases are legal forms of several words, longest first.
var formPhrases = []struct {
	words []string
	form  string
}{
	{[]string{"public", "limited", "company"}, "plc"},
	{[]string{"limited", "liability", "partnership"}, "llp"},
	{[]string{"limited", "liability", "company"}, "llc"},
	{[]string{"professional", "limited", "liability", "company"}, "pllc"},
	{[]string{"community", "interest", "company"}, "cic"},
	{[]string{"company", "limited", "by", "guarantee"}, "clg"},
	{[]string{"designated", "activity", "company"}, "dac"},
	{[]string{"gmbh", "and", "co", "kg"}, "gmbhcokg"},
	{[]string{"limited", "partnership"}, "lp"},
	{[]string{"pty", "ltd"}, "ptyltd"},
	{[]string{"pty", "limited"}, "ptyltd"},
	{[]string{"proprietary", "limited"}, "ptyltd"},
	{[]string{"pvt", "ltd"}, "ptyltd"},
	{[]string{"co", "ltd"}, "ltd"},
	{[]string{"public", "ltd", "co"}, "plc"},
	{[]string{"national", "association"}, "na"},
	{[]string{"sp", "z", "oo"}, "spzoo"},
	{[]string{"sp", "zoo"}, "spzoo"},
}

// dropForms removes legal forms from the end of the words (and whatever
// spelled-out phrases stand anywhere), returning the rest and the forms.
func dropForms(words []string) (core, forms []string) {
	for i := 0; i < len(words); {
		form, n := phraseAt(words, i)
		if n == 0 {
			if f, ok := legalForms[words[i]]; ok && i > 0 {
				form, n = f, 1
			}
		}
		if n > 0 && i > 0 {
			forms = append(forms, form)
			i += n
			continue
		}
		core = append(core, words[i])
		i++
	}
	// "Smith and Co": the "and" before a dropped form means nothing.
	for len(core) > 1 && core[len(core)-1] == "and" {
		core = core[:len(core)-1]
	}
	return core, forms
}

func phraseAt(words []string, i int) (string, int) {
	for _, p := range formPhrases {
		if i+len(p.words) > len(words) {
			continue
		}
		equal := true
		for j, w := range p.words {
			if words[i+j] != w {
				equal = false
				break
			}
		}
		if equal {
			return p.form, len(p.words)
		}
	}
	return "", 0
}

// abbreviations that are written out.
var abbreviations = map[string]string{
	"ctr": "centre", "cntr": "centre", "center": "centre", "cent": "centre", "ctre": "centre",
	"saint": "st", "street": "st", "ste": "st", "mt": "mount", "ft": "fort",
	"svc": "services", "svcs": "services", "srvcs": "services", "serv": "services", "service": "services",
	"hosp": "hospital", "hlth": "health", "med": "medical", "surg": "surgery", "prac": "practice", "pract": "practice",
	"practise": "practice", "clin": "clinic", "dent": "dental", "assoc": "associates", "assocs": "associates", "assn": "association",
	"univ": "university", "coll": "college", "sch": "school", "schl": "school", "acad": "academy", "inst": "institute",
	"dept": "department", "dr": "doctor", "drs": "doctors", "bros": "brothers", "intl": "international", "int": "international",
	"natl": "national", "nat": "national", "mfg": "manufacturing", "mgmt": "management", "mgt": "management", "grp": "group",
	"hldgs": "holdings", "hldg": "holdings", "holding": "holdings", "tech": "technologies", "techs": "technologies", "technology": "technologies",
	"sys": "systems", "system": "systems", "solns": "solutions", "soln": "solutions", "solution": "solutions", "eng": "engineering", "engr": "engineering",
	"fin": "financial", "ins": "insurance", "prop": "properties", "props": "properties", "dev": "development", "comm": "communications",
	"comms": "communications", "communication": "communications", "pharm": "pharmaceuticals", "pharma": "pharmaceuticals",
	"labs": "laboratories", "lab": "laboratories", "laboratory": "laboratories", "bldg": "building", "constr": "construction",
	"elec": "electric", "ind": "industries", "inds": "industries", "industry": "industries", "govt": "government",
	"ave": "avenue", "rd": "road", "ln": "lane", "sq": "square", "blvd": "boulevard", "pk": "park",
}

// smallWords say nothing about who somebody is.
var smallWords = map[string]bool{"and": true, "of": true, "the": true, "for": true, "at": true, "in": true, "de": true, "la": true, "le": true, "und": true, "et": true, "y": true}

// truncated returns the forms of the name as it reads after being cut where
// ConnectWise cuts, and whether it is longer than that at all.
func truncated(s string) (Name, bool) {
	r := []rune(strings.TrimSpace(s))
	if len(r) <= TruncatedAt {
		return Name{}, false
	}
	return NormalizeName(string(r[:TruncatedAt])), true
}

// isTruncated says whether a name has exactly the length at which names are cut.
func isTruncated(s string) bool {
	n := len([]rune(s))
	return n == TruncatedAt || n == TruncatedAt-1 // a cut right behind a space loses the space
}
