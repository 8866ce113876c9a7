package itglue_test

import (
	"fmt"
	"io"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"uniview-bridge/pkg/itglue"
	"uniview-bridge/pkg/itglue/sandbox"
)

// TestTheContractHasARowForEverything: an operation, or a method, without a row fails here.
func TestTheContractHasARowForEverything(t *testing.T) {
	t.Parallel()
	var rows, ops []string
	methods := map[string]bool{"String": true, "GoString": true, "LogValue": true}
	for name, row := range contract {
		rows = append(rows, name)
		for _, m := range row.methods {
			methods[m] = true
		}
	}
	for _, op := range itglue.Operations() {
		ops = append(ops, op.Name)
		if op.Method != http.MethodGet && op.Method != http.MethodPost && op.Method != http.MethodPatch {
			t.Errorf("%s is sent as %s: the client deletes nothing", op.Name, op.Method)
		}
	}
	slices.Sort(rows)
	slices.Sort(ops)
	if diff := cmp.Diff(ops, rows); diff != "" {
		t.Errorf("operations (-) and rows (+) differ:\n%s", diff)
	}
	client := reflect.TypeFor[*itglue.Client]()
	for m := range client.Methods() {
		if !methods[m.Name] {
			t.Errorf("method %s has no row", m.Name)
		}
	}
}

// perform sends one operation in a world of its own and returns what passed on its route.
func perform(t *testing.T, op itglue.Op) (*world, []exchange) {
	t.Helper()
	w := newWorld(t, sandbox.Options{})
	if err := contract[op.Name].send(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	passed := w.rec.of(op.Method, op.Route)
	if len(passed) == 0 {
		t.Fatalf("%s %s was not sent", op.Method, op.Route)
	}
	return w, passed
}

// TestAnswersAreAsTheVendorPageSays checks every success answer of every operation against the hand-written schemas,
// and that the schemas see each single change.
func TestAnswersAreAsTheVendorPageSays(t *testing.T) {
	t.Parallel()
	used := map[string]bool{"paging": true, "links": true, "gateway error": true, "JSON:API error": true, "tag trait": true}
	for _, op := range itglue.Operations() {
		row := contract[op.Name]
		for _, name := range row.schema {
			used[name] = true
		}
		t.Run(op.Name, func(t *testing.T) {
			t.Parallel()
			_, passed := perform(t, op)
			want := row.shape()
			spoiled := 0
			for _, x := range passed {
				if x.Status != row.status || x.Type != "application/vnd.api+json" {
					t.Errorf("answered with %d as %s", x.Status, x.Type)
				}
				answer := decoded(t, x.Answer)
				for _, problem := range want("", answer) {
					t.Error(problem)
				}
				spoil(answer, "", nil, func(what string) {
					spoiled++
					if len(want("", answer)) == 0 {
						t.Errorf("the schema does not see that %s", what)
					}
				})
			}
			if spoiled < 10 {
				t.Errorf("only %d changes were tried", spoiled)
			}
		})
	}
	for name, s := range schemas {
		if !used[name] || !regexp.MustCompile(`^§\d`).MatchString(s.section) {
			t.Errorf("schema %q is not used, or names no section", name)
		}
	}
}

var kindsOfSchema = map[string]string{"adapter": "adapters-resources", "interface": "configuration-interfaces", "RMM record": "rmm-records"}

func (row contractRow) shape() shape {
	var included []shape
	for _, name := range row.schema[1:] {
		if kind := kindsOfSchema[name]; kind != "" {
			included = append(included, resourceOf(kind, schemas[name].shape))
		}
	}
	return row.form(resourceOf(row.kind, schemas[row.schema[0]].shape), included...)
}

// TestRefusalsAreAsTheVendorPageSays provokes every documented error of every operation and checks its body.
func TestRefusalsAreAsTheVendorPageSays(t *testing.T) {
	t.Parallel()
	ops, haveSpec := findOperations(t)
	for _, op := range itglue.Operations() {
		t.Run(op.Name, func(t *testing.T) {
			t.Parallel()
			w, passed := perform(t, op)
			last := passed[len(passed)-1]
			seen := map[int]bool{}
			provoke := func(status int, change func(*http.Request, *string)) {
				t.Helper()
				seen[status] = true
				got := w.resend(t, last, change)
				if got.Status != status {
					t.Errorf("got %d, want %d: %.300s", got.Status, status, got.Answer)
					return
				}
				for _, problem := range refusalShape(status)("", decoded(t, got.Answer)) {
					t.Errorf("%d: %s", status, problem)
				}
			}
			// The tables say 401, the text and everybody's experience 403 (itglue.md §1, §9.12).
			provoke(403, func(r *http.Request, _ *string) { r.Header.Set("X-Api-Key", "ITG.wrong") })
			seen[401] = true
			row := contract[op.Name]
			hasID := strings.Contains(op.Route, ":")
			if hasID {
				provoke(404, func(r *http.Request, _ *string) {
					r.URL.Path = strings.ReplaceAll(op.Route, regexp.MustCompile(`:[a-z_]+`).FindString(op.Route), "987654")
				})
			}
			if op.Method == http.MethodGet {
				if !hasID {
					provoke(400, func(r *http.Request, _ *string) { r.URL.RawQuery = "page[number]=0&" + r.URL.RawQuery })
				}
			} else {
				provoke(400, func(_ *http.Request, body *string) { *body = `{"data":` })
				provoke(415, func(r *http.Request, _ *string) { r.Header.Set("Content-Type", "application/json") })
				if row.notFound != "" {
					provoke(404, func(_ *http.Request, body *string) { *body = row.notFound })
				}
				if row.refused != "" {
					provoke(422, func(_ *http.Request, body *string) { *body = row.refused })
				}
			}
			if !haveSpec {
				return
			}
			for _, status := range ops.errorsOf(op.Method + " " + op.Route) {
				if !seen[status] {
					t.Errorf("the documented error %d is not provoked", status)
				}
			}
		})
	}
}

func refusalShape(status int) shape {
	if status == http.StatusForbidden {
		return schemas["gateway error"].shape
	}
	return func(at string, v any) []string {
		problems := schemas["JSON:API error"].shape(at, v)
		if len(problems) > 0 {
			return problems
		}
		for _, e := range v.(map[string]any)["errors"].([]any) {
			if got := fmt.Sprint(e.(map[string]any)["status"]); got != fmt.Sprint(status) {
				problems = append(problems, "an error's status is "+got)
			}
		}
		return problems
	}
}

// resend sends an exchange's request again, changed.
func (w *world) resend(t *testing.T, x exchange, change func(*http.Request, *string)) exchange {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), x.Method, "https://api.itglue.com"+x.Path+"?"+x.Query.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header = x.Header.Clone()
	body := string(x.Body)
	change(r, &body)
	r.Body = io.NopCloser(strings.NewReader(body))
	res, err := w.Transport().RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	out := exchange{Status: res.StatusCode, Type: res.Header.Get("Content-Type")}
	if out.Answer, err = io.ReadAll(res.Body); err != nil {
		t.Fatal(err)
	}
	return out
}
