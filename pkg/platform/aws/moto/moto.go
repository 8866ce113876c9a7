// Package moto gives tests an AWS that runs on this machine: a moto server
// (python3 -m moto.server), started once per test binary on a free loopback port
// and ended with it, whatever way it ends. Only tests import it.
//
// Where python3 or moto is absent tests skip and say so, except in CI (CI=true),
// where that is a failure.
//
// What moto does otherwise than AWS, so that nobody takes it for proven here: it
// accepts batches over the limit and with repeated keys, forgets the deduplication ids
// of handled messages, never throttles, never leaves a part of a batch undone, and
// expires nothing.
package moto

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// Region is where everything lies.
const Region = "us-east-1"

// startWithin bounds the start on a slow, busy machine; it takes half a second otherwise.
const startWithin = time.Minute

// program runs moto.server as python3 -m does and ends when its standard input does,
// that is, when the test binary has ended, even by a kill. DynamoDB gets a lock: without
// one, moto's condition and its write are two steps, and two writers can win under load.
const program = `
import os, runpy, sys, threading
from moto.dynamodb.responses import DynamoHandler
threading.Thread(target=lambda: (sys.stdin.buffer.read(), os._exit(0)), daemon=True).start()
lock, unlocked = threading.RLock(), DynamoHandler.call_action
def call_action(self):
    with lock:
        return unlocked(self)
DynamoHandler.call_action = call_action
sys.argv = ["moto.server", "-H", "127.0.0.1", "-p", "0"]
runpy.run_module("moto.server", run_name="__main__")
`

// Server is a running moto server.
type Server struct {
	// Endpoint is its address: http://127.0.0.1:port.
	Endpoint string

	command *exec.Cmd
	stdin   io.Closer
}

var (
	mu      sync.Mutex
	started *Server
	failed  error
)

// waiting is how many parallel tests may run at once: more than there are processors,
// because tests of queues mostly wait for a visibility to end.
const waiting = "12"

// Main runs a package's tests and ends the server that they may have started. Use:
//
//	func TestMain(m *testing.M) { os.Exit(moto.Main(m)) }
//
// More parallel tests run at once than usual, unless -parallel says how many.
func Main(m *testing.M) int {
	flag.Parse()
	chosen := false
	flag.Visit(func(f *flag.Flag) { chosen = chosen || f.Name == "test.parallel" })
	if !chosen {
		if err := flag.Set("test.parallel", waiting); err != nil {
			panic(err) // the testing package has no such flag any more
		}
	}
	code := m.Run()
	mu.Lock()
	defer mu.Unlock()
	if started != nil {
		started.stop()
		started = nil
	}
	return code
}

// Start gives the test binary's server, starting it at the first call. It skips the
// test in a short run and where moto is absent; in CI an absent moto fails it.
func Start(t testing.TB) *Server {
	t.Helper()
	if testing.Short() {
		t.Skip("what needs a moto server is part of the long run")
	}
	mu.Lock()
	defer mu.Unlock()
	if started == nil && failed == nil {
		started, failed = start()
	}
	if failed == nil {
		return started
	}
	message := fmt.Sprintf("no moto server, so nothing of AWS is tested here (pip install 'moto[server]' provides it): %v", failed)
	if ci, _ := strconv.ParseBool(os.Getenv("CI")); ci {
		t.Fatal(message)
	}
	t.Skip(message)
	return nil
}

// Config is an SDK configuration for the server with made-up credentials. A request is
// repeated only when its connection broke, which moto's server does to idle ones now and
// then: no refusal of AWS hides behind a repetition.
func (s *Server) Config() awssdk.Config {
	return awssdk.Config{
		Region:       Region,
		BaseEndpoint: awssdk.String(s.Endpoint),
		Credentials:  credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "made-up", ""),
		Retryer: func() awssdk.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) {
				o.Retryables = []retry.IsErrorRetryable{retry.RetryableConnectionError{}}
			})
		},
	}
}

func start() (*Server, error) {
	python, err := interpreter()
	if err != nil {
		return nil, err
	}
	s := &Server{command: exec.Command(python, "-c", program)}
	s.stdin, err = s.command.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("prepare moto: %w", err)
	}
	// A pipe of our own: the command's would be closed with the command, and cut its last words.
	output, input, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("prepare moto: %w", err)
	}
	s.command.Stdout, s.command.Stderr = input, input
	err = s.command.Start()
	input.Close() // the server's copy is what counts
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start moto: %w", err), output.Close())
	}
	address := make(chan string, 1)
	go watch(output, address)
	select {
	case words := <-address:
		if strings.HasPrefix(words, "http://") {
			s.Endpoint = words
			return s, nil
		}
		err = fmt.Errorf("moto ended at once: %s", words)
	case <-time.After(startWithin):
		err = fmt.Errorf("moto did not start within %v", startWithin)
	}
	s.stop()
	return nil, err
}

// interpreter finds the real interpreter: python3 may be a shim that starts another process.
func interpreter() (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), startWithin)
	defer cancel()
	out, err := exec.CommandContext(ctx, "python3", "-c", "import sys; print(sys.executable)").Output()
	if err != nil {
		return "", fmt.Errorf("look for python3: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

var running = regexp.MustCompile(`Running on (http://127\.0\.0\.1:\d+)`)

// watch tells the address that the server prints, or its last words when it ends
// before, and reads on, so that it is never held up by a full pipe.
func watch(output io.ReadCloser, address chan<- string) {
	defer output.Close()
	var last string
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if found := running.FindStringSubmatch(lines.Text()); found != nil {
			address <- found[1]
			_, _ = io.Copy(io.Discard, output) // ends with the server
			return
		}
		last = lines.Text()
	}
	address <- last
}

func (s *Server) stop() {
	_ = s.stdin.Close()
	_ = s.command.Process.Kill()
	_ = s.command.Wait()
}
