package functions_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"uniview-bridge/pkg/bridge/web"
	"uniview-bridge/pkg/demo"
	"uniview-bridge/pkg/handler"
	"uniview-bridge/pkg/httpapi/access"
	"uniview-bridge/pkg/state"
)

// badMessage is a body that no function understands, with words of the reason.
type badMessage struct{ name, body, reason string }

func badMessages(queue string) []badMessage {
	kind, good := "work message", `{"version":1,"run":"r","customer":"c","index":0}`
	if queue == state.RunsQueue {
		kind, good = "run message", `{"version":1,"run":"r"}`
	}
	bad := []badMessage{
		{"empty", "", "not a " + kind},
		{"no JSON", "hello", "not a " + kind},
		{"cut off", good[:len(good)-3], "not a " + kind},
		{"a list", "[" + good + "]", "not a " + kind},
		{"a version from the future", strings.Replace(good, `"version":1`, `"version":2,"priority":"high"`, 1), "version 2 is unknown, this bridge understands 1"},
		{"no version", strings.Replace(good, `"version":1,`, "", 1), "version 0 is unknown"},
		{"a version of the wrong type", strings.Replace(good, `"version":1`, `"version":"1"`, 1), "not a " + kind},
		{"a run of the wrong type", strings.Replace(good, `"run":"r"`, `"run":7`, 1), "not a " + kind},
		{"no run", strings.Replace(good, `"run":"r"`, `"run":""`, 1), "names no run"},
		{"a member nobody knows", strings.Replace(good, `"run"`, `"command":"drop","run"`, 1), `unknown field "command"`},
		{"something behind it", good + good, "behind the JSON object"},
		{"oversized", `{"version":1,"run":"` + strings.Repeat("x", 300<<10) + `"`, "not a " + kind},
		{"no text", "\xff\xfe\x00\x01", "not a " + kind},
	}
	if queue != state.RunsQueue {
		bad = append(bad,
			badMessage{"no customer", `{"version":1,"run":"r","index":0}`, "no customer"},
			badMessage{"a negative index", strings.Replace(good, `"index":0`, `"index":-1`, 1), "negative index"},
			badMessage{"an index of the wrong type", strings.Replace(good, `"index":0`, `"index":1.5`, 1), "not a " + kind},
		)
	} else {
		bad = append(bad, badMessage{"a run nobody knows", good, "there is no run r"})
	}
	return bad
}

func TestAMessageNobodyUnderstandsFailsAloneAndItsReasonIsKept(t *testing.T) {
	t.Parallel()
	r := newRig(t, onLocal, tiny)
	for _, queue := range []string{state.RunsQueue, state.CustomersQueue, state.AlertsQueue} {
		var batch []events.SQSMessage
		bad := badMessages(queue)
		for i, m := range bad {
			group := ""
			if queue != state.RunsQueue {
				group = fmt.Sprint("group ", i)
			}
			batch = append(batch, message(fmt.Sprintf("%s-%d", queue, i), m.body, group))
		}
		good := message(queue+"-good", `{"version":1,"run":"r","customer":"nobody","index":0}`, "good")
		if queue != state.RunsQueue {
			batch = append(batch, good)
		}
		failed, err := r.handle(t.Context(), queue, batch)
		if err != nil {
			t.Fatalf("%s: a bad message must not fail the whole batch: %v", queue, err)
		}
		if len(failed) != len(bad) {
			t.Errorf("%s: %d of %d bad messages failed: %v", queue, len(failed), len(bad), failed)
		}
		kept, err := state.LetterReasons(t.Context(), r.table)
		if err != nil {
			t.Fatal(err)
		}
		for i, m := range bad {
			l, ok := kept[fmt.Sprintf("%s#%s-%d", queue, queue, i)]
			if !ok || !strings.Contains(l.Reason, m.reason) || l.At.IsZero() {
				t.Errorf("%s: %s: kept %v, reason %q, want %q", queue, m.name, ok, l.Reason, m.reason)
			}
			if len(l.Body) > 8<<10 {
				t.Errorf("%s: %s: %d bytes of its body are kept in the table", queue, m.name, len(l.Body))
			}
		}
		if _, ok := kept[queue+"#"+queue+"-good"]; ok {
			t.Errorf("%s: the good message has a reason, too", queue)
		}
	}
}

// tiny is a world for tests that are not about it.
var tiny = demo.Options{Customers: 3, Assets: 10, Alerts: 5}

