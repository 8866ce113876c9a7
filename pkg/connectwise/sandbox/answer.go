package sandbox

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// answer is one response before faults are applied to it.
type answer struct {
	status int
	header http.Header
	body   []byte
	rows   int // of a list, for the log
}

// innerError is one entry of an error's list.
type innerError struct {
	Code     string `json:"code"`
	Message  string `json:"message"`
	Resource string `json:"resource,omitempty"`
	Field    string `json:"field,omitempty"`
}

func jsonAnswer(status int, v any) *answer {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // our own plain values
	}
	return &answer{status: status, header: http.Header{"Content-Type": {"application/json; charset=utf-8"}}, body: b}
}

func textAnswer(status int, contentType, body string) *answer {
	return &answer{status: status, header: http.Header{"Content-Type": {contentType}}, body: []byte(body)}
}

// refuse is an error without inner entries.
func refuse(status int, code, message string) *answer {
	return jsonAnswer(status, struct {
		Code    string       `json:"code"`
		Message string       `json:"message"`
		Errors  []innerError `json:"errors,omitempty"`
	}{code, message, nil})
}

// invalidObject is the validation error (connectwise.md §5).
func invalidObject(resource string, errs ...innerError) *answer {
	for i := range errs {
		errs[i].Resource = resource
	}
	return jsonAnswer(http.StatusBadRequest, struct {
		Code    string       `json:"code"`
		Message string       `json:"message"`
		Errors  []innerError `json:"errors,omitempty"`
	}{"InvalidObject", resource + " object is invalid", errs})
}

// gatewayText is the cloud gateway's answer to a wrong code base or host.
func gatewayText() *answer {
	return textAnswer(http.StatusBadRequest, "text/plain", "Cannot route. Codebase/company is invalid.")
}

// tooMany is the documented 429.
func tooMany(seconds int) *answer {
	n := strconv.Itoa(seconds)
	a := jsonAnswer(http.StatusTooManyRequests, map[string]string{
		"error": "ConnectWiseAPI", "message": "Too many requests. Please try again in " + n + " seconds.",
	})
	a.header.Set("Retry-After", n)
	return a
}

func noPermission() *answer {
	return refuse(http.StatusForbidden, "Security", "You do not have security permission to perform this action.")
}

// inUse is the answer when a record is open elsewhere; no source shows its body
// (connectwise.md §5).
func inUse() *answer {
	return refuse(http.StatusConflict, "Conflict", "The record is possibly in use.")
}

// notSimulated says so plainly rather than pretending.
func notSimulated(what string) *answer {
	return refuse(http.StatusNotImplemented, "Sandbox", "The sandbox does not simulate "+what+".")
}

// sslRequired is the answer at a cloud host without the api- prefix: the code of
// a missing right for a wrong address (connectwise.md §2).
func sslRequired() *answer {
	return jsonAnswer(http.StatusForbidden, map[string]any{"code": "Security", "message": "SSL is required.", "errors": nil})
}
