package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"uniview-bridge/pkg/httpapi/access"
)

// Client asks the API inside this process, as whoever sent the request that is being
// served. The console's pages stand on it: a page can show and do nothing that the API
// would refuse its reader, and each rule is written once.
type Client struct{ handler http.Handler }

// NewClient makes a client of an API on d. The policy and the pages of d are not used.
func NewClient(d Deps) *Client {
	d.Policy, d.Pages, d.PageRefuse = known{}, nil, nil
	return &Client{New(d)}
}

// known trusts the identity that the gate in front has put into the context.
type known struct{}

func (known) Check(*http.Request) *access.Refusal { return nil }

func (known) Identify(_ http.ResponseWriter, r *http.Request) (access.Identity, *access.Refusal) {
	who := access.From(r.Context())
	who.Session = false // where the request came from was checked in front
	return who, nil
}

// Do sends one request: target is a path below /api/v1 with its query
// ("/customers?state=unmatched"), body a value for JSON, or bytes of a CSV file, or nil.
// The answer is read into the value into points to; nil leaves it unread. A refusal is
// a [*Problem].
func (c *Client) Do(ctx context.Context, method, target string, body, into any) error {
	kind := "application/json"
	raw, isFile := body.([]byte)
	if isFile {
		kind = "text/csv"
	} else if body != nil {
		var err error
		if raw, err = json.Marshal(body); err != nil {
			return fmt.Errorf("%s %s: %w", method, target, err)
		}
	}
	r, err := http.NewRequestWithContext(ctx, method, "/api/v1"+target, bytes.NewReader(raw))
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, target, err)
	}
	r.RequestURI = r.URL.RequestURI()
	if body != nil {
		r.Header.Set("Content-Type", kind)
	}
	answer := answerWriter{header: http.Header{}, status: http.StatusOK}
	c.handler.ServeHTTP(&answer, r)
	if answer.status >= http.StatusBadRequest {
		p := &Problem{Status: answer.status, Title: http.StatusText(answer.status)}
		if err := json.Unmarshal(answer.body.Bytes(), p); err != nil {
			return fmt.Errorf("%s %s: answer %d: %w", method, target, answer.status, err)
		}
		return p
	}
	if into == nil || answer.body.Len() == 0 {
		return nil
	}
	if err := json.Unmarshal(answer.body.Bytes(), into); err != nil {
		return fmt.Errorf("%s %s: %w", method, target, err)
	}
	return nil
}

// answerWriter keeps an answer.
type answerWriter struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answerWriter) Header() http.Header { return a.header }

func (a *answerWriter) Write(b []byte) (int, error) { return a.body.Write(b) }

func (a *answerWriter) WriteHeader(status int) { a.status = status }
