// Package aws is the platform of an AWS account: the table in DynamoDB, the queues
// in SQS, the secrets in Secrets Manager.
//
// The table has the string keys pk and sk and the attributes version (number),
// expires (number, epoch seconds, the table's TTL attribute), data (binary) and write
// (binary, a mark of the last write). Reads are strongly consistent. The SDK may
// repeat a request whose answer was lost; the mark tells a conditional write that
// lost against itself from one that lost against another writer.
//
// Everything that the stand-ins let through though AWS refuses it is checked before
// sending. Errors keep the AWS error code and the operation and nothing else: no
// ARN, account id, request or endpoint.
package aws

import (
	"context"
	"errors"
	"fmt"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"

	"uniview-bridge/pkg/state"
)

// Config names the resources of the stack.
type Config struct {
	// Table is the name of the DynamoDB table.
	Table string
	// Queues are queue URLs by logical name (state.RunsQueue, …). A URL that ends
	// in .fifo is a FIFO queue.
	Queues map[string]string
	// DeadLetterQueues are the URLs of their dead-letter queues, by the same names.
	DeadLetterQueues map[string]string
	// Secrets are ARNs or names of secrets by connection kind.
	Secrets map[string]string
	// Now is the time by which items expire; time.Now when nil.
	Now func() time.Time
}

// Platform is a state.Table, state.Sender and state.DeadLetters; Secrets gives its
// state.Secrets. A part that Config leaves out answers every call with an error.
type Platform struct {
	config  Config
	dynamo  dynamoCalls
	sqs     sqsCalls
	secrets *Secrets
	// pause waits between repetitions; attempt counts from 0.
	pause func(ctx context.Context, attempt int) error
}

var (
	_ state.Table       = (*Platform)(nil)
	_ state.Sender      = (*Platform)(nil)
	_ state.DeadLetters = (*Platform)(nil)
)

// New makes the clients; it calls nothing.
func New(config Config, sdk awssdk.Config) *Platform {
	if config.Now == nil {
		config.Now = time.Now
	}
	return &Platform{
		config:  config,
		dynamo:  callDynamo(dynamodb.NewFromConfig(sdk)),
		sqs:     callSQS(sqs.NewFromConfig(sdk)),
		secrets: &Secrets{client: callSecrets(secretsmanager.NewFromConfig(sdk)), ids: config.Secrets},
		pause:   pause,
	}
}

// Secrets gives the secrets.
func (p *Platform) Secrets() *Secrets { return p.secrets }

// repetitions bounds how often the rest of a batch that AWS took in part is sent again.
const repetitions = 8

// pause waits 25 ms, doubled with each attempt.
func pause(ctx context.Context, attempt int) error {
	timer := time.NewTimer(25 * time.Millisecond << attempt)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// Error is a failed AWS call.
type Error struct {
	Op   string // service and operation: "dynamodb PutItem"
	Code string // the AWS error code, or Canceled, DeadlineExceeded, NoAnswer

	ended error // the context's error, when that was the cause
}

func (e *Error) Error() string {
	if e.Code == codeNoAnswer {
		return e.Op + ": no answer from AWS"
	}
	return e.Op + ": " + e.Code
}

// Unwrap gives context.Canceled or context.DeadlineExceeded when the call's context ended.
func (e *Error) Unwrap() error { return e.ended }

const codeNoAnswer = "NoAnswer"

// failure reduces err, of the operation op, to what may be shown.
func failure(op string, err error) error {
	var api smithy.APIError
	switch {
	case errors.Is(err, context.Canceled):
		return &Error{Op: op, Code: "Canceled", ended: context.Canceled}
	case errors.Is(err, context.DeadlineExceeded):
		return &Error{Op: op, Code: "DeadlineExceeded", ended: context.DeadlineExceeded}
	case errors.As(err, &api):
		return &Error{Op: op, Code: plainCode(api.ErrorCode())}
	default:
		return &Error{Op: op, Code: codeNoAnswer}
	}
}

// plainCode cuts an error code to the characters that codes are made of: it comes
// from outside and goes into logs.
func plainCode(code string) string {
	for i, r := range code {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		if (!letter && r != '.' && r != '_') || i >= 80 {
			code = code[:i]
			break
		}
	}
	if code == "" {
		return "UnknownError"
	}
	return code
}

// hasCode says whether err is an AWS error of that code.
func hasCode(err error, code string) bool {
	var api smithy.APIError
	return errors.As(err, &api) && api.ErrorCode() == code
}

func missing(what, name string) error {
	return fmt.Errorf("no %s %q is configured", what, name)
}
