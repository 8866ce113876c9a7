package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// A refusal is a JSON:API error answer (itglue.md §1.3).
type refusal struct {
	status int
	errs   []wireError
}

type wireError struct {
	Status int         `json:"status"`
	Title  string      `json:"title"`
	Detail string      `json:"detail,omitempty"`
	Source *wireSource `json:"source,omitempty"`
}

type wireSource struct {
	Pointer string `json:"pointer"`
}

func (r *refusal) Error() string { return fmt.Sprintf("%d %s", r.status, r.errs[0].Title) }

func refuse(status int, title, detail, pointer string) *refusal {
	e := wireError{Status: status, Title: title, Detail: detail}
	if pointer != "" {
		e.Source = &wireSource{Pointer: pointer}
	}
	return &refusal{status: status, errs: []wireError{e}}
}

// unprocessable is the usual 422 about one attribute.
func unprocessable(attribute, detail string) *refusal {
	return refuse(http.StatusUnprocessableEntity, "Unprocessable Entity", detail, "/data/attributes/"+attribute)
}

func badRequest(detail, pointer string) *refusal {
	return refuse(http.StatusBadRequest, "Bad Request", detail, pointer)
}

func notFound(what string) *refusal {
	return refuse(http.StatusNotFound, "Not Found", what+" not found", "")
}

func asRefusal(err error) *refusal {
	if r, ok := errors.AsType[*refusal](err); ok {
		return r
	}
	return refuse(http.StatusInternalServerError, "Internal Server Error", err.Error(), "")
}

func (r *refusal) answer() answer {
	body, _ := json.Marshal(map[string]any{"errors": r.errs})
	return reply(r.status, contentType, body)
}

// gateway is an answer of the API gateway, which does not speak JSON:API.
func gateway(status int, message string) answer {
	body, _ := json.Marshal(map[string]string{"message": message})
	return reply(status, "application/json", body)
}

// page is an answer of the firewall or a load balancer.
func page(status int, title string) answer {
	body := "<html>\n<head><title>" + title + "</title></head>\n<body><center><h1>" + title + "</h1></center></body>\n</html>\n"
	return reply(status, "text/html", []byte(body))
}

func reply(status int, contentType string, body []byte) answer {
	return answer{Status: status, Header: http.Header{"Content-Type": {contentType}}, Body: body}
}