func TestBehindABadMessageOfItsGroupTheOthersWait(t *testing.T) {
	t.Parallel()
	r := newRig(t, onLocal, tiny)
	failed, err := r.handle(t.Context(), state.CustomersQueue, []events.SQSMessage{
		message("1", `{"version":1,"run":"r","customer":"a","index":0}`, "a"),
		message("2", `{"version":9}`, "a"),
		message("3", `{"version":1,"run":"r","customer":"a","index":1}`, "a"),
		message("4", `{"version":1,"run":"r","customer":"b","index":2}`, "b"),
	})
	if err != nil || fmt.Sprint(failed) != "[2 3]" {
		t.Errorf("failed %v, %v: want 2 and 3, in this order", failed, err)
	}
}

func TestSyncRefusesEventsThatAreNoneOfItsOwn(t *testing.T) {
	t.Parallel()
	r := newRig(t, onLocal, tiny)
	for _, tt := range []struct{ name, event, want string }{
		{"no JSON", `hello`, "not a JSON object"},
		{"a list", `[]`, "not a JSON object"},
		{"nothing in it", `{}`, "version 0"},
		{"another service's event", `{"detail-type":"EC2 Instance State-change Notification","source":"aws.ec2"}`, "neither a schedule's input nor an SQS event"},
		{"a version from the future", `{"version":2,"source":"schedule","scope":"alerts"}`, "version 2"},
		{"another source", `{"version":1,"source":"somebody","scope":"alerts"}`, `source "somebody"`},
		{"an unknown scope", `{"version":1,"source":"schedule","scope":"everything"}`, `no schedule for scope "everything"`},
		{"a scope that no schedule has", `{"version":1,"source":"schedule","scope":"all"}`, `no schedule for scope "all"`},
		{"a scope of the wrong type", `{"version":1,"source":"schedule","scope":7}`, "neither a schedule's input nor an SQS event"},
		{"a member nobody knows", `{"version":1,"source":"schedule","scope":"alerts","force":true}`, `unknown field "force"`},
		{"records that are none", `{"Records":"many"}`, "not an SQS event"},
		{"records of the wrong type", `{"Records":[{"messageId":1}]}`, "not an SQS event"},
	} {
		if _, err := r.b.SyncHandler().Handle(t.Context(), json.RawMessage(tt.event)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want words %q", tt.name, err, tt.want)
		}
	}
	if runs := r.runs(); len(runs) > 0 {
		t.Errorf("bad events made runs: %+v", runs)
	}
}

func TestABadMessageEndsAsADeadLetterWithItsReason(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]platform{"local": onLocal, "aws": onAWS} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == "aws" {
				long(t) // a message takes ten seconds there
			}
			r := newRig(t, open, tiny)
			if q, ok := r.queues.(*localQueues); ok {
				q.visibility = 20 * time.Millisecond
			}
			const bad = `{"version":7,"run":"r","customer":"c","index":0}`
			for _, queue := range []string{state.RunsQueue, state.CustomersQueue, state.AlertsQueue} {
				m := state.Outgoing{Body: []byte(bad)}
				if queue != state.RunsQueue {
					m.Group, m.DedupID = "c", "bad"
				}
				if err := r.sender.Send(t.Context(), queue, m); err != nil {
					t.Fatal(err)
				}
			}
			r.deliver()
			api := apiOf(r)
			var listed struct {
				Items []struct{ Queue, ID, Reason, Body string }
			}
			res := api(t, "GET", "/api/v1/dead-letters", "")
			if err := json.Unmarshal([]byte(res.Body), &listed); err != nil || res.StatusCode != http.StatusOK {
				t.Fatalf("dead letters: %d %s: %v", res.StatusCode, res.Body, err)
			}
			seen := map[string]bool{}
			for _, l := range listed.Items {
				seen[l.Queue] = true
				if !strings.Contains(l.Reason, "version 7 is unknown") {
					t.Errorf("the letter of %s tells the reason %q", l.Queue, l.Reason)
				}
			}
			if len(seen) != 3 {
				t.Errorf("dead letters of %v: want one of each queue: %s", seen, res.Body)
			}
		})
	}
}

func TestAMessageOverTheLimitIsRefusedBeforeItIsSent(t *testing.T) {
	t.Parallel()
	r := newRig(t, onLocal, tiny)
	err := r.sender.Send(t.Context(), state.CustomersQueue, state.Outgoing{Body: make([]byte, 2<<20), Group: "c", DedupID: "d"})
	if err == nil {
		t.Error("a message of 2 MB was taken")
	}
}

