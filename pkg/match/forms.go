package match

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
	"scop": "scop", "scs": "scs", "sca": "sca", "sprl": "srl", "scrl": "scrl", "selarl": "selarl",
	// Dutch
	"bv": "bv", "nv": "nv", "vof": "vof", "cv": "cv", "bvba": "bvba", "cvba": "cvba", "vzw": "vzw",
	// Italian, Spanish, Portuguese
	"spa": "spa", "srl": "srl", "srls": "srls", "sl": "sl", "slu": "slu", "sau": "sau", "sll": "sll", "lda": "lda", "ltda": "lda", "sapa": "sapa", "sccl": "sccl", "scarl": "scarl", "sgps": "sgps",
	// Nordic
	"ab": "ab", "as": "as", "asa": "asa", "aps": "aps", "oy": "oy", "oyj": "oyj", "hf": "hf", "ehf": "ehf", "ks": "ks", "amba": "amba",
	// Polish, Czech, Hungarian and neighbours
	"sro": "sro", "kft": "kft", "zrt": "zrt", "nyrt": "nyrt", "doo": "doo", "jdoo": "doo", "ood": "ood", "eood": "eood",
	"spzoo": "spzoo",
	"uab":   "uab",
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
	{[]string{"spol", "sro"}, "sro"},
	{[]string{"aktiengesellschaft"}, "ag"},
	{[]string{"gesellschaft", "mit", "beschrankter", "haftung"}, "gmbh"},
	{[]string{"kommanditgesellschaft"}, "kg"},
	{[]string{"offene", "handelsgesellschaft"}, "ohg"},
	{[]string{"eingetragener", "verein"}, "ev"},
	{[]string{"societe", "anonyme"}, "sa"},
	{[]string{"societe", "a", "responsabilite", "limitee"}, "sarl"},
	{[]string{"sociedad", "anonima"}, "sa"},
	{[]string{"sociedad", "limitada"}, "sl"},
	{[]string{"societa", "per", "azioni"}, "spa"},
	{[]string{"societa", "a", "responsabilita", "limitata"}, "srl"},
	{[]string{"besloten", "vennootschap"}, "bv"},
	{[]string{"naamloze", "vennootschap"}, "nv"},
	{[]string{"aktiebolag"}, "ab"},
	{[]string{"aktieselskab"}, "as"},
	{[]string{"anpartsselskab"}, "aps"},
	{[]string{"aksjeselskap"}, "as"},
	{[]string{"osakeyhtio"}, "oy"},
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

// sameForms says whether two lists of legal forms can be one firm: a missing form
// says nothing, a company may be written Co, Inc or Corp, and partnerships,
// public and private companies are different persons.
func sameForms(a, b []string) bool {
	ka, kb := formClass(a), formClass(b)
	return ka == "" || kb == "" || ka == kb
}

func formClass(forms []string) string {
	for _, f := range forms {
		switch f {
		case "co": // says little: "Smith & Co", "Smith & Co Ltd"
		case "inc", "corp":
			return "corporation"
		default:
			return f
		}
	}
	return ""
}

// personOf tells the kinds of legal persons apart. A form says more than a firm's
// "co"; forms of companies are many and change (private to public, abroad), so they are
// one kind.
func personOf(forms []string) string {
	switch formClass(forms) {
	case "llp", "lp", "lllp", "kg", "kgaa", "ohg", "gbr", "snc", "scs", "vof", "cv", "ks", "gmbhcokg", "spj":
		return "partnership"
	case "cic", "cio", "clg", "ev", "eg", "asbl", "vzw", "amba":
		return "association"
	default:
		return "company"
	}
}
