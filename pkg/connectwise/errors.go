package connectwise

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"uniview-bridge/pkg/vendorhttp"
)

// Codes that this client gives where ConnectWise gives none. ConnectWise's own
// (InvalidObject, NotFound, Security, ApiFindCondition, ...) are passed on.
const (
	CodeGateway        = "Gateway"          // plain-text answer of the cloud gateway: host, code base or company is wrong
	CodePage           = "Page"             // HTML or other text where JSON was expected
	CodeUnknownCompany = "UnknownCompany"   // companyinfo does not know the login company
	CodeNotApplied     = "ChangeNotApplied" // an update was answered 200 but the answer does not show it
)

const (
	codeAPI         = "ConnectWiseApi"
	codeRequired    = "MissingRequiredField"
	sslRequired     = "ssl is required"
	gatewayText     = "cannot route"
	codeObjectExist = "ObjectExists"
)

// errorBody is the general error shape (connectwise.md §5). The 429 body uses
// the member error in place of code.
type errorBody struct {
	Code    string `json:"code"`
	Error   string `json:"error"`
	Message string `json:"message"`
	Errors  []struct {
		Code    string `json:"code"`
		Message string `json:"message"`
		Field   string `json:"field"`
	} `json:"errors"`
}

// parseError reads every kind of error body that ConnectWise and the gateways
// before it send; it must survive any bytes.
func parseError(status int, header http.Header, body []byte) (code, message string, details []string) {
	var b errorBody
	if json.Unmarshal(body, &b) != nil || (b.Code == "" && b.Error == "" && b.Message == "") {
		_, message, details = vendorhttp.DefaultParseError(status, header, body)
		if isGatewayText(status, body) {
			return CodeGateway, message, nil
		}
		return CodePage, message, details
	}
	code = b.Code
	if code == "" {
		code = b.Error
	}
	for _, e := range b.Errors {
		text := e.Message
		if e.Field != "" {
			text = e.Field + ": " + text
		}
		if e.Code != "" {
			text = "[" + e.Code + "] " + text
		}
		details = append(details, text)
	}
	if message = b.Message; strings.Contains(strings.ToLower(message), sslRequired) { // see classify
		message = "SSL is required: the API must be called at its own host name (api- before the site name)"
	}
	return code, message, details
}

func isGatewayText(status int, body []byte) bool {
	return status == http.StatusBadRequest && len(body) < 4096 && strings.Contains(strings.ToLower(string(body)), gatewayText)
}

// classify corrects the kinds that the status alone gets wrong.
func classify(status int, header http.Header, body []byte) vendorhttp.Kind {
	code, message, inner := parseError(status, header, body)
	text := strings.ToLower(message)
	switch {
	case status == http.StatusNotFound && unrouted(status, code):
		// Not a missing record, which nothing may conclude from it: the route is
		// unknown, or the cloud says so of wrong keys (connectwise.md §2).
		return vendorhttp.Unavailable
	case strings.Contains(text, sslRequired):
		// The same code as a missing right, but it is the address (connectwise.md §5).
		return vendorhttp.Invalid
	case code == CodePage:
	case status == http.StatusBadRequest && len(inner) == 0 && strings.Contains(text, "clientid"):
		return vendorhttp.Auth
	}
	return ""
}

// isUnrouted says that the request never reached the application: gateway text
// on 400, or a 404 that is not about a record (connectwise.md §2).
func isUnrouted(err error) bool {
	var e *vendorhttp.Error
	return errors.As(err, &e) && unrouted(e.Status, e.Code)
}

func unrouted(status int, code string) bool {
	switch status {
	case http.StatusBadRequest:
		return code == CodeGateway
	case http.StatusNotFound:
		return code == CodePage || code == codeAPI
	}
	return false
}

// hasInner says whether the error's inner list holds a code.
func hasInner(err error, code string) bool {
	var e *vendorhttp.Error
	if !errors.As(err, &e) {
		return false
	}
	for _, d := range e.Details {
		if strings.HasPrefix(d, "["+code+"]") {
			return true
		}
	}
	return e.Code == code
}

// RequiredFields names the members that ConnectWise refused a write for lacking,
// as it spells them: "subType", "item". No list says which a board requires, so
// this is how one finds out (connectwise.md §5).
func RequiredFields(err error) []string {
	var e *vendorhttp.Error
	if !errors.As(err, &e) {
		return nil
	}
	var names []string
	for _, d := range e.Details {
		if rest, ok := strings.CutPrefix(d, "["+codeRequired+"] "); ok {
			if name, _, ok := strings.Cut(rest, ": "); ok {
				names = append(names, strings.TrimSuffix(name, "/id"))
			}
		}
	}
	return names
}

var errNotAList = errors.New("not a list")
