package handler_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"uniview-bridge/pkg/handler"
	"uniview-bridge/pkg/platform/local"
	"uniview-bridge/pkg/state"
)

var t0 = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func queue(t *testing.T, do func(ctx context.Context, body []byte) error) (handler.Queue, state.Table) {
	t.Helper()
	s, err := local.Open(t.TempDir(), local.Options{NoSync: true, Now: func() time.Time { return t0 }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return handler.Queue{Name: state.CustomersQueue, Table: s, Now: func() time.Time { return t0 }, Log: slog.New(slog.DiscardHandler), Do: do}, s
}

func message(id, group, body string) events.SQSMessage {
	return events.SQSMessage{MessageId: id, Body: body, Attributes: map[string]string{"MessageGroupId": group}}
}

func failed(r events.SQSEventResponse) []string {
	var ids []string
	for _, f := range r.BatchItemFailures {
		ids = append(ids, f.ItemIdentifier)
	}
	return ids
}

func TestTheFirstFailedMessageHoldsBackTheRestOfItsGroupAndNoOther(t *testing.T) {
	t.Parallel()
	var done []string
	q, _ := queue(t, func(_ context.Context, body []byte) error {
		if string(body) == "bad" {
			return errors.New("our store is away")
		}
		done = append(done, string(body))
		return nil
	})
	response, err := q.Handle(t.Context(), events.SQSEvent{Records: []events.SQSMessage{
		message("1", "a", "a1"), message("2", "a", "bad"), message("3", "b", "b1"), message("4", "a", "a3"),
	}})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"2", "4"}, failed(response)); d != "" {
		t.Errorf("failed messages: %s", d)
	}
	if d := cmp.Diff([]string{"a1", "b1"}, done); d != "" {
		t.Errorf("handled messages: %s", d)
	}
}

func TestNoFailuresAreAnEmptyListNotNull(t *testing.T) {
	t.Parallel()
	q, _ := queue(t, func(context.Context, []byte) error { return nil })
	response, err := q.Handle(t.Context(), events.SQSEvent{Records: []events.SQSMessage{message("1", "a", "x")}})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(response)
	if err != nil || string(raw) != `{"batchItemFailures":[]}` {
		t.Errorf("response %s, %v: null would fail the whole batch", raw, err)
	}
}

func TestTheReasonOfAMessageNobodyCanHandleIsKept(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body string
		do   func(context.Context, []byte) error
		want string
	}{
		"malformed": {`{"oops`, handler.Work(func(context.Context, state.Work) error { return nil }), "not a work message"},
		"of an unknown version": {
			`{"version":9,"run":"r","customer":"c","index":0}`, handler.Work(func(context.Context, state.Work) error { return nil }), "version 9 is unknown",
		},
		"that brings out a bug": {"x", func(context.Context, []byte) error { panic("index out of range") }, "index out of range"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q, table := queue(t, c.do)
			var noticed string
			q.Notice = func(_ context.Context, metric, scope, _ string) { noticed = metric + " " + scope }
			response, err := q.Handle(t.Context(), events.SQSEvent{Records: []events.SQSMessage{message("m1", "a", c.body)}})
			if err != nil || len(response.BatchItemFailures) != 1 {
				t.Fatalf("response %+v, %v", response, err)
			}
			letters, err := state.LetterReasons(t.Context(), table)
			if err != nil {
				t.Fatal(err)
			}
			l := letters["customers#m1"]
			if !strings.Contains(l.Reason, c.want) || l.Body != c.body {
				t.Errorf("kept %+v, want the reason %q", l, c.want)
			}
			if noticed != "DeadLetters customers" {
				t.Errorf("noticed %q", noticed)
			}
		})
	}
}

func TestAFailureThatMayPassKeepsNoReason(t *testing.T) {
	t.Parallel()
	q, table := queue(t, func(context.Context, []byte) error { return errors.New("throttled") })
	if _, err := q.Handle(t.Context(), events.SQSEvent{Records: []events.SQSMessage{message("m1", "a", "x")}}); err != nil {
		t.Fatal(err)
	}
	if letters, err := state.LetterReasons(t.Context(), table); err != nil || len(letters) != 0 {
		t.Errorf("letters %v, %v", letters, err)
	}
}

func TestSyncTellsSchedulesFromMessages(t *testing.T) {
	t.Parallel()
	var scope state.Scope
	var run string
	q, _ := queue(t, handler.Runs(func(_ context.Context, m state.RunMessage) error { run = m.Run; return nil }))
	s := handler.Sync{Runs: q, Schedule: func(_ context.Context, sc state.Scope) error { scope = sc; return nil }}
	if _, err := s.Handle(t.Context(), json.RawMessage(`{"version":1,"source":"schedule","scope":"alerts"}`)); err != nil || scope != state.ScopeAlerts {
		t.Errorf("schedule: scope %q, %v", scope, err)
	}
	if _, err := s.Handle(t.Context(), json.RawMessage(`{"Records":[{"messageId":"1","body":"{\"version\":1,\"run\":\"r9\"}"}]}`)); err != nil || run != "r9" {
		t.Errorf("message: run %q, %v", run, err)
	}
	for body, want := range map[string]string{
		`[]`: "not a JSON object", `{"version":2,"source":"schedule","scope":"alerts"}`: "version 2",
		`{"version":1,"source":"else","scope":"alerts"}`: `source "else"`, `{"version":1,"source":"schedule","scope":"alerts","x":1}`: "neither",
		`{"Records":"no"}`: "not an SQS event",
	} {
		if _, err := s.Handle(t.Context(), json.RawMessage(body)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", body, err, want)
		}
	}
}

