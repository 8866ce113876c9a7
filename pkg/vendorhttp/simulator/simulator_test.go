package simulator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var epoch = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// toy is the smallest sandbox: it counts what it was made to do.
type toy struct {
	*Front
	clock   *Clock
	done    atomic.Int32
	revoked atomic.Bool
}

const brownout FaultKind = "brownout" // the toy's own

func newToy() *toy {
	s := &toy{clock: NewClock(epoch)}
	s.Front = New(Config{
		Now: s.clock.Now, Sleep: s.clock.Sleep,
		Route: func(x *Exchange) func() Reply {
			if !strings.HasPrefix(x.HTTP.URL.Path, "/things") {
				return func() Reply { return Reply{Status: 404} }
			}
			x.Op, x.Path = "things", "below"+x.HTTP.URL.Path
			return func() Reply {
				s.done.Add(1)
				if s.revoked.Load() {
					return Reply{Status: 401}
				}
				r := text(200, "application/json", `{"things":"`+string(x.Body)+`"}`)
				r.Rows = 1
				if _, empty := x.Hit(EmptyList); empty {
					r.Rows = 0
				}
				return r
			}
		},
		Refusal: func(f Fault) Reply { return text(f.Status, "application/json", `{"no":true}`) },
		Applies: func(f Fault, x *Exchange) bool { return f.Kind != EmptyList || x.HTTP.Method == http.MethodGet },
		Before: func(f Fault, _ *Exchange) (Reply, bool) {
			switch f.Kind {
			case Revoke:
				s.revoked.Store(true)
			case brownout:
				return text(504, "text/plain", "brown"), true
			}
			return Reply{}, false
		},
		Replaces: []FaultKind{brownout},
	})
	return s
}

// ask sends one request and tells its outcome in a line.
func ask(t *testing.T, client *http.Client, method, url, body string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.GetBody = nil
	res, err := client.Do(req)
	if err != nil {
		return "no answer"
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	switch {
	case err != nil:
		return fmt.Sprintf("%d cut %q", res.StatusCode, b)
	case res.Header.Get("Retry-After") != "":
		return fmt.Sprintf("%d %q after %s", res.StatusCode, b, res.Header.Get("Retry-After"))
	}
	return fmt.Sprintf("%d %q", res.StatusCode, b)
}

const page503 = "<html>\n<head><title>503 Service Unavailable</title></head>\n<body><center><h1>503 Service Unavailable</h1></center></body>\n</html>\n"

func TestEveryFaultBothOverSocketsAndInProcess(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fault Fault
		want  string
		done  int32 // whether the request was carried out
	}{
		"none":                                 {Fault{Kind: Latency}, `200 "{\"things\":\"x\"}"`, 1},
		"a reset before the request is done":   {Fault{Kind: ResetBefore}, "no answer", 0},
		"a reset after the request is done":    {Fault{Kind: ResetAfter}, "no answer", 1},
		"an answer that is cut":                {Fault{Kind: Truncate}, `200 cut "{\"thing"`, 1},
		"a cut that looks like the end":        {Fault{Kind: Truncate, Clean: true}, `200 "{\"thing"`, 1},
		"503 when nothing else is said":        {Fault{Kind: Status}, `503 "{\"no\":true}"`, 0},
		"429 with the time to wait":            {Fault{Kind: Status, Status: 429, RetryAfter: 7}, `429 "{\"no\":true}" after 7`, 0},
		"a header of its own":                  {Fault{Kind: Status, Status: 429, Header: http.Header{"retry-after": {"soon"}}}, `429 "{\"no\":true}" after soon`, 0},
		"a gateway's page":                     {Fault{Kind: Status, HTML: true}, fmt.Sprintf("503 %q", page503), 0},
		"a page with its own words":            {Fault{Kind: Status, Status: 500, HTML: true, Body: "<p>"}, `500 "<p>"`, 0},
		"a body with its own words":            {Fault{Kind: Status, Status: 500, Body: "down"}, `500 "down"`, 0},
		"revoked credentials":                  {Fault{Kind: Revoke}, `401 ""`, 1},
		"a kind that only the sandbox knows":   {Fault{Kind: brownout}, `504 "brown"`, 0},
		"a fault for another method":           {Fault{Kind: Status, Method: "GET"}, `200 "{\"things\":\"x\"}"`, 1},
		"a fault for another operation":        {Fault{Kind: Status, Op: "people"}, `200 "{\"things\":\"x\"}"`, 1},
		"a fault for this operation":           {Fault{Kind: Status, Op: "things", Method: "POST"}, `503 "{\"no\":true}"`, 0},
		"a fault for another path":             {Fault{Kind: Status, PathPrefix: "/things"}, `200 "{\"things\":\"x\"}"`, 1},
		"a fault for the path the sandbox set": {Fault{Kind: Status, PathPrefix: "below/things"}, `503 "{\"no\":true}"`, 0},
		"a fault that comes later":             {Fault{Kind: Status, Skip: 1}, `200 "{\"things\":\"x\"}"`, 1},
		"a fault that the sandbox narrows":     {Fault{Kind: EmptyList}, `200 "{\"things\":\"x\"}"`, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			overSocket, inProcess := newToy(), newToy()
			srv := httptest.NewServer(overSocket)
			defer srv.Close()
			overSocket.Inject(tt.fault)
			inProcess.Inject(tt.fault)
			for way, got := range map[string]string{
				"over a socket": ask(t, srv.Client(), "POST", srv.URL+"/things/1", "x"),
				"in process":    ask(t, &http.Client{Transport: inProcess.Transport()}, "POST", "https://vendor.example/things/1", "x"),
			} {
				if got != tt.want {
					t.Errorf("%s: got %s, want %s", way, got, tt.want)
				}
			}
			if d := overSocket.done.Load(); d != tt.done || inProcess.done.Load() != tt.done {
				t.Errorf("carried out %d and %d times, want %d", d, inProcess.done.Load(), tt.done)
			}
		})
	}
}

