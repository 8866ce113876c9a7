// Package functions_test drives the built Lambda binaries as AWS does: through
// the Runtime API, with the sample events of events/, against a local AWS.
package functions_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"debug/elf"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"uniview-bridge/pkg/platform/aws"
	"uniview-bridge/pkg/platform/aws/moto"
	"uniview-bridge/pkg/state"
)

// logical ids of the functions, by folder.
var logical = map[string]string{
	"sync":    "SyncFunction",
	"matcher": "MatcherFunction",
	"tickets": "TicketsFunction",
	"api":     "ApiFunction",
}

const (
	maxBinary = 16 << 20
	patience  = 60 * time.Second // for one answer, on a busy machine or under emulation
)

func TestMain(m *testing.M) {
	code := moto.Main(m)
	if onHost.folder != "" {
		_ = os.RemoveAll(onHost.folder)
	}
	os.Exit(code)
}

func long(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("builds and runs the Lambda binaries: only in the long part")
	}
}

// runtime is one Lambda Runtime API, serving one process at a time.
type runtime struct {
	server  *httptest.Server
	events  chan invocation
	answers chan answer
	gone    chan struct{} // a poll whose process went away
	count   int
}

type invocation struct {
	id      string
	payload []byte
}

// answer is what the process sent for an invocation, or its failure to start.
type answer struct {
	id      string
	payload []byte
	failed  bool // the payload describes an error
}

func newRuntime(t *testing.T) *runtime {
	t.Helper()
	r := &runtime{events: make(chan invocation), answers: make(chan answer, 16), gone: make(chan struct{}, 16)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", func(w http.ResponseWriter, req *http.Request) {
		select {
		case e := <-r.events:
			w.Header().Set("Lambda-Runtime-Aws-Request-Id", e.id)
			w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(patience).UnixMilli()))
			w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:123456789012:function:bridge")
			w.Header().Set("Lambda-Runtime-Trace-Id", "Root=1-6957e0b1-3f2a1c4d5e6f708192a3b4c5")
			_, _ = w.Write(e.payload)
		case <-req.Context().Done(): // a process that is gone must not take the next event with it
			r.gone <- struct{}{}
		}
	})
	take := func(failed bool) http.HandlerFunc {
		return func(w http.ResponseWriter, req *http.Request) {
			body, err := io.ReadAll(req.Body)
			if err != nil {
				return
			}
			r.answers <- answer{id: req.PathValue("id"), payload: body, failed: failed}
			w.WriteHeader(http.StatusAccepted)
		}
	}
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", take(false))
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", take(true))
	mux.HandleFunc("POST /2018-06-01/runtime/init/error", take(true))
	r.server = httptest.NewServer(mux)
	t.Cleanup(func() {
		r.server.CloseClientConnections()
		r.server.Close()
	})
	return r
}

// process is a started bootstrap.
type process struct {
	runtime *runtime
	ended   chan struct{}
	output  *bytes.Buffer // to be read when it has ended
	err     error         // how it ended
}

// start runs command as Lambda runs a bootstrap, with env and nothing else of ours.
func start(t *testing.T, env map[string]string, command ...string) *process {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	p := &process{runtime: newRuntime(t), output: &bytes.Buffer{}, ended: make(chan struct{})}
	c := exec.CommandContext(ctx, command[0], command[1:]...)
	c.Dir = t.TempDir()
	c.Env = []string{
		"AWS_LAMBDA_RUNTIME_API=" + strings.TrimPrefix(p.runtime.server.URL, "http://"),
		"AWS_LAMBDA_FUNCTION_NAME=bridge", "AWS_LAMBDA_FUNCTION_VERSION=$LATEST", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=512",
		"AWS_LAMBDA_LOG_FORMAT=JSON", "_HANDLER=bootstrap", "PATH=/usr/bin:/bin", "TZ=:UTC",
	}
	for name, value := range env {
		c.Env = append(c.Env, name+"="+value)
	}
	c.Stdout, c.Stderr = p.output, p.output
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = c.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		cancel()
		select {
		case <-p.ended:
		case <-time.After(patience):
			t.Error("the process did not end")
		}
		if t.Failed() {
			t.Logf("what it printed:\n%.4000s", p.output)
		}
	})
	return p
}

