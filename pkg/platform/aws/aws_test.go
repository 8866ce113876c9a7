package aws_test

import (
	"context"
	"os"
	"strconv"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"uniview-bridge/pkg/platform/aws"
	"uniview-bridge/pkg/platform/aws/moto"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/state/statetest"
)

func TestMain(m *testing.M) { os.Exit(moto.Main(m)) }

func TestTableContract(t *testing.T) {
	t.Parallel()
	server := moto.Start(t)
	statetest.Table(t, func(t *testing.T, now func() time.Time) state.Table {
		return aws.New(aws.Config{Table: server.Table(t), Now: now}, server.Config())
	})
}

func TestQueuesContract(t *testing.T) {
	t.Parallel()
	server := moto.Start(t)
	statetest.Queues(t, func(t *testing.T, test func(*testing.T, statetest.Rig)) {
		queues, dead := server.Queues(t, moto.QueueOptions{Visibility: visibility, MaxReceives: statetest.MaxReceives})
		p := aws.New(aws.Config{Queues: queues, DeadLetterQueues: dead}, server.Config())
		test(t, statetest.Rig{Sender: p, DeadLetters: p, Visibility: visibility, Forgetful: true, Consume: consumer(server, queues)})
	})
}

func TestSecretsContract(t *testing.T) {
	t.Parallel()
	server := moto.Start(t)
	statetest.Secrets(t, func(t *testing.T) state.Secrets {
		ids := server.Secrets(t, statetest.Placeholder, "uniview", "connectwise")
		return aws.New(aws.Config{Secrets: ids}, server.Config()).Secrets()
	})
}

// visibility is longer than moto needs to delete a batch on a busy machine.
const visibility = 2 * time.Second

// consumer fits moto's stand-in for Lambda to the rig.
func consumer(server *moto.Server, queues map[string]string) func(context.Context, string, statetest.ConsumeOptions, statetest.Handler) error {
	return func(ctx context.Context, queue string, o statetest.ConsumeOptions, handle statetest.Handler) error {
		if o.BatchSize == 0 {
			o.BatchSize = 10
		}
		return server.Consume(ctx, queues[queue], o.BatchSize, max(o.Concurrency, 1), func(ctx context.Context, batch []sqstypes.Message) ([]string, error) {
			var same []statetest.Message
			for _, m := range batch {
				receives, err := strconv.Atoi(m.Attributes["ApproximateReceiveCount"])
				if err != nil {
					return nil, err
				}
				sent, err := strconv.ParseInt(m.Attributes["SentTimestamp"], 10, 64)
				if err != nil {
					return nil, err
				}
				same = append(same, statetest.Message{
					ID: *m.MessageId, Body: []byte(awssdk.ToString(m.Body)), Group: m.Attributes["MessageGroupId"],
					Receives: receives, SentAt: time.UnixMilli(sent),
				})
			}
			return handle(ctx, same)
		})
	}
}
