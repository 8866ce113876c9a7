package contract_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// shapes are what the vendor's document leaves out: each follows a section of
// connectwise.md, with a schema written by hand.
type shapes struct {
	section string
	request string // empty = no body
	answer  string
}

const (
	info      = `"_info":{"type":"object","additionalProperties":{"type":"string"}}`
	board     = `"board":{"type":"object","properties":{"id":{"type":"integer"},"name":{"type":"string"},` + info + `},"additionalProperties":false}`
	reference = `{"type":"object","required":["id"],"properties":{"id":{"type":"integer","minimum":1},"deviceIdentifier":{"type":"string"},` + info + `},"additionalProperties":false}`
)

// beyondDocument are the operations that the document does not describe.
var beyondDocument = map[string]shapes{
	"GET service/boards/{}/subtypes": {section: "§7.1, subtype must fit the type", answer: list(
		`"id":{"type":"integer"},"name":{"type":"string","maxLength":50},"inactiveFlag":{"type":"boolean"},"typeAssociationIds":{"type":"array","items":{"type":"integer"}},` + board + `,` + info)},
	"GET service/boards/{}/items": {section: "§7.1, item of a ticket", answer: list(
		`"id":{"type":"integer"},"name":{"type":"string","maxLength":50},"inactiveFlag":{"type":"boolean"},` + board + `,` + info)},
	"GET service/tickets/{}/configurations":  {section: "§7.2, attach a device", answer: `{"type":"array","items":` + reference + `}`},
	"POST service/tickets/{}/configurations": {section: "§7.2, attach a device", request: `{"type":"object","required":["id"],"properties":{"id":{"type":"integer","minimum":1}},"additionalProperties":false}`, answer: reference},
	"GET company/configurations": {section: "§6, an extra right", answer: list(
		`"id":{"type":"integer"},"name":{"type":"string"},"company":{"type":"object"},` + info)},
	"GET v2025_1/system/callbackkey/index.rails": {section: "§9, Signature", answer: `{"type":"object","required":["signing_key"],"properties":{"signing_key":{"type":"string","minLength":1}},"additionalProperties":false}`},
}

func list(properties string) string {
	return `{"type":"array","items":{"type":"object","required":["id"],"properties":{` + properties + `},"additionalProperties":false}}`
}

// errorShape is the error of operations beyond the document (§5, general shape),
// tooManyShape the 429, which has another.
const (
	errorShape = `{"type":"object","required":["code","message"],"properties":{"code":{"type":"string"},"message":{"type":"string"},"errors":{"type":"array","nullable":true,"items":
		{"type":"object","required":["code","message"],"properties":{"code":{"type":"string"},"message":{"type":"string"},"resource":{"type":"string"},"field":{"type":"string"},"details":{}},"additionalProperties":false}}},"additionalProperties":false}`
	tooManyShape = `{"type":"object","required":["error","message"],"properties":{"error":{"type":"string"},"message":{"type":"string"}},"additionalProperties":false}`
)

// messageShape is a callback as it is delivered (§9, Payload 3.0.0).
const messageShape = `{"type":"object","additionalProperties":false,
	"required":["Action","CallbackObjectRecId","CompanyId","Entity","FromUrl","ID","MemberId","MessageId","Metadata","Type"],
	"properties":{"Action":{"type":"string","enum":["added","updated","deleted"]},"CallbackObjectRecId":{"type":"integer"},"CompanyId":{"type":"string"},
		"Entity":{"type":"string","nullable":true},"FromUrl":{"type":"string"},"ID":{"type":"integer"},"MemberId":{"type":"string"},"MessageId":{"type":"string"},
		"Metadata":{"type":"object","required":["key_url"],"properties":{"key_url":{"type":"string"}},"additionalProperties":false},
		"PartnerId":{"type":"string"},"ProductInstanceId":{"type":"string"},"Type":{"type":"string","enum":["ticket","company"]}}}`

// texts are the answers that are no JSON, which no document describes.
var texts = []struct {
	section     string
	status      int
	contentType string
	begins      string
}{
	{"§2, Wrong host/codebase/path", http.StatusBadRequest, "text/plain", "Cannot route. Codebase/company is invalid."},
	{"§2, Codebase changes", http.StatusNotFound, "text/html", "<html>"},
	{"§4, URL length", http.StatusRequestURITooLong, "text/html", "<html>"},
}

// beyond holds one exchange to the list above.
func beyond(t *testing.T, name string, x exchange, s shapes) {
	t.Helper()
	switch {
	case s.request != "":
		fits(t, "request "+name, s.request, x.body)
	case len(x.body) > 0:
		t.Errorf("request %s: a body where none belongs", name)
	}
	switch {
	case x.status == http.StatusTooManyRequests:
		fits(t, "answer 429 "+name, tooManyShape, x.answer)
	case x.status >= 400:
		fits(t, "answer "+name, errorShape, x.answer)
	default:
		fits(t, "answer "+name, s.answer, x.answer)
	}
}

// plainText says whether an answer is one of texts, and reports one that is none
// of them and no JSON either.
func plainText(t *testing.T, name string, x exchange) bool {
	t.Helper()
	contentType := x.header.Get("Content-Type")
	if len(x.answer) == 0 || strings.HasPrefix(contentType, "application/json") {
		return false
	}
	for _, s := range texts {
		if s.status == x.status && strings.HasPrefix(contentType, s.contentType) && strings.HasPrefix(string(x.answer), s.begins) {
			return true
		}
	}
	t.Errorf("answer %d %s: %s, which is not in the list of texts: %.80s", x.status, name, contentType, x.answer)
	return true
}

func fits(t *testing.T, what, schema string, body []byte) {
	t.Helper()
	if err := misfit(schema, body); err != nil {
		t.Errorf("%s: %v", what, err)
	}
}

// misfit says what of a body does not fit a schema.
func misfit(schema string, body []byte) error {
	var s openapi3.Schema
	if err := json.Unmarshal([]byte(schema), &s); err != nil {
		return fmt.Errorf("the schema itself: %w", err)
	}
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return err
	}
	return s.VisitJSON(v)
}