// invoke hands the process an event and waits for its answer.
func (p *process) invoke(t *testing.T, payload []byte) answer {
	t.Helper()
	p.runtime.count++
	event := invocation{id: fmt.Sprintf("request-%d", p.runtime.count), payload: payload}
	limit := time.After(patience)
	select {
	case p.runtime.events <- event:
	case a := <-p.runtime.answers:
		t.Fatalf("it failed to start: %s", a.payload)
	case <-p.ended:
		t.Fatalf("it ended before it took the event: %v", p.err)
	case <-limit:
		t.Fatal("it does not ask for events")
	}
	select {
	case a := <-p.runtime.answers:
		if a.id != event.id {
			t.Fatalf("an answer to %q, want one to %q", a.id, event.id)
		}
		return a
	case <-p.ended:
		t.Fatalf("it ended while it had the event: %v", p.err)
	case <-limit:
		t.Fatal("it does not answer")
	}
	return answer{}
}

// building serializes builds: in parallel they would only get into each other's way.
var building sync.Mutex

var onHost struct {
	sync.Once
	folder string
	err    error
}

// host builds the functions for this machine, once per test binary.
func host(t *testing.T, function string) string {
	t.Helper()
	onHost.Do(func() {
		building.Lock()
		defer building.Unlock()
		//nolint:usetesting // outlives the test: others run the same binaries
		if onHost.folder, onHost.err = os.MkdirTemp("", "bootstrap-"); onHost.err != nil {
			return
		}
		c := exec.Command("go", "build", "-tags", "lambda.norpc,nethttpomithttp2", "-o", onHost.folder, "./sync", "./matcher", "./tickets", "./api")
		c.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := c.CombinedOutput(); err != nil {
			onHost.err = fmt.Errorf("building for this machine: %w\n%s", err, out)
		}
	})
	if onHost.err != nil {
		t.Fatal(onHost.err)
	}
	return filepath.Join(onHost.folder, function)
}

// arm64 builds a function as a deployment does, by its Makefile target in the tree at root.
func arm64(t *testing.T, root, function string) string {
	t.Helper()
	building.Lock()
	defer building.Unlock()
	folder := t.TempDir()
	c := exec.Command("make", "-C", root, "build-"+logical[function], "ARTIFACTS_DIR="+folder)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("make build-%s: %v\n%s", logical[function], err, out)
	}
	return filepath.Join(folder, "bootstrap")
}

// sampleRun is the run that the samples name.
const sampleRun = "01JQ8Z6T5V3N9K4M2R7X1C0B8D"

