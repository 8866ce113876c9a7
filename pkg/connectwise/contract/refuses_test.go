package contract_test

import (
	"net/http"
	"strings"
	"testing"
)

// The shapes written by hand must be able to refuse.
func TestTheShapesRefuse(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		schema, good string
		bad          []string
	}{
		"subtypes": {
			beyondDocument["GET service/boards/{}/subtypes"].answer, `[{"id":1,"name":"x","typeAssociationIds":[1],"board":{"id":1}}]`,
			[]string{`{}`, `[{"name":"x"}]`, `[{"id":"1"}]`, `[{"id":1,"typeAssociationIds":["1"]}]`, `[{"id":1,"inactive":true}]`, `[{"id":1,"board":{"id":1,"x":1}}]`, `[{"id":1,"name":"` + strings.Repeat("x", 51) + `"}]`},
		},
		"items":                {beyondDocument["GET service/boards/{}/items"].answer, `[{"id":1,"name":"x"}]`, []string{`null`, `[{}]`, `[{"id":1,"name":1}]`, `[{"id":1,"typeAssociationIds":[1]}]`}},
		"devices of a ticket":  {beyondDocument["GET service/tickets/{}/configurations"].answer, `[{"id":1,"deviceIdentifier":"x"}]`, []string{`{"id":1}`, `[{"id":0}]`, `[{"id":1,"name":"x"}]`}},
		"a device to attach":   {beyondDocument["POST service/tickets/{}/configurations"].request, `{"id":1}`, []string{`{}`, `{"id":"1"}`, `{"id":1,"name":"x"}`, `[{"id":1}]`}},
		"configurations":       {beyondDocument["GET company/configurations"].answer, `[{"id":1}]`, []string{`[{"id":"x"}]`, `[{"id":1,"x":1}]`, `[{"id":1,"company":1}]`}},
		"a signing key":        {beyondDocument["GET v2025_1/system/callbackkey/index.rails"].answer, `{"signing_key":"k"}`, []string{`{}`, `{"signing_key":""}`, `{"signing_key":1}`, `{"signing_key":"k","x":1}`}},
		"an error":             {errorShape, `{"code":"x","message":"y","errors":[{"code":"a","message":"b","field":"c"}]}`, []string{`{"code":"x"}`, `{"code":1,"message":"y"}`, `{"error":"x","message":"y"}`, `{"code":"x","message":"y","errors":[{"code":"a"}]}`, `{"code":"x","message":"y","errors":{}}`}},
		"too many requests":    {tooManyShape, `{"error":"x","message":"y"}`, []string{`{"code":"x","message":"y"}`, `{"error":"x"}`}},
		"a delivered callback": {messageShape, `{"Action":"added","CallbackObjectRecId":1,"CompanyId":"c","Entity":null,"FromUrl":"f","ID":1,"MemberId":"m","MessageId":"i","Metadata":{"key_url":"u"},"Type":"ticket"}`, []string{`{}`, `{"Action":"moved","CallbackObjectRecId":1,"CompanyId":"c","Entity":null,"FromUrl":"f","ID":1,"MemberId":"m","MessageId":"i","Metadata":{"key_url":"u"},"Type":"ticket"}`, `{"Action":"added","CallbackObjectRecId":1,"CompanyId":"c","Entity":{},"FromUrl":"f","ID":1,"MemberId":"m","MessageId":"i","Metadata":{},"Type":"ticket"}`}},
	} {
		if err := misfit(tt.schema, []byte(tt.good)); err != nil {
			t.Errorf("%s: a good one is refused: %v", name, err)
		}
		for _, bad := range tt.bad {
			if misfit(tt.schema, []byte(bad)) == nil {
				t.Errorf("%s: %s passes", name, bad)
			}
		}
	}
}

// And so must the check against the vendor's document: also when a row lacks
// what was not asked for, which is allowed, and has something wrong besides.
func TestTheDocumentRefuses(t *testing.T) {
	t.Parallel()
	doc := loadSpec(t)
	if doc == nil {
		t.Skip("the vendor's OpenAPI document is not beside the checkout (../shared/specs)")
	}
	for name, tt := range map[string]struct {
		method, path, query, body, answer string
		status                            int
		bad                               bool
	}{
		"companies with the fields that were asked for": {"GET", "company/companies", "fields=id", "", `[{"id":1},{"id":2}]`, 200, false},
		"companies that lack fields unasked":            {"GET", "company/companies", "", "", `[{"id":1}]`, 200, true},
		"a wrong kind beside a field that is left out":  {"GET", "company/companies", "fields=id,name", "", `[{"id":1},{"id":"2"}]`, 200, true},
		"a wrong kind in a member of a member":          {"GET", "service/tickets", "fields=id,board", "", `[{"id":1},{"id":2,"board":{"id":"x"}}]`, 200, true},
		"an unknown member in an answer":                {"GET", "company/companies", "fields=id", "", `[{"id":1,"surprise":1}]`, 200, true},
		"an unknown parameter":                          {"GET", "company/companies", "fields=id&surprise=1", "", `[]`, 200, true},
		"a page that is too large":                      {"GET", "company/companies", "pageSize=1001", "", `[]`, 200, true},
		"an unknown member in a request":                {"POST", "service/tickets", "fields=id", `{"summary":"s","company":{"id":1},"enteredBy":"x"}`, `{"id":1}`, 201, true},
		"a summary that is too long":                    {"POST", "service/tickets", "fields=id", `{"summary":"` + strings.Repeat("x", 101) + `","company":{"id":1}}`, `{"id":1}`, 201, true},
		"a status that is not documented":               {"GET", "company/companies", "fields=id", "", `[]`, 299, true},
		"an error of another shape":                     {"GET", "company/companies", "", "", `{"code":1}`, 403, true},
	} {
		req, err := http.NewRequestWithContext(t.Context(), tt.method, "https://api-na.myconnectwise.net/v4_6_release/apis/3.0/"+tt.path+"?"+tt.query, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("clientId", "11111111-2222-4333-8444-555555555555")
		req.Header.Set("Content-Type", "application/json")
		route, params := find(doc, tt.method, tt.path)
		if route == nil {
			t.Fatalf("%s: no such operation", name)
		}
		x := exchange{req, []byte(tt.body), tt.status, http.Header{"Content-Type": {"application/json"}}, []byte(tt.answer), tt.path}
		if wrong := documented(x, route, params); (len(wrong) > 0) != tt.bad {
			t.Errorf("%s: %v", name, wrong)
		}
	}
}