func TestFaultsFollowOneAnotherAndAreUsedUp(t *testing.T) {
	t.Parallel()
	s := newToy()
	client := &http.Client{Transport: s.Transport()}
	s.Inject(Fault{Kind: Status, Status: 500, Skip: 1, Times: 2})
	s.Inject(Fault{Kind: Status, Status: 429, Times: 2})
	s.Inject(Fault{Kind: brownout, Times: 1})
	s.Inject(Fault{Kind: Truncate, Times: 1}) // does not stand in for the answer: it is counted with the first
	var got []string
	for range 7 {
		status, _, _ := strings.Cut(ask(t, client, "GET", "http://vendor.example/things", ""), " ")
		got = append(got, status)
	}
	if d := cmp.Diff([]string{"429", "500", "500", "429", "504", "200", "200"}, got); d != "" {
		t.Error(d)
	}
	s.Inject(Fault{Kind: ResetBefore})
	for range 3 {
		if got := ask(t, client, "GET", "http://vendor.example/things", ""); got != "no answer" {
			t.Error(got)
		}
	}
	s.ClearFaults()
	if got := ask(t, client, "GET", "http://vendor.example/things", ""); !strings.HasPrefix(got, "200") {
		t.Errorf("after the faults were cleared: %s", got)
	}
}