// environment is a fresh stack's, on the local AWS, as the template gives it to a
// function. The table is the stack's; it holds the run that the samples name.
func environment(t *testing.T, function string) (env map[string]string, table state.Table) {
	t.Helper()
	server := moto.Start(t)
	stack := server.Stack(t, moto.QueueOptions{Visibility: time.Minute, MaxReceives: 5})
	env = map[string]string{
		"AWS_ENDPOINT_URL": server.Endpoint, "AWS_REGION": moto.Region, "AWS_DEFAULT_REGION": moto.Region,
		"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "made-up", "AWS_SESSION_TOKEN": "made-up",
		"BRIDGE_TABLE":           stack.Table,
		"BRIDGE_QUEUE_RUNS":      stack.Queues[state.RunsQueue],
		"BRIDGE_QUEUE_CUSTOMERS": stack.Queues[state.CustomersQueue],
		"BRIDGE_QUEUE_ALERTS":    stack.Queues[state.AlertsQueue],
		"BRIDGE_LOG_LEVEL":       "info",
	}
	vendors := map[string][]string{
		"sync": {"uniview", "itglue", "connectwise"}, "matcher": {"itglue"}, "tickets": {"connectwise"}, "api": {"uniview", "itglue", "connectwise"},
	}
	for _, vendor := range vendors[function] {
		upper := strings.ToUpper(vendor)
		env["BRIDGE_SECRET_"+upper] = stack.Secrets[vendor]
		env[upper+"_RATE"], env[upper+"_BURST"] = "1", "5"
		if vendor != "connectwise" {
			env[upper+"_API_URL"] = ""
		}
	}
	if function == "api" {
		env["BRIDGE_DLQ_RUNS"] = stack.DeadLetterQueues[state.RunsQueue]
		env["BRIDGE_DLQ_CUSTOMERS"] = stack.DeadLetterQueues[state.CustomersQueue]
		env["BRIDGE_DLQ_ALERTS"] = stack.DeadLetterQueues[state.AlertsQueue]
	}
	platform := aws.New(stack, server.Config())
	asked := state.Run{ID: sampleRun, Scope: state.ScopeDocumentation, By: "a person", State: state.Queued, Created: time.Now()}
	if _, err := state.SaveRun(t.Context(), platform, asked, state.New); err != nil {
		t.Fatal(err)
	}
	return env, platform
}

