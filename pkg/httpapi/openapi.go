package httpapi

import (
	_ "embed"
	"net/http"
)

// Document is the OpenAPI description of this API. A test holds it to the routes
// and every answer to its schemas.
//
//go:embed openapi.json
var Document []byte

func (a *api) openapi(*http.Request) (reply, error) {
	return reply{status: http.StatusOK, raw: Document, kind: "application/json"}, nil
}
