package aws_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"uniview-bridge/pkg/platform/aws"
	"uniview-bridge/pkg/platform/aws/moto"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/state/statetest"
)

// scripted answers an SDK's requests one after the other; the last answer repeats.
// It gives the platform and the requests seen so far.
func scripted(t *testing.T, status int, answers ...string) (p *aws.Platform, seen func() []string) {
	t.Helper()
	requests := make(chan string, 100)
	var n atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		requests <- r.Header.Get("X-Amz-Target") + " " + string(body)
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answers[min(int(n.Add(1)), len(answers))-1])
	}))
	t.Cleanup(server.Close)
	return aws.New(stubbed, stubConfig(server.URL)), func() []string {
		var all []string
		for len(requests) > 0 {
			all = append(all, <-requests)
		}
		return all
	}
}

func stubConfig(endpoint string) awssdk.Config {
	return awssdk.Config{
		Region: moto.Region, BaseEndpoint: &endpoint,
		Credentials: credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "made-up", ""),
		Retryer:     func() awssdk.Retryer { return awssdk.NopRetryer{} },
	}
}

const account = "123456789012"

var stubbed = aws.Config{
	Table:            "table-of-" + account,
	Queues:           map[string]string{state.RunsQueue: "https://sqs/" + account + "/runs", state.CustomersQueue: "https://sqs/" + account + "/customers.fifo"},
	DeadLetterQueues: map[string]string{state.RunsQueue: "https://sqs/" + account + "/runs-dead", state.CustomersQueue: "https://sqs/" + account + "/customers-dead.fifo"},
	Secrets:          map[string]string{"uniview": "arn:aws:secretsmanager:us-east-1:" + account + ":secret:uniview-AbCdEf"},
}

var key = state.Key{PK: "p", SK: "s"}

// calls makes every kind of call, by its name.
func calls(ctx context.Context, p *aws.Platform) map[string]error {
	errs := map[string]error{}
	_, errs["get"] = p.Get(ctx, key)
	_, errs["get many"] = p.GetMany(ctx, []state.Key{key})
	_, errs["create"] = p.Put(ctx, state.Item{Key: key})
	_, errs["put any"] = p.Put(ctx, state.Item{Key: key, Version: state.Any})
	errs["delete"] = p.Delete(ctx, key, 1)
	_, errs["query"] = p.Query(ctx, state.Query{PK: "p"})
	errs["send"] = p.Send(ctx, state.RunsQueue, state.Outgoing{Body: []byte("x")})
	_, errs["letters"] = p.Letters(ctx, state.RunsQueue, 1)
	errs["replay"] = p.Replay(ctx, state.RunsQueue, "id")
	_, errs["get secret"] = p.Secrets().Get(ctx, "uniview")
	_, errs["put secret"] = p.Secrets().Put(ctx, "uniview", []byte(`{"key":"hunter2"}`))
	return errs
}

func TestErrorsKeepOnlyCodeAndOperation(t *testing.T) {
	t.Parallel()
	hidden := []string{account, "arn:", "hunter2", "127.0.0.1", "https:", "AKIA", "assumed-role"}
	check := func(t *testing.T, p *aws.Platform, code string) {
		t.Helper()
		for what, err := range calls(t.Context(), p) {
			var typed *aws.Error
			if !errors.As(err, &typed) || typed.Code != code || typed.Op == "" {
				t.Errorf("%s: got error %v, want one of code %s", what, err, code)
				continue
			}
			for _, s := range hidden {
				if strings.Contains(err.Error(), s) {
					t.Errorf("%s: the error shows %q: %v", what, s, err)
				}
			}
		}
	}
	t.Run("of a call that AWS refused", func(t *testing.T) {
		t.Parallel()
		p, _ := scripted(t, http.StatusBadRequest, `{"__type":"com.amazon#AccessDeniedException",
			"message":"User: arn:aws:sts::`+account+`:assumed-role/x is not authorized to perform: hunter2"}`)
		check(t, p, "AccessDeniedException")
	})
	t.Run("of a call that nobody answered", func(t *testing.T) {
		t.Parallel()
		server := httptest.NewServer(http.NotFoundHandler())
		server.Close()
		check(t, aws.New(stubbed, stubConfig(server.URL)), "NoAnswer")
	})
	t.Run("of a call whose error code is hostile", func(t *testing.T) {
		t.Parallel()
		p, _ := scripted(t, http.StatusBadRequest, `{"__type":"Odd\narn:aws:`+account+`"}`)
		for what, err := range calls(t.Context(), p) {
			if err == nil || strings.ContainsAny(err.Error(), "\n") || strings.Contains(err.Error(), account) {
				t.Errorf("%s: got error %q", what, err)
			}
		}
	})
	t.Run("of a call whose context ended", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		p, _ := scripted(t, http.StatusOK, "{}")
		for what, err := range calls(ctx, p) {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%s: got error %v, want context.Canceled", what, err)
			}
		}
	})
}

