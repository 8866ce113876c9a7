package match

import "strings"

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
var genericWords = wordSet(`medical centre surgery practice health healthcare clinic hospital dental dentist dentists doctor doctors family
	group services company partnership partners associates association holdings solutions systems technologies international
	school academy nursery college university church council office head main new local community care home house
	pharmacy veterinary vets legal law accountants consulting consultants construction engineering properties bank trust foundation
	customer client default test demo unknown none misc internal example`)

func wordSet(words string) map[string]bool {
	out := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		out[w] = true
	}
	return out
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