func FuzzSync(f *testing.F) {
	f.Add([]byte(`{"version":1,"source":"schedule","scope":"alerts"}`))
	f.Add([]byte(`{"Records":[{"messageId":"1","body":"{}"}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		q := handler.Queue{Log: slog.New(slog.DiscardHandler), Now: time.Now, Do: func(context.Context, []byte) error { return nil }}
		s := handler.Sync{Runs: q, Schedule: func(context.Context, state.Scope) error { return nil }}
		if out, err := s.Handle(t.Context(), raw); err == nil && out == nil {
			t.Error("neither an answer nor an error")
		}
	})
}

func request(method, path, query, body string, base64 bool) events.APIGatewayV2HTTPRequest {
	e := events.APIGatewayV2HTTPRequest{
		RawPath: path, RawQueryString: query, Body: body, IsBase64Encoded: base64,
		Headers: map[string]string{"content-type": "application/json"}, Cookies: []string{"a=1", "b=2"},
	}
	e.RequestContext.HTTP.Method, e.RequestContext.DomainName = method, "bridge.example"
	e.RequestContext.HTTP.SourceIP = "203.0.113.9"
	return e
}

func TestAnEventIsTheRequestItWasAndTheAnswerGoesBackWhole(t *testing.T) {
	t.Parallel()
	h := handler.HTTP(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		http.SetCookie(w, &http.Cookie{Name: "x", Value: "1"})
		http.SetCookie(w, &http.Cookie{Name: "y", Value: "2"})
		w.Header().Set("X-Seen", strings.Join([]string{r.Method, r.URL.Path, r.URL.RawQuery, r.Host, r.Header.Get("Cookie"), r.Header.Get("Content-Type"), string(body)}, "|"))
		w.WriteHeader(http.StatusTeapot)
		w.Header().Set("X-Late", "too late")
		_, _ = w.Write([]byte{0xff, 0xfe})
	}))
	out, err := h(t.Context(), request("POST", "/a%20b/c", "q=1&q=2", "eyJ4IjoxfQ==", true))
	if err != nil {
		t.Fatal(err)
	}
	if want := `POST|/a b/c|q=1&q=2|bridge.example|a=1; b=2|application/json|{"x":1}`; out.Headers["X-Seen"] != want {
		t.Errorf("request was %s\nwant %s", out.Headers["X-Seen"], want)
	}
	if out.StatusCode != http.StatusTeapot || len(out.Cookies) != 2 || !out.IsBase64Encoded || out.Body != "//4=" || out.Headers["X-Late"] != "" {
		t.Errorf("answer %+v", out)
	}
}

func TestBodiesThatCannotBeReadAreRefusedWithAProblem(t *testing.T) {
	t.Parallel()
	h := handler.HTTP(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the handler was called") }))
	for name, c := range map[string]struct {
		e    events.APIGatewayV2HTTPRequest
		want int
	}{
		"not base64":                      {request("POST", "/", "", "%%%", true), 400},
		"too large":                       {request("POST", "/", "", strings.Repeat("x", 1<<20+1), false), 413},
		"bad method":                      {request("P O", "/", "", "", false), 400},
		"a control character in the path": {request("GET", "/a%00b", "", "", false), 400},
		"a line break in the query":       {request("GET", "/a", "x=1\r\nx: y", "", false), 400},
		"a bare line break in the path":   {request("GET", "/a\nb", "", "", false), 400},
	} {
		out, err := h(t.Context(), c.e)
		if err != nil || out.StatusCode != c.want || out.Headers["Content-Type"] != "application/problem+json" {
			t.Errorf("%s: %d %v, want %d as a problem", name, out.StatusCode, err, c.want)
		}
		var body struct {
			Title  string `json:"title"`
			Status int    `json:"status"`
		}
		if err := json.Unmarshal([]byte(out.Body), &body); err != nil || body.Status != c.want || body.Title == "" {
			t.Errorf("%s: body %s", name, out.Body)
		}
		for _, header := range []string{"X-Content-Type-Options", "Content-Security-Policy", "Cache-Control", "X-Frame-Options", "Strict-Transport-Security"} {
			if out.Headers[header] == "" {
				t.Errorf("%s: no %s", name, header)
			}
		}
	}
}

func TestAnAddressStaysWhatItWas(t *testing.T) {
	t.Parallel()
	var seen string
	h := handler.HTTP(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		seen = r.URL.Path + " " + r.URL.EscapedPath() + " " + r.URL.RawQuery + " " + r.RequestURI + " " + r.URL.Host + r.URL.Scheme
	}))
	for path, want := range map[string]string{
		"//evil/healthz": "//evil/healthz //evil/healthz q=%ZZ //evil/healthz?q=%ZZ ",
		"/a%2Fb":         "/a/b /a%2Fb q=%ZZ /a%2Fb?q=%ZZ ",
		"http://x/y":     "/http://x/y /http://x/y q=%ZZ /http://x/y?q=%ZZ ",
		"":               "/ / q=%ZZ /?q=%ZZ ",
		"/%":             "/% /%25 q=%ZZ /%?q=%ZZ ",
		"*":              "/* /%2A q=%ZZ /*?q=%ZZ ",
	} {
		if _, err := h(t.Context(), request("GET", path, "q=%ZZ", "", false)); err != nil || seen != want {
			t.Errorf("%q became %q, want %q (%v)", path, seen, want, err)
		}
	}
}