func TestUnprocessedKeysAreAskedForAgain(t *testing.T) {
	t.Parallel()
	const item = `{"pk":{"S":"p"},"sk":{"S":"s"},"version":{"N":"3"},"data":{"B":"eA=="}}`
	none := `{"Responses":{},"UnprocessedKeys":{"` + stubbed.Table + `":{"Keys":[{"pk":{"S":"p"},"sk":{"S":"s"}}]}}}`
	p, seen := scripted(t, http.StatusOK, none, none, `{"Responses":{"`+stubbed.Table+`":[`+item+`]}}`)
	got, err := p.GetMany(t.Context(), []state.Key{key, key})
	if err != nil {
		t.Fatal(err)
	}
	if it := got[key]; len(got) != 1 || it.Version != 3 || string(it.Data) != "x" {
		t.Errorf("got %v", got)
	}
	requests := seen()
	if len(requests) != 3 {
		t.Errorf("%d requests, want 3", len(requests))
	}
	for _, r := range requests {
		if strings.Count(r, `"sk"`) != 1 || !strings.Contains(r, `"ConsistentRead":true`) {
			t.Errorf("request %s: want one key, read consistently", r)
		}
	}
}

func TestRefusedEntriesOfABatchAreSentAgain(t *testing.T) {
	t.Parallel()
	out := []state.Outgoing{{Body: []byte("one")}, {Body: []byte("two")}}
	t.Run("when SQS was at fault", func(t *testing.T) {
		t.Parallel()
		p, seen := scripted(t, http.StatusOK,
			`{"Successful":[],"Failed":[{"Id":"1","Code":"InternalError","SenderFault":false}]}`, `{"Successful":[],"Failed":[]}`)
		if err := p.Send(t.Context(), state.RunsQueue, out...); err != nil {
			t.Fatal(err)
		}
		requests := seen()
		if len(requests) != 2 || !strings.Contains(requests[1], "two") || strings.Contains(requests[1], "one") {
			t.Errorf("requests %q, want the second message alone in a second one", requests)
		}
	})
	t.Run("but not when we were", func(t *testing.T) {
		t.Parallel()
		p, seen := scripted(t, http.StatusOK, `{"Failed":[{"Id":"0","Code":"InvalidMessageContents","SenderFault":true}]}`)
		err := p.Send(t.Context(), state.RunsQueue, out...)
		if err == nil || !strings.Contains(err.Error(), "InvalidMessageContents") || len(seen()) != 1 {
			t.Errorf("got error %v, want InvalidMessageContents after one request", err)
		}
	})
}

// lossy performs requests and loses the answer to the first of an operation.
type lossy struct {
	operation string
	lost      atomic.Bool
}

func (l *lossy) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil || !strings.HasSuffix(r.Header.Get("X-Amz-Target"), l.operation) || l.lost.Swap(true) {
		return answer, err
	}
	return nil, errors.Join(errors.New("connection reset"), answer.Body.Close())
}