func TestLatencyPassesTheSandboxesClockAndEndsWithTheRequest(t *testing.T) {
	t.Parallel()
	s := newToy()
	client := &http.Client{Transport: s.Transport()}
	s.Inject(Fault{Kind: Latency, Delay: time.Hour, Times: 1})
	s.Inject(Fault{Kind: Status, Status: 502, Delay: time.Minute, Times: 1})
	ask(t, client, "GET", "http://vendor.example/things", "")
	if d := s.clock.Now().Sub(epoch); d != time.Hour+time.Minute {
		t.Errorf("%v passed", d)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s.c.Sleep = func(context.Context, time.Duration) error { cancel(); return ctx.Err() }
	s.Inject(Fault{Kind: Latency, Delay: time.Second})
	req, _ := http.NewRequestWithContext(ctx, "POST", "http://vendor.example/things", nil)
	if _, err := s.Transport().RoundTrip(req); !errors.Is(err, context.Canceled) || s.done.Load() != 0 {
		t.Errorf("got %v, carried out %d times", err, s.done.Load())
	}
	if _, err := s.Transport().RoundTrip(req); !errors.Is(err, context.Canceled) {
		t.Errorf("a request whose context has ended: %v", err)
	}
}

func TestALostConnectionLooksLikeOne(t *testing.T) {
	t.Parallel()
	s := newToy()
	s.Inject(Fault{Kind: ResetBefore})
	req, _ := http.NewRequest("GET", "https://vendor.example/things", nil)
	if _, err := s.Transport().RoundTrip(req); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("got %v", err)
	}
}

func TestTheLogNamesEveryRequest(t *testing.T) {
	t.Parallel()
	s := newToy()
	client := &http.Client{Transport: s.Transport()}
	ask(t, client, "GET", "http://vendor.example/things?q=1", "")
	s.Inject(Fault{Kind: ResetAfter, Times: 1})
	ask(t, client, "POST", "http://vendor.example/things", "x")
	s.clock.Advance(time.Second)
	ask(t, client, "GET", "http://vendor.example/nowhere", "")
	want := []Logged{
		{Time: epoch, Method: "GET", Path: "/things", Query: "q=1", Status: 200, Op: "things", Rows: 1},
		{Time: epoch, Method: "POST", Path: "/things", Op: "things", Fault: ResetAfter},
		{Time: epoch.Add(time.Second), Method: "GET", Path: "/nowhere", Status: 404},
	}
	if d := cmp.Diff(want, s.Requests()); d != "" {
		t.Error(d)
	}
	s.ResetRequests()
	if n := len(s.Requests()); n != 0 {
		t.Errorf("%d after reset", n)
	}
	// Of very many only the latest are kept.
	x := &Exchange{HTTP: httptest.NewRequest("GET", "/", nil)}
	for i := range maxLog + 1 {
		s.record(x, Reply{Status: i})
	}
	if log := s.Requests(); len(log) != maxLog/2+1 || log[len(log)-1].Status != maxLog {
		t.Errorf("%d kept", len(log))
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	s := newToy()
	client := &http.Client{Transport: s.Transport()}
	s.Inject(Fault{Kind: Status, Times: 30})
	var failed atomic.Int32
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			for range 10 {
				if strings.HasPrefix(ask(t, client, "GET", "http://vendor.example/things", ""), "503") {
					failed.Add(1)
				}
				s.Inject(Fault{Kind: Latency, Times: 1, Delay: time.Second})
				s.Requests()
			}
		})
	}
	wg.Wait()
	if failed.Load() != 30 || len(s.Requests()) != 100 {
		t.Errorf("%d failed of %d", failed.Load(), len(s.Requests()))
	}
}

func TestTheClockMovesOnlyByHand(t *testing.T) {
	t.Parallel()
	c := NewClock(epoch)
	c.Advance(time.Hour)
	c.Set(c.Now().Add(-2 * time.Hour))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Sleep(ended, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if err := c.Sleep(t.Context(), time.Minute); err != nil || !c.Now().Equal(epoch.Add(-time.Hour+time.Minute)) {
		t.Errorf("%v, %v", c.Now(), err)
	}
}

func TestAWindowCountsWhatItAdmits(t *testing.T) {
	t.Parallel()
	w := &Window{Limit: 2, Per: time.Minute}
	for _, tt := range []struct{ at, want time.Duration }{
		{0, 0},
		{10 * time.Second, 0},
		{20 * time.Second, 40 * time.Second}, // turned away, not counted
		{60 * time.Second, 0},                // the first has left
		{61 * time.Second, 9 * time.Second},
		{70 * time.Second, 0},
	} {
		if got := w.Admit(epoch.Add(tt.at)); got != tt.want {
			t.Errorf("at %v: wait %v, want %v", tt.at, got, tt.want)
		}
	}
}
