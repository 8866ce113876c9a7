package sandbox_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"uniview-bridge/pkg/itglue/sandbox"
)

// one wraps attributes into a write of one record, many into a bulk write.
func one(kind, attrs string) string {
	return `{"data":{"type":"` + kind + `","attributes":` + attrs + `}}`
}

func many(kind string, attrs ...string) string {
	var list []string
	for _, a := range attrs {
		list = append(list, `{"type":"`+kind+`","attributes":`+a+`}`)
	}
	return `{"data":[` + strings.Join(list, ",") + `]}`
}

func newType(fields ...string) string {
	var list []string
	for _, f := range fields {
		list = append(list, `{"type":"flexible_asset_fields","attributes":`+f+`}`)
	}
	return `{"data":{"type":"flexible_asset_types","attributes":{"name":"T"},"relationships":{"flexible_asset_fields":{"data":[` + strings.Join(list, ",") + `]}}}}`
}

// good is a new asset of the probe's type.
const good = `{"flexible-asset-type-id":301,"traits":{"machine":"M","status":"Failed","must":"x"}}`

// asset is a write of an asset of the probe's type with these traits.
func asset(traits string) string {
	return one("flexible-assets", `{"organization_id":1001,"flexible_asset_type_id":"301","traits":{"machine":"M","must":"x",`+traits+`}}`)
}

// nested is where records of the first organization are made.
const nested = "/organizations/1001/relationships/"

// A trial is one request and its answer.
type trial struct {
	obeys        bool
	what         string
	method, path string
	body         string
	status       int
	says         string // part of the answer's body; "!x" = x is no part of it
	before       func(*probe)
}

func obey(what, method, path, body string, status int, says string) trial {
	return trial{true, what, method, path, body, status, says, nil}
}

func breach(what, method, path, body string, status int, says string) trial {
	return trial{false, what, method, path, body, status, says, nil}
}

func (tr trial) after(f func(*probe)) trial { tr.before = f; return tr }

// A rule is one thing that the vendor page says of the service, with requests that obey it and requests that break it.
// Where nothing is refused, breaking it is the request whose answer shows the rule from the other side.
type rule struct {
	section string // of itglue.md
	says    string
	trials  []trial
}

func allRules() []rule { return slices.Concat(readRules, writeRules, assetRules) }

// notRules are the entries of the vendor page's quirk list that no request can obey or break.
var notRules = map[string]string{
	"§9.17": "one MAC in several interfaces of a configuration: data, which State may hold",
	"§9.18": "the vendor's samples are malformed: about documents",
	"§9.21": "what was deleted can be restored by people: the sandbox deletes nothing",
	"§9.23": "data may be an object where a list is expected: the client's decoder is tested with it",
}

func TestRules(t *testing.T) {
	t.Parallel()
	for _, r := range allRules() {
		for _, tr := range r.trials {
			t.Run(r.section+" "+r.says+"/"+tr.what, func(t *testing.T) {
				t.Parallel()
				p := newProbe(t, sandbox.Options{})
				if tr.before != nil {
					tr.before(p)
				}
				got := p.send(tr.method, tr.path, tr.body)
				absent, negative := strings.CutPrefix(tr.says, "!")
				if got.status != tr.status || (negative && strings.Contains(got.body, absent)) || (!negative && !strings.Contains(got.body, tr.says)) {
					t.Errorf("%s %s %s\ngot %d %.400s\nwant %d %s", tr.method, tr.path, tr.body, got.status, got.body, tr.status, tr.says)
				}
			})
		}
	}
}

// TestEveryRuleHasBothSides: each rule is obeyed and broken, and each entry of the quirk list is a rule or named as none.
func TestEveryRuleHasBothSides(t *testing.T) {
	t.Parallel()
	sections := map[string]bool{}
	for _, r := range allRules() {
		sides := map[bool]int{}
		for _, tr := range r.trials {
			sides[tr.obeys]++
		}
		if sides[true] == 0 || sides[false] == 0 {
			t.Errorf("%s %s: %d trials obey, %d break it", r.section, r.says, sides[true], sides[false])
		}
		for _, s := range regexp.MustCompile(`§\d+(\.\d+)?`).FindAllString(r.section, -1) {
			sections[s] = true
		}
	}
	for _, quirk := range []string{
		"§9.1", "§9.2", "§9.3", "§9.4", "§9.5", "§9.6", "§9.7", "§9.8", "§9.9", "§9.10", "§9.11", "§9.12", "§9.13", "§9.14", "§9.15", "§9.16",
		"§9.17", "§9.18", "§9.19", "§9.20", "§9.21", "§9.22", "§9.23",
	} {
		if _, none := notRules[quirk]; none == sections[quirk] {
			t.Errorf("%s is a rule: %v, named as none: %v", quirk, sections[quirk], none)
		}
	}
}

// exhaust uses up the account's requests of five minutes.
func exhaust(p *probe) {
	for range sandbox.RateLimit {
		if got := p.get("/organization_types"); got.status != http.StatusOK {
			p.t.Fatal(got.status)
		}
	}
}