// apiOf is the api function over a rig's bridge, asked with gateway events.
func apiOf(r *rig) func(t *testing.T, method, path, body string) events.APIGatewayV2HTTPResponse {
	policy := access.NewLocal(access.LocalOptions{Token: apiToken})
	h := handler.HTTP(web.Handler(r.b, web.Options{Policy: policy}))
	return func(t *testing.T, method, path, body string) events.APIGatewayV2HTTPResponse {
		t.Helper()
		path, query, _ := strings.Cut(path, "?")
		e := events.APIGatewayV2HTTPRequest{
			Version: "2.0", RawPath: path, RawQueryString: query, Body: body,
			Headers: map[string]string{"authorization": "Bearer " + apiToken, "content-type": "application/json"},
		}
		e.RequestContext.HTTP.Method, e.RequestContext.HTTP.SourceIP, e.RequestContext.DomainName = method, "127.0.0.1", "127.0.0.1"
		if after, ok := strings.CutPrefix(body, "base64:"); ok {
			e.Body, e.IsBase64Encoded = after, true
		}
		res, err := h(t.Context(), e)
		if err != nil {
			t.Errorf("%s %s failed as a function, not as a request: %v", method, path, err)
		}
		return res
	}
}

func TestTheAPIRefusesBadRequestsInWords(t *testing.T) {
	t.Parallel()
	r := newRig(t, onLocal, tiny)
	api := apiOf(r)
	big := `{"scope":"` + strings.Repeat("x", 2<<20) + `"}`
	for _, tt := range []struct {
		name, method, path, body string
		status                   int
		words                    string
	}{
		{"no JSON", "POST", "/api/v1/sync", "hello", 400, "not JSON"},
		{"an empty body", "POST", "/api/v1/sync", "", 400, "empty"},
		{"a body cut off", "POST", "/api/v1/sync", `{"scope":`, 400, "JSON"},
		{"a list for an object", "POST", "/api/v1/sync", `[]`, 400, "object"},
		{"a number for a text", "POST", "/api/v1/sync", `{"scope":7}`, 400, "scope must be a text"},
		{"a member nobody knows", "POST", "/api/v1/sync", `{"scope":"all","force":true}`, 400, "no member of this name"},
		{"something behind it", "POST", "/api/v1/sync", `{"scope":"all"}{}`, 400, "behind the JSON object"},
		{"an unknown scope", "POST", "/api/v1/sync", `{"scope":"everything"}`, 400, "scope"},
		{"an oversized body", "POST", "/api/v1/sync", big, 413, "Too Large"},
		{"an oversized body in base64", "POST", "/api/v1/sync", "base64:" + base64.StdEncoding.EncodeToString([]byte(big)), 413, "Too Large"},
		{"a body that is no base64", "POST", "/api/v1/sync", "base64:%%%", 400, "Bad Request"},
		{"an unknown connection", "PUT", "/api/v1/connections/salesforce", `{}`, 404, "uniview, itglue or connectwise"},
		{"credentials that are no texts", "PUT", "/api/v1/connections/uniview", `{"clientId":1}`, 400, "text"},
		{"a mode nobody knows", "PUT", "/api/v1/mode", `{"documentation":"maybe"}`, 400, "preview"},
		{"a limit that is no number", "GET", "/api/v1/customers?limit=many", "", 400, "limit"},
		{"a cursor of somebody else", "GET", "/api/v1/customers?cursor=!!!", "", 400, "cursor"},
		{"a parameter nobody knows", "GET", "/api/v1/customers?colour=red", "", 400, "no query parameter"},
		{"an unknown run", "GET", "/api/v1/runs/none", "", 404, "no such"},
		{"an unknown page", "GET", "/api/v1/nothing", "", 404, ""},
		{"a method that is not there", "DELETE", "/api/v1/runs", "", 405, ""},
	} {
		res := api(t, tt.method, tt.path, tt.body)
		if res.StatusCode != tt.status || !strings.Contains(strings.ToLower(res.Body), strings.ToLower(tt.words)) {
			t.Errorf("%s: %d %s, want %d with the words %q", tt.name, res.StatusCode, res.Body, tt.status, tt.words)
		}
		if kind := res.Headers["Content-Type"]; kind != "application/problem+json" {
			t.Errorf("%s: the answer is %q, not a problem document", tt.name, kind)
		}
		if strings.Contains(res.Body, "goroutine") || strings.Contains(res.Body, ".go:") {
			t.Errorf("%s: the answer shows the program's inside: %s", tt.name, res.Body)
		}
	}
}