func sample(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "events", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// want judges an answer.
type want func(t *testing.T, a answer)

// invocationFails: the invocation itself failed, with an error that says these words.
func invocationFails(words ...string) want {
	return func(t *testing.T, a answer) {
		t.Helper()
		if !a.failed {
			t.Errorf("it answers %s, want an error", a.payload)
		}
		for _, word := range words {
			if !strings.Contains(string(a.payload), word) {
				t.Errorf("the error says nothing of %q: %s", word, a.payload)
			}
		}
	}
}

// succeeds: the invocation succeeded, whatever it says.
func succeeds(t *testing.T, a answer) {
	t.Helper()
	if a.failed {
		t.Errorf("the invocation failed: %s", a.payload)
	}
}

// failures: exactly these messages come again.
func failures(ids ...string) want {
	return func(t *testing.T, a answer) {
		t.Helper()
		succeeds(t, a)
		if bytes.Contains(a.payload, []byte("null")) {
			t.Errorf("AWS takes null for a malformed answer: %s", a.payload)
		}
		var response struct {
			BatchItemFailures []struct {
				ItemIdentifier string `json:"itemIdentifier"`
			} `json:"batchItemFailures"`
		}
		if err := json.Unmarshal(a.payload, &response); err != nil {
			t.Fatalf("%v: %s", err, a.payload)
		}
		got := []string{}
		for _, f := range response.BatchItemFailures {
			got = append(got, f.ItemIdentifier)
		}
		if !slices.Equal(got, ids) && len(got)+len(ids) > 0 {
			t.Errorf("failed messages %q, want %q", got, ids)
		}
	}
}

// status: the HTTP answer has this status, and a body that says these words.
func status(code int, words ...string) want {
	return func(t *testing.T, a answer) {
		t.Helper()
		succeeds(t, a)
		var response struct {
			StatusCode      int               `json:"statusCode"`
			Headers         map[string]string `json:"headers"`
			Body            string            `json:"body"`
			IsBase64Encoded bool              `json:"isBase64Encoded"`
		}
		if err := json.Unmarshal(a.payload, &response); err != nil {
			t.Fatalf("%v: %s", err, a.payload)
		}
		if response.StatusCode != code {
			t.Errorf("status %d, want %d: %.300s", response.StatusCode, code, response.Body)
		}
		for _, word := range words {
			if !strings.Contains(response.Body, word) && !strings.Contains(fmt.Sprint(response.Headers), word) {
				t.Errorf("the answer says nothing of %q: %.300s", word, a.payload)
			}
		}
	}
}

// consumes names the queue that feeds a function.
var consumes = map[string]string{"sync": state.RunsQueue, "matcher": state.CustomersQueue, "tickets": state.AlertsQueue}

// The message ids of the samples, in their order.
const (
	first  = "059f36b4-87a3-44ab-83d2-661975830a7d"
	second = "2e1424d4-f796-459a-8184-9c92662be6da"
	third  = "c80e8021-a70a-42c7-a470-796e1186f753"
)

// expected holds what each function answers to each of its samples, on a fresh
// stack without credentials. A sample that is missing here fails the test.
var expected = map[string]map[string]want{
	"sync": {
		"schedule-documentation.json":   succeeds,
		"schedule-alerts.json":          succeeds,
		"schedule-unknown-version.json": invocationFails("version"),
		"schedule-unknown-scope.json":   invocationFails("scope"),
		"runs.json":                     failures(),
		"runs-unknown-version.json":     failures(first),
		"runs-not-json.json":            failures(first),
	},
	"matcher": {
		"customers.json":                 failures(),
		"customers-batch.json":           failures(second, third),
		"customers-unknown-version.json": failures(first),
		"customers-not-json.json":        failures(first),
		"customers-wrong-types.json":     failures(first),
		"customers-no-customer.json":     failures(first),
	},
	"tickets": {
		"alerts.json":                 failures(),
		"alerts-batch.json":           failures(second, third),
		"alerts-unknown-version.json": failures(first),
		"alerts-not-json.json":        failures(first),
		"alerts-wrong-types.json":     failures(first),
		"alerts-no-customer.json":     failures(first),
	},
	"api": {
		"healthz.json":       status(http.StatusOK),
		"healthz-api.json":   status(http.StatusOK),
		"page.json":          status(http.StatusForbidden),
		"customers.json":     status(http.StatusForbidden, "application/problem+json"),
		"sync.json":          status(http.StatusForbidden, "application/problem+json"),
		"sync-base64.json":   status(http.StatusForbidden),
		"sync-not-json.json": status(http.StatusForbidden),
		"bad-base64.json":    status(http.StatusBadRequest),
		"payload-v1.json":    status(http.StatusForbidden), // as a request without a path
	},
}

func TestBinariesAnswerTheSampleEvents(t *testing.T) {
	long(t)
	t.Parallel()
	for function, cases := range expected {
		t.Run(function, func(t *testing.T) {
			t.Parallel()
			env, table := environment(t, function)
			p := start(t, env, host(t, function))
			files, err := filepath.Glob(filepath.Join("..", "events", function, "*.json"))
			if err != nil || len(files) == 0 {
				t.Fatalf("no sample events: %v", err)
			}
			for _, file := range files {
				name := filepath.Base(file)
				judge := cases[name]
				if judge == nil {
					t.Errorf("nobody says what %s answers to %s", function, name)
					continue
				}
				t.Run(name, func(t *testing.T) { judge(t, p.invoke(t, sample(t, filepath.Join(function, name)))) })
			}
			t.Run("not an event", func(t *testing.T) { invocationFails()(t, p.invoke(t, []byte(`"hello"`))) })
			if queue := consumes[function]; queue != "" {
				reasons, err := state.LetterReasons(t.Context(), table)
				if err != nil {
					t.Fatal(err)
				}
				if reasons[queue+"#"+first].Reason == "" {
					t.Errorf("no reason is kept for the malformed message: %+v", reasons)
				}
			}
		})
	}
}

func TestABinaryWithoutItsConfigurationSaysWhatIsMissing(t *testing.T) {
	long(t)
	t.Parallel()
	for function := range logical {
		t.Run(function, func(t *testing.T) {
			t.Parallel()
			env, _ := environment(t, function)
			delete(env, "BRIDGE_TABLE")
			p := start(t, env, host(t, function))
			select {
			case <-p.ended:
				if p.err == nil || !strings.Contains(p.output.String(), "BRIDGE_TABLE") {
					t.Errorf("it ended with %v and said %q, want words about BRIDGE_TABLE", p.err, p.output)
				}
			case a := <-p.runtime.answers:
				if !strings.Contains(string(a.payload), "BRIDGE_TABLE") {
					t.Errorf("it says %s, want words about BRIDGE_TABLE", a.payload)
				}
			case <-time.After(patience):
				t.Error("it runs without a table")
			}
		})
	}
}

func TestBinariesAreSmallStaticAndReproducible(t *testing.T) {
	long(t)
	t.Parallel()
	one := copyTree(t, "..")
	other := copyTree(t, one)
	for function := range logical {
		t.Run(function, func(t *testing.T) {
			t.Parallel()
			path := arm64(t, one, function)
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%s: %.1f MB, sha256 %.12x…", function, float64(len(data))/(1<<20), sha256.Sum256(data))
			if len(data) > maxBinary {
				t.Errorf("%d bytes, at most %d", len(data), maxBinary)
			}
			file, err := elf.NewFile(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			if file.Machine != elf.EM_AARCH64 || file.Class != elf.ELFCLASS64 {
				t.Errorf("built for %v", file.Machine)
			}
			for _, program := range file.Progs {
				if program.Type == elf.PT_INTERP || program.Type == elf.PT_DYNAMIC {
					t.Errorf("not static: it has a %v segment", program.Type)
				}
			}
			again, err := os.ReadFile(arm64(t, other, function))
			if err != nil {
				t.Fatal(err)
			}
			if sha256.Sum256(data) != sha256.Sum256(again) {
				t.Error("the same sources in another folder give other bytes")
			}
		})
	}
}

// copyTree copies what a build needs from a tree to another folder.
func copyTree(t *testing.T, root string) string {
	t.Helper()
	folder := t.TempDir()
	for _, name := range []string{"go.mod", "go.sum", "Makefile", "functions", "pkg"} {
		if out, err := exec.Command("cp", "-r", filepath.Join(root, name), folder).CombinedOutput(); err != nil {
			t.Fatalf("copying %s: %v: %s", name, err, out)
		}
	}
	return folder
}

func TestTheArm64BinariesRun(t *testing.T) {
	long(t)
	t.Parallel()
	qemu, err := exec.LookPath("qemu-aarch64-static")
	if err != nil {
		t.Skip("SKIPPED: qemu-aarch64-static is missing (apt-get install qemu-user-static), so the arm64 binaries are built but not run here")
	}
	smoke := map[string]string{
		"sync": "runs-unknown-version.json", "matcher": "customers-not-json.json", "tickets": "alerts-not-json.json", "api": "healthz.json",
	}
	for function, event := range smoke {
		t.Run(function, func(t *testing.T) {
			t.Parallel()
			env, _ := environment(t, function)
			p := start(t, env, qemu, arm64(t, "..", function))
			expected[function][event](t, p.invoke(t, sample(t, filepath.Join(function, event))))
		})
	}
}

// The harness itself: a process that dies while it polls must not swallow the next event.
func TestTheRuntimeAPIForgetsProcessesThatAreGone(t *testing.T) {
	t.Parallel()
	r := newRuntime(t)
	connection, err := net.Dial("tcp", r.server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprint(connection, "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: runtime\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := connection.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-r.gone:
	case <-time.After(patience):
		t.Fatal("the closed connection was not noticed")
	}
	got := make(chan string, 1)
	go func() {
		answer, err := http.Get(r.server.URL + "/2018-06-01/runtime/invocation/next")
		if err != nil {
			got <- err.Error()
			return
		}
		defer answer.Body.Close()
		body, _ := io.ReadAll(answer.Body)
		got <- string(body)
	}()
	select {
	case r.events <- invocation{id: "1", payload: []byte("the event")}:
	case <-time.After(patience):
		t.Fatal("nobody took the event")
	}
	select {
	case body := <-got:
		if body != "the event" {
			t.Errorf("the living process got %q", body)
		}
	case <-time.After(patience):
		t.Fatal("the event was swallowed")
	}
}
