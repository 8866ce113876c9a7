package contract

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"uniview-bridge/pkg/uniview/sandbox"
)

const login = "POST /connect/token"

// An exception is an answer that the vendor's document says nothing of, or
// nothing true.
type exception struct {
	name    string
	section string // of the vendor page that it follows
	line    string // the label of the line there
	ops     []string
	status  int
	content string           // media type; "" for no body
	schema  *openapi3.Schema // of the body; nil for none
}

func object(required string, props map[string]*openapi3.Schema) *openapi3.Schema {
	s := openapi3.NewObjectSchema().WithoutAdditionalProperties()
	for name, p := range props {
		s.WithProperty(name, p)
	}
	s.Required = strings.Fields(required)
	return s
}

// oauthError is RFC 6749 §5.2, one of the codes that the grant can give.
var oauthError = object("error", map[string]*openapi3.Schema{
	"error":             openapi3.NewStringSchema().WithEnum("invalid_request", "invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_scope"),
	"error_description": openapi3.NewStringSchema(),
})

// problem is RFC 9457 as ASP.NET writes it.
func problem(withErrors bool) *openapi3.Schema {
	props := map[string]*openapi3.Schema{
		"type": openapi3.NewStringSchema(), "title": openapi3.NewStringSchema().WithMinLength(1), "detail": openapi3.NewStringSchema(),
		"status": openapi3.NewIntegerSchema().WithMin(400).WithMax(599), "traceId": openapi3.NewStringSchema(),
	}
	if !withErrors {
		return object("title status", props)
	}
	props["errors"] = openapi3.NewObjectSchema().WithAdditionalProperties(openapi3.NewArraySchema().WithItems(openapi3.NewStringSchema()).WithMinItems(1))
	return object("title status errors", props)
}

func lists() []string {
	return slices.DeleteFunc(sandbox.Routes(), func(op string) bool { return op == login })
}

// leftOut is all that the document leaves out. The items of the alert list are
// not an answer of their own: see mergeAlerts.
var leftOut = []exception{
	{"a token", "2", "Response used", []string{login}, 200, "application/json", object("access_token token_type expires_in", map[string]*openapi3.Schema{
		"access_token": openapi3.NewStringSchema().WithMinLength(1),
		"token_type":   openapi3.NewStringSchema().WithEnum("Bearer"),
		"expires_in":   openapi3.NewIntegerSchema().WithMin(1),
	})},
	{"a refused token request", "2", "Token error body", []string{login}, 400, "application/json", oauthError},
	{"a call without a living token", "3", "Errors", lists(), 401, "", nil},
	{"a request that cannot be used", "3", "Errors", lists(), 400, "application/problem+json", problem(true)},
	{"an unknown path", "3", "Errors", []string{"GET /v1/devices"}, 404, "application/problem+json", problem(false)},
	{"another method", "3", "Errors", sandbox.Routes(), 405, "application/problem+json", problem(false)},
}

// covered validates an answer that the document does not know.
func covered(op string, status int, header http.Header, body []byte) error {
	for _, x := range leftOut {
		if x.status != status || !slices.Contains(x.ops, op) {
			continue
		}
		content, _, _ := strings.Cut(header.Get("Content-Type"), ";")
		switch {
		case content != x.content && x.schema != nil:
			return fmt.Errorf("%s: the content type is %q, want %q", x.name, content, x.content)
		case x.schema == nil && len(body) > 0:
			return fmt.Errorf("%s: it has a body", x.name)
		case status == 401 && !strings.HasPrefix(header.Get("Www-Authenticate"), "Bearer"):
			return fmt.Errorf("%s: no challenge", x.name)
		case x.schema == nil:
			return nil
		}
		var v any
		if err := json.Unmarshal(body, &v); err != nil {
			return fmt.Errorf("%s: %w", x.name, err)
		}
		if err := x.schema.VisitJSON(v); err != nil {
			return fmt.Errorf("%s: %w", x.name, err)
		}
		return nil
	}
	return fmt.Errorf("%s: status %d is neither documented nor in the list of what the document leaves out", op, status)
}

