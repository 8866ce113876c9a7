package itglue

import (
	"net/http"
	"strings"
)

// Codes say what kind of body an error answer had; they are vendorhttp.Error.Code when IT Glue gave none of its own.
// They matter for 403: a wrong key is answered by the gateway, a refusal by the application, and a firewall by a page
// (itglue.md §1.1, §1.3).
const (
	codeGateway = "gateway" // {"message":"Forbidden"}
	codeAPI     = "api"     // {"errors":[…]}
	codePage    = "page"    // HTML or anything else that is not JSON
)

const maxDetails = 10

// An apiError is one element of a JSON:API errors list.
type apiError struct {
	code, title, detail, pointer string
}

func (e apiError) String() string {
	var parts []string
	for _, s := range []string{e.pointer, e.title, e.detail} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, ": ")
}

// decodeErrors reads an errors member leniently: status may be a number, detail may be missing, the pointer comes with
// or without a leading slash, and an element may be plain text (itglue.md §1.3).
func decodeErrors(v any) []apiError {
	var list []any
	switch v := v.(type) {
	case []any:
		list = v
	case map[string]any, string:
		list = []any{v}
	}
	var out []apiError
	for _, e := range list {
		switch e := e.(type) {
		case string:
			out = append(out, apiError{detail: e})
		case map[string]any:
			source, _ := e["source"].(map[string]any)
			out = append(out, apiError{
				code:    textOf(e["code"]),
				title:   textOf(e["title"]),
				detail:  textOf(e["detail"]),
				pointer: strings.TrimPrefix(textOf(source["pointer"]), "/"),
			})
		}
	}
	return out
}

// parseError reads an error answer of any shape. It is the vendorhttp.Options.ParseError of this client.
func parseError(_ int, _ http.Header, body []byte) (code, message string, details []string) {
	v, err := decodeValue(body)
	w, ok := v.(map[string]any)
	if err != nil || !ok {
		if len(strings.TrimSpace(string(body))) == 0 {
			return "", "", nil
		}
		return codePage, pageTitle(body), nil
	}
	if errs := decodeErrors(w["errors"]); len(errs) > 0 {
		code = codeAPI
		if errs[0].code != "" {
			code = errs[0].code
		}
		for _, e := range errs[:min(len(errs), maxDetails)] {
			details = append(details, e.String())
		}
		return code, details[0], details
	}
	for _, member := range []string{"message", "Message", "error"} {
		if s := textOf(w[member]); s != "" {
			return codeGateway, s, nil
		}
	}
	return "", "", nil
}

// pageTitle returns the title of an HTML page, which is all of it that is worth showing.
func pageTitle(body []byte) string {
	page := string(body[:min(len(body), 4096)])
	lower := strings.ToLower(page)
	if len(lower) != len(page) { // lower-casing moved the offsets
		return ""
	}
	_, rest, ok := strings.Cut(lower, "<title>")
	if !ok {
		return ""
	}
	title, _, ok := strings.Cut(rest, "</title>")
	if !ok {
		return ""
	}
	start := len(lower) - len(rest)
	return strings.TrimSpace(page[start : start+len(title)])
}