func TestALostAnswerDoesNotLoseAgainstItself(t *testing.T) {
	t.Parallel()
	server := moto.Start(t)
	config := server.Config()
	config.HTTPClient = &http.Client{Transport: &lossy{operation: "PutItem"}}
	config.Retryer = func() awssdk.Retryer {
		return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = time.Millisecond })
	}
	table := server.Table(t)
	p := aws.New(aws.Config{Table: table}, config)
	item, err := p.Put(t.Context(), state.Item{Key: key, Data: []byte("mine")})
	if err != nil || item.Version != 1 {
		t.Fatalf("create whose first answer was lost: version %d and error %v, want 1 and none", item.Version, err)
	}
	if !config.HTTPClient.(*http.Client).Transport.(*lossy).lost.Load() {
		t.Fatal("no answer was lost")
	}
	if _, err = p.Put(t.Context(), state.Item{Key: key, Data: []byte("mine")}); !errors.Is(err, state.ErrConflict) {
		t.Errorf("a second create with the same data: got error %v, want ErrConflict", err)
	}
}

// refusing fails every request of an operation.
type refusing struct{ operation string }

func (f refusing) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.Header.Get("X-Amz-Target"), f.operation) {
		return nil, errors.New("connection refused")
	}
	return http.DefaultTransport.RoundTrip(r)
}

func TestReplayRemovesOnlyWhatItSent(t *testing.T) {
	t.Parallel()
	server := moto.Start(t)
	queues, dead := server.Queues(t, moto.QueueOptions{Visibility: visibility, MaxReceives: 1})
	stack := aws.Config{Queues: queues, DeadLetterQueues: dead}
	p := aws.New(stack, server.Config())
	// A letter, sent to the dead-letter queue directly.
	toDead := aws.New(aws.Config{Queues: dead}, server.Config())
	if err := toDead.Send(t.Context(), state.CustomersQueue, state.Outgoing{Body: []byte("x"), Group: "g", DedupID: "d"}); err != nil {
		t.Fatal(err)
	}
	letter := func() string {
		t.Helper()
		letters, err := p.Letters(t.Context(), state.CustomersQueue, 10)
		if err != nil || len(letters) != 1 {
			t.Fatalf("%d letters and error %v, want 1 and none", len(letters), err)
		}
		return letters[0].ID
	}
	id := letter()
	for _, operation := range []string{"SendMessageBatch", "DeleteMessage"} {
		config := server.Config()
		config.HTTPClient = &http.Client{Transport: refusing{operation}}
		err := aws.New(stack, config).Replay(t.Context(), state.CustomersQueue, id)
		if err == nil || errors.Is(err, state.ErrNotFound) {
			t.Fatalf("replay with a failing %s: got error %v", operation, err)
		}
		if got := letter(); got != id {
			t.Errorf("after a failing %s: letter %s, want %s", operation, got, id)
		}
	}
	if err := p.Replay(t.Context(), state.CustomersQueue, id); err != nil {
		t.Fatal(err)
	}
	// Sent twice under one deduplication id: handed out once.
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var got atomic.Int64
	err := consumer(server, queues)(ctx, state.CustomersQueue, statetest.ConsumeOptions{}, func(_ context.Context, batch []statetest.Message) ([]string, error) {
		got.Add(int64(len(batch)))
		time.AfterFunc(visibility+visibility/2, cancel)
		return nil, nil
	})
	if err != nil || got.Load() != 1 {
		t.Errorf("handed out %d times with error %v, want once and none", got.Load(), err)
	}
}

func TestALetterThatSomeoneReadsIsNotCalledMissing(t *testing.T) {
	t.Parallel()
	// Nothing to receive, two letters counted.
	p, _ := scripted(t, http.StatusOK, `{}`,
		`{"Attributes":{"ApproximateNumberOfMessages":"0","ApproximateNumberOfMessagesNotVisible":"2"}}`)
	err := p.Replay(t.Context(), state.RunsQueue, "id")
	if err == nil || errors.Is(err, state.ErrNotFound) || !strings.Contains(err.Error(), "try again in a minute") {
		t.Errorf("got error %v, want one that says to try again", err)
	}
}