// tokenRequest holds a token request to §2, lines Grant, Client authentication
// and Scope parameter: the document does not describe it.
func tokenRequest(r *http.Request, body []byte) error {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return err
	}
	basic := false
	if scheme, coded, _ := strings.Cut(r.Header.Get("Authorization"), " "); scheme == "Basic" {
		pair, err := base64.StdEncoding.DecodeString(coded)
		basic = err == nil && strings.Contains(string(pair), ":")
	}
	for name := range form {
		if !slices.Contains([]string{"grant_type", "client_id", "client_secret"}, name) {
			return fmt.Errorf("the field %s is not known", name)
		}
	}
	switch inBody := form.Get("client_id") != "" && form.Get("client_secret") != ""; {
	case r.Header.Get("Content-Type") != "application/x-www-form-urlencoded":
		return errors.New("it is not a form")
	case r.URL.RawQuery != "":
		return errors.New("it has a query")
	case form.Get("grant_type") != "client_credentials":
		return errors.New("another grant")
	case basic == inBody:
		return fmt.Errorf("credentials with Basic %v and in the body %v", basic, inBody)
	}
	return nil
}

// mergeAlerts replaces the alert answer's items by one schema that allows what
// the three models allow together (uniview.md §4.2, line JobAlertModel). As
// written the document contradicts itself: allOf of two schemas that each forbid
// the other's members, so that no alert with a job_name could be valid. Members
// beyond the three models stay forbidden.
func mergeAlerts(t *testing.T, doc *openapi3.T) {
	t.Helper()
	items := doc.Paths.Value("/v1/backupiq/alerts").Get.Responses.Status(200).Value.Content.Get("application/json").Schema.Value.Items
	merged := openapi3.NewObjectSchema().WithoutAdditionalProperties()
	for _, model := range items.Value.OneOf {
		for _, part := range append(slices.Clone(model.Value.AllOf), model) {
			for name, p := range part.Value.Properties {
				merged.WithPropertyRef(name, p)
			}
		}
	}
	for _, name := range []string{"type", "created_time", "job_name", "job_type", "interrogation_message"} {
		if merged.Properties[name] == nil {
			t.Fatalf("the document's alert models have changed: no %s", name)
		}
	}
	items.Value = merged
}

// Every entry of the list is provoked at every operation that it is about, and
// comes as its schema says.
func TestWhatTheDocumentLeavesOut(t *testing.T) {
	t.Parallel()
	sb := sandbox.New(sandbox.Options{})
	sb.Edit(func(st *sandbox.State) { st.AddSample(time.Now()) })
	send := func(op, query, form, token string) (int, http.Header, []byte) {
		method, path, _ := strings.Cut(op, " ")
		r, err := http.NewRequestWithContext(t.Context(), method, "https://public-api.backup.net"+path+"?"+query, strings.NewReader(form))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		res, err := sb.Transport().RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, res.Header, body
	}
	const credentials = "grant_type=client_credentials&client_id=sandbox&client_secret=sandbox-secret"
	_, _, body := send(login, "", credentials, "")
	var given struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal(body, &given); err != nil {
		t.Fatal(err)
	}
	provoke := map[string]func(op string) (string, string, string, string){
		"a token":                       func(op string) (string, string, string, string) { return op, "", credentials, "" },
		"a refused token request":       func(op string) (string, string, string, string) { return op, "", credentials + "x", "" },
		"a call without a living token": func(op string) (string, string, string, string) { return op, "", "", "guessed" },
		"a request that cannot be used": func(op string) (string, string, string, string) { return op, "page_size=0", "", given.Token },
		"an unknown path":               func(op string) (string, string, string, string) { return op, "", "", given.Token },
		"another method": func(op string) (string, string, string, string) {
			_, path, _ := strings.Cut(op, " ")
			return "DELETE " + path, "", "", given.Token
		},
	}
	for _, x := range leftOut {
		if provoke[x.name] == nil {
			t.Errorf("%s: nothing provokes it", x.name)
			continue
		}
		for _, op := range x.ops {
			status, header, body := send(provoke[x.name](op))
			if status != x.status {
				t.Errorf("%s, %s: status %d, want %d", x.name, op, status, x.status)
			} else if err := covered(op, status, header, body); err != nil {
				t.Errorf("%s: %v: %s", op, err, body)
			}
		}
	}
	// The page has the lines that the list follows.
	page, err := os.ReadFile(filepath.Join(specs, "..", "vendors", "uniview.md"))
	if err != nil {
		t.Skip("the vendor's page is not here (it lies beside the project, in ../shared/vendors): citations are not checked")
	}
	for _, x := range leftOut {
		_, section, ok := strings.Cut(string(page), "\n## "+x.section+". ")
		section, _, _ = strings.Cut(section, "\n## ")
		if !ok || !strings.Contains(section, "| "+x.line+" |") {
			t.Errorf("%s: the page has no line %q in §%s", x.name, x.line, x.section)
		}
	}
}
