package moto

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamodbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"uniview-bridge/pkg/platform/aws"
	"uniview-bridge/pkg/state"
)

var stacks atomic.Int64

// Name makes a resource name that no other test of this binary has.
func Name(t testing.TB) string {
	t.Helper()
	return fmt.Sprintf("test-%d", stacks.Add(1))
}

// Table makes a table as the template does, and gives its name.
func (s *Server) Table(t testing.TB) string {
	t.Helper()
	name := Name(t)
	client := dynamodb.NewFromConfig(s.Config())
	attribute := func(name string) dynamodbtypes.AttributeDefinition {
		return dynamodbtypes.AttributeDefinition{AttributeName: &name, AttributeType: dynamodbtypes.ScalarAttributeTypeS}
	}
	_, err := client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: &name, BillingMode: dynamodbtypes.BillingModePayPerRequest,
		AttributeDefinitions: []dynamodbtypes.AttributeDefinition{attribute("pk"), attribute("sk")},
		KeySchema: []dynamodbtypes.KeySchemaElement{
			{AttributeName: awssdk.String("pk"), KeyType: dynamodbtypes.KeyTypeHash},
			{AttributeName: awssdk.String("sk"), KeyType: dynamodbtypes.KeyTypeRange},
		},
	})
	if err != nil {
		t.Fatalf("make a table on moto: %v", err)
	}
	return name
}

// QueueOptions say how queues are made. Queues named in FIFO are FIFO queues.
type QueueOptions struct {
	Names       []string // the bridge's three when nil
	FIFO        []string // customers and alerts when Names is nil
	Visibility  time.Duration
	MaxReceives int
}

// Queues makes queues, each with its dead-letter queue, and gives their URLs by logical name.
func (s *Server) Queues(t testing.TB, o QueueOptions) (queues, dead map[string]string) {
	t.Helper()
	if o.Names == nil {
		o.Names = []string{state.RunsQueue, state.CustomersQueue, state.AlertsQueue}
		o.FIFO = []string{state.CustomersQueue, state.AlertsQueue}
	}
	fifo := map[string]bool{}
	for _, name := range o.FIFO {
		fifo[name] = true
	}
	client := sqs.NewFromConfig(s.Config())
	prefix := Name(t)
	queues, dead = map[string]string{}, map[string]string{}
	for _, name := range o.Names {
		attributes, suffix := map[string]string{}, ""
		if fifo[name] {
			attributes["FifoQueue"], suffix = "true", ".fifo"
		}
		dead[name] = makeQueue(t, client, prefix+"-"+name+"-dead"+suffix, attributes)
		attributes["VisibilityTimeout"] = strconv.Itoa(int(o.Visibility / time.Second))
		attributes["RedrivePolicy"] = fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":%d}`, queueARN(t, client, dead[name]), o.MaxReceives)
		queues[name] = makeQueue(t, client, prefix+"-"+name+suffix, attributes)
	}
	return queues, dead
}

func makeQueue(t testing.TB, client *sqs.Client, name string, attributes map[string]string) string {
	t.Helper()
	// moto answers 500 when several tests touch a service for the first time at
	// once. Making the same queue again is the same as making it.
	var err error
	for range 10 {
		var out *sqs.CreateQueueOutput
		if out, err = client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes}); err == nil {
			return *out.QueueUrl
		}
		time.Sleep(200 * time.Millisecond) // the server works in real time
	}
	t.Fatalf("make a queue on moto: %v", err)
	return ""
}

func queueARN(t testing.TB, client *sqs.Client, url string) string {
	t.Helper()
	out, err := client.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{
		QueueUrl: &url, AttributeNames: []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNameQueueArn},
	})
	if err != nil {
		t.Fatalf("look up a queue on moto: %v", err)
	}
	return out.Attributes[string(sqstypes.QueueAttributeNameQueueArn)]
}

// Secrets makes secrets with the placeholder of a fresh stack, and gives their ARNs by name.
func (s *Server) Secrets(t testing.TB, names ...string) map[string]string {
	t.Helper()
	client := secretsmanager.NewFromConfig(s.Config())
	prefix := Name(t)
	arns := map[string]string{}
	for _, name := range names {
		out, err := client.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{
			Name: awssdk.String(prefix + "/" + name), SecretString: awssdk.String("{}"),
		})
		if err != nil {
			t.Fatalf("make a secret on moto: %v", err)
		}
		arns[name] = *out.ARN
	}
	return arns
}

// Stack makes everything that the bridge keeps its state in.
func (s *Server) Stack(t testing.TB, o QueueOptions) aws.Config {
	t.Helper()
	config := aws.Config{Table: s.Table(t), Secrets: s.Secrets(t, "uniview", "itglue", "connectwise")}
	config.Queues, config.DeadLetterQueues = s.Queues(t, o)
	return config
}

// Consume stands in for the event source mapping between a queue and a Lambda
// function: it hands batches to handle, deletes what was handled, and leaves the rest
// to come again. It ends with ctx, after its calls have returned.
func (s *Server) Consume(ctx context.Context, url string, batch, concurrency int, handle func(context.Context, []sqstypes.Message) (failed []string, err error)) error {
	client := sqs.NewFromConfig(s.Config())
	errs := make(chan error, concurrency)
	for range concurrency {
		go func() {
			var err error
			for err == nil && ctx.Err() == nil {
				err = consumeOnce(ctx, client, url, batch, handle)
			}
			errs <- err
		}()
	}
	var all error
	for range concurrency {
		all = errors.Join(all, <-errs)
	}
	return all
}

const pollEvery = 100 * time.Millisecond

func consumeOnce(ctx context.Context, client *sqs.Client, url string, batch int, handle func(context.Context, []sqstypes.Message) ([]string, error)) error {
	// Not ended with ctx: a message received and not seen would count as a receive.
	// No long poll: moto spins in it while a FIFO group is held.
	out, err := client.ReceiveMessage(context.WithoutCancel(ctx), &sqs.ReceiveMessageInput{
		QueueUrl: &url, MaxNumberOfMessages: int32(batch),
		MessageSystemAttributeNames: []sqstypes.MessageSystemAttributeName{sqstypes.MessageSystemAttributeNameAll},
	})
	if err != nil {
		return fmt.Errorf("receive from moto: %w", err)
	}
	if len(out.Messages) == 0 {
		select {
		case <-ctx.Done():
		case <-time.After(pollEvery):
		}
		return nil
	}
	failed, err := handle(ctx, out.Messages)
	if err != nil {
		return nil // the whole batch comes again
	}
	left := map[string]bool{}
	for _, id := range failed {
		left[id] = true
	}
	in := &sqs.DeleteMessageBatchInput{QueueUrl: &url}
	for i, m := range out.Messages {
		if left[*m.MessageId] {
			delete(left, *m.MessageId)
			continue
		}
		in.Entries = append(in.Entries, sqstypes.DeleteMessageBatchRequestEntry{
			Id: awssdk.String(strconv.Itoa(i)), ReceiptHandle: m.ReceiptHandle,
		})
	}
	if len(left) > 0 || len(in.Entries) == 0 {
		return nil // an unknown id: Lambda takes the whole batch as failed
	}
	deleted, err := client.DeleteMessageBatch(context.WithoutCancel(ctx), in)
	if err != nil {
		return fmt.Errorf("delete from moto: %w", err)
	}
	var codes []string
	for _, f := range deleted.Failed {
		codes = append(codes, awssdk.ToString(f.Code))
	}
	if codes != nil {
		return fmt.Errorf("delete from moto: %s", strings.Join(codes, ", "))
	}
	return nil
}
