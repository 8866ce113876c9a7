package itglue

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestDecodeDocument(t *testing.T) {
	t.Parallel()
	at := time.Date(2016, 9, 14, 18, 15, 28, 0, time.UTC)
	want := Configuration{
		ID: "455", Name: "HP-1", OrganizationID: "2", MAC: "c4:7a", Archived: true, UpdatedAt: at,
		Interfaces: []Interface{{ID: "68", Name: "eth", MAC: "c4:7b", Primary: true}},
		RMM:        []RMMRecord{{Name: "rmm", MACs: []string{"00-11"}}},
	}
	const attrs = `"name":"HP-1","organization-id":2,"mac-address":"c4:7a","archived":true,"updated-at":"2016-09-14T18:15:28.000Z"`
	const iface = `"name":"eth","mac-address":"c4:7b","primary":true`
	for name, body := range map[string]string{
		"a list with relations and included at the top": `{"data":[{"id":"455","type":"configurations","attributes":{` + attrs + `},
			"relationships":{"configuration-interfaces":{"data":[{"id":"68","type":"configuration-interfaces"}]},"rmm-records":{"data":[{"id":1,"type":"rmm-records"}]}}}],
			"included":[{"id":"68","type":"configuration-interfaces","attributes":{` + iface + `}},{"id":"99","type":"configuration-interfaces","attributes":{}},
			{"id":"1","type":"rmm-records","attributes":{"name":"rmm","mac-addresses":["00-11"]}}]}`,
		"an object with included inside and ids inside attributes": `{"data":{"id":"455","type":"configurations","attributes":{` + attrs + `},
			"included":[{"type":"configuration-interfaces","attributes":{"id":68,` + iface + `}},{"id":"1","type":"rmm-records","attributes":{"name":"rmm","mac-addresses":"[\"00-11\"]"}}]}}`,
		"numbers for ids, snake_case, owners named by the included": `{"data":[{"id":455,"type":"configurations","attributes":{"id":455,"name":"HP-1","organization_id":"2","mac_address":"c4:7a","archived":"1","updated_at":"2016-09-14T18:15:28Z"}}],
			"included":[{"id":68,"type":"configuration_interfaces","attributes":{"configuration_id":455,` + iface + `}},{"id":70,"type":"configuration_interfaces","attributes":{"configuration_id":7}},
			{"id":1,"type":"rmm_records","attributes":{"name":"rmm","mac_addresses":["00-11"]},"relationships":{"configuration":{"data":{"id":"455","type":"configurations"}}}}]}`,
		"related resources in full where they are referred to": `{"data":[{"attributes":{"id":"455",` + attrs + `},"relationships":{
			"configuration-interfaces":{"data":{"id":68,"type":"configuration-interfaces","attributes":{` + iface + `}}},
			"rmm_records":{"data":[{"id":"1","type":"rmm_records","attributes":{"name":"rmm","mac-addresses":["00-11"]}}]}}}],"included":null}`,
		"the same resource in both places counts once": `{"data":{"id":"455","type":"configurations","attributes":{` + attrs + `},
			"relationships":{"configuration-interfaces":{"data":[{"id":"68","type":"x"}]},"rmm-records":{"data":[{"id":1}]}},
			"included":[{"id":"68","type":"configuration-interfaces","attributes":{` + iface + `}},{"id":"1","type":"rmm-records","attributes":{"name":"rmm","mac-addresses":["00-11"]}}]},
			"included":[{"id":"68","type":"configuration-interfaces","attributes":{` + iface + `}}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, err := decodeDocument([]byte(body))
			if err != nil || len(d.data) != 1 {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, configurationOf(d, d.data[0])); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDecodeDocumentRefuses(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"nothing": "", "a page": "<html>", "a cut body": `{"data":[{"id":"1"`, "no data": `{"meta":{}}`, "data of another kind": `{"data":7}`,
		"resources of another kind": `{"data":[7]}`, "a list": `[]`, "two documents": `{"data":[]}{"data":[]}`,
	} {
		if d, err := decodeDocument([]byte(body)); err == nil {
			t.Errorf("%s: got %+v", name, d)
		}
	}
	if d, err := decodeDocument([]byte(`{"data":null}`)); err != nil || len(d.data) != 0 {
		t.Errorf("null data is no record: %v", err)
	}
}

func TestAncestorsComeAsText(t *testing.T) {
	t.Parallel()
	d, err := decodeDocument([]byte(`{"data":[{"id":"9","attributes":{"ancestor-ids":"[1,6]","parent-id":"6","primary":null}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := Organization{ID: "9", ParentID: "6", AncestorIDs: []string{"1", "6"}}
	if diff := cmp.Diff(want, organizationOf(d, d.data[0])); diff != "" {
		t.Error(diff)
	}
}

func TestParseError(t *testing.T) {
	t.Parallel()
	type result struct {
		Code, Message string
		Details       []string
	}
	for name, tt := range map[string]struct {
		body string
		want result
	}{
		"a detail and a pointer without a slash": {
			`{"errors":[{"status":422,"title":"Unprocessable Entity","detail":"Request contains invalid trait keys","source":{"pointer":"data/attributes/traits"}}]}`,
			result{"api", "data/attributes/traits: Unprocessable Entity: Request contains invalid trait keys", []string{"data/attributes/traits: Unprocessable Entity: Request contains invalid trait keys"}},
		},
		"a title only": {
			`{"errors":[{"status":"422","title":"Valid organization_id is required","source":{"pointer":"/data/attributes/organization_id"}}]}`,
			result{"api", "data/attributes/organization_id: Valid organization_id is required", []string{"data/attributes/organization_id: Valid organization_id is required"}},
		},
		"the gateway":          {`{"message":"Forbidden"}`, result{Code: "gateway", Message: "Forbidden"}},
		"a single error text":  {`{"errors":"nope"}`, result{"api", "nope", []string{"nope"}}},
		"an error object":      {`{"errors":{"code":7,"title":"t"}}`, result{"7", "t", []string{"t"}}},
		"another member":       {`{"error":"nope"}`, result{Code: "gateway", Message: "nope"}},
		"a page":               {"<html><head><TITLE>403 Forbidden</TITLE>", result{Code: "page", Message: "403 Forbidden"}},
		"a page without title": {"<h1>no</h1>", result{Code: "page"}},
		"a cut body":           {`{"errors":[{"ti`, result{Code: "page"}},
		"nothing":              {"", result{}},
		"an empty list":        {`{"errors":[]}`, result{}},
		"a number":             {"7", result{Code: "page"}},
	} {
		code, message, details := parseError(422, nil, []byte(tt.body))
		if diff := cmp.Diff(tt.want, result{code, message, details}); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

func TestShrink(t *testing.T) {
	t.Parallel()
	for size, want := range map[int]int{1000: 500, 500: 250, 250: 125, 125: 25, 25: 0, 100: 50, 999: 333, 20: 10, 10: 0, 7: 0, 1: 0} {
		if got := shrink(size); got != want || (got > 0 && size%got != 0) {
			t.Errorf("shrink(%d) = %d, want %d", size, got, want)
		}
	}
}

func TestRequestsAreCutByCountAndByBytes(t *testing.T) {
	t.Parallel()
	sized := func(sizes ...int) (items []item) {
		for _, n := range sizes {
			items = append(items, item{raw: make([]byte, n)})
		}
		return items
	}
	for _, tt := range []struct {
		items []item
		want  int
	}{
		{sized(1, 1, 1), 3},
		{sized(1, 1, 1, 1), 3},
		{sized(1), 1},
		{sized(1, maxBulkBytes, 1), 1},
		{sized(maxBulkBytes+1, 1), 1},
		{sized(maxBulkBytes/2, maxBulkBytes/2, 1), 2},
	} {
		if got := chunk(tt.items, 3); got != tt.want {
			t.Errorf("got %d of %d, want %d", got, len(tt.items), tt.want)
		}
	}
}

func TestCommasInFiltersAreEscaped(t *testing.T) {
	t.Parallel()
	q := listSpec{filters: filterBy("name", "Alpine Dental, Inc.")}.query(1, 50)
	if got := q.Get("filter[name]"); got != `Alpine Dental\, Inc.` {
		t.Errorf("got %q", got)
	}
}

func FuzzDecodeDocument(f *testing.F) {
	for _, s := range []string{
		`{"data":[{"id":"455","type":"configurations","attributes":{"name":"x"},"relationships":{"rmm-records":{"data":[{"id":1}]}}}],"included":[{"id":1,"type":"rmm-records"}],"meta":{"total-count":"1"}}`,
		`{"data":{"id":1,"included":[{"attributes":{"id":2}}]}}`, `{"errors":[{"title":"x"}]}`, `{"data":null}`, `{"data":[{"attributes":{"traits":{"a":{"type":"T","values":[{"id":1}]}}}}]}`, ``, `{`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		d, err := decodeDocument(body)
		if err != nil {
			return
		}
		for _, r := range d.data {
			conf, org, asset := configurationOf(d, r), organizationOf(d, r), assetOf(r)
			if conf.ID != r.id || org.ID != r.id {
				t.Error("the id is lost")
			}
			for k, v := range MergeTraits(asset.Traits, nil, nil) {
				if v == nil {
					t.Errorf("trait %q is sent as null, which deletes", k)
				}
				if _, err := json.Marshal(v); err != nil {
					t.Errorf("trait %q cannot be sent back: %v", k, err)
				}
			}
			fieldOf(r)
			typeOf(r)
		}
	})
}

func FuzzParseError(f *testing.F) {
	for _, s := range []string{`{"errors":[{"status":422,"title":"t","source":{"pointer":"/x"}}]}`, `{"message":"Forbidden"}`, `<title>x</title>`, "<title>İ</title>", ``, `{"errors":{"a":1}}`, `{"errors":["x",null,7]}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		code, message, details := parseError(http.StatusForbidden, nil, body)
		if len(details) > maxDetails || (message != "" && code == "") {
			t.Errorf("code %q, message %q, %d details", code, message, len(details))
		}
		if len(message) > len(body)*4+100 {
			t.Error("the message is longer than the body")
		}
	})
}

func FuzzTraits(f *testing.F) {
	f.Add(`{"a":{"type":"Configurations","values":[{"id":1},{"id":"2"}]},"b":"x","c":null,"d":[1,{"id":2}]}`)
	f.Fuzz(func(t *testing.T, s string) {
		v, _ := decodeValue([]byte(s))
		traits, ok := v.(map[string]any)
		if !ok {
			return
		}
		merged := MergeTraits(traits, map[string]any{"ours": "x"}, []string{"ours"})
		if merged["ours"] != "x" {
			t.Error("ours is lost")
		}
		lost := strings.Join(Unmergeable(traits, []string{"ours"}), "\x00") + "\x00"
		for k, v := range traits {
			if _, kept := merged[k]; !kept && v != nil && k != "ours" && !strings.Contains(lost, k+"\x00") {
				t.Errorf("%q is neither kept nor named as lost", k)
			}
		}
	})
}
